"""One process: sums are what they are; the environment says who one is."""

from __future__ import annotations

import pytest

from striate.training.ranks import ALONE, Ranks, from_environment


def test_alone_every_sum_is_the_value_itself() -> None:
    assert ALONE.sum_of(0.1) == 0.1
    assert ALONE.sums_of(3, 4) == (3, 4)
    assert ALONE.is_first
    ALONE.sum_gradients(())
    ALONE.wait()


def test_torchrun_says_who_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert from_environment() == ALONE
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "3")
    assert from_environment() == Ranks(3, 4)
    assert not from_environment().is_first
