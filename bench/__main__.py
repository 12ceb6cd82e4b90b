"""``python -m bench [AREA ...] [--quick]``: run bench_<area>.py, write build/bench.json and build/bench.md.

Each module has ``run(quick) -> Iterator[dict]`` with rows made by :func:`bench.row`: value, 95 % interval and n.
A run of some areas renews their rows and keeps the others'.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from pathlib import Path

from bench import COLUMNS
from gadgetlib.files import build_dir, write_atomic


def areas() -> list[str]:
    return sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def markdown(rows: list[dict]) -> str:
    def cell(value: object) -> str:
        return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)

    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + " --- |" * len(COLUMNS)]
    lines += ["| " + " | ".join(cell(row.get(column)) for column in COLUMNS) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m bench", description="Measure; write build/bench.json and bench.md.")
    parser.add_argument("area", nargs="*", help=f"{', '.join(areas())}; none: all of them, hours on two cores")
    parser.add_argument("--quick", action="store_true", help="smaller samples, and without what takes longest")
    options = parser.parse_args(arguments)
    quick, asked = options.quick, options.area or areas()
    unknown = [a for a in asked if a not in areas()]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}; there are {', '.join(areas())}.", file=sys.stderr)
        return 2
    path = build_dir() / "bench.json"
    kept = json.loads(path.read_text()) if path.exists() else []
    for area in asked:
        started = time.perf_counter()
        print(f"{area} ...", flush=True)
        rows = []
        for row in importlib.import_module(f"bench.bench_{area}").run(quick):
            if set(row) - set(COLUMNS):
                raise ValueError(f"bench_{area} gave unknown columns {sorted(set(row) - set(COLUMNS))}")
            rows.append({column: row.get(column) for column in COLUMNS})
            print("  " + markdown(rows[-1:]).splitlines()[-1], flush=True)
        kept = [row for row in kept if row["area"] != area] + rows
        with write_atomic(path) as part:
            part.write_text(json.dumps(kept, indent=1, default=float))
        with write_atomic(path.with_suffix(".md")) as part:
            part.write_text(markdown(kept), encoding="utf-8")
        print(f"{area} done in {time.perf_counter() - started:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
