"""Names in a text: the maker, the kind of gadget, and the model's name.

The gazetteer tells makers and lines; `model_name` reads on from a line, or from the maker, as long as the words can
belong to a name: numbers, codes, "Pro", "Plus"; it ends at a capacity, a colour, a processor, a bracket.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from gadgetlib import gazetteer

KINDS = {"p": "mobile_phone", "l": "laptop", "t": "tablet", "w": "smartwatch", "h": "headphones"}

# --- the gazetteer, indexed ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Maker:
    name: str
    everyday: bool  # also an ordinary word: needs its usual place
    minor: bool  # also a shop, a carrier or a software house: gives way


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    maker: str
    kind: str
    strong: bool  # gives the maker away by itself
    numbered: bool = False  # gives the maker away once a number follows


def key(text: str) -> str:
    """Letters and digits only, in lower case: "Fire-Boltt", "Fire Boltt" and "FireBoltt" are one name."""
    low = text.lower()
    if not low.isascii():  # "fēnix" is "fenix"
        low = "".join(c for c in unicodedata.normalize("NFKD", low) if not unicodedata.combining(c))
    return _NO_LETTER.sub("", low)


_NO_LETTER = re.compile(r"[\W_]+")


@lru_cache(maxsize=1)
def names() -> tuple[dict[str, Maker], dict[str, tuple[Line, ...]], frozenset[str]]:
    """The gazetteer as (makers by key, lines by key, every proper beginning of a key of several words)."""
    makers: dict[str, Maker] = {}
    lines: dict[str, list[Line]] = {}
    starts: set[str] = set()

    def beginnings(phrase: str) -> None:
        words = [key(w) for w in re.split(r"[\s&'.-]+", phrase) if key(w)]
        for n in range(1, len(words)):
            starts.add("".join(words[:n]))

    for row in gazetteer.MAKERS.strip().splitlines():
        head, _, tail = row.partition(":")
        head, _, other = head.partition("(")
        marks = head.strip()
        name = marks.rstrip("?* ")
        aliases = [a.strip() for a in other.split(")")[0].split(",") if a.strip()]
        marks += other.split(")")[-1]
        for alias in [name, *aliases]:
            beginnings(alias)
            makers.setdefault(key(alias), Maker(name, "?" in marks, "*" in marks))
        for group in tail.split(";"):
            kind, _, listed = group.strip().partition(" ")
            for item in listed.split(","):
                item = item.strip()
                line = item.lstrip("~^")
                if line:
                    beginnings(line)
                    lines.setdefault(key(line), []).append(
                        Line(line, name, KINDS[kind], item == line, item.startswith("^"))
                    )
    return makers, {k: tuple(v) for k, v in lines.items()}, frozenset(starts)


NAME_WORDS = frozenset(gazetteer.NAME_WORDS)
STOP_WORDS = frozenset(gazetteer.STOP_WORDS)
ACCESSORIES = "|".join(gazetteer.ACCESSORIES)

# --- words --------------------------------------------------------------------------------------------------------

_CHUNK = re.compile(r"[^\W_]+(?:[-.&'][^\W_]+)*(?:\+(?!\d))*")


@dataclass(slots=True)
class Chunk:
    start: int
    end: int
    text: str
    low: str
    key: str
    kind: str  # spec, stop, name, num, code, roman, word
    gap: str  # what stands between it and the chunk before
    mask: str = ""
    masked: bool = False  # stands after "for" or "compatible with": not the gadget itself


_NO_NAME = re.compile(r"\d{2,4}x\d{2,4}|no\.?\d+")  # a resolution, a place in a list
_SIGNS = tuple("$€£₹¥")
_GLUED = re.compile(r"([a-z]{3,})(\d+)$")


@lru_cache(maxsize=1)
def _plain_makers() -> frozenset[str]:
    """Makers whose name a reader may glue to a number ("TCL20"), because it is no everyday word."""
    return frozenset(name for name, maker in names()[0].items() if not maker.everyday and name.isalpha())


_ROMAN = frozenset(("ii", "iii", "iv", "vi", "vii", "viii", "ix"))


def cut(plain: str, low: str, masks: list[tuple[int, int, str]], facts: list[tuple[int, int, str]]) -> list[Chunk]:
    """The text as words with their kinds; words inside a described part or a fact are `spec`."""
    spans = sorted(masks + facts)
    out, at, last = [], 0, 0
    for m in _CHUNK.finditer(low):
        start, end = m.span()
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        word = m[0]
        letters = word if word.isalnum() else key(word)
        if word[-1].isdigit() and (glued := _GLUED.match(word)) and glued[1] in _plain_makers():
            out.append(
                Chunk(
                    start,
                    start + glued.end(1),
                    plain[start : start + glued.end(1)],
                    glued[1],
                    glued[1],
                    "word",
                    low[last:start],
                )
            )
            start = last = start + glued.end(1)
            word = letters = glued[2]
        mask = ""
        j = at
        while j < len(spans) and spans[j][0] < end:
            if spans[j][1] > start:
                mask = spans[j][2]
                break
            j += 1
        if mask or word[0].isdigit() and low[last:start].rstrip()[-1:] in _SIGNS:
            kind = "spec"
        elif word.isdigit():
            kind = "num"
        elif len(word) == 1:
            kind = (
                "name"
                if plain[start].isupper()
                or word in "gxsz"
                or word in "auek"
                and out
                and out[-1].low in ("tab", "reno", "moto")
                else "stop"
            )
        elif word in STOP_WORDS or letters in STOP_WORDS or word in _BRAND_LABELS:
            kind = "stop"
        elif word in NAME_WORDS or letters in NAME_WORDS:
            kind = "name"
        elif word in _ROMAN:
            kind = "roman"
        elif any(c.isdigit() for c in word):
            kind = "stop" if _NO_NAME.fullmatch(word) else "code"
        else:
            kind = "word"
        out.append(Chunk(start, end, plain[start:end], word, letters, kind, low[last:start], mask))
        last = end
    return out


ASIDES = re.compile(
    r"\b(?:for|compatible\s+(?:with|for)|works\s+with|fits|kompatibel\s+mit|für|fur|para|pour|per|compatible|replaces?|vs\.?|like)\b[^,|\n;()]*"
)


def hide_others(chunks: list[Chunk], low: str) -> None:
    """Mark the names of other gadgets: "case for Galaxy S22", "compatible with iPhone"."""
    makers, lines, starts = names()
    for m in ASIDES.finditer(low):
        inside = [c for c in chunks if m.start() <= c.start < m.end()]
        plainly = m[0].startswith(("comp", "work", "fit", "komp", "repl", "vs"))
        soon = any(c.key in makers or c.key in lines or c.key in starts and len(c.key) > 3 for c in inside[1:4])
        for c in inside if plainly or soon else ():
            c.masked = True


@cache
def _as_strong(line: Line, strong: bool) -> Line:
    return replace(line, strong=strong)


def find_names(chunks: list[Chunk]) -> tuple[list, list]:
    """Occurrences of makers and lines: (index, number of chunks, Maker) and (index, number, tuple of Lines)."""
    makers, lines, starts = names()
    who, what = [], []
    n = len(chunks)
    i = 0
    while i < n:
        if chunks[i].masked or (chunks[i].kind == "spec" and chunks[i].mask not in ("screen",)):
            i += 1
            continue
        text, best_maker, best_line = "", None, None
        for j in range(i, min(i + 4, n)):
            if j > i and (
                chunks[j].kind == "spec" or chunks[j].gap.strip(" -.'&+") not in ("", "\n") or "\n\n" in chunks[j].gap
            ):
                break
            text += chunks[j].key
            if text in makers:
                best_maker = (i, j - i + 1, makers[text])
            if text in lines:
                best_line = (i, j - i + 1, lines[text])
            elif j > i and chunks[j].kind == "code" and text.rstrip("0123456789") in lines:
                best_line = (i, j - i + 1, lines[text.rstrip("0123456789")])
            elif j == i and chunks[i].kind == "code" and (m := re.match(r"([a-z]{2,3})\d{1,3}[a-z]{0,2}$", text)):
                numbered = tuple(x for x in lines.get(m[1], ()) if x.numbered)
                owner = who[-1][2].name if who and who[-1][0] + who[-1][1] == i else None
                if i == 0 or any(x.maker == owner for x in numbered):
                    best_line = (i, 1, numbered) if numbered else None  # "MI3", "Bose QC35"
            elif j == i and len(text) > 4 and chunks[i].kind == "code":
                m = re.match(r"([a-z]{4,}?)(\d.*|x\d.*)$", text)
                stem = m and lines.get(m[1])
                m2 = re.match(r"((?:wh|wf)1000xm)\d|(ath)(?=m|sr|ad)|(beoplay)", text)
                if stem and any(x.strong or len(m[1]) >= 5 for x in stem):
                    best_line = (i, 1, stem)
                elif m2 and (m2[1] or m2[2] or m2[3]) in lines:
                    best_line = (i, 1, lines[m2[1] or m2[2] or m2[3]])
            if text not in starts:
                break
        if best_maker:
            who.append(best_maker)
        if best_line:
            tail = chunks[best_line[0] + best_line[1]] if best_line[0] + best_line[1] < n else None
            last = chunks[best_line[0] + best_line[1] - 1]
            numbered = last.kind == "code" or tail is not None and tail.kind in ("num", "code") and not tail.gap.strip()
            first = best_line[0]
            letters = sum(len(c.key) for c in chunks[first : first + best_line[1]])
            faint = letters <= 3 and not numbered and not chunks[first].text.isupper()  # "Rog" in a blurred picture
            group = tuple(
                _as_strong(x, not faint and (x.strong or x.numbered and (numbered or first == 0))) for x in best_line[2]
            )
            what.append((best_line[0], best_line[1], group, numbered))
        step = 1
        if best_maker and (not best_line or best_maker[1] > best_line[1]):
            step = best_maker[1]
        elif best_line:
            step = best_line[1]
        i += step
    return who, what


def believable(i: int, n: int, maker: Maker, chunks: list[Chunk], what: list, plain: str) -> bool:
    """Is this word the maker here, or an everyday word ("noise cancelling", "nothing included")?"""
    c = chunks[i]
    after = chunks[i + n] if i + n < len(chunks) else None
    if after is not None and after.low in ("store", "warranty", "office") and not after.gap.strip():
        return False
    if maker.name == "Noise" and after is not None and re.match(r"cancel|isolat|reduc|free", after.low):
        return False
    if (
        maker.name == "Xiaomi"
        and c.key == "mi"
        and (after is None or after.gap.strip() or after.kind not in ("name", "num", "code"))
    ):
        return False
    if not maker.everyday:
        return True
    if any(w[0] == i + n and any(x.maker == maker.name for x in w[2]) for w in what):
        return True
    cased = c.text[:1].isupper() or maker.name[:1].islower() or plain.islower()
    if "\n" in plain and cased and len(c.key) > 3 and not maker.minor and (not i or "\n" in c.gap):
        lines = [line.name.lower() for group in names()[1].values() for line in group if line.maker == maker.name]
        if after is None or "\n" in after.gap or any(len(line) > 3 and after.low.startswith(line) for line in lines):
            return True  # a line of print that is the maker's name, or begins with it and one of its lines
    if after is not None and after.kind in ("num", "code") and not after.gap.strip() and cased and len(c.key) > 3:
        return True
    if re.search(r"[:|]", c.gap) and i and chunks[i - 1].low in _BRAND_LABELS:
        return True
    if (
        i == 0
        and len(c.key) > 3
        and after is not None
        and after.gap == " "
        and re.fullmatch(r"[a-z]{1,2}\d+[a-z]?", after.low)
    ):
        return True  # "honor x9b"
    return cased and (i == 0 or i <= 2 and all(x.kind in ("stop", "num") for x in chunks[:i]))


_BRAND_LABELS = frozenset(gazetteer.BRAND_LABELS)


_LOOKALIKES = str.maketrans("01i|586", "olllsbg")


def _skeleton(word: str) -> str:
    """A word with look-alikes made one: "1Q00" and "iQOO", "N0KIA" and "Nokia"."""
    return word.translate(_LOOKALIKES).replace("rn", "m").replace("vv", "w")


@lru_cache(maxsize=1)
def _misreadings() -> dict[str, str]:
    """What a longish maker's name looks like with one letter lost, or with look-alikes: to its key."""
    out: dict[str, str] = {}
    for name, maker in names()[0].items():
        if maker.everyday or maker.minor or not name.isalpha():
            continue
        if len(name) >= 4:
            out.setdefault(_skeleton(name), name)
        if len(name) >= 6:
            for k in range(len(name)):
                out.setdefault(name[:k] + name[k + 1 :], name)
    return out


