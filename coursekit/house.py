"""How the house stands: ``python -m coursekit.house`` prints each module's lines and the import graph as Mermaid.

The layers are a table in pyproject.toml (``[tool.house]``); tests/test_house.py holds everybody to them.
"""

import ast
import graphlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

from gadgetlib.files import project_root

ROOT = project_root()
TABLE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["house"]
PACKAGES = ("gadgetlib", "coursekit")


def modules() -> dict[str, Path]:
    """``gadgetlib.clean`` -> its file, for both packages."""
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


def layer(module: str) -> int:
    """0, 1 or 2 for a module of gadgetlib, 3 for coursekit. Raises KeyError for one that the table does not list."""
    package, _, name = module.partition(".")
    levels = {name: level for level, names in enumerate(TABLE["layers"]) for name in names}
    return 3 if package == "coursekit" else 0 if not name else levels[name.partition(".")[0]]


def imports(source: str, module: str, known: set[str]) -> set[str]:
    """The modules of ``known`` that a module imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{base}.{alias.name}" for alias in node.names} & known or {base}
    return (found & known) - {module}


def graph() -> dict[str, set[str]]:
    """Module -> the modules of both packages that it imports."""
    files = modules()
    return {name: imports(path.read_text(encoding="utf-8"), name, set(files)) for name, path in files.items()}


def upward(edges: dict[str, set[str]]) -> list[tuple[str, str]]:
    """The imports that point to a higher layer, where none may point."""
    return sorted((one, other) for one, targets in edges.items() for other in targets if layer(other) > layer(one))


def cycles(edges: dict[str, set[str]]) -> list[str]:
    """The modules of a circle of imports, if there is one."""
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError as error:
        return sorted(set(error.args[1]))
    return []


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(name, lines) of every function in a file, docstring included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.end_lineno - node.lineno + 1


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    print("| layer | module | lines | longest function |\n| --- | --- | ---: | --- |")
    for name, path in sorted(modules().items(), key=lambda item: (layer(item[0]), item[0])):
        longest, length = max(functions(path), key=lambda found: found[1], default=("", ""))
        print(f"| {layer(name)} | {name} | {lines(path)} | {longest} {length} |")
    for package, most in TABLE["lines"].items():
        print(f"| | {package} | {sum(lines(p) for n, p in modules().items() if n.startswith(package))} of {most} | |")
    print("\n```mermaid\nflowchart TD")
    for name, targets in graph().items():
        print("\n".join(f"  {name} --> {target}" for target in sorted(targets)))
    print("```")
