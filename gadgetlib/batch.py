"""Many pictures to one CSV: a row for each, also for the bad ones; interrupted runs go on where they stopped."""

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from gadgetlib import SPEC_FIELDS
from gadgetlib.errors import CourseError
from gadgetlib.files import to_cell
from gadgetlib.listing import Describer

COLUMNS = ["file", "gadget_type", "sure", *SPEC_FIELDS, "estimate", "low", "high", "match", "warnings", "error"]
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic"}
TEXT = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}  # a file may be called anything


def pictures(paths: Iterable[Path]) -> Iterator[Path]:
    """The picture files among ``paths``, folders walked in order; a file, or a folder without any, as it is named."""
    for path in paths:
        yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()) or [path]


def row(describer: Describer, path: Path) -> dict[str, Any]:
    """One picture as a flat row of COLUMNS, all but its file; a bad one has its reason under ``error``."""
    try:
        listing = describer(path)
    except CourseError as error:
        return {"error": str(error).replace(str(path.parent) + os.sep, "")}
    price, best = listing.price or {}, (listing.matches or [{}])[0]
    return listing.specs | {
        "gadget_type": listing.gadget_type, "sure": round(listing.probs.get(listing.gadget_type, 0.0), 3),
        "estimate": price.get("price"), "low": price.get("low"), "high": price.get("high"),
        "match": best.get("product_id"), "warnings": " ".join(listing.warnings),
    }  # fmt: skip


def describe_all(
    describer: Describer, paths: Iterable[Path], out: Path, progress: Any = iter, name: Callable[[Path], str] = str
) -> tuple[int, int]:
    """Append a row for each picture that ``out`` does not have yet; (rows written now, of which bad).

    Each row is on the disk before the next picture is described; a line cut short by a kill is dropped and its picture
    done again. progress wraps the list of pictures (tqdm). name: what a picture is called under ``file``. Raises
    CourseError when ``out`` is the table of something else, or cannot be written.
    """
    bad = 0
    try:
        with open(out, "a+", **TEXT) as file:
            done, writer = _resume(file), csv.DictWriter(file, COLUMNS, lineterminator="\n")
            if not file.tell():
                writer.writeheader()
            todo = [path for path in pictures(paths) if to_cell(name(path)) not in done]
            for path in progress(todo):
                made = {"file": name(path), **row(describer, path)}
                writer.writerow({key: to_cell(value) for key, value in made.items()})
                file.flush()
                bad += "error" in made
    except OSError as error:
        raise CourseError(f"{out} cannot be written ({error.strerror}); name another file with --out.") from error
    return len(todo), bad


def _resume(file: Any) -> set[str]:
    """The files that a table has rows for, as :func:`to_cell` writes them; cuts off an unfinished last line."""
    file.seek(0)
    text = file.read()
    if text and not text.startswith(",".join(COLUMNS)):
        raise CourseError(f"{Path(file.name).name} is no table of listings; name another file with --out.")
    end = text.rfind("\n") + 1
    while text.count('"', 0, end) % 2:  # a line end inside a quoted field
        end = text.rfind("\n", 0, end - 1) + 1
    file.truncate(len(text[:end].encode(TEXT["encoding"], TEXT["errors"])))
    file.seek(0, os.SEEK_END)
    return {found["file"] for found in csv.DictReader(io.StringIO(text[:end], newline=""))}
