"""Break the solutions and the shipped data in many small ways: does the check that should notice, notice?

python -m coursekit.mutants [03 ...] [data]     # some lessons, the data; without arguments everything
Prints a table of mutants made, killed and alive, and names those alive. Needs what the lessons leave in build/.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from coursekit import author, check, exercises, shipped
from coursekit.workspace import LESSONS
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir

SLOW = ("05.3", "07.3")  # each run trains a model: there only the answer itself is mutated

# ---------------------------------------------------------------- mutants of an answer


def value_mutants(value: Any) -> Iterator[tuple[str, Any]]:
    """Wrong answers near a right one: (what was done to it, the answer)."""
    yield "dropped", None
    if callable(value):
        yield "returns nothing", lambda *a: None
        yield "forgets its argument", lambda *a: value(*[type(x)() if isinstance(x, (str, int)) else None for x in a])
        yield "called already", repr(value)
        yield "wraps its result", lambda *a: [value(*a)]
        yield "negated", lambda *a: _off(value(*a))
        return
    value = exercises.plain(value)
    if isinstance(value, list):
        yield "reversed", value[::-1]
        yield "one missing", value[:-1]
        yield "one more", [*value, value[-1]]
        for i, item in enumerate(value):
            yield f"item {i} changed", [*value[:i], _off(item), *value[i + 1 :]]
    elif isinstance(value, str):
        yield "cut", value[: len(value) // 2]
        yield "emptied", ""
        yield "as a list", [value]
    else:
        yield "more", _off(value)
        yield "negated", -value if value else -1
        yield "a hundredfold", 100 * value + 1
        yield "as text", str(value)


def _off(item: Any) -> Any:
    """Something else of the same type."""
    if isinstance(item, bool):
        return not item
    if isinstance(item, (int, float)):
        return item + max(1, abs(item) / 3) if isinstance(item, int) or abs(item) > 1 else item / 2 + 0.05
    if isinstance(item, dict):
        return {key: _off(value) for key, value in item.items()}
    return f"{item} " if isinstance(item, str) else [item]


SWAPS = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.BitXor: ast.BitOr,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And, ast.In: ast.NotIn,
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "mean": "sum", "sum": "mean", "median": "mean", "argmax": "argmin", "any": "all"}


def source_mutants(source: str) -> Iterator[tuple[str, str]]:
    """The source of an answer with one operator, constant, name or argument changed: (what was done, the source)."""
    tree = ast.parse(source)
    for place, node in enumerate(ast.walk(tree)):
        for done, change in _changes(node):
            mutant = copy.deepcopy(tree)
            change(next(other for i, other in enumerate(ast.walk(mutant)) if i == place))
            changed = ast.unparse(ast.fix_missing_locations(mutant))
            if changed != ast.unparse(tree):
                yield f"line {getattr(node, 'lineno', 1)}: {done}", changed


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], None]]]:
    def put(**fields: Any) -> Callable[[Any], None]:
        return lambda other: [setattr(other, name, value) for name, value in fields.items()]

    operator = getattr(node, "op", None)
    if type(operator) in SWAPS:
        new = SWAPS[type(operator)]
        yield f"{type(operator).__name__} to {new.__name__}", put(op=new())
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        new = SWAPS[type(node.ops[0])]
        yield f"{type(node.ops[0]).__name__} to {new.__name__}", put(ops=[new(), *node.ops[1:]])
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        new = not node.value if isinstance(node.value, bool) else node.value + 1
        yield f"{node.value} to {new}", put(value=new)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip():
        yield f"{node.value!r} to another text", put(value=node.value[1:] + "~")
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield f".{node.attr} to .{NAMES[node.attr]}", put(attr=NAMES[node.attr])
    if isinstance(node, ast.Name) and node.id in NAMES:
        yield f"{node.id} to {NAMES[node.id]}", put(id=NAMES[node.id])
    if isinstance(node, ast.Call) and node.keywords:
        yield f"{node.keywords[0].arg}= left out", put(keywords=node.keywords[1:])
    if isinstance(node, ast.UnaryOp):
        yield f"{type(node.op).__name__} left out", lambda other: other.__dict__.update(_positive(other))
    if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.ctx, ast.Load):
        yield "two items swapped", put(elts=node.elts[::-1])


def _positive(node: ast.UnaryOp) -> dict[str, Any]:
    return {"op": ast.UAdd()} if isinstance(node.op, ast.USub) else {"op": ast.Not(), "operand": copy.copy(node)}


# ---------------------------------------------------------------- solutions


def verdict(source: str, space: dict[str, Any], name: str) -> str:
    """What the check says of an answer cell, run in a copy of the lesson's names: its verdict, or ``stopped``."""
    check.RESULTS.pop(name, None)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            exec(compile(source, name, "exec"), dict(space))
        except Exception:
            return "stopped"
    return check.RESULTS[name]["verdict"]


