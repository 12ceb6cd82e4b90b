"""Collecting pictures: search, download politely, and keep a ledger that survives anything.

:func:`collect` is the one way in, for four sources: ``shop`` (the recorded offline shop that ships with the
course), ``web`` (DuckDuckGo's image search), ``kaggle`` (data sets) and ``folder`` (one's own photos).
Whatever is offered gets exactly one row in ``ledger.csv``, whether it came or not, with the reason why not.
"""

from __future__ import annotations

import contextlib
import csv
import email.utils
import errno
import hashlib
import io
import ipaddress
import json
import os
import re
import shutil
import socket
import struct
import threading
import time
import urllib.robotparser
import warnings
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

import httpcore
import httpx
import tenacity

from gadgetlib import CLASSES, LEDGER_COLUMNS
from gadgetlib.errors import CourseError
from gadgetlib.files import disk_error, write_atomic

AGENT = "gadgetlib/0.1 (a course on gadget recognition; collects a few thousand pictures, slowly)"
AGAIN = {202, 403, 408, 425, 429, 500, 502, 503, 504}  # answers that may change when asked later
FORMATS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "BMP": "bmp",
           "TIFF": "tif", "AVIF": "avif"}  # fmt: skip
TRACKING = re.compile(r"^(utm_.*|[gf]bclid|gclid|msclkid|dclid|yclid|igshid|mc_[ce]id|_ga)$")
WEB_QUERIES = {
    "mobile_phone": ["smartphone product photo", "old mobile phone"],
    "laptop": ["laptop product photo", "notebook computer on desk"],
    "tablet": ["tablet computer product photo", "tablet with keyboard"],
    "smartwatch": ["smartwatch product photo", "fitness tracker on wrist"],
    "headphones": ["headphones product photo", "wireless earbuds with case"],
}
# What Pillow raises on broken files, depending on the format and on where it breaks.
DECODE_ERRORS = (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, MemoryError,
                 struct.error, zlib.error)  # fmt: skip
Status = Literal["ok", "skipped", "refused", "failed"]


