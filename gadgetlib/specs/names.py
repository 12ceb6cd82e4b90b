"""The maker, the kind and the model's name, from tokens."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gadgetlib.specs import tables
from gadgetlib.specs.tables import Line, Maker
from gadgetlib.specs.tokens import HARD, ORDINAL, YEAR, Token

GADGETS = ("headphones", "smartwatch", "tablet", "laptop", "mobile_phone")
MOBILE = ("mobile_phone", "tablet", "smartwatch", "headphones", None)
NAMEABLE = ("name", "number", "code")


@dataclass(frozen=True)
class Seen:
    """A maker or lines at tokens `at` to `at + size`."""

    at: int
    size: int
    what: Maker | tuple[Line, ...]


def find(tokens: list[Token]) -> tuple[list[Seen], list[Seen]]:
    """Where the text names makers and lines."""
    who: list[Seen] = []
    what: list[Seen] = []
    makers, lines, starts = tables.makers(), tables.lines(), tables.beginnings()
    i = 0
    while i < len(tokens):
        token, phrase, maker, line = tokens[i], "", None, None
        for j in range(i, min(i + 4, len(tokens))):
            if tokens[j].aside or tokens[j].role in ("chip", "size", "money", "measure") or j > i and tokens[j].gap.strip(" -.'&+\n"):
                break
            phrase += tokens[j].key
            maker = Seen(i, j - i + 1, makers[phrase]) if phrase in makers else maker
            name = phrase.rstrip("0123456789") if j > i else phrase  # Galaxy Buds2
            line = Seen(i, j - i + 1, lines.get(phrase) or lines[name]) if phrase in lines or name in lines else line
            if phrase not in starts:
                break
        after = tokens[i + 1] if i + 1 < len(tokens) else None
        if line and len(phrase) < 3 and line.size == 1 and not (token.text.isupper() or after and after.role == "number"):
            line = None  # an "y" of Spanish is no line of Huawei
        if not (maker or line) and not token.aside and token.role in ("code", "word"):
            line = _glued(tokens, i)
            maker = Seen(i, 1, makers[tokens[i].key]) if tokens[i].key in makers else None
        if maker:
            who.append(maker)
        if line:
            what.append(line)
        i += max(s.size for s in (maker, line, Seen(i, 1, ())) if s)
    return [s for s in who if _believable(s, tokens, what)], what


def _glued(tokens: list[Token], i: int) -> Seen | None:
    """A line glued to its number ("RedmiNote12", "QC35"); a maker glued to what follows ("TCL20", "NOISEHRX") becomes a token."""
    token, makers, lines = tokens[i], tables.makers(), tables.lines()
    for n in range(min(len(token.key) - 1, 16), 1, -1):
        head, digit = token.key[:n], token.key[n].isdecimal() and not token.key[n - 1].isdecimal()
        if head in lines and digit and (n >= 4 or token.text.isalnum() and any(x.trust == "numbered" for x in lines[head])):
            return Seen(i, 1, lines[head])
        if head in makers and token.text[:n].isalpha() and (digit and n >= 3 or n >= 5 and (not makers[head].word or token.text.isupper()) and token.key[n:] not in tables.roles()):
            rest = replace(token, text=token.text[n:], key=token.key[n:], start=token.start + n, gap="", role="number" if token.key[n:].isdecimal() else token.role)
            tokens[i : i + 1] = [replace(token, text=token.text[:n], key=head, end=token.start + n, role="word"), rest]
            return None
    return None


def _believable(seen: Seen, tokens: list[Token], what: list[Seen]) -> bool:
    """Is this word the maker here, or an everyday word ("noise cancelling", "nothing included")?"""
    first, maker = tokens[seen.at], seen.what
    after = tokens[seen.at + seen.size] if seen.at + seen.size < len(tokens) else None
    if "software" in first.roles or after is not None and after.key in ("store", "warranty", "office") and after.gap == " ":
        return False
    if not maker.word:
        return True
    if any(s.at == seen.at + seen.size and any(x.maker == maker.name for x in s.what) for s in what):
        return True
    cased = first.text[:1].isupper() or maker.name[:1].islower()
    alone = ("\n" in first.gap or not seen.at) and (after is None or "\n" in after.gap)
    labelled = seen.at and "maker_label" in tokens[seen.at - 1].roles
    begins = seen.at <= 2 and all(t.role in ("stop", "number") for t in tokens[: seen.at]) and (after is None or "\n" not in after.gap)
    numbered = after is not None and after.role in ("number", "code") and after.gap == " " and len(first.key) > 3
    return bool(cased and (alone and len(first.key) > 3 or begins or labelled or numbered) or not seen.at and numbered)


def trusted(seen: Seen, tokens: list[Token]) -> list[Line]:
    """The lines at a place that give their maker away."""
    last = seen.at + seen.size
    behind = [t for t in tokens[last : last + 2] if t.gap in (" ", "-", "")]
    numbered = tokens[last - 1].role == "code" or any(t.role in ("number", "code") for t in behind[: 2 if behind and behind[0].role == "name" else 1])
    short = len("".join(t.key for t in tokens[seen.at : last])) <= 3 and not numbered and not tokens[seen.at].text.isupper()
    return [x for x in seen.what if not short and (x.trust == "alone" or x.trust == "numbered" and (numbered or not seen.at))]


def choose_maker(who: list[Seen], what: list[Seen], tokens: list[Token]) -> tuple[str, Seen, float, str] | None:
    """(maker, its place, how sure, rule): named and followed by one of its lines, named first, or told by a line."""
    strong = [(s, line) for s in what for line in trusted(s, tokens)]

    def points(s: Seen) -> float:
        follows = any(0 <= w.at - s.at - s.size <= 4 and any(x.maker == s.what.name for x in w.what) for w in what)
        own = any(line.maker == s.what.name for _, line in strong)
        sub = s.at + s.size < len(tokens) and tokens[s.at + s.size].key == "by"  # "soundcore by Anker"
        return 2 + sub - 0.02 * s.at + (1.5 if follows else 1.2 if own else 0) - (0 if follows else 1.6 * s.what.service + 0.5 * s.what.word)

    best = max(who, key=points, default=None)
    if best and (points(best) >= 1 or not strong):
        earlier = next(((s, line) for s, line in strong if s.at < best.at), None)
        if not earlier or earlier[1].maker == best.what.name or any(x.maker == best.what.name for s in what for x in s.what):
            return best.what.name, best, 0.95, "named"
    if strong:
        return strong[0][1].maker, strong[0][0], 0.8, f"line {strong[0][1].name}"
    for i, token in enumerate(tokens):
        starts = "\n" in token.gap or all(t.role == "stop" for t in tokens[:i])
        if starts and token.role in ("word", "code") and not token.aside and (near := tables.near_maker(token.key)):
            return near.name, Seen(i, 1, near), 0.6, "misread"
    return (best.what.name, best, 0.6, "named") if best else None


def unknown_maker(tokens: list[Token], kind: str | None, heights: Sequence[float], text: str) -> Seen | None:
    """A maker that no list has: labelled; a lone word of print, repeated, first or largest; or the word before a name."""
    rows: dict[int, list[int]] = {}
    row = 0
    for i, t in enumerate(tokens):
        row += t.gap.count("\n")
        rows.setdefault(row, []).append(i)
    for i, t in enumerate(tokens[1:], 1):
        if "maker_label" in tokens[i - 1].roles and t.role == "word" and re.fullmatch(r"\s?[:|=]\s?|\n|\s{2,}", t.gap):
            return Seen(i, 1, ())
    if not kind and not any(t.role in ("size", "screen") for t in tokens) and len(tokens) > 5:
        return None
    alone = {r: i for r, (i, *more) in rows.items() if not more and _nameable(tokens[i]) and len(tokens[i].key) > 3}
    times = Counter(tokens[i].key for i in alone.values())
    tall = max(heights, default=0)
    for r, i in alone.items() if len(rows) > 1 else ():
        large = bool(heights) and heights[min(r, len(heights) - 1)] > 0.75 * tall
        below = [t.role for t in tokens[i + 1 : i + 3]]
        titled = r == min(rows) and bool(below) and (below[0] in ("code", "number") or below[0] == "word" and below[-1] == "code")
        if times[tokens[i].key] > 1 or large or titled:
            return Seen(i, 1, ())
    for r in list(rows)[:4]:
        for i in rows[r][:8]:
            if _before_name(tokens, i, kind if len(rows) == 1 else None):
                return Seen(i, 1, ())
    return None


def _nameable(t: Token) -> bool:
    return t.role == "word" and not t.aside and len(t.key) > 2 and t.key.isalpha()


def _before_name(tokens: list[Token], i: int, kind: str | None) -> bool:
    """Does a name follow the unknown word i: a number or a code soon, or, of a known kind, any word?"""
    t, after = tokens[i], list(tokens[i + 1 : i + 4])
    run = next((k for k, x in enumerate(after) if HARD.search(x.gap)), len(after))
    after = after[:run]
    numbered = next((k for k, x in enumerate(after) if x.role in ("number", "code") and x.key != "5g"), None)
    if not _nameable(t) or not after or any(x.role == "word" for x in tokens[max(0, i - 1) : i]) and not HARD.search(t.gap) or i and "model_label" in tokens[i - 1].roles:
        return False
    numbered = numbered is not None and all(x.role in ("word", "name") for x in after[:numbered])
    cased = t.text[0].isupper() or numbered and (after[0].role == "code" or i == 0)
    return bool(cased and (numbered or kind and after[0].role == "word"))


_ENDINGS = {"buds": "headphones", "pods": "headphones", "watch": "smartwatch", "band": "smartwatch", "pad": "tablet", "book": "laptop", "phone": "mobile_phone"}


def kind_of(tokens: list[Token], found: list[Line], maker: str | None) -> str | None:
    """The kind of gadget by votes: what the text calls it, the lines it names, the parts it has. None without votes."""
    ends = [i for i, t in enumerate(tokens) if "\n" in t.gap]
    head = tokens[: ends[2] if len(ends) > 2 else len(tokens)]  # further down a picture's text stands what comes with it
    accessory = next((i for i, t in enumerate(head[:8]) if "accessory" in t.roles and "(" not in "".join(x.gap for x in head[: i + 1])), None)
    if accessory is not None and any("aside" in t.roles for t in head) and any(t.aside for t in head):
        return "other"
    head = set(map(id, head))
    votes: Counter[str] = Counter()
    for line in found[:4]:
        votes[line.kind] += 4 if line.trust == "alone" and line.kind in GADGETS[:3] else 2.5 if line.trust == "alone" else 1.2
    for t in tokens:
        if t.aside:
            continue
        for kind in t.roles & ({*GADGETS, "other"} if id(t) in head else {*GADGETS}):
            votes[kind] = max(votes[kind], 0) + (1 if t.role == "name" else 2)
        if t.role in ("word", "code") and (ending := next((e for e in _ENDINGS if t.key.rstrip("0123456789").endswith(e)), "")):
            votes[_ENDINGS[ending]] += 2
        if t.role == "chip" and re.match(r"i[3579]|ryzen|celeron|pentium|athlon|xeon|core$|intel|m\d$|rtx|gtx", t.key):
            votes["laptop"] += 2
        if t.key in ("ssd", "hdd", "windows", "win11", "win10", "ddr4", "ddr5", "macos", "chromeos", "touchpad", "backlit"):
            votes["laptop"] += 1
    if not votes and accessory is not None:
        return "other"
    if not votes and len(kinds := {x.kind for group in tables.lines().values() for x in group if x.maker == maker}) == 1:
        return kinds.pop()  # who makes nothing but headphones
    return max(votes, key=lambda k: (votes[k], -([*GADGETS, "other"].index(k)))) if votes else None


def droppable(token: Token, maker: str | None, kind: str | None) -> bool:
    """A code for the trade, not for people: a factory's, an order number, a machine type."""
    if token.key.isalpha():
        return False
    word = token.text.lower()
    return any(
        pattern.fullmatch(word) for who, where, pattern in tables.codes()
        if who in ("", maker) and (not where or (kind in MOBILE if where == "mobile" else kind == where))
    )  # fmt: skip


