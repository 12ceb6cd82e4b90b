"""Benchmarks: one module per area, run by hand and not in CI; docs/measuring.md says what is split by what."""

from __future__ import annotations

from dataclasses import asdict

from gadgetlib.measure import Figure

COLUMNS = ["area", "case", "data", "metric", "value", "low", "high", "n", "unit", "peer"]


def row(area: str, case: str, data: str, metric: str, value: Figure | float, unit: str = "", peer: str = "") -> dict:
    """One row of build/bench.json. A Figure brings its 95 % interval and n; a number is a count, a time or a size."""
    figure = asdict(value) if isinstance(value, Figure) else {"value": float(value)}
    return {"area": area, "case": case, "data": data, "metric": metric, **figure, "unit": unit, "peer": peer}
