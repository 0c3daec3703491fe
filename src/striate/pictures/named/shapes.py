"""Ten classes of drawn pictures, made on the fly, which no single cue tells apart.

Two classes each differ in one thing and share all others, so each cue alone fails on the other pairs:

    disc-blue, disc-red                  colour: equal luma, so that grey pictures and edges are the same
    square, triangle                     outline: equal area, any hue, any place
    stripes-flat, stripes-upright        direction: the same stripes in the same patch, turned
    bar-left, bar-right                  place: the same bar in the left or the right third
    cross-over-ring, ring-over-cross     arrangement: both hold both, one above the other

Hue, place, size, turn, ground, light from one side and noise are drawn anew for every picture. Picture i of
a split comes from `seeds.generator(seed, "shapes SPLIT", index=i)` alone: a longer set begins with the
shorter one.
Outlines are signed distances: d < 0 inside, in parts of the picture's side, y downwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from striate import seeds
from striate.errors import UnknownSet
from striate.pictures.dataset import SPLITS, Dataset
from striate.pictures.files import Pixels
from striate.pictures.named.readers import labelled
from striate.pictures.source import Arrays

Plane = NDArray[np.float64]
Outline = Callable[[Plane, Plane, float], Plane]

SMALLEST, LARGEST, MOST = 16, 512, 2**33
RED, BLUE, HUE_JITTER = 1.85, -0.25, 0.2  # angles in the plane of Cb and Cr, in radians
CHROMA, LUMA = 58.0, 128.0
NOISE, LIGHT = 9.0, 14.0


@final
@dataclass(frozen=True)
class Wish:
    """What was asked for: the side in pixels, how many pictures of each split, and the seed."""

    side: int = 32
    train: int = 4000
    val: int = 1000
    test: int = 1000
    seed: int = 0

    @property
    def counts(self) -> tuple[int, int, int]:
        """In the order of SPLITS."""
        return self.train, self.val, self.test


def wish_of(text: str) -> Wish:
    """`shapes`, `shapes:64`, or `shapes:side=64,seed=3,train=10000,val=500,test=500`.

    >>> wish_of("shapes:64")
    Wish(side=64, train=4000, val=1000, test=1000, seed=0)
    """
    rest = text.partition(":")[2]
    given: dict[str, int] = {}
    for part in rest.split(",") if rest else ():
        key, equals, value = part.strip().partition("=")
        key, value = (key, value) if equals else ("side", key)
        if key not in Wish.__dataclass_fields__ or key in given or not _is_number(value):
            raise UnknownSet(
                f"{part!r} in {text!r} is not understood",
                "write shapes:SIDE, or shapes:side=64,seed=3,train=10000,val=500,test=500",
            )
        given[key] = int(value)
    wish = Wish(**given)
    if not SMALLEST <= wish.side <= LARGEST:
        raise UnknownSet(f"{text!r}: a side of {SMALLEST} to {LARGEST} pixels can be drawn")
    if not wish.train or sum(wish.counts) * wish.side**2 * 3 > MOST:
        raise UnknownSet(
            f"{text!r}: train needs a picture, and all together at most {MOST / 2**30:.0f} GiB"
        )
    return wish


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 12


def shapes(wish: Wish | None = None) -> Dataset:
    """The set, N H W 3. Classes take turns, so every split is even."""
    wish = wish or Wish()
    pictures = np.empty((sum(wish.counts), wish.side, wish.side, 3), np.uint8)
    paths: list[str] = []
    labels: list[str] = []
    for split, count in zip(SPLITS, wish.counts, strict=True):
        for index in range(count):
            name = CLASSES[index % len(CLASSES)]
            pictures[len(paths)] = draw(
                name, wish.side, seeds.generator(wish.seed, f"shapes {split}", 0, index)
            )
            paths.append(f"{split}/{index:06d}.png")
            labels.append(name)
    split_of = np.repeat(np.arange(len(SPLITS), dtype=np.int8), wish.counts)
    return labelled("shapes", Arrays(pictures, "shapes"), paths, labels, split_of, False)


def draw(name: str, side: int, rng: np.random.Generator) -> Pixels:
    """One picture of a class, H W 3."""
    at = (np.arange(side) + 0.5) / side
    y, x = at[:, None], at[None, :]
    draws = rng.random(12)
    figure = _FIGURES[name](x, y, draws)
    cover = np.clip(0.5 - figure * side, 0.0, 1.0)  # one pixel wide edges
    hue = _HUES.get(name, math.tau * draws[0]) + (2 * draws[1] - 1) * HUE_JITTER
    ink = _rgb(LUMA + 16 * draws[2] - 8, CHROMA * math.cos(hue), CHROMA * math.sin(hue))
    ground = LUMA + (1 if draws[3] < 0.5 else -1) * (50 + 25 * draws[4])
    slope = math.tau * draws[5]
    light = LIGHT * ((x - 0.5) * math.cos(slope) + (y - 0.5) * math.sin(slope))
    field = ground + (ink - ground) * cover[:, :, None] + light[:, :, None]
    field = (
        field
        + NOISE * (2 * rng.random((side, side, 3)) - 1)
        + NOISE * (2 * rng.random((side, side, 1)) - 1)
    )
    made: Pixels = np.clip(np.rint(field), 0, 255).astype(np.uint8)
    return made


def _rgb(luma: float, cb: float, cr: float) -> Plane:
    """ITU-R 601, so that a grey picture has exactly the luma."""
    blue, red = luma + 1.772 * cb, luma + 1.402 * cr
    return np.array([red, (luma - 0.299 * red - 0.114 * blue) / 0.587, blue])


def _disc(x: Plane, y: Plane, r: float) -> Plane:
    return np.hypot(x, y) - r


def _box(x: Plane, y: Plane, half_x: float, half_y: float) -> Plane:
    dx, dy = np.abs(x) - half_x, np.abs(y) - half_y
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    return outside + np.minimum(np.maximum(dx, dy), 0)


def _square(x: Plane, y: Plane, r: float) -> Plane:
    """Of the area of a disc of radius r."""
    half = r * math.sqrt(math.pi) / 2
    return _box(x, y, half, half)


def _triangle(x: Plane, y: Plane, r: float) -> Plane:
    """Equal sides, point upwards, of the area of a disc of radius r: the largest distance to a side."""
    inner = r * math.sqrt(math.pi / (3 * math.sqrt(3)))
    sides = (math.pi / 2, math.pi * 7 / 6, math.pi * 11 / 6)
    first, *others = (x * math.cos(a) + y * math.sin(a) - inner for a in sides)
    return np.maximum(first, np.maximum(*others))


def _cross(x: Plane, y: Plane, r: float) -> Plane:
    return np.minimum(_box(x, y, r, r * 0.3), _box(x, y, r * 0.3, r))


def _ring(x: Plane, y: Plane, r: float) -> Plane:
    return np.abs(np.hypot(x, y) - r * 0.75) - r * 0.25


def _anywhere(outline: Outline) -> Callable[[Plane, Plane, Plane], Plane]:
    """One figure of any size, at any place where it fits, turned by up to 12 degrees."""

    def figure(x: Plane, y: Plane, draws: Plane) -> Plane:
        r = 0.17 + 0.09 * draws[6]
        room = 1 - 3 * r
        u, v = x - 1.5 * r - room * draws[7], y - 1.5 * r - room * draws[8]
        turn = math.radians(24 * draws[9] - 12)
        c, s = math.cos(turn), math.sin(turn)
        return outline(u * c + v * s, v * c - u * s, r)

    return figure


def _stripes(upright: bool) -> Callable[[Plane, Plane, Plane], Plane]:
    """Stripes in a round patch, the same in both directions."""

    def outline(x: Plane, y: Plane, r: float) -> Plane:
        across = x if upright else y
        period = r * 0.55
        wave = np.abs(np.mod(across + period / 4, period) - period / 2) - period / 4
        return np.maximum(wave, _disc(x, y, r * 1.3))

    return _anywhere(outline)


def _bar(left: bool) -> Callable[[Plane, Plane, Plane], Plane]:
    """An upright bar whose middle is in the left or in the right third."""

    def figure(x: Plane, y: Plane, draws: Plane) -> Plane:
        half_x, half_y = 0.05 + 0.03 * draws[6], 0.16 + 0.10 * draws[7]
        from_edge = 0.10 + 0.20 * draws[8]
        middle = from_edge if left else 1 - from_edge
        return _box(x - middle, y - half_y - (1 - 2 * half_y) * draws[9], half_x, half_y)

    return figure


def _stacked(upper: Outline, lower: Outline) -> Callable[[Plane, Plane, Plane], Plane]:
    """Two figures of one size, one right above the other."""

    def figure(x: Plane, y: Plane, draws: Plane) -> Plane:
        r = 0.13 + 0.06 * draws[6]
        gap = 1.15 * r + 0.02
        u = x - 1.3 * r - (1 - 2.6 * r) * draws[7]
        room = 1 - 2 * (gap + r)
        v = y - gap - r - room * draws[8]
        return np.minimum(upper(u, v + gap, r), lower(u, v - gap, r))

    return figure


_HUES: Mapping[str, float] = {"disc-red": RED, "disc-blue": BLUE}
_FIGURES: Mapping[str, Callable[[Plane, Plane, Plane], Plane]] = {
    "bar-left": _bar(left=True),
    "bar-right": _bar(left=False),
    "cross-over-ring": _stacked(_cross, _ring),
    "disc-blue": _anywhere(_disc),
    "disc-red": _anywhere(_disc),
    "ring-over-cross": _stacked(_ring, _cross),
    "square": _anywhere(_square),
    "stripes-flat": _stripes(upright=False),
    "stripes-upright": _stripes(upright=True),
    "triangle": _anywhere(_triangle),
}
CLASSES = tuple(_FIGURES)
