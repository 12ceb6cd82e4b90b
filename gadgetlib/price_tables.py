"""Price tables: any shop's columns read into standard fields, and free-text specs into numbers.

A *column map* names the columns that hold each field: `data/price_presets.yaml` has some, :func:`guess_map` makes one.
What columns and chips are called stands in `data/price_columns.csv`, `data/chips.csv` and `data/price_words.yaml`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from gadgetlib import CLASSES, money
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir

HINTS = pd.read_csv(data_dir() / "price_columns.csv", keep_default_na=False).set_index("field")
WORDS = yaml.safe_load((data_dir() / "price_words.yaml").read_text(encoding="utf-8"))
PRESETS = yaml.safe_load((data_dir() / "price_presets.yaml").read_text(encoding="utf-8"))
RATES = pd.read_csv(data_dir() / "rates.csv").set_index("currency")
RATES_DATE = str(RATES.date.iloc[0])
FIELDS = (*HINTS.index.drop("price"), "details")  # `title` is the product's name, `details` a text of many specs
FEWEST_ROWS = 40  # a smaller table teaches nothing that could be checked


@dataclass
class PriceTable:
    """A price table made ready: rows with a believable price, the map of its columns, and what was noticed."""

    name: str
    frame: pd.DataFrame
    mapping: dict[str, Any]  # field -> columns, a list; price, currency, log_price; extras: column -> number or word
    price: np.ndarray  # (n,) in `currency`
    currency: str | None  # ISO code; None where the table does not name it
    groups: np.ndarray  # (n,) the model that each row is a configuration of
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def kind(self) -> pd.Series:
        """The kind of gadget of each row where the table says it, else the table's name."""
        kinds = text_of(self.frame, self.mapping, "kind")
        return kinds if set(kinds) <= set(CLASSES) else pd.Series(self.name, index=self.frame.index)

    def rows(self, keep: Sequence[bool]) -> PriceTable:
        """The table with only the rows where ``keep`` (n,) is true."""
        keep = np.asarray(keep, bool)
        frame = self.frame[keep].reset_index(drop=True)
        return replace(self, frame=frame, price=self.price[keep], groups=self.groups[keep])


def read_prices(source: str | Path | pd.DataFrame, preset: str | Mapping[str, Any] | None = None) -> PriceTable:
    """Read a price table, map its columns, leave out what is unusable, and say all of it in ``notes``.

    source: a CSV file or a frame. preset: a name in ``data/price_presets.yaml`` or a column map; None takes the preset
    whose columns fit, and guesses where none does. Columns that give the price away are left out.
    Raises CourseError: no such file, not a table, no price column, too few usable rows.
    """
    notes: list[str] = []
    name = "table" if isinstance(source, pd.DataFrame) else Path(source).stem
    frame = source.copy() if isinstance(source, pd.DataFrame) else read_csv(Path(source), notes)
    mapping = choose_map(frame, preset, name, notes)
    price, currency = _prices(frame, mapping, name, notes)
    usable = np.isfinite(price) & (price > 0)
    if not usable.all():
        notes.append(f"{(~usable).sum()} of {len(frame)} rows left out: price missing, zero or negative.")
    frame, price = frame[usable].reset_index(drop=True), price[usable]
    if len(frame) < FEWEST_ROWS:
        raise CourseError(f"{name} has {len(frame)} usable rows; a price model needs at least {FEWEST_ROWS} of them.")
    if leaks := find_leaks(frame, price, mapping):
        notes.append("Columns that give the price away, left out: " + "; ".join(f"{c} ({leaks[c]})" for c in leaks))
        mapping |= {key: [c for c in mapping[key] if c not in leaks] for key in FIELDS}
        mapping["drop"] += leaks
    if not mapping["year"]:
        notes.append("No year column: all prices are taken as of one time.")
    mapping["extras"] = {c: kind for c in frame if c not in mapped(mapping) and (kind := kind_of(frame[c]))}
    if mapping["group"]:
        groups = frame[mapping["group"]].astype(str).fillna("").agg(" ".join, axis=1)
    else:
        names = zip(text_of(frame, mapping, "title"), text_of(frame, mapping, "brand"))
        groups = [model_key(*both) or f"row {i}" for i, both in enumerate(names)]
    return PriceTable(name, frame, mapping, price, currency, np.array(groups, dtype=object), notes)


