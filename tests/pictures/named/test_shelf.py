"""Where sets are looked for, and in which order."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from striate.errors import SetNotHere, SetRefused
from striate.pictures.named.shelf import (
    KnownSet,
    Part,
    Pictures,
    Remote,
    check,
    find,
    here,
    home,
    places,
)

SET = KnownSet(
    "tiny", "a tiny set", 2, Pictures(2), 10, "none", "nobody, 2000",
    (Remote("a.zip", "0" * 32, "https://example.invalid/a.zip"),),
    (Part("a.txt", "0cc175b9c0f1b6a831c399e269772661"), Part("inner")),
)  # fmt: skip


def put(root: Path, text: str = "a") -> Path:
    """The set, in a folder of its name."""
    (root / "tiny" / "inner").mkdir(parents=True)
    (root / "tiny" / "a.txt").write_text(text)
    return root / "tiny"


@pytest.fixture(autouse=True)
def _folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Places of this test's own."""
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))


def test_the_folder_named_comes_first_then_the_environment_then_home(tmp_path: Path) -> None:
    wanted = [
        tmp_path / "mine" / "tiny",
        tmp_path / "data" / "tiny",
        tmp_path / "home" / "striate" / "tiny",
    ]
    assert places("tiny", tmp_path / "mine") == wanted
    for root in reversed(wanted):
        put(root.parent)
        assert here(SET, tmp_path / "mine") == root


def test_without_a_folder_of_its_own_data_is_in_the_users_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home() == tmp_path / ".local" / "share" / "striate"
    monkeypatch.delenv("STRIATE_DATA")
    assert places("tiny") == [home() / "tiny"]


def test_half_a_set_is_passed_over_and_told_of(tmp_path: Path) -> None:
    (tmp_path / "data" / "tiny").mkdir(parents=True)
    assert find(SET) is None
    with pytest.raises(SetNotHere, match="tiny is not here, or not all of it") as found:
        here(SET)
    assert "data/tiny (there, but without a.txt and 1 more)" in found.value.where
    assert found.value.hint == "run: striate data get tiny"
    put(tmp_path / "home" / "striate")
    assert here(SET) == tmp_path / "home" / "striate" / "tiny"


def test_a_file_with_another_hash_is_refused_and_no_other_place_is_tried(tmp_path: Path) -> None:
    put(tmp_path / "data", "b")
    put(tmp_path / "home" / "striate")
    with pytest.raises(SetRefused, match="a.txt of tiny is not the published file: md5 92eb5ffe"):
        here(SET)


def test_what_has_no_stated_hash_is_taken_as_it_is(tmp_path: Path) -> None:
    check(dataclasses.replace(SET, parts=(Part("a.txt"),)), put(tmp_path, "b"))
