"""Simonyan, Zisserman (2014), "Very deep convolutional networks for large-scale image recognition",
arXiv 1409.1556.
"""

from __future__ import annotations

from striate.zoo.network import Network, Weights

PAPER = "Simonyan, Zisserman 2014, arXiv 1409.1556"
CHANNELS = (64, 128, 256, 512, 512)
DEPTHS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


def text(depth: int, norm: str) -> str:
    """Five stages of 3x3 convolutions, each halved by a pool; three fully connected layers."""
    stages = " ".join(
        f"stage{i}=((conv3p1{'b' if norm else ''}-{c}{norm} relu)*{n} max2)"
        for i, (c, n) in enumerate(zip(CHANNELS, DEPTHS[depth], strict=True), 1)
    )
    return f"3x224x224: {stages} avgto7 (fc4096 relu drop0.5)*2 fc1000"


NETWORKS = tuple(
    Network(
        f"vgg{depth}{'_bn' if norm else ''}",
        "VGG",
        2014,
        PAPER,
        text(depth, norm),
        Weights(f"VGG{depth}{'_BN' if norm else ''}_Weights.IMAGENET1K_V1"),
        note="with batch norm, which the paper had not; its needless biases are torchvision's"
        if norm
        else "",
    )
    for depth in DEPTHS
    for norm in ("", " bn")
)