def read_name(tokens: list[Token], start: int, size: int, maker: str | None, kind: str | None) -> list[int]:
    """Indices of the tokens of a name: a line (`size` tokens from `start`), or from `start` on as long as words can belong to it."""
    kept = list(range(start, start + size))
    digits = any(c.isdecimal() for k in kept for c in tokens[k].key)
    numbers, inside, j = 0, False, start + size
    while j < len(tokens):
        t, after = tokens[j], tokens[j + 1] if j + 1 < len(tokens) else None
        if t.aside or (kept or j > start) and not _joined(tokens, j, inside, kept, digits):
            break
        inside = "(" in t.gap or inside and ")" not in t.gap
        generation = bool(after) and ORDINAL.fullmatch(t.text.lower()) and after.key.startswith("gen")
        edition = next((k for k in range(j, min(j + 4, len(tokens))) if "edition" in tokens[k].roles and kept), None)
        if edition and not any(HARD.search(x.gap) for x in tokens[j + 1 : edition + 1]):
            kept += range(j, edition + 1)
            j = edition
        elif YEAR.fullmatch(t.key):
            if kept and (kind in MOBILE or maker == "Apple"):
                kept.append(j)
        elif generation and kept and t.role != "chip":
            kept += [j, j + 1]
            digits, j = True, j + 1
        elif t.key == "gen" and kept and t.role != "chip" and after is not None and after.role == "number":
            kept.append(j)
        elif t.role == "decimal" and t.value < 20 and t.gap == " " and (kind == "tablet" if kept else kind in ("mobile_phone", None)):
            kept.append(j)  # "Galaxy Tab E 9.6", "Nokia 5.3"
            digits = True
        elif t.key == "5g":
            if not kept or kind not in ("mobile_phone", "tablet", None):
                break
            kept.append(j)
        elif droppable(t, maker, kind) and t.role in NAMEABLE:
            if not kept:
                break
        elif t.role == "number" and len(t.key) <= 4 and numbers < 2 and not (t.key == "2" and after and after.key == "in"):
            kept.append(j)
            numbers, digits = numbers + 1, True
        elif re.fullmatch(r"\d{2,3}w", t.key):
            if not digits or kind == "laptop" or after is not None and not HARD.search(after.gap):
                break
            kept.append(j)  # "T1 44W"
        elif (t.role in ("name", "code") or t.role == "ordinal" and kept) and len(t.key) <= 24:
            if digits and len(t.key) == 1 and after is not None and after.key == "series":
                break
            kept.append(j)
            digits = digits or t.role in ("code", "ordinal")
        elif t.role == "word" and _word_belongs(tokens, j, kept, digits, kind):
            kept.append(j)
        else:
            break
        j += 1
    while len(kept) > max(1, size) and tokens[kept[-1]].roles & {"describes"} and _describes(tokens, kept[-1], digits, kind):
        kept.pop()
    return kept


