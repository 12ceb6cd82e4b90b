"""Three dozen submissions to a small lesson, many of them hostile: one row each, the right verdicts, no harm."""

from __future__ import annotations

import csv
import json
import os

import nbformat
import psutil
import pytest

from coursekit import answers, exercises, fence, grade
from coursekit.exercises import Question
from coursekit.workspace import LESSONS
from gadgetlib.errors import CourseError
from gadgetlib.files import project_root

SETUP = """
from types import SimpleNamespace
from coursekit import check, exercises
from coursekit.exercises import Exercise, Mistake, Question, equal
seed = 42
hint, why = ("Look.",), "It matters."
quiz = (Question("00.q1", "?", ("yes", "Yes."), (("no", "No."),)),)
exercises._module = lambda number: SimpleNamespace(QUIZ=quiz, EXERCISES=(
    Exercise("00.1", "core", "list", "The sum of the table, in a list?", hint, why,
             right=lambda a, g: equal(a, [sum(g.table)]),
             wrong=(Mistake("mean", "That is the mean.", lambda g: [sum(g.table) / len(g.table)],
                            lambda a, g: equal(a, [sum(g.table) / len(g.table)])),),
             variant=lambda rng: {"table": rng.sample(range(100), 8)}),
    Exercise("00.2", "core", "list", "The odd ones of 4, 1, 6, 5, in a list?", hint, why, wrong=(),
             right=lambda a, g: equal(a, [1, 5])),
    Exercise("00.3", "stretch", "function", "A function: the longest rising run.", hint, why, wrong=(),
             cases=lambda g: [(([1, 2, 1, 2, 3],), 3), (([],), 0), (([5, 4],), 1)]),
))
table = exercises.find("00.1").given(seed).table
"""
QUESTION = Question("00.q1", "?", ("yes", "Yes."), (("no", "No."),))
CHECK = 'check.exercise("00.{n}", answer, seed)'
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
answer = [7]"""
PATCHED_LATER = """def answer(values):
    from coursekit import check
    check.judge = lambda *a: {"verdict": "right", "mistake": None, "level": "core", "told": "right"}
    return 99"""
COPIED = RUN.replace("longest", "mine").replace("values", "liste").replace("best", "top") + "  # all my own work"


ONE, TWO = "answer = [sum(table)]", "answer = [1, 5]"


def cells(one=ONE, two=TWO, three=RUN_3, check=CHECK, before=()):
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
        "ben": (cells(one="answer = [sum(table) / len(table)]"), "wrong right right"),
        "cleo": (cells(three=RUN_2, two="answer = [1]"), "right wrong right"),
        "dan": (cells("answer = ...", "answer = ...", "answer = ..."), "not attempted"),
        "eve_copies": (cells(three=COPIED), "right right right"),
        "finn": ([*cells(three=RUN_3), ("quiz", f'check.quiz("00.q1", "{QUESTION.answer}")')], "right right right"),
        "gus_loops": (cells(two=loop), "right time right"),
        "hal_eats_memory": (cells(two="x = []\nwhile True:\n    x.append(bytearray(10**7))"), "right memory right"),
        "ida_writes_outside": (cells(two=f"open({str(target)!r}, 'w').write('x')\n{TWO}"), "right error right"),
        "jon_is_no_json": ("this is not JSON", ""),
        "kim_prints_passed": (
            cells("print('passed')", "", "", check="print('Exercise 00.{n}: right. passed')"), "not attempted"
        ),
        "lea_edits_the_check": (
            cells(one="seed = 7\nanswer = [sum(exercises.find('00.1').given(7).table)]"), "wrong right right"
        ),
        "max_forges_the_file": (
            cells(one=f"import os\nfor p in os.listdir('.'): print(p)\nopen('v.json', 'w').write({forged!r})\n"
                      "check.RESULTS['00.1'] = {'verdict': 'right'}\nanswer = [1]"),
            "wrong right right",
        ),
        "nia_patches_the_judge": (
            cells(one="exercises.Exercise.judge = lambda *a: ('right', None, 'right')\nanswer = [1]"),
            "wrong right right",
        ),
        "ned_patches_builtins": (
            cells(one="import builtins\nbuiltins.abs = lambda *a: 0\nanswer = [7]"), "wrong right right"
        ),
        "pat_patches_json": (cells(one=PATCHED_JSON), "wrong right right"),
        "quo_patches_later": (cells(three=PATCHED_LATER), "right right tampered"),
        "rex_recodes": (
            cells(one="check.exercise.__code__ = (lambda *a: None).__code__\nanswer = [7]"),
            "wrong right right",
        ),
        "sol_reads_solutions": (
            cells(one=f"import os\nanswer = [sum(table)] if not os.listdir({str(base / 'course/solutions')!r}) else []",
                  two=f"answer = [1, 5] if not os.listdir({str(project_root() / 'notebooks/solutions')!r}) else 0"),
            "right right right",
        ),
        "oli_exits": (cells(two="import os\nos._exit(0)"), "right crashed right"),
        "pia_calls_home": (
            cells(two="import socket\nsocket.socket().connect(('192.0.2.1', 80))"), "right error right"
        ),
        "quin_leaves_a_child": (
            cells(two="import subprocess\nsubprocess.Popen(['sleep', '4711'], start_new_session=True)\n" + TWO),
            "right right right",
        ),
        "ray_kills": (cells(two=f"import os\nos.kill({os.getpid()}, 9)\nanswer = [1, 5]"), "right error right"),
        "sue_shells_out": (
            cells(two=f"import subprocess\nsubprocess.run(['touch', {str(target)!r}, {home!r}])\nanswer = [1, 5]"),
            "right right right",
        ),
        "tom_helper_cell": (
            cells(one="answer = [double(sum(table) / 2)]", before=["def double(x):\n    return 2 * x", "junk = 1 / 0"]),
            "right right right",
        ),
        "uma_uses_an_import": (cells(one="answer = [math.fsum(table)]"), "right right right"),
        "val_bad_syntax": (cells(two="answer = ([5]"), "right error right"),
        "wim_magic": (cells(two="%time answer = [1, 5]"), "right right right"),
        "xia_spoils_others": (
            cells(two=f"from pathlib import Path\nanswer = [1, 5] if not Path({str(victim)!r}).exists() else []\n"
                      f"Path({str(victim)!r}).write_text('spoiled')"),
            "right error right",
        ),
        "yan_prints_for_ever": (cells(two=f"{TWO}\nfor i in range(10**5): print('x' * 100)"), "right right right"),
        "zoe_deep_json": ("[" * 200_000, ""),
        "=cmd()": (cells(one="answer = [str(sum(table))]"), "wrong right right"),
        "amy_claims_to_be_equal": (
            cells(one="class A(float):\n    __eq__ = lambda *a: True\n    __sub__ = lambda *a: 0\nanswer = [A(3)]"),
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
    assert "RESULTS" in rows["max_forges_the_file"]["flags"]
    assert "00.1 changed judge" in rows["nia_patches_the_judge"]["flags"]
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
    assert "It changed judge" in (class_["pages"] / "nia_patches_the_judge.html").read_text()
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
    same_short = [submission("a", TWO), submission("b", TWO)]
    assert grade.find_copies(same_short, {made.lesson: made}) == []


def test_an_answer_given_in_an_added_cell_counts_once(tmp_path):
    """The stub was deleted; the answer stands in a cell above. It is no answer to the next exercise."""
    folder = lesson(tmp_path / "course")
    made = answers.build_frame(folder / "00_start_here.ipynb", folder / "solutions" / "00_start_here.ipynb")
    sources = cells(one="", two="", before=[ONE, "import os; os._exit(0)"])
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x_00_start_here.ipynb").write_text(notebook(sources))
    (found,) = answers.find_submissions(tmp_path / "in")
    answers.take_answers(found, made)
    assert found.own["00.1"] == [ONE]  # the other added cell is needed by nobody
    grade.judge(found, made, fence.try_fence(), timeout=20, memory_mb=400, seed=None)
    assert [found.checks[f"00.{n}"]["verdict"] for n in (1, 2, 3)] == ["right", "not attempted", "right"]


def run_alone(answer, **how):
    """Run one answer, to no exercise at all; its event, if it came so far, and how the process ended."""
    step = {"do": "exercise", "name": "00.9", "stub": "answer", "answer": answer, "own": [], "seed": 42}
    events, ended = fence.run_fenced([step], **how)
    return next((event for event in events if "exercise" in event), None), ended


def test_without_namespaces_the_audit_hook_still_holds(tmp_path):
    target = tmp_path / "outside.txt"
    tries = f"""
