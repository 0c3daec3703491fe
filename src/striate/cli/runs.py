"""`striate runs`: what was trained here."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from striate.cli import output
from striate.errors import UsageError

_ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Where runs lie.",
)


@click.group(
    epilog=output.examples(
        "striate runs list", "striate runs show latest", "striate runs rm 2026-11-20-7f3a"
    )
)
def command() -> None:
    """List, show and remove runs."""


@command.command("list", epilog=output.examples("striate runs list", "striate runs list --json"))
@_ROOT
@output.json_option
def list_(root: Path, as_json: bool) -> None:
    """Every run, newest first."""
    from striate.keeping.runs import listed

    found = listed(root)
    if as_json:
        rows = [one._asdict() | {"path": str(one.path)} for one in found]
        output.emit_json({"runs": rows})
        return
    if not found:
        output.note(f"no runs in {root}/; `striate train DATA` makes one")
        return
    lines = [
        (
            one.path.name,
            one.status,
            one.started[:16].replace("T", " "),
            one.data,
            f"{one.accuracy:.2%} ({one.split})" if one.accuracy is not None else None,
            one.fault,
        )
        for one in found
    ]
    output.emit(output.table(("run", "status", "started", "data", "accuracy", ""), lines, "Lllll"))


@command.command(
    epilog=output.examples("striate runs show latest", "striate runs show latest --json")
)
@click.argument("run", type=click.Path(path_type=Path))
@output.json_option
def show(run: Path, as_json: bool) -> None:
    """What a run is: data, network, decisions, scores, findings."""
    from striate.keeping.runs import Run

    opened = Run.open(run)
    facts, scores = opened.facts(), opened.scores()
    if as_json:
        plain = {k: v for k, v in facts.items() if k != "schema_version"}
        output.emit_json({"path": str(opened.path), **plain, "scores": scores})
        return
    model, decided, data = (facts.get(k) or {} for k in ("model", "decided", "data"))
    rows = [
        ("run", str(opened.path)),
        ("status", opened.status + (f": {facts['reason']}" if facts.get("reason") else "")),
        ("data", f"{data.get('name', '')}  {json.dumps(data.get('splits', {}))}"),
        ("network", f"{model.get('name', '')}  {model.get('text', '')}"),
        ("steps", " · ".join([f"{decided.get('steps', 0):,}", *decided.get("why", ())])),
        ("started", str(facts.get("started", ""))),
        ("seconds", json.dumps(facts.get("seconds", {}))),
    ]
    output.emit(output.table(("", ""), rows).lstrip("\n"))
    if scores:
        from striate.cli.train import headline

        for split in ("val", "test"):
            if split in scores:
                output.emit(headline(split, scores[split], bool(scores.get("optimistic"))))
    for one in facts.get("findings", ()):
        output.note(f" {one['text']}", f"{one['severity']}:")


@command.command(
    epilog=output.examples("striate runs rm 2026-11-20-7f3a", "striate runs rm latest --yes")
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@output.json_option
def rm(run: Path, yes: bool, as_json: bool) -> int:
    """Remove a run and everything in it."""
    from striate.keeping.runs import Run, remove

    opened = Run.open(run)
    if not yes and not sys.stdin.isatty():
        raise UsageError("this asks before it removes, and nobody can answer here", "give --yes")
    if not yes and not click.confirm(f"remove {opened.path} and all its files?", err=True):
        output.note("nothing was removed")
        return 1
    gone = remove(opened.path)
    if as_json:
        output.emit_json({"removed": str(gone)})
    else:
        output.emit(f"removed: {gone}")
    return 0
