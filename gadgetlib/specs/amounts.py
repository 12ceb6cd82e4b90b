"""Memory, storage, screen and price, from tokens."""

from __future__ import annotations

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


def _said_of(token: Token) -> str:
    """What a word says a size is: ram, disk, either, video (of a graphics card), no (not built in), or nothing."""
    named = token.role == "name" and "disk" not in token.roles or token.role in ("size", "measure", "chip")
    return "" if named else next((label for role, label in LABELS.items() if role in token.roles), "")


def _near(tokens: list[Token], a: int, b: int) -> float:
    """How closely tokens a < b belong together: 3 label: value, 2 side by side, 1 over a comma or a line, 0 not."""
    strength, depth = 2.0 * (b - a < 9), 0
    for i in range(a + 1, b + 1 if strength else 0):
        gap, token = tokens[i].gap, tokens[i]
        depth += gap.count("(") - gap.count(")")
        if depth > 0 and i < b:
            continue  # 8GB (4+4) RAM
        alike = _said_of(token) in ("either", _said_of(tokens[a]) or _said_of(tokens[b]))  # "RAM memory"
        filled = "fill" in token.roles or token.role == "measure" or alike
        if depth < 0 or re.search(r"[|/+;]|\n.*\n", gap) or i < b and not filled:
            return 0
        strength = 1 if re.search(r"[,\n]", gap) else 3 if re.search("[:=]", gap) else strength
    return strength


def _label(tokens: list[Token]) -> None:
    """Give every size the label that stands nearest, one label to one size: its `hint`."""
    inside = False
    for before, t in zip(tokens, tokens[1:]):
        inside = ")" not in t.gap and (inside or "(" in t.gap and before.role == "size")
        if inside and (t.role == "size" or "notbuilt" in t.roles):
            t.role, t.roles = "measure", NONE  # what 12GB (6GB + 6GB extended RAM) is made of
    sizes = [i for i, t in enumerate(tokens) if t.role == "size"]
    values = [tokens[i].value for i in sizes] or [0.0]
    pairs: list[tuple[float, int, int, str]] = []
    for a, role in ((a, role) for a, t in enumerate(tokens) if (role := _said_of(t))):
        k, upto = bisect(sizes, a), "upto" in tokens[a].roles
        for size in sizes[max(0, k - 1) : k + 1]:
            gb, near = tokens[size].value, 0 if upto and size < a else _near(tokens, *sorted((size, a)))
            odd = gb > max(64, min(values)) if role == "ram" else role == "disk" and gb <= min(32, max(values) / 4)
            pairs += [(near - 1.5 * odd, size, a, role)] if near else []
    used: set[tuple[str, int]] = set()
    for strength, size, a, role in sorted(pairs, key=lambda pair: -pair[0]):
        if strength > 0 and not used & {("size", size), ("label", a)}:
            used |= {("size", size), ("label", a)}
            drive = next((name for name in ("hdd", "ssd") if name in tokens[a].roles), "")
            tokens[size].hint = f"disk {drive}" if role == "disk" else role


def memory(tokens: list[Token], kind: str | None) -> tuple[Found | None, Found | None]:
    """RAM and storage in GB: what is labelled first, then what the kind of gadget makes likely."""
    _label(tokens)
    small = kind not in ("laptop", "other")  # of phones, tablets and watches a lone size is storage
    sizes = [t for t in tokens if t.role == "size" and not t.aside]
    told, stored = (any(t.hint.startswith(hint) for t in sizes) for hint in ("ram", "disk"))
    for before, t, after in zip([END, *tokens], tokens, tokens[1:]):
        if t.hint == "either":  # "memory" is RAM beside a drive, and storage beside RAM
            t.hint = "ram" if t.value <= (24 if small else 128) and (stored or not told) else "disk "
        elif t.role == "size" and not t.hint and t.value <= 12 and "gpu" in (before.hint, after.hint):
            t.hint = "card"
    ram = next((t for t in sizes if t.hint == "ram"), None)
    disks = [t for t in sizes if t.hint.startswith("disk")]
    free = [t for t in sizes if not t.hint] or [t for t in sizes if t.hint == "card" and kind == "laptop"][:1]
    lone = len({t.value for t in free}) == 1 and not disks
    if ram is None and (not small or not lone or free[0].value not in tables.sold("disk")):  # no disk has 12 GB
        top = max((t.value for t in disks or free), default=0)
        ram = next((t for t in free if t.value <= (24 if small else 64) and (t.value < top or lone)), None)
    if not disks:
        least = ram.value if ram else 0 if small else 64
        rest = [t for t in free if t is not ram and t.value > least]
        disks = rest if len({t.value for t in rest}) == 1 else []
    disks = _drives(tokens, disks)
    total = Found(float(sum(t.value for t in disks)), disks[0].start, disks[-1].end, 0.8, "storage") if disks else None
    return ram and Found(float(ram.value), ram.start, ram.end, 0.9 if ram.hint else 0.7, "ram"), total


def _drives(tokens: list[Token], disks: list[Token]) -> list[Token]:
    """The first drive, and what is added to it: behind a plus, or a disk beside a solid-state drive."""
    kept, place = disks[:1], {id(t): i for i, t in enumerate(tokens)}
    for t in disks[1:8]:
        between = tokens[place[id(kept[-1])] + 1 : place[id(t)] + 1]
        plus = len(between) < 5 and any(re.search("[+&]", x.gap) for x in between)
        hints = {k.hint for k in kept}
        if plus or t.hint not in hints and {*hints, t.hint} == {"disk hdd", "disk ssd"}:
            kept.append(t)
    return kept


