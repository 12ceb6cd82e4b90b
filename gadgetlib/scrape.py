"""Fetching pictures politely, and a ledger that survives anything.

:func:`collect` is the one way in. Whatever a source offers gets exactly one row in ``ledger.csv``, with the reason why
where nothing was kept.
"""

import contextlib
import csv
import email.utils
import errno
import functools
import hashlib
import io
import ipaddress
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock
import httpx
import imagehash
import pandas as pd
import tenacity
from PIL import Image
from protego import Protego
from tqdm.contrib.concurrent import thread_map

from gadgetlib import CLASSES, LEDGER_COLUMNS, sources
from gadgetlib.errors import CourseError
from gadgetlib.files import disk_sentence, write_atomic
from gadgetlib.pictures import looks_like, open_image
from gadgetlib.sources import Hit, NotTaken, address_key, one_line

AGENT = "gadgetlib/0.1 (a course on gadget recognition; collects a few thousand pictures, slowly)"
AGAIN = {202, 403, 408, 425, 429, 500, 502, 503, 504}  # answers that may change when asked later
FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "BMP": "bmp", "TIFF": "tif", "AVIF": "avif"}


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


def retry_after(value: str) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or a date (RFC 9110); None where it names no time."""
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def robots_rules(status: int, body: bytes) -> Protego:
    """The rules in a host's robots.txt. None there means no rules; a host in trouble is left alone (RFC 9309)."""
    if status >= 500:
        return Protego.parse("User-agent: *\nDisallow: /")
    return Protego.parse(body.decode("utf-8-sig", "replace") if status == 200 else "")


def image_facts(data: bytes, pixels: int = 50_000_000) -> dict:
    """Format, stored size and perceptual hash of a picture, from its bytes alone; NotTaken where they hold none.

    Returns extension, width, height and phash (16 hex digits; empty when the picture breaks off).
    """
    too_large = NotTaken("refused", f"more than {pixels:,} pixels")
    try:
        with Image.open(io.BytesIO(data), formats=list(FORMATS)) as image:  # reads the header, no pixel yet
            width, height, extension = *image.size, FORMATS.get(image.format, "jpg")
    except Image.DecompressionBombError:
        raise too_large from None
    except Exception:  # what Pillow raises depends on the format and on where it breaks
        raise NotTaken("refused", f"not a picture: {looks_like(data[:64])}" if data else "empty file") from None
    if width * height > pixels:
        raise too_large
    try:
        phash = str(imagehash.phash(open_image(data, side=128)))
    except CourseError:  # breaks off inside: kept as it came, the cleaning lesson finds it
        phash = ""
    return {"extension": extension, "width": width, "height": height, "phash": phash}


def append_row(path: Path, row: dict) -> None:
    """Add a row to a ledger: one line in one write, so that a killed process leaves at worst a torn last line."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(one_line(row.get(name)) for name in LEDGER_COLUMNS)
    data = line.getvalue().encode()
    with open(path, "ab", buffering=0) as file:
        before = file.tell()
        if file.write(data) < len(data):  # the last bytes of a disk: nothing may follow half a row
            file.truncate(before)
            raise OSError(errno.ENOSPC, "No space left on device")


def mend(path: Path) -> None:
    """Begin a ledger, or cut off the torn last line of one. Raises CourseError for a file with other columns."""
    header = (",".join(LEDGER_COLUMNS) + "\n").encode()
    data = path.read_bytes() if path.exists() else b""
    if data and not data.startswith(header):
        raise CourseError(f"{path.name} has other columns than this course writes; move it away, run again.")
    whole = data[: data.rfind(b"\n") + 1] or header
    if whole != data:
        with write_atomic(path) as part:
            part.write_bytes(whole)


def read_ledger(path: Path) -> pd.DataFrame:
    """A ledger as a table of strings, the latest row of each offer, in a fixed order."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False).drop_duplicates(["query", "url"], keep="last")
    return table.sort_values(["query", "url"], ignore_index=True)


