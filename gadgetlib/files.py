"""Where things are, and writing that nobody finds half done."""

import contextlib
import csv
import errno
import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from gadgetlib.errors import CourseError


def project_root() -> Path:
    """The folder that holds ``notebooks/``, ``gadgetlib/`` and ``data/``."""
    return Path(__file__).resolve().parents[1]


def data_dir() -> Path:
    """The data that ships with the course."""
    return project_root() / "data"


@cache
def table(name: str) -> list[dict[str, str]]:
    """The rows of a CSV in ``data/``, read once."""
    with (data_dir() / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shared_dir() -> Path | None:
    """Real photos, titles and prices to measure against, beside the project; None where they are absent."""
    folder = Path(os.environ.get("GADGET_SHARED") or project_root().parent / "shared")
    return folder if (folder / "README.md").exists() else None


def build_dir() -> Path:
    """Everything a run makes lies here: ``build/``, or the folder named by ``GADGET_BUILD``."""
    return Path(os.environ.get("GADGET_BUILD") or project_root() / "build").resolve()


def split_of(product_id: str) -> Literal["train", "valid", "test"]:
    """The split of a shipped product: 70 / 15 / 15 by a hash of its id, the same for photos and texts."""
    bucket = int(hashlib.sha1(product_id.encode()).hexdigest(), 16) % 100
    return "train" if bucket < 70 else "valid" if bucket < 85 else "test"


@contextlib.contextmanager
def write_atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it into place only if the block ends well.

    The block may create a file or a folder there. A full disk or a read-only folder becomes a CourseError,
    and whatever stood at ``path`` before is left as it was.
    """
    path = Path(path)
    part, aside = (path.with_name(f".{path.name}.{os.getpid()}.{end}") for end in ("part", "old"))
    with disk_sentence(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(part)
        try:
            yield part
            if not part.exists():
                raise CourseError(f"Nothing was written for {path.name!r}; the block that makes it left no file.")
            if path.is_dir():  # a folder cannot be replaced in one rename: step aside first
                path.rename(aside)
            part.replace(path)
            _remove(aside)
        finally:
            _remove(part)


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        path.unlink()


@contextlib.contextmanager
def disk_sentence(path: Path) -> Iterator[None]:
    """What the disk refuses in this block, about ``path``, as a CourseError; other errors pass."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            what = f"The disk is full: {path.name!r} could not be written to {path.parent}; free some space, run again."
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            what = f"{path.parent} cannot be written to ({error.strerror}); make it writable, or set GADGET_BUILD."
        else:
            raise
        raise CourseError(what) from error


def check_writable(folder: Path, free_mb: int = 500) -> None:
    """Raise CourseError unless ``folder`` can be written to and has ``free_mb`` megabytes left."""
    with write_atomic(probe := folder / ".probe") as part:
        part.write_text("x")
    probe.unlink(missing_ok=True)
    free = shutil.disk_usage(folder).free // 2**20
    if free < free_mb:
        raise CourseError(f"Only {free} MB are free where {folder} is; the course needs {free_mb}: free some space.")


def read_json(path: Path) -> dict[str, Any] | None:
    """What a JSON file holds; None where there is none that can be read."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def delimiter(text: str) -> str:
    """What stands between the cells of a CSV: of the usual marks the one that its heading has most of."""
    return max(",;\t|", key=re.sub('"[^"]*"', "", text.partition("\n")[0]).count)


def read_strings(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV that a person wrote, these columns as texts, "" for what is absent; none without a file.

    Raises CourseError for what is no UTF-8 CSV or lacks the first of the columns.
    """
    import pandas as pd

    if not path.exists():
        return []
    try:
        text = path.read_text(encoding="utf-8-sig")
        options = {"sep": delimiter(text), "dtype": str, "keep_default_na": False, "index_col": False}
        table = pd.read_csv(io.StringIO(text), **options)
        table.columns = table.columns.str.strip().str.lower()
        if columns[0] not in table:
            raise ValueError(f"there is no column {columns[0]!r}")
        return table.reindex(columns=columns).fillna("").to_dict("records")
    except (OSError, ValueError) as error:
        needs = f"it needs the columns {', '.join(columns)}"
        raise CourseError(f"{path.name} cannot be read ({error}); {needs}; save it as UTF-8 CSV.") from None


FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")  # a cell that begins so is run by a spreadsheet


def to_cell(value: Any) -> Any:
    """A value for a CSV that people open: a text that a spreadsheet would run gets an apostrophe in front (OWASP)."""
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def from_cell(text: str) -> str:
    """What :func:`to_cell` was given."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


@contextlib.contextmanager
def reading(name: str, folder: Path) -> Iterator[None]:
    """What goes wrong in this block, which reads one of TRAINED_IN from ``folder``, as a CourseError."""
    try:
        yield
    except (Exception, SystemExit) as error:  # each library has its own class for a file that is missing or cut short
        why = getattr(error, "strerror", None) or (str(error).strip().splitlines() or [type(error).__name__])[0]
        again = f"make it anew with `make course ONLY={TRAINED_IN[name]}`, then open it again"
        raise CourseError(f"The {name} in {folder.name}/ cannot be read ({why}); {again}.") from error


TRAINED_IN = {"classifier": "03", "tagger": "05", "index": "06", "price": "07"}  # folder under build/ -> its lesson


def trained(name: str) -> Path:
    """The folder of a trained model, one of TRAINED_IN; where it is missing, CourseError says how to make it."""
    path = build_dir() / name
    if not path.exists():
        raise CourseError(
            f"Nothing trained yet: {name!r} is missing from {build_dir().name}/. "
            f"Run `make course` (or `make course ONLY={TRAINED_IN[name]}`) first."
        )
    return path
