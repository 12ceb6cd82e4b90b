"""The course's own offline shop: a small web on this machine, with all the faults of the big one.

``data/shop/`` holds the recorded answers of an image search (JSON, a file for each query and page) and, for
every address in them, a recipe: which photo of ``data/photos/`` lies there, how it was edited, and how the
server misbehaves. :class:`Shop` serves both over HTTP on the loopback address. Nothing here is random: the
same request always meets the same fault.
"""

from __future__ import annotations

import contextlib
import io
import json
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir

HTML = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body>This picture has moved.</body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240"><rect width="320" height="240"/></svg>'


# ---------------------------------------------------------------- pictures made on the fly


def edit(photo: Path | None, steps: list[list[Any]]) -> bytes:
    """The bytes of a photo after the recipe's steps, such as ``[["crop", .05, .05, 1, 1], ["jpeg", 40]]``.

    Without steps the file goes out as it is. Geometry is in fractions of the side, radii in pixels.
    """
    from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

    if not steps:
        return photo.read_bytes()
    image = Image.open(photo).convert("RGB") if photo else None
    data = b""
    for name, *values in steps:
        match name:
            case "crop":
                w, h = image.size
                image = image.crop(tuple(round(v * s) for v, s in zip(values, (w, h, w, h), strict=True)))
            case "scale":
                size = tuple(max(8, round(side * values[0])) for side in image.size)
                image = image.resize(size, Image.Resampling.BICUBIC)
            case "fit":
                image.thumbnail((values[0], values[0]))
            case "blur":
                image = image.filter(ImageFilter.GaussianBlur(values[0]))
            case "light":
                image = ImageEnhance.Brightness(image).enhance(values[0])
            case "stamp":  # a shop's watermark in the lower corner
                w, h = image.size
                draw = ImageDraw.Draw(image)
                draw.text((w * 0.04, h * 0.9), values[0], fill=(150, 150, 150))
            case "jpeg":
                data = _save(image, "JPEG", quality=values[0])
            case "webp":
                data = _save(image, "WEBP", quality=values[0])
            case "png16":  # 16 bits a sample, as scanners write
                data = _save(image.convert("I;16"), "PNG") if values else _png16(image)
            case "png_alpha":
                image.putalpha(255)
                data = _save(image.quantize(64), "PNG")
            case "cmyk":
                data = _save(image.convert("CMYK"), "JPEG", quality=88)
            case "exif_turned":  # lies on its side; the EXIF tag says so, as phones do
                exif = Image.Exif()
                exif[0x0112] = 6
                data = _save(image.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=88, exif=exif)
            case "gif":
                frames = [image.rotate(3 * i).quantize(64) for i in range(3)]
                data = _save(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=200)
            case "cut":
                data = data or photo.read_bytes()
                data = data[: max(64, int(len(data) * values[0]))]
            case "html":
                data = HTML
            case "svg":
                data = SVG
            case "placeholder":
                data = _save(_placeholder(values[0]), "JPEG", quality=85)
            case "bomb":
                data = bomb(values[0])
            case _:
                raise CourseError(f"data/shop has a recipe step {name!r} that the shop does not know; make it again.")
    return data


def _save(image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _placeholder(number: int):
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (320, 240), (228 - 6 * number, 228, 228))
    ImageDraw.Draw(image).text((95, 112), "Image not available", fill=(120, 120, 120))
    return image


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int, depth: int, colour: int, raw: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", raw) + _chunk(b"IEND", b"")


def _png16(image) -> bytes:
    """16-bit RGB, which Pillow reads but does not write."""
    import numpy as np

    pixels = (np.asarray(image).astype(">u2") * 257).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return _png(image.width, image.height, 16, 2, zlib.compress(rows, 6))


def bomb(side: int) -> bytes:
    """A PNG of a few kilobytes whose header promises ``side`` x ``side`` pixels."""
    return _png(side, side, 1, 0, zlib.compress(bytes(2**20), 9))


# ---------------------------------------------------------------- the server


def about(folder: Path | None = None) -> dict[str, Any]:
    """Hosts, queries and answer files of a recorded shop. Raises CourseError when it is not there."""
    path = Path(folder or data_dir() / "shop") / "shop.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise CourseError(f"The offline shop ({path.parent.name}/shop.json) cannot be read; make it again: "
                          "`python data/studio/shop.py`.") from None  # fmt: skip


