"""Pixels of train that stay on the device, so that a batch is made there and nothing large is copied.

A batch is planned by the threads that work ahead (which pictures, and what is drawn for each: a few numbers)
and made on the device by the thread that trains, since others would not know which device is theirs.

Shape legend: M pictures of the split, n those that a batch needs, N of the batch, H height, W width, C
channels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np
import torch
from torch import Tensor

from striate import machine
from striate.pictures.augment import on_device
from striate.pictures.augment.chain import Chain
from striate.pictures.augment.draws import Draws
from striate.pictures.augment.mix import Mixture
from striate.pictures.order import Rows

if TYPE_CHECKING:
    from striate.pictures.batches import Pictures

SHARE = 1 / 3  # of the memory that is free: the network and its maps need the rest
_AT_ONCE = 1 << 26  # bytes that are copied to the device at a time


class Choice(NamedTuple):
    """Whether pixels stay on the device, and why; `why` is empty where there is nothing to say."""

    resident: bool
    why: str


class Mixing(NamedTuple):
    """Which of the n pictures are mixed with which: N and N places among them."""

    first: Tensor
    second: Tensor
    drawn: Mixture


@final
@dataclass(frozen=True, eq=False)
class Planned:
    """A batch that is yet to be made. places: n, in the pixels that are held. drawn: one tensor a step."""

    places: Tensor
    drawn: tuple[Tensor, ...]
    mixing: Mixing | None = None

    def mixed(self, first: Rows, second: Rows, drawn: Mixture) -> Planned:
        """The same, mixed at the end."""
        two = (torch.from_numpy(first), torch.from_numpy(second))
        return replace(self, mixing=Mixing(*two, drawn))


@final
class Resident:
    """The pixels of some rows of the dataset, M H W C uint8, on a device."""

    def __init__(self, pictures: Pictures, rows: Rows, device: str) -> None:
        shape = pictures.preparation.shape
        self.size = pictures.preparation.size
        self.pixels = torch.empty((len(rows), *shape), dtype=torch.uint8, device=device)
        self._at = np.full(len(pictures.dataset), -1, np.int64)
        self._at[rows] = np.arange(len(rows))
        some = max(1, _AT_ONCE // max(1, int(np.prod(shape))))
        for start in range(0, len(rows), some):
            part = torch.from_numpy(pictures.take(rows[start : start + some]))
            self.pixels[start : start + len(part)].copy_(part)

    def plan(self, chain: Chain, draws: Draws, rows: Rows, slots: Rows) -> Planned:
        """What is drawn for these rows of the dataset, at these addresses; by any thread."""
        places = self._at[rows]
        if (places < 0).any():
            raise ValueError("only pictures of the split lie on the device")
        return Planned(torch.from_numpy(places), on_device.drawn(chain, draws, slots, *self.size))

    def made(self, chain: Chain, planned: Planned) -> Tensor:
        """N H W C uint8 on the device; by the thread that trains."""
        chosen = self.pixels.index_select(0, self._moved(planned.places))
        made = on_device.changed(chain, chosen, tuple(self._moved(one) for one in planned.drawn))
        if planned.mixing is None:
            return made
        first, second = (made.index_select(0, self._moved(one)) for one in planned.mixing[:2])
        return on_device.mixed(first, second, planned.mixing.drawn)

    def _moved(self, numbers: Tensor) -> Tensor:
        return numbers.to(self.pixels.device, non_blocking=True)


def held(pictures: Pictures, rows: Rows, device: str) -> Resident | str:
    """The pixels of these rows on the device, or why they cannot lie there."""
    try:
        return Resident(pictures, rows, device)
    except (RuntimeError, MemoryError) as fault:  # no room: other processes may have taken it
        said = str(fault).split("\n")[0]
        return f"pixels do not stay on {device}, but are copied for each batch: {said}"


def choose(wanted: str, chain: Chain, pictures: int, nbytes: int, device: str) -> Choice:
    """wanted: auto is on CUDA alone, yes on any device; both only where it is known how, and where there is
    room. pictures, nbytes: of train, prepared.
    """
    if wanted == "no" or (wanted == "auto" and torch.device(device).type != "cuda"):
        return Choice(False, "")
    named = f"the pixels of train ({_size(nbytes)})"
    if names := on_device.lacking(chain):
        return Choice(
            False,
            f"{named} are not kept on {device}: {' and '.join(names)} of the augmentation are done by the "
            "processor, picture by picture",
        )
    free = free_bytes(device)
    if free is None:
        return Choice(
            False, f"{named} are not kept on {device}: how much memory is free there is not known"
        )
    if nbytes > SHARE * free:
        return Choice(
            False,
            f"{named} are not kept on {device}: they would take more than a third of the {_size(free)} that "
            "are free there",
        )
    return Choice(
        True, f"{named} stay on {device}, and batches of the {pictures:,} pictures are made there"
    )


def _size(nbytes: int) -> str:
    return f"{nbytes / 1e9:.1f} GB" if nbytes >= 1e9 else f"{nbytes / 1e6:.1f} MB"


def free_bytes(device: str) -> int | None:
    """Memory of a device that is free; None where it does not tell."""
    kind = torch.device(device).type
    if kind == "cuda":
        try:
            return int(torch.cuda.mem_get_info(torch.device(device))[0])
        except RuntimeError:  # some cards under some drivers do not say
            return None
    if kind != "cpu":
        return None
    found = machine.memory()
    known = [n for n in (found.available_bytes, found.limit_bytes) if n is not None]
    return min(known, default=None)
