"""Labels that may be wrong are found, told with their path, and it takes a tenth of the budget at most."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

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
    order = Order(
        str(place), "3x8x8: conv3p1-16 relu gap fc", splits=str(made.place() / "wrong.csv"),
        look_for_copies=False,
    )  # fmt: skip
    return made.readied(order, made.place() / "wrong-run")


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
    monkeypatch.setattr(train_suspects, "SHARE", 0.0)
    events, found = made.followed(train_suspects.find(ready, here(ready)))
    said = [one.text for one in events if isinstance(one, Said)]
    assert said == ["labels of 50 of 122 pictures of train were looked at"]
    assert isinstance(found, list)
    monkeypatch.setattr(train_suspects, "FEWEST", 100)
    _, found = made.followed(train_suspects.find(ready, here(ready)))
    assert found == []


def test_the_network_is_left_as_it_was(ready: Ready) -> None:
    training = here(ready)
    before = {k: v.clone() for k, v in training.network.state_dict().items()}
    made.followed(train_suspects.find(ready, training))
    after = training.network.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)


def test_a_run_writes_them_down(tmp_path: Path) -> None:
    assert isinstance(made.photos().scores["suspects"], list)
