"""Nothing that is measured has been seen: no artefact of a course was fitted on a product of the test split."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from gadgetlib.files import build_dir, split_of


def learned_from_test(ids: Iterable[str]) -> set[str]:
    """The products among ``ids`` that the test split holds."""
    return {one for one in ids if split_of(one) == "test"}


def card(artefact: str, file: str, lesson: str) -> dict:
    """What an artefact of this build says about itself; the test skips where no lesson has made it."""
    path = build_dir() / artefact / file
    if not path.exists():
        pytest.skip(f"no {artefact} has been made here (make course ONLY={lesson})")
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_price_model_learned_from_no_product_of_the_test_split():
    about = card("price", "model.json", "07")
    if about["table"] != "catalogue":
        pytest.skip("the price model is of a table of somebody's own")
    assert len(about["groups"]) > 500 and not learned_from_test(about["groups"])
    held = about["scores"]["held out"]["all"]
    assert held["mape"]["n"] > 100 and held["mape"]["low"] < held["mape"]["value"] < held["mape"]["high"]


def test_the_metric_of_the_index_learned_from_no_product_of_the_test_split():
    fitted_on = card("index", "index.json", "06")["fitted_on"]
    assert len(fitted_on) > 300 and not learned_from_test(fitted_on)


def test_a_planted_product_would_be_noticed():
    products = {split_of(name): name for name in (f"product {i}" for i in range(100))}
    assert learned_from_test(products.values()) == {products["test"]}
