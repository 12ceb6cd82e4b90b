"""Take the studio's photos: every product of the catalogue, a number of times.

    python data/studio/render.py                  # what is missing in data/photos: 9 photos of 104 products per class
    python data/studio/render.py --products 0     # ... of every product of the catalogue
    python data/studio/render.py --only laptop --photos 2 --products 10 --out build/try

Each photo follows from (product_id, index) alone: the seed is a hash of both. The run can be stopped and taken up
again; photos.csv is written at the end (and what was done so far is kept in photos.partN.csv).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import headphones  # noqa: E402
import laptop  # noqa: E402
import mesh  # noqa: E402
import phone  # noqa: E402
import sets  # noqa: E402
import tablet  # noqa: E402
import watch  # noqa: E402
from build_catalogue import later  # noqa: E402
from looks import PORTRAITS_FROM, PRODUCTS, SHUFFLE, Look, common, rare  # noqa: E402

MAKERS = {
    "mobile_phone": phone,
    "laptop": laptop,
    "tablet": tablet,
    "smartwatch": watch,
    "headphones": headphones,
}
COLUMNS = ["file", "product_id", "gadget_type", "view", "background", "camera", "seed"]
SIDE = 320  # the photo
RENDERED = 272  # what Cycles makes of it: time goes with the square, and few photos are sharp to the pixel
SAMPLES = 3  # per pixel, then denoised


def seed_of(product_id: str, index: int) -> int:
    return int(hashlib.sha1(f"{product_id}:{index}".encode()).hexdigest()[:8], 16)


def name_of(product_id: str, index: int) -> str:
    return f"{product_id}-{index:02d}.jpg"


def products(path: Path) -> list[dict]:
    """One row per product of the catalogue (its first variant), without the products that came later."""
    with open(path, encoding="utf-8", newline="") as f:
        rows = {}
        for row in csv.DictReader(f):
            rows.setdefault(row["product_id"], row)
    passed_over = later()
    return [row for row in rows.values() if row["product_id"] not in passed_over]


def choose_set(rng: Random, shot) -> str:
    """table3d, backdrop, or one of the shop's cut-out backgrounds."""
    if shot.stage == "table":
        if rng.random() < max(shot.wild, 0.35):
            return "table"
    elif shot.stage == "air":
        if rng.random() < 0.85:
            return rng.choice(["backdrop"] * 3 + ["table"] * 2)
    elif rng.random() < shot.wild:
        return rng.choice(["table", "backdrop", "colour"])
    return rng.choice(
        ["white"] * 12
        + ["white_shadow"] * 5
        + ["white_mirror"] * 2
        + ["offwhite"] * 2
        + ["grey"] * 3
        + ["colour"] * 3
        + ["black", "wallpaper"]
    )


def frame_size(rng: Random, aspect: float, wild: bool):
    """Width and height of the photo for a subject of this aspect."""
    if wild:
        a = rng.choice([4 / 3, 3 / 4, 1, 16 / 9, 3 / 2, 2 / 3, 1])
        if max(a / aspect, aspect / a) > 2.2:
            a = 1
    else:
        a = rng.choice([1, 1, 1, aspect, aspect, 4 / 3 if aspect > 1 else 3 / 4])
    a = min(max(a, 0.5), 2.0)
    return (SIDE, max(96, round(SIDE / a))) if a >= 1 else (max(96, round(SIDE * a)), SIDE)


def compose(row: dict, index: int, attempt=0):
    """Everything about a photo but the pixels: a dict, and the generator to go on with."""
    seed = seed_of(row["product_id"], index)
    rng = Random(seed + attempt * 7919)
    mesh.IMAGES.clear()
    look = Look(row)
    look.portrait = index >= PORTRAITS_FROM
    shot = MAKERS[row["gadget_type"]].shot(look, rng, index)
    return seed, rng, look, shot


