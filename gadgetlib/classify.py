"""From features to a classifier: a probe, gentle fine-tuning, confidence that can be trusted, and pictures that show no gadget."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gadgetlib.augment import training_transforms
from gadgetlib.backbone import (
    BACKBONE,
    EMBEDDED,
    body,
    fit,
    fused,
    in_batches,
    no_weights,
    timm_name,
    weights_file,
)
from gadgetlib.errors import CourseError
from gadgetlib.pictures import open_image

# ---------------------------------------------------------------- probabilities


def log_softmax(logits: Any) -> np.ndarray:
    """Log-probabilities, row by row."""
    logits = np.asarray(logits, dtype=np.float64)
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def softmax(logits: Any) -> np.ndarray:
    """Probabilities, row by row."""
    return np.exp(log_softmax(logits))


def temperature(logits: Any, targets: Any) -> float:
    """The number that logits must be divided by for the smallest log loss on `targets` (class indices).

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    from scipy.optimize import minimize_scalar

    logits, rows = np.asarray(logits), np.arange(len(targets))

    def loss(log_t: float) -> float:
        return -log_softmax(logits / np.exp(log_t))[rows, targets].mean()

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def calibration_error(probs: np.ndarray, targets: Any, bins: int = 15) -> float:
    """Expected calibration error: mean distance between confidence and accuracy, over bins of equal count."""
    confidence, right = probs.max(1), probs.argmax(1) == np.asarray(targets)
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(abs(confidence[part].mean() - right[part].mean()) * len(part) for part in parts) / len(order))


def scores(logits: Any, targets: Any) -> dict[str, float]:
    """{"accuracy", "macro", "ece"} of scores (n, classes) against class indices; macro is the mean over the classes."""
    probs, targets = softmax(logits), np.asarray(targets)
    right = probs.argmax(1) == targets
    macro = np.mean([right[targets == c].mean() for c in np.unique(targets)])
    return {"accuracy": float(right.mean()), "macro": float(macro), "ece": calibration_error(probs, targets)}


# ---------------------------------------------------------------- photos and probe


def read_photos(path: str | Path) -> Any:
    """The table that lesson 02 left (clean/photos.csv) with `path`, the absolute path of each picture.

    Raises CourseError when fewer than two classes, or no training pictures of a class that is tested, are there.
    """
    import pandas as pd

    path = Path(path)
    table = pd.read_csv(path, dtype={"group": str, "source": str, "phash": str}, keep_default_na=False)
    table["path"] = [str(path.parent.parent / file) for file in table.file]
    taught = set(table.label[table.split == "train"])
    if len(taught) < 2:
        raise CourseError(f"{path.name} has training pictures of {len(taught)} class: a classifier needs two or more; "
                          "collect more kinds of gadgets in lesson 01.")
    untaught = sorted(set(table.label) - taught)
    if untaught:
        raise CourseError(f"{path.name} has no training pictures of {', '.join(untaught)}: collect more, or leave the class out.")
    return table


def square_root(features: np.ndarray) -> np.ndarray:
    """Features (n, d) with the square root taken, signs kept: a few strong channels no longer drown the others.

    Source: Perronnin et al. 2010, "Improving the Fisher Kernel for Large-Scale Image Classification" (power normalisation).
    """
    return np.sign(features) * np.sqrt(np.abs(features))


def fit_probe(features: np.ndarray, labels: Sequence[str], classes: Sequence[str], C: float = 0.001) -> tuple[np.ndarray, np.ndarray]:
    """A linear classifier on frozen features: (weight (classes, d), bias (classes,)), float32.

    Multinomial logistic regression on standardised features, every class weighing the same; the standardisation is
    folded into the weights. C: as in sklearn, smaller means smoother.
    """
    from sklearn.linear_model import LogisticRegression

    mean, scale = features.mean(0), features.std(0) + 1e-6
    targets = np.array([classes.index(label) for label in labels])
    model = LogisticRegression(C=C, class_weight="balanced", max_iter=200, tol=1e-3)
    model.fit((features - mean) / scale, targets)
    weight, bias = model.coef_, model.intercept_
    if len(classes) == 2:  # sklearn keeps one row for two classes
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    weight = weight / scale
    return weight.astype(np.float32), (bias - weight @ mean).astype(np.float32)


