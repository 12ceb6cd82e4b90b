"""A photo in, a listing out: the parts of the course put together, each stage guarded."""

import base64
import contextlib
import io
import json
import math
import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any, Self

import jinja2
from PIL import ImageOps
from pydantic import BaseModel, Field

from gadgetlib import CLASSES, SPEC_FIELDS, money
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir, table, trained
from gadgetlib.filters import quoted
from gadgetlib.pictures import open_image
from gadgetlib.specs import GadgetSpecs, extract, same
from gadgetlib.specs.tables import key, lookalikes

LONGEST_SIDE = 1600  # pixels; a larger picture is shrunk as it arrives: nothing here sees more, and memory is finite
SURE_OF_TEXT = math.log(20)  # how far text must put one kind before the next to vouch for a picture of no known kind


class Listing(BaseModel):
    """What one picture became. Fields that nothing was found for are None or empty; warnings say why."""

    gadget_type: str | None = None
    probs: dict[str, float] = Field(default_factory=dict)
    accepted: bool | None = None
    text: str = ""
    specs: dict[str, Any] = Field(default_factory=dict)
    evidence: dict[str, Any] = Field(default_factory=dict)
    matches: list[dict[str, Any]] = Field(default_factory=list)
    price: dict[str, Any] | None = None
    warnings: list[str] = Field(default_factory=list)
    seconds: dict[str, float] = Field(default_factory=dict)
    # what a stage hands to a later one, or to whoever measures it; not saved
    picture: Any = Field(default=None, exclude=True)  # PIL, upright, as it is described
    crop: Any = Field(default=None, exclude=True)  # PIL, the product on its page: what the search looks at
    vector: Any = Field(default=None, exclude=True)  # of the crop
    from_picture: dict[str, float] = Field(default_factory=dict, exclude=True)  # kinds' probabilities, text aside
    from_text: dict[str, float] = Field(default_factory=dict, exclude=True)  # kinds' log-likelihoods
    words: list[dict[str, Any]] = Field(default_factory=list, exclude=True)  # text, box, conf


def run_stages(listing: Listing, stages: dict[str, Callable[[Listing], None]]) -> Listing:
    """Run stages over one listing, in order, and time them; one that fails leaves a warning, the others answer."""
    for name, stage in stages.items():
        started = time.perf_counter()
        try:
            stage(listing)
        except (Exception, SystemExit) as error:  # of a library, whatever its class
            why = str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}"
            listing.warnings.append(f"The step '{name}' failed: {why}")
        listing.seconds[name] = round(time.perf_counter() - started, 3)
    return listing


def combine(picture: dict[str, float], text: dict[str, float]) -> dict[str, float]:
    """Probabilities of kinds from the picture's probabilities and the text's log-likelihoods, both by kind.

    Naive Bayes: the two are taken for independent, given the kind, so their logarithms add up.
    """
    scores = {kind: math.log(max(prob, 1e-12)) + text[kind] for kind, prob in picture.items()}
    weights = {kind: math.exp(score - max(scores.values())) for kind, score in scores.items()}
    return {kind: weight / sum(weights.values()) for kind, weight in weights.items()}


