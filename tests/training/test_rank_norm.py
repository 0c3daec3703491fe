"""Batch norm over ranks: alone it is PyTorch's; on two and three processes gradients are those of one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from striate.training import rank_norm
from tests.conftest import ROOT


def under_torchrun(count: int, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A program on several processes of this machine, one thread each."""
    env = {
        **os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "OMP_NUM_THREADS": "1",
        "GLOO_SOCKET_IFNAME": "lo",
    }  # fmt: skip
    return subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(count),
            "--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0", *words,
        ],
        env=env, capture_output=True, text=True, timeout=220, cwd=folder, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("count", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_gradients_of_several_processes_are_those_of_one(count: int, tmp_path: Path) -> None:
    done = under_torchrun(count, str(ROOT / "tests/training/rank_job.py"), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["float64"]["gradients"] < 1e-12
    assert found["float64"]["statistics"] < 1e-12
    assert found["float32"]["gradients"] < 1e-4  # reported: the last digits of other sums
    assert found["float64"]["norms"] == 3
    assert found["told"] == "a wörd"
    assert found["agreed"] == [True, False]
    assert found["sum"] == [sum(range(1, count + 1)), 10 * count]


@pytest.mark.slow
def test_ranks_wait_for_the_first_while_it_prepares_longer_than_a_step_may_take(
    tmp_path: Path,
) -> None:
    done = under_torchrun(2, str(ROOT / "tests/training/rank_job.py"), "late", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.strip().splitlines()[-1])["told"] == "a wörd"


def test_names_of_parameters_and_buffers_stay_so_weights_go_both_ways() -> None:
    made = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.BatchNorm2d(4, affine=False))
    before = set(made.state_dict())
    assert rank_norm.install(made) == 2
    assert set(made.state_dict()) == before


def test_in_evaluation_it_is_the_batch_norm_it_replaced() -> None:
    made = nn.Sequential(nn.BatchNorm2d(4))
    made(torch.randn(8, 4, 3, 3))
    made.eval()
    images = torch.randn(2, 4, 3, 3)
    there = made(images)
    rank_norm.install(made)
    assert torch.equal(made(images), there)
