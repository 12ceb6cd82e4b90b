"""How well, and how fast, the rules read titles that shops wrote: old tables, hand-labelled titles, shipped texts.

    python bench/bench_specs.py            # the table
    python bench/bench_specs.py --errors   # and what went wrong, by set and field, on the choosing half only

The titles stand beside the project (``../shared``); without them only the shipped texts and the speed are measured.
The truth of a title of an old table comes from its shop's own columns and template, read here by a few lines per shop
that share no code with `gadgetlib.specs`; only what the title itself states is asked for. Every title is in one half,
by a hash of its characters (`half`), and every picture by its source: what was changed was chosen on half 0, what is
reported is half 1, whose errors are never printed.
"""

from __future__ import annotations

import csv
import hashlib
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench import bench_ocr  # noqa: E402
from bench import row as record  # noqa: E402
from gadgetlib import SPEC_FIELDS, specs  # noqa: E402
from gadgetlib.files import build_dir, shared_dir  # noqa: E402
from gadgetlib.measure import interval  # noqa: E402

SHARED = shared_dir() or ROOT.parent / "shared"
SKIP = "?"  # the columns do not settle this field: it is not scored
Pair = tuple[str, dict[str, Any]]  # a title and what it states


def half(title: str) -> int:
    """0: to choose on, 1: to report."""
    return hashlib.sha1(title.encode()).digest()[-1] % 2


def gb(text: str | None) -> float | None:
    m = re.match(r"\s*([\d.]+)\s*(GB|TB|MB)", text or "", re.I)
    return None if not m else float(m[1]) * {"g": 1, "t": 1024, "m": 1 / 1024}[m[2][0].lower()]


def runs(name: str | None) -> Counter:
    """A model's name as a multiset of letter runs and digit runs, as the guidelines compare them."""
    return Counter(re.findall(r"[^\W\d_]+|\d+", (name or "").lower()))


def maker(name: str) -> str:
    name = re.sub(r"\s+Mobiles?$", "", name.strip(), flags=re.I)
    return {"redmi": "Xiaomi", "mi": "Xiaomi", "redmibook": "Xiaomi", "moto": "Motorola", "i kall": "iKall"}.get(
        name.lower(), name
    )


def bare(title: str, brand: str) -> str:
    """The name in a title's head: without its maker, connection words and factory codes."""
    if brand.lower() not in ("redmi", "mi", "moto", "redmibook"):
        title = re.sub(rf"^\s*(?:{re.escape(brand)}\s+)+", "", title, flags=re.I)
    title = re.sub(r"\b(?:4G|3G|LTE|VoLTE|Dual Sim|DS|TA-\d+|Wi-?Fi)\b", " ", title, flags=re.I)
    return re.sub(r"\s+", " ", title).strip()


def flipkart_phones(file: str, encoding: str = "utf-8") -> Iterator[tuple[str, dict]]:
    import pandas as pd

    table = pd.read_csv(file, encoding=encoding)
    title_column, brand_column = ("Name", "Brand") if "Name" in table else (table.columns[0], table.columns[1])
    for title, brand in table[[title_column, brand_column]].drop_duplicates().itertuples(index=False):
        brand = re.sub(r"\s+Mobiles?$", "", str(brand), flags=re.I)
        head = re.split(r"\s*\((?=[^()]*\d+ (?:GB|TB|MB))|\s\(Includes", title)[0]
        size = re.search(r"[(,]\s*(\d+ (?:GB|TB|MB))\)", title)
        ram = re.search(r"\(([\d.]+ (?:GB|MB)) RAM\)", title)
        first = head.split()[0] if head.split() else ""
        if first.lower() != brand.lower() and not head.lower().startswith(brand.lower()):
            continue  # the brand column disagrees with the title
        yield (
            title,
            {
                "brand": maker(brand),
                "model": bare(head, brand) or None,
                "ram_gb": gb(ram and ram[1]),
                "storage_gb": gb(size and size[1]),
                "screen_in": SKIP if '"' in title else None,
            },
        )


