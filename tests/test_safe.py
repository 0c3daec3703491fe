"""The old content or the new, never a mixture, even when the power goes."""

from __future__ import annotations

import csv
import errno
import json
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from striate.errors import FileFault
from striate.safe import (
    append_line,
    flush_folder,
    goes_by,
    replacing,
    unwritable,
    write_all,
    write_bytes,
    write_csv,
    write_json,
    write_text,
)
from tests.conftest import environment

WRITE_FOR_EVER = """
import sys
from striate.safe import write_bytes
for i in range(10**9):
    write_bytes(sys.argv[1], (b"ab"[i % 2:][:1]) * 3_000_000)
    print(i, flush=True)
"""


def test_text_is_written_as_utf_8_with_its_line_ends_untouched(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "é\r\n–\n")
    assert (tmp_path / "a.txt").read_bytes() == "é\r\n–\n".encode()


def test_nothing_but_the_target_is_left(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"one")
    write_bytes(tmp_path / "a", b"two")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"two"


def test_json_keeps_the_order_of_keys_and_ends_with_a_line_end(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": ["é", None]})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert text == '{\n  "b": 1,\n  "a": [\n    "é",\n    null\n  ]\n}\n'
    assert json.loads(text) == {"b": 1, "a": ["é", None]}


def test_what_is_no_json_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", [1])
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", float("nan"))
    assert (tmp_path / "a.json").read_text() == "[\n  1\n]\n"


def test_a_failure_inside_the_block_leaves_everything_as_it_was(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"old")
    with pytest.raises(RuntimeError, match="half way"), replacing(tmp_path / "a") as temporary:
        temporary.write_bytes(b"new")
        raise RuntimeError("half way")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_interruption_inside_the_block_removes_the_temporary_file(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a"):
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match=r"no/a\.txt cannot be written: No such file or directory"):
        write_text(tmp_path / "no" / "a.txt", "text")


def test_a_folder_in_the_place_of_the_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(FileFault, match=r"a cannot be written: Is a directory"):
        write_text(tmp_path / "a", "text")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_is_a_fault_of_files(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="No space left on device"), replacing(tmp_path / "a"):
        raise OSError(28, "No space left on device")


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "inner" / "real")
    write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "inner" / "real").read_bytes() == b"new"


def test_permissions_stay_those_of_the_target(tmp_path: Path) -> None:
    write_bytes(tmp_path / "new", b"")
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    plain.chmod(0o640)
    write_bytes(plain, b"x")
    assert stat.S_IMODE(plain.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["x" * 250, "é" * 125, ".hidden", "with space", "ünï"])
def test_any_name_that_the_disk_takes_can_be_written(tmp_path: Path, name: str) -> None:
    write_bytes(tmp_path / name, b"1")
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is for POSIX")
def test_a_writer_that_is_killed_leaves_the_old_content_or_the_new(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    delays = random.Random(0)
    for _ in range(12):
        command = [sys.executable, "-c", WRITE_FOR_EVER, str(target)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()  # it has begun
            time.sleep(delays.uniform(0, 0.05))
            os.kill(writer.pid, signal.SIGKILL)
        content = target.read_bytes()
        assert len(content) == 3_000_000
        assert len(set(content)) == 1, "the file is a mixture of two writes"


def test_a_line_is_added_and_what_was_torn_before_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_text(path, "one\n")
    append_line(path, "zwei é")
    path.write_bytes(path.read_bytes() + b"torn by a ki")
    append_line(path, "three")
    assert path.read_text(encoding="utf-8") == "one\nzwei é\nthree\n"


@pytest.mark.parametrize("torn", [b"x" * 200_000, b"\xff\xfe", b""])
def test_a_torn_line_of_any_length_goes(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "a"
    for whole in (b"", b"\n", b"one\n\ntwo\n"):
        path.write_bytes(whole + torn)
        append_line(path, "new")
        assert path.read_bytes() == whole + b"new\n"


def test_a_line_is_added_to_a_file_that_is_there_and_to_no_other(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="a cannot be written: No such file"):
        append_line(tmp_path / "a", "line")
    assert not list(tmp_path.iterdir())


def test_a_line_that_cannot_be_flushed_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one\n")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileFault, match="No space left on device; it needs 4 bytes, .* are free"):
        append_line(path, "two")
    assert path.read_bytes() == b"one\n"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_fault_of_the_disk_says_how_much_was_needed_and_is_free(
    tmp_path: Path, code: int
) -> None:
    free = shutil.disk_usage(tmp_path).free
    text = unwritable(tmp_path / "no" / "a", OSError(code, "reason"), 1234567).text
    said = re.fullmatch(r".*/no/a cannot be written: reason; it needs 1,234,567 bytes, (.*)", text)
    assert said
    told = int(said[1].removesuffix(" bytes are free").replace(",", ""))
    assert abs(told - free) < max(free, 1 << 30) / 2
    assert "needs" not in unwritable("a", OSError(errno.EACCES, "reason"), 10).text
    assert "needs" not in unwritable("a", OSError(code, "reason")).text


def test_room_that_cannot_be_told_is_not_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(path: Path) -> None:
        raise OSError(errno.ENOSYS, "no")

    monkeypatch.setattr(shutil, "disk_usage", unknown)
    text = unwritable("a", OSError(errno.EIO, "reason"), 10).text
    assert text == "a cannot be written: reason; it needs 10 bytes, what is free cannot be told"


def test_all_is_written_to_a_file_that_takes_three_bytes_at_a_time() -> None:
    class Slow:
        taken = b""

        def write(self, data: memoryview) -> int:
            self.taken += bytes(data[:3])
            return min(3, len(data))

    slow = Slow()
    write_all(slow, b"0123456789")  # type: ignore[arg-type]
    assert slow.taken == b"0123456789"


@pytest.mark.parametrize(
    ("code", "counts"),
    [(errno.EINVAL, False), (errno.EACCES, False), (errno.EIO, True), (errno.ENOSPC, True)],
)
def test_a_folder_that_cannot_be_flushed_counts_only_where_the_disk_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, counts: bool
) -> None:
    def refused(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refused)
    if counts:
        with pytest.raises(OSError, match=os.strerror(code)):
            flush_folder(tmp_path)
    else:
        flush_folder(tmp_path)


def test_a_table_has_a_line_for_each_row_and_every_field_reads_back(tmp_path: Path) -> None:
    rows = [["a", "b"], ["x\ry", '"'], ["", "\udcff,"], ["1\n2", "\r\n"]]
    write_csv(tmp_path / "t.csv", iter(rows))
    data = (tmp_path / "t.csv").read_bytes()
    assert data == b'a,b\n"x\ry",""""\n,"\xff,"\n"1\n2","\r\n"\n'
    with open(tmp_path / "t.csv", encoding="utf-8", errors="surrogateescape", newline="") as file:
        assert list(csv.reader(file)) == rows


def test_an_open_file_goes_by_its_name_until_it_is_renamed_or_gone(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("wb") as file:
        assert goes_by(path, file)
        path.rename(tmp_path / "b")
        assert not goes_by(path, file)
        path.write_bytes(b"another")
        assert not goes_by(path, file)
