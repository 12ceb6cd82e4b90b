"""The classifier that lesson 03 left, on real photos and real near misses, beside what else one could do.

Everything was trained on build/clean/photos.csv (renders). Tested on ../shared/photos (intervals over sources) and, for
pictures that show no gadget, on ../shared/others (over uploaders). Choices were made on one half of the sources; the
rows "other half" are of the rest. Fine-tuning (240 px, batches of 32) takes some minutes each; --quick leaves it out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from bench import row
from gadgetlib import CLASSES, backbone, classify
from gadgetlib.files import build_dir, shared_dir, trained
from gadgetlib.measure import difference, interval

CACHE = "features"  # below build/: features of pictures, computed once
OURS = "the course's classifier"


def halves(names: pd.Series) -> np.ndarray:
    """0 (choosing) or 1 (reporting) for each row: whole sources, dealt out by size, large ones to both halves."""
    sizes = names.value_counts()
    dealt = sorted(sizes.index, key=lambda name: (-sizes[name], name))
    return names.map({name: (0, 1, 1, 0)[i % 4] for i, name in enumerate(dealt)}).to_numpy()


def pictures(folder: str, net) -> tuple[pd.DataFrame, np.ndarray]:
    """The table of a folder of ../shared, with `half`, and the frozen features of its pictures (n, d)."""
    table = pd.read_csv(shared_dir() / folder / "manifest.csv", keep_default_na=False)
    table["path"] = [str(shared_dir() / folder / file) for file in table.file]
    table["half"] = halves(table.source)
    return table, backbone.cached_features(table.path, build_dir() / CACHE, net=net)


def run(quick: bool) -> Iterator[dict]:
    if shared_dir() is None:
        print("../shared is absent, so nothing is measured on real photos", file=sys.stderr)
        return
    model = classify.Classifier.load(trained("classifier"))
    net = backbone.body(model.meta["backbone"])
    real, features = pictures("photos", net)
    targets = np.array([model.labels.index(label) for label in real.label])
    answers = {OURS: model.logits(features), **peers(net, features)}
    for case, logits in answers.items():
        yield from accuracies(case, logits, targets, real, "" if case == OURS else OURS)
    ours, alone = (hits(targets, answers[case]) for case in (OURS, "logistic regression on roots"))
    gap = difference(ours, alone, real.source, classify.macro)
    yield row("vision", OURS, "real photos, all", "macro accuracy minus that without ImageNet's prior", gap)
    yield from calibration(model, features, targets, real)
    yield from near_misses(model, net, features, real)
    if not quick:
        yield from fine_tuning(net, real, targets)


def accuracies(case: str, logits: np.ndarray, targets: np.ndarray, real: pd.DataFrame, peer: str) -> Iterator[dict]:
    rows = hits(targets, logits)
    shops, half = real.source.str.startswith("shop").to_numpy(), (real.half == 1).to_numpy()
    for name, part in {"all": slice(None), "shops": shops, "other half": half}.items():
        figure = interval(rows[part], real.source[part], classify.macro)
        yield row("vision", case, f"real photos, {name}", "macro accuracy", figure, peer=peer)
    for i, label in enumerate(CLASSES):
        figure = interval(rows[targets == i, 1], real.source[targets == i])
        yield row("vision", case, "real photos, all", f"recall, {label}", figure, peer=peer)


def calibration(model: classify.Classifier, features: np.ndarray, targets: np.ndarray, real: pd.DataFrame):
    """Expected calibration error before and after the temperature, which was fitted on renders: rows."""
    for name, t in (("as trained", 1.0), ("calibrated", model.meta["temperature"])):
        rows = np.c_[classify.softmax(model.logits(features) / t), targets]
        figure = interval(rows, real.source, lambda rows: classify.calibration_error(rows[:, :-1], rows[:, -1]))
        yield row("vision", f"{OURS}, {name}", "real photos, all", "calibration error", figure)


def near_misses(model: classify.Classifier, net, features: np.ndarray, real: pd.DataFrame) -> Iterator[dict]:
    """Keyboards, chargers, monitors, analogue watches: the share that passes where 95 % of real gadgets pass."""
    others, strange = pictures("others", net)
    known, unknown = np.stack(model.measures(features)), np.stack(model.measures(strange))
    measures = {"all three measures": (model.gadget(features), model.gadget(strange))}
    for i, name in enumerate(("likeness alone", "margin alone", "near misses alone")):
        measures[name] = known[i], unknown[i]
    measures["likeness and near misses"] = without_margin(model, known), without_margin(model, unknown)
    passed = [none >= np.quantile(gadgets, 0.05) for gadgets, none in measures.values()]
    gap = difference(passed[0], passed[-1], others.source)
    yield row("vision", "all three measures", "real near misses, all", "pass minus that without the margin", gap)
    scores = [np.concatenate(measures[name]) for name in ("all three measures", "likeness and near misses")]
    areas, sources = np.c_[np.arange(len(scores[0])) < len(real), *scores], [*real.source, *others.source]
    gain = {" minus that without the margin": lambda rows: area(1)(rows) - area(2)(rows)}
    for name, figure in {"": area(1), **gain}.items():
        gap = interval(areas, sources, figure, draws=300)
        yield row("vision", "all three measures", "real photos and near misses", f"area under the ROC curve{name}", gap)
    for name, (gadgets, none) in measures.items():
        for part, half in (("all", (0, 1)), ("other half", (1,))):
            at = np.quantile(gadgets[real.half.isin(half)], 0.05)
            mask = others.half.isin(half).to_numpy()
            figure = interval(none[mask] >= at, others.source[mask])
            yield row("vision", name, f"real near misses, {part}", "pass where 95 % of gadgets pass", figure)
    for data, scores, source in (("photos", features, real.source), ("near misses", strange, others.source)):
        accepted = interval(model.gadget(scores) >= model.meta["threshold"], source)
        yield row("vision", "shipped threshold", f"real {data}, all", "accepted", accepted)


def area(column: int):
    """A statistic: the area under the ROC curve of a column of rows (n, columns), whose first says what is a gadget."""
    from sklearn.metrics import roc_auc_score

    return lambda rows: roc_auc_score(rows[:, 0], rows[:, column])


def without_margin(model: classify.Classifier, measures: np.ndarray) -> np.ndarray:
    """:meth:`Classifier.gadget` from measures (3, n), but the second left out: (n,)."""
    like, _, near = ((m - mean) / std for m, (mean, std) in zip(measures, model.meta["ood"]))
    return like + np.minimum(near, 0)


# ---------------------------------------------------------------- what else one could do


def clean_photos(net) -> tuple[pd.DataFrame, np.ndarray]:
    """Lesson 02's table with `target`, and the frozen features of its pictures."""
    table = classify.read_photos(build_dir() / "clean" / "photos.csv")
    table["target"] = [CLASSES.index(label) for label in table.label]
    return table, backbone.cached_features(table.path, build_dir() / CACHE, net=net)


