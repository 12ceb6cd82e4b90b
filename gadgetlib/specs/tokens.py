"""One pass over a text: tokens with roles. Everything after this step reads tokens, never characters."""

import re
from collections import deque
from dataclasses import dataclass
from functools import cache

from gadgetlib import money
from gadgetlib.specs import tables

NONE: frozenset[str] = frozenset()
# Letters that stand for a 0 ("2O Pro"), a 1 ("l3C") and an I ("EDlFIER") where the text has capitals.
MISREAD = re.compile(r"(?<=\d)(O)(?=\d|\W|$|[A-Z][a-z])|(?<![^\W_])(l)(?=\d)|(?<=\d)(l)(?=\d)|(?<=[A-Z])(l)(?=[A-Z])")
HARD = re.compile(r"[,;|:\n()\[\]{}/\\~*\"!?<>=•]|\s-\s?|-\s|\.\s")  # a gap that ends a name
ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th|[dtrmv]a|e|è|er|re|ère|ème|eme|ª|º|°)?")
YEAR = re.compile(r"(?:19[89]|20[0-4])\d")
LETTER = rf"[^\W_{tables.UNSPACED}]"  # or a digit, of a script with blanks between its words


@dataclass(slots=True)
class Token:
    """A word, number or quantity: `text[start:end]`, what stands before it (`gap`) and what it does (`role`).

    role: size, screen, measure, money, chip, stop, name, number, decimal, ordinal, code (letters with digits) or word
    (unknown); roles: all that `words.csv` calls it; value: of a number, GB of a size, inches of a screen; hint: what a
    size is, or cpu or gpu of a chip; aside: it names another gadget; price: the one that it is part of; row: its
    line of the text; first: it begins that.
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
    price: money.Money | None = None
    row: int = 0
    first: bool = False

    @property
    def numbered(self) -> bool:
        """Has it a digit?"""
        return any(c.isdecimal() for c in self.key)


END = Token("", "", 0, 0, "\n\n", "")  # stands behind the last token


@cache
def _pattern() -> tuple[re.Pattern[str], dict[str, float]]:
    """The one pattern of all tokens, and what each unit of a screen is in inches."""
    known = money.any_of(tables.unspaced_words())
    units, measures = money.units("inch"), money.any_of(money.units("measure"))
    words = money.any_of(unit for unit in units if unit[0] not in "\"'")
    inch = rf"\"|''?(?!\d)|-?(?:{words})(?:(?<=[{tables.UNSPACED}])|(?!{LETTER}))"
    inch += r"|(?:(?<=\d)-?|(?<=[.,]\d) |(?<=[.,]\d\d) )in(?![\w-])"
    begin = rf"(?<!{LETTER})(?<!\d[.,])"
    alternatives = (
        rf"(?P<size>{money.SIZE.pattern})",
        rf"(?P<screen>{begin}(?P<inches>(?:1[0-8]|[4-9]) \d(?= ?[\"'])|\d{{1,3}}(?:[.,]\d{{1,2}})?)"
        rf"(?: (?=\D))?(?P<inch>{inch}))",
        rf"(?P<short>{begin}(?P<many>\d{{1,4}}) ?[gt](?!\w|\.\d))",  # 8G, 1T: their neighbours say what they are
        rf"(?P<measure>{begin}(?:\d{{2,4}}(?:[x*]| [x*] )\d{{2,4}}|\d\d?:\d\d|[2-8](?:\.\d)?k"
        r"|(?:240|360|480|720|1080|1440|2160)[pi])(?!\w)"
        rf"|{begin}\d{{1,5}}(?:[.,]\d{{1,3}})?\+?[ \n]?-?(?:{measures})(?!{LETTER}))",
        rf"(?P<decimal>{begin}\d{{1,5}}[.,]\d{{1,2}}(?!{LETTER}|[.,]\d))",
        rf"(?P<word>(?:ssd|hdd|ram|rom)(?=\d)|\d+(?=ssd|hdd|nvme|emmc)"
        rf"|{known}|[{tables.UNSPACED}]+?(?={known}|[^{tables.UNSPACED}]|$)"
        rf"|{LETTER}+(?:[-.&'#](?!\d+ ?[gtm][bo](?!{LETTER})){LETTER}+)*\+{{0,2}}(?!{LETTER}))",
    )
    return re.compile("|".join(alternatives)), units


def scan(text: str) -> list[Token]:
    """The tokens of a text, in order, each with its role, and an "end" behind the last; in linear time."""
    if not text.islower():
        text = MISREAD.sub(lambda m: "011I"[m.lastindex - 1], text)
    low = money.plain(text)
    prices, tokens, last = deque(money.find(low)), [], 0
    for m in _pattern()[0].finditer(low):
        while prices and prices[0].end <= m.start():
            prices.popleft()
        asked = prices[0] if prices and prices[0].start < m.end() else None
        tokens.append(_token(text, m, low[last : m.start()], asked))
        last = m.end()
    for before, token in zip([END, *tokens], tokens):
        token.first, token.row = before is END or "\n" in token.gap, before.row + token.gap.count("\n")
    tokens.append(Token("", "", len(text), len(text), low[last:] + "\n\n", "end", row=text.count("\n") + 2, first=True))
    _phrases(tokens)
    _chips(tokens)
    _sizes(tokens)
    _asides(tokens)
    return tokens


def _token(text: str, m: re.Match, gap: str, asked: money.Money | None) -> Token:
    low, role, value, roles, hint, word = m[0], m.lastgroup or "", 0.0, NONE, "", text[m.start() : m.end()]
    if asked:
        role = "money"
    elif role == "size":
        value = int(m["count"] or 1) * float(m["number"].replace(",", ".")) * money.SIZES[m["unit"]]
        role = "measure" if word.endswith(" to") or not 0 < value <= 32_768 else "size"  # "5 to 7 days"
    elif role == "screen":
        value = float(m["inches"].replace(",", ".").replace(" ", ".")) * _pattern()[1].get(m["inch"].strip("- "), 1)
    elif role in ("short", "decimal"):
        value = float((m["many"] or low).replace(",", "."))
    elif role == "word":
        if right := tables.meant(tables.key(low)):
            word, hint = right.title() if right.islower() else right, "" if low in tables.latin() else "misread"
            low = word.lower()
        roles = tables.roles().get(tables.key(low), NONE)
        role, value = _role(low, word[0], roles), float(low[:9]) if low.isdecimal() else 0.0
    return Token(word, tables.key(low), m.start(), m.end(), gap, role, roles, value, hint, price=asked)


def _role(low: str, first: str, roles: frozenset[str]) -> str:
    """What a word is by itself: a name goes on over words of `name`, and ends at any other that the table knows."""
    if low.isdecimal():
        return "number"
    if len(low) == 1:
        return "name" if first.isupper() else "stop"
    if "name" in roles and "stop" not in roles:
        return "name"
    if roles or tables.coded(low, "feature"):
        return "stop"
    if ORDINAL.fullmatch(low):
        return "ordinal"
    return "code" if any(c.isdecimal() for c in low) else "word"


def _phrases(tokens: list[Token]) -> None:
    """Give the words of a phrase ("up to", "screen protector") the phrase's roles."""
    table = tables.roles()
    for i, token in enumerate(tokens):
        phrase, roles, last = token.key, NONE, i
        for j in range(i + 1, min(i + 3, len(tokens))):
            if tokens[j].gap not in (" ", "-", "\n", " - "):
                break
            phrase += tokens[j].key
            roles, last = (table[phrase], j) if phrase in table else (roles, last)
        for other in tokens[i : last + 1] if roles else ():
            other.roles = roles
            other.role = "stop" if other.role in ("word", "name", "code") else other.role


