"""Receptive fields in closed form: which rows (or columns) of the input one unit of a layer can see.

Unit i sees start + i x jump ... start + i x jump + size - 1 of the unclipped input
(start may lie in the padding).
Method: Araujo, Norris, Sim (2019), "Computing Receptive Fields of Convolutional Neural Networks".
"""

from __future__ import annotations

from typing import NamedTuple

from striate.geometry.window import Window


class Field(NamedTuple):
    """The field along one side. `exact` is False where units see fields that differ in size or spacing
    (uneven adaptive pooling, branches that drift apart): the field is then the smallest regular cover."""

    start: int = 0
    size: int = 1
    jump: int = 1
    exact: bool = True

    def through(self, window: Window) -> Field:
        """The field after one more window slides over this layer.

        >>> Field().through(Window(3)).through(Window(3)).size
        5
        """
        return Field(
            self.start - window.before * self.jump,
            self.size + (window.extent - 1) * self.jump,
            self.jump * window.stride,
            self.exact,
        )

    def centre(self, unit: int = 0) -> float:
        """The middle of what a unit sees, in input pixels (the first pixel's middle is 0)."""
        return self.start + unit * self.jump + (self.size - 1) / 2

    def box(self, unit: int, side: int) -> tuple[int, int]:
        """First and one past the last input pixel that the unit sees, clipped to a picture of `side`."""
        first = self.start + unit * self.jump
        return max(0, min(first, side)), max(0, min(first + self.size, side))


def hull(fields: list[Field], units: int) -> Field:
    """The smallest field with the first one's jump that holds what every branch sees, for a map
    `units` long."""
    jump = fields[0].jump
    drift = max(units - 1, 0)
    # Branches step evenly, so the furthest excess is at the first or at the last unit.
    start = min(min(f.start, f.start + (f.jump - jump) * drift) for f in fields)
    end = max(f.size + max(f.start, f.start + (f.jump - jump) * drift) for f in fields)
    regular = all(f.jump == jump for f in fields)
    return Field(start, end - start, jump, regular and all(f.exact for f in fields))


def adaptive(field: Field, size: int, places: int) -> Field:
    """The field after pooling a side of `size` to exactly `places`, where window i is
    floor(i n/p) ... ceil((i+1) n/p): the smallest regular cover where they are uneven."""
    if size % places == 0:
        return field.through(Window(size // places, size // places))
    low = max(size // places, 1)
    jump = min((low, low + 1), key=lambda step: step + abs(size - places * step))
    # Even steps drift from the windows one way only, by this much from the first to the last.
    drift = size - places * jump
    cover = Window(jump + abs(drift), jump, before=max(-drift, 0))
    return field.through(cover)._replace(exact=False)