def launch_2025() -> Iterator[tuple[str, dict]]:
    import pandas as pd

    table = pd.read_csv(SHARED / "prices/phones_launch_2025_5currencies.csv", encoding="latin-1")
    for brand, name in table[["Company Name", "Model Name"]].drop_duplicates().itertuples(index=False):
        size = re.search(r"\b(\d+\s?(?:GB|TB))\b", name)
        inch = re.search(r"([\d.]+)-inch", name)
        head = re.sub(r"\b\d+\s?(?:GB|TB)\b|[\d.]+-inch|\(.*?\)", " ", name)
        redmi = brand.lower() in ("redmi",)
        title = name if name.lower().startswith(brand.lower()) else f"{brand} {name}"
        yield (
            title,
            {
                "brand": maker(brand),
                "model": bare(head, "" if redmi else brand) or None,
                "storage_gb": gb(size and size[1]),
                "ram_gb": None,
                "screen_in": float(inch[1]) if inch else SKIP if re.search(r"\d\.\d", name) else None,
            },
        )


def smartprix_phones() -> Iterator[tuple[str, dict]]:
    import pandas as pd

    table = pd.read_csv(SHARED / "prices/phones_smartprix_2023_INR.csv")
    for brand, title in table[["brand_name", "model"]].drop_duplicates().itertuples(index=False):
        pair = re.search(r"\((\d+\s?(?:GB|MB)) RAM\s*\+\s*(\d+\s?(?:GB|TB|MB))\)", title)
        lone = re.search(r"\((\d+(?:GB|TB))\)", title)
        head = re.sub(r"\(\d+\s?[GTM]B.*", "", title)
        yield (
            title,
            {
                "brand": maker(brand),
                "model": bare(head, brand),
                "ram_gb": gb(pair and pair[1]),
                "storage_gb": gb(pair[2] if pair else lone and lone[1]),
            },
        )


ORDER_CODES = (
    r"\b(?:8[0-9][A-Z0-9]{2}[A-Z0-9]{6}|2[01][A-Z0-9]{8}|[A-Z0-9]{5}P[AT](?:#\w+)?|N[XH]\.\w+\.\w+|UN\.\w+\.\w+"
    r"|(?:19|20)\d\d|Z1\w{7}|M[A-Z0-9]{4}HN(?:/A)?)(?!\w)"
)


def smartprix_laptops() -> Iterator[tuple[str, dict]]:
    import pandas as pd

    table = pd.read_csv(SHARED / "prices/laptops_smartprix_2024_INR.csv")
    for row in table.drop_duplicates("model").itertuples():
        title = row.model
        head = re.split(r"\s(?:Gaming |Business )?[Ll]aptop(?= ?\()|\s\((?!20)", title.replace("\u200e", ""))[0]
        name = bare(head, row.brand_name)
        without = re.sub(r"\s+", " ", re.sub(ORDER_CODES, " ", name)).strip()
        if "MacBook" in name:
            without = re.sub(r"\s(?:Z1|M)\w{5,}(?:/A)?", "", name)
        inside = title[title.find("(") :]
        drives = [gb(x) for x in re.findall(r"(\d+\s?(?:GB|TB))\s?(?:SSD|HDD|eMMC)", inside)]
        ram = re.match(r"\([^/]*/\s*(\d+)\s?GB\s*/", inside)
        storage = sum(drives) if drives else SKIP
        yield (
            title,
            {
                "brand": row.brand_name,
                "model": without or name,
                "ram_gb": float(ram[1]) if ram else SKIP,
                "storage_gb": storage,
            },
        )


def eu_laptops() -> Iterator[tuple[str, dict]]:
    import pandas as pd

    table = pd.read_csv(SHARED / "prices/laptops_1303_EUR.csv", encoding="latin-1")
    for row in table.drop_duplicates(["Company", "Product", "Inches", "Cpu", "Ram", "Memory"]).itertuples():
        head = row.Product.split("(")[0].strip()
        title = f"{row.Company} {row.Product} {row.Inches} {row.Cpu} {row.Ram} {row.Memory} {row.OpSys}"
        drives = [gb(x) for x in re.findall(r"([\d.]+\s?(?:GB|TB))", row.Memory)]
        name = bare(re.sub(r"\s\d{4} Edition$|\s\d+\"", "", head), row.Company)
        yield (
            title,
            {
                "brand": row.Company,
                "model": name if "(" not in row.Product or head else SKIP,
                "ram_gb": gb(row.Ram),
                "storage_gb": sum(drives),
                "screen_in": SKIP if float(row.Inches).is_integer() else float(row.Inches),
            },
        )