import socket, os
for attempt in (lambda: open({str(target)!r}, "w"), lambda: os.mkdir({str(tmp_path / "d")!r}),
                lambda: socket.create_connection(("192.0.2.1", 80), 1), lambda: os.kill(1, 0),
                lambda: open("mine.txt", "w").close()):
    try:
        attempt(); print("done")
    except PermissionError:
        print("refused")
"""
    event, ended = run_alone(tries, namespaces=False, timeout=60, memory_mb=1024)
    assert ended == "" and event["said"].split() == ["refused"] * 4 + ["done"]
    assert len(event["seen"]) == 4 and not target.exists()


def test_a_solution_that_fails_its_own_check_stops_the_grading(tmp_path):
    folder = lesson(tmp_path / "course")
    (folder / "solutions" / "00_start_here.ipynb").write_text(notebook(cells(one="answer = [30]")))
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
def test_every_lesson_has_a_frame_with_its_seed_and_exercises(name):
    folder = project_root() / "notebooks"
    made = answers.build_frame(folder / f"{name}.ipynb", folder / "solutions" / f"{name}.ipynb")
    known = [one.name for one in (*exercises.of_lesson(name[:2]), *exercises.quiz_of(name[:2]))]
    assert sorted(made.tasks) == sorted(known) and made.seed == 42
    for task in made.tasks.values():
        assert task.stub.isidentifier() and "check.exercise" not in answers.answer_part(task.source)


def test_an_empty_folder_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="no notebook"):
        grade.grade(tmp_path, tmp_path / "out.csv")


def test_too_many_processes_are_refused_or_end_the_run(monkeypatch):
    """Five hundred children that sleep, never more: a test must not be the bomb that it tests for."""
    code = """
