"""Prepared once: kept, found again, mended, shared by two writers, and never wrong, whoever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from striate.errors import FileFault, UnreadablePictures, WorkerFault
from striate.pictures.dataset import Dataset
from striate.pictures.prepare import Preparation
from striate.pictures.source import Folder, Source
from striate.pictures.store import cache_crew
from striate.pictures.store.cache import Keeping, Prepared, prepared
from striate.pictures.store.cache_crew import Crew, shared
from striate.pictures.store.cache_shelf import home
from striate.pictures.store.cache_store import INDEX, PIXELS, Index, Mapped, one
from tests.conftest import ROOT, environment
from tests.pictures.sets import dataset, folder, numbers

SMALL = Preparation((16, 16))


def oracle(data: Dataset, preparation: Preparation = SMALL) -> np.ndarray:
    return np.stack([one(data, row, preparation) for row in range(len(data))])


def everything(found: Prepared) -> np.ndarray:
    return found.take(np.arange(len(found)))


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(folder=tmp_path / "cache", workers=2)


def aged(root: Path) -> None:
    """Files that have been there for a while: their times are believed."""
    for path in root.iterdir():
        os.utime(path, (1e9, 1e9))


def sets(keeping: Keeping) -> list[Path]:
    return [index.parent for index in Path(str(keeping.folder)).glob(f"*/{INDEX}")]


@pytest.mark.parametrize("processes", [True, False])
@pytest.mark.parametrize("workers", [1, 3])
def test_prepared_pictures_are_those_of_one_by_one(
    tmp_path, monkeypatch, processes, workers
) -> None:
    monkeypatch.setattr(cache_crew, "forks", lambda: processes)
    data = folder(tmp_path / "pictures")
    found = prepared(data, SMALL, Keeping(tmp_path / "cache", workers=workers))
    assert np.array_equal(everything(found), oracle(data))


def test_the_second_time_no_picture_is_decoded(tmp_path, keeping, monkeypatch) -> None:
    data = folder(tmp_path / "pictures")
    first = everything(prepared(data, SMALL, keeping))
    monkeypatch.setattr("striate.pictures.store.cache._filled", None)
    assert np.array_equal(everything(prepared(data, SMALL, keeping)), first)
    assert len(sets(keeping)) == 1


def test_the_folder_of_the_pictures_is_left_as_it_was(tmp_path, keeping) -> None:
    data = folder(tmp_path / "pictures")
    was = {p.name: p.read_bytes() for p in (tmp_path / "pictures").iterdir()}
    prepared(data, SMALL, keeping)
    assert {p.name: p.read_bytes() for p in (tmp_path / "pictures").iterdir()} == was


def test_a_changed_file_is_prepared_anew(tmp_path, keeping) -> None:
    data = folder(tmp_path / "pictures")
    prepared(data, SMALL, keeping)
    (tmp_path / "pictures" / "0000.png").write_bytes(
        (tmp_path / "pictures" / "0003.png").read_bytes()
    )
    found = everything(prepared(data, SMALL, keeping))
    assert np.array_equal(found, oracle(data))
    assert np.array_equal(found[0], found[3])


def test_the_same_contents_in_another_folder_are_found(tmp_path, keeping, monkeypatch) -> None:
    prepared(folder(tmp_path / "here"), SMALL, keeping)
    monkeypatch.setattr("striate.pictures.store.cache._filled", None)
    data = folder(tmp_path / "there")
    assert np.array_equal(everything(prepared(data, SMALL, keeping)), oracle(data))


def test_another_mean_uses_the_same_pixels_and_another_fit_does_not(tmp_path, keeping) -> None:
    data = folder(tmp_path / "pictures")
    prepared(data, SMALL, keeping)
    prepared(data, Preparation((16, 16), mean=(0.1, 0.2, 0.3)), keeping)
    assert len(sets(keeping)) == 1
    prepared(data, Preparation((16, 16), fit="pad"), keeping)
    assert len(sets(keeping)) == 2


def test_the_cache_lies_where_the_system_keeps_such_things(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert home() == tmp_path / "striate" / "prepared"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert home().parts[-3:] == (".cache", "striate", "prepared")


def test_unreadable_pictures_stop_it_and_all_are_named(tmp_path, keeping) -> None:
    data = folder(tmp_path / "pictures", 30, bad=(2, 7, 20))
    for _ in range(2):  # the second time from the cache
        with pytest.raises(UnreadablePictures, match="3 of 30 pictures cannot be read") as told:
            prepared(data, SMALL, keeping)
        lines = told.value.where.splitlines()
        assert len(lines) == 3
        assert "0007.jpg: it is cut off" in lines[1]


def test_skip_bad_goes_on_without_them_and_says_so(tmp_path, keeping) -> None:
    data = folder(tmp_path / "pictures", 30, bad=(2, 7, 20))
    found = prepared(data, SMALL, Keeping(keeping.folder, skip_bad=True))
    good = data.only(np.setdiff1d(np.arange(30), [2, 7, 20]))
    assert list(found.dataset.paths) == list(good.paths)
    assert np.array_equal(everything(found), oracle(good))
    (finding,) = found.findings
    assert finding.code == "unreadable-skipped"
    assert finding.paths == ("0002.jpg", "0007.jpg", "0020.jpg")
    assert finding in found.dataset.findings


def test_a_set_of_unreadable_pictures_alone_is_refused_whatever_was_asked(
    tmp_path, keeping
) -> None:
    data = folder(tmp_path / "pictures", 2, bad=(0, 1))
    with pytest.raises(UnreadablePictures, match="2 of 2"):
        prepared(data, SMALL, Keeping(keeping.folder, skip_bad=True))


@pytest.mark.parametrize("in_memory", [True, False])
def test_flipped_bits_are_found_and_mended(tmp_path, keeping, in_memory, rng) -> None:
    data = folder(tmp_path / "pictures")
    large = Preparation((200, 200))
    prepared(data, large, keeping)
    (kept,) = sets(keeping)
    good = (kept / PIXELS).read_bytes()
    hurt = bytearray(good)
    for place in rng.integers(0, len(hurt), 3):
        hurt[place] ^= 1 << int(rng.integers(8))
    (kept / PIXELS).write_bytes(hurt)
    how = keeping if in_memory else Keeping(keeping.folder, memory_bytes=0)
    found = prepared(data, large, how)
    assert np.array_equal(everything(found), oracle(data, large))
    assert found.store.mended >= 1
    assert (kept / PIXELS).read_bytes() == good
    assert not in_memory or found.findings[0].code == "cache-mended"


def test_a_damaged_block_whose_files_have_changed_is_an_error_not_a_guess(
    tmp_path, keeping
) -> None:
    data = folder(tmp_path / "pictures")
    prepared(data, SMALL, keeping)
    (kept,) = sets(keeping)
    index = Index.read(kept)
    assert index is not None
    (kept / PIXELS).write_bytes(bytes(np.prod(index.shape)))
    (tmp_path / "pictures" / "0000.png").write_bytes(
        (tmp_path / "pictures" / "0003.png").read_bytes()
    )
    with pytest.raises(FileFault, match="their files have changed"):
        Mapped(kept, index, data, SMALL).take(np.array([0]))


@pytest.mark.parametrize("harm", ["cut", "index", "no index", "no pixels", "empty index"])
def test_a_set_that_is_not_whole_is_made_anew(tmp_path, keeping, harm) -> None:
    data = folder(tmp_path / "pictures")
    aged(tmp_path / "pictures")
    prepared(data, SMALL, keeping)
    (kept,) = sets(keeping)
    if harm == "cut":
        (kept / PIXELS).write_bytes((kept / PIXELS).read_bytes()[:-1])
    elif harm == "index":
        text = (kept / INDEX).read_text()
        (kept / INDEX).write_text(text.replace('"block": ', '"block": 1'))
    elif harm == "empty index":
        (kept / INDEX).write_text("")
    else:
        (kept / (INDEX if harm == "no index" else PIXELS)).unlink()
    assert np.array_equal(everything(prepared(data, SMALL, keeping)), oracle(data))
    assert Index.read(kept) is not None


def test_the_longest_unused_set_goes_when_the_limit_is_reached(tmp_path, keeping) -> None:
    data = folder(tmp_path / "pictures")
    size = len(data) * 16 * 16 * 3
    how = Keeping(keeping.folder, limit_bytes=2 * size)
    for i, first in enumerate((Preparation((16, 16)), Preparation((16, 16), fit="pad"))):
        prepared(data, first, how)
        for kept in sets(keeping):
            age = 100 * (2 - i)
            os.utime(kept / INDEX, (time.time() - age, time.time() - age))
    prepared(data, Preparation((16, 16), fit="crop"), how)  # used again: pad is the oldest now
    found = prepared(data, Preparation((16, 16), fit="stretch"), how)
    assert len(sets(keeping)) == 2
    assert [f.code for f in found.findings] == ["cache-removed"]
    pad = Preparation((16, 16), fit="pad").pixels_digest[:12]
    assert found.findings[0].paths[0].startswith(pad)


@pytest.mark.parametrize(("memory_bytes", "kind"), [(10**9, "memory"), (0, "files")])
def test_a_set_beyond_the_limit_is_not_kept_and_that_is_said(tmp_path, memory_bytes, kind) -> None:
    data = folder(tmp_path / "pictures")
    how = Keeping(tmp_path / "cache", limit_bytes=100, memory_bytes=memory_bytes)
    found = prepared(data, SMALL, how)
    assert found.store.kind == kind
    assert [f.code for f in found.findings] == ["cache-too-small"]
    assert np.array_equal(everything(found), oracle(data))


def test_without_the_disk_nothing_is_written(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    data = folder(tmp_path / "pictures")
    assert np.array_equal(everything(prepared(data, SMALL, Keeping(on_disk=False))), oracle(data))
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_written_is_a_worded_fault(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileFault, match="the cache .* cannot be used"):
        prepared(folder(tmp_path / "pictures", 2), SMALL, Keeping(tmp_path / "file" / "cache"))


def test_numbers_of_the_right_size_are_used_as_they_are() -> None:
    data = numbers(side=16)
    found = prepared(data, SMALL)
    assert np.shares_memory(found.store.pixels, data.source.pictures)  # type: ignore[attr-defined]
    assert np.array_equal(
        everything(prepared(data, Preparation((8, 8)))), oracle(data, Preparation((8, 8)))
    )


def test_no_pictures_are_prepared_at_once(tmp_path, keeping) -> None:
    data = folder(tmp_path / "pictures", 3).only(np.zeros(0, np.int64))
    assert everything(prepared(data, SMALL, keeping)).shape == (0, 16, 16, 3)


def test_progress_is_told_to_the_end(tmp_path, keeping) -> None:
    told: list[tuple[int, int]] = []
    prepared(
        folder(tmp_path / "pictures"), SMALL, keeping, lambda done, all_: told.append((done, all_))
    )
    assert told[-1] == (20, 20)


class Trap(Source):
    """A source that waits, dies or breaks at one picture."""

    where = "trap"

    def __init__(self, inner: Source, at: int, how: str) -> None:
        self.inner, self.at, self.how = inner, at, how

    def data(self, index: int, path: str) -> bytes:
        if index == self.at:
            if self.how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.how == "hang":
                time.sleep(60)
            raise RuntimeError("broken pipe dream")
        return self.inner.data(index, path)


@pytest.mark.parametrize(
    ("how", "processes", "words"),
    [
        ("kill", True, "was ended by signal 9 at the picture trap/0013.jpg"),
        ("hang", True, "did not come on within 0.7 seconds at the picture trap/0013.jpg"),
        ("hang", False, "did not come on within 0.7 seconds at the picture trap/0013.jpg"),
        ("raise", True, "RuntimeError: broken pipe dream.* at the picture trap/0013.jpg"),
        ("raise", False, "RuntimeError: broken pipe dream.* at the picture trap/0013.jpg"),
    ],
)
def test_a_worker_that_dies_or_hangs_names_the_picture(
    tmp_path, monkeypatch, how, processes, words
) -> None:
    if processes and not cache_crew.forks():
        pytest.skip("workers are threads on this system")
    monkeypatch.setattr(cache_crew, "forks", lambda: processes)
    inner = folder(tmp_path / "pictures")
    data = dataset(Trap(inner.source, 13, how), list(inner.paths))
    keeping = Keeping(tmp_path / "cache", workers=2, timeout_s=0.7)
    start = time.monotonic()
    with pytest.raises(WorkerFault, match=words):
        prepared(data, SMALL, keeping)
    assert time.monotonic() - start < 10
    assert not list((tmp_path / "cache").glob(".building-*"))


def test_no_worker_outlives_the_work() -> None:
    if not cache_crew.forks():
        pytest.skip("workers are threads on this system")
    seen = shared((4,), np.int64)

    def do(block, at):
        seen[block] = os.getpid()
        return []

    assert sorted(block for block, _ in Crew(2, str).work(4, do)) == [0, 1, 2, 3]
    for process in set(seen.tolist()):
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


WRITER = """
import sys, time
from pathlib import Path
import numpy as np
from striate.pictures.store.cache import Keeping, prepared
from striate.pictures.prepare import Preparation
from striate.pictures.source import Folder
from tests.pictures.sets import dataset

