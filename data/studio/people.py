"""Hands, wrists and heads: limbs melted into one smooth skin, enough to say "somebody holds this" at 320 pixels."""

from __future__ import annotations

from random import Random

import numpy as np
from mesh import Group, Mat, ball, capsule, circle, move, scale, smooth_path, sweep, turn

SKIN = [
    (0.96, 0.80, 0.70),
    (0.93, 0.74, 0.62),
    (0.87, 0.66, 0.52),
    (0.76, 0.54, 0.40),
    (0.60, 0.41, 0.29),
    (0.44, 0.29, 0.20),
    (0.33, 0.21, 0.15),
    (0.98, 0.85, 0.77),
]


def skin(rng: Random) -> dict:
    """Material and voxel size of one person's skin."""
    c = np.array(rng.choice(SKIN)) * rng.uniform(0.92, 1.04)
    return {"mat": Mat(tuple(np.clip(c, 0, 1)), rough=0.5, spec=0.35, bump=0.06, grain=25), "fuse": 0.22}


def nail_mat(s):
    return Mat(tuple(np.clip(np.array(s["mat"].color) * [1.03, 0.97, 0.97] + 0.04, 0, 1)), rough=0.25)


def cloth(rng: Random) -> Mat:
    c = tuple(
        rng.choice(
            [
                (0.1, 0.1, 0.12),
                (0.2, 0.25, 0.4),
                (0.75, 0.75, 0.75),
                (0.9, 0.88, 0.84),
                (0.45, 0.2, 0.2),
                (0.25, 0.35, 0.25),
                (0.6, 0.5, 0.35),
                (0.3, 0.4, 0.6),
            ]
        )
    )
    return Mat(c, rough=0.95, spec=0.1, bump=0.5, grain=3)


def finger(g, s, pts, r0=0.85, r1=0.62, nail=None):
    g.add(capsule(pts, r0, r1, **s))
    if nail is not None:  # a nail lies on the last joint, facing direction `nail`
        tip, d = np.array(pts[-1], float), np.array(nail, float)
        back = np.array(pts[-2], float) - tip
        c = tip + back / np.linalg.norm(back) * 0.35 + d / np.linalg.norm(d) * r1 * 0.72
        p = ball(0.36, 0.46, 0.2, nail_mat(s), 12, 8)
        p.verts = p.verts + c
        g.add(p)


def forearm(g, s, rng, start, end, r0=2.5, r1=3.6):
    start, end = np.array(start, float), np.array(end, float)
    g.add(capsule([start, start * 0.6 + end * 0.4, end], r0, r1, **s))
    if rng.random() < 0.6:
        t = rng.uniform(0.25, 0.6)
        a = start + (end - start) * t
        path = smooth_path([a, a * 0.5 + end * 0.5, end * 1.1 - start * 0.1], 12)
        sizes = np.linspace(r0 * 1.18 + 0.3, r1 * 1.3, 12) * (1 + 0.03 * np.sin(np.arange(12) * 2.1))
        g.add(sweep(path, circle(1, 16), cloth(rng), sizes=sizes, caps=False))


def grip(rng: Random, w, h, d, side=1, low=0.0) -> Group:
    """A hand behind a device lying in the x-y plane (screen +z), thumb and finger tips round its edges."""
    g, s = Group(), skin(rng)
    y0 = -h * 0.18 + low

    def j(a):
        return rng.uniform(-a, a)

    g.add(
        capsule(
            [(0.6, y0 - 4.6, -d / 2 - 2.1), (0.2, y0, -d / 2 - 1.9), (-0.3, y0 + 3.0, -d / 2 - 1.6)],
            2.3,
            2.2,
            **s,
        )
    )
    g.add(
        capsule([(w * 0.3 + 0.4, y0 - 4, -d / 2 - 1.9), (w / 2 - 0.2, y0 + 0.4, -d / 2 - 1.2)], 1.7, 1.3, **s)
    )
    reach = rng.uniform(0.2, 1.0)
    for _k, (y, r) in enumerate([(3.2, 0.78), (1.3, 0.82), (-0.6, 0.8), (-2.4, 0.68)]):
        y += y0 + 1.2 + j(0.15)
        finger(
            g,
            s,
            [
                (-w * 0.1, y - 0.3, -d / 2 - 1.5),
                (-w / 2 - 0.45, y, -d / 2 - 0.9),
                (-w / 2 - 0.8, y + 0.1, d / 2 + 0.1),
                (-w / 2 + reach + j(0.15), y + 0.2, d / 2 + 0.62),
            ],
            r,
            r * 0.84,
            nail=(-0.2, 0, 1),
        )
    up = rng.uniform(0, 2.2)
    inward = rng.uniform(0.3, w * 0.35)
    finger(
        g,
        s,
        [
            (w / 2 - 0.6, y0 - 2.6, -d / 2 - 1.6),
            (w / 2 + 1.0, y0 + 0.2, -d / 2),
            (w / 2 + 0.7, y0 + 2.6, d / 2 + 0.7),
            (w / 2 - inward, y0 + 4 + up, d / 2 + 0.9),
        ],
        1.05,
        0.8,
        nail=(0, 0.3, 1),
    )
    forearm(
        g, s, rng, (0.6, y0 - 4.5, -d / 2 - 2.4), (rng.uniform(1, 7), y0 - 24, -d / 2 - rng.uniform(3, 8))
    )
    return g.moved(scale(side, 1, 1)) if side < 0 else g


