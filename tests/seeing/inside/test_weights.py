"""Filters and templates are the network's own weights, on one scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from striate.errors import CannotLookInside
from striate.grammar.plan import Plan
from striate.seeing.inside import filters
from striate.seeing.inside.layers import convolutions
from striate.seeing.inside.templates import templates
from tests.seeing.networks import Plain, ready


def test_filters_of_the_first_layer_are_colours_and_those_deeper_are_not() -> None:
    model = ready(Plain)
    first, deeper = filters.filters(model), filters.filters(model, "stage2")
    assert (first.layer, first.is_coloured) == ("stage1.0", True)
    assert (deeper.layer, deeper.is_coloured) == ("stage2.0", False)
    np.testing.assert_array_equal(deeper.values, model.stage2[0].weight.detach().numpy())
    assert deeper.reach == model.stage2[0].weight.abs().max().item()


def test_as_colours_weight_zero_is_grey_and_the_greatest_is_full() -> None:
    values = np.zeros((2, 3, 1, 2))
    values[0, 0, 0, 1], values[1, 2, 0, 0] = 0.5, -0.25
    made = filters.as_colours(values, 0.5)
    assert made[0, 0, 1].tolist() == [1.0, 0.5, 0.5]
    assert made[1, 0, 0].tolist() == [0.5, 0.5, 0.25]
    assert (filters.as_colours(np.zeros((1, 3, 2, 2)), 0.0) == 0.5).all()


def test_a_layer_that_is_no_convolution_is_refused_by_name() -> None:
    with pytest.raises(CannotLookInside, match=r"stage1\.0"):
        filters.filters(ready(Plain), "head")
    with pytest.raises(CannotLookInside, match="no convolution"):
        filters.filters(nn.Linear(3, 2))


def test_a_template_times_the_picture_is_the_score() -> None:
    model: Any = nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 5, 6)).double()
    found = templates(model, (3, 4, 5))
    picture = torch.randn(1, 3, 4, 5, dtype=torch.float64)
    scores = (found.values * picture[0].numpy()).sum((1, 2, 3)) + model[1].bias.detach().numpy()
    np.testing.assert_allclose(scores, model(picture)[0].detach().numpy(), atol=1e-12)
    assert found.is_last


def test_an_mlp_has_a_bank_and_a_convnet_has_none() -> None:
    mlp = nn.Sequential(nn.Flatten(), nn.Linear(12, 7), nn.ReLU(), nn.Linear(7, 2))
    bank = templates(mlp, (3, 2, 2))
    assert (bank.values.shape, bank.is_last) == ((7, 3, 2, 2), False)
    with pytest.raises(CannotLookInside, match="no fully connected layer is the first") as fault:
        templates(ready(Plain), (3, 12, 10))
    assert "see RUN filters" in fault.value.hint
    with pytest.raises(CannotLookInside, match="12 numbers"):
        templates(mlp, (3, 4, 4))
    assert list(convolutions(ready(Plain))) == ["stage1.0", "stage2.0"]


def test_what_stands_behind_another_layer_with_weights_is_no_template_of_the_picture() -> None:
    for before in ("local3p1-3 relu", "bn"):
        model = Plan.read(f"3x8x8: {before} fc10").build()
        with pytest.raises(
            CannotLookInside, match="no fully connected layer is the first"
        ) as fault:
            templates(model, (3, 8, 8))
        assert "see RUN maps" in fault.value.hint
