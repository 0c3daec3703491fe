"""Thumbnails from a process of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.pictures.audit import thumbnails as module
from striate.pictures.audit.thumbnails import thumbnails
from striate.pictures.files import decode
from tests.pictures.photographs import folder, photograph


def test_each_picture_that_can_be_read_gets_a_small_jpeg(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"a/1.png": photograph(rng), "a/2.jpg": b"bad", "a/3.jpg": photograph(rng, 300, 100)}
    data = folder(tmp_path, files)
    (tmp_path / "a" / "2.jpg").unlink()
    made = thumbnails(data, [2, 0, 1, 0], 64)
    assert {place: decode(jpeg).shape for place, jpeg in made.items()} == {
        0: (48, 64, 3),
        2: (64, 21, 3),
    }
    monkeypatch.setattr(module, "_BATCH_BYTES", 1)
    assert set(thumbnails(data, [0, 1, 2], 64)) == {0, 2}
    assert thumbnails(data, [], 64) == {}


def test_a_picture_that_crashes_the_process_costs_only_itself(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = folder(tmp_path, {f"a/{i}.png": photograph(rng, 30 + i, 30) for i in range(5)})
    poison = data.data(3)
    real = subprocess.run

    def run(*args: Any, **options: Any) -> Any:
        if poison in options["input"]:
            raise subprocess.CalledProcessError(-11, "reader")
        return real(*args, **options)

    monkeypatch.setattr(subprocess, "run", run)
    assert sorted(thumbnails(data, range(5), 16)) == [0, 1, 2, 4]
