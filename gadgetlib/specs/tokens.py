"""One pass over a text: tokens with roles. Everything after this step reads tokens, never characters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from gadgetlib import money
from gadgetlib.files import table
from gadgetlib.specs import tables

RAM_SIZES = frozenset((0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 48, 64, 96, 128))
DISK_SIZES = frozenset(
    (4, 8, 16, 32, 64, 80, 100, 120, 128, 160, 180, 192, 200, 240, 250, 256, 300, 320, 480, 500, 512, 640, 750, 768)
    + (960, 1000, 1024, 1280, 1536, 2000, 2048, 3072, 4096, 8192)
)  # fmt: skip
NONE: frozenset[str] = frozenset()
HARD = re.compile(r"[,;|:\n()\[\]{}/\\~*\"!?<>=•]|\s-\s?|-\s|\.\s")  # a gap that ends a name
ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th|e|è|er|re|ère|ème|eme|a|o|ª|º|°)?")
YEAR = re.compile(r"(?:19[89]|20[0-4])\d")


@dataclass(slots=True)
class Token:
    """A word, number or quantity: `text[start:end]`, what stands before it (`gap`) and what it does (`role`).

    role: size, screen, measure, money, chip, stop, name, number, code (letters with digits) or word (unknown);
    roles: all that `words.csv` calls it; value: GB of a size, inches of a screen; aside: names another gadget.
    """

    text: str
    key: str
    start: int
    end: int
    gap: str
    role: str
    roles: frozenset[str] = NONE
    value: float = 0.0
    hint: str = ""
    aside: bool = False


@cache
def _pattern() -> tuple[re.Pattern[str], dict[str, float]]:
    """The one pattern of all tokens, and what each unit of a screen is in inches."""
    units = {kind: {r["unit"]: float(r["factor"]) for r in table("gazetteer/units.csv") if r["kind"] == kind} for kind in ("inch", "measure")}

    def any_of(words: Iterable[str]) -> str:
        return "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))

    marks = "\"|''"
    words = any_of(unit for unit in units["inch"] if unit[0] not in "\"'")
    inch = rf"{marks}|-?(?:{words})(?![^\W_])|(?:(?<=\d)-?|(?<=[.,]\d) |(?<=[.,]\d\d) )in(?![\w-])| in(?= (?:lcd|o?led|amoled|f?hd|screen|display|retina|ips)\\b| ?[|/)])"
    alternatives = (
        rf"(?P<spaced>(?<![^\W_])(?<!\d[.,])(?:1[0-8]|[4-9]) \d) ?(?:{marks}|-?inch(?:es)?)",
        rf"(?P<screen>(?<![^\W_])(?<!\d[.,])\d{{1,3}}(?:[.,]\d{{1,2}})?)(?: (?=\D))?(?P<inch>{inch})",
        r"(?P<misread>(?<![^\W_])(?<!\.)(?=\S{0,3}\d)[\dilosz|b]{1,4})(?P<misunit>g[b8]|6b|tb)(?![^\W_])",
        r"(?P<short>(?<![^\W_])(?<!\d[.,])\d{1,4}) ?[gtm](?!\w|\.\d)",
        r"(?P<number_>(?<![^\W_])(?<!\d[.,])\d{2,4})(?=ssd|hdd|nvme|emmc)",
        r"(?P<resolution>(?<![^\W_])(?<!\.)\d{2,4}(?:[x*]| [x*] )\d{2,4}(?!\w)|(?<![^\W_])(?<!\.)\d{1,2}:\d\d(?!\w)|(?<![^\W_])(?<!\.)(?:\d{3,4}[pi]|[2-8]k)(?!\w))",
        rf"(?P<measure>(?<![^\W_])(?<!\.)\d{{1,5}}(?:[.,]\d{{1,3}})?\+?[ \n]?-?(?:{any_of(units['measure'])})(?![^\W_]))",
        r"(?P<decimal>(?<![^\W_])(?<!\d[.,])\d{1,5}[.,]\d{1,2}(?!\w|[.,]\d))",
        r"(?P<label>(?<![^\W_])(?:ssd|hdd|ram|rom)(?=\d))",
        r"(?P<word>[^\W_]+(?:[-.&'](?!\d+ ?[gtm][bo](?![^\W_]))[^\W_]+)*\+{0,2}(?![^\W_]))",
        r"(?P<rest>[^\W_]+)",
    )
    return re.compile("|".join((f"(?P<size>{money.SIZE.pattern})", *alternatives))), units["inch"]


def scan(text: str) -> list[Token]:
    """The tokens of a text, in order, each with its role; linear in the length of the text."""
    low = money.plain(text)
    prices = [(m.start, m.end) for m in money.find(low)]
    out, last, skip = [], 0, 0
    for m in _pattern()[0].finditer(low):
        while skip < len(prices) and prices[skip][1] <= m.start():
            skip += 1
        priced = skip < len(prices) and prices[skip][0] < m.end()
        for start, end, role, value in [(*m.span(), "money", 0.0)] if priced else _read(m, text):
            out.append(_token(text, low[start:end], start, end, low[last:start], role, value))
            last = end
    _phrases(out)
    _sizes(out)
    _chips(out)
    _asides(out)
    return out


def _read(m: re.Match, text: str) -> list[tuple[int, int, str, float]]:
    """What one match is: (start, end, role or "", value) of its token, or of the two that are glued together."""
    start, end = m.span()
    if m["size"]:
        number, unit, (a, _) = m["number"].replace(",", "."), m["unit"], m.span("unit")
        if unit in ("go", "to") and text[a - 1] == " " and not text[a].isupper():
            return [(*m.span("number"), "", 0.0)]  # "5 to 7 days"
        if "," in m["number"] and float(number) not in RAM_SIZES:  # "OnePlus 12,16GB"
            cut = start + m["number"].index(",")
            return [(start, cut, "", 0.0), (cut + 1, end, "size", float(number.split(".")[1]) * money.SIZES[unit])]
        value = int(m["count"] or 1) * float(number) * money.SIZES[unit]
        return [(start, end, "size" if value <= 32_768 else "measure", value)]
    if m["spaced"]:
        return [(start, end, "screen", float(m["spaced"].replace(" ", ".")))]
    if m["screen"]:
        return [(start, end, "screen", float(m["screen"].replace(",", ".")) * _pattern()[1].get(m["inch"].strip("- "), 1))]
    if m["misread"]:
        value = float("".join("1101528"["il|oszb".index(c)] if c in "il|oszb" else c for c in m["misread"]))
        value *= 1024 if m["misunit"] == "tb" else 1
        known = value in DISK_SIZES or value in RAM_SIZES and m["misunit"] == "gb"
        return [(start, end, "size" if known and value >= 8 else "", value)]
    if m["short"]:
        return [(start, end, "short", float(m["short"]) * (1024 if m[0][-1] == "t" else 1))]
    if m["decimal"]:
        return [(start, end, "decimal", float(m["decimal"].replace(",", ".")))]
    return [(start, end, "measure" if m["resolution"] or m["measure"] else "", 0.0)]


_FEATURE = re.compile(r"ip[x\d]\d|bt\d+|wifi\d\w?|\d{1,2}cores?|\d+bit")


def _token(text: str, low: str, start: int, end: int, gap: str, role: str, value: float) -> Token:
    name = tables.key(low)
    roles = tables.roles().get(name, NONE) if not role else NONE
    if role:
        pass
    elif low.isdecimal():
        role, value = "number", float(low[:9])
    elif ORDINAL.fullmatch(low) and low[-1] not in "ao":
        role = "ordinal"
    elif re.fullmatch(r"\d+(?:\.\d+)+", low):
        role = "measure"
    elif len(low) == 1:
        role = "name" if text[start].isupper() or low in "gxsz" else "stop"
    elif "stop" in roles:
        role = "stop"
    elif "name" in roles or name in ("ii", "iii", "iv", "vi", "vii", "viii", "ix"):
        role = "name"
    elif roles - {"edition"}:
        role = "stop"
    else:
        role = "code" if any(c.isdecimal() for c in low) else "word"
        head, _, tail = low.partition("-")
        tail = tables.roles().get(tables.key(tail), NONE)
        if tables.roles().get(head, NONE) & {"memory", "disk"} and low != head:
            tail = frozenset({"stop"})  # DDR4-3200
        if tail & {"stop", "tier"} and "name" not in tail or tail and role == "word" or _FEATURE.fullmatch(name):
            role, roles = "stop", tail  # a compound is what its last part is: Bluetooth-Kopfhörer, 10-core
    return Token(text[start:end], name, start, end, gap, role, roles, value)


def _phrases(tokens: list[Token]) -> None:
    """Give the words of a phrase ("up to", "screen protector") the phrase's roles."""
    table, starts = tables.roles(), tables.beginnings()
    for i, token in enumerate(tokens):
        phrase, roles, last = token.key, NONE, i
        for j in range(i + 1, min(i + 3, len(tokens))):
            if phrase not in starts or tokens[j].gap not in (" ", "-", "\n", " - "):
                break
            phrase += tokens[j].key
            if phrase in table:
                roles, last = table[phrase], j
        for other in tokens[i : last + 1] if roles else ():
            other.roles = roles if "software" in roles else other.roles | roles
            other.role = "stop" if other.role in ("word", "name", "code") and "name" not in roles else other.role


