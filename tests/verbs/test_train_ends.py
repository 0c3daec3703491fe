"""However a network ends, its training ends in a judged run: averaged maps, a norm, an activation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from striate.keeping.runs import Run
from striate.shipping.classifier import load
from striate.training.state import Training
from striate.verbs import train_suspects
from striate.verbs.train_network import planned
from striate.verbs.train_order import Order, Said
from tests.verbs import made

BEGIN = "1x8x8: conv3p1-8 bn relu"
ENDS = (
    "conv1-10 gap",
    "conv1-10 relu gap softmax",
    "gap flatten fc10 bn",
    "gap fc10 relu",
    "conv8-10",
)


@pytest.mark.parametrize("end", ENDS)
def test_a_network_is_trained_judged_and_kept_however_it_ends(end: str, tmp_path: Path) -> None:
    run = made.trained(Order("digits", f"{BEGIN} {end}"), tmp_path / "run")
    assert Run.open(run.path).facts()["status"] == "finished"
    assert isinstance(run.scores["suspects"], list)
    assert not any("not looked at" in text for text in run.texts)
    (answer,) = load(run.path).predict(np.zeros((8, 8, 1), np.uint8))
    assert answer.label in load(run.path).classes


@pytest.mark.parametrize(("classes", "last"), [(10, "conv1-10"), (3, "conv1-3")])
def test_a_network_of_the_zoo_without_a_fully_connected_layer_answers_for_any_number_of_classes(
    classes: int, last: str
) -> None:
    plan = planned("allconv", (3, 32, 32), classes)
    assert plan.text.endswith(f"{last} relu gap flatten")
    with torch.inference_mode():
        assert plan.build()(torch.zeros(2, 3, 32, 32)).shape == (2, classes)


def test_features_that_are_no_numbers_cost_the_look_at_labels_and_not_the_training() -> None:
    ready = made.readied(Order("digits", f"{BEGIN} gap fc"), made.place() / "ends-broken")
    here = Training.begin(ready.chosen.network, ready.recipe, ready.course)
    with torch.no_grad():
        next(p for p in here.network.parameters() if p.ndim == 4).fill_(float("inf"))
    events, found = made.followed(train_suspects.find(ready, here))
    said = [one.text for one in events if isinstance(one, Said) and one.severity == "warning"]
    assert found == []
    assert len(said) == 1
    assert said[0].startswith("labels were not looked at: the network's features of")
