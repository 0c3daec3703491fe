"""Twins that know nothing: the same values in another order, and maps that differ where a method looks."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from striate.seeing.believe.shuffled import shuffled, twin_of
from striate.seeing.why.methods import Question, explain
from tests.seeing.networks import Plain, pictures, ready


def test_a_twin_has_the_same_values_in_another_order() -> None:
    model = ready(Plain)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    twin: Any = shuffled(model, "all", seed=1)
    for (name, mine), theirs in zip(model.named_parameters(), twin.parameters(), strict=True):
        assert torch.equal(mine.flatten().sort().values, theirs.flatten().sort().values), name
    assert not torch.equal(model.stage1[0].weight, twin.stage1[0].weight)
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    again = shuffled(model, "all", seed=1)
    assert all(
        torch.equal(a, b) for a, b in zip(twin.parameters(), again.parameters(), strict=True)
    )


def test_only_the_head_is_shuffled_where_that_is_asked() -> None:
    model = ready(Plain)
    twin: Any = shuffled(model, "head")
    assert torch.equal(model.stage2[0].weight, twin.stage2[0].weight)
    assert not torch.equal(model.head.weight, twin.head.weight)


def test_the_method_on_the_twin_is_ranked_against_its_own_map() -> None:
    asked = Question(ready(Plain), pictures(), torch.tensor([0, 1, 2]))
    maps = explain(asked, "integrated")
    other, alike = twin_of(maps, asked)
    assert other.values.shape == maps.values.shape
    assert all(a is not None and abs(a) < 0.95 for a in alike)


def test_a_method_that_looks_at_the_picture_alone_would_be_convicted() -> None:
    # One channel and no weight to shuffle: whatever is drawn, the map stays the same.
    model: Any = nn.Sequential(
        nn.Conv2d(3, 1, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).double()
    with torch.no_grad():
        model[0].weight.fill_(1.0)
    asked = Question(model, pictures(), torch.zeros(3, dtype=torch.int64))
    _, alike = twin_of(explain(asked, "integrated"), asked)
    assert all(a is not None and a > 0.999 for a in alike)
