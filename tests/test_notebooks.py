"""Lints of the committed lessons and solutions: structure, stored outputs, alt text, links, no machine paths."""

from __future__ import annotations

import ast
import re

import nbformat
import pytest
import yaml

from coursekit import author, exercises
from coursekit.workspace import LESSONS, picture_of
from gadgetlib.files import project_root

FOLDER = project_root() / "notebooks"
PATHS = [FOLDER / f"{name}.ipynb" for name in LESSONS]
SOLUTIONS = [FOLDER / "solutions" / f"{name}.ipynb" for name in LESSONS]
TAGS = {"parameters", "exercise", "quiz", "raises-exception", "nbval-check-output", "nbval-ignore-output", "nbval-skip"}
PARTS = {  # what every lesson has, and how it is known
    "objectives": r"able to do|can do afterwards",
    "a prediction before the first result": r"\*\*Predict",
    "a failure and its diagnosis": r"deliberate failure|[Dd]iagnosis",
    "a heading for the exercises": r"^## (Exercises|Your turn)$",
    "a quiz": r"^## Quiz$",
    "limits": r"Limits\b",
    "further reading": r"Further reading",
}
MACHINE = re.compile(r"(/home/|/root/|/tmp/|/Users/|/work/|[A-Z]:\\\\)")
CRAFT = yaml.safe_load((project_root() / "tests" / "lesson_calls.yaml").read_text())
LARGEST_LESSON = 1_000_000  # bytes
LONGEST_CELL, LONGEST_SHOWN = 15, 25  # lines of a cell, and of one that shows a function whole


def lint(notebook: nbformat.NotebookNode, name: str, folder=FOLDER) -> list[str]:
    """Everything wrong with a lesson, or with its solution (in another folder), one sentence each."""
    found = []
    ids = [cell.get("id") for cell in notebook.cells]
    if len(set(ids)) != len(ids) or not all(re.fullmatch(r"[\w-]{1,64}", str(i)) for i in ids if i) or None in ids:
        found.append("cell ids are missing, repeated or no ids")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    text = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    found += _lint_parameters(code, name, starts=folder == FOLDER)
    for number, cell in enumerate(notebook.cells, 1):
        where = f"cell {number}"
        if MACHINE.search(cell.source):
            found.append(f"{where} names a path of one machine")
        for tag in set(cell.metadata.get("tags", [])) - TAGS - {author.TAG + dotted for dotted in author.shown(cell)}:
            found.append(f"{where} has the tag {tag!r}, which nothing knows")
        if not cell.source.strip():
            found.append(f"{where} is empty")
        if cell.cell_type == "code":
            found += [f"{where} {problem}" for problem in _lint_code(cell)]
        elif re.search(r"!\[\s*\]\(|<img(?![^>]*\balt=\"[^\"]+\")[^>]*>", cell.source):
            found.append(f"{where} shows an image without alt text")
    source = "\n".join(cell.source for cell in text)
    found += author.shown_problems(notebook)
    found += _lint_headings(text) + _lint_links(source, folder) + _lint_exercises(notebook, name, folder != FOLDER)
    if folder == FOLDER:
        found += [f"lacks {part}" for part, known in PARTS.items() if not re.search(known, source, re.M)]
    return found


