"""Cleaning: from a ledger of raw pictures to a table that a model may be trained on and judged by.

:func:`clean` runs the whole lesson's chain and returns a :class:`Cleaning`: a verdict with a reason for every
picture, the groups that must not be torn apart, and the splits. The steps are functions of their own.
"""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from gadgetlib import CLASSES
from gadgetlib.errors import CourseError
from gadgetlib.files import split_of, write_atomic

SPLITS = {"train": 0.70, "valid": 0.15, "test": 0.15}
DECISIONS = ["sha256", "decision", "label", "note"]
# By how much another class must lead over the label; see label_issues().
LEAD, LEAD_WITH_WORDS, CERTAIN = 0.40, 0.30, 0.85
COARSE = 0.7  # likeness after a coarse alignment from which a closer look is worth its time
THUMB = 96  # side of the square thumbnails on which near copies are compared


@dataclass(frozen=True)
class Rules:
    """What a picture must be to stay. Sizes in pixels; the notebook shows what each threshold does."""

    min_side: int = 80
    max_aspect: float = 4.0  # long side : short side
    min_contrast: float = 6.0  # standard deviation of the grey values, 0-255
    min_sharpness: float = 0.05  # see sharpness()
    hash_distance: int = 12  # bits of 64: how far apart two candidates may be
    min_cosine: float = 0.90  # of frozen features: the second net for candidates
    same_picture: float = 0.93  # see likeness(): from here on it is the same picture


# ---------------------------------------------------------------- one picture


def sharpness(grey: np.ndarray) -> float:
    """How sharp the sharpest edges are: a high percentile of |Laplacian| over the range of grey values.

    grey: float32 (h, w), long side about 256. A blurred picture has no sharp edge anywhere; a sharp one on an
    empty background has few, which is why the mean or variance over the picture would be misled.
    """
    import cv2

    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0)  # film grain and JPEG noise are no edges
    edges = np.abs(cv2.Laplacian(smooth, cv2.CV_32F))
    low, high = np.percentile(smooth, [1, 99])
    return float(np.percentile(edges, 99.5) / max(high - low, 16.0))


UNKNOWN = {"width": 0, "height": 0, "odd": False, "phash": np.uint64(0), "flipped": np.uint64(0), "contrast": 0.0,
           "sharpness": 0.0, "thumb": np.zeros((THUMB, THUMB, 3), np.uint8)}  # fmt: skip


def measure(path: Path) -> dict[str, Any]:
    """What there is to know about one file; ``error`` says why when it does not open or breaks off.

    Keys: error, width, height (upright), odd (needs rewriting: EXIF turn, not RGB, animated), phash and flipped
    (uint64 of the picture and its mirror image), contrast, sharpness, thumb (THUMB, THUMB, 3) uint8.
    """
    import imagehash
    from PIL import Image, ImageOps

    from gadgetlib.pictures import open_image

    try:
        image = open_image(path, side=256)
    except CourseError as error:
        return UNKNOWN | {"error": str(error)}
    with Image.open(path) as stored:
        width, height = stored.size
        turned = stored.getexif().get(0x0112, 1) > 1
        odd = turned or stored.mode != "RGB" or getattr(stored, "is_animated", False)
    if (width > height) != (image.width > image.height):
        width, height = height, width
    grey = image.convert("L")
    small = grey if max(grey.size) <= 256 else ImageOps.contain(grey, (256, 256))
    pixels = np.asarray(small, np.float32)
    tiny = grey.resize((32, 32), Image.Resampling.LANCZOS)  # what phash makes of a picture first, here once for both
    return {
        "error": "",
        "width": width,
        "height": height,
        "odd": odd,
        "phash": _bits(imagehash.phash(tiny)),
        "flipped": _bits(imagehash.phash(ImageOps.mirror(tiny))),
        "contrast": float(pixels.std()),
        "sharpness": sharpness(pixels),
        "thumb": np.asarray(image.resize((THUMB, THUMB), Image.Resampling.LANCZOS, reducing_gap=2.0)),
    }


def _bits(digest) -> np.uint64:
    return np.uint64(int(str(digest), 16))


