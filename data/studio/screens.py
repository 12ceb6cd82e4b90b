"""What screens show, drawn with Pillow: wallpapers, home screens, apps, desktops, watch faces. All arrays (h, w, 3)
uint8."""

from __future__ import annotations

import colorsys
import math
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

WORDS = [
    "time",
    "today",
    "photos",
    "music",
    "mail",
    "settings",
    "weather",
    "camera",
    "health",
    "store",
    "maps",
    "news",
    "files",
    "notes",
    "video",
    "calendar",
    "sport",
    "hello",
    "world",
    "design",
    "power",
    "battery",
    "display",
    "sound",
    "memory",
    "update",
    "learn",
    "studio",
    "market",
    "travel",
    "coffee",
    "river",
    "city",
]


def font(size):
    """Pillow's own font, so that a render does not depend on the fonts of the machine."""
    return ImageFont.load_default(max(6, size))


def hsv(h, s, v):
    return tuple(int(255 * c) for c in colorsys.hsv_to_rgb(h % 1, min(max(s, 0), 1), min(max(v, 0), 1)))


def palette(rng: Random, n=4):
    """n colours that go together."""
    base, spread = rng.random(), rng.choice([0.06, 0.12, 0.25, 0.5])
    dark = rng.random() < 0.35
    return np.array(
        [
            hsv(
                base + rng.uniform(-spread, spread),
                rng.uniform(0.25, 0.95),
                rng.uniform(0.05, 0.5) if dark and k % 2 else rng.uniform(0.45, 1),
            )
            for k in range(n)
        ],
        float,
    )


def ramp(v, colours):
    """Map values 0..1 through a list of colours."""
    x = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(v, x, colours[:, c]) for c in range(3)], -1)


