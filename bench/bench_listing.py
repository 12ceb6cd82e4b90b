"""A photo to a listing: how often it is right (by picture, by text, by both), how long it takes, the app under load.

Needs a trained course (`make course`). The 101 listings are of products of the test split, and the photos that one was
laid out with are excluded from the index while it is described. The app runs in a process of its own, asked through its
own client.

    python -m bench.bench_listing          # the counts of data/gazetteer/kind_clues.csv, on training listings
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from bench import row
from gadgetlib import CLASSES, specs
from gadgetlib.batch import describe_all
from gadgetlib.files import data_dir, table
from gadgetlib.listing import Describer, catalogue_model, known_names, letters, right_fields, shipped_listings
from gadgetlib.measure import interval

AREA, PORT = "listing", 7873
USERS, PHONES = 20, 50


def run(quick: bool) -> Iterator[dict]:
    describer = Describer.load()
    yield from quality(describer, 20 if quick else None)
    yield from batch(describer, 60 if quick else 1000)
    yield from app(10 if quick else 60, 10 if quick else PHONES)


def memory(process: psutil.Process | None = None) -> float:
    return (process or psutil.Process()).memory_info().rss / 1e6


def quality(describer: Describer, count: int | None) -> Iterator[dict]:
    """Every field, the kind, the first match and the price.

    No model has seen the products.
    """
    rows, seconds, found = shipped_listings("test")[:count], [], []
    for truth in rows:
        started = time.perf_counter()
        found.append(describer(data_dir() / "listings" / truth["file"], k=1, exclude=truth["photos"]))
        seconds.append(time.perf_counter() - started)
    products, data = [truth["product_id"] for truth in rows], f"{len(rows)} shipped listings, test split"
    right = [right_fields(one.specs, truth["specs"]) for one, truth in zip(found, rows)]
    flags = {f"{field} right": [one[field] for one in right] for field in right[0]}
    flags["every field right"] = [all(one.values()) for one in right]
    for name, kinds, firsts in answers(describer, found, rows):
        flags[f"kind right, {name}"] = [kind == truth["gadget_type"] for kind, truth in zip(kinds, rows)]
        flags[f"first match right, {name}"] = [first == truth["product_id"] for first, truth in zip(firsts, rows)]
    for metric, values in flags.items():
        yield row(AREA, "describe", data, metric, interval(values, products))
    yield from price_error(describer, found, rows)
    yield row(AREA, "describe", data, "p50", float(np.quantile(seconds, 0.5)), "s")
    yield row(AREA, "describe", data, "p95", float(np.quantile(seconds, 0.95)), "s")
    yield row(AREA, "describe", data, "memory", memory(), "MB")


def answers(describer: Describer, found: list, rows: list[dict]) -> Iterator[tuple[str, list, list]]:
    """The kind and the first match of every listing, by the picture alone, by the text alone, and by both."""

    def surest(scores: dict[str, float]) -> str | None:
        first, second = sorted(scores, key=scores.get, reverse=True)[:2]
        return first if scores[first] > scores[second] else None

    def product(matches: list[dict]) -> str | None:
        return matches[0]["product_id"] if matches else None

    vectors = [describer.index.embed(one.crop, one.from_picture) for one in found]
    looks = [product(describer.index.search(v, k=1, exclude=truth["photos"])) for v, truth in zip(vectors, rows)]
    named = [product([match for match in one.matches if match.get("named")]) for one in found]
    yield "picture alone", [surest(one.from_picture) for one in found], looks
    yield "text alone", [surest(one.from_text) for one in found], named
    yield "both", [one.gadget_type for one in found], [product(one.matches) for one in found]


def price_error(describer: Describer, found: list, rows: list[dict]) -> Iterator[dict]:
    """Median relative error against the launch price, from the specs as extracted and as printed."""
    launch = {variant["sku"]: float(variant["launch_price_usd"] or 0) for variant in table("catalogue.csv")}
    known = [(one, truth) for one, truth in zip(found, rows) if launch[truth["sku"]]]
    products = [truth["product_id"] for _, truth in known]
    for name, given in (
        ("as extracted", lambda one, truth: (one.gadget_type, one.specs)),
        ("as printed", lambda one, truth: (truth["gadget_type"], truth["specs"])),
    ):
        errors = [abs(describer.estimate(*given(*pair))["price"] / launch[pair[1]["sku"]] - 1) for pair in known]
        data, figure = f"{len(known)} shipped listings, test split", interval(errors, products, np.median)
        yield row(AREA, "price", data, f"median error, specs {name}", figure)


def batch(describer: Describer, count: int) -> Iterator[dict]:
    """Photos and listings in turn, every twentieth one broken."""
    good = sorted((data_dir() / "listings").glob("*.jpg")) + sorted((data_dir() / "photos").glob("*.jpg"))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            content = good[number * len(good) // count].read_bytes()
            length = len(content) // (1 if number % 20 else 3)
            (Path(folder) / f"{number:05d}.jpg").write_bytes(content[:length])
        started, marks = time.perf_counter(), []

        def watched(paths: list[Path]) -> Iterator[Path]:
            for path in paths:
                yield path
                marks.append(memory())

        done, bad = describe_all(describer, [Path(folder)], Path(folder) / "listings.csv", progress=watched)
        data = f"{count} pictures, {-(-count // 20)} broken"
        yield row(AREA, "batch", data, "rows", done)
        yield row(AREA, "batch", data, "rows with a reason", bad)
        yield row(AREA, "batch", data, "pictures per second", count / (time.perf_counter() - started), "1/s")
        yield row(AREA, "batch", data, "memory after the first tenth", marks[len(marks) // 10], "MB")
        yield row(AREA, "batch", data, "memory at the end", marks[-1], "MB")


def app(seconds: int, phones: int) -> Iterator[dict]:
    """Twenty users who upload a picture, wait for its listing and upload the next; then photos as phones make them."""
    from gradio_client import Client, handle_file

    pictures = [str(data_dir() / "listings" / one["file"]) for one in shipped_listings("test")[:USERS]]
    started = time.perf_counter()
    command = [sys.executable, "-m", "gadgetlib", "app", "--port", str(PORT)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        clients = [connected(Client, server)]
        yield row(AREA, "app", "start", "first page after", time.perf_counter() - started, "s")
        clients += [Client(f"http://127.0.0.1:{PORT}", verbose=False) for _ in range(USERS - 1)]
        clients[0].predict(handle_file(pictures[0]), "", 6, api_name="/describe")
        process, end = psutil.Process(server.pid), time.perf_counter() + seconds

        def user(number: int) -> list[float]:
            spent = []
            while time.perf_counter() < end:
                began = time.perf_counter()
                clients[number].predict(handle_file(pictures[number]), "", 6, api_name="/describe")
                spent.append(time.perf_counter() - began)
            return spent

        with ThreadPoolExecutor(USERS) as crowd:
            spent = np.concatenate(list(crowd.map(user, range(USERS))))
        data = f"{USERS} users for {seconds} s"
        yield row(AREA, "app", data, "answers", len(spent))
        yield row(AREA, "app", data, "p50", float(np.quantile(spent, 0.5)), "s")
        yield row(AREA, "app", data, "p95", float(np.quantile(spent, 0.95)), "s")
        yield row(AREA, "app", data, "memory after", memory(process), "MB")
        yield from large(process, pictures, phones)
        kept = [path for path in Path(tempfile.gettempdir()).glob(f"gadget-app-{server.pid}-*/**/*") if path.is_file()]
        yield row(AREA, "app", "after all visits", "files on the disk", len(kept))
    finally:
        server.terminate()
        server.wait(30)


def large(process: psutil.Process, pictures: list[str], count: int) -> Iterator[dict]:
    """Uploads of 24-megapixel photos, each by a visitor of its own: the app's memory."""
    from gradio_client import Client, handle_file

    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"{number}.jpg") for number in range(5)]
        for path, picture in zip(paths, pictures):
            Image.open(picture).resize((6000, 4000)).save(path, quality=92)
        marks = []
        for number in range(count):
            client = Client(f"http://127.0.0.1:{PORT}", verbose=False)
            client.predict(handle_file(paths[number % len(paths)]), "", 6, api_name="/describe")
            marks.append(memory(process))
    yield row(AREA, "app", f"{count} photos of 24 megapixels", "most memory", max(marks), "MB")
    yield row(AREA, "app", f"{count} photos of 24 megapixels", "memory after", marks[-1], "MB")