def _joined(tokens: list[Token], j: int, inside: bool, kept: list[int], digits: bool) -> bool:
    """Does the gap before token j leave the name unbroken? A short bracket, and a line's end before a number, do."""
    t = tokens[j]
    if not HARD.search(t.gap):
        return True
    if t.gap.strip() == "(" and kept:
        close = next((k for k in range(j, min(j + 4, len(tokens))) if k + 1 == len(tokens) or ")" in tokens[k + 1].gap), None)
        short = close is not None and (t.key == "gen" or YEAR.fullmatch(t.key) and close == j or ORDINAL.fullmatch(t.text.lower()) and close > j or close == j and t.role in NAMEABLE and len(t.key) <= 4)
        return bool(short or close is not None and all(x.role == "name" or x.key == "edition" for x in tokens[j : close + 1]))
    if t.gap.strip() == ")" and inside:
        return True
    if t.gap in ("- ", " -") and t.role == "code" and kept and tokens[j - 1].role in ("code", "number"):
        return True  # "15s- eq2144au"
    if t.gap == "\n" and kept:
        line = tokens[j : next((k for k in range(j + 1, len(tokens)) if "\n" in tokens[k].gap), len(tokens))]
        suffix = all(x.role == "name" and len(x.key) > 1 for x in line) or t.role == "name" and not digits
        return t.role in NAMEABLE and not digits or t.key == "5g" or t.role == "ordinal" or suffix or t.role == "code" and len(line) == 1 and len(t.key) > 5 or bool(YEAR.fullmatch(t.key)) and (j + 1 == len(tokens) or "\n" in tokens[j + 1].gap)
    return False


