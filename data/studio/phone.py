"""Phones: slates of every generation, key phones, flips, sliders, phones with a keyboard, foldables."""

from __future__ import annotations

from random import Random

import numpy as np
import people
import screens
from looks import Look, Shot, luma, shade
from mesh import (
    UPRIGHT,
    Group,
    Mat,
    Part,
    disc,
    lathe,
    move,
    picture,
    plate,
    ring,
    slab,
    tube,
    turn,
)

GLASS = Mat((0.012, 0.012, 0.014), rough=0.06, spec=0.5)
LENS = Mat((0.01, 0.01, 0.02), rough=0.03, spec=0.9, coat=1)
CHROME = Mat((0.75, 0.75, 0.77), rough=0.2, metal=1)


def screen_mat(img, glare=0.35, emit=1.0) -> Mat:
    return Mat((0, 0, 0), rough=0.07, spec=glare, emit=emit, image=picture(img))


def keyblock(cells, height, area, mat, inset=0.12) -> Part:
    """Keys as low frusta. `cells`: (x, y, w, h) centred; `area` (x0, y0, w, h) is mapped to the whole texture."""
    c = np.asarray(cells, float)
    n = len(c)
    sx, sy = np.array([-1, 1, 1, -1]), np.array([-1, -1, 1, 1])
    k = np.minimum(c[:, 2], c[:, 3])[:, None] * inset
    base = np.stack([c[:, :1] + sx * c[:, 2:3] / 2, c[:, 1:2] + sy * c[:, 3:] / 2, np.zeros((n, 4))], -1)
    top = np.stack(
        [c[:, :1] + sx * (c[:, 2:3] / 2 - k), c[:, 1:2] + sy * (c[:, 3:] / 2 - k), np.full((n, 4), height)],
        -1,
    )
    verts = np.concatenate([base, top], 1).reshape(-1, 3)
    o = (np.arange(n) * 8)[:, None, None]
    f = np.array([[4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]])
    uv = (verts[:, :2] - [area[0], area[1]]) / [area[2], area[3]]
    return Part(verts, (f[None] + o).reshape(-1, 4), [], mat, uv)


def legend_image(cells, texts, area, ink, key, px=28):
    """Draw the key legends onto a picture that `keyblock` maps onto the keys."""
    from PIL import Image, ImageDraw

    w, h = int(area[2] * px), int(area[3] * px)
    im = Image.new("RGB", (w, h), tuple(int(255 * v) for v in key))
    d = ImageDraw.Draw(im)
    for (x, y, cw, ch), t in zip(cells, texts):
        if t:
            d.text(
                ((x - area[0]) * px, h - (y - area[1]) * px),
                t,
                fill=tuple(int(255 * v) for v in ink),
                font=screens.font(int(min(ch * 0.62, cw * 1.1 / max(1, len(t)) * 1.2) * px)),
                anchor="mm",
            )
    return np.asarray(im)


# ---------------------------------------------------------------- slates
def lens(g, x, y, z, r, rim=None, proud=0.12):
    g.add(lathe([(r * 1.22, 0), (r * 1.22, proud * 0.8), (r * 1.1, proud)], rim or CHROME, 24), move(x, y, z))
    g.add(disc(r, LENS, 24), move(x, y, z + proud + 0.004))
    g.add(
        disc(r * 0.45, Mat((0.03, 0.03, 0.07), rough=0.02, spec=1, coat=1), 16), move(x, y, z + proud + 0.008)
    )


