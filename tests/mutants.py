"""Break the solutions in many small ways: does the check of the exercise notice each of them?

python tests/mutants.py [03 ...]     # some lessons; all without a number
Prints how many mutants were made and noticed, and names those that passed. Needs what the lessons leave in build/.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from coursekit import author, check, exercises
from coursekit.answers import exercise_of
from coursekit.workspace import LESSONS
from gadgetlib.errors import CourseError

SLOW = ("05.3", "07.3")  # each run trains a model: there only the answer itself is mutated


def value_mutants(value: Any) -> Iterator[tuple[str, Any]]:
    """Wrong answers near a right one: (what was done to it, the answer)."""
    yield "dropped", None
    if callable(value):
        yield "returns nothing", lambda *a: None
        yield "forgets its argument", lambda *a: value(*[type(x)() if isinstance(x, (str, int)) else None for x in a])
        yield "called already", repr(value)
        yield "wraps its result", lambda *a: [value(*a)]
        yield "negated", lambda *a: _off(value(*a))
        return
    value = exercises.plain(value)
    if isinstance(value, list):
        yield from (("reversed", value[::-1]), ("one missing", value[:-1]), ("one more", [*value, value[-1]]))
        yield from ((f"item {i} changed", [*value[:i], _off(item), *value[i + 1 :]]) for i, item in enumerate(value))
    elif isinstance(value, str):
        yield from (("cut", value[: len(value) // 2]), ("emptied", ""), ("as a list", [value]))
    else:
        yield from (("more", _off(value)), ("negated", -value if value else -1))
        yield from (("a hundredfold", 100 * value + 1), ("as text", str(value)))


def _off(item: Any) -> Any:
    """Another value of the same type."""
    if isinstance(item, bool):
        return not item
    if isinstance(item, (int, float)):
        return item + max(1, abs(item) / 3) if isinstance(item, int) or abs(item) > 1 else item / 2 + 0.05
    if isinstance(item, dict):
        return {key: _off(value) for key, value in item.items()}
    return f"{item} " if isinstance(item, str) else [item]


SWAPS = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.BitXor: ast.BitOr,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And, ast.In: ast.NotIn,
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "mean": "sum", "sum": "mean", "median": "mean", "argmax": "argmin", "any": "all"}


def source_mutants(source: str) -> Iterator[tuple[str, str]]:
    """The source of an answer with one operator, constant, name or argument changed: (what was done, the source)."""
    tree = ast.parse(source)
    for place, node in enumerate(ast.walk(tree)):
        for done, fields in _changes(node):
            mutant = copy.deepcopy(tree)
            other = next(found for i, found in enumerate(ast.walk(mutant)) if i == place)
            vars(other).update(fields)
            if (changed := ast.unparse(ast.fix_missing_locations(mutant))) != ast.unparse(tree):
                yield f"line {getattr(node, 'lineno', 1)}: {done}", changed


def _changes(node: ast.AST) -> Iterator[tuple[str, dict[str, Any]]]:
    """What can be changed at a node: (what was done, the node's new fields)."""
    match node:
        case ast.BinOp(op=old) | ast.BoolOp(op=old) | ast.AugAssign(op=old) if type(old) in SWAPS:
            yield f"{type(old).__name__} to {SWAPS[type(old)].__name__}", {"op": SWAPS[type(old)]()}
        case ast.Compare(ops=[old, *more]) if type(old) in SWAPS:
            yield f"{type(old).__name__} to {SWAPS[type(old)].__name__}", {"ops": [SWAPS[type(old)](), *more]}
        case ast.Constant(value=bool() | int() | float() as value):
            new = not value if isinstance(value, bool) else value + 1
            yield f"{value} to {new}", {"value": new}
        case ast.Constant(value=str() as value) if value.strip():
            yield f"{value!r} to another text", {"value": value[1:] + "~"}
        case ast.Attribute(attr=name) if name in NAMES:
            yield f".{name} to .{NAMES[name]}", {"attr": NAMES[name]}
        case ast.Name(id=name) if name in NAMES:
            yield f"{name} to {NAMES[name]}", {"id": NAMES[name]}
        case ast.Call(keywords=[first, *others]):
            yield f"{first.arg}= left out", {"keywords": others}
        case ast.UnaryOp(op=ast.USub()):
            yield "USub left out", {"op": ast.UAdd()}
        case ast.UnaryOp(op=old):
            yield f"{type(old).__name__} left out", {"op": ast.Not(), "operand": copy.copy(node)}
        case ast.Tuple(elts=[one, two], ctx=ast.Load()):
            yield "two items swapped", {"elts": [two, one]}


def verdict(source: str, space: dict[str, Any], name: str) -> str:
    """What the check says of an answer cell, run in a copy of the lesson's names: its verdict, or ``stopped``."""
    check.RESULTS.pop(name, None)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            exec(compile(source, name, "exec"), dict(space))
        except Exception:
            return "stopped"
    return check.RESULTS[name]["verdict"]


def solution_mutants(cell: str, answer: str, space: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Mutants of one answer in its cell: (what was done, the verdict). The answer itself must be right."""
    name = exercise_of(cell)
    if verdict(cell.replace(author.STUB, answer), space, name) != "right":
        raise CourseError(f"The solution of {name} is not right, so nothing can be said of its mutants.")
    yield "stub left alone", verdict(cell, space, name)
    right: dict[str, Any] = dict(space)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(cell.replace(author.STUB, answer).rpartition("check.exercise(")[0], right)
    for done, value in value_mutants(right["my_answer"]):
        changed = cell.replace(author.STUB, "my_answer = mutant")
        yield done, verdict(changed, {**right, "mutant": value}, name)
    for done, mutant in source_mutants(answer) if name not in SLOW else ():
        yield done, verdict(cell.replace(author.STUB, mutant), space, name)


def answers(name: str) -> Iterator[tuple[str, str, str]]:
    """The cells of a solution notebook in order: (exercise or "", the source, the answer alone)."""
    import jupytext

    source = jupytext.read(author.SOLUTIONS / "source" / f"{name}.md")
    for cell, plain in zip(author.solution(name).cells, source.cells):
        if cell.cell_type == "code":
            asked = exercise_of(cell.source) or ""
            yield asked, cell.source, plain.source.strip() if asked else ""


def mutate_lesson(name: str) -> Iterator[tuple[str, str, str]]:
    """All mutants of a lesson's solutions: (exercise, what was done, the verdict)."""
    space: dict[str, Any] = {"__name__": "solution"}
    for asked, source, answer in answers(name):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(source, asked or name, "exec"), space)
        if asked:
            cell = source.replace(answer, author.STUB)
            yield from ((asked, done, told) for done, told in solution_mutants(cell, answer, space))


def main(numbers: list[str]) -> None:
    made: Counter[str] = Counter()
    alive = []
    for name in LESSONS:
        for asked, done, told in mutate_lesson(name) if not numbers or name[:2] in numbers else ():
            made[asked] += 1
            alive += [(asked, done)] if told == "right" else []
    passed = Counter(asked for asked, _ in alive)
    print("\n".join(f"{asked}  {count:4} made  {count - passed[asked]:4} noticed" for asked, count in made.items()))
    print("\n".join(f"passed  {asked}: {done}" for asked, done in alive))


if __name__ == "__main__":
    main(sys.argv[1:])
