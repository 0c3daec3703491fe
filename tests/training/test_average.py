"""Averages against slow means over the whole history; what was swapped in goes out again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from striate.errors import CannotTrain  # noqa: E402
from striate.grammar.plan import Plan  # noqa: E402
from striate.training import average  # noqa: E402
from striate.training.recipe_parts import AveragePart  # noqa: E402

STEPS = 12


def network(seed: int = 0) -> Any:
    """A filter, a norm with buffers, a dropout."""
    torch.manual_seed(seed)
    return Plan.read("2x6x6: conv3-4 bn drop0.5 flatten fc3").build()


def bits(of: nn.Module) -> dict[str, Any]:
    """A copy of everything."""
    return {n: t.clone() for n, t in of.state_dict().items()}


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether all bits are equal."""
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


def walk(of: nn.Module, step: int) -> dict[str, Any]:
    """Other weights and buffers after each step, counters too; and a copy."""
    draws = np.random.default_rng(step)
    with torch.no_grad():
        for tensor in of.state_dict().values():
            if tensor.is_floating_point():
                tensor += torch.tensor(draws.normal(size=tuple(tensor.shape)), dtype=tensor.dtype)
            else:
                tensor += 1
    return bits(of)


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9, 0.999])
def test_a_moving_average_is_corrected_for_its_beginning(decay: float) -> None:
    made = network().double()
    mean, history = average.make(made, AveragePart("ema", decay)), []
    for step in range(1, STEPS + 1):
        history.append(walk(made, step))
        mean.update(step, STEPS)
        shares = [decay ** (step - i) for i in range(1, step + 1)]
        held = mean.weights()
        assert held is not None
        for name, tensor in held.items():
            wanted = sum(s * h[name] for s, h in zip(shares, history, strict=True)) / sum(shares)
            assert torch.allclose(tensor, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("start", "first"), [(0.0, 1), (0.5, 6), (0.75, 9), (0.7, 9), (1.0, 12)])
def test_swa_is_the_plain_mean_from_its_start_on(start: float, first: int) -> None:
    made = network().double()
    mean, history = average.make(made, AveragePart("swa", start=start)), []
    for step in range(1, STEPS + 1):
        now = walk(made, step)
        mean.update(step, STEPS)
        assert (mean.weights() is None) == (step < first)
        history += [now] if step >= first else []
    held = mean.weights()
    assert held is not None
    for name, tensor in held.items():
        assert torch.allclose(tensor, sum(h[name] for h in history) / len(history), atol=1e-9)


def test_parameters_and_floating_buffers_are_averaged_and_no_counters() -> None:
    made = network()
    mean = average.make(made, AveragePart("ema"))
    mean.update(1, 1)
    assert set(mean.weights() or {}) == set(made.state_dict()) - {"bn1.num_batches_tracked"}


def test_without_a_name_there_is_nothing_to_do() -> None:
    made = network()
    mean = average.make(made, AveragePart())
    mean.update(1, 1)
    before = bits(made)
    with mean.applied():
        assert same(bits(made), before)
    assert mean.weights() is None
    assert mean.state() == {}
    mean.load({})


def averaged(name: str = "ema") -> tuple[nn.Module, average.Average]:
    """A network on its way, and the average of it."""
    made = network()
    mean = average.make(made, AveragePart(name, start=0.0))
    for step in range(1, 4):
        walk(made, step)
        mean.update(step, STEPS)
    return made, mean


def test_applied_swaps_in_and_brings_back_the_very_bits() -> None:
    made, mean = averaged()
    before, held = bits(made), mean.weights()
    assert held is not None
    with mean.applied():
        inside = bits(made)
        assert all(torch.equal(inside[n], held[n]) for n in held)
        assert not torch.equal(inside["conv1.weight"], before["conv1.weight"])
        made.train()(torch.randn(4, 2, 6, 6))  # changes statistics and a counter
    assert same(bits(made), before)
    assert all(torch.equal(held[n], (mean.weights() or {})[n]) for n in held)


def test_applied_brings_back_what_was_there_when_its_body_fails() -> None:
    made, mean = averaged("swa")
    before = bits(made)
    with pytest.raises(KeyError), mean.applied():
        raise KeyError("judging failed")
    assert same(bits(made), before)


def test_nothing_is_swapped_before_there_is_an_average() -> None:
    made = network()
    mean = average.make(made, AveragePart("swa"))
    before = bits(made)
    with mean.applied():
        assert same(bits(made), before)


