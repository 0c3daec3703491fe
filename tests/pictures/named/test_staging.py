"""A folder that is built beside its place and renamed, or is not there at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from striate.errors import FileFault
from striate.pictures.named.staging import building
from tests.conftest import environment

HOLD = """
import sys
from striate.pictures.named.staging import building
with building(sys.argv[1]) as folder:
    (folder / "half").write_text("half")
    print("ready", flush=True)
    sys.stdin.read()
"""


def begun(target: Path) -> subprocess.Popen[str]:
    """A process that is in the middle of building `target`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(target)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_the_folder_appears_when_the_block_ends_and_not_before(tmp_path: Path) -> None:
    with building(tmp_path / "deep" / "set") as folder:
        (folder / "file").write_text("text")
        assert not (tmp_path / "deep" / "set").exists()
    assert (tmp_path / "deep" / "set" / "file").read_text() == "text"
    assert os.listdir(tmp_path / "deep") == ["set"]


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_nothing(tmp_path: Path, fault: type[BaseException]) -> None:
    with pytest.raises(fault), building(tmp_path / "set") as folder:
        (folder / "file").write_text("text")
        raise fault
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(FileFault, match="set cannot be written: No space left on device"),
        building(tmp_path / "set") as folder,
    ):
        (folder / "file").write_text("text")
        raise OSError(28, "No space left on device")
    assert os.listdir(tmp_path) == []


def test_what_a_killed_process_left_is_removed_the_next_time(tmp_path: Path) -> None:
    process = begun(tmp_path / "set")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(os.listdir(tmp_path)) == 1
    with building(tmp_path / "other"):
        pass
    assert len(os.listdir(tmp_path)) == 2
    with building(tmp_path / "set"):
        pass
    assert sorted(os.listdir(tmp_path)) == ["other", "set"]


def test_what_another_process_is_building_is_left_alone_and_the_first_to_end_wins(
    tmp_path: Path,
) -> None:
    process = begun(tmp_path / "set")
    with building(tmp_path / "set") as folder:
        (folder / "whole").write_text("whole")
        assert len(os.listdir(tmp_path)) == 2
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait() != 0
    assert process.stdout is not None
    process.stdout.close()
    assert os.listdir(tmp_path) == ["set"]
    assert os.listdir(tmp_path / "set") == ["whole"]
