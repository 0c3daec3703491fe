"""`striate bench` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.verbs import made


def test_people_see_the_machine_and_two_tables(striate: Callable) -> None:
    done = striate("bench", str(made.photos().path), "--seconds", "0.3", "--threads", "2")
    assert done.code == 0, done.err
    first, second, *rest = done.out.splitlines()
    assert first.endswith(", 2 threads, onnx")
    assert second == "made photographs of 500 x 375, prepared to 8 x 8 x 3"
    heads = [line.split()[0] for line in rest if line]
    assert heads == ["latency", "one", "one", "pictures", *["network"] * 4, *["files"] * 2, "most"]


def test_json_holds_every_figure(striate: Callable) -> None:
    done = striate("bench", str(made.photos().path), "--seconds", "0.3", "--threads", "1", "--json")
    found = json.loads(done.out)
    assert list(found)[:2] == ["schema_version", "model"]
    assert found["one_picture"]["file_to_answer"]["p50_ms"] > 0
    assert len(found["network_alone"]) == 4
    assert done.err == ""


def test_a_model_that_is_not_there_is_a_sentence(striate: Callable) -> None:
    assert striate("bench", "nowhere.onnx").code == 3