def _prices(frame: pd.DataFrame, mapping: dict, name: str, notes: list[str]) -> tuple[np.ndarray, str | None]:
    """The prices (n,) in one currency, and its code. Cells in another are converted, which is noted."""
    cells = frame[mapping["price"]]
    amounts, code = money.column(cells.tolist(), mapping["price"])
    price = np.where(cells.astype("string").str.match(r"\s*[-−]\s*\d").fillna(False), np.nan, amounts)
    currency = mapping.get("currency") or code or money.currency(name.replace("_", " "))
    if not currency:
        notes.append("The table does not name its currency; name it in the column map (currency: EUR).")
    if mapping.get("log_price"):
        return np.exp(price), currency
    written = cells.map(lambda cell: money.currency(cell) if isinstance(cell, str) else None)
    for other in sorted(set(written.dropna()) - {currency}):
        at = (written == other).to_numpy()
        rated = {currency, other} <= set(RATES.index)
        price[at] = convert(price[at], other, currency) if rated else np.nan
        done = f"converted to {currency} at the rate of {RATES_DATE}" if rated else "left out: there is no rate"
        notes.append(f"{at.sum()} prices in {other} were {done}.")
    return price, currency


def convert(amount: Any, source: str, target: str) -> Any:
    """An amount (number or array) of one currency in another, at the dated rate of ``data/rates.csv``.

    Raises CourseError for a currency without a rate.
    """
    if lacking := {source, target} - set(RATES.index):
        raise CourseError(f"There is no rate for {lacking.pop()!r} in data/rates.csv; it has {', '.join(RATES.index)}.")
    return amount / RATES.per_usd[source] * RATES.per_usd[target]


def find_leaks(frame: pd.DataFrame, price: np.ndarray, mapping: Mapping[str, Any]) -> dict[str, str]:
    """Columns from which the price (n,) can be read off, with the reason: {column: why}.

    A column ranks like the price; or its name speaks of money and it follows the price; or it makes the price together
    with one other column. Source: Kaufman et al. (2012), Leakage in data mining.
    """
    target, found, others = pd.Series(np.log(price)), {}, {}
    for column in frame.columns.difference([mapping["price"], *mapping["drop"]], sort=False):
        speaks = re.search("|".join(WORDS["money"]), str(column), re.I)
        if speaks or kind_of(frame[column]) == "number":
            value = np.log(numbers(frame[column]).where(lambda v: v > 0)).set_axis(target.index)
            rank = abs(value.corr(target, "spearman")) if value.nunique() >= 8 else 0
            if rank > 0.95 or speaks and rank > 0.6:
                found[column] = f"rank correlation {rank:.2f} with the price"
            elif value.notna().mean() > 0.5:
                others[column] = value
    specs = {column for key in FIELDS for column in mapping[key]}
    for pair in combinations(others, 2):
        known = pd.DataFrame({**{c: others[c] for c in pair}, "": 1.0}).dropna()
        weights, *_ = np.linalg.lstsq(known, target[known.index], rcond=None)
        share = 1 - np.var(target[known.index] - known @ weights) / np.var(target[known.index])
        if len(known) >= FEWEST_ROWS and share > 0.97 and min(abs(weights[:2])) > 0.3:  # both are needed
            found |= dict.fromkeys(set(pair) - specs or pair, f"{' and '.join(pair)} give {100 * share:.0f} % of it")
    return found


def numbers(cells: pd.Series) -> pd.Series:
    """Numbers (n,) of a column, its notation decided as a whole (`money.column`); NaN where a cell has none."""
    if pd.api.types.is_numeric_dtype(cells):
        return cells.astype(float)
    unique = cells.dropna().unique().tolist()
    return cells.map(dict(zip(unique, money.column(unique)[0]))).astype(float)


def sizes(cells: pd.Series) -> pd.Series:
    """Gigabytes (n,) of texts such as ``512GB SSD + 1TB HDD``; NaN where a text has none."""
    told = cells.map({text: money.size_gb(text) for text in cells.unique()}).astype(float)
    return pd.to_numeric(cells, errors="coerce").fillna(told)


def _pixels(resolution: pd.Series) -> pd.DataFrame:
    """Both sides in pixels, columns 0 and 1, of ``1920x1080``, ``1792 x 828 Pixels`` or a name such as Full HD."""
    low = resolution.str.lower()
    sides = low.str.extract(r"(\d{3,4})\s*(?:p?x|[x×*]|by)\s*(\d{3,4})").astype(float)
    for name, both in WORDS["resolution"].items():
        sides[sides[0].isna() & low.str.contains(rf"\b{name}\b")] = both
    return sides


@cache
def _chips(part: str) -> list[tuple[re.Pattern, dict[str, str]]]:
    table = pd.read_csv(data_dir() / "chips.csv", dtype=str, keep_default_na=False)
    return [(re.compile(row["pattern"]), row) for row in table[table.part == part].to_dict("records")]


