"""Where the scores of two classes tie, in the plane in which pictures differ most.

The last layer is linear in what goes into it: the pixels themselves for a linear classifier, features for a
deeper network. Within a plane through those vectors the scores are linear too, so ties are straight lines,
exactly. Pictures lie off the plane; how much of their variance it shows, and how many of them keep their
answer when they are laid onto it, is told.

Shape legend: N pictures, D numbers before the last layer, K classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.errors import CannotLookInside
from striate.seeing.asking import calm

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_CLOSE = 1e-3


class Head(NamedTuple):
    """vectors: N D, what goes into the last layer; weight: K D; bias: K; layer: its name."""

    layer: str
    vectors: Floats
    weight: Floats
    bias: Floats


class Plane(NamedTuple):
    """places: N 2; slopes, offsets: K 2 and K, the score of class k at a place a is slopes[k] a + offsets[k];
    shown: the share of the variance that lies in the plane; answers: N, the classes that the whole vectors
    get; kept: the share of pictures whose place gets the same.
    """

    places: Floats
    slopes: Floats
    offsets: Floats
    shown: float
    answers: Ints
    kept: float


def head_of(model: nn.Module, batches: Iterable[Tensor]) -> Head:
    """N C H W in batches through the network, up to its last layer, whose outputs must be the scores."""
    full = [(name, m) for name, m in model.named_modules() if isinstance(m, nn.Linear)]
    if not full:
        raise CannotLookInside(
            "the network has no fully connected layer, so no hyperplanes divide its classes",
            "it needs a last layer that is linear",
        )
    names = {module: name for name, module in full}
    held: list[tuple[nn.Linear, Tensor, Tensor]] = []  # of the last that was run

    def keep(module: nn.Linear, given: tuple[Tensor, ...], made: Tensor) -> None:
        held[:] = [(module, given[0], made)]

    handles = [module.register_forward_hook(keep) for _, module in full]
    vectors = []
    try:
        with calm(model), torch.no_grad():
            for pictures in batches:
                held.clear()
                told = model(pictures)
                vectors.append(_before(held, names, told))
    finally:
        for handle in handles:
            handle.remove()
    last = held[0][0]
    weight: Floats = last.weight.detach().double().cpu().numpy()
    own: Tensor | None = last.bias
    bias = np.zeros(len(weight)) if own is None else own.detach().double().cpu().numpy()
    return Head(names[last], np.concatenate(vectors), weight, bias)


def _before(
    held: list[tuple[nn.Linear, Tensor, Tensor]], names: dict[nn.Linear, str], told: Tensor
) -> Floats:
    """N D of what went into the last layer, if what went out are the scores."""
    if not held or held[0][2].shape != told.shape or not _same(held[0][2], told):
        layer = names[held[0][0]] if held else "its fully connected layers"
        raise CannotLookInside(
            f"what goes out of {layer} are not the scores of the network",
            "hyperplanes need a network that ends in one fully connected layer",
        )
    made: Floats = held[0][1].double().cpu().numpy()
    return made


def _same(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, rtol=_CLOSE, atol=_CLOSE)


def plane_of(head: Head) -> Plane:
    """The plane of the first two principal components."""
    middle = head.vectors.mean(0)
    apart = head.vectors - middle
    if len(apart) < 3:
        raise CannotLookInside("a plane needs three pictures", "give --in DATA with more of them")
    if apart.shape[1] < 2:
        raise CannotLookInside(
            f"one number goes into {head.layer}, and a plane needs two",
            "take a network with more features before its last layer",
        )
    _, sizes, across = np.linalg.svd(apart, full_matrices=False)
    axes = across[:2]
    # An axis has no sign of its own: its greatest number is made positive, so that it is the same again.
    axes = axes * np.where(axes[np.arange(len(axes)), np.abs(axes).argmax(1)] < 0, -1, 1)[:, None]
    places = apart @ axes.T
    slopes, offsets = head.weight @ axes.T, head.weight @ middle + head.bias
    answers = (head.vectors @ head.weight.T + head.bias).argmax(1)
    kept = float(((places @ slopes.T + offsets).argmax(1) == answers).mean())
    whole = float(np.square(sizes).sum())
    shown = float(np.square(sizes[:2]).sum()) / whole if whole > 0 else 1.0
    return Plane(places, slopes, offsets, shown, answers, kept)


def tie(plane: Plane, one: int, other: int) -> tuple[Floats, float]:
    """The line where two classes tie: places a with n a = c, n of length 1 (or 0: no line)."""
    normal = plane.slopes[one] - plane.slopes[other]
    size = float(np.linalg.norm(normal)) or 1.0
    return normal / size, float(plane.offsets[other] - plane.offsets[one]) / size
