"""Three dozen submissions to a small lesson, many of them hostile: one row each, the right verdicts, no harm."""

from __future__ import annotations

import ast
import builtins
import csv
import json
import os

import nbformat
import psutil
import pytest

from coursekit import answers, fence, grade
from coursekit.exercises import Question
from coursekit.workspace import LESSONS
from gadgetlib.errors import CourseError
from gadgetlib.files import project_root

SETUP = """
from types import SimpleNamespace
from coursekit import check, exercises
from coursekit.exercises import Exercise, Mistake, Question
table = [3, 1, 4, 1, 5, 9, 2, 6]
hint, why = ("Look.",), "It matters."
quiz = (Question("00.q1", "?", ("yes", "Yes."), (("no", "No."),)),)
exercises._module = lambda number: SimpleNamespace(QUIZ=quiz, EXERCISES=(
    Exercise("00.1", "core", "number", "The sum?", hint, why, expected=lambda g: sum(g.table),
             wrong=(Mistake("mean", "That is the mean.", lambda g: sum(g.table) / len(g.table)),)),
    Exercise("00.2", "core", "count", "How many are odd?", hint, why, wrong=(),
             expected=lambda g: sum(n % 2 for n in g.table)),
    Exercise("00.3", "stretch", "function", "A function: the longest rising run.", hint, why, wrong=(),
             cases=lambda g: [(([1, 2, 1, 2, 3],), 3), (([],), 0), (([5, 4],), 1)]),
))
"""
QUESTION = Question("00.q1", "?", ("yes", "Yes."), (("no", "No."),))
CHECK = 'check.exercise("00.{n}", answer, table=table)'
STUB = "# Exercise {n}\nanswer = ...\n" + CHECK
RUN = """def longest(values):
    best = now = 0
    for i, value in enumerate(values):
        now = now + 1 if i and value > values[i - 1] else 1
        best = max(best, now)
    return best
answer = longest"""
# written by somebody else, another way
RUN_2 = """def runs(items):
    lengths, current = [0], []
    for item in items:
        if current and item <= current[-1]:
            current = []
        current = current + [item]
        lengths.append(len(current))
    return max(lengths)
answer = runs"""
RUN_3 = """def answer(x):
    if not x:
        return 0
    steps = "".join("u" if b > a else "d" for a, b in zip(x, x[1:]))
    return 1 + max((len(part) for part in steps.split("d")), default=0)"""
PATCHED_JSON = """import json
dump, dumps = json.dump, json.dumps
def fix(found):
    if isinstance(found, dict):
        for value in [found, *found.values()]:
            if isinstance(value, dict) and "verdict" in value:
                value["verdict"] = "right"
    return found
json.dump = lambda found, *a, **k: dump(fix(found), *a, **k)
json.dumps = lambda found, *a, **k: dumps(fix(found), *a, **k)
answer = 7"""
PATCHED_LATER = """def answer(values):
    from coursekit import check
    keep = check._keep
    check._keep = lambda name, verdict, mistake, level: keep(name, "right", None, level)
    return 99"""
COPIED = RUN.replace("longest", "mine").replace("values", "liste").replace("best", "top") + "  # all my own work"


def cells(one="answer = 31", two="answer = 5", three=RUN_3, check=CHECK, before=()):
    """The code of a handed-in notebook, as (id, source)."""
    answers = [f"{text}\n{check.format(n=n)}" for n, text in enumerate((one, two, three), 1)]
    return [("set", SETUP), *[(f"own{i}", text) for i, text in enumerate(before)], *zip(("e1", "e2", "e3"), answers)]


def notebook(sources):
    made = nbformat.v4.new_notebook()
    for ident, source in sources:
        output = nbformat.v4.new_output("stream", text="Exercise 00.1: right. passed\n")
        made.cells.append(nbformat.v4.new_code_cell(source, id=ident, outputs=[output]))
    return nbformat.writes(made)


def lesson(folder):
    """The lesson and its solution in a folder of their own."""
    (folder / "solutions").mkdir(parents=True)
    stubs = [("set", SETUP), ("math", "import math"), *[(f"e{n}", STUB.format(n=n)) for n in (1, 2, 3)]]
    stubs.append(("quiz", 'check.quiz("00.q1", ...)'))
    (folder / "00_start_here.ipynb").write_text(notebook(stubs))
    (folder / "solutions" / "00_start_here.ipynb").write_text(notebook(cells()))
    return folder


