"""Whether its probabilities can be believed, and what it costs to let it say that it is not sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from striate.pages import html
from striate.pages.chart_lines import Mark, Scale, Series, lines
from striate.pages.chart_reliability import Bin, reliability
from striate.pages.html import Html, escaped
from striate.pages.report_told import Case, Told
from striate.pages.report_values import interval, number, table, tables, text, whole
from striate.pages.report_words import between, percent

_FEWEST = 20  # pictures below which a share of right ones says nothing


def calibration(told: Told) -> Html:
    """Reliability before and after temperature scaling, with words for the error."""
    held = table(told.headline.get("calibration"))
    before, after = bins(held.get("before")), bins(held.get("after"))
    error = {when: number(told.headline.get(f"ece_{when}")) for when in ("before", "after")}
    drawn = [
        reliability(title, found, f"ECE {error[when]:.3f}" if error[when] is not None else "")
        for title, when, found in (
            ("As the network says", "before", before),
            ("After temperature scaling", "after", after),
        )
    ]
    temperature = number(told.scores.get("temperature"))
    words = []
    if error["before"] is not None and error["after"] is not None:
        words.append(
            f"On average a probability was {100 * error['before']:.1f} points off as the network says it, "
            f"and {100 * error['after']:.1f} points after scaling (expected calibration error, ECE, on "
            f"{told.split})."
        )
        if error["after"] > error["before"]:
            words.append("Here scaling did not help.")
        chance = number(told.headline.get("ece_by_chance"))
        if chance is not None:
            words.append(
                f"Perfect probabilities would show {100 * chance:.1f} on so many pictures."
            )
    if temperature is not None:
        direction = (
            "less sure than it said" if temperature > 1 else "surer than it said" if temperature < 1
            else "as sure as it said"
        )  # fmt: skip
        words.append(
            f"Temperature {temperature:.3g}, fitted on val: the network is made {direction}."
        )
    if not any(drawn):
        return html.paragraph(" ".join(words)) if words else Html("")
    note = (
        "Each disc is a bin of pictures, as large as their number; on the dashed line a probability is right "
        "as often as it says. Below the line: too sure. Below each figure: pictures in the bin."
    )
    return html.joined(
        [
            *([html.paragraph(" ".join(words))] if words else []),
            Html(f'<div class="charts">{"".join(drawn)}</div>'),
            html.paragraph(note, "soft"),
            html.folded("The numbers", _numbers(before, after)),
        ]
    )


def bins(held: object) -> list[Bin]:
    """The bins of a list that make sense."""
    found = []
    for one in tables(held):
        count = whole(one.get("count"))
        values = [number(one.get(key)) for key in ("low", "high", "confidence", "accuracy")]
        if not count:
            continue
        low, high, confidence, accuracy = (-1.0 if value is None else value for value in values)
        if 0 <= low < high <= 1.000001 and 0 <= confidence <= 1.000001 and 0 <= accuracy <= 1:
            found.append(Bin(low, min(high, 1.0), count, min(confidence, 1.0), accuracy))
    return found


def _numbers(before: Sequence[Bin], after: Sequence[Bin]) -> Html:
    rows = [
        [
            when,
            f"{one.low:.3g}–{one.high:.3g}",
            f"{one.pictures:,}",
            percent(one.confidence),
            percent(one.accuracy),
        ]
        for when, found in (("before", before), ("after", after))
        for one in found
    ]
    headers = ["scaling", "probability", "pictures", "mean probability", "right"]
    return html.table(headers, rows, "lrrrr", "Bins of the calibration figures")


class Kept(NamedTuple):
    """Keeping the pictures with at least this probability: the share kept, and the share of right ones."""

    threshold: float
    coverage: float
    precision: float


def coverage_curve(cases: Sequence[Case]) -> list[Kept]:
    """One point for each probability that occurs, from the highest down, once 20 pictures are kept."""
    ordered = sorted(cases, key=lambda case: -case.probability)
    found, right = [], 0
    for place, case in enumerate(ordered, 1):
        right += case.truth == case.label
        is_last = place == len(ordered) or ordered[place].probability < case.probability
        if is_last and place >= min(_FEWEST, len(ordered)):
            found.append(Kept(case.probability, place / len(ordered), right / place))
    return found


def abstention(told: Told) -> Html:
    """The threshold in words, and the curve of all thresholds."""
    cases = [case for case in told.cases if case.split == told.split]
    words, mark = _threshold(told, cases)
    curve = coverage_curve(cases)
    points = tuple((one.coverage, one.precision) for one in curve)
    series = [Series("right", "s1", points)]
    wanted = number(told.scores.get("precision_wanted"))
    if wanted is not None and points:
        series.append(Series("wanted", "s2", ((0.0, wanted), (1.0, wanted)), has_dots=False))
    scale = Scale(("share of pictures it answers", ""), is_share=True, along_is_share=True)
    drawn = lines("Right, of those it answers", series, scale, mark) if curve else Html("")
    parts = [html.paragraph(one) for one in words]
    parts += [Html(f'<div class="charts">{drawn}</div>')] if drawn else []
    if drawn:
        note = (
            f"From the surest pictures on the left to all of them on the right, on {told.split}. Where fewer "
            f"than {_FEWEST} are answered nothing is drawn."
        )
        parts += [html.paragraph(note, "soft"), _thresholds(curve)]
    return html.joined(parts) if parts else Html("")


def _threshold(told: Told, cases: Sequence[Case]) -> tuple[list[str], list[Mark]]:
    """What the threshold that is shipped does: from metrics.json where that judged this very threshold,
    or else counted in predictions.csv.
    """
    held = table(told.headline.get("abstention"))
    threshold = number(told.scores.get("threshold"))
    threshold = number(held.get("threshold")) if threshold is None else threshold
    if threshold is None:
        return [], []
    if number(held.get("threshold")) != threshold:
        held = _counted(cases)
    coverage, precision = number(held.get("coverage")), number(held.get("precision"))
    said = [
        f"It says that it is not sure below a probability of {threshold:.3f}. {_aim(told)}".strip()
    ]
    if coverage is None:
        return said, []
    if precision is None:
        return [*said, f"On {told.split} it was sure of no picture."], []
    said.append(
        f"On {told.split} it answers {_with_ends(coverage, held.get('coverage_95'))} of the pictures, and "
        f"{_with_ends(precision, held.get('precision_95'))} of these answers are right."
    )
    mark = Mark(
        coverage,
        precision,
        f"answers {percent(coverage)}, {percent(precision)} right",
        is_below=True,
    )
    return said, [mark] if coverage else []


def _counted(cases: Sequence[Case]) -> Mapping[str, float | None]:
    """Coverage and precision of the pictures that it was sure of."""
    if not cases:
        return {}
    sure = [case for case in cases if case.sure]
    right = sum(case.truth == case.label for case in sure)
    return {"coverage": len(sure) / len(cases), "precision": right / len(sure) if sure else None}


def _aim(told: Told) -> str:
    """What the threshold was chosen for, and whether val shows that it is reached."""
    chosen = table(table(told.scores.get("val")).get("abstention"))
    wanted = number(chosen.get("wanted"))
    wanted = number(told.scores.get("precision_wanted")) if wanted is None else wanted
    if wanted is None:
        return ""
    said = f"It was chosen on val so that {100 * wanted:.4g}% of its answers are right"
    if chosen.get("is_shown") is True:
        return f"{said}, and the pictures of val show that."
    if chosen.get("is_shown") is False:
        return f"{said}, but val cannot show that: {text(chosen.get('text'))}."
    return f"{said}."


def _with_ends(share: float, ends: object) -> str:
    return f"{percent(share)} {between(interval(ends))}".rstrip()


def _thresholds(curve: Sequence[Kept]) -> Html:
    """The lowest probability that gives each of some precisions, as a table."""
    rows = []
    for precision in (0.8, 0.9, 0.95, 0.98, 0.99, 1.0):
        reached = [one for one in curve if one.precision >= precision]
        if reached:
            widest = max(reached, key=lambda one: one.coverage)
            rows.append(
                [
                    percent(precision),
                    f"{widest.threshold:.3f}",
                    percent(widest.coverage),
                    percent(widest.precision),
                ]
            )
    if not rows:
        return Html("")
    headers = ["at least so many right", "threshold", "answered", "right"]
    shown = html.table(headers, rows, "rrrr", "Thresholds and what they cost")
    note = escaped(
        "Read off the very pictures they are told of: a threshold chosen from this table is optimistic, "
        "above all at its ends."
    )
    return html.folded("Other thresholds", Html(f'{shown}<p class="soft">{note}</p>'))
