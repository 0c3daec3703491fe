"""Laying a copy over its original: known shifts and scales are found, strangers are not."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pictures.audit.align import NEAR, agreement, alike
from striate.pictures.audit.near import WINDOWS, Proposals
from striate.pictures.files import decode, resized, to_jpeg
from tests.pictures.photographs import photograph


def square(pixels: np.ndarray) -> np.ndarray:
    return resized(pixels.mean(2, keepdims=True).astype(np.uint8), 48, 48)[:, :, 0]


def one(window: int = 0, is_mirrored: bool = False) -> Proposals:
    return Proposals(np.array([0]), np.array([1]), np.array([window]), np.array([is_mirrored]))


@pytest.mark.parametrize(
    "cut", [(0, 120, 0, 160), (9, 120, 0, 150), (0, 107, 8, 152), (6, 112, 5, 160), (0, 96, 0, 160)]
)
def test_a_crop_fits_its_original_from_the_nearest_window(
    cut: tuple[int, int, int, int], rng: np.random.Generator
) -> None:
    picture = photograph(rng)
    top, bottom, left, right = cut
    small = np.stack([square(picture), square(picture[top:bottom, left:right])])
    wanted = (left / 160, right / 160, top / 120, bottom / 120)
    window = min(
        range(len(WINDOWS)),
        key=lambda i: sum(
            abs(a - b) for a, b in zip((*WINDOWS[i][0], *WINDOWS[i][1]), wanted, strict=True)
        ),
    )
    assert agreement(small, one(window))[0] > NEAR


def test_a_mirrored_copy_fits_when_it_is_mirrored_back(rng: np.random.Generator) -> None:
    picture = photograph(rng)
    small = np.stack([square(picture), square(picture[:, ::-1])])
    assert agreement(small, one(is_mirrored=True))[0] > 0.999
    assert agreement(small, one())[0] < NEAR


def test_strangers_do_not_fit(rng: np.random.Generator) -> None:
    small = np.stack([square(photograph(rng)) for _ in range(40)])
    count = len(small)
    original, copy = np.divmod(np.arange(count * count), count)
    apart = original != copy
    pairs = Proposals(
        original[apart], copy[apart], np.zeros(apart.sum(), int), np.zeros(apart.sum(), bool)
    )
    assert agreement(small, pairs).max() < NEAR


def test_a_flat_picture_fits_nothing(rng: np.random.Generator) -> None:
    small = np.stack([np.full((48, 48), 90, np.uint8), square(photograph(rng))])
    assert agreement(small, one())[0] == -1
    assert not alike(small, one())[1][0]


def test_a_thumbnail_re_encoded_is_alike_and_a_shifted_one_is_not(rng: np.random.Generator) -> None:
    tiny = resized(photograph(rng), 32, 32)
    again = decode(to_jpeg(tiny, 75))
    shifted = np.roll(tiny, 2, axis=1)
    small = np.stack([square(tiny), square(again)])
    assert alike(small, one())[1][0]
    assert not alike(np.stack([square(tiny), square(shifted)]), one())[1][0]
