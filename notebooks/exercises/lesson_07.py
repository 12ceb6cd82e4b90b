"""Exercises of lesson 07: an interval by hand, what a label costs, a model without its constraint."""

from __future__ import annotations

import numpy as np

from coursekit.exercises import Exercise, Mistake, Question, once


def _errors(given, kind=True):
    rows = given.whole[given.whole.kind == given.kind] if kind else given.whole
    return np.log(rows.predicted / rows.price).to_numpy()


def _quantile(errors, level):
    from gadgetlib.pricing import conformal_quantile

    return conformal_quantile(np.abs(errors), level)


def _factor(given):
    return float(np.exp(_quantile(_errors(given), given.level)))


def _extra(given):
    """What noise cancelling adds to each price."""
    prices = np.asarray(once(given, "prices"))
    return prices[:, 1] - prices[:, 0]


def _curves(given):
    """Prices (laptops, sizes) by a model without the constraint; fitted when first needed, then kept."""
    if not hasattr(given, "curves"):
        from gadgetlib import price_tables, pricing

        free = pricing.PriceRegressor(rounds=100, seeds=1, trees=40, folds=3, monotone=(), seed=given.seed)
        free.fit(given.X.iloc[given.rows], given.y[given.rows], given.table.groups[given.rows])
        grown = (price_tables.features(given.some.assign(ram_gb=size), given.table.mapping) for size in given.sizes)
        given.curves = np.exp(np.stack([free.predict(rows) for rows in grown], axis=1))
    return given.curves


def _falling(given):
    return np.diff(_curves(given), axis=1) < -1e-6


def _fallen(given):
    return int(_falling(given).any(axis=1).sum())


def _near(answer, count):
    """Rounds and seeds are the learner's own, so counts differ a little."""
    return abs(answer - count) <= max(2, 0.2 * count)


