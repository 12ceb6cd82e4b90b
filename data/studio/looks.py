"""From a catalogue row to a fixed look: colours, sizes, style choices that follow from the product alone."""

from __future__ import annotations

import hashlib
import math
import re
from random import Random

PRODUCTS, SHUFFLE = (
    104,
    5,
)  # at most so many products per class, picked with this seed, are photographed; and all rare phones
PORTRAITS_FROM = 4  # so many photos of a product are of any kind; those after them are portraits

NAMES = {
    "black": (0.03, 0.03, 0.035),
    "midnight": (0.06, 0.07, 0.11),
    "graphite": (0.14, 0.14, 0.15),
    "onyx": (0.04, 0.04, 0.045),
    "obsidian": (0.04, 0.04, 0.045),
    "carbon": (0.07, 0.07, 0.08),
    "charcoal": (0.12, 0.12, 0.13),
    "jet": (0.02, 0.02, 0.02),
    "space": (0.22, 0.22, 0.24),
    "gray": (0.38, 0.38, 0.40),
    "grey": (0.38, 0.38, 0.40),
    "titan": (0.48, 0.46, 0.43),
    "steel": (0.55, 0.56, 0.58),
    "silver": (0.78, 0.79, 0.80),
    "platinum": (0.75, 0.75, 0.74),
    "aluminium": (0.75, 0.76, 0.77),
    "aluminum": (0.75, 0.76, 0.77),
    "mercury": (0.6, 0.62, 0.64),
    "chrome": (0.8, 0.8, 0.82),
    "white": (0.92, 0.92, 0.91),
    "pearl": (0.93, 0.92, 0.88),
    "snow": (0.95, 0.95, 0.95),
    "porcelain": (0.92, 0.90, 0.85),
    "starlight": (0.93, 0.90, 0.84),
    "cream": (0.93, 0.89, 0.78),
    "ivory": (0.94, 0.92, 0.83),
    "cloud": (0.85, 0.88, 0.9),
    "moon": (0.86, 0.86, 0.84),
    "frost": (0.85, 0.9, 0.93),
    "glacier": (0.8, 0.88, 0.92),
    "bone": (0.87, 0.83, 0.75),
    "chalk": (0.9, 0.9, 0.88),
    "gold": (0.86, 0.72, 0.48),
    "champagne": (0.88, 0.80, 0.66),
    "bronze": (0.55, 0.40, 0.27),
    "copper": (0.66, 0.42, 0.30),
    "rose": (0.90, 0.68, 0.66),
    "sand": (0.80, 0.72, 0.60),
    "beige": (0.84, 0.77, 0.66),
    "desert": (0.75, 0.63, 0.52),
    "natural": (0.64, 0.60, 0.55),
    "hazel": (0.48, 0.46, 0.40),
    "brown": (0.33, 0.21, 0.14),
    "tan": (0.66, 0.50, 0.34),
    "khaki": (0.55, 0.52, 0.40),
    "dune": (0.8, 0.72, 0.6),
    "red": (0.72, 0.07, 0.09),
    "crimson": (0.6, 0.05, 0.1),
    "burgundy": (0.36, 0.06, 0.11),
    "wine": (0.36, 0.06, 0.13),
    "coral": (0.95, 0.48, 0.40),
    "flame": (0.9, 0.3, 0.1),
    "lava": (0.8, 0.2, 0.1),
    "orange": (0.95, 0.45, 0.10),
    "amber": (0.93, 0.6, 0.1),
    "peach": (0.97, 0.76, 0.62),
    "sunset": (0.93, 0.55, 0.45),
    "yellow": (0.95, 0.83, 0.25),
    "lemon": (0.96, 0.9, 0.4),
    "lime": (0.7, 0.9, 0.3),
    "green": (0.22, 0.42, 0.30),
    "olive": (0.40, 0.42, 0.27),
    "mint": (0.70, 0.90, 0.80),
    "sage": (0.62, 0.68, 0.56),
    "jade": (0.35, 0.60, 0.48),
    "forest": (0.12, 0.25, 0.17),
    "emerald": (0.1, 0.42, 0.3),
    "alpine": (0.3, 0.4, 0.33),
    "pine": (0.15, 0.28, 0.22),
    "teal": (0.15, 0.48, 0.50),
    "aqua": (0.5, 0.85, 0.85),
    "cyan": (0.3, 0.75, 0.85),
    "turquoise": (0.3, 0.7, 0.7),
    "ocean": (0.1, 0.3, 0.5),
    "sea": (0.3, 0.6, 0.65),
    "blue": (0.15, 0.32, 0.62),
    "navy": (0.08, 0.12, 0.26),
    "sky": (0.58, 0.77, 0.93),
    "sierra": (0.60, 0.72, 0.84),
    "pacific": (0.2, 0.35, 0.45),
    "ultramarine": (0.35, 0.45, 0.9),
    "cobalt": (0.1, 0.2, 0.6),
    "indigo": (0.22, 0.2, 0.5),
    "denim": (0.2, 0.3, 0.45),
    "ice": (0.80, 0.89, 0.94),
    "stellar": (0.2, 0.25, 0.4),
    "purple": (0.45, 0.33, 0.62),
    "violet": (0.50, 0.38, 0.72),
    "lavender": (0.80, 0.74, 0.92),
    "lilac": (0.80, 0.72, 0.88),
    "plum": (0.35, 0.16, 0.32),
    "pink": (0.95, 0.70, 0.76),
    "blush": (0.93, 0.76, 0.74),
    "magenta": (0.8, 0.1, 0.5),
    "aurora": (0.45, 0.7, 0.85),
    "dawn": (0.9, 0.75, 0.7),
    "dusk": (0.4, 0.35, 0.5),
    "phantom": (0.08, 0.08, 0.09),
    "mystic": (0.72, 0.6, 0.56),
    "awesome": (0.5, 0.6, 0.8),
    "eclipse": (0.05, 0.05, 0.06),
    "storm": (0.3, 0.33, 0.38),
    "slate": (0.28, 0.31, 0.35),
    "stone": (0.6, 0.57, 0.52),
    "ash": (0.5, 0.5, 0.48),
    "smoke": (0.35, 0.35, 0.36),
    "shadow": (0.1, 0.1, 0.12),
    "fog": (0.75, 0.78, 0.8),
    "night": (0.05, 0.07, 0.13),
    "dark": (0.09, 0.1, 0.12),
    "light": (0.82, 0.83, 0.85),
    "arctic": (0.85, 0.9, 0.92),
    "polar": (0.88, 0.91, 0.93),
    "luna": (0.7, 0.72, 0.75),
    "lunar": (0.7, 0.72, 0.75),
    "fjord": (0.3, 0.4, 0.42),
}