@lru_cache(maxsize=20_000)
def chip(text: str, part: str = "chip") -> dict[str, Any]:
    """What a chip's name tells: {family, tier, gen, number}; "" or NaN where it does not tell.

    part: ``chip`` (of a laptop or a phone) or ``card`` (graphics). The first row of ``data/chips.csv`` whose pattern
    fits decides: "Intel Core i5 7200U" is family "core i5", tier 5 of about 10, generation 7, number 200.
    """
    low = re.sub(r"[®™]|\((?:r|tm)\)", " ", text.lower())
    for pattern, row in _chips(part):
        fullest = max(pattern.finditer(low), key=lambda match: sum(map(bool, match.groups())), default=None)
        if fullest:
            told = {key.rstrip("23"): value for key, value in fullest.groupdict().items() if value}
            found = {"gen": float(told.get("gen", "nan")), "number": float(told.get("number", "nan"))}
            steps = [float(row[f"per_{key}"] or 0) * value for key, value in found.items() if value == value]
            tier = float(row["tier"] or told["class"]) + sum(steps)
            return {"family": row["family"].format(**told), "tier": tier, **found}
    return {"family": "", "tier": np.nan, "gen": np.nan, "number": np.nan}


_PART_CODE = re.compile(
    r"^(?=.*\d)(?=.*[a-z])[a-z0-9]{3,}-[a-z0-9]{5,}$|^(?=(?:.*\d){3})(?=(?:.*[a-z]){3})[a-z0-9]{8,}$"
)
_INSIDE = re.compile(rf"(?i)(?<=\w)[\s,|/-]+(?:{'|'.join(WORDS['inside'])})\b")
_SKIP = re.compile(rf"\b\d+\s?(?:gb|tb|mb)\b|\b(?:{'|'.join(WORDS['skip'])})\b|[^\w\s.+-]")


def words(title: str) -> list[str]:
    """The words of a product's name before the first bracket: lower case, ``+`` spelt out, sizes left out."""
    head = re.sub(r"(?<=\w)\+", " plus ", re.split(r"[(\[|]", title)[0].lower())
    return [word for word in _SKIP.sub(" ", head).split() if word.strip(".-+")]


def model_key(title: str, brand: str = "") -> str:
    """The model a row belongs to: its name without brackets, capacities, chips and part codes.

    Two configurations, or two colours, of one model get one key: its rows never stand on both sides of a split.
    """
    named = words(_INSIDE.split(title)[0]) or words(title)
    named = [re.sub(r"^(\d{2}[a-z]{0,2}-[a-z]{2})\w*$", r"\1", word) for word in named]  # HP 15-fc0154AU: line 15-fc
    name = " ".join(word for word in named if not _PART_CODE.match(word)) or " ".join(words(title))
    maker = " ".join(words(brand)[:1])
    return name if name.startswith(maker) else f"{maker} {name}"


def text_of(frame: pd.DataFrame, mapping: Mapping[str, Any], key: str) -> pd.Series:
    """The columns of a field joined into one text; empty where nothing is said."""
    joined = pd.Series("", index=frame.index)
    for column in (column for column in mapping[key] if column in frame):
        joined = joined.str.cat(_plain(frame[column]), sep=" + " if key == "storage" else " ")
    return joined.str.strip(" +") if key == "storage" else joined.str.strip()


def _plain(cells: pd.Series) -> pd.Series:
    text = cells.astype("string").fillna("").astype(str)
    text = text.str.replace(r"[\u00a0\u200e\u200f]", " ", regex=True).str.strip()
    return text.where(~text.str.lower().isin(WORDS["missing"]), "")