def near_maker(word: str) -> str | None:
    """A maker's name misread ("1Q00"), or one letter short or wrong ("enovo", "SAMSUN", "Lenavo"): its key, else None."""
    if not 4 <= len(word) <= 12:
        return None
    makers, lines, _ = names()
    known = _misreadings()
    if word in lines or word in NAME_WORDS or word in STOP_WORDS:
        return None
    found = known.get(word) or known.get(_skeleton(word))
    if found or len(word) < 7 or not word.isalpha():
        return found
    for name, maker in makers.items():
        ends = name[:3] == word[:3] or name[-3:] == word[-3:]
        if (
            len(name) == len(word)
            and ends
            and not maker.everyday
            and not maker.minor
            and sum(a != b for a, b in zip(name, word)) == 1
        ):
            return name
    return None


_OTHER = re.compile(
    rf"\b(?:{ACCESSORIES})s?\b[^,|]*?\b(?:for|compatible|fits|für|para|pour|per)\b|^\W*(?:for|compatible\s+with)\b.*\b(?:{ACCESSORIES})s?\b"
    r"|\b(?:screen\s+protector|tempered\s+glass|power\s?bank|memory\s+card|micro\s?sd\s+card|pen\s?drive|all-in-one\s+(?:desktop|pc|computer)|(?:gaming\s+|tower\s+|business\s+)?desktop(?:\s+(?:pc|computer|tower))?(?!\w)|mini\s+pc|tower\s+pc"
    r"|optiplex|gaming\s+pc|antivirus|internet\s+security|printer|router|projector|(?<!rate )(?<!sleep )(?<!studio )(?<!ear )(?<!-ear )(?<!health )(?<!oxygen )(?<!pressure )(?<!stress )(?<!activity )monitor(?! headphones?\b)|motherboard|laptop\s+(?:battery|charger|bag|stand|cooler|cooling|sleeve|table)|mouse\s?pad|replacement\s+battery|imac|mac\s+mini|mac\s+studio)\b"
)
COMPUTER = re.compile(
    r"\b(?:all-in-one|desktop|mini\s+pc|tower|optiplex|gaming\s+pc|monitor|imac|mac\s+(?:mini|studio)|projector)\b(?!.*\bfor\b)"
)
_BARE_PART = re.compile(
    r"\b(?:sata|nvme|m\.2|portable|external|internal)\s+(?:iii\s+)?(?:ssd|hdd|hard\s+drive|solid\s+state)\b|\bddr\d\s+(?:ram|memory|desktop|sodimm|so-dimm|\d{4})"
    r"|\bpcie\s+nvme\s+ssd\b"
)
LAPTOP_WORD = re.compile(
    r"\b(?:laptops?|notebooks?|chromebooks?|macbook\w*|ultrabooks?|netbook|2[\s-]?in[\s-]?1|mobile\s+workstation|portátil|portatile|bærbar|convertible)\b"
)
_WORDS_OF = (
    ("laptop", LAPTOP_WORD),
    (
        "headphones",
        re.compile(
            r"\b(?:head(?:phones?|sets?)|ear(?:buds?|phones?|pods)|neckband|tws|in-ear|over-ear|on-ear|auricular\w*|kopfhörer|casque|écouteurs|cuffie|auriculares|airpods|airbuds?|earbuds?|anc\s+buds)\b|\bbuds\b"
        ),
    ),
    (
        "smartwatch",
        re.compile(
            r"\b(?:smart\s?-?watch\w*|watch|fitness\s+(?:tracker|band)|activity\s+tracker|smart\s?band|montre|smartuhr|reloj)\b"
        ),
    ),
    ("tablet", re.compile(r"\b(?:tablets?|tablette|tablet-pc|ipad\w*|\w+\s?pad\s+\d+|tab)\b")),
    (
        "mobile_phone",
        re.compile(
            r"\b(?:smart\s?-?phones?|mobile\s?phones?|cell\s?phones?|mobiles?|handy|teléfono|smartfon|dual\s+sim|sim\s?-?free|unlocked|(?:feature|keypad)\s+phone|phone)\b"
        ),
    ),
)
_PARTS = re.compile(r"\b(?:windows|win1[01]|win\s?1[01]|ssd|hdd|ddr[345]|macos|chrome\s?os|touchpad|backlit)\b")


