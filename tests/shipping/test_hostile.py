"""Hostile model files: each is refused with a code, nothing of it runs, nothing else is read, and memory
stays small.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.shipping.hostile import write_all, write_foreign

PROMISED_S = 1.0
# A process of its own that loads torch stands between, which takes seconds where others work too.
FOREIGN_S = 30.0


def refused(tmp_path: Path, write: Callable[[Path, Path], int]) -> list[dict[str, Any]]:
    """What was told of each file, once it is sure that each was refused, nothing ran and nothing was read."""
    canary, folder = tmp_path / "canary", tmp_path / "hostile"
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"\0" * 12)
    os.utime(secret, (1, 1))  # so old that any reading would make its time of access newer
    count = write(folder, canary)
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-m", "tests.shipping.hostile", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=500, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == count
    wrong = [one for one in told if not one["fault"] or one["fault"].startswith(("!", "X"))]
    assert not wrong, wrong[:5]
    assert told[-1]["mb"] - told[0]["mb"] < 256 + max(_size(folder / one["name"]) for one in told)
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before
    assert secret.stat().st_atime == 1
    return told


def test_over_300_hostile_files_are_refused_and_nothing_of_them_runs(tmp_path: Path) -> None:
    told = refused(tmp_path, write_all)
    assert len(told) >= 300
    slowest = max(told, key=lambda one: one["s"])
    assert slowest["s"] < PROMISED_S, slowest


def test_hostile_weights_of_torch_are_refused_by_convert(tmp_path: Path) -> None:
    told = refused(tmp_path, lambda folder, canary: write_foreign(folder, canary, 1))
    assert len(told) == 2


@pytest.mark.slow
def test_many_hostile_weights_of_torch_are_refused_by_convert(tmp_path: Path) -> None:
    told = refused(tmp_path, lambda folder, canary: write_foreign(folder, canary, 8))
    assert len(told) == 16
    assert max(one["s"] for one in told) < FOREIGN_S


def _size(path: Path) -> float:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(one.lstat().st_size for one in files) / 2**20
