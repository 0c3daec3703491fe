"""Pairs that may be near-copies, proposed by comparing small signatures: a matrix product finds them all.

The signature of a picture is its grey square at 8 x 8 without its mean and slopes, as a vector of length 1.
A crop looks like one of 20 windows of its original, a mirrored copy like its mirrored original; so the
signature of every whole picture is compared with those of all windows of all others. Above `EXACT` pictures
each is compared only with those near the same anchors (a random sample of the pictures themselves): that
finds a few less, and takes time in proportion to N instead of N x N.

Shape legend: N pictures, D = 64 numbers of a signature, W windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from striate import seeds
from striate.machine import usable_threads
from striate.pictures.audit.products import ONE_THREAD, TILE, tiles

Floats = NDArray[np.float32]
Places = NDArray[np.int64]
SIDE = 8
EXACT = 1_500
KEPT = 10  # proposals kept for one picture
FLAT = 1.5  # grey levels: below this deviation a signature is noise
_BUCKET = 300
_COPIES = 2  # anchors near which a copy is looked for
_ROWS, _COLUMNS = 256, 2_048  # a block whose scores stay in the cache
_AT_ONCE = 1 << 16  # windows whose signatures are held
_ONE = ((0.0, 1.0), (0.1, 1.0), (0.0, 0.9), (0.06, 0.94))
_LONG = ((0.18, 1.0), (0.0, 0.82))
# (left, right), (top, bottom) as parts of the sides; the first is the whole picture.
WINDOWS = (
    *((x, y) for x in _ONE for y in _ONE),
    *((x, _ONE[0]) for x in _LONG),
    *((_ONE[0], y) for y in _LONG),
)


class Proposals(NamedTuple):
    """Pairs: `copy` looks like window `window` of `original`, mirrored or not."""

    original: Places
    copy: Places
    window: Places
    mirrored: NDArray[np.bool_]

    def take(self, kept: NDArray[np.bool_] | Places | slice) -> Proposals:
        """These alone."""
        return Proposals(
            self.original[kept], self.copy[kept], self.window[kept], self.mirrored[kept]
        )


def resampling(low: float, high: float, cells: int, side: int) -> Floats:
    """The matrix (cells, side) that averages the pixels between two parts of a side.

    >>> resampling(0.0, 1.0, 2, 4).tolist()
    [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]
    """
    edges = np.linspace(low * side, high * side, cells + 1)
    pixel = np.arange(side)
    shared = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    weights = np.maximum(shared, 0.0)
    made: Floats = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return made


def signatures(small: NDArray[np.uint8], window: int = 0) -> Floats:
    """N S S grey squares to N D; a picture without structure gets zeros, which match nothing."""
    found = np.empty((len(small), SIDE * SIDE), np.float32)
    flat = small.reshape(len(small), small.shape[1] ** 2)
    matrix = _to_signature(window, small.shape[1])
    for start in range(0, len(small), 4096):
        some = flat[start : start + 4096].astype(np.float32)
        made = tiles(some, matrix, max(1, ONE_THREAD // matrix.size))
        found[start : start + 4096] = made.reshape(-1, SIDE * SIDE)[: len(some)]
    length = np.sqrt(np.einsum("nd,nd->n", found, found))
    found *= np.where(length > FLAT * SIDE, 1 / np.maximum(length, 1e-6), 0).astype(np.float32)[
        :, None
    ]
    return found


@lru_cache(maxsize=64)
def _to_signature(window: int, side: int) -> Floats:
    """The matrix (D, S * S) that cuts a window, shrinks it and takes out its mean and slopes: one product for
    all three.
    """
    across, down = (resampling(*part, SIDE, side) for part in WINDOWS[window])
    both = np.kron(down, across)
    both -= _plane() @ (_plane().T @ both)
    return np.ascontiguousarray(both, np.float32)


def mirrored(found: Floats) -> Floats:
    """The signatures of the mirrored pictures."""
    turned = found.reshape(-1, SIDE, SIDE)[:, :, ::-1]
    return np.ascontiguousarray(turned).reshape(len(found), SIDE * SIDE)


def propose(
    small: NDArray[np.uint8], least: float, *, crops: bool, exact: int = EXACT
) -> Proposals:
    """All pairs whose signatures agree by at least `least`, the KEPT best for each copy; without
    `crops` only whole pictures as they stand are compared.
    """
    small = _shrunk(small)
    count, windows = len(small), range(len(WINDOWS) if crops else 1)
    whole = signatures(small)
    sides = np.stack([whole, mirrored(whole)]) if crops else whole[None]
    found = [_nothing()]
    # Without crops there is a fortieth of the work, so sixfold the pictures take as long.
    if count <= exact * (1 if crops else 6):
        queries = [(np.arange(count), window) for window in windows]
        rows = np.indices(sides.shape[:2]).reshape(2, -1)
        found.append(_search(small, sides, (rows[0], rows[1]), queries, least))
    else:
        # NumPy lets threads run side by side in all that takes long here.
        with ThreadPoolExecutor(usable_threads()) as pool:
            buckets = _buckets(small, sides, windows, pool)
            found += pool.map(lambda one: _search(small, sides, one[0], one[1], least), buckets)
    best = _best(_joined(found), count)
    return Proposals(best.original, best.copy, best.window, best.mirrored)


def _shrunk(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Squares of a third of the side: signatures need no more."""
    count, side, _ = small.shape
    made = np.empty((count, side // 3, side // 3), np.uint8)
    for start in range(0, count, 4096):
        some = small[start : start + 4096].astype(np.uint16)
        rows = some[:, ::3] + some[:, 1::3] + some[:, 2::3]
        made[start : start + 4096] = (
            rows[:, :, ::3] + rows[:, :, 1::3] + rows[:, :, 2::3] + 4
        ) // 9
    return made


class _Hits(NamedTuple):
    """Proposals with their scores."""

    original: Places
    copy: Places
    window: Places
    mirrored: NDArray[np.bool_]
    score: Floats

    def take(self, kept: NDArray[np.int64] | NDArray[np.bool_]) -> _Hits:
        """These alone."""
        return _Hits(
            self.original[kept], self.copy[kept], self.window[kept], self.mirrored[kept], self.score[kept]
        )  # fmt: skip


def _nothing() -> _Hits:
    none = np.zeros(0, np.int64)
    return _Hits(none, none, none, np.zeros(0, np.bool_), np.zeros(0, np.float32))


def _buckets(
    small: NDArray[np.uint8], sides: Floats, windows: range, pool: ThreadPoolExecutor
) -> Iterator[tuple[tuple[Places, Places], list[tuple[Places, int]]]]:
    """For each anchor the copies near it, as (mirrored, place), and the windows nearest to it, as
    (places, window).
    """
    count = len(small)
    chosen = seeds.generator(0, "near-copies").permutation(count)[: -(-count // _BUCKET)]
    anchors = sides[0][np.sort(chosen)]
    near = pool.map(lambda side: _nearest(side, anchors, _COPIES), sides)
    cut = pool.map(lambda w: _sorted(_nearest(signatures(small, w), anchors, 1)), windows)
    copies, originals = _sorted(np.concatenate(list(near))), list(cut)
    for anchor in range(len(anchors)):
        turned, place = np.divmod(copies.of(anchor), count)
        yield (turned, place), [(originals[w].of(anchor), w) for w in windows]


def _nearest(found: Floats, anchors: Floats, number: int) -> Places:
    """The anchors each signature is nearest to: N `number`."""
    made = np.empty((len(found), number), np.int64)
    for start in range(0, len(found), 1024):
        some = found[start : start + 1024]
        scores = tiles(some, anchors).transpose(0, 2, 1, 3)
        scores = scores.reshape(scores.shape[0] * TILE, -1)[: len(some), : len(anchors)]
        for i in range(number):
            top = scores.argmax(1)
            made[start : start + 1024, i] = top
            scores[np.arange(len(top)), top] = -2
    return made


class _Sorted(NamedTuple):
    """Places in the order of their anchors."""

    places: Places
    anchors: Places

    def of(self, anchor: int) -> Places:
        """Those of one anchor."""
        low, high = np.searchsorted(self.anchors, [anchor, anchor + 1])
        return self.places[low:high]


def _sorted(nearest: Places) -> _Sorted:
    order = np.argsort(nearest, axis=None, kind="stable")
    return _Sorted(order // nearest.shape[1], nearest.ravel()[order])


def _search(
    small: NDArray[np.uint8],
    sides: Floats,
    copies: tuple[Places, Places],
    queries: list[tuple[Places, int]],
    least: float,
) -> _Hits:
    """Compare every copy of a bucket with every window of it."""
    original = np.concatenate([places for places, _ in queries])
    window = np.repeat([w for _, w in queries], [len(places) for places, _ in queries])
    found = [_nothing()]
    for low in range(0, len(original), _AT_ONCE):
        part = slice(low, low + _AT_ONCE)
        wanted = _signatures_of(small, original[part], window[part])
        found += _compared(sides, copies, wanted, (original[part], window[part]), least)
    return _joined(found)


def _compared(
    sides: Floats,
    copies: tuple[Places, Places],
    wanted: Floats,
    queries: tuple[Places, Places],
    least: float,
) -> Iterator[_Hits]:
    """The best hits of each block of copies among these windows."""
    turned, place = copies
    original, window = queries
    for start in range(0, len(place), _ROWS):
        at, turn = place[start : start + _ROWS], turned[start : start + _ROWS]
        looked = sides[turn, at]
        hits = [_nothing()]
        for low in range(0, len(wanted), _COLUMNS):
            scores = tiles(looked, wanted[low : low + _COLUMNS])
            found = np.flatnonzero(scores >= least)
            down, across, row, column = np.unravel_index(found, scores.shape)
            row, column = row + down * TILE, column + across * TILE + low
            score = scores.ravel()[found]
            hit = _Hits(original[column], at[row], window[column], turn[row] > 0, score)
            hits.append(hit.take(hit.original != hit.copy))
        yield _best(_joined(hits), sides.shape[1])


def _signatures_of(small: NDArray[np.uint8], original: Places, window: Places) -> Floats:
    """Signatures of mixed windows; those of one window stand together."""
    edges = np.flatnonzero(np.diff(window)) + 1
    runs = np.split(np.arange(len(window)), edges)
    return np.concatenate([signatures(small[original[r]], int(window[r[0]])) for r in runs])


def _joined(hits: list[_Hits]) -> _Hits:
    columns = [np.concatenate(column) for column in zip(*hits, strict=True)]
    made: _Hits = _Hits._make(columns)
    return made


def _best(hits: _Hits, count: int) -> _Hits:
    """Each pair once, and the KEPT best for each copy."""
    order = np.lexsort((-hits.score, hits.copy * count + hits.original))
    hits = hits.take(order)
    key = hits.copy * count + hits.original
    hits = hits.take(np.concatenate([[True], key[1:] != key[:-1]])[: len(key)])
    hits = hits.take(np.lexsort((-hits.score, hits.copy)))
    first = np.searchsorted(hits.copy, hits.copy)
    return hits.take(np.arange(len(hits.copy)) - first < KEPT)


def _plane() -> Floats:
    """The mean and the two slopes, as three orthonormal columns."""
    slope = np.linspace(-1, 1, SIDE)
    one = np.ones(SIDE)
    columns = [np.outer(a, b).ravel() for a, b in ((one, one), (one, slope), (slope, one))]
    return np.stack([c / np.linalg.norm(c) for c in columns], 1).astype(np.float32)
