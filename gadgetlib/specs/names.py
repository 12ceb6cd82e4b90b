"""The maker, the kind and the model's name, from tokens."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from gadgetlib.specs import tables
from gadgetlib.specs.tables import Line, Maker
from gadgetlib.specs.tokens import HARD, ORDINAL, YEAR, Token

GADGETS = ("headphones", "smartwatch", "tablet", "laptop", "mobile_phone")
NAMEABLE = ("name", "number", "code")
PHONES = ("mobile_phone", "tablet", None)


class Seen(NamedTuple):
    """A maker, or lines, at tokens `at` to `at + size`; an unknown maker is an empty tuple."""

    at: int
    size: int
    what: Maker | tuple[Line, ...] = ()

    def of(self, maker: str | None) -> bool:
        """Is one of these lines the maker's?"""
        return any(line.maker == maker for line in self.what)


def specified(tokens: list[Token]) -> bool:
    """Does anything tie the text to a gadget for sale?"""
    return any(t.role in ("size", "screen", "money", "chip") for t in tokens)


def find(tokens: list[Token]) -> tuple[list[Seen], list[Seen]]:
    """Where the text names makers and lines; names that are glued ("NOISEHRX") are cut."""
    who: list[Seen] = []
    what: list[Seen] = []
    makers, lines, i = tables.makers(), tables.lines(), 0
    while i < len(tokens):
        phrase, maker, line = "", None, None
        for j, t in enumerate(tokens[i : i + 4], i):
            if t.aside or t.role in ("chip", "end") or j > i and t.gap.strip(" -.'&+\n"):
                break
            phrase += t.key
            stem = phrase.rstrip("0123456789") if j > i and t.role in ("code", "name") else phrase  # Galaxy Buds2
            maker = Seen(i, j - i + 1, makers[phrase]) if phrase in makers else maker
            line = Seen(i, j - i + 1, lines.get(phrase) or lines[stem]) if phrase in lines or stem in lines else line
        if not maker and not line and _cut(tokens, i):
            continue
        who += [maker] if maker else []
        what += [line] if line else []
        i += max(s.size for s in (maker, line, Seen(i, 1)) if s)
    return [s for s in who[:40] if _believable(s, tokens, what)], what[:40]


def _cut(tokens: list[Token], i: int) -> bool:
    """Cut a token in two where a maker or a line ends in it: "NOISEHRX", "NOKIAC32", "iPhone15", "TabA9"; is it cut?"""
    t, makers, lines = tokens[i], tables.makers(), tables.lines()
    if t.role not in ("code", "word") or t.key != t.text.lower():
        return False
    camel = re.match(r"\w*[a-z](?=[A-Z]{1,2}\d)", t.text)
    for n in (*([camel.end()] if camel else []), *range(min(len(t.key) - 1, 16), 1, -1)):
        head, rest = t.key[:n], t.key[n:]
        named = len(rest) > 2 and rest in lines or any(c.isdecimal() for c in rest)
        telling = n > 3 or any(line.trust == "numbered" for line in lines.get(head, ()))  # "MI3"
        cut = camel and n == camel.end() or telling and head.isalpha() and rest[0].isdecimal()
        if head in makers and n > 2 and named or head in lines and cut:
            break
    else:
        return False
    tokens[i] = replace(t, text=t.text[:n], key=head, end=t.start + n, role="word")
    role = "number" if rest.isdecimal() else t.role
    tokens.insert(i + 1, replace(t, text=t.text[n:], key=rest, start=t.start + n, gap="", role=role, first=False))
    return True


def _believable(seen: Seen, tokens: list[Token], what: list[Seen]) -> bool:
    """Is this word the maker here, or an everyday word ("noise cancelling", "nothing included")?"""
    first = tokens[seen.at]
    if "software" in first.roles or seen.at and "partner" in tokens[seen.at - 1].roles:
        return False
    if not seen.what.word or any(s.at == seen.at + 1 and s.of(seen.what.name) for s in what):
        return True
    alone = first.first and tokens[seen.at + seen.size].first  # on its line of print
    capital = not first.text[0].islower() or seen.what.name[:1].islower()
    return alone or capital and not any(t.role in ("word", "name") for t in tokens[: seen.at])


def trusted(seen: Seen, tokens: list[Token]) -> list[Line]:
    """The lines at a place that give their maker away."""
    numbered = not seen.at or tokens[seen.at + seen.size].role in ("number", "code")
    return [x for x in seen.what if x.trust == "alone" or x.trust == "numbered" and numbered]


