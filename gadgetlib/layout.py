"""From words with boxes to lines of text: rows, labels with their values, blocks in reading order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import cv2
import numpy as np

_MONEY = re.compile(r"[$€£₹¥]|[A-Z]{1,3}\$|EUR|USD|GBP|CHF|Rs\.?|\d\d", re.I)  # a currency on its own, or cents
_VALUE = re.compile(r"\d[\d.,]*\s?(?:[GT][Bo]|mAh|M[Pp]|Hz|[\"”″]|inch(?:es)?|W|g)?$", re.I)
_LABEL = re.compile(r"[^\W\d]{2,}(?: [^\W\d]+){0,3}:?$")


@dataclass(frozen=True)
class Word:
    """One word: its text, its box (x0, y0, x1, y1) in pixels of the picture, and a confidence from 0 to 1."""

    text: str
    box: tuple[int, int, int, int]
    conf: float
    line: int = 0  # words of one line (before `arrange`: of one box of `detect`) share a number
    turn: int = 0  # how it runs: 0 level, 1 upwards, -1 downwards

    @property
    def height(self) -> int:
        """Of its print, in pixels."""
        return self.box[2] - self.box[0] if self.turn else self.box[3] - self.box[1]

    def as_dict(self) -> dict:
        """The word as the artefact `text` holds it."""
        return {"text": self.text, "box": list(self.box), "conf": round(self.conf, 3)}


@dataclass(frozen=True)
class Reading:
    """What is printed on a picture: `text`, a line of print per line, in reading order, and the words it is made of."""

    text: str = ""
    words: list[Word] = field(default_factory=list)
    engine: str = "rapidocr"
    problem: str = ""  # why nothing was read, from `read_many`

    def lines(self) -> list[list[Word]]:
        """The words, line by line."""
        return [list(line) for _, line in groupby(self.words, key=lambda word: word.line)]

    @property
    def heights(self) -> list[int]:
        """How tall the print of each line of `text` is: its tallest word, in pixels."""
        return [max(word.height for word in line) for line in self.lines()]


def arrange(words: Sequence[Word], engine: str = "rapidocr") -> Reading:
    """A Reading of words in boxes: rows of neighbours, labels with their values, blocks in reading order.

    Words that run upwards or downwards are arranged by themselves, as on a picture turned level.
    """
    rows = []
    for turn in (0, 1, -1):
        level = [replace(word, box=_turned(word.box, turn), turn=0) for word in words if word.turn == turn]
        found = reading_order(pair_labels(pair_labels(join_rows(_tidy(level)), stacked=True)))
        rows += [[replace(word, box=_turned(word.box, -turn), turn=turn) for word in row] for row in found]
    words = [replace(word, line=number) for number, row in enumerate(rows) for word in row]
    return Reading("\n".join(map(_text, rows)), words, engine)


def _turned(box: tuple[int, int, int, int], turn: int) -> tuple[int, int, int, int]:
    """A box on the picture turned by a quarter, clockwise (1) or the other way (-1), or not at all."""
    x0, y0, x1, y1 = box
    return {0: box, 1: (-y1, x0, -y0, x1), -1: (y0, -x1, y1, -x0)}[turn]


def _tidy(words: Sequence[Word]) -> list[Word]:
    """The words without icons, stars and bullets, and only the surest of those that stand on each other."""
    plain = ["".join(c for c in word.text if unicodedata.category(c) != "So" or c in "®©°") for word in words]
    words = [replace(word, text=text) for word, text in zip(words, plain) if text.strip("•·.,:;'`*~_°")]
    frames = [(word.box[0], word.box[1], word.box[2] - word.box[0], word.height) for word in words]
    kept = cv2.dnn.NMSBoxes(frames, [word.conf for word in words], 0.0, 0.5) if words else []
    return [words[i] for i in sorted(kept)]


def join_rows(words: Sequence[Word]) -> list[list[Word]]:
    """Rows of words that follow each other; a box may hold two columns, or only a part of a row."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.box[0]):
        before = [row for row in rows if follows(row[-1], word)]
        if before:
            max(before, key=lambda row: row[-1].box[2]).append(word)
        else:
            rows.append([word])
    return [_with_cents(_close_up(row)) for row in rows]


def follows(a: Word, b: Word) -> bool:
    """Does word b continue the row that ends with word a? "5G" may be smaller, a currency or cents much smaller."""
    low, tall = sorted((a.height, b.height))
    shared = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    money = any(_MONEY.fullmatch(word.text) for word in (a, b))
    room = 1.2 * low if a.line == b.line else 0.65 * tall
    return -0.6 * tall < b.box[0] - a.box[2] < room and shared > 0.7 * low and tall < (3.5 if money else 2) * low


