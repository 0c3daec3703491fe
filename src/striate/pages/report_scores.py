"""The scores beside one another, what is taken for what, and every class by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from striate.pages import html
from striate.pages.heat import confusion_table, whisker, with_interval
from striate.pages.html import Html, escaped
from striate.pages.report_told import Told
from striate.pages.report_values import interval, matrix, number, table, text, whole
from striate.pages.report_words import between, counted, decimal, listed, percent

MOST_IN_TABLE, PAIRS = 30, 30
_CLASSES_SHOWN, _CLASSES_MOST = 40, 500


def all_scores(told: Told) -> Html:
    """Every figure of every split that was judged, with intervals."""
    if not told.judged:
        return Html("")
    named = (
        ("accuracy", "pictures named rightly"),
        ("top_5", "the right class among the five most probable"),
        ("balanced_accuracy", "the mean over classes, each counting alike"),
        ("macro_f1", "the mean over classes of F1"),
        ("macro_auc", "how well each class is told from all others; 50% is chance"),
    )
    rows = [
        [
            escaped(key.replace("_", " ").replace("f1", "F1").replace("auc", "AUC")),
            *cells,
            escaped(what),
        ]
        for key, what in named
        if any(cells := [_share(table(told.scores.get(split)), key) for split in told.judged])
    ]
    rows += [
        [escaped(name), *cells, escaped(what)]
        for name, key, what in (
            ("loss", "loss", "cross-entropy, after temperature scaling"),
            ("loss before", "loss_before", "the same as the network says it"),
            ("ECE before", "ece_before", "calibration error of the network's own probabilities"),
            ("ECE after", "ece_after", "the same after temperature scaling"),
            (
                "ECE by chance",
                "ece_by_chance",
                "what perfect probabilities would show on so many pictures",
            ),
        )
        if any(cells := [_plain(table(told.scores.get(split)), key) for split in told.judged])
    ]
    counts = [whole(table(told.scores.get(split)).get("count")) for split in told.judged]
    rows.append(["pictures", *(escaped("–" if n is None else f"{n:,}") for n in counts), Html("")])
    headers = ["", *told.judged, "what it is"]
    shown = html.table(headers, rows, "l" + "r" * len(told.judged) + "w", "Scores of each split")
    note = "In brackets the 95% interval." + (
        " Val also chose when to stop, the temperature and the threshold: its figures are a little too good."
        if "val" in told.judged else ""
    )  # fmt: skip
    return html.joined([shown, html.paragraph(note, "soft"), *_views(told), *_notes(told)])


def _share(scores: Mapping[str, Any], key: str) -> str:
    """A share with its interval; nothing where it was not measured."""
    held = scores.get(key)
    value, ends = number(held), interval(scores.get("interval_95"))
    if value is None:
        value, ends = number(table(held).get("value")), interval(table(held).get("interval_95"))
    return "" if value is None else with_interval(value, ends)


def _plain(scores: Mapping[str, Any], key: str) -> str:
    value = number(scores.get(key))
    return "" if value is None else decimal(value)


def _views(told: Told) -> list[Html]:
    """What several views of each unsure picture reached, which is never the headline."""
    views = table(table(told.scores.get("views")).get(told.split))
    accuracy = number(views.get("value"))
    if accuracy is None:
        return []
    ends = between(interval(views.get("interval_95")))
    return [
        html.paragraph(
            f"With several views of the pictures it is not sure of: {percent(accuracy)} {ends}".strip()
            + "."
        )
    ]


def _notes(told: Told) -> list[Html]:
    """What judging says should be known before the scores are believed."""
    held = told.headline.get("notes")
    notes = [text(one) for one in held if text(one)] if isinstance(held, list) else []
    return [html.paragraph(f"On {told.split}: {one}.", "soft") for one in notes]


class Confused(NamedTuple):
    """How often pictures of one class were given the name of another."""

    truth: str
    said: str
    pictures: int
    shown: int  # pictures of the class


def confused(classes: tuple[str, ...], counts: list[list[int]]) -> list[Confused]:
    """All pairs of classes that were confused, the most frequent first."""
    found = [
        Confused(classes[i], classes[j], count, sum(row))
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
        if count and i != j
    ]
    return sorted(found, key=lambda one: (-one.pictures, one.shown, one.truth, one.said))


def confusion(told: Told) -> Html:
    """The table up to 30 classes, beyond that the 30 pairs most often confused."""
    counts = matrix(told.headline.get("confusion"), len(told.classes))
    if counts is None or not told.classes:
        return Html("")
    pairs = confused(told.classes, counts)
    wrong = sum(pair.pictures for pair in pairs)
    if not pairs:
        said = f"Nothing was confused on {told.split}."
    else:
        most = listed(
            f"“{pair.truth}” for “{pair.said}” ({pair.pictures:,} of {pair.shown:,})"
            for pair in pairs[:3]
        )
        said = f"{counted(wrong, 'picture')} of {told.split} got a wrong name. Most often taken: {most}."
    parts = [html.paragraph(said)]
    if len(told.classes) <= MOST_IN_TABLE:
        parts.append(confusion_table(told.classes, counts, "What is taken for what"))
        parts.append(
            html.paragraph(
                "Rows: what a picture shows. Columns: what was said. The darker, the larger the share of the "
                "row; blue is right, orange is wrong.", "soft",
            )
        )  # fmt: skip
    elif pairs:
        rows = [
            [
                escaped(one.truth),
                escaped(one.said),
                f"{one.pictures:,}",
                f"{one.shown:,}",
                percent(one.pictures / one.shown),
            ]
            for one in pairs[:PAIRS]
        ]
        headers = ["shows", "said to be", "pictures", "of", "share"]
        parts.append(html.table(headers, rows, "nnrrr", "The pairs most often confused"))
        more = (
            f"The {len(rows)} most frequent of {counted(len(pairs), 'pair')}; metrics.json has all."
        )
        parts.append(html.paragraph(more, "soft"))
    return html.joined(parts)


def classes(told: Told) -> Html:
    """Every class with its intervals, the worst first."""
    held = table(told.headline.get("per_class"))
    found = [(name, table(told_of)) for name, told_of in held.items() if table(told_of)]
    if not found:
        return Html("")
    found.sort(key=lambda one: (_or_zero(one[1], "f1"), one[0]))
    rows = [_class_row(name, scores) for name, scores in found[:_CLASSES_MOST]]
    headers = ["class", "pictures", "recall", "", "precision", "F1"]
    table_of = "nrrlrr"
    words = (
        f"On {told.split}, the worst first. Recall: of the pictures of this class, how many got its name. "
        "Precision: of the pictures that got its name, how many are of it. F1 joins both. In brackets and as "
        "bars the 95% intervals: few pictures, wide intervals."
    )
    parts = [html.paragraph(words, "soft")]
    parts.append(html.table(headers, rows[:_CLASSES_SHOWN], table_of, "Every class"))
    rest = rows[_CLASSES_SHOWN:]
    if rest:
        label = counted(len(rest), "more class", "more classes")
        parts.append(html.folded(label, html.table(headers, rest, table_of, "More classes")))
    if len(found) > _CLASSES_MOST:
        more = f"{len(found) - _CLASSES_MOST:,} classes with a higher F1 are not shown; metrics.json has all."
        parts.append(html.paragraph(more, "soft"))
    return html.joined(parts)


def _or_zero(scores: Mapping[str, Any], key: str) -> float:
    return number(scores.get(key)) or 0.0


def _class_row(name: str, scores: Mapping[str, Any]) -> list[str]:
    recall, ends = number(scores.get("recall")), interval(scores.get("recall_95"))
    count = whole(scores.get("count"))
    cells = {
        key: with_interval(number(scores.get(key)), interval(scores.get(f"{key}_95")))
        for key in ("recall", "precision", "f1")
    }
    return [
        escaped(name),
        "–" if count is None else f"{count:,}",
        cells["recall"],
        whisker(recall, ends) if recall is not None else Html(""),
        cells["precision"],
        cells["f1"],
    ]
