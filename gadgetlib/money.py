"""The one reader of amounts, currencies and storage sizes: for titles, tables, parameters and search words.

What a sign or a unit means stands in `data/currencies.csv` and `data/gazetteer/units.csv`. Which mark is the decimal
one is decided from the number itself where it can be, from its whole column where there is one, and from the currency
last. A currency that is not written is None, never a guess.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gadgetlib.errors import CourseError
from gadgetlib.files import table


def units(kind: str) -> dict[str, float]:
    """Units of one kind of `units.csv` (size, multiple, inch, measure), in lower case, with what each is worth."""
    return {row["unit"]: float(row["factor"]) for row in table("gazetteer/units.csv") if row["kind"] == kind}


def any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_CURRENCIES = table("currencies.csv")
SIGNS = {row["code"].lower(): row["code"] for row in _CURRENCIES}
SIGNS |= {sign: row["code"] for row in _CURRENCIES for sign in f"{row['signs']} {row['wary']}".split()}
WARY = {sign for row in _CURRENCIES for sign in row["wary"].split()}  # also words, or names of products: R5, 128 km
GROUPED = {sign for row in _CURRENCIES for sign in row["grouped"].split()}  # of these: N185,000, but not N4020
CLUES = {word: row["code"] for row in _CURRENCIES for word in row["clues"].split()}  # banks, shops, words of a country
SHARED = {row["code"]: row["shared"] or None for row in _CURRENCIES}  # the sign that means this where a clue says so
THREE_DECIMALS = {row["code"] for row in _CURRENCIES if row["decimals"] == "3"}
RATES = {row["currency"]: float(row["per_usd"]) for row in table("rates.csv")}
_TOLD = CLUES | {code: code for code in RATES} | {code.lower(): code for code in RATES if code.lower() not in WARY}
RATES_DATE = table("rates.csv")[0]["date"]  # one for all
SIZES, MULTIPLES = units("size"), units("multiple")
# Character -> character, so that places stay places: digits of every script, blanks, quotes, dashes, marks.
PLAIN = {c: str(d) for c in range(0x80, 0x20000) if (d := unicodedata.decimal(chr(c), None)) is not None}
PLAIN |= {int(sign, 16): row["plain"] for row in table("gazetteer/lookalikes.csv") for sign in row["signs"].split()}
PLAIN |= {sign: chr(sign - 0xFEE0) for sign in range(0xFF01, 0xFF5F)}  # full width, as in ８ＧＢ

# Raised cents come as a line of their own; a number with the sign behind them is alone on its line, too.
_CENTS = r"(?:,?\n(?:[.,]\d\d(?!\d)|(?:99|9[5-8]|88|49|00)(?:(?=\n|\Z)|(?<=\n\d\d\n..)(?=€)|(?<=\n\d{3}\n..)(?=€))))?"
_NUMBER = re.compile(
    rf"\d{{1,3}}(?: \d{{3}}){{1,3}}(?!\d)(?:[.,]\d{{1,3}}(?!\d))?|\d{{1,12}}(?:[.,']\d{{1,12}}){{0,4}}{_CENTS}"
)
_SIGN = "(?P<sign>" + re.sub(r"(?<=\w)\\\$", r" ?\\$", any_of(SIGNS)) + ")"  # US $
_FRONT = re.compile(rf"(?:(?<![^\W_])(?<!-)|(?=[^\w\s])){_SIGN}[ :]*\n?\Z")
# 899,- and 4990:- and 12999/- have no cents, 1081€50 has them behind its sign.
_ALONE = r"(?![^\W\d_])"  # no letter follows
_BACK = re.compile(
    rf"(?P<gap>(?:[.,:/]?[-=]{{1,2}})?/?-? ?|\n(?=\S+(?:\n|\Z))){_SIGN}(?<!/)(?:(?<![^\W_])|{_ALONE})"
    rf"(?P<cents>\d\d(?!\d)|\n(?:9[05-9]|88|49|00)(?=\n|\Z))?"
)
_UNIT = re.compile(rf" ?(?:{any_of(units('measure'))})(?![^\W_])")  # SAR 1.19 W/kg is no price
_LETTERS = any_of(sign for sign in SIGNS if len(sign) == 1 and sign.isalpha() and not sign.isascii())  # 万円
_MULTIPLE = re.compile(rf" ?({any_of(MULTIPLES)})(?:{_ALONE}(?!\d)|(?={_LETTERS}))")
# A count ("2x"), a number, a unit: gb, tb and mb may touch the next word (128gbMermer), the others only "de" (32Gode).
SIZE = re.compile(
    r"(?:(?<![\w.])(?P<count>\d)(?:[x*]| [x*] ))?"
    r"(?<!\d)(?<!\d[.,])(?P<number>\d{1,5}(?:\.\d{1,2}|,\d(?!\d))?)[ -]?"
    r"(?P<unit>[gtm]b(?!it|ps|/s)|[gt](?=ssd|hdd|emmc|nvme)"
    rf"|(?:{any_of(SIZES)})(?:(?=de|ssd|hdd|ram|rom|emmc)|{_ALONE}(?!/s)))"
)
SIZES |= units("letter")  # only before the name of a drive
_DRIVE = re.compile(r"ssd|hdd|nvme|emmc|hard|sata|flash|optane|m\.2")
_ROLE = re.compile(r"\b(?:ssd|hdd|nvme|emmc|ram|rom|lp|ddr)")
_AND = re.compile(r"[+&]|\b(?:and|und|et|y|e)\b")


@dataclass(frozen=True)
class Money:
    """An amount with its ISO code, the characters `text[start:end]` that state both, and the number as written."""

    amount: float
    code: str
    start: int
    end: int
    number: str
    times: float = 1


def plain(text: str) -> str:
    """One digit, blank, quote and dash for all of Unicode's, in lower case; of the same length as the text."""
    return text.translate(PLAIN).lower()


