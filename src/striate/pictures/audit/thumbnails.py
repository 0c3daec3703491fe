"""Small JPEGs of some pictures, for a page; made in a process of their own, where a decoder may crash.

in    for each picture its size u32 and its bytes
out   for each picture the size of its JPEG u32 (0: none can be made) and the JPEG
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterable

from striate.errors import Unreadable
from striate.pictures.dataset import Dataset
from striate.pictures.files import thumbnail

_SIZE = struct.Struct("<I")
_BATCH_BYTES = 32 * 2**20
_SECONDS = 60.0


def thumbnails(dataset: Dataset, places: Iterable[int], side: int) -> dict[int, bytes]:
    """A JPEG for each place that one can be made for."""
    made: dict[int, bytes] = {}
    held: list[tuple[int, bytes]] = []
    for place in dict.fromkeys(places):
        try:
            held.append((place, dataset.data(place)))
        except Unreadable:
            continue
        if sum(len(data) for _, data in held) > _BATCH_BYTES:
            made |= _made(held, side)
            held = []
    return made | _made(held, side)


def _made(held: list[tuple[int, bytes]], side: int) -> dict[int, bytes]:
    """Have a batch made; where its process dies, each half by itself."""
    if not held:
        return {}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "striate.pictures.audit.thumbnails", str(side)],
            input=b"".join(_SIZE.pack(len(data)) + data for _, data in held),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except (subprocess.SubprocessError, OSError):
        half = len(held) // 2
        return _made(held[:half], side) | _made(held[half:], side) if half else {}
    pictures = _split(done.stdout)
    return {place: jpeg for (place, _), jpeg in zip(held, pictures, strict=False) if jpeg}


def _split(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at + _SIZE.size <= len(data):
        (size,) = _SIZE.unpack_from(data, at)
        found.append(data[at + _SIZE.size : at + _SIZE.size + size])
        at += _SIZE.size + size
    return found


def main(side: int) -> None:
    """Answer what stands on stdin."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    with os.fdopen(os.dup(0), "rb") as given:
        while head := given.read(_SIZE.size):
            data = given.read(_SIZE.unpack(head)[0])
            try:
                jpeg = thumbnail(data, side)
            except Unreadable:
                jpeg = b""
            answers.write(_SIZE.pack(len(jpeg)) + jpeg)
    answers.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
