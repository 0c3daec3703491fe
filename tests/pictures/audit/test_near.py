"""Proposals for near-copies: the fast search against comparing all with all."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pictures.audit import near
from striate.pictures.audit.near import (
    KEPT,
    SIDE,
    WINDOWS,
    mirrored,
    propose,
    resampling,
    signatures,
)
from striate.pictures.files import resized
from tests.pictures.photographs import photograph


def squares(rng: np.random.Generator, count: int) -> np.ndarray:
    grey = [photograph(rng, 60, 60).mean(2, keepdims=True).astype(np.uint8) for _ in range(count)]
    return np.stack([resized(one, 48, 48)[:, :, 0] for one in grey])


def test_resampling_keeps_the_mean_of_a_window(rng: np.random.Generator) -> None:
    values = rng.random(48)
    for low, high in ((0.0, 1.0), (0.1, 1.0), (0.06, 0.94), (0.0, 0.82)):
        matrix = resampling(low, high, 8, 48)
        assert matrix.sum(1) == pytest.approx(1)
        fine = np.interp(
            (np.arange(48_000) + 0.5) / 48_000 * (high - low) + low, [0, 1], [0, 48]
        ).astype(int)
        assert (matrix @ values).mean() == pytest.approx(values[fine].mean(), abs=2e-3)


def test_a_signature_has_length_one_and_knows_no_light(rng: np.random.Generator) -> None:
    small = squares(rng, 5)
    found = signatures(small)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)
    darker = (small // 2 + 20).astype(np.uint8)
    assert ((signatures(darker) * found).sum(1) > 0.999).all()


def test_a_plain_picture_has_no_signature() -> None:
    flat = np.full((1, 48, 48), 200, np.uint8)
    slope = np.linspace(0, 255, 48).astype(np.uint8)[None, None].repeat(48, 1)
    assert not signatures(flat).any()
    assert not signatures(slope).any()


def test_mirroring_a_signature_is_mirroring_the_picture(rng: np.random.Generator) -> None:
    small = squares(rng, 3)
    turned = np.ascontiguousarray(small[:, :, ::-1])
    assert np.allclose(mirrored(signatures(small)), signatures(turned), atol=1e-5)


def test_windows_keep_about_four_fifths_of_the_area() -> None:
    areas = [(x[1] - x[0]) * (y[1] - y[0]) for x, y in WINDOWS]
    assert WINDOWS[0] == ((0.0, 1.0), (0.0, 1.0))
    assert min(areas) > 0.75


@pytest.mark.parametrize("exact", [10_000, 1])
def test_the_search_finds_what_comparing_all_with_all_finds(
    exact: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "_BUCKET", 40)
    small = squares(rng, 120)
    small = np.concatenate([small, small[:20, :, ::-1], np.roll(small[20:40], 1, axis=2)])
    found = propose(small, 0.9, crops=True, exact=exact)
    pairs = set(zip(found.copy.tolist(), found.original.tolist(), strict=True))
    assert {(120 + i, i) for i in range(40)} <= pairs
    at = {
        pair: i
        for i, pair in enumerate(zip(found.copy.tolist(), found.original.tolist(), strict=True))
    }
    assert all(found.mirrored[at[120 + i, i]] for i in range(20))
    assert all(a != b for a, b in pairs)
    assert len(pairs) == len(found.copy)


def test_pictures_that_all_look_alike_do_not_flood_the_search(rng: np.random.Generator) -> None:
    small = squares(rng, 1).repeat(300, 0)
    found = propose(small, 0.9, crops=True)
    assert np.bincount(found.copy).max() == KEPT


def test_without_crops_only_whole_pictures_are_compared(rng: np.random.Generator) -> None:
    small = squares(rng, 30)
    small = np.concatenate([small, small[:5, :, ::-1], small[5:10]])
    found = propose(small, 0.95, crops=False)
    pairs = set(zip(found.copy.tolist(), found.original.tolist(), strict=True))
    assert {(35 + i, 5 + i) for i in range(5)} <= pairs
    assert not {(30 + i, i) for i in range(5)} & pairs
    assert set(found.window.tolist()) == {0}


def test_nothing_proposes_nothing() -> None:
    assert len(propose(np.zeros((0, 48, 48), np.uint8), 0.9, crops=True).copy) == 0
    assert len(propose(np.zeros((3, 48, 48), np.uint8), 0.9, crops=True).copy) == 0
    assert signatures(np.zeros((1, 48, 48), np.uint8)).shape[1] == SIDE * SIDE
