"""A photo in, the matching gadgets of the catalogue out: a learned metric over embeddings, and a vector store.

The store is LanceDB: one folder, no server, versioned tables (a killed writer leaves the last whole version), filters,
and the same calls against object storage when one machine no longer holds the catalogue.
"""

import json
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

os.environ.setdefault("RUST_LOG", "error")  # the store's engine warns on every query otherwise

import lancedb
import numpy as np
import pandas as pd
import pyarrow as pa
from safetensors.numpy import load_file, save_file
from scipy.linalg import eigh

from gadgetlib import CLASSES, money
from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, data_dir, read_strings, reading, sha256, trained
from gadgetlib.filters import not_understood, quoted, to_sql

FORMAT = 5  # raised when the layout of the index folder, or what its vectors stand for, changes
KIND_WEIGHT = 0.6  # of the kind of gadget beside the look, both of length one
COLUMNS = dict.fromkeys(("sku", "product_id", "gadget_type", "brand", "model"), str)
COLUMNS |= dict.fromkeys(("year", "ram_gb", "storage_gb", "screen_in", "price"), float)

Row, Ids = dict[str, Any], Collection[str]


def normalise(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length one, float32; a zero row stays zero."""
    norm = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(norm, 1e-12)).astype("f4")


def fit_projection(
    features: np.ndarray, groups: Sequence[Any], dimensions: int = 256, shrinkage: float = 0.1
) -> tuple[np.ndarray, np.ndarray]:
    """A linear metric: directions in which photos of one product differ are scaled down.

    features (n, d), groups (n,) product of each row, some with several. Returns mean (d,) and matrix (d, dimensions):
    the leading directions of the total covariance in units of that within groups (Mikolajczyk and Matas, "Improving
    descriptors for fast tree matching by optimal linear projection", ICCV 2007). shrinkage pulls the latter towards a
    multiple of the identity (Ledoit and Wolf 2004).
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


def near_product(vectors: np.ndarray, products: Sequence[Any]) -> np.ndarray:
    """Each row (n, k) moved half-way to the mean of its product's rows; float32, rows of length one.

    A photo then stands for its product, and less for its own light and angle (database-side augmentation: Turcot and
    Lowe, "Better matching with fewer features", ICCV workshops 2009).
    """
    _, product = np.unique(np.asarray(products), return_inverse=True)
    means = np.stack([vectors[product == one].mean(axis=0) for one in range(product.max() + 1)])
    return normalise(vectors + normalise(means)[product])


def with_kind(looks: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """Looks (n, k), rows of length one, and probabilities of kinds (n, c) -> float32 (n, k + c), rows of length one.

    The kinds' part of a dot product is the Bhattacharyya coefficient: 1 where two distributions agree, 0 where they
    exclude each other.
    """
    return normalise(np.hstack([looks, KIND_WEIGHT * normalise(np.sqrt(probs))]))


@dataclass
class Embedder:
    """Pictures -> vectors in which photos of one product lie close.

    mean (d,), matrix (d, k): of `fit_projection`. features: pictures -> (n, d). kinds: pictures -> probabilities of the
    CLASSES (n, 5), or None; with it, a match of the wrong kind loses (`with_kind`).
    """

    mean: np.ndarray
    matrix: np.ndarray
    features: Callable[[Sequence[Any]], np.ndarray]
    kinds: Callable[[Sequence[Any]], np.ndarray] | None = None

    def look(self, features: np.ndarray) -> np.ndarray:
        """Features (n, d) -> float32 (n, k), rows of length one."""
        return normalise((np.asarray(features) - self.mean) @ self.matrix)

    def __call__(self, picture: Any, probs: dict[str, float] | None = None) -> np.ndarray:
        """The vector of one picture. probs: of each kind, where known already."""
        look = self.look(self.features([picture]))
        if self.kinds is not None:
            look = with_kind(look, in_order([probs]) if probs else self.kinds([picture]))
        return look[0]


class Index:
    """Photos with their vectors and the catalogue's variants, in one folder.

    ``photos``: a LanceDB table with id, product_id, vector; change it with LanceDB's own calls (add, delete,
    merge_insert, create_index), and the next search sees the change. ``variants``: a row per SKU with what can be
    filtered on. ``index.json``: format, dimensions, the model behind the vectors, and the products that the metric was
    fitted on.
    """

    def __init__(self, folder: Path, embedder: Embedder | None) -> None:
        self.folder, self.embedder = Path(folder), embedder
        with reading("index", self.folder):
            db = lancedb.connect(str(self.folder / "db"))
            self.photos, self.variants = db.open_table("photos"), db.open_table("variants")
            self.meta = json.loads((self.folder / "index.json").read_text())
            rows = self._products("TRUE").values()
            self.known = {key: sorted({row[key] for row in rows if row[key]}) for key in ("gadget_type", "brand")}

    @classmethod
    def create(
        cls, folder: Path, photos: Iterable[Row], vectors: np.ndarray, variants: pd.DataFrame | Iterable[Row],
        embedder: Embedder | None = None, made_with: str = "", fitted_on: Iterable[str] = (),
    ) -> Self:  # fmt: skip
        """Make an index in ``folder``, which has none yet.

        photos: id and product_id of each, in the order of ``vectors`` (n, k). variants: a table or rows with the keys
        of COLUMNS, None where unknown. made_with: the fingerprint of the model behind the vectors. fitted_on: the
        products that the embedder's metric learned from.
        """
        folder, vectors = Path(folder), np.asarray(vectors, "f4")
        db = lancedb.connect(str(folder / "db"))
        table = pd.DataFrame(photos, columns=["id", "product_id"], dtype=str)
        db.create_table("photos", table.assign(vector=list(vectors)))
        table = pd.DataFrame(variants, columns=list(COLUMNS)).replace("", None)
        types = {key: pa.string() if kind is str else pa.float64() for key, kind in COLUMNS.items()}
        db.create_table("variants", pa.Table.from_pandas(table, pa.schema(types), preserve_index=False))
        if embedder is not None:
            save_file({"mean": embedder.mean.copy(), "matrix": embedder.matrix.copy()}, folder / "embedder.safetensors")
        meta = {"format": FORMAT, "made_with": made_with, "fitted_on": sorted(set(fitted_on))}
        meta["dimensions"] = vectors.shape[1]
        (folder / "index.json").write_text(json.dumps(meta, indent=1))
        return cls(folder, embedder)

    @classmethod
    def open(cls, folder: Path, classifier: Any = None) -> Self:
        """Open an index for searching with pictures, which the course's trained classifier sees (loaded, unless given).

        Raises CourseError when the folder is damaged, or was made by another model or version.
        """
        index = cls(folder, None)
        with reading("index", index.folder):
            if (index.meta["format"], index.meta["made_with"]) != (FORMAT, fingerprint()):
                raise ValueError("it was made by another version or with another model than the one trained now")
            arrays = load_file(index.folder / "embedder.safetensors")
        index.embedder = Embedder(arrays["mean"], arrays["matrix"], *course_embedding(classifier))
        return index

    def __len__(self) -> int:
        return self.photos.count_rows()

    def picture(self, photo: str) -> Path:
        """The file of a photo by its id: one's own lie beside the index, the course's in data/photos."""
        own = self.folder / "photos" / photo
        return own if own.is_file() else data_dir() / "photos" / photo

    def embed(self, query: Any, probs: dict[str, float] | None = None) -> np.ndarray:
        """The vector (dimensions,) of a query of `search`; CourseError for a vector of another width."""
        vector = normalise(query.ravel()) if getattr(query, "ndim", 3) < 3 else self.embedder(query, probs)
        if (has := np.isfinite(vector).sum()) != (width := self.meta["dimensions"]):
            raise CourseError(f"The query has {has} finite numbers, the index {width}: run `make course ONLY=06` anew.")
        return vector

    def search(self, query: Any, k: int = 5, where: str | None = None, exclude: Ids = ()) -> list[Row]:
        """The k products most like a picture, best first, by the 20 k nearest photos; fewer where there are fewer.

        query: a path, a PIL image or a vector (dimensions,). where: a filter over COLUMNS such as ``"gadget_type =
        'laptop' AND price < 900"`` (see `gadgetlib.filters`); a product stays if one of its variants fits, and the
        cheapest that fits is shown. exclude: ids of photos that do not count, such as a measured query's own. A match
        has the id of the best photo, its score (cosine, once `near_product` has moved it), product_id, and the columns.
        Raises CourseError when the filter is not understood.
        """
        if k < 1:
            raise CourseError(f"k = {k} is not accepted; ask for 1 match or more.")
        allowed = self._fitting(str(where)) if where else None
        vector = self.embed(query)
        may = f"NOT {_within('id', exclude)}" if exclude else "TRUE"
        among = f"{may} AND {_within('product_id', allowed)}" if where else may
        with reading("index", self.folder):
            nearest = self.photos.search(vector, vector_column_name="vector").distance_type("dot").where(among)
            found = {row["product_id"] for row in nearest.limit(20 * k).select(["product_id", "_distance"]).to_list()}
            rows = self.photos.search().where(f"{may} AND {_within('product_id', found)}")
            photos = rows.limit(max(1, len(self))).to_pandas()
            shown = allowed or self._products(_within("product_id", found))
        if photos.empty:
            return []
        moved = near_product(np.stack(photos.pop("vector")), photos.product_id)
        photos["score"] = (moved @ vector).astype(float).round(4)
        best = photos.sort_values("score", ascending=False, kind="stable").drop_duplicates("product_id").head(k)
        bare = dict.fromkeys(COLUMNS)  # a photo whose product the catalogue does not know
        return [{**bare, **row, **shown.get(row["product_id"], {})} for row in best.to_dict("records")]

    def _fitting(self, where: str) -> dict[str, Row]:
        """`_products` that fit a filter as people type it. Raises CourseError when it is not understood."""
        sql = to_sql(where, COLUMNS, self.known)
        try:
            return self._products(sql)
        except Exception:  # the store raises several kinds
            raise not_understood(where, COLUMNS, "it is no whole condition") from None

    def _products(self, sql: str) -> dict[str, Row]:
        """product_id -> its cheapest variant that fits the condition, the cheapest product first."""
        search = self.variants.search().where(sql).limit(max(1, self.variants.count_rows()))
        best: dict[str, Row] = {}
        for row in sorted(search.select(list(COLUMNS)).to_list(), key=lambda row: (row["price"] is None, row["price"])):
            best.setdefault(row["product_id"], row)
        return best


def _within(column: str, values: Iterable[str]) -> str:
    """The condition that a column has one of these values, of which there may be none."""
    return f"{column} IN ({', '.join(map(quoted, values)) or 'NULL'})"


def fingerprint() -> str:
    """Which model the course's vectors come from: the hash of the trained classifier's weights."""
    path = build_dir() / "classifier" / "model.safetensors"
    return sha256(path)[:16] if path.exists() else "none"


def course_embedding(classifier: Any = None) -> tuple[Callable, Callable]:
    """(features, kinds) of the course's index: depths of the classifier's frozen network, and its probabilities."""
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


def catalogue_variants(path: Path) -> list[Row]:
    """The rows of a catalogue (CSV) as variants for `Index.create`: product_id and what there is of COLUMNS.

    A price may be called launch_price_usd. Raises CourseError for what is no such table.
    """
    rows = pd.DataFrame(read_strings(path, ["product_id", *(COLUMNS.keys() - {"product_id"}), "launch_price_usd"]))
    if rows.empty:
        raise CourseError(f"{path.name} is missing or empty: give a CSV with product_id, gadget_type, brand, model ...")
    rows["price"] = rows.price.where(rows.price != "", rows.launch_price_usd)
    for key in (key for key, kind in COLUMNS.items() if kind is float):
        other = rows[key].map(money.size_gb if key.endswith("_gb") else money.amount)  # "1 TB", "1.299,00 €"
        rows[key] = pd.to_numeric(rows[key], errors="coerce").fillna(other.astype(float))
    return rows[list(COLUMNS)].to_dict("records")
