"""How a listing picture reaches a shopper: saved and compressed, posted again, or photographed at an angle.

Pictures are float arrays (height, width, 3) in 0..255; word outlines are arrays (words, 4, 2) of x, y in pixels.
Every step that moves pixels moves the outlines with it.
"""

import io
import math
import random

import numpy as np
from PIL import Image, ImageFilter


def homography(src: np.ndarray, dst: np.ndarray) -> np.ndarray:
    """The 3 x 3 matrix that takes four points `src` (4, 2) to `dst` (4, 2)."""
    rows, values = [], []
    for (x, y), (u, v) in zip(src, dst):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.append(np.linalg.solve(np.array(rows, float), np.array(values, float)), 1).reshape(3, 3)


def move(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points (..., 2) through a homography."""
    flat = np.concatenate([points, np.ones((*points.shape[:-1], 1))], -1) @ matrix.T
    return flat[..., :2] / flat[..., 2:]


def recipe(kind: str, dark: bool, rng: random.Random, gentle: float) -> dict:
    """What happens to one picture. `gentle` in 0..1 scales the damage down when an attempt was not legible."""
    mode = rng.choices(["saved", "reposted", "photographed"], [34, 36, 30])[0] if kind == "screen" else "photographed"
    out = {
        "mode": mode,
        "seed": rng.randrange(2**31),
        "size": rng.randint(round(880 - 280 * gentle), 1000),
        "quality": rng.randint(62, 90),
    }
    if mode == "saved":
        return out
    out.update(
        quality=rng.randint(40, 78),
        contrast=1 - gentle * max(0.0, rng.uniform(-0.25, 0.5)),
        lift=rng.uniform(-15, 35) * gentle,
        noise=rng.uniform(0, 7) * gentle,
        blur=rng.uniform(0, 0.8) * gentle,
        size=rng.randint(round(900 - 290 * gentle), 1000),
    )
    if mode == "photographed":
        steep = (1.0 if kind == "label" else 0.6) * gentle
        out.update(
            yaw=rng.uniform(-1, 1) * steep,
            pitch=rng.uniform(-0.5, 0.8) * steep,
            turn=rng.gauss(0, 2.2) * gentle,
            glare=rng.uniform(0.15, 0.7) * gentle if rng.random() < 0.55 else 0,
            shade=rng.uniform(0.05, 0.45) * gentle,
            tint=rng.uniform(-1, 1),
            noise=rng.uniform(1, 10) * gentle,
            blur=rng.uniform(0.2, 1.1) * gentle,
            motion=rng.uniform(1.5, 3.5) * gentle if rng.random() < 0.2 else 0,
            size=rng.randint(round(960 - 230 * gentle), 1000),
        )
    return out


def warp(image: Image.Image, quads: np.ndarray, how: dict, rng: np.random.Generator) -> tuple[Image.Image, np.ndarray]:
    """The page seen from the side, a little turned, on some ground. The whole page stays in the picture."""
    w, h = image.size
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], float)
    p = (corners - [w / 2, h / 2]) / max(w, h)
    yaw, pitch, turn = math.radians(24) * how["yaw"], math.radians(18) * how["pitch"], math.radians(how["turn"])
    x, y, z = p[:, 0], p[:, 1], np.zeros(4)
    x, z = x * math.cos(yaw), -x * math.sin(yaw)
    y, z = y * math.cos(pitch) - z * math.sin(pitch), y * math.sin(pitch) + z * math.cos(pitch)
    x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
    seen = np.stack([x, y], 1) * (1.9 / (1.9 + z))[:, None] * max(w, h)
    margin = rng.uniform(0.0, 0.05, 4) * max(w, h)
    low, high = seen.min(0) - margin[:2], seen.max(0) + margin[2:]
    size = np.round(high - low).astype(int)
    matrix = homography(corners, seen - low)
    back = np.linalg.inv(matrix)
    back /= back[2, 2]
    ground = (rng.uniform(40, 225) + rng.uniform(-18, 18, 3)).clip(0, 255)
    grain = rng.normal(0, 1, (max(2, size[1] // 12), max(2, size[0] // 12)))
    grain = np.asarray(Image.fromarray(grain.astype(np.float32)).resize(tuple(size), Image.BICUBIC))
    table = (ground + grain[..., None] * rng.uniform(1, 7)).clip(0, 255).astype(np.uint8)
    page = image.transform(tuple(size), Image.PERSPECTIVE, back.ravel()[:8], Image.BICUBIC)
    mask = Image.new("L", (w, h), 255).transform(tuple(size), Image.PERSPECTIVE, back.ravel()[:8], Image.BICUBIC)
    out = Image.fromarray(table)
    out.paste(page, (0, 0), mask)
    return out, move(quads, matrix)


def light(a: np.ndarray, how: dict, rng: np.random.Generator) -> np.ndarray:
    """Uneven light, a tint, and a glare spot or streak."""
    h, w = a.shape[:2]
    yy, xx = np.mgrid[0:h, 0:w].astype(np.float32)
    xx, yy = xx / w - 0.5, yy / h - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    ramp = xx * np.cos(angle) + yy * np.sin(angle)
    a = a * (1 + how["shade"] * (ramp - 0.25))[..., None]
    a = a * (1 + 0.07 * how["tint"] * np.array([1, 0.1, -1], np.float32))
    if how["glare"]:
        cx, cy = rng.uniform(-0.45, 0.45, 2)
        turn = rng.uniform(0, np.pi)
        u = (xx - cx) * np.cos(turn) + (yy - cy) * np.sin(turn)
        v = -(xx - cx) * np.sin(turn) + (yy - cy) * np.cos(turn)
        spot = np.exp(-((u / rng.uniform(0.15, 0.7)) ** 2) - (v / rng.uniform(0.05, 0.18)) ** 2)
        a = a + (255 - a) * (how["glare"] * spot)[..., None]
    return a


def shoot(image: Image.Image, quads: np.ndarray, how: dict) -> tuple[bytes, np.ndarray, Image.Image]:
    """Apply a recipe. Returns the JPEG, the outlines in its pixels, and the decoded picture."""
    rng = np.random.default_rng(how["seed"])
    image = image.convert("RGB")
    if how["mode"] == "photographed":
        image, quads = warp(image, quads, how, rng)
    scale = how["size"] / max(image.size)
    w, h = round(image.width * scale), round(image.height * scale)
    quads = quads * [w / image.width, h / image.height]
    image = image.resize((w, h), Image.LANCZOS)
    if how["mode"] != "saved":
        if how.get("motion"):
            reach = int(round(how["motion"]))
            a = np.asarray(image, np.float32)
            image = Image.fromarray(np.mean([np.roll(a, k - reach // 2, 1) for k in range(reach)], 0).astype(np.uint8))
        if how["blur"] > 0.15:
            image = image.filter(ImageFilter.GaussianBlur(how["blur"]))
        a = np.asarray(image, np.float32)
        if how["mode"] == "photographed":
            a = light(a, how, rng)
        a = (a - 128) * how["contrast"] + 128 + how["lift"]
        if how["noise"] > 0.3:
            a = a + rng.normal(0, how["noise"], a.shape[:2] + (1,)) + rng.normal(0, how["noise"] / 3, a.shape)
        image = Image.fromarray(a.clip(0, 255).astype(np.uint8))
        if how["mode"] == "reposted":  # compressed once more on the way
            image = decode(encode(image, min(90, how["quality"] + 10)))
    data = encode(image, how["quality"])
    while len(data) > 95_000 and how["quality"] > 42:  # busy pictures: smaller files, still legible
        how["quality"] = max(42, how["quality"] - 8)
        data = encode(image, how["quality"])
    return data, quads, decode(data)


def encode(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def decode(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def boxes(quads: np.ndarray) -> np.ndarray:
    """Upright boxes (words, 4) as x0, y0, x1, y1 around the outlines."""
    return np.concatenate([quads.min(1), quads.max(1)], 1)


def legible(image: Image.Image, quads: np.ndarray, fonts: np.ndarray, least: float, smallest: float) -> int | None:
    """The first word that a person could not read (too flat or too small), or None when all can be read.

    Flat: the 4th and 96th percentile of the word's brightness lie closer than `least` (0..255).
    Small: its font size, `fonts` (words,) in pixels of this picture, is below `smallest`.
    """
    grey = np.asarray(image.convert("L"), np.float32)
    for k, (x0, y0, x1, y1) in enumerate(boxes(quads)):
        patch = grey[max(0, int(y0)) : int(y1) + 2, max(0, int(x0)) : int(x1) + 2]
        if fonts[k] < smallest or not patch.size:
            return k
        if np.percentile(patch, 96) - np.percentile(patch, 4) < least:
            return k
    return None
