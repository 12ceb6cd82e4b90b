"""Rules and taggers together: who is right when they differ, and what a reader's answers are worth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gadgetlib import specs
from gadgetlib.errors import CourseError
from gadgetlib.specs import Evidence, GadgetSpecs
from gadgetlib.tagger import bert_specs, load_bert, sha256, spacy_specs

SOURCES = ("rules", "spacy", "bert")


def patterns(name: str, answers: dict[str, GadgetSpecs]) -> list[tuple[str, Any, str]]:
    """Each different value of a field with its pattern of agreement: per source + agrees, - differs, 0 is silent.

    Returns (pattern, value, the first source that gives it). "+0+" means: the rules and BERT agree, spaCy is silent.
    """
    given = [(source, getattr(answers[source], name)) for source in SOURCES if source in answers]
    found: list[tuple[str, Any, str]] = []
    for source, value in given:
        if value is not None and not any(specs.same(name, value, other) for _, other, _ in found):
            signs = ("0" if v is None else "+" if specs.same(name, v, value) else "-" for _, v in given)
            found.append(("".join(signs), value, source))
    return found


@dataclass
class Merger:
    """Weighs answers by how often their pattern of agreement was right, as counted on texts that trained nobody."""

    counts: dict[str, dict[str, list[int]]] = field(default_factory=dict)  # field -> pattern -> [right, seen]

    def trust(self, name: str, pattern: str) -> float:
        """The share of right answers, with one right and one wrong case added (Laplace's rule of succession)."""
        right, seen = self.counts.get(name, {}).get(pattern, (0, 0))
        return (right + 1) / (seen + 2)

    def merge(self, answers: dict[str, GadgetSpecs]) -> GadgetSpecs:
        """Per field the most trusted value, if it was right more often than not, with its evidence and who agreed."""
        found: dict[str, Any] = {"gadget_type": answers["rules"].gadget_type}
        evidence: dict[str, Evidence] = {}
        for name in specs.FIELDS:
            options = patterns(name, answers)
            pattern, value, source = max(options, default=("", None, ""), key=lambda o: self.trust(name, o[0]))
            if options and (trust := self.trust(name, pattern)) > 0.5:
                found[name] = value
                agreed = "+".join(s for s, sign in zip([s for s in SOURCES if s in answers], pattern) if sign == "+")
                proof = answers[source].evidence[name]
                evidence[name] = proof.model_copy(update={"source": agreed, "confidence": trust})
        return GadgetSpecs(**found, evidence=evidence)


@dataclass
class Tagger:
    """The rules, the trained taggers and their merger; `use` is rules, spacy, bert or merged."""

    spacy: Any = None
    bert: tuple[Any, Any] | None = None  # model, tokenizer
    merger: Merger = field(default_factory=Merger)
    use: str = "merged"

    def answers(self, texts: Sequence[str]) -> list[dict[str, GadgetSpecs]]:
        """What each source reads in each text."""
        texts = [text[: specs.LIMIT] for text in texts]
        ways = {"rules": [specs.extract(text) for text in texts]}
        if self.spacy is not None:
            ways["spacy"] = spacy_specs(self.spacy, texts)
        if self.bert is not None:
            ways["bert"] = bert_specs(*self.bert, texts)
        return [dict(zip(ways, row)) for row in zip(*ways.values())]

    def many(self, texts: Sequence[str]) -> list[GadgetSpecs]:
        """The specs of each text."""
        return [self.merger.merge(row) if self.use == "merged" else row[self.use] for row in self.answers(texts)]

    def save(self, folder: Path, **figures: Any) -> None:
        """Write `spacy/`, `bert/` and `tagger.json`: a hash of every file, the merger's counts, the figures."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.spacy is not None:
            self.spacy.to_disk(folder / "spacy")
        for part in self.bert or ():
            part.save_pretrained(folder / "bert")
        hashes = {str(f.relative_to(folder)): sha256(f) for f in sorted(folder.rglob("*")) if f.is_file()}
        record = {"counts": self.merger.counts, "sha256": hashes, **figures}
        (folder / "tagger.json").write_text(json.dumps(record, indent=1, sort_keys=True))

    @classmethod
    def load(cls, folder: Path, use: str = "merged") -> Tagger:
        """A saved tagger; only what `use` needs is loaded. Raises CourseError where it is none or was changed."""
        if use not in (*SOURCES, "merged"):
            raise CourseError(f"There is no tagger {use!r}; choose rules, spacy, bert or merged.")
        folder, parts = Path(folder), [part for part in ("spacy", "bert") if use in (part, "merged")]
        again = "run `make course ONLY=05`"
        try:
            record = json.loads((folder / "tagger.json").read_text())
            files = {name: digest for name, digest in record["sha256"].items() if name.split("/")[0] in parts}
            changed = [name for name, digest in files.items() if sha256(folder / name) != digest]
            merger = Merger(record["counts"])
        except (OSError, ValueError, KeyError, AttributeError):
            raise CourseError(f"{folder.name!r} holds no whole tagger of this version; {again}.") from None
        if changed or {name.split("/")[0] for name in files} != set(parts):
            raise CourseError(f"{folder.name!r} is not as it was saved ({changed[:1] or parts}); {again}.")
        import spacy

        nlp = spacy.load(folder / "spacy") if "spacy" in parts else None
        return cls(nlp, load_bert(folder / "bert") if "bert" in parts else None, merger, use)


def outcomes(found: Sequence[GadgetSpecs], truths: Sequence[dict[str, Any]]) -> np.ndarray:
    """Counts (texts, fields, 3): 1 where a value is right, where one is given, where one is stated."""
    rows = zip(found, truths)
    pairs = [[(field, getattr(one, field), truth.get(field)) for field in specs.FIELDS] for one, truth in rows]
    right = [[value is not None and specs.same(field, value, true) for field, value, true in row] for row in pairs]
    given, stated = ([[pair[i] is not None for pair in row] for row in pairs] for i in (1, 2))
    return np.stack([right, given, stated], axis=-1).astype(int)


def micro_f1(counts: np.ndarray) -> float:
    """F1 over all texts and fields of `outcomes`: a wrong value counts twice, as a false alarm and as a miss."""
    right, given, stated = counts.reshape(-1, 3).sum(0)
    return float(2 * right / max(1, given + stated))
