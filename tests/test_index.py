"""The index: search, filters, changes, damage, killed and competing writers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from lancedb.index import HnswFlat
from PIL import Image

from gadgetlib import index as store
from gadgetlib.errors import CourseError
from gadgetlib.index import Embedder, Index

WIDTH = 64


def make(folder, products=20, photos=3, seed=0):
    """An index of made-up products whose photos lie close together; returns it with its vectors."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(products, WIDTH))
    vectors = store.normalise(np.repeat(centres, photos, axis=0) + 0.05 * rng.normal(size=(products * photos, WIDTH)))
    rows = [{"id": f"p{i}-{j}.jpg", "product_id": f"p{i}"} for i in range(products) for j in range(photos)]
    variants = [
        {"sku": f"p{i}-{ram}", "product_id": f"p{i}", "gadget_type": ["laptop", "tablet"][i % 2], "brand": f"B{i % 4}",
         "model": f"M{i}", "year": 2020, "ram_gb": ram, "storage_gb": None, "screen_in": 14.0, "price": 100.0 * i + ram}
        for i in range(products) for ram in (8, 16)
    ]  # fmt: skip
    embedder = Embedder(np.zeros(WIDTH, "f4"), np.eye(WIDTH, dtype="f4"), features=lambda images: np.stack(images))
    return Index.create(folder, rows, vectors, variants, embedder, store.fingerprint()), vectors


def test_a_photo_finds_its_product_once(tmp_path):
    index, vectors = make(tmp_path / "i")
    found = index.search(vectors[7], k=5)
    assert found[0]["product_id"] == "p2" and found[0]["score"] > 0.95
    assert len({row["product_id"] for row in found}) == 5
    assert [row["score"] for row in found] == sorted((row["score"] for row in found), reverse=True)
    assert found[0]["price"] == 208.0  # the cheapest variant


