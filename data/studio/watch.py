"""Smartwatches and bands: cases, crowns, straps of silicone, leather, links and mesh, worn or laid out."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import people
import screens
from looks import Look, Shot, luma, shade
from mesh import UPRIGHT, Group, Mat, disc, lathe, move, plate, ring, rounded, slab, stack, turn
from phone import GLASS, screen_mat

STRAPS = [(0.03, 0.03, 0.035)] * 5 + [
    (0.92, 0.91, 0.88),
    (0.9, 0.45, 0.15),
    (0.1, 0.18, 0.35),
    (0.85, 0.6, 0.6),
    (0.3, 0.35, 0.25),
    (0.75, 0.1, 0.12),
    (0.6, 0.6, 0.62),
    (0.1, 0.5, 0.5),
    (0.45, 0.7, 0.25),
    (0.3, 0.3, 0.55),
    (0.9, 0.8, 0.3),
]


def sizes(look: Look):
    if look.form == "band":
        w = look.uniform("w", 1.7, 2.5)
        return (
            w,
            w * look.uniform("hr", 1.7, 2.6),
            look.uniform("t", 1.0, 1.3),
            w * look.choice("cr", [0.5, 0.3, 0.2]),
        )
    if look.form == "round":
        w = look.uniform("w", 4.2, 4.8)
        return w, w, look.uniform("t", 1.0, 1.4), w / 2
    w = look.uniform("w", 3.5, 4.0)
    return (
        w,
        w * look.uniform("hr", 1.08, 1.22),
        look.uniform("t", 1.0, 1.25),
        w * look.uniform("cr", 0.16, 0.32),
    )


def case(look: Look, rng: Random, color=None, kind=None, glare=0.35) -> Group:
    """The watch itself, face +z, 12 o'clock at +y."""
    w, h, t, r = sizes(look)
    c = color or look.color
    metal = 0.0 if look.form == "band" else float(look.choice("metal", [1, 1, 0]))
    body = Mat(c, rough=look.choice("rough", [0.15, 0.3, 0.45]), metal=metal)
    g = Group().add(slab(w, h, t, r, body, bevel=t * 0.35, top=t * look.choice("top", [0.2, 0.4]), n=10, k=4))
    z = t / 2
    img = screens.watch(
        Random(f"{look.id}/face") if kind is None and look.own_screen(rng) else rng,
        200,
        int(200 * h / w),
        look.form == "round",
        kind,
    )
    if look.form == "round":
        bez = look.choice("bez", ["plain", "dive", "raised", "plain"])
        g.add(
            ring(
                w / 2 - 0.05,
                w / 2 - 0.42,
                0.24,
                Mat(c if bez != "dive" else shade(c, 0.5), rough=0.2, metal=metal),
            ),
            move(z=z + (0.06 if bez == "plain" else 0.14)),
        )
        if bez == "dive":
            tick = Mat((0.85, 0.85, 0.85) if luma(c) < 0.5 else (0.1, 0.1, 0.1), rough=0.4)
            for k in range(24):
                g.add(
                    plate(0.07 if k % 2 else 0.1, 0.2, 0.01, tick),
                    turn("z", k * 15) @ move(0, w / 2 - 0.22, z + 0.27),
                )
        g.add(disc(w / 2 - 0.4, GLASS, 40), move(z=z + 0.06))
        g.add(
            disc(w / 2 - look.choice("inner", [0.42, 0.5, 0.65]), screen_mat(img, glare), 40),
            move(z=z + 0.08),
        )
    else:
        m = look.choice("bezw", [0.12, 0.2, 0.32]) if look.form != "band" else 0.12
        levels = [
            (rounded(w - 0.12 - 2 * i, h - 0.12 - 2 * i, max(r - 0.06 - i, 0.05), 10), z + 0.01 + dz)
            for i, dz in ((0, 0), (0.06, 0.06), (0.16, 0.1), (0.3, 0.115))
        ]
        g.add(stack(levels, GLASS))
        g.add(
            plate(
                w - 0.12 - 2 * m - 0.4,
                h - 0.12 - 2 * m - 0.4,
                max(r - m - 0.2, 0.05),
                screen_mat(img, glare),
                10,
            ),
            move(z=z + 0.128),
        )
    side = Mat(shade(c, 0.8), rough=0.3, metal=metal)
    if look.form != "band":
        crown = look.choice("crown", ["one", "two", "two", "three", "wheel"])
        for y in {
            "one": [0],
            "wheel": [h * 0.14],
            "two": [h * 0.2, -h * 0.2],
            "three": [h * 0.25, 0, -h * 0.25],
        }[crown]:
            if crown in ("two", "three") and y:
                g.add(
                    slab(0.25, 0.75, 0.35, 0.1, side, bevel=0.05),
                    move(w / 2 * (0.94 if look.form == "round" else 1), y, 0),
                )
            else:
                g.add(
                    lathe([(0.34, -0.2), (0.38, -0.1), (0.38, 0.15), (0.3, 0.22)], side, 20),
                    move(w / 2 + 0.1, y, 0) @ turn("y", 90),
                )
        if crown == "wheel":
            g.add(slab(0.1, 1.1, 0.35, 0.1, side, bevel=0.04), move(w / 2, -h * 0.2, 0))
    if look.choice("lugs", [1, 1, 0]) and look.form == "round":
        for sx in (-1, 1):
            for sy in (-1, 1):
                g.add(
                    slab(0.5, 1.0, 0.5, 0.2, body, bevel=0.15),
                    move(sx * w * 0.27, sy * (h / 2 - 0.1), -t * 0.18) @ turn("x", sy * -28),
                )
    # back with a sensor
    back = Group().add(disc(w * 0.36, Mat((0.05, 0.05, 0.06), rough=0.15, coat=1), 32))
    back.add(disc(w * 0.16, Mat((0.03, 0.06, 0.04), rough=0.05, spec=1), 24), move(z=0.02))
    for k in range(4):
        back.add(
            disc(0.2, Mat((0.1, 0.3, 0.15) if k % 2 else (0.25, 0.05, 0.05), rough=0.1, emit=0.3), 10),
            turn("z", 90 * k + 45) @ move(w * 0.22, 0, 0.02),
        )
    return g.add(back, turn("y", 180) @ move(z=t / 2 + 0.02))


