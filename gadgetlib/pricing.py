"""What a gadget costs, from its specs: a price, an interval that was measured, and a word when not to trust it.

:func:`read_prices` turns any price table into a :class:`PriceTable`; :class:`PriceModel` is fitted on one.
Rows of one model never stand on both sides of a split, in any of the cross-validations here.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder
from threadpoolctl import threadpool_limits

from gadgetlib import CLASSES
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir
from gadgetlib.price_tables import FIELDS, features, gigabytes, mapped_columns, model_key, number

# More of these never lowers the price.
MONOTONE = ("ram_gb", "storage_gb", "ssd_gb", "hdd_gb", "title_storage_gb")
FEWEST_ROWS = 40  # a table with fewer usable rows teaches nothing that could be checked
PARTIAL_WEIGHT = 0.35  # what a row with specs blanked out counts, beside the whole row
FORMAT = 1


# ---------------------------------------------------------------- money


def rates() -> dict[str, float]:
    """Units of each currency for one US dollar, from ``data/rates.csv``."""
    return _rates().per_usd.to_dict()


def rates_date() -> str:
    """The day that the rates are of."""
    return str(_rates().date.iloc[0])


def _rates() -> pd.DataFrame:
    return pd.read_csv(data_dir() / "rates.csv").set_index("currency")


def convert(amount: Any, source: str, target: str = "USD") -> Any:
    """An amount (number or array) of one currency in another, at the one dated rate of ``data/rates.csv``.

    Raises CourseError for a currency that is not in the table.
    """
    table = rates()
    for code in (source, target):
        if code not in table:
            raise CourseError(
                f"There is no rate for {code!r} in data/rates.csv; it knows {', '.join(sorted(table))}."
            )
    return amount / table[source] * table[target]


# ---------------------------------------------------------------- tables


@dataclass
class PriceTable:
    """A price table made ready: rows with a believable price, the map of its columns, and what was noticed."""

    name: str
    frame: pd.DataFrame
    mapping: dict[str, Any]
    price: np.ndarray  # (n,) in `currency`
    currency: str
    groups: np.ndarray  # (n,) the model each row belongs to
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def log_price(self) -> np.ndarray:
        return np.log(self.price)

    def features(self) -> pd.DataFrame:
        """:func:`price_tables.features` of every row."""
        return features(self.frame, self.mapping)

    def rows(self, keep: Sequence[bool]) -> PriceTable:
        """The table with only the rows where ``keep`` (n,) is true."""
        keep = np.asarray(keep, bool)
        return replace(
            self,
            frame=self.frame[keep].reset_index(drop=True),
            price=self.price[keep],
            groups=self.groups[keep],
        )

    @property
    def kind(self) -> pd.Series:
        """The class of gadget of each row, where the table says it; one name for all otherwise."""
        column = _first(self.mapping, "kind")
        if column in self.frame and set(self.frame[column].dropna()) <= set(CLASSES):
            return self.frame[column]
        return pd.Series(self.name, index=self.frame.index)


def _columns(mapping: Mapping[str, Any], key: str) -> list[str]:
    """The columns that a map gives for a key, as a list."""
    value = mapping.get(key) or []
    return [value] if isinstance(value, str) else list(value)


def _first(mapping: Mapping[str, Any], key: str) -> str:
    return next(iter(_columns(mapping, key)), "")


def read_prices(
    source: str | Path | pd.DataFrame, preset: str | Mapping[str, Any] | None = None, *, drop_leaks: bool = True
) -> PriceTable:  # fmt: skip
    """Read a price table, map its columns, drop what is unusable, and say all of it in ``notes``.

    source: a CSV file or a frame. preset: a name in ``data/price_presets.yaml`` or a column map; None takes
    the preset whose columns fit, and guesses a map where none does. drop_leaks: leave out the columns that
    give the price away (they are named in ``notes`` either way).
    Raises CourseError: no such file, not a table, no price column, too few usable rows.
    """
    from gadgetlib.price_tables import choose_map, read_csv

    if isinstance(source, pd.DataFrame):
        name, frame, notes = "table", source.copy(), []
    else:
        name = Path(source).stem
        frame, notes = read_csv(Path(source))
    mapping, said = choose_map(frame, preset, name)
    notes += said
    price = _prices(frame, mapping, notes)
    usable = np.isfinite(price) & (price > 0)
    if not usable.all():
        notes.append(
            f"{int((~usable).sum())} of {len(frame)} rows left out: price missing, zero or negative."
        )
    frame, price = frame[usable].reset_index(drop=True), price[usable]
    ids = [c for c in frame.columns if frame[c].is_unique and c not in mapped_columns(mapping)]
    twins = int(frame.drop(columns=ids).astype(str).duplicated().sum())
    if twins:
        notes.append(
            f"{twins} rows repeat another row exactly; they share its group, so no split can part them."
        )
    if len(frame) < FEWEST_ROWS:
        raise CourseError(
            f"{name} has {len(frame)} usable rows; a price model needs at least {FEWEST_ROWS}: use a larger table."
        )
    leaks = find_leaks(frame, price, mapping)
    if leaks:
        listed = "; ".join(f"{column} ({why})" for column, why in leaks.items())
        notes.append(f"Columns that give the price away{', left out' if drop_leaks else ''}: {listed}.")
        if drop_leaks:
            mapping["drop"] = [*mapping.get("drop", []), *leaks]
            mapping |= {
                key: [c for c in _columns(mapping, key) if c not in leaks] for key in FIELDS if key in mapping
            }
    if not mapping.get("year"):
        notes.append("No year column: all prices are taken as of one time.")
    return PriceTable(name, frame, mapping, price, mapping["currency"], _groups(frame, mapping), notes)


def _prices(frame: pd.DataFrame, mapping: dict[str, Any], notes: list[str]) -> np.ndarray:
    cells = frame[mapping["price"]]
    price = np.array(cells.map(number), float)
    if mapping.get("log_price"):
        return np.exp(price)
    if cells.dtype.kind not in "if":
        price = _one_currency(cells.astype(str), price, mapping, notes)
    return price


_SIGNS = {"₹": "INR", "rs": "INR", "inr": "INR", "€": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP", "usd": "USD",
          "us$": "USD", "pkr": "PKR", "cny": "CNY", "aed": "AED", "¥": "JPY", "jpy": "JPY", "$": "USD"}  # fmt: skip


def sign_of(text: str) -> str:
    """The currency that a price names (``"₹48,900"`` -> INR), or an empty string."""
    low = str(text).lower()
    for sign, code in _SIGNS.items():
        if re.search(rf"(?<![a-z]){re.escape(sign)}(?![a-z])", low):
            return code
    return ""


def _one_currency(
    cells: pd.Series, price: np.ndarray, mapping: dict[str, Any], notes: list[str]
) -> np.ndarray:
    """Cells in another currency than the table's are converted, and that is said."""
    written = cells.map(sign_of)
    other = written[(written != "") & (written != mapping["currency"])]
    known = rates()
    if mapping["currency"] not in known:
        return price
    for code, rows in other.groupby(other).groups.items():
        at = cells.index.get_indexer(rows)
        price[at] = convert(price[at], code, mapping["currency"])
        notes.append(
            f"{len(rows)} prices in {code} were converted to {mapping['currency']} at the rate of {rates_date()}."
        )
    return price


