"""Pictures of train as whole ones, where boxes will be cut out of them; see `pictures.store.whole`."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.errors import StriateError
from striate.pictures.augment.chain import preset
from striate.pictures.prepare import Preparation
from striate.verbs.train_data import prepared_all
from striate.verbs.train_order import Event, Said, Working

if TYPE_CHECKING:
    from striate.pictures.store.cache import Prepared
    from striate.pictures.store.whole import Whole
    from striate.training.recipe import Recipe

_TOLD_EACH = 64


def decided(pictures: Prepared, recipe: Recipe) -> Generator[Event, None, Whole | None]:
    """Whole pictures where the recipe cuts boxes and the preparation cuts something away; None where boxes
    are to be cut out of the pictures as they are prepared for the network.
    """
    from striate.pictures.store.whole import bytes_of, has_room, preparation_of

    wanted = preparation_of(pictures.preparation)
    if wanted is None or not preset(recipe.pictures.augment, wanted.size).cuts_boxes:
        return None
    instead = "boxes are cut out of the middle of pictures, as it is prepared for the network: "
    if not has_room(pictures, wanted):
        gigabytes = bytes_of(pictures.dataset.splits["train"], wanted) / 1e9
        yield Said(f"{instead}whole ones would take {gigabytes:.1f} GB more")
        return None
    try:
        return (yield from _made(pictures, wanted))
    except StriateError as fault:
        yield Said(f"{instead}whole ones cannot be had ({fault.text})", "warning")
        return None


def as_before(told: Mapping[str, Any], pictures: Prepared) -> Generator[Event, None, Whole | None]:
    """What a run was decided to have; runs of before have none."""
    kept = told.get("whole")
    if kept is None:
        return None
    return (yield from _made(pictures, Preparation.from_dict(kept)))


def _made(pictures: Prepared, wanted: Preparation) -> Generator[Event, None, Whole]:
    """Prepared, or from the cache, and the shape of each file."""
    from striate.pictures.store.whole import Whole, widths

    train = pictures.dataset.only(pictures.dataset.places("train"))
    kept = yield from prepared_all(train, wanted, False, "preparing whole pictures of train")
    for one in kept.findings:
        yield Said(one.text, one.severity)
    H, W = wanted.size
    stretched = np.ones(len(train))
    for i, width in enumerate(widths(train)):
        if i % _TOLD_EACH == 0:
            yield Working("sizes of train", i, len(train))
        stretched[i] = width * H / W
    return Whole.of(pictures.dataset, kept, stretched)
