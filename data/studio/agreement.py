"""How far the catalogue agrees with independent tables of real products.

    python data/studio/agreement.py                     # prints the figures, writes build/agreement/*.csv
    python data/studio/agreement.py --shared DIR        # the tables in another folder than ../shared

The catalogue was written from general knowledge; the tables under `shared/` were not. Rows are matched by
brand and model (the same letters and digits in any order, or nearly the same by rapidfuzz with every digit and
every word such as Pro, Plus, Lite equal), then compared field by field. Prices are advertised prices, tax as
usual in that country, converted with ONE table of yearly mean rates below. A launch table is compared with the
launch price directly. A street table says what a shop asked on its date: for a product at most one year old then
it should lie within a factor of 1.5 of the launch price; an older one may have fallen, so only a street price
1.5 times ABOVE launch counts against the catalogue. Nothing of the tables is copied into the project.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz import fuzz, process

ROOT = Path(__file__).resolve().parents[2]
# Units of each currency for one US dollar, yearly means rounded (EUR is euros for a dollar).
RATES = {
    "INR": {
        2014: 61.0,
        2015: 64.2,
        2016: 67.2,
        2017: 65.1,
        2018: 68.4,
        2019: 70.4,
        2020: 74.1,
        2021: 73.9,
        2022: 78.6,
        2023: 82.6,
        2024: 83.7,
        2025: 86.5,
    },
    "EUR": {
        2014: 0.75,
        2015: 0.90,
        2016: 0.90,
        2017: 0.89,
        2018: 0.85,
        2019: 0.89,
        2020: 0.88,
        2021: 0.85,
        2022: 0.95,
        2023: 0.92,
        2024: 0.92,
        2025: 0.89,
    },
}
FACTOR = 1.5
FAMILY = {
    "redmi": "xiaomi",
    "mi": "xiaomi",
    "poco": "xiaomi",
    "iqoo": "vivo",
    "cmf": "nothing",
    "moto": "motorola",
    "alienware": "dell",
    "hewlett": "hp",
    "microsoft": "microsoft",
}
SILENT = {
    "apple",
    "samsung",
    "galaxy",
    "xiaomi",
    "motorola",
    "moto",
    "oneplus",
    "google",
    "realme",
    "oppo",
    "vivo",
    "iqoo",
    "nokia",
    "huawei",
    "honor",
    "sony",
    "asus",
    "nothing",
    "tecno",
    "infinix",
    "lg",
    "htc",
    "blackberry",
    "lenovo",
    "hp",
    "dell",
    "acer",
    "msi",
    "microsoft",
    "laptop",
    "gaming",
    "notebook",
    "thin",
    "and",
    "light",
    "the",
    "edition",
    "inch",
    "wifi",
    "dual",
    "sim",
    "mobile",
    "generation",
    "th",
    "nd",
    "rd",
    "st",
    "gen",
    "retina",
    "smartphone",
    "cellular",
}
TOLERANCE = {"screen_in": 0.011, "battery_mah": 0.03, "weight_g": 0.03, "refresh_hz": 0.0}


@dataclass
class Record:
    """One row of a shared table in the catalogue's units."""

    source: str
    brand: str
    name: str
    price: float | None = None
    price_kind: str = "street"
    year: int = 2023  # of the table, or of the launch
    specs: dict = field(default_factory=dict)


def number(text) -> float | None:
    """First number of a text, thousands separators removed; None without one."""
    match = re.search(r"\d+(?:\.\d+)?", str(text or "").replace(",", ""))
    return float(match[0]) if match else None


def gigabytes(text) -> float | None:
    """`128 GB`, `1TB`, `32 MB` -> GB."""
    match = re.search(r"([\d.]+)\s*(TB|GB|MB)", str(text or ""), re.I)
    if not match:
        return None
    return float(match[1]) * {"TB": 1024, "GB": 1, "MB": 1 / 1024}[match[2].upper()]


def pixels(text) -> str:
    """`2340 x 1080$$Pixels` -> `1080x2340` (short side first); empty without two numbers."""
    match = re.search(r"(\d{3,4})\s*[xX×]\s*(\d{3,4})", str(text or ""))
    return "x".join(sorted((match[1], match[2]), key=int)) if match else ""


