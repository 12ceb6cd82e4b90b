"""The lessons, the artefacts they leave, and where both keep their records under ``build/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, read_json

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


def artefact_path(name: str) -> Path:
    """Where the artefact ``name`` lies, made or not. Raises CourseError for a name nobody makes."""
    if name not in ARTEFACTS:
        raise CourseError(f"There is no artefact called {name!r}; the course makes {', '.join(ARTEFACTS)}.")
    return build_dir() / ARTEFACTS[name].path


def stamp(name: str) -> dict[str, Any] | None:
    """How and from what an artefact was made; None while it has not been finished."""
    return read_json(stamp_path(name))


def read_card(name: str) -> dict[str, Any]:
    """The figures a lesson has reported so far."""
    return read_json(card_path(name)) or {}


def stamp_path(name: str) -> Path:
    return build_dir() / "stamps" / f"{name}.json"


def card_path(name: str) -> Path:
    return build_dir() / "cards" / f"{name}.json"


def picture_of(output: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """The picture in a notebook cell's output as (MIME type, base64, alt text); None where it shows none."""
    for kind in ("image/png", "image/jpeg"):
        if kind in output.get("data", {}):
            return kind, output["data"][kind], output["metadata"].get(kind, {}).get("alt", "")
    return None


def page(template: str, **values: Any) -> str:
    """A page made from a file of coursekit/templates; what the values hold is escaped."""
    import jinja2

    loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
    return jinja2.Environment(loader=loader, autoescape=True).get_template(template).render(**values)
