"""After the last step: scores of val and test, calibration, the bundle, and every prediction.

The temperature and the threshold are chosen on val. Without a test split the figures of val are
cross-fitted and called optimistic, since val also chose them. All is judged in fp32 and one view: the
function that is shipped.

Shape legend: N pictures, K classes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import StriateError
from striate.judging import calibration, scores, slices
from striate.judging.abstain import abstain
from striate.judging.answers import answered, softmax
from striate.keeping import bundle
from striate.keeping.card import card_text
from striate.keeping.run_tables import Prediction
from striate.pictures.files import size_of
from striate.pictures.order import part
from striate.pictures.source import Arrays
from striate.safe import write_text
from striate.training.stopping import Stopped
from striate.verbs.train import versions
from striate.verbs.train_order import Event, Said, Working

if TYPE_CHECKING:
    from striate.pictures.dataset import Dataset
    from striate.pictures.store.cache import Prepared
    from striate.training.recipe import Recipe
    from striate.training.state import Training
    from striate.training.stopping import Stopping
    from striate.verbs.train_ready import Ready

Rows = NDArray[np.int64]
Logits = NDArray[np.float32]
Found = dict[str, tuple[Logits, Rows]]
SCALES = ("accuracy", "interval_95", "count")
_AT_ONCE = 64


def judge_and_keep(
    ready: Ready, done: Training, stop: Stopping
) -> Generator[Event, None, dict[str, Any]]:
    """Judge, and write metrics.json, predictions.csv and the bundle."""
    from striate.training.threads import while_others_wait

    found: Found = {}
    for split in ("val", "test"):
        if split in ready.dataset.splits:
            yield Working(f"judging {split}", 0, ready.dataset.splits[split])
            found[split] = _answered(ready, done, split)
    if not ready.ranks.is_first:
        return {}
    with while_others_wait(ready.ranks):
        return (yield from _kept(ready, done, found, stop))


def _kept(
    ready: Ready, done: Training, found: Found, stop: Stopping
) -> Generator[Event, None, dict[str, Any]]:
    """What rank 0 does when the others have done their part."""
    from striate.verbs import train_graph, train_suspects, train_views

    made = judged(ready, found)
    made["views"] = train_views.views(ready, done, found, made["temperature"])
    made["suspects"] = yield from train_suspects.find(ready, done)
    ready.run.write_predictions(predictions(ready, found, made))
    card = card_of(ready, made)
    network = done.network.to("cpu")
    weights = {k: v.detach().contiguous() for k, v in network.state_dict().items()}
    yield Working("writing model.onnx", 0, 1)
    graph, why = train_graph.graph_for(ready, network.eval(), card, weights)
    if stop.asked is not None:
        raise Stopped(
            stop.asked
        )  # C code, as in the exporter, takes a signal for a fault of its own
    if why:
        yield Said(why, "warning")
    bundle.write(ready.run.path / "bundle", weights, ready.chosen.text, card, graph)
    write_text(ready.run.file("MODEL_CARD.md"), card_text(card))
    ready.run.write_scores(made)
    for text in told(made):
        yield Said(text, "warning")
    return made


def _answered(ready: Ready, done: Training, split: str) -> tuple[Logits, Rows]:
    """Logits of a split; each rank judges a run of its own, together every picture once."""
    from striate.judging.predict import predict

    batches, ranks = ready.judging(split), ready.ranks
    whole = batches.rows
    mine = part(len(whole), ranks.rank, ranks.count)
    batches.rows = whole[mine.start : mine.stop]
    made = np.zeros((0, len(ready.dataset.classes)), np.float32)
    if len(batches.rows):
        made, _ = predict(done.network, batches.epoch(0), device=ready.course.device)
    return ranks.joined_rows(made, mine.start, len(whole)), whole


def judged(ready: Ready, found: Found) -> dict[str, Any]:
    """What metrics.json says. Temperature and threshold come from val alone."""
    data, recipe = ready.dataset, ready.recipe
    held, rows = found["val"]
    truth = data.labels[rows].astype(np.int64)
    heat = calibration.temperature(held, truth)
    val = score_of_val(held, truth, data.classes, heat, recipe, has_test="test" in found)
    threshold = val["abstention"]["threshold"]
    made: dict[str, Any] = {
        "seconds": float(ready.run.facts().get("seconds", {}).get("train", 0.0)),
        "temperature": heat, "threshold": threshold, "precision_wanted": recipe.precision_wanted,
        "optimistic": "test" not in found,
        "val": val,
    }  # fmt: skip
    if "test" in found:
        made["test"] = _score(ready, *found["test"], heat, threshold)
    if len(ready.leaked):
        made["without_copies"] = dict(_without_copies(ready, found, heat, threshold))
    split = "test" if "test" in found else "val"
    made["slices"] = slices_of(ready, *found[split])
    return made


def score_of_val(
    logits: Logits,
    truth: Rows,
    classes: Sequence[str],
    heat: float,
    recipe: Recipe,
    *,
    has_test: bool,
    threshold: float | None = None,
) -> dict[str, Any]:
    """The figures of val, cross-fitted where no test has better ones. `heat` is the temperature that is kept;
    the threshold is chosen here where none is given.
    """
    fitted: Any = heat
    if not has_test and len(truth) > 1:
        folds = min(5, len(truth))
        fitted = calibration.cross_fitted(logits, truth, folds, recipe.seed).temperatures
    found = scores.score(logits, truth, classes, fitted, recipe.precision_wanted, threshold)
    # Chosen and counted with the one temperature that is kept: what is called sure is what was counted.
    answers = answered(logits, truth, heat)
    sure = abstain(answers.confidence, answers.correct, recipe.precision_wanted, threshold)
    return found.to_dict() | {"abstention": sure.to_dict()}


def _score(ready: Ready, logits: Logits, at: Rows, heat: float, threshold: float) -> dict[str, Any]:
    data = ready.dataset
    return scores.score(
        logits, data.labels[at].astype(np.int64), data.classes, heat,
        ready.recipe.precision_wanted, threshold,
    ).to_dict()  # fmt: skip


def _without_copies(
    ready: Ready, found: Found, heat: float, threshold: float
) -> Iterator[tuple[str, Any]]:
    """The headline without pictures that have a copy in train."""
    for split, (logits, at) in found.items():
        kept = ~np.isin(at, ready.leaked)
        if kept.any() and not kept.all():
            score = _score(ready, logits[kept], at[kept], heat, threshold)
            yield split, {name: score[name] for name in SCALES}


def slices_of(ready: Ready, logits: Logits, at: Rows) -> dict[str, list[dict[str, Any]]]:
    """Accuracy by class, folder, group, pixels of the files, brightness and contrast as prepared."""
    data = ready.dataset
    truth = data.labels[at]
    mean, deviation = _light(ready.pictures, at)
    facts: dict[str, Any] = {
        "class": [data.classes[i] for i in truth], "brightness": mean, "contrast": deviation,
    }  # fmt: skip
    if not isinstance(data.source, Arrays):  # those are all of one size
        facts["size"] = _sizes(data, at)
    folders = [str(Path(data.paths[int(row)]).parent) for row in at]
    if 1 < len(set(folders)) <= 100:
        facts["folder"] = folders
    if data.groups is not None:
        facts["group"] = [data.groups[int(row)] for row in at]
    return slices.by_fact(slices.sliced(logits.argmax(1) == truth, facts))


def _sizes(data: Dataset, at: Rows) -> NDArray[np.float64]:
    """N, height times width of each file; what cannot be read any more is unknown."""
    made = np.full(len(at), np.nan)
    for i, row in enumerate(at):
        with contextlib.suppress(StriateError, OSError):
            made[i] = np.prod(size_of(data.data(int(row))))
    return made


def _light(pictures: Prepared, at: Rows) -> NDArray[np.float64]:
    """2 N: mean and deviation of each picture, some at a time, since not all of them need fit at once."""
    made = np.zeros((2, len(at)))
    for start in range(0, len(at), _AT_ONCE):
        rows = at[start : start + _AT_ONCE]
        flat = pictures.take(rows).reshape(len(rows), -1)
        made[0, start : start + len(rows)] = flat.mean(axis=1, dtype=np.float64)
        made[1, start : start + len(rows)] = flat.std(axis=1, dtype=np.float64)
    return made


def predictions(ready: Ready, found: Found, made: dict[str, Any]) -> Iterator[Prediction]:
    """One row for each picture of val and test."""
    data, temperature, threshold = ready.dataset, made["temperature"], made["threshold"]
    for split, (logits, at) in found.items():
        share = softmax(logits, temperature)
        for row, p in zip(at, share, strict=True):
            best, truth = int(p.argmax()), int(data.labels[row])
            loss = float(-np.log(max(float(p[truth]), 1e-300)))
            yield Prediction(
                data.paths[int(row)], split, data.classes[truth], data.classes[best], float(p[best]),
                bool(p[best] >= threshold), loss,
            )  # fmt: skip


def card_of(ready: Ready, made: dict[str, Any]) -> dict[str, Any]:
    """What the bundle says of itself."""
    facts = ready.run.facts()
    began = ready.chosen.pretrained or facts["model"].get("started_from")
    shown = {
        split: {name: made[split][name] for name in SCALES}
        for split in ("val", "test")
        if split in made
    }
    return {
        "format": 1,
        "task": ready.recipe.task,
        "classes": list(ready.dataset.classes),
        "preparation": ready.pictures.preparation.to_dict(),
        "temperature": made["temperature"],
        "threshold": made["threshold"],
        "scores": shown,
        "data": {"name": ready.order.data, "fingerprint": facts["data"]["fingerprint"]},
        "versions": versions(),
        "weights_licence": began["licence"] if began else "yours: trained from scratch",
        "model": {"name": ready.chosen.name, "text": ready.chosen.text},
        "views": _looks(made["views"]),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _looks(views: dict[str, Any] | None) -> dict[str, Any] | None:
    """What an asker needs to look again as it was judged: the gate and the views."""
    return {name: views[name] for name in ("gate", "views")} if views else None


def told(made: dict[str, Any]) -> Iterator[str]:
    """What a person should know before they believe the headline."""
    for split, one in made.get("without_copies", {}).items():
        low, high = one["interval_95"]
        yield (
            f"{split} without copies of train: {one['accuracy']:.2%} (95 %: {low:.2%} to {high:.2%}) "
            f"on {one['count']:,} pictures"
        )
