"""A lecture as a notebook: sections as text, a cell for each command, with what it printed and drew.

Plain JSON of nbformat 4, so that nothing is needed to write it, and a web page shows it as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

from striate.lectures.told.errata import erratum
from striate.lectures.told.section import Lecture, Section

MOST_LETTERS = 120_000  # of a drawing; larger ones are left to whoever runs the cell
START = "from striate.cli.typed import typed"


class Answer(Protocol):
    """What a command left, with the still it drew."""

    @property
    def command(self) -> str:
        """The line as typed."""
        ...

    @property
    def svg(self) -> str:
        """SVG, or nothing."""
        ...


Run = Callable[[str], Answer]


def notebook(told: Lecture, run: Run) -> str:
    """The whole file; every command is run."""
    about = f"# {told.name}: {told.course}\n\n{told.about[0].upper()}{told.about[1:]}.\n\n"
    about += f"The same in a terminal: `striate lecture {told.name}`. Sentences and numbers are our own; the "
    about += "slides are not shown."
    cells = [_text(about), _code(START, 1, [])]
    for number, section in enumerate(told.sections, 1):
        cells.append(_text(_words(number, section)))
        for command in section.commands:
            count = 1 + sum(cell["cell_type"] == "code" for cell in cells)
            cells.append(_code(source(command), count, _results(run(command), count)))
    whole = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def source(command: str) -> str:
    """The line of Python that runs a command.

    >>> source('striate plan "1x5x6: fc12"')
    'typed(\\'striate plan "1x5x6: fc12"\\')'
    """
    return f"typed({command!r})"


def _words(number: int, section: Section) -> str:
    lines = [f"## {number}  {section.title}", "", section.text]
    for one in (erratum(key) for key in section.errata):
        lines += ["", f"> **A mistake on the slides: {one.title}.**", f"> Printed: {one.printed}"]
        lines += [">", f"> True: {one.true}"]
    return "\n".join(lines)


def _text(words: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": words.splitlines(keepends=True)}


def _code(text: str, count: int, outputs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": count,
        "metadata": {},
        "outputs": outputs,
        "source": [text],
    }


def _results(answer: Answer, count: int) -> list[dict[str, Any]]:
    """What the cell prints, and what it gives: the drawing."""
    text = (repr(answer) + "\n").splitlines(keepends=True)
    outputs: list[dict[str, Any]] = [{"output_type": "stream", "name": "stdout", "text": text}]
    if 0 < len(answer.svg) <= MOST_LETTERS:
        data = {
            "image/svg+xml": answer.svg.splitlines(keepends=True),
            "text/plain": [f"drawing of {answer.command}"],
        }
        outputs.append(
            {
                "output_type": "execute_result",
                "execution_count": count,
                "metadata": {},
                "data": data,
            }
        )
    return outputs
