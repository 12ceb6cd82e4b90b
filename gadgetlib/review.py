"""A contact sheet to act on: what cleaning removed, why, beside what stayed, as one HTML page."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from gadgetlib import CLASSES
from gadgetlib.files import write_atomic

WHY = {
    "corrupt": "does not decode to the end",
    "too small": "too few pixels to learn from",
    "wrong aspect": "a banner or a strip, not a product",
    "nothing to see": "hardly any contrast: a placeholder or an empty frame",
    "too blurry": "no sharp edge anywhere",
    "shown under several labels": "the same content under labels that contradict each other",
    "exact duplicate": "the same bytes as another picture",
    "near duplicate": "the same picture again: another size, crop, compression or light",
    "label error": "models that saw neither it nor a copy of it are sure that it shows something else",
    "removed by hand": "you decided so",
}

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Review of the cleaning</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
 :root { --line: #d5d5d5; --bad: #B04A00; --good: #00704F; }
 body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto 5rem; max-width: 1180px; padding: 0 1rem; color: #222; }
 h1 { margin-bottom: .2rem } h2 { margin: 2.2rem 0 .2rem } p { margin: .3rem 0 .8rem }
 nav a { margin-right: .9rem; white-space: nowrap }
 .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(208px, 1fr)); gap: .7rem }
 .pairs { grid-template-columns: repeat(auto-fill, minmax(318px, 1fr)) }
 figure { margin: 0; border: 1px solid var(--line); border-radius: 6px; padding: .45rem; background: #fff }
 figure.changed { outline: 3px solid #0072B2 }
 .shots { display: flex; gap: .4rem }
 .shot { flex: 1; min-width: 0; text-align: center; font-size: 12px }
 .shot img { width: 100%; height: 130px; object-fit: contain; background: #f2f2f2 }
 .out { color: var(--bad) } .in { color: var(--good) }
 figcaption { font-size: 12px; overflow-wrap: anywhere; margin-top: .25rem; min-height: 2.6em }
 .act { display: flex; gap: .3rem; margin-top: .3rem; font-size: 12px }
 select { font-size: 12px; width: 100% }
 footer { position: fixed; bottom: 0; left: 0; right: 0; background: #fff; border-top: 1px solid var(--line);
          padding: .6rem 1rem; text-align: center }
 button { font: inherit; padding: .3rem 1rem; border-radius: 5px; border: 1px solid #0072B2; background: #0072B2;
          color: #fff }
</style></head><body>
<h1>Review of the cleaning</h1>
<p>{{ kept }} pictures stay, {{ removed }} go. Choose under any picture what should become of it, save the file
<code>decisions.csv</code>, put it beside this page, and run the lesson again: your word wins.</p>
<nav>{% for part in parts %}<a href="#{{ part.id }}">{{ part.name }} ({{ part.count }})</a>
 {% endfor %}</nav>
{% for part in parts %}
<h2 id="{{ part.id }}">{{ part.name }}</h2>
<p>{{ part.why }}. {{ part.count }} pictures{% if part.cards|length < part.count %}, the first
 {{ part.cards|length }} shown{% endif %}.</p>
<div class="cards{% if part.pairs %} pairs{% endif %}">
{% for card in part.cards %}<figure data-sha="{{ card.sha }}">
 <div class="shots">
  <div class="shot"><img loading="lazy" src="{{ card.src }}" alt="{{ part.name }}: {{ card.label }}">
   <span class="{{ 'in' if card.stays else 'out' }}">{{ card.label }}{{ ' stays' if card.stays else ' goes' }}</span>
  </div>
  {% if card.beside %}<div class="shot"><img loading="lazy" src="{{ card.beside }}" alt="the picture beside it">
   <span class="in">{{ card.beside_label }}{{ ' stays' if card.beside_stays else ' went too' }}</span>
  </div>{% endif %}
 </div>
 <figcaption>{{ card.detail }}</figcaption>
 <div class="act"><select aria-label="decision"><option value="">as proposed</option>
  <option value="keep">keep, label {{ card.label }}</option><option value="remove">remove</option>
  {% for name in classes %}{% if name != card.label %}<option value="relabel:{{ name }}">keep, label {{ name }}{%
  if name == card.suggested %} (suggested){% endif %}</option>{% endif %}{% endfor %}</select></div>
</figure>{% endfor %}</div>
{% endfor %}
<footer><span id="count">no decision yet</span> <button id="save">Save decisions.csv</button></footer>
<script>
const decided = new Map(Object.entries({{ decisions|safe }}));
const figures = [...document.querySelectorAll("figure")];
function show() {
  figures.forEach(f => {
    const d = decided.get(f.dataset.sha);
    f.classList.toggle("changed", !!d);
    f.querySelector("select").value = !d ? "" : d.decision === "relabel" ? "relabel:" + d.label : d.decision;
  });
  const n = decided.size;
  document.getElementById("count").textContent = n ? n + (n > 1 ? " decisions" : " decision") : "no decision yet";
}
figures.forEach(f => f.querySelector("select").addEventListener("change", e => {
  const [decision, label] = e.target.value.split(":");
  if (decision) decided.set(f.dataset.sha, {decision, label: label || "", note: "review page"});
  else decided.delete(f.dataset.sha);
  show();
}));
document.getElementById("save").addEventListener("click", () => {
  const cell = text => /[",\\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  const rows = [...decided].map(([sha, d]) => [sha, d.decision, d.label, d.note || ""].map(cell).join(","));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([["sha256,decision,label,note", ...rows].join("\\n") + "\\n"]));
  link.download = "decisions.csv";
  link.click();
});
show();
</script></body></html>
"""


