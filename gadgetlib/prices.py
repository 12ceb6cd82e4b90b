"""What a gadget costs, from its specs: a price, an interval that was measured, and a warning when not to trust it.

Two pipelines are averaged, a line over words and sizes and gradient boosted trees; lesson 07 builds both in its cells.
Configurations of one model never stand on both sides of a split: all cross-validation here is by group.
"""

import json
import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import skops.io
from sklearn import config_context
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import HistGradientBoostingRegressor, VotingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, TargetEncoder
from threadpoolctl import threadpool_limits

from gadgetlib import money
from gadgetlib.errors import CourseError
from gadgetlib.files import reading
from gadgetlib.price_tables import FIELDS, HINTS, WORDS, PriceTable, features, text_of, varied
from gadgetlib.sources import class_of

RISING = ["ram_gb", "storage_gb"]  # more of these never lowers a price
FORMAT = 4
SEEN = ["year", *RISING, "screen_in", "refresh", "weight_g", "battery", "camera", "px_long"]  # ranges are kept of these
# All types of a price model's file that skops does not trust by itself. One that names any other is not opened.
TYPES = [
    "gadgetlib.prices.RisingRidge", "numpy.dtype", "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor", "sklearn.model_selection._split.GroupKFold",
    "sklearn.utils._bunch.Bunch",
]  # fmt: skip


class RisingRidge(Ridge):
    """Ridge regression whose first `len(RISING)` weights may not be negative: they are set to zero after the fit."""

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.coef_[: len(RISING)] = np.maximum(self.coef_[: len(RISING)], 0)
        return self


def known() -> SimpleImputer:
    """The median for what is not known, and a column beside it that says so."""
    return SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)


def line(alpha: float = 6.0) -> Pipeline:
    """Ridge regression over sizes on a logarithmic scale, categories and the words of a row."""

    def scaled():
        return make_pipeline(FunctionTransformer(np.arcsinh), known(), StandardScaler())

    prepare = ColumnTransformer([
        ("rising", scaled(), RISING),
        ("numbers", scaled(), make_column_selector(f"^(?!{'$|'.join(RISING)}$)", dtype_include="number")),
        ("categories", OneHotEncoder(handle_unknown="ignore", min_frequency=2), make_column_selector("^c_")),
        ("words", TfidfVectorizer(token_pattern=r"[^\s/]+", ngram_range=(1, 2), min_df=2, sublinear_tf=True), "text"),
    ])  # fmt: skip
    return make_pipeline(prepare, RisingRidge(alpha))


def trees(max_iter: int = 150, seed: int = 42) -> Pipeline:
    """Gradient boosting over numbers and target-encoded categories; monotone in the sizes of RISING.

    The encoder crosses its folds by group: ``fit(X, y, groups=...)`` needs scikit-learn's metadata routing.
    """
    by_group = GroupKFold(5, shuffle=True, random_state=seed)
    prepare = ColumnTransformer([
        ("categories", TargetEncoder(target_type="continuous", cv=by_group), make_column_selector("^c_")),
        ("numbers", known(), make_column_selector(dtype_include="number")),
    ], verbose_feature_names_out=False).set_output(transform="pandas")  # fmt: skip
    boosting = HistGradientBoostingRegressor(
        max_iter=max_iter, learning_rate=15 / max_iter, min_samples_leaf=8, l2_regularization=1.0, max_features=0.3,
        monotonic_cst=dict.fromkeys(RISING, 1), early_stopping=False, random_state=seed,
    )  # fmt: skip
    return make_pipeline(prepare, boosting)