def solution_mutants(cell: str, answer: str, space: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Mutants of one answer in its cell: (what was done, the verdict). The answer itself must be right."""
    name = author.exercise_of(cell)
    if verdict(cell.replace(author.STUB, answer), space, name) != "right":
        raise CourseError(f"The solution of {name} is not right, so nothing can be said of its mutants.")
    yield "stub left alone", verdict(cell, space, name)
    right: dict[str, Any] = dict(space)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(cell.replace(author.STUB, answer).rpartition("check.exercise(")[0], right)
    for done, value in value_mutants(right["my_answer"]):
        changed = cell.replace(author.STUB, "my_answer = mutant")
        yield done, verdict(changed, {**right, "mutant": value}, name)
    if name not in SLOW:
        for done, mutant in source_mutants(answer):
            yield done, verdict(cell.replace(author.STUB, mutant), space, name)


def answers(name: str) -> Iterator[tuple[str, str, str]]:
    """The cells of a solution notebook in order: (exercise or "", the source, the answer alone)."""
    import jupytext

    source = jupytext.read(author.SOLUTIONS / "source" / f"{name}.md")
    for cell, plain in zip(author.solution(name).cells, source.cells):
        if cell.cell_type == "code":
            asked = author.exercise_of(cell.source) or ""
            yield asked, cell.source, plain.source.strip() if asked else ""


def mutate_lesson(name: str) -> Iterator[tuple[str, str, str]]:
    """All mutants of a lesson's solutions: (exercise, what was done, the verdict)."""
    space: dict[str, Any] = {"__name__": "solution"}
    for asked, source, answer in answers(name):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(source, asked or name, "exec"), space)
        if asked:
            cell = source.replace(answer, author.STUB)
            for done, said in solution_mutants(cell, answer, space):
                yield asked, done, said


# ---------------------------------------------------------------- data


def _rows(text: str) -> list[list[str]]:
    import csv

    return list(csv.reader(io.StringIO(text)))


