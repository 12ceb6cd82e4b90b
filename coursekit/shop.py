"""The course's own offline shop: a small web on this machine, with all the faults of the big one.

``data/shop/`` holds the recorded answers of an image search (JSON, a file for each query and page) and, for
every address in them, a recipe: which photo of ``data/photos/`` lies there, or which other bytes are sent, and
how the server misbehaves. :class:`Shop` serves both over HTTP on the loopback address. Nothing here is random: the
same request always meets the same fault.
"""

import contextlib
import itertools
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir

HTML = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body>This picture has moved.</body></html>"


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        return [json.loads(line) for line in (text.splitlines() if path.suffix == ".jsonl" else [text])]
    except (OSError, ValueError):
        again = "cannot be read; make it again: `python data/studio/shop.py`"
        raise CourseError(f"The offline shop ({path.parent.name}/{path.name}) {again}.") from None


class Shop:
    """The recorded web of ``folder``, served from ``photos`` on a free loopback port.

    Use it as a context manager; ``addresses`` maps every host of the recording to ``("127.0.0.1", port)``.
    ``log`` lists (address, status) of all requests, in order; status 0 is a connection that was cut. Raises CourseError
    when there is no recording.
    """

    def __init__(self, folder: Path | None = None, photos: Path | None = None) -> None:
        self.folder = Path(folder or data_dir() / "shop")
        self.photos = Path(photos or data_dir() / "photos")
        self.about: dict[str, Any] = _read(self.folder / "shop.json")[0]  # hosts, queries and answer files
        self.recipes = {row["url"]: row for row in _read(self.folder / "pictures.jsonl")}
        answers = [row | {"sent": row["file"], "type": "application/json"} for row in self.about["answers"]]
        self.pages = {(row["query"], row["skip"]): row for row in answers}  # of the search, by results to skip
        self.log: list[tuple[str, int]] = []
        self.asked: dict[str, Iterator[int]] = defaultdict(itertools.count)  # address -> how often it was asked for
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.shop = self
        self.addresses = dict.fromkeys(self.about["hosts"], self._server.server_address)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    shop: Shop

    def handle_error(self, request, client_address) -> None:  # a client that hangs up is no news here
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 30

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        shop: Shop = self.server.shop
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        self.url, where = f"http://{host}{self.path}", urlsplit(self.path)
        times, key, otherwise = next(shop.asked[self.url]), self.url, (404, HTML, "text/html")
        if host == shop.about["search_host"] and where.path == "/i.js":
            query, skip = (parse_qs(where.query).get(name, ["0"])[0] for name in ("q", "s"))
            key, otherwise = (query, int(skip)), (200, b'{"results": []}', "application/json")
        elif where.path == "/robots.txt":
            otherwise = 200, shop.about["robots"].encode(), "text/plain"
        recipe = shop.recipes.get(key) or shop.pages.get(key)
        if recipe is None:
            self._send(*otherwise)
        elif not self._misbehave(recipe.get("fault", {}), times):
            place = shop.folder / recipe["sent"] if "sent" in recipe else shop.photos / recipe["file"]
            self._send(200, place.read_bytes(), recipe.get("type", "image/jpeg"), recipe.get("fault", {}))

    def _send(self, status: int, data: bytes, kind: str, fault: dict | None = None, **headers: str) -> None:
        """Answer with these bytes; short, drip, endless and pause are what a fault does to them."""
        fault = fault or {}
        parts = [data, *[bytes(2**20)] * fault.get("endless", 0)]
        if "short" in fault:  # promises more than it sends, then hangs up
            parts = [data[: int(len(data) * fault["short"])]]
        elif "drip" in fault:
            parts = [data[i : i + 1] for i in range(len(data))]
        time.sleep(fault.get("pause", 0))
        self.server.shop.log.append((self.url, status))
        self.send_response(status)
        size = {"Connection": "close"} if "endless" in fault else {"Content-Length": str(len(data))}
        for name, value in {"Content-Type": kind, **size, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection |= bool(fault.keys() & {"short", "drip", "endless"})
        with contextlib.suppress(OSError):  # the client hung up
            for part in parts:
                self.wfile.write(part)
                self.wfile.flush()
                time.sleep(fault.get("drip", 0))

    def _misbehave(self, fault: dict, times: int) -> bool:
        """Answer with the fault, if this request is one of those that meet it."""
        if times >= fault.get("times", sys.maxsize) or not (fault.get("reset") or "status" in fault):
            return False
        if fault.get("reset"):
            self.server.shop.log.append((self.url, 0))
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        else:
            self._send(fault["status"], HTML, "text/html", **fault.get("headers", {}))
        return True


@contextlib.contextmanager
def opened(folder: Path | None = None, photos: Path | None = None) -> Iterator[dict[str, tuple[str, int]]]:
    """Run the shop in a process of its own; yield the map of its hosts to their loopback address.

    The server ends with the block, and also when this process dies: it watches its standard input.
    """
    command = [sys.executable, "-m", "coursekit.shop", str(folder or ""), str(photos or "")]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        first = server.stdout.readline()
        if not first.startswith("{"):
            raise CourseError("The offline shop did not start; run `python -m coursekit.shop` to see why.")
        yield {host: tuple(address) for host, address in json.loads(first).items()}
    finally:
        server.stdin.close()
        server.wait(timeout=10)
        server.stdout.close()


if __name__ == "__main__":  # [FOLDER [PHOTOS]]: serves until standard input closes
    try:
        with Shop(*(Path(given) if given else None for given in sys.argv[1:3])) as served:
            print(json.dumps(served.addresses), flush=True)
            sys.stdin.read()
    except CourseError as error:
        sys.exit(str(error))
