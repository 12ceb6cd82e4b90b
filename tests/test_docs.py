"""What README, CONTRIBUTING and docs/ name is there: files, targets of make, commands, modules, tests."""

from __future__ import annotations

import re

import pytest
import typer

from coursekit import cli, house
from gadgetlib.files import project_root

ROOT = project_root()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = "gadgetlib|coursekit|notebooks|data|tests|docs|bench"


def missing(text: str) -> list[str]:
    """Everything in a page's code, in line or in blocks, that is named and not there."""
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.S))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    commands = set(typer.main.get_command(cli.app).commands)
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    found = [f"make {one}" for one in re.findall(r"\bmake ([a-z]+)", code) if one not in targets]
    found += [f"gadget {one}" for one in re.findall(r"(?:^|[`/\\])gadget ([a-z]+)", code, re.M) if one not in commands]
    found += [one for one in re.findall(r"\b(?:python3? -m )(coursekit\.\w+)", code) if one not in house.modules()]
    named = re.findall(r"`((?!efficientnet)(?:[a-z0-9]+_){3,}[a-z0-9]+)`", text)
    found += [one for one in named if f"def test_{one}" not in tests]
    files = re.findall(rf"(?<![\w/])((?:{FOLDERS})/[\w./-]*)(?![\w<*-])", code)
    found += [one for one in files if "NN" not in one and not (ROOT / one).exists()]
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_page_names_is_there(path):
    assert missing(path.read_text(encoding="utf-8")) == []


def test_what_is_not_there_would_be_noticed():
    wrong = ["make cake", "gadget fly", "coursekit.fly", "a_wrong_test_name", "tests/test_fly.py"]
    text = "`make cake`, `gadget fly x`, `python -m coursekit.fly`, `tests/test_fly.py`, `a_wrong_test_name`"
    assert missing(f"{text}, `make test`, `tests/run`, `bench/bench_NN.py`") == wrong
