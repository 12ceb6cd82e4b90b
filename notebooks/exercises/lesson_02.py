"""Exercises of lesson 02: siblings, a threshold, bits."""

from __future__ import annotations

from coursekit.exercises import Exercise, Mistake, Question, call
from gadgetlib import CLASSES


def _groups(given):
    return given.kept.group[given.kept.label == given.label]


def _siblings(given):
    return int(_groups(given).duplicated(keep=False).sum())


def _more(given):
    return int(((given.sharpness >= given.now) & (given.sharpness < given.limit)).sum())


def _bits(a, b):
    return (int(a, 16) ^ int(b, 16)).bit_count()


HASHES = [
    ("ff00ff00ff00ff00", "ff00ff00ff00ff01"),
    ("0" * 16, "f" * 16),
    ("8" + "0" * 15, "0" * 15 + "1"),
    ("123456789abcdef0", "123456789abcdef0"),
    ("a5a5a5a5a5a5a5a5", "5a5a5a5a00000000"),
]


EXERCISES = (
    Exercise(
        "02.1",
        "core",
        "count",
        "How many kept pictures with the label `task.label` belong to groups of at least two? Those are the ones that a "
        "random split would have torn apart.",
        hints=(
            "kept.group[kept.label == task.label] are their groups. Which of them occur twice?",
            "duplicated() marks repetitions; look up what keep=False does.",
            "kept.group[kept.label == task.label].duplicated(keep=False).sum()",
        ),
        because="Nearly all pictures have siblings here, as in any shop.",
        expected=_siblings,
        wrong=(
            Mistake(
                "groups",
                "That counts the groups, not their pictures.",
                lambda g: int((_groups(g).value_counts() >= 2).sum()),
            ),
            Mistake(
                "first one lost",
                "The first picture of each group counts too: keep=False.",
                lambda g: int(_groups(g).duplicated().sum()),
            ),
            Mistake(
                "only children", "Those are the pictures *without* a sibling.", lambda g: len(_groups(g)) - _siblings(g)
            ),
            Mistake(
                "all labels",
                "That counts the pictures of all labels; one label is asked for.",
                lambda g: int(g.kept.group.duplicated(keep=False).sum()),
            ),
        ),
        variant=lambda rng: {"label": rng.choice(CLASSES)},
    ),
    Exercise(
        "02.2",
        "core",
        "count",
        "`min_sharpness` is a trade-off. How many files of `good`, which all pass the present threshold, would a threshold of "
        "`task.limit` remove?",
        hints=(
            "good.sharpness is a column; good holds only files that pass today.",
            "A file goes when its sharpness lies *below* the threshold.",
            "(good.sharpness < task.limit).sum()",
        ),
        because="Look at them before you raise it: soft studio light is not blur.",
        expected=_more,
        wrong=(
            Mistake(
                "those that stay", "Those are the files that would stay.", lambda g: int((g.sharpness >= g.limit).sum())
            ),
            Mistake(
                "everything blurred",
                "That also counts files that failed before. The question is what goes *in addition*: count in `good`.",
                lambda g: int((g.everything < g.limit).sum()),
            ),
            Mistake(
                "share",
                "That is the share of the files; their number is asked for.",
                lambda g: _more(g) / len(g.sharpness),
            ),
        ),
        variant=lambda rng: {"limit": rng.choice([0.1, 0.12, 0.14, 0.16, 0.18, 0.2])},
    ),
    Exercise(
        "02.3",
        "stretch",
        "function",
        "Write a function of two perceptual hashes, texts of 16 hex digits: in how many of their 64 bits do they differ?",
        hints=(
            "int(text, 16) makes a number of hex digits.",
            "The operator ^ of two numbers has a one wherever their bits differ.",
            "(int(a, 16) ^ int(b, 16)).bit_count()",
        ),
        because="With that and a sorted list you could find every copy in a million pictures.",
        cases=lambda g: [(pair, _bits(*pair)) for pair in HASHES],
        wrong=(
            Mistake(
                "digits",
                "That compares hex digits. Each stands for four bits, and one to four of them may differ.",
                lambda g: lambda a, b: sum(x != y for x, y in zip(a, b)),
                lambda f, g: call(f, *HASHES[1]) == 16,
            ),
            Mistake(
                "agreement",
                "That counts the bits that agree.",
                lambda g: lambda a, b: 64 - _bits(a, b),
                lambda f, g: call(f, *HASHES[1]) == 0 and call(f, *HASHES[3]) == 64,
            ),
            Mistake(
                "subtraction",
                "That subtracts the numbers. Bits are compared with ^, not with minus.",
                lambda g: lambda a, b: abs(int(a, 16) - int(b, 16)),
                lambda f, g: call(f, *HASHES[1]) == int("f" * 16, 16),
            ),
            Mistake(
                "ones of each",
                "That compares how many ones each hash has. Two hashes can have equally many in different places.",
                lambda g: lambda a, b: abs(int(a, 16).bit_count() - int(b, 16).bit_count()),
                lambda f, g: call(f, *HASHES[2]) == 0,
            ),
        ),
    ),
)

QUIZ = (
    Question(
        "02.q1",
        "Two pictures have perceptual hashes 6 bits apart. Are they copies?",
        right=(
            "perhaps; it makes them candidates",
            "A 64-bit hash sees 8 by 8 coarse waves; two black phones on white can agree in nearly all of them.",
        ),
        wrong=(
            (
                "yes, below 10 is the rule",
                "That is how look-alikes get deleted: the histogram above shows how many pairs it would have taken.",
            ),
            (
                "no, copies have equal hashes",
                "That describes cryptographic hashes, which change completely with one pixel.",
            ),
        ),
    ),
    Question(
        "02.q2",
        "Why judge labels with out-of-fold predictions?",
        right=(
            "because a model agrees with labels that it was trained on, right or wrong",
            "Given enough capacity a model reproduces every label it has seen, so its agreement says nothing.",
        ),
        wrong=(
            ("to save time", "It takes five times as long."),
            (
                "because cleanlab demands a test set",
                "It needs probabilities for all pictures, none of them from a model that saw the picture.",
            ),
        ),
    ),
)
