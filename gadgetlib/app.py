"""The web app: drop a photo, get a listing. Gradio, on loopback, nothing fetched from or sent to other hosts."""

import contextlib
import csv
import ctypes
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from html import escape
from operator import attrgetter
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
from fastapi import Depends, HTTPException, Request
from fastapi.datastructures import Headers
from fastapi.middleware import Middleware
from fastapi.responses import PlainTextResponse
from gradio_client.utils import is_file_obj, traverse
from PIL import Image

from gadgetlib import CLASSES, SPEC_FIELDS
from gadgetlib.batch import COLUMNS, describe_all
from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, data_dir, remove_left, table
from gadgetlib.listing import Describer, Listing, card, in_words, name_of, shipped_listings

KEPT = 600  # seconds that what a visit made stays on disk
SPARE, CALL = 10**9, 10**6  # bytes: left free on the disk, of one call
VARIANT = ["model", "year", "ram_gb", "storage_gb", "launch_price_usd"]  # shown of a match
ROUTES = re.compile(  # what the page and gradio_client ask for; of Gradio's other routes the app needs none
    r"/((config|theme\.css|robots\.txt|favicon\.ico|manifest\.json)?|(static|assets|svelte)/.+|gradio_api/(info|file=.+"
    r"|startup-events|heartbeat/\w+|upload|upload_progress|queue/join|queue/data|call/(?!v2/)\w+(/\w+)?))/?"
)
LISTINGS = data_dir() / "listings"
# Six of the test split, each of another layout.
EXAMPLES = list({row["layout"]: str(LISTINGS / row["file"]) for row in reversed(shipped_listings("test"))}.values())[:6]
gr.set_static_paths([LISTINGS, data_dir() / "photos", build_dir() / "index" / "photos"])  # shown without a copy


class Photo(gr.Image):
    """An image input that hands over the file as it came, so that the course's own loader judges it."""

    is_template = True

    def preprocess(self, payload: Any) -> str | None:
        return payload and payload.path


def gate(app: Any) -> Callable:
    """ASGI middleware: what the app has no use or no room for, or cannot read, is a 4xx of one sentence."""

    async def guarded(scope: Any, receive: Callable, send: Callable) -> None:
        refusal = refused(scope) if scope["type"] == "http" else None
        try:
            await (refusal or app)(scope, receive, send)
        except Exception as error:
            if scope.get("method") != "POST":
                raise
            why = f"This request does not fit the app ({type(error).__name__}): see /gradio_api/info."
            await PlainTextResponse(why, 400)(scope, receive, send)

    return guarded


def refused(scope: Any) -> PlainTextResponse | None:
    """The answer to a request for a page that the app does not need, or with more in it than there is room for."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    if not ROUTES.fullmatch(path):
        return PlainTextResponse("The app has no such page.", 404)
    upload = path.startswith("/gradio_api/upload")
    room = shutil.disk_usage(tempfile.gettempdir()).free - SPARE if upload else CALL
    size = int(Headers(scope=scope).get("content-length", room + 1))  # the server reads no more than that
    if scope["method"] == "POST" and size > room:
        return PlainTextResponse("There is no room for that; send less, or come back in ten minutes.", 413)
    return None


async def files_only(request: Request) -> None:
    """Refuse calls that name a file which nobody uploaded: Gradio would fetch it from its address."""

    def check(file: dict[str, Any]) -> None:
        path = file["path"]
        if not (gr.utils.is_in_or_equal(path, gr.utils.get_upload_folder()) or gr.utils.is_static_file(path)):
            raise HTTPException(400, "This call names a file that was not uploaded here; upload it first.")

    if request.method == "POST" and not request.url.path.rstrip("/").endswith("/upload"):
        traverse(await request.json(), check, is_file_obj)


# Fonts of the system: Gradio's default theme would fetch its own from the web.
SETTINGS = {
    "theme": gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
    "css_paths": Path(__file__).parent / "templates" / "app.css",
    "state_session_capacity": 500,
    "app_kwargs": {"middleware": [Middleware(gate)], "dependencies": [Depends(files_only)]}, "max_file_size": "20mb",
    "prevent_thread_lock": True, "quiet": True, "show_error": True, "footer_links": [], "run_history": False,
    "share": False,
}  # fmt: skip


@contextlib.contextmanager
def one_sentence() -> Iterator[None]:
    """A CourseError becomes Gradio's own: escaped, for Gradio renders HTML."""
    try:
        yield
    except CourseError as error:
        raise gr.Error(escape(str(error)), print_exception=False) from None


