"""Small mesh kit of the photo studio: plain numpy, no Blender. One unit is one centimetre.

A `Group` is a flat list of parts (vertices, quads, n-gons, a material, texture coordinates). Devices are built as
groups in a frame of their own, then turned and placed; only `scene.build` hands them to Blender. Because all vertices
are known here, framing the camera needs no Blender either.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np


@dataclass(frozen=True)
class Mat:
    """A surface. `image` names a picture in `IMAGES`; it replaces `color` (or is what a screen shows when `emit` >
    0)."""

    color: tuple = (0.5, 0.5, 0.5)
    rough: float = 0.4
    metal: float = 0.0
    coat: float = 0.0
    spec: float = 0.5
    emit: float = 0.0
    alpha: float = 1.0
    image: str | None = None
    bump: float = 0.0
    grain: float = 40.0
    glass: float = 0.0


IMAGES: dict[str, np.ndarray] = {}


def picture(array: np.ndarray) -> str:
    """Register an RGB picture (h, w, 3) uint8 for this photo and return its name."""
    name = f"img{len(IMAGES)}"
    IMAGES[name] = array
    return name


@dataclass
class Part:
    verts: np.ndarray
    quads: np.ndarray
    ngons: list
    mat: Mat
    uv: np.ndarray | None = None  # one (u, v) per vertex
    fuse: float = 0.0  # voxel size: parts of one material with fuse > 0 melt into one smooth body
    sharp: float = 35.0  # degrees above which an edge is not smoothed


@dataclass
class Group:
    parts: list = field(default_factory=list)

    def add(self, part: Part | Group, matrix=None) -> Group:
        """Add a part or a whole group, moved by a 4 x 4 matrix."""
        for p in part.parts if isinstance(part, Group) else [part]:
            self.parts.append(replace(p, verts=apply(matrix, p.verts)) if matrix is not None else p)
        return self

    def moved(self, matrix) -> Group:
        return Group([replace(p, verts=apply(matrix, p.verts)) for p in self.parts])

    def points(self) -> np.ndarray:
        return np.concatenate([p.verts for p in self.parts]) if self.parts else np.zeros((1, 3))

    def box(self):
        v = self.points()
        return v.min(0), v.max(0)

    def grounded(self) -> Group:
        """The same group standing on z = 0, centred in x and y."""
        lo, hi = self.box()
        return self.moved(move(-(lo[0] + hi[0]) / 2, -(lo[1] + hi[1]) / 2, -lo[2]))


def apply(m, v):
    return v @ m[:3, :3].T + m[:3, 3]


def move(x=0.0, y=0.0, z=0.0):
    m = np.eye(4)
    m[:3, 3] = x, y, z
    return m


def scale(x, y=None, z=None):
    return np.diag([x, x if y is None else y, x if z is None else z, 1.0])


def turn(axis: str, degrees: float):
    """Rotation about one of the axes x, y, z."""
    a, m = math.radians(degrees), np.eye(4)
    c, s = math.cos(a), math.sin(a)
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    m[i, i], m[i, j], m[j, i], m[j, j] = c, -s, s, c
    return m


UPRIGHT = turn("x", 90)  # from "screen looks up" (+z) to "standing, screen looks at the camera" (-y)


# ---------------------------------------------------------------- outlines and solids
def rounded(w, h, r, n=6):
    """Outline of a rounded rectangle, counter-clockwise, 4 (n + 1) points."""
    r = max(min(r, w / 2, h / 2), 1e-4)
    a = np.linspace(0, np.pi / 2, n + 1)
    corner = np.stack([np.cos(a), np.sin(a)], 1) * r
    out = []
    for k, (sx, sy) in enumerate([(1, 1), (-1, 1), (-1, -1), (1, -1)]):
        c, s = math.cos(k * math.pi / 2), math.sin(k * math.pi / 2)
        rot = corner @ np.array([[c, s], [-s, c]])
        out.append(rot + [sx * (w / 2 - r), sy * (h / 2 - r)])
    return np.concatenate(out)


def stack(levels, mat, caps=(True, True), uv=False, **kw) -> Part:
    """A solid from outlines (N, 2) at heights z, bottom to top."""
    n = len(levels[0][0])
    verts = np.concatenate(
        [np.column_stack([o, np.full(n, z)]) if np.isscalar(z) else np.column_stack([o, z]) for o, z in levels]
    )
    i = np.arange(n)
    j = (i + 1) % n
    quads = (
        np.concatenate(
            [np.stack([k * n + i, k * n + j, (k + 1) * n + j, (k + 1) * n + i], 1) for k in range(len(levels) - 1)]
        )
        if len(levels) > 1
        else np.zeros((0, 4), int)
    )
    ngons = []
    if caps[0] and len(levels) > 1:
        ngons.append(i[::-1])
    if caps[1]:
        ngons.append((len(levels) - 1) * n + i)
    lo, hi = verts.min(0), verts.max(0)
    coords = (verts[:, :2] - lo[:2]) / np.maximum(hi[:2] - lo[:2], 1e-6) if uv else None
    return Part(verts, quads, ngons, mat, coords, **kw)


def slab(w, h, d, r, mat, bevel=0.1, top=None, n=6, k=4, **kw) -> Part:
    """A rounded plate centred on the origin: w x h x d, corner radius r, edges rounded by `bevel` (top edge by
    `top`)."""
    top = bevel if top is None else top
    bevel, top = min(bevel, d * 0.5, w / 2.01), min(top, d * 0.5, w / 2.01)
    levels = []
    for t in np.linspace(0, np.pi / 2, k + 1):
        inset = bevel * (1 - math.sin(t))
        levels.append(
            (
                rounded(w - 2 * inset, h - 2 * inset, max(r - inset, 1e-3), n),
                -d / 2 + bevel * (1 - math.cos(t)),
            )
        )
    for t in np.linspace(np.pi / 2, 0, k + 1):
        inset = top * (1 - math.sin(t))
        levels.append((rounded(w - 2 * inset, h - 2 * inset, max(r - inset, 1e-3), n), d / 2 - top * (1 - math.cos(t))))
    return stack(levels, mat, **kw)


def plate(w, h, r, mat, n=6) -> Part:
    """A flat rounded rectangle at z = 0 with texture coordinates: screens, labels, stickers."""
    return stack([(rounded(w, h, r, n), 0.0)], mat, uv=True)


def disc(radius, mat, n=32) -> Part:
    return plate(2 * radius, 2 * radius, radius, mat, n // 4)


def ring(r_out, r_in, d, mat, n=40, wh=None) -> Part:
    """A flat ring; with `wh` a rounded-rectangular frame (w, h, r) of width r_out - r_in."""

    def line(radius):
        if wh:
            grow = radius - r_out
            return rounded(wh[0] + 2 * grow, wh[1] + 2 * grow, max(wh[2] + grow, 0.01), n // 4)
        return rounded(2 * radius, 2 * radius, radius, n // 4)

    b = min(d, r_out - r_in) * 0.3
    levels = [
        (line(r_in), -d / 2),
        (line(r_out - b), -d / 2),
        (line(r_out), -d / 2 + b),
        (line(r_out), d / 2 - b),
        (line(r_out - b), d / 2),
        (line(r_in + b), d / 2),
        (line(r_in), d / 2 - b),
        (line(r_in), -d / 2),
    ]
    return stack(levels, mat, caps=(False, False))


def lathe(profile, mat, n=28, **kw) -> Part:
    """Surface of revolution about z. `profile`: (radius, z) points, bottom to top."""
    return stack(
        [(rounded(2 * max(r, 1e-3), 2 * max(r, 1e-3), max(r, 1e-3), n // 4), z) for r, z in profile],
        mat,
        **kw,
    )


def ball(rx, ry, rz, mat, n=24, m=12, **kw) -> Part:
    t = np.linspace(-np.pi / 2, np.pi / 2, m)
    part = lathe([(max(math.cos(a), 0.02), math.sin(a)) for a in t], mat, n, **kw)
    return replace(part, verts=part.verts * [rx, ry, rz])


def smooth_path(points, n=40, closed=False):
    """Catmull-Rom curve through the points, n samples."""
    p = np.asarray(points, float)
    p = np.vstack([p[-1], p, p[0], p[1]]) if closed else np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    segs = len(p) - 3
    out = []
    for s in np.linspace(0, segs, n, endpoint=not closed):
        i = min(int(s), segs - 1)
        t = s - i
        a, b, c, d = p[i : i + 4]
        out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3))
    return np.array(out)


def sweep(path, section, mat, up=None, sizes=None, closed=False, uv=False, caps=True, **kw) -> Part:
    """Sweep a 2D outline along a path. Section x lies along `up` x tangent, section y along the remaining normal."""
    path = np.asarray(path, float)
    m = len(path)
    tangent = np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-12
    if up is None:  # parallel transport keeps round tubes from twisting
        ref = np.array([0, 0, 1.0]) if abs(tangent[0][2]) < 0.9 else np.array([1.0, 0, 0])
        ups = []
        for t in tangent:
            ref = ref - t * (ref @ t)
            ref /= np.linalg.norm(ref) + 1e-12
            ups.append(ref)
        ups = np.array(ups)
    else:
        ups = np.broadcast_to(np.asarray(up, float), (m, 3))
    side = np.cross(ups, tangent)
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-12
    normal = np.cross(tangent, side)
    sizes = np.ones(m) if sizes is None else np.asarray(sizes, float)
    if sizes.ndim == 1:
        sizes = np.stack([sizes, sizes], 1)
    n = len(section)
    verts = (
        path[:, None]
        + side[:, None] * (section[None, :, :1] * sizes[:, None, :1])
        + normal[:, None] * (section[None, :, 1:] * sizes[:, None, 1:])
    ).reshape(-1, 3)
    i = np.arange(n)
    j = (i + 1) % n
    rows = range(m if closed else m - 1)
    quads = np.concatenate(
        [np.stack([k * n + i, ((k + 1) % m) * n + i, ((k + 1) % m) * n + j, k * n + j], 1) for k in rows]
    )
    ngons = [] if closed or not caps else [i.copy(), (m - 1) * n + i[::-1]]
    coords = None
    if uv:
        u, v = np.arange(m) / (m - 1), np.arange(n) / n
        coords = np.stack(np.meshgrid(u, v, indexing="ij"), -1).reshape(-1, 2)
    return Part(verts, quads, ngons, mat, coords, **kw)


def circle(r=1.0, n=10):
    return rounded(2 * r, 2 * r, r, max(n // 4, 1))


def tube(points, r, mat, n=40, closed=False, seg=10, sizes=None, **kw) -> Part:
    """A round cable or finger through the points."""
    path = smooth_path(points, n, closed)
    if sizes is not None:
        sizes = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(sizes)), sizes)
    return sweep(path, circle(r, seg), mat, sizes=sizes, closed=closed, **kw)


def capsule(points, r0, r1, mat, n=14, **kw) -> Part:
    """A limb with round ends, radius r0 to r1."""
    path = smooth_path(points, n)
    t = np.linspace(0, 1, n)
    r = r0 + (r1 - r0) * t
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    for end, rad in ((length, r0), (length[-1] - length, r1)):
        near = end < rad
        r[near] *= np.sqrt(np.maximum(1 - (1 - end[near] / rad) ** 2, 0.02))
    return sweep(path, circle(1.0, 12), mat, sizes=r, **kw)
