"""The only way a picture enters: upright 8-bit RGB, or one sentence that says why not."""

import threading
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gadgetlib.errors import CourseError

MAX_PIXELS = 100_000_000  # decoded; a 100-megapixel RGB picture is already 300 MB
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM", "ICO", "JPEG2000", "TGA")

_OPENING = threading.Lock()


def open_image(source, side=None):
    """The picture at `source` (path, bytes or PIL picture) as upright 8-bit RGB.

    EXIF rotation is applied, transparency is laid on white, CMYK, palette, 16-bit and floating-point pictures are
    converted, and of an animation the first frame is taken. With `side`, a JPEG is decoded at the smallest of
    1/1, 1/2, 1/4, 1/8 scale whose sides are both at least `side` (or its own size): several times faster for thumbnails.

    Raises CourseError (one sentence) for what is missing, empty, no picture, cut short or above MAX_PIXELS;
    the size is read from the header, before any pixel is decoded.
    """
    if isinstance(source, Image.Image):
        return _to_rgb(source, "the picture")
    if isinstance(source, (bytes, bytearray)):
        name, stream, head, size = "the picture", BytesIO(source), bytes(source[:64]), len(source)
    else:
        path = Path(source)
        name = path.name
        if path.is_dir():
            raise CourseError(f"{path} is a folder, not a picture: give the path of one file in it.")
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                head = file.read(64)
        except FileNotFoundError:
            raise CourseError(f"There is no picture at {path}: check the path.") from None
        except OSError as error:
            raise CourseError(f"{path} cannot be read ({error.strerror}): check its permissions.") from None
        stream = path
    if size == 0:
        raise CourseError(f"{name} is empty (0 bytes): download or copy it again.")
    try:
        # Pillow's own size check warns or raises depending on the size and knows nothing of `draft`; ours follows.
        with _OPENING:
            theirs, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            try:
                picture = Image.open(stream, formats=FORMATS)
            finally:
                Image.MAX_IMAGE_PIXELS = theirs
        with picture:
            if side and picture.format in ("JPEG", "MPO"):
                picture.draft(None, (side, side))
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise CourseError(
                    f"{name} is {width:,} x {height:,} pixels, more than the {MAX_PIXELS // 10**6} million that are "
                    "opened here: save a smaller copy and use that."
                )
            return _to_rgb(picture, name)
    except UnidentifiedImageError:
        raise CourseError(f"{name} is no picture that can be read here ({looks_like(head)}): "
                          "save it as JPEG or PNG.") from None
    except CourseError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, OverflowError) as error:
        # Pillow reports damage in all of these, by format.
        reason = str(error).split("\n")[0].rstrip(".") or type(error).__name__
        raise CourseError(f"{name} is damaged or cut short ({reason}): download or copy it again.") from None
    except MemoryError:
        raise CourseError(f"{name} does not fit in memory: save a smaller copy and use that.") from None


def looks_like(head):
    """What the first bytes of a file that is no picture suggest it is."""
    start = head.lstrip()[:24].lower()
    if start.startswith((b"<!doctype", b"<html")):
        return "it is a web page"
    if start.startswith((b"<?xml", b"<svg")):
        return "it is an SVG or XML file"
    if start.startswith(b"%pdf"):
        return "it is a PDF"
    if head[4:8] == b"ftyp":
        return "it is a HEIC picture or a video"
    if start.startswith(b"version https://git-"):
        return "it is a Git LFS pointer, not the file itself"
    printable = sum(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head)
    return "it holds text" if head and printable == len(head) else "its first bytes match no picture format"


def _to_rgb(picture, name):
    if getattr(picture, "is_animated", False):
        picture.seek(0)
    picture.load()
    # a broken EXIF block says nothing about the pixels
    with suppress(OSError, SyntaxError, ValueError, KeyError, TypeError, ZeroDivisionError):
        picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        picture = _to_8_bit(picture)
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    # convert() on an RGB picture returns a copy, which also lets go of the file
    return picture.convert("RGB")


def _to_8_bit(picture):
    """16-bit, 32-bit and floating-point greys as 8-bit, by the range that their format stands for."""
    values = np.nan_to_num(np.asarray(picture, dtype=np.float32))
    low, high = float(values.min()), float(values.max())
    if picture.mode.startswith("I;16") or (picture.mode == "I" and low >= 0 and 255 < high <= 65535):
        values = values / 257
    elif picture.mode == "F" and low >= 0 and high <= 1:
        values = values * 255
    elif low < 0 or high > 255:
        values = (values - low) * (255 / max(high - low, 1e-9))
    return Image.fromarray(np.clip(values + 0.5, 0, 255).astype(np.uint8), "L")
