"""Conditions over the catalogue's columns, from a small language or from words: parsed, bounded, then written as SQL.

    filter = all ("OR" all)*       all = one ("AND" one)*       one = "NOT" one | "(" filter ")" | column test
    test   = ("=" | "!=" | "<>" | "<" | "<=" | ">" | ">=") value | "IS" ["NOT"] "NULL" | ["NOT"] "LIKE" text
           | ["NOT"] "IN" "(" value ("," value)* ")" | ["NOT"] "BETWEEN" value "AND" value

A column may stand in lower(...); texts are compared without regard to case. What people type never reaches the database
as it is: one function call such as array_repeat can fill a machine's memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import NoReturn

from gadgetlib import CLASSES
from gadgetlib.errors import CourseError

LONGEST = 2000  # characters
DEEPEST = 20  # brackets and NOTs inside each other
TOKEN = re.compile(
    r"\s*(?:(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<text>'(?:[^']|'')*')|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign><=|>=|<>|!=|==|[=<>(),])|(?P<unknown>\S))"
)


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def to_sql(where: str, columns: Mapping[str, type], known: Mapping[str, Collection[str]] | None = None) -> str:
    """A filter as the condition of a SQL query.

    columns: the type of each column, str or float. known: all values of some text columns; a comparison with another
    value is taken for a slip. Raises CourseError, one sentence, for what is not of the language above.
    """
    parser = _Parser(where, columns, known or {})
    sql = parser.chain("OR")
    parser.expect("end", "AND, OR or the end")
    return sql


class _Parser:
    """Recursive descent: each method reads one rule of the grammar from the tokens and returns it as SQL."""

    def __init__(self, where: str, columns: Mapping[str, type], known: Mapping[str, Collection[str]]) -> None:
        self.where, self.columns, self.known, self.at, self.depth = where, columns, known, 0, 0
        if len(where) > LONGEST:
            self.fail(f"it is longer than {LONGEST} characters")
        self.tokens = [(match.lastgroup, match[match.lastgroup]) for match in TOKEN.finditer(where)]
        self.tokens.append(("end", "the end"))

    def fail(self, why: str) -> NoReturn:
        shown, columns = self.where[:80] + "..." * (len(self.where) > 80), ", ".join(self.columns)
        help_ = f"""write it like "gadget_type = 'laptop' AND price < 900" over {columns}"""
        raise CourseError(f"The filter {shown!r} is not understood: {why}; {help_}.")

    def next_is(self, word: str) -> bool:
        """Step over the next token if it is this word or sign."""
        kind, token = self.tokens[self.at]
        found = kind in ("name", "sign") and token.upper() == word
        self.at += found
        return found

    def expect(self, kind: str, wanted: str) -> str:
        """The next token, which must be of this kind, or be this sign."""
        found, token = self.tokens[self.at]
        if kind not in (found, token.upper()):
            number = self.at and self.tokens[self.at - 1][0] == "number"
            hint = ", and a number stands alone: 1000, not 1,000 or 1000 GB" if number else ""
            self.fail(f"{token!r} stands where {wanted} is expected{hint}")
        self.at += 1
        return token

    def chain(self, word: str) -> str:
        rule: Callable[[], str] = (lambda: self.chain("AND")) if word == "OR" else self.one
        parts = [rule()]
        while self.next_is(word):
            parts.append(rule())
        return f" {word} ".join(parts)

    def one(self) -> str:
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"more than {DEEPEST} brackets or NOTs stand inside each other")
        if self.next_is("NOT"):
            sql = f"NOT ({self.one()})"
        elif self.next_is("("):
            sql = f"({self.chain('OR')})"
            self.expect(")", "a closing bracket")
        else:
            sql = self.test(self.column())
        self.depth -= 1
        return sql

    def column(self) -> str:
        name = self.expect("name", "the name of a column").lower()
        if name == "lower" and self.next_is("("):
            name = self.expect("name", "the name of a column").lower()
            self.expect(")", "a closing bracket")
        if name not in self.columns:
            self.fail(f"there is no column {name!r}{_nearest(name, self.columns)}")
        return name

    def test(self, column: str) -> str:
        if self.next_is("IS"):
            no = "NOT " * self.next_is("NOT")
            self.expect("NULL", "NULL")
            return f"{column} IS {no}NULL"
        left, no = f"lower({column})" if self.columns[column] is str else column, "NOT " * self.next_is("NOT")
        if self.next_is("IN"):
            self.expect("(", "a bracket")
            values = [self.value(column)]
            while self.next_is(","):
                values.append(self.value(column))
            self.expect(")", "a comma or a closing bracket")
            return f"{left} {no}IN ({', '.join(values)})"
        if self.columns[column] is str and self.next_is("LIKE"):
            return f"{left} {no}LIKE {self.value(column, any_text=True)}"
        if self.next_is("BETWEEN"):
            low = self.value(column, any_text=True)
            self.expect("AND", "AND")
            return f"{left} {no}BETWEEN {low} AND {self.value(column, any_text=True)}"
        sign = self.expect("sign" if not no else "IN", "a comparison such as = or <, IN, LIKE, BETWEEN or IS NULL")
        if sign in "(),":
            self.fail(f"{sign!r} stands where a comparison such as = or < is expected")
        return f"{left} {sign.replace('==', '=')} {self.value(column, any_text=sign in ('<', '<=', '>', '>='))}"

    def value(self, column: str, any_text: bool = False) -> str:
        """The next token as a literal of the column's type, in lower case; a known value, unless any text will do."""
        if self.columns[column] is not str:
            return repr(min(max(float(self.expect("number", f"a plain number for {column}")), -1e15), 1e15))
        text = self.expect("text", f"a text for {column} in single quotes")[1:-1].replace("''", "'")
        known = self.known.get(column)
        if known and not any_text and text.lower() not in {one.lower() for one in known}:
            self.fail(f"no {column} is {text!r}{_nearest(text, known)}")
        return quoted(text.lower())