def tokens(text: str) -> list[str]:
    """Letter runs and digit runs, without the brand, radio standards and words that do not tell models apart."""
    text = text.lower().replace("+", " plus ")
    text = re.sub(r"\b(?:[345]g|lte|wi-?fi|volte)\b", " ", text)
    return [t for t in re.findall(r"[a-z]+|\d+", text) if t not in SILENT]


def words(text: str) -> list[str]:
    """Whole words of a laptop's name (`x515ea` stays one), the silent ones left out."""
    return [t for t in re.findall(r"[a-z0-9]+", text.lower()) if t not in SILENT]


def read(path: Path) -> list[dict]:
    """A table as dicts, whichever of UTF-8 and latin-1 it is written in."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def load(shared: Path) -> list[Record]:
    """Every row of the shared tables that names a model."""
    found = []
    prices, titles = shared / "prices", shared / "titles"
    for row in read(prices / "phones_launch_2025_5currencies.csv"):
        name = row["Model Name"]
        size = gigabytes(name)
        found.append(
            Record(
                "phones_launch_2025",
                row["Company Name"],
                re.sub(r"\d+\s*(GB|TB)", "", name),
                number(row["Launched Price (USA)"]),
                "launch",
                int(row["Launched Year"]),
                {
                    "ram_gb": number(row["RAM"]),
                    "storage_gb": size,
                    "screen_in": number(row["Screen Size"]),
                    "battery_mah": number(row["Battery Capacity"]),
                    "weight_g": number(row["Mobile Weight"]),
                    "year": int(row["Launched Year"]),
                },
            )
        )
    for row in read(prices / "phones_smartprix_2023_INR.csv"):
        found.append(
            Record(
                "phones_smartprix_2023",
                row["brand_name"],
                re.sub(r"\([^)]*(GB|TB)[^)]*\)", "", row["model"]),
                number(row["price"]) / RATES["INR"][2023],
                "street",
                2023,
                {
                    "ram_gb": number(row["ram_capacity"]),
                    "storage_gb": number(row["internal_memory"]),
                    "screen_in": number(row["screen_size"]),
                    "battery_mah": number(row["battery_capacity"]),
                    "refresh_hz": number(row["refresh_rate"]),
                    "resolution": pixels(f"{row['resolution_width']}x{row['resolution_height']}"),
                },
            )
        )
    for row in read(prices / "phones_flipkart_2023_INR.csv"):
        name = re.sub(r"\((?![\d]a?\))[^)]*\)", " ", row["Name"])
        inch = re.search(r"([\d.]+) inch", row["Display Size"] or "")
        found.append(
            Record(
                "phones_flipkart_2023",
                row["Brand"].split()[0] if row["Brand"].strip() else row["Name"].split()[0],
                name,
                (number(row["Price"]) or 0) / RATES["INR"][2023] or None,
                "street",
                2023,
                {
                    "ram_gb": gigabytes(row["RAM"]),
                    "storage_gb": gigabytes(row["Internal Storage"]),
                    "screen_in": float(inch[1]) if inch else None,
                    "battery_mah": number(row["Battery Capacity"]),
                    "weight_g": number(row["Weight"]),
                    "resolution": pixels(row["Resolution"]),
                },
            )
        )
    for row in read(titles / "phones_flipkart_2022.csv"):
        told = row["Product_features"]
        inch = re.search(r"([\d.]+) inch", told)
        ram, rom = re.search(r"([\d.]+ [GM]B) RAM", told), re.search(r"([\d.]+ [GMT]B) ROM", told)
        mah = re.search(r"(\d{3,5}) mAh", told)
        found.append(
            Record(
                "phones_flipkart_2022",
                row["Brand"],
                re.sub(r"\((?![\d]a?\))[^)]*\)", " ", row["Name"]),
                (number(row["MSP"]) or 0) / RATES["INR"][2022] or None,
                "street",
                2022,
                {
                    "ram_gb": gigabytes(ram[1]) if ram else None,
                    "storage_gb": gigabytes(rom[1]) if rom else None,
                    "screen_in": float(inch[1]) if inch else None,
                    "battery_mah": float(mah[1]) if mah else None,
                },
            )
        )
    for row in read(prices / "laptops_1303_EUR.csv"):
        store = sum(filter(None, (gigabytes(part) for part in row["Memory"].replace(".0", "").split("+"))))
        found.append(
            Record(
                "laptops_1303",
                row["Company"],
                row["Product"].split("(")[0],
                float(row["Price_euros"]) / RATES["EUR"][2018],
                "street",
                2018,
                {
                    "ram_gb": gigabytes(row["Ram"]),
                    "storage_gb": store,
                    "screen_in": float(row["Inches"]),
                    "resolution": pixels(row["ScreenResolution"]),
                    "weight_g": 1000 * float(row["Weight"][:-2]),
                },
            )
        )
    for row in read(prices / "laptops_smartprix_2024_INR.csv"):
        store = float(row["memory_size"]) if row["memory_size"] else None
        store = {1000: 1024.0, 2000: 2048.0, 4000: 4096.0}.get(store, store)
        found.append(
            Record(
                "laptops_smartprix_2024",
                row["brand_name"],
                row["model"].split("(")[0],
                float(row["price"]) / RATES["INR"][2024],
                "street",
                2024,
                {
                    "ram_gb": number(row["ram_num"]),
                    "storage_gb": store,
                    "screen_in": number(row["display_size"]),
                    "resolution": pixels(
                        f"{number(row['resolutioin_width']) or 0:.0f}x{number(row['resolutioin_height']) or 0:.0f}"
                    ),
                },
            )
        )
    for file, year, names, price in (
        ("laptops_flipkart_2023.csv", 2023, "Name", "Sellig Price"),
        ("laptops_flipkart_2025.csv", 2025, "Product Name", "Price"),
    ):
        for row in read(titles / file):
            text = row[names]
            inside = re.search(r"- \((.*?)\)", text)
            ram = gigabytes(inside[1]) if inside else None
            parts = [gigabytes(p) for p in inside[1].split("/")[1:] if re.search("SSD|HDD|EMMC", p)] if inside else []
            inch = re.search(r"\(([\d.]+) inch", row.get("Details") or row.get("Specifications") or "", re.I)
            found.append(
                Record(
                    file[:-4],
                    text.split()[0],
                    re.sub(r"- \(.*?\)", " ", text),
                    (number(row[price]) or 0) / RATES["INR"][year] or None,
                    "street",
                    year,
                    {
                        "ram_gb": ram,
                        "storage_gb": sum(filter(None, parts)) or None,
                        "screen_in": float(inch[1]) if inch else None,
                    },
                )
            )
    return found


def family(brand: str) -> str:
    brand = brand.lower().split()[0] if brand.strip() else ""
    return FAMILY.get(brand, brand)


class Catalogue:
    """The products by brand family and by their tokens."""

    def __init__(self, path: Path):
        self.products: dict[str, dict] = {}
        for row in read(path):
            product = self.products.setdefault(row["product_id"], row | {"variants": []})
            product["variants"].append((row["ram_gb"], row["storage_gb"], row["launch_price_usd"]))
        self.small, self.laptops = defaultdict(dict), defaultdict(list)
        for product in self.products.values():
            name = f"{product['brand']} {product['model']}"
            key = tokens(name)
            if product["gadget_type"] == "laptop":
                self.laptops[family(product["brand"])].append((Counter(words(name)), product))
            elif product["gadget_type"] in ("mobile_phone", "tablet"):
                self.small[family(product["brand"])][" ".join(sorted(key))] = product

    def match(self, record: Record) -> tuple[dict | None, str]:
        """The catalogue's product of a table row and how it was found; (None, "") when there is none."""
        brand = family(record.brand)
        if record.source.startswith("laptops"):
            return self._laptop(brand, record)
        told = tokens(record.name if brand != "xiaomi" else f"{record.brand} {record.name}")
        if brand == "xiaomi":  # the sub-brand stands twice in some tables: "POCO POCO F5"
            told = [t for i, t in enumerate(told) if t not in told[:i] or t.isdigit()]
        years = [t for t in told if re.fullmatch(r"20[12]\d", t)]
        keys = self.small[brand]
        for shape in (told, [t for t in told if t not in years]):
            if (key := " ".join(sorted(shape))) in keys:
                return keys[key], "exact"
        for key in process.extract(" ".join(sorted(told)), list(keys), scorer=fuzz.ratio, score_cutoff=88, limit=3):
            odd = Counter(told) - Counter(key[0].split()), Counter(key[0].split()) - Counter(told)
            loose = [*odd[0], *odd[1]]
            if all(len(t) > 3 and t.isalpha() for t in loose) and (
                not loose or fuzz.ratio("".join(odd[0]), "".join(odd[1])) > 60
            ):
                return keys[key[0]], "fuzzy"
        return None, ""

    def _laptop(self, brand: str, record: Record) -> tuple[dict | None, str]:
        """A laptop matches when every word of its model stands in the title, one of them tells models apart
        (a number of three or more digits, or an Apple chip), and the screens do not contradict each other; the
        screen size in a name ("XPS 15 9570") may be missing from the title."""
        told = Counter(words(record.name))
        screen, best = record.specs.get("screen_in"), None
        for key, product in self.laptops[brand]:
            size = float(product["screen_in"] or 0)
            if screen and size and abs(screen - size) > 0.35:
                continue
            wanted = Counter(
                {
                    t: n
                    for t, n in key.items()
                    if not re.fullmatch(r"20[12]\d", t) and t != f"{size:.0f}" and t != f"{int(size)}"
                }
            )
            if not any(re.search(r"\d{3}|^m[1-5]$", t) for t in wanted) or wanted - told:
                continue
            if best is None or sum(wanted.values()) > best[0]:
                best = (sum(wanted.values()), product)
        return (best[1], "contained") if best else (None, "")