def island(look: Look, w, h, body: Mat) -> Group:
    """Camera island in the frame of the back: outward is +z, seen with x to the right, top-left corner is usual."""
    g, y, b = Group(), look.year, look.brand.lower()
    r = w * 0.085
    x0, y0 = -w / 2, h / 2
    flash = Mat((1, 0.95, 0.8), rough=0.3, emit=0.3)
    dark = Mat(
        shade(body.color, 0.55) if luma(body.color) > 0.15 else (0.09, 0.09, 0.1), rough=0.25, coat=0.5
    )
    same = Mat(body.color, rough=0.15, metal=body.metal, coat=0.6)
    if "apple" in b:
        pro = "pro" in look.model.lower()
        kind = (
            "single"
            if y <= 2016 and "plus" not in look.model.lower()
            else "pill"
            if y <= 2018
            else "square3"
            if pro
            else "square2"
        )
        if "se" in look.model.lower().split():
            kind = "single"
        if "17" in look.model and pro:
            kind = "bar"
    elif "samsung" in b:
        kind = (
            "centre"
            if y <= 2018
            else look.choice("isl", ["rect", "rect", "square3"])
            if y <= 2021
            else "loose"
        )
    elif "google" in b:
        kind = "visor" if y >= 2021 else "square2"
    elif y <= 2016:
        kind = look.choice("isl", ["single", "centre", "single"])
    elif y <= 2018:
        kind = look.choice("isl", ["pill", "pill", "centre", "hpill"])
    else:
        kind = look.choice(
            "isl",
            [
                "rect",
                "rect",
                "square3",
                "square4",
                "circle",
                "circle_c",
                "loose",
                "loose",
                "square2",
                "visor" if "nokia" not in b else "circle_c",
                "bar",
            ],
        )
    if kind == "single":
        lens(g, x0 + w * 0.14, y0 - w * 0.14, 0, r * 0.8)
        g.add(disc(r * 0.5, flash, 12), move(x0 + w * 0.3, y0 - w * 0.14, 0.01))
    elif kind in ("pill", "hpill"):
        a, c = (w * 0.17, w * 0.42) if kind == "pill" else (w * 0.42, w * 0.17)
        cx, cy = x0 + w * 0.08 + a / 2, y0 - w * 0.08 - c / 2
        g.add(slab(a, c, 0.14, w * 0.085, dark, bevel=0.04), move(cx, cy, 0.05))
        for s in (-1, 1):
            lens(
                g,
                cx + (0 if kind == "pill" else s * c * 0.3),
                cy + (s * a * 0.7 if kind == "pill" else 0),
                0.1,
                r * 0.62,
                proud=0.04,
            )
    elif kind == "centre":
        g.add(slab(w * 0.3, w * 0.24, 0.16, w * 0.04, dark, bevel=0.04), move(0, y0 - h * 0.15, 0.05))
        lens(g, 0, y0 - h * 0.15, 0.12, r, proud=0.06)
        g.add(disc(r * 0.4, flash, 12), move(w * 0.22, y0 - h * 0.15, 0.01))
    elif kind in ("square2", "square3", "square4"):
        a = w * look.uniform("isq", 0.4, 0.5)
        cx, cy = x0 + w * 0.05 + a / 2, y0 - w * 0.05 - a / 2
        g.add(
            slab(a, a, 0.22, a * 0.26, same if look.choice("ism", [1, 1, 0]) else dark, bevel=0.07),
            move(cx, cy, 0.1),
        )
        spots = {
            "square2": [(-0.22, 0.22), (0.22, -0.22)],
            "square3": [(-0.22, 0.22), (-0.22, -0.22), (0.24, 0)],
            "square4": [(-0.22, 0.22), (-0.22, -0.22), (0.22, 0.22), (0.22, -0.22)],
        }[kind]
        if kind == "square2" and look.choice("isv", [0, 1]):
            spots = [(-0.2, 0.22), (-0.2, -0.22)]
        for sx, sy in spots:
            lens(
                g,
                cx + sx * a,
                cy + sy * a,
                0.2,
                r * 0.98,
                rim=Mat(shade(body.color, 0.8), rough=0.2, metal=1),
            )
        g.add(disc(r * 0.35, flash, 12), move(cx + a * 0.3, cy + a * 0.33, 0.22))
    elif kind == "rect":
        n = look.choice("isn", [2, 3, 3])
        a, c = w * look.uniform("isw", 0.22, 0.42), w * (0.28 * n + 0.06)
        cx, cy = x0 + w * 0.06 + a / 2, y0 - w * 0.07 - c / 2
        g.add(
            slab(a, c, 0.18, w * 0.07, dark if look.choice("ism", [0, 1, 1]) else same, bevel=0.05),
            move(cx, cy, 0.06),
        )
        for k in range(n):
            lens(
                g,
                cx - (a * 0.18 if a > w * 0.3 else 0),
                cy + c / 2 - w * (0.17 + 0.27 * k),
                0.14,
                r * (1 if k < 2 else 0.75),
                proud=0.07,
            )
        g.add(disc(r * 0.4, flash, 12), move(cx + a * 0.28, cy + c * 0.3, 0.17))
    elif kind in ("circle", "circle_c"):
        a = w * look.uniform("isc", 0.48, 0.68)
        cx, cy = (0 if kind == "circle_c" else x0 + w * 0.06 + a / 2), y0 - w * 0.07 - a / 2
        g.add(
            slab(a, a, 0.24, a / 2, dark if look.choice("ism", [0, 1, 1]) else same, bevel=0.08),
            move(cx, cy, 0.08),
        )
        g.add(ring(a / 2 * 0.98, a / 2 * 0.9, 0.05, CHROME), move(cx, cy, 0.2))
        for sx, sy in ((-0.2, 0.2), (0.2, 0.2), (-0.2, -0.2), (0.2, -0.2))[: look.choice("isn", [3, 4, 4])]:
            lens(g, cx + sx * a, cy + sy * a, 0.19, r * 0.82, proud=0.05)
    elif kind == "loose":
        n = look.choice("isn", [3, 3, 2])
        for k in range(n):
            lens(
                g,
                x0 + w * 0.17,
                y0 - w * (0.17 + 0.27 * k),
                0,
                r * 1.02,
                rim=Mat(shade(body.color, 0.75), rough=0.2, metal=1),
                proud=0.14,
            )
        if look.choice("ism", [1, 0]):
            lens(g, x0 + w * 0.4, y0 - w * 0.24, 0, r * 0.5, proud=0.06)
        g.add(disc(r * 0.4, flash, 12), move(x0 + w * 0.4, y0 - w * 0.43, 0.01))
    elif kind in ("visor", "bar"):
        c = w * 0.26
        g.add(
            slab(
                w * (0.99 if kind == "visor" else 0.94),
                c,
                0.26,
                c * 0.45 if kind == "bar" else 0.06,
                Mat((0.04, 0.04, 0.045), rough=0.12, coat=1) if look.choice("ism", [1, 1, 0]) else same,
                bevel=0.06,
            ),
            move(0, y0 - h * 0.17, 0.1),
        )
        for k in range(look.choice("isn", [2, 3])):
            lens(g, x0 + w * (0.24 + 0.2 * k), y0 - h * 0.17, 0.22, r * 0.85, proud=0.03)
    return g


