"""Published accuracy is what its source says, and every family is advised about."""

from __future__ import annotations

import re

import pytest

from striate.zoo.catalogue import CATALOGUE, plan_of
from striate.zoo.published import CHOICES, published

WEIGHED = [name for name, network in CATALOGUE.items() if network.weights]


@pytest.mark.parametrize("name", WEIGHED)
def test_what_is_told_of_weights_is_what_torchvision_states(name: str) -> None:
    models = pytest.importorskip("torchvision.models")
    weights = CATALOGUE[name].weights
    found = published(CATALOGUE[name])
    assert weights
    assert found
    family, member = weights.enum.split(".")
    stated = getattr(getattr(models, family), member).meta["_metrics"]["ImageNet-1K"]
    assert (found.top1, found.top5) == (stated["acc@1"], stated["acc@5"])
    assert (found.data, found.where) == ("ImageNet", weights.source)


def test_what_is_told_of_papers_is_their_error_subtracted() -> None:
    for network in CATALOGUE.values():
        found = published(network)
        if not found or network.weights:
            continue
        said = re.search(r"errors? ([\d.]+)|: ([\d.]+) %", found.where)
        assert said
        assert found.top1 == pytest.approx(100 - float(said[1]) if said[1] else float(said[2]))


def test_a_network_that_nobody_published_has_no_accuracy() -> None:
    assert published(CATALOGUE["striate-s"]) is None


def test_every_family_has_a_sentence() -> None:
    assert set(CHOICES) == {network.family for network in CATALOGUE.values()}


def test_the_comparisons_in_the_sentences_hold() -> None:
    top = {name: found.top1 for name in WEIGHED if (found := published(CATALOGUE[name]))}
    many = {name: plan_of(name).parameters for name in WEIGHED}
    assert top["resnet50"] > max(top[name] for name in WEIGHED if name.startswith("vgg"))
    assert many["vgg16"] > 5 * many["resnet50"]
    assert abs(top["inception_v3"] - top["resnet101"]) < 0.2
    assert abs(many["inception_v3"] / many["resnet101"] - 0.5) < 0.05
    assert abs(top["googlenet"] - top["resnet18"]) < 0.1
    assert top["alexnet"] < top["resnet18"]
    assert many["alexnet"] > 5 * many["resnet18"]
    large = [
        n for n, network in CATALOGUE.items() if ":" in network.text and "x224x" in network.text
    ]
    assert min(large, key=lambda name: plan_of(name).macs) == "shufflenet_v2_x0_5"
