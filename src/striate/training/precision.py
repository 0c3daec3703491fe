"""Which numbers to train in: bf16 where a self-test on this very machine shows that it is right and faster.

Right: the layers of the network give in bf16 what they give in fp32, up to bf16's own rounding, forward and
backward (`precision_layers.py`). Faster: a whole step, side by side (`precision_trial.py`). What the
processor claims decides nothing: bf16 has been wrong, and sixty times slower, where it was claimed.

fp16 is never used: on a processor it is slower still, and its small range needs a scaled loss.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, final

import torch
from torch import nn

from striate.errors import CannotTrain
from striate.training.precision_layers import Layer, layers_of
from striate.training.precision_trial import HOPELESS, Precision, Trial

# A step in bf16 takes at most this share of one in fp32, or its rounding buys nothing.
_FASTER = 0.95
_HINT_S = 2.0
_SMALL, _SMALL_BATCH = (3, 32, 32), 64  # the shape of its pictures, and how many are a step
_FIRST = 0.9  # the same for leaving channels last
# https://github.com/pytorch/pytorch/issues/163347: the sum of four ones was 1.
KNOWN_FAULT = Layer("conv", 1, 1, (2, 2), (2, 2))
QUICK = {
    KNOWN_FAULT: 1,
    Layer("conv", 3, 24, (32, 32), (2, 2)): 1,
    Layer("conv", 64, 64, (16, 16), (3, 3), padding=(1, 1), bias=False): 1,
    Layer("linear", 256, 256, (64, 1)): 1,
}


@final
@dataclass(frozen=True)
class Verdict:
    """precision: what to train in. why: one sentence with numbers. numbers: a row for each layer that was
    compared: layer, shape (N C H W), what (answer or gradient) was worst, error and allowed (shares of the
    scale of its sums; error None where it is not finite), fp32_ms, bf16_ms. is_right: None where nothing was
    compared. slower: how many times as long bf16 takes, None where it was not timed.
    """

    precision: Precision
    why: str
    numbers: tuple[dict[str, Any], ...] = ()
    channels_last: bool = True
    is_right: bool | None = None
    slower: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**vars(self), "numbers": [dict(row) for row in self.numbers]}


@cache
def promises(device: str) -> bool:
    """Whether products of matrices are faster in bf16 here: the first hint, in a fraction of a second, also
    where bf16 is emulated. Whether a network gains is told by its steps alone.
    """
    if _lacking(device):
        return False
    trial = Trial(_HINT_S, device)
    try:
        trial.products()
    except RuntimeError:  # no kernel for it: nothing is promised
        return False
    return trial.slower is not None and trial.slower < _FASTER


def decide(
    wanted: str,
    network: nn.Module,
    shape: tuple[int, int, int],
    batch: int,
    device: str = "cpu",
    seconds: float = 8,
) -> Verdict:
    """auto: bf16 where it is right and faster for this network; fp32 and bf16 pin it. shape: C H W.

    The network is not changed, and nothing is drawn from torch's own generator.
    """
    if wanted not in ("auto", "fp32", "bf16"):
        raise CannotTrain(
            f"the precision is auto, fp32 or bf16, not {wanted!r}",
            "fp16 is not offered: on a processor it is slower than fp32",
        )
    if wanted == "fp32":
        return Verdict("fp32", "fp32 as the recipe says; nothing was tested")
    lacking = _lacking(device)
    if lacking:
        return _pinned(wanted, Verdict("fp32", lacking, is_right=False))
    trial = Trial(seconds, device)
    with torch.random.fork_rng(devices=_cards(device)):
        found = layers_of(network, shape)  # a network that does not run at all says so itself
        try:
            _look(trial, found, network, shape, batch)
        except (RuntimeError, TypeError, ValueError) as fault:
            trial.broken = f"{type(fault).__name__}: {fault}".splitlines()[0]
    return _pinned(wanted, _judged(trial))


def quick(seconds: float = 3) -> Verdict:
    """The same for two convolutions and a product that every network has, and for a step of a small network
    made of them: the row of `striate doctor`.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    lacking = _lacking(device)
    if lacking:
        return Verdict("fp32", lacking, is_right=False)
    trial = Trial(seconds, device)
    trial.products()
    trial.layers(QUICK, 0.5)
    if trial.wrong is None and trial.slower is not None and trial.slower < HOPELESS:
        with torch.random.fork_rng(devices=_cards(device)):
            trial.step(_small(), _SMALL, _SMALL_BATCH)
    return _judged(trial, by_layers=True)


