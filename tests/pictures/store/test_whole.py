"""Whole pictures of train: what lies around the middle is seen, and nothing is distorted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from striate.pictures.augment.chain import Chain
from striate.pictures.augment.resized_crop import ResizedCrop
from striate.pictures.batches import Batches, BatchPlan
from striate.pictures.dataset import Dataset, Names
from striate.pictures.files import Pixels, to_jpeg
from striate.pictures.prepare import Preparation
from striate.pictures.source import Folder
from striate.pictures.store import whole
from striate.pictures.store.cache import Keeping, prepared
from striate.pictures.store.whole import Whole
from tests.pictures.sets import numbers

SIDE = 56
PLAIN = Preparation((SIDE, SIDE), ratio=0.875)
RED, GREEN = (0, 1, 1), (1, 0, 1)  # which channels are dark


def scene(height: int, width: int) -> Pixels:
    """A green disc in the middle of white, and a red frame that no centre crop of 7/8 shows whole."""
    made = np.full((height, width, 3), 255, np.uint8)
    rows, columns = np.mgrid[:height, :width]
    disc = np.hypot(rows - height / 2 + 0.5, columns - width / 2 + 0.5) < 20
    made[disc] = (0, 255, 0)
    for edge in (made[:, :12], made[:, -12:]):
        edge[:] = (255, 0, 0)
    return made


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Wide ones for train, one of val between them."""
    root = tmp_path_factory.mktemp("scenes")
    paths = [f"{i:02}.jpg" for i in range(12)]
    for path in paths:
        (root / path).write_bytes(to_jpeg(scene(120, 160), quality=100))
    split = np.zeros(12, np.int8)
    split[4] = 1
    labels = np.arange(12, dtype=np.int32) % 2
    return Dataset("scenes", Folder(root), Names(paths), ("a", "b"), labels, split)


def whole_of(dataset: Dataset) -> Whole:
    wanted = whole.preparation_of(PLAIN)
    assert wanted is not None
    train = dataset.only(dataset.places("train"))
    H, W = wanted.size
    stretched = np.array([*whole.widths(train)]) * H / W
    return Whole.of(dataset, prepared(train, wanted, Keeping(on_disk=False)), stretched)


def boxes(dataset: Dataset, step: ResizedCrop, epochs: int = 20) -> Pixels:
    """All pictures of some epochs, n H W C."""
    pictures = whole_of(dataset)
    plan = BatchPlan(
        8, augment=Chain((step,)), numbers="uint8", workers=0, stretched=pictures.stretched
    )
    found = [b.images for e in range(epochs) for b in Batches(pictures, plan).epoch(e)]
    return np.concatenate([one.permute(0, 2, 3, 1).numpy() for one in found])


def coloured(pictures: Pixels, dark: tuple[int, int, int]) -> np.ndarray:
    """Where one channel alone is bright: n H W."""
    low = [(pictures[..., c] < 128) == bool(dark[c]) for c in range(3)]
    return low[0] & low[1] & low[2]


def test_a_circle_stays_a_circle_though_the_picture_is_brought_to_a_square(
    scenes: Dataset,
) -> None:
    made = coloured(boxes(scenes, ResizedCrop((SIDE, SIDE), (0.4, 0.7), (1.0, 1.0))), GREEN)
    inside = ~(made[:, [0, -1]].any(axis=(1, 2)) | made[:, :, [0, -1]].any(axis=(1, 2)))
    tall, wide = made[inside].any(axis=2).sum(axis=1), made[inside].any(axis=1).sum(axis=1)
    assert inside.sum() > 50
    assert np.abs(tall - wide).max() <= 2
    assert (tall / wide).mean() == pytest.approx(1, abs=0.02)


def test_without_the_shapes_of_the_files_it_would_not(scenes: Dataset) -> None:
    pictures = whole_of(scenes)
    made = coloured(pictures.take(scenes.places("train")), GREEN)
    assert made.any(axis=2).sum(axis=1).mean() > 1.25 * made.any(axis=1).sum(axis=1).mean()


