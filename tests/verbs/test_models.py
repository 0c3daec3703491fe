"""The zoo as rows."""

from __future__ import annotations

from striate.verbs.models import models
from striate.verbs.models_speed import Speed
from striate.zoo.catalogue import CATALOGUE

FAMILIES = {
    "LeNet", "ConvNetJS", "Neocognitron", "AlexNet", "VGG", "GoogLeNet", "Inception", "All-CNN", "ResNet",
    "MobileNet", "ShuffleNet", "Striate",
}  # fmt: skip


def test_every_family_that_the_lectures_name_is_in_the_zoo() -> None:
    assert {row["family"] for row in models()} == FAMILIES


def test_a_row_states_paper_year_cost_field_and_where_weights_are() -> None:
    (row,) = models("mobilenet_v2")
    assert row["paper"].startswith("Sandler")
    assert (row["year"], row["parameters"], row["receptive_field"]) == (2018, 3_504_872, [491, 491])
    assert row["weights"]["source"] == "torchvision MobileNet_V2_Weights.IMAGENET1K_V1"
    assert "BSD-3-Clause" in row["weights"]["licence"]


def test_a_pattern_keeps_what_holds_it_in_name_family_or_paper() -> None:
    assert [row["name"] for row in models("fukushima")] == ["neocognitron"]
    assert models("no such thing") == []


def test_a_row_states_published_accuracy_with_its_source_and_when_to_choose_it() -> None:
    (row,) = models("resnet50")
    assert row["accuracy"]["top1"] == 76.13
    assert row["accuracy"]["where"] == "torchvision ResNet50_Weights.IMAGENET1K_V1"
    (small,) = models("resnet20-cifar")
    assert (small["accuracy"]["data"], small["accuracy"]["top1"]) == ("CIFAR-10", 91.25)
    assert row["choose"].startswith("if accuracy is all you care about: ResNet-50")
    assert row["measured"] is None


def test_what_was_measured_stands_in_the_row() -> None:
    speed = Speed(1.5, 4, 900.0, 2, "a machine", "2026-11-28")
    (row,) = models("lenet5", {"lenet5": speed})
    assert row["measured"] == {
        "one_ms": 1.5, "batch": 4, "per_second": 900.0, "threads": 2, "machine": "a machine",
        "measured": "2026-11-28",
    }  # fmt: skip


def test_without_a_pattern_every_network_has_a_row() -> None:
    assert [row["name"] for row in models()] == list(CATALOGUE)
