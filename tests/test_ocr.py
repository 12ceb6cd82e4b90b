"""Reading pictures: what is printed comes back in the order it is read, and what is missing is told in one sentence."""

import logging
import stat
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw, ImageFont

from gadgetlib import cer, ocr, specs
from gadgetlib.errors import CourseError
from gadgetlib.layout import Word, arrange


def printed(lines: list[str], ink="black", ground="white", size: int = 34, angle: float = 0.0) -> Image.Image:
    """Lines of text on a plain ground, 640 pixels wide."""
    picture = Image.new("RGB", (640, 60 + 80 * len(lines)), ground)
    pen = ImageDraw.Draw(picture)
    for i, line in enumerate(lines):
        pen.text((40, 30 + 80 * i), line, fill=ink, font=ImageFont.load_default(size))
    return picture.rotate(angle, fillcolor=ground, resample=Image.Resampling.BICUBIC)


def placed(*items: tuple[str, int, int, int]) -> list[Word]:
    """Words from (text, x, y, height); each text is a box of its own, its words sharing the box by their letters."""
    words = []
    for line, (text, x, y, height) in enumerate(items):
        for part in text.split(" "):
            wide = round(0.55 * height * len(part))
            words.append(Word(part, (x, y, x + wide, y + height), 0.9, line))
            x += wide + round(0.3 * height)
    return words


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize("engine", ocr.ENGINES)
@pytest.mark.parametrize(
    ("ink", "ground", "angle"), [("black", "white", 0), ("white", "#C01030", 0), ("#FFE040", "#204080", 6)]
)
def test_print_of_any_colour_and_slope_is_read(engine, ink, ground, angle):
    reading = ocr.read(printed(["Galaxy Tab A9", "8GB RAM 128GB"], ink, ground, angle=angle), engine)
    assert cer.score("Galaxy Tab A9\n8GB RAM 128GB", reading.text)["errors"] <= (engine == "tesseract")  # its 9 is a Q


@pytest.mark.parametrize("engine", ["rapidocr", "tesseract"])
def test_boxes_lie_on_the_words(engine):
    words = {word.text: word for word in ocr.read(printed(["Lenovo Yoga"]), engine).words}
    left, top, right, bottom = words["Lenovo"].box
    assert abs(left - 40) < 14 and 20 < top < 45 and 130 < right < 175 and 55 < bottom < 85
    assert words["Yoga"].box[0] > right - 8 and 0.6 < words["Yoga"].conf <= 1


def test_a_box_in_a_turned_line_is_found_where_the_word_is():
    words = ocr.read(printed(["Lenovo Yoga"], angle=8)).words
    first, last = words[0].box, words[-1].box
    assert first[1] > last[1] + 5, "the picture is turned to the left, so the second word is higher"


def test_a_small_picture_is_enlarged():
    small = printed(["Nokia 3310", "64GB ROM"]).resize((213, 73))
    assert ocr.read(small).text == "Nokia 3310\n64GB ROM"


def test_print_that_stands_upright_is_read_either_way_up():
    for turn in (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270):
        assert "Samsung" in ocr.read(printed(["Samsung"], size=60).transpose(turn)).text


def test_the_negative_is_looked_at_where_no_maker_was_read(monkeypatch):
    found, asked = ocr.detect, []

    def dark_only(rgb):
        asked.append(rgb.mean() < 128)
        return found(rgb) if asked[-1] else np.empty((0, 4, 2), np.float32)

    monkeypatch.setattr(ocr, "detect", dark_only)
    assert "Lenovo" in ocr.read(printed(["Lenovo", "14 inch"])).text and asked == [False, True]
    asked.clear()
    assert "Lenovo" in ocr.read(printed(["Lenovo"], ink="white", ground="black")).text and asked == [True]


