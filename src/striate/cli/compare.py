"""`striate compare`."""

from __future__ import annotations

from pathlib import Path

import click

from striate.cli import output
from striate.errors import UsageError


@click.command(
    epilog=output.examples(
        "striate compare runs/a runs/b", "striate compare runs/a runs/b runs/c --json"
    )
)
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--split", type=click.Choice(["auto", "val", "test"]), default="auto", show_default=True
)
@output.json_option
def command(runs: tuple[Path, ...], split: str, as_json: bool) -> None:
    """Runs side by side: is a difference more than chance?

    Every run is held against the first, picture by picture (McNemar). They must have been judged on the
    same pictures.
    """
    from striate.verbs.compare import compare

    if len(runs) < 2:
        raise UsageError("comparing takes at least two runs", "`striate runs list` shows them")
    found = compare(runs, split)
    if as_json:
        output.emit_json(found.to_dict())
        return
    lines = []
    for row in found.rows:
        low, high = row["interval_95"]
        lines.append(
            (
                row["run"], row["model"], row["parameters"], row["steps"],
                f"{row['accuracy']:.2%}", f"{low:.2%}–{high:.2%}", f"{row['ece_after']:.3f}",
            )
        )  # fmt: skip
    heads = (
        "run",
        "network",
        "parameters",
        "steps",
        f"{found.split} accuracy",
        "95 %",
        "calibration error",
    )
    output.emit(output.table(heads, lines, "Llrrrrr"))
    for pair in found.pairs:
        output.emit("\n" + pair["text"])
