"""Record the offline shop: answers of an image search over ``data/photos`` with a planted, known mess.

    python data/studio/shop.py                      # data/photos -> data/shop, a few seconds, the same every time
    python data/studio/shop.py --photos P --out S   # other folders

Writes ``shop.json`` (hosts, queries, robots.txt), ``answers/*.json`` (a file for each query and page, in the shape that
DuckDuckGo's image search answers in), ``pictures.jsonl`` (which photo lies at each address, which bytes are sent in its
place, and how the server of ``coursekit.shop`` misbehaves), ``sent/`` (those bytes) and ``mess.csv``: the truth about
every planted fault.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import random
import shutil
import struct
import sys
import zlib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

sys.path.insert(1, str(HERE.parents[1]))

from looks import portrait  # noqa: E402

from coursekit.shop import HTML  # noqa: E402

QUERIES = {
    "smartphone": "mobile_phone",
    "mobile phone product photo": "mobile_phone",
    "laptop computer": "laptop",
    "notebook laptop product photo": "laptop",
    "tablet computer": "tablet",
    "tablet product photo": "tablet",
    "smartwatch": "smartwatch",
    "fitness watch product photo": "smartwatch",
    "headphones": "headphones",
    "wireless earbuds product photo": "headphones",
}
SEARCH = "search.gadget-web.example"
HOSTS = [
    "img.voltmarket.example", "cdn.circuit-alley.example", "static.pixelbarn.example", "media.gizmodepot.example",
    "pics.handset-house.example", "images.lapworks.example", "i.secondscreen.example", "cdn.soundloft.example",
    "photos.wristtech.example", "assets.techbazaar.example", "img.refurb-corner.example", "files.gadgetblog.example",
]  # fmt: skip
ROBOTS = "User-agent: *\nDisallow: /private/\n"
PAGE = 100
MESS = ["url", "query", "fault", "expected", "file", "label", "true_label"]
GREY = (120, 120, 120)
PRIVATE = "http://169.254.169.254/latest/meta-data/picture.jpg"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"><rect width="320" height="240"/></svg>'


# ---------------------------------------------------------------- pictures that are not sent as they are


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, colour: int, raw: bytes) -> bytes:
    """A PNG file around compressed rows; what the header says need not be true."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", raw) + _chunk(b"IEND", b"")


def bomb(side: int) -> bytes:
    """A PNG of a kilobyte whose header promises ``side`` x ``side`` pixels."""
    return png(side, side, 1, 0, zlib.compress(bytes(2**20), 9))


