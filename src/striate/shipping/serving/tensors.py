"""The tensors of the Open Inference Protocol, as JSON or as bytes behind it, to pictures and back.

Two inputs are understood: `image`, UINT8 [N, H, W, 3 or 1], pixels of any size; and `encoded`, BYTES [N],
whole files such as JPEG (base64 in JSON, as the protocol's own examples have it).
"""

from __future__ import annotations

import base64
import binascii
import itertools
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from striate.keeping.strict_json import parse
from striate.shipping.serving.workers import Refused

_LENGTH = struct.Struct("<I")
_MOST_PIXELS = 50_000_000


class Given(NamedTuple):
    """A request's pictures: files, or pixels of one shape. `wanted` are the outputs, all when empty;
    `binary` are those that come as bytes.
    """

    id: str | None
    files: list[bytes]
    pixels: bytes
    shape: list[int]
    wanted: list[str]
    binary: frozenset[str]

    @property
    def number(self) -> int:
        """N."""
        return self.shape[0] if self.shape else len(self.files)


def wrong(text: str) -> Refused:
    """A request that the protocol does not know."""
    return Refused(400, "inference", text)


def read(body: bytes, json_length: str | None, outputs: Sequence[str], most_values: int) -> Given:
    """An inference request, JSON alone or with bytes behind it."""
    size = len(body)
    if json_length is not None:
        is_number = json_length.isascii() and json_length.isdigit() and len(json_length) < 12
        size = int(json_length) if is_number else -1
        if not 0 < size <= len(body):
            raise wrong("Inference-Header-Content-Length is no length within the body")
    head, behind = _parsed(body[:size], most_values), body[size:]
    wanted, binary = _outputs(head, outputs)
    inputs = head.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise wrong('one input is needed: "image" or "encoded"')
    given = inputs[0]
    shape, files, pixels = _shape(given), [], b""
    if given.get("name") == "image" and given.get("datatype") == "UINT8":
        if len(shape) != 4 or shape[3] not in (1, 3) or 0 in shape:
            raise wrong("image has the shape [N, height, width, 3], or 1 in the end for grey")
        if shape[1] * shape[2] > _MOST_PIXELS:
            raise Refused(422, "unreadable", "up to 50 million pixels are read")
        pixels = _pixels(given, shape, behind)
    elif given.get("name") == "encoded" and given.get("datatype") == "BYTES":
        if len(shape) not in (1, 2) or shape[1:] not in ([], [1]) or 0 in shape:
            raise wrong("encoded has the shape [N]")
        count = shape[0]
        files = _files(given, behind, count)
        if len(files) != count:
            raise wrong(f"encoded does not have {count} elements, as its shape says")
        shape = []
    else:
        raise wrong('the input is "image" of datatype UINT8 or "encoded" of datatype BYTES')
    return Given(_id(head), files, pixels, shape, wanted, binary)


def _parsed(data: bytes, most_values: int) -> dict[str, Any]:
    if data.count(b",") + data.count(b"[") + data.count(b"{") > most_values:
        told = f"JSON of more than {most_values:,} values; send tensors as bytes"
        raise Refused(413, "too_many", told)
    try:
        head = parse(data)
    except ValueError as fault:
        raise wrong(f"the body is no JSON: {str(fault)[:200]}") from None
    if not isinstance(head, dict):
        raise wrong("the body is no JSON object")
    return head


def _id(head: dict[str, Any]) -> str | None:
    found = head.get("id")
    if found is None:
        return None
    # Half a pair of code units cannot be written into the answer.
    is_text = isinstance(found, str) and not any("\ud800" <= c <= "\udfff" for c in found[:257])
    if not is_text or len(found) > 256:
        raise wrong("id is a text of at most 256 letters")
    return str(found)


def _parameters(of: dict[str, Any]) -> dict[str, Any]:
    found = of.get("parameters") or {}
    if not isinstance(found, dict):
        raise wrong("parameters is an object")
    return found


