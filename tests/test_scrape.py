"""Collecting: every fault of the web as a test, the real clients against replicas, and a killed run replayed."""

from __future__ import annotations

import email.utils
import filecmp
import hashlib
import io
import json
import os
import runpy
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from replica.duckduckgo import DuckDuckGo
from replica.kaggle import Kaggle

from coursekit.shop import Shop, edit
from gadgetlib import scrape
from gadgetlib.errors import CourseError
from gadgetlib.files import project_root
from gadgetlib.scrape import Fetcher, Hit, Ledger, Limits, NotTaken, canonical, fetch_all

HOST = "img.test-shop.example"
QUICK = Limits(silence=0.5, deadline=1.0, backoff=0.01, longest_wait=5, attempts=3, bytes=300_000, per_host=8)


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
    """serve(path={recipe}, ...) -> a running shop that has these addresses; closed when the test ends."""
    running = []

    def start(recipes: dict[str, dict], robots: str = "", answers: list | None = None) -> Shop:
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        about = {"hosts": [HOST], "search_host": HOST, "robots": robots, "queries": [], "answers": answers or []}
        (folder / "shop.json").write_text(json.dumps(about))
        rows = [{"url": f"http://{HOST}{path}", "file": "0.jpg", **recipe} for path, recipe in recipes.items()]
        (folder / "pictures.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        running.append(Shop(folder, photos).__enter__())
        return running[-1]

    yield start
    for shop in running:
        shop.__exit__()


def get(shop: Shop, path: str, limits: Limits = QUICK) -> bytes:
    with Fetcher(limits, shop.addresses) as fetcher:
        return fetcher.get(f"http://{HOST}{path}")


def statuses(shop: Shop, path: str) -> list[int]:
    return [status for url, status in shop.log if url.endswith(path)]


# ---------------------------------------------------------------- faults of a server


@pytest.mark.parametrize("status", [202, 403, 429, 500, 503])
def test_later_is_not_never(serve, photos, status):
    shop = serve({"/a.jpg": {"fault": {"status": status, "times": 2}}})
    assert get(shop, "/a.jpg") == (photos / "0.jpg").read_bytes()
    assert statuses(shop, "/a.jpg") == [status, status, 200]


@pytest.mark.parametrize("status", [202, 403, 429, 503])
def test_attempts_end(serve, status):
    shop = serve({"/a.jpg": {"fault": {"status": status}}})
    with pytest.raises(NotTaken, match=f"HTTP {status}, 3 times") as no:
        get(shop, "/a.jpg")
    assert no.value.status == "failed" and len(statuses(shop, "/a.jpg")) == 3


@pytest.mark.parametrize("status", [404, 410, 401])
def test_never_is_asked_once(serve, status):
    shop = serve({"/a.jpg": {"fault": {"status": status}}})
    with pytest.raises(NotTaken, match=f"HTTP {status}"):
        get(shop, "/a.jpg")
    assert len(statuses(shop, "/a.jpg")) == 1


def test_retry_after_in_seconds_holds_for_the_whole_host(serve):
    fault = {"status": 429, "times": 1, "headers": {"Retry-After": "1"}}
    shop = serve({"/a.jpg": {"fault": fault}, "/b.jpg": {}})
    with Fetcher(QUICK, shop.addresses) as fetcher:
        begun = time.monotonic()
        fetcher.get(f"http://{HOST}/a.jpg")
        assert time.monotonic() - begun >= 0.95
        fetcher._not_before[HOST] = time.monotonic() + 0.4
        begun = time.monotonic()
        fetcher.get(f"http://{HOST}/b.jpg")
        assert time.monotonic() - begun >= 0.35


def test_retry_after_as_a_date_and_beyond_patience(serve):
    date = email.utils.formatdate(time.time() + 2, usegmt=True)
    assert 0 < scrape._retry_after(date) <= 2
    assert scrape._retry_after("soon") is None
    shop = serve({"/a.jpg": {"fault": {"status": 503, "headers": {"Retry-After": "3600"}}}})
    with pytest.raises(NotTaken, match="come back in 3600 s"):
        get(shop, "/a.jpg")
    assert len(statuses(shop, "/a.jpg")) == 1


def test_pauses_double_and_jitter():
    limits = Limits(backoff=0.5)
    with Fetcher(limits) as fetcher:
        pauses = [[fetcher._backoff(_attempt(n)) for _ in range(20)] for n in (1, 2, 3)]
    for n, values in enumerate(pauses):
        assert all(0.5 * 2**n <= value <= 0.5 * 2**n + 0.5 for value in values) and len(set(values)) > 1


def _attempt(number):
    import tenacity

    state = tenacity.RetryCallState(None, None, (), {})
    state.attempt_number = number
    return state


def test_slow_drip_ends_at_the_deadline(serve):
    shop = serve({"/a.jpg": {"fault": {"drip": 0.05}}})
    begun = time.monotonic()
    with pytest.raises(NotTaken, match="too slow"):
        get(shop, "/a.jpg")
    assert time.monotonic() - begun < 3


def test_the_deadline_does_not_count_the_wait_for_one_s_turn(serve):
    """One request at a time, each taking most of the deadline: the last waits longer than that and still comes."""
    shop = serve({f"/{n}.jpg": {"fault": {"pause": 0.4}} for n in range(4)})
    one_at_a_time = Limits(silence=2, deadline=1.0, attempts=1, per_host=1)
    with Fetcher(one_at_a_time, shop.addresses) as fetcher, ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda n: fetcher.get(f"http://{HOST}/{n}.jpg"), range(4)))


