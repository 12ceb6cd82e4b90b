"""One look for all figures of the course, readable by colour-blind readers, with alt text."""

import io
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

# Okabe and Ito (2008), "Color Universal Design": told apart with any common colour vision.
COLOURS = {"mobile_phone": "#0072B2", "laptop": "#D55E00", "tablet": "#009E73", "smartwatch": "#CC79A7",
           "headphones": "#E69F00"}  # fmt: skip
GOOD, BAD, NEUTRAL = "#009E73", "#D55E00", "#777777"


def use_style() -> None:
    """Set the course's matplotlib style for the session."""
    import matplotlib as mpl

    mpl.rc("figure", dpi=90)
    mpl.rc("figure.constrained_layout", use=True)
    mpl.rc("axes", titlesize="medium", prop_cycle=mpl.cycler(color=[*COLOURS.values(), "#56B4E9"]))
    mpl.rc("axes.spines", top=False, right=False)


def show(figure: Any, alt: str) -> None:
    """Display a matplotlib figure or PIL image, compressed, with its alt text; close the figure."""
    from IPython.display import display
    from matplotlib import pyplot as plt

    if not alt.strip():
        raise ValueError("alt must say what the figure shows")
    kind, data = compressed(figure)
    display({kind: data, "text/plain": f"<picture: {alt}>"}, raw=True, metadata={kind: {"alt": alt}})
    if hasattr(figure, "savefig"):
        plt.close(figure)


def compressed(figure: Any) -> tuple[str, bytes]:
    """A figure or PIL image as (MIME type, bytes): PNG with 256 colours for a drawing, JPEG for what holds photos."""
    from PIL import Image

    if hasattr(figure, "savefig"):
        figure.savefig(drawn := io.BytesIO(), format="png", bbox_inches="tight")
        figure = Image.open(drawn)
    picture, out = figure.convert("RGB"), io.BytesIO()
    if picture.getcolors(5000):  # drawings have hundreds of colours, photos tens of thousands
        picture.quantize(256, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        return "image/png", out.getvalue()
    picture.save(out, "JPEG", quality=85, optimize=True)
    return "image/jpeg", out.getvalue()


def grid(images: Sequence[Any], titles: Sequence[str] = (), columns: int = 6, side: float = 1.6,
         frames: Sequence[str | None] = ()) -> Any:  # fmt: skip
    """A matplotlib figure of pictures in rows, each with a short title and, if given, a coloured frame.

    images: PIL images or arrays (h, w, 3). side: inches per picture. frames: a colour or None for each.
    """
    import matplotlib.pyplot as plt

    columns = max(1, min(columns, len(images)))
    rows = max(1, -(-len(images) // columns))
    figure, axes = plt.subplots(rows, columns, figsize=(columns * side, rows * (side + 0.25)), squeeze=False)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    for axis, image, title, frame in zip_longest(axes.flat[: len(images)], images, titles, frames):
        axis.imshow(image)
        axis.set_title(title or "", fontsize=7)
        if frame:
            axis.spines[:].set(visible=True, color=frame, linewidth=3)
    return figure
