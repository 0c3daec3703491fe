"""Whatever a user names is found, or answered with what is near."""

from __future__ import annotations

from pathlib import Path

import pytest

import striate.pictures
from striate.errors import FileFault, NoPictures, UnknownSet
from striate.pictures.opening import open_as_given, open_data
from striate.pictures.untouched import refuse_inside
from tests.pictures.trees import codes, finding, plant, tarred, two_classes, zipped


def test_the_front_door_opens_a_folder(tmp_path: Path) -> None:
    found = striate.pictures.open(plant(tmp_path, *two_classes()), val=0.25, test=0, seed=3)
    assert found.splits == {"train": 18, "val": 6}
    assert striate.pictures.open(str(tmp_path)).name == tmp_path.name


def test_a_folder_with_nothing_but_an_archive_is_answered_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(NoPictures) as fault:
        open_data(tmp_path)
    assert "put them in one folder for each class" in fault.value.hint
    zipped(tmp_path / "pets.zip", two_classes())
    with pytest.raises(NoPictures, match="no pictures are in") as fault:
        open_data(tmp_path)
    assert fault.value.hint == f"it holds an archive; name that: {tmp_path / 'pets.zip'}"
    assert len(open_data(tmp_path / "pets.zip")) == 24


@pytest.mark.parametrize("name", ["digits", "shapes", "shapes:64"])
def test_named_sets_are_opened_by_name(name: str) -> None:
    pytest.importorskip("sklearn")
    found = open_data(name)
    assert len(found.classes) == 10
    assert set(found.splits) >= {"train", "val"}


def test_a_typo_gets_the_nearest_name_and_no_download() -> None:
    with pytest.raises(
        UnknownSet, match="did you mean digits.* nothing is downloaded for a name that is not known"
    ):
        open_data("digit")


def test_a_path_that_is_not_there_gets_its_neighbours(tmp_path: Path) -> None:
    plant(tmp_path, "photos/cat/1.jpg")
    with pytest.raises(UnknownSet, match=rf"did you mean {tmp_path}/photos\?"):
        open_data(tmp_path / "photo")


def test_what_is_on_disk_wins_over_a_set_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path / "digits", *two_classes())
    monkeypatch.chdir(tmp_path)
    found = open_data("digits")
    assert found.classes == ("cat", "dog")
    assert "not the named set" in finding(found, "path-not-set").text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.jpg", "is one picture, by its name"),
        ("a.xyz", "is one picture"),
        ("a.7z", "no manifest and no archive"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str, words: str) -> None:
    plant(tmp_path, name)
    with pytest.raises(NoPictures, match=words):
        open_data(tmp_path / name)


def test_as_given_makes_no_splits(tmp_path: Path) -> None:
    found = open_as_given(plant(tmp_path, *two_classes()))
    assert (found.splits, codes(found)) == ({}, [])


def test_nothing_is_written_inside_a_folder(tmp_path: Path) -> None:
    plant(tmp_path / "set", *two_classes())
    (tmp_path / "link").symlink_to(tmp_path / "set")
    found = open_data(tmp_path / "set")
    for target in ("set/splits.csv", "set/cat/x.csv", "link/x.csv", "set", "elsewhere/../set/x"):
        with pytest.raises(FileFault, match="lies in the data .* and nothing is written there"):
            refuse_inside(tmp_path / "set", found, tmp_path / target)
    refuse_inside(tmp_path / "set", found, tmp_path / "set.csv")


def test_nothing_is_written_over_an_archive_or_beside_shards(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", two_classes())
    with pytest.raises(FileFault, match="lies in the data"):
        refuse_inside(archive, open_data(archive), archive)
    refuse_inside(archive, open_data(archive), tmp_path / "b.csv")
    (tmp_path / "shards").mkdir()
    names = {f"{i}.{e}": b"1" for i in range(20) for e in ("jpg", "cls")}
    pattern = str(tarred(tmp_path / "shards" / "a.tar", names).parent / "*.tar")
    with pytest.raises(FileFault, match="lies in the data"):
        refuse_inside(pattern, open_data(pattern), tmp_path / "shards" / "splits.csv")


def test_nothing_is_written_where_a_manifest_has_its_pictures(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes())
    manifest = tmp_path / "labels.csv"
    manifest.write_text("\n".join(["path,label", *[f"{p},{p[:3]}" for p in two_classes()]]))
    found = open_data(manifest)
    for target in ("labels.csv", "cat/splits.csv"):
        with pytest.raises(FileFault, match="lies in the data"):
            refuse_inside(manifest, found, tmp_path / target)
    refuse_inside(manifest, found, tmp_path / "splits.csv")


def test_class_names_that_are_no_utf_8_are_a_warning(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes())
    rows = ["path,label", *[f"{path},caf\xe9-{path[:3]}" for path in two_classes()]]
    (tmp_path / "labels.csv").write_bytes("\n".join(rows).encode("latin-1"))
    found = finding(open_data(tmp_path / "labels.csv"), "names-not-utf-8")
    assert "2 class name(s) are not written in UTF-8" in found.text
    assert found.severity == "warning"
