"""Price tables: any shop's columns read into standard fields, and free-text specs into numbers.

Which column holds what is the business of `column_maps`; what chips and units are called stands in `data/chips.csv` and
`data/price_words.yaml`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

from gadgetlib import CLASSES, money
from gadgetlib.column_maps import FIELDS, HINTS, WORDS, choose_map, kind_of, mapped, numbers, read_csv
from gadgetlib.errors import CourseError
from gadgetlib.files import table

FEWEST_ROWS = 40  # a smaller table teaches nothing that could be checked


@dataclass
class PriceTable:
    """A price table made ready: rows with a believable price, the map of its columns, and what was noticed."""

    name: str
    frame: pd.DataFrame
    mapping: dict[str, Any]  # field -> columns; price, currency, price_in; units and extras: column -> unit, kind
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

    def rows(self, keep: Sequence[bool]) -> Self:
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
    frame = source.rename(columns=str) if isinstance(source, pd.DataFrame) else read_csv(Path(source), notes)
    mapping = choose_map(frame, preset, name, notes)
    price, currency = _prices(frame, mapping, name, notes)
    usable = np.isfinite(price) & (price > 0)
    if left_out := (~usable).sum():
        notes.append(f"{left_out} of {len(frame)} rows left out: price missing, zero, negative or not comparable.")
    frame, price = frame[usable].reset_index(drop=True), price[usable]
    if len(frame) < FEWEST_ROWS:
        raise CourseError(f"{name} has {len(frame)} usable rows; a price model needs at least {FEWEST_ROWS} of them.")
    if leaks := find_leaks(frame, price, mapping):
        notes.append("Columns that give the price away, left out: " + "; ".join(f"{c} ({leaks[c]})" for c in leaks))
        mapping |= {key: [c for c in mapping[key] if c not in leaks] for key in FIELDS}
    mapping["drop"] += [*leaks, *frame.columns.intersection([mapping.get("currency")])]
    if not mapping["year"]:
        notes.append("No year column: all prices are taken as of one time.")
    units = {c: unit for key in FIELDS for c in mapping[key] if (unit := _unit(key, frame[c]))}
    mapping["units"] = units | mapping.get("units", {})
    mapping["extras"] = {c: kind for c in frame if c not in mapped(mapping) and (kind := kind_of(frame[c]))}
    alike = [] if mapping["title"] else [c for key in FIELDS if key not in ("ram", "storage") for c in mapping[key]]
    if columns := mapping["group"] or alike * (len(alike) > 2):
        groups = frame[columns].astype("string").fillna("").agg(" ".join, axis=1)
    else:
        names = zip(text_of(frame, mapping, "title"), text_of(frame, mapping, "brand"))
        groups = [model_key(*both) or f"row {i}" for i, both in enumerate(names)]
    return PriceTable(name, frame, mapping, price, currency, np.array(groups, dtype=object), notes)


def _prices(frame: pd.DataFrame, mapping: dict, name: str, notes: list[str]) -> tuple[np.ndarray, str | None]:
    """The prices (n,) in one currency, and its code: of the map, most cells, the column's or file's name, else None.

    Cells in another currency are converted, or left out where there is no rate; both are noted.
    """
    cells, given = frame[mapping["price"]], mapping.get("currency")
    amounts, _ = money.column(cells.tolist(), mapping["price"])
    price = np.where(cells.astype("string").str.match(r"\s*[-−]\s*\d").fillna(False), np.nan, amounts)
    if mapping.get("price_in") == "log":
        price = np.exp(price)
        notes.append(f"{mapping['price']} holds prices as log; they were turned back.")
    written = frame.get(given, cells).map(lambda cell: money.currency(cell) if isinstance(cell, str) else None)
    written[cells.astype("string").str.contains(r"^\s*\$\s*\d{1,3}(?:\.\d{3})+(?!\d)").fillna(False)] = None  # pesos
    in_file = next((token for token in re.split(r"[\W\d_]+", name) if token in money.RATES), None)
    stated = money.currency(mapping["price"]) or in_file
    named = written.value_counts()
    most = named.index[0] if 2 * named.sum() > np.isfinite(price).sum() else None
    if most and stated and len(named) == 1:  # a heading knows better which dollar a sign means
        most, named = stated, named[:0]
    code = (given if given not in frame else None) or most or stated
    if not code:
        notes.append("The table does not name its currency; name it in the column map (currency: EUR).")
        return price, None
    for other in named.index.drop(code, errors="ignore"):
        at, rated = (written == other).to_numpy(), {code, other} <= set(money.RATES)
        price[at] = money.convert(price[at], other, code) if rated else np.nan
        done = f"converted to {code} at the rate of {money.RATES_DATE}" if rated else "left out: there is no rate"
        notes.append(f"{at.sum()} prices in {other} were {done}.")
    return price, code


def find_leaks(frame: pd.DataFrame, price: np.ndarray, mapping: Mapping[str, Any]) -> dict[str, str]:
    """Columns from which the price (n,) can be read off, with the reason: {column: why}.

    A column ranks like the price; or its name speaks of money and it follows the price; or it makes the price together
    with one other column. Source: Kaufman et al. (2012), Leakage in data mining.
    """
    target, columns = pd.Series(np.log(price), frame.index), frame.drop(columns=[mapping["price"], *mapping["drop"]])
    speaks = {c: bool(re.search("|".join(WORDS["money"]), str(c), re.I)) for c in columns}
    counted = [c for c in columns if speaks[c] or kind_of(frame[c]) == "number"]
    logs = pd.DataFrame({c: np.log(numbers(frame[c]).where(lambda v: v > 0)) for c in counted}, frame.index)
    ranks = logs.loc[:, logs.nunique() >= 8].corrwith(target, method="spearman").abs()
    leaking = ranks[[rank > (0.6 if speaks[c] else 0.95) for c, rank in ranks.items()]]
    found = {c: f"rank correlation {rank:.2f} with the price" for c, rank in leaking.items()}
    fields = {column for key in FIELDS for column in mapping[key]}
    others = logs.columns[logs.notna().mean() > 0.5].difference(leaking.index, sort=False)
    for pair in combinations(others, 2):
        known = logs[[*pair]].dropna()
        at = target[known.index]
        line = LinearRegression().fit(known, at)
        share = line.score(known, at) if len(at) >= FEWEST_ROWS else 0
        if share > 0.97 and min(abs(line.coef_)) > 0.3:  # both are needed
            why = f"{' and '.join(pair)} give {100 * share:.0f} % of it"
            found |= dict.fromkeys(set(pair) - fields or pair, why)
    return found


# ---------------------------------------------------------------- cells


def sizes(cells: pd.Series) -> pd.Series:
    """Gigabytes (n,) of texts such as ``512GB SSD + 1TB HDD``; NaN where a text has none."""
    told = cells.map({text: money.size_gb(text) for text in cells.unique()}).astype(float)
    fine = cells.str.extract(r"^([\d.]+) (\w+)$")  # 0.032 gb: a watch, by its column's unit
    return told.fillna(pd.to_numeric(fine[0], errors="coerce") * fine[1].map(money.SIZES))


def measure(cells: pd.Series, kind: str) -> pd.Series:
    """Inches or grams (n,) of texts, by the units of ``price_words.yaml``; bare numbers stay as they are."""
    found = pd.Series(np.nan, index=cells.index)
    for unit, factor in WORDS["measures"][kind].items():
        told = cells.str.extract(rf"(?i)(\d+(?:[.,]\d+)?)\s?-?\s?(?:{unit})(?![^\W\d_])", expand=False)
        found = found.fillna(numbers(told) * factor)
    return found.fillna(numbers(cells))


def _unit(key: str, cells: pd.Series) -> str | None:
    """What a field's bare numbers are in: as the column's name says ("RAM (MB)"), else by size (8192 is no GB)."""
    units = WORDS["units"].get(key, {})
    named = re.findall(rf"(?<![^\W_])(?:{'|'.join(units) or '$'})(?![^\W_])", str(cells.name).lower())
    middle = pd.to_numeric(cells, errors="coerce").astype(float).median()
    return named[-1] if named else next((unit for unit, at in units.items() if at and at[0] < middle <= at[1]), None)


def text_of(frame: pd.DataFrame, mapping: Mapping[str, Any], key: str) -> pd.Series:
    """The columns of a field joined into one text, bare numbers with their column's unit; empty where there is none."""
    joined, between = pd.Series("", index=frame.index), " + " if key == "storage" else " "
    for column in (column for column in mapping[key] if column in frame):
        cells, unit = frame[column].astype("string").fillna(""), mapping.get("units", {}).get(column, "")
        cells = cells.str.strip().str.replace(r"^\d[\d.,]*$", rf"\g<0> {unit}", regex=True).str.strip()
        joined = joined.str.cat(cells.astype(str), sep=between)
    return joined.str.strip(between)


