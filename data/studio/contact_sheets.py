"""Six contact sheets of data/photos under build/contact_sheets: one per class, and one with every product once.

python data/studio/contact_sheets.py [FOLDER WITH photos.csv] [OUT]
"""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[2]
CELL, COLUMNS = 112, 18


def sheet(folder: Path, rows: list[dict], title: str) -> Image.Image:
    """A grid of thumbnails with view and background under each."""
    page = Image.new("RGB", (COLUMNS * CELL, 20 + math.ceil(len(rows) / COLUMNS) * (CELL + 12)), (90, 90, 90))
    draw = ImageDraw.Draw(page)
    draw.text((4, 4), f"{title}: {len(rows)} photos", fill="white")
    for i, row in enumerate(rows):
        with Image.open(folder / row["file"]) as picture:
            picture = picture.convert("RGB")
        picture.thumbnail((CELL - 4, CELL - 4))
        x, y = i % COLUMNS * CELL, 20 + i // COLUMNS * (CELL + 12)
        page.paste(picture, (x + 2, y + 2))
        draw.text((x + 2, y + CELL - 3), f"{row['view']} {row['background']}"[:18], fill="yellow")
    return page


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "data" / "photos"
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "build" / "contact_sheets"
    out.mkdir(parents=True, exist_ok=True)
    with open(folder / "photos.csv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    for name in sorted({r["gadget_type"] for r in rows}):
        chosen = sorted((r for r in rows if r["gadget_type"] == name), key=lambda r: (r["view"], r["file"]))
        sheet(folder, chosen, name).save(out / f"{name}.png")
    first = {r["product_id"]: r for r in sorted(rows, key=lambda r: r["file"], reverse=True)}
    every = sorted(first.values(), key=lambda r: (r["gadget_type"], r["product_id"]))
    sheet(folder, every, "every product").save(out / "products.png")
    print(f"six sheets of {len(rows)} photos in {out}")


if __name__ == "__main__":
    main()
