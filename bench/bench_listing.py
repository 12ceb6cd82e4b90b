"""A photo to a listing: how often it is right, how long it takes, a batch with broken pictures, and the app under load.

Needs a trained course (`make course`). The app runs in a process of its own and is asked through its own client.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil

from gadgetlib.batch import describe_all
from gadgetlib.files import data_dir
from gadgetlib.listing import Describer, right_fields, shipped_listings

AREA = "listing"
USERS, PORT = 20, 7873


def row(case: str, data: str, metric: str, value: float, unit: str = "") -> dict:
    return {"area": AREA, "case": case, "data": data, "metric": metric, "value": float(value), "unit": unit, "peer": ""}


def memory() -> float:
    return psutil.Process().memory_info().rss / 1e6


def run(quick: bool) -> Iterator[dict]:
    describer = Describer.load()
    yield from quality(describer, 20 if quick else None)
    yield from batch(describer, 60 if quick else 1000)
    yield from app(10 if quick else 60)


def quality(describer: Describer, count: int | None) -> Iterator[dict]:
    """Shipped listings of the test split: no lesson trained on them, and no product of theirs was trained on."""
    rows = shipped_listings("test")[:count]
    data, seconds, right, kinds, first = f"{len(rows)} shipped listings, test split", [], [], [], []
    for truth in rows:
        started = time.perf_counter()
        listing = describer(data_dir() / "listings" / truth["file"])
        seconds.append(time.perf_counter() - started)
        right.append(right_fields(listing.specs, truth["specs"]))
        kinds.append(listing.gadget_type == truth["gadget_type"])
        first.append(any(match["product_id"] == truth["product_id"] for match in listing.matches[:1]))
    yield row("describe", data, "type right", np.mean(kinds))
    yield row("describe", data, "every field right", np.mean([all(one.values()) for one in right]))
    yield row("describe", data, "first match is the product", np.mean(first))
    for field in right[0]:
        yield row("describe", data, f"{field} right", np.mean([one[field] for one in right]))
    yield row("describe", data, "p50", np.quantile(seconds, 0.5), "s")
    yield row("describe", data, "p95", np.quantile(seconds, 0.95), "s")
    yield row("describe", data, "memory", memory(), "MB")


def batch(describer: Describer, count: int) -> Iterator[dict]:
    """Photos and listings in turn, every twentieth one broken."""
    good = sorted((data_dir() / "listings").glob("*.jpg")) + sorted((data_dir() / "photos").glob("*.jpg"))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            source = good[number * len(good) // count]
            content = source.read_bytes()
            (Path(folder) / f"{number:05d}.jpg").write_bytes(content[: len(content) // 3] if number % 20 == 0 else content)
        out, started, marks = Path(folder) / "listings.csv", time.perf_counter(), []

        def watched(paths):
            for path in paths:
                yield path
                marks.append(memory())

        done, bad = describe_all(describer, [Path(folder)], out, progress=watched)
        data = f"{count} pictures, {-(-count // 20)} broken"
        yield row("batch", data, "rows", done)
        yield row("batch", data, "rows with a reason", bad)
        yield row("batch", data, "pictures a second", count / (time.perf_counter() - started), "1/s")
        yield row("batch", data, "memory after the first tenth", marks[len(marks) // 10], "MB")
        yield row("batch", data, "memory at the end", marks[-1], "MB")


def app(seconds: int) -> Iterator[dict]:
    """Twenty users who upload a picture, wait for its listing, and upload the next."""
    from gradio_client import Client, handle_file

    pictures = [str(data_dir() / "listings" / one["file"]) for one in shipped_listings("test")[:USERS]]
    command = [sys.executable, "-m", "coursekit", "app", "--port", str(PORT)]
    started = time.perf_counter()
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"})
    try:
        clients = [_connected(Client, server)]
        yield row("app", "start to first page", "seconds", time.perf_counter() - started, "s")
        clients += [Client(f"http://127.0.0.1:{PORT}", verbose=False) for _ in range(USERS - 1)]
        process, end = psutil.Process(server.pid), time.perf_counter() + seconds
        before = process.memory_info().rss / 1e6

        def user(number: int) -> tuple[list[float], int]:
            spent, errors = [], 0
            while time.perf_counter() < end:
                began = time.perf_counter()
                try:
                    clients[number].predict(handle_file(pictures[number]), "", 6, api_name="/describe")
                    spent.append(time.perf_counter() - began)
                except Exception as error:
                    errors += 1
                    print(f"  user {number}: {type(error).__name__}: {json.dumps(str(error)[:200])}", file=sys.stderr)
            return spent, errors

        with ThreadPoolExecutor(USERS) as crowd:
            told = list(crowd.map(user, range(USERS)))
        spent, data = np.concatenate([one for one, _ in told]), f"{USERS} users for {seconds} s"
        yield row("app", data, "answers", len(spent))
        yield row("app", data, "errors", sum(errors for _, errors in told))
        yield row("app", data, "p50", np.quantile(spent, 0.5), "s")
        yield row("app", data, "p95", np.quantile(spent, 0.95), "s")
        yield row("app", data, "memory before", before, "MB")
        yield row("app", data, "memory after", process.memory_info().rss / 1e6, "MB")
    finally:
        server.terminate()
        server.wait(20)


def _connected(client, server: subprocess.Popen):
    for _ in range(240):
        if server.poll() is not None:
            raise RuntimeError("The app ended before its first page; try `gadget app`.")
        try:
            return client(f"http://127.0.0.1:{PORT}", verbose=False)
        except Exception:
            time.sleep(0.5)
    raise RuntimeError("The app did not answer within two minutes.")
