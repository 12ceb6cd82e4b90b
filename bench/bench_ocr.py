"""OCR: Tesseract raw, with the classic steps and on found boxes, RapidOCR as installed and as used here, and both.

    python bench/bench_ocr.py [--quick] [--errors]

Every engine reads every picture in turn on one core; fields are what `specs.extract` makes of each text, by the
conventions of ``../shared/spec-guidelines.md``. Settings and rules were chosen on the real pictures of one half of the
source repositories (`choosing`: by a hash of the owner's name) and on shipped listings of the train and valid splits.
Reported are the other half and the test split, whose errors nobody looks at: --errors prints the choosing half's.
A third set decided what is worth its lines: `photos_with_text.csv` labels 144 photos of `../shared/photos`, from 45
sources that have no picture in the other sets, on which one of two readers had read two words; labelled by eye, before
any reading was scored. Half of them name a maker; on the others (watch faces, screens, keys) a value is made up.
Its part "reporting", labelled later in the same way, has 113 photos of sources that are in no other set, on which one
reader had read a word of three letters; 62 of them name a maker or a model. Nothing was chosen on them.
"""

import hashlib
import os
import re
import resource
import sys
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytesseract

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import row as record  # noqa: E402
from gadgetlib import SPEC_FIELDS, cer, ocr, specs  # noqa: E402
from gadgetlib.files import data_dir, shared_dir  # noqa: E402
from gadgetlib.layout import Reading  # noqa: E402
from gadgetlib.measure import interval  # noqa: E402
from gadgetlib.pictures import open_image  # noqa: E402

AREA = "ocr"


def choosing(origin: str) -> bool:
    """Is a real picture of this origin ("owner/name@commit:path") one to choose on? A hash of the owner decides."""
    return int(hashlib.sha1(origin.split("/")[0].encode()).hexdigest(), 16) % 2 == 0


# ---------------------------------------------------------------- who reads


def raw(path: Path) -> Reading:
    """What everybody tries first."""
    return Reading(pytesseract.image_to_string(ocr.open_image(path), config=ocr.find_tesseract()))


