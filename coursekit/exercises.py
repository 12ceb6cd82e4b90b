"""The exercises and the quiz: what is asked, what is right, and which mistakes are known by name.

One module a lesson (``lesson_03``) defines ``EXERCISES`` and ``QUIZ``; :mod:`coursekit.check` judges with them in
the notebooks. A judgement takes ``(answer, given)``; ``given`` is a namespace of what that class is asked about.
"""

import contextlib
import importlib.util
import math
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal

from coursekit.workspace import find_lesson
from gadgetlib.errors import CourseError
from gadgetlib.files import project_root

Given = SimpleNamespace
Judged = tuple[str, str | None, str]
WANTED = {"list": "a list", "function": "a function: its name, without calling it"}


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that is known by name.

    why: what is wrong about it, said to the learner. example: makes such an answer from ``given``.
    matches: recognises it in ``(answer, given)``; None: a function that gives what the example gives on the cases.
    """

    name: str
    why: str
    example: Callable[[Given], Any]
    matches: Callable[[Any, Given], bool] | None = None


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    name: ``"03.1"``. task: as the comment above the stub says it. kind: what an answer must be. hints: from gentle to
    nearly the answer. because: why the right answer matters. cases: for a function, from ``given``, the arguments and
    what it must return; right: a judgement of its own instead. within: how far a number may be off. variant: what a
    class is asked about, drawn with that class's random numbers.
    """

    name: str
    level: Literal["core", "stretch"]
    kind: Literal["list", "function"]
    task: str
    hints: tuple[str, ...]
    because: str
    wrong: tuple[Mistake, ...]
    cases: Callable[[Given], list[tuple[tuple, Any]]] | None = None
    right: Callable[[Any, Given], bool] | None = None
    within: float = 1e-6
    variant: Callable[[random.Random], dict[str, Any]] | None = None

    def given(self, seed: int | None = None) -> Given:
        """What the class with this seed is asked about. Raises CourseError where that needs a seed and gets none."""
        if self.variant is None:
            return Given()
        if seed is None:
            raise CourseError(f"Exercise {self.name} differs from class to class: pass seed=seed.")
        return Given(**self.variant(random.Random(f"{self.name} {seed}")))

    def judge(self, answer: Any, seed: int | None = None) -> Judged:
        """The verdict, the known mistake if it was one, and what the learner is told.

        answer: ``...``, the stub, counts as not attempted. Raises nothing that the answer raises.
        """
        given, otherwise = self.given(seed), f'For a hint: check.hint("{self.name}")'
        if answer is ...:
            return "not attempted", None, f"not attempted. {otherwise}"
        try:
            fits, answer = self._suited(answer)
            if not fits:
                shown = repr(answer)
                shown = shown if len(shown) < 60 else type(answer).__name__
                otherwise = f"Give {WANTED[self.kind]}; yours is {shown}."
            elif self.right(answer, given) if self.right else self._agrees(answer, self.cases(given)):
                return "right", None, f"right. {self.because}"
        except (Exception, SystemExit) as error:  # a function that raises is a wrong answer, not a crash
            otherwise = f"Your answer raised {type(error).__name__}: {error}"
        for known in self.wrong:
            with contextlib.suppress(Exception, SystemExit):  # a test of one mistake may not fit another
                if known.matches(answer, given) if known.matches else self._like(known.example(given), answer, given):
                    return "wrong", known.name, f"not yet. {known.why}"
        return "wrong", None, f"not yet. {otherwise}"

    def _agrees(self, answer: Callable, cases: list[tuple[tuple, Any]]) -> bool:
        return all(equal(call(answer, *arguments), wanted, self.within) for arguments, wanted in cases)

    def _like(self, example: Callable, answer: Callable, given: Given) -> bool:
        return self._agrees(answer, [(arguments, call(example, *arguments)) for arguments, _ in self.cases(given)])

    def _suited(self, answer: Any) -> tuple[bool, Any]:
        """Is the answer of the kind asked for? And the answer, a list in plain Python types."""
        if self.kind == "function":
            return callable(answer), answer
        with contextlib.suppress(TypeError):
            return type(value := plain(answer)) is list, value
        return False, answer


@dataclass(frozen=True)
class Question:
    """A question of the quiz. right and each of wrong: what the option says, and why it is right or wrong."""

    name: str
    text: str
    right: tuple[str, str]
    wrong: tuple[tuple[str, str], ...]
    level: Literal["quiz"] = "quiz"

    @property
    def options(self) -> dict[str, tuple[str, str]]:
        """Letter -> option, in an order drawn from the name, so that no letter is right more often."""
        drawn = [self.right, *self.wrong]
        random.Random(self.name).shuffle(drawn)
        return dict(zip("abcdef", drawn))

    @property
    def answer(self) -> str:
        """The right letter."""
        return next(letter for letter, option in self.options.items() if option == self.right)

    def judge(self, choice: Any, seed: int | None = None) -> Judged:
        """The verdict on a letter such as ``"b"``, the letter if it was wrong, and what the learner is told."""
        letters = ", ".join(self.options)
        letter = choice.strip(" ()").lower() if isinstance(choice, str) else None
        if choice is ...:
            return "not attempted", None, f"not attempted. Put one of {letters} in place of the dots."
        if letter not in self.options:
            return "wrong", None, f"there is no option {choice!r}. Choose one of {letters}, in quotes."
        why = self.options[letter][1]
        return ("right", None, f"right. {why}") if letter == self.answer else ("wrong", letter, f"not {letter}. {why}")


def plain(value: Any) -> Any:
    """``value`` in plain Python types; tuples, arrays and series become lists. TypeError for anything else.

    What is compared is a plain value, so no object can pass by claiming to be equal to everything.
    """
    if type(value) in (bool, int, float, str, type(None)):
        return value
    if type(value) in (list, tuple):
        return [plain(item) for item in value]
    if type(value) is dict:
        return {plain(key): plain(item) for key, item in value.items()}
    if type(value).__module__.partition(".")[0] in ("numpy", "pandas", "torch") and hasattr(value, "tolist"):
        return plain(value.tolist())
    raise TypeError(f"{type(value).__name__} cannot be compared: return a list, a number or a text")


def equal(one: Any, other: Any, within: float = 1e-6) -> bool:
    """Equal plain values: numbers up to ``within``, lists and dicts item by item, the rest by type and value."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key], within) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(equal(a, b, within) for a, b in zip(one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=0, abs_tol=within)
    return type(one) is type(other) and one == other


def call(function: Callable, *arguments: Any) -> Any:
    """What a learner's function returns, in plain types."""
    return plain(function(*arguments))


def find(name: str) -> Any:
    """The exercise ``"03.1"`` or the question ``"03.q1"``. Raises CourseError when there is none."""
    known = {one.name: one for one in (quiz_of if ".q" in name else of_lesson)(name[:2])}
    if name not in known:
        raise CourseError(f"There is no exercise or question {name!r} here; there are {', '.join(known)}.")
    return known[name]


def of_lesson(number: str) -> tuple[Exercise, ...]:
    """The exercises of lesson ``"03"``, in order."""
    return _module(number).EXERCISES


def quiz_of(number: str) -> tuple[Question, ...]:
    """The quiz of lesson ``"03"``, in order."""
    return _module(number).QUIZ


def _module(number: str) -> Any:
    """notebooks/exercises/lesson_NN.py as a module; loaded from its file, because lessons are no package."""
    name = f"lesson_{find_lesson(number)[:2]}"
    if name not in sys.modules:
        path = project_root() / "notebooks" / "exercises" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
