"""Retrieval: quality on the shipped catalogue and on real photos, speed at a million vectors beside its peers.

Needs a trained course (`make course`). The million vectors are mixtures of the real ones with noise: of the real
width, and clustered as they are.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from gadgetlib import retrieval
from gadgetlib.backbone import deep_features
from gadgetlib.files import data_dir, shared_dir, trained
from gadgetlib.retrieval import Index

AREA = "retrieval"


def row(case: str, data: str, metric: str, value: float, unit: str = "", peer: str = "") -> dict:
    return {"area": AREA, "case": case, "data": data, "metric": metric, "value": value, "unit": unit, "peer": peer}


def run(quick: bool) -> Iterator[dict]:
    photos = pd.read_csv(data_dir() / "photos" / "photos.csv")
    paths = [data_dir() / "photos" / name for name in photos.file]
    index = Index.open(trained("index"))
    started = time.perf_counter()
    features = deep_features(paths)
    spent = time.perf_counter() - started
    yield row("embedding", f"{len(paths)} shipped photos", "photos a second", len(paths) / spent, "1/s")
    asked = photos.groupby("product_id").tail(1).index  # of these nothing is known; the index holds the others
    known = photos.drop(asked)
    features[asked] = index.embedder.features([paths[i] for i in asked])
    looks = index.embedder.look(features)
    vectors = np.empty((len(photos), index.meta["dimensions"]), "f4")
    vectors[known.index] = retrieval.with_kind(
        retrieval.drawn_together(looks[known.index], known.product_id), retrieval.known_kinds(known.gadget_type)
    )
    opinions = index.embedder.kinds([paths[i] for i in asked])
    vectors[asked] = [index.place(looks[i], shares) for i, shares in zip(asked, opinions, strict=True)]
    yield from quality(photos, paths, vectors)
    yield from end_to_end(index, paths)
    if shared_dir():
        yield from real_photos(index)
    yield from speed(vectors, 100_000 if quick else 1_000_000)


def quality(photos: pd.DataFrame, paths: list[Path], ours: np.ndarray) -> Iterator[dict]:
    """The last photo of each product asks, the others are the gallery, as in lesson 06. No query was indexed or learnt from."""
    from gadgetlib.backbone import features

    queries = photos.groupby("product_id").tail(1)
    gallery = photos.drop(queries.index)
    kind = photos.drop_duplicates("product_id").set_index("product_id").gadget_type
    cases = {
        "course index": ours,
        "ImageNet features": retrieval.unit(features(paths)),
        "colour histogram": retrieval.colour_histograms(paths),
        "perceptual hash": retrieval.unit(retrieval.hash_vectors(paths)),
    }
    owners = gallery.product_id.to_numpy()
    for name, vectors in cases.items():
        order = np.argsort(-(vectors[queries.index] @ vectors[gallery.index].T), axis=1)
        ranked = [list(dict.fromkeys(owners[one]))[:10] for one in order]
        product = retrieval.relevance(queries.product_id, ranked)
        types = retrieval.relevance(queries.gadget_type, [[kind[p] for p in one] for one in ranked])
        data = f"{len(queries)} queries, {len(owners)} photos"
        peer = "" if name == "course index" else name
        yield row("product search", data, "recall@1", retrieval.recall_at(product, 1), peer=peer)
        yield row("product search", data, "recall@5", retrieval.recall_at(product, 5), peer=peer)
        yield row("product search", data, "mAP@10", retrieval.average_precision(product), peer=peer)
        yield row("product search", data, "type precision@5", retrieval.precision_at(types, 5), peer=peer)


def end_to_end(index: Index, paths: list[Path]) -> Iterator[dict]:
    times = timed(lambda path: index.search(path, k=5), paths[:: max(1, len(paths) // 60)])
    yield row("file to answer", "shipped photos", "p50", 1e3 * float(np.median(times)), "ms")
    yield row("file to answer", "shipped photos", "p95", 1e3 * float(np.quantile(times, 0.95)), "ms")


def real_photos(index: Index) -> Iterator[dict]:
    manifest = pd.read_csv(shared_dir() / "photos" / "manifest.csv")
    paths = [shared_dir() / "photos" / name for name in manifest.file]
    looks, opinions = index.embedder.look(index.embedder.features(paths)), index.embedder.kinds(paths)
    found = [[match["gadget_type"] for match in index.search(index.place(*one), k=5)] for one in zip(looks, opinions, strict=True)]
    hits = np.array([np.mean([t == label for t in types]) for types, label in zip(found, manifest.label, strict=True)])
    shop = manifest.source.str.startswith("shop-").to_numpy()
    yield row("type of matches", "real photos, all", "type precision@5", float(hits.mean()))
    yield row("type of matches", "real photos, shop-*", "type precision@5", float(hits[shop].mean()))


def million(vectors: np.ndarray, rows: int, seed: int = 42) -> np.ndarray:
    """Mixtures of pairs of real vectors with noise, float32 (rows, d), rows of length one."""
    rng = np.random.default_rng(seed)
    spread = vectors.std(axis=0)
    made = np.empty((rows, vectors.shape[1]), "f4")
    for at in range(0, rows, 50_000):
        size = min(50_000, rows - at)
        one, other = vectors[rng.integers(0, len(vectors), (2, size))]
        share = rng.uniform(0.5, 1, (size, 1)).astype("f4")
        noise = rng.normal(size=(size, vectors.shape[1])).astype("f4") * spread * 0.7
        made[at : at + size] = retrieval.unit(share * one + (1 - share) * other + noise)
    return made


def timed(ask: Callable, queries) -> list[float]:
    spent = []
    for query in queries:
        started = time.perf_counter()
        ask(query)
        spent.append(time.perf_counter() - started)
    return spent


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """All threads of this process on one of its cores; those of a store's engine too, which start with it."""
    before = os.sched_getaffinity(0)

    def keep_to(cores: set[int]) -> None:
        for task in Path("/proc/self/task").iterdir():
            with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                os.sched_setaffinity(int(task.name), cores)

    keep_to({min(before)})
    try:
        yield
    finally:
        keep_to(before)


