"""Every figure of the course with its n and its 95 % interval: the bootstrap over products, shops or sources.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), percentile intervals; resampling whole groups, because the photos of one
product or the titles of one shop are not independent of each other (Cameron, Gelbach and Miller, 2008).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Figure:
    """A measured value, the ends of its 95 % interval, and the number of things measured."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] n={self.n}"

    def row(self) -> dict[str, float]:
        """The figure as columns of a table of benchmarks."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}


def interval(
    values: Any, groups: Sequence[Any] | None = None, statistic: Callable[[np.ndarray], float] = np.mean,
    draws: int = 1000, seed: int = 42,
) -> Figure:  # fmt: skip
    """``statistic`` of ``values`` with a 95 % bootstrap interval.

    values: array (n,) or (n, ...), a row per thing measured. groups: (n,) what each row belongs to (a product, a shop,
    a source); whole groups are drawn, so rows of one group stay together. statistic: rows -> number; draws in which it
    is not finite are left out. Raises ValueError for no values, or for groups of another length.
    """
    values = np.asarray(values)
    if not len(values):
        raise ValueError("There is nothing to measure: values is empty.")
    if groups is not None and len(groups) != len(values):
        raise ValueError(f"{len(values)} values but {len(groups)} groups.")
    members = _members(groups, len(values))
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        picked = rng.integers(0, len(members), len(members))
        rows = picked if groups is None else np.concatenate([members[i] for i in picked])
        drawn.append(float(statistic(values[rows])))
    drawn = np.array(drawn)
    low, high = np.percentile(drawn[np.isfinite(drawn)], [2.5, 97.5])
    return Figure(float(statistic(values)), float(low), float(high), len(values))


def difference(
    one: Any, other: Any, groups: Sequence[Any] | None = None, statistic: Callable[[np.ndarray], float] = np.mean,
    draws: int = 1000, seed: int = 42,
) -> Figure:  # fmt: skip
    """``statistic(one) - statistic(other)`` on the same things, drawn together: above zero at both ends, ``one`` is higher."""
    one, other = np.asarray(one), np.asarray(other)
    if len(one) != len(other):
        raise ValueError(f"{len(one)} values against {len(other)}: a paired difference needs the same things on both sides.")

    def gap(rows: np.ndarray) -> float:
        return float(statistic(one[rows])) - float(statistic(other[rows]))

    return interval(np.arange(len(one)), groups, gap, draws, seed)


def _members(groups: Sequence[Any] | None, n: int) -> list[np.ndarray]:
    """The rows of each group; every row a group of its own where none are given."""
    if groups is None:
        return [np.array([i]) for i in range(n)]
    _, where = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    order = np.argsort(where, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(where[order])) + 1)
