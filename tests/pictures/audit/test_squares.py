"""What an audit takes from a decoded picture: nothing is copied, and nothing differs for that."""

from __future__ import annotations

import gc
import io

import numpy as np
import pytest
from PIL import Image

from striate.errors import Unreadable
from striate.pictures.audit import squares
from striate.pictures.audit.facts import _pixel_hash
from striate.pictures.audit.squares import HUES, SIDE, decode_for_audit, of_tiny
from striate.pictures.files import Rules, decode, resized, to_jpeg, to_png
from tests.pictures.photographs import photograph


def test_what_is_lent_are_the_pixels_and_stays_when_the_picture_is_gone(
    rng: np.random.Generator,
) -> None:
    data = [to_jpeg(photograph(rng, 180, 300)) for _ in range(8)]
    held = [decode_for_audit(one, Rules()).stored for one in data]
    gc.collect()
    for one, stored in zip(data, held, strict=True):
        assert stored.shape == (180, 300, 4)
        assert np.array_equal(stored[:, :, :3], decode(one))
        assert (stored[:, :, 3] == 255).all()


def test_a_large_jpeg_is_looked_at_at_a_fraction_of_its_size(rng: np.random.Generator) -> None:
    data = to_jpeg(photograph(rng, 430, 600), 95)
    seen = decode_for_audit(data, Rules())
    assert seen.stored.shape == (215, 300, 4)
    assert seen.header.size == (430, 600)
    whole = decode(data).astype(float).mean(2)
    halved = whole.reshape(215, 2, 300, 2).mean((1, 3))
    assert np.abs(seen.stored[:, :, :3].mean(2) - halved).mean() < 3
    whole = np.asarray(Image.fromarray(decode(data)).convert("L").reduce(3).resize((48, 48)))
    assert np.abs(seen.small.astype(float) - whole).mean() < 2


def test_a_large_jpeg_that_is_cut_off_is_refused_at_a_fraction_of_its_size_too(
    rng: np.random.Generator,
) -> None:
    data = to_jpeg(photograph(rng, 430, 600), 95)
    with pytest.raises(Unreadable):
        decode_for_audit(data[: len(data) * 4 // 5], Rules())


def test_equal_pixels_have_one_key_whatever_file_they_come_from(rng: np.random.Generator) -> None:
    jpeg = to_jpeg(photograph(rng, 90, 130))
    pixels, files = decode(jpeg), [jpeg]
    for kind in ("PNG", "BMP", "TIFF", "WEBP"):
        held = io.BytesIO()
        Image.fromarray(pixels).save(held, kind, **({"lossless": True} if kind == "WEBP" else {}))
        files.append(held.getvalue())
    held = io.BytesIO()
    Image.fromarray(np.dstack([pixels, np.full((90, 130), 255, np.uint8)])).save(held, "PNG")
    files.append(held.getvalue())
    assert (
        len({_pixel_hash(decode_for_audit(data, Rules()).stored, (90, 130)) for data in files}) == 1
    )


def test_a_pillow_that_lends_nothing_gives_the_same(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = to_jpeg(photograph(rng, 90, 130))
    lent = decode_for_audit(data, Rules()).stored
    monkeypatch.setattr(squares, "_lent", lambda image: None)
    assert np.array_equal(decode_for_audit(data, Rules()).stored, lent)


@pytest.mark.parametrize("side", [20, 60, 400])
def test_the_coloured_square_is_the_picture_made_small(side: int) -> None:
    colours = np.zeros((side, side, 3), np.uint8)
    colours[: side // 2, : side // 2], colours[side // 2 :] = (200, 30, 90), (10, 20, 240)
    found = decode_for_audit(to_png(colours), Rules()).hues
    assert found.shape == (HUES, HUES, 3)
    assert np.abs(found[2, 2].astype(int) - (200, 30, 90)).max() <= 1
    assert np.abs(found[-2, -2].astype(int) - (10, 20, 240)).max() <= 1


def test_a_grey_picture_has_one_stored_channel_where_grey_is_wanted() -> None:
    found = decode_for_audit(to_png(np.full((30, 40, 1), 7, np.uint8)), Rules(mode="L"))
    assert found.stored.shape == (30, 40, 1)
    assert found.small.shape == (SIDE, SIDE)
    assert (found.hues == 7).all()


@pytest.mark.parametrize("size", [(32, 32), (1, 1), (47, 5), (28, 40)])
def test_many_tiny_pictures_at_once_are_as_pillow_makes_them(
    size: tuple[int, int], rng: np.random.Generator
) -> None:
    pixels = np.stack([resized(photograph(rng, 60, 60), *size) for _ in range(5)])
    grey, small = of_tiny(pixels)
    for i, one in enumerate(pixels):
        wanted = decode_for_audit(to_png(one), Rules())
        assert np.array_equal(grey[i], wanted.grey)
        assert np.abs(small[i].astype(int) - wanted.small).max() <= 2
