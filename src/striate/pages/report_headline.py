"""The first thing on the page: how good it is, of what that is the figure, and what to beware of."""

from __future__ import annotations

from striate.pages import html
from striate.pages.heat import whisker
from striate.pages.html import Html, escaped
from striate.pages.report_told import Told
from striate.pages.report_values import interval, matrix, number, table, text, whole
from striate.pages.report_words import bound, counted, decimal, duration, moment, percent

_STATUS = {
    "running": "This run is still going on: the page shows what there is so far.",
    "interrupted": "This run was interrupted before its end.",
    "failed": "This run failed before its end.",
}


def lead(told: Told) -> Html:
    """What stands above the sections."""
    origin = " · ".join(f'<span class="whole">{escaped(one)}</span>' for one in _origin(told))
    parts = [Html(f'<p class="soft">{origin}</p>')]
    if told.status in _STATUS:
        reason = text(told.facts.get("reason"))
        more = f" It says: {reason}" if reason else ""
        parts.append(notice(f"{_STATUS[told.status]}{more}"))
    parts += _accuracy(told)
    notes = told.facts.get("notes")
    parts += [notice(text(one)) for one in notes if text(one)] if isinstance(notes, list) else []
    if told.missing:
        shown = "".join(f"<li>{escaped(one)}</li>" for one in told.missing)
        parts.append(notice("Not on this page:", Html(f"<ul>{shown}</ul>")))
    return html.joined(parts)


def notice(words: str, more: Html | None = None) -> Html:
    """Something to beware of."""
    return Html(f'<div class="finding warning"><p>{escaped(words)}</p>{more or ""}</div>')


def _origin(told: Told) -> list[str]:
    """Data, network, state, when and how long, as far as known."""
    facts = told.facts
    seconds = number(table(facts.get("seconds")).get("total"))
    ended = text(facts.get("finished")) or text(facts.get("started"))
    state = "finished" if told.status == "finished" else f"{told.status}, started"
    return [
        *filter(None, (text(table(facts.get(key)).get("name")) for key in ("data", "model"))),
        f"{state} {moment(ended)}".strip(),
        *([duration(seconds)] if seconds is not None else []),
    ]


def _accuracy(told: Told) -> list[Html]:
    """The accuracy with its interval, in a figure and in words."""
    scores, split = told.headline, told.split
    accuracy, ends = number(scores.get("accuracy")), interval(scores.get("interval_95"))
    if accuracy is None:
        return [
            notice("Nothing was judged yet, so there is no accuracy to tell."),
            *_last_look(told),
        ]
    count = whole(scores.get("count"))
    ring = f"95% interval {bound(ends[0])} to {bound(ends[1])}" if ends else "no interval is known"
    pictures = f", {counted(count, 'picture')}" if count is not None else ""
    optimistic = " (optimistic)" if _is_optimistic(told) else ""
    figure = Html(
        f'<div class="headline"><b>{percent(accuracy)}</b><div><span>right on {escaped(split)}'
        f"{optimistic}</span><span>{ring}{pictures}</span></div>{whisker(accuracy, ends)}"
        '<div class="ends"><span>0%</span><span>100%</span></div></div>'
    )
    return [figure, html.paragraph(_in_words(told, accuracy, ends)), *_copies(told), _of_what(told)]


def _in_words(told: Told, accuracy: float, ends: tuple[float, float] | None) -> str:
    """The same in sentences, with what guessing would have reached."""
    scores = told.headline
    count = whole(scores.get("count"))
    said = ""
    if count:
        said = f"{round(accuracy * count):,} of {counted(count, 'picture')} were named rightly. "
    if ends:
        said += (
            "From so many pictures the true figure is known only as far as that: "
            f"{bound(ends[0])} to {bound(ends[1])}, with 95% confidence. "
        )
    counts = matrix(scores.get("confusion"), len(told.classes))
    if counts and count and sum(map(sum, counts)) == count:
        most = max(range(len(counts)), key=lambda i: sum(counts[i]))
        always = sum(counts[most]) / count
        said += f"To say “{told.classes[most]}” always would be right on {percent(always)}."
    return said


def _of_what(told: Told) -> Html:
    """What it is an accuracy of."""
    how = "of the network as it is kept in bundle/: one view of each picture, computed in fp32."
    if _is_optimistic(told):
        return notice(
            f"Optimistic: there is no test split. This is the accuracy on {told.split} {how} "
            "The same pictures also chose when to stop, the temperature and the threshold, so expect less "
            "on new ones. Keep some pictures apart as test to know."
        )
    made_here = table(told.facts.get("data")).get("made_here")
    is_made = isinstance(made_here, list) and told.split in made_here
    chosen = " The split was made by Striate from the data given." if is_made else ""
    used = "These pictures were used neither for training nor to choose anything."
    return html.paragraph(f"It is the accuracy on {told.split} {how} {used}{chosen}", "soft")


def _copies(told: Told) -> list[Html]:
    """The accuracy without pictures that have a copy in train, where there are such."""
    held = table(table(told.scores.get("without_copies")).get(told.split))
    accuracy, ends, count = (
        number(held.get("accuracy")), interval(held.get("interval_95")), whole(held.get("count")),
    )  # fmt: skip
    if accuracy is None or count is None:
        return []
    ring = f", 95% interval {bound(ends[0])} to {bound(ends[1])}" if ends else ""
    return [
        notice(
            f"Too good: some pictures of {told.split} are copies or near-copies of pictures of train. "
            f"Without them it is {percent(accuracy)}{ring}, on {counted(count, 'picture')}."
        )
    ]


def _is_optimistic(told: Told) -> bool:
    return bool(told.scores.get("optimistic")) or told.split != "test"


def _last_look(told: Told) -> list[Html]:
    """Where nothing was judged: what the last look at val saw."""
    seen = [row for row in told.evaluations if number(row.get("val_accuracy")) is not None]
    if not seen:
        return []
    row = seen[-1]
    share = percent(number(row.get("val_accuracy")))
    return [
        html.paragraph(
            f"The last look at val on the way, at step {decimal(number(row.get('step')), 0)}, saw {share}."
        )
    ]
