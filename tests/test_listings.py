"""The listing pictures: schema, counts, and that truth, picture and catalogue say the same."""

import csv
import json
import re
import subprocess
from collections import Counter, defaultdict
from importlib import import_module as studio
from pathlib import Path

import pytest
from conftest import without_browser
from PIL import Image, ImageChops, ImageStat

from gadgetlib import CLASSES

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "data" / "listings"
SPECS = {"brand", "model", "ram_gb", "storage_gb", "screen_in", "price", "currency"}
KEYS = {
    "file", "sku", "product_id", "gadget_type", "split", "layout", "locale", "camera", "dark", "width", "height",
    "text", "words", "spans", "specs", "photos",
}  # fmt: skip
UNITS = {"TB": 1024, "TO": 1024, "MB": 1 / 1024, "MO": 1 / 1024}
NUMBERS = ("ram_gb", "storage_gb", "screen_in")


@pytest.fixture(scope="module")
def records():
    with (FOLDER / "listings.jsonl").open(encoding="utf-8") as f:
        return [json.loads(line) for line in f]


@pytest.fixture(scope="module")
def catalogue():
    with (ROOT / "data" / "catalogue.csv").open(encoding="utf-8", newline="") as f:
        return {row["sku"]: row for row in csv.DictReader(f)}


def faults(record, row):
    """Everything wrong with one record, as sentences; `row` is its catalogue row. Needs no picture."""
    out = []
    if set(record) != KEYS:
        out.append(f"keys differ: {sorted(set(record) ^ KEYS)}")
        return out
    if set(record["specs"]) != SPECS:
        out.append("specs has other keys")
    if record["product_id"] != row["product_id"] or record["gadget_type"] != row["gadget_type"]:
        out.append("not this SKU's product")
    words, text = record["words"], record["text"]
    if [w["text"] for w in words] != text.split():
        out.append("the words are not the words of the text")
    for w in words:
        x0, y0, x1, y1 = w["box"]
        if not (0 <= x0 < x1 <= record["width"] and 0 <= y0 < y1 <= record["height"]):
            out.append(f"the box of {w['text']!r} leaves the picture: {w['box']}")
    last = 0
    for span in record["spans"]:
        if not last <= span["start"] < span["end"] <= len(text):
            out.append(f"span {span} overlaps the one before or leaves the text")
            continue
        last = span["end"]
        said = text[span["start"] : span["end"]]
        if said != said.strip():
            out.append(f"span {said!r} begins or ends with a space")
        if not agrees(span["field"], said, span["value"]):
            out.append(f"{said!r} does not say {span['field']} = {span['value']}")
        if record["specs"].get(span["field"]) != span["value"]:
            out.append(f"specs.{span['field']} is not the span's {span['value']}")
    stated = {span["field"] for span in record["spans"]}
    for field, value in record["specs"].items():
        if field == "currency":
            if (value is None) != (record["specs"]["price"] is None):
                out.append("currency without price, or the reverse")
        elif value is not None and field not in stated and field != "brand":
            out.append(f"{field} has a value but no span")
        elif value is None and field in stated:
            out.append(f"{field} has a span but no value")
    if "brand" not in stated and record["specs"]["brand"] is not None and "model" not in stated:
        out.append("a brand that nothing printed implies")
    for field in NUMBERS:
        value = record["specs"][field]
        if value is not None and abs(value - float(row[field] or "nan")) > 0.002:
            out.append(f"{field} {value} is not the catalogue's {row[field]!r}")
    for field, known in (("brand", row["brand"]), ("model", studio("lines").plain_model(row["brand"], row["model"]))):
        if record["specs"][field] not in (None, known):
            out.append(f"{field} is not the catalogue's")
    return out