def common(rows: list[dict], products: int = PRODUCTS, shuffle: int = SHUFFLE) -> tuple[list[dict], list[dict]]:
    """(the products that are photographed as a sample of the catalogue, the others), in the order of the shuffle.

    products: at most so many a class, 0: all. shuffle: seed; 0 keeps the catalogue's order.
    """
    rows, chosen, others, seen = list(rows), [], [], {}
    if shuffle:
        Random(shuffle).shuffle(rows)
    for row in rows:
        seen[row["gadget_type"]] = seen.get(row["gadget_type"], 0) + 1
        (chosen if not products or seen[row["gadget_type"]] <= products else others).append(row)
    return chosen, others


def portrait(file: str) -> bool:
    """Whether a photo's name, such as nokia-3310-05.jpg, is that of a portrait."""
    number = re.search(r"-(\d\d)\.jpg$", file)
    return number is not None and int(number[1]) >= PORTRAITS_FROM


def rare(row: dict) -> bool:
    """Phones with keys, flip phones and folding ones: too few in a sample, so all of them are photographed."""
    return row["gadget_type"] == "mobile_phone" and row["form"] not in ("", "slate")


def colour(name: str, fallback: Random) -> tuple:
    """RGB of a colour name: the last known word counts most ("Phantom Black" is black)."""
    words = "".join(c if c.isalpha() else " " for c in name.lower()).split()
    for word in reversed(words):
        for key in NAMES:
            if word == key or (len(key) > 4 and word.startswith(key)):
                c = NAMES[key]
                if "dark" in words and key != "dark":
                    c = tuple(x * 0.55 for x in c)
                if "light" in words and key != "light":
                    c = tuple(0.5 + x * 0.5 for x in c)
                return c
    return fallback.choice(list(NAMES.values()))


class Look:
    """What is fixed for a product. `rng` gives the product's own choices, the same for each of its photos."""

    def __init__(self, row: dict):
        self.row, self.id = row, row["product_id"]
        self.rng = Random(int(hashlib.sha1(self.id.encode()).hexdigest()[:12], 16))
        self.brand, self.model = row.get("brand", ""), row.get("model", "")
        self.form = row.get("form", "") or "slate"
        self.year = int(float(row.get("year") or 2021))
        self.screen = float(row.get("screen_in") or 0)
        names = [c.strip() for c in (row.get("colours") or "").split(";") if c.strip()] or ["black"]
        self.colours = [colour(n, self.rng) for n in names]
        first = self.rng.randrange(len(self.colours)) if self.rng.random() < 0.7 else 0
        self.color = self.colours[first]
        self.ratio = self._ratio()
        self.portrait = False  # a shop's portrait: one item, its own screen, nothing in front of it

    def _ratio(self) -> float:
        """Long side over short side of the screen, from the resolution when stated."""
        try:
            a, b = (float(x) for x in self.row.get("resolution", "").lower().replace("×", "x").split("x")[:2])
            return max(a, b) / min(a, b)
        except (ValueError, ZeroDivisionError):
            return 0.0

    def screen_cm(self, default_in: float, default_ratio: float):
        """(short, long) side of the screen in centimetres."""
        diag, r = (self.screen or default_in) * 2.54, self.ratio or default_ratio
        return diag / math.hypot(1, r), diag * r / math.hypot(1, r)

    def own_screen(self, rng: Random) -> bool:
        """Whether the product's own wallpaper shows: shops show a model with one screen, owners with theirs."""
        return rng.random() < 0.5 or self.portrait

    def choice(self, key: str, options):
        """A choice fixed for the product, independent of other choices."""
        return Random(f"{self.id}/{key}").choice(list(options))

    def uniform(self, key: str, a: float, b: float) -> float:
        return Random(f"{self.id}/{key}").uniform(a, b)


def luma(c):
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]


def shade(c, f):
    return tuple(min(1.0, max(0.0, x * f)) for x in c)


class Shot:
    """A composed subject, before camera, light and background.

    `subject` frames the picture; `extra` (hands, arms) may be cut off by it. `stage` says where it can be: "float"
    (cut-outs, banners), "table" (rests on z = 0), "air" (in a hand or on a head: needs a room behind it). azimuth /
    elevation are camera ranges in degrees.
    """

    def __init__(
        self,
        subject,
        view,
        stage="float",
        az=(-20, 20),
        el=(0, 15),
        roll=(-3, 3),
        extra=None,
        wild=0.3,
        crop=0.0,
    ):
        self.subject, self.view, self.stage = subject, view, stage
        self.az, self.el, self.roll, self.extra, self.wild, self.crop = az, el, roll, extra, wild, crop
