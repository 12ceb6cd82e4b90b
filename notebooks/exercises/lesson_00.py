"""Exercises of lesson 00: three small stages: the kind from guesses, the nearest pictures, a first price."""

from __future__ import annotations

import statistics

import numpy as np

from coursekit.exercises import Exercise, Mistake, Question

NAMES = {
    "mobile_phone": ["cellular telephone", "iPod"],
    "laptop": ["notebook", "laptop"],
    "smartwatch": ["digital watch"],
}
GUESSES = [
    [("notebook", 0.5), ("binder", 0.3)],
    [("digital watch", 0.3), ("laptop", 0.2), ("notebook", 0.2)],  # two names of one kind, together larger
    [("web site", 0.6), ("envelope", 0.3)],
    [("binder", 0.8), ("iPod", 0.1), ("digital watch", 0.05)],
]


def _kind(guesses, names):
    shares = {kind: sum(share for name, share in guesses if name in known) for kind, known in names.items()}
    best = max(shares, key=shares.get)
    return best if shares[best] else None


def _surest(guesses, names):
    """The kind of the one likeliest name that is known."""
    kinds = {name: kind for kind, known in names.items() for name in known}
    known = [(share, kinds[name]) for name, share in guesses if name in kinds]
    return max(known)[1] if known else None


def _first(guesses, names):
    return next((kind for kind, known in names.items() if guesses[0][0] in known), None)


def _never_none(guesses, names):
    shares = {kind: sum(share for name, share in guesses if name in known) for kind, known in names.items()}
    return max(shares, key=shares.get)


def _kind_cases(given):
    return [((guesses, NAMES), _kind(guesses, NAMES)) for guesses in GUESSES]


VECTORS = np.array([[3.0, 0.0], [0.9, 0.1], [0.0, 1.0], [8.0, 8.0], [-1.0, 0.0]])
QUERY = np.array([2.0, 0.1])


def _cosines(query, vectors):
    return vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)


def _nearest_cases(given):
    order = np.argsort(-_cosines(QUERY, VECTORS))
    return [((QUERY, VECTORS, k), order[:k].tolist()) for k in (1, 3, 5)]


# Of each memory size as many rows as it has gigabytes, so that every least number of rows makes a difference.
ROWS = [
    {"ram_gb": ram, "storage_gb": 64 * (1 + i % 3), "price": 90 * ram + 7 * i * i}
    for ram in range(1, 11)
    for i in range(ram)
]
KNOWN = [
    *({"ram_gb": ram} for ram in range(1, 11)),
    {"ram_gb": 9, "storage_gb": None},
    {"ram_gb": 99},
    {"storage_gb": 128},
    {},
]


def _agree(rows, known, none_counts=False):
    wanted = {field: value for field, value in known.items() if value is not None or none_counts}
    return [row for row in rows if all(row[field] == value for field, value in wanted.items())]


def _model(given, least=None, middle=statistics.median, none_counts=False, or_more=0):
    """A price model: right, or with one thing wrong."""
    least = given.least if least is None else least

    def estimate(rows, known):
        found = _agree(rows, known, none_counts)
        return middle(row["price"] for row in (found if len(found) >= least + or_more else rows))

    return estimate


def _estimate_cases(given):
    return [((ROWS, known), _model(given)(ROWS, known)) for known in KNOWN]


