"""Nothing that is measured has been seen: no artefact of a course was fitted on a product of the test split."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable

import pytest

from gadgetlib.files import build_dir, data_dir, split_of


def learned_from_test(ids: Iterable[str]) -> set[str]:
    """The products among ``ids`` that the test split holds."""
    return {one for one in ids if split_of(one) == "test"}


def card(artefact: str, file: str, lesson: str) -> dict:
    """What an artefact of this build says about itself; the test skips where no lesson has made it."""
    path = build_dir() / artefact / file
    if not path.exists():
        pytest.skip(f"no {artefact} has been made here (make course ONLY={lesson})")
    return json.loads(path.read_text(encoding="utf-8"))


def products() -> set[str]:
    with open(data_dir() / "photos" / "photos.csv", encoding="utf-8") as file:
        return {row["product_id"] for row in csv.DictReader(file)}


def taught(about: dict) -> set[str]:
    """All products that a classifier's card says it has learned from, whatever for (weights, temperature, threshold)."""
    return {one for ids in about["trained_on"].values() for one in ids}


def test_the_classifier_learned_from_no_product_of_the_test_split():
    learned = taught(card("classifier", "model.json", "03"))
    if not learned & products():
        pytest.skip("the classifier is of pictures of somebody's own")
    assert len(learned) > 300 and not learned_from_test(learned)


def test_the_price_model_learned_from_no_product_of_the_test_split():
    about = card("price", "model.json", "07")
    if about["table"] != "catalogue":
        pytest.skip("the price model is of a table of somebody's own")
    assert len(about["groups"]) > 500 and not learned_from_test(about["groups"])
    held = about["scores"]["held out"]
    assert held["mape"]["n"] > 100 and held["mape"]["low"] < held["mape"]["value"] < held["mape"]["high"]


def test_the_metric_of_the_index_learned_from_no_product_of_the_test_split():
    fitted_on = card("index", "index.json", "06")["fitted_on"]
    assert len(fitted_on) > 300 and not learned_from_test(fitted_on)


def test_a_planted_product_would_be_noticed():
    ids = {split: sorted(one for one in products() if split_of(one) == split) for split in ("train", "valid", "test")}
    assert not learned_from_test(taught({"trained_on": {"weights": ids["train"], "threshold": ids["valid"]}}))
    planted = {"trained_on": {"weights": ids["train"], "threshold": [*ids["valid"], ids["test"][0]]}}
    assert learned_from_test(taught(planted)) == {ids["test"][0]}
