"""Slides made from the lessons: python -m coursekit.slides [FOLDER], by default build/slides. Needs the extra `site`.

A section of a lesson becomes a slide with its heading and first sentences; the rest of its text goes to the
speaker's notes (press S). Its figures and short outputs follow below it. Nothing is executed. The tag `no-slide` keeps a
cell out. reveal.js comes from the package sphinx-revealjs, so that nothing is loaded from other hosts.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter

from coursekit.workspace import LESSONS, picture_of
from gadgetlib.files import build_dir, project_root, write_atomic

LINES = 14  # of code or output that a room can read on one slide
STYLE = """<style>
.reveal{font-size:30px}.reveal h1{font-size:1.7em}.reveal h2{font-size:1.35em}.reveal h3{font-size:1.1em}
.reveal h1,.reveal h2,.reveal h3{text-transform:none;letter-spacing:0}.reveal p{margin:.4em 0}
.reveal .jp-RenderedHTMLCommon,.reveal .jp-RenderedText pre,.reveal pre{font-size:1em}
.reveal .slides section{text-align:left;max-height:100%;overflow:hidden auto}
.reveal .jp-OutputPrompt,.reveal .jp-InputPrompt{display:none}
.reveal .jp-RenderedImage img,.reveal img{max-height:430px;max-width:100%;object-fit:contain;margin:0 auto;display:block;background:#fff}
.reveal .jp-RenderedHTMLCommon table{font-size:.62em}.reveal .jp-OutputArea-output pre,.reveal .highlight pre{font-size:.58em;line-height:1.35;white-space:pre-wrap}
.reveal details{font-size:.75em}
.reveal .jp-OutputArea-output.jp-RenderedHTMLCommon{font-size:.55em}.reveal .jp-OutputArea-output table{font-size:1em}.reveal ul,.reveal ol{font-size:.85em;margin-top:.2em}
</style>"""
# nbconvert's own page for slides with its loaders (require.js, jQuery, MathJax: all from other hosts) replaced.
TEMPLATE = """{% extends 'index.html.j2' %}
{% block html_head_js %}<meta name="viewport" content="width=device-width, initial-scale=1">{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block footer_js %}
STYLE
<script src="reveal/dist/reveal.js"></script>
<script src="reveal/plugin/notes/notes.js"></script>
<script>
Reveal.initialize({width: 1200, height: 700, margin: 0.05, history: true, transition: "none", slideNumber: "c/t", center: false,
                   plugins: [RevealNotes]});
</script>
{% endblock %}""".replace("STYLE", STYLE)


def sentences(text: str, most: int = 45) -> tuple[str, str]:
    """The start of a paragraph of at most ``most`` words, whole sentences, and what is left of it."""
    parts = re.split(r"(?<=[.?!:])\s+(?=[A-Z*`\d])", " ".join(text.split()))
    kept: list[str] = []
    while parts and (not kept or len(" ".join([*kept, parts[0]]).split()) <= most):
        kept.append(parts.pop(0))
    return " ".join(kept), " ".join(parts)


def sections(text: str) -> list[tuple[str, list[str]]]:
    """Markdown split at its headings: (heading line or "", its paragraphs)."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for block in re.split(r"\n\s*\n", text.strip()):
        heading, _, rest = block.partition("\n") if re.match(r"#{1,3} ", block) else ("", "", block)
        if heading:
            found.append((heading, []))
        if rest.strip():
            found[-1][1].append(rest)
    return [(heading, blocks) for heading, blocks in found if heading or blocks]


def _markdown(kind: str, source: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}})


def text_slides(text: str) -> list[nbformat.NotebookNode]:
    """A Markdown cell as slides: headings and first sentences, lists and tables whole, the rest as notes."""
    cells = []
    for heading, blocks in sections(text):
        shown, notes = [heading] if heading else [], []
        for block in blocks:
            if re.match(r"\s*([-*|]|\d+\.|```|<details|!\[|>)", block) or block.lstrip().startswith("</"):
                shown.append(block)
            elif len(shown) < 3 or block.lstrip().startswith("**"):
                first, left = sentences(block)
                shown.append(first)
                notes += [left] if left else []
            else:
                notes.append(block)
        cells.append(_markdown("slide" if heading else "subslide", "\n\n".join(shown)))
        if notes:
            cells.append(_markdown("notes", "\n\n".join(notes)))
    return cells


def output_slide(cell: nbformat.NotebookNode, kind: str) -> nbformat.NotebookNode | None:
    """A code cell as a slide: its figure alone, or short code with short output; None when there is nothing to look at."""
    pictures = [output for output in cell.outputs if picture_of(output)]
    outputs = []
    for output in pictures[:1] or cell.outputs:
        output = nbformat.from_dict(output)
        if output.output_type == "stream":
            lines = output.text.splitlines()
            output.text = "\n".join([*lines[:LINES], "..."] if len(lines) > LINES else lines)
        outputs.append(output)
    if not outputs:
        return None
    hidden = bool(pictures) or len(cell.source.splitlines()) > (LINES // 2 if kind == "-" else LINES)
    made = nbformat.v4.new_code_cell(cell.source, outputs=outputs)
    made.metadata = {"slideshow": {"slide_type": kind}, "transient": {"remove_source": hidden}}
    return made


def slides(lesson: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A lesson as a notebook of slides."""
    cells: list[nbformat.NotebookNode] = []
    room = False
    for cell in lesson.cells:
        tags = cell.metadata.get("tags", [])
        if "no-slide" in tags or "parameters" in tags:
            continue
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
    """Write a page of slides a lesson, and reveal.js beside them."""
    import sphinx_revealjs

    reveal = Path(sphinx_revealjs.__file__).parent / "_static" / "revealjs"
    out.mkdir(parents=True, exist_ok=True)
    for file in ("dist/reveal.css", "dist/reveal.js", "dist/theme/white.css", "plugin/notes/notes.js"):
        (out / "reveal" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(reveal / file, out / "reveal" / file)
    fonts = "dist/theme/fonts/source-sans-pro"
    shutil.copytree(reveal / fonts, out / "reveal" / fonts, dirs_exist_ok=True)
    exporter = SlidesExporter(reveal_url_prefix="reveal", reveal_theme="white", raw_template=TEMPLATE, exclude_anchor_links=True)
    made = []
    for name in LESSONS:
        lesson = nbformat.read(project_root() / "notebooks" / f"{name}.ipynb", as_version=4)
        page, _ = exporter.from_notebook_node(slides(lesson), resources={"metadata": {"name": name}})
        page = re.sub(r'(href=")(\w+)\.ipynb"', r'\1\2.slides.html"', page)
        with write_atomic(out / f"{name}.slides.html") as part:
            part.write_text(page, encoding="utf-8")
        made.append(out / f"{name}.slides.html")
    return made


if __name__ == "__main__":
    for path in build_all(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else build_dir() / "slides"):
        print(path.name)
