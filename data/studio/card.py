"""Count what lies in data/ and write the counts into the data card, between its two marks.

python data/studio/card.py            # rewrites the section of data/README.md
python data/studio/card.py --check    # exit 1 when the card's counts are not those of the files
"""

import argparse
import csv
import json
import os
import sys
from collections import Counter
from pathlib import Path

DATA = Path(__file__).resolve().parents[1]
CARD = DATA / "README.md"
BEGIN, END = "<!-- counts: begin -->", "<!-- counts: end -->"
CLASSES = ("mobile_phone", "laptop", "tablet", "smartwatch", "headphones")


def rows_of(path: Path) -> list[dict]:
    """The rows of a CSV or JSON Lines file; empty when it is absent."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f)) if path.suffix == ".csv" else [json.loads(line) for line in f]


def megabytes(path: Path) -> float:
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files) / 1e6


def tally(rows: list[dict], key: str, most: int = 20) -> str:
    """Values of a column with their counts, most frequent first: "train 480, test 110"."""
    counts = sorted(Counter(str(r[key]) for r in rows).items(), key=lambda kn: (-kn[1], kn[0]))
    rest = [f"and {len(counts) - most} more"] if len(counts) > most else []
    return ", ".join([f"{k} {n:,}" for k, n in counts[:most]] + rest)


def section(data: Path = DATA) -> str:
    """The counts as Markdown, from the files alone."""
    catalogue, photos = rows_of(data / "catalogue.csv"), rows_of(data / "photos" / "photos.csv")
    listings, texts = rows_of(data / "listings" / "listings.jsonl"), rows_of(data / "texts.jsonl")
    mess, others = rows_of(data / "shop" / "mess.csv"), rows_of(data / "others" / "others.csv")
    products = {r["product_id"]: r["gadget_type"] for r in catalogue}
    lines = ["| class | products | variants | photos | listings | texts |", "|---|---|---|---|---|---|"]
    for kind in (*CLASSES, "other"):
        counts = [sum(k == kind for k in products.values())]
        counts += [sum(r["gadget_type"] == kind for r in rows) for rows in (catalogue, photos, listings, texts)]
        if any(counts):
            lines.append(f"| {kind} | " + " | ".join(f"{n:,}" for n in counts) + " |")
    lines.append(
        "| **all** | " + " | ".join(f"{len(x):,}" for x in (products, catalogue, photos, listings, texts)) + " |"
    )
    lines.append("")
    if listings:
        stated = {f: sum(r["specs"][f] is not None for r in listings) for f in listings[0]["specs"]}
        lines += [
            f"- Listings by split: {tally(listings, 'split')}.",
            f"- By layout: {tally(listings, 'layout')}.",
            f"- By camera: {tally(listings, 'camera')}.",
            f"- By locale: {tally(listings, 'locale')}.",
            "- Fields stated: " + ", ".join(f"{f} {n}" for f, n in stated.items()) + ".",
            f"- Words with a box: {sum(len(r['words']) for r in listings):,}.",
        ]
    if texts:
        lines += [
            f"- Texts by split: {tally(texts, 'split')}; shops: {len({r['shop'] for r in texts})}.",
            "- Spans in texts: "
            + ", ".join(f"{k} {n:,}" for k, n in sorted(Counter(s[2] for r in texts for s in r["spans"]).items()))
            + ".",
        ]
    if photos:
        lines.append(f"- Photos by view: {tally(photos, 'view')}.")
    if others:
        lines.append(f"- Photos of other objects: {len(others)}, of {len({r['kind'] for r in others})} kinds.")
    if mess:
        lines.append(f"- Planted faults in the offline shop: {len(mess)}, of {len({r['fault'] for r in mess})} kinds.")
    sizes = [(p.name, megabytes(p)) for p in sorted(data.iterdir()) if p.name not in ("README.md", "studio")]
    lines.append(
        "- Size in MB: "
        + ", ".join(f"{name} {size:.1f}" for name, size in sizes)
        + f"; together {sum(s for _, s in sizes):.0f}."
    )
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args(argv)
    text = CARD.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    old, tail = rest.split(END)
    new = f"\n{section()}\n"
    if args.check:
        if old != new:
            print("data/README.md counts other files than these; run: python data/studio/card.py", file=sys.stderr)
        return int(old != new)
    part = CARD.with_name("README.md.part")
    part.write_text(head + BEGIN + new + END + tail, encoding="utf-8")
    os.replace(part, CARD)
    return 0


if __name__ == "__main__":
    sys.exit(main())
