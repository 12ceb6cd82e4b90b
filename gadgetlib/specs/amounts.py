"""Memory, storage, screen and price, from tokens."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from gadgetlib import money
from gadgetlib.specs.tokens import RAM_SIZES, Token


class Found(NamedTuple):
    """A value with the characters that state it, how sure the rule is (0 to 1), and the rule's name."""

    value: float | str
    start: int
    end: int
    sure: float
    rule: str


LABELS = {"memory": "ram", "disk": "disk", "either": "either", "graphics": "video", "notbuilt": "no", "upto": "no"}


def _labels(tokens: list[Token]) -> list[tuple[int, int, str]]:
    """Runs of words that say what a size is: (first token, last token, ram | disk | either | video | no)."""
    runs: list[tuple[int, int, str]] = []
    for i, token in enumerate(tokens):
        role = next((label for name, label in LABELS.items() if name in token.roles and (token.role != "name" or name == "disk")), None)
        role = "upto" if role == "no" and "upto" in token.roles else role
        if role is None or token.role in ("size", "measure", "chip"):
            continue
        if runs and runs[-1][1] == i - 1 and token.gap in (" ", "-") and (runs[-1][2] == role or "either" in (role, runs[-1][2])):
            runs[-1] = (runs[-1][0], i, role if runs[-1][2] == "either" else runs[-1][2])  # "RAM memory", "memory storage"
        else:
            runs.append((i, i, role))
    return runs


def _near(tokens: list[Token], a: int, b: int) -> float:
    """How closely tokens a < b belong together: 3 label: value, 2 side by side, 1 over a comma or a line, 0 not."""
    strength, depth = 2.0, 0
    for i in range(a + 1, b + 1):
        gap, token = tokens[i].gap, tokens[i]
        depth += gap.count("(") - gap.count(")")
        if depth > 0 and i < b:
            continue  # 8GB (4+4) RAM
        if gap == " | " and i == b and b == a + 1 and token.role == "size":
            strength = 1.5  # a cell's label beside its value
        elif re.search(r"[|/+;]|\n.*\n", gap) or depth < 0:
            return 0
        if re.search(r"[,\n]", gap):
            strength = min(strength, 1)
        if re.search("[:=]", gap) and strength >= 2:
            strength = 3
        if i < b and not (token.roles & {"fill"} or token.role in ("measure", "decimal") or depth > 0):
            return 0
    return strength


def _label(tokens: list[Token]) -> None:
    """Give every size the label that stands nearest, one label to one size: its `hint`."""
    sizes = [i for i, t in enumerate(tokens) if t.role == "size"]
    runs = _labels(tokens)
    if not sizes or not runs:
        return
    before = [r for r in runs if r[1] < sizes[0] and _near(tokens, r[1], sizes[0]) >= 2 and r[2] not in ("no", "upto")]
    behind = [r for r in runs if r[0] > sizes[-1] and _near(tokens, sizes[-1], r[0]) >= 2 and r[2] not in ("no", "upto")]
    pairs, most, least = [], max(tokens[s].value for s in sizes), min(tokens[s].value for s in sizes)
    for a, b, role in runs:
        left = max((s for s in sizes if s < a), default=None)
        right = min((s for s in sizes if s > b), default=None)
        for size, strength, lean in ((left, left is not None and role != "upto" and _near(tokens, left, a), not before or bool(behind)),
                                     (right, right is not None and _near(tokens, b, right), bool(before) and not behind)):  # fmt: skip
            if strength:
                gb = tokens[size].value
                odd = role == "ram" and (gb > 64 and gb > least or gb not in RAM_SIZES) or role == "disk" and gb <= 32 and 4 * gb <= most
                pairs.append((strength + 0.5 * lean - 1.5 * odd + (role == "upto"), size, a, "no" if role == "upto" else role))
    used: set[int] = set()
    for strength, size, a, role in sorted(pairs, key=lambda p: -p[0]):
        if size not in used and -a - 1 not in used and strength > 0:
            used |= {size, -a - 1}
            tokens[size].hint = role
            if role == "disk":
                tokens[size].hint = "disk:" + ("hdd" if re.search("hdd|hard|festplatte|sshd|hybrid", tokens[a].key) else "ssd" if re.search("ssd|nvme|emmc|m2", tokens[a].key) else "")


