"""`striate card`."""

from __future__ import annotations

from pathlib import Path

import click

from striate.cli import output


@click.command(
    epilog=output.examples(
        "striate card latest",
        "striate card pets.striate > MODEL_CARD.md",
        "striate card model.onnx --json",
    )
)
@click.argument("model", type=click.Path(path_type=Path))
@output.json_option
def command(model: Path, as_json: bool) -> None:
    """What is known of a classifier, and how to run it without Striate.

    A page in Markdown.
    """
    from striate.verbs.card import card

    found = card(model)
    if as_json:
        output.emit_json(found.to_dict())
        return
    output.emit(found.text.rstrip())
