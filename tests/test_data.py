"""The shipped data: every file follows its contract, files agree with each other, and what is broken is noticed.

What the contracts of catalogue, texts and listings cannot say is in test_catalogue, test_texts and test_listings.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from coursekit import contracts
from gadgetlib import CLASSES
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir

RULES = contracts.rules("shipped")


def table(name: str, folder: Path) -> list[dict]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lines(name: str, folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").split("\n") if line]


def test_every_shipped_table_has_a_contract():
    kinds = {".csv", ".jsonl", ".json", ".yaml"}
    files = [path.relative_to(data_dir()).as_posix() for path in data_dir().rglob("*") if path.suffix in kinds]
    # these are tested where they are read
    own = ("studio/", "shop/answers/", "gazetteer/", "currencies.csv", "chips.csv", "folder_names.csv",
           "photos/screens.csv", "price_columns.csv", "price_words.yaml", "imagenet.csv")  # fmt: skip
    assert sorted(name for name in files if not name.startswith(own)) == sorted(RULES)


# ---------------------------------------------------------------- files agree with each other


def disagreements(folder: Path) -> list[str]:
    """What one file says and another does not, as sentences that begin with the file's name."""
    products = {row["product_id"]: row["gadget_type"] for row in table("catalogue.csv", folder)}
    head = list(table("catalogue.csv", folder)[0])
    found = []
    photos = table("photos/photos.csv", folder)
    for row in photos:
        if products.get(row["product_id"]) != row["gadget_type"]:
            found.append(f"photos.csv: {row['file']} is of a product or class that is not the catalogue's")
        if not row["file"].startswith(f"{row['product_id']}-"):
            found.append(f"photos.csv: {row['file']} is named after another product")
    listed, there = {row["file"] for row in photos}, {path.name for path in (folder / "photos").glob("*.jpg")}
    found += [f"photos.csv: {name} is listed or there, not both" for name in listed ^ there]
    others = table("others/others.csv", folder)
    listed, there = {row["file"] for row in others}, {path.name for path in (folder / "others").glob("*.jpg")}
    found += [f"others.csv: {name} is listed or there, not both" for name in listed ^ there]
    found += [f"others.csv: {row['file']} is of a class of ours" for row in others if row["kind"] in CLASSES]
    schema = json.loads((folder / "catalogue.schema.json").read_text(encoding="utf-8"))
    if not head == list(schema["properties"]) == schema["required"]:
        found.append("catalogue.schema.json: its columns are not the catalogue's")
    if {row["gadget_type"] for row in table("catalogue.csv", folder)} != set(CLASSES):
        found.append("catalogue.csv: classes are missing")
    rates = table("rates.csv", folder)
    days = {row["date"] for row in rates}
    if not {"USD", "EUR", "INR", "GBP"} <= {row["currency"] for row in rates} or len(days) != 1:
        found.append("rates.csv: a currency is missing, or not all rates are of one day")
    mapped = yaml.safe_load((folder / "price_presets.yaml").read_text(encoding="utf-8"))["catalogue"]
    values = [value for key, value in mapped.items() if key != "currency"]
    named = {name for value in values for name in (value if isinstance(value, list) else [value])}
    found += [f"price_presets.yaml: the catalogue has no column {name!r}" for name in named - set(head)]
    return found + shop_disagreements(folder)