def peers(net, features: np.ndarray) -> dict[str, np.ndarray]:
    """Logits for `features` of logistic regression on features as they are, on their roots, and of ImageNet's head."""
    table, known = clean_photos(net)
    train = (table.split == "train").to_numpy()
    answers = {}
    for name, change in (("logistic regression", lambda x: x), ("logistic regression on roots", classify.square_root)):
        weight, bias = classify.fit_probe(change(known[train]), table.target[train])
        answers[name] = change(features) @ weight.T + bias
    weight, bias = backbone.imagenet_head(net.name)
    known = classify.softmax(features @ weight.T + bias)
    return answers | {"ImageNet's head, untrained": classify.zero_shot(known, CLASSES)}


# ---------------------------------------------------------------- lesson 03's fine-tuning, one cause changed at a time


def fine_tuning(net, real: pd.DataFrame, targets: np.ndarray, passes: int = 2, seed: int = 42) -> Iterator[dict]:
    """Each recipe on test products, against the probe, and on real photos. Same pictures, pixels and passes for all."""
    import torch

    table, features = clean_photos(net)
    train, held = (table.split == "train").to_numpy(), table[table.split == "test"]
    known = classify.square_root(features)
    weight, bias = classify.fit_probe(known[train], table.target[train])
    probe = hits(held.target, (known @ weight.T + bias)[held.index])
    start = classify.fit_probe(features[train], table.target[train])
    rows = table[table.split != "test"].assign(valid=lambda rows: rows.split == "valid")
    for case, options in RECIPES.items():
        torch.manual_seed(seed)
        data = classify.data_block(net, backbone.SIZE, list(CLASSES)).dataloaders(rows, bs=32, num_workers=0)
        learn = trained_learner(data, net.name, start, passes, **options)
        with learn.no_bar(), learn.no_logging():
            tested, seen = (learn.get_preds(dl=data.test_dl(part), reorder=True)[0].numpy() for part in (held, real))
        found = hits(held.target, tested)
        figures = {
            ("test products", "macro accuracy"): interval(found, held.group, classify.macro),
            ("test products", "macro accuracy minus the probe's"): difference(found, probe, held.group, classify.macro),
            ("real photos, all", "macro accuracy"): interval(hits(targets, seen), real.source, classify.macro),
        }
        for where, figure in figures.items():
            yield row("vision", case, *where, figure, peer="probe" if where[0] == "test products" else "")


RECIPES = {
    "from the probe, gently": {},
    "usual recipe": {"usual": True},
    "gently, but from a fresh head": {"fresh": True},
    "gently, but all layers": {"layers": 0},
    "gently, but statistics move": {"frozen": False},
}


def hits(targets, scores: np.ndarray) -> np.ndarray:
    """(n, 2): class, and whether the answer is right."""
    return np.c_[targets, scores.argmax(1) == np.asarray(targets)]


def frozen_statistics():
    """Lesson 03's callback: the running statistics of all batch-norm layers stay as ImageNet left them."""
    import fastai.vision.all as fv

    class FrozenStatistics(fv.Callback):
        def before_train(self):
            self.model.apply(lambda layer: isinstance(layer, fv.nn.BatchNorm2d) and layer.eval())

    return FrozenStatistics()


def trained_learner(data, name: str, start: tuple, passes: int, usual=False, fresh=False, layers=1, frozen=True):
    """A trained learner. layers: the first group of layers that is trained. frozen: batch-norm statistics stay."""
    import fastai.vision.all as fv
    from fastai.callback.channelslast import ChannelsLast

    options = {"cbs": ChannelsLast()}
    if usual:
        options |= {"normalize": False, "metrics": fv.accuracy}
        learn = fv.vision_learner(data, partial(backbone.body, name), **options)
        with learn.no_bar(), learn.no_logging():
            learn.fine_tune(passes - 1)
        return learn
    start = None if fresh else start
    learn = classify.learner(data, name, start, loss_func=fv.CrossEntropyLossFlat(label_smoothing=0.1), **options)
    learn.freeze_to(layers)
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(passes, slice(1e-4, 3e-4), cbs=frozen_statistics() if frozen else None)
    return learn
