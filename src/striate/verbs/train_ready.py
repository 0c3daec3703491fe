"""What stands before step 0: pictures, network, recipe and course, opened and decided or as a run says.

Shape legend: N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from striate import safe
from striate.grammar.plan import Plan
from striate.keeping import checkpoint
from striate.keeping.runs import Run
from striate.pictures.augment.chain import Chain, preset
from striate.pictures.augment.mix import Mix
from striate.pictures.balance import class_weights
from striate.pictures.batches import Batches, BatchPlan
from striate.pictures.dataset import Dataset
from striate.pictures.order import order
from striate.pictures.prepare import Preparation
from striate.pictures.split import write_splits
from striate.pictures.store.cache import Prepared
from striate.pictures.store.whole import Whole
from striate.shipping.network import built
from striate.training import recipe_file
from striate.training.course import Course
from striate.training.ranks import ALONE, Ranks
from striate.training.recipe import Recipe
from striate.training.recipe_parts import mixed
from striate.training.stopping import Stopping
from striate.verbs import train_data, train_network, train_whole
from striate.verbs.train_network import Chosen
from striate.verbs.train_order import Event, Order, Said

LOOKED_AT = 1_000  # pictures of val judged on the way; all of val at the end
JUDGED_AT_ONCE = 256
# Of a batch that is judged: 256 photographs of 224 pixels held 2.7 GB. A look answers signals after a batch.
JUDGED_PIXELS = 256 * 64**2
Rows = NDArray[np.int64]


@final
@dataclass(frozen=True, eq=False)
class Ready:
    """Everything that stands before step 0."""

    run: Run
    order: Order
    recipe: Recipe
    pictures: Prepared
    leaked: Rows
    chosen: Chosen
    course: Course
    ranks: Ranks = ALONE
    whole: Whole | None = None

    @property
    def dataset(self) -> Dataset:
        """The pictures that can be read."""
        return self.pictures.dataset

    @property
    def chain(self) -> Chain:
        """What is done to pictures of train."""
        size = self.pictures.preparation.size
        to = size if self.whole else None
        made = preset(self.recipe.pictures.augment, size, self.dataset.mirror, to)
        return replace(made, mix=_mix(self.recipe))

    def batches(self) -> Batches:
        """Of train, augmented."""
        recipe, at = self.recipe, self.course
        pictures: Prepared | Whole = self.whole or self.pictures
        plan = BatchPlan(
            at.batch, recipe.seed, balanced=recipe.pictures.balanced, augment=self.chain,
            workers=recipe.machine.workers, device=at.device, channels_last=at.channels_last,
            rank=self.ranks.rank, ranks=self.ranks.count, class_weights=self.weights(),
            stretched=self.whole.stretched if self.whole else None, resident=at.resident,
        )  # fmt: skip
        return Batches(pictures, plan)

    def weights(self) -> NDArray[np.float32] | None:
        """K, how much a picture of each class counts; None where all count alike."""
        rule = self.recipe.loss.class_weights
        if rule == "none":
            return None
        counts = np.array(list(self.dataset.counts_in("train").values()), np.int64)
        return class_weights(counts, rule)  # type: ignore[arg-type]

    @property
    def judged_at_once(self) -> int:
        """Pictures of a batch that is judged: fewer of large ones."""
        H, W = self.pictures.preparation.size
        return max(1, min(JUDGED_AT_ONCE, JUDGED_PIXELS // (H * W)))

    def judging(self, split: str) -> Batches:
        """Of a split as it is, in order; of several ranks each has a run of its own."""
        plan = BatchPlan(
            self.judged_at_once, split=split, shuffle=False, workers=1, device=self.course.device,
        )  # fmt: skip
        return Batches(self.pictures, plan)

    def glance(self) -> Batches:
        """Some of val, the same ones at every look."""
        made = self.judging("val")
        rows = made.rows
        chosen = order(len(rows), self.recipe.seed, 0)[:LOOKED_AT].astype(np.int64)
        made.rows = np.sort(rows[chosen])
        return made


def _mix(recipe: Recipe) -> Mix | None:
    """As the recipe says, whatever a preset would do."""
    part = recipe.pictures
    kind: Any = mixed(part.mix, part.augment)
    return None if kind == "none" else Mix(kind, part.mix_alpha)


def readied(
    run: Run,
    order_: Order,
    recipe: Recipe,
    stop: Stopping,
    opened: Dataset | None = None,
    ranks: Ranks = ALONE,
) -> Generator[Event, None, Ready]:
    """Open, divide, prepare, choose, measure; or the same again from what a run says."""
    told = run.facts()
    # Without a checkpoint no step was done and no weight is kept: then all is decided anew.
    goes_on = "decided" in told and checkpoint.latest(run.path) is not None
    torch.set_num_threads(recipe.machine.threads or ranks.threads)
    pictures, leaked = yield from _opened(run, order_, recipe, opened)
    data = pictures.dataset
    if goes_on:
        if splits := train_data.changed(told["data"], train_data.keys_of(pictures)):
            text = f"pictures of {splits} have changed since the run began: it goes on with those of now, "
            yield Said(f"{text}so the end is not that of an unbroken run", "warning")
        recipe = recipe_file.read(run.path / "recipe.toml")
        return (yield from _as_before(run, order_, recipe, pictures, leaked, told, ranks))
    run.write_classes(data.counts)
    if pictures.left_out:
        safe.write_csv(run.file("skipped.csv"), [("path", "reason"), *pictures.left_out])
        yield Said("skipped.csv of the run names them, each with its reason")
    run.update(
        data={
            "name": order_.data, "fingerprint": data.fingerprint, "splits": data.splits,
            "made_here": list(data.made_here), "pictures": len(data),
            "keys": train_data.keys_of(pictures),
        },
        findings=[
            {"code": f.code, "severity": f.severity, "text": f.text} for f in data.findings
        ],
        preparation=pictures.preparation.to_dict(),
    )  # fmt: skip
    return (yield from _decided(run, order_, recipe, pictures, leaked, stop, ranks))


def along(
    run: Run, order_: Order, told: Mapping[str, Any], ranks: Ranks
) -> Generator[Event, None, Ready]:
    """What rank 0 has decided so far and says, before it stands in the run."""
    recipe = Recipe().with_values(told["recipe"])
    torch.set_num_threads(recipe.machine.threads or ranks.threads)
    pictures, leaked = yield from _opened(run, order_, recipe)
    return (yield from _as_before(run, order_, recipe, pictures, leaked, told, ranks))


def _opened(
    run: Run, order_: Order, recipe: Recipe, opened: Dataset | None = None
) -> Generator[Event, None, tuple[Prepared, Rows]]:
    """All pictures that can be read, divided and prepared; and those of val and test with a copy in train."""
    told = run.facts()
    dataset = opened or train_data.opened(order_, recipe.seed, run.path)
    leaked = np.zeros(0, np.int64)
    if not (run.path / "splits.csv").exists():
        dataset, leaked = yield from train_data.kept_together(dataset, order_, recipe.seed)
        if order_.fixes:
            safe.write_bytes(run.file("fixes.csv"), Path(order_.fixes).read_bytes())
        run.update(leaked=[int(row) for row in leaked])
        write_splits(run.file("splits.csv"), dataset)
    else:
        leaked = np.array(told.get("leaked", []), np.int64)
    for one in dataset.findings:
        yield Said(one.text, one.severity)
    pictures = yield from _prepared(run, dataset, order_, recipe)
    data = pictures.dataset
    if len(data) < len(dataset):  # what cannot be read is gone, and the others have other numbers
        named = {dataset.paths[int(row)] for row in leaked}
        leaked = np.flatnonzero([path in named for path in data.paths]).astype(np.int64)
    return pictures, leaked


def _prepared(
    run: Run, dataset: Dataset, order_: Order, recipe: Recipe
) -> Generator[Event, None, Prepared]:
    """Bytes of one size for every picture, normalised as the data or the weights ask."""
    kept = run.facts().get("preparation")
    if kept:
        preparation = Preparation.from_dict(kept)
    else:
        preparation = train_data.preparation_for(dataset, order_, recipe)
    pictures = yield from train_data.prepared_all(dataset, preparation, order_.skip_bad)
    for one in pictures.findings:
        yield Said(one.text, one.severity)
    if not kept and not order_.source:
        found = train_data.normalised_by(pictures, recipe.seed)
        pictures = replace(pictures, preparation=found)
    return pictures


def _as_before(
    run: Run,
    order_: Order,
    recipe: Recipe,
    pictures: Prepared,
    leaked: Rows,
    told: Mapping[str, Any],
    ranks: Ranks,
) -> Generator[Event, None, Ready]:
    """What the run or rank 0 says was decided; the weights come from a checkpoint."""
    model = told["model"]
    text = model["text"]
    network = built(text, len(pictures.dataset.classes))
    for name in model.get("frozen", ()):  # the optimiser's state has no place for these
        network.get_parameter(name).requires_grad_(False)
    plan = None if text.startswith(train_network.TIMM) else Plan.read(text)
    C, side = pictures.preparation.channels, pictures.preparation.size[0]
    chosen = Chosen(model["name"], text, network, plan, side, C, model["pretrained"])
    course = Course.from_dict(told["decided"])
    if course.processes not in (0, ranks.count):
        text = f"the plan was made for {course.processes} processes, and {ranks.count} go on with it: it "
        yield Said(f"{text}takes another time, and sums differ in the last digits", "warning")
        course = replace(course, threads=recipe.machine.threads or ranks.threads)
    torch.set_num_threads(course.threads)  # sums in another order would not be the same sums
    whole = yield from train_whole.as_before(told, pictures)
    return Ready(run, order_, recipe, pictures, leaked, chosen, course, ranks, whole)


def _decided(
    run: Run,
    order_: Order,
    recipe: Recipe,
    pictures: Prepared,
    leaked: Rows,
    stop: Stopping,
    ranks: Ranks,
) -> Generator[Event, None, Ready]:
    """Network, recipe, precision, steps: measured here, and written before step 0."""
    from striate.verbs.train_choice import decide

    ready = yield from decide(run, order_, recipe, pictures, leaked, stop, ranks)
    at = ready.course
    yield Said(
        f"{ready.chosen.name}: {ready.chosen.parameters:,} parameters; {at.steps:,} steps of {at.batch:,} "
        f"pictures ({at.epochs:.1f} epochs), {at.precision}, {ready.recipe.optimiser.name}"
    )
    if at.practised:
        yield Said(
            f"after step {at.steps_per_epoch:,} the hardest pictures are practised, {at.practised:,} of "
            f"{ready.dataset.splits['train']:,} in a pass, and from step {at.practised_until:,} on all come "
            "again; in between, figures of train are of the hard ones"
        )
    elif ready.recipe.practise.share < 1:
        yield Said("there are too few steps to practise hard pictures: all come in every pass")
    for note in ready.chain.notes:
        yield Said(note, "warning")
    other = ", ".join(f"{name}={here}" for name, (here, _) in ready.recipe.differences().items())
    yield Said(f"the recipe differs from the defaults in: {other or 'nothing'}")
    return ready