class NotTaken(Exception):
    """A picture that is not kept: ``status`` says on whose side it ended, ``reason`` why.

    ``refused``: we do not want it (not a picture, too large, a private address, robots.txt).
    ``failed``: it did not come (dead link, time-out). ``skipped``: we have it already.
    """

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class _Again(Exception):
    """Worth another attempt, after ``wait`` seconds if the server named a time."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


@dataclass(frozen=True)
class Limits:
    """How much to take and how hard to try. Sizes in bytes and pixels, times in seconds."""

    bytes: int = 15_000_000
    pixels: int = 50_000_000
    redirects: int = 5
    silence: float = 10.0  # longest wait for the next bytes
    deadline: float = 30.0  # longest time for one whole picture
    attempts: int = 4
    backoff: float = 0.5  # first pause; doubles each time, plus jitter
    longest_wait: float = 60.0  # a server that asks for more is left alone
    per_host: int = 2  # requests at a time to one host
    workers: int = 16


SHOP_LIMITS = Limits(silence=4.0, deadline=4.0, backoff=0.1, per_host=8, workers=32)  # most of them wait, not work


@dataclass(frozen=True)
class Hit:
    """One answer of a search: an address to fetch and what the search knows about it."""

    query: str
    label: str
    url: str
    page: str = ""
    title: str = ""
    source: str = ""
    licence: str = ""
    product_id: str = ""


# ---------------------------------------------------------------- pictures as bytes


def image_facts(data: bytes, pixels: int = Limits.pixels) -> dict[str, Any]:
    """Format, size and perceptual hash of a picture, without trusting its name or its Content-Type.

    Returns extension, width, height (as stored) and phash (16 hex digits; empty when the picture breaks off).
    Raises NotTaken for anything that is no picture and for more than ``pixels``.
    """
    from PIL import Image

    start = data[:512].lstrip().lower()
    if not data:
        raise NotTaken("refused", "empty file")
    if b"<svg" in start:
        raise NotTaken("refused", "SVG drawing, not a photo")
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"{")):
        raise NotTaken("refused", "web page posing as a picture")
    Image.init()  # registers the rarer formats
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = Image.open(io.BytesIO(data), formats=[name for name in FORMATS if name in Image.OPEN])
        except Image.DecompressionBombError:
            raise NotTaken("refused", f"more than {pixels:,} pixels") from None
        except DECODE_ERRORS as error:
            raise NotTaken("refused", "not a picture") from error
        with image:
            width, height = image.size
            if width * height > pixels:
                raise NotTaken("refused", f"more than {pixels:,} pixels")
            try:
                phash = perceptual_hash(image)
            except DECODE_ERRORS:  # breaks off inside: kept as it came, the cleaning lesson finds it
                phash = ""
            return {"extension": FORMATS[image.format], "width": width, "height": height, "phash": phash}


def perceptual_hash(image) -> str:
    """16 hex digits of the upright picture, alike for pictures that look alike (``imagehash.phash``)."""
    import imagehash
    from PIL import ImageOps

    image.draft("L", (128, 128))  # JPEG: decode at a fraction of the size
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256)
    elif image.mode in ("P", "PA"):
        image = image.convert("RGBA")
    return str(imagehash.phash(ImageOps.exif_transpose(image.convert("L"))))


# ---------------------------------------------------------------- the ledger


class Ledger:
    """``ledger.csv`` and ``images/`` in one folder; rows are only ever appended.

    A picture is written before its row, each under its content hash, and a row is one line in one write: a
    process killed at any moment leaves at worst a torn last line, which opening the ledger cuts off.
    One process at a time; a second gets a CourseError.
    """

    def __init__(self, folder: Path) -> None:
        import filelock

        self.folder, self.path = Path(folder), Path(folder) / "ledger.csv"
        self._write_lock = threading.Lock()
        try:
            (self.folder / "images").mkdir(parents=True, exist_ok=True)
            self._one_process = filelock.FileLock(self.folder / ".lock")
            self._one_process.acquire(timeout=0)
        except filelock.Timeout:
            raise CourseError(f"Another run is collecting into {self.folder.name}/; wait for it to end.") from None
        except OSError as error:
            raise disk_error(error, self.path) from error
        for part in (self.folder / "images").glob("*.part"):
            part.unlink()
        self._repair()
        self.rows: dict[tuple[str, str], dict[str, str]] = {}
        with open(self.path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                self.rows[row["query"], row["url"]] = row
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND)

    def _repair(self) -> None:
        header = ",".join(LEDGER_COLUMNS) + "\n"
        data = self.path.read_bytes() if self.path.exists() else b""
        if data and not data.startswith(header.encode()):
            raise CourseError(f"{self.path.name} has other columns than this course writes; move it away, run again.")
        whole = data[: data.rfind(b"\n") + 1] or header.encode()
        if whole != data:
            with write_atomic(self.path) as part:
                part.write_bytes(whole)

    def close(self) -> None:
        os.close(self._file)
        self._one_process.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, hit: Hit, status: Status, reason: str = "", **found: Any) -> None:
        """Append one row: what was offered, how it ended, and for a picture its file and facts."""
        row = {**asdict(hit), "status": status, "reason": reason, **found}
        row["time"] = datetime.now(UTC).isoformat(timespec="seconds")
        row = {name: " ".join(str(row.get(name, "")).split()) for name in LEDGER_COLUMNS}  # one row, one line
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(row.values())
        data = line.getvalue().encode()
        with self._write_lock:
            try:
                written = os.write(self._file, data)
                if written < len(data):  # the last bytes of a disk: take the torn row back, nothing may follow it
                    os.ftruncate(self._file, os.fstat(self._file).st_size - written)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError as error:
                raise disk_error(error, self.path) from error
            self.rows[row["query"], row["url"]] = row

    def keep(self, data: bytes, extension: str, original: Path | None = None) -> dict[str, Any]:
        """Store a picture under its content hash (linked to ``original`` where that is possible)."""
        digest = hashlib.sha256(data).hexdigest()
        file = f"images/{digest[:24]}.{extension}"
        path = self.folder / file
        if not path.exists():
            part = path.with_name(f"{path.name}.{threading.get_ident()}.part")
            try:
                part.write_bytes(data)
                part.replace(path)
            except OSError as error:
                with contextlib.suppress(OSError):
                    part.unlink()
                raise disk_error(error, path) from error
        return {"file": file, "sha256": digest, "bytes": len(data)}

    def frame(self):
        """The ledger as a DataFrame of strings, the latest row of each offer, sorted by query and address."""
        import pandas as pd

        table = pd.DataFrame(self.rows.values(), columns=LEDGER_COLUMNS, dtype=str)
        return table.sort_values(["query", "url"], ignore_index=True)


def read_ledger(path: Path):
    """A ledger as a DataFrame of strings, the latest row of each offer, in a fixed order."""
    import pandas as pd

    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table = table.drop_duplicates(["query", "url"], keep="last")
    return table.sort_values(["query", "url"], ignore_index=True)


# ---------------------------------------------------------------- fetching


def canonical(url: str) -> str:
    """One spelling for one address: no fragment, no tracking parameters, dots in the path resolved."""
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, ValueError):
        raise NotTaken("refused", "not an address") from None
    kept = [(key, value) for key, value in parsed.params.multi_items() if not TRACKING.match(key.lower())]
    if len(kept) != len(parsed.params.multi_items()):
        parsed = parsed.copy_with(params=kept or None)
    return str(parsed.copy_with(fragment=None))


class _PublicOnly(httpcore.SyncBackend):
    """Connects to public addresses only: names are resolved here and the address that was checked is used.

    ``addresses`` is the one exception, host -> (address, port), for the course's own shop on this machine.
    """

    def __init__(self, addresses: Mapping[str, tuple[str, int]]) -> None:
        self.addresses = dict(addresses)

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        if host in self.addresses:
            host, port = self.addresses[host]
            return super().connect_tcp(host, port, timeout, local_address, socket_options)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"no such host ({error})") from error
        checked = [entry[4][0] for entry in found]
        for address in checked:
            if not ipaddress.ip_address(address.split("%")[0]).is_global:
                raise NotTaken("refused", f"{host} lies in a private network")
        return super().connect_tcp(checked[0], port, timeout, local_address, socket_options)


class GuardedTransport(httpx.HTTPTransport):
    """HTTP over public addresses only, plus ``addresses`` (host -> (address, port)): the course's own shop."""

    def __init__(self, addresses: Mapping[str, tuple[str, int]] | None = None, connections: int = 10) -> None:
        super().__init__()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=connections,
            max_keepalive_connections=connections,
            network_backend=_PublicOnly(addresses or {}),
        )


