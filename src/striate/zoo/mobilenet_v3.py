"""Howard et al. (2019), "Searching for MobileNetV3", arXiv 1905.02244."""

from __future__ import annotations

from typing import NamedTuple

from striate.zoo.network import Network, Weights

PAPER = "Howard et al. 2019, arXiv 1905.02244"
NORM = "bn0.001m0.01"


class Block(NamedTuple):
    """A row of table 1 or 2: kernel, expanded width, channels, squeeze-excite, activation,
    stride.
    """

    kernel: int
    wide: int
    channels: int
    gated: bool
    act: str
    stride: int


def rows(table: str) -> tuple[Block, ...]:
    """The paper's table, one block a line: `3 64 24 - relu 2`."""
    found = []
    for line in table.strip().splitlines():
        kernel, wide, channels, gated, act, stride = line.split()
        found.append(Block(int(kernel), int(wide), int(channels), gated == "se", act, int(stride)))
    return tuple(found)


LARGE = rows("""
3 16 16 - relu 1
3 64 24 - relu 2
3 72 24 - relu 1
5 72 40 se relu 2
5 120 40 se relu 1
5 120 40 se relu 1
3 240 80 - hswish 2
3 200 80 - hswish 1
3 184 80 - hswish 1
3 184 80 - hswish 1
3 480 112 se hswish 1
3 672 112 se hswish 1
5 672 160 se hswish 2
5 960 160 se hswish 1
5 960 160 se hswish 1
""")
SMALL = rows("""
3 16 16 se relu 2
3 72 24 - relu 2
3 88 24 - relu 1
5 96 40 se hswish 2
5 240 40 se hswish 1
5 240 40 se hswish 1
5 120 48 se hswish 1
5 144 48 se hswish 1
5 288 96 se hswish 2
5 576 96 se hswish 1
5 576 96 se hswish 1
""")


def eighths(value: int) -> int:
    """The nearest multiple of 8, at least 8 and not below 90 % of the value."""
    near = max(8, (value + 4) // 8 * 8)
    return near + 8 if near < 0.9 * value else near


def inverted(given: int, b: Block) -> str:
    """An inverted residual with a squeeze-excite gate where the table says so."""
    wide = f"conv1-{b.wide} {NORM} {b.act} " if b.wide != given else ""
    gate = f"se{eighths(b.wide // 4)}h " if b.gated else ""
    deep = f"dw{b.kernel}{'s2' if b.stride == 2 else ''}p{b.kernel // 2} {NORM} {b.act} "
    body = f"{wide}{deep}{gate}conv1-{b.channels} {NORM}"
    return f"{{{body}}}" if b.stride == 1 and given == b.channels else body


def text(blocks: tuple[Block, ...], hidden: int) -> str:
    """The blocks of a table between the stem and the head."""
    parts, given = [], 16
    for b in blocks:
        parts.append(inverted(given, b))
        given = b.channels
    return (
        f"3x224x224: stem=(conv3s2p1-16 {NORM} hswish) blocks=({' '.join(parts)}) "
        f"conv1-{6 * given} {NORM} hswish gap fc{hidden} hswish drop0.2 fc1000"
    )


NETWORKS = (
    Network(
        "mobilenet_v3_large",
        "MobileNet",
        2019,
        PAPER,
        text(LARGE, 1280),
        Weights("MobileNet_V3_Large_Weights.IMAGENET1K_V1"),
    ),
    Network(
        "mobilenet_v3_small",
        "MobileNet",
        2019,
        PAPER,
        text(SMALL, 1024),
        Weights("MobileNet_V3_Small_Weights.IMAGENET1K_V1"),
    ),
)
