"""A matrix of parameters over the real lessons, each run through papermill as an instructor would."""

from __future__ import annotations

import json

import pytest
import yaml

from coursekit import lesson as lesson_module
from coursekit import run as runner
from coursekit import workspace
from coursekit.run import LessonFailed
from gadgetlib import files
from gadgetlib.errors import CourseError

# Cheap variations only: nbval runs every lesson with its defaults already. The two cheapest lessons of the workshop are
# run with what its preset says; test_presets.py tries what the other presets say.
WORKSHOP = yaml.safe_load((files.project_root() / "notebooks" / "instructor" / "workshop.yaml").read_text())["lessons"]
MATRIX = [
    ("00_start_here", {"seed": 7, **WORKSHOP["00"]}),
    ("07_price_model", {"seed": 7, **WORKSHOP["07"]}),
]


@pytest.mark.parametrize(("name", "parameters"), MATRIX, ids=[f"{n}-{json.dumps(p)}" for n, p in MATRIX])
def test_a_lesson_runs_with_other_parameters(name, parameters, tmp_path):
    made = runner.execute(name, parameters, output=tmp_path / f"{name}.ipynb")
    assert made.exists()
    for artefact in runner.makes(name):
        assert workspace.stamp(artefact)["parameters"].items() >= parameters.items()


@pytest.mark.parametrize("name", workspace.LESSONS)
def test_a_wrong_parameter_stops_every_lesson_at_its_second_cell(name, tmp_path):
    """One kernel a lesson: the wrong name, the wrong type and the wrong value are tried in its setup cell."""
    import nbformat
    from nbclient import NotebookClient

    lesson = nbformat.read(runner.lesson_path(name), as_version=4)
    code = [cell.source for cell in lesson.cells if cell.cell_type == "code"][:2]
    trials = {
        "profil = 'quick'": "no parameter 'profil'",
        "del profil; seed = 'forty-two'": "seed = 'forty-two'",
        "seed = 42; profile = 'huge'": "quick | full",
    }
    cells = [code[0]]
    for injected in trials:
        cells += [injected, code[1] + "\nraise SystemExit('accepted')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, allow_errors=True, timeout=120, kernel_name="python3").execute(cwd=str(tmp_path))
    for cell, words in zip(notebook.cells[2::2], trials.values(), strict=True):
        (error,) = [output for output in cell.outputs if output.output_type == "error"]
        assert error.ename == "CourseError" and words in error.evalue, (cell.source, error.evalue)


def test_a_lesson_without_its_input_says_so_and_makes_it(build, tmp_path, monkeypatch):
    """Asked for the cheapest artefact that another lesson makes, in an empty build folder."""
    said = []
    monkeypatch.setattr(runner, "execute", lambda name, parameters: said.append((name, parameters)))
    with pytest.raises(CourseError):
        lesson_module.Lesson("05_ner", {"profile": "quick", "seed": 3}).need("text")  # the stand-in makes nothing
    assert said == [("04_ocr", {"profile": "quick", "seed": 3})]


def test_unknown_names_are_refused_by_papermill_runs_too(tmp_path):
    with pytest.raises(LessonFailed, match="stopped at cell"):
        runner.execute("00_start_here", {"sed": 1}, output=tmp_path / "x.ipynb")
