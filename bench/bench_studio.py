"""Are the renders worth anything on real photos? A linear probe that saw the studio's pictures only, tested on ../shared/photos."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from gadgetlib import CLASSES, vision
from gadgetlib.files import data_dir, shared_dir

AREA = "studio"


def row(case: str, data: str, metric: str, value: float, peer: str = "") -> dict:
    return {
        "area": AREA,
        "case": case,
        "data": data,
        "metric": metric,
        "value": float(value),
        "unit": "",
        "peer": peer,
    }


def macro(truth: np.ndarray, guess: np.ndarray) -> float:
    """Mean over the classes present of the share recognised."""
    return float(np.mean([(guess[truth == name] == name).mean() for name in np.unique(truth)]))


def answers(train: np.ndarray, labels: np.ndarray, test: np.ndarray, witness: float = vision.WITNESS) -> np.ndarray:
    """What the course's probe, with ImageNet's witness heard, calls each row of test (features of one crop)."""
    classes = list(CLASSES)
    weight, bias = vision.fit_probe(vision.rooted(train), labels, classes)
    said = vision.log_softmax(vision.rooted(test) @ weight.T + bias)
    seen = vision.imagenet_seen(test, 1, vision.imagenet_head())
    return np.array(classes)[(said + witness * vision.testimony(seen, classes)).argmax(1)]


def run(quick: bool) -> Iterator[dict]:
    shared = shared_dir()
    if shared is None:
        return
    photos = pd.read_csv(data_dir() / "photos" / "photos.csv")
    photos = photos.groupby("product_id").head(4)  # those of any kind, which lessons 01 to 03 work with
    real = pd.read_csv(shared / "photos" / "manifest.csv")
    if quick:
        photos = photos.groupby("product_id").head(1)
        real = real.groupby(["source", "label"]).head(8)
    train = vision.frozen_features([data_dir() / "photos" / name for name in photos.file])
    test = vision.frozen_features([shared / "photos" / name for name in real.file])
    truth, source, kind = real.label.to_numpy(), real.source.to_numpy(), real.kind.to_numpy()
    labels = photos.gadget_type.to_numpy()
    case = f"probe and witness on {len(photos)} studio photos"
    guess, alone = answers(train, labels, test), answers(train, labels, test, witness=0)
    shop = np.array([name.startswith("shop-") for name in source])
    yield row(
        case,
        f"{len(real)} real photos",
        "macro accuracy",
        macro(truth, guess),
        "prototype of the studio: 0.79",
    )
    yield row(
        case,
        f"{int(shop.sum())} of shops",
        "macro accuracy",
        macro(truth[shop], guess[shop]),
        "trained on real non-shop photos: 0.84",
    )
    yield row("probe alone", f"{len(real)} real photos", "macro accuracy", macro(truth, alone))
    yield row("probe alone", f"{int(shop.sum())} of shops", "macro accuracy", macro(truth[shop], alone[shop]))
    for name in CLASSES:
        for where, mask in (("all", truth == name), ("shops", (truth == name) & shop)):
            yield row(case, f"{name}, {where}", "accuracy", (guess[mask] == name).mean())
    for name in np.unique(kind):
        mask = kind == name
        yield row(case, f"kind {name}", "macro accuracy", macro(truth[mask], guess[mask]))
    for name in np.unique(source[~shop]):
        mask = source == name
        yield row(case, f"source {name}", "accuracy", (guess[mask] == truth[mask]).mean())
    # does quantity still help? The same probe on ever fewer of the pictures
    rng = np.random.default_rng(0)
    for count in (200, 600) if quick else (200, 400, 800, 1600):
        if count < len(photos):
            part = rng.permutation(len(photos))[:count]
            fewer = answers(train[part], labels[part], test)
            yield row(
                f"probe and witness on {count} studio photos",
                f"{len(real)} real photos",
                "macro accuracy",
                macro(truth, fewer),
            )
