"""The lessons, the artefacts they leave, and where both keep their records under ``build/``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, read_json, write_atomic

LESSONS = (
    "00_start_here", "01_scrape", "02_clean", "03_finetune", "04_ocr", "05_ner", "06_retrieval", "07_price_model",
    "08_capstone",
)  # fmt: skip


class Artefact(NamedTuple):
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


def find_lesson(text: str) -> str:
    """The lesson meant by ``03``, ``3`` or ``03_finetune``; CourseError names the lessons otherwise."""
    text = text.strip().removesuffix(".ipynb")
    for name in LESSONS:
        if text in (name, name[:2]) or (text.isdecimal() and int(text) == int(name[:2])):
            return name
    raise CourseError(f"There is no lesson {text!r}; the lessons are {', '.join(LESSONS)}.")


def artefact_path(name: str) -> Path:
    """Where an artefact lies, made or not."""
    return build_dir() / ARTEFACTS[name].path


def stamp(name: str) -> dict[str, Any] | None:
    """How and from what an artefact was made; None while it has not been finished."""
    return read_json(record("stamps", name))


def read_card(name: str) -> dict[str, Any]:
    """The figures that a lesson has reported so far."""
    return read_json(record("cards", name)) or {}


def record(kind: str, name: str) -> Path:
    """The file for what is kept of an artefact (``stamps``) or of a lesson (``cards``, ``runs``)."""
    return build_dir() / kind / f"{name}.json"


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file whole or not at all."""
    with write_atomic(path) as part:
        part.write_text(json.dumps(value, indent=1, default=str) + "\n")


def picture_of(output: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """The picture in a notebook cell's output as (MIME type, base64, alt text); None where it shows none."""
    for kind in ("image/png", "image/jpeg"):
        if kind in output.get("data", {}):
            return kind, output["data"][kind], output["metadata"].get(kind, {}).get("alt", "")
    return None


def page(template: str, **values: Any) -> str:
    """A page made from a file of coursekit/templates; in HTML, what the values hold is escaped."""
    loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
    templates = jinja2.Environment(loader=loader, autoescape=template.endswith(".html"))
    return templates.get_template(template).render(**values)