def agrees(field, said, value):
    """Whether the printed characters mean the value, worked out here from the characters alone."""
    if field in ("brand", "model"):
        plain = [re.sub(r"\b\d\dmm\b|[^a-z0-9+]", "", s.lower()) for s in (said, value)]  # a watch's case is no name
        return plain[0] == plain[1] != ""
    if field == "price":
        digits = re.sub(r"[^\d.,'€–-]", "", said).rstrip(".-–/,")
        digits = re.sub(r"^[.]|^€", "", digits)
        whole, cents = re.fullmatch(r"(.*?)(?:[.,€](\d\d))?€?", digits).groups()
        if not re.search(r"\d", whole):
            return False
        return abs(int(re.sub(r"\D", "", whole)) + int(cents or 0) / 100 - value) < 0.006
    found = re.findall(r"(\d+(?:[.,]\d+)?)\s*([A-Za-z]*)", said)
    sizes = [float(digits.replace(",", ".")) * UNITS.get(unit.upper(), 1) for digits, unit in found]
    if field == "storage_gb" and "+" in said:  # an SSD and a disk
        return len(sizes) == 2 and sum(sizes) == value
    return bool(sizes) and abs(sizes[0] - value) < 1e-6


@pytest.mark.parametrize(
    ("brand", "shown", "model", "printed"),
    [
        ("Apple", "MacBook Pro 16 M1 Max", "MacBook Pro 16", "MacBook Pro 16"),
        ("Apple", "MACBOOK PRO 14 M3\nPRO", "MACBOOK PRO 14", "MACBOOK PRO 14"),
        ("Apple", "iPad Pro 11 M4", "iPad Pro 11", "iPad Pro 11"),
        ("Apple", "Watch SE 40mm 2020", "Watch SE 2020", "Watch SE 40mm 2020"),
        ("Apple", "Watch Series 4 44mm Cellular", "Watch Series 4", "Watch Series 4"),
        ("Motorola", "Tab G70 LTE", "Tab G70", "Tab G70"),
        ("ASUS", "ZenFone Max Pro M1", "ZenFone Max Pro M1", "ZenFone Max Pro M1"),
        ("Samsung", "Galaxy S21 FE 5G", "Galaxy S21 FE 5G", "Galaxy S21 FE 5G"),
    ],
)
def test_chips_cases_and_radios_are_no_part_of_a_model(brand, shown, model, printed):
    lines = studio("lines")
    assert lines.plain_model(brand, shown) == model
    assert shown[: lines.stated(brand, shown)] == printed


def test_studio_and_course_shorten_names_alike(catalogue):
    """The studio runs without the course's packages and has the rule of its own; the two may not drift apart."""
    from gadgetlib.listing import known_names

    theirs = studio("lines").plain_model
    named = {row["sku"]: row for rows in known_names(None).values() for row in rows}
    assert len(named) > 0.95 * len(catalogue), "names of several models have no rows"
    assert [sku for sku, row in named.items() if row["plain"] != theirs(row["brand"], row["model"])] == []


@pytest.mark.parametrize(
    ("brand", "model", "implied"),
    [("Mobvoi", "TicWatch E", True), ("ASUS", "ROG Zephyrus G14", True), ("Amazfit", "GTR 3 Pro", True),
    ("OPPO", "Reno8", True),
     ("Lenovo", "Tab P11", False), ("Xiaomi", "Pad 5", False), ("Motorola", "Motorcycle 2", False)],
)  # fmt: skip
def test_a_line_of_one_maker_gives_the_maker(brand, model, implied):
    assert studio("lines").says_maker(brand, model) is implied


def test_every_record_says_what_its_conventions_say(records, catalogue):
    """`listings.py --truth` would change nothing."""
    renewed = studio("listings").renewed
    assert [r["file"] for r in records if renewed(r, catalogue[r["sku"]]) != r] == []


def test_photos_of_a_page_are_of_its_product(records):
    with (ROOT / "data" / "photos" / "photos.csv").open(encoding="utf-8", newline="") as f:
        product = {row["file"]: row["product_id"] for row in csv.DictReader(f)}
    assert all(product[photo] == r["product_id"] for r in records for photo in r["photos"])
    assert min(len(r["photos"]) for r in records) >= 1


def test_every_record_is_sound(records, catalogue):
    found = {r["file"]: faults(r, catalogue[r["sku"]]) for r in records}
    assert {f: e[:3] for f, e in found.items() if e} == {}