def _sizes(tokens: list[Token]) -> None:
    """Numbers that are sizes because of their neighbours: 8+128, 8/256GB, 64/3GB, 16G+512G, 512 SSD, 16/SSD 512."""
    shop = any(t.role == "short" and t.text[-1] in "gG" and t.value in (16, 32, 64, 128, 256, 512) and (" " not in t.text or t.value > 32) for t in tokens)  # writes G for GB
    end = Token("", "", 0, 0, "\n\n", "")
    for i, one in enumerate(tokens):
        two, three = [*tokens[i + 1 : i + 3], end, end][:2]
        if one.role == "short":
            _short(one, two, three, i > 0 and tokens[i - 1].hint == "gpu" or i > 0 and tokens[i - 1].key[:3] in ("rtx", "gtx"), shop)
        if one.role in ("number", "size") and (i == 0 or tokens[i - 1].key != "series"):
            middle = three if "disk" in two.roles and two.role == "stop" and two.gap.strip() in ("/", "+", "-") else two
            if middle.role in ("number", "short") or middle.role == "size" and one.role == "number":
                _pair(one, middle, two.gap.strip())
        if one.role == "number" and two.gap in (" ", "-", "") and "disk" in two.roles and one.value in DISK_SIZES and one.value >= 64:
            one.role = "size"
        if one.role == "size" and one.value <= 64 and two.role == "number" and two.gap == " " and two.value >= 120 and two.value in DISK_SIZES and (HARD.search(three.gap) or "disk" in three.roles):
            two.role = "size"  # (4 gb 256)
        if two.role == "number" and "disk" in one.roles and two.gap.strip() in ("", ":") and two.value in DISK_SIZES and two.value >= 64:
            two.role = "size"


