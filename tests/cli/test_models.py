"""`striate models` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Golden = Callable[[str, str], None]
Striate = Callable[..., Any]


def test_the_list_of_models_is_its_golden_file(striate: Striate, golden: Golden) -> None:
    golden("models/all.out", striate("models").out)


def test_json_lists_name_family_year_paper_cost_field_and_weights(striate: Striate) -> None:
    found = json.loads(striate("models", "--json").out)
    assert found["schema_version"] == 1
    wanted = {"name", "family", "year", "paper", "parameters", "macs", "receptive_field", "weights"}
    assert all(wanted <= set(row) for row in found["models"])


def test_a_pattern_without_a_match_says_so_and_lists_nothing(striate: Striate) -> None:
    result = striate("models", "efficientnet")
    assert result.out == ""
    assert "no network matches 'efficientnet'" in result.err
