"""A photo in, the matching gadgets of the catalogue out: embeddings, a vector store, filters, measures.

The store is LanceDB: one folder, no server, versioned tables (a killed writer leaves the last whole version),
SQL filters, and the same calls against an object store when one machine no longer holds the catalogue.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, trained

FORMAT = 4  # raised when the layout of the index folder, or what its vectors stand for, changes
KIND = 0.6  # how much the kind of gadget weighs beside the look, both of length one
NEIGHBOURS = 10  # of a query, who are heard about its kind
FAMILIAR = 0.4  # the cosine that a photo of a known product exceeds as a rule (19 of 20), and one of an unknown does not
APPROXIMATE_FROM = 50_000  # below, exact search takes milliseconds and needs no index
VARIANT_COLUMNS = (
    "sku", "product_id", "gadget_type", "brand", "model", "year", "ram_gb", "storage_gb", "screen_in", "price",
)  # fmt: skip
REBUILD = "rebuild it with `make course ONLY=06`"

os.environ.setdefault("RUST_LOG", "error")  # the store's engine warns on every query otherwise


# ---------------------------------------------------------------- embeddings


@dataclass
class Embedder:
    """Features of a picture turned into a short unit vector in which photos of one product lie close.

    mean (d,), matrix (d, k): the linear map learnt by :func:`fit_projection`. features: pictures -> (n, d).
    kinds: pictures -> shares (n, c) of c kinds of gadgets, or None; with it, c more numbers follow the k, so that a match
    of the wrong kind loses.
    """

    mean: np.ndarray
    matrix: np.ndarray
    features: Callable[[Sequence[Any]], np.ndarray]
    source: str = ""
    kinds: Callable[[Sequence[Any]], np.ndarray] | None = None

    def look(self, features: np.ndarray) -> np.ndarray:
        """Features (n, d) -> float32 (n, k), rows of length one."""
        return unit((np.asarray(features) - self.mean) @ self.matrix)

    def save(self, folder: Path) -> None:
        from safetensors.numpy import save_file

        arrays = {"mean": self.mean, "matrix": self.matrix}
        arrays = {name: np.ascontiguousarray(array, dtype="f4") for name, array in arrays.items()}
        save_file(arrays, folder / "embedder.safetensors", metadata={"source": self.source})

    @classmethod
    def load(
        cls, folder: Path, features: Callable[[Sequence[Any]], np.ndarray],
        kinds: Callable[[Sequence[Any]], np.ndarray] | None = None,
    ) -> Embedder:  # fmt: skip
        from safetensors import safe_open

        with safe_open(folder / "embedder.safetensors", framework="np") as file:
            source = (file.metadata() or {}).get("source", "")
            return cls(file.get_tensor("mean"), file.get_tensor("matrix"), features, source, kinds)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length one, float32; a zero row stays zero."""
    norm = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(norm, 1e-12)).astype("f4")


