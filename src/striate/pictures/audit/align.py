"""Whether two pictures are one: the copy is laid over its original, shifted and scaled until it fits best,
and then correlated.

Shift and scale of rows and of columns are found by Gauss and Newton's method, for many pairs at a time
(Lucas, Kanade: "An Iterative Image Registration Technique", 1981). Slow changes of light are taken out
first: two photographs of a bright thing before a dark ground would agree otherwise.

Shape legend: B pairs, S side of a grey square.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from striate.machine import usable_threads
from striate.pictures.audit.detail import details_agree, is_drawing, same_drawing
from striate.pictures.audit.near import WINDOWS, Proposals

Floats = NDArray[np.float32]
NEAR = 0.945  # photographs that are no copies reach 0.93; 99 of 100 crops keeping 80 % of the area reach this
_COARSE, _COARSE_STEPS, _COARSE_LEAST = 16, 4, 0.72
_FINE_STEPS = 5
_FITS = 0.995  # where a pair fits so well, moving it on changes nothing
_HOPELESS = (-1.0, 0.4, 0.6, 0.7)  # after so many steps, what is below stays below NEAR
_BATCH = 128
_LIGHT = 0.08  # of a side: light that changes more slowly than this is taken out
# Of thumbnails: JPEG at quality 50 leaves 5 to 7 levels; two digits differ by 8 or more.
_ALIKE, _NOISE, _NOISE_SHARE = 0.9, 7.0, 0.25
_FLAT = 1.0  # grey levels of deviation that must be left then


class Fit(NamedTuple):
    """Where the copy lies on its original: left, top, width and height as parts of the sides, B
    each.
    """

    left: Floats
    top: Floats
    width: Floats
    height: Floats

    def take(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> Fit:
        """These pairs alone."""
        return Fit(*(column[kept] for column in self))


def agreement(small: NDArray[np.uint8], pairs: Proposals) -> Floats:
    """How well each copy fits on its original, -1 to 1; pairs that are far from it get less than
    they might.
    """
    return _in_batches(pairs, lambda some: _agreement(*_both(small, some), some)[0])


def confirmed(
    small: NDArray[np.uint8], hues: NDArray[np.uint8], pairs: Proposals
) -> tuple[Floats, NDArray[np.bool_]]:
    """The agreement, and whether it is that of copies: details must agree too, and a drawing on a plain
    ground must be the same where it stands, in colour (see `detail.py`).
    """

    def judged(some: Proposals) -> Floats:
        original, copy = _both(small, some)
        score, fit = _agreement(original, copy, some)
        kept = np.flatnonzero(score >= NEAR)
        laid = _cut(original[kept], fit.take(kept))
        light = _slow_light(small.shape[1])
        found = details_agree(_even(laid, light), _even(copy[kept], light))
        found &= ~is_drawing(copy[kept]) | same_drawing(
            original[kept], copy[kept], *_both(hues, some.take(kept))
        )
        told = np.zeros(len(score), np.bool_)
        told[kept] = found
        return np.stack([score, told.astype(np.float32)], 1)

    both = _in_batches(pairs, judged, 2)
    return both[:, 0], both[:, 1] > 0


def _in_batches(pairs: Proposals, do: Callable[[Proposals], Floats], width: int = 0) -> Floats:
    """What `do` says of each pair; several batches at a time, NumPy lets threads run side by side."""
    parts = [pairs.take(slice(i, i + _BATCH)) for i in range(0, len(pairs.copy), _BATCH)]
    none = np.zeros((0, width) if width else 0, np.float32)
    with ThreadPoolExecutor(usable_threads()) as pool:
        return np.concatenate([none, *pool.map(do, parts)])


def _both(squares: NDArray[np.uint8], pairs: Proposals) -> tuple[Floats, Floats]:
    """Originals and copies, mirrored back."""
    original, copy = squares[pairs.original], squares[pairs.copy].astype(np.float32)
    copy[pairs.mirrored] = copy[pairs.mirrored][:, :, ::-1]
    return original.astype(np.float32), copy


def alike(small: NDArray[np.uint8], pairs: Proposals) -> tuple[Floats, NDArray[np.bool_]]:
    """For thumbnails, without any shift: the agreement, and whether the values are those of one
    picture re-encoded.
    """
    score = np.full(len(pairs.copy), -1, np.float32)
    close = np.zeros(len(score), np.bool_)
    light = _slow_light(small.shape[1])
    for start in range(0, len(score), _BATCH):
        part = slice(start, start + _BATCH)
        some = pairs.take(part)
        original = small[some.original].astype(np.float32)
        copy = small[some.copy].astype(np.float32)
        (seen, empty), (wanted, flat) = (_normal(_even(one, light)) for one in (original, copy))
        score[part] = np.where(flat | empty, -1, (seen * wanted).sum((1, 2)))
        noise = np.sqrt(((original - copy) ** 2).mean((1, 2)))
        close[part] = noise <= np.minimum(_NOISE, _NOISE_SHARE * original.std((1, 2)))
    return score, close & (score >= _ALIKE)


def _agreement(original: Floats, copy: Floats, pairs: Proposals) -> tuple[Floats, Fit]:
    windows = np.array(WINDOWS, np.float32)[pairs.window]  # B, 2 axes, (low, high)
    size = windows[:, :, 1] - windows[:, :, 0]
    fit = Fit(windows[:, 0, 0], windows[:, 1, 0], size[:, 0], size[:, 1])
    score, fit = _fitted(_shrunk(original), _shrunk(copy), fit, _COARSE_STEPS)
    likely = np.flatnonzero(score >= _COARSE_LEAST)
    if len(likely):
        score[likely], fine = _fitted(original[likely], copy[likely], fit.take(likely), _FINE_STEPS)
        for column, better in zip(fit, fine, strict=True):
            column[likely] = better
    return score, fit


def _shrunk(pictures: Floats) -> Floats:
    batch, side, _ = pictures.shape
    step = side // _COARSE
    made: Floats = pictures.reshape(batch, _COARSE, step, _COARSE, step).mean((2, 4))
    return made


def _fitted(original: Floats, copy: Floats, fit: Fit, steps: int) -> tuple[Floats, Fit]:
    """The best agreement met on the way, and where. Pairs that fit already, or will not, are not moved on."""
    light = _slow_light(original.shape[1])
    wanted, flat = _normal(_even(copy, light))
    best, best_fit = np.full(len(copy), -1, np.float32), Fit(*(column.copy() for column in fit))
    on = np.arange(len(copy))
    for step in range(steps + 1):
        seen, empty = _normal(_even(_cut(original[on], fit), light))
        score = np.where(flat[on] | empty, np.float32(-1), (seen * wanted[on]).sum((1, 2)))
        better = score > best[on]
        best[on[better]] = score[better]
        for column, now in zip(best_fit, fit, strict=True):
            column[on[better]] = now[better]
        going = (best[on] < _FITS) & (best[on] >= _HOPELESS[min(step, len(_HOPELESS) - 1)])
        on = on[going]
        if step == steps or not len(on):
            break
        fit = _moved(fit.take(going), _step(seen[going], wanted[on] - seen[going]))
    return best, best_fit


def _cut(original: Floats, fit: Fit) -> Floats:
    """The part of each original that its copy is laid over, at the copy's size."""
    side = original.shape[1]
    across, down = _taps(fit.left, fit.width, side), _taps(fit.top, fit.height, side)
    rows: Floats = down @ original
    made: Floats = rows @ across.transpose(0, 2, 1)
    return made


