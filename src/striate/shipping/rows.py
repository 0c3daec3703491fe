"""Answers as lines of a file: JSON lines, or CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Literal

from striate.shipping.answer import Answer

Form = Literal["jsonl", "csv"]
# What begins a formula in one spreadsheet or another, wide letters included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_QUOTED = frozenset(',"\r\n')
_FIRST = ("path", "label", "probability", "sure", "error")


def head(form: Form, top: int) -> bytes:
    """What stands before the first row."""
    if form == "jsonl":
        return b""
    more = (f"{name}_{i}" for i in range(2, top + 1) for name in ("label", "probability"))
    return _csv([[*_FIRST, *more]])


def rows(form: Form, answers: Iterable[Answer], top: int) -> bytes:
    """One line for each answer."""
    if form == "jsonl":
        return b"".join(json_row(one) + b"\n" for one in answers)
    return _csv(_cells(one, top) for one in answers)


def json_row(answer: Answer) -> bytes:
    """The row of an answer as one object. A name whose bytes are no UTF-8 is written with escapes, from
    which `os.fsencode` makes the same bytes again.
    """
    told = answer.to_dict()
    try:
        return json.dumps(told, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(told, allow_nan=False).encode("ascii")


def _csv(lines: Iterable[Iterable[str]]) -> bytes:
    """Python's own writer leaves a lone carriage return without quotes, and its reader ends the row there."""
    text = "".join(",".join(map(_quoted, line)) + "\n" for line in lines)
    return text.encode("utf-8", "backslashreplace")


def _quoted(cell: str) -> str:
    if _QUOTED.isdisjoint(cell):
        return cell
    return '"' + cell.replace('"', '""') + '"'


def _cells(answer: Answer, top: int) -> Iterator[str]:
    """Every row has as many cells as the head."""
    sure = "" if answer.sure is None else str(int(answer.sure))
    yield from (_text(answer.path), _text(answer.label), _number(answer.probability), sure)
    yield _text(answer.error)
    for at in range(1, top):
        label, share = answer.top[at] if at < len(answer.top) else (None, None)
        yield from (_text(label), _number(share))


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _text(text: str | None) -> str:
    """With an apostrophe in front where a spreadsheet would compute it."""
    if not text:
        return ""
    return "'" + text if text.startswith(_FORMULA) else text
