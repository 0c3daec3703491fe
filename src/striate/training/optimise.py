"""Optimisers: gradients to steps, for all parameters of a network, with a state that goes by their names.

Default rates are for losses that are means over the batch. Decay is never on norms and biases: on nothing
that is called `bias` or has one dimension.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from striate.errors import CannotTrain
from striate.training.defaults import RATES, RATES_OTHERS
from striate.training.lookahead import Lookahead
from striate.training.muon import answering, before_norm, filters, is_plain
from striate.training.optimise_rules import Rule, State, filter_rule, rule, step_place
from striate.training.recipe import UNCOUPLED, refused
from striate.training.recipe_parts import OptimiserPart

FREE = 1 / 12  # of the rate of filters, for those that no norm follows
# The same in a chain that has no norm at all, from scratch. 4,000 pictures of CIFAR, ten passes, with 1/12,
# 1/6, 1/3 and 0.55: test 58.7, 60.4, 63.6, 63.7 % with four convolutions, 39.9, 49.3, 47.0, 41.2 with seven.
FREE_ALONE = 1 / 4


@final
@dataclass(frozen=True)
class Group:
    """Parameters by name that one rule steps at one rate. `decay` is by step and rate, 0 for none."""

    called: str
    rule: Rule
    rate: float
    decay: float
    weights: dict[str, Tensor]


@final
class Optimiser:
    """Made by `make`. `name` is the optimiser that `auto` became, `rates` what 0 became."""

    def __init__(
        self, name: str, groups: tuple[Group, ...], *, coupled: bool, lookahead: Lookahead | None
    ) -> None:
        self.name, self.groups, self.coupled, self.lookahead = name, groups, coupled, lookahead
        self.rates = {group.called: group.rate for group in groups}
        self.steps = 0
        self._states = {
            name: _new_state(weight, group.rule)
            for group in groups
            for name, weight in group.weights.items()
        }

    @torch.no_grad()
    def step(self, factor: float) -> None:
        """One step at `factor` times the rates, from the gradients that are there; a parameter without one
        stays as it is.
        """
        if self.lookahead is not None:
            self.lookahead.begin()
        for group in self.groups:
            self._step_group(group, group.rate * factor)
        self.steps += 1
        if self.lookahead is not None:
            self.lookahead.after(self.steps)

    def _step_group(self, group: Group, rate: float) -> None:
        weights, grads, states = [], [], []
        for name, weight in group.weights.items():
            if weight.grad is None:
                continue
            state = self._states[name]
            for slot in group.rule.slots:
                state[slot] = _laid(state[slot], weight)
            weights.append(weight)
            grads.append(_laid(weight.grad, weight))
            states.append(state)
        if not weights:
            return
        if group.decay and not self.coupled:
            for weight in weights:
                weight.mul_(1 - rate * group.decay)
        group.rule(weights, grads, states, rate, group.decay if self.coupled else 0.0)

    def zero(self) -> None:
        """Forget the gradients."""
        for group in self.groups:
            for weight in group.weights.values():
                weight.grad = None

    def state(self) -> dict[str, Tensor]:
        """Copies of everything that the next step depends on besides the weights."""
        kept = {
            f"{slot}:{name}": tensor.detach().clone()
            for name, state in self._states.items()
            for slot, tensor in state.items()
        }
        kept["steps"] = torch.tensor(self.steps)
        if self.lookahead is not None:
            kept |= {f"slow:{name}": slow.clone() for name, slow in self.lookahead.slow.items()}
        return kept

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a `state()`; of another optimiser or network it is refused, and nothing is changed."""
        steps = int(state["steps"]) if "steps" in state else 0
        slow = {}
        if self.lookahead is not None and steps:
            slow = {n: torch.empty_like(w) for n, w in self.lookahead.weights.items()}
        places = {f"{s}:{n}": t for n, held in self._states.items() for s, t in held.items()}
        places |= {f"slow:{name}": tensor for name, tensor in slow.items()}
        wanted = {name: tuple(tensor.shape) for name, tensor in places.items()} | {"steps": ()}
        given = {name: tuple(tensor.shape) for name, tensor in state.items()}
        if wanted != given:
            raise _unfit(wanted, given)
        for name, tensor in places.items():
            tensor.copy_(state[name])
        self.steps = steps
        if self.lookahead is not None:
            self.lookahead.slow = slow


