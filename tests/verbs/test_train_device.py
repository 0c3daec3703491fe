"""Pixels that stay on a device and compiled code: decided once, said, kept, and gone on with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.numpy import load_file

from striate.keeping import checkpoint
from striate.pictures import resident
from striate.training import compiled_trial
from striate.training.budget import Measured
from striate.training.compiled_trial import Verdict
from striate.training.ranks import Ranks
from striate.training.recipe import Recipe
from striate.training.stopping import Stopped, Stopping
from striate.verbs import train_device, train_ranks
from striate.verbs.train import begin, resume
from striate.verbs.train_order import Order, Said, Stepped
from tests.conftest import ROOT
from tests.verbs import made

ORDER = Order("digits", made.MODEL)
SAME = ("metrics.csv", "bundle/model.safetensors", "predictions.csv")


def decided(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((path / "run.json").read_text())["decided"]
    return told


def stopped(path: Path, wanted: Recipe, step: int) -> None:
    """A run that a signal ended after a step."""
    stop = Stopping()
    events = begin(ORDER, wanted, path=path, stop=stop)
    with pytest.raises(Stopped):
        for event in events:
            if isinstance(event, Stepped) and event.step == step:
                stop.asked = 15


def without_times(told: made.Told) -> list[str]:
    return [text for text in told.texts if "stay on cpu" in text or "ompiled" in text]


@pytest.mark.parametrize(
    "settings", [{}, {"pictures__augment": "covered", "pictures__mix": "either"}], ids=str
)
def test_pixels_that_stay_make_the_run_that_batches_of_the_processor_make(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    plain = made.trained(ORDER, tmp_path / "plain", made.recipe(**settings))
    wanted = made.recipe(machine__resident="yes", **settings)
    told = made.trained(ORDER, tmp_path / "run", wanted)
    assert without_times(told) == [
        "the pixels of train (0.1 MB) stay on cpu, and batches of the 1,259 pictures are made there"
    ]
    assert (decided(told.path)["resident"], decided(plain.path)["resident"]) == (True, False)
    for name in SAME:
        assert (told.path / name).read_bytes() == (plain.path / name).read_bytes(), name


def test_stopped_and_gone_on_with_pixels_that_stay_it_ends_bit_for_bit_as_unbroken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = made.recipe(machine__resident="yes", epochs=3, practise__share=0.3)
    whole = made.trained(ORDER, tmp_path / "whole", wanted)
    path = tmp_path / "run"
    stopped(path, wanted, 23)
    brought: list[int] = []
    real = resident.Resident.__init__

    def counted(self: Any, pictures: Any, rows: Any, device: str) -> None:
        brought.append(len(rows))
        real(self, pictures, rows, device)

    monkeypatch.setattr(resident.Resident, "__init__", counted)
    made.followed(resume(path))
    assert brought == [1259], "as the run was decided, and nothing measured again"
    for name in SAME:
        assert (path / name).read_bytes() == (whole.path / name).read_bytes(), name


def test_pixels_that_cannot_stay_are_said_and_the_processor_makes_the_batches(
    tmp_path: Path,
) -> None:
    wanted = made.recipe(machine__resident="yes", pictures__augment="photos", epochs=0.2)
    told = made.trained(ORDER, tmp_path / "run", wanted)
    (said,) = [one for one in told.events if isinstance(one, Said) and "not kept on" in one.text]
    assert said.severity == "warning"
    assert "ResizedCrop and Colour" in said.text
    assert not decided(told.path)["resident"]


def test_memory_that_is_gone_when_training_begins_is_said_and_changes_no_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(resident, "Resident", full)
    told = made.trained(ORDER, tmp_path / "run", made.recipe(machine__resident="yes"))
    assert (
        "pixels do not stay on cpu, but are copied for each batch: CUDA out of memory" in told.texts
    )
    for name in SAME:
        assert (told.path / name).read_bytes() == (made.digits().path / name).read_bytes(), name


def test_nothing_is_said_or_done_on_a_processor_unless_somebody_asks() -> None:
    told = made.digits()
    assert without_times(told) == []
    assert not decided(told.path)["resident"]
    assert not decided(told.path)["compiled"]


def test_a_compiler_that_fails_is_said_and_the_run_is_that_of_the_plain_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> Verdict:
        return Verdict(False, "not compiled: no compiler here", is_fault=True)

    monkeypatch.setattr(compiled_trial, "decide", failing)
    told = made.trained(ORDER, tmp_path / "run", made.recipe(machine__compile="yes"))
    (said,) = [one for one in told.events if isinstance(one, Said) and "ompiled" in one.text]
    assert (said.text, said.severity) == ("not compiled: no compiler here", "warning")
    assert not decided(told.path)["compiled"]
    assert said.text in decided(told.path)["why"]
    for name in SAME:
        assert (told.path / name).read_bytes() == (made.digits().path / name).read_bytes(), name


def test_several_processes_do_not_compile_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = made.readied(ORDER, tmp_path / "run", made.recipe(machine__compile="yes"))
    ready = replace(ready, ranks=Ranks(0, 2))
    monkeypatch.setattr(train_ranks, "measured", lambda *_: Measured({8: 0.01}, 0.001, 64))
    events, (_, verdict) = made.followed(
        train_device.measured(ready, ready.batches(), {}, Stopping())
    )
    assert not verdict.compiled
    (said,) = [one.text for one in events if isinstance(one, Said)]
    assert "several processes wait for one another" in said


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The .grad attribute")  # of the compiler about itself
def test_a_compiled_run_is_kept_under_plain_names_and_ends_as_unbroken_when_it_goes_on(
    tmp_path: Path,
) -> None:
    wanted = made.recipe(machine__compile="yes", epochs=2, pictures__grow_from=0.5)
    whole = made.trained(ORDER, tmp_path / "whole", wanted)
    assert decided(whole.path)["compiled"]
    assert any(why.startswith("compiled as the recipe says") for why in decided(whole.path)["why"])
    names = set(load_file(made.digits().path / "bundle/model.safetensors"))
    assert set(load_file(whole.path / "bundle/model.safetensors")) == names
    path = tmp_path / "run"
    stopped(path, wanted, 23)
    found = checkpoint.latest(path)
    assert found is not None
    assert found.facts["is_compiled"]
    assert not [name for name in found.tensors() if "_orig_mod" in name]
    # In a process of its own, which has to compile anew, and meets the larger side first.
    command = [sys.executable, "-m", "striate", "resume", str(path), "-q"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for name in SAME:
        assert (path / name).read_bytes() == (whole.path / name).read_bytes(), name


@pytest.mark.slow
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_card_pixels_stay_and_a_whole_run_ends_compiled_or_not(tmp_path: Path) -> None:
    wanted = made.recipe(
        machine__device="cuda", machine__compile="yes", machine__precision="auto", epochs=3
    )
    told = made.trained(ORDER, tmp_path / "run", wanted)
    assert decided(told.path)["resident"]
    assert any("ompiled" in why for why in decided(told.path)["why"])
    assert told.scores["test"]["count"] == 268
