"""Grade learners' notebooks: each in a fenced process of its own, judged by the lesson's checks, not by its own.

From a submission only the answers are taken: the cells of the exercises, and cells the learner added that the answers
need. They run inside the instructor's copy of the lesson's short frame (``notebooks/solutions``, with its answers
taken out), and the lesson's own check judges them. Stored outputs, printed words and edited checks count for nothing.
"""

from __future__ import annotations

import ast
import contextlib
import csv
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coursekit.workspace import LESSONS
from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, project_root, write_atomic

QUIZ = "quiz_answer"  # the stub of a quiz question, which in the lesson is an argument
VERDICTS = ("right", "wrong", "not attempted", "error", "time", "memory", "processes", "crashed", "tampered")
LARGEST_MB = 50  # of a submitted file
PROCESSES = 200  # of one submission at a time
COLUMNS = (
    "learner", "lesson", "file", "status", "score", "core", "right", "wrong", "not_attempted", "failed", "checks",
    "flags", "copies", "seconds", "page",
)  # fmt: skip
# Names an honest answer does not need; an answer that has one is worth a look.
SUSPECT = {
    "RESULTS", "GADGET_VERDICTS", "_judge", "_keep", "exercises", "__globals__", "__closure__", "__code__", "_getframe",
    "gc", "inspect", "ctypes", "addaudithook", "settrace", "setprofile", "fork", "kill", "killpg",
}  # fmt: skip


# ---------------------------------------------------------------- the frame of a lesson


@dataclass(frozen=True)
class Task:
    """One exercise of a lesson: its check, and the stub that a learner fills in."""

    name: str
    cell_id: str
    stub: str  # the variable
    source: str  # the cell as the lesson has it
    check: str  # the same without the stub


@dataclass(frozen=True)
class Frame:
    """What is needed to judge one lesson: cells to run first, the exercises, and the answers of the solution."""

    lesson: str
    cells: tuple[tuple[str, str], ...]  # ("setup", source) or ("exercise", name), in order
    tasks: dict[str, Task]
    known: frozenset[str]  # ids of the lesson's cells
    sources: frozenset[str]  # and what they say: an id can get lost, the text rarely
    imports: dict[str, str]  # names that the lesson imports, and how
    names: frozenset[str]  # all names that the lesson binds
    answers: dict[str, str] = field(default_factory=dict)


def plain_python(source: str) -> str:
    """A cell's source without IPython's magics. Raises SyntaxError for what is no Python even then."""
    from IPython.core.inputtransformer2 import TransformerManager

    source = TransformerManager().transform_cell(source)
    ast.parse(source)
    return source


def _check_call(node: ast.AST) -> str | None:
    """The exercise that ``check.exercise("03.1", ...)`` anywhere in ``node`` judges."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and ast.unparse(part.func) == "check.exercise" and part.args:
            with contextlib.suppress(ValueError):
                return str(ast.literal_eval(part.args[0]))
    return None


def quiz_of(source: str) -> dict[str, str]:
    """The questions that ``check.quiz("03.q1", "b")`` lines answer, each with its answer as source."""
    found = {}
    with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        for part in ast.walk(ast.parse(plain_python(source))):
            if isinstance(part, ast.Call) and ast.unparse(part.func) == "check.quiz" and len(part.args) == 2:
                found[str(ast.literal_eval(part.args[0]))] = ast.unparse(part.args[1])
    return found


def exercise_of(source: str) -> str | None:
    """The exercise that a cell judges; None for any other cell, also one that is no Python."""
    with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        return _check_call(ast.parse(plain_python(source)))
    return None


def split_check(source: str) -> tuple[str, str]:
    """A stub cell of the lesson as (name of the stub, the rest of the cell). Raises CourseError without a stub."""
    tree = ast.parse(plain_python(source))
    stub, rest = None, []
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value is ...:
            stub = node.targets[0].id
        else:
            rest.append(node)
    if stub is None:
        raise CourseError(f"An exercise cell has no stub (name = ...): {source.strip().splitlines()[0]!r}.")
    return stub, ast.unparse(ast.Module(rest, []))


def answer_part(source: str) -> str:
    """A learner's exercise cell without its checks. Raises SyntaxError for what is no Python."""
    tree = ast.parse(plain_python(source))
    return ast.unparse(ast.Module([node for node in tree.body if _check_call(node) is None], []))


