"""The app in a real browser (headless Chromium), and over HTTP with what nobody should send.

The models are stand-ins here, so that the pages are tested and nothing else; lesson 08 tests the models.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import httpx
import pytest
from PIL import Image, ImageDraw

from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, data_dir
from gadgetlib.listing import Describer
from gadgetlib.ocr import Word

SHOTS = build_dir() / "screenshots"
MARKUP = "<img src=x onerror=document.title='run'>"
PATIENCE = 180  # seconds: a loaded machine is slow, not wrong


def request(method, url, **given):
    return httpx.request(method, url, timeout=PATIENCE, **given)


class Classifier:
    def predict(self, images):
        wide = images[0].width > images[0].height
        probs = {"laptop": 1.0 if wide else 1e-6, "mobile_phone": 1e-6 if wide else 1.0}
        return [{"label": max(probs, key=probs.get), "probs": probs, "accepted": True} for _ in images]


class Reading:
    text = f"Dell XPS 13 16GB RAM 512GB SSD €999 {MARKUP}"
    words = (Word("Dell", (10, 10, 60, 30), 0.9), Word(MARKUP, (70, 10, 120, 30), 0.9))


class Index:
    def embed(self, image, kinds):
        return image

    def picture(self, photo):
        return data_dir() / "photos" / photo

    def search(self, image, k=5, where=None, exclude=()):
        if where and where.endswith("("):
            raise CourseError(f"The filter {where!r} is not understood; write it like price < 900.")
        photos = sorted((data_dir() / "photos").glob("*-00.jpg"))[: min(k, 2 if where == "price < 900" else k)]
        shown = {"score": 0.8, "brand": "Brand", "model": MARKUP}
        return [{"id": photo.name, "product_id": photo.stem[:-3], **shown} for photo in photos]


class Price:
    def predict(self, known):
        price = 500.0 + 20 * float(known.get("ram_gb", 0))
        warnings = [f"{known['brand']}?"]
        return {"price": price, "low": price - 100, "high": price + 100, "currency": "USD", "warnings": warnings}


def stand_in():
    describer = Describer(Classifier(), lambda image: Reading())
    describer.index, describer.prices = Index(), Price()
    return describer


@pytest.fixture(scope="module")
def address():
    from gadgetlib import app

    page = app.build(cache(stand_in))
    _, url, _ = page.launch(server_name="127.0.0.1", **{**app.SETTINGS, "max_file_size": "1mb"})
    yield url
    page.close()


def opened(browser, address, **context):
    tabs = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
    tabs.set_default_timeout(PATIENCE * 1000)
    page = tabs.new_page()
    page.outside = []
    page.on("request", lambda request: page.outside.append(request.url) if not local(request.url) else None)
    page.goto(address)
    page.wait_for_selector("#describe")
    return page


@pytest.fixture
def page(browser, address):
    page = opened(browser, address)
    yield page
    page.context.close()


def local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1", "http://localhost", "data:", "blob:", "ws://127.0.0.1"))


def picture(folder: Path, name: str = "laptop.png", size=(300, 200)) -> Path:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((40, 40, size[0] - 40, size[1] - 40), fill="navy")
    image.save(folder / name, "PNG")
    return folder / name


def type_in(page, selector: str, text: str) -> None:
    """Key by key as a person types, then leave the field: a value filled in one go can be overtaken by the click."""
    page.click(selector)
    page.fill(selector, "")
    page.type(selector, text, delay=20)
    page.keyboard.press("Tab")
    page.wait_for_timeout(500)


def describe(page, path: Path) -> None:
    page.set_input_files("#photo input[type=file]", str(path))
    page.wait_for_selector("#photo img")
    page.click("#describe")


def test_a_photo_becomes_a_listing_and_a_correction_moves_the_price(page, tmp_path):
    describe(page, picture(tmp_path))
    page.wait_for_selector("#summary article")
    shown = page.inner_text("#summary")
    assert "laptop, 100% sure" in shown and "820 USD" in shown and "EUR)" in shown and "16GB" in shown
    assert "failed" not in shown
    page.wait_for_function("document.querySelector('#probs').innerText.split('%').length == 6")
    assert page.input_value("#field-ram_gb textarea, #field-ram_gb input") == "16"
    type_in(page, "#field-ram_gb textarea, #field-ram_gb input", "32")
    page.click("#reprice")
    page.wait_for_selector("#estimate h3")
    assert "about 1,140 USD" in page.inner_text("#estimate")
    page.click("#matches button img >> nth=0")
    page.wait_for_function("document.querySelector('#variants').innerText.includes('Aspire')")
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "app_desktop.png", full_page=True)
    assert page.outside == [] and page.title() == "Gadget recognition"  # printed markup did not run


def test_examples_are_pictures(page):
    page.wait_for_function("[...document.querySelectorAll('#examples img')].filter(e => e.naturalWidth).length == 6")
    page.click("#examples img >> nth=0")
    page.wait_for_selector("#photo img")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("broken.jpg", b"hello, I am text", "broken.jpg"), ("a.pdf.jpg", b"%PDF-1.4", "a.pdf.jpg"),
     ("<b>bold.jpg", b"hello, I am text", "bold.jpg")],
)  # fmt: skip
def test_a_bad_file_is_one_sentence(page, tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    page.set_input_files("#photo input[type=file]", str(path))
    page.wait_for_selector("#photo img", state="attached")  # it has arrived, and is no picture
    page.click("#describe")
    toast = page.wait_for_selector(".toast-body")
    text = toast.inner_text()
    assert words in text and "Traceback" not in text and "/tmp" not in text and not toast.query_selector("b")


def test_nothing_uploaded_and_a_wrong_filter_are_told(page, tmp_path):
    page.click("#describe")
    assert "photo first" in page.wait_for_selector(".toast-body").inner_text()
    page.reload()
    page.wait_for_selector("#describe")
    describe(page, picture(tmp_path))
    page.wait_for_selector("#summary article")
    page.click("text=Search options")
    type_in(page, "#where textarea, #where input", f"{MARKUP} (")
    page.click("#search")
    toast = page.wait_for_selector(".toast-body")
    assert "not understood" in toast.inner_text() and MARKUP in toast.inner_text()
    assert page.title() == "Gadget recognition"


def test_searching_again_needs_no_second_look(page, tmp_path):
    describe(page, picture(tmp_path))
    page.wait_for_function("document.querySelectorAll('#matches button img').length == 6")
    page.click("text=Search options")
    type_in(page, "#where textarea, #where input", "price < 900")
    page.click("#search")
    page.wait_for_function("document.querySelectorAll('#matches button img').length == 2")


def test_two_users_at_once_do_not_mix(browser, address, tmp_path):
    files = [picture(tmp_path, "wide.png", (300, 200)), picture(tmp_path, "tall.png", (200, 300))]
    pages = [opened(browser, address) for _ in files]
    for page, path in zip(pages, files):
        page.set_input_files("#photo input[type=file]", str(path))
        page.wait_for_selector("#photo img")
    for page in pages:
        page.click("#describe")
    seen = []
    for page in pages:
        page.wait_for_selector("#summary article")
        seen.append(page.inner_text("#summary h3 + p").partition(",")[0])
        page.context.close()
    assert seen == ["laptop", "mobile phone"]


def test_a_phone_screen_needs_no_sideways_scrolling(browser, address, tmp_path):
    page = opened(browser, address, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    describe(page, picture(tmp_path))
    page.wait_for_selector("#summary article")
    width = page.evaluate("document.documentElement.scrollWidth")
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "app_phone.png", full_page=True)
    edge = page.evaluate(
        "Math.max(...[...document.querySelectorAll('#summary *')].map(e => e.getBoundingClientRect().right))"
    )
    assert width <= 400 and edge <= 390
    page.context.close()


def test_the_keyboard_reaches_the_button_and_controls_have_names(page):
    page.keyboard.press("Tab")
    for _ in range(40):
        if page.evaluate("document.activeElement.id") == "describe":
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "describe"
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea, select')].filter(e => e.offsetParent &&
        !(e.innerText || e.getAttribute('aria-label') || e.title || e.labels?.length || e.closest('label'))).length"""
    )
    assert nameless == 0


