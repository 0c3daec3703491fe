"""A comparison as arrays that are equal to its rows, and as a picture."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from striate.verbs.baselines import Compared, baselines
from striate.verbs.baselines_drawn import arrays, npz, png
from striate.verbs.baselines_world import Asked
from tests.verbs.made import followed


def compared() -> Compared:
    asked = Asked("digits", 1e5, subset=200)
    found = followed(baselines(asked, ("HOG + SVM", "places + softmax")))[1]
    assert isinstance(found, Compared)
    return found


def test_arrays_say_what_the_rows_say_and_need_no_pickle() -> None:
    found = compared()
    with np.load(io.BytesIO(npz(found)), allow_pickle=False) as held:
        read = {name: held[name] for name in held.files}
    assert set(read) == set(arrays(found))
    assert read["method"].tolist() == [row.name for row in found.rows]
    counts = read["confusion"]
    assert counts.shape == (2, 10, 10)
    right = np.trace(counts, axis1=1, axis2=2) / counts.sum(axis=(1, 2))
    assert np.allclose(right, read["accuracy"])
    assert (read["low"] < read["accuracy"]).all()
    assert (read["accuracy"] < read["high"]).all()
    assert np.allclose(read["recall"].mean(axis=1), [np.mean(row.recalls) for row in found.rows])


def test_a_picture_has_every_method_and_no_cost_is_needed() -> None:
    image = Image.open(io.BytesIO(png(compared())))
    assert (image.format, image.width) == ("PNG", 1430)
    shown = np.asarray(image.convert("RGB")).astype(int)
    assert (np.abs(shown - (11, 99, 168)).sum(axis=2) < 12).sum() > 500  # the discs


def test_the_picture_ends_in_a_table_that_is_darker_where_a_class_is_known() -> None:
    found = compared()
    shown = np.asarray(Image.open(io.BytesIO(png(found))).convert("RGB")).astype(int)
    height, width = shown.shape[:2]
    inches = 130
    rows, columns = len(found.rows), len(found.world.classes)
    bottom = height - round(0.25 * inches)
    cell = round(0.24 * inches)
    left, wide = 0.2 * width, 0.78 * width / columns
    for i, row in enumerate(found.rows):
        line = bottom - (rows - i) * cell + 4  # near the upper edge, above the number
        reds = [shown[line, round(left + (k + 0.5) * wide), 0] for k in range(columns)]
        order = np.argsort(np.nan_to_num(row.recalls))
        assert reds[order[-1]] < reds[order[0]]