@pytest.fixture(scope="module")
def class_(tmp_path_factory):
    """The submissions, graded; each with the verdicts it must get for exercises 1, 2 and 3."""
    base = tmp_path_factory.mktemp("class")
    target = project_root() / ".written-by-a-submission"
    home = os.path.expanduser("~/.written-by-a-submission")
    victim = base / "in" / "ada" / "00_start_here.ipynb"
    forged = json.dumps({f"00.{n}": {"verdict": "right", "mistake": None, "level": "core"} for n in (1, 2, 3)})
    loop = "while True:\n    pass"
    submissions = {
        "ada": (cells(three=RUN), "right right right"),
        "ben": (cells(one="answer = 3.875"), "wrong right right"),
        "cleo": (cells(three=RUN_2, two="answer = 4"), "right wrong right"),
        "dan": (cells("answer = ...", "answer = ...", "answer = ..."), "not attempted"),
        "eve_copies": (cells(three=COPIED), "right right right"),
        "finn": ([*cells(three=RUN_3), ("quiz", f'check.quiz("00.q1", "{QUESTION.answer}")')], "right right right"),
        "gus_loops": (cells(two=loop), "right time right"),
        "hal_eats_memory": (cells(two="x = []\nwhile True:\n    x.append(bytearray(10**7))"), "right memory right"),
        "ida_writes_outside": (cells(two=f"open({str(target)!r}, 'w').write('x')\nanswer = 5"), "right error right"),
        "jon_is_no_json": ("this is not JSON", ""),
        "kim_prints_passed": (
            cells("print('passed')", "", "", check="print('Exercise 00.{n}: right. passed')"), "not attempted"
        ),
        "lea_edits_the_check": (cells(one="answer = 7\ntable = [7]"), "wrong right right"),
        "max_forges_the_file": (
            cells(one=f"import os\nfor p in os.listdir('.'): print(p)\nopen('v.json', 'w').write({forged!r})\n"
                      "os.environ['GADGET_VERDICTS'] = 'v.json'\nanswer = 1"),
            "wrong right right",
        ),
        "nia_patches_the_judge": (
            cells(one="check._judge = lambda *a: ('right', None, 'right')\nanswer = 1"), "wrong right right"
        ),
        "ned_patches_builtins": (
            cells(one="import builtins\nbuiltins.abs = lambda *a: 0\nanswer = 7"), "wrong right right"
        ),
        "pat_patches_json": (cells(one=PATCHED_JSON), "wrong right right"),
        "quo_patches_later": (cells(three=PATCHED_LATER), "right right tampered"),
        "rex_recodes": (
            cells(one="from coursekit import check\ncheck.exercise.__code__ = (lambda *a: None).__code__\nanswer = 7"),
            "wrong right right",
        ),
        "sol_reads_solutions": (
            cells(one=f"import os\nanswer = 31 if not os.listdir({str(base / 'course' / 'solutions')!r}) else 0",
                  two=f"answer = 5 if not os.listdir({str(project_root() / 'notebooks' / 'solutions')!r}) else 0"),
            "right right right",
        ),
        "oli_exits": (cells(two="import os\nos._exit(0)"), "right crashed right"),
        "pia_calls_home": (
            cells(two="import socket\nsocket.socket().connect(('192.0.2.1', 80))"), "right error right"
        ),
        "quin_leaves_a_child": (
            cells(two="import subprocess\nsubprocess.Popen(['sleep', '4711'], start_new_session=True)\nanswer = 5"),
            "right right right",
        ),
        "ray_kills": (cells(two=f"import os\nos.kill({os.getpid()}, 9)\nanswer = 5"), "right error right"),
        "sue_shells_out": (
            cells(two=f"import subprocess\nsubprocess.run(['touch', {str(target)!r}, {home!r}])\nanswer = 5"),
            "right right right",
        ),
        "tom_helper_cell": (
            cells(one="answer = double(15.5)", before=["def double(x):\n    return 2 * x", "junk = 1 / 0"]),
            "right right right",
        ),
        "uma_uses_an_import": (cells(one="answer = math.fsum(table)"), "right right right"),
        "val_bad_syntax": (cells(two="answer = (5"), "right error right"),
        "wim_magic": (cells(two="%time answer = 5"), "right right right"),
        "xia_spoils_others": (
            cells(two=f"from pathlib import Path\nanswer = 5 if not Path({str(victim)!r}).exists() else 0\n"
                      f"Path({str(victim)!r}).write_text('spoiled')"),
            "right error right",
        ),
        "yan_prints_for_ever": (cells(two="answer = 5\nfor i in range(10**5): print('x' * 100)"), "right right right"),
        "zoe_deep_json": ("[" * 200_000, ""),
        "=cmd()": (cells(one="answer = '31'"), "wrong right right"),
        "amy_claims_to_be_equal": (
            cells(one="class A(float):\n    __eq__ = lambda *a: True\n    __sub__ = lambda *a: 0\nanswer = A(3)"),
            "wrong right right",
        ),
        "bob_raises_later": (cells(three="def answer(v):\n    raise SystemExit"), "right right wrong"),
        "cat_lost_a_cell": (cells()[:-1], "right right"),
        "erin_json": (cells(), "right right right"),
        "gina_capitals": (cells(), "right right right"),
        "hugo_byte_order_mark": (cells(), "right right right"),
        "ivy_sends_python": ("print('hello')", ""),
    }  # fmt: skip
    odd = {
        "erin_json": "00_start_here.ipynb.json",
        "gina_capitals": "00_START_HERE.IPYNB",
        "ivy_sends_python": "00_start_here.py",
    }
    for learner, (sources, _) in submissions.items():
        folder = base / "in" / learner
        folder.mkdir(parents=True)
        text = sources if isinstance(sources, str) else notebook(sources)
        encoding = "utf-8-sig" if learner == "hugo_byte_order_mark" else "utf-8"
        (folder / odd.get(learner, "00_start_here.ipynb")).write_text(text, encoding=encoding)
    (base / "in" / "frank.zip").write_bytes(b"PK")
    (base / "in" / "jane_forgot").mkdir()
    before = victim.read_bytes()
    said = []
    grade.grade(
        base / "in", base / "grades.csv", timeout=5, memory_mb=400, lessons=lesson(base / "course"), say=said.append
    )
    with (base / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["learner"]: row for row in csv.DictReader(file)}
    harm = [str(path) for path in (target, home) if os.path.exists(path)]
    for path in harm:
        os.unlink(path)
    if victim.read_bytes() != before:
        harm.append("another submission was changed")
    return {"rows": rows, "wanted": submissions, "harm": harm, "said": said, "pages": base / "grades_pages"}


