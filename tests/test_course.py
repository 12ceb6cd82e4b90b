"""The frame: parameters, safe writing, artefacts."""

from __future__ import annotations

import errno
import json
import os
import random

import numpy as np
import pytest
import torch
from PIL import Image

from coursekit import contracts, workspace
from coursekit import lesson as lesson_module
from coursekit.lesson import check_parameters
from gadgetlib import LEDGER_COLUMNS, files
from gadgetlib.errors import CourseError
from gadgetlib.files import write_atomic


def notebook_globals(**injected):
    """What a notebook's globals look like after its parameters cell and papermill's injection."""
    return {
        "__annotations__": {"profile": str, "seed": int, "epochs": int, "rate": float, "flip": bool,
        "names": list[str]},
        "profile": "quick", "seed": 42, "epochs": 3, "rate": 0.1, "flip": True, "names": ["a"], **injected,
    }  # fmt: skip


ACCEPTED = {"profile": ["quick", "full"], "epochs": (1, 50)}


def test_parameters_are_returned_by_name():
    found = check_parameters("03_finetune", notebook_globals(epochs=5, rate=1), ACCEPTED)
    assert found == {"profile": "quick", "seed": 42, "epochs": 5, "rate": 1.0, "flip": True, "names": ["a"]}


@pytest.mark.parametrize(
    ("injected", "words"),
    [
        ({"epoch": 5}, ["no parameter 'epoch'", "epochs (int, 1 to 50)", "profile (quick | full)"]),
        ({"epochs": "5"}, ["epochs = '5'", "1 to 50"]),
        ({"epochs": 0}, ["epochs = 0", "1 to 50"]),
        ({"epochs": True}, ["epochs = True"]),
        ({"epochs": 2.5}, ["epochs = 2.5"]),
        ({"profile": "huge"}, ["profile = 'huge'", "quick | full"]),
        ({"names": [1]}, ["names"]),
        ({"flip": None}, ["flip = None"]),
    ],
)
def test_a_wrong_parameter_is_one_sentence_with_what_is_accepted(injected, words):
    with pytest.raises(CourseError) as caught:
        check_parameters("03_finetune", notebook_globals(**injected), ACCEPTED)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_later_variables_are_not_taken_for_parameters():
    assert check_parameters("03_finetune", notebook_globals(n=3, _lesson_started=True), ACCEPTED)["epochs"] == 3


