"""Author's tool: build a lesson from jupytext percent source, execute lessons in place, make their solutions.

python -m coursekit.author build lesson.py     # writes notebooks/<stem>.ipynb, ids from position and content
python -m coursekit.author text 03             # prints a committed lesson as percent source, to edit
python -m coursekit.author run 03 [04 ...]     # executes in place, then makes the outputs reproducible
python -m coursekit.author exercises [03 ...]  # writes tasks and quiz into lessons, their list into plans
python -m coursekit.author shows [03 ...]      # writes gadgetlib's source into the cells tagged shows:module.function
python -m coursekit.author solutions [03 ...]  # makes notebooks/solutions/ from the lessons and their sources, executed
python -m coursekit.author times               # takes the times of the last `make course` over into the lessons
"""

import ast
import hashlib
import re
import sys
import textwrap
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

from coursekit import exercises
from coursekit.answers import exercise_of
from coursekit.run import execute, lesson_path
from coursekit.workspace import LESSONS, find_lesson, page, write_json
from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, project_root, read_json, write_atomic

NOTEBOOKS = project_root() / "notebooks"
SOLUTIONS = NOTEBOOKS / "solutions"
PLANS = project_root() / "docs" / "instructors"
TIMES = NOTEBOOKS / "times.json"  # what the machine takes for each lesson; README, site and lessons quote nothing else
README = project_root() / "README.md"
CLAIM = re.compile(r"the machine about (\d+(?:\.\d)?) (second|minute)s?")
STUB = "my_answer = ..."
TAG = "shows:"
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
WIDGETS = "application/vnd.jupyter.widget-view+json"


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Stable ids, one kernel name, no timings, no machine paths, no progress bars."""
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        digest = hashlib.sha1(f"{cell.cell_type}{cell.source}".encode()).hexdigest()[:10]
        seen[digest] += 1
        cell.id = f"{digest}-{seen[digest]}" if seen[digest] > 1 else digest
        hidden = cell.metadata.get("jupyter", {}).get("outputs_hidden")  # the answer to a prediction waits for a click
        cell.metadata = {k: v for k, v in cell.metadata.items() if k == "tags"}
        cell.metadata |= {"jupyter": {"outputs_hidden": True}} if hidden else {}
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr" and WIDGETS not in o.get("data", {})]
            for output in (output for output in cell.outputs if output.output_type == "stream"):
                output.text = output.text.replace(str(project_root()), ".")
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook.nbformat_minor = 5
    return CoalesceStreamsPreprocessor().preprocess(notebook, {})[0]  # text in one piece, as the terminal shows it


def read(name: str) -> nbformat.NotebookNode:
    """A lesson as it is committed."""
    return nbformat.read(lesson_path(name), as_version=4)


def save(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook where it is committed; an interruption leaves the old one."""
    with write_atomic(path) as part:
        nbformat.write(notebook, part)


def build(source: Path) -> None:
    """Make notebooks/<stem>.ipynb, without outputs, from percent source."""
    save(normalise(jupytext.read(source)), lesson_path(source.stem))


def run(name: str) -> None:
    """Execute a lesson as papermill does and put it, normalised, where it is committed."""
    made = execute(name, {}, output=build_dir() / "authored" / f"{name}.ipynb")
    # papermill adds nothing without parameters, so the cells are the committed ones
    save(normalise(nbformat.read(made, as_version=4)), lesson_path(name))


def task_comment(one: exercises.Exercise) -> str:
    """An exercise's task as the comment that stands above its stub."""
    return textwrap.fill(f"{one.name} ({one.level}). {one.task}", 110, initial_indent="# ", subsequent_indent="# ")


def quiz_text(number: str) -> str:
    """The quiz of a lesson as Markdown, without the answers."""
    return page("quiz.md", questions=exercises.quiz_of(number)).strip()


def quiz_code(number: str) -> str:
    """The cell in which a learner answers the quiz."""
    calls = [f'check.quiz("{question.name}", ...)' for question in exercises.quiz_of(number)]
    return "\n".join(['# Put the letter, such as "a", in place of the dots.', *calls])


def exercise_list(number: str) -> str:
    """The exercises of a lesson for its plan: what is asked, and the mistakes that are known by name."""
    return page("exercises.md", exercises=exercises.of_lesson(number)).strip()


def presets() -> str:
    """The instructors' presets, as the files in notebooks/instructor have them."""
    files = sorted((NOTEBOOKS / "instructor").glob("*.yaml"))
    return "\n\n".join(f"## `{file.stem}`\n\n```yaml\n{file.read_text()}```" for file in files)


