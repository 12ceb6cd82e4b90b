"""Every lesson through papermill, as an instructor runs it: other parameters, wrong ones, missing inputs."""

from __future__ import annotations

import nbformat
import pytest
import yaml

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


WRONG = {
    "profil = 'quick'": "no parameter 'profil'",
    "seed = 'forty-two'": "seed = 'forty-two'",
    "seed = 42; profile = 'huge'": r"quick \| full",
}


@pytest.mark.parametrize("injected", WRONG)
@pytest.mark.parametrize("name", workspace.LESSONS)
def test_a_wrong_parameter_stops_every_lesson_at_its_second_cell(name, injected, build):
    """The wrong name, the wrong type and the wrong value, in the place where papermill puts them."""
    lesson = nbformat.read(runner.lesson_path(name), as_version=4)
    parameters, second = [cell.source for cell in lesson.cells if cell.cell_type == "code"][:2]
    space = {}
    exec(parameters, space)
    exec(injected, space)
    with pytest.raises(CourseError, match=WRONG[injected]):
        exec(second, space)


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
