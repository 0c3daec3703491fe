"""How training went: loss, accuracy and rate against the step, and the numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence

from striate.pages import html
from striate.pages.chart_lines import Mark, Scale, Series, lines
from striate.pages.html import Html, escaped
from striate.pages.report_told import Told
from striate.pages.report_values import number, table
from striate.pages.report_words import counted, decimal, percent

_ROWS = 200
_WIDE = 20  # how many times the largest loss is the smallest, before a logarithm is drawn
_SPLITS = (("val", "s1"), ("train", "s2"))


def curves(told: Told) -> Html:
    """The figures and a table; nothing where nothing was looked at on the way."""
    if not told.evaluations:
        return Html("")
    loss = _series(told, "loss")
    values = [y for one in loss for _, y in one.points]
    is_log = bool(values) and min(values) > 0 and max(values) > _WIDE * min(values)
    best = _lowest(loss)
    marks = [Mark(*best, f"lowest {decimal(best[1])}")] if best else []
    note = "on a logarithmic scale" if is_log else ""
    rate = Series("", "s1", _points(told, "rate"))
    drawn = [
        lines("Loss", loss, Scale(("step", note), is_log=is_log), marks),
        lines("Accuracy", _series(told, "accuracy"), Scale(("step", ""), is_share=True)),
        lines("Learning rate", [rate], Scale(("step", ""))),
    ]
    words = _words(told, best)
    return html.joined(
        [
            Html(f'<div class="charts">{"".join(drawn)}</div>'),
            *([html.paragraph(words)] if words else []),
            html.folded("The numbers", _numbers(told)),
        ]
    )


def _series(told: Told, what: str) -> list[Series]:
    found = [Series(split, kind, _points(told, f"{split}_{what}")) for split, kind in _SPLITS]
    return [one for one in found if one.points]


def _points(told: Told, column: str) -> tuple[tuple[float, float], ...]:
    """Step and value where both are known."""
    pairs = ((number(row.get("step")), number(row.get(column))) for row in told.evaluations)
    return tuple((step, value) for step, value in pairs if step is not None and value is not None)


def _lowest(loss: Sequence[Series]) -> tuple[float, float] | None:
    """The point of the lowest val loss."""
    points = next((one.points for one in loss if one.name == "val"), ())
    return min(points, key=lambda point: point[1], default=None)


def _words(told: Told, best: tuple[float, float] | None) -> str:
    if best is None:
        return ""
    last = max(step for step, _ in _points(told, "val_loss"))
    said = f"Val was looked at {counted(len(_points(told, 'val_loss')), 'time')}; its loss was lowest, "
    said += f"{decimal(best[1])}, at step {best[0]:,.0f} of {last:,.0f}. "
    said += (
        "Train is measured on the way, on pictures as training saw them, so it may lie below val."
    )
    decided = table(told.facts.get("decided"))
    first, until = number(decided.get("steps_per_epoch")), number(decided.get("practised_until"))
    if first and until:
        said += (
            f" From step {first:,.0f} to {min(until, last):,.0f} the hardest pictures came more often than "
            "others, so there train looks worse than it is."
        )
    return said


def _numbers(told: Told) -> Html:
    every = -(-len(told.evaluations) // _ROWS)
    kept = list(told.evaluations[::every])
    if kept[-1] is not told.evaluations[-1]:
        kept.append(told.evaluations[-1])
    rows = [
        [
            escaped(decimal(number(row.get("step")), 0)),
            escaped(decimal(number(row.get("epoch")), 2)),
            escaped(f"{rate:.4g}" if (rate := number(row.get("rate"))) is not None else "–"),
            *(
                cell
                for split in ("train", "val")
                for cell in (
                    escaped(decimal(number(row.get(f"{split}_loss")), 4)),
                    escaped(percent(number(row.get(f"{split}_accuracy")), 2)),
                )
            ),
        ]
        for row in kept
    ]
    headers = ["step", "epoch", "rate", "train loss", "train accuracy", "val loss", "val accuracy"]
    shown = html.table(headers, rows, "rrrrrrr", "Loss and accuracy at each look")
    if every == 1:
        return shown
    more = f"Every {every}th of {counted(len(told.evaluations), 'look')}; metrics.csv has all."
    return html.joined([shown, html.paragraph(more, "soft")])
