"""Collecting: every fault of the web as a test, the real clients against replicas, and a killed run replayed."""

from __future__ import annotations

import contextlib
import email.utils
import filecmp
import hashlib
import io
import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from replica.duckduckgo import DuckDuckGo, picture
from replica.kaggle import Kaggle
from shop import SVG, bomb

from coursekit.shop import HTML, Shop
from gadgetlib import LEDGER_COLUMNS, scrape, sources
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir, mend, project_root, write_atomic
from gadgetlib.scrape import Fetcher, Ledger, Limits, fetch_all
from gadgetlib.sources import Hit, NotTaken, address_key

HOST = "img.test-shop.example"
# patient, because a loaded machine may answer late; where a limit of time is tested, the test names it
QUICK = Limits(silence=20, deadline=40, backoff=0.01, longest_wait=5, attempts=3, bytes=300_000, per_host=8)


def drawn(number: int = 0, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """A picture with edges, another one for each number."""
    image = Image.new("RGB", size, (240, 240, 235))
    pen = ImageDraw.Draw(image)
    for k in range(6):
        x, y = (number * 37 + k * 53) % size[0], (number * 29 + k * 41) % size[1]
        pen.rectangle((x, y, x + 20 + 5 * k, y + 12 + number % 30), fill=(40 * k, (number * 17) % 255, 90))
    return image


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(4):
        drawn(number).save(folder / f"{number}.jpg", quality=90)
    return folder


@pytest.fixture
def serve(tmp_path, photos):
    """serve({path: recipe}, ...) -> a running shop that has these addresses; closed when the test ends."""
    running = []

    def start(recipes: dict[str, dict], robots: str = "", answers: list | None = None) -> Shop:
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        about = {"hosts": [HOST], "search_host": HOST, "robots": robots, "queries": [], "answers": answers or []}
        (folder / "shop.json").write_text(json.dumps(about), encoding="utf-8")
        rows = [{"url": f"http://{HOST}{path}", "file": "0.jpg", **recipe} for path, recipe in recipes.items()]
        (folder / "pictures.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        running.append(Shop(folder, photos).__enter__())
        return running[-1]

    yield start
    for shop in running:
        shop.__exit__()


@pytest.fixture
def raw() -> Iterator:
    """raw({path: the very bytes of the answer}) -> addresses of a server that sends them and hangs up."""
    servers = []

    def start(answers: dict[str, bytes]) -> dict[str, tuple[str, int]]:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def run():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    path = client.recv(65536).split(b" ")[1].decode()
                    client.sendall(answers.get(path, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))

        threading.Thread(target=run, daemon=True).start()
        return {HOST: server.getsockname()}

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def slow_headers() -> Iterator:
    """The address of a server that answers with one more header every tenth of a second."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(client):
        with client, contextlib.suppress(OSError):
            if b"robots.txt" in client.recv(65536):
                client.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
                client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\n")
            for _ in range(3000):
                client.sendall(b"X: 1\r\n")
                time.sleep(0.1)

    def run():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=[server.accept()[0]], daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    yield {HOST: server.getsockname()}
    server.close()


def get(shop: Shop, path: str, limits: Limits = QUICK) -> bytes:
    with Fetcher(limits, shop.addresses) as fetcher:
        return fetcher.get(f"http://{HOST}{path}")


def statuses(shop: Shop, path: str) -> list[int]:
    return [status for url, status in shop.log if url.endswith(path)]


def hit(path: str, query: str = "q", label: str = "laptop") -> Hit:
    return Hit(query, label, f"http://{HOST}{path}")


def fetched(hits, folder, addresses, limits: Limits = QUICK, **options):
    with Fetcher(limits, addresses) as fetcher:
        fetch_all(hits, Ledger(folder), fetcher.get, limits, **options)
    return scrape.read_ledger(folder / "ledger.csv")


# ---------------------------------------------------------------- faults of a server


@pytest.mark.parametrize("status", [202, 403, 429, 500, 503])
def test_later_is_not_never(serve, photos, status):
    shop = serve({"/a.jpg": {"fault": {"status": status, "times": 2}}, "/b.jpg": {"fault": {"status": status}}})
    assert get(shop, "/a.jpg") == (photos / "0.jpg").read_bytes()
    assert statuses(shop, "/a.jpg") == [status, status, 200]
    with pytest.raises(NotTaken, match=f"HTTP {status}$") as no:
        get(shop, "/b.jpg")
    assert no.value.status == "failed" and len(statuses(shop, "/b.jpg")) == 3


@pytest.mark.parametrize("status", [404, 410, 401])
def test_never_is_asked_once(serve, status):
    shop = serve({"/a.jpg": {"fault": {"status": status}}})
    with pytest.raises(NotTaken, match=f"HTTP {status}$"):
        get(shop, "/a.jpg")
    assert len(statuses(shop, "/a.jpg")) == 1


def test_retry_after_holds_for_the_whole_host_and_has_an_end(serve):
    shop = serve({
        "/a.jpg": {"fault": {"status": 429, "times": 1, "headers": {"Retry-After": "1"}}}, "/b.jpg": {},
        "/c.jpg": {"fault": {"status": 503, "headers": {"Retry-After": "3600"}}},
    })  # fmt: skip
    with Fetcher(QUICK, shop.addresses) as fetcher:
        begun = time.monotonic()
        fetcher.get(f"http://{HOST}/a.jpg")
        assert time.monotonic() - begun >= 0.95
        fetcher._not_before[HOST] = time.monotonic() + 0.4
        begun = time.monotonic()
        fetcher.get(f"http://{HOST}/b.jpg")
        assert time.monotonic() - begun >= 0.35
    with pytest.raises(NotTaken, match="come back in 3600 s"):
        get(shop, "/c.jpg")
    assert len(statuses(shop, "/c.jpg")) == 1


def test_retry_after_in_all_its_forms():
    assert scrape.retry_after(" 7 ") == 7
    assert 500 < scrape.retry_after(email.utils.formatdate(time.time() + 600, usegmt=True)) <= 600
    assert scrape.retry_after(email.utils.formatdate(0)) == 0
    assert scrape.retry_after("soon") is scrape.retry_after("") is scrape.retry_after("-3") is None


def test_time_and_size_have_limits(serve):
    shop = serve({
        "/drip.jpg": {"fault": {"drip": 0.05}}, "/silent.jpg": {"fault": {"pause": 20}},
        "/short.jpg": {"fault": {"short": 0.5}},
        "/endless.jpg": {"fault": {"endless": 10_000}}, "/reset.jpg": {"fault": {"reset": True}}, "/a.jpg": {},
    })  # fmt: skip
    in_all, between = (replace(QUICK, attempts=1, **limit) for limit in ({"deadline": 1.0}, {"silence": 0.5}))
    assert len(get(shop, "/a.jpg")) * 0.05 > 60, "dripping takes minutes"
    begun = time.monotonic()
    for path, why, limits in [
        ("drip", "too slow", in_all), ("silent", "ReadTimeout", between), ("short", "peer closed", QUICK),
        ("endless", "more than 300,000 bytes", QUICK), ("reset", "(Read|Protocol)Error", QUICK),
    ]:  # fmt: skip
        with pytest.raises(NotTaken, match=why):
            get(shop, f"/{path}.jpg", limits)
    assert time.monotonic() - begun < 60
    with pytest.raises(NotTaken, match="more than 100 bytes"):  # the promised length is enough
        get(shop, "/a.jpg", Limits(bytes=100))


def test_headers_that_never_end_are_given_up(slow_headers):
    begun = time.monotonic()
    in_all = replace(QUICK, deadline=1.0, attempts=2)
    with Fetcher(in_all, slow_headers) as fetcher, pytest.raises(NotTaken, match="too slow"):
        fetcher.get(f"http://{HOST}/a.jpg")
    assert time.monotonic() - begun < 60, "each of them comes in time, all of them never"


def test_the_deadline_does_not_count_the_wait_for_one_s_turn(serve):
    """One request at a time: the last waits longer for its turn than the deadline, and still comes."""
    shop = serve({f"/{n}.jpg": {"fault": {"pause": 0.4}} for n in range(16)})
    one_at_a_time = Limits(silence=20, deadline=6.0, attempts=1, per_host=1)
    with Fetcher(one_at_a_time, shop.addresses) as fetcher, ThreadPoolExecutor(16) as pool:
        begun = time.monotonic()
        assert all(pool.map(lambda n: fetcher.get(f"http://{HOST}/{n}.jpg"), range(16)))
        assert time.monotonic() - begun >= 16 * 0.4 > one_at_a_time.deadline, "few at a time to one host"


def test_a_host_that_never_answers_is_left_alone(tmp_path):
    """Without a limit each of its pictures would be tried, and waited for, as often as one that may still come."""
    asked = []
    server = socket.create_server(("127.0.0.1", 0))

    def run():
        with contextlib.suppress(OSError):
            while True:
                asked.append(server.accept()[0].close())

    threading.Thread(target=run, daemon=True).start()
    table = fetched([hit(f"/{n}.jpg") for n in range(40)], tmp_path / "raw", {HOST: server.getsockname()})
    server.close()
    assert len(asked) <= 12 + QUICK.workers and set(table.status) == {"failed"} and len(table) == 40
    assert (table.reason == f"{HOST} did not answer 12 times in a row").sum() > 20


def redirect(target: str) -> dict:
    return {"file": None, "fault": {"status": 302, "headers": {"Location": target}}}


def test_redirects(serve, photos):
    shop = serve(
        {"/a": redirect(f"http://{HOST}/b"), "/b": redirect("/c.jpg"), "/c.jpg": {}, "/loop": redirect("/loop")}
    )
    assert get(shop, "/a") == (photos / "0.jpg").read_bytes()
    with pytest.raises(NotTaken, match="more than 5 redirects"):
        get(shop, "/loop")


ODD = {
    "302 without Location": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
    "304": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "300": b"HTTP/1.1 300 Multiple Choices\r\nContent-Length: 0\r\n\r\n",
    "301 to nonsense": b"HTTP/1.1 301 Moved\r\nLocation: http://[::x/\r\nContent-Length: 0\r\n\r\n",
    "302 to another scheme": b"HTTP/1.1 302 Found\r\nLocation: ftp://x.example/a\r\nContent-Length: 0\r\n\r\n",
    "no HTTP at all": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a broken header": b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
    "gzip that is none": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
    "a chunk that is none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "an unknown status": b"HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n",
    "hangs up": b"",
}


def test_an_odd_answer_is_a_row_and_the_rest_goes_on(raw, tmp_path, photos):
    whole = (photos / "0.jpg").read_bytes()
    good = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(whole), whole)
    addresses = raw({f"/{n}.jpg": answer for n, answer in enumerate(ODD.values())} | {"/good.jpg": good})
    table = fetched([hit(f"/{n}.jpg") for n in range(len(ODD))] + [hit("/good.jpg")], tmp_path / "raw", addresses)
    ended = dict(zip(table.url.str.extract(r"/(\w+)\.jpg")[0], table.status, strict=True))
    assert ended.pop("good") == "ok" and len(table) == len(ODD) + 1
    assert set(ended.values()) <= {"failed", "refused"} and (table.reason[table.status != "ok"] != "").all()


@pytest.mark.parametrize(
    "name", [n for n in dir(httpx) if isinstance(getattr(httpx, n), type) and issubclass(getattr(httpx, n), Exception)]
)
def test_whatever_httpx_raises_is_a_row(name, tmp_path, monkeypatch):
    kind = getattr(httpx, name)
    error = kind.__new__(kind)
    Exception.__init__(error, "a message of\ntwo lines")

    def fails(*_, **__):
        raise error

    monkeypatch.setattr(httpx.Client, "stream", fails)
    (row,) = fetched([hit("/a.jpg")], tmp_path, {HOST: ("127.0.0.1", 9)}).to_dict("records")
    assert row["status"] in ("failed", "refused") and row["reason"]


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:22/", "http://localhost/", "http://169.254.169.254/latest", "http://10.0.0.8/x",
     "http://[::1]/x", "http://0.0.0.0/", "http://192.168.1.1/x", "http://[::ffff:127.0.0.1]/x", "http://2130706433/",
     "http://127.1/", "http://0x7f000001/", "http://[fe80::1%25eth0]/", "http://100.64.0.1/",
     "http://[64:ff9b::a00:8]/"],
)  # fmt: skip
def test_private_addresses_are_refused_also_behind_a_redirect(serve, target):
    shop = serve({"/a": redirect(target)})
    with pytest.raises(NotTaken, match="private network|gaierror|InvalidURL"):
        get(shop, "/a")
    with Fetcher(QUICK) as fetcher, pytest.raises(NotTaken):
        fetcher.get(target)


@pytest.mark.parametrize("answers", [["192.168.0.7"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["64:ff9b::c0a8:7"]])
def test_a_host_name_that_resolves_to_a_private_address(monkeypatch, answers):
    monkeypatch.setattr(scrape.socket, "getaddrinfo", lambda *a, **k: [(2, 1, 6, "", (ip, 80)) for ip in answers])
    with Fetcher(QUICK) as fetcher, pytest.raises(NotTaken, match="private network"):
        fetcher.get("http://looks-public.example/x.jpg")


@pytest.mark.parametrize(("code", "asked"), [(socket.EAI_NONAME, 1), (socket.EAI_AGAIN, QUICK.attempts)])
def test_a_name_that_no_host_has_is_looked_up_once(monkeypatch, code, asked):
    """Where the look-up itself fails, it may succeed later."""
    names = []

    def fails(name, *_, **__):
        names.append(name)
        raise socket.gaierror(code, "Name or service not known")

    monkeypatch.setattr(scrape.socket, "getaddrinfo", fails)
    with Fetcher(QUICK) as fetcher, pytest.raises(NotTaken, match="gaierror.*not known"):
        fetcher.get("http://gone.example/x.jpg")
    assert names == ["gone.example"] * asked


def test_public_addresses_behind_a_network_s_translation_are_public(monkeypatch):
    """NAT64: a phone network that has only IPv6 gives every IPv4 host such an address."""
    monkeypatch.setattr(scrape.socket, "getaddrinfo", lambda *a, **k: [(10, 1, 6, "", ("64:ff9b::808:808", 80, 0, 0))])
    assert scrape.public_address("x.example") == "64:ff9b::808:808"


def test_the_certificate_must_be_the_name_s(tmp_path):
    """Connections go to a checked number, but TLS is asked for the name, and another name's certificate is refused."""
    with DuckDuckGo(tmp_path) as replica:
        import ssl

        import trustme

        authority = trustme.CA()
        authority.issue_cert(HOST).configure_cert(replica._tls)
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        server = socket.create_server(("127.0.0.1", 0))

        def run():
            for _ in range(2):
                with (
                    (client := server.accept()[0]),
                    contextlib.suppress(OSError),
                    replica._tls.wrap_socket(client, server_side=True) as tls,
                ):
                    assert b"Host: " in tls.recv(4096)
                    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

        threading.Thread(target=run, daemon=True).start()
        addresses = dict.fromkeys([HOST, "other.example"], server.getsockname())
        with httpx.Client(transport=scrape.Guarded(addresses, verify=trust)) as client:
            assert client.get(f"https://{HOST}/").text == "hi"
            with pytest.raises(httpx.ConnectError, match="other.example"):
                client.get("https://other.example/")
        server.close()


@pytest.mark.parametrize(
    "url", ["ftp://x.example/a.jpg", "file:///etc/passwd", "data:image/png;base64,AA", "a.jpg", ""]
)
def test_only_http(url):
    with Fetcher(QUICK) as fetcher, pytest.raises(NotTaken, match="only http and https"):
        fetcher.get(url)


# ---------------------------------------------------------------- robots.txt


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /private/", "/private/b.jpg", False),
        ("User-agent: *\nDisallow: /private/", "/a.jpg", True),
        ("\ufeffUser-agent: *\nDisallow: /private/", "/private/b.jpg", False),
        ("User-agent: *\nDisallow: /*.jpg$", "/a.jpg", False),
        ("User-agent: *\nDisallow: /*.jpg$", "/a.jpg?x=1", True),
        ("User-agent: *\nDisallow: /\nAllow: /img/", "/img/a.jpg", True),  # the longest match, not the first
        ("User-agent: *\nDisallow: /img/\nAllow: /img/ok/", "/img/ok/a.jpg", True),
        ("User-agent: GadgetLib\nDisallow: /\n\nUser-agent: *\nAllow: /", "/a.jpg", False),
        ("User-agent: otherbot\nDisallow: /", "/a.jpg", True),
        ("User-agent: *\nDisallow: /my%20photo", "/my%20photo.jpg", False),
        ("<!doctype html><p>no such page", "/a.jpg", True),
        ("", "/a.jpg", True),
    ],
)
def test_robots(serve, rules, path, allowed):
    shop = serve({path: {}}, robots=rules)
    if allowed:
        assert get(shop, path)
    else:
        with pytest.raises(NotTaken, match="robots.txt forbids"):
            get(shop, path)
        assert statuses(shop, path) == [], "it was not even asked for"


