"""Watching changes nothing, and shows what really went out of a layer."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from striate.errors import CannotLookInside
from striate.seeing.tap import tap
from tests.seeing.networks import Plain, Reused, pictures, ready


def hooks(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("make", [Plain, Reused])
def test_training_with_and_without_watching_is_equal_bit_for_bit(make: type, graph: bool) -> None:
    def trained(watched: bool) -> dict[str, torch.Tensor]:
        torch.manual_seed(7)
        model = make()
        names = [name for name, _ in model.named_modules()]
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        for step in range(6):
            x = pictures(8, seed=step).float()
            y = torch.arange(8) % 4
            if watched:
                with tap(model, *names, graph=graph) as seen:
                    loss = F.cross_entropy(model(x), y)
                assert len(seen) > 0
            else:
                loss = F.cross_entropy(model(x), y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return {**model.state_dict(), "drawn": torch.rand(4)}

    alone, watched = trained(False), trained(True)
    assert all(torch.equal(alone[name], watched[name]) for name in alone)


def test_hooks_are_gone_afterwards_also_when_the_network_fails() -> None:
    model = ready(Reused)
    with pytest.raises(RuntimeError), tap(model, "one", "relu"):
        model(pictures()[:, :2])
    assert hooks(model) == 0
    with pytest.raises(CannotLookInside), tap(model, "one", "nowhere"):
        pass
    assert hooks(model) == 0


def test_mode_and_weights_stay_as_they_were() -> None:
    model = ready(Plain).train()
    model.stage1.eval()
    before = copy.deepcopy(model.state_dict())
    modes = [m.training for m in model.modules()]
    with tap(model, "stage2"):
        pass
    assert [m.training for m in model.modules()] == modes
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())


def test_a_relu_in_place_does_not_rewrite_what_was_seen_before_it() -> None:
    model = ready(lambda: Plain(inplace=True))
    x = pictures()
    with tap(model, "stage1.1", "stage1.2") as seen:
        model(x)
    expected = model.stage1[1](model.stage1[0](x))
    assert (expected < 0).any()
    torch.testing.assert_close(seen["stage1.1"], expected)
    torch.testing.assert_close(seen["stage1.2"], expected.clamp(min=0))


def test_a_module_that_is_used_several_times_has_every_call() -> None:
    model = ready(Reused)
    with tap(model, "relu", "two") as seen:
        model(pictures())
    assert len(seen.calls("relu")) == 3
    assert len(seen.calls("two")) == 2
    assert torch.equal(seen["relu"], seen.calls("relu")[-1])


def test_what_is_made_at_once_is_all_that_is_held() -> None:
    model = ready(Plain)
    with tap(model, "stage2", take=lambda made: made.amax((2, 3))) as seen:
        model(pictures())
    assert seen["stage2"].shape == (3, 8)
    assert not seen["stage2"].requires_grad


def test_gradients_reach_a_layer_that_is_followed_by_work_in_place() -> None:
    model = ready(lambda: Plain(inplace=True))
    with tap(model, "stage2.0", graph=True) as seen:
        told = model(pictures())
    (slope,) = torch.autograd.grad(told[:, 1].sum(), seen["stage2.0"])
    share = model.head.weight[1].view(1, -1, 1, 1) / (
        seen["stage2.0"].shape[2] * seen["stage2.0"].shape[3]
    )
    torch.testing.assert_close(slope, share * (seen["stage2.0"] > 0))


def test_a_wrong_name_is_told_with_those_that_are_near() -> None:
    with pytest.raises(CannotLookInside, match="stage2") as fault, tap(ready(Plain), "stagge2"):
        pass
    assert "did you mean" in str(fault.value)


def test_a_layer_that_did_not_run_is_told_and_not_invented() -> None:
    with tap(ready(Plain), "head") as seen:
        pass
    with pytest.raises(CannotLookInside, match="was not run"):
        seen["head"]
    assert list(seen) == []


def test_of_several_outputs_the_first_tensor_is_seen() -> None:
    class Two(nn.Module):
        def forward(self, x):
            return {"a": (None, x + 1), "b": x}

    model = nn.Sequential(Two())
    with tap(model, "0") as seen:
        model(torch.zeros(2))
    assert torch.equal(seen["0"], torch.ones(2))
