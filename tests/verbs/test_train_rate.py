"""The range test on the user's own pictures and network."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from striate.errors import CannotTrain
from striate.training import find_rate as ranges
from striate.verbs.train_order import Working
from striate.verbs.train_rate import Found, find_rate
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
    monkeypatch.setattr(ranges, "sweep", lambda *_: iter(()))
    with pytest.raises(CannotTrain, match="no number at the lowest rate"):
        made.followed(find_rate(made.photos().order, made.recipe(), None))
    assert not list(tmp_path.iterdir())
