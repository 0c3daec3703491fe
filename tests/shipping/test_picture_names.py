"""Which pictures are meant: files, folders, lists."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import UsageError
from striate.shipping.picture_names import Named


def listed(data: bytes, *, null: bool = False) -> list[str | None]:
    """What a list of these bytes names."""
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(data)
        file.seek(0)
        return list(Named(["-"], null=null, handle=file.fileno()))


def test_what_is_named_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    given_ = ["a.jpg", "notes.txt", ".hidden.png", str(tmp_path / "nowhere")]
    named = Named(given_)
    assert (list(named), named.count, named.left_out()) == (given_, 4, ())


def test_a_folder_is_walked_in_order_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    for name in ("b/2.png", "a.jpg", "b/1.jpg", "notes.txt", ".git/x.jpg", "b/.y.jpg", "c"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    os.symlink(tmp_path, tmp_path / "b" / "loop")
    named = Named([str(tmp_path), "last.jpg"])
    found = [os.path.relpath(str(one), tmp_path) for one in list(named)[:-1]]
    assert found == ["a.jpg", "b/1.jpg", "b/2.png", "c"]
    assert named.count is None
    assert [one.code for one in named.left_out()] == [
        "hidden-left-out", "not-pictures", "link-not-followed",
    ]  # fmt: skip
    assert str(tmp_path / ".git") in named.left_out()[0].text


def test_a_list_is_read_by_line_or_by_nul() -> None:
    assert listed(b"a.jpg\nb c.jpg\r\n\n\xff.jpg") == ["a.jpg", "b c.jpg", os.fsdecode(b"\xff.jpg")]
    assert listed(b"a\nb.jpg\0c.jpg\r\0", null=True) == ["a\nb.jpg", "c.jpg\r"]
    assert listed(b"") == []


@given(st.lists(st.binary(min_size=1, max_size=30).filter(lambda b: b"\0" not in b), max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_name_comes_through_a_list_with_nul(names: list[bytes]) -> None:
    if names and names[0].startswith((b"GIF8", b"RIFF", b"II*", b"MM", b"\x89P", b"\xff\xd8")):
        return
    assert listed(b"".join(n + b"\0" for n in names), null=True) == [os.fsdecode(n) for n in names]


def test_names_longer_than_a_chunk_come_whole() -> None:
    names = [f"{i}/" + "x" * 60_000 for i in range(5)]
    assert listed("\n".join(names).encode()) == names


def test_a_picture_on_stdin_is_told_from_a_list() -> None:
    with pytest.raises(UsageError, match="stdin holds a picture"):
        listed(b"\xff\xd8\xff\xe0 and so on")


def test_nul_in_lines_asks_for_the_flag() -> None:
    with pytest.raises(UsageError, match="separated by NUL; give -0"):
        listed(b"a.jpg\0b.jpg\0\n")


def test_what_has_no_end_is_no_list() -> None:
    with pytest.raises(UsageError, match="no list of names"):
        listed(b"x" * 1_200_000)


def test_a_second_list_is_refused() -> None:
    with pytest.raises(UsageError, match="given twice"):
        Named(["-", "a.jpg", "-"])


def test_a_list_that_stands_still_gives_a_pause() -> None:
    out, into = os.pipe()
    names = iter(Named(["-"], pauses=True, handle=out))
    os.write(into, b"a.jpg\nhalf")
    assert next(names) == "a.jpg"
    assert next(names) is None

    def later() -> None:
        time.sleep(0.1)
        os.write(into, b".jpg\n")
        os.close(into)

    writer = threading.Thread(target=later)
    writer.start()
    assert [one for one in names if one is not None] == ["half.jpg"]
    writer.join()
    os.close(out)
