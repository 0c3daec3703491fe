"""`striate plan`: the table of a network."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from striate.cli import output

if TYPE_CHECKING:
    from striate.geometry.fit import Fit
    from striate.grammar.fitting import Fitting


def names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The networks of the zoo that start so, for the shell's completion."""
    from striate.zoo.catalogue import CATALOGUE

    return [name for name in CATALOGUE if name.startswith(incomplete)]


@click.command(
    epilog=output.examples(
        'striate plan "3x32x32: (conv3p1-64 bn relu)*2 max2 (conv3p1-128 bn relu)*2 max2 gap fc10"',
        'striate plan "[(CONV-RELU)^2-POOL?]^3-(FC-RELU)^1,SOFTMAX" --input 3x32x32 --classes 10',
        "striate plan resnet50 --input 3x128x128 --batch 64",
        "striate plan alexnet --strict",
        'striate plan "N=32 F=5 S=2 P=?" --fit       # which padding fits a side of 32',
        "striate plan resnet18 --fit                 # which windows do not fit, and what would",
        "striate plan vgg16 --silence fc-heavy",
        "striate plan timm:convnext_tiny",
        "striate plan mymodule:make_net --input 1x28x28 --json",
    ),
)
@click.argument("network", shell_complete=names)
@click.option("--input", "given", metavar="CxHxW", help="Channels, height and width of a picture.")
@click.option(
    "--classes", type=click.IntRange(1), help="How many classes the last layer tells apart."
)
@click.option(
    "--batch",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Pictures in memory at a time.",
)
@click.option(
    "--strict",
    is_flag=True,
    help='Refuse a size that does not divide ("doesn\'t fit!"), as the lectures do.',
)
@click.option(
    "--fit",
    is_flag=True,
    help="Only the windows that do not fit, and what would. NETWORK may be a question: 'F=5 S=2'.",
)
@click.option(
    "--silence", default="", metavar="NAME[,NAME]", help="Leave these of the lectures' hints out."
)
@click.option("--no-hints", is_flag=True, help="Leave all of them out.")
@output.json_option
def command(
    network: str, given: str | None, classes: int | None, as_json: bool, **flags: Any
) -> None:
    """Shapes, parameters, cost and fields of a network, before a tensor exists.

    NETWORK is a text of the grammar, a name of `striate models`, torchvision:NAME, timm:NAME,
    package.module:function for any nn.Module of yours, or - to read a text from standard input.

    Under the table stand hints: what the lectures would say. Each has a name and says which lecture.
    """
    from striate.geometry import fit
    from striate.grammar.fitting import fitting
    from striate.grammar.hint import silenced, told
    from striate.grammar.hints import hints
    from striate.grammar.plan import Plan
    from striate.verbs.plan import plan

    text = sys.stdin.read() if network == "-" else network
    quiet = silenced(part.strip() for part in flags["silence"].split(",") if part.strip())
    if fit.is_question(text):
        return _show(fit.ask(text), as_json)
    found = plan(text, given, classes)
    sheet = found.sheet if isinstance(found, Plan) else found
    if flags["strict"]:
        found.check_exact()
    if flags["fit"]:
        return _show(fitting(found), as_json)
    said = () if flags["no_hints"] else hints(found, quiet)
    if as_json:
        output.emit_json(sheet.to_dict(flags["batch"]) | {"hints": [one.to_dict() for one in said]})
        return None
    width = output.terminal_width()
    output.emit("\n".join([sheet.table(flags["batch"], width), *_below(told(said, width))]))
    return None


def _below(lines: list[str]) -> list[str]:
    return ["", *lines] if lines else []


def _show(found: Fit | Fitting, as_json: bool) -> None:
    """What fits."""
    if as_json:
        output.emit_json(found.to_dict())
    else:
        output.emit("\n".join(found.lines()))
