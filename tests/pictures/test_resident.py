"""Pixels that stay on a device: the same batches as those of the processor, byte for byte."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from striate import machine
from striate.errors import DataError
from striate.pictures import resident
from striate.pictures.augment.chain import PRESETS, Chain, preset
from striate.pictures.augment.draws import Draws
from striate.pictures.augment.mix import Mix
from striate.pictures.batches import Batch, Batches, BatchPlan
from striate.pictures.prepare import Preparation
from striate.pictures.store.cache import prepared
from tests.pictures.sets import numbers

SIZE = (16, 12)
OFFERED = ("none", "light", "digits", "thumbnails", "covered")
NEEDS_CARD = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
DEVICES = ["cpu", pytest.param("cuda", marks=NEEDS_CARD)]


@pytest.fixture(scope="module")
def pictures():
    data = numbers(53, side=16)
    weights = np.linspace(0.5, 2, 53).astype(np.float32)
    split = (np.arange(53) % 5 == 4).astype(np.int8)  # every fifth is of val
    return prepared(
        replace(data, weights=weights).with_split(split), Preparation(SIZE, fit="stretch")
    )


def same(a: Batch, b: Batch) -> bool:
    """Everything, bit for bit."""
    parts = ("images", "labels", "weights", "partners")
    return (
        all(torch.equal(getattr(a, p).cpu(), getattr(b, p).cpu()) for p in parts)
        and a.images.dtype == b.images.dtype
        and a.images.stride() == b.images.stride()
        and np.array_equal(a.rows, b.rows)
        and (a.share, a.step) == (b.share, b.step)
    )


def run(pictures, plan: BatchPlan, epoch: int, start: int = 0) -> list[Batch]:
    return list(Batches(pictures, plan).epoch(epoch, start))


def both(pictures, chain: Chain, device: str, epoch: int = 1, start: int = 0, **more) -> int:
    """How many batches are the same made on the device and by the processor."""
    plan = BatchPlan(8, seed=5, augment=chain, **more)
    there = replace(plan, resident=True, device=device)
    wanted, found = run(pictures, plan, epoch, start), run(pictures, there, epoch, start)
    assert all(b.images.device.type == device for b in found)
    assert all(same(a, b) for a, b in zip(wanted, found, strict=True))
    return len(found)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", OFFERED)
@pytest.mark.parametrize("kind", ["uint8", "float32", "bfloat16"])
def test_every_preset_that_is_offered_gives_the_bytes_of_the_processor(
    pictures, name, kind, device
) -> None:
    for epoch in (0, 1, 2):
        assert both(pictures, preset(name, SIZE), device, epoch, numbers=kind) == 6


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", ["mixup", "cutmix", "either"])
def test_mixed_batches_have_the_bytes_of_the_processor(pictures, kind, device) -> None:
    chain = replace(preset("covered", SIZE), mix=Mix(kind, 0.4))
    for epoch in range(3):
        both(pictures, chain, device, epoch, numbers="uint8")


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("workers", [0, 1, 4])
def test_workers_draw_and_change_nothing(pictures, workers, device) -> None:
    both(pictures, preset("thumbnails", SIZE), device, workers=workers)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("rank", [0, 1, 2])
def test_ranks_balanced_epochs_and_later_starts_are_the_same_too(pictures, rank, device) -> None:
    chain = replace(preset("thumbnails", SIZE), mix=Mix("mixup", 0.4))
    assert both(pictures, chain, device, start=4, rank=rank, ranks=3) == 2
    both(pictures, preset("covered", SIZE), device, balanced=True, class_weights=np.arange(3.0))


def test_some_rows_alone_come_as_they_do_from_the_processor(pictures) -> None:
    plan = BatchPlan(8, seed=5, augment=preset("covered", SIZE))
    rows = Batches(pictures, plan).rows[::2]
    wanted = Batches(pictures, plan).epoch(3, 0, rows)
    found = Batches(pictures, replace(plan, resident=True)).epoch(3, 0, rows)
    assert all(same(a, b) for a, b in zip(wanted, found, strict=True))


def test_grey_pictures_of_a_pixel_or_two_are_shifted_and_covered_alike() -> None:
    small = prepared(numbers(20, side=2, channels=1), Preparation((2, 2), mode="L"))
    both(small, preset("covered", (2, 2)), "cpu", numbers="uint8")


def test_augmentations_that_are_not_offered_are_refused_and_named(pictures) -> None:
    for name in set(PRESETS) - set(OFFERED):
        with pytest.raises(DataError, match="ResizedCrop"):
            BatchPlan(8, augment=preset(name, SIZE), resident=True)


def test_pixels_are_brought_once_and_only_those_of_the_split(pictures) -> None:
    batches = Batches(pictures, BatchPlan(8, resident=True))
    assert batches.hold() == ""
    held = batches._held
    assert isinstance(held, resident.Resident)
    list(batches.epoch(0))
    assert batches._held is held
    assert np.array_equal(held.pixels.numpy(), pictures.take(batches.rows))
    with pytest.raises(ValueError, match="only pictures of the split"):
        held.plan(Chain(), Draws(0, 0, 53), np.array([4]), np.array([4]))


def test_where_memory_runs_out_the_processor_makes_the_batches_and_that_is_said(
    pictures, monkeypatch
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("out of memory\nTried to allocate 7 GB")

    monkeypatch.setattr(resident, "Resident", full)
    plan = BatchPlan(8, seed=5, augment=preset("light", SIZE), resident=True)
    batches = Batches(pictures, plan)
    told = "pixels do not stay on cpu, but are copied for each batch: out of memory"
    assert batches.hold() == told
    wanted = run(pictures, replace(plan, resident=False), 1)
    assert all(same(a, b) for a, b in zip(wanted, batches.epoch(1), strict=True))


def test_auto_is_for_cuda_alone_and_says_nothing_elsewhere() -> None:
    for wanted, device in (("auto", "cpu"), ("auto", "mps"), ("no", "cuda"), ("no", "cpu")):
        assert resident.choose(wanted, Chain(), 100, 1000, device) == (False, "")


def test_yes_is_tried_on_any_device_that_tells_its_memory() -> None:
    found = resident.choose("yes", preset("covered", SIZE), 1200, 5_000_000, "cpu")
    assert found.resident
    assert found.why == (
        "the pixels of train (5.0 MB) stay on cpu, and batches of the 1,200 pictures are made there"
    )
    blind = resident.choose("yes", Chain(), 1200, 5_000_000, "mps")
    assert not blind.resident
    assert blind.why.endswith("how much memory is free there is not known")


def test_pixels_of_more_than_a_third_of_the_free_memory_do_not_stay(monkeypatch) -> None:
    lent = machine.Memory(64 * 10**9, 9 * 10**9, 6 * 10**9)
    monkeypatch.setattr(machine, "memory", lambda: lent)
    assert resident.choose("yes", Chain(), 10, 2 * 10**9, "cpu").resident
    found = resident.choose("yes", Chain(), 10, 2 * 10**9 + 1, "cpu")
    assert not found.resident
    assert "more than a third of the 6.0 GB that are free there" in found.why


def test_an_augmentation_of_the_processor_is_said(pictures) -> None:
    found = resident.choose("yes", preset("photos", SIZE), 10, 1000, "cpu")
    assert not found.resident
    assert "ResizedCrop and Colour of the augmentation are done by the processor" in found.why


@NEEDS_CARD
def test_on_a_card_pixels_stay_by_themselves_where_they_fit() -> None:
    assert resident.choose("auto", preset("covered", SIZE), 10, 1000, "cuda").resident
    free = resident.free_bytes("cuda")
    assert free is not None
    assert not resident.choose("auto", Chain(), 10, free, "cuda").resident
