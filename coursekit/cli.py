"""The command ``gadget``: everything of ``python -m gadgetlib``, and the course itself: run, grade, doctor.

Imports of heavy libraries stay inside the commands: ``--help`` answers at once.
"""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from gadgetlib.cli import app, main

__all__ = ["app", "main"]
app.info.help = "Gadget recognition: run the course and use what it trained."


@app.command()
def doctor() -> None:
    """Check this machine; every failure comes with the command that mends it."""
    from coursekit.doctor import examine, render

    findings = examine()
    print(render(findings))
    raise typer.Exit(0 if all(f.ok for f in findings) else 1)


@app.command()
def run(
    only: Annotated[list[str] | None, typer.Argument(help="Lesson numbers; none for all.")] = None,
    profile: Annotated[Literal["quick", "full"], typer.Option(help="How thorough to be.")] = "quick",
    photos: Annotated[str, typer.Option(help="A folder of your photos, one sub-folder per class.")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", help="NUMBER.PARAMETER=VALUE, may be repeated.")] = None,
    preset: Annotated[str, typer.Option(help="An instructor's preset, such as workshop, or a file of your own.")] = "",
) -> None:
    """Run the lessons in order; after a failure, run again to resume."""
    from coursekit.run import read_preset, run_course
    from gadgetlib.files import build_dir

    lessons, settings = read_preset(preset) if preset else ([], [])
    try:
        run_course(only or lessons, profile, photos, [*settings, *(set_ or [])])
    except KeyboardInterrupt:
        print("Stopped. What was done is kept: run the same command again to go on.", file=sys.stderr)
        raise typer.Exit(130) from None
    print(f"Report card: {build_dir() / 'report.html'}")


@app.command()
def grade(
    submissions: Annotated[Path, typer.Argument(help="The folder of learners' notebooks.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="The table; beside it, pages.")] = Path("grades.csv"),
    timeout: Annotated[float, typer.Option(min=1, help="Seconds of processor time per notebook.")] = 300,
    memory: Annotated[int, typer.Option(min=256, help="Megabytes a notebook may hold.")] = 4096,
    jobs: Annotated[int, typer.Option(min=1, help="How many run at a time.")] = 2,
    seed: Annotated[int | None, typer.Option(help="The class's seed, where it had one of its own.")] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Run answers inside the whole lesson: slow.")] = False,
) -> None:
    """Grade learners' notebooks, each fenced in by itself, and find copies."""
    from coursekit.grade import grade as grade_all

    found = grade_all(submissions, out, timeout=timeout, memory_mb=memory, jobs=jobs, seed=seed, whole=whole)
    print(f"{len(found)} rows in {out}, pages in {out.with_suffix('')}_pages/")
