"""The runner on tiny lessons: failures are named, runs resume, wrong settings stop before anything starts."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest

from coursekit import lesson as lesson_module
from coursekit import run as runner
from coursekit import workspace
from coursekit.run import LessonFailed
from gadgetlib.errors import CourseError

PARAMETERS = 'profile: str = "quick"\nseed: int = 42\nn: int = 1  # how many, 1 to 9'


def write_lesson(folder: Path, name: str, *cells: str) -> Path:
    start = (
        f'from coursekit.lesson import start\nlesson = start("{name}", globals(), profile=["quick", "full"], n=(1, 9))'
    )
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    notebook.cells = [
        nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        *[nbformat.v4.new_code_cell(source) for source in (start, *cells)],
    ]
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def lessons(tmp_path, build, monkeypatch):
    """Two tiny lessons in place of the real ones."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(runner, "lesson_path", lambda name: folder / f"{name}.ipynb")
    write_lesson(folder, "00_start_here", "lesson.report(n=n)")
    write_lesson(folder, "01_scrape", "lesson.report(twice=2 * n)")
    return folder


def lines() -> tuple[list[str], object]:
    said: list[str] = []
    return said, said.append


@pytest.mark.slow
def test_a_run_leaves_notebooks_pages_and_a_report_card(lessons, build):
    said, say = lines()
    found = runner.run_course(["00", "1"], settings=["01.n=4"], say=say)
    assert [entry["figures"] for entry in found["lessons"]] == [{"n": 1}, {"twice": 8}]
    assert all(entry["seconds"] > 0 and entry["peak_mb"] > 20 for entry in found["lessons"])
    assert json.loads((build / "report.json").read_text()) == found
    page = (build / "report.html").read_text()
    assert "01_scrape" in page and "twice" in page
    html = (build / "notebooks" / "01_scrape.html").read_text()
    assert "cdnjs" not in html and "cdn." not in html
    assert any("[2/2] 01_scrape  done in" in line for line in said)


@pytest.mark.slow
def test_a_wrong_notebook_fails_and_the_run_resumes_there(lessons, build):
    broken = write_lesson(lessons, "01_scrape", "lesson.report(n=n)", "1 / 0")
    with pytest.raises(LessonFailed, match=r"01_scrape stopped at cell 4: ZeroDivisionError: division by zero"):
        runner.run_course(["00", "01"], say=lambda line: None)
    assert not (build / "notebooks" / "01_scrape.ipynb").exists()
    assert (build / "notebooks" / "01_scrape.failed.ipynb").exists()
    broken.unlink()
    write_lesson(lessons, "01_scrape", "lesson.report(n=n)")
    said, say = lines()
    runner.run_course(["00", "01"], say=say)
    assert said[0] == "[1/2] 00_start_here  already done, kept"
    assert not (build / "notebooks" / "01_scrape.failed.ipynb").exists()
    said, say = lines()
    runner.run_course(["00", "01"], say=say)  # a whole run is not resumed: asking again means again
    assert "running" in said[0]


@pytest.mark.slow
def test_a_changed_lesson_is_done_again_and_so_is_what_follows(lessons, build):
    state = {"asked": {name: {"profile": "quick"} for name in ("00_start_here", "01_scrape")}}
    state["done"] = {"00_start_here": "an older fingerprint", "01_scrape": runner._fingerprint("01_scrape")}
    build.mkdir()
    (build / "course.json").write_text(json.dumps(state))
    said, say = lines()
    runner.run_course(["00", "01"], say=say)
    assert sum("running" in line for line in said) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"only": ["12"]}, "00_start_here"),
        ({"settings": ["00.m=3"]}, "has no parameter 'm'"),
        ({"settings": ["n=3"]}, "03.epochs=5"),
        ({"photos": "no/such/folder"}, "is not a folder"),
        ({"photos": ".", "only": ["00"]}, "used by none of 00_start_here"),
    ],
)
def test_wrong_settings_stop_before_anything_runs(lessons, build, options, words):
    with pytest.raises(CourseError, match=words):
        runner.run_course(say=lambda line: pytest.fail("something ran"), **options)


