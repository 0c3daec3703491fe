"""What the commands of `striate show` have in common: -o, --npz, --json, places, and what they print."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from striate.cli import output
from striate.cli.progress import Progress

if TYPE_CHECKING:
    from striate.lectures.shown import Shown

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Place(click.ParamType[Any]):
    """ROW,COLUMN."""

    name = "row,column"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Two whole numbers from 0 on."""
        if isinstance(value, tuple):
            return value
        row, _, column = str(value).partition(",")
        if not (row.strip().isdecimal() and column.strip().isdecimal()):
            self.fail(f"{value!r} is no place: two whole numbers with a comma, as 0,1", param, ctx)
        return int(row), int(column)


class Pair(click.ParamType[Any]):
    """One whole number for both sides, or ROWS,COLUMNS."""

    name = "n or rows,columns"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Rows and columns."""
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in str(value).replace("x", ",").split(",")]
        if len(parts) not in (1, 2) or not all(part.isdecimal() for part in parts):
            self.fail(f"{value!r} is no whole number, and no two with a comma", param, ctx)
        return int(parts[0]), int(parts[-1])


class Finite(click.ParamType[Any]):
    """A number; nan and inf are none."""

    name = "float"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """As a float."""
        made: float = click.FLOAT.convert(value, param, ctx)
        if not math.isfinite(made):
            self.fail(f"{value!r} is no number that can be reckoned with", param, ctx)
        return made


def outputs(function: _Function) -> _Function:
    """-o, --npz and --json, as `out`, `npz` and `as_json`."""
    for option in (
        output.json_option,
        click.option(
            "--npz", type=click.Path(path_type=Path), help="The numbers themselves, as arrays."
        ),
        click.option(
            "-o",
            "--output",
            "out",
            type=click.Path(path_type=Path),
            help="Draw it: .svg, .png, or .gif for all steps.",
        ),
    ):
        function = option(function)
    return function


def checked(out: Path | None, npz: Path | None) -> None:
    """Refuse names of files before any work is done."""
    from striate.verbs import show

    show.check_names(out, npz)


def give(shown: Shown, out: Path | None, npz: Path | None, as_json: bool) -> None:
    """Write what is asked for, and print the lines or the numbers."""
    from striate.verbs import show

    with Progress() as progress:
        told = show.write(
            shown, out, npz, lambda done, count: progress.show("drawing frames", done, count)
        )
    if as_json:
        output.emit_json(show.content(shown, told))
        return
    output.emit("\n".join(shown.lines))
    if out is not None:
        frames = told["frames"]
        output.note(f"written: {told['written']}" + (f", {frames} frames" if frames > 1 else ""))
    if npz is not None:
        output.note(f"written: {told['arrays']}")