class Fetcher:
    """Fetches addresses politely: few at a time from one host, robots.txt heeded, retries with back-off."""

    def __init__(self, limits: Limits | None = None, addresses: Mapping[str, tuple[str, int]] | None = None) -> None:
        self.limits = limits or Limits()
        self._client = httpx.Client(
            transport=GuardedTransport(addresses, self.limits.workers * 2),
            headers={"User-Agent": AGENT, "Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"},
            timeout=self.limits.silence,
            trust_env=False,
        )
        self._gates: dict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(self.limits.per_host))
        self._not_before: dict[str, float] = {}
        self._robots: dict[str, tuple[threading.Lock, list]] = defaultdict(lambda: (threading.Lock(), []))
        self._backoff = tenacity.wait_exponential_jitter(
            initial=self.limits.backoff, max=self.limits.longest_wait, jitter=self.limits.backoff
        )

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, url: str) -> bytes:
        """The body behind ``url``. Raises NotTaken when it is not to be had or not wanted."""
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.limits.attempts),
            retry=tenacity.retry_if_exception_type(_Again),
            wait=self._wait,
            reraise=True,
        )
        try:
            return retrying(self._follow, url)
        except _Again as last:
            raise NotTaken("failed", f"{last.reason}, {self.limits.attempts} times") from None

    def _wait(self, state: tenacity.RetryCallState) -> float:
        named = state.outcome.exception().wait
        return named if named is not None else self._backoff(state)

    def _follow(self, url: str) -> bytes:
        for _ in range(self.limits.redirects + 1):
            target = httpx.URL(url)
            if target.scheme not in ("http", "https"):
                raise NotTaken("refused", f"{target.scheme or 'no'} address, only http and https are fetched")
            self._ask_robots(target)
            try:
                answer = self._once(target)
            except httpx.TimeoutException as error:
                raise _Again("time-out") from error
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise NotTaken("refused", "not an address") from error
            except httpx.TransportError as error:
                raise _Again(_plainly(error)) from error
            if isinstance(answer, bytes):
                return answer
            url = answer
        raise NotTaken("failed", f"more than {self.limits.redirects} redirects")

    def _once(self, url: httpx.URL) -> bytes | str:
        """One request: the body, or the address that it redirects to."""
        limits, host = self.limits, url.host
        with self._gates[host]:
            time.sleep(max(0.0, self._not_before.get(host, 0.0) - time.monotonic()))
            end = time.monotonic() + limits.deadline  # waiting for one's turn is not the server's fault
            with self._client.stream("GET", url) as answer:
                if answer.is_redirect:
                    return str(url.join(answer.headers["location"]))
                if answer.status_code in AGAIN:
                    wait = _retry_after(answer.headers.get("retry-after", ""))
                    if wait is not None and wait > limits.longest_wait:
                        raise NotTaken("failed", f"HTTP {answer.status_code}, come back in {wait:.0f} s")
                    if wait is not None:  # meant for every request to this host
                        self._not_before[host] = time.monotonic() + wait
                    raise _Again(f"HTTP {answer.status_code}", wait)
                if answer.status_code != 200:
                    raise NotTaken("failed", f"HTTP {answer.status_code}")
                promised = answer.headers.get("content-length", "0")
                if promised.isdigit() and int(promised) > limits.bytes:
                    raise NotTaken("refused", f"more than {limits.bytes:,} bytes")
                body = bytearray()
                for chunk in answer.iter_bytes():
                    body += chunk
                    if len(body) > limits.bytes:
                        raise NotTaken("refused", f"more than {limits.bytes:,} bytes")
                    if time.monotonic() > end:
                        raise NotTaken("failed", f"too slow, not whole after {limits.deadline:.0f} s")
                return bytes(body)

    def _ask_robots(self, url: httpx.URL) -> None:
        """Heed the host's robots.txt: absent means allowed, a broken server means not now (RFC 9309)."""
        lock, known = self._robots[url.netloc.decode()]
        with lock:
            if not known:
                known.append(self._read_robots(url.copy_with(raw_path=b"/robots.txt", fragment=None)))
        rules = known[0]
        if rules is None:
            raise NotTaken("refused", "robots.txt cannot be read: the host has trouble")
        if not rules.can_fetch(AGENT, str(url)):
            raise NotTaken("refused", "robots.txt forbids it")

    def _read_robots(self, url: httpx.URL) -> urllib.robotparser.RobotFileParser | None:
        rules = urllib.robotparser.RobotFileParser()
        text = ""
        try:
            with self._client.stream("GET", url, follow_redirects=True) as answer:
                if answer.status_code >= 500:
                    return None
                if answer.status_code == 200:
                    text = next(answer.iter_bytes(512_000), b"").decode("utf-8", "replace")
        except httpx.TransportError:
            pass  # the picture itself will tell what is wrong
        rules.parse(text.splitlines())
        return rules


