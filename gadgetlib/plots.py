"""One look for all figures of the course, readable by colour-blind readers, with alt text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Okabe and Ito (2008), "Color Universal Design": told apart with any common colour vision.
COLOURS = {
    "mobile_phone": "#0072B2",
    "laptop": "#D55E00",
    "tablet": "#009E73",
    "smartwatch": "#CC79A7",
    "headphones": "#E69F00",
}
GOOD, BAD, NEUTRAL = "#009E73", "#D55E00", "#777777"


def use_style() -> None:
    """Set the course's matplotlib style for the session."""
    import matplotlib as mpl

    mpl.rcParams.update(
        {
            "figure.dpi": 90,
            "savefig.dpi": 90,
            "figure.constrained_layout.use": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": "medium",
            "axes.prop_cycle": mpl.cycler(color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]),
            "image.interpolation": "antialiased",
        }
    )


def show(figure: Any, alt: str) -> None:
    """Display a matplotlib figure or PIL image in the notebook with its alt text, then close it."""
    from IPython.display import display

    if not alt.strip():
        raise ValueError("alt must say what the figure shows")
    display(figure, metadata={"image/png": {"alt": alt}})
    if hasattr(figure, "savefig"):
        import matplotlib.pyplot as plt

        plt.close(figure)


def grid(
    images: Sequence[Any], titles: Sequence[str] = (), columns: int = 6, side: float = 1.6,
    frames: Sequence[str | None] = (),
) -> Any:  # fmt: skip
    """A matplotlib figure of pictures in rows, each with a short title and, if given, a coloured frame.

    images: PIL images or arrays (h, w, 3). side: inches a picture. frames: a colour or None for each.
    """
    import matplotlib.pyplot as plt

    columns = max(1, min(columns, len(images)))
    rows = max(1, -(-len(images) // columns))
    figure, axes = plt.subplots(rows, columns, figsize=(columns * side, rows * (side + 0.25)), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for i, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        axis.imshow(image)
        if i < len(titles):
            axis.set_title(titles[i], fontsize=7)
        if i < len(frames) and frames[i]:
            axis.axis("on")
            axis.set(xticks=[], yticks=[])
            for spine in axis.spines.values():
                spine.set(visible=True, color=frames[i], linewidth=3)
    return figure
