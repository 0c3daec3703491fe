"""One picture in the manner of another: the maps of the first, the correlations between maps of the second.

Gatys, Ecker, Bethge (2015), "A Neural Algorithm of Artistic Style". It begins with the content and a little
seeded noise.

Shape legend: C channels, H height, W width, h w size of a map.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import torch
from torch import Tensor, nn

from striate import seeds
from striate.errors import CannotLookInside
from striate.seeing.asking import calm
from striate.seeing.inside.made import Bounds, Made, Progress
from striate.seeing.tap import tap

_RATE = 0.03
_NOISE = 0.02  # of the way from black to white, its standard deviation at the start


def gram(maps: Tensor) -> Tensor:
    """1 C h w to C C: how far each two channels go together, wherever that is."""
    flat = maps[0].flatten(1)
    return flat @ flat.T / flat.shape[1]


def styled(
    model: nn.Module,
    pictures: tuple[Tensor, Tensor],
    layers: Sequence[str],
    bounds: Bounds,
    strength: float = 1e3,
    steps: int = 100,
    seed: int = 0,
) -> Generator[Progress, None, Made]:
    """Content and style, C H W each. layers: the last keeps the content, all of them give the style."""
    content, style = (one[None] for one in pictures)
    wanted = _maps(model, content, layers)[-1].detach()
    manner = [gram(one).detach() for one in _maps(model, style, layers)]
    picture = _begun(content, bounds, seed).requires_grad_()
    optimiser = torch.optim.Adam([picture], lr=_RATE)
    values = []
    for step in range(steps):
        made = _maps(model, picture, layers)
        near = (made[-1] - wanted).square().mean() / wanted.square().mean().clamp(min=1e-12)
        apart = torch.stack(
            [
                (gram(one) - other).square().mean() / other.square().mean().clamp(min=1e-12)
                for one, other in zip(made, manner, strict=True)
            ]
        ).mean()
        loss = near + strength * apart
        (picture.grad,) = torch.autograd.grad(loss, picture)
        optimiser.step()
        with torch.no_grad():
            picture.copy_(torch.minimum(torch.maximum(picture, bounds.low), bounds.high))
        values.append(loss.item())
        yield Progress(step + 1, values[-1], picture[0].detach())
    return Made(picture[0].detach(), tuple(values))


def _begun(content: Tensor, bounds: Bounds, seed: int) -> Tensor:
    """1 C H W: the content with noise, between black and white."""
    drawn = seeds.generator(seed, "style").standard_normal(tuple(content.shape))
    noise = torch.from_numpy(drawn).to(content) * _NOISE * (bounds.high - bounds.low)
    return torch.minimum(torch.maximum(content + noise, bounds.low), bounds.high)


def _maps(model: nn.Module, picture: Tensor, layers: Sequence[str]) -> list[Tensor]:
    with calm(model), tap(model, *layers, graph=True) as seen:
        model(picture)
    found = [seen[name] for name in layers]
    if any(one.ndim != 4 for one in found):
        raise CannotLookInside("style needs layers with rows and columns", "choose convolutions")
    return found
