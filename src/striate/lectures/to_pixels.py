"""A sheet as pixels, by matplotlib; PNG and GIF are made of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from striate.lectures.scene import PAPER, Box, Disc, Mark, Path, Picture, Scene, Text
from striate.optional import need
from striate.pictures.files import Pixels, to_gif, to_png

_DPI = 100
_POINTS = 72 / _DPI  # matplotlib's letters and lines are in points


def png_of(scene: Scene) -> bytes:
    """The bytes of a PNG."""
    return to_png(pixels_of(scene))


def gif_of(scenes: Sequence[Scene], ms: int) -> bytes:
    """The bytes of a GIF, a frame for each sheet; smaller sheets are filled up with white."""
    frames = [pixels_of(scene) for scene in scenes]
    H, W = (max(frame.shape[axis] for frame in frames) for axis in (0, 1))
    return to_gif([_filled(frame, H, W) for frame in frames], ms)


def pixels_of(scene: Scene) -> Pixels:
    """H W 3."""
    need("matplotlib", to="draw a picture", extra="train")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(scene.width / _DPI, scene.height / _DPI), dpi=_DPI, facecolor=PAPER)
    canvas: Any = FigureCanvasAgg(sheet)
    axes: Any = sheet.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, scene.width)
    axes.set_ylim(scene.height, 0)
    for depth, mark in enumerate(scene.marks):
        _draw(axes, mark, depth)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that the font lacks are drawn as boxes
        canvas.draw()
    made: Pixels = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    return made


def _filled(frame: Pixels, H: int, W: int) -> Pixels:
    more = ((0, H - frame.shape[0]), (0, W - frame.shape[1]), (0, 0))
    return np.pad(frame, more, constant_values=255)


def _draw(axes: Any, mark: Mark, depth: int) -> None:
    if isinstance(mark, Text):
        axes.text(
            mark.x, mark.y + mark.size * 0.35, mark.text.replace("$", r"\$"), size=mark.size * _POINTS,
            color=mark.fill, ha={"start": "left", "middle": "center", "end": "right"}[mark.anchor],
            va="baseline", weight="bold" if mark.is_bold else "normal", zorder=depth,
            family="DejaVu Sans Mono" if mark.is_even else "DejaVu Sans",
        )  # fmt: skip
    elif isinstance(mark, Picture):
        edges = (mark.x, mark.x + mark.width, mark.y + mark.height, mark.y)
        axes.imshow(mark.pixels, extent=edges, interpolation="nearest", aspect="auto", zorder=depth)
    elif isinstance(mark, Path):
        x, y = zip(*mark.points, strict=True)
        axes.plot(
            x, y, color=mark.line, linewidth=mark.thick * _POINTS, zorder=depth,
            linestyle=_dash(mark.dash, mark.thick), solid_joinstyle="round",
        )  # fmt: skip
    else:
        axes.add_artist(_patch(mark, depth))  # unlike add_patch it asks for no limits


def _patch(mark: Box | Disc, depth: int) -> Any:
    from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

    if isinstance(mark, Disc):
        where = (mark.x, mark.y)
        return Circle(
            where, mark.radius, facecolor=mark.fill, edgecolor=PAPER, linewidth=1, zorder=depth
        )
    look: dict[str, Any] = {
        "facecolor": mark.fill or "none",
        "edgecolor": mark.line or "none",
        "linewidth": mark.thick * _POINTS if mark.line else 0,
        "linestyle": _dash(mark.dash, mark.thick),
        "zorder": depth,
    }
    if mark.radius:
        style = f"round,pad=0,rounding_size={mark.radius}"
        return FancyBboxPatch((mark.x, mark.y), mark.width, mark.height, boxstyle=style, **look)
    return Rectangle((mark.x, mark.y), mark.width, mark.height, joinstyle="miter", **look)


def _dash(dash: str, thick: float) -> Any:
    """SVG counts dashes in drawing units, matplotlib in widths of the line."""
    return (0, tuple(float(part) / thick for part in dash.split())) if dash else "-"
