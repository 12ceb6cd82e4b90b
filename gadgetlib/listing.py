"""A photo in, a listing out: the parts of the course put together."""

from __future__ import annotations

import csv
import io
import json
import math
import random
import re
import time
from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from gadgetlib import CLASSES, SPEC_FIELDS
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir, trained


class Listing(BaseModel):
    """What one picture became. Fields that nothing was found for are None or empty; warnings say why."""

    gadget_type: str | None = None
    probs: dict[str, float] = Field(default_factory=dict)
    accepted: bool | None = None
    text: str = ""
    words: list[dict[str, Any]] = Field(default_factory=list, exclude=True)  # with boxes; for overlays
    heights: list[int] = Field(default_factory=list, exclude=True)  # of the print of each line of text, in pixels
    thing: Any = Field(default=None, exclude=True)  # what the search looked at: the picture, or what stands out on it
    specs: dict[str, Any] = Field(default_factory=dict)
    evidence: dict[str, Any] = Field(default_factory=dict)
    matches: list[dict[str, Any]] = Field(default_factory=list)
    price: dict[str, Any] | None = None
    warnings: list[str] = Field(default_factory=list)
    seconds: dict[str, float] = Field(default_factory=dict)


TRUST_IN_TEXT = 200.0  # how much likelier text is to name the right kind than any wrong one
TRUST_IN_CATALOGUE = 1000.0  # the same for brand and model, where the catalogue has them
TRUST_IN_CUES = 20.0  # and for what only one kind of gadget does
CUES = {
    label: re.compile(words, re.IGNORECASE)
    for label, words in {
        "laptop": r"\bcore i[3579]\b|\bi[3579]-\d{4}|\bryzen\b|\bceleron\b|\bgeforce\b|\bddr[345]\b|\bssd\b|\bwindows\b|\bmacos\b"
        r"|backlit|keyboard|tastatur|teclado|clavier",
        "smartwatch": r"heart.?rate|\bsteps?\b.?count|sleep.?track|workout|\bwrist|\bwear ?os\b|\bwatch ?os\b|herzfrequenz|handgelenk"
        r"|frecuencia card|fr[ée]quence card|frequ[êe]ncia card|\bpulso\b|mu[ñn]eca|poignet",
        "headphones": r"noise.?cancel|\banc\b|\bdrivers?\b \d\d ?mm|\bear.?(?:bud|cup|pad|tip)s?\b|cancelaci[óo]n de ruido|ger[äa]uschunterdr"
        r"|r[ée]duction (?:active )?d[ue] bruit|cancelamento de ru|3[.,]5 ?mm (?:plug|jack)|deep bass",
    }.items()
}


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
            optional("tagger", lambda folder: specs.load(folder).warm()) or specs.extract,
            optional("index", lambda folder: retrieval.Index.open(folder, classifier=classifier)),
            optional("price", pricing.PriceModel.load),
            warnings,
        )

    def __call__(self, image: Any, k: int = 5) -> Listing:
        """Describe a picture: a path or a PIL image. Raises CourseError only when it cannot be opened."""
        from gadgetlib.pictures import open_image

        listing = Listing(warnings=list(self.warnings))
        with _Stage(listing, "open", stops=True):
            image = open_image(image) if isinstance(image, str | Path) else image
        with _Stage(listing, "read"):
            reading = self.read(image)
            listing.text, listing.heights = reading.text, list(reading.heights)
            listing.words = [{"text": word.text, "box": word.box, "conf": word.conf} for word in reading.words]
        listing.thing = image
        with _Stage(listing, "classify"):
            listing.thing = thing_beside(image, listing.words)
            self._classify([image] if listing.thing is image else [image, listing.thing], listing)
        with _Stage(listing, "extract"):
            found = self.specs(listing.text, listing.gadget_type, listing.heights)
            listing.specs = found.values()
            listing.evidence = {k: v.model_dump(mode="json") for k, v in found.evidence.items()}
        if self.index is not None:
            with _Stage(listing, "search"):
                listing.matches = self.matches(listing.thing, listing, k)
        if self.price is not None:
            with _Stage(listing, "price"):
                listing.price = self.estimate(listing.gadget_type, listing.specs)
                listing.warnings += listing.price.pop("warnings", [])
        return listing

    def _classify(self, looks: list[Any], listing: Listing) -> None:
        """What one or more looks at the picture show and what its text says, weighed together (Bayes' rule, independent witnesses)."""
        from gadgetlib import specs

        found = specs.extract(listing.text)  # the rules alone: quick, and the kind is not known yet
        named, values = found.gadget_type, found.values()
        values["model"] = catalogue_model(found.brand, found.model, listing.text)
        said = kinds_from_specs(values, listing.text)
        said = {label: said[label] * (TRUST_IN_TEXT if label == named else 1.0) for label in CLASSES}
        most, next_most = sorted(said.values(), reverse=True)[:2]
        seen = self.classifier.predict(looks)
        weights = {label: said[label] * sum(one["probs"][label] for one in seen) for label in seen[0]["probs"]}
        total = sum(weights.values())
        listing.probs = {label: weight / total for label, weight in weights.items()}
        listing.gadget_type = max(listing.probs, key=listing.probs.get)
        listing.accepted = any(one.get("accepted", True) for one in seen) or most >= TRUST_IN_CUES * next_most
        if not listing.accepted:
            listing.warnings.append("This does not look like one of the five kinds of gadget; take the rest lightly.")
        elif named == "other":
            listing.warnings.append("The text names an accessory or another kind of thing.")

    def matches(self, image: Any, listing: Listing, k: int = 5, where: str | None = None) -> list[dict[str, Any]]:
        """The k products of the catalogue that are most like a picture (see `thing_beside`); the one that the text names comes first, with
        "named" true, in the cheapest variant that has the memory and storage that were read. where: a filter, as for `Index.search`."""
        vector = self.index.embed(image, listing.probs)  # no opinion, where that step failed
        found = self.index.search(vector, k=k, where=where)
        filters = naming_filters(listing.specs)
        if where:
            filters = [f"({where}) AND {one}" for one in filters]
        named = next((hits for one in filters if (hits := self.index.search(vector, k=1, where=one))), [])
        for match in named:
            match["named"] = True
            found = [match, *(other for other in found if other["product_id"] != match["product_id"])]
        return found[:k]

    def specs(self, text: str, gadget_type: str | None, heights: Sequence[int] = ()) -> Any:
        """What a text states (`specs.GadgetSpecs`), its model as the catalogue spells it; heights as for `specs.extract`."""
        found = self.extract(text, gadget_type=gadget_type, heights=heights)
        found.model = catalogue_model(found.brand, found.model, text)
        return found

    def estimate(self, gadget_type: str | None, specs: dict[str, Any]) -> dict[str, Any]:
        """The price model's answer to specs; the price that the picture states is not among its inputs."""
        known = {k: v for k, v in specs.items() if v not in (None, "") and k not in ("price", "currency")}
        return self.price.predict({"gadget_type": gadget_type, **known})