def connected(client: type, server: subprocess.Popen):
    for _ in range(240):
        if server.poll() is not None:
            raise RuntimeError("The app ended before its first page; try `gadget app`.")
        try:
            return client(f"http://127.0.0.1:{PORT}", verbose=False)
        except Exception:
            time.sleep(0.5)
    raise RuntimeError("The app did not answer within two minutes.")


def clue_counts() -> Iterator[tuple[str, str, int, int]]:
    """(clue, kind, right, n) of each row of kind_clues.csv: how often its kind was right on training listings."""
    rows = []
    for truth in shipped_listings("train"):
        found = specs.extract(truth["text"])
        model = catalogue_model(found.brand, found.model, truth["text"])
        known = known_names(found.brand).get(letters(model), [{}])[0].get("gadget_type")
        rows.append((truth, {"named": found.gadget_type if found.gadget_type in CLASSES else None, "catalogue": known}))
    for clue in table("gazetteer/kind_clues.csv"):
        if clue["words"]:
            clued = re.compile(clue["words"], re.IGNORECASE)
            kinds = [(truth, clue["kind"]) for truth, _ in rows if clued.search(truth["text"])]
        else:
            kinds = [(truth, said[clue["clue"]]) for truth, said in rows if said[clue["clue"]]]
        yield clue["clue"], clue["kind"], sum(truth["gadget_type"] == kind for truth, kind in kinds), len(kinds)


if __name__ == "__main__":
    for counted in clue_counts():
        print(*counted, sep=",")