def filled(text: str, place: str, content: str) -> str:
    """A page with ``content`` between ``<!-- place -->`` and ``<!-- end -->``. Raises CourseError without the place."""
    found = re.search(rf"(<!-- {place} -->\n).*?(<!-- end -->)", text, re.S)
    if not found:
        raise CourseError(f"A page has no place for: {place} (<!-- {place} --> and <!-- end -->).")
    return f"{text[: found.end(1)]}\n{content}\n\n{text[found.start(2) :]}"


def write_exercises(name: str) -> None:
    """Put tasks and quiz into the cells of a lesson that hold them, and their list into its plan."""
    notebook, number = read(name), name[:2]
    for cell in notebook.cells:
        if cell.cell_type == "code" and (asked := exercise_of(cell.source)):
            code = re.sub(r"\A(#.*\n)*", "", cell.source)
            cell.source = f"{task_comment(exercises.find(asked))}\n{code}"
        elif cell.cell_type == "code" and "check.quiz(" in cell.source:
            cell.source = quiz_code(number)
        elif cell.cell_type == "markdown" and cell.source.startswith("## Quiz"):
            cell.source = quiz_text(number)
    save(notebook, lesson_path(name))
    for path, place, content in (
        (PLANS / f"plan_{number}.md", f"exercises {number}", exercise_list(number)),
        (PLANS / "presets.md", "presets", presets()),
    ):
        path.write_text(filled(path.read_text(encoding="utf-8"), place, content), encoding="utf-8")


def shown(cell: nbformat.NotebookNode) -> list[str]:
    """What a cell shows whole: ``classify.data_block`` where it is tagged ``shows:classify.data_block``."""
    return [tag.removeprefix(TAG) for tag in cell.metadata.get("tags", []) if tag.startswith(TAG)]


def package_source(dotted: str, folder: Path | None = None) -> str:
    """The source of ``classify.data_block`` in gadgetlib, its docstring cut to the first line.

    Raises CourseError where no module has a top-level function or class of that name.
    """
    module, _, name = dotted.rpartition(".")
    place = (folder or project_root() / "gadgetlib") / module.replace(".", "/")
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    if not module or not file.exists():
        raise CourseError(f"{TAG}{dotted} names no module of gadgetlib; write {TAG}module.function.")
    source = file.read_text(encoding="utf-8")
    if (node := definition(source, name)) is None:
        raise CourseError(f"{TAG}{dotted}: gadgetlib/{file.name} defines no {name} at its top level.")
    return _one_line_docstrings(_lines_of(source, node))


def definition(source: str, name: str) -> Definition | None:
    """The top-level function or class ``name`` of a piece of source."""
    return next((n for n in ast.parse(source).body if isinstance(n, Definition) and n.name == name), None)


def shown_problems(notebook: nbformat.NotebookNode) -> list[str]:
    """What is wrong with the cells of a lesson that show functions, one sentence each."""
    found = []
    for number, cell in enumerate(notebook.cells, 1):
        for dotted in shown(cell):
            try:
                theirs = definition(package_source(dotted), dotted.rpartition(".")[2])
            except CourseError as error:
                found.append(f"cell {number}: {error}")
                continue
            ours = definition(cell.source, theirs.name)
            if ours is None:
                found.append(f"cell {number} is tagged {TAG}{dotted} and does not define {theirs.name}")
            elif _bare(ours) != _bare(theirs):
                found.append(f"cell {number}: {theirs.name} differs from gadgetlib's (coursekit.author shows)")
    return found


def write_sources(notebook: nbformat.NotebookNode) -> list[str]:
    """Put the package's source into every cell that shows some of it; return the names of what changed."""
    changed = []
    for cell in notebook.cells:
        for dotted in shown(cell):
            source, name = package_source(dotted), dotted.rpartition(".")[2]
            old = definition(cell.source, name)
            if old is None:  # below what the cell imports
                cell.source = f"{cell.source.rstrip()}\n\n\n{source}".strip()
                changed.append(dotted)
            elif _bare(old) != _bare(definition(source, name)):
                cell.source = cell.source.replace(_lines_of(cell.source, old), source)
                changed.append(dotted)
    return changed


def _lines_of(source: str, node: Definition) -> str:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])


def _documented(tree: ast.AST) -> list[tuple[ast.AST, ast.Expr]]:
    """The definitions below ``tree`` that have a docstring, each with it."""
    return [(n, n.body[0]) for n in ast.walk(tree) if isinstance(n, Definition) and ast.get_docstring(n)]


def _bare(tree: ast.AST) -> str:
    """A definition without its docstrings, to compare it with another."""
    tree = ast.parse(ast.unparse(tree))
    for node, docstring in _documented(tree):
        node.body.remove(docstring)
    return ast.dump(tree)


