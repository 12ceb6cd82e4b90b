"""The catalogue: its schema, its counts, its rule of splitting, and that it is what its sources build."""

import csv
import json
from collections import Counter, defaultdict
from pathlib import Path

import build_catalogue as catalogue
import fastjsonschema
import pytest

from coursekit import contracts
from gadgetlib import CLASSES, files

ROOT = Path(__file__).resolve().parents[1]


SCHEMA = json.loads((ROOT / "data" / "catalogue.schema.json").read_text(encoding="utf-8"))
follows = fastjsonschema.compile(SCHEMA)


@pytest.fixture(scope="module")
def rows():
    with (ROOT / "data" / "catalogue.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def errors(rows):
    found = []
    for row in rows:
        typed = {name: contracts.typed(text, SCHEMA["properties"].get(name, {})) for name, text in row.items()}
        try:
            follows(typed)
        except fastjsonschema.JsonSchemaException as error:
            found.append(f"{row['sku']}: {error.message}")
    return found


def test_rows_follow_the_schema(rows):
    assert errors(rows) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("gadget_type", "phone"),
        ("form", "round"),
        ("year", "1899"),
        ("ram_gb", "1024"),
        ("resolution", "1080p"),
        ("launch_price_usd", "0"),
        ("model", ""),
        ("chip_tier", "6"),
        ("cellular", "2"),
        ("screen_in", "12"),
    ],
)
def test_schema_refuses_a_wrong_value(rows, column, value):
    phone = next(row for row in rows if row["gadget_type"] == "mobile_phone")
    assert errors([phone]) == []
    assert errors([phone | {column: value}])


def test_counts(rows):
    products = defaultdict(set)
    for row in rows:
        products[row["gadget_type"]].add(row["product_id"])
    assert set(products) == set(CLASSES)
    assert all(len(products[kind]) >= 60 for kind in CLASSES), {k: len(v) for k, v in products.items()}
    assert sum(map(len, products.values())) >= 400
    assert len(rows) >= 1000


def test_every_class_is_in_every_split(rows):
    counts = Counter(
        (row["gadget_type"], catalogue.split_of(p)) for p, row in {r["product_id"]: r for r in rows}.items()
    )
    for kind in CLASSES:
        assert all(counts[kind, split] >= 8 for split in ("train", "valid", "test")), counts


def test_skus_are_unique_and_products_consistent(rows):
    assert max(Counter(row["sku"] for row in rows).values()) == 1
    apart = ("sku", "ram_gb", "storage_gb", "launch_price_usd")
    facts = defaultdict(set)
    for row in rows:
        facts[row["product_id"]].add(tuple(v for k, v in row.items() if k not in apart))
    assert [p for p, seen in facts.items() if len(seen) > 1] == []


def test_a_product_has_one_class_and_names_do_not_collide(rows):
    names = defaultdict(set)
    for row in rows:
        names[row["brand"].lower(), row["model"].lower(), row["gadget_type"]].add(row["product_id"])
    assert [name for name, ids in names.items() if len(ids) > 1] == []


def test_more_memory_of_the_same_product_never_costs_much_less(rows):
    """A slip in a variants column shows as a price that falls while RAM and storage both grow (not in laptops,
    where a large hard disk costs less than a small SSD)."""
    variants = defaultdict(list)
    for row in rows:
        if row["gadget_type"] != "laptop" and row["ram_gb"] and row["storage_gb"] and row["launch_price_usd"]:
            variants[row["product_id"]].append(
                tuple(float(row[k]) for k in ("ram_gb", "storage_gb", "launch_price_usd"))
            )
    slips = [
        p for p, v in variants.items() for a in v for b in v if a[0] <= b[0] and a[1] <= b[1] and b[2] < 0.93 * a[2]
    ]
    assert sorted(set(slips)) == []


def test_most_prices_are_known(rows):
    priced = Counter(row["gadget_type"] for row in rows if row["launch_price_usd"])
    total = Counter(row["gadget_type"] for row in rows)
    assert all(priced[kind] / total[kind] >= 0.9 for kind in CLASSES), priced