def wallpaper(rng: Random, w, h):
    """One of many kinds of background picture."""
    kind = rng.choice(
        [
            "swirl",
            "swirl",
            "swirl",
            "bands",
            "blobs",
            "blobs",
            "hills",
            "hills",
            "petals",
            "gradient",
            "dark",
            "plain",
            "ribbons",
            "ribbons",
            "ribbons",
            "sky",
            "poly",
        ]
    )
    y, x = np.mgrid[0:h, 0:w].astype(float)
    x, y = x / max(w, h), y / max(w, h)
    col = palette(rng, rng.randint(3, 6))
    if kind in ("swirl", "bands"):
        v = np.zeros_like(x)
        px, py = x, y
        for _ in range(3):
            a, b, p = rng.uniform(-4, 4), rng.uniform(-4, 4), rng.uniform(0, 6)
            px, py = px + 0.25 * np.sin(a * py * 2 + p), py + 0.25 * np.sin(b * px * 2 + p)
        v = 0.5 + 0.5 * np.sin(rng.uniform(2, 7) * px + rng.uniform(2, 7) * py + rng.uniform(0, 6))
        if kind == "bands":
            v = np.floor(v * len(col)) / (len(col) - 1)
            v = np.clip(v, 0, 1)
        img = ramp(v, col)
    elif kind == "ribbons":
        img = ramp(np.clip(y + rng.uniform(-0.2, 0.2), 0, 1), col[:2])
        for k in range(rng.randint(4, 9)):
            c0, amp, f, p, wid = (
                rng.uniform(-0.2, 1.2),
                rng.uniform(0.05, 0.3),
                rng.uniform(1, 4),
                rng.uniform(0, 6),
                rng.uniform(0.05, 0.2),
            )
            t = x if rng.random() < 0.5 else y
            s = y if t is x else x
            d = (s - (c0 * 0.7 + amp * np.sin(f * t * 2 + p))) / wid
            m = ((d > 0) & (d < 1))[..., None]
            img = np.where(m, col[k % len(col)] * (0.35 + 0.65 * np.clip(d, 0, 1)[..., None]), img)
    elif kind == "blobs":
        img = np.ones((h, w, 3)) * col[0]
        for c in list(col[1:]) * 2:
            d = np.hypot(x - rng.random(), y - rng.random()) / rng.uniform(0.15, 0.6)
            img = img + (c - img) * np.exp(-(d**2) * 2)[..., None]
    elif kind == "hills":
        img = ramp(np.clip(y / y.max(), 0, 1), col[:3])
        for k in range(rng.randint(3, 6)):
            base = 0.35 + 0.12 * k
            line = base + sum(
                rng.uniform(0.01, 0.06) * np.sin(rng.uniform(3, 25) * x + rng.uniform(0, 6)) for _ in range(4)
            )
            img = np.where((y / y.max() > line)[..., None], col[k % len(col)] * (0.9 - 0.13 * k), img)
    elif kind == "petals":
        img = np.ones((h, w, 3)) * (col[0] if rng.random() < 0.5 else np.array([250, 250, 250]))
        cx, cy = rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.7)
        for k in range(rng.randint(5, 12)):
            a = k * 0.7 + rng.random()
            ex, ey = cx + 0.25 * math.cos(a), cy + 0.25 * math.sin(a)
            u, v = (
                (x - ex) * math.cos(a) + (y - ey) * math.sin(a),
                -(x - ex) * math.sin(a) + (y - ey) * math.cos(a),
            )
            d = (u / 0.28) ** 2 + (v / 0.12) ** 2
            img = np.where((d < 1)[..., None], col[k % len(col)] * (0.6 + 0.4 * np.clip(d, 0, 1)[..., None]), img)
    elif kind == "gradient":
        a = rng.uniform(0, 6.3)
        v = x * math.cos(a) + y * math.sin(a)
        img = ramp((v - v.min()) / (np.ptp(v) + 1e-9), col)
    elif kind == "dark":
        img = np.ones((h, w, 3)) * np.array([8, 8, 12])
        for c in col:
            d = np.abs(y - (rng.random() + rng.uniform(0.05, 0.3) * np.sin(rng.uniform(1, 6) * x + rng.uniform(0, 6))))
            img += c * np.exp(-d * rng.uniform(20, 80))[..., None]
    elif kind == "sky":
        img = ramp(np.clip(y / y.max(), 0, 1), np.array([[40, 90, 170], [130, 180, 230], [250, 220, 190]], float))
        for _ in range(12):
            d = np.hypot((x - rng.random()) / 2.2, y - rng.random() * 0.5) / rng.uniform(0.03, 0.1)
            img += (255 - img) * 0.6 * np.exp(-(d**2))[..., None]
        g = y / y.max() > 0.72 + 0.04 * np.sin(9 * x + rng.uniform(0, 6))
        img = np.where(
            g[..., None],
            np.array([60, 110, 50]) * (0.7 + 0.5 * np.sin(40 * x + 30 * y)[..., None] * 0.2),
            img,
        )
    elif kind == "poly":
        img = np.ones((h, w, 3)) * col[0]
        for k in range(10):
            a, c = rng.uniform(0, 6.3), rng.uniform(-0.3, 0.9)
            img = np.where((x * math.cos(a) + y * math.sin(a) > c)[..., None], 0.5 * img + 0.5 * col[k % len(col)], img)
    else:
        img = np.ones((h, w, 3)) * (col[0] if rng.random() < 0.6 else rng.choice([20.0, 235.0, 250.0, 128.0]))
    return np.clip(img, 0, 255).astype(np.uint8)


def icon(d: ImageDraw.ImageDraw, rng: Random, x, y, s, shape="round"):
    """An app icon: a coloured tile with a simple made-up glyph."""
    c = hsv(rng.random(), rng.uniform(0, 0.9), rng.uniform(0.3, 1))
    r = s * (0.5 if shape == "circle" else 0.24)
    d.rounded_rectangle([x, y, x + s, y + s], r, fill=c)
    g = (255, 255, 255) if sum(c) < 480 else hsv(rng.random(), 0.8, 0.5)
    a, b, k = x + s * 0.28, y + s * 0.28, s * 0.44
    t = rng.randrange(6)
    if t == 0:
        d.ellipse([a, b, a + k, b + k], fill=g)
    elif t == 1:
        d.polygon([(a, b), (a + k, b + k / 2), (a, b + k)], fill=g)
    elif t == 2:
        d.rectangle([a, b + k * 0.2, a + k, b + k * 0.8], fill=g)
    elif t == 3:
        d.ellipse([a, b, a + k, b + k], outline=g, width=max(1, int(s * 0.09)))
    elif t == 4:
        d.line([(a, b + k), (a + k * 0.5, b), (a + k, b + k)], fill=g, width=max(1, int(s * 0.1)))
    else:
        d.text((a + k / 2, b + k / 2), rng.choice("ABCDEFGMNPSTWZ"), fill=g, font=font(int(s * 0.6)), anchor="mm")


