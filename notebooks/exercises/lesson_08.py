"""Exercises of lesson 08: the worst field, the budget, when to ask a person."""

from __future__ import annotations

from coursekit.exercises import Exercise, Mistake, Question
from gadgetlib import SPEC_FIELDS


def _misses(given):
    """field -> in how many listings it is wrong, for the fields that are asked about."""
    return {field: sum(not row[field] for row in given.right) for field in given.fields}


def _gain(given):
    return 100 * (given.budget["with the true text"] - given.budget["as it is"])


def _flagged(function, given):
    return [bool(function(listing)) for listing in given.listings]


def _share_caught(function, given):
    """Of the listings with an error, the share that the function sends to a person."""
    wrong = [flag for flag, row in zip(_flagged(function, given), given.right) if not all(row.values())]
    return sum(wrong) / len(wrong) if wrong else 1.0


def _asks_well(function, given):
    return (
        bool(function(given.crippled)) and _share_caught(function, given) >= 0.5 and not all(_flagged(function, given))
    )


EXERCISES = (
    Exercise(
        "08.1",
        "core",
        "text",
        "Which of `task.fields` is wrong most often in the counts above? Give its name.",
        hints=(
            "The counts say how often each is *right*.",
            "The smallest count is the worst field. Look only at the fields that are asked about.",
            "min(task.fields, key=lambda field: sum(row[field] for row in right))",
        ),
        because="Improve the worst field of the worst stage first; everything else is polishing.",
        right=lambda a, g: a in g.fields and _misses(g)[a] == max(_misses(g).values()),
        wrong=(
            Mistake(
                "type",
                "'type' is not an extracted field; it comes from the classifier.",
                lambda g: "type",
                lambda a, g: a in ("type", "gadget_type"),
            ),
            Mistake(
                "right most often",
                "That one is right most often: the counts say how many are right.",
                lambda g: min(_misses(g), key=_misses(g).get),
                lambda a, g: a in g.fields and _misses(g)[a] == min(_misses(g).values()),
            ),
            Mistake(
                "not asked about",
                "That field is not among those that you are asked about.",
                lambda g: next(field for field in SPEC_FIELDS if field not in g.fields),
                lambda a, g: a in SPEC_FIELDS and a not in g.fields,
            ),
            Mistake(
                "no field",
                "No field is called that; write it as the counts above do.",
                lambda g: "RAM",
                lambda a, g: a not in SPEC_FIELDS,
            ),
            Mistake(
                "in between",
                "Another of them is wrong more often: look for the smallest count.",
                lambda g: sorted(_misses(g), key=_misses(g).get)[1],
                lambda a, g: a in g.fields,
            ),
        ),
        variant=lambda rng: {"fields": sorted(rng.sample(SPEC_FIELDS, 3))},
    ),
    Exercise(
        "08.2",
        "core",
        "number",
        "By how many percentage points would a perfect reader raise the share of listings with every field right?",
        hints=(
            "A perfect reader delivers the true text. Two rows of the budget differ in nothing else.",
            'budget["with the true text"] and budget["as it is"].',
            "Subtract them and multiply by 100.",
        ),
        because="That is the most any OCR engine can buy you here. If it is small, look elsewhere.",
        expected=_gain,
        within=0.6,
        wrong=(
            Mistake(
                "share",
                "That is a share; percentage points are a hundred times that.",
                lambda g: _gain(g) / 100,
                lambda a, g: abs(100 * a - _gain(g)) < 0.6,
            ),
            Mistake(
                "sign",
                "Mind the order: with the true text, minus as it is.",
                lambda g: -_gain(g),
                lambda a, g: abs(a + _gain(g)) < 0.6,
            ),
            Mistake(
                "relative",
                "That is the gain in percent of what it was. Percentage points are the plain difference.",
                lambda g: _gain(g) / g.budget["as it is"],
                lambda a, g: abs(a - _gain(g) / g.budget["as it is"]) < 0.6,
            ),
            Mistake(
                "both",
                "That is what reader and classifier would gain together. Leave the type as it was seen.",
                lambda g: 100 * (g.budget["with both"] - g.budget["as it is"]),
                lambda a, g: abs(a - 100 * (g.budget["with both"] - g.budget["as it is"])) < 0.6,
            ),
            Mistake(
                "what is left",
                "That is what is wrong even with the true text: the extractor's share, not the reader's.",
                lambda g: 100 * (1 - g.budget["with the true text"]),
                lambda a, g: abs(a - 100 * (1 - g.budget["with the true text"])) < 0.6,
            ),
        ),
    ),
    Exercise(
        "08.3",
        "stretch",
        "function",
        "Write a function that takes a Listing and returns True when a person should look at it before it goes online. It "
        "must catch `crippled` and half of the listings with an error, and not send everything.",
        hints=(
            "An empty text, a low probability of the type, low confidences in listing.evidence: which go with errors?",
            'min(proof["confidence"] for proof in listing.evidence.values()) is the weakest field; print it beside the errors.',
            "No text at all, or the weakest confidence below a limit; move the limit until half of the errors are caught.",
        ),
        because="A pipeline that knows when to ask is worth more than one that is right slightly more often.",
        right=_asks_well,
        wrong=(
            Mistake(
                "everything",
                "It sends everything to a person: then there is no pipeline.",
                lambda g: lambda listing: True,
                lambda f, g: all(_flagged(f, g)),
            ),
            Mistake(
                "nothing",
                "It sends nothing to a person, not even the listing whose reader failed.",
                lambda g: lambda listing: False,
                lambda f, g: not any(_flagged(f, g)) and not f(g.crippled),
            ),
            Mistake(
                "failures only",
                "That catches stages that failed. Most errors come without a failure: look at the confidences too.",
                lambda g: lambda listing: not listing.text,
                lambda f, g: f(g.crippled) and _share_caught(f, g) < 0.5,
            ),
            Mistake(
                "failed reader missed",
                "It misses the listing whose reader failed.",
                lambda g: lambda listing: listing is not g.crippled and listing is not g.listings[0],
                lambda f, g: not f(g.crippled),
            ),
        ),
    ),
)

QUIZ = (
    Question(
        "08.q1",
        "The budget says a perfect reader would gain 10 points and a perfect extractor 4. Together?",
        right=(
            "it depends",
            "A listing with two errors needs both mended, so gains can be more than their sum; a listing wrong for one reason gains once.",
        ),
        wrong=(
            ("14", "That assumes that errors never share a listing."),
            (
                "10",
                "That assumes that the extractor's errors all lie in listings that were read wrong, and go away with them.",
            ),
        ),
    ),
    Question(
        "08.q2",
        "Why is the test split made by product, not by picture?",
        right=(
            "Two pictures of one product share brand, model and specs.",
            "With one in training, the other is not a test of reading but of remembering.",
        ),
        wrong=(
            ("There are fewer products than pictures, so it is faster.", "The number of pictures read stays the same."),
            (
                "So that every class is tested.",
                "That would be a split by class; products and classes have little to do with each other here.",
            ),
        ),
    ),
)
