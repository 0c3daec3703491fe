"""Measuring on this machine: what is built, told and left as it was. No time decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate import machine
from striate.verbs.models_speed import BATCH, Speed, keep, kept, measured
from striate.verbs.train_order import Working


def speed(one_ms: float = 2.5, *, processor: str = "") -> Speed:
    processor = processor or machine.cpu_model()
    return Speed(one_ms, BATCH, 900.0, machine.usable_threads(), processor, "2026-11-28")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "striate" / "speeds.json"


def test_what_was_measured_is_remembered_and_the_newer_stands(cache: Path) -> None:
    assert kept() == {}
    assert keep({"lenet5": speed(1.0), "vgg16": speed(400.0)}) == ""
    assert keep({"lenet5": speed(2.0)}) == ""
    assert kept() == {"lenet5": speed(2.0), "vgg16": speed(400.0)}


def test_speeds_of_another_processor_count_for_nothing(cache: Path) -> None:
    keep({"lenet5": speed(processor="a processor of another machine")})
    assert kept() == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"speeds": 3}',
        '{"speeds": {"lenet5": {"one_ms": 1}}}',
        '{"speeds": {"lenet5": []}}',
    ],
)
def test_a_file_that_is_torn_or_of_another_form_counts_for_nothing(cache: Path, text: str) -> None:
    cache.parent.mkdir()
    cache.write_text(text)
    assert kept() == {}
    assert keep({"lenet5": speed()}) == ""
    assert kept() == {"lenet5": speed()}


def test_a_cache_that_cannot_be_written_is_a_sentence(cache: Path) -> None:
    cache.parent.write_text("a file where the folder should be")
    assert "the speeds are not remembered: " in keep({"lenet5": speed()})


def test_each_network_is_timed_with_progress_and_threads_are_put_back() -> None:
    torch = pytest.importorskip("torch")
    from tests.verbs.made import followed  # needs torch

    before = torch.get_num_threads()
    told, found = followed(measured(["lenet5", "convnetjs-cifar10"], 0.0))
    assert told == [Working("measuring", 0, 2), Working("measuring", 1, 2)]
    assert list(found) == ["lenet5", "convnetjs-cifar10"]
    for speed in found.values():
        assert speed.one_ms > 0
        assert speed.per_second > 0
        assert speed.batch == BATCH
        assert speed.threads >= 1
    assert torch.get_num_threads() == before
