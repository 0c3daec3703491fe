"""Decided before step 0, and written down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from striate import machine
from striate.errors import CannotTrain
from striate.shipping.opened import bundle_of
from striate.training import budget
from striate.training.budget import Measured
from striate.training.course import Course
from striate.training.ranks import Ranks
from striate.training.recipe import Recipe
from striate.training.recipe_file import read
from striate.verbs import train_pace
from striate.verbs.train_dry import dry_run
from striate.verbs.train_order import Order
from tests.verbs import made


def test_what_was_decided_stands_in_the_run_and_in_its_recipe() -> None:
    told = made.digits()
    facts = json.loads((told.path / "run.json").read_text())
    course, recipe = Course.from_dict(facts["decided"]), read(told.path / "recipe.toml")
    assert (course.steps, course.batch, course.micro_batch, course.threads) == (19, 64, 64, 1)
    assert (recipe.optimiser.name, recipe.pictures.augment) == ("muon", "digits")
    assert "auto" not in (recipe.start.filters, recipe.start.whiten, recipe.loss.class_weights)
    assert facts["decided"]["precision"] == "fp32"
    assert facts["decided"]["precision_numbers"] == []
    assert facts["model"]["text"] == made.MODEL
    assert facts["model"]["started_from"] is None
    assert any(text.startswith("own text: 94 parameters; 19 steps") for text in told.texts)


def test_too_few_steps_to_practise_are_said(tmp_path: Path) -> None:
    wanted = made.recipe(practise__share=0.3)
    told = made.trained(Order("digits", made.MODEL), tmp_path / "run", wanted)
    assert "there are too few steps to practise hard pictures: all come in every pass" in told.texts


def test_a_named_network_of_ours_is_decided_for_as_where_it_is_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(train_pace, "affordable", lambda *_: (6 * 1200, 24.0))
    monkeypatch.setattr(train_pace, "best_threads", lambda *_: 1)
    wanted = made.recipe(epochs=0, budget_s=300, batch=0, pictures__size=16)
    ready = made.readied(Order("digits", "striate-xs"), tmp_path / "run", wanted)
    assert ready.recipe.practise.share == 0.3


def with_pace(monkeypatch: pytest.MonkeyPatch, step_s: float) -> None:
    """A machine on which every step takes as long."""

    def measure(*_: object, **__: object) -> Measured:
        return Measured({8: step_s}, 0.0, 64)

    monkeypatch.setattr(budget, "measure", measure)


def test_a_budget_becomes_steps_by_the_measured_time_of_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_pace(monkeypatch, 0.5)
    wanted = made.recipe(epochs=0, budget_s=100)
    at = made.readied(Order("digits", made.MODEL), tmp_path / "run", wanted).course
    assert at.steps == int(100 * (1 - budget.KEPT_BACK) / 0.5)
    assert at.save_every == 60  # every half minute


def test_a_budget_that_buys_very_many_epochs_is_not_used_up_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_pace(monkeypatch, 1e-4)
    wanted = made.recipe(epochs=0, budget_s=100)
    at = made.readied(Order("digits", made.MODEL), tmp_path / "run", wanted).course
    assert at.epochs == 200
    assert any("the budget is not used up" in why for why in at.why)


def test_our_networks_begin_with_a_first_layer_made_of_the_pictures(tmp_path: Path) -> None:
    order = Order("digits")
    ready = made.readied(order, tmp_path / "run", made.recipe(pictures__size=16))
    assert ready.chosen.name == "striate-xs"
    assert (ready.recipe.start.whiten, ready.recipe.start.filters) == ("yes", "dirac")
    first = next(ready.chosen.network.parameters())
    assert not first.requires_grad
    assert torch.isfinite(first).all()


def test_a_run_to_start_from_gives_network_weights_and_their_licence(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "set", ("cat", "dog", "owl"), (12, 12, 12))
    order = Order(str(place), source=str(made.photos().path))
    told = made.trained(order, tmp_path / "run")
    said = [text for text in told.texts if text.startswith("started from")]
    assert said == [f"started from {order.source}: 6 of 8 tensors; new: fc1.bias, fc1.weight"]
    model = json.loads((told.path / "run.json").read_text())["model"]
    assert model["text"] == "3x8x8: conv3p1-4 bn relu gap fc3"
    assert model["started_from"]["licence"] == "yours: trained from scratch"
    cards = [
        json.loads((r / "bundle/card.json").read_text()) for r in (told.path, made.photos().path)
    ]
    assert cards[0]["preparation"] == cards[1]["preparation"]
    assert cards[0]["weights_licence"] == "yours: trained from scratch"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
@pytest.mark.parametrize(("device", "words"), [("cuda", "no CUDA"), ("mps", "no Apple GPU")])
def test_a_device_that_is_not_there_is_refused(tmp_path: Path, device: str, words: str) -> None:
    with pytest.raises(CannotTrain, match=words):
        made.readied(
            Order("digits", made.MODEL), tmp_path / "run", made.recipe(machine__device=device)
        )


def test_threads_are_those_of_the_recipe_or_the_quickest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "usable_threads", lambda: 16)
    monkeypatch.setattr(train_pace, "best_threads", lambda plan, most: most - 1)
    shape = (3, 32, 32)
    order = Order("digits", "resnet18")
    assert train_pace.threads_for(made.recipe(), order, shape, 10, "cpu") == 1
    free = made.recipe(machine__threads=0)
    assert train_pace.threads_for(free, order, shape, 10, "cpu") == 15
    assert train_pace.threads_for(free, order, shape, 10, "cuda") == 16
    assert train_pace.threads_for(free, Order("digits", "timm:x"), shape, 10, "cpu") == 16
    assert train_pace.threads_for(free, order, shape, 10, "cpu", Ranks(1, 8, 4)) == 3


def test_a_run_to_start_from_loses_nothing_of_its_first_layer_and_filters(tmp_path: Path) -> None:
    order, wanted = Order("digits", "striate-xs"), made.recipe(pictures__size=16, epochs=0.1)
    first = made.trained(order, tmp_path / "first", wanted)
    again = Order("digits", source=str(first.path))
    ready = made.readied(again, tmp_path / "second", made.recipe(pictures__size=16))
    kept = bundle_of(str(first.path)).tensors()
    for name, value in ready.chosen.network.state_dict().items():
        assert torch.equal(value, kept[name]), name
    held = [n for n, p in ready.chosen.network.named_parameters() if not p.requires_grad]
    assert held == ["whiten.conv1.weight"]


def test_accumulated_batches_are_one_large_batch_a_few_pictures_at_a_time(tmp_path: Path) -> None:
    order = Order("digits", made.MODEL)
    few = made.recipe(batch=32, optimiser__accumulate=4, machine__micro_batch=0)
    many = made.recipe(batch=128, machine__micro_batch=32)
    runs = [made.trained(order, tmp_path / n, r).path for n, r in (("few", few), ("many", many))]
    decided = [json.loads((run / "run.json").read_text())["decided"] for run in runs]
    assert [(d["batch"], d["micro_batch"], d["steps"]) for d in decided] == [(128, 32, 9)] * 2
    weights, wanted = ((run / "bundle/model.safetensors").read_bytes() for run in runs)
    assert weights == wanted


@pytest.mark.parametrize(("name", "rate"), [("adamw", 3e-4), ("muon", 0.024), ("auto", 0.01)])
def test_a_run_to_start_from_gets_the_rate_of_trained_weights(
    tmp_path: Path, name: str, rate: float
) -> None:
    order = Order("digits", source=str(made.digits().path))
    told = made.trained(order, tmp_path / "run", made.recipe(optimiser__name=name, epochs=0.1))
    assert read(told.path / "recipe.toml").optimiser.rate == rate
    (said,) = [one for one in told.texts if one.startswith("the recipe differs")]
    assert f"optimiser.rate={rate}" in said


DEEP = "1x8x8: (conv3p1-16 relu)*10 gap fc10"


def test_a_deep_network_without_norms_learns_as_it_is_given(tmp_path: Path) -> None:
    """By AdamW from PyTorch's filters it stays at chance: what is deep gets nearly nothing to learn from."""
    asked = Recipe().changed(["epochs=3", "looks=1", "machine.threads=1"])
    told = made.trained(Order("digits", DEEP), tmp_path / "run", asked)
    chosen = read(told.path / "recipe.toml")
    assert (chosen.optimiser.name, chosen.start.filters) == ("muon", "he")
    assert dry_run(Order("digits", DEEP), asked).recipe == chosen
    assert any(text.startswith("filters of 10 convolutions") for text in told.texts)
    assert told.scores["test"]["accuracy"] > 0.85