def measure_all(paths: Sequence[Path], jobs: int | None = None) -> list[dict[str, Any]]:
    """:func:`measure` for many files, in threads (decoding lets go of Python's lock)."""
    from tqdm.auto import tqdm

    with ThreadPoolExecutor(jobs or min(8, (os.cpu_count() or 2) + 1)) as pool:
        return list(tqdm(pool.map(measure, paths), total=len(paths), desc="measure", disable=len(paths) < 200))


def verdict(facts: Mapping[str, Any], rules: Rules = Rules()) -> tuple[str, str]:
    """(reason, detail) why a picture cannot stay by itself, or ("", "")."""
    if facts["error"]:
        return "corrupt", facts["error"]
    width, height = facts["width"], facts["height"]
    if max(width, height) > rules.max_aspect * min(width, height):
        return "wrong aspect", f"{width} x {height}"
    if min(width, height) < rules.min_side:
        return "too small", f"{width} x {height}"
    if facts["contrast"] < rules.min_contrast:
        return "nothing to see", f"contrast {facts['contrast']:.1f}"
    if facts["sharpness"] < rules.min_sharpness:
        return "too blurry", f"sharpness {facts['sharpness']:.3f}"
    return "", ""


# ---------------------------------------------------------------- copies


def candidate_pairs(
    hashes: np.ndarray, flipped: np.ndarray, embedded: np.ndarray | None = None, rules: Rules = Rules()
) -> list[tuple[int, int]]:
    """Pairs (i < j) that may show the same picture: close hashes, mirrored too, or close features.

    hashes, flipped: (n,) uint64. embedded: (n, d) L2-normalised, or None. All pairs are compared, in blocks:
    for some thousand pictures that takes less time than building an index.
    """
    found: set[tuple[int, int]] = set()
    for start in range(0, len(hashes), 512):
        block = slice(start, start + 512)
        near = np.bitwise_count(hashes[block, None] ^ hashes[None]) <= rules.hash_distance
        near |= np.bitwise_count(flipped[block, None] ^ hashes[None]) <= rules.hash_distance
        if embedded is not None:
            near |= embedded[block] @ embedded.T >= rules.min_cosine
        left, right = np.nonzero(near)
        found.update((i, j) for i, j in zip((left + start).tolist(), right.tolist(), strict=True) if i < j)
    return sorted(found)


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """How alike two thumbnails are in detail, after laying one over the other: -1 to 1.

    one, other: (THUMB, THUMB, 3) uint8. The second is fitted onto the first by an affine ECC alignment
    (Evangelidis and Psarakis 2008), so a crop, another scale or a little more light change nothing; then what is
    compared is the fine structure, the picture minus its blurred self. Two photos of one product agree in the
    large and differ there.
    """
    mirrored = other[:, ::-1]
    return max(_likeness(one, other), _likeness(one, mirrored) if _correlation(one, mirrored) > 0.8 else -1.0)


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    import cv2

    a, b = (cv2.cvtColor(np.ascontiguousarray(x), cv2.COLOR_RGB2GRAY).astype(np.float32) for x in (one, other))
    halves = [cv2.resize(x, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for x in (a, b)]
    plain = np.eye(2, 3, dtype=np.float32)
    warp = _align(*halves, plain)
    warp[:, 2] = 2 * warp[:, 2] + 0.5 - warp[:, :2].sum(axis=1) / 2  # the same map between pictures of full size
    coarse, start = max(((_agreement(one, other, w), w) for w in (plain, warp)), key=lambda found: found[0])
    # most candidates are look-alikes, and half the size is enough to see it
    return coarse if coarse < COARSE else _agreement(one, other, _align(a, b, start))


def _align(a: np.ndarray, b: np.ndarray, warp: np.ndarray) -> np.ndarray:
    """The affine map (2, 3) that lays b over a, improved from ``warp``; ``warp`` itself where that does not converge."""
    import cv2

    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)
    try:
        return cv2.findTransformECC(a, b, warp.copy(), cv2.MOTION_AFFINE, stop, None, 3)[1]
    except cv2.error:  # they have little in common
        return warp


