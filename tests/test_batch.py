"""Folder to CSV: a row for every picture, bad ones too; a killed run goes on without doing anything twice."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image

from gadgetlib import batch
from gadgetlib.errors import CourseError
from gadgetlib.listing import Listing
from gadgetlib.pictures import open_image


class Describer:
    """Opens pictures for real, invents the rest; counts what it was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, path):
        self.asked.append(path.name)
        open_image(path)
        specs = {"brand": 'D"e,l\nl', "ram_gb": 16.0, "model": None}
        return Listing(gadget_type="laptop", probs={"laptop": 0.9}, specs=specs)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in" / "süb dir").mkdir(parents=True)
    for i in range(6):
        Image.new("RGB", (20, 20)).save(tmp_path / "in" / "süb dir" / f"{i}.png")
    (tmp_path / "in" / "=bad.jpg").write_text("text")
    (tmp_path / "in" / "notes.txt").write_text("not a picture")
    return tmp_path / "in"


def rows(out):
    with open(out, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_picture_has_its_row(folder, tmp_path):
    out = tmp_path / "out.csv"
    assert batch.describe_all(Describer(), [folder], out) == (7, 1)
    found = rows(out)
    assert len(found) == 7 and list(found[0]) == batch.COLUMNS
    bad = [row for row in found if row["error"]]
    assert [row["file"].rsplit("/", 1)[-1] for row in bad] == ["=bad.jpg"] and bad[0]["gadget_type"] == ""
    good = [row for row in found if not row["error"]]
    assert {(row["brand"], row["ram_gb"], row["model"]) for row in good} == {('D"e,l\nl', "16.0", "")}


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_cut_run_goes_on_where_it_stopped(folder, tmp_path, cut):
    out = tmp_path / "out.csv"
    batch.describe_all(Describer(), [folder], out)
    wanted = sorted(row["file"] for row in rows(out))
    out.write_bytes(out.read_bytes()[:-cut])
    again = Describer()
    made, _ = batch.describe_all(again, [folder], out)
    assert made == len(again.asked) in (1, 2)
    assert sorted(row["file"] for row in rows(out)) == wanted
    assert batch.describe_all(again, [folder], out) == (0, 0)


def test_a_name_that_a_spreadsheet_would_run_is_described_once(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    assert batch.describe_all(Describer(), [Path("=bad.jpg")], tmp_path / "out.csv") == (1, 1)
    assert rows(tmp_path / "out.csv")[0]["file"] == "'=bad.jpg"
    assert batch.describe_all(Describer(), [Path("=bad.jpg")], tmp_path / "out.csv") == (0, 0)


def test_a_folder_without_pictures_has_a_row_that_says_so(tmp_path):
    (tmp_path / "notes.txt").write_text("none")
    assert batch.describe_all(Describer(), [tmp_path], tmp_path / "out.csv") == (1, 1)
    assert "Is a directory" in rows(tmp_path / "out.csv")[0]["error"]


def test_another_table_is_not_overwritten(folder, tmp_path):
    out = tmp_path / "prices.csv"
    out.write_text("a,b\n1,2\n")
    with pytest.raises(CourseError, match="prices.csv"):
        batch.describe_all(Describer(), [folder], out)
    assert out.read_text() == "a,b\n1,2\n"


def test_a_table_may_call_its_pictures_by_their_names_alone(folder, tmp_path):
    """As the app does with what was uploaded: two of one name have a row each."""
    (twin := tmp_path / "=bad.jpg").write_text("text")
    out = tmp_path / "out.csv"
    assert batch.describe_all(Describer(), [folder / "=bad.jpg", twin], out, name=lambda path: path.name) == (2, 2)
    assert [row["file"] for row in rows(out)] == ["'=bad.jpg"] * 2
    assert not any(str(tmp_path) in row["error"] for row in rows(out))


def test_a_table_that_cannot_be_written_is_one_sentence(folder, tmp_path):
    with pytest.raises(CourseError, match="cannot be written .*; name another file with --out"):
        batch.describe_all(Describer(), [folder], tmp_path / "no such folder" / "out.csv")


def test_a_heading_cut_short_is_begun_anew(folder, tmp_path):
    (tmp_path / "out.csv").write_text("file,gad")
    assert batch.describe_all(Describer(), [folder], tmp_path / "out.csv") == (7, 1)
    assert list(rows(tmp_path / "out.csv")[0]) == batch.COLUMNS
