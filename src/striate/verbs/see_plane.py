"""`see RUN hyperplanes`: where the classes of the last layer meet, in a plane of pictures."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from striate.verbs.see_crowd import BATCH, Crowd, batch_of, in_words, with_room
from striate.verbs.see_opened import Opened, data_of, opened
from striate.verbs.train_order import Said, Working

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from striate.pictures.dataset import Dataset
    from striate.seeing.figures.figure import Figure
    from striate.seeing.inside.hyperplanes import Head


def hyperplanes(path: str | Opened, wanted: Crowd) -> Generator[Working | Said, None, Figure]:
    """The pictures in the plane of their first two principal components, before the last layer."""
    from striate.seeing.figures.divided import Divided, hyperplanes_figure
    from striate.seeing.inside.hyperplanes import head_of, plane_of

    seen = opened(path)
    dataset = data_of(seen, wanted.data)
    rows = yield from with_room(dataset, wanted.most)
    found: list[Head] = []
    for start in range(0, len(rows), BATCH):
        yield Working("looking at pictures", start, len(rows))
        pictures = batch_of(seen, dataset, rows[start : start + BATCH])
        found.append(head_of(seen.network, [pictures]))
    head = found[0]._replace(vectors=np.concatenate([one.vectors for one in found]))
    told = Divided(
        (seen.name, head.layer, in_words(dataset, rows)),
        seen.classes,
        own_labels(seen, dataset, rows),
    )
    return hyperplanes_figure(told, plane_of(head))


def own_labels(seen: Opened, dataset: Dataset, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Labels by the network's own numbers; -1 for a class that it does not know."""
    known = {name: k for k, name in enumerate(seen.classes)}
    own = np.array([known.get(name, -1) for name in dataset.classes] or [-1], np.int64)
    labels = dataset.labels[rows].astype(np.int64)
    return np.where(labels >= 0, own[labels], -1)