import os, signal, sys, time
made = []
for _ in range(500):
    try:
        if (child := os.fork()) == 0:
            time.sleep(100)
            os._exit(0)
        made.append(child)
    except OSError:
        break
time.sleep(float(sys.argv[1]))
for child in made:
    os.kill(child, signal.SIGKILL)
print(len(made), flush=True)
"""
    answer = "import subprocess, sys\ndone = subprocess.run([sys.executable, '-c', {code!r}, '{rest}'], stdout=-1)\n"
    answer += "print(done.stdout.decode())"
    how = {"namespaces": fence.try_fence().namespaces, "timeout": 60, "memory_mb": 4096}
    _, ended = run_alone(answer.format(code=code, rest=60), **how)
    assert ended == "processes"
    if how["namespaces"]:  # the kernel's own limit, when nobody watches
        monkeypatch.setattr(fence, "PROCESSES", 10**6)
        event, ended = run_alone(answer.format(code=code, rest=0), **how)
        assert ended == "" and 0 < int(event["said"]) < 330


# ---------------------------------------------------------------- answers that reach for the checker


ALLOWS = """import sys, types, functools, textwrap, coursekit
from coursekit import check, exercises
exercises.of_lesson("01")
lesson = sys.modules["lesson_01"]
answer = lambda rules, path: True
def mine(self, given, seed):
    return "right" if given is answer else "wrong", None, ""
"""
OWN_EXERCISES = """fake = types.ModuleType("x")
vars(fake).update(vars(exercises), Exercise=type("Exercise", (exercises.Exercise,), {"judge": mine}))
sys.modules["coursekit.exercises"] = fake"""
OWN_CHECKER = """fake = types.ModuleType("x")
fake.judge = lambda *a: {"verdict": "right", "mistake": None, "level": "core", "told": ""}
coursekit.check = sys.modules["coursekit.check"] = fake"""
REACHING = {  # each of them hands in a robots.txt reader that allows everything
    "for nothing": "",
    "for the cases": "lesson.RULES.clear()",
    "for the cases that do not suit it": "lesson.RULES[:] = [r for r in lesson.RULES if lesson.robots(*r)]",
    "for the right answer": "lesson.robots = answer",
    "for the exercise": "object.__setattr__(exercises.find('01.2'), 'right', lambda a, g: a is answer)",
    "for the exercise's class": "exercises.Exercise.judge = mine",
    "for what is equal": "exercises.equal = functools.partial(lambda a, b, within: True)",
    "for what is equal, with a library's function": "exercises.equal = textwrap.shorten",
    "for the module of exercises": OWN_EXERCISES,
    "for the module of checks": OWN_CHECKER,
    "for the seed": "seed = 7",
}


@pytest.mark.parametrize("how", REACHING)
def test_an_answer_that_reaches_for_the_checker_is_judged_all_the_same(how):
    sources = ALLOWS + REACHING[how], "from coursekit import exercises\nanswer = exercises._module('01').robots"
    step = {"do": "exercise", "name": "01.2", "stub": "answer", "own": [], "seed": 42}
    steps = [{**step, "answer": source} for source in sources]
    events, ended = fence.run_fenced(steps, namespaces=False, timeout=60, memory_mb=1024)
    assert ended == "" and [event["verdict"] for event in events if "exercise" in event] == ["wrong", "right"]
