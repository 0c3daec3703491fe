"""Boxes and arrows as marks: a computation graph."""

from __future__ import annotations

from math import hypot

from striate.lectures.scene import BLUE, BODY, INK, LIT, PAPER, SMALL, Box, Mark, Path, Text, wide
from striate.lectures.shown import Link, Net, Node

_LINE = BODY * 1.25
_HEAD = 15


def net_marks(part: Net) -> tuple[list[Mark], float, float]:
    """Marks from (0, 0) on, width and height: arrows, their texts, and boxes over them."""
    sizes = [_size(node) for node in part.nodes]
    left = max(width / 2 for width, _ in sizes)
    top = max(height / 2 for _, height in sizes) + SMALL
    centres = [(left + n.at[0] * part.step[0], top + n.at[1] * part.step[1]) for n in part.nodes]
    gap = part.step[0] - max(width for width, _ in sizes)
    marks: list[Mark] = []
    texts: list[Mark] = []
    for link in part.links:
        arrow, words = _arrow(link, centres, sizes, gap)
        marks += arrow
        texts += words
    marks += texts
    for node, centre, size in zip(part.nodes, centres, sizes, strict=True):
        marks += _box(node, centre, size)
    width = max(x + w / 2 for (x, _), (w, _) in zip(centres, sizes, strict=True))
    height = max(y + h / 2 for (_, y), (_, h) in zip(centres, sizes, strict=True))
    return marks, width, height + SMALL


def _size(node: Node) -> tuple[float, float]:
    widest = max(wide(line, BODY) for line in (*node.lines, *node.fits))
    return max(96.0, widest + 26), _LINE * len(node.fits or node.lines) + 18


def _box(node: Node, centre: tuple[float, float], size: tuple[float, float]) -> list[Mark]:
    (x, y), (w, h) = centre, size
    fill = LIT if node.is_lit else PAPER
    marks: list[Mark] = [
        Box(x - w / 2, y - h / 2, w, h, fill, INK, 4.5 if node.is_lit else 2.5, 14)
    ]
    first = y - _LINE * (len(node.fits or node.lines) - 1) / 2
    for i, line in enumerate(node.lines):
        colour = BLUE if i == 2 else INK
        marks.append(Text(x, first + i * _LINE, line, BODY, colour, "middle", is_bold=i == 0))
    return marks


def _arrow(
    link: Link, centres: list[tuple[float, float]], sizes: list[tuple[float, float]], gap: float
) -> tuple[list[Mark], list[Mark]]:
    """From the right side of one box to the left side of the other."""
    (x0, y0), (x1, y1) = centres[link.start], centres[link.end]
    x0, x1 = x0 + sizes[link.start][0] / 2, x1 - sizes[link.end][0] / 2
    colour, thick = (INK, 5.0) if link.is_lit else ("#6a6660", 3.0)
    long = hypot(x1 - x0, y1 - y0) or 1.0
    dx, dy = (x1 - x0) / long * _HEAD, (y1 - y0) / long * _HEAD
    head = (
        (x1 - dx - dy * 0.55, y1 - dy + dx * 0.55),
        (x1, y1),
        (x1 - dx + dy * 0.55, y1 - dy - dx * 0.55),
    )
    marks: list[Mark] = [Path(((x0, y0), (x1, y1)), colour, thick), Path(head, colour, thick)]
    texts: list[Mark] = []
    both = bool(link.above) and bool(link.below)
    # In the last gap before the box it leads to: there a long arrow passes behind no other one.
    back = min((x1 - x0) / 2, gap / 2)
    x, y = x1 - back, y1 - (y1 - y0) * back / ((x1 - x0) or 1.0)
    for text, up, ink in ((link.above, -1, INK), (link.below, 1, BLUE)):
        if text:
            w = wide(text, SMALL) + 8
            at = y + up * SMALL * 0.7 * both
            texts.append(Box(x - w / 2, at - SMALL * 0.6, w, SMALL * 1.2, PAPER))
            texts.append(Text(x, at, text, SMALL, ink, "middle"))
    return marks, texts
