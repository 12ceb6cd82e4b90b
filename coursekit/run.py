"""Run lessons through papermill: one, or the whole course with progress, resuming and a report card."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from coursekit.workspace import ARTEFACTS, LESSONS, read_card
from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, check_writable, disk_error, project_root, write_atomic

PROFILES = ("quick", "full")


class LessonFailed(CourseError):
    """A lesson stopped at an error; the message names notebook, cell and error."""

    exit_code = 1


def find_lesson(text: str) -> str:
    """The lesson meant by ``03``, ``3`` or ``03_finetune``; CourseError names the lessons otherwise."""
    text = text.strip().removesuffix(".ipynb")
    for name in LESSONS:
        if text in (name, name[:2]) or (text.isdigit() and int(text) == int(name[:2])):
            return name
    raise CourseError(f"There is no lesson {text!r}; the lessons are {', '.join(LESSONS)}.")


def lesson_path(name: str) -> Path:
    return project_root() / "notebooks" / f"{name}.ipynb"


def parameter_names(name: str) -> dict[str, str]:
    """The parameters of a lesson and their types, as papermill reads them from its parameters cell."""
    import papermill

    found = papermill.inspect_notebook(str(lesson_path(name)))
    return {key: value["inferred_type_name"] for key, value in found.items()}


def execute(name: str, parameters: dict[str, Any], output: Path | None = None, progress: bool = False) -> Path:
    """Execute one lesson in a fresh kernel; return the executed notebook's path.

    Parameters that the lesson does not declare are left out if they are the common ones (profile, seed,
    photos), so that one setting can be meant for all lessons. Raises LessonFailed.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    declared = parameter_names(name)
    wanted = {k: v for k, v in parameters.items() if k in declared or k not in ("profile", "seed", "photos")}
    output = output or build_dir() / "notebooks" / f"{name}.ipynb"
    output.parent.mkdir(parents=True, exist_ok=True)
    part = output.with_suffix(".part.ipynb")
    try:
        papermill.execute_notebook(
            str(lesson_path(name)), str(part), parameters=wanted, cwd=str(lesson_path(name).parent),
            kernel_name="python3", progress_bar=progress, log_output=False,
            extra_arguments=["--log-level=ERROR"],  # the kernel's notice about plain TCP on loopback
        )  # fmt: skip
    except PapermillExecutionError as error:
        failed = output.with_suffix(".failed.ipynb")
        part.replace(failed)
        what = f"{error.ename}: {error.evalue}" if error.ename != "CourseError" else error.evalue
        cell = error.cell_index + 1 - bool(wanted)  # as committed: papermill injects a cell when it sets parameters
        raise LessonFailed(f"{name} stopped at cell {cell}: {what} (its state: {_shown(failed)})") from None
    except KeyboardInterrupt:
        part.unlink(missing_ok=True)
        raise
    except Exception as error:  # the disk is full, the kernel died, or none could start
        part.unlink(missing_ok=True)
        said = disk_error(error, output) if isinstance(error, OSError) else error
        if isinstance(said, CourseError):
            raise LessonFailed(f"{name} stopped. {said}") from error
        raise LessonFailed(f"{name} could not be run: {type(error).__name__}: {error}. Try `gadget doctor`.") from error
    part.replace(output)
    output.with_suffix(".failed.ipynb").unlink(missing_ok=True)
    return output


def run_course(
    only: Sequence[str] = (), profile: str = "quick", photos: str = "", settings: Sequence[str] = (),
    say: Any = print,
) -> dict[str, Any]:  # fmt: skip
    """Run the lessons in order; resume after a failure; write the report card. Returns the report.

    only: lesson numbers; empty for all. photos: a folder of own photos, one sub-folder a class.
    settings: ``"03.epochs=5"`` and the like. Raises CourseError before running anything when one of
    these is not accepted, LessonFailed when a lesson stops.
    """
    if profile not in PROFILES:
        raise CourseError(f"PROFILE={profile!r} is not accepted; use {' or '.join(PROFILES)}.")
    names = [find_lesson(text) for text in only] or list(LESSONS)
    names.sort()
    common: dict[str, Any] = {"profile": profile}
    if photos:
        folder = Path(photos).expanduser().resolve()
        if not folder.is_dir():
            raise CourseError(f"PHOTOS={photos!r} is not a folder; give one with a sub-folder for each class.")
        common["photos"] = str(folder)
    own = parse_settings(settings)
    check_writable(build_dir(), free_mb=1000)
    with _alone():
        return _run(names, common, own, say)


