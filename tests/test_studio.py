"""The studio's photos: complete, sound, told apart, and the same when taken again from their seeds."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gadgetlib import CLASSES
from gadgetlib.files import data_dir

COLUMNS = ["file", "product_id", "gadget_type", "view", "background", "camera", "seed"]
PHOTOS = data_dir() / "photos"
STUDIO = data_dir() / "studio"


def table() -> list[dict[str, str]]:
    with open(PHOTOS / "photos.csv", encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def catalogue() -> dict[str, dict[str, str]]:
    with open(data_dir() / "catalogue.csv", encoding="utf-8", newline="") as f:
        return {row["product_id"]: row for row in csv.DictReader(f)}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return table()


def test_columns_and_values(rows):
    assert list(rows[0]) == COLUMNS
    known = catalogue()
    for row in rows:
        assert all(row.values()), f"an empty cell: {row}"
        assert row["gadget_type"] == known[row["product_id"]]["gadget_type"], row["file"]
        index = int(row["file"].removesuffix(".jpg").rsplit("-", 1)[1])
        assert row["file"] == f"{row['product_id']}-{index:02d}.jpg"
        expected = int(hashlib.sha1(f"{row['product_id']}:{index}".encode()).hexdigest()[:8], 16)
        assert int(row["seed"]) == expected, (
            f"{row['file']}: the seed does not follow from the product and the index"
        )
    assert len({row["file"] for row in rows}) == len(rows)


def test_four_photos_a_product_and_many_products(rows):
    counts = Counter(row["product_id"] for row in rows)
    few = sorted(product for product, count in counts.items() if count < 4)
    assert not few, f"{len(few)} products with fewer than four photos, for example {few[:5]}"
    assert len(rows) >= 1800
    for name in CLASSES:
        assert len({row["product_id"] for row in rows if row["gadget_type"] == name}) >= 60, name


def test_views_and_backgrounds_vary(rows):
    for name in CLASSES:
        mine = [row for row in rows if row["gadget_type"] == name]
        assert len({row["view"] for row in mine}) >= 10, name
        assert len({row["background"] for row in mine}) >= 15, name
        white = sum(row["background"].startswith("white") for row in mine) / len(mine)
        assert 0.2 < white < 0.8, f"{name}: {white:.0%} on white; shops and real rooms both belong in it"


def test_files_are_sound_and_all_listed(rows):
    assert {path.name for path in PHOTOS.glob("*.jpg")} == {row["file"] for row in rows}
    assert sum(path.stat().st_size for path in PHOTOS.glob("*")) <= 42e6
    seen: dict[str, str] = {}
    for row in rows:
        raw = (PHOTOS / row["file"]).read_bytes()
        digest = hashlib.sha256(raw).hexdigest()
        assert digest not in seen, f"{row['file']} is the same file as {seen[digest]}"
        seen[digest] = row["file"]
        with Image.open(PHOTOS / row["file"]) as picture:
            assert picture.format == "JPEG" and picture.mode == "RGB"
            assert max(picture.size) == 320 and min(picture.size) >= 96, (row["file"], picture.size)
            picture.draft("L", (160, 160))
            gray = np.asarray(picture.convert("L"), float)
        assert visible(gray), f"{row['file']}: hardly anything to be seen"


def visible(gray: np.ndarray) -> bool:
    """At least 1.5 % of the picture differs clearly from its most common shade."""
    shade = np.bincount(gray.astype(int).ravel(), minlength=256).argmax()
    return gray.std() >= 6 and float((np.abs(gray - shade) > 12).mean()) >= 0.015


def test_the_check_for_blank_pictures_can_fail():
    blank = np.full((160, 160), 255.0)
    assert not visible(blank)
    blank[:10, :10] = 240
    assert not visible(blank)
    blank[40:120, 60:100] = 90
    assert visible(blank)


def studio_python() -> str | None:
    """An interpreter that has Blender's bpy: STUDIO_PYTHON, or this one."""
    for candidate in (os.environ.get("STUDIO_PYTHON"), sys.executable):
        found = candidate and shutil.which(candidate)
        if found and subprocess.run([found, "-c", "import bpy"], capture_output=True).returncode == 0:
            return found
    return None


def test_photos_come_out_the_same_from_their_seeds(rows, tmp_path: Path):
    """One photo a class is taken again; after the JPEG, at most a few levels may differ on average."""
    python = studio_python()
    if python is None:
        pytest.skip("Blender's bpy is not importable; set STUDIO_PYTHON to an interpreter that has it")
    chosen = []
    for name in CLASSES:
        mine = [row for row in rows if row["gadget_type"] == name]
        chosen.append(mine[len(mine) // 3])
    script = (
        "import sys, json\n"
        f"sys.path.insert(0, {str(STUDIO)!r})\n"
        "import render, scene\n"
        "from pathlib import Path\n"
        f"rows = {{r['product_id']: r for r in render.products(Path({str(data_dir() / 'catalogue.csv')!r}))}}\n"
        "scene.reset(1)\n"
        "for product, index in json.loads(sys.argv[1]):\n"
        "    image, meta = render.photo(rows[product], index)\n"
        f"    render.save(image, Path({str(tmp_path)!r}) / meta['file'], meta['seed'])\n"
    )
    wanted = [(row["product_id"], int(row["file"][:-4].rsplit("-", 1)[1])) for row in chosen]
    done = subprocess.run(
        [python, "-c", script, json.dumps(wanted)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for row in chosen:
        with Image.open(PHOTOS / row["file"]) as a, Image.open(tmp_path / row["file"]) as b:
            assert a.size == b.size
            difference = float(np.abs(np.asarray(a, float) - np.asarray(b, float)).mean())
        assert difference < 4.0, (
            f"{row['file']}: {difference:.1f} levels away from the photo in the repository"
        )