def test_robots_of_a_host_without_one_and_of_a_host_in_trouble():
    assert scrape.robots_rules(404, b"Disallow: /").can_fetch("http://x.example/a", "gadgetlib")
    assert not scrape.robots_rules(503, b"").can_fetch("http://x.example/a", "gadgetlib")


# ---------------------------------------------------------------- bytes that pose as a picture


@pytest.mark.parametrize(
    ("data", "reason"),
    [(HTML, "web page"), (SVG, "SVG"), (bomb(50_000), "pixels"),
     (bomb(9_000), "pixels"), (b"", "empty file"), (b"x", "text"), (b"hello world\n" * 50, "text"),
     (b"\xff\xd8\xff" + b"\0" * 40, "not a picture"), (b"GIF89a", "not a picture"), (bytes(99), "not a picture"),
     (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"), (b"%PDF-1.7", "PDF")],
)  # fmt: skip
def test_what_is_refused(data, reason):
    with pytest.raises(NotTaken, match=reason) as no:
        scrape.image_facts(data)
    assert no.value.status == "refused"


def test_a_truncated_picture_is_kept_without_a_hash(photos):
    data = (photos / "0.jpg").read_bytes()
    facts = scrape.image_facts(data[: len(data) // 2])
    assert (facts["width"], facts["phash"], facts["extension"]) == (160, "", "jpg")


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://x.example/a.jpg?utm_source=s&w=3&gclid=1#top", "http://x.example/a.jpg?w=3"),
        ("http://x.example/a.jpg?fbclid=1", "http://x.example/a.jpg"),
        ("http://x.example/a%2Fb+c.jpg?q=a%20b&utm_id=1&UTM_x=2&r=c+d", "http://x.example/a%2Fb+c.jpg?q=a%20b&r=c+d"),
        ("http://x.example/?my_ga=1&_ga=2", "http://x.example/?my_ga=1"),
        ("http://x.example:port/", "http://x.example:port/"),
        ("folder:Laptops/a#1.jpg", "folder:Laptops/a#1.jpg"),
    ],
)
def test_address_key(url, key):
    assert address_key(url) == key


@given(st.text(max_size=60))
def test_address_key_never_surprises(text):
    once = address_key("http://x.example/" + text)
    assert address_key(once) == once


@pytest.mark.parametrize("path", ["/p/my%20photo.jpg", "/p/a+b.jpg", "/p/50%25.jpg", "/p/a%2Fb.jpg?w=1&utm_source=x"])
def test_an_address_is_fetched_as_given(serve, tmp_path, path):
    shop = serve({path: {}})
    assert fetched([hit(path)], tmp_path / "raw", shop.addresses).status.tolist() == ["ok"]
    assert statuses(shop, path) == [200]


# ---------------------------------------------------------------- the ledger


def test_one_address_is_fetched_once(serve, tmp_path):
    shop = serve({"/a.jpg": {}, "/copy.jpg": {}})
    hits = [hit("/a.jpg?utm_source=x"), hit("/a.jpg"), hit("/a.jpg", "tablets", "tablet"), hit("/copy.jpg")]
    table = fetched(hits, tmp_path / "raw", shop.addresses)
    assert statuses(shop, "/a.jpg") == [200] and statuses(shop, "utm_source=x") == []
    assert len(table) == 4 and set(table.status) == {"ok"} and table.file.nunique() == 1, "same content, same name"
    again = fetched([*hits, hit("/a.jpg", "third")], tmp_path / "raw", shop.addresses)
    assert len(again) == 5 and statuses(shop, "/a.jpg") == [200], "not in another run either"


def test_dots_in_an_address_stay_in_the_folder(serve, tmp_path):
    shop = serve({"/name.jpg": {}, "/%2e%2e%2f%2e%2e%2fevil.jpg": {}})
    table = fetched([hit("/img/../../name.jpg"), hit("/%2e%2e%2f%2e%2e%2fevil.jpg")], tmp_path / "raw", shop.addresses)
    assert table.status.eq("ok").all() and table.file.str.startswith("images/").all()
    assert not list(tmp_path.rglob("evil*")) and not list(tmp_path.rglob("name*"))


def test_text_of_any_origin_cannot_break_the_table(tmp_path):
    nasty = Hit("q", "laptop", "http://x.example/a", title='a "quoted", title\nwith\r\nlines ; = +SUM(A1)\0')
    ledger = Ledger(tmp_path)
    ledger.add(nasty, "failed", "x")
    ledger.add(Hit("q", "laptop", "http://x.example/b"), "failed", "y")
    Ledger(tmp_path)
    assert len(scrape.read_ledger(tmp_path / "ledger.csv")) == 2


def test_a_torn_last_line_is_cut_off_wherever_it_tore(tmp_path):
    ledger = Ledger(tmp_path)
    for n in range(3):
        ledger.add(Hit("q", "laptop", f"http://x.example/{n}", title="a, b"), "failed", "x")
    whole = (tmp_path / "ledger.csv").read_bytes()
    second = whole[: whole.rstrip(b"\n").rfind(b"\n") + 1]
    for end in range(len(second) + 1, len(whole)):
        (tmp_path / "ledger.csv").write_bytes(whole[:end])
        mend(tmp_path / "ledger.csv", LEDGER_COLUMNS)
        assert (tmp_path / "ledger.csv").read_bytes() == second


def test_another_program_s_table_is_left_alone(tmp_path):
    (tmp_path / "ledger.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CourseError, match="other columns"):
        Ledger(tmp_path)
    with pytest.raises(CourseError, match="no column 'query'"):
        scrape.read_ledger(tmp_path / "ledger.csv")
    assert (tmp_path / "ledger.csv").read_text() == "a,b\n1,2\n"


def test_two_runs_at_once_leave_whole_rows_and_pictures(serve, photos, tmp_path):
    for n in range(40):
        Image.new("RGB", (90, 70), (6 * n, 90, 60)).save(photos / f"own-{n}.jpg")
    shop = serve({f"/{n}.jpg": {"file": f"own-{n}.jpg", "fault": {"pause": 0.02}} for n in range(40)})
    command = [sys.executable, "-c", COLLECT, str(shop.addresses[HOST][1]), "40", str(tmp_path / "raw")]
    both = [subprocess.Popen(command, cwd=project_root(), stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [child.wait(300) for child in both] == [0, 0]
    table = scrape.read_ledger(tmp_path / "raw" / "ledger.csv")
    assert len(table) == 40 and set(table.status) == {"ok"}
    for row in table.to_dict("records"):
        assert hashlib.sha256((tmp_path / "raw" / row["file"]).read_bytes()).hexdigest() == row["sha256"]


def test_what_a_killed_run_left_half_written_is_removed(tmp_path):
    code = "import os, sys; from gadgetlib.files import write_atomic\nwith write_atomic(sys.argv[1]): os._exit(9)"
    subprocess.run([sys.executable, "-c", code, tmp_path / "images" / "a.jpg"], cwd=project_root(), check=False)
    (left,) = (tmp_path / "images").iterdir()
    with write_atomic(tmp_path / "images" / "b.jpg") as part:
        part.write_bytes(b"half")
        Ledger(tmp_path)
        assert part.exists() and not left.exists()


def test_failed_ones_are_asked_again_only_on_request(serve, tmp_path):
    shop = serve({"/a.jpg": {"fault": {"status": 404, "times": 1}}})
    for retry, asked in [(False, [404]), (False, [404]), (True, [404, 200])]:
        table = fetched([hit("/a.jpg")], tmp_path / "raw", shop.addresses, retry=retry)
        assert statuses(shop, "/a.jpg") == asked
    assert list(table.status) == ["ok"], "the latest row of an offer counts"


def test_a_full_disk_leaves_no_torn_row_and_is_one_sentence(tmp_path, monkeypatch):
    """A full disk takes the beginning of a row and raises nothing; the next row must not be glued to it."""
    hits, real = [hit(f"/{n}.jpg") for n in range(3)], open

    class Full(io.FileIO):
        def write(self, data):
            return super().write(data[: len(data) // 2])

    ledger = Ledger(tmp_path)
    ledger.add(hits[0], "ok")
    monkeypatch.setattr(
        "builtins.open", lambda path, *a, **k: Full(path, "ab") if a[:1] == ("ab",) else real(path, *a, **k)
    )
    with pytest.raises(CourseError, match="The disk is full"):
        ledger.add(hits[1], "ok")
    monkeypatch.undo()  # somebody made room
    ledger.add(hits[2], "ok")
    monkeypatch.setattr(scrape.Path, "write_bytes", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(CourseError, match="disk is full"):
        ledger.keep(b"data", "jpg")
    assert set(scrape.read_ledger(tmp_path / "ledger.csv").url) == {hits[0].url, hits[2].url}
    assert not list((tmp_path / "images").iterdir())


COLLECT = """
import sys
from pathlib import Path
from gadgetlib.scrape import *
port, count, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
hits = [Hit("q", "laptop", f"http://HOST/{n}.jpg") for n in range(count)]
limits = Limits(per_host=6, workers=6, backoff=0.01)
with Fetcher(limits, {"HOST": ("127.0.0.1", port)}) as fetcher:
    fetch_all(hits, Ledger(folder), fetcher.get, limits)
""".replace("HOST", HOST)


def test_killed_at_any_moment_and_run_again(serve, photos, tmp_path):
    count = 120
    for n in range(count):  # bytes of their own for every address
        Image.new("RGB", (90, 70), (2 * n, 90, 60)).save(photos / f"own-{n}.jpg")
    shop = serve({f"/{n}.jpg": {"file": f"own-{n}.jpg", "fault": {"pause": 0.2}} for n in range(count)})
    folder = tmp_path / "raw"
    command = [sys.executable, "-c", COLLECT, str(shop.addresses[HOST][1]), str(count), str(folder)]

    def rows() -> int:
        path = folder / "ledger.csv"
        return path.read_bytes().count(b"\n") - 1 if path.exists() else 0

    for stop_at in (15, 60):
        child = subprocess.Popen(command, cwd=project_root(), stderr=subprocess.DEVNULL)
        begun = time.monotonic()
        while rows() < stop_at and child.poll() is None and time.monotonic() - begun < 300:
            time.sleep(0.005)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert stop_at <= rows() < count, "killed in the middle"
        done = set(scrape.read_ledger(folder / "ledger.csv").url)
        mark = len(shop.log)
    subprocess.run(command, cwd=project_root(), stderr=subprocess.DEVNULL, check=True)
    assert not done & {url for url, _ in shop.log[mark:]}, "what had a row was not asked for again"
    table = scrape.read_ledger(folder / "ledger.csv")
    assert len(table) == count and set(table.status) == {"ok"}
    for row in table.to_dict("records"):
        assert hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest() == row["sha256"], "no partial file"
    assert not list((folder / "images").glob(".*"))


# ---------------------------------------------------------------- the real search clients


def search(replica: DuckDuckGo, limit: int = 150, **filters):
    ask = sources.web_search(3, 0.01, filters, proxy=replica.proxy, verify=replica.authority)
    return sources.search_hits(ask, "red phone", "mobile_phone", limit)


def test_ddgs_pages_and_filters(tmp_path):
    with DuckDuckGo(tmp_path) as replica:
        hits = search(replica, size="Large", license_image="Share", type_image="photo")
        assert len(search(replica, 0)) == 200, "0 is all there is"
    assert len({hit.url for hit in hits}) == 150
    assert hits[0] == Hit("red phone", "mobile_phone", "https://img0.example.com/0.jpg",
                          page="https://shop0.example.com/p/0", title="red phone no. 0",
                          source="shop0.example.com")  # fmt: skip
    asked = [parameters for path, parameters in replica.requests if path == "/i.js"]
    assert [a.get("s") for a in asked[:2]] == [None, "100"]
    assert asked[0]["f"] == ",size:Large,,type:photo,,license:Share"
    assert replica.refused == [], "no other host was contacted"


def test_ddgs_gives_addresses_as_they_are(tmp_path, monkeypatch):
    """ddgs decodes %20 and writes a plus sign for the space, which is another address."""
    given = "https://img0.example.com/p/my%20photo%2B1.jpg?a=%26"
    monkeypatch.setattr("replica.duckduckgo.picture", lambda query, number: picture(query, number) | {"image": given})
    with DuckDuckGo(tmp_path, pages=1, a_page=1) as replica:
        assert [hit.url for hit in search(replica)] == [given]


@pytest.mark.parametrize(
    "fault",
    [(202, b"{}"), (403, b""), (429, b""), (200, b"<html>"), (200, b'{"results": []}'), (200, b'{"images": []}')],
)
def test_ddgs_survives_a_bad_moment_and_gives_up_with_a_reason(tmp_path, fault):
    with DuckDuckGo(tmp_path, faults=[fault] * 2) as replica:
        assert len(search(replica, limit=50)) == 50
    with DuckDuckGo(tmp_path, faults=[fault] * 9) as replica, pytest.raises(NotTaken, match="search gave no answer"):
        search(replica)
    assert len([1 for path, _ in replica.requests if path == "/i.js"]) == 3


def test_a_search_that_fails_is_in_the_ledger_and_the_rest_goes_on(serve, tmp_path, monkeypatch):
    shop, asked = serve({"/a.jpg": {}}), []

    def ask(query, page):
        asked.append(query)
        if query == "l":
            raise RuntimeError("no\nanswer")
        return [{"image": f"http://{HOST}/a.jpg", "title": None}]

    monkeypatch.setattr(sources, "web_search", lambda **_: ask)
    for _ in range(2):
        table = scrape.collect(tmp_path / "raw", {"laptop": ["l"], "tablet": ["t"]}, limits=QUICK,
                               addresses=shop.addresses)  # fmt: skip
    assert list(table.status) == ["failed", "ok"]
    assert table.reason[0] == "the search gave no answer (RuntimeError: no answer)"
    assert asked.count("t") == 2 and asked.count("l") == 2, (
        "an answer is remembered (t has a second page), a failure is not"
    )


def test_queries_take_turns(tmp_path):
    """Stopped early, a run has something of every query."""
    ledger = Ledger(tmp_path)
    hits = scrape.ask_all(
        lambda query, page: [{"image": f"{query}{n}"} for n in range(3)], {"laptop": ["a", "b"]}, 0, ledger
    )
    assert [hit.url for hit in hits] == ["a0", "b0", "a1", "b1", "a2", "b2"] and scrape.read_ledger(ledger.path).empty


def test_kagglehub(tmp_path, photos, monkeypatch):
    """The lesson's own cell against the replica; what it names is collected."""
    files = {"Gadgets/Mobiles/1.jpg": (photos / "0.jpg").read_bytes(), "Gadgets/Tablets/no.jpg": b"<html>",
             "Gadgets/Tablets/ä b.jpg": (photos / "1.jpg").read_bytes(), "readme.txt": b"x",
             "manifest.csv": b"file,label\n../../../photos/2.jpg,laptop\n"}  # fmt: skip
    notebook = nbformat.read(project_root() / "notebooks" / "01_scrape.ipynb", 4)
    (cell,) = [cell.source for cell in notebook.cells if "kagglehub.dataset_download(" in cell.source]
    with Kaggle(tmp_path, "someone/gadgets", files) as replica:
        for name, value in replica.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        exec(cell, names := {"photos": "", "kaggle": ["someone/gadgets"], "CourseError": CourseError})
        table = scrape.collect(tmp_path / "raw", photos=names["places"])
        assert replica.requests == ["GetDataset", "DownloadDataset"] and replica.refused == []
        with pytest.raises(CourseError, match="someone/nothing.*check"):
            exec(cell, {**names, "kaggle": ["someone/nothing"]})
    labels = {"1": "mobile_phone", "ä b": "tablet", "no": "tablet", "2": "laptop", "readme": ""}
    assert dict(zip(table.title, table.label, strict=True)) == labels
    ended = {"1": "ok", "ä b": "ok", "no": "refused", "2": "refused", "readme": "skipped"}
    assert dict(zip(table.title, table.status, strict=True)) == ended
    assert set(table.source) == {"kaggle:someone/gadgets"}


# ---------------------------------------------------------------- folders


@pytest.fixture
def mine(tmp_path):
    folder = tmp_path / "my photos"
    for number, name in enumerate(
        ["Laptops/a.jpg", "Laptops/b.jpg", "Smart Watches/été 1.jpg", "smart watches/x/d.png"]
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn(number).save(path)
    return folder


def collected(folder, tmp_path, **more):
    return scrape.collect(tmp_path / "raw", photos={"folder": folder}, **more).set_index("title")


def test_folder(mine, tmp_path):
    (mine / "Laptops" / "note.jpg").write_text("this is text")
    (mine / "Laptops" / "empty.jpg").write_bytes(b"")
    (mine / "Laptops" / "gone.jpg").symlink_to(mine / "nowhere.jpg")
    (mine / "Laptops" / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    for other in ("Cameras", "__MACOSX/Laptops"):
        (mine / other).mkdir(parents=True)
        drawn(9).save(mine / other / "c.jpg")
    (mine / "Laptops" / ".DS_Store").write_bytes(b"x")
    (mine / "Laptops" / "Thumbs.db").write_bytes(b"x")
    drawn(9).save(mine / "IMG_1.jpg")
    table = collected(mine, tmp_path)
    assert dict(table.label[table.status == "ok"]) == {
        "a": "laptop",
        "b": "laptop",
        "été 1": "smartwatch",
        "d": "smartwatch",
    }
    assert dict(table.status[table.status != "ok"]) == {
        "note": "refused", "empty": "refused", "gone": "failed", "phone": "refused", "c": "skipped",
        "IMG_1": "skipped"}  # fmt: skip
    assert table.reason["c"] == "'Cameras' names none of the five classes" and "HEIC" in table.reason["phone"]
    assert table.reason["IMG_1"] == "'IMG_1.jpg' names none of the five classes"
    assert all((tmp_path / "raw" / name).exists() for name in table.file[table.status == "ok"])
    assert collected(mine, tmp_path, per_query=1).time.equals(table.time), "nothing was read again"


def test_an_unreadable_file_is_a_row(mine, tmp_path, monkeypatch):
    def refuse(path, mode):
        if path.name == "a.jpg":
            raise PermissionError(13, "Permission denied")
        return open(path, mode)

    monkeypatch.setattr(sources, "open", refuse, raising=False)
    assert collected(mine, tmp_path).reason["a"] == "cannot be read (Permission denied)"


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_manifest_as_spreadsheets_and_other_programs_write_it(mine, tmp_path, mark):
    """Another delimiter, capitals, absolute paths, paths from here, an unknown label."""
    rows = ["File,Label", f"{mine}/Laptops/a.jpg,tablet", "./Laptops/../Laptops/b.jpg,Mobile Phone",
            "smart watches\\x\\d.png,cameras"]  # fmt: skip
    (mine / "manifest.csv").write_text("\n".join(rows).replace(",", mark), encoding="utf-8-sig")
    shutil.copy(mine / "Laptops/a.jpg", os.fsencode(mine / "Laptops") + b"/bad\xff.jpg")
    table = collected(mine, tmp_path)
    labels = {"a": "tablet", "b": "mobile_phone", "d": "", "été 1": "smartwatch", "bad\\udcff": "laptop"}
    assert table.label.to_dict() == labels and (table.status == "ok").sum() == 4
    assert collected(mine, tmp_path).time.equals(table.time), "nothing was read again"


def test_folder_with_a_manifest(mine, tmp_path):
    drawn(8).save(mine / "top.jpg")
    rows = ["file,label,source,license,product_id", "Laptops/a.jpg,tablet,shop-1,CC0,p-1",
            "Laptops/zzz.jpg,laptop,shop-2,,",
            "top.jpg,phone,,,", "../secret.jpg,phone,,,", f"{300 * 'x'}.jpg,phone,,,", ",,,,"]  # fmt: skip
    drawn(7).save(mine.parent / "secret.jpg")
    (mine / "manifest.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    table = scrape.collect(tmp_path / "raw", photos={"folder": mine}).set_index("url")
    row = table.loc["folder:Laptops/a.jpg"]
    assert (row.label, row.source, row.licence, row.product_id) == ("tablet", "shop-1", "CC0", "p-1")
    assert table.loc["folder:top.jpg"].label == "mobile_phone"
    assert table.loc["folder:Laptops/zzz.jpg"].reason == "cannot be read (No such file or directory)"
    assert table.loc[f"folder:{300 * 'x'}.jpg"].reason == "cannot be read (File name too long)"
    assert table.loc["folder:../secret.jpg"].reason.startswith("lies outside the folder")
    assert "folder:manifest.csv" not in table.index


@pytest.mark.parametrize(
    ("files", "words"),
    [([], ["like a class"]), (["Cameras/a.jpg"], ["like a class"]), (["train/1.jpg", "train.csv"], ["no other table"]),
     (["IMG_1.HEIC", "IMG_2.HEIC"], ["HEIC"])],
)  # fmt: skip
def test_too_little_is_one_sentence(tmp_path, files, words):
    folder = tmp_path / "few"
    folder.mkdir()
    for name in files:
        (folder / name).parent.mkdir(exist_ok=True)
        drawn().save(folder / name, "JPEG")
    with pytest.raises(CourseError) as error:
        scrape.collect(tmp_path / "raw", photos={"folder": folder})
    assert "\n" not in str(error.value) and all(word in str(error.value) for word in [*words, "manifest.csv", "HEIC"])


def test_a_folder_of_heic_alone_says_so(tmp_path):
    for name in ("phone/1.heic", "laptop/2.heic"):
        (tmp_path / "mine" / name).parent.mkdir(parents=True)
        (tmp_path / "mine" / name).write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    with pytest.raises(CourseError, match="No picture could be collected.*HEIC"):
        scrape.collect(tmp_path / "raw", photos={"folder": tmp_path / "mine"})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "no queries, no photos"),
        ({"photos": {"folder": "/no/such/folder"}}, "no folder '/no/such/folder'"),
        ({"queries": {"camera": ["x"]}}, "not a class"),
        ({"queries": {"laptop": None, "tablet": []}}, "no queries, no photos"),
    ],
)
def test_wrong_arguments(mine, tmp_path, arguments, words):
    """They leave what was collected before where it is."""
    collected(mine, tmp_path)
    before = (tmp_path / "raw" / "ledger.csv").read_bytes()
    with pytest.raises(CourseError, match=words):
        scrape.collect(tmp_path / "raw", **arguments)
    assert (tmp_path / "raw" / "ledger.csv").read_bytes() == before and len(list(tmp_path.iterdir())) == 2


def test_a_word_alone_is_one_query_and_not_its_letters(tmp_path):
    with pytest.raises(CourseError, match="private network"):
        scrape.collect(tmp_path / "raw", {"laptop": "old"}, search="127.0.0.1:9", limits=scrape.Limits(attempts=1))
    assert scrape.read_ledger(tmp_path / "raw" / "ledger.csv")["query"].tolist() == ["old"]


def test_another_source_sets_the_first_aside_and_back(mine, tmp_path):
    first = collected(mine, tmp_path)
    other = tmp_path / "other"
    for number, name in enumerate(["tablet", "phones"]):
        (other / name).mkdir(parents=True)
        drawn(number + 7).save(other / name / "p.jpg")
    assert len(scrape.collect(tmp_path / "raw", photos={"folder": other})) == 2
    again = collected(mine, tmp_path)
    assert again.time.equals(first.time), "nothing was read again"


@pytest.mark.parametrize(
    ("name", "label"),
    [("Phones", "mobile_phone"), ("mobile-phones", "mobile_phone"), ("Smart Watches", "smartwatch"), ("ipad", "tablet"),
     ("wireless earbuds", "headphones"), ("Headsets", "headphones"), ("laptop 2", "laptop"),
     ("Head Phones", "headphones"),
     ("Tablet PC", "tablet"), ("laptop_images", "laptop"), ("01_Mobile-Phone (new)", "mobile_phone"),
     ("TWS", "headphones"),
     ("cell phone photos", "mobile_phone"), ("headphones", "headphones"), ("cameras", ""), ("phone cases", ""),
     ("Ноутбуки", "laptop"), ("Kopfhörer", "headphones"), ("手机", "mobile_phone"), ("téléphones", "mobile_phone"),
     ("Relojes inteligentes", "smartwatch"), ("таблица", ""), ("laptop bags", ""),
     ("phones and tablets", ""), ("images", ""), ("", "")],
)  # fmt: skip
def test_class_of(name, label):
    assert sources.class_of(name) == label


def test_the_table_of_folder_names_is_sound():
    rows = (data_dir() / "folder_names.csv").read_text().split()
    words = [row.partition(",")[0] for row in rows[1:]]
    assert rows[0] == "word,label" and len(set(words)) == len(words)
    assert {row.partition(",")[2] for row in rows[1:]} == {*scrape.CLASSES, ""}
    assert all(sources.class_of(label) == label for label in scrape.CLASSES)


# ---------------------------------------------------------------- the recorded shop


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """The studio's script over eighty drawn photos."""
    folder = tmp_path_factory.mktemp("recording")
    (folder / "photos").mkdir()
    rows = ["file,product_id,gadget_type,view,background,camera,seed"]
    for n in range(240):
        label = ["mobile_phone", "laptop", "tablet", "smartwatch", "headphones"][n % 5]
        drawn(n).save(folder / "photos" / f"{n}.jpg")
        rows.append(f"{n}.jpg,{label}-p{n // 10},{label},,,,{n}")
    (folder / "photos" / "photos.csv").write_text("\n".join(rows))
    record(folder, "shop")
    return folder


def record(folder, out):
    script = project_root() / "data" / "studio" / "shop.py"
    before, sys.argv = sys.argv, ["shop.py", "--photos", str(folder / "photos"), "--out", str(folder / out)]
    try:
        runpy.run_path(str(script), run_name="__main__")
    finally:
        sys.argv = before


def test_the_recording_is_reproducible(recording):
    record(recording, "again")
    names = sorted(path.relative_to(recording / "shop") for path in (recording / "shop").rglob("*") if path.is_file())
    _, different, odd = filecmp.cmpfiles(recording / "shop", recording / "again", names, shallow=False)
    assert names and not different and not odd


def test_the_recorded_shop_from_end_to_end(recording, tmp_path):
    import pandas as pd

    truth = pd.read_csv(recording / "shop" / "mess.csv")
    with Shop(recording / "shop", recording / "photos") as web:
        queries: dict[str, list[str]] = {}
        for entry in web.about["queries"]:
            queries.setdefault(entry["label"], []).append(entry["query"])
        table = scrape.collect(tmp_path / "raw", queries, limits=scrape.SHOP_LIMITS,
                               search=web.about["search_host"], addresses=web.addresses)  # fmt: skip
        asked = {url for url, _ in web.log}
    assert not table.duplicated(["query", "url"]).any()
    told = truth.merge(table, on=["query", "url"], suffixes=("", "_ledger"))
    assert len(told) == len(truth), "every planted address is accounted for"
    tracked = told.fault == "same address with tracking parameters"
    assert told.status[tracked].eq("ok").all() and not asked & set(told.url[tracked]), "not fetched a second time"
    told = told[~tracked]
    here = told.status == "ok"
    assert set(told.fault[~here]) == set(told.fault[told.expected.isin(["refused", "never arrives"])])
    assert not set(told.fault[here]) & set(told.fault[~here])
    honest = table[~table.url.isin(truth.url)]
    assert set(honest.status) == {"ok"}, "every honest address gave its picture"
    shown = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (recording / "photos").glob("*.jpg")}
    odd = truth.fault.str.contains("CMYK|PNG|EXIF|GIF|WebP") & (truth.expected == "kept")
    assert len(shown - set(table.sha256)) == odd.sum(), "all photos are collected, some in another format"
