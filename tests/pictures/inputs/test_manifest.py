"""Manifests as people and tools write them, and every fault with file, line and column."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from striate.errors import FileFault, ManifestFault, SplitFault, TaskNotYet
from striate.pictures.inputs.manifest import open_manifest
from striate.pictures.inputs.manifest_columns import check_task, find_roles
from striate.pictures.opening import open_data
from tests.pictures.trees import codes, finding, many, plant, two_classes


def written(folder: Path, text: str | bytes, name: str = "labels.csv") -> Path:
    """A manifest beside twelve cats and twelve dogs."""
    plant(folder, *two_classes())
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def lines(header: str = "path,label", sign: str = ",") -> str:
    """A line for each cat and dog."""
    rows = [sign.join((path, path.split("/")[0])) for path in two_classes()]
    return "\n".join([header, *rows]) + "\n"


def test_a_manifest_becomes_rows(tmp_path: Path) -> None:
    found = open_manifest(written(tmp_path, lines()))
    assert found.counts == {"cat": 12, "dog": 12}
    assert found[0].path == "cat/0.jpg"
    assert found.data(0) == b"cat/0.jpg"
    assert found.source.size_bytes(0, "cat/0.jpg") == 9
    assert found.source.shown("cat/0.jpg") == str(tmp_path / "cat" / "0.jpg")
    assert (found.groups, found.weights, found.findings) == (None, None, ())


@pytest.mark.parametrize(
    "header",
    [
        "filename,class",
        "image,target",
        "file_name,label_name",
        "IMG,Category",
        "File Name,Class-Name",
        "file,labels",
    ],
)
def test_columns_are_known_under_their_usual_names(tmp_path: Path, header: str) -> None:
    assert open_manifest(written(tmp_path, lines(header))).counts == {"cat": 12, "dog": 12}


@pytest.mark.parametrize(
    ("name", "sign"), [("a.tsv", "\t"), ("a.csv", ";"), ("a.csv", "\t"), ("a.csv", ",")]
)
def test_the_sign_between_columns_is_found(tmp_path: Path, name: str, sign: str) -> None:
    text = lines(f"path{sign}label", sign)
    assert len(open_manifest(written(tmp_path, text, name))) == 24


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path, encoding: str) -> None:
    plant(tmp_path, "猫/é.jpg")
    text = lines() + "猫/é.jpg,猫\n"
    assert open_manifest(written(tmp_path, text.encode(encoding))).counts["猫"] == 1


def test_windows_paths_and_line_ends_are_read_and_said(tmp_path: Path) -> None:
    text = lines().replace("/", "\\").replace("\n", "\r\n")
    found = open_manifest(written(tmp_path, b"\xef\xbb\xbf" + text.encode()))
    assert found[0].path == "cat/0.jpg"
    assert "24 path(s) in labels.csv are written with \\" in finding(found, "windows-paths").text


def test_quotes_commas_and_dots_in_paths_are_read(tmp_path: Path) -> None:
    plant(tmp_path, 'cat/a, "b".jpg')
    text = lines() + '"cat/a, ""b"".jpg",cat\n./dog/../dog/./0.jpg,dog\n'
    found = open_manifest(written(tmp_path, text))
    assert 'cat/a, "b".jpg' in list(found.paths)
    assert "1 line(s) of labels.csv name a picture again" in finding(found, "double-rows").text


def test_absolute_paths_are_taken_as_they_are(tmp_path: Path) -> None:
    plant(tmp_path / "store", *two_classes())
    text = "\n".join(["path,label", *[f"{tmp_path}/store/{p},{p[:3]}" for p in two_classes()]])
    path = tmp_path / "lists" / "all.csv"
    path.parent.mkdir()
    path.write_text(text)
    found = open_manifest(path)
    assert found.data(0) == b"cat/0.jpg"
    assert found.source.shown(found.paths[0]) == f"{tmp_path}/store/cat/0.jpg"


def test_json_lines_and_lists_are_read(tmp_path: Path) -> None:
    rows = [{"image": p, "label": i % 2, "w": None} for i, p in enumerate(two_classes())]
    as_lines = "\n".join(map(json.dumps, rows)) + "\n\n"
    assert open_manifest(written(tmp_path, as_lines, "a.jsonl")).classes == ("0", "1")
    assert open_manifest(written(tmp_path, as_lines, "a.json")).classes == ("0", "1")
    assert open_manifest(written(tmp_path, json.dumps(rows), "b.json")).classes == ("0", "1")


def test_splits_groups_and_weights_come_along(tmp_path: Path) -> None:
    rows = [
        f"{p},{p[:3]},{['train', 'Valid', 'TEST'][i % 3]},g{i % 4},{i / 2}"
        for i, p in enumerate(two_classes())
    ]
    found = open_data(written(tmp_path, "\n".join(["path,label,subset,patient_id,weight", *rows])))
    assert found.splits == {"train": 8, "val": 8, "test": 8}
    assert found[5] == ("cat/5.jpg", "cat", "test", "g1", 2.5)


def test_groups_of_the_data_stay_together_when_splits_are_made(tmp_path: Path) -> None:
    rows = [f"{p},{p[:3]},g{i // 2}" for i, p in enumerate(two_classes())]
    found = open_data(written(tmp_path, "\n".join(["path,label,group", *rows])))
    by_group: dict[str, set[str]] = {}
    for row in found:
        by_group.setdefault(row.group, set()).add(row.split)
    assert all(len(splits) == 1 for splits in by_group.values())
    assert "groups kept together" in finding(found, "split-made").text


def test_numbers_may_be_names_of_classes(tmp_path: Path) -> None:
    plant(tmp_path, *[f"all/{i}.jpg" for i in range(120)])
    text = "\n".join(["path,label", *[f"all/{i}.jpg,{i % 12}" for i in range(120)]])
    found = open_data(written(tmp_path, text))
    assert found.classes[:4] == ("0", "1", "10", "11")
    assert found[25].label == "1"
    assert "numbers-as-names" in codes(found)


def test_names_for_people_win_over_numbers(tmp_path: Path) -> None:
    rows = [f"{p},{i // 12},{p[:3]}" for i, p in enumerate(two_classes())]
    found = open_manifest(written(tmp_path, "\n".join(["path,label,label_name", *rows])))
    assert found.classes == ("cat", "dog")
    assert "1 column(s) of labels.csv not used: label" in finding(found, "columns-not-used").text


def test_empty_lines_are_counted(tmp_path: Path) -> None:
    found = open_manifest(written(tmp_path, lines() + "\n,\n  ,  \n"))
    assert finding(found, "empty-rows").text.startswith("3 empty line(s)")


FAULTS = [
    ("path,label\ncat/0.jpg,\n", "line 2, column label: it is empty"),
    ("path,label\n,cat\n", "line 2, column path: it is empty"),
    (
        "path,label\ncat/0.jpg,cat\ncat/0.jpg,dog\n",
        "line 3, column label: cat/0.jpg is 'dog' here and 'cat' in line 2",
    ),
    ("path,label\ncat/0.jpg,cat,dog\n", "line 2, column label: 3 cells where the first line has 2"),
    ("path,label\ncat/0.jpg\n", "line 2, column label: 1 cells"),
    ("path,label\ncat/nine.jpg,cat\n", r"1 of 1 files are not there: cat/nine\.jpg"),
    (
        "path,label,split\ncat/0.jpg,cat,tran\n",
        "line 2, column split: 'tran' is neither train nor val nor test",
    ),
    ("path,label,fold\ncat/0.jpg,cat,3\n", "folds of a cross-validation are no splits"),
    (
        "path,label,split\ncat/0.jpg,cat,train\ncat/1.jpg,cat,\n",
        "line 3, column split: it is empty, and other",
    ),
    ("path,label,weight\ncat/0.jpg,cat,-1\n", "line 2, column weight: '-1' is no weight"),
    ("path,label,weight\ncat/0.jpg,cat,heavy\n", "'heavy' is no weight: a number from 0 up"),
    ("path,label\nhttps://x.org/a.jpg,cat\n", "is an address, and nothing is downloaded"),
    ("a,b\n1,2\n", "no column holds paths; the first line has: a, b"),
    ("path,b\ncat/0.jpg,2\n", "no column holds labels; the first line has: path, b"),
    ("path,path,label\n", "the column path is there twice"),
    ("image,file,label\ncat/0.jpg,a,b\n", "the columns file and image could both be the path"),
    ("", "no column holds paths; the first line has: nothing"),
    ("path,label\n", "it names no pictures"),
    ('path,label\n"cat/0.jpg,cat\n', "line 2 is no CSV"),
]


@pytest.mark.parametrize(("text", "words"), FAULTS)
def test_a_fault_says_line_and_column(tmp_path: Path, text: str, words: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ManifestFault, match=words) as met:
        open_manifest(path)
    assert str(path) in met.value.where


def test_a_label_in_bytes_that_are_no_utf8_is_kept_as_it_is(tmp_path: Path) -> None:
    found = open_manifest(written(tmp_path, lines().encode() + b"cat/0.jpg,cat\n"))
    assert len(found) == 24


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "path,label\n" + "cat/0.jpg,\n" * 14)
    with pytest.raises(
        ManifestFault, match=r"line 2, column label: it is empty \(14 faults\)"
    ) as met:
        open_manifest(path)
    assert met.value.where.count("\n") == 10
    assert met.value.where.endswith("and 4 more")


def test_missing_files_are_counted_and_ten_are_listed(tmp_path: Path) -> None:
    text = lines() + "\n".join(f"bird/{i}.jpg,bird" for i in range(15))
    with pytest.raises(ManifestFault, match=r"15 of 39 files are not there: bird/0\.jpg") as met:
        open_manifest(written(tmp_path, text))
    assert "line 26: bird/0.jpg" in met.value.where
    assert met.value.where.endswith("and 5 more")


JSON_FAULTS = [
    ('{"path": "cat/0.jpg", "label": "cat"}\n{"path": ', "line 2, column all: it is no JSON"),
    ('["cat/0.jpg"]', "it is no object: cat/0.jpg"),
    (
        '{"path": "cat/0.jpg", "label": "a"}\n{"path": "cat/1.jpg", "tag": "a"}',
        "line 2, column tag: the first line has",
    ),
    (
        '{"path": "cat/0.jpg", "label": "a"}\n{"path": "cat/1.jpg"}',
        "line 2, column label: it is empty",
    ),
    ('{"images": [], "annotations": []}', "no column holds paths"),
]


@pytest.mark.parametrize(("text", "words"), JSON_FAULTS)
def test_a_fault_in_json_says_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises((ManifestFault, TaskNotYet), match=words):
        open_manifest(written(tmp_path, text, "a.jsonl"))


def test_a_list_of_labels_in_json_is_another_task(tmp_path: Path) -> None:
    path = written(tmp_path, '{"path": "cat/0.jpg", "label": ["cat", "pet"]}', "a.jsonl")
    with pytest.raises(TaskNotYet, match=r"label is \['cat', 'pet'\]: not one value"):
        open_manifest(path)


def test_columns_of_zeros_and_ones_are_another_task(tmp_path: Path) -> None:
    rows = [f"{p},{i % 2},{i % 3 == 0:d}" for i, p in enumerate(two_classes())]
    with pytest.raises(TaskNotYet, match="the columns furry, loud hold zeros and ones"):
        open_manifest(written(tmp_path, "\n".join(["path,furry,loud", *rows])))


@pytest.mark.parametrize("sign", [";", "|"])
def test_separators_in_most_labels_are_another_task(tmp_path: Path, sign: str) -> None:
    rows = [f"{p},cat{sign}pet{i % 5}" for i, p in enumerate(two_classes())]
    with pytest.raises(TaskNotYet, match="24 labels hold .*: several in one"):
        open_manifest(written(tmp_path, "\n".join(["path,label", *rows])))


@pytest.mark.parametrize(
    "labels",
    [
        {"a": 5, "b": 5, "a|b": 1},
        {"a,b": 3, "b,c": 2, "a,c": 3, "a,b,c": 1},
        {"0.1": 1, "0.7": 4},
        {"-1e-3": 2},
    ],
)
def test_labels_that_are_lists_or_measures_are_another_task(labels: dict[str, int]) -> None:
    with pytest.raises(TaskNotYet, match="several in one|numbers to predict"):
        check_task(labels, "here")


def test_numbers_that_hardly_recur_are_measures() -> None:
    with pytest.raises(TaskNotYet, match="numbers to predict"):
        check_task({str(i): 1 for i in range(40)}, "here")


@pytest.mark.parametrize(
    "labels",
    [
        {"tench, Tinca tinca": 3, "goldfish, Carassius": 3},
        {"1": 10, "2": 10},
        {"a;": 3, "b": 9},
        {"a": 1, "b|c": 1},
    ],
)
def test_names_that_only_look_like_lists_are_classes(labels: dict[str, int]) -> None:
    check_task(labels, "here")


def test_roles_need_no_sample() -> None:
    assert find_roles(["label", "x", "path"], [], "here") == (2, 0, None, None, None)


def test_a_manifest_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="labels.csv cannot be read: No such file"):
        open_manifest(tmp_path / "labels.csv")


def test_a_manifest_without_train_is_refused(tmp_path: Path) -> None:
    rows = [f"{p},{p[:3]},test" for p in two_classes()]
    with pytest.raises(SplitFault, match=r"no pictures are in train \(there are: test\)"):
        open_data(written(tmp_path, "\n".join(["path,label,split", *rows])))


def test_many_names_lie_in_one_folder(tmp_path: Path) -> None:
    plant(tmp_path, *many("x", 3))
    (tmp_path / "m.csv").write_text("path,label\nx/0.jpg,a\nx/1.jpg,b\n")
    assert len(open_manifest(tmp_path / "m.csv")) == 2
