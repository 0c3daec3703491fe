"""The page of every error, from the docstring of its class."""

from __future__ import annotations

import difflib
import inspect
from typing import NamedTuple

from striate import errors
from striate.errors import StriateError, UsageError

LETTERS = {
    "U": "usage",
    "G": "the text of a network",
    "S": "shapes",
    "M": "models and weights",
    "D": "data",
    "E": "gates that were not passed",
    "N": "missing on this machine or on the network",
    "F": "files",
    "T": "training",
    "P": "shipping",
    "X": "ours",
}


class Page(NamedTuple):
    """What there is to know of one error."""

    code: str
    name: str
    title: str
    exit_code: int
    text: str


def pages() -> list[Page]:
    """The page of every error, in the order of the codes."""
    kinds = [c for c in vars(errors).values() if inspect.isclass(c) and issubclass(c, StriateError)]
    found = [Page(k.code, k.__name__, k.title, k.exit_code, inspect.getdoc(k) or "") for k in kinds]
    return sorted(found, key=lambda page: page.code)


def page(code: str) -> Page:
    """The page of one error, by its code or by the name of its class.

    >>> page("g001").title
    'an unknown word'
    """
    found = pages()
    for one in found:
        if code.lower() in (one.code.lower(), one.name.lower()):
            return one
    near = difflib.get_close_matches(code.upper(), [one.code for one in found], n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    raise UsageError(f"no error has the code {code!r}", f"{meant}`striate explain-error` lists all")


def markdown() -> str:
    """The page docs/errors.md, which a test compares with this."""
    lines = [
        "# Errors",
        "",
        "Made from the docstrings in `errors.py`; `make fix` writes it anew.",
        "",
    ]
    lines += [
        "`striate explain-error CODE` prints one. Codes are never used again for something else.",
        "",
    ]
    for one in pages():
        exits = f"Class `{one.name}`, exit code {one.exit_code}."
        lines += [f"## {one.code} · {one.title}", "", one.text, "", exits, ""]
    return "\n".join(lines)
