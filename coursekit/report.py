"""The report card: what each lesson took and reached, as JSON and as one self-contained page."""

from __future__ import annotations

import base64
import json
import os
import platform
from pathlib import Path
from typing import Any

from coursekit.workspace import LESSONS, read_card
from gadgetlib.files import build_dir, write_atomic

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Report card</title><style>
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#1a1a1a;background:#fff}
section{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,22rem);gap:1.5rem;border-top:1px solid #ddd;padding:1.2rem 0}
h1{margin-bottom:0}h2{font-size:1.1rem;margin:0 0 .4rem}img{max-width:100%;height:auto;border:1px solid #eee}
table{border-collapse:collapse}td{padding:.1rem 1rem .1rem 0;vertical-align:top}td+td{font-variant-numeric:tabular-nums}
.meta{color:#555}@media(max-width:40rem){section{grid-template-columns:1fr}}
@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}.meta{color:#aaa}section{border-color:#444}a{color:#8cf}}
</style></head><body>
<h1>Report card</h1>
<p class="meta">{{ machine }} &middot; {{ lessons|length }} lessons &middot; {{ "%.0f"|format(total) }} s in all</p>
{% for lesson in lessons %}<section><div>
<h2><a href="notebooks/{{ lesson.name }}.html">{{ lesson.name }}</a></h2>
<p class="meta">{{ "%.0f"|format(lesson.seconds) }} s &middot; peak {{ "%.0f"|format(lesson.peak_mb) }} MB
{% for key, value in lesson.parameters.items() %}&middot; {{ key }} = {{ value }} {% endfor %}</p>
<table>{% for key, value in lesson.figures.items() %}<tr><td>{{ key|replace("_", " ") }}</td><td>{{ shown(value) }}</td></tr>
{% endfor %}</table></div>
<div>{% if lesson.picture %}<img alt="What {{ lesson.name }} made" src="data:image/png;base64,{{ lesson.picture }}">{% endif %}</div>
</section>{% endfor %}</body></html>
"""


def shown(value: Any) -> str:
    """A figure as a reader wants it: four digits of a fraction, anything else as it is."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def save_run(name: str, *, seconds: float, peak_mb: float, parameters: dict[str, Any]) -> None:
    """Keep what the runner measured of one lesson."""
    with write_atomic(build_dir() / "runs" / f"{name}.json") as part:
        run = {"seconds": round(seconds, 1), "peak_mb": round(peak_mb), "parameters": parameters}
        part.write_text(json.dumps(run, indent=1))


def collect() -> dict[str, Any]:
    """The report so far: for each lesson run its time, peak memory, parameters and headline figures."""
    lessons = []
    for name in LESSONS:
        path = build_dir() / "runs" / f"{name}.json"
        if path.exists():
            picture = build_dir() / "cards" / f"{name}.png"
            lessons.append(
                {
                    "name": name,
                    **json.loads(path.read_text()),
                    "figures": read_card(name).get("figures", {}),
                    "picture": f"cards/{name}.png" if picture.exists() else None,
                }
            )
    return {
        "machine": f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "total": round(sum(lesson["seconds"] for lesson in lessons), 1),
        "lessons": lessons,
    }


def write() -> dict[str, Any]:
    """Write ``build/report.json`` and ``build/report.html``; return the report."""
    import jinja2

    found = collect()
    with write_atomic(build_dir() / "report.json") as part:
        part.write_text(json.dumps(found, indent=1))
    pictured = [
        {**lesson, "picture": base64.b64encode((build_dir() / lesson["picture"]).read_bytes()).decode()}
        if lesson["picture"] else lesson
        for lesson in found["lessons"]
    ]  # fmt: skip
    page = jinja2.Environment(autoescape=True).from_string(PAGE).render(**{**found, "lessons": pictured, "shown": shown})
    with write_atomic(build_dir() / "report.html") as part:
        part.write_text(page, encoding="utf-8")
    return found


def save_html(notebook: Path) -> Path:
    """Export an executed notebook to one HTML page beside it that loads nothing from other hosts."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        mathjax_url="", require_js_url="", jquery_url="", mermaid_js_url="", mermaid_layout_elk_js_url="",
        jupyter_widgets_base_url="", widget_renderer_url="",
    )  # fmt: skip
    body, _ = exporter.from_filename(str(notebook))
    path = notebook.with_suffix(".html")
    with write_atomic(path) as part:
        part.write_text(body, encoding="utf-8")
    return path
