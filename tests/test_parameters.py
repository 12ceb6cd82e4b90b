"""Every lesson accepts all values of its parameters' legal ranges, and refuses what lies beyond them."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from lesson_tools import accepted, begin

from coursekit.workspace import LESSONS
from gadgetlib.errors import CourseError

RANGES = {name[:2]: accepted(name[:2])[1] for name in LESSONS}
CASES = [(number, name) for number, ranges in RANGES.items() for name in ranges]


def beyond(default: Any, allowed: Any) -> list[Any]:
    """Values just outside what is allowed, and of other types."""
    if isinstance(allowed, list):
        return ["no such choice", None, 7]
    low, high = allowed
    if isinstance(default, float):
        return [math.nextafter(low, -math.inf), math.nextafter(high, math.inf), math.nan, str(default), None]
    return [low - 1, high + 1, low + 0.5, str(low), None, True]


def drawn(default: Any, allowed: Any, rng: random.Random) -> Any:
    if isinstance(allowed, list):
        return rng.choice(allowed)
    return rng.uniform(*allowed) if isinstance(default, float) else rng.randint(*allowed)


@pytest.mark.parametrize(("number", "name"), CASES, ids=[f"{number}-{name}" for number, name in CASES])
def test_both_ends_are_accepted_and_what_lies_beyond_is_refused(number, name, build):
    default, allowed = accepted(number)[0][name], RANGES[number][name]
    for value in (default, *allowed):
        assert begin(number, {name: value}).parameters[name] == value
    for value in beyond(default, allowed):
        with pytest.raises(CourseError, match=rf"parameter {name} = .* is not accepted"):
            begin(number, {name: value})
            pytest.fail(f"{name} = {value!r} was accepted")


@pytest.mark.parametrize("number", RANGES)
def test_values_drawn_over_the_ranges_are_accepted(number, build):
    defaults, ranges = accepted(number)
    rng = random.Random(number)
    for _ in range(30):
        values = {name: drawn(defaults[name], allowed, rng) for name, allowed in ranges.items()}
        assert begin(number, values).parameters.items() >= values.items()


@pytest.mark.parametrize("number", RANGES)
def test_every_number_has_a_range(number):
    defaults, ranges = accepted(number)
    numbers = {name for name, value in defaults.items() if type(value) in (int, float)}
    assert numbers - set(ranges) == set()
