"""Run lessons through papermill: one, or the whole course with progress, resuming and a report card."""

import contextlib
import hashlib
import json
import os
import platform
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import papermill
import psutil
import yaml
from filelock import FileLock, Timeout
from nbconvert import HTMLExporter
from papermill.exceptions import PapermillExecutionError

from coursekit.workspace import LESSONS, find_lesson, page, read_card, record, write_json
from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, check_writable, disk_sentence, project_root, read_json, write_atomic

PATHS = ("photos", "photo", "catalogue", "prices", "picture")  # from where the command runs, not from notebooks/


class LessonFailed(CourseError):
    """A lesson stopped at an error; the message names notebook, cell and error."""

    exit_code = 1


def lesson_path(name: str) -> Path:
    return project_root() / "notebooks" / f"{name}.ipynb"


def parameter_names(name: str) -> list[str]:
    """The parameters of a lesson, from its parameters cell."""
    return list(papermill.inspect_notebook(str(lesson_path(name))))


def execute(name: str, parameters: dict[str, Any], output: Path | None = None, progress: bool = False) -> Path:
    """Execute one lesson in a fresh kernel; return the executed notebook's path. Raises LessonFailed."""
    output = output or build_dir() / "notebooks" / f"{name}.ipynb"
    output.parent.mkdir(parents=True, exist_ok=True)
    part, failed = output.with_suffix(".part.ipynb"), output.with_suffix(".failed.ipynb")
    try:
        with disk_sentence(output):
            papermill.execute_notebook(
                str(lesson_path(name)), str(part), parameters=parameters, cwd=str(lesson_path(name).parent),
                kernel_name="python3", progress_bar=progress, log_output=False, start_timeout=300,
                extra_arguments=["--log-level=CRITICAL"],  # the kernel's notice about plain TCP on loopback
            )  # fmt: skip
    except PapermillExecutionError as error:
        part.replace(failed)
        what = f"{error.ename}: {error.evalue}" if error.ename != "CourseError" else error.evalue
        cell = error.cell_index + 1 - bool(parameters)  # as committed: papermill injects a cell when it sets parameters
        raise LessonFailed(f"{name} stopped at cell {cell}: {what} (its state: {failed})") from None
    except Exception as error:  # the disk is full, the kernel died, or none could start
        why = f"{type(error).__name__}: {error}. Try `gadget doctor`." if type(error) is not CourseError else error
        raise LessonFailed(f"{name} could not be run: {why}") from error
    else:
        part.replace(output)
        failed.unlink(missing_ok=True)
    finally:
        part.unlink(missing_ok=True)
    return output


def run_course(
    only: Sequence[str] = (), profile: str = "quick", photos: str = "", settings: Sequence[str] = (),
    say: Any = print,
) -> dict[str, Any]:  # fmt: skip
    """Run the lessons in order; resume after a failure; write the report card. Returns the report.

    only: lesson numbers; empty for all. photos: a folder of own photos, one sub-folder per class.
    settings: ``"03.epochs=5"`` and the like. Raises CourseError before running anything when one of
    these is not accepted, LessonFailed when a lesson stops.
    """
    names = sorted(find_lesson(text) for text in only) or list(LESSONS)
    if photos and not Path(photos).expanduser().is_dir():
        raise CourseError(f"PHOTOS={photos!r} is not a folder; give one with a sub-folder for each class.")
    takers = [name for name in names if photos and "photos" in parameter_names(name)]
    if photos and not takers:
        raise CourseError(f"PHOTOS={photos!r} is used by none of {', '.join(names)}; run 01 with it first.")
    own = parse_settings([*(f"{name}.photos={json.dumps(photos)}" for name in takers), *settings])
    check_writable(build_dir(), free_mb=1000)
    with _alone():
        return _run({name: {"profile": profile, **own.get(name, {})} for name in names}, say)


def _run(asked: dict[str, dict[str, Any]], say: Any) -> dict[str, Any]:
    kept = build_dir() / "course.json"  # until all is done
    state = read_json(kept) or {}
    if state.get("asked") != asked:
        state = {"asked": asked, "done": {}}
    for position, (name, parameters) in enumerate(asked.items(), 1):
        label, key = f"[{position}/{len(asked)}] {name}", _fingerprint(name)
        if state["done"].get(name) == key:
            say(f"{label}  already done, kept")
            continue
        state["done"] = {k: v for k, v in state["done"].items() if k < name}  # what follows is stale now
        say(f"{label}  running")
        started = time.perf_counter()
        with memory_of_children() as memory:
            made = execute(name, parameters, progress=sys.stderr.isatty())
        spent, peak = round(time.perf_counter() - started, 1), round(max(memory))
        save_html(made)
        write_json(record("runs", name), {"seconds": spent, "peak_mb": peak, "parameters": parameters})
        state["done"][name] = key
        write_json(kept, state)
        figures = ", ".join(f"{k} {shown(v)}" for k, v in list(read_card(name).get("figures", {}).items())[:3])
        say(f"{label}  done in {spent:.0f} s, peak {peak} MB{'; ' + figures if figures else ''}")
        write_report()
    kept.unlink(missing_ok=True)
    return write_report()


