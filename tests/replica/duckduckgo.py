"""DuckDuckGo's image search as its clients see it: a page with a token, then pages of JSON."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from .tls import Replica

TOKEN = "4-123456789012345678901234567890"


def picture(query: str, number: int) -> dict:
    """One result, with the fields that the real answer has."""
    return {
        "title": f"{query} no. {number}", "image": f"https://img{number % 3}.example.com/{number}.jpg",
        "thumbnail": f"https://tse.example.com/th?id={number}", "source": "Bing", "height": 600, "width": 800,
        "url": f"https://shop{number % 3}.example.com/p/{number}",
    }  # fmt: skip


class DuckDuckGo(Replica):
    """pages: how many pages of ``a_page`` results there are. faults: (status, body) to answer first to /i.js.

    ``requests`` lists (path, parameters) of all requests.
    """

    hosts = ("duckduckgo.com",)

    def __init__(self, folder: Path, pages: int = 2, a_page: int = 100, faults: list | None = None) -> None:
        super().__init__(folder)
        self.pages, self.a_page, self.faults = pages, a_page, list(faults or [])
        self.requests: list[tuple[str, dict]] = []

    def answer(self, host, method, target, body):
        where = urlsplit(target)
        asked = {name: values[0] for name, values in parse_qs(where.query).items()}
        self.requests.append((where.path, asked))
        if where.path != "/i.js":
            return 200, {"Content-Type": "text/html"}, f'<html><script>vqd="{TOKEN}";</script></html>'.encode()
        if self.faults:
            status, content = self.faults.pop(0)
            return status, {"Content-Type": "application/json"}, content
        if asked.get("vqd") != TOKEN:
            return 403, {"Content-Type": "text/html"}, b"no token"
        start, end = int(asked.get("s", 0)), self.pages * self.a_page
        count = self.a_page if start < end else 0
        found = {"query": asked["q"], "results": [picture(asked["q"], start + n) for n in range(count)]}
        if start + self.a_page < end:
            found["next"] = f"i.js?q={asked['q']}&o=json&s={start + self.a_page}"
        return 200, {"Content-Type": "application/json"}, json.dumps(found).encode()