def choose_maker(who: list[Seen], what: list[Seen], tokens: list[Token]) -> tuple[str, Seen, float, str] | None:
    """(maker, its place, how sure, rule): named and followed by one of its lines, named first, or told by a line."""
    followed = {s for s in who if any(0 <= w.at - s.at - s.size <= 4 and w.of(s.what.name) for w in what)}
    sold = specified(tokens)  # else it is print on a screen: "Google", "Microsoft Store"
    who = [s for s in who if sold or s in followed or not s.what.service]
    best = max(who, key=lambda s: (s in followed, not s.what.service, -s.at), default=None)
    seen, line = next(((s, line) for s in what for line in trusted(s, tokens)), (None, None))
    if line and (best is None or best not in followed and (best.what.service or seen.at < best.at)):
        return line.maker, seen, 0.8, f"line {line.name}"  # "Redmi Note 14 ... SONY Camera"
    return (best.what.name, best, 0.6 if tokens[best.at].hint == "misread" else 0.95, "named") if best else None


def unknown_maker(tokens: list[Token], kind: str | None) -> Seen | None:
    """A maker that no list has: labelled, alone on a line of print, heading a title, or the word before a name."""
    for i, t in enumerate(tokens[1:], 1):
        if "maker_label" in tokens[i - 1].roles and t.role == "word" and re.fullmatch(r"\s?[:|=]?\s*", t.gap):
            return Seen(i, 1)
    if not kind and not specified(tokens) and (len(tokens) > 7 or any("date" in t.roles for t in tokens)):
        return None  # print that nothing ties to a gadget
    alone = [(i, t) for i, t in enumerate(tokens[:-1]) if t.first and tokens[i + 1].first and _unknown(t)]
    alone = [(i, t) for i, t in alone if not t.gap.strip() and (t.text[0].isupper() or t.text.islower())]
    times = Counter(t.key for _, t in alone)
    for i, t in alone:
        titled = len(tokens) == 2 or any(x.role in NAMEABLE for x in tokens[i + 1 : i + 4] if x.row == t.row + 1)
        if times[t.key] > 1 or titled and i == 0:
            return Seen(i, 1)
    title = not any(t.row for t in tokens[:-1])
    first = next((k for k, t in enumerate(tokens) if t.key.isascii()), 0)  # "Гарнитура Accesstyle Terra"
    if title and _unknown(tokens[first]):
        named = (first or kind) and tokens[first + 1].role in ("word", *NAMEABLE)
        head = tokens[1 : next(k for k, t in enumerate(tokens) if k and HARD.search(t.gap))][:4]
        if named or any(t.roles & set(GADGETS) for t in head):  # "Aeac Smart Watch"
            return Seen(first, 1)
    told = title or specified(tokens)  # bare numbers on a picture are hours, keys, anything
    return next((Seen(i, 1) for i in range(min(len(tokens), 40)) if _before_name(tokens, i, told)), None)


def _unknown(t: Token) -> bool:
    return t.role == "word" and not t.aside and len(t.key) > 2 and t.key.isalpha() and t.key.isascii()


def _before_name(tokens: list[Token], i: int, told: bool) -> bool:
    """Does a code follow the unknown word i, or where something tells of a gadget a number, at most two words on?"""
    after = tokens[i + 1 : i + 4]
    after = after[: next((k for k, t in enumerate(after) if HARD.search(t.gap)), 3)]
    ends = [t.role for t in after if t.role not in ("word", "name")]
    numbered = told and ends[:1] == ["number"] != ends[1:2]  # two are a telephone's
    return _unknown(tokens[i]) and (ends[:1] == ["code"] or numbered)


def kind_of(tokens: list[Token], found: list[Line]) -> str | None:
    """The kind of gadget by votes: what the text calls it, the lines it names, the parts it has. None without votes."""
    accessory = any("accessory" in t.roles for t in tokens[:8])
    votes = Counter(line.kind for line in found[:4])
    for t in tokens:
        votes.update(t.roles & {*GADGETS, "other"} if not t.aside else ())
        votes["laptop"] += bool(t.role == "chip" and tables.coded(t.text, "computer") or "computer" in t.roles)
    votes = +votes
    if not votes and not accessory and any(t.role == "size" and t.hint == "ram" for t in tokens):
        return "mobile_phone"  # memory and storage side by side, 6/128GB, are how phones are told apart
    return max(votes, key=lambda kind: (votes[kind], kind != "other")) if votes else "other" if accessory else None


def dropped(t: Token, maker: str | None, kind: str | None) -> bool:
    """Is this a code for the trade: a factory's, an order number, a machine type?"""
    return tables.coded(t.text, "", "laptop" if kind == "laptop" else "mobile", maker=maker)


def numbered(tokens: list[Token], kept: list[int]) -> bool:
    """Has a name a token with a digit?"""
    return any(tokens[k].numbered for k in kept)


