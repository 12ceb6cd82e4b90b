"""The minutes that lessons claim for the machine are those of the last run that was taken over."""

from __future__ import annotations

import json

import nbformat
import pytest

from coursekit import author
from coursekit.workspace import LESSONS
from gadgetlib.errors import CourseError


def claimed(text: str) -> float | None:
    """The seconds that a text claims the machine takes; None if it claims nothing."""
    found = author.CLAIM.search(text)
    return float(found[1]) * (60 if found[2] == "minute" else 1) if found else None


def off(says: float, measured: float) -> bool:
    """Is a claim off by more than half of what was measured?"""
    return abs(says - measured) > measured / 2


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_claims_what_was_measured(name):
    first = author.read(name).cells[0].source
    says = claimed(first)
    assert says is not None, "the first cell must say: the machine about ..."
    assert not off(says, json.loads(author.TIMES.read_text())["seconds"][name])


def test_the_map_in_readme_says_what_the_lessons_say():
    readme = author.README.read_text(encoding="utf-8")
    assert author.with_times(readme) == readme
    assert all(f"(notebooks/{name}.ipynb)" in readme and author.words(name) in readme for name in LESSONS)


@pytest.mark.parametrize("seconds", [6.7, 15, 18, 44, 59.1, 89, 91, 119, 253, 3000])
def test_a_claim_reads_back_as_what_was_measured(seconds):
    assert not off(claimed(f"| 40 minutes; {author.claim(seconds)} |"), seconds)


def report(**changed):
    lessons = [{"name": name, "seconds": 100.0, "parameters": {"profile": "quick"}} for name in LESSONS]
    return {"machine": "a machine", "lessons": [{**lesson, **changed} for lesson in lessons]}


def test_a_run_is_taken_over_and_a_stale_claim_would_fail(tmp_path, monkeypatch):
    for name in LESSONS:
        cell = nbformat.v4.new_markdown_cell("# A lesson\n\n| **Takes you** | an hour; the machine about 9 minutes |")
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / f"{name}.ipynb")
    monkeypatch.setattr(author, "lesson_path", lambda name: tmp_path / f"{name}.ipynb")
    monkeypatch.setattr(author, "TIMES", tmp_path / "times.json")
    monkeypatch.setattr(author, "README", tmp_path / "README.md")
    rows = "".join(f"| [{name}](notebooks/{name}.ipynb) | a thing | `made/` | stale |\n" for name in LESSONS)
    author.README.write_text(f"# A course\n\n{rows}\nMore | here |\n")
    author.take_times(report())
    assert set(json.loads((tmp_path / "times.json").read_text())["seconds"].values()) == {100.0}
    for name in LESSONS:
        first = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4).cells[0].source
        assert first == "# A lesson\n\n| **Takes you** | an hour; the machine about 2 minutes |"
    assert author.README.read_text() == f"# A course\n\n{rows}\nMore | here |\n".replace(
        "stale", "An hour; the machine about 2 minutes"
    )
    assert off(9 * 60, 100) and off(49, 100) and not off(60, 100)


@pytest.mark.parametrize("bad", [report(parameters={"profile": "full"}), {"lessons": report()["lessons"][1:]}])
def test_only_a_whole_run_with_defaults_is_taken_over(bad):
    before = author.TIMES.read_bytes()
    with pytest.raises(CourseError, match="run `make course` first"):
        author.take_times(bad)
    assert author.TIMES.read_bytes() == before