def kind_of(low: str, lines: list[Line], masks: list, chunks: list[Chunk]) -> str | None:
    """The kind of gadget, from what the text calls it and from the lines it names."""
    if _OTHER.search(low if "\n" not in low else "\n".join(low.split("\n", 3)[:3])):
        return "other"  # further down a picture's text, a sleeve is what comes with it
    if (
        not lines
        and _BARE_PART.search(low)
        and not any(k == "cpu" for _, _, k in masks)
        and not re.search(r"laptop|notebook|phone|tablet|\d[\"/]|inch|zoll|\bram\b.*\bssd\b", low)
    ):
        return "other"
    strong = next((line for line in lines if line.strong), None)
    words = {}
    for kind, pattern in _WORDS_OF:
        m = pattern.search(low)
        if m:
            words[kind] = m.start()
    elsewhere = strong is not None and strong.kind in ("tablet", "smartwatch", "headphones")
    if (strong and strong.kind == "laptop" or "laptop" in words) and not elsewhere:
        return "laptop"
    if strong and (strong.kind != "mobile_phone" or not (words.keys() & {"headphones", "smartwatch", "tablet"})):
        return strong.kind
    if words:
        for kind in ("headphones", "smartwatch", "tablet"):
            if kind in words:
                return kind
    if any(
        k == "cpu"
        and re.search(r"intel|core\s|i[3579]\b|i[3579]-|ryzen|celeron|pentium|athlon|xeon|apple m\d", low[s:e])
        for s, e, k in masks
    ):
        return "laptop"
    if any(k == "gpu" for _, _, k in masks) and _PARTS.search(low):
        return "laptop"
    if strong:
        return strong.kind
    if lines:
        kinds = [line.kind for line in lines]
        if _PARTS.search(low) and "laptop" in kinds:
            return "laptop"
        return kinds[0]
    if _PARTS.search(low):
        return "laptop"
    return "mobile_phone" if "mobile_phone" in words else None


# --- the model's name ---------------------------------------------------------------------------------------------

