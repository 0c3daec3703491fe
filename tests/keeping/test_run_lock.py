"""One process at a time; the system frees what a killed one held."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from striate.errors import FileFault, RunBusy
from striate.keeping import run_lock
from striate.keeping.run_lock import Lock, is_free
from tests.conftest import environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="file locks are for POSIX")

HOLD = """
import sys, time
from pathlib import Path
from striate.keeping.run_lock import Lock
lock = Lock.take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""
FORK_AND_HOLD = """
import os, sys, time
from pathlib import Path
from striate.keeping.run_lock import Lock
lock = Lock.take(Path(sys.argv[1]))
if os.fork() == 0:
    print(os.getpid(), flush=True)
    time.sleep(60)
    os._exit(0)
sys.stdin.read()
"""


@contextmanager
def holder(folder: Path, code: str = HOLD) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that holds the lock, and what it said."""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lock, "_PATIENCE_S", 0.03)


def test_a_lock_that_another_process_holds_names_it(tmp_path: Path) -> None:
    with holder(tmp_path) as (process, said):
        assert said == "held"
        assert not is_free(tmp_path)
        with pytest.raises(RunBusy) as fault:
            Lock.take(tmp_path)
    where = f"process {process.pid} on {socket.gethostname()} is working in {tmp_path}"
    assert fault.value.text == where
    assert "give another folder with -o" in fault.value.hint


def test_a_process_that_is_killed_frees_its_lock(tmp_path: Path) -> None:
    with holder(tmp_path) as (process, _):
        assert not is_free(tmp_path)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert is_free(tmp_path)
        Lock.take(tmp_path).release()


def test_a_forked_process_that_lives_on_does_not_hold_the_lock_of_a_killed_one(
    tmp_path: Path,
) -> None:
    with holder(tmp_path, FORK_AND_HOLD) as (process, said):
        child = int(said)
        try:
            assert not is_free(tmp_path)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            os.kill(child, 0)  # it lives
            assert is_free(tmp_path)
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_forked_process_that_ends_leaves_the_lock_where_it_is(
    tmp_path: Path, child: Callable
) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from striate.keeping.run_lock import Lock, is_free\n"
        "folder = Path(sys.argv[1]); lock = Lock.take(folder)\n"
        "if os.fork() == 0: lock.release(); os._exit(0)\n"
        "os.wait(); print(is_free(folder)); lock.release(); print(is_free(folder))"
    )
    assert child("-c", code, str(tmp_path)).stdout.split() == ["False", "True"]


def test_the_same_process_cannot_take_a_lock_twice(tmp_path: Path) -> None:
    lock = Lock.take(tmp_path)
    with pytest.raises(RunBusy, match=f"process {os.getpid()} on"):
        Lock.take(tmp_path)
    assert not is_free(tmp_path)
    lock.release()
    lock.release()
    assert is_free(tmp_path)
    again = Lock.take(tmp_path)
    assert again.note == ""
    again.release()


def test_a_lock_that_nobody_refers_to_is_free(tmp_path: Path) -> None:
    Lock.take(tmp_path)
    assert is_free(tmp_path)


def test_a_look_at_a_lock_does_not_get_in_the_way_of_taking_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_lock, "_PATIENCE_S", 60)
    looking = Lock.take(tmp_path)
    monkeypatch.setattr("time.sleep", lambda _: looking.release())
    Lock.take(tmp_path).release()


def test_the_lock_of_a_folder_that_was_removed_meanwhile_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, times = run_lock._open, []

    def opened(folder: Path) -> int:
        handle = real(folder)
        times.append(handle)
        if len(times) == 1:
            (folder / run_lock.NAME).unlink()
        return handle

    monkeypatch.setattr(run_lock, "_open", opened)
    monkeypatch.setattr(run_lock, "_PATIENCE_S", 60)
    lock = Lock.take(tmp_path)
    assert len(times) == 2
    assert not is_free(tmp_path)
    lock.release()


def test_looking_writes_nothing(tmp_path: Path) -> None:
    assert is_free(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_lock_is_not_taken_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / run_lock.NAME).symlink_to(outside)
    with pytest.raises(FileFault, match="cannot be written"):
        Lock.take(tmp_path / "run")
    assert outside.read_text() == "mine"
    assert is_free(tmp_path / "run")


def test_where_there_are_no_locks_a_note_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(handle: int, how: int) -> None:
        raise OSError(38, "Function not implemented")

    fake = SimpleNamespace(flock=unable, LOCK_EX=2, LOCK_NB=4, LOCK_SH=1)
    monkeypatch.setattr(run_lock, "_fcntl", lambda: fake)
    assert "this disk has no file locks" in Lock.take(tmp_path).note
    assert is_free(tmp_path)
    monkeypatch.setattr(run_lock, "_fcntl", lambda: None)
    assert "this system has no file locks" in Lock.take(tmp_path).note
    assert is_free(tmp_path)


WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from striate import safe
with safe.replacing(Path(sys.argv[1]) / "metrics.json", 1) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_who_takes_a_run_takes_away_what_a_killed_writer_left_and_nothing_else(
    tmp_path: Path,
) -> None:
    code = [sys.executable, "-c", WRITE_AND_DIE, str(tmp_path)]
    assert subprocess.run(code, env=environment(), check=False).returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    Lock.take(tmp_path).release()
    assert left.exists()  # so young a file may be one that another process is writing
    mine = [
        tmp_path / name for name in (".notes.tmp", "run.abcdefgh.tmp", ".a.ABCDEFGH.tmp", "kept")
    ]
    for path in mine:
        path.write_text("mine")
    (tmp_path / ".folder.abcdefgh.tmp").mkdir()
    (tmp_path / ".link.abcdefgh.tmp").symlink_to(mine[0])
    for path in tmp_path.iterdir():
        os.utime(path, (1, 1), follow_symlinks=False)
    before = {path.name for path in tmp_path.iterdir()}
    Lock.take(tmp_path).release()
    assert {path.name for path in tmp_path.iterdir()} == before - {left.name}
