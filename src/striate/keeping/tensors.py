"""Tensors as safetensors bytes and back: a length, a JSON header, then the numbers of all tensors.

Written here rather than by the package of that name, for three reasons: what is hashed is what is used (one
reading, no second look at a file that may have changed), a full disk keeps its error number, and no second
copy of all tensors is made. The package is the oracle of the tests, in both directions.

The header of a file from elsewhere is checked as a whole before any number is looked at: no gaps, no
overlaps, no name twice, no size that does not follow from shape and type.
The format: https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import FileIO
from typing import TYPE_CHECKING, Any, NamedTuple, final

from striate.errors import BundleRefused
from striate.keeping.strict_json import parse
from striate.optional import need

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_HEADER = 8 << 20  # the format allows 100 MB, which take a gigabyte to read
MOST_TENSORS = 50_000
_MARKS_EACH = (
    8  # braces, brackets and colons of one tensor are seven; counting is quicker than reading
)
_MOST_ROWS = 1 << 48
_MOST_DIMENSIONS = 32
# The format's name of a type, torch's name, and bytes of one number.
_TYPES = {
    "F64": ("float64", 8), "F32": ("float32", 4), "F16": ("float16", 2), "BF16": ("bfloat16", 2),
    "I64": ("int64", 8), "I32": ("int32", 4), "I16": ("int16", 2), "I8": ("int8", 1),
    "U64": ("uint64", 8), "U32": ("uint32", 4), "U16": ("uint16", 2), "U8": ("uint8", 1),
    "BOOL": ("bool", 1), "C64": ("complex64", 8),
    "F8_E4M3": ("float8_e4m3fn", 1), "F8_E5M2": ("float8_e5m2", 1),
}  # fmt: skip
_CODES = {f"torch.{name}": code for code, (name, _) in _TYPES.items()}


class Entry(NamedTuple):
    """One tensor of a header; `start` and `stop` count from the end of the header."""

    name: str
    code: str
    shape: tuple[int, ...]
    start: int
    stop: int


@final
@dataclass(frozen=True)
class Packed:
    """Tensors that are ready to be written. Their numbers are taken one tensor at a time, while writing."""

    head: bytes
    tensors: tuple[Tensor, ...]
    size: int

    def chunks(self) -> Iterator[bytes | memoryview]:
        """All bytes of the file."""
        yield self.head
        yield from (_numbers(tensor) for tensor in self.tensors if tensor.numel())

    @property
    def sha256(self) -> str:
        """Of the file that they make."""
        told = hashlib.sha256()
        for chunk in self.chunks():
            told.update(chunk)
        return told.hexdigest()


def pack(tensors: Mapping[str, Tensor]) -> Packed:
    """Lay tensors out: those with the widest numbers first, so that each begins where its numbers may.

    Tensors that share memory are written as often as they are named. Every fault is told at once.
    """
    _little_endian()
    faults = [fault for name, tensor in tensors.items() if (fault := _unfit(name, tensor))]
    if len(tensors) > MOST_TENSORS:
        faults.append(f"there are {len(tensors):,} tensors; at most {MOST_TENSORS:,} are kept")
    if faults:
        raise BundleRefused(
            "these tensors cannot be kept: " + "; ".join(faults[:5]),
            "dense tensors of the usual types of numbers can be",
        )
    ordered = sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0]))
    table: dict[str, object] = {}
    at = 0
    for name, tensor in ordered:
        stop = at + tensor.numel() * tensor.element_size()
        code, shape = _CODES[str(tensor.dtype)], list(tensor.shape)
        table[name] = {"dtype": code, "shape": shape, "data_offsets": [at, stop]}
        at = stop
    text = json.dumps(table, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    if len(text) > LARGEST_HEADER:
        raise BundleRefused(f"the names of the tensors take {len(text):,} bytes", "shorten them")
    head = len(text).to_bytes(8, "little") + text
    return Packed(head, tuple(tensor for _, tensor in ordered), len(head) + at)


def header(file: FileIO, size: int) -> tuple[Entry, ...]:
    """The checked header of an open file of `size` bytes; nothing else of it is read."""
    begin = file.read(8) or b""
    length = _length(begin, size)
    text = b""
    while len(text) < length:
        part = file.read(length - len(text))
        if not part:
            raise _refused("it ended early")
        text += part
    return _entries(text, size - 8 - length)


def unpack(data: bytearray) -> dict[str, Tensor]:
    """The tensors of a file's bytes. They lie in `data` itself: no number is copied, and each has its own."""
    _little_endian()
    length = _length(data[:8], len(data))
    entries = _entries(memoryview(data)[8 : 8 + length], len(data) - 8 - length)
    return {entry.name: _tensor(entry, data, 8 + length) for entry in entries}


def infinite(tensors: Mapping[str, Tensor]) -> list[str]:
    """The names of the tensors that hold NaN or infinity."""
    torch = need("torch", to="read weights", extra="train")
    found = []
    for name, tensor in tensors.items():
        numbers = (
            tensor.float()
            if tensor.dtype.is_floating_point and tensor.element_size() == 1
            else tensor
        )
        if not bool(torch.isfinite(numbers).all()):
            found.append(name)
    return found


