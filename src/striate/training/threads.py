"""Work that one thread does better than several: small work, and work whose time is to be compared.

Two threads wait for one another after each layer or product. Where others use the machine too, that waiting
can be fifty times the work, and torch spends it spinning.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from striate import machine
from striate.training.ranks import Ranks


@contextlib.contextmanager
def one_thread(*, wanted: bool = True) -> Iterator[None]:
    """torch computes with one thread in here, if `wanted`; afterwards with as many as before."""
    before = torch.get_num_threads()
    if wanted:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def while_others_wait(ranks: Ranks) -> Iterator[None]:
    """torch computes with the threads of all ranks of this machine in here, while they have nothing to do."""
    before = torch.get_num_threads()
    if ranks.here > 1:
        torch.set_num_threads(min(before * ranks.here, max(before, machine.usable_threads())))
    try:
        yield
    finally:
        torch.set_num_threads(before)
