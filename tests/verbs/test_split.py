"""The verb `split`: groups by column, expression or copies, one file written, nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from striate.errors import FileFault, SplitFault
from striate.pictures.files import to_png
from striate.pictures.opening import open_data
from striate.pictures.split import read_splits
from striate.verbs.split import split
from tests.pictures.trees import finding, plant, two_classes

PEOPLE = [
    f"{kind}/{who}_{i}.jpg" for kind in ("cat", "dog") for who in "abcdefghij" for i in range(4)
]


def people(splits: dict[str, str]) -> dict[str, set[str]]:
    """The splits in which each person's pictures are."""
    found: dict[str, set[str]] = {}
    for path, name in splits.items():
        found.setdefault(path.split("/")[1].split("_")[0], set()).add(name)
    return found


def test_a_folder_is_divided_and_the_file_gives_it_back(tmp_path: Path) -> None:
    plant(tmp_path / "set", *two_classes(count=20))
    done = split(tmp_path / "set", tmp_path / "s.csv", val=0.2, test=0.1, seed=4)
    assert done.dataset.splits == {"train": 28, "val": 8, "test": 4}
    assert done.groups == 0
    again = read_splits(tmp_path / "s.csv", open_data(tmp_path / "set"))
    assert again.fingerprint == done.dataset.fingerprint
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.csv", "set"]


def test_copies_stay_together_unless_no_picture_is_to_be_looked_at(tmp_path: Path) -> None:
    """One picture under twenty names would be on both sides; near-copies are in test_copies."""
    plant(tmp_path / "set", *two_classes(count=20))
    picture = to_png(np.arange(48 * 48 * 3, dtype=np.uint8).reshape(48, 48, 3))
    for i in range(20):
        (tmp_path / "set" / "cat" / f"{i}.jpg").write_bytes(picture)
    heard: list[tuple[str, int, int]] = []
    done = split(tmp_path / "set", tmp_path / "s.csv", show=lambda *now: heard.append(now))
    assert done.groups == 1
    assert len({row.split for row in done.dataset if row.label == "cat"}) == 1
    assert heard[-1] == ("looking for copies", 40, 40)
    apart = split(tmp_path / "set", tmp_path / "t.csv", group_by="none")
    assert apart.groups == 0
    assert len({row.split for row in apart.dataset if row.label == "cat"}) == 3


def test_an_expression_keeps_together_what_it_finds(tmp_path: Path) -> None:
    plant(tmp_path / "set", *PEOPLE)
    done = split(tmp_path / "set", tmp_path / "s.csv", group_by=r"/([a-z])_\d")
    assert done.groups == 10
    assert all(
        len(names) == 1 for names in people({r.path: r.split for r in done.dataset}).values()
    )
    assert ",j\n" in (tmp_path / "s.csv").read_text()


@pytest.mark.parametrize("column", ["person", "Person"])
def test_a_column_of_the_manifest_keeps_its_values_together(tmp_path: Path, column: str) -> None:
    plant(tmp_path, *PEOPLE)
    rows = [f"{p},{p[:3]},{p[4]}" for p in PEOPLE]
    (tmp_path / "m.csv").write_text("\n".join(["path,label,person", *rows]))
    done = split(tmp_path / "m.csv", tmp_path / "s.csv", group_by=column)
    assert done.groups == 10
    assert all(
        len(names) == 1 for names in people({r.path: r.split for r in done.dataset}).values()
    )


@pytest.mark.parametrize(
    ("group_by", "words"),
    [
        ("person", "no column 'person'; as an expression it has 0 groups"),
        ("(", "it is no regular expression either"),
        ("/(z)_", "matches no path; the first one is cat/a_0.jpg"),
        ("(a)(b)", "has 2 groups, not one"),
    ],
)
def test_a_group_that_is_not_there_is_refused(tmp_path: Path, group_by: str, words: str) -> None:
    plant(tmp_path / "set", *PEOPLE)
    with pytest.raises(SplitFault, match=words):
        split(tmp_path / "set", tmp_path / "s.csv", group_by=group_by)


def test_columns_are_named_where_there_are_some(tmp_path: Path) -> None:
    plant(tmp_path, *PEOPLE)
    (tmp_path / "m.csv").write_text(
        "\n".join(["path,label,who", *[f"{p},{p[:3]},x" for p in PEOPLE]])
    )
    with pytest.raises(SplitFault, match="no column 'person'; its columns are path, label, who"):
        split(tmp_path / "m.csv", tmp_path / "s.csv", group_by="person")


def test_splits_that_were_there_are_replaced_and_that_is_said(tmp_path: Path) -> None:
    plant(tmp_path / "set", *two_classes("train/"), *two_classes("val/"))
    done = split(tmp_path / "set", tmp_path / "s.csv")
    said = finding(done.dataset, "splits-replaced")
    assert said.severity == "warning"
    assert "train 24 · val 24" in said.text


def test_nothing_is_written_into_the_data(tmp_path: Path) -> None:
    plant(tmp_path / "set", *two_classes())
    with pytest.raises(FileFault, match="lies in the data"):
        split(tmp_path / "set", tmp_path / "set" / "s.csv")
    assert len(list((tmp_path / "set").rglob("*.csv"))) == 0


def test_pictures_that_cannot_be_read_are_told_and_divided_all_the_same(tmp_path: Path) -> None:
    plant(tmp_path / "set", *two_classes(count=10))
    done = split(tmp_path / "set", tmp_path / "s.csv")
    assert "20 of 20 pictures cannot be read" in finding(done.dataset, "unreadable").text
    assert sum(done.dataset.splits.values()) == 20
