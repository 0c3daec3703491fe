"""Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon): a step for filters that has the same
length in every direction.

The momentum of a convolution's C_out filters is seen as a matrix, C_out x C_in kh kw, and replaced by the
nearest one with orthogonal rows (or columns), found by Newton and Schulz without any decomposition.
`torch.optim.Muon` refuses weights of four dimensions, so it stands here.

A filter that a norm follows has no length of its own: the network is the same for twice the filter. There
the weights are brought back to the norm sqrt(C_out) before each step, as airbench does, so that the rate is
an angle. Other filters keep their length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from striate.grammar.parts import Fork, PaddedConv, SqueezeExcite

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the polynomial that draws singular values to about 1
ROUNDS = 3
_POOLS = (
    nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.Identity,
)  # fmt: skip
_NORMS = (nn.BatchNorm2d, nn.SyncBatchNorm, nn.InstanceNorm2d, nn.GroupNorm)


@final
@dataclass(frozen=True)
class Muon:
    """One step of all filters; `renews` brings each back to the norm sqrt(C_out) first. bf16: directions are
    found in it, as the network is trained in it.
    """

    momentum: float
    renews: bool
    bf16: bool = False
    slots: tuple[str, ...] = ("momentum",)
    counts: bool = False

    def __call__(
        self,
        weights: list[Tensor],
        grads: list[Tensor],
        states: list[dict[str, Tensor]],
        rate: float,
        decay: float = 0.0,
    ) -> None:
        """Nesterov's momentum, made orthogonal: w <- w - rate x it. There is no coupled decay, since of a
        gradient only the direction is kept.
        """
        for weight, grad, state in zip(weights, grads, states, strict=True):
            buffer = state["momentum"].mul_(self.momentum).add_(grad)
            ahead = grad.add(buffer, alpha=self.momentum)
            step = orthogonal(ahead.reshape(len(ahead), -1), bf16=self.bf16).reshape(weight.shape)
            if self.renews:
                # A copy in the order of the rows, so that the sum does not depend on the memory format.
                norm = weight.reshape(len(weight), -1).contiguous().norm()
                weight.mul_(len(weight) ** 0.5 / norm.clamp_min(1e-12))
            weight.add_(step, alpha=-rate)


def orthogonal(matrix: Tensor, *, bf16: bool = False) -> Tensor:
    """The matrix with its singular values drawn to about 1 (0.7 to 1.2, but for very small ones).

    In float32; in bfloat16, which is enough for it, on a GPU and where `bf16` asks for it: there it takes a
    quarter of the time, a twentieth of a step of `striate-s`.
    """
    a, b, c = COEFFICIENTS
    made = matrix.bfloat16() if matrix.is_cuda else matrix
    made = made / (made.norm() + 1e-7)
    if bf16:
        made = made.bfloat16()
    tall = len(made) > made.shape[1]
    if tall:
        made = made.T
    for _ in range(ROUNDS):
        square = made @ made.T
        mixed = torch.addmm(square, square, square, beta=b, alpha=c)
        made = torch.addmm(made, mixed, made, beta=a)
    return (made.T if tall else made).to(matrix.dtype)


def filters(network: nn.Module) -> dict[str, nn.Conv2d]:
    """The trainable weights that Muon is for, by name: convolutions that see all channels at once.

    Depthwise and grouped ones are many small matrices, and stay with the rest.
    """
    return {
        f"{name}.weight" if name else "weight": one
        for name, one in network.named_modules()
        if isinstance(one, nn.Conv2d) and one.groups == 1 and one.weight.requires_grad
    }


def before_norm(network: nn.Module) -> set[nn.Module]:
    """Convolutions whose output goes into a norm, past pools at most.

    A plain rule on the order in `nn.Sequential`, those within one another read as one: a network that says
    its order only in code has none.
    """
    found: set[nn.Module] = set()
    for sequence in _outermost(network):
        waiting: nn.Module | None = None
        for one in in_order(sequence):
            if isinstance(one, nn.Conv2d):
                waiting = one
            elif is_norm(one) and waiting is not None:
                found.add(waiting)
                waiting = None
            elif not isinstance(one, _POOLS):
                waiting = None
    return found


def _outermost(module: nn.Module) -> Iterator[nn.Sequential]:
    """Sequences that stand in no other directly."""
    if isinstance(module, nn.Sequential):
        yield module
    for one in in_order(module) if isinstance(module, nn.Sequential) else module.children():
        yield from _outermost(one)


def is_plain(network: nn.Module) -> bool:
    """Whether it is a chain of layers with filters, where nothing brings numbers back to one size and nothing
    is added to them, so that they become larger or smaller from layer to layer. No norm of any kind, by what
    it is called too; that of AlexNet, over a few neighbours, hardly counts. A network that says its order
    only in code is none.
    """
    others = (one for one in network.modules() if not isinstance(one, nn.LocalResponseNorm))
    has_norm = any(is_norm(one) or "norm" in type(one).__name__.lower() for one in others)
    mine = set(filters(network).values()) - {answering(network)}
    return not has_norm and _is_chain(network) and bool(mine)


def answering(network: nn.Module) -> nn.Module | None:
    """The last layer with weights, whose filters are the classes, where the order of layers is known."""
    parts = list(in_order(network)) if isinstance(network, nn.Sequential) else []
    weighted = (one for one in reversed(parts) if any(own.ndim > 1 for own in one.parameters()))
    return next(weighted, None)


def _is_chain(network: nn.Module) -> bool:
    """Of layers without layers in them; arms may stand side by side."""
    if not isinstance(network, nn.Sequential):
        return False
    for one in in_order(network):
        if isinstance(one, Fork):
            if one.adds or not all(_is_chain(arm) for arm in one.children()):
                return False
        elif not isinstance(one, SqueezeExcite) and next(one.children(), None) is not None:
            return False
    return True


def is_norm(module: nn.Module) -> bool:
    """PyTorch's, or any with statistics of its own, as that over ranks."""
    return isinstance(module, _NORMS) or isinstance(getattr(module, "running_mean", None), Tensor)


def in_order(sequence: nn.Sequential) -> Iterator[nn.Module]:
    """The layers as a picture meets them; blocks that are no `nn.Sequential` are one layer."""
    for one in sequence:
        if isinstance(one, nn.Sequential):
            yield from in_order(one)
        else:
            yield one.conv if isinstance(one, PaddedConv) else one
