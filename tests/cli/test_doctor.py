"""`striate doctor`, as people and as programs read it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from striate.cli.doctor import extra_state, gibibytes
from striate.verbs import doctor


@pytest.fixture(autouse=True)
def _without_asking_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    device = {"name": "A Card", "memory_bytes": 80 * 2**30}
    found = {"kind": "cuda", "devices": [device, device], "note": "CUDA 13"}
    monkeypatch.setattr(doctor, "accelerator", lambda: found)
    tried = {"is_right": True, "slower": 0.5, "numbers": [], "note": "bf16 is right here"}
    monkeypatch.setattr(doctor, "bf16", lambda: tried)


def test_json_holds_everything_under_names_that_stay(striate: Callable) -> None:
    done = striate("doctor", "--json")
    found = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert list(found) == [
        "schema_version", "striate", "python", "system", "cpu", "memory", "accelerator", "bf16", "packages",
        "extras",
    ]  # fmt: skip
    assert set(found["cpu"]) == {"model", "logical", "allowed", "quota", "threads"}
    assert set(found["memory"]) == {"total_bytes", "available_bytes", "limit_bytes"}
    assert set(found["bf16"]) == {"is_right", "slower", "numbers", "note"}
    assert set(found["extras"]["train"]) == {"installed", "missing", "serves"}


def test_people_get_three_tables(striate: Callable) -> None:
    done = striate("doctor")
    assert (done.code, done.err) == (0, "")
    blocks = done.out.strip().split("\n\n")
    assert [block.split()[0] for block in blocks] == ["machine", "package", "extra"]
    assert "A Card, 80.0 GiB; A Card, 80.0 GiB; CUDA 13" in done.out
    assert "threads are used" in done.out
    assert "\nbf16         bf16 is right here" in done.out


def test_a_missing_extra_names_what_is_missing() -> None:
    assert extra_state({"installed": False, "missing": ["torch", "onnx"]}) == "missing: torch, onnx"
    assert extra_state({"installed": True, "missing": []}) == "installed"


def test_memory_that_the_system_does_not_tell_is_unknown() -> None:
    assert gibibytes(None) == "unknown"
    assert gibibytes(3 * 2**29) == "1.5 GiB"
