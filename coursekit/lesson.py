"""The frame of every lesson: what it accepts, what it needs and what it leaves.

A lesson notebook calls :func:`start` once, right after its parameters cell, and gets a :class:`Lesson`.
"""

import contextlib
import random
import secrets
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from coursekit import contracts
from coursekit.workspace import ARTEFACTS, artefact_path, find_lesson, read_card, record, stamp, write_json
from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, check_writable, data_dir, write_atomic

COMMON = {"seed": (0, 2**31 - 1)}  # what numpy, scikit-learn and torch all take


def check_parameters(lesson: str, namespace: Mapping[str, Any], accepted: Mapping[str, Any]) -> dict[str, Any]:
    """Validate a notebook's parameters; return them by name.

    namespace: the notebook's ``globals()``; the annotated names of its parameters cell are the parameters.
    accepted: for some of them what is allowed: ``(low, high)`` bounds, both ends included, or a list of values.
    Raises CourseError naming the parameter, what it got and what it accepts.
    """
    types = {name: kind for name, kind in namespace.get("__annotations__", {}).items() if not name.startswith("_")}
    if not types:
        raise CourseError(f"{lesson} has no typed parameters cell; run the cell tagged `parameters` first.")
    described = {name: _describe(name, kind, accepted.get(name)) for name, kind in types.items()}
    if stray := _stray_names(namespace, types):
        names, all_ = ", ".join(map(repr, stray)), ", ".join(described.values())
        raise CourseError(f"{lesson} has no parameter {names}; it accepts {all_}.")
    values = {}
    for name, kind in types.items():
        match accepted.get(name):
            case list(choices):
                kind = Literal[tuple(choices)]
            case (low, high):
                kind = Annotated[kind, Field(ge=low, le=high)]
        try:
            values[name] = TypeAdapter(kind).validate_python(namespace.get(name), strict=True)
        except ValidationError as error:
            given = f"parameter {name} = {namespace.get(name)!r} is not accepted ({error.errors()[0]['msg'].lower()})"
            raise CourseError(f"{lesson}: {given}; use {described[name]}.") from None
    return values


def _stray_names(namespace: Mapping[str, Any], types: Mapping[str, Any]) -> list[str]:
    """Names that papermill injected and no parameters cell knows (plain values, never modules or functions)."""
    if namespace.get("_lesson_started"):  # a learner runs the cell again: later variables are not parameters
        return []
    shell = namespace.get("get_ipython")
    hidden = {"In", "Out", *types, *(getattr(shell(), "user_ns_hidden", ()) if callable(shell) else ())}
    plain = (str, int, float, bool, list, dict, type(None))
    found = [name for name, value in namespace.items() if isinstance(value, plain) and not name.startswith("_")]
    return sorted(set(found) - hidden)


def _describe(name: str, kind: Any, allowed: Any) -> str:
    if isinstance(allowed, list):
        return f"{name} ({' | '.join(map(str, allowed))})"
    kind = getattr(kind, "__name__", str(kind))
    return f"{name} ({kind}, {allowed[0]} to {allowed[1]})" if allowed else f"{name} ({kind})"


@dataclass
class Lesson:
    """One running lesson: its checked parameters, its inputs and its outputs."""

    name: str
    parameters: dict[str, Any]
    inputs: dict[str, str] = field(default_factory=dict)
    data: Path = field(default_factory=data_dir)
    build: Path = field(default_factory=build_dir)

    @property
    def full(self) -> bool:
        return self.parameters.get("profile", "quick") == "full"

    @property
    def seed(self) -> int:
        return self.parameters.get("seed", 42)

    def need(self, name: str) -> Path:
        """The path of an input artefact, contract checked. Missing: the lesson that makes it runs first."""
        path, maker = artefact_path(name), ARTEFACTS[name].lesson
        if not (path.exists() and stamp(name)):
            if maker == self.name:
                raise CourseError(f"{self.name} asks for {name!r}, which it makes itself.")
            from coursekit.run import execute

            print(f"{name!r} is not there yet: running {maker} first.")
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
        with write_atomic(artefact_path(name)) as part:
            yield part
            contracts.check(name, part)
        self.done(name)

    def done(self, name: str) -> Path:
        """Declare an artefact whole, also one that was written in place (the ledger): its contract is checked first."""
        contracts.check(name, path := artefact_path(name))
        made = {"id": secrets.token_hex(6), "lesson": self.name, "parameters": self.parameters, "inputs": self.inputs}
        write_json(record("stamps", name), made)
        return path

    def report(self, **figures: float | str) -> None:
        """Add headline figures to this lesson's part of the report card (``build/report.html``)."""
        card = read_card(self.name)
        plain = {name: value.item() if hasattr(value, "item") else value for name, value in figures.items()}
        write_json(record("cards", self.name), {**card, "figures": {**card.get("figures", {}), **plain}})

    def picture(self, figure: Any) -> None:
        """Keep a matplotlib figure or a PIL image as this lesson's picture on the report card."""
        with write_atomic(record("cards", self.name).with_suffix(".png")) as part:
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
    parameters = check_parameters(find_lesson(name), namespace, COMMON | accepted)
    lesson = Lesson(name, parameters)
    random.seed(lesson.seed)
    np.random.seed(lesson.seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(lesson.seed)
    check_writable(build_dir())
    for suffix in (".json", ".png"):  # figures of an earlier run must not pass for this one's
        with contextlib.suppress(OSError):
            record("cards", name).with_suffix(suffix).unlink(missing_ok=True)
    namespace["_lesson_started"] = True
    print(f"{name}: {parameters.get('profile', 'quick')} profile, seed {lesson.seed}")
    return lesson
