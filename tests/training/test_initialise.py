"""How networks begin: filters with the variance of the papers, whitening against slow patches, no global
randomness touched.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from striate.grammar.plan import Plan  # noqa: E402
from striate.training.initialise import seeded, start  # noqa: E402
from striate.training.recipe_parts import StartPart  # noqa: E402

WHITE = "3x12x12: whiten=(conv2-24 gelu) conv3p1-32 bn gmp fc4"
PLAIN = StartPart(whiten="no")


def build(text: str = WHITE, seed: int = 0) -> Any:
    """A network with a seed."""
    with seeded(seed):
        return Plan.read(text).build()


def pictures(rng: np.random.Generator, count: int = 60, channels: int = 3) -> Any:
    """Smooth and coloured, so that patches are far from white."""
    drawn = rng.normal(size=(count, channels, 14, 14))
    drawn = drawn + np.roll(drawn, 1, 2) + np.roll(drawn, 1, 3) + drawn.mean(1, keepdims=True)
    return torch.tensor((drawn / drawn.std())[:, :, 1:13, 1:13], dtype=torch.float32)


def slow_patches(images: Any, kernel: tuple[int, int]) -> np.ndarray:
    """Every patch, one at a time, in the order of a filter's numbers."""
    height, width = images.shape[2] - kernel[0] + 1, images.shape[3] - kernel[1] + 1
    return np.array(
        [
            image[:, i : i + kernel[0], j : j + kernel[1]].ravel()
            for image in images.double().numpy()
            for i in range(height)
            for j in range(width)
        ]
    )


# --- filters --------------------------------------------------------------------------------------


def test_he_filters_have_variance_two_by_fan_in() -> None:
    made = build("16x9x9: conv3-400 conv5-300 gap fc3")
    notes = start(made, StartPart("he"), None, 1)
    for conv, fan_in in ((made[0], 16 * 9), (made[1], 400 * 25)):
        assert float(conv.weight.detach().std()) == pytest.approx(math.sqrt(2 / fan_in), rel=0.02)
        assert float(conv.weight.detach().mean()) == pytest.approx(
            0, abs=0.01 * math.sqrt(2 / fan_in) * 3
        )
        assert not conv.bias.any()
    assert notes == (
        "filters of 2 convolutions and weights of 1 dense layer begin as he: He et al. (2015)",
    )


def test_dense_layers_begin_by_he_and_by_xavier_where_those_are_named() -> None:
    text = "3x8x8: flatten fc500 relu fc300"
    for how, first in (("he", math.sqrt(2 / 192)), ("xavier", math.sqrt(2 / (192 + 500)))):
        made = build(text)
        notes = start(made, StartPart(how), None, 1)
        dense = [one for one in made.modules() if isinstance(one, nn.Linear)]
        fan = 2 / 500 if how == "he" else 2 / 800
        for layer, wanted in zip(dense, (first, math.sqrt(fan)), strict=True):
            assert float(layer.weight.detach().std()) == pytest.approx(wanted, rel=0.02)
            assert not layer.bias.any()
        assert notes[0].startswith(f"weights of 2 dense layers begin as {how}: ")


@pytest.mark.parametrize("how", ["auto", "torch", "dirac"])
def test_dense_layers_stay_as_torch_drew_them_bit_for_bit_otherwise(how: str) -> None:
    made, same = (
        build("3x8x8: conv3p1-6 flatten fc20 fc4"),
        build("3x8x8: conv3p1-6 flatten fc20 fc4"),
    )
    start(made, StartPart(how), None, 1)
    pairs = [
        (a, b)
        for a, b in zip(made.modules(), same.modules(), strict=True)
        if isinstance(a, nn.Linear) and isinstance(b, nn.Linear)
    ]
    assert len(pairs) == 2
    for one, other in pairs:
        assert torch.equal(one.weight, other.weight)
        assert torch.equal(one.bias, other.bias)


