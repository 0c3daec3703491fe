"""What would be done, without doing it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from striate.errors import CannotTrain, UnknownModel
from striate.training.recipe_file import read
from striate.verbs import train_pace
from striate.verbs.train_dry import dry_run
from striate.verbs.train_order import Order
from tests.verbs import made


@pytest.fixture(autouse=True)
def _pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of a fixed speed."""
    monkeypatch.setattr(train_pace, "pictures_per_second", lambda *_: 1000.0)


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dry_run(Order(str(made.photographs()), made.COLOURED), made.recipe())
    assert not list(tmp_path.iterdir())


def test_it_says_what_a_training_then_does() -> None:
    found = dry_run(made.digits().order, made.recipe())
    assert found.splits == {"train": 1259, "val": 270, "test": 268}
    assert found.steps == 1259 // 64
    assert found.plan is not None
    assert found.plan.text == made.MODEL
    assert found.recipe == read(made.digits().path / "recipe.toml")


def test_a_budget_is_turned_into_steps_by_the_pace_and_never_into_too_many_epochs() -> None:
    short = dry_run(made.digits().order, made.recipe(epochs=0, budget_s=64))
    assert short.steps == 1000
    long = dry_run(made.digits().order, made.recipe(epochs=0, budget_s=10_000))
    assert long.steps == 200 * 1259 // 64


@pytest.mark.parametrize("model", ["auto", "resnet18"])
def test_pretrained_and_named_networks_are_told_by_name(model: str) -> None:
    found = dry_run(Order(str(made.photographs()), model, ""), made.recipe(pictures__size=0))
    assert found.model == ("mobilenet_v2" if model == "auto" else model)
    assert found.side == 224
    assert found.recipe.optimiser.name == "nesterov"


def test_the_text_ends_with_every_knob_and_a_promise() -> None:
    text = dry_run(made.digits().order, made.recipe()).text()
    for name in made.recipe().flat():
        assert f"{name.rpartition('.')[2]} = " in text
    assert text.endswith("dry run: nothing was trained or written")


def test_a_typo_is_told_here_too() -> None:
    with pytest.raises(UnknownModel):
        dry_run(Order("digits", "resnt18"), made.recipe())
    with pytest.raises(CannotTrain):
        dry_run(Order("digits", "1x8x8: conv9-3 fc"), made.recipe())


@pytest.mark.parametrize("model", ["auto", "striate-s", made.MODEL])
def test_the_pace_is_that_of_the_device_and_the_threads_of_the_training(
    monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    """A machine with a card that is a thousand times as fast as its processor."""
    asked = []

    def pace(plan: object, device: str, *_: object) -> float:
        asked.append((device, torch.get_num_threads()))
        return 1e6 if device == "cuda" else 1e3

    monkeypatch.setattr(train_pace, "pictures_per_second", pace)
    monkeypatch.setattr(train_pace, "device_of", lambda asked: "cuda" if asked == "auto" else asked)
    before = torch.get_num_threads()
    wanted = made.recipe(epochs=0, budget_s=10, pictures__size=16 if model != made.MODEL else 8)
    order = Order("digits", model)
    card = dry_run(order, wanted)
    assert set(asked) == {("cuda", 1)}
    alone = dry_run(order, wanted.with_values({"machine.device": "cpu"}))
    assert torch.get_num_threads() == before
    assert "about 1,000,000 pictures a second" in card.why
    assert "about 1,000 pictures a second" in alone.why
    if model == "auto":
        assert (card.model, alone.model) == ("striate-l", "striate-xs")


def test_threads_that_are_quickest_are_measured_with_as_in_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(train_pace, "best_threads", lambda *_: 1)
    used = []

    def pace(*_: object) -> float:
        used.append(torch.get_num_threads())
        return 1000.0

    monkeypatch.setattr(train_pace, "pictures_per_second", pace)
    torch.set_num_threads(2)
    dry_run(made.digits().order, made.recipe(machine__threads=0, machine__device="cpu"))
    assert used == [1]
    assert torch.get_num_threads() == 2


def test_steps_are_those_of_whole_epochs_as_in_training(tmp_path: Path) -> None:
    wanted = made.recipe(epochs=3, optimiser__accumulate=4)
    ready = made.readied(made.digits().order, tmp_path / "run", wanted)
    assert dry_run(made.digits().order, wanted).steps == ready.course.steps


@pytest.mark.parametrize(
    "text",
    [
        "1x8x8: conv3p1-8 (bn relu conv3p1-8)*2 gap fc10",
        "1x8x8: conv3p1-8 relu {conv3p1 relu conv3p1} gap fc10",
        "1x8x8: conv1_stage=(dw3p1) relu gap fc10",
        "1x8x8: conv3p1-8 relu gap fc10",
        "timm:test_convnext",
    ],
)
def test_what_norms_decide_is_said_as_it_is_done(text: str, tmp_path: Path) -> None:
    wanted = made.recipe(epochs=0.05, pictures__size=32 if "timm" in text else 8)
    told = made.trained(Order("digits", text), tmp_path / "run", wanted)
    assert dry_run(Order("digits", text), wanted).recipe == read(told.path / "recipe.toml")