class Shop:
    """The recorded web of ``folder``, served from ``photos`` on a free loopback port.

    Use it as a context manager; ``addresses`` maps every host of the recording to ``("127.0.0.1", port)``.
    ``log`` lists (address, status) of all requests, in order; status 0 is a connection that was cut.
    """

    def __init__(self, folder: Path | None = None, photos: Path | None = None, port: int = 0) -> None:
        self.folder = Path(folder or data_dir() / "shop")
        self.photos = Path(photos or data_dir() / "photos")
        try:
            self.about = about(self.folder)
            self.recipes = {r["url"]: r for r in map(json.loads, _lines(self.folder / "pictures.jsonl"))}
        except FileNotFoundError as error:
            raise CourseError(
                f"The offline shop is incomplete ({Path(error.filename).name} is missing); "
                "make it again: `python data/studio/shop.py`."
            ) from None
        self.log: list[tuple[str, int]] = []
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), self)
        self.port = self._server.server_address[1]

    @property
    def addresses(self) -> dict[str, tuple[str, int]]:
        return dict.fromkeys(self.about["hosts"], ("127.0.0.1", self.port))

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def count(self, url: str) -> int:
        """How often this address was asked for before; counts this time."""
        with self._lock:
            self._seen[url] += 1
            return self._seen[url] - 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], shop: Shop) -> None:
        self.shop = shop
        super().__init__(address, _Handler)

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
        url = f"http://{host}{self.path}"
        times = shop.count(url)
        where = urlsplit(url)
        if host == shop.about["search_host"] and where.path == "/i.js":
            return self._search(shop, where, times)
        if where.path == "/robots.txt":
            return self._answer(200, shop.about["robots"].encode(), "text/plain")
        recipe = shop.recipes.get(url)
        if recipe is None:
            return self._answer(404, HTML, "text/html")
        return self._picture(shop, recipe, times)

    def _search(self, shop: Shop, where, times: int) -> None:
        asked = parse_qs(where.query)
        query, skip = asked.get("q", [""])[0], int(asked.get("s", ["0"])[0])
        page = next((p for p in shop.about["answers"] if p["query"] == query and p["skip"] == skip), None)
        if page is None:
            return self._answer(200, b'{"results": []}', "application/json")
        if self._misbehave(page.get("fault", {}), times):
            return None
        return self._answer(200, (shop.folder / page["file"]).read_bytes(), "application/json")

    def _picture(self, shop: Shop, recipe: dict, times: int) -> None:
        fault = recipe.get("fault", {})
        if self._misbehave(fault, times):
            return
        photo = shop.photos / recipe["file"] if recipe.get("file") else None
        data = edit(photo, recipe.get("edit", []))
        kind = recipe.get("type", "image/jpeg")
        time.sleep(fault.get("pause", 0))
        if "short" in fault:  # promises more than it sends, then hangs up
            self._start(200, kind, len(data))
            self.wfile.write(data[: int(len(data) * fault["short"])])
            self.close_connection = True
        elif "drip" in fault:
            self._start(200, kind, len(data))
            self.close_connection = True
            with contextlib.suppress(OSError):
                for i in range(len(data)):
                    self.wfile.write(data[i : i + 1])
                    self.wfile.flush()
                    time.sleep(fault["drip"])
        elif "endless" in fault:
            self._start(200, kind, None)
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.wfile.write(data)
                for _ in range(fault["endless"]):
                    self.wfile.write(bytes(2**20))
        else:
            self._answer(200, data, kind)

    def _misbehave(self, fault: dict, times: int) -> bool:
        """Answer with the fault, if this request is one of those that meet it."""
        if times >= fault.get("times", sys.maxsize):
            return False
        if fault.get("reset"):
            self.server.shop.log.append((f"http://{self.headers.get('Host', '')}{self.path}", 0))
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return True
        if "status" in fault:
            self._answer(fault["status"], HTML, "text/html", fault.get("headers", {}))
            return True
        return False

    def _start(self, status: int, kind: str, length: int | None, headers: dict[str, str] | None = None) -> None:
        host = self.headers.get("Host", "")
        self.server.shop.log.append((f"http://{host}{self.path}", status))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is None:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def _answer(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self._start(status, kind, len(body), headers)
        self.wfile.write(body)


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


# ---------------------------------------------------------------- in a process of its own


@contextlib.contextmanager
def opened(folder: Path | None = None, photos: Path | None = None) -> Iterator[dict[str, tuple[str, int]]]:
    """Run the shop in a process of its own; yield the map of its hosts to their loopback address.

    The server ends with the block, and also when this process dies: it watches its standard input.
    """
    command = [sys.executable, "-m", "coursekit.shop"]
    command += ["--folder", str(folder)] if folder else []
    command += ["--photos", str(photos)] if photos else []
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


def main(arguments: list[str] | None = None) -> None:
    """Serve until standard input closes (``python -m coursekit.shop``)."""
    import argparse

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--photos", type=Path)
    options = parser.parse_args(arguments)
    try:
        shop = Shop(options.folder, options.photos)
    except CourseError as error:
        sys.exit(str(error))
    with shop:
        print(json.dumps(shop.addresses), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
