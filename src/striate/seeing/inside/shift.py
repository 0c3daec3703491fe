"""The shift test: the answer as a picture moves, turns, grows, brightens and loses contrast; and how far a
layer is equivariant: shift then layer, beside layer then shift.

Shape legend: N pictures, K classes, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from striate.errors import StriateError
from striate.seeing.asking import blocks, calm, chosen, logits
from striate.seeing.inside.fields import step_of
from striate.seeing.tap import tap

Floats = NDArray[np.float64]
SHIFTS = tuple(range(-8, 9))
ANGLES = (-30.0, -20.0, -10.0, -5.0, 0.0, 5.0, 10.0, 20.0, 30.0)
SCALES = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4)
LIGHT = (-0.4, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4)  # of the way from black to white
CONTRAST = (0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6)


class Answers(NamedTuple):
    """Of one change: `values` it had, and for each the mean probability of the class that the unchanged
    picture gets, and the share of pictures that keep their answer.
    """

    change: str
    values: tuple[float, ...]
    probability: Floats
    kept: Floats


def moved(pictures: Tensor, down: int, right: int, fill: Tensor | float = 0.0) -> Tensor:
    """N C H W moved by whole pixels; what comes in from the sides is `fill` (0 is the mean colour)."""
    made = torch.zeros_like(pictures) + fill
    H, W = pictures.shape[2:]
    if abs(down) < H and abs(right) < W:
        to, of = (slice(max(0, down), H + min(0, down)), slice(max(0, -down), H - max(0, down)))
        across, from_ = (
            slice(max(0, right), W + min(0, right)),
            slice(max(0, -right), W - max(0, right)),
        )
        made[:, :, to, across] = pictures[:, :, of, from_]
    return made


def turned(pictures: Tensor, degrees: float = 0.0, scale: float = 1.0) -> Tensor:
    """N C H W turned against the clock and enlarged about the middle; outside lies 0, the mean colour."""
    H, W = pictures.shape[2:]
    angle = float(np.deg2rad(degrees))
    cos, sin = float(np.cos(angle)) / scale, float(np.sin(angle)) / scale
    matrix = pictures.new_tensor([[cos, -sin * H / W, 0.0], [sin * W / H, cos, 0.0]])
    grid = F.affine_grid(
        matrix.expand(len(pictures), 2, 3), list(pictures.shape), align_corners=False
    )
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def shift_test(
    model: nn.Module,
    pictures: Tensor,
    ends: tuple[Tensor | float, Tensor | float] = (-2.0, 2.0),
    temperature: float = 1.0,
) -> list[Answers]:
    """Every change. ends: black and white in the network's numbers, for each channel (1 C 1 1) or for all: no
    change of light leaves them; temperature: what scores are divided by before they are probabilities.
    """
    mean = pictures.mean((1, 2, 3), keepdim=True)
    low, high = (torch.as_tensor(end).to(pictures) for end in ends)
    least = torch.minimum(low, pictures.amin((0, 2, 3), keepdim=True))
    most = torch.maximum(high, pictures.amax((0, 2, 3), keepdim=True))

    def lit(changed: Tensor) -> Tensor:
        return torch.minimum(torch.maximum(changed, least), most)

    changes: Mapping[str, tuple[tuple[float, ...], Callable[[float], Tensor]]] = {
        "pixels to the right": (tuple(map(float, SHIFTS)), lambda v: moved(pictures, 0, int(v))),
        "pixels down": (tuple(map(float, SHIFTS)), lambda v: moved(pictures, int(v), 0)),
        "degrees": (ANGLES, lambda v: turned(pictures, v)),
        "times as large": (SCALES, lambda v: turned(pictures, scale=v)),
        "brighter": (LIGHT, lambda v: lit(pictures + v * (high - low))),
        "times the contrast": (CONTRAST, lambda v: lit(mean + (pictures - mean) * v)),
    }
    before = logits(model, pictures).argmax(1)
    found = []
    for name, (values, change) in changes.items():
        told = [logits(model, change(v)) for v in values]
        shares = [float(chosen((t.double() / temperature).softmax(1), before).mean()) for t in told]
        kept = [float((t.argmax(1) == before).double().mean()) for t in told]
        found.append(Answers(name, values, np.array(shares), np.array(kept)))
    return found


class Equivariance(NamedTuple):
    """How far shift-then-layer is from layer-then-shift, as a share of the layer's own size. `all`: over the
    whole map; `inside`: away from the borders; None where nothing is left to compare. `step`: pixels between
    neighbouring units. stride, borders: the shares of the squared distance that each explains: of a shift by
    whole steps the borders explain all; of another as much is the stride's as if it were everywhere what it
    is inside (at most: wide fields bring the borders inside).
    """

    layer: str
    pixels: int
    all: float | None
    inside: float | None
    step: float
    stride: float | None = None
    borders: float | None = None


def equivariance(
    model: nn.Module, pictures: Tensor, layer: str, pixels: int, margin: float = 0.25
) -> Equivariance:
    """Of one layer with maps, for a shift to the right by whole pixels. Where that is no whole number of the
    layer's steps its maps are shifted by interpolation between neighbours.

    margin: how much of the map at each side is left out of `inside`, where padding and what came in from the
    side are felt.
    """
    step = 0
    whole, inside = _Sums(), _Sums()
    for part in blocks(pictures):
        some = pictures[part]
        before, after = (_maps(model, x, layer) for x in (some, moved(some, 0, pixels)))
        step = step or _step(model, pictures, layer, before.shape[3])
        first, rest = divmod(pixels, step)
        share = rest / step
        expected = (1 - share) * moved(before, 0, first)
        expected += share * moved(before, 0, first + bool(rest))
        h, w = before.shape[2:]
        top, side, by = int(np.ceil(h * margin)), int(np.ceil(w * margin)), -(-abs(pixels) // step)
        # Where pixels come in from the side the inside begins later.
        left, right = (side + by, w - side) if pixels > 0 else (side, w - side - by)
        inner = (slice(None), slice(None), slice(top, h - top), slice(left, max(left, right)))
        whole = whole.with_more(after, expected)
        inside = inside.with_more(after[inner], expected[inner])
    is_between = bool(pixels % step) if step else False
    stride: float | None = None
    if whole.squared > 0 and (not is_between or inside.numbers):
        stride = min(1.0, inside.mean / whole.mean) if is_between else 0.0
    return Equivariance(
        layer,
        pixels,
        whole.apart,
        inside.apart,
        step,
        stride,
        None if stride is None else 1 - stride,
    )


class _Sums(NamedTuple):
    """Of a block after another: squared distances, squares of what was expected, and how many numbers."""

    squared: float = 0.0
    size: float = 0.0
    numbers: int = 0

    def with_more(self, one: Tensor, other: Tensor) -> _Sums:
        return _Sums(
            self.squared + float((one - other).square().sum()),
            self.size + float(other.square().sum()),
            self.numbers + one.numel(),
        )

    @property
    def mean(self) -> float:
        return self.squared / max(1, self.numbers)

    @property
    def apart(self) -> float | None:
        return float(np.sqrt(self.squared / self.size)) if self.size > 0 else None


def _step(model: nn.Module, pictures: Tensor, layer: str, width: int) -> int:
    """By the plan of the layers; where that cannot be told, by how many times smaller the map is."""
    try:
        step = step_of(model, tuple(pictures.shape[1:]), layer)
    except StriateError:
        step = None
    return step or max(1, round(pictures.shape[3] / width))


def _maps(model: nn.Module, pictures: Tensor, layer: str) -> Tensor:
    with calm(model), torch.no_grad(), tap(model, layer) as seen:
        model(pictures)
    return seen[layer].double()
