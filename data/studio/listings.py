"""Make the listing pictures: lay out pages in Chromium, read off every word's place, then photograph them.

    python data/studio/listings.py                    # all of data/listings, resuming where it stopped
    python data/studio/listings.py --count 40 --out build/try --sheets
    python data/studio/listings.py --truth            # what the pictures state, worked out anew; no picture is made

Needs playwright, numpy and Pillow (`requirements.txt`), Chromium, and the fonts named in data/README.md. The same
seed, catalogue, photos and fonts give the same texts, specs and layouts; pixels also depend on Chromium's version.
"""

import argparse
import csv
import hashlib
import io
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import lines as names  # noqa: E402
import listing_pages as pages  # noqa: E402
import listing_words as words  # noqa: E402
from build_catalogue import later, split_of  # noqa: E402
from looks import common, portrait  # noqa: E402

STUDIO = Path(__file__).resolve().parent
DATA = STUDIO.parent
VERSION = 4  # raise when code here changes what is rendered: drops the half-made pictures
SHARES = {"mobile_phone": 0.29, "laptop": 0.30, "tablet": 0.16, "smartwatch": 0.12, "headphones": 0.13}
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
]
ENOUGH = 60  # photographed products of a class
ATTEMPTS = 9
SMALLEST = 0.88  # of the layout's own text size: below this another wording is tried

