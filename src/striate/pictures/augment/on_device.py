"""The same changes where the pixels lie: what NumPy does on the processor, done by torch on any device.

What is random is drawn by the steps themselves, on the processor and by the address of each picture, so a
batch that is made here has the very bytes of one that is made there. Only steps that move or cover whole
pixels are here: boxes are resized by Pillow and colours changed by torchvision, picture by picture.

Shape legend: N pictures of a batch, H height, W width, C channels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from striate.pictures.augment.chain import Chain
from striate.pictures.augment.crop import ShiftedCrop
from striate.pictures.augment.draws import Draws
from striate.pictures.augment.erase import Erase
from striate.pictures.augment.flip import Flip
from striate.pictures.augment.mix import Mixture
from striate.pictures.order import Rows


def lacking(chain: Chain) -> tuple[str, ...]:
    """The steps of a chain that only the processor knows, by name."""
    return tuple(type(step).__name__ for step in chain.steps if type(step) not in _WAYS)


def drawn(chain: Chain, draws: Draws, slots: Rows, height: int, width: int) -> tuple[Tensor, ...]:
    """What is random about these N pictures: a tensor with a row for each picture, for every step."""
    found = (step.draw(draws, slots, height, width) for step in chain.steps)
    return tuple(torch.from_numpy(np.ascontiguousarray(one)) for one in found)


def changed(chain: Chain, pictures: Tensor, given: tuple[Tensor, ...]) -> Tensor:
    """N H W C uint8 to the same; `given`: as `drawn`, on the device of the pictures."""
    for step, one in zip(chain.steps, given, strict=True):
        pictures = _WAYS[type(step)](step, pictures, one)
    return pictures


def mixed(pictures: Tensor, partners: Tensor, given: Mixture) -> Tensor:
    """N H W C uint8 and the partner of each, in the same order."""
    if given.box is not None:
        top, left, bottom, right = given.box
        made = pictures.clone()
        made[:, top:bottom, left:right] = partners[:, top:bottom, left:right]
        return made
    first = round(given.share * 65536)
    # Sums stay below 2**31, so they are whole numbers on every device.
    blend = pictures.to(torch.int32) * first
    blend += partners.to(torch.int32) * (65536 - first)
    return ((blend + 32768) >> 16).to(torch.uint8)


def _flipped(step: Any, pictures: Tensor, given: Tensor) -> Tensor:
    del step
    return torch.where(given.view(-1, 1, 1, 1), pictures.flip(2), pictures)


def _shifted(step: Any, pictures: Tensor, given: Tensor) -> Tensor:
    """One gather: each pixel from its row and column, mirrored at the border."""
    del step
    N, H, W, _ = pictures.shape
    device = pictures.device
    rows = _reflected(given[:, :1] + torch.arange(H, device=device), H)
    columns = _reflected(given[:, 1:] + torch.arange(W, device=device), W)
    which = torch.arange(N, device=device)
    return pictures[which[:, None, None], rows[:, :, None], columns[:, None, :]]


def _reflected(places: Tensor, side: int) -> Tensor:
    """As `crop.reflected`."""
    inside = places.abs()
    return torch.where(inside >= side, 2 * side - 2 - inside, inside)


def _covered(step: Any, pictures: Tensor, given: Tensor) -> Tensor:
    """A box of height 0 covers nothing."""
    _, H, W, _ = pictures.shape
    top, left, tall, wide = given[:, :, None].unbind(1)  # N x 1 each
    down, across = torch.arange(H, device=pictures.device), torch.arange(W, device=pictures.device)
    rows = (down >= top) & (down < top + tall)
    columns = (across >= left) & (across < left + wide)
    box = rows[:, :, None, None] & columns[:, None, :, None]
    return pictures.masked_fill(box, step.fill)


_WAYS: dict[type, Callable[[Any, Tensor, Tensor], Tensor]] = {
    Flip: _flipped, ShiftedCrop: _shifted, Erase: _covered,
}  # fmt: skip
