"""Optimisers: each rule against NumPy, resuming bit for bit, and who gets which rate and decay."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from striate.errors import CannotTrain, RecipeFault  # noqa: E402
from striate.grammar.plan import Plan  # noqa: E402
from striate.training import defaults, optimise  # noqa: E402
from striate.training.course import Course  # noqa: E402
from striate.training.muon import Muon  # noqa: E402
from striate.training.recipe import Recipe  # noqa: E402
from striate.training.recipe_parts import OPTIMISERS, OptimiserPart  # noqa: E402
from striate.training.state import Training  # noqa: E402
from tests.training.test_muon import slow_orthogonal  # noqa: E402

NAMES = [name for name in OPTIMISERS if name != "auto"]
Memory = dict[str, np.ndarray]
TEXT = "2x6x6: conv3p1-4 bn relu conv3p1-3 relu flatten fc5"


pytestmark = pytest.mark.usefixtures("one_thread")


def network(text: str = TEXT, seed: int = 0) -> Any:
    """A small network: a filter with a norm, one without, biases and a matrix."""
    torch.manual_seed(seed)
    return Plan.read(text).build()


def give_gradients(of: nn.Module, step: int, but: str = "") -> None:
    """The same gradients for the same step, whatever the weights are."""
    draws = np.random.default_rng(step)
    for name, p in of.named_parameters():
        drawn = torch.tensor(draws.normal(size=tuple(p.shape)), dtype=p.dtype)
        p.grad = None if name == but else drawn


# --- slow rules: one array, one step, as the papers write them -----------------------------------


def slow_descent(w: np.ndarray, g: np.ndarray, m: Memory, rate: float, t: int) -> np.ndarray:
    return w - rate * g


def slow_momentum(w: np.ndarray, g: np.ndarray, m: Memory, rate: float, t: int) -> np.ndarray:
    m["v"] = 0.8 * m.get("v", 0) + g
    return w - rate * m["v"]


def slow_nesterov(w: np.ndarray, g: np.ndarray, m: Memory, rate: float, t: int) -> np.ndarray:
    m["v"] = 0.8 * m.get("v", 0) + g
    return w - rate * (g + 0.8 * m["v"])


def slow_rmsprop(w: np.ndarray, g: np.ndarray, m: Memory, rate: float, t: int) -> np.ndarray:
    m["s"] = 0.99 * m.get("s", 0) + 0.01 * g**2
    return w - rate * g / (np.sqrt(m["s"]) + 1e-8)


def slow_adam(
    w: np.ndarray, g: np.ndarray, m: Memory, rate: float, t: int, b1: float = 0.8, b2: float = 0.999
) -> np.ndarray:
    m["m"] = b1 * m.get("m", 0) + (1 - b1) * g
    m["s"] = b2 * m.get("s", 0) + (1 - b2) * g**2
    mean, square = m["m"] / (1 - b1**t), m["s"] / (1 - b2**t)
    return w - rate * mean / (np.sqrt(square) + 1e-8)


def slow_adagrad(w: np.ndarray, g: np.ndarray, m: Memory, rate: float, t: int) -> np.ndarray:
    m["s"] = m.get("s", 0) + g**2
    return w - rate * g / (np.sqrt(m["s"]) + 1e-10)


def slow_adadelta(w: np.ndarray, g: np.ndarray, m: Memory, rate: float, t: int) -> np.ndarray:
    m["s"] = 0.9 * m.get("s", 0) + 0.1 * g**2
    change = np.sqrt(m.get("c", 0) + 1e-6) / np.sqrt(m["s"] + 1e-6) * g
    m["c"] = 0.9 * m.get("c", 0) + 0.1 * change**2
    return w - rate * change


def slow_muon(
    w: np.ndarray, g: np.ndarray, m: Memory, rate: float, t: int, renews: bool
) -> np.ndarray:
    m["v"] = 0.8 * m.get("v", 0) + g
    step = slow_orthogonal((g + 0.8 * m["v"]).reshape(len(g), -1)).reshape(g.shape)
    if renews:
        w = w * math.sqrt(len(w)) / np.linalg.norm(w)
    return w - rate * step


SLOW: dict[str, Callable[..., np.ndarray]] = {
    "sgd": slow_descent, "momentum": slow_momentum, "nesterov": slow_nesterov, "rmsprop": slow_rmsprop,
    "adam": slow_adam, "adamw": slow_adam, "adagrad": slow_adagrad, "adadelta": slow_adadelta,
}  # fmt: skip


def slow_step(
    part: OptimiserPart, name: str, w: np.ndarray, g: np.ndarray, m: Memory, factor: float, t: int
) -> np.ndarray:
    """One step of one parameter of `network()`, decay and rates included."""
    rate, rule = part.rate * factor, SLOW.get(part.name)
    more: dict[str, Any] = {}
    if rule is None and w.ndim == 4:
        rule, more = slow_muon, {"renews": name.startswith("conv1")}
        rate *= 1 if more["renews"] else 1 / 12
    elif rule is None:
        rule, more, rate = slow_adam, {"b1": 0.9, "b2": 0.95}, part.rate_others * factor
    if w.ndim > 1 and part.coupled:
        g = g + part.decay * w
    elif w.ndim > 1:
        w = w - rate * part.decay * w
    return rule(w, g, m, rate, t, **more)


@pytest.mark.parametrize("coupled", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_five_steps_are_those_of_the_paper(name: str, coupled: bool) -> None:
    if coupled and name in ("muon", "adamw"):
        pytest.skip("these have no coupled decay")
    made = network().double()
    part = OptimiserPart(
        name, rate=0.1, rate_others=0.03, momentum=0.8, decay=0.05, coupled=coupled
    )
    optimiser = optimise.make(made, part)
    slow = {n: p.detach().numpy().copy() for n, p in made.named_parameters()}
    memory: dict[str, Memory] = {n: {} for n in slow}
    for t in range(1, 6):
        give_gradients(made, t)
        factor = 1 - t / 10
        for n, p in made.named_parameters():
            slow[n] = slow_step(part, n, slow[n], p.grad.numpy(), memory[n], factor, t)
        optimiser.step(factor)
        for n, p in made.named_parameters():
            assert np.allclose(p.detach().numpy(), slow[n], rtol=1e-9, atol=1e-10), (t, n)


@pytest.mark.parametrize("lookahead", [0, 3])
@pytest.mark.parametrize("stop", [0, 4])
@pytest.mark.parametrize("name", NAMES)
def test_resumed_equals_unbroken_bit_for_bit(name: str, lookahead: int, stop: int) -> None:
    part = OptimiserPart(name, decay=0.01, lookahead=lookahead)
    unbroken = network().to(memory_format=torch.channels_last)
    optimiser = optimise.make(unbroken, part)
    weights, state = {}, {}
    for t in range(8):
        if t == stop:
            weights = {n: v.clone() for n, v in unbroken.state_dict().items()}
            state = optimiser.state()
        give_gradients(unbroken, t)
        optimiser.step(1 - t / 8)
    kept = {n: v.clone() for n, v in state.items()}
    resumed = network(seed=1).to(memory_format=torch.channels_last)
    again = optimise.make(resumed, part)
    give_gradients(resumed, 99)
    again.step(1.0)  # what was there before is forgotten
    resumed.load_state_dict(weights)
    again.load(state)
    for t in range(stop, 8):
        give_gradients(resumed, t)
        again.step(1 - t / 8)
    for (n, a), b in zip(unbroken.named_parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b), n
    assert all(torch.equal(kept[n], state[n]) for n in kept), "a state changed after it was given"
    first, second = optimiser.state(), again.state()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[n], second[n]) for n in first)


@pytest.mark.parametrize("name", NAMES)
def test_how_things_lie_in_memory_changes_no_more_than_rounding(name: str) -> None:
    """Fused kernels pair numbers as they lie; a gradient may lie otherwise than its weight."""
    plain, mixed = network(), network()
    mixed[0].weight.data = mixed[0].weight.data.to(memory_format=torch.channels_last)
    one, other = (optimise.make(of, OptimiserPart(name)) for of in (plain, mixed))
    for t in range(4):
        if t == 2:
            mixed.to(memory_format=torch.channels_last)  # after the state was made
        give_gradients(plain, t)
        give_gradients(mixed, t)
        one.step(1.0)
        other.step(1.0)
    for (n, a), b in zip(plain.named_parameters(), mixed.parameters(), strict=True):
        assert torch.allclose(a, b, rtol=1e-5, atol=1e-6), n


def test_only_weights_decay_and_no_norm_or_bias() -> None:
    made = network("2x6x6: conv3p1b-4 bn local3-2 flatten fc5")
    part = OptimiserPart("sgd", rate=1.0, decay=0.5)
    optimiser = optimise.make(made, part)
    with torch.no_grad():
        for p in made.parameters():
            p.fill_(1.0)
            p.grad = torch.zeros_like(p)
    optimiser.step(0.5)
    left = {n: float(p.detach().mean()) for n, p in made.named_parameters()}
    shrunk = {n for n, value in left.items() if value == 0.75}
    assert shrunk == {"conv1.weight", "local1.weight", "fc1.weight"}
    assert all(left[n] == 1 for n in left.keys() - shrunk)


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_without_a_gradient_stays_and_may_come_later(name: str) -> None:
    made = network()
    optimiser = optimise.make(made, OptimiserPart(name, decay=0.1))
    before = made.get_submodule("fc1").weight.detach().clone()
    give_gradients(made, 0, but="fc1.weight")
    optimiser.step(1.0)
    assert torch.equal(made.get_submodule("fc1").weight, before)
    give_gradients(made, 1)
    optimiser.step(1.0)
    assert not torch.equal(made.get_submodule("fc1").weight, before)


def test_frozen_parameters_are_no_part_of_it() -> None:
    made = network()
    made[0].weight.requires_grad_(False)
    optimiser = optimise.make(made, OptimiserPart("adam"))
    assert not [n for n in optimiser.state() if n.endswith(":conv1.weight")]
    for p in made.parameters():
        p.requires_grad_(False)
    with pytest.raises(CannotTrain, match="no parameter"):
        optimise.make(made, OptimiserPart("adam"))


def test_zero_forgets_all_gradients() -> None:
    made = network()
    give_gradients(made, 0)
    optimise.make(made, OptimiserPart("muon")).zero()
    assert all(p.grad is None for p in made.parameters())


def test_names_of_a_state_are_those_of_the_parameters() -> None:
    made = network("2x6x6: a=(conv3p1-4 bn) flatten fc5")
    state = optimise.make(made, OptimiserPart("muon")).state()
    assert sorted(state) == [
        "mean:a.bn1.bias", "mean:a.bn1.weight", "mean:fc1.bias", "mean:fc1.weight",
        "momentum:a.conv1.weight", "square:a.bn1.bias", "square:a.bn1.weight", "square:fc1.bias",
        "square:fc1.weight", "step:a.bn1.bias", "step:a.bn1.weight", "step:fc1.bias", "step:fc1.weight",
        "steps",
    ]  # fmt: skip


def test_a_state_of_something_else_is_refused_and_changes_nothing() -> None:
    made = network()
    optimiser = optimise.make(made, OptimiserPart("adam", lookahead=2))
    give_gradients(made, 0)
    optimiser.step(1.0)
    before = optimiser.state()
    other = optimise.make(network(), OptimiserPart("nesterov")).state()
    wide = {**before, "mean:fc1.bias": torch.zeros(7)}
    few = {n: v for n, v in before.items() if not n.startswith("slow:")}
    for state, told in [
        (other, "it lacks mean:"),
        (wide, "other shapes"),
        (few, "slow:"),
        ({}, "lacks"),
    ]:
        with pytest.raises(CannotTrain, match=told):
            optimiser.load(state)
    after = optimiser.state()
    assert all(torch.equal(before[n], after[n]) for n in before)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("from_scratch", [True, False])
def test_a_rate_of_zero_becomes_the_default_of_the_optimiser(name: str, from_scratch: bool) -> None:
    made = optimise.make(network(), OptimiserPart(name), from_scratch=from_scratch)
    own = defaults.RATES[name][0 if from_scratch else 1]
    others = defaults.RATES_OTHERS[0 if from_scratch else 1]
    wanted = {"all": own}
    if name == "muon":
        wanted = {"filters": own, "filters without a norm": own / 12, "others": others}
    assert made.rates == pytest.approx(wanted)
    given = optimise.make(network(), OptimiserPart(name, rate=0.5, rate_others=0.25))
    assert given.rates[next(iter(wanted))] == 0.5


@pytest.mark.parametrize(
    ("text", "knobs", "from_scratch", "wanted"),
    [
        (TEXT, {}, True, "muon"),
        (TEXT, {}, False, "adamw"),
        (TEXT, {"coupled": True}, True, "adam"),
        ("2x6x6: conv3p1-4 relu flatten fc5", {}, True, "muon"),
        ("2x6x6: conv3p1-4 relu lrn flatten fc5", {}, True, "muon"),
        ("2x6x6: conv3p1-4 relu flatten fc5", {}, False, "adamw"),
        ("2x6x6: flatten fc8 relu fc5", {}, True, "adamw"),
        ("2x6x6: dw3 bn relu flatten fc5", {}, True, "adamw"),
        (TEXT, {"name": "sgd"}, True, "sgd"),
    ],
)
def test_auto_is_muon_where_norms_follow_filters_or_there_is_none(
    text: str, knobs: dict[str, Any], from_scratch: bool, wanted: str
) -> None:
    part = replace(OptimiserPart(), **knobs)
    made = network(text)
    assert optimise.chosen(made, part, from_scratch=from_scratch) == wanted
    assert optimise.make(made, part, from_scratch=from_scratch).name == wanted


@pytest.mark.parametrize("norm", [nn.LayerNorm([4, 6, 6]), nn.GroupNorm(2, 4)])
def test_auto_is_adamw_where_norms_are_of_another_kind_and_follow_no_filters(
    norm: nn.Module,
) -> None:
    made = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), norm, nn.Flatten(), nn.Linear(144, 5)
    )
    assert optimise.chosen(made, OptimiserPart()) == "adamw"


def test_filters_of_a_network_without_any_norm_go_a_quarter_of_the_way() -> None:
    own, others = defaults.RATES["muon"][0], defaults.RATES_OTHERS[0]
    for text in ("2x6x6: conv3p1-4 relu flatten fc5", "2x6x6: conv3p1-4 relu lrn flatten fc5"):
        made = optimise.make(network(text), OptimiserPart())
        assert made.rates == pytest.approx({"filters without a norm": own / 4, "others": others})
    trained = optimise.make(network(text), OptimiserPart("muon"), from_scratch=False)
    assert trained.rates["filters without a norm"] == defaults.RATES["muon"][1] / 12


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_directions_of_filters_are_found_in_what_the_network_is_trained_in(precision: str) -> None:
    course = Course(1, 1, 8, 8, 1, 1, precision=precision)
    here = Training.begin(network(), Recipe().changed(["optimiser.name=muon"]), course)
    rules = [one.rule for one in here.optimiser.groups if isinstance(one.rule, Muon)]
    assert rules
    assert {rule.bf16 for rule in rules} == {precision == "bf16"}


@pytest.mark.parametrize("name", ["muon", "adamw"])
def test_coupled_decay_is_refused_where_there_is_none(name: str) -> None:
    with pytest.raises(RecipeFault, match=f"{name} has no coupled decay"):
        optimise.make(network(), OptimiserPart(name, coupled=True))


def test_filters_that_two_layers_share_are_stepped_once() -> None:
    conv = nn.Conv2d(2, 2, 3, padding=1, bias=False)
    twin = nn.Conv2d(2, 2, 3, padding=1, bias=False)
    twin.weight = conv.weight
    made = nn.Sequential(conv, nn.BatchNorm2d(2), twin, nn.BatchNorm2d(2))
    optimiser = optimise.make(made, OptimiserPart("muon"))
    weights = [n for group in optimiser.groups for n in group.weights]
    assert sorted(weights) == ["0.weight", "1.bias", "1.weight", "3.bias", "3.weight"]


def test_clipping_keeps_the_direction_and_gives_the_norm_there_was() -> None:
    p, q = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1))
    p.grad, q.grad = torch.tensor([3.0, 0.0]), torch.tensor([4.0])
    assert optimise.clip([p, q, nn.Parameter(torch.zeros(3))], 10) == 5
    assert p.grad.tolist() == [3, 0]
    assert optimise.clip([p, q], 0) == 5
    assert p.grad.tolist() == [3, 0]
    assert optimise.clip(iter([p, q]), 1) == 5
    assert [*p.grad.tolist(), *q.grad.tolist()] == pytest.approx([0.6, 0, 0.8])
    assert optimise.clip([], 1) == 0


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_gradients_that_are_no_numbers_are_told_and_left_as_they_are(bad: float) -> None:
    p = nn.Parameter(torch.zeros(2))
    p.grad = torch.tensor([bad, 7.0])
    assert not math.isfinite(optimise.clip([p], 1))
    assert p.grad[1] == 7


@pytest.mark.parametrize("name", NAMES)
def test_default_rates_learn_a_small_task(name: str) -> None:
    """Which of four corners is bright, with noise. Without learning the loss is ln 4 = 1.39."""
    made = network("1x8x8: conv3p1-8 bn relu max2 conv3p1-8 bn relu max2 flatten fc4", seed=3)
    optimiser = optimise.make(made, OptimiserPart(name))
    draws = np.random.default_rng(0)
    losses = []
    for step in range(80):
        labels = draws.integers(0, 4, 32)
        pictures = draws.normal(0, 1, (32, 1, 8, 8))
        for picture, label in zip(pictures, labels, strict=True):
            picture[0, 4 * (label // 2) :][:4, 4 * (label % 2) :][:, :4] += 1.5
        out = made(torch.tensor(pictures, dtype=torch.float32))
        loss = nn.functional.cross_entropy(out, torch.tensor(labels))
        optimiser.zero()
        loss.backward()
        optimiser.step(1 - step / 80)
        losses.append(float(loss.detach()))
    assert np.mean(losses[-5:]) < 0.6


def test_making_and_stepping_does_not_import_the_compiler() -> None:
    code = (
        "import sys, torch\n"
        "from torch import nn\n"
        "from striate.training import optimise\n"
        "from striate.training.recipe_parts import OptimiserPart, OPTIMISERS\n"
        "for name in OPTIMISERS:\n"
        "    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))\n"
        "    made = optimise.make(net, OptimiserPart(name, lookahead=1))\n"
        "    net(torch.randn(2, 1, 5, 5)).pow(2).sum().backward()\n"
        "    optimise.clip(net.parameters(), 1.0)\n"
        "    made.step(1.0)\n"
        "print('torch._dynamo' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_the_layer_that_answers_is_stepped_as_a_dense_one_where_there_is_no_norm() -> None:
    made = optimise.make(network("2x6x6: conv3p1-4 relu conv1-5 relu gap"), OptimiserPart())
    where = {n: group.called for group in made.groups for n in group.weights}
    ends = [where[f"{n}.weight"] for n in ("conv1", "conv2")]
    assert ends == ["filters without a norm", "others"]
    with_norms = optimise.make(
        network("2x6x6: conv3p1-4 bn relu conv1-5 relu gap"), OptimiserPart()
    )
    assert {group.called for group in with_norms.groups} == {
        "filters",
        "filters without a norm",
        "others",
    }
