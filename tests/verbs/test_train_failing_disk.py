"""A training whose disk gets full, or can only be read any more, for real: T5 of a whole run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import ROOT

JOB = ROOT / "tests" / "verbs" / "failing_disk.py"
IN_A_SAVE = 60
Disk = Callable[..., dict[str, Any]]


def namespace() -> list[str]:
    """The command that runs another where mounts are its own; root needs no user namespace for it."""
    return ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "-Urm"]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """Trainings on a small disk; the process that has it mounted has imported torch and forks for each."""
    place, notes = tmp_path_factory.mktemp("disk"), tmp_path_factory.mktemp("notes")
    tried = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
    if shutil.which("unshare") is None or subprocess.run([*namespace(), *tried]).returncode:
        pytest.skip("this system lets nobody mount a small disk: no unshare, or it is forbidden")
    env = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": os.environ["PATH"], "HOME": "/nowhere"}
    process = subprocess.Popen(
        [*namespace(), sys.executable, str(JOB), str(place), str(notes)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, env=env | {"OMP_NUM_THREADS": "1"}, cwd=ROOT,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    asked, answers = process.stdin, process.stdout

    def ask(**order: Any) -> dict[str, Any]:
        asked.write(json.dumps(order) + "\n")
        asked.flush()
        found: dict[str, Any] = json.loads(answers.readline())
        return found

    yield ask
    asked.close()
    process.wait(60)
    answers.close()


@pytest.fixture(scope="module")
def unbroken(disk: Disk) -> dict[str, Any]:
    found = disk(name="whole", what="nothing")
    assert found["first"]["code"] == 0, found
    hashes: dict[str, Any] = found["hashes"]
    return hashes


def goes_on(disk: Disk, unbroken: dict[str, Any], what: str, point: int, reason: str) -> str:
    """What was said when it failed; all else is checked."""
    found = disk(name=f"{what}-{point}", what=what, point=point)
    first = found["first"]
    assert first["code"] == 3, first
    assert "Traceback" not in first["said"]
    assert reason in first["said"]
    assert re.search(r"; then `striate resume \S+` goes on from what was saved", first["said"])
    assert found["status"] in ("failed", "interrupted")
    assert found["steps"]
    assert found["meanwhile"]["code"] == 3, "nothing was mended yet"
    assert reason in found["meanwhile"]["said"]
    assert found["mended"]["code"] == 0, found["mended"]
    assert found["hashes"] == unbroken
    assert found["left"] == []
    said: str = first["said"]
    return said


@pytest.mark.parametrize(
    ("what", "reason"), [("full", "No space left on device"), ("closed", "Read-only file system")]
)
def test_where_a_checkpoint_cannot_be_written_it_is_named_and_resume_ends_as_if_nothing_had_happened(
    disk: Disk, unbroken: dict[str, Any], what: str, reason: str
) -> None:
    said = goes_on(disk, unbroken, what, IN_A_SAVE, reason)
    assert re.search(
        rf"checkpoints/0000000\d\d cannot be written: {reason}; it needs [\d,]+ bytes, [\d,]+ bytes are free",
        " ".join(said.split()),
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "reason"), [("full", "No space left on device"), ("closed", "Read-only file system")]
)
@pytest.mark.parametrize("point", range(40, 60))
def test_at_every_call_of_two_steps_the_end_is_the_same(
    disk: Disk, unbroken: dict[str, Any], what: str, reason: str, point: int
) -> None:
    goes_on(disk, unbroken, what, point, reason)
