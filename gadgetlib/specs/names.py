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
NAMEABLE = ("name", "number", "code")


@dataclass(frozen=True)
class Seen:
    """A maker, or lines, at tokens `at` to `at + size`; an unknown maker is an empty tuple."""

    at: int
    size: int
    what: Maker | tuple[Line, ...] = ()

    def of(self, maker: str | None) -> bool:
        """Is one of these lines the maker's?"""
        return isinstance(self.what, tuple) and any(line.maker == maker for line in self.what)


# --- who makes it -------------------------------------------------------------------------------------------------


def find(tokens: list[Token]) -> tuple[list[Seen], list[Seen]]:
    """Where the text names makers and lines; a maker glued to what follows ("NOISEHRX", "TCL20") becomes a token."""
    who: list[Seen] = []
    what: list[Seen] = []
    makers, lines, starts, i = tables.makers(), tables.lines(), tables.beginnings(), 0
    while i < len(tokens):
        phrase, maker, line = "", None, None
        for j, t in enumerate(tokens[i : i + 4], i):
            if t.aside or t.role in ("chip", "size", "money", "measure", "end") or j > i and t.gap.strip(" -.'&+\n"):
                break
            phrase += t.key
            stem = phrase.rstrip("0123456789") if j > i and t.role in ("code", "name") else phrase  # Galaxy Buds2
            maker = Seen(i, j - i + 1, makers[phrase]) if phrase in makers else maker
            line = Seen(i, j - i + 1, lines.get(phrase) or lines[stem]) if phrase in lines or stem in lines else line
            if phrase not in starts:
                break
        if not (maker or line) and phrase and tokens[i].role in ("code", "word"):
            line = _glued(tokens, i)
            maker = Seen(i, 1, makers[tokens[i].key]) if tokens[i].key in makers else None
        who += [maker] if maker else []
        what += [line] if line else []
        i += max(s.size for s in (maker, line, Seen(i, 1)) if s)
    return [s for s in who if _believable(s, tokens, what)], what


def _glued(tokens: list[Token], i: int) -> Seen | None:
    """A line glued to its number ("RedmiNote12", "QC35"); a maker glued to anything is cut off as its own token."""
    t, lines = tokens[i], tables.lines()
    for n in range(min(len(t.key) - 1, 16), 1, -1):
        head, rest = t.key[:n], t.key[n:]
        number, maker = rest[0].isdecimal() and not head[-1].isdecimal(), tables.makers().get(head)
        if head in lines and number and (n > 3 or t.text.isalnum() and any(x.trust == "numbered" for x in lines[head])):
            return Seen(i, 1, lines[head])
        whole = maker and rest in lines and (t.text.isupper() or not maker.word)
        if maker and t.text[:n].isalpha() and (whole or number and n > 2):
            role = "number" if rest.isdecimal() else t.role
            tokens[i] = replace(t, text=t.text[:n], key=head, end=t.start + n, role="word")
            tokens.insert(i + 1, replace(t, text=t.text[n:], key=rest, start=t.start + n, gap="", role=role))
            return None
    return None


def _believable(seen: Seen, tokens: list[Token], what: list[Seen]) -> bool:
    """Is this word the maker here, or an everyday word ("noise cancelling", "nothing included")?"""
    first, after = tokens[seen.at], tokens[seen.at + seen.size]
    followed = any(s.at == seen.at + 1 and s.of(seen.what.name) for s in what)
    if "software" in first.roles or not seen.what.word or followed:
        return "software" not in first.roles
    begins = seen.at < 3 and all(t.role in ("stop", "number") for t in tokens[: seen.at]) and "\n" not in after.gap
    alone = len(first.key) > 3 and "\n" in after.gap and (seen.at == 0 or "\n" in first.gap)
    return (first.text[:1].isupper() or seen.what.name[:1].islower()) and (begins or alone)


def trusted(seen: Seen, tokens: list[Token]) -> list[Line]:
    """The lines at a place that give their maker away."""
    last, after = tokens[seen.at + seen.size - 1], tokens[seen.at + seen.size]
    numbered = last.role == "code" or after.role in ("number", "code") and after.gap in (" ", "-", "")
    faint = seen.size == 1 and len(last.key) < 4 and not numbered and not last.text.isupper()
    sure = ("alone", "numbered") if numbered or not seen.at else ("alone",)
    return [line for line in seen.what if line.trust in sure and not faint]