def _run(names: list[str], common: dict[str, Any], own: dict[str, dict[str, Any]], say: Any) -> dict[str, Any]:
    from coursekit import report

    asked = {"names": names, "common": common, "own": own}
    state = _read_state()
    if state.get("asked") != asked or state.get("complete"):
        state = {"asked": asked, "complete": False, "done": {}}
    for position, name in enumerate(names, 1):
        label = f"[{position}/{len(names)}] {name}"
        key = _fingerprint(name)
        if state["done"].get(name) == key:
            say(f"{label}  already done, kept")
            continue
        state["done"] = {k: v for k, v in state["done"].items() if k < name}  # what follows is stale now
        say(f"{label}  running")
        started = time.perf_counter()
        with peak_memory() as memory:
            made = execute(name, {**common, **own.get(name, {})}, progress=sys.stderr.isatty())
        spent = time.perf_counter() - started
        report.save_html(made)
        report.save_run(name, seconds=spent, peak_mb=memory["peak_mb"], parameters={**common, **own.get(name, {})})
        state["done"][name] = key
        _write_state(state)
        figures = ", ".join(f"{k} {report.shown(v)}" for k, v in list(read_card(name).get("figures", {}).items())[:3])
        say(f"{label}  done in {spent:.0f} s, peak {memory['peak_mb']:.0f} MB{'; ' + figures if figures else ''}")
        report.write()
    state["complete"] = True
    _write_state(state)
    return report.write()


def parse_settings(settings: Sequence[str]) -> dict[str, dict[str, Any]]:
    """``["03.epochs=5"]`` -> ``{"03_finetune": {"epochs": 5}}``; values are read as YAML scalars."""
    import yaml

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
        found.setdefault(name, {})[key] = yaml.safe_load(value)
    return found


def read_preset(preset: str) -> tuple[list[str], list[str]]:
    """An instructor's preset as (lesson numbers, settings like ``"03.epochs=5"``).

    preset: the name of a file in ``notebooks/instructor``, or the path of one:
    ``lessons: {"03": {epochs: 5}, "04": {}}``. Raises CourseError for a file that is none.
    """
    import yaml

    folder = project_root() / "notebooks" / "instructor"
    path = folder / f"{preset}.yaml"
    if not path.exists():
        path = Path(preset).expanduser()
    try:
        lessons = yaml.safe_load(path.read_text(encoding="utf-8"))["lessons"]
        settings = [f"{n}.{key}={json.dumps(v)}" for n, given in lessons.items() for key, v in given.items()]
        return [str(number) for number in lessons], settings
    except OSError:
        there = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise CourseError(f"There is no preset {preset!r}; there are {there}, or give the path of a YAML file.") from None
    except (yaml.YAMLError, TypeError, KeyError, AttributeError):
        raise CourseError(
            f'The preset {path.name} is not understood; write `lessons:` and below it `"03": {{epochs: 5}}`.'
        ) from None


def _fingerprint(name: str) -> str:
    """Changes when the lesson or a helper module does: then a resumed run does it again."""
    import hashlib

    digest = hashlib.sha1(lesson_path(name).read_bytes())
    for module in sorted(p for kit in ("gadgetlib", "coursekit") for p in (project_root() / kit).rglob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()


def _state_path() -> Path:
    return build_dir() / "course.json"


def _read_state() -> dict[str, Any]:
    try:
        return json.loads(_state_path().read_text())
    except (OSError, ValueError):
        return {}


def _write_state(state: dict[str, Any]) -> None:
    with write_atomic(_state_path()) as part:
        part.write_text(json.dumps(state, indent=1))


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One course run at a time in one build folder; the lock goes with the process, however it ends."""
    from filelock import FileLock, Timeout

    lock = FileLock(build_dir() / ".course.lock")
    try:
        with lock.acquire(timeout=0):
            yield
    except Timeout:
        raise CourseError(
            f"Another course run is using {_shown(build_dir())}; wait for it to end, or set GADGET_BUILD to another folder."
        ) from None


def _shown(path: Path) -> str:
    """A path as a reader would type it from the project's root."""
    with contextlib.suppress(ValueError):
        return str(path.relative_to(project_root()))
    return str(path)


@contextlib.contextmanager
def peak_memory(every: float = 0.25) -> Iterator[dict[str, float]]:
    """Sample the resident memory of this process's children; the dict's ``peak_mb`` is valid at the end."""
    import psutil

    peak = {"peak_mb": 0.0}
    stop = threading.Event()
    me = psutil.Process(os.getpid())

    def watch() -> None:
        while not stop.wait(every):
            total = 0
            for child in me.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    total += child.memory_info().rss
            peak["peak_mb"] = max(peak["peak_mb"], total / 2**20)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def makes(name: str) -> list[str]:
    """The artefacts that a lesson leaves."""
    return [artefact for artefact, entry in ARTEFACTS.items() if entry.lesson == name]
