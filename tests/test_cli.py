"""The command line: answers at once where it can, says what to do where it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

COMMANDS = {
    "classify": ["x.jpg"], "search": ["x.jpg"], "price": ["brand=Dell"], "describe": ["x.jpg"],
}  # fmt: skip


def gadget(*arguments: str, stdin: str | None = None, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "coursekit", *arguments], input=stdin, capture_output=True, text=True,
        env={**os.environ, **env}, timeout=120, check=False,
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


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_nothing_trained_yet_is_one_sentence_and_exit_2(command, tmp_path):
    done = gadget(command, *COMMANDS[command], GADGET_BUILD=str(tmp_path))
    assert done.returncode == 2 and done.stdout == ""
    assert "make course" in done.stderr and done.stderr.count("\n") == 1


def test_specs_takes_arguments_or_lines():
    wanted = ["brand", "model", "ram_gb", "storage_gb", "screen_in", "price", "currency"]
    texts = ["Samsung Galaxy A52 (6GB RAM, 128GB)", "nothing to see"]
    done = gadget("specs", *texts)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(row) for row in rows] == [wanted, wanted]
    assert (rows[0]["brand"], rows[0]["ram_gb"], rows[0]["storage_gb"]) == ("Samsung", 6, 128)
    assert set(rows[1].values()) == {None}
    assert gadget("specs", stdin="\n".join(texts) + "\n").stdout == done.stdout


def test_a_file_that_is_not_there_is_a_row_with_its_reason(tmp_path):
    done = gadget("read", str(tmp_path / "no.jpg"))
    row = json.loads(done.stdout)
    assert list(row) == ["file", "error"] and "no.jpg" in row["error"] and done.returncode == 1


def test_a_wrong_option_of_run_is_one_sentence(tmp_path):
    done = gadget("run", "--profile", "huge", GADGET_BUILD=str(tmp_path))
    assert done.returncode == 2 and "quick or full" in done.stderr and done.stderr.count("\n") == 1
