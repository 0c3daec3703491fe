"""Ma, Zhang, Zheng, Sun (2018), "ShuffleNet V2: practical guidelines for efficient CNN architecture
design", arXiv 1807.11164.
"""

from __future__ import annotations

from striate.zoo.network import Network, Weights

# width: channels of stages 2 to 4, and of the last convolution
WIDTHS = {
    "0_5": (48, 96, 192, 1024),
    "1_0": (116, 232, 464, 1024),
    "1_5": (176, 352, 704, 1024),
    "2_0": (244, 488, 976, 2048),
}
REPEATS = (3, 7, 3)


def down(half: int) -> str:
    """Both arms see everything and halve the map."""
    left = f"dw3s2p1 bn conv1-{half} bn relu"
    right = f"conv1-{half} bn relu dw3s2p1 bn conv1-{half} bn relu"
    return f"[{left} | {right}] shuffle2"


def unit(half: int) -> str:
    """Half the channels pass by untouched, the other half are worked on; then both are shuffled."""
    return f"[part2i1 | part2i2 conv1-{half} bn relu dw3p1 bn conv1-{half} bn relu] shuffle2"


def text(widths: tuple[int, ...]) -> str:
    """A stem, three stages, a 1x1."""
    stages = " ".join(
        f"stage{i}=({down(c // 2)} ({unit(c // 2)})*{n})"
        for i, (c, n) in enumerate(zip(widths[:3], REPEATS, strict=True), 2)
    )
    return f"3x224x224: stem=(conv3s2p1-24 bn relu max3s2p1) {stages} conv1-{widths[3]} bn relu gap fc1000"


NETWORKS = tuple(
    Network(
        f"shufflenet_v2_x{name}",
        "ShuffleNet",
        2018,
        "Ma et al. 2018, arXiv 1807.11164",
        text(widths),
        Weights(f"ShuffleNet_V2_X{name}_Weights.IMAGENET1K_V1"),
    )
    for name, widths in WIDTHS.items()
)