_HARD = re.compile(r"[,;|:\n()\[\]{}/\\~*\"!?<>=]|\s-\s|\s-|-\s|\.\s")
_YEAR = re.compile(r"(?:19|20)\d\d$")
_GENERATION = re.compile(r"\d{1,2}(?:st|nd|rd|th)$")
_NUMBERED = frozenset(
    ("Nokia", "BlackBerry", "Doro", "HTC", "Xiaomi", "OnePlus", "realme", "HONOR")
)  # name phones by number
_SUFFIXES = frozenset(("pro", "max", "plus", "ultra", "lite", "mini", "fe", "prime", "edge", "neo", "fold", "flip"))
_EDITION = frozenset(("edition", "editon", "edtion", "eddition", "editions", "edición", "édition", "edizione"))
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th|e|è|ª|º|a|ème|eme)?$")
_DESCRIBES = frozenset(gazetteer.DESCRIBES)
_KEEP_YEAR = ("mobile_phone", "tablet", None)


def _droppable(c: Chunk, maker: str | None, kind: str | None, plain: str) -> bool:
    """Codes for the trade, not for people: factory codes, machine types, order numbers."""
    word = c.low
    if word.isalpha():
        return False
    if kind in ("mobile_phone", "tablet", "smartwatch", "headphones", None) and re.fullmatch(
        r"(?:sm|gt|sgh|sch|sph)-?[a-z]\d{3,4}\w*(?:-\w+)?|xt\d{4}(?:-\w+)?|cph\d{4}|rmx\d{4}|ta-\d{4}|lm-\w{4,}|v\d{4}[a-z]?|zs\d{3}kl|ze\d{3}kl|zb\d{3}kl|xq-\w+|[12]\d{3}[a-z]\d{2,4}[a-z]{1,3}|m\d{4}[a-z]\d{1,2}[a-z]{1,2}|in20\d\d|le21\d\d|hd19\d\d|ac20\d\d|tb-?\w?\d{3,4}\w*|za\w{6,}",
        word,
    ):
        return True
    if (
        maker == "Samsung"
        and kind in ("mobile_phone", "tablet")
        and re.fullmatch(r"[agnpstfm]\d{3,4}[a-z]{1,2}(?:/ds)?", word)
    ):
        return True
    if maker in ("Huawei", "HONOR") and re.fullmatch(r"[a-z]{3}\d?-[a-z]{1,3}\d{1,2}\w?", word):
        return True
    if maker == "OnePlus" and re.fullmatch(r"[a-z]{2,3}\d{3,4}", word) and len(word) >= 6:
        return True
    if maker == "Lenovo" and word.startswith("yt-"):
        return True
    apple = r"a[12]\d{3}|m[a-z0-9]{3,5}[a-z]{1,2}/?a?|[mfnz][a-z0-9]{4,8}(?=/)|z1[a-z0-9]{6,}|emc\d*"
    if maker in ("Apple", None) and len(word) >= 5 and any(ch.isdigit() for ch in word) and re.fullmatch(apple, word):
        return True
    if kind == "laptop":
        if (
            re.fullmatch(r"[a-z0-9]{5}(?:pa|pt|ut|ua|ea|et|av|aa|la|lt|us|pc|ec|es)(?:r)?", word)
            and any(x.isdigit() for x in word)
            and maker in ("HP", None)
        ):
            return True
        if (
            maker in ("Lenovo", "IBM", None)
            and re.fullmatch(r"(?:[128][0-9][a-z0-9]{2}|6[0-9]{3})(?:[a-z0-9]{4,7}|s0[a-z0-9]?)?", word)
            and any(x.isalpha() for x in word[:4])
            and not re.fullmatch(r"1[0-9][a-z]{2,5}\d{1,2}[a-z]?", word)
        ):
            return True
        if maker in ("Lenovo", "IBM") and re.fullmatch(r"\d{4}-?[a-z0-9]{3}", word) and not word.isdigit():
            return True
        if re.match(r"(?:nx|nh|un|up|lx)\.", word) or re.match(r"9s7-|90n[brx]", word):
            return True
        if maker == "Dell" and re.fullmatch(
            r"d\d{6}\w{2,6}|(?:icc|in|smi)-?\w*\d{4,}\w*|[a-z]\d{2}[a-z]\d{3}\w*", word
        ):
            return True
    return False