def _outputs(head: dict[str, Any], known: Sequence[str]) -> tuple[list[str], frozenset[str]]:
    """Which outputs are wanted, and which of them as bytes."""
    every = _parameters(head).get("binary_data_output") is True
    asked = head.get("outputs") or []
    if not isinstance(asked, list) or not all(isinstance(one, dict) for one in asked):
        raise wrong("outputs is a list of objects")
    for one in asked:
        if one.get("name") not in known:
            raise wrong(f"there is no output of that name: {', '.join(known)}")
        if "classification" in _parameters(one):
            raise wrong("the classification extension is not spoken: ask for label")
    names = [str(one["name"]) for one in asked] or list(known)
    if len(set(names)) != len(names):  # or a small request could ask for gigabytes
        raise wrong("an output is asked for twice")
    by_name = {str(one["name"]): _parameters(one).get("binary_data", every) for one in asked}
    return names, frozenset(name for name in names if by_name.get(name, every) is True)


def _shape(given: dict[str, Any]) -> list[int]:
    shape = given.get("shape")
    if not isinstance(shape, list) or not all(type(n) is int and 0 <= n < 2**31 for n in shape):
        raise wrong("shape is a list of whole numbers")
    return shape


def _behind(given: dict[str, Any], behind: bytes) -> bytes | None:
    """The bytes of an input that stands behind the JSON; None where its data are in the JSON."""
    size = _parameters(given).get("binary_data_size")
    if size is None:
        return None
    if type(size) is not int or size != len(behind):
        raise wrong("binary_data_size is not the number of bytes behind the JSON")
    return behind


def _pixels(given: dict[str, Any], shape: list[int], behind: bytes) -> bytes:
    size = shape[0] * shape[1] * shape[2] * shape[3]
    data = _behind(given, behind)
    if data is None:
        try:
            values = np.array(_flat(given.get("data")), np.int64).reshape(-1)
        except (ValueError, TypeError, OverflowError):
            raise wrong("the data of image are whole numbers, row by row") from None
        if values.size and not 0 <= values.min() <= values.max() <= 255:
            raise wrong("the data of image lie between 0 and 255")
        data = values.astype(np.uint8).tobytes()
    if len(data) != size:
        raise wrong(f"image has {len(data)} values, its shape says {size}")
    return data


def _flat(data: Any) -> list[Any]:
    """Flat or nested lists, at most four deep."""
    for _ in range(3):
        if isinstance(data, list) and data and all(isinstance(one, list) for one in data):
            data = list(itertools.chain.from_iterable(data))
    if not isinstance(data, list) or not all(type(one) is int for one in data):
        raise wrong("the data of image are whole numbers, row by row")
    return data


def _files(given: dict[str, Any], behind: bytes, count: int) -> list[bytes]:
    """All of them; of more than `count` one more, which is enough to refuse them."""
    data = _behind(given, behind)
    if data is None:
        listed = given.get("data")
        listed = _nested(listed)
        try:
            return [base64.b64decode(one, validate=True) for one in listed]
        except (binascii.Error, ValueError, TypeError):
            raise wrong("the data of encoded are files in base64") from None
    found: list[bytes] = []
    start = 0
    while start < len(data) and len(found) <= count:
        end = start + _LENGTH.size
        size = _LENGTH.unpack_from(data, start)[0] if end <= len(data) else len(data)
        if end + size > len(data):
            raise wrong("an element of encoded is longer than the body")
        found.append(data[end : end + size])
        start = end + size
    return found


def _nested(listed: Any) -> list[str]:
    if isinstance(listed, list) and all(isinstance(one, list) and len(one) == 1 for one in listed):
        listed = [one[0] for one in listed]
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise wrong("the data of encoded are files in base64")
    return listed


def as_bytes(values: Sequence[str]) -> bytes:
    """A BYTES tensor as the protocol lays it out."""
    encoded = [one.encode() for one in values]
    return b"".join(_LENGTH.pack(len(one)) + one for one in encoded)
