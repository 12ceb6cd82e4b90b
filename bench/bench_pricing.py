"""Price models on real tables and on the catalogue: five grouped folds by model, log price, one pipeline.

    make bench AREA=pricing        (or: python bench/bench_pricing.py [--quick])

Peers on the same rows, folds and targets: a plain gradient boosting on obvious columns, and CatBoost and a forest on
our own parsed features. `noise floor` is what the mean price of the very same model, RAM and storage would score
in-sample: rows that differ in nothing else differ that much in price. `without typos` leaves out rows whose price is
off by more than a factor of six from a ridge line that never saw their model (they stay in the main score).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from threadpoolctl import threadpool_limits

from gadgetlib import pricing
from gadgetlib.files import data_dir, shared_dir

TABLES = ("laptops_1303_EUR", "phones_flipkart_2023_INR", "phones_launch_2025_5currencies", "laptops_smartprix_2024_INR",
          "phones_smartprix_2023_INR", "used_phones_tablets_EUR")  # fmt: skip


def numbers(X: pd.DataFrame) -> pd.DataFrame:
    """The columns a plain model can take: what is known of a twentieth of the rows or more, and the brand."""
    table = X.select_dtypes("number").dropna(axis=1, thresh=max(3, len(X) // 20))
    return table.assign(brand=X.c_brand.astype("category"))


class CatBoost:
    """CatBoost on our features, categories as they are."""

    def fit(self, X, y):
        from catboost import CatBoostRegressor

        self.categories = [c for c in X if c.startswith("c_")]
        self.model = CatBoostRegressor(iterations=500, depth=6, learning_rate=0.06, random_seed=42, verbose=0, thread_count=2,
                                       cat_features=self.categories, allow_writing_files=False)  # fmt: skip
        self.model.fit(X.drop(columns="text"), y)
        return self

    def predict(self, X):
        return self.model.predict(X.drop(columns="text"))


def noise_floor(table: pricing.PriceTable, X: pd.DataFrame) -> dict[str, float]:
    """Scores of each row's own (model, RAM, storage) mean: no model that sees only these could do better."""
    key = [table.groups, X.ram_gb.fillna(-1), X.storage_gb.fillna(-1)]
    return pricing.scores(
        table.price, np.exp(pd.Series(table.log_price).groupby(key).transform("mean").to_numpy())
    )


def run(quick: bool = False) -> Iterator[dict]:
    """Rows {area, case, data, metric, value, unit, peer}; real tables are skipped where ../shared is absent."""

    def rows(case: str, data: str, found: dict[str, float], peer: str = "") -> Iterator[dict]:
        units = {
            "r2": "",
            "mape": "%",
            "median_ape": "%",
            "coverage": "%",
            "median_width": "%",
            "rows": "rows",
            "seconds": "s",
        }
        for metric, value in found.items():
            yield {"area": "pricing", "case": case, "data": data, "metric": metric, "value": round(float(value), 4),
                   "unit": units.get(metric, ""), "peer": peer}  # fmt: skip

    files = [data_dir() / "catalogue.csv"]
    if shared_dir() is not None:
        files = [shared_dir() / "prices" / f"{name}.csv" for name in TABLES[: 2 if quick else None]] + files
    else:
        print("no ../shared: real price tables are skipped", file=sys.stderr)
    for file in files:
        table = pricing.read_prices(file)
        X, y = table.features(), table.log_price
        begun = time.perf_counter()
        model = pricing.PriceModel.fit(table, full=not quick, partial=False)
        took = time.perf_counter() - begun
        every = model.about["scores"]
        yield from rows("grouped by model", table.name, {**every["all"], "seconds": took})
        if len(every) > 2:
            for kind, found in every.items():
                if kind != "all":
                    yield from rows(f"grouped by model, {kind}", table.name, found)
        suspect = np.zeros(len(y), bool)
        ridge = pricing.PriceRegressor(rounds=20, seeds=1, trees=5).fit(X, y, table.groups)
        suspect[ridge.suspects_] = True
        if suspect.any():
            part = model.out_of_fold[~suspect]
            yield from rows(
                f"without {suspect.sum()} typos",
                table.name,
                pricing.scores(part.price.to_numpy(), part.predicted.to_numpy()),
            )
        yield from rows("noise floor", table.name, noise_floor(table, X))
        peers = {"plain boosting": (lambda: HistGradientBoostingRegressor(random_state=42), numbers(X))}
        if not quick:
            filled = X.select_dtypes("number").fillna(-1)
            peers["random forest, our features"] = (
                lambda: RandomForestRegressor(200, max_features=0.35, random_state=42, n_jobs=2),
                filled,
            )
            peers["CatBoost, our features"] = (CatBoost, X)
        with threadpool_limits(2):
            for name, (make, columns) in peers.items():
                try:
                    said = pricing.out_of_fold(make, columns, y, table.groups)
                except ImportError as error:
                    print(f"{name} is skipped: {error.name} is not installed", file=sys.stderr)
                    continue
                yield from rows(
                    "grouped by model", table.name, pricing.scores(table.price, np.exp(said)), name
                )


if __name__ == "__main__":
    TABLES = tuple(a for a in sys.argv[1:] if not a.startswith("-")) or TABLES  # some tables only
    for row in run(quick="--quick" in sys.argv):
        print("{data:32} {case:32} {metric:13} {value:>9} {unit:4} {peer}".format(**row), flush=True)
