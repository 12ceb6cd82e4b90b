"""What is judged of a handed-in notebook: the lesson's frame, and the learner's answers put into it.

The frame is the lesson's short solution notebook with its answers taken out. From a submission only the cells of the
exercises are taken, the letters of the quiz, and cells that the learner added and an answer needs.
"""

import ast
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from coursekit.workspace import LESSONS
from gadgetlib.errors import CourseError

QUIZ = "quiz_answer"  # the stub of a quiz question, which in the lesson is an argument
LARGEST_MB = 50  # of a submitted file
SEED = re.compile(r"^seed\b[^=\n]*= *(\d+)", re.M)  # in the lesson's parameters
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz")
# Names an honest answer does not need; an answer that has one is worth a look.
SUSPECT = {
    "RESULTS", "judge", "_agrees", "exercises", "__globals__", "__closure__", "__code__", "_getframe",
    "gc", "inspect", "ctypes", "addaudithook", "settrace", "setprofile", "fork", "kill", "killpg",
}  # fmt: skip


def parsed(source: str) -> ast.Module | None:
    """A cell's syntax tree, IPython's magics made calls; None for what is no Python even then."""
    with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.parse(TransformerManager().transform_cell(source))
    return None


def _calls(tree: ast.AST | None, function: str) -> Iterator[tuple[str, list[ast.expr]]]:
    """Every ``check.exercise("03.1", ...)`` in a tree as (``03.1``, its other arguments)."""
    for node in ast.walk(tree) if tree else ():
        match node:
            case ast.Call(args=[ast.Constant(value=str(name)), *rest]) if ast.unparse(node.func) == function:
                yield name, rest


def exercise_of(source: str) -> str | None:
    """The exercise that a cell judges; None for any other cell, also one that is no Python."""
    return next((name for name, _ in _calls(parsed(source), "check.exercise")), None)


def quiz_of(source: str) -> dict[str, str]:
    """The questions that ``check.quiz("03.q1", "b")`` lines answer, each with its answer as source."""
    return {name: ast.unparse(rest[0]) for name, rest in _calls(parsed(source), "check.quiz") if len(rest) == 1}


def bound(tree: ast.AST) -> set[str]:
    """Names that code binds: assigned, defined or imported."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add(other or name.partition(".")[0])
    return found


def loaded(tree: ast.AST) -> set[str]:
    """Names that code reads."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def answer_part(source: str) -> str:
    """A learner's exercise cell without its checks; what is no Python comes back as it is, to fail where it runs."""
    tree = parsed(source)
    if tree is None:
        return source
    return ast.unparse(ast.Module([node for node in tree.body if not list(_calls(node, "check.exercise"))], []))


@dataclass(frozen=True)
class Task:
    """One exercise: the lesson's cell, and the variable that a learner fills in."""

    cell_id: str
    stub: str
    source: str


@dataclass(frozen=True)
class Frame:
    """What is needed to judge one lesson: cells to run first, the exercises, and the answers of the solution."""

    lesson: str
    cells: tuple[tuple[str, str], ...]  # ("setup", source) or ("exercise", name), in order
    tasks: dict[str, Task]
    known: frozenset[str]  # ids and sources of the lesson's cells: an id can get lost, the text rarely
    imports: dict[str, str]  # names that the lesson imports, and how
    names: frozenset[str]  # all names that the lesson binds
    seed: int | None  # the lesson's own
    answers: dict[str, str] = field(default_factory=dict)


def _code(path: Path) -> list[Any]:
    """The code cells of a notebook file. Raises CourseError, in one sentence, for anything that is not one."""
    if path.stat().st_size > LARGEST_MB * 2**20:
        raise CourseError(f"{path.name} is larger than {LARGEST_MB} MB.")
    try:
        cells = nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4).cells
        return [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]
    except Exception as error:  # nbformat checks little: what is no notebook fails anywhere in it, or here
        raise CourseError(f"{path.name} is not a notebook ({type(error).__name__}).") from None


def _task(name: str, cell: Any) -> Task:
    for node in parsed(cell.source).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=stub)], value=ast.Constant(value=value)) if value is ...:
                return Task(cell.get("id", ""), stub, cell.source)
    raise CourseError(f"The cell of exercise {name} has no stub (name = ...).")


