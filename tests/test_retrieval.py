"""The index: search, filters, changes, damage, killed and competing writers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from gadgetlib import retrieval
from gadgetlib.errors import CourseError
from gadgetlib.retrieval import Embedder, Index

WIDTH = 16


def make(folder, products=20, photos=3, seed=0):
    """An index of made-up products whose photos lie close together; returns it with its vectors."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(products, WIDTH))
    vectors = retrieval.unit(np.repeat(centres, photos, axis=0) + 0.05 * rng.normal(size=(products * photos, WIDTH)))
    rows = [{"id": f"p{i}-{j}.jpg", "product_id": f"p{i}"} for i in range(products) for j in range(photos)]
    variants = [
        {"sku": f"p{i}-{ram}", "product_id": f"p{i}", "gadget_type": ["laptop", "tablet"][i % 2], "brand": f"B{i % 4}",
         "model": f"M{i}", "year": 2020, "ram_gb": ram, "storage_gb": None, "screen_in": 14.0, "price": 100.0 * i + ram}
        for i in range(products) for ram in (8, 16)
    ]  # fmt: skip
    embedder = Embedder(np.zeros(WIDTH, "f4"), np.eye(WIDTH, dtype="f4"), features=lambda images: np.stack(images))
    return Index.create(folder, rows, vectors, variants, embedder), vectors


def test_a_photo_finds_its_product_once(tmp_path):
    index, vectors = make(tmp_path / "i")
    found = index.search(vectors[7], k=5)
    assert found[0]["product_id"] == "p2" and found[0]["score"] > 0.99
    assert len({row["product_id"] for row in found}) == 5
    assert [row["score"] for row in found] == sorted((row["score"] for row in found), reverse=True)
    assert found[0]["price"] == 208.0  # the cheapest variant


def test_search_agrees_with_plain_numpy(tmp_path):
    index, vectors = make(tmp_path / "i")
    query = retrieval.unit(np.random.default_rng(5).normal(size=(1, WIDTH)))[0]
    order = np.argsort(-(vectors @ query))
    expected = list(dict.fromkeys(f"p{i // 3}" for i in order))[:8]
    assert [row["product_id"] for row in index.search(query, k=8)] == expected


def test_filters_choose_the_variant_that_fits(tmp_path):
    index, vectors = make(tmp_path / "i")
    found = index.search(vectors[7], k=50, where="ram_gb = 16 AND price < 1000")
    assert {row["ram_gb"] for row in found} == {16.0} and max(row["price"] for row in found) < 1000
    assert len(found) == 10
    assert index.search(vectors[0], where="brand = 'nobody'") == []


@pytest.mark.parametrize(
    "where", ["price <", "colour = 'red'", "price < 5; DROP TABLE photos", "price < 'cheap' AND ("]
)
def test_a_filter_that_does_not_parse_is_one_sentence(tmp_path, where):
    index, vectors = make(tmp_path / "i")
    with pytest.raises(CourseError, match="is not understood") as caught:
        index.search(vectors[0], where=where)
    assert "gadget_type" in str(caught.value) and "\n" not in str(caught.value)


def test_k_larger_than_the_index_and_an_empty_index(tmp_path):
    index, vectors = make(tmp_path / "i")
    assert len(index.search(vectors[0], k=1000)) == 20
    with pytest.raises(CourseError, match="k = 0"):
        index.search(vectors[0], k=0)
    index.delete([f"p{i}-{j}.jpg" for i in range(20) for j in range(3)])
    assert len(index) == 0 and index.search(vectors[0]) == []


def test_add_update_delete_without_rebuilding(tmp_path):
    index, vectors = make(tmp_path / "i")
    new = retrieval.unit(-vectors[:1])
    index.add([{"id": "new.jpg", "product_id": "p5"}], new)
    assert index.search(new[0], k=1)[0]["id"] == "new.jpg"
    index.add([{"id": "new.jpg", "product_id": "p6"}], new)  # same id: replaced, not doubled
    assert len(index) == 61 and index.search(new[0], k=1)[0]["product_id"] == "p6"
    index.delete(["new.jpg", "never there"])
    assert len(index) == 60 and index.search(new[0], k=1)[0]["id"] != "new.jpg"


