"""Where a window can stand: the lectures' sizes, uses counted one by one, and the drawing read back."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import DoesNotFit, UsageError
from striate.lectures.drawing import scene_of
from striate.lectures.scene import Box
from striate.lectures.steps import Steps, shrinking, starts, steps, uses
from striate.lectures.to_pixels import gif_of
from tests.lectures.reading import frames_in, grid


def told(asked: Steps) -> str:
    return "\n".join(steps(asked).lines)


def counted(asked: Steps) -> np.ndarray:
    """Every tap of every place, one by one."""
    (H, W), (kh, kw), (sh, sw), (ph, pw), (dh, dw) = asked
    made = np.zeros((H + 2 * ph, W + 2 * pw), int)
    top = 0
    while top + (kh - 1) * dh < len(made):
        left = 0
        while left + (kw - 1) * dw < made.shape[1]:
            for i in range(kh):
                for j in range(kw):
                    made[top + i * dh, left + j * dw] += 1
            left += sw
        top += sh
    return made


@pytest.mark.parametrize(
    "asked",
    [
        Steps(), Steps(stride=(2, 2)), Steps(stride=(3, 3)), Steps(pad=(1, 1)),
        Steps((9, 12), (3, 2), (2, 1), (1, 0), (2, 3)), Steps((32, 32), (5, 5), (2, 2), (2, 2)),
    ],
    ids=str,
)  # fmt: skip
def test_uses_are_those_counted_one_by_one(asked: Steps) -> None:
    np.testing.assert_array_equal(uses(asked), counted(asked))


def test_l0_to_l3_7x7_with_3x3_has_5_places_then_3_then_does_not_fit() -> None:
    text = told(Steps())
    assert "stride 1:   (7 - 3)/1 + 1 = 5  fits: 5×5" in text
    assert "stride 2:   (7 - 3)/2 + 1 = 3  fits: 3×3" in text
    assert (
        "stride 3:   (7 - 3)/3 + 1 = 2.33  does not fit; floored 2×2, unseen: one row and one column"
        in text
    )
    shown = steps(Steps(stride=(3, 3)))
    assert shown.facts["out"] == (2, 2)
    assert not shown.facts["fits"]
    assert (shown.arrays["uses"][6] == 0).all()
    assert (shown.arrays["uses"][:, 6] == 0).all()
    assert (shown.arrays["uses"][:6, :6] == 1).all()


def test_l0_to_l3_padding_1_keeps_7x7_and_f_3_5_7_keep_a_size_with_p_1_2_3() -> None:
    assert steps(Steps(pad=(1, 1))).facts["out"] == (7, 7)
    for kernel, pad in ((3, 1), (5, 2), (7, 3)):
        asked = Steps((32, 32), (kernel, kernel), pad=(pad, pad))
        assert asked.out == (32, 32)
        assert f"F = {kernel} with P = {pad}" in told(asked)
        assert "keeps the size" in told(asked)


def test_l0_and_l2_5x5_filters_shrink_32_to_28_to_24_and_on_to_4() -> None:
    sizes = shrinking(Steps((32, 32), (5, 5)))
    assert [h for h, _ in sizes] == [32, 28, 24, 20, 16, 12, 8, 4]
    assert "again and again: 32 → 28 → 24 → 20 → 16 → 12 → 8 → 4" in told(Steps((32, 32), (5, 5)))


def test_l2_f_5_s_2_p_whatever_fits_nothing_fits_an_even_size() -> None:
    text = told(Steps((32, 32), (5, 5), (2, 2)))
    for pad, places in ((0, "14.5"), (1, "15.5"), (2, "16.5")):
        assert f"padding {pad}: " in text
        assert f"= {places}  does not fit" in text
    assert "no padding fits" in text
    assert "no padding fits" not in told(Steps((33, 33), (5, 5), (2, 2)))


@pytest.mark.parametrize("stride", [2, 3, 4, 5])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("size", [7, 8, 12, 33])
def test_no_padding_fits_is_said_only_where_none_does(size: int, kernel: int, stride: int) -> None:
    text = told(Steps((size, size), (kernel, kernel), (stride, stride)))
    fitting = [p for p in range(40) if (size + 2 * p - kernel) % stride == 0]
    assert ("no padding fits" in text) == (not fitting)
    assert ("no padding smaller than the window fits" in text) == (
        min(fitting, default=0) >= kernel
    )


def test_l1_with_padding_1_a_corner_is_used_4_times_an_edge_6_and_the_inside_9() -> None:
    used = steps(Steps(pad=(1, 1))).arrays["uses"]
    assert used[0, 0] == used[0, -1] == used[-1, 0] == used[-1, -1] == 4
    assert (used[0, 1:-1] == 6).all()
    assert (used[1:-1, 0] == 6).all()
    assert (used[1:-1, 1:-1] == 9).all()
    text = told(Steps(pad=(1, 1)))
    assert "4 at the corner, 6 at the upper edge, 9 in the middle" in text
    assert "padding does not make all pixels be used equally often" in text


def test_that_padding_keeps_the_size_is_said_only_where_it_does() -> None:
    assert "equally often; it keeps the size" in told(Steps(pad=(1, 1)))
    assert told(Steps((8, 8), (3, 3), (2, 2), (1, 1))).endswith("be used equally often")


def test_places_that_begin_in_the_padding_begin_below_zero() -> None:
    assert starts(Steps(pad=(1, 1)), 0).tolist() == [-1, 0, 1, 2, 3, 4, 5]
    assert "rows −1, 0, 1" in told(Steps(pad=(1, 1)))


@pytest.mark.parametrize("asked", [Steps(), Steps(pad=(1, 1)), Steps((6, 9), (2, 3), (2, 1))])
def test_the_still_says_the_uses_and_the_places(asked: Steps) -> None:
    shown = steps(asked)
    drawn = grid(shown.still, "how often each is used")
    np.testing.assert_array_equal(drawn, shown.arrays["uses_with_padding"])
    h, w = asked.out
    np.testing.assert_array_equal(grid(shown.still, f"{h}×{w} places"), shown.arrays["places"])


def test_every_place_is_a_frame_with_the_window_where_it_stands() -> None:
    asked = Steps(stride=(2, 2))
    shown = steps(asked)
    assert len(shown.frames) == 9
    for number, frame in enumerate(shown.frames):
        scene = scene_of(frame)
        marks = [m for m in scene.marks if isinstance(m, Box)]
        cell = marks[0]
        window = next(m for m in marks if m.thick == 5 and not m.dash)
        down, right = divmod(number, 3)
        assert (window.x - cell.x) / cell.width == pytest.approx(2 * right)
        assert (window.y - cell.y) / cell.height == pytest.approx(2 * down)
        assert window.width == pytest.approx(3 * cell.width)
        assert np.nanmax(grid(frame, "3×3 places")) == number + 1
    assert frames_in(gif_of([scene_of(frame) for frame in shown.frames], 100)) == 9


def test_a_window_with_gaps_shows_its_taps() -> None:
    marks = scene_of(steps(Steps(dilation=(2, 2))).still).marks
    taps = [m for m in marks if isinstance(m, Box) and m.thick == 5 and not m.dash]
    assert len(taps) == 9 + 1  # and the place
    assert "dilation 2" in steps(Steps(dilation=(2, 2))).title


@pytest.mark.parametrize(("dilation", "pad"), [(2, 2), (3, 3)])
def test_with_gaps_the_padding_that_keeps_the_size_is_as_much_wider(
    dilation: int, pad: int
) -> None:
    text = told(Steps((9, 9), dilation=(dilation, dilation)))
    kept = [line for line in text.splitlines() if line.startswith(f"padding {pad}:")]
    assert kept[0].endswith("keeps the size")
    assert f"P = D(F − 1)/2: F = 3 with P = {pad}, F = 5 with P = {2 * pad}" in text
    uneven = told(Steps((9, 9), dilation=(2, 3)))
    assert "P = D(F − 1)/2: D = 2 along rows, 3 along columns" in uneven


def test_a_padding_that_fits_is_looked_for_as_far_as_a_window_with_gaps_reaches() -> None:
    # A kernel of 3 with dilation 3 reaches 7 pixels: 13 + 2P - 7 is a multiple of 7 for P = 4, more than 3.
    late = Steps((13, 13), (3, 3), (7, 7), dilation=(3, 3))
    assert [p for p in range(7) if (13 + 2 * p - 7) % 7 == 0] == [4]
    assert "no padding" not in told(late)


def test_the_sum_that_is_shown_of_a_window_too_large_is_of_the_side_it_is_too_large_for() -> None:
    text = told(Steps((7, 2), pad=(1, 1)))
    line = next(one for one in text.splitlines() if one.startswith("padding 0:"))
    assert "(2 - 3)/1 + 1" in line
    assert "(7 - 3)" not in line


def test_long_ways_are_told_in_short() -> None:
    text = told(Steps((64, 64)))
    assert "rows 0, 1, 2, …, 61" in text
    assert "64 → 62 → 60" in text
    assert text.count("→ …") == 1


def test_what_cannot_slide_is_refused() -> None:
    with pytest.raises(DoesNotFit, match="the window is larger"):
        steps(Steps((3, 3), (5, 5)))
    with pytest.raises(UsageError, match="1 or more"):
        steps(Steps(stride=(0, 1)))
    with pytest.raises(UsageError, match="256"):
        steps(Steps((1000, 1000)))
