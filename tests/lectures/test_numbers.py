"""Every worked number of the five lectures on sizes, parameters, costs and fields.

L0 is CS231n 2024, L1 a deck on convolutional networks, L2 CS231n 2023, L3 UIUC CS 446, L4 USC CSCI 467.
Printed values that are wrong (the errata in the docs) are no test here.
"""

from __future__ import annotations

import pytest

from striate.errors import Remainder
from striate.geometry.cost import Filters, full
from striate.geometry.field import Field
from striate.geometry.shape import Shape
from striate.geometry.window import Window
from striate.grammar.plan import Plan


def output(text: str) -> str:
    """The last shape of a plan."""
    return str(Plan.read(text).output)


def test_l1_a_5x5_image_with_a_3x3_kernel_gives_3x3() -> None:
    assert Window(3).out(5) == 3
    assert output("1x5x5: conv3") == "1x3x3"


def test_l4_a_5x6_image_with_a_3x3_kernel_gives_3x4() -> None:
    assert (Window(3).out(5), Window(3).out(6)) == (5 - 3 + 1, 6 - 3 + 1) == (3, 4)
    assert output("1x5x6: conv3") == "1x3x4"


def test_l4_element_1_2_is_the_patch_of_rows_1_to_4_and_columns_2_to_5() -> None:
    assert Plan.read("1x5x6: conv3")[0].box(1, 2, Shape(1, 5, 6)) == (1, 2, 4, 5)


def test_l0_l2_max_pooling_4x4_with_2x2_and_stride_2_gives_2x2() -> None:
    assert Window(2, stride=2).out(4) == 2
    assert output("1x4x4: max2s2") == output("1x4x4: avg2") == "1x2x2"


@pytest.mark.parametrize(("stride", "places"), [(1, 5), (2, 3)])
def test_l0_l1_l2_l3_a_7x7_input_with_3x3_filters(stride: int, places: int) -> None:
    assert Window(3, stride).out(7) == places
    assert output(f"1x7x7: conv3s{stride}") == f"1x{places}x{places}"
    Plan.read(f"1x7x7: conv3s{stride}").check_exact()


def test_l0_l1_l2_l3_a_7x7_input_with_3x3_filters_and_stride_3_does_not_fit() -> None:
    with pytest.raises(Remainder, match=r"\(7 - 3\)/3 \+ 1 = 2.33"):
        Window(3, stride=3).check_exact(7)
    with pytest.raises(Remainder, match=r"conv3s3 does not fit 7x7: \(7 - 3\)/3 \+ 1 = 2.33"):
        Plan.read("1x7x7: conv3s3").check_exact()


def test_l0_l1_l2_l3_floored_that_leaves_2x2_and_one_row_and_column_unseen() -> None:
    layer = Plan.read("1x7x7: conv3s3")[0]
    assert (str(layer.output), layer.remainder, layer.unseen) == ("1x2x2", (1, 1), (1, 1))


def test_l0_l2_padding_7x7_with_1_keeps_7x7() -> None:
    assert Window(3, before=1, after=1).out(7) == 7
    assert output("1x7x7: conv3p1") == "1x7x7"


@pytest.mark.parametrize(("filters", "padding"), [(3, 1), (5, 2), (7, 3)])
def test_l0_l2_padding_of_half_the_filter_keeps_the_size(filters: int, padding: int) -> None:
    for side in (7, 32, 224):
        assert Window(filters, before=padding, after=padding).out(side) == side
        assert output(f"3x{side}x{side}: conv{filters}p{padding}-8") == f"8x{side}x{side}"


def test_l0_l2_5x5_filters_shrink_32_to_4_in_seven_layers() -> None:
    side, sides = 32, []
    for _ in range(7):
        side = Window(5).out(side)
        sides.append(side)
    assert sides == [28, 24, 20, 16, 12, 8, 4]
    assert [row.output.height for row in Plan.read("3x32x32: (conv5-6)*7")] == sides


def test_l2_ten_5x5_filters_with_pad_2_keep_32x32_and_make_10_maps() -> None:
    assert output("3x32x32: conv5p2-10") == "10x32x32"


def test_l2_ten_5x5_filters_with_pad_2_have_760_parameters() -> None:
    assert Filters(3, 1, (5, 5)).parameters == 5 * 5 * 3 + 1 == 76
    assert Filters(3, 10, (5, 5)).parameters == 760
    assert Plan.read("3x32x32: conv5p2-10").parameters == 760


