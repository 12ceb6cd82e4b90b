"""A lesson's first two cells without the rest: what it accepts, and whether it accepts given values."""

from __future__ import annotations

import ast
from typing import Any

import nbformat

from coursekit import lesson as lesson_module
from coursekit import run as runner


def opening(number: str) -> tuple[str, str]:
    """The parameters cell of a lesson, and its second cell up to the ``start(...)`` statement."""
    path = runner.lesson_path(runner.find_lesson(number))
    parameters, second = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"][:2]
    body = ast.parse(second).body
    last = next(i for i, node in enumerate(body) if isinstance(node, ast.Assign) and "start(" in ast.unparse(node))
    return parameters, ast.unparse(ast.Module(body[: last + 1], []))


def begin(number: str, parameters: dict[str, Any]) -> lesson_module.Lesson:
    """Start a lesson with these parameters; what follows its ``start(...)`` statement is left out."""
    cell, started = opening(number)
    namespace: dict[str, Any] = {}
    exec(cell, namespace)
    namespace |= parameters
    exec(started, namespace)
    return namespace["lesson"]


def accepted(number: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A lesson's parameters with their defaults, and what it accepts for some of them."""
    cell, started = opening(number)
    namespace: dict[str, Any] = {}
    exec(cell, namespace)
    defaults = {name: namespace[name] for name in namespace["__annotations__"]}
    asked: dict[str, Any] = {}
    imported = ast.unparse(ast.Module([n for n in ast.parse(started).body if not isinstance(n, ast.ImportFrom)], []))
    exec(imported, {**namespace, "start": lambda name, space, **allowed: asked.update(allowed)})
    return defaults, lesson_module.COMMON | asked
