"""Every word as a module: shapes and parameters as planned, and the numbers of slow NumPy loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from striate.errors import PlanError
from striate.grammar.plan import Plan
from striate.grammar.vocabulary import WORDS
from tests.oracles import numpy_conv, numpy_pool

torch = pytest.importorskip("torch")

EXAMPLES = [kind.example for kind, _ in WORDS.values() if kind.example != "relu"]
ACTIVATIONS = [name for name, (kind, _) in WORDS.items() if kind.example == "relu"]


@pytest.mark.parametrize(
    "word", [*EXAMPLES, *ACTIVATIONS, "relu6", "relu4", "leaky0.2", "elu0.5", "se", "se4"]
)
def test_a_word_builds_to_the_shape_and_parameters_of_its_row(word: str) -> None:
    plan = Plan.read(f"16x13x11: {word}")
    (layer,) = plan
    network = plan.build(softmax=True).eval()
    out = network(torch.randn(2, 16, 13, 11))
    assert tuple(out.shape[1:]) == (layer.output[:1] if layer.output.flat else layer.output[:3])
    assert sum(p.numel() for p in network.parameters()) == plan.parameters == layer.parameters


@pytest.mark.parametrize(
    ("word", "window"),
    [
        ("conv3-4", {}),
        ("conv3x1s2x1p1x0-4", {"stride": (2, 1), "padding": (1, 0)}),
        ("conv3d2p2-4", {"dilation": (2, 2), "padding": (2, 2)}),
        ("conv3g2-4", {"groups": 2}),
        ("dw3p1", {"groups": 4, "padding": (1, 1)}),
        ("dw3-8", {"groups": 4}),
    ],
)
def test_a_convolution_gives_the_numbers_of_a_numpy_loop(word: str, window: dict[str, Any]) -> None:
    network: Any = Plan.read(f"4x7x6: {word}").build().double()
    given = torch.randn(1, 4, 7, 6, dtype=torch.float64)
    (conv,) = network.children()
    wanted = numpy_conv(
        given[0].numpy(), conv.weight.detach().numpy(), conv.bias.detach().numpy(), **window
    )
    assert np.allclose(network(given)[0].detach().numpy(), wanted, atol=1e-12)


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"),
    [
        ("2", (2, 2), (2, 2), (0, 0)),
        ("3s2p1", (3, 3), (2, 2), (1, 1)),
        ("3x2s1x2", (3, 2), (1, 2), (0, 0)),
    ],
)
def test_a_pool_gives_the_numbers_of_a_numpy_loop(
    kind: str, size: str, kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> None:
    given = torch.randn(1, 3, 7, 8, dtype=torch.float64)
    found = Plan.read(f"3x7x8: {kind}{size}").build()(given)[0].numpy()
    assert np.allclose(
        found, numpy_pool(given[0].numpy(), kind, kernel, stride, padding), atol=1e-12
    )


@pytest.mark.parametrize("kernel", [2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_padding_gives_the_size_over_the_stride_rounded_up(kernel: int, stride: int) -> None:
    plan = Plan.read(f"2x11x8: conv{kernel}s{stride}same-2")
    out = plan.build()(torch.randn(1, 2, 11, 8))
    assert tuple(out.shape[2:]) == (-(-11 // stride), -(-8 // stride)) == plan.output.sides


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_same_padding_with_an_even_kernel_pads_as_pytorch_does() -> None:
    network: Any = Plan.read("2x6x6: conv4same-3").build()
    twin = torch.nn.Conv2d(2, 3, 4, padding="same")
    twin.load_state_dict(network.conv1.conv.state_dict())
    given = torch.randn(1, 2, 6, 6)
    assert torch.allclose(network(given), twin(given), atol=1e-6)


def test_a_convolution_right_before_a_norm_has_no_bias_unless_it_is_asked_for() -> None:
    network = Plan.read("3x8x8: conv3-4 bn conv3b-4 bn conv1b0-4 (conv1-4 relu)*2 conv1-4").build()
    biased = [
        module.bias is not None
        for module in network.modules()
        if isinstance(module, torch.nn.Conv2d)
    ]
    assert biased == [False, True, False, True, True, True]


def test_the_projection_of_a_residual_has_a_norm_only_if_its_body_has_one() -> None:
    with_norm: Any = Plan.read("3x8x8: {conv3s2p1-4 bn}").build()
    without: Any = Plan.read("3x8x8: {conv3s2p1-4}").build()
    assert [type(m).__name__ for m in with_norm.res1.shortcut] == ["Conv2d", "BatchNorm2d"]
    assert [type(m).__name__ for m in without.res1.shortcut] == ["Conv2d"]
    assert without.res1.shortcut[0].bias is not None


def test_a_final_softmax_is_left_to_the_loss_unless_it_is_asked_for() -> None:
    plan = Plan.read("3x4x4: fc5 softmax")
    given = torch.randn(2, 3, 4, 4)
    assert [name for name, _ in plan.build().named_children()] == ["fc1_flatten", "fc1"]
    assert torch.allclose(plan.build(softmax=True)(given).sum(1), torch.ones(2))


def test_a_softmax_that_ends_the_last_stage_is_left_to_the_loss_too() -> None:
    network = Plan.read("3x4x4: gap head=(fc5 softmax)").build()
    assert [name for name, _ in network.get_submodule("head").named_children()] == [
        "fc1_flatten",
        "fc1",
    ]


def test_a_softmax_inside_is_kept() -> None:
    assert "softmax1" in dict(Plan.read("3x4x4: softmax conv1-2 gap").build().named_children())


def test_an_unbound_plan_cannot_be_built() -> None:
    with pytest.raises(PlanError, match="does not say how large its input is"):
        Plan.read("conv3-4").build()


def test_stages_keep_their_names_in_the_module() -> None:
    network = Plan.read(
        "3x8x8: stem=(conv3p1-4 bn relu) trunk=({conv3p1-4 bn} relu)*2 gap fc2"
    ).build()
    assert [name for name, _ in network.named_children()] == [
        "stem",
        "trunk",
        "gap1",
        "fc1_flatten",
        "fc1",
    ]
    assert network.get_submodule("trunk.res2.body.conv1").out_channels == 4
