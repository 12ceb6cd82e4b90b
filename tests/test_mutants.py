"""Tests that bite: broken solutions, broken data and a broken notebook must each be noticed by what guards them."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
from collections import Counter

import mutants
import nbformat
import numpy as np
import pytest
from exercise_samples import SEED, WRITTEN, given

from coursekit import author, check, exercises
from coursekit import run as runner
from coursekit.workspace import LESSONS
from gadgetlib.measure import difference

pytestmark = pytest.mark.slow
ALL = [one for name in LESSONS for one in exercises.of_lesson(name[:2])]

# ---------------------------------------------------------------- answers


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_a_changed_answer_is_never_right(one, capsys):
    right = WRITTEN[one.name](given(one))
    for done, answer in mutants.value_mutants(right):
        check.exercise(one.name, answer, seed=SEED)
        assert check.RESULTS[one.name]["verdict"] == "wrong", done
    check.exercise(one.name, right, seed=SEED)
    assert check.RESULTS[one.name]["verdict"] == "right"


# The solutions that need no trained model, run with stand-ins for the lesson's names.
SPACE = {
    "00.1": {},
    "00.2": {"np": np},
    "00.3": {"statistics": statistics, "task": given(exercises.find("00.3"))},
    "01.1": {},
    "01.2": {"re": re},
    "01.3": {},
    "02.1": {},
    "02.2": {"Counter": Counter},
    "02.3": {},
    "04.2": {},
    "05.1": {},
    "05.2": {"re": re},
    "06.1": {"np": np},
    "08.1": {},
    "08.2": {"difference": difference},
    "08.3": {"json": json},
}
# Mutants that are as right as what they were made from.
SAME = {
    ("00.2", "line 2: Div to Mult"),  # the query's length changes no order
    ("08.1", "line 6: ' failed: ' to another text"),
    ("08.2", "line 3: 100 to 101"), ("08.3", "line 2: 'photo.jpg' to another text"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPACE)
def test_a_broken_solution_is_never_right(name, capsys):
    lesson = next(lesson for lesson in LESSONS if lesson.startswith(name[:2]))
    cell, answer = next((cell, answer) for asked, cell, answer in mutants.answers(lesson) if asked == name)
    space = {"check": check, "seed": SEED, **SPACE[name]}
    found = list(mutants.solution_mutants(cell.replace(answer, author.STUB), answer, space))
    assert len(found) >= 5
    assert [done for done, said in found if said == "right" and (name, done) not in SAME] == []


# ---------------------------------------------------------------- notebooks


def wrong_notebook(path, *cells):
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(metadata=metadata)
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in cells]
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, path)
    return path


WRONG = {
    "a check that does not hold": "from coursekit import check\ncheck.expect(1 + 1 == 3, 'One and one are not three.')",
    "a name that is not there": "print(no_such_name)",
    "an exercise that is not there": "from coursekit import check\ncheck.exercise('00.9', 1)",
}


BROKEN = "from coursekit import check\ncheck.exercise('02.3', lambda a, b: 0)"


def test_nbval_fails_wrong_cells_and_passes_right_ones(tmp_path):
    """As `make test` runs it: lax, in the current environment, and on to the next cell after a failure."""
    right = "from coursekit import check\ncheck.expect(n == 1, 'No.')"
    path = wrong_notebook(tmp_path / "mixed.ipynb", "n: int = 1  # how many", *WRONG.values(), right, BROKEN)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].metadata["tags"] = ["exercise", "nbval-check-output"]  # as a solution is stored
    said = f"Exercise 02.3: right. {exercises.find('02.3').because}\n"
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", name="stdout", text=said)]
    nbformat.write(notebook, path)
    options = ["--nbval-lax", "--nbval-current-env", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
    command = [sys.executable, "-m", "pytest", *options, "--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=800)
    assert done.returncode == 1, done.stdout[-2000:]
    failed = [int(number) for number in re.findall(r"^FAILED .*::Cell (\d+)", done.stdout, re.MULTILINE)]
    assert failed == [1, 2, 3, 5] and "4 failed, 2 passed" in done.stdout, done.stdout[-2000:]


@pytest.mark.parametrize("why", WRONG)
def test_the_runner_fails_a_wrong_notebook(why, tmp_path, monkeypatch, build):
    path = wrong_notebook(tmp_path / "00_start_here.ipynb", "n: int = 1  # how many", WRONG[why])
    monkeypatch.setattr(runner, "lesson_path", lambda name: path)
    with pytest.raises(runner.LessonFailed, match="stopped at cell 2"):
        runner.execute("00_start_here", {}, output=tmp_path / "made.ipynb")
