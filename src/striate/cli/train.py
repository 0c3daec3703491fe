"""`striate train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from striate.cli import output
from striate.cli.live import Live, sparkline
from striate.errors import UsageError

if TYPE_CHECKING:
    from striate.training.ranks import Ranks
    from striate.training.recipe import Recipe
    from striate.verbs.train import Trained
    from striate.verbs.train_order import Order

# Why the figures of a run's own pictures are too good, by split.
_LEARNT_FROM = {
    "val": "val also chose the stopping point, the temperature and the threshold",
    "train": "the network was trained on these very pictures",
    "all": "the network was trained on most of these pictures",
}


@click.command(
    epilog=output.examples(
        "striate train digits --budget 10s",
        "striate train photos/ --budget 5m -o runs/first",
        "striate train photos/ --pretrained=mobilenet_v2.pth   # its features first, then its last stages",
        'striate train cifar10 --model "3x32x32: (conv3p1-32 bn relu)*2 max2 gap fc10" --epochs 10',
        "striate train photos/ --set optimiser.name=adamw --set loss.smoothing=0.1",
        "striate train photos/ --dry-run   # every knob and what would be done, nothing trained",
        "torchrun --nproc-per-node 2 -m striate train photos/ -o runs/two",
    ),
)
@click.argument("data")
@click.option(
    "--model", default="auto", show_default=True, help="A name of the zoo, a text, timm:NAME."
)
@click.option(
    "--pretrained",
    is_flag=False,
    flag_value="",
    metavar="[=FILE]",
    help="Start from published weights of the model, or from a file of weights.",
)
@click.option("--budget", metavar="TIME", help="Time to train: 90s, 5m, 1h30m.  [default: 5m]")
@click.option("--epochs", type=float, help="Passes over the pictures, instead of a time.")
@click.option("--recipe", "file", type=click.Path(path_type=Path), help="A TOML file of knobs.")
@click.option("--set", "settings", multiple=True, metavar="A.B=C", help="One knob of the recipe.")
@click.option("--splits", type=click.Path(), help="Who is where, as `striate split` writes it.")
@click.option("--fixes", type=click.Path(), help="What `striate check --fixes-out` wrote, edited.")
@click.option("--from", "source", metavar="RUN", help="Start from the weights of a run or bundle.")
@click.option(
    "--repeat", type=click.IntRange(1, 100), default=1, help="Train with this many seeds."
)
@click.option(
    "--val",
    type=float,
    help="Share of val, if it is made.  [default: 0.15, beside a given test at most 2,500]",
)
@click.option(
    "--test", type=float, default=0.15, show_default=True, help="Share of test, likewise."
)
@click.option("--seed", type=int, help="Another seed, other draws.  [default: 0]")
@click.option("--skip-bad", is_flag=True, help="Go on without pictures that cannot be read.")
@click.option("--no-copies", is_flag=True, help="Do not look for near-copies before dividing.")
@click.option("--root", type=click.Path(), help="Where named sets lie.")
@click.option(
    "-o",
    "path",
    type=click.Path(path_type=Path),
    help="The run, or the plot.  [default: runs/DATE-ID, rates.html]",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done.")
@click.option("--find-lr", is_flag=True, help="Try rising rates instead, and draw the loss.")
@click.option("-q", "--quiet", is_flag=True, help="Warnings and the result alone.")
@output.json_option
def command(**given: Any) -> int:
    """From pictures to a classifier you can trust: trained, judged, kept as a run.

    One dial decides the rest: --budget or --epochs. Every knob is in the recipe; what was decided is
    printed and kept. A run that was killed goes on with the same command, or `striate resume RUN`.
    """
    from striate.verbs.train_order import Order, recipe_of

    _told_apart(given)
    recipe = recipe_of(
        given["file"],
        given["settings"],
        budget=given["budget"],
        epochs=given["epochs"],
        seed=given["seed"],
    )
    order = Order(
        given["data"], given["model"], given["pretrained"], given["source"], given["splits"], given["fixes"],
        given["val"], given["test"], given["skip_bad"], not given["no_copies"], given["root"],
    )  # fmt: skip
    if not given["dry_run"] and not given["find_lr"]:
        return _train(order, recipe, given)
    from striate.training.ranks import from_environment

    ranks = from_environment()
    if not ranks.is_first:  # there is nothing to divide: one looks, and says it once
        return 0
    if given["dry_run"]:
        return _dry(order, recipe, given["as_json"], ranks)
    return _find_rate(order, recipe, given["path"], given)


def _told_apart(given: dict[str, Any]) -> None:
    """What would be left out without a word is refused."""
    instead = [flag for flag in ("--dry-run", "--find-lr") if given[flag[2:].replace("-", "_")]]
    if len(instead) > 1:
        raise UsageError(
            f"{' and '.join(instead)} are two things to do instead of training", "give one"
        )
    if instead and given["repeat"] > 1:
        raise UsageError(
            f"--repeat trains with several seeds, and {instead[0]} trains nothing",
            f"leave out --repeat, or {instead[0]}; --seed takes another seed",
        )


def _train(order: Order, recipe: Recipe, given: dict[str, Any]) -> int:
    from striate.training.ranks import joined
    from striate.training.stopping import Stopped, Stopping
    from striate.verbs.train import begin

    stop, done, live = Stopping(), [], Live(given["quiet"])
    try:
        with stop.listening(), joined() as ranks:
            quiet = given["quiet"] or not ranks.is_first
            for number in range(given["repeat"]):
                path: Path | None = given["path"]
                if path is not None and given["repeat"] > 1:
                    path = path.with_name(f"{path.name}-{number + 1}")
                mine = recipe.with_values({"seed": recipe.seed + number})
                live = Live(quiet)
                events = begin(
                    order, mine, path=path, command=tuple(sys.argv), stop=stop, ranks=ranks
                )
                done.append(live.follow(events))
                if ranks.is_first and not given["as_json"]:
                    output.emit(summary(done[-1], live.curve))
    except Stopped as asked:
        return asked.exit_code
    if not ranks.is_first:
        return 0
    if given["as_json"]:
        found = [result(one) for one in done]
        output.emit_json(found[0] if given["repeat"] == 1 else {"runs": found} | spread(found))
    elif given["repeat"] > 1:
        output.emit(_spread_text([result(one) for one in done]))
    return 0


def result(done: Trained) -> dict[str, Any]:
    """What `--json` prints of one run."""
    scores = {k: v for k, v in done.scores.items() if k != "schema_version"}
    return {"run": str(done.path), **scores}


def summary(done: Trained, curve: list[float]) -> str:
    """The end of a training for people: the headline, and where everything is."""
    scores, lines = done.scores, []
    if len(curve) > 1:
        lines.append(f"val accuracy  {sparkline(curve)}  {curve[0]:.1%} → {curve[-1]:.1%}")
    is_optimistic = bool(scores.get("optimistic"))
    lines += [headline(s, scores[s], is_optimistic) for s in ("val", "test") if s in scores]
    lines.append(f"report: {done.path / 'report.html'}")
    return "\n".join(lines)


def headline(split: str, score: dict[str, Any], optimistic: bool) -> str:
    """One line: accuracy with its interval, how many pictures, and what that is worth."""
    low, high = score["interval_95"]
    said = f" (optimistic: {_LEARNT_FROM[split]})" if optimistic and split in _LEARNT_FROM else ""
    return (
        f"{split:4} accuracy {score['accuracy']:.2%} (95 %: {low:.2%} to {high:.2%}) on {score['count']:,} "
        f"pictures; calibration error {score['ece_before']:.3f} → {score['ece_after']:.3f}{said}"
    )


def spread(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and spread of the accuracy over runs."""
    import statistics

    made: dict[str, Any] = {}
    for split in ("val", "test"):
        values = [one[split]["accuracy"] for one in found if split in one]
        if values:
            deviation = statistics.stdev(values) if len(values) > 1 else 0.0
            made[split] = {
                "mean": statistics.fmean(values),
                "deviation": deviation,
                "runs": len(values),
            }
    return {"spread": made}


def _spread_text(found: list[dict[str, Any]]) -> str:
    told = spread(found)["spread"]
    return "\n".join(
        f"{split:4} accuracy {one['mean']:.2%} ± {one['deviation']:.2%} over {one['runs']} seeds"
        for split, one in told.items()
    )


def _dry(order: Order, recipe: Recipe, as_json: bool, ranks: Ranks) -> int:
    from striate.verbs.train_dry import dry_run

    found = dry_run(order, recipe, ranks)
    if as_json:
        output.emit_json(found.to_dict())
    else:
        output.emit(found.text())
    return 0


def _find_rate(order: Order, recipe: Recipe, path: Path | None, given: dict[str, Any]) -> int:
    from striate.verbs.train_rate import find_rate, free

    found = Live(given["quiet"]).follow(find_rate(order, recipe, path or free()))
    if given["as_json"]:
        output.emit_json(found.to_dict())
    else:
        output.emit(found.text())
    return 0
