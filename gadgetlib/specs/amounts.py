"""Memory, storage, screen and price, from tokens."""

import re
from bisect import bisect
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from gadgetlib import money
from gadgetlib.specs import tables
from gadgetlib.specs.tokens import END, NONE, Token


class Found(NamedTuple):
    """A value with the characters that state it, how sure the rule is (0 to 1), and the rule's name."""

    value: float | str
    start: int
    end: int
    sure: float
    rule: str


LABELS = {"upto": "no", "notbuilt": "no", "memory": "ram", "disk": "disk", "either": "either", "graphics": "video"}


def _label_of(token: Token) -> str:
    """What a word calls a size: ram, disk, either, video (of a graphics card), no (not built in), or nothing."""
    if token.role == "chip" or token.role == "name" and "disk" not in token.roles:
        return ""
    return next((label for role, label in LABELS.items() if role in token.roles), "")


def _near(tokens: list[Token], a: int, b: int) -> int:
    """How closely tokens a < b belong together: 2 side by side, 1 over a comma or the end of a line, 0 not."""
    filled = all(t.roles & {"fill", "upto"} or t.role == "measure" for t in tokens[a + 1 : b])
    gaps = "\0".join(t.gap for t in tokens[a + 1 : b + 1])
    if b - a > 8 or not filled or re.search(r"[|/;]|\n.*\n", gaps):
        return 0
    return 1 if "," in gaps or "\n" in gaps else 2


def _label(tokens: list[Token]) -> None:
    """Give every size the label that stands nearest, one label to one size: its `hint`."""
    sizes = [i for i, t in enumerate(tokens) if t.role == "size"]
    largest = max((tokens[i].value for i in sizes), default=0)
    pairs: list[tuple[int, int, int, str]] = []
    for a, label in enumerate(map(_label_of, tokens)):
        phrase = a - (a > 0 and tokens[a].roles is tokens[a - 1].roles)  # "Extended RAM" speaks for one size
        k = bisect(sizes, a)
        for size in sizes[max(0, k - 1) : k + 1] if label else ():
            gb = tokens[size].value
            odd = gb > 64 if label == "ram" else label == "disk" and gb <= min(32, largest / 4)
            ahead = "upto" in tokens[a].roles and size < a
            strength = 0 if ahead or odd else _near(tokens, *sorted((size, a)))
            pairs += [(strength, size, phrase, label)] if strength > 0 else []
    used: set[int] = set()
    for _, size, a, label in sorted(pairs, key=lambda pair: -pair[0]):
        if not used & {size, a}:
            used |= {size, a}
            drive = next((name for name in ("hdd", "ssd") if name in tokens[a].roles), "")
            tokens[size].hint = f"disk {drive}" if label == "disk" else label


def memory(tokens: list[Token], kind: str | None) -> tuple[Found | None, Found | None]:
    """RAM and storage in GB: what is labelled first, then what the kind of gadget makes likely."""
    _label(tokens)
    small = kind not in ("laptop", "other")  # of phones, tablets and watches a lone size is storage
    most = 24 if small else 64  # GB of RAM
    sizes = [t for t in tokens if t.role == "size" and not t.aside]
    for before, t in zip([END, *tokens], tokens):
        if t.hint == "either":  # "memory"
            larger = any(x.hint == "ram" and x.value < t.value for x in sizes)
            t.hint = "disk " if larger or t.value > most else "ram"
        elif t.role == "size" and not t.hint and t.value <= 12 and before.hint == "gpu" and not t.gap.strip(" ("):
            t.hint = "video"
    ram = next((t for t in sizes if t.hint == "ram"), None)
    disks = [t for t in sizes if t.hint.startswith("disk")]
    free = [t for t in sizes if not t.hint]
    if ram is None:
        top = max((t.value for t in disks or free), default=0)
        lone = not disks and not (small and top in tables.sold("disk"))  # no disk has 12 GB
        ram = next((t for t in free if t.value <= most and (t.value < top or lone)), None)
    if not disks:
        disks = [t for t in free if t is not ram and t.value > (ram.value if ram else 0)]
        disks = disks if len({t.value for t in disks}) == 1 else []  # "64GB 128GB all colours"
    drives = disks[:1]
    for one, two in zip(sizes, sizes[1:]):  # "512GB + 512GB", "256GB SSD, 1TB HDD"
        added = "+" in two.gap or {one.hint, two.hint} == {"disk hdd", "disk ssd"}
        if added and one in drives[-1:] and two in disks[:8]:
            drives.append(two)
    return (
        Found(float(ram.value), ram.start, ram.end, 0.9 if ram.hint else 0.7, "ram") if ram else None,
        Found(float(sum(t.value for t in drives)), drives[0].start, drives[-1].end, 0.8, "storage") if drives else None,
    )


SCREENS = {"smartwatch": (0.4, 3.0), None: (0.4, 19.0)}  # possible inches