def make(
    network: nn.Module, part: OptimiserPart, *, from_scratch: bool = True, bf16: bool = False
) -> Optimiser:
    """The optimiser of a recipe for the parameters of a network that are to be trained; bf16: whether in it.

    Make it when the network is on its device and frozen where it stays frozen.
    """
    name = chosen(network, part, from_scratch=from_scratch)
    if (
        part.coupled and name in UNCOUPLED
    ):  # of a part that is in no recipe; those are checked when made
        raise refused([UNCOUPLED[name]])
    groups = tuple(_groups(network, part, name, from_scratch, bf16))
    weights = {n: w for group in groups for n, w in group.weights.items()}
    if not weights:
        raise CannotTrain("the network has no parameter that may be trained")
    lookahead = Lookahead(weights, part.lookahead, part.lookahead_pull) if part.lookahead else None
    return Optimiser(name, groups, coupled=part.coupled, lookahead=lookahead)


def chosen(network: nn.Module, part: OptimiserPart, *, from_scratch: bool = True) -> str:
    """What `auto` is for this network: muon from scratch where norms follow filters, or in a chain of layers
    without any norm, else adamw.
    """
    if part.name != "auto":
        return part.name
    mine = set(filters(network).values())
    fits = bool(before_norm(network) & mine) or is_plain(network)
    if from_scratch and fits and not part.coupled:
        return "muon"
    return "adam" if part.coupled else "adamw"


def clip(parameters: Iterable[Tensor], most: float) -> float:
    """Shorten all gradients together to the norm `most`, 0 for not at all; gives the norm they had.

    Where that is no finite number nothing is changed, so that whoever asks sees what was there.
    """
    grads = [one.grad for one in parameters if one.grad is not None]
    norm = float(nn.utils.get_total_norm(grads))
    if most and math.isfinite(norm) and norm > most:
        for grad in grads:
            grad.mul_(most / norm)
    return norm


def _groups(
    network: nn.Module, part: OptimiserPart, name: str, from_scratch: bool, bf16: bool
) -> Iterable[Group]:
    """Filters of Muon, and all others; each with decay and without."""
    left: dict[str, Tensor] = {n: w for n, w in network.named_parameters() if w.requires_grad}
    which = 0 if from_scratch else 1
    rate = part.rate or RATES[name][which]
    if name != "muon":
        yield from _with_decay("all", rule(part, name), rate, part.decay, left)
        return
    renewed, mine = before_norm(network), filters(network)
    alone = from_scratch and is_plain(network)
    free = FREE_ALONE if alone else FREE
    # Stepped by Muon too, it drove a class of digits below the last ReLU of All-CNN for good in two of four
    # runs (88.4 and 89.2 % of test); stepped as `fc` is, it lost none in eleven (98.5 % or more).
    last = answering(network) if alone else None
    for called, renews, share in (("filters", True, 1.0), ("filters without a norm", False, free)):
        fits = [n for n, one in mine.items() if (one in renewed) == renews and one is not last]
        here = [n for n in fits if n in left]
        some = {n: left.pop(n) for n in here}
        kind = filter_rule(part, renews=renews, bf16=bf16)
        yield from _with_decay(called, kind, rate * share, part.decay, some)
    others = part.rate_others or RATES_OTHERS[which]
    yield from _with_decay("others", rule(part, name), others, part.decay, left)


def _with_decay(
    called: str, kind: Rule, rate: float, decay: float, weights: dict[str, Tensor]
) -> Iterable[Group]:
    decays = {n: w for n, w in weights.items() if w.ndim > 1 and n.rpartition(".")[2] != "bias"}
    for some, its in (
        (decays, decay),
        ({n: w for n, w in weights.items() if n not in decays}, 0.0),
    ):
        if some:
            yield Group(called, kind, rate, its, some)


def _new_state(weight: Tensor, kind: Rule) -> State:
    state = {slot: torch.zeros_like(weight).detach() for slot in kind.slots}
    if kind.counts:
        state["step"] = torch.zeros((), device=step_place(weight, kind))
    return state


def _laid(tensor: Tensor, weight: Tensor) -> Tensor:
    """The same numbers in memory as the weight's: the fused kernels of a CPU pair numbers as they lie, and
    are silently wrong where a gradient lies otherwise.
    """
    if tensor.stride() == weight.stride():
        return tensor
    return torch.empty_like(weight).copy_(tensor)


def _unfit(wanted: dict[str, tuple[int, ...]], given: dict[str, tuple[int, ...]]) -> CannotTrain:
    missing, more = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys())
    other = sorted(n for n in wanted.keys() & given.keys() if wanted[n] != given[n])
    told = [
        f"{what} {', '.join(names[:3])}" + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        for what, names in (("it lacks", missing), ("it has", more), ("other shapes:", other))
        if names
    ]
    return CannotTrain(
        "this state belongs to another optimiser or network: " + "; ".join(told),
        "continue with the recipe and the network that it was saved with",
    )