class _Model:
    """Reads a name: from a maker or a line on, as long as the words can belong to a name."""

    def __init__(self, chunks: list[Chunk], kind: str | None, maker: str | None, low: str):
        self.chunks, self.kind, self.maker, self.low = chunks, kind, maker, low

    def read(self, start: int, size: int, line: bool) -> list[int]:
        """Indices of the chunks of the name that begins at `start`; `size` of them are the line itself."""
        chunks, kind = self.chunks, self.kind
        kept = list(range(start, start + size)) if line else []
        digits = line and any(ch.isdigit() for i in kept for ch in chunks[i].key)
        j, numbers, words, inside = start + size, 0, 0, False
        while j < len(chunks):
            c = chunks[j]
            gap = c.gap
            closing = inside and ")" in gap
            if closing:
                inside = False
            if kept or j > start + size:
                broken = _HARD.search(gap)
                if broken and "(" in gap and gap.strip() == "(" and kept and self._bracket(j):
                    inside, broken = True, None
                elif broken and closing and gap.strip() == ")":
                    broken = None
                elif broken and gap.strip() == "" and "\n" in gap and "\n\n" not in gap:
                    # a line of print ends: the name may go on below, if it has no number yet
                    broken = None if kept and not digits and c.kind in ("name", "num", "code") else broken
                    if kept and digits and self._suffixes(j):
                        broken = None
                    alone = j + 1 == len(chunks) or "\n" in chunks[j + 1].gap
                    if kept and (_GENERATION.match(c.low) or c.kind == "code" and alone and len(c.low) <= 10):
                        broken = None
                elif (
                    broken
                    and re.fullmatch(r"\s?-\s?", gap)
                    and kept
                    and c.kind == "code"
                    and self.maker == "HP"
                    and re.fullmatch(r"1\d[a-z]?", chunks[j - 1].low)
                    and re.match(r"[a-z]{2}\d{3,4}", c.low)
                ):
                    broken = None  # "15s- eq2144au"
                elif broken and re.fullmatch(r"\s-", gap) and kept and c.kind == "code" and kind == "laptop":
                    broken = None  # "SF514-52T -59JY"
                if broken:
                    break
            if c.masked:
                break
            nxt = chunks[j + 1] if j + 1 < len(chunks) else None
            if c.kind == "spec":
                if c.mask == "screen" and kept and kind in ("laptop", "tablet", None):
                    after = j
                    while after < len(chunks) and chunks[after].mask == "screen":
                        after += 1
                    if after < len(chunks) and not re.search(r"[,;|:\n/]", chunks[after].gap) and self._tail(after):
                        j = after
                        if "(" in chunks[after].gap:
                            inside = True
                        digits = True
                        c = chunks[j]
                        kept += self._take_tail(j)
                        break
                break
            if _YEAR.match(c.low) and not (c.low < "2000" and kind == "headphones"):
                if kind in _KEEP_YEAR or self.maker == "Apple":
                    kept.append(j)
                j += 1
                if not kept:
                    continue
                continue
            if c.low == "5g":
                if kept and kind in ("mobile_phone", "tablet", None):
                    kept.append(j)
                    j += 1
                    continue
                break
            if _GENERATION.match(c.low) and nxt is not None and nxt.low.startswith("gen"):
                if kept:
                    kept += [j, j + 1]
                    j += 2
                    digits = True
                    continue
                break
            if _droppable(c, self.maker, kind, self.low):
                if kept:
                    j += 1
                    continue
                break
            if c.kind == "stop" and inside and len(c.low) == 1 and not digits:
                kept.append(j)  # "Ear (a)"
                j += 1
                continue
            if c.kind == "stop":
                if (
                    (c.low, kind) == ("wireless", "headphones")
                    and kept
                    and not digits
                    and nxt is not None
                    and nxt.gap == " "
                    and nxt.kind != "spec"
                    and re.fullmatch(r"[a-z]?\d{1,2}[a-z]?|z", nxt.low)
                ):
                    kept.append(j)  # "Bullets Wireless Z2"
                    j += 1
                    continue
                if (
                    kept
                    and self.maker == "Apple"
                    and chunks[kept[0]].low.startswith("mac")
                    and (c.low == "retina" or c.low == "touch" and nxt is not None and nxt.low == "bar")
                ):
                    kept += [j, j + 1] if c.low == "touch" else [j]
                    j = kept[-1] + 1
                    continue
                if kept and c.low == "gen" and nxt is not None and nxt.kind == "num":
                    kept += [j, j + 1]
                    j += 2
                    continue
                break
            if c.kind == "num":
                if (
                    len(c.low) > 4
                    or numbers >= (3 if "series" in chunks[j - 1].low or kind == "laptop" and len(c.low) == 4 else 2)
                    or c.low == "2"
                    and nxt is not None
                    and nxt.low == "in"
                ):
                    break
                kept.append(j)
                numbers += 1
                digits = True
                j += 1
                continue
            if c.low == "ai" and (nxt is None or nxt.kind not in ("stop", "code", "name") or nxt.low == "pc"):
                break
            if digits and c.low in ("watch", "smart", "band", "phone") and (nxt is None or nxt.kind != "num"):
                break  # "T-Rex 2 Smart Watch": what it is, no more its name
            if kind == "laptop" and (
                c.low == "evo"
                and self.maker not in ("MSI", "LG")
                or c.low == "oled"
                and self.maker != "ASUS"
                and (nxt is None or nxt.mask)
            ):
                break  # what is inside, or the panel
            if c.kind in ("name", "roman"):
                if digits and len(c.low) == 1 and nxt is not None and nxt.low == "series":
                    break  # "Galaxy A15 5G A Series Cell Phone"
                kept.append(j)
                j += 1
                continue
            if c.kind == "code":
                if re.fullmatch(r"\d{2,3}w", c.low) and not (
                    digits
                    and kind in ("mobile_phone", None)
                    and (
                        nxt is None
                        or nxt.low not in ("fast", "turbo", "super", "quick", "flash", "charge", "charging", "charger")
                    )
                ):
                    break
                if kept and len(c.low) > 24:
                    break
                kept.append(j)
                digits = True
                j += 1
                continue
            if (
                self.maker in ("Lenovo", "Gigabyte", "HP")
                and kept
                and c.text.isupper()
                and 2 <= len(c.low) <= 3
                and re.fullmatch(r"g\d|1\d", chunks[j - 1].low)
            ):
                kept.append(j)  # "V15 G2 ALC"
                j += 1
                continue
            edition = next((k for k in range(j + 1, min(j + 4, len(chunks))) if chunks[k].low in _EDITION), None)
            if (
                kept
                and edition
                and not any(_HARD.search(x.gap) or x.kind == "spec" for x in chunks[j + 1 : edition + 1])
            ):
                kept += range(j, edition + 1)
                j = edition + 1
                continue
            # an unknown word: part of the name only while the name has no number, and if one follows soon
            if digits and not (
                kind == "laptop" and nxt is not None and nxt.kind in ("code",) and c.text[:1].isupper() and words < 1
            ):
                break
            if words >= 2:
                break
            ahead = list(chunks[j + 1 : j + 3])
            soon = bool(ahead) and (
                ahead[0].kind in ("num", "code", "name", "roman") and not _HARD.search(ahead[0].gap)
            )
            apt = kind in ("headphones", "smartwatch") and line and not digits and c.text[:1].isupper() and not words
            ends = not ahead or bool(_HARD.search(ahead[0].gap)) or ahead[0].kind in ("spec", "stop")
            if soon or apt or (ends and (not kept or not line)):
                kept.append(j)
                words += 1
                j += 1
                continue
            break
        if (
            kept
            and not line
            and len(kept) == 1
            and len(chunks[kept[0]].low) == 1
            and chunks[kept[0]].kind == "name"
            and not (kept[0] + 1 == len(chunks) or "(" in chunks[kept[0] + 1].gap)
        ):
            kept.pop()
        while len(kept) > max(1, size if line else 1) and self._describes(kept[-1], digits):
            kept.pop()
        return kept

    def _suffixes(self, j: int) -> bool:
        """Does a line of print that holds nothing but "Pro", "Max", "Ultra" and the like begin at chunk j?"""
        end = next((k for k in range(j + 1, len(self.chunks)) if "\n" in self.chunks[k].gap), len(self.chunks))
        return all(c.low in _SUFFIXES for c in self.chunks[j:end])

    def _describes(self, j: int, digits: bool) -> bool:
        """Is chunk j, the last of a name, no more than a description ("Nitro 5 Gaming" laptop)?"""
        word = self.chunks[j].low
        if word not in _DESCRIBES:
            return False
        if word in ("series", "tablet") or digits and word in ("anc", "hybrid"):
            return True
        if self.kind == "laptop" and (word == "convertible" or digits and word in ("gaming", "business", "student")):
            return True
        nxt = self.chunks[j + 1] if j + 1 < len(self.chunks) else None
        if nxt is None or nxt.gap != " " or not (nxt.kind == "stop" or nxt.mask == "screen" or nxt.low in _DESCRIBES):
            return False
        return word != "active" or nxt.low in ("noise", "anc")

    def _bracket(self, j: int) -> bool:
        """Does the bracket that opens before chunk j hold a piece of the name: (2), (2a), (2022), (9th Generation)?"""
        close = self.low.find(")", self.chunks[j].start)
        if close < 0 or close - self.chunks[j].start > 22:
            return False
        inner = [c for c in self.chunks[j : j + 4] if c.end <= close]
        if not inner or inner[-1].end != close:
            return False
        if len(inner) == 1:
            c = inner[0]
            if _YEAR.match(c.low):
                return True
            return (
                c.kind == "num"
                and (len(c.low) == 1 or len(c.low) == 4 and self.maker == "Dell" and self.kind == "laptop")
                or len(c.low) == 1
                and c.text.islower()
                and c.gap == " ("
                and self.maker == "Nothing"
                or bool(re.fullmatch(r"\d[a-z]", c.low))
                and c.low not in ("5g", "4g", "3g")
                or (c.kind == "name" and len(c.low) > 1)
            )
        return (
            len(inner) <= 3
            and any(c.low.startswith("gen") for c in inner)
            and any(ch.isdigit() for c in inner for ch in c.low)
        )

    def _tail(self, j: int) -> bool:
        c = self.chunks[j]
        nxt = self.chunks[j + 1] if j + 1 < len(self.chunks) else None
        return (
            bool(_YEAR.match(c.low))
            and (self.kind == "tablet" or self.maker == "Apple")
            or bool(_GENERATION.match(c.low))
            and nxt is not None
            and nxt.low.startswith("gen")
            and (self.kind == "tablet" or self.maker == "Apple")
        )

    def _take_tail(self, j: int) -> list[int]:
        return [j] if _YEAR.match(self.chunks[j].low) else [j, j + 1]