def slate(
    look: Look,
    rng: Random,
    img,
    w,
    h,
    d,
    color,
    bezel=(0.2, 0.3, 0.3),
    corner=0.12,
    tablet=False,
    case=None,
    glare=0.35,
) -> Group:
    """Phone or tablet, screen up (+z), centred. `bezel`: side, top, bottom in cm."""
    g = Group()
    metal = look.choice("frame", [1, 1, 0])
    frame = Mat(
        shade(color, 0.85) if look.choice("framecol", [1, 1, 0]) else (0.7, 0.7, 0.72),
        rough=0.28,
        metal=float(metal),
    )
    rough = look.choice("backrough", [0.1, 0.18, 0.4, 0.5])
    body = Mat(
        color,
        rough=rough,
        metal=float(look.choice("backmetal", [0, 0, 0, 1]))
        if not tablet
        else float(look.choice("backmetal", [1, 1, 0])),
        coat=0.5 if rough < 0.3 else 0,
    )
    r = corner * w
    soft = look.choice("edge", [0.12, 0.25, 0.38])
    g.add(slab(w, h, d, r, frame, bevel=d * soft, n=8, k=3))
    white = look.year <= 2017 and luma(color) > 0.45 and look.choice("white", [1, 1, 0])
    front = Mat((0.88, 0.88, 0.87), rough=0.08, spec=0.4) if white else GLASS
    inset = 0.06 + d * soft * 0.55
    z = d / 2 + 0.012
    g.add(plate(w - inset, h - inset, max(r - inset / 2, 0.02), front, 8), move(z=z))
    sw, sh = w - 2 * bezel[0], h - bezel[1] - bezel[2]
    old = max(bezel[1], bezel[2]) > 0.8
    g.add(
        plate(sw, sh, 0.02 if old else max(r - bezel[0], 0.05), screen_mat(img, glare), 8),
        move(0, (bezel[2] - bezel[1]) / 2, z + 0.01),
    )
    # what interrupts the front
    b, zz = look.brand.lower(), z + 0.02
    dark = Mat((0.004, 0.004, 0.006), rough=0.1)
    if old:
        grey = Mat((0.25, 0.25, 0.27) if not white else (0.55, 0.55, 0.55), rough=0.4)
        if not tablet:
            g.add(plate(w * 0.16, 0.1, 0.05, grey), move(0, h / 2 - bezel[1] * 0.5, zz))
        g.add(disc(0.11, dark, 12), move(w * (0.14 if not tablet else 0), h / 2 - bezel[1] * 0.5, zz))
        home = look.choice("home", ["round", "pill", "none", "keys"]) if "apple" not in b else "round"
        if home == "round" and bezel[2] > 0.9:
            rad = min(bezel[2] * 0.33, 0.6)
            g.add(
                ring(rad, rad * 0.84, 0.03, Mat((0.55, 0.55, 0.56), rough=0.25, metal=1)),
                move(0, -h / 2 + bezel[2] * 0.5, zz),
            )
        elif home == "pill":
            g.add(
                slab(min(w * 0.22, 2.4), min(bezel[2] * 0.5, 0.6), 0.06, 0.28, frame, bevel=0.02),
                move(0, -h / 2 + bezel[2] * 0.5, zz),
            )
        elif home == "keys":
            for s in (-1, 0, 1):
                g.add(ring(0.16, 0.11, 0.02, grey), move(s * w * 0.27, -h / 2 + bezel[2] * 0.5, zz))
    elif not tablet:
        if "apple" in b and look.year >= 2017:
            new = look.year >= 2023 or (look.year == 2022 and "pro" in look.model.lower())
            g.add(
                plate(w * (0.27 if new else 0.48), 0.52, 0.26, dark, 6),
                move(0, h / 2 - bezel[1] - (0.55 if new else 0.22), zz),
            )
        elif look.year <= 2019:
            kind = look.choice("notch", ["drop", "wide", "drop", "none"])
            if kind != "none":
                g.add(
                    plate(w * (0.5 if kind == "wide" else 0.12), 0.5, 0.24, dark, 6),
                    move(0, h / 2 - bezel[1] - 0.12, zz),
                )
        else:
            x = look.choice("punch", [0, 0, 0, -0.36, 0.36]) * w
            if look.choice("drop", [0, 0, 0, 1]):
                g.add(plate(w * 0.12, 0.5, 0.24, dark, 6), move(0, h / 2 - bezel[1] - 0.1, zz))
            else:
                g.add(disc(0.2, dark, 16), move(x, h / 2 - bezel[1] - 0.42, zz))
    for y, ln in ((h * 0.2, 1.0), (h * 0.09, 1.8)) if not tablet else ((h * 0.4, 1.2),):
        g.add(slab(0.14, ln, d * 0.4, 0.06, frame, bevel=0.04), move(w / 2, y, 0))
    # back
    back = Group().add(plate(w - inset, h - inset, max(r - inset / 2, 0.02), body, 8), move(z=0.012))
    if not tablet:
        back.add(island(look, w, h, body), move(z=0.015))
        two = look.choice("twotone", [0, 0, 0, 0, 0, 1])
        if two:
            back.add(
                plate(w - inset - 0.05, h * 0.26, 0.1, Mat(shade(color, 0.6), rough=0.5)),
                move(0, -h * 0.34, 0.016),
            )
    else:
        kind = look.choice("tabcam", ["one", "one", "two", "strip"])
        for k in range({"one": 1, "two": 2, "strip": 2}[kind]):
            lens(back, -w / 2 + 1.1, h / 2 - 1.1 - (1.3 * k if kind != "one" else 0), 0.01, 0.34, proud=0.08)
        if kind == "strip":
            back.add(
                plate(w - inset, 2.2, 0.3, Mat(shade(color, 0.7), rough=0.4)), move(0, h / 2 - 1.4, 0.014)
            )
    mark = Mat(
        shade(color, 0.5)
        if luma(color) > 0.25
        else shade(color, 1) + ()
        if luma(color) > 0.12
        else (0.3, 0.3, 0.32),
        rough=0.3,
        metal=0.6,
    )
    if look.choice("logo", ["word", "word", "disc", "none"]) == "word" and look.brand:
        tw = min(w * 0.5, 5)
        text = screens.wordmark(
            look.brand, 160, 40, tuple(int(255 * c) for c in mark.color), tuple(int(255 * c) for c in color)
        )
        back.add(
            plate(
                tw,
                tw * 0.25,
                0.02,
                Mat(color, rough=rough, metal=body.metal, coat=body.coat, image=picture(text)),
            ),
            move(0, -h * 0.3 if not tablet else 0, 0.02),
        )
    else:
        back.add(disc(min(w * 0.09, 1.2), mark, 24), move(0, h * 0.06, 0.02))
    g.add(back, turn("y", 180) @ move(z=d / 2))
    if case:
        clear = case == "clear"
        m = Mat((0.85, 0.85, 0.85), rough=0.2, alpha=0.35) if clear else Mat(case, rough=0.6)
        g.add(ring(1.0, 0.72, d * 1.25, m, 40, wh=(w + 0.5, h + 0.5, r + 0.25)))
        if not clear:
            g.add(plate(w + 0.3, h + 0.3, r + 0.15, m), turn("y", 180) @ move(z=d / 2 + 0.08))
            if not tablet:
                a = w * 0.5
                lid = Group().add(slab(a, a, 0.1, a * 0.25, Mat((0.03, 0.03, 0.03), rough=0.3), bevel=0.03))
                for sx, sy in ((-0.2, 0.2), (-0.2, -0.2), (0.2, 0.2)):
                    lens(lid, sx * a, sy * a, 0.06, w * 0.08, proud=0.05)
                g.add(lid, turn("y", 180) @ move(-w / 2 + a * 0.58, h / 2 - a * 0.58, d / 2 + 0.12))
    return g


