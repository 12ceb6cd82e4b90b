"""What every file of the course is written with."""

from __future__ import annotations

import csv

import pytest

from gadgetlib.files import from_cell, to_cell


@pytest.mark.parametrize(
    "name", ["=cmd|calc!A1.jpg", "+1.jpg", "-2.jpg", "@SUM(1).jpg", "\t=1.jpg", "＝1.jpg", "'=1.jpg", "''+1.jpg"]
)
def test_a_cell_that_would_run_is_text_and_comes_back(name, tmp_path):
    assert to_cell(name) == f"'{name}" and from_cell(to_cell(name)) == name
    path = tmp_path / "x.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerow([to_cell(name)])
    with path.open(newline="") as file:
        assert from_cell(next(csv.reader(file))[0]) == name


@pytest.mark.parametrize("value", ["a=b.jpg", "'s.jpg", "1-2.jpg", "", -5, 1.5, None])
def test_other_cells_stay_as_they_are(value):
    assert to_cell(value) == value and (not isinstance(value, str) or from_cell(value) == value)
