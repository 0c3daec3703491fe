"""Which pictures are alike to a network: the nearest by the vector before its last layer, exactly, in blocks.

Shape legend: N pictures of the index, Q questions, D length of a vector, k neighbours.
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

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
_BLOCK = 65_536  # vectors of the index that are compared at once


class Nearest(NamedTuple):
    """rows: Q k, the nearest first, of equal ones the earlier; likeness: Q k, cosines."""

    rows: Ints
    likeness: Floats


def embeddings(model: nn.Module, batches: Iterable[Tensor]) -> Floats:
    """N C H W in batches to N D: what goes into the last fully connected layer, of length 1."""
    full = [module for module in model.modules() if isinstance(module, nn.Linear)]
    if not full:
        raise CannotLookInside(
            "the network has no fully connected layer, so nothing stands before it",
            "neighbours need a network that ends in one",
        )
    held: list[Tensor] = []
    handle = full[-1].register_forward_pre_hook(
        lambda _, given: held.append(given[0].detach().flatten(1).cpu())
    )
    try:
        with calm(model), torch.no_grad():
            for pictures in batches:
                model(pictures)
    finally:
        handle.remove()
    made: Floats = torch.cat(held).float().numpy()
    length = np.linalg.norm(made, axis=1, keepdims=True)
    unit: Floats = (made / np.where(length > 0, length, 1)).astype(np.float32)
    return unit


def nearest(index: Floats, questions: Floats, k: int, but: Ints | None = None) -> Nearest:
    """The k nearest of the index N D for each question Q D. but: Q, a row that each question may not find
    (itself), or -1.
    """
    k = min(k, len(index) - (but is not None))
    rows = np.empty((len(questions), 0), np.int64)
    likeness = np.empty((len(questions), 0), np.float32)
    for start in range(0, len(index), _BLOCK):
        some = index[start : start + _BLOCK]
        found = questions @ some.T
        if but is not None:
            here = np.flatnonzero((but >= start) & (but < start + len(some)))
            found[here, but[here] - start] = -np.inf
        numbers = np.broadcast_to(np.arange(start, start + len(some)), found.shape)
        rows, likeness = np.concatenate([rows, numbers], 1), np.concatenate([likeness, found], 1)
        order = np.argsort(-likeness, axis=1, kind="stable")[:, :k]
        rows = np.take_along_axis(rows, order, 1)
        likeness = np.take_along_axis(likeness, order, 1)
    return Nearest(rows, likeness)


def precision_at(found: Nearest, labels: Ints, asked: Ints) -> float:
    """The share of neighbours that have the label of their question. labels: N; asked: Q."""
    return float((labels[found.rows] == asked[:, None]).mean())


def flat_map(vectors: Floats, how: str = "pca", seed: int = 0) -> NDArray[np.float64]:
    """N D to N 2, for looking: by principal components, or by t-SNE, whose distances mean little."""
    from striate.optional import need

    need("sklearn", to="lay pictures out on a map", extra="train")
    if how == "tsne":
        from sklearn.manifold import TSNE

        perplexity = min(30.0, max(2.0, (len(vectors) - 1) / 3))
        made = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(vectors)
    else:
        from sklearn.decomposition import PCA

        made = PCA(2, random_state=seed, svd_solver="full").fit_transform(vectors)
    return np.asarray(made, np.float64)