def compare(record: Record, product: dict) -> list[dict]:
    """One dict a compared field: field, catalogue, table, agrees."""
    rows = []

    def say(name, mine, theirs, agrees, note=""):
        rows.append(
            {
                "source": record.source,
                "product_id": product["product_id"],
                "title": record.name.strip(),
                "field": name,
                "catalogue": mine,
                "table": theirs,
                "agrees": int(agrees),
                "note": note,
            }
        )

    specs = record.specs
    variants = product["variants"]
    ram, storage = specs.get("ram_gb"), specs.get("storage_gb")
    if ram and any(v[0] for v in variants):
        rams = sorted({float(v[0]) for v in variants if v[0]})
        listed = (ram in rams) or product[
            "gadget_type"
        ] == "laptop"  # a laptop is sold in too many shapes to contradict
        if product["gadget_type"] != "laptop":
            say("ram_gb", "/".join(f"{r:g}" for r in rams), f"{ram:g}", listed)
    for name in ("screen_in", "battery_mah", "weight_g", "refresh_hz"):
        if specs.get(name) and product[name]:
            mine = float(product[name])
            room = TOLERANCE[name] * mine + (0.05 if name == "screen_in" else 0.51)
            say(name, product[name], f"{specs[name]:g}", abs(mine - specs[name]) <= room)
    if specs.get("resolution") and product["resolution"]:
        mine = pixels(product["resolution"])
        say("resolution", mine, specs["resolution"], mine == specs["resolution"])
    if specs.get("year") and product["year"]:
        say("year", product["year"], specs["year"], abs(int(product["year"]) - specs["year"]) <= 1)
    same = [
        v
        for v in variants
        if (not storage or not v[1] or float(v[1]) == storage) and (not ram or not v[0] or float(v[0]) == ram)
    ]
    if record.price and not same:
        say("variant", "", f"{ram or 0:g}/{storage or 0:g}", True, "not listed in the catalogue")
    if record.price and same:
        launch = [float(v[2]) for v in same if v[2]]
        if launch:
            low, high = min(launch), max(launch)
            age = record.year - int(product["year"])
            above, below = record.price > FACTOR * high, record.price < low / FACTOR
            if record.price_kind == "launch":
                say("launch price", f"{low:g}", f"{record.price:.0f}", not (above or below))
            elif age <= 1:
                say("street price, at most a year old", f"{low:g}", f"{record.price:.0f}", not (above or below))
            else:
                say("street price, older (not above)", f"{low:g}", f"{record.price:.0f}", not above)
    return rows


