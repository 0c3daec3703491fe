"""A dictionary of texts, numbers and byte arrays, read from a file in the form of a pickle; none is loaded.

CIFAR is published with a known hash in that form alone. The machine below knows the signs that hold data.
Where a pickle would import and call something, it keeps the word and what it was given, takes three known
words for an array of bytes, and refuses every other word. So nothing in a file can run.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np

from striate.errors import SetRefused

_ARRAY, _KIND, _CLASS = "numpy.core.multiarray _reconstruct", "numpy dtype", "numpy ndarray"
_PROTOCOL, _LONGEST_NUMBER = 2, 8
# What follows a sign: a number, a text of that length, or the place of something that is kept for later.
_NUMBERS: Mapping[bytes, str] = {b"K": "<B", b"M": "<H", b"J": "<i"}
_TEXTS: Mapping[bytes, str] = {b"U": "<B", b"T": "<i", b"X": "<I"}
_KEEPS: Mapping[bytes, str] = {b"q": "<B", b"r": "<I"}
_RECALLS: Mapping[bytes, str] = {b"h": "<B", b"j": "<I"}
_FIXED: Mapping[bytes, Any] = {b"N": None, b"\x88": True, b"\x89": False, b")": ()}
_TUPLES: Mapping[bytes, int] = {b"\x85": 1, b"\x86": 2, b"\x87": 3}
_FAULTS = (ValueError, LookupError, TypeError, AttributeError, RecursionError, struct.error)


def read_table(path: Path) -> dict[str, Any]:
    """The dictionary of one file; raises `SetRefused` for anything else."""
    try:
        found = _plain(_Machine(path.read_bytes()).result())
        if isinstance(found, dict):
            return found
        reason = "it holds no dictionary"
    except _FAULTS as fault:
        reason = str(fault).split("\n")[0][:160]
    raise SetRefused(f"{path} is refused: {reason}", "move it away and get the set anew", str(path))


class _Word(NamedTuple):
    """What a pickle would import; here it stays a word."""

    text: str


@final
class _Call:
    """What a pickle would call: a word, what it was given, and what is filled in afterwards."""

    def __init__(self, word: _Word, given: tuple[Any, ...]) -> None:
        self.word, self.given = word.text, given
        self.state: tuple[Any, ...] = ()


@final
class _Machine:
    """Signs of one byte that put values on a stack, or gather them from it."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.kept: dict[int, Any] = {}

    def result(self) -> Any:
        """Run to the end sign `.`, and give the one value that is left."""
        while (sign := self._take(1)) != b".":
            if not (self._put(sign) or self._gather(sign)):
                raise ValueError(f"the sign {sign!r} at byte {self.at - 1:,} is none of plain data")
        (value,) = self.stack
        return value

    def _take(self, count: int) -> bytes:
        if not 0 <= count <= len(self.data) - self.at:
            raise ValueError("it is cut off")
        self.at += count
        return self.data[self.at - count : self.at]

    def _number(self, form: str) -> int:
        return int(struct.unpack(form, self._take(struct.calcsize(form)))[0])

    def _put(self, sign: bytes) -> bool:
        """Signs that put a value on the stack."""
        if sign in _NUMBERS:
            self.stack.append(self._number(_NUMBERS[sign]))
        elif sign in _TEXTS:
            self.stack.append(self._take(self._number(_TEXTS[sign])))
        elif sign in _FIXED:
            self.stack.append(_FIXED[sign])
        elif sign in _RECALLS:
            self.stack.append(self.kept[self._number(_RECALLS[sign])])
        elif sign in (b"]", b"}"):
            self.stack.append([] if sign == b"]" else {})
        elif sign == b"\x8a":
            count = min(self._number("<B"), _LONGEST_NUMBER)
            self.stack.append(int.from_bytes(self._take(count), "little", signed=True))
        elif sign == b"c":
            self.stack.append(self._word())
        else:
            return False
        return True

    def _word(self) -> _Word:
        """Two lines, module and name; only the words of an array of bytes are taken."""
        end = self.data.index(b"\n", self.data.index(b"\n", self.at) + 1)
        text = " ".join(self._take(end + 1 - self.at).decode("ascii").split("\n")[:2])
        if text not in (_ARRAY, _KIND, _CLASS):
            raise ValueError(f"it would call {text!r}, and nothing is called")
        return _Word(text)

    def _gather(self, sign: bytes) -> bool:
        """Signs that change what is on the stack."""
        if sign == b"(":
            self.marks.append(len(self.stack))
        elif sign in _KEEPS:
            self.kept[self._number(_KEEPS[sign])] = self.stack[-1]
        elif sign in _TUPLES:
            self.stack[-_TUPLES[sign] :] = [tuple(self.stack[-_TUPLES[sign] :])]
        elif sign == b"t":
            self.stack.append(tuple(self._since_mark()))
        elif sign in (b"a", b"e"):
            values = self._since_mark() if sign == b"e" else [self.stack.pop()]
            self.stack[-1].extend(values)
        elif sign in (b"s", b"u"):
            values = self._since_mark() if sign == b"u" else [self.stack.pop(-2), self.stack.pop()]
            self.stack[-1].update(zip(values[::2], values[1::2], strict=True))
        elif sign == b"R":
            given = self.stack.pop()
            self.stack.append(_Call(self.stack.pop(), given))
        elif sign == b"b":
            state = self.stack.pop()
            self.stack[-1].state = state
        elif sign == b"\x80":
            return self._number("<B") == _PROTOCOL
        else:
            return False
        return True

    def _since_mark(self) -> list[Any]:
        start = self.marks.pop()
        taken = self.stack[start:]
        del self.stack[start:]
        return taken


def _plain(value: Any) -> Any:
    """Bytes as texts, what would be an array as an array, and the same within."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return _array(value) if isinstance(value, _Call) else value


def _array(call: _Call) -> Any:
    """An array of bytes from its parts: version, shape, kind, order, and the bytes."""
    _, shape, kind, is_by_column, data = call.state
    if call.word != _ARRAY or kind.word != _KIND or kind.given[0] != b"u1":
        raise ValueError("it holds an array of another kind than bytes")
    return np.frombuffer(data, np.uint8).reshape(shape, order="F" if is_by_column else "C")
