"""Functions shown in lessons: what a cell holds is what the package holds; pictures are stored small."""

from __future__ import annotations

import io

import jupytext
import nbformat
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from coursekit import author
from gadgetlib import files, plots
from gadgetlib.errors import CourseError

SPLIT = author.package_source("files.split_of")


def cell(source: str, *tags: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})


def notebook(*cells) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=list(cells))


def test_a_cell_like_the_package_is_right_whatever_its_docstring_says():
    assert "def split_of(" in SPLIT and author.shown_problems(notebook(cell(SPLIT, "shows:files.split_of"))) == []
    other = SPLIT.replace("The split", "A split")
    assert other != SPLIT and author.shown_problems(notebook(cell(other, "shows:files.split_of"))) == []
    whole = author.package_source("measure.Figure")
    assert whole.startswith("@dataclass") and author.shown_problems(notebook(cell(whole, "shows:measure.Figure"))) == []


@pytest.mark.parametrize(
    ("source", "tag", "words"),
    [
        (SPLIT.replace("70", "71"), "shows:files.split_of", "split_of differs from gadgetlib's"),
        ("split_of = None", "shows:files.split_of", "does not define split_of"),
        (SPLIT, "shows:files.split_off", "gadgetlib/files.py defines no split_off"),
        (SPLIT, "shows:file.split_of", "names no module of gadgetlib"),
        (SPLIT, "shows:split_of", "names no module of gadgetlib"),
    ],
)
def test_a_cell_that_drifted_is_noticed(source, tag, words):
    (problem,) = author.shown_problems(notebook(cell(source, tag)))
    assert problem.startswith("cell 1") and words in problem


def test_the_tool_writes_the_package_s_source_into_the_cell():
    old = "import hashlib\n\n\ndef split_of(product_id):\n    return 'train'\n\n\nsplit_of('x')"
    cells = [cell(old, "shows:files.split_of"), cell("import json", "shows:files.read_json"), cell("x = 1")]
    made = notebook(*cells)
    assert author.write_sources(made) == ["files.split_of", "files.read_json"] and author.write_sources(made) == []
    assert made.cells[0].source == f"import hashlib\n\n\n{SPLIT}\n\n\nsplit_of('x')"
    assert made.cells[1].source == "import json\n\n\n" + author.package_source("files.read_json")
    assert author.shown_problems(made) == []


def test_docstrings_shrink_to_their_first_line():
    source = author.package_source("files.write_atomic")
    assert source.startswith("@contextlib.contextmanager")
    assert source.count('"""') == 2 and "A full disk" not in source and "rename it into place only if" in source


def test_a_package_is_named_like_a_module(tmp_path):
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "__init__.py").write_text("def one():\n    return 1\n")
    (tmp_path / "specs" / "two.py").write_text("def two():\n    return 2\n")
    assert author.package_source("specs.one", tmp_path) == "def one():\n    return 1"
    assert author.package_source("specs.two.two", tmp_path) == "def two():\n    return 2"
    with pytest.raises(CourseError, match="defines no three"):
        author.package_source("specs.three", tmp_path)


def test_tags_and_folded_outputs_survive_the_author_s_tools(tmp_path):
    made = notebook(cell("1", "shows:files.split_of"), nbformat.v4.new_code_cell("2"))
    made.cells[1].metadata = {"jupyter": {"outputs_hidden": True, "source_hidden": True}, "ExecuteTime": 3}
    text = jupytext.writes(author.normalise(made), fmt="py:percent")
    again = author.normalise(jupytext.reads(text, fmt="py:percent"))
    assert [c.metadata for c in again.cells] == [
        {"tags": ["shows:files.split_of"]}, {"jupyter": {"outputs_hidden": True}},
    ]  # fmt: skip


def test_outputs_are_stored_in_one_piece_without_warnings_progress_bars_and_paths_of_a_machine():
    made = notebook(cell("print(1); print(2)"))
    made.cells[0].outputs = [
        nbformat.v4.new_output("stream", text="1\n"),
        nbformat.v4.new_output("stream", name="stderr", text="a warning"),
        nbformat.v4.new_output("display_data", data={author.WIDGETS: {}}),
        nbformat.v4.new_output("stream", text=f"{files.project_root()}/data\n"),
    ]
    assert [output.text for output in author.normalise(made).cells[0].outputs] == ["1\n./data\n"]


# ---------------------------------------------------------------- pictures


def stored(kind: str, data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    assert image.get_format_mimetype() == kind
    return image


def test_a_drawing_is_stored_without_loss_and_a_photo_as_jpeg():
    figure, axis = plt.subplots(figsize=(4, 2))
    axis.plot([1, 2, 3])
    figure.savefig(plain := io.BytesIO(), format="png", bbox_inches="tight")
    kind, data = plots.compressed(figure)
    drawn = stored(kind, data)
    assert kind == "image/png" and len(data) < len(plain.getvalue()) / 2 and drawn.mode == "P"
    plt.close(figure)
    photo = Image.open(sorted((files.data_dir() / "photos").glob("*.jpg"))[0])
    kind, data = plots.compressed(photo.convert("RGBA"))
    assert kind == "image/jpeg" and stored(kind, data).size == photo.size


def test_a_picture_is_shown_with_its_alt_text(monkeypatch):
    asked = []
    monkeypatch.setattr("IPython.display.display", lambda *given, **options: asked.append((given, options)))
    figure = plots.grid([Image.new("RGB", (8, 8))] * 3, titles=["one"], columns=2, frames=[plots.BAD])
    plots.show(figure, alt="Three black squares.")
    ((given, options),) = asked
    assert "image/png" in given[0] and options["metadata"] == {"image/png": {"alt": "Three black squares."}}
    assert not plt.fignum_exists(figure.number)
    with pytest.raises(ValueError, match="alt must say"):
        plots.show(figure, alt=" ")
