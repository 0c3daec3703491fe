"""Single pictures: the errors that were most sure of themselves, and labels that may be wrong."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from striate.pages import html
from striate.pages.heat import shortened
from striate.pages.html import Html, escaped
from striate.pages.jpeg_size import jpeg_size
from striate.pages.report_told import Case, Told
from striate.pages.report_values import number, tables, text
from striate.pages.report_words import counted, percent

MOST_ERRORS, MOST_SUSPECTS = (
    120,
    60,
)  # pictures on the page; with those of one run it stays under 3 MB
_OPEN = 24  # of them that one sees without asking
_TINY = 48  # pixels of a side up to which they are shown as squares, not blurred
_LONGEST_PATH = 48


class Suspect(NamedTuple):
    """A picture whose label may be wrong: what is written, what it looks like, and how surely."""

    path: str
    label: str
    likely: str
    share: float | None


def worst(told: Told) -> list[Case]:
    """The wrong answers of the headline's split, the one with the highest loss first."""
    wrong = (case for case in told.cases if case.split == told.split and case.truth != case.label)
    return sorted(wrong, key=lambda case: (-case.loss, case.path))


def suspects(told: Told) -> list[Suspect]:
    """What metrics.json suspects, in its order."""
    found = []
    for one in tables(told.scores.get("suspects")):
        label = _first(one, "label", "given", "truth")
        likely = _first(one, "likely", "suggested", "predicted", "other")
        share = next((s for key in _SHARES if (s := number(one.get(key))) is not None), None)
        if text(one.get("path")) and label and likely:
            found.append(Suspect(text(one["path"]), label, likely, share))
    return found


_SHARES = ("probability", "likely_probability", "confidence")


def _first(held: Mapping[str, object], *names: str) -> str:
    return next((text(held.get(name)) for name in names if text(held.get(name))), "")


def wanted(told: Told) -> list[str]:
    """The pictures that the page shows, where their data can be opened."""
    paths = [case.path for case in worst(told)[:MOST_ERRORS]]
    return list(dict.fromkeys([*paths, *(one.path for one in suspects(told)[:MOST_SUSPECTS])]))


def errors(told: Told) -> Html:
    """The worst errors with their pictures, or as a table where no picture can be shown."""
    found = worst(told)
    if not any(case.split == told.split for case in told.cases):
        return Html("")
    if not found:
        return html.paragraph(f"No picture of {told.split} got a wrong name.")
    shown = found[:MOST_ERRORS]
    said = f"{counted(len(found), 'picture')} of {told.split} got a wrong name; "
    said += (
        "those come first that gave the right name the least probability. In bold what was said and how "
        "surely, under it what the picture shows and the probability that this got."
    )
    if len(found) > len(shown):
        said += f" {len(shown):,} are shown; predictions.csv has all."
    if not told.thumbnails:
        rows = [
            [
                escaped(c.path),
                escaped(c.truth),
                escaped(c.label),
                percent(c.probability),
                percent(_of_truth(c)),
            ]
            for c in shown
        ]
        headers = ["picture", "shows", "said to be", "probability", "of the right one"]
        return html.joined(
            [html.paragraph(said), _many(headers, rows, "wnnrr", "The worst errors")]
        )
    figures = [
        figure(
            told.thumbnails.get(case.path),
            case.path,
            f"“{shortened(case.label)}” {percent(case.probability)}",
            f"shows “{shortened(case.truth)}” {percent(_of_truth(case))}",
        )
        for case in shown
    ]
    return html.joined([html.paragraph(said), _gallery(figures)])


def _of_truth(case: Case) -> float | None:
    """The probability of the right name."""
    return math.exp(-case.loss) if case.loss >= 0 else None


def doubtful(told: Told) -> Html:
    """Labels that may be wrong."""
    found = suspects(told)
    if not found:
        return Html("")
    shown = found[:MOST_SUSPECTS]
    said = (
        f"{counted(len(found), 'label')} may be wrong: networks that had not seen these pictures say "
        "something else. Look at each before changing it; rare and difficult pictures are suspected too."
    )
    if len(found) > len(shown):
        said += f" {len(shown):,} are shown; metrics.json has all."
    if not told.thumbnails:
        rows = [
            [escaped(s.path), escaped(s.label), escaped(s.likely), percent(s.share)] for s in shown
        ]
        headers = ["picture", "label", "looks like", "probability"]
        return html.joined(
            [html.paragraph(said), _many(headers, rows, "wnnr", "Labels that may be wrong")]
        )
    figures = [
        figure(
            told.thumbnails.get(one.path),
            one.path,
            f"labelled “{shortened(one.label)}”",
            f"looks like “{shortened(one.likely)}”"
            + (f" {percent(one.share)}" if one.share is not None else ""),
        )
        for one in shown
    ]
    return html.joined([html.paragraph(said), _gallery(figures)])


def figure(jpeg: bytes | None, path: str, first: str, second: str) -> Html:
    """A thumbnail, two lines about it, and where it lies."""
    name = escaped(shortened(path, _LONGEST_PATH))
    words = (
        f"<figcaption><b>{escaped(first)}</b><br>{escaped(second)}<br>"
        f'<span class="soft" title="{escaped(path)}">{name}</span></figcaption>'
    )
    if not jpeg:
        return Html(f'<figure><div class="none">cannot be shown</div>{words}</figure>')
    size = jpeg_size(jpeg)
    kind = ' class="tiny"' if size is not None and max(size) <= _TINY else ""
    source = base64.b64encode(jpeg).decode("ascii")
    return Html(
        f'<figure><img{kind} alt="{escaped(path)}" loading="lazy" '
        f'src="data:image/jpeg;base64,{source}">{words}</figure>'
    )


def _gallery(figures: Sequence[Html]) -> Html:
    """Some to be seen, the others folded."""
    shown, rest = figures[:_OPEN], figures[_OPEN:]
    parts = [_beside(shown)]
    parts += [html.folded(f"{len(rest):,} more", _beside(rest))] if rest else []
    return html.joined(parts)


def _beside(figures: Sequence[Html]) -> Html:
    inside = "".join(f"<li>{one}</li>" for one in figures)
    return Html(f'<ul class="cases">{inside}</ul>')


def _many(headers: Sequence[str], rows: Sequence[Iterable[str]], align: str, label: str) -> Html:
    """The same for a table."""
    held = [list(row) for row in rows]
    shown, rest = held[:_OPEN], held[_OPEN:]
    parts = [html.table(headers, shown, align, label)]
    if rest:
        parts.append(
            html.folded(f"{len(rest):,} more", html.table(headers, rest, align, f"{label}, more"))
        )
    return html.joined(parts)
