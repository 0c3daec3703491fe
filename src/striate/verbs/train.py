"""From pictures to a classifier: opened, prepared, decided, trained, judged, kept.

A run is begun before torch is imported, so that `resume` works after a kill at any moment. What was
measured is in `run.json` from before step 0, and a resumed run measures nothing again.
"""

from __future__ import annotations

import platform
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import striate
from striate import machine, optional
from striate.errors import CannotTrain, StriateError
from striate.keeping.revision import revision
from striate.keeping.runs import Run
from striate.pages import notebook
from striate.pages.html import joined
from striate.pictures.split_shares import VAL
from striate.training.ranks import ALONE, Ranks
from striate.training.recipe import Recipe
from striate.training.stopping import Stopping
from striate.verbs.report import report
from striate.verbs.train_order import Event, Order, Said, dial, recipe_of

if TYPE_CHECKING:
    from striate.pictures.dataset import Dataset
    from striate.shipping.classifier import Classifier

PACKAGES = ("torch", "torchvision", "numpy", "PIL", "safetensors")


@final
@dataclass(frozen=True)
class Trained:
    """A finished run."""

    path: Path
    scores: dict[str, Any]

    @property
    def classifier(self) -> Classifier:
        """The network of the run, ready to be asked."""
        from striate.shipping.classifier import load

        return load(self.path)

    def _repr_html_(self) -> str:
        """What Jupyter shows: accuracy with its interval, and where the run lies."""
        rows = []
        for split in ("val", "test"):
            if split in self.scores:
                told = self.scores[split]
                low, high = told["interval_95"]
                value = (
                    f"{told['accuracy']:.2%}",
                    f"{low:.2%} to {high:.2%}",
                    f"{told['count']:,}",
                )
                rows.append((split, *value))
        made = [notebook.heading(f"run {self.path.name}")]
        if rows:
            made.append(notebook.table(("", "accuracy", "95 %", "pictures"), rows, right=(1, 2, 3)))
        return joined([*made, notebook.lines([str(self.path)])])


def train(
    data: str | Path,
    *,
    model: str = "auto",
    pretrained: str | bool = False,
    budget: str | float | None = None,
    epochs: float | None = None,
    recipe: Recipe | str | Path | None = None,
    path: str | Path | None = None,
    **more: Any,
) -> Trained:
    """Train on the pictures of `data` and return the finished run, without a word on the way.

    pretrained: True for published weights, or a file. budget: seconds, or a text such as 5m. recipe: a
    `Recipe`, or a TOML file. `more` are other fields of an `Order`: splits, fixes, val, test, skip_bad.

    >>> run = train("digits", budget="10s")  # doctest: +SKIP
    >>> run.scores["test"]["accuracy"]  # doctest: +SKIP
    0.9925
    """
    values = dial(budget, epochs)
    made = recipe if isinstance(recipe, Recipe) else recipe_of(recipe)
    weights = ("" if pretrained is True else str(pretrained)) if pretrained else None
    order = Order(str(data), model, weights, **more)
    steps = begin(order, made.with_values(values), path=Path(path) if path else None)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            done: Trained = end.value
            return done


def begin(
    order: Order,
    recipe: Recipe | None = None,
    *,
    path: Path | None = None,
    command: tuple[str, ...] = (),
    stop: Stopping | None = None,
    ranks: Ranks = ALONE,
) -> Generator[Event, None, Trained]:
    """Train into a new run, telling what happens; returns the finished run. A run at `path` that was begun
    with the same order is gone on with.
    """
    wanted = recipe or Recipe()
    if not ranks.is_first:
        from striate.verbs.train_ranks import follow

        return Trained((yield from follow(stop or Stopping(), ranks)), {})
    if path is not None and _is_begun(path, order, wanted):
        yield Said(f"{path} was begun with the same order: going on with it")
        return (yield from resume(path, stop=stop, ranks=ranks))
    from striate.verbs.train_faults import opened

    dataset = opened(order, wanted)
    run = Run.resume(path) if path is not None and _is_blank(path) else None
    with run or Run.create(path, datetime.now().astimezone()) as run:
        _clear(run)
        run.update(
            command=list(command), options=order.to_dict(), recipe=wanted.flat(), seed=wanted.seed,
            versions=versions(), machine=this_machine(), git=revision(Path()),
        )  # fmt: skip
        yield Said(f"run: {run.path}")
        return (yield from _ended(run, order, wanted, stop or Stopping(), ranks, dataset))


