"""Where a photo is taken: surfaces, clutter, backdrops, shop layouts, and what a camera and a shop do to it."""

from __future__ import annotations

import io
import math
from random import Random

import numpy as np
import screens
from looks import shade
from mesh import Group, Mat, ball, lathe, move, picture, plate, slab, tube, turn
from phone import keyblock
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter


# ---------------------------------------------------------------- surfaces
def noise(rng: Random, h, w, cell_x, cell_y=None, octaves=4):
    """Smooth noise 0..1 from a few octaves of enlarged random grids."""
    r = np.random.default_rng(rng.randrange(1 << 30))
    out, amp = np.zeros((h, w)), 1.0
    cell_y = cell_y or cell_x
    for k in range(octaves):
        gy, gx = max(2, int(h / cell_y * 2**k)), max(2, int(w / cell_x * 2**k))
        out += amp * np.asarray(
            Image.fromarray(r.random((min(gy, h), min(gx, w))).astype(np.float32)).resize((w, h), Image.BICUBIC)
        )
        amp *= 0.5
    return (out - out.min()) / (np.ptp(out) + 1e-9)


WOODS = [
    (0.62, 0.43, 0.27),
    (0.45, 0.29, 0.17),
    (0.78, 0.61, 0.42),
    (0.30, 0.19, 0.12),
    (0.85, 0.74, 0.60),
    (0.55, 0.33, 0.2),
    (0.7, 0.5, 0.35),
]


