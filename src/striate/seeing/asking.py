"""Asking a network questions without disturbing it: answers, and how an answer changes with the pixels.

All of it goes in blocks, so memory does not grow with the number of pictures.

Shape legend: N pictures, K classes, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from striate.errors import CannotLookInside
from striate.seeing.tap import Seen, tap

_VALUES = 1 << 21  # numbers of pictures that go through the network at once: 13 of 3x224x224


@contextmanager
def calm(model: nn.Module) -> Iterator[None]:
    """Eval mode; afterwards every module has its own mode again. Gradients are on, and no weight gets one
    unless `backward` is called.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.enable_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def at_once(pictures: Tensor) -> int:
    """How many pictures of this size go through a network together."""
    return max(1, _VALUES // max(1, pictures[:1].numel()))


def blocks(pictures: Tensor) -> Iterator[slice]:
    """The pictures in blocks that fit the memory."""
    many = at_once(pictures)
    return (slice(start, start + many) for start in range(0, len(pictures), many))


def logits(model: nn.Module, pictures: Tensor) -> Tensor:
    """What the network says of N C H W: N K, without gradients."""
    with calm(model), torch.no_grad():
        return torch.cat([_told(model, pictures[part]) for part in blocks(pictures)])


def likeliest(model: nn.Module, pictures: Tensor) -> Tensor:
    """The class that each picture gets: N."""
    return logits(model, pictures).argmax(1)


def chosen(told: Tensor, targets: Tensor) -> Tensor:
    """Of N K the score of one class each: N."""
    return told.gather(1, targets.to(told.device).view(-1, 1)).squeeze(1)


def scores(model: nn.Module, pictures: Tensor, targets: Tensor) -> Tensor:
    """The logit of one class for each picture: N."""
    return chosen(logits(model, pictures), targets)


def slopes(model: nn.Module, pictures: Tensor, targets: Tensor) -> Tensor:
    """How the logit of its class changes with each number of a picture: N C H W."""
    found = []
    with calm(model):
        for part in blocks(pictures):
            leaf = pictures[part].detach().clone().requires_grad_()
            told = chosen(_told(model, leaf), targets[part])
            found.append(torch.autograd.grad(told.sum(), leaf)[0])
    return torch.cat(found)


def _told(model: nn.Module, pictures: Tensor) -> Tensor:
    told = model(pictures)
    if not isinstance(told, Tensor) or told.ndim != 2 or len(told) != len(pictures):
        shape = tuple(getattr(told, "shape", ()))
        raise CannotLookInside(
            f"the network answers {len(pictures)} pictures with {shape or type(told).__name__}, not with one "
            "row of scores each",
            "give a network whose output is N K",
        )
    return told


def shapes(model: nn.Module, picture: Tensor) -> dict[str, tuple[int, ...]]:
    """The shape of every layer's output for one picture 1 C H W, in the order in which they end."""
    names = [name for name, _ in model.named_modules()]
    with calm(model), torch.no_grad(), tap(model, *names, take=_shape) as seen:
        model(picture[:1])
    return _in_order(seen)


def _shape(made: Tensor) -> Tensor:
    return torch.tensor(made.shape)


def _in_order(seen: Seen) -> dict[str, tuple[int, ...]]:
    last = list(dict.fromkeys(reversed(seen.order)))[
        ::-1
    ]  # what is called again stands at its last call
    return {name: tuple(int(side) for side in seen[name]) for name in last}


def last_map(model: nn.Module, picture: Tensor) -> str:
    """The last layer whose output still has rows and columns: where a class activation map is made."""
    found = {name: shape for name, shape in shapes(model, picture).items() if len(shape) == 4}
    wide = [name for name, shape in found.items() if name and shape[2] * shape[3] > 1]
    if not wide:
        raise CannotLookInside(
            "no layer of this network has an output with rows and columns",
            "class activation maps need one, --method occlusion,integrated does not; elsewhere give --layer",
        )
    return wide[-1]
