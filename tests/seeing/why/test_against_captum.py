"""Every method against another author's code in float64, or against its definition where there is none."""

from __future__ import annotations

from typing import Any

import captum.attr
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from striate.seeing.tap import tap
from striate.seeing.why import smooth
from striate.seeing.why.cam import cams
from striate.seeing.why.deconvnet import deconvnet
from striate.seeing.why.gradient import gradient
from striate.seeing.why.guided import guided
from striate.seeing.why.integrated import integrated
from striate.seeing.why.occlusion import occlusion
from tests.seeing.networks import Plain, Reused, pictures, ready

TARGETS = torch.tensor([0, 3, 1])
CLOSE: Any = {"atol": 1e-9, "rtol": 0.0}


@pytest.mark.parametrize("make", [Plain, Reused])
def test_the_gradient_is_captums(make: type) -> None:
    model = ready(make)
    theirs = captum.attr.Saliency(model).attribute(pictures().requires_grad_(), TARGETS, abs=False)
    torch.testing.assert_close(gradient(model, pictures(), TARGETS), theirs, **CLOSE)


@pytest.mark.parametrize("make", [Plain, Reused])
@pytest.mark.parametrize("baseline", [0.0, -0.7])
def test_integrated_gradients_and_their_gap_are_captums(make: type, baseline: float) -> None:
    model = ready(make)
    ours = integrated(model, pictures(), TARGETS, baseline, steps=20)
    theirs, gap = captum.attr.IntegratedGradients(model).attribute(
        pictures(), baseline, TARGETS, n_steps=20, return_convergence_delta=True
    )
    torch.testing.assert_close(ours.values, theirs, **CLOSE)
    torch.testing.assert_close(ours.gap, gap, atol=1e-6, rtol=0)
    told = model(pictures()).gather(1, TARGETS[:, None])[:, 0]
    at_start = model(torch.full_like(pictures(), baseline)).gather(1, TARGETS[:, None])[:, 0]
    torch.testing.assert_close(ours.moved, told - at_start, **CLOSE)


def test_more_steps_close_the_gap() -> None:
    model = ready(Reused)
    few, many = (integrated(model, pictures(), TARGETS, steps=n).gap.abs().max() for n in (4, 400))
    assert many < few / 5


