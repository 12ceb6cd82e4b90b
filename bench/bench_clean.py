"""Cleaning, against the shop's planted truth and on real photos, beside the libraries that do parts of it."""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from gadgetlib import clean, scrape
from gadgetlib.files import data_dir, shared_dir


def photo_of(shop: Path) -> dict[str, str]:
    """Address -> the photo that it was made from, for all pictures of the recorded shop."""
    rows = map(json.loads, (shop / "pictures.jsonl").read_text(encoding="utf-8").splitlines())
    files = {scrape.canonical(row["url"]): row["file"] for row in rows if row.get("file")}
    truth = pd.read_csv(shop / "mess.csv")
    return files | dict(zip(truth.url.map(_plain), truth.file, strict=True))


def _plain(url: str) -> str:
    try:
        return scrape.canonical(url)
    except scrape.NotTaken:
        return url


def judge(result: clean.Cleaning, ledger, shop: Path) -> dict[str, float]:
    """Precision and recall of what cleaning found, against the truth of ``mess.csv``.

    corrupt: over all addresses that hold no whole picture, refused on arrival or found later.
    copies: over pairs of pictures that came from one photo, among those that could be compared.
    labels: over pictures that came under another class's query, exact and near copies counted once.
    """
    truth = pd.read_csv(shop / "mess.csv")
    table = result.table
    removed = dict(zip(zip(table.url, table.sha256, strict=True), table.reason, strict=True))
    scores: dict[str, float] = {}

    broken = truth[truth.expected.isin(["corrupt"]) | truth.fault.str.contains("HTML|SVG|bomb|ends early")]
    state = ledger.merge(broken[["url", "query"]], on=["url", "query"])
    found = [row.status != "ok" or removed.get((row.url, row.sha256)) == "corrupt" for row in state.itertuples()]
    scores["corrupt recall"] = float(np.mean(found))
    honest = table[~table.url.isin(broken.url)]
    scores["corrupt false alarms"] = float((honest.reason == "corrupt").sum())

    files = photo_of(shop)
    alive = table[table["at"] >= 0].assign(photo=lambda t: t.url.map(_plain).map(files))
    number = {digest: i for i, digest in enumerate(alive.sha256)}
    joined = clean.clusters(len(alive), [(number[a], number[b]) for a, b, _ in result.pairs])
    said = _pairs(pd.Series(joined, index=alive.index))
    true = _pairs(alive.photo)
    scores["copies precision"] = len(said & true) / max(len(said), 1)
    scores["copies recall"] = len(said & true) / max(len(true), 1)
    scores["copies in truth"] = float(len(true))

    for fault, reason in [("tiny thumbnail", "too small"), ("blurred", "too blurry"), ("banner strip", "wrong aspect")]:
        planted = table.url.isin(truth[truth.fault == fault].url)
        scores[f"{reason} recall"] = float((table.reason[planted] == reason).mean()) if planted.any() else np.nan
        scores[f"{reason} false alarms"] = float((table.reason[~planted] == reason).sum())
    gone = table.url.isin(truth[truth.expected == "placeholder"].url)
    scores["placeholder recall"] = float((table.verdict[gone] == "removed").mean()) if gone.any() else np.nan

    right = dict(zip(truth.url, truth.true_label, strict=True))
    asked = alive[~alive.reason.isin(["near duplicate"])]
    wrong = asked.label != asked.url.map(right).fillna(asked.label)
    doubted = asked.reason == "label error"
    scores["labels precision"] = float(wrong[doubted].mean()) if doubted.any() else 0.0
    scores["labels recall"] = float(doubted[wrong].mean()) if wrong.any() else np.nan
    scores["labels in truth"] = float(wrong.sum())
    kept = result.kept
    scores["wrong labels left"] = float((kept.label != kept.url.map(right).fillna(kept.label)).mean())
    scores["products on two sides"] = float((kept.groupby("group").split.nunique() > 1).sum())
    return scores


def _pairs(values: pd.Series) -> set[tuple[int, int]]:
    groups = values.groupby(values).groups.values()
    return {pair for rows in groups if len(rows) > 1 for pair in itertools.combinations(sorted(rows), 2)}