def surface(rng: Random, kind: str) -> np.ndarray:
    """A 320 x 320 texture of a table, cloth or floor."""
    n = 320
    if kind == "wood":
        c = np.array(rng.choice(WOODS))
        g = noise(rng, n, n, 320, 14)
        ringy = 0.5 + 0.5 * np.sin(g * rng.uniform(10, 30))
        img = c * ((0.75 + 0.3 * ringy) * (0.9 + 0.2 * noise(rng, n, n, 200, 3, 2)))[..., None]
        if rng.random() < 0.6:
            for k in range(1, rng.randint(3, 6)):
                y = int(k * n / 5 + rng.uniform(-8, 8))
                img[y : y + 2] *= 0.5
    elif kind in ("fabric", "carpet"):
        c = np.array(
            rng.choice(
                [
                    (0.8, 0.78, 0.74),
                    (0.25, 0.3, 0.4),
                    (0.5, 0.5, 0.5),
                    (0.7, 0.62, 0.5),
                    (0.12, 0.12, 0.13),
                    (0.6, 0.3, 0.3),
                    (0.35, 0.45, 0.35),
                    (0.9, 0.9, 0.9),
                ]
            )
        )
        y, x = np.mgrid[0:n, 0:n]
        weave = 0.5 + 0.25 * np.sin(x * 1.3) + 0.25 * np.sin(y * 1.3)
        img = c * (0.75 + 0.2 * weave + 0.25 * (noise(rng, n, n, 6, octaves=2) - 0.5))[..., None]
        if kind == "carpet":
            img = c * (0.55 + 0.8 * noise(rng, n, n, 5, octaves=2))[..., None]
        img *= (0.8 + 0.35 * noise(rng, n, n, 160))[..., None]
    elif kind == "floral":
        im = Image.new(
            "RGB",
            (n, n),
            rng.choice([(240, 232, 215), (250, 250, 250), (60, 70, 110), (225, 205, 190), (170, 190, 180)]),
        )
        d = ImageDraw.Draw(im)
        col = [screens.hsv(rng.random(), rng.uniform(0.3, 0.9), rng.uniform(0.4, 0.95)) for _ in range(4)]
        for _ in range(rng.randint(25, 70)):
            x, y, s = rng.uniform(0, n), rng.uniform(0, n), rng.uniform(6, 22)
            for k in range(5):
                a = k * 1.257
                d.ellipse(
                    [
                        x + s * math.cos(a) - s * 0.6,
                        y + s * math.sin(a) - s * 0.6,
                        x + s * math.cos(a) + s * 0.6,
                        y + s * math.sin(a) + s * 0.6,
                    ],
                    fill=col[int(s) % 3],
                )
            d.ellipse([x - s * 0.4, y - s * 0.4, x + s * 0.4, y + s * 0.4], fill=col[3])
        img = np.asarray(im) / 255 * (0.85 + 0.2 * noise(rng, n, n, 80))[..., None]
    elif kind in ("concrete", "metal", "plastic"):
        v = rng.uniform(0.25, 0.8)
        img = v * np.array([1, 0.99, 0.97]) * (0.75 + 0.45 * noise(rng, n, n, 90, octaves=6))[..., None]
        if kind == "plastic":
            img = (
                np.ones((n, n, 3))
                * np.array(
                    rng.choice(
                        [
                            (0.95, 0.95, 0.94),
                            (0.85, 0.85, 0.85),
                            (0.1, 0.1, 0.11),
                            (0.5, 0.5, 0.52),
                            (0.2, 0.25, 0.3),
                        ]
                    )
                )
                * (0.96 + 0.05 * noise(rng, n, n, 150))[..., None]
            )
    elif kind == "marble":
        f = noise(rng, n, n, 120, octaves=5)
        vein = np.exp(-np.abs(np.sin(f * 14)) * 9)
        base = np.array(rng.choice([(0.93, 0.93, 0.93), (0.15, 0.15, 0.17), (0.85, 0.8, 0.75)]))
        img = base * (1 - 0.35 * vein[..., None]) + 0.03 * vein[..., None]
    elif kind == "tiles":
        c, g = (
            np.array(rng.choice([(0.85, 0.82, 0.76), (0.7, 0.7, 0.7), (0.5, 0.4, 0.33), (0.9, 0.9, 0.9)])),
            rng.choice([40, 64, 80]),
        )
        img = np.ones((n, n, 3)) * c * (0.85 + 0.25 * noise(rng, n, n, 60))[..., None]
        img[::g], img[:, ::g] = 0.45, 0.45
        img[1::g], img[:, 1::g] = 0.5, 0.5
    elif kind == "paper":
        im = Image.new("RGB", (n, n), (246, 244, 238))
        screens.lines(ImageDraw.Draw(im), rng, 8, 6, n, 26, 12, (70, 70, 70))
        img = np.asarray(im) / 255
    elif kind == "stripes":
        a, b = (
            np.array(screens.hsv(rng.random(), 0.4, 0.8)) / 255,
            np.array(screens.hsv(rng.random(), 0.3, 0.9)) / 255,
        )
        x = np.mgrid[0:n, 0:n][1]
        img = (
            np.where((x // rng.choice([8, 16, 30]) % 2)[..., None], a, b)
            * (0.85 + 0.2 * noise(rng, n, n, 90))[..., None]
        )
    else:  # plain colour
        c = np.array(screens.hsv(rng.random(), rng.uniform(0, 0.8) ** 2, rng.uniform(0.3, 1))) / 255
        img = np.ones((n, n, 3)) * c * (0.96 + 0.06 * noise(rng, n, n, 200))[..., None]
    return (np.clip(img, 0, 1) * 255).astype(np.uint8)


SURFACES = (
    ["wood"] * 8
    + ["fabric"] * 4
    + [
        "carpet",
        "floral",
        "floral",
        "concrete",
        "concrete",
        "plastic",
        "plastic",
        "plastic",
        "marble",
        "tiles",
        "paper",
        "stripes",
        "plain",
        "plain",
        "plain",
    ]
)


def table(rng: Random, kind: str, tile: float, size=None) -> Group:
    """A surface at z = 0; `tile` centimetres a texture repeat."""
    ext = size or 260.0
    gloss = {
        "wood": (0.25, 0.6),
        "plastic": (0.15, 0.5),
        "marble": (0.1, 0.25),
        "plain": (0.3, 0.7),
        "tiles": (0.2, 0.5),
    }.get(kind, (0.8, 0.95))
    m = Mat(
        (1, 1, 1),
        rough=rng.uniform(*gloss),
        spec=0.4 if gloss[0] < 0.5 else 0.15,
        image=picture(surface(rng, kind)),
    )
    p = plate(ext * 2, ext * 2, 0.1, m, 1)
    p.uv = p.verts[:, :2] / tile
    return Group().add(p, move(0, 0, -0.01) @ turn("z", rng.choice([0, 90, rng.uniform(-30, 30)])))


# ---------------------------------------------------------------- clutter
def prop(rng: Random) -> Group:
    kind = rng.choice(
        [
            "mug",
            "book",
            "book",
            "pen",
            "pen",
            "plant",
            "box",
            "cable",
            "sheet",
            "note",
            "mouse",
            "lamp",
            "glass",
            "bottle",
            "coins",
            "ball",
            "blocks",
            "blocks",
            "pad",
            "keyboard",
            "keyboard",
        ]
    )
    c = tuple(np.array(screens.hsv(rng.random(), rng.uniform(0, 0.8), rng.uniform(0.2, 0.95))) / 255)
    g = Group()
    if kind == "mug":
        m = Mat(rng.choice([c, (0.93, 0.93, 0.92), (0.08, 0.08, 0.08)]), rough=0.2, coat=0.5)
        g.add(lathe([(3.4, 0), (3.9, 0.4), (4.1, 8.6), (3.8, 8.8), (3.7, 7.6), (0.1, 7.5)], m)).add(
            tube([(3.9, 0, 2), (6.2, 0, 3), (6.2, 0, 6), (3.9, 0, 7)], 0.55, m, 20)
        )
        g.add(plate(7.2, 7.2, 3.6, Mat((0.1, 0.05, 0.03), rough=0.05)), move(0, 0, 7.62))
    elif kind == "book":
        z = 0
        for _ in range(rng.choice([1, 1, 2, 3])):
            w, h, t = rng.uniform(13, 20), rng.uniform(19, 26), rng.uniform(1.2, 3.5)
            col = tuple(np.array(screens.hsv(rng.random(), rng.uniform(0.1, 0.8), rng.uniform(0.2, 0.9))) / 255)
            r = turn("z", rng.uniform(-15, 15))
            g.add(slab(w, h, t, 0.1, Mat((0.93, 0.9, 0.82), rough=0.9), bevel=0.02), move(0, 0, z + t / 2) @ r)
            g.add(slab(w + 0.5, h + 0.4, 0.25, 0.15, Mat(col, rough=0.5), bevel=0.05), move(0, 0, z + t) @ r).add(
                slab(w + 0.5, h + 0.4, 0.25, 0.15, Mat(col, rough=0.5), bevel=0.05), move(0, 0, z + 0.12) @ r
            )
            g.add(
                plate(w * 0.7, h * 0.2, 0.1, Mat(shade(col, 1.6), rough=0.6)),
                move(0, h * 0.2, z + t + 0.14) @ r,
            )
            z += t + 0.25
    elif kind == "pen":
        g.add(
            lathe([(0.08, 0), (0.4, 1.5), (0.42, 12.5), (0.35, 13.5), (0.1, 13.7)], Mat(c, rough=0.3), 12),
            move(0, -6, 0.45) @ turn("x", -90),
        )
    elif kind == "plant":
        g.add(
            lathe(
                [(3, 0), (4.2, 0.3), (5, 7.5), (4.6, 7.6), (4.4, 6.6), (0.1, 6.5)],
                Mat(rng.choice([(0.9, 0.9, 0.88), (0.65, 0.33, 0.2), (0.2, 0.2, 0.2)]), rough=0.5),
            )
        )
        green = Mat((rng.uniform(0.05, 0.25), rng.uniform(0.3, 0.5), rng.uniform(0.08, 0.2)), rough=0.5)
        for k in range(rng.randint(9, 16)):
            g.add(
                ball(0.5, 1.7, 5.5, green, 8, 8),
                move(0, 0, 7) @ turn("z", k * 137.5) @ turn("x", rng.uniform(10, 65)) @ move(0, 0, 5),
            )
    elif kind == "box":
        w, h, t = rng.uniform(6, 22), rng.uniform(6, 18), rng.uniform(2, 12)
        g.add(
            slab(
                w,
                h,
                t,
                0.2,
                Mat(rng.choice([(0.72, 0.53, 0.34), c, (0.95, 0.95, 0.95)]), rough=0.7),
                bevel=0.08,
            ),
            move(0, 0, t / 2),
        )
    elif kind == "cable":
        p = [(rng.uniform(-12, 12), rng.uniform(-12, 12), 0.2) for _ in range(6)]
        g.add(tube(p, 0.2, Mat(rng.choice([(0.05, 0.05, 0.05), (0.93, 0.93, 0.93)]), rough=0.5), 60, seg=6)).add(
            slab(1.1, 2.2, 0.6, 0.2, Mat((0.9, 0.9, 0.9), rough=0.4), bevel=0.1), move(*p[-1])
        )
    elif kind == "sheet":
        g.add(
            plate(21, 29.7, 0.1, Mat((1, 1, 1), rough=0.9, image=picture(surface(rng, "paper")))),
            move(0, 0, 0.03),
        )
    elif kind == "note":
        g.add(
            plate(
                7.6,
                7.6,
                0.05,
                Mat(rng.choice([(0.98, 0.93, 0.4), (0.98, 0.6, 0.7), (0.6, 0.9, 0.6)]), rough=0.9),
            ),
            move(0, 0, 0.05),
        )
    elif kind == "mouse":
        m = Mat(rng.choice([(0.06, 0.06, 0.06), (0.9, 0.9, 0.9), c]), rough=0.4)
        g.add(ball(3.1, 5.6, 3.4, m, 24, 12), move(0, 0, 0.2))
    elif kind == "lamp":
        m = Mat(rng.choice([(0.08, 0.08, 0.08), (0.9, 0.9, 0.9), c]), rough=0.4)
        g.add(lathe([(7, 0), (7, 1), (0.8, 1.4), (0.7, 24), (0.1, 24)], m)).add(
            lathe([(8, 20), (4.5, 30), (4.3, 30)], m)
        )
    elif kind == "glass":
        g.add(
            lathe(
                [(2.8, 0), (3.4, 11), (3.2, 11), (2.6, 0.6), (0.1, 0.5)],
                Mat((0.95, 0.97, 1), rough=0.02, glass=1),
            )
        )
    elif kind == "bottle":
        g.add(lathe([(3, 0), (3.3, 0.4), (3.3, 14), (1.3, 18), (1.3, 21), (0.1, 21)], Mat(c, rough=0.25, coat=0.5)))
    elif kind == "coins":
        for _ in range(rng.randint(2, 5)):
            g.add(
                lathe(
                    [(1.1, 0), (1.15, 0.08), (1.1, 0.17), (0.1, 0.17)],
                    Mat(rng.choice([(0.75, 0.55, 0.25), (0.75, 0.75, 0.75)]), rough=0.3, metal=1),
                    20,
                ),
                move(rng.uniform(-3, 3), rng.uniform(-3, 3), 0.02),
            )
    elif kind == "blocks":
        for _ in range(rng.randint(2, 6)):
            a = rng.uniform(1.5, 3.5)
            g.add(
                slab(
                    a,
                    a,
                    a,
                    0.15,
                    Mat(tuple(np.array(screens.hsv(rng.random(), 0.8, 0.9)) / 255), rough=0.4),
                    bevel=0.1,
                ),
                move(rng.uniform(-6, 6), rng.uniform(-6, 6), a / 2) @ turn("z", rng.uniform(0, 90)),
            )
    elif kind == "keyboard":
        dark = rng.random() < 0.6
        g.add(
            slab(
                rng.choice([29, 43]),
                12.5,
                1.2,
                0.5,
                Mat((0.06, 0.06, 0.07) if dark else (0.9, 0.9, 0.9), rough=0.5),
                bevel=0.15,
            ),
            move(0, 0, 0.6),
        )
        cells = [(-13.5 + 2 * c + (r % 3) * 0.4, -4.6 + 2.1 * r, 1.8, 1.85) for r in range(5) for c in range(14)]
        g.add(
            keyblock(
                cells,
                0.5,
                (-15, -6, 30, 12),
                Mat((0.1, 0.1, 0.11) if dark else (0.96, 0.96, 0.95), rough=0.5),
            ),
            move(0, 0, 1.2),
        )
    elif kind == "pad":
        g.add(
            slab(rng.uniform(12, 19), rng.uniform(16, 24), 0.9, 0.5, Mat(c, rough=0.8, bump=0.1), bevel=0.1),
            move(0, 0, 0.45),
        )
    else:
        g.add(ball(3.3, 3.3, 3.3, Mat(c, rough=0.5)), move(0, 0, 3.3))
    return g.moved(turn("z", rng.uniform(-180, 180)))


def clutter(rng: Random, lo, hi, n) -> Group:
    """n props around the subject's footprint, not in it and not before it."""
    g = Group()
    cx, cy = (lo[0] + hi[0]) / 2, (lo[1] + hi[1]) / 2
    sx, sy = (hi[0] - lo[0]) / 2, (hi[1] - lo[1]) / 2
    for _ in range(n):
        p = prop(rng)
        a, b = p.box()
        r = max(b[0] - a[0], b[1] - a[1]) / 2
        ang = rng.uniform(-0.25, 1.25) * math.pi  # mostly behind and beside
        k = rng.uniform(1.02, 1.5)
        x, y = cx + math.cos(ang) * (sx * 1.05 + r) * k, cy + math.sin(ang) * (sy * 1.05 + r) * k
        if math.sin(ang) < 0 and b[2] > 3:
            continue
        g.add(p, move(x, y, 0))
    return g


# ---------------------------------------------------------------- backdrops (2D)
def backdrop(rng: Random, w, h, kind=None) -> np.ndarray:
    """A blurred room, street or garden behind something held in a hand; or a plain wall."""
    kind = kind or rng.choice(["room", "room", "room", "bokeh", "garden", "wall", "wall", "gradient", "desk"])
    im = Image.new("RGB", (w, h))
    d = ImageDraw.Draw(im)
    base = screens.hsv(rng.random(), rng.uniform(0, 0.35), rng.uniform(0.15, 0.95))
    if kind in ("wall", "gradient"):
        y = np.linspace(0, 1, h)[:, None, None]
        x = np.linspace(0, 1, w)[None, :, None]
        b = (
            np.array(screens.hsv(rng.random(), rng.uniform(0, 0.6), rng.uniform(0.3, 1)), float)
            if kind == "gradient"
            else np.array(base, float)
        )
        arr = np.array(base) * (1 - y) + b * y
        arr = arr * (1 + rng.uniform(-0.35, 0.35) * (x - 0.5))
        return np.clip(arr + np.random.default_rng(rng.randrange(1 << 30)).normal(0, 1.5, (h, w, 1)), 0, 255).astype(
            np.uint8
        )
    d.rectangle([0, 0, w, h], fill=base)
    if kind == "desk":
        return np.asarray(
            Image.fromarray(surface(rng, rng.choice(SURFACES)))
            .resize((max(w, h),) * 2)
            .crop((0, 0, w, h))
            .filter(ImageFilter.GaussianBlur(rng.uniform(0, 3)))
        )
    if kind == "garden":
        for _ in range(160):
            x, y, s = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(6, 50)
            d.ellipse(
                [x - s, y - s, x + s, y + s],
                fill=screens.hsv(rng.uniform(0.2, 0.4), rng.uniform(0.3, 0.8), rng.uniform(0.15, 0.9)),
            )
    elif kind == "bokeh":
        d.rectangle([0, 0, w, h], fill=screens.hsv(rng.random(), 0.4, 0.15))
        for _ in range(40):
            x, y, s = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(4, 26)
            d.ellipse(
                [x - s, y - s, x + s, y + s],
                fill=screens.hsv(
                    rng.choice([0.1, 0.12, 0.55, rng.random()]), rng.uniform(0.2, 0.8), rng.uniform(0.4, 1)
                ),
            )
    else:
        floor = int(h * rng.uniform(0.55, 0.9))
        d.rectangle(
            [0, floor, w, h],
            fill=screens.hsv(rng.uniform(0.05, 0.12), rng.uniform(0.1, 0.6), rng.uniform(0.15, 0.7)),
        )
        if rng.random() < 0.6:
            x, y = rng.uniform(0, w * 0.7), rng.uniform(-h * 0.1, h * 0.2)
            d.rectangle([x, y, x + w * 0.35, y + h * 0.5], fill=(245, 248, 252))
            d.line([(x + w * 0.17, y), (x + w * 0.17, y + h * 0.5)], fill=(120, 110, 100), width=4)
        for _ in range(rng.randint(10, 40)):
            x, y, a, b = (
                rng.uniform(-20, w),
                rng.uniform(0, h),
                rng.uniform(8, w * 0.3),
                rng.uniform(8, h * 0.35),
            )
            c = screens.hsv(rng.random(), rng.uniform(0, 0.7), rng.uniform(0.1, 0.95))
            if rng.random() < 0.75:
                d.rectangle([x, y, x + a, y + b], fill=c)
            else:
                d.ellipse([x, y, x + a, y + a], fill=c)
    return np.asarray(im.filter(ImageFilter.GaussianBlur(rng.choice([2, 5, 9, 14, 20]) * max(w, h) / 320)))


def shadow(alpha: np.ndarray, rng: Random, kind: str) -> np.ndarray:
    """Darkening (h, w) 0..1 that a cut-out picture gets in a shop: contact shadow under it, or a soft one beside it."""
    h, w = alpha.shape
    a = Image.fromarray((alpha * 255).astype(np.uint8))
    if kind == "under":
        ys, xs = np.nonzero(alpha > 0.5)
        if not len(ys):
            return np.zeros_like(alpha)
        im = Image.new("L", (w, h))
        x0, x1, y1 = xs.min(), xs.max(), ys.max()
        t = max(2, (x1 - x0) * 0.03)
        ImageDraw.Draw(im).ellipse([x0 + (x1 - x0) * 0.05, y1 - t, x1 - (x1 - x0) * 0.05, y1 + t * 0.8], fill=255)
        return np.asarray(im.filter(ImageFilter.GaussianBlur(float(max(2, t * 0.7))))) / 255 * rng.uniform(0.25, 0.6)
    dx, dy = rng.uniform(-10, 10), rng.uniform(2, 10)
    m = a.transform((w, h), Image.AFFINE, (1, 0, -dx, 0, 1, -dy)).filter(ImageFilter.GaussianBlur(rng.uniform(4, 12)))
    return np.asarray(m) / 255 * rng.uniform(0.15, 0.4)


def clean_edge(rgba: np.ndarray) -> np.ndarray:
    """Few samples leave a ragged outline, which the denoiser does not see: smooth the alpha, and spread the colours
    under it."""
    a = rgba[..., 3]
    if a.min() == 255:
        return rgba
    alpha = Image.fromarray(a).filter(ImageFilter.MedianFilter(3)).filter(ImageFilter.GaussianBlur(0.7))
    weight = a / 255.0

    def blur(x):
        p = np.pad(x, 1, mode="edge")
        return sum(p[i : i + x.shape[0], j : j + x.shape[1]] for i in range(3) for j in range(3)) / 9

    total = blur(weight)
    spread = np.stack([blur(rgba[..., k] * weight) / np.maximum(total, 1e-4) for k in range(3)], -1)
    rgb = np.where((a < 250)[..., None], spread, rgba[..., :3])
    return np.dstack([np.clip(rgb, 0, 255), np.asarray(alpha)]).astype(np.uint8)


def composite(rgba: np.ndarray, rng: Random, kind: str) -> np.ndarray:
    """Put a cut-out on one of the backgrounds that shops use."""
    h, w = rgba.shape[:2]
    alpha, rgb = rgba[..., 3:] / 255.0, rgba[..., :3].astype(float)
    if kind in ("white", "white_shadow", "white_mirror"):
        bg = np.full((h, w, 3), 255.0)
    elif kind == "offwhite":
        bg = np.full((h, w, 3), 1.0) * np.array([rng.uniform(232, 252)] * 3)
    elif kind == "grey":
        y = np.linspace(0, 1, h)[:, None, None]
        bg = np.ones((h, w, 3)) * (rng.uniform(225, 255) * (1 - y) + rng.uniform(170, 250) * y)
    elif kind == "black":
        bg = np.full((h, w, 3), rng.choice([0.0, 8.0, 20.0]))
    elif kind == "colour":
        bg = np.ones((h, w, 3)) * np.array(
            screens.hsv(rng.random(), rng.uniform(0, 0.85) ** 1.6, rng.uniform(0.35, 1)), float
        )
        y, x = np.mgrid[0:h, 0:w]
        bg *= 1 + rng.uniform(-0.25, 0.25) * ((x / w - 0.5) + (y / h - 0.5))[..., None]
    elif kind == "wallpaper":
        bg = screens.wallpaper(rng, w, h).astype(float)
    else:
        bg = backdrop(rng, w, h).astype(float)
    if kind == "white_mirror":
        ys = np.nonzero(alpha[..., 0].max(1) > 0.5)[0]
        if len(ys) and ys.max() < h - 3:
            y1, n = ys.max(), min(h - 1 - ys.max(), int(h * 0.12))
            strip, sa = (
                rgb[y1 - n + 1 : y1 + 1][::-1],
                alpha[y1 - n + 1 : y1 + 1][::-1] * np.linspace(0.35, 0, n)[:, None, None],
            )
            bg[y1 + 1 : y1 + 1 + n] = bg[y1 + 1 : y1 + 1 + n] * (1 - sa) + strip * sa
    if kind in ("white_shadow", "offwhite", "grey", "colour"):
        bg *= 1 - shadow(alpha[..., 0], rng, rng.choice(["under", "under", "beside"]))[..., None]
    return np.clip(rgb * alpha + bg * (1 - alpha), 0, 255).astype(np.uint8)


def banner(rng: Random, picture_: Image.Image, w, h, name: str, white=True) -> Image.Image:
    """A shop's layout: the picture with a headline, bullets or badges beside it."""
    bg = (255, 255, 255) if white else picture_.getpixel((1, 1))
    ink = (25, 25, 30) if sum(bg) > 380 else (245, 245, 245)
    out = Image.new("RGB", (w, h), bg)
    d = ImageDraw.Draw(out)
    kind = rng.choice(["top", "left", "right", "badges", "bottom"])
    s = rng.uniform(0.62, 0.78)
    if kind in ("top", "bottom"):
        im = picture_.resize((int(w * s), int(h * s)))
        out.paste(im, ((w - im.width) // 2, h - im.height if kind == "top" else 0))
        y = h * 0.1 if kind == "top" else h * 0.88
        d.text(
            (w / 2, y),
            name[:26],
            fill=rng.choice([ink, screens.hsv(rng.random(), 0.9, 0.6)]),
            font=screens.font(int(min(h * 0.11, 1.6 * w / max(8, len(name[:26]))))),
            anchor="mm",
        )
        d.text(
            (w / 2, y + h * 0.08),
            " ".join(rng.choices(screens.WORDS, k=4)).title(),
            fill=ink,
            font=screens.font(int(h * 0.045)),
            anchor="mm",
        )
    elif kind in ("left", "right"):
        im = picture_.resize((int(w * s), int(h * s)))
        out.paste(im, (w - im.width if kind == "left" else 0, int(h * 0.5 - im.height / 2)))
        x = w * 0.03 if kind == "left" else w * (s + 0.01)
        for k in range(rng.randint(3, 6)):
            y = h * (0.2 + 0.13 * k)
            d.ellipse([x, y, x + w * 0.03, y + w * 0.03], fill=screens.hsv(rng.random(), 0.8, 0.8))
            d.text(
                (x + w * 0.045, y - h * 0.01),
                " ".join(rng.choices(screens.WORDS, k=2)),
                fill=ink,
                font=screens.font(int(h * 0.045)),
            )
    else:
        out.paste(picture_.resize((w, h)), (0, 0))
        for _ in range(rng.randint(1, 3)):
            x, y, r = rng.choice([0.1, 0.9]) * w, rng.choice([0.1, 0.88]) * h, rng.uniform(0.06, 0.1) * w
            d.ellipse([x - r, y - r, x + r, y + r], fill=screens.hsv(rng.random(), 0.8, 0.85))
            d.text(
                (x, y),
                rng.choice(["-20%", "NEW", "5G", "24h", "HOT", "2 yr"]),
                fill="white",
                font=screens.font(int(r * 0.7)),
                anchor="mm",
            )
    return out


def finish(img: np.ndarray, rng: Random, wild: bool) -> Image.Image:
    """What a camera and a web shop leave: white balance, exposure, blur, noise, compression."""
    x = img.astype(float) / 255
    g = np.random.default_rng(rng.randrange(1 << 30))
    if wild:
        x = x * np.array([rng.uniform(0.86, 1.14), rng.uniform(0.95, 1.05), rng.uniform(0.82, 1.16)])
        x = np.clip(x, 0, None) ** rng.uniform(0.75, 1.35) * rng.uniform(0.75, 1.2)
        if rng.random() < 0.5:
            h, w = x.shape[:2]
            yy, xx = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
            x *= (1 - rng.uniform(0, 0.4) * (xx**2 + yy**2) / 2)[..., None]
        x += g.normal(0, rng.choice([0, 0.01, 0.02, 0.04]), x.shape[:2] + (1,)) + g.normal(
            0, rng.choice([0, 0.01, 0.02]), x.shape
        )
    elif rng.random() < 0.3:
        x = np.where(x > 0.995, 1, x ** rng.uniform(0.85, 1.15))
    im = Image.fromarray((np.clip(x, 0, 1) * 255).astype(np.uint8))
    if rng.random() < (0.6 if wild else 0.3):
        im = ImageEnhance.Color(im).enhance(rng.uniform(0.6, 1.35))
    if rng.random() < (0.35 if wild else 0.12):
        im = im.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.5)))
    elif rng.random() < 0.4:
        im = im.filter(ImageFilter.UnsharpMask(1.2, rng.randint(30, 120), 2))
    if rng.random() < 0.15:
        s = rng.uniform(0.4, 0.75)
        im = im.resize((max(40, int(im.width * s)), max(40, int(im.height * s))), Image.BILINEAR).resize(
            im.size, Image.BILINEAR
        )
    if rng.random() < 0.3:
        buf = io.BytesIO()
        im.save(buf, "JPEG", quality=rng.randint(25, 70))
        im = Image.open(buf).convert("RGB")
    return im
