"""Made pictures: what is wished for rises, and the same seed gives the same picture."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
import torch
from torch import nn

from striate.errors import CannotLookInside
from striate.seeing.inside import made
from striate.seeing.inside.made import Bounds, Made, Wish
from striate.seeing.inside.style import gram, styled
from tests.seeing.networks import Plain, pictures, ready

BOUNDS = Bounds(torch.full((1, 3, 1, 1), -2.0), torch.full((1, 3, 1, 1), 2.0))


def followed(steps: Generator[Any, None, Made]) -> tuple[list[Any], Made]:
    events = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return events, end.value


def network() -> Any:
    return ready(lambda: Plain(inplace=True)).float()


def test_a_unit_likes_its_picture_more_than_the_noise_it_began_with_and_more_than_others() -> None:
    model = network()
    events, found = followed(made.optimised(model, Wish("stage2.0", 3), (24, 20), BOUNDS, steps=40))
    assert isinstance(found, Made)
    assert len(events) == len(found.values) == 40
    assert found.values[-1] > found.values[0]
    assert found.picture.shape == (3, 24, 20)
    assert float(found.picture.abs().max()) <= 2
    drawn = pictures(20, (24, 20)).float().clamp(-2, 2)
    others = model.stage2[0](model.stage1(drawn))[:, 3].mean((1, 2)).max()
    own = model.stage2[0](model.stage1(found.picture[None]))[:, 3].mean()
    assert own > others


def test_a_unit_that_is_off_everywhere_at_first_is_woken() -> None:
    model = network()
    with torch.no_grad():
        model.stage2[0].bias[3] = -0.5
    grey = model.stage2(model.stage1(torch.zeros(1, 3, 24, 20)))[:, 3]
    assert not grey.any()
    _, found = followed(made.optimised(model, Wish("stage2", 3), (24, 20), BOUNDS, steps=64))
    assert found.values[0] == 0
    assert found.values[-1] > 0


@pytest.mark.parametrize("how", ["optimised", "dream", "styled"])
def test_the_same_seed_gives_the_same_picture_and_weights_stay(how: str) -> None:
    model = network()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    x, y = pictures(2, (32, 24)).float().clamp(-2, 2)

    def once(seed: int) -> torch.Tensor:
        if how == "optimised":
            steps = made.optimised(model, Wish("stage2", 1), (32, 24), BOUNDS, steps=4, seed=seed)
        elif how == "dream":
            steps = made.dream(model, x, Wish("stage2"), BOUNDS, steps=3, seed=seed)
        else:
            steps = styled(model, (x, y), ["stage1", "stage2"], BOUNDS, steps=4, seed=seed)
        return followed(steps)[1].picture

    assert torch.equal(once(1), once(1))
    assert not torch.equal(once(1), once(2))
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_a_dream_raises_what_the_layer_sees_and_stays_between_black_and_white() -> None:
    x = pictures(1, (32, 24)).float()[0].clamp(-2, 2)
    _, found = followed(made.dream(network(), x, Wish("stage2"), BOUNDS, steps=8))
    assert found.values[-1] > found.values[-8]
    assert float(found.picture.abs().max()) <= 2 + 1e-5
    assert found.picture.shape == x.shape


def test_a_network_for_one_size_dreams_below_its_head_at_all_sizes_and_above_it_at_its_own() -> (
    None
):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(4 * 16 * 12, 5),
    ).eval()  # fmt: skip
    x = pictures(1, (32, 24)).float()[0].clamp(-2, 2)
    assert made.octaves(model, x, Wish("1")) == [(16, 12), (23, 17), (32, 24)]
    assert made.octaves(model, x, Wish("4")) == [(32, 24)]
    events, found = followed(made.dream(model, x, Wish("1"), BOUNDS, steps=2))
    assert len(events) == 6
    events, found = followed(made.dream(model, x, Wish("4", 2), BOUNDS, steps=4))
    assert len(events) == 4
    assert found.values[-1] > found.values[0]
    with pytest.raises(RuntimeError):
        followed(made.optimised(model, Wish("4"), (16, 12), BOUNDS, steps=1))


class _Strict(nn.Module):
    """Pictures of one size; others are asserted away, as in torchvision's vision transformers."""

    def __init__(self, after: bool) -> None:
        super().__init__()
        self.conv, self.after = nn.Conv2d(3, 4, 3, padding=1), after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """N 3 32 24 to N 4."""
        made = self.conv(x) if self.after else None
        assert x.shape[2:] == (32, 24), "wrong size"
        return (self.conv(x) if made is None else made).mean((2, 3))


def test_a_network_that_asserts_its_size_dreams_at_that_size() -> None:
    torch.manual_seed(0)
    x = pictures(1, (32, 24)).float()[0].clamp(-2, 2)
    assert made.octaves(_Strict(after=False).eval(), x, Wish("conv")) == [(32, 24)]
    assert len(made.octaves(_Strict(after=True).eval(), x, Wish("conv"))) == 3
    events, _ = followed(made.dream(_Strict(after=False).eval(), x, Wish("conv"), BOUNDS, steps=2))
    assert len(events) == 2


def test_several_layers_count_alike_and_each_step_shows_what_there_is() -> None:
    x = pictures(1, (32, 24)).float()[0].clamp(-2, 2)

    def first(layers: str) -> float:
        return followed(made.dream(network(), x, Wish(layers), BOUNDS, steps=1))[1].values[0]

    assert first("stage1, stage2") == pytest.approx((first("stage1") + first("stage2")) / 2)
    events, found = followed(made.dream(network(), x, Wish("stage2"), BOUNDS, steps=3))
    torch.testing.assert_close(events[-1].picture, found.picture)
    assert events[0].picture.shape == (3, 16, 12)


def test_style_comes_nearer_to_the_correlations_of_the_style() -> None:
    model = network()
    x, y = pictures(2, (24, 24)).float().clamp(-2, 2)
    y = y * 0.2 + 1
    _, found = followed(styled(model, (x, y), ["stage1", "stage2"], BOUNDS, steps=60))

    def apart(picture: torch.Tensor) -> float:
        grams = [gram(model.stage1(one[None])) for one in (picture, y)]
        return (grams[0] - grams[1]).square().mean().item()

    assert found.values[-1] < found.values[0] / 2
    assert apart(found.picture) < apart(x) / 2


def test_correlations_do_not_ask_where() -> None:
    maps = torch.randn(1, 5, 6, 7)
    mixed = maps.flatten(2)[:, :, torch.randperm(42)].view_as(maps)
    torch.testing.assert_close(gram(maps), gram(mixed))
    torch.testing.assert_close(
        gram(maps),
        torch.cov(maps[0].flatten(1), correction=0)
        + torch.outer(maps[0].mean((1, 2)), maps[0].mean((1, 2))),
    )


def test_a_unit_that_is_not_there_is_told() -> None:
    with pytest.raises(CannotLookInside, match="8 units"):
        followed(made.optimised(network(), Wish("stage2", 8), (16, 16), BOUNDS, steps=1))
    with pytest.raises(CannotLookInside, match="rows and columns"):
        x = pictures(2).float()
        followed(styled(network(), (x[0], x[1]), ["head"], BOUNDS, steps=1))
