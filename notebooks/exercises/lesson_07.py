"""Exercises of lesson 07: grouped folds, a conformal interval, a detector of leaks; each built as a function."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pandas as pd

from coursekit.exercises import Exercise, Mistake, Question, call, equal

# ---------------------------------------------------------------- 07.1: folds by group


def _lists() -> list[list[str]]:
    """Groups of rows: shuffled with sizes 1 to 4, sorted, and numbers instead of names."""
    rng = np.random.default_rng(7)
    names = [f"model {i}" for i in range(60) for _ in range(1 + i % 4)]
    return [list(rng.permutation(names)), names, [name.split()[1] for name in rng.permutation(names)]]


def _folds(answer) -> list[tuple[list, list]]:
    return [(groups, call(answer, list(groups))) for groups in _lists()]


def _parted(found) -> bool:
    return any(len(set(zip(groups, fold))) > len(set(groups)) for groups, fold in found)


def _range(found, count) -> bool:
    return all(set(fold) == set(range(count)) for _, fold in found)


def _largest(found) -> float:
    """Rows of the largest fold, as a multiple of the mean."""
    return max(max(Counter(fold).values()) * len(set(fold)) / len(fold) for _, fold in found)


def _holds_together(answer, given) -> bool:
    found = _folds(answer)
    whole = all(len(fold) == len(groups) for groups, fold in found)
    return whole and _range(found, given.folds) and not _parted(found) and _largest(found) <= 1.6


def _in_turn(given):
    return lambda groups: [list(dict.fromkeys(groups)).index(group) % given.folds for group in groups]


# ---------------------------------------------------------------- 07.2: the quantile


def _half_width(errors, level, offset=0, signed=False, few=math.inf):
    values = sorted(errors) if signed else sorted(map(abs, errors))
    rank = math.ceil((len(values) + 1) * level - 1e-9) + offset
    return values[rank - 1] if rank <= len(values) else few if few is not None else values[-1]


def _quantiles(given):
    rng = np.random.default_rng(3)
    lists = [
        (rng.normal(0.02, 0.2, n).round(4).tolist(), level)
        for n, level in ((99, 0.9), (50, 0.8), (333, 0.75), (5, 0.9))
    ]
    return [(one, _half_width(*one)) for one in lists]


# ---------------------------------------------------------------- 07.3: leaks

SPECS = ("ram", "storage", "screen")


def _tables() -> list[tuple[pd.DataFrame, np.ndarray, set[str]]]:
    """Tables, their prices, and the columns that give those away: a and c alone, the others with one spec."""
    rng = np.random.default_rng(5)
    made = []
    for leaks in ((), ("a",), ("b",), ("c",), ("d",), ("e",), ("a", "b", "c")):
        ram, storage = rng.choice([4, 8, 16, 32], 300), rng.choice([128, 256, 512, 1024], 300)
        price = (60 * ram**0.7 * storage**0.15 * np.exp(rng.normal(0, 0.3, 300))).round(2)
        frame = pd.DataFrame({"ram": ram, "storage": storage, "screen": rng.choice([6.1, 11, 15.6, 27], 300)})
        frame["stars"] = (3 + np.log(price) / 8 + rng.normal(0, 0.1, 300)).round(2)
        columns = {"a": (1.1 * price).round(), "b": (1000 * storage / price).round(1), "c": np.sqrt(price).round(1)}
        columns |= {"d": (1000 * ram / price).round(1), "e": (price / frame["screen"]).round(1)}
        made.append((frame.assign(**{name: columns[name] for name in leaks}), price, set(leaks)))
    return made


def _named(answer) -> list[tuple[set[str], set[str]]]:
    """What the answer names in each table, beside what it should."""
    return [(set(call(answer, frame.copy(), price.copy())), leaks) for frame, price, leaks in _tables()]


def _detector(frame, price, alone=0.95, specs=SPECS):
    target, found = np.log(price), set()
    rest = [column for column in frame if column not in SPECS]
    for column in rest:
        if abs(frame[column].corr(pd.Series(price), "spearman")) > alone:
            found.add(column)
        for spec in specs:
            design = np.c_[np.ones(len(frame)), np.log(frame[[column, spec]])]
            weights, *_ = np.linalg.lstsq(design, target, rcond=None)
            if np.var(target - design @ weights) < 0.03 * np.var(target) and abs(weights[1]) > 0.3:
                found.add(column)
    return sorted(found)


EXERCISES = (
    Exercise(
        "07.1",
        "core",
        "function",
        "Build what GroupKFold does. Write a function of a list `groups` (one name per row) that returns a list of "
        "the same length: the fold of each row, 0 to `task.folds` - 1. Rows of one group share a fold, every fold is "
        "used, and none has more than 1.6 times its share of the rows.",
        hints=(
            "Give folds to groups, not to rows; then look up each row's group.",
            "dict.fromkeys(groups) has every group once, in the order of the list; enumerate numbers them.",
            "A number modulo task.folds runs through the folds in turn.",
        ),
        because="This is all that stands between a score for new models and a score for models remembered.",
        right=_holds_together,
        wrong=(
            Mistake(
                "by row",
                "Rows of one group are in two folds: its twin is in the training rows. Give folds to groups.",
                lambda g: lambda groups: [i % g.folds for i in range(len(groups))],
                lambda a, g: _parted(_folds(a)),
            ),
            Mistake(
                "one entry per group",
                "Give a list with an entry for every row: look up the fold of each row's group.",
                lambda g: lambda groups: [i % g.folds for i, _ in enumerate(dict.fromkeys(groups))],
                lambda a, g: any(len(fold) != len(groups) for groups, fold in _folds(a)),
            ),
            Mistake(
                "another number of folds",
                "The folds are not 0 to task.folds - 1, each of them used.",
                lambda g: lambda groups: [list(dict.fromkeys(groups)).index(x) for x in groups],
                lambda a, g: not _range(_folds(a), g.folds),
            ),
            Mistake(
                "lopsided",
                "One fold holds far more rows than the others: its training part is small, and its score dominates.",
                lambda g: lambda groups: [max(0, list(dict.fromkeys(groups)).index(x) - 60 + g.folds) for x in groups],
                lambda a, g: _largest(_folds(a)) > 1.6,
            ),
        ),
        variant=lambda rng: {"folds": rng.choice([3, 4, 5, 6])},
    ),
    Exercise(
        "07.2",
        "core",
        "function",
        "Build the interval. Write a function of `errors` (a list, log(predicted / price) of rows held out) and "
        "`level`, such as 0.9. It returns q, half the width of the interval: the smallest q that |error| of the next "
        "row will not exceed in at least the share `level` of cases; math.inf where there are too few errors to "
        "promise that.",
        hints=(
            "An interval has two sides: what counts is how large an error is.",
            "Sort them. Of n errors and one more, the next takes each of n + 1 places equally often.",
            "The place to take is the ceiling of (n + 1) * level, counted from one; is there such a place?",
        ),
        because="A sorted list and one index: no assumption about the model, or about the shape of its errors.",
        cases=_quantiles,
        wrong=(
            Mistake(
                "signed errors",
                "You sorted the errors with their signs. An interval has two sides: take absolute values first.",
                lambda g: lambda errors, level: _half_width(errors, level, signed=True),
            ),
            Mistake(
                "an ordinary quantile",
                "That is the quantile of the errors you have. The next row is one more: use n + 1.",
                lambda g: lambda errors, level: float(np.quantile(np.abs(errors), level)),
                lambda a, g: any(
                    all(
                        equal(call(a, *one), np.quantile(np.abs(one[0]), one[1], method=how))
                        for one, _ in _quantiles(g)[:3]
                    )
                    for how in ("linear", "higher", "lower", "nearest")
                ),
            ),
            Mistake(
                "too few",
                "Five errors cannot promise nine in ten: there is no such place in the list. Return math.inf.",
                lambda g: lambda errors, level: _half_width(errors, level, few=None),
                lambda a, g: all(equal(call(a, *one), wanted) for one, wanted in _quantiles(g)[:3]),
            ),
            Mistake(
                "n in place of n + 1",
                "You took the place from the errors that you have. The next row is one more: n + 1 places.",
                lambda g: lambda errors, level: sorted(map(abs, errors))[math.ceil(len(errors) * level - 1e-9) - 1],
                lambda a, g: all(
                    equal(call(a, errors, level), sorted(map(abs, errors))[math.ceil(len(errors) * level - 1e-9) - 1])
                    for (errors, level), _ in _quantiles(g)[1:3]
                ),
            ),
            Mistake(
                "a factor",
                "That is the factor, exp(q). Asked for is q itself, in logarithms as the errors are.",
                lambda g: lambda errors, level: math.exp(_half_width(errors, level)),
            ),
            Mistake(
                "one place too far",
                "You took the place after. Counted from zero, the k-th smallest is at k - 1.",
                lambda g: lambda errors, level: _half_width(errors, level, offset=1),
            ),
            Mistake(
                "the other tail",
                "That leaves the share level outside. Sort upwards and take the place from below.",
                lambda g: lambda errors, level: _half_width(errors, 1 - level),
            ),
        ),
    ),
    Exercise(
        "07.3",
        "stretch",
        "function",
        "Build a detector of leaks. Write a function of `frame` (columns of positive numbers) and `price` (an array) "
        "that returns a list of the columns which give the price away, alone or together with one of the honest specs "
        "`ram`, `storage` and `screen`. It will be tried on tables with and without such columns.",
        hints=(
            'A column that orders the rows as the price does: frame[column].corr(pd.Series(price), "spearman").',
            "value = storage / price is a sum in logarithms: log price = log storage - log value. A straight line "
            "through two columns finds it.",
            "Fit LinearRegression to np.log(frame[[column, spec]]) and np.log(price); an R2 near one is no accident. "
            "Specs are never named themselves, and a weak link (stars) is no leak.",
        ),
        because=(
            "No split finds a leak that stands in the row itself; arithmetic does, and so does asking where a column "
            "came from."
        ),
        right=lambda a, g: all(said == leaks for said, leaks in _named(a)),
        wrong=(
            Mistake(
                "nothing",
                "You name no column at all, and three of the tables hold a plain copy or root of the price.",
                lambda g: lambda frame, price: [],
                lambda a, g: not any(said for said, _ in _named(a)),
            ),
            Mistake(
                "alone only",
                "You miss the columns that give the price only together with a spec, such as storage / price.",
                lambda g: lambda frame, price: _detector(frame, price, specs=()),
                lambda a, g: all(said == leaks - set("bde") for said, leaks in _named(a)),
            ),
            Mistake(
                "one spec only",
                "You miss a column that gives the price together with another spec. Try each column with all three.",
                lambda g: lambda frame, price: _detector(frame, price, specs=["storage"]),
                lambda a, g: all(leaks - set("bde") <= said <= leaks for said, leaks in _named(a)),
            ),
            Mistake(
                "honest columns",
                "You name an honest column: it follows the price, as a good spec does, and does not give it away.",
                lambda g: lambda frame, price: _detector(frame, price, alone=0.3),
                lambda a, g: any(said - leaks for said, leaks in _named(a)),
            ),
        ),
    ),
)


QUIZ = (
    Question(
        "07.q1",
        "A price notebook reports R2 0.98 on a random 20 % of its rows. What do you ask first?",
        right=(
            "Are configurations of one product on both sides?",
            "With twins on both sides the score measures memory.",
        ),
        wrong=(
            ("Which model?", "It hardly matters: the weakest learner remembers names."),
            (
                "Was the price logged?",
                "It changes the score by little. The twins matter more; and so does a column worked out from the "
                "price.",
            ),
        ),
    ),
    Question(
        "07.q2",
        "Intervals cover 90 % of all rows. Can you promise a headphone buyer 90 %?",
        right=("Only if it was calibrated within the kind.", "And only if enough headphones were held out to say so."),
        wrong=(
            ("Yes: 90 % is 90 %.", "90 % overall can be 95 % for phones and 70 % for headphones."),
            (
                "Yes, if all intervals are made wider.",
                "That would help the headphones, and insult the phones, whose intervals were wide enough.",
            ),
        ),
    ),
    Question(
        "07.q3",
        "The trees price a laptop with 4,000 GB of RAM like one with 64. Is the monotone constraint broken?",
        right=(
            "No: trees stay flat beyond what they have seen.",
            "That is why the answer comes with a warning. The constraint says never lower, and lower it is not.",
        ),
        wrong=(
            ("Yes: more memory must cost more.", "The constraint says never lower, not higher."),
            (
                "No, and a straight line would have got it right.",
                "A line would have gone on, into nonsense of another kind.",
            ),
        ),
    ),
)
