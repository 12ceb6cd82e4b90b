"""Price tables: any shop's file read into standard fields, and free-text specs into numbers.

A *column map* names the columns that hold each field: `data/price_presets.yaml` has some, :func:`guess_map` makes one.
What columns, units and chips are called stands in `data/price_columns.csv`, `price_words.yaml` and `chips.csv`.
"""

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import yaml
from sklearn.linear_model import LinearRegression

from gadgetlib import CLASSES, money
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir, delimiter, table

HINTS = pd.read_csv(data_dir() / "price_columns.csv", keep_default_na=False).set_index("field")
WORDS = yaml.safe_load((data_dir() / "price_words.yaml").read_text(encoding="utf-8"))
PRESETS = yaml.safe_load((data_dir() / "price_presets.yaml").read_text(encoding="utf-8"))
FIELDS = (*HINTS.index.drop(["price", "currency", "details"]), "details")  # details: a text of many specs
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
    name = Path(source).stem if isinstance(source, (str, Path)) else "table"
    frame = read_csv(source, name, notes)
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


def read_csv(source: str | Path | pd.DataFrame, name: str, notes: list[str]) -> pd.DataFrame:
    """A delimited file, whatever its delimiter: UTF-8, UTF-16, or an encoding that ``notes`` then tells; a frame as the
    file that it would be. Raises CourseError, which gives the table's name, for what is missing, empty or no table.
    """
    try:
        if isinstance(source, pd.DataFrame):
            raw = source.set_axis(list(map(str, source)), axis=1).to_csv(index=False).encode()
        else:
            raw = Path(source).read_bytes()
    except (OSError, ValueError, TypeError) as error:
        raise CourseError(f"{name} cannot be read ({getattr(error, 'strerror', error)}); check its path.") from None
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        encoding = max(WORDS["encodings"], key=lambda one: _known(raw[:5000].decode(one, errors="replace").lower()))
        text = raw.decode(encoding, errors="replace")
        notes.append(f"{name} is not UTF-8; it was read as {encoding}.")
    told, text = re.match(r"(?s)(?:sep=(.)\s*\n)?(.*)", text.lstrip()).groups()  # what Excel writes
    mark = told or delimiter(text)
    if "\0" in text or mark not in text.partition("\n")[0]:
        raise CourseError(f"{name} is empty or no table; give a CSV file that begins with its heading.")
    try:
        with warnings.catch_warnings(action="ignore", category=pd.errors.ParserWarning):  # a mark too many in each line
            frame = pd.read_csv(io.StringIO(text), sep=mark, skipinitialspace=True, index_col=False)
    except pd.errors.ParserError as error:
        raise CourseError(f"{name} is not a regular table ({str(error).strip()}); mend that line.") from None
    return frame.rename(columns=lambda column: str(column).strip())


def _known(text: str) -> int:
    """How many headings and currencies are known in the first lines of a table, decoded one way of several."""
    heading, *lines = text.splitlines()
    named = map(re.compile("|".join(HINTS["name"])).search, heading.split(delimiter(heading)))
    return sum(map(bool, named)) + sum(money.currency(line) is not None for line in lines)


def listed(value: Any) -> list[str]:
    """What a map names for a field: one column, several as a list, or none."""
    return [str(column) for column in (value if isinstance(value, (list, tuple)) else [value]) if column is not None]


def mapped(mapping: Mapping[str, Any]) -> set[str]:
    """Every column that a map names, whatever for."""
    return {column for key in (*FIELDS, "price", "group", "drop") for column in listed(mapping.get(key))}


def choose_map(frame: pd.DataFrame, preset: str | Mapping[str, Any] | None, name: str, notes: list[str]) -> dict:
    """The column map for a frame, with a list of columns for every field; where it came from is added to ``notes``.

    Raises CourseError: an unknown preset, a map that names absent columns, no price column.
    """
    if not (preset is None or isinstance(preset, Mapping) or preset in list(PRESETS)):
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
    if not (price := listed(mapping.get("price"))):
        why = f"{name} has no price column that can be recognised by its name and its cells among {has}"
        raise CourseError(f"{why}; name it in a column map, such as {{'price': 'Cost'}}.")
    return mapping | {key: listed(mapping.get(key)) for key in (*FIELDS, "group", "drop")} | {"price": price[0]}