def choose_maker(who: list[Seen], what: list[Seen], tokens: list[Token]) -> tuple[str, Seen, float, str] | None:
    """(maker, its place, how sure, rule): named and followed by one of its lines, named first, or told by a line."""

    def points(s: Seen) -> float:
        follows = any(0 <= w.at - s.at - s.size <= 4 and w.of(s.what.name) for w in what)
        return 2 - 0.02 * s.at + (1.5 if follows else -1.6 * s.what.service - 0.5 * s.what.word)

    best, strong = max(who, key=points, default=None), [(s, line) for s in what for line in trusted(s, tokens)]
    if best and (points(best) >= 1 or not strong):
        return best.what.name, best, 0.95 if points(best) >= 1 else 0.6, "named"
    if strong:
        return strong[0][1].maker, strong[0][0], 0.8, f"line {strong[0][1].name}"
    for i, t in enumerate(tokens):
        starts = "\n" in t.gap or all(x.role == "stop" for x in tokens[:i])
        if starts and t.role in ("word", "code") and not t.aside and (near := tables.near_maker(t.key)):
            return near.name, Seen(i, 1, near), 0.6, "misread"
    return None


def unknown_maker(tokens: list[Token], kind: str | None, heights: Sequence[float]) -> Seen | None:
    """A maker that no list has: labelled; a line of print of its own, large or repeated; or the word before a name."""
    rows: list[list[int]] = [[]]
    for i, t in enumerate(tokens[:-1]):
        rows += [[] for _ in range(t.gap.count("\n"))]
        rows[-1].append(i)
        if i and "maker_label" in tokens[i - 1].roles and t.role == "word" and re.fullmatch(r"\s?[:|=]\s?|\s*", t.gap):
            return Seen(i, 1)
    if not kind and not any(t.role in ("size", "screen") for t in tokens) and len(tokens) > 6:
        return None
    alone = [(r, row[0]) for r, row in enumerate(rows) if len(row) == 1 and len(rows) > 1 and _unknown(tokens[row[0]])]
    times, top = Counter(tokens[i].key for _, i in alone), next((r for r, row in enumerate(rows) if row), 0)
    for r, i in alone:
        large = heights and heights[min(r, len(heights) - 1)] > 0.75 * max(heights)
        titled = r == top and tokens[i + 1].role in ("code", "number")
        if len(tokens[i].key) > 3 and (times[tokens[i].key] > 1 or large or titled):
            return Seen(i, 1)
    shouted = _unknown(tokens[0]) and tokens[0].text.isupper() and any(t.text.istitle() for t in tokens)
    if kind and len(rows) == 1 and shouted:
        return Seen(0, 1)  # "BERIBES Bluetooth Headphones"
    for row in rows[:4]:
        stop = next((k for k, i in enumerate(row) if tokens[i].key in ("with", "for", "and")), 8)
        for i in row[: min(stop, 8)]:
            if _before_name(tokens, i, kind if len(rows) == 1 else None):
                return Seen(i, 1)
    return None


def _unknown(t: Token) -> bool:
    return t.role == "word" and not t.aside and len(t.key) > 2 and t.key.isalpha()


def _before_name(tokens: list[Token], i: int, kind: str | None) -> bool:
    """Does a name follow the unknown word i: a number or a code soon, or, of a known kind, any word?"""
    after = tokens[i + 1 : i + 4]
    after = after[: next((k for k, t in enumerate(after) if HARD.search(t.gap)), 3)]
    if not after or not _unknown(tokens[i]) or i and "model_label" in tokens[i - 1].roles:
        return False
    rest = [t for t in after if t.role not in ("word", "name")]
    numbered = bool(rest) and rest[0].role in ("number", "code")
    cased = tokens[i].text[0].isupper() or numbered and (after[0].role == "code" or i == 0)
    return cased and (numbered or bool(kind) and after[0].role == "word")


# --- what it is ---------------------------------------------------------------------------------------------------

ENDINGS = {"buds": "headphones", "pods": "headphones", "watch": "smartwatch", "band": "smartwatch", "book": "laptop"}
_COMPUTER = re.compile(r"i[3579]|ryzen|celeron|pentium|athlon|xeon|core$|intel|m\d$|rtx|gtx")


