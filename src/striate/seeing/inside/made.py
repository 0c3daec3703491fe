"""Pictures made for a network: what a unit would like best, and DeepDream. Seeded, and the same again.

A made picture shows what raises a number, not what the number is used for; it can be led astray while the
network behaves as ever (Geirhos and others 2024). So it is never shown without the real pictures that excite
the same unit. Olah, Mordvintsev, Schubert (2017), "Feature Visualization": pictures as waves, moved a little
at every step, so that the result does not cling to single pixels.

Shape legend: C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from striate import seeds
from striate.errors import CannotLookInside
from striate.seeing.asking import calm
from striate.seeing.inside.shift import moved
from striate.seeing.tap import tap
from striate.seeing.why.rectifiers import Rectifiers

_JITTER = 4  # pixels, at most a sixteenth of the picture
_RATE = 0.05
_WAKING = 0.25  # of the steps
# What a network may say to pictures of another size: torchvision's vision transformers assert theirs.
_REFUSED = (RuntimeError, AssertionError, ValueError)


class Progress(NamedTuple):
    """A step on the way; `value` is what is raised; picture: C H W so far, changed by the next step."""

    step: int
    value: float
    picture: Tensor | None = None


class Made(NamedTuple):
    """picture: C H W in the network's numbers; values: of each step."""

    picture: Tensor
    values: tuple[float, ...]


class Wish(NamedTuple):
    """What is to be raised. layer: one, or several with commas, which count alike; unit: one map, or all of
    the layer (then the mean of squares: DeepDream).
    """

    layer: str
    unit: int | None = None


class Bounds(NamedTuple):
    """Black and white in the network's numbers, one for each channel: 1 C 1 1."""

    low: Tensor
    high: Tensor


def optimised(
    model: nn.Module,
    wish: Wish,
    size: tuple[int, int],
    bounds: Bounds,
    steps: int = 128,
    seed: int = 0,
) -> Generator[Progress, None, Made]:
    """A picture of H W that a unit answers to most, from noise. It is a sum of waves, long ones first."""
    channels = bounds.low.shape[1]
    scale = _waves(size)
    drawn = seeds.generator(seed, "feature visualisation").standard_normal(
        (1, channels, *scale.shape, 2)
    )
    spectrum = (torch.from_numpy(drawn).float() * 0.01).requires_grad_()
    optimiser = torch.optim.Adam([spectrum], lr=_RATE)
    values = []
    for step in range(steps):
        picture = _from_waves(spectrum, scale, size, bounds)
        moving = _jittered(picture, seed, step)
        # A unit that is off everywhere has no slope, so at first ReLUs let through what would open them.
        with Rectifiers("awake") if step < _WAKING * steps else nullcontext():
            value = _value(model, moving, wish)
        (slope,) = torch.autograd.grad(value, spectrum)
        spectrum.grad = -slope
        optimiser.step()
        values.append(value.item())
        yield Progress(step + 1, values[-1])
    with torch.no_grad():
        return Made(_from_waves(spectrum, scale, size, bounds)[0].detach(), tuple(values))


def dream(
    model: nn.Module, picture: Tensor, wish: Wish, bounds: Bounds, steps: int = 20, seed: int = 0
) -> Generator[Progress, None, Made]:
    """C H W on and on towards what the layer already sees in it: from half the size to the whole."""
    sizes = octaves(model, picture, wish)
    added = torch.zeros(1, picture.shape[0], *sizes[0])
    values = []
    for octave, size in enumerate(sizes):
        start = _sized(picture[None], size)
        added = _sized(added, size)
        for step in range(steps):
            leaf = (start + added).detach().requires_grad_()
            by = octave * steps + step
            value = _value(model, _jittered(leaf, seed, by), wish)
            (slope,) = torch.autograd.grad(value, leaf)
            added = added + slope / (slope.abs().mean() + 1e-12) * 0.02
            added = torch.minimum(torch.maximum(start + added, bounds.low), bounds.high) - start
            values.append(value.item())
            yield Progress(by + 1, values[-1], (start + added)[0].detach())
    return Made((picture[None] + added)[0].detach(), tuple(values))


def octaves(model: nn.Module, picture: Tensor, wish: Wish) -> list[tuple[int, int]]:
    """The sizes of a dream of C H W: half, seven tenths and the whole; at least 8 pixels, and none at which
    the layer cannot be run, as one after a flattened map that must have its own size.
    """
    H, W = (int(side) for side in picture.shape[1:])
    kept: list[tuple[int, int]] = []
    for part in (0.5, 0.71):
        size = (max(min(8, H), round(H * part)), max(min(8, W), round(W * part)))
        if size in (*kept, (H, W)):
            continue
        try:
            _value(model, _sized(picture[None], size), wish)
        except _REFUSED:
            continue
        kept.append(size)
    return [*kept, (H, W)]


def _value(model: nn.Module, picture: Tensor, wish: Wish) -> Tensor:
    names = [name.strip() for name in wish.layer.split(",")]
    with calm(model), tap(model, *names, graph=True) as seen:
        try:
            model(picture)
        except _REFUSED:
            # A head for pictures of one size refuses others, but the layers below it were met.
            if not all(seen.calls(name) for name in names):
                raise
    return torch.stack([_wished(seen[name], name, wish.unit) for name in names]).mean()


def _wished(made: Tensor, name: str, unit: int | None) -> Tensor:
    if unit is None:
        return made.square().mean()
    if not unit < made.shape[1]:
        raise CannotLookInside(f"{name} has {made.shape[1]} units", "count from 0")
    return made[:, unit].mean()


def _jittered(picture: Tensor, seed: int, step: int) -> Tensor:
    most = min(_JITTER, min(picture.shape[2:]) // 16)
    draw = seeds.generator(seed, "jitter", index=step)
    down, right = (int(n) for n in draw.integers(-most, most + 1, 2))
    return moved(picture, down, right)


def _waves(size: tuple[int, int]) -> Tensor:
    """How strong each wave begins: the reverse of its frequency, as in photographs."""
    rows, columns = np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None]
    frequency = np.sqrt(rows**2 + columns**2)
    made = 1 / np.maximum(frequency, 1 / max(size))
    return torch.from_numpy(made * np.sqrt(size[0] * size[1])).float()


def _from_waves(spectrum: Tensor, scale: Tensor, size: tuple[int, int], bounds: Bounds) -> Tensor:
    """1 C H W between black and white."""
    waves = torch.view_as_complex(spectrum) * scale
    flat = torch.fft.irfft2(waves, s=size) / 4
    return bounds.low + (bounds.high - bounds.low) * torch.sigmoid(flat)


def _sized(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    return nn.functional.interpolate(pictures, size=size, mode="bilinear", align_corners=False)
