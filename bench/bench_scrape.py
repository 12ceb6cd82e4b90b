"""Collecting: a thousand downloads from the loopback shop, one in five with a fault, and a plain loop beside it."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

from bench import row
from coursekit.shop import opened
from gadgetlib import scrape
from gadgetlib.files import data_dir
from gadgetlib.measure import Figure, interval

sys.path.insert(0, str(data_dir() / "studio"))
from shop import edited  # noqa: E402  the recorder's own edits

COUNT = 1000
HOSTS = [f"img{n}.bench-shop.example" for n in range(8)]
FAULTS = [  # (recipe, how it must end)
    ({"fault": {"status": 404}}, "failed"),
    ({"fault": {"status": 503, "times": 2}}, "ok"),
    ({"fault": {"status": 429, "times": 1, "headers": {"Retry-After": "1"}}}, "ok"),
    ({"fault": {"reset": True, "times": 1}}, "ok"),
    ({"fault": {"status": 403}}, "failed"),
    ({"fault": {"status": 302}}, "failed"),  # names no place to go to
    ({"fault": {"short": 0.5}}, "failed"),
    ({"edit": [["html"]]}, "refused"),
    ({"edit": [["bomb", 50000]]}, "refused"),
    ({"edit": [["cut", 0.6]]}, "ok"),  # kept as it came; cleaning finds it
]


def recording(folder: Path, photos: Path) -> list[tuple[scrape.Hit, str]]:
    """A shop of COUNT addresses, every fifth with a fault in turn; the hits and how each must end."""
    names = sorted(path.name for path in photos.glob("*.jpg"))
    about = {"hosts": HOSTS, "search_host": "none.example", "robots": "", "queries": [], "answers": []}
    rows, hits = [], []
    for n in range(COUNT):
        url = f"http://{HOSTS[n % 8]}/{n}.jpg"
        recipe, end = FAULTS[n // 5 % len(FAULTS)] if n % 5 == 0 else ({}, "ok")
        # every address has bytes of its own, so that no picture comes for free
        steps = recipe.get("edit", [["jpeg", 60 + n // len(names)]])
        (folder / f"{n}.sent").write_bytes(edited(photos / names[n % len(names)], steps))
        rows.append({"url": url, "sent": f"{n}.sent", "fault": recipe.get("fault", {})})
        hits.append((scrape.Hit("q", "laptop", url), end))
    (folder / "shop.json").write_text(json.dumps(about))
    (folder / "pictures.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return hits


def _row(metric: str, value: Figure | float, unit: str = "", peer: str = "gadgetlib") -> dict:
    return row("scrape", "collect", f"{COUNT} addresses, 20 % faults", metric, value, unit, peer)


def run(quick: bool = True) -> Iterator[dict]:
    """All rows of this area."""
    photos, limits, process = data_dir() / "photos", scrape.SHOP_LIMITS, psutil.Process()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shop").mkdir()
        hits = recording(folder / "shop", photos)
        scrape.image_facts(next(photos.glob("*.jpg")).read_bytes())  # libraries are not what the downloads take
        with opened(folder / "shop", photos) as addresses:
            before, begun = process.memory_info().rss, time.perf_counter()
            with scrape.Fetcher(limits, addresses) as fetcher:
                scrape.fetch_all([hit for hit, _ in hits], scrape.Ledger(folder / "raw"), fetcher.get, limits)
            yield _row("seconds", time.perf_counter() - begun, "s")
            yield _row("memory added", (process.memory_info().rss - before) / 2**20, "MB")
        table = scrape.read_ledger(folder / "raw" / "ledger.csv").set_index("url")
        ended = table.status.to_dict()
        yield _row("rows in the ledger", len(table))
        yield _row("ended as planted", interval([ended.get(hit.url) == end for hit, end in hits]))
        yield _row("good pictures kept", interval([ended[hit.url] == "ok" for n, (hit, _) in enumerate(hits) if n % 5]))
        with opened(folder / "shop", photos) as addresses, httpx.Client(
            transport=scrape.Guarded(addresses), timeout=5, trust_env=False
        ) as client:
            begun, came = time.perf_counter(), []
            for hit, _ in hits:  # what a first script does: one after the other, no second attempt
                with contextlib.suppress(httpx.HTTPError):
                    came.append(client.get(hit.url).status_code == 200)
            yield _row("seconds", time.perf_counter() - begun, "s", "httpx in a loop")
            yield _row("answers of status 200", sum(came), "", "httpx in a loop")
