"""A photo in, a listing out: the parts of the course put together."""

from __future__ import annotations

import csv
import io
import json
import math
import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from gadgetlib import CLASSES
from gadgetlib.contracts import SPEC_FIELDS
from gadgetlib.course import CourseError, data_dir, trained


class Listing(BaseModel):
    """What one picture became. Fields that nothing was found for are None or empty; warnings say why."""

    gadget_type: str | None = None
    probs: dict[str, float] = Field(default_factory=dict)
    accepted: bool | None = None
    text: str = ""
    words: list[dict[str, Any]] = Field(default_factory=list, exclude=True)  # with boxes; for overlays
    specs: dict[str, Any] = Field(default_factory=dict)
    evidence: dict[str, Any] = Field(default_factory=dict)
    matches: list[dict[str, Any]] = Field(default_factory=list)
    price: dict[str, Any] | None = None
    warnings: list[str] = Field(default_factory=list)
    seconds: dict[str, float] = Field(default_factory=dict)


LAID_OUT = 4  # so many words: a shop's layout, with the gadget in one part of it
TRUST_IN_TEXT = 200.0  # how much likelier text is to name the right kind than any wrong one
TRUST_IN_CATALOGUE = 50.0  # the same for brand and model, where the catalogue has them
DECISIVE = 100.0  # where the text says so much more for one kind than for the next, one view of the picture is enough


def parts(image: Any) -> list[Any]:
    """Halves and middle of a picture: in one of them a gadget beside text stands alone."""
    width, height = image.size
    boxes = [(0, 0, 0.5, 1), (0.5, 0, 1, 1), (0, 0, 1, 0.5), (0, 0.5, 1, 1), (0.25, 0.1, 0.75, 0.9)]
    return [
        image.crop((int(x0 * width), int(y0 * height), max(1, int(x1 * width)), max(1, int(y1 * height))))
        for x0, y0, x1, y1 in boxes
    ]


class Describer:
    """The pipeline with its models loaded once. A stage that fails is a warning; the others still answer."""

    def __init__(
        self, classifier: Any, read: Callable[[Any], Any], extract: Callable[..., Any], index: Any, price: Any,
        warnings: list[str] | None = None,
    ) -> None:  # fmt: skip
        self.classifier, self.read, self.extract, self.index, self.price = classifier, read, extract, index, price
        self.warnings = warnings or []

    @classmethod
    def load(cls, engine: str = "tesseract") -> Describer:
        """Load what the course trained. Raises CourseError when nothing was trained at all."""
        folder = trained("classifier")
        from gadgetlib import ocr, pricing, retrieval, specs, vision

        classifier = vision.Classifier.load(folder)
        warnings: list[str] = []

        def optional(name: str, load: Callable[[Path], Any]) -> Any:
            try:
                return load(trained(name))
            except CourseError as error:
                warnings.append(str(error))
                return None

        return cls(
            classifier,
            lambda image: ocr.read(image, engine=engine),
            optional("tagger", specs.load) or specs.extract,
            optional("index", retrieval.Index.open),
            optional("price", pricing.PriceModel.load),
            warnings,
        )

    def __call__(self, image: Any, k: int = 5) -> Listing:
        """Describe a picture: a path or a PIL image. Raises CourseError only when it cannot be opened."""
        from gadgetlib.vision import open_image

        listing = Listing(warnings=list(self.warnings))
        with _Stage(listing, "open", stops=True):
            image = open_image(image) if isinstance(image, str | Path) else image
        with _Stage(listing, "read"):
            reading = self.read(image)
            listing.text = reading.text
            listing.words = [{"text": word.text, "box": word.box, "conf": word.conf} for word in reading.words]
        with _Stage(listing, "classify"):
            self._classify(image, listing)
        with _Stage(listing, "extract"):
            found = self.extract(listing.text, gadget_type=listing.gadget_type)
            listing.specs = found.values()
            listing.evidence = {k: v.model_dump(mode="json") for k, v in found.evidence.items()}
            listing.specs["model"] = catalogue_model(listing.specs.get("brand"), listing.specs.get("model"))
        if self.index is not None:
            with _Stage(listing, "search"):
                listing.matches = self.index.search(image, k=k)
        if self.price is not None:
            with _Stage(listing, "price"):
                listing.price = self.estimate(listing.gadget_type, listing.specs)
                listing.warnings += listing.price.pop("warnings", [])
        return listing

    def _classify(self, image: Any, listing: Listing) -> None:
        """What the picture shows and what its text says, weighed together (Bayes' rule, independent witnesses)."""
        from gadgetlib.specs import gadget_type

        named = gadget_type(listing.text) if listing.text else None
        said: dict[str, float] = {}
        with suppress(Exception):  # the step that extracts reports its failures itself
            said = kinds_from_specs(self.extract(listing.text).values()) if listing.text else {}
        said = {label: said.get(label, 1.0) * (TRUST_IN_TEXT if label == named else 1.0) for label in CLASSES}
        most, next_most = sorted(said.values(), reverse=True)[:2]
        alone = len(listing.words) < LAID_OUT or most >= DECISIVE * next_most
        seen = self.classifier.predict([image] if alone else [image, *parts(image)])
        weights = {label: said[label] * sum(one["probs"][label] for one in seen) for label in seen[0]["probs"]}
        total = sum(weights.values())
        listing.probs = {label: weight / total for label, weight in weights.items()}
        listing.gadget_type = max(listing.probs, key=listing.probs.get)
        listing.accepted = any(one.get("accepted", True) for one in seen) or most >= TRUST_IN_CATALOGUE * next_most
        if not listing.accepted:
            listing.warnings.append("This does not look like one of the five kinds of gadget; take the rest lightly.")
        elif named == "other":
            listing.warnings.append("The text names an accessory or another kind of thing.")

    def estimate(self, gadget_type: str | None, specs: dict[str, Any]) -> dict[str, Any]:
        """The price model's answer to specs; the price that the picture states is not among its inputs."""
        known = {k: v for k, v in specs.items() if v not in (None, "") and k not in ("price", "currency")}
        return self.price.predict({"gadget_type": gadget_type, **known})


