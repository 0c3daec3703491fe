"""`striate models`: the zoo."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from typing import Any

import click

from striate.cli import output
from striate.cli.live import Live


@click.command(
    epilog=output.examples(
        "striate models",
        "striate models mobilenet",
        "striate models resnet --measure        # how fast they are here; needs striate[train]",
        "striate models --json",
    ),
)
@click.argument("pattern", default="")
@click.option("--measure", is_flag=True, help="Time one picture and a batch on this machine.")
@output.json_option
def command(pattern: str, measure: bool, as_json: bool) -> None:
    """Every network the zoo knows.

    Its published accuracy, what it costs, and which family to choose when. PATTERN keeps those whose
    name, family or paper holds it. `striate plan NAME` shows one layer by layer. --measure times them on
    this machine and remembers it, so that later lists show it too.
    """
    from striate.verbs.models import models
    from striate.verbs.models_speed import keep, kept, measured

    rows = models(pattern, kept())
    if measure and rows:
        speeds = Live(quiet=as_json).follow(measured([row["name"] for row in rows]))
        if why := keep(speeds):
            output.note(why)
        rows = models(pattern, speeds)
    if as_json:
        output.emit_json({"models": rows})
        return
    if not rows:
        output.note(f"no network matches {pattern!r}; `striate models` lists all")
        return
    output.emit(_table(rows))
    output.emit("\n" + "\n".join(_below(rows)))


def _table(rows: list[dict[str, Any]]) -> str:
    from striate.grammar.sheet import short_count

    timed = any(row["measured"] for row in rows)
    headers = ["name", "year", "input", "parameters", "MACs", "field", "accuracy"]
    headers += ["one picture", "a second"] if timed else []
    lines = [
        (
            row["name"],
            str(row["year"]),
            "x".join(map(str, row["input"])),
            row["parameters"],
            short_count(row["macs"]),
            str(row["receptive_field"][0]) if row["receptive_field"] else "all",
            _accuracy(row["accuracy"]),
            *(_speed(row["measured"]) if timed else ()),
            row["weights"]["source"].split()[0] if row["weights"] else "–",
        )
        for row in rows
    ]
    align = "LlLrrrL" + ("rr" if timed else "") + "l"
    return output.table((*headers, "weights"), lines, align)


def _speed(found: dict[str, Any] | None) -> tuple[str, str]:
    return (f"{found['one_ms']:.1f} ms", f"{found['per_second']:,.1f}") if found else ("–", "–")


def _accuracy(found: dict[str, Any] | None) -> str:
    return f"{found['top1']:.4g} % {found['data']}" if found else "–"


def _below(rows: list[dict[str, Any]]) -> list[str]:
    """Where the numbers are from, the licence, and which network to choose when."""
    from striate.grammar.hint import LECTURES
    from striate.zoo.published import CHOICE, CHOICES

    lines = ["papers:", *_told(rows, lambda row: row["paper"])]
    if sources := _told(rows, _source):
        lines += ["", "accuracy is top-1 as stated by", *sources]
    lines += ["", _told_speed([row["measured"] for row in rows if row["measured"]])]
    licences = sorted({row["weights"]["licence"] for row in rows if row["weights"]})
    if licences:
        lines.append("licence of the weights: " + "; ".join(licences))
    families = {row["family"] for row in rows}
    told = [(name, text) for name, text in CHOICES.items() if name in families]
    wide = max(len(name) for name, _ in told)
    lines += ["", f"which to choose: {CHOICE} (L3, {LECTURES['L3']})"]
    return lines + [f"  {name:<{wide}}  {text}" for name, text in told]


def _told(rows: list[dict[str, Any]], what: Callable[[dict[str, Any]], str]) -> list[str]:
    """A line for each thing that is said, with the first and last of the networks of which it is."""
    said = [(what(row), row["name"]) for row in rows]
    groups = [
        (text, [name for _, name in held])
        for text, held in groupby((one for one in said if one[0]), key=itemgetter(0))
    ]
    names = [" to ".join(dict.fromkeys((held[0], held[-1]))) for _, held in groups]
    wide = max(map(len, names), default=0)
    return [f"  {name:<{wide}}  {text}" for name, (text, _) in zip(names, groups, strict=True)]


def _source(row: dict[str, Any]) -> str:
    """Where the accuracy stands: a place in the paper, or the weights it was measured with."""
    found = row["accuracy"]
    if not found:
        return ""
    if row["weights"] and found["where"] == row["weights"]["source"]:
        maker, _, weights = found["where"].partition(" ")
        return f"{maker} for its weights {weights.partition('.')[2] or weights}"
    return f"the paper, {found['where']}"


def _told_speed(speeds: list[dict[str, Any]]) -> str:
    """Where and when it was measured, or how to."""
    if not speeds:
        return (
            "speed: not measured here yet; `striate models --measure` does it, and it is remembered"
        )
    first, days = speeds[0], sorted({one["measured"] for one in speeds})
    cores = f"{first['threads']} thread{'s' * (first['threads'] > 1)}"
    return (
        f"speed: forward in fp32 on {first['machine']}, {cores}, {' to '.join({days[0]: 0, days[-1]: 0})}; "
        f"pictures a second in batches of {first['batch']}"
    )
