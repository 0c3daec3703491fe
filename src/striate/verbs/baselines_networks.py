"""The two networks of `baselines`, trained by the loop of `train` on the same pictures."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeVar, final

import numpy as np

from striate import machine
from striate.keeping.runs import Run
from striate.training.recipe import Recipe
from striate.training.stopping import Stopping
from striate.verbs.baselines_rows import Row, counted
from striate.verbs.baselines_world import World
from striate.verbs.train_order import Event, Order, Said, Stepped, Working

_Done = TypeVar("_Done")
MLP = "{1}x{0}x{2}: flatten fc256 relu fc128 relu fc"
_TRAINING = 0.8  # of the limit; the rest is for starting and for measuring how fast a step is
# What would otherwise be found out by trials that take longer than some limits do.
_GIVEN = {"machine.compile": "no", "looks": 5}


@final
class Network(NamedTuple):
    """`text` is a name of the zoo or a text, in which {0}, {1} and {2} are height, channels and width."""

    name: str
    sees: str
    text: str
    settings: tuple[tuple[str, object], ...] = ()


NETWORKS = (
    Network(
        "pixels + MLP", "the picture itself, three layers that each see all of it", MLP,
        # Pictures as they are, like all other methods on pixels; and the best of its looks at val.
        (("pictures.augment", "none"), ("regularise.patience", 1000)),
    ),
    Network(
        "convnet", "filters that slide over the picture, and what they find, layer by layer",
        "striate-xs",
    ),
)  # fmt: skip


def compared(network: Network, world: World, limit_s: float) -> Generator[Event, None, Row]:
    """Train within the limit and answer all of test, once. No run is left behind."""
    from striate.judging.predict import predict
    from striate.verbs.train_choice import decide
    from striate.verbs.train_steps import trained

    begun = time.perf_counter()
    H, W, C = world.shape
    order = Order(world.prepared.dataset.name, network.text.format(H, C, W), look_for_copies=False)
    recipe = Recipe().with_values(
        {"seed": world.seed, "budget_s": max(0.1, _TRAINING * limit_s)}
        | {"machine.threads": machine.usable_threads()}
        | _GIVEN
        | dict(network.settings)
    )
    folder = Path(tempfile.mkdtemp(prefix="striate-baselines-"))
    try:
        with Run.create(folder / "run", datetime.now(UTC)) as run:
            run.update(options=order.to_dict(), recipe=recipe.flat(), seed=recipe.seed)
            none = np.zeros(0, np.int64)
            deciding = decide(run, order, recipe, world.prepared, none, Stopping())
            ready = yield from _quiet(network.name, deciding)
            done = yield from _quiet(network.name, trained(ready, Stopping()))
            fitted = time.perf_counter()
            yield Working(f"{network.name}, judged", 0, 1)
            batches = ready.judging("test")
            logits, rows = predict(done.network, batches.epoch(0), device=ready.course.device)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    each = (time.perf_counter() - fitted) / max(1, len(rows))
    said = logits.argmax(axis=1).astype(np.int64)
    chosen = (
        f"{ready.course.steps:,} steps of {ready.course.batch}, {ready.course.epochs:.1f} passes"
    )
    return Row(
        network.name, network.sees, fitted - begun, 1000 * each, ready.chosen.parameters,
        ready.chosen.macs or 0, len(world.rows("train")), chosen,
        counted(world.labels(rows), said, len(world.classes)),
    )  # fmt: skip


def _quiet(name: str, events: Generator[Event, None, _Done]) -> Generator[Event, None, _Done]:
    """Steps as progress of this method, and warnings; the rest belongs to a training of its own."""
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            done: _Done = end.value
            return done
        if isinstance(event, Stepped):
            yield Working(name, event.step, event.steps)
        elif isinstance(event, Said) and event.severity != "note":
            yield replace(event, text=f"{name}: {event.text}")