def _agreement(one: np.ndarray, other: np.ndarray, warp: np.ndarray) -> float:
    """How well two thumbnails agree in the large and in detail under an affine map; -1 where it bends too much."""
    import cv2

    scales = np.linalg.svd(warp[:, :2], compute_uv=False)
    if scales.min() < 0.8 or scales.max() > 1.25 or np.abs(warp[:, 2]).max() > 0.25 * THUMB:
        return -1.0
    fit = partial(cv2.warpAffine, M=warp, dsize=one.shape[1::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    shown = cv2.erode(fit(np.ones(one.shape[:2], np.float32)), np.ones((3, 3))) > 0.99
    if shown.mean() < 0.5:
        return -1.0
    fitted = fit(np.ascontiguousarray(other).astype(np.float32), borderMode=cv2.BORDER_REPLICATE)
    base = one.astype(np.float32)
    fine = base - cv2.GaussianBlur(base, (0, 0), 3), fitted - cv2.GaussianBlur(fitted, (0, 0), 3)
    return min(_correlation(fine[0][shown], fine[1][shown]), _correlation(base[shown], fitted[shown]))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float32).ravel(), b.astype(np.float32).ravel()
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / max(np.sqrt((a @ a) * (b @ b)), 1e-9))


def likenesses(thumbs: np.ndarray, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """(n,) :func:`likeness` of pairs of the thumbnails, in threads."""
    with ThreadPoolExecutor(min(4, os.cpu_count() or 2)) as pool:
        return np.array(list(pool.map(lambda pair: likeness(thumbs[pair[0]], thumbs[pair[1]]), pairs)), float)


def near_pairs(
    thumbs: np.ndarray, hashes: np.ndarray, flipped: np.ndarray, embedded: np.ndarray | None = None,
    rules: Rules = Rules(),
) -> list[tuple[int, int, float]]:  # fmt: skip
    """Pairs (i, j, likeness) that show the same picture: candidates by hash or features, then compared."""
    candidates = candidate_pairs(hashes, flipped, embedded, rules)
    scores = likenesses(thumbs, candidates).tolist()
    return [(i, j, s) for (i, j), s in zip(candidates, scores, strict=True) if s >= rules.same_picture]


def clusters(count: int, pairs: Sequence[tuple]) -> np.ndarray:
    """Connected components: (count,) int, the same number for everything that pairs join."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    left, right = ([pair[side] for pair in pairs] for side in (0, 1))
    joined = coo_matrix((np.ones(len(left)), (left, right)), shape=(count, count))
    return connected_components(joined, directed=False)[1]


# ---------------------------------------------------------------- labels


def out_of_fold(
    embedded: np.ndarray, labels: np.ndarray, groups: np.ndarray, words: np.ndarray | None = None, folds: int = 10,
    seed: int = 42,
):  # fmt: skip
    """(probabilities (n, k) or None, classes): every picture judged by models that saw nothing of its group.

    The mean of a strongly regularised logistic regression, which generalises, of a vote of the nearest
    neighbours, which knows the rare views, and, with ``words`` (n,) texts, of a logistic regression on what the
    pages call their pictures: witnesses that err for different reasons doubt fewer right labels than any alone.
    Folds keep groups whole and classes balanced; None where a class has a single group.
    """
    from sklearn.decomposition import PCA
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.preprocessing import StandardScaler

    classes, target = np.unique(labels, return_inverse=True)
    folds = min(folds, min(len(set(groups[labels == name])) for name in classes))
    if folds < 2 or len(classes) < 2:
        return None, classes
    make = {
        "line": lambda n: LogisticRegression(C=0.003, max_iter=300),
        "near": lambda n: KNeighborsClassifier(min(15, n), metric="cosine", weights="distance"),
        "said": lambda n: LogisticRegression(C=10, max_iter=300),
    }
    probabilities = np.zeros((len(labels), len(classes)))
    with threadpool_limits(limits=1):  # small matrices: threads would wait for each other longer than they work
        size = min(300, len(embedded) - 1, embedded.shape[1])  # no labels in this, so all pictures may take part
        reduced = StandardScaler().fit_transform(PCA(size, random_state=seed).fit_transform(embedded))
        seen = {"line": reduced, "near": embedded}
        if words is not None:
            seen["said"] = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)).fit_transform(words)
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        for train, held in splitter.split(reduced, target, groups):
            for name, rows in seen.items():
                model = make[name](len(train)).fit(rows[train], target[train])
                probabilities[np.ix_(held, model.classes_)] += model.predict_proba(rows[held]) / len(seen)
    return probabilities, classes


def label_issues(
    embedded: np.ndarray, labels: np.ndarray, groups: np.ndarray, words: np.ndarray | None = None, seed: int = 42
):
    """(suspect mask (n,), probabilities (n, k) or None, classes): which labels the witnesses doubt.

    The score is the normalised margin of ``cleanlab`` (Northcutt, Jiang and Chuang 2021): by how much the
    out-of-fold probability of another class leads over that of the label. More than ``LEAD`` is a doubt, with
    ``words`` more than ``LEAD_WITH_WORDS``. Few pictures give timid probabilities; so ``CERTAIN`` is a doubt too,
    after calibration (temperature scaling, Guo et al. 2017).
    groups: (n,) copies of one picture, and no more: whoever has seen its siblings of the same product or source doubts
    fewer odd pictures with right labels. (A source that mislabels all it has is not found so.)
    """
    probabilities, classes = out_of_fold(embedded, labels, groups, words, seed=seed)
    if probabilities is None:
        return np.zeros(len(labels), bool), None, classes
    target = np.searchsorted(classes, labels)
    suspect = lead(probabilities, target) > (LEAD if words is None else LEAD_WITH_WORDS)
    probabilities = calibrate(probabilities, target)
    return suspect | (lead(probabilities, target) > CERTAIN), probabilities, classes


def page_words(table) -> np.ndarray | None:
    """What the pages call their pictures, (n,) titles of the ledger; None where fewer than nine in ten have one.

    A file's own name is no such word: in a folder sorted by label it only repeats the label.
    """
    said = table.title.where(table.page != "", "")
    return said.to_numpy(str) if said.str.contains(r"\w\w").mean() >= 0.9 else None


def lead(probabilities: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(n,) by how much the likeliest other class is likelier than the label; negative where the label leads."""
    from cleanlab.rank import get_normalized_margin_for_each_label

    return 1 - 2 * get_normalized_margin_for_each_label(target, probabilities)


def calibrate(probabilities: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Probabilities (n, k) sharpened or softened by the one temperature that suits the labels (n,) best."""
    from scipy.optimize import minimize_scalar
    from scipy.special import softmax

    logits, rows = np.log(np.clip(probabilities, 1e-6, 1)), np.arange(len(target))

    def loss(sharpen: float) -> float:
        return -np.log(np.clip(softmax(logits * sharpen, axis=1)[rows, target], 1e-9, 1)).mean()

    return softmax(logits * minimize_scalar(loss, bounds=(0.3, 8), method="bounded").x, axis=1)


def outliers(embedded: np.ndarray, neighbours: int = 10) -> np.ndarray:
    """(n,) mean cosine distance to the nearest pictures: what is far from everything deserves a look."""
    from sklearn.neighbors import NearestNeighbors

    neighbours = min(neighbours, len(embedded) - 1)
    if neighbours < 1:
        return np.zeros(len(embedded))
    index = NearestNeighbors(n_neighbors=neighbours + 1, metric="cosine", algorithm="brute").fit(embedded)
    return index.kneighbors(embedded)[0][:, 1:].mean(axis=1)


# ---------------------------------------------------------------- splits


def split_groups(labels: Sequence[str], groups: Sequence[str], seed: int = 42, tries: int = 400) -> np.ndarray:
    """A split for each picture that keeps groups whole, shares near 70/15/15 and, if it can, all classes in all splits.

    Deals the groups out in many random orders, largest first among equals, and keeps the best deal.
    Raises CourseError when there are too few groups for three splits.
    """
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    classes, label = np.unique(np.asarray(labels), return_inverse=True)
    if len(names) < 3:
        raise CourseError(
            f"The pictures come from {len(names)} group{'s' * (len(names) != 1)} only; three splits need three "
            "at least: add pictures of other products or from other sources."
        )
    counts = np.zeros((len(names), len(classes)))
    np.add.at(counts, (group, label), 1)
    total = counts.sum(axis=0)
    shares = np.array(list(SPLITS.values()))
    want = shares[:, None] * total
    rng, best, best_cost = np.random.default_rng(seed), None, np.inf
    for _ in range(tries):
        order = np.argsort(-counts.sum(axis=1) * rng.uniform(0.5, 1.5, len(names)), kind="stable")
        got, place = np.zeros_like(want), np.zeros(len(names), int)
        for g in order:
            gain = (((got + counts[g] - want) ** 2 - (got - want) ** 2) / (want * total + 1)).sum(axis=1)
            place[g] = int(np.argmin(gain))
            got[place[g]] += counts[g]
        cost = (((got - want) / total) ** 2).sum() + 10.0 * (got == 0).sum()
        if cost < best_cost:
            best, best_cost = place, cost
    return np.array(list(SPLITS))[best][group]


def leaks(table, pairs: Sequence[tuple[str, str]] = ()) -> list[str]:
    """What stands on both sides of a split: groups, and pairs of near copies (of sha256). Empty when clean.

    table: columns group, split, sha256.
    """
    spread = table.groupby("group").split.nunique()
    found = [f"group {name}" for name in spread.index[spread > 1]]
    split = dict(zip(table.sha256, table.split, strict=True))
    found += [f"copies {a[:8]} and {b[:8]}" for a, b in pairs
              if a in split and b in split and split[a] != split[b]]  # fmt: skip
    return found


def probe(embedded: np.ndarray, labels: np.ndarray, train, test) -> float:
    """Accuracy on ``test`` of the nearest neighbour in ``train`` (index arrays or boolean masks).

    The simplest model there is, and the one that shows most openly what it has seen before.
    """
    from sklearn.neighbors import KNeighborsClassifier

    model = KNeighborsClassifier(1, metric="cosine").fit(embedded[train], labels[train])
    return float(model.score(embedded[test], labels[test]))


# ---------------------------------------------------------------- decisions of a person


def read_decisions(path: Path) -> dict[str, dict[str, str]]:
    """sha256 -> {decision: keep | remove | relabel, label, note}; CourseError names a line that makes no sense."""
    if not path.exists():
        return {}
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"{path.name} cannot be read ({error}); save it as UTF-8 CSV, or delete it.") from None
    decisions = {}
    for number, row in enumerate(rows, 2):
        decision, label = (row.get("decision") or "").strip(), (row.get("label") or "").strip()
        if not row.get("sha256"):
            wrong = "it needs the columns " + ", ".join(DECISIONS)
        elif decision not in ("keep", "remove", "relabel"):
            wrong = f"decision is {decision!r}, not keep, remove or relabel"
        elif decision == "relabel" and label not in CLASSES:
            wrong = f"label is {label!r}, not one of {', '.join(CLASSES)}"
        else:
            wrong = ""
        if wrong:
            raise CourseError(f"{path.name}, line {number}: {wrong}; correct it or delete the line.")
        decisions[row["sha256"].strip()] = {"decision": decision, "label": label, "note": row.get("note") or ""}
    return decisions


# ---------------------------------------------------------------- everything


@dataclass
class Cleaning:
    """The result: ``table`` has a row for every picture that came, with verdict, reason and split."""

    table: Any  # DataFrame: ALL_COLUMNS
    pairs: list[tuple[str, str, float]]  # near copies, by sha256
    unit: str  # what splits keep together: product_id, source or picture
    features: np.ndarray = field(repr=False, default=None)  # of the rows with ``at`` >= 0, by that number

    @property
    def kept(self):
        return self.table[self.table.verdict == "kept"]

    @property
    def photos(self):
        """The clean table as the contract has it."""
        from gadgetlib import PHOTO_COLUMNS

        return self.kept[PHOTO_COLUMNS].sort_values("file", ignore_index=True)

    def tally(self) -> dict[str, int]:
        """How many pictures went, by reason, most frequent first."""
        return dict(Counter(self.table.reason[self.table.verdict == "removed"]).most_common())


def clean(
    ledger, raw: Path, build: Path, *, rules: Rules = Rules(), size: int = 240, seed: int = 42,
    label_errors: str = "remove", decisions: Mapping[str, Mapping[str, str]] | None = None,
    measured: Mapping[str, Mapping[str, Any]] | None = None,
) -> Cleaning:  # fmt: skip
    """Judge every picture of a ledger and split what stays.

    ledger: DataFrame as scrape.read_ledger gives it. raw: the folder its files lie in. build: files of the result
    are named relative to it; rewritten pictures go to ``build/clean/images``, features to ``build/features``.
    label_errors: remove, relabel (to what the model says) or keep. decisions: see read_decisions; they win.
    measured: file -> :func:`measure`, where that was done already.
    Raises CourseError when fewer than two classes are left.
    """
    from gadgetlib.backbone import cached_features

    decisions = dict(decisions or {})
    table = ledger[ledger.status == "ok"].sort_values(["sha256", "label", "url"], ignore_index=True)
    table = table[["file", "label", "product_id", "source", "sha256", "bytes", "url", "page", "title"]].copy()
    table["raw_file"] = table.file
    for name, empty in {"verdict": "kept", "reason": "", "detail": "", "beside": "", "suggested": ""}.items():
        table[name] = empty
    files = dict(zip(table.sha256, table.file, strict=True))
    measured = dict(measured or {})
    fresh = [file for file in files.values() if file not in measured]
    measured |= zip(fresh, measure_all([raw / file for file in fresh]), strict=True)
    facts = {digest: measured[file] for digest, file in files.items()}
    for name in ("width", "height", "contrast", "sharpness"):
        table[name] = [facts[digest].get(name, 0) for digest in table.sha256]
    table["phash"] = [f"{int(facts[digest].get('phash', 0)):016x}" for digest in table.sha256]
    table["confidence"], table["outlier"], table["at"] = np.nan, np.nan, -1

    def drop(row: int, reason: str, detail: str = "", beside: str = "") -> None:
        wish = decisions.get(table.at[row, "sha256"], {}).get("decision")
        table.loc[row, ["reason", "detail", "beside"]] = [reason, detail, beside]
        if wish not in ("keep", "relabel") or reason in ("corrupt", "exact duplicate"):
            table.at[row, "verdict"] = "removed"

    for row, digest in enumerate(table.sha256):
        reason, detail = verdict(facts[digest], rules)
        if reason:
            drop(row, reason, detail)
        wish = decisions.get(digest, {})
        if wish.get("decision") == "relabel":
            table.at[row, "label"] = wish["label"]
        if wish.get("decision") == "remove" and not reason:
            drop(row, "removed by hand", wish.get("note", ""))

    _exact_copies(table, drop)
    alive = table.index[table.verdict == "kept"].to_numpy()
    digests = table.sha256[alive].tolist()
    if not digests:
        raise CourseError("No picture is left after the first checks; look at the ledger, or loosen the rules.")
    embedded = cached_features([raw / files[d] for d in digests], build / "features", size)
    embedded /= np.maximum(np.linalg.norm(embedded, axis=1, keepdims=True), 1e-9)
    table.loc[alive, "at"] = np.arange(len(alive))
    stack = {name: np.array([facts[d][name] for d in digests]) for name in ("phash", "flipped", "thumb")}
    found = near_pairs(stack["thumb"], stack["phash"], stack["flipped"], embedded, rules)
    pairs = [(digests[i], digests[j], score) for i, j, score in found]
    cluster = clusters(len(alive), found)

    unit, groups = _groups(table.loc[alive], cluster)
    table["group"] = ""
    table.loc[alive, "group"] = groups
    labels, words = table.label[alive].to_numpy(), page_words(table.loc[alive])
    suspect, probabilities, classes = label_issues(embedded, labels, cluster, words, seed)
    own = dict(zip(alive.tolist(), range(len(alive)), strict=True))
    if probabilities is not None:
        column = np.searchsorted(classes, table.label[alive])
        table.loc[alive, "confidence"] = probabilities[np.arange(len(alive)), column].round(4)
        table.loc[alive, "suggested"] = classes[probabilities.argmax(axis=1)]
    _near_copies(table, alive, cluster, found, drop)
    for row in alive[suspect]:
        if table.at[row, "verdict"] != "kept" or table.at[row, "suggested"] == table.at[row, "label"]:
            continue
        if decisions.get(table.at[row, "sha256"], {}).get("decision") in ("keep", "relabel"):
            continue  # a person has looked at it
        detail = f"looks like {table.at[row, 'suggested']} ({probabilities[own[row]].max():.2f})"
        if label_errors == "remove":
            drop(row, "label error", detail)
        elif label_errors == "relabel":
            table.loc[row, ["label", "reason", "detail"]] = [table.at[row, "suggested"], "relabelled", detail]
    table.loc[alive, "outlier"] = outliers(embedded).round(4)

    kept = table.index[table.verdict == "kept"]
    if table.label[kept].nunique() < 2:
        raise CourseError(
            f"After cleaning only {' and '.join(sorted(set(table.label[kept]))) or 'nothing'} is left; "
            "the course needs pictures of two classes at least."
        )
    table["split"] = ""
    if unit == "product_id":
        table.loc[kept, "split"] = [split_of(group) for group in table.group[kept]]
    else:
        table.loc[kept, "split"] = split_groups(table.label[kept], table.group[kept], seed)
    _rewrite(table, kept, facts, raw, build)
    return Cleaning(table, pairs, unit, embedded)


def _exact_copies(table, drop) -> None:
    """One row a content: the others go. Content under several labels says nothing about any of them."""
    for digest, rows in table[table.verdict == "kept"].groupby("sha256").groups.items():
        if len(rows) < 2:
            continue
        labels = Counter(table.label[rows])
        label, most = labels.most_common(1)[0]
        if len(labels) > 1 and most <= 2 / 3 * len(rows):
            for row in rows:
                drop(row, "shown under several labels", ", ".join(sorted(labels)))
            continue
        first = min(row for row in rows if table.at[row, "label"] == label)
        for row in rows:
            if row != first:
                drop(row, "exact duplicate", f"also at {table.at[first, 'url']}", digest)


def _near_copies(table, alive, cluster, found, drop) -> None:
    """Of pictures that show the same, keep the largest; when labels differ, the one that the model believes."""
    members = defaultdict(list)
    for row, number in zip(alive.tolist(), cluster.tolist(), strict=True):
        members[number].append(row)
    score = {frozenset((alive[i], alive[j])): s for i, j, s in found}
    for rows in members.values():
        if len(rows) < 2:
            continue

        def rank(row: int) -> tuple:
            entry = table.loc[row]
            believed = entry.suggested in ("", entry.label)
            return not believed, -entry.width * entry.height, -int(entry.bytes or 0), entry.sha256

        first, *others = sorted(rows, key=rank)
        for row in others:
            alike = score.get(frozenset((first, row)))
            under = table.at[first, "label"]
            detail = f"likeness {alike:.2f}" if alike else "through another copy"
            drop(row, "near duplicate", detail + (f", there {under}" if under != table.at[row, "label"] else ""),
                 table.at[first, "sha256"])  # fmt: skip


def _groups(table, cluster: np.ndarray) -> tuple[str, np.ndarray]:
    """What must stay together: the product where it is known, else the source, else copies of one picture."""
    if (table.product_id != "").mean() >= 0.9:
        unknown = np.char.add("picture-", table.sha256.str[:12].to_numpy(str))
        return "product_id", np.where(table.product_id != "", table.product_id, unknown)
    if (table.source != "").mean() >= 0.9:
        spread = table.groupby("label").source.nunique()
        if spread.min() >= 3:
            return "source", np.where(table.source != "", table.source, "unknown")
    first = dict(zip(cluster[::-1], table.sha256[::-1], strict=True))
    return "picture", np.array([f"picture-{first[number][:12]}" for number in cluster])


def _rewrite(table, kept, facts, raw: Path, build: Path) -> None:
    """Name files relative to build; store upright 8-bit RGB where the original is anything else."""
    from gadgetlib.pictures import open_image

    for row in kept:
        source, digest = raw / table.at[row, "file"], table.at[row, "sha256"]
        if facts[digest]["odd"]:
            target = build / "clean" / "images" / f"{digest[:24]}.jpg"
            if not target.exists():
                with write_atomic(target) as part:
                    open_image(source).save(part, "JPEG", quality=92)
            source = target
        table.at[row, "file"] = source.resolve().relative_to(build.resolve()).as_posix()
