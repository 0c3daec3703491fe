"""Asking leaves a network as it was, and goes in blocks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from striate.errors import CannotLookInside
from striate.seeing import asking
from tests.seeing.networks import Plain, Reused, pictures, ready


def test_asking_leaves_modes_gradients_and_random_numbers_alone() -> None:
    model = ready(Reused).train()
    model.norm.eval()
    modes = [m.training for m in model.modules()]
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    asking.slopes(model, pictures(), torch.tensor([0, 1, 2]))
    asking.logits(model, pictures())
    assert torch.equal(torch.rand(2), expected)
    assert [m.training for m in model.modules()] == modes
    assert all(p.grad is None for p in model.parameters())


def test_blocks_give_what_one_batch_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x, targets = ready(Plain), pictures(5), torch.tensor([0, 1, 2, 3, 0])
    whole = asking.logits(model, x), asking.slopes(model, x, targets)
    monkeypatch.setattr(asking, "_VALUES", 2 * x[0].numel())
    torch.testing.assert_close(asking.logits(model, x), whole[0])
    torch.testing.assert_close(asking.slopes(model, x, targets), whole[1])


def test_the_slope_is_the_limit_of_small_changes() -> None:
    model, x = ready(Plain), pictures(1)
    slope = asking.slopes(model, x, torch.tensor([2]))
    moved = x.clone()
    moved[0, 1, 3, 4] += 1e-6
    rise = (asking.logits(model, moved) - asking.logits(model, x))[0, 2] / 1e-6
    assert float(rise) == pytest.approx(float(slope[0, 1, 3, 4]), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize(("make", "expected"), [(Plain, "stage2"), (Reused, "relu")])
def test_the_last_layer_with_a_map_is_found_by_running(make: type, expected: str) -> None:
    assert asking.last_map(ready(make), pictures()) == expected


def test_networks_without_maps_or_with_other_answers_are_refused() -> None:
    flat = nn.Sequential(nn.Flatten(), nn.Linear(360, 4)).double()
    with pytest.raises(CannotLookInside, match="rows and columns"):
        asking.last_map(flat, pictures())
    with pytest.raises(CannotLookInside, match="not with one row"):
        asking.logits(nn.Conv2d(3, 4, 3).double(), pictures())