def test_silence_is_a_time_out(serve):
    shop = serve({"/a.jpg": {"fault": {"pause": 2}}})
    with pytest.raises(NotTaken, match="time-out, 2 times"):
        get(shop, "/a.jpg", Limits(silence=0.2, backoff=0.01, attempts=2))


def test_connection_reset(serve, photos):
    shop = serve({"/a.jpg": {"fault": {"reset": True, "times": 2}}, "/b.jpg": {"fault": {"reset": True}}})
    assert get(shop, "/a.jpg") == (photos / "0.jpg").read_bytes()
    with pytest.raises(NotTaken, match="connection lost|broke off"):
        get(shop, "/b.jpg")


def test_less_than_promised_is_not_taken_for_whole(serve):
    shop = serve({"/a.jpg": {"fault": {"short": 0.5}}})
    with pytest.raises(NotTaken, match="broke off"):
        get(shop, "/a.jpg")


def test_huge_file_is_cut_at_the_cap(serve):
    shop = serve({"/a.jpg": {"fault": {"endless": 10_000}}})
    with pytest.raises(NotTaken, match="more than 300,000 bytes") as no:
        get(shop, "/a.jpg")
    assert no.value.status == "refused"


def test_promised_size_is_enough_to_refuse(serve, photos):
    shop = serve({"/a.jpg": {}})
    with pytest.raises(NotTaken, match="more than 100 bytes"):
        get(shop, "/a.jpg", Limits(bytes=100))


def redirect(target: str) -> dict:
    return {"file": None, "fault": {"status": 302, "headers": {"Location": target}}}


def test_redirects(serve, photos):
    shop = serve({"/a": redirect(f"http://{HOST}/b"), "/b": redirect("/c.jpg"), "/c.jpg": {}, "/loop": redirect("/loop")})
    assert get(shop, "/a") == (photos / "0.jpg").read_bytes()
    with pytest.raises(NotTaken, match="more than 5 redirects"):
        get(shop, "/loop")


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:22/", "http://localhost/", "http://169.254.169.254/latest", "http://10.0.0.8/x",
     "http://[::1]/x", "http://0.0.0.0/", "http://192.168.1.1/x", "http://[::ffff:127.0.0.1]/x", "http://2130706433/"],
)  # fmt: skip
def test_private_addresses_are_refused_also_behind_a_redirect(serve, target):
    shop = serve({"/a": redirect(target)})
    with pytest.raises(NotTaken, match="private network|no connection") as no:
        get(shop, "/a")
    assert no.value.status == "refused" or "2130706433" in target
    with Fetcher(QUICK) as fetcher, pytest.raises(NotTaken):
        fetcher.get(target)


def test_a_host_name_that_resolves_to_a_private_address(monkeypatch):
    answer = [(2, 1, 6, "", ("192.168.0.7", 80))]
    monkeypatch.setattr(scrape.socket, "getaddrinfo", lambda *a, **k: answer)
    with Fetcher(QUICK) as fetcher, pytest.raises(NotTaken, match="private network"):
        fetcher.get("http://looks-public.example/x.jpg")


