"""`striate show` of sizes and places: field, steps, two-filters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from striate.cli import output
from striate.cli.show_flags import Pair, Place, checked, give, outputs

NETWORK = "3x32x32: conv3p1-8 relu conv3p1-8 relu max2 conv3p1-8"


class Number(click.ParamType[Any]):
    """FILTER,ROW,COLUMN."""

    name = "filter,row,column"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int, int]:
        """One of two filters, three rows and three columns."""
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in str(value).split(",")]
        if len(parts) != 3 or not all(part.isdecimal() for part in parts):
            self.fail(f"{value!r} is not three whole numbers with commas, as 1,0,2", param, ctx)
        f, row, column = map(int, parts)
        if f > 1 or row > 2 or column > 2:
            self.fail(f"{value}: filters are 0 and 1, rows and columns 0 to 2", param, ctx)
        return f, row, column


@click.command(
    epilog=output.examples(
        f'striate show field "{NETWORK}"',
        'striate show field "1x9x9: (conv3-1)*4" -o growth.svg             # 3, 5, 7, 9',
        'striate show field "1x224x224: (conv3p1-1)*112" -o growth.gif     # all of 224 pixels',
        "striate show field resnet18 --layer stage2.res1.body.conv1 --at 0,0",
        'striate show field "(conv3-8)*3" --input 3x32x32',
    )
)
@click.argument("network", default=NETWORK)
@click.option("--input", "given", metavar="CxHxW", help="Channels, height and width of a picture.")
@click.option("--layer", help="Up to this layer.  [default: the last that has a map]")
@click.option("--at", type=Place(), help="The unit of that layer.  [default: the middle one]")
@outputs
def field(
    network: str,
    given: str | None,
    layer: str | None,
    at: tuple[int, int] | None,
    out: Path | None,
    npz: Path | None,
    as_json: bool,
) -> None:
    """The part of the picture that one unit sees, layer by layer.

    NETWORK is a text of the grammar or a name of the zoo. Layers that leave the field as it is, such as relu,
    are left out. Colours say how many ways lead from a pixel to the unit; where ways part and meet again
    (residual blocks, branches) the whole field has one colour.
    """
    from striate.lectures.field import field as shown
    from striate.verbs.show_network import bound

    checked(out, npz)
    give(shown(bound(network, given), layer, at), out, npz, as_json)


@click.command(
    epilog=output.examples(
        "striate show steps --size 7 --kernel 3 --stride 3                 # 2.33: does not fit",
        "striate show steps --pad 1                       # a corner is used 4 times, the inside 9",
        "striate show steps --size 32 --kernel 5          # 32, 28, 24, 20, …",
        "striate show steps --size 32 --kernel 5 --stride 2                # no padding fits",
        "striate show steps --dilation 2 -o gaps.gif",
    )
)
@click.option("--size", type=Pair(), default="7", show_default=True, help="N, or ROWS,COLUMNS.")
@click.option("--kernel", type=Pair(), default="3", show_default=True, help="N, or ROWS,COLUMNS.")
@click.option("--stride", type=Pair(), default="1", show_default=True, help="N, or ROWS,COLUMNS.")
@click.option("--pad", type=Pair(), default="0", show_default=True, help="N, or ROWS,COLUMNS.")
@click.option("--dilation", type=Pair(), default="1", show_default=True, help="N, or ROWS,COLUMNS.")
@outputs
def steps(out: Path | None, npz: Path | None, as_json: bool, **flags: Any) -> None:
    """Where a window can stand: what fits, what does not, and how often each pixel is used."""
    from striate.lectures.steps import Steps
    from striate.lectures.steps import steps as shown

    checked(out, npz)
    give(shown(Steps(**flags)), out, npz, as_json)


@click.command(
    epilog=output.examples(
        "striate show two-filters",
        "striate show two-filters --seed 3 --at 1,2,0",
        "striate show two-filters -o two-filters.gif",
    )
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the numbers.")
@click.option(
    "--at",
    type=Number(),
    default="0,0,0",
    show_default=True,
    help="FILTER,ROW,COLUMN of the output that is written out.",
)
@outputs
def two_filters(
    seed: int, at: tuple[int, int, int], out: Path | None, npz: Path | None, as_json: bool
) -> None:
    """Two 3×3×3 filters over 7×7×3 numbers (padding included), stride 2: 3×3×2.

    The numbers of the lecture's own demonstration cannot be recovered; these are drawn from a seed.
    """
    from striate.lectures.two_filters import two_filters as shown

    checked(out, npz)
    give(shown(seed, at), out, npz, as_json)
