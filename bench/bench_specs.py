"""How well, and how fast, the rules read titles that nobody here wrote: six shops, scored by shop.

    python bench/bench_specs.py            # the table
    python bench/bench_specs.py --errors   # and what went wrong, by shop and field

The titles stand beside the project (``../shared``); without them only the shipped texts and the speed are measured.
The truth of a title comes from its shop's own columns and its own template (Flipkart writes `MAKER NAME (COLOUR,
128 GB)  (8 GB RAM)`), read here by a few lines a shop that share no code with `gadgetlib.specs`; only what the title
itself states is asked for. The rules learn from no row, so every shop is an unseen shop to them.
"""

from __future__ import annotations

import csv
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
FIELDS = ("brand", "model", "ram_gb", "storage_gb", "screen_in", "price", "currency")
SKIP = "?"  # the columns do not settle this field: it is not scored


def gb(text: str | None) -> float | None:
    m = re.match(r"\s*([\d.]+)\s*(GB|TB|MB)", text or "", re.I)
    return None if not m else float(m[1]) * {"g": 1, "t": 1024, "m": 1 / 1024}[m[2][0].lower()]


def runs(name: str | None) -> Counter:
    """A model's name as a multiset of letter runs and digit runs, as the guidelines compare them."""
    return Counter(re.findall(r"[^\W\d_]+|\d+", (name or "").lower()))


def right(field: str, got, truth) -> bool:
    if field == "model":
        return runs(got) == runs(truth)
    if field in ("brand", "currency"):
        return str(got).lower() == str(truth).lower()
    return abs(float(got) - float(truth)) < 1e-6


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
    r"\b(?:8[0-9][A-Z0-9]{2}[A-Z0-9]{6}|2[01][A-Z0-9]{8}|[A-Z0-9]{5}P[AT](?:#\w+)?|N[XH]\.\w+\.\w+|UN\.\w+\.\w+|(?:19|20)\d\d"
    r"|Z1\w{7}|M[A-Z0-9]{4}HN(?:/A)?)(?!\w)"
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