def build_frame(lesson: Path, solution: Path | None) -> Frame:
    """Read a lesson and, if there is one, its short solution notebook; without one the whole lesson is the frame."""
    cells = _code(read_notebook(lesson))
    tasks = {}
    for cell in cells:
        name = exercise_of(cell.source)
        if name is not None:
            stub, check = split_check(cell.source)
            tasks[name] = Task(name, cell.get("id", ""), stub, cell.source, check)
    if not tasks:
        raise CourseError(f"{lesson.stem} has no exercises to grade.")
    short = _code(read_notebook(solution)) if solution else cells
    order, answers = [], {}
    for cell in short:
        name = exercise_of(cell.source)
        if name is None:
            order.append(("setup", cell.source))
        else:
            order.append(("exercise", name))
            answers[name] = cell.source
    trees = [ast.parse(plain_python(cell.source)) for cell in cells]
    imports = {}
    for tree in trees:
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    bound = (alias.asname or alias.name).partition(".")[0]
                    imports[bound] = ast.unparse(_only(node, alias))
    if set(answers) != set(tasks):
        raise CourseError(
            f"{lesson.stem} and its solution have different exercises: {sorted(set(answers) ^ set(tasks))}."
        )
    last = max(index for index, (kind, _) in enumerate(order) if kind == "exercise")
    order = order[: last + 1]
    for cell in cells:
        for name in quiz_of(cell.source):
            tasks[name] = Task(name, "", QUIZ, f"{QUIZ} = ...", f"check.quiz({name!r}, {QUIZ})")
            order.append(("exercise", name))
    everything = [*cells, *short]
    return Frame(
        lesson.stem, tuple(order), tasks, frozenset(cell.get("id", "") for cell in everything),
        frozenset(cell.source.strip() for cell in everything), imports,
        frozenset(name for tree in trees for name in _bound(tree)), answers if solution else {},
    )  # fmt: skip