def with_kind(looks: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Looks (n, k), rows of length one, and shares of kinds (n, c) -> float32 (n, k + c), rows of length one.

    The kinds' part of a dot product is the Bhattacharyya coefficient of two opinions: 1 where they agree, 0 where they exclude
    each other.
    """
    return unit(np.hstack([looks, KIND * unit(np.sqrt(shares))]))


def drawn_together(looks: np.ndarray, groups: Sequence[Any]) -> np.ndarray:
    """Each row (n, k) moved half-way to the middle of its group; float32, rows of length one.

    A photo then stands for its product too, not for its light alone (database-side augmentation: Turcot and Lowe, "Better
    matching with fewer features", ICCV workshops 2009).
    """
    _, inverse = np.unique(np.asarray(groups), return_inverse=True)
    middles = np.zeros((inverse.max(initial=-1) + 1, looks.shape[1]), "f4")
    np.add.at(middles, inverse, looks)
    return unit(looks + unit(middles)[inverse])


def heard(cosines: np.ndarray, kinds: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """An opinion on the kind of each query, once its nearest neighbours have been heard: shares (n, c).

    cosines (n, m): how near the m nearest photos lie. kinds (n, m, c): theirs, which the catalogue knows. shares (n, c): the
    classifier's opinion, which counts as m neighbours at the cosine FAMILIAR: among things unlike any known one it decides.
    """
    votes = np.einsum("nm,nmc->nc", np.exp(10 * (cosines - FAMILIAR)), kinds) + cosines.shape[1] * shares
    return votes / votes.sum(axis=1, keepdims=True)


def fit_projection(
    features: np.ndarray, groups: Sequence[Any], dimensions: int = 256, shrinkage: float = 0.03, components: int = 1400
) -> tuple[np.ndarray, np.ndarray]:
    """A linear metric: directions in which photos of one product differ are scaled down.

    features (n, d), groups (n,) product of each row. Returns mean (d,) and matrix (d, dimensions).
    Every feature is brought to the same spread and the whole cut to its leading ``components``; then the within-group
    covariance is whitened, and the leading principal directions of what remains are kept
    (Mikolajczyk and Matas, "Improving descriptors for fast tree matching by optimal linear projection",
    ICCV 2007). shrinkage pulls the covariance towards a multiple of the identity (Ledoit and Wolf 2004).
    """
    from sklearn.decomposition import PCA

    x = np.asarray(features, dtype="f4")
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    x = (x - mean) / spread
    first = PCA(min(components, *x.shape), svd_solver="covariance_eigh").fit(x).components_.T
    x = (x @ first).astype("f8")
    _, inverse, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    sums = np.zeros((counts.size, x.shape[1]))
    np.add.at(sums, inverse, x)
    within = x - (sums / counts[:, None])[inverse]
    covariance = within.T @ within / max(1, len(x) - counts.size)
    scale = np.trace(covariance) / x.shape[1]
    values, vectors = np.linalg.eigh((1 - shrinkage) * covariance + shrinkage * scale * np.eye(x.shape[1]))
    whiten = vectors / np.sqrt(np.maximum(values, 1e-12))
    values, vectors = np.linalg.eigh(np.cov((x @ whiten).T))
    kept = min(dimensions, x.shape[1])
    matrix = (first / spread[:, None]) @ whiten @ vectors[:, ::-1][:, :kept]
    return mean.astype("f4"), matrix.astype("f4")


# ---------------------------------------------------------------- measures


def relevance(query_groups: Sequence[Any], ranked_groups: Sequence[Sequence[Any]]) -> list[np.ndarray]:
    """For each query, which of its ranked results belong to its group (booleans)."""
    return [np.array([g == own for g in ranked], bool) for own, ranked in zip(query_groups, ranked_groups, strict=True)]


def recall_at(hits: Sequence[np.ndarray], k: int) -> float:
    """Share of queries with at least one right result among the first k."""
    return float(np.mean([row[:k].any() for row in hits]))


def precision_at(hits: Sequence[np.ndarray], k: int) -> float:
    """Mean share of right results among the first k."""
    return float(np.mean([row[:k].mean() if len(row) else 0.0 for row in hits]))


def reciprocal_rank(hits: Sequence[np.ndarray]) -> float:
    """Mean of 1 / rank of the first right result; 0 where there is none (MRR)."""
    return float(np.mean([1 / (row.argmax() + 1) if row.any() else 0.0 for row in hits]))


def average_precision(hits: Sequence[np.ndarray]) -> float:
    """Mean over queries of the precision at each right result (mAP over what was returned)."""
    scores = []
    for row in hits:
        places = np.flatnonzero(row)
        scores.append(np.mean(np.arange(1, len(places) + 1) / (places + 1)) if len(places) else 0.0)
    return float(np.mean(scores))


# ---------------------------------------------------------------- the store


class Index:
    """Photos with their vectors and the catalogue's variants, in one folder.

    ``photos``: id, product_id, vector. ``variants``: one row a SKU with what can be filtered on.
    """

    def __init__(self, folder: Path, meta: dict[str, Any], embedder: Embedder | None) -> None:
        self.folder, self.meta, self.embedder = Path(folder), meta, embedder
        self._connect()

    def _connect(self) -> None:
        import lancedb

        try:
            self._db = lancedb.connect(str(self.folder / "db"))
            self.photos = self._db.open_table("photos")
            self.variants = self._db.open_table("variants")
            self._warm()
        except Exception as error:
            raise CourseError(
                f"The index in {self.folder.name}/ cannot be opened ({_first(error)}); {REBUILD}."
            ) from error

    def _warm(self) -> None:
        """Read approximate indices into memory now, not bit by bit during the first hundred queries."""
        for approximate in self.photos.list_indices():
            self.photos.prewarm_index(approximate.name)

    # -------- make and open

    @classmethod
    def create(
        cls, folder: Path, photos: Iterable[dict[str, Any]], vectors: np.ndarray, variants: Iterable[dict[str, Any]],
        embedder: Embedder | None = None, made_with: str = "",
    ) -> Index:  # fmt: skip
        """Make an index in ``folder``.

        photos: dicts with id and product_id, in the order of ``vectors`` (n, k). variants: dicts with
        VARIANT_COLUMNS, None where unknown. made_with: the fingerprint of the model behind the vectors.
        """
        import lancedb
        import pyarrow as pa

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        vectors = np.asarray(vectors, dtype="f4")
        shutil.rmtree(folder / "db", ignore_errors=True)  # an overwritten table would keep its old versions
        db = lancedb.connect(str(folder / "db"))
        db.create_table("photos", _photo_table(list(photos), vectors))
        schema = pa.schema([(c, pa.string() if c in _TEXT else pa.float64()) for c in VARIANT_COLUMNS])
        rows = [{c: _clean(row.get(c), c) for c in VARIANT_COLUMNS} for row in variants]
        db.create_table("variants", pa.Table.from_pylist(rows, schema=schema))
        meta = {"format": FORMAT, "dimensions": int(vectors.shape[1]), "made_with": made_with}
        if embedder is not None:
            embedder.save(folder)
        (folder / "index.json").write_text(json.dumps(meta, indent=1))
        index = cls(folder, meta, embedder)
        index.reindex()
        return index

    @classmethod
    def open(
        cls, folder: Path, features: Callable[[Sequence[Any]], np.ndarray] | None = None, classifier: Any = None
    ) -> Index:
        """Open an index for searching with pictures.

        Raises CourseError when the folder is damaged or was made by another model or version than the one
        trained now. features: how pictures become features; by default with the course's trained classifier (loaded, unless
        given), which then also says what kind of gadget a query shows.
        """
        folder, kinds = Path(folder), None
        try:
            meta = json.loads((folder / "index.json").read_text())
        except (OSError, ValueError) as error:
            raise CourseError(f"The index in {folder.name}/ cannot be read ({_first(error)}); {REBUILD}.") from error
        if meta.get("format") != FORMAT:
            raise CourseError(f"The index has format {meta.get('format')}, this version reads {FORMAT}; {REBUILD}.")
        if features is None:
            if meta["made_with"] != fingerprint():
                raise CourseError(f"The index was made with another model than the one trained now; {REBUILD}.")
            features, kinds = course_embedding(classifier)
        try:
            embedder = Embedder.load(folder, features, kinds)
        except Exception as error:
            raise CourseError(f"The index's embedder cannot be read ({_first(error)}); {REBUILD}.") from error
        return cls(folder, meta, embedder)

    def __len__(self) -> int:
        return self.photos.count_rows()

    # -------- change

    def add(self, photos: Iterable[dict[str, Any]], vectors: np.ndarray) -> None:
        """Add photos, or replace those with the same id; the rest of the index is not touched."""
        table = _photo_table(list(photos), self._check_width(vectors))
        self.photos.merge_insert("id").when_matched_update_all().when_not_matched_insert_all().execute(table)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove photos by id; unknown ids are ignored."""
        if ids:
            self.photos.delete(f"id IN ({', '.join(map(quoted, ids))})")

    def reindex(self) -> None:
        """Fold in what was added and, on a large table, build the approximate (HNSW) index anew."""
        self.photos.optimize()
        rows = len(self)
        if rows >= APPROXIMATE_FROM:
            self.photos.create_index(
                metric="dot", vector_column_name="vector", index_type="IVF_HNSW_FLAT", replace=True,
                num_partitions=max(1, rows // 250_000), m=20, ef_construction=150,
            )  # fmt: skip
            self._warm()

    # -------- search

    def search(self, query: Any, k: int = 5, where: str | None = None) -> list[dict[str, Any]]:
        """The k products most like a picture, best first; fewer when the index or the filter has fewer.

        query: a path, a PIL image or a vector (dimensions,). where: a filter over VARIANT_COLUMNS in SQL,
        such as ``"gadget_type = 'laptop' AND price < 900"``; a product stays if one of its variants fits,
        and the cheapest that fits is the one shown. Each match: id, score (cosine), product_id and the
        variant's columns. Raises CourseError when the filter is not understood.
        """
        if k < 1:
            raise CourseError(f"k = {k} is not accepted; ask for 1 match or more.")
        allowed = self._filter(where) if where else None
        if allowed is not None and not allowed:
            return []
        vector = self.embed(query)
        try:
            found = self._nearest(vector, k, allowed)
        except CourseError:
            raise
        except Exception:  # the folder was rebuilt under an open handle: look again, once
            self._connect()
            found = self._nearest(vector, k, allowed)
        shown = allowed if allowed is not None else self._cheapest([row["product_id"] for row in found])
        bare = dict.fromkeys(VARIANT_COLUMNS)  # a photo whose product the catalogue does not know
        return [
            {
                "id": row["id"], "score": round(float(row["score"]), 4),
                **shown.get(row["product_id"], {**bare, "product_id": row["product_id"]}),
            }
            for row in found
        ]  # fmt: skip

    def search_text(self, text: str, k: int = 5, query: Any = None) -> list[dict[str, Any]]:
        """Search by words such as "16 GB laptop under 900"; with a picture as ``query``, by both."""
        where = parse_query(text)
        if query is not None:
            return self.search(query, k=k, where=where)
        rows = list((self._filter(where) if where else self._all()).values())
        words = set(_words(text))
        rows.sort(key=lambda row: (-len(words & set(_words(f"{row['brand']} {row['model']}"))), row["price"] or 1e9))
        return [{"id": None, "score": None, **row} for row in rows[:k]]

    def search_where(self, where: str) -> list[dict[str, Any]]:
        """All products that fit a filter, each with its cheapest variant that fits, by price."""
        return list(self._filter(where).values())

    def embed(self, query: Any, kinds: dict[str, float] | None = None) -> np.ndarray:
        """The vector (dimensions,) that stands for a query of :meth:`search`, for several searches with one picture.

        kinds: what the picture shows, shares by label, where that is known already; otherwise the classifier is asked.
        """
        if isinstance(query, np.ndarray) and query.ndim == 1:
            return self._check_width(unit(query[None].astype("f4")))[0]
        if self.embedder is None:
            raise CourseError("This index was opened without its embedder; search it with a vector.")
        with ThreadPoolExecutor(1) as pool:  # one picture keeps one core busy: look and opinion side by side
            opinion = pool.submit(self._opinion, query, kinds)
            look = self.embedder.look(self.embedder.features([query]))
            return self.place(look[0], opinion.result())

    def _opinion(self, query: Any, kinds: dict[str, float] | None) -> np.ndarray | None:
        """Shares of kinds (c,) in a query; None where the index knows of no kinds."""
        if self.embedder.kinds is None:
            return None
        return (self.embedder.kinds([query]) if kinds is None else shares_of([kinds]))[0]

    def place(self, look: np.ndarray, shares: np.ndarray | None) -> np.ndarray:
        """The vector (dimensions,) of a query from its look (k,) and an opinion on its kind, shares (c,), or None.

        The nearest photos in the index are heard about the kind as well, see :func:`heard`.
        """
        if shares is None:
            return self._check_width(look)[0]
        width = len(look)
        asked = self._check_width(np.append(look, np.zeros(len(shares), "f4")))[0]
        rows = len(self)
        near = self._hits(asked, min(NEIGHBOURS, rows), rows, None, columns=["vector"])
        if near:
            found = np.array([hit["vector"] for hit in near], "f4")
            kinds = found[:, width:] / np.maximum(found[:, width:].sum(axis=1, keepdims=True), 1e-9)
            shares = heard((unit(found[:, :width]) @ look)[None], kinds[None], shares[None])[0]
        return with_kind(look[None], shares[None])[0]

    def _check_width(self, vectors: np.ndarray) -> np.ndarray:
        vectors = np.atleast_2d(np.asarray(vectors, dtype="f4"))
        if vectors.shape[1] != self.meta["dimensions"]:
            raise CourseError(
                f"The index holds vectors of {self.meta['dimensions']} numbers, the query has {vectors.shape[1]}; {REBUILD}."
            )
        return vectors

    def _nearest(self, vector: np.ndarray, k: int, allowed: dict[str, dict] | None) -> list[dict[str, Any]]:
        """The best photo of each of the k nearest products; asks for more photos until there are k."""
        rows, take = len(self), 8 * k
        while rows:
            hits = self._hits(vector, min(take, rows), rows, allowed)
            best: dict[str, dict[str, Any]] = {}
            for hit in hits:
                best.setdefault(hit["product_id"], {**hit, "score": 1 - hit["_distance"]})
            if len(best) >= k or len(hits) < take or take >= rows:
                return list(best.values())[:k]
            take *= 4
        return []

    def nearest_ids(self, vector: np.ndarray, n: int) -> list[str]:
        """The ids of the n nearest photos of a unit vector, without grouping by product."""
        return [hit["id"] for hit in self._hits(vector, n, len(self), None)]

    def _hits(
        self, vector: np.ndarray, take: int, rows: int, allowed: Iterable[str] | None, columns: Sequence[str] = ("id", "product_id")
    ) -> list[dict[str, Any]]:  # fmt: skip
        search = self.photos.search(vector, vector_column_name="vector").distance_type("dot").limit(take)
        if allowed is not None:
            search = search.where(f"product_id IN ({', '.join(map(quoted, allowed))})", prefilter=True)
        if rows >= APPROXIMATE_FROM:
            search = search.nprobes(3).ef(max(48, 2 * take))  # chosen at a million rows: .98 of the exact ten
        return search.select([*columns, "_distance"]).to_list()

    def _filter(self, where: str) -> dict[str, dict[str, Any]]:
        """product_id -> its cheapest variant that fits."""
        if REFUSED.search(where):
            raise CourseError(f"The filter {where!r} is not understood; {_FILTER_HELP}")
        try:
            rows = self.variants.search().where(where).limit(max(1, self.variants.count_rows())).to_list()
        except Exception as error:
            raise CourseError(
                f"The filter {where!r} is not understood ({_first(error)[:120]}); {_FILTER_HELP}"
            ) from error
        return _cheapest_of(rows)

    def _cheapest(self, products: list[str]) -> dict[str, dict[str, Any]]:
        return self._filter(f"product_id IN ({', '.join(map(quoted, products))})") if products else {}

    def _all(self) -> dict[str, dict[str, Any]]:
        return _cheapest_of(self.variants.search().limit(max(1, self.variants.count_rows())).to_list())


REFUSED = re.compile(r";|--|/\*")  # what could end a filter and begin something else
_TEXT = {"sku", "product_id", "gadget_type", "brand", "model"}
_FILTER_HELP = f"""write it like "gadget_type = 'laptop' AND price < 900" over {", ".join(VARIANT_COLUMNS)}."""


def _cheapest_of(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    best: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row["price"] is None, row["price"], row["sku"])):
        best.setdefault(row["product_id"], {column: row[column] for column in VARIANT_COLUMNS})
    return best


def _photo_table(photos: list[dict[str, Any]], vectors: np.ndarray) -> Any:
    import pyarrow as pa

    if len(photos) != len(vectors):
        raise ValueError(f"{len(photos)} photos but {len(vectors)} vectors")
    width = vectors.shape[1]
    flat = pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(vectors).ravel(), pa.float32()), width)
    return pa.table(
        {
            "id": pa.array([str(photo["id"]) for photo in photos], pa.string()),
            "product_id": pa.array([str(photo["product_id"]) for photo in photos], pa.string()),
            "vector": flat,
        }
    )


