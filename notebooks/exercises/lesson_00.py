"""Exercises of lesson 00: a table of prices, a row of look-alikes, a rule for prices."""

from __future__ import annotations

import re

from coursekit.exercises import Exercise, Mistake, Question


def _ratio(column):
    return lambda given: given.prices[column][given.dear] / given.prices[column][given.cheap]


def _alike(given):
    return sum(kind == given.kind for kind in given.found)


SAID = [
    ("now $329.50 only", True),
    ("1,299 USD", True),
    ("$ 49", True),
    ("save big", False),
    ("RTX 4070 8GB", False),
    ("free shipping in the USA", False),
]


def _says(function, text):
    return bool(function(text))


def _right_rule(function, given):
    return all(_says(function, text) is price for text, price in SAID)


EXERCISES = (
    Exercise(
        "00.1",
        "core",
        "number",
        "In the table of prices above, how many times the median of `task.cheap` is the median of `task.dear`? "
        "One decimal is enough.",
        hints=(
            "The median is the column 50%.",
            'prices["50%"] holds the medians; its rows are named by kind.',
            'prices["50%"][task.dear] divided by prices["50%"][task.cheap].',
        ),
        because="A model that knows only the kind already separates cheap from dear; every spec must add to that.",
        expected=_ratio("50%"),
        within=0.06,
        wrong=(
            Mistake("upside down", "That is the cheap one in terms of the dear one.", lambda g: 1 / _ratio("50%")(g)),
            Mistake("mean", "That compares the means. A few very dear gadgets pull a mean up.", _ratio("mean")),
            Mistake("95 %", "That compares the dearest of each kind (95%), not the middle ones (50%).", _ratio("95%")),
            Mistake(
                "difference",
                "That is how many dollars lie between the two. How many *times* is asked for: divide.",
                lambda g: g.prices["50%"][g.dear] - g.prices["50%"][g.cheap],
                lambda a, g: abs(a - (g.prices["50%"][g.dear] - g.prices["50%"][g.cheap])) < 2,
            ),
        ),
        variant=lambda rng: {
            "dear": rng.choice(["laptop", "mobile_phone", "tablet"]),
            "cheap": rng.choice(["smartwatch", "headphones"]),
        },
    ),
    Exercise(
        "00.2",
        "core",
        "number",
        "How many of the six nearest photos above are of the same kind as the picture? Give a number from 0 to 6.",
        hints=(
            'The kind of the picture is sample["gadget_type"].',
            "Count the titles above the photos that name this kind.",
            'shipped.gadget_type.iloc[nearest] are the six kinds; compare them with sample["gadget_type"] and sum.',
        ),
        because="That count, divided by six, is precision at 6: lesson 06 measures search engines with it.",
        expected=_alike,
        wrong=(
            Mistake(
                "share", "That is the share of the six. The count is asked for.", lambda g: _alike(g) / len(g.found)
            ),
            Mistake("others", "You counted those of *another* kind.", lambda g: len(g.found) - _alike(g)),
            Mistake("itself", "One too many: the picture itself is not among the six.", lambda g: _alike(g) + 1),
        ),
    ),
    Exercise(
        "00.3",
        "stretch",
        "function",
        "Write a function that takes a text and returns True when it states a price in dollars.",
        hints=(
            'What do "$329.50" and "1,299 USD" have that "RTX 4070 8GB" lacks?',
            "A sign before a number, or a code after it: two patterns, joined by | in one regular expression.",
            r're.search(r"\$\s?\d|\d\s?USD", text) is nearly it; turn it into True or False with bool().',
        ),
        because="You wrote a rule. Lesson 05 shows where rules stop, and what to do then.",
        right=_right_rule,
        wrong=(
            Mistake(
                "always",
                "It says yes to text without any price.",
                lambda g: lambda text: True,
                lambda f, g: _says(f, "save big"),
            ),
            Mistake(
                "any number",
                "It takes any number for a price; RTX 4070 is none.",
                lambda g: lambda text: bool(re.search(r"\d", text)),
                lambda f, g: _says(f, "RTX 4070 8GB"),
            ),
            Mistake(
                "letters are enough",
                "It sees dollars where no number is: 'free shipping in the USA' states no price.",
                lambda g: lambda text: "$" in text or "US" in text,
                lambda f, g: _says(f, "free shipping in the USA"),
            ),
            Mistake(
                "sign only",
                "It misses prices written as 1,299 USD.",
                lambda g: lambda text: bool(re.search(r"\$\s?\d", text)),
                lambda f, g: not _says(f, "1,299 USD"),
            ),
            Mistake(
                "code only",
                "It misses prices written with the sign, as $329.50 or $ 49.",
                lambda g: lambda text: "USD" in text,
                lambda f, g: not (_says(f, "now $329.50 only") and _says(f, "$ 49")),
            ),
        ),
    ),
)

QUIZ = (
    Question(
        "00.q1",
        "The network gave the blank page a name with some confidence. Why?",
        right=(
            "Its outputs must sum to one.",
            'A softmax spreads all its probability over the names it has; "none" is not among them.',
        ),
        wrong=(
            (
                "It has seen blank pages in training.",
                "ImageNet has no class for it; even if such pictures were in it, the mechanism would be the same.",
            ),
            ("The picture was too small.", "Size changes the guess, not the fact that there must be one."),
        ),
    ),
    Question(
        "00.q2",
        "Which stage's mistake costs most further down?",
        right=(
            "read",
            "What is not read cannot be extracted, and the price model then works without it. Lesson 08 measures this.",
        ),
        wrong=(
            ("classify", "It hurts, for the kind picks the price range. But four other fields still get through."),
            ("price", "It comes last; nothing depends on it."),
        ),
    ),
)
