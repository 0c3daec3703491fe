"""Draws with an address: the same bits whoever asks, in whatever company."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pictures.augment import draws
from striate.pictures.augment.draws import Draws, between, whole


def test_a_draw_does_not_depend_on_its_company() -> None:
    some = Draws(3, 1, 100)
    together = some.words("crop", np.arange(100))
    for i in (0, 17, 99):
        assert np.array_equal(Draws(3, 1, 100).words("crop", np.array([i]))[0], together[i])
    assert np.array_equal(some.words("crop", np.array([5, 3, 5])), together[[5, 3, 5]])


def test_few_and_many_pictures_draw_the_same_bits(monkeypatch) -> None:
    slots = np.array([0, 5, 73])
    wanted = Draws(3, 1, 100).words("crop", slots)
    monkeypatch.setattr(draws, "AT_ONCE", 10)
    assert np.array_equal(Draws(3, 1, 100).words("crop", slots), wanted)
    assert np.array_equal(Draws(3, 1, 100).words("crop", slots[:0]), wanted[:0])


@pytest.mark.parametrize("other", [Draws(4, 1, 50), Draws(3, 2, 50)])
def test_another_seed_or_epoch_draws_otherwise(other) -> None:
    slots = np.arange(50)
    assert not (other.words("crop", slots) == Draws(3, 1, 50).words("crop", slots)).any()


def test_another_purpose_draws_otherwise_and_an_epoch_can_be_named() -> None:
    slots, some = np.arange(50), Draws(3, 1, 50)
    assert not (some.words("crop", slots) == some.words("flip", slots)).any()
    assert np.array_equal(some.words("crop", slots, epoch=0), Draws(3, 0, 50).words("crop", slots))


def test_uniform_numbers_fill_their_range_evenly() -> None:
    uniform = Draws(0, 0, 20_000).uniform("x", np.arange(20_000))
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert uniform.mean(axis=0) == pytest.approx([0.5] * 4, abs=0.01)
    counts = np.bincount(whole(uniform[:, 0], -2, 2) + 2, minlength=5)
    assert counts.min() > 3700
    assert len(counts) == 5
    assert between(uniform, 2, 4).min() >= 2


def test_what_a_batch_shares_follows_from_its_step() -> None:
    some = Draws(0, 0, 5)
    assert some.of_batch("mix", 3).random() == some.of_batch("mix", 3).random()
    assert some.of_batch("mix", 3).random() != some.of_batch("mix", 4).random()