def _short(one: Token, two: Token, three: Token, graphics: bool, shop: bool) -> None:
    """Is 8G, 16 G, 1T, 512M a size, or a network (5G) or a weight?"""
    unit, spaced = one.text[-1].lower(), " " in one.text
    label = three if two.roles & {"fill"} and not two.roles & {"memory", "disk"} else two
    label = label.roles & {"memory", "disk"} if label.gap.strip(" -") == "" else NONE
    if unit == "m":
        known = bool(label) and one.value >= 64
        one.value /= 1024
    elif unit == "t":
        known = bool(label) or shop
    else:
        beside = two.gap.strip() in ("/", "+", "|", ",") and two.role in ("number", "size", "short") and two.value in DISK_SIZES and two.value >= 4 * one.value
        known = bool(label) or shop and one.value in RAM_SIZES or graphics or beside and (one.value > 5 or two.role == "short") or not spaced and one.value in (16, 32, 64, 128, 256, 512)
    known = known and (one.value in RAM_SIZES or one.value in DISK_SIZES)
    one.role = "size" if known else "measure" if spaced else "stop" if "stop" in tables.roles().get(one.key, NONE) else "code"


def _pair(one: Token, two: Token, sign: str) -> None:
    """RAM and storage written together: `one` before a plus or a slash before `two`."""
    small, large, units = one.value, two.value, (one.role == "size") + (two.role == "size")
    if sign not in ("+", "/", "-") or sign == "-" and (one.role != "size" or large < 64):
        return
    if not units and large < 32 and not (small <= 4 and large >= 4 * small):
        return
    if small in RAM_SIZES and small <= 64 and large in DISK_SIZES and large > small and (sign == "+" or large / small > 2 or large > 32):
        one.role, two.role, one.hint, two.hint = "size", "size", "ram", "disk"
    elif units and large in (1, 2, 3, 4, 6, 8, 12, 16) and small in (32, 64, 128, 256, 512) and small >= 4 * large:
        one.role, two.role, one.hint, two.hint = "size", "size", "disk", "ram"


