"""Fetching pictures politely, and a ledger that survives anything.

:func:`collect` is the one way in. Each offer gets one row in ``ledger.csv``, which says why where nothing was kept.
"""

import contextlib
import email.utils
import hashlib
import io
import ipaddress
import itertools
import json
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import imagehash
import pandas as pd
from PIL import Image
from protego import Protego
from tqdm.contrib.concurrent import thread_map

from gadgetlib import CLASSES, LEDGER_COLUMNS, sources
from gadgetlib.errors import CourseError
from gadgetlib.files import append_row, disk_sentence, mend, read_json, read_strings, remove_left, write_atomic
from gadgetlib.pictures import looks_like, open_image
from gadgetlib.sources import Hit, NotTaken, address_key, one_line

AGENT = "gadgetlib/0.1 (a course on gadget recognition; collects a few thousand pictures, slowly)"
AGAIN = {202, 403, 408, 425, 429, 500, 502, 503, 504}  # answers that may change when asked later
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # an IPv4 address in the last 32 bits (RFC 6052)
FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "BMP": "bmp", "TIFF": "tif", "AVIF": "avif"}


@dataclass(frozen=True)
class Limits:
    """How much to take and how hard to try. Sizes in bytes, times in seconds."""

    bytes: int = 15_000_000
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
    try:
        with Image.open(io.BytesIO(data), formats=list(FORMATS)) as image:  # reads the header, no pixel yet
            width, height, extension = *image.size, FORMATS.get(image.format, "jpg")
            if width * height > pixels:
                raise Image.DecompressionBombError  # as Pillow does above its own limit
    except Image.DecompressionBombError:
        raise NotTaken("refused", f"more than {pixels:,} pixels") from None
    except Exception:  # what Pillow raises depends on the format and on where it breaks
        raise NotTaken("refused", f"not a picture: {looks_like(data[:64])}" if data else "empty file") from None
    try:
        phash = str(imagehash.phash(open_image(data, side=128)))
    except CourseError:  # breaks off inside: kept as it came, the cleaning lesson finds it
        phash = ""
    return {"extension": extension, "width": width, "height": height, "phash": phash}


def read_ledger(path: Path) -> pd.DataFrame:
    """A ledger as a table of strings, the latest row of each offer, in a fixed order; CourseError for another table."""
    table = pd.DataFrame(read_strings(path, LEDGER_COLUMNS), columns=LEDGER_COLUMNS, dtype=str)
    return table.drop_duplicates(["query", "url"], keep="last").sort_values(["query", "url"], ignore_index=True)