def resume(
    path: str | Path, *, stop: Stopping | None = None, ranks: Ranks = ALONE
) -> Generator[Event, None, Trained]:
    """Go on with a run from its last checkpoint; a finished one is left as it is."""
    if not ranks.is_first:
        from striate.verbs.train_ranks import follow

        return Trained((yield from follow(stop or Stopping(), ranks)), {})
    run = Run.resume(path)
    with run:
        facts = run.facts()
        if facts["status"] == "finished":
            yield Said(f"{run.path} is finished")
            _tell(run, ranks)
            if not (run.path / "report.html").exists():
                report(run.path)
            return Trained(run.path, run.scores() or {})
        if "options" not in facts or "recipe" not in facts:
            raise CannotTrain(
                f"{run.path} was ended before it knew what to do", "train anew", str(run.path)
            )
        order, wanted = Order.from_dict(facts["options"]), Recipe().with_values(facts["recipe"])
        then, now = facts.get("versions", {}), versions()
        changed = [name for name in now if then.get(name) not in (None, now[name])]
        if changed:
            told = ", ".join(f"{name} {then[name]} is {now[name]} now" for name in changed)
            yield Said(f"{told}: the run goes on, but not bit for bit as it would have", "warning")
        run.update(status="running", reason=None)
        return (yield from _ended(run, order, wanted, stop or Stopping(), ranks))


def _ended(
    run: Run,
    order: Order,
    recipe: Recipe,
    stop: Stopping,
    ranks: Ranks,
    dataset: Dataset | None = None,
) -> Generator[Event, None, Trained]:
    """All stages, and the page about them."""
    from striate.verbs.train_stages import stages

    scores = yield from stages(run, order, recipe, stop, ranks, dataset)
    report(run.path)
    return Trained(run.path, scores)


def _tell(run: Run, ranks: Ranks) -> None:
    """The other ranks, that this run has nothing for them to do."""
    if ranks.count > 1:
        from striate.verbs.train_ranks import call

        call(ranks, run)


def versions() -> dict[str, str | None]:
    """Of everything that decides what the numbers are."""
    found = {"striate": striate.__version__, "python": platform.python_version()}
    names = {"PIL": "pillow"}
    return found | {names.get(name, name): optional.version(name) for name in PACKAGES}


def this_machine() -> dict[str, Any]:
    """Where it runs."""
    return {
        "cpu": machine.cpu_model(),
        "threads": machine.usable_threads(),
        "memory_bytes": machine.memory().total_bytes,
    }


def _is_begun(path: Path, order: Order, recipe: Recipe) -> bool:
    """Whether a run at this path was begun by the same command."""
    try:
        facts = Run.open(path).facts()
    except StriateError:
        return False
    told = facts.get("recipe")
    # Before val None there was 0.15, which such a run keeps.
    same = order.to_dict(), replace(order, val=VAL if order.val is None else order.val).to_dict()
    if facts.get("options") not in same or not isinstance(told, dict):
        return False
    try:
        # A run of an earlier version has no word of the knobs that came since: they had their defaults.
        return Recipe().with_values(told) == recipe
    except StriateError:
        return False


def _is_blank(path: Path) -> bool:
    """Whether a run there has nothing to lose: killed before it was told what to do, or failed before a
    network was chosen, such as by a picture that cannot be read.
    """
    try:
        facts = Run.open(path).facts()
    except StriateError:
        return False
    is_failed = facts["status"] == "failed" and "decided" not in facts
    return "options" not in facts or is_failed


def _clear(run: Run) -> None:
    """Nothing of an order that failed before this one."""
    facts = run.facts()
    run.write_facts({"id": facts["id"], "status": "running", "started": facts.get("started")})
    for name in ("splits.csv", "fixes.csv", "skipped.csv", "classes.json"):
        run.file(name).unlink(missing_ok=True)