def in_view(points, pos, rot, tan, aspect) -> float:
    """Share of the points that the camera sees."""
    q = (points - pos) @ rot
    depth = np.maximum(-q[:, 2], 1e-6)
    tx, ty = (tan, tan / aspect) if aspect >= 1 else (tan * aspect, tan)
    return float(((np.abs(q[:, 0]) < depth * tx) & (np.abs(q[:, 1]) < depth * ty)).mean())


def photo(row: dict, index: int, threads=1):
    """Render one photo: (PIL image, its row of photos.csv)."""
    import scene

    for attempt in range(4):
        seed, rng, look, shot = compose(row, index, attempt)
        kind = choose_set(rng, shot)
        solid = kind == "table"
        subject, extra = shot.subject, shot.extra
        lo, hi = subject.box()
        if solid and shot.stage != "table":
            dz = -lo[2] + (0 if shot.stage == "float" else rng.uniform(6, 25))
            subject = subject.moved(mesh.move(0, 0, dz))
            extra = extra.moved(mesh.move(0, 0, dz)) if extra else None
            lo, hi = subject.box()
        focus = getattr(shot, "focus", None)
        focus = subject.points() if focus is None else focus + ([0, 0, dz] if solid and shot.stage != "table" else 0)
        wild = solid or kind == "backdrop"
        az, el, roll = rng.uniform(*shot.az), rng.uniform(*shot.el), rng.uniform(*shot.roll)
        if solid:
            el = max(el, rng.uniform(6, 16))
        lens = rng.choice([26, 30, 35, 50]) if wild else rng.choice([50, 70, 85, 120])
        fill = (
            rng.choice([rng.uniform(0.6, 0.98), rng.uniform(0.85, 0.99), rng.uniform(0.4, 0.98)])
            if not wild
            else rng.uniform(0.5, 1.0)
        )
        fill = fill / (1 - shot.crop) * (1 + shot.crop)
        sub = focus[:: max(1, len(focus) // 4000)]
        _, rot, _ = scene.frame(sub, az, el, roll, 85, 1.0)
        q = sub @ rot
        aspect = float(np.ptp(q[:, 0]) / max(np.ptp(q[:, 1]), 1e-6))
        width, height = frame_size(rng, aspect, wild)
        shift = (
            (rng.uniform(-0.12, 0.12), rng.uniform(-0.12, 0.12))
            if wild
            else (0, rng.choice([0, 0, rng.uniform(-0.04, 0.04)]))
        )
        pos, rot, tan = scene.frame(sub, az, el, roll, lens, width / height, fill, shift)
        if in_view(sub, pos, rot, tan, width / height) < 0.55:
            continue
        if solid and pos[2] < 1.5:
            pos = np.array([pos[0], pos[1], 1.5])
        # things to see
        everything = mesh.Group().add(subject)
        if extra:
            everything.add(extra)
        size = float(np.linalg.norm(hi - lo))
        if solid:
            surface = rng.choice(sets.SURFACES)
            kind = surface
            rng.random(), rng.random()  # spare draws: without them every later choice would change
            top = sets.table(rng, surface, rng.uniform(1.2, 3.5) * max(size, 14))
            everything.add(top)
            n = rng.choice([0, 0, 1, 2, 4, 6, 9])
            spot = mesh.Group().add(subject, mesh.turn("z", -az))
            slo, shi = spot.box()
            everything.add(sets.clutter(rng, slo, shi, n), mesh.turn("z", az))
        scene.clear()
        scene.build(everything)
        mood = "studio" if not wild else rng.choice(["window", "window", "lamp", "flash"])
        scene.surroundings(
            scene.room(rng, mood),
            {
                "studio": rng.uniform(0.8, 1.15),
                "window": rng.uniform(0.9, 2.2),
                "lamp": rng.uniform(0.5, 1.2),
                "flash": rng.uniform(0.3, 0.8),
            }[mood],
            rng.uniform(0, 6.28),
        )
        centre = (lo + hi) / 2
        if mood == "flash":
            scene.area_light(pos + rot[:, 1] * size * 0.1, centre, size * 0.08, rng.uniform(0.6, 1.3))
        else:
            for _ in range(rng.choice([1, 1, 2])):
                d = rot @ np.array([rng.uniform(-1, 1), rng.uniform(0.2, 1.2), rng.uniform(0.2, 1)])
                if solid:
                    d[2] = abs(d[2]) + 0.3
                tint = (1, 1, 1) if mood == "studio" else rng.choice([(1, 1, 1), (1, 0.88, 0.7), (0.85, 0.93, 1)])
                scene.area_light(
                    centre + d / np.linalg.norm(d) * size * 2,
                    centre,
                    size * rng.uniform(0.3, 1.6),
                    rng.uniform(0.2, 0.75),
                    tint,
                )
        focus_at = float((pos - sub.mean(0)) @ rot[:, 2])
        fstop = 0
        if wild and rng.random() < 0.3:  # blur grows with the scene, so the f-number must too
            fstop = rng.uniform(1.2, 4) * lens / 1000 * 10 / max(size / 20, 0.3)
        scene.camera(
            pos,
            rot,
            lens,
            round(width * RENDERED / SIDE),
            round(height * RENDERED / SIDE),
            fstop,
            max(focus_at, 0.1),
        )
        rgba = scene.render(not solid or el < 60, SAMPLES, seed & 0x7FFFFFFF)
        rgba = np.asarray(Image.fromarray(sets.clean_edge(rgba)).resize((width, height), Image.BICUBIC))
        if solid:
            alpha = rgba[..., 3:] / 255.0
            img = rgba[..., :3] * alpha + sets.backdrop(
                rng, width, height, rng.choice(["room", "wall", "wall", "bokeh"])
            ) * (1 - alpha)
            img = img.astype(np.uint8)
        else:
            img = sets.composite(rgba, rng, kind)
            cover = float((rgba[..., 3] > 128).mean())
            bg = np.median(np.concatenate([img[0], img[-1]]), 0)
            seen = float((np.abs(img.astype(int) - bg).max(-1) > 14).mean())
            if kind != "backdrop" and (cover < 0.03 or seen < max(0.03, cover * 0.5)):  # white on white, black on black
                kind = "grey"
                img = sets.composite(rgba, Random(seed), kind)
                seen = float((np.abs(img.astype(int) - np.median(img[0], 0)).max(-1) > 14).mean())
                if seen < 0.03:
                    continue
        im = Image.fromarray(img)
        if not solid and kind in ("white", "colour", "black") and shot.stage != "air" and rng.random() < 0.13:
            im = sets.banner(rng, im, width, height, f"{look.brand} {look.model}", kind == "white")
            kind += "_banner"
        im = sets.finish(np.asarray(im), rng, wild)
        if wild and rng.random() < 0.05:  # scans and old collections: turned, with empty corners
            im = im.rotate(
                rng.uniform(-40, 40),
                Image.BICUBIC,
                expand=True,
                fillcolor=rng.choice([(255, 255, 255), (0, 0, 0)]),
            )
            im.thumbnail((SIDE, SIDE))
        if max(im.size) != SIDE:
            im = im.resize((round(im.width * SIDE / max(im.size)), round(im.height * SIDE / max(im.size))))
        if np.asarray(im.convert("L")).std() < 9:
            continue
        meta = {
            "file": name_of(row["product_id"], index),
            "product_id": row["product_id"],
            "gadget_type": row["gadget_type"],
            "view": shot.view,
            "background": kind,
            "camera": f"az={az:.0f} el={el:.0f} roll={roll:.0f} lens={lens}",
            "seed": seed,
        }
        return im, meta
    raise RuntimeError(f"{row['product_id']} photo {index}: nothing to be seen after four attempts")


def save(im: Image.Image, path: Path, seed: int):
    tmp = path.with_suffix(".tmp")
    im.save(tmp, "JPEG", quality=76 + seed % 9, optimize=True)
    os.replace(tmp, path)


def read_rows(out: Path) -> dict:
    rows = {}
    for p in [out / "photos.csv", *sorted(out.glob("photos.part*.csv"))]:
        if p.exists():
            with open(p, encoding="utf-8", newline="") as f:
                rows.update({r["file"]: r for r in csv.DictReader(f) if r.get("seed")})
    return rows


def work(args, jobs):
    """Render this process's share."""
    import scene

    scene.reset(args.threads)
    part, of = (int(x) for x in args.part.split("/"))
    done = read_rows(args.out)
    path = args.out / f"photos.part{part}.csv"
    new = not path.exists()
    t0, n = time.time(), 0
    with open(path, "a", encoding="utf-8", newline="") as f:
        w = csv.DictWriter(f, COLUMNS)
        if new:
            w.writeheader()
        for k, (row, i) in enumerate(jobs):
            name = name_of(row["product_id"], i)
            if k % of != part or (name in done and (args.out / name).exists()):
                continue
            try:
                im, meta = photo(row, i, args.threads)
            except Exception as e:  # one bad photo must not stop two thousand; the tests count what is there
                print(f"failed {name}: {type(e).__name__}: {e}", flush=True)
                if args.strict:
                    raise
                continue
            save(im, args.out / name, meta["seed"])
            w.writerow(meta)
            f.flush()
            n += 1
            if n % 50 == 0:
                print(f"part {part}: {n} photos, {(time.time() - t0) / n:.2f} s each", flush=True)
    print(f"part {part}: {n} photos, {(time.time() - t0) / max(n, 1):.2f} s each", flush=True)


def finish(out: Path):
    rows = {k: v for k, v in read_rows(out).items() if (out / k).exists()}
    tmp = out / "photos.csv.tmp"
    with open(tmp, "w", encoding="utf-8", newline="") as f:
        w = csv.DictWriter(f, COLUMNS, lineterminator="\n")
        w.writeheader()
        w.writerows(rows[k] for k in sorted(rows))
    os.replace(tmp, out / "photos.csv")
    for p in out.glob("photos.part*.csv"):
        p.unlink()
    return len(rows)


def plan(rows, photos):
    """(product row, index) in rounds, so that an early stop leaves every product with about as many photos."""
    return [(r, i) for i in range(photos) for r in rows]


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--catalogue", type=Path, default=HERE.parent / "catalogue.csv")
    p.add_argument("--out", type=Path, default=HERE.parent / "photos")
    p.add_argument("--only", default="", help="gadget types, comma-separated")
    p.add_argument("--photos", type=int, default=9, help="photos per product, the fifth and later ones portraits")
    p.add_argument("--first", type=int, default=0, help="index of the first photo")
    p.add_argument("--products", type=int, default=PRODUCTS, help="at most so many products per class, 0: all")
    p.add_argument("--shuffle", type=int, default=SHUFFLE, help="seed to pick the products with; 0: catalogue order")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--part", default="")
    p.add_argument("--strict", action="store_true")
    args = p.parse_args()
    rows = products(args.catalogue)
    if args.only:
        rows = [r for r in rows if r["gadget_type"] in args.only.split(",")]
    chosen, others = common(rows, args.products, args.shuffle)
    rows = [row for row in [*chosen, *others] if row in chosen or rare(row)]
    args.out.mkdir(parents=True, exist_ok=True)
    jobs = [(r, i + args.first) for r, i in plan(rows, args.photos)]
    if args.part:
        return work(args, jobs)
    children = [
        subprocess.Popen([sys.executable, str(Path(__file__).resolve()), *sys.argv[1:], "--part", f"{k}/{args.jobs}"])
        for k in range(args.jobs)
    ]
    codes = [c.wait() for c in children]
    print(f"{finish(args.out)} photos in {args.out}")
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
