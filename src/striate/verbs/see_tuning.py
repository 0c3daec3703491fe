"""`see RUN tuning`: which bars units answer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from striate.errors import UsageError
from striate.verbs.see_inside import Inside
from striate.verbs.see_opened import Opened, opened

if TYPE_CHECKING:
    from striate.seeing.figures.figure import Figure
    from striate.seeing.inside.filters import Filters


def tuning(path: str | Opened, wanted: Inside) -> Figure:
    """Of all units of a layer, the most selective first, or of one."""
    from striate.seeing.figures.tuned import tuning_figure
    from striate.seeing.inside.tuning import preference
    from striate.seeing.inside.tuning import tuning as tuning_of

    seen = opened(path)
    use = seen.preparation
    found = tuning_of(seen.network, (use.channels, *use.size), use.mean, use.std, wanted.layer)
    many = len(found.answers)
    if wanted.unit is not None and wanted.unit >= many:
        raise UsageError(f"{found.layer} has {many} units", "count from 0")
    units = range(many) if wanted.unit is None else [wanted.unit]
    liked = [(unit, preference(found, unit)) for unit in units]
    liked.sort(key=lambda one: -one[1].selectivity if one[1] is not None else 1.0)
    return tuning_figure(seen.name, found, liked, _filters(seen, found.layer))


def _filters(seen: Opened, layer: str) -> Filters | None:
    """The kernels themselves, where they look at the picture."""
    from striate.seeing.inside.filters import filters
    from striate.seeing.inside.layers import convolutions

    first = next(iter(convolutions(seen.network)), None)
    return filters(seen.network, layer) if layer == first else None
