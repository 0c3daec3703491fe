"""Sandler et al. (2018), "MobileNetV2: inverted residuals and linear bottlenecks", arXiv
1801.04381.
"""

from __future__ import annotations

from striate.zoo.network import Network, Weights

# expansion, channels, blocks, stride of the first: table 2 of the paper
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def inverted(given: int, expansion: int, channels: int, stride: int) -> str:
    """Wide inside, narrow at both ends, no activation at the end; a shortcut where nothing
    changes.
    """
    wide = f"conv1-{given * expansion} bn relu6 " if expansion > 1 else ""
    body = f"{wide}dw3{'s2' if stride == 2 else ''}p1 bn relu6 conv1-{channels} bn"
    return f"{{{body}}}" if stride == 1 and given == channels else body


def text() -> str:
    """Seven stages between a 3x3 and a 1x1."""
    parts, given = [], 32
    for i, (expansion, channels, count, stride) in enumerate(STAGES, 1):
        blocks = []
        for n in range(count):
            blocks.append(inverted(given, expansion, channels, stride if n == 0 else 1))
            given = channels
        parts.append(f"stage{i}=({' '.join(blocks)})")
    return f"3x224x224: stem=(conv3s2p1-32 bn relu6) {' '.join(parts)} conv1-1280 bn relu6 gap drop0.2 fc1000"


NETWORKS = (
    Network(
        "mobilenet_v2",
        "MobileNet",
        2018,
        "Sandler et al. 2018, arXiv 1801.04381",
        text(),
        Weights("MobileNet_V2_Weights.IMAGENET1K_V1"),
    ),
)
