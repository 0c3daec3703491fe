"""One picture that is there more than once: equal bytes, equal pixels, or a near-copy (re-encoded, cropped,
mirrored).

`near.py` proposes pairs, `align.py` and `detail.py` confirm them. Of photographs grey values are compared, so
a recoloured copy is one too; drawings on a plain ground must be equal in colour, and where they stand.
Pictures with a side under 48 pixels are only compared as they stand, at one size: such thumbnails look alike
without being copies. Pictures without structure (a plain sky) are compared by bytes and pixels alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from striate.pictures.audit.align import alike, confirmed
from striate.pictures.audit.facts import READ, Facts
from striate.pictures.audit.near import Proposals, propose
from striate.pictures.dataset import Dataset
from striate.pictures.files import DEFAULT, Rules

Places = NDArray[np.int64]
SMALL = 48  # pixels of the shorter side; below, thumbnails of different things look alike
_LIKELY, _SAME = 0.88, 0.95  # of signatures: that of a crop, that of a re-encoded thumbnail
_CLOSE = (
    0.02  # the distance within a group so large that looser links would chain everything together
)
_LARGE_GROUP, _LARGE_SHARE = 100, 0.05


@final
@dataclass(frozen=True, eq=False)
class Copies:
    """`exact`: groups of places with equal bytes or pixels. `near`: P 2, pairs of places, one of
    each exact group; `distance`: P, 0 for equal, under 0.055.
    """

    exact: tuple[Places, ...]
    near: Places
    distance: NDArray[np.float32]

    def groups(self, count: int) -> Places:
        """One number for each picture: that of its group, or -1 where it stands alone."""
        tight = [(int(g[0]), int(other)) for g in self.exact for other in g[1:]]
        links = [*tight, *((int(a), int(b)) for a, b in self.near)]
        found = _joined(count, links)
        sizes = np.bincount(found[found >= 0]) if (found >= 0).any() else np.zeros(0, np.int64)
        large = np.flatnonzero(sizes > max(_LARGE_GROUP, _LARGE_SHARE * count))
        if not len(large):
            return found
        keep = (self.distance <= _CLOSE) | ~np.isin(found[self.near[:, 0]], large)
        return _joined(count, [*tight, *((int(a), int(b)) for a, b in self.near[keep])])


def find(facts: Facts) -> Copies:
    """All copies among the pictures that could be read."""
    exact = _exact(facts)
    alone = facts.rows["state"] == READ
    for group in exact:
        alone[group[1:]] = False
    shorter = np.minimum(facts.rows["height"], facts.rows["width"])
    large = np.flatnonzero(alone & (shorter >= SMALL)).astype(np.int64)
    small = np.flatnonzero(alone & (shorter < SMALL)).astype(np.int64)
    pairs, distance = _near(facts, large)
    more, more_distance = _reencoded(facts, small)
    return Copies(exact, np.concatenate([pairs, more]), np.concatenate([distance, more_distance]))


def groups_of(dataset: Dataset, facts: Facts | None = None, rules: Rules = DEFAULT) -> Places:
    """For `split`: N int64, equal numbers for pictures that are copies of one another, -1 for all
    others. Without `facts` every picture is read first.
    """
    from striate.pictures.audit.audit_crew import read_all

    if facts is None:
        facts = Facts.empty(len(dataset))
        for _ in read_all(dataset, facts, rules):
            pass
    return find(facts).groups(len(dataset))


def _exact(facts: Facts) -> tuple[Places, ...]:
    """Groups with equal pixels; equal bytes decode to equal pixels."""
    places = facts.read
    links = _links(places, facts.rows["pixel_hash"][places])
    return tuple(_members(_joined(len(facts), links)))


def _near(facts: Facts, places: Places) -> tuple[Places, NDArray[np.float32]]:
    """Pairs of photographs, one a crop, a mirrored or a re-encoded copy of the other."""
    squares = facts.small[places]
    proposed = propose(squares, _LIKELY, crops=True)
    score, same = confirmed(squares, facts.hues[places], proposed)
    return _pairs(places, proposed, score, same)


def _reencoded(facts: Facts, places: Places) -> tuple[Places, NDArray[np.float32]]:
    """Pairs of thumbnails of one size with nearly equal values."""
    squares = facts.small[places]
    proposed = propose(squares, _SAME, crops=False)
    sizes = np.stack([facts.rows["height"][places], facts.rows["width"][places]], 1)
    equal = (sizes[proposed.original] == sizes[proposed.copy]).all(1)
    proposed = proposed.take(equal)
    score, same = alike(squares, proposed)
    return _pairs(places, proposed, score, same)


def _pairs(
    places: Places, proposed: Proposals, score: NDArray[np.float32], kept: NDArray[np.bool_]
) -> tuple[Places, NDArray[np.float32]]:
    """Each pair once, the lower place first, with its best score as a distance."""
    found = np.sort(np.stack([proposed.original[kept], proposed.copy[kept]], 1), axis=1)
    order = np.lexsort((-score[kept], found[:, 1], found[:, 0]))
    found, distance = found[order], 1 - score[kept][order]
    new = np.ones(len(found), np.bool_)
    new[1:] = (found[1:] != found[:-1]).any(1)
    return places[found[new]], np.maximum(distance[new], 0).astype(np.float32)


def _groups(places: Places, keys: NDArray[np.void] | Places) -> list[Places]:
    """Places that share a key, where more than one does."""
    if not len(places):
        return []
    _, number = np.unique(keys, return_inverse=True)
    order = np.argsort(number, kind="stable")
    cuts = np.flatnonzero(np.diff(number[order])) + 1
    return [group for group in np.split(places[order], cuts) if len(group) > 1]


def _links(places: Places, keys: NDArray[np.void]) -> list[tuple[int, int]]:
    return [(int(g[0]), int(other)) for g in _groups(places, keys) for other in g[1:]]


def _joined(count: int, links: list[tuple[int, int]]) -> Places:
    """Numbers of the groups that links make, -1 for what has no link; numbered in the order of
    places.
    """
    above: dict[int, int] = {}

    def top(place: int) -> int:
        while above.setdefault(place, place) != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    for a, b in links:
        first, second = sorted((top(a), top(b)))
        above[second] = first
    found = np.full(count, -1, np.int64)
    numbers: dict[int, int] = {}
    for place in sorted(above):
        found[place] = numbers.setdefault(top(place), len(numbers))
    return found


def _members(found: Places) -> list[Places]:
    """The groups of `_joined`."""
    placed = np.flatnonzero(found >= 0).astype(np.int64)
    return _groups(placed, found[placed])
