"""Which bars a unit answers to: their orientation and how fine they are, as Hubel and Wiesel measured cells.

Gratings (black and white waves, black to white) fill the picture; the unit is the one in the middle of its
map. Its answer is how far it rises above what it says of plain grey, at the best phase: eight phases are
shown, and those between them follow from the trigonometric polynomial through them, which is exact for a
convolution of the picture. Hubel and Wiesel (1962); circular variance after Ringach and others (2002);
simple and complex by first harmonic over mean after Skottun and others (1991).

Shape legend: O orientations, F frequencies, P phases, U units, N pictures, C channels, H height, W width.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.errors import CannotLookInside
from striate.seeing.asking import at_once, calm
from striate.seeing.inside.layers import convolution
from striate.seeing.tap import layer_of

Floats = NDArray[np.float64]
ORIENTATIONS = np.arange(12) * 15.0  # degrees of the bars, against the clock from lying ones
PHASES = 8
_FINEST, _OCTAVES = 0.45, 0.5  # waves a pixel; 0.5 would show every other pixel, whatever the phase
_BETWEEN = 64  # phases at which the polynomial is read
_QUIET = 1e-6  # of the layer's greatest answer: below it a unit says nothing


class Tuning(NamedTuple):
    """answers: U O F, at the best phase; frequencies: F, waves a pixel; mean, first: U O F, over the phases
    the mean rise and the size of the first harmonic.
    """

    layer: str
    frequencies: Floats
    answers: Floats
    mean: Floats
    first: Floats


class Preference(NamedTuple):
    """Of one unit. orientation: of the bars it likes, degrees; width: of its curve at half height; both None
    where it never falls so low. selectivity: 1 minus circular variance, 0 ... 1. frequency: waves a pixel;
    octaves: width of that curve at half height, None where it does not fall so low on both sides. modulation:
    first harmonic over mean; above 1 the phase matters ("simple"), below it hardly does ("complex"); None
    where the mean is not above 0, as in a convolution.
    """

    answer: float
    orientation: float | None
    width: float | None
    selectivity: float
    frequency: float
    octaves: float | None
    modulation: float | None


def grating(shape: tuple[int, int, int], degrees: float, frequency: float, phase: float) -> Floats:
    """C H W in 0 ... 1, with a crest of phase 0 in the middle. Bars turn against the clock, as people write
    angles: 0 lies, 45 rises to the right, 90 stands.
    """
    C, H, W = shape
    angle = np.deg2rad(degrees)
    rows, columns = np.arange(H)[:, None] - H // 2, np.arange(W)[None] - W // 2
    along = columns * np.sin(angle) + rows * np.cos(angle)
    wave = 0.5 + 0.5 * np.cos(2 * np.pi * frequency * along + phase)
    return np.broadcast_to(wave, (C, H, W)).copy()


def frequencies_for(side: int) -> Floats:
    """From fine to coarse, half an octave apart, as long as two waves fit into the picture."""
    count = int(np.floor(np.log2(_FINEST * side / 2) / _OCTAVES)) + 1
    steps = np.arange(max(count, 1), dtype=np.float64)
    made: Floats = np.asarray(_FINEST * 2.0 ** (-_OCTAVES * steps), np.float64)
    return made


def tuning(
    model: nn.Module,
    shape: tuple[int, int, int],
    mean: tuple[float, ...],
    std: tuple[float, ...],
    layer: str | None = None,
) -> Tuning:
    """Of every unit of a layer, the first convolution by default. shape: C H W; mean, std: how pictures in
    0 ... 1 are normalised.
    """
    name = convolution(model)[0] if layer is None else layer
    frequencies = frequencies_for(min(shape[1:]))
    grey = np.full((1, *shape), 0.5)
    plain = _answers(model, name, _normal(grey, mean, std))[0]
    held = []
    for degrees in ORIENTATIONS:
        for frequency in frequencies:
            phases = 2 * np.pi * np.arange(PHASES) / PHASES
            shown = np.stack([grating(shape, degrees, frequency, p) for p in phases])
            held.append(_over_phases(_answers(model, name, _normal(shown, mean, std)) - plain))
    found = np.stack(held).reshape(len(ORIENTATIONS), len(frequencies), 3, -1)
    best, average, first = found.transpose(2, 3, 0, 1)
    return Tuning(name, frequencies, np.maximum(best, 0), average, first)


def _normal(pictures: Floats, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    shape = (1, -1, 1, 1)
    return torch.from_numpy((pictures - np.reshape(mean, shape)) / np.reshape(std, shape))


class _Enough(Exception):
    """The layer was met: what comes after it need not be run."""


def _answers(model: nn.Module, layer: str, pictures: Tensor) -> Floats:
    """N U: of each map the value in the middle; the network is run as far as the layer."""
    found: list[Tensor] = []

    def watch(_: nn.Module, __: object, made: object) -> None:
        if not isinstance(made, Tensor) or made.ndim not in (2, 4):
            raise CannotLookInside(f"{layer} has neither maps nor a vector", "choose another layer")
        found.append(made if made.ndim == 2 else made[:, :, made.shape[2] // 2, made.shape[3] // 2])
        raise _Enough

    module = layer_of(dict(model.named_modules()), layer)
    dtype = next((p.dtype for p in model.parameters()), torch.float32)
    handle = module.register_forward_hook(watch)
    many = at_once(pictures)
    try:
        with calm(model), torch.no_grad():
            for start in range(0, len(pictures), many):
                try:
                    model(pictures[start : start + many].to(dtype))
                except _Enough:
                    continue
                raise CannotLookInside(f"the layer {layer} was not run", "choose another layer")
    finally:
        handle.remove()
    made: Floats = torch.cat(found).double().cpu().numpy()
    return made


def _over_phases(rise: Floats) -> Floats:
    """P U to 3 U: the greatest value over all phases, the mean, and the size of the first harmonic."""
    waves = np.fft.rfft(rise, axis=0)
    smooth = np.fft.irfft(waves, _BETWEEN, axis=0) * (_BETWEEN / len(rise))
    return np.stack([smooth.max(0), rise.mean(0), np.abs(waves[1]) * 2 / len(rise)])


def preference(found: Tuning, unit: int) -> Preference | None:
    """What a unit likes; None for one that rises at no grating."""
    answers = found.answers[unit]
    top = float(answers.max())
    if top <= _QUIET * max(float(found.answers.max()), 1e-30):
        return None
    best_turn, best_step = np.unravel_index(int(answers.argmax()), answers.shape)
    turns, steps = answers[:, best_step], answers[best_turn]
    vector = (turns * np.exp(2j * np.deg2rad(ORIENTATIONS))).sum() / turns.sum()
    width = _turned_width(turns)
    average = float(found.mean[unit, best_turn, best_step])
    first = float(found.first[unit, best_turn, best_step])
    return Preference(
        top,
        _best_turn(turns) if width is not None else None,
        width,
        float(np.abs(vector)),
        _peak(found.frequencies, steps),
        _step_width(steps),
        first / average if average > _QUIET * top else None,
    )


def _peak(frequencies: Floats, steps: Floats) -> float:
    """The best frequency, between those that were shown."""
    k = int(steps.argmax())
    if not 0 < k < len(steps) - 1:
        return float(frequencies[k])
    return _top(frequencies[k - 1 : k + 2], steps[k - 1 : k + 2])


def _best_turn(turns: Floats) -> float:
    """The best orientation, between those that were shown, 0 ... 180."""
    k, step = int(turns.argmax()), float(ORIENTATIONS[1])
    beside = np.roll(turns, 1 - k)[:3]
    return _top(np.array([k - 1, k, k + 1]) * step, beside) % 180


def _top(at: Floats, values: Floats) -> float:
    """Where the bell through three values, the greatest in the middle, has its top: exact for a Gabor filter,
    whose curve over frequencies is a bell.
    """
    if values.min() <= 0:
        return float(at[1])
    bend, slope, _ = np.polyfit(at - at[1], np.log(values), 2)
    ends = sorted((at[0] - at[1], at[2] - at[1]))
    return float(at[1] + np.clip(-slope / (2 * bend), *ends)) if bend < 0 else float(at[1])


def _turned_width(turns: Floats) -> float | None:
    """Degrees from where the curve falls to half its top on one side to the other."""
    k, step = int(turns.argmax()), float(ORIENTATIONS[1])
    right, left = (_fall(np.roll(line, -j)) for line, j in ((turns, k), (turns[::-1], -k - 1)))
    return None if right is None or left is None else (right + left) * step


def _step_width(steps: Floats) -> float | None:
    k = int(steps.argmax())
    right, left = _fall(steps[k:]), _fall(steps[: k + 1][::-1])
    return None if right is None or left is None else (right + left) * _OCTAVES


def _fall(curve: Floats) -> float | None:
    """How many steps until a curve is at half of where it begins, between steps along straight lines."""
    below = np.flatnonzero(curve <= curve[0] / 2)
    if not len(below):
        return None
    i = int(below[0])
    return i - 1 + float((curve[i - 1] - curve[0] / 2) / (curve[i - 1] - curve[i]))