def shop_disagreements(folder: Path) -> list[str]:
    about = json.loads((folder / "shop" / "shop.json").read_text(encoding="utf-8"))
    asked = {query["query"] for query in about["queries"]}
    found = []
    if about["search_host"] not in about["hosts"] or {query["label"] for query in about["queries"]} != set(CLASSES):
        found.append("shop.json: the search host is not among the hosts, or a class has no query")
    for answer in about["answers"]:
        if answer["query"] not in asked or not (folder / "shop" / answer["file"]).exists():
            found.append(f"shop.json: {answer['file']} is missing or belongs to no query")
    for row in lines("shop/pictures.jsonl", folder):
        places = [folder / "photos" / row.get("file", ""), folder / "shop" / row.get("sent", "")]
        if row["url"].split("/")[2] not in about["hosts"] or not all(place.exists() for place in places):
            found.append(f"pictures.jsonl: {row['url']} is of an unknown host, or its photo is missing")
    for row in table("shop/mess.csv", folder):
        if row["query"] not in asked | {""} or (row["fault"] == "wrong label" and row["label"] == row["true_label"]):
            found.append(f"mess.csv: {row['url']} has an unknown query, or a wrong label that is right")
    return found


def test_files_agree_with_each_other():
    assert disagreements(data_dir()) == []


# ---------------------------------------------------------------- broken on purpose


@pytest.fixture(scope="module")
def links(tmp_path_factory) -> dict[Path, Path]:
    """A copy of ``data/`` whose files are links: place -> the shipped file."""
    folder, made = tmp_path_factory.mktemp("data"), {}
    for path in data_dir().rglob("*"):
        place = folder / path.relative_to(data_dir())
        if path.is_file() and "studio" not in place.parts:
            place.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(path, place)
            made[place] = path
    return made


@pytest.fixture
def mirror(links) -> Iterator[Path]:
    """The copy's folder: a file may be replaced there, and is put back afterwards."""
    yield Path(os.path.commonpath(links))
    for place, path in links.items():
        if not place.is_symlink():
            place.unlink(missing_ok=True)
            os.symlink(path, place)


def replace(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text, encoding="utf-8")


def write_csv(rows: list[list[str]]) -> str:
    csv.writer(out := io.StringIO(), lineterminator="\n").writerows(rows)
    return out.getvalue()