def _save(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _written(image: Image.Image, place: tuple[float, float], text: str, colour: tuple[int, int, int]) -> Image.Image:
    ImageDraw.Draw(image).text(place, text, fill=colour)
    return image


def _fit(image: Image.Image, side: int) -> Image.Image:
    image.thumbnail((side, side))
    return image


def _turned(image: Image.Image) -> bytes:
    """Lies on its side; the EXIF tag says so, as phones do."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return _save(image.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=88, exif=exif)


def _gif(image: Image.Image) -> bytes:
    first, *others = (image.rotate(3 * i).quantize(64) for i in range(3))
    return _save(first, "GIF", save_all=True, append_images=others, duration=200)


def _alpha(image: Image.Image) -> bytes:
    image.putalpha(255)
    return _save(image.quantize(64), "PNG")


def _png16(image: Image.Image, *grey: Any) -> bytes:
    """16 bits per sample, as scanners write; RGB of that depth Pillow reads but does not write."""
    import numpy as np

    if grey:
        return _save(image.convert("I;16"), "PNG")
    pixels = (np.asarray(image).astype(">u2") * 257).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return png(image.width, image.height, 16, 2, zlib.compress(rows, 6))


EDITS: dict[str, Callable[..., Image.Image]] = {  # steps that change the picture
    "crop": lambda image, *part: image.crop(tuple(round(v * s) for v, s in zip(part, image.size * 2))),
    "scale": lambda image, by: image.resize(tuple(max(8, round(s * by)) for s in image.size), Image.Resampling.BICUBIC),
    "fit": _fit,
    "blur": lambda image, radius: image.filter(ImageFilter.GaussianBlur(radius)),
    "light": lambda image, by: ImageEnhance.Brightness(image).enhance(by),
    "stamp": lambda image, text: _written(image, (image.width * 0.04, image.height * 0.9), text, (150, 150, 150)),
}
WRITES: dict[str, Callable[..., bytes]] = {  # steps that make the bytes which are sent
    "jpeg": lambda image, quality: _save(image, "JPEG", quality=quality),
    "webp": lambda image, quality: _save(image, "WEBP", quality=quality),
    "png16": _png16,
    "png_alpha": _alpha,
    "cmyk": lambda image: _save(image.convert("CMYK"), "JPEG", quality=88),
    "exif_turned": _turned,
    "gif": _gif,
    "html": lambda image: HTML,
    "svg": lambda image: SVG,
    "bomb": lambda image, side: bomb(side),
    "placeholder": lambda image, number: _save(
        _written(Image.new("RGB", (320, 240), (228 - 6 * number, 228, 228)), (95, 112), "Image not available", GREY),
        "JPEG", quality=85,
    ),
}  # fmt: skip


def edited(photo: Path, steps: list[list[Any]]) -> bytes:
    """The bytes of a photo after the recipe's steps, such as ``[["crop", .05, .05, 1, 1], ["jpeg", 40]]``.

    Geometry is in fractions of the side, radii in pixels.
    """
    image = Image.open(photo).convert("RGB")
    data = b""
    for name, *values in steps:
        if name in EDITS:
            image = EDITS[name](image, *values)
        elif name in WRITES:
            data = WRITES[name](image, *values)
        elif name == "cut":
            data = data or photo.read_bytes()
            data = data[: max(64, int(len(data) * values[0]))]
        else:
            raise ValueError(f"{name!r} is no step of a recipe")
    return data


class Recorder:
    """Collects addresses, search hits and truth."""

    def __init__(self, rng: random.Random, names: dict[str, str], photos: Path) -> None:
        self.rng, self.names, self.photos = rng, names, photos
        self.hits: dict[str, list[dict]] = defaultdict(list)
        self.recipes: dict[str, dict] = {}
        self.mess: list[dict] = []
        self.sent: dict[str, bytes] = {}

    def url(self, photo: dict, folder: str = "img", suffix: str = "jpg") -> str:
        """A fresh address for a picture of this product."""
        while True:
            tail = f"{self.rng.randrange(16**6):06x}"
            url = f"http://{self.rng.choice(HOSTS)}/{folder}/{quote(photo['product_id'])}-{tail}.{suffix}"
            if url not in self.recipes:
                return url

    def serve(self, url: str, photo: dict | None, edit: list | None = None, **more) -> None:
        recipe = {"url": url, **({"file": photo["file"]} if photo else {})}
        if edit:
            kind = more.get("type", "image/jpeg").partition("/")[2].partition("+")[0]
            recipe["sent"] = f"sent/{hashlib.sha1(url.encode()).hexdigest()[:12]}.{kind}"
            self.sent[recipe["sent"]] = edited(self.photos / photo["file"], edit)
        self.recipes[url] = {**recipe, **more}

    def hit(self, query: str, photo: dict, url: str) -> None:
        name = self.names.get(photo["product_id"], photo["product_id"].replace("-", " "))
        host = url.split("/")[2] if "://" in url else ""
        self.hits[query].append({
            "title": f"{name} {self.rng.choice(['', '- photo', '| buy online', 'review', 'gallery'])}".strip(),
            "image": url,
            "thumbnail": f"http://{SEARCH}/thumb/{hashlib.sha1(url.encode()).hexdigest()[:12]}.jpg",
            "url": f"http://{host}/p/{photo['product_id']}",
            "source": host,
            "width": int(photo["width"]),
            "height": int(photo["height"]),
            "license": "CC0-1.0",
            "product": photo["product_id"],
        })

    def plant(self, fault: str, expected: str, query: str, photo: dict, url: str) -> None:
        """Offer ``url`` under ``query`` and write down what is wrong with it."""
        self.hit(query, photo, url)
        self.mess.append({
            "url": url, "query": query, "fault": fault, "expected": expected, "file": photo["file"],
            "label": QUERIES[query], "true_label": photo["gadget_type"],
        })  # fmt: skip


def read_photos(folder: Path) -> list[dict]:
    with open(folder / "photos.csv", newline="", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["file"])
    # the portraits are for the search engine: a shop full of them would make cleaning look easy
    rows = [row for row in rows if not portrait(row["file"])]
    for row in rows:
        with Image.open(folder / row["file"]) as image:
            row["width"], row["height"] = image.size
    return rows


def read_names(catalogue: Path) -> dict[str, str]:
    if not catalogue.exists():
        return {}
    with open(catalogue, newline="", encoding="utf-8") as file:
        return {row["product_id"]: f"{row['brand']} {row['model']}" for row in csv.DictReader(file)}


def copy_edit(rng: random.Random) -> tuple[str, list]:
    """One way in which a shop shows another shop's picture."""
    quality = ["jpeg", rng.randint(45, 80)]
    near = round(rng.uniform(0.0, 0.05), 3), round(rng.uniform(0.0, 0.05), 3)
    far = round(1 - rng.uniform(0.0, 0.05), 3), round(1 - rng.uniform(0.0, 0.05), 3)
    return rng.choice([
        ("re-encoded", [["jpeg", rng.randint(30, 60)]]),
        ("scaled", [["scale", round(rng.uniform(0.6, 0.9), 2)], quality]),
        ("cropped", [["crop", *near, *far], quality]),
        ("brightened", [["light", round(rng.choice([0.85, 1.12]), 2)], quality]),
        ("watermarked", [["stamp", rng.choice(["techbazaar", "(c) pixelbarn", "voltmarket.example"])], quality]),
    ])  # fmt: skip


def record(photos: list[dict], names: dict[str, str], folder: Path, seed: int) -> Recorder:
    rng = random.Random(seed)
    web = Recorder(rng, names, folder)
    of_class = {label: [q for q in QUERIES if QUERIES[q] == label] for label in QUERIES.values()}

    def mine(photo: dict) -> str:
        return rng.choice(of_class[photo["gadget_type"]])

    def other(photo: dict) -> str:
        return rng.choice([query for query in QUERIES if QUERIES[query] != photo["gadget_type"]])

    def share(part: float, least: int = 1) -> int:
        return max(least, round(part * len(photos)))

    # 1. Every photo has one honest address; a few of those are hard to get, oddly formatted, or mislabelled.
    order = photos[:]
    rng.shuffle(order)
    flaky = [
        ("429 once, Retry-After", {"status": 429, "times": 1, "headers": {"Retry-After": "1"}}, share(0.002)),
        ("503 twice", {"status": 503, "times": 2}, share(0.004)),
        ("202 once", {"status": 202, "times": 1}, share(0.003)),
        ("403 once", {"status": 403, "times": 1}, share(0.003)),
        ("connection reset once", {"reset": True, "times": 1}, share(0.003)),
    ]
    forms = [
        ("CMYK JPEG", [["cmyk"]], "image/jpeg"),
        ("16-bit PNG", [["png16"]], "image/png"),
        ("palette PNG with alpha", [["png_alpha"]], "image/png"),
        ("turned by EXIF", [["exif_turned"]], "image/jpeg"),
        ("animated GIF", [["gif"]], "image/gif"),
        ("WebP", [["webp", 80]], "image/webp"),
    ]
    for fault, how, count in flaky:
        for _ in range(count):
            photo = order.pop()
            url = web.url(photo)
            web.serve(url, photo, fault=how)
            web.plant(fault, "kept", mine(photo), photo, url)
    for fault, steps, kind in forms:
        for _ in range(share(0.0015)):
            photo = order.pop()
            url = web.url(photo)
            web.serve(url, photo, steps, type=kind)
            web.plant(fault, "kept", mine(photo), photo, url)
    for folder_name, fault in [("img/../../etc", "dots in the path"), ("bilder/g%C3%B6ttlich%20sch%C3%B6n", "accents")]:
        photo = order.pop()
        url = web.url(photo, folder_name)
        web.serve(url.replace("/img/../../", "/"), photo)  # what any client asks for after resolving the dots
        web.plant(fault, "kept", mine(photo), photo, url)
    for _ in range(share(0.002)):
        photo = order.pop()
        url, target = web.url(photo, "go"), web.url(photo)
        web.serve(target, photo)
        web.serve(url, None, fault={"status": 302, "headers": {"Location": target}})
        web.plant("redirect", "kept", mine(photo), photo, url)
    for _ in range(share(0.04)):
        photo = order.pop()
        url = web.url(photo)
        web.serve(url, photo)
        web.plant("wrong label", "label error", other(photo), photo, url)
    honest = {}
    for photo in order:
        url = honest[photo["file"]] = web.url(photo)
        web.serve(url, photo)
        web.hit(mine(photo), photo, url)

    # 2. Beside them lies what a real search brings up: dead, broken, repeated, unusable.
    plain = order[:]  # copies are made of honest pictures only
    rng.shuffle(plain)
    take = iter(plain)

    def extra(what: str, expected: str, count: int, steps=None, folder="img", label="", **more) -> None:
        for _ in range(count):
            photo = next(photo for photo in take if label in ("", photo["gadget_type"]))
            url = web.url(photo, folder)
            web.serve(url, photo, steps() if callable(steps) else steps, **more)
            web.plant(what, expected, mine(photo), photo, url)

    for fault, status, part in [("dead link", 404, 0.01), ("gone", 410, 0.002), ("always 403", 403, 0.002)]:
        extra(fault, "never arrives", share(part), fault={"status": status})
    extra("always 500", "never arrives", 1, fault={"status": 500})
    extra("connection always reset", "never arrives", 1, fault={"reset": True})
    extra("ends early", "never arrives", share(0.0015), fault={"short": 0.6})
    # Not among the phones: the lesson lets a naive client loose on those, and it would never come back.
    extra("slow drip", "never arrives", 1, label="headphones", fault={"drip": 0.4})
    extra("endless redirect", "never arrives", 1, folder="loop")
    loop = next(url for url in web.recipes if "/loop/" in url)
    web.recipes[loop] = {"url": loop, "fault": {"status": 302, "headers": {"Location": loop}}}
    extra("redirect into a private network", "refused", 1, fault={"status": 302, "headers": {"Location": PRIVATE}})
    extra("forbidden by robots.txt", "refused", share(0.001), folder="private")
    extra("huge file", "refused", 1, label="headphones", fault={"endless": 2000})
    extra("bomb of 50,000 x 50,000 pixels", "refused", 1, [["bomb", 50000]], type="image/png")
    extra("HTML posing as JPEG", "refused", share(0.008), [["html"]])
    extra("SVG", "refused", share(0.001), [["svg"]], type="image/svg+xml")
    extra("truncated JPEG", "corrupt", share(0.015), lambda: [["cut", round(rng.uniform(0.35, 0.9), 2)]])
    extra("tiny thumbnail", "too small", share(0.01), lambda: [["fit", rng.choice([48, 64, 72])], ["jpeg", 80]])
    extra("blurred", "too blurry", share(0.008), lambda: [["blur", rng.choice([7, 8, 9])], ["jpeg", 85]])
    extra("banner strip", "wrong aspect", share(0.005), [["crop", 0, 0.42, 1, 0.56], ["scale", 3.0], ["jpeg", 85]])
    for kind in range(2):
        extra("placeholder", "placeholder", share(0.004, 3), [["placeholder", kind]])
    extra("exact copy", "exact duplicate", share(0.02))
    for _ in range(share(0.05)):
        fault, steps = copy_edit(rng)
        extra(f"near copy, {fault}", "near duplicate", 1, steps)
    for _ in range(share(0.005)):
        photo = next(take)
        fault, steps = copy_edit(rng)
        url = web.url(photo)
        web.serve(url, photo, steps)
        web.plant(f"near copy under another label, {fault}", "near duplicate", other(photo), photo, url)
    for _ in range(share(0.008)):
        photo = next(take)
        tail = {"utm_source": "search", "gclid": f"{rng.randrange(16**8):x}"}
        tracked = f"{honest[photo['file']]}?{urlencode(tail)}"
        query = next(q for q, hits in web.hits.items() if any(h["image"] == honest[photo["file"]] for h in hits))
        web.plant("same address with tracking parameters", "refused", query, photo, tracked)
    for scheme in ("ftp", "file"):
        photo = next(take)
        web.plant(f"{scheme} address", "refused", mine(photo), photo, f"{scheme}://{HOSTS[0]}/img/x.jpg")
    for hits in web.hits.values():
        rng.shuffle(hits)
    return web


def write(web: Recorder, out: Path, seed: int) -> None:
    for below in ("answers", "sent"):
        shutil.rmtree(out / below, ignore_errors=True)
        (out / below).mkdir(parents=True)
    for name, data in web.sent.items():
        (out / name).write_bytes(data)
    answers = []
    faults = {1: {"status": 202, "times": 1}, 3: {"status": 503, "times": 1},
              6: {"status": 429, "times": 1, "headers": {"Retry-After": "1"}}}  # fmt: skip
    for number, query in enumerate(QUERIES):
        hits = web.hits[query]
        for skip in range(0, len(hits), PAGE):
            name = f"answers/{query.replace(' ', '-')}-{skip:04d}.json"
            answer = {"query": query, "queryEncoded": quote(query), "results": hits[skip : skip + PAGE]}
            if skip + PAGE < len(hits):
                answer["next"] = "i.js?" + urlencode({"q": query, "o": "json", "s": skip + PAGE})
            lines = ",\n".join(json.dumps(hit, ensure_ascii=False) for hit in answer.pop("results"))
            head = json.dumps(answer, ensure_ascii=False)[:-1]
            (out / name).write_text(f'{head}, "results": [\n{lines}\n]}}\n', encoding="utf-8")
            page = {"query": query, "skip": skip, "file": name}
            answers.append(page | ({"fault": faults[number]} if skip == 0 and number in faults else {}))
    about = {
        "seed": seed, "search_host": SEARCH, "hosts": sorted([SEARCH, *HOSTS]), "robots": ROBOTS,
        "queries": [{"query": query, "label": label} for query, label in QUERIES.items()], "answers": answers,
    }  # fmt: skip
    (out / "shop.json").write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    rows = sorted(web.recipes.values(), key=lambda recipe: recipe["url"])
    (out / "pictures.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with open(out / "mess.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, MESS, lineterminator="\n")
        table.writeheader()
        table.writerows(sorted(web.mess, key=lambda row: (row["fault"], row["url"])))


def main() -> None:
    parser = argparse.ArgumentParser(description="Record the offline shop over a folder of photos.")
    parser.add_argument("--photos", type=Path, default=HERE.parent / "photos")
    parser.add_argument("--out", type=Path, default=HERE.parent / "shop")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    photos = read_photos(options.photos)
    web = record(photos, read_names(HERE.parent / "catalogue.csv"), options.photos, options.seed)
    write(web, options.out, options.seed)
    hits = sum(map(len, web.hits.values()))
    print(f"{len(photos)} photos, {hits} search hits, {len(web.mess)} of them planted -> {options.out.name}/")


if __name__ == "__main__":
    main()
