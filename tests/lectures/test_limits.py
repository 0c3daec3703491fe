"""What would take gigabytes is refused in words, before it begins."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import DoesNotFit, UsageError
from striate.geometry.window import Window
from striate.lectures.conv import Slide, conv
from striate.lectures.head import head
from striate.lectures.limits import check_work
from striate.lectures.matrix import matrix
from striate.lectures.pool import Pooling, pool


def test_a_huge_padding_is_refused() -> None:
    with pytest.raises(UsageError, match="more than 1,000,000 pixels"):
        conv(np.ones((1, 5, 5)), np.ones((1, 3, 3)), Slide(padding=(100_000, 0)))
    with pytest.raises(UsageError, match="more than 1,000,000 pixels"):
        matrix(np.ones((5, 5)), np.ones((3, 3)), Slide(padding=(0, 10**8)))


def test_too_many_products_are_refused() -> None:
    photo = np.zeros((512, 512))
    with pytest.raises(UsageError, match="170,569 places with 10,000 products each"):
        pool(photo, Pooling("max", (100, 100), (1, 1)))
    with pytest.raises(UsageError, match="more than a demonstration shows"):
        head(photo, np.zeros((20, 10, 10)))


def test_a_photograph_with_a_7x7_kernel_of_three_channels_is_not_too_much() -> None:
    check_work((512, 512), (Window(7), Window(7)), 1)
    check_work((512, 384), (Window(7), Window(7)), 3)


def test_a_window_larger_than_the_picture_does_not_fit() -> None:
    with pytest.raises(DoesNotFit):
        check_work((2, 2), (Window(3), Window(3)))