@pytest.mark.parametrize(
    "end",
    ["conv1-4 relu gap", "gap fc4 relu", "conv1-4 relu6 gap", "out=(conv1-4 relu) gap softmax"],
)
@pytest.mark.parametrize("how", ["he", "xavier"])
def test_answers_that_a_relu_cuts_off_begin_above_it(end: str, how: str) -> None:
    made = build(f"3x12x12: conv3p1-8 relu {end}")
    (said,) = start(made, StartPart(filters=how, whiten="no"), None, 0)[1:]
    first, last = (p for name, p in made.named_parameters() if name.endswith("bias"))
    assert said.startswith("answers begin at 3")
    assert torch.equal(last, torch.full((4,), 3.0))
    assert torch.equal(first, torch.zeros(8))


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("3x12x12: conv3p1-8 relu gap fc4", "he"),
        ("3x12x12: conv3p1-8 relu conv1-4 gap", "he"),
        ("3x12x12: conv3p1-8 bn relu gap", "he"),
        ("3x12x12: conv3p1-8 relu conv1-4 relu bn gap", "he"),
        ("3x12x12: conv3p1-8 relu local3-4 relu gap", "he"),
        ("3x12x12: conv3p1-8 relu [conv1-2 | conv1-2] relu gap", "he"),
        ("3x12x12: conv3p1-8 relu conv1-4 se2 relu gap", "he"),
        ("3x12x12: conv3p1-8 relu conv1-4 relu gap", "torch"),
    ],
)
def test_other_answers_begin_where_they_did(text: str, how: str) -> None:
    made = build(text)
    before = {n: p.clone() for n, p in made.named_parameters() if n.endswith("bias")}
    said = start(made, StartPart(filters=how, whiten="no"), None, 0)
    assert not any("answers" in one for one in said)
    for name, one in made.named_parameters():
        if name in before and "bn" not in name and one.ndim == 1:
            assert torch.equal(one, before[name] if how == "torch" else torch.zeros_like(one))


def test_he_filters_of_groups_count_only_what_they_see() -> None:
    made = build("600x4x4: dw3 gap fc3")
    start(made, StartPart("he"), None, 1)
    assert float(made[0].weight.detach().std()) == pytest.approx(math.sqrt(2 / 9), rel=0.05)


def test_xavier_filters_are_even_within_their_bound() -> None:
    made = build("16x9x9: conv3-400 gap fc3")
    start(made, StartPart("xavier"), None, 1)
    bound = math.sqrt(6 / (9 * (16 + 400)))
    weight = made[0].weight.detach()
    assert float(weight.abs().max()) == pytest.approx(bound, rel=1e-3)
    assert float(weight.std()) == pytest.approx(bound / math.sqrt(3), rel=0.02)


@pytest.mark.parametrize(("given", "out"), [(3, 8), (8, 3), (4, 4)])
def test_dirac_filters_hand_on_their_channels_and_leave_the_rest(given: int, out: int) -> None:
    made = build(f"{given}x6x6: conv3p1b0-{out} gap fc2")
    before = made[0].weight.detach().clone()
    start(made, StartPart("dirac"), None, 0)
    images = torch.randn(2, given, 6, 6)
    both = min(given, out)
    assert torch.allclose(made[0](images)[:, :both], images[:, :both], atol=1e-6)
    assert torch.equal(made[0].weight[given:], before[given:])


def test_torch_filters_and_depthwise_ones_stay_as_they_are() -> None:
    for how, text in (("torch", WHITE), ("dirac", "4x6x6: dw3 gap fc2")):
        made, same = build(text), build(text)
        notes = start(made, StartPart(how, "no"), None, 0)
        assert all(
            torch.equal(a, b) for a, b in zip(made.parameters(), same.parameters(), strict=True)
        )
        assert len(notes) == (how != "torch")


def test_auto_is_dirac_for_a_network_with_a_stage_that_whitens() -> None:
    made = build()
    start(made, StartPart(), None, 0)
    images = torch.randn(1, 24, 6, 6)
    assert torch.allclose(made.get_submodule("conv1")(images)[:, :24], images, atol=1e-6)
    made, same = build("3x6x6: conv3-4 gap fc2"), build("3x6x6: conv3-4 gap fc2")
    assert start(made, StartPart(), None, 0) == ()
    assert torch.equal(made[0].weight, same[0].weight)


