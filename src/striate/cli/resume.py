"""`striate resume`."""

from __future__ import annotations

from pathlib import Path

import click

from striate.cli import output
from striate.cli.live import Live
from striate.cli.train import result, summary


@click.command(
    epilog=output.examples("striate resume runs/2026-11-20-7f3a", "striate resume latest")
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("-q", "--quiet", is_flag=True, help="Warnings and the result alone.")
@output.json_option
def command(run: Path, quiet: bool, as_json: bool) -> int:
    """Go on with a run from its last checkpoint.

    The end is the same, bit for bit, as without the break. RUN is its folder, or `latest`. That is promised
    for the same machine, threads and versions; where a version is another one, it is said.
    """
    from striate.training.ranks import joined
    from striate.training.stopping import Stopped, Stopping
    from striate.verbs.train import resume

    stop = Stopping()
    try:
        with stop.listening(), joined() as ranks:
            live = Live(quiet or not ranks.is_first)
            done = live.follow(resume(run, stop=stop, ranks=ranks))
    except Stopped as asked:
        return asked.exit_code
    if not ranks.is_first:
        return 0
    if as_json:
        output.emit_json(result(done))
    else:
        output.emit(summary(done, live.curve))
    return 0
