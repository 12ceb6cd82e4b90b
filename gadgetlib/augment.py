"""Training pictures shown differently each time: torchvision's transforms, and another background under product photos."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from gadgetlib.backbone import border_colour, fit


def training_transforms(size: int) -> Any:
    """PIL picture -> PIL picture (size, size), different at each call; random numbers are torch's.

    Another background, then view (mirror, turn, shift, zoom, stretch), light and colour, and what cameras and shops add
    (blur, JPEG). Proportions mostly stay: they are what tells phones from tablets.
    """
    from torchvision.transforms import v2

    margin = size // 4
    return v2.Compose([
        v2.RandomApply([OtherBackground()], p=0.5),
        v2.Lambda(lambda picture: Image.fromarray(fit(picture, size))),
        v2.RandomHorizontalFlip(),
        v2.Pad(margin, padding_mode="edge"),
        v2.RandomAffine(12, (0.08, 0.08), (0.7, 1.4), interpolation=v2.InterpolationMode.BILINEAR),
        v2.CenterCrop(size),
        v2.ColorJitter(0.3, 0.3, 0.3, 0.02),
        v2.RandomGrayscale(0.1),
        v2.RandomApply([v2.GaussianBlur(5, (0.4, 1.6))], p=0.2),
        v2.RandomApply([v2.JPEG((25, 85))], p=0.3),
    ])


class OtherBackground:
    """Exchange the plain background of a product photo for a colour, a gradient, or a blurred patch of an earlier picture."""

    def __init__(self, remember: int = 32) -> None:
        self.earlier: list[np.ndarray] = []
        self.remember = remember

    def __call__(self, picture: Image.Image) -> Image.Image:
        import cv2

        image = np.asarray(picture)
        mask = plain_background(image)
        background = self._background(*image.shape[:2])
        self.earlier = [*self.earlier[-self.remember + 1:], image]
        if not 0.15 < mask.mean() < 0.97:
            return picture
        soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1)[..., None]
        return Image.fromarray((image * (1 - soft) + background * soft).astype(np.uint8))

    def _background(self, height: int, width: int) -> np.ndarray:
        import cv2
        import torch

        kind = float(torch.rand(()))
        if kind < 0.5 and self.earlier:
            other = self.earlier[int(torch.randint(len(self.earlier), ()))]
            h, w = other.shape[:2]
            top, left = (int(torch.randint(max(1, side // 2), ())) for side in (h, w))
            patch = other[top:top + max(2, h // 2), left:left + max(2, w // 2)]
            return cv2.GaussianBlur(cv2.resize(patch, (width, height)), (0, 0), 0.5 + 7 * kind)
        corners = torch.randint(256, (2, 2, 3)) if kind < 0.75 else torch.randint(256, (1, 1, 3)).expand(2, 2, 3)
        return cv2.resize(corners.numpy().astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)


def plain_background(image: np.ndarray, tolerance: int = 18) -> np.ndarray:
    """Which pixels of uint8 (h, w, 3) belong to a plain background: bool (h, w), joined to the border and of its colour."""
    import cv2

    alike = np.abs(image.astype(np.int16) - border_colour(image).astype(np.int16)).max(-1) <= tolerance
    _, parts = cv2.connectedComponents(alike.astype(np.uint8), connectivity=4)
    edge = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    return np.isin(parts, edge[edge > 0])