@dataclass
class Describer:
    """The stages of the pipeline around models that are loaded once. Each stage reads from a listing and adds to it."""

    classifier: Any
    reader: Callable[[Any], Any]  # of a picture: something with text and words, such as `ocr.Reading`

    @classmethod
    def load(cls, engine: str = "rapidocr") -> Self:
        """What the course trained. Raises CourseError without a classifier; a stage without its model is a warning."""
        folder = trained("classifier")
        from gadgetlib import classify, ocr

        return cls(classify.Classifier.load(folder), partial(ocr.read, engine=engine))

    @cached_property
    def index(self) -> Any:
        from gadgetlib.index import Index

        return Index.open(trained("index"), classifier=self.classifier)

    @cached_property
    def prices(self) -> Any:
        from gadgetlib.prices import PriceModel

        return PriceModel.load(trained("price"))

    def __call__(self, image: Any, k: int = 5, exclude: Collection[str] = ()) -> Listing:
        """Describe a picture: a path or a PIL image. exclude: ids of photos of the index that do not count.

        Raises CourseError only when the picture cannot be opened.
        """
        picture = open_image(image, side=LONGEST_SIDE // 2)
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        stages = {"read": self.read, "classify": self.classify, "extract": self.extract}
        stages |= {"search": partial(self.search, k=k, exclude=exclude), "price": self.price}
        return run_stages(Listing(picture=picture, crop=picture), stages)

    def read(self, listing: Listing) -> None:
        """The text of the picture: text, words."""
        reading = self.reader(listing.picture)
        listing.text = reading.text
        listing.words = [word.record() for word in reading.words]

    def classify(self, listing: Listing) -> None:
        """The kind, from the page, the product on it and the text: gadget_type, probs, accepted, crop."""
        from gadgetlib.backbone import product_crop, without_words

        views = [listing.picture]
        if listing.words:
            views.append(product_crop(without_words(listing.picture, [word["box"] for word in listing.words])))
        seen = self.classifier.predict(views)
        found = self.specs(listing.text)
        listing.crop = views[-1]
        listing.from_picture = {kind: sum(view["probs"].get(kind, 0) for view in seen) / len(seen) for kind in CLASSES}
        listing.from_text = text_log_likelihoods(listing.text, found)
        listing.probs = combine(listing.from_picture, listing.from_text)
        listing.gadget_type = max(listing.probs, key=listing.probs.get)
        first, second = sorted(listing.from_text.values(), reverse=True)[:2]
        listing.accepted = any(view.get("accepted", True) for view in seen) or first - second > SURE_OF_TEXT
        if not listing.accepted:
            listing.warnings.append("This does not look like one of the five kinds of gadget; take the rest lightly.")
        elif found.gadget_type == "other":
            listing.warnings.append("The text names an accessory or another kind of product.")

    def extract(self, listing: Listing) -> None:
        """What the text states: specs, evidence."""
        found = self.specs(listing.text, listing.gadget_type)
        listing.specs = found.values()
        listing.evidence = {field: proof.model_dump(mode="json") for field, proof in found.evidence.items()}

    def specs(self, text: str, gadget_type: str | None = None) -> GadgetSpecs:
        """What a text states, its model as the catalogue spells it."""
        found = extract(text, gadget_type)
        found.model = catalogue_model(found.brand, found.model, text)
        return found

    def search(self, listing: Listing, k: int = 5, where: str | None = None, exclude: Collection[str] = ()) -> None:
        """The k products most like the crop: matches, vector. where, exclude: as for `Index.search`.

        The product that the text names comes first, "named", in its cheapest variant of the sizes that were read.
        """
        if listing.vector is None:
            listing.vector = self.index.embed(listing.crop, listing.probs)
        ask = partial(self.index.search, listing.vector, exclude=exclude)
        found, named = ask(k=k, where=where), []
        with contextlib.suppress(CourseError):  # a brand that the index does not know
            for one in naming_filters(listing.specs):
                named = named or ask(k=1, where=f"({where}) AND {one}" if where else one)
        known = {match["product_id"] for match in named}
        others = [match for match in found if match["product_id"] not in known]
        listing.matches = [*({**match, "named": True} for match in named), *others][:k]

    def price(self, listing: Listing) -> None:
        """An estimate from the specs: price."""
        listing.price = self.estimate(listing.gadget_type, listing.specs)
        listing.warnings += listing.price.pop("warnings", [])

    def estimate(self, gadget_type: str | None, specs: dict[str, Any]) -> dict[str, Any]:
        """The price model's answer to specs; the price that the picture states is not among its inputs."""
        return self.prices.predict({**specs, "gadget_type": gadget_type, "price": None, "currency": None})


def text_log_likelihoods(text: str, found: Any) -> dict[str, float]:
    """How well each kind of gadget explains a text and what was found in it, up to a constant: log-likelihoods by kind.

    Each clue of `gazetteer/kind_clues.csv` was right `right` of `n` times on training listings: it weighs the logarithm
    of how much likelier its kind is than any other (rule of succession). A screen size points to kinds that have such.
    """
    catalogue, weights = table("catalogue.csv"), dict.fromkeys(CLASSES, 0.0)
    same_name = known_names(found.brand).get(letters(found.model), [{}])
    known = {"named": found.gadget_type, "catalogue": same_name[0].get("gadget_type")}
    for row in table("gazetteer/kind_clues.csv"):
        kind = row["kind"] if row["words"] and re.search(row["words"], text, re.IGNORECASE) else known.get(row["clue"])
        if kind in weights:
            odds = (int(row["right"]) + 1) / (int(row["n"]) - int(row["right"]) + 1)
            weights[kind] += math.log(odds * (len(CLASSES) - 1))
    for kind in weights if found.screen_in else ():
        sizes = [float(row["screen_in"]) for row in catalogue if row["gadget_type"] == kind and row["screen_in"]]
        near = sum(abs(math.log(size / found.screen_in)) < 0.06 for size in sizes)
        weights[kind] += math.log(max(0.002, near / max(1, len(sizes))))
    return weights


def letters(text: str | None) -> str:
    """The letters and digits of a text, look-alike signs as one: "Galaxy $8" and "GALAXY S8" become the same."""
    return key((text or "").lower().translate(lookalikes()))


@cache
def known_names(brand: str | None) -> dict[str, list[dict[str, str]]]:
    """Rows of the catalogue, of one brand if given, by the letters of their names; a name of several models has none.

    `plain` is the model without what is no part of it: the radio, the size of a watch's case, Apple's processor.
    """
    names: dict[str, list[dict[str, str]]] = {}
    for row in table("catalogue.csv"):
        if not brand or brand.lower() == row["brand"].lower():
            plain = re.sub(r"\s(?:LTE|4G|Cellular)$|\s\d\dmm\b", "", row["model"])
            if row["brand"] == "Apple":
                plain = re.sub(r"\s(?:M[1-5](?: (?:Pro|Max|Ultra))?|A1[4-9](?: Pro)?)$", "", plain)
            for name in {letters(row["model"]), letters(plain)}:
                names.setdefault(name, []).append({**row, "plain": plain})
    return {name: rows for name, rows in names.items() if len({(r["plain"], r["gadget_type"]) for r in rows}) == 1}


def catalogue_model(brand: str | None, model: str | None, text: str = "") -> str | None:
    """The model as the catalogue spells it, where the text names one of the brand's; otherwise as it was read.

    The longest run of words that is a name and has all words of the model is taken: "Ear" is "Ear (a)" where "(a)"
    follows, and "S2" is no part of "S24". Where no model was read, it is a name of at least two words.
    """
    names = known_names(brand)
    read, words = [list(filter(None, map(letters, (part or "").split()))) for part in (model, text)]
    runs = [words[i:j] for i in range(len(words)) for j in range(i + 1, min(i + 8, len(words)) + 1)]
    fitting = [run for run in runs if (set(read) <= set(run) if read else len(run) > 1)]
    found = [name for name in map("".join, [read, *fitting]) if name in names]
    return names[max(found, key=len)][0]["plain"] if found else model


def naming_filters(specs: dict[str, Any]) -> list[str]:
    """Filters for what a text names, the strictest first: with its sizes, then brand and model alone, or none."""
    brand, model = specs.get("brand"), specs.get("model")
    if not (brand and model):
        return []
    names = {row["model"] for row in known_names(brand).get(letters(model), ())} | {model}
    name = f"brand = {quoted(brand)} AND model IN ({', '.join(map(quoted, sorted(names)))})"
    sizes = [field for field in ("ram_gb", "storage_gb") if specs.get(field)]
    return [" AND ".join([name, *(f"({field} = {specs[field]:g} OR {field} IS NULL)" for field in sizes)]), name]


def name_of(match: dict[str, Any]) -> str:
    """A match in words, and why it is shown: its name was read, or how like the picture it is."""
    why = "named in the text" if match.get("named") else f"cosine {match['score']:.2f}"
    return f"{match.get('brand') or ''} {match.get('model') or ''} ({why})".strip()


def in_words(price: dict[str, Any], currency: str | None = None) -> str:
    """An estimate with its interval, and the same in another currency."""
    unit = price["currency"] or "(currency unknown)"
    shown = f"about {price['price']:,.0f} {unit}, {price['low']:,.0f} to {price['high']:,.0f}"
    with contextlib.suppress(CourseError):  # a currency without a rate
        if currency not in (None, price["currency"]):
            shown += f" (about {money.convert(price['price'], price['currency'], currency):,.0f} {currency})"
    return shown


def card(listing: Listing) -> str:
    """The listing as a self-contained HTML card: every value, how sure it is, and the words that it was read from."""
    jpeg = io.BytesIO()
    if listing.picture is not None:
        ImageOps.contain(listing.picture, (220, 220)).save(jpeg, format="JPEG", quality=85)
    page = jinja2.Environment(autoescape=True, trim_blocks=True, loader=jinja2.PackageLoader("gadgetlib"))
    price = listing.price and in_words(listing.price, listing.specs.get("currency"))
    shown = {"listing": listing, "price": price, "jpeg": base64.b64encode(jpeg.getvalue()).decode()}
    return page.get_template("card.html").render(name_of=name_of, **shown)


def shipped_listings(split: str | None = None) -> list[dict[str, Any]]:
    """The listing pictures that ship with the course, with their exact truth; one split of them if named."""
    lines = (data_dir() / "listings" / "listings.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if split in (None, row["split"])]


def right_fields(found: dict[str, Any], truth: dict[str, Any]) -> dict[str, bool]:
    """For each field whether it is right (`specs.same`); a field that the truth leaves empty must be found empty."""
    return {field: same(field, found.get(field), truth.get(field)) for field in SPEC_FIELDS}
