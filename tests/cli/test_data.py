"""`striate data list` and `striate data get` as a user types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from striate.cli.data import Arrival
from tests.verbs.test_data import LAND, publish, root, server

Golden = Callable[[str, str], None]
Striate = Callable[..., Any]
__all__ = ["publish", "root", "server"]  # fixtures


def test_the_list_is_its_golden_file(striate: Striate, golden: Golden) -> None:
    golden("data/list.out", striate("data", "list").out)


def test_the_list_as_json_has_every_column(striate: Striate) -> None:
    found = json.loads(striate("data", "list", "--json").out)
    assert found["schema_version"] == 1
    wanted = {
        "name",
        "pictures",
        "classes",
        "size_bytes",
        "licence",
        "citation",
        "source",
        "here",
        "folder",
    }
    assert all(wanted <= set(row) for row in found["sets"])
    assert len(found["sets"]) == 15


def test_getting_says_what_how_large_under_which_licence_from_where_and_to_where_first(
    striate: Striate, publish: Callable, root: Path
) -> None:
    row = publish({"land.tar.gz": LAND})
    done = striate("data", "get", "land")
    assert done.code == 0, done.err
    lines = done.err.splitlines()
    assert lines[:5] == [
        "land: land from above, 2 pictures in 2 classes",
        "  licence: CC0",
        "  cite:    nobody, 2000",
        f"  download about 20 kB from {row.files[0].url}",
        f"  to       {root / 'land'}",
    ]
    size = f"{len(LAND) / 1000:.0f} kB"
    assert lines[5:] == [f"  land.tar.gz: {size} of {size}, 100 %"]
    assert done.out.splitlines() == [
        f"land lies in {root / 'land'}: 2 pictures in 2 classes",
        "use it by its name: striate check land",
    ]


def test_a_second_time_it_only_says_where_the_set_lies(
    striate: Striate, publish: Callable, root: Path
) -> None:
    publish({"land.tar.gz": LAND})
    striate("data", "get", "land")
    again = striate("data", "get", "land")
    assert again.err == ""
    assert again.out.startswith(f"land lies in {root / 'land'}")


def test_a_folder_of_ones_own_is_told_how_to_be_found(
    striate: Striate, publish: Callable, tmp_path: Path
) -> None:
    publish({"land.tar.gz": LAND})
    done = striate("data", "get", "land", "--root", str(tmp_path / "mine"))
    assert (tmp_path / "mine" / "land" / "2750").is_dir()
    assert f"with STRIATE_DATA={tmp_path / 'mine'} in the environment" in done.out


def test_json_says_folder_downloads_and_licence(
    striate: Striate, publish: Callable, root: Path
) -> None:
    row = publish({"land.tar.gz": LAND})
    found = json.loads(striate("data", "get", "land", "--json").out)
    assert found == {
        "schema_version": 1,
        "name": "land",
        "folder": str(root / "land"),
        "downloaded": [row.files[0].url],
        "pictures": 2,
        "licence": "CC0",
    }


def test_an_archive_of_ones_own_without_a_stated_hash_is_taken_and_that_is_said(
    striate: Striate, publish: Callable, tmp_path: Path
) -> None:
    from striate.pictures.named.shelf import Remote

    publish({}, files=(Remote("land.tar.gz"),))
    (tmp_path / "mine.tgz").write_bytes(LAND)
    done = striate("data", "get", "land", "--from", str(tmp_path / "mine.tgz"))
    assert done.code == 0, done.err
    assert f"  unpack {tmp_path / 'mine.tgz'}" in done.err
    assert "nobody states a hash for land.tar.gz: it is taken as it is" in done.err
    assert "download about" not in done.err


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["nmist"], 3, "no set is called 'nmist'"),
        (["imagenet"], 3, "ILSVRC2012_img_train.tar"),
        (["tiny-imagenet", "--from", "nowhere.zip"], 3, "nowhere.zip is not there"),
        ([], 2, "missing argument 'NAME'"),
    ],
)
def test_what_cannot_be_got_is_refused_in_three_lines(
    striate: Striate, root: Path, args: list[str], code: int, words: str
) -> None:
    done = striate("data", "get", *args)
    assert done.code == code
    assert words in done.err.splitlines()[0]
    assert "fix:" in done.err
    assert not root.exists()


@pytest.mark.parametrize("name", ["digits", "shapes:64"])
def test_what_is_part_of_striate_says_so(striate: Striate, name: str) -> None:
    done = striate("data", "get", name)
    assert "is part of Striate" in done.out
    assert json.loads(striate("data", "get", name, "--json").out)["folder"] is None


def test_progress_is_drawn_in_place_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    bar = Arrival()
    bar("a.zip", 10_000, 20_000)
    bar("a.zip", 10_001, 20_000)  # too soon after the last one
    bar("a.zip", 20_000, 20_000)
    assert (
        capfd.readouterr().err
        == "\r  a.zip: 10 kB of 20 kB, 50 %\r  a.zip: 20 kB of 20 kB, 100 %\n"
    )