def _groups(frame: pd.DataFrame, mapping: Mapping[str, Any]) -> np.ndarray:
    columns = _columns(mapping, "group")
    if columns:
        return np.array(
            [" ".join(map(str, row)) for row in frame[columns].itertuples(index=False)], dtype=object
        )

    def first(key: str) -> pd.Series:
        column = _first(mapping, key)
        return frame[column].fillna("").astype(str) if column else pd.Series("", index=frame.index)

    title, brand = first("title"), first("brand")
    keys = [model_key(t, b) or f"row {i}" for i, (t, b) in enumerate(zip(title, brand, strict=True))]
    return np.array(keys, dtype=object)


_TELLTALE = re.compile(
    r"price|mrp|\bms?p\b|\bsp\b|cost|discount|\bemi\b|cashback|saving|value.?for|per.?rupee|(?:^|[_ ])score",
    re.I,
)


def find_leaks(frame: pd.DataFrame, price: np.ndarray, mapping: Mapping[str, Any]) -> dict[str, str]:
    """Columns from which the price can be read off, with the reason: {column: why}.

    Four signs: the column ranks like the price; it has the price's own size and follows it; it is the price combined
    with one other column; or its name speaks of money and it follows the price at all.
    """
    from scipy.stats import spearmanr

    taken = {mapping["price"], *_columns(mapping, "group"), *_columns(mapping, "drop")}
    target = np.log(price)
    numeric: dict[str, np.ndarray] = {}
    found: dict[str, str] = {}
    for column in frame.columns:
        if column in taken or frame[column].nunique() < 3:
            continue
        values = frame[column].map(number).to_numpy(float)
        money = bool(_TELLTALE.search(str(column)))
        if np.isfinite(values).mean() < 0.5 or (not money and _prose(frame[column])):
            continue
        ok = np.isfinite(values)
        many = len(np.unique(values[ok])) >= 8  # a column of few values can only be half of a leak
        rank = abs(spearmanr(values[ok], target[ok]).statistic) if many else 0.0
        scale = np.abs(np.log(np.where(ok & (values > 0), values, np.nan)) - target)
        if many and rank > 0.8 and np.nanmean(scale < math.log(3)) > 0.9:
            found[column] = f"rank correlation {rank:.2f} with the price, and of its size"
        elif rank > 0.95 or (money and rank > 0.6):
            found[column] = f"rank correlation {rank:.2f} with the price" + (" and its name" if money else "")
        elif (values[ok] > 0).all() and values[ok].std() > 0:
            numeric[column] = np.log(np.where(ok, values, np.nan))
    specs = {c for key in FIELDS for c in _columns(mapping, key)}
    names = sorted(numeric)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            ok = np.isfinite(numeric[a]) & np.isfinite(numeric[b])
            if ok.sum() < max(30, 0.5 * len(target)):
                continue
            design = np.c_[np.ones(ok.sum()), numeric[a][ok], numeric[b][ok]]
            weights, *_ = np.linalg.lstsq(design, target[ok], rcond=None)
            explained = r2_score(target[ok], design @ weights)
            if (
                explained > 0.97 and min(abs(weights[1:])) > 0.3
            ):  # both are needed, and together they are the price
                for column in sorted({a, b} - specs or {a, b}):
                    other = b if column == a else a
                    found.setdefault(
                        column, f"with {other} it gives {100 * explained:.0f} % of the log price"
                    )
    return found