@lru_cache(maxsize=20_000)
def chip(text: str, part: str = "chip") -> dict[str, Any]:
    """What a chip's name tells: {family, tier, gen, number}; "" or NaN where it does not tell.

    part: ``chip`` (of a laptop or a phone) or ``card`` (graphics). The first row of ``data/chips.csv`` whose pattern
    fits decides: "Intel Core i5 7200U" is family "core i5", tier 5 of about 10, generation 7, number 200.
    """
    low = re.sub(r"[®™]|\((?:r|tm)\)", " ", text.lower())
    for row in (row for row in table("chips.csv") if row["part"] == part):
        fullest = max(re.finditer(row["pattern"], low), key=lambda match: sum(map(bool, match.groups())), default=None)
        if fullest:
            told = {key.rstrip("23"): value for key, value in fullest.groupdict().items() if value}
            found = {"gen": float(told.get("gen", "nan")), "number": float(told.get("number", "nan"))}
            steps = [float(row[f"per_{key}"] or 0) * value for key, value in found.items() if value == value]
            tier = float(row["tier"] or told["class"]) + sum(steps)
            return {"family": row["family"].format(**told), "tier": tier, **found}
    return {"family": "", "tier": np.nan, "gen": np.nan, "number": np.nan}


_PART_CODE = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z0-9]{3,}-[a-z0-9]{5,}|(?=(?:.*\d){3})(?=(?:.*[a-z]){3})[a-z0-9]{8,}")
_SKIP = re.compile(rf"\b\d+\s?(?:gb|tb|mb)\b|\b(?:{'|'.join(WORDS['skip'])})\b|[^\w\s.+-]")