def craft_missing(notebook: nbformat.NotebookNode, calls: list[str]) -> list[str]:
    """What a lesson lacks of the libraries' calls that must stand in its code, and of functions shown whole."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    source = "\n".join(re.sub(r"(^|\s)#.*", "", cell.source) for cell in code)
    missing = [f"the call {wanted}" for wanted in calls if not any(one in source for one in wanted.split("|"))]
    taught = {dotted for cell in code for dotted in author.shown(cell)}
    if len(taught) < CRAFT["functions"]:
        missing.append(f"{CRAFT['functions']} shown functions (it has {len(taught)})")
    return missing


def _lint_links(source: str, folder) -> list[str]:
    """Every relative link leads to a file, and to a heading of it if it names one."""
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", source):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        if file and not (folder / file).exists():
            found.append(f"links to {file}, which does not exist")
        elif anchor and file.endswith(".ipynb"):
            cells = nbformat.read(folder / file, as_version=4).cells
            heads = re.findall(r"^#+ (.+)$", "\n".join(c.source for c in cells if c.cell_type == "markdown"), re.M)
            if anchor not in {head.strip().replace(" ", "-") for head in heads}:
                found.append(f"links to {target}, but there is no such heading")
    return found


def _lint_exercises(notebook, name: str, solved: bool) -> list[str]:
    """Each exercise once and in order, its task as the package has it, and the verdict that belongs there stored."""
    found = []
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and author.exercise_of(cell.source)]
    asked = [author.exercise_of(cell.source) for cell in cells]
    if asked != [one.name for one in exercises.of_lesson(name[:2])]:
        found.append(f"asks {asked}, not the lesson's exercises")
    for cell, one in zip(cells, asked):
        if not cell.source.startswith(author.task_comment(exercises.find(one)) + "\n"):
            found.append(f"the task of {one} is not the one of coursekit.exercises (coursekit/author.py exercises)")
        if "exercise" not in cell.metadata.get("tags", []):
            found.append(f"the cell of {one} is not tagged 'exercise'")
        said = "".join(output.get("text", "") for output in cell.outputs)
        if f"Exercise {one}: {'right.' if solved else 'not attempted.'}" not in said:
            found.append(f"{one} stores another verdict than {'right' if solved else 'not attempted'}: {said[-60:]!r}")
        if not solved and f"\n{author.STUB}\n" not in cell.source:
            found.append(f"the stub of {one} is not {author.STUB!r}")
    if not solved:
        sources = [cell.source for cell in notebook.cells]
        for part in (author.quiz_text(name[:2]), author.quiz_code(name[:2])):
            if sources.count(part) != 1:
                found.append("the quiz is not the one of coursekit.exercises (coursekit/author.py exercises)")
    return found


def _lint_parameters(code, name: str, starts: bool) -> list[str]:
    tagged = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1 or code[0] is not tagged[0]:
        return ["the first code cell, and it alone, must be tagged 'parameters'"]
    found = []
    for node in ast.parse(tagged[0].source).body:
        if not isinstance(node, ast.AnnAssign):
            found.append(f"parameter line {node.lineno} is not typed (name: type = value)")
    for line in tagged[0].source.splitlines():
        if line.strip() and not line.startswith((" ", "]", ")", "#")) and "#" not in line:
            found.append(f"parameter {line.split(':')[0]!r} has no comment")
    if starts and not re.search(rf'start\(\s*"{name}", globals\(\)', code[1].source):
        found.append(f'the second code cell must call start("{name}", globals(), ...)')
    return found


def _lint_code(cell) -> list[str]:
    found = []
    if re.search(r"^\s*[%!]\s*(pip|conda)", cell.source, re.M):
        found.append("installs something")
    longest = LONGEST_SHOWN if re.search(r"^def ", cell.source, re.M) else LONGEST_CELL
    if len([line for line in cell.source.splitlines() if line.strip()]) > longest:
        found.append(f"is longer than {longest} lines")
    if cell.source.strip() and cell.execution_count is None:
        found.append("was committed without having been executed")
    tags = cell.metadata.get("tags", [])
    if "nbval-check-output" in tags and not cell.outputs:
        found.append("is to be checked against an output that is not stored")
    for output in cell.outputs:
        if output.output_type == "error" and "raises-exception" not in tags:
            found.append(f"stores an error: {output.ename}")
        if output.output_type == "stream" and output.name == "stderr":
            found.append("stores standard error")
        data = output.get("data", {})
        shown = output.get("text", "") + "".join(v for v in data.values() if isinstance(v, str) and len(v) < 200_000)
        picture = picture_of(output)
        if not picture and MACHINE.search(shown):
            found.append("stores a path of one machine")
        if picture and not picture[2]:
            found.append("shows a picture without alt text (use plots.show(figure, alt=...))")
    return found


def _lint_headings(text) -> list[str]:
    source = re.sub(r"```.*?```", "", "\n".join(cell.source for cell in text), flags=re.S)
    levels = [len(mark) for mark in re.findall(r"^(#+) ", source, re.M)]
    found = [] if levels[:1] == [1] and levels.count(1) == 1 else ["needs exactly one title, first"]
    if any(after - before > 1 for before, after in zip(levels, levels[1:], strict=False)):
        found.append("skips a heading level")
    return found


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_lesson_is_clean(path):
    assert lint(nbformat.read(path, as_version=4), path.stem) == []


@pytest.mark.parametrize("number", CRAFT["lessons"])
def test_a_lesson_shows_its_craft(number):
    """A lesson in the list of `pending` ones must lack something: who completes it takes it off the list."""
    (path,) = FOLDER.glob(f"{number}_*.ipynb")
    missing = craft_missing(nbformat.read(path, as_version=4), CRAFT["lessons"][number])
    if path.stat().st_size > LARGEST_LESSON:
        missing.append(f"a size of at most {LARGEST_LESSON // 1000} kB (plots.show compresses pictures)")
    if number in CRAFT["pending"]:
        assert missing, f"lesson {number} shows it all: take it off the list `pending` in tests/lesson_calls.yaml"
        pytest.xfail(f"lesson {number} lacks {'; '.join(missing)}")
    assert missing == []


def test_a_lesson_without_its_calls_would_be_noticed():
    cells = [nbformat.v4.new_markdown_cell("DDGS()"), nbformat.v4.new_code_cell("answer = search()  # httpx.get")]
    missing = craft_missing(nbformat.v4.new_notebook(cells=cells), ["DDGS(", "httpx.|requests."])
    assert missing == ["the call DDGS(", "the call httpx.|requests.", "3 shown functions (it has 0)"]


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_papermill_can_print_the_parameters(path):
    import papermill

    found = papermill.inspect_notebook(str(path))
    assert found and all(entry["inferred_type_name"] != "None" and entry["help"] for entry in found.values())


@pytest.mark.parametrize("path", SOLUTIONS, ids=[path.stem for path in SOLUTIONS])
def test_solution_is_clean_and_is_what_its_source_makes(path):
    notebook = nbformat.read(path, as_version=4)
    assert lint(notebook, path.stem, path.parent) == []
    made = author.solution(path.stem)
    said = "the lesson or the source has changed: coursekit/author.py solutions " + path.stem[:2]
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in made.cells], said


@pytest.mark.parametrize("path", PATHS[:-1], ids=[path.stem for path in PATHS[:-1]])
def test_a_lesson_leads_to_the_next(path):
    following = LESSONS[LESSONS.index(path.stem) + 1]
    text = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    assert any(f"]({following}.ipynb)" in cell for cell in text)


def test_every_notebook_is_a_known_lesson():
    assert sorted(FOLDER.glob("*.ipynb")) == PATHS
    assert sorted((FOLDER / "solutions").glob("*.ipynb")) == SOLUTIONS


def bad(**changes):
    """A copy of a clean lesson with one thing wrong."""
    notebook = nbformat.read(PATHS[0], as_version=4)
    code = next(cell for cell in notebook.cells[::-1] if cell.cell_type == "code" and cell.source.strip())
    for key, value in changes.items():
        if key == "output":
            code.outputs = [nbformat.from_dict(value)]
        elif key == "tags":
            code.metadata["tags"] = value
            code.outputs = []
        else:
            code[key] = value
    return notebook


PIXEL = {"output_type": "display_data", "data": {"image/png": "iVBOR"}, "metadata": {}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source": "!pip install x"}, "installs something"),
        ({"source": "x = 1\n" * 16}, "longer than 15"),
        ({"execution_count": None}, "without having been executed"),
        ({"tags": ["nbval-check-output"]}, "not stored"),
        ({"output": {"output_type": "stream", "name": "stdout", "text": "/home/me/x"}}, "path of one machine"),
        ({"output": {"output_type": "stream", "name": "stderr", "text": "warning"}}, "standard error"),
        ({"output": {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}}, "stores an error"),
        ({"output": PIXEL}, "without alt text"),
    ],
)
def test_the_lint_bites(changes, words):
    assert any(words in problem for problem in lint(bad(**changes), PATHS[0].stem))


def changed(path, found, **changes):
    """A copy of a notebook with its cells that contain a text changed."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if found in cell.source:
            cell.update({key: value(cell[key]) if callable(value) else value for key, value in changes.items()})
    return notebook


