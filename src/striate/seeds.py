"""Randomness without state: every draw has an address, and no draw depends on the ones before it.

The crop of picture 17 in epoch 3 is `generator(seed, "crop", epoch=3, index=17)`, whoever asks, in whatever
order, with however many workers. So there is no state to save, and a resumed run equals an unbroken one.
"""

from __future__ import annotations

from hashlib import blake2b
from operator import index as as_integer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def at(seed: int, purpose: str, epoch: int = 0, index: int = 0) -> int:
    """A 128-bit key for NumPy's Philox; another purpose, epoch or index gives an unrelated one.

    >>> at(0, "crop") == at(0, "crop", epoch=0, index=0)
    True
    """
    numbers = (as_integer(seed), as_integer(epoch), as_integer(index))
    # The numbers come first and hold no bar, so no purpose can imitate another address.
    address = "striate-1|{}|{}|{}|".format(*numbers) + purpose
    return int.from_bytes(blake2b(address.encode("utf-8"), digest_size=16).digest(), "little")


def generator(seed: int, purpose: str, epoch: int = 0, index: int = 0) -> np.random.Generator:
    """A NumPy generator for one draw, or for a few draws that belong together."""
    import numpy as np

    return np.random.Generator(np.random.Philox(key=at(seed, purpose, epoch, index)))
