"""Where pictures are offered: an image search, the recorded shop, a Kaggle data set, a folder of one's own.

Each source answers with a list of :class:`Hit`; :mod:`gadgetlib.scrape` fetches them and keeps the ledger.
"""

import hashlib
import itertools
import json
import os
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx
import tenacity

from gadgetlib import CLASSES
from gadgetlib.errors import CourseError
from gadgetlib.files import disk_sentence, read_strings, table, write_atomic
from gadgetlib.specs.tables import key

TRACKING = re.compile(r"(utm_\w+|[gf]bclid|gclid|msclkid|dclid|yclid|igshid|mc_[ce]id|_ga)=.*", re.I)


class NotTaken(Exception):
    """A picture that is not kept: ``refused`` (not wanted), ``failed`` (it did not come) or ``skipped``, and why.

    again: asking later may help.
    """

    def __init__(self, status: str, reason: str, again: bool = False) -> None:
        super().__init__(reason)
        self.status, self.reason, self.again = status, reason, again


@dataclass(frozen=True)
class Hit:
    """One offer: an address to fetch and what its source knows about it. Without a label it belongs to no class."""

    query: str
    label: str
    url: str
    page: str = ""
    title: str = ""
    source: str = ""
    licence: str = ""
    product_id: str = ""


def one_line(value: Any) -> str:
    """Text of any origin on one line, or "" for None; what is no character, in the name of a file, as an escape."""
    return " ".join(str(value or "").encode("utf-8", "backslashreplace").decode().split())


def address_key(url: str) -> str:
    """One spelling for one address, without fragment and tracking: two offers with one key are one address."""
    if not url.lower().startswith(("http:", "https:")):
        return url  # a file, or no address at all: fetching it will say so
    try:
        parsed = httpx.URL(url)
        path, _, query = parsed.raw_path.decode("ascii").partition("?")
        kept = "&".join(part for part in query.split("&") if part and not TRACKING.fullmatch(part))
        return str(parsed.copy_with(raw_path=f"{path}?{kept}".rstrip("?").encode(), fragment=None))
    except (httpx.InvalidURL, ValueError):
        return url


def search_hits(ask: Callable[[str, int], list[dict]], query: str, label: str, limit: int = 0) -> list[Hit]:
    """Ask an image search page by page until it has ``limit`` hits (0: all) or nothing new to offer.

    ask: (query, page) -> results, see :func:`web_search`. Raises NotTaken when the search gives nothing at all.
    """
    found: dict[str, Hit] = {}
    why = "no results"
    try:
        for page in itertools.count(1):
            hits = [hit_of(query, label, result) for result in ask(query, page)]
            new = {hit.url: hit for hit in hits if hit.url and hit.url not in found}
            found |= new
            if not new or 0 < limit <= len(found):
                break
    except Exception as error:  # NotTaken, ddgs's own, or whatever its engines and parsers raise
        why = f"{type(error).__name__}: {one_line(error)[:120]}"
    if not found:
        raise NotTaken("failed", f"the search gave no answer ({why})")
    return list(found.values())[: limit or None]


def ask_all(ask: Callable, queries: Mapping[str, Sequence[str]], limit: int, memory: Path) -> tuple[list, list]:
    """(hits, [(query as a hit, NotTaken)]) of all searches; ``memory``, a folder, keeps answers: none is asked twice.

    The hits come in turn from each query: a collection that is stopped has something of every class.
    """
    found, failed = [], []
    for query, label in ((query, label) for label, words in queries.items() for query in words):
        path = memory / f"{short([query, label, limit])}.json"
        if not path.exists():
            try:
                hits = search_hits(ask, query, label, limit)
            except NotTaken as no:
                failed.append((Hit(query, label, ""), no))
                continue
            with write_atomic(path) as part:
                part.write_text(json.dumps([asdict(hit) for hit in hits], ensure_ascii=False), encoding="utf-8")
        found.append([Hit(**hit) for hit in json.loads(path.read_text(encoding="utf-8"))])
    return [hit for turn in itertools.zip_longest(*found) for hit in turn if hit], failed


def hit_of(query: str, label: str, result: Mapping[str, Any]) -> Hit:
    """One result of an image search (image, url, title, source; license and product where it has them) as a Hit."""
    known = {name: one_line(value) for name, value in result.items()}
    source = known.get("source", "")
    with suppress(ValueError):  # no address at all
        source = urlsplit(known.get("url") or known.get("image", "")).hostname or source
    return Hit(query, label, known.get("image", ""), known.get("url", ""), known.get("title", ""), source,
               known.get("license", ""), known.get("product", ""))  # fmt: skip


def web_search(attempts: int = 4, backoff: float = 2.0, filters: Mapping[str, str] | None = None, **client: Any):
    """DuckDuckGo's image search as (query, page) -> results, tried again with growing pauses.

    filters: license_image (any, Public, Share, ShareCommercially, Modify, ModifyCommercially), size, type_image and
    others of ``DDGS.images``. client: options of ``DDGS`` (proxy, verify).
    """
    from ddgs import DDGS
    from ddgs.results import ImagesResult

    # ddgs decodes addresses and writes "+" for a space: my%20photo.jpg would become my+photo.jpg, another address
    ImagesResult._normalizers = {**ImagesResult._normalizers, "image": str, "url": str}
    search = DDGS(timeout=10, **client)
    pause = tenacity.wait_exponential_jitter(initial=backoff, jitter=backoff, max=60)

    @tenacity.retry(stop=tenacity.stop_after_attempt(attempts), wait=pause, reraise=True)
    def ask(query: str, page: int) -> list[dict]:
        return search.images(query, page=page, max_results=None, backend="duckduckgo", **(filters or {}))

    return ask