def strap_band(path, w, look: Look, color, taper=1.0) -> Group:
    """A strap along a path in the y-z plane, width along x, of the product's material."""
    path = np.asarray(path, float)
    kind = (
        look.choice("strap", ["silicone"] * 5 + ["leather"] * 2 + ["links"] * 2 + ["mesh", "sport", "ribbed"])
        if look.form != "band"
        else look.choice("strap", ["silicone"] * 5 + ["mesh"])
    )
    g = Group()
    t = {"silicone": 0.3, "leather": 0.32, "links": 0.35, "mesh": 0.16, "sport": 0.35, "ribbed": 0.4}[kind]
    n = len(path)
    widths = w * np.interp(np.linspace(0, 1, n), [0, 0.5, 1], [1, taper, 1])
    if kind in ("silicone", "leather", "sport", "ribbed", "mesh"):
        if kind == "ribbed":
            widths = widths * (1 + 0.06 * np.sign(np.sin(np.arange(n) * 1.3)))
        m = {
            "silicone": Mat(color, rough=0.55),
            "sport": Mat(color, rough=0.5),
            "ribbed": Mat(color, rough=0.6),
            "leather": Mat(color, rough=0.65, bump=0.35, grain=14),
            "mesh": Mat(shade(color, 1), rough=0.35, metal=0.9, bump=0.5, grain=30),
        }[kind]
        g.add(_strip(path, widths, t, m))
        hole = Mat((0.01, 0.01, 0.01) if luma(color) > 0.08 else (0.12, 0.12, 0.12), rough=0.9)
        if kind in ("silicone", "sport") and look.choice("holes", [1, 1, 0]):
            for k in range(4, n - 4, 2 if kind == "sport" else 3):
                if (k < n * 0.42 and k > n * 0.12) or kind == "sport":
                    d = path[min(k + 1, n - 1)] - path[k - 1]
                    a = math.degrees(math.atan2(d[2], d[1]))
                    for x in (0,) if kind == "silicone" else (-w * 0.22, w * 0.22):
                        for s in (1, -1):
                            g.add(
                                disc(0.14 if kind == "silicone" else 0.18, hole, 10),
                                move(x, path[k][1], path[k][2]) @ turn("x", a) @ move(z=s * (t / 2 + 0.012)),
                            )
        if kind == "leather":
            stitch = Mat((0.9, 0.85, 0.75) if luma(color) < 0.4 else (0.4, 0.3, 0.2), rough=0.8)
            for k in range(2, n - 2):
                d = path[k + 1] - path[k - 1]
                a = math.degrees(math.atan2(d[2], d[1]))
                for x in (-0.42, 0.42):
                    for s in (1, -1):
                        g.add(
                            plate(0.06, 0.22, 0.02, stitch),
                            move(x * widths[k], path[k][1], path[k][2])
                            @ turn("x", a)
                            @ move(z=s * (t / 2 + 0.012)),
                        )
    else:
        m, m2 = (
            Mat(color if luma(color) > 0.2 else (0.08, 0.08, 0.09), rough=0.25, metal=1),
            Mat(shade(color, 1.1) if luma(color) > 0.2 else (0.14, 0.14, 0.15), rough=0.15, metal=1),
        )
        step = np.linalg.norm(np.diff(path, axis=0), axis=1)
        s = np.concatenate([[0], np.cumsum(step)])
        for at in np.arange(0.3, s[-1], 0.62):
            y, z = np.interp(at, s, path[:, 1]), np.interp(at, s, path[:, 2])
            y2, z2 = np.interp(at + 0.1, s, path[:, 1]), np.interp(at + 0.1, s, path[:, 2])
            a = math.degrees(math.atan2(z2 - z, y2 - y)) if at + 0.1 < s[-1] else a
            ww = np.interp(at, s, widths)
            for x, f, mm in ((-0.36, 0.27, m), (0, 0.42, m2), (0.36, 0.27, m)):
                g.add(
                    slab(ww * f, 0.56, t, 0.06, mm, bevel=0.07, n=2, k=2), move(x * ww, y, z) @ turn("x", a)
                )
    return g