def _split(number: str, decimal: str | None = None) -> tuple[str, str, str] | None:
    """A number as (whole digits, fraction, decimal mark); None where its one mark may be either (22.000).

    decimal: the mark of its column, "" for none, settles that.
    """
    whole, mark, last = number.rpartition(next((c for c in reversed(number) if not c.isdecimal()), "\0"))
    others = set(whole) - set("0123456789")
    unclear = len(last) == 3 and not others and 1 <= len(whole) <= 3 and whole != "0"
    if unclear and mark in ".," and decimal is None:
        return None
    if not mark or mark in " '" or len(last) == 3 and others == {mark} or unclear and mark != decimal:
        return re.sub(r"\D", "", number), "", ""
    return re.sub(r"\D", "", whole), last, mark


def _decimal(numbers: Sequence[str], code: str | None) -> str:
    """The mark before decimals in numbers written alike: "" where 22.000 is 22 thousand, as beside 13.443,95 TL."""
    split = [_split(n) for n in numbers]
    marks = Counter(s[2] for s in split if s and s[2])
    if marks:
        return marks.most_common(1)[0][0] if code is None or code in THREE_DECIMALS else ""
    unclear = [re.split("([.,])", n) for n, s in zip(numbers, split) if s is None]
    decimals = code in THREE_DECIMALS and unclear and len(unclear) == len(numbers)
    return unclear[0][1] if decimals and max(len(whole) for whole, *_ in unclear) > 1 else ""  # 939,000 DT


def _value(number: str, decimal: str, times: float = 1) -> float:
    whole, last, _ = _split(number, re.sub(r"\d", "", number)[-1:] if times > 1 else decimal)
    return round(float(f"{whole}.{last or 0}") * times, 4)


def find(text: str, wary: bool = True) -> Iterator[Money]:
    """Every number with a currency beside it, in order, in linear time; of two signs a code decides ($499 CAD).

    wary: for running text, where a sign that is also a word (R5, 128 km) needs a long number beside it.
    """
    low, done = plain(text), 0
    for m in _NUMBER.finditer(low):
        start, number = m.start(), m[0]
        if " " in number and SIZE.match(low, m.end() - 3):
            number = number.split()[0]  # € 599 128 GB
        if " " in number and low[:start][-1:].isalpha() and not _FRONT.search(low, max(done, start - 14), start):
            start, number = start + number.index(" ") + 1, number.split(" ", 1)[1]  # A54 499 €
        if start >= done and (money := _money(low, start, number, wary, done)):
            done = money.end
            yield money


def _money(low: str, start: int, number: str, wary: bool, done: int) -> Money | None:
    """The number at `start` with the signs on both its sides, if they are signs of money here."""
    times = _MULTIPLE.match(low, start + len(number))
    stop = times.end() if times else start + len(number)
    before, after = _FRONT.search(low, max(done, start - 14), start), _BACK.match(low, stop)
    front, back = (m["sign"].replace(" ", "") if m else "" for m in (before, after))
    digits, cents = sum(c.isdecimal() for c in number), after and not after["gap"] and after["cents"]
    shown = back == "€" or re.search(r"[.,]\d\d(?!\d)", number)  # a price even if a number follows its sign
    if after and not cents and re.match(r"\d" if shown else r"[ :]?\d", low[after.end("sign") :][:2]):
        back = ""  # the sign of the next number
    glued = back.isalpha() and not front and low[:start][-1:].isalpha()  # S/N XD123456P
    if cents and "\n" in cents and digits > 4:
        cents = ""
    if glued or after and "\n" in after["gap"] and "\n" not in number:
        back = ""
    if wary and not times:
        short = WARY if digits < 4 or number.isdecimal() and digits == 4 else ()
        part = len(front) == 1 and front.isalpha() and low[: before.start("sign")][-1:] in ("/", ".")  # S/N, M.R.P
        part = part or front in GROUPED and number.isdecimal()
        if front in short or part or digits < 3 and front.isalpha() and low[start - 1].isalpha():
            front = ""
        if back in short or digits < 3 and back.isalpha() and len(back) == 2:  # "Mate 50 RS"
            back = ""
    if not back and (not front or low[stop : stop + 1].isalnum() or _UNIT.match(low, stop)):
        return None
    coded = back and (not front or len(back) == 3 and back.isascii() and back.isalpha())
    if back and cents and number.isdecimal():
        number, stop = f"{number}.{cents.strip()}", after.end()
    elif back:
        stop = after.end("sign")
    code, factor = SIGNS[back if coded else front], MULTIPLES[times[1]] if times else 1
    begin = before.start("sign") if front else start
    return Money(_value(number, _decimal([number], code), factor), code, begin, stop, number, factor)


