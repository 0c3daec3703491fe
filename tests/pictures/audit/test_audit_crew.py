"""Readers that crash, hang or cannot start: the picture is named, all others are read."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.errors import Unreadable, WorkerFault
from striate.pictures.audit import audit_crew
from striate.pictures.audit.audit_crew import read_all
from striate.pictures.audit.facts import REFUSED, Facts
from striate.pictures.dataset import Dataset, Names
from striate.pictures.files import Rules, read_bytes, to_png
from striate.pictures.source import Arrays, Source
from tests.pictures.photographs import folder, photograph

# Takes the place of Pillow's opener in the readers: names of files decide what happens.
TRAP = """
import os, signal, time
from striate.pictures.audit import audit_reader
from striate.pictures import files
real = audit_reader.read_bytes
def read_bytes(path, limit):
    name = os.path.basename(path)
    if "crash" in name:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "hang" in name:
        time.sleep(600)
    if "noise" in name:
        os.write(2, b"a library talks")
        os.write(1, b"a library talks")
    return real(path, limit)
audit_reader.read_bytes = read_bytes
"""


def looked(dataset: Dataset, seconds: float = 10.0) -> tuple[Facts, list[int]]:
    facts = Facts.empty(len(dataset))
    return facts, list(read_all(dataset, facts, Rules(), seconds))


@pytest.fixture
def trapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers are started with a file that sets traps for certain names."""
    (tmp_path / "traps").mkdir()
    (tmp_path / "traps" / "trap.py").write_text(
        TRAP + "\nimport sys\naudit_reader.main(sys.argv[1], sys.argv[2])\n"
    )
    real = subprocess.Popen

    def start(command: list[str], **options: Any) -> Any:
        return real([sys.executable, str(tmp_path / "traps" / "trap.py"), *command[-2:]], **options)

    monkeypatch.setattr(subprocess, "Popen", start)


def pictures(rng: np.random.Generator, *names: str) -> dict[str, np.ndarray]:
    return {name: photograph(rng, 40, 40) for name in names}


def test_every_picture_is_read_once(tmp_path: Path, rng: np.random.Generator) -> None:
    data = folder(tmp_path, pictures(rng, *(f"a/{i}.png" for i in range(60))))
    facts, done = looked(data)
    assert (len(facts.read), done[-1]) == (60, 60)
    assert done == sorted(done)
    assert facts.small.std((1, 2)).min() > 1


def test_a_picture_that_crashes_its_reader_is_named_and_no_other(
    tmp_path: Path, rng: np.random.Generator, trapped: None
) -> None:
    names = [f"a/{i}.png" for i in range(40)]
    names[7], names[23] = "a/crash1.png", "a/crash2.png"
    facts, done = looked(folder(tmp_path / "data", pictures(rng, *names)))
    assert facts.refused.tolist() == [7, 23]
    assert "ended the process that read it, twice (SIGSEGV)" in facts.reasons[7]
    assert (len(facts.read), done[-1]) == (38, 40)


def test_a_picture_that_hangs_is_named_after_its_time(
    tmp_path: Path, rng: np.random.Generator, trapped: None
) -> None:
    names = [f"a/{i}.png" for i in range(30)]
    names[11] = "a/hang.png"
    begun = time.monotonic()
    facts, done = looked(folder(tmp_path / "data", pictures(rng, *names)), seconds=0.8)
    assert time.monotonic() - begun < 60
    assert facts.reasons == {11: "reading it took longer than 0.8 s"}
    assert done[-1] == 30


def test_what_libraries_say_is_heard_nowhere(
    tmp_path: Path, rng: np.random.Generator, trapped: None, capfd: pytest.CaptureFixture[str]
) -> None:
    facts, _ = looked(folder(tmp_path / "data", pictures(rng, "a/noise.png", "a/2.png")))
    assert len(facts.read) == 2
    assert capfd.readouterr() == ("", "")