_CHIP = re.compile(
    r"i[3579](?:-?\d\w{2,5})?|[mx][3-9]-[a-z]?\d\w{2,4}|x1[ep]-[\d-]+|\d{4,5}(?:u|h|hs|hx|hq|hk|p|y|g[1-7]|hl)|r[3579]-?\d{4}\w{0,2}|(?:rtx|gtx|mx|rx)-?\d{3,4}\w*"
    r"|n\d{4}|sd\d{3}|mt\d{4}\w?|(?:a[4689]|a1[02]|e[12]|fx)-\d{4}\w?"
)
_NUMBER_OF_CHIP = re.compile(r"x?[3579]|[aemxz]\d{1,2}-(?:series|\w?\d\w?\d{2,3}\w{0,2})|\d{3,5}[a-z]{0,3}\d?|[a-z]{1,2}\d{1,5}[a-z]{0,2}\d?")


def _chips(tokens: list[Token]) -> None:
    """Processors and graphics: a family or a number of its shape, and what follows that belongs to it."""
    apple = any(t.key.startswith(("mac", "ipad", "imac", "apple")) for t in tokens)
    reach = ""
    for i, token in enumerate(tokens):
        after = tokens[i + 1] if i + 1 < len(tokens) else None
        plain_gap = token.gap.strip(" -(") == ""
        generation = ORDINAL.fullmatch(token.text.lower()) and after and after.key.startswith("gen") or token.key.startswith("gen")
        core = token.key == "core" and after and (_CHIP.fullmatch(after.text.lower()) or after.key in ("ultra", "m3", "m5", "m7", "2", "duo"))
        starts = core or token.roles & {"cpu", "gpu"} and "name" not in token.roles or _CHIP.fullmatch(token.text.lower())
        if token.role in ("size", "screen", "money", "measure", "decimal"):
            reach = ""
        elif starts or apple and re.fullmatch("m[1-5]|a1[0-9]", token.key) or re.fullmatch(r"a\d\d?", token.key) and after and after.key in ("bionic", "fusion", "chip"):
            reach = "gpu" if "gpu" in token.roles or token.key.startswith(("rtx", "gtx", "mx", "rx")) else reach or "cpu"
            token.role, token.hint = "chip", reach
        elif reach and plain_gap and (token.roles & {"tier"} or generation or tokens[i - 1].key == "series" or _NUMBER_OF_CHIP.fullmatch(token.text.lower()) or token.key.isdecimal() and after and after.key.startswith("gen")):
            token.role, token.hint = "chip", reach
        elif ORDINAL.fullmatch(token.text.lower()) and after and after.key.startswith("gen") and i + 2 < len(tokens) and tokens[i + 2].roles & {"cpu"} and not tokens[i + 2].gap.strip():
            token.role = after.role = "chip"
        else:
            reach = ""


def _asides(tokens: list[Token]) -> None:
    """Mark the names of other gadgets: "case for Galaxy S22", "compatible with iPhone"."""
    on = False
    for i, token in enumerate(tokens):
        if token.roles & {"aside"}:
            soon = [t.key for t in tokens[i + 1 : i + 4]]
            on = "plainly" in token.roles or any(
                k in tables.makers() or k in tables.lines() or len(k) > 3 and k in tables.beginnings() and k not in tables.roles() for k in soon
            )
        elif re.search(r"[,|\n;()]", token.gap):
            on = False
        token.aside = on
