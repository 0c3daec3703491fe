"""`striate lecture check` as a student types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

RIGHT = "def relu_forward(x):\n    return x * (x > 0)\n"
WRONG = "def relu_forward(x):\n    return abs(x)\n"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_right_layer_is_praised_case_by_case(striate: Callable) -> None:
    Path("my_layers.py").write_text(RIGHT, encoding="utf-8")
    done = striate("lecture", "check", "my_layers.py:relu_forward")
    assert done.code == 0, done.err
    assert done.out.splitlines()[0] == "relu_forward (relu): right"
    assert done.out.count("  right  x ") == 4


def test_a_wrong_layer_ends_with_5_and_says_where_and_why(
    striate: Callable, golden: Callable
) -> None:
    Path("my_layers.py").write_text(WRONG, encoding="utf-8")
    done = striate("lecture", "check", "my_layers.py:relu_forward")
    assert done.code == 5
    golden("lecture_check.out", done.out)


def test_json_holds_the_place_and_the_reason(striate: Callable) -> None:
    Path("my_layers.py").write_text(WRONG, encoding="utf-8")
    done = striate("lecture", "check", "my_layers.py:relu_forward", "--json")
    assert done.code == 5
    (one,) = json.loads(done.out)["functions"]
    assert one["is_right"] is False
    assert one["why"].startswith("|x| was taken")
    assert one["wrong"]["place"] == [0, 1]


def test_what_the_code_printed_goes_to_stderr(striate: Callable) -> None:
    Path("my_layers.py").write_text("print('a')\n" + RIGHT, encoding="utf-8")
    done = striate("lecture", "check", "my_layers.py:relu_forward")
    assert "your code printed: a" in done.err


def test_the_help_is_as_agreed(striate: Callable, golden: Callable) -> None:
    golden("help_lecture_check.out", striate("lecture", "check", "--help").out)