def edge_grip(rng: Random, w, h, d, side=1, skin_=None) -> Group:
    """A hand that holds a wide device by its right (side=1) or left edge: thumb in front, fingers behind."""
    g, s = Group(), skin_ or skin(rng)
    x, y = w / 2, rng.uniform(-h * 0.25, h * 0.1)
    g.add(
        capsule([(x + 3.2, y - 5.5, -1.6), (x + 1.6, y - 2, -1.2), (x + 1.3, y + 1.2, -0.9)], 2.2, 1.6, **s)
    )
    for _k, dy in enumerate((2.6, 0.9, -0.8, -2.4)):
        finger(
            g,
            s,
            [
                (x + 1.3, y + dy - 0.6, -1.5),
                (x - 0.8, y + dy, -d / 2 - 1.0),
                (x - 4.2, y + dy + 0.6, -d / 2 - 0.85),
            ],
            0.8,
            0.66,
        )
    finger(
        g,
        s,
        [
            (x + 1.8, y - 2.2, -0.4),
            (x + 1.2, y + 0.6, 0.8),
            (x - rng.uniform(0.8, 2.2), y + 2.8, d / 2 + 0.75),
        ],
        1.0,
        0.78,
        nail=(0, 0.2, 1),
    )
    forearm(g, s, rng, (x + 3.2, y - 5.5, -1.8), (x + rng.uniform(5, 14), y - 22, rng.uniform(-8, -2)))
    return g.moved(scale(-1, 1, 1)) if side < 0 else g


def pointing(rng: Random, x, y, z, s=None) -> Group:
    """A hand from below whose index finger touches (x, y, z) on a screen that looks up."""
    g, s = Group(), s or skin(rng)
    finger(
        g,
        s,
        [(x + 2.4, y - 6.5, z + 3.6), (x + 1.3, y - 3.2, z + 3.2), (x, y, z + 0.5)],
        0.85,
        0.6,
        nail=(0, 0.4, 1),
    )
    for k in range(3):
        finger(
            g,
            s,
            [
                (x + 3.6 + 1.3 * k, y - 6.8 - 0.4 * k, z + 3.4),
                (x + 3.4 + 1.3 * k, y - 4.2 - 0.4 * k, z + 2.2),
                (x + 3.4 + 1.2 * k, y - 5.8 - 0.3 * k, z + 1.3),
            ],
            0.85,
            0.65,
        )
    finger(
        g, s, [(x + 1.6, y - 8.8, z + 2.6), (x + 0.3, y - 6.6, z + 2), (x + 0.6, y - 4.6, z + 1.8)], 0.95, 0.7
    )
    g.add(capsule([(x + 4.4, y - 11.5, z + 3), (x + 3.9, y - 7.5, z + 3.2)], 2.4, 2.4, **s))
    forearm(g, s, rng, (x + 4.6, y - 12, z + 3), (x + rng.uniform(4, 10), y - 30, z + 3))
    return g


def palm(rng: Random, curl=0.4) -> Group:
    """An open hand, palm up (+z), fingers along +y; something of 4-6 cm can lie at (0, 0, 0)."""
    g, s = Group(), skin(rng)
    g.add(capsule([(0, -4.5, -2.0), (0, 1.2, -1.9)], 2.6, 2.6, **s))
    g.add(capsule([(-2.0, -3.5, -1.9), (-2.2, 1.5, -1.8)], 1.7, 1.6, **s))
    g.add(capsule([(2.2, -3.5, -1.9), (2.2, 1.5, -1.8)], 1.8, 1.6, **s))
    for _k, (x, ln) in enumerate([(-3.1, 5.6), (-1.1, 6.8), (1.0, 7.2), (3.0, 6.6)]):
        c = curl * rng.uniform(0.7, 1.3)
        y0 = 2.3
        finger(
            g,
            s,
            [
                (x, y0, -1.7),
                (x * 1.1, y0 + ln * 0.4, -1.5 + c),
                (x * 1.12, y0 + ln * (0.75 - 0.2 * c), -1.0 + 2.4 * c),
                (x * 1.1, y0 + ln * (1 - 0.45 * c), -0.5 + 4.4 * c),
            ],
            0.82,
            0.64,
        )
    finger(
        g,
        s,
        [(2.8, -3.6, -1.7), (4.6, -1.5, -1.0), (5.2, 1.0, 0.2 + curl), (4.6, 2.8, 0.8 + 2 * curl)],
        1.1,
        0.78,
    )
    forearm(g, s, rng, (0, -5, -2.1), (rng.uniform(-4, 4), -26, rng.uniform(-6, 0)))
    return g


