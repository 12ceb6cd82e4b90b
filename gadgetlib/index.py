"""A photo in, the matching gadgets of the catalogue out: embeddings, a vector store, filters, measures.

The store is LanceDB: one folder, no server, versioned tables (a killed writer leaves the last whole version), filters, full-text search, and
the same calls against object storage when one machine no longer holds the catalogue.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import eigh

from gadgetlib import CLASSES
from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, trained
from gadgetlib.filters import quoted, to_sql

FORMAT = 5  # raised when the layout of the index folder, or what its vectors stand for, changes
KIND_WEIGHT = 0.6  # of the kind of gadget beside the look, both of length one
APPROXIMATE_FROM = 50_000  # photos; below, exact search takes milliseconds and needs no index
COLUMNS = dict.fromkeys(("sku", "product_id", "gadget_type", "brand", "model"), str)
COLUMNS |= dict.fromkeys(("year", "ram_gb", "storage_gb", "screen_in", "price"), float)
REBUILD = "make it anew with `make course ONLY=06`"
BOUNDS = {"<=": r"under|below|less than|to|at most|max\w*", ">=": r"over|above|more than|at least|from|min\w*"}

os.environ.setdefault("RUST_LOG", "error")  # the store's engine warns on every query otherwise


@dataclass
class Embedder:
    """Turns pictures into short unit vectors in which photos of one product lie close.

    mean (d,), matrix (d, k): the linear map learnt by `fit_projection`. features: pictures -> (n, d). kinds: pictures -> probabilities of
    the CLASSES (n, 5), or None; with it, five more numbers follow the k, so that a match of the wrong kind loses.
    """

    mean: np.ndarray
    matrix: np.ndarray
    features: Callable[[Sequence[Any]], np.ndarray]
    kinds: Callable[[Sequence[Any]], np.ndarray] | None = None

    def look(self, features: np.ndarray) -> np.ndarray:
        """Features (n, d) -> float32 (n, k), rows of length one."""
        return unit((np.asarray(features) - self.mean) @ self.matrix)

    def save(self, folder: Path) -> None:
        from safetensors.numpy import save_file

        save_file({"mean": np.ascontiguousarray(self.mean), "matrix": np.ascontiguousarray(self.matrix)}, folder / "embedder.safetensors")

    @classmethod
    def load(cls, folder: Path, features: Callable, kinds: Callable | None = None) -> Embedder:
        from safetensors.numpy import load_file

        return cls(**load_file(folder / "embedder.safetensors"), features=features, kinds=kinds)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length one, float32; a zero row stays zero."""
    norm = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(norm, 1e-12)).astype("f4")


