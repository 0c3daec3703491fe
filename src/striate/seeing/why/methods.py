"""Every method by its name: what it says, on which shelf it stands, and one way to run it.

Shape legend: N pictures, C channels, H height, W width.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.errors import UsageError
from striate.seeing.why.cam import Cams, cams, enlarged
from striate.seeing.why.deconvnet import deconvnet
from striate.seeing.why.gradient import gradient
from striate.seeing.why.guided import guided
from striate.seeing.why.integrated import integrated
from striate.seeing.why.occlusion import occlusion
from striate.seeing.why.smooth import smooth_squared

Floats = NDArray[np.float64]
Shelf = Literal["first", "second", "history"]
FAILS = "fails randomisation tests"
MIXED = "no last map: later layers mix its places (attention), so it does not show where the answer lies"


@final
@dataclass(frozen=True, eq=False)
class Question:
    """model: any network whose output is N K; pictures: N C H W, prepared; targets: N, the classes asked
    for; layer: of class activation maps, the last with a map by default.
    """

    model: nn.Module
    pictures: Tensor
    targets: Tensor
    layer: str | None = None
    seed: int = 0


class Raw(NamedTuple):
    """maps: N H W as they came out; notes: N sentences or nothing."""

    maps: Tensor
    notes: tuple[str, ...] = ()


@final
@dataclass(frozen=True, eq=False)
class Maps:
    """What a method says: values N H W, never scaled; seconds: processor time for one picture."""

    method: str
    values: Floats
    notes: tuple[str, ...]
    seconds: float

    def range(self, index: int) -> tuple[float, float]:
        """Least and greatest value of one map."""
        one = self.values[index]
        return float(one.min()), float(one.max())


class Method(NamedTuple):
    """One row of the table."""

    name: str
    title: str
    says: str
    shelf: Shelf
    run: Callable[[Question], Raw]


def _occlusion(asked: Question) -> Raw:
    return Raw(occlusion(asked.model, asked.pictures, asked.targets))


def _cam(asked: Question) -> Raw:
    found = cams(asked.model, asked.pictures, asked.targets, asked.layer)
    return _cam_raw(found.high, found, asked)


def _grad_cam(asked: Question) -> Raw:
    found = cams(asked.model, asked.pictures, asked.targets, asked.layer)
    return _cam_raw(found.grad, found, asked)


def _cam_raw(maps: Tensor, found: Cams, asked: Question) -> Raw:
    size = (int(asked.pictures.shape[2]), int(asked.pictures.shape[3]))
    note = f"{maps.shape[1]}×{maps.shape[2]} values of {found.layer}"
    note += f"; {MIXED}" if found.is_mixed else ""
    return Raw(enlarged(maps, size), (note,) * len(maps))


def _integrated(asked: Question) -> Raw:
    found = integrated(asked.model, asked.pictures, asked.targets)
    notes = tuple(_gap(float(moved), float(gap)) for moved, gap in zip(*found[1:], strict=True))
    return Raw(found.values.sum(1), notes)


def _gap(moved: float, gap: float) -> str:
    told = f"adds up to {moved + gap:.3g} of {moved:.3g}: completeness gap {gap:+.2g}"
    return told.replace("-", "−")


def _smooth(asked: Question) -> Raw:
    return Raw(smooth_squared(asked.model, asked.pictures, asked.targets, seed=asked.seed).sum(1))


def _gradient(asked: Question) -> Raw:
    return Raw(gradient(asked.model, asked.pictures, asked.targets).abs().amax(1))


def _guided(asked: Question) -> Raw:
    found, count = guided(asked.model, asked.pictures, asked.targets)
    return Raw(found.abs().amax(1), _met(count, len(found)))


def _deconvnet(asked: Question) -> Raw:
    found, count = deconvnet(asked.model, asked.pictures, asked.targets)
    return Raw(found.abs().amax(1), _met(count, len(found)))


def _met(count: int, many: int) -> tuple[str, ...]:
    return () if count else ("no ReLU was met: this is the plain gradient",) * many


METHODS = (
    Method("occlusion", "Occlusion", "how far the score falls when a part is covered", "first", _occlusion),
    Method("cam", "HiResCAM", "what each place of the last maps adds to the score", "first", _cam),
    Method(
        "integrated",
        "Integrated gradients",
        "what each pixel adds on the way from plain grey to the picture",
        "first",
        _integrated,
    ),
    Method("smooth", "SmoothGrad²", "squared slopes, the mean over noisy copies", "first", _smooth),
    Method("gradient", "Gradient", "the slope of the score at each pixel", "second", _gradient),
    Method(
        "gradcam",
        "Grad-CAM",
        "as HiResCAM with slopes averaged first: may light up what was not used",
        "second",
        _grad_cam,
    ),
    Method("guided", "Guided backprop", f"history: {FAILS}", "history", _guided),
    Method("deconvnet", "Deconvnet", f"history: {FAILS}", "history", _deconvnet),
)  # fmt: skip
BY_NAME = {method.name: method for method in METHODS}
DEFAULT = tuple(method.name for method in METHODS if method.shelf == "first")


def named(names: str) -> tuple[str, ...]:
    """Names with commas; `gradients` stands for the two that follow the slope, `all` for every method."""
    found: list[str] = []
    for name in (part.strip() for part in names.split(",") if part.strip()):
        many = {"all": tuple(BY_NAME), "gradients": ("integrated", "smooth")}.get(name, (name,))
        found += [one for one in many if one not in found]
    unknown = [name for name in found if name not in BY_NAME]
    if unknown or not found:
        raise UsageError(
            f"there is no method {unknown[0]!r}" if unknown else "no method is named",
            f"the methods are {', '.join(BY_NAME)}; gradients and all stand for several",
        )
    return tuple(found)


def explain(asked: Question, method: str) -> Maps:
    """The raw map of each picture by one method, and what it cost."""
    begun = time.process_time()
    raw = BY_NAME[method].run(asked)
    spent = time.process_time() - begun
    values: Floats = raw.maps.detach().cpu().to(torch.float64).numpy()
    notes = raw.notes or ("",) * len(values)
    return Maps(method, values, notes, spent / max(1, len(values)))
