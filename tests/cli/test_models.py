"""`striate models` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Golden = Callable[[str, str], None]
Striate = Callable[..., Any]


@pytest.fixture(autouse=True)
def _nothing_measured_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_the_list_of_models_is_its_golden_file(striate: Striate, golden: Golden) -> None:
    golden("models/all.out", striate("models").out)


def test_every_accuracy_has_the_line_of_its_source_and_every_network_that_of_its_paper(
    striate: Striate,
) -> None:
    out = striate("models", "resnet").out
    assert "  resnet18 to resnet56-cifar  He et al. 2015, arXiv 1512.03385" in out
    assert "  resnet18 to resnet152  torchvision for its weights IMAGENET1K_V1" in out
    assert "  resnet20-cifar         the paper, table 6: error 8.75 %" in out
    for row in json.loads(striate("models", "--json").out)["models"]:
        alone = striate("models", row["name"]).out
        assert row["paper"] in alone
        if row["accuracy"] and not row["weights"]:
            assert f"the paper, {row['accuracy']['where']}" in alone
        if row["weights"]:
            assert "torchvision for its weights IMAGENET1K_V1" in alone
        table = alone.split("\n\n")[0]
        assert max(map(len, table.splitlines())) <= 100, "a notebook shown as a page is no wider"


def test_json_lists_name_family_year_paper_cost_field_and_weights(striate: Striate) -> None:
    found = json.loads(striate("models", "--json").out)
    assert found["schema_version"] == 1
    wanted = {"name", "family", "year", "paper", "parameters", "macs", "receptive_field", "weights"}
    assert all(wanted <= set(row) for row in found["models"])


def test_measuring_adds_columns_says_where_and_is_remembered(striate: Striate) -> None:
    pytest.importorskip("torch")
    plain, timed = striate("models", "lenet5"), striate("models", "lenet5", "--measure")
    assert "one picture" not in plain.out
    assert "speed: not measured here yet; `striate models --measure` does it" in plain.out
    assert "one picture" in timed.out
    assert "speed: forward in fp32 on " in timed.out
    again = striate("models", "lenet5")
    assert again.out == timed.out
    row = json.loads(striate("models", "lenet5", "--json").out)["models"][0]
    assert row["measured"]["one_ms"] > 0
    assert row["measured"]["per_second"] > 0


def test_networks_that_were_not_measured_have_no_speed_beside_those_that_were(
    striate: Striate,
) -> None:
    pytest.importorskip("torch")
    striate("models", "lenet5", "--measure")
    lines = striate("models", "lenet").out.splitlines()
    told = {line.split()[0]: line for line in lines if line.startswith(("lenet5", "lenet300"))}
    assert " ms " in told.pop("lenet5")
    assert all(" ms " not in line for line in told.values())


def test_only_the_families_that_are_shown_are_advised_about(striate: Striate) -> None:
    told = striate("models", "shufflenet").out
    assert "which to choose: take a network with a proven record" in told
    assert "(L3, Convolutional Neural Networks, CS 446 / ECE 449)" in told
    assert "  ShuffleNet  if it has to be efficient" in told
    assert "ResNet-50" not in told


def test_a_pattern_without_a_match_says_so_and_lists_nothing(striate: Striate) -> None:
    result = striate("models", "efficientnet")
    assert result.out == ""
    assert "no network matches 'efficientnet'" in result.err