@cache
def _catalogue() -> tuple[dict[str, str], dict[str, list[float]]]:
    """Kind of gadget by brand and model, and the screen sizes (inches) of each kind's products."""
    kinds: dict[str, str] = {}
    screens: dict[str, list[float]] = {label: [] for label in CLASSES}
    with open(data_dir() / "catalogue.csv", newline="", encoding="utf-8") as file:
        for row in {row["product_id"]: row for row in csv.DictReader(file)}.values():
            kinds[_letters(f"{row['brand']} {row['model']}")] = row["gadget_type"]
            if row["screen_in"]:
                screens[row["gadget_type"]].append(float(row["screen_in"]))
    return kinds, screens


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", text.lower())


# What readers take for each other, each group brought to one sign: "Galaxy $8" and "Galaxy S8" become the same.
_ALIKE = str.maketrans({"$": "s", "5": "s", "0": "o", "8": "b", "1": "l", "i": "l", "|": "l", "!": "l", "2": "z"})


@cache
def _names() -> dict[str, set[str]]:
    """Models of the catalogue by brand and model with look-alike signs brought together."""
    names: dict[str, set[str]] = {}
    with open(data_dir() / "catalogue.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            names.setdefault(_letters(f"{row['brand']} {row['model']}".lower().translate(_ALIKE)), set()).add(row["model"])
    return names


def catalogue_model(brand: str | None, model: str | None) -> str | None:
    """The model as the catalogue spells it, where the one read differs from exactly one of its maker's in look-alike signs only."""
    if not brand or not model or _letters(f"{brand} {model}") in _catalogue()[0]:
        return model
    alike = _names().get(_letters(f"{brand} {model}".lower().translate(_ALIKE)), set())
    return next(iter(alike)) if len(alike) == 1 else model


def kinds_from_specs(specs: dict[str, Any]) -> dict[str, float]:
    """How well each kind of gadget explains what was read: weights by label, to multiply probabilities with.

    A model that the catalogue has speaks for its kind. A screen size speaks for a kind as often as the catalogue's products
    of that kind have one within 6 %. Memory or storage speaks against headphones.
    """
    kinds, screens = _catalogue()
    weights = dict.fromkeys(CLASSES, 1.0)
    if known := kinds.get(_letters(f"{specs.get('brand') or ''} {specs.get('model') or ''}")):
        weights[known] *= TRUST_IN_CATALOGUE
    if size := specs.get("screen_in"):
        for label, sizes in screens.items():
            near = sum(abs(math.log(one / size)) < 0.06 for one in sizes)
            weights[label] *= max(0.02, near / max(1, len(sizes)))
    if specs.get("ram_gb") or specs.get("storage_gb"):
        weights["headphones"] *= 0.05
    return weights


class _Stage:
    """Time a stage; turn its failure into a warning, unless nothing can go on without it."""

    def __init__(self, listing: Listing, name: str, stops: bool = False) -> None:
        self.listing, self.name, self.stops = listing, name, stops

    def __enter__(self) -> None:
        self.started = time.perf_counter()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        self.listing.seconds[self.name] = round(time.perf_counter() - self.started, 3)
        if error is None or self.stops or not isinstance(error, Exception):
            return False
        why = str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}"
        self.listing.warnings.append(f"The step '{self.name}' failed: {why}")
        return True


