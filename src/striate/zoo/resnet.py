"""He, Zhang, Ren, Sun (2015), "Deep residual learning for image recognition", arXiv 1512.03385.

The ImageNet networks put the stride into the 3x3 of a bottleneck, as torchvision does ("v1.5"; the
paper: into the first 1x1). The CIFAR networks of the paper's section 4.2 have shortcuts without
weights (its option A).
"""

from __future__ import annotations

from striate.zoo.network import Network, Weights

PAPER = "He et al. 2015, arXiv 1512.03385"
# depth: (blocks of each stage, is each block a bottleneck)
IMAGENET = {
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
    101: ((3, 4, 23, 3), True),
    152: ((3, 8, 36, 3), True),
}
CIFAR = (20, 32, 44, 56)


def block(channels: int, stride: str, bottleneck: bool) -> str:
    """Two 3x3, or 1x1 down, 3x3, 1x1 up, around a shortcut."""
    if bottleneck:
        return f"{{conv1-{channels} bn relu conv3{stride}p1-{channels} bn relu conv1-{4 * channels} bn}} relu"
    return f"{{conv3{stride}p1-{channels} bn relu conv3p1-{channels} bn}} relu"


def imagenet(depth: int) -> str:
    """A 7x7 stem and four stages."""
    counts, bottleneck = IMAGENET[depth]
    stages = [f"stage1=({block(64, '', bottleneck)})*{counts[0]}"]
    for i, count in enumerate(counts[1:], 2):
        channels = 32 * 2**i
        again = f"({block(channels, '', bottleneck)})*{count - 1}"
        stages.append(f"stage{i}=({block(channels, 's2', bottleneck)} {again})")
    return f"3x224x224: stem=(conv7s2p3-64 bn relu max3s2p1) {' '.join(stages)} gap fc1000"


def cifar(depth: int) -> str:
    """A 3x3 stem and three stages of 16, 32 and 64 channels; depth = 6n + 2."""
    n = (depth - 2) // 6
    stages = [f"stage1=({block(16, '', False)})*{n}"]
    for i, channels in ((2, 32), (3, 64)):
        first = f"[conv3s2p1-{channels} bn relu conv3p1-{channels} bn + every2-{channels}] relu"
        stages.append(f"stage{i}=({first} ({block(channels, '', False)})*{n - 1})")
    return f"3x32x32: stem=(conv3p1-16 bn relu) {' '.join(stages)} gap fc10"


NETWORKS = (
    *(
        Network(
            f"resnet{depth}",
            "ResNet",
            2015,
            PAPER,
            imagenet(depth),
            Weights(f"ResNet{depth}_Weights.IMAGENET1K_V1"),
            note="the stride of a bottleneck is in its 3x3 (v1.5)" if IMAGENET[depth][1] else "",
        )
        for depth in IMAGENET
    ),
    *(
        Network(
            f"resnet{depth}-cifar",
            "ResNet",
            2015,
            PAPER,
            cifar(depth),
            note="section 4.2, shortcuts without weights",
        )
        for depth in CIFAR
    ),
)
