"""Sizes of what flows through a network."""

from __future__ import annotations

import pytest

from striate.errors import PlanError
from striate.geometry.shape import Shape, read_shape


@pytest.mark.parametrize("text", ["3x32x48", " 3 x 32 x 48 ", "3X32X48", "3×32×48", "3,32,48"])
def test_an_input_is_read_however_people_write_the_times_sign(text: str) -> None:
    assert read_shape(text) == Shape(3, 32, 48)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "32",
        "3x32",
        "3x32x32x1",
        "0x32x32",
        "3x0x32",
        "3x-1x32",
        "a",
        "3x32x1000000000",
        "３x3x3",
    ],
)
def test_what_is_no_input_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(PlanError, match="channels x height x width, such as 3x224x224; got") as met:
        read_shape(text)
    assert "1x28x28 for a grey one" in met.value.hint


def test_a_long_input_is_not_repeated_in_full() -> None:
    with pytest.raises(PlanError) as met:
        read_shape("9" * 10_000)
    assert len(str(met.value)) < 300


def test_a_shape_is_channels_height_width_and_a_vector_is_one_number() -> None:
    assert str(Shape(3, 32, 48)) == "3x32x48"
    assert str(Shape(10, flat=True)) == "10"
    assert Shape(3, 4, 5).count == 60
    assert Shape(3, 4, 5).sides == (4, 5)


def test_a_map_of_one_place_is_not_a_vector() -> None:
    assert Shape(64) != Shape(64, flat=True)