def dims(look: Look):
    ratio = 16 / 9 if look.year <= 2016 else 18 / 9 if look.year <= 2018 else 20 / 9
    if look.ratio > 2.5 or (look.ratio and look.ratio < 1.2):
        look.ratio = 0.0
    sw, sh = look.screen_cm(6.4, ratio)
    if look.year <= 2017 and not ("apple" in look.brand.lower() and " x" in look.model.lower()):
        big = look.uniform("bez", 1.0, 1.7)
        bez = (look.uniform("side", 0.2, 0.4), big, big * look.uniform("chin", 0.8, 1.15))
    else:
        bez = (
            look.uniform("side", 0.18, 0.32),
            look.uniform("top", 0.2, 0.4),
            look.uniform("chin", 0.25, 0.55),
        )
    return (
        sw + 2 * bez[0],
        sh + bez[1] + bez[2],
        look.uniform("thick", 0.75, 0.95),
        bez,
        look.uniform("corner", 0.08, 0.19),
    )


def phone_screen(look, rng, kind=None):
    w, h, _, bez, _ = dims(look)
    return screens.mobile(
        rng, 176, int(176 * (h - bez[1] - bez[2]) / (w - 2 * bez[0])), look.model, kind=kind
    )


def slate_phone(look: Look, rng: Random, color=None, kind=None, broken=False, case=None, glare=0.35) -> Group:
    w, h, d, bez, corner = dims(look)
    r = Random(f"{look.id}/wall") if kind is None and look.own_screen(rng) else rng
    img = phone_screen(look, r, kind)
    if broken:
        img = screens.crack(img, rng)
    return slate(look, rng, img, w, h, d, color or look.color, bez, corner, case=case, glare=glare)


# ---------------------------------------------------------------- other forms
def keypad(rng: Random, look: Look, w, h, qwerty=False, legends=True) -> Group:
    """Keys of a phone on an area w x h in the x-y plane, +z up."""
    g = Group()
    key = look.choice(
        "keycol",
        [(0.08, 0.08, 0.09), (0.75, 0.76, 0.78), (0.2, 0.2, 0.22), shade(look.color, 0.8), (0.9, 0.9, 0.9)],
    )
    ink = (0.95, 0.95, 0.95) if luma(key) < 0.4 else (0.1, 0.1, 0.15)
    area = (-w / 2, -h / 2, w, h)
    cells, texts = [], []
    if qwerty:
        rows = ["qwertyuiop", "asdfghjkl<", "^zxcvbnm.>", "  0__sym "]
        for r, row in enumerate(rows):
            for c, t in enumerate(row[:10]):
                cells.append(
                    (-w / 2 + w * (c + 0.5) / 10, h / 2 - h * (r + 0.5) / 4, w / 10 * 0.88, h / 4 * 0.8)
                )
                texts.append(t.upper())
    else:
        names = ["1", "2abc", "3def", "4ghi", "5jkl", "6mno", "7pqrs", "8tuv", "9wxyz", "*", "0+", "#"]
        gap = look.choice("keygap", [0.97, 0.86, 0.76])
        for k, t in enumerate(names):
            r, c = divmod(k, 3)
            curve = 0.12 * (1 - abs(c - 1)) if look.choice("keycurve", [0, 1]) else 0
            cells.append(
                (-w / 2 + w * (c + 0.5) / 3, h / 2 - h * (r + 0.5) / 4 - curve, w / 3 * gap, h / 4 * gap)
            )
            texts.append(t)
    m = Mat(key, rough=0.35, image=picture(legend_image(cells, texts, area, ink, key, 30)))
    if not qwerty and look.choice("keyround", [0, 0, 1]):
        for x, y, a, b in cells:
            p = slab(a, b, 0.16, min(a, b) * 0.48, m, bevel=0.06, n=4, k=2)
            p.uv = (p.verts[:, :2] + [x - area[0], y - area[1]]) / [w, h]
            g.add(p, move(x, y, 0.06))
    else:
        g.add(keyblock(cells, 0.14, area, m))
    return g


def nav(look: Look, w) -> Group:
    """Soft keys, call keys and a direction pad."""
    g = Group()
    m = Mat(
        look.choice("navcol", [(0.75, 0.76, 0.78), (0.1, 0.1, 0.11), (0.5, 0.5, 0.52)]),
        rough=0.25,
        metal=float(look.choice("navmetal", [0, 1])),
    )
    g.add(slab(w * 0.3, w * 0.26, 0.2, w * look.choice("navr", [0.05, 0.12]), m, bevel=0.06))
    g.add(slab(w * 0.13, w * 0.11, 0.12, 0.06, Mat((0.15, 0.15, 0.16), rough=0.3), bevel=0.03), move(z=0.1))
    for s in (-1, 1):
        g.add(slab(w * 0.24, w * 0.1, 0.14, 0.1, m, bevel=0.04), move(s * w * 0.31, w * 0.085))
        c = (0.1, 0.6, 0.2) if s < 0 else (0.75, 0.1, 0.1)
        g.add(
            slab(
                w * 0.24,
                w * 0.1,
                0.14,
                0.1,
                Mat(c, rough=0.4) if look.choice("navrg", [0, 1]) else m,
                bevel=0.04,
            ),
            move(s * w * 0.31, -w * 0.07),
        )
    return g


