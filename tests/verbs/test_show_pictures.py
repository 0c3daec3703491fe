"""Pictures for demonstrations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from striate.errors import FileFault, UsageError
from striate.pictures.files import to_png
from striate.verbs.show_pictures import grey_of, pixels_of


def test_a_file_becomes_its_pixels(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 9, 3)).astype(np.uint8)
    (tmp_path / "a.png").write_bytes(to_png(pixels))
    made, told = pixels_of(str(tmp_path / "a.png"))
    np.testing.assert_array_equal(made, pixels)
    assert told.startswith("a.png: 7×9")
    grey, names = grey_of([str(tmp_path / "a.png"), "1 2/3 4"])
    assert grey[0].shape == (7, 9, 1)
    assert names == ["a.png", "picture 1"]


def test_typed_numbers_are_grey_pixels() -> None:
    assert pixels_of("0 255/7 8")[0].tolist() == [[[0], [255]], [[7], [8]]]


@pytest.mark.parametrize("text", ["0 256", "-1 3", "1; 2"])
def test_what_is_no_pixel_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="0 to 255 in 1 or 3 channels"):
        pixels_of(text)


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(FileFault, match="neither numbers nor a file"):
        pixels_of("nowhere.jpg")
