"""From words with boxes to lines of text: rows of neighbours, then blocks in reading order."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Word:
    """One word: its text, its box (x0, y0, x1, y1) in pixels of the picture, and a confidence from 0 to 1."""

    text: str
    box: tuple[int, int, int, int]
    conf: float
    line: int = 0  # words of one box of `detect` share a number
    turn: int = 0  # how it runs: 0 level, 1 upwards, -1 downwards

    def record(self) -> dict[str, Any]:
        """What is saved of a word: text, box, conf."""
        return {"text": self.text, "box": self.box, "conf": self.conf}


@dataclass(frozen=True)
class Reading:
    """What is printed on a picture: `text`, a line of print per line, in reading order, and the words it is made of."""

    text: str = ""
    words: list[Word] = field(default_factory=list)


def arrange(words: Sequence[Word]) -> Reading:
    """A Reading of words in boxes: rows of neighbours, in blocks, in reading order.

    Words that run upwards or downwards are arranged by themselves, as on a picture turned level.
    """
    rows = []
    for turn in sorted({word.turn for word in words}, key=abs):
        level = [replace(word, box=_turned(word.box, turn)) for word in words if word.turn == turn]
        found = reading_order(join_columns(join_rows(level)))
        rows += [[replace(word, box=_turned(word.box, -turn)) for word in row] for row in found]
    lines = [" ".join(word.text for word in row) for row in rows]
    return Reading("\n".join(lines), [word for row in rows for word in row])


def _turned(box: tuple[int, int, int, int], turn: int) -> tuple[int, int, int, int]:
    """A box on the picture turned by a quarter, clockwise (1) or the other way (-1), or not at all."""
    x0, y0, x1, y1 = box
    return {0: box, 1: (-y1, x0, -y0, x1), -1: (y0, -x1, y1, -x0)}[turn]


def join_rows(words: Sequence[Word]) -> list[list[Word]]:
    """Rows of words that follow each other; a box may hold two columns, or only a part of a row."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.box[0]):
        before = [row for row in rows if follows(row[-1], word)]
        if before:
            max(before, key=lambda row: row[-1].box[2]).append(word)
        else:
            rows.append([word])
    return [_close_up(row) for row in rows]


def follows(a: Word, b: Word) -> bool:
    """Does word b continue the row that ends with word a? One may be half as tall as the other, such as "5G"."""
    low, tall = sorted(word.box[3] - word.box[1] for word in (a, b))
    shared = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    room = 1.2 * low if a.line == b.line else 0.65 * tall
    return -0.6 * tall < b.box[0] - a.box[2] < room and shared > 0.7 * low and tall < 2 * low


def _close_up(row: list[Word]) -> list[Word]:
    """The row with letters that are set apart made a word: "B O U L T AUDIO" is BOULT AUDIO."""
    closed: list[Word] = []
    for letters, group in groupby(row, key=lambda word: len(word.text) < 3 and word.text.isalpha()):
        run = list(group)
        if letters and sum(len(word.text) == 1 for word in run) > 2:
            run = [replace(run[0], text="".join(word.text for word in run), box=_around(run))]
        closed += run
    return closed


def join_columns(rows: list[list[Word]]) -> list[list[Word]]:
    """Join a label with the value right of it in a table of two columns: at least three such pairs."""
    x0, y0, _, y1 = np.array([_around(row) for row in rows], float).T
    tall, middle, pairs = y1 - y0, (y0 + y1) / 2, {}
    for i, row in enumerate(rows):
        level = np.flatnonzero(abs(middle - middle[i]) < np.minimum(tall, tall[i]))
        right = [j for j in level if x0[j] > x0[i] and max(tall[i], tall[j]) < 1.8 * min(tall[i], tall[j])]
        if len(level) == 2 and right and not any(c.isdecimal() for word in row for c in word.text):
            pairs[i] = right[0]
    if len(pairs) < 3:
        return rows
    return [row + rows[pairs[i]] if i in pairs else row for i, row in enumerate(rows) if i not in pairs.values()]


def reading_order(rows: list[list[Word]]) -> list[list[Word]]:
    """Rows in reading order: rows close below each other form a block; blocks go from the top, then from the left."""
    from scipy.sparse.csgraph import connected_components

    x0, y0, x1, y1 = np.array([_around(row) for row in rows], float).T
    tall, wide = y1 - y0, x1 - x0
    above = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0) > 0.3 * np.minimum(wide[:, None], wide)
    close = np.maximum(y0[:, None], y0) - np.minimum(y1[:, None], y1) < 1.2 * np.minimum(tall[:, None], tall)
    alike = np.maximum(tall[:, None], tall) < 2.5 * np.minimum(tall[:, None], tall)
    _, block = connected_components(above & close & alike, directed=False)
    top, left = (np.array([side[block == b].min() for b in block]) for side in (y0, x0))
    band = 0.7 * np.median(tall)
    tops, which = np.unique(top, return_inverse=True)
    level = np.cumsum(np.diff(tops, prepend=tops[0]) > band)[which]  # blocks that begin so are read from the left
    return [rows[i] for i in np.lexsort((x0, np.round((y0 + y1) / 2 / band), block, left, level))]


def _around(words: Sequence[Word]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = zip(*(word.box for word in words))
    return min(x0), min(y0), max(x1), max(y1)