# Reads off the page: words with the four corners of their ink, the block they stand in, their row, and per character
# the mark it belongs to. Measured with CSS transforms off, then moved by each element's own matrix, so that turned
# stickers get turned outlines. `bad` says why a page cannot be used: a word cut, covered, or broken over two lines.
MEASURE = r"""() => {
  const JOIN = "\u2060", inline = e => getComputedStyle(e).display === "inline";
  const turned = [...document.querySelectorAll("body *")].filter(e => {
    const t = getComputedStyle(e).transform; return t !== "none" && t !== "matrix(1, 0, 0, 1, 0, 0)"; });
  const mats = turned.map(e => { const c = getComputedStyle(e);
    return {m: new DOMMatrix(c.transform), o: c.transformOrigin.split(" ").map(parseFloat)}; });
  const off = document.createElement("style"); off.textContent = "*{transform:none!important}";
  document.head.append(off);
  turned.forEach((e, k) => { const r = e.getBoundingClientRect(); mats[k].x = r.left + mats[k].o[0];
    mats[k].y = r.top + mats[k].o[1]; });
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), blocks = new Map();
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    if (!n.data.trim()) { let q = n.parentElement; while (inline(q)) q = q.parentElement;
      if (!blocks.has(q)) continue; }
    let b = n.parentElement; while (inline(b)) b = b.parentElement;
    if (!blocks.has(b)) blocks.set(b, []);
    blocks.get(b).push(n);
  }
  const ctx = document.createElement("canvas").getContext("2d"), out = [], rows = [], marks = [], bad = [];
  let id = 0;
  for (const [b, nodes] of blocks) {
    const chars = [];
    for (const n of nodes) { const e = n.parentElement.closest("[data-f]"); let mk = -1;
      if (e) { mk = marks.indexOf(e); if (mk < 0) mk = marks.push(e) - 1; }
      [...n.data].reduce((at, c) => { chars.push({c, n, at, mk}); return at + c.length; }, 0); }
    const row = b.closest("[data-row]"); let rid = -1;
    if (row) { rid = rows.indexOf(row); if (rid < 0) rid = rows.push(row) - 1; }
    const t = turned.findIndex(e => e.contains(b)), host = b.getBoundingClientRect();
    let cur = [];
    const close = () => {
      const word = cur; cur = [];
      if (!word.some(x => x.c !== JOIN)) return;
      let box = null; const mids = [];
      for (let i = 0; i < word.length;) {
        let j = i; while (j < word.length && word[j].n === word[i].n) j++;
        const r = document.createRange(); r.setStart(word[i].n, word[i].at);
        r.setEnd(word[j-1].n, word[j-1].at + word[j-1].c.length);
        const s = getComputedStyle(word[i].n.parentElement);
        ctx.font = `${s.fontStyle} ${s.fontWeight} ${s.fontSize} ${s.fontFamily}`;
        const text = word.slice(i, j).map(x => x.c).join("").replaceAll(JOIN, ""), m = ctx.measureText(text);
        for (const q of r.getClientRects()) { if (q.width < 0.5) continue; mids.push((q.top + q.bottom) / 2);
          const up = m.fontBoundingBoxAscent, base = q.top + up * q.height / (up + m.fontBoundingBoxDescent);
          const y0 = Math.max(q.top - 3, base - m.actualBoundingBoxAscent - 1),
                y1 = Math.min(q.bottom + 3, base + m.actualBoundingBoxDescent + 1);
          box = box ? [Math.min(box[0], q.left), Math.min(box[1], y0), Math.max(box[2], q.right), Math.max(box[3], y1)]
                    : [q.left, y0, q.right, y1]; }
        i = j;
      }
      const keep = word.filter(x => x.c !== JOIN), text = keep.map(x => x.c).join("");
      if (!box) { bad.push("no box: " + text); return; }
      const size = parseFloat(getComputedStyle(keep[0].n.parentElement).fontSize);
      if (Math.max(...mids) - Math.min(...mids) > size * 0.75) bad.push("broken: " + text);
      if (box[0] < host.left - 3 || box[2] > host.right + 3 || box[1] < host.top - 6 || box[3] > host.bottom + 6)
        bad.push("spills: " + text);
      const panel = b.closest("[data-box]");
      if (panel) { const r = panel.getBoundingClientRect(), k = parseFloat(panel.dataset.box);
        if (box[0] < r.left + k || box[2] > r.right - k || box[1] < r.top + k || box[3] > r.bottom - k)
          bad.push("leaves its panel: " + text); }
      let quad = [[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]]];
      if (t >= 0) { const k = mats[t]; quad = quad.map(([x, y]) => { const p = k.m.transformPoint(
        new DOMPoint(x - k.x, y - k.y)); return [p.x + k.x, p.y + k.y]; }); }
      if (quad.some(([x, y]) => x < 2 || y < 2 || x > innerWidth - 2 || y > innerHeight - 2)) bad.push("cut: " + text);
      out.push({text, quad, block: id, row: rid, turned: t, size, mid: (box[1] + box[3]) / 2,
                own: keep[0].n.parentElement,
                marks: keep.map(x => x.mk)});
    };
    for (const x of chars) /\s/.test(x.c) ? close() : cur.push(x);
    close(); id++;
  }
  off.remove();
  const photos = [...document.querySelectorAll("img")].map(e => [e, e.getBoundingClientRect()]);
  const backed = (e, photo) => { for (; e !== document.body && !e.contains(photo); e = e.parentElement) {
    const s = getComputedStyle(e); if (e.dataset.over || s.backgroundImage !== "none" ||
      !/transparent|, 0\)$/.test(s.backgroundColor)) return true; } return false; };
  for (const w of out) { const [a, b, c, d] = w.quad;
    check: for (const f of [0.06, 0.5, 0.94]) for (const g of [0.12, 0.5, 0.88]) {
      const at = k => (a[k] * (1 - f) + b[k] * f) * (1 - g) + (d[k] * (1 - f) + c[k] * f) * g;
      const e = document.elementFromPoint(at(0), at(1));
      if (e && !(e === w.own || e.contains(w.own) || w.own.contains(e))) {
        bad.push("covered: " + w.text); break check; } }
    for (const [e, r] of photos) if (a[0] < r.right && c[0] > r.left && a[1] < r.bottom && c[1] > r.top &&
      !backed(w.own, e)) bad.push("over the photo: " + w.text);
    delete w.own; }
  const ends = [...document.querySelectorAll("img,svg,i,[data-row]")].map(e => e.getBoundingClientRect().bottom);
  const bottom = Math.max(...ends, ...out.map(w => w.quad[2][1]));
  return {words: out, bad, bottom, marks: marks.map(e => ({field: e.dataset.f, value: e.dataset.v}))};
}"""


