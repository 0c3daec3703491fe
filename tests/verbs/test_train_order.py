"""What a person asked for, as plain values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from striate.errors import RecipeFault, UsageError
from striate.training.recipe import Recipe
from striate.verbs.train import train
from striate.verbs.train_order import Order, dial, recipe_of, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90), ("90s", 90), ("5m", 300), ("1.5h", 5400), ("1h30m", 5400), (" 2M ", 120), ("1d", 86400),
        ("1m1.5s", 61.5), ("1m30", 90),
    ],
)  # fmt: skip
def test_a_time_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "m", "5x", "-5m", "0s", "five", "1.2.3s", "5 m", "1e3s", "nan"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no time"):
        seconds_of(text)


def test_an_order_goes_through_json_and_leaves_out_names_of_later_versions() -> None:
    order = Order("photos", "striate-s", "", "runs/a", "s.csv", None, 0.2, 0.1, True, False, "sets")
    plain = json.loads(json.dumps(order.to_dict() | {"of_later": 1}))
    assert Order.from_dict(plain) == order
    assert Order.from_dict({"data": "digits"}) == Order("digits")


def test_flags_win_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text("epochs = 3.0\nbatch = 32\n[optimiser]\nrate = 0.1\n")
    made = recipe_of(tmp_path / "r.toml", ("optimiser.rate=0.2",), budget="2m", seed=9)
    assert made.budget_s == 120
    assert made.epochs == 0  # a budget given beside a file with epochs is what counts
    assert (made.batch, made.optimiser.rate, made.seed) == (32, 0.2, 9)
    assert recipe_of(None, epochs=2.5).epochs == 2.5
    assert recipe_of(None) == Recipe()


def test_every_fault_of_the_settings_is_told_at_once() -> None:
    with pytest.raises(RecipeFault) as caught:
        recipe_of(None, ("optimiser.nam=adam", "batch=x"))
    assert "did you mean optimiser.name" in caught.value.where
    assert "batch" in caught.value.where


@pytest.mark.parametrize("epochs", [0, -0.0, -1, -0.5, float("nan")])
def test_no_passes_are_no_training_and_not_the_default_time(epochs: float) -> None:
    for ask in (
        lambda: dial(None, epochs),
        lambda: recipe_of(None, epochs=epochs),
        lambda: train("digits", epochs=epochs),
    ):
        with pytest.raises(UsageError, match="epochs would train nothing"):
            ask()
    assert dial(None, 0.5) == {"epochs": 0.5}


def test_one_dial_takes_a_time_or_passes() -> None:
    assert dial(None, None) == {}
    assert dial("2m", None) == dial(120, None) == {"budget_s": 120, "epochs": 0}
    with pytest.raises(UsageError, match="two answers to one question"):
        dial("2m", 3)


@pytest.mark.parametrize(
    ("order", "from_weights", "is_headed"),
    [
        (Order("digits"), False, False), (Order("digits", pretrained=""), True, True),
        (Order("digits", pretrained="m.pth"), True, True), (Order("digits", source="runs/a"), True, False),
    ],
)  # fmt: skip
def test_published_weights_and_a_run_of_ones_own_are_weights_that_were_trained(
    order: Order, from_weights: bool, is_headed: bool
) -> None:
    assert (order.from_weights, order.is_headed) == (from_weights, is_headed)