# --- over HTTP, and on the disk


def test_a_batch_has_a_row_for_each_file_whatever_it_is_called(address, tmp_path):
    from gradio_client import Client, handle_file

    bare = picture(tmp_path, "=cmd A1")
    (tmp_path / "noise").write_bytes(b"no picture")
    files = [handle_file(str(path)) for path in (picture(tmp_path), bare, tmp_path / "noise")]
    rows, table = Client(address, verbose=False, download_files=str(tmp_path)).predict(files, api_name="/batch")
    assert len(rows["data"]) == 3 and rows["data"][2][0] == "noise" and rows["data"][2][-1]
    with open(table, newline="", encoding="utf-8") as file:
        names = [row["file"] for row in csv.DictReader(file)]
    assert names[0] == "laptop.png" and names[1].startswith("'=")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("multipart/form-data", b"x"),
     ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n"),
     ("multipart/form-data; boundary=x", b"nothing"), ("application/json", b"{}"),
     ("multipart/form-data; boundary=x", b"--x--\r\n"),
     ("multipart/form-data; boundary=" + "x" * 100_000, b"nothing"),
     ("multipart/form-data; boundary=x", b"a" * 2_000_000),
     ("multipart/form-data; boundary=x",
      b'--x\r\nContent-Disposition: form-data; name="files"\r\n\r\nabc\r\n--x--\r\n')],
)  # fmt: skip
def test_a_malformed_upload_is_refused(address, content_type, body):
    answer = request("POST", f"{address}gradio_api/upload", content=body, headers={"content-type": content_type})
    assert 400 <= answer.status_code < 500 or (answer.status_code == 200 and answer.json() == [])


