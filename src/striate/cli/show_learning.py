"""`striate show` of learning: race, boundaries."""

from __future__ import annotations

from pathlib import Path

import click

from striate.cli import output
from striate.cli.show_flags import checked, give, outputs


@click.command(
    epilog=output.examples(
        "striate show race",
        "striate show race saddle -o race.gif",
        "striate show race valley --steps 1000 --within 0.01",
    )
)
@click.argument("surface", type=click.Choice(["valley", "saddle"]), default="valley")
@click.option(
    "--steps", type=click.IntRange(1, 2000), default=300, show_default=True, help="At most."
)
@click.option(
    "--within", type=float, default=0.05, show_default=True, help="So near counts as there."
)
@outputs
def race(
    surface: str, steps: int, within: float, out: Path | None, npz: Path | None, as_json: bool
) -> None:
    """SGD, momentum, RMSProp, Adam and Adadelta run down a surface.

    Each takes the rate, of twelve, with which it arrives first without leaving the drawing. There is no
    chance in it: the same call gives the same race.
    """
    from striate.lectures.race import race as shown

    checked(out, npz)
    give(shown(surface, steps, within), out, npz, as_json)
