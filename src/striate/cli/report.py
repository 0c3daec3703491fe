"""`striate report`."""

from __future__ import annotations

from pathlib import Path

import click

from striate.cli import output


@click.command(
    epilog=output.examples(
        "striate report runs/latest",
        "striate report runs/2026-11-20-7f3a -o report.html",
        "striate report latest --json",
    ),
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "path",
    type=click.Path(path_type=Path),
    help="The file to write, outside the data.  [default: report.html in RUN]",
)
@output.json_option
def command(run: Path, path: Path | None, as_json: bool) -> None:
    """The page of a run: scores, curves, errors, in one file.

    RUN is a folder, the name of one in runs/, or `latest`. The page is one HTML file that needs nothing
    else: scores with their intervals, learning curves, what is taken for what, calibration, the worst
    errors as pictures, the data, the recipe and the machine. What the run does not hold is said there.
    Thumbnails come from the run's data, where they can be opened from here; nothing is downloaded.
    """
    from striate.verbs.report import report

    written = report(run, path)
    if as_json:
        output.emit_json({"written": str(written), "bytes": written.stat().st_size})
        return
    output.emit(f"written: {written}")