def _plainly(error: Exception) -> str:
    if isinstance(error, httpx.RemoteProtocolError):
        return "the answer broke off"
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    return "connection lost"


def _retry_after(value: str) -> float | None:
    """Seconds asked for by a Retry-After header, given in seconds or as a date."""
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def fetch_all(hits: Sequence[Hit], ledger: Ledger, fetcher: Fetcher, retry: bool = False) -> None:
    """Fetch every hit that has no row yet and write its row.

    An address offered again is not fetched again: under the same label it is skipped, under another one it
    gets a row with the same file (the cleaning lesson finds the contradiction).
    retry: ask again for those that failed in an earlier run.
    """
    from tqdm.auto import tqdm

    first: dict[str, tuple[Hit, dict[str, str]]] = {}
    for row in ledger.rows.values():
        if row["url"] and row["status"] != "skipped":
            with contextlib.suppress(NotTaken):
                first.setdefault(canonical(row["url"]), (None, row))
    new: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        row = ledger.rows.get((hit.query, hit.url))
        if row and not (retry and row["status"] == "failed"):
            continue
        try:
            url = canonical(hit.url)
        except NotTaken as no:
            ledger.add(hit, no.status, no.reason)
            continue
        new[url].append(hit)

    def one(url: str, group: list[Hit]) -> None:
        lead, *rest = group
        known = first.get(url)
        if known and not (retry and known[1]["status"] == "failed"):
            row, rest = known[1], group
        else:
            try:
                data = fetcher.get(url)
                facts = image_facts(data, fetcher.limits.pixels)
                ledger.add(lead, "ok", **ledger.keep(data, facts.pop("extension")), **facts)
            except NotTaken as no:
                ledger.add(lead, no.status, no.reason)
            row = ledger.rows[lead.query, _line(lead.url)]
        labels = {row["label"]}
        for hit in rest:
            if hit.label in labels or row["status"] != "ok":
                ledger.add(hit, "skipped", f"same address as {row['url']}")
            else:
                facts = {name: row[name] for name in ("file", "sha256", "phash", "width", "height", "bytes")}
                ledger.add(hit, "ok", "same address as under another label", **facts)
                labels.add(hit.label)

    # in turn from each query: a run that is stopped has something of every class, and a slow host waits amid others
    turn: Counter[str] = Counter()
    order: dict[str, int] = {}
    for url, group in new.items():
        turn[group[0].query] += 1
        order[url] = turn[group[0].query]
    pool = ThreadPoolExecutor(fetcher.limits.workers, thread_name_prefix="fetch")
    try:
        jobs = [pool.submit(one, url, new[url]) for url in sorted(new, key=order.__getitem__)]
        for job in tqdm(as_completed(jobs), total=len(jobs), desc="pictures", disable=not jobs):
            job.result()
    finally:  # also on Ctrl-C: what is under way ends, what waits is dropped
        pool.shutdown(cancel_futures=True)


