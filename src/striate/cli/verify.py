"""`striate verify`."""

from __future__ import annotations

from pathlib import Path

import click

from striate.cli import output
from striate.cli.live import Live


@click.command(
    epilog=output.examples(
        "striate verify pets.striate",
        "striate verify model.onnx --against latest   # exit code 5 where it answers otherwise",
    )
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--against", type=click.Path(path_type=Path), help="The run it came from.")
@output.json_option
def command(file: Path, against: Path | None, as_json: bool) -> None:
    """Is a file whole, and does it answer as the run it came from?"""
    from striate.verbs.verify import verify

    found = Live(quiet=as_json).follow(verify(file, against))
    if as_json:
        output.emit_json(found.to_dict())
        return
    for text in found.checks:
        output.emit(f"ok  {text}")
