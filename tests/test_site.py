"""The site, the lesson plans and the slides: made from the lessons, no broken link, nothing loaded from other hosts."""

from __future__ import annotations

import functools
import http.server
import importlib.util
import re
import threading

import nbformat
import pytest

from coursekit import author, exercises, slides
from coursekit import site as website
from coursekit.workspace import LESSONS, picture_of
from gadgetlib.errors import CourseError
from gadgetlib.files import project_root

DOCS = project_root() / "docs"
NEEDED = ("sphinx", "myst_nb", "furo", "sphinx_revealjs")


def lesson(name):
    return nbformat.read(project_root() / "notebooks" / f"{name}.ipynb", as_version=4)


# ---------------------------------------------------------------- lesson plans


@pytest.mark.parametrize("name", LESSONS)
def test_a_plan_speaks_of_sections_that_the_lesson_has(name):
    plan = (DOCS / "instructors" / f"plan_{name[:2]}.md").read_text(encoding="utf-8")
    text = "\n".join(cell.source for cell in lesson(name).cells if cell.cell_type == "markdown")
    headings = re.findall(r"^## (.+?)\s*$", text, re.M)
    planned = re.findall(r"^\| \d+ \| (.+?) \|$", plan, re.M)
    assert len(planned) > 5 and [section for section in planned if section not in headings] == []
    assert sorted(planned, key=headings.index) == planned, "the plan keeps the lesson's order"
    assert "## What learners get wrong" in plan and "## Questions for the room" in plan
    listed = author.filled(plan, f"exercises {name[:2]}", author.exercise_list(name[:2]))
    assert plan == listed, f"the exercises have changed: python -m coursekit.author exercises {name[:2]}"
    for number in re.findall(r"\b\d\d\.q?\d\b", plan.partition("<!-- exercises")[0]):
        assert exercises.find(number)


NUMBERS = {"one": 1, "two": 2, "three": 3}


def plan_minutes(number: str) -> dict[str, int]:
    """Section -> its minutes in a plan."""
    plan = (DOCS / "instructors" / f"plan_{number}.md").read_text(encoding="utf-8")
    return {section: int(minutes) for minutes, section in re.findall(r"^\| (\d+) \| (.+?) \|$", plan, re.M)}


@pytest.mark.parametrize("name", LESSONS)
def test_a_plan_takes_as_long_as_the_lesson_says(name):
    first = lesson(name).cells[0].source
    count, unit = re.search(r"\*\*Takes you\*\*[ |]*(\w+) (minute|hour)", first).groups()
    said = int(NUMBERS.get(count, count)) * (60 if unit == "hour" else 1)
    assert sum(plan_minutes(name[:2]).values()) == said


def test_the_courses_of_the_plans_add_up():
    page = (DOCS / "instructors" / "plans.md").read_text(encoding="utf-8")
    two_hours, one_day = (re.search(rf"^\| {row} \| (.+?) \|$", page, re.M)[1] for row in ("two hours", "one day"))
    total = 0
    for number, sections, minutes in re.findall(r"(\d\d) (whole|\*.+?\*) \((\d+)", two_hours):
        plan = plan_minutes(number)
        named = plan if sections == "whole" else re.findall(r"\*(.+?)\*", sections)
        assert sum(plan[section] for section in named) == int(minutes), number
        total += int(minutes)
    assert 100 < total <= 120
    whole = {number: int(minutes) for number, minutes in re.findall(r"(\d\d) \((\d+)", one_day)}
    assert whole == {number: sum(plan_minutes(number).values()) for number in whole} and sum(whole.values()) <= 360


def test_the_presets_page_shows_the_presets():
    text = (DOCS / "instructors" / "presets.md").read_text(encoding="utf-8")
    assert author.filled(text, "presets", author.presets()) == text, "run python -m coursekit.author exercises"
    with pytest.raises(CourseError, match="no place for: plans"):
        author.filled(text, "plans", "")


def test_every_page_is_in_a_table_of_contents():
    listed = "\n".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    trees = " ".join(re.findall(r"```\{toctree\}(.*?)```", listed, re.S)).split()
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")} - {"index"}
    assert {f"lessons/{name}" for name in LESSONS} <= set(trees)
    assert {page.removeprefix("instructors/") for page in pages} <= {
        entry.removeprefix("instructors/") for entry in trees
    }


# ---------------------------------------------------------------- slides


@pytest.mark.parametrize("name", LESSONS)
def test_slides_lose_no_word_and_no_figure(name):
    source, made = lesson(name), slides.slides(lesson(name))
    words = re.findall(r"\w+", " ".join(cell.source for cell in source.cells if cell.cell_type == "markdown"))
    kept = re.findall(r"\w+", " ".join(cell.source for cell in made.cells if cell.cell_type == "markdown"))
    assert sorted(kept) == sorted(words)

    def figures(cells):
        return sum(any(map(picture_of, c.outputs)) for c in cells if c.cell_type == "code")

    assert figures(made.cells) == figures(source.cells)
    assert made.cells[0].metadata.slideshow.slide_type == "slide" and made.cells[0].source.startswith("# ")


