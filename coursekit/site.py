"""Build the course as a site: python -m coursekit.site [FOLDER], by default build/site. Needs the extra `site`.

docs/ and the committed notebooks are put side by side, the map of the course is written, Sphinx makes HTML of it
(running nothing), and every link and resource of the pages is followed: a broken one, or one that would load from
another host, ends the build with exit code 1.
"""

import base64
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from bs4 import BeautifulSoup

from coursekit import author, slides
from coursekit.workspace import LESSONS, page, picture_of
from gadgetlib.files import build_dir, project_root

LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}


def gather(source: Path) -> None:
    """Put docs, notebooks and the map of the course into ``source``."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(project_root() / "docs", source)
    (source / "_static" / "lessons").mkdir()
    (source / "lessons").mkdir()
    cards = []
    for name in LESSONS:
        lesson = author.read(name)
        cards.append(card(name, lesson, source / "_static" / "lessons"))
        for cell in lesson.cells:  # links lead to the site's pages; an output folded in JupyterLab is folded here too
            if cell.cell_type == "markdown":
                cell.source = cell.source.replace("](../docs/", "](../").replace("](../README.md", "](../index.md")
            if cell.metadata.get("jupyter", {}).get("outputs_hidden"):
                cell.metadata["tags"] = [*cell.metadata.get("tags", []), "hide-output"]
        nbformat.write(lesson, source / "lessons" / f"{name}.ipynb")
    index = source / "index.md"
    text = index.read_text(encoding="utf-8").replace("](../notebooks/", "](lessons/")
    index.write_text(author.filled(text, "course map", page("map.html", cards=cards)), encoding="utf-8")


def card(name: str, lesson: nbformat.NotebookNode, pictures: Path) -> dict[str, str]:
    """One lesson on the map: its title, what comes out of it, its times and its largest picture."""
    first = lesson.cells[0].source
    title = re.search(r"^# (.+)", first, re.M)[1]
    found = re.search(r"\*\*Comes out\*\* \| (.+?) \|", first)
    lead = re.sub(r"[*`]|\[([^]]+)\]\([^)]*\)", r"\1", found[1]) if found else ""
    made = {"name": name, "title": title, "lead": f"{lead[:1].upper()}{lead[1:]}.", "time": author.words(name)}
    outputs = [output for cell in lesson.cells if cell.cell_type == "code" for output in cell.outputs]
    if shown := [picture for output in outputs if (picture := picture_of(output))]:
        kind, data, alt = max(shown, key=lambda picture: len(picture[1]))
        made |= {"file": f"{name}.{kind.removeprefix('image/')}", "alt": alt or title}
        (pictures / made["file"]).write_bytes(base64.b64decode(data))
    return made


def problems(site: Path) -> list[str]:
    """Everything on the site's pages that leads nowhere or loads from another host, one sentence each."""
    pages = {path: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in sorted(site.rglob("*.html"))}
    anchors = {path: {tag.get("id") or tag.get("name") for tag in made.find_all(True)} for path, made in pages.items()}
    found = []
    for path, tag in ((path, tag) for path, made in pages.items() for tag in made.find_all([*LOADED, "a"])):
        target = tag.get(LOADED.get(tag.name, "href"), "")
        if not target or target.startswith("data:"):
            continue
        parts, where = urlsplit(target), path.relative_to(site)
        to = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        to = to / "index.html" if to.is_dir() else to
        if tag.name != "a" and (parts.netloc or not to.exists()):
            found.append(f"{where} loads {target}, which is not there or on another host")
        elif parts.scheme or parts.netloc or tag.name != "a":
            continue
        elif not to.exists():
            found.append(f"{where} links to {target}, which is not there")
        elif parts.fragment and to in pages and unquote(parts.fragment) not in anchors[to]:
            found.append(f"{where} links to {target}, whose anchor is not there")
    for path in sorted(site.rglob("*.css")):
        for target in re.findall(r"(?:url\(|@import)\s*[\"']?(https?:[^\"')]+)", path.read_text(encoding="utf-8")):
            found.append(f"{path.relative_to(site)} loads {target}")
    return found


def build(out: Path) -> list[str]:
    """Build the site into ``out``; return its problems."""
    source = out.with_name(out.name + "-source")
    gather(source)
    command = [sys.executable, "-m", "sphinx", "-q", "--keep-going", "-b", "html", "-d", str(source / "_doctrees")]
    done = subprocess.run([*command, str(source), str(out)], capture_output=True, text=True)
    told = [line.replace(str(source), "docs") for line in done.stderr.splitlines() if re.search("WARNING|ERROR", line)]
    if done.returncode:
        return told or [done.stderr[-2000:]]
    slides.build_all(out / "slides")
    return told + problems(out)


if __name__ == "__main__":
    out = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else build_dir() / "site"
    found = build(out)
    print("\n".join([*found, f"{len(list(out.rglob('*.html')))} pages in {out.name}/, {len(found)} problems"]))
    sys.exit(1 if found else 0)
