"""Many pictures to one CSV: a row for each, also for the bad ones; interrupted runs go on where they stopped."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from gadgetlib import SPEC_FIELDS
from gadgetlib.errors import CourseError
from gadgetlib.files import append_row, mend, read_strings, to_cell
from gadgetlib.listing import Describer

COLUMNS = ["file", "gadget_type", "sure", *SPEC_FIELDS, "estimate", "low", "high", "match", "warnings", "error"]
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic"}


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

    Each row is on the disk before the next picture is described; a row cut short by a kill is dropped and its picture
    done again. progress wraps the list of pictures (tqdm). name: what a picture is called under ``file``. Raises
    CourseError when ``out`` is the table of something else, or cannot be written.
    """
    bad = 0
    try:
        mend(out, COLUMNS)
        done = {found["file"] for found in read_strings(out, COLUMNS)}
        called = {path: to_cell(name(path)).encode(errors="backslashreplace").decode() for path in pictures(paths)}
        todo = [path for path in called if called[path] not in done]
        for path in progress(todo):
            made = {key: to_cell(value) for key, value in row(describer, path).items()}
            append_row(out, {**made, "file": called[path]}, COLUMNS)
            bad += "error" in made
    except OSError as error:
        raise CourseError(f"{out} cannot be written ({error.strerror}); name another file with --out.") from error
    return len(todo), bad