JSON = {"content-type": "application/json"}
NOWHERE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
ADDRESS = {"path": "http://127.0.0.1:9/x.jpg", "meta": {"_type": "gradio.FileData"}}
NO_CALLS = [
    b"", b"hello", b'{"data": [', b"[]", b"null", b"5", b'{"data": "abc"}', b'{"data": NaN}', b"\xff\xfe{}",
    b'{"data": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", b'{"data": [' + b"9" * 10_000 + b"]}", b"x" * 2_000_000,
    *(json.dumps({"data": [None, file, 6], "session_hash": "a", "fn_index": 0}).encode()
      for file in (ADDRESS, [ADDRESS], {"a": ADDRESS}, NOWHERE, {**NOWHERE, "path": "a\0b"}, {**NOWHERE, "path": "."})),
]  # fmt: skip
MISFITS = [
    b'{"data": null}', b'{"data": []}', b'{"data": [1, 2, 3, 4, 5]}', b'{"data": [{}, {}, {}]}',
    b'{"data": [null, "", "x"]}', b'{"data": [null, "", 1e400]}', b'{"data": [null, null, null]}',
    json.dumps({"data": [{**NOWHERE, "path": 5}, "", 6]}).encode(),
]  # fmt: skip


@pytest.mark.parametrize("route", ["call/describe", "queue/join"])
def test_what_is_no_call_or_names_a_file_that_nobody_sent_is_a_4xx(address, capfd, route):
    for body in NO_CALLS:
        answer = request("POST", f"{address}gradio_api/{route}", content=body, headers=JSON)
        assert 400 <= answer.status_code < 500, (body[:80], answer.text)
        assert not any(sign in answer.text for sign in ("Traceback", "<", str(data_dir().parent)))
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_call_that_does_not_fit_is_told_to_its_caller_and_ends_nothing(address):
    for body in MISFITS:
        answer = request("POST", f"{address}gradio_api/call/describe", content=body, headers=JSON)
        if answer.status_code == 200:
            answer = request("GET", f"{address}gradio_api/call/describe/{answer.json()['event_id']}")
            assert "event: error" in answer.text and str(data_dir().parent) not in answer.text, body
        else:
            assert 400 <= answer.status_code < 500, body
    call = {"data": [None, None, 6]}
    told = request("POST", f"{address}gradio_api/call/describe", json=call).json()["event_id"]
    assert "photo first" in request("GET", f"{address}gradio_api/call/describe/{told}").text
    for more in ({"fn_index": 999}, {"fn_index": -1}, {"fn_index": "x"}, {"session_hash": ["a"]}, {"event_data": 5}):
        call = {"data": [None, "", 6], "session_hash": "a", **more}
        assert request("POST", f"{address}gradio_api/queue/join", json=call).status_code < 500
    assert request("GET", address).status_code == 200


def test_pages_that_the_app_does_not_need_are_not_there(address):
    for path in (
        "run/describe", "vibe-code", "proxy=https://x.hf.space", "run-history/buckets", "deep_link?session_hash=x",
        "dev/reload", "component_server", "stream/a/1/1/x.ts", "process_recording", "monitoring",
    ):  # fmt: skip
        for method in ("GET", "POST"):
            assert request(method, f"{address}gradio_api/{path}").status_code == 404, path
    assert request("GET", f"{address}config").json().get("run_history") is False


def test_hostile_words_in_every_field_are_shown_as_words(page, tmp_path):
    """A price asked for with markup in its fields: the page shows it, and runs nothing."""
    describe(page, picture(tmp_path))
    page.wait_for_selector("#summary article")
    for field in ("brand", "currency"):
        type_in(page, f"#field-{field} textarea, #field-{field} input", MARKUP)
    page.click("#reprice")
    page.wait_for_selector("#estimate h3")
    assert "onerror" in page.inner_text("#estimate") and page.query_selector("#estimate img") is None
    assert page.title() == "Gadget recognition"


def test_an_upload_that_is_cut_leaves_no_traceback_and_one_that_is_too_much_is_refused(address, capfd, monkeypatch):
    from gadgetlib import app

    url = httpx.URL(address)
    head = "POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n"
    head += "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    part = '--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\nabc'
    with socket.create_connection((url.host, url.port)) as line:
        line.sendall((head + part).encode())
    assert request("POST", f"{address}gradio_api/upload", files={"files": ("a.jpg", b"x" * 100)}).status_code == 200
    monkeypatch.setattr(app, "SPARE", shutil.disk_usage(app.tempfile.gettempdir()).total)
    answer = request("POST", f"{address}gradio_api/upload", files={"files": ("a.jpg", b"x" * 5000)})
    assert answer.status_code == 413 and "room" in answer.text
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../../../etc/passwd", "{root}/README.md", "{root}/data/photos/../../README.md",
     "%2e%2e/%2e%2e/etc/passwd"],
)  # fmt: skip
def test_file_routes_serve_no_other_files(address, path):
    answer = request("GET", f"{address}gradio_api/file={path.format(root=data_dir().parent)}")
    assert answer.status_code in (403, 404), answer.text[:80]