def gazetteer(shared: Path, catalogue: Catalogue) -> list[dict]:
    """Which Android phones and tablets and which Apple devices of the catalogue the device lists know."""
    android = json.loads((shared / "gazetteers" / "android_devices.json").read_text(encoding="utf-8"))
    apple = json.loads((shared / "gazetteers" / "ios_devices.json").read_text(encoding="utf-8"))
    known = defaultdict(set)
    for device in android:
        for name in (device["name"], device["model"]):
            known[family(device["brand"])].add(" ".join(sorted(tokens(name))))
    for device in apple:
        known["apple"].add(" ".join(sorted(tokens(device["name"]))))
    rows = []
    for product in catalogue.products.values():
        if product["os"] not in ("Android", "iOS", "iPadOS") or product["gadget_type"] not in (
            "mobile_phone",
            "tablet",
        ):
            continue
        brand = family(product["brand"])
        names = {
            " ".join(sorted(tokens(product["model"]))),
            " ".join(sorted(tokens(f"{product['brand']} {product['model']}"))),
        }
        names |= {" ".join(t for t in name.split() if not re.fullmatch("20[12][0-9]", t)) for name in names}
        hit = bool(names & known[brand])
        if not hit:
            best = process.extractOne(min(names, key=len), list(known[brand]), scorer=fuzz.token_sort_ratio)
            hit = bool(best and best[1] >= 90)
        rows.append({"product_id": product["product_id"], "brand": product["brand"], "known": int(hit)})
    return rows