def conformal_quantile(errors: np.ndarray, level: float, groups: Sequence | None = None) -> float:
    """The smallest q that the error of the next row will not exceed in at least the share ``level`` of cases.

    Of n exchangeable errors it is the ceil((n + 1) level)-th smallest (Vovk et al., 2005); infinite for too few.
    groups: (n,) each counts once, its rows share that weight; q holds for rows of the next group (Lee et al., 2023).
    """
    table = pd.DataFrame({"error": np.abs(errors), "group": np.arange(len(errors)) if groups is None else groups})
    table["weight"] = 1 / table.groupby("group").error.transform("size")
    table = table.sort_values("error")
    reached = table.weight.cumsum() / (table.group.nunique() + 1) >= level - 1e-9
    return float(table.error[reached].iloc[0]) if reached.any() else math.inf


def spread(seed: int = 42) -> HistGradientBoostingRegressor:
    """A small model of how large a row's error will be: log |error|, from its numbers (-1: unknown) and estimate."""
    return HistGradientBoostingRegressor(
        max_iter=60, max_leaf_nodes=6, min_samples_leaf=30, learning_rate=0.06, max_features=0.3, random_state=seed
    )


def factors(ratio: np.ndarray, kinds: np.ndarray, groups: np.ndarray, level: float) -> dict[str, float]:
    """By what to multiply the expected error of a row, by kind of gadget (60 rows or more) and for ``all``."""
    parts = {"all": slice(None), **{kind: kinds == kind for kind in np.unique(kinds) if (kinds == kind).sum() >= 60}}
    return {str(kind): conformal_quantile(ratio[rows], level, groups[rows]) for kind, rows in parts.items()}


