"""Grade learners' notebooks: each in a fenced process of its own, judged by the lesson's checks, not by its own.

What runs is put together by :mod:`coursekit.answers` and held by :mod:`coursekit.fence`. Stored outputs, printed words
and edited checks count for nothing.
"""

import builtins
import contextlib
import io
import keyword
import re
import sys
import tempfile
import time
import tokenize
import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd

from coursekit import answers
from coursekit.answers import Frame, Submission
from coursekit.fence import Fence, run_fenced, try_fence
from coursekit.workspace import page
from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, project_root, to_cell, write_atomic

OUT_OF_MEMORY = re.compile("MemoryError|.*can't allocate memory", re.S)
GRAM, SHORTEST, ALIKE = 8, 30, 0.8  # tokens in a fingerprint, fingerprints to judge by, share that counts as a copy


def _steps(frame: Frame, submission: Submission, left_out: set[str], seed: int | None) -> list[dict[str, Any]]:
    """The frame with a submission's answers in it, as the sandbox runs it."""
    parts = {name: answers.answer_part(source) for name, source in submission.cells.items()}
    sources = [*parts.values(), *(source for own in submission.own.values() for source in own)]
    used = set().union(*(answers.loaded(tree) for source in sources if (tree := answers.parsed(source))))
    steps: list[dict[str, Any]] = []
    for kind, content in frame.cells:
        if kind == "setup":
            steps.append({"do": "setup", "source": content})
            if seed is not None and answers.SEED.search(content):
                steps.append({"do": "setup", "source": f"seed = {seed}"})
        elif content not in left_out:
            task = frame.tasks[content]
            step = {"do": "exercise", "name": content, "stub": task.stub, "own": submission.own.get(content, [])}
            answer = parts.get(content, f"{task.stub} = ...")
            steps.append({**step, "answer": answer, "seed": frame.seed if seed is None else seed})
    # after the lesson's start(...) line, which takes what it does not know for a misspelt parameter
    imports = dict.fromkeys(how for name, how in frame.imports.items() if name in used)
    begun = next((i for i, step in enumerate(steps) if step["do"] != "setup"), len(steps))
    steps.insert(min(2, begun), {"do": "setup", "source": "\n".join(imports)})
    return steps


def judge(submission: Submission, frame: Frame, fence: Fence, seed: int | None, **limits: Any) -> None:
    """Run a submission's answers and fill in its checks. An answer that ends the process costs only itself.

    limits: as of run_fenced.
    """
    left_out: set[str] = set()
    started = time.monotonic()
    while True:
        steps = _steps(frame, submission, left_out, seed)
        events, ended = run_fenced(steps, namespaces=fence.namespaces, **limits)
        submission.checks |= {event["exercise"]: event for event in events if "exercise" in event}
        for broken in (event["broken"] for event in events if "broken" in event):
            raise CourseError(f"{frame.lesson}: the lesson's own cells do not run here: {broken.rstrip('.')}.")
        failed = {name: check["detail"] for name, check in submission.checks.items() if check["verdict"] == "error"}
        culprit = next((name for name, detail in failed.items() if OUT_OF_MEMORY.match(detail)), None)
        if culprit:  # what it had taken was missing to those after it: again without it
            ended = "memory"
        if not ended:
            break
        culprit = culprit or steps[max((event.get("at", 0) for event in events), default=0)].get("name")
        if culprit is None:
            what = f"the lesson's own cells end with: {ended}; give more --timeout or --memory"
            raise CourseError(f"{frame.lesson}: {what}.")
        submission.status = submission.checks.setdefault(culprit, {})["verdict"] = ended
        left_out.add(culprit)
    submission.seconds = round(time.monotonic() - started, 1)
    for name, check in submission.checks.items():
        submission.flags += [f"{name} tried to {what}" for what in check.get("seen", [])]
        missing = re.match(r"NameError: name '(\w+)'", check.get("detail") or "")
        if missing and missing[1] in frame.names:
            check["detail"] += " (the lesson has it, its short frame has not: grade again with --whole)"
        changed = ["the check"] if check["verdict"] == "tampered" else check.get("changed")
        submission.flags += [f"{name} changed {', '.join(changed)}"] if changed else []


