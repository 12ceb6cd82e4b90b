"""Slides made from the lessons: python -m coursekit.slides [FOLDER], by default build/slides. Needs the extra `site`.

A section of a lesson becomes a slide with its heading and first sentences; the rest of its text goes to the
speaker's notes (press S). Its figures and short outputs follow below it. Nothing is executed. reveal.js comes from the
package sphinx-revealjs, so that nothing is loaded from other hosts.
"""

import re
import shutil
import sys
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter

from coursekit.workspace import LESSONS, picture_of
from gadgetlib.files import build_dir, project_root, write_atomic

LINES = 14  # of code or output that a room can read on one slide
WHOLE = re.compile(r"\s*([-*|]|\d+\.|```|<details|</|!\[|>)")  # lists, tables, code and pictures are shown whole
REVEAL = ("dist/reveal.css", "dist/reveal.js", "dist/theme/white.css", "plugin/notes/notes.js")


def sentences(text: str, most: int = 45) -> tuple[str, str]:
    """The start of a paragraph of at most ``most`` words, whole sentences, and what is left of it."""
    parts = re.split(r"(?<=[.?!:])\s+(?=[A-Z*`\d])", " ".join(text.split()))
    kept: list[str] = []
    while parts and (not kept or len(" ".join([*kept, parts[0]]).split()) <= most):
        kept.append(parts.pop(0))
    return " ".join(kept), " ".join(parts)


def text_slides(text: str) -> list[nbformat.NotebookNode]:
    """A Markdown cell as slides: headings and first sentences, lists and tables whole, the rest as notes."""
    cells = []
    for section in re.split(r"\n\s*\n(?=#{1,3} )", text.strip()):
        heading, _, rest = section.partition("\n") if section.startswith("#") else ("", "", section)
        shown, notes = [heading] if heading else [], []
        for block in filter(str.strip, re.split(r"\n\s*\n", rest)):
            first, left = sentences(block)
            if WHOLE.match(block):
                shown.append(block)
            elif len(shown) < 3 or block.lstrip().startswith("**"):
                shown.append(first)
                notes += [left] if left else []
            else:
                notes.append(block)
        for kind, parts in (("slide" if heading else "subslide", shown), ("notes", notes)):
            if parts:
                metadata = {"slideshow": {"slide_type": kind}}
                cells.append(nbformat.v4.new_markdown_cell("\n\n".join(parts), metadata=metadata))
    return cells


def output_slide(cell: nbformat.NotebookNode, kind: str) -> nbformat.NotebookNode | None:
    """A code cell as a slide: its figure alone, or short code with short output; None without anything to look at."""
    pictures = [output for output in cell.outputs if picture_of(output)]
    outputs = pictures[:1] or cell.outputs
    if not outputs:
        return None
    for output in outputs:
        if output.output_type == "stream" and len(lines := output.text.splitlines()) > LINES:
            output.text = "\n".join([*lines[:LINES], "..."])
    hidden = bool(pictures) or len(cell.source.splitlines()) > (LINES // 2 if kind == "-" else LINES)
    metadata = {"slideshow": {"slide_type": kind}, "transient": {"remove_source": hidden}}
    return nbformat.v4.new_code_cell(cell.source, outputs=outputs, metadata=metadata)


def slides(lesson: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A lesson as a notebook of slides."""
    cells: list[nbformat.NotebookNode] = []
    room = False
    for cell in lesson.cells:
        if cell.cell_type == "markdown":
            cells += text_slides(cell.source)
            last = [made for made in cells if made.metadata.slideshow.slide_type != "notes"][-1]
            room = len(last.source.split()) < 60  # the first thing to look at goes below a short text
        elif cell.cell_type == "code" and "start(" not in cell.source:
            made = output_slide(cell, "-" if room else "subslide")
            cells += [made] if made else []
            room = room and made is None
    return nbformat.v4.new_notebook(cells=cells, metadata=lesson.metadata)


def build_all(out: Path) -> list[Path]:
    """Write a page of slides for each lesson, and reveal.js beside them."""
    import sphinx_revealjs

    reveal = Path(sphinx_revealjs.__file__).parent / "_static" / "revealjs"
    for file in (*REVEAL, *(p.relative_to(reveal) for p in (reveal / "dist/theme/fonts/source-sans-pro").iterdir())):
        (out / "reveal" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(reveal / file, out / "reveal" / file)
    template = Path(__file__).with_name("templates") / "slides.html.j2"
    look = {"reveal_url_prefix": "reveal", "reveal_theme": "white", "exclude_anchor_links": True, "embed_images": True}
    exporter = SlidesExporter(raw_template=template.read_text(encoding="utf-8"), **look)
    made, beside = [], {"path": str(project_root())}  # pictures are embedded, from here
    for name in LESSONS:
        text = (project_root() / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8").replace("](../", "](")
        lesson = slides(nbformat.reads(text, as_version=4))
        page, _ = exporter.from_notebook_node(lesson, {"metadata": {"name": name, **beside}})
        made.append(out / f"{name}.slides.html")
        with write_atomic(made[-1]) as part:
            page = re.sub(r'(?<=href=")(\w+)\.ipynb(?=")', r"\1.slides.html", page)
            page = re.sub(r'(?<=href=")(?:docs/)?(\w+)\.md', r"../\1.html", page)  # pages beside, on the site
            part.write_text(page.replace("../README.html", "../index.html"), encoding="utf-8")
    return made


if __name__ == "__main__":
    for path in build_all(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else build_dir() / "slides"):
        print(path.name)