def card(listing: Listing, image: Any = None, title: str = "") -> str:
    """The listing as a small self-contained HTML card."""
    rows = [
        (name.replace("_", " "), listing.specs.get(name))
        for name in ("brand", "model", "ram_gb", "storage_gb", "screen_in", "price", "currency")
        if listing.specs.get(name) is not None
    ]
    table = "".join(f"<tr><th scope='row'>{escape(k)}</th><td>{escape(f'{v:g}' if isinstance(v, float) else str(v))}</td></tr>" for k, v in rows)
    price = ""
    if listing.price:
        p = listing.price
        price = f"<p><b>about {p['price']:.0f} {p['currency']}</b> ({p['low']:.0f} to {p['high']:.0f})</p>"
    matches = "".join(
        f"<li>{escape(' '.join(str(m.get(k) or '') for k in ('brand', 'model')))} ({m['score']:.2f})</li>"
        for m in listing.matches[:3]
    )
    warnings = "".join(f"<li>{escape(w)}</li>" for w in listing.warnings)
    sure = listing.probs.get(listing.gadget_type or "", 0)
    kind = (listing.gadget_type or "unknown").replace("_", " ")
    return (
        "<article style='display:flex;flex-wrap:wrap;gap:1rem;border:1px solid #ccc;border-radius:8px;padding:1rem;max-width:46rem;"
        "font-family:sans-serif'>"
        f"{_thumbnail(image, title or kind)}<div style='flex:1 1 14rem;min-width:0'><h3 style='margin:0'>{escape(title or kind)}</h3>"
        f"<p>{escape(kind)}, {sure:.0%} sure{'' if listing.accepted is not False else ' (doubtful)'}</p>"
        f"<table>{table}</table>{price}"
        + (f"<p>Looks like</p><ol>{matches}</ol>" if matches else "")
        + (f"<ul style='color:#8a4b00'>{warnings}</ul>" if warnings else "")
        + "</div></article>"
    )


def _thumbnail(image: Any, alt: str) -> str:
    import base64

    if image is None:
        return ""
    from gadgetlib.vision import open_image

    image = open_image(image) if isinstance(image, str | Path) else image
    small = image.copy()
    small.thumbnail((220, 220))
    buffer = io.BytesIO()
    small.save(buffer, format="JPEG", quality=85)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f"<img alt='{escape(alt, quote=True)}' style='align-self:start' src='data:image/jpeg;base64,{data}'>"


# ---------------------------------------------------------------- the shipped listings


def shipped_listings(split: str | None = None) -> list[dict[str, Any]]:
    """The listing pictures that ship with the course, with their exact truth; one split of them if named."""
    path = data_dir() / "listings" / "listings.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if split in (None, row["split"])]


def sample_listing(seed: int) -> dict[str, Any]:
    """One listing of the test split, drawn by the seed."""
    return random.Random(seed).choice(shipped_listings("test"))


def right_fields(found: dict[str, Any], truth: dict[str, Any]) -> dict[str, bool]:
    """For each field whether it is right; a field that the truth leaves empty must be found empty.

    Numbers must be equal, brands equal without regard to case, models equal as bags of letter runs and
    digit runs ("840G6" is "840 g 6"): order, spaces and hyphens do not matter.
    """
    return {field: _key(field, found.get(field)) == _key(field, truth.get(field)) for field in SPEC_FIELDS}


def _key(field: str, value: Any) -> Any:
    if value is None or value == "":
        return None
    if field == "model":
        return sorted(re.findall(r"[^\W\d_]+|\d+", str(value).lower()))
    return str(value).lower() if isinstance(value, str) else round(float(value), 2)