def grade(
    submissions: Path, out: Path, *, timeout: float = 300, memory_mb: int = 4096, jobs: int = 2, whole: bool = False,
    seed: int | None = None, lessons: Path | None = None, say: Callable[[str], Any] = print,
) -> list[Submission]:  # fmt: skip
    """Grade every notebook below a folder; write a table and, beside it, a page per learner.

    timeout: seconds of processor time per notebook, see run_fenced. memory_mb: megabytes it may hold. jobs: how many
    run at a time. whole: run answers inside the whole lesson, not its short frame. seed: the class's seed. lessons:
    the folder of lessons. Raises CourseError when nothing can be graded at all; a bad submission, or a lesson that
    does not run here, is a row.
    """
    if not submissions.is_dir():
        raise CourseError(f"{str(submissions)!r} is not a folder; give the one that holds the submissions.")
    inside = submissions.resolve()
    found = answers.find_submissions(inside)
    fence = try_fence()
    say(f"{len(found)} notebooks. {fence.sentence}")
    limits = {"timeout": timeout, "memory_mb": memory_mb, "seed": seed}
    frames, unfair = _frames(found, lessons or project_root() / "notebooks", whole, fence, limits, say)
    before = _stamps(fence)
    needed = (project_root(), build_dir(), Path(sys.prefix).resolve(), Path(tempfile.gettempdir()).resolve())
    solutions = {folder / "solutions" for folder in (lessons, project_root() / "notebooks") if folder}
    hidden = [path.resolve() for path in solutions if path.is_dir()]
    hidden += [] if any(path.is_relative_to(inside) for path in needed) else [inside]

    def one(submission: Submission) -> None:
        try:
            if submission.status == "graded":
                if (frame := frames.get(submission.lesson)) is None:
                    reason = "No lesson is named in the file's name or in its start(...) line."
                    raise CourseError(unfair.get(submission.lesson, reason))
                answers.take_answers(submission, frame)
                if not submission.cells:
                    submission.status = "no exercises"
                judge(submission, frame, fence, hidden=hidden, **limits)
        except CourseError as error:
            submission.status = "not graded" if submission.cells or submission.lesson in unfair else "unreadable"
            submission.flags.append(str(error))
        say(f"{submission.learner:24} {submission.lesson:16} {submission.status}")

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        list(pool.map(one, found))
    if changed := sorted(path for path, stamp in _stamps(fence).items() if before.get(path) != stamp):
        say(f"Warning: these files of the course changed while grading: {', '.join(changed[:5])}")
    find_copies(found, frames)
    write_results(found, frames, out, fence)
    return found


def _frames(
    found: list[Submission], folder: Path, whole: bool, fence: Fence, limits: dict[str, Any], say: Callable[[str], Any]
) -> tuple[dict[str, Frame], dict[str, str]]:
    """The frames of the lessons handed in, each tried with its solution; and why those that do not run here do not."""
    frames: dict[str, Frame] = {}
    unfair: dict[str, str] = {}
    for name in sorted({one.lesson for one in found if one.lesson and one.status == "graded"}):
        solution = folder / "solutions" / f"{name}.ipynb"
        try:
            frame = answers.build_frame(folder / f"{name}.ipynb", solution if solution.exists() and not whole else None)
            model = Submission("solution", name, solution, cells=dict(frame.answers))
            if model.cells:
                judge(model, frame, fence, **limits)
            for task in frame.answers:
                if (check := model.checks[task])["verdict"] != "right":
                    why = (check.get("detail") or check.get("said") or "").strip()
                    what = f"the solution's answer to {task} is judged {check['verdict']!r} here ({why})"
                    mend = "nobody can be graded fairly. Run `make course` first, or mend the solution."
                    raise CourseError(f"{name}: {what}; {mend}")
            frames[name] = frame
        except CourseError as error:
            unfair[name] = str(error)
            say(f"Not graded: {error}")
    if unfair and not frames:
        raise CourseError(" ".join(unfair.values()))
    return frames, unfair


def _stamps(fence: Fence) -> dict[str, int]:
    """When each file of the course was last changed; only where nothing else keeps them from being written."""
    root = project_root()
    places = () if fence.namespaces else [root / name for name in ("gadgetlib", "coursekit", "notebooks", "data")]
    return {str(p.relative_to(root)): p.stat().st_mtime_ns for place in places for p in place.rglob("*") if p.is_file()}


