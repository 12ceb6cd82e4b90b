"""Checks inside the notebooks: what must hold, and exercises that answer back.

The verdicts of a notebook are kept in ``RESULTS``::

    {"03.1": {"verdict": "wrong", "mistake": "upside down", "level": "core", "told": "not yet. ..."}}

verdict is ``right``, ``wrong`` or ``not attempted``; mistake names the known mistake, if it was one; level is
``core``, ``stretch`` or ``quiz``; told is what the learner is told.
"""

from types import SimpleNamespace
from typing import Any

from coursekit import exercises
from coursekit.workspace import find_lesson
from gadgetlib.errors import CourseError

RESULTS: dict[str, dict[str, str | None]] = {}  # what became of each exercise, see above
_HINTS: dict[str, int] = {}  # how many hints of an exercise were shown


def expect(condition: Any, otherwise: str) -> None:
    """Stop the lesson with a CourseError, the sentence ``otherwise``, unless ``condition`` holds."""
    if not bool(condition):
        raise CourseError(otherwise)


def ask(name: str, seed: int) -> SimpleNamespace:
    """Print what exercise ``name`` asks this class about, and return it: one attribute for each value asked about.

    seed: the lesson's parameter; classes with different seeds get different numbers.
    """
    task = exercises.find(name).given(seed)
    for key, value in vars(task).items():
        shown = repr(value)
        print(f"task.{key} = {shown}" if len(shown) < 500 else f"task.{key}: a {type(value).__name__} of {len(value)}")
    return task


def exercise(name: str, answer: Any, seed: int | None = None) -> None:
    """Judge an exercise and print the verdict, which also goes to RESULTS. Never stops the notebook.

    answer: ``...``, the stub, counts as not attempted. seed: the lesson's, where the exercise differs from class to
    class.
    """
    RESULTS[name] = judge(name, answer, seed)
    print(f"Exercise {name}: {RESULTS[name]['told']}")


def quiz(name: str, choice: Any) -> None:
    """Say of a chosen option, such as ``"b"``, whether it is right and why; the verdict goes to RESULTS."""
    RESULTS[name] = judge(name, choice)
    print(f"Question {name}: {RESULTS[name]['told']}")


def judge(name: str, answer: Any, seed: int | None = None) -> dict[str, str | None]:
    """The verdict on an answer to an exercise, or on a choice in the quiz, as RESULTS has it."""
    verdict, mistake, told = (found := exercises.find(name)).judge(answer, seed)
    return {"verdict": verdict, "mistake": mistake, "level": found.level, "told": told}


def hint(name: str) -> None:
    """Print the next hint of exercise ``name``: each call tells a little more."""
    hints, shown = exercises.find(name).hints, _HINTS.get(name, 0)
    if shown < len(hints):
        print(f"Hint {shown + 1} of {len(hints)}: {hints[shown]}")
        _HINTS[name] = shown + 1
    else:
        solution = f"notebooks/solutions/{find_lesson(name[:2])}.ipynb"
        print(f"That was the last hint: {hints[-1]} A solution is in {solution}.")