_LAPTOP_CODE = re.compile(
    r"""(?:
    \d{2}[a-z]{0,2}-[a-z]{1,3}\d{3,4}[a-z]{0,3}        # HP 15-dw3033dx, 14s-dy2508TU, 16-af0056TU
  | [a-z]{1,4}\d{2,4}[a-z]{0,4}(?:-[a-z0-9]{2,9}){1,3}  # Acer A315-24P-R7VH, ASUS X515JA-EJ362WS, Samsung NP750XGJ-KG1IN
  | 1[0-8][a-z]{2,4}\d{1,2}[a-z]?                       # Lenovo 15IRX9
  )$""",
    re.X,
)


def model_name(
    chunks: list[Chunk],
    low: str,
    plain: str,
    kind: str | None,
    maker: str | None,
    at: int | None,
    width: int,
    what: list,
) -> tuple[str, int, int, float, str] | None:
    """The model's name: (name, start, end, confidence, rule)."""
    reader = _Model(chunks, kind, maker, low)
    own = [(i, n, x, numbered) for i, n, group, numbered in what for x in group if x.maker == maker]
    own = [o for o in own if o[2].strong or at is not None]
    # A weak line counts only near its maker: "Note" in "note: no charger" is no line.
    near = [
        (i, n, x)
        for i, n, x, numbered in own
        if x.strong
        or numbered
        and len(x.name) > 2
        and x.kind in (kind, None)
        or (
            at is not None
            and 0 <= i - (at + width) <= 4
            and not any(re.search(r"[,;|(]", c.gap) for c in chunks[at + width : i + 1])
        )
        or ("\n" in low and x.kind == kind)
    ]
    kept: list[int] = []
    rule = ""
    readings = [reader.read(i, n, True) for i, n in dict.fromkeys((i, n) for i, n, _ in near)]
    if readings:
        first = readings[0]
        best = max(readings, key=lambda r: (any(ch.isdigit() for k in r for ch in chunks[k].key), len(r), -r[0]))
        kept = first if any(ch.isdigit() for k in first for ch in chunks[k].key) or len(first) >= len(best) else best
        longer = [
            r
            for r in readings
            if len(r) > len(kept) and _within([chunks[k].key for k in kept], [chunks[k].key for k in r])
        ]
        if longer:
            kept = max(longer, key=len)
        if (
            kept is not first
            and kept not in longer
            and not {chunks[k].key for k in first} & {chunks[k].key for k in kept}
        ):
            kept = first + [k for k in kept if k not in first]
        rule = "line"
    if maker == "Xiaomi" and kept and kept[0] and chunks[kept[0] - 1].key == "mi" and chunks[kept[0]].gap == " ":
        kept = [kept[0] - 1, *kept]  # "Mi Smart Band 6"
    if at is not None and kept and kind == "laptop" and at + width < len(chunks):
        first = chunks[at + width]
        weak = not any(x.strong for i, _, x in near if i == kept[0])
        if (
            weak
            and first.kind == "code"
            and len(first.low) >= 7
            and at + width + 1 < kept[0]
            and not _HARD.search(first.gap)
        ):
            kept = [at + width]  # "Gateway GWTN141-5 14.1-inch Ultra Slim"
    if at is not None and not kept:
        kept, rule = _after_maker(reader, chunks, at + width), "after the maker"
    elif (
        at is not None
        and kept[0] > at + width
        and all(
            c.kind in ("num", "code") and not _HARD.search(c.gap) and not _YEAR.match(c.low)
            for c in chunks[at + width : kept[0] + 1][:-1]
        )
        and (not _HARD.search(chunks[kept[0]].gap))
    ):
        kept = list(range(at + width, kept[0])) + kept  # "LG V60 ThinQ", "MSI GS73VR Stealth"
    if not any(any(ch.isdigit() for ch in chunks[k].key) for k in kept):
        labelled = next(
            (
                i
                for i, c in enumerate(chunks)
                if i
                and re.search(r"[:|]", c.gap)
                and "\n" not in c.gap
                and chunks[i - 1].low in ("modelo", "model", "modell", "modèle", "modello", "malli")
            ),
            None,
        )
        if labelled is not None:
            said = reader.read(labelled, 0, False)
            kept, rule = (said, "labelled") if len(said) >= len(kept) else (kept, rule)
    if (
        kept
        and rule == "after the maker"
        and all(chunks[k].kind == "word" for k in kept)
        and kind is None
        and len(kept) > 2
    ):
        kept = []
    if kind == "laptop" and (at is not None or kept):
        kept = _add_code(kept, chunks, maker, kind, low)
    elif not kept and at is not None:
        kept = _first_code(chunks, at + width, maker, kind, low)
        rule = "code"
    if (
        maker == "Apple"
        and kind in ("laptop", "mobile_phone", "tablet")
        and kept
        and not any(_YEAR.match(chunks[k].low) for k in kept)
    ):
        kept = kept + _apple_year(chunks, kept, kind)
    if maker == "Apple" and kind != "laptop" and kept and not any(chunks[k].low.startswith("gen") for k in kept):
        kept = kept + _apple_generation(chunks, max(kept))
        if kept[-1] + 1 < len(chunks) and chunks[kept[-1] + 1].gap == " " and _YEAR.match(chunks[kept[-1] + 1].low):
            kept.append(kept[-1] + 1)
    if kept and kind in ("mobile_phone", "tablet") and rule != "code":
        kept = kept + _year_apart(chunks, max(kept))
    if not kept or all(chunks[k].key == key(maker or "") for k in kept):
        return None
    if (
        at is not None
        and all(chunks[k].kind == "num" for k in kept)
        and "\n" in low[chunks[at].end : chunks[kept[0]].start]
    ):
        after = chunks[kept[-1] + 1] if kept[-1] + 1 < len(chunks) else None
        ends = after is None or "\n" in after.gap or after.mask == "conn" or after.kind == "stop" or after.low == "dual"
        if maker not in _NUMBERED or kept[0] != at + width or not ends:
            return None  # a number below the maker's name counts reviews, hours, anything
    name = _spell(kept, chunks, maker)
    if not name or len(name) > 60 or kept and not any(ch.isalnum() for ch in name):
        return None
    if all(chunks[k].kind == "num" and len(chunks[k].low) < 2 for k in kept) and kind in (
        "laptop",
        "headphones",
        "smartwatch",
    ):
        return None
    return name, chunks[min(kept)].start, chunks[max(kept)].end, 0.9 if rule == "line" else 0.75, rule