def test_l0_six_3x5x5_filters_make_6x28x28_with_456_parameters() -> None:
    plan = Plan.read("3x32x32: conv5-6")
    assert (str(plan.output), plan.parameters) == ("6x28x28", 456)
    assert Filters(3, 6, (5, 5)).parameters == 456


def test_l0_a_batch_of_two_holds_twice_six_28x28_maps() -> None:
    sheet = Plan.read("3x32x32: conv5-6").sheet
    assert sheet.activation_bytes(2) == 4 * 2 * 6 * 28 * 28


def test_l0_l2_one_place_is_a_75_dimensional_dot_product_and_a_bias() -> None:
    filters = Filters(3, 1, (5, 5))
    assert (filters.weights, filters.parameters) == (75, 76)
    assert Plan.read("3x32x32: conv5-1").macs == 75 * 28 * 28


def test_l0_l2_a_32x32x3_picture_stretches_to_3072() -> None:
    assert Shape(3, 32, 32).count == 3072
    assert output("3x32x32: flatten") == "3072"
    assert Plan.read("3x32x32: fc10").parameters == 10 * 3072 + 10


def test_l2_five_filters_are_a_28x28x5_grid_of_3920_neurons() -> None:
    assert Plan.read("3x32x32: conv5-5").output.count == 28 * 28 * 5 == 3920


def test_l1_a_14x14_picture_is_196_numbers() -> None:
    assert output("1x14x14: flatten") == "196"


def test_l1_five_kernels_of_three_channels_make_5_64x64_with_140_parameters() -> None:
    plan = Plan.read("3x64x64: conv3p1-5")
    assert (str(plan.output), plan.parameters) == ("5x64x64", 140)


def test_l1_two_3x3x3_filters_on_7x7x3_give_3x3x2_only_with_stride_2() -> None:
    # 7x7 is the padded picture: 5x5 with a frame of one
    assert [s for s in range(1, 6) if Window(3, stride=s).out(7) == 3] == [2]
    plan = Plan.read("3x5x5: conv3s2p1-2")
    assert (str(plan.output), plan.parameters) == ("2x3x3", 56)
    assert output("3x7x7: conv3s2-2") == "2x3x3"


def test_l2_cells_of_8x8_on_a_320x240_picture_are_30x40_of_9_numbers() -> None:
    window = Window(8, stride=8)
    assert window.out(240) * window.out(320) * 9 == 30 * 40 * 9 == 10_800
    assert Plan.read("9x240x320: avg8").output.count == 10_800


def test_l2_a_perceptron_on_a_20x20_picture_has_400_weights() -> None:
    assert Plan.read("1x20x20: fc1b0").parameters == Shape(1, 20, 20).count == 400


def test_l4_a_convolution_has_10_parameters_and_a_full_connection_372() -> None:
    assert Filters(1, 1, (3, 3)).parameters == Plan.read("1x5x6: conv3").parameters == 9 + 1
    assert full(30, 12) == Plan.read("1x5x6: fc12").parameters == 30 * 12 + 12 == 372


def test_l4_without_sharing_it_would_have_120_parameters() -> None:
    assert Filters(1, 1, (3, 3)).unshared(Shape(1, 3, 4)) == 120
    assert Plan.read("1x5x6: local3").parameters == 12 * (9 + 1) == 120


@pytest.mark.parametrize(("given", "made", "kernel"), [(3, 64, 3), (64, 128, 5), (16, 8, 1)])
def test_l4_a_convolution_has_c_out_times_c_in_k_squared_plus_1_parameters(
    given: int, made: int, kernel: int
) -> None:
    count = made * (given * kernel**2 + 1)
    assert Filters(given, made, (kernel, kernel)).parameters == count
    assert Plan.read(f"{given}x9x9: conv{kernel}-{made}").parameters == count


@pytest.mark.parametrize(("given", "made"), [(30, 12), (4096, 1000)])
def test_l4_a_full_connection_has_out_times_in_plus_1_parameters(given: int, made: int) -> None:
    assert full(given, made) == Plan.read(f"{given}x1x1: fc{made}").parameters == made * (given + 1)


def test_l3_500x500_into_1024_units_is_256_000_000_weights() -> None:
    plan = Plan.read("1x500x500: fc1024")
    assert plan.macs == 500 * 500 * 1024 == 256_000_000
    assert plan.parameters == full(250_000, 1024) == 256_000_000 + 1024


