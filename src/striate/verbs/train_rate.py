"""`train --find-lr`: rising rates on the user's own pictures and network, and a plot of the loss."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from striate import safe
from striate.errors import CannotTrain
from striate.keeping.runs import Run
from striate.training.recipe import Recipe
from striate.training.stopping import Stopping
from striate.verbs.train_order import Event, Order, Working

if TYPE_CHECKING:
    from striate.training.find_rate import Range, Tried


@final
@dataclass(frozen=True)
class Found:
    """`rate`: the recipe's own; `path` of the plot, None where none was asked for."""

    range: Range
    rate: float
    path: Path | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "rate": self.rate, "suggested": self.rate * self.range.suggested,
            "steepest": self.rate * self.range.steepest,
            "tried": [{"rate": self.rate * t.factor, "loss": t.loss} for t in self.range.tried],
            "plot": str(self.path) if self.path else None,
        }  # fmt: skip

    def text(self) -> str:
        """For people."""
        found = self.range
        lines = [
            f"rate {self.rate * t.factor:10.3g}   loss {t.loss:8.4f}" for t in found.tried[::4]
        ]
        lines.append(
            f"\nthe loss falls fastest at {self.rate * found.steepest:.3g}; the recipe takes {self.rate:.3g}"
        )
        lines.append(f"try: --set optimiser.rate={self.rate * found.suggested:.3g}")
        return "\n".join(lines + ([f"plot: {self.path}"] if self.path else []))


def free(name: str = "rates.html") -> Path:
    """A place for a plot in this folder where nothing lies yet."""
    path, number = Path(name), 1
    while path.exists():
        number += 1
        path = Path(name).with_stem(f"{Path(name).stem}-{number}")
    return path


def find_rate(order: Order, recipe: Recipe, path: Path | None) -> Generator[Event, None, Found]:
    """Sweep; `path` gets the plot as an HTML page. No run is left behind."""
    from striate.training import defaults
    from striate.training import find_rate as ranges
    from striate.verbs.train_faults import opened
    from striate.verbs.train_frozen import fitted_head, still_norms
    from striate.verbs.train_ready import readied

    dataset = opened(order, recipe)
    folder = Path(tempfile.mkdtemp(prefix="striate-find-lr-"))
    try:
        run = Run.create(folder / "run", datetime.now(UTC))
        with run:
            ready = yield from readied(run, order, recipe, Stopping(), dataset)
            network, from_scratch = ready.chosen.network, not order.from_weights
            yield from fitted_head(ready)  # as training would begin
            tried: list[Tried] = []
            for one in ranges.sweep(
                network, ready.batches(), ready.recipe, ready.course, from_scratch=from_scratch,
                still=still_norms(ready),
            ):  # fmt: skip
                tried.append(one)
                yield Working("trying rates", len(tried), ranges.STEPS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not tried:
        raise CannotTrain(
            "the loss is no number at the lowest rate already",
            "`striate check` looks at the pictures",
        )
    part = ready.recipe.optimiser
    rate = part.rate or defaults.RATES[part.name][0 if from_scratch else 1]
    found = Found(ranges.read(tried), rate, path)
    if path is not None:
        safe.write_text(path, _page(found))
    return found


def _page(found: Found) -> str:
    from striate.pages.rate import rate_page

    told = [(found.rate * t.factor, t.loss) for t in found.range.tried]
    return rate_page(told, found.rate * found.range.suggested)
