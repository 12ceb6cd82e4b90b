"""The classifier and its peers trained and tested on real photos with whole sources left out, five folds. Takes hours.

Everything else as in bench_vision, which also says what runs in a process of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bench.bench_vision import rows
from gadgetlib.course import shared_dir

PEERS = ("ours", "lesson 1 recipe", "frozen probe, two crops")


def run(quick: bool) -> Iterator[dict]:
    if shared_dir() is None:
        print("folds: ../shared/photos is absent, so nothing is measured on real photos", file=sys.stderr)
        return
    for fold in range(1 if quick else 5):
        for row in rows(f"real, sources left out, fold {fold + 1} of 5", PEERS, quick):
            yield {**row, "area": "folds"}
