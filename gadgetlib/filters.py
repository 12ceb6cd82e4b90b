"""Conditions over the catalogue's columns, in a small language of our own: parsed, bounded, then written as SQL.

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

from gadgetlib.errors import CourseError

LONGEST = 2000  # characters
DEEPEST = 20  # brackets and NOTs inside each other
TOKEN = re.compile(
    r"\s*(?:(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<text>'(?:[^']|'')*')|(?P<name>[^\W\d]\w*)"
    r"|(?P<comparison><=|>=|<>|!=|==|[=<>])|(?P<sign>[(),])|(?P<unknown>\S))"
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
    sql = parser.filter()
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
        """The next token, which must be of this kind, or be this word or sign."""
        found, token = self.tokens[self.at]
        if kind not in (found, token.upper()):
            number = self.at and self.tokens[self.at - 1][0] == "number"
            hint = ", and a number stands alone: 1000, not 1,000 or 1000 GB" if number else ""
            self.fail(f"{token!r} stands where {wanted} is expected{hint}")
        self.at += 1
        return token

    def several(self, rule: Callable[[], str], between: str) -> str:
        """One or more of a rule, with a word or a comma between them."""
        parts = [rule()]
        while self.next_is(between.strip()):
            parts.append(rule())
        return between.join(parts)

    def filter(self) -> str:
        return self.several(lambda: self.several(self.one, " AND "), " OR ")

    def one(self) -> str:
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"more than {DEEPEST} brackets or NOTs stand inside each other")
        if self.next_is("NOT"):
            sql = f"NOT ({self.one()})"
        elif self.next_is("("):
            sql = f"({self.filter()})"
            self.expect(")", "a closing bracket")
        else:
            sql = self.test(self.column())
        self.depth -= 1
        return sql

    def column(self) -> str:
        name = self.expect("name", "the name of a column").lower()
        if name == "lower" and self.next_is("("):
            name = self.column()
            self.expect(")", "a closing bracket")
        if name not in self.columns:
            self.fail(f"there is no column {name!r}{_nearest(name, self.columns)}")
        return name

    def test(self, column: str) -> str:
        if self.next_is("IS"):
            no = "NOT " * self.next_is("NOT")
            return f"{column} IS {no}{self.expect('NULL', 'NULL').upper()}"
        is_text, no = self.columns[column] is str, "NOT " * self.next_is("NOT")
        left = f"lower({column}) {no}" if is_text else f"{column} {no}"
        if self.next_is("IN"):
            self.expect("(", "a bracket")
            values = self.several(lambda: self.value(column), ", ")
            self.expect(")", "a comma or a closing bracket")
            return f"{left}IN ({values})"
        if is_text and self.next_is("LIKE"):
            return f"{left}LIKE {self.value(column, any_text=True)}"
        if self.next_is("BETWEEN"):
            return f"{left}BETWEEN {self.value(column, True)} {self.expect('AND', 'AND')} {self.value(column, True)}"
        sign = self.expect("IN" if no else "comparison", "a comparison such as = or <, IN, LIKE, BETWEEN or IS NULL")
        return f"{left}{sign.replace('==', '=')} {self.value(column, any_text=sign[0] in '<>' and sign != '<>')}"

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
