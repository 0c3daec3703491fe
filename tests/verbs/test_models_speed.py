"""Measuring on this machine: what is built, told and left as it was. No time decides."""

from __future__ import annotations

import pytest

from striate.verbs.models_speed import BATCH, measured
from striate.verbs.train_order import Working

torch = pytest.importorskip("torch")


def test_each_network_is_timed_with_progress_and_threads_are_put_back() -> None:
    from tests.verbs.made import followed  # needs torch

    before = torch.get_num_threads()
    told, found = followed(measured(["lenet5", "convnetjs-cifar10"], 0.0))
    assert told == [Working("measuring", 0, 2), Working("measuring", 1, 2)]
    assert list(found) == ["lenet5", "convnetjs-cifar10"]
    for speed in found.values():
        assert speed.one_ms > 0
        assert speed.per_second > 0
        assert speed.batch == BATCH
        assert speed.threads >= 1
    assert torch.get_num_threads() == before
