"""Which pictures are alike to a network: the nearest by the vector before its last layer, exactly, in blocks.

Shape legend: N pictures of the index, Q questions, D length of a vector, k neighbours.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.errors import CannotLookInside
from striate.optional import available, need
from striate.seeing.asking import calm

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
LARGEST = 1_000_000  # vectors that are compared without faiss, where that is there
_BLOCK, _QUESTIONS = (
    16_384,
    256,
)  # vectors of the index and of the questions that are compared at once


class Nearest(NamedTuple):
    """rows: Q k, the nearest first, of equal ones the earlier; likeness: Q k, cosines."""

    rows: Ints
    likeness: Floats


def embeddings(model: nn.Module, batches: Iterable[Tensor]) -> Floats:
    """N C H W in batches to N D: what goes into the last fully connected layer that is run, of length 1.
    Without such a layer it is the mean over all places of what goes into the last convolution.
    """
    ends = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    made: list[Floats] = []
    last: dict[
        bool, Tensor
    ] = {}  # what went into the last layer of either kind; True: fully connected

    def keep(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        last[isinstance(module, nn.Linear)] = given[0].detach()

    handles = [end.register_forward_pre_hook(keep) for end in ends]
    try:
        with calm(model), torch.no_grad():
            for pictures in batches:
                last.clear()
                model(pictures)
                made.append(_vectors(last))
    finally:
        for handle in handles:
            handle.remove()
    whole = np.concatenate(made)
    length = np.linalg.norm(whole, axis=1, keepdims=True)
    unit: Floats = (whole / np.where(length > 0, length, 1)).astype(np.float32)
    return unit


def _vectors(last: dict[bool, Tensor]) -> Floats:
    """N D of what went into the last fully connected layer, or else the last convolution."""
    if not last:
        raise CannotLookInside(
            "the network has neither a fully connected layer nor a convolution, so nothing stands before it",
            "neighbours need a network that ends in one",
        )
    vectors = last[True] if True in last else last[False].mean((2, 3))
    made: Floats = vectors.flatten(1).float().cpu().numpy()
    return made


def nearest(index: Floats, questions: Floats, k: int, but: Ints | None = None) -> Nearest:
    """The k nearest of the index N D for each question Q D. but: Q, a row that each question may not find
    (itself), or -1. Blocks of questions and of the index are compared, so beside both little is held.
    """
    k = min(k, len(index) - (but is not None))
    if k < 1:
        raise CannotLookInside(
            "one picture alone has no neighbours",
            "look through more than one, or ask about another",
        )
    if len(index) > LARGEST and available("faiss"):
        return _by_faiss(index, questions, k, but)
    rows = np.zeros((len(questions), k), np.int64)
    likeness = np.full((len(questions), k), -np.inf, np.float32)
    for first in range(0, len(questions), _QUESTIONS):
        asked = slice(first, first + _QUESTIONS)
        mine = None if but is None else but[asked]
        for start in range(0, len(index), _BLOCK):
            some = index[start : start + _BLOCK]
            found = questions[asked] @ some.T
            if mine is not None:
                here = np.flatnonzero((mine >= start) & (mine < start + len(some)))
                found[here, mine[here] - start] = -np.inf
            _keep_nearest(found, start, rows[asked], likeness[asked])
    return Nearest(rows, likeness)


def _by_faiss(index: Floats, questions: Floats, k: int, but: Ints | None) -> Nearest:
    """The same by faiss, exactly: it compares all, many at once. Of equal ones the order is its own."""
    faiss: Any = need("faiss", to="find neighbours among millions", extra="see")
    more = k + (but is not None)
    likeness, rows = faiss.knn(questions, index, more, metric=faiss.METRIC_INNER_PRODUCT)
    if but is not None:
        is_own = rows == but[:, None]
        is_own[~is_own.any(1), -1] = True  # none was met: the farthest goes
        shape = (len(rows), k)
        rows, likeness = rows[~is_own].reshape(shape), likeness[~is_own].reshape(shape)
    return Nearest(rows.astype(np.int64), likeness.astype(np.float32))


def _keep_nearest(found: Floats, start: int, rows: Ints, likeness: Floats) -> None:
    """Put into rows and likeness, Q k, what of a block is nearer; of equal ones the earlier stay."""
    k = rows.shape[1]
    # Nothing below the k-th of the block, or no nearer than the k-th so far, has a chance.
    least = likeness[:, -1].copy()
    if found.shape[1] > k:
        kth = np.partition(found, -k, axis=1)[:, -k]
        has_chance = (found >= kth[:, None]) & (found > least[:, None])
    else:
        has_chance = found > least[:, None]
    for q in np.flatnonzero(has_chance.any(1)):
        places = np.flatnonzero(has_chance[q])
        every = np.concatenate([likeness[q], found[q, places]])
        numbers = np.concatenate([rows[q], places + start])
        order = np.argsort(-every, kind="stable")[:k]
        likeness[q], rows[q] = every[order], numbers[order]


def precision_at(found: Nearest, labels: Ints, asked: Ints) -> float:
    """The share of neighbours that have the label of their question. labels: N; asked: Q."""
    return float((labels[found.rows] == asked[:, None]).mean())


def flat_map(vectors: Floats, how: str = "pca", seed: int = 0) -> NDArray[np.float64]:
    """N D to N 2, for looking: by principal components, or by t-SNE or UMAP, whose distances mean little."""
    if vectors.shape[1] < 2:
        raise CannotLookInside(
            "one number goes into the last layer, and a plane needs two",
            "take a network with more features before its last layer",
        )
    if how == "umap":
        return _by_umap(vectors, seed)
    need("sklearn", to="lay pictures out on a map", extra="train")
    if how == "tsne":
        from sklearn.manifold import TSNE

        perplexity = min(30.0, max(2.0, (len(vectors) - 1) / 3))
        made = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(vectors)
    else:
        from sklearn.decomposition import PCA

        made = PCA(2, random_state=seed, svd_solver="full").fit_transform(vectors)
    return np.asarray(made, np.float64)


def _by_umap(vectors: Floats, seed: int) -> NDArray[np.float64]:
    umap: Any = need("umap", to="lay pictures out by UMAP", extra="see")
    near = min(15, len(vectors) - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a seed makes it work on one core
        made = umap.UMAP(n_neighbors=near, metric="cosine", random_state=seed).fit_transform(
            vectors
        )
    return np.asarray(made, np.float64)
