"""How each optimiser turns gradients into a step. The arithmetic is PyTorch's own, called as functions.

Called as functions for two reasons: `torch.optim`'s classes import the compiler, which takes seconds, and
their state goes by place, where ours goes by the name of the parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, final

from torch import Tensor
from torch.optim.adadelta import adadelta
from torch.optim.adagrad import adagrad
from torch.optim.adam import adam
from torch.optim.rmsprop import rmsprop
from torch.optim.sgd import sgd

from striate.training.defaults import momentum
from striate.training.muon import Muon
from striate.training.recipe_parts import OptimiserPart

FUSED = ("cpu", "cuda")
Tensors = list[Tensor]
State = dict[str, Tensor]


class Rule(Protocol):
    """Changes weights in place. `decay` is coupled: it joins the gradient."""

    @property
    def slots(self) -> tuple[str, ...]:
        """What is remembered of each weight, in its shape; all begin at 0."""

    @property
    def counts(self) -> bool:
        """Whether the steps of each weight are counted, as `step`."""

    def __call__(
        self, weights: Tensors, grads: Tensors, states: list[State], rate: float, decay: float
    ) -> None:
        """One step."""


@final
@dataclass(frozen=True)
class Descent:
    """v <- m v + g; w <- w - rate v, and for Nesterov w <- w - rate (g + m v). Without momentum v is g."""

    momentum: float = 0.0
    nesterov: bool = False
    counts: bool = False

    @property
    def slots(self) -> tuple[str, ...]:
        """v, which plain descent has not."""
        return ("momentum",) if self.momentum else ()

    def __call__(
        self, weights: Tensors, grads: Tensors, states: list[State], rate: float, decay: float
    ) -> None:
        """One step."""
        buffers = [state.get("momentum") for state in states]
        sgd(
            weights, grads, buffers, fused=_fused(weights), lr=rate, weight_decay=decay,
            momentum=self.momentum, dampening=0.0, nesterov=self.nesterov and self.momentum > 0,
            maximize=False,
        )  # fmt: skip


@final
@dataclass(frozen=True)
class Adam:
    """Kingma and Ba (2014), arXiv 1412.6980: means of g and g g, both corrected for their beginning at 0."""

    beta1: float = 0.9
    beta2: float = 0.999
    slots: tuple[str, ...] = ("mean", "square")
    counts: bool = True

    def __call__(
        self, weights: Tensors, grads: Tensors, states: list[State], rate: float, decay: float
    ) -> None:
        """One step."""
        adam(
            weights, grads, _all(states, "mean"), _all(states, "square"), [], _all(states, "step"),
            fused=_fused(weights), amsgrad=False, beta1=self.beta1, beta2=self.beta2, lr=rate,
            weight_decay=decay, eps=1e-8, maximize=False,
        )  # fmt: skip


@final
@dataclass(frozen=True)
class RMSProp:
    """Hinton (2012): g by the root of the mean of g g, which remembers 0.99 of itself."""

    slots: tuple[str, ...] = ("square",)
    counts: bool = True

    def __call__(
        self, weights: Tensors, grads: Tensors, states: list[State], rate: float, decay: float
    ) -> None:
        """One step."""
        rmsprop(
            weights, grads, _all(states, "square"), [], [], _all(states, "step"), lr=rate,
            alpha=0.99, eps=1e-8, weight_decay=decay, momentum=0.0, centered=False,
        )  # fmt: skip


@final
@dataclass(frozen=True)
class Adagrad:
    """Duchi et al. (2011): g by the root of the sum of all g g so far."""

    slots: tuple[str, ...] = ("sum",)
    counts: bool = True

    def __call__(
        self, weights: Tensors, grads: Tensors, states: list[State], rate: float, decay: float
    ) -> None:
        """One step."""
        adagrad(
            weights, grads, _all(states, "sum"), _all(states, "step"), lr=rate, lr_decay=0.0,
            eps=1e-10, weight_decay=decay, maximize=False,
        )  # fmt: skip


@final
@dataclass(frozen=True)
class Adadelta:
    """Zeiler (2012), arXiv 1212.5701: as long as the steps before, so that the rate is about 1."""

    slots: tuple[str, ...] = ("square", "change")
    counts: bool = True

    def __call__(
        self, weights: Tensors, grads: Tensors, states: list[State], rate: float, decay: float
    ) -> None:
        """One step."""
        adadelta(
            weights, grads, _all(states, "square"), _all(states, "change"), _all(states, "step"),
            lr=rate, rho=0.9, eps=1e-6, weight_decay=decay, maximize=False,
        )  # fmt: skip


def rule(part: OptimiserPart, name: str) -> Rule:
    """The rule of this name for all parameters; `momentum` is beta1 in Adam, and has no place in the others
    that scale each number by itself.
    """
    match name:
        case "sgd":
            return Descent()
        case "momentum" | "nesterov":
            return Descent(momentum(part, name), nesterov=name == "nesterov")
        case "adam" | "adamw":
            return Adam(momentum(part, name))
        case "rmsprop":
            return RMSProp()
        case "adagrad":
            return Adagrad()
        case "adadelta":
            return Adadelta()
        case "muon":
            return Adam(0.9, 0.95)  # for all that is no filter
        case _:
            raise ValueError(f"no optimiser is called {name!r}")


def filter_rule(part: OptimiserPart, *, renews: bool, bf16: bool = False) -> Rule:
    """Muon for filters."""
    return Muon(momentum(part, "muon"), renews, bf16)


def step_place(weight: Tensor, kind: Rule) -> str:
    """Where the count of the steps lies: PyTorch wants it beside the weight only in its fused kernels."""
    fused = isinstance(kind, Adam) and _fused([weight])
    return weight.device.type if fused else "cpu"


def _all(states: list[State], slot: str) -> Tensors:
    return [state[slot] for state in states]


def _fused(weights: Tensors) -> bool | None:
    """Five times as fast on a CPU; None leaves the choice to PyTorch."""
    fits = all(w.device.type in FUSED and w.is_floating_point() for w in weights)
    return True if fits else None