def _prose(column: pd.Series) -> bool:
    """Text in which a number is only a part of what is said (a product's name, a chip's)."""
    if pd.api.types.is_numeric_dtype(column):
        return False
    return bool(column.dropna().astype(str).str.match(r"^\D{0,5}[\d.,\s]+\D{0,8}$").mean() < 0.8)


# ---------------------------------------------------------------- the regressor


class LogScale(TransformerMixin, BaseEstimator):
    """log2 of sizes: doubling RAM is one step, whatever it was."""

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.log2(np.clip(np.asarray(X, float), 0.05, None))


class Clip(TransformerMixin, BaseEstimator):
    """Standardised values beyond three deviations count as three: a line must not run off with a typo."""

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.clip(X, -3, 3)


class PriceRegressor(RegressorMixin, BaseEstimator):
    """Log price from :func:`price_tables.features`: a ridge line, then trees that see what it said.

    The ridge knows words and log sizes; its out-of-fold answer is one more feature for histogram gradient
    boosting and for extremely randomised trees (Geurts et al., 2006), which are averaged. Categories enter
    the trees target-encoded, out of fold too (Micci-Barreca, 2001). All inner folds respect ``groups``.
    Rows that the ridge misses by more than a factor of `suspect` are taken for typos and not learned from.
    """

    def __init__(
        self, rounds=300, seeds=2, trees=200, leaf=1, folds=5, monotone=MONOTONE, suspect=6.0, seed=42
    ):
        self.rounds = rounds
        self.seeds = seeds
        self.trees = trees
        self.leaf = leaf
        self.folds = folds
        self.monotone = monotone
        self.suspect = suspect
        self.seed = seed

    @threadpool_limits.wrap(
        limits=1
    )  # a few thousand rows: threads would wait for each other longer than they work
    def fit(
        self, X: pd.DataFrame, y: np.ndarray, groups: Sequence | None = None, weight: np.ndarray | None = None
    ) -> PriceRegressor:  # fmt: skip
        """X: features (n, d); y: log price (n,); groups: the model of each row (n,), each its own when None;
        weight: how much each row counts (n,)."""
        groups = np.arange(len(y)) if groups is None else np.asarray(groups)
        weight = np.ones(len(y)) if weight is None else np.asarray(weight, float)
        y = np.asarray(y, float)
        self._name_columns(X)
        inner = self._split(X, y, groups)
        said = self._ridge_out_of_fold(X, y, inner, weight)
        gap = np.abs(said - y)
        self.suspects_ = np.flatnonzero(gap > max(math.log(self.suspect), 6 * np.median(gap)))
        keep = np.setdiff1d(np.arange(len(y)), self.suspects_)
        if len(self.suspects_):
            X, y, groups, weight = X.iloc[keep], y[keep], groups[keep], weight[keep]
            self._name_columns(X)
            inner = self._split(X, y, groups)
            said = self._ridge_out_of_fold(X, y, inner, weight)
        self.ridge_ = self._line().fit(X[self.columns_], y, ridge__sample_weight=weight)
        self._hold_monotone()
        self.encoder_ = TargetEncoder(target_type="continuous", cv=inner)
        words_ = (
            self.encoder_.fit_transform(X[self.categories_], y) if self.categories_ else np.empty((len(y), 0))
        )
        self.encoder_.set_params(cv=5)  # the splits were this table's own; they are not part of the model
        Z = np.c_[X[self.numbers_].to_numpy(float), words_, said]
        direction = [int(c in self.monotone) for c in self.numbers_] + [0] * len(self.categories_) + [1]
        self.boosters_ = [
            HistGradientBoostingRegressor(
                max_iter=self.rounds, learning_rate=min(0.1, 15 / self.rounds), max_leaf_nodes=12, min_samples_leaf=8,
                l2_regularization=1.0, max_features=0.3, monotonic_cst=direction, random_state=self.seed + i,
                early_stopping=False,
            ).fit(Z, y, sample_weight=weight)
            for i in range(self.seeds)
        ]  # fmt: skip
        self.forest_ = ExtraTreesRegressor(
            self.trees,
            max_features=0.4,
            min_samples_leaf=self.leaf,
            monotonic_cst=direction,
            random_state=self.seed,
        ).fit(Z, y, sample_weight=weight)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Log prices (n,)."""
        return self.predict_matrix(self.matrix(X))

    @threadpool_limits.wrap(limits=1)
    def predict_matrix(self, Z: np.ndarray) -> np.ndarray:
        """Log prices (n,) of what :meth:`matrix` gave."""
        boosted = np.mean([booster.predict(Z) for booster in self.boosters_], axis=0)
        return (boosted + self.forest_.predict(Z)) / 2

    def matrix(self, X: pd.DataFrame) -> np.ndarray:
        """What the trees see: numbers, encoded categories and the ridge's answer, (n, d)."""
        X = self._complete(X)
        words_ = self.encoder_.transform(X[self.categories_]) if self.categories_ else np.empty((len(X), 0))
        return np.c_[X[self.numbers_].to_numpy(float), words_, self.ridge_.predict(X[self.columns_])]

    # the parts

    def _name_columns(self, X: pd.DataFrame) -> None:
        varied = [c for c in X if X[c].nunique() > 1]
        self.numbers_ = [c for c in varied if c != "text" and not c.startswith("c_")]
        self.categories_ = [c for c in varied if c.startswith("c_")]
        self.logs_ = [
            c for c in self.numbers_ if c in self.monotone or (X[c].min() >= 0 and X[c].max() >= 12)
        ]
        self.columns_ = [*self.numbers_, *self.categories_, "text"]

    def _complete(self, X: pd.DataFrame) -> pd.DataFrame:
        X = X.reindex(columns=self.columns_)
        X[self.categories_] = X[self.categories_].fillna("")
        X["text"] = X["text"].fillna("")
        return X

    def _split(self, X, y, groups) -> list:
        parts = min(self.folds, len(set(groups)))
        if parts < 2:
            raise CourseError("All rows are one model; a price model needs several models to learn from.")
        return list(GroupKFold(parts, shuffle=True, random_state=self.seed).split(X, y, groups))

    def _line(self):
        rest = [c for c in self.numbers_ if c not in self.logs_]
        median = {"strategy": "median", "add_indicator": True, "keep_empty_features": True}
        return make_pipeline(
            ColumnTransformer(
                [
                    (
                        "sizes",
                        make_pipeline(LogScale(), SimpleImputer(**median), StandardScaler(), Clip()),
                        self.logs_,
                    ),
                    ("numbers", make_pipeline(SimpleImputer(**median), StandardScaler(), Clip()), rest),
                    ("categories", OneHotEncoder(handle_unknown="ignore", min_frequency=2), self.categories_),
                    (
                        "words",
                        TfidfVectorizer(
                            token_pattern=r"[^\s/]+", ngram_range=(1, 2), min_df=2, sublinear_tf=True
                        ),
                        "text",
                    ),
                ]
            ),
            Ridge(6.0),
        )

    def _ridge_out_of_fold(self, X, y, inner, weight) -> np.ndarray:
        said = np.empty(len(y))
        X = X[self.columns_]
        for train, test in inner:
            line = self._line().fit(X.iloc[train], y[train], ridge__sample_weight=weight[train])
            said[test] = line.predict(X.iloc[test])
        return said

    def _hold_monotone(self) -> None:
        """Zero the ridge's weight of a size that it would pay less for; the trees are constrained as they are."""
        weights = self.ridge_[-1].coef_  # the sizes come first, in the order of logs_
        for i, column in enumerate(self.logs_):
            if column in self.monotone:
                weights[i] = max(weights[i], 0.0)