def _table(rows: list[list[str]]) -> str:
    import csv

    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def csv_mutants(text: str, wrong: dict[str, str]) -> Iterator[tuple[str, str]]:
    """A table broken: without rows, a column or the end of a row, with a row twice, with wrong values."""
    rows = _rows(text)
    head = rows[0]
    yield "emptied", ""
    yield "rows gone", _table(rows[:1])
    yield "cut in the last row", text.rstrip()[: -len(",".join(rows[-1])) // 2]
    yield "first row twice", _table([head, rows[1], *rows[1:]])
    yield "first column gone", _table([row[1:] for row in rows])
    yield "head gone", _table(rows[1:])
    for column, value in wrong.items():
        at = head.index(column)
        yield f"{column} = {value!r}", _table([head, [*rows[1][:at], value, *rows[1][at + 1 :]], *rows[2:]])
        yield f"column {column} renamed", _table([[f"{h}_" if h == column else h for h in head], *rows[1:]])


def jsonl_mutants(text: str, wrong: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Lines broken: none, cut, twice, a key gone, wrong values. The first line that has the key is changed."""
    lines = [line for line in text.split("\n") if line]
    yield "emptied", ""
    yield "cut in the last row", text.rstrip()[: -len(lines[-1]) // 2]
    yield "first row twice", "\n".join([lines[0], *lines])
    for key in json.loads(lines[0]):
        row = json.loads(lines[0])
        del row[key]
        if key in wrong:
            yield f"{key} gone", "\n".join([json.dumps(row), *lines[1:]])
    for key, change in wrong.items():
        at = next(i for i, line in enumerate(lines) if json.loads(line).get(key))
        row = json.loads(lines[at])
        row[key] = change(row[key]) if callable(change) else change
        yield f"{key} changed", "\n".join([*lines[:at], json.dumps(row), *lines[at + 1 :]])


def _moved(spans: list) -> list:
    return [[spans[0][0] + 1, spans[0][1] + 1, *spans[0][2:]], *spans[1:]]


def _json(text: str, **changes: Callable[[Any], Any]) -> Iterator[tuple[str, str]]:
    yield "cut", text[: len(text) // 2]
    for key, change in changes.items():
        about = json.loads(text)
        yield f"{key} changed", json.dumps({**about, key: change(about[key])})
        yield f"{key} gone", json.dumps({k: v for k, v in about.items() if k != key})


DATA: dict[str, Callable[[str], Iterator[tuple[str, str]]]] = {
    "catalogue.csv": lambda text: csv_mutants(text, {
        "sku": "", "gadget_type": "toaster", "brand": "", "year": "1066", "ram_gb": "many", "storage_gb": "-64",
        "screen_in": "670", "launch_price_usd": "0", "weight_g": "1e9",
    }),
    "catalogue.schema.json": lambda text: _json(
        text, required=lambda names: names[1:], properties=lambda p: {k: v for k, v in p.items() if k != "sku"},
        additionalProperties=lambda allowed: True,
    ),
    "rates.csv": lambda text: csv_mutants(text, {"currency": "dollar", "per_usd": "0", "date": "28.6.2024"}),
    "price_presets.yaml": lambda text: iter([
        ("emptied", ""), ("not YAML", text + "\n : ["), ("a column misnamed", text.replace("brand: brand", "brand: maker", 1)),
        ("catalogue's map gone", text.replace("\ncatalogue:", "\ncatalog:", 1)),
        ("price gone", text.replace("  price: launch_price_usd\n", "", 1)), ("a map is a text", text + "\nshop: yes please\n"),
    ]),
    "photos/photos.csv": lambda text: csv_mutants(text, {
        "file": "absent-00.jpg", "gadget_type": "toaster", "product_id": "apple-iphone-6", "view": "", "background": "",
    }),
    "texts.jsonl": lambda text: jsonl_mutants(text, {
        "text": " ", "spans": _moved, "specs": {}, "gadget_type": "toaster", "split": "exam",
        "product_id": lambda name: f"{name}-plus-2-max",
    }),
    "listings/listings.jsonl": lambda text: jsonl_mutants(text, {
        "file": "absent.jpg", "sku": "absent", "product_id": "apple-iphone-6", "gadget_type": "toaster", "split": "exam",
        "text": "", "specs": lambda s: {**s, "brand": "Acme"}, "words": lambda w: [{**w[0], "box": [0, 0, 0, 0]}, *w[1:]],
        "width": 10, "photos": ["absent.jpg"],
    }),
    "shop/shop.json": lambda text: _json(
        text, hosts=lambda hosts: hosts[:1], queries=lambda q: q[1:], search_host=lambda host: "elsewhere.example",
        answers=lambda found: [{**found[0], "file": "answers/absent.json"}, *found[1:]],
    ),
    "shop/pictures.jsonl": lambda text: jsonl_mutants(text, {"url": "http://nobody.example/x.jpg", "file": "absent.jpg"}),
    "shop/mess.csv": lambda text: csv_mutants(text, {
        "url": "nowhere", "query": "a toaster", "fault": "", "expected": "", "label": "toaster", "true_label": "toaster",
    }),
}  # fmt: skip


def mirror(folder: Path) -> Path:
    """A copy of ``data/`` whose files are links, so that one can be replaced and nothing shipped is touched."""
    for path in data_dir().rglob("*"):
        place = folder / path.relative_to(data_dir())
        if "studio" in place.parts or path.is_dir():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(path, place)
    return folder


def mutate_data(names: list[str] | None = None) -> Iterator[tuple[str, str, bool]]:
    """All mutants of the shipped files: (file, what was done, did its contract notice)."""
    with tempfile.TemporaryDirectory() as place:
        folder = mirror(Path(place) / "data")
        for name in names or list(DATA):
            shipped.check(name, folder)
            text = (data_dir() / name).read_text(encoding="utf-8")
            for done, mutant in DATA[name](text):
                (folder / name).unlink()
                (folder / name).write_text(mutant, encoding="utf-8")
                yield name, done, _noticed(name, folder)
            (folder / name).unlink()
            yield name, "file gone", _noticed(name, folder)
            os.symlink(data_dir() / name, folder / name)


def _noticed(name: str, folder: Path) -> bool:
    try:
        shipped.check(name, folder)
    except CourseError as error:
        return name in str(error)
    return False


# ---------------------------------------------------------------- the table


def main(wanted: list[str]) -> int:
    made: dict[str, list[int]] = {}
    alive = []

    def count(group: str, done: str, killed: bool) -> None:
        made.setdefault(group, [0, 0])[0] += 1
        made[group][1] += killed
        if not killed:
            alive.append(f"{group}: {done}")

    for name in LESSONS:
        if not wanted or name[:2] in wanted:
            for asked, done, said in mutate_lesson(name):
                count(asked, done, said != "right")
    if not wanted or "data" in wanted:
        for name, done, noticed in mutate_data():
            count(f"data/{name}", done, noticed)
    print(f"{'':28} made  killed  alive")
    for group, (all_, killed) in made.items():
        print(f"{group:28} {all_:4}  {killed:6}  {all_ - killed:5}")
    total, dead = (sum(column) for column in zip(*made.values()))
    print(f"{'all':28} {total:4}  {dead:6}  {total - dead:5}")
    print(*[f"alive  {one}" for one in alive], sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