# --- whitening ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kernel", "channels"),
    [
        (WHITE, (2, 2), 3),
        ("3x12x12: whiten=(conv3-54 relu) gap fc2", (3, 3), 3),
        ("1x12x12: whiten=(conv2-8) gap fc2", (2, 2), 1),
        ("1x12x12: whiten=(conv2x3-12) gap fc2", (2, 3), 1),
    ],
)
def test_what_comes_out_of_a_whitening_layer_is_white(
    text: str, kernel: tuple[int, int], channels: int, rng: np.random.Generator
) -> None:
    made, images = build(text), pictures(rng, channels=channels)
    conv = made.get_submodule("whiten")[0]
    notes = start(made, StartPart(), images, 0)
    patches = slow_patches(images, kernel)
    D = patches.shape[1]
    filters = conv.weight.detach().double().numpy().reshape(2 * D, D)
    assert np.allclose(filters[:D], -filters[D:])
    moments = filters[:D] @ (patches.T @ patches / len(patches)) @ filters[:D].T
    assert np.allclose(moments, np.diag(np.diag(moments)), atol=1e-4)
    # A hundredth, of the mean where that is above 1, is added to each: what hardly varies stays quiet.
    values = np.linalg.eigvalsh(patches.T @ patches / len(patches))[::-1]
    assert np.allclose(
        np.diag(moments), values / (values + 0.01 * max(1, values.mean())), atol=1e-4
    )
    assert not conv.weight.requires_grad
    assert conv.bias.requires_grad
    assert notes[0].startswith(
        f"the first layer whitens patches of {channels}x{kernel[0]}x{kernel[1]}"
    )
    assert f"{2 * D} filters from 60 pictures" in notes[0]


@pytest.mark.parametrize("text", [WHITE, "1x12x12: whiten=(conv2-8) bn gap fc2"])
def test_data_that_hardly_vary_give_filters_of_bounded_length(
    text: str, rng: np.random.Generator
) -> None:
    """Digits: dark but for the middle, and with three equal channels where three are wanted."""
    made = build(text)
    dark = torch.full((40, 1, 12, 12), -0.4242)
    dark[:, :, 4:8, 4:8] += torch.tensor(rng.uniform(0, 3, (40, 1, 4, 4)), dtype=torch.float32)
    grey = dark.repeat(1, made.get_submodule("whiten")[0].in_channels, 1, 1)
    one = grey.clone()
    one[:, -1] = 0.0  # a channel that is always the same
    for images in (
        grey,
        one,
        torch.zeros_like(grey),
        torch.full_like(grey, 7.0),
        grey * 1e-6,
        grey * 1e6,
    ):
        start(made, StartPart(), images, 0)
        conv = made.get_submodule("whiten")[0]
        lengths = conv.weight.detach().flatten(1).norm(dim=1)
        assert bool(torch.isfinite(conv.weight).all())
        assert float(lengths.max()) < 10.01
        out = made.eval()(images)
        assert bool(torch.isfinite(out).all())


def test_filters_beyond_the_whitening_are_he_and_fewer_are_the_leading_ones(
    rng: np.random.Generator,
) -> None:
    images = pictures(rng)
    whole, wide, few = (build(f"3x12x12: whiten=(conv2-{n}) gap fc2") for n in (24, 30, 7))
    told = [start(one, StartPart(), images, 5)[0] for one in (whole, wide, few)]
    first, more, less = (one.get_submodule("whiten")[0].weight for one in (whole, wide, few))
    assert torch.equal(more[:24], first)
    assert float(more[24:].detach().std()) == pytest.approx(math.sqrt(2 / 12), rel=0.3)
    assert "; 6 more filters are random" in told[1]
    assert torch.equal(less[:4], first[:4])
    assert torch.equal(less[4:], -first[:3])
    # Leading: the directions of most variance, which need the least scaling up.
    lengths = first.detach().flatten(1).norm(dim=1)[:12]
    assert torch.equal(lengths, lengths.sort().values)


def test_the_sign_of_a_direction_does_not_hang_on_the_library(rng: np.random.Generator) -> None:
    made = build()
    start(made, StartPart(), pictures(rng), 0)
    filters = made.get_submodule("whiten")[0].weight.detach().flatten(1)[:12]
    assert bool((filters.gather(1, filters.abs().argmax(1, keepdim=True)) > 0).all())


