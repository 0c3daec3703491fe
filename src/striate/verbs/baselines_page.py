"""From a comparison to its page: plain values, and what the features keep of one picture of each class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from striate.features.colour import hues
from striate.features.hog import cells_of
from striate.features.place import GRID, places
from striate.pages.baselines import Facts, Failed, Line, Seen, baselines_page
from striate.pictures.files import to_jpeg
from striate.verbs.baselines_described import cells_for

if TYPE_CHECKING:
    from striate.verbs.baselines import Compared

_SHOWN = 12  # classes


def page(found: Compared) -> str:
    """The whole file."""
    splits = found.world.prepared.dataset.splits
    facts = Facts(
        found.data, found.side, splits["train"], splits["val"], splits["test"], found.limit_s,
        found.commonest, found.world.classes,
    )  # fmt: skip
    return baselines_page(facts, lines_of(found), list(_seen(found)))


def lines_of(found: Compared) -> list[Line]:
    """The methods as the page wants them."""
    return [
        Line(
            row.name, row.sees, row.accuracy, row.interval, row.seconds, row.each_ms, row.parameters,
            row.multiply_adds, row.learned_from, row.chosen, row.recalls,
            tuple(Failed(*one) for one in row.failing),
        )
        for row in found.rows
    ]  # fmt: skip


def _seen(found: Compared) -> Iterator[Seen]:
    """The first picture of test of each class."""
    world = found.world
    rows = world.rows("test")
    labels = world.labels(rows)
    for k, name in enumerate(world.classes[:_SHOWN]):
        of_class = rows[labels == k][:1]
        if not len(of_class):
            continue
        pictures = world.pictures(of_class)
        H, W, C = pictures.shape[1:]
        yield Seen(
            name, to_jpeg(pictures[0]), cells_of(pictures, cells_for(H, W)._replace(block=0))[0].tolist(),
            hues(pictures)[0].tolist() if C == 3 else (), places(pictures)[0].reshape(GRID, GRID).tolist(),
        )  # fmt: skip