def test_catalogue_is_what_the_sources_build(rows):
    assert catalogue.build() == rows


def drawn(name):
    """Product ids that a shipped file of photos, listings or texts has rows of."""
    path = ROOT / "data" / name
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream) if path.suffix == ".csv" else map(json.loads, stream)
        return {row["product_id"] for row in rows if not row["product_id"].startswith("invented-")} - {""}


@pytest.mark.parametrize("name", ["photos/photos.csv", "listings/listings.jsonl", "texts.jsonl"])
def test_products_that_came_later_are_in_the_catalogue_only(rows, name):
    later, known = catalogue.later(), {row["product_id"] for row in rows}
    assert later <= known and later.isdisjoint(drawn(name)) and drawn(name) <= known


def test_each_class_has_gadgets_of_its_last_two_years(rows):
    counts = Counter((row["gadget_type"], row["year"]) for row in {r["product_id"]: r for r in rows}.values())
    for kind in CLASSES:
        assert counts[kind, "2025"] >= 8 and counts[kind, "2026"] >= 2, (kind, counts[kind, "2025"])


def test_a_later_product_of_no_class_is_named(tmp_path):
    (tmp_path / "later.csv").write_text("gadget_type,brand,model,variants\ntoaster,Acme,One,/:9\n", encoding="utf-8")
    with pytest.raises(ValueError, match="later.csv:2: 'toaster' is no class"):
        catalogue.read(tmp_path / "later.csv", "laptop")


def test_split_rule():
    import hashlib

    for product in ("apple-iphone-11", "nokia-3310", "sony-wh-1000xm4"):
        bucket = int(hashlib.sha1(product.encode()).hexdigest(), 16) % 100
        assert catalogue.split_of(product) == ("train" if bucket < 70 else "valid" if bucket < 85 else "test")
    assert all(files.split_of(f"p{i}") == catalogue.split_of(f"p{i}") for i in range(300))


@pytest.mark.parametrize("text", ["8/128", "8-128:799", "8/128:799usd", "x/128:1"])
def test_malformed_variants_are_named(text):
    with pytest.raises(ValueError, match="here: variant"):
        catalogue.variants(text, "here")


def test_variants_may_lack_parts():
    assert catalogue.variants("8/128:799 /64:399 /:249", "") == [
        ("8", "128", "799"),
        ("", "64", "399"),
        ("", "", "249"),
    ]
    assert catalogue.variants("", "") == [("", "", "")]


def test_agreement_script_matches_and_compares(tmp_path):
    """Built tables with one planted disagreement each: the script has to find exactly those."""
    import agreement

    cat = agreement.Catalogue(ROOT / "data" / "catalogue.csv")
    good = agreement.Record(
        "t",
        "Samsung",
        "Galaxy S21 Ultra",
        1200,
        "launch",
        2021,
        {"ram_gb": 12.0, "storage_gb": 128.0, "screen_in": 6.8},
    )
    product, how = cat.match(good)
    assert (product["product_id"], how) == ("samsung-galaxy-s21-ultra-5g", "exact")
    assert all(row["agrees"] for row in agreement.compare(good, product))
    bad = agreement.Record(
        "t", "Samsung", "Galaxy S21 Ultra", 2000, "launch", 2021, {"ram_gb": 4.0, "storage_gb": 128.0, "screen_in": 6.1}
    )
    found = {row["field"] for row in agreement.compare(bad, product) if not row["agrees"]}
    assert found == {"ram_gb", "screen_in"}  # no variant has 4 GB, so its price is not compared
    dear = agreement.Record(
        "t", "Samsung", "Galaxy S21 Ultra", 2000, "launch", 2021, {"ram_gb": 12.0, "storage_gb": 128.0}
    )
    assert {row["field"] for row in agreement.compare(dear, product) if not row["agrees"]} == {"launch price"}
    for other in ("Galaxy S21 Plus", "Galaxy S31 Ultra", "Galaxy S21 Lite"):
        assert cat.match(agreement.Record("t", "Samsung", other))[0] is None