def test_write_atomic_keeps_the_old_file_when_the_block_fails(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), write_atomic(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def test_write_atomic_replaces_a_folder_whole(tmp_path):
    for content in ("one", "two"):
        with write_atomic(tmp_path / "model") as part:
            part.mkdir()
            (part / content).write_text(content)
    assert [p.name for p in (tmp_path / "model").iterdir()] == ["two"]


def test_write_atomic_replaces_no_folder_by_a_file(tmp_path):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "answers.ipynb").write_text("work")
    with pytest.raises(CourseError, match="is a folder"), write_atomic(tmp_path / "class") as part:
        part.write_text("grades")
    assert (tmp_path / "class" / "answers.ipynb").read_text() == "work" and len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="disk is full"), write_atomic(tmp_path / "x"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_read_only_build_is_one_sentence(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system", args[0])

    monkeypatch.setattr(files.Path, "write_text", refuse)
    with pytest.raises(CourseError, match="cannot be written to"):
        files.check_writable(tmp_path)


def test_splits_are_those_that_shipped_and_near_their_shares():
    known = {"apple-iphone-6": "train", "nokia-3310": "train", "apple-iphone-11": "valid"}
    assert {name: files.split_of(name) for name in known} == known
    names = [files.split_of(f"product-{i}") for i in range(4000)]
    assert abs(names.count("train") / 4000 - 0.70) < 0.03
    assert abs(names.count("test") / 4000 - 0.15) < 0.03


def test_nothing_trained_yet_says_what_to_run(build):
    with pytest.raises(CourseError, match="make course ONLY=03"):
        files.trained("classifier")


def good_photos():
    rows = ["file,label,group,source,split,sha256,phash,width,height"]
    rows += [
        f"raw/images/{i}.jpg,laptop,g{i % 3},s,{['train', 'valid', 'test'][i % 3]},{i:064d},ff,320,200"
        for i in range(9)
    ]
    return rows


def test_the_photo_contract_catches_a_leak_a_label_and_a_duplicate(build):
    path = build / "photos.csv"
    path.parent.mkdir()
    rows = good_photos()
    path.write_text("\n".join(rows))
    contracts.check("photos", path)
    for broken, words in (
        ([*rows[:-1], rows[-1].replace(",test,", ",train,")], "two splits"),
        ([*rows[:-1], rows[-1].replace("laptop", "toaster")], "label"),
        ([*rows, rows[-1]], "sha256"),
        (rows[:1], "no rows"),
    ):
        path.write_text("\n".join(broken))
        with pytest.raises(CourseError, match=words):
            contracts.check("photos", path)


def test_a_table_is_checked_while_it_is_written(build):
    lesson = lesson_module.Lesson("02_clean", {"profile": "quick", "seed": 42})
    with pytest.raises(CourseError, match="two splits"), lesson.write("photos") as part:
        part.write_text("\n".join(good_photos()).replace(",test,", ",train,", 1))
    with lesson.write("photos") as part:
        part.write_text("\n".join(good_photos()))
    assert workspace.stamp("photos")["lesson"] == "02_clean"


def test_the_ledger_s_pictures_must_be_there(build):
    row = dict.fromkeys(LEDGER_COLUMNS, "") | {"status": "ok", "label": "laptop", "file": "images/1.jpg"}
    (build / "images").mkdir(parents=True)
    picture, ledger = build / "images" / "1.jpg", build / "ledger.csv"
    picture.touch()
    ledger.write_text("\n".join([",".join(row), ",".join(row.values())]))
    contracts.check("raw", ledger)
    picture.unlink()
    with pytest.raises(CourseError, match="1 files are missing, such as images/1.jpg"):
        contracts.check("raw", ledger)
    ledger.write_text(ledger.read_text().replace("ok", "failed"))
    with pytest.raises(CourseError, match="no picture was fetched.*ONLY=01"):
        contracts.check("raw", ledger)


def test_a_torn_model_card_is_a_broken_contract(build):
    (build / "classifier").mkdir(parents=True)
    (build / "classifier" / "model.safetensors").touch()
    for text, words in (("", "JSONDecodeError"), ('{"labels":', "JSONDecodeError"), (None, "model.json is missing")):
        if text is None:
            (build / "classifier" / "model.json").unlink()
        else:
            (build / "classifier" / "model.json").write_text(text)
        with pytest.raises(CourseError, match=f"{words}.*ONLY=03"):
            contracts.check("classifier", build / "classifier")


def test_an_unreadable_artefact_is_a_broken_contract_not_a_crash(build):
    path = build / "text.jsonl"
    path.parent.mkdir()
    path.write_text("{not json")
    with pytest.raises(CourseError, match="ONLY=04"):
        contracts.check("text", path)


def test_a_lesson_writes_its_artefact_only_when_the_contract_holds(build):
    lesson = lesson_module.Lesson("04_ocr", {"profile": "quick", "seed": 42})
    with pytest.raises(CourseError), lesson.write("text") as part:
        part.write_text(json.dumps({"file": "a.jpg"}) + "\n")
    assert not workspace.artefact_path("text").exists() and workspace.stamp("text") is None
    with lesson.write("text") as part:
        part.write_text(json.dumps({"file": "a.jpg", "text": "", "words": []}) + "\n")
    assert workspace.stamp("text")["lesson"] == "04_ocr"
    assert lesson.need("text") == workspace.artefact_path("text")


def test_an_artefact_of_an_earlier_input_says_so(build, capsys):
    def leave(number, name, text, **inputs):
        made = lesson_module.Lesson(number, {"profile": "quick"}, inputs)
        with made.write(name) as part:
            part.write_text(text)
        return workspace.stamp(name)["id"]

    photos = "\n".join(good_photos())
    text = json.dumps({"file": "a.jpg", "text": "", "words": []})
    leave("04_ocr", "text", text, photos=leave("02_clean", "photos", photos))
    lesson_module.Lesson("05_ner", {}).need("text")
    assert capsys.readouterr().out == ""
    leave("02_clean", "photos", photos)
    lesson_module.Lesson("05_ner", {}).need("text")
    assert capsys.readouterr().out == (
        "Note: 'text' was made from an earlier 'photos'; `make course ONLY=04` renews it.\n"
    )


def test_a_lesson_begins_with_its_seed_and_without_the_figures_of_the_run_before(build):
    def begun(seed):
        space = {"__annotations__": {"profile": str, "seed": int}, "profile": "quick", "seed": seed}
        lesson = lesson_module.start("02_clean", space)
        assert workspace.read_card("02_clean") == {} and not (build / "cards" / "02_clean.png").exists()
        lesson.report(share=np.float32(0.5), kept=np.int64(3))
        lesson.picture(Image.new("RGB", (4, 4)))
        assert workspace.read_card("02_clean")["figures"] == {"share": 0.5, "kept": 3}
        return random.random(), np.random.random(), torch.rand(1).item()

    assert begun(3) == begun(3) and not set(begun(3)) & set(begun(4))
