"""Exercises of lesson 04: a line under uneven light, the surer of two readings, rows of words."""

from __future__ import annotations

from functools import lru_cache

from coursekit.exercises import Exercise, Mistake, Question

TEXTS = (
    "Noise cancelling 40 h",
    "5000 mAh battery",
    "Galaxy Tab S9 256GB",
    "8GB RAM 256GB SSD",
    "MacBook Air 13 inch",
    "Dell Latitude 5420",
)
LIMIT = 0.02  # the mean CER that a good chain stays below


def _shaded(text, dark, light):
    """A printed line (h, w) uint8 under light that runs from `dark` to `light`, left to right."""
    import numpy as np
    from matplotlib import font_manager
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 26)
    left, top, right, bottom = font.getbbox(text)
    page = Image.new("L", (right - left + 24, bottom - top + 24), 255)
    ImageDraw.Draw(page).text((12 - left, 12 - top), text, fill=90, font=font)
    return (np.asarray(page) / 255 * np.linspace(dark, light, page.width)).astype(np.uint8)


def _lines(rng):
    """Three lines of print, each with its light from another side."""
    chosen = rng.sample(TEXTS, 3)
    lights = [(40, 255), (255, 30), (30, 250)]
    return {"texts": chosen, "crops": [_shaded(text, *light) for text, light in zip(chosen, lights)]}


def _read(picture):
    """What Tesseract reads on a picture of one line."""
    import numpy as np

    pixels = np.asarray(picture)
    if pixels.dtype != np.uint8:
        raise TypeError(f"a picture has pixels of type uint8, not {pixels.dtype}")
    return _read_pixels(pixels.tobytes(), pixels.shape, pixels.dtype.str)


@lru_cache(maxsize=64)
def _read_pixels(data, shape, kind):
    """Every check of an answer asks for the same readings; Tesseract takes a tenth of a second for each."""
    import numpy as np
    import pytesseract

    from gadgetlib.ocr import find_tesseract

    pixels = np.frombuffer(data, kind).reshape(shape)
    return pytesseract.image_to_string(pixels, config=f"--psm 7 {find_tesseract()}").strip()


def _mean_cer(prepare, given):
    import jiwer

    errors = [jiwer.cer(text, _read(prepare(crop.copy()))) for text, crop in zip(given.texts, given.crops)]
    return sum(errors) / len(errors)


def _flat(crop):
    """The right answer: a threshold for each neighbourhood."""
    import cv2

    return cv2.adaptiveThreshold(crop, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 31, 10)


def _otsu(crop):
    import cv2

    return cv2.threshold(crop, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]


def _clahe(crop):
    import cv2

    return cv2.createCLAHE(clipLimit=4, tileGridSize=(2, 8)).apply(crop)


def _two_tones(prepare, given):
    import numpy as np

    return all(len(np.unique(prepare(crop.copy()))) <= 2 for crop in given.crops)


def _surer(first, second, better=lambda a, b: a[1] >= b[1], skip_empty=True):
    """Of each piece the text of the better reading; the keyword arguments make the known mistakes."""
    texts = []
    for a, b in zip(first, second):
        if skip_empty and bool(a[0]) != bool(b[0]):
            texts.append(a[0] or b[0])
        else:
            texts.append(a[0] if better(a, b) else b[0])
    return texts


_PAIRS = [
    ([("8GB RAM", 0.97), ("512G8", 0.61)], [("8GB RAN", 0.72), ("512GB", 0.88)]),
    ([("15.6 inch", 0.55)], [("15.6", 0.91)]),
    ([("", 0.99), ("Dell", 0.4)], [("$119", 0.35), ("", 0.95)]),
    ([("i5", 0.8), ("Dell", 0.9)], [("15", 0.8), ("Del| l", 0.3)]),
    ([], []),
]


def _pair_cases(given):
    return [(pair, _surer(*pair)) for pair in _PAIRS]


_BOXES = [
    [("RAM", 60, 12, 90, 30), ("8GB", 10, 10, 50, 30), ("SSD", 70, 52, 100, 68), ("512GB", 8, 50, 60, 70)],
    [("$", 10, 14, 18, 28), ("119", 20, 10, 60, 50), ("new", 70, 30, 95, 48)],
    [("one", 10, 10, 40, 30), ("two", 50, 24, 80, 44), ("three", 90, 10, 130, 30)],
    [],
]


def _half(a, b):
    return min(a[4], b[4]) - max(a[2], b[2]) > 0.5 * min(a[4] - a[2], b[4] - b[2])


