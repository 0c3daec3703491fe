"""Our own small networks for pictures of 28 to 64 pixels, after Jordan (2024), "94% on CIFAR-10 in
3.29 seconds", arXiv 2404.00498.

A 2x2 first layer (training starts it as a whitening of the data's own patches), then three groups
that pool early, so that most of the arithmetic is wide and shallow, which is what a CPU is fast at. The
small two have pools of 3x3 that overlap (Krizhevsky et al. 2012). The large two take the largest of every
2x2 patch and average those before every second one is kept (Zhang 2019, "Making convolutional networks
shift-invariant again", arXiv 1904.11486): a picture moved by a pixel keeps its answer more often, which
costs a tenth of the passes and pays where there are many. Neither leaves out a column of 31, 15 or 7, so
left and right are alike.
"""

from __future__ import annotations

from striate.zoo.network import Network

PAPER = "after Jordan 2024, arXiv 2404.00498"
# name: (channels of the three groups, whether two convolutions with a shortcut follow each pool, or one)
SIZES = {
    "striate-xs": ((32, 64, 128), False),
    "striate-s": ((64, 256, 256), False),
    "striate-m": ((64, 256, 256), True),
    "striate-l": ((128, 384, 384), True),
}


def group(channels: int, *, deep: bool) -> str:
    """Pooled before its norm, so that all but the first convolution work on a quarter of the
    pixels.
    """
    rest = f"conv3p1-{channels} bn"
    rest = f"{{{rest} gelu {rest}}} gelu" if deep else f"{rest} gelu"
    pool = "max2s1 avg2" if deep else "max3s2"
    return f"conv3p1b0-{channels} {pool} bn gelu {rest}"


def text(size: str, channels: int = 3) -> str:
    """The whole network; `gmp` at its end takes any size of picture. A 2x2 patch of C channels varies in 4C
    directions, and the first layer has a filter for each and for its opposite: 24 for colours, 8 for grey.
    """
    widths, deep = SIZES[size]
    groups = " ".join(f"group{i}=({group(c, deep=deep)})" for i, c in enumerate(widths, 1))
    return f"{channels}x32x32: whiten=(conv2-{8 * channels} gelu) {groups} gmp fc10"


NETWORKS = tuple(
    Network(name, "Striate", 2026, PAPER, text(name), grey=text(name, 1)) for name in SIZES
)
