"""What every artefact and every shipped file must look like, told in a sentence where one does not.

The rules stand in contracts.yaml. Artefacts are checked where they are written and where they are read,
what is shipped by the doctor and the tests.
"""

import contextlib
import csv
import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema
import yaml

import gadgetlib
from coursekit.workspace import ARTEFACTS
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir

Rows = list[dict[str, Any]]


def check(name: str, path: Path) -> None:
    """Raise CourseError when the artefact ``name`` at ``path`` breaks its contract."""
    if why := _broken(rules("artefacts")[name], path, ACROSS.get(name)):
        again = f"make it again: `make course ONLY={ARTEFACTS[name].lesson[:2]}`"
        raise CourseError(f"The artefact {name!r} is not as it should be ({why}); {again}.")


def check_shipped(name: str, folder: Path | None = None) -> None:
    """Raise CourseError when the file ``name`` of ``data/`` (or of ``folder`` in its place) breaks its contract."""
    if why := _broken(rules("shipped")[name], (folder or data_dir()) / name):
        raise CourseError(f"data/{name} is not as it was shipped: {why}. Get it again, or make it with `make data`.")


@cache
def rules(part: str) -> dict[str, dict[str, Any]]:
    """The table ``artefacts`` or ``shipped`` of contracts.yaml, with gadgetlib's lists put in."""
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    text = re.sub(r"[A-Z_]*(?:COLUMNS|FIELDS|CLASSES)", lambda found: str(list(getattr(gadgetlib, found[0]))), text)
    return yaml.safe_load(text)[part]


def _broken(rule: dict[str, Any], path: Path, across: Callable[[Path, Rows], str] | None = None) -> str:
    """What is wrong with a file or folder, in a few words; empty where all is well."""
    try:
        for file in rule.get("files", ()):
            content = (path / file).read_bytes()
            if file.endswith(".json"):
                json.loads(content)
        if "document" in rule:
            fastjsonschema.validate(rule["document"], yaml.safe_load(path.read_text(encoding="utf-8")))
        elif "files" not in rule:
            schema = json.loads((path.parent / rule["schema"]).read_text("utf-8")) if "schema" in rule else rule["row"]
            rows = rows_of(path, schema)
            _rows_follow(rule, schema, rows)
            return across(path.parent, rows) if across else ""
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except fastjsonschema.JsonSchemaException as error:
        return f"{error.message}, found {error.value!r}"[:300]
    except Exception as error:  # unreadable in any way is a broken contract, not a crash
        return str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}".splitlines()[0]
    return ""


def _rows_follow(rule: dict[str, Any], schema: dict[str, Any], rows: Rows) -> None:
    if len(rows) < rule.get("least", 1):
        raise CourseError(f"it has {len(rows) or 'no'} rows")
    follows = fastjsonschema.compile({**schema, "type": "object"})
    for row in rows:
        follows(row)
    named = Counter(tuple(row[column] for column in rule.get("unique", ())) for row in rows)
    name, times = named.most_common(1)[0]
    if name and times > 1:
        raise CourseError(f"{' and '.join(rule['unique'])} must differ from row to row: {name} is there {times} times")


def rows_of(path: Path, schema: dict[str, Any]) -> Rows:
    """The rows of a CSV or JSON-lines file; a CSV's cells with the types that the schema names, empty ones as None."""
    text = path.read_text(encoding="utf-8")
    if ".csv" not in path.name:  # part of the name while it is written; JSON leaves some line separators as they are
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    rows = list(csv.DictReader(text.splitlines(keepends=True)))
    if any(None in row or None in row.values() for row in rows):
        raise CourseError("rows are cut or too long")
    return [{key: typed(cell, schema.get("properties", {}).get(key, {})) for key, cell in row.items()} for row in rows]


def typed(cell: str, rule: dict[str, Any]) -> Any:
    """A CSV's cell as its column's JSON schema wants it: a number where it is one, None where empty and allowed."""
    kinds, choices = rule.get("type", ()), rule.get("enum", ())
    if cell == "" and ("null" in kinds or None in choices):
        return None
    if "number" in kinds or "integer" in kinds or any(isinstance(choice, int) for choice in choices):
        with contextlib.suppress(ValueError):  # the schema says what should be there
            return float(cell)
    return cell


def _raw(folder: Path, rows: Rows) -> str:
    kept = [row["file"] for row in rows if row["status"] == "ok"]
    absent = [file for file in kept if not (folder / file).is_file()]
    if not kept:
        return "no picture was fetched"
    return f"{len(absent)} files are missing, such as {absent[0]}" if absent else ""


def _photos(folder: Path, rows: Rows) -> str:
    splits = Counter(group for group, _ in {(row["group"], row["split"]) for row in rows})
    leaking = sum(count > 1 for count in splits.values())
    return f"{leaking} groups stand in two splits" if leaking else ""


ACROSS = {"raw": _raw, "photos": _photos}  # what one row alone does not tell
