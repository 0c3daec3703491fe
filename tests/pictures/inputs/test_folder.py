"""Folders as people have them, with every trap in them."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from striate.errors import ClassNotInTrain, FileFault, ManifestFault, NoPictures, SplitFault
from striate.pictures.dataset import Dataset
from striate.pictures.inputs.folder import Disk, open_folder
from striate.pictures.inputs.folder_layout import Entry, Tree, lay_out
from striate.pictures.inputs.folder_names import is_picture
from striate.pictures.opening import open_data
from tests.pictures.trees import codes, finding, many, plant, two_classes

SPLIT_NAMES = [
    ("train", "val", "test"),
    ("training", "validation", "testing"),
    ("Train", "VALID", "Test"),
    ("train", "dev", "test"),
    ("TRAINING", "Val", "TESTING"),
]


def test_folders_of_classes_become_classes_and_rows(tmp_path: Path) -> None:
    found = open_folder(plant(tmp_path, "dog/b.jpg", "dog/a.PNG", "cat/c.webp"))
    assert found.classes == ("cat", "dog")
    assert [tuple(row)[:3] for row in found] == [
        ("cat/c.webp", "cat", ""),
        ("dog/a.PNG", "dog", ""),
        ("dog/b.jpg", "dog", ""),
    ]
    assert found.data(1) == b"dog/a.PNG"
    assert found.source.size_bytes(0, "cat/c.webp") == 10
    assert found.findings == ()


@pytest.mark.parametrize("names", SPLIT_NAMES)
def test_splits_are_known_under_their_usual_names(
    tmp_path: Path, names: tuple[str, str, str]
) -> None:
    paths = [path for name in names for path in two_classes(f"{name}/", 10)]
    found = open_data(plant(tmp_path, *paths))
    assert found.splits == {"train": 20, "val": 20, "test": 20}
    assert found.made_here == ()
    assert {row.split for row in found if row.path.startswith(f"{names[1]}/")} == {"val"}
    assert codes(found) == []


def test_one_class_index_serves_all_splits(tmp_path: Path) -> None:
    paths = [
        *many("train/cat"),
        *many("train/ant"),
        *many("train/dog"),
        *many("val/dog"),
        *many("val/cat"),
    ]
    found = open_data(plant(tmp_path, *paths))
    assert found.classes == ("ant", "cat", "dog")
    assert {row.label for row in found if row.path.startswith("val/dog")} == {"dog"}


def test_ten_comes_before_two_and_no_label_moves(tmp_path: Path) -> None:
    names = [str(i) for i in range(12)]
    train = [path for name in names for path in many(f"train/{name}", 10)]
    val = [path for name in names[2:] for path in many(f"val/{name}", 10)]
    found = open_data(plant(tmp_path, *train, *val))
    assert found.classes == ("0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9")
    assert all(row.label == row.path.split("/")[1] for row in found)
    assert "10 comes before 2" in finding(found, "numbers-as-names").text


def test_a_class_that_val_lacks_is_a_warning(tmp_path: Path) -> None:
    found = open_data(plant(tmp_path, *two_classes("train/"), *many("val/cat")))
    said = finding(found, "class-missing-in-val")
    assert said.severity == "warning"
    assert "val has no pictures of dog" in said.text
    assert found.counts_in("val") == {"cat": 12, "dog": 0}


def test_a_class_that_train_lacks_is_an_error_with_folder_and_count(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes("train/"), *two_classes("val/"), *many("val/bird", 3))
    with pytest.raises(ClassNotInTrain, match=r"val has a class 'bird' with 3 picture\(s\)") as met:
        open_data(tmp_path)
    assert met.value.where.endswith("val/bird")


def test_every_class_that_train_lacks_is_named(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes("train/"), *many("val/bird", 3), *many("test/cow", 2))
    with pytest.raises(ClassNotInTrain, match=r"2 such: val: 'bird', 3 .*; test: 'cow', 2 "):
        open_data(tmp_path)


def test_a_class_renamed_in_val_is_found_with_its_other_name(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes("train/"), *many("val/cat"), *many("val/Dog"))
    with pytest.raises(ClassNotInTrain, match="train has 'dog': is it the same"):
        open_data(tmp_path)


def test_a_renamed_split_is_an_error_and_not_a_class(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes("train/"), *two_classes("vall/"))
    with pytest.raises(SplitFault, match="'vall' stands beside 'train', holds pictures"):
        open_data(tmp_path)


def test_two_names_for_one_split_are_an_error(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes("train/"), *two_classes("val/"), *two_classes("valid/"))
    with pytest.raises(SplitFault, match="val and valid both mean val"):
        open_data(tmp_path)


def test_splits_without_train_are_an_error(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes("val/"), *two_classes("test/"))
    with pytest.raises(SplitFault, match="there is no train beside test and val"):
        open_data(tmp_path)


def test_a_class_called_test_stays_a_class(tmp_path: Path) -> None:
    found = open_data(plant(tmp_path, *many("test"), *many("control")))
    assert found.classes == ("control", "test")
    assert (
        "named like a split and taken as classes: test"
        in finding(found, "split-name-as-class").text
    )


def test_a_class_called_train_among_vehicles_stays_a_class(tmp_path: Path) -> None:
    found = open_data(plant(tmp_path, *many("train"), *many("bus"), *many("car")))
    assert found.classes == ("bus", "car", "train")
    assert "train" in finding(found, "split-name-as-class").text


def test_a_folder_without_pictures_beside_the_splits_is_said(tmp_path: Path) -> None:
    found = open_data(plant(tmp_path, *two_classes("train/"), *two_classes("val/"), "notes/a.txt"))
    assert finding(found, "folder-beside-splits").paths == ("notes",)


@pytest.mark.parametrize("ending", [".jpg", ".JPEG", ""])
def test_a_flat_folder_is_refused(tmp_path: Path, ending: str) -> None:
    plant(tmp_path, "1" + ending, "2" + ending)
    with pytest.raises(
        NoPictures, match="pictures lie directly in .*; make one folder for each class"
    ):
        open_data(tmp_path)


def test_a_flat_split_is_refused(tmp_path: Path) -> None:
    plant(tmp_path, *many("train"), *many("val"))
    with pytest.raises(NoPictures, match="pictures lie directly in .*/train; make one folder"):
        open_data(tmp_path)


def test_a_test_without_classes_is_left_out_and_said(tmp_path: Path) -> None:
    found = open_data(
        plant(tmp_path, *two_classes("train/"), *two_classes("val/"), *many("test", 4))
    )
    assert "test" not in found.splits
    assert "4 picture(s) of test left out" in finding(found, "unlabelled-test").text


def test_pictures_beside_the_classes_are_left_out_and_said(tmp_path: Path) -> None:
    found = open_data(plant(tmp_path, *two_classes(), "cover.jpg"))
    assert len(found) == 24
    assert finding(found, "loose-pictures").paths == ("cover.jpg",)


@pytest.mark.parametrize("folder", ["empty", "empty/"])
def test_an_empty_folder_is_refused(tmp_path: Path, folder: str) -> None:
    plant(tmp_path, "empty/nothing/" if folder == "empty" else "empty/")
    with pytest.raises(NoPictures, match="no pictures are in"):
        open_data(tmp_path / "empty")


def test_hidden_and_system_files_are_counted_and_never_classes(tmp_path: Path) -> None:
    hidden = [
        ".git/objects/ab.jpg",
        ".ipynb_checkpoints/1.jpg",
        "__MACOSX/cat/._1.jpg",
        "cat/._1.jpg",
        "cat/Thumbs.db",
        "dog/desktop.ini",
        "dog/.DS_Store",
        "cat/.thumbs/1.jpg",
        "cat/@eaDir/1.jpg",
    ]
    found = open_data(plant(tmp_path, *two_classes(), *hidden))
    assert found.classes == ("cat", "dog")
    assert len(found) == 24
    said = finding(found, "hidden-left-out")
    assert said.severity == "note"
    assert said.text.startswith("9 hidden or system file(s) or folder(s) left out: .git, ")
    assert {"cat/Thumbs.db", "dog/desktop.ini", "cat/@eaDir", ".git"} <= set(said.paths)


def test_empty_class_folders_are_reported_and_never_classes(tmp_path: Path) -> None:
    found = open_data(plant(tmp_path, *two_classes(), "bird/", "cow/readme.txt"))
    assert found.classes == ("cat", "dog")
    said = finding(found, "empty-class")
    assert said.severity == "warning"
    assert said.paths == ("bird", "cow")


def test_files_that_are_no_pictures_by_name_are_said(tmp_path: Path) -> None:
    found = open_data(
        plant(tmp_path, *two_classes(), "cat/1.txt", "labels.csv", "dog/LICENSE", "dog/x.dat")
    )
    assert finding(found, "not-pictures").paths == ("labels.csv", "cat/1.txt", "dog/LICENSE")
    assert "dog/x.dat" in list(found.paths)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("a.jpg", True),
        ("a.tga", True),
        ("a", True),
        ("a.json", False),
        ("._a.jpg", False),
        ("README", False),
        ("readme.jpg", True),
        ("a.jpg.txt", False),
        ("thumbs.DB", False),
    ],
)
def test_all_files_are_pictures_but_those_whose_names_say_otherwise(
    name: str, is_one: bool
) -> None:
    assert is_picture(name) is is_one


def test_nested_folders_belong_to_their_class_and_are_said(tmp_path: Path) -> None:
    found = open_data(
        plant(tmp_path, *two_classes(), *many("cat/2024/spring", 3), *many("dog/old", 2))
    )
    assert found.classes == ("cat", "dog")
    assert found.counts == {"cat": 15, "dog": 14}
    said = finding(found, "nested-folders")
    assert said.paths == ("cat/2024", "cat/2024/spring", "dog/old")


def test_a_folder_that_only_wraps_is_passed_through(tmp_path: Path) -> None:
    plant(tmp_path, *[f"data/v1/{path}" for path in [*two_classes("train/"), *two_classes("val/")]])
    found = open_data(tmp_path)
    assert found.splits == {"train": 24, "val": 24}
    assert finding(found, "wrapper-folder").paths == ("data", "data/v1")


def test_one_class_alone_is_an_error_finding(tmp_path: Path) -> None:
    said = finding(open_data(plant(tmp_path, *many("cat"))), "one-class")
    assert said.severity == "error"
    assert "one class alone, 'cat'" in said.text


def test_unicode_long_and_undecodable_names_come_through(tmp_path: Path) -> None:
    long, strange = "x" * 196 + ".jpg", os.fsdecode(b"caf\xe9.jpg")
    names = [
        "猫/ねこ 1.jpg",
        "猫/🐈.jpg",
        f"dog/{long}",
        f"dog/{strange}",
        "dog/with space & 'quote'.jpg",
    ]
    found = open_folder(plant(tmp_path, *names))
    assert found.classes == ("dog", "猫")
    assert set(found.paths) == set(names)
    for i, row in enumerate(found):
        assert found.data(i) == row.path.encode("utf-8", "surrogateescape")
    assert len(open_data(tmp_path).fingerprint) == 64


def test_accents_in_one_letter_or_two_are_one_class(tmp_path: Path) -> None:
    composed, apart = "caf\u00e9", "cafe\u0301"
    paths = [
        *many(f"train/{composed}"),
        *many("train/tea"),
        *many(f"val/{apart}"),
        *many("val/tea"),
    ]
    found = open_data(plant(tmp_path, *paths))
    assert found.classes == (composed, "tea")
    assert found.counts_in("val") == {composed: 12, "tea": 12}


def test_links_to_pictures_and_folders_are_followed(tmp_path: Path) -> None:
    plant(tmp_path / "store", *many("dogs"), "single.jpg")
    plant(tmp_path / "set", *many("cat"))
    (tmp_path / "set" / "dog").symlink_to(tmp_path / "store" / "dogs", target_is_directory=True)
    (tmp_path / "set" / "cat" / "z.jpg").symlink_to(tmp_path / "store" / "single.jpg")
    found = open_data(tmp_path / "set")
    assert found.counts == {"cat": 13, "dog": 12}
    assert codes(found) == ["split-made"]


def test_a_link_that_leads_back_is_not_followed_and_said(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes())
    (tmp_path / "cat" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "cat" / "self").symlink_to(tmp_path / "cat", target_is_directory=True)
    (tmp_path / "top").symlink_to(tmp_path, target_is_directory=True)
    found = open_data(tmp_path)
    assert len(found) == 24
    assert finding(found, "link-not-followed").paths == ("top", "cat/again", "cat/self")


def test_a_folder_is_followed_once_however_many_links_lead_there(tmp_path: Path) -> None:
    plant(tmp_path, *[f"set/{path}" for path in two_classes("train/")], *many("store/cats"))
    for name in ("cat", "dog"):
        (tmp_path / "set" / "val").mkdir(exist_ok=True)
        (tmp_path / "set" / "val" / name).symlink_to(
            tmp_path / "store" / "cats", target_is_directory=True
        )
    found = open_data(tmp_path / "set")
    assert found.counts_in("val") == {"cat": 12, "dog": 0}
    assert finding(found, "link-not-followed").paths == ("val/dog",)


def test_a_link_that_leads_nowhere_stays_a_row_so_that_it_is_listed(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes())
    (tmp_path / "cat" / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert "cat/gone.jpg" in list(open_data(tmp_path).paths)


def test_pipes_and_devices_are_never_opened(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes())
    os.mkfifo(tmp_path / "cat" / "pipe.jpg")
    found = open_data(tmp_path)
    assert "cat/pipe.jpg" not in list(found.paths)
    assert finding(found, "special-files").severity == "warning"


def test_a_folder_that_cannot_be_read_is_an_error_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, *two_classes(), *many("cat/locked"), *many("shut"))
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith(("locked", "shut")):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = open_data(tmp_path)
    said = finding(found, "unreadable-folder")
    assert said.severity == "error"
    assert said.paths == ("cat/locked", "shut")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="nowhere cannot be read: No such file"):
        open_folder(tmp_path / "nowhere")


def test_no_val_is_made_from_train_and_said(tmp_path: Path) -> None:
    found = open_data(plant(tmp_path, *two_classes("train/", 20), *two_classes("test/", 20)))
    assert found.splits == {"train": 34, "val": 6, "test": 40}
    assert found.made_here == ("val",)
    assert all(row.path.startswith("test/") for row in found if row.split == "test")
    assert not any(row.path.startswith("test/") for row in found if row.split == "val")
    assert "6 of 40 pictures of train were taken" in finding(found, "val-made").text
    assert "test is never used for that" in finding(found, "val-made").text


def test_no_test_is_said_and_none_is_made(tmp_path: Path) -> None:
    found = open_data(plant(tmp_path, *two_classes("train/"), *two_classes("val/")))
    assert found.splits == {"train": 24, "val": 24}
    assert "there is no test" in finding(found, "no-test").text


def test_all_three_are_made_where_none_is_given(tmp_path: Path) -> None:
    found = open_data(plant(tmp_path, *two_classes(count=100)))
    assert found.splits == {"train": 140, "val": 30, "test": 30}
    assert found.counts_in("val") == {"cat": 15, "dog": 15}
    assert found.made_here == ("train", "val", "test")
    assert "train 140 · val 30 · test 30" in finding(found, "split-made").text


def test_a_class_of_one_picture_cannot_be_divided(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes(), "bird/1.jpg")
    with pytest.raises(SplitFault, match="fewer than 2 pictures: bird"):
        open_data(tmp_path)


def test_few_pictures_are_a_warning(tmp_path: Path) -> None:
    said = finding(open_data(plant(tmp_path, *two_classes(), *many("bird", 9))), "few-pictures")
    assert (said.severity, "bird (9)" in said.text) == ("warning", True)


def test_the_order_in_which_a_folder_is_listed_plays_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, *two_classes(count=30), *many("cat/more"))
    before = open_data(tmp_path).fingerprint
    real = os.scandir

    class Shuffled(list):
        def __enter__(self) -> Shuffled:
            return self

        def __exit__(self, *_: object) -> None:
            return None

    def scandir(path: object) -> Shuffled:
        with real(path) as entries:  # type: ignore[call-overload]
            found = list(entries)
        random.Random(3).shuffle(found)
        return Shuffled(found)

    monkeypatch.setattr(os, "scandir", scandir)
    assert open_data(tmp_path).fingerprint == before


def test_hugging_face_folders_are_read_by_their_metadata(tmp_path: Path) -> None:
    plant(tmp_path, *many("train", 40, ".png"), *many("test", 4, ".png"))
    for split, count in (("train", 40), ("test", 4)):
        lines = [f'{{"file_name": "{i}.png", "label": "{"ab"[i % 2]}"}}' for i in range(count)]
        (tmp_path / split / "metadata.jsonl").write_text("\n".join(lines))
    found = open_data(tmp_path)
    assert found.classes == ("a", "b")
    assert found.splits == {"train": 34, "val": 6, "test": 4}
    assert found.data(0) == b"test/0.png"


def test_hugging_face_metadata_at_the_top_says_splits_by_folders(tmp_path: Path) -> None:
    plant(tmp_path, *many("train", 20, ".png"), *many("valid", 20, ".png"), "train/extra.png")
    lines = [
        f"{path},{'ab'[i % 2]}"
        for i, path in enumerate([*many("train", 20, ".png"), *many("valid", 20, ".png")])
    ]
    (tmp_path / "metadata.csv").write_text("\n".join(["file_name,label", *lines]))
    found = open_data(tmp_path)
    assert found.splits == {"train": 20, "val": 20}
    assert finding(found, "not-in-metadata").paths == ("train/extra.png",)


def test_metadata_without_labels_leaves_the_folders_to_say_them(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes())
    (tmp_path / "metadata.csv").write_text("file_name,text\ncat/0.jpg,a cat")
    found = open_data(tmp_path)
    assert found.classes == ("cat", "dog")
    assert "metadata-without-labels" in codes(found)


def test_both_kinds_of_metadata_at_once_are_refused(tmp_path: Path) -> None:
    plant(tmp_path, "1.png")
    (tmp_path / "metadata.csv").write_text("file_name,label\n1.png,a")
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "1.png", "label": "a"}')
    with pytest.raises(NoPictures, match=r"has both metadata\.csv and metadata\.jsonl"):
        open_data(tmp_path)
    (tmp_path / "metadata.jsonl").unlink()
    (tmp_path / "metadata.csv").write_text("file_name,label\n2.png,a")
    with pytest.raises(ManifestFault, match=r"1 of 1 files are not there: 2\.png"):
        open_data(tmp_path)


def test_opening_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes(), "cat/a.txt")
    before = {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*"))}
    open_data(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*"))} == before


def test_the_ants_and_bees_are_found_with_their_stray_gif(data: Path) -> None:
    found = open_data(data / "hymenoptera")
    assert found.classes == ("ants", "bees")
    assert found.splits == {"train": 245, "val": 153}
    assert [path for path in found.paths if path.endswith(".gif")] == [
        "train/ants/imageNotFound.gif"
    ]


class Made(Tree):
    """A tree of as many names as wanted, which are never all there at once."""

    where = "made"

    def __init__(self, classes: int, pictures: int) -> None:
        self.classes, self.pictures = classes, pictures

    def children(self, folder: str) -> list[Entry]:
        """Class folders."""
        return [Entry(f"class_{i:04}", "folder") for i in range(self.classes)] if not folder else []

    def below(self, folder: str) -> Iterator[Entry]:
        """Pictures of a class."""
        return (Entry(f"{folder}/picture_number_{i:07}.jpg", "file") for i in range(self.pictures))


def test_a_hundred_thousand_names_take_the_bytes_of_their_letters() -> None:
    laid = lay_out(Made(100, 1_000))
    assert len(laid.paths) == 100_000
    assert laid.paths[99_999] == "class_0099/picture_number_0000999.jpg"
    held = len(laid.paths._bytes) + laid.paths._ends.nbytes + laid.labels.nbytes + laid.split.nbytes
    assert held < 100_000 * (38 + 8 + 4 + 1 + 1)


MILLION = """
import resource, sys
from tests.pictures.inputs.test_folder import Made
from striate.pictures.inputs.folder_layout import lay_out
from striate.pictures.dataset import Dataset
from striate.pictures.source import Folder
from striate.pictures.split import complete
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
laid = lay_out(Made(1000, 1000))
data = complete(Dataset("made", Folder("made"), laid.paths, laid.classes, laid.labels, laid.split))
print(data.splits["train"], (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
def test_a_million_names_are_indexed_in_bounded_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MILLION],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(["src", "."])},
    )
    assert done.returncode == 0, done.stderr
    count, grown_mib = map(int, done.stdout.split())
    assert count == 700_000
    assert grown_mib < 250


@pytest.mark.slow
def test_two_hundred_thousand_files_on_disk_are_indexed(tmp_path: Path) -> None:
    for i in range(200):
        folder = tmp_path / "set" / f"class{i:03}"
        folder.mkdir(parents=True)
        for j in range(1_000):
            os.close(os.open(folder / f"{j:06}.jpg", os.O_CREAT | os.O_WRONLY))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found: Dataset = open_data(tmp_path / "set")
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    assert len(found) == 200_000
    assert found.splits == {"train": 140_000, "val": 30_000, "test": 30_000}
    assert grown_mib < 200


def test_a_tree_says_where_it_is(tmp_path: Path) -> None:
    assert Disk(tmp_path).where == str(tmp_path)