def _clean(value: Any, column: str) -> Any:
    if value is None or value == "" or value != value:  # NaN differs from itself
        return None
    return str(value) if column in _TEXT else float(value)


def quoted(text: str) -> str:
    """A text as a literal of a filter."""
    return "'" + str(text).replace("'", "''") + "'"


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+|\d+", text.lower())


def parse_query(text: str) -> str | None:
    """Words such as "16 GB laptop under 900" -> a filter; None where nothing in them can be filtered on."""
    from gadgetlib.specs import extract

    found, low, parts = extract(text), text.lower(), []
    kinds = {
        "mobile_phone": r"\b(phones?|smartphones?|mobiles?)\b", "laptop": r"\b(laptops?|notebooks?)\b",
        "tablet": r"\btablets?\b", "smartwatch": r"\b(smart ?watch(es)?|watch(es)?)\b",
        "headphones": r"\b(head ?phones?|ear ?(buds?|phones?)|headsets?)\b",
    }  # fmt: skip
    for kind, pattern in kinds.items():
        if re.search(pattern, low):
            parts.append(f"gadget_type = '{kind}'")
            break
    for column in ("ram_gb", "storage_gb", "screen_in"):
        value = getattr(found, column)
        if value is not None:
            parts.append(f"{column} = {value:g}")
    if found.brand:
        parts.append(f"lower(brand) = {quoted(found.brand.lower())}")
    number = r"\D{0,3}(\d[\d.,]*)"
    for words, sign in ((r"(?:under|below|less than|up to|max)", "<="), (r"(?:over|above|more than|from|min)", ">=")):
        match = re.search(rf"\b{words}\s*{number}(?!\s*(?:gb|tb|inch|\"))", low)
        if match:
            parts.append(f"price {sign} {float(match[1].replace(',', '').rstrip('.')):g}")
    return " AND ".join(parts) or None


