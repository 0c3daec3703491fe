"""`striate report`."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from striate.cli import output
from striate.cli.live import Live
from striate.errors import UsageError


@click.command(
    epilog=output.examples(
        "striate report runs/latest",
        "striate report runs/2026-11-20-7f3a -o report.html",
        "striate report latest --quick",
        "striate report latest --budget 1m --json",
    ),
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "path",
    type=click.Path(path_type=Path),
    help="The file to write, outside the data.  [default: report.html in RUN]",
)
@click.option(
    "--quick", is_flag=True, help="Without looking into the network, as `train` writes it."
)
@click.option(
    "--budget",
    default="20s",
    show_default=True,
    metavar="TIME",
    help="Of looking into the network.",
)
@output.json_option
def command(run: Path, path: Path | None, quick: bool, budget: str, as_json: bool) -> None:
    """The page of a run: scores, curves, errors, in one file.

    RUN is a folder, the name of one in runs/, or `latest`. The page is one HTML file that needs nothing
    else: scores with their intervals, learning curves, what is taken for what, calibration, the worst
    errors as pictures, the data, the recipe and the machine; then filters, why it erred, what excites
    its units, neighbours, shift test, fields and maps. What is missing, and what there was no time
    for, is said there. Thumbnails come from the run's data, where they can be opened from here;
    nothing is downloaded.
    """
    from striate.verbs.train_order import seconds_of

    seconds = seconds_of(budget)
    given = click.get_current_context().get_parameter_source("budget")
    if quick and given is ParameterSource.COMMANDLINE:
        raise UsageError("--quick does not use --budget", "leave one of them out")
    left_out: tuple[str, ...] = ()
    if quick:
        from striate.verbs.report import report

        written = report(run, path)
    else:
        from striate.verbs.report_whole import whole

        written, left_out = Live(quiet=as_json).follow(whole(run, path, seconds))
    if as_json:
        told = {"written": str(written), "bytes": written.stat().st_size}
        output.emit_json(told if quick else {**told, "left_out": list(left_out)})
        return
    output.emit(f"written: {written}")
    for line in left_out:
        output.note(line)
