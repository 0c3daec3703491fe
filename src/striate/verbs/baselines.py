"""Was a convolutional network worth it? Every method before it, and one, on the same pictures.

Splits and prepared pictures are the same for all. Each method may take an equal part of the budget, and
what the quick ones leave is shared by the slow ones. What can be chosen (strength of regularisation,
neighbours, the best pass) is chosen on val; test is answered once by each method.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from striate import safe
from striate.verbs import baselines_methods, baselines_networks
from striate.verbs.baselines_rows import Row, ranked
from striate.verbs.baselines_world import Asked, World, opened
from striate.verbs.check import refuse_inside
from striate.verbs.see import DRAWING, PAGE, check_names
from striate.verbs.train_order import Event, Said

if TYPE_CHECKING:
    from collections.abc import Collection

Compare = Callable[[World, float], Generator[Event, None, Row]]
_LEAST_S = 1.0  # of each method: less is spent on starting


@final
@dataclass(frozen=True, eq=False)
class Compared:
    """All methods, the best first. limit_s: what each was allowed to fit at least."""

    data: str
    world: World
    limit_s: float
    rows: tuple[Row, ...]

    @property
    def side(self) -> str:
        """Of pictures: 3x32x32."""
        H, W, C = self.world.shape
        return f"{C}x{H}x{W}"

    @property
    def commonest(self) -> float:
        """What naming the commonest class always would reach on test."""
        counts = [sum(row) for row in self.rows[0].confusion]
        return max(counts) / max(sum(counts), 1)

    def to_dict(self) -> dict[str, Any]:
        """For `--json`, without `schema_version`."""
        classes = self.world.classes
        return {
            "data": self.data, "input": self.side, "splits": self.world.prepared.dataset.splits,
            "classes": list(classes), "limit_s": round(self.limit_s, 3), "commonest": self.commonest,
            "methods": [row.to_dict(classes) for row in self.rows],
        }  # fmt: skip

    def write_page(self, path: str | Path) -> None:
        """The HTML page; or the picture of accuracy against cost, where the name ends in .png."""
        if Path(path).suffix.lower() == DRAWING:
            from striate.verbs.baselines_drawn import png

            safe.write_bytes(path, png(self))
            return
        from striate.verbs.baselines_page import page

        safe.write_text(path, page(self))

    def write_arrays(self, path: str | Path) -> None:
        """The numbers, for NumPy."""
        from striate.verbs.baselines_drawn import npz

        safe.write_bytes(path, npz(self))


def refuse_early(asked: Asked, page: str | None, npz: str | None = None) -> None:
    """What could not be written at the end is refused before anything is read."""
    check_names(Path(page or f"none{PAGE}"), Path(npz) if npz else None)
    for path in (page, npz):
        if path is None:
            continue
        refuse_inside(asked.data, path)


def baselines(asked: Asked, only: Collection[str] = ()) -> Generator[Event, None, Compared]:
    """Yield progress and return the table; `only` names some of the methods."""
    world = yield from opened(asked)
    is_grey = world.shape[2] == 1
    methods = [m for m in baselines_methods.METHODS if not (only and m.name not in only)]
    networks = [n for n in baselines_networks.NETWORKS if not (only and n.name not in only)]
    without = [m.name for m in methods if m.needs_colour and is_grey]
    if without:
        yield Said(f"left out, since the pictures are grey: {', '.join(without)}")
    methods = [m for m in methods if m.name not in without]
    runs: list[Compare] = [partial(baselines_methods.compared, m) for m in methods]
    runs += [partial(baselines_networks.compared, n) for n in networks]
    share = asked.budget_s / max(1, len(runs))
    splits = world.prepared.dataset.splits
    yield Said(
        f"{len(runs)} methods, at least {share:.1f} s for each, on {splits['train']:,} pictures of train; "
        f"{splits['val']:,} of val choose, {splits['test']:,} of test judge"
    )
    rows, left = [], asked.budget_s
    for number, compare in enumerate(runs):
        # What quick methods leave is shared by those that still come: the slow ones stand last.
        limit = max(_LEAST_S, share, left / (len(runs) - number))
        row = yield from compare(world, limit)
        left -= min(row.seconds, limit)  # who takes longer takes it from nobody
        rows.append(row)
        yield Said(_told(row))
    return Compared(asked.data, world, share, ranked(rows, world.classes))


def _told(row: Row) -> str:
    """One line when a method is done."""
    return f"{row.name}: {row.accuracy:.1%} of test, fitted in {row.seconds:.1f} s ({row.chosen})"
