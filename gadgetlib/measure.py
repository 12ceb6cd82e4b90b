"""Every figure of the course with its n and its 95 % interval: the bootstrap over products, shops or sources.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), percentile intervals; resampling whole groups,
because the photos of one product are not independent of each other (Cameron, Gelbach and Miller, 2008).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Figure:
    """A measured value, the ends of its 95 % interval, and the number of rows measured."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] n={self.n}"


def interval(
    values: Any, groups: Sequence[Any] | None = None, statistic: Callable[[np.ndarray], float] = np.mean,
    draws: int = 1000, seed: int = 42,
) -> Figure:  # fmt: skip
    """``statistic`` of ``values`` with a 95 % bootstrap interval.

    values: array (n,) or (n, ...), a row per picture, title or other unit measured. groups: (n,) the product, shop or
    source of each row; whole groups are drawn. statistic: rows -> number; draws in which it is not finite are left out.
    Raises ValueError for no values, or for groups of another length.
    """
    values = np.asarray(values)
    if not len(values):
        raise ValueError("There is nothing to measure: values is empty.")
    if groups is not None and len(groups) != len(values):
        raise ValueError(f"{len(values)} values but {len(groups)} groups.")
    names = np.arange(len(values)) if groups is None else np.asarray(groups).astype(str)
    members = list(pd.Series(names).groupby(names).indices.values())
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(draws):
        picked = rng.integers(0, len(members), len(members))
        rows = picked if groups is None else np.concatenate([members[i] for i in picked])
        drawn.append(float(statistic(values[rows])))
    low, high = np.percentile([one for one in drawn if np.isfinite(one)], [2.5, 97.5])
    return Figure(float(statistic(values)), float(low), float(high), len(values))


def difference(one: Any, other: Any, groups: Sequence[Any] | None = None, statistic: Callable = np.mean) -> Figure:
    """``statistic(one) - statistic(other)`` of the same rows, drawn together: ``one`` is higher where both ends are
    above zero. Raises ValueError as :func:`interval`, and for two different lengths."""
    one, other = np.asarray(one), np.asarray(other)
    if len(one) != len(other):
        raise ValueError(f"{len(one)} values against {len(other)}: a paired difference needs the same rows in both.")
    return interval(np.arange(len(one)), groups, lambda rows: statistic(one[rows]) - statistic(other[rows]))
