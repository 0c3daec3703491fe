"""Visual words: histograms counted patch by patch, and the drawing read back."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import UsageError
from striate.features.codebook import Wanted, learn
from striate.lectures.drawing import scene_of
from striate.lectures.scene import Path, Picture
from striate.lectures.shown import Shown
from striate.lectures.words import evened, examples, looks_of, sheet_of, words
from tests.lectures.reading import words as texts


@pytest.fixture(scope="module")
def small() -> Shown:
    pictures, names = examples(48)
    return words(pictures, names, count=8, side=5, seed=1)


def test_shares_are_counted_patch_by_patch(small: Shown) -> None:
    pictures, _ = examples(48)
    batch = np.stack(pictures)
    book = learn(batch, 1, Wanted(8, 5, 1, 4000))
    for n, picture in enumerate(pictures):
        counts = np.zeros(8)
        for r in range(44):
            for c in range(44):
                patch = picture[r : r + 5, c : c + 5].astype(float).ravel()
                patch -= patch.mean()
                patch /= np.sqrt((patch**2).mean() + 10)
                white = (patch - book.whitening.mean) @ book.whitening.matrix
                counts[((white - book.words) ** 2).sum(axis=1).argmin()] += 1
        np.testing.assert_allclose(small.arrays["histograms"][n], counts / 44**2, atol=2 / 44**2)


def test_every_patch_counts_once(small: Shown) -> None:
    np.testing.assert_allclose(small.arrays["histograms"].sum(axis=1), 1, atol=1e-6)
    assert small.facts["patches_each"] == 44 * 44
    assert small.arrays["patches"].sum() == 3 * 44 * 44
    mean = small.arrays["histograms"].mean(axis=0) * 3 * 44 * 44
    np.testing.assert_allclose(small.arrays["patches"], mean, atol=1e-2)


def test_a_word_looks_like_the_mean_of_its_patches() -> None:
    stripes = np.tile(np.array([0, 0, 200, 200], np.uint8), (24, 6))[:, :, None]
    batch = np.stack([stripes])
    book = learn(batch, 0, Wanted(4, 4, 1, 400))
    looks, met = looks_of(batch, book)
    assert met.sum() == 21 * 21
    for look in looks[met > 0]:
        assert np.ptp(look, axis=0).max() < 1e-5  # every row of upright stripes is alike


def test_upright_stripes_use_words_that_flat_ones_do_not() -> None:
    shown = words(*examples())
    flat, upright, _ = shown.arrays["histograms"]
    looks = shown.arrays["looks"][..., 0]
    across = np.abs(np.diff(looks, axis=2)).sum(axis=(1, 2))
    down = np.abs(np.diff(looks, axis=1)).sum(axis=(1, 2))
    lead = (across - down) / (across + down)
    assert upright @ lead > flat @ lead + 0.05


def test_the_curves_are_the_histograms(small: Shown) -> None:
    scene = scene_of(small.still)
    curves = [m for m in scene.marks if isinstance(m, Path) and len(m.points) == 16]
    assert len(curves) == 3
    top = small.arrays["histograms"].max() * 1.08
    for curve, row in zip(curves, small.arrays["histograms"], strict=True):
        height = np.array([y for _, y in curve.points])[::2]
        bottom = max(y for one in curves for _, y in one.points)
        lowest = small.arrays["histograms"].min()
        np.testing.assert_allclose((bottom - height) / 360 * top, row - lowest, atol=1e-6)


def test_the_sheet_shows_every_word_in_reading_order(small: Shown) -> None:
    looks = small.arrays["looks"]
    sheet = sheet_of(looks)
    full = np.abs(looks).max()
    assert sheet.shape == (3 * 6 + 1, 3 * 6 + 1, 3)
    for k in range(8):
        top, left = k // 3 * 6 + 1, k % 3 * 6 + 1
        read = (sheet[top : top + 5, left : left + 5].astype(float) - 127.5) / 127.5 * full
        np.testing.assert_allclose(read, np.repeat(looks[k], 3, axis=2), atol=full / 127)


def test_the_still_shows_every_picture_under_its_name(small: Shown) -> None:
    pictures, names = examples(48)
    drawn = [m for m in scene_of(small.still).marks if isinstance(m, Picture)]
    for mark, picture in zip(drawn, pictures, strict=False):
        np.testing.assert_array_equal(mark.pixels, np.repeat(picture, 3, axis=2))
    said = texts(small.still)
    assert all(name in said for name in names)


def test_the_lines_say_how_many_numbers_become_how_many(small: Shown) -> None:
    text = "\n".join(small.lines)
    assert "44 · 44 = 1,936 patches a picture" in text
    assert "so 2,304 numbers become 8" in text
    row = next(line for line in small.lines if line.startswith("  stripes-flat"))
    wanted = [f"{100 * share:.0f}" for share in small.arrays["histograms"][0]]
    assert row.split()[1:] == wanted


def test_pictures_are_made_alike_and_not_too_large() -> None:
    made = evened([np.zeros((320, 200, 1), np.uint8), np.zeros((50, 90, 1), np.uint8)])
    assert {one.shape for one in made} == {(160, 100, 1)}


def test_what_cannot_be_shown_is_refused() -> None:
    pictures, names = examples(48)
    with pytest.raises(UsageError, match="1 to 8 pictures of one size"):
        words(pictures * 3, names * 3)
    with pytest.raises(UsageError, match="2 to 64 words"):
        words(pictures, names, count=1)
