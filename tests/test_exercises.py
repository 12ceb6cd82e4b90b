"""Every exercise: the stub, each known mistake recognised by name, the solution right; two classes, two numbers."""

from __future__ import annotations

import json
import random

import pytest
from exercise_samples import SEED, WRITTEN, given

from coursekit import check, exercises
from coursekit.workspace import LESSONS
from gadgetlib.errors import CourseError

NUMBERS = [name[:2] for name in LESSONS]
ALL = [one for number in NUMBERS for one in exercises.of_lesson(number)]
QUESTIONS = [one for number in NUMBERS for one in exercises.quiz_of(number)]


def judged(one, answer, capsys):
    check._HINTS.pop(one.name, None)
    check.exercise(one.name, answer, seed=SEED)
    return kept(one.name), capsys.readouterr().out


def kept(name):
    """The verdict on record, without what the learner was told."""
    return {key: value for key, value in check.RESULTS[name].items() if key != "told"}


# ---------------------------------------------------------------- the exercises as they are written


@pytest.mark.parametrize("number", NUMBERS)
def test_a_lesson_has_enough_exercises_and_a_quiz(number):
    levels = [one.level for one in exercises.of_lesson(number)]
    assert levels.count("core") >= 2 and levels.count("stretch") >= 1
    assert [one.name for one in exercises.of_lesson(number)] == [f"{number}.{i}" for i in range(1, len(levels) + 1)]
    assert len(exercises.quiz_of(number)) >= 2
    assert any(one.variant for one in exercises.of_lesson(number)), "every class gets the same numbers"


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_an_exercise_is_whole(one):
    assert len(one.wrong) >= 3 and len({known.name for known in one.wrong}) == len(one.wrong)
    assert len(one.hints) >= 3 and one.because
    assert sum(judge is not None for judge in (one.cases, one.right)) == 1
    assert one.cases or all(known.matches for known in one.wrong), "without cases a mistake is not recognised by itself"


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_the_stub_is_not_attempted_and_says_how_to_get_a_hint(one, capsys):
    verdict, said = judged(one, ..., capsys)
    assert verdict == {"verdict": "not attempted", "mistake": None, "level": one.level}
    assert f'not attempted. For a hint: check.hint("{one.name}")' in said


@pytest.mark.parametrize(
    ("one", "known"), [(one, known) for one in ALL for known in one.wrong], ids=lambda x: getattr(x, "name", "")
)
def test_each_mistake_is_recognised_by_name(one, known, capsys):
    verdict, said = judged(one, known.example(given(one)), capsys)
    assert verdict == {"verdict": "wrong", "mistake": known.name, "level": one.level}
    assert known.why in said


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_a_right_answer_is_right_and_says_why_it_matters(one, capsys):
    verdict, said = judged(one, WRITTEN[one.name](given(one)), capsys)
    assert verdict["verdict"] == "right", said
    assert one.because in said


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
@pytest.mark.parametrize(
    "answer", [None, [], {}, "", "?", float("nan"), object(), lambda: 1 / 0, Exception, [[...]], 10**9]
)
def test_nonsense_is_wrong_and_never_a_crash(one, answer, capsys):
    verdict, said = judged(one, answer, capsys)
    assert verdict["verdict"] == "wrong" and "not yet." in said


class Yes:
    """Claims to be whatever one compares it with."""

    def __eq__(self, other):
        return True

    __hash__ = None
    __ne__ = __lt__ = __le__ = lambda self, other: False
    __ge__ = __gt__ = __contains__ = startswith = lambda self, other: True
    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __truediv__ = lambda self, other: self
    __abs__ = __neg__ = lambda self: self

    def __bool__(self):
        return True

    def __float__(self):
        return 0.0

    def __len__(self):
        return 2

    def __iter__(self):
        return iter((1, 2))


@pytest.mark.parametrize("one", [one for one in ALL if one.name != "08.3"], ids=lambda one: one.name)
def test_an_object_that_equals_everything_passes_nowhere(one, capsys):
    """One judges only True or False, where nothing can be claimed."""
    for answer in (Yes(), lambda *a: Yes()):
        assert judged(one, answer, capsys)[0]["verdict"] == "wrong"


# ---------------------------------------------------------------- classes


def signature(one, seed):
    """What a class with this seed would have to answer; None where only a judgement of its own knows."""
    return json.dumps([wanted for _, wanted in one.cases(given(one, seed))]) if one.cases else None


@pytest.mark.parametrize("number", NUMBERS)
def test_two_classes_get_different_numbers(number):
    """Of twenty pairs of classes nearly all differ in a right answer, and no class differs from itself."""
    asked = [one for one in exercises.of_lesson(number) if one.variant]
    differ = same = 0
    for seed in range(20):
        first, second = ([str(given(one, s)) for one in asked] for s in (seed, seed + 100))
        answers, others = ([signature(one, s) for one in asked] for s in (seed, seed + 100))
        differ += first != second and (answers != others or not any(answers))
        same += first == [str(given(one, seed)) for one in asked]
    assert differ >= 14 and same == 20


def test_an_exercise_that_varies_asks_for_the_seed():
    with pytest.raises(CourseError, match="seed=seed"):
        check.exercise("00.3", 3)


def test_what_a_class_is_asked_is_printed_and_returned(capsys):
    task = check.ask("01.1", 7)
    said = capsys.readouterr().out
    assert f"task.first = {task.first}" in said and f"task.attempts = {task.attempts}" in said and "seed" not in said
    assert task.first == random.Random("01.1 7").choice([0.25, 0.5, 1.0, 2.0])


# ---------------------------------------------------------------- the quiz


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_each_choice_is_explained(question, capsys):
    assert len(question.options) >= 3 and question.answer in question.options
    assert len({why for _, why in question.options.values()}) == len(question.options) or question.name == "06.q1"
    for letter, (_, why) in question.options.items():
        check.quiz(question.name, f"({letter.upper()})")
        said = capsys.readouterr().out
        assert why in said
        right = letter == question.answer
        assert kept(question.name) == {
            "verdict": "right" if right else "wrong",
            "mistake": None if right else letter,
            "level": "quiz",
        }


@pytest.mark.parametrize(
    ("choice", "verdict", "words"),
    [(..., "not attempted", "a, b, c"), ("z", "wrong", "no option 'z'"), (2, "wrong", "no option 2")],
)
def test_a_choice_that_is_none_is_told_so(choice, verdict, words, capsys):
    check.quiz("03.q1", choice)
    assert words in capsys.readouterr().out and kept("03.q1") == {
        "verdict": verdict,
        "mistake": None,
        "level": "quiz",
    }
