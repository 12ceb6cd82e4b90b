"""Exercises of lesson 04: an error rate by hand, sure words, rows of words."""

from __future__ import annotations

from coursekit.exercises import Exercise, Mistake, Question

TRUTHS = (
    "16GB RAM 512GB SSD",
    "Galaxy Tab 128GB",
    "15.6 inch laptop",
    "5000 mAh battery",
    "Noise cancelling",
    "i7-1165G7",
    "Dell Latitude 5420",
    "Lithium ion 56 Wh",
    "1080p display",
    "Bluetooth 5.2 headset",
    "256GB",
    "A16 Bionic chip",
)
CONFUSED = {"1": "I", "0": "O", "5": "S", "6": "G", "8": "B", "a": "o", "i": "l", "l": "1", "e": "c", "G": "6"}


def _misread(rng):
    """A truth, and it with two or three characters confused and one lost."""
    truth = rng.choice(TRUTHS)
    letters = list(truth)
    places = [i for i, letter in enumerate(letters) if letter in CONFUSED]
    for i in rng.sample(places, rng.choice([2, 3])):
        letters[i] = CONFUSED[letters[i]]
    free = [i for i, letter in enumerate(letters) if letter == truth[i] and letter != " "]
    del letters[rng.choice(free)]
    return {"truth": truth, "reading": "".join(letters)}


def _cer(given):
    import jiwer

    return jiwer.cer(given.truth, given.reading)


def _wer(given):
    import jiwer

    return jiwer.wer(given.truth, given.reading)


def _sure(given):
    return [word.text for word in given.reading.words if word.conf >= given.least]


def _gives(function, given):
    return list(function(given.reading))


_BOXES = [
    [("RAM", 60, 12, 90, 30), ("8GB", 10, 10, 50, 30), ("SSD", 70, 52, 100, 68), ("512GB", 8, 50, 60, 70)],
    [("$", 10, 14, 18, 28), ("119", 20, 10, 60, 50), ("new", 70, 30, 95, 48)],
    [("one", 10, 10, 40, 30), ("two", 50, 24, 80, 44), ("three", 90, 10, 130, 30)],
    [],
]


def _half(a, b):
    return min(a[4], b[4]) - max(a[2], b[2]) > 0.5 * min(a[4] - a[2], b[4] - b[2])


def _rows(boxes, together=_half, sort=True):
    """Rows of boxes as texts; the keyword arguments make the known mistakes."""
    rows = []
    for box in sorted(boxes, key=lambda box: box[1]) if sort else boxes:
        row = next((row for row in rows if together(row[-1], box)), None)
        if row is None:
            rows.append([box])
        else:
            row.append(box)
    return [" ".join(box[0] for box in row) for row in sorted(rows, key=lambda row: row[0][2])]


def _row_cases(given):
    return [((boxes,), _rows(boxes)) for boxes in _BOXES]