class Ledger(contextlib.AbstractContextManager):
    """``ledger.csv`` and ``images/`` in one folder; ``rows`` has the latest row of each offer by query and address.

    A picture is written before its row, under its content hash. One process at a time; a second gets a CourseError.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self._writing = Path(folder), Path(folder) / "ledger.csv", threading.Lock()
        with disk_sentence(self.path):
            (self.folder / "images").mkdir(parents=True, exist_ok=True)
            self._one_process = filelock.FileLock(self.folder / ".lock", timeout=0)
            try:
                self._one_process.acquire()
            except filelock.Timeout:
                raise CourseError(f"Another run is collecting into {self.folder.name}/; wait for it to end.") from None
            mend(self.path)
        self.rows = {(row["query"], row["url"]): row for row in read_ledger(self.path).to_dict("records")}

    def __exit__(self, *_: object) -> None:
        self._one_process.release()

    def add(self, hit: Hit, status: str, reason: str = "", **found: Any) -> None:
        """Append one row: what was offered, how it ended, and for a picture its file and facts."""
        ended = {"status": status, "reason": reason, "time": datetime.now(UTC).isoformat(timespec="seconds")}
        row = {**found, **asdict(hit), **ended}
        with self._writing, disk_sentence(self.path):
            append_row(self.path, row)
            self.rows[one_line(hit.query), one_line(hit.url)] = row

    def keep(self, data: bytes, extension: str) -> dict[str, Any]:
        """Store a picture under its content hash: its file, sha256 and bytes as they stand in a row."""
        digest = hashlib.sha256(data).hexdigest()
        file = f"images/{digest[:24]}.{extension}"
        with self._writing, write_atomic(self.folder / file) as part:
            part.write_bytes(data)
        return {"file": file, "sha256": digest, "bytes": len(data)}


def public_address(host: str) -> str:
    """The IP address of a host. Raises NotTaken where any address of that name lies in a private network."""
    try:
        found = [entry[4][0] for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise NotTaken("failed", "no such host", again=True) from None
    if not all(ipaddress.ip_address(address.split("%")[0]).is_global for address in found):
        raise NotTaken("refused", f"{host} lies in a private network")
    return found[0]


class Guarded(httpx.HTTPTransport):
    """HTTP to public addresses only; what was checked is what it connects to, so that a name cannot change in between.

    addresses: the exceptions, host -> (address, port), such as the course's own shop on this machine.
    """

    def __init__(self, addresses: Mapping[str, tuple[str, int]] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.addresses = dict(addresses or {})

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode("ascii")
        address, port = self.addresses.get(host) or (public_address(host), request.url.port)
        extensions = {**request.extensions, "sni_hostname": host}  # the certificate is the name's
        there = request.url.copy_with(host=address, port=port)
        return super().handle_request(httpx.Request("GET", there, headers=request.headers, extensions=extensions))


class Fetcher(contextlib.AbstractContextManager):
    """Fetches addresses politely: few at a time from one host, robots.txt heeded, retries with growing pauses."""

    def __init__(self, limits: Limits = Limits(), addresses: Mapping[str, tuple[str, int]] | None = None) -> None:
        headers = {"User-Agent": AGENT, "Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"}
        transport = Guarded(addresses, limits=httpx.Limits(max_connections=2 * limits.workers))
        self.limits = limits
        self._client = httpx.Client(transport=transport, headers=headers, timeout=limits.silence, trust_env=False)
        self._gates = defaultdict(lambda: threading.Semaphore(limits.per_host))  # by host
        self._not_before = defaultdict(float)  # by host, on the monotonic clock
        self._clock = threading.local()  # end: when the answer that this thread waits for must be whole
        self._robots = defaultdict(lambda: (threading.Lock(), []))  # by scheme, host and port: its rules once known

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, url: str) -> bytes:
        """The body behind ``url``. Raises NotTaken when it is not to be had or not wanted."""
        limits = self.limits
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(limits.attempts), reraise=True,
            retry=tenacity.retry_if_exception(lambda error: error.again),
            wait=tenacity.wait_exponential_jitter(limits.backoff, limits.longest_wait, jitter=limits.backoff),
        )  # fmt: skip
        return retrying(self._attempt, url)

    def _attempt(self, url: str) -> bytes:
        """One attempt, redirects followed; whatever httpx raises as NotTaken."""
        try:
            target: httpx.URL | bytes = httpx.URL(url)
            for _ in range(self.limits.redirects + 1):
                if target.scheme not in ("http", "https"):
                    raise NotTaken("refused", f"{target.scheme or 'no'} address, only http and https are fetched")
                self._ask_robots(target)
                target = self._once(target)
                if isinstance(target, bytes):
                    return target
            raise NotTaken("failed", f"more than {self.limits.redirects} redirects")
        except NotTaken:
            raise
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            raise NotTaken("refused", "not an address") from None
        except Exception as error:
            again = isinstance(error, httpx.TransportError)  # a time-out, a connection that broke
            raise NotTaken("failed", f"{type(error).__name__}: {one_line(error)}"[:120], again) from None

    def _once(self, url: httpx.URL) -> bytes | httpx.URL:
        """One request: the body, or the address that it redirects to."""
        host = url.host
        with self._gates[host]:
            time.sleep(max(0.0, self._not_before[host] - time.monotonic()))
            with self._stream(url) as answer:
                if answer.next_request:  # a redirect that names a place; 300, 304 and the like name none
                    return answer.next_request.url
                if answer.status_code == 200:
                    body = next(answer.iter_bytes(self.limits.bytes + 1), b"")  # no more is read than may be kept
                    if len(body) > self.limits.bytes:
                        raise NotTaken("refused", f"more than {self.limits.bytes:,} bytes")
                    return body
                wait = retry_after(answer.headers.get("retry-after", "")) or 0.0
                if wait > self.limits.longest_wait:
                    raise NotTaken("failed", f"HTTP {answer.status_code}, come back in {wait:.0f} s")
                self._not_before[host] = max(self._not_before[host], time.monotonic() + wait)  # for all requests to it
                raise NotTaken("failed", f"HTTP {answer.status_code}", answer.status_code in AGAIN)

    def _stream(self, url: httpx.URL, **options: Any) -> Any:
        self._clock.end = time.monotonic() + self.limits.deadline
        return self._client.stream("GET", url, extensions={"trace": self._watch}, **options)

    def _watch(self, event: str, info: dict) -> None:
        """httpcore's trace: each read from a new connection, also of headers, looks at the clock before."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            stream, read = info["return_value"], info["return_value"].read

            def timely(*arguments: Any, **options: Any) -> bytes:
                if time.monotonic() > self._clock.end:
                    raise NotTaken("failed", f"too slow, not whole after {self.limits.deadline:.0f} s")
                return read(*arguments, **options)

            stream.read = timely

    def _ask_robots(self, url: httpx.URL) -> None:
        lock, rules = self._robots[url.scheme, url.netloc]
        with lock:
            if not rules:
                asked = url.copy_with(raw_path=b"/robots.txt", fragment=None)
                with self._stream(asked, follow_redirects=True) as answer:
                    body = next(answer.iter_bytes(512_000), b"") if answer.status_code == 200 else b""  # RFC 9309
                    rules.append(robots_rules(answer.status_code, body))
        if not rules[0].can_fetch(str(url), "gadgetlib"):
            raise NotTaken("refused", "robots.txt forbids it")