def _line(text: str) -> str:
    return " ".join(text.split())


# ---------------------------------------------------------------- searching


def shop_hits(fetcher: Fetcher, about: Mapping[str, Any], query: str, label: str, limit: int = 0) -> list[Hit]:
    """Ask the offline shop's search, page by page. limit: most hits, 0 for all."""
    hits: list[Hit] = []
    url = f"http://{about['search_host']}/i.js?" + str(httpx.QueryParams({"q": query, "o": "json"}))
    while url and (not limit or len(hits) < limit):
        answer = _json(fetcher.get(url))
        hits += [_hit(query, label, found) for found in answer.get("results", [])]
        url = f"http://{about['search_host']}/{answer['next']}" if answer.get("next") else ""
    return hits[:limit] if limit else hits


def web_hits(
    query: str, label: str, limit: int = 100, *, size: str = "", licence: str = "", kind: str = "photo",
    region: str = "us-en", attempts: int = 4, backoff: float = 2.0, **client: Any,
) -> list[Hit]:  # fmt: skip
    """Ask DuckDuckGo's image search through ``ddgs``, or ``duckduckgo_search`` where only that is installed.

    size: Small, Medium, Large, Wallpaper. licence: any, Public, Share, ShareCommercially, Modify,
    ModifyCommercially. kind: photo, clipart, gif, transparent, line. client: passed to ``DDGS`` (proxy, verify).
    Raises NotTaken("failed") when the search keeps refusing and "empty" answers when it finds nothing.
    """
    ask, errors = _search_client(client)
    filters = {"size": size, "license_image": licence, "type_image": kind}
    filters = {name: value for name, value in filters.items() if value}
    found: dict[str, Hit] = {}
    page, first_error = 1, ""
    while len(found) < limit:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(attempts),
            wait=tenacity.wait_exponential_jitter(initial=backoff, jitter=backoff, max=60),
            retry=tenacity.retry_if_exception_type(errors),
            reraise=True,
        )
        try:
            results = retrying(ask, query, region, page, filters, limit)
        except errors as error:
            first_error = f"{type(error).__name__}: {_line(str(error))[:120]}"
            break
        before = len(found)
        for result in results:
            hit = _hit(query, label, result)
            if hit.url:
                found.setdefault(hit.url, hit)
        if len(found) == before:
            break
        page += 1
    if not found:
        raise NotTaken("failed", f"the search gave no answer ({first_error or 'no results'})")
    return list(found.values())[:limit]