# ---------------------------------------------------------------- the course's own catalogue


def fingerprint() -> str:
    """Which model the course's vectors come from: the hash of the trained classifier's weights."""
    path = build_dir() / "classifier" / "model.safetensors"
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else "none"


def course_embedding(classifier: Any = None) -> tuple[Callable, Callable]:
    """(features, kinds) of queries of the course's index: the depths of the classifier's frozen network, which sees each picture and
    its mirror image, and what the classifier takes pictures for, shares (n, 5) in the order of CLASSES."""
    from gadgetlib.backbone import deep_features
    from gadgetlib.classify import Classifier

    classifier = classifier or Classifier.load(trained("classifier"))

    def kinds(images: Sequence[Any]) -> np.ndarray:
        return shares_of([row["probs"] for row in classifier.predict(images)])

    return lambda images: deep_features(images, net=classifier.frozen, mirrored=True), kinds


def shares_of(opinions: Sequence[dict[str, float]]) -> np.ndarray:
    """Opinions on the kind of gadget, {label: share} each, as float32 (n, 5) in the order of CLASSES."""
    from gadgetlib import CLASSES

    return np.array([[opinion.get(kind, 0) for kind in CLASSES] for opinion in opinions], "f4")


def known_kinds(labels: Sequence[str]) -> np.ndarray:
    """What a catalogue knows of its own photos: float32 (n, 5), 1 for the kind of each in the order of CLASSES."""
    from gadgetlib import CLASSES

    return np.equal.outer(np.asarray(labels, dtype=object), np.array(CLASSES, dtype=object)).astype("f4")