def shell(w, h, d, color, look, round_ends=0.3, taper=1.0) -> Part:
    """Rounded body of an old phone; taper < 1 makes the ends narrower."""
    p = slab(
        w,
        h,
        d,
        w * round_ends,
        Mat(color, rough=look.choice("shellrough", [0.25, 0.4, 0.55]), coat=0.3),
        bevel=d * 0.38,
        n=8,
    )
    v = p.verts.copy()
    v[:, 0] *= 1 - (1 - taper) * (v[:, 1] / (h / 2)) ** 2
    p.verts = v
    return p


def small_screen(rng, w, h, old=False):
    if old:
        from PIL import Image, ImageDraw

        im = Image.new(
            "RGB", (96, 72), rng.choice([(150, 175, 120), (170, 190, 150), (120, 190, 90), (175, 180, 175)])
        )
        dr = ImageDraw.Draw(im)
        for k in range(rng.randint(1, 4)):
            dr.text((8, 6 + 15 * k), rng.choice(screens.WORDS), fill=(25, 35, 25), font=screens.font(14))
        dr.text((70, 60), "Menu", fill=(25, 35, 25), font=screens.font(12), anchor="mm")
        return np.asarray(im)
    return screens.mobile(
        rng, 120, max(60, int(120 * h / w)), kind=rng.choice(["wall", "lock", "home", "home", "off", "list"])
    )


def bar_phone(look: Look, rng: Random, color=None) -> Group:
    """A bar with keys."""
    c = color or look.color
    w, h, d = look.uniform("w", 4.5, 5.3), look.uniform("h", 10.5, 13), look.uniform("d", 1.3, 2.2)
    g = Group().add(
        shell(w, h, d, c, look, look.choice("ends", [0.15, 0.3, 0.48]), look.choice("taper", [1, 0.93, 0.88]))
    )
    face = look.choice("face", [shade(c, 1), (0.05, 0.05, 0.06), (0.7, 0.71, 0.74), shade(c, 0.6)])
    top = d / 2 + 0.01
    fw, fh = w * 0.88, h * 0.92
    g.add(slab(fw, fh, 0.1, fw * 0.25, Mat(face, rough=0.3, coat=0.3), bevel=0.05), move(z=top))
    share = look.uniform("screenshare", 0.27, 0.4)
    sw, sh = fw * 0.82, h * share
    sy = fh / 2 - h * 0.075 - sh / 2
    g.add(plate(sw + 0.4, sh + 0.4, 0.25, GLASS), move(0, sy, top + 0.06))
    g.add(
        plate(
            sw,
            sh,
            0.08,
            screen_mat(small_screen(rng, sw, sh, look.year < 2004 or look.choice("mono", [0, 0, 1])), 0.3),
        ),
        move(0, sy, top + 0.07),
    )
    g.add(
        plate(w * 0.2, 0.14, 0.06, Mat((0.02, 0.02, 0.02), rough=0.6)),
        move(0, fh / 2 - h * 0.035, top + 0.06),
    )
    ny = sy - sh / 2 - 0.25 - w * 0.13
    g.add(nav(look, fw), move(0, ny, top + 0.06))
    ky1, ky0 = ny - w * 0.15 - 0.1, -fh / 2 + h * 0.05
    g.add(keypad(rng, look, fw * 0.86, ky1 - ky0), move(0, (ky0 + ky1) / 2, top + 0.05))
    if look.choice("wordmark", [1, 1, 0]) and look.brand:
        ink = (230, 230, 230) if luma(face) < 0.4 else (40, 40, 40)
        t = screens.wordmark(look.brand, 120, 30, ink, tuple(int(255 * v) for v in face))
        g.add(
            plate(w * 0.36, w * 0.09, 0.02, Mat(face, rough=0.3, image=picture(t))),
            move(0, sy + sh / 2 + 0.32, top + 0.065),
        )
    if look.year < 2003 or look.choice("antenna", [0, 0, 0, 0, 1]):
        g.add(
            tube([(0, 0, 0), (0, 2.2, 0), (0, 2.8, 0)], 0.34, Mat((0.05, 0.05, 0.05), rough=0.5), 10),
            move(w * 0.33, h / 2 - 0.3, -d * 0.1),
        )
    # back
    back = Group().add(plate(w * 0.7, h * 0.55, 0.4, Mat(shade(c, 0.8), rough=0.5)), move(0, -h * 0.1, 0))
    lens(back, 0, h * 0.3, 0, 0.3)
    g.add(back, turn("y", 180) @ move(z=d / 2 + 0.015))
    return g


