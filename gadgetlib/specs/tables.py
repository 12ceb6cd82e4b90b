"""The tables of `data/gazetteer/`, indexed: makers, their lines, what a word does in a title, codes, sizes."""

import re
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from gadgetlib.files import table

# Scripts that have few blanks between words, or none: Thai, Japanese, Chinese, Korean.
UNSPACED = "\u0e00-\u0e7f\u3040-\u30fa\u30fc-\u30ff\u3400-\u9fff\uac00-\ud7af"


@lru_cache(maxsize=20_000)
def key(text: str) -> str:
    """Letters and digits only, lower case, no accents: "Fire-Boltt", "Fire Boltt" and "FireBoltt" are one name."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("ı", "i"))
    return "".join(c for c in plain if c.isalnum())


class Maker(NamedTuple):
    """A maker as sold; `word`: its name is an everyday word; `service`: it sells other things too, and gives way."""

    name: str
    word: bool
    service: bool


class Line(NamedTuple):
    """A product line of a maker; its `trust` says when it tells the maker: alone, numbered or named."""

    name: str
    maker: str
    kind: str
    trust: str


@cache
def makers() -> dict[str, Maker]:
    """Makers by the key of each spelling."""
    out: dict[str, Maker] = {}
    for row in table("gazetteer/makers.csv"):
        maker = Maker(row["maker"], "word" in row["note"], "service" in row["note"])
        for name in (row["maker"], *filter(None, row["also"].split("|"))):
            out.setdefault(key(name), maker)
    return out


@cache
def lines() -> dict[str, tuple[Line, ...]]:
    """Product lines by key; makers may share one."""
    out: dict[str, tuple[Line, ...]] = {}
    for row in table("gazetteer/lines.csv"):
        for name in row["lines"].split("|"):
            out[key(name)] = (*out.get(key(name), ()), Line(name, row["maker"], row["kind"], row["trust"]))
    return out


@cache
def roles() -> dict[str, frozenset[str]]:
    """What a word, or a phrase of up to three words, does in a title: key -> roles of `words.csv`."""
    out: dict[str, frozenset[str]] = {}
    for row in table("gazetteer/words.csv"):
        for word in filter(None, map(key, row["words"].split())):
            out[word] = out.get(word, frozenset()) | {row["role"]}
    return out


@cache
def parts() -> frozenset[str]:
    """The words of makers' names: "Technica" is no Technics."""
    return frozenset(key(word) for maker in makers().values() for word in re.split(r"\W+", maker.name))


@cache
def latin() -> dict[str, str]:
    """How makers write a word of a name that stands in another script: key -> word."""
    return {key(row["word"]): row["latin"] for row in table("gazetteer/latin.csv")}


@cache
def unspaced_words() -> list[str]:
    """All words of the tables in the scripts of UNSPACED, as written: there one may begin behind any letter."""
    columns = (("words.csv", "words"), ("latin.csv", "word"), ("makers.csv", "also"))
    cells = [row[column] for name, column in columns for row in table(f"gazetteer/{name}")]
    return re.findall(rf"(?<![^ |])[{UNSPACED}]+(?![^ |])", " ".join(cells))


@cache
def _code(kinds: tuple[str, ...], maker: str | None) -> re.Pattern[str]:
    rows = (row for row in table("gazetteer/codes.csv") if row["kind"] in kinds and row["maker"] in ("", maker))
    return re.compile("|".join(f"(?:{row['pattern']})" for row in rows))


def coded(text: str, *kinds: str, maker: str | None = None) -> bool:
    """Has the text the shape of a code of one of the kinds in `codes.csv`, of any maker or of this one?"""
    return bool(_code(kinds, maker).fullmatch(text.lower()))


@cache
def sold(kind: str) -> frozenset[float]:
    """Sizes that are sold: "ram" and "disk" in GB, "laptop" and "tablet" screens in inches."""
    rows = {row["kind"]: row["values"] for row in table("gazetteer/sizes.csv")}
    return frozenset(map(float, rows.get(kind, "").split()))


@cache
def lookalikes() -> dict[int, str]:
    """Signs that readers confuse -> one of them, for `str.translate`."""
    return str.maketrans({row["sign"]: row["letter"] for row in table("gazetteer/ocr_lookalikes.csv")})


@cache
def _shapes() -> tuple[dict[str, str], list[str]]:
    """Known words by their shape in signs that readers do not confuse; the long names that one wrong letter fits."""
    names = {k: m.name for k, m in makers().items() if not m.word and not m.service}
    names |= {k: x.name for k, (x, *_) in lines().items() if x.trust == "alone" and k not in names}
    words = {k: k for k, does in roles().items() if len(k) > 4 or len(k) > 2 and does & {"suffix", "ask"}}
    known = words | {k: name for k, name in names.items() if len(k) > 3}
    return {k.translate(lookalikes()): right for k, right in known.items()}, [k for k in names if len(k) > 5]


@lru_cache(maxsize=20_000)
def meant(word: str) -> str | None:
    """What `word`, a key, stands for: in Latin letters, or as it was before a reader misread it ("1q00", "samsune").

    None for a word that a table has, and for one that is near none.
    """
    if word in latin():
        return latin()[word]
    if len(word) < 3 or word.isdecimal() or any(word in known for known in (roles(), lines(), makers(), parts())):
        return None
    shapes, long = _shapes()
    found = word.isalpha() and process.extractOne(word, long, scorer=Levenshtein.distance, score_cutoff=1)
    return shapes.get(word.translate(lookalikes())) or (found[0] if found else None)