def kind_of(tokens: list[Token], found: list[Line]) -> str | None:
    """The kind of gadget by votes: what the text calls it, the lines it names, the parts it has. None without votes."""
    ends = [i for i, t in enumerate(tokens) if "\n" in t.gap]
    head = tokens[: ends[2] if len(ends) > 3 else None]  # further down a picture's text stands what comes with it
    accessory = any("accessory" in t.roles for t in tokens[:8]) and not any("(" in t.gap for t in tokens[:8])
    if accessory and any(t.aside for t in head):
        return "other"
    votes: Counter[str] = Counter()
    for line in found[:4]:
        votes[line.kind] += 1.2 if line.trust != "alone" else 4 if line.kind in GADGETS[:3] else 2.5
    for i, t in enumerate(tokens):
        for kind in t.roles & {*GADGETS, *(["other"] if i < len(head) else [])} if not t.aside else ():
            votes[kind] += 1 if t.role == "name" else 2
        ending = next((e for e in ENDINGS if t.key.rstrip("0123456789").endswith(e)), None)
        if ending and t.role in ("word", "code") and t.key not in tables.lines():
            votes[ENDINGS[ending]] += 2
        votes["laptop"] += 2 * (t.role == "chip" and bool(_COMPUTER.match(t.key))) + ("computer" in t.roles)
    votes = +votes
    return max(votes, key=lambda kind: (votes[kind], kind != "other")) if votes else "other" if accessory else None


# --- what it is called --------------------------------------------------------------------------------------------


def dropped(t: Token, maker: str | None, kind: str | None) -> bool:
    """Is this a code for the trade: a factory's, an order number, a machine type?"""
    return t.numbered and tables.coded(t.text, "", kind if kind in ("laptop", "other") else "mobile", maker=maker)


def read_name(tokens: list[Token], start: int, size: int, maker: str | None, kind: str | None) -> list[int]:
    """Indices of the tokens of a name: the `size` tokens of a line, then all that can belong to it."""
    kept, j = list(range(start, start + size)), start + size
    while not tokens[j].aside and (j == start or _joined(tokens, j, kept)):
        step = _step(tokens, j, kept, maker, kind)
        if step < 0:
            break
        kept += range(j, j + step)
        j += max(1, step)
    while len(kept) > max(1, size) and "describes" in tokens[kept[-1]].roles:
        numbered, word = any(tokens[k].numbered for k in kept[:-1]), tokens[kept[-1]].key
        if word not in ("series", "tablet", "convertible") and (word == "active" or not numbered):
            break
        kept.pop()  # "Nitro 5 Gaming" laptop
    return kept


def _joined(tokens: list[Token], j: int, kept: list[int]) -> bool:
    """Does the gap before token j leave the name whole? A short bracket does, and a line's end before a number."""
    t, gap, numbered = tokens[j], tokens[j].gap, any(tokens[k].numbered for k in kept)
    if not HARD.search(gap) or gap.strip() == ")" and "(" in "".join(tokens[k].gap for k in kept[1:]):
        return True
    if gap.strip() == "(" and kept:
        inside = next((k for k in range(1, 4) if ")" in tokens[min(j + k, len(tokens) - 1)].gap), 1)
        lone = inside == 1 and t.role in NAMEABLE and len(t.key) < 5
        return lone or inside > 1 and bool(ORDINAL.fullmatch(t.key) or t.key == "gen")
    if gap in ("- ", " -"):
        return bool(kept) and t.role == "code" and tokens[j - 1].role in ("code", "number")  # "15s- eq2144au"
    if gap != "\n" or not kept:
        return False
    line = tokens[j : next((k for k in range(j + 1, len(tokens)) if "\n" in tokens[k].gap), len(tokens))]
    suffix = all(x.role == "name" and len(x.key) > 1 for x in line) or t.key == "5g" or t.role == "ordinal"
    return suffix or t.role in NAMEABLE and not numbered