def flip_phone(look: Look, rng: Random, color=None, angle=None) -> Group:
    """Two shells and a hinge; angle 180 is flat open, 0 is shut."""
    angle = rng.choice([0, 90, 120, 150, 160, 165, 170]) if angle is None else angle
    c = color or look.color
    w, h, d = look.uniform("w", 4.6, 5.3), look.uniform("h", 8.5, 9.8), look.uniform("d", 0.9, 1.2)
    ends = look.choice("ends", [0.12, 0.25, 0.4])
    low = Group().add(shell(w, h, d, c, look, ends), move(0, -h / 2, 0))
    inner = look.choice("inner", [(0.06, 0.06, 0.07), (0.7, 0.7, 0.72), shade(c, 0.7)])
    low.add(
        slab(w * 0.9, h * 0.9, 0.06, w * 0.15, Mat(inner, rough=0.35), bevel=0.03), move(0, -h / 2, d / 2)
    )
    low.add(nav(look, w * 0.85), move(0, -h * 0.22, d / 2 + 0.05))
    low.add(keypad(rng, look, w * 0.8, h * 0.55), move(0, -h * 0.65, d / 2 + 0.02))
    up = Group().add(shell(w, h, d * 0.85, c, look, ends), move(0, h / 2, 0))
    up.add(
        slab(w * 0.9, h * 0.9, 0.06, w * 0.15, Mat(inner, rough=0.35), bevel=0.03), move(0, h / 2, d * 0.42)
    )
    sw, sh = w * 0.72, h * 0.58
    up.add(plate(sw + 0.3, sh + 0.3, 0.15, GLASS), move(0, h * 0.53, d * 0.42 + 0.04))
    up.add(plate(sw, sh, 0.05, screen_mat(small_screen(rng, sw, sh))), move(0, h * 0.53, d * 0.42 + 0.05))
    outer = (
        Group()
        .add(plate(w * 0.6, h * 0.3, 0.3, GLASS))
        .add(plate(w * 0.46, h * 0.2, 0.1, screen_mat(small_screen(rng, 3, 2), 0.5)), move(z=0.01))
    )
    lens(outer, 0, h * 0.25, 0, 0.25)
    up.add(outer, move(0, h * 0.55, 0) @ turn("y", 180) @ move(z=d * 0.425 + 0.02))
    g = Group().add(low)
    pivot = d / 2 + 0.05
    g.add(up, move(z=pivot) @ turn("x", 180 - angle) @ move(z=-pivot))
    g.add(
        tube(
            [(-w * 0.42, 0, pivot * 0.7), (0, 0, pivot * 0.7), (w * 0.42, 0, pivot * 0.7)],
            d * 0.42,
            Mat(shade(c, 0.7), rough=0.4),
            6,
        )
    )
    return g


def slider_phone(look: Look, rng: Random, color=None) -> Group:
    c = color or look.color
    w, h, d = look.uniform("w", 4.7, 5.2), look.uniform("h", 9.5, 10.2), 0.75
    g = (
        Group()
        .add(shell(w, h, d, shade(c, 0.8), look, 0.15))
        .add(keypad(rng, look, w * 0.85, h * 0.36), move(0, -h * 0.3, d / 2))
    )
    top = (
        Group()
        .add(shell(w, h, d, c, look, 0.15))
        .add(plate(w * 0.86, h * 0.62, 0.1, GLASS), move(0, h * 0.1, d / 2 + 0.01))
    )
    top.add(
        plate(w * 0.76, h * 0.52, 0.05, screen_mat(small_screen(rng, 3, 4))), move(0, h * 0.11, d / 2 + 0.02)
    ).add(nav(look, w * 0.9), move(0, -h * 0.34, d / 2 + 0.02))
    return g.add(top, move(0, h * 0.42, d + 0.03)).moved(move(0, -h * 0.2, 0))


def qwerty_phone(look: Look, rng: Random, color=None) -> Group:
    c = color or look.color
    w, h, d = look.uniform("w", 6.0, 7.0), look.uniform("h", 10.8, 12.6), 1.2
    g = Group().add(shell(w, h, d, c, look, 0.14))
    z = d / 2 + 0.01
    g.add(
        slab(w * 0.95, h * 0.95, 0.06, 0.7, Mat((0.04, 0.04, 0.045), rough=0.25, coat=0.5), bevel=0.03),
        move(z=z),
    )
    sw = w * 0.84
    sh = min(sw * look.choice("qs", [0.75, 1.0]), h * 0.5)
    g.add(
        plate(
            sw,
            sh,
            0.05,
            screen_mat(
                screens.mobile(
                    rng, 160, int(160 * sh / sw), kind=rng.choice(["home", "wall", "list", "text", "lock"])
                )
            ),
        ),
        move(0, h * 0.45 - sh / 2 - 0.3, z + 0.05),
    )
    ky = h * 0.45 - sh - 0.55
    g.add(slab(0.9, 0.7, 0.12, 0.15, CHROME, bevel=0.04), move(0, ky - 0.3, z + 0.03))
    for s in (-1, 1):
        for k in (0.17, 0.36):
            g.add(
                slab(w * 0.16, 0.55, 0.08, 0.08, Mat((0.15, 0.15, 0.16), rough=0.3), bevel=0.03),
                move(s * w * k, ky - 0.3, z + 0.03),
            )
    g.add(
        keypad(rng, look, w * 0.9, ky - 0.8 + h * 0.46, qwerty=True),
        move(0, (ky - 0.8 - h * 0.46) / 2, z + 0.03),
    )
    back = Group().add(plate(w * 0.8, h * 0.6, 0.3, Mat(shade(c, 0.8), rough=0.6)), move(0, -h * 0.08, 0))
    lens(back, 0, h * 0.38, 0, 0.3)
    return g.add(back, turn("y", 180) @ move(z=d / 2 + 0.015))