def read_catalogue(path: Path = DATA / "catalogue.csv") -> list[dict]:
    """The catalogue's rows, without the products that came later."""
    passed_over = later()
    with open(path, newline="", encoding="utf-8") as f:
        return [row for row in csv.DictReader(f) if row["product_id"] not in passed_over]


def read_photos(folder: Path) -> dict[str, list[Path]]:
    """Product id -> its photos, sorted; empty when the studio has not made them yet.

    Of the sample of the catalogue only, without the rare phones, and no portraits: these came later. Photos that carry
    a banner are left out: their text would be in the picture and not in its truth.
    """
    table = folder / "photos.csv"
    if not table.exists():
        return {}
    out: dict[str, list[Path]] = {}
    first: dict[str, dict] = {}
    for row in read_catalogue():
        first.setdefault(row["product_id"], row)
    sample = {row["product_id"] for row in common(list(first.values()))[0]}
    with open(table, newline="", encoding="utf-8") as f:
        for row in csv.DictReader(f):
            if row["product_id"] not in sample or portrait(row["file"]):
                continue
            if "banner" not in row["background"] and (folder / row["file"]).exists():
                out.setdefault(row["product_id"], []).append(folder / row["file"])
    return {k: sorted(v) for k, v in out.items()}


def hashed(*parts) -> int:
    return int.from_bytes(hashlib.sha1("|".join(map(str, parts)).encode()).digest()[:8], "big")


def plan(rows: list[dict], count: int, seed: int, photographed: set[str] = frozenset()) -> list[dict]:
    """Which variant gets which picture: products in turn within each class, in an order fixed by the seed.

    Where at least `ENOUGH` products of a class are `photographed`, only these are shown, more than once if need be,
    each time another variant. Ordered by hash, so that a changed catalogue changes few pictures. Returns dicts of row
    and key.
    """
    by_class: dict[str, dict[str, list[dict]]] = {}
    for row in rows:
        by_class.setdefault(row["gadget_type"], {}).setdefault(row["product_id"], []).append(row)
    jobs = []
    for kind, share in SHARES.items():
        products = by_class.get(kind, {})
        order = sorted(products, key=lambda p: hashed(seed, p))
        shown = [p for p in order if p in photographed]
        order = shown if len(shown) >= ENOUGH else order
        for k in range(round(count * share) if order else 0):
            product, turn = order[k % len(order)], k // len(order)
            variants = sorted(products[product], key=lambda r: hashed(seed, r["sku"]))
            jobs.append({"row": variants[turn % len(variants)], "key": f"{seed}:{product}:{turn}"})
    jobs.sort(key=lambda j: hashed("order", j["key"]))
    return jobs


def states(row: dict, layout: str, rng: random.Random) -> set[str]:
    """Which fields this picture may state: real pictures leave things out."""
    keep = {"brand": 0.98, "model": 0.94, "ram_gb": 0.85, "storage_gb": 0.9, "screen_in": 0.72, "price": 0.6}
    if layout in ("hero", "on_screen", "feature_card"):
        keep.update(brand=0.75, model=0.65, price=0.25)
    if layout == "box_label":
        keep.update(price=0)
    if layout in ("price_badge", "shelf_label", "flyer", "page_desktop", "page_phone", "market_card"):
        keep.update(price=0.95, brand=0.99, model=0.98)
    if row["gadget_type"] == "smartwatch":
        keep.update(ram_gb=0.15, storage_gb=0.4, screen_in=0.6)
    out = {f for f, p in keep.items() if rng.random() < p}
    if words.implied_brand(row["brand"], row["model"]) and "model" in out and rng.random() < 0.3:
        out.discard("brand")
    if re.search(r"\b\d{1,2}\.\d\b", row["model"]):  # "MatePad 10.4": say plainly that it is the size
        out.add("screen_in")
    return out


def sources(job: dict, shots: dict[str, list[Path]]) -> list[Path]:
    """The photos that a job's page may show: up to four of its product, in an order fixed by the job."""
    return sorted(shots.get(job["row"]["product_id"], []), key=lambda p: hashed(job["key"], p.name))[:4]


