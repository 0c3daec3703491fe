"""Splits: exact in every class, groups whole, the same for everyone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from striate.errors import ClassNotInTrain, SplitFault
from striate.pictures.dataset import UNSPLIT, Dataset, Names
from striate.pictures.source import Folder
from striate.pictures.split import complete, read_splits, split_of, with_made, write_splits
from striate.pictures.split_shares import stratified
from tests.pictures.trees import codes, finding

COUNTS = st.lists(st.integers(2, 60), min_size=1, max_size=5)
SHARES = st.tuples(st.integers(0, 45), st.integers(0, 45))


def rows(counts: list[int], start: int = 0) -> Dataset:
    """Classes of so many pictures, undivided."""
    paths = [f"class{k}/{i}.jpg" for k, n in enumerate(counts) for i in range(start, start + n)]
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    classes = tuple(f"class{k}" for k in range(len(counts)))
    return Dataset(
        "made", Folder("made"), Names(paths), classes, labels, np.full(len(paths), UNSPLIT, np.int8)
    )


@given(COUNTS, SHARES, st.integers(0, 2**40))
@settings(max_examples=150, deadline=None)
def test_every_picture_is_in_one_split_and_each_class_has_its_share(
    counts: list[int], percents: tuple[int, int], seed: int
) -> None:
    val, test = percents[0] / 100, percents[1] / 100
    found = stratified(rows(counts), val, test, seed)
    assert set(found.tolist()) <= {0, 1, 2}
    labels = rows(counts).labels
    for k, count in enumerate(counts):
        got = np.bincount(found[labels == k], minlength=3)
        assert got.sum() == count
        forced = sum(0 < share * count < 1 for share in (val, test))
        # Within one picture of the share; where a share is less than one picture, train gives one.
        assert abs(got[0] - (1 - val - test) * count) < 1 + forced + 1e-6
        for at, share in ((1, val), (2, test)):
            assert abs(got[at] - share * count) < 1 + 1e-6 or count < 4
        assert got[0] >= 1
        assert not val or got[1] >= 1
        assert not test or got[2] >= 1 or count < 3
        assert bool(val) or not got[1]
        assert bool(test) or not got[2]


@given(COUNTS, st.integers(0, 100), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_plays_no_part(counts: list[int], seed: int, random: object) -> None:
    data = rows(counts)
    order = list(range(len(data)))
    random.shuffle(order)  # type: ignore[attr-defined]
    places = np.array(order, np.int64)
    there = stratified(data, seed=seed)
    assert (stratified(data.only(places), seed=seed) == there[places]).all()


@given(st.data(), st.integers(2, 80), st.integers(2, 5))
@settings(max_examples=150, deadline=None)
def test_groups_are_never_divided(data: st.DataObject, count: int, classes: int) -> None:
    made = rows([count] * classes)
    groups = data.draw(st.lists(st.integers(-1, 12), min_size=len(made), max_size=len(made)))
    try:
        found = stratified(made, seed=1, groups=np.array(groups))
    except SplitFault:
        assume(False)
    for group in set(groups) - {-1}:
        assert len({int(s) for s, g in zip(found, groups, strict=True) if g == group}) == 1
    for k in range(classes):
        assert (found[made.labels == k] == 0).any()


def test_many_small_groups_come_close_to_the_shares() -> None:
    data = rows([400, 100])
    groups = [f"g{i // 4}" for i in range(500)]
    found = np.bincount(stratified(data, 0.2, 0.1, 5, groups), minlength=3)
    assert abs(found[1] - 100) <= 4
    assert abs(found[2] - 50) <= 4


def test_pairs_among_many_leave_the_shares_exact() -> None:
    groups = np.full(1000, -1)
    groups[:40] = np.repeat(np.arange(20), 2)
    found = stratified(rows([500, 500]), 0.15, 0.15, 0, groups)
    assert np.bincount(found).tolist() == [700, 150, 150]


def test_one_group_that_holds_all_cannot_be_divided() -> None:
    with pytest.raises(SplitFault, match="nothing is left for val: the groups are too large"):
        stratified(rows([10, 10]), groups=["all"] * 20)


def test_a_value_for_each_picture_is_wanted() -> None:
    with pytest.raises(SplitFault, match="3 group values for 20 pictures"):
        stratified(rows([10, 10]), groups=["a", "b", "c"])


def test_the_same_seed_gives_the_same_split_for_ever() -> None:
    found = stratified(rows([12, 8]), seed=7)
    assert "".join(map(str, found)) == "01020001020002100000"
    assert not (stratified(rows([12, 8]), seed=8) == found).all()


def test_other_classes_and_new_pictures_hardly_move_anything() -> None:
    before = stratified(rows([100, 50]))
    assert (stratified(rows([100, 50, 70]))[:150] == before).all()
    more = stratified(rows([101, 50]))
    assert (more[:100] != before[:100]).sum() <= 2
    assert (more[101:] == before[100:]).all()


@pytest.mark.parametrize(("val", "test"), [(-0.1, 0), (0.6, 0.4), (0, 1), (float("nan"), 0)])
def test_shares_must_leave_something_for_training(val: float, test: float) -> None:
    with pytest.raises(SplitFault, match="leave nothing for training"):
        stratified(rows([10]), val, test)


def test_words_of_splits_are_known_in_any_capitals() -> None:
    assert [split_of(w) for w in ("TRAIN", " Training", "Dev", "valid", "testing", "tests")] == [
        0,
        0,
        1,
        1,
        2,
        None,
    ]


def test_all_shares_zero_leave_all_in_train() -> None:
    found = complete(rows([5, 5]), 0, 0)
    assert found.splits == {"train": 10}


def test_what_was_given_stays_as_it_is() -> None:
    given_split = np.array([0] * 12 + [1] * 4 + [2] * 4 + [0] * 10 + [1] * 10, np.int8)
    found = complete(rows([20, 20]).with_split(given_split))
    assert (found.split == given_split).all()
    assert codes(found) == ["class-missing-in-test"]


@pytest.mark.parametrize(
    ("train", "asked", "val"), [(2_000, None, 300), (40_000, None, 2_500), (40_000, 0.15, 6_000)]
)
def test_of_a_large_train_twenty_five_hundred_are_enough_for_val_unless_a_share_is_asked_for(
    train: int, asked: float | None, val: int
) -> None:
    data = rows([train // 2 + 50] * 2)
    split = np.where(np.arange(len(data)) % (train // 2 + 50) < 50, 2, 0)
    found = complete(data.with_split(split.astype(np.int8)), asked)
    assert found.splits == {"train": train - val, "val": val, "test": 100}


def test_a_splits_file_brings_back_the_same_split(tmp_path: Path) -> None:
    data = with_made(rows([20, 20]), seed=5)
    write_splits(tmp_path / "splits.csv", data)
    found = read_splits(tmp_path / "splits.csv", rows([20, 20]))
    assert (found.split == data.split).all()
    assert (tmp_path / "splits.csv").read_text().splitlines()[:2] == [
        "path,label,split,group",
        "class0/0.jpg,class0,test,",
    ]


def test_odd_names_survive_a_splits_file(tmp_path: Path) -> None:
    odd = ['cat/a,"b".jpg', "cat/ü\n.jpg", "cat/\udce9.jpg", "cat/ x .jpg"]
    data = Dataset(
        "odd", Folder("odd"), Names(odd), ("cat",), np.zeros(4, np.int32), np.zeros(4, np.int8)
    )
    write_splits(tmp_path / "s.csv", data)
    assert read_splits(tmp_path / "s.csv", data).splits == {"train": 4}


def test_groups_are_written_beside_the_splits(tmp_path: Path) -> None:
    write_splits(tmp_path / "s.csv", rows([3]), np.array([4, 4, -1]))
    assert [line.rpartition(",")[2] for line in (tmp_path / "s.csv").read_text().splitlines()] == [
        "group",
        "group 4",
        "group 4",
        "",
    ]


FAULTS = [
    (
        "path,label,split\nclass0/0.jpg,class0,train\n",
        r"it lacks|the splits file lacks 19 picture\(s\)",
    ),
    (
        "path,label,split\nbird.jpg,class0,train\n",
        r"names 1 picture\(s\) twice or that are not there: bird\.jpg",
    ),
    (
        "path,label,split\nclass0/0.jpg,class0,tran\n",
        "line 2: 'tran' is neither train nor val nor test",
    ),
    (
        "path,label,split\nclass0/0.jpg,class1,train\n",
        "is 'class1' in the splits file and 'class0' in the data",
    ),
    ("path,split\nclass0/0.jpg,train\n", "the first line has no column label"),
    ("path,label,split\nclass0/0.jpg,train\n", "line 2 has 2 cells, the first line has 3"),
]


@pytest.mark.parametrize(("text", "words"), FAULTS)
def test_a_splits_file_for_other_data_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "s.csv").write_text(text)
    with pytest.raises(SplitFault, match=words):
        read_splits(tmp_path / "s.csv", rows([10, 10]))


def test_a_splits_file_cannot_put_a_class_into_val_alone(tmp_path: Path) -> None:
    data = rows([3, 3])
    write_splits(tmp_path / "s.csv", data.with_split(np.array([0, 0, 1, 1, 1, 1], np.int8)))
    with pytest.raises(ClassNotInTrain, match=r"val has a class 'class1' with 3 picture\(s\)"):
        read_splits(tmp_path / "s.csv", data)


def test_skipped_classes_do_not_stop_a_split() -> None:
    data = rows([10, 10]).only(np.arange(10))
    assert with_made(data).counts_in("train") == {"class0": 7, "class1": 0}
    assert "one-class" not in codes(with_made(data))


def test_the_finding_of_a_made_split_counts_it() -> None:
    assert (
        "train 14 · val 4 · test 2"
        in finding(complete(rows([10, 10]), 0.2, 0.1), "split-made").text
    )
