"""The frame of every lesson: where things are, what a lesson accepts, what it needs and what it leaves.

A lesson notebook calls :func:`start` once, right after its parameters cell, and gets a :class:`Lesson`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import random
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

LESSONS = (
    "00_start_here",
    "01_scrape",
    "02_clean",
    "03_finetune",
    "04_ocr",
    "05_ner",
    "06_retrieval",
    "07_price_model",
    "08_capstone",
)


class CourseError(Exception):
    """Something a learner can mend: one sentence that says what was wrong, where, and what to do next."""

    def _render_traceback_(self) -> list[str]:  # what Jupyter prints: the sentence, not forty lines of stack
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True)
class Artefact:
    """What one lesson leaves for the next: a path under ``build/`` and the notebook that makes it."""

    path: str
    lesson: str


ARTEFACTS: dict[str, Artefact] = {
    "raw": Artefact("raw/ledger.csv", "01_scrape"),
    "photos": Artefact("clean/photos.csv", "02_clean"),
    "classifier": Artefact("classifier", "03_finetune"),
    "text": Artefact("ocr/text.jsonl", "04_ocr"),
    "tagger": Artefact("tagger", "05_ner"),
    "index": Artefact("index", "06_retrieval"),
    "price": Artefact("price", "07_price_model"),
    "listings": Artefact("listings/listings.jsonl", "08_capstone"),
}


# ---------------------------------------------------------------- places


def project_root() -> Path:
    """The folder that holds ``notebooks/``, ``gadgetlib/`` and ``data/``."""
    return Path(__file__).resolve().parents[1]


def data_dir() -> Path:
    """The data that ships with the course."""
    return project_root() / "data"


def shared_dir() -> Path | None:
    """Real photos, titles and prices to measure against, beside the project; None where they are absent."""
    folder = Path(os.environ.get("GADGET_SHARED") or project_root().parent / "shared")
    return folder if (folder / "README.md").exists() else None


def build_dir() -> Path:
    """Everything a run makes lies here: ``build/``, or the folder named by ``GADGET_BUILD``."""
    return Path(os.environ.get("GADGET_BUILD") or project_root() / "build").resolve()


def artefact_path(name: str) -> Path:
    """Where the artefact ``name`` lies, made or not. Raises CourseError for a name nobody makes."""
    if name not in ARTEFACTS:
        raise CourseError(f"There is no artefact called {name!r}; the course makes {', '.join(ARTEFACTS)}.")
    return build_dir() / ARTEFACTS[name].path


def trained(name: str) -> Path:
    """The path of an artefact that must exist already; CourseError says how to make it otherwise."""
    path = artefact_path(name)
    if not path.exists():
        number = ARTEFACTS[name].lesson[:2]
        raise CourseError(
            f"Nothing trained yet: {path.name!r} is missing from {build_dir().name}/. "
            f"Run `make course` (or `make course ONLY={number}`) first."
        )
    return path


def split_of(product_id: str) -> Literal["train", "valid", "test"]:
    """The split of a shipped product: 70 / 15 / 15 by a hash of its id, the same for photos and texts."""
    bucket = int(hashlib.sha1(product_id.encode()).hexdigest(), 16) % 100
    return "train" if bucket < 70 else "valid" if bucket < 85 else "test"


# ---------------------------------------------------------------- safe writing


@contextlib.contextmanager
def write_atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it into place only if the block ends well.

    The block may create a file or a folder there. A full disk or a read-only folder becomes a CourseError,
    and whatever stood at ``path`` before is left as it was.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(part)
        yield part
        if not part.exists():
            raise CourseError(f"Nothing was written for {path.name!r}; the block that should make it left no file.")
        if path.is_dir():  # a folder cannot be replaced in one rename: step aside first
            aside = path.with_name(f".{path.name}.{os.getpid()}.old")
            path.rename(aside)
            part.rename(path)
            _remove(aside)
        else:
            part.replace(path)
    except OSError as error:
        raise _disk_error(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            _remove(part)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _disk_error(error: OSError, path: Path) -> Exception:
    where = path.parent
    if error.errno == errno.ENOSPC:
        return CourseError(
            f"The disk is full: {path.name!r} could not be written to {where}; free some space, run again."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return CourseError(
            f"{where} cannot be written to ({error.strerror}); make it writable, "
            "or set GADGET_BUILD to a folder that is."
        )
    return error


# ---------------------------------------------------------------- parameters


def check_parameters(lesson: str, namespace: Mapping[str, Any], accepted: Mapping[str, Any]) -> dict[str, Any]:
    """Validate a notebook's parameters; return them by name.

    namespace: the notebook's ``globals()``; the annotated names of its parameters cell are the parameters.
    accepted: for some of them what is allowed: ``(low, high)`` bounds, both ends included, or a list of values.
    Raises CourseError naming the parameter, what it got and what it accepts.
    """
    from pydantic import Field, ValidationError, create_model

    types = {name: kind for name, kind in namespace.get("__annotations__", {}).items() if not name.startswith("_")}
    if not types:
        raise CourseError(f"{lesson} has no typed parameters cell; run the cell tagged `parameters` first.")
    fields: dict[str, Any] = {}
    for name, kind in types.items():
        allowed = accepted.get(name)
        if isinstance(allowed, list):
            fields[name] = (Literal[tuple(allowed)], ...)
        elif isinstance(allowed, tuple):
            fields[name] = (kind, Field(ge=allowed[0], le=allowed[1]))
        else:
            fields[name] = (kind, ...)
    stray = _stray_names(namespace, types)
    if stray:
        raise CourseError(
            f"{lesson} has no parameter {', '.join(map(repr, stray))}; it accepts {_describe(types, accepted)}."
        )
    try:
        model = create_model("Parameters", __config__={"strict": True, "protected_namespaces": ()}, **fields)
        checked = model(**{name: namespace[name] for name in types if name in namespace})
    except ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][0])
        raise CourseError(
            f"{lesson}: parameter {name} = {problem['input']!r} is not accepted ({problem['msg'].lower()}); "
            f"use {_describe({name: types[name]}, accepted)}."
        ) from None
    return checked.model_dump()


def _stray_names(namespace: Mapping[str, Any], types: Mapping[str, Any]) -> list[str]:
    """Names that papermill injected and no parameters cell knows (plain values, never modules or functions)."""
    if namespace.get("_lesson_started"):  # a learner runs the cell again: later variables are not parameters
        return []
    shell = namespace.get("get_ipython")
    hidden = set(getattr(shell(), "user_ns_hidden", ())) if callable(shell) else set()
    plain = (str, int, float, bool, list, dict, type(None))
    return sorted(
        name
        for name, value in namespace.items()
        if not name.startswith("_")
        and name not in types
        and name not in hidden
        and name not in {"In", "Out"}
        and isinstance(value, plain)
    )


def _describe(types: Mapping[str, Any], accepted: Mapping[str, Any]) -> str:
    def one(name: str, kind: Any) -> str:
        allowed = accepted.get(name)
        kind = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
        if isinstance(allowed, list):
            return f"{name} ({' | '.join(map(str, allowed))})"
        if isinstance(allowed, tuple):
            return f"{name} ({kind}, {allowed[0]} to {allowed[1]})"
        return f"{name} ({kind})"

    return ", ".join(one(name, kind) for name, kind in types.items())


# ---------------------------------------------------------------- the lesson


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and, where it is loaded, torch."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


@dataclass
class Lesson:
    """One running lesson: its checked parameters, its inputs and its outputs."""

    name: str
    parameters: dict[str, Any]
    inputs: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return data_dir()

    @property
    def build(self) -> Path:
        return build_dir()

    @property
    def full(self) -> bool:
        return self.parameters.get("profile", "quick") == "full"

    @property
    def seed(self) -> int:
        return self.parameters.get("seed", 42)

    def need(self, name: str) -> Path:
        """The path of an input artefact, contract checked. Missing: the lesson that makes it runs first."""
        from gadgetlib import contracts

        path = artefact_path(name)
        maker = ARTEFACTS[name].lesson
        if not (path.exists() and stamp(name)):
            if maker == self.name:
                raise CourseError(f"{self.name} asks for {name!r}, which it makes itself.")
            print(f"{name!r} is not there yet: running {maker} first.")
            from gadgetlib.runner import execute

            execute(maker, {"profile": self.parameters.get("profile", "quick"), "seed": self.seed})
        contracts.check(name, path)
        made = stamp(name) or {}
        for older, ident in made.get("inputs", {}).items():
            if (stamp(older) or {}).get("id") not in (None, ident):
                print(f"Note: {name!r} was made from an earlier {older!r}; `make course ONLY={maker[:2]}` renews it.")
        self.inputs[name] = made.get("id", "")
        return path

    @contextlib.contextmanager
    def write(self, name: str) -> Iterator[Path]:
        """Yield a temporary path for the artefact; check its contract and rename it into place at the end."""
        from gadgetlib import contracts

        with write_atomic(artefact_path(name)) as part:
            yield part
            contracts.check(name, part)
        self._stamp(name)

    def done(self, name: str) -> Path:
        """Declare an artefact that was written in place (the ledger) whole, after its contract was checked."""
        from gadgetlib import contracts

        path = artefact_path(name)
        contracts.check(name, path)
        self._stamp(name)
        return path

    def _stamp(self, name: str) -> None:
        ident = hashlib.sha1(f"{name}{time.time_ns()}".encode()).hexdigest()[:12]
        made = {"id": ident, "lesson": self.name, "parameters": self.parameters, "inputs": self.inputs}
        with write_atomic(_stamp_path(name)) as part:
            part.write_text(json.dumps(made, indent=1, default=str))

    def report(self, **figures: float | str) -> None:
        """Add headline figures to this lesson's part of the report card (``build/report.html``)."""
        card = read_card(self.name)
        card["figures"] = {**card.get("figures", {}), **{k: _plain(v) for k, v in figures.items()}}
        with write_atomic(_card_path(self.name)) as part:
            part.write_text(json.dumps(card, indent=1))

    def picture(self, figure: Any) -> None:
        """Keep a matplotlib figure or a PIL image as this lesson's picture on the report card."""
        with write_atomic(_card_path(self.name).with_suffix(".png")) as part:
            if hasattr(figure, "savefig"):
                figure.savefig(part, format="png", dpi=80, bbox_inches="tight")
            else:
                figure.save(part, format="PNG")


