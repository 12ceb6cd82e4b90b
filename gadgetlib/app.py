"""The web app: drop a photo, get a listing. Gradio, on loopback, nothing fetched from or sent to other hosts."""

from __future__ import annotations

import atexit
import contextlib
import csv
import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, cached_property
from html import escape
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
import psutil
from PIL import Image

from gadgetlib import CLASSES, SPEC_FIELDS
from gadgetlib.batch import COLUMNS, row
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir, to_cell, trained
from gadgetlib.listing import Describer, Listing, card, in_words, name_of, number, shipped_listings, table

MAX_UPLOAD = "20mb"
KEPT = 600  # seconds that what a visit made stays on disk
ENTRY = ["model", "year", "ram_gb", "storage_gb", "screen_in", "chip", "weight_g", "launch_price_usd"]
# Fonts of the system: Gradio's default theme would fetch its own from the web.
THEME = gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
CSS = "footer{display:none!important} .gradio-container{max-width:72rem!important}"


class Photo(gr.Image):
    """An image input that hands over the file as it came, so that the course's own loader judges it."""

    is_template = True

    def preprocess(self, payload: Any) -> str | None:
        return None if payload is None else payload.path


class Loading:
    """A describer whose models load and warm up behind the first page; whoever needs them before waits, or is told why they did not load."""

    def __init__(self, engine: str) -> None:
        self.engine = engine

    @cached_property
    def loaded(self) -> Future[Describer]:
        """Starts to load when first asked for; does not wait."""
        return ThreadPoolExecutor(1).submit(self._load)

    def _load(self) -> Describer:
        describer = Describer.load(engine=self.engine)
        describer(Image.new("RGB", (64, 64), "white"))  # the first call pays for lazy imports
        return describer

    def __call__(self, *args: Any, **kwargs: Any) -> Listing:
        return self.loaded.result()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loaded.result(), name)


@contextlib.contextmanager
def one_sentence() -> Iterator[None]:
    """A CourseError becomes Gradio's own: escaped, for Gradio renders HTML, and without this machine's folders."""
    try:
        yield
    except CourseError as error:
        said = " ".join(Path(word).name if word.startswith(tempfile.gettempdir()) else word for word in str(error).split(" "))
        raise gr.Error(escape(said), print_exception=False) from None


class Pages:
    """What the app's buttons do, around a loaded pipeline. photos: where the catalogue's pictures are."""

    def __init__(self, describer: Describer, photos: Path) -> None:
        self.describer, self.photos = describer, photos

    def describe(self, path: str | None, where: str, k: int) -> tuple:
        with one_sentence():
            if not path:
                raise CourseError("Drop, paste or take a photo first.")
            listing = self.describer(path, k=int(k))
        overlay = listing.picture, [(tuple(map(round, word["box"])), word["text"]) for word in listing.words]
        listing.picture = listing.crop = None  # what is kept for a visitor is small
        found = self.search(listing, where, k) if where.strip() else self.gallery(listing)
        values = [None if listing.specs.get(field) is None else number(listing.specs[field]) for field in SPEC_FIELDS]
        probs = {kind.replace("_", " "): prob for kind, prob in listing.probs.items()}
        with as_file("listing.json") as file:
            file.write(listing.model_dump_json(indent=1))
        return card(listing), probs, overlay, found, listing.gadget_type, *values, listing.model_dump(mode="json"), file.name, listing

    def search(self, listing: Listing | None, where: str, k: int) -> list[tuple[str, str]]:
        """The matches of what was described, with the options as they are now."""
        if listing is None or self.describer.index is None:
            return []
        with one_sentence():
            self.describer.search(listing, int(k), where.strip() or None)
        return self.gallery(listing)

    def gallery(self, listing: Listing) -> list[tuple[str, str]]:
        listing.matches = [match for match in listing.matches if (self.photos / str(match["id"])).is_file()]
        return [(str(self.photos / match["id"]), name_of(match)) for match in listing.matches]

    def example(self, event: gr.SelectData) -> str:
        return example_files()[event.index]

    def entry(self, listing: Listing | None, event: gr.SelectData) -> list[list[str]]:
        """The catalogue's variants of the match that was chosen."""
        product = listing.matches[event.index]["product_id"] if listing and event.index < len(listing.matches) else None
        return [[variant[column] for column in ENTRY] for variant in table("catalogue.csv") if variant["product_id"] == product]

    def price(self, gadget_type: str, *values: str) -> str:
        specs = {field: value.strip() for field, value in zip(SPEC_FIELDS, values) if value and value.strip()}
        with one_sentence():
            if self.describer.prices is None:
                raise CourseError("No price model is trained; run `make course ONLY=07`.")
            answer = self.describer.estimate(gadget_type, specs)
        notes = "".join(f"\n- {escape(warning)}" for warning in answer.get("warnings", []))
        return f"### {in_words(answer, values[-1])}{notes}"

    def batch(self, paths: list[str] | None, progress: gr.Progress = gr.Progress()) -> tuple:  # noqa: B008  (Gradio's way)
        with one_sentence():
            if not paths:
                raise CourseError("Choose some pictures first.")
        rows = [{**row(self.describer, Path(path)), "file": Path(path).name} for path in progress.tqdm(paths, desc="describing")]
        with as_file("listings.csv") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows({name: to_cell(value) for name, value in found.items()} for found in rows)
        return [[found[column] for column in COLUMNS] for found in rows], file.name


