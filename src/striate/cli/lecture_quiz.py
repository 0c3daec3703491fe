"""`striate lecture quiz`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from striate.cli import output

if TYPE_CHECKING:
    from striate.lectures.quiz import Question


@click.command(
    epilog=output.examples(
        "striate lecture quiz sizes",
        "striate lecture quiz parameters --seed 7 --count 5",
        "striate lecture quiz fields --answers      # with answers, and how one gets them",
    )
)
@click.argument("kind", type=click.Choice(["sizes", "parameters", "fields"]))
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed asks the same.")
@click.option("--count", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--answers", is_flag=True, help="Print the answers too, and ask nothing.")
@click.option(
    "--ask",
    is_flag=True,
    help="Ask, also where answers come from a pipe.  [default: in a terminal]",
)
@output.json_option
def quiz(kind: str, seed: int, count: int, answers: bool, ask: bool, as_json: bool) -> None:
    """Questions on sizes, parameters and receptive fields, with computed answers.

    In a terminal each is asked and checked, with a score at the end; elsewhere they are printed. Shapes are
    answered as 6x28x28, channels first.
    """
    from striate.lectures.quiz import questions

    asked = questions(kind, seed, count)
    if as_json:
        kept = ("text", "answer", "why", "command") if answers else ("text",)
        shown = [{name: getattr(one, name) for name in kept} for one in asked]
        output.emit_json({"kind": kind, "seed": seed, "questions": shown})
    elif not answers and (ask or (sys.stdin.isatty() and sys.stdout.isatty())):
        _ask(asked)
    else:
        output.emit("\n".join(_lines(asked, answers)))


def _lines(asked: list[Question], answers: bool) -> list[str]:
    lines = []
    for number, one in enumerate(asked, 1):
        lines.append(f"{number:2}  {one.text}")
        if answers:
            lines.append(f"    {one.answer}    {one.why}")
    return lines


def _ask(asked: list[Question]) -> None:
    """One after the other; the end of the input ends it, with the score so far."""
    right = met = 0
    for number, one in enumerate(asked, 1):
        output.emit(f"{number:2}  {one.text}")
        said = sys.stdin.readline()
        if not said:
            break
        met += 1
        if one.accepts(said):
            right += 1
            output.emit("    right\n")
        else:
            output.emit(f"    {one.answer}: {one.why}\n    see it: {one.command}\n")
    output.emit(
        f"{right} of {met} right" + ("" if met == len(asked) else f", {len(asked)} asked for")
    )
