"""OCR: the plain call, ours and RapidOCR on the shipped listings, on real pictures and on photos without text.

    python bench/bench_ocr.py [--quick]

Every engine reads every picture one after another on one core, in turns, so their times compare; a time is the
processor's, of this process and of those it starts, so that a busy machine does not count. Fields are what
`gadgetlib.specs.extract` makes of each reading, judged by the conventions of ``../shared/spec-guidelines.md``.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gadgetlib import ocr, specs  # noqa: E402
from gadgetlib.files import data_dir, shared_dir  # noqa: E402

AREA = "ocr"
FIELDS = ("brand", "model", "ram_gb", "storage_gb", "screen_in", "price", "currency")


def cpu() -> float:
    """Processor seconds so far, of this process and of the Tesseracts it started."""
    return sum(os.times()[:4])


def engines() -> dict[str, Callable[[Any], ocr.Reading]]:
    """Name -> reader; RapidOCR only where it is installed."""
    found = {"": ocr.read, "pytesseract": ocr.whole_page}
    if importlib.util.find_spec("rapidocr_onnxruntime"):
        found["rapidocr"] = lambda path: ocr.read(path, engine="rapidocr")
    return found


def right(field: str, truth: Any, got: Any) -> bool:
    if field == "model":
        runs = [sorted(re.findall(r"[^\W\d_]+|\d+", str(name).lower())) for name in (truth, got)]
        return runs[0] == runs[1]
    if field in ("brand", "currency"):
        return str(truth).lower() == str(got).lower()
    return abs(float(truth) - float(got)) < 1e-6


def measure(data: str, rows: list[dict]) -> Iterator[dict]:
    """rows: path, text, fields {name: list of accepted values, empty = not stated}, free (extra text is no error)."""
    readers = engines()
    totals = {name: dict.fromkeys(("errors", "characters", "hits", "words", "read", "right", "said", "stated", "s"), 0.0)
              for name in readers}  # fmt: skip
    for row in rows:
        for name, reader in readers.items():
            started = cpu()
            reading = reader(row["path"])
            text, total = reading.text, totals[name]
            total["s"] += cpu() - started
            for key, value in ocr.score(row["text"], text, row["free"]).items():
                total[key] += value
            values = specs.extract(text, heights=reading.heights).values()
            for field, accepted in row["fields"].items():
                total["stated"] += bool(accepted)
                total["said"] += values[field] is not None
                if values[field] is not None:
                    total["right"] += any(right(field, truth, values[field]) for truth in accepted)
    for name, t in totals.items():
        figures = {
            "CER": t["errors"] / t["characters"],
            "words found": t["hits"] / t["words"],
            "words right": t["hits"] / max(t["read"], 1),
            "field recall": t["right"] / max(t["stated"], 1),
            "field precision": t["right"] / max(t["said"], 1),
        }
        figures["field F1"] = 2 * t["right"] / max(t["stated"] + t["said"], 1)
        for metric, value in figures.items():
            yield {
                "area": AREA,
                "case": "read",
                "data": data,
                "metric": metric,
                "value": value,
                "unit": "",
                "peer": name,
            }
        yield {"area": AREA, "case": "read", "data": data, "metric": "CPU seconds a picture", "value": t["s"] / len(rows),
               "unit": "s", "peer": name}  # fmt: skip


def shipped(quick: bool) -> list[dict]:
    import pandas as pd

    folder = data_dir() / "listings"
    table = pd.read_json(folder / "listings.jsonl", lines=True).sort_values("file")
    table = table[table.split == "test"]
    if quick:
        table = table.sample(min(24, len(table)), random_state=42)
    return [
        {"path": folder / row.file, "text": row.text, "free": False,
         "fields": {f: [] if row.specs.get(f) is None else [row.specs[f]] for f in FIELDS}}
        for row in table.itertuples()
    ]  # fmt: skip


def real(folder: Path) -> list[dict]:
    import pandas as pd

    rows = []
    for row in pd.read_csv(folder / "listings" / "manifest.csv", dtype=str).fillna("").to_dict("records"):
        accepted = {}
        for field in FIELDS:
            other = re.findall(rf"alt {field}[= ](\w[\w.]*)", row["note"])  # what the transcription also accepts
            accepted[field] = [row[field], *other] if row[field] else other
        rows.append({"path": folder / "listings" / row["file"], "text": row["text"], "fields": accepted,
                     "free": row["ui_text"] in ("keys", "screen")})  # fmt: skip
    return rows


def without_specs(quick: bool) -> Iterator[dict]:
    """Plain photos state no memory, storage or price: such a value read from one is invented."""
    import pandas as pd

    sets = {"shipped photos": data_dir() / "photos"}
    if shared_dir():
        sets["real photos"] = shared_dir() / "photos"
    for label, folder in sets.items():
        table = pd.read_csv(folder / ("photos.csv" if label.startswith("shipped") else "manifest.csv"))
        files = table.file.sample(min(20 if quick else 100, len(table)), random_state=42)
        for name, reader in engines().items():
            texts = [reader(folder / file).text for file in files]
            values = [specs.extract(text).values() for text in texts]
            wrong = sum(any(v[f] is not None for f in ("ram_gb", "storage_gb", "price")) for v in values)
            case = {
                "area": AREA,
                "case": "nothing to read",
                "data": f"{label} ({len(files)})",
                "unit": "",
                "peer": name,
            }
            yield {**case, "metric": "characters a photo", "value": sum(map(len, texts)) / len(files)}
            yield {**case, "metric": "photos with an invented value", "value": wrong / len(files)}
            named = sum(any(x is not None for x in v.values()) for v in values)
            yield {**case, "metric": "photos with any field", "value": named / len(files)}


def run(quick: bool) -> Iterator[dict]:
    rows = shipped(quick)
    yield from measure(f"shipped listings, test split ({len(rows)})", rows)
    if shared_dir():
        rows = real(shared_dir())
        yield from measure(f"real listings ({len(rows)})", rows)
    else:
        print("real listings: ../shared is not here, skipped")
    yield from without_specs(quick)


if __name__ == "__main__":
    for line in run("--quick" in sys.argv):
        print(f"{line['data']:36s} {line['peer'] or 'ours':12s} {line['metric']:30s} {line['value']:.3f}", flush=True)
