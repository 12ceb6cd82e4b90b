"""What the machine takes for each lesson: python -m coursekit.times takes the last `make course` over.

It reads build/report.json, which a whole run with default parameters leaves, writes notebooks/times.json, and puts
the minutes into the first cell of each lesson and into README's map. README, site and lessons quote nothing else.
"""

from __future__ import annotations

import re
import sys

import nbformat

from coursekit.workspace import LESSONS, write_json
from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, project_root, read_json, write_atomic

NOTEBOOKS = project_root() / "notebooks"
FILE = NOTEBOOKS / "times.json"
README = project_root() / "README.md"
CLAIM = re.compile(r"the machine about (\d+(?:\.\d)?) (second|minute)s?")


def claim(seconds: float) -> str:
    """``the machine about 3 minutes``: tens of seconds up to a minute and a half, then minutes."""
    if seconds < 90:
        return f"the machine about {max(10, round(seconds, -1)):.0f} seconds"
    return f"the machine about {round(seconds / 60):.0f} minutes"


def words(name: str) -> str:
    """What a lesson's first cell says about its time, such as ``90 minutes; the machine about 40 seconds``."""
    first = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells[0].source
    return re.search(r"\*\*Takes you\*\*:?[ |]*([^|\n]+)", first)[1].strip(" .").capitalize()


def take(report: dict) -> None:
    """Write notebooks/times.json and the claims. Raises CourseError unless the report is of a whole, default run."""
    seconds = {lesson["name"]: lesson["seconds"] for lesson in report["lessons"]}
    default = all(lesson["parameters"] == {"profile": "quick"} for lesson in report["lessons"])
    if set(seconds) != set(LESSONS) or not default:
        raise CourseError("build/report.json is not of a whole run with default parameters: run `make course` first.")
    write_json(FILE, {"machine": report["machine"], "seconds": seconds})
    for name in LESSONS:
        notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
        first = notebook.cells[0]
        if not CLAIM.search(first.source):
            raise CourseError(f"{name} says nothing about time in its first cell: write 'the machine about 1 minute'.")
        first.source = CLAIM.sub(claim(seconds[name]), first.source)
        with write_atomic(NOTEBOOKS / f"{name}.ipynb") as part:
            nbformat.write(notebook, part)
    with write_atomic(README) as part:
        part.write_text(with_times(README.read_text(encoding="utf-8")), encoding="utf-8")


def with_times(readme: str) -> str:
    """README with the last column of its map of the course, a row per lesson, as the lessons have it."""
    for name in LESSONS:
        row = re.compile(rf"^(\|.*\(notebooks/{name}\.ipynb\).*\|)[^|\n]*\|$", re.MULTILINE)
        readme = row.sub(lambda found, name=name: f"{found[1]} {words(name)} |", readme)
    return readme


if __name__ == "__main__":
    try:
        take(read_json(build_dir() / "report.json") or {"lessons": []})
    except CourseError as error:
        sys.exit(str(error))