def _word_belongs(tokens: list[Token], j: int, kept: list[int], digits: bool, kind: str | None) -> bool:
    """May the unknown word j belong to a name? While the name has no number, if one follows soon or the name ends here."""
    ahead = tokens[j + 1 : j + 4]
    if digits and kind == "laptop" and tokens[j].text.isupper() and 2 <= len(tokens[j].key) <= 3 and re.fullmatch(r"g\d|\d\d", tokens[j - 1].key):
        return True  # "V15 G2 ALC"
    if digits or sum(tokens[k].role == "word" for k in kept) >= 2:
        return False
    if ahead and ahead[0].role in NAMEABLE and not HARD.search(ahead[0].gap):
        return True
    ends = not ahead or HARD.search(ahead[0].gap) or ahead[0].role not in ("word", *NAMEABLE)
    return bool(ends and (not kept or kind in ("headphones", "smartwatch")) or kind in ("headphones", "smartwatch") and tokens[j].text[:1].isupper())


def _describes(tokens: list[Token], j: int, digits: bool, kind: str | None) -> bool:
    word, after = tokens[j].key, tokens[j + 1] if j + 1 < len(tokens) else None
    if word in ("series", "tablet", "convertible") or digits and word in ("anc", "hybrid", "watch", "smart", "band", "phone", "gaming", "business", "student"):
        return True
    return after is not None and after.gap == " " and (after.role in ("stop", "screen") or bool(after.roles & {"describes"}))


