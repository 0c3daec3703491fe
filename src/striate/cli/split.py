"""`striate split`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from striate.cli import output
from striate.cli.progress import Progress


@click.command(
    epilog=output.examples(
        "striate split photos -o splits.csv",
        "striate split photos -o splits.csv --val 0.2 --test 0",
        "striate split labels.csv -o splits.csv --group-by patient",
        "striate split photos -o splits.csv --group-by '/([^/_]+)_[0-9]+'   # cat/anna_01.jpg: by anna",
        "striate split photos -o splits.csv --group-by none   # looks at names alone",
        "striate split digits -o splits.csv --seed 1 --json",
    ),
)
@click.argument("data")
@click.option(
    "-o",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="The file to write, outside DATA.",
)
@click.option("--val", type=float, default=0.15, show_default=True, help="Share of val.")
@click.option(
    "--test", type=float, default=0.15, show_default=True, help="Share of test; 0 for none."
)
@click.option(
    "--group-by",
    metavar="COLUMN|REGEX|near-copies|none",
    help="Keep together what has the same value: a column of the manifest, the one group of an expression "
    "looked for in each path, or pictures that are near-copies of one another (which is what happens when "
    "the data has no groups of its own; none: look at no picture).",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Another seed, another division."
)
@output.json_option
def command(
    data: str, path: Path, val: float, test: float, group_by: str | None, seed: int, as_json: bool
) -> None:
    """Divide pictures into train, val and test; nothing is copied.

    The division is made class by class, and pictures that are copies of one another stay together.

    DATA is a folder, a manifest, an archive, a pattern of shards or the name of a set. The file written
    says where each picture belongs: `path,label,split,group`.
    """
    from striate.verbs.split import split

    with Progress() as progress:
        done = split(
            data, path, val=val, test=test, group_by=group_by, seed=seed, show=progress.show
        )
    dataset = done.dataset
    by_split = {name: dataset.counts_in(name) for name in dataset.splits}
    if as_json:
        output.emit_json(
            {
                "pictures": len(dataset),
                "splits": dataset.splits,
                "classes": {
                    name: {split: counts[name] for split, counts in by_split.items()}
                    for name in dataset.classes
                },
                "groups": done.groups,
                "seed": seed,
                "written": str(done.path),
                "findings": [
                    {"code": one.code, "severity": one.severity, "text": one.text}
                    for one in dataset.findings
                ],
            }
        )
        return
    output.emit(output.table(("class", *by_split, "all"), rows(dataset.counts, by_split), "lrrrr"))
    for one in dataset.findings:
        output.note(
            f" {one.text}", f"{one.severity}:", "red" if one.severity == "error" else "yellow"
        )
    if done.groups:
        output.note(f"{done.groups:,} group(s) of two and more kept together")
    output.emit(f"\nwritten: {done.path}")


def rows(counts: dict[str, int], by_split: dict[str, dict[str, int]]) -> list[tuple[Any, ...]]:
    """One row for each class, and their sum."""
    found = [(name, *(c[name] for c in by_split.values()), counts[name]) for name in counts]
    sums = (sum(c.values()) for c in by_split.values())
    return [*found, ("all", *sums, sum(counts.values()))]