CHIP = (
    r"\s+(?:(?:\d+th Gen )?(?:Intel|AMD|Apple M\d|MediaTek|Qualcomm|Snapdragon|Core|Ryzen|Celeron|Pentium|Athlon|APU"
    r"|M1|M2|M3|M4)\b|- \()"
)
NOISE = (
    r"\b(?:Touchscreen|Touch|Backlit|Backlit Keyboard|AI PC|with|With|Series|Laptop|New|Intel Evo|Eyesafe"
    r"|Copilot\+? PC|Thin and Light|Business|\(?20[12]\d\)?)\b"
)


def flipkart_laptops(year: int) -> Iterator[tuple[str, dict]]:
    import pandas as pd

    table = pd.read_csv(SHARED / f"titles/laptops_flipkart_{year}.csv", encoding="latin-1")
    column = table.columns[0]
    for row in table.drop_duplicates(column).itertuples(index=False):
        title = row[0]
        title = title.encode("latin-1", "ignore").decode("utf-8", "ignore") if "Ã" in title else title
        if " - (" not in title:
            continue
        brand = row[1] if year == 2023 else title.split()[0]
        head, tail = title.split(" - (", 1)
        pre = re.split(CHIP, " " + head + " ")[0].strip()
        inside, _, post = tail.partition(")")
        code = re.split(r"\s(?:Thin|Laptop|Notebook|Gaming|Chromebook|2 in|Creator|Business|\.\.\.)", post + " ")[
            0
        ].strip()
        cut = title.endswith("...") and not re.search(
            r"\s(?:Thin|Laptop|Notebook|Gaming|Chromebook|2 in|Creator|Business)", post
        )
        wordy = re.search(r"[,*]|\bwith\b|\bWith\b", pre) or re.search(r"[|/,(]|\bNew\b", code) or len(code.split()) > 3
        pre = re.sub(NOISE, " ", bare(pre, brand)) if brand != "Apple" and brand != "APPLE" else bare(pre, brand)
        pre = re.sub(r"\(\s*\)", " ", pre).strip()
        pre = "" if pre.lower() == brand.lower() else pre
        parts = re.sub(r"\s*-\s*", "-", code)
        if re.fullmatch(ORDER_CODES, parts) or re.fullmatch(r"M\w{4}HN/A|Z1\w+", parts):
            parts = "" if pre.strip() else parts
        if parts and not (runs(pre) - runs(parts)):
            pre = ""
        if parts and not (runs(parts) - runs(pre)):
            parts = ""
        model = re.sub(r"\s+", " ", f"{pre} {parts}").strip()
        ram = re.match(r"(\d+) (GB|TB)", inside)
        drives = [gb(x) for x in re.findall(r"(\d+ (?:GB|TB)) (?:SSD|HDD|EMMC)", inside)]
        yield (
            title,
            {
                "brand": brand,
                "model": SKIP if cut or wordy or not model else model,
                "ram_gb": float(ram[1]) if ram else None,
                "storage_gb": sum(drives) if drives else SKIP,
            },
        )


def shops() -> dict[str, list[Pair]]:
    """Every shop's titles with what they state. Duplicate titles count once."""
    if not SHARED.is_dir():
        return {}
    return {
        "flipkart phones 2022": list(flipkart_phones(SHARED / "titles/phones_flipkart_2022.csv")),
        "flipkart phones 2023": list(flipkart_phones(SHARED / "prices/phones_flipkart_2023_INR.csv")),
        "launch table phones 2025": list(launch_2025()),
        "smartprix phones 2023": list(smartprix_phones()),
        "smartprix laptops 2024": list(smartprix_laptops()),
        "european laptops 2017": list(eu_laptops()),
        "flipkart laptops 2023": list(flipkart_laptops(2023)),
        "flipkart laptops 2025": list(flipkart_laptops(2025)),
    }


def labelled(kinds: str = "gadgets") -> list[Pair]:
    """Titles of 2025 that people labelled; `alt` holds the other names of a model that are as right."""
    path = SHARED / "titles/labelled_2025.csv"
    out = []
    for r in csv.DictReader(path.open(encoding="utf-8", newline="")) if path.exists() else ():
        alt = [note.strip()[4:] for note in r["note"].split(";") if note.strip().startswith("alt=")]
        if r["ambiguous"] == "0" and (r["gadget_type"] == "other") == (kinds == "other"):
            out.append((r["title"], {**{f: r[f] or None for f in SPEC_FIELDS}, "alt": alt}))
    return out


def shipped(split: str = "test") -> dict[str, list[Pair]]:
    """The texts and listings that come with the course."""
    out = {}
    for name, file in (("shipped texts", "texts.jsonl"), ("shipped listings, true text", "listings/listings.jsonl")):
        lines = (ROOT / "data" / file).read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        out[name] = [(r["text"], {**r["specs"], "group": r["product_id"]}) for r in rows if r["split"] == split]
    return out