def test_what_lies_around_the_middle_is_seen_and_the_preparation_does_not_show_it(
    scenes: Dataset,
) -> None:
    plain = prepared(scenes, PLAIN, Keeping(on_disk=False))
    assert not coloured(plain.take(np.arange(12)), RED).any()
    seen = coloured(boxes(scenes, ResizedCrop((SIDE, SIDE))), RED)
    assert seen.any(axis=(1, 2)).mean() > 0.4
    assert seen[:, :, :8].any()
    assert seen[:, :, -8:].any()


def test_rows_are_those_of_the_dataset_and_other_splits_are_refused(scenes: Dataset) -> None:
    pictures = whole_of(scenes)
    rows = scenes.places("train")
    for row in rows[::-1]:
        wanted = pictures.preparation.apply(scenes.pixels(int(row)))
        assert np.array_equal(pictures.take(np.array([row]))[0], wanted)
    with pytest.raises(ValueError, match="of train alone"):
        pictures.take(np.array([4]))


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_workers_and_resuming_have_the_batches_of_one_process(
    scenes: Dataset, balanced: bool, ranks: int
) -> None:
    pictures = whole_of(scenes)
    pictures = replace(pictures, stretched=np.where(pictures.at % 2, 0.7, 1.4))
    chain = Chain((ResizedCrop((SIDE, SIDE)),))
    plan = BatchPlan(
        6, seed=3, augment=chain, workers=0, balanced=balanced, stretched=pictures.stretched
    )
    whole_ = [b.images.numpy() for b in Batches(pictures, plan).epoch(1)]
    later = [
        b.images.numpy() for b in Batches(pictures, replace(plan, workers=3)).epoch(1, start_step=1)
    ]
    assert all(np.array_equal(a, b) for a, b in zip(whole_[1:], later, strict=True))
    parts = [
        [b.images.numpy() for b in Batches(pictures, replace(plan, rank=r, ranks=ranks)).epoch(1)]
        for r in range(ranks)
    ]
    for step, wanted in enumerate(whole_):
        assert np.array_equal(np.concatenate([part[step] for part in parts]), wanted)


def test_only_what_crops_and_does_not_centre_is_prepared_a_second_time() -> None:
    wanted = whole.preparation_of(replace(PLAIN, mean=(0.1, 0.2, 0.3)))
    assert wanted == Preparation((64, 64), fit="stretch", mean=(0.1, 0.2, 0.3))
    assert whole.preparation_of(replace(PLAIN, fit="pad", ratio=1.0)) is None
    assert whole.preparation_of(replace(PLAIN, fit="stretch", ratio=1.0)) is None
    assert whole.preparation_of(replace(PLAIN, centre="mass")) is None


def test_a_second_copy_has_room_beside_the_first_in_half_of_the_cache(
    scenes: Dataset, tmp_path: Path
) -> None:
    wanted = whole.preparation_of(PLAIN)
    assert wanted is not None
    both = 12 * SIDE * SIDE * 3 + 11 * 64 * 64 * 3
    plain = prepared(scenes, PLAIN, Keeping(tmp_path))
    assert whole.has_room(plain, wanted, Keeping(tmp_path, limit_bytes=2 * both))
    assert not whole.has_room(plain, wanted, Keeping(tmp_path, limit_bytes=2 * both - 2))
    unkept = prepared(scenes, PLAIN, Keeping(tmp_path, limit_bytes=1, memory_bytes=1))
    assert not whole.has_room(unkept, wanted, Keeping(tmp_path))


def test_numbers_have_room_where_memory_has_it_and_all_have_one_shape() -> None:
    data = numbers(10, side=20)
    plain, wanted = prepared(data, PLAIN), whole.preparation_of(PLAIN)
    assert wanted is not None
    assert whole.has_room(plain, wanted, Keeping(memory_bytes=10 * 64 * 64 * 3))
    assert not whole.has_room(plain, wanted, Keeping(memory_bytes=10 * 64 * 64 * 3 - 1))
    assert [*whole.widths(data)] == [1.0] * 10
