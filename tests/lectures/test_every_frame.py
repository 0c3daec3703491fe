"""What holds for every demonstration: frames of one size, nothing off the sheet, all numbers as they are."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pytest

from striate.grammar.plan import Plan
from striate.lectures.bn import bn
from striate.lectures.boundaries import boundaries
from striate.lectures.conv import Slide, conv
from striate.lectures.drawing import scene_of
from striate.lectures.dropout import dropout
from striate.lectures.fc import fc
from striate.lectures.field import field
from striate.lectures.graph import graph
from striate.lectures.head import head
from striate.lectures.hog import example, hog
from striate.lectures.hues import hues
from striate.lectures.kernels import named
from striate.lectures.losses import softmax, svm
from striate.lectures.matrix import matrix
from striate.lectures.merged import merged
from striate.lectures.pool import Pooling, pool
from striate.lectures.race import race
from striate.lectures.relu import relu
from striate.lectures.scene import Box, Picture, Text
from striate.lectures.shared_weights import shared_weights
from striate.lectures.shown import Grid, Shown, Still
from striate.lectures.steps import Steps, steps
from striate.lectures.to_svg import svg_of
from striate.lectures.two_filters import two_filters
from striate.lectures.words import examples, words
from striate.zoo.catalogue import plan_of
from tests.lectures.reading import cells

X = np.random.default_rng(0).normal(size=(6, 7)).round(2) * 10
K = np.random.default_rng(1).normal(size=(2, 3)).round(2)
MADE: dict[str, Callable[[], Shown]] = {
    "bn": lambda: bn(X, upstream=X / 3),
    "boundaries": lambda: boundaries("xor", 20, 2),
    "conv": lambda: conv(X[None], K[None], Slide((1, 2), (1, 1), is_backward=True, bias=-0.5)),
    "conv two channels": lambda: conv(
        np.stack([X, -X]), np.stack([K, K / 7]), Slide(dilation=(2, 1))
    ),
    "conv large": lambda: conv(
        np.kron(X, np.ones((9, 9))).astype(float)[None] + 99, named("gauss")[None]
    ),
    "dropout": lambda: dropout(X[:3, :4], 0.3, draws=40),
    "fc": lambda: fc(X[0], X[1:4], upstream=X[0, :3]),
    "field": lambda: field(Plan.read("1x12x9: (conv3p1-2 relu)*2 max2 conv3p1-2"), at=(5, 0)),
    "field with blocks": lambda: field(plan_of("resnet18"), "stage2.res1"),
    "graph": lambda: graph("x=0.7 y=-1.3: sigmoid(x*y - 2)/y + x^3", is_backward=True),
    "head": lambda: head(X, np.stack([K, -K]), np.array([0.5, 100.0])),
    "hog": lambda: hog(example()[:48, :70], at=(3, 2)),
    "hues": lambda: hues(example()[:48, :70]),
    "matrix": lambda: matrix(X, K),
    "merged": lambda: merged(X, K, K.T),
    "pool": lambda: pool(X, Pooling("average", (3, 2), (2, 2), is_backward=True)),
    "race": lambda: race("saddle", steps=20),
    "relu": lambda: relu(X[:2], "gelu", X[:2]),
    "shared weights": lambda: shared_weights(X[:3, :3], K, (1, 2)),
    "softmax": lambda: softmax(X[:3], np.array([0, 6, 2])),
    "steps": lambda: steps(Steps(pad=(1, 1), stride=(2, 1))),
    "steps large": lambda: steps(Steps((40, 30), (5, 3), (3, 2), (2, 2))),
    "steps with gaps": lambda: steps(Steps((9, 8), (3, 2), dilation=(2, 3))),
    "svm": lambda: svm(X[:3], np.array([0, 6, 2])),
    "two filters": lambda: two_filters(5, (1, 2, 2)),
    "words": lambda: words(*examples(32), count=5, side=4),
}


@pytest.mark.parametrize("name", MADE)
def test_all_frames_have_one_size_so_that_nothing_jumps(name: str) -> None:
    frames = MADE[name]().frames
    sizes = {(scene.width, scene.height) for scene in map(scene_of, frames)}
    assert len(sizes) == (1 if frames else 0)


@pytest.mark.parametrize("name", MADE)
def test_nothing_stands_off_the_sheet_in_the_still_or_the_last_frame(name: str) -> None:
    shown = MADE[name]()
    for still in (shown.still, *shown.frames[-1:]):
        scene = scene_of(still)
        for mark in scene.marks:
            if isinstance(mark, Box | Picture):
                assert mark.x >= 0, mark
                assert mark.y >= 0, mark
                assert mark.x + mark.width <= scene.width, mark
                assert mark.y + mark.height <= scene.height, mark
            if isinstance(mark, Text):
                wide = len(mark.text) * mark.size * 0.5
                left = {"start": 0.0, "middle": wide / 2, "end": wide}[mark.anchor]
                assert mark.x - left >= 0, mark
                assert mark.x - left + wide <= scene.width, mark


def grids(still: Still) -> list[Grid]:
    """Every grid of a still."""
    return [part for row in still.rows for part in row if isinstance(part, Grid)]


@pytest.mark.parametrize("name", MADE)
def test_every_number_of_every_frame_stands_in_its_svg(name: str) -> None:
    shown = MADE[name]()
    for still in (shown.still, *shown.frames[:: max(1, len(shown.frames) // 5)]):
        drawn = cells(svg_of(scene_of(still)))
        for one in grids(still):
            if one.name not in drawn:
                bare = one.pixels is not None or not one.has_numbers or np.isnan(one.values).all()
                assert bare or max(one.values.shape) > 12
                continue
            for place, value in np.ndenumerate(one.values):
                if np.isnan(value):
                    assert place not in drawn[one.name] or one.name == "image"
                else:
                    assert drawn[one.name][place] == pytest.approx(value, rel=6e-4, abs=1e-8)


@pytest.mark.parametrize("name", MADE)
def test_the_grids_hold_nothing_that_is_not_among_the_arrays(name: str) -> None:
    shown = MADE[name]()
    held = np.concatenate([np.ravel(np.asarray(a, float)) for a in shown.arrays.values()])
    known = set(np.round(held, 6)) | {0.0}
    for still in (shown.still, *shown.frames[-1:]):
        for one in grids(still):
            values = one.values[np.isfinite(one.values)]
            assert set(np.round(values, 6)) <= known, one.name


@pytest.mark.parametrize("name", MADE)
def test_the_svg_is_well_formed_and_says_what_it_is_to_those_who_do_not_see(name: str) -> None:
    shown = MADE[name]()
    root = ET.fromstring(svg_of(scene_of(shown.still)))
    (title,) = root.findall("{http://www.w3.org/2000/svg}title")
    assert shown.still.title.rstrip(".") in (title.text or "")
    assert root.attrib["role"] == "img"


@pytest.mark.parametrize("name", MADE)
def test_lines_fit_in_a_terminal_that_is_120_wide_or_are_one_sum(name: str) -> None:
    long = [line for line in MADE[name]().lines if len(line) > 120 and " + " not in line]
    assert not long