def parse_settings(settings: Sequence[str]) -> dict[str, dict[str, Any]]:
    """``["03.epochs=5"]`` -> ``{"03_finetune": {"epochs": 5}}``; values are read as YAML scalars."""
    found: dict[str, dict[str, Any]] = {}
    for item in settings:
        target, equals, value = item.partition("=")
        number, dot, key = target.partition(".")
        if not (equals and dot and key):
            raise CourseError(f"SET={item!r} is not understood; write NUMBER.PARAMETER=VALUE, such as 03.epochs=5.")
        name = find_lesson(number)
        declared = parameter_names(name)
        if key not in declared:
            raise CourseError(f"{name} has no parameter {key!r}; it accepts {', '.join(declared)}.")
        try:
            found.setdefault(name, {})[key] = yaml.safe_load(value) if value else ""
            if key in PATHS and (path := found[name][key]) and isinstance(path, str):
                found[name][key] = str(Path(path).expanduser().resolve())
        except yaml.YAMLError:
            raise CourseError(f"SET={item!r} is not understood; put the value of {key} in quotes.") from None
    return found


def read_preset(preset: str) -> tuple[list[str], list[str]]:
    """An instructor's preset as (lesson numbers, settings like ``"03.epochs=5"``).

    preset: the name of a file in ``notebooks/instructor``, or the path of one:
    ``lessons: {"03": {epochs: 5}, "04": {}}``. Raises CourseError for a file that is none.
    """
    folder = project_root() / "notebooks" / "instructor"
    path = folder / f"{preset}.yaml"
    path = path if path.exists() else Path(preset).expanduser()
    try:
        lessons = yaml.safe_load(path.read_text(encoding="utf-8"))["lessons"]
        settings = [f"{n}.{key}={json.dumps(v)}" for n, given in lessons.items() for key, v in given.items()]
        return [str(number) for number in lessons], settings
    except OSError:
        known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise CourseError(f"There is no preset {preset!r}; there are {known}, or give a YAML file's path.") from None
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError):
        like = '`lessons:` and below it `"03": {epochs: 5}`'
        raise CourseError(f"The preset {path.name} is not understood; write {like}.") from None


def _fingerprint(name: str) -> str:
    """Changes when the lesson or a helper module does: then a resumed run does it again."""
    digest = hashlib.sha1(lesson_path(name).read_bytes())
    for module in sorted(p for kit in ("gadgetlib", "coursekit") for p in (project_root() / kit).rglob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()


def _alone() -> contextlib.AbstractContextManager:
    """One course run at a time in one build folder; the lock goes with the process, however it ends."""
    try:
        return FileLock(build_dir() / ".course.lock").acquire(timeout=0)
    except Timeout:
        what = f"Another course run is using {build_dir()}; wait for it, or set GADGET_BUILD to another folder."
        raise CourseError(what) from None


@contextlib.contextmanager
def memory_of_children(every: float = 0.25) -> Iterator[list[float]]:
    """Sample the resident memory of this process's children, in MB, while the block runs."""
    samples, stop, me = [0.0], threading.Event(), psutil.Process()

    def watch() -> None:
        while not stop.wait(every):
            with contextlib.suppress(psutil.Error):  # a child ended meanwhile: the next look counts
                samples.append(sum(child.memory_info().rss for child in me.children(recursive=True)) / 2**20)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()


def shown(value: Any) -> str:
    """A figure as a reader wants it: four digits of a fraction, anything else as it is."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def write_report() -> dict[str, Any]:
    """Write ``build/report.json`` and ``report.html`` from what the lessons have left so far; return the report."""
    lessons = []
    for name in LESSONS:
        run = read_json(record("runs", name)) or {}
        if run.keys() >= {"seconds", "peak_mb", "parameters"}:
            there = record("cards", name).with_suffix(".png").exists()
            card = {"figures": read_card(name).get("figures", {}), "picture": f"cards/{name}.png" if there else None}
            lessons.append({"name": name, **run, **card})
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    found = {
        "machine": f"Python {platform.python_version()}, {system}",
        "total": round(sum(lesson["seconds"] for lesson in lessons), 1),
        "lessons": lessons,
    }
    write_json(build_dir() / "report.json", found)
    with write_atomic(build_dir() / "report.html") as part:
        part.write_text(page("report.html", **found, shown=shown), encoding="utf-8")
    return found


def save_html(notebook: Path) -> None:
    """Export an executed notebook to one HTML page beside it that loads nothing from other hosts."""
    loads = [name for name in HTMLExporter.class_trait_names() if name.endswith("_url")]
    body, _ = HTMLExporter(**dict.fromkeys([*loads, "jupyter_widgets_base_url"], "")).from_filename(str(notebook))
    with write_atomic(notebook.with_suffix(".html")) as part:
        part.write_text(body, encoding="utf-8")