def test_the_blank_and_the_rupee_sign_get_their_prior():
    probs = np.array([[[0.6, 0.3, 0.1]]], np.float32)  # blank, A, rupee
    weighed = ocr.with_prior(probs, np.array([1, 1, 20], np.float32))
    assert weighed[0, 0].argmax() == 2 and weighed.sum() == pytest.approx(1)
    reader = ocr.rapid().text_rec.postprocess_op
    steps = np.zeros((1, 3, len(_characters())), np.float32)
    steps[0, :, _characters().index("A")] = 0.6
    steps[0, 1, _characters().index(" ")] = 0.3
    assert reader(steps)[0][0][0] == "A A"  # 0.3 for a space outweighs 0.6 for an A


def _characters() -> list[str]:
    return ocr.rapid().text_rec.postprocess_op.__closure__[0].cell_contents.character


@pytest.mark.parametrize(
    ("word", "read", "sure", "wanted"),
    [
        ("SAMSUNG", "SANSENI", 0.75, ("SAMSUNG", 0.75)),
        ("Redmi", "eddmiy", 0.4, ("Redmi", ocr.LEAST)),  # too unsure to be kept without
        ("Keyboard", "Keybord", 0.75, ("Keybord", 0.75)),  # no name
        ("iTel", "intel", 0.75, ("intel", 0.75)),  # a word that the parser knows
        ("Intel", "lntel", 0.6, ("Intel", 0.6)),  # no iTel
    ],
)
def test_a_likely_name_is_taken_for_an_unsure_reading(word, read, sure, wanted):
    picture = np.asarray(printed([word]))
    [(text, conf, *_)] = ocr.with_names(picture, ocr.detect(picture)[0], [(read, sure, 0.0, 1.0)])
    assert (text, conf) == wanted


def test_a_sure_reading_is_not_looked_at_again(monkeypatch):
    monkeypatch.setattr(ocr, "likely_name", lambda *args: pytest.fail("a second look at what was read surely"))
    assert ocr.read(printed(["Lenovo Yoga"])).text == "Lenovo Yoga"


def test_a_name_is_as_likely_as_its_letters_are_legible():
    pictures = {word: np.asarray(printed([word])) for word in ("Lenovo", "Lamp")}
    found = {word: ocr.likely_name(rgb, ocr.detect(rgb)[0]) for word, rgb in pictures.items()}
    assert found["Lenovo"][0] == "Lenovo" and found["Lenovo"][1] > 0.9
    assert found["Lamp"][1] < 0.1


def test_a_missing_reader_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(CourseError, match="pip install rapidocr"):
        ocr.rapid.__wrapped__()


def test_nothing_is_read_where_nothing_is_printed():
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    ramp = np.repeat(np.linspace(0, 255, 320, dtype=np.uint8)[None], 240, 0)
    specks = [np.zeros((3, 3, 3), np.uint8), np.zeros((1, 900, 3), np.uint8)]
    for picture in (Image.new("RGB", (400, 300), "white"), noise, ramp, *specks):
        for engine in ocr.ENGINES:
            assert ocr.read(picture, engine).text == ""


def test_no_amount_is_made_up_on_photos_of_gadgets(data):
    files = sorted((data / "photos").rglob("*.jpg"))[::170]
    if not files:
        pytest.skip("the shipped photos are not made yet")
    found = [specs.extract(ocr.read(file).text) for file in files]
    assert [(f.ram_gb, f.storage_gb, f.price) for f in found] == [(None, None, None)] * len(found)


def test_reading_is_silent(capfd, caplog):
    with caplog.at_level(logging.DEBUG):
        ocr.rapid.cache_clear()
        ocr.read(printed(["Nokia"]))
        ocr.read(Image.new("RGB", (300, 200), "white"))
    assert capfd.readouterr() == ("", "") and caplog.text == ""


def test_a_drawing_has_the_words_on_it():
    picture = printed(["Lenovo Yoga"])
    drawn = ocr.draw(picture, ocr.read(picture), width=640)
    assert drawn.width == 640 and (np.asarray(drawn) == (0, 122, 90)).all(-1).sum() > 200, "no green frame"


