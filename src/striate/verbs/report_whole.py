"""The whole page of a run: what `report` tells, and what the network looks at."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, final

from striate import safe
from striate.verbs.report import gathered
from striate.verbs.report_inside import Inside, inside
from striate.verbs.train_order import Working

if TYPE_CHECKING:
    from striate.pages.html import Html

BUDGET_S = 20.0
LARGEST = 2_950_000  # bytes of a page


@final
class Whole(NamedTuple):
    """Where the page is, and what it lacks of what the network looks at."""

    path: Path
    left_out: tuple[str, ...]


def whole(
    run: Path, path: Path | None = None, budget_s: float = BUDGET_S
) -> Generator[Working, None, Whole]:
    """Write the page with what the network looks at, found out within about `budget_s`. Without torch, or
    without the run's data, the page says that it lacks that part.
    """
    from striate.pages.report import page
    from striate.pages.report_cases import worst

    target, told = gathered(run, path)
    of_split = [case for case in told.cases if case.split == told.split]
    right = [case for case in of_split if case.truth == case.label]
    found = yield from inside(run, [*worst(told), *right], budget_s)
    body, style, lacking = _drawn(found, LARGEST - len(page(told).encode()))
    large = (f"{title}: left out, the page would be too large." for title in lacking)
    left_out = (*found.left_out, *large)
    safe.write_text(target, page(told, _with(body, found.said, left_out), style))
    return Whole(target, left_out)


def _drawn(found: Inside, room: int) -> tuple[Html, str, list[str]]:
    from striate.seeing.figures import inset, page

    style = page.STYLE + inset.STYLE
    body, lacking = inset.inset(found.insets, room - len(style) - 10_000)
    return body, style, lacking


def _with(body: Html, said: str, left_out: tuple[str, ...]) -> Html:
    from striate.pages import html

    parts = [html.paragraph(said, "soft")] if said else []
    parts += [body] if body else []
    parts += [html.paragraph(line, "soft") for line in left_out]
    return html.joined(parts)