def test_yes_whitens_the_first_convolution_of_any_network(rng: np.random.Generator) -> None:
    made = build("3x12x12: conv3s2p1-20 bn relu conv3-5 gap fc2")
    notes = start(made, StartPart("torch", "yes"), pictures(rng), 0)
    assert "patches of 3x3x3: 20 filters" in notes[0]
    assert [c.weight.requires_grad for c in made.modules() if isinstance(c, nn.Conv2d)] == [
        False,
        True,
    ]


def test_no_whitens_nothing_even_where_a_stage_is_called_so(rng: np.random.Generator) -> None:
    made, same = build(), build()
    start(made, StartPart("torch", "no"), pictures(rng), 0)
    assert torch.equal(
        made.get_submodule("whiten")[0].weight, same.get_submodule("whiten")[0].weight
    )


def test_why_nothing_is_whitened_is_told(rng: np.random.Generator) -> None:
    bad = pictures(rng)
    bad[0, 0, 0, 0] = math.nan
    for images, told in [
        (None, "no pictures were given"),
        (pictures(rng)[:0], "no pictures were given"),
        (pictures(rng, channels=1), "takes 3 channels, the pictures have 1"),
        (pictures(rng)[:, :, :1], "smaller than its filters"),
        (bad, "no finite numbers"),
    ]:
        made, same = build(), build()
        notes = start(made, StartPart("torch"), images, 0)
        assert notes[0].startswith("the first layer is not whitened: ")
        assert told in notes[0]
        conv = made.get_submodule("whiten")[0]
        assert torch.equal(conv.weight, same.get_submodule("whiten")[0].weight)
        assert conv.weight.requires_grad


def test_many_and_large_pictures_are_thinned_and_still_whiten(rng: np.random.Generator) -> None:
    images = torch.tensor(rng.normal(size=(5001, 1, 24, 24)).astype(np.float32))
    made = build("1x24x24: whiten=(conv3-18) gap fc2")
    assert "from 5,000 pictures" in start(made, StartPart(), images, 0)[0]
    filters = made.get_submodule("whiten")[0].weight.detach()[:9]
    out = nn.functional.conv2d(images[:500], filters)
    assert torch.allclose(out.square().mean((0, 2, 3)), torch.ones(9), atol=0.05)


# --- randomness -----------------------------------------------------------------------------------


def test_a_network_built_inside_seeded_begins_the_same_for_the_same_seed() -> None:
    first, second, third = build(seed=3), build(seed=3), build(seed=4)
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    )
    assert not torch.equal(first.get_submodule("conv1").weight, third.get_submodule("conv1").weight)


@pytest.mark.parametrize("how", ["torch", "he", "xavier", "dirac"])
def test_no_global_generator_is_touched(how: str, rng: np.random.Generator) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    with seeded(1):
        made = Plan.read("3x12x12: whiten=(conv2-30) conv3-8 gap fc2").build()
    start(made, StartPart(how), pictures(rng), 2)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_generator_comes_back_when_building_fails() -> None:
    before = torch.get_rng_state()
    with pytest.raises(KeyError), seeded(1):
        torch.randn(3)
        raise KeyError
    assert torch.equal(torch.get_rng_state(), before)


def test_draws_follow_from_the_seed_and_the_name_alone() -> None:
    one, more = (
        build("3x9x9: a=(conv3-4) gap fc2"),
        build("3x9x9: b=(conv1-3) a=(conv3-4) gap fc2", 9),
    )
    for made, seed in ((one, 1), (more, 1)):
        start(made, StartPart("he"), None, seed)
    weight = one.get_submodule("a")[0].weight.detach().clone()
    assert torch.equal(weight, more.get_submodule("a")[0].weight)
    start(one, StartPart("he"), None, 2)
    assert not torch.equal(weight, one.get_submodule("a")[0].weight)


def test_the_memory_format_of_a_weight_does_not_matter() -> None:
    one = build("3x9x9: conv3-4 gap fc2")
    other = build("3x9x9: conv3-4 gap fc2").to(memory_format=torch.channels_last)
    for how in ("he", "xavier", "dirac"):
        start(one, StartPart(how), None, 1)
        start(other, StartPart(how), None, 1)
        assert torch.equal(one[0].weight, other[0].weight)
        assert other[0].weight.is_contiguous(memory_format=torch.channels_last)
