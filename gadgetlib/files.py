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
import tempfile
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
    """Everything a run makes lies here: ``build/``, or ``GADGET_BUILD``, which is relative to the project, too."""
    return Path(os.path.realpath(project_root() / os.path.expanduser(os.environ.get("GADGET_BUILD") or "build")))


def split_of(product_id: str) -> Literal["train", "valid", "test"]:
    """The split of a shipped product: 70 / 15 / 15 by a hash of its id, the same for photos and texts."""
    bucket = int(hashlib.sha1(product_id.encode()).hexdigest(), 16) % 100
    return "train" if bucket < 70 else "valid" if bucket < 85 else "test"


def sha256(path: Path) -> str:
    """Of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def checked(path: Path, digest: str, mend: str) -> Path:
    """A file whose sha256 is known; for another or none a CourseError, which ends with what mends it."""
    if not path.is_file() or sha256(path) != digest:
        raise CourseError(f"{path.name} is missing or is not the expected file (its sha256 differs): {mend}.")
    return path


@contextlib.contextmanager
def write_atomic(path: str | Path) -> Iterator[Path]:
    """Yield a path in a temporary folder beside ``path``; rename it into place only if the block ends well.

    The block may create a file or a folder there. A full disk or a read-only folder becomes a CourseError,
    and whatever stood at ``path`` before is left as it was.
    """
    path = Path(path)
    with disk_sentence(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{os.getpid()}-", suffix=".part", dir=path.parent) as beside:
            part = Path(beside) / path.name
            yield part
            if not part.exists():
                raise CourseError(f"Nothing was written for {path.name!r}; the block that makes it left no file.")
            if path.is_dir() and not part.is_dir():
                raise CourseError(f"{path} is a folder, which no file may replace; name another place.")
            if path.is_dir():  # a folder cannot be replaced in one rename: step aside first
                path.rename(f"{part}.old")
            part.replace(path)


def remove_left(folder: Path, names: str) -> None:
    """Remove temporary folders (``names``, a glob) of killed processes: the first number in a name is the process's."""
    import psutil

    for left in folder.glob(names):
        if not psutil.pid_exists(int(re.search(r"\d+", left.name)[0])):
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def disk_sentence(path: Path) -> Iterator[None]:
    """What the disk refuses in this block, about ``path``, as a CourseError; other errors pass."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            what = f"The disk is full: {path.name!r} could not be written to {path.parent}; free some space, run again."
        elif path.is_relative_to(at := str(error.filename)) or at.startswith(str(path.parent)):
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
    """The object that a JSON file holds; None where there is none that can be read."""
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def delimiter(text: str) -> str:
    """What stands between the cells of a CSV: of the usual marks the one that its heading has most of."""
    return max(",;\t|", key=re.sub('"[^"]*"', "", text.partition("\n")[0]).count)


def read_strings(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV that a person wrote, these columns as texts, "" for what is absent; none without a file.

    Raises CourseError for what is no UTF-8 CSV or lacks the first of the columns.
    """
    if not path.exists():
        return []
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = csv.DictReader(io.StringIO(text), delimiter=delimiter(text), restval="")
        rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
        if columns[0] not in rows.fieldnames:
            raise ValueError(f"there is no column {columns[0]!r}")
        return [{name: row.get(name, "") for name in columns} for row in rows]
    except (OSError, ValueError, csv.Error) as error:
        needs = f"it needs the columns {', '.join(columns)}"
        raise CourseError(f"{path.name} cannot be read ({error}); {needs}; save it as UTF-8 CSV.") from None


def append_row(path: Path, row: dict, columns: Sequence[str]) -> None:
    """Add a row to a table: in one write, so that a killed process leaves at worst a torn last row."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row.get(name) for name in columns)
    data = text.getvalue().encode(errors="backslashreplace")
    with open(path, "ab", buffering=0) as file:
        before = file.tell()
        if file.write(data) < len(data):  # the last bytes of a disk: nothing may follow half a row
            file.truncate(before)
            raise OSError(errno.ENOSPC, "No space left on device")


def mend(path: Path, columns: Sequence[str]) -> None:
    """Begin a table, or cut off the torn last row of one. Raises CourseError for a file with other columns."""
    header = (",".join(columns) + "\n").encode()
    data = path.read_bytes() if path.exists() else b""
    if not (data.startswith(header) or header.startswith(data)):
        raise CourseError(f"{path.name} has other columns than this course writes; move it away, run again.")
    end = data.rfind(b"\n") + 1
    while data.count(b'"', 0, end) % 2:  # a line end inside a quoted cell
        end = data.rfind(b"\n", 0, end - 1) + 1
    if end < len(data):
        os.truncate(path, end)
    if not end:
        path.write_bytes(header)


def to_cell(value: Any) -> Any:
    """A value for a CSV that people open: a text that a spreadsheet would run gets an apostrophe in front (OWASP).

    Two texts stay two: one that begins with an apostrophe and would run without it gets another.
    """
    run = isinstance(value, str) and re.match(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]", value)
    return f"'{value}" if run else value


TRAINED_IN = {"classifier": "03", "tagger": "05", "index": "06", "price": "07"}  # folder under build/ -> its lesson


@contextlib.contextmanager
def reading(name: str, folder: Path) -> Iterator[None]:
    """What goes wrong in this block, which reads one of TRAINED_IN from ``folder``, as a CourseError."""
    try:
        yield
    except (Exception, SystemExit) as error:  # each library has its own class for a file that is missing or cut short
        why = getattr(error, "strerror", None) or (str(error).strip().splitlines() or [type(error).__name__])[0]
        again = f"run `make course ONLY={TRAINED_IN[name]}` to make it, then open it again"
        raise CourseError(f"The {name} in {folder.name}/ cannot be read ({why}): {again}.") from error


def trained(name: str) -> Path:
    """The folder of a trained model, one of TRAINED_IN; where it is missing, CourseError says how to make it."""
    folder = build_dir() / name
    with reading(name, folder):
        folder.stat()
    return folder
