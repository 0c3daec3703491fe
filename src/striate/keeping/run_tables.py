"""The tables of a run: metrics.csv grows at each evaluation, predictions.csv is written at the end."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from striate import safe
from striate.errors import FileFault

METRICS = (
    "step", "epoch", "rate", "train_loss", "train_accuracy", "val_loss", "val_accuracy",
)  # fmt: skip
Number = int | float | None


class Prediction(NamedTuple):
    """What the network said of one picture. `probability` and `loss` are after temperature scaling."""

    path: str
    split: str
    truth: str
    label: str
    probability: float
    sure: bool
    loss: float


def append_metrics(path: Path, row: Mapping[str, Number]) -> None:
    """Add one evaluation, flushed to the disk. A number that is not known is left out or None.

    A table that is there keeps its columns: one of an earlier version has two more, which stay empty.
    """
    unknown = sorted(set(row) - set(METRICS))
    if unknown or type(row.get("step")) is not int:
        raise ValueError(f"a row of metrics needs a step and has no columns {unknown}")
    if not path.exists():
        safe.write_text(path, ",".join(METRICS) + "\n")
    columns = _lines(path)[0].split(",")
    missing = sorted(set(row) - set(columns))
    if missing:
        raise _unreadable(path, f"it has no column {', '.join(missing)}")
    safe.append_line(path, ",".join(_text(row.get(name)) for name in columns))


def cut_metrics(path: Path, step: int) -> int:
    """Drop what came after a step and what a killed writer left of a line; tell how many rows went.

    The rest keeps every byte, so an unbroken run and a resumed one have the same file.
    """
    if not path.exists():
        return 0
    lines = _lines(path)
    kept = [line for line in lines[1:] if int(line.partition(",")[0]) <= step]
    text = "\n".join([lines[0], *kept]) + "\n"
    if text.encode("utf-8") != path.read_bytes():
        safe.write_text(path, text)
    return len(lines) - 1 - len(kept)


def read_metrics(path: Path) -> list[dict[str, Number]]:
    """All whole rows, oldest first; none where nothing was evaluated yet."""
    if not path.exists():
        return []
    head, *rows = (line.split(",") for line in _lines(path))
    try:
        return [dict(zip(head, map(_number, row), strict=True)) for row in rows]
    except ValueError as fault:
        raise _unreadable(path, str(fault)) from None


def write_predictions(path: Path, rows: Iterable[Prediction]) -> None:
    """Write the table of predictions, whole or not at all."""
    told = (
        (*row[:4], repr(float(row.probability)), int(row.sure), repr(float(row.loss)))
        for row in rows
    )
    safe.write_csv(path, itertools.chain([Prediction._fields], told))


def read_predictions(path: Path) -> list[Prediction]:
    """The table that `write_predictions` wrote."""
    try:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as fault:
        raise _unreadable(path, fault.strerror or str(fault)) from fault
    rows = csv.reader(io.StringIO(text, newline=""))
    if next(rows, None) != list(Prediction._fields):
        raise _unreadable(path, f"its columns are not {', '.join(Prediction._fields)}")
    try:
        return [_prediction(row) for row in rows]
    except (ValueError, csv.Error) as fault:
        raise _unreadable(path, f"line {rows.line_num}: {fault}") from None


def _prediction(row: list[str]) -> Prediction:
    if len(row) != len(Prediction._fields) or row[5] not in ("0", "1"):
        raise ValueError("it is no row of predictions")
    path, split, truth, label, probability, sure, loss = row
    return Prediction(path, split, truth, label, float(probability), sure == "1", float(loss))


def _lines(path: Path) -> list[str]:
    """The whole lines of metrics.csv, checked; the first names the columns."""
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise _unreadable(path, str(fault)) from fault
    lines = text.split("\n")[:-1]  # what follows the last line end was never finished
    if not lines or lines[0].split(",")[0] != "step":
        raise _unreadable(path, "its first line names no columns")
    width = lines[0].count(",")
    for at, line in enumerate(lines[1:], 2):
        if line.count(",") != width or not line.partition(",")[0].isdecimal():
            raise _unreadable(path, f"line {at} is no row of metrics")
    return lines


def _unreadable(path: Path, reason: str) -> FileFault:
    return FileFault(f"{path} cannot be read: {reason}", "bring it back from a copy", str(path))


def _text(value: Number) -> str:
    """A number that reads back as the very same."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else repr(float(value))


def _number(text: str) -> Number:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)