def test_a_large_index_is_approximate_and_stays_current(tmp_path, monkeypatch):
    """Its graph finds nearly all that exact search finds, also opened again, filtered, and with photos that it does not hold yet."""
    monkeypatch.setattr(retrieval, "APPROXIMATE_FROM", 1000)
    index, vectors = make(tmp_path / "i", products=400)
    assert index.photos.list_indices()
    new = retrieval.unit(-vectors[:1])
    index.add([{"id": "new.jpg", "product_id": "p5"}], new)
    index.delete(["p9-0.jpg"])
    queries = retrieval.unit(np.random.default_rng(5).normal(size=(30, WIDTH)))
    kept = np.delete(np.arange(1200), 27)
    again = Index.open(tmp_path / "i", features=lambda images: np.stack(images))
    for opened in (index, again):
        assert opened.nearest_ids(new[0], 1) == ["new.jpg"] and "p9-0.jpg" not in opened.nearest_ids(vectors[27], 5)
        shares = []
        for query in queries:
            exact = {f"p{i // 3}-{i % 3}.jpg" for i in kept[np.argsort(-(vectors[kept] @ query))[:10]]}
            shares.append(len(exact & set(opened.nearest_ids(query, 10))) / 10)
        assert np.mean(shares) > 0.9
        found = opened.search(vectors[7], k=50, where="ram_gb = 16 AND price < 1000")
        assert found[0]["product_id"] == "p2" and max(row["price"] for row in found) < 1000


def test_vectors_of_another_width_are_refused(tmp_path):
    index, _ = make(tmp_path / "i")
    with pytest.raises(CourseError, match="vectors of 16 numbers, the query has 8"):
        index.search(np.ones(8, "f4"))


def test_an_index_of_another_model_or_format_is_refused(tmp_path, build):
    make(tmp_path / "i")
    path = tmp_path / "i" / "index.json"
    meta = json.loads(path.read_text())
    path.write_text(json.dumps({**meta, "made_with": "another"}))
    with pytest.raises(CourseError, match="another model.*ONLY=06"):
        Index.open(tmp_path / "i")
    path.write_text(json.dumps({**meta, "format": 0}))
    with pytest.raises(CourseError, match="format 0.*ONLY=06"):
        Index.open(tmp_path / "i")


@pytest.mark.parametrize("damage", ["index.json", "embedder.safetensors", "db"])
def test_a_damaged_folder_is_one_sentence(tmp_path, damage):
    make(tmp_path / "i")
    target = tmp_path / "i" / damage
    if target.is_dir():
        for file in target.rglob("*.manifest"):
            file.write_bytes(b"broken")
    else:
        target.write_bytes(b"{broken")
    with pytest.raises(CourseError, match="ONLY=06"):
        Index.open(tmp_path / "i", features=np.stack).search(np.ones(WIDTH, "f4"))


WRITER = """
import sys, numpy as np
from gadgetlib.retrieval import Index
index = Index.open(sys.argv[1], features=np.stack)
print("ready", flush=True)
for n in range(int(sys.argv[3])):
    rows = [{"id": f"{sys.argv[2]}-{n}-{i}.jpg", "product_id": f"{sys.argv[2]}"} for i in range(50)]
    index.add(rows, np.random.default_rng(n).normal(size=(50, 16)))
"""


