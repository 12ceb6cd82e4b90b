"""The process in which a learner's answers run: fenced in first, then the cells, then one JSON line an event.

Started by :mod:`coursekit.fence` as ``python -m coursekit.sandbox``; the job comes as JSON on standard input.
The first fence is the kernel's (Linux namespaces: nothing but one small folder in memory can be written, there is no
network, no other process is in sight). The second is Python's audit hook, which works everywhere but only
holds honest code and clumsy mischief. What stood is the first line of the answer.
"""

import contextlib
import ctypes
import io
import json
import os
import re
import shutil
import struct
import sys
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import psutil
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell

from coursekit import check

LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
MOUNT_SETATTR, RECURSIVE = 442, 0x8000  # the call has this number on every architecture
NO_SUID_NO_DEVICES, BIND, NO_SUID, RDONLY = 6, 4096, 2, 1
DEVICES = ("null", "zero", "full", "random", "urandom")
JUDGES = {"coursekit", "gadgetlib", "numpy", "pandas", *sys.stdlib_module_names}  # whose functions a check may use
LIBRARIES = (sys.prefix, sys.base_prefix)
HERE = sys.modules[__name__]  # IPython puts a module of its own in the place of __main__
MOST_PROCESSES = 320  # threads count too; 301 is the least a namespace can be given
SHOWN = 4000  # characters of output kept an exercise
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
    "os.utime", "os.setxattr",
}  # fmt: skip


def _mount(source: str, target: Path, kind: str | None, flags: int, data: str = "") -> None:
    if LIBC.mount(os.fsencode(source), os.fsencode(target), kind.encode() if kind else None, flags, data.encode()):
        raise OSError(ctypes.get_errno(), f"mount on {target}")


def close_the_files(work: Path, hidden: list[str]) -> None:
    """Inside fresh user, mount and process namespaces: everything read-only but ``work`` (in memory, 512 MB).

    hidden: folders that look empty afterwards. Raises OSError where the kernel does not allow it.
    """
    wanted = struct.pack("4Q", RDONLY, 0, 0, 0)
    if LIBC.syscall(MOUNT_SETATTR, -100, b"/", RECURSIVE, wanted, len(wanted)):
        raise OSError(ctypes.get_errno(), "mount_setattr")
    _mount("none", work, "tmpfs", NO_SUID_NO_DEVICES, "size=512m,mode=700")
    devices = work / ".dev"
    (devices / "shm").mkdir(parents=True)
    for name in DEVICES:
        (devices / name).touch()
        _mount(f"/dev/{name}", devices / name, None, BIND)
    _mount(str(devices), Path("/dev"), None, BIND | 16384)  # disks are device files: read-only mounts do not guard them
    for folder in hidden:
        _mount("none", Path(folder), "tmpfs", NO_SUID_NO_DEVICES | RDONLY, "size=4k")


def bound_processes() -> bool:
    """Keep this process namespace small, root's too, whom RLIMIT_NPROC does not bind. Needs Linux 6.14."""
    release = tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])
    with contextlib.suppress(OSError):
        if release >= (6, 14):  # before, this number is the whole machine's
            return bool(Path("/proc/sys/kernel/pid_max").write_text(str(MOST_PROCESSES)))
    return False


def drop_rights() -> None:
    """Give up every capability, for this process and all it starts: the fence cannot be taken down again."""
    for capability in range(64):
        LIBC.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; unknown numbers are refused, which is fine
    LIBC.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if LIBC.capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "capset")


def limit(seconds: int, memory_mb: int, processes: int | None) -> None:
    """Set the limits on this process that its kernel knows; Windows knows none."""
    with contextlib.suppress(ImportError):
        import resource

        sizes = {"DATA": memory_mb * 2**20, "FSIZE": 512 * 2**20, "CORE": 0}
        for name, value in {"CPU": seconds, "NPROC": processes, **sizes}.items():
            with contextlib.suppress(ValueError, OSError, AttributeError, TypeError):  # not known or not set here
                resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


