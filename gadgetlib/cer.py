"""How wrong a reading is: character errors and words, whatever the order of the blocks on the picture."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np


def normalise(text: str) -> list[str]:
    """The lines of a text for scoring: one kind of quote and dash, (R), (TM) and * left out, single spaces."""
    text = text.translate(str.maketrans("”“″„’‘′—–×", "\"\"\"\"'''--x")).replace("''", '"')
    text = re.sub(r"[®™©*]|\((?:R|TM)\)", "", text)
    return [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]


def score(truth: str, text: str, extra_free: bool = False) -> dict[str, float]:
    """Errors of `text` against `truth`, lines matched as well as they can be: the order of blocks is free.

    Returns counts to be summed over pictures: errors and characters (CER = errors / characters), hits, words and
    read (word recall = hits / words, word precision = hits / read). A line that is stacked on the picture may be read
    as two and matched as one. extra_free: lines that nobody transcribed (keys, menus on a screen) are no error.
    """
    right, got = normalise(truth), normalise(text)
    ours, theirs = Counter(" ".join(got).split()), Counter(" ".join(right).split())
    errors = line_errors(right, got, extra_free)
    for _ in range(len(got)):  # join neighbours while that brings them closer to a line of the truth
        trials = [[*got[:i], f"{got[i]} {got[i + 1]}", *got[i + 2 :]] for i in range(len(got) - 1)]
        best = min(trials, key=lambda trial: line_errors(right, trial, extra_free), default=got)
        if line_errors(right, best, extra_free) >= errors:
            break
        got, errors = best, line_errors(right, best, extra_free)
    counts = {"hits": (ours & theirs).total(), "words": theirs.total(), "read": ours.total()}
    return {"errors": errors, "characters": sum(map(len, right)), **counts}


def line_errors(right: Sequence[str], got: Sequence[str], extra_free: bool = False) -> float:
    """Edits between two lists of lines in the best matching: a line without a partner is lost or added whole."""
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cdist
    from scipy.optimize import linear_sum_assignment

    n, m = len(right), len(got)
    cost = np.zeros((n + m, n + m))
    if n and m:
        cost[:n, :m] = cdist(right, got, scorer=Levenshtein.distance)
    cost[:n, m:] = np.array([len(line) for line in right])[:, None]
    cost[n:, :m] = [0 if extra_free else len(line) for line in got]
    return float(cost[linear_sum_assignment(cost)].sum())
