"""Retrieval: quality on the portraits of test products and on real photos, beside humbler vectors.

The metric learnt from training products; what was to be chosen was chosen on validation products (lesson 06). Every
portrait of a test product asks once, in an index of all photos but the one that asks, always by `Index.search`.
Needs a trained course.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import ImageDraw

import bench
from gadgetlib import CLASSES
from gadgetlib import index as store
from gadgetlib.backbone import deep_features, features
from gadgetlib.classify import Classifier
from gadgetlib.files import data_dir, shared_dir, split_of, trained
from gadgetlib.index import Index
from gadgetlib.measure import difference, interval
from gadgetlib.pictures import open_image

row = partial(bench.row, "retrieval")
PHOTOS = data_dir() / "photos"


def run(quick: bool) -> Iterator[dict]:
    classifier = Classifier.load(trained("classifier"))
    shipped = Index.open(trained("index"), classifier=classifier)
    photos, paths = read_photos()
    portraits, others = (photos[(photos.split == "test") & (photos.portrait == which)] for which in (True, False))
    started = time.perf_counter()
    deep = deep_features(paths, net=classifier.frozen)
    rate = len(paths) / (time.perf_counter() - started)
    yield row("embedding", f"{len(paths)} shipped photos", "photos per second", rate, "1/s")
    looks = shipped.embedder.look(deep)
    stated = np.equal.outer(photos.gadget_type.to_numpy(), np.array(CLASSES)).astype("f4")
    index, by_look = made(photos, store.with_kind(looks, stated)), made(photos, looks)

    def asking(asked: pd.DataFrame) -> np.ndarray:
        return store.with_kind(looks[asked.index], shipped.embedder.kinds([paths[i] for i in asked.index]))

    yield from quality("course index", index, portraits, asking(portraits))
    yield from quality("without the query's siblings", index, portraits, asking(portraits), siblings=False)
    yield from quality("photos of any kind ask", index, others, asking(others))
    yield from quality("look alone", by_look, portraits, looks[portraits.index])
    yield from does_it_know(photos, deep, by_look, looks, portraits.groupby("product_id").tail(1))
    if not quick:
        dark = shipped.embedder.look(deep_features(screens_off(photos), net=classifier.frozen))
        mapped = photos.file.isin(pd.read_csv(PHOTOS / "screens.csv").file) | (photos.gadget_type == "headphones")
        asked = portraits[mapped[portraits.index]]
        for case, vectors in {"look alone, screens lit": looks, "look alone, screens off": dark}.items():
            yield from quality(case, made(photos[mapped], vectors[mapped]), asked, vectors[asked.index])
    of_net = partial(features, net=classifier.frozen)
    for name, of in {"ImageNet features": of_net, "colour histogram": histograms, "perceptual hash": hashes}.items():
        vectors = store.normalise(of(paths))
        yield from quality(name, made(photos, vectors), portraits, vectors[portraits.index], peer=name)
    times = timed(lambda path: shipped.search(path, k=5), paths[:: max(1, len(paths) // 60)])
    yield row("file to answer", "shipped photos", "p50", 1e3 * float(np.median(times)), "ms")
    yield row("file to answer", "shipped photos", "p95", 1e3 * float(np.quantile(times, 0.95)), "ms")
    if shared_dir():
        yield from real_photos(shipped, by_look)


def does_it_know(
    photos: pd.DataFrame, deep: np.ndarray, by_look: Index, looks: np.ndarray, once: pd.DataFrame
) -> Iterator[dict]:
    """One portrait per product asks, by the metric that ships and by one that knows the product, not the photo."""
    rest = photos.index.difference(once.index)
    mean, matrix = store.fit_projection(deep[rest], photos.product_id[rest])
    known = store.normalise((deep - mean) @ matrix)
    one, other = judge(by_look, once, looks[once.index]), judge(made(photos, known), once, known[once.index])
    for metric in one:
        gap = difference(one[metric], other[metric], once.product_id)
        yield row("look alone, less a metric that knows the product", "one portrait per product", metric, gap)


def read_photos() -> tuple[pd.DataFrame, list[Path]]:
    """photos.csv with the split of each product and whether a photo is a portrait; and where the pictures lie."""
    photos = pd.read_csv(PHOTOS / "photos.csv")
    photos = photos.assign(split=photos.product_id.map(split_of), portrait=photos.file.str[-6:-4].astype(int) >= 4)
    return photos, [PHOTOS / name for name in photos.file]


def made(photos: pd.DataFrame, vectors: np.ndarray) -> Index:
    """An index of all photos with these vectors."""
    rows = [{"id": one.file, "product_id": one.product_id} for one in photos.itertuples()]
    return Index.create(Path(tempfile.mkdtemp()), rows, vectors, store.catalogue_variants(data_dir() / "catalogue.csv"))


def judge(index: Index, asked: pd.DataFrame, queries: np.ndarray, siblings: bool = True) -> dict[str, np.ndarray]:
    """Measures (n,) of each query; its own photo does not count nor, without siblings, a portrait of its product."""
    scores: dict[str, list[float]] = {"hit rate@1": [], "hit rate@5": [], "MRR@10": [], "type precision@5": []}
    for one, query in zip(asked.itertuples(), queries, strict=True):
        own = [one.file] if siblings else [f"{one.product_id}-{i:02d}.jpg" for i in range(4, 9)]
        found = index.search(query, k=10, exclude=own)
        right = np.array([match["product_id"] == one.product_id for match in found])
        kinds = np.array([match["gadget_type"] == one.gadget_type for match in found])
        rank = right.argmax() + 1 if right.any() else np.inf
        figures = (rank <= 1, rank <= 5, 1 / rank, kinds[:5].mean())
        for name, figure in zip(scores, figures, strict=True):
            scores[name].append(float(figure))
    return {name: np.array(figures) for name, figures in scores.items()}


def quality(
    case: str, index: Index, asked: pd.DataFrame, queries: np.ndarray, peer: str = "", siblings: bool = True
) -> Iterator[dict]:
    data = f"photos of {asked.product_id.nunique()} test products"
    for metric, values in judge(index, asked, queries, siblings).items():
        yield row(case, data, metric, interval(values, asked.product_id), peer=peer)


def real_photos(shipped: Index, by_look: Index) -> Iterator[dict]:
    """Are the five best matches of a real photo of its kind? With the kind among the vectors, and by the look alone."""
    manifest = pd.read_csv(shared_dir() / "photos" / "manifest.csv")
    paths = [shared_dir() / "photos" / name for name in manifest.file]
    looks = shipped.embedder.look(shipped.embedder.features(paths))
    shop = manifest.source.str.startswith("shop-").to_numpy()
    for case, index, queries in (
        ("course index", shipped, store.with_kind(looks, shipped.embedder.kinds(paths))),
        ("look alone", by_look, looks),
    ):
        found = [[match["gadget_type"] for match in index.search(query, k=5)] for query in queries]
        values = np.array([np.mean(np.equal(kinds, label)) for kinds, label in zip(found, manifest.label, strict=True)])
        yield row(case, "real photos, all", "type precision@5", interval(values, manifest.source))
        yield row(case, "real photos, shop-*", "type precision@5", interval(values[shop], manifest.source[shop]))


# --- peers and pictures -------------------------------------------------------------------------------------


def hashes(paths: Sequence[Path]) -> np.ndarray:
    """Perceptual hashes as -1 and 1, (n, 64): their dot product counts equal bits."""
    import imagehash

    return np.stack([imagehash.phash(open_image(path, side=64)).hash.ravel() for path in paths]) * 2.0 - 1


def histograms(paths: Sequence[Path], bins: int = 6) -> np.ndarray:
    """Square roots of RGB histograms, (n, bins**3)."""
    pixels = (np.asarray(open_image(path, side=96)).reshape(-1, 3).astype(int) * bins // 256 for path in paths)
    return np.sqrt([np.bincount(one @ (bins * bins, bins, 1), minlength=bins**3) / len(one) for one in pixels])


def screens_off(photos: pd.DataFrame) -> list:
    """The photos with their lit screens painted over, along the outlines that the studio knows."""
    outlines = pd.read_csv(PHOTOS / "screens.csv").dropna().groupby("file").outline.apply(list).to_dict()
    pictures = []
    for name in photos.file:
        pictures.append(open_image(PHOTOS / name))
        for outline in outlines.get(name, []):
            ImageDraw.Draw(pictures[-1]).polygon([float(x) for x in outline.split()], fill=(18, 18, 20))
    return pictures


def timed(ask: Callable, queries: Sequence) -> list[float]:
    spent = []
    for query in queries:
        started = time.perf_counter()
        ask(query)
        spent.append(time.perf_counter() - started)
    return spent