class Guard:
    """An audit hook that refuses writes outside ``work``, connections that leave this machine, and killing others.

    ``seen`` collects what was tried while ``watching`` is true (the learner's cells, not the lesson's).
    """

    def __init__(self, work: Path) -> None:
        self.allowed = (str(work.resolve()) + os.sep, "/dev/null", "/dev/shm/", "/dev/tty")
        self.watching = False
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def _refuse(self, what: str) -> None:
        if self.watching and what not in self.seen:
            self.seen.append(what)
        raise PermissionError(f"not allowed while grading: {what}")

    def _path(self, path: Any, what: str) -> None:
        real = "" if isinstance(path, int) or path is None else os.path.realpath(os.fsdecode(path))
        if real and real + os.sep != self.allowed[0] and not real.startswith(self.allowed):  # "": open already
            self._refuse(f"{what} {real}")

    def _hook(self, event: str, args: tuple) -> None:
        if event == "open":
            path, mode, flags = args
            if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & WRITING):
                self._path(path, "write to")
        elif event in CHANGES:
            for path in args[1:2] if event == "os.symlink" else args[: 2 if event in ("os.rename", "os.link") else 1]:
                self._path(path, event)
        elif event in ("socket.connect", "socket.sendto", "socket.bind", "socket.getaddrinfo"):
            host = args[0] if event == "socket.getaddrinfo" else isinstance(args[1], tuple) and args[1][0]
            if not str(host or "localhost").startswith(("127.", "::1", "localhost")):
                self._refuse(f"connect to {host}")
        elif event in ("os.fork", "os.forkpty", "os.posix_spawn") and self.watching:
            self._refuse("fork")
        elif event in ("os.kill", "os.killpg"):
            mine = [psutil.Process(), *psutil.Process().children(recursive=True)]
            if args[0] not in {process.pid for process in mine}:
                self._refuse(f"kill process {args[0]}")


class Output(io.StringIO):
    """Standard output that keeps its beginning only: a cell that prints for ever fills no memory."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, SHOWN - self.tell())])
        return len(text)


class Originals:
    """The modules, functions and classes that a check may use, as they are now: what an answer replaces is put back."""

    def __init__(self) -> None:
        self.modules = {k: module for k, module in list(sys.modules.items()) if k.partition(".")[0] in JUDGES}
        spaces = [*self.modules.values(), HERE]
        spaces += [one for space in spaces for one in vars(space).values() if isinstance(one, type) and _ours(one)]
        self.bound = [
            (space, name, value, value.__code__ if isinstance(value, FunctionType) else None)
            for space in spaces
            for name, value in vars(space).items()
            if callable(value)
        ]

    def restore(self) -> set[str]:
        """Put back what was replaced since; its names. A library may replace what is not the checker's own."""
        replaced = {name for name, module in self.modules.items() if sys.modules.get(name) is not module}
        sys.modules |= self.modules
        for space, name, value, code in self.bound:
            now = vars(space).get(name)
            if now is value and (not code or value.__code__ is code):
                continue
            if isinstance(now, FunctionType) and now.__code__.co_filename.startswith(LIBRARIES) and not _ours(space):
                continue
            if code:
                value.__code__ = code
            setattr(space, name, value)
            replaced.add(name)
        return replaced


def _ours(space: type | ModuleType) -> bool:
    name = space.__module__ if isinstance(space, type) else space.__name__
    return name.partition(".")[0] in ("coursekit", "gadgetlib", "json", "__main__")


