"""One specification, two executors: the graph prepares pictures as Pillow does, bit for bit."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.pictures.files import decode, to_png
from striate.pictures.prepare import Preparation
from striate.shipping.picture_graph import preparation_graph

FILL = (12, 200, 77)
SIZES = [(1, 1), (1, 300), (300, 1), (28, 28), (33, 47), (200, 151), (9, 640), (2, 3)]


def session(preparation: Preparation) -> ort.InferenceSession:
    """The graph alone, on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return ort.InferenceSession(
        preparation_graph(preparation), options, providers=["CPUExecutionProvider"]
    )


def same(preparation: Preparation, runs: ort.InferenceSession, pixels: np.ndarray) -> None:
    mine = pixels
    if preparation.mode == "L":
        mine = decode(to_png(pixels), preparation.rules)
    wanted = preparation.normalise(preparation.apply(mine)[None])
    (found,) = runs.run(None, {"pixels": pixels[None]})
    assert found.dtype == wanted.dtype
    assert np.array_equal(found, wanted), (preparation, pixels.shape)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(
    ("fit", "ratio"), [("crop", 1.0), ("crop", 0.875), ("pad", 1.0), ("stretch", 1.0)]
)
def test_every_way_to_prepare_is_equal_bit_for_bit(
    fit: Any, ratio: float, mode: Any, rng: np.random.Generator
) -> None:
    centres: Any = ("none", "mass", "box")
    for centre, size in itertools.product(centres, ((28, 28), (32, 48), (7, 5))):
        preparation = Preparation(size, mode=mode, fit=fit, ratio=ratio, centre=centre, fill=FILL)
        runs = session(preparation)
        for height, width in SIZES:
            pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
            if centre != "none":
                pixels[: height // 2] = FILL
            same(preparation, runs, pixels)


def test_a_picture_without_an_object_stays_where_it_is() -> None:
    for centre in ("mass", "box"):
        preparation = Preparation((9, 9), centre=centre, fit="stretch")
        same(preparation, session(preparation), np.zeros((20, 31, 3), np.uint8))


LARGE = Preparation((224, 224), ratio=0.875, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def test_photographs_of_the_usual_sizes_are_equal_bit_for_bit(rng: np.random.Generator) -> None:
    runs = session(LARGE)
    for height, width in ((375, 500), (500, 333), (224, 224), (256, 256), (90, 700), (1200, 1600)):
        same(LARGE, runs, rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


SMALL = Preparation((13, 17), fit="crop", ratio=0.7)


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_any_size_is_equal_bit_for_bit(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    same(SMALL, session(SMALL), pixels)