def verdicts(row):
    return {part[:4]: part[5:].partition(" (")[0] for part in row["checks"].split("; ") if part and ".q" not in part}


def test_every_submission_has_its_row_and_the_right_verdicts(class_):
    assert len(class_["rows"]) == len(class_["wanted"]) + 2 == 41
    wrong = {}
    for learner, (_, wanted) in class_["wanted"].items():
        row = class_["rows"]["'" + learner if learner.startswith("=") else learner]
        found = verdicts(row)
        if wanted == "not attempted":
            good = set(found.values()) == {"not attempted"}
        elif learner == "cat_lost_a_cell":
            good = list(found.values()) == ["right", "right", "not attempted"]
        else:
            good = " ".join(found.values()) == wanted
        if not good:
            wrong[learner] = (wanted, row["checks"], row["status"], row["flags"])
    assert wrong == {}


def test_nobody_harmed_anything(class_):
    assert class_["harm"] == []
    left = [p.pid for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "4711"]]
    assert left == []


def test_the_table_says_what_to_look_at(class_):
    rows = class_["rows"]
    assert rows["jon_is_no_json"]["status"] == rows["zoe_deep_json"]["status"] == "unreadable"
    assert rows["gus_loops"]["status"] == "time" and rows["hal_eats_memory"]["status"] == "memory"
    assert "tried to write" in rows["ida_writes_outside"]["flags"]
    assert "tried to connect" in rows["pia_calls_home"]["flags"]
    assert "changed the check" in rows["quo_patches_later"]["flags"]
    assert "00.1 changed dump, dumps" in rows["pat_patches_json"]["flags"]
    assert "GADGET_VERDICTS" in rows["max_forges_the_file"]["flags"]
    assert "00.1 changed _judge" in rows["nia_patches_the_judge"]["flags"]
    assert rows["ben"]["checks"].startswith("00.1 wrong (mean)") and rows["ben"]["core"] == "0.5"
    assert rows["finn"]["checks"].endswith("00.q1 right") and rows["ben"]["checks"].endswith("00.q1 not attempted")
    reasons = {"frank": "is an archive; unpack it", "ivy_sends_python": "is not a notebook; ask for the .ipynb",
               "jane_forgot": "There is no notebook in this folder"}  # fmt: skip
    for learner, reason in reasons.items():
        assert rows[learner]["status"] == "unreadable" and reason in rows[learner]["flags"]
    assert float(rows["ada"]["score"]) == 1.0 and float(rows["kim_prints_passed"]["score"]) == 0.0