def with_kind(looks: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """Looks (n, k), rows of length one, and probabilities of kinds (n, c) -> float32 (n, k + c), rows of length one.

    The kinds' part of a dot product is the Bhattacharyya coefficient of two distributions: 1 where they agree, 0 where they exclude each other.
    """
    return unit(np.hstack([looks, KIND_WEIGHT * unit(np.sqrt(probs))]))


def near_product(vectors: np.ndarray, products: Sequence[Any]) -> np.ndarray:
    """Each row (n, k) moved half-way to the mean of its product's rows; float32, rows of length one.

    A photo then stands for its product, and less for its own light and angle (database-side augmentation: Turcot and Lowe, "Better matching
    with fewer features", ICCV workshops 2009).
    """
    _, product = np.unique(np.asarray(products), return_inverse=True)
    means = np.stack([vectors[product == one].mean(axis=0) for one in range(product.max(initial=-1) + 1)])
    return unit(vectors + unit(means)[product])


def fit_projection(
    features: np.ndarray, groups: Sequence[Any], dimensions: int = 256, shrinkage: float = 0.1
) -> tuple[np.ndarray, np.ndarray]:
    """A linear metric: directions in which photos of one product differ are scaled down.

    features (n, d), groups (n,) product of each row, some with several. Returns mean (d,) and matrix (d, dimensions): the leading
    directions of the total covariance, measured in units of the covariance within groups (Mikolajczyk and Matas, "Improving
    descriptors for fast tree matching by optimal linear projection", ICCV 2007). shrinkage pulls the latter towards a multiple of
    the identity (Ledoit and Wolf 2004).
    """
    x = np.asarray(features, "f4")
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    x = (x - mean) / spread
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    centres = np.stack([x[group == one].mean(axis=0) for one in range(group.max() + 1)])
    total, within = np.cov(x.T, dtype="f4"), np.cov((x - centres[group]).T, dtype="f4")
    d = len(within)
    within += shrinkage * (np.trace(within) / d * np.eye(d, dtype="f4") - within)
    _, vectors = eigh(total, within, subset_by_index=(max(0, d - dimensions), d - 1))
    return mean, (vectors[:, ::-1] / spread[:, None]).astype("f4")


# --- measures of one ranked list: hits (n,) says which of its results are right; averaged over queries by who asks ---


def hit_rate(hits: np.ndarray, k: int) -> float:
    """1 if at least one of the first k results is right, else 0."""
    return float(hits[:k].any())


def precision(hits: np.ndarray, k: int) -> float:
    """Share of right results among the first k."""
    return float(hits[:k].sum() / k)


def recall(hits: np.ndarray, k: int, relevant: int) -> float:
    """Share of the ``relevant`` things in the collection that are among the first k results."""
    return float(hits[:k].sum() / relevant)


def reciprocal_rank(hits: np.ndarray) -> float:
    """1 / rank of the first right result, 0 without one; its mean over queries is the MRR."""
    return float(1 / (hits.argmax() + 1)) if hits.any() else 0.0


def average_precision(hits: np.ndarray, relevant: int) -> float:
    """The precision at the rank of each right result, summed, over the ``relevant`` things there are; its mean over queries is the mAP."""
    ranks = np.flatnonzero(hits) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).sum() / relevant)


