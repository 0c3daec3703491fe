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
# After so many steps, what is below stays below NEAR: of 2,964 pairs of overlapping photographs 3 did not.
_HOPELESS, _FINE_HOPELESS = (-1.0, 0.4, 0.6, 0.7), (0.65, 0.82, 0.9, 0.925)
_SETTLED = 0.001  # a copy that gained less by its last step is where it belongs
_BATCH = 1024  # pairs; with fewer, threads wait for one another in Python more than they work
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
    fine = original.shape[1] > _COARSE
    light, hopeless = _slow_light(original.shape[1]), _FINE_HOPELESS if fine else _HOPELESS
    wanted, flat = _normal(_even(copy, light))
    best, best_fit = np.full(len(copy), -1, np.float32), Fit(*(column.copy() for column in fit))
    on = np.arange(len(copy))
    for step in range(steps + 1):
        seen, empty = _normal(_even(_cut(original[on], fit), light))
        score = np.where(flat[on] | empty, np.float32(-1), (seen * wanted[on]).sum((1, 2)))
        before = best[on]
        better = score > before
        best[on[better]] = score[better]
        for column, now in zip(best_fit, fit, strict=True):
            column[on[better]] = now[better]
        going = (best[on] < _FITS) & (best[on] >= hopeless[min(step, len(hopeless) - 1)])
        if fine and step:
            going &= (best[on] < NEAR) | (score - before >= _SETTLED)
        on = on[going]
        if step == steps or not len(on):
            break
        fit = _moved(fit.take(going), _step(seen[going], wanted[on] - seen[going]))
    return best, best_fit


def _cut(original: Floats, fit: Fit) -> Floats:
    """The part of each original that its copy is laid over, at the copy's size."""
    batch, side, _ = original.shape
    first, part = _taps(fit.top, fit.height, side)
    lines, at = original.reshape(batch * side, side), first + (np.arange(batch) * side)[:, None]
    rows, below = lines[at], lines[at + 1]
    below -= rows
    below *= part[:, :, None]
    rows += below
    # Rows lie in one piece and are picked; columns do not, and a product is quicker.
    first, part = _taps(fit.left, fit.width, side)
    across = np.zeros((batch, side, side), np.float32)
    which = np.arange(batch)[:, None], np.arange(side)
    across[*which, first], across[*which, first + 1] = 1 - part, part
    made: Floats = rows @ across.transpose(0, 2, 1)
    return made


def _taps(low: Floats, size: Floats, side: int) -> tuple[NDArray[np.int64], Floats]:
    """B S: the first of the two pixels that each place along one axis lies between, and the share of the
    second.
    """
    centre = (np.arange(side, dtype=np.float32) + 0.5) / side
    at = np.clip((low[:, None] + size[:, None] * centre) * side - 0.5, 0, side - 1)
    first = np.minimum(at.astype(np.int64), side - 2)
    return first, np.asarray(at - first, np.float32)


def _slow_light(side: int) -> Floats:
    """The matrix that blurs along one axis."""
    place = np.arange(side)
    weights = np.exp(-0.5 * ((place[:, None] - place) / (_LIGHT * side)) ** 2)
    made: Floats = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return made


def _even(pictures: Floats, light: Floats) -> Floats:
    slow = light @ pictures @ light.T
    made: Floats = np.subtract(pictures, slow, out=slow)
    return made


def _normal(pictures: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Without mean and at length 1, and which ones hold nothing."""
    flat = pictures.reshape(len(pictures), pictures.shape[1] ** 2)
    centred = flat - flat.mean(1, keepdims=True)
    length = np.sqrt(np.einsum("bp,bp->b", centred, centred))
    centred *= (1 / np.maximum(length, 1e-3))[:, None]
    return centred.reshape(pictures.shape), length < _FLAT * pictures.shape[1]


def _step(seen: Floats, missing: Floats) -> Floats:
    """B 4: the shift and growth of columns and rows that would explain what is missing, by least squares.
    A growth's slope is that of the shift times the place, so sums along lines give all sixteen products.
    """
    batch, side, _ = seen.shape
    across, down = np.zeros_like(seen), np.zeros_like(seen)
    np.subtract(seen[:, :, 2:], seen[:, :, :-2], out=across[:, :, 1:-1])
    np.subtract(seen[:, 2:], seen[:, :-2], out=down[:, 1:-1])
    centre = (np.arange(side, dtype=np.float32) + 0.5) / side
    powers = np.stack([np.ones_like(centre), centre, centre * centre], 1)
    line = powers[:, :2]
    square, right = np.empty((batch, 4, 4), np.float32), np.empty((batch, 4, 1), np.float32)
    for at, slopes, sums in ((0, across, "bij,bij->bj"), (2, down, "bij,bij->bi")):
        moments = np.einsum(sums, slopes, slopes) @ powers
        square[:, at : at + 2, at : at + 2] = moments[:, [[0, 1], [1, 2]]]
        right[:, at : at + 2, 0] = np.einsum(sums, slopes, missing) @ line
    both = line.T @ ((across * down) @ line)  # rows, columns
    square[:, 2:, :2], square[:, :2, 2:] = both, both.transpose(0, 2, 1)
    square *= (side / 2) ** 2
    damping = 1e-3 * np.trace(square, axis1=1, axis2=2) + 1e-6
    square += np.eye(4, dtype=np.float32) * damping[:, None, None].astype(np.float32)
    right *= side / 2
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
