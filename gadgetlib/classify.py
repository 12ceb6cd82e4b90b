"""From features to a classifier: a probe, gentle fine-tuning, calibrated confidence, and what is no gadget."""

import hashlib
import json
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import safetensors.numpy
import torch
from scipy import special
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from gadgetlib.backbone import body, features, fit, fused, imagenet_head
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir, reading

FORMAT = 7  # of what a classifier saves
PRIOR = 0.2  # the weight of ImageNet's prior: small, for it knows half of our gadgets by other names
WIDTH = 2.0  # gamma of the support vector machine's kernel: how quickly a support vector's influence fades
log_softmax, softmax = (partial(function, axis=-1) for function in (special.log_softmax, special.softmax))  # row by row


def temperature(logits: Any, targets: Any) -> float:
    """The number that logits (n, classes) must be divided by for the smallest log loss on targets (n,), class indices.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    logits, rows = np.asarray(logits), np.arange(len(targets))

    def loss(log_t: float) -> float:
        return -log_softmax(logits / np.exp(log_t))[rows, targets].mean()

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def calibration_error(probs: np.ndarray, targets: Any, bins: int = 10) -> float:
    """Expected calibration error: mean distance between confidence and accuracy, over bins of equal count."""
    confidence, right = probs.max(1), probs.argmax(1) == np.asarray(targets)
    parts = [part for part in np.array_split(np.argsort(confidence, kind="stable"), bins) if len(part)]
    return float(sum(abs(confidence[part].mean() - right[part].mean()) * len(part) for part in parts) / len(right))


def macro(rows: np.ndarray) -> float:
    """Macro accuracy, the mean over the classes: rows (n, 2) hold each picture's class and whether it was found."""
    return float(np.mean([rows[rows[:, 0] == c, 1].mean() for c in np.unique(rows[:, 0])]))


def read_photos(path: str | Path) -> pd.DataFrame:
    """The table that lesson 02 left (clean/photos.csv) with `path`, the absolute path of each picture.

    Raises CourseError when fewer than two classes, or no training pictures of a class that is tested, are there.
    """
    path = Path(path)
    table = pd.read_csv(path, dtype={"group": str, "source": str, "phash": str}, keep_default_na=False)
    table["path"] = [str(path.parent.parent / file) for file in table.file]
    taught = set(table.label[table.split == "train"])
    if len(taught) < 2:
        raise CourseError(f"{path.name} has training pictures of {len(taught)} class: a classifier needs two or more; "
                          "collect more kinds of gadgets in lesson 01.")
    if untaught := sorted(set(table.label) - taught):
        raise CourseError(f"{path.name} has no training pictures of {', '.join(untaught)}: "
                          "collect more, or leave the class out.")
    return table


def square_root(features: np.ndarray) -> np.ndarray:
    """Features (n, d) with the square root taken, signs kept: a few strong channels no longer drown the others.

    Source: Perronnin et al. 2010, "Improving the Fisher Kernel for Large-Scale Image Classification".
    """
    return np.sign(features) * np.sqrt(np.abs(features))


def fit_probe(features: np.ndarray, targets: Any, C: float = 0.001) -> tuple[np.ndarray, np.ndarray]:
    """Logistic regression on features (n, d) and class indices (n,): float32 weight (classes, d) and bias (classes,).

    Every class weighs the same. The standardisation of the features is folded into the weights. C: smaller is smoother.
    """
    mean, scale = features.mean(0), features.std(0) + 1e-6
    model = LogisticRegression(C=C, class_weight="balanced", max_iter=200, tol=1e-3)
    model.fit((features - mean) / scale, targets)
    weight, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # sklearn keeps one row for two classes
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    weight = weight / scale
    return weight.astype("f4"), (bias - weight @ mean).astype("f4")


@cache
def imagenet_kinds() -> dict[str, list[int]]:
    """data/imagenet.csv: ImageNet's class numbers for four of our labels and "near_miss", devices of other kinds."""
    return pd.read_csv(data_dir() / "imagenet.csv").groupby("kind")["class"].apply(list).to_dict()


