"""Figures as SVG that take their colours from the page they stand in."""

from __future__ import annotations

from collections.abc import Sequence

from striate.pages.html import Html, escaped

_WIDTH, _HEIGHT, _FOOT, _HEAD = 640, 190, 36, 18


def histogram(counts: Sequence[int], edges: Sequence[str], title: str) -> Html:
    """One bar for each count; `edges` has one text more than there are bars and stands between them."""
    most, step = max(*counts, 1), _WIDTH / max(len(counts), 1)
    room = _HEIGHT - _FOOT - _HEAD
    bars = []
    for i, count in enumerate(counts):
        high = room * count / most
        if count:
            high = max(high, 1.5)
        top, left = _HEIGHT - _FOOT - high, i * step
        tip = f"{edges[i]} to {edges[i + 1]}: {count:,}"
        bars.append(
            f'<rect class="bar" x="{left + 1:.1f}" y="{top:.1f}" width="{step - 2:.1f}" '
            f'height="{high:.1f}"><title>{escaped(tip)}</title></rect>'
        )
        if count:
            bars.append(_text(left + step / 2, top - 4, f"{count:,}", "middle"))
    every = max(1, -(-len(edges) // 9))
    for i in range(0, len(edges), every):
        anchor = "start" if i == 0 else "end" if i == len(edges) - 1 else "middle"
        bars.append(_text(i * step, _HEIGHT - _FOOT + 16, edges[i], anchor))
    base = _HEIGHT - _FOOT
    bars.append(f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{base}" y2="{base}"/>')
    return Html(
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" '
        f'aria-label="{escaped(title)}">{"".join(bars)}{_text(0, _HEIGHT - 4, title, "start")}</svg>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escaped(text)}</text>'