class Index:
    """Photos with their vectors and the catalogue's variants, in one folder.

    ``photos``: id, product_id, vector. ``variants``: a row per SKU with what can be filtered on, and its name for full-text search.
    """

    def __init__(self, folder: Path, meta: dict[str, Any], embedder: Embedder | None) -> None:
        self.folder, self.meta, self.embedder = Path(folder), meta, embedder
        self._connect()

    def _connect(self) -> None:
        import lancedb

        try:
            db = lancedb.connect(str(self.folder / "db"))
            self.photos, self.variants = db.open_table("photos"), db.open_table("variants")
            rows = self._products(None).values()
            self.known = {column: sorted({row[column] for row in rows if row[column]}) for column in ("gadget_type", "brand")}
            for approximate in self.photos.list_indices():  # into memory now, not bit by bit during the first hundred queries
                self.photos.prewarm_index(approximate.name)
        except Exception as error:
            raise CourseError(f"The index in {self.folder.name}/ cannot be opened ({_first(error)}); {REBUILD}.") from error

    @classmethod
    def create(
        cls, folder: Path, photos: Iterable[dict[str, Any]], vectors: np.ndarray, variants: Iterable[dict[str, Any]],
        embedder: Embedder | None = None, made_with: str = "",
    ) -> Index:  # fmt: skip
        """Make an index in ``folder``.

        photos: dicts with id and product_id, in the order of ``vectors`` (n, k). variants: dicts with the keys of COLUMNS, None where
        unknown. made_with: the fingerprint of the model behind the vectors.
        """
        import lancedb
        import pyarrow as pa
        from lancedb.index import FTS

        Path(folder).mkdir(parents=True, exist_ok=True)
        shutil.rmtree(Path(folder) / "db", ignore_errors=True)  # an overwritten table would keep its old versions
        db = lancedb.connect(str(Path(folder) / "db"))
        db.create_table("photos", _photo_table(photos, np.asarray(vectors, "f4")))
        rows = [{column: _typed(row.get(column), kind) for column, kind in COLUMNS.items()} for row in variants]
        rows = [{**row, "words": _words(f"{row['brand']} {row['model']} {row['gadget_type']}")} for row in rows]
        schema = pa.schema([(c, pa.string() if COLUMNS.get(c, str) is str else pa.float64()) for c in (*COLUMNS, "words")])
        db.create_table("variants", pa.Table.from_pylist(rows, schema=schema)).create_index("words", config=FTS(stem=False, remove_stop_words=False))
        meta = {"format": FORMAT, "dimensions": int(np.shape(vectors)[1]), "made_with": made_with}
        if embedder is not None:
            embedder.save(Path(folder))
        (Path(folder) / "index.json").write_text(json.dumps(meta, indent=1))
        index = cls(folder, meta, embedder)
        index.reindex()
        return index

    @classmethod
    def open(cls, folder: Path, features: Callable | None = None, classifier: Any = None) -> Index:
        """Open an index for searching with pictures.

        features: pictures -> (n, d); by default the network of the course's trained classifier (loaded, unless given), which then also
        tells the kind of gadget that a query shows. Raises CourseError when the folder is damaged, or was made by another model or version.
        """
        kinds = None
        try:
            meta = json.loads((Path(folder) / "index.json").read_text())
            if meta["format"] != FORMAT:
                raise CourseError(f"The index has format {meta['format']}, this version reads {FORMAT}; {REBUILD}.")
            if features is None:
                if meta["made_with"] != fingerprint():
                    raise CourseError(f"The index was made with another model than the one trained now; {REBUILD}.")
                features, kinds = course_embedding(classifier)
            return cls(folder, meta, Embedder.load(Path(folder), features, kinds))
        except CourseError:
            raise
        except Exception as error:
            raise CourseError(f"The index in {Path(folder).name}/ cannot be read ({_first(error)}); {REBUILD}.") from error

    def __len__(self) -> int:
        return self.photos.count_rows()

    def add(self, photos: Iterable[dict[str, Any]], vectors: np.ndarray) -> None:
        """Add photos, or replace those with the same id; the rest of the index is not touched."""
        table = _photo_table(photos, self._check_width(vectors))
        self.photos.merge_insert("id").when_matched_update_all().when_not_matched_insert_all().execute(table)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove photos by id; unknown ids are ignored."""
        if ids:
            self.photos.delete(f"id IN ({', '.join(map(quoted, ids))})")

    def reindex(self) -> None:
        """Fold in what was added and, on a large table, build the approximate (HNSW) index anew."""
        from lancedb.index import HnswFlat

        self.photos.optimize()
        if len(self) >= APPROXIMATE_FROM:
            config = HnswFlat(distance_type="dot", num_partitions=max(1, len(self) // 250_000), m=20, ef_construction=150)
            self.photos.create_index("vector", config=config)
            self._connect()

    def search(self, query: Any, k: int = 5, where: str | None = None, exclude: Collection[str] = ()) -> list[dict[str, Any]]:
        """The k products most like a picture, best first; fewer when the index or the filter has fewer.

        query: a path, a PIL image or a vector (dimensions,). where: a filter over COLUMNS such as ``"gadget_type = 'laptop' AND
        price < 900"`` (see `gadgetlib.filters`); a product stays if one of its variants fits, and the cheapest that fits is shown.
        exclude: ids of photos that do not count, such as a measured query's own. Each match: score (cosine to the smoothed photo),
        id of the photo, product_id and the variant's columns. Raises CourseError when the filter is not understood.
        """
        if k < 1:
            raise CourseError(f"k = {k} is not accepted; ask for 1 match or more.")
        sql = to_sql(where, COLUMNS, self.known) if where else None
        return self._search(self.embed(query), k, sql, exclude)

    def _search(self, vector: np.ndarray, k: int, sql: str | None, exclude: Collection[str] = ()) -> list[dict[str, Any]]:
        allowed = self._products(sql) if sql else None
        try:
            found = self._best(vector, k, allowed, exclude)
        except Exception:  # the folder was made anew under an open handle: look again, once
            self._connect()
            found = self._best(vector, k, allowed, exclude)
        ids = ", ".join(quoted(row["product_id"]) for row in found)
        shown = allowed or (self._products(f"product_id IN ({ids})") if found else {})
        bare = dict.fromkeys(COLUMNS)  # a photo whose product the catalogue does not know
        return [{**bare, **row, **shown.get(row["product_id"], {})} for row in found]

    def _best(self, vector: np.ndarray, k: int, products: Collection[str] | None, exclude: Collection[str]) -> list[dict[str, Any]]:
        """The nearest photo of each of the k best products: found by cosine, then ranked anew once `near_product` has smoothed their photos."""
        rows, take = len(self), 20 * k
        while rows and products != {}:
            hits = self.nearest(vector, min(take, rows), products, exclude)
            found = sorted({hit["product_id"] for hit in hits})
            if len(found) >= k or len(hits) < take:
                photos = self.photos.search().where(_among(found, exclude)).limit(rows).to_list()
                scores = near_product(np.array([row.pop("vector") for row in photos]), [row["product_id"] for row in photos]) @ vector
                best: dict[str, dict[str, Any]] = {}
                for i in np.argsort(-scores):
                    best.setdefault(photos[i]["product_id"], {**photos[i], "score": round(float(scores[i]), 4)})
                return list(best.values())[:k]
            take *= 4
        return []

    def nearest(
        self, vector: np.ndarray, n: int, products: Collection[str] | None = None, exclude: Collection[str] = ()
    ) -> list[dict[str, Any]]:  # fmt: skip
        """The n nearest photos of a unit vector: id, product_id, score (cosine). products: only theirs."""
        search = self.photos.search(vector, vector_column_name="vector").distance_type("dot").limit(n)
        if condition := _among(products, exclude):
            search = search.where(condition, prefilter=True)
        if len(self) >= APPROXIMATE_FROM:
            search = search.nprobes(3).ef(max(48, 2 * n))  # chosen at a million rows: .98 of the exact ten
        rows = search.select(["id", "product_id", "_distance"]).to_list()
        return [{**row, "score": 1 - row.pop("_distance")} for row in rows]

    def search_text(self, text: str, k: int = 5, query: Any = None) -> list[dict[str, Any]]:
        """Search by words such as "16 GB laptop under 900": what they state filters, the others rank (BM25); with a picture, it ranks.

        Each match as for `search`, the score BM25's; what fits and shares no word with the text follows with score 0.
        """
        sql, words = text_to_sql(text, self.known)
        if query is not None:
            return self._search(self.embed(query), k, sql)
        search = self.variants.search(words, query_type="fts").limit(max(1, self.variants.count_rows()))
        scores: dict[str, float] = {}
        for row in (search.where(sql) if sql else search).to_list():
            scores.setdefault(row["product_id"], round(float(row["_score"]), 4))
        fits = self._products(sql).values()
        rows = [{"id": None, "score": scores.get(row["product_id"], 0.0), **row} for row in fits if sql or row["product_id"] in scores]
        return sorted(rows, key=lambda row: (-row["score"], -(row["year"] or 0)))[:k]

    def search_where(self, where: str) -> list[dict[str, Any]]:
        """All products that fit a filter, each with its cheapest variant that fits, by price."""
        return list(self._products(to_sql(where, COLUMNS, self.known)).values())

    def embed(self, query: Any, probs: dict[str, float] | None = None) -> np.ndarray:
        """The vector (dimensions,) of a query of `search`. probs: of each kind, where known already; otherwise the classifier is asked."""
        if isinstance(query, np.ndarray) and query.ndim == 1:
            return self._check_width(unit(query[None]))[0]
        if self.embedder is None:
            raise CourseError("This index was opened without its embedder; search it with a vector.")
        look = self.embedder.look(self.embedder.features([query]))
        if self.embedder.kinds is not None:
            look = with_kind(look, in_order([probs]) if probs else self.embedder.kinds([query]))
        return self._check_width(look)[0]

    def _check_width(self, vectors: np.ndarray) -> np.ndarray:
        vectors = np.atleast_2d(np.asarray(vectors, "f4"))
        if vectors.shape[1] != self.meta["dimensions"]:
            raise CourseError(f"The index holds vectors of {self.meta['dimensions']} numbers, the query has {vectors.shape[1]}; {REBUILD}.")
        return vectors

    def _products(self, sql: str | None) -> dict[str, dict[str, Any]]:
        """product_id -> its cheapest variant that fits the condition, the cheapest product first."""
        search = self.variants.search().limit(max(1, self.variants.count_rows())).select(list(COLUMNS))
        best: dict[str, dict[str, Any]] = {}
        for row in sorted((search.where(sql) if sql else search).to_list(), key=lambda row: (row["price"] is None, row["price"], row["sku"])):
            best.setdefault(row["product_id"], row)
        return best


def _among(products: Collection[str] | None, exclude: Collection[str]) -> str:
    """The condition that a photo is of these products (None: of any) and is not excluded; "" for all photos."""
    parts = [f"product_id IN ({', '.join(map(quoted, products))})"] if products is not None else []
    return " AND ".join(parts + ([f"id NOT IN ({', '.join(map(quoted, exclude))})"] if exclude else []))


def _photo_table(photos: Iterable[dict[str, Any]], vectors: np.ndarray) -> Any:
    import pyarrow as pa

    photos = list(photos)
    if len(photos) != len(vectors):
        raise ValueError(f"{len(photos)} photos but {len(vectors)} vectors")
    flat = pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(vectors).ravel()), vectors.shape[1])
    columns = {name: pa.array([str(photo[name]) for photo in photos], pa.string()) for name in ("id", "product_id")}
    return pa.table({**columns, "vector": flat})


def _typed(value: Any, kind: type) -> Any:
    return None if value is None or value == "" or value != value else kind(value)  # NaN differs from itself


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _words(text: str) -> str:
    """Runs of letters and runs of digits apart, so that "840G6" and "840 G6" are the same."""
    return " ".join(re.findall(r"[^\W\d_]+|\d+", text.lower()))


def text_to_sql(text: str, known: dict[str, Collection[str]]) -> tuple[str | None, str]:
    """What words such as "16 GB laptop under 900 euros" state, as a condition (None: nothing), and the words that remain."""
    from gadgetlib import money, specs
    from gadgetlib.pricing import convert

    found, low, parts = specs.extract(text), text.lower(), []
    if found.gadget_type in CLASSES:
        parts.append(f"gadget_type = {quoted(found.gadget_type)}")
    if found.brand in known["brand"]:
        parts.append(f"brand = {quoted(found.brand)}")
    for column in ("ram_gb", "storage_gb", "screen_in"):
        if value := getattr(found, column):
            start, end = found.evidence[column].span
            sign = next((sign for sign, words in BOUNDS.items() if re.search(rf"\b(?:{words})\W*$", low[:start])), "=")
            parts.append(f"{column} {sign} {value:g}")
            low = low[:start] + " " * (end - start) + low[end:]
    for sign, words in BOUNDS.items():
        pattern = rf"\b(?:{words})\W{{0,3}}([^\d\s]{{0,4}}\s?\d[\d.,'k]*+(?!\s*(?:[gt]b|inch|\"))(?: \S+)?)"
        if match := re.search(pattern, low):
            parts.append(f"price {sign} {convert(money.amount(match[1]), money.currency(match[1]) or 'USD'):.0f}")
            low = low.replace(match[0], " ")
    return " AND ".join(parts) or None, _words(low)


def fingerprint() -> str:
    """Which model the course's vectors come from: the hash of the trained classifier's weights."""
    path = build_dir() / "classifier" / "model.safetensors"
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else "none"


def course_embedding(classifier: Any = None) -> tuple[Callable, Callable]:
    """(features, kinds) of the course's index: several depths of the classifier's frozen network, and the classifier's probabilities."""
    from gadgetlib.backbone import deep_features
    from gadgetlib.classify import Classifier

    classifier = classifier or Classifier.load(trained("classifier"))
    return (
        lambda images: deep_features(images, net=classifier.frozen),
        lambda images: in_order([row["probs"] for row in classifier.predict(images)]),
    )


def in_order(probs: Sequence[dict[str, float]]) -> np.ndarray:
    """Probabilities by kind, a dict per picture, as float32 (n, 5) in the order of CLASSES."""
    return np.array([[one.get(kind, 0) for kind in CLASSES] for one in probs], "f4")


def catalogue_variants(path: Path) -> list[dict[str, Any]]:
    """The rows of ``catalogue.csv`` as variants for `Index.create`."""
    import pandas as pd

    table = pd.read_csv(path).rename(columns={"launch_price_usd": "price"})[list(COLUMNS)]
    return table.astype(object).where(table.notna(), None).to_dict("records")