@cache
def _variants() -> list[dict[str, str]]:
    """The rows of the shipped catalogue."""
    with open(data_dir() / "catalogue.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def _catalogue() -> tuple[dict[str, str], dict[str, list[float]]]:
    """Kind of gadget by brand and model, and the screen sizes (inches) of each kind's products."""
    kinds: dict[str, str] = {}
    screens: dict[str, list[float]] = {label: [] for label in CLASSES}
    for row in {row["product_id"]: row for row in _variants()}.values():
        for model in (row["model"], plain_model(row["brand"], row["model"])):
            kinds[_letters(f"{row['brand']} {model}")] = row["gadget_type"]
        if row["screen_in"]:
            screens[row["gadget_type"]].append(float(row["screen_in"]))
    return kinds, screens


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", text.lower())


# What readers take for each other, each group brought to one sign: "Galaxy $8" and "Galaxy S8" become the same.
_ALIKE = str.maketrans({"$": "s", "5": "s", "0": "o", "8": "b", "1": "l", "i": "l", "|": "l", "!": "l", "/": "l", "2": "z", "q": "o"})


def _alike(text: str) -> str:
    return _letters(text.lower().translate(_ALIKE))


@cache
def _names() -> dict[str, dict[str, set[str]]]:
    """Models of the catalogue by maker (lower case) and name, with look-alike signs brought together."""
    names: dict[str, dict[str, set[str]]] = {}
    for row in _variants():
        plain = plain_model(row["brand"], row["model"])
        for name in (row["model"], plain):
            names.setdefault(row["brand"].lower(), {}).setdefault(_alike(name), set()).add(plain)
    return names


LONGEST_NAME = 8  # words
_CHIP = re.compile(r"\s(?:M[1-5](?: (?:Pro|Max|Ultra))?|A1[4-9](?: Pro)?)$")  # in names of Apple's machines


def plain_model(brand: str, model: str) -> str:
    """A catalogue's name without what is no part of a model: the radio, the size of a watch's case, the processor."""
    model = re.sub(r"\s\d\dmm\b", "", re.sub(r"\s(?:LTE|4G|Cellular)$", "", model), count=1)
    return _CHIP.sub("", model) if brand == "Apple" else model


def full_names(brand: str, model: str) -> list[str]:
    """The catalogue's own names of a model as `catalogue_model` gives it: "MacBook Air 13 M3" and others of "MacBook Air 13"."""
    rows = [row for row in _variants() if row["brand"].lower() == brand.lower()]
    return sorted({row["model"] for row in rows if model.lower() in (row["model"].lower(), plain_model(row["brand"], row["model"]).lower())})


def catalogue_model(brand: str | None, model: str | None, text: str = "") -> str | None:
    """The model as the catalogue spells it, where the text says so; otherwise the model as it was read.

    Words of the text that stand together, look-alike signs counted as one, must make the name of exactly one model of the
    brand, and it must contain the model that was read: "Galaxy $8" is "Galaxy S8", and "Ear" is "Ear (a)" where "(a)" follows.
    Where no model was read, a name of several words is taken that follows the brand's or, without one, is a line of print.
    """
    if not brand:
        return model or _line_that_names(text)
    if not model:
        return _after_brand(brand, text)
    read = [_alike(word) for word in model.split()]
    words = [*read, "|", *map(_alike, text.split())]  # no name reaches over the bar
    names = _names().get(brand.lower(), {})
    best = ""
    for start in range(len(words)):
        for end in range(start + 1, min(start + LONGEST_NAME, len(words)) + 1):
            name = "".join(words[start:end])
            if len(name) > len(best) and len(names.get(name, ())) == 1 and _whole(read, words[start:end]):
                best = name
    return next(iter(names[best])) if best else model


def _after_brand(brand: str, text: str) -> str | None:
    """The catalogue's name of two words or more that follows the brand in the text."""
    names, words, maker = _names().get(brand.lower(), {}), [_alike(word) for word in text.split()], _alike(brand)
    for start in (i + 1 for i, word in enumerate(words) if word == maker):
        for end in range(min(start + LONGEST_NAME, len(words)), start + 1, -1):
            if len(found := names.get("".join(words[start:end]), ())) == 1:
                return next(iter(found))
    return None


def _line_that_names(text: str) -> str | None:
    """The catalogue's name of two words or more, whoever makes it, that one line of the text consists of."""
    for line in text.splitlines():
        if name := _alike(line):
            found = {model for names in _names().values() for model in names.get(name, ())}
            if len(found) == 1 and " " in min(found):
                return found.pop()
    return None


def _whole(name: Sequence[str], words: Sequence[str]) -> bool:
    """Whether some of the words, side by side or in order, make the name: "S2" is no part of "S24"."""
    joined = "".join(name)
    if any("".join(words[i:j]) == joined for i in range(len(words)) for j in range(i + 1, len(words) + 1)):
        return True
    rest = iter(words)
    return all(word in rest for word in name)


def naming_filters(specs: dict[str, Any]) -> list[str]:
    """Filters that single out what a text names, the strictest first: brand, model and what was read of its variant, then
    brand and model alone; none where one of these two was not read."""
    from gadgetlib.retrieval import REFUSED, quoted

    brand, model = (str(specs.get(key) or "").lower() for key in ("brand", "model"))
    if not brand or not model or REFUSED.search(brand + model):
        return []
    names = sorted({model, *map(str.lower, full_names(brand, model))})
    name = [f"lower(brand) = {quoted(brand)}", f"lower(model) IN ({', '.join(map(quoted, names))})"]
    variant = [f"({key} = {specs[key]:g} OR {key} IS NULL)" for key in ("ram_gb", "storage_gb") if specs.get(key)]
    return [" AND ".join(name + variant)] * bool(variant) + [" AND ".join(name)]


def kinds_from_specs(specs: dict[str, Any], text: str = "") -> dict[str, float]:
    """How well each kind of gadget explains what was read: weights by label, to multiply probabilities with.

    A model that the catalogue has speaks for its kind. A screen size speaks for a kind as often as the catalogue's products
    of that kind have one within 6 %. Memory or storage speaks against headphones. What only one kind of gadget does or has (CUES, in the text) speaks for it.
    """
    kinds, screens = _catalogue()
    weights = dict.fromkeys(CLASSES, 1.0)
    if known := kinds.get(_letters(f"{specs.get('brand') or ''} {specs.get('model') or ''}")):
        weights[known] *= TRUST_IN_CATALOGUE
    if size := specs.get("screen_in"):
        for label, sizes in screens.items():
            near = sum(abs(math.log(one / size)) < 0.06 for one in sizes)
            weights[label] *= max(0.002, near / max(1, len(sizes)))
    for label, cue in CUES.items():
        if cue.search(text):
            weights[label] *= TRUST_IN_CUES
    if specs.get("ram_gb") or specs.get("storage_gb"):
        weights["headphones"] *= 0.05
    return weights


def thing_beside(image: Any, words: Sequence[dict[str, Any]]) -> Any:
    """Of a PIL image with words, dicts with a box: what stands out once they are painted over, the product on its page. Without
    words, the picture as it came."""
    from gadgetlib.vision import subject_box, without_words

    if not words:
        return image
    bare = without_words(image, [word["box"] for word in words])
    return bare.crop(subject_box(bare))


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


def why(match: dict[str, Any]) -> str:
    """Why a match is shown: its name was read, or how like the picture it is."""
    return "(named in the text)" if match.get("named") else f"({match['score']:.2f})"


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
        f"<li>{escape(' '.join(str(m.get(k) or '') for k in ('brand', 'model')))} {why(m)}</li>"
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
    from gadgetlib.pictures import open_image

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
