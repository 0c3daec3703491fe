"""`check` as a function: splits, fixes, and where nothing is written."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from striate.errors import FileFault, UsageError
from striate.pictures import fixes
from striate.pictures.files import to_png
from striate.pictures.opening import open_as_given
from striate.verbs.check import Checked, check, refuse_inside
from tests.pictures.photographs import folder, photograph


def checked(name: str | Path, skip_bad: bool = False) -> Checked:
    steps = check(str(name), skip_bad=skip_bad)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def codes(found: Checked) -> dict[str, str]:
    return {one.code: one.severity for one in found.audit.findings}


def test_a_class_that_train_lacks_is_an_error_beside_the_audit(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    files = {f"train/{c}/{i}.jpg": photograph(rng) for c in "ab" for i in range(3)}
    folder(
        tmp_path,
        files
        | {"val/a/1.jpg": photograph(rng), "val/c/1.jpg": photograph(rng), "val/c/2.jpg": b""},
    )
    found = checked(tmp_path)
    assert codes(found)["a-class-that-train-lacks"] == "error"
    assert codes(found)["unreadable"] == "error"
    assert found.is_wrong


def test_splits_are_reported_as_they_are_given(tmp_path: Path, rng: np.random.Generator) -> None:
    folder(tmp_path, {f"{c}/{i}.jpg": photograph(rng) for c in "ab" for i in range(12)})
    found = checked(tmp_path).to_dict()
    assert found["splits"] == {}
    assert found["classes"] == {"a": 12, "b": 12}


def test_fixes_leave_out_what_is_bad_and_what_is_there_twice(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    one, two, three = (photograph(rng) for _ in range(3))
    files = {"train/a/1.png": one, "val/a/2.png": one, "train/a/3.png": two, "train/a/4.png": two,
             "train/a/5.png": three, "train/b/6.png": three, "train/b/7.jpg": b""}  # fmt: skip
    files["train/b/8.jpg"] = photograph(rng)
    folder(tmp_path / "data", files)
    found = checked(tmp_path / "data")
    found.write_fixes(tmp_path / "fixes.csv")
    rows = {row.path: row for row in fixes.read(tmp_path / "fixes.csv")}
    assert set(rows) == {
        "train/a/1.png",
        "train/a/4.png",
        "train/a/5.png",
        "train/b/6.png",
        "train/b/7.jpg",
    }
    assert rows["train/a/1.png"].reason == "equal to val/a/2.png"
    assert rows["train/b/7.jpg"].reason == "it is empty (0 bytes)"
    assert "equal to a picture of b: keep one" in rows["train/a/5.png"].reason
    left = fixes.apply(open_as_given(tmp_path / "data"), tmp_path / "fixes.csv")
    assert len(left) == 3


def test_nothing_may_be_written_into_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    (data / "a").mkdir(parents=True)
    (tmp_path / "link").symlink_to(data)
    for inside in (data / "r.html", data / "a" / "r.html", tmp_path / "link" / "r.html", data):
        with pytest.raises(UsageError, match="lies inside the data"):
            refuse_inside(str(data), None, inside)
    monkeypatch.chdir(data)
    with pytest.raises(UsageError, match=r"r\.html lies inside the data"):
        refuse_inside(".", "r.html")
    manifest = tmp_path / "list.csv"
    manifest.write_text("path,label\n")
    with pytest.raises(UsageError, match="inside the data"):
        refuse_inside(str(manifest), manifest)
    refuse_inside(str(manifest), tmp_path / "r.html")
    refuse_inside(str(data), tmp_path / "r.html", tmp_path / "data2" / "x")
    refuse_inside("digits", "r.html")


def test_a_report_never_lies_over_shards_or_listed_pictures(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    png = to_png(rng.integers(0, 256, (8, 8, 3), np.uint8))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(png)
    (tmp_path / "list.csv").write_text("path,label\na/1.png,a\n")
    shard = tmp_path / "s-000.tar"
    with tarfile.open(shard, "w") as held:
        for name, content in (("1.png", png), ("1.cls", b"0")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            held.addfile(member, io.BytesIO(content))
    for data, output in (
        (tmp_path / "list.csv", tmp_path / "a" / "1.png"),
        (tmp_path / "s-{000..000}.tar", shard),
    ):
        with pytest.raises(FileFault, match="nothing is written there"):
            next(check(str(data), outputs=[output]))


def test_what_cannot_be_written_or_drawn_is_refused_before_a_picture_is_read(
    tmp_path: Path,
) -> None:
    with pytest.raises(FileFault, match="No such file"):
        next(check("digits", outputs=[tmp_path / "none" / "r.html"]))
    with pytest.raises(UsageError, match="no preset of augmentation"):
        next(check("digits", preset="nope"))


def test_a_named_set_of_thumbnails_is_checked_without_false_copies() -> None:
    found = checked("digits")
    assert found.to_dict()["pictures"] == 1797
    assert not found.is_wrong
    assert len(found.audit.copies.near) <= 2


def test_a_sheet_of_augmentation_is_a_picture(tmp_path: Path, rng: np.random.Generator) -> None:
    from striate.pictures.files import read

    folder(
        tmp_path / "data",
        {f"{c}/{i}.jpg": photograph(rng) for c in "ab" for i in range(6)} | {"a/x.jpg": b""},
    )
    checked(tmp_path / "data").write_sheet(tmp_path / "sheet.png", "light")
    assert read(tmp_path / "sheet.png").shape[2] == 3
