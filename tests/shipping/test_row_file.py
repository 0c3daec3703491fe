"""A file of rows: complete or absent, and gone on with after any kill."""

from __future__ import annotations

import itertools
import json
from contextlib import closing
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate import safe
from striate.errors import FileFault
from striate.shipping.row_file import RowFile, is_complete, parts_of

ORDER = {"model": "abc", "top": 3}
NAMES = [f"{i}.jpg" for i in range(20)]


class Clock:
    """Each look at it is a second later."""

    def __init__(self, step: float = 1.0) -> None:
        self.time, self.step = 0.0, step

    def __call__(self) -> float:
        self.time += self.step
        return self.time


def fill(file: RowFile, names: list[str]) -> None:
    for name in names:
        file.add(f"row of {name}\n".encode(), [name], int(name.startswith("1")))


def test_the_name_appears_with_the_last_row(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    file = RowFile.begin(path, ORDER, b"head\n")
    fill(file, NAMES)
    assert parts_of(path)[0].exists()
    assert not path.exists()
    assert not is_complete(path)
    file.finish()
    assert path.read_text() == "head\n" + "".join(f"row of {n}\n" for n in NAMES)
    assert is_complete(path)
    assert sorted(tmp_path.iterdir()) == [path]
    assert (file.rows, file.unreadable) == (20, 11)


@given(st.integers(0, 20), st.integers(0, 60), st.integers(1, 7))
@settings(max_examples=40, deadline=None)
def test_whatever_a_kill_left_the_file_gone_on_with_is_the_unbroken_one(
    tmp_path_factory: pytest.TempPathFactory, kept: int, torn: int, pace: int
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    path = folder / "out"
    whole = RowFile.begin(folder / "whole", ORDER, b"head\n")
    fill(whole, NAMES)
    whole.finish()
    file = RowFile.begin(path, ORDER, b"head\n", clock=Clock(2.0 / pace))
    fill(file, NAMES[:kept])
    file._file.close()  # the process is gone: nothing more is written down
    part, _ = parts_of(path)
    part.write_bytes(part.read_bytes() + b"x" * torn)
    again = RowFile.go_on(path, ORDER)
    assert again.rows <= kept
    fill(again, list(again.after(NAMES)))
    again.finish()
    assert path.read_bytes() == (folder / "whole").read_bytes()
    assert again.unreadable == whole.unreadable


def test_a_file_left_in_order_loses_no_row(tmp_path: Path) -> None:
    file = RowFile.begin(tmp_path / "out", ORDER)
    fill(file, NAMES[:7])
    file.close()
    with closing(RowFile.go_on(tmp_path / "out", ORDER)) as again:
        assert again.rows == 7
        assert list(again.after([None, *NAMES])) == NAMES[7:]


@pytest.mark.parametrize("whole", [True, False])
def test_a_signal_right_behind_the_last_byte_loses_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    path = tmp_path / "out"
    file = RowFile.begin(path, ORDER, b"head\n")
    fill(file, NAMES[:3])

    def interrupted(to: FileIO, data: bytes) -> None:
        to.write(data if whole else data[:-1])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(safe, "write_all", interrupted)
        with closing(file), pytest.raises(KeyboardInterrupt):
            fill(file, NAMES[3:4])
    again = RowFile.go_on(path, ORDER)
    assert again.rows == 3 + whole
    fill(again, list(again.after(NAMES)))
    again.finish()
    assert path.read_text() == "head\n" + "".join(f"row of {n}\n" for n in NAMES)


def test_a_file_without_a_row_leaves_nothing(tmp_path: Path) -> None:
    RowFile.begin(tmp_path / "out", ORDER, b"head\n").close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "names", [NAMES[1:], [*NAMES[:3], "other.jpg", *NAMES[4:]], NAMES[:4], NAMES[::-1]]
)
def test_other_pictures_or_another_order_are_refused(tmp_path: Path, names: list[str]) -> None:
    file = RowFile.begin(tmp_path / "out", ORDER)
    fill(file, NAMES[:5])
    file.close()
    with (
        closing(RowFile.go_on(tmp_path / "out", ORDER)) as again,
        pytest.raises(FileFault, match="first 5 pictures are not those"),
    ):
        list(again.after(names))


def test_another_model_is_refused_by_name(tmp_path: Path) -> None:
    file = RowFile.begin(tmp_path / "out", ORDER)
    fill(file, NAMES[:5])
    file.close()
    with pytest.raises(FileFault, match="begun with another model: 'abc', and this is 'xyz'"):
        RowFile.go_on(tmp_path / "out", ORDER | {"model": "xyz"})


def test_what_is_there_is_replaced_only_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("mine")
    with pytest.raises(FileFault, match="--overwrite replaces it"):
        RowFile.begin(path, ORDER)
    assert path.read_text() == "mine"
    file = RowFile.begin(path, ORDER, overwrite=True)
    fill(file, NAMES[:2])
    file.close()
    assert path.read_text() == "mine"
    with pytest.raises(FileFault, match="--resume goes on with it, --overwrite begins anew"):
        RowFile.begin(path, ORDER)
    file = RowFile.begin(path, ORDER, overwrite=True)
    fill(file, NAMES[:1])
    file.finish()
    assert path.read_text() == "row of 0.jpg\n"


def test_two_processes_do_not_write_one_file(tmp_path: Path) -> None:
    file = RowFile.begin(tmp_path / "out", ORDER)
    fill(file, NAMES[:2])
    for again in (
        lambda: RowFile.begin(tmp_path / "out", ORDER, overwrite=True),
        lambda: RowFile.go_on(tmp_path / "out", ORDER),
    ):
        with pytest.raises(FileFault, match="another process is writing"):
            again()
    fill(file, NAMES[2:])
    file.finish()
    assert (tmp_path / "out").read_text().count("\n") == 20


@pytest.mark.parametrize("again", ["begin", "go_on"])
def test_a_file_that_another_process_finishes_meanwhile_is_not_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    path = tmp_path / "out"
    file = RowFile.begin(path, ORDER)
    fill(file, NAMES[:5])
    file.save()
    fill(file, NAMES[5:])
    locked = RowFile._locked

    def once_it_is_finished(self: RowFile) -> bool:
        file.finish()
        return locked(self)

    monkeypatch.setattr(RowFile, "_locked", once_it_is_finished)
    flags = {"overwrite": True} if again == "begin" else {}
    with pytest.raises(FileFault, match="another process is writing"):
        getattr(RowFile, again)(path, ORDER, **flags)
    assert path.read_text() == "".join(f"row of {n}\n" for n in NAMES)
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"format": 2}',
        "{}",
        '{"format": 1, "rows": -1, "bytes": 0, "unreadable": 0}',
        "\0",
    ],
)
def test_a_damaged_state_is_a_sentence(tmp_path: Path, text: str) -> None:
    file = RowFile.begin(tmp_path / "out", ORDER)
    fill(file, NAMES[:2])
    file.close()
    state = parts_of(tmp_path / "out")[1]
    state.write_text(text)
    with pytest.raises(FileFault, match="--overwrite begins anew"):
        RowFile.go_on(tmp_path / "out", ORDER)
    state.unlink()
    with pytest.raises(FileFault, match="No such file"):
        RowFile.go_on(tmp_path / "out", ORDER)