def _within(short: list[str], long: list[str]) -> bool:
    """Does `short` begin `long`, or stand in it with a gap ("Galaxy Z 5G" in "Galaxy Z Flip3 5G")?"""
    rest = iter(long)
    return short[:1] == long[:1] and all(word in rest for word in short)


def _after_maker(reader: _Model, chunks: list[Chunk], j: int) -> list[int]:
    """The name that follows the maker directly, past words every title has ("2022", "Newest", "Laptop")."""
    skipped = 0
    while j < len(chunks) and skipped < 6:
        c = chunks[j]
        if c.kind == "word" and c.key in names()[0] and not re.search(r"[,|;(]", c.gap):
            j += 1
            continue
        if re.search(r"[|;(]", c.gap) and skipped:
            break
        if (c.kind == "stop" or _YEAR.match(c.low) or c.mask in ("screen", "conn")) and not c.masked:
            skipped += 1
            j += 1
            continue
        if _droppable(c, reader.maker, reader.kind, reader.low):
            skipped += 1
            j += 1
            continue
        break
    if j >= len(chunks) or re.search(r"[,|;(]", chunks[j].gap) and skipped and chunks[j].kind != "code":
        return []
    kept = reader.read(j, 0, False)
    below = (
        kept and "\n" in chunks[kept[0]].gap and all(chunks[k].kind == "word" and len(chunks[k].low) < 5 for k in kept)
    )
    if (kept and skipped and not any(ch.isdigit() for k in kept for ch in chunks[k].key)) or below:
        return []  # after "Wireless" or "Laptop" a bare word describes, it does not name
    return kept


def _add_code(kept: list[int], chunks: list[Chunk], maker: str | None, kind: str | None, low: str) -> list[int]:
    """A laptop's number, which many shops put at the end of the title."""
    have = {chunks[k].key for k in kept}
    if any(len(chunks[k].low) >= 6 and "-" in chunks[k].low or _LAPTOP_CODE.match(chunks[k].low) for k in kept):
        return kept
    last = max(kept) if kept else -1
    drop = None
    for i, c in enumerate(chunks):
        if i in kept or c.masked or c.kind not in ("code", "num") or c.key in have:
            continue
        if _droppable(c, maker, kind, low):
            drop = drop if drop is not None else i
            continue
        full = (
            i > last
            and (
                _LAPTOP_CODE.match(c.low)
                or maker == "HP"
                and re.fullmatch(r"[a-z]{2}\d{4}(?:t[ux]|a[ux])", c.low)
                or maker == "ASUS"
                and re.fullmatch(r"[a-z]{1,2}\d{3,4}[a-z]{1,3}", c.low)
            )
            and not (i and chunks[i - 1].low in ("p", "n", "art", "sku", "ref", "item", "pn", "mpn", "no"))
        )
        noun = chunks[i + 1].low if i + 1 < len(chunks) and not chunks[i + 1].gap.strip() else ""
        closing = (
            i > 0
            and ")" in c.gap
            and c.gap.strip(" -") == ")"
            and (
                noun in ("thin", "laptop", "notebook", "gaming", "2", "chromebook", "business") or i + 1 == len(chunks)
            )
        )
        if full or closing and len(c.low) >= 2 and i > last:
            extra = [i]
            short = [
                k
                for k in kept
                if chunks[k].key[:1].isdigit()
                and len(chunks[k].key) > 1
                and c.key.startswith(chunks[k].key)
                and not c.key[len(chunks[k].key) : len(chunks[k].key) + 1].isdigit()
            ]
            kept = [k for k in kept if k not in short]
            if (
                i + 1 < len(chunks)
                and re.fullmatch(r"\s?-\s?", chunks[i + 1].gap)
                and chunks[i + 1].kind == "code"
                and chunks[i + 1].gap != "-"
            ):
                extra.append(i + 1)
            return kept + extra
        if (
            c.kind == "code"
            and i + 1 < len(chunks)
            and i > last
            and re.fullmatch(r"\s-\s?|-\s", chunks[i + 1].gap)
            and _LAPTOP_CODE.match(c.low + "-" + chunks[i + 1].low)
        ):
            return kept + [i, i + 1]
    if not kept and drop is not None:
        return [drop]
    return kept