def test_the_copy_is_found_and_what_most_hand_in_accuses_nobody(class_):
    rows = class_["rows"]
    accused = {learner: row["copies"] for learner, row in rows.items() if row["copies"]}
    # most hand in one and the same answer here, as happens with an answer that a lecture suggested: no copies
    assert accused == {"ada": "eve_copies (100%)", "eve_copies": "ada (100%)"}


def test_pages_show_verdicts_and_escape_what_learners_wrote(class_):
    page = (class_["pages"] / "ben.html").read_text()
    assert "That is the mean." in page and "not yet" in page
    assert "It changed table" in (class_["pages"] / "lea_edits_the_check.html").read_text()
    index = (class_["pages"] / "index.html").read_text()
    assert index.count("<tr>") == 42 and "_cmd_.html" in index


def submission(learner, third):
    found = answers.Submission(learner, "00_start_here", None)
    found.cells = {"00.3": third + "\n" + CHECK.format(n=3)}
    found.own = {"00.3": []}
    return found


def test_renamed_and_commented_copies_are_found_even_far_from_the_lesson(tmp_path):
    lesson(tmp_path / "course")
    made = answers.build_frame(tmp_path / "course" / "00_start_here.ipynb", None)
    all_ = [submission("a", RUN), submission("b", COPIED), submission("c", RUN_2), submission("d", RUN_3)]
    pairs = grade.find_copies(all_, {made.lesson: made})
    assert [(one.learner, other.learner) for one, other, _ in pairs] == [("a", "b")]
    same_short = [submission("a", "answer = 5"), submission("b", "answer = 5")]
    assert grade.find_copies(same_short, {made.lesson: made}) == []


def test_an_answer_given_in_an_added_cell_counts_once(tmp_path):
    """The stub was deleted; the answer stands in a cell above. It is no answer to the next exercise."""
    folder = lesson(tmp_path / "course")
    made = answers.build_frame(folder / "00_start_here.ipynb", folder / "solutions" / "00_start_here.ipynb")
    sources = cells(one="", two="", before=["answer = 31", "import os; os._exit(0)"])
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x_00_start_here.ipynb").write_text(notebook(sources))
    (found,) = answers.find_submissions(tmp_path / "in")
    answers.take_answers(found, made)
    assert found.own["00.1"] == ["answer = 31"]  # the other added cell is needed by nobody
    grade.judge(found, made, fence.try_fence(), timeout=20, memory_mb=400, seed=None)
    assert [found.checks[f"00.{n}"]["verdict"] for n in (1, 2, 3)] == ["right", "not attempted", "right"]


def test_without_namespaces_the_audit_hook_still_holds(tmp_path):
    target = tmp_path / "outside.txt"
    tries = f"""
import socket, os
answer = []
for attempt in (lambda: open({str(target)!r}, "w"), lambda: os.mkdir({str(tmp_path / "d")!r}),
                lambda: socket.create_connection(("192.0.2.1", 80), 1), lambda: os.kill(1, 0),
                lambda: open("mine.txt", "w").close()):
    try:
        attempt(); answer.append("done")
    except PermissionError:
        answer.append("refused")
"""
    check = 'import json, os\njson.dump({"x": {"verdict": " ".join(answer)}}, open(os.environ["GADGET_VERDICTS"], "w"))'
    steps = [{"do": "exercise", "name": "x", "stub": "answer", "answer": tries, "check": check}]
    events, ended = fence.run_fenced(steps, namespaces=False, timeout=30, memory_mb=1024)
    (event,) = [event for event in events if "exercise" in event]
    assert ended == "" and event["verdict"] == "refused refused refused refused done"
    assert len(event["seen"]) == 4 and not target.exists()


