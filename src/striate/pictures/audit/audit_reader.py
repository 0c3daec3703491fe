"""A process that looks at pictures one after another, for the audit; run by `audit_crew.py`.

A decoder that crashes, hangs or writes to the terminal does so here. Frames come in on stdin and go out on
stdout; before each picture its number is written to a small shared file, so that the parent knows where
this process stopped.

    in    kind (P paths, B bytes), count u32, length u32, then JSON: paths, or sizes of the bytes that follow
    out   count u32, length of JSON u32, rows of WITH_SMALL, JSON: {place in the chunk: reason}
"""

from __future__ import annotations

import gc
import json
import mmap
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO

from striate.errors import Unreadable
from striate.pictures.audit.facts import NOTHING, Row, look, packed
from striate.pictures.files import Rules, read_bytes

HEAD_IN = struct.Struct("<cII")
HEAD_OUT = struct.Struct("<II")
NOTE = struct.Struct("<QQ")  # pictures begun since the start, and the place in the chunk
PATHS, BYTES = b"P", b"B"
_LONGEST_SILENCE = 0.25


def main(note_path: str, rules_json: str) -> None:
    """Answer every frame until stdin ends."""
    frames = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb", 1 << 20)
    _silence()
    given = json.loads(rules_json)
    formats = tuple(given.pop("formats") or ()) or None
    rules = Rules(**given | {"background": tuple(given["background"]), "formats": formats})
    with open(note_path, "r+b") as file, mmap.mmap(file.fileno(), NOTE.size) as note:
        gc.freeze()
        begun = 0
        while head := frames.read(HEAD_IN.size):
            begun = _chunk(head, frames, answers, rules, note, begun)


def _silence() -> None:
    """Send what libraries say to nowhere: libtiff writes to file number 2 by itself."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)


def _chunk(
    head: bytes, frames: IO[bytes], answers: IO[bytes], rules: Rules, note: mmap.mmap, begun: int
) -> int:
    kind, count, length = HEAD_IN.unpack(head)
    rows: list[Row] = []
    reasons: dict[int, str] = {}
    spoke = time.monotonic()
    for place, load in enumerate(_loads(kind, json.loads(frames.read(length)), frames, rules)):
        NOTE.pack_into(note, 0, begun + place + 1, place)
        try:
            rows.append(look(load(), rules))
        except Unreadable as fault:
            rows.append(NOTHING)
            reasons[place] = fault.text
        if time.monotonic() - spoke > _LONGEST_SILENCE:
            _answer(answers, rows, reasons)
            rows, reasons, spoke = [], {}, time.monotonic()
    if rows:
        _answer(answers, rows, reasons)
    return begun + int(count)


def _loads(
    kind: bytes, listed: list[str] | list[int], frames: IO[bytes], rules: Rules
) -> Iterator[Callable[[], bytes]]:
    """One function for each picture that gives its bytes; those that were sent are read at once."""
    if kind == PATHS:
        for path in listed:
            yield lambda path=path: read_bytes(path, rules.max_bytes)  # type: ignore[misc]
        return
    for data in [frames.read(int(size)) for size in listed]:
        yield lambda data=data: data  # type: ignore[misc]


def _answer(answers: IO[bytes], rows: list[Row], reasons: dict[int, str]) -> None:
    text = json.dumps(reasons).encode()
    answers.write(HEAD_OUT.pack(len(rows), len(text)))
    answers.write(packed(rows).tobytes())
    answers.write(text)
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
