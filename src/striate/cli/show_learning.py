"""`striate show` of learning: race, boundaries."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

import click

from striate.cli import output
from striate.cli.show_flags import Finite, checked, give, outputs


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
    "--within", type=Finite(), default=0.05, show_default=True, help="So near counts as there."
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


@click.command(
    epilog=output.examples(
        "striate show boundaries",
        "striate show boundaries xor -o boundaries.png",
        "striate show boundaries moons -o learning.gif                # as they learn",
        "striate show boundaries rings --count 400 --epochs 80 --seed 1",
    )
)
@click.argument("points", type=click.Choice(["blobs", "rings", "xor", "moons"]), default="moons")
@click.option(
    "--count", type=click.IntRange(10, 2000), default=200, show_default=True, help="So many points."
)
@click.option("--epochs", type=click.IntRange(1, 400), default=40, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Of points and first weights.")
@outputs
def boundaries(
    points: str, out: Path | None, npz: Path | None, as_json: bool, **flags: Any
) -> None:
    """Where a linear, a two-layer and a small convolutional network decide.

    Points of two classes in the plane are learned by each, trained in plain NumPy. The convolutional network
    takes pictures, so for it every point is a soft dot in a picture of 10×10 pixels.
    """
    from striate.lectures.boundaries import boundaries as shown

    checked(out, npz)
    began = perf_counter()
    made = shown(points, **flags)
    output.note(f"trained in {perf_counter() - began:.1f} s")
    give(made, out, npz, as_json)
