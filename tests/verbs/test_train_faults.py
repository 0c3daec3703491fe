"""What cannot both be is told before a run is begun, by training, by a dry run and by a range test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from striate.errors import CannotTrain, StriateError, UsageError
from striate.training.recipe import Recipe
from striate.verbs.train import begin
from striate.verbs.train_dry import dry_run
from striate.verbs.train_faults import opened
from striate.verbs.train_order import Order
from striate.verbs.train_rate import find_rate
from tests.verbs import made

FLAT = "1x8x8: conv3p1-4 relu fc10"  # maps go into the dense layer as they are


def verbs(path: Path) -> list[Callable[[Order, Recipe], Any]]:
    """Everything that a user can do with an order."""
    return [
        lambda order, recipe: made.followed(begin(order, recipe, path=path)),
        dry_run,
        lambda order, recipe: made.followed(find_rate(order, recipe, path)),
    ]


def refused(path: Path, order: Order, recipe: Recipe, kind: type[StriateError], words: str) -> None:
    """By every verb, and nothing is left behind."""
    for verb in verbs(path):
        with pytest.raises(kind, match=words):
            verb(order, recipe)
        assert not path.exists()


def test_weights_of_a_run_and_published_ones_cannot_both_be_the_start(tmp_path: Path) -> None:
    order = Order("digits", pretrained="", source=str(made.digits().path))
    refused(tmp_path / "run", order, made.recipe(), UsageError, "--from and --pretrained are two")


@pytest.mark.parametrize(
    ("knob", "value"), [("filters", "he"), ("filters", "dirac"), ("whiten", "yes")]
)
def test_filters_that_would_be_drawn_over_trained_ones_are_refused(
    tmp_path: Path, knob: str, value: str
) -> None:
    recipe = made.recipe(**{f"start__{knob}": value})
    run = Order("digits", source=str(made.digits().path))
    words = f"start.{knob}={value} would make filters anew that --from brings"
    refused(tmp_path / "run", run, recipe, UsageError, words)
    with pytest.raises(UsageError, match="that --pretrained brings"):
        opened(Order("digits", pretrained=""), recipe)
    assert opened(Order("digits", made.MODEL), recipe).splits["train"]


@pytest.mark.parametrize("kept", [{"start__filters": "torch", "start__whiten": "no"}, {}])
def test_trained_filters_that_are_left_alone_are_a_start(kept: dict[str, str]) -> None:
    order = Order("digits", source=str(made.digits().path))
    assert opened(order, made.recipe(**kept)).splits["train"]


def test_a_network_for_one_size_is_refused_where_pictures_are_to_grow(tmp_path: Path) -> None:
    growing = made.recipe(pictures__grow_from=0.5)
    words = r"grow_from is 0.5\): the weights of fc1 are for pictures of 8 pixels alone"
    refused(tmp_path / "run", Order("digits", FLAT), growing, CannotTrain, words)
    for model, side in (("lenet5", 32), (FLAT, 0)):  # 0: as large as the text says
        with pytest.raises(CannotTrain, match="pictures cannot grow"):
            opened(Order("digits", model), growing.with_values({"pictures.size": side}))
    for kept in (1, 0):
        assert opened(Order("digits", FLAT), made.recipe(pictures__grow_from=kept)).splits


def test_a_network_with_a_pool_over_all_grows(tmp_path: Path) -> None:
    wanted = made.recipe(pictures__grow_from=0.5, epochs=0.3)
    assert made.trained(Order("digits", made.MODEL), tmp_path / "run", wanted).scores["test"]


@pytest.mark.parametrize("model", ["auto", "lenet5", "1x32x32: conv9-3 conv9-3 gap fc10"])
def test_a_size_that_the_network_cannot_take_is_told_before_anything_is_prepared(
    tmp_path: Path, model: str
) -> None:
    recipe = made.recipe(pictures__size=2)
    refused(tmp_path / "run", Order("digits", model), recipe, CannotTrain, "cannot take pictures")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_device_that_is_not_there_leaves_no_run_behind(tmp_path: Path) -> None:
    recipe = made.recipe(machine__device="cuda")
    refused(tmp_path / "run", made.digits().order, recipe, CannotTrain, "no CUDA device")