def folding(look: Look, rng: Random, color=None, angle=None, shape=None) -> Group:
    """Foldables: "book" (hinge along y) or "clam" (hinge along x); angle 180 is flat."""
    shape = shape or ("clam" if "clam" in look.form else "book")
    c = color or look.color
    body, frame = Mat(c, rough=0.3, coat=0.4), Mat(shade(c, 0.7), rough=0.25, metal=1)
    if shape == "clam":
        W, H = look.uniform("w", 7.1, 7.4), look.uniform("h", 16.4, 17.0)
    else:
        W, H = look.uniform("w", 12.8, 14.2), look.uniform("h", 15.0, 16.0)
    angle = rng.choice([180, 180, 150, 125, 110, 95, 0]) if angle is None else angle
    img = screens.mobile(rng, int(14 * W), int(14 * H), look.model)
    d = 0.6
    g = Group()
    for s in (-1, 1):
        half = Group()
        hw, hh = (W, H / 2) if shape == "clam" else (W / 2, H)
        cx, cy = (0, s * hh / 2) if shape == "clam" else (s * hw / 2, 0)
        half.add(slab(hw - 0.04, hh - 0.04, d, 0.6, frame, bevel=0.12), move(cx, cy))
        half.add(plate(hw - 0.2, hh - 0.1, 0.5, GLASS), move(cx, cy, d / 2 + 0.01))
        p = plate(hw - (0.5 if shape == "clam" else 0.25), hh - 0.25, 0.1, screen_mat(img), 6)
        p.verts = p.verts + [cx, cy, d / 2 + 0.02]
        p.uv = p.verts[:, :2] / [W, H] + 0.5
        half.add(p)
        back = Group().add(plate(hw - 0.25, hh - 0.25, 0.5, body))
        if shape == "clam":
            if s > 0:
                big = look.choice("cover", [1, 1, 0])
                back.add(
                    plate(hw * (0.92 if big else 0.35), hh * (0.85 if big else 0.25), 0.3, GLASS),
                    move(0 if big else 0.6, hh * (0 if big else 0.28), 0.012),
                )
                back.add(
                    plate(
                        hw * (0.86 if big else 0.3),
                        hh * (0.78 if big else 0.2),
                        0.3,
                        screen_mat(screens.watch(rng, 140, 120, kind=rng.choice(["digital", "wall", "off"]))),
                    ),
                    move(0 if big else 0.6, hh * (0 if big else 0.28), 0.02),
                )
                for k in range(2):
                    lens(
                        back,
                        -hw * 0.36 + (1.6 * k if big else 0),
                        hh * (-0.3 if big else 0.33 - 0.2 * k),
                        0.025,
                        0.5,
                    )
        elif s > 0:
            back.add(island(look, hw, hh, body), move(z=0.015))
        else:
            back.add(plate(hw - 0.35, hh - 0.35, 0.5, GLASS), move(z=0.012)).add(
                plate(hw - 0.7, hh - 0.8, 0.4, screen_mat(screens.mobile(rng, 120, 260))), move(z=0.02)
            )
        half.add(back, move(cx, cy) @ turn("y", 180) @ move(z=d / 2 + 0.01))
        tilt = (180 - angle) / 2
        hinge = d / 2 + 0.02
        t = turn("x", s * tilt) if shape == "clam" else turn("y", -s * tilt)
        g.add(half, move(z=hinge) @ t @ move(z=-hinge))
    return g


def body(look: Look, rng: Random, color=None, **kw) -> Group:
    f = look.form
    if f == "keypad":
        return (
            slider_phone(look, rng, color)
            if look.choice("slider", [0] * 7 + [1])
            else bar_phone(look, rng, color)
        )
    if f == "flip":
        return flip_phone(look, rng, color)
    if f == "qwerty":
        return qwerty_phone(look, rng, color)
    if "fold" in f:
        return folding(look, rng, color)
    return slate_phone(look, rng, color, **kw)