def catalogue_variants(path: Path) -> list[dict[str, Any]]:
    """The rows of ``catalogue.csv`` as variants for :meth:`Index.create`."""
    import pandas as pd

    table = pd.read_csv(path).rename(columns={"launch_price_usd": "price"})[list(VARIANT_COLUMNS)]
    return table.astype(object).where(table.notna(), None).to_dict("records")


# ---------------------------------------------------------------- humbler vectors, to compare with


def hash_vectors(paths: Sequence[Any]) -> np.ndarray:
    """Perceptual hashes as vectors of -1 and 1, float32 (n, 64): their dot product counts equal bits."""
    import imagehash

    from gadgetlib.pictures import open_image

    return _each(lambda path: imagehash.phash(open_image(path, side=64)).hash.ravel(), paths) * 2 - 1


def colour_histograms(paths: Sequence[Any], bins: int = 6) -> np.ndarray:
    """Square roots of RGB histograms, float32 (n, bins**3): their dot product is the Bhattacharyya coefficient."""
    from gadgetlib.pictures import open_image

    def one(path: Any) -> np.ndarray:
        pixels = np.asarray(open_image(path, side=96).resize((96, 96))).reshape(-1, 3)
        cells = pixels.astype(int) * bins // 256 @ (bins * bins, bins, 1)
        return np.sqrt(np.bincount(cells, minlength=bins**3) / len(pixels))

    return _each(one, paths)


