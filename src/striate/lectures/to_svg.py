"""A sheet as SVG that needs nothing else: text stays text, pictures are inside."""

from __future__ import annotations

import base64

from striate.lectures.scene import PAPER, Box, Disc, Mark, Path, Picture, Scene, Text
from striate.pages.html import escaped
from striate.pictures.files import to_png

_SANS = "'DejaVu Sans',Verdana,'Segoe UI',sans-serif"
_EVEN = "'DejaVu Sans Mono',Menlo,Consolas,monospace"


def svg_of(scene: Scene) -> str:
    """The text of the file."""
    W, H = scene.width, scene.height
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {W} {H}" width="{W}" height="{H}" '
            f'role="img" font-family="{_SANS}">',
            f"<title>{escaped(scene.told)}</title>",
            f'<rect width="{W}" height="{H}" fill="{PAPER}"/>',
            *(_mark(mark) for mark in scene.marks),
            "</svg>\n",
        )
    )


def _mark(mark: Mark) -> str:
    if isinstance(mark, Text):
        return _text(mark)
    if isinstance(mark, Box):
        corners = f' rx="{_n(mark.radius)}"' if mark.radius else ""
        return (
            f'<rect x="{_n(mark.x)}" y="{_n(mark.y)}" width="{_n(mark.width)}" height="{_n(mark.height)}"'
            f'{corners} fill="{mark.fill or "none"}"{_line(mark.line, mark.thick, mark.dash)}/>'
        )
    if isinstance(mark, Path):
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in mark.points)
        line = _line(mark.line, mark.thick, mark.dash)
        return f'<polyline points="{points}" fill="none" stroke-linejoin="round"{line}/>'
    if isinstance(mark, Disc):
        return (
            f'<circle cx="{_n(mark.x)}" cy="{_n(mark.y)}" r="{_n(mark.radius)}" fill="{mark.fill}"'
            f"{_line(PAPER, 1.5, '')}/>"
        )
    return _picture(mark)


def _text(mark: Text) -> str:
    return (
        f'<text x="{_n(mark.x)}" y="{_n(mark.y + mark.size * 0.35)}" font-size="{_n(mark.size)}" '
        f'fill="{mark.fill}"'
        + (f' text-anchor="{mark.anchor}"' if mark.anchor != "start" else "")
        + (' font-weight="bold"' if mark.is_bold else "")
        + (f' font-family="{_EVEN}" xml:space="preserve"' if mark.is_even else "")
        + (f' data-cell="{escaped(mark.cell)}"' if mark.cell else "")
        + f">{escaped(mark.text)}</text>"
    )


def _picture(mark: Picture) -> str:
    held = base64.b64encode(to_png(mark.pixels)).decode()
    return (
        f'<image x="{_n(mark.x)}" y="{_n(mark.y)}" width="{_n(mark.width)}" height="{_n(mark.height)}" '
        'preserveAspectRatio="none" style="image-rendering:pixelated" '
        f'href="data:image/png;base64,{held}"/>'
    )


def _line(colour: str, thick: float, dash: str) -> str:
    if not colour:
        return ""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f' stroke="{colour}" stroke-width="{_n(thick)}"{dashed}'


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
