"""`striate models`: the zoo."""

from __future__ import annotations

import click

from striate.cli import output


@click.command(
    epilog=output.examples("striate models", "striate models mobilenet", "striate models --json"),
)
@click.argument("pattern", default="")
@output.json_option
def command(pattern: str, as_json: bool) -> None:
    """Every network the zoo knows.

    PATTERN keeps those whose name, family or paper holds it. `striate plan NAME` shows one layer by
    layer.
    """
    from striate.grammar.sheet import short_count
    from striate.verbs.models import models

    rows = models(pattern)
    if as_json:
        output.emit_json({"models": rows})
        return
    if not rows:
        output.note(f"no network matches {pattern!r}; `striate models` lists all")
        return
    headers = ("name", "year", "input", "parameters", "MACs", "field", "weights", "paper")
    lines = [
        (
            row["name"],
            str(row["year"]),
            "x".join(map(str, row["input"])),
            row["parameters"],
            short_count(row["macs"]),
            str(row["receptive_field"][0]) if row["receptive_field"] else "all",
            row["weights"]["source"] if row["weights"] else "–",
            row["paper"],
        )
        for row in rows
    ]
    output.emit(output.table(headers, lines, "LlLrrrll"))
    if any(row["weights"] for row in rows):
        licences = sorted({row["weights"]["licence"] for row in rows if row["weights"]})
        output.emit("\nlicence of the weights: " + "; ".join(licences))