@pytest.mark.parametrize(
    "break_it",
    [
        lambda r: r["words"].pop(),
        lambda r: r["words"][0]["box"].__setitem__(2, r["width"] + 40),
        lambda r: r["spans"][0].__setitem__("start", r["spans"][0]["start"] + 1),
        lambda r: r["spans"][0].__setitem__("value", "something else"),
        lambda r: r["specs"].__setitem__("ram_gb", 7777),
        lambda r: r["specs"].__setitem__("currency", None if r["specs"]["currency"] else "EUR"),
        lambda r: r.__setitem__("text", r["text"].replace(" ", "  word ", 1)),
        lambda r: r.pop("layout"),
    ],
)
def test_a_broken_record_is_noticed(records, catalogue, break_it):
    record = next(r for r in records if {s["field"] for s in r["spans"]} >= {"brand", "storage_gb", "price"})
    record = json.loads(json.dumps(record))
    break_it(record)
    assert faults(record, catalogue[record["sku"]])


@pytest.mark.parametrize(
    ("said", "value", "right"),
    [
        ("1.199,00 €", 1199, True),
        ("₹1,19,900", 119900, True),
        ("Rs. 12,499/-", 12499, True),
        ("CHF 1'299.–", 1299, True),
        ("499€99", 499.99, True),
        ("R$ 2.349,90", 2349.9, True),
        ("499,- €", 499, True),
        ("1 049,50 EUR", 1049.5, True),
        ("$12.99", 1299, False),
        ("1.199,00 €", 1.199, False),
    ],
)
def test_prices_are_read_back(said, value, right):
    assert agrees("price", said, value) is right


def test_counts_and_variety(records):
    assert len(records) >= 650
    assert len({r["file"] for r in records}) == len(records)
    layouts = Counter(r["layout"] for r in records)
    assert len(layouts) >= 8 and min(layouts.values()) >= 10
    kinds = Counter(r["gadget_type"] for r in records)
    assert set(kinds) == set(CLASSES) and min(kinds.values()) >= 60
    assert len({r["specs"]["currency"] for r in records} - {None}) >= 8
    assert len({r["locale"].split("-")[0] for r in records}) >= 5
    for field in SPECS:
        stated = sum(r["specs"][field] is not None for r in records)
        assert 60 <= stated < len(records), f"{field}: stated in {stated} of {len(records)}"
    modes = Counter(r["camera"] for r in records)
    assert min(modes[m] for m in ("saved", "reposted", "photographed")) >= 100


def test_splits_keep_products_apart(records):
    split_of = studio("build_catalogue").split_of
    splits = defaultdict(set)
    for r in records:
        splits[r["product_id"]].add(r["split"])
        assert r["split"] == split_of(r["product_id"])
    assert all(len(s) == 1 for s in splits.values())
    sizes = Counter(r["split"] for r in records)
    assert set(sizes) == {"train", "valid", "test"} and min(sizes.values()) >= 60


def test_pictures_decode_and_show_their_words(records):
    """Each file is a picture of the stated size, and no word stands on a flat patch."""
    total = 0
    for r in records:
        path = FOLDER / r["file"]
        total += path.stat().st_size
        with Image.open(path) as image:
            assert image.format == "JPEG" and image.size == (r["width"], r["height"]), r["file"]
            assert 600 <= max(image.size) <= 1000, r["file"]
            grey = image.convert("L")
        for w in r["words"]:
            x0, y0, x1, y1 = (int(v) for v in w["box"])
            low, high = ImageStat.Stat(grey.crop((x0, y0, max(x1, x0 + 1) + 1, max(y1, y0 + 1) + 1))).extrema[0]
            assert high - low >= 20, f"{r['file']}: nothing to see at {w}"
    assert total < 34e6
    assert {p.name for p in FOLDER.glob("*.jpg")} == {r["file"] for r in records}


def ink_share(records, shift=0.0):
    """Share of words whose box holds ink with quiet strips above and below it; `shift` moves boxes by so many heights.

    Only plain pictures, and only words with no other word close by: there the truth can be told from pixels alone.
    """
    good = tried = 0
    for r in records:
        if r["camera"] != "saved" or r["layout"] not in ("spec_sheet", "feature_card", "banner"):
            continue
        with Image.open(FOLDER / r["file"]) as image:
            grey = image.convert("L")
        boxes = [w["box"] for w in r["words"]]
        for x0, y0, x1, y1 in boxes:
            high = y1 - y0
            near = [b for b in boxes if b[0] < x1 and b[2] > x0 and b[1] < y1 + high and b[3] > y0 - high]
            if len(near) > 1 or high < 12 or y0 < 2 * high or y1 > r["height"] - 2 * high:
                continue
            y0, y1 = y0 + shift * high, y1 + shift * high
            strips = (y0, y1), (y0 - 0.4 * high, y0 - 2), (y1 + 2, y1 + 0.4 * high)
            inside, above, below = (
                ImageStat.Stat(grey.crop((int(x0), int(t), int(x1) + 1, max(int(t) + 1, int(b))))).stddev[0]
                for t, b in strips
            )
            tried += 1
            good += inside > 8 and max(above, below) < 0.6 * inside
    assert tried >= 100
    return good / tried