_LAPTOP_CODE = re.compile(r"(?:[a-z]{1,3}\d{1,4}[a-z]{0,4}|\d{2}[a-z]?)-[a-z0-9-]{2,}|\d{2}-[a-z]{2}\d{3,4}[a-z]{2}|\d{2}[a-z]{3}\d{1,2}\w?")
_CODE_OF = {"HP": re.compile(r"[a-z]{2}\d{4}(?:t[ux]|a[ux])"), "ASUS": re.compile(r"[a-z]{1,2}\d{3,4}[a-z]{1,3}")}


def model(tokens: list[Token], maker: str | None, place: Seen | None, kind: str | None, what: list[Seen]) -> tuple[list[int], float, str]:
    """The tokens of the model's name, how sure, and the rule; no tokens where the text names none."""
    begin = place.at + (place.size if not isinstance(place.what, tuple) or not place.what else 0) if place else 0
    kept, rule = _from_lines(tokens, maker, begin, kind, what), "line"
    if not kept and place:
        kept, rule = _after_maker(tokens, maker, begin, kind), "after the maker"
    if not any(_digits(tokens[k]) for k in kept) and (said := _labelled(tokens, maker, kind)):
        kept, rule = said if len(said) >= len(kept) else kept, "labelled"
    if kind == "laptop" and maker:
        kept = _laptop_code(tokens, kept, maker)
    if not kept and place:
        rule, codes = "code", [i for i, t in enumerate(tokens) if i >= begin and t.role == "code" and not t.aside]
        shaped = [i for i in codes if re.fullmatch(r"[a-z]{1,6}\d{2,5}[a-z]{0,4}\d?", tokens[i].key) and "code_label" not in tokens[i - 1].roles]
        kept = (shaped or [i for i in codes if droppable(tokens[i], maker, kind)])[:1]
    if maker == "Apple" and kept and kind in ("laptop", "mobile_phone", "tablet"):
        kept += _apple_year(tokens, kept, kind)
    if not kept or all(tokens[k].key == tables.key(maker or "") for k in kept):
        return [], 0, ""
    lone = all(tokens[k].role == "number" for k in kept)
    if lone and (kind in ("laptop", "headphones", "smartwatch") and len(tokens[kept[0]].key) < 2 or "\n" in tokens[kept[0]].gap and kept[0] != begin):
        return [], 0, ""  # a number below the maker's name counts reviews, hours, anything
    return kept, 0.9 if rule == "line" else 0.75, rule


def _digits(t: Token) -> bool:
    return any(c.isdecimal() for c in t.key)


def _from_lines(tokens: list[Token], maker: str | None, begin: int, kind: str | None, what: list[Seen]) -> list[int]:
    """The name that a line of the maker begins; without a maker, one that stands first and has its number."""
    own = [s for s in what if any(x.maker == maker for x in s.what)]
    if maker is None:
        own = [s for s in what if (not s.at or "\n" in tokens[s.at].gap) and s.at + s.size < len(tokens) and tokens[s.at + s.size].role in ("number", "code")][:1]
    readings = [read_name(tokens, s.at, s.size, maker, kind) for s in own]
    if not readings:
        return []
    kept = max(readings, key=lambda r: (any(_digits(tokens[k]) for k in r), -0.01 * r[0] + 0.001 * len(r)))
    between = tokens[begin : kept[0]] if maker else []
    if between and all(t.role in (*NAMEABLE, "word") and not HARD.search(t.gap.replace("\n", " ")) and not YEAR.fullmatch(t.key) for t in between) and not HARD.search(tokens[kept[0]].gap):
        kept = [*range(begin, kept[0]), *kept]  # "LG V60 ThinQ", "MSI GF63 Thin"
    return kept


