"""Checks in notebooks: what is said of each kind of answer, hints in tiers."""

from __future__ import annotations

import pytest

from coursekit import check, exercises
from gadgetlib.errors import CourseError

PRICES = {"tablet": 400.0, "headphones": 100.0}
RATIO = exercises.Exercise(
    "99.1", "core", "list", "The prices of both kinds over that of the cheap one, in a list?",
    ("one", "two", "three"),
    because="A model that knows only the kind already separates cheap from dear.",
    right=lambda a, g: exercises.equal(a, [PRICES[g.dear] / PRICES[g.cheap], 1.0]),
    wrong=(
        exercises.Mistake("upside down", "That is the cheap one in terms of the dear one.", lambda g: [0.25, 1.0],
                          lambda a, g: a == [PRICES[g.cheap] / PRICES[g.dear], 1.0]),
        exercises.Mistake("difference", "How many times, not how much more: divide.", lambda g: [300.0, 0.0],
                          lambda a, g: a[0] == PRICES[g.dear] - PRICES[g.cheap]),
    ),
    variant=lambda rng: {"dear": "tablet", "cheap": "headphones"},
)  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch):
    monkeypatch.setattr(check, "RESULTS", {})
    monkeypatch.setattr(check, "_HINTS", {})
    find = exercises.find
    monkeypatch.setattr(exercises, "find", lambda name: RATIO if name == "99.1" else find(name))


def judge(answer, capsys):
    check.exercise("99.1", answer, seed=42)
    return check.RESULTS["99.1"], capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "verdict", "mistake", "words"),
    [
        (..., "not attempted", None, 'not attempted. For a hint: check.hint("99.1")'),
        ([4.0, 1.0], "right", None, "right. A model that knows only the kind"),
        ((4, 1), "right", None, "right. "),
        ([0.25, 1], "wrong", "upside down", "not yet. That is the cheap one"),
        ([300, 0], "wrong", "difference", "divide"),
        ([7.7, 1], "wrong", None, 'not yet. For a hint: check.hint("99.1")'),
        ("four", "wrong", None, "not yet. Give a list; yours is 'four'."),
        (4.0, "wrong", None, "Give a list; yours is 4.0."),
        ([4.0, True], "wrong", None, "not yet. "),
        ([object()], "wrong", None, "Give a list; yours is [<object object"),
        (lambda: [4.0, 1.0], "wrong", None, "Give a list; yours is"),
    ],
)
def test_every_kind_of_answer_is_answered(answer, verdict, mistake, words, capsys):
    found, said = judge(answer, capsys)
    assert (found["verdict"], found["mistake"], found["level"]) == (verdict, mistake, "core")
    assert words in said and said == f"Exercise 99.1: {found['told']}\n"


def test_a_function_that_raises_is_told_so_and_stops_nothing(capsys):
    def leaves(*a):
        raise SystemExit("bye")

    for answer, words in ((lambda a, b: 1 / 0, "raised ZeroDivisionError"), (leaves, "raised SystemExit: bye")):
        check.exercise("02.3", answer)
        assert f"Your answer {words}" in capsys.readouterr().out
        assert check.RESULTS["02.3"]["verdict"] == "wrong"


def test_a_hint_comes_when_asked_for_and_each_call_tells_one_more(capsys):
    hints = exercises.find("03.1").hints
    check.exercise("03.1", ..., seed=42)
    assert hints[0] not in capsys.readouterr().out
    for number, hint in enumerate(hints, 1):
        check.hint("03.1")
        assert capsys.readouterr().out == f"Hint {number} of {len(hints)}: {hint}\n"
    check.hint("03.1")
    said = capsys.readouterr().out
    assert hints[-1] in said and "notebooks/solutions/03_finetune.ipynb" in said


def _recall(true, found):
    right = sum(len(set(a) & set(b)) for a, b in zip(true, found))
    return right / sum(map(len, true))


def test_the_verdicts_of_a_notebook_are_kept():
    check.exercise("05.3", ...)
    check.exercise("05.3", _recall)
    check.quiz("02.q1", ...)
    kept = {name: (one["verdict"], one["mistake"], one["level"]) for name, one in check.RESULTS.items()}
    assert kept == {"05.3": ("wrong", "recall", "stretch"), "02.q1": ("not attempted", None, "quiz")}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: check.exercise("03.9", 1), "There is no exercise or question '03.9' here; there are 03.1, 03.2, 03.3"),
        (lambda: check.hint("42.1"), "There is no lesson '42'"),
        (lambda: check.quiz("03.q9", "a"), "'03.q9'"),
        (lambda: check.exercise("99.1", [4.0, 1.0]), "differs from class to class: pass seed=seed"),
    ],
)
def test_an_author_s_slip_is_one_sentence(call, words):
    with pytest.raises(CourseError, match=words):
        call()


def test_a_check_that_does_not_hold_stops_with_its_sentence():
    check.expect(True, "never shown")
    with pytest.raises(CourseError, match="look at the table"):
        check.expect([], "Nothing there: look at the table.")
