"""What every artefact must look like, checked where it is written and where it is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from coursekit.workspace import ARTEFACTS
from gadgetlib import CLASSES, LEDGER_COLUMNS, PHOTO_COLUMNS
from gadgetlib.errors import CourseError


def check(name: str, path: Path) -> None:
    """Raise CourseError when the artefact ``name`` at ``path`` breaks its contract."""
    try:
        CHECKS[name](Path(path))
    except CourseError:
        raise
    except Exception as error:  # unreadable in any way is a broken contract, not a crash
        raise _broken(name, f"{type(error).__name__}: {error}".splitlines()[0]) from error


def _broken(name: str, why: str) -> CourseError:
    lesson = ARTEFACTS[name].lesson
    return CourseError(
        f"The artefact {name!r} is not as it should be ({why}); make it again: `make course ONLY={lesson[:2]}`."
    )


def _require(name: str, condition: bool, why: str) -> None:
    if not condition:
        raise _broken(name, why)


def _raw(path: Path) -> None:
    import pandas as pd
    import pandera.pandas as pa

    ledger = pd.read_csv(path, dtype=str, keep_default_na=False)
    _table("raw", ledger, pa.DataFrameSchema({column: pa.Column(str) for column in LEDGER_COLUMNS}))
    kept = ledger[ledger.status == "ok"]
    _require("raw", len(kept) > 0, "no picture was fetched")
    _require("raw", set(kept.label) <= set(CLASSES), f"unknown labels {sorted(set(kept.label) - set(CLASSES))}")
    absent = [file for file in kept.file if not (path.parent / file).exists()]
    _require("raw", not absent, f"{len(absent)} files of the ledger are missing, such as {absent[:1]}")


def _photos(path: Path) -> None:
    import pandas as pd
    import pandera.pandas as pa

    table = pd.read_csv(path, dtype={"group": str, "source": str, "phash": str, "sha256": str}, keep_default_na=False)
    columns = {column: pa.Column() for column in PHOTO_COLUMNS}
    columns["label"] = pa.Column(str, pa.Check.isin(CLASSES))
    columns["split"] = pa.Column(str, pa.Check.isin(["train", "valid", "test"]))
    columns["sha256"] = pa.Column(str, unique=True)
    _require("photos", len(table) > 0, "it has no rows")
    _table("photos", table, pa.DataFrameSchema(columns))
    leaking = table.groupby("group").split.nunique()
    _require("photos", bool((leaking == 1).all()), f"{int((leaking > 1).sum())} groups stand in two splits")


def _table(name, table, schema) -> None:
    import pandera.errors

    try:
        schema.validate(table)
    except pandera.errors.SchemaError as error:
        raise _broken(name, str(error).splitlines()[0]) from None


def _classifier(path: Path) -> None:
    _files("classifier", path, "model.safetensors", "model.json")


def _text(path: Path) -> None:
    rows = _jsonl("text", path)
    for row in rows:
        _require("text", {"file", "text", "words"} <= row.keys(), "a row lacks file, text or words")


def _tagger(path: Path) -> None:
    _files("tagger", path, "tagger.json")


def _index(path: Path) -> None:
    _files("index", path, "index.json", "embedder.safetensors")


def _price(path: Path) -> None:
    _files("price", path, "model.skops", "model.json")


def _listings(path: Path) -> None:
    for row in _jsonl("listings", path):
        wanted = {"file", "gadget_type", "probs", "text", "specs", "matches", "price", "warnings"}
        _require("listings", wanted <= row.keys(), f"a row lacks {sorted(wanted - row.keys())}")


def _files(name: str, folder: Path, *names: str) -> None:
    for file in names:
        _require(name, (folder / file).exists(), f"{file} is missing")
        if file.endswith(".json"):
            json.loads((folder / file).read_text())


def _jsonl(name: str, path: Path) -> list[dict]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    _require(name, bool(rows), "it has no rows")
    return rows


CHECKS: dict[str, Callable[[Path], None]] = {
    "raw": _raw,
    "photos": _photos,
    "classifier": _classifier,
    "text": _text,
    "tagger": _tagger,
    "index": _index,
    "price": _price,
    "listings": _listings,
}
