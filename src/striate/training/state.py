"""What changes while a network is trained, and what is told after every step.

Shape legend: N pictures, C channels, H height, W width, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, nn

from striate.training import average, masks, mirrored, optimise
from striate.training.compiled import compiled, told
from striate.training.course import Course
from striate.training.practice import Practice
from striate.training.ranks import ALONE, Ranks
from striate.training.recipe import Recipe

_COUNTERS = ("step", "micro_batch", "correct", "seen", "looks_since")


class Look(NamedTuple):
    """What was seen at a look at val: means since the look before for train, all of val for val."""

    train_loss: float
    train_accuracy: float
    val_loss: float | None
    val_accuracy: float | None


class Progress(NamedTuple):
    """After a completed step. `loss` is that of the step; `look` is there when val was judged."""

    step: int
    steps: int
    epoch: int
    rate: float
    loss: float
    accuracy: float
    pictures: int
    look: Look | None
    training: Training


@final
@dataclass
class Training:
    """Everything that changes while a network is trained. `still` are parts that stay in evaluation mode:
    batch norms of a pretrained network, whose statistics a few pictures would spoil. `forward` is the
    compiled network, which shares its weights, and None where there is none: whole batches go through it, all
    else (a short last batch, judging, saving) uses the network itself.
    """

    network: nn.Module
    recipe: Recipe
    course: Course
    optimiser: optimise.Optimiser
    average: average.Average
    masks: masks.Masks
    ranks: Ranks = ALONE
    still: tuple[nn.Module, ...] = ()
    forward: Callable[[Tensor], Tensor] | None = None
    step: int = 0
    micro_batch: int = 0
    loss_sum: float = 0.0
    weight_sum: float = 0.0
    correct: int = 0
    seen: int = 0
    best_loss: float = math.inf
    looks_since: int = 0
    best: dict[str, Tensor] | None = None
    notes: tuple[str, ...] = ()
    practice: Practice = field(default_factory=Practice)
    _pairs: mirrored.Mirrored | None = None

    @classmethod
    def begin(
        cls,
        network: nn.Module,
        recipe: Recipe,
        course: Course,
        *,
        ranks: Ranks = ALONE,
        from_scratch: bool = True,
    ) -> Training:
        """At step 0."""
        network.to(course.device)
        if course.channels_last:
            network.to(memory_format=torch.channels_last)
        return cls(
            network,
            recipe,
            course,
            optimise.make(
                network,
                recipe.optimiser,
                from_scratch=from_scratch,
                bf16=course.precision == "bf16",
            ),
            average.make(network, recipe.average),
            masks.install(network, recipe.regularise, recipe.seed),
            ranks,
            micro_batch=course.micro_batch,
            # Norms over all ranks wait for one another in the middle of a layer: no code for a compiler.
            forward=compiled(network) if course.compiled and ranks.count == 1 else None,
        )

    @property
    def is_patient_out(self) -> bool:
        """Whether val has not become better for as many looks as the recipe waits."""
        patience = self.recipe.regularise.patience
        return bool(patience) and self.looks_since >= patience

    @property
    def pairs(self) -> mirrored.Mirrored | None:
        """The filters that mirror one another, where the recipe asks for them: found in the weights at first
        use, which are those of the checkpoint when a run goes on.
        """
        if self._pairs is None and self.recipe.regularise.mirrored == "yes":
            self._pairs = mirrored.wanted(self.network)
            self._pairs.weights()
        return self._pairs

    def through(self, pictures: int) -> Callable[[Tensor], Tensor]:
        """What micro-batches of a batch of so many pictures go through."""
        is_whole = pictures == self.course.batch
        return self.forward if self.forward is not None and is_whole else self.network

    def uncompiled(self, fault: BaseException) -> None:
        """Go on with the network itself."""
        self.forward = None
        self.notes += (
            f"step {self.step:,}: compiled code failed ({told(fault)}); the run goes on without",
        )

    def wake(self) -> None:
        """Training mode where it belongs, and no gradient left over."""
        self.network.train()
        for part in self.still:
            part.eval()
        self.optimiser.zero()

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors by name, and plain facts: all that a checkpoint needs."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"optimiser.{k}": v for k, v in self.optimiser.state().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state().items()}
        tensors |= {f"best.{k}": v for k, v in (self.best or {}).items()}
        tensors |= {f"practice.{k}": v for k, v in self.practice.state().items()}
        facts: dict[str, Any] = {name: getattr(self, name) for name in _COUNTERS}
        facts |= {"loss_sum": self.loss_sum, "weight_sum": self.weight_sum}
        facts["is_compiled"] = self.forward is not None
        facts["best_loss"] = None if math.isinf(self.best_loss) else self.best_loss
        return tensors, facts | {"notes": list(self.notes)}

    def load(self, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        held: dict[str, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            part, _, rest = name.partition(".")
            held.setdefault(part, {})[rest] = value
        self.network.load_state_dict(held["network"])
        self.optimiser.load(held.get("optimiser", {}))
        self.average.load(held.get("average", {}))
        self.best = held.get("best")
        self.practice = Practice.of(held.get("practice", {}))
        if not facts.get("is_compiled", True):  # it failed on the way
            self.forward = None
        for name in _COUNTERS:
            setattr(self, name, int(facts[name]))
        self.loss_sum, self.weight_sum = float(facts["loss_sum"]), float(facts["weight_sum"])
        self.best_loss = math.inf if facts["best_loss"] is None else float(facts["best_loss"])
        self.notes = tuple(facts.get("notes", ()))
