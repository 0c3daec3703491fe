"""What copies mean: one picture under two labels, copies on both sides of a split, and plain copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from striate.pictures.audit.copies import Copies
from striate.pictures.audit.phrases import counted, examples
from striate.pictures.dataset import SPLITS, Dataset, Finding

MOST_PATHS = 1_000


class Conflict(NamedTuple):
    """Copies that carry different labels."""

    places: tuple[int, ...]
    labels: tuple[str, ...]
    is_exact: bool


def conflicts(dataset: Dataset, copies: Copies) -> list[Conflict]:
    """The same picture under two labels; exact ones first."""
    sets = [(group, True) for group in copies.exact] + [(pair, False) for pair in copies.near]
    return [
        Conflict(
            tuple(places := _one_of_each_first(dataset.labels, whole)),
            tuple(dataset.classes[int(dataset.labels[i])] for i in places),
            is_exact,
        )
        for whole, is_exact in sets
        if len(np.unique(dataset.labels[whole])) > 1
    ]


def _one_of_each_first(labels: NDArray[np.int32], places: NDArray[np.int64]) -> list[int]:
    """One picture of each label, then the rest: so a message shows the conflict."""
    firsts = sorted(np.unique(labels[places], return_index=True)[1].tolist())
    rest = [i for i in range(len(places)) if i not in firsts]
    return [int(places[i]) for i in (*firsts, *rest)]


def of(dataset: Dataset, copies: Copies) -> Iterator[Finding]:
    """One finding for each kind."""
    found = conflicts(dataset, copies)
    exact = [one for one in found if one.is_exact]
    near = [one for one in found if not one.is_exact]
    if exact:
        text = f"{counted(len(exact), 'picture')} under two labels: {_labelled(dataset, exact)}"
        yield Finding("label-conflict", "error", text, _paths(dataset, [c.places for c in exact]))
    if near:
        text = f"{counted(len(near), 'pair')} of near-copies under two labels: {_labelled(dataset, near)}"
        yield Finding(
            "near-copies-two-labels", "warning", text, _paths(dataset, [c.places for c in near])
        )
    yield from _across(dataset, copies)
    if copies.exact:
        more = sum(len(group) - 1 for group in copies.exact)
        text = f"{counted(len(copies.exact), 'picture')} more than once, {counted(more, 'file')} too many: "
        text += examples([_joined(dataset, group) for group in copies.exact])
        yield Finding("exact-copies", "warning", text, _paths(dataset, copies.exact))
    if len(copies.near):
        text = f"{counted(len(copies.near), 'pair')} of near-copies (re-encoded, cropped or mirrored): "
        text += examples([_joined(dataset, pair) for pair in copies.near])
        yield Finding("near-copies", "warning", text, _paths(dataset, list(copies.near)))


def _across(dataset: Dataset, copies: Copies) -> Iterator[Finding]:
    """Copies on both sides of a split that was given: scores would be too good."""
    sets = [*copies.exact, *copies.near]
    over = [places for places in sets if len(np.unique(dataset.split[places])) > 1]
    if not over:
        return
    tested = {int(i) for places in over for i in places if dataset.split[i] > 0}
    named = [SPLITS[i] for i in np.unique([dataset.split[i] for i in tested])]
    text = (
        f"{counted(len(tested), 'picture')} of {' and '.join(named)} have copies in another split, "
        f"so scores there are too good: {examples([_joined(dataset, places) for places in over])}"
    )
    yield Finding("copies-across-splits", "warning", text, _paths(dataset, over))


def _labelled(dataset: Dataset, found: Sequence[Conflict]) -> str:
    return examples(
        [
            " = ".join(
                f"{dataset.paths[i]} ({label})"
                for i, label in zip(one.places[:3], one.labels, strict=False)
            )
            for one in found
        ]
    )


def _joined(dataset: Dataset, places: NDArray[np.int64]) -> str:
    more = " = …" if len(places) > 3 else ""
    return " = ".join(dataset.paths[int(i)] for i in places[:3]) + more


def _paths(
    dataset: Dataset, sets: Sequence[NDArray[np.int64] | tuple[int, ...]]
) -> tuple[str, ...]:
    places = dict.fromkeys(int(i) for places in sets for i in places)
    return tuple(dataset.paths[i] for i in list(places)[:MOST_PATHS])
