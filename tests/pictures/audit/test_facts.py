"""What an audit keeps of a picture, against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import Unreadable
from striate.pictures.audit import facts
from striate.pictures.audit.facts import (
    FACTS,
    NOTHING,
    READ,
    REFUSED,
    WITH_SMALL,
    Facts,
    look,
    packed,
)
from striate.pictures.files import Rules, to_jpeg, to_png
from tests.pictures.photographs import photograph


def row_of(data: bytes) -> np.void:
    return packed([look(data, Rules())])[0]


def test_light_and_sharpness_are_what_numpy_says(rng: np.random.Generator) -> None:
    grey = rng.integers(0, 256, (40, 50, 1), dtype=np.uint8)
    found = row_of(to_png(grey))["facts"]
    values = grey[:, :, 0].astype(np.float64)
    laplacian = (
        4 * values[1:-1, 1:-1]
        - values[:-2, 1:-1]
        - values[2:, 1:-1]
        - values[1:-1, :-2]
        - values[1:-1, 2:]
    )
    assert found["brightness"] == pytest.approx(values.mean(), rel=1e-4)
    assert found["contrast"] == pytest.approx(values.std(), rel=1e-3)
    assert found["sharpness"] == pytest.approx(laplacian.var(), rel=1e-3)
    assert (found["height"], found["width"], found["state"], bool(found["grey"])) == (
        40,
        50,
        READ,
        True,
    )


def test_colour_is_told_from_grey_even_after_jpeg(rng: np.random.Generator) -> None:
    colour = photograph(rng)
    grey = colour[:, :, :1].repeat(3, axis=2)
    assert not row_of(to_jpeg(colour))["facts"]["grey"]
    assert row_of(to_jpeg(grey))["facts"]["grey"]


def test_equal_pixels_share_a_key_and_one_changed_value_does_not(rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (300, 200, 3), dtype=np.uint8)
    other = pixels.copy()
    other[150, 100, 1] ^= 1
    moved = pixels.copy()
    moved[0, :8], moved[200, :8] = pixels[200, :8], pixels[0, :8]
    one, same, changed, swapped = (
        row_of(to_png(p))["facts"] for p in (pixels, pixels, other, moved)
    )
    assert one["pixel_hash"] == same["pixel_hash"]
    assert len({bytes(r["pixel_hash"]) for r in (one, changed, swapped)}) == 3


def test_what_cannot_be_read_has_a_row_of_its_own_state() -> None:
    with pytest.raises(Unreadable, match="no picture of a known format"):
        look(b"rubbish", Rules())
    rows = packed([NOTHING, look(to_png(np.zeros((3, 3, 3), np.uint8)), Rules())])
    assert rows["facts"]["state"].tolist() == [REFUSED, READ]
    assert len(packed([])) == 0


def test_two_swapped_tiles_have_another_key_at_any_distance() -> None:
    for side in (256, 512, 509, 1018):
        one = np.full((side, side, 3), 255, np.uint8)
        one[8:16, 8:16] = one[72:80, 72:80] = 0
        other = np.full((side, side, 3), 255, np.uint8)
        other[8:16, 72:80] = other[72:80, 8:16] = 0
        first, second = (row_of(to_png(p))["facts"]["pixel_hash"] for p in (one, other))
        assert first != second, side


def test_facts_are_the_same_alone_and_beside_others(rng: np.random.Generator) -> None:
    files = [to_jpeg(photograph(rng, 40 + 10 * (i % 3), 60)) for i in range(9)]
    together = packed([look(data, Rules()) for data in files])
    for row, data in zip(together, files, strict=True):
        alone = row_of(data)
        for name in ("brightness", "contrast", "sharpness"):
            assert row["facts"][name] == pytest.approx(alone["facts"][name], rel=1e-4)
        assert row["facts"]["grey"] == alone["facts"]["grey"]
        assert np.array_equal(row["hues"], alone["hues"])


@pytest.mark.parametrize("size", [(1, 1), (2, 900), (900, 2)])
def test_thin_pictures_have_facts_too(size: tuple[int, int]) -> None:
    found = row_of(to_png(np.full((*size, 3), 9, np.uint8)))["facts"]
    assert (found["brightness"], found["contrast"], found["sharpness"]) == (9, 0, 0)


def test_a_million_pictures_take_2_8_gigabytes_outside_of_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert FACTS.itemsize <= 96
    assert WITH_SMALL.itemsize <= 2800
    monkeypatch.setattr(facts, "IN_MEMORY", 10)
    held = Facts.empty(1000)
    assert isinstance(held.small, np.memmap)
    held.small[999] = 7
    assert held.small[999].min() == 7
    assert isinstance(Facts.empty(10).small, np.ndarray)
    assert not isinstance(Facts.empty(10).small, np.memmap)


def test_refused_and_read_places_are_told_apart() -> None:
    held = Facts.empty(4)
    held.refuse(2, "why")
    held.rows["state"][[0, 3]] = READ
    assert (held.refused.tolist(), held.read.tolist(), held.reasons) == ([2], [0, 3], {2: "why"})