@contextlib.contextmanager
def as_file(name: str) -> Iterator[Any]:
    """A file to download, open for writing, in a folder of its own that :func:`sweep` finds."""
    with open(Path(tempfile.mkdtemp(dir=gr.utils.get_upload_folder())) / name, "w", newline="", encoding="utf-8", errors="replace") as file:
        yield file


def build(describer: Describer, photos: Path | None = None) -> gr.Blocks:
    """The app around a loaded pipeline. photos: where the catalogue's pictures are."""
    pages = Pages(describer, photos or data_dir() / "photos")
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
            photo = Photo(label="Photo (drop, paste or camera)", type="filepath", elem_id="photo", height=320, sources=["upload", "clipboard", "webcam"])
            examples = gr.Gallery(example_files(), label="Examples: choose one", columns=6, height=130, interactive=False, allow_preview=False, buttons=[], elem_id="examples")
            examples.select(pages.example, None, photo, api_visibility="private")
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
        found = gr.Gallery(label="Matching gadgets: choose one", columns=3, height=360, elem_id="matches", allow_preview=False)
    entry = gr.Dataframe(headers=[name.replace("_", " ") for name in ENTRY], label="In the catalogue", elem_id="entry")
    gr.Markdown("## Correct it, and see the price follow")
    with gr.Row():
        kind = gr.Dropdown(list(CLASSES), label="Type", elem_id="kind")
        fields = [gr.Textbox(label=name.replace("_", " "), elem_id=f"field-{name}", min_width=120) for name in SPEC_FIELDS]
    reprice = gr.Button("Estimate the price", elem_id="reprice")
    estimate = gr.Markdown(elem_id="estimate")
    with gr.Accordion("JSON", open=False):
        raw = gr.JSON(label="Listing")
    download = gr.DownloadButton("Download JSON", elem_id="download")
    outputs = [summary, probs, overlay, found, kind, *fields, raw, download, described]
    go.click(pages.describe, [photo, where, k], outputs, api_name="describe")
    again.click(pages.search, [described, where, k], found, api_name="search")
    found.select(pages.entry, described, entry, api_visibility="private")
    reprice.click(pages.price, [kind, *fields], estimate, api_name="price")


@cache
def example_files() -> list[str]:
    """Six shipped listings of the test split, each of another layout."""
    rows = list({row["layout"]: row for row in reversed(shipped_listings("test"))}.values())[:6]
    return [str(data_dir() / "listings" / row["file"]) for row in rows]


def own_folder() -> Path:
    """A folder for what visitors send and get; those that servers left which were killed are removed, and so is this one at the end."""
    home = Path(tempfile.gettempdir())
    for left in home.glob("gadget-app-[0-9]*"):
        if not psutil.pid_exists(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    folder = home / f"gadget-app-{os.getpid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def sweep(folder: Path, kept: set[Path], age: float) -> None:
    """Delete files under a folder that are older than age in seconds, but for those in kept."""
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file() and path not in kept and time.time() - path.stat().st_mtime > age:
                path.unlink()


def check_port(host: str, port: int) -> None:
    """Raises CourseError, which names a free port, where this one cannot be listened at."""
    def free(port: int) -> int:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((host, port))
            return one.getsockname()[1]

    try:
        free(port)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or "ports go from 1 to 65535"
        raise CourseError(f"The app cannot use port {port} of {host} ({why.lower()}): try `--port {free(0)}`.") from None


def serve(port: int = 7860, host: str = "127.0.0.1", engine: str = "tesseract", wait: bool = True) -> Any:
    """Serve the app, then load its models; returns (app, local url, share url). Raises CourseError if nothing is trained or the port is taken."""
    trained("classifier")
    check_port(host, port)
    folder = own_folder()
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    for name in ("no_proxy", "NO_PROXY"):  # Gradio asks itself whether it is there: not by way of a proxy
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1,localhost,::1", host]))
    describer = Loading(engine)
    page = build(describer)
    kept = set(folder.rglob("*"))  # the examples
    served = page.launch(
        server_name=host, server_port=port, share=False, inbrowser=False, quiet=True, max_file_size=MAX_UPLOAD,
        allowed_paths=[str(data_dir() / "photos"), str(data_dir() / "listings")], prevent_thread_lock=True,
        theme=THEME, css=CSS, footer_links=[], pwa=False, ssr_mode=False, show_error=True, enable_monitoring=False,
    )  # fmt: skip
    describer.loaded  # noqa: B018  only now: beside the building of the page both would be slow

    def clean() -> None:
        while True:
            time.sleep(KEPT / 20)
            sweep(folder, kept, KEPT)

    threading.Thread(target=clean, daemon=True).start()
    print(f"http://{host}:{port}  (Ctrl-C ends it)", flush=True)
    if wait:
        page.block_thread()
    return served
