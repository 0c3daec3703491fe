"""The size of a JPEG from its header, against the decoder."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pages.jpeg_size import jpeg_size
from striate.pictures.files import decode, to_jpeg, to_png


@pytest.mark.parametrize("size", [(8, 8), (96, 54), (1, 300)])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_header_says_what_the_decoder_finds(
    rng: np.random.Generator, size: tuple[int, int], channels: int
) -> None:
    data = to_jpeg(rng.integers(0, 256, (*size, channels), dtype=np.uint8))
    assert jpeg_size(data) == size == decode(data).shape[:2]


def test_what_is_no_jpeg_has_no_size(rng: np.random.Generator) -> None:
    assert jpeg_size(to_png(np.zeros((4, 4, 3), np.uint8))) is None
    data = to_jpeg(np.zeros((40, 40, 3), np.uint8))
    for end in (0, 1, 2, 5, 20):
        assert jpeg_size(data[:end]) is None
    for _ in range(200):
        jpeg_size(b"\xff\xd8" + rng.bytes(40))
