"""Taught in a cell, imported after: a cell tagged ``shows:classify.data_block`` holds that function of gadgetlib whole.

The tag is the dotted path below gadgetlib; a cell may have several, each of a top-level function or class. What the
cell holds and what the package holds may differ in docstrings alone: :func:`problems` compares the syntax trees, and
``python -m coursekit.author shows 03`` writes the package's source into the cells.
"""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import nbformat

from gadgetlib.errors import CourseError
from gadgetlib.files import project_root

TAG = "shows:"
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def shown(cell: nbformat.NotebookNode) -> list[str]:
    """The dotted names that a cell says it shows."""
    return [tag.removeprefix(TAG) for tag in cell.metadata.get("tags", []) if tag.startswith(TAG)]


def package_source(dotted: str, folder: Path | None = None) -> str:
    """The source of ``classify.data_block`` in gadgetlib, its docstring cut to the first line.

    Raises CourseError where no module has a top-level function or class of that name.
    """
    module, _, name = dotted.rpartition(".")
    place = (folder or project_root() / "gadgetlib") / module.replace(".", "/")
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    if not module or not file.exists():
        raise CourseError(f"{TAG}{dotted} names no module of gadgetlib; write {TAG}module.function.")
    source = file.read_text(encoding="utf-8")
    node = definition(source, name)
    if node is None:
        raise CourseError(f"{TAG}{dotted}: gadgetlib/{file.name} defines no {name} at its top level.")
    return _one_line_docstrings(_lines_of(source, node))


def definition(source: str, name: str) -> Definition | None:
    """The top-level function or class ``name`` of a piece of source."""
    return next((n for n in ast.parse(source).body if isinstance(n, Definition) and n.name == name), None)


def same(one: ast.AST, other: ast.AST) -> bool:
    """Do two definitions agree in everything but their docstrings?"""
    return _bare(one) == _bare(other)


def problems(notebook: nbformat.NotebookNode) -> list[str]:
    """What is wrong with the cells of a lesson that show functions, one sentence each."""
    found = []
    for number, cell in enumerate(notebook.cells, 1):
        for dotted in shown(cell):
            try:
                theirs = definition(package_source(dotted), dotted.rpartition(".")[2])
            except CourseError as error:
                found.append(f"cell {number}: {error}")
                continue
            ours = definition(cell.source, theirs.name)
            if ours is None:
                found.append(f"cell {number} is tagged {TAG}{dotted} and does not define {theirs.name}")
            elif not same(ours, theirs):
                found.append(f"cell {number}: {theirs.name} differs from gadgetlib's (coursekit.author shows)")
    return found


def write(notebook: nbformat.NotebookNode) -> list[str]:
    """Put the package's source into every cell that shows some of it; return the names of what changed."""
    changed = []
    for cell in notebook.cells:
        for dotted in shown(cell):
            source, name = package_source(dotted), dotted.rpartition(".")[2]
            old = definition(cell.source, name)
            if old is None:  # below what the cell imports
                cell.source = f"{cell.source.rstrip()}\n\n\n{source}".strip()
                changed.append(dotted)
            elif not same(old, definition(source, name)):
                cell.source = cell.source.replace(_lines_of(cell.source, old), source)
                changed.append(dotted)
    return changed


def _lines_of(source: str, node: Definition) -> str:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])


def _documented(tree: ast.AST) -> list[tuple[ast.AST, ast.Expr]]:
    """The definitions below ``tree`` that have a docstring, each with it."""
    return [(n, n.body[0]) for n in ast.walk(tree) if isinstance(n, Definition) and ast.get_docstring(n)]


def _bare(tree: ast.AST) -> str:
    tree = ast.parse(ast.unparse(tree))
    for node, docstring in _documented(tree):
        node.body.remove(docstring)
    return ast.dump(tree)


def _one_line_docstrings(source: str) -> str:
    lines = source.splitlines()
    for _, docstring in sorted(_documented(ast.parse(source)), key=lambda pair: -pair[1].lineno):
        paragraph = " ".join(textwrap.dedent(docstring.value.value).strip().split("\n\n")[0].split())
        first = paragraph if len(paragraph) < 100 else docstring.value.value.strip().splitlines()[0]
        quoted = f'{" " * docstring.col_offset}"""{first}"""'
        lines[docstring.lineno - 1 : docstring.end_lineno] = [quoted]
    return "\n".join(lines)
