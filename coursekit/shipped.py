"""What the shipped data must look like: one contract a file, each broken one told in a sentence.

``python -m coursekit.shipped`` checks all of them; the tests do too, and break each to see its contract fail.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gadgetlib import CLASSES, SPEC_FIELDS
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir, split_of

LABELS = ("BRAND", "MODEL", "RAM", "STORAGE", "SCREEN", "PRICE")
NUMBERS = {"RAM": "ram_gb", "STORAGE": "storage_gb", "SCREEN": "screen_in"}


def check(name: str, folder: Path | None = None) -> None:
    """Raise CourseError, naming the file and what is wrong with it, when the shipped file ``name`` breaks its contract.

    name: a key of CHECKS, a path under ``data/``. folder: where to look instead of ``data/``.
    """
    try:
        CHECKS[name](folder or data_dir())
    except CourseError:
        raise
    except Exception as error:  # unreadable in any way is a broken contract, not a crash
        raise _broken(name, f"{type(error).__name__}: {error}".splitlines()[0]) from error


def _broken(name: str, why: str) -> CourseError:
    return CourseError(f"data/{name} is not as it was shipped: {why}. Get it again, or make it with `make data`.")


def _require(name: str, condition: Any, why: str) -> None:
    if not bool(condition):
        raise _broken(name, why)


def _none(name: str, wrong: Iterable[Any], why: str) -> None:
    wrong = list(wrong)
    _require(name, not wrong, f"{why}: {wrong[:2]}")


def _csv(name: str, folder: Path, columns: Iterable[str]):
    """The table as text, each row as long as its head."""
    import csv

    import pandas as pd

    with (folder / name).open(encoding="utf-8", newline="") as stream:
        head, *rows = list(csv.reader(stream))
    _require(name, set(columns) <= set(head), f"columns are missing: {sorted(set(columns) - set(head))}")
    _require(name, rows, "it has no rows")
    _none(name, [row for row in rows if len(row) != len(head)], "rows are cut or too long")
    return pd.DataFrame(rows, columns=head)


def _jsonl(name: str, folder: Path, keys: Iterable[str]) -> list[dict]:
    # not splitlines: a text may hold a line separator that JSON leaves as it is
    rows = [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").split("\n") if line]
    _require(name, rows, "it has no rows")
    _none(name, [i for i, row in enumerate(rows) if not set(keys) <= row.keys()], "rows lack a key")
    return rows


def _numbers(name: str, column: Any, low: float, high: float) -> None:
    """Empty, or a number in low..high."""
    import pandas as pd

    said = column[column != ""]
    value = pd.to_numeric(said, errors="coerce")
    _none(name, said[~value.between(low, high)].unique(), f"{column.name} holds what it cannot")


def _catalogue(folder: Path) -> None:
    name = "catalogue.csv"
    schema = json.loads((folder / "catalogue.schema.json").read_text(encoding="utf-8"))
    table = _csv(name, folder, schema["required"])
    _require(name, table.sku.is_unique, "a sku stands there twice")
    _none(
        name, table.sku[(table.sku == "") | (table.brand == "") | (table.model == "")], "sku, brand or model is empty"
    )
    _none(name, set(table.gadget_type) - set(CLASSES), "unknown classes")
    for column, low, high in (("year", 1950, 2035), ("ram_gb", 0.001, 256), ("storage_gb", 0.001, 16384),
                              ("screen_in", 0.3, 20), ("launch_price_usd", 5, 20000), ("weight_g", 1, 6000)):  # fmt: skip
        _numbers(name, table[column], low, high)
    one = table.groupby("product_id")[["gadget_type", "brand", "model"]].nunique()
    _none(name, one.index[(one != 1).any(axis=1)], "a product has two classes, brands or models")
    priced = (table.launch_price_usd != "").mean()
    _require(name, priced > 0.9, f"only {priced:.0%} of the prices are known")
    _require(name, len(table) >= 1000 and set(table.gadget_type) == set(CLASSES), "rows or whole classes are missing")


def _schema(folder: Path) -> None:
    name = "catalogue.schema.json"
    schema = json.loads((folder / name).read_text(encoding="utf-8"))
    _require(name, schema["additionalProperties"] is False, "it allows columns that it does not know")
    _require(name, set(schema["required"]) == set(schema["properties"]), "what is required is not what is described")
    _require(name, tuple(schema["properties"]["gadget_type"]["enum"]) == CLASSES, "its classes are not the course's")
    head = (folder / "catalogue.csv").read_text(encoding="utf-8").split("\n")[0].strip().split(",")
    _require(name, head == list(schema["properties"]), "its columns are not the catalogue's")


def _rates(folder: Path) -> None:
    name = "rates.csv"
    table = _csv(name, folder, ("currency", "per_usd", "date"))
    _require(name, table.currency.is_unique, "a currency stands there twice")
    _none(name, [code for code in table.currency if not re.fullmatch("[A-Z]{3}", code)], "no currency codes")
    _none(name, table.per_usd[table.per_usd == ""], "rates are missing")
    _numbers(name, table.per_usd, 1e-3, 1e5)
    _require(name, dict(zip(table.currency, table.per_usd)).get("USD") == "1", "a dollar must be one dollar")
    _require(name, {"EUR", "INR", "GBP"} <= set(table.currency), "EUR, INR or GBP is missing")
    days = [day for day in table.date.unique() if re.fullmatch(r"\d{4}-\d\d-\d\d", day)]
    _require(name, len(days) == 1 == table.date.nunique(), "all rates must be of one day")


def _presets(folder: Path) -> None:
    import yaml

    name = "price_presets.yaml"
    presets = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
    _require(name, isinstance(presets, dict) and "catalogue" in presets, "the catalogue's column map is missing")
    _none(name, [key for key, value in presets.items() if not isinstance(value, dict)], "no column maps")
    _none(
        name,
        [key for key, value in presets.items() if not {"price", "log_price"} & value.keys()],
        "maps without a price",
    )
    head = _csv("catalogue.csv", folder, ()).columns
    mapped = presets["catalogue"].items()
    named = {c for key, value in mapped if key != "currency" for c in (value if isinstance(value, list) else [value])}
    _none(name, named - set(head), "the catalogue has no such columns")


def _photos(folder: Path) -> None:
    name = "photos/photos.csv"
    table = _csv(name, folder, ("file", "product_id", "gadget_type", "view", "background"))
    _require(name, table.file.is_unique, "a file stands there twice")
    _none(name, set(table.gadget_type) - set(CLASSES), "unknown classes")
    _none(name, [f for f in table.file if not (folder / "photos" / f).exists()], "files are missing")
    products = _csv("catalogue.csv", folder, ()).drop_duplicates("product_id").set_index("product_id").gadget_type
    other = table.gadget_type.to_numpy() != table.product_id.map(products).to_numpy()
    _none(name, table.file[other], "product or class are not the catalogue's")
    strange = [f for f, product in zip(table.file, table.product_id) if not f.startswith(f"{product}-")]
    _none(name, strange, "a file is named after another product")
    _none(name, table.file[(table.view == "") | (table.background == "")], "view or background is empty")
    unlisted = {path.name for path in (folder / "photos").glob("*.jpg")} - set(table.file)
    _none(name, sorted(unlisted), "pictures are not listed")


def _spans(name: str, where: str, text: str, spans: list) -> None:
    """Spans in order, inside the text, without loose blanks, and a number that says its value."""
    last = 0
    for start, end, label, value in sorted(spans, key=lambda span: span[0]):
        covered = text[start:end]
        inside = last <= start < end <= len(text) and covered == covered.strip()
        _require(name, inside and label in LABELS, f"a span of {where} lies wrong: {[start, end, label]}")
        if label in NUMBERS:
            _require(name, _says(covered, value), f"a span of {where} covers {covered!r} and means {value}")
        last = end


def _says(covered: str, value: Any) -> bool:
    digits = re.search(r"(\d+)(?:[., ](\d+))?", covered)  # shops write 13.3, 13,3 and, where a point got lost, 13 3
    number = float(f"{digits[1]}.{digits[2] or 0}") if digits else 0.0
    return any(abs(number * factor - value) < 0.02 for factor in (1, 1024, 1 / 1024))


def _texts(folder: Path) -> None:
    name = "texts.jsonl"
    rows = _jsonl(
        name, folder, ("text", "spans", "specs", "sku", "product_id", "gadget_type", "style", "shop", "split")
    )
    _require(name, len({row["text"] for row in rows}) == len(rows), "a text stands there twice")
    _none(name, {row["gadget_type"] for row in rows} - {*CLASSES, "other"}, "unknown classes")
    moved = [row["text"] for row in rows if row["product_id"] and row["split"] != split_of(row["product_id"])]
    _none(name, moved, "texts in the wrong split")
    strange = [row["sku"] for row in rows if row["sku"] and not row["sku"].startswith(row["product_id"])]
    _none(name, strange, "texts of another product than their sku")
    _none(name, {row["split"] for row in rows} - {"train", "valid", "test"}, "unknown splits")
    for row in rows:
        where = repr(row["text"][:40])
        _require(name, row["text"].strip(), "a text is empty")
        _spans(name, where, row["text"], row["spans"])
        labels, said = {span[2] for span in row["spans"]}, row["specs"]
        _none(name, set(said) - set(SPEC_FIELDS), f"unknown specs in {where}")
        for label, key in (("BRAND", "brand"), ("MODEL", "model"), ("PRICE", "price"), *NUMBERS.items()):
            _require(name, label not in labels or said.get(key) is not None, f"{key} of {where} is marked and not told")
        _require(name, ("price" in said) == ("currency" in said), f"price without currency in {where}")


def _listings(folder: Path) -> None:
    name = "listings/listings.jsonl"
    keys = ("file", "sku", "product_id", "gadget_type", "split", "layout", "width", "height", "text", "words", "specs", "photos")
    rows = _jsonl(name, folder, keys)
    table = _csv("catalogue.csv", folder, ()).set_index("sku")
    _require(name, len({row["file"] for row in rows}) == len(rows), "a file stands there twice")
    _none(name, [r["file"] for r in rows if not (folder / "listings" / r["file"]).exists()], "files are missing")
    _none(name, [r["file"] for r in rows if r["split"] != split_of(r["product_id"])], "listings in the wrong split")
    _none(name, [p for r in rows for p in r["photos"] if not (folder / "photos" / p).exists()], "photos are missing")
    _none(name, [r["sku"] for r in rows if r["sku"] not in table.index], "the catalogue does not know")
    for row in rows:
        known, where = table.loc[row["sku"]], row["file"]
        same = (row["product_id"], row["gadget_type"]) == (known.product_id, known.gadget_type)
        _require(name, same, f"{where} is of another product or class than its sku")
        _require(name, set(row["specs"]) == set(SPEC_FIELDS), f"{where} does not tell all fields")
        said = row["specs"]["brand"]
        _require(name, said in (None, known.brand), f"the brand of {where} is not the catalogue's")
        written = re.sub(r"\s+", "", row["text"])
        _require(name, written and all(re.sub(r"\s+", "", w["text"]) in written for w in row["words"]),
                 f"a word of {where} is not in its text")  # fmt: skip
        for x0, y0, x1, y1 in (word["box"] for word in row["words"]):
            inside = -2 <= x0 < x1 <= row["width"] + 2 and -2 <= y0 < y1 <= row["height"] + 2
            _require(name, inside, f"a word of {where} lies outside the picture")


def _shop(folder: Path) -> dict:
    name = "shop/shop.json"
    about = json.loads((folder / name).read_text(encoding="utf-8"))
    _require(name, about["hosts"] and about["search_host"] in about["hosts"], "the search host is not among the hosts")
    _none(name, {query["label"] for query in about["queries"]} - set(CLASSES), "queries of unknown classes")
    _require(name, {query["label"] for query in about["queries"]} == set(CLASSES), "a class has no query")
    _none(
        name, [a["file"] for a in about["answers"] if not (folder / "shop" / a["file"]).exists()], "answers are missing"
    )
    asked = {query["query"] for query in about["queries"]}
    _none(name, {answer["query"] for answer in about["answers"]} - asked, "answers to what nobody asked")
    return about


def _pictures(folder: Path) -> None:
    name = "shop/pictures.jsonl"
    rows = _jsonl(name, folder, ("url",))
    hosts = set(json.loads((folder / "shop" / "shop.json").read_text(encoding="utf-8"))["hosts"])
    _require(name, len({row["url"] for row in rows}) == len(rows), "an address stands there twice")
    _none(name, [r["url"] for r in rows if re.sub(r"^https?://|/.*", "", r["url"]) not in hosts], "unknown hosts")
    gone = [row["file"] for row in rows if row.get("file") and not (folder / "photos" / row["file"]).exists()]
    _none(name, gone, "files are missing")
    _none(
        name,
        [r["url"] for r in rows if not (r.get("file") or r.get("fault") or len(r) > 1)],
        "addresses with no answer",
    )


def _mess(folder: Path) -> None:
    name = "shop/mess.csv"
    table = _csv(name, folder, ("url", "query", "fault", "expected", "file", "label", "true_label"))
    _none(name, (set(table.label) | set(table.true_label)) - {*CLASSES, ""}, "unknown classes")
    _none(name, table.url[(table.fault == "") | (table.expected == "")], "faults without a name or an expected end")
    _none(name, table.url[~table.url.str.contains(r"^\w+:")], "no addresses")
    _require(name, not table.duplicated(["url", "query", "fault"]).any(), "a fault stands there twice")
    queries = {query["query"] for query in _shop(folder)["queries"]}
    _none(name, set(table["query"]) - queries - {""}, "queries that the shop does not know")
    moved = table[table.fault == "wrong label"]
    _none(name, moved.url[moved.label == moved.true_label], "wrong labels that are right")


CHECKS: dict[str, Callable[[Path], Any]] = {
    "catalogue.csv": _catalogue,
    "catalogue.schema.json": _schema,
    "rates.csv": _rates,
    "price_presets.yaml": _presets,
    "photos/photos.csv": _photos,
    "texts.jsonl": _texts,
    "listings/listings.jsonl": _listings,
    "shop/shop.json": _shop,
    "shop/pictures.jsonl": _pictures,
    "shop/mess.csv": _mess,
}


if __name__ == "__main__":
    for each in CHECKS:
        check(each)
        print(f"{each:26} as it should be")