def test_search_agrees_with_plain_numpy(tmp_path):
    index, vectors = make(tmp_path / "i")
    query = store.normalise(np.random.default_rng(5).normal(size=(1, WIDTH)))[0]
    best = (store.near_product(vectors, np.arange(60) // 3) @ query).reshape(20, 3).max(axis=1)
    expected = np.argsort(-best)[:8]
    found = index.search(query, k=8)
    assert [row["product_id"] for row in found] == [f"p{i}" for i in expected]
    assert [row["score"] for row in found] == pytest.approx(best[expected], abs=1e-4)


def test_filters_choose_the_variant_that_fits(tmp_path):
    index, vectors = make(tmp_path / "i")
    found = index.search(vectors[7], k=50, where="ram_gb = 16 AND price < 1000")
    assert {row["ram_gb"] for row in found} == {16.0} and max(row["price"] for row in found) < 1000
    assert len(found) == 10
    assert index.search(vectors[0], where="brand = 'b1' AND price > 5000") == []
    with pytest.raises(CourseError, match="no brand is 'nobody'.*B0, B1, B2, B3"):
        index.search(vectors[0], where="brand = 'nobody'")


def test_excluded_photos_do_not_count(tmp_path):
    index, vectors = make(tmp_path / "i")
    own = [f"p2-{j}.jpg" for j in range(3)]
    assert index.search(vectors[7], k=1, exclude=own[:2])[0]["id"] == own[2]
    found = index.search(vectors[7], k=50, where="price < 1000", exclude=own)
    assert len(found) == 9 and "p2" not in {row["product_id"] for row in found}
    assert index.search(vectors[7], k=1)[0]["product_id"] == "p2"  # they are in the index still


def test_a_filter_that_is_not_understood_is_one_sentence(tmp_path):
    """And never reaches the database: array_repeat would fill the memory."""
    index, vectors = make(tmp_path / "i")
    for where in ("price <", "array_repeat(1,2000000000) is not null", "price < 5; DROP TABLE photos"):
        with pytest.raises(CourseError, match="is not understood"):
            index.search(vectors[0], where=where)


def test_k_larger_than_the_index_and_an_empty_index(tmp_path):
    index, vectors = make(tmp_path / "i")
    assert len(index.search(vectors[0], k=1000)) == 20
    with pytest.raises(CourseError, match="k = 0"):
        index.search(vectors[0], k=0)
    index.photos.delete("TRUE")
    assert len(index) == 0 and index.search(vectors[0]) == []


def test_changes_by_the_store_s_own_calls_are_seen_by_an_open_index(tmp_path):
    index, vectors = make(tmp_path / "i")
    new = store.normalise(-vectors[:1])
    index.photos.add([{"id": "new.jpg", "product_id": "p5", "vector": new[0]}])
    assert len(index) == 61 and index.search(new[0], k=1)[0]["id"] == "new.jpg"
    index.photos.delete("id = 'new.jpg'")
    assert len(index) == 60 and index.search(new[0], k=1)[0]["id"] != "new.jpg"


def test_a_graph_that_the_store_built_serves_searches_filtered_ones_too(tmp_path):
    index, vectors = make(tmp_path / "i", products=400)
    queries = store.normalise(vectors[::40] + 0.05 * np.random.default_rng(5).normal(size=(30, WIDTH)))
    exact = [{row["product_id"] for row in index.search(query, k=5)} for query in queries]
    index.photos.create_index("vector", config=HnswFlat(distance_type="dot", num_partitions=1))
    again = Index.open(tmp_path / "i", classifier=object())
    assert again.photos.list_indices()
    found = [{row["product_id"] for row in again.search(query, k=5)} for query in queries]
    assert np.mean([len(one & other) / 5 for one, other in zip(exact, found, strict=True)]) > 0.9
    matches = again.search(vectors[7], k=50, where="ram_gb = 16 AND price < 1000")
    assert matches[0]["product_id"] == "p2" and max(row["price"] for row in matches) < 1000


def test_vectors_of_another_width_are_refused(tmp_path):
    index, _ = make(tmp_path / "i")
    for vector, has in ((np.ones(8, "f4"), 8), (np.full(64, np.nan), 0), (np.ones((9, 9)), 81)):
        with pytest.raises(CourseError, match=f"query has {has} finite numbers, the index 64"):
            index.search(vector)
    with pytest.raises(CourseError, match="The filter .* is not understood"):
        index.search(np.ones(64, "f4"), where={"brand": "Dell"})


def test_an_index_of_another_model_or_format_is_refused(tmp_path, build):
    make(tmp_path / "i")
    path = tmp_path / "i" / "index.json"
    meta = json.loads(path.read_text())
    path.write_text(json.dumps({**meta, "made_with": "another"}))
    with pytest.raises(CourseError, match="another model.*ONLY=06"):
        Index.open(tmp_path / "i")
    path.write_text(json.dumps({**meta, "format": 0}))
    with pytest.raises(CourseError, match="another version.*ONLY=06"):
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
        Index.open(tmp_path / "i", classifier=object()).search(np.ones(WIDTH, "f4"))


WRITER = """
import sys, numpy as np
from gadgetlib.index import Index
index = Index.open(sys.argv[1], classifier=object())
for n in range(int(sys.argv[3])):
    vectors = np.random.default_rng(n).normal(size=(50, 64)).astype("f4")
    name = sys.argv[2]
    index.photos.add([{"id": f"{name}-{n}-{i}.jpg", "product_id": name, "vector": vectors[i]} for i in range(50)])
    print(n, flush=True)
"""


def writer(folder, name, times):
    command = [sys.executable, "-c", WRITER, str(folder), name, str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def ids_of(index):
    return sorted(row["id"] for row in index.photos.search().limit(10**6).select(["id"]).to_list())


def test_two_writers_lose_nothing(tmp_path):
    index, vectors = make(tmp_path / "i")
    before = ids_of(index)
    writers = [writer(tmp_path / "i", name, 6) for name in ("a", "b")]
    assert [w.wait(timeout=600) for w in writers] == [0, 0]
    for w in writers:
        w.stdout.close()
    written = [f"{name}-{n}-{i}.jpg" for name in "ab" for n in range(6) for i in range(50)]
    assert ids_of(Index.open(tmp_path / "i", classifier=object())) == sorted(before + written)
    assert ids_of(index) in (before, sorted(before + written))  # an open handle sees a whole version, old or new
    assert index.search(vectors[7], k=1)[0]["product_id"] == "p2"


def test_a_killed_writer_leaves_whole_batches(tmp_path):
    index, _ = make(tmp_path / "i")
    process = writer(tmp_path / "i", "a", 10_000)
    told = [int(process.stdout.readline()) for _ in range(5)]
    os.kill(process.pid, signal.SIGKILL)
    told += [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()
    batches = len(Index.open(tmp_path / "i", classifier=object())) - 60
    assert told == list(range(len(told)))
    assert batches in (50 * len(told), 50 * (len(told) + 1)), "what was told is there"


def test_an_index_made_anew_under_an_open_one_is_one_sentence(tmp_path):
    """It may be of another model by then: the old one answers until it is replaced, and says what to do after."""
    from gadgetlib.files import write_atomic

    index, vectors = make(tmp_path / "i")
    with write_atomic(tmp_path / "i") as part:
        make(part)
        assert index.search(vectors[7], k=1)[0]["product_id"] == "p2"
    with pytest.raises(CourseError, match="then open it again"):
        index.search(vectors[7], k=1)
    again = Index.open(tmp_path / "i", classifier=object())
    assert again.search(vectors[7], k=1)[0]["product_id"] == "p2"


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

    mean, matrix = store.fit_projection(x[seen], groups[seen], 16)
    before = first_right(store.normalise(x[unseen]))
    after = first_right(store.normalise((x[unseen] - mean) @ matrix))
    assert after > 0.9 > before


def test_the_kind_of_gadget_breaks_ties_of_looks(tmp_path):
    """Of two photos that look alike the one of the query's probable kind wins."""

    def kinds(images):
        return np.array([[0.8, 0.2, 0, 0, 0] if image[2] > 0 else [0.2, 0.8, 0, 0, 0] for image in images])

    mean, matrix = np.zeros(3, "f4"), np.eye(3, 2, dtype="f4")  # the first two numbers are the look
    looks = store.normalise(np.array([[0.2, 1], [0.2, 1]], "f4"))  # unlike the query: the classifier decides
    vectors = store.with_kind(looks, np.eye(5)[:2])
    photos = [{"id": "a.jpg", "product_id": "phone"}, {"id": "b.jpg", "product_id": "laptop"}]
    index = Index.create(tmp_path, photos, vectors, [], Embedder(mean, matrix, np.asarray, kinds), store.fingerprint())
    again = Index.open(tmp_path, classifier=object()).embedder
    assert np.array_equal(again.mean, mean) and np.array_equal(again.matrix, matrix)
    for sign, wins in ((1, "phone"), (-1, "laptop")):
        query = index.embed([1, 0, sign])
        assert query.shape == (7,) and np.isclose(np.linalg.norm(query), 1)
        first, second = index.search(query, k=2)
        assert first["product_id"] == wins and first["score"] > second["score"] + 0.05


def test_photos_stand_for_their_product():
    looks = store.normalise(np.array([[1, 0], [0, 1], [1, 0.2]], "f4"))
    pulled = store.near_product(looks, ["a", "a", "b"])
    assert np.allclose(np.linalg.norm(pulled, axis=1), 1) and np.allclose(pulled[2], looks[2])
    assert 0.7 < pulled[0] @ pulled[1] < 0.999 and pulled[0, 0] > pulled[0, 1]


def test_two_good_photos_beat_a_lucky_one(tmp_path):
    """And what is excluded does not pull the others of its product towards it."""
    looks = {"a1": 0.95, "a2": 0.2, "b1": 0.9, "b2": 0.85}
    vectors = np.array([[cosine, np.sqrt(1 - cosine**2)] for cosine in looks.values()], "f4")
    index = Index.create(tmp_path / "i", [{"id": key, "product_id": key[0]} for key in looks], vectors, [])
    query = np.array([1, 0], "f4")
    assert [row["id"] for row in index.search(query)] == ["b1", "a1"]
    first, second = index.search(query, exclude=["a2"])
    assert first["id"] == "a1" and first["score"] == pytest.approx(0.95, abs=1e-4)  # alone now, and itself
    assert second["id"] == "b1"


def test_probabilities_that_are_known_are_not_worked_out_again(tmp_path):
    """Of two photos that look alike the one of the kind given comes first; nobody asks the classifier."""
    looks = store.normalise(np.array([[0.2, 1], [0.2, 1]], "f4"))  # unlike the query: the probabilities decide
    embedder = Embedder(np.zeros(2, "f4"), np.eye(2, dtype="f4"), lambda _: np.eye(2)[:1], kinds=lambda _: 1 / 0)
    vectors = store.with_kind(looks, np.eye(5)[1:3])
    photos = [{"id": f"{kind}.jpg", "product_id": kind} for kind in ("laptop", "tablet")]
    index = Index.create(tmp_path / "i", photos, vectors, [], embedder)
    for kind, other in (("laptop", "tablet"), ("tablet", "laptop")):
        found = index.search(index.embed("a.jpg", {kind: 0.9, other: 0.1}), k=2)
        assert [match["product_id"] for match in found] == [kind, other]
        assert found[0]["score"] > found[1]["score"] + 0.05
    with pytest.raises(ZeroDivisionError):
        index.search("a.jpg")


def test_a_catalogue_of_ones_own_needs_products_alone(tmp_path):
    mine = tmp_path / "mine.csv"
    rows = ["product_id,brand,ram_gb,storage_gb,price", 'a,Acme,16 GB,1 TB,"1.299,00 €"', "b,,0.5,,"]
    mine.write_text("\n".join(rows), encoding="utf-8")
    one, other = store.catalogue_variants(mine)
    assert (one["ram_gb"], one["storage_gb"], one["price"], one["gadget_type"]) == (16, 1024, 1299, "")
    assert other["ram_gb"] == 0.5 and other["brand"] == "" and np.isnan(other["price"])
    photos = [{"id": "1.jpg", "product_id": "a"}, {"id": "2.jpg", "product_id": "b"}]
    shop = Index.create(tmp_path / "i", photos, np.eye(2, 4, dtype="f4"), [one, other])
    (match,) = shop.search(np.ones(4, "f4"), where="price < 1300 AND brand = 'Acme'")
    assert match["id"] == "1.jpg" and match["gadget_type"] is None
    (tmp_path / "other.csv").write_text("sku\n1\n")
    for name, words in (("none.csv", "none.csv is missing or empty"), ("other.csv", "product_id")):
        with pytest.raises(CourseError, match=words):
            store.catalogue_variants(tmp_path / name)


def test_a_photo_of_ones_own_lies_beside_the_index(tmp_path, data):
    index, _ = make(tmp_path / "i", products=2)
    (own := tmp_path / "i" / "photos" / "laptop" / "1.jpg").parent.mkdir(parents=True)
    own.write_bytes(b"")
    assert index.picture("laptop/1.jpg") == own
    assert index.picture("a-00.jpg") == data / "photos" / "a-00.jpg"


def test_outlines_of_screens_lie_in_their_photos(data):
    photos = pd.read_csv(data / "photos" / "photos.csv").set_index("file")
    outlines = pd.read_csv(data / "photos" / "screens.csv")
    assert set(outlines.file) <= set(photos.index[photos.gadget_type != "headphones"])
    lit = outlines.dropna()
    for row in lit.sample(60, random_state=0).itertuples():
        corners = np.array(row.outline.split(), float).reshape(-1, 2)
        with Image.open(data / "photos" / row.file) as picture:
            assert len(corners) >= 3 and (corners >= 0).all() and (corners <= picture.size).all(), row.file
    portraits = photos[(photos.gadget_type != "headphones") & (photos.index.str[-6:-4].astype(int) >= 4)]
    assert portraits.index.isin(outlines.file).mean() > 0.98  # a few photos cannot be composed again
    assert portraits.index.isin(lit.file).mean() > 0.95
