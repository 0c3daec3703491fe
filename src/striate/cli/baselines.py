"""`striate baselines`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from striate.cli import output
from striate.cli.live import Live

if TYPE_CHECKING:
    from striate.verbs.baselines import Compared
    from striate.verbs.baselines_rows import Row

_NAMED = 3


@click.command(
    epilog=output.examples(
        "striate baselines shapes --budget 2m -o baselines.html",
        "striate baselines photos/ --subset 4000 -o cost.png --npz baselines.npz",
        "striate baselines cifar10 --budget 10m --json",
    )
)
@click.argument("data")
@click.option(
    "--budget", default="5m", show_default=True, metavar="TIME", help="Of all methods together."
)
@click.option(
    "--subset",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="At most N pictures of train, a quarter as many of val and of test.",
)
@click.option("--splits", type=click.Path(), help="Who is where, as `striate split` writes it.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, other draws.")
@click.option("--skip-bad", is_flag=True, help="Go on without pictures that cannot be read.")
@click.option("--root", type=click.Path(), help="Where named sets lie.")
@click.option(
    "-o",
    "page",
    metavar="FILE",
    help="A page with charts, and what fails on what (.html), or accuracy against cost (.png).",
)
@click.option("--npz", metavar="FILE", help="The numbers themselves, as arrays.")
@click.option("-q", "--quiet", is_flag=True, help="Warnings and the table alone.")
@output.json_option
def command(**given: Any) -> None:
    """Was a convolutional network worth it? Every method before it, on the same pictures.

    Nearest neighbours, perceptron, Adaline, softmax, SVM, HOG, visual words, MLP and a convnet, under
    the same splits, each with an equal part of the budget. Val chooses; test is answered once.
    """
    from striate.verbs.baselines import baselines, refuse_early
    from striate.verbs.baselines_world import Asked
    from striate.verbs.train_order import seconds_of

    asked = Asked(
        given["data"], seconds_of(given["budget"]), given["subset"], given["seed"], given["splits"],
        given["skip_bad"], given["root"],
    )  # fmt: skip
    refuse_early(asked, given["page"], given["npz"])
    found = Live(given["quiet"]).follow(baselines(asked))
    if given["page"]:
        found.write_page(given["page"])
    if given["npz"]:
        found.write_arrays(given["npz"])
    if given["as_json"]:
        output.emit_json(found.to_dict())
    else:
        output.emit(text(found))
    if given["page"]:
        kind = "picture" if str(given["page"]).lower().endswith(".png") else "page"
        output.note(f"{kind} written to {given['page']}")
    if given["npz"]:
        output.note(f"arrays written to {given['npz']}")


def text(found: Compared) -> str:
    """The table, and which method fails on what."""
    from striate.pages.baselines import verdict
    from striate.verbs.baselines_page import lines_of

    headers = (
        "method",
        "accuracy",
        "95 %",
        "fit",
        "a picture",
        "parameters",
        "multiply-adds",
        "input",
    )
    rows = [_cells(row, found.side) for row in found.rows]
    parts = [output.table(headers, rows, "Lrrrrrrl"), "", verdict(lines_of(found), "convnet")]
    failing = [row for row in found.rows if row.failing]
    if failing:
        parts.append("")
    parts += [f"{row.name} fails on {_failing(row)}: it sees {row.sees}" for row in failing]
    return "\n".join(parts)


def _cells(row: Row, side: str) -> tuple[object, ...]:
    low, high = row.interval
    return (
        row.name, f"{row.accuracy:.1%}", f"{low:.1%} to {high:.1%}", f"{row.seconds:.1f} s",
        f"{row.each_ms:.3f} ms", row.parameters, row.multiply_adds, side,
    )  # fmt: skip


def _failing(row: Row) -> str:
    """Its worst classes, and what it takes them for."""
    named = [f"{one.name} ({one.recall:.0%}, for {one.taken_for})" for one in row.failing[:_NAMED]]
    more = len(row.failing) - len(named)
    return ", ".join([*named, *([f"{more} more"] if more else [])])
