"""`striate eval`."""

from __future__ import annotations

from pathlib import Path

import click

from striate.cli import output
from striate.cli.live import Live


@click.command(
    epilog=output.examples(
        "striate eval latest",
        "striate eval runs/first --split val",
        "striate eval runs/first --data new-photos/ --min-accuracy 0.9   # exit code 5 below that",
    )
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--data", help="Other pictures than the run's own, with the same classes.")
@click.option("--split", type=click.Choice(["train", "val", "test", "all"]), help="Which part.")
@click.option("--min-accuracy", type=click.FloatRange(0, 1), help="Exit code 5 below this.")
@click.option("--skip-bad", is_flag=True, help="Go on without pictures that cannot be read.")
@output.json_option
def command(
    run: Path,
    data: str | None,
    split: str | None,
    min_accuracy: float | None,
    skip_bad: bool,
    as_json: bool,
) -> None:
    """Judge a run again, on its own pictures or on others."""
    from striate.verbs.evaluate import evaluate, must_reach

    found = Live(quiet=as_json).follow(evaluate(run, data, split, skip_bad=skip_bad))
    if as_json:
        must_reach(found, min_accuracy)
        output.emit_json(found.to_dict())
        return
    from striate.cli.train import headline

    output.emit(headline(found.split, found.score, optimistic=found.optimistic))
    rows = [
        (name, one["count"], *(_share(one[k]) for k in ("precision", "recall", "f1")))
        for name, one in found.score["per_class"].items()
    ]
    output.emit(output.table(("class", "pictures", "precision", "recall", "F1"), rows, "lrrrr"))
    if found.drift is not None:
        output.emit(f"beside val of the run: {found.drift.text}")
    must_reach(found, min_accuracy)


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.1%}"
