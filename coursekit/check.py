"""Checks inside the notebooks: what must hold, and exercises that answer back.

The verdicts of a notebook are kept in ``RESULTS`` and, after every exercise, written as JSON to the file that the
environment variable ``GADGET_VERDICTS`` names, if it names one::

    {"03.1": {"verdict": "right", "mistake": null, "level": "core"}}

verdict is ``right``, ``wrong`` or ``not attempted``; mistake names the known mistake, if it was one; level is
``core``, ``stretch`` or ``quiz``.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from coursekit import exercises
from coursekit.workspace import find_lesson, write_json
from gadgetlib.errors import CourseError

RESULTS: dict[str, dict[str, str | None]] = {}  # what became of each exercise, see above
_HINTS: dict[str, int] = {}  # how many hints of an exercise were shown


class CheckFailed(CourseError):
    """A check of the lesson did not hold; the message says what to look at."""


def expect(condition: Any, otherwise: str) -> None:
    """Stop the lesson with the sentence ``otherwise`` unless ``condition`` holds."""
    if not bool(condition):
        raise CheckFailed(otherwise)


def ask(name: str, seed: int) -> SimpleNamespace:
    """Print what exercise ``name`` asks this class about, and return it: one attribute for each value asked about.

    seed: the lesson's parameter; classes with different seeds get different numbers.
    """
    task = exercises.find(name).given(seed)
    for key, value in vars(task).items():
        if key != "seed":
            shown = repr(value)
            print(f"task.{key} = {shown}" if len(shown) < 500 else f"task.{key}: a {type(value).__name__} of {len(value)}")
    return task


def exercise(name: str, answer: Any, **given: Any) -> None:
    """Judge an exercise and print the verdict, which also goes to RESULTS. Never stops the notebook.

    answer: ``...``, the stub, counts as not attempted. given: what the judgement needs to know from the lesson;
    ``seed`` where the exercise differs from class to class.
    """
    found = exercises.find(name)
    verdict, mistake, told = _judge(found, answer, given)
    print(f"Exercise {name}: {told}")
    _keep(name, verdict, mistake, found.level)


def _judge(found: exercises.Exercise, answer: Any, lesson: dict[str, Any]) -> tuple[str, str | None, str]:
    hint = f'For a hint: check.hint("{found.name}")'
    if answer is ...:
        return "not attempted", None, f"not attempted. {hint}"
    given, otherwise = found.given(**lesson), hint
    try:
        answer = found.suited(answer)
        if found.holds(answer, given):
            return "right", None, f"right. {found.because}"
    except exercises.Unsuited as error:
        otherwise = str(error)
    except (Exception, SystemExit) as error:  # a function that raises is a wrong answer, not a crash
        raised = "Your answer raised" if found.kind == "function" else "It could not be judged; run the lesson anew:"
        otherwise = f"{raised} {type(error).__name__}: {error}"
    if mistake := found.mistake(answer, given):
        return "wrong", mistake.name, f"not yet. {mistake.why}"
    return "wrong", None, f"not yet. {otherwise}"


def hint(name: str) -> None:
    """Print the next hint of exercise ``name``: each call tells a little more."""
    hints, shown = exercises.find(name).hints, _HINTS.get(name, 0)
    if shown < len(hints):
        print(f"Hint {shown + 1} of {len(hints)}: {hints[shown]}")
        _HINTS[name] = shown + 1
    else:
        solution = f"notebooks/solutions/{find_lesson(name[:2])}.ipynb"
        print(f"That was the last hint: {hints[-1]} A solution is in {solution}.")


def quiz(name: str, choice: Any) -> None:
    """Say of a chosen option, such as ``"b"``, whether it is right and why; the verdict goes to RESULTS."""
    question = exercises.find(name)
    letters = ", ".join(question.options)
    letter = choice.strip(" ()").lower() if isinstance(choice, str) else None
    known = letter in question.options
    verdict = "not attempted" if choice is ... else "right" if letter == question.answer else "wrong"
    if choice is ...:
        told = f"not attempted. Put one of {letters} in place of the dots."
    elif not known:
        told = f"there is no option {choice!r}. Choose one of {letters}, in quotes."
    else:
        told = f"{'right' if verdict == 'right' else f'not {letter}'}. {question.options[letter][1]}"
    print(f"Question {name}: {told}")
    _keep(name, verdict, letter if known and verdict == "wrong" else None, "quiz")


def _keep(name: str, verdict: str, mistake: str | None, level: str) -> None:
    RESULTS[name] = {"verdict": verdict, "mistake": mistake, "level": level}
    if path := os.environ.get("GADGET_VERDICTS"):
        write_json(Path(path), RESULTS)