# ---------------------------------------------------------------- what ImageNet knows already

# The ImageNet classes that come closest to ours; it has none for headphones.
IMAGENET = {"mobile_phone": (487,), "laptop": (620, 681), "tablet": (590,), "smartwatch": (531,)}
PRIOR = 0.1  # the weight of ImageNet's prior: small, for it knows half of our gadgets by other names


def imagenet_probs(features: np.ndarray, head: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Probabilities (n, 1000) of ImageNet's classes from features (n, d) and its head (weight, bias)."""
    return softmax(features @ head[0].T + head[1])


def zero_shot(probs: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """The ImageNet prior: log-probabilities (n, labels) from ImageNet's probabilities (n, 1000), before any training.

    A label that ImageNet lacks gets what the others leave.
    """
    share = np.stack([probs[:, list(IMAGENET.get(label, ()))].sum(1) for label in labels], axis=1)
    without = [i for i, label in enumerate(labels) if label not in IMAGENET]
    if without:
        share[:, without] = (1 - share.sum(1, keepdims=True)) / len(without)
    return np.log(np.maximum(share, 0) + 1e-3)


def imagenet_agreement(probs: np.ndarray, labels: Sequence[str]) -> float:
    """Mean over the labels of the share of pictures that ImageNet's classifier, which never saw our labels, calls by their
    label. Swapped labels bring it near 0. NaN when fewer than two labels are among ImageNet's."""
    labels = np.asarray(labels, dtype=object)
    known = [label for label in IMAGENET if (labels == label).any()]
    if len(known) < 2:
        return float("nan")
    called = np.array(known, dtype=object)[zero_shot(probs, known).argmax(1)]
    return float(np.mean([(called[labels == label] == label).mean() for label in known]))


# ---------------------------------------------------------------- pictures that show no gadget


def fit_ood(features: np.ndarray, labels: Sequence[str], groups: Sequence[str], head: tuple | None = None, seed: int = 42) -> dict[str, np.ndarray]:
    """What :func:`ood_score` needs to tell gadgets from out-of-distribution pictures, learned from gadgets alone.

    Two measures: the cosine to the k-th nearest training picture (Sun et al. 2022, "Out-of-Distribution Detection with Deep
    Nearest Neighbors"), and, with ImageNet's head (weight, bias), a likelihood ratio: how much more often gadgets are taken
    for what this picture is taken for than all things are. Scaled by training pictures whose own group is left out.
    """
    labels, groups = np.asarray(labels, dtype=str), np.asarray(groups, dtype=str)
    if len(labels) > 4000:
        some = np.sort(np.random.default_rng(seed).choice(len(labels), 4000, replace=False))
        features, labels, groups = features[some], labels[some], groups[some]
    unit = _unit(features)
    k = int(np.clip(len(unit) // 50, 1, 20))
    likeness = unit @ unit.T
    likeness[groups[:, None] == groups[None]] = -1
    near = np.partition(likeness, -k, axis=1)[:, -k]
    tensors = {"ood.bank": unit}
    total = (near - near.mean()) / (near.std() + 1e-6)
    scale = [k, near.mean(), near.std() + 1e-6, 0.0, 1.0]
    if head is not None:
        tensors["head.weight"], tensors["head.bias"] = (np.asarray(t, np.float32) for t in head)
        probs = imagenet_probs(features, head)
        taken_for = np.mean([probs[labels == label].mean(0) for label in sorted(set(labels))], axis=0)
        tensors["ood.ratio"] = (taken_for * probs.shape[1]).astype(np.float32)
        ratio = np.log(probs @ tensors["ood.ratio"] + 0.01)
        total = (total + 0.5 * (ratio - ratio.mean()) / (ratio.std() + 1e-6)) / 1.5
        scale[3:] = [ratio.mean(), ratio.std() + 1e-6]
    tensors["ood.scale"] = np.array([*scale, np.quantile(total, 0.05), total.std()], np.float32)
    return tensors


def ood_score(features: np.ndarray, tensors: dict[str, np.ndarray]) -> np.ndarray:
    """How much pictures look like a gadget at all: 0 to 1, float64 (n,); 0.5 is what 95 % of the training pictures exceed."""
    k, near_mean, near_std, mean, std, low, spread = tensors["ood.scale"].astype(np.float64)
    likeness = _unit(features) @ tensors["ood.bank"].T
    total = (np.partition(likeness, -int(k), axis=1)[:, -int(k)] - near_mean) / near_std
    if "ood.ratio" in tensors:
        probs = imagenet_probs(features, (tensors["head.weight"], tensors["head.bias"]))
        total = (total + 0.5 * (np.log(probs @ tensors["ood.ratio"] + 0.01) - mean) / std) / 1.5
    return 1 / (1 + np.exp(-2 * (total - low) / spread))


def _unit(features: np.ndarray) -> np.ndarray:
    """Features under :func:`square_root` twice, so that it counts what is there more than how strong it is, at length 1."""
    rows = square_root(square_root(features))
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)


# ---------------------------------------------------------------- fine-tuning with fastai


def data_block(size: int, classes: Sequence[str]) -> Any:
    """fastai's DataBlock over a photo table (columns path, label, valid): training pictures changed, all made square."""
    from fastai.vision.all import CategoryBlock, ColReader, ColSplitter, DataBlock, ImageBlock, PILImage, Transform

    change = training_transforms(size)

    class Change(Transform):
        split_idx = 0

        def encodes(self, x: PILImage):
            return PILImage.create(np.asarray(change(x)))

    class Square(Transform):
        split_idx = 1

        def encodes(self, x: PILImage):
            return PILImage.create(fit(x, size))

    return DataBlock(
        blocks=(ImageBlock, CategoryBlock(vocab=list(classes), sort=False)),
        getters=[lambda row: open_image(row.path, side=2 * size), ColReader("label")],
        splitter=ColSplitter("valid"),
        item_tfms=[Change(), Square()],
    )


def loaders(table: Any, classes: Sequence[str], size: int, batch_size: int = 32) -> Any:
    """fastai's DataLoaders over the train and valid splits; small collections get smaller batches.

    Pictures are decoded in this process: no workers to spawn, the same order with the same seed everywhere.
    """
    rows = table[table.split != "test"].assign(valid=lambda rows: rows.split == "valid")
    if not rows.valid.any():
        raise CourseError("There is no validation picture: collect more products or sources per class in lesson 01.")
    batch_size = max(2, min(batch_size, int((~rows.valid).sum())))
    return data_block(size, classes).dataloaders(rows, bs=batch_size, num_workers=0)


def stages(model: Any) -> list:
    """Parameter groups of a fastai timm model, from the picture to the head: what `freeze_to` and slice(lr) act on."""
    from fastai.torch_core import params

    net, head = model[0].model, model[1]
    blocks = getattr(net, "blocks", None)
    if blocks is None or len(blocks) < 6:
        return [params(model[0]), params(head)]
    groups = [params(blocks[:3]), params(blocks[3:5]), params(blocks[5:]), params(head)]
    named = {id(p) for group in groups for p in group}
    around = [(name, p) for name, p in net.named_parameters() if id(p) not in named]
    groups[0] = [p for name, p in around if name.startswith(("conv_stem.", "bn1."))] + groups[0]
    groups[2] = groups[2] + [p for name, p in around if not name.startswith(("conv_stem.", "bn1."))]
    return groups


def learner(data: Any, backbone: str = BACKBONE, probe: tuple | None = None, pretrained: bool = True, cache: Any = None, **options: Any) -> Any:
    """A fastai vision learner on `data` (DataLoaders) with a linear head that starts from `probe` (weight, bias) when given.

    cache: folder for the weights file of an embedded backbone. Raises CourseError when weights cannot be had.
    """
    from fastai.vision.all import Flatten, vision_learner
    from torch import nn, tensor

    net = body(backbone, pretrained=False)
    if backbone in EMBEDDED and pretrained:
        options["pretrained_cfg_overlay"] = {"file": str(weights_file(backbone, cache))}
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), Flatten(), nn.Linear(net.num_features, len(data.vocab)))
    try:
        learn = vision_learner(data, timm_name(backbone), pretrained=pretrained, custom_head=head, splitter=stages, train_bn=False, **options)
    except Exception as error:
        if not pretrained or backbone in EMBEDDED:
            raise
        raise no_weights(backbone, error) from None
    if not pretrained:
        from fastai.vision.all import Normalize

        data.add_tfms([Normalize.from_stats(net.mean, net.std)], "after_batch")
    if probe is not None:
        learn.model[1][-1].weight.data.copy_(tensor(probe[0]))
        learn.model[1][-1].bias.data.copy_(tensor(probe[1]))
    return learn


def gentle(decay: float = 0.99) -> Any:
    """A fastai callback: batch-norm statistics stay as ImageNet left them, and the weights at the end are a running average
    of those along the way (`decay`, warmed up)."""
    from fastai.callback.core import Callback, TrainEvalCallback
    from torch import no_grad
    from torch.nn.modules.batchnorm import _BatchNorm

    class Gentle(Callback):
        run_after = TrainEvalCallback

        def before_fit(self) -> None:
            self.steps = 0
            self.mean = {k: v.detach().clone() for k, v in self.model.state_dict().items()}

        def before_train(self) -> None:
            for module in self.model.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()

        @no_grad()
        def after_batch(self) -> None:
            if not self.training:
                return
            self.steps += 1
            keep = min(decay, (1 + self.steps) / (10 + self.steps))
            for name, value in self.model.state_dict().items():
                if value.dtype.is_floating_point:
                    self.mean[name].lerp_(value, 1 - keep)

        def after_fit(self) -> None:
            if self.steps:
                self.model.load_state_dict(self.mean)

    return Gentle()


# ---------------------------------------------------------------- the classifier

FORMAT = 5


class Classifier:
    """What lesson 03 leaves: a probe on a frozen network, optionally a fine-tuned network beside it, and how far to trust them.

    labels: class names, in the order of every output. meta: JSON-able dict (backbone, size, mean, std, temperature, mix, prior,
    threshold, figures, ...). tensors: arrays by name: "frozen.*" and, fine-tuned, "tuned.body.*" (state dicts),
    "tuned.head.weight" and ".bias", "probe.weight" (classes, d) and "probe.bias" on :func:`square_root` features, "head.*", "ood.*".
    """

    def __init__(self, labels: Sequence[str], meta: dict, tensors: dict) -> None:
        self.labels, self.meta, self.tensors = tuple(labels), dict(meta), dict(tensors)
        self.frozen = self._net("frozen.")
        self.tuned = self._net("tuned.body.") if "tuned.head.weight" in self.tensors else None

    def _net(self, prefix: str) -> Any:
        import torch

        net = body(self.meta["backbone"], pretrained=False)
        net.load_state_dict({name.removeprefix(prefix): torch.as_tensor(value)
                             for name, value in self.tensors.items() if name.startswith(prefix)})
        net.mean, net.std = tuple(self.meta["mean"]), tuple(self.meta["std"])
        return fused(net).requires_grad_(False)

    @classmethod
    def assemble(cls, net: Any, probe: tuple, labels: Sequence[str], size: int, ood: dict, tuned: Any = None, mix: float = 0.2, **more: Any) -> "Classifier":
        """A classifier from its parts: frozen `net`, `probe` (weight, bias), `ood` (from :func:`fit_ood`), optionally a
        fine-tuned fastai model whose log-probabilities weigh `mix` (0 to 1). `more` goes into the model card."""
        tensors = {f"frozen.{k}": v.cpu().numpy() for k, v in net.state_dict().items()}
        tensors |= {"probe.weight": probe[0], "probe.bias": probe[1], **ood}
        if tuned is not None:
            tensors |= {f"tuned.body.{k}": v.detach().cpu().numpy() for k, v in tuned[0].model.state_dict().items()}
            tensors |= {f"tuned.head.{k}": v.detach().cpu().numpy() for k, v in tuned[1][-1].state_dict().items()}
        meta = {"backbone": net.name, "size": size, "mean": list(net.mean), "std": list(net.std), "temperature": 1.0, "mix": mix,
                "prior": PRIOR if "head.weight" in ood else 0.0, "threshold": 0.5, **more}
        return cls(labels, meta, tensors)

    def predict(self, images: Sequence[Any]) -> list[dict[str, Any]]:
        """One dict per picture: label, probs {label: probability}, gadget (0 to 1) and accepted (bool).

        `label` is always the best of the known classes; `accepted` is False when the picture looks like none of them.
        images: paths or PIL pictures; raises CourseError for one that cannot be opened.
        """
        probe, tuned, gadget = self.parts(images)
        rows = softmax(self.mixed(probe, tuned) / self.meta["temperature"])
        return [{
            "label": self.labels[int(probs.argmax())],
            "probs": {label: float(p) for label, p in zip(self.labels, probs)},
            "gadget": float(score),
            "accepted": bool(score >= self.meta["threshold"]),
        } for probs, score in zip(rows, gadget)]

    def logits(self, images: Sequence[Any]) -> np.ndarray:
        """Scores before calibration, float64 (n, classes): divide by meta["temperature"] before the softmax."""
        return self.mixed(*self.parts(images)[:2])

    def parts(self, images: Sequence[Any], known: np.ndarray | None = None, exact: bool = False) -> tuple:
        """(log-probabilities of the probe (n, classes), of the fine-tuned network or None, out-of-distribution score (n,)).

        known: frozen features of these images (n, d), where somebody has them. exact: float32 on every processor.
        """
        images, size = list(images), self.meta["size"]

        def run(one: Any, net: Any, width: int) -> np.ndarray:
            return np.concatenate([np.empty((0, width), np.float32), *in_batches(one, net, images, size, exact=exact)])

        width = self.tensors["probe.weight"].shape[1]
        frozen = run(self.frozen, self.frozen, width) if known is None else known
        tuned = None
        if self.tuned is not None:
            head = self.tensors["tuned.head.weight"], self.tensors["tuned.head.bias"]
            deep = run(lambda x: self.tuned.forward_features(x).float().mean((2, 3)), self.tuned, head[0].shape[1])
            tuned = log_softmax(deep @ head[0].T + head[1])
        return self.probe(frozen), tuned, ood_score(frozen, self.tensors)

    def probe(self, features: np.ndarray) -> np.ndarray:
        """Log-probabilities (n, classes) from frozen features (n, d): the probe's, with the ImageNet prior added."""
        logits = log_softmax(square_root(features) @ self.tensors["probe.weight"].T + self.tensors["probe.bias"])
        if not self.meta["prior"]:
            return logits
        probs = imagenet_probs(features, (self.tensors["head.weight"], self.tensors["head.bias"]))
        return log_softmax(logits + self.meta["prior"] * zero_shot(probs, self.labels))

    def mixed(self, probe: np.ndarray, tuned: np.ndarray | None) -> np.ndarray:
        return probe if tuned is None else (1 - self.meta["mix"]) * probe + self.meta["mix"] * tuned

    # ------------------------------------------------ to disk and back

    def save(self, folder: str | Path) -> None:
        """Write model.safetensors and model.json into `folder` (made if absent)."""
        from safetensors.numpy import save

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        data = save({name: np.ascontiguousarray(np.asarray(t)) for name, t in self.tensors.items()},
                    metadata={"contract": _contract(self.labels, self.meta)})
        (folder / "model.safetensors").write_bytes(data)  # save_file would make it readable for its owner only
        card = {"format": FORMAT, "labels": list(self.labels), **self.meta, "weights_sha256": hashlib.sha256(data).hexdigest(),
                "reference_logits": self._reference().tolist()}
        (folder / "model.json").write_text(json.dumps(card, indent=1) + "\n")

    def _reference(self) -> np.ndarray:
        """Scores of a drawing that never changes: what a wrong normalisation or a foreign weight file would move."""
        return self.mixed(*self.parts([_test_card()], exact=True)[:2])[0].astype(float).round(4)

    @classmethod
    def load(cls, folder: str | Path) -> "Classifier":
        """The classifier in `folder`; no pickle is read.

        Raises CourseError when files are missing, are of another format, do not belong together (an edited label order, another
        normalisation, weights of an earlier run), or the network does not answer as it did when it was saved.
        """
        from safetensors import safe_open

        folder = Path(folder)
        weights, card = folder / "model.safetensors", folder / "model.json"
        again = "run `gadget run 03` to make it anew."
        for path in (weights, card):
            if not path.exists():
                raise CourseError(f"There is no classifier in {folder.name}/ ({path.name} is missing): {again}")
        try:
            meta = json.loads(card.read_text())
            version = meta.pop("format")
            if version == 4:
                return cls._of_format_4(meta, weights)
            if version != FORMAT:
                raise CourseError(f"The classifier in {folder.name}/ has format {version}, this course reads {FORMAT}: {again}")
            with safe_open(weights, framework="numpy") as file:
                contract = (file.metadata() or {}).get("contract")
                tensors = {name: file.get_tensor(name) for name in list(file.keys())}
            labels, stored, reference = (meta.pop(key) for key in ("labels", "weights_sha256", "reference_logits"))
        except CourseError:
            raise
        except Exception as error:
            raise CourseError(f"The classifier in {folder.name}/ cannot be read ({type(error).__name__}): {again}") from None
        if hashlib.sha256(weights.read_bytes()).hexdigest() != stored:
            raise CourseError(f"model.safetensors and model.json in {folder.name}/ are of different runs: {again}")
        if contract != _contract(labels, meta):
            raise CourseError(f"model.json in {folder.name}/ was edited after training (labels, size or normalisation): {again}")
        model = cls(labels, meta, tensors)
        if np.abs(model._reference() - reference).max() > 0.05:
            raise CourseError(f"The classifier in {folder.name}/ does not answer as it did when it was saved "
                              f"(another version of torch or timm?): {again}")
        return model


    @classmethod
    def _of_format_4(cls, meta: dict, weights: Path) -> "Classifier":
        """A classifier that gadgetlib.vision saved, until lesson 03 writes the new format."""
        from safetensors.numpy import load_file

        tensors = {("ood." + key[7:] if key.startswith("gadget.") else key).replace("ood.head.", "head."): value
                   for key, value in load_file(weights).items()}
        return cls(meta["labels"], {**meta, "prior": meta["witness"]}, tensors)


def _contract(labels: Sequence[str], meta: dict) -> str:
    """What must not change between training and use, as one string."""
    keys = ("backbone", "size", "mean", "std", "temperature", "mix", "prior", "threshold")
    return json.dumps({"labels": list(labels), **{key: meta[key] for key in keys}})


def _test_card() -> Image.Image:
    """A drawing with colour, edges and a gradient, made from arithmetic alone."""
    y, x = np.mgrid[0:120, 0:160]
    card = np.stack([x * 255 // 159, y * 255 // 119, (x // 20 + y // 20) % 2 * 255], axis=-1).astype(np.uint8)
    card[40:80, 60:100] = (20, 20, 30)
    return Image.fromarray(card)