@dataclass
class PriceModel:
    """A fitted price model: the regressor, the model of its errors, and what it has seen."""

    regressor: VotingRegressor
    spread: HistGradientBoostingRegressor
    about: dict[str, Any]  # everything else, as it stands in model.json
    out_of_fold: pd.DataFrame | None = None  # a row per training row, predicted unseen; `partial` marks blanked copies

    @classmethod
    @threadpool_limits.wrap(limits=1)  # with a few thousand rows, threads wait for each other longer than they work
    def fit(cls, table: PriceTable, level: float = 0.9, partial: bool = True, seed: int = 42) -> Self:
        """Fit on a table, with intervals for the share `level` of prices, calibrated on models not learned from.

        partial: learn from copies of the rows with specs blanked out too, so that a gadget of which little is known
        gets an honest, wider interval. Raises CourseError where the table has fewer than ten models.
        """
        if len(set(table.groups)) < 10:
            raise CourseError(f"{table.name} has {len(set(table.groups))} models of gadget; a price model needs ten.")
        frames = [table.frame, blank(table.frame, table.mapping, np.random.default_rng(seed))][: 1 + partial]
        X = features(pd.concat(frames, ignore_index=True), table.mapping)
        X = X[varied(X[: len(table)]).columns]
        y, groups, kinds = (np.tile(v, len(frames)) for v in (np.log(table.price), table.groups, np.array(table.kind)))
        by_group = GroupKFold(5, shuffle=True, random_state=seed)
        routed = {"cv": by_group, "params": {"groups": groups}}
        both = VotingRegressor([("line", line()), ("trees", trees(seed=seed))])  # their mean
        with config_context(enable_metadata_routing=True):
            estimate = cross_val_predict(both, X, y, **routed)
            both.fit(X, y, groups=groups)
            error, Z = np.abs(y - estimate), X.select_dtypes("number").fillna(-1).assign(estimate=estimate)
            scale = np.exp(cross_val_predict(spread(seed), Z, np.log(error + 0.01), **routed))
        half = np.empty(len(y))
        for train, test in by_group.split(X, y, groups):  # the factors of each fold come from the other folds
            found = factors(error[train] / scale[train], kinds[train], groups[train], level)
            half[test] = scale[test] * [found.get(kind, found["all"]) for kind in kinds[test]]
        parts = np.exp(np.c_[y, estimate, estimate - half, estimate + half])
        whole = pd.DataFrame(parts, columns=["price", "predicted", "low", "high"])
        whole = whole.assign(kind=kinds, group=groups, partial=np.arange(len(y)) >= len(table))
        about = {
            "format": FORMAT, "table": table.name, "rows": len(table), "models": len(set(table.groups)),
            "currency": table.currency, "level": level, "mapping": table.mapping, "notes": table.notes,
            "groups": sorted(set(table.groups)), "factors": factors(error / scale, kinds, groups, level),
            "seen": _seen(X[: len(table)], table.kind),
        }  # fmt: skip
        return cls(both, spread(seed).fit(Z, np.log(error + 0.01)), about, whole)

    @threadpool_limits.wrap(limits=1)
    def predict_frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """price, low, high (n rows) for rows of the training table's columns; unknown cells may be empty."""
        X, by_kind = features(frame, self.about["mapping"]), self.about["factors"]
        estimate = self.regressor.predict(X)
        scale = np.exp(self.spread.predict(X.assign(estimate=estimate)[self.spread.feature_names_in_].fillna(-1)))
        half = scale * X.c_kind.map(lambda kind: by_kind.get(kind, by_kind["all"]))
        ends = {"price": estimate, "low": estimate - half, "high": estimate + half}
        return np.exp(pd.DataFrame(ends, index=frame.index))

    def predict(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """{price, low, high, currency, warnings} from what is known of one gadget.

        known: standard names (brand, model, gadget_type, year, ram_gb, storage_gb, screen_in, chip, gpu, ...) or the
        training table's own columns; None and empty values count as unknown. ``currency`` asks for the answer in that
        currency; without it the answer is in the table's, None where the table did not name one.
        Raises CourseError for a name or a value it cannot use.
        """
        known, own = _told(known), self.about["currency"]
        asked = known.get("currency")
        currency = (money.currency(asked) or str(asked).upper()) if asked else own
        if currency and not own:
            raise CourseError("The currency of this model's prices is not known, so they cannot be converted.")
        row = self.row(known)
        answer, warnings = self.predict_frame(pd.DataFrame([row])).iloc[0], self.warnings(row)
        if unused := sorted(name for name in NAMES.keys() & known.keys() if not self.about["mapping"][NAMES[name]]):
            warnings.append(f"The table that this model learned from tells no {', '.join(unused)}: not used.")
        if currency != own:
            answer = money.convert(answer, own, currency)
            warnings.append(f"Converted from {own} at the rate of {money.RATES_DATE}.")
        return {**answer.round(2).to_dict(), "currency": currency, "warnings": warnings}

    def row(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """The training table's columns, filled from standard names or from its own. The price, its currency, and
        standard names without a column are left out. Raises CourseError as `predict`."""
        mapping, row = self.about["mapping"], {}
        columns = {column: column for field in FIELDS for column in mapping[field]} | {c: c for c in mapping["extras"]}
        columns |= {name: mapping[field][0] for name, field in NAMES.items() if mapping[field]}
        for given, value in _told(known).items():
            name = given if given in columns else re.sub(r"[\s-]+", "_", str(given).strip().lower())
            if name in ("price", "currency") or name in NAMES.keys() - columns.keys():
                continue
            if name not in columns:
                raise CourseError(f"This price model does not know {given!r}; it accepts {', '.join(columns)}.")
            if name in UNITS and re.fullmatch(r"\d[\d.,]*", str(value).strip()):  # whatever the table counts in
                value = f"{money.amount(value):g} {UNITS[name]}"
            field, text = NAMES.get(name), f"{value:f}" if isinstance(value, float) else str(value).strip()
            value = class_of(text) if field == "kind" and class_of(text) in self.about["seen"] else value
            number = money.size_gb(text) if field in ("ram", "storage") else money.amount(text)
            low, high = HINTS.low.get(field), HINTS.high.get(field)
            if low and not (np.isscalar(value) and number and text[0] != "-" and float(low) <= number <= float(high)):
                raise CourseError(f"{name}={known[given]!r} is not a number from {low} to {high}.")
            row[columns[name]] = value
        if not row:
            raise CourseError("Nothing is known of this gadget; give at least one spec, such as brand=Dell ram_gb=16.")
        return row

    def warnings(self, row: Mapping[str, Any]) -> list[str]:
        """What makes the gadget unlike everything the model has learned from, one sentence each."""
        frame, mapping, every = pd.DataFrame([row]), self.about["mapping"], self.about["seen"]
        X = features(frame, mapping).iloc[0]
        seen = every.get(kind := X["c_kind"], every["all"])
        named = f" for a {kind.replace('_', ' ')}" if kind in every and len(every) > 2 else ""
        told, found = X[list(seen["ranges"])].dropna(), []
        for column, value in told.items():
            low, high = seen["ranges"][column]
            if not low <= value <= high:
                found.append(f"{column} {value:g} is outside what the model has seen{named} ({low:g} to {high:g}).")
        if kind and len(every) > 2 and kind not in every:
            found.append(f"The kind {kind!r} is none of {', '.join(sorted(every.keys() - {'all'}))}.")
        if X["c_brand"] and X["c_brand"] not in seen["brands"]:
            brand = text_of(frame, mapping, "brand")[0] or X["c_brand"]
            found.append(f"The brand {brand!r} is not among the {len(seen['brands'])} it has learned from{named}.")
        if "year" in seen["ranges"] and "year" not in told:
            found.append("No year was given: prices of several years are behind this answer.")
        if len(told.drop("year", errors="ignore")) < 2:
            found.append("Fewer than two specs are known: expect a wide interval.")
        return found

    def save(self, folder: str | Path) -> None:
        """Write ``model.skops`` and ``model.json`` into a folder."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        parts = {"regressor": self.regressor, "spread": self.spread}
        skops.io.dump(parts, folder / "model.skops", compression=zipfile.ZIP_DEFLATED, compresslevel=1)
        about = json.dumps(self.about, indent=1, ensure_ascii=False, default=lambda value: value.item())
        (folder / "model.json").write_text(about, encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a saved model. Raises CourseError for a file that holds any type beside those of a price model."""
        with reading("price", folder := Path(folder)):
            about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
            if about["format"] != FORMAT:
                raise ValueError("it is of another version of the course")
            return cls(**skops.io.load(folder / "model.skops", trusted=TYPES), about=about)


# Standard names, as the course's artefacts use them, beside the names of the fields themselves.
NAMES = {name: field for field in FIELDS for name in (field, *HINTS.asked.get(field, "").split())}
UNITS = {"ram_gb": "gb", "storage_gb": "gb", "screen_in": "in", "weight_g": "g"}


def _told(known: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in dict(known).items() if str(value).strip().lower() not in WORDS["missing"]}


SHOWN = ("brand", "title", "ram", "storage", "screen")  # what a product picture tells
# How often a copy keeps what a picture shows, and the rest: half of all copies as from a picture, the others mixed.
KEPT = np.array([(0.85, 0.0), (0.85, 0.0), (0.5, 0.5), (0.35, 0.1)])


def blank(frame: pd.DataFrame, mapping: Mapping[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    """A copy of the rows in which each keeps only some of its specs; the kind of gadget stays."""
    out = frame.astype(object).copy()
    manner = KEPT[rng.integers(len(KEPT), size=len(frame))]
    told = {field: mapping[field] for field in FIELDS if field != "kind"}  # the kind, a classifier tells
    for field, cells in (told | {column: [column] for column in mapping["extras"]}).items():
        out.loc[rng.random(len(frame)) > manner[:, int(field not in SHOWN)], cells] = np.nan
    return out


def _seen(X: pd.DataFrame, kinds: pd.Series) -> dict[str, Any]:
    """The range of each size and the brands, by kind of gadget: beyond them the model has learned nothing."""
    seen = {}
    for kind, part in (("all", X), *X.groupby(kinds.to_numpy())):
        ranges = part[part.columns.intersection(SEEN)].dropna(axis=1, how="all").agg(["min", "max"]).to_dict("list")
        seen[str(kind)] = {"ranges": ranges, "brands": sorted(set(part["c_brand"]) - {""})}
    return seen