def guess_map(frame: pd.DataFrame) -> dict[str, Any]:
    """A column map from names and contents of columns. What it cannot tell is left out."""
    text = {c: frame[c].dropna().head(400).astype(str).str.lower() for c in frame}
    # ScreenSize is "screen size", and the İ of İşlemci leaves a dot behind.
    name = {c: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", c).lower().replace("\u0307", "") for c in frame}
    left = [c for c in frame if len(text[c]) and not re.search(WORDS["counter"], name[c])]
    found: dict[str, Any] = {}
    for key, hint in HINTS.iterrows():
        fits = [c for c in left if re.search(hint["name"], name[c]) and text[c].str.contains(hint.cell).mean() > 0.5]
        if key == "price":  # what is asked today and for all of it; dollars before others; of two the lower
            other = {c: bool(re.search(WORDS["other_price"], name[c])) for c in fits}
            fits.sort(key=lambda c: (other[c], not re.search(r"(?<![a-z])us", name[c]), numbers(frame[c]).median()))
        if key == "title":
            fits.sort(key=lambda c: -frame[c].nunique())
        found[key] = fits[: 3 if hint.several else 1]
        left = [c for c in left if c not in found[key]]
    for key, pattern in HINTS.alone[HINTS.alone != ""].items():  # columns whose name says nothing
        if not found[key]:
            found[key] = [c for c in left if text[c].str.contains(pattern).mean() > 0.5][:1]
            left = [c for c in left if c not in found[key]]
    found = {key: columns[0] if len(columns) == 1 else columns for key, columns in found.items() if columns}
    price = found.get("price")
    if price and re.search(WORDS["logarithm"], name[price]) and numbers(frame[price]).max() < 20:
        found["price_in"] = "log"
    return found


def _prices(frame: pd.DataFrame, mapping: dict, name: str, notes: list[str]) -> tuple[np.ndarray, str | None]:
    """The prices (n,) in one currency, and its code: of the map, most cells, the column's or file's name, else None.

    Cells in another currency are converted, or left out where there is no rate; both are noted.
    """
    cells, given = frame[mapping["price"]], mapping.get("currency")
    text = cells.astype("string").fillna("")
    price = np.where(text.str.match(r"\s*[-−]\s*\d"), np.nan, money.column(cells.tolist(), mapping["price"])[0])
    if mapping.get("price_in") == "log":
        price = np.exp(price)
        notes.append(f"{mapping['price']} holds prices as log; they were turned back.")
    written = frame.get(given, cells).map(lambda cell: money.currency(cell) if isinstance(cell, str) else None)
    written[text.str.contains(r"^\s*\$\s*\d{1,3}(?:\.\d{3})+(?!\d)")] = None  # pesos
    stated = money.currency(mapping["price"]) or money.code_in(name)
    named = written.value_counts()
    most = named.index[0] if 2 * named.sum() > np.isfinite(price).sum() else None
    if most and stated and len(named) == 1:  # a heading knows better which dollar a sign means
        most, named = stated, named[:0]
    code = (given if given not in frame else None) or most or stated
    if not code:
        hosts = re.findall(r"(?<=//)[^/\s\"]+", frame.head(20).to_csv(index=False))
        if not (code := money.code_in(" ".join(hosts))):
            notes.append("The table does not name its currency; name it in the column map (currency: EUR).")
            return price, None
        notes.append(f"Prices are taken to be in {code}, by the web addresses in the table.")
    cheap = code in money.RATES and pd.Series(price).median() < 5 * money.RATES[code]  # five dollars for a gadget
    if cheap and pd.api.types.is_float_dtype(cells) and text.str.contains(r"\.\d{3}$").mean() > 0.5:
        price = price * 1000  # 21.296, and 21.3 that was 21.300: a point before thousands
        notes.append(f"{mapping['price']} was read as thousands: its points stand before three digits.")
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
    speaks = {c: bool(re.search("|".join(WORDS["money"]), str(c), re.I) or money.code_in(str(c))) for c in columns}
    counted = [c for c in columns if speaks[c] or kind_of(frame[c]) == "number"]
    logs = pd.DataFrame({c: np.log(numbers(frame[c]).where(lambda v: v > 0)) for c in counted}, frame.index)
    ranks = logs.loc[:, logs.nunique() >= 8].corrwith(target, method="spearman").abs()
    given_away = (c for c in ranks.index if ranks[c] > (0.6 if speaks[c] else 0.95))
    found = {c: f"rank correlation {ranks[c]:.2f} with the price" for c in given_away}
    fields = {column for key in FIELDS for column in mapping[key]}
    others = logs.columns[logs.notna().mean() > 0.5].difference([*found], sort=False)
    for pair in combinations(others, 2):
        known = logs[[*pair]].dropna()
        at = target[known.index]
        line = LinearRegression().fit(known, at)
        share = line.score(known, at) if len(at) >= FEWEST_ROWS else 0
        if share > 0.97 and min(abs(line.coef_)) > 0.3:  # both are needed
            made = [c for c in pair if c not in fields] or pair
            found |= dict.fromkeys(made, f"{' and '.join(pair)} give {100 * share:.0f} % of it")
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
    """The model that a row is a configuration or a colour of: its name without brackets, capacities and part codes."""
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
    resolution = get["resolution"].str.lower()
    resolution += " " + resolution.replace(WORDS["resolution"], regex=True)  # Full HD -> 1920x1080
    pixels = resolution.str.extract(r"(\d{3,4})\s*(?:p?x|[x×*]|by)\s*(\d{3,4})").astype(float).fillna(sides)
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
    line = get["brand"] + " " + named.str.join(" ") + " " + get["kind"] + " " + told + " gadget"  # never empty
    out["text"] = line.str.lower()
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
