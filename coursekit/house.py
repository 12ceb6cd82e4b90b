"""How the house stands: ``python -m coursekit.house`` prints each module's lines and the import graph as Mermaid.

The layers are a table in pyproject.toml (``[tool.house]``); tests/test_house.py holds everybody to them.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from gadgetlib.files import project_root

ROOT = project_root()
TABLE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["house"]
PACKAGES = ("gadgetlib", "coursekit")


def modules() -> dict[str, Path]:
    """``gadgetlib.clean`` -> its file, for both packages."""
    files = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return {_dotted(path): path for path in files}


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def layer(module: str) -> int:
    """0, 1 or 2 for a module of gadgetlib, 3 for coursekit. Raises KeyError for one that the table does not list."""
    package, _, name = module.partition(".")
    if package == "coursekit":
        return 3
    levels = {name: level for level, names in enumerate(TABLE["layers"]) for name in names}
    return 0 if not name else levels[name.partition(".")[0]]


def imports(source: str, module: str, known: set[str]) -> set[str]:
    """The modules of ``known`` that a module imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            inside = {f"{base}.{alias.name}" for alias in node.names}
            found |= inside & known or {base}
    return (found & known) - {module}


def graph() -> dict[str, set[str]]:
    """Module -> the modules of both packages that it imports."""
    files = modules()
    return {name: imports(path.read_text(encoding="utf-8"), name, set(files)) for name, path in files.items()}


def upward(edges: dict[str, set[str]]) -> list[tuple[str, str]]:
    """The imports that point to a higher layer, where none may point."""
    return sorted((one, other) for one, targets in edges.items() for other in targets if layer(other) > layer(one))


def cycles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other, found by taking away what depends on nothing that is left."""
    left = {name: set(targets) for name, targets in edges.items()}
    while leaves := {name for name, targets in left.items() if not targets}:
        left = {name: targets - leaves for name, targets in left.items() if name not in leaves}
    while roots := set(left) - {target for targets in left.values() for target in targets}:
        left = {name: targets for name, targets in left.items() if name not in roots}
    return [sorted(left)] if left else []


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, lines) of every function in a file, docstring included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.end_lineno - node.lineno + 1


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def table() -> str:
    """The modules by layer with their lines, and both packages' totals, as Markdown."""
    rows = ["| layer | module | lines | longest function |", "| --- | --- | ---: | --- |"]
    files = modules()
    for name, path in sorted(files.items(), key=lambda item: (layer(item[0]), item[0])):
        longest, length = max(functions(path), key=lambda found: found[1], default=("", 0))
        rows.append(f"| {layer(name)} | {name} | {lines(path)} | {longest} {length or ''} |")
    for package in PACKAGES:
        total = sum(lines(path) for name, path in files.items() if name.partition(".")[0] == package)
        rows.append(f"| | **{package}** | **{total}** of {TABLE['lines'][package]} | |")
    return "\n".join(rows)


def mermaid() -> str:
    """The import graph of both packages, one box per layer."""
    edges = graph()
    rows = ["flowchart TD"]
    for level, title in enumerate(("foundations", "one step each", "the whole", "coursekit")):
        inside = [name for name in edges if layer(name) == level]
        rows += [f'  subgraph L{level}["{level} {title}"]', *(f"    {name}" for name in inside), "  end"]
    rows += [f"  {one} --> {other}" for one, targets in edges.items() for other in sorted(targets)]
    return "\n".join(rows)


if __name__ == "__main__":
    print(f"{table()}\n\n```mermaid\n{mermaid()}\n```")
