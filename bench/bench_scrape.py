"""Collecting: a thousand downloads from the loopback shop, one in five with a fault, and a plain loop beside it."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from coursekit.shop import HTML, SVG, bomb, opened
from gadgetlib import scrape
from gadgetlib.files import data_dir

HOSTS = [f"img{n}.bench-shop.example" for n in range(8)]
FAULTS = [  # (recipe, how it must end)
    ({"fault": {"status": 404}}, "failed"),
    ({"fault": {"status": 503, "times": 2}}, "ok"),
    ({"fault": {"status": 429, "times": 1, "headers": {"Retry-After": "1"}}}, "ok"),
    ({"fault": {"reset": True, "times": 1}}, "ok"),
    ({"fault": {"status": 403}}, "failed"),
    ({"fault": {"short": 0.5}}, "failed"),
    ({"sent": "page.html"}, "refused"),
    ({"sent": "drawing.svg"}, "refused"),
    ({"sent": "bomb.png"}, "refused"),
    ({"sent": "cut.jpg"}, "ok"),  # kept as it came; cleaning finds it
]


def recording(folder: Path, photos: Path, count: int) -> list[tuple[scrape.Hit, str]]:
    """A shop of ``count`` addresses, every fifth with a fault in turn; the hits and how each must end."""
    names = sorted(path.name for path in photos.glob("*.jpg"))
    about = {"hosts": HOSTS, "search_host": "none.example", "robots": "", "queries": [], "answers": []}
    rows, hits = [], []
    (folder / "page.html").write_bytes(HTML)
    (folder / "drawing.svg").write_bytes(SVG)
    (folder / "bomb.png").write_bytes(bomb(50_000))
    whole = (photos / names[0]).read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: int(0.6 * len(whole))])
    for n in range(count):
        url = f"http://{HOSTS[n % 8]}/{n}.jpg"
        recipe, end = FAULTS[n // 5 % len(FAULTS)] if n % 5 == 0 else ({}, "ok")
        rows.append({"url": url, "file": names[n % len(names)], **recipe})
        hits.append((scrape.Hit("q", "laptop", url), end))
    (folder / "shop.json").write_text(json.dumps(about))
    (folder / "pictures.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return hits


def run(quick: bool = True) -> Iterator[dict]:
    """All rows of this area."""
    import httpx
    import psutil

    count, photos = 1000, data_dir() / "photos"

    def row(case: str, metric: str, value: float, unit: str = "", peer: str = "gadgetlib") -> dict:
        return {"area": "scrape", "case": case, "data": f"{count} addresses, 20 % faults", "metric": metric,
                "value": round(float(value), 3), "unit": unit, "peer": peer}  # fmt: skip

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shop").mkdir()
        hits = recording(folder / "shop", photos, count)
        process = psutil.Process()
        scrape.image_facts(next(photos.glob("*.jpg")).read_bytes())  # libraries are not what the downloads take
        with opened(folder / "shop", photos) as addresses:
            before, begun = process.memory_info().rss, time.perf_counter()
            with scrape.Ledger(folder / "raw") as ledger, scrape.Fetcher(scrape.SHOP_LIMITS, addresses) as fetcher:
                scrape.fetch_all([hit for hit, _ in hits], ledger, fetcher)
                table = ledger.frame()
            seconds = time.perf_counter() - begun
            yield row("collect", "seconds", seconds, "s")
            yield row("collect", "memory added", (process.memory_info().rss - before) / 2**20, "MB")
        ended = dict(zip(table.url, table.status, strict=True))
        right = sum(ended.get(hit.url) == end for hit, end in hits)
        yield row("collect", "rows in the ledger", len(table))
        yield row("collect", "ended as planted", right / count)
        for status, number in sorted(Counter(table.status).items()):
            yield row("collect", f"status {status}", number)
        whole = [ended[hit.url] for (hit, _), n in zip(hits, range(count), strict=True) if n % 5]
        yield row("collect", "good pictures kept", whole.count("ok") / len(whole))
        with opened(folder / "shop", photos) as addresses, httpx.Client(
            transport=scrape.GuardedTransport(addresses), timeout=5, trust_env=False
        ) as client:
            begun, came = time.perf_counter(), 0
            for hit, _ in hits:  # what a first script does: one after the other, no second attempt
                with contextlib.suppress(httpx.HTTPError):
                    came += client.get(hit.url).status_code == 200
            yield row("collect", "seconds", time.perf_counter() - begun, "s", "httpx in a loop")
            yield row("collect", "answers of status 200", came, "", "httpx in a loop")


if __name__ == "__main__":
    for entry in run():
        print(f"{entry['case']:10} {entry['metric']:24} {entry['value']:10} {entry['unit']:4} {entry['peer']}")