def writer(folder, name, times):
    command = [sys.executable, "-c", WRITER, str(folder), name, str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_two_writers_lose_nothing(tmp_path):
    index, _ = make(tmp_path / "i")
    writers = [writer(tmp_path / "i", name, 6) for name in ("a", "b")]
    assert [w.wait(timeout=120) for w in writers] == [0, 0]
    for w in writers:
        w.stdout.close()
    again = Index.open(tmp_path / "i", features=np.stack)
    assert len(again) == 60 + 2 * 6 * 50
    assert len(index) in range(60, len(again) + 1)


def test_a_killed_writer_leaves_a_whole_index(tmp_path):
    make(tmp_path / "i")
    process = writer(tmp_path / "i", "a", 10_000)
    process.stdout.readline()
    time.sleep(0.4)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    index = Index.open(tmp_path / "i", features=np.stack)
    added = len(index) - 60
    assert added % 50 == 0  # whole batches only
    assert index.search(np.ones(WIDTH, "f4"), k=3)


def test_a_query_goes_on_while_the_index_is_rebuilt(tmp_path):
    from gadgetlib.files import write_atomic

    index, vectors = make(tmp_path / "i")
    with write_atomic(tmp_path / "i") as part:
        make(part)
        assert index.search(vectors[7], k=1)[0]["product_id"] == "p2"
    assert index.search(vectors[7], k=1)[0]["product_id"] == "p2"


def test_measures_on_numbers_small_enough_to_do_by_hand():
    hits = retrieval.relevance(["a", "b"], [["a", "x", "a"], ["x", "b", "y"]])
    assert retrieval.recall_at(hits, 1) == 0.5 and retrieval.recall_at(hits, 2) == 1.0
    assert retrieval.precision_at(hits, 2) == 0.5
    assert retrieval.reciprocal_rank(hits) == 0.75
    assert retrieval.average_precision(hits) == pytest.approx(((1 + 2 / 3) / 2 + 0.5) / 2)


def test_the_projection_brings_photos_of_a_product_together():
    rng = np.random.default_rng(0)
    nuisance = 5 * rng.normal(size=(60 * 4, 1)) @ rng.normal(size=(1, 32))  # such as the light
    x = np.repeat(rng.normal(size=(60, 32)), 4, axis=0) + nuisance + 0.3 * rng.normal(size=(240, 32))
    groups = np.repeat(np.arange(60), 4)
    seen, unseen = groups < 40, groups >= 40

    def first_right(vectors):
        similarity = vectors @ vectors.T
        np.fill_diagonal(similarity, -9)
        return float(np.mean(groups[unseen][similarity.argmax(1)] == groups[unseen]))

    mean, matrix = retrieval.fit_projection(x[seen], groups[seen], 16, shrinkage=0.1)
    before = first_right(retrieval.unit(x[unseen]))
    after = first_right(retrieval.unit((x[unseen] - mean) @ matrix))
    assert after > 0.9 > before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("16 GB RAM laptop under 900", ["gadget_type = 'laptop'", "ram_gb = 16", "price <= 900"]),
        ("Samsung tablet over 1,200", ["gadget_type = 'tablet'", "lower(brand) = 'samsung'", "price >= 1200"]),
    ],
)
def test_words_become_filters(text, words):
    where = retrieval.parse_query(text)
    for word in words:
        assert word in where


def test_nothing_to_filter_on_is_none():
    assert retrieval.parse_query("something nice") is None


def test_the_kind_of_gadget_breaks_ties_of_looks(tmp_path):
    """Two photos that look as like the query as each other: the one whose kind the query seems to be wins; saved and read again."""

    def kinds(images):
        return np.array([[0.8, 0.2, 0, 0, 0] if image[2] > 0 else [0.2, 0.8, 0, 0, 0] for image in images])

    mean, matrix = np.zeros(3, "f4"), np.eye(3, 2, dtype="f4")  # the first two numbers are the look
    looks = retrieval.unit(np.array([[0.2, 1], [0.2, 1]], "f4"))  # unlike the query: the classifier decides
    vectors = retrieval.with_kind(looks, retrieval.known_kinds(["mobile_phone", "laptop"]))
    photos = [{"id": "a.jpg", "product_id": "phone"}, {"id": "b.jpg", "product_id": "laptop"}]
    Index.create(tmp_path, photos, vectors, [], Embedder(mean, matrix, np.asarray))
    index = Index(tmp_path, json.loads((tmp_path / "index.json").read_text()), Embedder.load(tmp_path, np.asarray, kinds))
    for sign, wins in ((1, "phone"), (-1, "laptop")):
        query = index.embed([1, 0, sign])
        assert query.shape == (7,) and np.isclose(np.linalg.norm(query), 1)
        first, second = index.search(query, k=2)
        assert first["product_id"] == wins and first["score"] > second["score"] + 0.05