def write(path: Path, rows: list[dict]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]) if rows else ["empty"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare the catalogue with independent tables.")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--catalogue", type=Path, default=ROOT / "data" / "catalogue.csv")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "agreement")
    options = parser.parse_args()
    if not (options.shared / "prices").is_dir():
        print(
            f"The tables to compare with are not at {options.shared}; give their folder with --shared.", file=sys.stderr
        )
        return 0
    catalogue = Catalogue(options.catalogue)
    compared, how, rows_of = [], Counter(), Counter()
    products = defaultdict(set)
    for record in load(options.shared):
        rows_of[record.source] += 1
        product, method = catalogue.match(record)
        if product:
            how[record.source, method] += 1
            products[record.source].add(product["product_id"])
            compared += compare(record, product)
    print(f"{'table':24} {'rows':>5} {'matched':>8} {'products':>9}")
    for source, rows in rows_of.items():
        matched = sum(n for (s, _), n in how.items() if s == source)
        print(f"{source:24} {rows:5} {matched:8} {len(products[source]):9}")
    print(f"{len(set().union(*products.values()))} different products of the catalogue are in at least one table\n")
    print(f"{'field':34} {'compared':>8} {'agree':>7}   products compared / never agreeing")
    fields = dict.fromkeys(row["field"] for row in compared)
    for name in (name for name in fields if name != "variant"):
        mine = [row for row in compared if row["field"] == name]
        agree = sum(row["agrees"] for row in mine)
        by_product = defaultdict(list)
        for row in mine:
            by_product[row["product_id"]].append(row["agrees"])
        never = sum(not any(v) for v in by_product.values())
        print(f"{name:34} {len(mine):8} {agree / len(mine):7.1%}   {len(by_product)} / {never}")
    absent = sum(row["field"] == "variant" for row in compared)
    print(
        f"{absent} matched rows are of a RAM and storage that the catalogue does not list; their price is not compared"
    )
    known = gazetteer(options.shared, catalogue)
    print(f"\ndevice lists know {sum(r['known'] for r in known)} of {len(known)} Android and Apple phones and tablets")
    options.out.mkdir(parents=True, exist_ok=True)
    wrong = [row for row in compared if not row["agrees"]]
    write(options.out / "disagreements.csv", sorted(wrong, key=lambda r: (r["field"], r["product_id"], r["source"])))
    write(options.out / "unknown_to_gazetteers.csv", [row for row in known if not row["known"]])
    print(f"{len(wrong)} disagreements are listed in {options.out / 'disagreements.csv'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
