"""The modules that PyTorch does not have, against the plainest way to say the same."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
from striate.grammar import parts  # noqa: E402
from striate.grammar.plan import Plan  # noqa: E402


def test_a_residual_adds_what_goes_in_to_what_comes_out() -> None:
    given = torch.randn(1, 2, 3, 3)
    assert torch.equal(parts.Residual(torch.nn.ReLU(), None)(given), given.relu() + given)
    assert torch.equal(
        parts.Residual(torch.nn.ReLU(), torch.nn.Tanh())(given), given.relu() + given.tanh()
    )


def test_a_fork_concatenates_or_adds_its_arms() -> None:
    arms = [torch.nn.Sequential(torch.nn.ReLU()), torch.nn.Sequential(torch.nn.Tanh())]
    given = torch.randn(1, 2, 3, 3)
    assert torch.equal(parts.Fork(arms, adds=True)(given), given.relu() + given.tanh())
    assert torch.equal(
        parts.Fork(arms, adds=False)(given), torch.cat([given.relu(), given.tanh()], 1)
    )


def test_a_shuffle_interleaves_the_groups_as_pytorchs_own_does() -> None:
    given = torch.randn(2, 12, 2, 2)
    for groups in (1, 2, 3, 4):
        assert torch.equal(
            parts.Shuffle(groups)(given), torch.nn.functional.channel_shuffle(given, groups)
        )


def test_maxout_keeps_the_largest_of_each_run_of_channels() -> None:
    given = torch.tensor([[1.0, 5.0, 3.0, 2.0]])
    assert parts.Maxout(2)(given).tolist() == [[5.0, 3.0]]


def test_every_takes_each_second_row_and_column_and_pads_channels_on_both_sides() -> None:
    given = torch.arange(16.0).reshape(1, 1, 4, 4)
    out = parts.Every((2, 2), 1)(given)
    assert out[0, 1].tolist() == [[0, 2], [8, 10]]
    assert out[0, 0].abs().sum() == out[0, 2].abs().sum() == 0


def test_part_takes_a_run_of_channels() -> None:
    assert parts.Part(2, 4)(torch.arange(6.0).reshape(1, 6, 1, 1)).flatten().tolist() == [2, 3]


def test_squeeze_excite_equals_torchvisions() -> None:
    ops = pytest.importorskip("torchvision.ops")
    ours, twin = parts.SqueezeExcite(8, 2, hard=False).eval(), ops.SqueezeExcitation(8, 2).eval()
    twin.load_state_dict(dict(zip(twin.state_dict(), ours.state_dict().values(), strict=True)))
    given = torch.randn(2, 8, 5, 5)
    assert torch.allclose(ours(given), twin(given), atol=1e-6)


def test_a_locally_connected_layer_with_equal_filters_is_a_convolution() -> None:
    network: Any = Plan.read("2x6x5: local3x2s2x1p1x0-3").build()
    conv = torch.nn.Conv2d(2, 3, (3, 2), (2, 1), (1, 0))
    with torch.no_grad():
        network.local1.weight.copy_(conv.weight.reshape(3, -1).expand_as(network.local1.weight))
        network.local1.bias.copy_(conv.bias[:, None].expand_as(network.local1.bias))
    given = torch.randn(2, 2, 6, 5)
    assert torch.allclose(network(given), conv(given), atol=1e-5)


def test_a_scale_multiplies() -> None:
    assert parts.Scale(0.5)(torch.ones(2)).tolist() == [0.5, 0.5]
