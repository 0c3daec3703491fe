"""Killed at any moment, a training goes on with the same command and ends as it would have: T1, T3."""

from __future__ import annotations

import hashlib
import json
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from striate.keeping import checkpoint
from tests.conftest import ROOT
from tests.verbs.job import CALLS, SETTINGS

JOB = ROOT / "tests" / "verbs" / "job.py"
SAME = (
    "bundle/model.safetensors",
    "bundle/plan.txt",
    "metrics.csv",
    "predictions.csv",
    "splits.csv",
)
KILLS, MANY_KILLS = 12, 50
# Two steps to a pass, and a checkpoint after each.
SHORT = tuple(
    {"batch=64": "batch=512", "machine.micro_batch=64": "machine.micro_batch=512"}.get(one, one)
    for one in SETTINGS
)
LATE = ("predictions.csv", "bundle", "MODEL_CARD.md", "metrics.json", "run.json", "report.html")
SHARES = 12  # of the calls of a run, to as many tests


class Call(NamedTuple):
    """A call of the system that changes files, and the file that it is about."""

    name: str
    file: str

    def is_of_a_save(self, name: str, step: int | None = None) -> bool:
        """Whether this call makes the folder of a checkpoint, or gives it its name."""
        found = re.fullmatch(r"\.?([0-9]{9})(\..*\.unfinished)?", Path(self.file).name)
        if found is None or self.name != name:
            return False
        is_new = (name == "mkdir") == bool(found[2])
        return is_new and step in (None, int(found[1]))


class Written(NamedTuple):
    """All calls of a run, in order, and the hashes of what it ends with."""

    calls: tuple[Call, ...]
    hashes: dict[str, str]


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
    scores = json.loads((folder / "metrics.json").read_bytes())
    del scores["seconds"]  # that of the process which trained last
    return found | {
        "state": hashlib.sha256(state).hexdigest(), "step": str(last.step),
        "metrics.json": json.dumps(scores),
    }  # fmt: skip


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


@pytest.fixture(scope="module")
def written(trials: Trials, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A shorter run with every kind of write in it, of which every call was noted."""
    place = tmp_path_factory.mktemp("written")
    answer = trials(place / "run", listed=str(place / "calls"), settings=SHORT)
    assert answer["code"] == 0, answer
    lines = (place / "calls").read_text().splitlines()
    return Written(tuple(Call(*json.loads(line)) for line in lines), hashes(place / "run"))


def killed_at(trials: Trials, written: Written, folder: Path, point: int) -> None:
    """Killed before this call, counted from 1; the same command again ends as if nothing had happened."""
    shown = f"call {point} of {len(written.calls)}: {written.calls[point - 1]}"
    assert trials(folder, point=point, settings=SHORT)["code"] == -signal.SIGKILL, shown
    assert trials(folder, settings=SHORT)["code"] == 0, shown
    assert hashes(folder) == written.hashes, shown
    assert not list(folder.rglob("*.unfinished")), shown


def test_the_calls_that_it_is_killed_at_are_those_of_everything_a_run_writes(
    written: Written,
) -> None:
    shown = {Path(call.file).name for call in written.calls if call.name in ("replace", "rename")}
    assert shown >= {*LATE, "splits.csv", "classes.json", "recipe.toml", "metrics.csv"}
    assert sum(call.is_of_a_save("rename") for call in written.calls) == 7  # 0 to 6 steps
    assert {call.name for call in written.calls} == set(CALLS)


@pytest.mark.parametrize("share", range(6))
def test_killed_at_the_calls_of_a_save_it_ends_the_same(
    trials: Trials, written: Written, tmp_path: Path, share: int
) -> None:
    # From the state of step 4 to when the checkpoint that it replaces is gone.
    (first,) = (n for n, call in enumerate(written.calls) if call.is_of_a_save("mkdir", step=4))
    (last,) = (n for n, call in enumerate(written.calls) if call.is_of_a_save("mkdir", step=5))
    for point in range(first + 1, last + 1)[share::6]:
        killed_at(trials, written, tmp_path / str(point), point)


@pytest.mark.parametrize("name", LATE)
def test_killed_before_and_after_a_late_file_has_its_name_it_ends_the_same(
    trials: Trials, written: Written, tmp_path: Path, name: str
) -> None:
    point = max(
        n for n, call in enumerate(written.calls, 1)
        if call.name in ("replace", "rename") and Path(call.file).name == name
    )  # fmt: skip
    for at in (point, point + 1):
        killed_at(trials, written, tmp_path / str(at), at)


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_killed_at_every_call_of_a_whole_run_it_ends_the_same(
    trials: Trials, written: Written, tmp_path: Path, share: int
) -> None:
    for point in range(1, len(written.calls) + 1)[share::SHARES]:
        killed_at(trials, written, tmp_path / str(point), point)


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


def asked_twice(
    trials: Trials, unbroken: dict[str, Any], folder: Path, signals: tuple[int, int], step: int
) -> None:
    # Two different ones are both heard however close they come; two of a kind, if a moment lies between.
    pause = 0.0 if signals[0] != signals[1] else 0.005
    answer = trials(folder, signals=[int(one) for one in signals], step=step, pause=pause)
    # Minus the number where the second met the program when its handlers were put back already.
    assert answer["code"] in {code for one in signals for code in (128 + int(one), -int(one))}
    assert answer["after_signal"] < 50  # only against hanging
    if signals[0] != signals[1]:
        assert json.loads((folder / "run.json").read_text())["status"] == "running", (
            "not told, ended"
        )
    last = checkpoint.latest(folder)
    assert last is not None
    assert last.step >= step
    assert last.findings == ()
    trials.finish(folder)
    assert hashes(folder) == unbroken["hashes"]


INT, TERM = signal.SIGINT, signal.SIGTERM


@pytest.mark.parametrize("signals", [(INT, TERM), (TERM, INT), (TERM, TERM), (INT, INT)])
def test_asked_to_stop_twice_it_ends_at_once_and_goes_on_the_same(
    trials: Trials, unbroken: dict[str, Any], tmp_path: Path, signals: tuple[int, int]
) -> None:
    asked_twice(trials, unbroken, tmp_path / "run", signals, 10)


@pytest.mark.slow
@pytest.mark.parametrize("step", range(1, 51, 4))
@pytest.mark.parametrize("signals", [(INT, TERM), (TERM, TERM)])
def test_asked_to_stop_twice_after_any_step_it_ends_at_once_and_goes_on_the_same(
    trials: Trials, unbroken: dict[str, Any], tmp_path: Path, signals: tuple[int, int], step: int
) -> None:
    asked_twice(trials, unbroken, tmp_path / "run", signals, step)


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
