"""WebDataset shards on several ranks: every batch is divided, nothing is padded, and each picture is decoded
once on a machine.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate import machine
from striate.pictures.files import to_jpeg
from tests.conftest import ROOT

TRAIN, BATCH, PASSES = 45, 15, 2  # batches that two cannot halve
SETTINGS = (
    f"batch={BATCH}", f"epochs={PASSES}", "pictures.size=8", "machine.precision=fp32",
    "practise.share=1", "machine.micro_batch=15",
)  # fmt: skip


def shard(path: Path, first: int, count: int) -> None:
    """Pictures and labels of two classes, one after another in a tar."""
    rng = np.random.default_rng(first)
    with tarfile.open(path, "w") as file:
        for number in range(first, first + count):
            pixels = rng.integers(0, 256, (16, 16, 3), np.uint8)
            for name, data in (("jpg", to_jpeg(pixels)), ("cls", b"%d" % (number % 2))):
                member = tarfile.TarInfo(f"{number:06}.{name}")
                member.size = len(data)
                file.addfile(member, io.BytesIO(data))


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train in shards of different lengths, and one of val."""
    folder = tmp_path_factory.mktemp("shards")
    for name, first, count in (("train-000", 0, 7), ("train-001", 7, 38), ("val-000", 45, 10)):
        shard(folder / f"{name}.tar", first, count)
    time.sleep(2.1)  # of files that are younger nobody says that they are unchanged
    return folder


def seen(shards: Path, place: Path, ranks: int) -> tuple[list[list[dict[str, Any]]], list[str]]:
    """The steps of each rank of a training with a cache of its own, and the pictures read, `RANK PATH`."""
    (place / "seen").mkdir(parents=True)
    env = {
        **os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "XDG_CACHE_HOME": str(place / "cache"),
    }  # fmt: skip
    env.pop("OMP_NUM_THREADS", None)
    by = [
        "-m", "torch.distributed.run", "--nproc-per-node", str(ranks), "--rdzv-backend", "c10d",
        "--rdzv-endpoint", "localhost:0",
    ] if ranks > 1 else []  # fmt: skip
    words = [str(ROOT / "tests/verbs/rank_job.py"), str(shards), str(place / "run")]
    done = subprocess.run(
        [sys.executable, *by, *words, str(place / "seen"), *SETTINGS],
        env=env, capture_output=True, text=True, timeout=220, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    steps = [json.loads((place / "seen" / f"steps-{r}.json").read_text()) for r in range(ranks)]
    return steps, (place / "seen" / "reads.txt").read_text().splitlines()


@pytest.fixture(scope="module")
def two(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """On two ranks."""
    place = tmp_path_factory.mktemp("two")
    return (*seen(shards, place, 2), json.loads((place / "run" / "run.json").read_text()))


def test_two_ranks_see_the_order_of_one_process_and_every_picture_once_a_pass(
    shards: Path, two: Any, tmp_path: Path
) -> None:
    (alone,), _ = seen(shards, tmp_path, 1)
    first, second = two[0]
    assert len(alone) == len(first) == len(second) == PASSES * TRAIN // BATCH
    for whole, one, other in zip(alone, first, second, strict=True):
        assert one["paths"] + other["paths"] == whole["paths"]
        assert (len(one["paths"]), len(other["paths"])) == (7, 8)
    for number in range(PASSES):
        paths = [p for r in two[0] for step in r if step["epoch"] == number for p in step["paths"]]
        assert len(paths) == len(set(paths)) == TRAIN


def test_the_first_rank_reads_the_shards_and_the_other_finds_all_prepared(two: Any) -> None:
    _, reads, _ = two
    of_train = [f"train-00{n // 7 > 0:d}.tar/{n:06}.jpg" for n in range(45)]
    of_val = [f"val-000.tar/{n:06}.jpg" for n in range(45, 55)]
    by_first = {line.partition(" ")[2] for line in reads if line.startswith("0 ")}
    assert by_first == {*of_train, *of_val}
    assert not [line for line in reads if line.startswith("1 ")]


def test_ranks_of_one_machine_share_its_threads_and_follow_the_plan_they_measured_together(
    two: Any,
) -> None:
    (first, second), _, facts = two
    plan = facts["decided"]
    assert plan["processes"] == 2
    assert "measured by 2 processes together" in plan["why"][-1]
    used = {step["threads"] for rank in (first, second) for step in rank}
    assert used == {plan["threads"]}
    assert 1 <= plan["threads"] <= max(1, machine.usable_threads() // 2)