def read_name(tokens: list[Token], start: int, size: int, maker: str | None, kind: str | None) -> list[int]:
    """Indices of the tokens of a name: the `size` tokens of a line, then all that can belong to it."""
    kept, j = list(range(start, start + size)), start + size
    last = len(tokens) - 1
    while j < last and len(kept) < 12 and not tokens[j].aside and (j == start or _joined(tokens, j, kept)):
        step = _step(tokens, j, kept, maker, kind)
        if step < 0:
            break
        kept += range(j, j + step)
        j += max(1, step)
    while len(kept) > max(1, size) and "describes" in tokens[kept[-1]].roles and numbered(tokens, kept[:-1]):
        kept.pop()  # "Nitro 5 Gaming" laptop
    return kept


def _joined(tokens: list[Token], j: int, kept: list[int]) -> bool:
    """Does the gap before token j leave the name whole? A short bracket does, and a line's end before a number."""
    t, gap = tokens[j], tokens[j].gap
    if not HARD.search(gap):
        return True
    if gap.strip() == "(":
        return bool(ORDINAL.fullmatch(t.key)) or t.key == "gen" or len(t.key) < 5 and ")" in tokens[j + 1].gap
    if gap == ") ":
        return t.key == "5g"  # "Phone (2a) 5G"
    if gap in ("- ", " -"):
        return t.role == "code"  # "15s- eq2144au"
    if gap != "\n":
        return False
    goes_on = t.role == "ordinal" or "suffix" in t.roles or t.key == "5g"  # "M10" over "3rd Gen", "CE 3" over "Lite 5G"
    describes = "describes" in t.roles and tokens[j + 1].role != "number"  # "Cloud II" over "Gaming Headset"
    return goes_on or t.role in NAMEABLE and not describes and not numbered(tokens, kept)


def _step(tokens: list[Token], j: int, kept: list[int], maker: str | None, kind: str | None) -> int:
    """How many tokens from j on go on with a name: 0 where one is passed over, -1 where the name ends."""
    t, after = tokens[j], tokens[j + 1]
    if any(tokens[k].key == t.key for k in kept):
        return -1  # printed twice
    edition = next((k for k, x in enumerate(tokens[j : j + 4]) if x.role == "size" or "edition" in x.roles), 0)
    if edition and tokens[j + edition].role != "size":
        return edition + 1
    if YEAR.fullmatch(t.key):
        return int(bool(kept) and kind != "laptop")
    part = t.role == "code" and t.key[0].isalpha() and sum(c.isdecimal() for c in t.key) > 2  # a factory's number
    if dropped(t, maker, kind) or part and kind != "laptop" and numbered(tokens, kept):
        return 0
    if t.role == "number":
        return 1 if len(t.key) < 5 and after.key != "in" else -1
    if t.role == "decimal":  # "Galaxy Tab E 9.6", "Nokia 5.3"
        return 1 if kind in PHONES else -1
    if t.role in ("name", "code", "ordinal"):
        return 1
    if t.role == "word" and numbered(tokens, kept):
        return 1 if kind == "laptop" and t.text.isupper() and len(t.key) in (2, 3) else -1  # "V14 ITL"
    word = t.role == "word" and t.key.isascii()
    whole = word and not kept and after.role != "word"
    goes_on = after.role in (*NAMEABLE, "decimal") and (word or len(t.key) == 1)  # "galaxy tab a 8.0"
    return 1 if whole or goes_on else -1


RULES = {"line": 0.9, "after the maker": 0.8, "labelled": 0.75}  # how sure each is


def model(
    tokens: list[Token], maker: str | None, place: Seen | None, kind: str | None, what: list[Seen]
) -> tuple[list[int], float, str]:
    """The tokens of the model's name, how sure, and the rule: the best of all readings; none where it has no name.

    A name with a number beats one without; then the rule counts, then a second word, then how early it stands.
    """
    readings = [r for r in _readings(tokens, maker, place, kind, what) if r[0] and (kind != "other" or r[1] == "line")]
    kept, rule = max(
        readings, key=lambda r: (numbered(tokens, r[0]), RULES[r[1]], len(r[0]) > 1, -r[0][0]), default=([], "")
    )
    if kind == "laptop" and maker:
        kept = _with_code(tokens, kept, maker)
    if kind == "laptop" and maker == "Apple" and kept and not any(YEAR.fullmatch(tokens[k].key) for k in kept):
        kept = kept + [i for i, t in enumerate(tokens) if YEAR.fullmatch(t.key)][:1]  # "MacBook Pro 13 (Retina, 2015)"
    if kept and maker == "Apple" and not numbered(tokens, kept):  # iPad 64GB - Silver (9th Generation)
        last = next((i for i, t in enumerate(tokens) if t.role == "ordinal" and tokens[i + 1].key[:3] == "gen"), 0)
        kept = [*kept, last, last + 1] if last else kept
    if not kept and maker:  # nothing else names it
        kept = [i for i, t in enumerate(tokens) if t.role == "code" and dropped(t, maker, kind)][:1]
    return kept, RULES.get(rule, 0.6), rule or "code"


