"""Price models on real tables and on the catalogue: five folds by model of gadget, log price, intervals over models.

    make bench ONLY=prices        (or: python -m bench prices [--quick])

Peers on the same rows, folds and parsed features: scikit-learn's gradient boosting on the numbers and the brand, with
its default settings, and CatBoost on everything but the words. `own mean` is what the mean price of the very same
model, memory and storage would score in-sample: rows that differ in nothing else differ that much in price. The
catalogue's test products are in none of its folds; `held out` is one look at them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold

from bench import row
from gadgetlib.files import data_dir, shared_dir, split_of
from gadgetlib.measure import Figure, difference, interval
from gadgetlib.price_tables import PriceTable, features, read_prices, varied
from gadgetlib.prices import PriceModel

TABLES = (
    "laptops_1303_EUR", "phones_flipkart_2023_INR", "phones_launch_2025_5currencies", "laptops_smartprix_2024_INR",
    "phones_smartprix_2023_INR", "used_phones_tablets_EUR",
)  # fmt: skip


def measured(table: pd.DataFrame) -> dict[str, Any]:
    """Figures of predictions for rows never learned from, over all and by kind of gadget.

    table: columns price, predicted, low, high, kind, group. R2 of the log price, mean error and coverage in percent
    over rows, each with a 95 % interval (bootstrap over groups); ``coverage_by_group`` is the mean over groups.
    """
    found = {}
    for kind, part in (("all", table), *(table.groupby("kind") if table.kind.nunique() > 1 else ())):
        inside = 100.0 * part.price.between(part.low, part.high)
        logs = np.log(part[["price", "predicted"]].to_numpy())
        found[str(kind)] = {
            "groups": part.group.nunique(),
            "r2": asdict(interval(logs, part.group, lambda v: r2_score(v[:, 0], v[:, 1]))),
            "mape": asdict(interval(100 * (part.predicted / part.price - 1).abs(), part.group)),
            "coverage": asdict(interval(inside, part.group)),
            "coverage_by_group": float(inside.groupby(part.group).mean().mean()),
            "median_width": float(100 * ((part.high - part.low) / part.predicted).median()),
        }
    return found


def peers(X: pd.DataFrame, quick: bool) -> Iterator[tuple[str, Callable[[], Any], pd.DataFrame]]:
    """(name, function that makes the regressor, columns) of each."""
    obvious = X.select_dtypes("number").assign(brand=X.c_brand.astype("category"))
    yield "HistGradientBoosting", lambda: HistGradientBoostingRegressor(random_state=42), obvious
    if not quick:
        from catboost import CatBoostRegressor

        settings = {"iterations": 500, "random_seed": 42, "verbose": 0, "thread_count": 2, "allow_writing_files": False}
        settings["cat_features"] = [column for column in X if column.startswith("c_")]
        yield "CatBoost", lambda: CatBoostRegressor(**settings), X.drop(columns="text")


def own_mean(table: PriceTable, X: pd.DataFrame) -> np.ndarray:
    """Log price of each row as the mean of the rows of its model, memory and storage."""
    key = [table.groups, X.ram_gb.fillna(-1), X.storage_gb.fillna(-1)]
    return pd.Series(np.log(table.price)).groupby(key).transform("mean").to_numpy()


def one_table(table: PriceTable, quick: bool) -> Iterator[dict]:
    y = np.log(table.price)

    def off(said: np.ndarray) -> np.ndarray:
        return 100 * np.abs(np.exp(said - y) - 1)

    def scored(case: str, said: np.ndarray, peer: str = "") -> Iterator[dict]:
        both = np.c_[y, said]
        r2 = interval(both, table.groups, lambda rows: r2_score(rows[:, 0], rows[:, 1]))
        yield row("prices", case, table.name, "R2", r2, peer=peer)
        yield row("prices", case, table.name, "mean error", interval(off(said), table.groups), "%", peer)

    begun = time.perf_counter()
    model = PriceModel.fit(table, partial=False)
    seconds = time.perf_counter() - begun
    ours = np.log(model.out_of_fold.predicted.to_numpy())
    yield from scored("new models", ours)
    for kind, found in measured(model.out_of_fold).items():
        yield row("prices", f"new models, {kind}", table.name, "coverage", Figure(**found["coverage"]), "%")
        yield row("prices", f"new models, {kind}", table.name, "coverage by model", found["coverage_by_group"], "%")
        yield row("prices", f"new models, {kind}", table.name, "median width", found["median_width"], "%")
        if kind not in ("all", table.name):
            yield row("prices", f"new models, {kind}", table.name, "mean error", Figure(**found["mape"]), "%")
    yield row("prices", "fit and calibrate", table.name, "seconds", seconds, "s")
    X = varied(features(table.frame, table.mapping))
    yield from scored("own mean", own_mean(table, X))
    for name, make, columns in peers(X, quick):
        said = np.empty(len(y))
        for train, test in GroupKFold(5, shuffle=True, random_state=42).split(columns, y, table.groups):
            said[test] = make().fit(columns.iloc[train], y[train]).predict(columns.iloc[test])
        yield from scored("new models", said, name)
        gain = difference(off(said), off(ours), table.groups)
        yield row("prices", "new models", table.name, "mean error, less ours", gain, "%", name)


def held_out(table: PriceTable, train: PriceTable) -> Iterator[dict]:
    """The shipped model's figures on the catalogue's test products, whole rows."""
    model = PriceModel.fit(train)
    said = model.predict_frame(table.frame).rename(columns={"price": "predicted"})
    found = measured(said.assign(price=table.price, kind=table.kind.to_numpy(), group=table.groups))
    for kind, one in found.items():
        for metric, unit in (("r2", ""), ("mape", "%"), ("coverage", "%")):
            name = {"r2": "R2", "mape": "mean error"}.get(metric, metric)
            yield row("prices", f"held out, {kind}", table.name, name, Figure(**one[metric]), unit)


def run(quick: bool = False) -> Iterator[dict]:
    """Rows as :func:`bench.row` makes them; real tables are skipped where ../shared is absent."""
    catalogue = read_prices(data_dir() / "catalogue.csv")
    test = (catalogue.frame.product_id.map(split_of) == "test").to_numpy()
    if shared_dir() is None:
        print("no ../shared: real price tables are skipped", file=sys.stderr)
    for name in TABLES[: 2 if quick else None] if shared_dir() else ():
        yield from one_table(read_prices(shared_dir() / "prices" / f"{name}.csv"), quick)
    yield from one_table(catalogue.rows(~test), quick)
    yield from held_out(catalogue.rows(test), catalogue.rows(~test))
