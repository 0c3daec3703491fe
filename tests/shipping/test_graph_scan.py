"""Files that want to read other files, and files that are none, are refused before ONNX Runtime sees them."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from striate.errors import GraphRefused
from striate.shipping import session
from striate.shipping.graph_scan import refuse_outside
from striate.shipping.session import Session

PLACES = [
    "secret.bin", "../secret.bin", "/etc/passwd", "a/../../secret.bin", "C:\\secret", "", "./secret.bin",
    "\x00", "secret.bin/", "file:///etc/passwd",
]  # fmt: skip


def outside(place: str, length: int = 12) -> TensorProto:
    """A tensor whose numbers lie elsewhere."""
    made = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3])
    made.data_location = TensorProto.EXTERNAL
    for key, value in (("location", place), ("offset", "0"), ("length", str(length))):
        made.external_data.add(key=key, value=value)
    return made


def model(*held: TensorProto, nodes: list | None = None) -> onnx.ModelProto:
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [3])
    told = helper.make_tensor_value_info("y", TensorProto.FLOAT, [3])
    made = nodes or [helper.make_node("Add", ["x", "w"], ["y"])]
    graph = helper.make_graph(made, "g", [given], [told], list(held))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


GOOD = model(numpy_helper.from_array(np.ones(3, np.float32), "w"))


def test_a_model_of_one_file_passes() -> None:
    refuse_outside(GOOD.SerializeToString())


def hidden(place: str) -> list[onnx.ModelProto]:
    """The same tensor in every part of a model that can hold one."""
    tensor = outside(place)
    constant = helper.make_node("Constant", [], ["w"], value=tensor)
    add = helper.make_node("Add", ["x", "w"], ["y"])
    inner = helper.make_graph([constant, helper.make_node("Identity", ["w"], ["z"])], "inner", [], [
        helper.make_tensor_value_info("z", TensorProto.FLOAT, [3])
    ])  # fmt: skip
    yes = numpy_helper.from_array(np.array(True), "yes")
    branch = helper.make_node("If", ["yes"], ["y"], then_branch=inner, else_branch=inner)
    sparse = onnx.SparseTensorProto(values=tensor, dims=[3])
    with_sparse = model(nodes=[add])
    with_sparse.graph.sparse_initializer.append(sparse)
    function = helper.make_function(
        "own", "F", ["x"], ["y"], [constant, add], [helper.make_opsetid("", 17)]
    )
    with_function = model(nodes=[helper.make_node("F", ["x"], ["y"], domain="own")])
    with_function.functions.append(function)
    return [
        model(tensor),
        model(nodes=[constant, add]),
        model(yes, nodes=[branch]),
        with_sparse,
        with_function,
    ]


@pytest.mark.parametrize("place", PLACES)
def test_a_tensor_in_another_file_is_refused_wherever_it_hides(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.bin").write_bytes(np.ones(3, np.float32).tobytes())
    for made in hidden(place):
        begun = time.monotonic()
        with pytest.raises(GraphRefused, match="another file"):
            Session(made.SerializeToString(), threads=1)
        assert time.monotonic() - begun < 10


def test_a_petabyte_in_another_file_is_refused() -> None:
    with pytest.raises(GraphRefused, match="another file"):
        refuse_outside(model(outside("w.bin", 1 << 50)).SerializeToString())


def _sized(data: bytes) -> bytes:
    size, told = len(data), b""
    while size > 127:
        told += bytes([size & 127 | 128])
        size >>= 7
    return told + bytes([size]) + data


def long_keys(data_key: bytes, location_key: bytes) -> bytes:
    """A tensor in another file, with these keys for the fields 13 and 14."""
    entries = (b"location", b"secret.bin"), (b"offset", b"0"), (b"length", b"12")
    tensor = b"\x08\x03\x10\x01" + b"\x42" + _sized(b"w")
    for name, value in entries:
        tensor += data_key + _sized(b"\x0a" + _sized(name) + b"\x12" + _sized(value))
    made = model()
    graph = made.graph.SerializeToString() + b"\x2a" + _sized(tensor + location_key + b"\x01")
    made.ClearField("graph")
    return made.SerializeToString() + b"\x3a" + _sized(graph)


# Keys of more than 32 bits: protobuf cuts them, and reads the fields 13 and 14.
LONG_KEYS = [
    long_keys(b"\xea\x80\x80\x80\x10", b"\xf0\x80\x80\x80\x10"),
    long_keys(b"\xea\x80\x80\x80\x70", b"\x70"),
]
MANY_PARTS = b"\x3a\x00" + b"\x08\x00" * 5_000_000
BAD = [
    b"", b"\x00", b"no model", b"PK\x03\x04" + b"\x00" * 40, b"\x80\x04\x95cbuiltins\neval\n", b"{}",
    b"\x3a\xff\xff\xff\xff\x0f", b"\x08" + b"\xff" * 11, b"\x3a\x00" * 3 + b"\x07",
    b"7z\xbc\xaf\x27\x1c" + b"a" * 99,
    *LONG_KEYS, MANY_PARTS,
]  # fmt: skip


@pytest.mark.parametrize("data", BAD, ids=range(len(BAD)))
def test_what_is_no_onnx_is_refused(data: bytes) -> None:
    with pytest.raises(GraphRefused):
        Session(data, threads=1)


@pytest.mark.parametrize("data", LONG_KEYS, ids=("both", "one"))
def test_a_key_that_others_cut_to_another_field_hides_no_tensor(
    data: bytes, tmp_path: Path
) -> None:
    (tmp_path / "secret.bin").write_bytes(np.full(3, 42, np.float32).tobytes())
    (tmp_path / "m.onnx").write_bytes(data)
    bare = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"))
    told = bare.run(None, {"x": np.zeros(3, np.float32)})[0]
    assert told.tolist() == [42, 42, 42]  # ONNX Runtime alone reads the other file
    with pytest.raises(GraphRefused, match=r"number (536,870,925|3,758,096,397), which"):
        refuse_outside(data)


def test_a_file_of_millions_of_parts_is_refused_before_all_are_read() -> None:
    with pytest.raises(GraphRefused, match="more than 500,000 parts"):
        refuse_outside(MANY_PARTS)


def test_a_graph_without_end_in_itself_is_refused() -> None:
    deep = b""
    for _ in range(200):  # graph in attribute in node in graph ...
        graph = b"\x0a" + _sized(b"\x2a" + _sized(b"\x32" + _sized(deep)))
        deep = graph
    with pytest.raises(GraphRefused, match="nested"):
        refuse_outside(b"\x3a" + _sized(deep))


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_bytes_by_chance_end_in_the_declared_fault(data: bytes) -> None:
    with contextlib.suppress(GraphRefused):
        refuse_outside(data)


@given(st.integers(0, 10_000), st.integers(0, 7))
@settings(max_examples=300, deadline=None)
def test_a_flipped_bit_of_a_model_ends_in_the_declared_fault_or_passes(at: int, bit: int) -> None:
    data = bytearray(GOOD.SerializeToString())
    data[at % len(data)] ^= 1 << bit
    with contextlib.suppress(GraphRefused):
        refuse_outside(bytes(data))


@pytest.mark.parametrize("how", ["absolute", "upwards"])
def test_what_the_scan_would_miss_onnx_runtime_still_does_not_read(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(np.full(3, 42, np.float32).tobytes())
    place = str(secret) if how == "absolute" else "../" * 30 + str(secret).lstrip("/")
    data = model(outside(place)).SerializeToString()
    file = tmp_path / "m.onnx"
    file.write_bytes(data)
    monkeypatch.setattr(session, "refuse_outside", lambda _: None)
    monkeypatch.setattr(session, "_SETTLED_S", -60.0)  # by its path too
    for found in (data, file):
        with pytest.raises(GraphRefused, match="ONNX Runtime cannot run it"):
            Session(found, threads=1)
