"""Killed at any moment, a training goes on with the same command and ends as it would have: T1, T3."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from striate.keeping import checkpoint
from tests.conftest import ROOT

JOB = ROOT / "tests" / "verbs" / "job.py"
SAME = (
    "bundle/model.safetensors",
    "bundle/plan.txt",
    "metrics.csv",
    "predictions.csv",
    "splits.csv",
)
KILLS, MANY_KILLS = 12, 50
IN_A_SAVE = range(56, 65)  # any nine calls in a row hold all those of a save


class Trials:
    """A process that has imported torch and forks a training for every try."""

    def __init__(self) -> None:
        env = {
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
        }
        self.process = subprocess.Popen(
            [sys.executable, str(JOB)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=env | {"OMP_NUM_THREADS": "1"}, cwd=ROOT,
        )  # fmt: skip

    def __call__(self, folder: Path, **order: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"folder": str(folder), **order}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def finish(self, folder: Path) -> None:
        """The same command again, until it ends well."""
        answer = self(folder)
        assert answer["code"] == 0, answer

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def trials() -> Iterator[Trials]:
    found = Trials()
    yield found
    found.close()


@pytest.fixture(scope="module")
def unbroken(trials: Trials, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Hashes of a training that nobody disturbed, and how long it took."""
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    answer = trials(folder)
    assert answer["code"] == 0, answer
    decided = json.loads((folder / "run.json").read_text())["decided"]
    assert decided["practised"]  # so that kills meet it too
    return {"hashes": hashes(folder), "seconds": answer["seconds"]}


def hashes(folder: Path) -> dict[str, str]:
    """Of everything that may not depend on interruptions."""
    found = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in SAME}
    last = checkpoint.latest(folder)
    assert last is not None
    state = (last.path / checkpoint.STATE).read_bytes()
    return found | {"state": hashlib.sha256(state).hexdigest(), "step": str(last.step)}


def killed_at_random(trials: Trials, unbroken: dict[str, Any], place: Path, count: int) -> None:
    draw = random.Random(7)
    for number in range(count):
        folder = place / str(number)
        after = draw.uniform(0.02, 0.98) * unbroken["seconds"]
        answer = trials(folder, after=after)
        assert answer["code"] in (-signal.SIGKILL, 0)
        trials.finish(folder)
        assert hashes(folder) == unbroken["hashes"], f"killed after {after:.2f} s"


def test_killed_at_random_moments_it_ends_bit_for_bit_as_if_nothing_had_happened(
    trials: Trials, unbroken: dict[str, Any], tmp_path: Path
) -> None:
    killed_at_random(trials, unbroken, tmp_path, KILLS)


@pytest.mark.slow
def test_killed_at_many_random_moments_it_ends_bit_for_bit(
    trials: Trials, unbroken: dict[str, Any], tmp_path: Path
) -> None:
    killed_at_random(trials, unbroken, tmp_path, MANY_KILLS)


def test_killed_twice_in_one_run_it_still_ends_the_same(
    trials: Trials, unbroken: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    for share in (0.5, 0.3, 0.6):
        trials(folder, after=share * unbroken["seconds"])
    trials.finish(folder)
    assert hashes(folder) == unbroken["hashes"]


@pytest.mark.parametrize("point", [22, 31, 38, *IN_A_SAVE])
def test_killed_at_any_call_of_a_save_it_ends_the_same(
    trials: Trials, unbroken: dict[str, Any], tmp_path: Path, point: int
) -> None:
    folder = tmp_path / "run"
    assert trials(folder, point=point)["code"] == -signal.SIGKILL
    trials.finish(folder)
    assert hashes(folder) == unbroken["hashes"]


@pytest.mark.slow
@pytest.mark.parametrize("point", range(1, 120))
def test_killed_at_every_call_of_the_first_steps_it_ends_the_same(
    trials: Trials, unbroken: dict[str, Any], tmp_path: Path, point: int
) -> None:
    folder = tmp_path / "run"
    trials(folder, point=point)
    trials.finish(folder)
    assert hashes(folder) == unbroken["hashes"]


def asked_to_stop(
    trials: Trials, unbroken: dict[str, Any], place: Path, number: int, count: int
) -> None:
    draw = random.Random(number)
    for turn in range(count):
        folder = place / f"{number}-{turn}"
        after = draw.uniform(0.1, 0.95) * unbroken["seconds"]
        answer = trials(folder, after=after, signal=number)
        assert answer["code"] in (128 + number, 0)
        assert answer["after_signal"] < 50  # the promise is 5 s; a test only guards against hanging
        if answer["code"]:
            facts = json.loads((folder / "run.json").read_text())
            assert facts["status"] in ("interrupted", "finished")  # while the page is written
        trials.finish(folder)
        assert hashes(folder) == unbroken["hashes"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_saves_says_so_by_its_exit_code_and_goes_on_the_same(
    trials: Trials, unbroken: dict[str, Any], tmp_path: Path, number: int
) -> None:
    asked_to_stop(trials, unbroken, tmp_path, int(number), 3)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_at_forty_moments_it_goes_on_the_same(
    trials: Trials, unbroken: dict[str, Any], tmp_path: Path, number: int
) -> None:
    asked_to_stop(trials, unbroken, tmp_path, int(number), 20)


def test_the_same_command_on_a_finished_run_changes_nothing(
    trials: Trials, unbroken: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    trials.finish(folder)
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}
    trials.finish(folder)
    after = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}
    assert hashes(folder) == unbroken["hashes"]
    assert {k: v for k, v in after.items() if k.name != "lock"}.items() >= {
        k: v for k, v in before.items() if "lock" not in k.name
    }.items()


def test_a_run_of_before_a_knob_came_is_gone_on_with_by_the_same_command(
    trials: Trials, unbroken: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    trials.finish(folder)
    facts = json.loads((folder / "run.json").read_text())
    facts["recipe"] = {k: v for k, v in facts["recipe"].items() if not k.startswith("practise.")}
    (folder / "run.json").write_text(json.dumps(facts))
    trials.finish(folder)
    assert hashes(folder) == unbroken["hashes"]
