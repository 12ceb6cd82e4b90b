"""The recorder of the offline shop, data/studio/shop.py, as a module: ``from recorder import edited``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "data" / "studio"))
from shop import SVG, bomb, edited  # noqa: E402

__all__ = ["SVG", "bomb", "edited"]
