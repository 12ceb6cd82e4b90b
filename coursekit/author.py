"""Author's tool: build a lesson from jupytext percent source, execute lessons in place, make their solutions.

python -m coursekit.author build lesson.py     # writes notebooks/<stem>.ipynb, ids from position and content
python -m coursekit.author text 03             # prints a committed lesson as percent source, to edit
python -m coursekit.author run 03 [04 ...]     # executes in place, then makes the outputs reproducible
python -m coursekit.author exercises [03 ...]  # writes the tasks and the quiz of coursekit.exercises into the lessons
python -m coursekit.author shows [03 ...]      # writes gadgetlib's source into the cells tagged shows:module.function
python -m coursekit.author solutions [03 ...]  # makes notebooks/solutions/ from the lessons and their sources, executed
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
import textwrap
from pathlib import Path

import jupytext
import nbformat

from coursekit import exercises, shows
from coursekit.workspace import LESSONS
from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, project_root

NOTEBOOKS = project_root() / "notebooks"
SOLUTIONS = NOTEBOOKS / "solutions"
STUB = "my_answer = ..."


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Stable ids, one kernel name, no timings, no machine paths, no progress bars."""
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        digest = hashlib.sha1(f"{cell.cell_type}{cell.source}".encode()).hexdigest()[:10]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = f"{digest}-{seen[digest]}" if seen[digest] > 1 else digest
        hidden = cell.metadata.get("jupyter", {}).get("outputs_hidden")
        cell.metadata = {k: v for k, v in cell.metadata.items() if k == "tags"}
        if hidden:  # the answer to a prediction waits for a click
            cell.metadata["jupyter"] = {"outputs_hidden": True}
        if cell.cell_type != "code":
            continue
        kept = []
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                if output.name == "stderr":  # progress bars and warnings of libraries: differ each run
                    continue
                output.text = re.sub(r"[^\n]*\r", "", output.text).replace(str(project_root()), ".")
                if kept and kept[-1].output_type == "stream":  # chunks depend on timing
                    kept[-1].text += output.text
                    continue
            if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
                continue
            kept.append(output)
        cell.outputs = kept
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook.nbformat_minor = 5
    return notebook


def build(source: Path) -> Path:
    """Make notebooks/<stem>.ipynb, without outputs, from percent source."""
    notebook = normalise(jupytext.read(source))
    path = NOTEBOOKS / f"{source.stem}.ipynb"
    nbformat.write(notebook, path)
    return path


def run(number: str) -> Path:
    """Execute a lesson as papermill does and put it, normalised, where it is committed."""
    from coursekit.run import execute, find_lesson

    name = find_lesson(number)
    path = NOTEBOOKS / f"{name}.ipynb"
    made = execute(name, {}, output=build_dir() / "authored" / f"{name}.ipynb")
    executed = nbformat.read(made, as_version=4)
    # papermill adds nothing without parameters, so the cells are the committed ones
    nbformat.write(normalise(executed), path)
    return path


# ---------------------------------------------------------------- exercises in lessons


def exercise_of(source: str) -> str | None:
    """The exercise that a cell's source asks for an answer to: the first ``check.exercise("03.1", ...)`` in it."""
    found = re.search(r'check\.exercise\(\s*"(\d\d\.\d+)"', source)
    return found and found.group(1)


def task_comment(one: exercises.Exercise) -> str:
    """An exercise's task as the comment that stands above its stub."""
    return textwrap.fill(f"{one.name} ({one.level}). {one.task}", 110, initial_indent="# ", subsequent_indent="# ")


def quiz_text(number: str) -> str:
    """The quiz of a lesson as Markdown, without the answers."""
    parts = ["## Quiz"]
    for question in exercises.quiz_of(number):
        options = [f"- ({letter}) {says}" for letter, (says, _) in question.options.items()]
        parts += [f"**{question.name}.** {question.text}", "\n".join(options)]
    return "\n\n".join(parts)