def _sizes(tokens: list[Token]) -> None:
    """Numbers that are sizes because of their neighbours: 8+128, 8/256GB, 64/3GB, 512 SSD, 8G."""
    ram, disk = tables.sold("ram"), tables.sold("disk")
    shop = any(t.role == "short" and t.value in (64, 128, 256, 512) for t in tokens)  # it writes G for GB
    for before, one, two in zip([END, *tokens], tokens, tokens[1:]):
        label = two.gap.strip(" -") == "" and two.roles & {"memory", "disk"}
        label = label or one.gap == " " and before.roles & {"memory", "disk"}
        if one.role == "short":
            ahead = two.gap.strip() in ("/", "+", "|") and two.value in disk
            told = label or shop or ahead or one.value > 15 and " " not in one.text
            name = "stop" if " " in one.text or one.key in ("2g", "3g", "4g") else "code"
            one.value *= 1024 if one.key[-1] == "t" else 1
            one.role = "size" if told and one.value in ram | disk else name
        _pair(one, two)
        if one.role == "number" and label and one.value >= 64 and one.value in disk:
            one.role = "size"


def _pair(one: Token, two: Token) -> None:
    """RAM and storage written together: two sizes, of which one or none has its unit, around a plus or a slash."""
    roles = {one.role, two.role}
    if two.gap.strip() not in ("+", "/") or roles == {"size"} or not roles <= {"number", "size", "short"}:
        return
    small, large = sorted((one, two), key=lambda token: token.value)
    apart = large.value > 15 or "size" in roles and large.value >= 4 * small.value  # 02/08 is a date
    if apart and small.value in tables.sold("ram") and large.value in tables.sold("disk"):
        small.role, small.hint, large.role, large.hint = "size", "ram", "size", "disk"


def _chips(tokens: list[Token]) -> None:
    """Processors and graphics: a family or a number of its shape, and what follows that belongs to it."""
    maker, reach = "Apple" if any(t.key[:4] in ("macb", "ipad", "imac", "appl") for t in tokens) else "", ""
    for token, after, then in zip(tokens, tokens[1:], [*tokens[2:], END]):
        low = token.text.lower()
        core = low == "core" and (after.key == "ultra" or tables.coded(after.text, "chip"))
        family = token.roles & {"cpu", "gpu"} or tables.coded(low, "chip", maker=maker)
        goes_on = token.gap.strip(" -(") == "" and ("tier" in token.roles or tables.coded(low, "chip number"))
        if token.role in ("size", "screen", "short"):
            reach = ""
        elif core or family:
            reach = "gpu" if "gpu" in token.roles else "cpu"
        elif not goes_on:
            reach = ""
        dated = after.key == "gen" and (then.key == "core" or "cpu" in then.roles or tables.coded(then.text, "chip"))
        if reach or dated:  # 11th Gen Intel, 11th Gen i5-1145G7
            token.role, token.hint = "chip", reach


def _asides(tokens: list[Token]) -> None:
    """Mark the names of other gadgets: "case for Galaxy S22", "compatible with iPhone", "iPhone対応"."""

    def named(token: Token) -> bool:
        return token.key in tables.makers() or token.key in tables.lines()

    on = False
    for i, token in enumerate(tokens):
        if "fits" in token.roles:
            begin = next((k for k in range(i - 1, max(-1, i - 4), -1) if named(tokens[k])), i)
            while begin and named(tokens[begin - 1]):
                begin -= 1
            for other in tokens[begin:i]:
                other.aside = True
        if "aside" in token.roles:
            on = any(map(named, tokens[i + 1 : i + 4]))
        elif re.search(r"[,|\n;()]", token.gap):
            on = False
        token.aside = on