# ---------------------------------------------------------------- what may be missing


def test_a_model_that_was_changed_is_refused(monkeypatch):
    ocr.rapid.cache_clear()
    monkeypatch.setitem(ocr.MODELS, "Rec", (ocr.MODELS["Rec"][0], "0" * 64))
    with pytest.raises(CourseError, match="PP-OCRv6_rec_small.onnx is missing or is not the expected file"):
        ocr.read(printed(["Nokia"]))
    monkeypatch.undo()
    assert ocr.read(printed(["Nokia"])).text == "Nokia"


def test_clear_sentences(tmp_path, monkeypatch):
    with pytest.raises(CourseError, match="no OCR engine 'abbyy'"):
        ocr.read(printed(["x"]), engine="abbyy")
    with pytest.raises(CourseError, match="no picture at"):
        ocr.read(tmp_path / "missing.jpg")
    monkeypatch.setattr(ocr, "TIMEOUT", 0.001)
    with pytest.raises(CourseError, match="longer than 0.001 s"):
        ocr.read(printed(["Nokia 3310"]), "tesseract")


@pytest.fixture
def own_tesseract(tmp_path, monkeypatch):
    """Makes GADGET_TESSERACT a shell script with the given lines."""

    def make(script: str):
        program = tmp_path / "tesseract"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("GADGET_TESSERACT", str(program))
        ocr.find_tesseract.cache_clear()

    yield make
    monkeypatch.undo()
    ocr.find_tesseract.cache_clear()


@pytest.mark.parametrize("answer", ["tesseract 3.04.01", "tesseract fnord", "", "Segmentation fault"])
def test_a_tesseract_with_an_odd_version_is_one_sentence(own_tesseract, answer):
    own_tesseract(f"echo '{answer}'")
    for call in (ocr.find_tesseract, lambda: ocr.read(printed(["Nokia"]), "tesseract")):
        with pytest.raises(CourseError, match="does not answer as Tesseract does"):
            call()


def test_a_wrong_tessdata_prefix_is_named(own_tesseract, monkeypatch, tmp_path):
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path / "nowhere"))
    own_tesseract('[ "$1" = --version ] && echo "tesseract 5.3.0" && exit 0\necho "List of available languages (0):"')
    with pytest.raises(CourseError, match="no English data.*TESSDATA_PREFIX is '.*nowhere'"):
        ocr.find_tesseract()