def broken_csv(text: str, wrong: dict[str, str]):
    """A table without rows, a column or the end of a row, with a row twice, with wrong values."""
    head, first, *rest = csv.reader(io.StringIO(text))
    yield "emptied", ""
    yield "rows gone", write_csv([head])
    yield "cut in the last row", text.rstrip()[: -len(",".join(rest[-1])) // 2]
    yield "first row twice", write_csv([head, first, first, *rest])
    yield "head gone", write_csv([first, *rest])
    for column, value in wrong.items():
        at = head.index(column)
        yield f"{column} = {value!r}", write_csv([head, [*first[:at], value, *first[at + 1 :]], *rest])
        yield f"{column} renamed", write_csv([[f"{name}_" if name == column else name for name in head], first, *rest])


def broken_lines(text: str, wrong: dict):
    """JSON lines: none, one cut or twice, a key gone, wrong values."""
    first, *rest = [line for line in text.split("\n") if line]
    yield "emptied", ""
    yield "cut in the last row", text.rstrip()[: -len(rest[-1]) // 2]
    yield "first row twice", "\n".join([first, first, *rest])
    for key, value in wrong.items():
        row = json.loads(first)
        yield f"{key} = {value!r}", "\n".join([json.dumps({**row, key: value}), *rest])
        yield f"{key} gone", "\n".join([json.dumps({k: v for k, v in row.items() if k != key}), *rest])


def broken_json(text: str, wrong: dict):
    yield "cut", text[: len(text) // 2]
    for key, value in wrong.items():
        about = json.loads(text)
        yield f"{key} = {value!r}", json.dumps({**about, key: value})
        yield f"{key} gone", json.dumps({k: v for k, v in about.items() if k != key})


WRONG = {
    "catalogue.csv": {
        "sku": "", "gadget_type": "toaster", "brand": "", "year": "1066", "ram_gb": "many", "storage_gb": "-64",
        "screen_in": "670", "launch_price_usd": "0", "weight_g": "1e9",
    },
    "catalogue.schema.json": {
        "additionalProperties": True, "properties": {"gadget_type": {"enum": ["toaster"]}}, "required": {},
    },
    "lesson_05_full.csv": {"f1": "1.5", "n": "0"},
    "rates.csv": {"currency": "dollar", "per_usd": "0", "date": "28.6.2024"},
    "price_presets.yaml": {"shop": "yes please", "catalogue": {"brand": "brand"}},
    "photos/photos.csv": {"file": "", "gadget_type": "toaster", "view": "", "background": ""},
    "others/others.csv": {"file": "", "object": "", "kind": "a toaster", "seed": "x"},
    "texts.jsonl": {
        "text": " ", "spans": [[3, 1]], "specs": {"colour": "red"}, "gadget_type": "toaster", "split": "exam",
    },
    "listings/listings.jsonl": {
        "gadget_type": "toaster", "split": "exam", "text": "", "specs": {}, "words": [{"text": "A", "box": [0]}],
    },
    "shop/shop.json": {"queries": [{"query": "a toaster", "label": "toaster"}], "answers": [{}]},
    "shop/pictures.jsonl": {"url": "nowhere"},
    "shop/mess.csv": {"url": "nowhere", "fault": "", "expected": "", "label": "toaster", "true_label": "toaster"},
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_a_broken_file_breaks_its_contract(name, mirror):
    """The file is as it should be, and each way of breaking it is told by the contract of that name."""
    contracts.check_shipped(name, mirror)
    text = (data_dir() / name).read_text(encoding="utf-8")
    how = {".csv": broken_csv, ".jsonl": broken_lines, ".json": broken_json}.get(Path(name).suffix)
    if how is None:
        presets = yaml.safe_load(text)
        mutants = [("not YAML", text + "\n : ["), *broken_json(json.dumps(presets), WRONG[name])]
        mutants = [one for one in mutants if one[0] != "shop gone"]  # it never was there
    else:
        mutants = list(how(text, WRONG[name]))
    for done, mutant in mutants:
        replace(mirror / name, mutant)
        with pytest.raises(CourseError, match=f"data/{name} is not as it was shipped"):
            contracts.check_shipped(name, mirror)
            pytest.fail(f"not noticed: {done}")
    (mirror / name).unlink()
    with pytest.raises(CourseError, match="is missing"):
        contracts.check_shipped(name, mirror)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("photos/photos.csv", ",laptop,", ",tablet,"),
        ("photos/photos.csv", "acer-aspire-3-a315-24p-00.jpg,", "absent-00.jpg,"),
        ("catalogue.schema.json", '"cellular",\n', ""),
        ("catalogue.csv", ",smartwatch,", ",tablet,"),
        ("rates.csv", "\nINR", "\nXXX"),
        ("rates.csv", "2024-06-28\n", "2024-06-27\n"),
        ("price_presets.yaml", "  brand: brand", "  brand: maker"),
        ("shop/shop.json", '"search_host": "search', '"search_host": "find'),
        ("shop/shop.json", "answers/smartphone-0000", "answers/absent"),
        ("shop/shop.json", '"query": "tablet computer",\n   "skip"', '"query": "a toaster",\n   "skip"'),
        ("shop/pictures.jsonl", "http://assets", "http://nobody"),
        ("shop/pictures.jsonl", '"file": "acer', '"file": "absent'),
        ("shop/pictures.jsonl", '"sent": "sent/', '"sent": "sent/absent-'),
        ("shop/mess.csv", ",smartphone,", ",a toaster,"),
    ],
)
def test_a_disagreement_is_noticed(name, old, new, mirror):
    text = (mirror / name).read_text(encoding="utf-8")
    assert old in text
    replace(mirror / name, text.replace(old, new) if name == "catalogue.csv" else text.replace(old, new, 1))
    assert any(found.startswith(Path(name).name) for found in disagreements(mirror))


def test_a_missing_picture_is_noticed(mirror):
    next((mirror / "photos").glob("*.jpg")).unlink()
    assert any("is listed or there, not both" in found for found in disagreements(mirror))
