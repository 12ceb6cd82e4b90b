"""From a title, or from the text on a picture, to brand, model, RAM, storage, screen and price.

`extract` is the rules: `gadgetlib.quantities` finds the numbers, `gadgetlib.naming` the names, and every value keeps
its evidence. It needs neither torch nor spaCy, and never raises on a string. `load` adds the trained taggers of
`gadgetlib.tagger` and merges their answers, keeping for every field where it came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from gadgetlib import naming, quantities
from gadgetlib.errors import CourseError
from gadgetlib.naming import KINDS, key, names
from gadgetlib.quantities import price_in, size_in_gb

__all__ = [
    "FIELDS",
    "Evidence",
    "GadgetSpecs",
    "extract",
    "gadget_type",
    "key",
    "load",
    "names",
    "price_in",
    "size_in_gb",
]

FIELDS = ("brand", "model", "ram_gb", "storage_gb", "screen_in", "price", "currency")
LIMIT = 4_000  # characters read: a title has 200, a page of a manual is not a title


class Evidence(BaseModel):
    """Where a value came from: the characters `text[start:end]`, who read them, how sure (0 to 1)."""

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


ALSO_WORDS = frozenset({"Nothing", "Noise", "Honor", "HONOR", "Orange", "Meta", "Blu", "Energy"})


def extract(text: str, gadget_type: str | None = None, heights: Sequence[float] = ()) -> GadgetSpecs:
    """Read the specifications that `text` states; what it does not state stays None.

    `gadget_type`, when known (from the picture), settles what a lone size means; `heights`, of the print of each line
    (`ocr.Reading.heights`), which of several prices is asked. Never raises on a string; anything else than a string is
    a `CourseError`.
    """
    if not isinstance(text, str):
        raise CourseError(
            f"specs.extract reads a string, and got {type(text).__name__}: pass the title or the OCR text."
        )
    plain = text[:LIMIT].translate(quantities.PLAIN)
    low = plain.translate(quantities.LOWER)
    if " " not in low.strip() and low.count("-") >= 3:
        low = low.replace("-", " ")  # an address's last part: samsung-galaxy-s8-64gb-black
        plain = plain.replace("-", " ")
    if " " not in text.strip() and text.count("_") >= 2:
        low, plain = low.replace("|", " "), plain.replace("|", " ")  # a file's name
    low = quantities.RUPEE.sub("₹", low)
    low = quantities.SIX_B.sub(r"\1gb", low)
    if "$" in low:
        low = quantities.DOLLAR_S.sub("s", low)
    masks = [(m.start(), m.end(), m.lastgroup or "") for m in quantities.MASK.finditer(low)]
    sizes = quantities.find_sizes(low, plain, masks)
    money = quantities.price(low, heights)
    rough = None if gadget_type not in KINDS.values() else gadget_type
    facts = [(s.start, s.end, "size") for s in sizes]
    if money:
        facts.append((money[2], money[3], "price"))
    facts += [(start, end, "screen") for start, end in quantities.screen_places(low)]
    if quantities.SHORT_CHIP.search(low):  # a shop that writes "R5 8GB 256GB" for its laptops
        masks += [
            (m.start(), m.end(), "cpu") for m in quantities.SHORT_CHIP.finditer(low) if naming.LAPTOP_WORD.search(low)
        ]
    if "mac" in low or "ipad" in low:
        masks += [(m.start(), m.end(), "cpu") for m in quantities.APPLE_CHIP.finditer(low)]
    chunks = naming.cut(plain, low, masks, facts)
    naming.hide_others(chunks, low)
    who, what = naming.find_names(chunks)
    who = [w for w in who if naming.believable(*w, chunks, what, plain)]
    maker, at, width, sure, why = naming.choose_maker(who, what, chunks, low)
    lines = [x for _, _, group, _ in what for x in group if (x.maker == maker if maker else x.strong)]
    kind = rough or naming.kind_of(low, lines, masks, chunks)
    if maker is None and kind != "other":
        for c in chunks:
            if not c.masked and c.kind in ("word", "code") and (close := naming.near_maker(c.key)):
                maker, at, width, sure, why = names()[0][close].name, chunks.index(c), 1, 0.6, "one letter off"
                break
    screen = quantities.screen_size(low, kind)
    if screen and screen[4] == "a decimal in the usual place":
        for c in chunks:
            if c.start < screen[2] and c.end > screen[1] and kind != "tablet":
                c.kind, c.mask = "spec", "screen"
    ram, disks = quantities.memory(low, sizes, kind, masks)
    if screen and kind == "other" and not (ram or disks or naming.COMPUTER.search(low)):
        screen = None  # a sleeve for 15.6 inches has no screen
    if maker is None and kind != "other" and (first := naming.unknown_maker(chunks, plain, kind, bool(sizes))):
        at, width = first
        maker, sure, why = chunks[at].text, 0.5, "first word of the title"
    model = naming.model_name(chunks, low, plain, kind, maker, at, width, what) if maker and kind != "other" else None
    evidence: dict[str, Evidence] = {}
    out: dict = dict.fromkeys(FIELDS)

    def put(field: str, value, start: int, end: int, confidence: float, rule: str) -> None:
        out[field] = value
        evidence[field] = Evidence.model_construct(
            span=(start, end), text=text[start:end], source="rules", rule=rule, confidence=confidence
        )

    if (
        maker in ALSO_WORDS
        and not (model or ram or disks)
        and not text[chunks[at].start : chunks[at].end][:1].isupper()
    ):
        maker = None  # "nothing to see": an ordinary word unless something else speaks for a product
    if maker:
        put("brand", maker, chunks[at].start, chunks[at + width - 1].end, sure, why)
    if model:
        put("model", *model)
    if ram:
        put("ram_gb", float(ram.gb), ram.start, ram.end, ram.sure, "ram")
    if disks:
        rule = "sum of drives" if len(disks) > 1 else "storage"
        put("storage_gb", float(sum(d.gb for d in disks)), disks[0].start, disks[-1].end, disks[0].sure, rule)
    if screen and kind != "headphones":
        put("screen_in", *screen)
    if money:
        put("price", money[0], *money[2:], "money")
        if money[1]:
            put("currency", money[1], *money[2:], "money")
    return GadgetSpecs.model_construct(**out, gadget_type=kind, evidence=evidence)


def gadget_type(text: str) -> str | None:
    """The kind of gadget a title sells: one of the five classes, "other" (an accessory, a desktop), or None."""
    return extract(text).gadget_type


def load(folder: Path | str, use: str = "merged"):
    """The full pipeline of a saved tagger: rules, spaCy and BERT, merged. See `gadgetlib.tagger.Pipeline`."""
    from gadgetlib.tagger import Pipeline

    return Pipeline.load(folder, use)
