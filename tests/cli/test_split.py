"""`striate split` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.pictures.trees import plant, two_classes


def test_people_get_a_table_and_the_place_of_the_file(striate: Callable, tmp_path: Path) -> None:
    plant(tmp_path / "set", *two_classes(count=20), *[f"bird/{i}.jpg" for i in range(6)])
    done = striate("split", str(tmp_path / "set"), "-o", str(tmp_path / "s.csv"))
    assert done.code == 0
    assert done.out == (
        "class  train  val  test  all\n"
        "bird       4    1     1    6\n"
        "cat       14    3     3   20\n"
        "dog       14    3     3   20\n"
        "all       32    7     7   46\n"
        f"\nwritten: {tmp_path}/s.csv\n"
    )
    assert "warning: fewer than 10 pictures: bird (6)" in done.err


def test_json_holds_every_class_and_finding(striate: Callable, tmp_path: Path) -> None:
    plant(tmp_path / "set", *two_classes(count=20))
    done = striate(
        "split", str(tmp_path / "set"), "-o", str(tmp_path / "s.csv"), "--test", "0", "--json"
    )
    found = json.loads(done.out)
    assert list(found) == [
        "schema_version", "pictures", "splits", "classes", "groups", "seed", "written", "findings",
    ]  # fmt: skip
    assert found["splits"] == {"train": 34, "val": 6}
    assert found["classes"]["cat"] == {"train": 17, "val": 3}
    assert [one["code"] for one in found["findings"]] == ["unreadable", "split-made"]


def test_groups_are_counted(striate: Callable, tmp_path: Path) -> None:
    plant(
        tmp_path / "set", *[f"{c}/{w}_{i}.jpg" for c in "xy" for w in "abcdefgh" for i in range(3)]
    )
    done = striate(
        "split", str(tmp_path / "set"), "-o", str(tmp_path / "s.csv"), "--group-by", "/(.)_"
    )
    assert "8 group(s) of two and more kept together" in done.err


def test_writing_into_the_data_ends_with_three(striate: Callable, tmp_path: Path) -> None:
    plant(tmp_path / "set", *two_classes())
    done = striate("split", str(tmp_path / "set"), "-o", str(tmp_path / "set" / "s.csv"))
    assert done.code == 3
    assert "lies in the data" in done.err
    assert done.out == ""


def test_a_typo_is_answered_with_what_is_near(striate: Callable, tmp_path: Path) -> None:
    done = striate("split", "digts", "-o", str(tmp_path / "s.csv"), "--json")
    assert done.code == 3
    assert "did you mean digits" in json.loads(done.out)["error"]["fix"]


def test_an_output_must_be_named(striate: Callable) -> None:
    done = striate("split", "digits")
    assert done.code == 2
    assert "missing option '-o'" in done.err.lower()