def test_a_part_that_was_cut_is_refused(tmp_path: Path) -> None:
    file = RowFile.begin(tmp_path / "out", ORDER)
    fill(file, NAMES[:2])
    file.close()
    part = parts_of(tmp_path / "out")[0]
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(FileFault, match="is shorter than"):
        RowFile.go_on(tmp_path / "out", ORDER)


def test_a_full_disk_leaves_what_can_be_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = RowFile.begin(tmp_path / "out", ORDER)
    fill(file, NAMES[:5])
    real, left = safe.write_all, itertools.count()

    def full(handle, data) -> None:
        if next(left) == 0:
            real(handle, data[:3])
            raise OSError(28, "No space left on device")
        real(handle, data)

    monkeypatch.setattr(safe, "write_all", full)
    with pytest.raises(FileFault, match="No space left"):
        fill(file, NAMES[5:])
    file.close()
    again = RowFile.go_on(tmp_path / "out", ORDER)
    assert again.rows == 5
    fill(again, list(again.after(NAMES)))
    again.finish()
    assert (tmp_path / "out").read_text() == "".join(f"row of {n}\n" for n in NAMES)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="cannot be written"):
        RowFile.begin(tmp_path / "nowhere" / "out", ORDER)


def test_the_state_is_written_now_and_then(tmp_path: Path) -> None:
    clock = Clock(0.5)
    file = RowFile.begin(tmp_path / "out", ORDER, clock=clock)
    seen = set()
    for name in NAMES:
        fill(file, [name])
        seen.add(json.loads(parts_of(tmp_path / "out")[1].read_text())["rows"])
    assert 2 < len(seen) < 20
    file.close()