def features(frame: pd.DataFrame, mapping: Mapping[str, Any]) -> pd.DataFrame:
    """Numbers and categories parsed from a table: one row in, one row out, nothing learned from other rows.

    Numbers are float (NaN = not said); categories are str and start with ``c_``; ``text`` is the words of the row.
    Columns that the map does not name enter as they are (``n_...``, ``c_...``), unless the map drops them.
    """
    get = {key: text_of(frame, mapping, key) for key in FIELDS}
    inside = get["title"].str.extract(r"[(\[|](.*)", expand=False).fillna("") + " " + get["details"]
    told = get["cpu"] + " " + get["gpu"] + " " + inside
    for key, pattern in HINTS.inside[HINTS.inside != ""].items():  # a field without a column may stand in the details
        found = (told + " | " + get["title"] if key == "storage" else told).str.extract(f"(?i){pattern}", expand=False)
        get[key] = get[key].where(get[key] != "", found.fillna(""))
    pixels = pd.DataFrame({0: numbers(get["width"]), 1: numbers(get["height"])})
    pixels = _pixels(get["resolution"]).fillna(pixels)
    inch = get["screen"].str.extract(r"(?i)(\d+(?:[.,]\d+)?)\s*(?:[\"”]|''|-?\s?(?:inch|zoll)|in\b)", expand=False)
    metric = inch.isna() & get["screen"].str.contains(r"(?i)\d\s*cm\b")
    weight = numbers(get["weight"])
    hard_disk = get["storage"].str.extract(r"(?i)(\d[\d.]*\s*[gt]b)[^+/&,]*?(?:hdd|hard)", expand=False).fillna("")
    out = {
        "year": get["year"].str.extract(r"\b((?:19|20)\d\d)\b", expand=False).astype(float),
        "ram_gb": sizes(get["ram"]), "storage_gb": sizes(get["storage"]), "hard_disk_gb": sizes(hard_disk),
        "graphics_gb": sizes(get["graphics_memory"]), "px_long": pixels.max(axis=1), "px_short": pixels.min(axis=1),
        "screen_in": numbers(inch.fillna(get["screen"])) / np.where(metric, 2.54, 1),
        "weight_g": weight * np.where(get["weight"].str.contains(r"(?i)kgs?\b") | (weight < 8), 1000, 1),
        **{key: numbers(get[key]) for key in ("refresh", "battery", "camera", "front_camera", "clock")},
    }  # fmt: skip
    for part, key in (("chip", "cpu"), ("card", "gpu")):
        parsed = pd.DataFrame([chip(text, part) for text in get[key] + " " + inside], frame.index)
        out |= {f"c_{part}": parsed.pop("family"), **{f"{part}_{name}": parsed[name] for name in parsed}}
    out |= _names(get)
    named = get["title"].map(words).str.join(" ")
    out["text"] = (get["brand"] + " " + named + " " + get["kind"] + " " + told).str.lower()
    for column, kind in mapping.get("extras", {}).items():
        cells = frame[column] if column in frame else pd.Series(np.nan, index=frame.index)
        out |= {f"n_{column}": numbers(cells)} if kind == "number" else {f"c_{column}": _plain(cells).str.lower()}
    return pd.DataFrame(out)


