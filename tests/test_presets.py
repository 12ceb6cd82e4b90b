"""Instructors' presets: every name, type and range is one its lesson accepts, and they reach the lessons."""

from __future__ import annotations

import pytest
import yaml
from lesson_tools import begin, opening
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from coursekit import run as runner
from gadgetlib.errors import CourseError
from gadgetlib.files import project_root

FOLDER = project_root() / "notebooks" / "instructor"
PRESETS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))}
CASES = [(preset, number) for preset, content in PRESETS.items() for number in content["lessons"]]


def test_the_four_kinds_of_course_are_there():
    assert set(PRESETS) >= {"workshop", "two_weeks", "gpu_lab", "own_data"}
    assert all(content["about"].endswith(".") and content["lessons"] for content in PRESETS.values())


def begun(number, parameters):
    """The lesson after the cells that papermill writes for these parameters, and its ``start(...)`` statement."""
    notebook = load_notebook_node(str(runner.lesson_path(runner.find_lesson(number))))
    made = parameterize_notebook(notebook, parameters)
    code = [cell.source for cell in made.cells if cell.cell_type == "code"]
    namespace = {}
    for source in (*code[: 1 + bool(parameters)], opening(number)[1]):
        exec(source, namespace)
    return namespace["lesson"]


@pytest.mark.parametrize(("preset", "number"), CASES, ids=[f"{preset}-{number}" for preset, number in CASES])
def test_a_lesson_accepts_its_preset_from_papermill(preset, number, build):
    wanted = PRESETS[preset]["lessons"][number]
    found, defaults = begun(number, wanted).parameters, begin(number, {}).parameters
    assert found == {**defaults, **wanted}
    assert all(type(found[name]) is type(defaults[name]) for name in wanted), "another kind than the lesson's default"
    same = [name for name, value in wanted.items() if defaults[name] == value]
    assert same == [], "the lesson's own defaults need not be set"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"epoch": 3}, "no parameter 'epoch'"), ({"epochs": 51}, "0 to 50"), ({"epochs": "3"}, "epochs = '3'")],
)
def test_a_preset_with_a_mistake_would_be_noticed(wrong, words, build):
    with pytest.raises(CourseError, match=words):
        begun("03", wrong)


@pytest.mark.parametrize("preset", PRESETS)
def test_what_a_preset_says_arrives_unchanged(preset):
    lessons, settings = runner.read_preset(preset)
    arrived = runner.parse_settings(settings)
    assert lessons == list(PRESETS[preset]["lessons"])
    assert arrived == {runner.find_lesson(n): given for n, given in PRESETS[preset]["lessons"].items() if given}


def test_a_path_is_meant_from_where_the_command_runs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    arrived = runner.parse_settings(["06.catalogue=mine.csv", "06.photos=", "06.scheduler=tcp://host:8786"])
    assert arrived["06_retrieval"] == {
        "catalogue": str(tmp_path / "mine.csv"), "photos": "", "scheduler": "tcp://host:8786",
    }  # fmt: skip


def test_photos_for_all_go_to_the_lessons_that_take_some(monkeypatch, tmp_path, build):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine: é").mkdir()
    asked = []
    monkeypatch.setattr(runner, "_run", lambda parameters, say: asked.append(parameters))
    runner.run_course(["02", "06", "08"], photos="mine: é", settings=["08.photos="])
    assert asked == [{
        "02_clean": {"profile": "quick"},
        "06_retrieval": {"profile": "quick", "photos": str(tmp_path / "mine: é")},
        "08_capstone": {"profile": "quick", "photos": ""},
    }]  # fmt: skip


def test_a_preset_reaches_the_run(monkeypatch):
    from typer.testing import CliRunner

    from coursekit import cli

    asked = []
    monkeypatch.setattr(runner, "run_course", lambda *given: asked.append(given))
    done = CliRunner().invoke(cli.app, ["run", "--preset", "gpu_lab", "--set", "03.epochs=2"])
    assert done.exit_code == 0, done.output
    ((lessons, profile, photos, settings),) = asked
    assert lessons == ["03", "05", "06"] and profile == "quick" and settings[-1] == "03.epochs=2"
    assert runner.parse_settings(settings)["03_finetune"] == {"profile": "full", "epochs": 2, "batch_size": 128}
    assert CliRunner().invoke(cli.app, ["run", "05", "--preset", "gpu_lab"]).exit_code == 0
    assert asked[1][0] == ["05"]


def test_unknown_and_broken_presets_are_one_sentence(tmp_path):
    with pytest.raises(CourseError, match=f"there are {', '.join(sorted(PRESETS))}"):
        runner.read_preset("worksop")
    for text in ("lessons: [03]", "03: {}", "lessons: {"):
        (tmp_path / "mine.yaml").write_text(text)
        with pytest.raises(CourseError, match="mine.yaml is not understood"):
            runner.read_preset(str(tmp_path / "mine.yaml"))