def transcribed(part: int) -> list[Pair]:
    """Real product pictures, as a person read them (`../shared/listings`), in the halves of `bench_ocr`: by source."""
    if not (SHARED / "listings").is_dir():
        return []
    rows = bench_ocr.real(SHARED, chosen=not part)
    first = [{field: values[0] for field, values in row["fields"].items()} for row in rows]
    more = [{"alt": row["fields"]["model"][1:], "group": row["group"]} for row in rows]
    return [(row["text"], {**fields, **others}) for row, fields, others in zip(rows, first, more)]


def written(part: int) -> dict[str, list[Pair]]:
    """Texts that were written for this bench, as shops of many countries print them, before the parser had read any.

    They are from memory: a product or a price may not exist, and the truth is what the text states. Those of the last
    of three rounds are halved; all else is to choose on.
    """
    lines = (ROOT / "bench/written_texts.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["set"] == ("choosing", "reporting")[part]]
    return {f"written {of}s": [(row["text"], row) for row in rows if row["of"] == of] for of in ("title", "picture")}


def sets(part: int) -> dict[str, list[Pair]]:
    """Every set of titles: half 0 with the shipped training texts, or half 1 with the shipped test texts."""
    own = shipped("test" if part else "train")
    own = own if part else {name: random.Random(0).sample(pairs, min(1500, len(pairs))) for name, pairs in own.items()}
    real = {**shops(), "labelled 2025, gadgets": labelled(), "labelled 2025, other": labelled("other")}
    real = {name: [p for p in pairs if half(p[0]) == part] for name, pairs in real.items()}
    real["real pictures, transcribed"] = transcribed(part)
    return {name: pairs for name, pairs in real.items() if pairs} | own | written(part)


def score(pairs: list[Pair], read: Callable[[str], Any], errors: list | None = None) -> np.ndarray:
    """Right, invented and missed fields of each title, field by field: counts (titles, fields, 3)."""
    out = np.zeros((len(pairs), len(SPEC_FIELDS), 3))
    for i, (title, truth) in enumerate(pairs):
        got = read(title)
        for k, field in enumerate(SPEC_FIELDS):
            want, have = truth.get(field), getattr(got, field)
            names = [want, *(truth.get("alt", ()) if field == "model" else ())]
            ok = want not in (None, SKIP) and any(specs.same(field, have, name) for name in names)
            out[i, k] = 0 if want == SKIP else (ok, have is not None and not ok, want is not None and not ok)
            if errors is not None and out[i, k, 1:].any():
                errors.append((field, title, want, have))
    return out


def f1(counts: np.ndarray) -> float:
    right, invented, missed = counts.reshape(-1, 3).sum(axis=0)
    return 2 * right / (2 * right + invented + missed) if right + invented + missed else float("nan")


def groups(pairs: list[Pair]) -> list[str]:
    """The product of each title: its variants are not independent."""
    return [str(truth.get("group") or f"{truth.get('brand')} {truth.get('model')}") for _, truth in pairs]


def naive(title: str) -> specs.GadgetSpecs:
    """What a first afternoon gives: the first word is the maker, `nGB` means what stands behind it: the peer."""
    words = title.split()
    ram = re.search(r"(\d+) ?GB (?:DDR\d )?RAM", title, re.I)
    disk = re.search(r"(\d+) ?(GB|TB) ?(?:SSD|HDD|ROM|storage)", title, re.I)
    inch = re.search(r"(\d+(?:\.\d+)?) ?(?:inch|\")", title, re.I)
    money = re.search(r"([$€£₹]) ?([\d,]+(?:\.\d+)?)", title)
    head = re.split(r"[(,|]|\d+ ?GB", title)[0].split()[1:]
    return specs.GadgetSpecs(
        brand=words[0] if words else None,
        model=" ".join(head) or None,
        ram_gb=float(ram[1]) if ram else None,
        storage_gb=float(disk[1]) * (1024 if disk[2].upper() == "TB" else 1) if disk else None,
        screen_in=float(inch[1]) if inch else None,
        price=float(money[2].replace(",", "")) if money and money[2].strip(",") else None,
        currency={"$": "USD", "€": "EUR", "£": "GBP", "₹": "INR"}[money[1]] if money else None,
    )


def seconds(call: Callable[[], Any], times: int = 3) -> float:
    """The processor's seconds, the least of some runs: neighbours on the same core slow even these."""
    taken = []
    for _ in range(times):
        begin = time.process_time()
        call()
        taken.append(time.process_time() - begin)
    return min(taken)


def run(quick: bool = True) -> Iterator[dict]:
    """Rules beside plain patterns on the reporting halves; speed beside price-parser's of the same titles."""
    every, draws = sets(1), 200 if quick else 1000
    if len(every) < 3:
        print("bench_specs: ../shared is not here, so no real titles are scored.", file=sys.stderr)
    old = [name for name in every if name[-4:].isdecimal()]
    every |= {"all old tables": [p for name in old for p in every[name]]} if old else {}
    for name, pairs in every.items():
        counts, peer, by = score(pairs, specs.extract), score(pairs, naive), groups(pairs)
        figure, plain = interval(counts, by, f1, draws), interval(peer, by, f1, draws)
        yield record("specs", "rules", name, "micro-F1", figure, peer=f"plain patterns {plain}")
        for k, field in enumerate(SPEC_FIELDS):
            if counts[:, k, [0, 2]].any():
                figure, plain = interval(counts[:, k], by, f1, draws), f1(peer[:, k])
                yield record("specs", "rules", name, f"F1 {field}", figure, peer=f"plain patterns {plain:.3f}")
    yield from speed([title for pairs in every.values() for title, _ in pairs])
    yield from trained(build_dir() / "tagger", 60 if quick else 400)


def speed(titles: list[str]) -> Iterator[dict]:
    """Titles per second of processor time, as a multiple of what price-parser takes for their prices alone."""
    from price_parser import Price

    titles = random.Random(0).sample(titles, min(1000, len(titles)))
    specs.extract(titles[0])
    rules = seconds(lambda: [specs.extract(title) for title in titles])
    faster = rules / seconds(lambda: [Price.fromstring(title) for title in titles])
    beside = {"unit": "1/s", "peer": f"price-parser, prices alone: {faster:.1f} times as quick"}
    yield record("specs", "rules", "all titles", "per CPU second", round(len(titles) / rules), **beside)
    texts = ("1 " * 2000, "8GB+" * 1000, "a-" * 2000, "$1," * 1333, "Galaxy " * 571)
    hostile = max(seconds(lambda text=text: specs.extract(text)) for text in texts)
    yield record("specs", "rules", "4,000 hostile characters", "slowest", round(hostile * 1000), unit="ms")


def trained(folder: Path, count: int) -> Iterator[dict]:
    """The saved taggers of lesson 05, where there are any, on the same titles."""
    if not (folder / "tagger.json").exists():
        print("bench_specs: lesson 05 has not run here, so the trained taggers are not scored.", file=sys.stderr)
        return
    from gadgetlib import tagger

    reader = tagger.Tagger.load(folder)
    for name, pairs in sets(1).items():
        pairs = random.Random(0).sample(pairs, min(count, len(pairs)))
        rows = reader.answers([title for title, _ in pairs])
        merged = [{**row, "merged": tagger.merge(row, reader.counts)} for row in rows]
        for way in (*tagger.SOURCES, "merged"):
            reads = {title: row[way] for (title, _), row in zip(pairs, merged)}
            counts = score(pairs, reads.__getitem__)
            yield record("specs", way, f"{name}, sample", "micro-F1", interval(counts, groups(pairs), f1, 200))


def errors(limit: int) -> None:
    """What went wrong on the choosing half, by set and field."""
    for name, pairs in sets(0).items():
        wrong: list = []
        counts = score(pairs, specs.extract, wrong)
        print(f"== {name} ({len(pairs)} titles) F1 {f1(counts):.4f} {dict(Counter(e[0] for e in wrong))}")
        for field, title, want, have in random.Random(1).sample(wrong, min(limit, len(wrong))):
            print(f"   {field:10} want {want!r} got {have!r} | {title[:150]!r}")


if __name__ == "__main__":
    if "--errors" in sys.argv:
        errors(int(sys.argv[-1]) if sys.argv[-1].isdecimal() else 12)
    else:
        for r in run("--full" not in sys.argv):
            figure = f"{r['value']:<8.4g} {r.get('low', 0):.3f} {r.get('high', 0):.3f} n={r.get('n')}"
            print(f"{r['case']:8} {r['data']:32} {r['metric']:16} {figure} {r['peer']}")