def screen(tokens: list[Token], kind: str | None, taken: Sequence[Token] = ()) -> Found | None:
    """The screen's diagonal in inches: with a mark or a word, else a decimal or a panel's size in its usual place.

    taken: tokens of the model's name, whose bare numbers are no sizes.
    """
    usual = tables.sold("tablet" if kind == "tablet" else "laptop" if kind in ("laptop", None) else "")
    low, high = (0.4, 3.0) if kind == "smartwatch" else (1.2 if kind else 0.4, 19.0)
    found: list[Found] = []
    for before, t, after in zip([END, *tokens], tokens, tokens[1:]):
        value, cm = round(t.value, 2), t.text.lower().endswith("cm")
        behind = "panel" in after.roles and after.gap in (" ", "-", " (")
        panel = behind or "panel" in before.roles and t.gap in (" ", ": ")
        if t.aside or t in taken or not low <= value <= high:
            continue
        if t.role == "screen" and (not cm or re.search("[.,]", t.text)):  # 13-inch, 13.3", 33.8 cm
            found.append(Found(round(value, 2 - cm), t.start, t.end, 0.7 if cm else 0.95 if value % 1 else 0.9, "inches"))
        elif t.role == "decimal" and (panel or value in usual):
            found.append(Found(value, t.start, t.end, 0.8, "in the usual place"))
        elif t.role == "number" and behind and value in usual and after.key != "oled":
            found.append(Found(value, t.start, t.end, 0.6, "in the usual place"))
    return max(found, key=lambda f: f.sure, default=None)


LARGEST = 0.75  # of the tallest print among prices: what is smaller is an old price, an accessory's, a rate
_RATE = re.compile(r"\s?/\s?mo?\b|\s?x\s?\d|-\d\d(?!\d)")  # per month, times twelve; "$6-99" is struck through
PRICE_ROLES = {"aside_price", "old_price", "ask", "month"}


def _said(tokens: list[Token], i: int) -> frozenset[str]:
    """What the nearest words before token i call the price: its line's, or a line's above that holds nothing else."""
    for k in range(i - 1, max(-1, i - 6), -1):
        above = tokens[k + 1].first and (k + 1 < i or not tokens[k].first)
        if tokens[k].role in ("money", "size", "number", "screen", "code") or above:
            break
        if said := tokens[k].roles & PRICE_ROLES:
            return said
    return NONE


@cache
def _bare() -> re.Pattern[str]:
    asked = money.any_of(word for word, roles in tables.roles().items() if "ask" in roles)
    number = r"(\d{1,3}(?:,\d{2,3})+)"
    whole = r"^(\d{2,5})(?:[.,:]|/)[-–]$"  # 649,-
    return re.compile(rf"(?:^\W*{number} +|\b(?:{asked})[^\w\n]{{1,3}}){number}[*/-]*$|{whole}", re.M | re.I)


def _unsigned(text: str, tokens: list[Token]) -> tuple[Found, str | None] | None:
    """On a picture, an amount whose sign was not read: behind a word like "now", or behind a higher one.

    Its currency is that of the country whose banks or shops are named there, if any.
    """
    code = next((money.CLUES[t.key] for t in tokens if t.key in money.CLUES), None)
    for m in _bare().finditer(text):
        old, new = (float((number or "0").replace(",", "")) for number in (m[1], m[2] or m[3]))
        if not old or 0.2 * old < new < old:
            return Found(new, *m.span(m.lastindex), 0.5, "no sign"), code
    return None


def price(text: str, tokens: list[Token], heights: Sequence[float] = ()) -> tuple[Found, str | None] | None:
    """The asking price and its ISO code (None where its sign was not read): no rate, no discount, no old price where there is a new one.

    heights: of the print of each line; a shop prints the price that it asks largest.
    """
    offers: list[tuple[money.Money, frozenset[str], int]] = []
    for i, (before, t) in enumerate(zip([END, *tokens], tokens)):
        if not (m := t.money) or m is before.money:
            continue
        after, said = next((t for t in tokens[i + 1 : i + 3] if t.start >= m.end), END), _said(tokens, i)
        rate = _RATE.match(text, m.end) or re.search(r"\dx?\s?x\s?$", text[: m.start][-6:])
        less = not after.first and after.roles & {"month", "less"} or said & {"aside_price", "month"}
        if not (rate or less or m.amount > 1e9 or m.amount < 10 and m.number.isdecimal()):  # GALAXY $7 is an S7
            offers.append((m, said, heights[min(t.row, len(heights) - 1)] if heights else 0))
    tallest = max((height for *_, height in offers), default=0)
    offers = [(m, said, height) for m, said, height in offers if height >= LARGEST * tallest]
    fresh = [offer for offer in offers if "old_price" not in offer[1]]
    offers = fresh or (offers if "\n" in text else [])  # under "Was" stands what is asked, if nothing else does
    if not offers:
        return _unsigned(text, tokens) if heights else None
    chosen = next((m for m, said, _ in offers if "ask" in said), offers[0][0])
    for (one, *_), (two, *_) in zip(offers, offers[1:]):
        beside = one is chosen and one.code == two.code and re.fullmatch(r"\W{0,8}", text[one.end : two.start])
        chosen = two if beside and 0.2 * one.amount <= two.amount < one.amount else chosen  # the first is crossed out
    return Found(chosen.amount, chosen.start, chosen.end, 0.9 if len(offers) == 1 else 0.75, "money"), chosen.code