def _search_client(options: dict[str, Any]):
    """(ask, errors): a function (query, region, page, filters, limit) -> results, and what it may raise."""
    try:
        from ddgs import DDGS
        from ddgs.exceptions import DDGSException

        client = DDGS(timeout=10, **options)
        return lambda query, region, page, filters, limit: client.images(
            query, region=region, page=page, max_results=None, backend="duckduckgo", **filters
        ), (DDGSException,)
    except ImportError:
        pass
    try:
        from duckduckgo_search import DDGS
        from duckduckgo_search.exceptions import DuckDuckGoSearchException
    except ImportError:
        raise CourseError("The web source needs the package ddgs; install it: `pip install ddgs`.") from None
    with warnings.catch_warnings(record=True):  # it announces its new name each time
        client = DDGS(timeout=10, **options)
    # this one pages by itself, so its first answer is all there is
    return lambda query, region, page, filters, limit: (
        client.images(query, region=region, max_results=limit, **filters) if page == 1 else []
    ), (DuckDuckGoSearchException, TypeError, KeyError, AttributeError)


def _hit(query: str, label: str, found: Mapping[str, Any]) -> Hit:
    names = ("image", "url", "title", "source", "license", "product")
    text = {name: _line(str(found.get(name) or "")) for name in names}
    host = ""
    with contextlib.suppress(httpx.InvalidURL, ValueError):
        host = httpx.URL(text["url"] or text["image"]).host
    return Hit(query, label, text["image"], text["url"], text["title"], host or text["source"], text["license"],
               text["product"])  # fmt: skip


def _json(data: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(data)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
        raise NotTaken("failed", "the search answered something else than a list of results")
    return answer


# ---------------------------------------------------------------- folders and data sets

_ALIASES = {
    "mobile_phone": "phone smartphone smart_phone mobile cell_phone cellphone mobilephone handset iphone",
    "laptop": "notebook laptop_computer macbook ultrabook chromebook",
    "tablet": "ipad tablet_computer tab",
    "smartwatch": "smart_watch watch fitness_band fitness_tracker wearable",
    "headphones": "headphone earbud earphone headset earpod airpod neckband tws",
}


def class_of(name: str) -> str | None:
    """The class that a folder name means (``Smart Watches`` -> ``smartwatch``), or None."""
    plain = re.sub(r"[^a-z]+", "_", name.lower()).strip("_")
    for label, words in _ALIASES.items():
        for word in (label, *words.split()):
            if plain in (word, f"{word}s", f"{word}es"):
                return label
    return None


def import_folder(folder: Path, ledger: Ledger, *, source: str = "", licence: str = "", limit: int = 0,
                  pixels: int = Limits.pixels, least: int = 2) -> None:  # fmt: skip
    """Take pictures from ``folder`` into the ledger; the nearest folder above a file names its class.

    ``manifest.csv`` in it may state file, label, source, license (and product_id) for some or all files.
    limit: most pictures a class, 0 for all. Raises CourseError when it holds fewer than ``least`` classes.
    """
    from tqdm.auto import tqdm

    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise CourseError(f"There is no folder {str(folder)!r}; give PHOTOS a folder with one sub-folder a class.")
    known = _read_manifest(folder / "manifest.csv")
    hits, strange = [], set()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or any(part.startswith(".") for part in Path(name).parts) or path.name == "Thumbs.db":
            continue
        row = known.pop(name, {})
        if len(Path(name).parts) == 1 and not row:
            continue  # manifest.csv, a README: belongs to no class
        label = class_of(row.get("label", "")) or next(filter(None, map(class_of, reversed(Path(name).parts[:-1]))), "")
        if not label:
            strange.add(Path(name).parts[0])
        hits.append((Hit(
            query=row.get("label") or Path(name).parts[0], label=label, url=f"{source or 'folder'}:{name}", title=path.stem,
            source=row.get("source") or source, licence=row.get("license") or row.get("licence") or licence,
            product_id=row.get("product_id", ""),
        ), path))  # fmt: skip
    classes = {hit.label for hit, _ in hits if hit.label}
    if len(classes) < least:
        found = f"only {classes.pop()}" if classes else "no class"
        named = f" among {', '.join(sorted(strange)[:5])}" if strange else ""
        raise CourseError(
            f"{str(folder)!r} holds pictures of {found}{named}; it needs one sub-folder a class, "
            f"two at least, named like {', '.join(CLASSES)}."
        )
    if limit:
        taken: dict[str, int] = defaultdict(int)
        hits = [pair for pair in hits if taken.__setitem__(pair[0].label, taken[pair[0].label] + 1)
                or taken[pair[0].label] <= limit]  # fmt: skip

    def one(hit: Hit, path: Path) -> None:
        if not hit.label:
            return ledger.add(hit, "skipped", f"folder {hit.query!r} names none of the five classes")
        try:
            if path.stat().st_size > 200_000_000:
                raise NotTaken("refused", "more than 200,000,000 bytes")
            data = path.read_bytes()
            facts = image_facts(data, pixels)
            return ledger.add(hit, "ok", **ledger.keep(data, facts.pop("extension"), path), **facts)
        except NotTaken as no:
            return ledger.add(hit, no.status, no.reason)
        except OSError as error:
            return ledger.add(hit, "failed", f"cannot be read ({error.strerror})")

    todo = [(hit, path) for hit, path in hits if (hit.query, _line(hit.url)) not in ledger.rows]
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(one, hit, path) for hit, path in todo]
        for job in tqdm(as_completed(jobs), total=len(jobs), desc="pictures", disable=not jobs):
            job.result()
    for name, row in sorted(known.items()):
        hit = Hit(query=row.get("label", ""), label=class_of(row.get("label", "")) or "", url=f"{source or 'folder'}:{name}")
        if (hit.query, hit.url) not in ledger.rows:
            ledger.add(hit, "failed", "named in manifest.csv, but not there")


