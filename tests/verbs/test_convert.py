"""Foreign weights become safetensors; what could run code is refused, and nothing of it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from striate.errors import FileFault, WeightsRefused
from striate.verbs.convert import convert

WEIGHTS = {"fc.weight": torch.arange(6.0).reshape(2, 3), "fc.bias": torch.ones(2)}


class Evil:
    """Would touch a file if it were ever unpickled."""

    def __init__(self, canary: str) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        import os

        return os.mkdir, (self.canary,)


def test_the_tensors_come_out_as_they_went_in(tmp_path: Path) -> None:
    torch.save({"state_dict": WEIGHTS}, tmp_path / "w.pth")
    found = convert(tmp_path / "w.pth")
    assert (found.path, found.tensors, found.numbers) == (tmp_path / "w.safetensors", 2, 8)
    made = load_file(found.path)
    assert all(torch.equal(made[name], value) for name, value in WEIGHTS.items())


def test_a_file_that_would_run_code_is_refused_and_runs_none(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    torch.save({"w": torch.ones(2), "evil": Evil(str(canary))}, tmp_path / "w.pt")
    with pytest.raises(WeightsRefused):
        convert(tmp_path / "w.pt")
    assert not canary.exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["w.pt"]


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    torch.save({"w": torch.tensor([1.0, float("nan")])}, tmp_path / "w.pt")
    with pytest.raises(WeightsRefused, match="NaN or infinity"):
        convert(tmp_path / "w.pt")


def test_a_file_that_is_there_is_not_replaced_unasked(tmp_path: Path) -> None:
    torch.save(WEIGHTS, tmp_path / "w.pt")
    out = tmp_path / "w.safetensors"
    out.write_text("mine")
    with pytest.raises(FileFault, match="is there"):
        convert(tmp_path / "w.pt")
    assert out.read_text() == "mine"
    assert convert(tmp_path / "w.pt", overwrite=True).tensors == 2
    with pytest.raises(FileFault, match="should end in"):
        convert(tmp_path / "w.pt", tmp_path / "w.bin")
    with pytest.raises(FileFault, match="is not a file"):
        convert(tmp_path / "nowhere.pt", tmp_path / "n.safetensors")
