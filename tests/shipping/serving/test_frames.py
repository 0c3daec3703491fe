"""Messages between processes come out as they went in, or not at all."""

from __future__ import annotations

import asyncio
import io
import struct

import pytest

from striate.shipping.serving import frames


def written(*messages: tuple[dict[str, object], bytes]) -> bytes:
    return b"".join(b"".join(frames.packed(head, body)) for head, body in messages)


MESSAGES: list[tuple[dict[str, object], bytes]] = [
    ({"id": 1, "names": ["ü\n"]}, bytes(range(256)) * 1000),
    ({}, b""),
    ({"a": None}, b"x"),
]


def test_messages_come_out_as_they_went_in() -> None:
    stream = io.BytesIO(written(*MESSAGES))
    assert [frames.read(stream) for _ in range(4)] == [*MESSAGES, None]


def test_an_asyncio_stream_gives_the_same() -> None:
    async def all_of(data: bytes) -> list[object]:
        stream = asyncio.StreamReader()
        stream.feed_data(data)
        stream.feed_eof()
        return [await frames.arrived(stream) for _ in range(4)]

    assert asyncio.run(all_of(written(*MESSAGES))) == [*MESSAGES, None]
    assert asyncio.run(all_of(written(*MESSAGES)[:-1]))[2:] == [None, None]


@pytest.mark.parametrize("cut", [1, 7, 9, 30])
def test_a_message_that_is_cut_off_is_none(cut: int) -> None:
    assert frames.read(io.BytesIO(written(MESSAGES[0])[:cut])) is None


def test_an_absurd_length_is_refused_before_memory_is_taken() -> None:
    with pytest.raises(ValueError, match="bytes"):
        frames.read(io.BytesIO(struct.pack("<II", 2**32 - 1, 2**32 - 1)))
