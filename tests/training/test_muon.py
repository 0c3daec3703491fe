"""Muon: orthogonal steps against the singular values, and which filters a norm follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from striate.grammar.plan import Plan  # noqa: E402
from striate.training.muon import (  # noqa: E402
    COEFFICIENTS,
    Muon,
    before_norm,
    filters,
    is_plain,
    orthogonal,
)
from striate.zoo.catalogue import plan_of  # noqa: E402


def slow_orthogonal(matrix: np.ndarray) -> np.ndarray:
    """The polynomial on each singular value alone, three times; the directions stay."""
    a, b, c = COEFFICIENTS
    left, values, right = np.linalg.svd(
        matrix / (np.linalg.norm(matrix) + 1e-7), full_matrices=False
    )
    for _ in range(3):
        values = np.array([a * s + b * s**3 + c * s**5 for s in values])
    return left @ np.diag(values) @ right


@pytest.mark.parametrize("shape", [(5, 12), (12, 5), (6, 6), (1, 9), (9, 1)])
def test_newton_schulz_is_a_polynomial_of_the_singular_values(
    shape: tuple[int, int], rng: np.random.Generator
) -> None:
    matrix = rng.normal(size=shape)
    assert np.allclose(
        orthogonal(torch.tensor(matrix)).numpy(), slow_orthogonal(matrix), atol=1e-10
    )
    single = orthogonal(torch.tensor(matrix, dtype=torch.float32))
    assert single.dtype == torch.float32
    assert np.allclose(single.numpy(), slow_orthogonal(matrix), atol=1e-4)


def test_in_bf16_the_direction_is_the_same_up_to_its_rounding(rng: np.random.Generator) -> None:
    matrix = rng.normal(size=(16, 144)).astype(np.float32)
    found = orthogonal(torch.tensor(matrix), bf16=True)
    assert found.dtype == torch.float32
    assert np.allclose(found.numpy(), slow_orthogonal(matrix), atol=0.02)
    assert not np.allclose(found.numpy(), slow_orthogonal(matrix), atol=1e-4)


def test_singular_values_are_drawn_towards_one(rng: np.random.Generator) -> None:
    made = orthogonal(torch.tensor(rng.normal(size=(16, 144)))).numpy()
    values = np.linalg.svd(made, compute_uv=False)
    assert 0.6 < values.min() <= values.max() < 1.3


def test_a_gradient_of_zero_moves_nothing() -> None:
    assert torch.equal(orthogonal(torch.zeros(3, 4)), torch.zeros(3, 4))


def test_renewed_filters_have_the_norm_of_the_root_of_their_number(
    rng: np.random.Generator,
) -> None:
    weight = torch.tensor(rng.normal(size=(9, 2, 3, 3)))
    before = weight.clone()
    grad = torch.zeros_like(weight)
    Muon(0.6, renews=True)([weight], [grad], [{"momentum": torch.zeros_like(weight)}], 0.1)
    assert float(weight.norm()) == pytest.approx(3)
    assert torch.allclose(weight / weight.norm(), before / before.norm())
    Muon(0.6, renews=False)([before], [grad], [{"momentum": torch.zeros_like(weight)}], 0.1)
    assert float(before.norm()) != pytest.approx(3)


def test_a_filter_of_zeros_is_renewed_to_no_nan() -> None:
    weight = torch.zeros(4, 2, 3, 3)
    grad = torch.ones_like(weight)
    Muon(0.6, renews=True)([weight], [grad], [{"momentum": torch.zeros_like(weight)}], 0.1)
    assert bool(torch.isfinite(weight).all())


def test_the_memory_format_changes_no_bit(rng: np.random.Generator) -> None:
    start = torch.tensor(rng.normal(size=(32, 16, 3, 3)), dtype=torch.float32)
    grad = torch.tensor(rng.normal(size=(32, 16, 3, 3)), dtype=torch.float32)
    made = []
    for layout in (torch.contiguous_format, torch.channels_last):
        weight = start.clone(memory_format=layout)
        state = {"momentum": torch.zeros_like(weight)}
        for _ in range(3):
            Muon(0.6, renews=True)([weight], [grad.clone(memory_format=layout)], [state], 0.1)
        made.append(weight.contiguous())
    assert torch.equal(*made)


def names(network: nn.Module, found: set[nn.Module]) -> list[str]:
    """The names of these modules, in order."""
    return [name for name, one in network.named_modules() if one in found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("conv3-8 bn relu", ["conv1"]),
        ("conv3-8 relu bn", []),
        ("conv3-8 max2 bn relu", ["conv1"]),
        ("conv3-8 avg2 max2 bn relu", ["conv1"]),
        ("conv3-8 lrn relu", []),
        ("conv3-8 drop0.5 bn", []),
        ("conv3-8 conv3-8 bn", ["conv2"]),
        ("a=(conv3-8) b=(bn relu conv3-4)", ["a.conv1"]),
        ("a=(b=(conv3-8 max2) bn) c=(conv3-8 bn)", ["a.b.conv1", "c.conv1"]),
        ("conv2same-8 bn", ["conv1.conv"]),
        ("{conv3p1-3 bn} bn", ["res1.body.conv1"]),
        ("conv3p1-8 {bn relu conv3p1-8} bn", []),
    ],
)
def test_a_norm_follows_where_the_order_says_so(text: str, wanted: list[str]) -> None:
    network = Plan.read(f"3x12x12: {text}").build()
    assert names(network, before_norm(network)) == wanted


def test_all_filters_of_our_networks_but_the_first_are_followed_by_a_norm() -> None:
    network = plan_of("striate-m").build()
    convs = [n for n, one in network.named_modules() if isinstance(one, nn.Conv2d)]
    assert names(network, before_norm(network)) == [n for n in convs if n != "whiten.conv1"]
    network = plan_of("resnet20-cifar").build()
    convs = [n for n, one in network.named_modules() if isinstance(one, nn.Conv2d)]
    assert names(network, before_norm(network)) == convs


def test_a_norm_of_our_own_is_known_by_its_statistics() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("running_mean", torch.zeros(2))

    made = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), Own())
    assert names(made, before_norm(made)) == ["0"]


def test_grouped_and_frozen_filters_are_not_for_muon() -> None:
    network: Any = Plan.read("4x8x8: a=(conv1-8) b=(dw3) c=(conv1g2-8) d=(conv1-2) gap fc3").build()
    assert set(filters(network)) == {"a.conv1.weight", "d.conv1.weight"}
    network.get_submodule("a")[0].weight.requires_grad_(False)
    assert set(filters(network)) == {"d.conv1.weight"}
    assert set(filters(nn.Conv2d(1, 2, 3))) == {"weight"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("3x8x8: conv3p1-4 relu max2 flatten fc5", True),
        ("3x8x8: early=(conv3p1-4 relu lrn)*2 gap fc5", True),
        ("3x8x8: [conv3p1-4 | conv1-4] relu gap fc5", True),
        ("3x8x8: conv3p1-4 se2 relu gap fc5", True),
        ("3x8x8: conv3p1-4 (bn relu conv3p1-4)*2 gap fc5", False),
        ("3x8x8: conv3p1-4 {conv3p1 relu conv3p1} gap fc5", False),
        ("3x8x8: conv3p1-4 relu flatten fc8 bn fc5", False),
        ("3x8x8: conv3g3p1-6 relu gap fc5", False),
        ("3x8x8: flatten fc8 relu fc5", False),
        ("3x8x8: conv3p1-4 relu conv1-5 gap", True),
        ("3x8x8: conv3p1-5 relu gap", False),
    ],
)
def test_a_plain_network_is_a_chain_with_filters_and_no_norm(text: str, wanted: bool) -> None:
    assert is_plain(Plan.read(text).build()) == wanted


def test_a_network_that_says_its_order_only_in_code_is_not_plain() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

    layers = [nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 1)]
    assert is_plain(nn.Sequential(*layers))
    assert not is_plain(Own())
    assert not is_plain(nn.Sequential(*layers, Own()))
    assert not is_plain(nn.Sequential(*layers, nn.LayerNorm(6)))


@pytest.mark.parametrize(
    "name", ["lenet5", "alexnet", "alexnet-2012", "vgg16", "allconv", "convnetjs-cifar10"]
)
def test_the_networks_before_batch_norm_are_plain_and_those_after_are_not(name: str) -> None:
    with torch.device("meta"):
        assert is_plain(plan_of(name).build())
        assert not is_plain(plan_of("vgg16_bn").build())
