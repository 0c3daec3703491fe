"""The zoo as rows."""

from __future__ import annotations

from striate.verbs.models import models
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


def test_without_a_pattern_every_network_has_a_row() -> None:
    assert [row["name"] for row in models()] == list(CATALOGUE)
