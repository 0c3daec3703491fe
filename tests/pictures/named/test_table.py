"""Tables in the form of pickles: data comes out, and nothing is ever imported or called."""

from __future__ import annotations

import contextlib
import pickle
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import SetRefused
from striate.pictures.named import table
from striate.pictures.named.table import read_table


def packed(content: Mapping[str, object]) -> bytes:
    """As Python 2 wrote CIFAR: protocol 2, texts as bytes, memo marks everywhere, one array of bytes."""
    out, kept = bytearray(b"\x80\x02"), 0

    def keep() -> None:
        nonlocal kept
        out.extend(b"q" + bytes([kept]) if kept < 256 else b"r" + struct.pack("<I", kept))
        kept += 1

    def text(value: bytes) -> None:
        short = len(value) < 256
        out.extend(
            (b"U" + bytes([len(value)]) if short else b"T" + struct.pack("<i", len(value))) + value
        )

    def whole(value: int) -> None:
        forms = ((0, 256, b"K", "<B"), (256, 65536, b"M", "<H"), (-(2**31), 2**31, b"J", "<i"))
        sign, form = next((sign, form) for low, high, sign, form in forms if low <= value < high)
        out.extend(sign + struct.pack(form, value))

    def put(value: object) -> None:
        if isinstance(value, str):
            text(value.encode("latin-1"))
        elif isinstance(value, int):
            whole(value)
        elif isinstance(value, list):
            out.extend(b"]")
            keep()
            out.extend(b"(")
            for inner in value:
                put(inner)
            out.extend(b"e")
            return
        elif isinstance(value, np.ndarray):
            out.extend(b"cnumpy.core.multiarray\n_reconstruct\n")
            keep()
            out.extend(b"cnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01")
            for size in value.shape:
                whole(size)
            out.extend(b"\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNN")
            out.extend(b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89")
            text(value.tobytes())
            out.extend(b"tb")
            return
        keep()

    out.extend(b"}")
    keep()
    out.extend(b"(")
    for key, value in content.items():
        put(key)
        put(value)
    out.extend(b"u.")
    return bytes(out)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the table lies."""
    return tmp_path / "batch"


def test_texts_numbers_lists_and_arrays_come_out_as_they_went_in(path: Path) -> None:
    rows = np.arange(600, dtype=np.uint8).reshape(2, 300)
    labels = [0, 255, 256, 65535, 65536, -1]
    path.write_bytes(
        packed({"name": "x" * 300, "data": rows, "labels": labels, "files": ["a", "b"]})
    )
    found = read_table(path)
    assert list(found) == ["name", "data", "labels", "files"]
    assert found["labels"] == labels
    assert found["files"] == ["a", "b"]
    assert found["name"] == "x" * 300
    assert (found["data"] == rows).all()
    assert found["data"].dtype == np.uint8


def test_what_this_test_writes_is_what_a_pickle_reader_reads_too() -> None:
    rows = np.arange(12, dtype=np.uint8).reshape(3, 4)
    theirs = pickle.loads(packed({"data": rows, "labels": [1, 2, 3]}), encoding="latin-1")
    assert theirs["labels"] == [1, 2, 3]
    assert (theirs["data"] == rows).all()


class Evil:
    """Would write a file if it were loaded."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return (Path.touch, (self.target,))


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_would_call_something_is_refused_and_calls_nothing(
    path: Path, tmp_path: Path, protocol: int
) -> None:
    path.write_bytes(pickle.dumps({"data": Evil(tmp_path / "evil")}, protocol))
    with pytest.raises(SetRefused, match=r"batch is refused: (it would call|the sign)"):
        read_table(path)
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x80\x02cos\nsystem\nU\x02ls\x85R.", "would call 'os system', and nothing is called"),
        (b"\x80\x02cnumpy\nload\n.", "would call 'numpy load'"),
        (b"\x80\x02c__builtin__\neval\nU\x011\x85R.", "would call '__builtin__ eval'"),
        (b"\x80\x02(ios\nsystem\n.", "the sign b'i' at byte 3 is none of plain data"),
        (b"\x80\x02(cos\nsystem\no.", "would call"),
        (b"\x80\x04K\x01.", "the sign b'.x80' at byte 1"),
        (b"\x80\x02]K\x01a.", "it holds no dictionary"),
        (b"\x80\x02T\xff\xff\xff\x7fabc.", "it is cut off"),
        (b"\x80\x02T\xff\xff\xff\xffabc.", "it is cut off"),
        (b"\x80\x02}", "it is cut off"),
        (b"", "it is cut off"),
        (b"\x80\x02}K\x01K\x02.", "unpack"),
        (b"\x80\x02h\x07.", "7"),
        (b"\x80\x02e.", "is refused: pop from empty list"),
    ],
)
def test_everything_else_is_refused_with_a_reason(path: Path, data: bytes, words: str) -> None:
    path.write_bytes(data)
    with pytest.raises(SetRefused, match=words):
        read_table(path)


def test_an_array_of_another_kind_is_refused(path: Path) -> None:
    whole = packed({"data": np.zeros((1, 4), np.uint8)}).replace(b"U\x02u1", b"U\x02O8")
    path.write_bytes(whole)
    with pytest.raises(SetRefused, match="an array of another kind than bytes"):
        read_table(path)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=60)
    | st.lists(st.sampled_from([*b"}]()q\0h\0KMJUTcRbtaesu.\x85\x80\x02"])).map(bytes)
)
def test_no_bytes_raise_anything_but_a_refusal(data: bytes) -> None:
    machine = table._Machine(data + b".")
    with contextlib.suppress(*table._FAULTS):
        table._plain(machine.result())
