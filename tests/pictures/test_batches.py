"""Batches that depend on seed, epoch and step alone: not on workers, ranks, resuming or what came before."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import final

import numpy as np
import pytest
import torch

from striate.errors import DataError, Unreadable, WorkerFault
from striate.pictures.augment.chain import PRESETS, preset
from striate.pictures.batches import Batch, Batches, BatchPlan
from striate.pictures.batches_ahead import Ahead
from striate.pictures.dataset import Dataset
from striate.pictures.normalised import normalised
from striate.pictures.prepare import Preparation
from striate.pictures.source import Source
from striate.pictures.store.cache import Keeping, Prepared, prepared
from striate.pictures.store.cache_crew import Crew
from striate.pictures.store.cache_live import Live
from tests.pictures.sets import folder, numbers

SIZE = (16, 16)
PREPARATION = Preparation(SIZE)


@pytest.fixture(scope="module")
def pictures():
    return prepared(numbers(53, side=16), PREPARATION)


def same(a: Batch, b: Batch) -> bool:
    return (
        torch.equal(a.images, b.images)
        and torch.equal(a.labels, b.labels)
        and torch.equal(a.partners, b.partners)
        and np.array_equal(a.rows, b.rows)
        and a.share == b.share
        and a.step == b.step
    )


def run(pictures, plan: BatchPlan, epoch: int = 2, start: int = 0) -> list[Batch]:
    return list(Batches(pictures, plan).epoch(epoch, start))


@pytest.mark.parametrize("name", PRESETS)
def test_batches_are_the_same_for_no_worker_one_and_four(pictures, name) -> None:
    plan = BatchPlan(8, seed=5, augment=preset(name, SIZE), workers=0)
    wanted = run(pictures, plan)
    for workers in (1, 4):
        found = run(pictures, replace(plan, workers=workers))
        assert len(found) == len(wanted) == 7
        assert all(same(a, b) for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_together_have_the_batches_of_one_process(pictures, name, ranks) -> None:
    plan = BatchPlan(8, seed=5, augment=preset(name, SIZE), workers=1)
    wanted = run(pictures, plan)
    parts = [run(pictures, replace(plan, rank=rank, ranks=ranks)) for rank in range(ranks)]
    for step, whole in enumerate(wanted):
        assert torch.equal(torch.cat([p[step].images for p in parts]), whole.images)
        assert torch.equal(torch.cat([p[step].labels for p in parts]), whole.labels)
        assert torch.equal(torch.cat([p[step].partners for p in parts]), whole.partners)
        assert {p[step].share for p in parts} == {whole.share}


@pytest.mark.parametrize("name", ["none", "strong"])
@pytest.mark.parametrize("start", [0, 1, 5, 6, 7])
def test_resuming_at_any_step_gives_the_rest_of_the_unbroken_epoch(pictures, name, start) -> None:
    plan = BatchPlan(8, seed=5, augment=preset(name, SIZE), workers=2)
    whole, rest = run(pictures, plan), run(pictures, plan, start=start)
    assert len(rest) == len(whole) - start
    assert all(same(a, b) for a, b in zip(rest, whole[start:], strict=True))


def test_an_epoch_shows_every_picture_once_and_epochs_differ(pictures) -> None:
    plan = BatchPlan(8, workers=0)
    first, second = run(pictures, plan, 0), run(pictures, plan, 1)
    for found in (first, second):
        assert sorted(np.concatenate([b.rows for b in found]).tolist()) == list(range(53))
    assert not np.array_equal(first[0].rows, second[0].rows)


def test_the_last_short_batch_can_be_left_out(pictures) -> None:
    assert len(run(pictures, BatchPlan(8, drop_last=True))) == 6
    assert len(Batches(pictures, BatchPlan(8, drop_last=True))) == 6


@pytest.mark.parametrize("ranks", [1, 2, 3, 5])
def test_judging_sees_every_picture_once_over_all_ranks(pictures, ranks) -> None:
    plan = BatchPlan(26, shuffle=False, ranks=ranks, workers=0)
    found = [b for rank in range(ranks) for b in run(pictures, replace(plan, rank=rank))]
    assert all(len(b) for b in found)
    assert sorted(np.concatenate([b.rows for b in found]).tolist()) == list(range(53))


def test_only_the_split_asked_for_is_given() -> None:
    data = numbers(30, side=16)
    split = np.arange(30) % 3
    pictures = prepared(data.with_split(split.astype(np.int8)), PREPARATION)
    rows = np.concatenate([b.rows for b in run(pictures, BatchPlan(4, split="val"))])
    assert sorted(rows.tolist()) == list(range(1, 30, 3))


def test_images_are_normalised_as_the_preparation_says(pictures) -> None:
    plan = BatchPlan(8, shuffle=False, workers=0)
    batch = run(pictures, plan)[0]
    wanted = pictures.preparation.normalise(pictures.take(np.arange(8)))
    assert batch.images.shape == (8, 3, 16, 16)
    assert np.array_equal(batch.images.numpy(), wanted)
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    plain = run(pictures, replace(plan, channels_last=False))[0]
    assert plain.images.is_contiguous()
    assert torch.equal(plain.images, batch.images)


def test_numbers_come_in_the_kind_asked_for(pictures) -> None:
    raw = run(pictures, BatchPlan(8, shuffle=False, numbers="uint8"))[0].images
    assert np.array_equal(raw.permute(0, 2, 3, 1).numpy(), pictures.take(np.arange(8)))
    half = run(pictures, BatchPlan(8, shuffle=False, numbers="bfloat16"))[0].images
    full = run(pictures, BatchPlan(8, shuffle=False))[0].images
    assert torch.equal(half, full.to(torch.bfloat16))


def test_grey_pictures_have_one_channel() -> None:
    preparation = Preparation((12, 12), mode="L")
    pictures = prepared(numbers(9, side=12, channels=1), preparation)
    batch = run(pictures, BatchPlan(4, augment=preset("digits", (12, 12)), workers=1))[0]
    assert batch.images.shape == (4, 1, 12, 12)


def test_normalising_equals_the_numpy_twin_bit_for_bit(rng) -> None:
    preparation = Preparation((7, 5), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    pixels = rng.integers(0, 256, (6, 7, 5, 3), np.uint8)
    made = normalised(torch.from_numpy(pixels), preparation).numpy()
    assert np.array_equal(made, preparation.normalise(pixels))


def test_mixed_batches_have_two_labels_and_a_share(pictures) -> None:
    plan = BatchPlan(8, augment=preset("strong", SIZE), workers=0)
    for batch in run(pictures, plan)[:6]:
        assert torch.equal(batch.partners, batch.labels.flip(0))
        assert 0 <= batch.share <= 1
    plain = run(pictures, BatchPlan(8))[0]
    assert plain.share == 1
    assert plain.partners is plain.labels


def test_balanced_epochs_show_classes_equally_and_change_repeats_differently() -> None:
    data = numbers(60, side=16)
    data = replace(data, labels=np.array([0] * 55 + [1] * 5, np.int32))
    plan = BatchPlan(10, balanced=True, augment=preset("light", SIZE), workers=2)
    found = run(prepared(data, PREPARATION), plan)
    labels = torch.cat([b.labels for b in found])
    assert (labels == 0).sum() == (labels == 1).sum() == 30
    rows, images = np.concatenate([b.rows for b in found]), torch.cat([b.images for b in found])
    again = np.flatnonzero(rows == 57)
    assert len(again) == 6
    assert len({images[i].numpy().tobytes() for i in again}) > 1


def test_weights_of_pictures_and_classes_are_multiplied() -> None:
    data = replace(numbers(6, side=16), weights=np.arange(6, dtype=np.float32))
    plan = BatchPlan(6, shuffle=False, class_weights=np.array([1, 10, 100], np.float32))
    (batch,) = run(prepared(data, PREPARATION), plan)
    assert batch.weights.tolist() == [0, 10, 200, 3, 40, 500]


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"batch_size": 0}, "batch_size is at least 1"),
        ({"rank": 2, "ranks": 2}, "rank 2 of 2 ranks"),
        ({"workers": -1, "numbers": "int3"}, "workers is at least 0.*; numbers is one of"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_words(plan, words) -> None:
    with pytest.raises(DataError, match=words):
        BatchPlan(**plan)


class Broken:
    """Pictures of which one hangs, breaks or has become unreadable."""

    def __init__(self, inner, how: str) -> None:
        self.dataset, self.preparation, self.inner, self.how = (
            inner.dataset,
            inner.preparation,
            inner,
            how,
        )

    def take(self, rows):
        if 20 in rows:
            if self.how == "hang":
                time.sleep(30)
            if self.how == "unreadable":
                raise Unreadable("numbers/0020 cannot be read: gone")
            raise RuntimeError("split pea")
        return self.inner.take(rows)

    @property
    def moved(self) -> float:
        return self.inner.moved


@pytest.mark.parametrize(
    ("how", "fault", "words"),
    [
        ("hang", WorkerFault, "did not come on within 0.5 seconds"),
        ("raise", WorkerFault, "RuntimeError: split pea"),
        ("unreadable", Unreadable, "numbers/0020 cannot be read"),
    ],
)
@pytest.mark.parametrize("workers", [1, 3])
def test_a_worker_that_fails_or_hangs_ends_in_words_and_names(
    pictures, how, fault, words, workers
) -> None:
    plan = BatchPlan(8, shuffle=False, workers=workers, timeout_s=0.5)
    seen: list[int] = []
    with pytest.raises(fault, match=words) as told:
        seen.extend(batch.step for batch in Batches(Broken(pictures, how), plan).epoch(0))
    assert seen == [0, 1]
    assert how == "unreadable" or "numbers/0016, numbers/0017" in told.value.where


def test_an_epoch_that_is_left_early_leaves_no_thread(pictures) -> None:
    before = threading.active_count()
    for _ in range(5):
        for batch in Batches(pictures, BatchPlan(4, workers=3)).epoch(0):
            if batch.step == 2:
                break
        gc.collect()
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_only_a_few_batches_are_made_ahead() -> None:
    made: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        return number

    ahead = Ahead(make, list(range(100)), 2, str, 5.0)
    first = next(iter(ahead))
    time.sleep(0.2)
    assert first == 0
    assert len(made) <= 5
    ahead.stop()


def test_pictures_decoded_each_time_make_the_same_batches(tmp_path) -> None:
    data = folder(tmp_path / "pictures", 15)
    kept = prepared(data, PREPARATION, Keeping(tmp_path / "cache"))
    live = prepared(data, PREPARATION, Keeping(on_disk=False, memory_bytes=0))
    mapped = prepared(data, PREPARATION, Keeping(tmp_path / "cache", memory_bytes=0))
    assert [p.store.kind for p in (kept, live, mapped)] == ["memory", "files", "file"]
    plan = BatchPlan(4, augment=preset("photos", SIZE), workers=2)
    wanted = run(kept, plan)
    for other in (live, mapped):
        assert all(same(a, b) for a, b in zip(run(other, plan), wanted, strict=True))


@final
class Slow(Source):
    """Files that come from far away: each takes a while, and one of them may never come."""

    def __init__(
        self, inner: Source, seconds: float, stuck: tuple[int, Path] | None = None
    ) -> None:
        self.inner, self.where, self.seconds, self.stuck = inner, "afar", seconds, stuck
        self.threads: set[int] = set()

    def data(self, index: int, path: str) -> bytes:
        self.threads.add(threading.get_ident())
        time.sleep(self.seconds)
        if self.stuck is not None and self.stuck[0] == index:
            # A pipe that nobody writes to: the system itself holds whoever opens it.
            return self.stuck[1].read_bytes()
        return self.inner.data(index, path)


def decoded_each_time(data: Dataset, timeout_s: float = 10.0, threads: int = 2) -> Prepared:
    keeping = Keeping(on_disk=False, memory_bytes=0, workers=threads, timeout_s=timeout_s)
    return prepared(data, PREPARATION, keeping)


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_a_batch_may_take_many_times_as_long_as_a_picture_may(tmp_path, workers) -> None:
    data = folder(tmp_path / "pictures", 48)
    plan = BatchPlan(24, augment=preset("photos", SIZE), workers=workers, timeout_s=0.8)
    wanted = run(decoded_each_time(data), replace(plan, workers=0))
    slow = replace(data, source=Slow(data.source, 0.05))  # 1.2 seconds for a batch
    found = run(decoded_each_time(slow, 0.8, threads=1), plan)
    assert all(same(a, b) for a, b in zip(found, wanted, strict=True))


def test_pictures_decoded_each_time_are_decoded_by_as_many_threads_as_there_are_cores(
    tmp_path,
) -> None:
    data = folder(tmp_path / "pictures", 24)
    source = Slow(data.source, 0.01)
    for workers in (1, 3):
        pictures = decoded_each_time(replace(data, source=source), threads=workers)
        source.threads.clear()
        pictures.take(np.arange(24))
        assert len(source.threads) == workers


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_a_file_that_never_comes_is_named_and_the_batches_before_it_are_given(
    tmp_path, workers
) -> None:
    data = folder(tmp_path / "pictures", 32)
    pictures = decoded_each_time(data)
    os.mkfifo(tmp_path / "pipe")
    stuck = replace(data, source=Slow(data.source, 0.0, (20, tmp_path / "pipe")))
    store = Live(stuck, PREPARATION, Crew(2, lambda row: f"afar/{data.paths[row]}", 0.5))
    plan = BatchPlan(8, shuffle=False, workers=workers, timeout_s=0.5)
    seen: list[int] = []
    with pytest.raises(WorkerFault, match="did not come on within 0.5 seconds") as told:
        made = Batches(replace(pictures, store=store), plan)
        seen.extend(batch.step for batch in made.epoch(0))
    assert seen == [0, 1]
    assert told.value.where == f"afar/{data.paths[20]}"
    with open(tmp_path / "pipe", "wb"):  # lets the thread go
        pass


def test_what_is_calculated_from_pictures_may_take_longer_than_reading_may(
    pictures, monkeypatch
) -> None:
    plan = BatchPlan(20, augment=preset("strong", SIZE), workers=2, timeout_s=0.3)
    wanted, real = run(pictures, replace(plan, workers=0)), type(plan.augment).apply

    def apply(*given):
        time.sleep(0.9)  # a thousand photographs, augmented strongly, take half a minute
        return real(*given)

    monkeypatch.setattr(type(plan.augment), "apply", apply)
    assert all(same(a, b) for a, b in zip(run(pictures, plan), wanted, strict=True))


def test_what_is_made_ahead_may_take_long_as_long_as_something_moves() -> None:
    ticks = [0]

    def make(number: int) -> int:
        for _ in range(8):
            time.sleep(0.1)
            ticks[0] += number != 2
        return number

    assert list(Ahead(make, [0, 1], 1, str, 0.4, lambda: ticks[0])) == [0, 1]
    with pytest.raises(WorkerFault, match="did not come on within 0.4 seconds") as told:
        list(Ahead(make, [0, 2], 1, str, 0.4, lambda: ticks[0]))
    assert told.value.where == "2"


TWENTY_EPOCHS = """
import gc, json, os
from striate.pictures.augment.chain import preset
from striate.pictures.batches import Batches, BatchPlan
from striate.pictures.prepare import Preparation
from striate.pictures.store.cache import prepared
from tests.pictures.sets import numbers

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