def _readings(
    tokens: list[Token], maker: str | None, place: Seen | None, kind: str | None, what: list[Seen]
) -> Iterator[tuple[list[int], str]]:
    """Every name that may be the model's, with its rule."""
    begin = place.at + place.size if place else 0
    own = [s for s in what if s.of(maker)][:12]
    for s in own:
        kept = read_name(tokens, s.at, s.size, maker, kind)
        start = begin
        while start < s.at and {"describes", "tablet"} <= tokens[start].roles:  # Multilaser Tablet M7
            start += 1
        between = tokens[start : s.at]
        plain = all(t.role in (*NAMEABLE, "word") and not YEAR.fullmatch(t.key) for t in between)
        whole = between and plain and not any(HARD.search(t.gap) for t in (*between[1:], tokens[s.at]))
        before = [k for k in range(start, s.at) if whole and not dropped(tokens[k], maker, kind)]  # "LG V60 ThinQ"
        yield [*before, *kept], "line"
    inside = {k for s in own for k in range(s.at + 1, s.at + s.size)}
    alone = [s.at for s in own if s.size == 1 and tokens[s.at + 1].first]
    for i, t in enumerate(tokens[:-1] if alone else ()):  # "Galaxy" on the line before "Tab A9+", or after it
        if t.first and i not in inside and tokens[alone[0]].key + t.key in tables.lines():
            yield [alone[0], *read_name(tokens, i, 1, maker, kind)], "line"
    for i, (label, t) in enumerate(zip(tokens, tokens[1:]), 1):
        if "model_label" in label.roles and (label.first or re.search(r"[|;]", label.gap)):
            kept = read_name(tokens, i, int(t.role == "stop"), maker, kind)
            yield [k for k in kept if tokens[k].row == t.row and not dropped(t, maker, kind)], "labelled"
    if not maker and kind in GADGETS:
        i = next(i for i, t in enumerate(tokens) if not t.roles & set(GADGETS))
        if tokens[i].role == "code":  # T800 Ultra Smart Watch
            yield read_name(tokens, i, 0, maker, kind), "labelled"
    if place and not place.at and len(tokens) < 6:
        name = tokens[begin:-1]
        if all(t.role in (*NAMEABLE, "word", "ordinal") and not HARD.search(t.gap) for t in name):
            yield [*range(begin, len(tokens) - 1)], "line"  # a bare name: "Suunto Spartan Sport"
    if place:
        j = begin  # past words that every title has between maker and name: "Newest", "Laptop"
        while tokens[j].role == "stop" and (tokens[j].roles & set(GADGETS) or not re.search(r"[|;\n]", tokens[j].gap)):
            j += 1
        kept = read_name(tokens, j, 0, maker, kind)
        phone = kind in PHONES and (kind or specified(tokens))  # else bare digits are hours, keys, anything
        telling = any(tokens[k].role == "code" or tokens[k].numbered and phone for k in kept)
        if telling or not tokens[j].first and (j == begin or numbered(tokens, kept)):  # "Wireless" describes
            yield kept, "after the maker"


def _with_code(tokens: list[Token], kept: list[int], maker: str) -> list[int]:
    """Add a laptop's number, which many shops put at the end of the title or behind a bracket."""
    if any(tables.coded(tokens[k].text, "full", maker=maker) for k in kept):
        return kept
    have, start = {tokens[k].key for k in kept}, max(kept, default=-1) + 1
    for i, t in enumerate(tokens[start:], start):
        behind = t.gap.strip(" -") == ")"  # a bracket
        if t.role in ("code", "number") and (behind or tables.coded(t.text, "full", maker=maker)):
            more = [k for k in read_name(tokens, i, 0, maker, "laptop") if tokens[k].key not in have]
            part = [k for k in kept if 1 < len(tokens[k].key) < len(t.key) and t.key.startswith(tokens[k].key)]
            return [k for k in kept if k not in part] + more
    return kept


def spell(tokens: list[Token], kept: list[int], maker: str | None) -> str:
    """The name as written, without its maker; empty where nothing else is left."""
    named = [tokens[k] for k in kept if tokens[k].key != tables.key(maker or "")]
    return " ".join("Edition" if "edition" in t.roles else t.text for t in named)[:80]
