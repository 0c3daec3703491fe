"""Our own small networks for pictures of 28 to 64 pixels, after Jordan (2024), "94% on CIFAR-10 in
3.29 seconds", arXiv 2404.00498.

A 2x2 first layer (training starts it as a whitening of the data's own patches), then three groups
that pool early, so that most of the arithmetic is wide and shallow, which is what a CPU is fast at.
"""

from __future__ import annotations

from striate.zoo.network import Network

PAPER = "after Jordan 2024, arXiv 2404.00498"
# name: (first filters, channels of the three groups, convolutions of a group after its pool)
SIZES = {
    "striate-xs": (24, (32, 64, 128), 1),
    "striate-s": (24, (64, 256, 256), 1),
    "striate-m": (24, (128, 384, 384), 2),
}


def group(channels: int, after: int) -> str:
    """Pooled before its norm, so that all but the first convolution work on a quarter of the
    pixels.
    """
    rest = f"conv3p1-{channels} bn gelu"
    return f"conv3p1b0-{channels} max2 bn gelu {rest if after == 1 else f'({rest})*{after}'}"


def text(size: str) -> str:
    """The whole network; `gmp` at its end takes any size of picture."""
    first, widths, after = SIZES[size]
    groups = " ".join(f"group{i}=({group(c, after)})" for i, c in enumerate(widths, 1))
    return f"3x32x32: whiten=(conv2-{first} gelu) {groups} gmp fc10"


NETWORKS = tuple(Network(name, "Striate", 2026, PAPER, text(name)) for name in SIZES)
