"""Cleaning, against the shop's planted truth and on real photos, beside the libraries that do parts of it."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from bench import row
from coursekit import shop
from gadgetlib import clean, scrape, sources
from gadgetlib.files import data_dir, shared_dir
from gadgetlib.measure import Figure, difference, interval

PLANTINGS = 5  # of new wrong labels, each drawn anew: the label check's settings were chosen on others


def collect_shop(folder: Path) -> pd.DataFrame:
    """The ledger of the whole recorded shop."""
    about = shop.Shop().about
    queries: dict[str, list[str]] = {}
    for entry in about["queries"]:
        queries.setdefault(entry["label"], []).append(entry["query"])
    with shop.opened() as addresses:
        return scrape.collect(folder, queries, limits=scrape.SHOP_LIMITS, search=about["search_host"],
                              addresses=addresses)  # fmt: skip


def share(values, groups=None) -> Figure | None:
    """The share of true values with its interval; None for no values."""
    return interval(np.asarray(values, float), groups) if len(values) else None


def judge(result: clean.Cleaning, ledger: pd.DataFrame) -> dict[str, Figure | None]:
    """Precision and recall of what cleaning found, against the truth of ``mess.csv``, intervals over products.

    Broken files: over all addresses that hold no whole picture, refused on arrival or found later. Copies: over pairs
    of pictures that were made from one photo. Labels: over pictures that were offered under another class's query.
    """
    folder = data_dir() / "shop"
    truth, table, figures = pd.read_csv(folder / "mess.csv"), result.table, {}
    broken = truth[truth.expected.isin(["corrupt"]) | truth.fault.str.contains("HTML|SVG|bomb|ends early")]
    state = ledger.merge(broken[["url", "query"]], on=["url", "query"])
    corrupt = set(table.url[table.reason == "corrupt"])
    figures["broken recall"] = share((state.status != "ok") | state.url.isin(corrupt))
    figures["broken precision"] = share(table[table.reason == "corrupt"].url.isin(broken.url))
    for fault, reason in [("tiny thumbnail", "too small"), ("blurred", "too blurry"), ("banner strip", "wrong aspect")]:
        planted = table.url.isin(truth.url[truth.fault == fault])
        figures[f"{reason} recall"] = share(table.reason[planted] == reason)
        figures[f"{reason} precision"] = share(planted[table.reason == reason])

    recipes = map(json.loads, (folder / "pictures.jsonl").read_text(encoding="utf-8").splitlines())
    photo = {sources.address_key(row["url"]): row["file"] for row in recipes if row.get("file")}
    photo |= dict(zip(truth.url.map(sources.address_key), truth.file))
    alive = table[table["at"] >= 0].assign(photo=lambda t: t.url.map(sources.address_key).map(photo))
    number = {digest: i for i, digest in enumerate(alive.sha256)}
    joined = clean.clusters(len(alive), [(number[a], number[b]) for a, b, _ in result.pairs])
    found, true = _pairs(pd.Series(joined, alive.index)), _pairs(alive.photo)
    figures["copies precision"] = share([pair in true for pair in found])
    figures["copies recall"] = share([pair in found for pair in true])

    right = dict(zip(truth.url, truth.true_label))
    asked = alive[alive.reason != "near duplicate"]
    wrong, doubted = asked.label != asked.url.map(right).fillna(asked.label), asked.reason == "label error"
    figures["labels precision"] = share(wrong[doubted], asked.product_id[doubted])
    figures["labels recall"] = share(doubted[wrong], asked.product_id[wrong])
    kept = result.kept
    figures["wrong labels left"] = share(kept.label != kept.url.map(right).fillna(kept.label), kept.product_id)
    figures["groups in two splits"] = share(kept.groupby("group").split.nunique() > 1)
    return figures


def _pairs(values: pd.Series) -> set[tuple[int, int]]:
    groups = values.groupby(values).groups.values()
    return {pair for rows in groups if len(rows) > 1 for pair in itertools.combinations(sorted(rows), 2)}


def planted_labels(result: clean.Cleaning, share_wrong: float = 0.04) -> Iterator[tuple[str, Figure]]:
    """The label check on new plantings of wrong labels: (what, figure) for each kind of evidence and of groups."""
    truth = pd.read_csv(data_dir() / "shop" / "mess.csv").set_index("url").true_label
    table = result.table[(result.table["at"] >= 0) & (result.table.reason != "near duplicate")]
    true = table.url.map(truth[~truth.index.duplicated()]).fillna(table.label).to_numpy(str)
    features, titles, classes = result.features[table["at"]], clean.page_titles(table), np.unique(true)
    for (evidence, words), groups in itertools.product(
        [("pictures", None), ("pictures and titles", titles)], ["sha256", "product_id"]
    ):
        hits: dict[str, list] = {"precision": [], "recall": []}
        for seed in range(100, 100 + PLANTINGS):
            rng = np.random.default_rng(seed)
            wrong = rng.random(len(true)) < share_wrong
            other = classes[(np.searchsorted(classes, true) + rng.integers(1, len(classes), len(true))) % len(classes)]
            labels = np.where(wrong, other, true)
            seen, target = clean.out_of_fold(features, labels, table[groups], words), np.searchsorted(classes, labels)
            doubted = find_label_issues(target, seen, filter_by="low_self_confidence", n_jobs=1)
            hits["precision"] += wrong[doubted].tolist()
            hits["recall"] += doubted[wrong].tolist()
        for name, values in hits.items():
            yield f"labels {name}, {evidence}, folds by {groups}", share(values)


def _row(data: str, case: str, metric: str, value: Figure | float, unit: str = "", peer: str = "gadgetlib") -> dict:
    return row("clean", case, data, metric, value, unit, peer)


def leak(result: clean.Cleaning, data: str) -> Iterator[dict]:
    """Accuracy of the nearest picture when it may be one of the same group, and when not; the paired difference."""
    table = result.table[(result.table["at"] >= 0) & result.table.reason.isin(["", "near duplicate"])]
    features, labels, groups = result.features[table["at"]], table.label.to_numpy(str), table.group.to_numpy(str)
    nearest, how = KNeighborsClassifier(1, metric="cosine"), {"n_splits": 10, "shuffle": True, "random_state": 42}
    at_random = cross_val_predict(nearest, features, labels, cv=StratifiedKFold(**how)) == labels
    whole = cross_val_predict(nearest, features, labels, groups=groups, cv=StratifiedGroupKFold(**how)) == labels
    yield _row(data, "leak", "accuracy, random folds", share(at_random, groups))
    yield _row(data, "leak", f"accuracy, folds by {result.unit}", share(whole, groups))
    yield _row(data, "leak", "difference", difference(at_random, whole, groups))


def shop_rows() -> Iterator[dict]:
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder)
        ledger = collect_shop(build / "raw")
        begun = time.perf_counter()
        result = clean.clean(ledger, build / "raw", build)
        yield _row("shop", "clean", "seconds", time.perf_counter() - begun, "s")
        for name, figure in judge(result, ledger).items():
            if figure is not None:
                yield _row("shop", "planted mess", name, figure)
        for name, figure in planted_labels(result):
            yield _row("shop", f"{PLANTINGS} other plantings", name, figure)
        yield from leak(result, "shop")


def real_rows(shared: Path, quick: bool) -> Iterator[dict]:
    """Cleaning real photos, beside cleanvision and imagededup on the same files in the same run: seconds and pairs."""
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder)
        ledger = scrape.collect(build / "raw", photos={"folder": shared / "photos"}, per_query=60 if quick else 0)
        data, images = f"shared/photos ({len(ledger)})", build / "raw" / "images"
        begun = time.perf_counter()
        result = clean.clean(ledger, build / "raw", build)
        yield _row(data, "clean", "seconds", time.perf_counter() - begun, "s")
        for reason, count in result.table.reason[result.table.verdict == "removed"].value_counts().items():
            yield _row(data, "clean", reason, count, "pictures")
        yield from leak(result, data)
        ours = {frozenset((a[:24], b[:24])) for a, b, _ in result.pairs}
        yield _row(data, "copies", "pairs", len(ours), "pairs")
        for peer, method in [("cleanvision", cleanvision_pairs), ("imagededup", imagededup_pairs)]:
            begun = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                theirs = method(images)
            yield _row(data, "copies", "seconds", time.perf_counter() - begun, "s", peer)
            yield _row(data, "copies", "pairs", len(theirs), "pairs", peer)
            yield _row(data, "copies", "pairs that gadgetlib has too", len(theirs & ours), "pairs", peer)


def cleanvision_pairs(images: Path) -> set[frozenset]:
    from cleanvision import Imagelab

    lab = Imagelab(data_path=str(images))
    lab.find_issues(n_jobs=2)
    sets = [sorted(Path(name).stem for name in group) for kind in ("near", "exact")
            for group in lab.info[f"{kind}_duplicates"]["sets"]]  # fmt: skip
    return {frozenset(pair) for names in sets for pair in itertools.combinations(names, 2)}


def imagededup_pairs(images: Path) -> set[frozenset]:
    from imagededup.methods import PHash

    found = PHash(verbose=False).find_duplicates(image_dir=str(images), max_distance_threshold=10, num_enc_workers=0,
                                                 num_dist_workers=0)  # fmt: skip
    return {frozenset((Path(a).stem, Path(b).stem)) for a, near in found.items() for b in near}


def run(quick: bool = True) -> Iterator[dict]:
    """All rows of this area."""
    yield from shop_rows()
    shared = shared_dir()
    if shared is None:
        print("bench_clean: ../shared is absent, the real photos are left out")
    else:
        yield from real_rows(shared, quick)