# ---------------------------------------------------------------- views
def shot(look: Look, rng: Random, index: int) -> Shot:
    slate_ = look.form == "slate"
    keys = look.form in ("keypad", "flip", "qwerty")
    views = (
        ["pair"] * (5 if index % 4 == 0 else 2)
        + ["front"] * 3
        + ["back"] * 2
        + ["tilt"] * 2
        + ["flat"] * 4
        + ["hand"] * 4
        + ["two"] * 1
        + ["colours"] * 1
        + ["stand"] * 2
        + ["flat_off"] * 3
        + ["side"]
    )
    if slate_:
        views += ["cracked"] * 3 + ["case", "type", "hand_back", "hand", "box", "person", "person"]
    v = rng.choice(views)
    if look.portrait:
        v = rng.choice(["front"] if keys else ["front", "front", "pair"])
    F = UPRIGHT
    B = UPRIGHT @ turn("y", 180)
    if keys and v == "back":
        v = "front"
    lo, hi = body(look, Random(1)).box()
    w, h, d = hi - lo
    if v == "pair":
        a, b = (
            body(look, rng, kind=None if look.portrait else rng.choice([None, "wall", "wall", "model"]))
            if slate_
            else body(look, rng),
            body(look, rng),
        )
        gap = rng.uniform(0.35, 1.05) * w
        order = rng.choice([-1, 1])
        yaw = rng.choice([0, 0, rng.uniform(5, 30)])
        g = (
            Group()
            .add(b, move(order * gap / 2, 0.9 + d, rng.choice([0, 0, 0.5, -0.5])) @ turn("z", yaw) @ B)
            .add(a, move(-order * gap / 2, 0, 0) @ turn("z", -yaw * rng.choice([0, 1, 1])) @ F)
        )
        return Shot(g, v, az=(-8, 8), el=(-3, 8), roll=(-2, 2), wild=0.08)
    if v == "two":
        yaw = rng.uniform(20, 45)
        g = (
            Group()
            .add(body(look, rng), move(-w * 0.5, 0) @ turn("z", yaw * rng.choice([-1, 1])) @ F)
            .add(body(look, rng), move(w * 0.5, d) @ turn("z", -yaw) @ (B if rng.random() < 0.6 else F))
        )
        return Shot(g, v, az=(-15, 15), el=(-5, 15), wild=0.1)
    if v == "colours":
        g, n = Group(), rng.randint(3, 5)
        step, face = rng.uniform(0.4, 1.1) * w, rng.choice([B, B, F])
        cols = (look.colours * 4)[:n]
        if len(look.colours) == 1:
            cols = [look.color] * n
        for k in range(n):
            yaw = rng.choice([0, 0, 25]) * rng.choice([-1, 1]) if k == 0 else yaw
            g.add(
                body(look, rng, cols[k]),
                move((k - (n - 1) / 2) * step, k * (d + 0.3), 0) @ turn("z", yaw) @ face,
            )
        return Shot(g, v, az=(-12, 12), el=(-3, 12), wild=0.1)
    if v in ("front", "back", "case", "side"):
        kw = {}
        if v == "case":
            kw["case"] = rng.choice(["clear", (0.05, 0.05, 0.05), tuple(rng.random() for _ in range(3))])
        g = Group().add(
            body(look, rng, **kw), F if v == "front" or (v != "back" and rng.random() < 0.5) else B
        )
        if v == "side":
            g = (
                Group()
                .add(body(look, rng), F)
                .add(
                    body(look, rng),
                    move(w * 0.85 + rng.uniform(0.3, 1)) @ turn("z", rng.choice([90, -90, 75])) @ F,
                )
            )
            if rng.random() < 0.5:
                g.add(body(look, rng), move(-w - rng.uniform(0.3, 1)) @ B)
            return Shot(g, v, az=(-4, 4), el=(-2, 5), wild=0.05)
        az = rng.choice([8, 40, 60])
        return Shot(g, v, az=(-az, az), el=(-8, 22), roll=(-4, 4), wild=0.15)
    if v == "tilt":
        g = Group().add(
            body(look, rng),
            turn("y", rng.uniform(-40, 40))
            @ turn("x", rng.uniform(-25, 25))
            @ (F if rng.random() < 0.65 else B),
        )
        return Shot(g, v, az=(-40, 40), el=(-15, 35), roll=(-20, 20), wild=0.1)
    if v in ("flat", "flat_off", "cracked", "box"):
        kw = (
            {
                "kind": rng.choice([None, None, "off"])
                if v == "flat"
                else "off"
                if rng.random() < 0.7 or v == "flat_off"
                else None,
                "broken": v == "cracked",
                "glare": 0.6,
            }
            if slate_
            else {}
        )
        if slate_ and rng.random() < 0.25:
            kw["case"] = rng.choice(["clear", (0.05, 0.05, 0.05), tuple(rng.random() for _ in range(3))])
        g = body(look, rng, **kw)
        down = rng.random() < (0.25 if v != "cracked" else 0)
        g = g.moved(turn("y", 180)) if down else g
        g = g.moved(turn("z", rng.uniform(-180, 180))).grounded()
        if rng.random() < 0.2:
            o = body(look, rng, **kw).moved(turn("z", rng.uniform(-180, 180))).grounded()
            g.add(o, move(rng.choice([-1, 1]) * w * 1.7, rng.uniform(-2, 2)))
        if v == "box":
            g.add(
                slab(
                    w + 1.5,
                    h + 1.5,
                    3,
                    0.2,
                    Mat(rng.choice([(0.95, 0.95, 0.95), (0.05, 0.05, 0.05), (0.8, 0.6, 0.4)]), rough=0.5),
                    bevel=0.05,
                ),
                move(w * 1.6, rng.uniform(-2, 2), 1.5),
            )
        return Shot(
            g,
            v,
            "table",
            az=(-180, 180),
            el=rng.choice([(20, 45), (45, 80), (80, 89)]),
            roll=(-8, 8),
            wild=0.75,
        )
    if v == "stand":
        back = rng.random() < 0.35
        g = (
            body(look, rng)
            .moved(turn("x", rng.uniform(-18, -5)) @ turn("z", 0) @ (B if back else F))
            .grounded()
        )
        if rng.random() < 0.3:
            g.add(
                slab(
                    w * 0.8,
                    4,
                    h * 0.4,
                    0.3,
                    Mat(rng.choice([(0.7, 0.5, 0.3), (0.9, 0.9, 0.9), (0.2, 0.2, 0.2)]), rough=0.6),
                    bevel=0.1,
                ),
                move(0, 4, h * 0.2),
            )
        return Shot(g, v, "table", az=(-50, 50), el=(0, 25), wild=0.7)
    # hands
    ph = body(
        look,
        rng,
        **(
            {
                "kind": rng.choice([None, None, None, "blank", "off"]),
                "case": rng.choice([None, None, "clear", (0.05, 0.05, 0.05)]),
            }
            if slate_
            else {}
        ),
    )
    if look.form == "flip":
        ph = flip_phone(look, rng, angle=rng.choice([160, 165, 170])).moved(move(0, 3))
    side = rng.choice([-1, 1])
    hand = people.grip(rng, w, h, d, side, low=rng.uniform(-2, 2))
    if v == "hand_back":
        back = Group().add(ph, turn("y", 180))
        hand = people.grip(rng, w, h, d, side, low=rng.uniform(-4, -1))
        if rng.random() < 0.5:  # taking a picture: fingers in front of the back
            hand = people.edge_grip(rng, w, h, d, side)
        ph = back
    if v == "type":
        hand.add(people.pointing(rng, rng.uniform(-w * 0.2, w * 0.2), rng.uniform(-h * 0.3, h * 0.1), d / 2))
    m = turn("x", rng.uniform(35, 90)) @ turn("z", rng.uniform(-25, 25))
    if v == "person":
        return people.with_person(
            rng,
            Shot(
                ph.moved(m), v, "air", az=(-40, 40), el=(-5, 15), roll=(-6, 6), extra=hand.moved(m), wild=0.95
            ),
        )
    if rng.random() < 0.25:
        m = m @ turn("z", 90 * rng.choice([-1, 1]))
    return Shot(
        ph.moved(m), v, "air", az=(-35, 35), el=(-5, 40), roll=(-12, 12), extra=hand.moved(m), wild=0.85
    )
