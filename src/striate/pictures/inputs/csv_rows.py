"""Tables in text files, line by line: whatever encoding mark they begin with, every fault with its line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from striate.errors import DataError, FileFault

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def open_text(path: str | Path) -> TextIO:
    """A text file by its byte-order mark, UTF-8 without one; bytes that are no UTF-8 stay as they
    are.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(3)
        encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")
        errors = "surrogateescape" if encoding.startswith("utf-8") else "strict"
        return open(path, encoding=encoding, errors=errors, newline="")
    except OSError as fault:
        raise unreadable(path, fault) from None


def unreadable(path: str | Path, fault: OSError) -> FileFault:
    """The fault to raise when `path` cannot be read."""
    return FileFault(
        f"{path} cannot be read: {fault.strerror or fault}",
        "check the path, and that you may read it",
        where=str(path),
    )


def cells(
    file: TextIO, path: str | Path, delimiter: str, kind: type[DataError]
) -> Iterator[tuple[int, list[str]]]:
    """Every row with the number of its first line; a fault of the CSV form is raised as `kind`."""
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    line = 0
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except (csv.Error, UnicodeError) as fault:
            raise kind(
                f"line {line} is no CSV: {fault}",
                "close every quote, and write a quote inside quotes twice",
                where=f"{path}, line {line}",
            ) from None
        if row is None:
            return
        yield line, row


def rows_of(
    path: str | Path, columns: Sequence[str], kind: type[DataError]
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a file of our own as (line, {column: text}); it must have `columns`, in any
    order.
    """
    with open_text(path) as file:
        rows = cells(file, path, ",", kind)
        header = [name.strip().lower() for name in next(rows, (1, [""]))[1]]
        lost = [name for name in columns if name not in header]
        if lost:
            raise kind(
                f"the first line has no column {', '.join(lost)}: it has {', '.join(header) or 'nothing'}",
                f"begin the file with the line {','.join(columns)}",
                where=f"{path}, line 1",
            )
        for line, row in rows:
            if not any(row):
                continue
            if len(row) != len(header):
                raise kind(
                    f"line {line} has {len(row)} cells, the first line has {len(header)}",
                    "put quotes around what holds a comma",
                    where=f"{path}, line {line}",
                )
            yield line, dict(zip(header, row, strict=True))