def lines(d, rng, x, y, w, n, step, fill, size=None):
    """Paragraph of pseudo text."""
    for k in range(n):
        words, length = [], 0
        while length < w * (0.95 if k % 5 < 4 else 0.5) / (step * 0.3):
            words.append(rng.choice(WORDS))
            length += len(words[-1]) + 1
        d.text(
            (x, y + k * step),
            " ".join(words)[: int(w / (step * 0.32))],
            fill=fill,
            font=font(int(size or step * 0.62)),
        )


def status_bar(d, rng, w, h, fill):
    s = max(7, int(min(w, h) * 0.045))
    d.text((w * 0.06, s * 0.5), f"{rng.randint(1, 12)}:{rng.randint(10, 59)}", fill=fill, font=font(s))
    d.rectangle([w * 0.9, s * 0.8, w * 0.95, s * 1.3], fill=fill)
    for k in range(3):
        d.rectangle([w * (0.82 + 0.02 * k), s * (1.3 - 0.2 * k), w * (0.83 + 0.02 * k), s * 1.35], fill=fill)


def off(rng: Random, w, h):
    """A screen that is off: nearly black."""
    v = rng.choice([4, 8, 14, 22])
    return np.full((h, w, 3), v, np.uint8) + np.array([0, rng.randint(0, 2), rng.randint(0, 5)], np.uint8)


