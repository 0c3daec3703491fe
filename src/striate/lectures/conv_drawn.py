"""The sliding kernel as stills: image, kernel and output, and one output written out under them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from striate.lectures.photo import grey_of, is_large
from striate.lectures.shown import Floats, Grid, Part, Sign, Still, Words, number
from striate.seeing.figures.colours import reach_of

if TYPE_CHECKING:
    from striate.lectures.conv import Slid

Place = tuple[int, int]
Rows = tuple[tuple[Part, ...], ...]
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
    reach = reach_of(done.y, is_spiky=is_large(done.y))
    # Of a photograph what is a picture again is shown as one.
    pixels = grey_of(y, done.y) if is_large(done.x[0]) else None
    here = (at[0], at[1], at[0] + 1, at[1] + 1)
    output = Grid("output", y, reach=reach, boxes=(here,), pixels=pixels, fits=done.y)
    rows: list[tuple[Part, ...]] = []
    last = len(done.x) - 1
    for c in range(last + 1):
        which = f" {c}" if last else ""
        image = Grid(
            f"image{which}", done.padded[c], boxes=boxes, pixels=grey_of(done.padded[c]),
            ring=_ring(done), reach=float(np.abs(done.x).max()),
        )  # fmt: skip
        name = f"kernel{which}, turned" if done.is_flipped else f"kernel{which}"
        kernel = Grid(name, done.used[c], reach=float(np.abs(done.used).max()))
        end: tuple[Part, ...] = (Sign("="), output) if c == last else (Sign("+"),)
        rows.append((image, Sign("∗"), kernel, *end))
    below: list[Part] = []
    if is_large(done.x[0]):
        fits = np.array([[-255.0]])
        for c in range(min(last + 1, 3)):
            which = f" in {c}" if last else ""
            seen = done.seen[c, at[0], at[1]]
            below.append(Grid(f"seen{which}", seen, reach=255.0, fits=fits))
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


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