def _strip(path, widths, t, mat):
    """Flat band: sweep of a rounded strip whose width changes along the path (section x along world x)."""
    n = len(path)
    sec = rounded(1.0, t, t * 0.45, 3)
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    normal = np.stack([np.zeros(n), -tangent[:, 2], tangent[:, 1]], 1)
    x = np.sign(sec[:, 0]) * (np.abs(sec[:, 0]) - 0.5)
    verts = (
        path[:, None]
        + np.array([1.0, 0, 0])
        * ((np.sign(sec[:, 0]) * 0.5)[None, :, None] * widths[:, None, None] + x[None, :, None])
        + normal[:, None] * sec[None, :, 1:]
    )
    k = len(sec)
    i = np.arange(k)
    j = (i + 1) % k
    quads = np.concatenate(
        [np.stack([a * k + i, a * k + j, (a + 1) * k + j, (a + 1) * k + i], 1) for a in range(n - 1)]
    )
    from mesh import Part

    return Part(verts.reshape(-1, 3), quads, [i[::-1], (n - 1) * k + i], mat)


def buckle(look, w, y, z, a) -> Group:
    m = Mat((0.6, 0.6, 0.62) if look.choice("buckle", [1, 0]) else (0.06, 0.06, 0.06), rough=0.25, metal=1)
    g = Group().add(ring(0.9, 0.62, 0.25, m, 16, wh=(w + 0.5, 1.5, 0.3)), move(0, y, z) @ turn("x", a))
    return g.add(slab(0.2, 1.3, 0.15, 0.05, m, bevel=0.04), move(0, y, z) @ turn("x", a) @ move(z=0.15))


