"""Where the lit screens are in the shipped photos: data/photos/screens.csv, so that a measurement can switch them off.

    python data/studio/outlines.py            # some minutes on one core; Blender is not needed

Every photo is composed again from its seed, with flat colours in place of the renderer: once with magenta screens, once
with green ones. Where the two differ by much there is a screen, wherever camera, banner and crop have put it. A row per
screen; one with an empty outline for a photo without a lit screen; none for the few photos that come out with another
camera than photos.csv states.
"""

from __future__ import annotations

import csv
import sys
import types
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy.spatial import ConvexHull

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.modules.setdefault("bpy", types.ModuleType("bpy"))  # the studio without its renderer
sys.modules.setdefault("mathutils", types.ModuleType("mathutils"))

import render  # noqa: E402
import scene  # noqa: E402

BODY, MAGENTA, GREEN = (60, 60, 60, 255), (255, 0, 255, 255), (0, 255, 0, 255)
CHANGED = 330  # of 765: sum over the channels; what a shiny table mirrors stays below


class Flat:
    """Stands in for scene's calls to Blender, and draws the subject in flat colours."""

    def __init__(self) -> None:
        self.screens = MAGENTA
        for name in ("clear", "surroundings", "area_light"):
            setattr(scene, name, lambda *_, **__: None)
        scene.build, scene.camera, scene.render = self.build, self.camera, self.render

    def build(self, group) -> None:
        self.parts = group.parts

    def camera(self, position, rotation, lens, width, height, *_) -> None:
        self.position, self.rotation, self.size, tan, aspect = (
            position,
            rotation,
            (width, height),
            18 / lens,
            width / height,
        )
        self.tan = np.array([tan, tan / aspect] if aspect >= 1 else [tan * aspect, tan])

    def project(self, points: np.ndarray) -> np.ndarray:
        """Centimetres (n, 3) to pixels (n, 2)."""
        seen = (points - self.position) @ self.rotation
        return (1 + seen[:, :2] * [1, -1] / np.maximum(-seen[:, 2:], 1e-3) / self.tan) / 2 * self.size

    def render(self, transparent: bool, *_) -> np.ndarray:
        """The bodies, then the screens that face the camera: (h, w, 4) uint8."""
        image = Image.new("RGBA", self.size, (*BODY[:3], 0 if transparent else 255))
        draw = ImageDraw.Draw(image)
        for part in sorted(self.parts, key=is_screen):
            pixels = self.project(part.verts)
            if not is_screen(part):  # its outline will do
                draw.polygon([tuple(point) for point in pixels[ConvexHull(pixels).vertices]], fill=BODY)
            for face in [*part.quads, *part.ngons] * is_screen(part):
                corners = part.verts[face]
                normal = np.cross(corners, np.roll(corners, -1, 0)).sum(0)
                if normal @ (self.position - corners.mean(0)) > 0:
                    draw.polygon([tuple(point) for point in pixels[face]], fill=self.screens)
        return np.asarray(image)


def is_screen(part) -> bool:
    return bool(part.mat.image) and part.mat.emit >= 1


def screen_mask(flat: Flat, product: dict, row: dict) -> np.ndarray | None:
    """Booleans (h, w); None where the photo cannot be composed again."""
    drawn = []
    for flat.screens in (MAGENTA, GREEN):
        image, meta = render.photo(product, int(row["file"][-6:-4]))
        if meta["camera"] != row["camera"]:
            return None
        drawn.append(np.asarray(image.convert("RGB")).astype(int))
    return np.abs(drawn[0] - drawn[1]).sum(-1) > CHANGED if drawn[0].shape == drawn[1].shape else None


def outlines(mask: np.ndarray) -> list[str]:
    """One "x y x y ..." in pixels for each screen."""
    import cv2

    found, _ = cv2.findContours(mask.astype("u1"), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    lines = [cv2.approxPolyDP(line, 1.0, True).ravel() for line in found if cv2.contourArea(line) > 20]
    return [" ".join(map(str, line)) for line in lines if len(line) >= 6]


def main() -> None:
    """Write screens.csv; photos that it has already keep their rows, so that an interrupted run goes on."""
    photos = HERE.parent / "photos"
    products = {row["product_id"]: row for row in render.products(HERE.parent / "catalogue.csv")}
    with open(photos / "photos.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["gadget_type"] != "headphones"]
    found: dict[str, list[str]] = {}
    if (path := photos / "screens.csv").exists():
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["file"], []).append(row["outline"])
    flat = Flat()
    for number, row in enumerate(rows):
        if row["file"] not in found:
            mask = screen_mask(flat, products[row["product_id"]], row)
            found[row["file"]] = [] if mask is None else outlines(mask) or [""]
        if number % 200 == 0 or number == len(rows) - 1:
            with open(path, "w", newline="", encoding="utf-8") as file:
                table = csv.writer(file, lineterminator="\n")
                table.writerow(["file", "outline"])
                table.writerows([name, line] for name, lines in found.items() for line in lines)
    print(f"screens.csv written; {sum(not lines for lines in found.values())} photos could not be composed again")


if __name__ == "__main__":
    main()