def pinch(rng: Random, r) -> Group:
    """Thumb and index finger that hold something of radius r at the origin; the hand comes from below right."""
    g, s = Group(), skin(rng)
    finger(
        g, s, [(5.5, -6, -1.5), (4.2, -0.5, -2.2), (1.2, 2.0, -r - 1.4), (-0.4, 0.8, -r - 0.45)], 0.9, 0.68
    )
    finger(g, s, [(4.5, -7, 0.8), (2.9, -3.4, r + 1.2), (0.3, -0.3, r + 0.55)], 1.05, 0.8, nail=(0, 0.2, 1))
    for k in range(3):
        finger(
            g,
            s,
            [
                (6.2 + 0.3 * k, -7.2 - k * 0.9, -2),
                (4.4 + 0.5 * k, -2.6 - 1.3 * k, -3.2),
                (2.6 + 0.5 * k, -2.8 - 1.5 * k, -2.2),
                (3.4 + 0.4 * k, -4.8 - 1.2 * k, -1.2),
            ],
            0.88,
            0.7,
        )
    g.add(capsule([(5.8, -9.5, -0.8), (5.2, -6, -1)], 2.5, 2.3, **s))
    forearm(g, s, rng, (6, -10, -0.9), (rng.uniform(6, 14), -28, rng.uniform(-6, 0)))
    return g


def wrist(rng: Random, rx, ry) -> Group:
    """A forearm along x through a strap loop of half sizes rx (across) and ry (deep), with the back of a hand at +x."""
    g, s = Group(), skin(rng)
    arm = smooth_path([(-22, 0, 0), (-8, 0, 0), (0, 0, 0), (5, 0, 0)], 24)
    sizes = np.interp(arm[:, 0], [-22, -8, 0, 5], [1.35, 1.12, 1.0, 1.03])
    g.add(sweep(arm, circle(1, 24) * [rx, ry], s["mat"], up=(0, 0, 1), sizes=sizes, fuse=s["fuse"]))
    hand = smooth_path([(4, 0, 0), (8, 0, 0.3), (12, 0, 0.2)], 10)
    g.add(
        sweep(
            hand,
            circle(1, 24),
            s["mat"],
            up=(0, 0, 1),
            sizes=np.stack([np.linspace(rx, 4.2, 10), np.linspace(ry * 0.95, 1.4, 10)], 1),
            fuse=s["fuse"],
        )
    )
    curl = rng.uniform(0.2, 1.2)
    for y in (-3.0, -1.0, 1.0, 2.9):
        finger(
            g,
            s,
            [
                (11.5, y, 0.3),
                (14.6, y * 1.02, 0.4 - 0.4 * curl),
                (16.6 - curl, y, -0.6 - 1.8 * curl),
                (17.6 - 2.6 * curl, y, -1.2 - 3 * curl),
            ],
            0.85,
            0.66,
            nail=(0.3, 0, 1),
        )
    finger(g, s, [(6.5, -3.2, -0.8), (9, -4.6, -1.4), (12, -4.6, -1.8)], 1.1, 0.75)
    if rng.random() < 0.6:
        path = smooth_path([(-30, 0, 0), (-12, 0, 0), (-rng.uniform(5, 9), 0, 0)], 14)
        g.add(
            sweep(
                path,
                circle(1, 20) * [rx, ry],
                cloth(rng),
                up=(0, 0, 1),
                sizes=np.linspace(1.9, 1.4, 14) * (1 + 0.04 * np.sin(np.arange(14) * 1.9)),
                caps=False,
            )
        )
    return g


