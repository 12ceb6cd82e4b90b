"""Every lesson through papermill, as an instructor runs it: other parameters, wrong ones, missing inputs."""

from __future__ import annotations

import nbformat
import pytest
import yaml
from nbclient import NotebookClient

from coursekit import lesson as lesson_module
from coursekit import run as runner
from coursekit import workspace
from coursekit.run import LessonFailed
from gadgetlib import files
from gadgetlib.errors import CourseError

CHAIN = yaml.safe_load((files.project_root() / "tests" / "papermill.yaml").read_text())


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """A build folder that the lessons of this file share."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("papermill")
        patch.setenv("GADGET_BUILD", str(folder))
        yield folder


def test_the_chain_has_every_lesson_once():
    assert list(CHAIN["lessons"]) == [name[:2] for name in workspace.LESSONS]


@pytest.mark.slow
@pytest.mark.parametrize("number", CHAIN["lessons"])
def test_a_lesson_runs_with_other_parameters(number, chain):
    """Where a lesson before it failed, the next makes its input itself: each is judged alone."""
    name, parameters = runner.find_lesson(number), {"seed": CHAIN["seed"], **CHAIN["lessons"][number]}
    made = runner.execute(name, parameters)
    assert made.exists()
    for artefact in [made for made, entry in workspace.ARTEFACTS.items() if entry.lesson == name]:
        assert workspace.stamp(artefact)["parameters"].items() >= parameters.items()


@pytest.mark.slow
@pytest.mark.parametrize("name", workspace.LESSONS)
def test_a_wrong_parameter_stops_every_lesson_at_its_second_cell(name, tmp_path):
    """One kernel per lesson: the wrong name, the wrong type and the wrong value are tried in its setup cell."""
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
    client = NotebookClient(notebook, allow_errors=True, timeout=600, startup_timeout=300, kernel_name="python3")
    client.execute(cwd=str(tmp_path))
    for cell, words in zip(notebook.cells[2::2], trials.values(), strict=True):
        (error,) = [output for output in cell.outputs if output.output_type == "error"]
        assert error.ename == "CourseError" and words in error.evalue, (cell.source, error.evalue)


def test_a_lesson_without_its_input_says_so_and_makes_it(build, tmp_path, monkeypatch):
    """Asked for the cheapest artefact that another lesson makes, in an empty build folder."""
    asked = []
    monkeypatch.setattr(runner, "execute", lambda name, parameters: asked.append((name, parameters)))
    with pytest.raises(CourseError):
        lesson_module.Lesson("05_ner", {"profile": "quick", "seed": 3}).need("text")  # the stand-in makes nothing
    assert asked == [("04_ocr", {"profile": "quick", "seed": 3})]


def test_unknown_names_are_refused_by_papermill_runs_too(tmp_path):
    with pytest.raises(LessonFailed, match="stopped at cell"):
        runner.execute("00_start_here", {"sed": 1}, output=tmp_path / "x.ipynb")