def body(
    look: Look,
    rng: Random,
    worn=True,
    color=None,
    strap=None,
    kind=None,
    glare=0.35,
    flatness=1.0,
    radius=None,
) -> Group:
    """Watch and strap. Worn: the strap makes a loop below the face; otherwise it lies out along y."""
    w, h, t, r = sizes(look)
    c = strap or look.choice("strapcol", STRAPS + [look.color] * 6)
    sw = w * (0.86 if look.form == "band" else 0.56 if look.form == "round" else 0.66)
    g = case(look, rng, color, kind, glare)
    g.strap = c
    ry, rz = radius or (look.uniform("ry", 2.9, 3.3), look.uniform("rz", 2.3, 2.7))
    y0 = h / 2 - 0.15
    if worn:
        top = -t * 0.15
        cz = top - rz * 0.92
        a0 = math.asin(min(0.95, y0 / (ry + 0.35)))
        a = np.linspace(a0, 2 * math.pi - a0, 56)
        path = np.stack([0 * a, (ry + 0.3) * np.sin(a), cz + (rz + 0.3) * np.cos(a)], 1)
        path = np.concatenate([[[0, y0 - 0.2, top]], path, [[0, -y0 + 0.2, top]]])
        g.add(strap_band(path, sw, look, c, taper=0.8))
        if look.choice("strap", [0]) == 0 and look.form != "band" and look.choice("hasbuckle", [1, 1, 0]):
            g.add(buckle(look, sw * 0.8, 0, cz - rz - 0.35, 180))
        g.center = (cz, ry, rz)
    else:
        for s, ln in ((1, look.uniform("la", 7, 8.5)), (-1, look.uniform("lb", 9.5, 12))):
            y = np.linspace(y0, y0 + ln, 26)
            droop = -t * 0.15 - (y - y0) ** 1.3 * 0.05 * flatness
            p = np.stack([0 * y, s * y, np.maximum(droop, -t / 2 + 0.1)], 1)
            g.add(strap_band(p, sw, look, c, taper=0.9))
            if s > 0:
                g.add(buckle(look, sw * 0.9, y0 + ln + 0.2, -t / 2 + 0.2, 0))
        g.center = (0, 0, 0)
    return g


def charger(rng: Random) -> Group:
    m = Mat(rng.choice([(0.92, 0.92, 0.92), (0.1, 0.1, 0.1)]), rough=0.4)
    from mesh import tube

    return (
        Group()
        .add(lathe([(1.5, 0), (1.6, 0.2), (1.6, 0.6), (1.4, 0.75)], m))
        .add(tube([(0, 1.2, 0.3), (3, 5, 0.2), (-2, 9, 0.2), (4, 13, 0.2)], 0.18, m, 30))
    )


