"""Pictures for demonstrations that need pixels: files, or typed numbers 0 ... 255."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from striate.errors import UsageError
from striate.verbs.show_read import image, is_file

if TYPE_CHECKING:
    from striate.pictures.files import Pixels


def pixels_of(text: str, what: str = "a picture", as_grey: bool = False) -> tuple[Pixels, str]:
    """H W C, and a line about where it comes from."""
    picture = image(text, what, as_grey=as_grey)
    values = picture.values
    if len(values) not in (1, 3) or values.min() < 0 or values.max() > 255:
        raise UsageError(
            f"{what}: pixels are 0 to 255 in 1 or 3 channels; here are {len(values)} channels "
            f"from {values.min():g} to {values.max():g}",
            "give a picture file, or numbers in that range",
        )
    return np.rint(values.transpose(1, 2, 0)).astype(np.uint8), picture.note


def grey_of(texts: Sequence[str]) -> tuple[list[Pixels], list[str]]:
    """Several pictures in grey, and their names."""
    made = [
        pixels_of(text, f"picture {number}", as_grey=True)[0] for number, text in enumerate(texts)
    ]
    names = [
        Path(text).name[:24] if is_file(text) else f"picture {n}" for n, text in enumerate(texts)
    ]
    return made, names