def test_near_neighbours_overrule_the_classifier_and_far_ones_do_not():
    phone, laptop = np.eye(2)
    near = retrieval.heard(np.full((1, 10), 0.7), np.tile(laptop, (1, 10, 1)), 0.9 * phone[None] + 0.1 * laptop)
    far = retrieval.heard(np.full((1, 10), 0.1), np.tile(laptop, (1, 10, 1)), 0.9 * phone[None] + 0.1 * laptop)
    assert near[0, 1] > 0.9 and far[0, 0] > 0.85 and np.allclose([near.sum(), far.sum()], 1)
    even = retrieval.heard(np.full((1, 2), retrieval.FAMILIAR), np.stack([[laptop, laptop]]), phone[None])
    assert np.allclose(even, 0.5)  # there, the neighbours together weigh what the classifier does


def test_photos_are_drawn_towards_their_product():
    looks = retrieval.unit(np.array([[1, 0], [0, 1], [1, 0.2]], "f4"))
    pulled = retrieval.drawn_together(looks, ["a", "a", "b"])
    assert np.allclose(np.linalg.norm(pulled, axis=1), 1) and np.allclose(pulled[2], looks[2])
    assert 0.7 < pulled[0] @ pulled[1] < 0.999 and pulled[0, 0] > pulled[0, 1]
    assert retrieval.drawn_together(np.empty((0, 2), "f4"), []).shape == (0, 2)


def test_an_opinion_that_is_known_is_not_asked_for_again(tmp_path):
    """Of two photos that look alike the one of the kind that the caller names comes first, and nobody asks the classifier."""
    looks = retrieval.unit(np.array([[0.2, 1], [0.2, 1]], "f4"))  # unlike the query: the opinion decides
    embedder = Embedder(np.zeros(2, "f4"), np.eye(2, dtype="f4"), lambda images: np.eye(2)[:1], kinds=lambda images: 1 / 0)
    vectors = retrieval.with_kind(looks, retrieval.known_kinds(["laptop", "tablet"]))
    photos = [{"id": f"{kind}.jpg", "product_id": kind} for kind in ("laptop", "tablet")]
    index = Index.create(tmp_path / "i", photos, vectors, [], embedder)
    for kind, other in (("laptop", "tablet"), ("tablet", "laptop")):
        found = index.search(index.embed("a.jpg", {kind: 0.9, other: 0.1}), k=2)
        assert [match["product_id"] for match in found] == [kind, other] and found[0]["score"] > found[1]["score"] + 0.05
    with pytest.raises(ZeroDivisionError):
        index.search("a.jpg")


def test_a_colour_histogram_counts_colours():
    pixels = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    counts, _ = np.histogramdd(pixels.reshape(-1, 3), bins=6, range=[(0, 256)] * 3)
    (made,) = retrieval.colour_histograms([Image.fromarray(pixels)])
    assert np.allclose(made, np.sqrt(counts.ravel() / 96**2), atol=1e-6) and made @ made == pytest.approx(1)


def test_the_catalogue_knows_its_kinds():
    assert retrieval.known_kinds(["laptop", "headphones"]).tolist() == [[0, 1, 0, 0, 0], [0, 0, 0, 0, 1]]
