"""The web app: drop a photo, get a listing. Gradio, on loopback, nothing fetched from or sent to other hosts."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
from PIL import Image

from gadgetlib import CLASSES, SPEC_FIELDS
from gadgetlib.batch import COLUMNS, row
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir, trained
from gadgetlib.listing import Describer, Listing, card, shipped_listings, why

MAX_UPLOAD = "20mb"
NUMBERS = {"ram_gb", "storage_gb", "screen_in", "price"}
# Fonts of the system: Gradio's default theme would fetch its own from the web.
THEME = gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
CSS = "footer{display:none!important} .gradio-container{max-width:72rem!important}"


class Photo(gr.Image):
    """An image input that hands over the file as it came, so that the course's own loader judges it."""

    is_template = True

    def preprocess(self, payload: Any) -> str | None:
        return None if payload is None else payload.path


class Loading:
    """A describer whose models load and warm up behind the first page; whoever needs them before waits.

    Raises, on use, the CourseError that loading ended with.
    """

    def __init__(self, engine: str) -> None:
        self._engine, self._pool = engine, ThreadPoolExecutor(1)

    @cached_property
    def loaded(self) -> Future[Describer]:
        """Starts to load when first asked for; does not wait."""
        return self._pool.submit(self._load)

    def begin(self) -> None:
        """Start to load; does not wait."""
        self.loaded  # noqa: B018

    def _load(self) -> Describer:
        describer = Describer.load(engine=self._engine)
        describer(Image.new("RGB", (64, 64), "white"))  # the first call pays for lazy imports
        return describer

    def __call__(self, *args: Any, **kwargs: Any) -> Listing:
        return self.loaded.result()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loaded.result(), name)


def boxes(image: Any, words: list[dict[str, Any]]) -> tuple[Any, list[tuple[tuple[int, int, int, int], str]]]:
    """What :class:`gradio.AnnotatedImage` shows: the picture and one labelled box a word."""
    marks = [(tuple(round(x) for x in word["box"]), word["text"]) for word in words]
    return image, marks


