"""From a title, or from the text on a picture, to brand, model, RAM, storage, screen and price: rules over tables.

Read it in this order: `tokens` makes them with roles in one pass; `names` finds the maker, the kind and the model;
`amounts` finds memory, storage, screen and price; `extract` below puts them together, each value with its evidence.
Words, names and units stand in `data/gazetteer/`; what counts as a field's value is the convention of `same`.
"""

import html
import re
from collections import Counter
from typing import Any

from pydantic import BaseModel, Field

from gadgetlib import CLASSES, SPEC_FIELDS
from gadgetlib.errors import CourseError
from gadgetlib.specs import amounts, names
from gadgetlib.specs.tokens import scan

FIELDS = tuple(SPEC_FIELDS)
LIMIT = 4_000  # characters read: a title has 200, a page of a manual is not a title


class Evidence(BaseModel):
    """Where a value came from: `text[start:end]` once `&nbsp;` is one character, who read it, how sure (0 to 1)."""

    span: tuple[int, int]
    text: str = ""
    source: str = "rules"
    rule: str = ""
    confidence: float = 1.0


class GadgetSpecs(BaseModel):
    """What a text states about one gadget. None means: not stated. Sizes in GB (1 TB = 1024), screen in inches."""

    brand: str | None = None
    model: str | None = None
    ram_gb: float | None = None
    storage_gb: float | None = None
    screen_in: float | None = None
    price: float | None = None
    currency: str | None = None
    gadget_type: str | None = None
    evidence: dict[str, Evidence] = Field(default_factory=dict)

    def values(self) -> dict:
        """The seven fields alone, as a plain dict."""
        return {field: getattr(self, field) for field in FIELDS}


def extract(text: str, gadget_type: str | None = None) -> GadgetSpecs:
    """Read the specifications that `text` states; what it does not state stays None.

    gadget_type: one of `gadgetlib.CLASSES` where it is known (from the picture); it settles what a lone size means.
    Never raises on a string; anything else than a string is a CourseError.
    """
    if not isinstance(text, str):
        raise CourseError(f"specs.extract reads a string, not {type(text).__name__}: pass the title or the OCR text.")
    text = re.sub(r"&#?\w+;", lambda entity: html.unescape(entity[0]), text[:LIMIT])  # of a shop's page
    tokens = scan(text)
    who, what = names.find(tokens)
    maker, place, sure, rule = names.choose_maker(who, what, tokens) or (None, None, 0.0, "")
    lines = [x for s in what for x in s.what if (x.maker == maker if maker else x in names.trusted(s, tokens))]
    kind = gadget_type if gadget_type in CLASSES else names.kind_of(tokens, lines)
    if maker is None and kind != "other" and (place := names.unknown_maker(tokens, kind)):
        maker, sure, rule = tokens[place.at].text, 0.5, "first word"
    found: dict[str, amounts.Found | None] = {}
    if maker and place:
        found["brand"] = amounts.Found(maker, tokens[place.at].start, tokens[place.at + place.size - 1].end, sure, rule)
    kept, sure, rule = names.model(tokens, maker, place, kind, what)
    if name := names.spell(tokens, kept, maker):
        found["model"] = amounts.Found(name, tokens[min(kept)].start, tokens[max(kept)].end, sure, rule)
    found["ram_gb"], found["storage_gb"] = amounts.memory(tokens, kind)
    found["screen_in"] = amounts.screen(tokens, kind, kept)
    if asked := amounts.price(text, tokens):
        found["price"], found["currency"] = asked[0], asked[1] and asked[0]._replace(value=asked[1])
    evidence = {
        field: Evidence(span=(f.start, f.end), text=text[f.start : f.end], rule=f.rule, confidence=f.sure)
        for field, f in found.items() if f
    }  # fmt: skip
    return GadgetSpecs(**{field: f.value for field, f in found.items() if f}, gadget_type=kind, evidence=evidence)


def same(field: str, one: Any, other: Any) -> bool:
    """The one rule of equality of a field's values; two unknowns (None) are equal.

    Numbers exactly; maker and currency whatever the case; a model as a multiset of letter runs and digit runs in lower
    case ("840G6" is "840 G6"), so that order, blanks and hyphens do not matter.
    """
    if one is None or other is None:
        return one is None and other is None
    if field == "model":
        runs = [Counter(re.findall(r"[^\W\d_]+|\d+", str(name).lower())) for name in (one, other)]
        return runs[0] == runs[1]
    if field in ("brand", "currency", "gadget_type"):
        return str(one).lower() == str(other).lower()
    return abs(float(one) - float(other)) < 1e-6