def fetch_all(hits: Sequence[Hit], ledger: Ledger, get: Callable[[str], bytes], limits: Limits = Limits(),
              retry: bool = False) -> None:  # fmt: skip
    """Get every hit that has no row yet and write its row. get: address -> bytes, raises NotTaken.

    An address that is offered again, under whatever label, is not fetched again: its row has the same file, and the
    cleaning lesson finds the copy. retry: ask again for those that failed in an earlier run.
    """
    known = {address_key(row["url"]): row for row in ledger.rows.values() if row["status"] == "ok"}
    offers = defaultdict(list)
    for hit in hits:
        row = ledger.rows.get((one_line(hit.query), one_line(hit.url)))
        if row is None or (retry and row["status"] == "failed"):
            offers[address_key(hit.url)].append(hit)

    def one(key: str) -> None:
        for hit in sorted(offers[key], key=lambda hit: len(hit.url)):  # the one without tracking first
            known[key] = known.get(key) or outcome(hit, ledger, get, limits.pixels)
            ledger.add(hit, **known[key])

    thread_map(one, list(offers), max_workers=limits.workers, desc="pictures", disable=not offers)


def outcome(hit: Hit, ledger: Ledger, get: Callable[[str], bytes], pixels: int) -> dict[str, Any]:
    """Get one hit and keep what came: status, reason, and the picture's file and facts."""
    try:
        if not hit.label:
            raise NotTaken("skipped", f"folder {hit.query!r} names none of the five classes")
        data = get(hit.url)
        facts = image_facts(data, pixels)
        return {"status": "ok", **ledger.keep(data, facts.pop("extension")), **facts}
    except NotTaken as no:
        return {"status": no.status, "reason": no.reason}