CHIP = r"\s+(?:(?:\d+th Gen )?(?:Intel|AMD|Apple M\d|MediaTek|Qualcomm|Snapdragon|Core|Ryzen|Celeron|Pentium|Athlon|APU|M1|M2|M3|M4)\b|- \()"
NOISE = (
    r"\b(?:Touchscreen|Touch|Backlit|Backlit Keyboard|AI PC|with|With|Series|Laptop|New|Intel Evo|Eyesafe|Copilot\+? PC|Thin and Light|Business"
    r"|\(?20[12]\d\)?)\b"
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


def shops() -> dict[str, list[tuple[str, dict]]]:
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


def score(pairs, read, errors: list | None = None) -> dict[str, Counter]:
    """Counts of right, wrong and missed fields: {field: Counter(tp, fp, fn)}; `read(title)` gives the specs."""
    counts = {f: Counter() for f in FIELDS}
    for title, truth in pairs:
        got = read(title)
        for field in FIELDS:
            want, have = truth.get(field), getattr(got, field)
            if want == SKIP:
                continue
            ok = want is not None and have is not None and right(field, have, want)
            counts[field]["tp"] += ok
            counts[field]["fp"] += have is not None and not ok
            counts[field]["fn"] += want is not None and not ok
            if errors is not None and not ok and (want is not None or have is not None):
                errors.append((field, title, want, have))
    return counts


def f1(counts: Counter) -> float:
    return 2 * counts["tp"] / max(1, 2 * counts["tp"] + counts["fp"] + counts["fn"])


def naive(title: str):
    """What a first afternoon gives: the first word is the maker, `nGB` means what stands behind it. The peer to beat."""
    from gadgetlib.specs import GadgetSpecs

    words = title.split()
    ram = re.search(r"(\d+) ?GB (?:DDR\d )?RAM", title, re.I)
    disk = re.search(r"(\d+) ?(GB|TB) ?(?:SSD|HDD|ROM|storage)", title, re.I)
    inch = re.search(r"(\d+(?:\.\d+)?) ?(?:inch|\")", title, re.I)
    money = re.search(r"([$€£₹]) ?([\d,]+(?:\.\d+)?)", title)
    head = re.split(r"[(,|]|\d+ ?GB", title)[0].split()[1:]
    return GadgetSpecs(
        brand=words[0] if words else None,
        model=" ".join(head) or None,
        ram_gb=float(ram[1]) if ram else None,
        storage_gb=float(disk[1]) * (1024 if disk[2].upper() == "TB" else 1) if disk else None,
        screen_in=float(inch[1]) if inch else None,
        price=float(money[2].replace(",", "")) if money and money[2].strip(",") else None,
        currency={"$": "USD", "€": "EUR", "£": "GBP", "₹": "INR"}[money[1]] if money else None,
    )


def micro(counts: dict[str, Counter]) -> float:
    return f1(sum(counts.values(), Counter()))


def shipped() -> dict[str, list[tuple[str, dict]]]:
    """The texts and listings that come with the course, test split."""
    out = {}
    for name, file in (
        ("shipped texts, test", "texts.jsonl"),
        ("shipped listings, true text, test", "listings/listings.jsonl"),
    ):
        path = ROOT / "data" / file
        if path.exists():
            rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            out[name] = [(r["text"], r["specs"]) for r in rows if r["split"] == "test"]
    return out


def transcribed() -> list[tuple[str, dict]]:
    """Real product pictures, as a person read them (`../shared/listings`)."""
    path = SHARED / "listings/manifest.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [(r["text"], {f: r[f] or None for f in FIELDS}) for r in rows]


def run(quick: bool = True) -> Iterator[dict]:
    sys.path.insert(0, str(ROOT))
    from gadgetlib import specs
    from gadgetlib.files import build_dir

    def row(case: str, data: str, metric: str, value: float, unit: str = "", peer: str = "") -> dict:
        return {
            "area": "specs",
            "case": case,
            "data": data,
            "metric": metric,
            "value": value,
            "unit": unit,
            "peer": peer,
        }

    total, simple, every = Counter(), Counter(), []
    for shop, pairs in shops().items():
        counts, peer = score(pairs, specs.extract), score(pairs, naive)
        every += [t for t, _ in pairs]
        total += sum(counts.values(), Counter())
        simple += sum(peer.values(), Counter())
        yield row("rules", shop, "micro-F1", round(micro(counts), 4), peer=f"naive patterns {micro(peer):.4f}")
        for field in FIELDS:
            if counts[field]["tp"] + counts[field]["fn"]:
                yield row(
                    "rules",
                    shop,
                    f"F1 {field}",
                    round(f1(counts[field]), 4),
                    peer=f"naive patterns {f1(peer[field]):.4f}",
                )
    if every:
        yield row("rules", "all shops", "micro-F1", round(f1(total), 4), peer=f"naive patterns {f1(simple):.4f}")
    else:
        print("bench_specs: ../shared is not here, so no real titles are scored.", file=sys.stderr)
    for name, pairs in {**shipped(), "real pictures, transcribed": transcribed()}.items():
        if pairs:
            counts, peer = score(pairs, specs.extract), score(pairs, naive)
            every += [t for t, _ in pairs]
            yield row("rules", name, "micro-F1", round(micro(counts), 4), peer=f"naive patterns {micro(peer):.4f}")
    sample = every[:: max(1, len(every) // (1000 if quick else 5000))]
    specs.extract(sample[0])
    begin = time.process_time()  # of this process alone: a busy machine does not count
    for title in sample:
        specs.extract(title)
    speed = len(sample) / (time.process_time() - begin)
    yield row("rules", "all texts", "titles a CPU second", round(speed), "1/s")
    yield from trained(build_dir() / "tagger", row, 60 if quick else 400)


def trained(folder: Path, row, count: int) -> Iterator[dict]:
    """The saved taggers of lesson 05, where there are any, on the same titles; their speed as a share of the rules'."""
    if not (folder / "tagger.json").exists():
        print("bench_specs: lesson 05 has not run here, so the trained taggers are not scored.", file=sys.stderr)
        return
    from gadgetlib import specs, tagger

    pipeline = tagger.Pipeline.load(folder)
    sets = {
        "real titles": [p for pairs in shops().values() for p in random.Random(0).sample(pairs, min(count, len(pairs)))]
    }
    sets |= {name: random.Random(0).sample(pairs, min(4 * count, len(pairs))) for name, pairs in shipped().items()}
    for name, pairs in sets.items():
        if not pairs:
            continue
        titles = [t for t, _ in pairs]
        rows = pipeline.answers(titles)
        for way in (*tagger.SOURCES, "merged"):
            reads = [pipeline.merger.merge(r) if way == "merged" else r[way] for r in rows]
            counts = score([(i, truth) for i, (_, truth) in enumerate(pairs)], reads.__getitem__)
            yield row(way, f"{name} ({len(pairs)})", "micro-F1", round(micro(counts), 4))
    titles = [t for t, _ in sets["real titles"] or next(iter(sets.values()))]
    tagger.spacy_specs(pipeline.spacy, titles[:8])  # both are loaded before the clock starts
    pipeline.bert.specs(titles[:8])

    def spent(call) -> float:
        """The processor's seconds, the least of three: neighbours on the same core slow even these."""
        taken = []
        for _ in range(3):
            begin = time.process_time()
            call()
            taken.append(time.process_time() - begin)
        return min(taken)

    base = spent(lambda: [specs.extract(t) for t in titles])
    for way, call in (("spacy", lambda: tagger.spacy_specs(pipeline.spacy, titles)), ("bert", lambda: pipeline.bert.specs(titles)),
                      ("rules + spacy", lambda: [specs.extract(t) for t in titles] and tagger.spacy_specs(pipeline.spacy, titles))):  # fmt: skip
        seconds = spent(call)
        yield row(
            way,
            "real titles",
            "titles a CPU second",
            round(len(titles) / seconds),
            "1/s",
            peer=f"rules {len(titles) / base:.0f}",
        )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if "--errors" in sys.argv:
        from gadgetlib import specs

        limit = int(sys.argv[-1]) if sys.argv[-1].isdigit() else 12
        for shop, pairs in shops().items():
            errors: list = []
            score(pairs, specs.extract, errors)
            by = Counter(e[0] for e in errors)
            print(f"== {shop} ({len(pairs)} titles) {dict(by)}")
            for field in FIELDS:
                mine = [e for e in errors if e[0] == field]
                for e in mine[:: max(1, len(mine) // limit)][:limit]:
                    print(f"   {field:10} want {e[2]!r} got {e[3]!r} | {e[1][:150]}")
    for row in run():
        print(f"{row['case']:14} {row['data']:36} {row['metric']:16} {row['value']:<8} {row['unit']:5} {row['peer']}")
