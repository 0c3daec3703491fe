"""`striate plan` as a user types it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

Golden = Callable[[str, str], None]
Striate = Callable[..., Any]
EXAMPLE = "3x32x32: (conv3p1-64 bn relu)*2 max2 (conv3p1-128 bn relu)*2 max2 gap fc10"


def test_the_table_of_the_example_is_its_golden_file(striate: Striate, golden: Golden) -> None:
    result = striate("plan", EXAMPLE)
    assert result.code == 0
    assert result.err == ""
    golden("plan/example.out", result.out)


def test_json_has_every_field_that_is_promised(striate: Striate) -> None:
    found = json.loads(striate("plan", EXAMPLE, "--json").out)
    assert found["schema_version"] == 1
    assert found["text"] == EXAMPLE
    assert found["input"] == [3, 32, 32]
    assert (found["parameters"], found["macs"], found["flops"]) == (
        261_834,
        96_142_592,
        192_285_184,
    )
    assert found["receptive_field"] == [16, 16]
    first, last = found["layers"][0], found["layers"][-1]
    assert first == {
        "name": "conv1", "word": "conv3p1-64", "output": [64, 32, 32], "parameters": 1728, "macs": 1_769_472,
        "receptive_field": [3, 3], "jump": [1, 1], "remainder": [0, 0], "unseen": [0, 0], "bias": False,
    }  # fmt: skip
    assert last["output"] == [10, 1, 1]
    assert last["receptive_field"] is None
    assert last["jump"] is None


def test_activations_are_counted_for_the_batch_that_is_asked_for(striate: Striate) -> None:
    one = json.loads(striate("plan", EXAMPLE, "--json").out)["activation_bytes"]
    many = json.loads(striate("plan", EXAMPLE, "--json", "--batch", "64").out)["activation_bytes"]
    assert many == 64 * one


def test_a_form_of_the_lectures_is_planned_with_input_and_classes(
    striate: Striate, golden: Golden
) -> None:
    text = "[(CONV-RELU)^2-POOL?]^3-(FC-RELU)^1,SOFTMAX"
    golden("plan/lecture.out", striate("plan", text, "--input", "3x32x32", "--classes", "10").out)


def test_strict_refuses_alexnet_with_the_arithmetic(striate: Striate) -> None:
    result = striate("plan", "alexnet", "--strict")
    assert result.code == 4
    assert result.out == ""
    assert (
        "error[S002]: conv11s4p2-64 does not fit 224x224: (224 + 4 - 11)/4 + 1 = 55.25"
        in result.err
    )


def test_strict_refuses_a_traced_module_too(striate: Striate) -> None:
    pytest.importorskip("torchvision")
    result = striate("plan", "torchvision:alexnet", "--strict")
    assert result.code == 4
    assert "does not fit 224x224: (224 + 4 - 11)/4 + 1 = 55.25" in result.err


def test_a_fault_points_at_its_column(striate: Striate, golden: Golden) -> None:
    result = striate("plan", "3x32x32: conv3p1-64 rleu max2")
    assert result.code == 4
    golden("plan/unknown-word.err", result.err)


def test_a_fault_is_json_too_when_json_is_asked_for(striate: Striate) -> None:
    found = json.loads(striate("plan", "3x7x7: conv9-8", "--json").out)
    assert found["error"]["code"] == "S001"


def test_a_text_may_come_from_standard_input(
    striate: Striate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("1x8x8:\n  conv3-4\n  gap fc2\n"))
    assert json.loads(striate("plan", "-", "--json").out)["text"] == "1x8x8: conv3-4 gap fc2"


def test_a_text_without_input_says_how_to_give_one(striate: Striate) -> None:
    result = striate("plan", "conv3-4 gap fc2")
    assert result.code == 4
    assert "error[S005]" in result.err
    assert "--input 3x32x32" in result.err


def test_the_question_of_the_slide_is_answered_as_its_golden_file(
    striate: Striate, golden: Golden
) -> None:
    golden("plan/fit-question.out", striate("plan", "N=32 F=5 S=2 P=?", "--fit").out)
    assert striate("plan", "F = 5, S = 2, P = ? (whatever fits)").code == 0


def test_the_windows_that_do_not_fit_are_their_golden_file(
    striate: Striate, golden: Golden
) -> None:
    golden("plan/fit-resnet18.out", striate("plan", "resnet18", "--fit").out)
    found = json.loads(striate("plan", "alexnet", "--fit", "--json").out)
    assert found["schema_version"] == 1
    assert found["nearest_input"] == [3, 223, 223]
    assert found["misfits"][0]["remainder"] == 1


def test_a_question_that_cannot_be_read_shows_how_it_is_written(striate: Striate) -> None:
    result = striate("plan", "F=5 Q", "--fit")
    assert result.code == 2
    assert "write it like `N=32 F=5 S=2 P=?`" in result.err


HINTED = "3x32x32: conv5-8 conv5-8 relu max2 fc10"


def test_hints_stand_under_the_table_and_in_json(striate: Striate, golden: Golden) -> None:
    golden("plan/hints.out", striate("plan", HINTED).out)
    found = json.loads(striate("plan", HINTED, "--json").out)["hints"]
    assert [hint["name"] for hint in found] == ["linear-pair", "shrinks-fast", "fc-heavy"]
    assert found[0]["lectures"][0]["name"] == "L3"
    assert set(found[0]) == {"name", "layers", "text", "fix", "lectures"}


def test_hints_can_be_silenced_one_by_one_or_all(striate: Striate) -> None:
    some = striate("plan", HINTED, "--silence", "linear-pair,fc-heavy").out
    assert "shrinks-fast" in some
    assert "linear-pair" not in some
    assert "fc-heavy" not in some
    none = striate("plan", HINTED, "--no-hints").out
    assert none.splitlines()[-1].startswith("receptive field")
    assert json.loads(striate("plan", HINTED, "--no-hints", "--json").out)["hints"] == []
    wrong = striate("plan", HINTED, "--silence", "linear-pears")
    assert wrong.code == 2
    assert "did you mean `linear-pair`?" in wrong.err