pictures = prepared(numbers(1200, side=32), Preparation((32, 32)))
batches = Batches(pictures, BatchPlan(64, augment=preset("thumbnails", (32, 32)), workers=2))
sizes = []
for epoch in range(20):
    for _ in batches.epoch(epoch):
        pass
    gc.collect()
    sizes.append(resident())
print(json.dumps(sizes))
"""


def test_memory_does_not_grow_over_twenty_epochs() -> None:
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("resident memory is read from /proc, which this system has not")
    # In a process of its own: this one's memory holds what every other test has left.
    command = [sys.executable, "-c", TWENTY_EPOCHS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)
    sizes = json.loads(done.stdout)
    # An epoch is 15 MB of floats: keeping a fifteenth of each would already show. Medians, because the
    # allocator's arenas come and go by some megabytes.
    assert median(sizes[15:]) - median(sizes[5:10]) < 10e6


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", PRESETS)
def test_batches_on_the_device_have_the_bits_of_those_of_the_processor(pictures, name) -> None:
    plan = BatchPlan(8, seed=5, augment=preset(name, SIZE))
    for a, b in zip(run(pictures, plan), run(pictures, replace(plan, device="cuda")), strict=True):
        assert b.images.is_cuda
        assert torch.equal(a.images, b.images.cpu())
        assert torch.equal(a.labels, b.labels.cpu())


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads in /proc")
def test_a_thread_that_normalises_starts_no_threads_of_its_own() -> None:
    # Threads of torch beside those that train, more than there are cores, slow these down by a third.
    code = (
        "import os, threading, time, torch\n"
        "from striate.pictures.normalised import normalised\n"
        "from striate.pictures.prepare import Preparation\n"
        "torch.set_num_threads(2)\n"
        "torch.ones(10**6).add_(1)\n"
        "pixels, how = torch.zeros((64, 64, 64, 3), dtype=torch.uint8), Preparation((64, 64))\n"
        "def many(): return len(os.listdir('/proc/self/task'))\n"
        "counts = []\n"
        "def work(made): made(); counts.append(many())\n"
        "before, until = many(), time.monotonic() + 10\n"
        "for made in (lambda: normalised(pixels, how), lambda: torch.ones(10**6).add_(1)):\n"
        # One that was joined is still listed for a moment.
        "    while many() > before and time.monotonic() < until: time.sleep(0.01)\n"
        "    thread = threading.Thread(target=work, args=(made,)); thread.start(); thread.join()\n"
        "    print(counts[-1] - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours, torchs = map(int, done.stdout.split())
    assert ours == 1  # the thread itself
    assert torchs > 1  # what the test would see
