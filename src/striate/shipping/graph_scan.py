"""Whether an ONNX file wants to read other files, found out before ONNX Runtime sees it.

ONNX Runtime reads external data from the current folder even for a model given as bytes, and the base install
has no `onnx` to look with. So the few fields that matter are walked here: a protobuf message is a row of
(field, kind, value), and messages are nested bytes.

The fields are those of onnx.proto, version 1.23.
"""

from __future__ import annotations

from collections.abc import Iterator

from striate.errors import GraphRefused

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_DEEPEST = 64
_MOST_PARTS = 500_000
_KEYS = 2**32  # protobuf cuts a longer key, and reads another field than is told here
# message: {field: message that lies in it}; TensorProto's two fields of external data end the walk.
_PARTS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14


def refuse_outside(data: bytes) -> None:
    """Raise GraphRefused for what is no ONNX, and for tensors whose numbers lie in another file."""
    try:
        _walk(memoryview(data))
    except (IndexError, ValueError) as fault:
        raise GraphRefused(
            f"this is no ONNX file: {str(fault) or 'it ends early'}",
            "give a file that `striate export` made",
        ) from None


def _walk(data: memoryview) -> None:
    waiting = [("model", data, 0)]
    seen, graphs = 0, 0
    while waiting:
        kind, part, depth = waiting.pop()
        if depth > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} deep")
        for field, value in _fields(part):
            seen += 1
            if seen > _MOST_PARTS:
                raise ValueError(f"it has more than {_MOST_PARTS:,} parts")
            if kind == "tensor" and (
                field == _EXTERNAL_DATA or (field == _DATA_LOCATION and value)
            ):
                raise GraphRefused(
                    "it wants to read numbers from another file",
                    "a model that is shipped is one file: export it again with its weights inside",
                )
            inside = _PARTS[kind].get(field)
            if inside is not None:
                if not isinstance(value, memoryview):
                    raise ValueError(f"field {field} of a {kind} is no message")
                graphs += inside == "graph"
                waiting.append((inside, value, depth + 1))
    if not graphs:
        raise ValueError("it holds no graph")


def _fields(part: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field: a whole number, or the bytes of a text or message."""
    at, end = 0, len(part)
    while at < end:
        key, at = _varint(part, at)
        field, kind = key >> 3, key & 7
        if field == 0 or key >= _KEYS:
            raise ValueError(f"a field has the number {field:,}, which there is none of")
        if kind == _VARINT:
            value, at = _varint(part, at)
            yield field, value
        elif kind == _BYTES:
            size, at = _varint(part, at)
            if size > end - at:
                raise ValueError("a part is longer than the file")
            yield field, part[at : at + size]
            at += size
        elif kind in (_EIGHT, _FOUR):
            at += 8 if kind == _EIGHT else 4
            if at > end:
                raise ValueError("it ends early")
        else:
            raise ValueError(f"a field has the kind {kind}, which there is none of")


def _varint(part: memoryview, at: int) -> tuple[int, int]:
    """A whole number of 7 bits a byte, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        byte = part[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("a number has more than ten bytes")