def _nearest(text: str, known: Collection[str]) -> str:
    from rapidfuzz import fuzz, process, utils

    plain = {one: utils.default_process(one.replace("_", " ")) for one in known}  # found by value, given by key
    found = process.extractOne(text.lower(), plain, scorer=fuzz.token_set_ratio, score_cutoff=70)
    some = ", ".join(sorted(known)[:8]) + ", ..." * (len(known) > 8)
    return f" (did you mean {found[2]!r}?)" if found else f" (there are {some})"


# --- words --------------------------------------------------------------------------------------------------------

BOUNDS = {"<=": r"under|below|less than|to|at most|max\w*", ">=": r"over|above|more than|at least|from|min\w*"}


def words_of(text: str) -> str:
    """Runs of letters and runs of digits apart, so that "840G6" and "840 G6" are the same."""
    return " ".join(re.findall(r"[^\W\d_]+|\d+", text.lower()))


def text_to_sql(text: str, brands: Collection[str]) -> tuple[str | None, str]:
    """What "16 GB laptop under 900 euros" states, as a condition (None: nothing), and the words that remain."""
    from gadgetlib import money, specs
    from gadgetlib.price_tables import convert

    found, low, parts = specs.extract(text), text.lower(), []
    if found.gadget_type in CLASSES:
        parts.append(f"gadget_type = {quoted(found.gadget_type)}")
    if found.brand in brands:
        parts.append(f"brand = {quoted(found.brand)}")
    for column in ("ram_gb", "storage_gb", "screen_in"):
        if value := getattr(found, column):
            start, end = found.evidence[column].span
            before = low[:start]
            sign = next((sign for sign, words in BOUNDS.items() if re.search(rf"\b(?:{words})\W*$", before)), "=")
            parts.append(f"{column} {sign} {value:g}")
            low = before + " " * (end - start) + low[end:]
    for sign, words in BOUNDS.items():
        pattern = rf"\b(?:{words})\W{{0,3}}([^\d\s]{{0,4}}\s?\d[\d.,'k]*+(?!\s*(?:[gt]b|inch|\"))(?: \S+)?)"
        if match := re.search(pattern, low):
            amount, currency = money.amount(match[1]), money.currency(match[1]) or "USD"
            parts.append(f"price {sign} {convert(amount, currency, 'USD'):.0f}")
            low = low.replace(match[0], " ")
    return " AND ".join(parts) or None, words_of(low)
