"""The web app: drop a photo, get a listing. Gradio, on loopback, nothing fetched from or sent to other hosts."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
import psutil
from PIL import Image
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse

from gadgetlib import CLASSES, SPEC_FIELDS
from gadgetlib.batch import COLUMNS, TEXT, row, write_rows
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir, trained
from gadgetlib.listing import Describer, Listing, card, in_words, name_of, shipped_listings, table

KEPT = 600  # seconds that what a visit made stays on disk
ENTRY = ["model", "year", "ram_gb", "storage_gb", "screen_in", "chip", "weight_g", "launch_price_usd"]


class Photo(gr.Image):
    """An image input that hands over the file as it came, so that the course's own loader judges it."""

    is_template = True

    def preprocess(self, payload: Any) -> str | None:
        return payload and payload.path


class Uploads:
    """ASGI middleware: an upload that cannot be parsed, or that was cut half-way, is a 400 and no traceback."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception:
            if not scope.get("path", "").endswith("/upload"):
                raise
            await PlainTextResponse("This upload cannot be read; send it again.", 400)(scope, receive, send)


# Fonts of the system: Gradio's default theme would fetch its own from the web.
SETTINGS = {
    "theme": gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
    "css": "footer{display:none!important} .gradio-container{max-width:72rem!important}", "footer_links": [],
    "share": False, "inbrowser": False, "quiet": True, "prevent_thread_lock": True, "max_file_size": "20mb",
    "allowed_paths": [str(data_dir() / "photos"), str(data_dir() / "listings")], "app_kwargs": {"middleware": [Middleware(Uploads)]},
    "pwa": False, "ssr_mode": False, "show_error": True, "enable_monitoring": False,
}  # fmt: skip


@contextlib.contextmanager
def one_sentence() -> Iterator[None]:
    """A CourseError becomes Gradio's own: escaped, for Gradio renders HTML, and without this machine's folders."""
    try:
        yield
    except CourseError as error:
        words = (Path(word).name if word.startswith(tempfile.gettempdir()) else word for word in str(error).split(" "))
        raise gr.Error(escape(" ".join(words)), print_exception=False) from None


class Pages:
    """What the app's buttons do. ready: waits for the loaded pipeline; photos: where the catalogue's pictures are."""

    def __init__(self, ready: Callable[[], Describer], photos: Path) -> None:
        self.ready, self.photos = ready, photos

    def describe(self, path: str | None, where: str, k: int) -> tuple:
        with one_sentence():
            if not path:
                raise CourseError("Drop, paste or take a photo first.")
            listing = self.ready()(path, k=int(k))
        overlay = listing.picture, [(tuple(map(round, word["box"])), word["text"]) for word in listing.words]
        listing.picture = listing.crop = None  # what is kept for a visitor is small
        found = self.search(listing, where, k) if where.strip() else self.gallery(listing)
        values = [listing.specs.get(field) for field in SPEC_FIELDS]
        shown = [f"{value:g}" if isinstance(value, float) else value for value in values]
        probs = {kind.replace("_", " "): prob for kind, prob in listing.probs.items()}
        return card(listing), probs, overlay, found, listing.gadget_type, *shown, listing.model_dump_json(indent=1), listing

    def search(self, listing: Listing | None, where: str, k: int) -> list[tuple[str, str]]:
        """The matches of what was described, with the options as they are now."""
        with one_sentence():
            if listing is None or self.ready().index is None:
                return []
            self.ready().search(listing, int(k), where.strip() or None)
        return self.gallery(listing)

    def gallery(self, listing: Listing) -> list[tuple[str, str]]:
        listing.matches = [match for match in listing.matches if (self.photos / str(match["id"])).is_file()]
        return [(str(self.photos / match["id"]), name_of(match)) for match in listing.matches]

    def entry(self, listing: Listing | None, event: gr.SelectData) -> list[list[str]]:
        """The catalogue's variants of the match that was chosen."""
        chosen = listing.matches[event.index]["product_id"] if listing and event.index < len(listing.matches) else ""
        return [[variant[name] for name in ENTRY] for variant in table("catalogue.csv") if variant["product_id"] == chosen]

    def example(self, event: gr.SelectData) -> str:
        return example_files()[event.index]

    def price(self, gadget_type: str, *values: str) -> str:
        specs = {field: value.strip() for field, value in zip(SPEC_FIELDS, values) if value and value.strip()}
        with one_sentence():
            if self.ready().prices is None:
                raise CourseError("No price model is trained; run `make course ONLY=07`.")
            answer = self.ready().estimate(gadget_type, specs)
        notes = "".join(f"\n- {escape(warning)}" for warning in answer.get("warnings", []))
        return f"### {in_words(answer, specs.get('currency'))}{notes}"

    def batch(self, paths: list[str] | None, progress: gr.Progress = gr.Progress()) -> tuple:  # noqa: B008  (Gradio's way)
        with one_sentence():
            if not paths:
                raise CourseError("Choose some pictures first.")
        made = ({**row(self.ready(), Path(path)), "file": Path(path).name} for path in progress.tqdm(paths, desc="describing"))
        out = Path(tempfile.mkdtemp(dir=gr.utils.get_upload_folder())) / "listings.csv"
        with out.open("w", newline="", **TEXT) as file:
            return [[found[name] for name in COLUMNS] for found in write_rows(file, made)], str(out)