def collect(
    folder: Path, source: str, *, queries: Mapping[str, Sequence[str]] | None = None, per_query: int = 0,
    photos: str = "", kaggle: Sequence[str] = (), licence: str = "", retry: bool = False,
    limits: Limits = Limits(), search: str = "", addresses: Mapping[str, tuple[str, int]] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Collect pictures into ``folder`` (``ledger.csv`` and ``images/``); return the ledger. CourseError for no picture.

    source: web or shop (with queries: label -> search words), kaggle (with kaggle: data set handles) or folder (with
    photos: its path). per_query: most hits per query (pictures per class), 0 for all; for the web, 100. licence: the
    web's filter. search, addresses: the shop's search host and where its hosts are. retry: ask again for what failed.
    Run again, it goes on where it stopped; what another source left in ``folder`` is set aside.
    """
    wanted = {"web": queries, "shop": queries, "kaggle": kaggle, "folder": photos}.get(source)
    if not wanted:
        raise CourseError(f"The source {source!r} is none of web and shop (with queries), kaggle (with kaggle, a list) "
                          "and folder (with photos, a path).")  # fmt: skip
    if wrong := set(queries or {}) - set(CLASSES):
        raise CourseError(f"{wrong.pop()!r} is not a class; queries may name {', '.join(CLASSES)}.")
    online = source in ("web", "shop")
    sources.set_aside(Path(folder), source if online else f"{source}-{sources.short(wanted)}")
    with Ledger(Path(folder)) as ledger, Fetcher(limits, addresses) as fetcher:
        if online:
            filters = {"type_image": "photo"} | ({"license_image": licence} if licence else {})
            ask = sources.shop_search(fetcher.get, search) if search else sources.web_search(filters=filters)
            limit, memory = per_query or (100 if source == "web" else 0), ledger.folder / "answers"
            hits, failed = sources.ask_all(ask, queries, limit, memory / sources.short(licence))
            for hit, no in failed:
                ledger.add(hit, no.status, f"search: {no.reason}")
            fetch_all(hits, ledger, fetcher.get, limits, retry)
        for handle in {"kaggle": kaggle, "folder": [""]}.get(source, ()):
            place = sources.kaggle_folder(handle) if handle else Path(photos).expanduser()
            name = f"kaggle:{handle}" if handle else "folder"
            read = functools.partial(sources.read_file, place, name)
            fetch_all(sources.folder_hits(place, name, per_query), ledger, read, Limits(workers=4))
    table = read_ledger(ledger.path)
    if not (table.status == "ok").any():
        reasons = "; ".join(table.reason[table.reason != ""].unique()[:2]) or "nothing was offered"
        raise CourseError(f"No picture could be collected from the source {source!r} ({reasons}).")
    return table
