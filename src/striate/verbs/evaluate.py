"""A run judged again: on one of its own splits, or on other pictures."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from striate.errors import CannotTrain, GateFailed
from striate.judging import scores
from striate.judging.predict import predict
from striate.keeping.runs import Run
from striate.pictures.dataset import Dataset, Finding
from striate.pictures.opening import open_as_given
from striate.training.recipe import Recipe
from striate.verbs.evaluate_drift import Drift, drift_of
from striate.verbs.train_order import Event, Order, Said

if TYPE_CHECKING:
    from torch import nn

    from striate.pictures.store.cache import Prepared
    from striate.shipping.classifier import Classifier


class Evaluated(NamedTuple):
    """What was found on the pictures of `split` of `data`. drift: in what other pictures differ from the
    run's val, None for the run's own. optimistic: the run has learnt from these pictures or chosen by them.
    """

    run: Path
    data: str
    split: str
    score: dict[str, Any]
    drift: Drift | None = None
    optimistic: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "run": str(self.run),
            "data": self.data,
            "split": self.split,
            "optimistic": self.optimistic,
            self.split: self.score,
            **({"drift": self.drift.to_dict()} if self.drift else {}),
        }


def evaluate(
    path: str | Path,
    data: str | None = None,
    split: str | None = None,
    *,
    skip_bad: bool = False,
) -> Generator[Event, None, Evaluated]:
    """Judge a run.

    Without `data` the run's own pictures are taken, test before val. Pictures of `data` may have fewer
    classes than the run, never others.
    """
    from striate.shipping.classifier import load
    from striate.verbs import train_data

    run = Run.open(path)
    classifier = load(run.path)
    facts = run.facts()
    order = Order.from_dict(facts["options"])
    if data is None:
        dataset = train_data.opened(order, int(facts["seed"]), run.path)
        skip_bad = skip_bad or order.skip_bad
        split = split or ("test" if "test" in dataset.splits else "val")
    else:
        dataset = _with_classes(open_as_given(data), classifier.classes)
        split = split or ("test" if "test" in dataset.splits else "all")
    rows = np.arange(len(dataset)) if split == "all" else dataset.places(split)
    if not len(rows):
        raise CannotTrain(
            f"there are no pictures in {split!r} of {data or order.data}",
            f"there are: {', '.join(dataset.splits) or 'no splits: leave --split out'}",
        )
    some = dataset.only(rows.astype(np.int64))
    some = some.with_split(np.full(len(some), 2, np.int8))
    pictures = yield from train_data.prepared_all(some, classifier.preparation, skip_bad)
    absent = [one for one in dataset.findings if one.code == "classes-absent"]
    for one in (*absent, *pictures.findings):
        yield Said(one.text, one.severity)
    now = {split: train_data.key_of(pictures, np.arange(len(pictures.dataset)))}
    if data is None and train_data.changed(facts.get("data", {}), now):
        yield Said(f"the pictures of {split} have changed since the run was made", "warning")
    recipe = Recipe().with_values(facts["recipe"])
    from striate.shipping.network import network_of
    from striate.shipping.opened import bundle_of

    logits, at = _asked(network_of(bundle_of(run.path)), pictures)
    labels = pictures.dataset.labels[at].astype(np.int64)
    if data is None and split == "val":
        score = _as_it_was_kept(classifier, logits, labels, recipe, "test" in dataset.splits)
    else:
        score = _score(classifier, logits, labels, recipe)
    found = None
    if data is not None:
        found = yield from drift_of(run, order, classifier, pictures, logits)
    chosen_by = data is None and split != "test"
    return Evaluated(run.path, data or order.data, split, score, found, chosen_by)


def must_reach(found: Evaluated, min_accuracy: float | None) -> None:
    """Raise GateFailed where the accuracy is below what was asked for."""
    reached = float(found.score["accuracy"])
    told = f"{reached:.2%}" + (" (optimistic)" if found.optimistic else "")
    if min_accuracy is not None and reached < min_accuracy:
        raise GateFailed(
            f"accuracy on {found.split} is {told}, and at least {min_accuracy:.2%} was asked for",
            "look at the report of the run, or lower --min-accuracy",
            where=str(found.run),
        )


def _asked(network: nn.Module, pictures: Prepared) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    from striate.pictures.batches import Batches, BatchPlan

    batches = Batches(pictures, BatchPlan(64, split="test", shuffle=False))
    return predict(network, batches.epoch(0))


def _as_it_was_kept(
    classifier: Classifier,
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    recipe: Recipe,
    has_test: bool,
) -> dict[str, Any]:
    """The run's own val as `train` judged it: where there is no test, by temperatures fitted without it."""
    from striate.verbs.train_judging import score_of_val

    heat, threshold = (float(classifier.card[name]) for name in ("temperature", "threshold"))
    return score_of_val(
        logits, labels, classifier.classes, heat, recipe, has_test=has_test, threshold=threshold
    )


def _score(
    classifier: Classifier,
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    recipe: Recipe,
) -> dict[str, Any]:
    """The temperature and the threshold are those of the card."""
    card = classifier.card
    return scores.score(
        logits, labels, classifier.classes, float(card["temperature"]), recipe.precision_wanted,
        float(card["threshold"]),
    ).to_dict()  # fmt: skip


def _with_classes(dataset: Dataset, classes: tuple[str, ...]) -> Dataset:
    """Labels as places in the run's classes, by name."""
    from dataclasses import replace

    unknown = [name for name, count in dataset.counts.items() if count and name not in classes]
    if unknown:
        raise CannotTrain(
            f"the run does not know {len(unknown)} of these classes: {', '.join(unknown[:5])}",
            f"it knows {', '.join(classes[:10])}{' …' if len(classes) > 10 else ''}",
            where=dataset.source.where,
        )
    places = {name: i for i, name in enumerate(classes)}
    to = np.array([places.get(name, 0) for name in dataset.classes], np.int32)
    found = replace(dataset, classes=classes, labels=to[dataset.labels])
    absent = len(classes) - len({int(v) for v in found.labels})
    if absent:
        text = f"{absent} of {len(classes)} classes of the run have no picture here"
        found = found.with_findings(Finding("classes-absent", "note", text))
    return found