def _close_up(row: list[Word]) -> list[Word]:
    """The row with letters that are set apart made a word: "B O U L T AUDIO" is BOULT AUDIO."""
    closed: list[Word] = []
    for letters, group in groupby(row, key=lambda word: len(word.text) < 3 and word.text.isalpha()):
        run = list(group)
        if letters and sum(len(word.text) == 1 for word in run) > 2:
            run = [replace(run[0], text="".join(word.text for word in run), box=_around(run))]
        closed += run
    return closed


def _with_cents(row: list[Word]) -> list[Word]:
    """The row with raised cents behind their price: "$119" and a small, high "99" are $119.99."""
    for i, (a, b) in enumerate(zip(row, row[1:])):
        raised = b.height < 0.75 * a.height and sum(b.box[1::2]) < sum(a.box[1::2])
        if raised and re.fullmatch(r"\d\d", b.text) and re.fullmatch(r"[^\d\s]{0,4}\d{1,3}(?:[.,]?\d{3})*", a.text):
            return [*row[:i], replace(a, text=f"{a.text}.{b.text}", box=_around([a, b])), *row[i + 2 :]]
    return row


def pair_labels(rows: list[list[Word]], stacked: bool = False) -> list[list[Word]]:
    """Join a label with the value right of it in a table of two columns, or (stacked) over or under it.

    Only where three such pairs stand below each other or, stacked, two beside each other: one may be chance.
    """
    if len(rows) < 4:
        return rows
    x0, y0, x1, y1 = np.array([_around(row) for row in rows], float).T
    wide, tall, texts, pairs = x1 - x0, y1 - y0, [_text(row) for row in rows], {}
    for i in (i for i, text in enumerate(texts) if _LABEL.match(text)):
        if stacked:
            apart = np.maximum(y0 - y1[i], y0[i] - y1) / np.maximum(tall, tall[i])
            near = (abs(x0 + x1 - x0[i] - x1[i]) < np.maximum(wide, wide[i])) & (apart > -0.3) & (apart < 1.2)
            near &= [bool(_VALUE.match(text)) for text in texts]
        else:
            level = abs(y0 + y1 - y0[i] - y1[i]) < np.minimum(tall, tall[i])
            near = level & (x0 > x1[i] - 0.2 * tall[i]) & (np.maximum(tall, tall[i]) < 1.8 * np.minimum(tall, tall[i]))
            near &= level.sum() == 2
        if near.sum() == 1:
            pairs[i] = int(np.flatnonzero(near)[0])
    begin, least = (y0, 2) if stacked else (x0, 3)

    def alike(i: int, j: int) -> bool:
        by = max(tall[i], tall[j])
        return sum(abs(begin[a] - begin[i]) < by and abs(begin[b] - begin[j]) < by for a, b in pairs.items()) >= least

    pairs = {i: j for i, j in pairs.items() if alike(i, j) and list(pairs.values()).count(j) == 1}
    return [row + rows[pairs[i]] if i in pairs else row for i, row in enumerate(rows) if i not in pairs.values()]


def reading_order(rows: list[list[Word]]) -> list[list[Word]]:
    """Rows in reading order: rows close below each other form a block; blocks go from the top, then from the left."""
    from scipy.sparse.csgraph import connected_components

    if not rows:
        return []
    x0, y0, x1, y1 = np.array([_around(row) for row in rows], float).T
    tall, wide = y1 - y0, x1 - x0
    above = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0) > 0.3 * np.minimum(wide[:, None], wide)
    close = np.maximum(y0[:, None], y0) - np.minimum(y1[:, None], y1) < 1.2 * np.minimum(tall[:, None], tall)
    alike = np.maximum(tall[:, None], tall) < 2.5 * np.minimum(tall[:, None], tall)
    _, block = connected_components(above & close & alike, directed=False)
    top, left, band = {}, {}, 0.7 * float(np.median(tall))
    for i in np.argsort(y0):  # blocks that begin level with each other are read from the left
        if block[i] not in top:
            top[block[i]] = min((t for t in top.values() if y0[i] - t < band), default=y0[i])
        left[block[i]] = min(x0[i], left.get(block[i], x0[i]))
    place = [(top[b], left[b], b, round((y0[i] + y1[i]) / 2 / band), x0[i]) for i, b in enumerate(block)]
    return [rows[i] for i in sorted(range(len(rows)), key=place.__getitem__)]


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _around(words: Sequence[Word]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = zip(*(word.box for word in words))
    return min(x0), min(y0), max(x1), max(y1)