class Slow(Folder.__mro__[1]):
    def __init__(self, inner): self.inner, self.where = inner, inner.where
    def data(self, index, path):
        time.sleep(float(sys.argv[3]))
        return self.inner.data(index, path)

root = Path(sys.argv[1])
data = dataset(Slow(Folder(root)), sorted(p.name for p in root.iterdir()))
print("begun", flush=True)
found = prepared(data, Preparation((16, 16)), Keeping(Path(sys.argv[2]), workers=2))
print(int(found.take(np.arange(len(found))).astype(np.int64).sum()), flush=True)
"""


def writer(pictures: Path, cache: Path, slow_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(pictures), str(cache), str(slow_s)]
    env = environment()
    env["PYTHONPATH"] += os.pathsep + str(ROOT)
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


def test_two_writers_at_once_make_one_set_and_both_get_it(tmp_path) -> None:
    data = folder(tmp_path / "pictures")
    both = [writer(tmp_path / "pictures", tmp_path / "cache", 0.02) for _ in range(2)]
    sums = [process.communicate(timeout=60)[0].split()[-1] for process in both]
    assert sums == [str(oracle(data).astype(np.int64).sum())] * 2
    assert len(sets(Keeping(tmp_path / "cache"))) == 1


def test_a_writer_that_is_killed_leaves_nothing_that_counts(tmp_path) -> None:
    data = folder(tmp_path / "pictures")
    process = writer(tmp_path / "pictures", tmp_path / "cache", 0.3)
    assert process.stdout is not None
    process.stdout.readline()
    deadline = time.monotonic() + 30
    while not list((tmp_path / "cache").glob(".building-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not sets(Keeping(tmp_path / "cache"))
    found = prepared(data, SMALL, Keeping(tmp_path / "cache"))
    assert np.array_equal(everything(found), oracle(data))
    assert not list((tmp_path / "cache").glob(".building-*"))


def test_photographs_are_found_again(data, tmp_path) -> None:
    root = data / "hymenoptera" / "val"
    paths = [p.relative_to(root).as_posix() for p in sorted(root.rglob("*.jpg"))][:40]
    bees = dataset(Folder(root), paths)
    preparation = Preparation((64, 64), ratio=0.875)
    keeping = Keeping(tmp_path / "cache")
    first = everything(prepared(bees, preparation, keeping))
    assert np.array_equal(first, everything(prepared(bees, preparation, keeping)))
    assert np.array_equal(first[:3], oracle(bees.only(np.arange(3)), preparation))