def test_what_a_visit_made_goes_within_minutes(tmp_path):
    from gadgetlib.app import sweep

    old, new = tmp_path / "a" / "old.jpg", tmp_path / "a" / "new.jpg"
    old.parent.mkdir()
    for path in (old, new):
        path.write_text("x")
    (tmp_path / "empty").mkdir()
    for path in (old, tmp_path / "empty"):
        os.utime(path, (time.time() - 700,) * 2)
    sweep(tmp_path, 600)
    assert not old.exists() and new.exists() and not (tmp_path / "empty").exists()


def test_folders_that_go_while_they_are_swept_do_not_end_the_sweeping(tmp_path):
    from gadgetlib.app import sweep

    def come_and_go():
        for turn in range(3000):
            folder = tmp_path / f"{turn % 7}" / "visit"
            folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(folder.parent)

    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(come_and_go)
        while not going.done():
            sweep(tmp_path, 600)
        going.result()


def test_models_that_do_not_load_are_told_to_who_asks(tmp_path):
    from gadgetlib.app import Pages, gr

    def ready():
        raise CourseError("model.safetensors is damaged; run lesson 03 again.")

    page, photo = Pages(ready), str(picture(tmp_path))
    for ask, given in ((page.describe, (photo, "", 6)), (page.price, ("laptop", "Dell")), (page.batch, ([photo],))):
        with pytest.raises(gr.Error, match="damaged"):
            ask(*given)