def _step(tokens: list[Token], j: int, kept: list[int], maker: str | None, kind: str | None) -> int:
    """How many tokens from j on go on with a name: 0 where one is passed over, -1 where the name ends."""
    t, after, phone = tokens[j], tokens[min(j + 1, len(tokens) - 1)], kind in ("mobile_phone", "tablet", None)
    edition = next((k for k, x in enumerate(tokens[j : j + 4]) if "edition" in x.roles and kept), None)
    if edition and not any(HARD.search(x.gap) for x in tokens[j + 1 : j + edition + 1]):
        return edition + 1
    if YEAR.fullmatch(t.key):
        return int(bool(kept) and (kind != "laptop" or maker == "Apple"))
    if t.key == "5g":
        return 1 if kept and phone else -1
    if t.role in NAMEABLE and dropped(t, maker, kind):
        return 0 if kept else -1
    if t.role == "number":
        numbers = sum(tokens[k].role == "number" for k in kept)
        return 1 if len(t.key) < 5 and numbers < 2 and after.key != "in" else -1
    if t.role == "decimal":  # "Galaxy Tab E 9.6", "Nokia 5.3"
        return 1 if t.value < 20 and t.gap == " " and (kind == "tablet" if kept else phone) else -1
    if t.role in ("name", "code") or t.role == "ordinal" and kept:
        return 1
    return 1 if t.role == "word" and _belongs(tokens, j, kept, kind) else -1


def _belongs(tokens: list[Token], j: int, kept: list[int], kind: str | None) -> bool:
    """May the unknown word j belong to a name? While that has no number, if one follows soon or the name ends here."""
    t, after = tokens[j], tokens[j + 1]
    if any(tokens[k].numbered for k in kept) or sum(tokens[k].role == "word" for k in kept) > 1:
        return kind == "laptop" and t.text.isupper() and len(t.key) in (2, 3) and tokens[j - 1].numbered  # "V14 ITL"
    if after.role in NAMEABLE and not HARD.search(after.gap):
        return True
    worn, ends = kind in ("headphones", "smartwatch"), HARD.search(after.gap) or after.role not in ("word", *NAMEABLE)
    return bool(ends) and (not kept or worn) or worn and t.text[0].isupper()


def model(
    tokens: list[Token], maker: str | None, place: Seen | None, kind: str | None, what: list[Seen]
) -> tuple[list[int], float, str]:
    """The tokens of the model's name, how sure, and the rule; no tokens where the text names none."""
    begin = place.at + place.size * (isinstance(place.what, Maker) or not place.what) if place else 0
    kept, rule = _from_lines(tokens, maker, begin, kind, what), "line"
    if not kept and place:
        kept, rule = _after_maker(tokens, maker, begin, kind), "after the maker"
    if not any(tokens[k].numbered for k in kept):
        said = _labelled(tokens, maker, kind)
        kept, rule = (said, "labelled") if len(said) > len(kept) else (kept, rule)
    if kind == "laptop" and maker:
        kept = _laptop_code(tokens, kept, maker)
    if not kept and place:
        codes = [i for i, t in enumerate(tokens) if i >= begin and t.role == "code" and not t.aside]
        codes = [i for i in codes if re.match(r"[a-z]|\d{4}", tokens[i].key)]
        kept, rule = [i for i in codes if "code_label" not in tokens[i - 1].roles][:1], "code"
    if maker == "Apple" and kept and kind == "laptop" and not any(YEAR.fullmatch(tokens[k].key) for k in kept):
        years = [i for i, t in enumerate(tokens) if YEAR.fullmatch(t.key) and tokens[i - 1].key not in ("office", "in")]
        kept += years[:1]  # "MacBook Pro 13 (Retina, 2015)"
    lone = len(kept) == 1 and tokens[kept[0]].key.isdecimal() and len(tokens[kept[0]].key) == 1
    if not kept or lone and kind in ("laptop", "headphones", "smartwatch"):
        return [], 0, ""  # a lone digit counts hours, reviews, anything
    return kept, 0.9 if rule == "line" else 0.75, rule


def _labelled(tokens: list[Token], maker: str | None, kind: str | None) -> list[int]:
    """The name behind "Model", where that word begins a line or a cell."""
    for i, (label, t) in enumerate(zip(tokens, tokens[1:]), 1):
        begins = i == 1 or re.search(r"[\n|;]|\s\s", label.gap)
        if "model_label" in label.roles and begins and re.fullmatch(r"\s?[:|=]?\s*", t.gap):
            return read_name(tokens, i, int(t.role == "stop"), maker, kind)
    return []


