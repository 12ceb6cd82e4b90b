"""The only way a picture enters: upright 8-bit RGB, or one sentence that says why not."""

import warnings
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gadgetlib.errors import CourseError

MAX_PIXELS = 100_000_000  # decoded; a 100-megapixel RGB picture is already 300 MB
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM", "ICO", "JPEG2000", "TGA")
STARTS = {  # the first bytes, in lower case and without space in front, of files that are no pictures
    b"<!doctype": "it is a web page", b"<html": "it is a web page", b"<?xml": "it is an SVG or XML file",
    b"<svg": "it is an SVG or XML file", b"%pdf": "it is a PDF",
    b"version https://git-": "it is a Git LFS pointer, not the file itself",
}  # fmt: skip

Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # Pillow warns above this, and refuses twice as many before it decodes
warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # between the two, `open_image` decides


def open_image(source, side=None):
    """The picture at `source` (path, bytes or PIL picture) as upright 8-bit RGB.

    EXIF rotation is applied, transparency is laid on white, CMYK, palette, 16-bit and floating-point pictures are
    converted, and of an animation the first frame is taken. With `side`, a JPEG is decoded at the smallest of 1/1,
    1/2, 1/4, 1/8 scale whose sides are both at least `side` (or its own size): several times faster for thumbnails.

    Raises CourseError (one sentence) for what is missing, empty, no picture, cut short or above MAX_PIXELS;
    the size is read from the header, before any pixel is decoded.
    """
    if isinstance(source, Image.Image):
        return _to_rgb(source)
    if isinstance(source, (bytes, bytearray)):
        return _decode("the picture", BytesIO(source), side)
    path = Path(source)
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise CourseError(f"There is no picture at {path}: check the path.") from None
    except OSError as error:
        raise CourseError(f"{path} is no file that can be read ({error.strerror}): give a picture's path.") from None
    with stream:
        return _decode(path.name, stream, side)


def _decode(name, stream, side):
    head = stream.read(64)
    if not head:
        raise CourseError(f"{name} is empty (0 bytes): download or copy it again.")
    too_large = CourseError(f"{name} has more than the {MAX_PIXELS // 10**6} million pixels that are opened here: "
                            "save a smaller copy and use that.")  # fmt: skip
    try:
        with Image.open(stream, formats=FORMATS) as picture:
            if side:
                picture.draft(None, (side, side))  # does nothing where it is no JPEG
            if picture.width * picture.height > MAX_PIXELS:
                raise too_large
            return _to_rgb(picture)
    except Image.DecompressionBombError:
        raise too_large from None
    except MemoryError:
        raise CourseError(f"{name} does not fit in memory: save a smaller copy and use that.") from None
    except UnidentifiedImageError:
        raise CourseError(f"{name} is no picture that can be read here ({looks_like(head)}): "
                          "save it as JPEG or PNG.") from None  # fmt: skip
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, OverflowError) as error:
        # Pillow reports damage in all of these, by format.
        reason = str(error).split("\n")[0].rstrip(".") or type(error).__name__
        raise CourseError(f"{name} is damaged or cut short ({reason}): download or copy it again.") from None


def looks_like(head):
    """What the first bytes of a file that is no picture suggest it is."""
    if head[4:8] == b"ftyp":
        return "it is a HEIC picture or a video"
    for start, what in STARTS.items():
        if head.lstrip().lower().startswith(start):
            return what
    printable = sum(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head)
    return "it holds text" if head and printable == len(head) else "its first bytes match no picture format"


def _to_rgb(picture):
    picture.seek(0)
    picture.load()
    # a broken EXIF block says nothing about the pixels
    with suppress(OSError, SyntaxError, ValueError, KeyError, TypeError, ZeroDivisionError):
        picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        picture = _to_8_bit(picture)
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return picture.convert("RGB")  # of an RGB picture a copy, which lets go of the file


def _to_8_bit(picture):
    """16-bit, 32-bit and floating-point greys as 8-bit, by the narrowest usual range that holds them, or their own."""
    values = np.nan_to_num(np.asarray(picture, dtype=np.float32))
    low, high = float(values.min()), float(values.max())
    tops = {"F": (1, 255, 65535), "I": (255, 65535)}.get(picture.mode, (65535,))
    low, high = next(((0, top) for top in tops if low >= 0 and high <= top), (low, high))
    return Image.fromarray(((values - low) * (255 / max(high - low, 1e-9)) + 0.5).astype(np.uint8), "L")
