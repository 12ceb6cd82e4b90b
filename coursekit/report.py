"""The report card: what each lesson took and reached, as JSON and as one self-contained page."""

from __future__ import annotations

import base64
import os
import platform
from pathlib import Path
from typing import Any

from coursekit.workspace import LESSONS, page, read_card, record, write_json
from gadgetlib.files import build_dir, read_json, write_atomic


def shown(value: Any) -> str:
    """A figure as a reader wants it: four digits of a fraction, anything else as it is."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def save_run(name: str, *, seconds: float, peak_mb: float, parameters: dict[str, Any]) -> None:
    """Keep what the runner measured of one lesson."""
    run = {"seconds": round(seconds, 1), "peak_mb": round(peak_mb), "parameters": parameters}
    write_json(record("runs", name), run)


def write() -> dict[str, Any]:
    """Write ``build/report.json`` and ``report.html`` from what the lessons have left so far; return the report."""
    lessons, pictures = [], {}
    for name in LESSONS:
        if run := read_json(record("runs", name)):
            picture = record("cards", name).with_suffix(".png")
            there = f"cards/{name}.png" if picture.exists() else None
            lessons.append({"name": name, **run, "figures": read_card(name).get("figures", {}), "picture": there})
            if there:
                pictures[name] = base64.b64encode(picture.read_bytes()).decode()
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    found = {
        "machine": f"Python {platform.python_version()}, {system}",
        "total": round(sum(lesson["seconds"] for lesson in lessons), 1),
        "lessons": lessons,
    }
    write_json(build_dir() / "report.json", found)
    with write_atomic(build_dir() / "report.html") as part:
        part.write_text(page("report.html", **found, pictures=pictures, shown=shown), encoding="utf-8")
    return found


def save_html(notebook: Path) -> Path:
    """Export an executed notebook to one HTML page beside it that loads nothing from other hosts."""
    from nbconvert import HTMLExporter

    loads = [name for name in HTMLExporter.class_trait_names() if name.endswith("_url")]
    body, _ = HTMLExporter(**dict.fromkeys([*loads, "jupyter_widgets_base_url"], "")).from_filename(str(notebook))
    path = notebook.with_suffix(".html")
    with write_atomic(path) as part:
        part.write_text(body, encoding="utf-8")
    return path