def _from_lines(tokens: list[Token], maker: str | None, begin: int, kind: str | None, what: list[Seen]) -> list[int]:
    """The name that a line of the maker begins; without a maker, one that stands first and has its number."""
    own = [s for s in what if s.of(maker)]
    if maker is None:
        own = [s for s in what if s.at == 0 or "\n" in tokens[s.at].gap]
        own = [s for s in own if tokens[s.at + s.size].role in ("number", "code")][:1]
    readings = [read_name(tokens, s.at, s.size, maker, kind) for s in own]
    alone = [s.at for s in own[:8] if s.size == 1 and "\n" in tokens[s.at + 1].gap]
    inside = {k for s in own for k in range(s.at + 1, s.at + s.size)}
    for i, t in enumerate(tokens if alone else ()):  # "Galaxy" on the line before "Tab A9+", or after it
        near = min(alone, key=lambda at: abs(at - i))
        if (i == 0 or "\n" in t.gap) and i not in inside and t.key and tokens[near].key + t.key in tables.lines():
            readings.append([near, *read_name(tokens, i, 1, maker, kind)])
    kept = max(readings, key=lambda r: (any(tokens[k].numbered for k in r), len(r) > 1, -r[0], len(r)), default=[])
    between = tokens[begin : kept[0]] if kept and maker else []
    plain = all(t.role in (*NAMEABLE, "word") and not YEAR.fullmatch(t.key) for t in between)
    broken = any(HARD.search(t.gap) for t in (*between[1:], tokens[kept[0]])) if between else True
    return kept if broken or not plain else [*range(begin, kept[0]), *kept]  # "LG V60 ThinQ"


def _after_maker(tokens: list[Token], maker: str | None, begin: int, kind: str | None) -> list[int]:
    """The name that follows the maker, past words that every title has ("2022", "Newest", "Laptop")."""
    j = begin
    for t in tokens[begin : begin + 6]:
        passed = t.role in ("stop", "screen") or YEAR.fullmatch(t.key) or dropped(t, maker, kind)
        if not passed or re.search(r"[|;\n]" if j > begin else r"[|;]", t.gap):
            break
        j += 1
    if j > begin and re.search(r"[,|;(\n]", tokens[j].gap) and tokens[j].role != "code":
        return []
    kept = read_name(tokens, j, 0, maker, kind)
    if j > begin and not any(tokens[k].numbered for k in kept):
        return []  # after "Wireless" a bare word describes
    return [j - 1, *kept] if tokens[j - 1].key == "watch" and tokens[j].role == "number" else kept  # "Smart Watch 5"


def _laptop_code(tokens: list[Token], kept: list[int], maker: str) -> list[int]:
    """Add a laptop's number, which many shops put at the end of the title or behind a bracket."""
    if any(tables.coded(tokens[k].text, "full", maker=maker) for k in kept):
        return kept
    have, start = {tokens[k].key for k in kept}, max(kept, default=-1) + 1
    for i, t in enumerate(tokens[start:], start):
        said = "code_label" in tokens[i - 1].roles or t.aside or dropped(t, maker, "laptop")
        if said or t.role not in ("code", "number"):
            continue
        closing = t.gap.strip(" -") == ")" and (t.role == "code" or len(t.key) > 2)
        if closing or tables.coded(t.text, "full", maker=maker):
            more = [k for k in read_name(tokens, i, 0, maker, "laptop") if tokens[k].key not in have]
            twice = [k for k in kept if t.key.startswith(tokens[k].key) and 1 < len(tokens[k].key) < len(t.key)]
            return [k for k in kept if k not in twice or tokens[k].key.isalpha()] + more  # "15 15s-eq2144au"
    return kept


def spell(tokens: list[Token], kept: list[int], maker: str | None) -> str:
    """The name as written, each word once, without its maker; empty where nothing else is left."""
    words: dict[str, str] = {}
    for k in kept:
        t = tokens[k]
        if t.key != tables.key(maker or ""):
            words.setdefault(t.key if len(t.key) > 2 else f"{t.key} {k}", "Edition" if "edition" in t.roles else t.text)
    return " ".join(words.values())[:80]
