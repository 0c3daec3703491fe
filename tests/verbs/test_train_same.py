"""The same weights from a process of its own, whatever its hashes and however many threads work ahead: T9."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.verbs import made

SAME = ("bundle/model.safetensors", "metrics.csv", "predictions.csv", "splits.csv")


def again(place: Path, workers: int, hashes: str) -> Path:
    """The command of `made.digits`, in another process."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": hashes}
    order = ["digits", "--model", made.MODEL, *made.FLAGS, "--set", f"machine.workers={workers}"]
    done = subprocess.run(
        [sys.executable, "-m", "striate", "train", *order, "-o", str(place), "-q"],
        env=env, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return place


@pytest.mark.parametrize(
    ("workers", "hashes"),
    [
        (4, "4321"),
        pytest.param(0, "1", marks=pytest.mark.slow),
        pytest.param(1, "random", marks=pytest.mark.slow),
    ],
)
def test_another_process_with_other_workers_and_hashes_makes_the_same_run(
    tmp_path: Path, workers: int, hashes: str
) -> None:
    place = again(tmp_path / "run", workers, hashes)
    for name in SAME:
        assert (place / name).read_bytes() == (made.digits().path / name).read_bytes(), name
