"""Find answers that were copied from each other, also when variables were renamed and comments added."""

from __future__ import annotations

import builtins
import contextlib
import io
import keyword
import tokenize
import zlib
from collections import Counter

from coursekit.answers import Frame, Submission

GRAM, SHORTEST, ALIKE = 8, 30, 0.8  # tokens in a fingerprint, fingerprints to judge by, share that counts as a copy


def fingerprints(source: str) -> set[int]:
    """Hashes of every run of eight tokens; names, numbers' values and texts do not matter, comments are dropped."""
    words = []
    with contextlib.suppress(tokenize.TokenError, SyntaxError, IndentationError):
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME:
                kept = keyword.iskeyword(token.string) or hasattr(builtins, token.string)
                words.append(token.string if kept else "name")
            elif token.type in (tokenize.STRING, tokenize.NUMBER, tokenize.OP):
                words.append("text" if token.type == tokenize.STRING else token.string)
    return {zlib.crc32(" ".join(words[i : i + GRAM]).encode()) for i in range(len(words) - GRAM + 1)}


def find_copies(found: list[Submission], frames: dict[str, Frame]) -> list[tuple[Submission, Submission, float]]:
    """Pairs of one lesson whose answers share most of their fingerprints; noted on both.

    What the lesson wrote, and what every third learner writes (of at least six), counts for nobody; answers too short
    to tell are left alone.
    """
    pairs = []
    for name, frame in frames.items():
        given = set().union(*(fingerprints(task.source) for task in frame.tasks.values()))
        marks = []
        for one in (one for one in found if one.lesson == name and one.cells):
            texts = [text for task in one.cells for text in [*one.own.get(task, []), one.cells[task]]]
            marks.append((one, set().union(*map(fingerprints, texts)) - given))
        common = Counter(mark for _, own in marks for mark in own)
        usual = {mark for mark, times in common.items() if len(marks) >= 6 and times > max(2, len(marks) / 3)}
        entries = [(one, own - usual) for one, own in marks if len(own - usual) >= SHORTEST]
        for i, (one, own) in enumerate(entries):
            for other, theirs in entries[i + 1 :]:
                share = len(own & theirs) / min(len(own), len(theirs))
                if share >= ALIKE and one.learner != other.learner:
                    pairs.append((one, other, share))
                    one.copies.append(f"{other.learner} ({share:.0%})")
                    other.copies.append(f"{one.learner} ({share:.0%})")
    return pairs