@pytest.mark.parametrize(("setting", "words"), [("00.n=0", "1 to 9"), ("00.n=many", "n = 'many'")])
def test_a_value_out_of_range_stops_the_lesson_in_its_setup_cell(lessons, setting, words):
    with pytest.raises(LessonFailed, match="00_start_here stopped at cell 2") as caught:
        runner.run_course(["00"], settings=[setting], say=lambda line: None)
    assert words in str(caught.value)


def test_an_unknown_name_injected_by_papermill_stops_the_lesson(lessons):
    with pytest.raises(LessonFailed, match="no parameter 'eposchs'.*it accepts profile"):
        runner.execute("00_start_here", {"eposchs": 3})


def test_a_second_run_beside_a_living_one_is_refused(lessons, build):
    build.mkdir()
    with runner._alone(), pytest.raises(CourseError, match="Another course run"):
        runner.run_course(["00"], say=lambda line: None)


def test_a_dead_kernel_is_named(lessons):
    write_lesson(lessons, "00_start_here", "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(LessonFailed, match="00_start_here could not be run"):
        runner.execute("00_start_here", {})


def test_a_disk_that_fills_up_under_papermill_is_said(lessons, build, monkeypatch):
    """Papermill saves after every cell; that is where a run most often meets a full disk."""
    from papermill.iorw import LocalHandler

    def full(self, buf, path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(LocalHandler, "write", full)
    with pytest.raises(LessonFailed, match="The disk is full: '00_start_here.ipynb'"):
        runner.execute("00_start_here", {})
    assert not list(build.rglob("*.part*"))


def test_a_missing_input_is_made_first(lessons, build):
    write_lesson(
        lessons, "04_ocr",
        "import json\nwith lesson.write('text') as part:\n"
        "    part.write_text(json.dumps({'file': 'a', 'text': '', 'words': []}))",
    )  # fmt: skip
    lesson = lesson_module.Lesson("05_ner", {"profile": "quick", "seed": 1})
    path = lesson.need("text")
    assert path.exists() and workspace.stamp("text")["parameters"]["seed"] == 1


def test_figures_are_shown_with_four_digits():
    assert [runner.shown(value) for value in (0.09581362760553512, 19.31781, 2436, "quick")] == [
        "0.09581",
        "19.32",
        "2436",
        "quick",
    ]


def test_the_report_survives_a_lesson_without_figures(build):
    workspace.write_json(workspace.record("runs", "00_start_here"), {"seconds": 1, "peak_mb": 2, "parameters": {}})
    assert runner.write_report()["lessons"][0]["figures"] == {}


@pytest.mark.parametrize("damage", ["", "{", "[1]", "5", '{"a": 1}'])
def test_the_report_survives_a_damaged_record(build, damage):
    workspace.write_json(workspace.record("runs", "00_start_here"), {"seconds": 1, "peak_mb": 2, "parameters": {}})
    for kind, name in (("runs", "01_scrape"), ("cards", "00_start_here"), ("stamps", "raw")):
        workspace.record(kind, name).parent.mkdir(parents=True, exist_ok=True)
        workspace.record(kind, name).write_text(damage)
    assert [lesson["name"] for lesson in runner.write_report()["lessons"]] == ["00_start_here"]
    assert workspace.stamp("raw") in (None, {"a": 1})


def test_the_offline_guard_refuses_what_leaves_the_machine():
    code = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    guard = Path(__file__).parent / "offline"
    env = {**os.environ, "PYTHONPATH": str(guard)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "the network is blocked in this test" in done.stderr


def test_a_file_of_ones_own_is_meant_from_where_the_command_runs(tmp_path, monkeypatch):
    """Every parameter of a lesson that its comment calls a file or a folder, or a picture."""
    monkeypatch.chdir(tmp_path)
    found = []
    for name in workspace.LESSONS:
        for parameter in papermill.inspect_notebook(str(runner.lesson_path(name))).values():
            if re.match("a (folder|picture|photo|CSV|price table) of", parameter["help"]):
                found.append(setting := f"{name[:2]}.{parameter['name']}=mine.csv")
                assert runner.parse_settings([setting])[name][parameter["name"]] == str(tmp_path / "mine.csv")
    assert len(found) >= 8