def mobile(rng: Random, w, h, model="", tablet=False, kind=None):
    """A phone's or tablet's screen."""
    kind = kind or rng.choice(
        [
            "wall",
            "wall",
            "wall",
            "home",
            "home",
            "home",
            "lock",
            "lock",
            "text",
            "list",
            "chat",
            "video",
            "shop",
            "off",
            "model",
        ]
    )
    if kind == "off":
        return off(rng, w, h)
    if kind == "blank":
        return np.full((h, w, 3), rng.choice([255, 250, 240]), np.uint8)
    base = (
        wallpaper(rng, w, h)
        if kind in ("wall", "home", "lock", "model", "video")
        else np.full((h, w, 3), rng.choice([255, 248, 240, 24, 16]), np.uint8)
    )
    im = Image.fromarray(base)
    d = ImageDraw.Draw(im)
    dark = base.mean() < 120
    fg = (255, 255, 255) if dark or kind in ("home", "lock") else (30, 30, 30)
    m = min(w, h)
    if kind == "home":
        shape = rng.choice(["round", "circle"])
        if tablet:
            cols, rows = (
                rng.choice([(6, 4), (7, 5), (5, 4), (8, 5)]) if w > h else rng.choice([(4, 6), (5, 6), (4, 5), (6, 8)])
            )
        else:
            cols, rows = rng.choice([(4, 6), (4, 5), (5, 7), (4, 7)])
        s = min(w / cols, h / (rows + 1)) * rng.uniform(0.5, 0.66)
        first = rng.choice([0, 0, 1, 2, 3]) if not tablet else rng.choice([0, 1, 2])
        labels = rng.random() < 0.5
        if tablet and rng.random() < 0.3:  # rows of covers, as on reading tablets
            for r in range(3):
                for c in range(cols):
                    x, y = w * (c + 0.12) / cols, h * (0.12 + 0.28 * r)
                    d.rectangle(
                        [x, y, x + w / cols * 0.8, y + h * 0.22],
                        fill=hsv(rng.random(), rng.uniform(0.2, 0.9), rng.uniform(0.3, 0.95)),
                    )
        else:
            if first:
                if rng.random() < 0.6:
                    d.text(
                        (w / 2, h * 0.12),
                        f"{rng.randint(1, 12):02d}:{rng.randint(0, 59):02d}",
                        fill=fg,
                        font=font(int(m * 0.17)),
                        anchor="mm",
                    )
                else:
                    d.rounded_rectangle(
                        [w * 0.06, h * 0.08, w * 0.94, h * (0.08 + 0.09 * first)],
                        m * 0.05,
                        fill=hsv(rng.random(), rng.uniform(0, 0.5), 0.95),
                    )
            for r in range(first, rows):
                for c in range(cols):
                    if r < rows - 1 and rng.random() < 0.12:
                        continue
                    x, y = w * (c + 0.5) / cols - s / 2, h * (r + 0.75) / (rows + 0.6) - s / 2
                    if r == rows - 1:
                        y += h * 0.03
                    icon(d, rng, x, y, s, shape)
                    if labels and r < rows - 1:
                        d.text(
                            (x + s / 2, y + s * 1.2),
                            rng.choice(WORDS),
                            fill=fg,
                            font=font(int(s * 0.24)),
                            anchor="mm",
                        )
        status_bar(d, rng, w, h, fg)
    elif kind == "lock":
        d.text(
            (w / 2, h * 0.2),
            f"{rng.randint(1, 12)}:{rng.randint(10, 59)}",
            fill=fg,
            font=font(int(m * rng.uniform(0.16, 0.3))),
            anchor="mm",
        )
        d.text(
            (w / 2, h * 0.3),
            rng.choice(["Tuesday, 12 September", "Mon, 9 June", "Friday, 3 March"]),
            fill=fg,
            font=font(int(m * 0.06)),
            anchor="mm",
        )
        status_bar(d, rng, w, h, fg)
    elif kind == "model":
        t = Image.new("L", (h, w), 0)
        name = model[:22] or "Studio"
        ImageDraw.Draw(t).text(
            (h * 0.06, w * 0.72),
            name,
            fill=255,
            font=font(int(min(w * 0.3, 1.5 * h / max(6, len(name))))),
            anchor="lm",
        )
        im.paste((255, 255, 255), (0, 0), t.rotate(90, expand=True).resize((w, h)))
    elif kind == "text":
        lines(d, rng, w * 0.07, h * 0.16, w * 0.86, 40, m * 0.06 * rng.uniform(0.6, 1.1), fg)
        d.text(
            (w * 0.07, h * 0.08),
            rng.choice(WORDS).title() + " " + rng.choice(WORDS),
            fill=fg,
            font=font(int(m * 0.08)),
        )
        if rng.random() < 0.5:
            im.paste(Image.fromarray(wallpaper(rng, int(w * 0.86), int(h * 0.25))), (int(w * 0.07), int(h * 0.3)))
        status_bar(d, rng, w, h, fg)
    elif kind == "list":
        head = hsv(rng.random(), 0.7, 0.7)
        d.rectangle([0, 0, w, h * 0.1], fill=head)
        n = rng.randint(6, 12)
        for k in range(n):
            y = h * (0.13 + 0.87 * k / n)
            d.ellipse([w * 0.05, y, w * 0.05 + m * 0.1, y + m * 0.1], fill=hsv(rng.random(), 0.6, 0.8))
            d.text((w * 0.2, y), rng.choice(WORDS).title(), fill=fg, font=font(int(m * 0.055)))
            d.text(
                (w * 0.2, y + m * 0.06),
                " ".join(rng.choices(WORDS, k=4)),
                fill=(140, 140, 140),
                font=font(int(m * 0.035)),
            )
    elif kind == "chat":
        c = hsv(rng.random(), 0.6, 0.8)
        y = h * 0.1
        while y < h * 0.9:
            mine, bw, bh = rng.random() < 0.5, w * rng.uniform(0.3, 0.65), h * rng.uniform(0.04, 0.1)
            x = w * 0.94 - bw if mine else w * 0.06
            d.rounded_rectangle([x, y, x + bw, y + bh], m * 0.04, fill=c if mine else (215, 215, 220))
            lines(
                d,
                rng,
                x + m * 0.03,
                y + bh * 0.2,
                bw * 0.9,
                max(1, int(bh / (m * 0.06))),
                m * 0.05,
                (20, 20, 20),
            )
            y += bh + h * 0.02
    elif kind == "video":
        f = np.array(im) * 0
        hh = min(h, int(w * 9 / 16))
        f[(h - hh) // 2 : (h - hh) // 2 + hh] = wallpaper(rng, w, hh)
        im = Image.fromarray(f)
    elif kind == "shop":
        cols = rng.choice([2, 3]) if h > w else 4
        for r in range(8):
            for c in range(cols):
                x, y, s = w * (c + 0.06) / cols, h * 0.1 + r * w / cols * 1.1, w / cols * 0.88
                im.paste(Image.fromarray(wallpaper(rng, max(8, int(s)), max(8, int(s * 0.8)))), (int(x), int(y)))
        d.rectangle([0, 0, w, h * 0.085], fill=hsv(rng.random(), 0.5, 0.9))
    return np.asarray(im)


def crack(img: np.ndarray, rng: Random):
    """Cracks over a screen: rays and rings from one or two points."""
    h, w = img.shape[:2]
    im = Image.fromarray(img)
    d = ImageDraw.Draw(im)
    for _ in range(rng.choice([1, 1, 2, 3])):
        cx, cy = rng.uniform(0, w), rng.uniform(0, h)
        rays = [rng.uniform(0, 6.28) for _ in range(rng.randint(9, 20))]
        for a in rays:
            x, y = cx, cy
            for _ in range(rng.randint(3, 10)):
                a += rng.gauss(0, 0.25)
                s = rng.uniform(0.04, 0.12) * max(w, h)
                nx, ny = x + s * math.cos(a), y + s * math.sin(a)
                g = rng.randint(130, 250)
                d.line([(x, y), (nx, ny)], fill=(g, g, g), width=rng.choice([1, 1, 2]))
                x, y = nx, ny
        for rad in (0.03, 0.07, 0.12):
            pts = [
                (
                    cx + rad * max(w, h) * math.cos(a) * rng.uniform(0.7, 1.3),
                    cy + rad * max(w, h) * math.sin(a) * rng.uniform(0.7, 1.3),
                )
                for a in sorted(rays)
            ]
            d.line(pts + pts[:1], fill=(200, 205, 210), width=1)
    return np.asarray(im)


def desktop(rng: Random, w, h, model="", kind=None, year=2022):
    """A laptop's screen."""
    kind = kind or rng.choice(
        ["wall"] * 5
        + ["windows"] * 4
        + [
            "start",
            "tiles",
            "mac",
            "mac",
            "code",
            "browser",
            "sheet",
            "marketing",
            "marketing",
            "game",
            "old",
            "off",
        ]
    )
    if year < 2010 and rng.random() < 0.6:
        kind = rng.choice(["old", "old", "old", "windows", "browser", "text", "wall", "off"])
    if kind == "off":
        return off(rng, w, h)
    base = wallpaper(rng, w, h)
    im = Image.fromarray(base)
    d = ImageDraw.Draw(im)
    if kind in ("windows", "start"):
        light = rng.random() < 0.5
        d.rectangle([0, h * 0.94, w, h], fill=(235, 240, 245) if light else (20, 24, 32))
        n, s = rng.randint(6, 12), h * 0.036
        x0 = w / 2 - n * s * 0.75 if rng.random() < 0.6 else w * 0.01
        for k in range(n):
            icon(d, rng, x0 + k * s * 1.5, h * 0.952, s)
        for k in range(rng.choice([0, 2, 5])):
            icon(d, rng, w * 0.02, h * (0.04 + 0.1 * k), h * 0.055)
    if kind == "start":
        x0, y0, x1, y1 = w * 0.3, h * 0.22, w * 0.7, h * 0.91
        d.rounded_rectangle([x0, y0, x1, y1], h * 0.02, fill=(238, 242, 248))
        for r in range(3):
            for c in range(6):
                icon(d, rng, x0 + (c + 0.35) * (x1 - x0) / 6.2, y0 + h * (0.08 + 0.12 * r), h * 0.055)
        d.rounded_rectangle([x0 + w * 0.02, y0 + h * 0.02, x1 - w * 0.02, y0 + h * 0.05], 4, fill=(255, 255, 255))
    elif kind == "tiles":
        d.rectangle([0, 0, w, h], fill=hsv(rng.random(), 0.7, rng.uniform(0.25, 0.6)))
        d.text((w * 0.06, h * 0.06), "Start", fill="white", font=font(int(h * 0.08)))
        for c in range(8):
            for r in range(4):
                x, y = w * (0.06 + 0.11 * c), h * (0.24 + 0.17 * r)
                if rng.random() < 0.1:
                    continue
                d.rectangle([x, y, x + w * 0.102, y + h * 0.155], fill=hsv(rng.random(), 0.8, 0.8))
                d.text(
                    (x + w * 0.05, y + h * 0.075),
                    rng.choice("ABCMSXW"),
                    fill="white",
                    font=font(int(h * 0.07)),
                    anchor="mm",
                )
    elif kind == "mac":
        d.rectangle([0, 0, w, h * 0.035], fill=(230, 230, 235))
        n, s = rng.randint(9, 15), h * 0.06
        d.rounded_rectangle(
            [w / 2 - n * s * 0.58, h * 0.9, w / 2 + n * s * 0.58, h * 0.985], h * 0.02, fill=(205, 210, 220)
        )
        for k in range(n):
            icon(d, rng, w / 2 - n * s * 0.56 + k * s * 1.12, h * 0.912, s * 0.95)
    elif kind == "code":
        d.rectangle([0, 0, w, h], fill=(30, 32, 40))
        d.rectangle([0, 0, w * 0.18, h], fill=(42, 44, 54))
        for k in range(30):
            x = w * (0.21 + 0.03 * rng.randint(0, 4))
            for _ in range(rng.randint(0, 5)):
                ww = w * rng.uniform(0.02, 0.1)
                d.rectangle(
                    [x, h * (0.04 + 0.032 * k), x + ww, h * (0.055 + 0.032 * k)],
                    fill=hsv(rng.random(), 0.5, 0.9),
                )
                x += ww + w * 0.01
    elif kind in ("browser", "text"):
        d.rectangle([0, 0, w, h], fill=(255, 255, 255))
        d.rectangle([0, 0, w, h * 0.09], fill=hsv(rng.random(), 0.3, 0.8))
        d.rounded_rectangle([w * 0.12, h * 0.045, w * 0.8, h * 0.08], 4, fill="white")
        for _ in range(rng.randint(1, 5)):
            x, y, ww = w * rng.uniform(0.03, 0.6), h * rng.uniform(0.12, 0.7), w * rng.uniform(0.12, 0.35)
            im.paste(Image.fromarray(wallpaper(rng, int(ww), int(ww * 0.6))), (int(x), int(y)))
        lines(d, rng, w * 0.06, h * 0.5, w * 0.6, 12, h * 0.036, (60, 60, 60))
    elif kind == "sheet":
        d.rectangle([0, 0, w, h], fill=(252, 252, 252))
        d.rectangle([0, 0, w, h * 0.12], fill=(30, 120, 70) if rng.random() < 0.5 else (40, 90, 170))
        for k in range(25):
            d.line([(0, h * (0.12 + 0.035 * k)), (w, h * (0.12 + 0.035 * k))], fill=(200, 200, 200))
            for c in range(10):
                if rng.random() < 0.5:
                    d.text(
                        (w * (0.02 + 0.1 * c), h * (0.125 + 0.035 * k)),
                        str(rng.randint(1, 9999)),
                        fill=(40, 40, 40),
                        font=font(int(h * 0.022)),
                    )
        for c in range(11):
            d.line([(w * 0.1 * c, h * 0.12), (w * 0.1 * c, h)], fill=(200, 200, 200))
    elif kind == "marketing":
        y = h * rng.uniform(0.25, 0.5)
        for t, s in (
            (model or "STUDIO", 0.15),
            (
                rng.choice(["Power meets style", "No.1 in the world", "Born to win", "Stay ahead", "OLED"]),
                0.07,
            ),
        ):
            d.text(
                (w / 2, y),
                t.upper() if rng.random() < 0.5 else t,
                fill="white",
                stroke_width=1,
                stroke_fill=(0, 0, 0),
                font=font(int(min(h * s, 1.7 * w / max(8, len(t))))),
                anchor="mm",
            )
            y += h * 0.16
    elif kind == "game":
        im = im.filter(ImageFilter.GaussianBlur(1))
        d = ImageDraw.Draw(im)
        for _ in range(40):
            x, y, s = rng.uniform(0, w), rng.uniform(h * 0.2, h), rng.uniform(0.02, 0.2) * h
            d.polygon(
                [(x + s * rng.uniform(-1, 1), y + s * rng.uniform(-1, 1)) for _ in range(4)],
                fill=hsv(rng.random(), 0.8, rng.uniform(0.1, 1)),
            )
    elif kind == "old":
        d.rectangle([0, 0, w, h], fill=rng.choice([(0, 128, 128), (58, 110, 165), (192, 192, 192), (20, 40, 120)]))
        for k in range(5):
            icon(d, rng, w * 0.03, h * (0.05 + 0.14 * k), h * 0.07)
        d.rectangle([0, h * 0.94, w, h], fill=(192, 192, 192))
        d.rectangle([w * 0.005, h * 0.945, w * 0.09, h * 0.995], fill=(60, 150, 60))
        if rng.random() < 0.7:
            x, y = w * rng.uniform(0.1, 0.3), h * rng.uniform(0.05, 0.2)
            d.rectangle([x, y, x + w * 0.6, y + h * 0.65], fill=(240, 240, 240))
            d.rectangle([x, y, x + w * 0.6, y + h * 0.06], fill=(10, 36, 106))
            lines(d, rng, x + w * 0.02, y + h * 0.1, w * 0.55, 12, h * 0.04, (0, 0, 0))
    return np.asarray(im)


def watch(rng: Random, w, h, round_=False, kind=None):
    """A watch face."""
    kind = kind or rng.choice(
        ["digital"] * 3
        + ["analog"] * (5 if round_ else 2)
        + ["rings", "grid", "grid", "icons", "icons", "list", "call", "wall", "off", "stats", "stats"]
    )
    if kind == "off":
        return off(rng, w, h)
    bg = (0, 0, 0) if rng.random() < 0.75 else hsv(rng.random(), rng.uniform(0, 0.6), rng.uniform(0.1, 1))
    im = Image.new("RGB", (w, h), bg)
    if kind == "wall" or rng.random() < 0.25:
        im = Image.fromarray(wallpaper(rng, w, h))
    d = ImageDraw.Draw(im)
    m, cx, cy = min(w, h), w / 2, h / 2
    acc = hsv(rng.random(), rng.uniform(0.5, 1), 1)
    fg = (255, 255, 255) if np.asarray(im).mean() < 130 else (10, 10, 10)
    tm = f"{rng.randint(1, 12):02d}:{rng.randint(0, 59):02d}"
    if kind in ("digital", "wall"):
        if rng.random() < 0.4:
            d.text((cx, cy - m * 0.2), tm[:2], fill=acc, font=font(int(m * 0.45)), anchor="mm")
            d.text((cx, cy + m * 0.2), tm[3:], fill=fg, font=font(int(m * 0.45)), anchor="mm")
        else:
            d.text((cx, cy), tm, fill=rng.choice([fg, acc]), font=font(int(m * 0.32)), anchor="mm")
            d.text(
                (cx, cy - m * 0.28),
                rng.choice(["MON 12", "TUE 9", "FRI 23 MAY"]),
                fill=acc,
                font=font(int(m * 0.1)),
                anchor="mm",
            )
            for k in range(3):
                d.text(
                    (cx + (k - 1) * m * 0.25, cy + m * 0.3),
                    str(rng.randint(10, 999)),
                    fill=hsv(rng.random(), 0.7, 1),
                    font=font(int(m * 0.1)),
                    anchor="mm",
                )
    elif kind == "analog":
        for k in range(60):
            a, big = k * math.pi / 30, k % 5 == 0
            r0 = m * (0.4 if big else 0.45)
            d.line(
                [
                    (cx + r0 * math.sin(a), cy - r0 * math.cos(a)),
                    (cx + m * 0.48 * math.sin(a), cy - m * 0.48 * math.cos(a)),
                ],
                fill=fg if big else acc,
                width=max(1, m // (50 if big else 120)),
            )
        if rng.random() < 0.5:
            for k in range(12):
                a = k * math.pi / 6
                d.text(
                    (cx + m * 0.34 * math.sin(a), cy - m * 0.34 * math.cos(a)),
                    str(k or 12),
                    fill=fg,
                    font=font(int(m * 0.1)),
                    anchor="mm",
                )
        for ox, oy in rng.sample([(0, -0.2), (-0.2, 0), (0.2, 0), (0, 0.2)], rng.randint(0, 3)):
            d.ellipse(
                [cx + m * (ox - 0.09), cy + m * (oy - 0.09), cx + m * (ox + 0.09), cy + m * (oy + 0.09)],
                outline=hsv(rng.random(), 0.7, 0.9),
                width=max(2, m // 60),
            )
        for a, ln, wd, c in (
            (rng.uniform(0, 6.3), 0.22, 22, fg),
            (rng.uniform(0, 6.3), 0.36, 30, fg),
            (rng.uniform(0, 6.3), 0.4, 90, acc),
        ):
            d.line(
                [(cx, cy), (cx + m * ln * math.sin(a), cy - m * ln * math.cos(a))],
                fill=c,
                width=max(2, m // wd),
            )
        d.ellipse([cx - m * 0.03, cy - m * 0.03, cx + m * 0.03, cy + m * 0.03], fill=acc)
    elif kind in ("rings", "stats"):
        for k in range(3):
            r = m * (0.42 - 0.09 * k)
            d.arc(
                [cx - r, cy - r, cx + r, cy + r],
                -90,
                rng.uniform(0, 270),
                fill=hsv(rng.random(), 0.9, 1),
                width=max(3, m // 16),
            )
        d.text(
            (cx, cy),
            tm if kind == "stats" else str(rng.randint(50, 180)),
            fill=fg,
            font=font(int(m * (0.2 if kind == "stats" else 0.15))),
            anchor="mm",
        )
    elif kind in ("grid", "list"):
        d.text((cx, cy - m * 0.33), tm, fill=fg, font=font(int(m * 0.22)), anchor="mm")
        for r in range(3):
            for c in range(1 if kind == "list" else 3):
                x, y, s = (
                    (w * 0.15, cy + m * (-0.18 + 0.2 * r), w * 0.7)
                    if kind == "list"
                    else (cx + m * (-0.36 + 0.25 * c), cy + m * (-0.18 + 0.2 * r), m * 0.22)
                )
                d.rounded_rectangle([x, y, x + s, y + m * 0.17], m * 0.04, fill=hsv(rng.random(), 0.7, 0.75))
                d.text(
                    (x + s / 2, y + m * 0.085),
                    str(rng.randint(1, 99)),
                    fill="white",
                    font=font(int(m * 0.11)),
                    anchor="mm",
                )
    elif kind == "icons":
        hexa = rng.random() < 0.5
        s = m * rng.uniform(0.15, 0.24)
        for r in range(-3, 4):
            for c in range(-3, 4):
                x, y = cx + (c + (0.5 if hexa and r % 2 else 0)) * s * 1.2, cy + r * s * 1.15
                icon(d, rng, x - s / 2, y - s / 2, s, "circle")
    elif kind == "call":
        d.text(
            (cx, cy - m * 0.15),
            rng.choice(["Alex", "Mum", "Sam", "Office"]),
            fill=fg,
            font=font(int(m * 0.18)),
            anchor="mm",
        )
        d.ellipse([cx - m * 0.32, cy + m * 0.1, cx - m * 0.08, cy + m * 0.34], fill=(230, 40, 50))
        d.ellipse([cx + m * 0.08, cy + m * 0.1, cx + m * 0.32, cy + m * 0.34], fill=(40, 200, 80))
    return np.asarray(im)


def label(rng: Random, w, h):
    """A type label as on the underside of a device: small print and a bar code."""
    im = Image.new("RGB", (w, h), rng.choice([(245, 245, 245), (230, 230, 225), (30, 30, 30)]))
    d = ImageDraw.Draw(im)
    ink = (20, 20, 20) if im.getpixel((0, 0))[0] > 100 else (220, 220, 220)
    lines(d, rng, w * 0.05, h * 0.08, w * 0.6, 6, h * 0.11, ink)
    x = w * 0.05
    while x < w * 0.6:
        s = rng.choice([1, 1, 2, 3])
        d.rectangle([x, h * 0.75, x + s, h * 0.95], fill=ink)
        x += s + rng.choice([1, 2])
    for k in range(3):
        d.rectangle([w * (0.68 + 0.1 * k), h * 0.2, w * (0.75 + 0.1 * k), h * 0.4], outline=ink)
    return np.asarray(im)


def wordmark(text, w, h, ink, body):
    """A brand name in plain type."""
    im = Image.new("RGB", (w, h), body)
    ImageDraw.Draw(im).text(
        (w / 2, h / 2), text, fill=ink, font=font(int(min(h * 0.8, 1.6 * w / max(2, len(text))))), anchor="mm"
    )
    return np.asarray(im)
