"""How much a demonstration reckons: what would take gigabytes is refused before it begins."""

from __future__ import annotations

from collections.abc import Sequence

from striate.errors import UsageError
from striate.geometry.window import Window

MOST_PRODUCTS = 30_000_000
MOST_PIXELS = 1_000_000


def check_work(size: Sequence[int], windows: tuple[Window, Window], channels: int = 1) -> None:
    """size: H W of the picture without padding; `DoesNotFit` where a window is larger than it all."""
    padded = places = taps = 1
    for side, window in zip(size, windows, strict=True):
        padded *= side + window.before + window.after
        if padded > MOST_PIXELS:
            raise UsageError(
                f"with its padding the picture has more than {MOST_PIXELS:,} pixels", "pad less"
            )
        places *= window.out(side)
        taps *= window.kernel
    if places * taps * channels > MOST_PRODUCTS:
        raise UsageError(
            f"{places:,} places with {taps * channels:,} products each are more than a demonstration shows",
            f"up to {MOST_PRODUCTS:,} products: a smaller picture or window, or a larger stride",
        )