class Ledger:
    """``ledger.csv`` and ``images/`` in one folder. A picture is stored before its row: no row lacks its picture."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self._writing = Path(folder), Path(folder) / "ledger.csv", threading.Lock()
        with disk_sentence(self.path):
            (self.folder / "images").mkdir(parents=True, exist_ok=True)
            mend(self.path, LEDGER_COLUMNS)
            remove_left(self.folder / "images", ".[0-9]*-*.part")

    def add(self, hit: Hit, status: str, reason: str = "", **found: Any) -> None:
        """Append one row: what was offered, how it ended, and for a picture its file and facts."""
        ended = {"status": status, "reason": reason, "time": datetime.now(UTC).isoformat(timespec="seconds")}
        row = {name: one_line(value) for name, value in {**found, **asdict(hit), **ended}.items()}
        with self._writing, disk_sentence(self.path):
            append_row(self.path, row, LEDGER_COLUMNS)

    def keep(self, data: bytes, extension: str) -> dict[str, Any]:
        """Store a picture under its content hash: its file, sha256 and bytes as they stand in a row."""
        digest = hashlib.sha256(data).hexdigest()
        file = f"images/{digest[:24]}.{extension}"
        with self._writing, write_atomic(self.folder / file) as part:
            part.write_bytes(data)
        return {"file": file, "sha256": digest, "bytes": len(data)}


def public_address(host: str) -> str:
    """The IP address of a host. OSError where it has none, NotTaken where any of them lies in a private network."""
    entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    found = [ipaddress.ip_address(entry[4][0].split("%")[0]) for entry in entries]
    if not all((ipaddress.IPv4Address(ip.packed[-4:]) if ip in NAT64 else ip).is_global for ip in found):
        raise NotTaken("refused", f"{host} lies in a private network")
    return str(found[0])


class Guarded(httpx.HTTPTransport):
    """HTTP to public addresses only; it connects to the very address that was checked, for a name may change meanwhile.

    addresses: exceptions, host -> (address, port). A host that is silent twelve times in a row is given up.
    """

    def __init__(self, addresses: Mapping[str, tuple[str, int]] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.addresses = dict(addresses or {})
        self._silent = Counter()  # by host: requests since its last answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode("ascii")
        if self._silent[host] >= 12:
            raise NotTaken("failed", f"{host} did not answer 12 times in a row")
        address, port = self.addresses.get(host) or (public_address(host), request.url.port)
        extensions = {**request.extensions, "sni_hostname": host}  # the certificate is the name's
        there = request.url.copy_with(host=address, port=port)
        self._silent[host] += 1
        answer = super().handle_request(httpx.Request("GET", there, headers=request.headers, extensions=extensions))
        self._silent[host] = 0
        return answer


class Fetcher(contextlib.AbstractContextManager):
    """Fetches addresses politely: few at a time from one host, robots.txt heeded, retries with growing pauses."""

    def __init__(self, limits: Limits = Limits(), addresses: Mapping[str, tuple[str, int]] | None = None) -> None:
        self.limits = limits
        self._client = httpx.Client(
            transport=Guarded(addresses), headers={"User-Agent": AGENT}, timeout=limits.silence, trust_env=False
        )
        self._gates: dict[str, threading.Semaphore] = {}  # by host
        self._not_before = defaultdict(float)  # by host, on the monotonic clock
        self._clock = threading.local()  # end: when the answer that this thread waits for must be whole
        self._rules: dict[httpx.URL, Protego] = {}  # by address of the robots.txt

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, url: str) -> bytes:
        """The body behind ``url``. Raises NotTaken when it is not to be had or not wanted."""
        return sources.retrying(self.limits.attempts, self.limits.backoff)(self._attempt, url)

    def _attempt(self, url: str) -> bytes:
        """One attempt; whatever httpx raises as NotTaken."""
        try:
            return self._once(httpx.URL(url))
        except NotTaken:
            raise
        except Exception as error:
            again = isinstance(error, (httpx.TransportError, OSError))  # a time-out, a broken connection
            again = again and getattr(error, "errno", None) != socket.EAI_NONAME  # no host has this name
            raise NotTaken("failed", f"{type(error).__name__}: {one_line(error)}"[:120], again) from None

    def _once(self, url: httpx.URL, redirects: int = 5) -> bytes:
        """The body behind an address that robots.txt allows; up to so many redirects are followed."""
        if url.scheme not in ("http", "https"):
            raise NotTaken("refused", f"{url.scheme or 'no'} address, only http and https are fetched")
        robots = url.copy_with(raw_path=b"/robots.txt", fragment=None)
        with self._gates.setdefault(url.host, threading.Semaphore(self.limits.per_host)):
            time.sleep(max(0.0, self._not_before[url.host] - time.monotonic()))
            if robots not in self._rules:
                answer, body = self._ask(robots, 512_000, follow_redirects=True)  # no more has to be read (RFC 9309)
                self._rules[robots] = robots_rules(answer.status_code, body)
            if not self._rules[robots].can_fetch(str(url), "gadgetlib"):
                raise NotTaken("refused", "robots.txt forbids it")
            answer, body = self._ask(url, self.limits.bytes + 1)
        if answer.next_request and redirects:  # a redirect that names a place; 300, 304 and the like name none
            return self._once(answer.next_request.url, redirects - 1)
        if answer.next_request:
            raise NotTaken("failed", "more than 5 redirects")
        if len(body) > self.limits.bytes:
            raise NotTaken("refused", f"more than {self.limits.bytes:,} bytes")
        if answer.status_code == 200:
            return body
        wait = retry_after(answer.headers.get("retry-after", "")) or 0.0
        if wait > self.limits.longest_wait:
            raise NotTaken("failed", f"HTTP {answer.status_code}, come back in {wait:.0f} s")
        self._not_before[url.host] = max(self._not_before[url.host], time.monotonic() + wait)  # for all requests to it
        raise NotTaken("failed", f"HTTP {answer.status_code}", answer.status_code in AGAIN)

    def _ask(self, url: httpx.URL, most: int, **options: Any) -> tuple[httpx.Response, bytes]:
        """An answer, and where its status is 200 the first ``most`` bytes of its body."""
        self._clock.end = time.monotonic() + self.limits.deadline
        with self._client.stream("GET", url, extensions={"trace": self._watch}, **options) as answer:
            return answer, next(answer.iter_bytes(most), b"") if answer.status_code == 200 else b""

    def _watch(self, event: str, info: dict) -> None:
        """httpcore's trace: every read from a new connection, also of headers, goes through :meth:`_timely`."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            info["return_value"].read = partial(self._timely, info["return_value"].read)

    def _timely(self, read: Callable[..., bytes], *arguments: Any, **options: Any) -> bytes:
        if time.monotonic() > self._clock.end:
            raise NotTaken("failed", f"too slow, not whole after {self.limits.deadline:.0f} s")
        return read(*arguments, **options)