@pytest.mark.parametrize("url", ["ftp://x.example/a.jpg", "file:///etc/passwd", "data:image/png;base64,AA", "a.jpg"])
def test_only_http(url):
    with Fetcher(QUICK) as fetcher, pytest.raises(NotTaken, match="only http and https"):
        fetcher.get(url)


def test_the_map_is_the_only_way_to_loopback(serve):
    shop = serve({"/a.jpg": {}})
    with Fetcher(QUICK) as fetcher, pytest.raises(NotTaken, match="private network"):
        fetcher.get(f"http://127.0.0.1:{shop.port}/a.jpg")


def test_robots(serve):
    shop = serve({"/a.jpg": {}, "/private/b.jpg": {}}, robots="User-agent: *\nDisallow: /private/\n")
    assert get(shop, "/a.jpg")
    with pytest.raises(NotTaken, match="robots.txt forbids"):
        get(shop, "/private/b.jpg")
    assert statuses(shop, "/private/b.jpg") == []


def test_few_at_a_time_to_one_host(serve, tmp_path):
    names = [f"/{n}.jpg" for n in range(8)]
    shop = serve({name: {"fault": {"pause": 0.1}} for name in names})
    limits = Limits(per_host=2, workers=8)
    with Ledger(tmp_path / "raw") as ledger, Fetcher(limits, shop.addresses) as fetcher:
        begun = time.monotonic()
        fetch_all([Hit("q", "laptop", f"http://{HOST}{name}") for name in names], ledger, fetcher)
        assert time.monotonic() - begun >= 4 * 0.1  # eight requests of 0.1 s, two at a time


# ---------------------------------------------------------------- bytes that pose as a picture


def saved(image: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("steps", "reason"),
    [([["html"]], "web page"), ([["svg"]], "SVG"), ([["bomb", 50_000]], "pixels"), ([["bomb", 9_000]], "pixels")],
)
def test_what_is_refused(steps, reason):
    with pytest.raises(NotTaken, match=reason) as no:
        scrape.image_facts(edit(None, steps))
    assert no.value.status == "refused"


@pytest.mark.parametrize("data", [b"", b"x", b"hello world\n" * 50, b"\xff\xd8\xff" + b"\0" * 40, b"GIF89a", bytes(99)])
def test_junk_is_refused(data):
    with pytest.raises(NotTaken):
        scrape.image_facts(data)


@pytest.mark.parametrize("step", [["cmyk"], ["png16"], ["png_alpha"], ["exif_turned"], ["gif"], ["webp", 80]])
def test_unusual_pictures_are_taken(photos, step):
    facts = scrape.image_facts(edit(photos / "0.jpg", [step]))
    plain = scrape.image_facts((photos / "0.jpg").read_bytes())
    assert {facts["width"], facts["height"]} == {160, 120}
    apart = (int(facts["phash"], 16) ^ int(plain["phash"], 16)).bit_count()
    assert apart <= 6, "the same picture in another format has nearly the same hash"


def test_a_truncated_picture_is_kept_without_a_hash(photos):
    data = (photos / "0.jpg").read_bytes()
    facts = scrape.image_facts(data[: len(data) // 2])
    assert (facts["width"], facts["phash"]) == (160, "")


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://X.example/a.jpg?utm_source=s&w=3&gclid=1#top", "http://x.example/a.jpg?w=3"),
        ("http://x.example/a.jpg?fbclid=1", "http://x.example/a.jpg"),
        ("http://x.example:80/img/../../name.jpg", "http://x.example/name.jpg"),
        ("http://x.example/a b/ö.jpg", "http://x.example/a%20b/%C3%B6.jpg"),
    ],
)
def test_canonical(url, plain):
    assert canonical(url) == plain


@given(st.text(max_size=60))
def test_canonical_never_surprises(text):
    try:
        once = canonical("http://x.example/" + text)
    except NotTaken:
        return
    assert canonical(once) == once


# ---------------------------------------------------------------- the ledger


def test_duplicates_are_fetched_once(serve, tmp_path):
    shop = serve({"/a.jpg": {}, "/copy.jpg": {}})
    hits = [
        Hit("phones", "mobile_phone", f"http://{HOST}/a.jpg"),
        Hit("phones", "mobile_phone", f"http://{HOST}/a.jpg?utm_source=x"),
        Hit("tablets", "tablet", f"http://{HOST}/a.jpg"),
        Hit("phones", "mobile_phone", f"http://{HOST}/copy.jpg"),
    ]
    with Ledger(tmp_path / "raw") as ledger, Fetcher(QUICK, shop.addresses) as fetcher:
        fetch_all(hits, ledger, fetcher)
        table = ledger.frame()
    assert statuses(shop, "/a.jpg") == [200]
    assert sorted(table.status) == ["ok", "ok", "ok", "skipped"]
    assert table[table.status == "ok"].file.nunique() == 1, "same content, same name"
    assert set(table[table.status == "ok"].label) == {"mobile_phone", "tablet"}