@dataclass
class Pages:
    """What the app's buttons do. ready: waits for the loaded pipeline."""

    ready: Callable[[], Describer]

    def describe(self, path: str | None, where: str | None, k: int) -> tuple:
        with one_sentence():
            if not path:
                raise CourseError("Drop, paste or take a photo first.")
            listing = self.ready()(path, k=int(k))
        overlay = listing.picture, [(tuple(map(round, word["box"])), word["text"]) for word in listing.words]
        listing.picture = listing.crop = None  # what is kept for a visitor is small
        found = self.search(listing, where, k) if where else self.gallery(listing)
        values = [listing.specs.get(field) for field in SPEC_FIELDS]
        shown = [f"{value:g}" if isinstance(value, float) else value for value in values]
        probs = {kind.replace("_", " "): prob for kind, prob in listing.probs.items()}
        raw = listing.model_dump_json(indent=1)
        return card(listing), probs, overlay, found, listing.gadget_type, *shown, raw, listing

    def search(self, listing: Listing | None, where: str | None, k: int) -> list[tuple[str, str]]:
        """The matches of what was described, with the options as they are now."""
        with one_sentence():
            if listing is None:
                return []
            self.ready().search(listing, int(k), (where or "").strip() or None)
        return self.gallery(listing)

    def gallery(self, listing: Listing) -> list[tuple[str, str]]:
        index = self.ready().index
        return [(str(index.picture(match["id"])), name_of(match).rpartition(" (")[0]) for match in listing.matches]

    def example(self, event: gr.SelectData) -> str:
        return EXAMPLES[event.index]

    def variants(self, listing: Listing | None, event: gr.SelectData) -> list[list[str]]:
        """The catalogue's variants of the match that was chosen; none where the visit was too long ago."""
        product = listing and listing.matches[event.index]["product_id"]
        return [[row[name] for name in VARIANT] for row in table("catalogue.csv") if row["product_id"] == product]

    def price(self, gadget_type: str, *values: str) -> str:
        specs = {field: value.strip()[:200] for field, value in zip(SPEC_FIELDS, values) if value and value.strip()}
        with one_sentence():
            answer = self.ready().estimate(gadget_type, specs)
        notes = "".join(f"\n- {escape(warning)}" for warning in answer.get("warnings", []))
        return f"### {in_words(answer, specs.get('currency'))}{notes}"

    def batch(self, paths: list[str] | None, progress: gr.Progress = gr.Progress()) -> tuple:  # noqa: B008
        with one_sentence():
            if not paths:
                raise CourseError("Choose some pictures first.")
            out = Path(tempfile.mkdtemp(dir=gr.utils.get_upload_folder())) / "listings.csv"
            describe_all(self.ready(), map(Path, paths), out, progress.tqdm, name=attrgetter("name"))
        with out.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))[1:], str(out)


def build(ready: Callable[[], Describer]) -> gr.Blocks:
    """The app. ready: returns the loaded pipeline once it is there."""
    pages = Pages(ready)
    with gr.Blocks(title="Gadget recognition", analytics_enabled=False) as app:
        gr.Markdown("# Gadget recognition\nA photo in, a listing out. What you drop here is deleted within minutes.")
        with gr.Tab("One photo"):
            one_photo(pages)
        with gr.Tab("Many photos"):
            files = gr.File(label="Pictures", file_count="multiple", elem_id="files")
            many = gr.Button("Describe all", variant="primary", elem_id="describe-all")
            rows = gr.Dataframe(headers=COLUMNS, label="Listings", wrap=True, elem_id="table")
            result = gr.File(label="listings.csv", interactive=False, elem_id="csv")
            many.click(pages.batch, files, [rows, result], api_name="batch")
    return app.queue(max_size=64, default_concurrency_limit=1, api_open=False)