def quiz_code(number: str) -> str:
    """The cell in which a learner answers the quiz."""
    calls = [f'check.quiz("{question.name}", ...)' for question in exercises.quiz_of(number)]
    return "\n".join(['# Put the letter, such as "a", in place of the dots.', *calls])


def write_exercises(name: str) -> Path:
    """Put the tasks and the quiz, as coursekit.exercises has them, into the cells of a lesson that hold them."""
    path = NOTEBOOKS / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and (asked := exercise_of(cell.source)):
            code = re.sub(r"\A(#.*\n)*", "", cell.source)
            cell.source = f"{task_comment(exercises.find(asked))}\n{code}"
        elif cell.cell_type == "code" and "check.quiz(" in cell.source:
            cell.source = quiz_code(name[:2])
        elif cell.cell_type == "markdown" and cell.source.startswith("## Quiz"):
            cell.source = quiz_text(name[:2])
    nbformat.write(notebook, path)
    return path


def write_shown(name: str) -> list[str]:
    """Write gadgetlib's source into the cells of a lesson that show it; return the names of what changed."""
    path = NOTEBOOKS / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    if changed := shows.write(notebook):
        nbformat.write(notebook, path)
    return changed


# ---------------------------------------------------------------- solutions


def solution(name: str) -> nbformat.NotebookNode:
    """The solution notebook of a lesson, not executed, from notebooks/solutions/source/<name>.md.

    The source is Markdown. A code block ``python exercise="03.1"`` holds an answer alone: it takes the place of the stub in
    the lesson's own cell, so that the very same check judges it. ``python lesson="text"`` stands for the lesson's
    cell that contains the text. All other blocks are taken as they are. Raises CourseError where the lesson has no such cell.
    """
    lesson = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    code = [cell.source for cell in lesson.cells if cell.cell_type == "code"]
    notebook = jupytext.read(SOLUTIONS / "source" / f"{name}.md")
    for cell in notebook.cells:
        if (text := cell.metadata.pop("lesson", None)) is not None:
            cell.source = _only([source for source in code if text in source], f"{name} has no cell with {text!r}")
        elif (asked := cell.metadata.pop("exercise", None)) is not None:
            stub = _only([source for source in code if exercise_of(source) == asked], f"{name} has no exercise {asked}")
            if STUB not in stub:
                raise CourseError(f"The cell of exercise {asked} has no line {STUB!r}.")
            cell.source = stub.replace(STUB, cell.source.strip())
            cell.metadata["tags"] = ["exercise", "nbval-check-output"]  # so that nbval fails when it is no longer right
    return normalise(notebook)


def _only(found: list[str], otherwise: str) -> str:
    if len(found) != 1:
        raise CourseError(f"{otherwise}, or {len(found)} of them.")
    return found[0]


def write_solution(name: str) -> Path:
    """Make the solution notebook of a lesson, execute it in its folder and keep it normalised."""
    from nbclient import NotebookClient

    notebook = solution(name)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)  # a slip in a source is told before a kernel starts
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute(cwd=str(SOLUTIONS))
    path = SOLUTIONS / f"{name}.ipynb"
    nbformat.write(normalise(notebook), path)
    return path


def _lessons(numbers: list[str]) -> list[str]:
    return [name for name in LESSONS if not numbers or name[:2] in numbers]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["build", *sources] if sources:
            for source in sources:
                print(build(Path(source)).relative_to(project_root()))
        case ["text", number]:
            (path,) = NOTEBOOKS.glob(f"{number}*.ipynb")
            print(jupytext.writes(jupytext.read(path), fmt="py:percent"))
        case ["run", *numbers] if numbers:
            for number in numbers:
                print(run(number).relative_to(project_root()))
        case ["exercises", *numbers]:
            for name in _lessons(numbers):
                print(write_exercises(name).relative_to(project_root()))
        case ["shows", *numbers]:
            for name in _lessons(numbers):
                print(name, *write_shown(name))
        case ["solutions", *numbers]:
            for name in _lessons(numbers):
                print(write_solution(name).relative_to(project_root()))
        case _:
            sys.exit(__doc__)
