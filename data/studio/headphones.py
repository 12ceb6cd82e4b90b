"""Headphones: over and on the ear, wired, with microphone; earbuds with and without stems and their cases;
neckbands."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import people
import screens
from looks import Look, Shot, luma, shade
from mesh import (
    Group,
    Mat,
    ball,
    circle,
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
    sweep,
    tube,
    turn,
)

RUBBER = Mat((0.03, 0.03, 0.03), rough=0.8)


def jack() -> Group:
    return (
        Group()
        .add(lathe([(0.3, 0), (0.32, 1.6), (0.2, 1.8), (0.2, 2.0)], Mat((0.05, 0.05, 0.05), rough=0.4), 14))
        .add(
            lathe(
                [(0.17, 2.0), (0.17, 2.9), (0.13, 3.0), (0.17, 3.1), (0.05, 3.4)],
                Mat((0.85, 0.7, 0.4), rough=0.2, metal=1),
                12,
            )
        )
    )


def cable(rng: Random, start, color, length=1.0, floor=None) -> Group:
    """A loose cable from a point down to a jack."""
    p = [np.array(start, float)]
    d = np.array([rng.uniform(-1, 1), rng.uniform(-1, 1), -4 if floor is None else -1])
    for k in range(rng.randint(4, 7)):
        d = d * 0.6 + np.array([rng.gauss(0, 2.5), rng.gauss(0, 2.0), rng.gauss(-2.0 if floor is None else 0, 1.2)])
        q = p[-1] + d * length
        if floor is not None:
            q[2] = max(floor + 0.2, min(q[2], floor + 0.6 if k > 1 else p[-1][2] * 0.4))
        p.append(q)
    m = Mat(color, rough=0.5)
    g = Group().add(tube(p, 0.17, m, 60, seg=8))
    e = p[-1] - p[-2]
    yaw = math.degrees(math.atan2(e[1], e[0]))
    return g.add(jack(), move(*p[-1]) @ turn("z", yaw) @ turn("y", 90))


def cup(look: Look, color, w, h, d, side) -> Group:
    """One ear cup; outside is +z. Oval shell, trim and cushion."""
    g = Group()
    r = min(w, h) * look.choice("cupr", [0.5, 0.5, 0.5, 0.42])
    gloss = look.choice("gloss", [0.2, 0.35, 0.5])
    shell = Mat(color, rough=gloss, coat=0.5 if gloss < 0.3 else 0, metal=float(look.choice("cupmetal", [0, 0, 0, 1])))
    accent = Mat(
        look.choice(
            "accent",
            [
                shade(color, 0.6),
                (0.75, 0.75, 0.77),
                (0.7, 0.1, 0.1),
                (0.75, 0.55, 0.35),
                color,
                (0.1, 0.3, 0.7),
            ],
        ),
        rough=0.25,
        metal=float(look.choice("accmetal", [1, 0])),
    )
    dome = look.uniform("dome", 0.3, 1.3)

    def o(i):
        return rounded(w - 2 * i, h - 2 * i, max(r - i, 0.1), 8)

    prof = [(0.25, -d * 0.1), (0, d * 0.1), (0.05, d * 0.45)]
    for t in np.linspace(0.15, 1, 6):
        prof.append(
            (
                0.05 + min(w, h) * 0.46 * t * t if t < 1 else min(w, h) * 0.47,
                d * 0.45 + dome * math.sin(t * math.pi / 2),
            )
        )
    g.add(stack([(o(i), z) for i, z in prof], shell))
    top = d * 0.45 + dome
    style = look.choice("cap", ["disc", "ring", "plain", "grille", "word"])
    rr = min(w, h) * 0.26
    if style == "disc":
        g.add(lathe([(rr, 0), (rr, 0.12), (rr * 0.85, 0.18)], accent), move(z=top - 0.08))
    elif style == "ring":
        g.add(ring(rr * 1.15, rr * 0.95, 0.2, accent), move(z=top - 0.1))
    elif style == "grille":
        g.add(
            lathe(
                [(rr * 1.2, 0), (rr * 1.2, 0.15)],
                Mat((0.06, 0.06, 0.06), rough=0.7, metal=0.6, bump=1, grain=30),
            ),
            move(z=top - 0.08),
        )
    elif style == "word" and look.brand:
        bg = tuple(int(255 * v) for v in color)
        ink = (225, 225, 225) if luma(color) < 0.45 else (50, 50, 50)
        g.add(
            plate(
                rr * 2,
                rr * 0.6,
                0.05,
                Mat(color, rough=gloss, image=picture(screens.wordmark(look.brand, 150, 45, ink, bg))),
            ),
            move(z=top + 0.03),
        )
    if look.choice("glow", [0, 0, 0, 0, 1]):
        g.add(
            ring(
                rr * 1.5,
                rr * 1.36,
                0.1,
                Mat(
                    look.choice("glowcol", [(0.1, 0.5, 1), (1, 0.1, 0.2), (0.2, 1, 0.4), (0.7, 0.2, 1)]),
                    emit=1.5,
                ),
            ),
            move(z=top - 0.35),
        )
    # cushion: an oval torus on the inner side
    cush = Mat(
        look.choice("cushion", [(0.03, 0.03, 0.03)] * 3 + [shade(color, 0.75), (0.25, 0.2, 0.17), (0.7, 0.68, 0.64)]),
        rough=0.55,
        bump=0.15,
        grain=6,
    )
    fat = look.uniform("fat", 1.0, 1.55)
    path = np.column_stack(
        [
            rounded(w - fat * 1.5, h - fat * 1.5, max(r - fat * 0.75, 0.3), 8),
            np.full(36, -d * 0.1 - fat * 0.6),
        ]
    )
    g.add(sweep(path, circle(1, 12) * [fat * 0.95, fat], cush, up=(0, 0, 1), closed=True))
    g.add(
        plate(w - fat * 2, h - fat * 2, max(r - fat, 0.2), Mat((0.04, 0.04, 0.04), rough=0.95), 8),
        turn("y", 180) @ move(z=d * 0.1 + fat * 0.3),
    )
    for k in range(3):
        g.add(slab(0.5, 0.3, 0.2, 0.1, accent, bevel=0.05), move(-side * w * 0.35, -h * 0.3 + k * 0.6, d * 0.2))
    return g


def over_ear(
    look: Look, rng: Random, color=None, spread=0.0, fold=0.0, span=None, mic=None, cord=None, flat=None
) -> Group:
    """Band over +z, cups at +-x, front towards -y. `spread` opens the band, `fold` turns the cups flat (degrees)."""
    c = color or look.color
    on = look.form == "on_ear"
    w, h, d = (
        (look.uniform("w", 5.8, 6.6), look.uniform("h", 5.8, 7.0), look.uniform("d", 1.4, 2.2))
        if on
        else (look.uniform("w", 7.4, 9.2), look.uniform("h", 8.8, 10.8), look.uniform("d", 2.2, 3.6))
    )
    half, high = (
        (span or look.uniform("span", 5.4, 7.0)) + spread,
        (12 if span else look.uniform("high", 9.3, 11.5)),
    )
    g = Group()
    bandm = Mat(
        look.choice("bandcol", [c, c, (0.04, 0.04, 0.045), (0.7, 0.7, 0.72)]),
        rough=0.4,
        metal=float(look.choice("bandmetal", [0, 0, 1])),
    )
    padm = Mat(
        look.choice(
            "padcol",
            [(0.04, 0.04, 0.04), (0.04, 0.04, 0.04), shade(c, 0.7), (0.3, 0.22, 0.17), (0.75, 0.73, 0.7)],
        ),
        rough=0.65,
        bump=0.2,
        grain=6,
    )
    flatness = look.uniform("flat", 0.75, 1.0)
    a = np.linspace(-1.5, 1.5, 34)
    bx, bz = half + 0.9, high
    pts = np.stack(
        [
            bx * np.sign(np.sin(a)) * np.abs(np.sin(a)) ** flatness,
            0 * a,
            bz * np.cos(a) ** look.choice("sq", [1, 0.8, 0.7]),
        ],
        1,
    )
    bw, bt = look.uniform("bw", 2.2, 4.2) * (0.7 if on else 1), look.uniform("bt", 0.5, 0.8)
    style = look.choice("band", ["full", "full", "full", "thin", "double"])
    if style == "full":
        g.add(
            sweep(
                pts,
                rounded(bt, bw, bt * 0.45, 4),
                bandm,
                up=(0, 1, 0),
                sizes=np.stack([np.ones(34), np.interp(np.abs(a), [0, 1, 1.5], [1, 0.9, 0.6])], 1),
            )
        )
        inner = pts[6:-6] * [1, 1, 1]
        n = inner / np.linalg.norm(inner, axis=1, keepdims=True)
        g.add(
            sweep(
                inner - n * bt * 0.75,
                rounded(bt * 1.4, bw * 0.95, bt * 0.6, 4),
                padm,
                up=(0, 1, 0),
                sizes=np.interp(np.linspace(0, 1, len(inner)), [0, 0.12, 0.88, 1], [0.5, 1, 1, 0.5]),
            )
        )
    else:
        for s in (-1, 1):
            g.add(
                tube(
                    pts + [0, s * bw * 0.33, 0.3],
                    0.28,
                    Mat((0.5, 0.5, 0.52) if style == "thin" else bandm.color, rough=0.25, metal=1),
                    40,
                    seg=8,
                )
            )
        inner = pts[4:-4] * [0.97, 1, 0.9 if style == "thin" else 1.0]
        g.add(sweep(inner, rounded(0.35, bw * 1.1, 0.15, 4), padm, up=(0, 1, 0)))
    for s in (-1, 1):
        cupg = cup(look, c, w, h, d, s)
        side = Group()
        yoke = look.choice("yoke", ["fork", "arm", "arm"])
        arm = Mat(
            look.choice("armcol", [c, (0.6, 0.6, 0.62), (0.05, 0.05, 0.05)]),
            rough=0.3,
            metal=float(look.choice("armmetal", [1, 0])),
        )
        if yoke == "fork":
            t = np.linspace(-1.45, 1.45, 20)
            y = np.stack([0 * t, (w / 2 + 0.35) * np.sin(t), (h / 2 + 0.5) * np.cos(t) * 0.9], 1) + [
                d * 0.2,
                0,
                0,
            ]
            side.add(sweep(y, rounded(0.35, 0.9, 0.15, 3), arm, up=(1, 0, 0)))
        side.add(
            slab(0.5, 1.6, 3.4, 0.3, arm, bevel=0.15),
            move(d * 0.1, 0, h / 2 + 0.2) @ turn("y", 6 if span is None else 0),
        )
        side.add(cupg, turn("y", 90) @ turn("z", 90))
        pos = (s * (half + 0.9), 0, -h * 0.1)
        lean = 0 if span else look.uniform("lean", 0, 11)  # cups close towards the chin when nobody wears them
        m = move(*pos) @ turn("y", s * lean) @ (turn("z", 180) if s < 0 else np.eye(4))
        if flat:
            m = move(pos[0], 0, pos[2]) @ turn("z", s * 90 * flat) @ (turn("z", 180) if s < 0 else np.eye(4))
        if fold:
            m = (
                move(s * (half * 0.35), 0, high * 0.35)
                @ turn("y", -s * fold)
                @ move(0, 0, 0)
                @ (turn("z", 180) if s < 0 else np.eye(4))
            )
        g.add(side, m)
    if mic if mic is not None else look.choice("mic", [0, 0, 0, 0, 1]) and not on:
        s = 1
        g.add(
            tube(
                [
                    (s * (half + 1.5), -2, -h * 0.3),
                    (s * (half + 1), -6, -h * 0.55),
                    (s * half * 0.6, -9.5, -h * 0.7),
                    (s * 2, -11, -h * 0.72),
                ],
                0.26,
                Mat((0.04, 0.04, 0.04), rough=0.5),
                26,
            )
        )
        g.add(ball(1.2, 0.6, 0.6, Mat((0.03, 0.03, 0.03), rough=0.95), 14, 8), move(s * 1.6, -11.1, -h * 0.72))
    if look.choice("cat", [0] * 12 + [1]):
        for s in (-1, 1):
            g.add(
                lathe([(1.9, 0), (0.9, 2.2), (0.1, 3.2)], Mat(c, rough=0.4), 12),
                move(s * 4.2, 0, high * 0.86) @ turn("y", s * 18),
            )
    wired = look.form == "wired_over_ear" or (cord if cord is not None else False)
    if wired and cord is not False:
        g.cord = (half + 1, 0, -h * 0.55)
    return g


# ---------------------------------------------------------------- earbuds
def bud(look: Look, side=1, color=None) -> Group:
    """One earbud: tip towards -x (for side=1 the right ear seen from the front), stem down -z."""
    c = color or look.color
    m = Mat(c, rough=look.choice("budgloss", [0.1, 0.2, 0.4]), coat=0.7)
    tipc = Mat(look.choice("tip", [(0.9, 0.9, 0.9), (0.06, 0.06, 0.06), shade(c, 0.9)]), rough=0.6)
    acc = Mat(
        look.choice("budacc", [(0.75, 0.75, 0.77), (0.8, 0.6, 0.35), shade(c, 0.5), (0.1, 0.1, 0.1)]),
        rough=0.2,
        metal=1,
    )
    g = Group()
    big = look.uniform("budbig", 0.8, 1.05)
    open_fit = look.choice("openfit", [0, 0, 1])
    if look.form in ("tws_stem", "wired_in_ear"):
        g.add(ball(0.82 * big, 0.85 * big, 0.8 * big, m, 18, 12))
        g.add(tube([(0.25, 0, 0), (0.45, -0.05, -1.0), (0.5, -0.08, -2.6)], 0.36 * big, m, 12), np.eye(4))
        g.add(lathe([(0.3, 0), (0.34, 0.25)], acc, 12), move(0.5, -0.08, -2.85))
        g.add(plate(0.35, 0.9, 0.15, Mat((0.03, 0.03, 0.03), rough=0.5)), move(0.55, -0.46, -1) @ turn("x", 90))
    else:
        style = look.choice("bud", ["bean", "disc", "wing"])
        g.add(ball(1.0 * big, 1.25 * big, 1.15 * big, m, 20, 12))
        g.add(
            lathe([(0.95 * big, 0), (0.9 * big, 0.35), (0.6, 0.5)], m, 24),
            move(0.55, 0, 0.05) @ turn("y", 90),
        )
        g.add(
            disc(0.55 * big, acc if style == "disc" else Mat(shade(c, 0.7), rough=0.15, coat=1), 20),
            move(1.065, 0, 0.05) @ turn("y", 90),
        )
        if style == "wing":
            g.add(
                tube(
                    [(0, 0.9, 0.6), (-0.3, 1.2, 1.5), (-0.5, 0.5, 2.0)],
                    0.2,
                    Mat(shade(c, 0.8), rough=0.8),
                    12,
                )
            )
        if look.choice("hook", [0, 0, 0, 0, 0, 1]):
            g.add(
                tube(
                    [(0.2, -0.4, 0.8), (0, 0.3, 2.6), (-0.2, 2.2, 2.9), (-0.3, 3.2, 1.0), (-0.3, 2.9, -1.2)],
                    0.22,
                    m,
                    24,
                )
            )
    if open_fit and look.form != "tws":
        g.add(
            plate(0.5, 0.9, 0.2, Mat((0.1, 0.1, 0.1), rough=0.8, bump=1)),
            move(-0.72, -0.3, 0.1) @ turn("z", 20) @ turn("y", -90),
        )
    else:
        g.add(lathe([(0.42, 0), (0.42, 0.5)], m, 14), move(-0.6, -0.25, 0.1) @ turn("y", -90))
        g.add(
            lathe([(0.4, 0), (0.68, 0.15), (0.6, 0.5), (0.42, 0.75), (0.2, 0.72)], tipc, 18),
            move(-0.95, -0.3, 0.1) @ turn("y", -90),
        )
    return g if side > 0 else g.moved(scale(-1, 1, 1))


def charge_case(look: Look, rng: Random, lid=110.0, buds=True, color=None) -> Group:
    """The case lies on its back: opening up (+z), hinge at +y. `lid` 0 is shut."""
    c = color or look.choice("casecol", [look.color] * 4 + [(0.93, 0.93, 0.93), (0.04, 0.04, 0.045)])
    m = Mat(c, rough=look.choice("caserough", [0.1, 0.2, 0.45]), coat=0.6)
    shape = (
        look.choice("case", ["tall", "tall", "wide", "wide", "round", "long"])
        if look.form == "tws"
        else look.choice("case", ["tall", "tall", "wide", "square"])
    )
    w, d, h = {
        "tall": (5.4, 2.2, 4.6),
        "wide": (6.1, 2.3, 4.5),
        "round": (6.0, 6.0, 3.2),
        "long": (7.6, 3.4, 3.2),
        "square": (5.2, 2.6, 5.0),
    }[shape]
    r = min(w, d) * 0.49
    cut = h * (0.62 if shape in ("tall", "wide", "square") else 0.58)
    g = Group()
    soft = min(w, d) * 0.42

    def cup_(z0, z1, up):
        n, k = 10, 6
        if shape in ("tall", "wide", "square"):  # a soft pebble: the outline also shrinks towards the end
            levels = []
            for t in np.linspace(0, 1, 12):
                zz = z0 + (z1 - z0) * t
                end = (h - zz) if up else zz
                e = max(0.0, 1 - end / (h * 0.34))
                f = math.sqrt(max(1 - e * e, 0.02))
                levels.append((rounded(w - w * 0.55 * (1 - f), d * (0.35 + 0.65 * f), r * (0.35 + 0.65 * f), n), zz))
            return stack(levels, m)
        levels = []
        for t in np.linspace(0, 1, k * 2):
            zz = z0 + (z1 - z0) * t
            end = (h - zz) if up else zz
            e = max(0.0, 1 - end / (h * 0.42))
            i = soft * 0.55 * (1 - math.sqrt(max(1 - e * e, 0.02)))
            levels.append((rounded(w - 2 * i, d - 2 * i, max(r - i, 0.05), n), zz))
        return stack(levels, m)

    g.add(cup_(0, cut, False))
    g.add(
        plate(
            w - 0.25,
            d - 0.25,
            r - 0.1,
            Mat(shade(c, 0.85) if luma(c) > 0.3 else (0.06, 0.06, 0.065), rough=0.35),
            10,
        ),
        move(z=cut + 0.005),
    )
    top = (
        Group()
        .add(cup_(cut, h, True))
        .add(
            plate(
                w - 0.2,
                d - 0.2,
                r - 0.1,
                Mat(shade(c, 0.75) if luma(c) > 0.3 else (0.05, 0.05, 0.055), rough=0.4),
                10,
            ),
            move(z=cut - 0.005) @ turn("x", 180),
        )
    )
    pivot = (0, d / 2 - 0.1, cut)
    g.add(top, move(*pivot) @ turn("x", -lid) @ move(*[-v for v in pivot]))
    light = look.choice("led", [(0.2, 0.9, 0.3), (0.95, 0.6, 0.2), (0.9, 0.9, 0.9)])
    g.add(disc(0.1, Mat(light, emit=1.2), 10), move(0, -d / 2 - 0.015, cut * 0.72) @ turn("x", 90))
    if look.choice("caseword", [1, 0]) and look.brand and shape != "round":
        g.add(
            plate(
                w * 0.35,
                w * 0.09,
                0.02,
                Mat(
                    c,
                    rough=0.3,
                    image=picture(
                        screens.wordmark(
                            look.brand,
                            120,
                            30,
                            tuple(int(255 * v) for v in shade(c, 0.5)) if luma(c) > 0.3 else (150, 150, 150),
                            tuple(int(255 * v) for v in c),
                        )
                    ),
                ),
            ),
            move(0, -d / 2 - 0.02, cut * 0.4) @ turn("x", 90),
        )
    if buds and lid > 40:
        for s in (-1, 1):
            deep = Mat((0.02, 0.02, 0.02), rough=0.6)
            g.add(disc(0.85, deep, 20), move(s * w * 0.23, 0, cut + 0.012))
            g.add(bud(look, s), move(s * w * 0.23, -0.1, cut + 0.35) @ turn("x", 10) @ turn("z", s * 20))
    g.size = (w, d, h)
    return g


def wired(look: Look, rng: Random, flat=False) -> Group:
    """Wired earphones: two buds, cables that join, a remote and a jack."""
    c = look.color
    wire = look.choice("wire", [c, (0.93, 0.93, 0.93), (0.04, 0.04, 0.04), (0.7, 0.1, 0.1)])
    m = Mat(wire, rough=0.5)
    g = Group()
    if flat:  # lying on z = 0, coiled
        turns, r0 = rng.uniform(1.5, 4), rng.uniform(2.5, 5)
        a = np.linspace(0, turns * 6.28, 40)
        ph = [rng.uniform(0, 6) for _ in range(4)]
        coil = np.stack(
            [
                (r0 + 0.8 * np.sin(a * 1.3 + ph[0])) * np.cos(a),
                (r0 * 0.8 + 0.9 * np.sin(a * 0.7 + ph[1])) * np.sin(a),
                0.2 + 0.12 * a / 3,
            ],
            1,
        )
        end = coil[-1]
        for s in (-1, 1):
            e = end + [s * rng.uniform(2, 4) + 3, rng.uniform(3, 7), 0]
            e[2] = 0.9
            g.add(
                tube(
                    [
                        end,
                        end + [1.5, 1.5 + s * 0.5, 0.2],
                        (end + e) / 2 + [rng.uniform(-1, 1), rng.uniform(-1, 1), 0],
                        e,
                    ],
                    0.12,
                    m,
                    30,
                    seg=6,
                )
            )
            g.add(bud(look, s), move(*e) @ turn("z", rng.uniform(0, 360)) @ turn("x", 70))
        g.add(tube(coil, 0.15, m, 160, seg=6))
        tail = coil[0] + [-3, rng.uniform(-4, 2), 0]
        g.add(tube([coil[0], (coil[0] + tail) / 2 + [0, 1.2, 0], tail], 0.15, m, 16, seg=6)).add(
            jack(), move(*tail) @ turn("z", 180) @ turn("y", 90)
        )
        return g
    gap, y = rng.uniform(1.3, 2.6), rng.uniform(7, 10)
    join = np.array([0, 0, -y])
    for s in (-1, 1):
        start = np.array([s * gap, 0, -2.6])
        g.add(bud(look, s), move(s * gap, 0, 0))
        g.add(
            tube(
                [
                    start + [s * 0.5, 0, 0.2],
                    start + [s * 0.6, 0, -2],
                    join * 0.7 + start * 0.3 + [s * 0.8, 0, 0],
                    join,
                ],
                0.12,
                m,
                30,
                seg=6,
            )
        )
    g.add(slab(0.5, 0.4, 1.0, 0.15, m, bevel=0.1), move(*join))
    g.add(
        slab(
            0.55,
            0.5,
            3.2,
            0.2,
            Mat((0.1, 0.1, 0.1) if luma(wire) < 0.5 else (0.9, 0.9, 0.9), rough=0.4),
            bevel=0.12,
        ),
        move(gap * 0.9, 0, -6),
    )
    p = [
        join,
        join + [rng.uniform(-1, 1), 0, -4],
        join + [rng.uniform(-4, 4), 0, -7],
        join + [rng.uniform(-5, 5), 0, -9 - rng.uniform(0, 3)],
    ]
    g.add(tube(p, 0.15, m, 40, seg=6)).add(jack(), move(*p[-1]) @ turn("x", 180))
    return g


def neckband(look: Look, rng: Random, flat=False) -> Group:
    """A collar with two buds on wires; lies in the x-z plane, opening down."""
    c = look.color
    m = Mat(c, rough=0.45)
    a = np.linspace(-2.5, 2.5, 50)
    r = look.uniform("r", 6.2, 7.2)
    pts = np.stack([r * np.sin(a), 0 * a, r * 1.15 * np.cos(a)], 1)
    g = Group()
    thick = np.interp(np.abs(a), [0, 1.2, 1.6, 2.5], [0.5, 0.5, 1.0, 0.9]) * look.uniform("nb", 0.8, 1.3)
    g.add(sweep(pts, circle(0.55, 12), m, sizes=thick))
    for s in (-1, 1):
        end = np.array([s * r * math.sin(2.5), 0, r * 1.15 * math.cos(2.5)])
        g.add(
            slab(1.3, 1.0, 3.2, 0.4, Mat(shade(c, 0.8), rough=0.35, coat=0.4), bevel=0.25),
            move(*(end + [s * 0.2, 0, 0.8])) @ turn("y", s * 40),
        )
        b = (
            end + [s * rng.uniform(-2.2, 1), 0, -rng.uniform(3, 6)]
            if rng.random() < 0.6
            else end + [-s * rng.uniform(1, 2), -1, rng.uniform(2, 6)]
        )
        g.add(tube([end, (end + b) / 2 + [s * 1.3, -0.3, -0.8], b], 0.11, m, 24, seg=6))
        small = Look({**look.row, "form": "tws", "product_id": look.id})
        small.color = look.color
        g.add(bud(small, s).moved(scale(0.75)), move(*b) @ turn("z", rng.uniform(-40, 40)))
    return g


def stand(rng: Random) -> Group:
    m = Mat(rng.choice([(0.6, 0.42, 0.25), (0.05, 0.05, 0.05), (0.75, 0.75, 0.77)]), rough=0.4)
    return (
        Group()
        .add(slab(12, 12, 1, 3, m, bevel=0.2), move(0, 0, 0.5))
        .add(slab(1.6, 2.4, 24, 0.5, m, bevel=0.2), move(0, 2, 12.5))
        .add(slab(7, 3, 1.4, 0.6, m, bevel=0.4), move(0, 1, 25))
    )


def big_shot(look: Look, rng: Random, index: int) -> Shot:
    views = (
        ["three"] * (11 if index % 4 == 0 else 7)
        + ["front"] * 3
        + ["side"] * 2
        + ["lying"] * 3
        + ["folded"] * 2
        + ["flatcups"] * 2
        + ["head"] * 5
        + ["stand", "stand", "pair", "hang", "colours", "tilt", "tilt", "neck", "close"]
    )
    v = rng.choice(views)
    if look.portrait:
        v = rng.choice(["three", "three", "front"])
    g = over_ear(
        look,
        rng,
        spread=rng.uniform(-0.6, 0.8),
        flat=rng.choice([0.3, 0.6, 1]) if v == "flatcups" else None,
        fold=rng.uniform(50, 85) if v == "folded" else 0,
    )
    cord = getattr(g, "cord", None)
    col = look.choice("cordcol", [(0.04, 0.04, 0.04), (0.04, 0.04, 0.04), (0.9, 0.9, 0.9), look.color])
    if v in ("three", "front", "side", "tilt", "hang", "close", "flatcups"):
        az = {
            "three": rng.choice([-1, 1]) * rng.uniform(20, 65),
            "front": rng.uniform(-10, 10),
            "side": rng.choice([-1, 1]) * rng.uniform(75, 100),
        }.get(v, rng.uniform(-50, 50))
        e = cable(rng, cord, col) if cord else None
        if e and rng.random() < 0.5:
            g.add(e)
            e = None
        roll = (-28, 28) if v in ("tilt",) or rng.random() < 0.3 else (-10, 10)
        return Shot(
            g.moved(turn("z", az)),
            v,
            "float",
            az=(-5, 5),
            el=(-8, 25),
            roll=roll,
            extra=e.moved(turn("z", az)) if e else None,
            wild=0.15,
            crop=0.2 if v == "close" else 0,
        )
    if v in ("pair", "colours"):
        n, gg = (2 if v == "pair" else rng.randint(3, 4)), Group()
        yaw = rng.choice([-50, 50, 0, 30])
        for k in range(n):
            gg.add(
                over_ear(
                    look,
                    rng,
                    color=(look.colours + [look.color, (0.7, 0.1, 0.1), (0.1, 0.3, 0.7)])[k],
                    cord=False,
                ),
                move((k - (n - 1) / 2) * rng.uniform(9, 17), k * 6) @ turn("z", yaw),
            )
        return Shot(gg, v, "float", az=(-10, 10), el=(0, 18), wild=0.1)
    if v in ("lying", "folded"):
        m = (
            turn("x", rng.choice([90, -90, 82, -80]))
            if rng.random() < 0.65
            else turn("y", rng.choice([62, -62, 90])) @ turn("z", rng.uniform(-10, 10))
        )
        g = g.moved(m).moved(turn("z", rng.uniform(-180, 180))).grounded()
        if cord:
            g2 = cable(rng, (5, 0, 3), col, floor=0)
            return Shot(
                g,
                v,
                "table",
                az=(-180, 180),
                el=rng.choice([(15, 45), (45, 85)]),
                roll=(-8, 8),
                extra=g2,
                wild=0.7,
            )
        return Shot(
            g,
            v,
            "table" if rng.random() < 0.8 else "float",
            az=(-180, 180),
            el=rng.choice([(15, 45), (45, 85)]),
            roll=(-8, 8),
            wild=0.7,
        )
    if v == "stand":
        lo, hi = g.box()
        s = stand(rng)
        top = 25.8
        g = g.moved(move(0, 1, top - look.uniform("high", 9.3, 11.5) + 0.8)).add(s)
        return Shot(g.grounded(), v, "table", az=(-60, 60), el=(3, 25), wild=0.6)
    # on a head, or round a neck
    g = over_ear(look, rng, span=8.2, cord=False)
    man = rng.random() < 0.25
    hd = people.head(rng, man).moved(scale(1.0, 1.0, 1.0))
    if v == "neck":
        g = g.moved(move(0, 3, -13) @ turn("x", 100) @ scale(1))
    az = rng.choice([0, 35, 60, 85, 90, 120, 180]) * rng.choice([-1, 1]) + rng.uniform(-15, 15)
    s = Shot(g, v, "air", az=(az - 3, az + 3), el=(-8, 15), roll=(-8, 8), extra=hd, wild=0.85)
    p = hd.points()
    s.focus = (
        np.concatenate([g.points(), p[p[:, 2] > rng.choice([-4, -12, -22, -36])]]) if rng.random() < 0.8 else g.points()
    )
    return s


def bud_shot(look: Look, rng: Random, index: int) -> Shot:
    if look.form == "wired_in_ear":
        v = rng.choice(["hanging"] * 3 + ["coiled"] * 5 + ["hand"] + ["buds"])
        if look.portrait:
            v = "hanging"
        if v == "coiled":
            return Shot(
                wired(look, rng, True),
                v,
                rng.choice(["table", "table", "float"]),
                az=(-180, 180),
                el=(30, 88),
                roll=(-8, 8),
                wild=0.7,
            )
        g = wired(look, rng)
        if v == "hand":
            c = wired(look, rng, True).moved(scale(0.8))
            m = turn("x", rng.uniform(10, 60))
            return Shot(c.moved(m), v, "air", az=(-40, 40), el=(15, 60), extra=people.palm(rng).moved(m), wild=0.9)
        if v == "buds":
            g2 = Group([p for p in g.parts if p.verts[:, 2].max() > -4])
            return Shot(
                g2.moved(turn("z", rng.uniform(-60, 60))),
                v,
                "float",
                az=(-10, 10),
                el=(-10, 30),
                roll=(-15, 15),
                wild=0.2,
                crop=0.1,
            )
        return Shot(
            g.moved(turn("z", rng.uniform(-60, 60))),
            v,
            "float",
            az=(-10, 10),
            el=(-5, 20),
            roll=(-8, 8),
            wild=0.15,
        )
    if look.form == "neckband":
        g = neckband(look, rng)
        v = rng.choice(["front", "front", "lying", "lying", "three"])
        if look.portrait:
            v = "front"
        if v == "lying":
            g = g.moved(turn("x", 90) @ turn("y", rng.uniform(-180, 180))).grounded()
            return Shot(g, v, "table", az=(-180, 180), el=(25, 88), wild=0.6)
        return Shot(
            g.moved(turn("z", rng.uniform(-15, 15) if v == "front" else rng.uniform(-60, 60))),
            v,
            "float",
            az=(-5, 5),
            el=(-5, 30),
            roll=(-8, 8),
            wild=0.15,
        )
    views = (
        ["case_open"] * (8 if index % 4 == 0 else 5)
        + ["beside"] * 4
        + ["buds"] * 4
        + ["above_case"] * 3
        + ["table"] * 4
        + ["hand"] * 5
        + ["pinch"] * 3
        + ["case_shut"] * 2
        + ["table_shut"] * 2
        + ["one", "colours", "ear"]
    )
    v = rng.choice(views)
    if look.portrait:
        v = rng.choice(["case_open", "case_open", "beside"])
    if v in ("case_open", "case_shut"):
        g = charge_case(look, rng, 0 if v == "case_shut" else rng.uniform(85, 120))
        return Shot(
            g.moved(turn("z", rng.uniform(-35, 35))),
            v,
            rng.choice(["float", "float", "table"]),
            az=(-8, 8),
            el=(5, 45),
            roll=(-4, 4) if rng.random() < 0.7 else (-25, 25),
            wild=0.2,
        )
    if v in ("beside", "table", "table_shut"):
        shut = v == "table_shut" or rng.random() < 0.15
        c = charge_case(look, rng, 0 if shut else rng.uniform(80, 120), buds=False)
        w, d, h = c.size
        if rng.random() < 0.4:
            c = c.moved(turn("x", 90)).grounded()
        g = c.moved(turn("z", rng.uniform(-30, 30))).grounded()
        if v != "table_shut" or rng.random() < 0.5:
            for s in (-1, 1):
                b = (
                    bud(look, s)
                    .moved(turn("x", rng.choice([0, 75, -80, 30])) @ turn("z", rng.uniform(-180, 180)))
                    .grounded()
                )
                b = b.moved(turn("z", rng.uniform(-180, 180)))
                g.add(
                    b,
                    move(
                        rng.choice([-1, 1]) * (w / 2 + rng.uniform(1.2, 3.5))
                        if v == "table"
                        else s * rng.uniform(1, 2) + w * 0.3,
                        -rng.uniform(d / 2 + 1.5, d / 2 + 4),
                        0,
                    ),
                )
        return Shot(
            g,
            v,
            "table" if v != "beside" or rng.random() < 0.3 else "float",
            az=(-40, 40) if v == "beside" else (-180, 180),
            el=rng.choice([(12, 40), (40, 88)]),
            roll=(-6, 6),
            wild=0.15 if v == "beside" else 0.85,
        )
    if v in ("buds", "one", "above_case", "colours"):
        g = Group()
        gap = rng.uniform(1.5, 2.6)
        lift = 0
        if v == "above_case":
            c = charge_case(look, rng, rng.choice([0, 95, 110, 110]), buds=False)
            g.add(c)
            lift = c.size[2] + rng.uniform(1.2, 3.5)
        yaw = rng.uniform(-40, 40)
        for s in (-1, 1) if v != "one" else (1,):
            t = (
                turn("y", rng.uniform(-20, 20))
                @ turn("z", s * rng.uniform(-30, 70) + rng.choice([0, 0, 180]))
                @ turn("x", rng.uniform(-15, 15))
            )
            g.add(bud(look, s), move(s * gap, 0, lift + rng.choice([0, s * rng.uniform(0, 1.4)])) @ t)
        if v == "colours":
            for k, col in enumerate((look.colours + [look.color])[:3]):
                for s in (-1, 1):
                    g.add(bud(look, s, col), move(s * gap + (k + 1) * 5.5, 2 * k, 0) @ turn("z", s * 30))
        return Shot(g.moved(turn("z", yaw)), v, "float", az=(-10, 10), el=(-5, 30), roll=(-18, 18), wild=0.12)
    if v == "ear":
        hd = people.head(rng)
        g = bud(look, 1).moved(move(8.1, 0.2, -0.3) @ turn("z", -10))
        s = Shot(g, v, "air", az=(55, 100), el=(-5, 15), roll=(-8, 8), extra=hd, wild=0.9)
        s.focus = g.moved(move(0, 0, 0) @ scale(1)).points().mean(0) + (g.points() - g.points().mean(0)) * rng.uniform(
            1.6, 3
        )
        return s
    if v == "hand":
        c = charge_case(look, rng, rng.choice([0, 100, 110]), buds=rng.random() < 0.7)
        w, d, h = c.size
        tip = rng.random() < 0.55
        c = (
            c.moved(turn("x", rng.choice([90, 70])) if tip else turn("x", rng.uniform(0, 30)))
            .moved(turn("z", rng.uniform(-60, 60)))
            .grounded()
        )
        c = c.moved(move(rng.uniform(-0.8, 0.8), rng.uniform(-1, 1.8), rng.uniform(-0.1, 0.6)))
        if rng.random() < 0.3:
            for s in (-1, 1):
                c.add(
                    bud(look, s).moved(turn("x", 80) @ turn("z", rng.uniform(0, 360))),
                    move(s * 1.3, -3.4, 1.0),
                )
        hand = people.palm(rng, rng.uniform(0.2, 0.8))
        if rng.random() < 0.5:
            hand = hand.moved(scale(-1, 1, 1))
        m = turn("x", rng.uniform(0, 70)) @ turn("z", rng.uniform(-50, 50))
        return Shot(c.moved(m), v, "air", az=(-40, 40), el=(15, 65), roll=(-30, 30), extra=hand.moved(m), wild=0.95)
    if rng.random() < 0.6:
        c = charge_case(look, rng, rng.choice([0, 0, 100])).moved(turn("x", 90))
        lo, hi = c.box()
        c = c.moved(move(*(-(lo + hi) / 2)))
        e = people.pinch(rng, (hi[2] - lo[2]) / 2 * 0.8)
    else:
        c = bud(look, 1).moved(turn("x", rng.uniform(-40, 60)) @ turn("z", rng.uniform(0, 360)))
        e = people.pinch(rng, 0.7)
    if rng.random() < 0.5:
        e = e.moved(scale(-1, 1, 1))
    m = turn("x", rng.uniform(0, 90)) @ turn("z", rng.uniform(-40, 40))
    s = Shot(c.moved(m), "pinch", "air", az=(-30, 30), el=(0, 50), roll=(-30, 30), extra=e.moved(m), wild=0.95)
    p = c.moved(m).points()
    s.focus = p.mean(0) + (p - p.mean(0)) * rng.uniform(1, 2)
    return s


def shot(look: Look, rng: Random, index: int) -> Shot:
    if look.form in ("over_ear", "on_ear", "wired_over_ear"):
        return big_shot(look, rng, index)
    return bud_shot(look, rng, index)
