"""The classifier against its peers, in one run on the same photos.

Trained on the course's studio pictures and tested on real photos (../shared/photos); bench_folds leaves out sources. Peers: the
fastai lesson-1 recipe (same backbone, 224 px, squashed, fine_tune(3)), ImageNet's own head, and a linear probe. Seconds and peak memory are of this machine in this run: compare them with each other only.
Each peer runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gadgetlib import CLASSES
from gadgetlib.files import data_dir, project_root, shared_dir, split_of

PEERS = ("ours", "ours, quick", "lesson 1 recipe", "frozen probe, two crops", "ImageNet head, untrained")


def run(quick: bool) -> Iterator[dict]:
    yield from rows("studio to real", PEERS, quick)


def rows(data: str, peers: tuple[str, ...], quick: bool) -> Iterator[dict]:
    """What each peer reaches on `data` (see `_split`), each in a process of its own."""
    if shared_dir() is None:
        print("../shared/photos is absent, so nothing is measured on real photos", file=sys.stderr)
        return
    for peer in peers:
        with tempfile.TemporaryDirectory() as folder:
            answer = Path(folder) / "answer.json"
            command = [sys.executable, "-m", "bench.bench_vision", peer, data, "quick" if quick else "full", str(answer)]
            done = subprocess.run(command, cwd=project_root(), capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"{peer} on {data} failed:\n{done.stderr[-2000:]}")
            figures = json.loads(answer.read_text())
        for metric, value in figures.items():
            unit = "s" if metric.endswith("seconds") else "MB" if metric == "peak memory" else ""
            yield {"area": "vision", "case": peer, "data": data, "metric": metric, "value": value, "unit": unit,
                   "peer": "" if peer == peers[0] else peers[0]}


# --- what a process of its own does -------------------------------------------------------------------------


def _studio():
    import pandas as pd

    table = pd.read_csv(data_dir() / "photos" / "photos.csv")
    table = table.groupby("product_id").head(4)  # those of any kind, which lessons 01 to 03 work with
    table = table.rename(columns={"gadget_type": "label", "product_id": "group"})
    table["path"] = [str(data_dir() / "photos" / file) for file in table.file]
    table["split"] = [split_of(product) for product in table.group]
    return table[["path", "label", "group", "split"]].assign(source="studio")


def _real():
    import pandas as pd

    folder = shared_dir() / "photos"
    table = pd.read_csv(folder / "manifest.csv")
    table["path"] = [str(folder / file) for file in table.file]
    return table[["path", "label", "source"]].assign(group=table.source, split="test")


def folds(table, count=5):
    """A fold for each row: whole sources, dealt out so that every fold gets its share of each class."""
    counts = table.groupby(["source", "label"]).size().unstack(fill_value=0)
    counts = counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    filled, fold_of = np.zeros((count, counts.shape[1])), {}
    for source, row in counts.iterrows():
        cost = [(((filled + (np.arange(count) == i)[:, None] * row.to_numpy()) / counts.sum().to_numpy()) ** 2).sum()
                for i in range(count)]
        fold_of[source] = int(np.argmin(cost))
        filled[fold_of[source]] += row.to_numpy()
    return table.source.map(fold_of).to_numpy()


def _split(data, quick):
    """(training table with splits train and valid, test table)."""
    import pandas as pd

    real = _real()
    if data == "studio to real":
        table = _studio()
        if quick:
            table = table.groupby(["label", "split"]).head(60)
            real = real.groupby("source").head(12)
        return table.assign(split=table.split.replace({"test": "train"})), real
    fold = folds(real)
    left_out = int(data.split()[-3]) - 1
    inner = folds(real[fold != left_out], 8)
    known = real[fold != left_out].assign(split=np.where(inner == 0, "valid", "train"))
    studio = _studio()
    return pd.concat([known, studio.assign(split=studio.split.replace({"test": "train"}))]), real[fold == left_out]


def ours(table, test, full):
    """The recipe of notebook 03, without its lessons."""
    from gadgetlib import vision

    started = time.perf_counter()
    model = vision.train(table, full=full)
    seconds = time.perf_counter() - started
    logits, _, gadget = _answers(model, test)
    return logits / model.meta["temperature"], seconds, model, gadget


def _answers(model, test):
    probe, tuned, gadget = model.parts(list(test.path))
    return model._mix(probe, tuned), None, gadget


def lesson_1(table, test, full):
    from fastai.vision.all import (
        CategoryBlock,
        ColReader,
        ColSplitter,
        DataBlock,
        ImageBlock,
        Resize,
        accuracy,
        aug_transforms,
        vision_learner,
    )

    from gadgetlib import vision
    from gadgetlib.files import build_dir

    started = time.perf_counter()
    rows = table.assign(valid=(table.split == "valid"))
    block = DataBlock((ImageBlock, CategoryBlock(vocab=list(CLASSES), sort=False)), get_x=ColReader("path"),
                      get_y=ColReader("label"), splitter=ColSplitter("valid"), item_tfms=Resize(224, method="squish"),
                      batch_tfms=aug_transforms())
    data = block.dataloaders(rows, bs=32, num_workers=0)
    weights = vision.weights_file(vision.BACKBONE, build_dir() / "cache")
    learn = vision_learner(data, vision.EMBEDDED[vision.BACKBONE][0], metrics=accuracy, pretrained_cfg_overlay={"file": str(weights)})
    with learn.no_bar(), learn.no_logging():
        learn.fine_tune(3 if full else 1)
    seconds = time.perf_counter() - started
    with learn.no_bar(), learn.no_logging():
        probs = learn.get_preds(dl=data.test_dl(test, with_labels=False))[0].numpy()
    return np.log(probs + 1e-9), seconds


def frozen_probe(table, test, full):
    from gadgetlib import vision

    started = time.perf_counter()
    crops, net = ("pad", "squash"), vision.body()
    weight, bias = vision.fit_probe(vision.frozen_features(table.path, 160, crops, net=net), table.label, list(CLASSES))
    seconds = time.perf_counter() - started
    return vision.frozen_features(test.path, 160, crops, net=net) @ weight.T + bias, seconds


def imagenet(table, test, full):
    from gadgetlib import vision

    seen = vision.softmax(vision.frozen_features(test.path, 160, net=vision.body(num_classes=1000)))
    mass = np.stack([seen[:, list(vision.WITNESSES.get(c, ()))].sum(1) if c in vision.WITNESSES else np.full(len(seen), 1e-6)
                     for c in CLASSES], axis=1)
    return np.log(mass + 1e-9), 0.0


def strangers() -> list[str]:
    """Pictures of what is no gadget: the stamps of `apt install tuxpaint-stamps-default`, or the folder GADGET_STRANGERS."""
    folder = Path(os.environ.get("GADGET_STRANGERS") or "/usr/share/tuxpaint/stamps")
    files = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")]
    return [str(p) for p in files if not {"symbols", "cartoon"} & set(p.parts)]


def main(peer: str, data: str, profile: str, answer: str) -> None:
    import torch

    from coursekit.lesson import seed_everything
    from gadgetlib import vision

    torch.manual_seed(42)
    seed_everything(42)
    full = profile == "full"
    table, test = _split(data, not full)
    method = dict(zip(PEERS, (ours, ours, lesson_1, frozen_probe, imagenet)))[peer]
    longer = full and peer != "ours, quick"  # that one trains as lesson 03's quick profile does, on the same photos
    logits, seconds, *rest = method(table.reset_index(drop=True), test.reset_index(drop=True), longer)
    targets = np.array([CLASSES.index(label) for label in test.label])
    figures = {**vision.scores(logits, targets)}
    shop = test.source.str.startswith("shop").to_numpy()
    if shop.any():
        figures["macro, shops"] = vision.scores(logits[shop], targets[shop])["macro"]
    for label, index in zip(CLASSES, range(len(CLASSES))):
        if (targets == index).any():
            figures[f"recall, {label}"] = float((logits[targets == index].argmax(1) == index).mean())
    if rest:
        model, gadget = rest
        others = strangers()[:: 1 if full else 6]
        if others:
            theirs = model.parts(others)[2]
            figures["strangers accepted at 95 % kept"] = float(np.mean(theirs >= np.quantile(gadget, 0.05)))
            figures["gadgets accepted at the shipped threshold"] = float(np.mean(gadget >= model.meta["threshold"]))
            figures["strangers accepted at the shipped threshold"] = float(np.mean(theirs >= model.meta["threshold"]))
        else:
            print("no pictures of strangers here: apt install tuxpaint-stamps-default", file=sys.stderr)
    figures["training seconds"] = seconds
    figures["peak memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    Path(answer).write_text(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
