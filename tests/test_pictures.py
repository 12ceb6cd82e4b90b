"""The picture opener: what it must take, and what it must refuse in one sentence."""

import io
import os
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gadgetlib.backbone import fit, product_crop
from gadgetlib.errors import CourseError
from gadgetlib.pictures import open_image
from gadgetlib.sources import NotTaken, read_file


def halves(left="red", right="blue", size=(40, 20)):
    """A picture whose left and right halves tell which way up it is."""
    picture = Image.new("RGB", size, right)
    ImageDraw.Draw(picture).rectangle((0, 0, size[0] // 2 - 1, size[1]), fill=left)
    return picture


def near(picture, point, colour, tolerance=40):
    return np.abs(np.subtract(picture.getpixel(point), colour)).max() <= tolerance


RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        ("RGB", "jpg"),
        ("RGB", "png"),
        ("RGB", "webp"),
        ("RGB", "bmp"),
        ("RGB", "tiff"),
        ("RGB", "gif"),
        ("RGB", "ppm"),
        ("CMYK", "jpg"),
        ("CMYK", "tiff"),
        ("P", "png"),
        ("P", "gif"),
        ("RGBA", "png"),
        ("RGBA", "webp"),
        ("YCbCr", "jpg"),
    ],
)
def test_colours_survive_every_format(tmp_path, mode, suffix):
    path = tmp_path / f"picture.{suffix}"
    halves().convert(mode).save(path)
    opened = open_image(path)
    assert (opened.mode, opened.size) == ("RGB", (40, 20))
    assert near(opened, (5, 10), RED) and near(opened, (35, 10), BLUE)


def test_takes_bytes_and_pictures():
    data = io.BytesIO()
    halves().save(data, "PNG")
    for source in (data.getvalue(), halves(), halves().convert("CMYK")):
        assert near(open_image(source), (5, 10), RED)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation(tmp_path, orientation):
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = halves() if undo is None else halves().transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    opened = open_image(tmp_path / "turned.jpg")
    assert opened.size == (40, 20) and near(opened, (5, 10), RED) and near(opened, (35, 10), BLUE)


def test_transparency_is_laid_on_white(tmp_path):
    picture = halves().convert("RGBA")
    picture.putalpha(Image.new("L", picture.size, 0))
    picture.save(tmp_path / "clear.png")
    assert open_image(tmp_path / "clear.png").getpixel((5, 10)) == WHITE
    palette = halves().convert("P")
    palette.save(tmp_path / "clear.gif", transparency=palette.getpixel((5, 10)))
    opened = open_image(tmp_path / "clear.gif")
    assert near(opened, (5, 10), WHITE) and near(opened, (35, 10), BLUE)


def test_first_frame_of_an_animation(tmp_path):
    for suffix in ("gif", "png", "webp"):
        path = tmp_path / f"moving.{suffix}"
        halves().save(path, save_all=True, append_images=[halves("green", "green")] * 3, duration=100)
        assert near(open_image(path), (5, 10), RED), suffix


@pytest.mark.parametrize("top", [65535, 40000])
def test_sixteen_bits_keep_their_brightness(tmp_path, top):
    ramp = np.linspace(0, top, 40).astype(np.uint16)[None].repeat(20, 0)
    for suffix in ("png", "tiff"):
        Image.fromarray(ramp).save(tmp_path / f"deep.{suffix}")
        opened = np.asarray(open_image(tmp_path / f"deep.{suffix}"))
        assert np.abs(opened[10, :, 0] - ramp[10] / 257).max() <= 1.5


def test_floating_point(tmp_path):
    Image.fromarray(np.linspace(0, 1, 40, dtype=np.float32)[None].repeat(20, 0)).save(tmp_path / "f.tiff")
    opened = np.asarray(open_image(tmp_path / "f.tiff"))[10, :, 0]
    assert opened[0] == 0 and opened[-1] == 255


def test_one_pixel_and_long_strips():
    for size in ((1, 1), (3000, 2), (2, 3000)):
        picture = open_image(Image.new("RGB", size, "red"))
        assert fit(picture, 96).shape == fit(product_crop(picture), 96).shape == (96, 96, 3)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.jpg", b"", "0 bytes"),
        ("text.jpg", b"This is no picture, it is a note.\n" * 5, "it holds text"),
        ("page.png", b"<!DOCTYPE html><html>403 Forbidden</html>", "web page"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        ("paper.jpg", b"%PDF-1.7 ...", "PDF"),
        ("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        ("lfs.jpg", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS"),
        ("noise.jpg", bytes(range(256)) * 4, "no picture"),
    ],
)
def test_what_is_no_picture_gets_one_sentence(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CourseError) as caught:
        open_image(tmp_path / name)
    message = str(caught.value)
    assert says in message and name in message and "\n" not in message


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (None, "in this NoneType"), (7, "in this int"), ([[0]], "in this list"), ("a\0b.jpg", "null byte"),
        (io.BytesIO(b"x"), "in this BytesIO"), (np.zeros(10, np.uint8), "in this ndarray"),
        (np.zeros((0, 9, 3), np.uint8), "in this ndarray"),
        (np.zeros((1, 9, 9, 3)), "in this ndarray"), (np.zeros((9, 9, 3)), "data type: .*f8"),
        (np.zeros((3, 9, 9), np.uint8), "in this ndarray"),
    ],
)  # fmt: skip
def test_what_is_no_path_and_no_picture_gets_one_sentence(source, says):
    with pytest.raises(CourseError, match=says):
        open_image(source)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(CourseError, match="a pipe"):
        open_image(tmp_path / "pipe.jpg")
    with pytest.raises(NotTaken, match="a pipe"):
        read_file(tmp_path, "folder", "folder:pipe.jpg")


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "bmp", "tiff"])
def test_cut_short_at_any_place(tmp_path, suffix):
    data = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    Image.fromarray(noise).save(data, suffix.replace("jpg", "jpeg"))
    data = data.getvalue()
    path = tmp_path / f"cut.{suffix}"
    refused = 0
    for length in range(4, len(data) - 16, max(1, len(data) // 25)):
        path.write_bytes(data[:length])
        try:
            open_image(path)
        except CourseError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 10


def test_damage_never_leaks_another_exception(tmp_path):
    chance = random.Random(0)
    for suffix in ("jpeg", "png", "gif", "webp", "tiff", "bmp", "ico"):
        data = io.BytesIO()
        halves(size=(64, 64)).save(data, suffix)
        for i in range(40):
            broken = bytearray(data.getvalue())
            for _ in range(chance.randint(1, 12)):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            try:
                open_image(bytes(broken))
            except CourseError as error:
                assert "\n" not in str(error), (suffix, i)


def test_too_many_pixels_are_refused_before_decoding(tmp_path):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(bomb)
    with pytest.raises(CourseError, match="more than the 100 million pixels"):
        open_image(tmp_path / "bomb.png")


def test_a_long_but_reasonable_picture_is_opened(tmp_path):
    Image.new("RGB", (20_000, 50), "red").save(tmp_path / "strip.png")
    assert open_image(tmp_path / "strip.png").size == (20_000, 50)


def test_draft_decodes_small_and_keeps_enough(tmp_path):
    halves(size=(1600, 800)).save(tmp_path / "big.jpg")
    opened = open_image(tmp_path / "big.jpg", side=200)
    assert opened.size == (400, 200) and near(opened, (50, 100), RED)


def test_missing_and_folder(tmp_path):
    with pytest.raises(CourseError, match="no picture at"):
        open_image(tmp_path / "none.jpg")
    with pytest.raises(CourseError, match="Is a directory"):
        open_image(tmp_path)
