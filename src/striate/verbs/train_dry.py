"""What `train` would do, without doing it: pictures, network, every knob, an estimate of the steps.

Nothing is written. The pace is that of a few blank pictures, so the estimate is a rough one; a training
measures with its own pictures before step 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from striate.grammar.plan import Plan
from striate.optional import need
from striate.training.course import of_epochs
from striate.training.defaults import Facts, settle
from striate.training.ranks import ALONE, Ranks
from striate.training.recipe import Recipe
from striate.training.recipe_file import to_text
from striate.verbs import train_data, train_faults, train_network, train_pace
from striate.verbs.train_growing import cannot_grow
from striate.verbs.train_order import Order


@final
@dataclass(frozen=True)
class Dry:
    """What would be done."""

    order: Order
    recipe: Recipe
    splits: dict[str, int]
    classes: tuple[str, ...]
    plan: Plan | None
    model: str
    side: int
    steps: int
    why: str
    findings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "data": self.order.data, "splits": self.splits, "classes": list(self.classes),
            "model": {"name": self.model, "text": self.plan.text if self.plan else None},
            "side": self.side, "steps": self.steps, "why": self.why, "recipe": self.recipe.to_dict(),
            "findings": list(self.findings),
        }  # fmt: skip

    def text(self) -> str:
        """For people: the network's table, then every knob with its value."""
        shares = " · ".join(f"{name} {count:,}" for name, count in self.splits.items())
        lines = [f"{self.order.data}: {len(self.classes)} classes, {shares}", *self.findings, ""]
        lines += [
            str(self.plan) if self.plan else self.model,
            "",
            f"about {self.steps:,} steps; {self.why}",
        ]
        lines += [
            "",
            "recipe",
            to_text(self.recipe).rstrip(),
            "",
            "dry run: nothing was trained or written",
        ]
        return "\n".join(lines)


def dry_run(order: Order, recipe: Recipe, ranks: Ranks = ALONE) -> Dry:
    """Look at names, sizes and pace; train nothing. Of several ranks one's share of the machine is timed, and
    taken for each of them.
    """
    need("torch", to="know what training costs here", extra="train")
    dataset = train_faults.opened(order, recipe)
    prepared = train_data.preparation_for(dataset, order, recipe)
    side, shape = prepared.size[0], (prepared.channels, *prepared.size)
    count, classes = dataset.splits["train"], len(dataset.classes)
    model, plan, known, seen, why = _meant(recipe, order, count, shape, classes, ranks)
    counts = [c for c in dataset.counts_in("train").values() if c]
    facts = Facts(
        count, classes, side, max(counts) / min(counts), known, dataset.mirror,
        **_kind(model, plan, shape, classes)._asdict(),
        grows=plan is not None and not cannot_grow(plan, recipe),
        pretrained=order.from_weights, is_headed=order.is_headed,
    )  # fmt: skip
    settled = settle(recipe, facts)
    together = settled.batch * settled.optimiser.accumulate
    together = min(together, max(settled.batch, count))
    if recipe.epochs:
        steps = of_epochs(settled, count, together, side).steps
    else:
        steps = max(1, min(seen, int(train_pace.MOST_EPOCHS * count)) // together)
    return Dry(
        order, settled, dataset.splits, dataset.classes, plan, model, side, steps, why,
        tuple(f"{f.severity}: {f.text}" for f in dataset.findings),
    )  # fmt: skip


def _kind(
    model: str, plan: Plan | None, shape: tuple[int, int, int], classes: int
) -> train_network.Kind:
    """Of the network itself, since a text says it in many ways; one of a plan is built without numbers."""
    import torch

    if plan is not None:
        with torch.device("meta"):
            return train_network.kind_of(plan.build())
    built = train_network.choose(
        model, shape, classes, pretrained=None, seed=0, announce=lambda _: None
    )
    return train_network.kind_of(built.network)


def _meant(
    recipe: Recipe,
    order: Order,
    count: int,
    shape: tuple[int, int, int],
    classes: int,
    ranks: Ranks,
) -> tuple[str, Plan | None, int, int, str]:
    """The network by name and plan, how many pictures it is known to see when training decides the recipe,
    how many by the pace here, and why. Timed on the device and with the threads that training takes.
    """
    import torch

    before = torch.get_num_threads()
    device = train_pace.device_of(recipe.machine.device)
    torch.set_num_threads(train_pace.threads_for(recipe, order, shape, classes, device, ranks))
    try:
        model, known, why = train_pace.meant(
            recipe, order, count, shape, classes, device, ranks.count
        )
        if model.startswith(train_network.TIMM):
            return model, None, known, known, why
        plan, seen = train_network.planned(model, shape, classes), known
        if not why:
            seen, rate = train_pace.affordable(plan, recipe, count, device, ranks.count)
            shown = train_pace.on(ranks.count)
            why = f"{model} at {shape[1]} pixels: about {rate:,.0f} pictures a second here{shown}"
        return model, plan, known, seen, why
    finally:
        torch.set_num_threads(before)
