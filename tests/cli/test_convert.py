"""`striate convert` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch


def test_the_file_and_what_was_in_it_are_told(striate: Callable, tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2, 3)}, tmp_path / "w.pt")
    done = striate("convert", str(tmp_path / "w.pt"))
    assert done.code == 0, done.err
    assert done.out == f"{tmp_path / 'w.safetensors'}: 1 tensors, 6 numbers\n"
    again = striate("convert", str(tmp_path / "w.pt"), "--overwrite", "--json")
    assert json.loads(again.out)["numbers"] == 6


def test_no_weights_are_a_fault(striate: Callable, tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    done = striate("convert", str(tmp_path / "w.pt"))
    assert done.code != 0
    assert "is refused" in done.err
