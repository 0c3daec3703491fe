"""Messages between the front process and a model process: a JSON head and bytes, their lengths in front.

Never pickle: neither side can make the other run anything.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import IO, Any

_LENGTHS = struct.Struct("<II")
_LARGEST = 256 * 2**20
Message = tuple[dict[str, Any], bytes]


def packed(head: Mapping[str, Any], *body: bytes | memoryview) -> list[bytes | memoryview]:
    """One message as the pieces that are written one after the other."""
    text = json.dumps(head, separators=(",", ":")).encode()
    return [_LENGTHS.pack(len(text), sum(len(piece) for piece in body)), text, *body]


def read(stream: IO[bytes]) -> Message | None:
    """The next message of a pipe; None at its end."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head, body = _sizes(lengths)
    text, data = stream.read(head), stream.read(body)
    return (json.loads(text), data) if len(text) == head and len(data) == body else None


async def arrived(stream: asyncio.StreamReader) -> Message | None:
    """The same of an asyncio stream."""
    try:
        head, body = _sizes(await stream.readexactly(_LENGTHS.size))
        text = await stream.readexactly(head)
        return json.loads(text), await stream.readexactly(body) if body else b""
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _sizes(lengths: bytes) -> tuple[int, int]:
    head, body = _LENGTHS.unpack(lengths)
    if head + body > _LARGEST:
        raise ValueError(f"a message of {head + body:,} bytes")
    return head, body