def one_photo(pages: Pages) -> None:
    """The page for one photo: its listing, its matches, and its price once somebody has corrected it."""
    described = gr.State(None, time_to_live=KEPT)
    with gr.Row():
        with gr.Column():
            photo = Photo(label="Photo (drop, paste or camera)", height=320, elem_id="photo")
            gr.Markdown("Or choose an example:")
            examples = gr.Gallery(
                EXAMPLES, show_label=False, columns=6, object_fit="contain", interactive=False, allow_preview=False,
                buttons=[], elem_id="examples",
            )  # fmt: skip
            go = gr.Button("Describe", variant="primary", elem_id="describe")
            with gr.Accordion("Search options", open=False):
                where = gr.Textbox("", label="Filter", placeholder="price < 500 AND brand = 'Samsung'", elem_id="where")
                k = gr.Slider(1, 20, value=6, step=1, label="Matches")
                again = gr.Button("Search again", elem_id="search")
        with gr.Column():
            summary = gr.HTML(elem_id="summary")
            probs = gr.Label(label="Kind of gadget", num_top_classes=len(CLASSES), show_heading=False, elem_id="probs")
    with gr.Row():
        overlay = gr.AnnotatedImage(label="What was read", show_legend=False, height=480, elem_id="overlay")
        with gr.Column():
            found = gr.Gallery(label="Choose a match", columns=3, height="auto", allow_preview=False, elem_id="matches")
            heads = [name.replace("_", " ") for name in VARIANT]
            variants = gr.Dataframe(headers=heads, label="Variants", interactive=False, wrap=True, elem_id="variants")
    gr.Markdown("## Correct it, and see the price follow")
    with gr.Row():
        kind = gr.Dropdown(list(CLASSES), label="Type", elem_id="kind")
        labels = {name: name.replace("_", " ") for name in SPEC_FIELDS}
        fields = [gr.Textbox(label=label, elem_id=f"field-{name}", min_width=120) for name, label in labels.items()]
    reprice = gr.Button("Estimate the price", elem_id="reprice")
    estimate = gr.Markdown(elem_id="estimate")
    with gr.Accordion("JSON", open=False):
        raw = gr.Code(language="json", label="Listing", elem_id="json")
    shown = [summary, probs, overlay, found, kind, *fields, raw, described]
    go.click(pages.describe, [photo, where, k], shown, api_name="describe")
    go.click(lambda: None, None, variants, api_visibility="private")
    again.click(pages.search, [described, where, k], found, api_name="search")
    reprice.click(pages.price, [kind, *fields], estimate, api_name="price")
    examples.select(pages.example, None, photo, api_visibility="private")
    found.select(pages.variants, described, variants, api_visibility="private")


def sweep(folder: str, age: float) -> None:
    """Delete what is under a folder and older than age (seconds)."""
    for where, folders, files in os.walk(folder, topdown=False):
        for path in (Path(where, name) for name in [*files, *folders]):
            with contextlib.suppress(OSError):  # deleted meanwhile, or a folder that is not empty
                if time.time() - path.stat().st_mtime > age:
                    path.rmdir() if path.is_dir() else path.unlink()


def serve(port: int | None = None, host: str = "127.0.0.1", engine: str = "rapidocr") -> None:
    """Serve the app until Ctrl-C; its models load behind the first page.

    port: None for the first from 7860 on that is free. Raises CourseError where the app cannot listen.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc:  # glibc keeps a heap per thread, and the app has dozens: with two of them a crowd takes 0.7 GB less
        libc.mallopt(-8, 2)  # M_ARENA_MAX
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C, so that the folder goes
    remove_left(Path(tempfile.gettempdir()), "gadget-app-[0-9]*")  # of servers that were killed
    folder = tempfile.TemporaryDirectory(prefix=f"gadget-app-{os.getpid()}-", ignore_cleanup_errors=True)
    os.environ["GRADIO_TEMP_DIR"] = folder.name
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "*"  # Gradio asks itself whether it is there, and nobody else
    loaded: Future[Describer] = Future()
    app = build(loaded.result)
    try:
        socket.create_server((host, port or 0)).close()  # Gradio would ask for some addresses without end
        app.launch(server_name=host, server_port=port, **SETTINGS)
    except Exception as error:  # the port is taken or none, the host another machine's or, for Gradio, no address
        why = f"The app cannot use port {port or 'any'} of {host} ({type(error).__name__})"
        raise CourseError(f"{why}: leave `--port` and `--host` out, and it takes a free port here.") from None
    print(f"{app.local_url}  (Ctrl-C ends it)", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        try:
            describer = Describer.load(engine=engine)
            describer(Image.new("RGB", (64, 64), "white"))  # the first call pays for lazy imports
            loaded.set_result(describer)
        except Exception as error:  # told to whoever asks
            loaded.set_exception(error)
        while True:
            time.sleep(KEPT / 20)
            sweep(folder.name, KEPT)
            if libc:
                libc.malloc_trim(0)  # else what a crowd took stays with the process