def build(ready: Callable[[], Describer], photos: Path | None = None) -> gr.Blocks:
    """The app. ready: returns the loaded pipeline once it is there; photos: where the catalogue's pictures are."""
    pages = Pages(ready, photos or data_dir() / "photos")
    with gr.Blocks(title="Gadget recognition", analytics_enabled=False) as app:
        gr.Markdown("# Gadget recognition\nA photo in, a listing out. Nothing you drop here is kept: it is deleted within minutes.")
        with gr.Tab("One photo"):
            one_photo(pages)
        with gr.Tab("Many photos"):
            files = gr.File(label="Pictures", file_count="multiple", elem_id="files")
            many = gr.Button("Describe all", variant="primary", elem_id="describe-all")
            rows = gr.Dataframe(headers=COLUMNS, label="Listings", wrap=True, elem_id="table")
            result = gr.File(label="listings.csv", interactive=False, elem_id="csv")
            many.click(pages.batch, files, [rows, result], api_name="batch")
    return app.queue(max_size=64, default_concurrency_limit=1)


def one_photo(pages: Pages) -> None:
    """The page for one photo: its listing, its matches, and its price once somebody has corrected it."""
    described = gr.State(None, time_to_live=KEPT)
    with gr.Row():
        with gr.Column():
            photo = Photo(label="Photo (drop, paste or camera)", elem_id="photo", height=320, sources=["upload", "clipboard", "webcam"])
            examples = gr.Gallery(
                example_files(), label="Examples: choose one", columns=6, height=130, interactive=False, allow_preview=False,
                buttons=[], elem_id="examples",
            )  # fmt: skip
            go = gr.Button("Describe", variant="primary", elem_id="describe")
            with gr.Accordion("Search options", open=False):
                where = gr.Textbox("", label="Filter", placeholder="price < 500 AND brand = 'Samsung'", elem_id="where")
                k = gr.Slider(1, 20, value=6, step=1, label="Matches")
                again = gr.Button("Search again", elem_id="search")
        with gr.Column():
            summary = gr.HTML(label="Listing", elem_id="summary")
            probs = gr.Label(label="Kind of gadget", num_top_classes=len(CLASSES), show_heading=False, elem_id="probs")
    with gr.Row():
        overlay = gr.AnnotatedImage(label="What was read", show_legend=False, elem_id="overlay")
        found = gr.Gallery(label="Matching gadgets: choose one", columns=3, height=360, allow_preview=False, elem_id="matches")
    entry = gr.Dataframe(headers=[name.replace("_", " ") for name in ENTRY], label="In the catalogue", elem_id="entry")
    gr.Markdown("## Correct it, and see the price follow")
    with gr.Row():
        kind = gr.Dropdown(list(CLASSES), label="Type", elem_id="kind")
        fields = [gr.Textbox(label=name.replace("_", " "), elem_id=f"field-{name}", min_width=120) for name in SPEC_FIELDS]
    reprice = gr.Button("Estimate the price", elem_id="reprice")
    estimate = gr.Markdown(elem_id="estimate")
    with gr.Accordion("JSON", open=False):
        raw = gr.Code(language="json", label="Listing", elem_id="json")
    go.click(pages.describe, [photo, where, k], [summary, probs, overlay, found, kind, *fields, raw, described], api_name="describe")
    again.click(pages.search, [described, where, k], found, api_name="search")
    reprice.click(pages.price, [kind, *fields], estimate, api_name="price")
    examples.select(pages.example, None, photo, api_visibility="private")
    found.select(pages.entry, described, entry, api_visibility="private")


@cache
def example_files() -> list[str]:
    """Six shipped listings of the test split, each of another layout."""
    rows = list({row["layout"]: row for row in reversed(shipped_listings("test"))}.values())[:6]
    return [str(data_dir() / "listings" / row["file"]) for row in rows]


def own_folder() -> Path:
    """A folder for what visitors send and get; those that killed servers left are removed, and this one at the end."""
    folder = Path(tempfile.gettempdir()) / f"gadget-app-{os.getpid()}"
    for left in folder.parent.glob("gadget-app-[0-9]*"):
        if not psutil.pid_exists(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def sweep(folder: Path, kept: set[Path], age: float) -> None:
    """Delete the files under a folder that are older than age (seconds) and not among kept."""
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file() and path not in kept and time.time() - path.stat().st_mtime > age:
                path.unlink()


def check_port(host: str, port: int) -> None:
    """Raises CourseError, which names a free port, where the app cannot listen at this one."""
    def bound(port: int) -> int:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as server:
            return server.getsockname()[1]

    try:
        bound(port)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or "ports go from 1 to 65535"
        raise CourseError(f"The app cannot use port {port} of {host} ({why.lower()}): try `--port {bound(0)}`.") from None


def serve(port: int = 7860, host: str = "127.0.0.1", engine: str = "rapidocr", wait: bool = True) -> gr.Blocks:
    """Serve the app; its models load behind the first page. Raises CourseError if nothing is trained or the port is taken."""
    trained("classifier")
    check_port(host, port)
    folder = own_folder()
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    for name in ("no_proxy", "NO_PROXY"):  # Gradio asks itself whether it is there: not by way of a proxy
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1,localhost,::1", host]))

    launched = threading.Event()

    def load() -> Describer:
        launched.wait()  # beside the building of the page both would be slow
        describer = Describer.load(engine=engine)
        describer(Image.new("RGB", (64, 64), "white"))  # the first call pays for lazy imports
        return describer

    def clean() -> None:
        while True:
            time.sleep(KEPT / 20)
            sweep(folder, kept, KEPT)

    app = build(ThreadPoolExecutor(1).submit(load).result)
    kept = set(folder.rglob("*"))  # the examples
    try:
        app.launch(server_name=host, server_port=port, **SETTINGS)
    finally:
        launched.set()
    threading.Thread(target=clean, daemon=True).start()
    print(f"http://{host}:{port}  (Ctrl-C ends it)", flush=True)
    if wait:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the folder goes
        app.block_thread()
    return app
