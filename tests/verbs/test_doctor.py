"""What `examine` finds."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import pytest

import striate
from striate import optional
from striate.training import precision
from striate.verbs import doctor


def pretend_torch(monkeypatch: pytest.MonkeyPatch, cuda: bool = False, mps: bool = False) -> None:
    """Put a made-up torch in place."""
    card = SimpleNamespace(name="A Card", total_memory=2**33)
    torch = SimpleNamespace(
        cuda=SimpleNamespace(
            is_available=lambda: cuda, device_count=lambda: 2, get_device_properties=lambda i: card
        ),
        version=SimpleNamespace(cuda="13.0"),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)),
        # what the fixture of conftest.py calls on every torch it sees
        manual_seed=lambda seed: None,
        use_deterministic_algorithms=lambda *a, **k: None,
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(optional, "available", lambda module: True)


def test_everything_is_found_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_torch(monkeypatch)
    monkeypatch.setattr(doctor, "bf16", lambda: {"note": "tried elsewhere"})
    found = doctor.examine()
    assert found["striate"] == striate.__version__
    assert found["cpu"]["threads"] >= 1
    assert found["packages"]["click"].startswith("8")
    assert found["packages"]["numpy"]
    assert found["bf16"]["note"] == "tried elsewhere"


def test_an_extra_tells_what_is_missing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optional, "available", lambda module: module != "sklearn")
    assert doctor.state("train")["missing"] == ["scikit-learn"]
    assert not doctor.state("train")["installed"]
    assert doctor.state("zoo")["installed"]


def test_without_torch_the_accelerator_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optional, "available", lambda module: False)
    assert doctor.accelerator()["note"] == "unknown: torch is not installed"


def test_cards_are_listed_with_their_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_torch(monkeypatch, cuda=True)
    found = doctor.accelerator()
    assert (found["kind"], found["note"]) == ("cuda", "CUDA 13.0")
    assert found["devices"] == [{"name": "A Card", "memory_bytes": 2**33}] * 2


def test_the_processor_of_an_apple_computer_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_torch(monkeypatch, mps=True)
    assert doctor.accelerator()["kind"] == "mps"


def test_no_accelerator_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_torch(monkeypatch)
    assert doctor.accelerator() == {"kind": None, "devices": [], "note": "none that torch can use"}


def test_a_broken_torch_is_reported_and_does_not_stop_the_doctor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend_torch(monkeypatch)
    monkeypatch.setattr(sys.modules["torch"], "cuda", None)
    assert doctor.accelerator()["note"].startswith("torch cannot tell: AttributeError")


def test_bf16_is_tried_on_this_machine_and_told_as_plain_data() -> None:
    found = doctor.bf16()
    assert list(found) == ["is_right", "slower", "numbers", "note"]
    assert found["note"].startswith("bf16 ")
    json.dumps(found, allow_nan=False)


def test_without_torch_bf16_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optional, "available", lambda module: False)
    assert doctor.bf16()["note"] == "unknown: torch is not installed"
    assert doctor.bf16()["is_right"] is None


def test_a_bf16_that_fails_is_reported_and_does_not_stop_the_doctor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise RuntimeError("no primitive")

    monkeypatch.setattr(precision, "quick", fail)
    assert doctor.bf16()["note"] == "torch cannot tell: RuntimeError: no primitive"