# ---------------------------------------------------------------- scores


def scores(price: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """R2 of the log price, and the mean and median of the absolute error in percent of the price."""
    error = np.abs(predicted / price - 1)
    return {
        "r2": float(r2_score(np.log(price), np.log(predicted))),
        "mape": float(100 * error.mean()),
        "median_ape": float(100 * np.median(error)),
    }


@threadpool_limits.wrap(limits=1)
def out_of_fold(
    make, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray, folds: Any = 5, seed: int = 42
) -> np.ndarray:
    """Log prices (n,), each predicted by a model that never saw its group.

    make: () -> a fresh regressor. folds: their number, or a list of (train, test) rows to use instead.
    """
    if isinstance(folds, int):
        folds = GroupKFold(folds, shuffle=True, random_state=seed).split(X, y, groups)
    said = np.empty(len(y))
    for train, test in folds:
        model = make()
        extra = {"groups": groups[train]} if isinstance(model, PriceRegressor) else {}
        said[test] = model.fit(X.iloc[train], y[train], **extra).predict(X.iloc[test])
    return said


def conformal_quantile(values: np.ndarray, level: float) -> float:
    """The smallest q that at least ``level`` of the next values will not exceed, in finite samples.

    Vovk et al. (2005): the ceil((n + 1) level)-th smallest of n exchangeable values; infinite when n is too
    small to promise anything.
    """
    values = np.sort(np.asarray(values, float))
    rank = math.ceil((len(values) + 1) * level)
    return float(values[rank - 1]) if rank <= len(values) else float("inf")


# ---------------------------------------------------------------- the model


@dataclass
class PriceModel:
    """A fitted price model: the regressor, the spread of its errors, and what it has seen."""

    regressor: PriceRegressor
    spread: HistGradientBoostingRegressor  # log of the absolute error, from the same matrix
    about: dict[str, Any]  # everything else, as it stands in model.json
    out_of_fold: pd.DataFrame | None = (
        None  # one row a training row: price, predicted, low, high, kind, group
    )

    # making it

    @classmethod
    @threadpool_limits.wrap(limits=1)
    def fit(
        cls, table: PriceTable, *, full: bool = False, level: float = 0.9, partial: bool = True, folds: int = 5, seed: int = 42
    ) -> PriceModel:  # fmt: skip
        """Fit on a table, with intervals calibrated on grouped out-of-fold errors.

        full: more trees and rounds. level: the share of prices that the intervals are to hold. partial: learn
        from copies of the rows with specs blanked out too, so that a gadget of which little is known gets an
        honest, wider interval.
        """
        rng = np.random.default_rng(seed)
        size = (
            {"rounds": 300, "seeds": 2, "trees": 200}
            if full
            else {"rounds": 150, "seeds": 1, "trees": 60, "folds": 3}
        )
        size["leaf"] = 2 if partial else 1  # half the size on disk, and the copies need smoothing
        mapping = dict(table.mapping)
        mapping["extras"] = _extra_kinds(table.frame, mapping)
        X = features(table.frame, mapping)
        blanked = features(_blank(table.frame, mapping, rng), mapping) if partial else X.iloc[:0]
        both = pd.concat([X, blanked], ignore_index=True)
        y = np.concatenate([table.log_price, table.log_price[: len(blanked)]])
        groups = np.concatenate([table.groups, table.groups[: len(blanked)]])
        kinds = pd.concat([table.kind, table.kind[: len(blanked)]], ignore_index=True)
        weight = np.where(np.arange(len(y)) < len(X), 1.0, PARTIAL_WEIGHT)
        said, fold = np.empty(len(y)), np.empty(len(y), int)
        for k, (train, test) in enumerate(
            GroupKFold(folds, shuffle=True, random_state=seed).split(both, y, groups)
        ):
            part = PriceRegressor(seed=seed, **size).fit(
                both.iloc[train], y[train], groups[train], weight[train]
            )
            said[test], fold[test] = part.predict(both.iloc[test]), k
        regressor = PriceRegressor(seed=seed, **size).fit(both, y, groups, weight)
        half, spread, factors = _intervals(regressor, both, y, said, fold, kinds, level, seed)
        whole = pd.DataFrame(
            {
                "price": np.exp(y), "predicted": np.exp(said), "low": np.exp(said - half), "high": np.exp(said + half),
                "kind": kinds, "group": groups, "partial": np.arange(len(y)) >= len(X),
            }
        )  # fmt: skip
        about = {
            "format": FORMAT, "table": table.name, "rows": len(X), "models": len(set(table.groups)),
            "currency": table.currency, "level": level, "factors": factors, "mapping": mapping, "notes": table.notes,
            "seen": _seen(table.frame, X, table.kind), "rates_date": rates_date(),
            "suspects": [str(table.groups[i]) for i in regressor.suspects_ if i < len(X)],
            "scores": measured(whole[~whole.partial]),
            "scores_partial": measured(whole[whole.partial]) if partial else {},
        }  # fmt: skip
        return cls(regressor, spread, about, whole)

    # using it

    @threadpool_limits.wrap(limits=1)
    def predict_frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """price, low, high (n rows) for rows of the training table's columns; unknown cells may be empty."""
        X = features(frame, self.about["mapping"])
        Z = self.regressor.matrix(X)
        said, half = self.regressor.predict_matrix(Z), self._half(Z, _kinds(frame, self.about))
        table = pd.DataFrame({"price": said, "low": said - half, "high": said + half}, index=frame.index)
        return np.exp(table)

    def _half(self, Z: np.ndarray, kinds: Sequence[str]) -> np.ndarray:
        factors = self.about["factors"]
        scale = np.exp(self.spread.predict(Z))
        return scale * np.array([factors.get(kind, factors["all"]) for kind in kinds])

    def predict(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """{price, low, high, currency, warnings} from what is known of one gadget.

        known: the standard names (brand, model, gadget_type, year, ram_gb, storage_gb, screen_in, chip, gpu,
        ...) or the training table's own columns; None and empty values count as unknown. ``currency`` asks
        for the answer in that currency. Raises CourseError for a name or a value it cannot use.
        """
        known = {k: v for k, v in dict(known).items() if not _unknown(v)}
        currency = str(known.pop("currency", self.about["currency"])).upper()
        for key in (
            "price",
            "evidence",
        ):  # what is asked for must not be what is told; evidence is not a spec
            known.pop(key, None)
        row = self.row(known)
        frame = pd.DataFrame([row])
        answer = self.predict_frame(frame).iloc[0].to_dict()
        notices = self.warnings(row)
        if currency != self.about["currency"]:
            answer = {k: convert(v, self.about["currency"], currency) for k, v in answer.items()}
            notices.append(f"Converted from {self.about['currency']} at the rate of {rates_date()}.")
        return {
            **{k: round(float(v), 2) for k, v in answer.items()},
            "currency": currency,
            "warnings": notices,
        }

    def row(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """The training table's columns, filled from standard names or from its own."""
        mapping = self.about["mapping"]
        row: dict[str, Any] = {}
        for key, value in known.items():
            column = self._column(key)
            if column is None:
                accepted = [n for n, f in NAMES.items() if mapping.get(f)] + list(mapping["extras"])
                raise CourseError(
                    f"This price model does not know {key!r}; it accepts {', '.join(dict.fromkeys(accepted))}."
                )
            row[column] = _checked(key, NAMES.get(key, ""), value)
        if not row:
            raise CourseError(
                "Nothing is known of this gadget; give at least its brand or one spec, such as brand=Dell ram_gb=16."
            )
        return row

    def _column(self, key: str) -> str | None:
        mapping = self.about["mapping"]
        columns = _columns(mapping, NAMES.get(key, ""))
        if columns and key not in mapping["extras"]:
            return columns[0]
        table_columns = {*mapping["extras"], *(c for f in FIELDS for c in _columns(mapping, f))}
        return key if key in table_columns else None

    def warnings(self, row: Mapping[str, Any]) -> list[str]:
        """What makes the gadget unlike everything the model has learned from, one sentence each."""
        frame = pd.DataFrame([row])
        X = features(frame, self.about["mapping"]).iloc[0]
        kind = _kinds(frame, self.about)[0]
        seen = self.about["seen"].get(kind) or self.about["seen"]["all"]
        named = "" if kind in ("all", self.about["table"]) else f" for a {kind.replace('_', ' ')}"
        found = []
        for column, (low, high) in seen["ranges"].items():
            value = X.get(column, np.nan)
            if value == value and not low <= value <= high:
                found.append(
                    f"{column} {value:g} is outside what the model has seen{named} ({low:g} to {high:g})."
                )
        brand = X.get("c_brand", "")
        if brand and brand not in seen["brands"]:
            told_brand = row.get(self._column("brand")) or brand
            found.append(
                f"The brand {str(told_brand)!r} is not among the {len(seen['brands'])} it has learned from{named}."
            )
        told = {c for c in seen["ranges"] if X.get(c, np.nan) == X.get(c, np.nan)}
        if "year" in seen["ranges"] and "year" not in told:
            found.append("No year was given: prices of several years are behind this answer.")
        if len(told - {"year"}) < 2:
            found.append("Fewer than two specs are known: expect a wide interval.")
        return found

    # keeping it

    def save(self, folder: str | Path) -> None:
        """Write ``model.skops`` and ``model.json`` into a folder."""
        import skops.io

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        parts = {"regressor": self.regressor, "spread": self.spread}
        skops.io.dump(parts, folder / "model.skops", compression=zipfile.ZIP_DEFLATED, compresslevel=1)
        (folder / "model.json").write_text(
            json.dumps(self.about, indent=1, ensure_ascii=False, default=_plain)
        )

    @classmethod
    def load(cls, folder: str | Path) -> PriceModel:
        """Read a saved model; types other than this module's and scikit-learn's are refused."""
        import skops.io

        folder = Path(folder)
        again = "make it again with `make course ONLY=07`"
        try:
            about = json.loads((folder / "model.json").read_text())
            file = folder / "model.skops"
            types = skops.io.get_untrusted_types(file=file)
            strange = [t for t in types if not t.startswith(("gadgetlib.pricing.", "sklearn.", "numpy."))]
            if strange:
                raise CourseError(
                    f"{file.name} holds {strange[0]}, which a price model does not need; {again}."
                )
            parts = skops.io.load(file, trusted=types)
        except FileNotFoundError as error:
            raise CourseError(
                f"No price model in {folder.name!r} ({Path(error.filename or '').name} is missing); {again}."
            ) from None
        except CourseError:
            raise
        except Exception as error:
            raise CourseError(
                f"The price model in {folder.name!r} cannot be read ({type(error).__name__}); {again}."
            ) from error
        if about.get("format") != FORMAT:
            raise CourseError(
                f"The price model in {folder.name!r} is of another version of the course; {again}."
            )
        return cls(parts["regressor"], parts["spread"], about)


# Standard names, as the course's artefacts use them -> what a column map calls them.
NAMES = {
    "brand": "brand", "model": "title", "title": "title", "name": "title", "gadget_type": "kind", "kind": "kind",
    "year": "year", "ram_gb": "ram", "ram": "ram", "storage_gb": "storage", "storage": "storage",
    "screen_in": "screen", "screen": "screen", "resolution": "resolution", "refresh_hz": "refresh", "chip": "cpu",
    "cpu": "cpu", "processor": "cpu", "gpu": "gpu", "weight_g": "weight", "weight": "weight", "battery": "battery",
    "battery_mah": "battery", "camera_mp": "camera", "camera": "camera", "front_camera": "front_camera", "os": "os",
}  # fmt: skip
_SIZED = {"ram", "storage", "screen", "refresh", "weight", "battery", "year"}


def _unknown(value: Any) -> bool:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and value.strip().lower() in {"", "nan", "none", "null", "?"}


def _checked(key: str, field_: str, value: Any) -> Any:
    if field_ not in _SIZED:
        return value
    size = gigabytes(str(value)) if field_ in ("ram", "storage") else number(value)
    if not math.isfinite(size):
        raise CourseError(f"{key}={value!r} is not a number; write for instance {key}=16.")
    if size <= 0:
        raise CourseError(f"{key}={value!r} must be more than zero; leave it out when it is not known.")
    return size if field_ in ("ram", "storage") and "+" not in str(value) else value


def _kinds(frame: pd.DataFrame, about: Mapping[str, Any]) -> list[str]:
    column = _first(about["mapping"], "kind")
    if not column or column not in frame:
        return ["all"] * len(frame)
    return [str(v) if str(v) in about["factors"] else "all" for v in frame[column]]


def _extra_kinds(frame: pd.DataFrame, mapping: Mapping[str, Any]) -> dict[str, str]:
    from gadgetlib.price_tables import kind_of

    taken = mapped_columns(mapping)
    kinds = {column: kind_of(frame[column]) for column in frame.columns if column not in taken}
    return {str(column): kind for column, kind in kinds.items() if kind != "skip"}


_SHOWN = ("brand", "title", "ram", "storage", "screen")  # what a product picture tells
# How often a copy keeps what a picture shows, and how often the rest: as from a picture, half of all, next to nothing.
_KEEP = ((0.85, 0.0), (0.5, 0.5), (0.35, 0.1))


def _blank(frame: pd.DataFrame, mapping: Mapping[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    """A copy of the rows in which each keeps only some of its specs; what kind of gadget it is stays."""
    out = frame.astype(object).copy()
    manner = rng.choice(len(_KEEP), len(frame), p=[0.5, 0.25, 0.25])
    for field_ in (*FIELDS, *mapping["extras"]):
        columns = _columns(mapping, field_) if field_ in FIELDS else [field_]
        if field_ != "kind":  # the classifier says that, whatever the text says
            keep = np.array([shown if field_ in _SHOWN else rest for shown, rest in _KEEP])[manner]
            out.loc[rng.random(len(frame)) > keep, columns] = np.nan
    return out


def _intervals(regressor, X, y, said, fold, kinds, level, seed):
    """Half widths (n,) in log price for the training rows, each calibrated without its own fold; the spread
    model; and the factor by class for new rows."""
    Z = regressor.matrix(X)
    Z[:, -1] = said  # the fitted ridge knows these rows; what was said out of fold does not
    target = np.log(np.abs(y - said) + 0.01)

    def make() -> HistGradientBoostingRegressor:
        return HistGradientBoostingRegressor(max_iter=60, max_leaf_nodes=6, min_samples_leaf=30, learning_rate=0.06,
                                             max_features=0.3, random_state=seed, early_stopping=False)  # fmt: skip

    scale = np.empty(len(y))
    for k in np.unique(fold):
        scale[fold == k] = np.exp(make().fit(Z[fold != k], target[fold != k]).predict(Z[fold == k]))
    ratio = np.abs(y - said) / scale
    kinds = kinds.to_numpy()

    def factor(rows: np.ndarray, kind: str) -> float:
        own = rows & (kinds == kind)
        return conformal_quantile(ratio[own] if own.sum() >= 60 else ratio[rows], level)

    half = np.empty(len(y))
    for k in np.unique(fold):
        for kind in np.unique(kinds[fold == k]):
            here = (fold == k) & (kinds == kind)
            half[here] = scale[here] * factor(fold != k, kind)
    every = np.ones(len(y), bool)
    factors = {str(kind): factor(every, kind) for kind in np.unique(kinds)} | {
        "all": conformal_quantile(ratio, level)
    }
    return half, make().fit(Z, target), factors


def measured(table: pd.DataFrame) -> dict[str, Any]:
    """Scores, coverage and relative width of intervals, over all rows and by class, of out-of-fold predictions."""
    if table.empty:
        return {}

    def one(part: pd.DataFrame) -> dict[str, float]:
        inside = (part.price >= part.low) & (part.price <= part.high)
        return {
            **scores(part.price.to_numpy(), part.predicted.to_numpy()), "rows": len(part),
            "coverage": float(100 * inside.mean()),
            "median_width": float(100 * ((part.high - part.low) / part.predicted).median()),
        }  # fmt: skip

    return {"all": one(table), **{str(kind): one(part) for kind, part in table.groupby("kind")}}


def _seen(frame: pd.DataFrame, X: pd.DataFrame, kinds: pd.Series) -> dict[str, Any]:
    """The range of each size and the brands, by class: beyond them the model has learned nothing."""
    sized = [
        c
        for c in (
            "year",
            "ram_gb",
            "storage_gb",
            "screen_in",
            "refresh_hz",
            "weight_g",
            "battery",
            "camera_main",
            "px_long",
        )
        if X[c].notna().any()
    ]

    def one(part: pd.DataFrame) -> dict[str, Any]:
        ranges = {c: [float(part[c].min()), float(part[c].max())] for c in sized if part[c].notna().any()}
        return {"ranges": ranges, "brands": sorted(set(part["c_brand"]) - {""})}

    by = {str(kind): one(X[(kinds == kind).to_numpy()]) for kind in kinds.unique()}
    return {"all": one(X), **by}


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)


# ---------------------------------------------------------------- questions put to a model


def what_if(model: PriceModel, frame: pd.DataFrame, column: str, values: Sequence[float]) -> pd.DataFrame:
    """Prices (n, len(values)) of the same rows with ``column`` set to each of the values."""
    return pd.DataFrame({v: model.predict_frame(frame.assign(**{column: v})).price for v in values})


def importance(model: PriceModel, frame: pd.DataFrame, price: np.ndarray, seed: int = 42) -> pd.Series:
    """By how many points the mean absolute percentage error grows when one field's columns are shuffled
    (Breiman, 2001), for every field of the column map; shuffled together, so that no twin column helps out."""
    rng = np.random.default_rng(seed)
    base = scores(price, model.predict_frame(frame).price.to_numpy())["mape"]
    mapping, loss = model.about["mapping"], {}
    for field_ in (*FIELDS, *mapping["extras"]):
        columns = _columns(mapping, field_) if field_ in FIELDS else [field_]
        if columns:
            mixed = frame.copy()
            mixed[columns] = frame[columns].to_numpy()[rng.permutation(len(frame))]
            loss[field_] = scores(price, model.predict_frame(mixed).price.to_numpy())["mape"] - base
    return pd.Series(loss).sort_values(ascending=False)


def from_specs(model: PriceModel, specs: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """price, low, high for rows of standard names (brand, model, ram_gb, ...), unknown ones left out."""
    wanted = ("price", "currency", "evidence")
    known = [{k: v for k, v in row.items() if not _unknown(v) and k not in wanted} for row in specs]
    return model.predict_frame(pd.DataFrame([model.row(k) for k in known]))


def cost_of_errors(model: PriceModel, read: Sequence[Mapping], true: Sequence[Mapping]) -> pd.DataFrame:
    """What each misread field does to the estimate: rows of (row, field, read, true, dollars).

    The true specs with one field at a time replaced by what was read; dollars is how far the estimate moves.
    A field that the picture does not state is not an error and is left out of both.
    """
    base = from_specs(model, true).price.to_numpy()
    cases = [
        (i, field_, r.get(field_), t.get(field_))
        for i, (r, t) in enumerate(zip(read, true, strict=True))
        for field_ in ("brand", "model", "ram_gb", "storage_gb", "screen_in")
        if not _unknown(t.get(field_)) and not _same(r.get(field_), t.get(field_))
    ]
    if not cases:
        return pd.DataFrame(columns=["row", "field", "read", "true", "dollars"])
    changed = from_specs(
        model, [{**true[i], field_: value} for i, field_, value, _ in cases]
    ).price.to_numpy()
    table = pd.DataFrame(cases, columns=["row", "field", "read", "true"])
    return table.assign(dollars=changed - base[table.row])


def _same(a: Any, b: Any) -> bool:
    if _unknown(a) or _unknown(b):
        return _unknown(a) and _unknown(b)
    if isinstance(a, str) or isinstance(b, str):
        return re.sub(r"[^a-z0-9]", "", str(a).lower()) == re.sub(r"[^a-z0-9]", "", str(b).lower())
    return abs(float(a) - float(b)) < 0.05


# ---------------------------------------------------------------- figures


def _colour(kind: str) -> str:
    from gadgetlib.plots import COLOURS

    return COLOURS.get(kind, "#0072B2")


def plot_predicted(table: pd.DataFrame, currency: str = "USD"):
    """Predicted against true price, out of fold, both logarithmic; one colour a class."""
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(5.2, 4.6))
    for kind, part in table.groupby("kind"):
        axis.scatter(
            part.price,
            part.predicted,
            s=9,
            alpha=0.55,
            color=_colour(kind),
            label=str(kind).replace("_", " "),
        )
    ends = [table.price.min(), table.price.max()]
    axis.plot(ends, ends, color="black", linewidth=1)
    axis.set(
        xscale="log", yscale="log", xlabel=f"true price ({currency})", ylabel=f"predicted price ({currency})"
    )
    axis.legend(frameon=False, fontsize=8)
    return figure


def plot_residuals(table: pd.DataFrame, by: Sequence[str], least: int = 15):
    """Box plots of log(predicted / price) by the values of ``by`` (n,) that occur at least ``least`` times."""
    import matplotlib.pyplot as plt

    error = np.log(table.predicted / table.price)
    parts = {k: v.to_numpy() for k, v in error.groupby(np.asarray(by)) if len(v) >= least}
    parts = dict(sorted(parts.items(), key=lambda item: np.median(item[1])))
    figure, axis = plt.subplots(figsize=(6.5, 0.24 * len(parts) + 1.1))
    axis.boxplot(list(parts.values()), orientation="horizontal", tick_labels=[str(k).replace("_", " ") for k in parts], widths=0.6,
                 flierprops={"markersize": 2})  # fmt: skip
    axis.axvline(0, color="black", linewidth=0.8)
    axis.set_xlim(-1.2, 1.2)
    axis.set_xlabel("log(predicted / true): left too cheap, right too dear")
    return figure


def coverage(table: pd.DataFrame, bands: Sequence[float] = (0, 100, 250, 500, 1000, 1e9)) -> pd.DataFrame:
    """Share of prices inside their interval (percent) and its median width (percent of the estimate), by class and by price band."""
    inside = 100.0 * ((table.price >= table.low) & (table.price <= table.high))
    width = 100 * (table.high - table.low) / table.predicted
    band = pd.cut(table.price, list(bands)).map(
        lambda b: f"{b.left:g} to {b.right:g}" if b.right < 1e8 else f"over {b.left:g}"
    )
    rows = {}
    for name, key in (("class", table.kind), ("price band", band)):
        for value, index in table.groupby(key, observed=True).groups.items():
            rows[(name, str(value).replace("_", " "))] = (
                len(index),
                inside[index].mean(),
                width[index].median(),
            )
    rows[("all", "")] = (len(table), inside.mean(), width.median())
    return pd.DataFrame(rows, index=["rows", "covered %", "median width %"]).T


def plot_coverage(table: pd.DataFrame, level: float = 0.9):
    """Bars of :func:`coverage` against the promised level."""
    import matplotlib.pyplot as plt

    shown = coverage(table)
    figure, axis = plt.subplots(figsize=(6.5, 0.28 * len(shown) + 0.9))
    names = [f"{b or 'all'}" for _, b in shown.index]
    axis.barh(names[::-1], shown["covered %"][::-1], color="#56B4E9")
    axis.axvline(100 * level, color="black", linewidth=1)
    axis.set(xlim=(60, 100), xlabel=f"prices inside their interval, % (promised: {100 * level:g})")
    return figure


__all__ = [
    "PriceModel", "PriceRegressor", "PriceTable", "conformal_quantile", "convert", "cost_of_errors", "coverage",
    "find_leaks", "from_specs", "importance", "measured",
    "out_of_fold", "rates", "rates_date", "read_prices", "scores", "what_if",
]  # fmt: skip
