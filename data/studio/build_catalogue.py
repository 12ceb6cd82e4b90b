"""Build `data/catalogue.csv` (one row per variant) from the compact sources in `products/`.

    python data/studio/build_catalogue.py          # writes data/catalogue.csv beside this folder

A source file holds one product a line. Its `variants` column lists what was sold as
`ram/storage:price` items, for example `8/128:799 8/256:859`; each part may be left out when it is not
known or does not apply (`/64:399`, `/:249`, `4/64:`). RAM and storage are in GB (1 TB = 1024), the price
is the launch price in US dollars. A column that a source leaves out is empty in the catalogue: not known,
or it does not apply to the class.

`later.csv` holds products of every class that came after the photos, listings and texts were made. They are in
the catalogue only: the scripts that draw products for photos, listings and texts pass over them (`later`), so
that what is shipped can be made again byte for byte.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import unicodedata
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLASSES = ("mobile_phone", "laptop", "tablet", "smartwatch", "headphones")
COLUMNS = (
    "sku",
    "product_id",
    "gadget_type",
    "brand",
    "model",
    "year",
    "form",
    "ram_gb",
    "storage_gb",
    "screen_in",
    "resolution",
    "refresh_hz",
    "os",
    "chip",
    "chip_tier",
    "gpu",
    "gpu_tier",
    "battery_mah",
    "battery_wh",
    "weight_g",
    "camera_mp",
    "cellular",
    "noise_cancelling",
    "wireless",
    "water_resistance",
    "colours",
    "launch_price_usd",
)
DEFAULTS = {"mobile_phone": {"cellular": "1"}}  # true of every product of the class
LATER = "later.csv"
VARIANT = re.compile(r"^(?P<ram>[\d.]*)/(?P<storage>[\d.]*):(?P<price>[\d.]*)$")


def slug(text: str) -> str:
    """Lower-case ASCII letters and digits joined by hyphens; a plus sign becomes `plus`."""
    text = text.replace("+", " plus ").replace("½", " half ")
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")


def split_of(product_id: str) -> str:
    """`train`, `valid` or `test`, the same for every picture and text of a product (70 : 15 : 15)."""
    bucket = int(hashlib.sha1(product_id.encode()).hexdigest(), 16) % 100
    return "train" if bucket < 70 else "valid" if bucket < 85 else "test"


def variants(text: str, where: str) -> list[tuple[str, str, str]]:
    """`8/128:799 8/256:` -> [("8", "128", "799"), ("8", "256", "")]; ValueError names a malformed item."""
    found = []
    for item in text.split():
        match = VARIANT.match(item)
        if not match:
            raise ValueError(f"{where}: variant {item!r} is not written ram/storage:price")
        found.append((match["ram"], match["storage"], match["price"]))
    return found or [("", "", "")]


def read(path: Path, kind: str = "") -> list[tuple[str, dict[str, str]]]:
    """The lines of a source as (where it stands, its cells), of one class where `kind` is given."""
    with path.open(encoding="utf-8", newline="") as stream:
        lines = [(f"{path.name}:{number}", line) for number, line in enumerate(csv.DictReader(stream), 2)]
    for where, line in lines:
        if None in line or None in line.values():
            raise ValueError(f"{where}: the number of cells differs from the heading ({line.get('model')})")
        if unknown := set(line) - set(COLUMNS) - {"variants"}:
            raise ValueError(f"{path.name}: unknown columns {sorted(unknown)}")
        if kind and line["gadget_type"] not in CLASSES:
            raise ValueError(f"{where}: {line['gadget_type']!r} is no class")
    return [(where, line) for where, line in lines if not kind or line["gadget_type"] == kind]


def id_of(line: dict[str, str]) -> str:
    """The product id that a line states, or else the one made of its brand and model."""
    return line.get("product_id", "").strip() or slug(f"{line['brand']} {line['model']}")


def later(folder: Path = HERE / "products") -> set[str]:
    """Ids of the products that no photo, listing or text was made of."""
    return {id_of(line) for _, line in read(folder / LATER)}


def products(folder: Path = HERE / "products") -> list[dict[str, str]]:
    """Every product of every source file as a dict of catalogue columns plus `variants` (a list of tuples)."""
    rows: list[dict] = []
    seen: dict[str, str] = {}
    for kind in CLASSES:
        for where, line in [*read(folder / f"{kind}.csv"), *read(folder / LATER, kind)]:
            row = dict.fromkeys(COLUMNS, "") | DEFAULTS.get(kind, {})
            row |= {k: v.strip() for k, v in line.items() if v.strip() and k != "variants"}
            row |= {"gadget_type": kind, "product_id": id_of(line)}
            if row["product_id"] in seen:
                raise ValueError(f"{where}: product {row['product_id']} stands in {seen[row['product_id']]} too")
            seen[row["product_id"]] = where
            row["variants"] = variants(line["variants"], where)
            rows.append(row)
    return rows


def build(folder: Path = HERE / "products") -> list[dict[str, str]]:
    """The catalogue: one dict a variant, in the order of the sources."""
    rows, seen = [], set()
    for product in products(folder):
        for ram, storage, price in product["variants"]:
            sku = slug(f"{product['product_id']} {ram.replace('.', 'p') or 'x'} {storage.replace('.', 'p') or 'x'}")
            if sku in seen:
                raise ValueError(f"variant {sku} is listed twice")
            seen.add(sku)
            filled = product | {"sku": sku, "ram_gb": ram, "storage_gb": storage, "launch_price_usd": price}
            rows.append({column: filled[column] for column in COLUMNS})
    return rows


def write(rows: list[dict[str, str]], path: Path) -> None:
    """Write the catalogue beside its place, then rename it in."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    beside = path.with_name(path.name + ".part")
    beside.write_text(stream.getvalue(), encoding="utf-8")
    os.replace(beside, path)


def main() -> int:
    rows = build()
    write(rows, HERE.parent / "catalogue.csv")
    for kind in CLASSES:
        mine = [row for row in rows if row["gadget_type"] == kind]
        print(f"{kind:13} {len({row['product_id'] for row in mine}):4} products {len(mine):5} variants")
    print(f"{'all':13} {len({row['product_id'] for row in rows}):4} products {len(rows):5} variants")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
