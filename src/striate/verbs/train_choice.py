"""Decided before step 0: device, network, recipe, precision, micro-batch, and how many steps.

Everything here that is measured goes into the course, and with it into `run.json`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from striate.keeping.runs import Run
from striate.pictures.normalised import normalised
from striate.pictures.order import order
from striate.pictures.store.cache import Prepared
from striate.shipping.opened import bundle_of
from striate.training import budget, defaults, initialise, mirrored, precision, recipe_file
from striate.training.course import Course, of_epochs, of_steps
from striate.training.ranks import ALONE, Ranks
from striate.training.recipe import Recipe
from striate.training.stopping import Stopping
from striate.verbs import train_device, train_network, train_pace, train_whole
from striate.verbs.train_growing import cannot_grow, taken
from striate.verbs.train_network import Chosen
from striate.verbs.train_order import Event, Order, Said
from striate.verbs.train_ready import LOOKED_AT, Ready, Rows

WHITENED_FROM = 5_000  # pictures whose patches the first layer is made of


def decide(
    run: Run,
    order_: Order,
    recipe: Recipe,
    pictures: Prepared,
    leaked: Rows,
    stop: Stopping,
    ranks: Ranks = ALONE,
) -> Generator[Event, None, Ready]:
    """The network as it begins, the recipe without `auto`, and the course; kept in the run."""
    device = train_pace.device_of(recipe.machine.device)
    C, (H, W) = pictures.preparation.channels, pictures.preparation.size
    classes = len(pictures.dataset.classes)
    threads = train_pace.threads_for(recipe, order_, (C, H, W), classes, device, ranks)
    torch.set_num_threads(threads)
    chosen, affordable, why = yield from _network(recipe, order_, pictures, device, ranks.count)
    if chosen.mean and chosen.std:
        pictures = replace(
            pictures, preparation=replace(pictures.preparation, mean=chosen.mean, std=chosen.std)
        )
        run.update(preparation=pictures.preparation.to_dict())
    settled = defaults.settle(recipe, _facts(recipe, pictures, chosen, affordable, order_))
    if order_.is_headed:
        from striate.verbs.train_frozen import patient, still_parts

        settled = patient(settled)
        still_parts(chosen.network)
    taken(chosen, settled, (C, H, W))
    whole = yield from train_whole.decided(pictures, settled)
    settled = yield from _begun(recipe, settled, chosen, pictures)
    verdict = precision.decide(
        settled.machine.precision, chosen.network, (C, H, W),
        max(1, settled.batch // ranks.count), device,
    )  # fmt: skip
    yield Said(verdict.why)
    together = (
        settled.batch * settled.optimiser.accumulate
    )  # to one step; as many pictures as there are
    together = min(together, max(settled.batch, pictures.dataset.splits["train"]))
    how = Course(
        1, 1, together, settled.batch, 1, 1, device=device, precision=verdict.precision,
        channels_last=settled.machine.channels_last and verdict.channels_last,
        threads=threads, processes=ranks.count,
    )  # fmt: skip
    ready = Ready(run, order_, settled, pictures, leaked, chosen, how, ranks, whole)
    ready = yield from train_device.with_pixels(ready)
    model = _model(chosen, order_)
    course = yield from _course(ready, model, why, verdict.why, stop)
    # Before `decided`, which says that all of it stands.
    recipe_file.write(run.file("recipe.toml"), settled)
    run.update(
        decided=course.to_dict() | {"precision_numbers": list(verdict.numbers)},
        whole=whole.preparation.to_dict() if whole is not None else None,
        model=model,
    )
    return replace(ready, course=course)


def _begun(
    recipe: Recipe, settled: Recipe, chosen: Chosen, pictures: Prepared
) -> Generator[Event, None, Recipe]:
    """The first weights of the network, as settled, and the recipe as far as that could be done."""
    is_mirrored = settled.regularise.mirrored == "yes"
    for text in initialise.start(
        chosen.network, settled.start, _images(pictures, settled), settled.seed,
        mirrored=is_mirrored,
    ):  # fmt: skip
        yield Said(text)
    if is_mirrored:
        settled, text = _mirrored(recipe, settled, chosen)
        yield Said(text)
    return settled


def _model(chosen: Chosen, order_: Order) -> dict[str, Any]:
    """What run.json says of the network."""
    return {
        "name": chosen.name, "text": chosen.text, "parameters": chosen.parameters,
        "macs": chosen.macs, "pretrained": chosen.pretrained, "started_from": _source(order_),
        "frozen": [n for n, p in chosen.network.named_parameters() if not p.requires_grad],
    }  # fmt: skip


def _network(
    recipe: Recipe, order_: Order, pictures: Prepared, device: str, processes: int
) -> Generator[Event, None, tuple[Chosen, int, str]]:
    """The network with the weights it starts from; how many pictures it can be shown, where it is one of
    ours; and why it is this one, where that was decided here.
    """
    data, shape = pictures.dataset, (pictures.preparation.channels, *pictures.preparation.size)
    count, classes = data.splits["train"], len(data.classes)
    model, affordable, why = train_pace.meant(
        recipe, order_, count, shape, classes, device, processes
    )
    if why:
        yield Said(why)
    said: list[str] = []
    chosen = train_network.choose(
        model, shape, classes, pretrained=order_.pretrained, seed=recipe.seed,
        announce=said.append,
    )  # fmt: skip
    if order_.source:
        start = bundle_of(order_.source)
        chosen = train_network.with_weights(chosen, start.tensors(), order_.source)
        if recipe.start.whiten == "auto":
            initialise.hold(chosen.network, start.tensors())
        if order_.model == "auto":
            chosen = replace(chosen, name=str(start.card.get("model", {}).get("name", chosen.name)))
    for text in (*said, *chosen.notes):
        yield Said(text)
    return chosen, affordable, why


def _mirrored(recipe: Recipe, settled: Recipe, chosen: Chosen) -> tuple[Recipe, str]:
    """Filters in pairs from the first step on, or why there are none where nobody asked for them."""
    find = mirrored.wanted if recipe.regularise.mirrored == "yes" else mirrored.tied
    try:
        pairs = find(chosen.network)
    except mirrored.CannotMirror as fault:
        return settled.with_values({"regularise.mirrored": "no"}), (
            f"filters do not come in mirrored pairs: {fault}"
        )
    pairs.weights()
    count = sum(isinstance(one.owner, nn.Conv2d) and one.name == "weight" for one in pairs.tied)
    return settled, (
        f"filters of {count} convolutions come in pairs, each the mirror image of the other, so a mirrored "
        "picture is as good as seen"
    )


def _source(order_: Order) -> dict[str, str] | None:
    """The run whose weights are the start, and under which licence they are."""
    if not order_.source:
        return None
    licence = bundle_of(order_.source).card.get("weights_licence")
    return {"source": order_.source, "licence": str(licence or "unknown")}


def _facts(
    recipe: Recipe, pictures: Prepared, chosen: Chosen, affordable: int, order_: Order
) -> defaults.Facts:
    """What the defaults depend on."""
    data = pictures.dataset
    counts = [c for c in data.counts_in("train").values() if c]
    return defaults.Facts(
        pictures=data.splits["train"],
        classes=len(data.classes),
        side=pictures.preparation.size[0],
        unevenness=max(counts) / min(counts),
        affordable=affordable,
        mirror=data.mirror,
        **train_network.kind_of(chosen.network)._asdict(),
        grows=chosen.plan is not None and not cannot_grow(chosen.plan, recipe),
        pretrained=order_.from_weights,
        is_headed=order_.is_headed,
    )


def _images(pictures: Prepared, recipe: Recipe) -> torch.Tensor | None:
    """Some pictures of train as the network sees them, for a whitening first layer."""
    if recipe.start.whiten != "yes":
        return None
    rows = pictures.dataset.places("train")
    chosen = np.sort(rows[order(len(rows), recipe.seed, 0)[:WHITENED_FROM].astype(np.int64)])
    return normalised(torch.from_numpy(pictures.take(chosen)), pictures.preparation).contiguous()


def _course(
    ready: Ready, model: dict[str, Any], why: str, precise: str, stop: Stopping
) -> Generator[Event, None, Course]:
    """Steps from epochs, or from a measurement and the budget."""
    recipe, how, ranks = ready.recipe, ready.course, ready.ranks
    batches = ready.batches()
    count, size = len(batches.rows), batches.size[0]
    per_epoch = max(1, count // how.batch)
    measured, compiling = yield from train_device.measured(ready, batches, model, stop)
    kept: dict[str, Any] = {
        "micro_batch": min(measured.micro_batch, recipe.batch), "device": how.device,
        "precision": how.precision, "channels_last": how.channels_last, "resident": how.resident,
        "compiled": compiling.compiled, "threads": how.threads, "processes": how.processes,
    }  # fmt: skip
    step_s = measured.step_s[size]
    kept["save_every"] = max(1, round(recipe.save_every_s / max(step_s, 1e-6)))
    if recipe.epochs:
        made = of_epochs(recipe, count, how.batch, size, **kept)
    else:
        looked = min(LOOKED_AT, ready.dataset.splits["val"])
        spent = 0.0
        if ready.order.is_headed:  # for the features of train, of its mirror, of val
            spent = measured.look_s * (2 * count + ready.dataset.splits["val"])
            if how.device == "cpu":  # by rank 0 with the threads of all that wait on its machine
                spent /= ranks.here
        steps = budget.steps_for(recipe, measured, size, looked, spent_s=spent)
        if ready.order.is_headed and steps < per_epoch:
            steps = 0
        most = round(train_pace.MOST_EPOCHS * per_epoch)
        made = of_steps(recipe, min(steps, most), per_epoch, how.batch, size, **kept)
        if steps > most:
            why = f"{why}; {train_pace.MOST_EPOCHS:g} epochs are enough, so the budget is not used up".strip(
                "; "
            )
    step = f"a step of {how.batch:,} pictures at {size} pixels takes {step_s:.3f} s here"
    if ranks.count > 1:
        step += f", measured by {ranks.count} processes together, threads of each: {how.threads}"
    return replace(made, why=tuple(w for w in (why, precise, compiling.why, step) if w))
