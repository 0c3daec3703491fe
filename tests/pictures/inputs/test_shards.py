"""WebDataset shards: labels beside pictures, in tars that are never unpacked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from striate.errors import (
    ArchiveRefused,
    ManifestFault,
    NoPictures,
    SplitFault,
    TaskNotYet,
    UsageError,
)
from striate.pictures.inputs.shards_pattern import expand
from striate.pictures.opening import open_data
from tests.pictures.trees import codes, finding, png, tarred


def shard(path: Path, first: int = 0, count: int = 12, ending: str = "cls") -> Path:
    """Samples of three classes."""
    names: dict[str, bytes] = {}
    for i in range(first, first + count):
        names[f"{i:06}.jpg"] = f"picture {i}".encode()
        names[f"{i:06}.{ending}"] = (
            str(i % 3) if ending == "cls" else json.dumps({"label": "abc"[i % 3]})
        ).encode()
    return tarred(path, names)


def test_shards_become_rows(tmp_path: Path) -> None:
    for i in range(3):
        shard(tmp_path / f"s-{i:03}.tar", 12 * i)
    found = open_data(str(tmp_path / "s-{000..002}.tar"))
    assert found.classes == ("0", "1", "2")
    assert found[13][:2] == ("s-001.tar/000013.jpg", "1")
    assert [found.data(i) for i in range(36)] == [f"picture {i}".encode() for i in range(36)]
    assert found.source.size_bytes(3, "") == len("picture 3")
    assert "classes are called by their numbers" in finding(found, "classes-are-numbers").text


@pytest.mark.parametrize("name", ["*.tar", "s-00?.tar", "", "s-{000,001}.tar"])
def test_patterns_and_folders_of_shards_are_opened(tmp_path: Path, name: str) -> None:
    for i in range(2):
        shard(tmp_path / f"s-{i:03}.tar", 12 * i)
    assert len(open_data(str(tmp_path / name))) == 24


def test_one_shard_is_known_by_what_it_holds(tmp_path: Path) -> None:
    assert open_data(shard(tmp_path / "one.tar")).counts == {"0": 4, "1": 4, "2": 4}


def test_labels_may_stand_in_json(tmp_path: Path) -> None:
    shard(tmp_path / "a.tar", ending="json")
    assert open_data(tmp_path).classes == ("a", "b", "c")


def test_numbers_get_their_names_from_classes_txt(tmp_path: Path) -> None:
    shard(tmp_path / "a.tar")
    (tmp_path / "classes.txt").write_text("zebra\nant\ncow\nyak\n")
    found = open_data(tmp_path)
    assert found.classes == ("ant", "cow", "zebra")
    assert [row.label for row in found][:3] == ["zebra", "ant", "cow"]
    assert (
        "1 of the 4 names in classes.txt have no picture: yak" in finding(found, "empty-class").text
    )


def test_a_number_beyond_classes_txt_is_refused(tmp_path: Path) -> None:
    shard(tmp_path / "a.tar")
    (tmp_path / "classes.txt").write_text("zebra\nant\n")
    with pytest.raises(
        ManifestFault, match=r"'2' of 000002\.jpg is no line of classes\.txt, which has 2"
    ):
        open_data(tmp_path)
    (tmp_path / "classes.txt").write_text("ant\nant\n")
    with pytest.raises(ManifestFault, match="names a class twice"):
        open_data(tmp_path)


def test_splits_come_from_the_names_of_shards(tmp_path: Path) -> None:
    for i, word in enumerate(("train", "Validation", "test")):
        shard(tmp_path / f"set-{word}-000.tar", 30 * i, 30)
    found = open_data(str(tmp_path / "*.tar"))
    assert found.splits == {"train": 30, "val": 30, "test": 30}
    assert codes(found) == ["classes-are-numbers"]


def test_a_shard_without_a_split_among_others_is_refused(tmp_path: Path) -> None:
    shard(tmp_path / "train-0.tar")
    shard(tmp_path / "more-0.tar", 40)
    with pytest.raises(SplitFault, match=r"more-0\.tar has none"):
        open_data(tmp_path)


FAULTS: list[tuple[dict[str, bytes], type[Exception], str]] = [
    ({"a.jpg": b"x", "b.cls": b"1"}, ManifestFault, "'a' has no label: it has jpg"),
    ({"a.cls": b"1"}, ManifestFault, "'a' has 0 pictures: cls"),
    ({"a.jpg": b"x", "a.png": b"x", "a.cls": b"1"}, ManifestFault, "'a' has 2 pictures"),
    ({"a.jpg": b"x", "a.cls": b" "}, ManifestFault, "the label of 'a' is empty"),
    (
        {"a.jpg": b"x", "a.cls": b"1", "b.jpg": b"y", "b.json": b"{"},
        ManifestFault,
        r"b\.json is no JSON",
    ),
    (
        {"a.jpg": b"x", "a.cls": b"1", "b.jpg": b"y", "b.json": b'{"w": 1}'},
        ManifestFault,
        "has no `label`: it has w",
    ),
    (
        {"a.jpg": b"x", "a.cls": b"1", "b.jpg": b"y", "b.json": b'{"label": [1, 2]}'},
        TaskNotYet,
        "not one class",
    ),
    (
        {"a.jpg": b"x", "a.cls": b"1", "b.jpg": b"y", "b.json": b'{"label": 0.5}'},
        TaskNotYet,
        "is 0.5: not one class",
    ),
    (
        {"a.jpg": b"x", "a.cls": b"1" * (2**20 + 1)},
        ManifestFault,
        "the label of 'a' takes 1,048,577 bytes",
    ),
    ({"a.jpg": b"x", "a.cls": b"1", "../b.jpg": b"x"}, ArchiveRefused, "leads out of the folder"),
]


@pytest.mark.parametrize(("names", "kind", "words"), FAULTS)
def test_a_sample_that_is_not_whole_is_refused(
    tmp_path: Path, names: dict[str, bytes], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        open_data(str(tarred(tmp_path / "a.tar", names).parent / "*.tar"))


def test_a_sample_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    names = {"a.jpg": b"x", "a.cls": b"1"}
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        tarred(tmp_path / folder / "s.tar", names)
    with pytest.raises(ManifestFault, match=r"the sample s\.tar/a\.jpg is there twice"):
        open_data(str(tmp_path / "*" / "s.tar"))


def test_a_packed_shard_says_what_to_do(tmp_path: Path) -> None:
    tarred(tmp_path / "a.tar", {"a.jpg": b"x", "a.cls": b"1"}, "w:gz")
    with pytest.raises(
        ArchiveRefused, match="a compressed shard cannot be read in place; unpack it with gunzip"
    ):
        open_data(tmp_path)


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    shard(tmp_path / "s-000.tar")
    with pytest.raises(NoPictures, match=r"the shard .*s-001\.tar is not there"):
        expand(str(tmp_path / "s-{000..003}.tar"))
    with pytest.raises(NoPictures, match="no file matches"):
        expand(str(tmp_path / "t-*.tar"))


@pytest.mark.parametrize("braces", ["{9..0}", "{0..9999999}"])
def test_a_range_must_go_up_and_end(braces: str) -> None:
    with pytest.raises(UsageError, match="stands for"):
        expand(f"s-{braces}.tar")


def test_pictures_in_shards_are_decoded(tmp_path: Path) -> None:
    names = {
        f"{i}.{end}": png(i) if end == "png" else b"1" if i % 2 else b"0"
        for i in range(30)
        for end in ("png", "cls")
    }
    found = open_data(tarred(tmp_path / "a.tar", names))
    assert found.pixels(17)[0, 0].tolist() == [17, 17, 17]


def test_a_shard_is_the_file_that_says_whether_its_pictures_are_as_before(tmp_path: Path) -> None:
    files = [shard(tmp_path / f"s-{i:03}.tar", 12 * i) for i in range(2)]
    found = open_data(str(tmp_path / "s-{000..001}.tar"))
    assert [found.source.file(i, found.paths[i]) for i in (11, 12)] == files
