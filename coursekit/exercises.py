"""The exercises and the quiz: what is asked, what is right, and which mistakes are known by name.

One module a lesson (``lesson_03``) defines ``EXERCISES`` and ``QUIZ``; :mod:`coursekit.check` judges with them in
the notebooks. A judgement takes ``(answer, given)``; ``given`` is a namespace of what the lesson passes to
``check.exercise`` and, for an exercise with a variant, of what that class is asked about.
"""

from __future__ import annotations

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

KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {  # what an answer must be: in words, and a test of it
    "number": ("a number", lambda value: type(value) in (int, float)),
    "count": ("a whole number", lambda value: type(value) in (int, float) and float(value).is_integer()),
    "text": ("a text in quotes", lambda value: type(value) is str),
    "pair": ("a pair, such as (1, 2)", lambda value: type(value) is list and len(value) == 2),
    "list": ("a list", lambda value: type(value) is list),
    "function": ("a function: its name, without calling it", callable),
}


class Unsuited(TypeError):
    """An answer that is not of the kind that the exercise asks for."""


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that is known by name.

    why: what is wrong about it, said to the learner. example: makes such an answer from ``given``.
    matches: recognises it in ``(answer, given)``; None: an answer equal to the example (a function: one that
    gives what the example gives on the exercise's cases).
    """

    name: str
    why: str
    example: Callable[[Given], Any]
    matches: Callable[[Any, Given], bool] | None = None


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    name: ``"03.1"``. task: as the comment above the stub says it. kind: what an answer must be. hints: from gentle to
    nearly the answer. because: why the right answer matters. expected: the right answer, from ``given``; cases: for a
    function the arguments and what it must return; right: a judgement of its own instead of these two.
    within: how far a number may be off. variant: what a class is asked about, drawn with that class's random numbers.
    """

    name: str
    level: Literal["core", "stretch"]
    kind: Literal["number", "count", "text", "pair", "list", "function"]
    task: str
    hints: tuple[str, ...]
    because: str
    wrong: tuple[Mistake, ...]
    expected: Callable[[Given], Any] | None = None
    cases: Callable[[Given], list[tuple[tuple, Any]]] | None = None
    right: Callable[[Any, Given], bool] | None = None
    within: float = 1e-6
    variant: Callable[[random.Random], dict[str, Any]] | None = None

    def given(self, seed: int | None = None, **lesson: Any) -> Given:
        """What a judgement sees: the class's variant, then what the lesson passes. CourseError without a seed."""
        if seed is not None:
            lesson["seed"] = seed
        if self.variant is None:
            return Given(**lesson)
        if seed is None:
            raise CourseError(f"Exercise {self.name} differs from class to class: pass seed=seed.")
        return Given(**{**self.variant(random.Random(f"{self.name} {seed}")), **lesson})

    def holds(self, answer: Any, given: Given) -> bool:
        """Is the answer right? Raises what the answer, if it is a function, raises."""
        if self.right is not None:
            return bool(self.right(answer, given))
        if self.cases is not None:
            return all(equal(call(answer, *arguments), wanted, self.within) for arguments, wanted in self.cases(given))
        return equal(answer, plain(self.expected(given)), self.within)

    def mistake(self, answer: Any, given: Given) -> Mistake | None:
        """The first known mistake that fits."""
        for known in self.wrong:
            with contextlib.suppress(Exception, SystemExit):  # a test of one mistake may not fit another
                if known.matches(answer, given) if known.matches else self._like(known.example(given), answer, given):
                    return known
        return None

    def _like(self, example: Any, answer: Any, given: Given) -> bool:
        if self.kind != "function":
            return equal(answer, plain(example), self.within)
        return all(equal(call(answer, *a), call(example, *a), self.within) for a, _ in self.cases(given))

    def suited(self, answer: Any) -> Any:
        """The answer in plain Python types. Raises Unsuited when it is not of the kind asked for."""
        wanted, fits = KINDS[self.kind]
        with contextlib.suppress(TypeError):
            value = answer if callable(answer) else plain(answer)
            if fits(value):
                return value
        shown = repr(answer)
        raise Unsuited(f"Give {wanted}; yours is {shown if len(shown) < 60 else type(answer).__name__}.")


@dataclass(frozen=True)
class Question:
    """A question of the quiz. right and each of wrong: what the option says, and why it is right or wrong."""

    name: str
    text: str
    right: tuple[str, str]
    wrong: tuple[tuple[str, str], ...]

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
    raise TypeError(f"{type(value).__name__} is no plain value")


def equal(one: Any, other: Any, within: float = 1e-6) -> bool:
    """Equal plain values: numbers up to ``within``, lists and dicts item by item, the rest by type and value."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key], within) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(equal(a, b, within) for a, b in zip(one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other or (math.isfinite(one) and math.isfinite(other) and abs(one - other) <= within)
    return type(one) is type(other) and one == other


def once(given: Given, name: str) -> Any:
    """What the lesson handed over as a function because it takes time: worked out when first needed, then kept."""
    if callable(value := getattr(given, name)):
        value = value()
        setattr(given, name, value)
    return value


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
