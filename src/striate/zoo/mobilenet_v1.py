"""Howard et al. (2017), "MobileNets: efficient convolutional neural networks for mobile vision
applications", arXiv 1704.04861.
"""

from __future__ import annotations

from striate.zoo.network import Network

BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1),) * 5,
    (1024, 2),
    (1024, 1),
)


def separable(channels: int, stride: int) -> str:
    """A 3x3 for each channel alone, then a 1x1 across them."""
    return f"dw3{'s2' if stride == 2 else ''}p1 bn relu conv1-{channels} bn relu"


NETWORKS = (
    Network(
        "mobilenet_v1",
        "MobileNet",
        2017,
        "Howard et al. 2017, arXiv 1704.04861",
        f"3x224x224: conv3s2p1-32 bn relu {' '.join(separable(*b) for b in BLOCKS)} gap fc1000",
    ),
)
