"""What the run was made from: where it is worse, how many pictures of what, and what was found in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from striate.pages import html
from striate.pages.heat import whisker, with_interval
from striate.pages.html import Html, escaped
from striate.pages.report_told import Told
from striate.pages.report_values import interval, number, table, tables, text, whole
from striate.pages.report_words import counted, percent

_ROWS, _CLASSES = 40, 200
_SEVERITIES = ("error", "warning", "note")


class Slice(NamedTuple):
    """Pictures that have something in common: what, how many, how many of them right, and whether that is
    below the whole by more than chance.
    """

    fact: str
    name: str
    pictures: int
    accuracy: float
    ends: tuple[float, float] | None
    is_below: bool


def slices_of(told: Told) -> Iterator[Slice]:
    """The slices of metrics.json, in one list or in a list for each fact."""
    held = told.scores.get("slices")
    lists = table(held).values() if isinstance(held, Mapping) else [held]
    for one in (row for rows in lists for row in tables(rows)):
        count, accuracy, name = (
            whole(one.get("count")),
            number(one.get("accuracy")),
            one.get("name"),
        )
        if count and accuracy is not None and name is not None:
            ends, is_below = interval(one.get("interval_95")), one.get("is_below") is True
            yield Slice(text(one.get("fact")), str(name), count, accuracy, ends, is_below)


def slices(told: Told) -> Html:
    """Slices that are worse than the whole by more than chance, then all of them."""
    found = list(slices_of(told))
    overall = number(told.headline.get("accuracy"))
    if not found or overall is None:
        return Html("")
    found.sort(key=lambda one: (one.accuracy, -one.pictures, one.fact, one.name))
    worse = [one for one in found if one.is_below]
    groups = counted(len(found), "group of pictures", "groups of pictures")
    if worse:
        verb = "is" if len(worse) == 1 else "are"
        said = f"Of {groups}, {len(worse):,} {verb} worse than the rest by more than chance"
    else:
        said = f"Of {groups} none is worse than the rest by more than chance"
    said += f" (the whole: {percent(overall)}). The test takes into account how many groups were looked at."
    parts = [html.paragraph(said)]
    parts += [_slice_table(worse[:_ROWS], "Groups that are worse")] if worse else []
    if len(found) > len(worse):
        every = _slice_table(found[:_ROWS], "All groups")
        if len(found) > _ROWS:
            more = f"{_ROWS} of {len(found):,} are shown; metrics.json has all."
            every = html.joined([every, html.paragraph(more, "soft")])
        parts.append(html.folded("All groups, the worst first", every))
    return html.joined(parts)


def _slice_table(found: list[Slice], label: str) -> Html:
    rows = [
        [
            escaped(one.fact.replace("_", " ")),
            escaped(one.name),
            f"{one.pictures:,}",
            with_interval(one.accuracy, one.ends),
            whisker(one.accuracy, one.ends),
        ]
        for one in found
    ]
    return html.table(["by", "group", "pictures", "right", ""], rows, "lwrrl", label)


def data(told: Told) -> Html:
    """The data set, its splits and classes, and the findings."""
    held = table(told.facts.get("data"))
    made = held.get("made_here")
    made_here = [text(one) for one in made if text(one)] if isinstance(made, list) else []
    counts = {k: n for k, v in table(held.get("splits")).items() if (n := whole(v)) is not None}
    counts = counts or {split: sum(inside.values()) for split, inside in told.divided.items()}
    name = text(held.get("name"))
    shares = " · ".join(f"{split} {count:,}" for split, count in counts.items())
    said = [f"{name}: {shares}." if name and shares else name or shares]
    if made_here:
        said.append(f"Made by Striate, not given: {', '.join(made_here)}.")
    parts = [html.paragraph(" ".join(said))] if any(said) else []
    parts += list(_findings(told.facts))
    if told.divided:
        parts.append(_classes(told))
    mark = text(held.get("fingerprint"))
    parts += (
        [html.paragraph(f"Fingerprint of paths, labels and splits: {mark}", "soft")] if mark else []
    )
    return html.joined(parts) if parts else Html("")


def _findings(facts: Mapping[str, Any]) -> Iterator[Html]:
    """What was found in the data, errors first."""
    held = tables(facts.get("findings"))
    order = {severity: place for place, severity in enumerate(_SEVERITIES)}
    for one in sorted(held, key=lambda f: order.get(text(f.get("severity")), len(order))):
        severity = text(one.get("severity"))
        kind = severity if severity in _SEVERITIES else "note"
        yield Html(
            f'<section class="finding {kind}"><p><span class="tag">{kind}</span> '
            f'<span class="code">{escaped(text(one.get("code")))}</span><br>'
            f"{escaped(text(one.get('text')))}</p></section>"
        )


def _classes(told: Told) -> Html:
    """Pictures of each class in each split."""
    names = told.classes or tuple(
        dict.fromkeys(n for inside in told.divided.values() for n in inside)
    )
    totals = {n: sum(inside.get(n, 0) for inside in told.divided.values()) for n in names}
    most = max(totals.values(), default=1) or 1
    rows = [
        [
            escaped(name),
            f"{totals[name]:,}",
            html.track(totals[name] / most),
            *(f"{inside.get(name, 0):,}" for inside in told.divided.values()),
        ]
        for name in names[:_CLASSES]
    ]
    headers = ["class", "pictures", "", *told.divided]
    shown = html.table(headers, rows, "nrl" + "r" * len(told.divided), "Pictures of each class")
    if len(names) > _CLASSES:
        more = f"{len(names) - _CLASSES:,} more classes are not shown; classes.json has all."
        shown = html.joined([shown, html.paragraph(more, "soft")])
    return html.folded(f"Pictures of each of {counted(len(names), 'class', 'classes')}", shown)
