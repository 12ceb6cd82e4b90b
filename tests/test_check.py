"""Checks in notebooks: what is said of each kind of answer, hints in tiers, verdicts on disk."""

from __future__ import annotations

import json

import pytest

from coursekit import check, exercises
from gadgetlib.errors import CourseError

GIVEN = {"prices": {"tablet": 400.0, "headphones": 100.0}}
RATIO = exercises.Exercise(
    "99.1", "core", "number", "How many times the price of headphones is the price of a tablet?",
    ("one", "two", "three"),
    because="A model that knows only the kind already separates cheap from dear.",
    expected=lambda g: g.prices[g.dear] / g.prices[g.cheap],
    wrong=(
        exercises.Mistake("upside down", "That is the cheap one in terms of the dear one.",
                          lambda g: g.prices[g.cheap] / g.prices[g.dear]),
        exercises.Mistake("difference", "How many times, not how much more: divide.",
                          lambda g: g.prices[g.dear] - g.prices[g.cheap]),
    ),
    variant=lambda rng: {"dear": "tablet", "cheap": "headphones"},
)  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch):
    monkeypatch.setattr(check, "RESULTS", {})
    monkeypatch.setattr(check, "_HINTS", {})
    monkeypatch.delenv("GADGET_VERDICTS", raising=False)
    find = exercises.find
    monkeypatch.setattr(exercises, "find", lambda name: RATIO if name == "99.1" else find(name))


def judge(answer, capsys):
    check.exercise("99.1", answer, seed=42, **GIVEN)
    return check.RESULTS["99.1"], capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "verdict", "mistake", "words"),
    [
        (..., "not attempted", None, 'not attempted. For a hint: check.hint("99.1")'),
        (4.0, "right", None, "right. A model that knows only the kind"),
        (4, "right", None, "right. "),
        (0.25, "wrong", "upside down", "not yet. That is the cheap one"),
        (300, "wrong", "difference", "divide"),
        (7.7, "wrong", None, 'not yet. For a hint: check.hint("99.1")'),
        ("four", "wrong", None, "not yet. Give a number; yours is 'four'."),
        (True, "wrong", None, "Give a number; yours is True."),
        ([4.0], "wrong", None, "Give a number; yours is [4.0]."),
    ],
)
def test_every_kind_of_answer_is_answered(answer, verdict, mistake, words, capsys):
    found, said = judge(answer, capsys)
    assert found == {"verdict": verdict, "mistake": mistake, "level": "core"}
    assert words in said and said.startswith("Exercise 99.1: ")


def test_a_function_that_raises_is_told_so_and_stops_nothing(capsys):
    def leaves(*a):
        raise SystemExit("bye")

    for answer, words in ((lambda a, b: 1 / 0, "raised ZeroDivisionError"), (leaves, "raised SystemExit: bye")):
        check.exercise("02.3", answer)
        assert f"Your answer {words}" in capsys.readouterr().out
        assert check.RESULTS["02.3"]["verdict"] == "wrong"


def test_what_the_lesson_lost_is_not_blamed_on_the_learner(capsys):
    check.exercise("99.1", 4.0, seed=42, prices={})
    assert "It could not be judged; run the lesson anew: KeyError" in capsys.readouterr().out


def test_a_hint_comes_when_asked_for_and_each_call_tells_one_more(capsys):
    hints = exercises.find("03.1").hints
    check.exercise("03.1", ...)
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


def test_verdicts_are_written_after_every_exercise(tmp_path, monkeypatch):
    path = tmp_path / "made" / "verdicts.json"
    monkeypatch.setenv("GADGET_VERDICTS", str(path))
    check.exercise("05.3", ...)
    assert json.loads(path.read_text()) == {"05.3": {"verdict": "not attempted", "mistake": None, "level": "stretch"}}
    check.exercise("05.3", _recall)
    check.quiz("02.q1", ...)
    assert json.loads(path.read_text()) == {
        "05.3": {"verdict": "wrong", "mistake": "recall", "level": "stretch"},
        "02.q1": {"verdict": "not attempted", "mistake": None, "level": "quiz"},
    }
    assert [file.name for file in path.parent.iterdir()] == ["verdicts.json"]  # no part is left lying


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: check.exercise("03.9", 1), "There is no exercise or question '03.9' here; there are 03.1, 03.2, 03.3"),
        (lambda: check.hint("42.1"), "There is no lesson '42'"),
        (lambda: check.quiz("03.q9", "a"), "'03.q9'"),
        (lambda: check.exercise("99.1", 4.0, **GIVEN), "differs from class to class: pass seed=seed"),
    ],
)
def test_an_author_s_slip_is_one_sentence(call, words):
    with pytest.raises(CourseError, match=words):
        call()


def test_a_check_that_does_not_hold_stops_with_its_sentence():
    check.expect(True, "never shown")
    with pytest.raises(check.CheckFailed, match="look at the table"):
        check.expect([], "Nothing there: look at the table.")