def _unfit(name: str, tensor: Tensor) -> str:
    """Why a tensor cannot be kept, or nothing."""
    if name == "__metadata__":
        return f"{name} is a name of the format itself"
    strided = str(tensor.layout) == "torch.strided" and not tensor.is_quantized
    if not strided or tensor.is_meta:
        return f"{name} is not dense numbers in memory"
    return "" if str(tensor.dtype) in _CODES else f"{name} is {tensor.dtype}"


def _numbers(tensor: Tensor) -> memoryview:
    """The bytes of a tensor in the order of its rows; copied only where they do not lie so already."""
    torch = need("torch", to="keep weights", extra="train")
    flat = tensor.detach().resolve_conj().resolve_neg().to("cpu").contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data


def _length(begin: bytes | bytearray, size: int) -> int:
    """The length of the header, checked against the size of the file."""
    if len(begin) < 8:
        raise _refused(f"it has {size:,} bytes")
    length = int.from_bytes(begin, "little")
    if length > LARGEST_HEADER:
        raise _refused(f"its header has {length:,} bytes; at most {LARGEST_HEADER:,} are read")
    if length > size - 8:
        raise _refused("its header is longer than the file")
    return length


def _entries(text: bytes | memoryview, room: int) -> tuple[Entry, ...]:
    """The entries of a header in the order of their numbers, which fill `room` bytes exactly."""
    marks = bytes(text)
    if sum(marks.count(mark) for mark in (b"{", b"[", b":")) > _MARKS_EACH * MOST_TENSORS:
        raise _refused(f"its header is a table of more than {MOST_TENSORS:,} tensors")
    try:
        table = parse(text)
    except ValueError as fault:
        raise _refused(f"its header is no JSON: {fault}") from None
    if not isinstance(table, dict):
        raise _refused("its header is no table")
    table.pop("__metadata__", None)
    if len(table) > MOST_TENSORS:
        raise _refused(f"it has {len(table):,} tensors; at most {MOST_TENSORS:,} are read")
    entries = sorted((_entry(name, told) for name, told in table.items()), key=lambda e: e[3:])
    at = 0
    for entry in entries:
        if entry.start != at:
            raise _refused(f"there is a gap or an overlap before {_shown(entry.name)}")
        at = entry.stop
    if at != room:
        raise _refused(f"its tensors take {at:,} bytes and {room:,} are there")
    return tuple(entries)


def _entry(name: str, told: Any) -> Entry:
    """One entry, whose size follows from its shape and type."""
    if not isinstance(told, dict) or set(told) != {"dtype", "shape", "data_offsets"}:
        raise _refused(f"{_shown(name)} needs dtype, shape and data_offsets, and nothing else")
    code, shape, offsets = told["dtype"], told["shape"], told["data_offsets"]
    if not isinstance(code, str) or code not in _TYPES:
        raise _refused(f"{_shown(name)} has numbers of a type that is not known")
    if (
        not _sizes(shape)
        or len(shape) > _MOST_DIMENSIONS
        or not _sizes(offsets)
        or len(offsets) != 2
    ):
        raise _refused(f"{_shown(name)} has a shape or a place that is none")
    if math.prod(max(1, n) for n in shape) > _MOST_ROWS:
        raise _refused(f"{_shown(name)} has a shape beyond all memory")
    start, stop = offsets
    if stop - start != math.prod(shape) * _TYPES[code][1]:
        raise _refused(f"{_shown(name)} has a place that is not as large as its shape")
    return Entry(name, code, tuple(shape), start, stop)


def _tensor(entry: Entry, data: bytearray, begin: int) -> Tensor:
    """One tensor that lies in `data`; a copy where its numbers would begin at an odd place."""
    torch = need("torch", to="read weights", extra="train")
    name, width = _TYPES[entry.code]
    kind = getattr(torch, name)
    start, stop = begin + entry.start, begin + entry.stop
    if start == stop:
        made: Tensor = torch.empty(entry.shape, dtype=kind)
        return made
    raw = torch.frombuffer(data, dtype=torch.uint8, count=stop - start, offset=start)
    if entry.code == "BOOL" and int(raw.max()) > 1:
        raise _refused(f"{_shown(entry.name)} has truth values that are neither 0 nor 1")
    if start % width:
        raw = raw.clone()
    seen: Tensor = raw.view(kind).reshape(entry.shape)
    return seen


def _sizes(told: object) -> bool:
    """Whether this is a list of whole numbers from 0 on."""
    return isinstance(told, list) and all(type(n) is int and 0 <= n < 1 << 62 for n in told)


def _shown(name: str) -> str:
    return repr(name[:60])


def _refused(reason: str) -> BundleRefused:
    return BundleRefused(f"the tensors cannot be read: {reason}", "copy the file anew")


def _little_endian() -> None:
    if sys.byteorder != "little":
        raise BundleRefused(
            "weights are kept with the low byte first, and this machine has the high byte first",
            "use a machine with a little-endian processor",
        )
