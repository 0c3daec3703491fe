"""Tables whose cells are shaded by how much they hold, and values drawn with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from striate.pages.html import Html, escaped
from striate.pages.report_words import between, percent

_LIGHTEST, _DARKEST = (
    0.14,
    0.72,
)  # to be seen at all; and the ink stays readable, by day and by night
_MANY = 16  # classes, beyond which cells become small
_LONGEST = 28  # letters of a class above a column; the whole stands in its title


def confusion_table(classes: Sequence[str], counts: Sequence[Sequence[int]], label: str) -> Html:
    """Rows are what pictures show, columns what was said. Right cells and wrong ones have colours that
    nobody confuses, as dark as their share of the row; the counts stand in them.
    """
    dense = " dense" if len(classes) > _MANY else ""
    is_short = max(map(len, classes), default=0) <= 3
    kind = "" if is_short else ' class="turned"'
    head = "".join(
        f'<th scope="col" title="{escaped(name)}"><span{kind}>{escaped(shortened(name))}</span></th>'
        for name in classes
    )
    body = "".join(_row(classes, i, row) for i, row in enumerate(counts))
    return Html(
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escaped(label)}">'
        f'<table class="heat{dense}"><thead><tr><th scope="col" class="corner">shown \\ said</th>{head}'
        f'<th scope="col" class="r">all</th></tr></thead><tbody>\n{body}</tbody></table></div>'
    )


def _row(classes: Sequence[str], at: int, counts: Sequence[int]) -> str:
    total = sum(counts)
    cells = "".join(
        _cell(count, total, j == at, f"{classes[at]} said to be {classes[j]}")
        for j, count in enumerate(counts)
    )
    name = escaped(shortened(classes[at]))
    return (
        f'<tr><th scope="row" title="{escaped(classes[at])}">{name}</th>{cells}'
        f'<td class="r">{total:,}</td></tr>\n'
    )


def _cell(count: int, total: int, is_right: bool, what: str) -> str:
    """One cell; the shade goes with the square root, so that a few wrong ones can be seen."""
    if not count:
        return "<td></td>"
    share = count / total
    kind = "right" if is_right else "wrong"
    shade = _LIGHTEST + (_DARKEST - _LIGHTEST) * share**0.5
    tip = escaped(f"{what}: {count:,} of {total:,} ({share:.1%})")
    return f'<td class="{kind}" style="--a:{shade:.2f}" title="{tip}">{count:,}</td>'


def shortened(name: str, longest: int = _LONGEST) -> str:
    """A name with its middle left out where it is long.

    >>> shortened("a-very-long-name-of-a-class", 11)
    'a-ver…class'
    """
    if len(name) <= longest:
        return name
    ends = (longest - 1) // 2
    return f"{name[:ends]}…{name[-ends:]}"


def with_interval(value: float | None, interval: tuple[float, float] | None) -> Html:
    """A share and its interval, which goes onto a line of its own where there is little room."""
    ends = f" <small>{escaped(between(interval))}</small>" if interval is not None else ""
    return Html(f"{escaped(percent(value))}{ends}")


def whisker(value: float, interval: tuple[float, float] | None) -> Html:
    """A share as a mark on a line from 0 to 1, in the bar of its interval."""
    bar = ""
    if interval is not None:
        low, high = (min(max(end, 0.0), 1.0) for end in interval)
        bar = f'<i style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>'
    at = 100 * min(max(value, 0.0), 1.0)
    return Html(f'<div class="whisker">{bar}<b style="left:{at:.1f}%"></b></div>')
