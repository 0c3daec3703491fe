"""The sliding kernel as stills: image, kernel and output, and one output written out under them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from striate.lectures.shown import Floats, Grid, Part, Sign, Still, Words, number
from striate.pictures.files import Pixels
from striate.seeing.figures.colours import reach_of

if TYPE_CHECKING:
    from striate.lectures.conv import Slid

Place = tuple[int, int]
Rows = tuple[tuple[Part, ...], ...]
_LARGE = 40  # sides from which on a picture is shown as one, not as cells
_WIDEST = 72  # letters of a line that is still drawn


def still_of(title: str, done: Slid, at: Place, worked: tuple[str, ...], bias: float) -> Still:
    """All outputs, the one at `at` written out, and the gradients where there are some."""
    rows = _rows(done, at, done.y, worked, _room(worked))
    if done.backward:
        rows = (*rows, *_backward(done))
    said = f"output ({at[0]}, {at[1]}) = {number(float(done.y[at]))}"
    return Still(_capital(title), rows, said + (f", with the bias {number(bias)}" if bias else ""))


def frames_of(
    title: str, steps: Sequence[tuple[Place, tuple[str, ...]]], done: Slid
) -> tuple[Still, ...]:
    """One frame for each place; what comes later is not known yet."""
    room = max(_room(worked) for _, worked in steps)
    W = done.y.shape[1]
    made = []
    for (row, column), worked in steps:
        known = np.where(np.arange(done.y.size) <= row * W + column, done.y.ravel(), np.nan)
        rows = _rows(done, (row, column), known.reshape(done.y.shape), worked, room)
        said = f"output ({row}, {column}) = {number(float(done.y[row, column]))}"
        made.append(Still(_capital(title), rows, said))
    return tuple(made)


def _rows(done: Slid, at: Place, y: Floats, worked: tuple[str, ...], room: int) -> Rows:
    boxes = done.boxes(at)
    reach = reach_of(done.y, is_spiky=max(done.y.shape) > _LARGE)
    output = Grid(
        "output", y, reach=reach, boxes=((at[0], at[1], at[0] + 1, at[1] + 1),), fits=done.y
    )
    rows: list[tuple[Part, ...]] = []
    last = len(done.x) - 1
    for c in range(last + 1):
        which = f" {c}" if last else ""
        image = Grid(
            f"image{which}", done.padded[c], boxes=boxes, pixels=_photo(done.padded[c]),
            ring=_ring(done), reach=float(np.abs(done.x).max()),
        )  # fmt: skip
        kernel = Grid(f"kernel{which}", done.used[c], reach=float(np.abs(done.used).max()))
        end: tuple[Part, ...] = (Sign("="), output) if c == last else (Sign("+"),)
        rows.append((image, Sign("∗"), kernel, *end))
    below: list[Part] = []
    if max(done.x.shape[1:]) > _LARGE:
        fits = np.array([[-255.0]])
        below.append(Grid("seen here", done.seen[0, at[0], at[1]], reach=255.0, fits=fits))
    if all(len(line) <= _WIDEST for line in worked):
        below.append(Words(worked, room))
    return (*rows, tuple(below)) if below else tuple(rows)


def _backward(done: Slid) -> Rows:
    """dL/dy, dL/dx and dL/dkernel of each channel."""
    held = done.backward
    last = len(done.x) - 1
    rows = []
    for c in range(last + 1):
        which = f" {c}" if last else ""
        parts = (
            Grid("upstream dL/dy", held["upstream"]), Sign("→"), Grid(f"dL/dx{which}", held["dx"][c]),
            Grid(f"dL/dkernel{which}", held["dkernel"][c]),
        )  # fmt: skip
        rows.append(parts)
    return tuple(rows)


def _room(worked: tuple[str, ...]) -> int:
    return min(_WIDEST, max(len(line) for line in worked))


def _ring(done: Slid) -> int:
    rows, columns = done.windows
    return rows.before if rows.before == columns.before else 0


def _photo(values: Floats) -> Pixels | None:
    """A large picture in grey; a small one is cells with numbers."""
    if max(values.shape) <= _LARGE:
        return None
    low, high = min(0.0, float(values.min())), max(255.0, float(values.max()))
    grey = np.rint((values - low) / (high - low) * 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
