"""The columns of a price table: a file read whatever its encoding and delimiter, and a map of what its columns hold.

A *column map* names the columns that hold each field: `data/price_presets.yaml` has some, :func:`guess_map` makes one.
What columns are called stands in `data/price_columns.csv` and `data/price_words.yaml`.
"""

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from gadgetlib import money
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir, delimiter

HINTS = pd.read_csv(data_dir() / "price_columns.csv", keep_default_na=False).set_index("field")
WORDS = yaml.safe_load((data_dir() / "price_words.yaml").read_text(encoding="utf-8"))
PRESETS = yaml.safe_load((data_dir() / "price_presets.yaml").read_text(encoding="utf-8"))
# `title` is the product's name, `details` a text of many specs.
FIELDS = (*HINTS.index.drop(["price", "currency", "details"]), "details")


def read_csv(path: Path, notes: list[str]) -> pd.DataFrame:
    """A delimited file as a frame, whatever its delimiter: UTF-8, UTF-16, or an encoding that ``notes`` then tells.

    Raises CourseError when the file is missing, empty or no table.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path.name} cannot be read ({error.strerror}); check the path of the table.") from None
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode(encoding := _encoding(raw), errors="replace")
        notes.append(f"{path.name} is not UTF-8; it was read as {encoding}.")
    told, text = re.match(r"(?s)(?:sep=(.)\s*\n)?(.*)", text.lstrip()).groups()  # what Excel writes
    mark = told or delimiter(text)
    if "\0" in text or mark not in text.partition("\n")[0]:
        raise CourseError(f"{path.name} is empty or no table; give a CSV file that begins with its heading.")
    try:
        frame = pd.read_csv(io.StringIO(text), sep=mark, skipinitialspace=True, index_col=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        why = str(error).strip()
        raise CourseError(f"{path.name} is not a regular table ({why}); mend that line and try again.") from None
    return frame.rename(columns=lambda column: str(column).strip())


def _encoding(raw: bytes) -> str:
    """The likeliest encoding of a text that is no Unicode: in which most of its headings and currencies are known."""

    def known(encoding: str) -> int:
        heading, *lines = raw[:5000].decode(encoding, errors="replace").lower().splitlines()
        named = [cell for cell in heading.split(delimiter(heading)) if re.search("|".join(HINTS["name"]), cell)]
        return len(named) + sum(money.currency(line) is not None for line in lines)

    return max(WORDS["encodings"], key=known)


def listed(value: str | list[str] | None) -> list[str]:
    """What a map names for a field: one column as a text, several as a list, or none."""
    return [value] if isinstance(value, str) else list(value or [])


def mapped(mapping: Mapping[str, Any]) -> set[str]:
    """Every column that a map names, whatever for."""
    return {column for key in (*FIELDS, "price", "group", "drop") for column in listed(mapping.get(key))}


def choose_map(frame: pd.DataFrame, preset: str | Mapping[str, Any] | None, name: str, notes: list[str]) -> dict:
    """The column map for a frame, with a list of columns for every field; where it came from is added to ``notes``.

    Raises CourseError: an unknown preset, a map that names absent columns, no price column.
    """
    if isinstance(preset, str) and preset not in PRESETS:
        raise CourseError(f"There is no preset {preset!r} in data/price_presets.yaml; it has {', '.join(PRESETS)}.")
    fitting = [one for one in PRESETS if mapped(PRESETS[one]) <= set(frame.columns)]
    if preset is None and fitting:
        preset = max(fitting, key=lambda one: len(mapped(PRESETS[one])))
        notes.append(f"The columns are those of the preset {preset}.")
    if preset is None:
        preset = guess_map(frame)
        guessed = ", ".join(f"{key}: {' + '.join(listed(preset[key]))}" for key in preset)
        notes.append(f"No preset fits; guessed from names and contents: {guessed or 'nothing'}.")
    mapping = dict(PRESETS[preset] if isinstance(preset, str) else preset)
    has = ", ".join(map(str, frame.columns))
    if absent := sorted(mapped(mapping) - set(frame.columns)):
        raise CourseError(f"{name} has no column {', '.join(map(repr, absent))}; it has {has}.")
    if not mapping.get("price"):
        why = f"{name} has no price column that can be recognised among {has}"
        raise CourseError(f"{why}; name it in a column map, such as {{'price': 'Cost'}}.")
    return mapping | {key: listed(mapping.get(key)) for key in (*FIELDS, "group", "drop")}


def guess_map(frame: pd.DataFrame) -> dict[str, Any]:
    """A column map from names and contents of columns. What it cannot tell is left out."""
    text = {c: frame[c].dropna().head(400).astype(str).str.lower() for c in frame}
    name = {c: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", c).lower() for c in frame}  # ScreenSize -> screen size
    left = [c for c in frame if len(text[c]) and not re.search(WORDS["counter"], name[c])]
    found: dict[str, Any] = {}

    def take(key: str, fits: list[str], most: int = 1) -> None:
        if fits:
            found[key] = fits[:most] if most > 1 else fits[0]
            left[:] = [c for c in left if c not in fits[:most]]

    def share(column: str, pattern: str) -> float:
        return text[column].str.contains(pattern).mean()

    for key, hint in HINTS.iterrows():
        fits = [c for c in left if re.search(hint["name"], name[c]) and share(c, hint.cell) > 0.5]
        if key == "price":  # what is asked today and for all of it; dollars before others
            fits.sort(key=lambda c: (bool(re.search(WORDS["other_price"], name[c])), "us" not in name[c]))
        if key == "title":
            fits.sort(key=lambda c: -frame[c].nunique())
        take(key, fits, most=3 if hint.several else 1)
    for key, pattern in HINTS.alone[HINTS.alone != ""].items():  # columns whose name says nothing
        if key not in found:
            take(key, [c for c in left if share(c, pattern) > 0.5])
    price = found.get("price")
    if price and re.search(WORDS["logarithm"], name[price]) and numbers(frame[price]).max() < 20:
        found["price_in"] = "log"
    return found


def numbers(cells: pd.Series) -> pd.Series:
    """Numbers (n,) of a column, its notation decided as a whole (`money.column`); NaN where a cell has none."""
    unique = cells.dropna().unique().tolist()  # columns repeat themselves, and reading a cell takes time
    return cells.map(dict(zip(unique, money.column(unique)[0]))).astype(float)


def kind_of(cells: pd.Series) -> str | None:
    """``number`` or ``word``; None for a counter, a constant, or a text that nearly every cell has its own of."""
    known, name = cells.dropna(), str(cells.name)
    if re.search(WORDS["counter"], name, re.I) or known.nunique() < 2:
        return None
    amounts = known.astype(str).str.match(r"^\D{0,4}\d[\d.,'’\s]*\D{0,12}$").mean() > 0.8
    if pd.api.types.is_numeric_dtype(known) or amounts and numbers(known).nunique() > 2:
        return "number"
    return "word" if known.nunique() <= max(20, 0.2 * len(known)) else None
