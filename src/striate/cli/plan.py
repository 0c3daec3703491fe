"""`striate plan`: the table of a network."""

from __future__ import annotations

import sys

import click

from striate.cli import output


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
@output.json_option
def command(
    network: str, given: str | None, classes: int | None, batch: int, strict: bool, as_json: bool
) -> None:
    """Shapes, parameters, cost and fields of a network, before a tensor exists.

    NETWORK is a text of the grammar, a name of `striate models`, torchvision:NAME, timm:NAME,
    package.module:function for any nn.Module of yours, or - to read a text from standard input.
    """
    from striate.grammar.plan import Plan
    from striate.verbs.plan import plan

    found = plan(sys.stdin.read() if network == "-" else network, given, classes)
    sheet = found.sheet if isinstance(found, Plan) else found
    if strict:
        found.check_exact()
    if as_json:
        output.emit_json(sheet.to_dict(batch))
    else:
        output.emit(sheet.table(batch, output.terminal_width()))
