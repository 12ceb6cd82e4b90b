"""The classifier and its peers trained and tested on real photos with whole sources left out, five folds. Takes hours.

Everything else as in bench_vision, which also says what runs in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.bench_vision import rows

PEERS = ("ours", "lesson 1 recipe", "frozen probe, two crops")


def run(quick: bool) -> Iterator[dict]:
    for fold in range(1 if quick else 5):
        for row in rows(f"real, sources left out, fold {fold + 1} of 5", PEERS, quick):
            yield {**row, "area": "folds"}
