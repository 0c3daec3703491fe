"""`striate export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from striate.cli import output
from striate.cli.live import Live

if TYPE_CHECKING:
    from striate.judging.compare import Comparison
    from striate.judging.intervals import Measure


@click.command(
    epilog=output.examples(
        "striate export latest                  # RUN/export/model.onnx: any picture in, probabilities out",
        "striate export latest --to bundle -o pets.striate",
        "striate export latest --int8 --max-drop 0.005",
        "striate export pets.striate --to onnx-tensor -o pets.onnx   # prepared pictures in, logits out",
    )
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "form",
    type=click.Choice(["onnx", "onnx-tensor", "bundle"]),
    default="onnx",
    show_default=True,
    help="onnx: uint8 pictures of any size in, preparation included. onnx-tensor: prepared pictures in. "
    "bundle: everything in one .striate file.",
)
@click.option("--int8", is_flag=True, help="Eight bits: smaller and faster, measured on val.")
@click.option(
    "--max-drop",
    type=click.FloatRange(0, 1),
    default=0.01,
    show_default=True,
    help="With --int8: refuse to lose more accuracy on val than this.",
)
@click.option("--data", help="Pictures to prove it with, where the run's own are gone.")
@click.option("-o", "--output", "out", type=click.Path(path_type=Path), help="The file.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@output.json_option
def command(
    run: Path,
    form: str,
    int8: bool,
    max_drop: float,
    data: str | None,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """One file for elsewhere, proven to give the same answers.

    No file is left that gives others.
    """
    from striate.verbs.export import Wanted, export

    wanted = Wanted(form, int8, max_drop, data, out, overwrite)  # type: ignore[arg-type]
    done = Live(quiet=as_json).follow(export(run, wanted))
    if as_json:
        output.emit_json(done.to_dict())
        return
    output.emit(f"{done.path}: {done.size_bytes / 1e6:.1f} MB, sha256 {done.sha256[:16]}…")
    if done.agreement is not None:
        what = "pictures of the run" if done.real else "made pictures"
        than = "the eight bits that were judged" if done.int8 else "the network"
        output.emit(f"agrees with {than}: {done.agreement.told()} ({what})")
    if done.int8 is not None:
        output.emit(f"eight bits: {_cost(done.int8)}")
    output.emit(f"next: striate predict {done.path} PICTURE")


def _cost(found: Comparison) -> str:
    """Both accuracies with their intervals, and what the same pictures say of the difference."""
    low, high = found.interval_95
    return (
        f"{_share(found.second)} of val right, in fp32 {_share(found.first)}: {100 * found.difference:+.2f} "
        f"points on the same {found.count:,} pictures (95 %: {100 * low:+.2f} to {100 * high:+.2f})"
    )


def _share(one: Measure) -> str:
    low, high = one.interval_95 or (0.0, 1.0)
    return f"{one.value or 0:.2%} ({low:.2%} to {high:.2%})"
