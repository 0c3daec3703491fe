"""A sheet of originals and variants, as a PNG."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pictures.augment.chain import PRESETS, preset
from striate.pictures.augment.sheet import VARIANTS, preview
from striate.pictures.files import decode
from striate.pictures.order import order
from striate.pictures.prepare import Preparation
from tests.pictures.sets import numbers


@pytest.mark.parametrize("name", PRESETS)
def test_a_sheet_has_a_row_for_each_picture_and_its_variants(name) -> None:
    data, preparation = numbers(side=32), Preparation((32, 32))
    sheet = decode(preview(data, preset(name, (32, 32)), preparation, pictures=3))
    assert sheet.shape == (3 * (96 + 4) + 4, (VARIANTS + 1) * (96 + 4) + 4, 3)
    first = data.pixels(int(order(50, 0, 0)[0]))
    assert np.array_equal(sheet[4:100:3, 4:100:3], first)
    again = decode(preview(data, preset(name, (32, 32)), preparation, pictures=3))
    assert np.array_equal(sheet, again)


def test_grey_pictures_and_other_sizes_fit_on_a_sheet() -> None:
    chain = preset("photos", (20, 20), to=(10, 10))
    sheet = preview(numbers(5, side=20, channels=1), chain, Preparation((20, 20), mode="L"))
    assert decode(sheet).shape[0] == 5 * 104 + 4