def classic(path: Path) -> Reading:
    """The whole page with classic steps: grey, twice as large, more contrast, sparse text."""
    grey = cv2.cvtColor(np.asarray(open_image(path)), cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    grey = cv2.createCLAHE(clipLimit=2, tileGridSize=(8, 8)).apply(grey)
    return Reading(pytesseract.image_to_string(grey, config=f"--psm 11 {ocr.find_tesseract()}"))


@lru_cache(maxsize=1)
def _installed() -> Any:
    from rapidocr import RapidOCR

    one = {f"EngineConfig.onnxruntime.{part}_op_num_threads": 1 for part in ("intra", "inter")}
    return RapidOCR(params={"Global.log_level": "critical", **one})


def installed(path: Path) -> Reading:
    """RapidOCR with its own settings, its lines in its own order."""
    return Reading("\n".join(_installed()(np.asarray(open_image(path))[:, :, ::-1]).txts or ()))


READERS: dict[str, Callable[[Path], Reading]] = {
    "Tesseract, raw": raw,
    "Tesseract, classic steps": classic,
    "Tesseract on found boxes": lambda path: ocr.read(path, "tesseract"),
    "RapidOCR, as installed": installed,
    "RapidOCR": ocr.read,
    "both": lambda path: ocr.read(path, "both"),
}


# ---------------------------------------------------------------- what is read


def shipped(split: str) -> list[dict]:
    """Rows: path, text, group (the product), fields {name: accepted values, the stated one first}, free."""
    folder = data_dir() / "listings"
    table = pd.read_json(folder / "listings.jsonl", lines=True).sort_values("file")
    return [
        {"path": folder / row.file, "text": row.text, "free": False, "group": row.product_id,
         "fields": {f: [row.specs.get(f)] for f in SPEC_FIELDS}}
        for row in table[table.split == split].itertuples()
    ]  # fmt: skip


def real(folder: Path, chosen: bool) -> list[dict]:
    """Real pictures of the choosing half, or of the other; ``alt`` in a note names other right values."""
    rows = []
    for row in pd.read_csv(folder / "listings" / "manifest.csv", dtype=str).fillna("").to_dict("records"):
        if choosing(row["origin"]) != chosen:
            continue
        fields = {f: [row[f] or None, *re.findall(rf"alt {f}[= ](\w[\w.]*)", row["note"])] for f in SPEC_FIELDS}
        fields["model"] += re.findall(r"alt=([^;]+)", row["note"])
        rows.append({"path": folder / "listings" / row["file"], "text": row["text"], "fields": fields,
                     "free": row["ui_text"] in ("keys", "screen"), "group": row["origin"].split("@")[0]})  # fmt: skip
    return rows


def photos(folder: Path, part: str) -> list[dict]:
    """Photos with print, of one part, "choosing" or "reporting".

    A note ``skip=FIELD`` says that nobody can decide, ``alt FIELD=VALUE`` what is right too.
    """
    rows = []
    table = pd.read_csv(Path(__file__).with_name("photos_with_text.csv"), dtype=str).fillna("")
    for row in table[table["set"] == part].to_dict("records"):
        notes = {f: re.findall(rf"alt {f}=([^;]+)", row["note"]) for f in SPEC_FIELDS}
        fields = {f: [row.get(f) or None, *notes[f]] for f in SPEC_FIELDS if f"skip={f}" not in row["note"]}
        group = Path(row["file"]).name.split("__")[0]
        rows.append(
            {"path": folder / "photos" / row["file"], "text": "", "fields": fields, "free": True, "group": group}
        )
    return rows


def judge(row: dict, reading: Reading) -> list[float]:
    """errors, characters, words found, words; then right, given and stated of all fields, the brand and the model."""
    found = cer.score(row["text"], reading.text, row["free"])
    values, fields = specs.extract(reading.text).values(), []
    for field in SPEC_FIELDS:
        accepted = row["fields"].get(field, [None])
        given = values[field] if field in row["fields"] else None  # else nobody can say what is right
        right = given is not None and any(a is not None and specs.same(field, a, given) for a in accepted)
        fields.append([right, given is not None, accepted[0] is not None or right])
    every = np.array(fields, float)
    brand, model = every[SPEC_FIELDS.index("brand")], every[SPEC_FIELDS.index("model")]
    return [found["errors"], found["characters"], found["hits"], found["words"], *every.sum(0), *brand, *model]


FIGURES: dict[str, Callable[[np.ndarray], float]] = {
    "CER": lambda t: t[0] / t[1],
    "words found": lambda t: t[2] / t[3],
    "field F1": lambda t: 2 * t[4] / max(1, t[5] + t[6]),
    "field precision": lambda t: t[4] / max(1, t[5]),
    "field recall": lambda t: t[4] / max(1, t[6]),
    "brand recall": lambda t: t[7] / max(1, t[9]),
    "model recall": lambda t: t[10] / max(1, t[12]),
    "model precision": lambda t: t[10] / max(1, t[11]),
}


def measure(
    data: str, rows: list[dict], errors: bool = False, peers: Collection[str] = tuple(READERS)
) -> Iterator[dict]:
    """Rows of every figure and reader; no CER where nothing was transcribed."""
    groups = [row["group"] for row in rows]
    for name in peers:
        counts, seconds = [], []
        for row in rows:
            started = sum(os.times()[:4])  # processor seconds, also of the Tesseracts that it starts
            reading = READERS[name](row["path"])
            seconds.append(sum(os.times()[:4]) - started)
            counts.append(judge(row, reading))
            if errors and name == "RapidOCR":
                values = specs.extract(reading.text).values()
                print(f"{row['path'].name}: {reading.text!r}\n  stated {row['fields']}\n  read {values}")
        for metric, figure in FIGURES.items():
            if metric in ("CER", "words found") and not any(row["text"] for row in rows):
                continue
            value = interval(np.array(counts, float), groups, lambda drawn, figure=figure: figure(drawn.sum(0)))
            yield record(AREA, "read", data, metric, value, peer=name)
        median = interval(seconds, statistic=np.median)
        yield record(AREA, "read", data, "CPU seconds per picture", median, "s", peer=name)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield record(AREA, "read", data, "memory of all engines together", peak, "MB")


def nothing_to_read(quick: bool) -> Iterator[dict]:
    """Plain photos state no memory, storage or price: such a value read from one is made up."""
    sets = {"shipped photos": (data_dir() / "photos", "photos.csv")}
    if shared_dir():
        sets["real photos"] = (shared_dir() / "photos", "manifest.csv")
    for label, (folder, table) in sets.items():
        files = pd.read_csv(folder / table).file
        files = files.sample(min(20 if quick else 120, len(files)), random_state=42)
        readings = [ocr.read(folder / file) for file in files]
        values = [specs.extract(reading.text).values() for reading in readings]
        made_up = [any(v[f] is not None for f in ("ram_gb", "storage_gb", "price")) for v in values]
        yield record(AREA, "nothing to read", label, "share of photos with a made-up amount", interval(made_up))
        yield record(AREA, "nothing to read", label, "characters per photo", interval([len(r.text) for r in readings]))


def run(quick: bool) -> Iterator[dict]:
    rows = shipped("test")
    yield from measure("shipped listings, test", rows[:: 5 if quick else 1])
    if shared_dir():
        rows = real(shared_dir(), chosen=False)
        yield from measure("real pictures, reporting half", rows[:: 3 if quick else 1])
        peers = ("RapidOCR, as installed", "RapidOCR")
        for part in ("choosing", "reporting"):
            rows = photos(shared_dir(), part)[:: 4 if quick else 1]
            yield from measure(f"photos with print, {part} part", rows, peers=peers)
    else:
        print("real pictures and photos: ../shared is not here, skipped")
    yield from nothing_to_read(quick)


if __name__ == "__main__":
    if "--errors" in sys.argv:
        lines = measure("real pictures, choosing half", real(shared_dir(), chosen=True), errors=True)
    else:
        lines = run("--quick" in sys.argv)
    for line in lines:
        figure = f"{line['value']:.3f} {line['unit']}"
        figure += f" [{line['low']:.3f}, {line['high']:.3f}] n={line['n']}" if "n" in line else ""
        print(f"{line['data']:30s} {line['peer']:26s} {line['metric']:28s} {figure}", flush=True)
