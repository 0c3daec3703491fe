"""The lines of a manifest, whatever form it has: CSV, TSV, JSON objects in lines or in one list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from striate.errors import ManifestFault, TaskNotYet
from striate.pictures.inputs.csv_rows import cells
from striate.pictures.inputs.manifest_columns import ALIASES, plain

SHOWN = 10  # of files and lines named in one error
_JSON = (".jsonl", ".json", ".ndjson")
SUFFIXES = (".csv", ".tsv", *_JSON)


class Fault(NamedTuple):
    """One thing that is wrong with a line."""

    line: int
    column: str
    text: str


def raise_faults(file: Path, faults: list[Fault]) -> None:
    """All faults as one, the first ten of them shown."""
    if not faults:
        return
    first = faults[0]
    shown = [f"{file}, line {f.line}, column {f.column}: {f.text}" for f in faults[:SHOWN]]
    more = [f"and {len(faults) - SHOWN:,} more"] if len(faults) > SHOWN else []
    count = f" ({len(faults):,} faults)" if len(faults) > 1 else ""
    raise ManifestFault(
        f"line {first.line}, column {first.column}: {first.text}{count}",
        "mend the lines, or take them out",
        where="\n".join([*shown, *more]),
    )


def rows_in(file: TextIO, path: Path) -> Iterator[tuple[int, list[str]]]:
    """The header, then every row, with the number of its line."""
    if path.suffix.lower() in _JSON:
        yield from _json_rows(file, path)
        return
    start = file.readline()
    file.seek(0)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(start)
    yield from cells(file, path, delimiter, ManifestFault)


def _delimiter(header: str) -> str:
    """The sign that divides the first line into names we know."""
    known = {name for names in ALIASES.values() for name in names}
    hits = {
        sign: sum(plain(cell.strip('"')) in known for cell in header.split(sign)) for sign in ",;\t"
    }
    return max(hits, key=lambda sign: hits[sign])


def _json_rows(file: TextIO, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Objects, one in each line or in one list; the first one names the columns."""
    header: list[str] = []
    for line, held in _objects(file, path):
        if not isinstance(held, dict):
            raise_faults(path, [Fault(line, "all", f"it is no object: {str(held)[:60]}")])
        if not header:
            header = [str(name) for name in held]
            yield line, header
        strange = [name for name in held if name not in header]
        if strange:
            header_text = ", ".join(header)
            raise_faults(
                path,
                [Fault(line, strange[0], f"the first line has no such name: it has {header_text}")],
            )
        yield (
            line,
            [_text(held.get(name), name, f"{path}, line {line}, column {name}") for name in header],
        )


def _objects(file: TextIO, path: Path) -> Iterator[tuple[int, Any]]:
    start = file.read(1)
    file.seek(0)
    line = 0
    try:
        if start == "[":
            yield from enumerate(json.load(file), 1)
            return
        for line, text in enumerate(file, 1):
            if text.strip():
                yield line, json.loads(text)
    except ValueError as fault:
        raise_faults(path, [Fault(max(line, 1), "all", f"it is no JSON: {fault}")])


def _text(value: object, name: str, where: str) -> str:
    """A JSON value as a cell; only a label must be one value."""
    if isinstance(value, list | dict) and plain(name) in ALIASES["label"]:
        raise TaskNotYet(
            f"{name} is {str(value)[:60]}: not one value",
            "for now a picture has one label; several are planned",
            where=where,
        )
    return "" if value is None else str(value)
