"""`striate bench`."""

from __future__ import annotations

from pathlib import Path

import click

from striate.cli import output
from striate.cli.live import Live


@click.command(
    epilog=output.examples(
        "striate bench latest",
        "striate bench model.onnx --seconds 30 --json",
        "striate bench pets.striate --threads 1      # as on a smaller machine",
    )
)
@click.argument("model", type=click.Path(path_type=Path), metavar="RUN|BUNDLE|model.onnx")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 3600),
    default=10.0,
    show_default=True,
    help="About how long to measure.",
)
@click.option("--threads", type=click.IntRange(1, 1024), help="As many as there are cores.")
@output.json_option
def command(model: Path, seconds: float, threads: int | None, as_json: bool) -> None:
    """How fast a model answers on this machine."""
    from striate.verbs.bench import bench

    done = Live(quiet=as_json).follow(bench(model, seconds, threads))
    if as_json:
        output.emit_json(done.to_dict())
        return
    output.emit(f"{done.machine}, {done.threads} thread{'s' * (done.threads > 1)}, {done.runtime}")
    height, width, channels = done.input
    output.emit(f"made photographs of 500 x 375, prepared to {width} x {height} x {channels}\n")
    rows = [
        ("one picture, file to answer", done.whole),
        ("one picture, network alone", done.alone),
    ]
    output.emit(
        output.table(
            ("latency", "p50", "p99", "best", "calls"),
            [(n, *(f"{v:.2f} ms" for v in one[:3]), one.calls) for n, one in rows],
            "Lrrrr",
        )
    )
    rates = [("network alone", one) for one in done.network]
    rates += [("files to answers", one) for one in done.files]
    output.emit("")
    output.emit(
        output.table(
            ("pictures in a second", "batch", "threads", "rate"),
            [(n, one.batch, one.threads, f"{one.per_second:,.1f}/s") for n, one in rates],
            "Lrrr",
        )
    )
    if done.memory is not None:
        output.emit(f"\nmost memory: {done.memory / 1e6:,.0f} MB")