EXERCISES = (
    Exercise(
        "00.1",
        "core",
        "function",
        "Write `kind(guesses, names)`, a classifier: guesses is a list of (name, probability), names says which names "
        "mean which kind, as `NAMES` does. Return the kind whose names have the largest sum of probabilities, or None "
        "where none of the guesses is known.",
        hints=(
            "Add up before you compare: two names of one kind can beat one name of another.",
            "sum(share for name, share in guesses if name in known) is the sum of one kind.",
            "Put the sums of all kinds in a dict, take the largest with max(..., key=...), and look at it before you "
            "return its kind.",
        ),
        because=(
            "You turned a thousand classes into a few by adding probabilities: that is called zero-shot "
            "classification."
        ),
        cases=_kind_cases,
        wrong=(
            Mistake(
                "surest name",
                "It takes the kind of the surest name. Two names of one kind count together.",
                lambda g: _surest,
            ),
            Mistake("first guess", "It looks at the first guess only; a known name may follow.", lambda g: _first),
            Mistake(
                "never None",
                "Where no guess is known it still names a kind. Return None there.",
                lambda g: _never_none,
            ),
        ),  # fmt: skip
    ),
    Exercise(
        "00.2",
        "core",
        "function",
        "Write `nearest(query, vectors, k)`, a search engine: the row numbers of the k vectors (n, d) that have the "
        "largest cosine with query (d,), the best first, as a list.",
        hints=(
            "The cosine is the dot product of two vectors, each divided by its own length.",
            "np.linalg.norm(vectors, axis=1) gives the lengths of all rows; vectors @ query the dot products.",
            "np.argsort sorts upwards, and you want the largest first: sort the negative, then cut off k.",
        ),
        because="Lesson 06 puts a better map before this and an index behind it; the search itself stays these lines.",
        cases=_nearest_cases,
        wrong=(
            Mistake(
                "dot product",
                "Long vectors win: divide by the lengths before you compare.",
                lambda g: lambda query, vectors, k: np.argsort(-(vectors @ query))[:k].tolist(),
            ),
            Mistake(
                "upwards",
                "The worst comes first: argsort sorts upwards.",
                lambda g: lambda query, vectors, k: np.argsort(_cosines(query, vectors))[:k].tolist(),
            ),
            Mistake(
                "distance",
                "That is the straight-line distance. It prefers rows of the query's length; the cosine looks at "
                "direction alone.",
                lambda g: lambda query, vectors, k: np.argsort(np.linalg.norm(vectors - query, axis=1))[:k].tolist(),
            ),
        ),  # fmt: skip
    ),
    Exercise(
        "00.3",
        "stretch",
        "function",
        "Write `estimate(rows, known)`, a price model: the median `price` of the rows (dicts) that agree with every "
        "value in known. A value of None is not known, and where fewer than `task.least` rows agree, all rows count.",
        hints=(
            "First drop from known what is None; then keep the rows that have all that is left.",
            "all(row[field] == value for field, value in wanted.items()) says whether a row agrees.",
            "Compare the number of rows that agree with task.least; statistics.median takes the prices of those, or "
            "of all.",
        ),
        because=(
            "A baseline that everyone understands. Lesson 07 has to beat one like it, on gadgets that it has not seen."
        ),
        cases=_estimate_cases,
        within=0.01,
        wrong=(
            Mistake(
                "mean",
                "One expensive gadget pulls the mean up; the median hardly moves.",
                lambda g: _model(g, middle=statistics.mean),
            ),
            Mistake(
                "no fallback",
                "One row is no median: where too few rows agree, take them all.",
                lambda g: _model(g, least=1),
            ),
            Mistake(
                "None counts",
                "It looks for rows whose value is None. None means: not read.",
                lambda g: _model(g, none_counts=True),
            ),
            Mistake("one more", "With exactly `task.least` rows there are enough.", lambda g: _model(g, or_more=1)),
        ),
        variant=lambda rng: {"least": rng.randint(2, 9)},
    ),
)

QUIZ = (
    Question(
        "00.q1",
        "The network called a phone a binder, with a probability near .9. Why is that no proof?",
        right=(
            "A softmax shares a total of 1 among its names, and nobody has checked it on such pictures.",
            "There is no name for 'I do not know', and whether .9 means nine times in ten has to be measured: lesson "
            "03 calls that calibration.",
        ),
        wrong=(
            (
                "Cellular telephone is not among its 1000 names.",
                "It is; the network had the right word and chose another.",
            ),
            (
                "The photo was too small.",
                "Size may change the guess, but the probabilities add up to 1 at any size.",
            ),
        ),
    ),
    Question(
        "00.q2",
        "A mistake in which stage does most harm to the stages after it?",
        right=(
            "read",
            "What is not read cannot be extracted, and the price is then estimated without it. Lesson 08 measures "
            "this.",
        ),
        wrong=(
            ("classify", "It hurts, for the kind picks the price range. But the text's fields still get through."),
            ("price", "It comes last; nothing depends on it."),
        ),
    ),
)