def memory(tokens: list[Token], kind: str | None) -> tuple[Found | None, Found | None]:
    """RAM and storage: what is labelled first, then what the kind of gadget makes likely. Both in GB."""
    inside = False
    for before, t in zip(tokens, tokens[1:]):
        inside = ")" not in t.gap and (inside or "(" in t.gap and before.role == "size")
        if inside:  # what 12GB (6GB + 6GB RAM) is made of
            t.role, t.roles = "measure" if t.role == "size" else t.role, frozenset()
    _label(tokens)
    sizes = [(i, t) for i, t in enumerate(tokens) if t.role == "size" and not t.aside]
    small = kind not in ("laptop", "other")  # of phones, tablets and watches a lone size is storage
    hints = {t.hint.split(":")[0] for _, t in sizes}
    for i, t in sizes:
        card = i and tokens[i - 1].role == "chip" and tokens[i - 1].hint == "gpu" or i + 1 < len(tokens) and tokens[i + 1].hint == "gpu" and tokens[i + 1].role == "chip"
        if t.hint == "either":
            twin = any(o.value == t.value and o.hint.startswith("disk") for _, o in sizes)
            t.hint = "ram" if "disk" in hints and t.value <= 64 and not twin else "disk" if twin or "ram" in hints or t.value > (24 if small else 128) else "ram"
        elif not t.hint and card and t.value <= 24:
            t.hint = "card"
        elif "(+" in t.gap or t.value < 0.125 and t.hint != "disk:":
            t.hint = "no"
    ram = next((t for _, t in sizes if t.hint == "ram" and t.value in RAM_SIZES), None)
    disks = [t for _, t in sizes if t.hint.startswith("disk")]
    free = [t for _, t in sizes if not t.hint]
    if ram is None and not free and kind == "laptop":
        free = [t for _, t in sizes if t.hint == "card"][:1]
    limit = 24 if small else 64
    if ram is None and (disks or not small or len({t.value for t in free}) > 1):
        top = max((t.value for t in disks or free), default=0)
        low = [t for t in free if t.value in RAM_SIZES and t.value <= limit and (t.value < top or not disks and not small and len(free) == 1)]
        if len({t.value for t in low}) == 1 or low and not small:
            ram = low[0]
    if not disks:
        rest = [t for t in free if t is not ram and (ram is None or t.value != ram.value or t.value >= 64) and (small or t.value > 64 or ram) and t.value >= (ram.value if ram else 0)]
        if ram is None and small and len(rest) == 1 and rest[0].value in (1.5, 3, 6, 10, 12, 18, 24):
            ram, rest = rest[0], []  # nobody sells 6 GB of storage
        often = Counter(t.value for t in rest).most_common(1)
        rest = [t for t in rest if t.value == often[0][0]] if often and often[0][1] > 1 else rest
        disks = rest if len({t.value for t in rest}) == 1 or rest and not small else []
        if len({t.value for t in disks}) > 1 and not any("+" in t.gap for t in disks[1:]):
            disks = []
    disks = _drives(tokens, disks)
    beside = [t for i, t in sizes if not t.hint and t.value >= 128 and len(disks) == 1 and i + 1 < len(tokens) and tokens[i + 1] is disks[0]]
    disks = [*beside, *disks] if kind == "laptop" and beside and beside[0].value != disks[0].value else disks  # "1TB 256GB SSD"
    sure = 0.9 if ram and ram.hint else 0.7
    total = sum(t.value for t in disks)
    return (
        Found(float(ram.value), ram.start, ram.end, sure, "ram") if ram else None,
        Found(float(total), disks[0].start, disks[-1].end, 0.9 if disks[0].hint else 0.7, "sum of drives" if len(disks) > 1 else "storage") if disks else None,
    )  # fmt: skip