def _read_manifest(path: Path) -> dict[str, dict[str, str]]:
    if not path.exists():
        return {}
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise CourseError(f"{path.parent.name}/manifest.csv cannot be read ({error}); save it as UTF-8 CSV.") from None
    if rows and "file" not in rows[0]:
        raise CourseError("manifest.csv needs a column 'file'; it may have label, source, license and product_id.")
    return {row["file"].replace("\\", "/"): {k: (v or "").strip() for k, v in row.items() if k} for row in rows}


def import_kaggle(handle: str, ledger: Ledger, limit: int = 0) -> None:
    """Download a Kaggle data set (``owner/name``) with ``kagglehub`` and take its pictures into the ledger."""
    import kagglehub

    try:
        folder = Path(kagglehub.dataset_download(handle))
    except Exception as error:  # kagglehub raises its own, requests' and zipfile's
        raise CourseError(
            f"Kaggle did not give the data set {handle!r} ({type(error).__name__}: {_line(str(error))[:160]}); check "
            "the handle on its page, your network, and the key in ~/.kaggle/kaggle.json, or use the shop source."
        ) from error
    import_folder(folder, ledger, source=f"kaggle:{handle}", limit=limit, least=1)


# ---------------------------------------------------------------- one way in


def collect(
    folder: Path, source: str = "shop", *, queries: Mapping[str, Sequence[str]] | None = None, per_query: int = 0,
    photos: str = "", kaggle: Sequence[str] = (), filters: Mapping[str, str] | None = None, retry: bool = False,
    limits: Limits | None = None, shop: Path | None = None, shop_photos: Path | None = None,
):  # fmt: skip
    """Collect pictures into ``folder`` (``ledger.csv`` and ``images/``); return the ledger as a DataFrame.

    source: shop, web, kaggle or folder. queries: label -> search words (shop: its recorded ones; web:
    WEB_QUERIES). per_query: most hits a query (or pictures a class), 0 for all. photos: the folder of the folder
    source. kaggle: data set handles. filters: size, licence, kind for the web. retry: ask again for what failed.
    Run it again to go on where it stopped. What another source left in ``folder`` is set aside, not mixed in.
    Raises CourseError when nothing at all can be had.
    """
    folder = Path(folder)
    key = source if source in ("shop", "web") else f"{source}-{_short(photos or ' '.join(kaggle))}"
    _set_aside(folder, key)
    with Ledger(folder) as ledger:
        if source == "folder":
            if not photos:
                raise CourseError("The folder source needs photos: `make course PHOTOS=DIR`, or the parameter photos.")
            import_folder(Path(photos), ledger, limit=per_query)
        elif source == "kaggle":
            if not kaggle:
                raise CourseError("The kaggle source needs data set handles, such as kaggle = ['owner/name'].")
            for handle in kaggle:
                import_kaggle(handle, ledger, limit=per_query)
        elif source == "web":
            _search_and_fetch(ledger, queries or WEB_QUERIES, per_query or 100, limits or Limits(), retry, filters)
        elif source == "shop":
            from coursekit import shop as loopback

            about = loopback.about(shop)
            recorded: dict[str, list[str]] = defaultdict(list)
            for entry in about["queries"]:
                recorded[entry["label"]].append(entry["query"])
            with loopback.opened(shop, shop_photos) as addresses:
                chosen = limits or SHOP_LIMITS
                _search_and_fetch(ledger, queries or recorded, per_query, chosen, retry, {}, addresses, about)
        else:
            raise CourseError(f"There is no source {source!r}; use shop, web, kaggle or folder.")
        table = ledger.frame()
    if not (table.status == "ok").any():
        reasons = "; ".join(table.reason[table.reason != ""].unique()[:2]) or "nothing was offered"
        raise CourseError(f"No picture could be collected from the source {source!r} ({reasons}).")
    return table


