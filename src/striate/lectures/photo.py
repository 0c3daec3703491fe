"""Large pictures are shown in grey, as people know them; small ones are cells with numbers."""

from __future__ import annotations

import numpy as np

from striate.lectures.shown import Floats
from striate.pictures.files import Pixels

LARGE = 40  # sides from which on a picture is shown as one


def is_large(values: Floats) -> bool:
    """Whether it is a picture rather than a table of numbers."""
    return bool(max(values.shape) > LARGE)


def grey_of(values: Floats, like: Floats | None = None) -> Pixels | None:
    """H W to H W 3 in grey, 0 black and 255 white (more where there is more); NaN is white. None for a table,
    and where something is below zero: that is shown by signed colours. like: decides instead of `values`."""
    deciding = values if like is None else like
    known = deciding[np.isfinite(deciding)]
    if not is_large(deciding) or not known.size or known.min() < 0:
        return None
    high = max(255.0, float(known.max()))
    grey = np.rint(np.nan_to_num(values / high, nan=1.0) * 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)
