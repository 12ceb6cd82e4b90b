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
    """All products that a card says its model has learned from, whatever for: one list, or a list for each use."""
    ids = about["trained_on"]
    return {one for part in ids.values() for one in part} if isinstance(ids, dict) else set(ids)


def texts() -> dict[str, set[str]]:
    """The splits of the shipped texts, by product; texts about accessories name none."""
    splits: dict[str, set[str]] = {}
    with open(data_dir() / "texts.jsonl", encoding="utf-8") as file:
        for row in map(json.loads, file):
            splits.setdefault(row["product_id"], set()).add(row["split"])
    splits.pop("")
    return splits


def listings() -> list[dict]:
    with open(data_dir() / "listings" / "listings.jsonl", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def sources(listing: dict) -> set[str]:
    """The products whose photos a listing shows."""
    return {photo.rsplit("-", 1)[0] for photo in listing["photos"]}


def test_the_classifier_learned_from_no_product_of_the_test_split():
    learned = taught(card("classifier", "model.json", "03"))
    if not learned & products():
        pytest.skip("the classifier is of pictures of somebody's own")
    assert len(learned) > 300 and not learned_from_test(learned)


def test_what_is_no_gadget_was_learned_from_training_objects():
    with open(data_dir() / "others" / "others.csv", encoding="utf-8") as file:
        objects = {row["object"] for row in csv.DictReader(file)}
    ids = set(card("classifier", "model.json", "03")["trained_on"].get("no gadget", ()))
    assert ids == {one for one in objects if split_of(one) == "train"} and len(ids) > 300


def test_the_taggers_and_their_merger_learned_from_no_product_of_the_test_split():
    """`trained_on` holds the products of the taggers' texts (train) and of those that the merger counted on (valid)."""
    learned = taught(card("tagger", "tagger.json", "05"))
    assert len(learned) > 500 and not learned_from_test(learned)
    assert {split_of(one) for one in learned} == {"train", "valid"}
    assert learned <= set(texts())


def test_texts_and_listings_are_in_the_split_of_their_product():
    assert {one: splits for one, splits in texts().items() if splits != {split_of(one)}} == {}
    for row in listings():
        assert {split_of(one) for one in sources(row) | {row["product_id"]}} == {row["split"]}, row["file"]


@pytest.mark.parametrize("where", [("classifier", "model.json", "03"), ("tagger", "tagger.json", "05")], ids="-".join)
def test_no_test_listing_shows_or_names_what_a_model_learned_from(where):
    learned = taught(card(*where))
    held = [row for row in listings() if row["split"] == "test"]
    assert len(held) > 50
    assert [row["file"] for row in held if learned & (sources(row) | {row["product_id"]})] == []


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
    assert learned_from_test(taught({"trained_on": [*ids["train"], ids["test"][1]]})) == {ids["test"][1]}