def test_long_text_goes_to_the_notes():
    text = "## Heading\n\n" + " ".join(["One short sentence of six words."] * 20)
    cells = [nbformat.v4.new_markdown_cell("# Title"), nbformat.v4.new_markdown_cell(text)]
    made = slides.slides(nbformat.v4.new_notebook(cells=cells)).cells
    assert [cell.metadata.slideshow.slide_type for cell in made] == ["slide", "slide", "notes"]
    assert len(made[1].source.split()) < 50 < len(made[2].source.split())
    paragraphs = [f"Paragraph number {n}." for n in range(1, 6)]
    shown, notes = slides.text_slides("\n\n".join(["## Heading", *paragraphs, "| a | table |"]))
    assert shown.source.split("\n\n") == ["## Heading", *paragraphs[:2], "| a | table |"]
    assert notes.source.split("\n\n") == paragraphs[2:]


def test_long_output_is_cut_where_a_room_can_read_it():
    text = "".join(f"{n}\n" for n in range(40))
    cell = nbformat.v4.new_code_cell("print(1)", outputs=[nbformat.v4.new_output("stream", text=text)])
    (output,) = slides.output_slide(cell, "subslide").outputs
    assert output.text.splitlines() == [*map(str, range(slides.LINES)), "..."]


# ---------------------------------------------------------------- the check of the pages


def page(folder, name, body):
    (folder / name).write_text(f"<html><head></head><body>{body}</body></html>")


def test_broken_links_and_foreign_resources_are_found(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    page(
        tmp_path,
        "good.html",
        '<p id="x"><a href="bad.html">b</a><a href="#x">x</a><img src="a.png"><a href="https://e.org">e</a>',
    )
    page(
        tmp_path,
        "bad.html",
        '<a href="gone.html">g</a><a href="good.html#y">y</a><img src="b.png"><script src="https://cdn.example/x.js">',
    )
    (tmp_path / "s.css").write_text("@import url(https://fonts.example/f.css);")
    assert website.problems(tmp_path) == [
        "bad.html links to gone.html, which is not there",
        "bad.html links to good.html#y, whose anchor is not there",
        "bad.html loads b.png, which is not there or on another host",
        "bad.html loads https://cdn.example/x.js, which is not there or on another host",
        "s.css loads https://fonts.example/f.css",
    ]


# ---------------------------------------------------------------- the real site


@pytest.fixture
def address(site):
    """The site served on this machine: opened as files, its search finds pages but cannot quote from them."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"the extra `site` is not installed ({', '.join(missing)}): `make site` installs it")
    out = tmp_path_factory.mktemp("site") / "site"
    assert website.build(out) == []
    return out


def test_the_site_has_every_lesson_plan_and_deck(site):
    for name in LESSONS:
        assert (site / "lessons" / f"{name}.html").exists() and (site / "slides" / f"{name}.slides.html").exists()
        plan = (site / "instructors" / f"plan_{name[:2]}.html").read_text(encoding="utf-8")
        assert f"{name[:2]}.1 (core)" in plan and "<em>" in plan
    index = (site / "index.html").read_text(encoding="utf-8")
    assert index.count("<h3>") == len(LESSONS) and "the machine about" in index.lower()


def test_it_reads_well_in_a_browser(address, browser):
    """Phone and desktop, light and dark: nothing wider than the screen, no error, no request leaves the machine;
    search finds."""
    pages = ["index.html", "lessons/03_finetune.html", "lessons/05_ner.html", "instructors/grading.html",
             "slides/07_price_model.slides.html"]  # fmt: skip
    trouble: list[str] = []
    for width in (390, 1280):
        context = browser.new_context(viewport={"width": width, "height": 850}, color_scheme="dark")
        context.set_default_timeout(180_000)  # a loaded machine is slow, not wrong
        tab = context.new_page()
        tab.on("pageerror", lambda error: trouble.append(str(error)))
        tab.on("request", lambda r: trouble.append(r.url) if not r.url.startswith((address, "data:")) else None)
        for name in pages:
            tab.goto(f"{address}/{name}")
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            broken = "code => code.some(one => one.getClientRects().length > 1)"
            assert not tab.locator("td:first-child code").evaluate_all(broken), f"{name}: an option over two lines"
        tab.goto(f"{address}/index.html")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
        tab.goto(f"{address}/search.html?q=conformal")
        tab.wait_for_selector("#search-results li a")
        assert any("07" in text for text in tab.locator("#search-results li a").all_inner_texts())
    assert trouble == []
