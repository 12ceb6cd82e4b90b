"""Tablets: bare, with stylus, on a keyboard cover, on a folio stand, in hands."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import people
import screens
from laptop import keyboard
from looks import Look, Shot, shade
from mesh import UPRIGHT, Group, Mat, lathe, move, plate, slab, turn
from phone import slate


def dims(look: Look):
    b = look.brand.lower()
    ratio = 4 / 3 if "apple" in b else 1.5 if "microsoft" in b else look.choice("ratio", [1.6, 1.6, 1.667, 1.5, 16 / 9])
    if not 1.2 < look.ratio < 1.95:
        look.ratio = 0.0
    sw, sh = look.screen_cm(10.4, ratio)
    if look.year <= 2017:
        side, end = look.uniform("side", 0.7, 1.6), look.uniform("end", 1.5, 2.3)
        bez = (side, end, end)
    else:
        side = look.uniform("side", 0.65, 1.0)
        bez = (side, side * look.choice("even", [1, 1, 1.25]), side)
        if "apple" in b and not any(k in look.model.lower() for k in ("pro", "air")) and look.year <= 2021:
            bez = (0.9, 2.0, 2.0)
    return (
        sw + 2 * bez[0],
        sh + bez[1] + bez[2],
        look.uniform("thick", 0.6, 0.85) if look.year > 2014 else 0.95,
        bez,
        look.uniform("corner", 0.03, 0.07),
    )


def body(look: Look, rng: Random, wide=False, color=None, kind=None, case=None, glare=0.3) -> Group:
    """The tablet, portrait, screen +z; `wide` turns what the screen shows."""
    w, h, d, bez, corner = dims(look)
    sw, sh = w - 2 * bez[0], h - bez[1] - bez[2]
    r = Random(f"{look.id}/wall") if kind is None and look.own_screen(rng) else rng
    a, b = (int(14 * sh), int(14 * sw)) if wide else (int(14 * sw), int(14 * sh))
    if kind is None and r.random() < 0.12 and wide:
        img = screens.desktop(r, a, b, look.model, kind=r.choice(["tiles", "windows", "mac", "browser"]))
    else:
        img = screens.mobile(
            r,
            a,
            b,
            look.model,
            tablet=True,
            kind=kind
            or r.choice(["wall"] * 4 + ["home"] * 5 + ["lock", "text", "shop", "video", "off", "list", "model"]),
        )
    if wide:
        img = np.ascontiguousarray(img[::-1].swapaxes(0, 1))  # lies on its side, as the tablet will
    return slate(look, rng, img, w, h, d, color or look.color, bez, corner, tablet=True, case=case, glare=glare)


def stylus(look: Look) -> Group:
    c = look.choice("pen", [(0.93, 0.93, 0.93), shade(look.color, 1), (0.08, 0.08, 0.09)])
    return Group().add(
        lathe(
            [(0.08, 0), (0.42, 1.6), (0.44, 2.0), (0.44, 15.5), (0.36, 15.9), (0.1, 16)],
            Mat(c, rough=0.3),
            20,
        )
    )


def strut(width, high, lean, at, foot, mat) -> Group:
    """A support behind a device that leans back: from the floor to the share `at` of its height."""
    a = math.radians(lean)
    y1, z1 = high * at * math.sin(a) + 0.75, high * at * math.cos(a)
    y0 = y1 + high * foot * 0.6
    length = math.hypot(y0 - y1, z1)
    return Group().add(
        slab(width, length, 0.22, 0.3, mat, bevel=0.06),
        move(0, (y0 + y1) / 2, z1 / 2 + 0.1) @ turn("x", math.degrees(math.atan2(z1, y1 - y0))),
    )


def cover(look: Look, rng: Random, w, h) -> Group:
    """Keyboard cover, w wide (landscape), on z = 0, hinge edge at y = 0, towards -y."""
    c = look.choice(
        "cover",
        [(0.06, 0.06, 0.07), (0.2, 0.2, 0.23), (0.85, 0.85, 0.84), shade(look.color, 0.8), (0.1, 0.15, 0.3)],
    )
    deep = h * 0.82
    g = Group().add(
        slab(w, deep, 0.5, 0.6, Mat(c, rough=0.85, bump=0.1, grain=8), bevel=0.12), move(0, -deep / 2, 0.25)
    )
    key = shade(c, 1.3) if sum(c) < 1 else shade(c, 0.95)
    g.add(
        keyboard(look, w * 0.9, deep * 0.55, key, (0.9, 0.9, 0.9) if sum(key) < 1.4 else (0.2, 0.2, 0.2)),
        move(0, -deep * 0.36, 0.505),
    )
    g.add(plate(w * 0.38, deep * 0.28, 0.3, Mat(shade(key, 0.9), rough=0.4)), move(0, -deep * 0.82, 0.51))
    return g


def shot(look: Look, rng: Random, index: int) -> Shot:
    views = (
        ["front"] * 8
        + ["wide"] * 7
        + ["pair"] * (9 if index % 4 == 0 else 5)
        + ["back"] * 4
        + ["angled"] * 4
        + ["flat"] * 3
        + ["person"]
        + ["hands"] * 4
        + ["kickstand"] * 2
        + ["keyboard"] * 3
        + ["folio"] * 2
        + ["pen"] * 2
        + ["colours", "case", "draw", "flat_back", "stack"]
    )
    if look.form == "detachable":
        views += ["keyboard"] * 5 + ["kickstand"] * 3
    v = rng.choice(views)
    if look.portrait:
        v = rng.choice(["front", "front", "angled", "pair"])
    F, L = UPRIGHT, UPRIGHT @ turn("z", 90)
    B = UPRIGHT @ turn("y", 180)
    w, h, d, _, _ = dims(look)
    wide = rng.random() < 0.5
    wide = wide and not look.portrait
    S = L if wide else F
    if v in ("front", "wide"):
        wide = v == "wide"
        az = rng.choice([4, 15, 40])
        g = Group().add(body(look, rng, wide), L if wide else F)
        if rng.random() < 0.2:
            g.add(stylus(look), move((h if wide else w) / 2 + 1.2, 0, -8 if not wide else -8))
        return Shot(g, v, az=(-az, az), el=(-6, 18), roll=(-2, 2), wild=0.12)
    if v == "pair":
        gap = rng.uniform(0.15, 1.05) * (h if wide else w)
        o = rng.choice([-1, 1])
        g = Group().add(
            body(look, rng, wide),
            move(o * gap / 2, 1 + d, rng.choice([0, 0, 2, -2]))
            @ UPRIGHT
            @ turn("y", 180)
            @ (turn("z", 90) if wide else turn("z", 0)),
        )
        g.add(
            body(look, rng, wide, kind=None if look.portrait else rng.choice([None, "wall", "home"])),
            move(-o * gap / 2, 0, 0) @ S,
        )
        if rng.random() < 0.25:
            g.add(stylus(look), move((h if wide else w) / 2 + gap / 2 + 1.0, 0, -8))
        return Shot(g, v, az=(-20, 20), el=(-3, 10), roll=(-3, 3), wild=0.08)
    if v in ("back", "case"):
        cs = (
            rng.choice([(0.9, 0.75, 0.1), (0.1, 0.1, 0.1), tuple(rng.random() for _ in range(3))])
            if v == "case"
            else None
        )
        g = Group().add(
            body(look, rng, wide, case=cs),
            UPRIGHT @ turn("y", 180 if v == "back" else 0) @ (turn("z", 90) if wide else turn("z", 0)),
        )
        return Shot(g, v, az=(-35, 35), el=(-5, 20), roll=(-4, 4), wild=0.2)
    if v == "angled":
        g = Group().add(body(look, rng, wide), turn("y", rng.uniform(-25, 25)) @ turn("x", rng.uniform(-45, 10)) @ S)
        return Shot(g, v, az=(-45, 45), el=(-5, 30), roll=(-12, 12), wild=0.12)
    if v in ("flat", "pen", "draw", "flat_back", "stack"):
        g = body(look, rng, wide, glare=0.6, kind=rng.choice([None, None, None, "off"]))
        if v == "flat_back":
            g = g.moved(turn("y", 180))
        g = g.moved(turn("z", 90 if wide else 0)).grounded()
        e = None
        if v in ("pen", "flat") and rng.random() < (1 if v == "pen" else 0.2):
            g.add(
                stylus(look),
                move(rng.uniform(0.1, 0.5) * w, -8, 1.1 + (0 if rng.random() < 0.5 else -0.6))
                @ turn("z", rng.uniform(-30, 30))
                @ turn("x", -90),
            )
        if v == "draw":
            e = people.pointing(rng, rng.uniform(0, w * 0.3), rng.uniform(-h * 0.3, 0), d)
            e.add(stylus(look), move(0, -1, d) @ turn("x", -35) @ turn("y", 30))
        if v == "stack":
            for k in range(1, 3):
                g.add(
                    body(look, rng, wide, look.colours[k % len(look.colours)])
                    .moved(turn("z", (90 if wide else 0) + rng.uniform(-25, 25)))
                    .grounded(),
                    move(k * rng.uniform(1, 5), k * rng.uniform(1, 5), -k * (d + 0.05)),
                )
            g = g.grounded()
        turn_ = rng.uniform(-60, 60)
        return Shot(
            g.moved(turn("z", turn_)),
            v,
            "table",
            az=(-30, 30),
            el=rng.choice([(20, 45), (45, 80), (80, 89)]),
            roll=(-8, 8),
            extra=e,
            wild=0.7,
        )
    if v in ("hands", "person"):
        g = body(look, rng, wide, kind=rng.choice([None, None, None, "blank", "off"]))
        a, b = (h, w) if wide else (w, h)
        if wide:
            g = g.moved(turn("z", 90))
        s, e = people.skin(rng), Group()
        sides = rng.choice([(-1, 1), (-1, 1), (1,), (-1,)])
        for side in sides:
            e.add(people.edge_grip(rng, a, b, d, side, s))
        if len(sides) == 1 and rng.random() < 0.6:
            e.add(people.pointing(rng, -sides[0] * rng.uniform(0, a * 0.2), rng.uniform(-b * 0.3, b * 0.2), d / 2, s))
        m = turn("x", rng.uniform(35, 90))
        if v == "person":
            return people.with_person(
                rng,
                Shot(g.moved(m), v, "air", az=(-40, 40), el=(-5, 15), roll=(-6, 6), extra=e.moved(m), wild=0.95),
            )
        return Shot(g.moved(m), v, "air", az=(-35, 35), el=(-5, 40), roll=(-10, 10), extra=e.moved(m), wild=0.85)
    if v == "colours":
        n = rng.randint(3, 5)
        g, step = Group(), rng.uniform(0.2, 0.6) * w
        for k in range(n):
            g.add(
                body(look, rng, color=(look.colours * n)[k]),
                move((k - (n - 1) / 2) * step, k * (d + 0.3)) @ (B if k else rng.choice([F, B])),
            )
        return Shot(g, v, az=(-12, 12), el=(-3, 12), wild=0.1)
    # standing on something
    wide = True if v in ("keyboard", "kickstand") else rng.random() < 0.75
    lean = rng.uniform(12, 28)
    g = Group().add(body(look, rng, wide), turn("x", -lean) @ (L if wide else F))
    lo, hi = g.box()
    a, high = (h, w) if wide else (w, h)
    g = g.moved(move(0, -lo[1], -lo[2] + 0.3))
    if v == "keyboard":
        g.add(cover(look, rng, a, w))
        g.add(strut(a * 0.9, high, lean, 0.62, 0.55, Mat((0.1, 0.1, 0.11), rough=0.8)))
        return Shot(g, v, rng.choice(["float", "float", "table"]), az=(-45, 45), el=(10, 38), roll=(-2, 2), wild=0.25)
    if v == "folio":
        c = rng.choice([(0.1, 0.1, 0.12), (0.3, 0.2, 0.12), (0.15, 0.2, 0.35), tuple(rng.random() for _ in range(3))])
        m = Mat(c, rough=0.8, bump=0.2, grain=6)
        g.add(slab(a + 0.8, high * 0.7, 0.3, 0.4, m, bevel=0.1), move(0, high * 0.34, 0.15)).add(
            strut(a + 0.6, high, lean, 0.75, 0.6, m)
        )
    else:
        g.add(strut(a * 0.7, high, lean, 0.6, 0.5, Mat(shade(look.color, 0.8), rough=0.4)))
    return Shot(g, v, rng.choice(["float", "table"]), az=(-50, 50), el=(4, 30), roll=(-3, 3), wild=0.4)