def _names(get: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """Of a product: maker, line (the words of its name without numbers), kind, system, words of rank, and number."""
    named = get["title"].map(words)
    brand = pd.Series([(words(b) or n or [""])[0] for b, n in zip(get["brand"], named)], named.index)
    named = pd.Series([[word for word in n if word != b] for n, b in zip(named, brand)], named.index)
    stems = named.map(lambda n: [re.sub(r"\d.*$", "", word) or "#" for word in n])  # x1504 -> x, 13 -> #
    number = named.str.join(" ").str.extract(r"(\d+(?:\.\d+)?)", expand=False).astype(float)
    out = {"c_brand": brand, "c_kind": get["kind"].str.lower(), "c_os": get["os"].str.lower(), "number": number}
    out |= {f"c_line{n}": brand + " " + stems.str[:n].str.join(" ") for n in (1, 2)}
    return out | {f"w_{word}": named.map(lambda n, word=word: float(word in n)) for word in WORDS["rank"]}


def varied(X: pd.DataFrame) -> pd.DataFrame:
    """The features that tell rows apart; the two sizes of memory stay in any case."""
    return X.loc[:, (X.nunique() > 1) | X.columns.isin(["ram_gb", "storage_gb"])]


def kind_of(cells: pd.Series) -> str | None:
    """``number`` or ``word``; None for an id, a constant, or a text that nearly every cell has its own of."""
    known = cells.dropna()
    if len(known) < max(3, 0.02 * len(cells)) or known.nunique() < 2:
        return None
    if pd.api.types.is_numeric_dtype(known):
        steps = np.diff(known.to_numpy(float))
        return None if len(known) > 20 and known.is_unique and (steps == steps[0]).all() else "number"
    if known.astype(str).str.match(r"^\D{0,4}\d[\d.,'’\s]*\D{0,12}$").mean() > 0.8 and numbers(known).nunique() > 2:
        return "number"
    return "word" if known.nunique() <= max(20, 0.2 * len(known)) else None


def read_csv(path: Path, notes: list[str]) -> pd.DataFrame:
    """A delimited file as a frame, whatever its encoding and delimiter; what was noticed is added to ``notes``.

    Raises CourseError when the file is missing, empty or no table.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path.name} cannot be read ({error.strerror}); check the path of the table.") from None
    marked = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = raw.decode("utf-16" if marked else "utf-16-le" if raw[1:2] == b"\0" else "utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
        notes.append(f"{path.name} is not UTF-8; it was read as cp1252 (Western European).")
    if "\0" in text or not text.strip():
        what = "not a text table" if text.strip() else "empty"
        raise CourseError(f"{path.name} is {what}; give a CSV file with a heading (a spreadsheet can save one).")
    top, _, rest = text.lstrip().partition("\n")
    told = re.fullmatch(r'"?sep=(.)"?\s*', top)  # what Excel writes
    mark = told[1] if told else max(",;\t|", key=re.sub('"[^"]*"', "", top).count)
    try:
        frame = pd.read_csv(io.StringIO(rest if told else text), sep=mark, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        why = str(error).strip()
        raise CourseError(f"{path.name} is not a regular table ({why}); mend that line and try again.") from None
    return frame.rename(columns=lambda column: str(column).strip())


def mapped(mapping: Mapping[str, Any]) -> set[str]:
    """Every column that a map names, whatever for; it may name one as a text or several as a list."""
    named = [mapping.get(key) or [] for key in (*FIELDS, "price", "group", "drop")]
    return {column for value in named for column in ([value] if isinstance(value, str) else value)}


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
        listed = ", ".join(f"{key}: {' + '.join(mapped({key: preset[key]}))}" for key in preset)
        notes.append(f"No preset fits; guessed from names and contents: {listed or 'nothing'}.")
    mapping = dict(PRESETS[preset] if isinstance(preset, str) else preset)
    has = ", ".join(map(str, frame.columns))
    if absent := sorted(mapped(mapping) - set(frame.columns)):
        raise CourseError(f"{name} has no column {', '.join(map(repr, absent))}; it has {has}.")
    if not mapping.get("price"):
        why = f"{name} has no price column that can be recognised among {has}"
        raise CourseError(f"{why}; name it in a column map, such as {{'price': 'Cost'}}.")
    lists = {key: mapping.get(key) or [] for key in (*FIELDS, "group", "drop")}
    return mapping | {key: [value] if isinstance(value, str) else list(value) for key, value in lists.items()}


def guess_map(frame: pd.DataFrame) -> dict[str, Any]:
    """A column map from names and contents of columns. What it cannot tell is left out."""
    text = {c: frame[c].dropna().head(400).astype(str).str.lower() for c in frame}
    name = {c: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", c).lower() for c in map(str, frame)}  # ScreenSize -> screen size
    left = [c for c in frame if len(text[c]) and not re.match(r"unnamed|^id$|^index$", name[c])]
    found: dict[str, Any] = {}

    def take(key: str, fits: list[str], most: int = 1) -> None:
        if fits:
            found[key] = fits[:most] if most > 1 else fits[0]
            left[:] = [c for c in left if c not in fits[:most]]

    def share(column: str, pattern: str) -> float:
        return text[column].str.contains(pattern).mean()

    def plausible(column: str, hint: pd.Series) -> bool:
        value = numbers(text[column])
        middle = value.median() if value.notna().mean() > 0.4 and value.nunique() > 1 else np.nan
        return not hint.low or float(hint.low) <= middle <= float(hint.high)

    blobs = [c for c in left if text[c].str.len().median() > 60 and share(c, r"\d\s*gb|inch|\d\s*mah|processor") > 0.5]
    take("details", [c for c in blobs if not re.search(HINTS["name"]["title"], name[c])], most=9)
    for key, hint in HINTS.iterrows():
        fits = [c for c in left if re.search(hint["name"], name[c]) and share(c, hint.cell) > 0.5]
        fits = [c for c in fits if plausible(c, hint)]
        if key == "price":  # what is asked today before what was printed; dollars before other currencies
            fits.sort(key=lambda c: (bool(re.search("mrp|original|old|list|before", name[c])), "us" not in name[c]))
        if key == "title":
            fits.sort(key=lambda c: -frame[c].nunique())
        take(key, fits, most=3 if hint.several else 1)
    for key, pattern in HINTS.alone[HINTS.alone != ""].items():  # columns whose name says nothing
        if key not in found:
            take(key, [c for c in left if share(c, pattern) > 0.5])
    if "title" not in found:  # the wordiest column is the product's name
        wordy = [c for c in left if share(c, "[a-z]{2}") > 0.8 and frame[c].nunique() > 0.3 * len(frame)]
        take("title", sorted(wordy, key=lambda c: -text[c].str.len().mean()))
    return found
