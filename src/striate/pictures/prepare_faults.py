"""What a preparation cannot be: every fault of its values, told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np

from striate.errors import PreparationFault

LARGEST_SIDE = 4096
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "mode": ("RGB", "L"),
    "fit": ("crop", "pad", "stretch"),
    "centre": ("none", "mass", "box"),
}


def refused(found: list[str]) -> PreparationFault:
    """The fault that tells all of these."""
    return PreparationFault(
        "the preparation cannot be used: " + "; ".join(found),
        'an example: {"size": [224, 224], "fit": "crop", "ratio": 0.875}',
    )


def shown(value: object) -> str:
    """A value as a message shows it, never long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def faults(given: Mapping[str, object]) -> Iterator[str]:
    """Every value that cannot be, in the order of the fields."""
    mode = given.get("mode", "RGB")
    for name, value in given.items():
        if name in _CHOICES:
            if value not in _CHOICES[name]:
                yield f"{name} is one of {', '.join(_CHOICES[name])}, not {shown(value)}"
        elif name == "size":
            if not _numbers(value, 2, 1, LARGEST_SIDE, whole=True):
                yield f"size is [height, width], each 1 to {LARGEST_SIDE}, not {shown(value)}"
        elif name in ("background", "fill"):
            if not _numbers(value, 3, 0, 255, whole=True):
                yield f"{name} is red, green and blue, each 0 to 255, not {shown(value)}"
        elif name == "ratio":
            if not _numbers((value,), 1, 0.05, 1):
                yield f"ratio is 0.05 to 1, not {shown(value)}"
        elif name in ("mean", "std"):
            count, least = (1 if mode == "L" else 3), (0 if name == "mean" else 1e-6)
            if not _numbers(value, count, least, 100):
                many = "one number" if count == 1 else "three numbers"
                yield f"{name} is {many} from {least:g} to 100, not {shown(value)}"


def _numbers(value: object, count: int, least: float, most: float, whole: bool = False) -> bool:
    """Whether these are so many numbers within these limits; True and False are no numbers."""
    kinds = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    if not isinstance(value, tuple | list) or len(value) != count:
        return False
    return all(
        isinstance(v, kinds) and not isinstance(v, bool) and least <= cast("float", v) <= most
        for v in value
    )