def _drives(tokens: list[Token], disks: list[Token]) -> list[Token]:
    """The first drive, and what is added to it: behind a plus, or a disk beside a solid-state drive."""
    kept, place = disks[:1], {id(t): i for i, t in enumerate(tokens)}
    for t in disks[1:8]:
        between = tokens[place[id(kept[-1])] + 1 : place[id(t)] + 1]
        joined = not any(x.role == "size" for x in between[:-1]) and any(
            re.search(r"[+&]", x.gap) or x.key in ("and", "und", "et", "y", "plus") for x in between[-4:]
        )
        if joined or {k.hint for k in kept} | {t.hint} == {"disk:hdd", "disk:ssd"} and t.hint not in {k.hint for k in kept}:
            kept.append(t)
    return kept


LAPTOP_INCHES = frozenset(
    (10.1, 11.6, 12.1, 12.2, 12.3, 12.4, 12.5, 12.9, 13, 13.1, 13.2, 13.3, 13.4, 13.5, 13.6, 13.8, 13.9, 14, 14.1, 14.2)
    + (14.4, 14.5, 14.6, 15, 15.3, 15.4, 15.5, 15.6, 16, 16.1, 16.2, 17, 17.3, 18, 18.4)
)  # fmt: skip
TABLET_INCHES = frozenset(
    (7, 7.9, 8, 8.3, 8.4, 8.7, 8.8, 8.9, 9.7, 10, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 10.8, 10.9, 11, 11.2, 11.5, 11.6)
    + (12, 12.1, 12.3, 12.4, 12.6, 12.7, 12.9, 13, 13.2, 14.6)
)  # fmt: skip
_NOT_SCREEN = frozenset(["strap", "band", "cable", "driver", "wide", "fit", "wheel", "stand", "bag", "sleeve"])
_VERSIONS = frozenset(["android", "bluetooth", "bt", "usb", "version", "ver", "v", "ios", "wifi", "windows", "os", "hdmi", "ufs", "emmc", "rating", "rated"])


def screen(tokens: list[Token], kind: str | None, taken: Sequence[Token] = ()) -> Found | None:
    """The screen's diagonal in inches: written with a mark or a word, else a decimal or a panel's size in its usual place."""
    usual = LAPTOP_INCHES if kind == "laptop" else TABLET_INCHES if kind == "tablet" else LAPTOP_INCHES if kind is None else frozenset()
    low, high = (0.4, 3.0) if kind == "smartwatch" else (0.4 if kind is None else 1.2, 19.0)
    strong = weak = None
    for i, t in enumerate(tokens):
        after = tokens[i + 1] if i + 1 < len(tokens) else None
        if t.role == "screen" and not t.aside:
            value = round(t.value, 2 if not t.text.lower().endswith("cm") else 1)
            if kind == "mobile_phone" and 40 <= value < 80 or value > 100 and value / 10 in LAPTOP_INCHES | TABLET_INCHES:
                value /= 10  # the point was not read: 51" of a phone, 127" of a tablet
            if low <= value <= high and not (after and after.key in _NOT_SCREEN and not after.gap.strip()):
                found = Found(value, t.start, t.end, 0.95, "inches")
                if t.text.lower().endswith("cm"):
                    weak = weak or (found._replace(sure=0.7, rule="centimetres") if value >= 3 and "." in f"{t.text}".replace(",", ".") else None)
                elif strong is None or value != int(value) and int(value) == strong.value:
                    strong = found  # "13-inch", 13.3"
        elif t.role in ("decimal", "number") and t not in taken and not t.aside:
            panel = after is not None and after.roles & {"panel"} and after.gap in (" ", "-", " (", "\n") or i and tokens[i - 1].roles & {"panel"} and re.fullmatch(r"[\s:(\-]*", t.gap)
            version = i and tokens[i - 1].key in _VERSIONS
            if t.role == "number":
                panel = panel and t.value in usual and after is not None and after.key in ("fhd", "hd", "uhd", "qhd", "wuxga", "wqxga", "ips", "display", "screen")
            if not version and (panel and 1 <= t.value <= 19 or t.role == "decimal" and t.value in usual and t.value > 7.5):
                weak = weak or Found(t.value, t.start, t.end, 0.85 if panel else 0.7, "in the usual place")
    return strong or weak


