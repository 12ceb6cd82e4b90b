"""The app in a real browser (headless Chromium): upload, result, correction, bad file, two users, narrow screen.

The models are stand-ins here, so that the pages are tested and nothing else; lesson 08 tests the models.
"""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from gadgetlib import specs
from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, data_dir
from gadgetlib.listing import Describer

SHOTS = build_dir() / "screenshots"
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Classifier:
    def predict(self, images):
        wide = images[0].width > images[0].height
        probs = {"laptop": 1.0 if wide else 1e-6, "mobile_phone": 1e-6 if wide else 1.0}
        return [{"label": max(probs, key=probs.get), "probs": probs, "accepted": True} for _ in images]


class Word:
    def __init__(self, text, box):
        self.text, self.box, self.conf = text, box, 0.9


class Reading:
    text = "Dell XPS 13 16GB RAM 512GB SSD"
    heights = (20,)
    words = (Word("Dell", (10, 10, 60, 30)), Word("16GB", (70, 10, 120, 30)))


class Index:
    asked = []

    def embed(self, image, kinds):
        return image

    def search(self, image, k=5, where=None):
        self.asked.append((image.size, k, where))
        if where and "(" in where:
            raise CourseError(f"The filter {where!r} is not understood; write it like price < 900.")
        photos = sorted((data_dir() / "photos").glob("*.jpg"))[:k]
        return [{"id": p.name, "score": 0.8, "product_id": p.stem, "brand": "Brand", "model": f"M{i}"} for i, p in enumerate(photos)]


class Price:
    def predict(self, known):
        price = 500.0 + 20 * float(known.get("ram_gb", 0))
        return {"price": price, "low": price - 100, "high": price + 100, "currency": "USD", "warnings": []}


@pytest.fixture(scope="module")
def address():
    from gadgetlib.app import build

    describer = Describer(Classifier(), lambda image: Reading(), specs.extract, Index(), Price())
    app = build(describer)
    from gadgetlib.app import CSS, THEME

    _, url, _ = app.launch(
        server_name="127.0.0.1", share=False, quiet=True, prevent_thread_lock=True, max_file_size="1mb",
        allowed_paths=[str(data_dir() / "photos")], theme=THEME, css=CSS, ssr_mode=False, show_error=True,
    )  # fmt: skip
    yield url
    app.close()


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    path = next((shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)), None)
    with sync_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        except sync_api.Error as error:
            pytest.skip(f"no browser to test with: apt install chromium, or playwright install chromium ({str(error).splitlines()[0]})")
        yield browser
        browser.close()


@pytest.fixture
def page(browser, address):
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.outside = []
    page.on("request", lambda request: page.outside.append(request.url) if not local(request.url) else None)
    page.goto(address)
    page.wait_for_selector("#describe")
    yield page
    context.close()


def local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1", "http://localhost", "data:", "blob:", "ws://127.0.0.1"))


def picture(folder: Path, name: str = "laptop.png", size=(300, 200)) -> Path:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((40, 40, size[0] - 40, size[1] - 40), fill="navy")
    image.save(folder / name)
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
    assert "laptop, 100% sure" in page.inner_text("#summary")
    assert page.input_value("#field-ram_gb textarea, #field-ram_gb input") == "16"
    type_in(page, "#field-ram_gb textarea, #field-ram_gb input", "32")
    page.click("#reprice")
    page.wait_for_selector("#estimate h3")
    assert "about 1140 USD" in page.inner_text("#estimate")
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "app_desktop.png", full_page=True)
    assert page.outside == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("broken.jpg", b"hello, I am text", "broken.jpg"), ("empty.png", b"", "empty.png"), ("a.pdf.jpg", b"%PDF-1.4", "a.pdf.jpg")],
)
def test_a_bad_file_is_one_sentence(page, tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    page.set_input_files("#photo input[type=file]", str(path))
    page.wait_for_timeout(500)
    page.click("#describe")
    toast = page.wait_for_selector(".toast-body", timeout=10_000)
    text = toast.inner_text()
    assert words in text or "empty" in text.lower() or "first" in text
    assert "Traceback" not in text and "/tmp" not in text


def test_nothing_uploaded_and_a_wrong_filter_are_told(page, tmp_path):
    page.click("#describe")
    assert "photo first" in page.wait_for_selector(".toast-body").inner_text()
    page.reload()
    page.wait_for_selector("#describe")
    describe(page, picture(tmp_path))
    page.wait_for_selector("#summary article")
    page.click("text=Search options")
    type_in(page, "#where textarea, #where input", "price < (")
    page.click("#search")
    assert "not understood" in page.wait_for_selector(".toast-body").inner_text()


def test_searching_again_asks_what_describing_asked(page, tmp_path):
    """The same look, the same product named: with the same options the same matches."""
    Index.asked.clear()
    describe(page, picture(tmp_path))
    page.wait_for_selector("#summary article")
    first = list(Index.asked)
    page.click("text=Search options")
    page.click("#search")
    for _ in range(50):
        if len(Index.asked) == 2 * len(first):
            break
        page.wait_for_timeout(100)
    assert first and Index.asked == first * 2


def test_two_users_at_once_do_not_mix(browser, address, tmp_path):
    files = [picture(tmp_path, "wide.png", (300, 200)), picture(tmp_path, "tall.png", (200, 300))]
    contexts = [browser.new_context() for _ in files]
    pages = [context.new_page() for context in contexts]
    for page, path in zip(pages, files):
        page.goto(address)
        page.wait_for_selector("#describe")
        page.set_input_files("#photo input[type=file]", str(path))
        page.wait_for_selector("#photo img")
    for page in pages:
        page.click("#describe")
    seen = []
    for page in pages:
        page.wait_for_selector("#summary article")
        seen.append(page.inner_text("#summary h3"))
    assert seen == ["laptop", "mobile phone"]
    for context in contexts:
        context.close()


def test_a_phone_screen_needs_no_sideways_scrolling(browser, address, tmp_path):
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("#describe")
    describe(page, picture(tmp_path))
    page.wait_for_selector("#summary article")
    width = page.evaluate("document.documentElement.scrollWidth")
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "app_phone.png", full_page=True)
    edge = page.evaluate("Math.max(...[...document.querySelectorAll('#summary *')].map(e => e.getBoundingClientRect().right))")
    assert width <= 400 and edge <= 390
    context.close()


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


def test_models_load_beside_the_first_page_and_their_failure_is_told_to_who_asks(monkeypatch):
    from gadgetlib import app

    go = threading.Event()

    def load(engine):
        go.wait(10)
        return Describer(Classifier(), lambda image: Reading(), specs.extract, None, Price())

    monkeypatch.setattr(app.Describer, "load", load)
    waiting = app.Loading("tesseract")  # returns although the models are not there
    assert not waiting.loaded.done()
    go.set()
    assert waiting(Image.new("RGB", (40, 20))).gadget_type == "laptop" and waiting.index is None

    def broken(engine):
        raise CourseError("model.safetensors is damaged; run lesson 03 again.")

    monkeypatch.setattr(app.Describer, "load", broken)
    with pytest.raises(CourseError, match="damaged"):
        app.Loading("tesseract")(Image.new("RGB", (40, 20)))
