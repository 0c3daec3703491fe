"""A folder stands under its name when it is whole, and not before."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.errors import FileFault
from striate.keeping import manifest, whole


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_folder_appears_at_the_end_sealed(tmp_path: Path) -> None:
    target = tmp_path / "made"
    with whole.appearing(target, 3, 10) as made:
        made.write("a", [b"one", memoryview(b"two")])
        made.write("b", [])
        assert not target.exists()
    assert names(tmp_path) == ["made"]
    assert (target / "a").read_bytes() == b"onetwo"
    assert manifest.verify(target, 3) == ()


def test_a_failure_in_the_block_leaves_everything_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "made"
    with whole.appearing(target, 1, 0) as made:
        made.write("a", [b"old"])
    with pytest.raises(KeyboardInterrupt), whole.appearing(target, 1, 0) as made:
        made.write("a", [b"new"])
        raise KeyboardInterrupt
    assert names(tmp_path) == ["made"]
    assert (target / "a").read_bytes() == b"old"


def test_an_old_folder_is_replaced_or_put_aside(tmp_path: Path) -> None:
    target, aside = tmp_path / "made", tmp_path / "aside"
    for content, place in ((b"1", None), (b"2", None), (b"3", aside)):
        with whole.appearing(target, 1, 0, place) as made:
            made.write("a", [content])
    assert names(tmp_path) == ["aside", "made"]
    assert (target / "a").read_bytes() == b"3"
    assert (aside / "a").read_bytes() == b"2"


def test_what_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    def make(target: Path, *names: str) -> None:
        with whole.appearing(target, 1, 0) as made:
            for name in names:
                made.write(name, [])

    with pytest.raises(FileFault, match="file/made cannot be written: Not a directory"):
        make(tmp_path / "file" / "made")
    with pytest.raises(FileFault, match="made cannot be written: No such file"):
        make(tmp_path / "no" / "such" / "made")
    with pytest.raises(FileFault, match="cannot be written: File exists"):
        make(tmp_path / "made", "a", "a")
    assert names(tmp_path) == ["file"]


def test_sweeping_takes_what_killed_writers_left_and_nothing_else(tmp_path: Path) -> None:
    for name in (".a.1-ff.unfinished", ".b.1-ff.unfinished", ".a.txt", "a.unfinished"):
        (tmp_path / name).mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    (tmp_path / ".a.1-ff.unfinished" / "link").symlink_to(outside)
    (tmp_path / ".a.2.unfinished").symlink_to(outside)
    whole.sweep(tmp_path, "a")
    assert (outside / "kept").exists()
    left = [".a.2.unfinished", ".a.txt", ".b.1-ff.unfinished", "a.unfinished", "outside"]
    assert names(tmp_path) == left
    whole.sweep(tmp_path)
    assert names(tmp_path) == [n for n in left if not n.startswith(".b")]
    whole.sweep(tmp_path / "no")


def test_removing_does_not_follow_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "kept").mkdir(parents=True)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "one" / "in").symlink_to(outside)
    (tmp_path / "three").symlink_to(outside)
    (tmp_path / "four").touch()
    for name in ("one", "two", "three", "four"):
        whole.remove(tmp_path / name)
    assert names(tmp_path) == ["outside"]
    assert names(outside) == ["kept"]


def test_discarding_never_fails(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    whole.discard(tmp_path / "a")
    whole.discard(tmp_path / "a")
    assert names(tmp_path) == []
