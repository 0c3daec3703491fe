"""`show conv --run`: a kernel of a run's own network slides over what goes into its layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from striate.errors import UsageError
from striate.verbs.see_opened import Opened, opened, read_pictures

if TYPE_CHECKING:
    from striate.lectures.conv import Slide
    from striate.lectures.shown import Floats


class Taken(NamedTuple):
    """x: C H W, the channels that the filter sees, in its numbers; kernel: C kh kw; note: a line."""

    x: Floats
    kernel: Floats
    slide: Slide
    note: str


def taken(
    run: str | Opened, image: str, layer: str | None, unit: int, at: tuple[int, int] | None = None
) -> Taken:
    """One filter of a convolution, the first by default, and what it slides over in a picture file."""
    from striate.lectures.conv import Slide
    from striate.seeing.inside.arithmetic import sliding

    seen = opened(run)
    shown = read_pictures((image,), seen.preparation)
    if len(shown) != 1:
        raise UsageError(f"{image} holds {len(shown)} pictures", "a kernel slides over one")
    found = sliding(seen.network, seen.tensor(shown[0].pixels[None]), layer, unit)
    slide = Slide(found.stride, found.padding, found.dilation, False, found.bias, at)
    note = (
        f"filter {unit} of {found.layer} of {seen.name} over {shown[0].name.rpartition('/')[2]}, in the "
        "network's numbers"
    )
    return Taken(found.given, found.kernel, slide, note)
