"""Drawn pictures, and a proof that each cue alone fails on some pairs and suffices for one.

The classifiers here are plain NumPy: nearest mean of a colour histogram, of a histogram of edge directions,
and of the place of what is coloured.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from striate.errors import UnknownSet
from striate.pictures.dataset import Dataset
from striate.pictures.named.shapes import CLASSES, Wish, draw, shapes, wish_of
from striate.seeds import generator

SMALL = Wish(train=40, val=20, test=20)
PAIRS = {
    "colour": ("disc-blue", "disc-red"),
    "outline": ("square", "triangle"),
    "direction": ("stripes-flat", "stripes-upright"),
    "place": ("bar-left", "bar-right"),
    "arrangement": ("cross-over-ring", "ring-over-cross"),
}


@cache
def pictures_of(name: str, split: str) -> np.ndarray:
    """400 pictures of a class, N H W 3."""
    return np.stack(
        [draw(name, 32, generator(0, f"proof {name} {split}", 0, i)) for i in range(400)]
    )


def colours(pictures: np.ndarray) -> np.ndarray:
    """How often each of 6 x 6 x 6 colours is met among what is not grey, wherever it is."""
    bins = (pictures.astype(int) * 6) // 256
    index = bins[..., 0] * 36 + bins[..., 1] * 6 + bins[..., 2]
    vivid = pictures.max(-1).astype(int) - pictures.min(-1) > 55
    found = [np.bincount(one[v], minlength=216) for one, v in zip(index, vivid, strict=True)]
    return np.stack([one / max(one.sum(), 1) for one in found])


def edges(pictures: np.ndarray) -> np.ndarray:
    """How strong edges are in each of 18 directions, wherever they are; grey only."""
    grey = pictures @ np.array([0.299, 0.587, 0.114])
    dy, dx = np.gradient(grey, axis=(1, 2))
    strength = np.where(np.hypot(dx, dy) > 15, np.hypot(dx, dy), 0)
    direction = ((np.arctan2(dy, dx) % np.pi) / np.pi * 18).astype(int) % 18
    found = [
        np.bincount(d.ravel(), s.ravel(), 18) for d, s in zip(direction, strength, strict=True)
    ]
    return np.stack([one / max(one.sum(), 1e-9) for one in found])


def places(pictures: np.ndarray) -> np.ndarray:
    """The middle of what is coloured: row and column."""
    span = pictures.max(-1).astype(int) - pictures.min(-1)
    mask = np.where(span > 55, span, 0).astype(float)
    at = np.arange(32)
    total = mask.sum((1, 2)) + 1e-9
    return np.stack([(mask.sum(2) @ at) / total, (mask.sum(1) @ at) / total], 1)


def accuracy(cue: Callable[[np.ndarray], np.ndarray], pair: str) -> float:
    """Of the nearest mean of a cue, on the two classes of a pair."""
    means = [cue(pictures_of(name, "train")).mean(0) for name in PAIRS[pair]]
    right = []
    for label, name in enumerate(PAIRS[pair]):
        held = cue(pictures_of(name, "test"))
        distances = np.stack([((held - mean) ** 2).sum(1) for mean in means])
        right.append((distances.argmin(0) == label).mean())
    return float(np.mean(right))


# Of 800 answers by chance, 95 % of runs are within 0.5 ± 0.035.
SUFFICES, FAILS = 0.97, 0.62


@pytest.mark.parametrize("pair", PAIRS)
def test_colour_alone_tells_the_two_discs_apart_and_fails_on_every_other_pair(pair: str) -> None:
    found = accuracy(colours, pair)
    assert found >= SUFFICES if pair == "colour" else found <= FAILS


@pytest.mark.parametrize("pair", PAIRS)
def test_edges_alone_tell_outline_and_direction_and_fail_on_every_other_pair(pair: str) -> None:
    found = accuracy(edges, pair)
    assert found >= 0.9 if pair in ("outline", "direction") else found <= FAILS


@pytest.mark.parametrize("pair", PAIRS)
def test_place_alone_tells_the_two_bars_apart_and_fails_on_every_other_pair(pair: str) -> None:
    found = accuracy(places, pair)
    assert found >= SUFFICES if pair == "place" else found <= FAILS


def test_the_pairs_are_all_the_classes() -> None:
    assert sorted(name for pair in PAIRS.values() for name in pair) == list(CLASSES)


def drawn(found: Dataset) -> np.ndarray:
    """All pictures, N H W C."""
    return np.stack([found.pixels(i) for i in range(len(found))])


def test_every_split_is_even_and_no_picture_is_met_twice() -> None:
    found = shapes(SMALL)
    assert found.splits == {"train": 40, "val": 20, "test": 20}
    assert set(found.counts_in("val").values()) == {2}
    assert len({picture.tobytes() for picture in drawn(found)}) == 80
    assert not found.mirror
    assert found.paths[0] == "train/000000.png"
    assert drawn(found).shape == (80, 32, 32, 3)


def test_a_picture_does_not_depend_on_how_many_there_are() -> None:
    few, many = shapes(SMALL), shapes(Wish(train=70, val=20, test=30))
    assert (drawn(few)[:40] == drawn(many)[:40]).all()
    assert (drawn(few)[40:] == drawn(many)[70:110]).all()


def test_another_seed_draws_other_pictures_of_the_same_classes() -> None:
    one, other = shapes(SMALL), shapes(Wish(train=40, val=20, test=20, seed=1))
    assert (one.labels == other.labels).all()
    assert (drawn(one) != drawn(other)).any((1, 2, 3)).all()


@pytest.mark.parametrize("name", CLASSES)
def test_a_figure_covers_the_same_share_at_every_size(name: str) -> None:
    def share(side: int) -> float:
        made = draw(name, side, generator(7, name)).astype(int)
        return float(((made.max(-1) - made.min(-1)) > 60).mean())

    assert 0.02 < share(256) < 0.35
    assert share(32) == pytest.approx(share(256), abs=0.06)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("shapes", Wish()),
        ("shapes:", Wish()),
        ("shapes:64", Wish(side=64)),
        ("shapes:side=16,seed=3", Wish(side=16, seed=3)),
        ("shapes:48, train=100,val=0,test=0", Wish(side=48, train=100, val=0, test=0)),
    ],
)
def test_the_name_says_size_seed_and_counts(text: str, wish: Wish) -> None:
    assert wish_of(text) == wish


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shapes:x", "'x' in 'shapes:x' is not understood"),
        ("shapes:64,64", "'64' in 'shapes:64,64' is not understood"),
        ("shapes:colour=3", "is not understood; write shapes:SIDE"),
        ("shapes:-32", "is not understood"),
        ("shapes:4", "a side of 16 to 512 pixels can be drawn"),
        ("shapes:train=0", "train needs a picture"),
        ("shapes:train=99999999", "at most 8 GiB"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(UnknownSet, match=words):
        wish_of(text)
