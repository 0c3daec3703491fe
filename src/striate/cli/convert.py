"""`striate convert`."""

from __future__ import annotations

from pathlib import Path

import click

from striate.cli import output


@click.command(
    epilog=output.examples(
        "striate convert resnet50.pth                 # writes resnet50.safetensors",
        "striate convert old.pt -o weights.safetensors",
        "striate train photos/ --model resnet50 --pretrained resnet50.safetensors",
    )
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", "out", type=click.Path(path_type=Path), help="The file.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@output.json_option
def command(file: Path, out: Path | None, overwrite: bool, as_json: bool) -> None:
    """Foreign weights to safetensors, read in a locked-in process.

    A .pt or .pth file is data to us, never code: a process of its own reads it, weights only, with a memory
    limit and, where the system allows that, without network.
    """
    from striate.verbs.convert import convert

    found = convert(file, out, overwrite=overwrite)
    if as_json:
        output.emit_json(found.to_dict())
        return
    for text in found.notes:
        output.note(text)
    output.emit(f"{found.path}: {found.tensors:,} tensors, {found.numbers:,} numbers")