_RATE = re.compile(r"\s?/\s?mo?\b|\s?x\s?\d|-\d\d(?!\d)")  # per month, times twelve; "$6-99" is struck through
_RATE_BEFORE = re.compile(r"\d\s?x\s?$")


def _said(tokens: list[Token], i: int) -> frozenset[str]:
    """What the nearest words before token i call the price: its line's, or a line's above that holds nothing else."""
    for k in range(i - 1, max(-1, i - 7), -1):
        t = tokens[k]
        above = "\n" in tokens[k + 1].gap
        if t.role in ("money", "size", "number", "screen", "code") or re.search(r"[|/,;]", tokens[k + 1].gap) or above and (k + 1 < i or k and "\n" not in t.gap):
            break
        if said := t.roles & {"aside_price", "old_price", "ask", "month"} if k > i - 4 else t.roles & {"month"}:
            return said
    return frozenset()


_LARGEST = 0.75  # of the tallest print among prices: what is smaller is an old price, an accessory's, a rate


def price(text: str, tokens: list[Token], heights: Sequence[float] = ()) -> tuple[Found, str | None] | None:
    """The asking price and its currency: no rate, no discount, no old price where there is a new one.

    heights: of the print of each line; a shop prints the price that it asks largest.
    """
    offers, old = [], []
    for m in money.find(text):
        if not 1 <= m.amount <= 1e9 or m.amount < 10 and m.number.isdecimal():  # GALAXY $7 is an S7
            continue
        i = next(k for k, t in enumerate(tokens) if t.end > m.start)
        after = next((t for t in tokens[i + 1 : i + 3] if t.start >= m.end), None)
        behind = after.roles if after is not None and "\n" not in after.gap else frozenset()
        if behind & {"month", "less"} or _RATE.match(text.lower(), m.end) or _RATE_BEFORE.search(text.lower(), max(0, m.start - 8), m.start):
            continue
        said = _said(tokens, i)
        if said & {"aside_price", "month"}:
            continue
        (old if "old_price" in said else offers).append((m, "ask" in said))
    for i, t in enumerate(tokens[1:], 1):
        lone = t.role in ("number", "decimal") and (i + 1 == len(tokens) or "\n" in tokens[i + 1].gap) and tokens[i - 1].roles & {"ask"}
        if lone and not any(asked for _, asked in offers) and (value := money.amount(text[t.start : t.end + 8].split("\n")[0])) and value >= 20:
            code = next((m.code for m, _ in offers + old), None)
            if code or tokens[i - 1].key in ("price", "preis", "precio", "prix", "prezzo"):
                offers.insert(0, (money.Money(value, code or "", t.start, t.end, ""), True))
    if heights and (every := offers + old):
        tall = [heights[min(text.count("\n", 0, m.start), len(heights) - 1)] for m, _ in every]
        large = [o for o, h in zip(every, tall) if h > _LARGEST * max(tall)]
        offers = [o for o in offers if o in large] or large
    if not offers:
        offers = old if len(old) == 1 and "\n" in text else []
    if not offers:
        return None
    chosen = next((m for m, asked in offers if asked), offers[0][0])
    for (one, _), (two, _) in zip(offers, offers[1:]):
        if one is chosen and one.code == two.code and 0.2 * one.amount <= two.amount < one.amount and re.fullmatch(r"\W{0,8}", text[one.end : two.start]):
            chosen = two  # side by side, the second lower: the first is crossed out
    return Found(chosen.amount, chosen.start, chosen.end, 0.9 if len(offers) == 1 else 0.75, "money"), chosen.code or None
