"""Filters in pairs, each the mirror image of the other, so that a mirrored picture is as good as seen.

A network of such pairs is equivariant (Cohen and Welling 2016, arXiv 1602.07576, for the group of a mirror
and nothing else): mirror the picture, and every map is mirrored and changes places with its pair's. Each
picture teaches as two would, half of the numbers are free, and the arithmetic stays what it was. The network
is an ordinary one: only its weights are symmetric. Gradients and weights are made so at every step, since a
rounded product is not quite.

Shape legend: C channels, O filters, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from striate.errors import CannotTrain
from striate.grammar.parts import Residual
from striate.training.masks import Dropped
from striate.training.muon import is_norm

# What treats every channel and both directions alike, given a map.
_SAME = (
    nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.Identity, nn.ReLU, nn.ReLU6,
    nn.GELU, nn.SiLU, nn.ELU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.Hardswish, nn.Hardsigmoid, nn.Dropout,
    nn.Dropout2d, nn.LogSoftmax, nn.Softmax, Dropped,
)  # fmt: skip


class CannotMirror(Exception):
    """Why a network is no chain whose filters can be paired, in words."""


class Tied(NamedTuple):
    """One tensor of a module: where each of its rows, and each of its channels, has its pair."""

    owner: nn.Module
    name: str
    rows: Tensor | None
    channels: Tensor | None

    def mirrored(self, value: Tensor) -> Tensor:
        """`value` as the mirrored picture would need it: equal to it when all is symmetric."""
        made = value if self.rows is None else value.index_select(0, self.rows)
        made = made if self.channels is None else made.index_select(1, self.channels)
        return made.flip(-1) if made.ndim == 4 else made


@final
@dataclass(frozen=True)
class Mirrored:
    """What is tied in one network, in its order."""

    tied: tuple[Tied, ...]

    @torch.no_grad()
    def gradients(self) -> None:
        """Each gradient becomes the mean of itself and its mirror image."""
        for one in self.tied:
            grad = getattr(one.owner, one.name).grad
            if grad is not None:
                grad.add_(one.mirrored(grad)).mul_(0.5)

    @torch.no_grad()
    def weights(self) -> None:
        """Weights and the statistics of norms too."""
        for one in self.tied:
            value = getattr(one.owner, one.name)
            value.copy_((value + one.mirrored(value)) * 0.5)


def tied(network: nn.Module) -> Mirrored:
    """The pairs of a network; raises `CannotMirror` where its order is no plain chain."""
    found: list[Tied] = []
    pairs: Tensor | None = None  # C, where each channel has its pair; None before the first filters
    for one in _leaves(network):
        if isinstance(one, nn.Conv2d):
            pairs = _filters(one, pairs, found)
        elif is_norm(one):
            _norm(one, pairs, found)
        elif isinstance(one, nn.Linear):
            if pairs is None or len(pairs) != one.in_features:
                raise CannotMirror("a dense layer reads places, not channels")
            found.append(Tied(one, "weight", None, pairs))
            pairs = torch.arange(one.out_features, device=one.weight.device)
        elif not isinstance(one, (*_SAME, nn.Flatten)):
            raise CannotMirror(f"{type(one).__name__} is not known to treat both sides alike")
    if not found:
        raise CannotMirror("no filters are trained")
    return Mirrored(tuple(found))


def wanted(network: nn.Module) -> Mirrored:
    """The same where somebody asked for them: a fault that says what to do where there can be none."""
    try:
        return tied(network)
    except CannotMirror as fault:
        raise CannotTrain(
            f"filters of this network cannot come in mirrored pairs: {fault}",
            "leave regularise.mirrored at auto, or take one of our own networks (striate-s)",
        ) from fault


def _leaves(network: nn.Module) -> Iterator[nn.Module]:
    """Layers in their order; of a residual block without weights in its shortcut, those of its body."""
    if isinstance(network, Residual):
        if network.shortcut is not None:
            raise CannotMirror("a shortcut has filters of its own")
        yield from _leaves(network.body)
    elif isinstance(network, nn.Sequential):
        for one in network:
            yield from _leaves(one)
    else:
        yield network


def _filters(conv: nn.Conv2d, given: Tensor | None, found: list[Tied]) -> Tensor:
    """Where each of its filters has its pair."""
    if conv.groups != 1 or conv.stride[1] != 1:
        raise CannotMirror("a convolution has groups or a stride")
    if isinstance(conv.padding, str) or conv.padding_mode != "zeros":
        raise CannotMirror("a convolution pads by a rule")
    weight = conv.weight
    if given is None:
        given = torch.arange(conv.in_channels, device=weight.device)
    if weight.requires_grad:
        made = _paired(conv.out_channels, given)
        found.append(Tied(conv, "weight", made, given))
    else:
        made = _there(weight.detach(), given)
    if conv.bias is not None:
        found.append(Tied(conv, "bias", made, None))
    return made


def _paired(count: int, given: Tensor) -> Tensor:
    """As the channels below, so that identity filters can hand them on; then one and the next."""
    made = given.tolist()[:count]
    if any(pair >= count for pair in made):
        made = []
    for i in range(len(made), count - 1, 2):
        made += [i + 1, i]
    made += [count - 1] * (count - len(made))
    return torch.tensor(made, device=given.device)


def _there(weight: Tensor, given: Tensor) -> Tensor:
    """The pairs among filters that nothing trains, as those that whiten: equal but for rounding."""
    rows = weight.reshape(len(weight), -1)
    wanted = weight.index_select(1, given).flip(-1).reshape(len(weight), -1)
    far = torch.cdist(wanted.double(), rows.double())
    nearest, made = far.min(dim=1)
    places = torch.arange(len(weight), device=weight.device)
    if bool((nearest > 1e-4 * rows.norm(dim=1)).any()) or not bool((made[made] == places).all()):
        raise CannotMirror("the filters that stay as they are have no mirror images among them")
    return made


def _norm(norm: nn.Module, pairs: Tensor | None, found: list[Tied]) -> None:
    for name in ("weight", "bias", "running_mean", "running_var"):
        value = getattr(norm, name, None)
        if isinstance(value, Tensor):
            if pairs is None or value.shape != pairs.shape:
                raise CannotMirror("a norm does not go by channels")
            found.append(Tied(norm, name, pairs, None))
