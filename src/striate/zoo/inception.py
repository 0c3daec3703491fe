"""Szegedy et al. (2015), "Rethinking the Inception architecture for computer vision", arXiv
1512.00567.
"""

from __future__ import annotations

from striate.zoo.googlenet import conv
from striate.zoo.network import HALF, Network, Weights


def joined(*arms: str) -> str:
    """Arms side by side."""
    return "[" + " | ".join(arms) + "]"


def chain(*parts: tuple[str, int]) -> str:
    """Convolutions one after another."""
    return " ".join(conv(kernel, channels) for kernel, channels in parts)


def block_a(pooled: int) -> str:
    """At 35 pixels: the 5x5 of the first Inception as two 3x3."""
    return joined(
        chain(("1", 64)),
        chain(("1", 48), ("5p2", 64)),
        chain(("1", 64), ("3p1", 96), ("3p1", 96)),
        "avg3s1p1 " + chain(("1", pooled)),
    )


def block_c(width: int) -> str:
    """At 17 pixels: 7x7 as 1x7 and 7x1."""
    wide, tall = "1x7p0x3", "7x1p3x0"
    return joined(
        chain(("1", 192)),
        chain(("1", width), (wide, width), (tall, 192)),
        chain(("1", width), (tall, width), (wide, width), (tall, width), (wide, 192)),
        "avg3s1p1 " + chain(("1", 192)),
    )


def block_e() -> str:
    """At 8 pixels: 1x3 and 3x1 side by side."""
    both = joined(chain(("1x3p0x1", 384)), chain(("3x1p1x0", 384)))
    return joined(
        chain(("1", 320)),
        f"{chain(('1', 384))} {both}",
        f"{chain(('1', 448), ('3p1', 384))} {both}",
        "avg3s1p1 " + chain(("1", 192)),
    )


def text() -> str:
    """Stem, three stages, and a reduction between each two."""
    stem = (
        chain(("3s2", 32), ("3", 32), ("3p1", 64))
        + " max3s2 "
        + chain(("1", 80), ("3", 192))
        + " max3s2"
    )
    to17 = joined(chain(("3s2", 384)), chain(("1", 64), ("3p1", 96), ("3s2", 96)), "max3s2")
    to8 = joined(
        chain(("1", 192), ("3s2", 320)),
        chain(("1", 192), ("1x7p0x3", 192), ("7x1p3x0", 192), ("3s2", 192)),
        "max3s2",
    )
    at35 = " ".join(block_a(n) for n in (32, 64, 64))
    at17 = " ".join(block_c(n) for n in (128, 160, 160, 192))
    return (
        f"3x299x299: stem=({stem}) stage1=({at35}) reduce1=({to17}) stage2=({at17}) reduce2=({to8}) "
        f"stage3=({block_e()})*2 gap drop0.5 fc1000"
    )


NETWORKS = (
    Network(
        "inception_v3",
        "Inception",
        2015,
        "Szegedy et al. 2015, arXiv 1512.00567",
        text(),
        Weights("Inception_V3_Weights.IMAGENET1K_V1", HALF, HALF),
        note="without its auxiliary head",
    ),
)