def _search_and_fetch(ledger, queries, per_query, limits, retry, filters, addresses=None, about=None) -> None:
    hits: list[Hit] = []
    filters = filters or {}
    with Fetcher(limits, addresses) as fetcher:
        for label, words in queries.items():
            if label not in CLASSES:
                raise CourseError(f"{label!r} is not a class; queries may name {', '.join(CLASSES)}.")
            for query in words:
                try:
                    hits += _remembered(ledger, query, label, per_query, filters, lambda q=query, n=label: (
                        shop_hits(fetcher, about, q, n, per_query) if about
                        else web_hits(q, n, per_query, **filters)
                    ))  # fmt: skip
                except NotTaken as no:
                    ledger.add(Hit(query, label, ""), no.status, f"search: {no.reason}")
        fetch_all(hits, ledger, fetcher, retry)


def _remembered(ledger: Ledger, query: str, label: str, limit: int, filters, ask) -> list[Hit]:
    """A search asked once: its answer is kept beside the ledger, so that a second run starts where this stopped."""
    path = ledger.folder / "answers" / f"{_short(json.dumps([query, label, limit, dict(filters)]))}.json"
    with contextlib.suppress(OSError, ValueError, TypeError):
        return [Hit(**hit) for hit in json.loads(path.read_text(encoding="utf-8"))]
    hits = ask()
    with write_atomic(path) as part:
        part.write_text(json.dumps([asdict(hit) for hit in hits], indent=0, ensure_ascii=False), encoding="utf-8")
    return hits


def _set_aside(folder: Path, key: str) -> None:
    """Keep one folder a source: rename what another source left, and take back what this one left before."""
    mark = folder / "source.txt"
    try:
        there = mark.read_text() if mark.exists() else ""
        if there != key:
            if folder.exists() and any(folder.iterdir()):
                aside = folder.with_name(f"{folder.name}-{there or 'unknown'}")
                if aside.exists():
                    shutil.rmtree(aside)
                folder.rename(aside)
            kept = folder.with_name(f"{folder.name}-{key}")
            if kept.exists():
                kept.rename(folder)
            folder.mkdir(parents=True, exist_ok=True)
            mark.write_text(key)
    except OSError as error:
        raise disk_error(error, mark) from error


def _short(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()[:12]


def tally(ledger) -> Iterable[tuple[str, str, int]]:
    """(status, reason, count) of a ledger, most frequent first, addresses taken out of the reasons."""
    reasons = ledger.reason.str.replace(r"same address as \S+", "same address again", regex=True)
    counts = ledger.assign(reason=reasons).groupby(["status", "reason"]).size()
    return [(*key, int(n)) for key, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