def start(name: str, namespace: dict[str, Any], **accepted: Any) -> Lesson:
    """Begin a lesson: check its parameters, seed everything, make sure that results can be written.

    name: the notebook's name without suffix, such as ``03_finetune``. namespace: its ``globals()``.
    accepted: ``epochs=(1, 50)`` bounds a number, ``profile=["quick", "full"]`` lists the choices.
    Raises CourseError, with the accepted names and values, before anything else has run.
    """
    if name not in LESSONS:
        raise CourseError(f"There is no lesson {name!r}; the lessons are {', '.join(LESSONS)}.")
    parameters = check_parameters(name, namespace, accepted)
    lesson = Lesson(name, parameters)
    seed_everything(lesson.seed)
    check_writable(build_dir())
    with contextlib.suppress(OSError):  # figures of an earlier run must not pass for this one's
        _card_path(name).unlink(missing_ok=True)
        _card_path(name).with_suffix(".png").unlink(missing_ok=True)
    namespace["_lesson_started"] = True
    print(f"{name}: {parameters.get('profile', 'quick')} profile, seed {lesson.seed}")
    return lesson


def check_writable(folder: Path, free_mb: int = 500) -> None:
    """Raise CourseError unless ``folder`` can be written to and has ``free_mb`` megabytes left."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe.{os.getpid()}"
        probe.write_text("x")
        probe.unlink()
    except OSError as error:
        raise _disk_error(error, folder / "x") from error
    free = shutil.disk_usage(folder).free // 2**20
    if free < free_mb:
        raise CourseError(f"Only {free} MB are free where {folder} lies; the course needs {free_mb}: free some space.")


def stamp(name: str) -> dict[str, Any] | None:
    """How and from what an artefact was made; None while it has not been finished."""
    return _read_json(_stamp_path(name))


def read_card(name: str) -> dict[str, Any]:
    """The figures a lesson has reported so far."""
    return _read_json(_card_path(name)) or {}


def _stamp_path(name: str) -> Path:
    return build_dir() / "stamps" / f"{name}.json"


def _card_path(name: str) -> Path:
    return build_dir() / "cards" / f"{name}.json"


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