EXERCISES = (
    Exercise(
        "07.1",
        "core",
        "number",
        "An interval for one class only, by hand. Take the rows of `whole` whose kind is `task.kind`, and their absolute "
        "log errors. Within which factor of the estimate does the share `task.level` of their prices lie? Give a number over 1.",
        hints=(
            "The log error of a row is np.log(whole.predicted / whole.price).",
            "pricing.conformal_quantile(absolute log errors of the class, task.level) is the logarithm of the factor.",
            "np.exp(pricing.conformal_quantile(np.abs(np.log(rows.predicted / rows.price)), task.level)) with rows = "
            "whole[whole.kind == task.kind].",
        ),
        because="A quantile of honest errors is an interval. There is no more to it.",
        expected=_factor,
        within=6e-3,
        wrong=(
            Mistake(
                "logarithm",
                "That is the quantile of the logarithms; the factor is its exponential.",
                lambda g: float(np.log(_factor(g))),
            ),
            Mistake(
                "all classes",
                "That is the factor over all classes. Take the rows of one.",
                lambda g: float(np.exp(_quantile(_errors(g, kind=False), g.level))),
            ),
            Mistake(
                "signed errors",
                "You sorted the errors with their signs. An interval has two sides: take absolute values first.",
                lambda g: float(np.exp(np.quantile(_errors(g), g.level))),
                lambda a, g: abs(a - np.exp(np.quantile(_errors(g), g.level))) < 0.02,
            ),
            Mistake(
                "the other tail",
                "That is the factor which the share 1 - level keeps.",
                lambda g: float(np.exp(_quantile(_errors(g), 1 - g.level))),
            ),
            Mistake(
                "downwards",
                "That is one over the factor. Give the factor itself, a number over 1.",
                lambda g: 1 / _factor(g),
            ),
        ),
        variant=lambda rng: {
            "kind": rng.choice(["tablet", "headphones", "smartwatch", "laptop"]),
            "level": rng.choice([0.7, 0.75, 0.8, 0.85]),
        },
    ),
    Exercise(
        "07.2",
        "core",
        "number",
        "What does noise cancelling cost? Ask pricing.what_if about the headphones, column `noise_cancelling`, values 0 and 1. "
        "Give the median difference in dollars.",
        hints=(
            'frame[kind == "headphones"] are the rows.',
            "what_if returns two columns of prices, named 0 and 1; subtract, then take the median.",
            'two = pricing.what_if(model, frame[kind == "headphones"], "noise_cancelling", [0, 1]); (two[1] - two[0]).median()',
        ),
        because="It is what the model pays for the label, all else equal. In the shop, little else is equal.",
        expected=lambda g: float(np.median(_extra(g))),
        within=0.5,
        wrong=(
            Mistake(
                "sign",
                "Mind the sign: with minus without.",
                lambda g: -float(np.median(_extra(g))),
                lambda a, g: abs(a + np.median(_extra(g))) < 0.5,
            ),
            Mistake(
                "mean",
                "That is the mean. A few dear models pull it up; take the median.",
                lambda g: float(np.mean(_extra(g))),
            ),
            Mistake(
                "factor",
                "That is a ratio of prices. Dollars are asked for.",
                lambda g: float(np.median(np.asarray(once(g, "prices"))[:, 1] / np.asarray(once(g, "prices"))[:, 0])),
                lambda a, g: (
                    abs(a - np.median(np.asarray(once(g, "prices"))[:, 1] / np.asarray(once(g, "prices"))[:, 0])) < 0.02
                ),
            ),
            Mistake(
                "the price itself",
                "That is a price, not what the label adds to it: subtract.",
                lambda g: float(np.median(np.asarray(once(g, "prices"))[:, 1])),
                lambda a, g: a >= np.asarray(once(g, "prices")).min(),
            ),
        ),
    ),
    Exercise(
        "07.3",
        "stretch",
        "count",
        "Fit pricing.PriceRegressor without its constraint (`monotone=()`) on the rows grouped[0][0] of `X` and `y`. For how "
        "many laptops of `some` does more RAM, through `sizes`, lower its price somewhere?",
        hints=(
            "pricing.PriceRegressor(rounds=100, seeds=1, trees=40, folds=3, monotone=(), seed=seed).fit(X.iloc[rows], y[rows], "
            "table.groups[rows]) with rows = grouped[0][0].",
            "price_tables.features(some.assign(ram_gb=size), table.mapping) for each size; predict; one column a size.",
            "(np.diff(columns, axis=1) < -1e-6).any(axis=1).sum()",
        ),
        because="A free model bends to noise, here more and there less. The constraint costs almost nothing and removes "
        "answers nobody would believe.",
        right=lambda a, g: (a > 0) == (_fallen(g) > 0) and a <= len(g.some) and _near(a, _fallen(g)),
        wrong=(
            Mistake("constrained", "None at all? Then the constraint was still on: pass monotone=().", lambda g: 0),
            Mistake(
                "never",
                "That counts the laptops whose price never falls.",
                lambda g: len(g.some) - _fallen(g),
                lambda a, g: _near(a, len(g.some) - _fallen(g)),
            ),
            Mistake(
                "steps",
                "You counted falling steps. A laptop whose price falls twice is still one laptop.",
                lambda g: int(_falling(g).sum()),
                lambda a, g: _near(a, int(_falling(g).sum())),
            ),
            Mistake(
                "ends only",
                "You compared the smallest with the largest size. A price may dip in between.",
                lambda g: int((_curves(g)[:, -1] < _curves(g)[:, 0]).sum()),
                lambda a, g: a == int((_curves(g)[:, -1] < _curves(g)[:, 0]).sum()),
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
                "It changes the score by little. The twins matter more; and so does a column worked out from the price.",
            ),
        ),
    ),
    Question(
        "07.q2",
        "Intervals cover 90 % of all rows. Can you promise a headphone buyer 90 %?",
        right=("Only if it was calibrated within the class.", "And only if enough headphones were held out to say so."),
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
        "The model prices a laptop with 4,000 GB of RAM like one with 64. Is the monotone constraint broken?",
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
