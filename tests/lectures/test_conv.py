"""A kernel slides over a picture, with the numbers of the lectures and with others."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import convolve2d, correlate2d

from striate.errors import DoesNotFit, UsageError
from striate.lectures.conv import Slide, conv
from striate.lectures.kernels import KERNELS, named
from striate.lectures.shown import Grid
from striate.verbs.show_read import channels, table
from tests.lectures.reading import check_drawn, grid, words

L1 = channels("1 1 1 0 0/0 1 1 1 0/0 0 1 1 1/0 0 1 1 0/0 1 1 0 0", "")
L4 = channels("0 0 0 0 0 0/0 1 0 0 0 0/0 1 1 1 1 1/0 1 0 0 0 0/0 0 0 0 0 0", "")
PADDED_L1 = channels("3 3 4 4 7 0/9 7 6 5 8 2/6 5 5 6 9 2/7 1 3 2 7 8/0 3 7 1 8 3/4 0 4 3 2 2", "")
SOBEL_LIKE = channels("1 0 -1/1 0 -1/1 0 -1", "")


def test_l1_the_5x5_image_with_the_cross_kernel_gives_434_243_234() -> None:
    shown = conv(L1, named("checks")[None])
    assert shown.arrays["output"].tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    check_drawn(shown, output="output")
    assert len(shown.frames) == 9


def test_l4_the_vertical_line_kernel_gives_its_3x4_numbers_and_0_at_1_2() -> None:
    shown = conv(L4, named("vertical-line")[None], Slide(at=(1, 2)))
    assert shown.arrays["output"].tolist() == [[3, -1, 0, 0], [5, -2, 0, 0], [3, -1, 0, 0]]
    np.testing.assert_array_equal(shown.arrays["patch"][0], L4[0, 1:4, 2:5])
    assert shown.facts["value"] == 0
    assert "output (1, 2): the kernel covers rows 1 to 3 and columns 2 to 4" in shown.lines
    assert "rows: (5 - 3)/1 + 1 = 3   columns: (6 - 3)/1 + 1 = 4" in shown.lines


def test_l4_the_horizontal_line_kernel_with_its_minus_signs() -> None:
    shown = conv(L4, named("horizontal-line")[None])
    assert shown.arrays["output"].tolist() == [[0, -1, -3, -3], [2, 4, 6, 6], [0, -1, -3, -3]]


def test_errata_l1_the_padded_corner_is_minus_10_2_1_and_minus_15_3_0_and_the_size_stays_6() -> (
    None
):
    y = conv(PADDED_L1, SOBEL_LIKE, Slide(padding=(1, 1))).arrays["output"]
    assert y.shape == (6, 6)
    assert y[:2, :3].tolist() == [[-10, 2, 1], [-15, 3, 0]]


def test_l0_l2_the_formula_with_minus_signs_flips_the_kernel_which_changes_the_sign_of_this_one() -> (
    None
):
    turned = conv(PADDED_L1, SOBEL_LIKE, Slide(padding=(1, 1), is_flipped=True)).arrays["output"]
    np.testing.assert_array_equal(
        turned, -conv(PADDED_L1, SOBEL_LIKE, Slide(padding=(1, 1))).arrays["output"]
    )
    np.testing.assert_array_equal(turned, convolve2d(PADDED_L1[0], SOBEL_LIKE[0], mode="same"))


@pytest.mark.parametrize("is_flipped", [False, True])
def test_any_numbers_slide_as_scipy_slides_them(rng: np.random.Generator, is_flipped: bool) -> None:
    x, k = rng.normal(size=(1, 6, 7)), rng.normal(size=(1, 3, 2))
    y = conv(x, k, Slide(is_flipped=is_flipped)).arrays["output"]
    oracle = convolve2d if is_flipped else correlate2d
    np.testing.assert_allclose(y, oracle(x[0], k[0], mode="valid"), atol=1e-12)


@pytest.mark.parametrize("is_flipped", [False, True])
def test_gradients_have_the_shapes_and_values_of_finite_differences(
    rng: np.random.Generator, is_flipped: bool
) -> None:
    x, k = rng.normal(size=(2, 5, 6)), rng.normal(size=(2, 2, 3))
    up = rng.normal(size=(2, 3))
    slide = Slide((3, 2), (1, 1), (1, 1), is_flipped, 0.5, None, True, up)
    shown = conv(x, k, slide)

    def loss(x: np.ndarray, k: np.ndarray) -> float:
        return float((conv(x, k, slide).arrays["output"] * up).sum())

    for array, name in ((x, "dx"), (k, "dkernel")):
        found = shown.arrays[name]
        assert found.shape == array.shape
        for at in [(0, 0, 0), (1, 1, 2), (1, 0, 1)]:
            step = np.zeros_like(array)
            step[at] = 1e-6
            higher = loss(x + step, k) if name == "dx" else loss(x, k + step)
            lower = loss(x - step, k) if name == "dx" else loss(x, k - step)
            assert found[at] == pytest.approx((higher - lower) / 2e-6, abs=1e-5)
    assert shown.arrays["dbias"][0] == pytest.approx(up.sum())


def test_one_output_is_written_out_as_patch_times_kernel_plus_bias() -> None:
    x, k = channels("1 2/3 -4", ""), channels("2 0/-1 5", "")
    lines = conv(x, k, Slide(bias=-1.0)).lines
    assert lines[-3:] == ("    1·2 + 2·0", "  + 3·(−1) + (−4)·5", "  = (−21) + bias (−1) = −22")


def test_several_channels_are_summed_and_each_has_its_own_grids() -> None:
    shown = conv(channels("1 2/3 4; 5 6/7 8", ""), channels("1 0/0 1; 0 1/1 0", ""))
    assert shown.arrays["output"].tolist() == [[18]]
    assert shown.lines[-1] == "  = 5 + 13 = 18"
    assert grid(shown.still, "image 1").tolist() == [[5, 6], [7, 8]]


def test_with_dilation_every_tap_has_its_own_box_where_it_looks() -> None:
    shown = conv(L1, channels("1 1/1 1", ""), Slide(dilation=(2, 2), at=(1, 1)))
    (image, *_) = shown.still.rows[0]
    assert isinstance(image, Grid)
    assert image.boxes == ((1, 1, 2, 2), (1, 3, 2, 4), (3, 1, 4, 2), (3, 3, 4, 4))
    assert shown.arrays["output"][1, 1] == L1[0, [1, 1, 3, 3], [1, 3, 1, 3]].sum()


def test_each_frame_knows_what_has_been_reached_and_nothing_later() -> None:
    shown = conv(L1, named("checks")[None])
    y = shown.arrays["output"]
    for i, frame in enumerate(shown.frames):
        drawn = grid(frame, "output").ravel()
        np.testing.assert_array_equal(drawn[: i + 1], y.ravel()[: i + 1])
        assert np.isnan(drawn[i + 1 :]).all()
        assert f"= {y.ravel()[i]:g}" in words(frame)[-1]


def test_the_box_of_each_frame_stands_where_the_kernel_is() -> None:
    shown = conv(L1, named("checks")[None], Slide(stride=(2, 2), padding=(1, 1)))
    boxes = [frame.rows[0][0].boxes[0] for frame in shown.frames]  # type: ignore[union-attr]
    assert boxes == [(r, c, r + 3, c + 3) for r in (0, 2, 4) for c in (0, 2, 4)]


def test_a_large_picture_is_shown_as_one_and_animated_in_64_steps() -> None:
    x = np.random.default_rng(0).integers(0, 256, (1, 60, 80)).astype(float)
    shown = conv(x, named("sobel-x")[None])
    assert len(shown.frames) == 64
    assert shown.facts["at"] == list(
        np.unravel_index(np.abs(shown.arrays["output"]).argmax(), (58, 78))
    )
    assert "[60×80: 0 … 255]" in " ".join(shown.lines)


def test_gradients_are_drawn_with_the_shape_of_x() -> None:
    shown = conv(L1, named("checks")[None], Slide(is_backward=True))
    np.testing.assert_array_equal(grid(shown.still, "dL/dx"), shown.arrays["dx"][0])
    np.testing.assert_array_equal(grid(shown.still, "dL/dkernel"), shown.arrays["dkernel"][0])


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_kernels_with_names_sum_to_one_or_answer_nothing_on_an_even_picture(name: str) -> None:
    total = named(name).sum()
    assert total == pytest.approx(5 if name == "checks" else round(total))
    assert name == "checks" or round(total) in (0, 1)


def test_sobel_x_answers_to_what_is_brighter_on_the_right() -> None:
    assert conv(channels("0 0 9/0 0 9/0 0 9", ""), named("sobel_x")[None]).arrays["output"] > 0
    assert conv(channels("0 0 0/0 0 0/9 9 9", ""), named("Sobel-Y")[None]).arrays["output"] > 0


def test_what_does_not_go_together_is_said() -> None:
    with pytest.raises(UsageError, match="the image has 1 channels and the kernel 2"):
        conv(L1, channels("1;2", ""))
    with pytest.raises(UsageError, match="--at 3,0: the output has 3 rows and 3 columns"):
        conv(L1, named("box")[None], Slide(at=(3, 0)))
    with pytest.raises(UsageError, match="--upstream is 1×2, and the output is 3×3"):
        conv(L1, named("box")[None], Slide(is_backward=True, upstream=table("1 2", "")))
    with pytest.raises(UsageError, match="--upstream is used by --backward alone"):
        conv(L1, named("box")[None], Slide(upstream=table("1 2", "")))
    with pytest.raises(UsageError, match="stride and dilation are at least 1"):
        conv(L1, named("box")[None], Slide(stride=(0, 1)))
    with pytest.raises(UsageError, match="there is no kernel 'sobl'"):
        named("sobl")
    with pytest.raises(DoesNotFit, match="larger than the padded side"):
        conv(channels("1 2", ""), named("box")[None])


@pytest.mark.parametrize(("stride", "places"), [(1, 5), (2, 3), (3, 2)])
def test_l0_l1_l2_l3_a_3x3_kernel_on_7x7_stands_at_5_3_and_floored_at_2_places(
    stride: int, places: int
) -> None:
    shown = conv(np.ones((1, 7, 7)), np.ones((1, 3, 3)), Slide((stride, stride)))
    assert shown.arrays["output"].shape == (places, places)
    said = "it does not fit exactly: 1 row and 1 column are left over"
    assert (said in shown.lines) == (stride == 3)
    assert any("= 2.33" in line for line in shown.lines) == (stride == 3)


@pytest.mark.parametrize(("size", "pad"), [(3, 1), (5, 2), (7, 3)])
def test_l0_l2_half_a_filter_of_padding_keeps_the_size(size: int, pad: int) -> None:
    shown = conv(np.ones((1, 7, 7)), np.ones((1, size, size)), Slide(padding=(pad, pad)))
    assert shown.arrays["output"].shape == (7, 7)


def test_l0_l2_a_3x5x5_filter_on_3x32x32_makes_28x28_each_a_75_dimensional_dot_product_plus_bias(
    rng: np.random.Generator,
) -> None:
    x, k = rng.normal(size=(3, 32, 32)), rng.normal(size=(3, 5, 5))
    shown = conv(x, k, Slide(at=(4, 9), bias=0.25))
    assert shown.arrays["output"].shape == (28, 28)
    assert shown.arrays["patch"].size == 75
    wanted = float(x[:, 4:9, 9:14].ravel() @ k.ravel()) + 0.25
    assert shown.facts["value"] == pytest.approx(wanted)


def test_a_kernel_that_is_turned_is_drawn_as_it_slides_and_called_so() -> None:
    shown = conv(L1, channels("1 2/3 4", ""), Slide(is_flipped=True))
    assert grid(shown.still, "kernel, turned").tolist() == [[4, 3], [2, 1]]
    assert shown.arrays["kernel"][0].tolist() == [[1, 2], [3, 4]]


def test_one_row_is_a_row_and_padding_counts_below_zero() -> None:
    shown = conv(channels("1 2 3", ""), channels("1 1", ""), Slide(padding=(0, 1)))
    assert "output (0, 0): the kernel covers row 0 and columns −1 to 0" in shown.lines