def shop_search(get: Callable[[str], bytes], host: str):
    """The recorded shop's search at ``host`` as (query, page) -> results. get: address -> bytes."""

    def ask(query: str, page: int) -> list[dict]:
        return json.loads(get(f"http://{host}/i.js?q={quote_plus(query)}&o=json&s={100 * (page - 1)}"))["results"]

    return ask


def class_of(name: str) -> str:
    """The class that a folder's name means (``Smart Watches``, ``laptop_images``), or "" where it means none."""
    known = {key(row["word"]): row["label"] for row in table("folder_names.csv")}
    words = re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", name.lower()))
    words = [re.sub(r"(?<=ch)es$|(?<=[^sw])s$", "", key(word)) for word in words]
    kept = [word for word in words if known.get(word) != ""]  # without words of no class, such as "image"
    return known.get("".join(kept), "")


def folder_hits(folder: Path, name: str = "folder", limit: int = 0) -> list[Hit]:
    """One hit per file below ``folder``, its address ``name:path``; the nearest folder above a file names its class.

    ``manifest.csv`` in it may state file, label, source, license and product_id for some or all files. limit: most
    pictures per class, 0 for all. Raises CourseError when it holds no class.
    """
    if not folder.is_dir():
        raise CourseError(f"There is no folder {str(folder)!r}; give photos a folder with one sub-folder per class.")
    columns = ["file", "label", "source", "license", "product_id"]
    rows = read_strings(folder / "manifest.csv", columns)  # Laptops/a.jpg, .\Laptops\a.jpg, /my photos/Laptops/a.jpg
    stated = {Path(os.path.relpath(folder / row["file"].replace("\\", "/"), folder)).as_posix(): row for row in rows}
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    files = [file for file in files if not re.search(r"(^|/)(\.|__MACOSX/|Thumbs\.db$)", file)]
    hits, taken = [], Counter()
    for file in dict.fromkeys([*files, *stated]):
        row, above = stated.get(file, dict.fromkeys(columns, "")), file.split("/")[:-1]
        if not above and not row["file"]:
            continue  # manifest.csv, a README: belongs to no class
        label = class_of(row["label"] or next(filter(class_of, reversed(above)), ""))
        taken[label] += 1
        if not limit or taken[label] <= limit:
            source = row["source"] or (name if ":" in name else "")
            hits.append(Hit(row["label"] or file.split("/")[0], label, f"{name}:{file}", "", Path(file).stem, source,
                            row["license"], row["product_id"]))  # fmt: skip
    if set(taken) <= {""}:
        others = sorted({file.split("/")[0] for file in files if "/" in file})[:5]
        raise CourseError(
            f"{str(folder)!r} holds pictures of no class in {', '.join(others) or 'it'}; it needs a sub-folder for "
            f"each class, two at least, named like {', '.join(CLASSES)}, or a manifest.csv with the columns file and "
            "label (no other table is read); HEIC pictures must be saved as JPEG."
        )
    return hits


def read_file(folder: Path, name: str, url: str) -> bytes:
    """The bytes of a hit of :func:`folder_hits`. Raises NotTaken for what is too large, unreadable or not there."""
    file = Path(url.removeprefix(f"{name}:"))
    try:
        if ".." in file.parts or file.is_absolute():  # somebody else wrote a data set's list of files
            raise FileNotFoundError
        if (folder / file).stat().st_size > 200_000_000:
            raise NotTaken("refused", "more than 200,000,000 bytes")
        return (folder / file).read_bytes()
    except FileNotFoundError:
        raise NotTaken("failed", "named in manifest.csv or linked to, but not there") from None
    except OSError as error:
        raise NotTaken("failed", f"cannot be read ({error.strerror})") from None


def kaggle_folder(handle: str) -> Path:
    """The folder of a Kaggle data set (``owner/name``), downloaded with kagglehub unless its cache has it already."""
    import kagglehub

    try:
        return Path(kagglehub.dataset_download(handle))
    except Exception as error:  # kagglehub raises its own, requests' and zipfile's
        raise CourseError(
            f"Kaggle did not give the data set {handle!r} ({type(error).__name__}: {one_line(error)[:160]}); check "
            "the handle on its page, your network, and the key in ~/.kaggle/kaggle.json, or use the shop source."
        ) from None


def set_aside(folder: Path, key: str) -> None:
    """One source per folder: rename what another source left there, and take back what this one left before."""
    mark, before = folder / "source.txt", folder.with_name(f"{folder.name}-{key}")
    with disk_sentence(mark):
        there = mark.read_text() if mark.exists() else "unknown"
        if there != key:
            if folder.exists():
                shutil.rmtree(other := folder.with_name(f"{folder.name}-{there}"), ignore_errors=True)
                folder.rename(other)
            before.rename(folder) if before.exists() else folder.mkdir(parents=True)
            mark.write_text(key)


def short(value: Any) -> str:
    """A few letters that stand for any value, for the name of a file."""
    return hashlib.sha1(repr(value).encode()).hexdigest()[:12]
