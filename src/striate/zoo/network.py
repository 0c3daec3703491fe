"""One network of the zoo: its text, where it comes from, and where weights for it can be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)


@final
@dataclass(frozen=True)
class Weights:
    """Pretrained weights that torchvision publishes. `enum` is torchvision's name for them, which
    states the address and, in the file's name, the start of its sha256; `mean` and `std` are how a
    picture in 0 ... 1 is normalised for them."""

    enum: str
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    licence: str = "BSD-3-Clause (torchvision); trained on ImageNet, which is for research"

    @property
    def source(self) -> str:
        """Where they come from, in words."""
        return f"torchvision {self.enum}"


@final
@dataclass(frozen=True)
class Network:
    """A row of `striate models`. `note` says where the text departs from the paper; `grey` is the text for
    pictures of one channel, where it differs in more than that.
    """

    name: str
    family: str
    year: int
    paper: str
    text: str
    weights: Weights | None = None
    note: str = ""
    grey: str = ""
