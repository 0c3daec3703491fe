"""Activation maps: the right layers, ranges over all pictures, and units that never fire."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.seeing import asking
from striate.seeing.inside.maps import activation_maps, layers_with_maps
from tests.seeing.networks import Plain, Reused, pictures, ready


def test_layers_that_only_hold_others_are_not_shown_twice() -> None:
    assert layers_with_maps(ready(Plain), pictures()) == [
        "stage1.0", "stage1.1", "stage1.2", "stage2.0", "stage2.1",
    ]  # fmt: skip


def test_ranges_and_dead_channels_are_those_of_all_pictures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = ready(Plain)
    with torch.no_grad():
        model.stage2[0].bias[3] = -1e6
    x = pictures(5)
    monkeypatch.setattr(asking, "_VALUES", 2 * x[0].numel())
    found = {one.layer: one for one in activation_maps(model, x)}
    whole = model.stage2(model.stage1(x)).detach().numpy()
    seen = found["stage2.1"]
    np.testing.assert_allclose(seen.values, whole[0])
    assert (seen.low, seen.high) == (whole.min(), whole.max())
    assert seen.dead == pytest.approx((whole.max((0, 2, 3)) <= 0).mean())
    assert seen.dead >= 1 / 8
    assert seen.off == pytest.approx((whole == 0).mean())


def test_a_layer_with_a_vector_has_maps_of_one_value() -> None:
    (found,) = activation_maps(ready(Reused), pictures(), ["head"])
    assert found.values.shape == (4, 1, 1)
