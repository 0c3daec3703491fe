"""Sliding over a picture: all places in one pass, or crop by crop, and how far the two are apart."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from striate.errors import CannotLookInside
from striate.seeing.inside import slide as module
from striate.seeing.inside.slide import Progress, Slid, slide
from tests.seeing.inside.test_widened import built, drawn


def slid(
    model: Any, picture: Tensor, window: tuple[int, int], **how: Any
) -> tuple[list[Progress], Slid]:
    run: Generator[Progress, None, Slid] = slide(model, picture, window, **how)
    told = []
    while True:
        try:
            told.append(next(run))
        except StopIteration as end:
            return told, end.value


def test_one_pass_and_crops_say_the_same_where_no_layer_pads() -> None:
    model, picture = built("3x8x8: conv3-6 relu max2 conv2-8 relu gap fc5"), drawn(1, 3, 20, 17)
    _, dense = slid(model, picture, (8, 8))
    assert dense.reason is None
    assert dense.apart is not None
    assert dense.apart.max() < 1e-6
    _, crops = slid(model, picture, (8, 8), by_crops=True)
    assert crops.reason == "that was asked for"
    assert (crops.rows[1], dense.rows[1]) == (2, 2)
    np.testing.assert_allclose(crops.scores, dense.scores, atol=1e-6)
    np.testing.assert_array_equal(crops.columns, dense.columns)


def test_padding_is_measured_against_the_crops_themselves() -> None:
    model, picture = built("3x8x8: conv3p1-6 relu conv3p1-6 relu gap fc5"), drawn(1, 3, 20, 20) * 3
    _, found = slid(model, picture, (8, 8))
    assert found.apart is not None
    assert found.asked == 9
    shares, top = found.probabilities(), []
    for r in (0, 6, 12):
        for q in (0, 6, 12):
            own = model(picture[:, :, r : r + 8, q : q + 8]).softmax(1)[0].detach().numpy()
            top.append(np.abs(own - shares[r, q]))
    np.testing.assert_allclose(found.apart, np.max(top, axis=0), atol=1e-5)
    assert found.apart.max() > 0.01


def test_where_the_head_cannot_become_a_convolution_crops_are_asked_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, picture = built("3x8x8: conv3-6 relu se2 gap fc5"), drawn(1, 3, 17, 12)
    told, found = slid(model, picture, (8, 8))
    assert told[0].total == 5 * 3
    assert found.reason
    assert "SqueezeExcite" in found.reason
    assert found.apart is None
    top, left, bottom, right = found.box(4, 2)
    assert (top, left, bottom, right) == (8, 4, 16, 12)
    own = model(picture[:, :, top:bottom, left:right])[0].detach().numpy()
    np.testing.assert_allclose(found.scores[4, 2], own, atol=1e-6)
    monkeypatch.setattr(module, "_MOST_CROPS", 6)
    _, fewer = slid(model, picture, (8, 8))
    assert fewer.scores.shape[0] * fewer.scores.shape[1] <= 6


def test_probabilities_add_up_and_follow_the_temperature() -> None:
    scores = np.array([[[0.0, 2.0]]], np.float32)
    found = Slid(scores, np.array([0]), np.array([0]), (4, 4), None)
    assert found.probabilities()[0, 0, 1] == pytest.approx(1 / (1 + np.exp(-2)))
    warm = found._replace(temperature=2.0)
    assert warm.probabilities()[0, 0, 1] == pytest.approx(1 / (1 + np.exp(-1)))


def test_a_picture_of_the_networks_own_size_has_one_place() -> None:
    model, picture = built("3x8x8: conv3p1-6 relu gap fc5"), drawn(1, 3, 8, 8)
    _, found = slid(model, picture, (8, 8))
    np.testing.assert_allclose(found.scores[0, 0], model(picture)[0].detach().numpy(), atol=1e-6)


def test_pictures_that_are_too_small_or_too_large_are_refused_with_what_to_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = built("3x8x8: conv3p1-6 relu gap fc5")
    with pytest.raises(CannotLookInside, match="7x20, smaller than the 8x8") as fault:
        slid(model, drawn(1, 3, 7, 20), (8, 8))
    assert "larger --scale" in fault.value.hint
    monkeypatch.setattr(module, "MOST_PIXELS", 399)
    with pytest.raises(CannotLookInside, match="400 pixels, and at most 399") as fault:
        slid(model, drawn(1, 3, 20, 20), (8, 8))
    assert "--scale 0.5" in fault.value.hint