def row(submission: Submission, frame: Frame | None, place: str) -> dict[str, Any]:
    """One line of the table. score and core are shares of right answers, 0 to 1, quiz questions aside."""
    checks = submission.checks
    graded = [check for name, check in checks.items() if ".q" not in name]
    core = [check for check in graded if check.get("level") != "stretch"]
    count = Counter(check["verdict"] for check in graded)
    total = sum(".q" not in name for name in frame.tasks) if frame else 0
    told = [f"{n} {c['verdict']}" + (f" ({c['mistake']})" if c.get("mistake") else "") for n, c in checks.items()]
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
        "failed": count.total() - count["right"] - count["wrong"] - count["not attempted"],
        "checks": "; ".join(sorted(told)),
        "flags": "; ".join(submission.flags),
        "copies": "; ".join(submission.copies),
        "seconds": submission.seconds,
        "page": place,
    }


def write_results(found: list[Submission], frames: dict[str, Frame], out: Path, fence: Fence) -> None:
    """Write ``out`` (CSV), and beside it a folder with ``index.html`` and a page per learner."""
    pages = out.with_name(out.stem + "_pages")
    names: dict[str, str] = {}  # learner -> page
    for learner in dict.fromkeys(one.learner for one in found):
        safe = re.sub(r"[^\w-]+", "_", learner)[:60] or "learner"
        while f"{safe}.html" in {"index.html", *names.values()}:
            safe += "_"
        names[learner] = f"{safe}.html"
    rows = [row(one, frames.get(one.lesson), f"{pages.name}/{names[one.learner]}") for one in found]
    texts = {"index.html": page("grades.html", title="Grades", table=rows, names=names, fence=fence.sentence)}
    for learner, file in names.items():
        own = [{**vars(one), "row": line} for one, line in zip(found, rows) if one.learner == learner]
        texts[file] = page("grades.html", title=learner, submissions=own)
    with write_atomic(pages) as part:
        part.mkdir()
        for file, text in texts.items():
            (part / file).write_text(text, encoding="utf-8", errors="replace")
    with write_atomic(out) as part:
        pd.DataFrame(rows).map(to_cell).to_csv(part, index=False, errors="replace")


def fingerprints(source: str) -> set[int]:
    """Hashes of every run of eight tokens; what things are called, texts and comments do not matter."""
    words = []
    with contextlib.suppress(tokenize.TokenError, SyntaxError, IndentationError):
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME:
                kept = keyword.iskeyword(token.string) or hasattr(builtins, token.string)
                words.append(token.string if kept else "name")
            elif token.type in (tokenize.STRING, tokenize.NUMBER, tokenize.OP):
                words.append("text" if token.type == tokenize.STRING else token.string)
    return {zlib.crc32(" ".join(words[i : i + GRAM]).encode()) for i in range(len(words) - GRAM + 1)}


def find_copies(found: list[Submission], frames: dict[str, Frame]) -> list[tuple[Submission, Submission, float]]:
    """Pairs of one lesson whose answers share most of their fingerprints; noted on both.

    What the lesson wrote, and what every third learner writes (of at least six), counts for nobody; answers too short
    to tell are left alone.
    """
    pairs = []
    for name, frame in frames.items():
        given = set().union(*(fingerprints(task.source) for task in frame.tasks.values()))
        marks = []
        for one in (one for one in found if one.lesson == name and one.cells):
            texts = [text for task in one.cells for text in [*one.own.get(task, []), one.cells[task]]]
            marks.append((one, set().union(*map(fingerprints, texts)) - given))
        common = Counter(mark for _, own in marks for mark in own)
        usual = {mark for mark, times in common.items() if len(marks) >= 6 and times > max(2, len(marks) / 3)}
        entries = [(one, own - usual) for one, own in marks if len(own - usual) >= SHORTEST]
        for i, (one, own) in enumerate(entries):
            for other, theirs in entries[i + 1 :]:
                share = len(own & theirs) / min(len(own), len(theirs))
                if share >= ALIKE and one.learner != other.learner:
                    pairs.append((one, other, share))
                    one.copies.append(f"{other.learner} ({share:.0%})")
                    other.copies.append(f"{one.learner} ({share:.0%})")
    return pairs