def _each(one: Callable[[Any], np.ndarray], paths: Sequence[Any]) -> np.ndarray:
    """The rows one(path), float32, in the order of the paths; several pictures are opened at a time."""
    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(one, paths))).astype("f4")


def thumbnail_map(vectors: np.ndarray, paths: Sequence[Any], kinds: Sequence[str], seed: int = 42) -> Any:
    """A matplotlib figure: t-SNE of unit vectors (n, d) with a framed thumbnail at each place."""
    import matplotlib.pyplot as plt
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage
    from sklearn.manifold import TSNE

    from gadgetlib.pictures import open_image
    from gadgetlib.plots import COLOURS

    perplexity = max(2, min(30, len(vectors) // 4))
    places = TSNE(metric="cosine", init="pca", perplexity=perplexity, random_state=seed).fit_transform(vectors)
    figure, axis = plt.subplots(figsize=(10, 8))
    axis.scatter(*places.T, s=1, alpha=0)
    for place, path, kind in zip(places, paths, kinds, strict=True):
        small = open_image(path)
        small.thumbnail((40, 40))
        frame = {"edgecolor": COLOURS[kind], "linewidth": 1.5}
        axis.add_artist(AnnotationBbox(OffsetImage(small, zoom=0.7), place, pad=0.1, bboxprops=frame))
    for kind in sorted(set(kinds)):
        axis.plot([], [], "s", color=COLOURS[kind], label=kind.replace("_", " "))
    axis.legend(loc="best", fontsize=8)
    axis.set(xticks=[], yticks=[])
    return figure


# ---------------------------------------------------------------- more than one machine


def embed_distributed(
    paths: Sequence[str], embed: Callable[[Sequence[str]], np.ndarray], scheduler: str | None = None, workers: int = 2,
    batch: int = 64,
) -> np.ndarray:  # fmt: skip
    """Embed pictures on a Dask cluster; float32 (n, k) in the order of ``paths``.

    scheduler: the address of a running scheduler, such as ``tcp://host:8786``; None starts ``workers``
    processes here. embed must be importable on the workers and make vectors from a list of paths.
    """
    from dask.distributed import Client, LocalCluster

    batches = [list(paths[i : i + batch]) for i in range(0, len(paths), batch)]
    if scheduler:
        with Client(scheduler) as client:
            return np.concatenate(client.gather(client.map(embed, batches)))
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        return np.concatenate(client.gather(client.map(embed, batches)))