def _rows(boxes, together=_half, sort=True, word=-1):
    """Rows of boxes as texts; the keyword arguments make the known mistakes."""
    rows = []
    for box in sorted(boxes, key=lambda box: box[1]) if sort else boxes:
        row = next((row for row in rows if together(row[word], box)), None)
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
        "function",
        "On the lines of print in `task.crops` light falls from one side; look at one with "
        "`plots.show(Image.fromarray(task.crops[0]), alt='a line')`. Write a function that takes such a crop, (h, w) "
        "uint8, and returns a picture on which Tesseract with `--psm 7` reads the whole line: over the crops, whose "
        f"true texts are `task.texts`, the mean CER must be below {LIMIT}.",
        hints=(
            "Compare the background at the two ends of a crop. Is there a grey that is darker than the paper and "
            "lighter than the ink everywhere?",
            "What is ink is a question about a pixel and its neighbours. OpenCV has a threshold for that, and a "
            "picture can also be divided by its own background.",
            "cv2.adaptiveThreshold compares each pixel with the mean around it; choose a neighbourhood wider than a "
            "letter.",
        ),
        because="A photo of a box has such light. Scanned pages do not, and so Tesseract has one threshold for all.",
        right=lambda f, g: _mean_cer(f, g) < LIMIT,
        wrong=(
            Mistake(
                "a text",
                "Return the prepared picture, not what was read on it: the check calls Tesseract itself.",
                lambda g: _read,
                lambda f, g: isinstance(f(g.crops[0].copy()), str),
            ),
            Mistake(
                "one threshold",
                "One threshold for the whole line leaves its dark end black. Tesseract sets one by itself, so "
                "nothing is gained.",
                lambda g: _otsu,
                lambda f, g: _two_tones(f, g) and _mean_cer(f, g) > 0.2,
            ),
            Mistake(
                "the light untouched",
                "Tesseract still loses the dark end. A larger, inverted or stretched picture has the same light on it.",
                lambda g: lambda crop: crop,
                lambda f, g: _mean_cer(f, g) > 0.2,
            ),
            Mistake(
                "nearly",
                "Closer: most is read. Some of the light is still there; compare each pixel with its own "
                "neighbourhood.",
                lambda g: _clahe,
                lambda f, g: _mean_cer(f, g) >= LIMIT,
            ),
        ),
        variant=_lines,
    ),
    Exercise(
        "04.2",
        "core",
        "function",
        "Build the engine `both`. Write a function that takes two readers' results for the same pieces, each a list "
        "of (text, confidence), and returns a list with the surer text of each piece. A piece without text never "
        "wins over one with text; where both are equally sure, the first reader wins.",
        hints=(
            "zip gives you the two results of each piece.",
            "How sure a reader is of an empty text must not matter.",
            "Three cases: only one has text; the first is at least as sure; the second is surer.",
        ),
        because="`ocr.read(..., engine='both')` does this; the lesson's table says whether it was worth the time.",
        cases=_pair_cases,
        wrong=(
            Mistake(
                "the longer one",
                "It takes the longer text. Length is no evidence: nonsense can be long.",
                lambda g: lambda a, b: _surer(a, b, better=lambda x, y: len(x[0]) >= len(y[0])),
            ),
            Mistake(
                "empty and sure",
                "An empty text with a high confidence wins over what the other reader read.",
                lambda g: lambda a, b: _surer(a, b, skip_empty=False),
            ),
            Mistake(
                "the second on a tie",
                "Where both are equally sure, the first reader should win.",
                lambda g: lambda a, b: _surer(a, b, better=lambda x, y: x[1] > y[1]),
            ),
            Mistake(
                "always the first",
                "The second reader never wins, however sure it is.",
                lambda g: lambda a, b: _surer(a, b, better=lambda x, y: True),
            ),
            Mistake(
                "with confidences",
                "Return the texts alone, without their confidences.",
                lambda g: lambda a, b: [max(x, y, key=lambda one: one[1]) for x, y in zip(a, b)],
            ),
        ),
    ),
    Exercise(
        "04.3",
        "stretch",
        "function",
        "Build the first step of a layout. Write a function that takes a list of (text, x0, y0, x1, y1) and returns a "
        "list with one text per row, from top to bottom, the words of a row from left to right with a space between. "
        "Go from left to right: a box joins the row whose last word shares more than half of the smaller of the two "
        "heights with it, or begins one.",
        hints=(
            "What two boxes share in height is min(of the bottoms) - max(of the tops).",
            "Go through the boxes from the left; each joins the row whose last word it shares enough height with, or "
            "begins one.",
            "At the end sort the rows by the top of their first word.",
        ),
        because="This is where reading order comes from: `layout.join_rows` does the same.",
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
                "the first word",
                "A box is compared with the first word of each row. Compare it with the last: a row may begin with "
                "small print.",
                lambda g: lambda boxes: _rows(boxes, word=0),
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