def _one_line_docstrings(source: str) -> str:
    lines = source.splitlines()
    for _, docstring in sorted(_documented(ast.parse(source)), key=lambda pair: -pair[1].lineno):
        paragraph = " ".join(textwrap.dedent(docstring.value.value).strip().split("\n\n")[0].split())
        first = paragraph if len(paragraph) < 100 else docstring.value.value.strip().splitlines()[0]
        quoted = f'{" " * docstring.col_offset}"""{first}"""'
        lines[docstring.lineno - 1 : docstring.end_lineno] = [quoted]
    return "\n".join(lines)


def write_shown(name: str) -> None:
    """Write gadgetlib's source into the cells of a lesson that show it."""
    write_sources(notebook := read(name))
    save(notebook, lesson_path(name))


def solution(name: str) -> nbformat.NotebookNode:
    """The solution notebook of a lesson, not executed, from notebooks/solutions/source/<name>.md.

    The source is Markdown. A code block ``python exercise="03.1"`` holds an answer alone: it takes the place of the
    stub in the lesson's own cell, so that the very same check judges it. ``python lesson="text"`` stands for the
    lesson's cell that contains the text. Other blocks are taken as they are. CourseError where there is no such cell.
    """
    code = [cell.source for cell in read(name).cells if cell.cell_type == "code"]
    notebook = jupytext.read(SOLUTIONS / "source" / f"{name}.md")
    for cell in notebook.cells:
        text, asked = (cell.metadata.pop(kind, None) for kind in ("lesson", "exercise"))
        found = [one for one in code if (exercise_of(one) == asked and STUB in one if asked else text and text in one)]
        if (text or asked) and len(found) != 1:
            what = f"exercise {asked} and {STUB!r}" if asked else repr(text)
            raise CourseError(f"{name} has {len(found)} cells with {what}; one is needed.")
        if asked:
            cell.source = found[0].replace(STUB, cell.source.strip())
            cell.metadata["tags"] = ["exercise", "nbval-check-output"]  # so that nbval fails when it is no longer right
        elif text:
            cell.source = found[0]
    return normalise(notebook)


def write_solution(name: str) -> None:
    """Make the solution notebook of a lesson, execute it in its folder and keep it normalised."""
    notebook = solution(name)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute(cwd=str(SOLUTIONS))
    save(normalise(notebook), SOLUTIONS / f"{name}.ipynb")


def claim(seconds: float) -> str:
    """``the machine about 3 minutes``: tens of seconds up to a minute and a half, then minutes."""
    count, unit = (max(10, round(seconds, -1)), "seconds") if seconds < 90 else (round(seconds / 60), "minutes")
    return f"the machine about {count:.0f} {unit}"


def words(name: str) -> str:
    """What a lesson's first cell says about its time, such as ``90 minutes; the machine about 40 seconds``."""
    return re.search(r"\*\*Takes you\*\*:?[ |]*([^|\n]+)", read(name).cells[0].source)[1].strip(" .").capitalize()


def take_times(report: dict) -> None:
    """Write notebooks/times.json and the claims. Raises CourseError unless the report is of a whole, default run."""
    seconds = {lesson["name"]: lesson["seconds"] for lesson in report["lessons"]}
    default = all(lesson["parameters"] == {"profile": "quick"} for lesson in report["lessons"])
    if set(seconds) != set(LESSONS) or not default:
        raise CourseError("build/report.json is not of a whole run with default parameters: run `make course` first.")
    write_json(TIMES, {"machine": report["machine"], "seconds": seconds})
    for name in LESSONS:
        notebook = read(name)
        first = notebook.cells[0]
        first.source, found = CLAIM.subn(claim(seconds[name]), first.source)
        if not found:
            raise CourseError(f"{name} says nothing about time in its first cell: write 'the machine about 1 minute'.")
        save(notebook, lesson_path(name))
    with write_atomic(README) as part:
        part.write_text(with_times(README.read_text(encoding="utf-8")), encoding="utf-8")


def with_times(readme: str) -> str:
    """README with the last column of its map of the course, a row per lesson, as the lessons have it."""
    for name in LESSONS:
        row = re.compile(rf"^(\|.*\(notebooks/{name}\.ipynb\).*\|)[^|\n]*\|$", re.MULTILINE)
        readme = row.sub(lambda found, name=name: f"{found[1]} {words(name)} |", readme)
    return readme


DO = {"run": run, "exercises": write_exercises, "shows": write_shown, "solutions": write_solution}

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["build", source]:
            build(Path(source))
        case ["text", number]:
            print(jupytext.writes(jupytext.read(lesson_path(find_lesson(number))), fmt="py:percent"))
        case ["times"]:
            take_times(read_json(build_dir() / "report.json") or {"lessons": []})
        case [what, *numbers] if what in DO and (numbers or what != "run"):
            for name in LESSONS:
                if not numbers or name[:2] in numbers:
                    DO[what](name)
                    print(what, name)
        case _:
            sys.exit(__doc__)