def fetch_all(hits: Sequence[Hit], ledger: Ledger, get: Callable[[str], bytes], limits: Limits = Limits(),
              retry: bool = False) -> None:  # fmt: skip
    """Get every hit that has no row (with retry: no row, or a failure) and write its row. get: address -> bytes.

    An address that is offered again, under whatever label, gets the same file in its row and is not fetched again.
    """
    rows = read_ledger(ledger.path).to_dict("records")
    known = {address_key(row["url"]): row for row in rows if row["status"] == "ok"}
    done = {(row["query"], row["url"]) for row in rows if not (retry and row["status"] == "failed")}
    offers = defaultdict(list)
    for hit in hits:
        if (one_line(hit.query), one_line(hit.url)) not in done:
            offers[address_key(hit.url)].append(hit)

    def one(key: str) -> None:
        hits = sorted(offers[key], key=lambda hit: len(hit.url))  # the one without tracking first
        try:
            if key not in known:
                if not hits[0].label:
                    raise NotTaken("skipped", f"{hits[0].query!r} names none of the five classes")
                data = get(hits[0].url)
                facts = image_facts(data)
                known[key] = {"status": "ok", **ledger.keep(data, facts.pop("extension")), **facts}
        except NotTaken as no:
            known[key] = {"status": no.status, "reason": no.reason}
        for hit in hits:
            ledger.add(hit, **known[key])

    thread_map(one, list(offers), max_workers=limits.workers, desc="pictures", disable=not offers)


def ask_all(ask: Callable, queries: Mapping[str, Sequence[str]], limit: int, ledger: Ledger) -> list[Hit]:
    """The hits of all searches, in turn from each: a collection that is stopped has something of every class.

    Answers are kept in ``answers.json`` beside the ledger and not asked for again; a search that fails has a row.
    """
    path, found = ledger.folder / "answers.json", []
    answers = read_json(path) or {}
    for label, query in ((label, query) for label, words in queries.items() for query in words or ()):
        name = f"{label}: {query}, {limit or 'all'}"
        try:
            if name not in answers:
                answers[name] = [asdict(hit) for hit in sources.search_hits(ask, query, label, limit)]
                with write_atomic(path) as part:
                    part.write_text(json.dumps(answers))
            found.append([Hit(**hit) for hit in answers[name]])
        except NotTaken as no:
            ledger.add(Hit(query, label, ""), no.status, no.reason)
    return [hit for turn in itertools.zip_longest(*found) for hit in turn if hit]


def collect(
    folder: Path, queries: Mapping[str, Sequence[str]] | None = None, photos: Mapping[str, str | Path] | None = None, *,
    per_query: int = 0, licence: str = "", retry: bool = False, limits: Limits = Limits(),
    search: str = "", addresses: Mapping[str, tuple[str, int]] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Collect pictures into ``folder`` (``ledger.csv`` and ``images/``); return the ledger. CourseError for no picture.

    queries: label -> words for a search of the web, or of the shop at ``search``, whose hosts are at ``addresses``.
    photos: in their place, name -> a folder with a sub-folder per class. per_query: most hits per query, pictures per
    class; 0 for all, for the web 100. licence: the web's filter. retry: ask again for what failed.
    Run again, it goes on where it stopped; what another source left in ``folder`` is set aside.
    """
    if wrong := set(queries or {}) - set(CLASSES):
        raise CourseError(f"{wrong.pop()!r} is not a class; queries may name {', '.join(CLASSES)}.")
    queries = {label: [words] if isinstance(words, str) else words for label, words in (queries or {}).items()}
    offers = {name: sources.folder_hits(Path(place), name, per_query) for name, place in (photos or {}).items()}
    if not (offers or any(queries.values())):
        raise CourseError("No picture could be collected: there are no queries, no photos.")
    digest = hashlib.sha1(repr(photos).encode()).hexdigest()[:12]
    sources.set_aside(Path(folder), f"folder-{digest}" if photos else "shop" if search else f"web{licence}")
    ledger = Ledger(Path(folder))
    with Fetcher(limits, addresses) as fetcher:
        for name, hits in offers.items():
            fetch_all(hits, ledger, partial(sources.read_file, Path(photos[name]), name), Limits(workers=4))
        if not photos:
            web = {"type_image": "photo", "license_image": licence}
            ask = partial(sources.ask_shop, fetcher.get, search) if search else sources.web_search(filters=web)
            hits = ask_all(ask, queries, per_query or (0 if search else 100), ledger)
            fetch_all(hits, ledger, fetcher.get, limits, retry)
    table = read_ledger(ledger.path)
    if not (table.status == "ok").any():
        raise CourseError(f"No picture could be collected ({'; '.join(filter(None, table.reason.unique()[:3]))}).")
    return table