def test_a_reader_killed_from_outside_costs_no_picture(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = folder(tmp_path, pictures(rng, *(f"a/{i}.png" for i in range(200))))
    started = []
    real = subprocess.Popen

    def start(*args: Any, **options: Any) -> Any:
        started.append(real(*args, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    facts, killed = Facts.empty(len(data)), False
    for done in read_all(data, facts, Rules()):
        if done > 20 and not killed:
            started[0].kill()
            killed = True
    assert killed
    assert (len(facts.read), facts.reasons) == (200, {})


def test_readers_that_cannot_start_are_an_error_that_says_so(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = subprocess.Popen

    def start(command: list[str], **options: Any) -> Any:
        return real([sys.executable, "-c", "import sys; sys.exit(7)"], **options)

    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(WorkerFault, match=r"ends at once \(exit code 7\)"):
        looked(folder(tmp_path, pictures(rng, "a/1.png")))


def test_stopping_in_the_middle_leaves_no_process_and_no_thread(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    data = folder(tmp_path, pictures(rng, *(f"a/{i}.png" for i in range(100))))
    before = threading.active_count()
    steps = read_all(data, Facts.empty(len(data)), Rules())
    next(steps)
    steps.close()
    assert threading.active_count() == before


def test_a_file_in_the_current_folder_cannot_take_the_place_of_a_library(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = folder(tmp_path / "data", pictures(rng, "a/1.png"))
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    (tmp_path / "numpy.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    assert len(looked(data)[0].read) == 1


def test_pictures_that_lie_in_no_folder_are_sent(rng: np.random.Generator) -> None:
    numbers = rng.integers(0, 256, (150, 20, 30, 1), dtype=np.uint8)
    zeros = np.zeros(150, np.int32)
    names = Names(str(i) for i in range(150))
    data = Dataset("x", Arrays(numbers, "x"), names, ("a",), zeros, zeros.astype(np.int8))
    facts, done = looked(data)
    assert (len(facts.read), done[-1]) == (150, 150)
    means = numbers.mean((1, 2, 3))
    assert np.abs(facts.rows["brightness"] - means).max() < 0.01


class Holes(Source):
    """A source that lacks every third picture."""

    where = "holes"

    def data(self, index: int, path: str) -> bytes:
        if index % 3 == 0:
            raise Unreadable("it is not there")
        return to_png(np.full((8, 8, 3), index, np.uint8))


@pytest.mark.parametrize("at_once", [1, 2**20])
def test_what_a_source_cannot_give_is_refused_and_the_rest_is_read(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_crew, "CHUNK_BYTES", at_once)
    zeros = np.zeros(31, np.int32)
    names = Names(str(i) for i in range(31))
    facts, done = looked(Dataset("x", Holes(), names, ("a",), zeros, zeros.astype(np.int8)))
    assert done[-1] == 31
    assert facts.refused.tolist() == list(range(0, 31, 3))
    assert facts.rows["state"][0] == REFUSED
    assert facts.rows["brightness"][facts.read].tolist() == [i for i in range(31) if i % 3]


def test_names_that_are_no_text_are_read(tmp_path: Path, rng: np.random.Generator) -> None:
    name = os.fsdecode(b"a/\xff\xfe.png")
    try:
        data = folder(tmp_path, {name: photograph(rng, 30, 30)})
    except OSError:
        pytest.skip("this file system takes only names that are text")
    assert len(looked(data)[0].read) == 1
    assert read_bytes(tmp_path / name)


@given(st.integers(0, 5_000), st.integers(1, 9))
def test_chunks_hold_every_place_once_and_get_smaller_to_the_end(count: int, workers: int) -> None:
    found = [list(part) for part in audit_crew.chunks(count, workers)]
    assert [place for part in found for place in part] == list(range(count))
    sizes = [len(part) for part in found]
    assert sizes == sorted(sizes, reverse=True)
    assert max(sizes, default=0) <= audit_crew.CHUNK