def shop_rows(shop: Path, photos: Path) -> Iterator[dict]:
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder)
        begun = time.perf_counter()
        ledger = scrape.collect(build / "raw", "shop", shop=shop, shop_photos=photos)
        yield _row("shop", "collect all", "seconds", time.perf_counter() - begun, "s")
        begun = time.perf_counter()
        result = clean.clean(ledger, build / "raw", build)
        yield _row("shop", "clean", "seconds", time.perf_counter() - begun, "s")
        for name, value in judge(result, ledger, shop).items():
            yield _row("shop", "planted mess", name, value, "")


def _row(data: str, case: str, metric: str, value: float, unit: str, peer: str = "") -> dict:
    return {"area": "clean", "case": case, "data": data, "metric": metric, "value": round(float(value), 4),
            "unit": unit, "peer": peer}  # fmt: skip


def real_rows(shared: Path, quick: bool) -> Iterator[dict]:
    """Cleaning the real photos, beside cleanvision and imagededup on the same files in the same run."""
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder)
        ledger = scrape.collect(build / "raw", "folder", photos=str(shared / "photos"), per_query=60 if quick else 0)
        data = f"shared/photos ({len(ledger)})"
        begun = time.perf_counter()
        result = clean.clean(ledger, build / "raw", build)
        ours = time.perf_counter() - begun
        yield _row(data, "clean", "seconds", ours, "s", "gadgetlib")
        for reason, count in result.tally().items():
            yield _row(data, "clean", reason, count, "pictures", "gadgetlib")
        yield _row(data, "clean", "leaks", len(clean.leaks(result.kept, [p[:2] for p in result.pairs])), "", "gadgetlib")
        yield from peers(build / "raw" / "images", data, result)


def peers(images: Path, data: str, result: clean.Cleaning) -> Iterator[dict]:
    """What cleanvision and imagededup say about the same files: time, and how many copies they see."""
    import contextlib
    import io

    ours = {frozenset((a[:24], b[:24])) for a, b, _ in result.pairs}
    quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    begun = time.perf_counter()
    with quiet[0], quiet[1]:
        from cleanvision import Imagelab

        lab = Imagelab(data_path=str(images))
        lab.find_issues(n_jobs=2)
    yield _row(data, "checks and copies", "seconds", time.perf_counter() - begun, "s", "cleanvision")
    for name, count in lab.issue_summary.set_index("issue_type").num_images.items():
        yield _row(data, "checks and copies", name, count, "pictures", "cleanvision")
    theirs = _sets(lab.info["near_duplicates"]["sets"]) | _sets(lab.info["exact_duplicates"]["sets"])
    yield from _agreement(data, ours, theirs, "cleanvision")
    begun = time.perf_counter()
    with quiet[0], quiet[1]:
        from imagededup.methods import PHash

        found = PHash(verbose=False).find_duplicates(image_dir=str(images), max_distance_threshold=10,
                                                     num_enc_workers=0, num_dist_workers=0)  # fmt: skip
    yield _row(data, "copies", "seconds", time.perf_counter() - begun, "s", "imagededup")
    theirs = {frozenset((Path(a).stem, Path(b).stem)) for a, near in found.items() for b in near}
    yield from _agreement(data, ours, theirs, "imagededup")


def _sets(sets) -> set[frozenset]:
    names = [sorted(Path(name).stem for name in group) for group in sets]
    return {frozenset(pair) for group in names for pair in itertools.combinations(group, 2)}


def _agreement(data: str, ours: set, theirs: set, peer: str) -> Iterator[dict]:
    yield _row(data, "copies", "pairs", len(theirs), "pairs", peer)
    yield _row(data, "copies", "pairs of gadgetlib among them", len(ours & theirs), "pairs", peer)
    yield _row(data, "copies", "pairs of gadgetlib", len(ours), "pairs", "gadgetlib")


def run(quick: bool = True) -> Iterator[dict]:
    """All rows of this area."""
    yield from shop_rows(data_dir() / "shop", data_dir() / "photos")
    shared = shared_dir()
    if shared is None:
        print("bench_clean: ../shared is absent, the real photos are left out")
    else:
        yield from real_rows(shared, quick)


if __name__ == "__main__":
    import sys

    for row in run(quick="--full" not in sys.argv):
        print(f"{row['data']:24} {row['case']:18} {row['metric']:32} {row['value']:10} {row['unit']:8} {row['peer']}")
