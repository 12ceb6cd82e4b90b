"""Where pictures are offered: an image search, the recorded shop, a folder of one's own or of a data set.

Each source answers with a list of :class:`Hit`; :mod:`gadgetlib.scrape` fetches them and keeps the ledger.
"""

import functools
import itertools
import json
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import tenacity

from gadgetlib import CLASSES
from gadgetlib.errors import CourseError
from gadgetlib.files import disk_sentence, read_strings, table
from gadgetlib.specs.tables import key

TRACKING = re.compile(r"(?is)(?<=[?&])(utm_\w+|[gf]bclid|gclid|msclkid|dclid|yclid|igshid|mc_[ce]id|_ga)=[^&#]*&?|#.*")


class NotTaken(Exception):
    """A picture that is not kept: ``refused``, ``failed`` (it did not come; ``again``: later it may) or ``skipped``."""

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


def retrying(attempts: int, backoff: float) -> tenacity.Retrying:
    """Calls a function up to ``attempts`` times, unless its error has ``again`` False; pauses grow from ``backoff``."""
    return tenacity.Retrying(
        stop=tenacity.stop_after_attempt(attempts),
        wait=tenacity.wait_exponential(backoff, max=60) + tenacity.wait_random(0, backoff),
        retry=tenacity.retry_if_exception(lambda error: getattr(error, "again", isinstance(error, Exception))),
        reraise=True,
    )


def address_key(url: str) -> str:
    """An address without fragment and tracking: two offers with one key are one address."""
    return TRACKING.sub("", url).rstrip("?&") if url.startswith("http") else url


def search_hits(ask: Callable[[str, int], list[dict]], query: str, label: str, limit: int = 0) -> list[Hit]:
    """Ask an image search page by page until it has ``limit`` hits (0: all) or nothing new to offer.

    ask: (query, page) -> results, see :func:`web_search`. Raises NotTaken when the search gives nothing at all.
    """
    found: dict[str, Hit] = {}
    why = "no results"
    try:
        for page in itertools.count(1):
            before = len(found)
            for result in ask(query, page):
                known = defaultdict(str, {name: one_line(value) for name, value in result.items()})
                source = re.sub(r"(?i)^https?://|[/:?#].*", "", known["url"] or known["image"]).lower()
                hit = Hit(query, label, known["image"], known["url"], known["title"], source, known["license"],
                          known["product"])  # fmt: skip
                if hit.url:
                    found.setdefault(hit.url, hit)
            if len(found) == before or 0 < limit <= len(found):
                break
    except Exception as error:  # NotTaken, ddgs's own, or whatever its engines and parsers raise
        why = f"{type(error).__name__}: {one_line(error)[:120]}"
    if not found:
        raise NotTaken("failed", f"the search gave no answer ({why})")
    return list(found.values())[: limit or None]


def web_search(attempts: int = 4, backoff: float = 2.0, filters: Mapping[str, str] | None = None, **client: Any):
    """DuckDuckGo's image search as (query, page) -> results, tried again with growing pauses.

    filters: license_image (any, Public, Share, ShareCommercially, Modify, ModifyCommercially), size, type_image and
    others of ``DDGS.images``. client: options of ``DDGS`` (proxy, verify).
    """
    from ddgs import DDGS
    from ddgs.results import ImagesResult

    # ddgs decodes addresses and writes "+" for a space: my%20photo.jpg would become my+photo.jpg, another address
    ImagesResult._normalizers = {**ImagesResult._normalizers, "image": str, "url": str}
    options = {"max_results": None, "backend": "duckduckgo", **(filters or {})}
    search = DDGS(timeout=10, **client).images
    return lambda query, page: retrying(attempts, backoff)(search, query, page=page, **options)


def ask_shop(get: Callable[[str], bytes], host: str, query: str, page: int) -> list[dict]:
    """The results of the recorded shop's search at ``host``. get: address -> bytes."""
    return json.loads(get(f"http://{host}/i.js?q={quote_plus(query)}&o=json&s={100 * (page - 1)}"))["results"]


@functools.cache
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
    columns = ["file", "label", "source", "license", "product_id"]
    rows = read_strings(folder / "manifest.csv", columns)  # Laptops/a.jpg, .\Laptops\a.jpg, /my photos/Laptops/a.jpg
    stated = {Path(os.path.relpath(folder / row["file"].replace("\\", "/"), folder)).as_posix(): row for row in rows}
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    files = [file for file in files if not re.search(r"(^|/)(\.|__MACOSX/|Thumbs\.db$)|^manifest\.csv$", file)]
    hits, taken = [], Counter()
    for file in dict.fromkeys([*files, *stated]):
        row = stated.get(file, dict.fromkeys(columns, ""))
        label = class_of(row["label"] or next(filter(class_of, file.split("/")[-2::-1]), ""))
        taken[label] += 1
        if not limit or taken[label] <= limit:
            hits.append(Hit(row["label"] or file.split("/")[0], label, f"{name}:{file}", "", Path(file).stem,
                            row["source"] or name, row["license"], row["product_id"]))  # fmt: skip
    if set(taken) <= {""}:
        raise CourseError(
            f"There is no folder {str(folder)!r} with sub-folders named like a class ({', '.join(CLASSES)}), or with a "
            "manifest.csv that has the columns file and label (no other table is read); save HEIC pictures as JPEG."
        )
    return hits


def read_file(folder: Path, name: str, url: str) -> bytes:
    """The bytes of a hit of :func:`folder_hits`. Raises NotTaken for what is too large, unreadable or not there."""
    file = Path(url.removeprefix(f"{name}:"))
    try:
        if ".." in file.parts or file.is_absolute() or (folder / file).is_fifo():  # others wrote its manifest.csv
            raise NotTaken("refused", "lies outside the folder, or is a pipe")
        with open(folder / file, "rb") as stream:
            return stream.read(200_000_000)  # what is longer has too many pixels anyway
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte
        raise NotTaken("failed", f"cannot be read ({getattr(error, 'strerror', error)})") from None


def set_aside(folder: Path, key: str) -> None:
    """One source per folder: rename what another source left there, and take back what this one left before."""
    mark, before = folder / "source.txt", folder.with_name(f"{folder.name}-{key}")
    with disk_sentence(mark):
        if mark.exists() and (there := mark.read_text()) != key:
            folder.rename(folder.with_name(f"{folder.name}-{there}"))
        if before.exists() and not folder.exists():
            before.rename(folder)
        folder.mkdir(parents=True, exist_ok=True)
        mark.write_text(key)