def test_l3_two_3x3_convolutions_see_as_much_as_one_5x5() -> None:
    assert Field().through(Window(3)).through(Window(3)) == Field().through(Window(5))
    assert Plan.read("1x9x9: (conv3)*2").receptive_field == (5, 5)
    assert output("1x9x9: (conv3)*2") == output("1x9x9: conv5")


def test_l2_the_field_grows_by_k_minus_1_a_layer_3_5_7_9() -> None:
    field, sizes = Field(), []
    for _ in range(4):
        field = field.through(Window(3, before=1, after=1))
        sizes.append(field.size)
    assert sizes == [1 + layers * (3 - 1) for layers in (1, 2, 3, 4)] == [3, 5, 7, 9]
    assert [row.field[0].size for row in Plan.read("1x32x32: (conv3p1)*4") if row.field] == sizes


def test_l2_seeing_all_224_pixels_takes_112_layers_of_3x3() -> None:
    def size(layers: int) -> int:
        plan = Plan.read(f"1x224x224: (conv3p1)*{layers}")
        return plan.receptive_field[0] if plan.receptive_field else 0

    assert size(111) < 224 <= size(112) == 1 + 112 * 2


def test_alexnet_has_64_first_filters_in_torchvision_and_96_in_the_paper() -> None:
    assert Filters(3, 64, (11, 11)).parameters == 23_296
    assert Plan.read("3x224x224: conv11s4p2-64").parameters == 23_296
    assert str(Plan.read("3x227x227: conv11s4-96").output) == "96x55x55"


FORMS = {
    "l0_l2": "[(CONV-RELU)^{n}-POOL?]^{m}-(FC-RELU)^{k},SOFTMAX",
    "l0_l2_star": "[(CONV-RELU)*{n}-POOL?]*{m}-(FC-RELU)*{k},SOFTMAX",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
@pytest.mark.parametrize(("n", "m", "k"), [(2, 3, 1), (1, 2, 0), (3, 1, 2)])
def test_l0_l2_architecture_has_n_convolutions_m_pools_and_k_hidden_layers(
    form: str, n: int, m: int, k: int
) -> None:
    plan = Plan.read("3x32x32: " + form.format(n=n, m=m, k=k)).with_classes(10)
    names = [row.name.rstrip("0123456789") for row in plan]
    assert names == (["conv", "relu"] * n + ["max"]) * m + ["fc", "relu"] * k + ["fc", "softmax"]
    assert plan.output == Shape(10, flat=True)


def test_l3_architecture_repeats_conv_relu_pool_then_flattens_then_repeats_fc_relu() -> None:
    plan = Plan.read("3x32x32: [Conv, ReLU, Pool] x 2, flatten, [FC, ReLU] x 2, FC").with_classes(
        10
    )
    assert plan.text == (
        "3x32x32: conv3p1-64 relu max2 conv3p1-128 relu max2 flatten fc128 relu fc128 relu fc10"
    )


def test_l4_architecture_repeats_convolution_relu_and_pooling_then_connects_fully() -> None:
    text = "convolutional layer + ReLU + max pooling, repeated; flatten; fully connected"
    plan = Plan.read("3x32x32: " + text).with_classes(10)
    assert plan.text == "3x32x32: conv3p1-64 relu max2 conv3p1-128 relu max2 flatten fc10"


def test_errata_l2_no_padding_makes_f_5_s_2_fit_an_even_size_exactly() -> None:
    values = [(32 + 2 * p - 5) / 2 + 1 for p in (0, 1, 2)]
    assert values == [14.5, 15.5, 16.5]
    assert all(Window(5, 2, p, p).remainder(32) for p in range(9))
    assert "no symmetric padding does" in Window(5, stride=2).fits(32)


def test_errata_l1_with_padding_a_corner_is_used_4_times_an_edge_6_the_inside_9() -> None:
    window = Window(3, before=1, after=1)
    uses = [sum(abs(place - row) <= 1 for place in range(window.out(6))) for row in range(6)]
    assert uses == [2, 3, 3, 3, 3, 2]
    assert (uses[0] * uses[0], uses[0] * uses[1], uses[1] * uses[1]) == (4, 6, 9)


def test_errata_l2_l4_a_pair_is_height_then_width() -> None:
    assert output("1x10x20: conv3x1") == "1x8x20"
    assert output("1x240x320: max2x4") == "1x120x80"
