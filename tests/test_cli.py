"""The command line: answers at once where it can, says what to do where it cannot, a row for every file."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time

import httpx
import pytest

from coursekit.run import read_preset
from gadgetlib.errors import CourseError

COMMANDS = {"classify": ["x.jpg"], "search": ["x.jpg"], "price": ["brand=Dell"], "describe": ["x.jpg"], "app": []}
ROW = ["brand", "model", "ram_gb", "storage_gb", "screen_in", "price", "currency"]


def gadget(*arguments: str, stdin: str | None = None, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", "from coursekit.cli import main; main()", *arguments], input=stdin, text=True,
        env={**os.environ, **env}, timeout=600, check=False, capture_output=True,
    )  # fmt: skip


@pytest.mark.parametrize("arguments", [["--help"], ["specs", "--help"], ["specs", "Dell XPS 13 16GB 512GB SSD"]])
def test_light_commands_import_nothing_heavy(arguments):
    code = (
        "import sys; sys.argv = ['gadget', *%r]\n"
        "import gadgetlib.cli\n"
        "try:\n    gadgetlib.cli.main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'fastai', 'transformers', 'pandas', 'cv2', 'lancedb', 'spacy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code % (arguments,)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_listings_do_not_load_what_only_prices_need():
    code = "import sys, gadgetlib.listing, gadgetlib.batch; print({'sklearn', 'pandas', 'torch'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_nothing_trained_yet_is_one_sentence_and_exit_2(command, tmp_path):
    done = gadget(command, *COMMANDS[command], GADGET_BUILD=str(tmp_path))
    assert done.returncode == 2 and done.stdout == ""
    assert "make course" in done.stderr and done.stderr.count("\n") == 1


def test_specs_takes_arguments_or_lines():
    texts = ["Samsung Galaxy A52 (6GB RAM, 128GB)", "nothing to see"]
    done = gadget("specs", *texts)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(row) for row in rows] == [ROW, ROW]
    assert (rows[0]["brand"], rows[0]["ram_gb"], rows[0]["storage_gb"]) == ("Samsung", 6, 128)
    assert set(rows[1].values()) == {None}
    assert gadget("specs", stdin="\n".join(texts) + "\n").stdout == done.stdout


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_every_file_has_its_row_whatever_it_and_the_terminal_are(tmp_path, encoding):
    """A missing file, a name that the terminal cannot show, a name that is no text at all."""
    names = ["no.jpg", "снимок.jpg", "\udcff😀.jpg"]
    done = gadget("read", *names, PYTHONIOENCODING=encoding)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(row) for row in rows] == [["file", "error"]] * 3 and done.returncode == 1
    assert [row["file"] for row in rows] == names and "no.jpg" in rows[0]["error"]


@pytest.mark.parametrize(("streams", "code"), [("<&-", 0), (">&-", 0), ("> /dev/full", 1)])
@pytest.mark.skipif(sys.platform != "linux", reason="the shell's closed streams and /dev/full are Linux's")
def test_closed_streams_and_a_full_disk_are_no_traceback(streams, code):
    given = "" if streams == "<&-" else "'Dell 16GB'"
    done = subprocess.run(["bash", "-c", f"'{sys.executable}' -m gadgetlib specs {given} {streams}"],
                          capture_output=True, text=True, timeout=600, check=False)  # fmt: skip
    assert done.returncode in (code, 120) and "Traceback" not in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["run", "--profile", "huge"], "'quick'"), (["app", "--port", "99999"], "leave `--port`"),
     (["app", "--host", "no.such.host.invalid"], "leave `--port`"),
     (["grade", "{folder}", "--out", "{folder}"], "'--out'"),
     (["describe", "x.jpg", "--out", "{folder}"], "'--out'")],
)  # fmt: skip
def test_a_wrong_option_is_one_sentence(arguments, words, tmp_path):
    (tmp_path / "classifier").mkdir()
    done = gadget(*(part.format(folder=tmp_path) for part in arguments), GADGET_BUILD=str(tmp_path))
    assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr
    assert words in done.stderr and (tmp_path / "classifier").is_dir()


def test_a_preset_that_is_no_text_is_one_sentence(tmp_path):
    (tmp_path / "mine.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(CourseError, match="preset mine.yaml is not understood"):
        read_preset(str(tmp_path / "mine.yaml"))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_address_that_the_app_cannot_have_is_one_sentence(host, tmp_path):
    """A port that is taken, and an address that Gradio cannot write."""
    (tmp_path / "classifier").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = gadget("app", "--host", host, "--port", port, GADGET_BUILD=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.count("\n") == 1
    assert f"port {port} of {host}" in done.stderr and "leave `--port`" in done.stderr


def free(port):
    """Can the app have this port? Ports below 32,768 are not handed out to connections meanwhile."""
    with socket.socket() as tried, contextlib.suppress(OSError):
        tried.bind(("127.0.0.1", port))
        return True
    return False


def test_the_app_starts_behind_a_proxy_and_leaves_nothing(tmp_path):
    """Neither its own folder, which nobody else may read, nor that of a server that was killed."""
    (tmp_path / "classifier").mkdir()
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    for process in (killed.pid, os.getpid()):
        (tmp_path / f"gadget-app-{process}-x" / "visit").mkdir(parents=True)
    port = next(filter(free, range(20_000 + os.getpid() % 9000, 30_000)))
    settings = {
        "GADGET_BUILD": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "http_proxy": "http://127.0.0.1:9",
        "no_proxy": "",
        "NO_PROXY": "",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "gadgetlib", "app", "--port", str(port)], env={**os.environ, **settings}
    )
    try:
        with httpx.Client(trust_env=False, timeout=300) as client:
            answer, end = None, time.monotonic() + 300
            while answer is None and time.monotonic() < end:
                try:
                    answer = client.get(f"http://127.0.0.1:{port}")
                except httpx.TransportError:  # it does not listen yet
                    assert server.poll() is None
                    time.sleep(0.5)
        (own,) = tmp_path.glob(f"gadget-app-{server.pid}-*")
        assert answer.status_code == 200 and own.stat().st_mode & 0o077 == 0
    finally:
        server.terminate()
        server.wait(300)
    assert [path.name for path in tmp_path.glob("gadget-app-*")] == [f"gadget-app-{os.getpid()}-x"]