def test_boxes_hold_the_ink(records):
    assert ink_share(records) > 0.95


@pytest.mark.parametrize("shift", [-0.5, 0.3, 0.5, 1.0])
def test_boxes_off_by_a_third_of_a_line_would_be_noticed(records, shift):
    assert ink_share(records, shift) < 0.6


def test_prices_are_near_the_launch_price(records, catalogue):
    """The asking price is invented, but around the launch price, in the currency of the shop's country."""
    locales = studio("listing_words").LOCALES
    with (ROOT / "data" / "rates.csv").open(encoding="utf-8", newline="") as f:
        rates = {row["currency"]: float(row["per_usd"]) for row in csv.DictReader(f)}
    assert {p.currency: p.rate for p in locales.values()} == {p.currency: rates[p.currency] for p in locales.values()}
    for r in records:
        if r["specs"]["price"] is None:
            continue
        place = locales[r["locale"]]
        assert r["specs"]["currency"] == place.currency
        share = r["specs"]["price"] / place.rate / float(catalogue[r["sku"]]["launch_price_usd"])
        assert 0.15 < share < 1.3, f"{r['file']}: {share:.2f} of the launch price"


def test_the_same_seed_gives_the_same_pages(catalogue):
    """Pages are composed alike twice, and each record's product is the one its seed drew."""
    pytest.importorskip("PIL")
    listings = studio("listings")
    jobs = listings.plan(list(catalogue.values()), 700, 42)
    again = listings.plan(list(catalogue.values()), 700, 42)
    assert [j["key"] for j in jobs] == [j["key"] for j in again]
    for job in jobs[:25]:
        one, two = (listings.compose(job, [])[0] for _ in range(2))
        assert one == two
        assert one.html != listings.compose(job, [], attempt=1)[0].html


@pytest.mark.slow
def test_pictures_come_out_the_same_again(records, tmp_path):
    """Three pictures rendered from their seeds say the same, in the same places, and look the same."""
    pytest.importorskip("playwright.sync_api")
    chromium = next((p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(p).exists()), None)
    if chromium is None:
        without_browser("and the fonts named in data/README.md")
    pages = studio("listing_pages")
    listed = subprocess.run(["fc-list", ":", "family"], capture_output=True, text=True, check=True).stdout
    known = {
        name.strip() for line in listed.replace("\\", "").splitlines() for name in line.split(",")
    }  # it writes "\\-"
    if missing := sorted({*pages.HEAD_FONTS, *pages.BODY_FONTS, *pages.MONO_FONTS} - known):
        pytest.skip(
            f"fonts named in data/README.md are not installed, among them {missing[0]}: lines would break elsewhere"
        )
    again = studio("listings").make(
        tmp_path / "out", 700, 42, ROOT / "data" / "photos", tmp_path / "cache", 0, lambda _: None, first=3
    )
    shipped = {r["file"]: r for r in records}
    assert len(again) == 3
    for new in again:
        old = shipped[new["file"]]
        assert new["text"] == old["text"] and new["specs"] == old["specs"] and new["layout"] == old["layout"]
        with Image.open(tmp_path / "out" / new["file"]) as a, Image.open(FOLDER / old["file"]) as b:
            assert a.size == b.size
            apart = ImageStat.Stat(ImageChops.difference(a.convert("L"), b.convert("L"))).mean[0]
        assert apart < 4, f"{new['file']} differs by {apart:.1f} grey levels on average"
        for v, w in zip(new["words"], old["words"]):
            assert max(abs(p - q) for p, q in zip(v["box"], w["box"])) < 3


def test_the_data_card_counts_these_files():
    card = studio("card")
    assert card.main(["--check"]) == 0, "the counts in data/README.md are old: python data/studio/card.py"