def amount(text: Any) -> float | None:
    """The amount of a cell, a parameter, a phrase: "₹1.2 lakh" -> 120000.0, "1'067.80" -> 1067.8; else None."""
    value = column([text])[0][0]
    return None if math.isnan(value) else value


def currency(text: Any) -> str | None:
    """The ISO code that a text names, beside a number ("R12,999.00" -> ZAR) or alone ("Preis (CHF)"); else None."""
    if found := next(find(str(text), wary=False), None):
        return found.code
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(text))  # priceUSD
    words = re.findall(r"[^\s\d()\[\]_,;:=]+", plain(spaced))
    return next((SIGNS[w] for i, w in enumerate(words, 1) if w in SIGNS and (w not in WARY or i == len(words))), None)


def code_in(name: str) -> str | None:
    """The ISO code that a name or an address tells by a code (one such as "all" in capitals), a shop or a country."""
    words = re.findall(r"\.[^\W\d_]+(?!\S)|[^\W\d_]+", name)  # ".in", which ends an address, is no "in"
    return next(filter(None, (_TOLD.get(word, _TOLD.get(word.lower())) for word in words)), None)


def _cell(cell: Any) -> tuple[str, float, str | None]:
    """A cell's number as it is written ("" without one), or without the exponent; its multiple, and its currency."""
    low = re.sub(r"^\d+(?:\.\d+)?e[+-]?\d+$", lambda number: f"{float(number[0]):.15g}", plain(str(cell)))  # 1e+05
    if found := list(find(low, wary=False)):  # of an old price and a new one the lower; a saving is lower still
        money = min((m for m in found if 2 * m.amount > found[0].amount), key=lambda m: m.amount, default=found[0])
        return money.number, money.times, money.code
    m = _NUMBER.search(low)
    times = m and _MULTIPLE.match(low, m.end())
    return m[0] if m else "", MULTIPLES[times[1]] if times else 1, None


def column(cells: Sequence[Any], name: str = "") -> tuple[list[float], str | None]:
    """A column of prices read as one notation: (amounts, NaN where a cell has none; ISO code or None).

    cells: strings or numbers; name: the column's, which may name the currency ("Preis (CHF)"). The currency is the one
    that most cells with an amount name, else the name's, else None; nothing is converted. Raises nothing.
    """
    read = [("", 1, None) if isinstance(cell, (int, float)) else _cell(cell) for cell in cells]
    codes = Counter(code for *_, code in read if code)
    code, count = codes.most_common(1)[0] if codes else (None, 0)
    code = code if 2 * count > sum(bool(number) for number, *_ in read) else currency(name)
    decimal = _decimal([number for number, *_ in read if number], code)
    amounts = [
        _value(number, decimal, times) if number else float(cell) if isinstance(cell, (int, float)) else math.nan
        for cell, (number, times, _) in zip(cells, read)
    ]
    return amounts, code


def convert(amount: Any, source: str, target: str) -> Any:
    """An amount (number or array) of one currency in another, at the dated rate of `data/rates.csv`.

    Raises CourseError for a currency without a rate.
    """
    if lacking := {source, target} - set(RATES):
        raise CourseError(f"There is no rate for {lacking.pop()!r} in data/rates.csv; it has {', '.join(RATES)}.")
    return amount / RATES[source] * RATES[target]


def size_gb(text: Any) -> float | None:
    """Storage in GB: "1To" -> 1024.0, "2x512GB" -> 1024.0, "512GB SSD/1TB HDD" -> 1536.0, "512" -> 512.0; else None.

    The first size counts; a next one is added where a plus joins them or each names its own drive.
    """
    low = plain(str(text))
    found, total, done = list(SIZE.finditer(low)), 0.0, 0
    if not found and (bare := re.search(r"(?<![\w.,])\d{1,5}(?:[.,]\d{1,2})?(?![\w.,]| [a-z])", _ROLE.sub(";", low))):
        return float(bare[0].replace(",", ".")) or None
    for m, ahead in zip(found, [*(f.start() for f in found[1:]), len(low)]):
        gap = low[done : m.start()]
        drives = _DRIVE.search(gap) and _DRIVE.search(low, m.end(), ahead)
        if total and ("(" in gap or not (drives or _AND.search(gap))):
            break
        total, done = total + int(m["count"] or 1) * float(m["number"].replace(",", ".")) * SIZES[m["unit"]], m.end()
    return total or None
