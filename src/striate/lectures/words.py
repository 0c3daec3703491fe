"""A picture as a bag of visual words: random patches, the words they gather around, how often each is met.

1. Patches are cut from random places of the pictures, brought to one contrast and whitened.
2. k-means finds the words: the middles of heaps of patches. Together they are the codebook.
3. Every patch of a picture counts for its nearest word; the counts, as shares, are the histogram.

What is in the picture is kept, where it is is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate import seeds
from striate.errors import UsageError
from striate.features.codebook import Codebook, Wanted, learn
from striate.features.kinds import Table
from striate.features.kmeans import nearest
from striate.features.patches import contrasted, every_patch
from striate.features.words import histogram
from striate.lectures.shown import Chart, Curve, Floats, Grid, Shown, Still
from striate.pictures.files import Pixels, resized
from striate.pictures.named.shapes import draw

MOST_WORDS, MOST_PICTURES, MOST_PLACES = 64, 8, 160
_TALL, _A_LINE = 320, 16  # height of a picture in the drawing; words in a line of text


def words(
    pictures: Sequence[Pixels], names: Sequence[str], count: int = 16, side: int = 6, seed: int = 0
) -> Shown:
    """pictures: H W C, all of one size; each gets a histogram over the words of all."""
    _check(pictures, count, side)
    batch = np.stack(pictures)
    book = learn(batch, seed, Wanted(count, side, 1, 4000))
    shares: Floats = histogram(batch, book).astype(float)
    looks, met = looks_of(batch, book)
    K = len(book.words)
    title = f"{len(pictures)} picture{'s' * (len(pictures) > 1)} as {K} visual words"
    said = (
        f"Words: the mean of all {side}×{side} patches nearest to each, from 0 on in reading order. "
        "Curves: which share of a picture's patches is nearest to each word."
    )
    shown = tuple(_picture(one, name) for one, name in zip(pictures, names, strict=True))
    still = Still(title, (shown, (_sheet(looks, side), _bars(shares, names))), said)
    arrays: dict[str, NDArray[Any]] = {
        "histograms": shares,
        "words": book.words,
        "looks": looks,
        "patches": met,
    }
    facts = {
        "names": list(names), "words": K, "side": side, "seed": seed,
        "patches_each": int(np.prod(book.grid(*batch.shape[1:3]))),
    }  # fmt: skip
    lines = tuple(_lines(batch, book, shares, names))
    return Shown(title, lines, arrays, still, (), facts)


def looks_of(batch: Pixels, book: Codebook) -> tuple[Floats, Floats]:
    """K side side C, what a word looks like: the mean of the contrasted patches nearest to it (the words
    themselves live among whitened patches); and K, how many patches those are.
    """
    K, total, met = len(book.words), np.zeros_like(book.words, float), np.zeros(len(book.words))
    for one in batch:
        plain = contrasted(every_patch(one[None], book.side)).reshape(-1, book.words.shape[1])
        word = nearest(book.whitening(plain), book.words)
        np.add.at(total, word, plain)
        met += np.bincount(word, minlength=K)
    mean = total / np.maximum(met, 1)[:, None]
    C = batch.shape[3]
    return mean.reshape(K, book.side, book.side, C), met


def examples(side: int = 96) -> tuple[list[Pixels], list[str]]:
    """Three drawn pictures, made smaller so that their grain is fine, in grey."""
    names = ["stripes-flat", "stripes-upright", "cross-over-ring"]
    drawn = [draw(name, 4 * side, seeds.generator(0, f"words {name}")) for name in names]
    grey = [one.mean(axis=2, keepdims=True).astype(np.uint8) for one in drawn]
    return [resized(one, side, side) for one in grey], names


def evened(pictures: Sequence[Pixels]) -> list[Pixels]:
    """All made as large as the first, which is made smaller where it is large."""
    H, W = pictures[0].shape[:2]
    by = min(1.0, MOST_PLACES / max(H, W))
    H, W = max(1, round(H * by)), max(1, round(W * by))
    return [one if one.shape[:2] == (H, W) else resized(one, H, W) for one in pictures]


def _check(pictures: Sequence[Pixels], count: int, side: int) -> None:
    if not 1 <= len(pictures) <= MOST_PICTURES or len({one.shape for one in pictures}) != 1:
        raise UsageError(
            f"1 to {MOST_PICTURES} pictures of one size can be shown; got {len(pictures)}",
            "leave some out",
        )
    if not 2 <= count <= MOST_WORDS or not 2 <= side <= 16:
        raise UsageError(
            f"2 to {MOST_WORDS} words of patches of 2 to 16 pixels; got {count} and {side}",
            "such as --words 16 --side 6",
        )


def _picture(pixels: Pixels, name: str) -> Chart:
    H, W = pixels.shape[:2]
    full = np.repeat(pixels, 3 if pixels.shape[2] == 1 else 1, axis=2)
    size = _TALL, max(1, round(_TALL * W / H))
    return Chart(name, (), (0.0, 1.0), (0.0, 1.0), pixels=full, size=size, has_axes=False)


def sheet_of(looks: Floats) -> Pixels:
    """The words in reading order as one picture, grey where a patch is as its mean."""
    K, side = looks.shape[:2]
    across = int(np.ceil(np.sqrt(K)))
    down = -(-K // across)
    step = side + 1
    made = np.full((down * step + 1, across * step + 1, 3), 255, np.uint8)
    full = float(np.abs(looks).max()) or 1.0
    values = np.rint(127.5 + 127.5 * looks / full).astype(np.uint8)
    values = np.repeat(values, 3 // values.shape[3], axis=3)
    for k, word in enumerate(values):
        top, left = k // across * step + 1, k % across * step + 1
        made[top : top + side, left : left + side] = word
    return made


def _sheet(looks: Floats, side: int) -> Grid:
    pixels = sheet_of(looks)
    return Grid(
        "the words", np.zeros(pixels.shape[:2]), f"{side}×{side} pixels each", pixels=pixels
    )


def _bars(shares: Floats, names: Sequence[str]) -> Chart:
    """Steps: word k goes from k − ½ to k + ½."""
    K = shares.shape[1]
    x = np.repeat(np.arange(K + 1) - 0.5, 2)[1:-1]
    curves = tuple(
        Curve(name, x, np.repeat(100 * row, 2), kind % 6)
        for kind, (name, row) in enumerate(zip(names, shares, strict=True))
    )
    top = 100 * float(shares.max()) * 1.08
    return Chart(
        "histograms", curves, (-0.5, K - 0.5), (0.0, top), ("word", "% of patches"), size=(360, 640)
    )


def _lines(
    batch: Pixels, book: Codebook, shares: Table | Floats, names: Sequence[str]
) -> Iterator[str]:
    N, H, W, C = batch.shape
    rows, columns = book.grid(H, W)
    K, D = book.words.shape
    yield f"{N} pictures of {H}×{W}×{C}; patches of {book.side}×{book.side}×{C} = {D} numbers"
    yield f"{rows} · {columns} = {rows * columns:,} patches a picture, each counts for one of {K} words"
    yield f"so {H * W * C:,} numbers become {K}"
    yield ""
    wide = max(len(name) for name in names)
    yield "the share of patches that is nearest to each word, in %"
    for first in range(0, K, _A_LINE):
        yield f"  {'word':<{wide}}" + "".join(f"{k:>5}" for k in range(K)[first : first + _A_LINE])
        for name, row in zip(names, shares, strict=True):
            told = "".join(f"{100 * share:5.0f}" for share in row[first : first + _A_LINE])
            yield f"  {name:<{wide}}{told}"
