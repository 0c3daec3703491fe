"""Steps of several ranks that cannot be done: all know it, or the message says what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.training.rank_update_job import BATCH, MOST
from tests.training.test_rank_norm import under_torchrun


def told(kind: str, folder: Path) -> list[dict[str, Any]]:
    """What each of two ranks says."""
    job = str(ROOT / "tests/training/rank_update_job.py")
    done = under_torchrun(2, job, kind, str(folder), folder=folder)
    assert done.returncode == 0, done.stderr
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]


def test_where_one_rank_has_too_little_memory_all_take_fewer_pictures_at_a_time(
    tmp_path: Path,
) -> None:
    first, second = told("short", tmp_path)
    assert first["steps"] == second["steps"] > 1
    # A share of 64: what a batch was, then 64 at a time, and 32 go in.
    assert first["micro_batch"] == second["micro_batch"] == 32 <= MOST < BATCH // 2
    assert first["notes"] == second["notes"]
    assert "64 pictures at a time became 32" in first["notes"][-1]
    assert first["weights"] == second["weights"]


def test_where_norms_wait_for_one_another_the_message_says_what_to_begin_anew_with(
    tmp_path: Path,
) -> None:
    first, second = told("norms", tmp_path)
    assert second["code"] == "T003"
    assert "memory ran out for process 1 of 2" in second["text"]
    assert "--set machine.micro_batch=32" in second["hint"]
    assert first["code"] == "T005"
    assert "another process" in first["text"]
    assert first["step"] == second["step"] == 0


def test_every_rank_names_the_picture_that_another_one_had(tmp_path: Path) -> None:
    first, second = told("poison", tmp_path)
    assert first["code"] == second["code"] == "T002"
    assert first["where"] == second["where"]
    assert first["where"][0].endswith(second["bad"])
    assert first["where"][-1] == f"and {BATCH - 8} more"
    assert first["weights"] == second["weights"]
