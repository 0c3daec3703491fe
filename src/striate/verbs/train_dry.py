"""What `train` would do, without doing it: pictures, network, every knob, an estimate of the steps.

Nothing is written. The pace is that of a few blank pictures, so the estimate is a rough one; a training
measures with its own pictures before step 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from striate.grammar.plan import Plan
from striate.optional import need
from striate.training.defaults import Facts, settle
from striate.training.ranks import ALONE, Ranks
from striate.training.recipe import Recipe
from striate.training.recipe_file import to_text
from striate.verbs import train_data, train_network, train_pace
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
    torch: Any = need("torch", to="know what training costs here", extra="train")
    if ranks.count > 1:
        torch.set_num_threads(recipe.machine.threads or ranks.threads)
    dataset = train_data.opened(order, recipe.seed)
    train_network.checked(order, len(dataset.classes))
    prepared = train_data.preparation_for(dataset, order, recipe)
    side, shape = prepared.size[0], (prepared.channels, *prepared.size)
    count, classes = dataset.splits["train"], len(dataset.classes)
    model, seen, why = train_network.model_of(order), 0, ""
    if model == "auto":
        model, seen, why = train_pace.by_budget(recipe, count, shape, classes, "cpu", ranks.count)
    plan = None
    if not model.startswith(train_network.TIMM):
        plan = train_network.planned(model, shape, classes)
    if plan is not None and not seen:
        seen, rate = train_pace.affordable(plan, recipe, count, "cpu", ranks.count)
        shown = train_pace.on(ranks.count)
        why = f"{model} at {side} pixels: about {rate:,.0f} pictures a second here{shown}"
    # As in training, where only networks of our own are timed before the recipe is decided.
    known = seen if train_network.model_of(order) in ("auto", *train_pace.OURS) else 0
    counts = [c for c in dataset.counts_in("train").values() if c]
    facts = Facts(
        count, classes, side, max(counts) / min(counts), known, dataset.mirror,
        has_norms=plan is None or " bn" in plan.text, whitens=plan is not None and "whiten=" in plan.text,
        pretrained=order.pretrained is not None or order.source is not None,
        is_headed=order.pretrained is not None,
    )  # fmt: skip
    settled = settle(recipe, facts)
    if not recipe.epochs:
        seen = min(seen, int(train_pace.MOST_EPOCHS * count))
    together = settled.batch * settled.optimiser.accumulate
    return Dry(
        order, settled, dataset.splits, dataset.classes, plan, model, side,
        max(1, seen // together), why, tuple(f"{f.severity}: {f.text}" for f in dataset.findings),
    )  # fmt: skip
