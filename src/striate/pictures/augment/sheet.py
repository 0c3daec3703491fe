"""A contact sheet of what augmentation does: the picture as it is prepared, and seven of its variants."""

from __future__ import annotations

import numpy as np

from striate.pictures.augment.chain import Chain
from striate.pictures.augment.draws import Draws
from striate.pictures.dataset import Dataset
from striate.pictures.files import Pixels, resized, to_png
from striate.pictures.order import order
from striate.pictures.prepare import Preparation

VARIANTS = 7
_GAP, _SMALLEST = 4, 96


def preview(
    dataset: Dataset, chain: Chain, preparation: Preparation, pictures: int = 6, seed: int = 0
) -> bytes:
    """A PNG: one row for each picture, the prepared one first, then its variants in epochs 0 ... 6."""
    chosen = order(len(dataset), seed, 0)[:pictures].astype(np.int64)
    rules = preparation.rules
    prepared = np.stack([preparation.apply(dataset.pixels(int(i), rules)) for i in chosen])
    columns = [prepared]
    for epoch in range(VARIANTS):
        draws = Draws(seed, epoch, len(dataset))
        made = chain.apply(prepared.copy(), draws, chosen)
        if chain.mix is not None:
            drawn = chain.mix.draw(draws, 0, *made.shape[1:3])
            made = chain.mix.apply(made, made[::-1], drawn)
        columns.append(made)
    return to_png(_laid_out(columns))


def _laid_out(columns: list[Pixels]) -> Pixels:
    """Columns of N H W C to one picture; small ones are enlarged so that people can see them."""
    H, W, C = columns[0].shape[1:]
    times = max(1, -(-_SMALLEST // max(H, W)))
    height, width = H * times + _GAP, W * times + _GAP
    sheet = np.full(
        (len(columns[0]) * height + _GAP, len(columns) * width + _GAP, C), 255, np.uint8
    )
    for j, column in enumerate(columns):
        for i, picture in enumerate(column):
            shown = resized(picture, H, W) if picture.shape[:2] != (H, W) else picture
            shown = shown.repeat(times, axis=0).repeat(times, axis=1)
            top, left = _GAP + i * height, _GAP + j * width
            sheet[top : top + H * times, left : left + W * times] = shown
    return sheet
