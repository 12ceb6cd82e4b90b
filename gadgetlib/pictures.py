"""The only way a picture enters: upright 8-bit RGB, or one sentence that says why not."""

import re
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gadgetlib.errors import CourseError

MAX_PIXELS = 100_000_000  # decoded; a 100-megapixel RGB picture is already 300 MB
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM", "ICO", "JPEG2000", "TGA")
STARTS = {  # how files begin that are no pictures
    rb".{4}ftyp": "it is a HEIC picture or a video",
    rb"\s*<(!doctype|html)": "it is a web page",
    rb"\s*<(\?xml|svg)": "it is an SVG or XML file",
    rb"%pdf": "it is a PDF",
    rb"version https://git-": "it is a Git LFS pointer, not the file itself",
    rb"[\t\n\r -~]+\Z": "it holds text",
}

Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # Pillow warns above this, and refuses twice as many before it decodes


def open_image(source: str | Path | bytes | Image.Image | np.ndarray, side: int | None = None) -> Image.Image:
    """The picture at `source` (path, bytes, PIL picture, uint8 array (h, w, 3)) as upright 8-bit RGB.

    EXIF rotation is applied, transparency is laid on white, CMYK, palette, 16-bit and floating-point pictures are
    converted, and of an animation the first frame is taken. With `side`, a JPEG is decoded at the smallest of 1/1,
    1/2, 1/4, 1/8 scale whose sides are both at least `side` (or its own size): several times faster for thumbnails.

    Raises CourseError for what is missing, empty, no picture, cut short or, by its header, above MAX_PIXELS.
    """
    try:
        if isinstance(source, np.ndarray) and source.ndim > 1 and source.size:
            source = Image.fromarray(source)
        if isinstance(source, Image.Image):
            return _to_rgb(source)
        if isinstance(source, bytes):
            return _decode("the picture", BytesIO(source), side)
        if (path := Path(source)).is_fifo():
            raise ValueError("a pipe")
        with path.open("rb") as stream:
            return _decode(path.name, stream, side)
    except (OSError, ValueError, TypeError) as error:  # ValueError: a name with a null byte
        why = getattr(error, "strerror", None) or error
        what = f"at {source}" if isinstance(source, (str, Path)) else f"in this {type(source).__name__}"
        raise CourseError(f"There is no picture {what} that can be read ({why}): check the path.") from None


def _decode(name: str, stream: IO[bytes], side: int | None) -> Image.Image:
    head = stream.read(64)
    if not head:
        raise CourseError(f"{name} is empty (0 bytes): download or copy it again.")
    try:
        with Image.open(stream, formats=FORMATS) as picture:
            if side:
                picture.draft(None, (side, side))  # does nothing where it is no JPEG
            if picture.width * picture.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            return _to_rgb(picture)
    except (Image.DecompressionBombError, MemoryError):
        most = f"{MAX_PIXELS // 10**6} million pixels"
        raise CourseError(f"{name} has more than the {most} that are opened here: save a smaller copy.") from None
    except UnidentifiedImageError:
        why = f"{name} is no picture that can be read here ({looks_like(head)})"
        raise CourseError(f"{why}: save it as JPEG or PNG.") from None
    except Exception as error:  # Pillow reports damage in OSError, SyntaxError, ValueError and others, by format
        reason = str(error).split("\n")[0].rstrip(".") or type(error).__name__
        raise CourseError(f"{name} is damaged or cut short ({reason}): download or copy it again.") from None


def looks_like(head: bytes) -> str:
    """What the first bytes of a file that is no picture suggest it is."""
    found = (what for start, what in STARTS.items() if re.match(start, head, re.IGNORECASE | re.DOTALL))
    return next(found, "its first bytes match no picture format")


def _to_rgb(picture: Image.Image) -> Image.Image:
    picture.seek(0)
    picture.load()
    with suppress(Exception):  # a broken EXIF block says nothing about the pixels
        picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith(("I", "F")):  # 16 bits, 32 bits, floating point
        values = np.nan_to_num(np.asarray(picture, dtype=np.float32)).clip(0)
        top = next((top for top in (1, 255, 65535) if values.max() <= top), values.max())  # a usual range, or their own
        picture = Image.fromarray((values * (255 / top) + 0.5).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return picture.convert("RGB")  # of an RGB picture a copy, which lets go of the file
