"""Where bytes lie: folders and arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from striate.errors import Unreadable
from striate.pictures.files import Rules
from striate.pictures.source import Arrays, Folder
from tests.pictures.trees import png


def test_a_folder_gives_bytes_pixels_and_sizes(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(7))
    source = Folder(tmp_path)
    assert source.data(0, "a.png") == png(7)
    assert source.pixels(0, "a.png").tolist() == np.full((2, 2, 3), 7).tolist()
    assert source.size_bytes(0, "a.png") == len(png(7))
    assert source.shown("a.png") == f"{tmp_path}/a.png"


def test_a_file_that_went_away_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="the system says: No such file"):
        Folder(tmp_path).data(0, "a.png")


@pytest.mark.parametrize(
    ("channels", "mode", "shape"), [(1, "RGB", 3), (3, "RGB", 3), (1, "L", 1), (3, "L", 1)]
)
def test_arrays_come_in_the_mode_that_is_wanted(channels: int, mode: str, shape: int) -> None:
    pictures = np.full((2, 4, 5, channels), 90, np.uint8)
    found = Arrays(pictures, "here").pixels(1, "", Rules(mode=mode))  # type: ignore[arg-type]
    assert found.shape == (4, 5, shape)
    assert (found == 90).all()


def test_arrays_give_files_too() -> None:
    source = Arrays(np.zeros((1, 4, 5, 1), np.uint8), "here")
    assert source.data(0, "x").startswith(b"\x89PNG")
    assert source.size_bytes(0, "x") == 20
