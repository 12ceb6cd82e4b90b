"""Vectors: speed and recall of the store at a million vectors, beside its peers; some minutes, for a quiet machine.

The vectors are mixtures of pairs of the index's own with noise: of the real width, and clustered as they are.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

import bench
from bench.bench_retrieval import timed
from gadgetlib.files import trained
from gadgetlib.index import Index, normalise

row = partial(bench.row, "vectors")


def run(quick: bool) -> Iterator[dict]:
    photos = Index(trained("index"), embedder=None).photos.to_arrow()
    yield from speed(np.stack(photos["vector"].to_numpy()), 100_000 if quick else 1_000_000)


def million(vectors: np.ndarray, rows: int, seed: int = 42) -> np.ndarray:
    """Mixtures of pairs of real vectors with noise, float32 (rows, d), rows of length one."""
    rng, spread = np.random.default_rng(seed), vectors.std(axis=0)
    made_up = np.empty((rows, vectors.shape[1]), "f4")
    for at in range(0, rows, 50_000):
        size = min(50_000, rows - at)
        one, other = vectors[rng.integers(0, len(vectors), (2, size))]
        share = rng.uniform(0.5, 1, (size, 1)).astype("f4")
        noise = rng.normal(size=(size, vectors.shape[1])).astype("f4") * spread * 0.7
        made_up[at : at + size] = normalise(share * one + (1 - share) * other + noise)
    return made_up


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
    import psutil

    made_up = million(vectors, rows + asked)
    base, queries = made_up[:rows], made_up[rows:]
    exact = [np.argpartition(-(base @ query), 10)[:10] for query in queries]
    data = f"{rows:,} x {base.shape[1]}"
    me = psutil.Process()
    for name, make in {
        "LanceDB IVF_HNSW_FLAT": lance,
        "FAISS flat": faiss_flat,
        "FAISS HNSW": faiss_hnsw,
        "hnswlib": hnswlib_,
    }.items():
        before, started = me.memory_info().rss, time.perf_counter()
        ask = make(base)
        build, memory = time.perf_counter() - started, (me.memory_info().rss - before) / 2**20
        with one_core():
            times = timed(ask, queries)
        found = np.mean([len(set(ask(query)) & set(truth)) / 10 for query, truth in zip(queries, exact, strict=True)])
        for metric, value, per in (
            ("recall@10", float(found), ""), ("p50 per query", 1e3 * float(np.median(times)), "ms"),
            ("build", build, "s"), ("memory added", memory, "MB"),
        ):  # fmt: skip
            yield row(name, data, metric, value, per, "" if make is lance else name)
        del ask


def lance(base: np.ndarray) -> Callable:
    """The store of the course's index, with a graph of the store's own; settings chosen at a million rows."""
    import lancedb
    import pyarrow as pa
    from lancedb.index import HnswFlat

    vectors = pa.FixedSizeListArray.from_arrays(pa.array(base.ravel()), base.shape[1])
    rows = pa.table({"id": np.arange(len(base)), "vector": vectors})
    table = lancedb.connect(tempfile.mkdtemp()).create_table("photos", rows)
    parts = max(1, len(base) // 250_000)
    table.create_index("vector", config=HnswFlat(distance_type="dot", num_partitions=parts, m=20, ef_construction=150))
    table.prewarm_index("vector_idx")  # into memory now, not during the first hundred queries

    def ask(query: np.ndarray) -> list[int]:
        found = table.search(query).distance_type("dot").nprobes(3).ef(48).limit(10).select(["id", "_distance"])
        return [row["id"] for row in found.to_list()]

    return ask


def faiss_flat(base: np.ndarray) -> Callable:
    import faiss

    faiss.omp_set_num_threads(1)
    flat = faiss.IndexFlatIP(base.shape[1])
    flat.add(base)
    return lambda query: flat.search(query[None], 10)[1][0]


def faiss_hnsw(base: np.ndarray) -> Callable:
    import faiss

    graph = faiss.IndexHNSWFlat(base.shape[1], 20, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction, graph.hnsw.efSearch = 150, 96
    faiss.omp_set_num_threads(2)
    graph.add(base)
    faiss.omp_set_num_threads(1)
    return lambda query: graph.search(query[None], 10)[1][0]


def hnswlib_(base: np.ndarray) -> Callable:
    import hnswlib

    graph = hnswlib.Index(space="ip", dim=base.shape[1])
    graph.init_index(max_elements=len(base), M=20, ef_construction=150, random_seed=42)
    graph.set_num_threads(2)
    graph.add_items(base)
    graph.set_num_threads(1)
    graph.set_ef(96)
    return lambda query: graph.knn_query(query, k=10)[0][0]
