"""From a name to prepared pictures: splits, copies, sizes, the mean."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import striate.pictures
from striate.errors import CannotTrain, SplitFault
from striate.pictures.files import to_jpeg
from striate.pictures.prepare import Preparation
from striate.pictures.split import complete, read_splits
from striate.pictures.store.cache import prepared
from striate.verbs import train_data
from striate.verbs.train_data import (
    kept_together,
    normalised_by,
    opened,
    preparation_for,
    sides_of,
)
from striate.verbs.train_order import Order
from tests.pictures import sets
from tests.pictures.trees import codes, finding
from tests.verbs import made


def test_a_seed_decides_who_is_where_and_a_file_of_splits_wins(tmp_path: Path) -> None:
    place = str(made.photographs())
    one, two = opened(Order(place), 1), opened(Order(place), 2)
    assert one.splits == two.splits == {"train": 28, "val": 6, "test": 6}
    assert one.fingerprint != two.fingerprint
    assert opened(Order(place), 1).fingerprint == one.fingerprint
    lines = ["path,label,split"]
    lines += [f"{row.path},{row.label},{('train', 'val')[i % 2]}" for i, row in enumerate(one)]
    (tmp_path / "s.csv").write_text("\n".join(lines) + "\n")
    assert opened(Order(place, splits=str(tmp_path / "s.csv")), 1).splits == {
        "train": 20,
        "val": 20,
    }


def test_a_run_that_goes_on_has_the_splits_it_had(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "set")
    told = made.trained(Order(str(place), made.COLOURED), tmp_path / "run")
    before = read_splits(told.path / "splits.csv", opened(told.order, 0))
    assert opened(told.order, 99, told.path).fingerprint == before.fingerprint


def test_without_val_there_is_nothing_to_choose_by() -> None:
    with pytest.raises(SplitFault, match="there is no val"):
        opened(Order(str(made.photographs()), val=0), 0)


def test_one_class_is_refused_with_the_place_where_it_lies(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "set", ("cat",), (12,))
    with pytest.raises(CannotTrain, match="one class only \\('cat'\\)"):
        opened(Order(str(place)), 0)


def with_copies(root: Path) -> Path:
    """Ten of the cats are one picture."""
    made.folder(root)
    for i in range(1, 10):
        shutil.copy(root / "cat" / "000.jpg", root / "cat" / f"{i:03}.jpg")
    return root


def test_copies_stay_on_one_side_of_splits_that_are_made_here(tmp_path: Path) -> None:
    place = with_copies(tmp_path / "set")
    apart = opened(Order(str(place)), 0)
    _, (dataset, leaked) = made.followed(kept_together(apart, Order(str(place)), 0))
    copies = [row.split for row in dataset if row.path <= "cat/009.jpg"]
    assert len(copies) == 10
    assert len(set(copies)) == 1
    assert not len(leaked)
    assert codes(dataset).count("split-made") == 1


def test_copies_that_given_splits_divide_are_a_warning_and_named(tmp_path: Path) -> None:
    place = with_copies(tmp_path / "set")
    rows = opened(Order(str(place)), 0)
    where = {0: "train", 1: "val", 2: "test"}
    lines = [f"{row.path},{row.label},{where[i % 3]}" for i, row in enumerate(rows)]
    (tmp_path / "s.csv").write_text("\n".join(["path,label,split", *lines]) + "\n")
    order = Order(str(place), splits=str(tmp_path / "s.csv"))
    _, (dataset, leaked) = made.followed(kept_together(opened(order, 0), order, 0))
    wanted = {f"cat/{i:03}.jpg" for i in range(10) if i % 3}
    assert {dataset.paths[int(row)] for row in leaked} == wanted
    assert set(finding(dataset, "copies-across-splits").paths) == wanted


def test_copies_are_not_looked_for_where_that_is_not_wanted(tmp_path: Path) -> None:
    order = Order(str(with_copies(tmp_path / "set")), look_for_copies=False)
    dataset = opened(order, 0)
    events, (same, leaked) = made.followed(kept_together(dataset, order, 0))
    assert same is dataset
    assert not events
    assert not len(leaked)


def test_sides_are_the_middle_ones_and_grey_is_seen(tmp_path: Path) -> None:
    tall, wide, grey = sides_of(opened(Order(str(made.photographs())), 0), 0)
    assert (tall, wide, grey) == (32, 34, False)
    place = made.folder(tmp_path / "grey", grey=True)
    assert sides_of(opened(Order(str(place)), 0), 0) == (32, 34, True)
    assert sides_of(opened(Order("digits"), 0), 0) == (8, 8, True)


@pytest.mark.parametrize(
    ("order", "size", "asked", "mode"),
    [
        (Order("", "auto"), (34, 34), 0, "RGB"),
        (Order("", "resnet18"), (20, 20), 20, "RGB"),
        (Order("", "auto", ""), (224, 224), 0, "RGB"),
        (Order("", "3x12x20: conv3-4 gap fc"), (12, 20), 0, "RGB"),
        (Order("", "1x12x20: conv3-4 gap fc"), (12, 20), 0, "L"),
        (Order("", "1x12x20: conv3-4 gap fc"), (16, 16), 16, "L"),
        (Order("", "conv3-4 gap fc"), (34, 34), 0, "RGB"),
    ],
)
def test_the_input_is_as_the_network_or_the_recipe_says_else_as_the_pictures_are(
    order: Order, size: tuple[int, int], asked: int, mode: str
) -> None:
    dataset = opened(Order(str(made.photographs())), 0)
    found = preparation_for(dataset, order, made.recipe(pictures__size=asked, pictures__fit="pad"))
    assert (found.size, found.mode, found.fit) == (size, mode, "pad")


def test_a_run_to_start_from_says_how_pictures_are_prepared(tmp_path: Path) -> None:
    dataset = opened(Order("digits"), 0)
    order = Order("digits", source=str(made.photos().path))
    theirs = Preparation.from_dict(_card(made.photos().path))
    assert preparation_for(dataset, order, made.recipe(pictures__size=0)) == theirs
    assert preparation_for(dataset, order, made.recipe(pictures__size=12)).size == (12, 12)


def _card(run: Path) -> object:
    import json

    return json.loads((run / "bundle" / "card.json").read_text())["preparation"]


def test_mean_and_deviation_are_those_of_all_values_of_train() -> None:
    data = sets.numbers(count=150, side=9)
    split = np.arange(150) % 3
    data = data.with_split(split.astype(np.int8))
    pictures = prepared(data, Preparation((9, 9)))
    held = pictures.take(np.flatnonzero(split == 0)).astype(np.float64) / 255
    found = normalised_by(pictures, 0)
    assert found.mean == pytest.approx(held.mean((0, 1, 2)), abs=1e-4)
    assert found.std == pytest.approx(held.std((0, 1, 2)), abs=1e-4)


def test_a_channel_that_does_not_vary_is_not_blown_up() -> None:
    from striate.pictures.source import Arrays

    flat = np.full((20, 8, 8, 3), 77, np.uint8)
    data = sets.dataset(Arrays(flat, "flat"), [f"{i:02}" for i in range(20)])
    found = normalised_by(prepared(data, Preparation((8, 8))), 0)
    assert found.std == (0.05, 0.05, 0.05)
    assert found.mean == pytest.approx([77 / 255] * 3, abs=1e-4)


def test_the_key_of_pictures_is_of_what_they_look_like(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "set", counts=(20, 20))
    dataset = complete(striate.pictures.open(place), 0.2, 0.2, 0)
    before = train_data.keys_of(prepared(dataset, Preparation((8, 8))))
    assert set(before) == {"train", "val", "test"}
    row = int(dataset.places("val")[0])
    path = place / dataset.paths[row]
    data = path.read_bytes()
    path.write_bytes(to_jpeg(np.zeros((30, 34, 3), np.uint8)))
    now = train_data.keys_of(prepared(dataset, Preparation((8, 8))))
    assert train_data.changed({"keys": before}, now) == "val"
    assert train_data.changed({}, now) == "", "a run of an earlier version says nothing of it"
    path.write_bytes(data)
    assert train_data.keys_of(prepared(dataset, Preparation((8, 8)))) == before


def test_of_many_pictures_a_fixed_part_makes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = complete(striate.pictures.open("digits"), 0.2, 0.2, 0)
    found = prepared(dataset, Preparation((8, 8), mode="L"))
    rows = dataset.places("train")
    whole = train_data.key_of(found, rows)
    monkeypatch.setattr(train_data, "KEYED_BYTES", 64 * 10)
    part = train_data.key_of(found, rows)
    assert part == train_data.key_of(found, rows) != whole