def file_name(job: dict) -> str:
    """What the picture of a job is called."""
    return f"{job['row']['gadget_type']}-{hashed(job['key']) % 16**8:08x}.jpg"


def compose(job: dict, photos: list[bytes], attempt: int = 0) -> tuple[pages.Page, words.Seller]:
    """The page of one job. Later attempts word it differently, the sixth takes another layout."""
    row = job["row"]
    rng = random.Random(hashed(job["key"], row["sku"], VERSION, attempt // 5))  # then another layout
    names = [n for n in pages.LAYOUTS if pages.fits(n, row)]
    layout = rng.choices(names, [pages.LAYOUTS[n][1] for n in names])[0]
    told = states(row, layout, rng)
    retry = random.Random(hashed(job["key"], row["sku"], VERSION, attempt))
    seller = words.Seller(row, retry, told)
    look = pages.make_look(retry, dark=True if layout == "gaming_ad" else None)
    art = pages.Art(row, [photo(p) for p in photos], retry, look.dark)
    page = pages.LAYOUTS[layout][0](seller, look, art, retry)
    return page, seller


def photo(data: bytes) -> tuple[bytes, int, int, float]:
    """(JPEG bytes, width, height, median brightness of the border)."""
    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(data)) as im:
        a = np.asarray(im.convert("L"))
    border = np.concatenate([a[0], a[-1], a[:, 0], a[:, -1]])
    return data, a.shape[1], a.shape[0], float(np.percentile(border, 15))


def assemble(measured: dict) -> tuple[str, list[dict], list[list]]:
    """Reading order to text: (text, spans, outlines). Words of one line are joined by a space, lines by a newline."""
    text, spans, live = "", [], None
    before = None
    for word in measured["words"]:
        if before is not None:
            near = abs(word["mid"] - before["mid"]) < 0.55 * max(word["size"], before["size"])
            together = word["block"] == before["block"] or (word["row"] >= 0 and word["row"] == before["row"])
            text += " " if near and together and word["turned"] == before["turned"] else "\n"
        start = len(text)
        for k, mark in enumerate(word["marks"]):
            if mark < 0:
                continue
            if live is not None and spans[live]["mark"] == mark:
                spans[live]["end"] = start + k + 1
            else:
                spans.append({"mark": mark, "start": start + k, "end": start + k + 1})
                live = len(spans) - 1
        text += word["text"]
        before = word
    out = []
    for span in spans:
        mark = measured["marks"][span["mark"]]
        value = mark["value"]
        if mark["field"] not in ("brand", "model"):
            value = float(value)
            value = int(value) if value == int(value) else value
        out.append({"field": mark["field"], "start": span["start"], "end": span["end"], "value": value})
    return text, out, [w["quad"] for w in measured["words"]]


def specs_of(row: dict, spans: list[dict], currency: str) -> dict:
    """What the picture states, field by field; null when it does not. A line that names its maker states the brand."""
    out = dict.fromkeys((*words.FIELDS, "currency"))
    for span in spans:
        out[span["field"]] = span["value"]
    if out["price"] is not None:
        out["currency"] = currency
    if out["brand"] is None and out["model"] and names.says_maker(row["brand"], out["model"]):
        out["brand"] = row["brand"]
    return out


def renewed(listing: dict, row: dict) -> dict:
    """A finished listing with the spans and specs that today's conventions read off its text."""
    spans = []
    for span in listing["spans"]:
        if span["field"] == "model":
            said = listing["text"][span["start"] : span["end"]]
            end = span["start"] + names.stated(row["brand"], said)
            span = {**span, "end": end, "value": names.plain_model(row["brand"], row["model"])}
        spans.append(span)
    return {**listing, "spans": spans, "specs": specs_of(row, spans, words.LOCALES[listing["locale"]].currency)}


def names_maker_in_passing(row: dict, text: str, spans: list[dict]) -> bool:
    """Whether the maker stands only inside another name ("Apple M2"): a reader could say that it is stated, or not."""
    printed = {s["field"] for s in spans}
    stated = "brand" in printed or "model" in printed and words.implied_brand(row["brand"], row["model"])
    return not stated and re.search(rf"\b{re.escape(row['brand'])}\b", text, re.IGNORECASE) is not None


def collide(quads: list) -> bool:
    """Whether two words lie on each other."""
    import numpy as np

    if len(quads) < 2:
        return False
    q = np.array(quads)
    a = np.concatenate([q.min(1), q.max(1)], 1)
    wide = np.minimum(a[:, None, 2], a[None, :, 2]) - np.maximum(a[:, None, 0], a[None, :, 0])
    high = np.minimum(a[:, None, 3], a[None, :, 3]) - np.maximum(a[:, None, 1], a[None, :, 1])
    over = wide.clip(0) * high.clip(0)
    size = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    np.fill_diagonal(over, 0)
    return bool((over > 0.12 * np.minimum(size[:, None], size[None])).any())


def develop(task: dict) -> dict | str:
    """Second half, in a worker: photograph the screenshot until every word can be read. A string says why not."""
    import listing_camera as camera
    import numpy as np
    from PIL import Image

    image = Image.open(io.BytesIO(task["png"]))
    quads = np.array(task["quads"], float)
    fonts = np.array(task["fonts"], float)
    side = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    if camera.legible(image, quads, fonts, least=70, smallest=12) is not None:
        return "too flat on the page"
    for turn, gentle in enumerate((1.0, 0.8, 0.6, 0.4, 0.2)):
        rng = random.Random(hashed(task["seed"], turn))
        how = camera.recipe(task["camera"], task["dark"], rng, gentle)
        data, moved, seen = camera.shoot(image, quads, how)
        seen_fonts = fonts * np.linalg.norm(moved[:, 3] - moved[:, 0], axis=1) / side
        if camera.legible(seen, moved, seen_fonts, least=34, smallest=10.5 + 2 * how.get("blur", 0)) is None:
            found = camera.boxes(moved).round(1)
            found[:, [0, 2]] = found[:, [0, 2]].clip(0, seen.width)
            found[:, [1, 3]] = found[:, [1, 3]].clip(0, seen.height)
            return {"jpeg": data, "boxes": found.tolist(), "mode": how["mode"], "size": seen.size}
    return "not legible after the camera"


class Printer:
    """One Chromium, one page, reused for all pictures."""

    def __init__(self):
        from playwright.sync_api import sync_playwright

        self.profile = tempfile.mkdtemp(prefix="studio-")
        self.play = sync_playwright().start()
        path = next(
            (
                p
                for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
                if Path(p).exists()
            ),
            None,
        )
        self.context = self.play.chromium.launch_persistent_context(
            self.profile, executable_path=path, args=FLAGS, headless=True, viewport={"width": 1000, "height": 1000}
        )
        self.page = self.context.new_page()

    def print(self, page: pages.Page, largest: float, smallest: float) -> tuple[bytes, dict]:
        """(PNG of the page with the largest text that fits, what MEASURE found)."""
        self.page.set_viewport_size({"width": page.width, "height": page.height})
        self.page.set_content(page.html, wait_until="load")
        size = largest
        while True:
            self.page.evaluate("k => document.documentElement.style.setProperty('--size', k)", round(size, 3))
            measured = self.page.evaluate(MEASURE)
            if not measured["bad"] and collide([w["quad"] for w in measured["words"]]):
                measured["bad"].append("collide:")
            if not measured["bad"] or size < smallest:
                break
            size *= 0.9
        if measured["bad"]:
            return b"", measured
        height = min(page.height, max(measured["bottom"] + 26, page.width * 0.45)) if page.trim else page.height
        clip = {"x": 0, "y": 0, "width": page.width, "height": int(height)}
        return self.page.screenshot(type="png", animations="disabled", clip=clip), measured

    def close(self):
        self.context.close()
        self.play.stop()
        shutil.rmtree(self.profile, ignore_errors=True)


def record(job: dict, page: pages.Page, seller: words.Seller, text: str, spans: list, done: dict, file: str) -> dict:
    row = job["row"]
    return {
        "file": file,
        "sku": row["sku"],
        "product_id": row["product_id"],
        "gadget_type": row["gadget_type"],
        "split": split_of(row["product_id"]),
        "layout": page.layout,
        "locale": seller.locale,
        "camera": done["mode"],
        "dark": page.dark,
        "width": done["size"][0],
        "height": done["size"][1],
        "text": text,
        "words": [{"text": w, "box": b} for w, b in zip(text.split(), done["boxes"])],
        "spans": spans,
        "specs": specs_of(row, spans, seller.currency),
    }


def write(path: Path, data: bytes) -> None:
    """Write beside, then rename."""
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(data)
    os.replace(beside, path)


def write_records(path: Path, records: list[dict]) -> None:
    write(path, "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records).encode())


def make(
    out: Path, count: int, seed: int, photo_dir: Path, cache: Path, workers: int = 2, say=print, first: int = 0
) -> list[dict]:
    """Render `count` pictures (or only the `first` few of these) into `out` and write `out/listings.jsonl`. Returns
    its records.

    Finished pictures are kept in `cache`, named by what went into them, so a stopped run goes on where it was and a
    changed page is made anew.
    """
    shots = read_photos(photo_dir)
    jobs = plan(read_catalogue(), count, seed, set(shots))[: first or None]
    cache.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    results: dict[int, dict] = {}
    todo = []
    for k, job in enumerate(jobs):
        job["photos"] = mine = [p.read_bytes() for p in sources(job, shots)]
        job["cache"] = cache / (
            hashlib.sha1(
                "|".join(
                    [
                        job["key"],
                        json.dumps(job["row"], sort_keys=True),
                        str(VERSION),
                        *(hashlib.sha1(p).hexdigest() for p in mine),
                    ]
                ).encode()
            ).hexdigest()[:20]
            + ".json"
        )
        if job["cache"].exists() and job["cache"].with_suffix(".jpg").exists():
            results[k] = renewed(json.loads(job["cache"].read_text("utf-8")), job["row"])
        else:
            todo.append(k)
    say(f"{len(jobs)} pictures, {len(todo)} to make")
    dropped: dict[str, int] = {}
    if todo:
        printer = Printer()
        pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) if workers else None
        try:
            open_tasks = []
            queue = [(k, 0) for k in todo]
            while queue or open_tasks:
                while queue and len(open_tasks) < 6:
                    k, attempt = queue.pop(0)
                    if attempt >= ATTEMPTS:
                        dropped["gave up"] = dropped.get("gave up", 0) + 1
                        say(f"gave up on {jobs[k]['row']['sku']}")
                        continue
                    page, seller = compose(jobs[k], jobs[k]["photos"], attempt)
                    largest = random.Random(hashed(jobs[k]["key"], "size", attempt)).uniform(1.05, 1.85)
                    png, measured = printer.print(page, largest, SMALLEST - 0.03 * attempt)
                    if measured["bad"]:
                        why = f"{page.layout} {measured['bad'][0].split(':')[0]}"
                        dropped[why] = dropped.get(why, 0) + 1
                        queue.insert(0, (k, attempt + 1))
                        continue
                    text, spans, quads = assemble(measured)
                    if names_maker_in_passing(jobs[k]["row"], text, spans):
                        dropped["maker"] = dropped.get("maker", 0) + 1
                        queue.insert(0, (k, attempt + 1))
                        continue
                    task = {
                        "png": png,
                        "quads": quads,
                        "fonts": [w["size"] for w in measured["words"]],
                        "camera": page.camera,
                        "dark": page.dark,
                        "seed": f"{jobs[k]['key']}:{attempt}",
                    }
                    open_tasks.append(
                        (k, attempt, page, seller, text, spans, pool.submit(develop, task) if pool else task)
                    )
                if not open_tasks:
                    continue
                k, attempt, page, seller, text, spans, future = open_tasks.pop(0)
                done = future.result() if pool else develop(future)
                if isinstance(done, str):
                    why = f"{page.layout} {done.split(':')[0]}"
                    dropped[why] = dropped.get(why, 0) + 1
                    queue.insert(0, (k, attempt + 1))
                    continue
                made = record(jobs[k], page, seller, text, spans, done, file_name(jobs[k]))
                write(jobs[k]["cache"].with_suffix(".jpg"), done["jpeg"])
                write(jobs[k]["cache"], json.dumps(made, ensure_ascii=False).encode())
                results[k] = made
                if len(results) % 50 == 0:
                    say(f"{len(results)} of {len(jobs)}")
        finally:
            if pool:
                pool.shutdown(cancel_futures=True)
            printer.close()
    for why, n in sorted(dropped.items(), key=lambda x: -x[1]):
        say(f"  tried again {n}: {why}")
    records = [{**results[k], "photos": [p.name for p in sources(jobs[k], shots)]} for k in sorted(results)]
    for k in sorted(results):
        write(out / results[k]["file"], jobs[k]["cache"].with_suffix(".jpg").read_bytes())
    keep = {r["file"] for r in records}
    for path in out.glob("*.jpg"):
        if path.name not in keep:
            path.unlink()
    write_records(out / "listings.jsonl", records)
    say(f"{len(records)} pictures, {sum((out / f).stat().st_size for f in keep) / 1e6:.1f} MB in {out.name}")
    return records


def sheets(out: Path, records: list[dict], folder: Path, per: int = 12) -> None:
    """Contact sheets by layout, the first of each layout with its word boxes drawn."""
    from PIL import Image, ImageDraw

    folder.mkdir(parents=True, exist_ok=True)
    by: dict[str, list[dict]] = {}
    for r in records:
        by.setdefault(r["layout"], []).append(r)
    colours = {
        "brand": "#00a000",
        "model": "#0060ff",
        "ram_gb": "#ff8000",
        "storage_gb": "#c000c0",
        "screen_in": "#00b0b0",
        "price": "#ff0000",
    }
    for layout, items in sorted(by.items()):
        sheet = Image.new("RGB", (4 * 500, 3 * 500), "#888")
        for k, r in enumerate(items[:per]):
            im = Image.open(out / r["file"]).convert("RGB")
            if k < per // 2:
                draw = ImageDraw.Draw(im)
                at = 0
                for w in r["words"]:
                    at = r["text"].index(w["text"], at)
                    hit = [s["field"] for s in r["spans"] if s["start"] < at + len(w["text"]) and at < s["end"]]
                    at += len(w["text"])
                    draw.rectangle(w["box"], outline=colours[hit[0]] if hit else "#999", width=2 if hit else 1)
            im.thumbnail((494, 494))
            sheet.paste(im, (k % 4 * 500 + 3, k // 4 * 500 + 3))
        sheet.save(folder / f"{layout}.png")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=700)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", type=Path, default=DATA / "listings")
    parser.add_argument("--photos", type=Path, default=DATA / "photos")
    parser.add_argument("--cache", type=Path, default=DATA.parent / "build" / "studio" / "listings")
    parser.add_argument(
        "--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes beside the browser; 0: none"
    )
    parser.add_argument("--truth", action="store_true", help="renew what the pictures of --out state; make none")
    parser.add_argument("--sheets", action="store_true", help="also write contact sheets to build/sheets/listings")
    args = parser.parse_args(argv)
    if not (DATA / "catalogue.csv").exists():
        print(
            "data/catalogue.csv is missing; make it first with: python data/studio/build_catalogue.py", file=sys.stderr
        )
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that Chromium is closed, not left behind
    if args.truth:
        rows = {row["sku"]: row for row in read_catalogue()}
        path = args.out / "listings.jsonl"
        shots = read_photos(args.photos)
        shown = {
            file_name(job): [p.name for p in sources(job, shots)]
            for job in plan([*rows.values()], args.count, args.seed, set(shots))
        }
        records = [renewed(r, rows[r["sku"]]) for r in map(json.loads, path.read_text("utf-8").splitlines())]
        write_records(path, [{**r, "photos": shown[r["file"]]} for r in records])
        return 0
    records = make(args.out, args.count, args.seed, args.photos, args.cache, args.jobs)
    if args.sheets:
        sheets(args.out, records, DATA.parent / "build" / "sheets" / "listings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
