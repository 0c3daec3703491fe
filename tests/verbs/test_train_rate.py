"""The range test on the user's own pictures and network."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch

from striate.errors import CannotTrain
from striate.training import find_rate as ranges
from striate.verbs.train_frozen import head_first
from striate.verbs.train_order import Order, Said, Working
from striate.verbs.train_rate import Found, find_rate
from striate.zoo.catalogue import plan_of
from tests.verbs import made


@pytest.fixture(scope="module")
def told() -> tuple[list[Any], Found]:
    place = made.place() / "rates.html"
    return made.followed(find_rate(made.photos().order, made.recipe(batch=14), place))


def test_rates_rise_from_far_below_the_recipe_to_far_above(
    told: tuple[list[Any], Found],
) -> None:
    events, found = told
    tried = found.to_dict()["tried"]
    rates = [one["rate"] for one in tried]
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(found.rate * ranges.LOWEST)
    assert sum(isinstance(one, Working) and one.what == "trying rates" for one in events) == len(
        tried
    )
    lowest = min(tried, key=lambda one: one["loss"])
    assert found.to_dict()["suggested"] == pytest.approx(lowest["rate"] / 10)


def test_the_text_gives_the_flag_to_type_and_the_plot(told: tuple[list[Any], Found]) -> None:
    found = told[1]
    assert f"try: --set optimiser.rate={found.to_dict()['suggested']:.3g}" in found.text()
    assert found.text().endswith(f"plot: {found.path}")
    assert found.path is not None
    assert found.path.read_text().startswith("<!doctype html>")


def test_no_run_is_left_behind_even_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(ranges, "sweep", lambda *_, **__: iter(()))
    with pytest.raises(CannotTrain, match="no number at the lowest rate"):
        made.followed(find_rate(made.photos().order, made.recipe(), None))
    assert not list(tmp_path.iterdir())


NETWORK = "resnet20-cifar"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Random weights of a small network of the zoo, in a file."""
    torch.manual_seed(3)
    torch.save(plan_of(NETWORK).build().state_dict(), tmp_path / "m.pth")
    return tmp_path / "m.pth"


def test_a_pretrained_network_is_tried_as_it_is_trained_with_its_fitted_head(
    tmp_path: Path, weights: Path
) -> None:
    order = Order(str(made.photographs()), NETWORK, str(weights), look_for_copies=False)
    wanted = made.recipe(pictures__size=16, batch=14, machine__micro_batch=14)
    ready = made.readied(order, tmp_path / "run", wanted)
    made.followed(head_first(ready))
    first = next(iter(ready.batches().epoch(0)))
    logits = ready.chosen.network.eval()(first.images)  # its norms stay as they are in training
    loss = torch.nn.functional.cross_entropy(logits, first.labels)
    events, found = made.followed(find_rate(order, wanted, None))
    assert found.range.tried[0].loss == pytest.approx(loss.item(), rel=1e-4)
    assert found.rate == ready.recipe.optimiser.rate == 0.0003
    assert any(isinstance(one, Said) and "linear head on frozen" in one.text for one in events)


def test_a_run_to_start_from_is_tried_around_the_rate_of_trained_weights() -> None:
    order = Order(str(made.photographs()), source=str(made.photos().path), look_for_copies=False)
    _, found = made.followed(find_rate(order, made.recipe(batch=14, optimiser__name="adamw"), None))
    assert found.rate == 3e-4


def test_of_a_network_without_norms_the_rate_that_the_recipe_takes_is_told() -> None:
    """Its filters go a quarter of it: what is suggested is for the recipe, and is taken so once."""
    order = Order("digits", "1x8x8: conv3p1-4 relu gap fc10")
    _, found = made.followed(find_rate(order, made.recipe(), None))
    assert found.rate == 0.24