def test_a_solution_that_fails_its_own_check_stops_the_grading(tmp_path):
    folder = lesson(tmp_path / "course")
    (folder / "solutions" / "00_start_here.ipynb").write_text(notebook(cells(one="answer = 30")))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada_00_start_here.ipynb").write_text(notebook(cells()))
    with pytest.raises(CourseError, match="the solution's answer to 00.1 is judged 'wrong'"):
        grade.grade(tmp_path / "in", tmp_path / "out.csv", timeout=20, lessons=folder, say=lambda text: None)


def test_a_lesson_that_does_not_run_here_spoils_no_other(tmp_path):
    folder = lesson(tmp_path / "course")
    for name in ("01_scrape.ipynb", "solutions/01_scrape.ipynb"):
        (folder / name).write_text(
            (folder / name.replace("01_scrape", "00_start_here")).read_text().replace("table =", "gone =")
        )
    (tmp_path / "in").mkdir()
    for name in ("00_start_here", "01_scrape"):
        (tmp_path / "in" / f"ada_{name}.ipynb").write_text(notebook(cells()))
    found = grade.grade(tmp_path / "in", tmp_path / "out.csv", timeout=20, lessons=folder, say=lambda text: None)
    assert [(one.learner, one.lesson, one.status) for one in found] == [
        ("ada", "00_start_here", "graded"), ("ada", "01_scrape", "not graded"),
    ]  # fmt: skip
    assert "NameError: name 'table' is not defined" in found[1].flags[0]


@pytest.mark.parametrize("name", LESSONS)
def test_every_lesson_has_a_frame_that_makes_what_its_checks_use(name):
    folder = project_root() / "notebooks"
    made = answers.build_frame(folder / f"{name}.ipynb", folder / "solutions" / f"{name}.ipynb")
    given = {name for kind, source in made.cells if kind == "setup" for name in bound(source)}
    assert sum(".q" not in task for task in made.tasks) >= 3
    for task in made.tasks.values():
        missing = loaded(task.check) - given - bound(task.check) - {task.stub, "check", *dir(builtins)}
        assert not missing, f"{task.name}: the solution does not make {missing}"


def bound(source):
    tree = answers.parsed(source)
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return answers.bound(tree) | arguments


def loaded(source):
    return answers.loaded(answers.parsed(source))


def test_an_empty_folder_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="no notebook"):
        grade.grade(tmp_path, tmp_path / "out.csv")


def test_too_many_processes_are_refused_or_end_the_run(monkeypatch):
    """Five hundred children that sleep, never more: a test must not be the bomb that it tests for."""
    code = """
import os, time
for made in range(500):
    try:
        if os.fork() == 0:
            time.sleep(4)
            os._exit(0)
    except OSError:
        break
print(made, flush=True)
"""
    answer = (
        f"import subprocess, sys\nanswer = subprocess.run([sys.executable, '-c', {code!r}], capture_output=True).stdout"
    )
    check = 'import json, os\njson.dump({"x": {"verdict": answer.decode()}}, open(os.environ["GADGET_VERDICTS"], "w"))'
    steps = [{"do": "exercise", "name": "x", "stub": "answer", "answer": answer, "check": check}]
    how = {"namespaces": fence.try_fence().namespaces, "timeout": 30, "memory_mb": 4096}
    _, ended = fence.run_fenced(steps, **how)
    assert ended == "processes"
    if how["namespaces"]:  # the kernel's own limit, when nobody watches
        monkeypatch.setattr(fence, "PROCESSES", 10**6)
        events, ended = fence.run_fenced(steps, **how)
        assert ended == "" and int(next(event for event in events if "exercise" in event)["verdict"]) < 330
