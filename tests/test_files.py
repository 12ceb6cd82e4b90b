"""What every file of the course is written with."""

from __future__ import annotations

import os
import sys

import pytest

from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, check_writable, checked, project_root, sha256, to_cell


@pytest.mark.parametrize(
    "name", ["=cmd|calc!A1.jpg", "+1.jpg", "-2.jpg", "@SUM(1).jpg", "\t=1.jpg", "＝1.jpg", "'=1.jpg", "''+1.jpg"]
)
def test_a_cell_that_would_run_is_text(name):
    assert to_cell(name) == f"'{name}"


@pytest.mark.parametrize("value", ["a=b.jpg", "'s.jpg", "1-2.jpg", "", -5, 1.5, None])
def test_other_cells_stay_as_they_are(value):
    assert to_cell(value) == value


def test_a_file_is_the_expected_one_or_one_sentence(tmp_path):
    (path := tmp_path / "weights.bin").write_bytes(b"weights")
    assert checked(path, sha256(path), "reinstall it") == path
    for file, digest in ((path, "0" * 64), (tmp_path / "none.bin", sha256(path))):
        with pytest.raises(CourseError, match=rf"{file.name} is missing or is not the expected.*: reinstall it\.$"):
            checked(file, digest, "reinstall it")


def test_results_lie_at_one_place_from_wherever_one_looks(tmp_path, monkeypatch):
    """A lesson runs in notebooks/, the command where its user is."""
    monkeypatch.setenv("GADGET_BUILD", "mine")
    monkeypatch.chdir(tmp_path)
    assert build_dir() == project_root() / "mine"
    monkeypatch.setenv("GADGET_BUILD", str(tmp_path))
    assert build_dir() == tmp_path


@pytest.mark.parametrize("place", ["/proc/x", "/dev/null", "{folder}/" + 300 * "x", "{folder}/loop"])
@pytest.mark.skipif(sys.platform != "linux", reason="its places are Linux's")
def test_a_place_that_nothing_can_be_written_to_is_one_sentence(place, tmp_path, monkeypatch):
    os.symlink("loop", tmp_path / "loop")
    monkeypatch.setenv("GADGET_BUILD", place.format(folder=tmp_path))
    with pytest.raises(CourseError, match="cannot be written to .*set GADGET_BUILD"):
        check_writable(build_dir())
