"""One process: sums are what they are; the environment says who one is."""

from __future__ import annotations

import pytest

from striate import machine
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


@pytest.mark.parametrize(("here", "threads"), [(1, 16), (2, 8), (5, 3), (32, 1)])
def test_processes_of_one_machine_share_its_threads_whatever_torchrun_says(
    monkeypatch: pytest.MonkeyPatch, here: int, threads: int
) -> None:
    monkeypatch.setattr(machine, "usable_threads", lambda: 16)
    for name, value in (
        ("WORLD_SIZE", 64), ("RANK", 3), ("LOCAL_WORLD_SIZE", here), ("OMP_NUM_THREADS", 1),
    ):  # fmt: skip
        monkeypatch.setenv(name, str(value))
    found = from_environment()
    assert (found.count, found.here, found.threads) == (64, here, threads)
