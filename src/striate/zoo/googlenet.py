"""Szegedy et al. (2014), "Going deeper with convolutions", arXiv 1409.4842.

torchvision's version: batch norm, 3x3 where the paper has 5x5 (a slip that its weights keep), no
auxiliary heads.
"""

from __future__ import annotations

from striate.zoo.network import HALF, Network, Weights

# channels: 1x1 | 1x1 then 3x3 | 1x1 then "5x5" | pool then 1x1
STAGE3 = ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64))
STAGE4 = (
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
)
STAGE5 = ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128))


def conv(kernel: str, channels: int) -> str:
    """A convolution with its norm and activation."""
    return f"conv{kernel}-{channels} bn0.001 relu"


def inception(widths: tuple[int, ...]) -> str:
    """Four ways to look at the same map, side by side."""
    one, few3, three, few5, five, pooled = widths
    arms = (
        conv("1", one),
        f"{conv('1', few3)} {conv('3p1', three)}",
        f"{conv('1', few5)} {conv('3p1', five)}",
        f"max3s1p1c {conv('1', pooled)}",
    )
    return "[" + " | ".join(arms) + "]"


def text() -> str:
    """A stem, then nine inception blocks in three stages."""
    stages = " max3s2c ".join(
        f"stage{i}=({' '.join(map(inception, widths))})"
        for i, widths in enumerate((STAGE3, STAGE4), 3)
    )
    last = f"stage5=({' '.join(map(inception, STAGE5))})"
    stem = f"stem=({conv('7s2p3', 64)} max3s2c {conv('1', 64)} {conv('3p1', 192)} max3s2c)"
    return f"3x224x224: {stem} {stages} max2c {last} gap drop0.2 fc1000"


NETWORKS = (
    Network(
        "googlenet",
        "GoogLeNet",
        2014,
        "Szegedy et al. 2014, arXiv 1409.4842",
        text(),
        Weights("GoogLeNet_Weights.IMAGENET1K_V1", HALF, HALF),
        note="torchvision's: batch norm, 3x3 in place of 5x5, without auxiliary heads",
    ),
)