def _only(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    if isinstance(node, ast.Import):
        return ast.Import([alias])
    return ast.ImportFrom(node.module, [alias], node.level)


def _code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def _bound(tree: ast.AST) -> set[str]:
    """Names that code binds: assigned, defined or imported."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return found


def _loaded(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


# ---------------------------------------------------------------- a submission


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
    page: str = ""


def read_notebook(path: Path) -> Any:
    """A notebook file. Raises CourseError, in one sentence, for anything that is not one."""
    import nbformat

    try:
        if path.stat().st_size > LARGEST_MB * 2**20:
            raise CourseError(f"{path.name} is larger than {LARGEST_MB} MB.")
        notebook = nbformat.from_dict(json.loads(path.read_text(encoding="utf-8")))
        if notebook.get("nbformat") != 4:
            raise CourseError(f"{path.name} is not a notebook of format 4; open it in JupyterLab and save it.")
        for cell in notebook.cells:
            cell.source = "".join(cell.source)
            if cell.cell_type not in ("code", "markdown", "raw"):
                raise CourseError(f"{path.name} is not a notebook: a cell is a {cell.cell_type!r}.")
    except (OSError, ValueError, RecursionError, AttributeError, TypeError) as error:
        raise CourseError(f"{path.name} is not a notebook ({type(error).__name__}).") from None
    return notebook


def find_submissions(folder: Path) -> list[Submission]:
    """The notebooks below ``folder``: ``anna/03_finetune.ipynb``, or ``anna_03_finetune.ipynb`` in one heap.

    The lesson is read from the file's name, else from the notebook's ``start(...)`` line. Raises CourseError when
    there is none at all.
    """
    found = []
    for path in sorted(folder.rglob("*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        below = path.relative_to(folder)
        lesson = next((name for name in LESSONS if name in path.stem), "") or _lesson_inside(path)
        rest = path.stem.replace(lesson, "").strip(" _-.") if lesson else path.stem
        found.append(Submission(below.parts[0] if len(below.parts) > 1 else rest or path.stem, lesson, path))
    if not found:
        raise CourseError(f"There is no notebook (*.ipynb) below {folder}; give the folder that holds the submissions.")
    return found


def _lesson_inside(path: Path) -> str:
    with contextlib.suppress(OSError):
        if path.stat().st_size <= LARGEST_MB * 2**20:
            match = re.search(r'start\(\\?"(\d\d_\w+)\\?"', path.read_text(encoding="utf-8", errors="replace"))
            if match and match[1] in LESSONS:
                return match[1]
    return ""


def take_answers(submission: Submission, frame: Frame) -> None:
    """Fill in the exercise cells and the added cells they need; flag what an honest answer does not contain."""
    by_id = {task.cell_id: name for name, task in frame.tasks.items() if task.cell_id}
    pending: list[str] = []
    for cell in _code(read_notebook(submission.path)):
        for question, answer in quiz_of(cell.source).items():
            if question in frame.tasks and (question not in submission.cells or answer != "..."):
                submission.cells[question] = f"{QUIZ} = {answer}"
                submission.own.setdefault(question, [])
        name = by_id.get(cell.get("id", "")) or exercise_of(cell.source)
        if name in frame.tasks:
            untouched = cell.source.strip() == frame.tasks[name].source.strip()
            if (
                name not in submission.cells or not untouched
            ):  # of several answers the last one counts, as in the notebook
                submission.cells[name] = cell.source
                submission.own[name] = [*submission.own.get(name, []), *pending]
                pending = []
        elif cell.get("id", "") not in frame.known and cell.source.strip() not in frame.sources:
            pending.append(cell.source)
    for source in _needed(submission, frame):
        words = set()
        for node in ast.walk(source):
            words |= {getattr(node, kind, None) for kind in ("id", "attr", "value", "name", "module")}
        touched = sorted(SUSPECT & {part for word in words if isinstance(word, str) for part in word.split(".")})
        flag = f"look at it: it uses {', '.join(touched)}"
        if touched and flag not in submission.flags:
            submission.flags.append(flag)


def _needed(submission: Submission, frame: Frame) -> list[ast.AST]:
    """Keep, of the added cells, those that bind a name some later answer uses. Returns all code that will run."""
    trees, wanted = [], set()
    for name in [task for task in reversed(list(frame.tasks)) if task in submission.cells]:
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            tree = ast.parse(answer_part(submission.cells[name]))
            trees.append(tree)
            wanted |= _loaded(tree)
            if frame.tasks[name].stub not in _bound(tree):  # answered in a cell above
                wanted.add(frame.tasks[name].stub)
        kept = []
        for source in reversed(submission.own[name]):
            with contextlib.suppress(SyntaxError, ValueError, RecursionError):
                tree = ast.parse(plain_python(source))
                if _bound(tree) & wanted:
                    trees.append(tree)
                    wanted |= _loaded(tree)
                    kept.insert(0, source)
        submission.own[name] = kept
        wanted.discard(frame.tasks[name].stub)
    return trees


# ---------------------------------------------------------------- one fenced run


@dataclass
class Fence:
    """How a submission is held: what this machine can enforce, found out once by trying."""

    namespaces: bool
    files: str
    network: str
    processes: str
    limits: list[str]

    def sentence(self) -> str:
        memory = "kernel limit and watch" if "DATA" in self.limits else "watch only"
        return (
            f"Files: {self.files}. Network: {self.network}. Memory: {memory}. Processes: {self.processes}. "
            "Time: all its processes are killed."
        )


def _command(namespaces: bool) -> list[str]:
    inside = [sys.executable, "-m", "coursekit.sandbox"]
    if not namespaces:
        return inside
    return ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child",
            "--mount-proc", "--ipc", *inside]  # fmt: skip


def run_fenced(
    steps: list[dict[str, Any]], *, namespaces: bool, timeout: float, memory_mb: int, hidden: Sequence[Path] = ()
) -> tuple[list[dict[str, Any]], str]:
    """Run steps in a process of their own; return its events and how it ended.

    timeout: seconds of processor time, so that a busy machine fails nobody; asleep, four times as long (at least a minute).
    The end is "" (by itself), "time", "memory", "processes" or "crashed". Never raises for what the steps do.
    """
    import matplotlib

    token = secrets.token_hex(16)
    work = Path(tempfile.mkdtemp(prefix="grade-")).resolve()
    job = {
        "work": str(work), "token": token, "steps": steps, "namespaces": namespaces, "seconds": int(timeout),
        "memory_mb": memory_mb, "build": str(build_dir()), "hidden": [str(path) for path in hidden],
        "root": getattr(os, "geteuid", lambda: 1)() == 0,
        "font_caches": [str(path) for path in Path(matplotlib.get_cachedir()).glob("fontlist*.json")],
    }  # fmt: skip
    # Only what a lesson needs from the surroundings: no key, password or token of the instructor's comes in.
    kept = (
        "PATH",
        "LANG",
        "LC_ALL",
        "OMP_NUM_THREADS",
        "TESSDATA_PREFIX",
        "SYSTEMROOT",
        "LD_LIBRARY_PATH",
        "GADGET_SHARED",
    )
    environment = {key: os.environ[key] for key in kept if key in os.environ} | {
        "HOME": str(work), "TMPDIR": str(work), "PYTHONPATH": str(project_root()), "PYTHONDONTWRITEBYTECODE": "1",
        "HF_HUB_OFFLINE": "1", "MPLBACKEND": "agg", "TOKENIZERS_PARALLELISM": "false", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    process = subprocess.Popen(
        _command(namespaces), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        cwd=work, start_new_session=True,
    )  # fmt: skip
    events: list[dict[str, Any]] = []

    def listen() -> None:
        for line in process.stdout:
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and event.pop("token", None) == token:
                    events.append(event)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    ended, until = "", time.monotonic() + max(60, 4 * timeout)
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(job).encode())
            process.stdin.close()
        while process.poll() is None and not ended:
            time.sleep(0.1)
            family = _family(process.pid)
            if sum(_resident(member) for member in family) > memory_mb * 2**20:
                ended = "memory"
            elif len(family) > PROCESSES:
                ended = "processes"
            elif sum(_worked(member) for member in family) > timeout or time.monotonic() > until:
                ended = "time"
    finally:
        _end(process)
        listener.join(timeout=5)
        shutil.rmtree(work, ignore_errors=True)
    if not ended and not any(event.get("end") or "broken" in event for event in events):
        ended = "time" if process.returncode in (-24, 152) else "crashed"  # SIGXCPU
    return events, ended


def _family(pid: int) -> list[Any]:
    import psutil

    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def _resident(process: Any) -> int:
    import psutil

    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def _worked(process: Any) -> float:
    import psutil

    with contextlib.suppress(psutil.Error):
        return sum(process.cpu_times()[:4])  # its own and that of children that have ended
    return 0


def _end(process: subprocess.Popen) -> None:
    """Kill the process and everything it started, also what has left its group."""
    import psutil

    family = _family(process.pid)
    if process.poll() is None:
        with contextlib.suppress(OSError, AttributeError):  # no killpg on Windows
            os.killpg(process.pid, 9)  # with namespaces all is over here: they end with their first process
    for member in family:
        with contextlib.suppress(psutil.Error):
            member.kill()
    process.wait()


def try_fence(timeout: float = 60) -> Fence:
    """Find the strongest fence that works here, by trying to climb over it."""
    target = build_dir().parent / f".fence-{secrets.token_hex(4)}"
    climb = f"import os\ntry:\n    os.close(os.open({str(target)!r}, os.O_WRONLY | os.O_CREAT))\nexcept OSError: pass"
    steps = [{"do": "own", "source": climb}]
    for namespaces in (True, False) if shutil.which("unshare") else (False,):
        events, ended = run_fenced(steps, namespaces=namespaces, timeout=timeout, memory_mb=1024)
        climbed = target.exists()
        target.unlink(missing_ok=True)
        stood = next((event["stood"] for event in events if "stood" in event), None)
        if stood and not ended and not climbed:
            return Fence(namespaces, stood["files"], stood["network"], stood["processes"], stood["limits"])
    raise CourseError("No process could be fenced in on this machine, so nothing was run; try `gadget doctor`.")


# ---------------------------------------------------------------- grading


def _steps(
    frame: Frame, cells: dict[str, str], own: dict[str, list[str]], left_out: set[str], seed: int | None
) -> list[dict]:
    """The frame with these answers in it; an answer that is no Python becomes one that says so."""
    steps: list[dict[str, Any]] = []
    used, have = set(), set()
    parts: dict[str, str] = {}
    for name, source in cells.items():
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            parts[name] = answer_part(source)
    for source in [*parts.values(), *(text for texts in own.values() for text in texts)]:
        used |= _loaded(ast.parse(plain_python(source)))
    for kind, content in frame.cells:
        if kind == "setup":
            steps.append({"do": "setup", "source": content})
            have |= _bound(ast.parse(plain_python(content)))
            if seed is not None and re.search(r"^seed\b.*=", content, re.M):
                steps.append({"do": "setup", "source": f"seed = {seed}"})
        elif content not in left_out:
            task = frame.tasks[content]
            answer = parts.get(content, cells.get(content, f"{task.stub} = ..."))
            step = {"do": "exercise", "name": content, "stub": task.stub, "answer": answer, "check": task.check}
            steps.append({**step, "own": own.get(content, [])})
    # after the lesson's start(...) line, which takes what it does not know for a misspelt parameter
    missing = [how for name, how in frame.imports.items() if name in used - have]
    begun = next((i for i, step in enumerate(steps) if step["do"] != "setup"), len(steps))
    steps.insert(min(2, begun), {"do": "setup", "source": "\n".join(missing) or "pass"})
    return steps


def judge(submission: Submission, frame: Frame, fence: Fence, *, timeout: float, memory_mb: int, seed: int | None,
          hidden: Sequence[Path] = ()) -> None:  # fmt: skip
    """Run a submission's answers and fill in its checks. An answer that ends the process costs only itself."""
    left_out: set[str] = set()
    started = time.monotonic()
    while True:
        steps = _steps(frame, submission.cells, submission.own, left_out, seed)
        events, ended = run_fenced(
            steps, namespaces=fence.namespaces, timeout=timeout, memory_mb=memory_mb, hidden=hidden
        )
        for event in events:
            if "exercise" in event:
                submission.checks[event.pop("exercise")] = event
        broken = next((event for event in events if "broken" in event), None)
        if broken:
            raise CourseError(f"{frame.lesson}: the lesson's own cells do not run here: {broken['broken'].rstrip('.')}.")
        starved = next((name for name, check in submission.checks.items() if _out_of_memory(check)), None)
        if starved:  # what it had taken was missing to those after it: again without it
            submission.status, submission.checks[starved]["verdict"] = "memory", "memory"
            left_out.add(starved)
            continue
        if not ended:
            break
        submission.status = ended
        step = steps[next((event["at"] for event in reversed(events) if "at" in event), 0)]
        culprit = step.get("name")
        if culprit is None:
            raise CourseError(
                f"{frame.lesson}: the lesson's own cells end with: {ended}; give more --timeout or --memory."
            )
        submission.checks[culprit] = {"verdict": ended}
        left_out.add(culprit)
    submission.seconds = round(time.monotonic() - started, 1)
    for name, check in submission.checks.items():
        submission.flags += [f"{name} tried to {what}" for what in check.get("seen", [])]
        missing = re.match(r"NameError: name '(\w+)'", check.get("detail") or "")
        if missing and missing[1] in frame.names:
            check["detail"] += " (the lesson has it, its short frame has not: grade again with --whole)"
        if check["verdict"] == "tampered":
            submission.flags.append(f"{name} changed the check")


def _out_of_memory(check: dict[str, Any]) -> bool:
    detail = check.get("detail") or ""
    return check["verdict"] == "error" and (detail.startswith("MemoryError") or "can't allocate memory" in detail)


def self_test(frame: Frame, fence: Fence, *, timeout: float, memory_mb: int, seed: int | None) -> None:
    """The solution must get every exercise right in the very same fence. Raises CourseError otherwise."""
    if not frame.answers:
        return
    model = Submission("solution", frame.lesson, Path("solution.ipynb"), cells=dict(frame.answers))
    judge(model, frame, fence, timeout=timeout, memory_mb=memory_mb, seed=seed)
    for name, check in model.checks.items():
        if check["verdict"] != "right" and name in frame.answers:
            why = check.get("detail") or check.get("said") or ""
            raise CourseError(
                f"{frame.lesson}: the solution's answer to {name} is judged {check['verdict']!r} here ({why.strip()}); "
                "nobody can be graded fairly. Run `make course` first, or mend the solution."
            )


def grade(
    submissions: Path, out: Path, *, timeout: float = 300, memory_mb: int = 4096, jobs: int = 2, seed: int | None = None,
    whole: bool = False, lessons: Path | None = None, say: Callable[[str], Any] = print,
) -> list[Submission]:  # fmt: skip
    """Grade every notebook below a folder; write a table and, beside it, a page a learner.

    timeout: seconds of processor time for a notebook, see run_fenced. memory_mb: megabytes it may hold. jobs: how many run at a time. seed: the
    class's seed. whole: run answers inside the whole lesson, not its short frame. lessons: the folder of lessons.
    Raises CourseError when nothing can be graded at all; a bad submission, or a lesson that does not run here, is a row.
    """
    if not submissions.is_dir():
        raise CourseError(f"{str(submissions)!r} is not a folder; give the one that holds the submissions.")
    folder = lessons or project_root() / "notebooks"
    found = find_submissions(submissions.resolve())
    fence = try_fence()
    say(f"{len(found)} notebooks. {fence.sentence()}")
    frames: dict[str, Frame] = {}
    unfair: dict[str, str] = {}  # lessons that nobody can be graded in here, and why
    for name in sorted({one.lesson for one in found if one.lesson}):
        solution = folder / "solutions" / f"{name}.ipynb"
        try:
            frame = build_frame(folder / f"{name}.ipynb", solution if solution.exists() and not whole else None)
            self_test(frame, fence, timeout=timeout, memory_mb=memory_mb, seed=seed)
            frames[name] = frame
        except CourseError as error:
            unfair[name] = str(error)
            say(f"Not graded: {error}")
    if unfair and not frames:
        raise CourseError(" ".join(unfair.values()))
    before = _stamps(fence)
    inside = submissions.resolve()
    needed = (project_root(), build_dir(), Path(sys.prefix).resolve(), Path(tempfile.gettempdir()).resolve())
    hidden = () if any(path.is_relative_to(inside) for path in needed) else (inside,)

    def one(submission: Submission) -> None:
        try:
            if not submission.lesson:
                raise CourseError("No lesson is named in the file's name or in its start(...) line.")
            if submission.lesson in unfair:
                raise CourseError(unfair[submission.lesson])
            frame = frames[submission.lesson]
            take_answers(submission, frame)
            judge(submission, frame, fence, timeout=timeout, memory_mb=memory_mb, seed=seed, hidden=hidden)
        except CourseError as error:
            submission.status = "not graded" if submission.cells or submission.lesson in unfair else "unreadable"
            submission.flags.append(str(error))
        if submission.status == "graded" and not submission.cells:
            submission.status = "no exercises"
        say(f"{submission.learner:24} {submission.lesson:16} {submission.status}")

    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        list(pool.map(one, found))
    changed = [path for path, stamp in _stamps(fence).items() if before.get(path) != stamp]
    if changed:
        say(f"Warning: these files of the course changed while grading: {', '.join(sorted(changed)[:5])}")
    find_copies(found, frames)
    write_results(found, frames, out, fence)
    return found


def _stamps(fence: Fence) -> dict[str, int]:
    """When each file of the course was last changed; only where nothing else keeps them from being written."""
    if fence.namespaces:
        return {}
    root = project_root()
    places = [root / "gadgetlib", root / "coursekit", root / "notebooks", root / "data", root / "tests"]
    return {str(p.relative_to(root)): p.stat().st_mtime_ns for place in places for p in place.rglob("*") if p.is_file()}


# ---------------------------------------------------------------- copies

GRAM, SHORTEST, ALIKE = 8, 30, 0.8  # tokens in a fingerprint, fingerprints to judge by, share that counts as a copy


def fingerprints(source: str) -> set[int]:
    """Hashes of every run of eight tokens; names, numbers' values and texts do not matter, comments are dropped."""
    import builtins
    import io
    import keyword
    import tokenize
    import zlib

    words = []
    with contextlib.suppress(tokenize.TokenError, SyntaxError, IndentationError):
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME:
                kept = keyword.iskeyword(token.string) or hasattr(builtins, token.string)
                words.append(token.string if kept else "name")
            elif token.type == tokenize.STRING:
                words.append("text")
            elif token.type in (tokenize.NUMBER, tokenize.OP):
                words.append(token.string)
    return {zlib.crc32(" ".join(words[i : i + GRAM]).encode()) for i in range(len(words) - GRAM + 1)}


def find_copies(found: list[Submission], frames: dict[str, Frame]) -> list[tuple[Submission, Submission, float]]:
    """Pairs of one lesson whose answers share most of their fingerprints; noted on both.

    What the lesson wrote, and what every third learner writes (of at least six), counts for nobody; answers too short to tell
    are left alone.
    """
    pairs = []
    for name, frame in frames.items():
        given = set().union(*(fingerprints(task.source) for task in frame.tasks.values()))
        marks = {}
        for one in (one for one in found if one.lesson == name and one.cells):
            texts = [text for task in one.cells for text in [*one.own.get(task, []), one.cells[task]]]
            marks[id(one)] = (one, set().union(*map(fingerprints, texts)) - given)
        common = Counter(mark for _, own in marks.values() for mark in own)
        usual = {mark for mark, times in common.items() if len(marks) >= 6 and times > max(2, len(marks) / 3)}
        entries = [(one, own - usual) for one, own in marks.values() if len(own - usual) >= SHORTEST]
        for i, (one, own) in enumerate(entries):
            for other, theirs in entries[i + 1 :]:
                if one.learner == other.learner:
                    continue
                share = len(own & theirs) / min(len(own), len(theirs))
                if share >= ALIKE:
                    pairs.append((one, other, share))
                    one.copies.append(f"{other.learner} ({share:.0%})")
                    other.copies.append(f"{one.learner} ({share:.0%})")
    return pairs


# ---------------------------------------------------------------- results

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{ title }}</title><style>
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem}
h2{margin:2rem 0 .3rem}pre{background:#8881;padding:.7rem;overflow:auto;white-space:pre-wrap}
table{border-collapse:collapse;display:block;overflow-x:auto}td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}
.verdict{font-weight:600}.right::before{content:"\\2713  "}.note{opacity:.75}
@media print{pre{break-inside:avoid}}
</style></head><body><h1>{{ title }}</h1>
{% if table %}<p class="note">{{ fence }}</p><table><tr><th>learner</th><th>lesson</th><th>status</th><th>score</th><th>core</th>
<th>look at</th></tr>
{% for row in table %}<tr><td><a href="{{ row.page }}">{{ row.learner }}</a></td><td>{{ row.lesson }}</td><td>{{ row.status }}</td>
<td>{{ row.score }}</td><td>{{ row.core }}</td><td>{{ row.flags }}{% if row.copies %} like {{ row.copies }}{% endif %}</td></tr>
{% endfor %}</table>{% endif %}
{% for one in submissions %}<h2>{{ one.lesson or one.path.name }}: {{ one.row.score }}</h2>
<p>{{ one.status }}, {{ one.row.right }} right, {{ one.row.wrong }} wrong, {{ one.row.not_attempted }} not attempted</p>
{% for flag in one.flags %}<p class="note">{{ flag }}</p>{% endfor %}
{% if one.copies %}<p class="note">Much like {{ one.copies|join(", ") }}</p>{% endif %}
{% for name, check in one.checks.items() %}<h3>{{ name }} <span class="verdict {{ check.verdict }}">{{ check.verdict }}</span>
{% if check.level %}<small>({{ check.level }})</small>{% endif %}</h3>
{% if check.said %}<pre>{{ check.said }}</pre>{% endif %}{% if check.detail %}<p>{{ check.detail }}</p>{% endif %}
{% if check.changed %}<p class="note">It changed {{ check.changed|join(", ") }}, which the check uses; put back before judging.</p>{% endif %}
{% for source in one.own.get(name, []) %}<pre>{{ source }}</pre>{% endfor %}
{% if name in one.cells %}<details><summary>The answer</summary><pre>{{ one.cells[name] }}</pre></details>{% endif %}
{% endfor %}{% endfor %}</body></html>
"""


def row(submission: Submission, frame: Frame | None) -> dict[str, Any]:
    """One line of the table. score and core are shares of right answers, 0 to 1, quiz questions aside."""
    checks = submission.checks
    graded = [check for name, check in checks.items() if ".q" not in name]
    core = [check for check in graded if check.get("level") != "stretch"]
    count = Counter(check["verdict"] for check in graded)
    total = sum(".q" not in name for name in frame.tasks) if frame else 0
    return {
        "learner": submission.learner,
        "lesson": submission.lesson,
        "file": submission.path.name,
        "status": submission.status,
        "score": round(count["right"] / total, 3) if total else 0.0,
        "core": round(sum(check["verdict"] == "right" for check in core) / len(core), 3) if core else 0.0,
        "right": count["right"],
        "wrong": count["wrong"],
        "not_attempted": count["not attempted"],
        "failed": sum(count[verdict] for verdict in VERDICTS[3:]),
        "checks": "; ".join(f"{name} {_verdict(check)}" for name, check in sorted(checks.items())),
        "flags": "; ".join(submission.flags),
        "copies": "; ".join(submission.copies),
        "seconds": submission.seconds,
        "page": submission.page,
    }


def _verdict(check: dict[str, Any]) -> str:
    return f"{check['verdict']} ({check['mistake']})" if check.get("mistake") else check["verdict"]


def write_results(found: list[Submission], frames: dict[str, Frame], out: Path, fence: Fence) -> None:
    """Write ``out`` (CSV), and beside it a folder with ``index.html`` and a page a learner."""
    import jinja2

    template = jinja2.Environment(autoescape=True).from_string(PAGE)
    pages = out.with_suffix("")
    pages = pages.with_name(pages.name + "_pages")
    names: dict[str, str] = {}
    for learner in dict.fromkeys(one.learner for one in found):
        safe = re.sub(r"[^\w-]+", "_", learner)[:60] or "learner"
        while f"{safe}.html" in names.values() or safe == "index":
            safe += "_"
        names[learner] = f"{safe}.html"
    for one in found:
        one.page = f"{pages.name}/{names[one.learner]}"
    rows = [row(one, frames.get(one.lesson)) for one in found]
    with write_atomic(pages) as part:
        part.mkdir()
        for learner, file in names.items():
            own = [{**vars(one), "row": line} for one, line in zip(found, rows) if one.learner == learner]
            page = template.render(title=learner, submissions=own)
            (part / file).write_text(page, encoding="utf-8", errors="replace")
        table = [{**line, "page": names[line["learner"]]} for line in rows]
        page = template.render(title="Grades", table=table, fence=fence.sentence())
        (part / "index.html").write_text(page, encoding="utf-8", errors="replace")
    with write_atomic(out) as part, part.open("w", newline="", encoding="utf-8", errors="replace") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({key: _harmless(value) for key, value in line.items()} for line in rows)


def _harmless(value: Any) -> Any:
    """A spreadsheet runs a cell that starts like a formula: such text gets an apostrophe in front."""
    return "'" + value if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
