"""Tensors of the protocol, as JSON and as bytes behind it."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from striate.shipping.serving import tensors
from striate.shipping.serving.workers import Refused

OUTPUTS = ("probabilities", "label")


def whole(behind: bytes, head: dict[str, Any] | None = None, **given: Any) -> tuple[bytes, str]:
    text = json.dumps((head or {}) | {"inputs": [given]}).encode()
    return text + behind, str(len(text))


def read(body: bytes, length: str | None = None) -> tensors.Given:
    return tensors.read(body, length, OUTPUTS, 100_000)


def test_pixels_behind_the_json_are_taken_as_they_are() -> None:
    data = bytes(range(12))
    body, length = whole(
        data,
        name="image",
        datatype="UINT8",
        shape=[1, 2, 2, 3],
        parameters={"binary_data_size": 12},
    )
    found = read(body, length)
    assert (found.pixels, found.shape, found.number) == (data, [1, 2, 2, 3], 1)
    assert found.wanted == list(OUTPUTS)
    assert not found.binary


def test_files_behind_the_json_are_told_apart_by_their_lengths() -> None:
    data = tensors.as_bytes(["ab", "", "ü"])
    given: dict[str, Any] = {
        "name": "encoded",
        "datatype": "BYTES",
        "parameters": {"binary_data_size": len(data)},
    }
    body, length = whole(data, shape=[3], **given)
    assert read(body, length).files == [b"ab", b"", "ü".encode()]
    body, length = whole(data[:-1], shape=[3], **given)
    with pytest.raises(Refused):
        read(body, length)
    cut = data[:-6] + struct.pack("<I", 2**31) + b"xy"
    body, length = whole(cut, shape=[3], **given)
    with pytest.raises(Refused, match="longer than the body"):
        read(body, length)


def test_which_outputs_come_as_bytes_is_said_for_all_or_for_one() -> None:
    data = b"abc"
    given = {"name": "image", "datatype": "UINT8", "shape": [1, 1, 1, 3], "data": list(data)}
    body, length = whole(b"", {"parameters": {"binary_data_output": True}}, **given)
    assert read(body, length).binary == {*OUTPUTS}
    asked = [{"name": "label", "parameters": {"binary_data": True}}, {"name": "probabilities"}]
    found = read(*whole(b"", {"outputs": asked}, **given))
    assert found.wanted == ["label", "probabilities"]
    assert found.binary == {"label"}


def test_a_picture_of_too_many_pixels_is_422() -> None:
    body, length = whole(b"", name="image", datatype="UINT8", shape=[1, 10**5, 10**5, 3], data=[])
    with pytest.raises(Refused) as refused:
        read(body, length)
    assert refused.value.status == 422