EXERCISES = (
    Exercise(
        "04.1",
        "core",
        "number",
        "The truth is `task.truth`, and `task.reading` was read. What is the character error rate? Count by hand.",
        hints=(
            "Write one below the other and count: characters changed, lost, added.",
            "Divide the count by the length of the truth, spaces included.",
            "len(task.truth) counts the characters for you. Do not forget the character that was lost.",
        ),
        because="A few characters, and yet perhaps no number is left: fields are what counts, see lesson 05.",
        expected=_cer,
        within=2e-3,
        wrong=(
            Mistake(
                "edits", "That counts the edits. Divide by the length of the truth.", lambda g: _cer(g) * len(g.truth)
            ),
            Mistake(
                "divided by the reading",
                "You divided by the length of the reading. A reader that says little would look good; divide by the "
                "truth's.",
                lambda g: _cer(g) * len(g.truth) / len(g.reading),
            ),
            Mistake("words", "That is the word error rate.", _wer),
            Mistake("right ones", "That is the share that is right; take it from one.", lambda g: 1 - _cer(g)),
            Mistake(
                "no spaces",
                "You left the spaces out of the length. They are characters too.",
                lambda g: _cer(g) * len(g.truth) / len(g.truth.replace(" ", "")),
            ),
        ),
        variant=_misread,
    ),
    Exercise(
        "04.2",
        "core",
        "function",
        "Write a function that takes a Reading and returns the texts of its words with a confidence of at least "
        "`task.least`, as a list.",
        hints=(
            "A Reading has .words; each word has .text and .conf.",
            "A list comprehension with an if will do.",
            "Compare .conf with task.least, and keep .text of the words that reach it. What should happen at exactly task.least?",
        ),
        because="A threshold trades words found against words right. Lesson 05 weighs them instead of cutting.",
        right=lambda f, g: _gives(f, g) == _sure(g),
        wrong=(
            Mistake(
                "words, not texts",
                "Those are Word objects; take their .text.",
                lambda g: lambda reading: [word for word in reading.words if word.conf >= g.least],
                lambda f, g: _gives(f, g) == [word for word in g.reading.words if word.conf >= g.least],
            ),
            Mistake(
                "everything",
                "It returns every word, however unsure.",
                lambda g: lambda reading: [word.text for word in reading.words],
                lambda f, g: _gives(f, g) == [word.text for word in g.reading.words],
            ),
            Mistake(
                "percent",
                "It returns nothing. Confidences lie between 0 and 1, not between 0 and 100.",
                lambda g: lambda reading: [word.text for word in reading.words if word.conf >= 100 * g.least],
                lambda f, g: _gives(f, g) == [],
            ),
            Mistake(
                "the unsure ones",
                "Those are the words *below* the threshold.",
                lambda g: lambda reading: [word.text for word in reading.words if word.conf < g.least],
                lambda f, g: _gives(f, g) == [word.text for word in g.reading.words if word.conf < g.least],
            ),
            Mistake(
                "one text",
                "A list of texts is asked for, not one text.",
                lambda g: lambda reading: " ".join(_sure(g)),
                lambda f, g: isinstance(f(g.reading), str),
            ),
        ),
        variant=lambda rng: {"least": rng.choice([0.7, 0.75, 0.8, 0.85, 0.9, 0.95])},
    ),
    Exercise(
        "04.3",
        "stretch",
        "function",
        "Build the first step of a layout. Write a function that takes a list of (text, x0, y0, x1, y1) and returns a "
        "list with one text per row, from top to bottom, the words of a row from left to right with a space between. "
        "Two boxes are in one row when they share more than half of the smaller height.",
        hints=(
            "What two boxes share in height is min(of the bottoms) - max(of the tops).",
            "Go through the boxes from the left; each joins the row whose last word it shares enough height with, or "
            "begins one.",
            "At the end sort the rows by the top of their first word.",
        ),
        because="This is where reading order comes from: `layout.join_rows` does the same and knows prices too.",
        cases=_row_cases,
        wrong=(
            Mistake(
                "tops alone",
                "It asks for equal tops. Small print in a row begins lower than the large print beside it.",
                lambda g: lambda boxes: _rows(boxes, together=lambda a, b: a[2] == b[2]),
            ),
            Mistake(
                "any overlap",
                "Boxes that merely touch in height are taken for one row; ask for half of the smaller height.",
                lambda g: lambda boxes: _rows(boxes, together=lambda a, b: min(a[4], b[4]) > max(a[2], b[2])),
            ),
            Mistake(
                "as they came",
                "Within a row the words keep the order in which they came. Sort them from left to right.",
                lambda g: lambda boxes: _rows(boxes, sort=False),
            ),
            Mistake(
                "one per box",
                "Every word is a row of its own.",
                lambda g: lambda boxes: _rows(boxes, together=lambda a, b: False),
            ),
        ),
    ),
)

QUIZ = (
    Question(
        "04.q1",
        "CER fell from 0.30 to 0.10 after you added a filter that drops words below 0.9. What must you look at?",
        right=("The words found.", "The filter may have dropped nonsense (good) and true words (bad); CER mixes both."),
        wrong=(
            ("Nothing, lower is better.", "That is how pipelines get worse with better figures."),
            ("The time.", "It hardly changes: a filter costs nothing."),
        ),
    ),
    Question(
        "04.q2",
        "White text on a photo is missed, black text beside it is read. Which step is missing?",
        right=(
            "Inverting the pieces that are light on dark.",
            "Each piece by itself: inverting the whole picture would only move the problem to the black text.",
        ),
        wrong=(
            ("Enlarging.", "Both are of the same size."),
            ("Another language.", "Both are in the same one."),
        ),
    ),
)
