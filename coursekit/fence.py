"""The outside half of the sandbox: start a fenced process, listen to it, watch what it takes, end it."""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from matplotlib import get_cachedir

from gadgetlib.errors import CourseError
from gadgetlib.files import build_dir, project_root

PROCESSES = 200  # of one submission at a time
# Only what a lesson needs from the surroundings: no key, password or token of the instructor's comes in.
KEPT = {
    "PATH", "LANG", "LC_ALL", "OMP_NUM_THREADS", "TESSDATA_PREFIX", "SYSTEMROOT", "LD_LIBRARY_PATH", "GADGET_SHARED",
}  # fmt: skip
NAMESPACES = "--user --map-root-user --net --mount --pid --fork --kill-child --mount-proc --ipc"


class Fence(NamedTuple):
    """How a submission is held: what this machine can enforce, found out once by trying."""

    namespaces: bool
    sentence: str


def try_fence(timeout: float = 60) -> Fence:
    """Find the strongest fence that works here, by trying to climb over it."""
    target = build_dir().parent / f".fence-{secrets.token_hex(4)}"
    climb = f"import os\ntry:\n    os.close(os.open({str(target)!r}, os.O_WRONLY | os.O_CREAT))\nexcept OSError: pass"
    for namespaces in (True, False) if shutil.which("unshare") else (False,):
        steps = [{"do": "setup", "source": climb}]
        events, ended = run_fenced(steps, namespaces=namespaces, timeout=timeout, memory_mb=1024)
        climbed = target.exists()
        target.unlink(missing_ok=True)
        stood = next((event["stood"] for event in events if "stood" in event), None)
        if stood and not ended and not climbed:
            walls = "Files: read-only mounts. Network: a network namespace without devices."
            walls = walls if namespaces else "Files and network: Python's audit hook."
            memory = "kernel limit and watch" if sys.platform == "linux" else "watch only"
            return Fence(namespaces, f"{walls} Processes: {stood}. Memory: {memory}. Time: all are killed in the end.")
    raise CourseError("No process could be fenced in on this machine, so nothing was run; try `gadget doctor`.")


def run_fenced(
    steps: list[dict[str, Any]], *, namespaces: bool, timeout: float, memory_mb: int, hidden: Sequence[Path] = ()
) -> tuple[list[dict[str, Any]], str]:
    """Run steps in a process of their own; return its events and how it ended.

    timeout: seconds of processor time, so that a busy machine fails nobody; asleep, four times as long (at least 60).
    The end is "" (by itself), "time", "memory", "processes" or "crashed". Never raises for what the steps do.
    """
    token = secrets.token_hex(16)
    work = Path(tempfile.mkdtemp(prefix="grade-")).resolve()
    job = {
        "work": str(work), "token": token, "steps": steps, "namespaces": namespaces, "seconds": int(timeout),
        "memory_mb": memory_mb, "build": str(build_dir()), "hidden": [str(path) for path in hidden],
        "root": getattr(os, "geteuid", lambda: 1)() == 0, "fonts": get_cachedir(),
    }  # fmt: skip
    environment = {key: value for key, value in os.environ.items() if key in KEPT} | {
        "HOME": str(work), "TMPDIR": str(work), "PYTHONPATH": str(project_root()), "PYTHONDONTWRITEBYTECODE": "1",
        "HF_HUB_OFFLINE": "1", "MPLBACKEND": "agg", "TOKENIZERS_PARALLELISM": "false", "PYTHONUNBUFFERED": "1",
        "GADGET_BUILD": str(work / "build"), "MPLCONFIGDIR": str(work / "mpl"),
    }  # fmt: skip
    command = [*(["unshare", *NAMESPACES.split()] if namespaces else []), sys.executable, "-m", "coursekit.sandbox"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = psutil.Popen(command, **pipes, env=environment, cwd=work, start_new_session=True)
    events: list[dict[str, Any]] = []
    listener = threading.Thread(target=_listen, args=(process, token, events), daemon=True)
    listener.start()
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(job).encode())
            process.stdin.close()
        ended = _watch(process, timeout, memory_mb)
    finally:
        _end(process)
        listener.join(timeout=5)
        shutil.rmtree(work, ignore_errors=True)
    if not ended and not any(event.get("end") or "broken" in event for event in events):
        ended = "time" if process.returncode in (-24, 152) else "crashed"  # SIGXCPU
    return events, ended


def _listen(process: psutil.Popen, token: str, events: list[dict[str, Any]]) -> None:
    """Collect the lines that bear the token; anything else that comes out of the process is not an event."""
    for line in process.stdout:
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict) and event.pop("token", None) == token:
                events.append(event)


def _watch(process: psutil.Popen, timeout: float, memory_mb: int) -> str:
    """Wait for the process; what it took too much of, or "" when it ended by itself."""
    until = time.monotonic() + max(60, 4 * timeout)
    while process.poll() is None:
        time.sleep(0.1)
        memory, worked, family = 0.0, 0.0, _family(process)
        for member in family:
            with contextlib.suppress(Exception):  # it ended meanwhile
                memory += member.memory_info().rss / 2**20
                worked += sum(member.cpu_times()[:4])  # its own and that of children that have ended
        if memory > memory_mb:
            return "memory"
        if len(family) > PROCESSES:
            return "processes"
        if worked > timeout or time.monotonic() > until:
            return "time"
    return ""


def _family(process: psutil.Popen) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return [process, *process.children(recursive=True)]
    return []


def _end(process: psutil.Popen) -> None:
    """Kill the process and everything it started, also what has left its group."""
    family = _family(process)
    if process.poll() is None:
        with contextlib.suppress(OSError, AttributeError):  # no killpg on Windows
            os.killpg(process.pid, 9)  # with namespaces all is over here: they end with their first process
    for member in family:
        with contextlib.suppress(Exception):
            member.kill()
    process.wait()