def build_frame(lesson: Path, solution: Path | None) -> Frame:
    """Read a lesson and, if there is one, its short solution notebook; without one the whole lesson is the frame."""
    cells = _code(lesson)
    tasks = {name: _task(name, cell) for cell in cells if (name := exercise_of(cell.source))}
    short = _code(solution) if solution else cells
    answers = {name: cell.source for cell in short if (name := exercise_of(cell.source))}
    if not tasks or set(answers) != set(tasks):
        other = sorted(set(answers) ^ set(tasks))
        raise CourseError(f"{lesson.stem} has no exercises, or not those of its solution: {other}.")
    order = [("exercise", name) if (name := exercise_of(c.source)) else ("setup", c.source) for c in short]
    order = order[: max(index for index, (kind, _) in enumerate(order) if kind == "exercise") + 1]
    for question in (question for cell in cells for question in quiz_of(cell.source)):
        tasks[question] = Task("", QUIZ, f"{QUIZ} = ...")
        order.append(("exercise", question))
    trees = [tree for cell in cells if (tree := parsed(cell.source))]
    nodes = [node for tree in trees for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    imports = {name: ast.unparse(node) for node in nodes for name in bound(node)}
    known = frozenset(mark for cell in [*cells, *short] for mark in (cell.get("id", ""), cell.source.strip()))
    names = frozenset(name for tree in trees for name in bound(tree))
    seed = next((int(found[1]) for cell in cells if (found := SEED.search(cell.source))), None)
    return Frame(lesson.stem, tuple(order), tasks, known, imports, names, seed, answers if solution else {})


@dataclass
class Submission:
    """One handed-in notebook: whose it is, of which lesson, and what was found."""

    learner: str
    lesson: str
    path: Path
    status: str = "graded"
    cells: dict[str, str] = field(default_factory=dict)  # exercise -> the learner's cell
    own: dict[str, list[str]] = field(default_factory=dict)  # exercise -> cells added before it
    checks: dict[str, dict[str, Any]] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    seconds: float = 0.0


def find_submissions(folder: Path) -> list[Submission]:
    """The notebooks below ``folder``: ``anna/03_finetune.ipynb``, or ``anna_03_finetune.ipynb`` in one heap.

    The lesson is read from the file's name, else from the notebook's ``start(...)`` line. An archive, a lesson in
    another format and a learner's folder without a notebook are rows too, each with its reason. Raises CourseError
    when there is no notebook at all.
    """
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        below, name = path.relative_to(folder), path.name.lower()
        if ".ipynb_checkpoints" in path.parts or "__MACOSX" in path.parts or name.startswith("."):
            continue
        lesson = next((known for known in LESSONS if known in name), "")
        stem = re.sub(r"(\.ipynb)?(\.json)?$", "", path.name, flags=re.IGNORECASE)
        rest = re.sub(re.escape(lesson), "", stem, flags=re.IGNORECASE).strip(" _-.") or stem
        one = Submission(below.parts[0] if len(below.parts) > 1 else rest, lesson, path)
        if name.endswith((".ipynb", ".ipynb.json")):
            one.lesson = lesson or _lesson_inside(path)
        elif name.endswith(ARCHIVES):
            one.learner = one.learner.removesuffix(path.suffix)
            one.status, one.flags = "unreadable", [f"{path.name} is an archive; unpack it and grade again."]
        elif lesson:
            one.status, one.flags = "unreadable", [f"{path.name} is not a notebook; ask for the .ipynb file."]
        else:
            continue
        found.append(one)
    if all(one.status == "unreadable" for one in found):
        raise CourseError(f"There is no notebook (*.ipynb) below {folder}; give the folder that holds the submissions.")
    for path in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))):
        if path.name not in {one.learner for one in found}:
            found.append(Submission(path.name, "", path, "unreadable", flags=["There is no notebook in this folder."]))
    return found


def _lesson_inside(path: Path) -> str:
    with contextlib.suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
        match = re.search(r'start\(\\?"(\d\d_\w+)\\?"', file.read(LARGEST_MB * 2**20))
        return match[1] if match and match[1] in LESSONS else ""
    return ""


def take_answers(submission: Submission, frame: Frame) -> None:
    """Fill in the exercise cells and the added cells they need; flag what an honest answer does not contain."""
    by_id = {task.cell_id: name for name, task in frame.tasks.items() if task.cell_id}
    pending: list[str] = []
    for cell in _code(submission.path):
        for question, answer in quiz_of(cell.source).items():
            if question in frame.tasks and (question not in submission.cells or answer != "..."):
                submission.cells[question] = f"{QUIZ} = {answer}"
        name = by_id.get(cell.get("id", "")) or exercise_of(cell.source)
        if name in frame.tasks:  # of several answers the last one counts, as in the notebook
            if name not in submission.cells or cell.source.strip() != frame.tasks[name].source.strip():
                submission.cells[name] = cell.source
                submission.own[name] = [*submission.own.get(name, []), *pending]
                pending = []
        elif not {cell.get("id", ""), cell.source.strip()} & frame.known:
            pending.append(cell.source)
    used: set[str] = set()
    for node in (node for tree in _needed(submission, frame) for node in ast.walk(tree)):
        words = [getattr(node, kind, None) for kind in ("id", "attr", "value", "name", "module")]
        used |= {part for word in words if isinstance(word, str) for part in word.split(".")}
    if used & SUSPECT:
        submission.flags.append(f"it uses {', '.join(sorted(used & SUSPECT))}")


def _needed(submission: Submission, frame: Frame) -> list[ast.AST]:
    """Keep, of the added cells, those that bind a name some later answer uses. Returns all code that will run."""
    trees: list[ast.AST] = []
    wanted: set[str] = set()
    for name in [task for task in reversed(list(frame.tasks)) if task in submission.cells]:
        if tree := parsed(answer_part(submission.cells[name])):
            trees.append(tree)
            wanted |= loaded(tree) | ({frame.tasks[name].stub} - bound(tree))  # the answer may stand in a cell above
        kept = []
        for source in reversed(submission.own.get(name, [])):
            tree = parsed(source)
            if tree and bound(tree) & wanted:
                trees.append(tree)
                wanted |= loaded(tree)
                kept.insert(0, source)
        submission.own[name] = kept
        wanted.discard(frame.tasks[name].stub)
    return trees
