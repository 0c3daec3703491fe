"""One specification, one executor: sizes, boxes, hashes, and the resizing down to the last bit."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import PreparationFault
from striate.pictures.files import decode, resized, to_jpeg, to_png
from striate.pictures.prepare import FIXED, Box, Preparation

sides = st.integers(1, 90)
preparations = st.builds(
    Preparation,
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    fit=st.sampled_from(["crop", "pad", "stretch"]),
    ratio=st.sampled_from([0.3, 0.875, 1.0]),
    centre=st.sampled_from(["none", "mass", "box"]),
    fill=st.tuples(*[st.integers(0, 255)] * 3),
    mode=st.sampled_from(["RGB", "L"]),
    mean=st.just((0.5, 0.5, 0.5)),
    std=st.just((0.25, 0.25, 0.25)),
)


def triangle(in_size: int, out_size: int) -> np.ndarray:
    """The weights of one pass as whole numbers of 22 bits: out_size x in_size."""
    scale = in_size / out_size
    reach = max(scale, 1.0)
    made = np.zeros((out_size, in_size))
    for place in range(out_size):
        middle = (place + 0.5) * scale
        first = max(0, int(middle - reach + 0.5))
        last = min(in_size, int(middle + reach + 0.5))
        weights = [
            max(0.0, 1 - abs((x + first - middle + 0.5) / reach)) for x in range(last - first)
        ]
        total = 0.0
        for weight in weights:
            total += weight
        for x, weight in enumerate(weights):
            made[place, first + x] = math.floor(0.5 + weight / total * (1 << 22))
    return made


def oracle(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Two float64 matrix products, whole numbers throughout, uint8 after each."""

    def one(weights: np.ndarray, lines: np.ndarray) -> np.ndarray:
        sums = np.tensordot(weights, lines.astype(np.float64), axes=(1, 0)) + (1 << 21)
        return np.clip(np.floor(sums / (1 << 22)), 0, 255)

    made = pixels.astype(np.float64)
    if pixels.shape[1] != width:
        made = one(triangle(pixels.shape[1], width), made.transpose(1, 0, 2)).transpose(1, 0, 2)
    if pixels.shape[0] != height:
        made = one(triangle(pixels.shape[0], height), made)
    return made.astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(sides, sides, sides, sides, st.sampled_from([1, 3]), st.integers(0, 99))
def test_resizing_equals_the_two_matrix_products_bit_for_bit(
    h, w, to_h, to_w, channels, seed
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (h, w, channels), np.uint8)
    assert np.array_equal(resized(pixels, to_h, to_w), oracle(pixels, to_h, to_w))


def test_resizing_a_photograph_equals_the_matrix_products(rng) -> None:
    rough = rng.integers(0, 256, (60, 80, 3), np.uint8)
    large = resized(rough, 375, 500)
    assert np.array_equal(resized(large, 224, 224), oracle(large, 224, 224))


@settings(max_examples=80, deadline=None)
@given(preparations, sides, sides)
def test_any_size_in_gives_exactly_the_size_out(preparation, height, width) -> None:
    pixels = np.full((height, width, preparation.channels), 77, np.uint8)
    made = preparation.apply(pixels)
    assert made.shape == preparation.shape
    assert made.dtype == np.uint8


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (1, 1)])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_a_needle_of_a_picture_is_prepared_like_any_other(shape, fit) -> None:
    made = Preparation((224, 224), fit=fit).apply(np.full((*shape, 3), 200, np.uint8))
    assert made.shape == (224, 224, 3)
    assert (made == 200).any()


@settings(max_examples=80, deadline=None)
@given(preparations)
def test_a_preparation_comes_back_from_its_text_with_the_same_hash(preparation) -> None:
    again = Preparation.from_json(preparation.to_json())
    assert again == preparation
    assert again.to_json() == preparation.to_json()
    assert again.digest == preparation.digest


def test_the_text_says_what_nobody_can_choose_too() -> None:
    told = json.loads(Preparation((8, 8)).to_json())
    assert told["exif"] == "always"
    assert told["layout"] == "NCHW"
    assert set(FIXED) <= set(told)


def test_numbers_of_another_kind_make_no_other_preparation() -> None:
    a, b = Preparation((8, 8), ratio=1), Preparation((8, 8), ratio=1.0)
    assert a.digest == b.digest


def test_mean_and_std_change_the_hash_but_not_the_hash_of_the_pixels() -> None:
    a, b = Preparation((8, 8)), Preparation((8, 8), mean=(0.1, 0.2, 0.3))
    assert a.digest != b.digest
    assert a.pixels_digest == b.pixels_digest
    assert a.pixels_digest != Preparation((8, 9)).pixels_digest


def test_every_fault_of_a_text_is_told_at_once() -> None:
    text = '{"size": [0, 8], "fit": "zoom", "ratio": 2, "mean": [1], "colour": 1, "exif": "never"}'
    with pytest.raises(PreparationFault) as told:
        Preparation.from_json(text)
    for word in ("size is", "fit is", "ratio is", "mean is", '"colour"', "exif is 'never'"):
        assert word in told.value.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("[1]", "table of names"),
        ("{}", "size is missing"),
        ('{"size": [true, 8]}', "size is"),
        ('{"size": [8, 8], "std": [0, 1, 1]}', "std is three numbers"),
        ('{"size": [8, 8], "mode": "L", "mean": [0, 0, 0]}', "mean is one number"),
        ('{"size": [8, 8], "format": 2}', "format is 2"),
    ],
)
def test_a_text_that_cannot_be_is_refused_in_words(text, words) -> None:
    with pytest.raises(PreparationFault, match=words):
        Preparation.from_json(text)


