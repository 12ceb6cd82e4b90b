"""Laptops of every age: open, from behind, closed, from below, convertible."""

from __future__ import annotations

from random import Random

import numpy as np
import people
import screens
from looks import Look, Shot, luma, shade
from mesh import Group, Mat, disc, move, picture, plate, slab, tube, turn
from phone import keyblock, legend_image, screen_mat

ROWS = [
    ["esc", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12", "del"],
    list("`1234567890-=") + ["back"],
    ["tab"] + list("qwertyuiop[]\\"),
    ["caps"] + list("asdfghjkl;'") + ["enter"],
    ["shift"] + list("zxcvbnm,./") + ["shift"],
    ["ctrl", "fn", "alt", " ", "alt", "ctrl", "<", "v", ">"],
]
WIDE = {"back": 1.9, "tab": 1.5, "\\": 1.5, "caps": 1.8, "enter": 2.2, "shift": 2.4, " ": 5.8, "ctrl": 1.2}


def keyboard(look, w, h, key, ink, pad=False):
    """Key rows on an area w x h (x-y plane, +z up)."""
    area = (-w / 2, -h / 2, w, h)
    cells, texts = [], []
    main = w * (0.8 if pad else 1.0)
    for r, row in enumerate(ROWS):
        widths = [WIDE.get(t, 1.0) for t in row]
        unit, x = main / sum(widths), -w / 2
        for t, k in zip(row, widths):
            cells.append((x + k * unit / 2, h / 2 - h * (r + 0.5) / 6, k * unit * 0.88, h / 6 * 0.84))
            texts.append(t if len(t) > 1 else t.upper())
            x += k * unit
    if pad:
        for r in range(6):
            for c in range(4):
                cells.append(
                    (
                        w / 2 - w * 0.185 + w * 0.185 * (c + 0.5) / 4,
                        h / 2 - h * (r + 0.5) / 6,
                        w * 0.185 / 4 * 0.88,
                        h / 6 * 0.84,
                    )
                )
                texts.append("789/456*123-0.+="[(r * 4 + c) % 16])
    return keyblock(
        cells,
        0.12,
        area,
        Mat(key, rough=0.5, image=picture(legend_image(cells, texts, area, ink, key, 16))),
        inset=0.08,
    )


def under(look: Look, rng: Random, w, h, color) -> Group:
    """The underside: rubber feet, vents, screws, labels, an old one's battery and hatches. Seen with x to the right."""
    g = Group()
    dark = Mat((0.03, 0.03, 0.03), rough=0.8)
    base = Mat(shade(color, 0.9), rough=0.5)
    if look.choice("feet", ["bars", "dots"]) == "bars":
        for y in (-0.42, 0.42):
            g.add(slab(w * 0.7, 0.7, 0.2, 0.3, dark, bevel=0.06), move(0, y * h))
    else:
        for x in (-0.43, 0.43):
            for y in (-0.42, 0.42):
                g.add(slab(1.8, 1.0, 0.25, 0.45, dark, bevel=0.06), move(x * w, y * h))
    kind = look.choice("vents", ["wide", "two", "side", "dots", "few"])

    def vents(cx, cy, vw, vh, n):
        for k in range(n):
            if vw > vh:
                g.add(plate(vw / n * 0.55, vh, 0.02, dark), move(cx + vw * ((k + 0.5) / n - 0.5), cy, 0.01))
            else:
                g.add(plate(vw, vh / n * 0.5, 0.02, dark), move(cx, cy + vh * ((k + 0.5) / n - 0.5), 0.01))

    if kind == "wide":
        vents(0, h * 0.22, w * 0.8, h * 0.2, 36)
    elif kind == "two":
        for s in (-1, 1):
            vents(s * w * 0.25, h * 0.2, w * 0.25, h * 0.18, 12)
    elif kind == "side":
        vents(-w * 0.3, h * 0.1, w * 0.18, h * 0.3, 9)
    elif kind == "dots":
        for r in range(5):
            vents(0, h * (0.1 + 0.06 * r), w * 0.6, 0.4, 24)
    for x in (-0.46, 0, 0.46):
        for y in (-0.46, 0.46, 0.05):
            g.add(disc(0.22, Mat((0.2, 0.2, 0.2), rough=0.3, metal=1), 12), move(x * w, y * h, 0.012))
    if look.year < 2014:
        edge = Mat(shade(color, 0.6), rough=0.6)
        for x, y, a, b in ((-0.2, -0.1, 0.4, 0.35), (0.25, 0.05, 0.3, 0.25), (0, 0.4, 0.6, 0.14)):
            g.add(slab(w * a, h * b, 0.12, 0.2, edge, bevel=0.05), move(x * w, y * h, 0.02))
            g.add(slab(w * a - 0.15, h * b - 0.15, 0.14, 0.2, base, bevel=0.05), move(x * w, y * h, 0.03))
    for _ in range(look.choice("labels", [1, 2, 3])):
        lw = rng.uniform(3, 7)
        g.add(
            plate(
                lw,
                lw * 0.55,
                0.1,
                Mat((0.9, 0.9, 0.9), rough=0.4, image=picture(screens.label(rng, 140, 77))),
            ),
            move(
                rng.uniform(-0.3, 0.3) * w, rng.uniform(-0.35, 0.1) * h, 0.11 if look.year < 2014 else 0.015
            ),
        )
    return g


def body(look: Look, rng: Random, angle=110, img=None, color=None, glare=0.3) -> Group:
    """Base on z = 0, hinge along the back (+y). `angle` between base and lid: 0 shut, 360 folded round."""
    old, game = look.year < 2011, int(float(look.row.get("gpu_tier") or 0)) >= 3
    c = color or look.color
    if old:
        look.ratio = look.ratio if 1.2 < look.ratio < 1.5 else 4 / 3 if look.year < 2007 else 16 / 10
    sh, sw = look.screen_cm(15.6 if not old else 14.1, 16 / 9 if look.choice("r", [1, 1, 0]) else 16 / 10)
    side, top, chin = (
        (look.uniform("side", 1.0, 1.8), look.uniform("top", 1.2, 2.0), look.uniform("chin", 1.6, 3.0))
        if look.year < 2017
        else (look.uniform("side", 0.4, 0.9), look.uniform("top", 0.6, 1.1), look.uniform("chin", 0.9, 2.0))
    )
    w, h = sw + 2 * side, sh + top + chin
    t = (
        look.uniform("t", 2.2, 3.2)
        if old
        else look.uniform("t", 1.6, 2.1)
        if game
        else look.uniform("t", 1.0, 1.6)
    )
    lt = look.uniform("lt", 0.9, 1.3) if old else look.uniform("lt", 0.5, 0.7)
    metal = float(look.choice("metal", [1, 1, 0])) if not old else 0.0
    rough = look.choice("rough", [0.3, 0.4, 0.5, 0.25])
    shell = Mat(
        c, rough=rough, metal=metal * 0.9, coat=0.6 if look.choice("gloss", [1, 0, 0]) and not metal else 0
    )
    deck = Mat(
        c if look.choice("deck", [1, 1, 0]) else (0.04, 0.04, 0.045) if luma(c) < 0.4 else (0.7, 0.7, 0.72),
        rough=0.45,
        metal=metal * 0.8,
    )
    r = look.choice("corner", [0.3, 0.8, 1.3])
    g = Group()
    g.add(
        slab(w, h, t, r, shell, bevel=t * look.choice("belly", [0.2, 0.35, 0.48]), top=0.08),
        move(0, 0, t / 2),
    )
    z = t + 0.005
    g.add(plate(w - 0.2, h - 0.2, r, deck), move(0, 0, z))
    # keyboard, trackpad
    pad = w > 34.5 and look.choice("numpad", [1, 1, 0])
    key = (
        look.choice("key", [(0.03, 0.03, 0.035)] * 4 + [shade(c, 0.9), (0.85, 0.85, 0.86)])
        if luma(c) > 0.3
        else (0.03, 0.03, 0.035)
    )
    ink = (0.95, 0.95, 0.95) if luma(key) < 0.5 else (0.15, 0.15, 0.15)
    if game:
        ink = look.choice("rgb", [(0.95, 0.2, 0.2), (0.2, 0.9, 1), (0.9, 0.9, 0.95), (0.4, 1, 0.5)])
    kw, kh = w * (0.94 if pad else look.choice("kw", [0.8, 0.86, 0.92])), min(h * 0.46, 10.5)
    ky = h * 0.5 - kh / 2 - h * look.uniform("ky", 0.1, 0.2)
    g.add(
        plate(
            kw + 0.3,
            kh + 0.3,
            0.3,
            Mat(shade(key, 0.8) if look.choice("well", [1, 0]) else deck.color, rough=0.6),
        ),
        move(0, ky, z + 0.004),
    )
    g.add(keyboard(look, kw, kh, key, ink, pad), move(0, ky, z + 0.006))
    py = (ky - kh / 2 - h / 2) / 2
    ph = (ky - kh / 2 + h / 2) * 0.8
    pw = min(ph * look.choice("pr", [1.4, 1.6]), w * 0.42) if not old else ph * 1.3
    px = -w * 0.06 if pad else 0
    g.add(
        plate(
            pw,
            ph,
            0.25,
            Mat(shade(deck.color, 0.82 if luma(deck.color) > 0.2 else 1.6), rough=0.35, metal=metal * 0.5),
        ),
        move(px, py, z + 0.006),
    )
    g.add(
        plate(pw - 0.12, ph - 0.12, 0.25, Mat(shade(deck.color, 0.96), rough=0.3, metal=metal * 0.5)),
        move(px, py, z + 0.008),
    )
    if old or look.choice("buttons", [0, 0, 0, 1]):
        for s in (-1, 1):
            g.add(
                slab(pw * 0.47, ph * 0.2, 0.12, 0.1, Mat(shade(deck.color, 0.8), rough=0.4), bevel=0.04),
                move(px + s * pw * 0.25, py - ph * 0.45, z + 0.02),
            )
    if look.choice("sticker", [1, 1, 0]) and look.year > 2005:
        for s, col in ((-0.42, (0.1, 0.4, 0.8)), (-0.35, (0.8, 0.15, 0.1)), (0.42, (0.85, 0.85, 0.85)))[
            : rng.choice([1, 2, 3])
        ]:
            g.add(plate(1.7, 1.7, 0.1, Mat(col, rough=0.3)), move(s * w, -h * 0.4, z + 0.01))
    if look.choice("speakers", [0, 1]):
        for s in (-1, 1):
            if kw < w * 0.85:
                g.add(
                    plate((w - kw) * 0.3, kh, 0.1, Mat(shade(deck.color, 0.6), rough=0.8)),
                    move(s * (kw / 2 + (w - kw) * 0.25), ky, z + 0.006),
                )
    for s in (-1, 1):  # ports
        for k in range(3):
            g.add(
                slab(
                    0.1,
                    look.choice(f"p{k}", [0.9, 1.4, 0.5]),
                    t * 0.3,
                    0.05,
                    Mat((0.02, 0.02, 0.02), rough=0.5),
                    bevel=0.02,
                ),
                move(s * w / 2, h * (0.3 - 0.14 * k), t * 0.55),
            )
    g.add(under(look, rng, w, h, c), turn("y", 180))
    # lid: built lying shut, screen down, then opened
    if img is None:
        img = screens.desktop(
            Random(f"{look.id}/wall") if look.own_screen(rng) else rng,
            256,
            int(256 * sh / sw),
            f"{look.brand} {look.model}"[:24],
            year=look.year,
        )
    bez = (0.012, 0.012, 0.014) if look.choice("bezcol", [1, 1, 1, 0]) or look.year > 2016 else deck.color
    lid = Group().add(slab(w, h, lt, r, shell, bevel=0.08, top=lt * 0.45), move(0, h / 2, 0))
    face = Group().add(
        plate(
            w - 0.25, h - 0.25, max(r - 0.1, 0.1), Mat(bez, rough=0.12 if look.choice("gl", [1, 0]) else 0.5)
        )
    )
    face.add(plate(sw, sh, 0.03, screen_mat(img, glare)), move(0, (chin - top) / 2, 0.01))
    face.add(disc(0.18, Mat((0.03, 0.03, 0.05), rough=0.1), 12), move(0, h / 2 - top / 2, 0.012))
    if look.brand and look.choice("chinname", [1, 1, 0]) and chin > 1.2:
        face.add(
            plate(
                3.2,
                0.7,
                0.02,
                Mat(
                    bez,
                    rough=0.5,
                    image=picture(
                        screens.wordmark(
                            look.brand, 128, 28, (190, 190, 190), tuple(int(255 * v) for v in bez)
                        )
                    ),
                ),
            ),
            move(0, -h / 2 + chin * 0.5, 0.012),
        )
    lid.add(face, move(0, h / 2, -lt / 2 - 0.012) @ turn("x", 180))
    # what the back shows; the name reads right way up when the lid stands open
    mark = shade(c, 0.45) if luma(c) > 0.3 else (0.62, 0.62, 0.64)
    kind = look.choice("lidlogo", ["word", "word", "wordcorner", "disc", "none"])
    if kind.startswith("word") and look.brand:
        tw = w * (0.22 if kind == "word" else 0.14)
        p = plate(
            tw,
            tw * 0.25,
            0.02,
            Mat(
                c,
                rough=rough,
                metal=shell.metal,
                coat=shell.coat,
                image=picture(
                    screens.wordmark(
                        look.brand, 192, 48, tuple(int(255 * v) for v in mark), tuple(int(255 * v) for v in c)
                    )
                ),
            ),
        )
        lid.add(
            p,
            move(0 if kind == "word" else -w * 0.36, h * (0.5 if kind == "word" else 0.12), lt / 2 + 0.01)
            @ turn("z", 180),
        )
    elif kind == "disc":
        lid.add(disc(1.6, Mat(mark, rough=0.15, metal=1), 32), move(0, h / 2, lt / 2 + 0.01))
    if game and look.choice("lines", [1, 1, 0]):
        col = look.choice("linecol", [(0.7, 0.1, 0.1), mark, (0.1, 0.5, 0.6)])
        for s in (-1, 1):
            lid.add(
                plate(0.25, h * 0.7, 0.05, Mat(col, rough=0.3)),
                move(s * w * 0.3, h * 0.5, lt / 2 + 0.01) @ turn("z", s * 14),
            )
    # hinge at the back edge
    hz = t + lt / 2 + 0.02
    m = (
        move(0, h / 2, hz if angle <= 180 else t / 2)
        @ turn("x", -angle)
        @ move(0, -h, 0 if angle <= 180 else hz - t / 2 + 0.02)
    )
    g.add(lid, m)
    g.add(
        tube(
            [(-w * 0.4, 0, 0), (0, 0, 0), (w * 0.4, 0, 0)],
            lt * 0.45,
            Mat(shade(c, 0.6), rough=0.4, metal=metal),
            6,
        ),
        move(0, h / 2 - 0.1, t + 0.05),
    )
    g.size = (w, h, t)
    return g


def dirty(g: Group, rng: Random) -> Group:
    """Rougher, dustier copies of the materials, for old machines in a pile."""
    from dataclasses import replace

    for p in g.parts:
        if not p.mat.emit and not p.mat.image:
            c = np.array(p.mat.color) * 0.75 + np.array([0.42, 0.40, 0.36]) * 0.25
            p.mat = replace(
                p.mat,
                color=tuple(c),
                rough=min(1, p.mat.rough + 0.25),
                coat=0,
                metal=p.mat.metal * 0.5,
                bump=0.15,
            )
    return g


def shot(look: Look, rng: Random, index: int) -> Shot:
    convert = look.form == "convertible"
    views = (
        ["open"] * (11 if index % 4 == 0 else 6)
        + ["front"] * 4
        + ["frontal"] * 7
        + ["behind"] * 4
        + ["closed"] * 4
        + ["top_closed"] * 4
        + ["under"] * 4
        + ["person"]
        + ["above"] * 3
        + ["keys"] * 2
        + ["pair"] * 2
        + ["typing"] * 2
        + ["side", "wild_open", "wild_open", "wild_open", "wild_open", "upended", "stacked", "old", "lap"]
    )
    if convert:
        views += ["tent"] * 5 + ["tablet"] * 2 + ["stand"] * 4
    v = rng.choice(views)
    if look.portrait:
        v = rng.choice(["open", "front", "frontal"])
    az = rng.choice([-1, 1]) * rng.uniform(10, 55)
    lid = rng.uniform(95, 130)
    if v == "open":
        return Shot(
            body(look, rng, lid),
            v,
            rng.choice(["float", "float", "table"]),
            az=(az - 6, az + 6),
            el=(8, 35),
            roll=(-2, 2),
            wild=0.2,
        )
    if v == "front":
        return Shot(
            body(look, rng, rng.uniform(95, 115)),
            v,
            rng.choice(["float", "float", "table"]),
            az=(-8, 8),
            el=(2, 28),
            roll=(-1, 1),
            wild=0.2,
        )
    if v == "frontal":  # the shops' favourite: straight on, the keyboard a thin strip
        return Shot(body(look, rng, rng.uniform(94, 112)), v, az=(-4, 4), el=(-1, 9), roll=(0, 0), wild=0.05)
    if v == "person":
        return people.with_person(
            rng,
            Shot(
                body(look, rng, rng.uniform(95, 115)).moved(turn("z", rng.choice([180, 180, 120, 0]))),
                v,
                "table",
                az=(-25, 25),
                el=(5, 25),
                wild=1,
            ),
        )
    if v == "behind":
        return Shot(
            body(look, rng, rng.uniform(70, 125)),
            v,
            rng.choice(["float", "table"]),
            az=(180 - 60, 180 + 60),
            el=(8, 35),
            wild=0.35,
        )
    if v == "closed":
        g = body(look, rng, rng.choice([0, 0, rng.uniform(8, 40)]))
        return Shot(
            g.moved(turn("z", rng.uniform(-180, 180))),
            v,
            rng.choice(["float", "table"]),
            az=(-60, 60),
            el=(15, 55),
            roll=(-6, 6),
            wild=0.5,
        )
    if v in ("top_closed", "under"):
        g = body(look, rng, 0)
        if v == "under":
            g = g.moved(turn("x", 180)).grounded()
        if rng.random() < 0.3:
            dirty(g, rng)
        flat = rng.random() < 0.6
        return Shot(
            g.moved(turn("z", rng.choice([0, 180, 180]))),
            v,
            rng.choice(["float", "float", "table"]),
            az=(-12, 12),
            el=(78, 89.5) if flat else (40, 70),
            roll=(-12, 12),
            wild=0.4,
        )
    if v == "above":
        return Shot(
            body(look, rng, rng.uniform(100, 178)),
            v,
            "table",
            az=(-30, 30),
            el=(48, 85),
            roll=(-12, 12),
            wild=0.7,
        )
    if v == "keys":
        g = body(look, rng, rng.uniform(95, 140))
        base = Group([p for p in g.parts if p.verts[:, 2].max() < g.size[2] + 1.2])
        s = Shot(
            base, v, "table", az=(-40, 40), el=(30, 75), roll=(-15, 15), wild=0.8, crop=rng.uniform(0.0, 0.35)
        )
        s.extra = Group([p for p in g.parts if p.verts[:, 2].max() >= g.size[2] + 1.2])
        return s
    if v == "pair":
        a, b = body(look, rng, rng.uniform(98, 115)), body(look, rng, rng.uniform(80, 110))
        w = a.size[0]
        if rng.random() < 0.5:
            g = (
                Group()
                .add(
                    b,
                    move(rng.choice([-1, 1]) * w * 0.5, a.size[1] * 0.9)
                    @ turn("z", 180 + rng.uniform(-35, 35)),
                )
                .add(a)
            )
        else:
            g = Group().add(b, move(w * 1.02, 0) @ turn("z", -18)).add(a, turn("z", 18))
        return Shot(g, v, "float", az=(-15, 15), el=(5, 25), wild=0.1)
    if v == "side":
        return Shot(
            body(look, rng, rng.choice([0, 100, 120, 140])),
            v,
            "float",
            az=(70, 110) if rng.random() < 0.5 else (-110, -70),
            el=(2, 14),
            wild=0.2,
        )
    if v in ("typing", "lap"):
        g = body(look, rng, rng.uniform(100, 125))
        w, h, t = g.size
        e, s = Group(), people.skin(rng)
        for side in (-1, 1):
            if rng.random() < 0.85:
                e.add(
                    people.pointing(rng, 0, 0, 0, s).moved(
                        move(side * w * 0.17, -h * rng.uniform(-0.05, 0.25), t) @ people.scale(side, 1, 0.8)
                    )
                )
        return Shot(g, v, "table", az=(-50, 50), el=(22, 60), roll=(-6, 6), extra=e, wild=0.95)
    if v in ("wild_open", "old"):
        g = body(
            look,
            rng,
            rng.uniform(85, 140),
            img=screens.off(rng, 64, 40) if rng.random() < 0.4 else None,
            glare=0.6,
        )
        if v == "old":
            dirty(g, rng)
        return Shot(
            g, v, "table", az=(-50, 50), el=(15, 60), roll=(-12, 12), wild=0.95, crop=rng.choice([0, 0, 0.15])
        )
    if v == "upended":
        g = body(look, rng, rng.uniform(60, 110)).moved(turn("x", rng.choice([90, 180, -90]))).grounded()
        return Shot(g, v, "table", az=(-180, 180), el=(15, 50), roll=(-15, 15), wild=0.7)
    if v == "stacked":
        g = Group()
        z = 0
        for _k in range(rng.randint(2, 4)):
            b = body(
                look,
                rng,
                0,
                color=rng.choice([look.color, (0.1, 0.1, 0.1), (0.5, 0.5, 0.52), (0.2, 0.2, 0.22)]),
            )
            g.add(
                dirty(b, rng),
                move(rng.uniform(-3, 3), rng.uniform(-3, 3), z) @ turn("z", rng.uniform(-25, 25)),
            )
            z += b.box()[1][2] + 0.1
        return Shot(g, v, "table", az=(-60, 60), el=(20, 60), wild=0.9)
    if v == "tent":
        g = body(look, rng, rng.uniform(290, 320))
        g = g.moved(turn("x", rng.uniform(112, 125))).grounded()
        return Shot(
            g,
            v,
            rng.choice(["float", "table"]),
            az=(150, 210) if rng.random() < 0.5 else (-40, 40),
            el=(8, 28),
            wild=0.3,
        )
    if v == "stand":
        g = body(look, rng, rng.uniform(285, 310)).moved(turn("x", 180)).moved(turn("z", 180)).grounded()
        return Shot(g, v, rng.choice(["float", "table"]), az=(-40, 40), el=(8, 30), wild=0.3)
    g = body(look, rng, 358).moved(turn("x", 180)).grounded()
    return Shot(g, v, rng.choice(["float", "table"]), az=(-30, 30), el=(30, 60), wild=0.4)