@pytest.mark.parametrize("name", ["ema", "swa"])
@pytest.mark.parametrize("stop", [0, 5, 9])
def test_a_resumed_average_equals_an_unbroken_one_bit_for_bit(name: str, stop: int) -> None:
    part = AveragePart(name, decay=0.9, start=0.5)
    one, other = network(), network(seed=1)
    unbroken, resumed = average.make(one, part), average.make(other, part)
    state, weights = unbroken.state(), bits(one)
    for step in range(1, STEPS + 1):
        walk(one, step)
        unbroken.update(step, STEPS)
        if step == max(1, stop):
            state, weights = unbroken.state(), bits(one)
    resumed.update(1, 1)  # what was there before is forgotten
    resumed.load(state)
    other.load_state_dict(weights)
    for step in range(max(1, stop) + 1, STEPS + 1):
        walk(other, step)
        resumed.update(step, STEPS)
    assert same(unbroken.state(), resumed.state())


def test_a_state_of_something_else_is_refused_and_changes_nothing() -> None:
    _, mean = averaged()
    before = mean.state()
    wide = {**before, "average:conv1.weight": torch.zeros(2)}
    more = {**before, "average:other": torch.zeros(2)}
    for state in (wide, more, {}, {"count": torch.tensor(3)}):
        with pytest.raises(CannotTrain, match="another average or network"):
            mean.load(state)
    assert same(before, mean.state())
    with pytest.raises(CannotTrain):
        average.make(network(), AveragePart()).load(before)


def images(seed: int, count: int = 5) -> Any:
    """Pictures that are far from having mean 0 and variance 1."""
    draws = np.random.default_rng(seed)
    return torch.tensor(draws.normal(3, 5, (count, 2, 6, 6)), dtype=torch.float32)


def test_recounted_statistics_are_the_mean_of_those_of_the_batches() -> None:
    made = network().train()
    conv, norm = made[0], made[1]
    norm.momentum = 0.3
    batches = [images(s, count) for s, count in ((1, 5), (2, 5), (3, 2))]
    means, variances = [], []
    for batch in batches:
        out = conv(batch).detach().numpy().astype(np.float64)  # N C H W
        means.append(out.mean((0, 2, 3)))
        variances.append(out.var((0, 2, 3), ddof=1))
    assert average.recount(made, iter(batches)) == 3
    assert np.allclose(norm.running_mean.numpy(), np.mean(means, 0), rtol=1e-4)
    assert np.allclose(norm.running_var.numpy(), np.mean(variances, 0), rtol=1e-4)


def test_recounting_a_second_norm_sees_no_dropout_and_the_first_norm_as_in_training() -> None:
    torch.manual_seed(0)
    made: Any = Plan.read("2x6x6: conv3-4 bn drop0.5 relu conv3-3 bn flatten fc3").build()
    batch = images(1)
    with torch.no_grad():
        x = made[0](batch)
        x = (x - x.mean((0, 2, 3), keepdim=True)) / (
            x.var((0, 2, 3), unbiased=False, keepdim=True) + 1e-5
        ).sqrt()
        wanted = made[4](torch.relu(x)).mean((0, 2, 3))
    average.recount(made, [batch])
    assert torch.allclose(made[5].running_mean, wanted, atol=1e-5)


def test_recounting_brings_back_modes_momenta_and_counters() -> None:
    made = network().train()
    made[2].eval()
    made[1].momentum = 0.3
    made[1].num_batches_tracked += 7
    before = [m.training for m in made.modules()]
    weights = bits(made)
    average.recount(made, [images(1), images(2)])
    assert [m.training for m in made.modules()] == before
    assert made[1].momentum == 0.3
    after = bits(made)
    changed = {n for n in after if not torch.equal(after[n], weights[n])}
    assert changed == {"bn1.running_mean", "bn1.running_var"}


def test_recounting_nothing_or_failing_leaves_the_statistics_as_they_were() -> None:
    made = network()
    walk(made, 1)
    before = bits(made)
    assert average.recount(made, []) == 0
    assert same(bits(made), before)

    def broken() -> Iterator[Any]:
        yield images(1)
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        average.recount(made, broken())
    assert same(bits(made), before)
    assert made.training
    assert made[1].momentum == 0.1


def test_statistics_that_are_no_numbers_are_forgotten_by_recounting() -> None:
    made = network()
    made[1].running_var.fill_(float("nan"))
    average.recount(made, [images(1)])
    assert bool(torch.isfinite(made[1].running_var).all())


def test_a_network_without_norms_is_recounted_to_itself() -> None:
    made = Plan.read("2x6x6: conv3-4 flatten fc3").build()
    before = bits(made)
    assert average.recount(made, [images(1)]) == 1
    assert same(bits(made), before)