@pytest.mark.parametrize(
    ("size", "ratio", "picture", "box"),
    [
        ((224, 224), 1.0, (480, 640), (0, 80, 480, 560)),
        ((224, 224), 0.875, (480, 640), (30, 110, 450, 530)),
        ((224, 224), 0.875, (640, 480), (110, 30, 530, 450)),
        ((100, 200), 1.0, (100, 100), (25, 0, 75, 100)),
        ((32, 32), 1.0, (32, 32), (0, 0, 32, 32)),
        ((32, 32), 0.05, (1, 1), (0, 0, 1, 1)),
        ((224, 224), 1.0, (5, 4), (0, 0, 4, 4)),
    ],
)
def test_the_crop_is_the_centred_box_of_the_targets_shape(size, ratio, picture, box) -> None:
    assert Preparation(size, ratio=ratio).box(*picture) == Box(*box)


@settings(max_examples=200, deadline=None)
@given(sides, sides, st.integers(1, 5000), st.integers(1, 5000), st.floats(0.05, 1))
def test_a_crop_lies_within_the_picture_and_is_centred(h, w, height, width, ratio) -> None:
    box = Preparation((h, w), ratio=ratio).box(height, width)
    assert 0 <= box.top < box.bottom <= height
    assert 0 <= box.left < box.right <= width
    assert abs(box.top - (height - box.bottom)) <= 1
    assert abs(box.left - (width - box.right)) <= 1


def test_padding_keeps_the_shape_and_fills_the_rest(rng) -> None:
    preparation = Preparation((40, 40), fit="pad", fill=(1, 2, 3))
    made = preparation.apply(np.full((10, 20, 3), 99, np.uint8))
    assert preparation.inner(10, 20) == Box(10, 0, 30, 40)
    assert (made[10:30] == 99).all()
    assert (made[:10] == (1, 2, 3)).all()
    assert (made[30:] == (1, 2, 3)).all()


@pytest.mark.parametrize("centre", ["mass", "box"])
def test_a_digit_in_a_corner_goes_to_the_middle(centre) -> None:
    pixels = np.zeros((29, 29, 1), np.uint8)
    pixels[2:7, 1:4] = 200
    made = Preparation((29, 29), mode="L", centre=centre).apply(pixels)
    rows, columns = np.nonzero(made[:, :, 0])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (12, 16, 13, 15)


def test_mass_and_box_differ_for_a_lopsided_object() -> None:
    pixels = np.zeros((21, 21, 1), np.uint8)
    pixels[5, 2:12], pixels[5, 2] = 10, 255
    by_mass = Preparation((21, 21), mode="L", centre="mass").apply(pixels)
    by_box = Preparation((21, 21), mode="L", centre="box").apply(pixels)
    assert np.argmax(by_mass[10, :, 0]) == 9
    assert np.flatnonzero(by_box[10, :, 0])[0] == 6


def test_an_empty_picture_stays_where_it_is() -> None:
    pixels = np.zeros((9, 9, 1), np.uint8)
    assert not Preparation((9, 9), mode="L", centre="mass").apply(pixels).any()


def test_normalising_gives_planes_of_float_from_either_layout(rng) -> None:
    preparation = Preparation((5, 7), mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7))
    rows = rng.integers(0, 256, (4, 5, 7, 3), np.uint8)
    made = preparation.normalise(rows)
    assert made.shape == (4, 3, 5, 7)
    assert made.dtype == np.float32
    assert np.array_equal(made, preparation.normalise(rows.transpose(0, 3, 1, 2)))
    wanted = (
        rows[2, 3, 4].astype(np.float32) / np.float32(255) - np.array([0.1, 0.2, 0.3], np.float32)
    ) / np.array([0.5, 0.6, 0.7], np.float32)
    assert np.array_equal(made[2, :, 3, 4], wanted)


def test_pixels_of_another_kind_are_refused() -> None:
    with pytest.raises(PreparationFault, match="must be H W 3 uint8"):
        Preparation((8, 8)).apply(np.zeros((8, 8, 1), np.uint8))
    with pytest.raises(PreparationFault, match="a batch must be"):
        Preparation((8, 8)).normalise(np.zeros((8, 8, 3), np.uint8))


@settings(max_examples=60, deadline=None)
@given(preparations, sides, sides, st.booleans())
def test_a_file_is_prepared_as_its_pixels_are(preparation, height, width, turned) -> None:
    pixels = np.random.default_rng(height * 91 + width).integers(
        0, 256, (height, width, 3), np.uint8
    )
    data = to_png(pixels) if turned else to_jpeg(pixels)
    wanted = preparation.apply(decode(data, preparation.rules))
    assert np.array_equal(preparation.decode(data), wanted)
