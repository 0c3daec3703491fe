"""The table of methods: names, raw values, and maps that stay blank."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.errors import CannotLookInside, UsageError
from striate.seeing.why import occlusion
from striate.seeing.why.methods import BY_NAME, DEFAULT, METHODS, Question, explain, named
from tests.seeing.networks import Plain, Reused, pictures, ready

NAMES = tuple(BY_NAME)


@pytest.mark.parametrize("make", [Plain, Reused])
@pytest.mark.parametrize("name", NAMES)
def test_every_method_gives_one_map_a_picture_and_what_it_cost(make: type, name: str) -> None:
    found = explain(Question(ready(make), pictures(), torch.tensor([0, 1, 2])), name)
    assert found.values.shape == (3, 12, 10)
    assert len(found.notes) == 3
    assert found.seconds > 0
    assert found.range(1) == (found.values[1].min(), found.values[1].max())


@pytest.mark.parametrize("name", NAMES)
def test_a_network_that_does_not_look_has_maps_of_zeros(name: str) -> None:
    blind = ready(Plain)
    with torch.no_grad():
        blind.head.weight.zero_()
    found = explain(Question(blind, pictures(), torch.tensor([0, 1, 2])), name)
    assert np.abs(found.values).max() < 1e-12  # rounding of the occlusion's sums


@pytest.mark.parametrize("name", NAMES)
def test_frozen_weights_can_be_looked_into_and_stay_frozen(name: str) -> None:
    model = ready(Reused).requires_grad_(False)
    explain(Question(model, pictures(), torch.tensor([0, 1, 2])), name)
    assert not any(p.requires_grad for p in model.parameters())


def test_what_fails_randomisation_tests_stands_on_its_own_shelf() -> None:
    assert {m.name for m in METHODS if m.shelf == "history"} == {"guided", "deconvnet"}
    assert all("fails randomisation tests" in m.says for m in METHODS if m.shelf == "history")
    assert DEFAULT == ("occlusion", "cam", "integrated", "smooth")


def test_methods_are_named_with_commas() -> None:
    assert named("cam, occlusion,cam") == ("cam", "occlusion")
    assert named("gradients") == ("integrated", "smooth")
    assert named("all") == NAMES
    for wrong in ("cma", "", ","):
        with pytest.raises(UsageError, match="method"):
            named(wrong)


@pytest.mark.parametrize("name", ["cam", "gradcam"])
def test_where_attention_mixes_the_places_of_a_map_it_says_so(name: str) -> None:
    vision = pytest.importorskip("torchvision.models.vision_transformer")
    torch.manual_seed(0)
    model = vision.VisionTransformer(12, 4, 1, 2, 8, 16, num_classes=4).eval()
    asked = Question(model, pictures(2, (12, 12)).float(), torch.tensor([0, 1]))
    for note in explain(asked, name).notes:
        assert note.startswith("3×3 values of conv_proj; no last map: later layers mix its places")
    plain = explain(Question(ready(Plain), pictures(), torch.tensor([0, 1, 2])), name)
    assert plain.notes == ("6×5 values of stage2",) * 3


def test_a_layer_without_rows_and_columns_is_refused_with_one_that_has_them() -> None:
    with pytest.raises(CannotLookInside, match="stage2"):
        explain(Question(ready(Plain), pictures(), torch.tensor([0, 1, 2]), layer="head"), "cam")


def test_without_a_relu_the_history_shelf_says_that_it_is_the_gradient() -> None:
    smooth = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).double()
    asked = Question(smooth, pictures(), torch.tensor([0, 1, 2]))
    found = explain(asked, "guided")
    assert "plain gradient" in found.notes[0]
    np.testing.assert_allclose(found.values, explain(asked, "gradient").values)


def test_covers_reach_every_pixel_and_suit_the_smallest_picture() -> None:
    for size in ((1, 1), (8, 8), (28, 28), (50, 31)):
        window, stride = occlusion.window_for(*size)
        hidden = np.zeros(size, int)
        for rows, columns in occlusion.covers(size, window, stride):
            hidden[rows, columns] += 1
        assert hidden.min() >= 1
