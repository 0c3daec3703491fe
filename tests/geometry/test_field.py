"""Receptive fields against sets of pixels, carried from unit to unit."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from striate.errors import DoesNotFit
from striate.geometry.field import Field, adaptive, hull
from striate.geometry.window import Window

windows = st.builds(
    Window,
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    before=st.integers(0, 2),
    after=st.integers(0, 2),
    dilation=st.integers(1, 3),
    ceil=st.just(False),
)
stacks = st.lists(windows, max_size=4)
fields = st.builds(
    Field, st.integers(-20, 20), st.integers(1, 30), st.integers(1, 9), exact=st.just(True)
)


def field_of(stack: list[Window]) -> Field:
    """The closed form of a stack."""
    field = Field()
    for window in stack:
        field = field.through(window)
    return field


def pixels(stack: list[Window], unit: int) -> set[int]:
    """Every pixel of an endless side that a unit of the last layer is connected to."""
    units = {unit}
    for window in reversed(stack):
        units = {
            u * window.stride - window.before + tap * window.dilation
            for u in units
            for tap in range(window.kernel)
        }
    return units


def pixels_of_a_picture(stack: list[Window], size: int) -> list[set[int]]:
    """The same on a picture of `size`, where padding holds zeros and so shows nothing."""
    seen = [{pixel} for pixel in range(size)]
    for window in stack:
        taps = [tap * window.dilation - window.before for tap in range(window.kernel)]
        seen = [
            set().union(*(seen[p + t] for t in taps if 0 <= p + t < len(seen)))
            for p in (place * window.stride for place in range(window.out(len(seen))))
        ]
    return seen


@given(stacks, st.integers(-5, 25))
def test_size_jump_and_start_are_those_of_the_connected_pixels(
    stack: list[Window], unit: int
) -> None:
    field, seen = field_of(stack), pixels(stack, unit)
    first = field.start + unit * field.jump
    assert (min(seen), max(seen) + 1) == (first, first + field.size)
    assert field.centre(unit) == (min(seen) + max(seen)) / 2
    assert field.exact


@given(stacks, st.integers(1, 40))
def test_no_unit_sees_a_pixel_outside_its_clipped_box(stack: list[Window], size: int) -> None:
    field = field_of(stack)
    try:
        seen = pixels_of_a_picture(stack, size)
    except DoesNotFit:
        assume(False)
    for unit, reach in enumerate(seen):
        first, last = field.box(unit, size)
        assert 0 <= first <= last <= size
        assert reach <= set(range(first, last))


@given(st.lists(fields, min_size=1, max_size=4), st.integers(1, 12))
def test_the_hull_holds_every_branch_and_no_more(branches: list[Field], units: int) -> None:
    whole = hull(branches, units)
    gaps = []
    for unit in range(units):
        first = whole.start + unit * whole.jump
        for branch in branches:
            begin = branch.start + unit * branch.jump
            gaps.append((begin - first, first + whole.size - (begin + branch.size)))
    assert min(gap for gap, _ in gaps) == 0
    assert min(gap for _, gap in gaps) == 0
    assert whole.jump == branches[0].jump
    assert whole.exact == (len({branch.jump for branch in branches}) == 1)


def test_the_hull_of_something_inexact_is_inexact() -> None:
    assert not hull([Field(), Field(exact=False)], 5).exact


def cover(size: int, places: int, jump: int) -> tuple[int, int]:
    """Start and size of the regular windows, `jump` apart, that hold PyTorch's adaptive ones."""
    spans = [(i * size // places, -(-(i + 1) * size // places)) for i in range(places)]
    start = min(first - i * jump for i, (first, _) in enumerate(spans))
    return start, max(last - i * jump for i, (_, last) in enumerate(spans)) - start


@pytest.mark.parametrize("size", range(1, 25))
def test_adaptive_pooling_has_the_smallest_regular_cover(size: int) -> None:
    for places in range(1, 25):
        field = adaptive(Field(), size, places)
        assert (field.start, field.size) == cover(size, places, field.jump)
        assert field.size == min(cover(size, places, jump)[1] for jump in range(1, size + 2))
        assert field.exact == (size % places == 0)


@given(fields, st.integers(1, 30), st.integers(1, 30))
def test_adaptive_pooling_starts_from_the_field_before_it(
    before: Field, size: int, places: int
) -> None:
    alone, after = adaptive(Field(), size, places), adaptive(before, size, places)
    assert after.start == before.start + alone.start * before.jump
    assert after.size == before.size + (alone.size - 1) * before.jump
    assert after.jump == before.jump * alone.jump


def test_nine_digits_of_places_take_no_loop() -> None:
    assert adaptive(Field(), 7, 999_999_999).size == 999_999_993
