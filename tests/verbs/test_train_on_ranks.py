"""`torchrun … -m striate train`: the same verb on several processes; a killed rank is no end (T4)."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from striate.verbs.train import resume
from striate.verbs.train_order import Said
from tests.conftest import ROOT

MODEL = "1x8x8: whiten=(conv2-8 gelu) conv3p1-8 bn relu max2 conv3p1-16 bn relu gap fc10"
SETTINGS = (
    "batch=64", "pictures.size=8", "machine.precision=fp32", "machine.threads=1", "save_every_s=0",
    "machine.micro_batch=64",
)  # fmt: skip


def on_two_ranks(
    words: list[str], restarts: int = 0, place: Path | None = None
) -> subprocess.Popen[str]:
    """The command on two ranks of this machine; torchrun starts them again so many times."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    started_by = [
        sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
        "--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0", "--max-restarts", str(restarts),
        "-m", "striate",
    ]  # fmt: skip
    return subprocess.Popen(
        [*started_by, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        cwd=place,
    )  # fmt: skip


def started(
    folder: Path, epochs: float = 3, restarts: int = 0, more: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """Two ranks on this machine that train into `folder`; torchrun starts them again so many times."""
    flags = [part for one in (*SETTINGS, *more) for part in ("--set", one)]
    words = ["train", "digits", "--model", MODEL, "--epochs", str(epochs), "-o", str(folder), "-q"]
    return on_two_ranks([*words, *flags], restarts)


def finished(process: subprocess.Popen[str]) -> str:
    """What it printed; it must have ended well."""
    printed, _ = process.communicate(timeout=230)
    assert process.returncode == 0, printed
    return printed


def hashes(folder: Path) -> dict[str, str]:
    """Of what may not depend on interruptions."""
    names = ("bundle/model.safetensors", "metrics.csv", "predictions.csv")
    return {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in names}


def ranks_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes that torchrun has started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = entry.parent.name, entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(rest[1]) == process.pid:
            found.append(int(number))
    return sorted(found)


def kill_one(
    process: subprocess.Popen[str],
    folder: Path,
    draw: random.Random,
    how: signal.Signals = signal.SIGKILL,
) -> None:
    """End one of the two ranks without a word, or stop it, when some checkpoints are there."""
    wanted = draw.randint(2, 45)
    until = time.monotonic() + 200
    while time.monotonic() < until and process.poll() is None:
        steps = [int(p.name) for p in (folder / "checkpoints").glob("[0-9]*") if p.name.isdigit()]
        ranks = ranks_of(process)
        if steps and max(steps) >= wanted and len(ranks) == 2:
            os.kill(draw.choice(ranks), how)
            return
        time.sleep(0.01)
    raise AssertionError(f"no rank was killed: {process.poll()}")


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on two ranks that nobody disturbed."""
    folder = tmp_path_factory.mktemp("ranks") / "run"
    finished(started(folder))
    return folder


def test_every_picture_is_judged_once_and_the_numbers_are_those_of_one_process(
    together: Path,
) -> None:
    from striate.cli.main import main

    scores = json.loads((together / "metrics.json").read_text())
    lines = (together / "predictions.csv").read_text().splitlines()[1:]
    assert len(lines) == scores["val"]["count"] + scores["test"]["count"]
    assert len({line.split(",")[0] for line in lines}) == len(lines)
    for split in ("val", "test"):  # the same whole numbers when one process judges
        right = round(scores[split]["accuracy"] * scores[split]["count"])
        wanted = right / scores[split]["count"]
        # Around it: twelve digits of 109 / 134 alone are more than it.
        for least, code in ((wanted - 1e-6, 0), (wanted + 1e-6, 5)):
            asked = ["eval", str(together), "--split", split, "--min-accuracy", f"{least:.12f}"]
            assert main(asked) == code


def test_after_a_killed_rank_the_same_command_ends_the_same(together: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = started(folder)
    kill_one(process, folder, random.Random(1))
    printed, _ = process.communicate(timeout=230)
    assert process.returncode != 0, printed
    finished(started(folder))
    assert hashes(folder) == hashes(together)


def test_ranks_that_torchrun_starts_again_after_a_kill_end_the_same(
    together: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = started(folder, restarts=3)
    kill_one(process, folder, random.Random(2))
    finished(process)
    assert hashes(folder) == hashes(together)


def test_on_a_finished_run_the_same_command_changes_nothing(together: Path) -> None:
    before = hashes(together)
    finished(started(together))
    assert hashes(together) == before


def test_resume_on_ranks_goes_on_to_the_same_end(together: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = started(folder)
    kill_one(process, folder, random.Random(4))
    process.communicate(timeout=230)
    printed = finished(on_two_ranks(["resume", str(folder), "-q"]))
    assert hashes(folder) == hashes(together)
    assert printed.count("report: ") == 1  # the first rank alone prints


def test_a_signal_to_torchrun_keeps_the_last_step_and_one_process_can_go_on_with_it(
    together: Path, tmp_path: Path
) -> None:
    from tests.verbs import made

    folder = tmp_path / "run"
    process = started(folder, 30, restarts=3, more=("save_every_s=600",))
    until = time.monotonic() + 200
    while time.monotonic() < until and not (folder / "metrics.csv").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    facts = json.loads((folder / "run.json").read_text())
    assert (facts["status"], facts["reason"]) == ("interrupted", "signal 15")
    kept = max(int(p.name) for p in (folder / "checkpoints").glob("[0-9]*"))
    assert 0 < kept < facts["decided"]["steps"]
    events, done = made.followed(resume(folder))
    count = json.loads((together / "metrics.json").read_text())["val"]["count"]
    said = [one.text for one in events if isinstance(one, Said)]
    assert any("made for 2 processes, and 1 go on" in text for text in said)
    assert json.loads((folder / "run.json").read_text())["status"] == "finished"
    assert done.scores["val"]["count"] == count


def test_ranks_with_shares_of_different_sizes_do_equally_many_micro_batches(
    tmp_path: Path,
) -> None:
    # 17 and 16 pictures, 16 at a time: the first would need two, the second one.
    folder = tmp_path / "run"
    finished(started(folder, 0.1, more=("batch=33", "machine.micro_batch=16")))
    assert json.loads((folder / "run.json").read_text())["status"] == "finished"


def test_a_dry_run_and_a_search_for_the_rate_are_done_once_by_the_first_rank(
    tmp_path: Path,
) -> None:
    flags = [part for one in SETTINGS for part in ("--set", one)]
    words = ["train", "digits", "--model", MODEL, "--epochs", "1", *flags]
    dry = finished(on_two_ranks([*words, "--dry-run"], place=tmp_path))
    assert dry.count("dry run: nothing was trained or written") == 1
    assert "on 2 processes" in dry
    found = finished(on_two_ranks([*words, "--find-lr", "-q"], place=tmp_path))
    assert found.count("plot: ") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["rates.html"]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20))  # each with its own time: together they took too long
def test_killed_at_any_moment_the_end_is_the_same(
    together: Path, tmp_path: Path, number: int
) -> None:
    folder = tmp_path / "run"
    process = started(folder, restarts=3)
    kill_one(process, folder, random.Random(100 + number))
    finished(process)
    assert hashes(folder) == hashes(together)


@pytest.mark.slow
def test_a_rank_that_stands_still_is_noticed_and_the_end_is_the_same(
    together: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = started(folder, restarts=3)
    kill_one(process, folder, random.Random(3), signal.SIGSTOP)
    finished(process)
    assert hashes(folder) == hashes(together)
