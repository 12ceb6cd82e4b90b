"""Cleaning: from a ledger of raw pictures to a table that a model may be trained on and judged by.

:func:`clean` runs the chain, whose steps lesson 02 shows one by one, and returns a :class:`Cleaning`.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import imagehash
import jinja2
import numpy as np
import pandas as pd
from cleanlab.filter import find_label_issues
from PIL import Image, ImageOps
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits
from tqdm.contrib.concurrent import thread_map

from gadgetlib import CLASSES, backbone
from gadgetlib.errors import CourseError
from gadgetlib.files import read_strings, split_of, write_atomic
from gadgetlib.pictures import open_image


@dataclass(frozen=True)
class Rules:
    """What a picture must be to stay. Sizes in pixels; the notebook shows what each threshold does."""

    min_side: int = 80
    max_aspect: float = 4.0  # long side : short side
    min_contrast: float = 6.0  # standard deviation of the grey values, 0-255
    min_sharpness: float = 0.05  # see sharpness()
    hash_distance: int = 12  # bits of 64 in which the hashes of two copies may differ
    same_picture: float = 0.90  # cosine of frozen features that two copies have at least


def sharpness(grey: np.ndarray) -> float:
    """How sharp the sharpest edges are: a high percentile of |Laplacian| over the range of grey values.

    grey: float32 (h, w), long side about 256. A blurred picture has no sharp edge anywhere; a sharp one on an empty
    background has few, which is why the variance over the whole picture would be misled.
    """
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0)  # film grain and JPEG noise are no edges
    edges = np.abs(cv2.Laplacian(smooth, cv2.CV_32F))
    low, high = np.percentile(smooth, [1, 99])
    return float(np.percentile(edges, 99.5) / max(high - low, 16.0))


def facts(path: Path) -> dict[str, Any]:
    """What there is to know about one file; ``error`` says why when it does not open or breaks off.

    Keys: error, width, height (upright), odd (to be rewritten: turned, not RGB, animated), phash and mirrored (uint64,
    of the picture and its mirror image), contrast, sharpness.
    """
    try:
        image = open_image(path, side=256)
    except CourseError as error:
        nothing = dict.fromkeys(("width", "height", "odd", "phash", "mirrored"), np.uint64(0))
        return nothing | {"error": str(error), "contrast": 0.0, "sharpness": 0.0}
    with Image.open(path) as stored:
        size, turned = stored.size, stored.getexif().get(0x0112, 1)
        odd = turned > 1 or stored.mode != "RGB" or getattr(stored, "is_animated", False)
    width, height = size[::-1] if turned in (5, 6, 7, 8) else size
    grey = image.convert("L")
    pixels = np.asarray(ImageOps.contain(grey, (256, 256)) if max(grey.size) > 256 else grey, np.float32)
    tiny = grey.resize((32, 32), Image.Resampling.LANCZOS)  # what phash makes of a picture first
    phash, mirrored = (np.uint64(int(str(imagehash.phash(one)), 16)) for one in (tiny, ImageOps.mirror(tiny)))
    return {"error": "", "width": width, "height": height, "odd": odd, "phash": phash, "mirrored": mirrored,
            "contrast": float(pixels.std()), "sharpness": sharpness(pixels)}  # fmt: skip


def all_facts(raw: Path, files: Sequence[str]) -> pd.DataFrame:
    """:func:`facts` of many files of a folder, a row each, made in threads (decoding lets go of Python's lock)."""
    found = thread_map(facts, [raw / file for file in files], desc="look", disable=len(files) < 200)
    return pd.DataFrame(found, index=list(files))


def fault(found: Mapping[str, Any], rules: Rules = Rules()) -> str:
    """Why a picture with these :func:`facts` cannot stay, or ""."""
    short, long = sorted((found["width"], found["height"]))
    checks = {
        "corrupt": found["error"] != "",
        "wrong aspect": long > rules.max_aspect * short,
        "too small": short < rules.min_side,
        "nothing to see": found["contrast"] < rules.min_contrast,
        "too blurry": found["sharpness"] < rules.min_sharpness,
        "removed by hand": found.get("decided") == "remove",
    }
    return next((reason for reason, wrong in checks.items() if wrong), "")


def near_pairs(hashes: np.ndarray, mirrored: np.ndarray, features: np.ndarray, rules: Rules) -> list[tuple]:
    """Pairs (i, j, cosine), i < j, of one picture: alike in coarse structure, mirrored or not, and in what is on it.

    hashes, mirrored: (n,) uint64. features: (n, d), rows of length one. Every pair is compared, in blocks: for some
    thousand pictures that takes less time than building an index.
    """
    pairs = []
    for first in range(0, len(hashes), 512):
        block = slice(first, first + 512)
        apart = np.minimum(hamming(hashes[block], hashes), hamming(mirrored[block], hashes))
        cosine = features[block] @ features.T
        rows, columns = np.nonzero((apart <= rules.hash_distance) & (cosine >= rules.same_picture))
        pairs += [(int(i + first), int(j), float(cosine[i, j])) for i, j in zip(rows, columns) if i + first < j]
    return pairs


def hamming(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """In how many bits each hash of one (n,) differs from each of other (m,), both uint64: (n, m)."""
    return np.bitwise_count(one[:, None] ^ other[None])


def clusters(count: int, pairs: Sequence[tuple]) -> np.ndarray:
    """Connected components: (count,) int, the same number for everything that pairs join."""
    left, right = ([pair[side] for pair in pairs] for side in (0, 1))
    return connected_components(coo_matrix((np.ones(len(left)), (left, right)), shape=(count, count)))[1]


def out_of_fold(features: np.ndarray, labels: np.ndarray, groups: np.ndarray, titles: np.ndarray | None = None,
                folds: int = 5, seed: int = 42) -> np.ndarray:  # fmt: skip
    """Probabilities (n, k), classes sorted, of every picture by models that were trained without its group.

    features: (n, d). titles: (n,) what the pages call the pictures. One model looks, one reads; they err for different
    reasons, so their probabilities are multiplied (naive Bayes).
    """
    cv = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    models = [(make_pipeline(StandardScaler(), LogisticRegression(C=0.001, max_iter=300)), features)]
    if titles is not None:
        words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
        models.append((make_pipeline(words, LogisticRegression(C=10, max_iter=300)), titles))
    product = 1.0
    for model, evidence in models:
        seen = cross_val_predict(model, evidence, labels, groups=groups, cv=cv, method="predict_proba")
        product = product * seen.clip(1e-3)
    return product / product.sum(axis=1, keepdims=True)


def page_titles(table: pd.DataFrame) -> np.ndarray | None:
    """What the pages call their pictures, (n,); None where fewer than nine in ten have a title.

    A file's own name is none: in a folder sorted by label it only repeats the label.
    """
    titles = table.title.where(table.page != "", "")
    return titles.to_numpy(str) if titles.str.contains(r"\w\w").mean() >= 0.9 else None


def split_groups(labels: np.ndarray, groups: np.ndarray, seed: int = 42) -> np.ndarray:
    """A split for each picture: groups whole, near 70/15/15, and classes spread over all three where they can be.

    Up to twenty stratified folds of whole groups; the smallest make test and valid. CourseError for too few groups.
    """
    labels, groups = np.asarray(labels), np.asarray(groups)
    count = pd.Series(groups).groupby(labels).nunique()
    if count.max() < 3:
        raise CourseError(f"The pictures come from {len(set(groups))} groups only; three splits need three of a class: "
                          "add pictures of other products or from other sources.")  # fmt: skip
    cv = StratifiedGroupKFold(int(np.clip(count.min(), 3, 20)), shuffle=True, random_state=seed)
    folds = sorted((held for _, held in cv.split(labels, labels, groups)), key=len)
    split = np.full(len(labels), "train", object)
    for name in ("test", "valid"):
        while len(folds) > 1 and (split == name).sum() + len(folds[0]) / 2 < 0.15 * len(labels) or name not in split:
            split[folds.pop(0)] = name
    return split


def read_decisions(path: Path) -> dict[str, str]:
    """sha256 -> the label that a person gave a picture, or "remove"; CourseError names a line that makes no sense."""
    rows = read_strings(path, ["sha256", "label"])
    for line, label in enumerate((row["label"] for row in rows), 2):
        if label not in (*CLASSES, "remove"):
            raise CourseError(f"{path.name}, line {line}: the label is {label!r}; give remove, or the picture's right "
                              f"label ({', '.join(CLASSES)}).")  # fmt: skip
    return {row["sha256"]: row["label"] for row in rows}


@dataclass
class Cleaning:
    """The result: ``table`` has a row for every picture that came, with verdict, reason and split."""

    table: pd.DataFrame
    pairs: list[tuple[str, str, float]]  # near copies, by sha256
    unit: str  # what splits keep together: product_id, source or picture
    features: np.ndarray = field(repr=False)  # of the rows with ``at`` >= 0, by that number

    @property
    def kept(self) -> pd.DataFrame:
        return self.table[self.table.verdict == "kept"]


def clean(ledger: pd.DataFrame, raw: Path, build: Path, *, rules: Rules = Rules(), size: int = backbone.SIZE,
          seed: int = 42, label_errors: str = "remove", decisions: Mapping | None = None,
          known: pd.DataFrame | None = None) -> Cleaning:  # fmt: skip
    """Judge every picture of a ledger and split what stays.

    raw: the folder of the ledger's files. build: files of the result are named relative to it; rewritten pictures go to
    ``clean/images`` in it, features to ``features``. label_errors: remove, or keep, what the models contradict.
    decisions: see read_decisions; they win. known: :func:`all_facts`, where they are known already.
    Raises CourseError when fewer than two classes are left.
    """
    came = ledger[ledger.status == "ok"].sort_values(["sha256", "label", "url"], ignore_index=True)
    known = all_facts(raw, sorted(came.file.unique())) if known is None else known
    table = came.drop(columns=["width", "height", "phash"]).assign(
        **dict.fromkeys(["reason", "beside", "suggested", "group", "split"], ""), raw_file=came.file, at=-1, cluster=-1,
        confidence=np.nan, decided=came.sha256.map(decisions or {}).fillna("")).join(known, on="raw_file")  # fmt: skip
    table["label"] = table.decided.where(table.decided.isin(CLASSES), table.label)
    table["reason"] = [fault(found, rules) for found in table.to_dict("records")]
    _exact_copies(table)
    alive = _staying(table)
    features = backbone.cached_features([raw / file for file in table.raw_file[alive]], build / "features", size)
    features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    found = near_pairs(*(table[name][alive].to_numpy(np.uint64) for name in ("phash", "mirrored")), features, rules)
    table.loc[alive, "at"], table.loc[alive, "cluster"] = np.arange(len(alive)), clusters(len(alive), found)
    unit, table.loc[alive, "group"] = _groups(table.loc[alive])
    doubted = _doubted(table, alive, features, seed)
    if label_errors == "remove":
        table.loc[doubted, "reason"] = "label error"
    _near_copies(table, alive)
    kept = _staying(table)
    table["verdict"] = np.where(table.index.isin(kept), "kept", "removed")
    if table.label[kept].nunique() < 2:
        left = ", ".join(table.label[kept].unique()) or "nothing"
        raise CourseError(f"Cleaning leaves only {left}; the course needs pictures of two classes at least.")
    labels, groups = table.label[kept], table.group[kept]
    table.loc[kept, "split"] = groups.map(split_of) if unit == "product_id" else split_groups(labels, groups, seed)
    _rewrite(table, kept, raw, build)
    digests = table.sha256[alive].to_numpy()
    return Cleaning(table, [(digests[i], digests[j], cosine) for i, j, cosine in found], unit, features)


def _staying(table: pd.DataFrame) -> pd.Index:
    """Rows without a fault, or that a person wants; nobody can want half a picture or the same file twice."""
    wanted = table.decided.isin(CLASSES) & ~table.reason.isin(["corrupt", "exact duplicate"])
    return table.index[wanted | (table.reason == "")]


def _exact_copies(table: pd.DataFrame) -> None:
    """One row per content; content under several labels says nothing about any of them, unless one has two thirds."""
    for digest, rows in table.loc[_staying(table)].groupby("sha256"):
        label, most = next(rows.label.value_counts().items())
        first = rows.index[rows.label == label][0]
        if 3 * most <= 2 * len(rows):
            table.loc[rows.index, "reason"] = "shown under several labels"
        elif len(rows) > 1:
            table.loc[rows.index.drop(first), ["reason", "beside"]] = "exact duplicate", digest


def _near_copies(table: pd.DataFrame, alive: pd.Index) -> None:
    """Of pictures that show the same, keep the largest; where labels differ, one whose label the models predict."""
    ranked = table.loc[alive].assign(doubted=table.suggested != table.label, area=-table.width * table.height)
    ranked = ranked.sort_values(["doubted", "area", "sha256"])
    copies = ranked.index[ranked.cluster.duplicated()]
    table.loc[copies, "reason"] = "near duplicate"
    table.loc[copies, "beside"] = ranked.groupby("cluster").sha256.transform("first")[copies]


def _groups(table: pd.DataFrame) -> tuple[str, pd.Series]:
    """What must stay together: the product where it is known, else the source, else copies of one picture."""
    copies = "picture-" + table.groupby("cluster").sha256.transform("first").str[:12]
    if (table.product_id != "").mean() >= 0.9:
        return "product_id", table.product_id.where(table.product_id != "", copies)
    if (table.source != "").mean() >= 0.9 and table.groupby("label").source.nunique().min() >= 3:
        return "source", table.source.where(table.source != "", "unknown")
    return "picture", copies


@threadpool_limits.wrap(limits=1)  # small matrices: threads would wait for each other longer than they work
def _doubted(table: pd.DataFrame, alive: pd.Index, features: np.ndarray, seed: int) -> pd.Index:
    """Fill in what the models predict for each picture; the rows whose label they contradict.

    As many as confident learning estimates (Northcutt, Jiang and Chuang, 2021), those of the least probability.
    """
    classes, target = np.unique(table.label[alive].to_numpy(str), return_inverse=True)
    cluster = table.cluster[alive].to_numpy()
    folds = min(5, pd.Series(cluster).groupby(target).nunique().min())
    if folds < 2 or len(classes) < 2:
        return alive[:0]  # too few pictures to train on
    probabilities = out_of_fold(features, classes[target], cluster, page_titles(table.loc[alive]), folds, seed)
    table.loc[alive, "confidence"] = probabilities[np.arange(len(alive)), target].round(4)
    table.loc[alive, "suggested"] = classes[probabilities.argmax(axis=1)]
    return alive[find_label_issues(target, probabilities, filter_by="low_self_confidence", n_jobs=1)]


def _rewrite(table: pd.DataFrame, kept: pd.Index, raw: Path, build: Path) -> None:
    """Name files relative to build; store upright 8-bit RGB where the original is anything else."""
    for row in table.loc[kept].itertuples():
        file = raw / row.raw_file
        if row.odd:
            file = build / "clean" / "images" / f"{row.sha256[:24]}.jpg"
            with write_atomic(file) as part:
                open_image(raw / row.raw_file).save(part, "JPEG", quality=92)
        table.at[row.Index, "file"] = file.resolve().relative_to(build.resolve()).as_posix()


def write_review(result: Cleaning, raw: Path, path: Path, most: int = 120) -> None:
    """Write the page that shows what was removed and why, and lets a person decide otherwise (see read_decisions)."""
    table = result.table.sort_values(["confidence", "sha256"])
    table["src"] = [Path(os.path.relpath(raw / file, path.parent)).as_posix() for file in table.raw_file]
    kept = table[table.verdict == "kept"]
    unsure = kept[kept.reason == ""][:40].assign(reason="doubtful labels that stay")
    templates = jinja2.Environment(loader=jinja2.PackageLoader("gadgetlib"), autoescape=True, trim_blocks=True)
    page = templates.get_template("review.html").stream(
        rows=pd.concat([table[table.reason != ""].drop_duplicates(["sha256", "label"]), unsure]).to_dict("records"),
        stays={row["sha256"]: row for row in kept.to_dict("records")}, removed=len(table) - len(kept), most=most,
        classes=CLASSES, decisions=dict(table.loc[table.decided != "", ["sha256", "decided"]].to_numpy()),
    )  # fmt: skip
    with write_atomic(path) as part:
        page.dump(str(part), encoding="utf-8")
