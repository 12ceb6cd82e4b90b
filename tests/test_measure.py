"""Intervals: as wide as theory has it, wider where things hang together, and paired where they can be."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from gadgetlib.measure import difference, interval


def test_the_interval_of_a_share_is_as_wide_as_theory_has_it():
    hits = np.r_[np.ones(320), np.zeros(80)]
    found = interval(hits, draws=4000)
    half = 1.96 * np.sqrt(0.8 * 0.2 / 400)
    assert found.value == 0.8 and found.n == 400
    assert abs(found.low - (0.8 - half)) < 0.006 and abs(found.high - (0.8 + half)) < 0.006


def test_rows_of_one_group_are_one_piece_of_evidence():
    hits = np.repeat([1, 1, 1, 0, 1, 0, 1, 1, 1, 1], 30)
    shops = np.repeat(np.arange(10), 30)
    alone, grouped = interval(hits), interval(hits, groups=shops)
    assert grouped.value == alone.value
    assert grouped.high - grouped.low > 3 * (alone.high - alone.low)


def test_a_difference_on_the_same_things_is_narrower_than_two_intervals():
    rng = np.random.default_rng(0)
    hard = rng.random(300)
    one, other = hard < 0.8, hard < 0.75  # the same things, a little more of them right
    gap = difference(one, other)
    assert (
        gap.low > 0 and interval(one).low < interval(other).high
    )  # the intervals overlap, the difference is above zero


def test_the_same_seed_gives_the_same_interval_and_nonsense_is_refused():
    assert interval([0, 1, 1]) == interval([0, 1, 1])
    with pytest.raises(ValueError, match="empty"):
        interval([])
    with pytest.raises(ValueError, match="groups"):
        interval([1, 0], groups=[1])
    with pytest.raises(ValueError, match="same rows"):
        difference([1, 0], [1])


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [(["--help"], 0, "specs"), (["--quik"], 2, "unrecognized arguments"), (["spec"], 2, "no benchmark 'spec'")],
)
def test_the_benchmarks_start_only_when_asked_for(options, code, words, capsys, monkeypatch):
    from bench import __main__ as bench

    monkeypatch.setattr(bench.importlib, "import_module", lambda name: pytest.fail(f"{name} was started"))
    try:
        ended = bench.main(options)
    except SystemExit as stop:
        ended = stop.code
    assert ended == code and words in "".join(capsys.readouterr())


def test_a_bench_renews_its_own_rows_and_keeps_the_others(build, monkeypatch, capsys):
    from bench import __main__ as bench
    from bench import row

    rows = {"specs": [row("specs", "old", "d", "F1", 0.5)], "ocr": [row("ocr", "old", "d", "CER", 0.1)]}
    areas = {f"bench.bench_{area}": SimpleNamespace(run=lambda quick, area=area: rows[area]) for area in rows}
    monkeypatch.setattr(bench.importlib, "import_module", areas.__getitem__)
    assert bench.main(["specs", "ocr"]) == 0
    share = interval([1, 1, 0, 1])
    rows["specs"] = [row("specs", "new", "d", "F1", share, peer="theirs")]
    assert bench.main(["specs"]) == 0
    kept, renewed = json.loads((build / "bench.json").read_text())
    assert (kept["area"], kept["value"], kept["n"], kept["low"]) == ("ocr", 0.1, None, None)
    assert (renewed["case"], renewed["value"], renewed["n"], renewed["peer"]) == ("new", 0.75, 4, "theirs")
    assert (renewed["low"], renewed["high"]) == (share.low, share.high)
    assert "| ocr | old |" in (build / "bench.md").read_text() and "ocr done in" in capsys.readouterr().out
    rows["specs"] = [{"colour": "red"}]
    with pytest.raises(ValueError, match="unknown columns .'colour'"):
        bench.main(["specs"])