def build(describer: Describer, photos: Path | None = None) -> gr.Blocks:
    """The app's pages around a loaded pipeline. photos: where the catalogue's pictures lie."""
    photos = photos or data_dir() / "photos"

    def gallery(matches: list[dict[str, Any]]) -> list[tuple[str, str]]:
        return [
            (str(photos / match["id"]), " ".join([match.get("brand") or "", match.get("model") or "", why(match)]))
            for match in matches
            if match.get("id") and (photos / match["id"]).exists()
        ]

    def describe(path: str | None, where: str, k: int):
        from gadgetlib.pictures import open_image

        if not path:
            raise gr.Error("Drop, paste or take a photo first.", print_exception=False)
        try:
            image = open_image(path)
            listing = describer(image, k=int(k))
        except CourseError as error:
            raise gr.Error(str(error).replace(str(Path(path).parent) + os.sep, ""), print_exception=False) from None
        matches = search(listing, where, k) if where.strip() else listing.matches
        values = [listing.specs.get(field) for field in SPEC_FIELDS]
        shown = [None if v is None else f"{v:g}" if isinstance(v, float) else str(v) for v in values]
        return (
            card(listing, image),
            boxes(image, listing.words),
            gallery(matches),
            listing.gadget_type,
            *shown,
            listing.model_dump(mode="json"),
            as_file(listing),
            listing,
        )

    def search(listing: Listing | None, where: str, k: int) -> list[dict[str, Any]]:
        """The matches of what was described, with the options as they are now."""
        if listing is None or describer.index is None:
            return []
        try:
            return describer.matches(listing.thing, listing, int(k), where.strip() or None)
        except CourseError as error:
            raise gr.Error(str(error), print_exception=False) from None

    def correct(gadget_type: str, *values: str) -> str:
        specs: dict[str, Any] = {}
        for field, value in zip(SPEC_FIELDS, values):
            value = (value or "").strip()
            if value and field in NUMBERS:
                try:
                    specs[field] = float(value.replace(",", "."))
                except ValueError:
                    raise gr.Error(f"{field} must be a number, not {value!r}.", print_exception=False) from None
            elif value:
                specs[field] = value
        if describer.price is None:
            return "No price model is trained; run `make course ONLY=07`."
        try:
            answer = describer.estimate(gadget_type, specs)
        except CourseError as error:
            raise gr.Error(str(error), print_exception=False) from None
        notes = "".join(f"\n- {warning}" for warning in answer.get("warnings", []))
        return (
            f"### about {answer['price']:.0f} {answer['currency']}\n"
            f"between {answer['low']:.0f} and {answer['high']:.0f} {answer['currency']}{notes}"
        )

    def batch(paths: list[str] | None, progress: gr.Progress = gr.Progress()):  # noqa: B008  (Gradio's way)
        if not paths:
            raise gr.Error("Choose some pictures first.", print_exception=False)
        rows = [{**row(describer, Path(p)), "file": Path(p).name} for p in progress.tqdm(paths, desc="describing")]
        with tempfile.NamedTemporaryFile("w", suffix=".csv", prefix="listings_", delete=False, newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        return [[found[column] for column in COLUMNS] for found in rows], file.name

    with gr.Blocks(title="Gadget recognition", analytics_enabled=False, delete_cache=(600, 1800)) as app:
        gr.Markdown("# Gadget recognition\nA photo in, a listing out. Nothing you drop here is kept.")
        with gr.Tab("One photo"):
            described = gr.State(None)
            with gr.Row():
                with gr.Column():
                    photo = Photo(
                        label="Photo (drop, paste or camera)", image_mode=None, type="filepath", elem_id="photo",
                        sources=["upload", "clipboard", "webcam"], height=320,
                    )  # fmt: skip
                    examples = example_files()
                    if examples:
                        names = [f"Example {n}" for n in range(1, len(examples) + 1)]
                        gr.Examples([[str(path)] for path in examples], [photo], label="Examples", example_labels=names)
                    go = gr.Button("Describe", variant="primary", elem_id="describe")
                    with gr.Accordion("Search options", open=False):
                        where = gr.Textbox("", label="Filter", placeholder="price < 500 AND brand = 'Samsung'", elem_id="where")
                        k = gr.Slider(1, 20, value=6, step=1, label="Matches")
                        again = gr.Button("Search again", elem_id="search")
                with gr.Column():
                    summary = gr.HTML(label="Listing", elem_id="summary")
            with gr.Row():
                overlay = gr.AnnotatedImage(label="What was read", show_legend=False, elem_id="overlay")
                found = gr.Gallery(label="Matching gadgets", columns=3, height=360, elem_id="matches")
            gr.Markdown("## Correct it, and see the price follow")
            with gr.Row():
                kind = gr.Dropdown(list(CLASSES), label="Type", elem_id="kind")
                fields = [gr.Textbox(label=name.replace("_", " "), elem_id=f"field-{name}") for name in SPEC_FIELDS]
            reprice = gr.Button("Estimate the price", elem_id="reprice")
            estimate = gr.Markdown(elem_id="estimate")
            with gr.Accordion("JSON", open=False):
                raw = gr.JSON(label="Listing")
            download = gr.DownloadButton("Download JSON", elem_id="download")
            go.click(
                describe, [photo, where, k],
                [summary, overlay, found, kind, *fields, raw, download, described], api_name="describe",
            )  # fmt: skip
            again.click(lambda *asked: gallery(search(*asked)), [described, where, k], found, api_name="search")
            reprice.click(correct, [kind, *fields], estimate, api_name="price")
        with gr.Tab("Many photos"):
            files = gr.File(label="Pictures", file_count="multiple", file_types=["image"], elem_id="files")
            many = gr.Button("Describe all", variant="primary", elem_id="describe-all")
            table = gr.Dataframe(headers=COLUMNS, label="Listings", wrap=True, elem_id="table")
            result = gr.File(label="listings.csv", interactive=False, elem_id="csv")
            many.click(batch, files, [table, result], api_name="batch")
    return app.queue(max_size=64, default_concurrency_limit=1)


def as_file(listing: Listing) -> str:
    """The listing as a JSON file that Gradio serves once and deletes later."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="listing_", delete=False, encoding="utf-8") as file:
        json.dump(listing.model_dump(mode="json"), file, ensure_ascii=False, indent=1)
    return file.name


def example_files(count: int = 6) -> list[Path]:
    """Shipped listings of the test split, one a layout."""
    try:
        rows = shipped_listings("test")
    except OSError:
        return []
    chosen = list({row["layout"]: row for row in reversed(rows)}.values())[:count]
    return [data_dir() / "listings" / row["file"] for row in chosen]


def serve(port: int = 7860, host: str = "127.0.0.1", engine: str = "tesseract", wait: bool = True) -> Any:
    """Serve the app, then load its models; returns (app, local url, share url). Raises CourseError if nothing is trained."""
    trained("classifier")
    describer = Loading(engine)
    page = build(describer)
    served = page.launch(
        server_name=host, server_port=port, share=False, inbrowser=False, quiet=True, max_file_size=MAX_UPLOAD,
        allowed_paths=[str(data_dir() / "photos"), str(data_dir() / "listings")], prevent_thread_lock=True,
        theme=THEME, css=CSS, footer_links=[], pwa=False, ssr_mode=False, show_error=True, enable_monitoring=False,
    )  # fmt: skip
    describer.begin()  # only now: beside the building of the page both would be slow
    if wait:
        page.block_thread()
    return served
