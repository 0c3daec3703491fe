"""What would be done, without doing it."""

from __future__ import annotations

from pathlib import Path

import pytest

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