def screen(tokens: list[Token], kind: str | None, taken: Sequence[int] = ()) -> Found | None:
    """The screen's diagonal in inches: with a mark or a word, else beside a panel's word, or a decimal of a usual size.

    taken: places of the model's name, whose bare numbers are no sizes.
    """
    low, high = SCREENS.get(kind, (1.2, 19.0))
    found: list[Found] = []
    for i, (t, after) in enumerate(zip(tokens, tokens[1:])):
        cm = t.text.lower().endswith("cm")
        value = round(t.value, 1 if cm else 2)
        if t.aside or i in taken or not low <= value <= high:
            continue
        if t.role == "screen":  # 13-inch, 13.3", 33.8 cm
            found.append(Found(value, t.start, t.end, 0.7 if cm else 0.95 if value % 1 else 0.9, "inches"))
        bare = t.role == "decimal" or t.role == "number" and "panel" in after.roles
        labelled = t.role == "decimal" and any("panel" in x.roles for x in tokens[max(0, i - 2) : i + 2])  # Tela de 6.7
        if labelled or bare and value in tables.sold(kind or "laptop"):
            found.append(Found(value, t.start, t.end, 0.8, "in the usual place"))
    return max(found, key=lambda f: f.sure, default=None)


_RATE = re.compile(r"\s?/\s?(?:m|mo|mes|mois|monat|wk|week|day)\b|\s?x\s?\d")  # per month, times twelve


def _called(tokens: list[Token], i: int) -> frozenset[str]:
    """What the nearest words before token i call the price: its line's, or a line's above that holds nothing else."""
    for k in range(i - 1, max(-1, i - 6), -1):
        above = tokens[k + 1].first and not tokens[k].first
        if tokens[k].role in ("money", "size", "number", "screen", "code") or above:
            break
        if roles := tokens[k].roles & {"aside_price", "old_price", "ask", "month"}:
            rate = any("month" in t.roles and t.row == tokens[k].row for t in tokens[max(0, k - 3) : k])
            return roles | ({"month"} if rate else NONE)  # "EMI starts at"
    return NONE


@cache
def _bare() -> re.Pattern[str]:
    asked = money.any_of(word for word, roles in tables.roles().items() if "ask" in roles)
    number = r"(\d{1,3}(?:,\d{2,3})+|\d{1,3}(?:\.\d{3})+)"
    # 649,- or 39,90 on a line of its own
    whole = r"^((?:\d{1,3}[.,]\d{3}|\d{2,5})(?=[.,:/][-–]$)|\d{2,3},\d[059]$|\d{3}[.,]\d\d$)"
    return re.compile(rf"(?:^\W*{number} +|\b(?:{asked})\W{{1,3}}){number}[*/-]*$|{whole}", re.M | re.I)


def _unsigned(text: str) -> Found | None:
    """An amount without its sign, behind "now" or a higher one, or in the form of a price, as pictures print it."""
    for m in _bare().finditer(text):
        old, new = (money.amount(number or "0") or 0 for number in (m[1], m[2] or m[3]))
        if not old or 0.2 * old < new < old:
            return Found(new, *m.span(m.lastindex), 0.5, "no sign")
    return None


def _country(tokens: list[Token]) -> str | None:
    """The currency of the country that a text tells by a city, a bank, a shop, or the end of a web address."""
    words = (word for t in tokens for word in (t.key, t.text[t.text.rfind(".") :].lower()))
    code = next((t.text for t in tokens if t.text in money.SHARED), None)  # all prices in MXN
    return code or next((money.CLUES[word] for word in words if word in money.CLUES), None)


def price(text: str, tokens: list[Token]) -> tuple[Found, str | None] | None:
    """The asking price and its ISO code (None where its sign was not read).

    It is no rate, no discount, and no old price where there is a new one.
    """
    offers: list[tuple[money.Money, frozenset[str]]] = []
    for i, (before, t) in enumerate(zip([END, *tokens], tokens)):
        if not (m := t.price) or m is before.price:
            continue
        after, called = next((x for x in tokens[i + 1 : i + 3] if x.start >= m.end), END), _called(tokens, i)
        rate = _RATE.match(text, m.end) or re.search(r"\dx?\s?x\s?(?:de\s)?$", text[: m.start][-9:])
        less = not after.first and after.roles & {"month", "less"} or called & {"aside_price", "month"}
        less = less or re.search(r"(?<!\S)[-–−]\Z", text[: m.start][-2:])
        if not (rate or less or m.amount < 10 and m.number.isdecimal()):  # GALAXY $7 is an S7
            offers.append((m, called))
    today = [offer for offer in offers if "old_price" not in offer[1]]
    if not today and "\n" in text and (found := _unsigned(text)):
        return found, offers[0][0].code if offers else _country(tokens) or money.currency(re.sub(r"\d", "", text))
    today = [offer for offer in today if "ask" in offer[1]] or today or offers
    if not today:
        return None
    (chosen, _), (after, _) = today[0], today[1 % len(today)]
    between = [t for t in tokens if chosen.end <= t.start < after.start]
    beside = all(t.role in ("number", "measure") or t.roles & {"less", "old_price"} for t in between)
    if beside and chosen.code == after.code and 0.2 * chosen.amount <= after.amount < chosen.amount:
        chosen = after  # the first of two side by side is crossed out
    country = _country(tokens)
    sign = re.sub(r"[\d\s.,:'/=-]", "", text[chosen.start : chosen.end].lower())
    code = country if country and sign == money.SHARED[country] else chosen.code  # "Rs." beside Lahore
    return Found(chosen.amount, chosen.start, chosen.end, 0.9 if len(offers) == 1 else 0.75, "money"), code
