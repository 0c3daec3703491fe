"""A sheet as pixels, by matplotlib; PNG and GIF are made of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from striate.lectures.scene import PAPER, Box, Disc, Mark, Path, Picture, Scene, Text
from striate.optional import need
from striate.pictures.files import Pixels, to_gif, to_png

_DPI = 100
_AROUND = np.array((-4, -4, 4, 4))  # pixels: lines are that wide at most
_POINTS = 72 / _DPI  # matplotlib's letters and lines are in points


def png_of(scene: Scene) -> bytes:
    """The bytes of a PNG."""
    return to_png(pixels_of(scene))


def gif_of(scenes: Sequence[Scene], ms: int, tell: Callable[[int], None] | None = None) -> bytes:
    """The bytes of a GIF, a frame for each sheet; smaller sheets are filled up with white. tell: hears how
    many frames are drawn.
    """
    frames = []
    for frame in pixels_of_all(scenes):
        frames.append(frame)
        if tell is not None:
            tell(len(frames))
    H, W = (max(frame.shape[axis] for frame in frames) for axis in (0, 1))
    return to_gif([_filled(frame, H, W) for frame in frames], ms)


def pixels_of(scene: Scene) -> Pixels:
    """H W 3."""
    (made,) = pixels_of_all([scene])
    return made


def pixels_of_all(scenes: Sequence[Scene]) -> Iterator[Pixels]:
    """H W 3 each, the same as one by one. What is the same on all sheets is drawn once: most of a sheet, and
    matplotlib takes a millisecond for a mark.
    """
    need("matplotlib", to="draw a picture", extra="train")
    shapes = {(scene.width, scene.height, len(scene.marks)) for scene in scenes}
    if len(shapes) > 1:
        for scene in scenes:
            yield pixels_of(scene)
        return
    first = scenes[0]
    moves = [
        not all(_same(mark, one.marks[i]) for one in scenes) for i, mark in enumerate(first.marks)
    ]
    sheet = _Sheet(first)
    still = sheet.artists(first)
    moving = [sheet.artists(scene, moves) for scene in scenes]
    live = sheet.live(still, moving)
    sheet.keep([one for i, one in still.items() if i not in live])
    for own in moving:
        yield sheet.drawn([own.get(i, still[i]) for i in live])


Artists = dict[int, Any]  # by the place of their mark in the scene


@final
class _Sheet:
    """A canvas of matplotlib on which some marks are drawn once, and others over them for each frame."""

    def __init__(self, scene: Scene) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        size = (scene.width / _DPI, scene.height / _DPI)
        self.sheet = Figure(figsize=size, dpi=_DPI, facecolor=PAPER)
        self.canvas: Any = FigureCanvasAgg(self.sheet)
        self.axes: Any = self.sheet.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, scene.width)
        self.axes.set_ylim(scene.height, 0)
        self._kept: Any = None

    def artists(self, scene: Scene, wanted: Sequence[bool] | None = None) -> Artists:
        """Of its marks, or of the wanted ones; they are drawn only by name."""
        made = {
            i: _artist(self.axes, mark, i)
            for i, mark in enumerate(scene.marks)
            if wanted is None or wanted[i]
        }
        for one in made.values():
            one.set_animated(True)
        return made

    def live(self, still: Artists, moving: Sequence[Artists]) -> list[int]:
        """The places of what moves, and of what lies over one of these, from the bottom to the top."""
        boxes = [self._boxes(artists) for artists in moving]
        found: dict[int, list[NDArray[np.float64]]] = {}
        for i, box in self._boxes(still).items():
            if i in boxes[0]:
                found[i] = [some[i] for some in boxes]
            elif any(_meet(box, one) for several in found.values() for one in several):
                found[i] = [box]
        return list(found)

    def _boxes(self, artists: Artists) -> dict[int, NDArray[np.float64]]:
        """left, bottom, right, top of each in pixels, and what its line covers."""
        pen = self.canvas.get_renderer()
        with _unknown_letters():
            return {i: one.get_window_extent(pen).extents + _AROUND for i, one in artists.items()}

    def keep(self, artists: Sequence[Any]) -> None:
        """Draw these once, on white."""
        with _unknown_letters():
            self.canvas.draw()  # what is animated is left out, so nothing but the paper
            for one in artists:
                one.draw(self.canvas.get_renderer())
        self._kept = self.canvas.copy_from_bbox(self.sheet.bbox)

    def drawn(self, artists: Sequence[Any]) -> Pixels:
        """H W 3: what is kept, and these over it."""
        self.canvas.restore_region(self._kept)
        with _unknown_letters():
            for one in artists:
                one.draw(self.canvas.get_renderer())
        made: Pixels = np.asarray(self.canvas.buffer_rgba())[:, :, :3].copy()
        return made


@contextmanager
def _unknown_letters() -> Iterator[None]:
    """Letters that the font lacks are drawn as boxes, and nobody is warned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _meet(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool((one[:2] < other[2:]).all() and (other[:2] < one[2:]).all())


def _same(one: Mark, other: Mark) -> bool:
    if isinstance(one, Picture) and isinstance(other, Picture):
        same = one._replace(pixels=other.pixels) == other
        return same and np.array_equal(one.pixels, other.pixels)
    return one == other


def _filled(frame: Pixels, H: int, W: int) -> Pixels:
    more = ((0, H - frame.shape[0]), (0, W - frame.shape[1]), (0, 0))
    return np.pad(frame, more, constant_values=255)


def _artist(axes: Any, mark: Mark, depth: int) -> Any:
    if isinstance(mark, Text):
        return axes.text(
            mark.x, mark.y + mark.size * 0.35, mark.text.replace("$", r"\$"), size=mark.size * _POINTS,
            color=mark.fill, ha={"start": "left", "middle": "center", "end": "right"}[mark.anchor],
            va="baseline", weight="bold" if mark.is_bold else "normal", zorder=depth,
            family="DejaVu Sans Mono" if mark.is_even else "DejaVu Sans",
        )  # fmt: skip
    if isinstance(mark, Picture):
        edges = (mark.x, mark.x + mark.width, mark.y + mark.height, mark.y)
        return axes.imshow(
            mark.pixels, extent=edges, interpolation="nearest", aspect="auto", zorder=depth
        )
    if isinstance(mark, Path):
        x, y = zip(*mark.points, strict=True)
        (line,) = axes.plot(
            x, y, color=mark.line, linewidth=mark.thick * _POINTS, zorder=depth,
            linestyle=_dash(mark.dash, mark.thick), solid_joinstyle="round",
        )  # fmt: skip
        return line
    return axes.add_artist(_patch(mark, depth))  # unlike add_patch it asks for no limits


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