def _after_maker(tokens: list[Token], maker: str | None, begin: int, kind: str | None) -> list[int]:
    """The name that follows the maker, past words that every title has ("2022", "Newest", "Laptop")."""
    j = begin
    while j < len(tokens) and j - begin < 6 and (j == begin or "\n" not in tokens[j].gap) and not re.search(r"[|;]", tokens[j].gap):
        if not (tokens[j].role in ("stop", "screen") or YEAR.fullmatch(tokens[j].key) or droppable(tokens[j], maker, kind)):
            break
        j += 1
    if j == len(tokens) or j > begin and re.search(r"[,|;(\n]", tokens[j].gap) and tokens[j].role != "code":
        return []
    kept = read_name(tokens, j, 0, maker, kind)
    return [] if j > begin and not any(_digits(tokens[k]) for k in kept) else kept  # after "Wireless" a bare word describes


def _labelled(tokens: list[Token], maker: str | None, kind: str | None) -> list[int]:
    """The name behind "Model", where that word begins a line or a cell."""
    for i, t in enumerate(tokens[1:], 1):
        label = tokens[i - 1]
        if "model_label" in label.roles and (i == 1 or re.search(r"[\n|;]|\s\s", label.gap)) and re.fullmatch(r"\s?[:|=]?\s*", t.gap):
            return read_name(tokens, i, 1 if t.role == "stop" else 0, maker, kind)
    return []


def _apple_year(tokens: list[Token], kept: list[int], kind: str | None) -> list[int]:
    """Apple's year, which titles write apart from the name: "MacBook Pro 13 (Retina, 2015)"."""
    years = [i for i, t in enumerate(tokens) if YEAR.fullmatch(t.key) and not t.aside and tokens[i - 1].key not in ("office", "in", "since", "released")]
    if kind != "laptop" and not any(tokens[k].key.startswith("gen") for k in kept):
        for i, t in enumerate(tokens[kept[-1] + 1 : -1], kept[-1] + 1):
            if "(" in t.gap and ORDINAL.fullmatch(t.text.lower()) and tokens[i + 1].key.startswith("gen"):
                return [i, i + 1, *(j for j in years if j == i + 2)]  # "iPad Wi-Fi (10. Generation 2022)"
    near = [i for i in years if kind == "laptop" or i == kept[0] - 1 or i == kept[-1] + 2 and tokens[i].gap.strip()]
    return [] if any(YEAR.fullmatch(tokens[k].key) for k in kept) else near[:1]


def _laptop_code(tokens: list[Token], kept: list[int], maker: str | None) -> list[int]:
    """Add a laptop's number, which many shops put at the end of the title or behind a bracket."""
    if any(_LAPTOP_CODE.fullmatch(tokens[k].text.lower()) for k in kept):
        return kept
    have, shape = {tokens[k].key for k in kept}, _CODE_OF.get(maker)
    for i, t in enumerate(tokens):
        if t.role not in ("code", "number") or i in kept or t.aside or droppable(t, maker, "laptop") or kept and i < kept[-1]:
            continue
        if i and "code_label" in tokens[i - 1].roles:
            continue
        closing = t.gap.strip(" -") == ")" and (t.role == "code" or len(t.key) > 2)
        if closing or _LAPTOP_CODE.fullmatch(t.text.lower()) or shape and shape.fullmatch(t.key) and not any(shape.fullmatch(tokens[k].key) for k in kept):
            more = [k for k in read_name(tokens, i, 0, maker, "laptop") if tokens[k].key not in have]
            short = [k for k in kept if tokens[k].key[:1].isdecimal() and len(tokens[k].key) > 1 and t.key.startswith(tokens[k].key) and t.key != tokens[k].key]
            return [k for k in kept if k not in short] + more
    return kept


def spell(tokens: list[Token], kept: list[int], maker: str | None) -> str:
    """The name as written, each word once, without its maker."""
    out: list[str] = []
    seen: set[str] = set()
    for k in kept:
        t = tokens[k]
        if (maker and t.key == tables.key(maker) and len(kept) > 1) or t.key in seen and len(t.key) > 2:
            continue
        seen.add(t.key)
        out.append("Edition" if "edition" in t.roles else t.text)
    return " ".join(out)[:80]