def words(title: str) -> list[str]:
    """The words of a product's name before the first bracket: lower case, ``+`` spelt out, sizes left out."""
    head = re.sub(r"(?<=\w)\+", " plus ", re.split(r"[(\[|]", title)[0].lower())
    return [word for word in _SKIP.sub(" ", head).split() if word.strip(".-+")]


def model_key(title: str, brand: str = "") -> str:
    """The model a row belongs to: its name without brackets, capacities and part codes.

    Two configurations, or two colours, of one model get one key: its rows never stand on both sides of a split.
    """
    named = [re.sub(r"^(\d{2}[a-z]{0,2}-[a-z]{2})\w*$", r"\1", word) for word in words(title)]  # 15-fc0154AU
    name = " ".join(word for word in named if not _PART_CODE.fullmatch(word)) or " ".join(named)
    maker = " ".join(words(brand)[:1])
    return name if name.startswith(maker) else f"{maker} {name}"


def features(frame: pd.DataFrame, mapping: Mapping[str, Any]) -> pd.DataFrame:
    """Numbers and categories parsed from a table: one row in, one row out, nothing learned from other rows.

    Numbers are float (NaN = not said); categories are str and start with ``c_``; ``text`` is the words of the row.
    Columns that the map does not name enter as they are (``n_...``, ``c_...``), unless the map drops them.
    """
    get = {key: text_of(frame, mapping, key) for key in FIELDS}
    inside = get["title"].str.extract(r"[(\[|](.*)", expand=False).fillna("") + " " + get["details"]
    told = get["cpu"] + " " + get["gpu"] + " " + inside
    for key, pattern in HINTS.inside[HINTS.inside != ""].items():  # a field without a column may stand in another's
        in_title = key == "storage" or key in ("ram", "screen") and not mapping[key]
        text = told + " | " + get["title"] if in_title else told
        found = text.str.extract(f"(?i){pattern}", expand=False).fillna("")
        get[key] = get[key].where(get[key] != "", found)
    sides = pd.DataFrame({0: numbers(get["width"]), 1: numbers(get["height"])})
    resolution, by = get["resolution"].str.lower(), r"(\d{3,4})\s*(?:p?x|[x×*]|by)\s*(\d{3,4})"
    named = resolution.replace(WORDS["resolution"], regex=True)  # Full HD -> 1920x1080
    pixels = resolution.str.extract(by).fillna(named.str.extract(by)).astype(float).fillna(sides)
    hard_disk = get["storage"].str.extract(r"(?i)(\d[\d.]*\s*[gt]b)[^+/&,]*?(?:hdd|hard)", expand=False).fillna("")
    out = {
        "year": get["year"].str.extract(r"\b((?:19|20)\d\d)\b", expand=False).astype(float),
        "ram_gb": sizes(get["ram"]), "storage_gb": sizes(get["storage"]), "hard_disk_gb": sizes(hard_disk),
        "graphics_gb": sizes(get["graphics_memory"]), "px_long": pixels.max(axis=1), "px_short": pixels.min(axis=1),
        "screen_in": measure(get["screen"], "screen"), "weight_g": measure(get["weight"], "weight"),
        **{key: numbers(get[key]) for key in ("clock", "refresh", "battery", "camera", "front_camera")},
    }  # fmt: skip
    for part, key in (("chip", "cpu"), ("card", "gpu")):
        parsed = pd.DataFrame([chip(text, part) for text in get[key] + " " + inside], frame.index)
        out |= {f"c_{part}": parsed.pop("family"), **{f"{part}_{name}": parsed[name] for name in parsed}}
    named = get["title"].map(words)
    out |= _names(named, get)
    out |= {f"w_{word}": named.map(lambda n, word=word: float(word in n)) for word in WORDS["rank"]}
    line = get["brand"] + " " + named.str.join(" ") + " " + get["kind"] + " " + told
    out["text"] = line.str.lower() + " gadget"  # never empty
    for column, kind in mapping.get("extras", {}).items():
        if kind == "number":
            out[f"n_{column}"] = numbers(frame.get(column, pd.Series(np.nan, frame.index)))
        else:
            out[f"c_{column}"] = text_of(frame, {column: [column]}, column).str.lower()
    return pd.DataFrame(out)


def _names(named: pd.Series, get: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """Of a product: maker, line (the words of its name without numbers), kind, system, and the number in its name."""
    brand = pd.Series([(words(b) or n or [""])[0] for b, n in zip(get["brand"], named)], named.index)
    named = pd.Series([[word for word in n if word != b] for n, b in zip(named, brand)], named.index)
    stems = named.map(lambda n: [re.sub(r"\d.*$", "", word) or "#" for word in n])  # x1504 -> x, 13 -> #
    number = named.str.join(" ").str.extract(r"(\d+(?:\.\d+)?)", expand=False).astype(float)
    out = {"c_brand": brand, "c_kind": get["kind"].str.lower(), "c_os": get["os"].str.lower(), "number": number}
    return out | {f"c_line{n}": brand + " " + stems.str[:n].str.join(" ") for n in (1, 2)}


def varied(X: pd.DataFrame) -> pd.DataFrame:
    """The features that tell rows apart; memory, brand and words stay in any case."""
    return X.loc[:, (X.nunique() > 1) | X.columns.isin(["ram_gb", "storage_gb", "c_brand", "text"])]