@pytest.mark.parametrize(
    ("found", "changes", "words"),
    [
        ('exercise("00.1"', {"metadata": {"tags": []}}, "the cell of 00.1 is not tagged"),
        ('exercise("00.1"', {"metadata": {"tags": ["exercise", "hard"]}}, "has the tag 'hard'"),
        ('exercise("00.1"', {"outputs": []}, "00.1 stores another verdict"),
        ('exercise("00.1"', {"source": lambda s: s.replace("largest", "smallest")}, "the task of 00.1 is not the one"),
        ('exercise("00.1"', {"source": lambda s: s.replace("= ...", "= 3")}, "the stub of 00.1"),
        (
            'exercise("00.1"',
            {"source": lambda s: s.replace('exercise("00.1"', 'exercise("00.2"')},
            "not the lesson's exercises",
        ),
        ('exercise("00.1"', {"source": "  "}, "is empty"),
        ('exercise("00.1"', {"id": "no id at all"}, "cell ids"),
        ("**00.q1.**", {"source": lambda s: s.replace("(a)", "(d)")}, "the quiz is not the one"),
        ("**Predict", {"source": "No guess."}, "lacks a prediction"),
        ("# 00 ", {"source": lambda s: s + "\n\n[x](03_finetune.ipynb#No-such-heading)"}, "there is no such heading"),
        ("# 00 ", {"source": lambda s: s + "\n\n[x](missing/notes.md)"}, "links to missing/notes.md"),
        ("# 00 ", {"source": lambda s: s + '\n\n<img src="x.png">'}, "without alt text"),
        ("# 00 ", {"source": lambda s: s + "\n\n#### Deep"}, "skips a heading level"),
        ("# 00 ", {"source": lambda s: "## " + s}, "exactly one title"),
    ],
)
def test_the_lint_of_structure_bites(found, changes, words):
    assert lint(changed(PATHS[0], found), PATHS[0].stem) == []
    assert any(words in problem for problem in lint(changed(PATHS[0], found, **changes), PATHS[0].stem))


def test_the_lint_of_solutions_bites():
    path = SOLUTIONS[1]
    broken = changed(
        path, 'exercise("01.3"', outputs=[nbformat.v4.new_output("stream", text="Exercise 01.3: not yet.")]
    )
    assert any("01.3 stores another verdict than right" in problem for problem in lint(broken, path.stem, path.parent))