def speed(vectors: np.ndarray, rows: int, asked: int = 200) -> Iterator[dict]:
    """One query at a time, on one core, recall@10 against exact search of the same vectors."""
    import faiss
    import hnswlib
    import psutil
    import torch

    made = million(vectors, rows + asked)
    base, queries = made[:rows], made[rows:]
    exact = torch.topk(torch.from_numpy(queries) @ torch.from_numpy(base).T, 10).indices.numpy()
    data = f"{rows:,} x {base.shape[1]}"
    faiss.omp_set_num_threads(1)
    me = psutil.Process()

    def measured(name: str, ask: Callable, build: float, memory: float) -> Iterator[dict]:
        with one_core():
            times = timed(ask, queries)
        got = [len(set(ask(query)) & set(truth)) / 10 for query, truth in zip(queries, exact, strict=True)]
        peer = "" if name.startswith("LanceDB") else name
        yield row(name, data, "recall@10", float(np.mean(got)), peer=peer)
        yield row(name, data, "p50 a query", 1e3 * float(np.median(times)), "ms", peer)
        yield row(name, data, "build", build, "s", peer)
        yield row(name, data, "memory added", memory, "MB", peer)

    def building(make: Callable):
        before, started = me.memory_info().rss, time.perf_counter()
        thing = make()
        return thing, time.perf_counter() - started, (me.memory_info().rss - before) / 2**20

    with tempfile.TemporaryDirectory() as folder:
        photos = [{"id": str(i), "product_id": str(i)} for i in range(rows)]
        index, build, memory = building(lambda: Index.create(Path(folder), photos, base, []))
        yield from measured("LanceDB IVF_HNSW_FLAT", lambda q: [int(i) for i in index.nearest_ids(q, 10)], build, memory)
        index = photos = None

    def flat():
        it = faiss.IndexFlatIP(base.shape[1])
        it.add(base)
        return it

    it, build, memory = building(flat)
    yield from measured("FAISS flat", lambda q: it.search(q[None], 10)[1][0], build, memory)
    it = None

    def faiss_hnsw():
        it = faiss.IndexHNSWFlat(base.shape[1], 20, faiss.METRIC_INNER_PRODUCT)
        it.hnsw.efConstruction, it.hnsw.efSearch = 150, 96
        faiss.omp_set_num_threads(2)
        it.add(base)
        faiss.omp_set_num_threads(1)
        return it

    graph, build, memory = building(faiss_hnsw)
    yield from measured("FAISS HNSW", lambda q: graph.search(q[None], 10)[1][0], build, memory)
    graph = None

    def hnsw():
        it = hnswlib.Index(space="ip", dim=base.shape[1])
        it.init_index(max_elements=rows, M=20, ef_construction=150, random_seed=42)
        it.set_num_threads(2)
        it.add_items(base)
        it.set_num_threads(1)
        it.set_ef(96)
        return it

    small, build, memory = building(hnsw)
    yield from measured("hnswlib", lambda q: small.knn_query(q, k=10)[0][0], build, memory)
