"""The page of a comparison: was a convolutional network worth it, what does it cost, who fails on what?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, final

from striate.pages import glyphs, html
from striate.pages.chart_points import Point, points
from striate.pages.heat import shortened, whisker, with_interval
from striate.pages.html import Html, Section, escaped
from striate.pages.report_words import bound, counted, duration, listed, percent

_MOST_CLASSES = 24  # in the table of recalls; of more, those that most methods fail on
_NAMED = 3
_SMALL = '<figure style="width:6rem">'
_TINY = '<img class="tiny" style="width:6rem;height:6rem" '


class Failed(NamedTuple):
    """A class that a method does not know, and what it takes it for."""

    name: str
    recall: float
    taken_for: str


@final
class Line(NamedTuple):
    """One method, in the order of the table."""

    name: str
    sees: str
    accuracy: float
    ends: tuple[float, float]
    seconds: float
    each_ms: float
    parameters: int
    multiply_adds: int
    learned_from: int
    chosen: str
    recalls: tuple[float, ...]
    failing: tuple[Failed, ...]


@final
class Seen(NamedTuple):
    """A picture of a class, and what hand-made features keep of it; no hues of a grey one."""

    name: str
    jpeg: bytes
    cells: glyphs.Cells
    hues: Sequence[float]
    places: Sequence[Sequence[float]]


@final
class Facts(NamedTuple):
    """What holds for all methods. `size` is 3x32x32."""

    data: str
    size: str
    train: int
    val: int
    test: int
    limit_s: float
    commonest: float
    classes: tuple[str, ...]
    asked_about: str = "convnet"


def baselines_page(facts: Facts, lines: Sequence[Line], seen: Sequence[Seen]) -> str:
    """The whole file."""
    return html.page(
        f"Was a convolutional network worth it? {facts.data}",
        _lead(facts, lines),
        [
            Section("table", "Every method", _table(facts, lines)),
            Section("cost", "Accuracy against cost", _charts(facts, lines)),
            Section("failing", "Which method fails on what", _failing(facts, lines)),
            Section("seen", "What the features keep", _seen(seen)),
            Section("how", "How it was compared", _how(facts)),
        ],
    )


def verdict(lines: Sequence[Line], asked_about: str) -> str:
    """The answer in two sentences, with its doubt. Lines begin with the best."""
    mine = next((one for one in lines if one.name == asked_about), None)
    others = [one for one in lines if one.name != asked_about]
    if mine is None or not others:
        return f"The best method is {lines[0].name}, with {percent(lines[0].accuracy)} of test."
    best = others[0]
    said = (
        f"The {mine.name} reaches {percent(mine.accuracy)}, the best of the others, {best.name}, "
        f"{percent(best.accuracy)}. "
    )
    if mine.ends[0] > best.ends[1]:
        left = (1 - best.accuracy) / max(1 - mine.accuracy, 1e-9)
        times = (
            f"without convolutions there are {left:.1f} times as many mistakes"
            if mine.accuracy < 1
            else "it made no mistake on test"
        )
        return f"{said}Worth it: {times}, and the intervals do not touch."
    if best.ends[0] > mine.ends[1]:
        return f"{said}Not worth it, in this time and with so many pictures: the intervals do not touch."
    return f"{said}Not decided: the intervals overlap, so it may be chance."


def _lead(facts: Facts, lines: Sequence[Line]) -> Html:
    mine = next((one for one in lines if one.name == facts.asked_about), lines[0])
    other = next((one for one in lines if one.name != mine.name), lines[0])
    figures = [
        (percent(mine.accuracy), f"{mine.name} ({bound(mine.ends[0])} to {bound(mine.ends[1])})")
    ]
    if other is not mine:
        ends = f"{bound(other.ends[0])} to {bound(other.ends[1])}"
        figures.append((percent(other.accuracy), f"best without: {other.name} ({ends})"))
    figures.append((percent(facts.commonest), "the commonest class, always"))
    figures.append((duration(facts.limit_s), "to fit, for each at least"))
    return html.joined(
        [
            html.paragraph(
                f"{counted(facts.train, 'picture')} to learn from, {facts.val:,} to choose by, "
                f"{facts.test:,} to judge by, {len(facts.classes):,} classes, {facts.size}.", "soft",
            ),
            Html(f"<p><strong>{escaped(verdict(lines, facts.asked_about))}</strong></p>"),
            html.figures(figures),
        ]
    )  # fmt: skip


def _table(facts: Facts, lines: Sequence[Line]) -> Html:
    headers = (
        "", "method", "right, of test", "", "fit", "a picture", "parameters", "multiply-adds", "input"
    )  # fmt: skip
    rows = [
        (
            str(number), _named(one, facts), with_interval(one.accuracy, one.ends),
            whisker(one.accuracy, one.ends), duration(one.seconds), _milliseconds(one.each_ms),
            f"{one.parameters:,}", _short(one.multiply_adds), facts.size,
        )
        for number, one in enumerate(lines, 1)
    ]  # fmt: skip
    note = html.paragraph(
        "In brackets and as bars the 95% intervals. Fit: describing, learning and choosing. A picture: the "
        "time to answer one. The parameters of nearest neighbours are the pictures they remember.", "soft",
    )  # fmt: skip
    return html.joined([html.table(headers, rows, "rnrlrrrrl", "Every method"), note])


def _named(one: Line, facts: Facts) -> str:
    """Name, what was chosen, and from how few pictures it learned, if not from all."""
    more = one.chosen
    if one.learned_from < facts.train:
        more += f"; learned from {one.learned_from:,} pictures, more did not fit"
    name = escaped(one.name)
    shown = f"<strong>{name}</strong>" if one.name == facts.asked_about else name
    return Html(f"{shown}<br><small>{escaped(more)}</small>")


def _charts(facts: Facts, lines: Sequence[Line]) -> Html:
    costs = (
        ("Accuracy against time", "milliseconds for a picture, here", [one.each_ms for one in lines]),
        (
            "Accuracy against arithmetic", "million multiply-adds for a picture",
            [one.multiply_adds / 1e6 for one in lines],
        ),
    )  # fmt: skip
    drawn = [
        points(
            title,
            [
                Point(i + 1, one.name, cost[i], one.accuracy, one.ends, one.name == facts.asked_about)
                for i, one in enumerate(lines)
            ],
            along, "right, of test",
        )
        for title, along, cost in costs
    ]  # fmt: skip
    key = "; ".join(f"{i} {one.name}" for i, one in enumerate(lines, 1))
    return html.joined(
        [
            Html(f'<div class="charts">{"".join(drawn)}</div>'),
            html.paragraph(
                f"Upwards is better, to the left cheaper; the dotted line is the best for its cost. {key}.",
                "soft",
            ),
        ]
    )


def _failing(facts: Facts, lines: Sequence[Line]) -> Html:
    chosen = sorted(range(len(facts.classes)), key=lambda i: sum(one.recalls[i] for one in lines))[
        :_MOST_CLASSES
    ]
    chosen.sort()
    head = "".join(
        f'<th scope="col" title="{escaped(facts.classes[i])}"><span class="turned">'
        f"{escaped(shortened(facts.classes[i]))}</span></th>"
        for i in chosen
    )
    body = "".join(
        f'<tr><th scope="row">{number} {escaped(one.name)}</th>'
        + "".join(_cell(one, facts.classes[i], one.recalls[i]) for i in chosen)
        + "</tr>\n"
        for number, one in enumerate(lines, 1)
    )
    table = Html(
        '<div class="scroll" tabindex="0" role="region" aria-label="How much of each class each knows">'
        f'<table class="heat"><thead><tr><th scope="col" class="corner">method \\ shown</th>{head}</tr>'
        f"</thead><tbody>\n{body}</tbody></table></div>"
    )
    rows = [
        (escaped(one.name), escaped(failure(one)), escaped(one.sees))
        for one in lines
        if one.failing
    ]
    told = html.table(("method", "fails on", "it sees"), rows, "nww", "Why") if rows else Html("")
    words = (
        "How many percent of the pictures of a class get its name. Orange: the method fails there, with less "
        "than 70% and surely less than the best."
    )
    why = (
        html.paragraph("What each takes them for, and what it sees:", "soft") if rows else Html("")
    )
    return html.joined([html.paragraph(words, "soft"), table, why, told])


def failure(one: Line) -> str:
    """The classes that a method does not know, in words."""
    named = [
        f"{f.name} ({f.recall:.0%} right, else mostly {f.taken_for})" for f in one.failing[:_NAMED]
    ]
    more = len(one.failing) - len(named)
    return listed([*named, *([counted(more, "more class", "more classes")] if more else [])])


def _cell(one: Line, name: str, recall: float) -> str:
    fails = any(f.name == name for f in one.failing)
    shade = 0.14 + 0.58 * (1 - recall if fails else recall**2)
    tip = escaped(f"{one.name}, {name}: {recall:.1%}")
    kind = "wrong" if fails else "right"
    return f'<td class="{kind}" style="--a:{shade:.2f}" title="{tip}">{100 * recall:.0f}</td>'


def _seen(seen: Sequence[Seen]) -> Html:
    if not seen:
        return Html("")
    items = []
    for one in seen:
        parts = [
            html.picture(one.jpeg, one.name),
            _drawn(glyphs.edges(one.cells, f"edges of {one.name}"), "edges (HOG)"),
            _drawn(glyphs.places(one.places, f"places of {one.name}"), "places"),
        ]
        if one.hues:
            parts.append(_drawn(glyphs.hues(one.hues, f"hues of {one.name}"), "hues"))
        items.append(f'<li class="pair">{"".join(parts)}</li>')
    inside = "".join(items).replace("<figure>", _SMALL).replace("<img ", _TINY)
    words = (
        "A picture of each class, and all that is left of it for those who see edges, places or hues alone. "
        "Where two classes leave the same, no classifier can tell them apart."
    )
    return html.joined(
        [
            html.paragraph(words, "soft"),
            Html(f'<ul class="pictures">{inside}</ul>'),
        ]
    )  # fmt: skip


def _drawn(drawing: Html, name: str) -> Html:
    return Html(f"<figure>{drawing}<figcaption>{escaped(name)}</figcaption></figure>")


def _how(facts: Facts) -> Html:
    words = (
        "All methods get the same pictures, prepared the same way, in the same splits. Each may take "
        f"{duration(facts.limit_s)} to describe, learn and choose; what the quick ones leave is shared by "
        "the slow ones. What can be chosen is chosen on val; test is answered once by each. The "
        "convnet is trained with the augmentation that `striate train` takes; "
        "methods on pixels see them as they are. Multiply-adds count products, sums of squares and votes for "
        "one picture. Times are of this machine, and of what else it did."
    )
    return html.paragraph(words)


def _milliseconds(value: float) -> str:
    return f"{value:.2g} ms" if value < 10 else f"{value:.0f} ms"


def _short(count: int) -> str:
    """1.2 k, 34 k, 5.6 M."""
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.1f} {letter}"
    return str(count)