def write_review(
    result, raw: Path, path: Path, decisions: Mapping[str, Mapping[str, str]] | None = None, most: int = 120,
    odd: int = 40,
) -> Path:  # fmt: skip
    """Write the review page of a :class:`gadgetlib.clean.Cleaning` to ``path``; return the path.

    raw: the folder that the ledger's files lie in; the page links to them. most: cards a reason at most.
    odd: how many kept pictures to show that lie farthest from all others.
    """
    import jinja2

    table = result.table
    files = dict(zip(table.sha256, table.raw_file, strict=True))
    by_sha = {row["sha256"]: row for row in table[table.verdict == "kept"].to_dict("records")}
    any_row = {row["sha256"]: row for row in table.to_dict("records")} | by_sha

    def link(digest: str) -> str:
        return Path(os.path.relpath(raw / files[digest], path.parent)).as_posix()

    def card(row) -> dict:
        beside = any_row.get(row["beside"]) if row["beside"] != row["sha256"] else None
        return {
            "sha": row["sha256"], "src": link(row["sha256"]), "label": row["label"] or "?", "detail": row["detail"],
            "suggested": row["suggested"], "stays": row["verdict"] == "kept",
            "beside": link(beside["sha256"]) if beside else "", "beside_label": beside["label"] if beside else "",
            "beside_stays": bool(beside) and beside["sha256"] in by_sha,
        }  # fmt: skip

    parts = []
    for reason, why in WHY.items():
        rows = table[table.reason == reason].drop_duplicates("sha256")
        if reason in ("label error", "near duplicate"):
            rows = rows.sort_values("confidence", kind="stable")
        if len(rows):
            parts.append({
                "id": reason.replace(" ", "-"), "name": reason, "why": why.capitalize(), "count": len(rows),
                "pairs": reason == "near duplicate", "cards": [card(row) for row in rows[:most].to_dict("records")],
            })  # fmt: skip
    far = table[table.verdict == "kept"].sort_values("outlier", ascending=False, kind="stable")[:odd]
    unsure = table[table.verdict == "kept"].sort_values("confidence", kind="stable")[:odd]
    for name, why, rows in [
        ("odd ones that stay", "Far from every other picture", far),
        ("doubtful labels that stay", "The model gives their label little credit, but not little enough", unsure),
    ]:
        cards = [card({**row, "detail": f"says {row['suggested']}" if row["suggested"] != row["label"] else ""})
                 for row in rows.to_dict("records")]  # fmt: skip
        parts.append({"id": name.replace(" ", "-"), "name": name, "why": why, "count": len(cards), "pairs": False,
                      "cards": cards})  # fmt: skip
    text = jinja2.Environment(autoescape=True, trim_blocks=True).from_string(PAGE).render(
        parts=parts, classes=CLASSES, kept=len(result.kept), removed=int((table.verdict == "removed").sum()),
        decisions=json.dumps(dict(decisions or {})).replace("<", "\\u003c"),
    )  # fmt: skip
    with write_atomic(path) as part:
        part.write_text(text, encoding="utf-8")
    return path
