"""Nothing that is measured has been seen: no artefact that a course leaves was fitted on a product of the test
split."""

from __future__ import annotations

import json

import pytest

from gadgetlib.files import build_dir, split_of


def learned_from_test(ids) -> set[str]:
    """The products among ``ids`` that the test split holds."""
    return {one for one in ids if split_of(one) == "test"}


def test_the_price_model_learned_from_no_product_of_the_test_split():
    path = build_dir() / "price" / "model.json"
    if not path.exists():
        pytest.skip("no price model has been made here (make course ONLY=07)")
    about = json.loads(path.read_text(encoding="utf-8"))
    if about["table"] != "catalogue":
        pytest.skip("the price model is of a table of somebody's own")
    assert len(about["groups"]) > 500 and not learned_from_test(about["groups"])
    held = about["scores"]["held out"]["all"]
    assert held["mape"]["n"] > 100 and held["mape"]["low"] < held["mape"]["value"] < held["mape"]["high"]


def test_a_planted_product_would_be_noticed():
    planted = next(f"product {i}" for i in range(100) if split_of(f"product {i}") == "test")
    assert learned_from_test(
        [planted, *(f"product {i}" for i in range(100) if split_of(f"product {i}") == "train")]
    ) == {planted}