def head(rng: Random, mannequin=False) -> Group:
    """A head of ear distance 15 cm, ears at (+-7.4, 0, 0), face towards -y; with neck, shoulders and hair."""
    g, s = Group(), skin(rng)
    if mannequin:
        s = {
            "mat": Mat(rng.choice([(0.9, 0.9, 0.9), (0.12, 0.12, 0.13), (0.75, 0.62, 0.5)]), rough=0.35),
            "fuse": 0.3,
        }
    s["fuse"] = 0.35

    def b(rx, ry, rz, x, y, z, **kw):
        p = ball(rx, ry, rz, kw.get("mat", s["mat"]), 24, 14, fuse=kw.get("fuse", s["fuse"]))
        p.verts = p.verts + [x, y, z]
        g.add(p)

    b(7.2, 9.0, 8.6, 0, 0.8, 2.5)
    b(5.6, 6.0, 6.5, 0, -3.0, -4.2)
    b(3.2, 3.0, 3.0, 0, -6.5, -8.2)
    b(1.0, 1.6, 1.7, 0, -9.2, -2.2)  # nose
    b(0.8, 1.2, 2.2, 0, -8.6, -0.2)
    b(1.9, 0.9, 0.7, 0, -8.3, -5.4)  # lips
    for side in (-1, 1):
        b(2.6, 1.0, 0.7, side * 2.9, -7.5, 1.8)  # brow
        b(2.0, 2.2, 2.0, side * 4.2, -5.5, -2.8)  # cheek
        b(0.7, 1.5, 2.6, side * 7.2, 0.5, -0.8)  # ear
    neck = smooth_path([(0, 1.5, -5), (0, 2, -11), (0, 2.5, -17)], 12)
    g.add(sweep(neck, circle(5.4, 20), s["mat"], sizes=np.linspace(0.95, 1.15, 12), fuse=s["fuse"]))
    if not mannequin:
        lip = Mat(tuple(np.clip(np.array(s["mat"].color) * [0.95, 0.68, 0.68], 0, 1)), rough=0.4)
        for ry, z in ((0.35, -5.0), (0.42, -5.8)):
            p = ball(1.9, 0.5, ry, lip, 16, 8)
            p.verts = p.verts + [0, -9.0, z]
            g.add(p)
        hair = Mat(
            rng.choice(
                [
                    (0.05, 0.04, 0.03),
                    (0.12, 0.07, 0.04),
                    (0.3, 0.18, 0.08),
                    (0.6, 0.45, 0.22),
                    (0.5, 0.5, 0.5),
                    (0.35, 0.1, 0.05),
                ]
            ),
            rough=0.55,
            bump=0.9,
            grain=4,
        )
        for side in (-1, 1):
            for m, r, dy in (
                (Mat((0.95, 0.95, 0.95), rough=0.2), 0.95, 0),
                (
                    Mat(rng.choice([(0.2, 0.12, 0.06), (0.2, 0.35, 0.5), (0.1, 0.1, 0.1)]), rough=0.1),
                    0.45,
                    -0.62,
                ),
            ):
                p = ball(r * 1.2, r * 0.8, r * 0.75, m, 14, 8)
                p.verts = p.verts + [side * 2.9, -7.75 + dy, 0.2]
                g.add(p)
            p = ball(1.9, 0.45, 0.33, hair, 14, 8)
            p.verts = p.verts + [side * 2.9, -8.35, 2.3]
            g.add(p)
        style = rng.choice(["short", "long", "long", "bun"])
        b(7.7, 9.4, 7.6, 0, 1.9, 4.6, mat=hair, fuse=0.4)
        if style == "long":
            b(7.6, 5.5, 13, 0, 4.6, -5, mat=hair, fuse=0.4)
        elif style == "bun":
            b(3.2, 3.2, 3.2, 0, 8.5, 8.5, mat=hair, fuse=0.4)
        b(7.5, 7, 6, 0, 3.6, 0, mat=hair, fuse=0.4)
    c = cloth(rng) if not mannequin else s["mat"]
    b(20, 9.5, 10, 0, 4, -27, mat=c, fuse=0.6)
    b(17, 9.5, 16, 0, 4, -38, mat=c, fuse=0.6)
    for side in (-1, 1):
        b(6.5, 7, 9, side * 17.5, 4, -29, mat=c, fuse=0.6)
        b(5.5, 6.5, 16, side * 19.5, 4, -42, mat=c, fuse=0.6)
    return g


def with_person(rng: Random, shot):
    """Put a person behind what is held or stands before them; the picture shows the person's upper body too."""
    lo, hi = shot.subject.box()
    hd = head(rng).moved(
        move(
            (lo[0] + hi[0]) / 2 + rng.uniform(-8, 8), hi[1] + rng.uniform(22, 32), hi[2] + rng.uniform(6, 18)
        )
        @ turn("x", rng.uniform(5, 25))
    )
    p = hd.points()
    shot.extra = (shot.extra or Group()).add(hd)
    near = p[p[:, 2] > lo[2] + rng.uniform(-2, 14)]
    shot.focus = np.concatenate([shot.subject.points(), near if len(near) else p[:1]])
    return shot