def _first_code(chunks: list[Chunk], start: int, maker: str | None, kind: str | None, low: str) -> list[int]:
    """With no line and no name after the maker: the first thing that looks like a model's number."""
    for i in range(start, len(chunks)):
        c = chunks[i]
        if c.masked or c.kind != "code" or len(c.low) < 3:
            continue
        if re.fullmatch(r"\d+(?:st|nd|rd|th|w|g|d|x|mm|k|pcs|pc|in1)", c.low) or not re.search(r"[a-z]", c.low):
            continue
        if re.fullmatch(r"[a-z]{1,6}-?\d{2,5}[a-z]{0,4}\d?", c.low) or _droppable(c, maker, kind, low):
            return [i]
    return []


def _apple_generation(chunks: list[Chunk], last: int) -> list[int]:
    """ "AirPods with Charging Case (2nd Generation)", "iPad Wi-Fi (10. Generation 2022)", "iPad 9ª generazione"."""
    for i in range(last + 1, len(chunks) - 1):
        c, nxt = chunks[i], chunks[i + 1]
        if c.masked or c.mask or not _ORDINAL.match(c.low) or not re.match(r"gen|gén", nxt.low):
            continue
        if nxt.gap.strip(" .ªº°") or i == last + 1 and re.search(r"[,|]", c.gap) or "(" not in c.gap and i > last + 3:
            continue
        return [i, i + 1]
    return []


def _apple_year(chunks: list[Chunk], kept: list[int], kind: str) -> list[int]:
    years = [
        i
        for i, c in enumerate(chunks)
        if _YEAR.match(c.low) and not c.masked and 2006 <= int(c.low) <= 2035 and c.kind == "num"
    ]
    if not years or kind == "tablet" and not any(i < kept[0] or i - kept[-1] <= 3 for i in years):
        return []
    if kind == "mobile_phone":
        years = [i for i in years if abs(i - kept[-1]) <= 2 or i == kept[0] - 1]
    before = chunks[years[0] - 1].low if years and years[0] else ""
    return [] if not years or before in ("office", "released", "microsoft", "copyright") else years[:1]


def _year_apart(chunks: list[Chunk], last: int) -> list[int]:
    """ "Moto G Power 5G | 2024 | Unlocked", "Tab P12 - 2024 - Immersive": a year between bars, right after the name."""
    if last + 2 >= len(chunks):
        return []
    c, nxt = chunks[last + 1], chunks[last + 2]
    apart = c.gap.strip() in ("|", "-") and nxt.gap.strip() == c.gap.strip()
    return [last + 1] if apart and c.kind == "num" and _YEAR.match(c.low) else []


def _spell(kept: list[int], chunks: list[Chunk], maker: str | None) -> str:
    out, seen = "", set()
    previous = None
    for i in kept:
        c = chunks[i]
        if maker and c.key == key(maker) and len(kept) > 1:
            continue
        if c.key in seen and c.kind in ("word", "name", "code", "num") and len(c.key) > 2:
            continue
        seen.add(c.key)
        joint = " "
        if previous is not None and i == previous + 1 and "-" in c.gap and not c.gap.strip(" -") and c.kind == "code":
            joint = "-"
        out += (joint if out else "") + ("Edition" if c.low in _EDITION and c.low.isascii() else c.text)
        previous = i
    return out.strip()


def unknown_maker(chunks: list[Chunk], plain: str, kind: str | None, sizes: bool) -> tuple[int, int] | None:
    """A title by a maker nobody listed: its first word, when a name with a number follows it."""
    for label, c in zip(chunks, chunks[1:]):
        if (
            label.low in _BRAND_LABELS
            and re.fullmatch(r"\s?[:|=]\s?|\n", c.gap)
            and c.kind == "word"
            and c.text[0].isupper()
        ):
            return chunks.index(c), 1  # "Marca: Teriva"
    if len(chunks) < 2:
        return None
    if "\n" in plain.strip():
        first, second = chunks[0], chunks[1]
        alone = (
            first.start == 0
            and "\n" in second.gap
            and len(first.low) >= 4
            and first.low.isalpha()
            and first.kind == "word"
        )
        below = second.kind == "word" and len(chunks) > 2 and chunks[2].gap == " " and chunks[2].kind in ("num", "code")
        return (
            (0, 1) if alone and below and sizes and first.text[0].isupper() else None
        )  # the name on a box, the model below
    i = 0
    while i < len(chunks) - 1 and i < 3 and (chunks[i].kind == "stop" or _YEAR.match(chunks[i].low)):
        i += 1
    c, nxt = chunks[i], chunks[i + 1] if i + 1 < len(chunks) else None
    if (
        c.kind != "word"
        or c.masked
        or nxt is None
        or len(c.low) < 3
        or not c.low.replace("-", "").isalpha()
        or not c.text[0].isupper()
    ):
        return None
    if not re.search(r"[aeiouy]", c.low) and not c.text.isupper():
        return None
    follows = list(chunks[i + 1 : i + 4])
    number = any(x.kind == "code" or x.kind == "num" for x in follows[:2]) and not _HARD.search(follows[0].gap)
    evidence = sizes or kind is not None
    return (
        (i, 1) if evidence and (number or kind is not None) or number and len(chunks) <= 5 and len(c.low) >= 4 else None
    )


def choose_maker(
    who: list, what: list, chunks: list[Chunk], low: str
) -> tuple[str | None, int | None, int, float, str]:
    """The maker: the one whose own line follows, else the first named; with no name, the maker of a strong line."""
    best, score = None, -1.0
    for i, n, maker in who:
        points = 2.0 - i * 0.02
        follows = [w for w in what if i + n <= w[0] <= i + n + 4 and any(x.maker == maker.name for x in w[2])]
        anywhere = [w for w in what if any(x.maker == maker.name and x.strong for x in w[2])]
        points += 1.5 if follows else 1.2 if anywhere else 0
        points -= 1.6 if maker.minor and not follows else 0
        points -= 0.5 if maker.everyday and not follows else 0
        if points > score:
            best, score = (maker.name, i, n), points
    strong = next(((i, n, x) for i, n, group, _ in what for x in group if x.strong), None)
    if best and (score >= 1.0 or not strong):
        if (
            strong
            and strong[2].maker != best[0]
            and strong[0] < best[1]
            and not any(x.maker == best[0] for _, _, g, _ in what for x in g)
        ):
            return strong[2].maker, strong[0], strong[1], 0.8, f"line {strong[2].name}"
        return best[0], best[1], best[2], 0.95, "named"
    if strong:
        i, n, line = strong
        return line.maker, i, n, 0.8, f"line {line.name}"
    return (best[0], best[1], best[2], 0.6, "named") if best else (None, None, 0, 0.0, "")