def _small() -> nn.Module:
    """Layers as in QUICK, with a norm, a pool and nonlinearities between them, which gain less."""
    return nn.Sequential(
        nn.Conv2d(3, 24, 2), nn.GELU(),
        nn.Conv2d(24, 64, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(64), nn.GELU(),
        nn.Conv2d(64, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.GELU(),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def _look(
    trial: Trial,
    found: dict[Layer, int],
    network: nn.Module,
    shape: tuple[int, int, int],
    batch: int,
) -> None:
    """Everything that is measured, cheapest first."""
    trial.products()
    if any(0 in (layer.kernel[0] % 2, layer.kernel[1] % 2) for layer in found):
        found = {KNOWN_FAULT: 1, **found}
    trial.layers(found, 0.6)
    if trial.wrong is None and trial.slower is not None and trial.slower < HOPELESS:
        trial.step(network, shape, batch)


def _judged(trial: Trial, *, by_layers: bool = False) -> Verdict:
    """The verdict and its sentence. Layers alone do not decide: what stands between them counts too."""
    numbers, slower = tuple(trial.rows), trial.slower
    right = trial.wrong is None and not trial.broken if numbers or trial.broken else None
    first = trial.step_ms.get("fp32, channels first")
    last = first is None or trial.step_ms["fp32"] * _FIRST < first
    known = bool(trial.step_ms) or by_layers
    faster = bool(right) and known and slower is not None and slower <= _FASTER
    precision: Precision = "bf16" if faster else "fp32"
    return Verdict(
        precision, _why(trial, by_layers=by_layers), numbers, last or faster, right, slower
    )


def _why(trial: Trial, *, by_layers: bool) -> str:
    """One sentence with numbers."""
    if trial.broken:
        return f"bf16 could not be tried here: {trial.broken}"
    if trial.wrong is not None:
        layer, found = trial.wrong
        return (
            f"bf16 is wrong here: {layer.label}, {found.what}: off by {found.error:.2%} of the scale of "
            f"its sums, where rounding explains {found.allowed:.2%}"
        )
    pace, how = _pace(trial)
    if not trial.tried:
        return f"bf16 was not compared: no layer could be tried in {trial.seconds:g} s{pace}{how}"
    worst = max(tried.worst.error / tried.worst.allowed for tried in trial.tried.values())
    errors = (
        f"errors at most {worst:.0%} of what rounding explains, {len(trial.tried)} kinds of layers"
    )
    late = not by_layers and not trial.step_ms and (trial.slower or 0) < HOPELESS
    untimed = f"; a whole step could not be timed in {trial.seconds:g} s, so it is not used"
    return f"bf16 is right here{pace}{how}; {errors}" + (untimed if late else "")


def _pace(trial: Trial) -> tuple[str, str]:
    """How fast, and how that was found out."""
    slower = trial.slower
    if slower is None:
        return "", ""
    if trial.step_ms:
        bf16, fp32 = trial.step_ms["bf16"], trial.step_ms["fp32"]
        how = f" ({bf16:.3g} and {fp32:.3g} ms for a step of {trial.pictures} pictures)"
    elif trial.tried:
        bf16, fp32 = 1e3 * trial.ran_s["bf16"], 1e3 * trial.ran_s["fp32"]
        how = f" ({bf16:.3g} and {fp32:.3g} ms for what was tried of its layers)"
    else:
        how = " (in one product of matrices)"
    if slower <= _FASTER:
        return f", and {1 / slower:.2g} times as fast as fp32", how
    if slower <= 1 / _FASTER:
        return ", but no faster than fp32", how
    return f", but {slower:.2g} times slower than fp32", how


def _pinned(wanted: str, found: Verdict) -> Verdict:
    """bf16 where the recipe asks for it, unless it is wrong."""
    if wanted != "bf16":
        return found
    if found.is_right is False:
        raise CannotTrain(
            f"the recipe asks for bf16, and that cannot be trusted: {found.why}",
            "set machine.precision to auto or fp32",
        )
    return replace(
        found, precision="bf16", channels_last=True, why=f"bf16 as the recipe says; {found.why}"
    )


def _lacking(device: str) -> str:
    """Why bf16 is not even tried on this device, or nothing."""
    kind = torch.device(device).type
    if kind not in ("cpu", "cuda"):
        return f"bf16 was not tried: the self-test knows cpu and cuda, not {kind}"
    if kind == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return f"bf16 was not tried: {torch.cuda.get_device_name(device)} has none"
    return ""


def _cards(device: str) -> list[Any]:
    """The devices whose generators are put back afterwards, besides the processor's."""
    return [torch.device(device)] if torch.device(device).type == "cuda" else []