def _taps(low: Floats, size: Floats, side: int) -> Floats:
    """B matrices that read between pixels along one axis."""
    centre = (np.arange(side, dtype=np.float32) + 0.5) / side
    at = (low[:, None] + size[:, None] * centre) * side - 0.5
    at = np.clip(at, 0, side - 1)
    near = 1 - np.abs(at[:, :, None] - np.arange(side, dtype=np.float32))
    made: Floats = np.asarray(np.maximum(near, 0), np.float32)
    return made


def _slow_light(side: int) -> Floats:
    """The matrix that blurs along one axis."""
    place = np.arange(side)
    weights = np.exp(-0.5 * ((place[:, None] - place) / (_LIGHT * side)) ** 2)
    made: Floats = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return made


def _even(pictures: Floats, light: Floats) -> Floats:
    made: Floats = np.asarray(pictures - light @ pictures @ light.T, np.float32)
    return made


def _normal(pictures: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Without mean and at length 1, and which ones hold nothing."""
    centred = pictures - pictures.mean((1, 2), keepdims=True)
    length = np.sqrt((centred * centred).sum((1, 2), keepdims=True))
    flat = length[:, 0, 0] < _FLAT * pictures.shape[1]
    return (centred / np.maximum(length, 1e-3)).astype(np.float32), flat


def _step(seen: Floats, missing: Floats) -> Floats:
    """B 4: the shift and growth of columns and rows that would explain what is missing, by least
    squares.
    """
    batch, side, _ = seen.shape
    centre = (np.arange(side, dtype=np.float32) + 0.5) / side
    slopes = np.zeros((batch, 4, side, side), np.float32)
    slopes[:, 0, :, 1:-1] = (seen[:, :, 2:] - seen[:, :, :-2]) * (side / 2)
    slopes[:, 2, 1:-1] = (seen[:, 2:] - seen[:, :-2]) * (side / 2)
    slopes[:, 1] = slopes[:, 0] * centre
    slopes[:, 3] = slopes[:, 2] * centre[:, None]
    flat = slopes.reshape(batch, 4, -1)
    square = flat @ flat.transpose(0, 2, 1)
    damping = 1e-3 * np.trace(square, axis1=1, axis2=2) + 1e-6
    square += np.eye(4, dtype=np.float32) * damping[:, None, None].astype(np.float32)
    right = flat @ missing.reshape(batch, -1, 1)
    made: Floats = np.clip(np.linalg.solve(square, right)[:, :, 0], -0.05, 0.05)
    return made


def _moved(fit: Fit, step: Floats) -> Fit:
    """The next place, kept to windows that a crop could have."""
    return Fit(
        np.clip(fit.left + step[:, 0] * fit.width, -0.03, 0.3),
        np.clip(fit.top + step[:, 2] * fit.height, -0.03, 0.3),
        np.clip(fit.width * (1 + step[:, 1]), 0.7, 1.03),
        np.clip(fit.height * (1 + step[:, 3]), 0.7, 1.03),
    )
