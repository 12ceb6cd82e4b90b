"""``python -m gadgetlib``: use what was trained, as JSON lines.

Imports of heavy libraries stay inside the commands: ``--help`` and ``gadget specs`` answer at once.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from gadgetlib.errors import CourseError
from gadgetlib.files import trained

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Gadget recognition: use what the course trained.",
)  # fmt: skip

Files = Annotated[list[Path], typer.Argument(help="Picture files.")]
Engine = Annotated[Literal["rapidocr", "tesseract", "both"], typer.Option(help="What reads the text.")]


def main() -> None:
    """Entry point: what a user can mend is one sentence on stderr and the error's exit code."""
    if sys.stdout:  # None where it is closed
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # as JSON is, whatever the terminal's own
    try:
        app()
    except (CourseError, OSError) as error:  # such as a full disk behind stdout
        print(error, file=sys.stderr)
        sys.exit(getattr(error, "exit_code", 1))


def emit(row: dict[str, Any]) -> None:
    """Print one JSON line."""
    print(json.dumps(row, ensure_ascii=False, default=str), flush=True)


def each(files: list[Path], describe: Callable[[Path], dict[str, Any]]) -> None:
    """Print a row for each file; a bad one is a row with its reason, and the others still get theirs."""
    failed = 0
    for file in files:
        try:
            found = describe(file)
        except (Exception, SystemExit) as error:  # of a library, whatever its class
            found = {"error": str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}"}
            failed += 1
        emit({"file": str(file), **found})
    if failed:
        print(f"{failed} of {len(files)} files could not be used; their rows say why.", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def classify(files: Files) -> None:
    """Say which kind of gadget each picture shows."""
    from gadgetlib.classify import Classifier
    from gadgetlib.pictures import open_image

    model = Classifier.load(trained("classifier"))
    each(files, lambda file: model.predict([open_image(file)])[0])


@app.command()
def read(files: Files, engine: Engine = "rapidocr") -> None:
    """Read the text in each picture."""
    from gadgetlib import ocr

    def one(file: Path) -> dict[str, Any]:
        reading = ocr.read(file, engine=engine)
        return {"text": reading.text, "words": [word.record() for word in reading.words]}

    each(files, one)


@app.command()
def specs(
    texts: Annotated[list[str] | None, typer.Argument(help="Texts; none: one per line on stdin.")] = None,
    tagger: Annotated[str, typer.Option(help="rules (needs nothing trained), spacy, bert or merged")] = "rules",
) -> None:
    """Extract brand, model, RAM, storage, screen size and price from texts."""
    lines = texts or (line.rstrip("\n") for line in sys.stdin or ())
    if tagger == "rules":
        from gadgetlib.specs import extract

        found = map(extract, lines)
    else:
        from gadgetlib.tagger import Tagger

        found = Tagger.load(trained("tagger"), tagger).many(list(lines))
    for one in found:
        emit(one.values())


@app.command()
def search(
    file: Annotated[Path, typer.Argument(help="A picture.")],
    k: Annotated[int, typer.Option(min=1, help="How many matches.")] = 5,
    where: Annotated[str, typer.Option(help="A filter such as \"price<500 and brand='Dell'\".")] = "",
) -> None:
    """Find the catalogue's gadgets that look like a picture."""
    from gadgetlib.index import Index

    emit({"file": str(file), "matches": Index.open(trained("index")).search(file, k=k, where=where or None)})


@app.command()
def price(
    known: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="Such as brand=Dell ram_gb=16.")],
) -> None:
    """Estimate a price, with its interval, from what is known of a gadget."""
    from gadgetlib.prices import PriceModel

    if wrong := [item for item in known if "=" not in item]:
        raise CourseError(f"{wrong[0]!r} is not KEY=VALUE; write for instance brand=Dell ram_gb=16.")
    emit(PriceModel.load(trained("price")).predict(dict(map(str.strip, item.split("=", 1)) for item in known)))


@app.command()
def describe(
    files: Annotated[list[Path], typer.Argument(help="Picture files or folders.")],
    engine: Engine = "rapidocr",
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Write a CSV; run again to go on.")] = None,
) -> None:
    """Turn each picture into a listing: type, text, specs, matches and price. Folders are walked."""
    from tqdm import tqdm

    from gadgetlib.batch import describe_all, pictures
    from gadgetlib.listing import Describer

    describer = Describer.load(engine=engine)
    if out:
        made, bad = describe_all(describer, files, out, progress=tqdm)
        print(f"{made} rows added to {out}, {bad} of them with an error", file=sys.stderr)
    else:
        each(list(pictures(files)), lambda file: describer(file).model_dump(mode="json"))


@app.command("app")
def web(
    port: Annotated[int | None, typer.Option(help="Port on this machine; else the first free from 7860 on.")] = None,
    host: Annotated[str, typer.Option(help="Address to bind to; loopback unless opened on purpose.")] = "127.0.0.1",
    engine: Engine = "rapidocr",
) -> None:
    """Open the web app: drop a photo, get a listing."""
    trained("classifier")
    from gadgetlib.app import serve

    serve(port=port, host=host, engine=engine)