def test_no_tesseract_at_all(monkeypatch, tmp_path):
    monkeypatch.setenv("GADGET_TESSERACT", str(tmp_path / "nowhere"))
    ocr.find_tesseract.cache_clear()
    with pytest.raises(CourseError, match="GADGET_TESSERACT names"):
        ocr.find_tesseract()
    monkeypatch.delenv("GADGET_TESSERACT")
    monkeypatch.setattr(ocr.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(ocr.shutil, "which", lambda name: None)
    with pytest.raises(CourseError, match="Tesseract is not installed"):
        ocr.find_tesseract()
    monkeypatch.undo()
    ocr.find_tesseract.cache_clear()


# ---------------------------------------------------------------- layout


@pytest.mark.parametrize(
    ("items", "lines"),
    [
        # a table
        ([("Brand:", 0, 0, 20), ("Lenovo", 200, 0, 20), ("RAM:", 0, 40, 20), ("8 GB", 200, 40, 20),
          ("Weight:", 0, 80, 20), ("1.3 kg", 200, 80, 20)], ["Brand: Lenovo", "RAM: 8 GB", "Weight: 1.3 kg"]),
        # two columns of features are no table: one block, then the other
        ([("512GB SSD", 0, 0, 20), ("5G phone", 300, 0, 20), ("16GB RAM", 0, 30, 20), ("2 SIM cards", 300, 30, 20)],
         ["512GB SSD", "16GB RAM", "5G phone", "2 SIM cards"]),
        # and the left one is the first, also if it begins a little lower
        ([("512GB SSD", 0, 5, 20), ("5G phone", 300, 0, 20), ("16GB RAM", 0, 35, 20), ("2 SIM cards", 300, 30, 20)],
         ["512GB SSD", "16GB RAM", "5G phone", "2 SIM cards"]),
        # a name in two sizes on one row; text beside it stays apart
        ([("OnePlus 9", 0, 0, 80), ("5G", 405, 10, 48), ("$699", 700, 0, 80)], ["OnePlus 9 5G", "$699"]),
        # letters set apart
        ([("B O U L T AUDIO", 0, 0, 40), ("L IE N W A R E", 0, 80, 20), ("5 G X 2", 0, 140, 20)],
         ["BOULT AUDIO", "LIENWARE", "5 G X 2"]),
        # one box over two columns
        ([("8GB", 0, 0, 20), ("RAM", 60, 0, 20)], ["8GB", "RAM"]),
    ],
)  # fmt: skip
def test_words_become_the_lines_that_a_reader_sees(items, lines):
    assert arrange(placed(*items)).text.split("\n") == lines


def test_a_box_over_two_columns_is_cut():
    words = [Word("512GB", (0, 0, 80, 20), 0.9, 0), Word("16GB", (200, 0, 260, 20), 0.9, 0)]
    assert arrange(words).text == "512GB\n16GB"
    near = [Word("512GB", (0, 0, 80, 20), 0.9, 0), Word("SSD", (95, 0, 140, 20), 0.9, 0)]
    assert arrange(near).text == "512GB SSD"


def test_print_that_runs_upwards_is_read_from_the_left():
    """A phone's name set upright in two rows: the left one is the first; seen level it would be the second or split."""
    rows = [("Galaxy", (100, 200, 140, 400)), ("S22", (150, 310, 190, 400)), ("Ultra", (150, 150, 190, 290))]
    words = [Word(text, box, 0.9, line, turn=1) for line, (text, box) in enumerate(rows)]
    assert arrange(words).text == "Galaxy\nS22 Ultra"
    assert [word.box for word in arrange(words).words] == [box for _, box in rows]
    downwards = [Word(word.text, word.box, 0.9, word.line, turn=-1) for word in words]
    assert arrange(downwards).text == "Ultra S22\nGalaxy"
    assert arrange([]).text == ""


# ---------------------------------------------------------------- how right


def test_errors_counted_by_hand():
    counts = {"errors": 1, "characters": 12, "hits": 2, "words": 3, "read": 3}
    assert cer.score('8GB RAM\n15.6"', "15.6”\n8GB RAN") == counts
    assert cer.score("Core™ i5", "Core i5")["errors"] == 0  # marks do not count
    assert cer.score("512GB SSD", "512GB\nSSD")["errors"] == 0  # one line stacked in two
    assert cer.score("abc", "")["errors"] == 3
    assert cer.score("abc", "abc\nESC F1")["errors"] == 6
    assert cer.score("abc", "abc\nESC F1", extra_free=True)["errors"] == 0
    assert cer.score("", "x")["errors"] == 1 and cer.score("", "")["errors"] == 0


def test_shipped_listings_are_read_with_few_errors(data):
    """0.03 errors per character on the validation split when it was written; plain Tesseract makes 0.28."""
    table = data / "listings" / "listings.jsonl"
    if not table.exists():
        pytest.skip("the shipped listings are not made yet")
    rows = pd.read_json(table, lines=True)
    rows = rows[rows.split == "valid"].sort_values("file").iloc[::9]
    readings = [ocr.read(data / "listings" / name) for name in rows.file]
    counts = pd.DataFrame([cer.score(truth, reading.text) for truth, reading in zip(rows.text, readings)]).sum()
    assert counts.errors / counts.characters < 0.06
