"""Small runs that many tests look at: made once in a session, and never changed by a test."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from striate.keeping import checkpoint
from striate.keeping.runs import Run
from striate.pictures.files import resized, to_jpeg
from striate.training.recipe import Recipe
from striate.training.stopping import Stopping
from striate.verbs import train_ready
from striate.verbs.train import Trained, begin
from striate.verbs.train_order import Event, Order, Said
from striate.verbs.train_ready import Ready

MODEL = "1x8x8: conv3p1-4 bn relu gap fc10"
COLOURED = "3x8x8: conv3p1-4 bn relu gap fc"
SETTINGS = {
    "epochs": 1.0, "batch": 64, "pictures.size": 8, "machine.threads": 1, "machine.micro_batch": 64,
    "machine.precision": "fp32",
}  # fmt: skip
FLAGS = tuple(part for k, v in SETTINGS.items() for part in ("--set", f"{k}={v}"))


class Told(NamedTuple):
    """A run, what was said on the way, and the order it came from."""

    path: Path
    scores: dict[str, Any]
    events: list[Event]
    order: Order

    @property
    def texts(self) -> list[str]:
        """The sentences."""
        return [one.text for one in self.events if isinstance(one, Said)]


def recipe(**values: object) -> Recipe:
    """A second of training; `__` in a name stands for the dot."""
    return Recipe().with_values(SETTINGS | {k.replace("__", "."): v for k, v in values.items()})


def followed(steps: Generator[Event, None, Any]) -> tuple[list[Event], Any]:
    """Every event, and what the generator returns."""
    events: list[Event] = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return events, end.value


def trained(order: Order, path: Path, wanted: Recipe | None = None) -> Told:
    """A run of its own."""
    events, done = followed(begin(order, wanted or recipe(), path=path))
    assert isinstance(done, Trained)
    return Told(done.path, done.scores, events, order)


def folder(
    root: Path,
    classes: Sequence[str] = ("cat", "dog"),
    counts: Sequence[int] = (20, 20),
    *,
    grey: bool = False,
    bad: Sequence[int] = (),
) -> Path:
    """Photographs of some classes, each with a colour of its own; those at `bad` of the first are cut off."""
    rng = np.random.default_rng(5)
    for k, (name, count) in enumerate(zip(classes, counts, strict=True)):
        (root / name).mkdir(parents=True)
        for i in range(count):
            rough = rng.integers(0, 256, (6, 7, 3), np.uint8)
            rough[..., k % 3] = 230
            if grey:
                rough[:] = rough[..., 1:2]
            data = to_jpeg(resized(rough, 30 + i % 5, 34))
            (root / name / f"{i:03}.jpg").write_bytes(data[:200] if k == 0 and i in bad else data)
    return root


def readied(order: Order, path: Path, wanted: Recipe | None = None) -> Ready:
    """Everything that stands before step 0, in a run of its own."""
    with Run.create(path, datetime.now(UTC)) as run:
        use = wanted or recipe()
        run.update(options=order.to_dict(), recipe=use.flat(), seed=use.seed)
        _, found = followed(train_ready.readied(run, order, use, Stopping()))
    assert isinstance(found, train_ready.Ready)
    return found


@cache
def place() -> Path:
    """A folder for the session."""
    made = Path(tempfile.mkdtemp(prefix="striate-made-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@cache
def digits() -> Told:
    """Digits for an epoch."""
    return trained(Order("digits", MODEL), place() / "digits")


@cache
def other_digits() -> Told:
    """The same pictures in the same splits, another network."""
    order = Order("digits", MODEL.replace("-4", "-8"), splits=str(digits().path / "splits.csv"))
    return trained(order, place() / "other", recipe(epochs=2, looks=2))


@cache
def photographs() -> Path:
    """Cats and dogs, 40 files."""
    return folder(place() / "photographs")


@cache
def photos() -> Told:
    """Cats and dogs, for an epoch."""
    return trained(Order(str(photographs()), COLOURED), place() / "photos")


def copy(run: Path, to: Path) -> Path:
    """A run that a test may change."""
    shutil.copytree(run, to)
    return to


def a_step_back(run: Path, to: Path) -> Path:
    """A copy of a finished run as a kill in its last step leaves it."""
    path = copy(run, to)
    last = checkpoint.latest(path)
    assert last is not None
    shutil.rmtree(last.path)
    shutil.rmtree(path / "bundle")
    Run.open(path).update(status="interrupted")
    kept = checkpoint.latest(path)
    assert kept is not None
    assert kept.step == last.step - 1
    return path
