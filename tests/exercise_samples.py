"""A right answer to every exercise, so that a judgement needs no lesson to be run."""

from __future__ import annotations

import numpy as np

from coursekit import exercises

SEED = 42


def top_k(query, gallery, owners, k):
    scores = gallery @ query / np.linalg.norm(gallery, axis=1)
    best = {}
    for row in np.argsort(-scores):
        best.setdefault(owners[row], row)
    return [*best][:k]


def map_at(depth):
    def score(rankings, relevant):
        total = 0.0
        for hits, there in zip(rankings, relevant):
            ranks = np.flatnonzero(hits[:depth]) + 1
            total += (np.arange(1, len(ranks) + 1) / ranks).sum() / min(there, depth)
        return total / len(rankings)

    return score


def probed(query, gallery, cells, centres, fits, probes, k):
    near = np.argsort(-(centres @ query))[:probes]
    rows = np.flatnonzero(np.isin(cells, near) & fits)
    return rows[np.argsort(-(gallery[rows] @ query))][:k]


def given(one, seed=SEED):
    return one.given(seed)


# Right answers, as a learner would write them.
WRITTEN = {
    "00.1": lambda g: exercises._module("00")._kind,
    "00.2": lambda g: lambda query, rows, k: np.argsort(-(rows @ query) / np.linalg.norm(rows, axis=1))[:k],
    "00.3": lambda g: exercises._module("00")._model(g),
    "01.1": lambda g: exercises._module("01").polite(g.first, g.attempts, g.patience),
    "01.2": lambda g: exercises._module("01").robots,
    "01.3": lambda g: exercises._module("01").missing,
    "02.1": lambda g: exercises._module("02").matches,
    "02.2": lambda g: exercises._module("02").held_out,
    "02.3": lambda g: exercises._module("02").doubts,
    "03.1": lambda g: exercises._module("03").own_data,
    "03.2": lambda g: exercises._module("03").threshold,
    "03.3": lambda g: exercises._module("03").calibration,
    "04.1": lambda g: exercises._module("04")._flat,
    "04.2": lambda g: exercises._module("04")._surer,
    "04.3": lambda g: exercises._module("04")._rows,
    "05.1": lambda g: [{"IS_DIGIT": True}, {"ORTH": "."}, {"IS_DIGIT": True}, {"LOWER": g.unit.lower()}],
    "05.2": lambda g: exercises._module("05")._bilou,
    "05.3": lambda g: exercises._module("05")._f1,
    "06.1": lambda g: top_k,
    "06.2": lambda g: map_at(g.depth),
    "06.3": lambda g: probed,
    "07.1": lambda g: exercises._module("07")._in_turn(g),
    "07.2": lambda g: exercises._module("07")._half_width,
    "07.3": lambda g: exercises._module("07")._detector,
    "08.1": lambda g: exercises._module("08")._guarded,
    "08.2": lambda g: exercises._module("08")._gain,
    "08.3": lambda g: exercises._module("08").ask,
}
