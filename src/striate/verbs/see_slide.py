"""`see RUN slide IMAGE`: a classifier goes over a picture larger than the ones it was trained on."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from striate.errors import FileFault, Unreadable, UsageError
from striate.verbs.see_opened import Opened, opened
from striate.verbs.train_order import Working

if TYPE_CHECKING:
    from striate.pictures.files import Pixels
    from striate.seeing.figures.figure import Figure
    from striate.seeing.inside.slide import Slid


class Sliding(NamedTuple):
    """label: the class that is looked for, by default the likeliest anywhere; scale: what the sides of the
    picture are multiplied by first; crops: ask each crop by itself.
    """

    images: tuple[str, ...] = ()
    label: str | None = None
    scale: float = 1.0
    crops: bool = False


def slide(path: str | Opened, wanted: Sliding) -> Generator[Working, None, Figure]:
    """The score grid of one class over one picture, at the picture's own scale or another."""
    import torch

    from striate.seeing.figures.slid import slid_figure
    from striate.seeing.inside import slide as sliding

    seen = path if isinstance(path, Opened) else opened(path)
    if len(wanted.images) != 1:
        raise UsageError("slide goes over one picture", "striate see RUN slide PICTURE")
    label = None if wanted.label is None else seen.place(wanted.label)
    pixels = _read(wanted.images[0], seen, wanted.scale)
    picture = torch.from_numpy(seen.preparation.normalise(pixels[None]))
    run = sliding.slide(
        seen.network,
        picture,
        seen.preparation.size,
        seen.temperature,
        by_crops=wanted.crops,
    )
    found = yield from _followed(run)
    if label is None:
        label = int(found.probabilities().max((0, 1)).argmax())
    shown = pixels.repeat(3, axis=2) if pixels.shape[2] == 1 else pixels
    return slid_figure(seen.name, shown, found, seen.classes, label)


def _read(name: str, seen: Opened, scale: float) -> Pixels:
    """The whole picture: decoded as the network's are, and not fitted to their size."""
    from pathlib import Path

    from striate.pictures.files import decode, read_bytes, resized
    from striate.seeing.inside.slide import check_size

    if not Path(name).is_file():
        raise FileFault(f"{name} is no file", "look how it is written", name)
    try:
        pixels = decode(read_bytes(name), seen.preparation.rules)
    except Unreadable as fault:
        raise Unreadable(f"{name}: {fault.text}", "leave it out, or repair it", name) from None
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    check_size((height, width), seen.preparation.size)  # before so much is made
    if scale == 1:
        return pixels
    made: Pixels = np.ascontiguousarray(resized(pixels, height, width))
    return made


def _followed(run: Generator[tuple[int, int], None, Slid]) -> Generator[Working, None, Slid]:
    while True:
        try:
            done, total = next(run)
        except StopIteration as end:
            found: Slid = end.value
            return found
        yield Working("sliding", done, total)