class Cells:
    """An IPython shell without a kernel: magics and ``display`` work, no port is opened."""

    def __init__(self, guard: Guard) -> None:
        HistoryManager.enabled = False
        self.shell = InteractiveShell.instance()
        self.shell.showtraceback = self.shell.showsyntaxerror = lambda *a, **k: None  # the event carries the error
        self.guard = guard
        self.replaced: set[str] = set()  # what the learner's cells put others in the place of

    def run(self, source: str, learner: bool = False) -> tuple[str, str]:
        """Run one cell; return its output and its error, ``""`` if there was none."""
        output, originals, self.guard.watching = Output(), Originals() if learner else None, learner
        try:
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(Output()):
                done = self.shell.run_cell(source, store_history=False)
        finally:
            self.guard.watching = False
            self.replaced |= originals.restore() if originals else set()
        error = done.error_before_exec or done.error_in_exec
        return output.getvalue(), f"{type(error).__name__}: {error}"[:500] if error else ""

    def exercise(self, step: dict[str, Any]) -> dict[str, Any]:
        """Run a learner's answer, then judge it."""
        self.shell.user_ns[step["stub"]] = ...
        for source in step["own"]:  # an error there stays there, as in the notebook
            self.run(source, learner=True)
        said, error = self.run(step["answer"], learner=True)
        changed, self.replaced, originals = self.replaced, set(), Originals()
        if error:
            return {"verdict": "error", "said": said, "detail": error}
        found = judged(step, self.shell.user_ns.get(step["stub"], ...))
        # no sound check can find a bare object right, nor a function that returns one
        bare = (object(), lambda *a: object()) if found["verdict"] == "right" else ()
        unsound = any(judged(step, nothing)["verdict"] == "right" for nothing in bare)
        while_judged = originals.restore()
        if unsound or while_judged:
            found = {"verdict": "tampered", "level": found["level"]}
        return {**found, "said": said + found.get("told", ""), "changed": sorted(changed | while_judged)}


def judged(step: dict[str, Any], answer: Any) -> dict[str, Any]:
    """The verdict of the checker, with the exercise read anew: an answer may have changed what it could reach."""
    sys.modules.pop(f"lesson_{step['name'][:2]}", None)
    try:
        with contextlib.redirect_stdout(Output()), contextlib.redirect_stderr(Output()):
            return check.judge(step["name"], answer, step["seed"])
    except BaseException as error:
        return {"verdict": "error", "level": None, "detail": f"{type(error).__name__}: {error}"[:500]}


def lend_build(build: Path, lent: Path) -> None:
    """Make ``lent`` look like ``build``: links, which give no right to change anything, and two small copies."""
    lent.mkdir()
    for entry in build.iterdir() if build.is_dir() else ():
        if entry.name in ("stamps", "cards"):
            shutil.copytree(entry, lent / entry.name)
        elif not entry.name.startswith("."):
            (lent / entry.name).symlink_to(entry)


def close(job: dict[str, Any], work: Path) -> str:
    """Put up the fence that the job asks for; return what bounds the number of processes."""
    processes = "watch only"
    if job["namespaces"]:
        bounded = bound_processes() or not job["root"]
        processes = "kernel limit" if bounded else "watch only (root on Linux before 6.14: grade as somebody else)"
        close_the_files(work, job["hidden"])
        drop_rights()
    lend_build(Path(job["build"]), work / "build")
    limit(job["seconds"] + 5, job["memory_mb"], MOST_PROCESSES if job["namespaces"] else None)
    return processes


def main() -> None:
    job = json.loads(sys.stdin.buffer.read())
    work = Path(job["work"])
    stood = close(job, work)
    os.chdir(work)
    shutil.copytree(job["fonts"], work / "mpl")
    pipe = os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)

    def tell(**event: Any) -> None:
        pipe.write(json.dumps({"token": job["token"], **event}) + "\n")
        pipe.flush()

    tell(stood=stood)
    guard = Guard(work)
    cells = Cells(guard)
    for number, step in enumerate(job["steps"]):
        tell(at=number)
        if step["do"] == "setup":
            if error := cells.run(step["source"])[1]:
                return tell(broken=error)
        else:
            tell(exercise=step["name"], **cells.exercise(step), seen=guard.seen)
            guard.seen = []
    return tell(end=True)


if __name__ == "__main__":
    main()
