"""Hostile model files: each is refused with a code, nothing of it runs, nothing else is read, and memory
stays small.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.shipping.hostile import write_all

PROMISED_S = (
    1.0  # of one core; what waits for something for ever is ended by the limit of the process
)


def test_over_200_hostile_files_are_refused_and_nothing_of_them_runs(tmp_path: Path) -> None:
    canary, folder = tmp_path / "canary", tmp_path / "hostile"
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"\0" * 12)
    os.utime(secret, (1, 1))  # so old that any reading would make its time of access newer
    count = write_all(folder, canary)
    assert count >= 200
    before = sorted(path.name for path in tmp_path.iterdir())
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
    slowest = max(told, key=lambda one: one["s"])
    assert slowest["s"] < PROMISED_S, slowest
    assert told[-1]["mb"] - told[0]["mb"] < 256 + max(_size(folder / one["name"]) for one in told)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert secret.stat().st_atime == 1


def _size(path: Path) -> float:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(one.lstat().st_size for one in files) / 2**20
