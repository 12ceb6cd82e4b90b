"""Build the course as a site: python -m coursekit.site [FOLDER], by default build/site. Needs the extra `site`.

docs/ and the committed notebooks are put side by side, the map of the course is written, Sphinx makes HTML of it
(running nothing), and every link and resource of the pages is followed: a broken one, or one that would load from
another host, ends the build with exit code 1.
"""

from __future__ import annotations

import base64
import html
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import yaml

from coursekit import exercises, times
from coursekit.workspace import LESSONS, picture_of
from gadgetlib.files import build_dir, project_root

ROOT = project_root()


# ---------------------------------------------------------------- the source


def gather(source: Path) -> None:
    """Put docs, notebooks and what is made from them into ``source``."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(ROOT / "docs", source)
    pictures = source / "_static" / "lessons"
    pictures.mkdir()
    cards = []
    for name in LESSONS:
        path = ROOT / "notebooks" / f"{name}.ipynb"
        (source / "lessons").mkdir(exist_ok=True)
        shutil.copy(path, source / "lessons")
        cards.append(card(name, path, pictures))
    fill(source / "index.md", "course map", "\n".join(cards))
    fill(source / "instructors" / "presets.md", "presets", presets())
    for name in LESSONS:
        fill(source / "instructors" / f"plan_{name[:2]}.md", f"exercises {name[:2]}", exercise_list(name[:2]))
    fill(source / "instructors" / "slides.md", "slides", "\n".join(
        f'<li><a href="../slides/{name}.slides.html">{name[3:].replace("_", " ").capitalize()}</a></li>' for name in LESSONS
    ))


def fill(page: Path, place: str, content: str) -> None:
    """Put content where a page says ``<!-- place -->``."""
    text = page.read_text(encoding="utf-8")
    if f"<!-- {place} -->" not in text:
        raise SystemExit(f"{page.name} has no place for: {place}")
    page.write_text(text.replace(f"<!-- {place} -->", content), encoding="utf-8")


def card(name: str, notebook: Path, pictures: Path) -> str:
    """One lesson on the map: its best picture, title, first sentence and times."""
    content = nbformat.read(notebook, as_version=4)
    title, lead = opening(content)
    outputs = [o for cell in content.cells if cell.cell_type == "code" for o in cell.outputs]
    image = ""
    if shown := [found for output in outputs if (found := picture_of(output))]:
        kind, data, alt = max(shown, key=lambda picture: len(picture[1]))
        file = f"{name}.{kind.removeprefix('image/')}"
        (pictures / file).write_bytes(base64.b64decode(data))
        alt = html.escape(alt or title, quote=True)
        image = f'<img src="_static/lessons/{file}" alt="{alt}" loading="lazy">'
    spent = times.words(name)
    return (
        f'<li><a href="lessons/{name}.html">{image}<h3>{html.escape(title)}</h3><p>{html.escape(lead)}</p>'
        f'<p class="time">{html.escape(spent)}</p></a></li>'
    )


def opening(notebook: nbformat.NotebookNode) -> tuple[str, str]:
    """A lesson's title and what comes out of it, as plain text."""
    first = notebook.cells[0].source
    title = re.search(r"^# (.+)", first, re.M)[1]
    found = re.search(r"\*\*(?:What comes out:|Comes out)\*\*(?: \|)?\s*(.+?)(?:\s*\||\n\n|$)", first, re.S)
    lead = re.sub(r"[*`]|\[([^]]+)\]\([^)]*\)", r"\1", " ".join(found[1].split())) if found else ""
    return title, lead[:1].upper() + lead[1:].rstrip(".") + "."


def exercise_list(number: str) -> str:
    """The exercises of a lesson in Markdown: what is asked, and the mistakes that are known by name."""
    parts = ["The mistakes are those that the checks know by name."]
    for one in exercises.of_lesson(number):
        parts.append(f"### {one.name} ({one.level})\n\n{one.task}")
        parts.append("\n".join(f"- *{mistake.name}*: {mistake.why}" for mistake in one.wrong))
    return "\n\n".join(parts)


def presets() -> str:
    """The instructors' presets as Markdown."""
    parts = []
    for path in sorted((ROOT / "notebooks" / "instructor").glob("*.yaml")):
        text = path.read_text()
        about = yaml.safe_load(text)["about"]
        parts.append(f"## `{path.stem}`\n\n{about}\n\n```yaml\n{text}```\n")
    return "\n".join(parts)


# ---------------------------------------------------------------- the check


class Page(HTMLParser):
    """The anchors, links and resources of one page."""

    LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        own = dict(attributes)
        self.anchors |= {own[key] for key in ("id", "name") if own.get(key)}
        if tag == "a" and own.get("href"):
            self.links.append(own["href"])
        target = own.get(self.LOADED.get(tag, ""))
        if target and not target.startswith("data:") and own.get("rel") not in ("canonical", "prev", "next"):
            self.loaded.append(target)


def problems(site: Path) -> list[str]:
    """Everything on the site's pages that leads nowhere or loads from elsewhere, one sentence each."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        where = path.relative_to(site)
        for target in page.loaded:
            if urlsplit(target).netloc:
                found.append(f"{where} loads {target}")
            elif not _file(path, target).exists():
                found.append(f"{where} loads {target}, which is not there")
        for target in page.links:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            to = _file(path, target) if parts.path else path
            if not to.exists():
                found.append(f"{where} links to {target}, which is not there")
            elif parts.fragment and to in pages and unquote(parts.fragment) not in pages[to].anchors:
                found.append(f"{where} links to {target}, whose anchor is not there")
    for path in sorted(site.rglob("*.css")):
        for target in re.findall(r"(?:url\(|@import)\s*[\"']?(https?:[^\"')]+)", path.read_text(encoding="utf-8")):
            found.append(f"{path.relative_to(site)} loads {target}")
    return found


def _file(page: Path, target: str) -> Path:
    path = (page.parent / unquote(urlsplit(target).path)).resolve()
    return path / "index.html" if path.is_dir() else path


def build(out: Path) -> list[str]:
    """Build the site into ``out``; return its problems."""
    source = out.with_name(out.name + "-source")
    gather(source)
    command = [sys.executable, "-m", "sphinx", "-q", "--keep-going", "-b", "html", "-d", str(source / "_doctrees")]
    done = subprocess.run([*command, str(source), str(out)], capture_output=True, text=True)
    warnings = [line.replace(str(source), "docs") for line in done.stderr.splitlines() if "WARNING" in line or "ERROR" in line]
    if done.returncode:
        return warnings or [done.stderr[-2000:]]
    from coursekit import slides

    slides.build_all(out / "slides")
    return warnings + problems(out)


def main() -> int:
    out = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else build_dir() / "site"
    found = build(out)
    print("\n".join(found))
    print(f"{len(list(out.rglob('*.html')))} pages in {out.name}/, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
