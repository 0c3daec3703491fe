"""`striate show` of single layers and of graphs: what is reckoned from a few numbers."""

from __future__ import annotations

from pathlib import Path

import click

from striate.cli import output
from striate.cli.show_flags import checked, give, outputs


@click.command(
    epilog=output.examples(
        'striate show graph "x=2 y=-1 z=3: (x*w + y) max z" --backward',
        'striate show graph "x=-2 y=5 z=-4: (x + y) * z" --backward -o graph.svg',
        'striate show graph "w=2 x=-1 b=-3: sigmoid(w*x + b)" --backward -o graph.gif',
    )
)
@click.argument("formula", default="x=2 y=-1 z=3: (x*w + y) max z")
@click.option("--backward", is_flag=True, help="Gradients of every node too.")
@outputs
def graph(formula: str, backward: bool, out: Path | None, npz: Path | None, as_json: bool) -> None:
    """A computation graph, node by node: forward, and back by upstream × local = downstream.

    Values stand before the colon; a letter without one is 1, and that is said. + - * / ^ max min exp log
    sigmoid relu and brackets are read.
    """
    from striate.lectures.graph import graph as shown

    checked(out, npz)
    give(shown(formula, backward), out, npz, as_json)
