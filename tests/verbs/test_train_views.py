"""More looks at unsure pictures: what a view shows, and who gets one."""

from __future__ import annotations

import numpy as np

from striate.verbs.train_views import seen


def test_a_mirrored_view_is_the_mirror() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), np.uint8)
    assert (seen(pixels, "mirrored") == np.flip(pixels, 2)).all()


def test_moved_views_move_by_one_pixel_and_mirror_the_border() -> None:
    pixels = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)
    up = seen(pixels, "up and left")[0, ..., 0]
    assert (up[:3, :3] == pixels[0, 1:, 1:, 0]).all()
    assert (up[3, :3] == pixels[0, 2, 1:, 0]).all()
    down = seen(pixels, "down and right")[0, ..., 0]
    assert (down[1:, 1:] == pixels[0, :3, :3, 0]).all()
    assert (down[0, 1:] == pixels[0, 1, :3, 0]).all()
