"""Copies: equal bytes, equal pixels, and near-copies, planted and counted."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from striate.errors import Unreadable
from striate.pictures.audit.audit import audit
from striate.pictures.audit.copies import Copies, find, groups_of
from striate.pictures.audit.facts import Facts, look, packed
from striate.pictures.dataset import Dataset
from striate.pictures.files import Pixels, Rules, read, resized, to_jpeg, to_png
from tests.pictures.photographs import crop, folder, photograph


def facts_of(files: list[bytes]) -> Facts:
    held = Facts.empty(len(files))
    for i, data in enumerate(files):
        try:
            held.put(np.array([i]), packed([look(data, Rules())]))
        except Unreadable as fault:
            held.refuse(i, fault.text)
    return held


def pairs(found: Copies) -> set[tuple[int, int]]:
    return {(int(a), int(b)) for a, b in found.near}


def test_equal_bytes_and_equal_pixels_are_one_picture(rng: np.random.Generator) -> None:
    one, two = photograph(rng), photograph(rng)
    files = [
        to_png(one),
        to_jpeg(two),
        to_png(one),
        to_png(one) + b"\0",
        to_jpeg(two, 80),
        b"bad",
        b"bad",
    ]
    found = find(facts_of(files))
    assert [group.tolist() for group in found.exact] == [[0, 2, 3]]
    assert pairs(found) == {(1, 4)}
    assert found.distance[0] < 0.02


def test_groups_join_what_is_linked_and_leave_the_rest_alone(rng: np.random.Generator) -> None:
    one, two, three = (photograph(rng) for _ in range(3))
    files = [
        to_png(three),
        to_png(one),
        to_jpeg(one[:, ::-1]),
        to_png(two),
        to_png(one),
        to_jpeg(two, 60),
    ]
    assert find(facts_of(files)).groups(6).tolist() == [-1, 0, 0, 1, 0, 1]


def test_groups_of_a_folder_are_made_without_an_audit(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    one, two = photograph(rng), photograph(rng)
    data = folder(tmp_path, {"a/1.png": one, "a/2.png": two, "b/3.jpg": one, "b/4.jpg": b"bad"})
    assert groups_of(data).tolist() == [0, -1, 0, -1]
    assert groups_of(data).dtype == np.int64


def test_loose_links_do_not_chain_a_whole_set_into_one_group() -> None:
    count = 400
    chain = np.stack([np.arange(count - 1), np.arange(1, count)], 1)
    distance = np.full(count - 1, 0.05, np.float32)
    distance[:3] = 0.001
    found = Copies((), chain, distance).groups(count)
    assert found[:4].tolist() == [0, 0, 0, 0]
    assert (found[4:] == -1).all()


def test_thumbnails_are_only_compared_as_they_stand(rng: np.random.Generator) -> None:
    tiny = [resized(photograph(rng), 32, 32) for _ in range(30)]
    mirrored, shifted = tiny[0][:, ::-1], crop(tiny[1], rng, 0.8)
    again = to_jpeg(tiny[2], 80)
    found = find(facts_of([*map(to_png, tiny), to_png(mirrored), to_png(shifted), again]))
    assert pairs(found) == {(2, 32)}


def planted(pictures: list[Pixels], rng: np.random.Generator) -> tuple[list[bytes], dict[int, int]]:
    """100 copies of some pictures: crops that keep 80 % or more of the area, mirrored ones, JPEG-50."""
    files, origin = [], {}
    for i in range(100):
        place = int(rng.integers(len(pictures)))
        picture = pictures[place]
        kind = i % 4
        if kind < 2:
            files.append(to_jpeg(crop(picture, rng, float(rng.uniform(0.8, 1)))))
        else:
            files.append(to_jpeg(picture[:, ::-1]) if kind == 2 else to_jpeg(picture, 50))
        origin[len(pictures) + i] = place
    return files, origin


def recall(found: Copies, origin: dict[int, int]) -> int:
    group = found.groups(max(origin) + 1)
    return sum(group[copy] >= 0 and group[copy] == group[place] for copy, place in origin.items())


def test_planted_copies_of_made_photographs_are_found(rng: np.random.Generator) -> None:
    pictures = [photograph(rng) for _ in range(150)]
    files, origin = planted(pictures, rng)
    found = find(facts_of([to_jpeg(one) for one in pictures] + files))
    assert recall(found, origin) >= 95
    assert not [pair for pair in pairs(found) if max(pair) < len(pictures)]


def test_planted_copies_of_real_photographs_are_found_and_strangers_are_not(
    data: Path, rng: np.random.Generator
) -> None:
    folder = data / "hymenoptera"
    if not folder.is_dir():
        pytest.skip("needs shared data: hymenoptera is not there")
    names = sorted(folder.rglob("*.jpg"))
    pictures = [read(name) for name in names]
    files, origin = planted(pictures, rng)
    found = find(facts_of([name.read_bytes() for name in names] + files))
    strangers = [pair for pair in pairs(found) if max(pair) < len(pictures)]
    assert recall(found, origin) >= 95
    assert len(strangers) <= len(pictures) / 1000


@pytest.mark.slow
def test_digits_and_clothes_are_not_called_copies(data: Path) -> None:
    for name in ("mnist", "fashion-mnist"):
        path = data / name / "t10k-images-idx3-ubyte.gz"
        if not path.exists():
            pytest.skip(f"needs shared data: {name} is not there")
        values = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=16)
        found = find(facts_of([to_png(one) for one in values.reshape(-1, 28, 28, 1)[:5000]]))
        assert len(found.near) <= 5, name


def audited(dataset: Dataset) -> Copies:
    steps = audit(dataset)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value.copies


def test_the_audit_and_the_search_by_hand_agree(tmp_path: Path, rng: np.random.Generator) -> None:
    one = photograph(rng)
    files = {"a/1.png": one, "a/2.png": one, "a/3.jpg": one[:, ::-1], "a/4.jpg": photograph(rng)}
    found = audited(folder(tmp_path, files))
    assert [group.tolist() for group in found.exact] == [[0, 1]]
    assert pairs(found) == {(0, 2)}