def test_queries_take_turns(serve, tmp_path):
    """Stopped early, a run has something of every query."""
    shop = serve({f"/{query}{n}.jpg": {} for query in "ab" for n in range(6)})
    hits = [Hit(query, "laptop", f"http://{HOST}/{query}{n}.jpg") for query in "ab" for n in range(6)]
    with Ledger(tmp_path / "raw") as ledger, Fetcher(replace(QUICK, workers=1), shop.addresses) as fetcher:
        fetch_all(hits, ledger, fetcher)
        came = [row["query"] for row in ledger.rows.values()]
    assert came == ["a", "b"] * 6


def test_dots_in_an_address_stay_in_the_folder(serve, tmp_path):
    shop = serve({"/name.jpg": {}, "/%2e%2e%2f%2e%2e%2fevil.jpg": {}})
    hits = [Hit("q", "laptop", f"http://{HOST}{path}") for path in ("/img/../../name.jpg", "/%2e%2e%2f%2e%2e%2fevil.jpg")]
    with Ledger(tmp_path / "raw") as ledger, Fetcher(QUICK, shop.addresses) as fetcher:
        fetch_all(hits, ledger, fetcher)
        assert all(row["file"].startswith("images/") for row in ledger.rows.values())
    assert not list(tmp_path.rglob("evil*")) and not list(tmp_path.rglob("name*"))


def test_text_of_strangers_cannot_break_the_table(tmp_path):
    nasty = Hit("q", "laptop", "http://x.example/a", title='a "quoted", title\nwith\r\nlines ; = +SUM(A1)\0')
    with Ledger(tmp_path) as ledger:
        ledger.add(nasty, "failed", "x")
        ledger.add(Hit("q", "laptop", "http://x.example/b"), "failed", "y")
    with Ledger(tmp_path) as ledger:
        assert len(ledger.rows) == 2
    assert len(scrape.read_ledger(tmp_path / "ledger.csv")) == 2


def test_a_torn_last_line_is_cut_off_wherever_it_tore(tmp_path):
    with Ledger(tmp_path) as ledger:
        for n in range(3):
            ledger.add(Hit("q", "laptop", f"http://x.example/{n}", title="a, b"), "failed", "x")
    whole = (tmp_path / "ledger.csv").read_bytes()
    second = whole[: whole.rstrip(b"\n").rfind(b"\n") + 1]
    for end in range(len(second) + 1, len(whole)):
        (tmp_path / "ledger.csv").write_bytes(whole[:end])
        with Ledger(tmp_path) as ledger:
            assert len(ledger.rows) == 2
        assert (tmp_path / "ledger.csv").read_bytes() == second


