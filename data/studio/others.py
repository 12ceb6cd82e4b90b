"""What shops sell beside gadgets: objects that are none of the five classes, photographed exactly as gadgets are.

    python data/studio/others.py                     # what is missing in data/others
    python data/studio/others.py --each 2 --out build/try

Every function below that takes only `r`, a Random of the object's own, builds one object of a kind: it stands or lies
on z = 0 and faces -y. Its photo follows from its id, such as keyboard-07, alone.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import sys
import time
from pathlib import Path
from random import Random

import numpy as np
import screens
import sets
import watch
from looks import NAMES, Look, Shot, shade
from mesh import (
    UPRIGHT,
    Group,
    Mat,
    ball,
    capsule,
    disc,
    lathe,
    move,
    picture,
    plate,
    ring,
    rounded,
    scale,
    slab,
    stack,
    tube,
    turn,
)
from phone import CHROME, GLASS, LENS, keyblock, legend_image, screen_mat
from PIL import Image, ImageDraw

HERE = Path(__file__).resolve().parent
COLUMNS = ["file", "object", "kind", "view", "background", "camera", "seed"]
EACH = 30  # objects per kind


# ---------------------------------------------------------------- paint and small parts
def paint(r: Random, **options) -> Mat:
    """Black, white, grey or, less often, any colour; matt or glossy, sometimes metal."""
    plain = [(0.03, 0.03, 0.035)] * 5 + [(0.92, 0.92, 0.91)] * 4 + [(0.2, 0.2, 0.22), (0.55, 0.56, 0.58)]
    color = r.choice(plain) if r.random() < 0.7 else r.choice(list(NAMES.values()))
    return Mat(color, **{"rough": r.uniform(0.15, 0.7), "metal": float(r.random() < 0.12), **options})


def bright(r: Random) -> tuple:
    return tuple(np.array(screens.hsv(r.random(), r.uniform(0.5, 1), r.uniform(0.7, 1))) / 255)


def light(r: Random) -> Mat:
    return Mat(bright(r), emit=r.uniform(0.8, 2.5))


def contrast(mat: Mat) -> tuple:
    """A colour that can be read on a material."""
    return (0.08, 0.08, 0.08) if sum(mat.color) > 1.4 else (0.9, 0.9, 0.9)


def box(w, d, h, mat, r=0.5, bevel=0.2) -> Group:
    """A rounded block that stands on z = 0, w to the right, d deep, h high."""
    return Group().add(slab(w, d, h, r, mat, bevel=bevel), move(z=h / 2))


def at(x=0.0, y=0.0, z=0.0):
    """The place of a flat part on a front: it faces -y."""
    return move(x, y, z) @ UPRIGHT


def wire(r: Random, start, length, mat=None, radius=0.2, plug=True) -> Group:
    """A cable that lies on the table from `start`, away to the back, with a plug at its end."""
    mat = mat or Mat(r.choice([(0.04, 0.04, 0.04), (0.93, 0.93, 0.93)]), rough=0.5)
    x, y, z = start
    path = [start] + [(x + r.uniform(-0.4, 0.4) * length, y + length * k / 4, radius) for k in range(1, 5)]
    g = Group().add(tube(path, radius, mat, 50, seg=8))
    if plug:
        g.add(slab(1.1, 2.4, 0.6, 0.15, mat, bevel=0.1), move(*path[-1]))
        g.add(slab(0.9, 1.0, 0.35, 0.05, CHROME, bevel=0.03), move(0, 1.6, 0) @ move(*path[-1]))
    return g


def grille(r: Random, w, h, mat) -> Mat:
    """The cloth or holes of a loudspeaker."""
    n = r.choice([48, 80])
    y, x = np.mgrid[0:n, 0:n]
    dots = (np.sin(x * 1.57) * np.sin(y * 1.57) > 0.1)[..., None]
    rgb = np.array(mat.color) * np.where(dots, 0.55, 1.0) * (0.9 + 0.2 * sets.noise(r, n, n, 9))[..., None]
    return Mat(mat.color, rough=0.9, image=picture((np.clip(rgb, 0, 1) * 255).astype(np.uint8)))


def wordmark(r: Random, mat: Mat, w, h) -> tuple:
    """A flat name on a patch in the colour of its body."""
    text = r.choice(screens.WORDS).upper()
    ink, body = (tuple(int(255 * c) for c in color) for color in (contrast(mat), mat.color))
    image = screens.wordmark(text, int(40 * w / h), 40, ink, body)
    return plate(w, h, 0.02, Mat(mat.color, rough=mat.rough, metal=mat.metal, image=picture(image)))


def mirrored(g: Group) -> Group:
    """Both sides: a part at x and its like at -x."""
    return Group().add(g).add(g, turn("z", 180) @ scale(1, -1, 1))


# ---------------------------------------------------------------- beside a computer
def keyboard(r: Random) -> Group:
    body, deep = paint(r), r.choice([0.25, 0.5, 0.9])
    columns, pad = r.choice([(14, 0), (15, 0), (15, 4), (15, 4)])
    rows, unit = r.choice([5, 6, 6]), 1.9
    caps = [body.color, shade(body.color, r.choice([0.6, 1.3])), (0.92, 0.92, 0.9), (0.06, 0.06, 0.07), bright(r)]
    cells, w = [], unit * (columns + pad + (0.5 if pad else 0)) + 1
    h = unit * rows + r.choice([0.8, 1.5, 3])
    for row in range(rows):
        bar = row == 0
        left = -w / 2 + 0.5
        wide = (
            [1.25, 1.25, 1.25, 6.25] + [1.25] * (columns - 10)
            if bar
            else [1 + 0.25 * (3 - row % 4)] + [1] * (columns - 2)
        )
        wide += [columns - sum(wide)] if columns - sum(wide) > 0.4 else []
        for k in wide:
            cells.append((left + k * unit / 2, -h / 2 + 0.5 + unit * (row + 0.5), k * unit * 0.93, unit * 0.92))
            left += k * unit
        cells += [(w / 2 - 0.5 - unit * (c + 0.5), cells[-1][1], unit * 0.93, unit * 0.92) for c in range(pad)]
    key, area = r.choice(caps), (-w / 2, -h / 2, w, h)
    texts = [r.choice("QWERTYUIOPASDFGHJKLZXCVBNM1234567890") for _ in cells]
    ink = contrast(Mat(key)) if r.random() < 0.7 else bright(r)
    image = picture(legend_image(cells, texts, area, ink, key, 14))
    g = box(w, h, 1.3, body, r.choice([0.3, 1, 1.6]), 0.2)
    if r.random() < 0.25:
        g.add(plate(w - 0.8, unit * rows, 0.2, light(r)), move(0, -h / 2 + 0.5 + unit * rows / 2, 1.32))
    g.add(keyblock(cells, deep, area, Mat(key, rough=0.5, image=image), inset=0.05 + 0.15 * deep), move(z=1.34))
    if r.random() < 0.4:
        g.add(box(w, r.uniform(4, 7), 1, body, 1, 0.4), move(0, -h / 2 - 3, 0))  # a rest for the hands
    if r.random() < 0.35:
        g.add(mouse(r), move(w / 2 + 7, 0, 0))
    return g.moved(turn("x", r.uniform(0, 7))).grounded() if r.random() < 0.7 else g.add(wire(r, (0, h / 2, 0.5), 14))


def mouse(r: Random) -> Group:
    body, w, length, h = paint(r), r.uniform(5.2, 7.5), r.uniform(9.5, 12.5), r.uniform(2.2, 4.2)
    levels = [(0, 0.93), (0.15, 1.0), (0.45, 0.97), (0.7, 0.83), (0.88, 0.6), (0.97, 0.35), (1, 0.1)]
    g = Group().add(stack([(rounded(w * s, length * s, w * s * 0.46, 8), z * h) for z, s in levels], body))
    dark = Mat(shade(body.color, 0.4), rough=0.5)
    g.add(lathe([(0.7, -0.35), (0.8, 0), (0.7, 0.35)], Mat((0.1, 0.1, 0.1), rough=0.6), 20),
          move(0, length * 0.23, h * 0.86) @ turn("y", 90))  # fmt: skip
    arc = [(0, y, h * math.sqrt(max(0.02, 1 - (2 * y / length) ** 2)) * 0.97) for y in np.linspace(0, length * 0.47, 8)]
    g.add(tube(arc, 0.07, dark, 20, seg=6))
    if r.random() < 0.4:
        g.add(slab(0.5, 3, 0.5, 0.2, dark, bevel=0.1), move(-w * 0.47, 0.5, h * 0.5))
    if r.random() < 0.3:
        g.add(ring(1, 0.93, 0.4, light(r), 40), move(z=h * 0.28) @ scale(w / 2 + 0.12, length / 2 + 0.12, 1))
    if r.random() < 0.5:
        g.add(wire(r, (0, length / 2, 0.8), 12, radius=0.16))
    return g


def monitor(r: Random) -> Group:
    body = paint(r)
    ratio, h = r.choice([16 / 9, 16 / 9, 16 / 10, 21 / 9, 5 / 4]), r.uniform(26, 40)
    w, rim = h * ratio, r.choice([0.4, 0.8, 1.6, 2.5])
    lift = r.uniform(6, 16)
    paint_it = screens.desktop if r.random() < 0.6 else screens.wallpaper
    image = paint_it(r, int(200 * ratio), 200) if r.random() < 0.85 else screens.off(r, int(200 * ratio), 200)
    g = Group().add(slab(w + 2 * rim, h + 2 * rim, r.uniform(1, 5), 0.6, body, bevel=0.3), at(0, 1, lift + h / 2))
    g.add(plate(w, h, 0.05, screen_mat(image, 0.3)), at(0, -1.6, lift + h / 2))
    g.add(slab(w + 0.6, h + 0.6, 0.4, 0.1, GLASS, bevel=0.05), at(0, -1.3, lift + h / 2))
    if r.random() < 0.5:
        g.add(slab(w + 2 * rim, r.uniform(2, 4), 1.4, 0.3, body, bevel=0.2), at(0, -0.9, lift - 1.2))
    if r.random() < 0.2:  # a whole workplace
        g.add(keyboard(r), move(0, -w * 0.35 - 9, 0)).add(mouse(r), move(w * 0.42, -w * 0.35 - 9, 0))
    foot = r.choice(["round", "plate", "feet", "vee"])
    if foot == "feet":  # a television
        leg = Group().add(capsule([(0, 1, lift), (2, -5, 0.4)], 0.6, 0.4, body))
        leg.add(capsule([(0, 1, lift), (2, 7, 0.4)], 0.6, 0.4, body))
        return g.add(mirrored(leg.moved(move(w * 0.38, 0, 0))))
    g.add(slab(r.uniform(3, 8), lift + h * 0.5, 1.6, 0.6, body, bevel=0.3), at(0, 4, (lift + h * 0.5) / 2))
    if foot == "round":
        return g.add(lathe([(w * 0.17, 0), (w * 0.17, 0.8), (w * 0.15, 1.2)], body, 36), move(0, 3, 0))
    if foot == "plate":
        return g.add(box(w * r.uniform(0.3, 0.5), r.uniform(14, 20), 1, body, 1), move(0, 3, 0))
    leg = Group().add(capsule([(0, 5, 0.8), (w * 0.2, -9, 0.8)], 0.9, 0.6, body))
    return g.add(mirrored(leg))


def tower(r: Random) -> Group:
    """A desktop computer: a tower with fans and lights, or a small box."""
    body = paint(r)
    if r.random() < 0.3:
        w, h = r.uniform(11, 20), r.uniform(3, 6)
        g = box(w, w, h, body, r.choice([0.5, 3]), 0.3).add(disc(0.4, light(r)), at(w * 0.35, -w / 2 - 0.02, h / 2))
        for k in range(3):
            g.add(plate(1.3, 0.6, 0.1, Mat((0.02, 0.02, 0.02))), at(-w * 0.3 + 2 * k, -w / 2 - 0.02, h / 2))
        return g
    w, d, h = r.uniform(18, 23), r.uniform(36, 46), r.uniform(36, 50)
    g = box(w, d, h, body, 0.4, 0.2)
    glow, lit = light(r), r.random() < 0.6
    for k in range(r.choice([0, 2, 3, 3])):
        z = h * (0.2 + 0.29 * k)
        g.add(disc(w * 0.4, Mat((0.02, 0.02, 0.02), rough=0.3), 36), at(0, -d / 2 - 0.03, z))
        g.add(ring(w * 0.36, w * 0.32, 0.5, glow if lit else Mat((0.12, 0.12, 0.12)), 40), at(0, -d / 2 - 0.2, z))
        for a in range(7):
            g.add(slab(2.2, w * 0.24, 0.2, 0.8, Mat((0.1, 0.1, 0.1), rough=0.4), bevel=0.08),
                  at(0, -d / 2 - 0.3, z) @ turn("z", a * 51.4) @ move(0, w * 0.17, 0) @ turn("y", 25))  # fmt: skip
    if r.random() < 0.6:
        side = move(-w / 2 - 0.02, 0, h / 2) @ turn("z", -90) @ UPRIGHT
        g.add(plate(d * 0.92, h * 0.92, 0.3, Mat((0.02, 0.02, 0.03), rough=0.04)), side)
        g.add(plate(d * 0.5, h * 0.14, 0.3, Mat((0.15, 0.15, 0.16), rough=0.4)), side @ move(0, -h * 0.05, 0.1))
        g.add(plate(d * 0.44, 0.6, 0.1, glow), side @ move(0, -h * 0.05, 0.15))
        g.add(ring(5.5, 4.6, 0.3, glow, 40), side @ move(d * 0.2, h * 0.25, 0.1))
    return g


def printer(r: Random) -> Group:
    body, w, d, h = paint(r), r.uniform(36, 46), r.uniform(28, 38), r.uniform(13, 28)
    dark = Mat((0.06, 0.06, 0.07), rough=0.4)
    g = box(w, d, h, body, 2, r.uniform(0.5, 2))
    g.add(plate(w * 0.7, h * 0.35, 0.5, dark), at(0, -d / 2 - 0.05, h * 0.35))
    g.add(box(w * 0.6, r.uniform(8, 14), 0.6, dark if r.random() < 0.5 else body, 0.6), move(0, -d / 2 - 4, h * 0.12))
    g.add(box(w * 0.96, d * 0.8, 1.6, Mat(shade(body.color, 0.8), rough=0.4), 1.5), move(0, 1, h - 0.4))
    if r.random() < 0.6:
        sheet = Mat((0.97, 0.97, 0.97), rough=0.9, image=picture(sets.surface(r, "paper")))
        g.add(plate(21, 18, 0.05, sheet), move(0, -d / 2 - 4, h * 0.2) @ turn("x", -8))
        g.add(plate(21, 22, 0.05, sheet), move(0, d / 2 - 2, h + 9) @ turn("x", 70))
    panel = move(w * r.choice([-0.3, 0, 0.3]), -d / 2 + 2, h + 1.25) @ turn("x", r.choice([0, 30]))
    g.add(slab(11, 5, 0.6, 0.4, dark, bevel=0.1), panel)
    g.add(plate(5, 3, 0.1, screen_mat(screens.wallpaper(r, 60, 40))), panel @ move(-2.5, 0, 0.33))
    for k in range(4):
        g.add(disc(0.5, light(r) if k == 0 else Mat((0.6, 0.6, 0.6))), panel @ move(1.2 + 1.2 * k, 0, 0.33))
    return g


def router(r: Random) -> Group:
    body = paint(r)
    if r.random() < 0.3:
        h, w = r.uniform(8, 18), r.uniform(4, 6)
        g = Group().add(lathe([(w * 0.95, 0), (w, 0.5), (w, h - 1), (w * 0.9, h - 0.2), (0.1, h)], body, 36))
        return g.add(disc(0.3, light(r)), at(0, -w - 0.03, h * 0.25))
    w, d, h = r.uniform(16, 27), r.uniform(10, 20), r.uniform(2.4, 5)
    g = box(w, d, h, body, r.choice([0.5, 2, 4]), 0.6)
    for k in range(r.randint(3, 7)):
        g.add(disc(0.22, light(r)), move(-w * 0.3 + 1.4 * k, -d * 0.36, h + 0.02))
    for k in range(6):
        g.add(plate(w * 0.5, 0.25, 0.1, Mat((0.02, 0.02, 0.02))), move(0, -1 + k * 0.9, h + 0.02))
    n, tall, rod = r.choice([0, 2, 2, 3, 4, 6]), r.uniform(11, 19), Mat(shade(body.color, 0.9), rough=0.5)
    for k in range(n):
        lean = r.uniform(-20, 20)
        place = move(-w * 0.45 + w * 0.9 * k / max(1, n - 1), d / 2 + 0.6, h * 0.6) @ turn("y", lean)
        g.add(slab(1.5, 0.8, tall, 0.4, rod, bevel=0.25), place @ move(z=tall / 2))
    return g.add(wire(r, (w * 0.2, d / 2, h / 2), 12, radius=0.25)) if r.random() < 0.5 else g


def storage(r: Random) -> Group:
    """A memory stick, a memory card, an external drive or a hub with its short cable."""
    body, kind = paint(r), r.choice(["stick", "stick", "card", "drive", "drive", "hub"])
    if kind == "stick":
        n = r.choice([1, 1, 2])
        g = Group()
        for k in range(n):
            one = box(1.9, r.uniform(3.5, 5), 0.9, body, 0.4, 0.2)
            one.add(box(1.2, 1.3, 0.45, CHROME, 0.05, 0.03), move(0, 2.9, 0.22))
            one.add(wordmark(r, body, 1.2, 0.5), move(0, 0, 0.92) @ turn("z", 90))
            g.add(one, move(3 * k, 0, 0) @ turn("z", 25 * k))
        return g
    if kind == "card":
        g = box(2.4, 3.2, 0.25, Mat((0.05, 0.08, 0.2) if r.random() < 0.5 else body.color, rough=0.5), 0.2, 0.05)
        g.add(plate(2.0, 2.0, 0.1, Mat(bright(r), rough=0.4)), move(0, -0.3, 0.26))
        return g.add(wordmark(r, Mat((0.95, 0.95, 0.95)), 1.6, 0.6), move(0, -0.3, 0.27))
    w, d, h = (8, 11.5, 1.5) if kind == "drive" else (11, 4, 1.3)
    g = box(w, d, h, body, r.choice([0.4, 1.2]), 0.25).add(wordmark(r, body, 4, 1), move(0, -d * 0.2, h + 0.02))
    g.add(disc(0.15, light(r)), move(w * 0.35, -d * 0.4, h + 0.02))
    for k in range(4 if kind == "hub" else 0):
        g.add(plate(1.3, 0.6, 0.05, Mat((0.1, 0.2, 0.7))), at(-4 + 2.4 * k, -d / 2 - 0.02, h / 2))
    return g.add(wire(r, (0, d / 2, h / 2), r.uniform(8, 14)))


def webcam(r: Random) -> Group:
    """A webcam, or a security camera on its foot."""
    body = paint(r)
    if r.random() < 0.5:
        g = Group().add(slab(r.uniform(6, 10), 2.8, 2.6, 1.3, body, bevel=0.6), at(0, 0, 6))
        g.add(lathe([(1.15, 0), (1.15, 0.5), (0.9, 0.6)], Mat((0.03, 0.03, 0.03), rough=0.2)), at(0, -1.2, 6))
        g.add(disc(0.6, LENS), at(0, -1.85, 6)).add(box(4, 3.4, 0.7, body, 0.6), move(0, 0.6, 3.2))
        return g.add(slab(3.6, 4.5, 0.6, 0.4, body, bevel=0.2), at(0, 2.2, 1.8)).add(wire(r, (0, 2, 2), 14)).grounded()
    size = r.uniform(3.2, 4.5)
    g = Group().add(lathe([(size, 0), (size, 1), (size * 0.5, 1.6), (size * 0.4, 3.6)], body, 36))
    g.add(ball(size, size, size, body), move(z=3.4 + size))
    g.add(
        lathe([(size * 0.75, 0), (size * 0.7, 0.3)], Mat((0.02, 0.02, 0.02), rough=0.08)),
        at(0, -size * 0.72, 3.4 + size),
    )
    return g.add(disc(size * 0.3, LENS), at(0, -size * 0.72 - 0.34, 3.4 + size))


# ---------------------------------------------------------------- games
def controller(r: Random) -> Group:
    body, w = paint(r), r.uniform(14.5, 16)
    dark = Mat((0.06, 0.06, 0.07) if sum(body.color) > 0.4 else (0.25, 0.25, 0.26), rough=0.5)
    g = Group().add(slab(w * 0.72, 6.5, 3.2, 2.4, body, bevel=1.2, fuse=0.22), move(0, 1.2, 3))
    for s in (-1, 1):
        g.add(ball(3.1, 3.6, 1.9, body, 24, 14, fuse=0.22), move(s * w * 0.36, 1.2, 3))
        g.add(
            capsule(
                [(s * w * 0.37, 0, 2.8), (s * w * 0.43, -3, 2.2), (s * w * 0.42, -6.5, 1.4)], 2.3, 1.4, body, fuse=0.22
            )
        )
        g.add(slab(3.2, 1.6, 1.4, 0.6, dark, bevel=0.4), move(s * w * 0.36, 4.6, 3.2))
    low = r.random() < 0.5
    sticks = [(-w * 0.17, -1.7), (w * 0.17, -1.7)] if low else [(-w * 0.36, 2.0), (w * 0.17, -1.7)]
    cross = (-w * 0.36, 2.0) if low else (-w * 0.17, -1.7)
    for x, y in sticks:
        g.add(
            lathe([(1.25, 0), (1.2, 0.3), (0.6, 0.5), (0.6, 1.1), (1.0, 1.25), (1.0, 1.5), (0.6, 1.45)], dark),
            move(x, y, 4.4),
        )
    for a in (0, 90):
        g.add(slab(2.6, 0.9, 0.5, 0.15, dark, bevel=0.1), move(*cross, 4.8) @ turn("z", a))
    four = [bright(r) for _ in range(4)] if r.random() < 0.5 else [contrast(body)] * 4
    for k, color in enumerate(four):
        a = k * math.pi / 2
        g.add(
            ball(0.55, 0.55, 0.35, Mat(color, rough=0.3), 16, 8),
            move(w * 0.36 + 1.2 * math.cos(a), 2 + 1.2 * math.sin(a), 4.85),
        )
    if r.random() < 0.5:
        g.add(slab(4.6, 2.6, 0.4, 0.4, dark, bevel=0.1), move(0, 2.4, 4.6))
    return g.add(disc(0.5, light(r)), move(0, 0.2, 4.62)).grounded()


def console(r: Random) -> Group:
    """A games console, lying or upright, mostly with a controller."""
    body, w, d, h = paint(r), r.uniform(24, 34), r.uniform(20, 28), r.uniform(4, 8)
    second = paint(r)
    g = box(w, d, h * 0.5, body, r.choice([0.3, 1.5]), 0.3)
    g.add(box(w * r.uniform(0.96, 1), d, h * 0.46, body if r.random() < 0.5 else second, 0.6, 0.3), move(z=h * 0.54))
    g.add(
        slab(w * 0.99, d * 0.98, 0.4, 0.3, light(r) if r.random() < 0.4 else Mat((0.02, 0.02, 0.02))), move(z=h * 0.52)
    )
    g.add(plate(w * 0.35, 0.5, 0.1, Mat((0.01, 0.01, 0.01))), at(-w * 0.2, -d / 2 - 0.05, h * 0.75))
    g.add(disc(0.5, light(r)), at(w * 0.4, -d / 2 - 0.05, h * 0.75))
    if r.random() < 0.5:
        g.add(wordmark(r, body, 6, 1.6), move(0, 0, h + 0.03))
    if r.random() < 0.5:
        g = g.moved(turn("y", 90)).grounded()
    for k in range(r.choice([0, 1, 1, 2])):
        pad = controller(r).moved(
            turn("z", r.uniform(-30, 30)) @ (turn("x", -60) if r.random() < 0.3 else turn("x", 0))
        )
        g.add(pad.grounded(), move(r.uniform(-6, 6) + 17 * k, -d / 2 - 10, 0))
    return g.grounded()


def handheld(r: Random) -> Group:
    """A console to hold: a screen between two grips with sticks and buttons."""
    body, w, h = paint(r), r.uniform(12, 18), r.uniform(8, 10.5)
    sides = [paint(r), paint(r)] if r.random() < 0.5 else [body, body]
    grip = r.uniform(3.2, 4)
    g = box(w, h, 1.5, body, 0.4, 0.3)
    g.add(plate(w * 0.97, h * 0.94, 0.2, GLASS), move(z=1.51))
    image = screens.wallpaper(r, 200, int(200 * h / w)) if r.random() < 0.8 else screens.off(r, 200, 120)
    g.add(plate(w * 0.86, h * 0.8, 0.1, screen_mat(image)), move(z=1.53))
    for s, side in zip((-1, 1), sides):
        x, dark = s * (w + grip) / 2, Mat((0.05, 0.05, 0.05), rough=0.5)
        g.add(box(grip, h, 1.7, side, grip * r.choice([0.3, 0.5]), 0.5), move(x, 0, -0.1))
        g.add(
            lathe([(0.9, 0), (0.5, 0.2), (0.5, 0.7), (0.8, 0.8), (0.75, 1)], dark),
            move(x, s * -h * 0.12 + h * 0.1, 1.6),
        )
        for k in range(4):
            a = k * math.pi / 2
            g.add(
                ball(0.42, 0.42, 0.25, dark, 12, 6),
                move(x + 0.85 * math.cos(a), (s - 0.6) * h * 0.16 + 0.85 * math.sin(a), 1.65),
            )
    return g


def headset(r: Random) -> Group:
    """Goggles of virtual reality with their strap."""
    body, w = paint(r), r.uniform(16, 19)
    g = Group().add(slab(w, 9.5, 7, 3.5, body, bevel=1.6), at(0, 0, 8))
    g.add(slab(w * 0.94, 8.6, 1.2, 3.2, Mat((0.02, 0.02, 0.025), rough=0.1), bevel=0.5), at(0, -3.3, 8))
    for x in (-1, 1):
        for z in (5, 10.5):
            g.add(disc(0.6, LENS), at(x * w * 0.37, -3.95, z))
    a = np.linspace(0, math.pi, 14)
    loop = [(w * 0.49 * math.cos(t), 3 + 15 * math.sin(t), 8 + 2 * math.sin(t)) for t in a]
    cloth = Mat(shade(body.color, 0.6), rough=0.9)
    g.add(tube(loop, 1.0, cloth, 40, sizes=[0.8, 1.2, 0.8])).add(
        tube([(0, 3, 12), (0, 10, 17), (0, 18, 10)], 0.9, cloth, 30)
    )
    for s in (-1, 1):
        if r.random() < 0.5:
            g.add(capsule([(s * 12, -6, 2), (s * 13, -11, 2.4)], 1.8, 1.4, body))
            g.add(ring(4, 3.3, 0.8, body, 40), move(s * 12, -5, 4) @ turn("x", 40))
    return g.grounded()


# ---------------------------------------------------------------- pictures and sound
def camera(r: Random) -> Group:
    body = paint(r, bump=r.choice([0, 0, 0.2]), grain=20.0)
    kind = r.choice(["reflex", "reflex", "flat", "flat", "action", "instant"])
    silver = Mat((0.7, 0.7, 0.72), rough=0.3, metal=1) if r.random() < 0.4 else body
    w, h, d = {"reflex": (13.5, 9, 6), "flat": (11, 6.5, 3.5), "action": (6.5, 4.6, 3), "instant": (11, 11, 6)}[kind]
    g = Group().add(slab(w, h, d, r.choice([0.6, 1.5]), body, bevel=0.6), at(0, 0, h / 2))
    g.add(slab(w * 0.98, h * 0.18, d * 0.9, 0.4, silver, bevel=0.3), at(0, 0, h))
    radius = h * (0.46 if kind == "reflex" else 0.24 if kind == "action" else 0.36)
    reach = r.uniform(4, 10) if kind == "reflex" else r.uniform(0.8, 4) if kind != "action" else 0.6
    x, barrel = (w * 0.25 if kind == "action" else r.choice([0, w * 0.08])), Mat((0.04, 0.04, 0.045), rough=0.4)
    rings = [
        (radius, 0),
        (radius, reach * 0.3),
        (radius * 0.94, reach * 0.33),
        (radius * 0.94, reach * 0.6),
        (radius, reach * 0.64),
        (radius, reach),
        (radius * 0.8, reach),
    ]
    g.add(lathe(rings, barrel if r.random() < 0.8 else silver, 40), at(x, -d / 2, h * 0.47))
    g.add(disc(radius * 0.8, LENS, 36), at(x, -d / 2 - reach - 0.02, h * 0.47))
    g.add(
        ball(radius * 0.6, radius * 0.6, 0.3, Mat((0.03, 0.02, 0.08), rough=0.02, spec=1, coat=1)),
        at(x, -d / 2 - reach, h * 0.47),
    )
    if kind == "reflex":
        g.add(slab(5, 4, d * 0.8, 1, body, bevel=0.9), at(x, -0.4, h + 0.8))
        g.add(slab(3.2, h * 0.95, 3, 1.2, body, bevel=1.2), at(-w * 0.38, -d / 2 - 0.6, h * 0.48))
    if kind != "action":
        for k in (-0.35, 0.28, 0.4):
            g.add(lathe([(0.9, 0), (0.9, 0.7), (0.75, 0.8)], silver, 24), move(w * k, 0, h * 1.08))
        g.add(plate(2.6, 1.2, 0.2, Mat((0.9, 0.9, 0.88), rough=0.2)), at(w * 0.34, -d / 2 - 0.03, h * 0.84))
        g.add(wordmark(r, silver, 3, 0.8), at(-w * 0.15, -d / 2 - 0.02, h * 0.97))
    if r.random() < 0.3:
        strap = [
            (-w / 2, 0, h * 0.9),
            (-w * 0.9, 3, 1),
            (-w * 0.3, 9, 0.4),
            (w * 0.5, 8, 0.4),
            (w, 3, 1),
            (w / 2, 0, h * 0.9),
        ]
        g.add(tube(strap, 0.5, Mat((0.05, 0.05, 0.05), rough=0.9), 60))
    return g.grounded()


def speaker(r: Random) -> Group:
    """A loudspeaker: of a shelf, of a smart home, to carry, or a bar."""
    body, kind = paint(r), r.choice(["shelf", "shelf", "can", "can", "ball", "bar", "roll"])
    cloth = grille(r, 20, 20, body)
    if kind == "shelf":
        wood = Mat((1, 1, 1), rough=0.5, image=picture(sets.surface(r, "wood"))) if r.random() < 0.4 else body
        w, d, h = r.uniform(14, 20), r.uniform(16, 24), r.uniform(24, 42)
        one = box(w, d, h, wood if wood is body else Mat((0.35, 0.22, 0.13), rough=0.5), 0.4, 0.2)
        cone = Mat(r.choice([(0.04, 0.04, 0.04), (0.8, 0.7, 0.2), (0.6, 0.6, 0.6)]), rough=0.5)
        for z, s in ((h * 0.35, w * 0.4), (h * 0.78, w * 0.2)):
            one.add(ring(s, s * 0.86, 0.6, Mat((0.1, 0.1, 0.1), rough=0.4), 40), at(0, -d / 2 - 0.1, z))
            one.add(
                lathe([(s * 0.85, 0.1), (s * 0.4, -1.5), (s * 0.36, -1.2), (0.1, -0.7)], cone, 36),
                at(0, -d / 2 - 0.3, z),
            )
        return Group().add(one).add(one, move(w * 1.4, 0, 0)) if r.random() < 0.5 else one
    if kind == "bar":
        return box(r.uniform(60, 90), 9, r.uniform(6, 8), Mat(body.color, rough=0.8, bump=0.3), 2, 1)
    w, h = r.uniform(4, 8), r.uniform(8, 22)
    if kind == "ball":
        g = Group().add(ball(w, w, w * 0.95, Mat(body.color, rough=0.95, bump=0.5, grain=60), 36, 20), move(z=w * 0.85))
        return g.add(ring(w * 0.75, w * 0.66, 0.3, light(r), 40), move(z=0.3))
    if kind == "can":
        side = lathe([(w, 0), (w, h)], cloth, 40, caps=(False, False), uv=True)
        side.uv = np.c_[np.arctan2(side.verts[:, 0], side.verts[:, 1]) * 1.5, side.verts[:, 2] / 6]
        g = Group().add(side).add(lathe([(w * 1.01, h - 0.3), (w, h + 0.3), (w * 0.8, h + 0.4)], body, 40))
        return g.add(ring(w * 0.8, w * 0.74, 0.2, light(r), 40), move(z=h + 0.45))
    g = Group().add(
        lathe([(w * 0.9, 0), (w, 0.6), (w, h - 0.6), (w * 0.9, h)], Mat(body.color, rough=0.95, bump=0.5), 40),
        turn("y", 90),
    )
    for x in (0.02, h - 0.02):
        g.add(ball(0.4, w * 0.8, w * 0.8, Mat(shade(body.color, 0.5), rough=0.4)), move(x, 0, 0))
    return g.add(slab(h * 0.4, 0.4, 1.6, 0.2, light(r)), move(h / 2, -w, 0)).grounded()


def microphone(r: Random) -> Group:
    body, mesh_ = paint(r), Mat((0.4, 0.4, 0.42), rough=0.35, metal=1, bump=0.6, grain=80)
    if r.random() < 0.4:  # for the hand
        g = (
            Group()
            .add(lathe([(1.0, 0), (1.2, 9), (1.7, 16), (1.9, 16.6)], body))
            .add(ball(2.5, 2.5, 2.8, mesh_), move(z=18.4))
        )
        return g.moved(turn("x", 90) @ turn("z", 0)).grounded() if r.random() < 0.5 else g
    h, w = r.uniform(11, 17), r.uniform(2.2, 3.5)
    g = Group().add(lathe([(w, 0), (w, h * 0.5)], body, 36), move(z=8))
    g.add(lathe([(w, 0), (w, h * 0.35), (w * 0.8, h * 0.47), (0.1, h * 0.5)], mesh_, 36), move(z=8 + h * 0.5))
    g.add(disc(0.5, light(r)), at(0, -w - 0.05, 8 + h * 0.3)).add(
        wordmark(r, body, 2, 0.6), at(0, -w - 0.06, 8 + h * 0.15)
    )
    g.add(lathe([(0.5, 0), (0.5, 8)], CHROME, 16))
    if r.random() < 0.6:
        g.add(lathe([(5, 0), (5, 0.7), (1, 1.3)], body, 36))
    else:
        for a in (90, 210, 330):
            g.add(
                capsule(
                    [(0, 0, 4), (7 * math.cos(math.radians(a)), 7 * math.sin(math.radians(a)), 0.4)], 0.4, 0.4, body
                )
            )
    return g


def projector(r: Random) -> Group:
    body, w, d, h = paint(r), r.uniform(18, 34), r.uniform(16, 26), r.uniform(7, 13)
    g = box(w, d, h, body, r.choice([1, 3]), r.uniform(0.4, 1.5))
    x, radius = w * r.choice([-0.28, 0, 0.28]), h * 0.34
    g.add(
        lathe([(radius, 0), (radius, 1.2), (radius * 0.8, 1.3)], Mat((0.05, 0.05, 0.05), rough=0.3), 36),
        at(x, -d / 2, h / 2),
    )
    g.add(disc(radius * 0.75, LENS, 32), at(x, -d / 2 - 1.33, h / 2))
    for k in range(7):
        g.add(
            plate(w * 0.25, 0.35, 0.1, Mat((0.02, 0.02, 0.02))),
            at(-x if x else w * 0.32, -d / 2 - 0.03, h * (0.2 + 0.09 * k)),
        )
    for k in range(6):
        g.add(disc(0.6, Mat(contrast(body), rough=0.4)), move(-3 + k * 1.6, d * 0.1, h + 0.03))
    return g.add(wordmark(r, body, 6, 1.5), move(0, -d * 0.2, h + 0.03))


# ---------------------------------------------------------------- small things
def charger(r: Random) -> Group:
    """A wall plug with sockets, often with its cable, or a pad that charges without one."""
    body = Mat(r.choice([(0.93, 0.93, 0.92)] * 3 + [(0.05, 0.05, 0.05)] * 2 + [bright(r)]), rough=r.uniform(0.2, 0.6))
    if r.random() < 0.25:
        w = r.uniform(4.5, 5.5)
        shape = (
            lathe([(w, 0), (w, 0.7), (w * 0.96, 0.9)], body, 40) if r.random() < 0.6 else box(2 * w, 2 * w, 1, body, 2)
        )
        return (
            Group()
            .add(shape)
            .add(ring(w * 0.6, w * 0.55, 0.05, Mat(contrast(body)), 40), move(z=1))
            .add(wire(r, (0, w, 0.5), 14))
        )
    w, d, h = r.uniform(2.8, 5), r.uniform(2.6, 4), r.uniform(3.5, 8)
    g = Group().add(slab(w, h, d, r.choice([0.4, 0.9]), body, bevel=0.35), at(0, 0, h / 2))
    for k in range(r.choice([1, 1, 2, 3])):
        wide = r.choice([0.9, 1.4])
        g.add(plate(wide, 0.45, 0.2, Mat((0.02, 0.02, 0.02))), at(0, -d / 2 - 0.02, h * (0.3 + 0.2 * k)))
    g.add(wordmark(r, body, w * 0.5, 0.6), at(0, -d / 2 - 0.02, h * 0.88))
    prong = r.choice(["round", "flat"])
    for s in (-1, 1):
        pin = (
            lathe([(0.24, 0), (0.24, 1.8), (0.15, 1.9)], CHROME, 14)
            if prong == "round"
            else slab(0.7, 0.16, 3.2, 0.05, CHROME, bevel=0.03)
        )
        g.add(pin, move(s * w * 0.24, d / 2, h * 0.6) @ turn("x", -90))
    g = g.moved(turn("z", r.choice([0, 0, 25, 150, 180]))).moved(turn("x", r.choice([0, 0, 90, -90]))).grounded()
    return g.add(cable(r).moved(scale(0.6)), move(w + 4, 0, 0)) if r.random() < 0.5 else g


def cable(r: Random) -> Group:
    """A coil of cable with its two plugs, or an adapter with a brick in the middle."""
    mat, turns_, size = paint(r, metal=0.0), r.randint(2, 5), r.uniform(4, 7)
    a = np.linspace(0, 2 * math.pi * turns_, 16 * turns_)
    wobble = [(1 + 0.04 * r.uniform(-1, 1)) for _ in a]
    path = [(size * k * math.cos(t), size * k * math.sin(t), 0.3 + 0.12 * t / 3) for t, k in zip(a, wobble)]
    ends = [(path[0][0] + 1, path[0][1] - 8, 0.3)], [(path[-1][0] + 3, path[-1][1] - r.uniform(5, 9), 0.3)]
    g = Group().add(tube([*ends[0], *path, *ends[1]], r.uniform(0.16, 0.3), mat, 40 * turns_, seg=8))
    for x, y, z in (ends[0][0], ends[1][0]):
        wide = r.choice([0.8, 1.4])
        g.add(slab(wide, 2.2, 0.7, 0.2, mat, bevel=0.12), move(x, y, z + 0.1))
        g.add(slab(wide * 0.75, 1.1, 0.4, 0.1, CHROME, bevel=0.04), move(x, y - 1.6, z + 0.1))
    if r.random() < 0.25:
        g.add(box(5, 11, 3, mat, 0.6, 0.3), move(size + 5, 0, 0))
    if r.random() < 0.5:
        g.add(slab(1.4, 2.2, 1.6, 0.3, Mat((0.1, 0.1, 0.1), rough=0.8), bevel=0.2), move(size, 0, 0.6))
    return g


def power_bank(r: Random) -> Group:
    body, w, h, d = paint(r), r.uniform(5.5, 8), r.uniform(8, 15), r.uniform(1.2, 3)
    g = box(w, h, d, body, r.choice([0.4, 1, w / 2]), r.choice([0.3, 0.6]))
    g.add(wordmark(r, body, w * 0.5, 0.9), move(0, r.uniform(-0.3, 0.3) * h, d + 0.02))
    if r.random() < 0.4:
        image = legend_image(
            [(0, 0, 2, 1.2)], [str(r.randint(10, 100))], (-1.2, -0.7, 2.4, 1.4), (0.4, 0.8, 1), (0.02, 0.02, 0.02)
        )
        g.add(plate(2.4, 1.4, 0.1, screen_mat(image)), move(0, h * 0.36, d + 0.02))
    for k in range(4):
        g.add(disc(0.13, light(r)), move(w * 0.2 + 0.4 * k - 0.8, -h * 0.42, d + 0.02))
    for k in range(r.choice([2, 3])):
        g.add(plate(1.3, 0.5, 0.1, Mat((0.02, 0.02, 0.02))), at(-w * 0.25 + 1.9 * k, -h / 2 - 0.02, d / 2))
    return g.add(wire(r, (0, h / 2, d / 2), 9)) if r.random() < 0.3 else g


def remote(r: Random) -> Group:
    body, w, h, d = paint(r, metal=0.0), r.uniform(3.5, 5.5), r.uniform(13, 23), r.uniform(1.2, 2.2)
    g = box(w, h, d, body, r.choice([0.4, 1, w / 2]), r.choice([0.3, 0.7]))
    small = Mat((0.85, 0.85, 0.85) if sum(body.color) < 1 else (0.2, 0.2, 0.2), rough=0.6)
    columns, rows, start = 3, r.choice([3, 5, 8]), h * 0.4
    for row in range(rows):
        for c in range(columns):
            key = small if r.random() < 0.85 else Mat(bright(r), rough=0.5)
            g.add(ball(0.45, 0.4, 0.25, key, 12, 6), move((c - 1) * w * 0.29, start - row * h * 0.075, d))
    if r.random() < 0.7:
        y = start - rows * h * 0.075 - w * 0.25
        g.add(ring(w * 0.36, w * 0.18, 0.3, small, 36), move(0, y, d)).add(disc(w * 0.15, small), move(0, y, d + 0.1))
    g.add(ball(0.45, 0.45, 0.25, Mat((0.8, 0.1, 0.1), rough=0.4), 12, 6), move(-w * 0.29, h * 0.46, d))
    return g.add(wordmark(r, body, w * 0.5, 0.6), move(0, -h * 0.43, d + 0.02))


def calculator(r: Random) -> Group:
    body, w, h, d = paint(r, metal=0.0), r.uniform(7, 11), r.uniform(12, 17), r.uniform(1, 2.5)
    g = box(w, h, d, body, r.choice([0.4, 1]), 0.3)
    digits = f"{r.randint(0, 99999999)}"
    image = legend_image([(0, 0, 10, 2)], [digits], (-5, -1, 10, 2), (0.1, 0.12, 0.1), (0.68, 0.74, 0.64), 20)
    g.add(
        plate(w * 0.84, h * 0.15, 0.2, Mat((0.7, 0.75, 0.65), rough=0.2, image=picture(image))),
        move(0, h * 0.35, d + 0.02),
    )
    columns, rows = r.choice([(4, 5), (5, 6), (5, 8)])
    unit, tall = w * 0.88 / columns, h * 0.6 / rows
    cells = [
        (-w * 0.44 + unit * (c + 0.5), -h * 0.45 + tall * (k + 0.5), unit * 0.8, tall * 0.72)
        for k in range(rows)
        for c in range(columns)
    ]
    texts = ["0.=+123-456*789/%CMR"[k % 20] for k in range(len(cells))]
    key, area = r.choice([(0.15, 0.15, 0.16), (0.9, 0.9, 0.88), (0.4, 0.4, 0.42)]), (-w / 2, -h / 2, w, h)
    keys = Mat(key, rough=0.5, image=picture(legend_image(cells, texts, area, contrast(Mat(key)), key, 24)))
    return g.add(keyblock(cells, 0.4, area, keys, 0.1), move(z=d))


def dial(r: Random, n=220) -> np.ndarray:
    """The face of a watch with hands, before the hands: numerals or strokes, small dials, a date."""
    color = r.choice(
        [
            (245, 245, 240),
            (245, 245, 240),
            (18, 18, 20),
            (18, 18, 20),
            (20, 40, 90),
            (15, 60, 45),
            (200, 170, 120),
            (190, 190, 195),
        ]
    )
    ink = (25, 25, 28) if sum(color) > 380 else (235, 235, 230)
    im = Image.new("RGB", (n, n), color)
    d = ImageDraw.Draw(im)
    numerals, c = (
        r.choice(
            [
                [],
                [],
                range(1, 13),
                (3, 6, 9, 12),
                ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"],
            ]
        ),
        n / 2,
    )
    for k in range(60):
        a, long = k * math.pi / 30, 0.1 if k % 5 == 0 and not len(numerals) else 0.03
        x, y = math.sin(a), -math.cos(a)
        d.line(
            [c + x * c * (0.95 - long), c + y * c * (0.95 - long), c + x * c * 0.95, c + y * c * 0.95],
            fill=ink,
            width=5 if long > 0.05 else 1,
        )
    for k in numerals:
        number = list(numerals).index(k) + 1 if isinstance(k, str) else k
        a = number * math.pi / 6
        d.text(
            (c + math.sin(a) * c * 0.74, c - math.cos(a) * c * 0.74),
            str(k),
            fill=ink,
            font=screens.font(n // 9),
            anchor="mm",
        )
    for k in r.choice([(), (), (6,), (3, 6, 9)]):
        a = k * math.pi / 6
        x, y, s = c + math.sin(a) * c * 0.42, c - math.cos(a) * c * 0.42, c * 0.2
        d.ellipse([x - s, y - s, x + s, y + s], outline=ink, width=2, fill=tuple(int(v * 0.85) for v in color))
        d.line([x, y, x + s * 0.6, y - s * 0.5], fill=ink, width=2)
    d.text((c, c * 0.62), r.choice(screens.WORDS).title(), fill=ink, font=screens.font(n // 16), anchor="mm")
    if r.random() < 0.4:
        d.rectangle([c * 1.55, c - 9, c * 1.55 + 22, c + 9], fill=(250, 250, 250))
        d.text((c * 1.55 + 11, c), str(r.randint(1, 31)), fill=(20, 20, 20), font=screens.font(14), anchor="mm")
    return np.asarray(im)


def analogue_watch(r: Random) -> Group:
    """A watch with hands on a strap, worn (a loop) or laid out; its face looks up."""
    look = Look({"product_id": f"analogue-{r.random()}", "form": "round", "brand": "", "model": ""})
    kind = r.choice(["leather", "leather", "links", "links", "mesh", "silicone"])
    look.choice = lambda key, options: kind if key == "strap" else r.choice(list(options))
    metal = r.choice([(0.75, 0.75, 0.77), (0.75, 0.75, 0.77), (0.86, 0.7, 0.42), (0.9, 0.68, 0.6), (0.05, 0.05, 0.05)])
    leather = [(0.33, 0.2, 0.12), (0.05, 0.05, 0.05), (0.55, 0.35, 0.2), (0.1, 0.12, 0.25)]
    strap = metal if kind in ("links", "mesh") else r.choice(leather)
    case, size, t = Mat(metal, rough=0.2, metal=1), r.uniform(3, 4.6), r.uniform(0.7, 1.2)
    g = Group().add(
        lathe([(size * 0.44, -t / 2), (size / 2, -t * 0.25), (size / 2, t * 0.3), (size * 0.46, t / 2)], case, 48)
    )
    g.add(
        ring(size / 2, size * 0.42, 0.25, case if r.random() < 0.6 else Mat((0.03, 0.03, 0.1), rough=0.3), 48),
        move(z=t / 2),
    )
    g.add(disc(size * 0.43, Mat((1, 1, 1), rough=0.25, image=picture(dial(r))), 48), move(z=t / 2 + 0.01))
    ink = r.choice([metal, (0.9, 0.9, 0.9), (0.05, 0.05, 0.05)])
    hour = r.uniform(0, 12)
    for angle, long, wide in ((hour * 30, 0.22, 0.16), (hour * 360, 0.34, 0.11), (r.uniform(0, 360), 0.37, 0.03)):
        hand = slab(wide, size * long, 0.05, 0.02, Mat(ink, rough=0.3, metal=1), bevel=0.01)
        g.add(hand, move(z=t / 2 + 0.09) @ turn("z", -angle) @ move(0, size * long * 0.42, 0))
    g.add(disc(0.12, Mat(ink, metal=1)), move(z=t / 2 + 0.13))
    g.add(lathe([(0.25, 0), (0.3, 0.1), (0.3, 0.35), (0.2, 0.42)], case, 20), move(size / 2, 0, 0) @ turn("y", 90))
    for sx in (-1, 1):
        for sy in (-1, 1):
            g.add(
                slab(0.35, 0.9, 0.5, 0.15, case, bevel=0.12),
                move(sx * size * 0.26, sy * size * 0.5, -t * 0.15) @ turn("x", sy * -28),
            )
    wide, y0 = size * r.uniform(0.42, 0.52), size / 2 - 0.1
    if r.random() < 0.6:
        a = np.linspace(0.5, 2 * math.pi - 0.5, 50)
        path = np.stack([0 * a, 3.2 * np.sin(a), -2.6 + 2.7 * np.cos(a)], 1)
        g.add(
            watch.strap_band(np.concatenate([[[0, y0, -0.1]], path, [[0, -y0, -0.1]]]), wide, look, strap, taper=0.85)
        )
        return (
            g.moved(UPRIGHT if r.random() < 0.6 else turn("x", r.uniform(30, 75)))
            .moved(turn("z", r.uniform(-45, 45)))
            .grounded()
        )
    for s in (1, -1):
        y = np.linspace(y0, y0 + r.uniform(6.5, 9), 24)
        g.add(watch.strap_band(np.stack([0 * y, s * y, np.full_like(y, -0.15)], 1), wide, look, strap, taper=0.9))
    return g.moved(UPRIGHT if r.random() < 0.4 else np.eye(4)).grounded()


def drone(r: Random) -> Group:
    body, arm = paint(r), r.uniform(10, 15)
    g = Group().add(slab(6, 14, 4, 2, body, bevel=1.4), move(z=5)).add(ball(1.3, 1.3, 1.3, LENS), move(0, -7, 4))
    for a in (45, 135, 225, 315):
        x, y = arm * math.cos(math.radians(a)), arm * math.sin(math.radians(a))
        g.add(capsule([(0, 0, 5), (x, y, 5.5)], 0.8, 0.6, body)).add(
            lathe([(1.1, 4.6), (1.1, 7)], Mat((0.1, 0.1, 0.1)), 20), move(x, y, 0)
        )
        g.add(capsule([(x, y, 5), (x, y, 0.3)], 0.5, 0.4, body))
        blade = slab(r.uniform(13, 16), 1.4, 0.12, 0.6, Mat((0.08, 0.08, 0.08), rough=0.4), bevel=0.05)
        g.add(blade, move(x, y, 7.2) @ turn("z", r.uniform(0, 180)))
    return g


def household(r: Random) -> Group:
    """A fan, a kettle, a lamp bulb, a toaster, or any of the things that lie about on tables."""
    body, kind = paint(r), r.choice(["fan", "kettle", "bulb", "toaster", "prop", "prop"])
    if kind == "fan":
        g = Group().add(lathe([(7, 0), (7, 1), (0.9, 2), (0.8, 16)], body, 36))
        for s in (0.4, 0.7, 1.0):
            g.add(ring(11 * s, 11 * s - 0.25, 0.25, body, 48), at(0, -3, 26))
        for k in range(12):
            g.add(slab(0.2, 11, 0.2, 0.08, body, bevel=0.05), at(0, -3, 26) @ turn("z", 30 * k) @ move(0, 5.5, 0))
        for k in range(4):
            g.add(
                ball(2.6, 4.5, 0.3, Mat(bright(r), rough=0.4)),
                at(0, -1, 26) @ turn("z", 90 * k) @ move(0, 5, 0) @ turn("y", 25),
            )
        return g
    if kind == "kettle":
        g = Group().add(lathe([(8, 0), (8.5, 1), (7.5, 12), (6, 19), (5.5, 20), (0.1, 21)], body, 40))
        g.add(tube([(5.5, 0, 19), (11, 0, 18), (11.5, 0, 9), (8, 0, 4)], 1, Mat((0.05, 0.05, 0.05)), 30))
        return g.add(capsule([(-6, 0, 14), (-9, 0, 18)], 1.6, 1, body)).add(ball(1, 1, 1, CHROME), move(z=21.4))
    if kind == "bulb":
        g = Group().add(
            lathe(
                [(1.3, 0), (1.4, 2.5), (1.7, 3), (2.2, 5), (3, 7.5), (2.8, 9.5), (1.6, 11), (0.1, 11.4)],
                Mat((0.95, 0.95, 0.93), rough=0.4),
            )
        )
        return g.add(lathe([(0.8, -0.4), (1.36, 0), (1.42, 2.4)], CHROME), move(z=0.05)).grounded()
    if kind == "toaster":
        g = box(28, 16, 18, body, 3, 2.5)
        for y in (-3, 3):
            g.add(plate(20, 2.6, 0.5, Mat((0.03, 0.03, 0.03))), move(0, y, 18.03))
        return g.add(slab(3, 1.4, 1.4, 0.4, Mat((0.1, 0.1, 0.1)), bevel=0.2), move(15, 0, 12))
    return sets.prop(r).grounded()


# ---------------------------------------------------------------- kinds, and how they are photographed
LIE, STAND, BOTH = "lies", "stands", "both"
KINDS = {
    keyboard: LIE, mouse: LIE, monitor: STAND, tower: STAND, printer: STAND, router: BOTH, storage: LIE, webcam: STAND,
    controller: LIE, console: STAND, handheld: LIE, headset: STAND, camera: STAND, speaker: STAND, microphone: STAND,
    projector: STAND, charger: BOTH, cable: LIE, power_bank: LIE, remote: LIE, calculator: LIE, analogue_watch: STAND,
    drone: STAND, household: STAND,
}  # fmt: skip
BY_NAME = {build.__name__: build for build in KINDS}


def shot(look: Look, rng: Random, index: int) -> Shot:
    """One object as shops and owners show theirs: what lies is seen from above or held upright, what stands from the
    front."""
    build = BY_NAME[look.row["gadget_type"]]
    g, how = build(Random(look.id)), KINDS[build]
    if how == BOTH:
        how = rng.choice([LIE, STAND])
    if how == LIE and rng.random() < 0.45:  # upright, as in a catalogue
        g = g.moved(
            turn("z", rng.choice([-1, 1]) * rng.choice([0, 0, 15, 40]))
            @ UPRIGHT
            @ turn("z", rng.choice([0, 0, 0, 30, 90]))
        )
        return Shot(g, "upright", az=(-8, 8), el=(-5, 15), roll=(-4, 4), wild=0.15)
    if how == LIE:
        g = g.moved(turn("z", rng.choice([0, rng.uniform(-60, 60)])))
        el = rng.choice([(20, 45), (40, 89)])
        return Shot(
            g,
            "lying",
            rng.choice(["float", "table"]),
            az=(-25, 25),
            el=el,
            roll=(-6, 6),
            wild=0.4,
            crop=rng.choice([0, 0, 0.1]),
        )
    yaw = rng.choice(
        [0, 0, rng.uniform(-45, 45), rng.uniform(-45, 45), 180 + rng.uniform(-40, 40) if rng.random() < 0.3 else 20]
    )
    g = g.moved(turn("z", yaw))
    return Shot(
        g,
        "standing",
        rng.choice(["float", "table"]),
        az=(-12, 12),
        el=(2, 30),
        roll=(-3, 3),
        wild=0.35,
        crop=rng.choice([0, 0, 0.08]),
    )


def rows(each: int = EACH) -> list[dict]:
    """One row per object, kind by kind in rounds, as `render.photo` wants products."""
    return [{"product_id": f"{kind}-{k:02d}", "gadget_type": kind, "brand": "", "model": kind.replace("_", " ").title()}
            for k in range(each) for kind in BY_NAME]  # fmt: skip


def main():
    import render
    import scene

    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--out", type=Path, default=HERE.parent / "others")
    p.add_argument("--each", type=int, default=EACH, help="objects per kind")
    p.add_argument("--only", default="", help="kinds, comma-separated")
    args = p.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    render.MAKERS.update(dict.fromkeys(BY_NAME, sys.modules[__name__]))
    path, start, made = args.out / "others.csv", time.time(), 0
    known = list(csv.DictReader(path.open(encoding="utf-8", newline=""))) if path.exists() else []
    table = {row["file"]: row for row in known}
    scene.reset(1)
    for row in rows(args.each):
        file = f"{row['product_id']}.jpg"
        if args.only and row["gadget_type"] not in args.only.split(",") or file in table and (args.out / file).exists():
            continue
        image, meta = render.photo(row, 0)
        render.save(image, args.out / file, meta["seed"])
        table[file] = {"object": meta.pop("product_id"), "kind": meta.pop("gadget_type"), **meta, "file": file}
        made += 1
        part = path.with_suffix(".tmp")
        with part.open("w", encoding="utf-8", newline="") as f:
            w = csv.DictWriter(f, COLUMNS, lineterminator="\n")
            w.writeheader()
            w.writerows(table[key] for key in sorted(table))
        os.replace(part, path)
    print(f"{made} photos, {(time.time() - start) / max(made, 1):.2f} s each")


if __name__ == "__main__":
    sys.exit(main())