@pytest.mark.parametrize(
    ("window", "stride"), [((4, 3), (2, 2)), ((5, 5), (5, 3)), ((12, 10), (1, 1))]
)
def test_occlusion_is_captums(window: tuple[int, int], stride: tuple[int, int]) -> None:
    model = ready(Reused)
    theirs = captum.attr.Occlusion(model).attribute(
        pictures(), (3, *window), (3, *stride), baselines=0.25, target=TARGETS
    )
    ours = occlusion(model, pictures(), TARGETS, window, stride, baseline=0.25)
    torch.testing.assert_close(
        ours[:, None].expand(-1, 3, -1, -1), theirs.double(), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize(
    ("make", "layer"), [(Plain, "stage2.0"), (Plain, "stage1"), (Reused, "one")]
)
def test_grad_cam_is_captums(make: type, layer: str) -> None:
    model = ready(make)
    theirs = captum.attr.LayerGradCam(model, model.get_submodule(layer)).attribute(
        pictures(), TARGETS, relu_attributions=True
    )
    torch.testing.assert_close(
        cams(model, pictures(), TARGETS, layer).grad[:, None], theirs, **CLOSE
    )


def test_hirescam_is_its_definition() -> None:
    model = ready(Plain)
    found = cams(model, pictures(), TARGETS, "stage1")
    with tap(model, "stage1") as seen:
        model(pictures())
    maps = seen["stage1"].clone().requires_grad_()
    score = model.head(model.stage2(maps).mean((2, 3)))
    for i, target in enumerate(TARGETS):
        (slope,) = torch.autograd.grad(score[i, target], maps, retain_graph=True)
        by_hand = np.zeros(maps.shape[2:])
        for c in range(maps.shape[1]):
            by_hand += slope[i, c].numpy() * maps[i, c].detach().numpy()
        np.testing.assert_allclose(found.high[i].numpy(), by_hand, atol=1e-12)


def test_before_a_mean_and_one_linear_layer_hirescam_adds_up_to_the_score() -> None:
    model = ready(Plain)
    found = cams(model, pictures(), TARGETS)
    assert found.layer == "stage2"
    told = model(pictures()).gather(1, TARGETS[:, None])[:, 0]
    torch.testing.assert_close(found.high.sum((1, 2)) + model.head.bias[TARGETS], told, **CLOSE)


def test_smoothgrad_squared_is_the_mean_of_captums_squares_over_the_same_noise() -> None:
    model = ready(Reused)
    ours = smooth.smooth_squared(model, pictures(), TARGETS, rounds=5, seed=4)
    saliency = captum.attr.Saliency(model)
    for i, picture in enumerate(pictures()):
        noisy = (picture + smooth.noise(picture, 5, 4, i)).requires_grad_()
        theirs = saliency.attribute(noisy, TARGETS[i].expand(5), abs=False).square().mean(0)
        torch.testing.assert_close(ours[i], theirs, **CLOSE)
    again = smooth.smooth_squared(model, pictures()[:1], TARGETS[:1], rounds=5, seed=4)
    torch.testing.assert_close(again[0], ours[0], **CLOSE)


@pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU")
def test_guided_backprop_and_the_deconvnet_are_captums() -> None:
    model = ready(Plain)
    theirs = captum.attr.GuidedBackprop(model).attribute(pictures().requires_grad_(), TARGETS)
    ours, count = guided(model, pictures(), TARGETS)
    assert count == 2
    torch.testing.assert_close(ours, theirs, **CLOSE)
    theirs = captum.attr.Deconvolution(model).attribute(pictures().requires_grad_(), TARGETS)
    torch.testing.assert_close(deconvnet(model, pictures(), TARGETS)[0], theirs, **CLOSE)


class Unfolded(nn.Module):
    """`Reused` with its weights and a ReLU module of its own at each place, for tools that need that."""

    def __init__(self, other: Reused) -> None:
        super().__init__()
        self.one, self.two, self.norm, self.head = other.one, other.two, other.norm, other.head
        self.relus = nn.ModuleList(nn.ReLU() for _ in range(4))

    def forward(self, x):
        first = self.relus[0](self.norm(self.one(x)))
        second = self.relus[1](self.norm(self.two(first)) + first)
        third = self.relus[2](self.two(second))
        return self.head(self.relus[3](third + second).mean((2, 3)))


@pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU")
def test_relus_that_are_reused_in_place_or_no_modules_are_met_too() -> None:
    model = ready(Reused)
    unfolded = Unfolded(model).eval()
    torch.testing.assert_close(model(pictures()), unfolded(pictures()))
    for ours, theirs in (
        (guided, captum.attr.GuidedBackprop),
        (deconvnet, captum.attr.Deconvolution),
    ):
        found, count = ours(model, pictures(), TARGETS)
        assert count == 4
        expected = theirs(unfolded).attribute(pictures().requires_grad_(), TARGETS)
        torch.testing.assert_close(found, expected, **CLOSE)


def test_a_relu_that_ends_at_six_is_met_as_module_and_as_function() -> None:
    class Six(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 5, 3), nn.Linear(5, 4)
            self.six = nn.ReLU6(inplace=True)

        def forward(self, x):
            return self.two(F.relu6(self.six(self.one(x * 5))).mean((2, 3)))

    model = Six().double()
    x, targets = pictures(), TARGETS
    found, count = guided(model, x, targets)
    assert count == 2
    before = model.one(x * 5)
    assert (before > 6).any()
    slope = (
        model.two.weight[targets].clamp(min=0)[:, :, None, None].expand_as(before)
        / before[0, 0].numel()
    )
    passed = slope * ((before > 0) & (before < 6))
    expected = 5 * F.conv_transpose2d(passed, model.one.weight)
    torch.testing.assert_close(found, expected, **CLOSE)