def zero_shot(probs: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """The ImageNet prior: log-probabilities (n, labels) from ImageNet's probabilities (n, 1000), without any training.

    A label that ImageNet lacks (headphones) gets what the others leave.
    """
    kinds = imagenet_kinds()
    share = np.stack([probs[:, kinds.get(label, [])].sum(1) for label in labels], axis=1)
    absent = [i for i, label in enumerate(labels) if label not in kinds]
    if absent:
        share[:, absent] = (1 - share.sum(1, keepdims=True)) / len(absent)
    return log_softmax(np.log(np.maximum(share, 0) + 1e-3))


def unit(features: np.ndarray) -> np.ndarray:
    """Features (n, d) under :func:`square_root` twice, at length 1: what is there counts more than how strong it is."""
    rows = square_root(square_root(features))
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype("f4")


def likeness(features: np.ndarray, bank: np.ndarray, k: int = 10) -> np.ndarray:
    """The cosine (n,) to the k-th nearest of `bank` (m, d), training features under :func:`unit`.

    Source: Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors".
    """
    k = min(k, len(bank))
    return np.partition(unit(features) @ bank.T, -k, axis=1)[:, -k]


def near_miss(probs: np.ndarray) -> np.ndarray:
    """Minus the log of what ImageNet, probabilities (n, 1000), gives to devices of other kinds: high for gadgets."""
    return -np.log(probs[:, imagenet_kinds()["near_miss"]].sum(1) + 0.01)


def fit_margin(gadgets: np.ndarray, others: np.ndarray) -> dict[str, np.ndarray]:
    """A support vector machine between gadgets (n, d) and other objects (m, d), their features under :func:`unit`.

    Returns support (s, d), weight (s,) and bias (1,). Source: Hendrycks et al. 2019, "Deep Anomaly Detection with
    Outlier Exposure".
    """
    rows, targets = np.concatenate([gadgets, others]), np.repeat([1, 0], [len(gadgets), len(others)])
    model = SVC(C=3, gamma=WIDTH, class_weight="balanced").fit(rows, targets)
    found = {"support": model.support_vectors_, "weight": model.dual_coef_[0], "bias": model.intercept_}
    return {name: part.astype("f4") for name, part in found.items()}


def data_block(net: Any, size: int, classes: Sequence[str]) -> Any:
    """fastai's DataBlock over a photo table (columns path, label, valid), for pictures as `net` wants them."""
    import fastai.vision.all as fv

    class Square(fv.Transform):
        def encodes(self, picture: fv.PILImage):
            return fv.PILImage.create(fit(picture, size))

    return fv.DataBlock(
        blocks=(fv.ImageBlock, fv.CategoryBlock(vocab=classes, sort=False)),
        get_x=fv.ColReader("path"),
        get_y=fv.ColReader("label"),
        splitter=fv.ColSplitter("valid"),
        item_tfms=[Square(), fv.FlipItem()],
        batch_tfms=fv.Normalize.from_stats(net.mean, net.std),
    )


def stages(model: Any) -> list:
    """Parameter groups of a fastai model, early layers, late layers, head: what `freeze_to` and slice(lr) act on."""
    import fastai.vision.all as fv

    layers = [layer for child in model[0] for layer in (child if isinstance(child, fv.nn.Sequential) else [child])]
    cut = len(layers) * 2 // 3
    early, late = fv.nn.Sequential(*layers[:cut]), fv.nn.Sequential(*layers[cut:])
    return [fv.params(early), fv.params(late), fv.params(model[1])]


def learner(data: Any, backbone: str, probe: tuple | None = None, **options: Any) -> Any:
    """fastai's vision_learner with a linear head that starts from `probe` (weight (classes, d), bias) if there is one.

    Raises CourseError when weights cannot be had. Source of the start: Kumar et al. 2022, "Fine-Tuning can Distort
    Pretrained Features and Underperform Out-of-Distribution".
    """
    import fastai.vision.all as fv

    width = fv.num_features_model(fv.create_body(body(backbone, pretrained=False)))
    head = fv.nn.Sequential(fv.nn.AdaptiveAvgPool2d(1), fv.Flatten(), fv.nn.Linear(width, len(data.vocab)))
    if probe is not None and probe[0].shape[1] == width:
        head[-1].load_state_dict({"weight": fv.tensor(probe[0]), "bias": fv.tensor(probe[1])})
    options |= {"custom_head": head, "splitter": stages, "train_bn": False, "init": None}
    return fv.vision_learner(data, partial(body, backbone), normalize=False, **options)


class Classifier:
    """What lesson 03 leaves: a linear probe on a frozen network, calibrated, which declines what shows no gadget.

    labels: class names, in the order of every output. meta: JSON-able dict (backbone, size, temperature, prior,
    threshold, ood, trained_on, figures). tensors: arrays by name: "frozen.*" (the network), "probe.weight"
    (classes, d), "probe.bias", "bank" (training features under :func:`unit`), "margin.*" (what :func:`fit_margin` gave)
    and, where the network has one, ImageNet's "head.weight" and "head.bias".
    """

    def __init__(self, labels: Sequence[str], meta: dict, tensors: dict) -> None:
        self.labels, self.meta, self.tensors = tuple(labels), dict(meta), dict(tensors)
        net = body(self.meta["backbone"], pretrained=False)
        net.load_state_dict({name.removeprefix("frozen."): torch.as_tensor(value)
                             for name, value in self.tensors.items() if name.startswith("frozen.")})
        self.frozen = fused(net).requires_grad_(False)

    @classmethod
    def assemble(cls, net: Any, probe: tuple, labels: Sequence[str], features: np.ndarray, others: np.ndarray,
                 size: int, **meta: Any) -> Self:  # fmt: skip
        """A classifier from a frozen `net`, a `probe` (weight, bias), the training features (n, d) that both saw, and
        those of training pictures that show no gadget, `others` (m, d)."""
        tensors = {f"frozen.{name}": value.cpu().numpy() for name, value in net.state_dict().items()}
        tensors |= {"probe.weight": probe[0], "probe.bias": probe[1], "bank": unit(features)}
        tensors |= {f"margin.{name}": part for name, part in fit_margin(tensors["bank"], unit(others)).items()}
        if (head := imagenet_head(net.name)) is not None:
            tensors |= {"head.weight": head[0], "head.bias": head[1]}
        start = {"prior": PRIOR, "temperature": 1.0, "threshold": 0.0, "ood": [[0, 1], [0, 1], [0, 1]]}
        return cls(labels, {"backbone": net.name, "size": size, **start, **meta}, tensors)

    def calibrate(self, features: np.ndarray, targets: Any, rejected: float = 0.02) -> None:
        """Temperature, scale of the out-of-distribution measures, and threshold (a share `rejected` falls below),
        from features (n, d) of validation pictures and their class indices (n,)."""
        self.meta["temperature"] = temperature(self.logits(features), targets)
        measures = self.measures(features)
        self.meta["ood"] = [[float(m.mean()), float(m.std()) + 1e-6] for m in measures]
        self.meta["threshold"] = float(np.quantile(self.gadget(features), rejected))

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Log-probabilities (n, classes), not calibrated, from features (n, d): the probe's, plus ImageNet's prior."""
        logits = log_softmax(square_root(features) @ self.tensors["probe.weight"].T + self.tensors["probe.bias"])
        if "head.weight" not in self.tensors:
            return logits
        return logits + self.meta["prior"] * zero_shot(self.imagenet(features), self.labels)

    def imagenet(self, features: np.ndarray) -> np.ndarray:
        """Probabilities (n, 1000) of ImageNet's classes."""
        return softmax(features @ self.tensors["head.weight"].T + self.tensors["head.bias"])

    def measures(self, features: np.ndarray) -> list[np.ndarray]:
        """What speaks for a gadget, (n,) each: :func:`likeness`, the margin (:func:`fit_margin`; above 0 where the
        machine says "gadget") and, given ImageNet's head, :func:`near_miss`."""
        support, weight, bias = (self.tensors[f"margin.{name}"] for name in ("support", "weight", "bias"))
        kernel = np.exp(2 * WIDTH * (unit(features) @ support.T - 1))  # at length 1 a squared distance is 2 - 2 cosine
        found = [likeness(features, self.tensors["bank"]), kernel @ weight + bias]
        return [*found, near_miss(self.imagenet(features))] if "head.weight" in self.tensors else found

    def gadget(self, features: np.ndarray) -> np.ndarray:
        """How much pictures look like a gadget at all, (n,): :meth:`measures` in standard deviations, added up. That
        nothing speaks for a near miss is no merit: the last measure can only lower the score."""
        like, border, *near = ((m - mean) / std for m, (mean, std) in zip(self.measures(features), self.meta["ood"]))
        return like + border + sum(np.minimum(one, 0) for one in near)

    def predict(self, images: Sequence[Any]) -> list[dict[str, Any]]:
        """One dict per picture: label, probs {label: probability}, gadget (score; 0 is the threshold), accepted (bool).

        `label` is always the best of the known classes; `accepted` is False when the picture looks like none of them.
        images: paths or PIL pictures; raises CourseError for one that cannot be opened.
        """
        found = self.features(images)
        rows = softmax(self.logits(found) / self.meta["temperature"])
        scores = self.gadget(found) - self.meta["threshold"]
        return [{"label": self.labels[int(probs.argmax())], "probs": dict(zip(self.labels, probs.tolist())),
                 "gadget": float(score), "accepted": bool(score >= 0)} for probs, score in zip(rows, scores)]

    def features(self, images: Sequence[Any]) -> np.ndarray:
        """Frozen features (n, d) of pictures."""
        return features(images, self.meta["size"], self.frozen)

    def save(self, folder: str | Path) -> None:
        """Write model.json and model.safetensors into `folder`, made if absent; the second holds the first's sha256."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"format": FORMAT, "labels": list(self.labels), **self.meta}, indent=1) + "\n"
        tensors = {name: np.ascontiguousarray(value) for name, value in self.tensors.items()}
        data = safetensors.numpy.save(tensors, {"card": hashlib.sha256(text.encode()).hexdigest()})
        (folder / "model.json").write_text(text, encoding="utf-8")
        (folder / "model.safetensors").write_bytes(data)  # save_file would make it readable for its owner only

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """The classifier in `folder`; no pickle is read. Raises CourseError for files that are missing, damaged, of
        another format, or do not belong together (an edited card, weights of another run)."""
        with reading("classifier", folder := Path(folder)):
            text = (folder / "model.json").read_text(encoding="utf-8")
            meta = json.loads(text)
            if (version := meta.pop("format")) != FORMAT:
                raise ValueError(f"it has format {version}, this course reads {FORMAT}")
            with safetensors.safe_open(folder / "model.safetensors", framework="numpy") as file:
                if (file.metadata() or {}).get("card") != hashlib.sha256(text.encode()).hexdigest():
                    raise ValueError("it was edited after training, or its two files are of different runs")
                tensors = {name: file.get_tensor(name) for name in list(file.keys())}
            return cls(meta.pop("labels"), meta, tensors)
