"""Decisions about single pictures, written by one verb and read by another."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.errors import ManifestFault
from striate.pictures import fixes
from striate.pictures.fixes import Fix
from striate.pictures.opening import open_data
from tests.pictures.trees import finding, plant, two_classes


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rows = [
        Fix("cat/ü,1.jpg", "skip", "", 'cut "off"'),
        Fix("b.jpg", "relabel", "dog"),
        Fix("c.jpg", "keep", "", "seen"),
    ]
    fixes.write(tmp_path / "fixes.csv", rows)
    assert fixes.read(tmp_path / "fixes.csv") == rows


def test_fixes_skip_relabel_and_keep_and_say_so(tmp_path: Path) -> None:
    data = open_data(plant(tmp_path / "set", *two_classes()))
    path = tmp_path / "fixes.csv"
    path.write_text("path,action,label\ncat/0.jpg,SKIP,\ncat/1.jpg,relabel,dog\ncat/2.jpg,keep,\n")
    found = fixes.apply(data, path)
    assert found.counts == {"cat": 10, "dog": 13}
    assert len(found) == 23
    assert finding(found, "skipped-by-fixes").paths == ("cat/0.jpg",)
    assert "cat/1.jpg (cat is dog now)" in finding(found, "relabelled-by-fixes").text
    assert [found.data(i).decode() for i in range(23)] == list(found.paths)
    assert len(data) == 24


def test_an_empty_list_changes_nothing(tmp_path: Path) -> None:
    data = open_data(plant(tmp_path / "set", *two_classes()))
    fixes.write(tmp_path / "f.csv", [])
    assert fixes.apply(data, tmp_path / "f.csv").fingerprint == data.fingerprint


FAULTS = [
    ("path,action\ncat/0.jpg,drop", "line 2: the action 'drop' is none of skip, relabel, keep"),
    ("path,action,label\ncat/0.jpg,relabel,", "line 2: relabel needs the new class"),
    (
        "path,action,label\ncat/0.jpg,relabel,bird",
        r"cat/0\.jpg: 'bird' is no class; there are cat, dog",
    ),
    ("path,action\nbird/0.jpg,skip", r"bird/0\.jpg is no picture of set"),
    (
        "path,action\ncat/0.jpg,skip\ncat/0.jpg,keep",
        r"line 3: cat/0\.jpg has another action in a line before",
    ),
    ("path,action\n,skip\n,skip", r"line 2: the path is empty \(and 1 more faults\)"),
    ("path,do\n1,2", "the first line has no column action: it has path, do"),
    ('path,action\n"1', "line 2 is no CSV"),
]


@pytest.mark.parametrize(("text", "words"), FAULTS)
def test_a_line_that_cannot_be_followed_is_refused(tmp_path: Path, text: str, words: str) -> None:
    data = open_data(plant(tmp_path / "set", *two_classes()))
    (tmp_path / "fixes.csv").write_text(text)
    with pytest.raises(ManifestFault, match=words):
        fixes.apply(data, tmp_path / "fixes.csv")


def test_a_table_edited_in_a_spreadsheet_is_read(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(
        b"\xef\xbb\xbfPath,Action,Label,Reason\r\ncat/0.jpg,skip,,\r\n,,,\r\n"
    )
    assert fixes.read(tmp_path / "f.csv") == [Fix("cat/0.jpg", "skip")]