def test_another_program_s_table_is_left_alone(tmp_path):
    (tmp_path / "ledger.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CourseError, match="other columns"):
        Ledger(tmp_path)
    assert (tmp_path / "ledger.csv").read_text() == "a,b\n1,2\n"


def test_one_process_at_a_time(tmp_path):
    with Ledger(tmp_path), pytest.raises(CourseError, match="Another run"):
        Ledger(tmp_path)


def test_failed_ones_are_asked_again_only_on_request(serve, tmp_path):
    shop = serve({"/a.jpg": {"fault": {"status": 404, "times": 1}}})
    hits = [Hit("q", "laptop", f"http://{HOST}/a.jpg")]
    with Ledger(tmp_path / "raw") as ledger, Fetcher(QUICK, shop.addresses) as fetcher:
        fetch_all(hits, ledger, fetcher)
        fetch_all(hits, ledger, fetcher)
        assert statuses(shop, "/a.jpg") == [404]
        fetch_all(hits, ledger, fetcher, retry=True)
        assert statuses(shop, "/a.jpg") == [404, 200]
    table = scrape.read_ledger(tmp_path / "raw" / "ledger.csv")
    assert list(table.status) == ["ok"], "the latest row of an offer counts"


COLLECT = """
import json, sys
from pathlib import Path
from gadgetlib.scrape import *
port, count, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
hits = [Hit("q", "laptop", f"http://HOST/{n}.jpg") for n in range(count)]
limits = Limits(per_host=6, workers=6, backoff=0.01)
with Ledger(folder) as ledger, Fetcher(limits, {"HOST": ("127.0.0.1", port)}) as fetcher:
    fetch_all(hits, ledger, fetcher)
""".replace("HOST", HOST)


def test_the_last_bytes_of_a_disk_leave_no_torn_row(tmp_path, monkeypatch):
    """A full disk takes the beginning of a row and raises nothing; the next row must not be glued to it."""
    write, hits = os.write, [Hit("q", "laptop", f"http://{HOST}/{n}.jpg") for n in range(3)]
    with Ledger(tmp_path) as ledger:
        ledger.add(hits[0], "ok")
        monkeypatch.setattr(os, "write", lambda file, data: write(file, data[: len(data) // 2]))
        with pytest.raises(CourseError, match="The disk is full"):
            ledger.add(hits[1], "ok")
        monkeypatch.setattr(os, "write", write)  # somebody made room
        ledger.add(hits[2], "ok")
    assert set(scrape.read_ledger(tmp_path / "ledger.csv").url) == {hits[0].url, hits[2].url}


def test_killed_at_any_moment_and_run_again(serve, tmp_path):
    count = 120
    shop = serve({f"/{n}.jpg": {"file": f"{n % 4}.jpg", "edit": [["jpeg", 20 + n // 2]], "fault": {"pause": 0.02}}
                  for n in range(count)})  # fmt: skip
    folder = tmp_path / "raw"
    command = [sys.executable, "-c", COLLECT, str(shop.port), str(count), str(folder)]

    def rows() -> int:
        path = folder / "ledger.csv"
        return path.read_bytes().count(b"\n") - 1 if path.exists() else 0

    for stop_at in (15, 60):
        child = subprocess.Popen(command, cwd=project_root(), stderr=subprocess.DEVNULL)
        begun = time.monotonic()
        while rows() < stop_at and time.monotonic() - begun < 60:
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
    assert not list((folder / "images").glob("*.part"))


def test_a_full_disk_is_one_sentence(serve, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with Ledger(tmp_path / "raw") as ledger:
        monkeypatch.setattr(scrape.Path, "write_bytes", full)
        with pytest.raises(CourseError, match="disk is full"):
            ledger.keep(b"data", "jpg")
    assert not list((tmp_path / "raw" / "images").iterdir())


# ---------------------------------------------------------------- the real search clients


def search(replica: DuckDuckGo, limit: int = 150, **more):
    return scrape.web_hits("red phone", "mobile_phone", limit, proxy=replica.proxy, verify=replica.authority,
                           backoff=0.01, attempts=3, **more)  # fmt: skip


def test_ddgs_pages_and_filters(tmp_path):
    with DuckDuckGo(tmp_path) as replica:
        hits = search(replica, size="Large", licence="Share", kind="photo")
    assert len({hit.url for hit in hits}) == 150
    assert hits[0] == Hit("red phone", "mobile_phone", "https://img0.example.com/0.jpg",
                          page="https://shop0.example.com/p/0", title="red phone no. 0", source="shop0.example.com")  # fmt: skip
    asked = [parameters for path, parameters in replica.requests if path == "/i.js"]
    assert [a.get("s") for a in asked] == [None, "100"]
    assert asked[0]["f"] == ",size:Large,,type:photo,,license:Share"
    assert replica.refused == [], "no other host was contacted"


@pytest.mark.parametrize("fault", [(202, b"{}"), (403, b""), (429, b""), (200, b"<html>"), (200, b'{"results": []}')])
def test_ddgs_survives_a_bad_moment(tmp_path, fault):
    with DuckDuckGo(tmp_path, faults=[fault] * 2) as replica:
        assert len(search(replica, limit=50)) == 50


@pytest.mark.parametrize(
    "fault", [(202, b"{}"), (403, b""), (200, b'{"results": []}'), (200, b"<html>"), (200, b'{"images": []}')]
)
def test_ddgs_that_keeps_refusing_is_a_reason_not_a_crash(tmp_path, fault):
    with DuckDuckGo(tmp_path, faults=[fault] * 9) as replica, pytest.raises(NotTaken, match="search gave no answer"):
        search(replica)
    assert len([1 for path, _ in replica.requests if path == "/i.js"]) == 3


def test_ddgs_gives_what_it_has(tmp_path):
    with DuckDuckGo(tmp_path, pages=1, a_page=30) as replica:
        assert len(search(replica, limit=500)) == 30


def test_the_older_package_stands_in(tmp_path, monkeypatch):
    pytest.importorskip("duckduckgo_search")
    monkeypatch.setitem(sys.modules, "ddgs", None)
    with DuckDuckGo(tmp_path, a_page=20) as replica:
        hits = scrape.web_hits("red phone", "mobile_phone", 30, proxy=replica.proxy, verify=False, backoff=0.01)
    assert len(hits) == 30 and hits[0].page == "https://shop0.example.com/p/0"


def test_neither_package(monkeypatch):
    for name in ("ddgs", "duckduckgo_search"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(CourseError, match="pip install ddgs"):
        scrape.web_hits("x", "laptop")


def test_a_search_that_fails_is_in_the_ledger_and_the_rest_goes_on(serve, photos, tmp_path, monkeypatch):
    shop = serve({"/a.jpg": {}})

    def one_answers(query, label, limit, **_):
        if label == "laptop":
            raise NotTaken("failed", "the search gave no answer (DDGSException: No results found.)")
        return [Hit(query, label, f"http://{HOST}/a.jpg")]

    monkeypatch.setattr(scrape, "web_hits", one_answers)
    with Ledger(tmp_path / "raw") as ledger:
        queries = {"laptop": ["l"], "tablet": ["t"]}
        scrape._search_and_fetch(ledger, queries, 5, QUICK, False, {}, shop.addresses)
        table = ledger.frame()
    assert list(table.status) == ["failed", "ok"] and table.reason[0].startswith("search: ")


def test_kagglehub(tmp_path, photos, monkeypatch):
    picture = (photos / "0.jpg").read_bytes()
    files = {"Gadgets/Mobiles/1.jpg": picture, "Gadgets/Tablets/ä b.jpg": (photos / "1.jpg").read_bytes(),
             "Gadgets/Tablets/no.jpg": b"<html>", "readme.txt": b"x"}  # fmt: skip
    with Kaggle(tmp_path, "someone/gadgets", files) as replica:
        for name, value in replica.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        table = scrape.collect(tmp_path / "raw", "kaggle", kaggle=["someone/gadgets"])
        assert replica.requests == ["GetDataset", "DownloadDataset"] and replica.refused == []
        with pytest.raises(CourseError, match="someone/nothing.*check"):
            scrape.collect(tmp_path / "other", "kaggle", kaggle=["someone/nothing"])
    assert dict(zip(table.title, table.label, strict=True)) == {"1": "mobile_phone", "ä b": "tablet", "no": "tablet"}
    assert sorted(table.status) == ["ok", "ok", "refused"] and set(table.source) == {"kaggle:someone/gadgets"}


# ---------------------------------------------------------------- folders


@pytest.fixture
def mine(tmp_path):
    folder = tmp_path / "my photos"
    for number, name in enumerate(["Laptops/a.jpg", "Laptops/b.jpg", "Smart Watches/été 1.jpg", "smart watches/x/d.png"]):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn(number).save(path)
    return folder


def collected(folder, tmp_path):
    return scrape.collect(tmp_path / "raw", "folder", photos=str(folder)).set_index("title")


def test_folder(mine, tmp_path):
    (mine / "Laptops" / "note.jpg").write_text("this is text")
    (mine / "Laptops" / "empty.jpg").write_bytes(b"")
    (mine / "Laptops" / "gone.jpg").symlink_to(mine / "nowhere.jpg")
    (mine / "Cameras").mkdir()
    drawn(9).save(mine / "Cameras" / "c.jpg")
    (mine / "Laptops" / ".DS_Store").write_bytes(b"x")
    table = collected(mine, tmp_path)
    assert dict(table.label[table.status == "ok"]) == {"a": "laptop", "b": "laptop", "été 1": "smartwatch", "d": "smartwatch"}
    assert dict(table.status[table.status != "ok"]) == {"note": "refused", "empty": "refused", "gone": "failed", "c": "skipped"}
    assert "none of the five classes" in table.reason["c"] and table.reason["empty"] == "empty file"
    assert all((tmp_path / "raw" / name).exists() for name in table.file[table.status == "ok"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_folder_with_an_unreadable_file(mine, tmp_path):
    (mine / "Laptops" / "a.jpg").chmod(0)
    assert collected(mine, tmp_path).reason["a"] == "cannot be read (Permission denied)"


def test_an_unreadable_file_is_a_row(mine, tmp_path, monkeypatch):
    read = scrape.Path.read_bytes

    def refuse(path):
        if path.name == "a.jpg":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(scrape.Path, "read_bytes", refuse)
    assert collected(mine, tmp_path).reason["a"] == "cannot be read (Permission denied)"


def test_folder_with_a_manifest(mine, tmp_path):
    rows = ["file,label,source,license", "Laptops/a.jpg,tablet,shop-1,CC0", "Laptops/zzz.jpg,laptop,shop-2,"]
    (mine / "manifest.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    table = scrape.collect(tmp_path / "raw", "folder", photos=str(mine)).set_index("url")
    row = table.loc["folder:Laptops/a.jpg"]
    assert (row.label, row.source, row.licence) == ("tablet", "shop-1", "CC0")
    assert table.loc["folder:Laptops/zzz.jpg"].reason == "named in manifest.csv, but not there"


@pytest.mark.parametrize(
    ("keep", "words"),
    [([], "no class"), (["Laptops"], "only laptop"), (["Cameras"], "no class among Cameras")],
)
def test_too_little_is_one_sentence(mine, tmp_path, keep, words):
    folder = tmp_path / "few"
    for name in keep:
        (folder / name).mkdir(parents=True)
        drawn().save(folder / name / "a.jpg")
    folder.mkdir(exist_ok=True)
    with pytest.raises(CourseError, match=words) as error:
        scrape.collect(tmp_path / "raw", "folder", photos=str(folder))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"source": "folder"}, "needs photos"),
        ({"source": "folder", "photos": "/no/such/folder"}, "no folder"),
        ({"source": "kaggle"}, "handles"),
        ({"source": "teleport"}, "no source"),
        ({"source": "web", "queries": {"camera": ["x"]}}, "not a class"),
    ],
)
def test_wrong_arguments(tmp_path, arguments, words):
    with pytest.raises(CourseError, match=words):
        scrape.collect(tmp_path / "raw", **arguments)


def test_another_source_sets_the_first_aside_and_back(mine, tmp_path):
    first = collected(mine, tmp_path)
    other = tmp_path / "other"
    for number, name in enumerate(["tablet", "phones"]):
        (other / name).mkdir(parents=True)
        drawn(number + 7).save(other / name / "p.jpg")
    assert len(scrape.collect(tmp_path / "raw", "folder", photos=str(other))) == 2
    again = collected(mine, tmp_path)
    assert again.time.equals(first.time), "nothing was read again"


@pytest.mark.parametrize(
    ("name", "label"),
    [("Phones", "mobile_phone"), ("mobile-phones", "mobile_phone"), ("Smart Watches", "smartwatch"), ("ipad", "tablet"),
     ("wireless earbuds", None), ("Headsets", "headphones"), ("laptop 2", "laptop"), ("cameras", None), ("", None)],
)  # fmt: skip
def test_class_of(name, label):
    assert scrape.class_of(name) == label


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
    table = scrape.collect(tmp_path / "raw", "shop", shop=recording / "shop", shop_photos=recording / "photos")
    assert not table.duplicated(["query", "url"]).any()
    told = truth.merge(table, on=["query", "url"], suffixes=("", "_ledger"))
    assert len(told) == len(truth), "every planted address is accounted for"
    here = told.status == "ok"
    assert set(told.fault[~here]) == set(truth.fault[truth.expected.isin(["refused", "never arrives"])])
    both = set(told.fault[here]) & set(told.fault[~here])
    assert both <= {"same address with tracking parameters"}, "of two spellings the first that comes is fetched"
    honest = table[~table.url.isin(truth.url)]
    assert set(honest.status) <= {"ok", "skipped"}, "every honest address gave its picture"
    shown = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (recording / "photos").glob("*.jpg")}
    odd = truth.fault.str.contains("CMYK|PNG|EXIF|GIF|WebP") & (truth.expected == "kept")
    assert len(shown - set(table.sha256)) == odd.sum(), "all photos are collected, some in another format"


def test_a_shop_that_is_not_there(tmp_path):
    with pytest.raises(CourseError, match="make it again"):
        scrape.collect(tmp_path / "raw", "shop", shop=tmp_path / "nowhere")
