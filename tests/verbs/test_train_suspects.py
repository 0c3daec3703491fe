"""Labels that may be wrong are found, told with their path, and it takes a tenth of the budget at most."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from striate.keeping.runs import Run
from striate.pictures.order import order
from striate.training import frozen_head
from striate.training.state import Training
from striate.verbs import train_suspects
from striate.verbs.train_order import Order, Said, Working
from striate.verbs.train_ready import Ready
from tests.verbs import made

WRONG = {"cat/100.jpg", "dog/101.jpg"}


@pytest.fixture(scope="module")
def ready() -> Ready:
    """Cats and dogs that a colour tells apart; one of each lies in the other folder."""
    place = made.folder(made.place() / "wrong", counts=(70, 70))
    shutil.move(place / "dog" / "000.jpg", place / "cat" / "100.jpg")
    shutil.move(place / "cat" / "000.jpg", place / "dog" / "101.jpg")
    lines = ["path,label,split"]
    for kind in ("cat", "dog"):
        names = sorted(one.name for one in (place / kind).iterdir())
        lines += [f"{kind}/{n},{kind},{'val' if n < '010' else 'train'}" for n in names]
    (made.place() / "wrong.csv").write_text("\n".join(lines) + "\n")
    asked = Order(
        str(place), "3x8x8: conv3p1-16 relu gap fc", splits=str(made.place() / "wrong.csv"),
        look_for_copies=False,
    )  # fmt: skip
    return made.readied(asked, made.place() / "wrong-run")


def here(ready: Ready) -> Training:
    return Training.begin(ready.chosen.network, ready.recipe, ready.course)


def test_wrong_labels_are_the_least_credible(ready: Ready) -> None:
    events, found = made.followed(train_suspects.find(ready, here(ready)))
    assert {one["path"] for one in found[:2]} == WRONG
    assert {one["split"] for one in found} == {"train"}
    first = next(one for one in found if one["path"] == "cat/100.jpg")
    assert (first["label"], first["likely"]) == ("cat", "dog")
    assert all(isinstance(one, Working) for one in events)


def test_where_all_would_take_too_long_a_part_is_looked_at_and_said(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_suspects, "_AT_ONCE", 50)
    monkeypatch.setattr(train_suspects, "FEWEST", 20)
    monkeypatch.setattr(train_suspects, "LEAST_S", 0.0)  # and the steps took no time at all
    events, found = made.followed(train_suspects.find(ready, here(ready)))
    said = [one.text for one in events if isinstance(one, Said)]
    assert said == ["labels of 50 of 122 pictures of train were looked at"]
    assert isinstance(found, list)
    monkeypatch.setattr(train_suspects, "FEWEST", 100)
    _, found = made.followed(train_suspects.find(ready, here(ready)))
    assert found == []


@pytest.mark.parametrize(("limit", "wanted"), [(0.0, [40]), (100.0, [40, 122])])
def test_heads_of_all_are_fitted_only_where_those_of_some_show_that_there_is_time(
    ready: Ready, monkeypatch: pytest.MonkeyPatch, limit: float, wanted: list[int]
) -> None:
    fitted, real = [], frozen_head.out_of_fold

    def spied(features: NDArray[np.float32], *rest: Any, **more: Any) -> NDArray[np.float64]:
        fitted.append(len(features))
        return real(features, *rest, **more)

    monkeypatch.setattr(frozen_head, "out_of_fold", spied)
    monkeypatch.setattr(train_suspects, "FITTED_FIRST", 40)
    monkeypatch.setattr(train_suspects, "LEAST_S", limit)
    events, found = made.followed(train_suspects.find(ready, here(ready)))
    assert fitted == wanted
    said = [one.text for one in events if isinstance(one, Said)]
    part = ["labels of 40 of 122 pictures of train were looked at"]
    assert said == (part if limit == 0 else [])
    seen = ready.dataset.places("train")
    first = {ready.dataset.paths[int(r)] for r in seen[order(len(seen), 0, 0)[:40]]}
    if limit == 0:
        assert {one["path"] for one in found} <= first


def test_the_network_is_left_as_it_was(ready: Ready) -> None:
    training = here(ready)
    before = {k: v.clone() for k, v in training.network.state_dict().items()}
    made.followed(train_suspects.find(ready, training))
    after = training.network.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)


@pytest.mark.parametrize(
    ("epochs", "budget_s", "trained_s", "wanted"),
    [
        (0, 300.0, 290.0, 30.0),  # the budget was given, and start-up and looks are in it
        (0, 8.0, 7.0, 0.8),
        (5, 300.0, 1000.0, 100.0),  # the budget is the default here, and nobody asked for it
        (5, 300.0, 3.0, train_suspects.LEAST_S),
        (5, 300.0, None, train_suspects.LEAST_S),
    ],
)
def test_it_may_take_a_tenth_of_the_budget_or_of_the_time_that_the_epochs_took(
    ready: Ready,
    epochs: float,
    budget_s: float,
    trained_s: float | None,
    wanted: float,
    tmp_path: Path,
) -> None:
    run = Run.create(tmp_path / "run", datetime.now(UTC))
    with run:
        if trained_s is not None:
            run.update(seconds={"prepare": 50.0, "train": trained_s})
        recipe = ready.recipe.with_values({"epochs": epochs, "budget_s": budget_s})
        found = train_suspects._allowed_s(replace(ready, run=run, recipe=recipe))
    assert found == pytest.approx(wanted)


def test_a_run_writes_them_down(tmp_path: Path) -> None:
    assert isinstance(made.photos().scores["suspects"], list)
