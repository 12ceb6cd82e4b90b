"""Conditions over the catalogue's columns: the store's own SQL, of which few words pass.

Columns, numbers, texts in single quotes, comparisons, brackets, IS [NOT] NULL and WORDS mean what they mean in SQL,
except that texts are compared without regard to case. Nothing else reaches the store: one function call such as
array_repeat can fill a machine's memory.
"""

import re
from collections.abc import Collection, Mapping
from functools import partial

from rapidfuzz import fuzz, process, utils

from gadgetlib.errors import CourseError

LONGEST = 2000  # characters
WORDS = {"AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "LOWER"}
EXACT = {"=", "==", "!=", "<>", "IN"}  # compare with a whole value
TOKEN = re.compile(
    r"(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)|(?P<text>'(?:[^']|'')*')|(?P<null>is\s+(?:not\s+)?null\b)"
    r"|(?P<name>[^\W\d]\w*)|(?P<comparison><=|>=|<>|!=|==|[=<>])|(?P<sign>[(),])|(?P<unknown>\S)",
    re.IGNORECASE,
)


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def not_understood(where: str, columns: Collection[str], why: str) -> CourseError:
    """The sentence about a filter of no use."""
    shown, names = where[:80] + "..." * (len(where) > 80), ", ".join(columns)
    example = "gadget_type = 'laptop' AND price < 900"
    return CourseError(f'The filter {shown!r} is not understood: {why}; write it like "{example}" over {names}.')


def to_sql(where: str, columns: Mapping[str, type], known: Mapping[str, Collection[str]]) -> str:
    """A filter as a condition for the store, which refuses what has only the right words.

    columns: the type of each column, str or float. known: all values of some text columns; a comparison with another
    value is taken for a slip. Raises CourseError, one sentence, for the first token that has no place in a filter.
    """
    wrong = partial(not_understood, where, columns)
    if len(where) > LONGEST:
        raise wrong(f"it is longer than {LONGEST} characters")
    column, test, before, opened, sql = "", "", "", 0, []
    for match in TOKEN.finditer(where):
        kind, token = match.lastgroup, match[0]
        if kind == "unknown":
            raise wrong(f"{token!r} has no place in it (a text stands in single quotes)")
        if before == "number" and token.upper() not in (")", "AND", "OR") and (token, test) != (",", "IN"):
            raise wrong("a number stands alone: 1000, not 1,000 or 1000 GB")
        if kind == "name" and token.upper() not in WORDS:
            if (column := token.lower()) not in columns:
                hint = " (a text stands in single quotes)" if before == "comparison" else _nearest(column, columns)
                raise wrong(f"there is no column {column!r}{hint}")
            token = f"lower({column})" if columns[column] is str else column
        elif kind in ("name", "comparison"):
            test = token.upper()
        elif kind in ("number", "text"):
            if (kind == "text") != (columns.get(column, str) is str) or not column:
                needs = "a text in single quotes" if columns.get(column) is str else "a plain number"
                raise wrong(f"{token} stands where {needs if column else 'a column'} is expected")
            token = token.lower().lstrip("+")
            if test in EXACT and column in known and token not in {quoted(one.lower()) for one in known[column]}:
                raise wrong(f"no {column} is {match[0]}{_nearest(token, known[column])}")
        opened += (token == "(") - (token == ")")
        if opened < 0:
            raise wrong("a bracket is closed that was not opened")
        before = kind
        sql.append(token)
    if opened:
        raise wrong("a closing bracket is missing")
    return f"({' '.join(sql)})"


def _nearest(text: str, known: Collection[str]) -> str:
    names, alike = sorted(known), {"scorer": fuzz.token_set_ratio, "processor": utils.default_process}
    if found := process.extractOne(text, names, **alike, score_cutoff=70):
        return f" (did you mean {found[0]!r}?)"
    return f" (there are {', '.join(names[:8])}{', ...' * (len(names) > 8)})"