def shot(look: Look, rng: Random, index: int) -> Shot:
    views = (
        ["front"] * (6 if index % 4 == 0 else 3)
        + ["three"] * (6 if index % 4 == 0 else 4)
        + ["loop_stand"] * 2
        + ["flat"] * 3
        + ["lying"] * 2
        + ["wrist"] * 4
        + ["pair"] * 2
        + ["colours"]
        + ["back"]
        + ["close", "charge", "long"]
    )
    v = rng.choice(views)
    if look.portrait:
        v = rng.choice(["front", "front", "three", "loop_stand"])
    F = UPRIGHT
    if v in ("front", "three", "close"):
        a = rng.uniform(-10, 10) if v == "front" else rng.choice([-1, 1]) * rng.uniform(20, 60)
        g = body(look, rng, kind="off" if rng.random() < 0.08 and not look.portrait else None).moved(turn("z", a) @ F)
        return Shot(
            g,
            v,
            az=(-5, 5),
            el=(-5, 18),
            roll=(-3, 3) if rng.random() < 0.7 else (-25, 25),
            wild=0.1,
            crop=0.18 if v == "close" else 0,
        )
    if v == "long":
        g = body(look, rng, worn=False).moved(turn("z", rng.uniform(-25, 25)) @ F)
        return Shot(g, v, az=(-20, 20), el=(-5, 10), wild=0.05)
    if v == "loop_stand":
        g = (
            body(look, rng)
            .moved(turn("x", rng.uniform(35, 70)) @ turn("z", 0))
            .moved(turn("z", rng.uniform(-60, 60)))
            .grounded()
        )
        return Shot(g, v, rng.choice(["float", "table"]), az=(-25, 25), el=(5, 35), wild=0.35)
    if v == "flat":
        g = body(look, rng, worn=False, glare=0.5).moved(turn("z", rng.uniform(-90, 90))).grounded()
        return Shot(
            g,
            v,
            "table",
            az=(-20, 20),
            el=rng.choice([(25, 50), (50, 89)]),
            roll=(-10, 10),
            wild=0.6,
            crop=rng.choice([0, 0, 0.12]),
        )
    if v == "lying":
        g = (
            body(look, rng, glare=0.5)
            .moved(turn("y", rng.choice([-90, 90])) @ turn("x", 0))
            .moved(turn("z", rng.uniform(-180, 180)))
            .grounded()
        )
        g = g.moved(turn("z", 0))
        return Shot(g, v, rng.choice(["float", "table"]), az=(-180, 180), el=(15, 55), wild=0.45)
    if v == "charge":
        g = body(look, rng, worn=False, flatness=3).grounded()
        g.add(charger(rng), move(0, 0, -0.2))
        return Shot(g.grounded(), v, "table", az=(-60, 60), el=(25, 70), wild=0.7)
    if v == "back":
        g = body(look, rng, worn=rng.random() < 0.4).moved(F @ turn("y", 180 + rng.uniform(-35, 35)))
        return Shot(g, v, az=(-10, 10), el=(-5, 15), wild=0.1)
    if v in ("pair", "colours"):
        n = 2 if v == "pair" else rng.randint(3, 5)
        g = Group()
        yaw = rng.choice([0, 30, -30, 45])
        w = sizes(look)[0]
        for k in range(n):
            one = body(
                look, rng, strap=rng.choice(STRAPS) if k else None, color=look.colours[k % len(look.colours)]
            )
            m = (
                move((k - (n - 1) / 2) * w * rng.uniform(1.05, 1.6), k * rng.choice([0, 1.5]))
                @ turn("z", yaw * (-1) ** (k * (v == "pair")))
                @ F
            )
            if v == "pair" and k and rng.random() < 0.3:
                m = m @ turn("y", 180)
            g.add(one, m)
        return Shot(g, v, az=(-12, 12), el=(0, 20), wild=0.12)
    ry, rz = rng.uniform(2.8, 3.3), rng.uniform(2.0, 2.4)
    g = body(look, rng, radius=(ry, rz))
    cz = g.center[0]
    arm = people.wrist(rng, ry, rz).moved(move(0, 0, cz))
    if rng.random() < 0.5:
        arm = arm.moved(people.scale(-1, 1, 1))
    m = turn("z", rng.uniform(-50, 50)) @ turn("x", rng.uniform(20, 80))
    wide = arm.points()
    near = wide[np.abs(wide[:, 0]) < rng.uniform(3, 12)]
    g2 = g.moved(m)
    s = Shot(g2, v, "air", az=(-30, 30), el=(-5, 45), roll=(-40, 40), extra=arm.moved(m), wild=0.9)
    s.focus = np.concatenate([g2.points(), near @ m[:3, :3].T])
    return s
