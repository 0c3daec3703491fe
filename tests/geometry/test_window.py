"""Windows against a loop that tries every place, and against PyTorch's own layers."""

from __future__ import annotations

import itertools
import re

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch.nn import functional

from striate.errors import DoesNotFit, LimitExceeded, Remainder
from striate.geometry.window import Window

windows = st.builds(
    Window,
    kernel=st.integers(1, 7),
    stride=st.integers(1, 8),
    before=st.integers(0, 5),
    after=st.integers(0, 5),
    dilation=st.integers(1, 5),
    ceil=st.just(False),
)
sizes = st.integers(1, 40)


def starts(window: Window, size: int) -> list[int]:
    """Every place of the window, by trying: where its first tap lies in the padded side."""
    padded = window.before + size + window.after
    last_tap = [tap * window.dilation for tap in range(window.kernel)][-1]
    return [at for at in range(0, padded, window.stride) if at + last_tap < padded]


def touched(window: Window, size: int, places: list[int]) -> set[int]:
    """The rows of the picture that some tap lies on."""
    taps = {at + tap * window.dilation for at in places for tap in range(window.kernel)}
    return {row - window.before for row in taps} & set(range(size))


@given(windows, sizes)
def test_out_remainder_and_unseen_agree_with_trying_every_place(window: Window, size: int) -> None:
    places = starts(window, size)
    assume(places)
    padded = window.before + size + window.after
    assert window.out(size) == len(places)
    assert window.remainder(size) == padded - (places[-1] + window.extent)
    assert window.unseen(size) == size - len(touched(window, size, places))


@given(windows, sizes)
def test_a_window_that_has_no_place_does_not_fit(window: Window, size: int) -> None:
    assume(not starts(window, size))
    with pytest.raises(DoesNotFit, match="the window is larger than the padded side"):
        window.out(size)


@given(
    kernel=st.integers(1, 6),
    stride=st.integers(1, 7),
    padding=st.integers(0, 3),
    dilation=st.integers(1, 3),
    size=st.integers(1, 30),
)
def test_ceil_mode_agrees_with_max_pooling_in_pytorch(
    kernel: int, stride: int, padding: int, dilation: int, size: int
) -> None:
    assume(padding * 2 <= kernel)
    window = Window(kernel, stride, padding, padding, dilation, ceil=True)
    picture = torch.zeros(1, 1, size)
    try:
        pooled = functional.max_pool1d(picture, kernel, stride, padding, dilation, ceil_mode=True)
    except RuntimeError:
        with pytest.raises(DoesNotFit):
            window.out(size)
        return
    assert window.out(size) == pooled.shape[-1]
    at = [place * stride for place in range(pooled.shape[-1])]
    assert window.unseen(size) == size - len(touched(window, size, at))
    assert window.remainder(size) == max(0, size + 2 * padding - (at[-1] + window.extent))


def test_a_ceil_window_may_be_larger_than_the_side_as_in_pytorch() -> None:
    window = Window(2, stride=2, ceil=True)
    assert (window.out(1), window.remainder(1), window.unseen(1)) == (1, 0, 0)


@pytest.mark.parametrize("kernel", range(1, 8))
@pytest.mark.parametrize("stride", range(1, 5))
def test_out_agrees_with_convolution_in_pytorch(kernel: int, stride: int) -> None:
    weight = torch.zeros(1, 1, kernel)
    for padding, dilation in itertools.product(range(3), range(1, 4)):
        window = Window(kernel, stride, padding, padding, dilation)
        for size in range(max(1, window.extent - 2 * padding), 24):
            side = torch.zeros(1, 1, size)
            made = functional.conv1d(side, weight, None, stride, padding, dilation)
            assert window.out(size) == made.shape[-1]


@pytest.mark.parametrize(
    ("window", "size", "text"),
    [
        (Window(3, stride=3), 7, "(7 - 3)/3 + 1 = 2.33"),
        (Window(5, stride=3), 7, "(7 - 5)/3 + 1 = 1.67"),
        (Window(3, before=1, after=1), 7, "(7 + 2 - 3)/1 + 1 = 7"),
        (Window(3, dilation=2), 9, "(9 - 5)/1 + 1 = 5"),
        (Window(5), 2, "(2 - 5)/1 + 1 = -2"),
    ],
)
def test_the_arithmetic_is_told_as_the_lectures_write_it(
    window: Window, size: int, text: str
) -> None:
    assert window.sum_text(size) == text


@given(windows, sizes)
def test_the_strict_rule_refuses_exactly_what_leaves_a_remainder(window: Window, size: int) -> None:
    assume(starts(window, size))
    if window.remainder(size):
        with pytest.raises(Remainder, match=r"/\d+ \+ 1 = .* or a side of .* fits"):
            window.check_exact(size)
    else:
        window.check_exact(size)


@given(windows, sizes)
def test_whatever_is_said_to_fit_does_fit(window: Window, size: int) -> None:
    assume(starts(window, size) and window.remainder(size))
    told = window.fits(size)
    strides, sides = (re.search(rf"{what} ([0-9/]+)", told) for what in ("stride", "a side of"))
    assert strides
    assert sides
    for stride in map(int, strides[1].split("/")):
        assert window._replace(stride=stride).remainder(size) == 0
    for side in map(int, sides[1].split("/")):
        assert side > 0
        assert window.room(side) % window.stride == 0
    pads = re.search(r"padding ([0-9/]+)", told)
    for pad in map(int, pads[1].split("/") if pads else []):
        assert window._replace(before=pad, after=pad).remainder(size) == 0
    assert bool(pads) != ("no symmetric padding does" in told)


def test_seven_by_three_with_stride_three_is_told_what_fits() -> None:
    with pytest.raises(Remainder, match="stride 1/2/4, padding 1 or a side of 6/9 fits"):
        Window(3, stride=3).check_exact(7)


HUGE = 999_999_999


@pytest.mark.parametrize(
    ("window", "unseen"),
    [
        (Window(1, stride=2), HUGE // 2),
        (Window(3), 0),
        (Window(HUGE), 0),
        (Window(2, dilation=HUGE - 1), HUGE - 2),
        (Window(3, stride=HUGE, before=HUGE, after=HUGE), HUGE - 3),
        (Window(3, stride=4), HUGE // 4),
        (Window(3, stride=4, before=HUGE, after=HUGE), HUGE // 4 + 1),  # HUGE % 4 is 3: one more
    ],
)
def test_nine_digits_are_counted_without_a_loop_over_them(window: Window, unseen: int) -> None:
    assert window.unseen(HUGE) == unseen
    assert window.fits(HUGE)


def test_gaps_between_too_many_taps_are_refused_by_name() -> None:
    with pytest.raises(LimitExceeded, match="at most 10,000 taps or places; here it has 100,000"):
        Window(100_000, stride=2, dilation=3).unseen(HUGE)
