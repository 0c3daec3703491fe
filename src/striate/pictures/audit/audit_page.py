"""The audit as one HTML file: counts, classes, findings with thumbnails, copies side by side, sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate.pages import html
from striate.pages.chart import histogram
from striate.pages.html import Html, Section
from striate.pictures.audit.audit import Audit
from striate.pictures.audit.phrases import counted
from striate.pictures.audit.thumbnails import thumbnails
from striate.pictures.dataset import SPLITS, Finding

SIDE = 128
_EACH, _SETS, _ROWS = 8, 24, 500  # thumbnails of a finding, groups of copies, lines of a table
_EDGES = (8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 4096)


def page(audit: Audit, name: str) -> str:
    """The whole file."""
    sets = _sets(audit)
    at = _places(audit)
    wanted = [place for places, _ in sets for place in places]
    for finding in audit.findings:
        wanted += [at[path] for path in finding.paths[:_EACH] if path in at]
    readable = set(audit.facts.read.tolist())
    made = thumbnails(audit.dataset, [place for place in wanted if place in readable], SIDE)
    sections = (
        Section("findings", "Findings", _findings(audit, at, made)),
        Section("classes", "Classes", _classes(audit)),
        Section("copies", "Copies side by side", _copies(audit, sets, made)),
        Section("sizes", "Sizes", _sizes(audit)),
        Section("unreadable", "Files that cannot be read", _unreadable(audit)),
    )
    return html.page(f"Striate check: {name}", _lead(audit), sections)


def _lead(audit: Audit) -> Html:
    dataset = audit.dataset
    wrong = sum(one.severity == "error" for one in audit.findings)
    verdict = (
        f"Training on this would be wrong: {counted(wrong, 'error')}."
        if wrong
        else "Nothing here makes training wrong."
    )
    splits = [(f"{count:,}", f"in {name}") for name, count in dataset.splits.items()]
    numbers = [
        (f"{len(dataset):,}", "pictures"),
        (f"{len(dataset.classes):,}", "classes"),
        *splits,
        (f"{len(audit.facts.refused):,}", "unreadable"),
        (f"{len(audit.copies.exact):,}", "pictures more than once"),
        (f"{len(audit.copies.near):,}", "pairs of near-copies"),
    ]
    return html.joined([html.paragraph(verdict), html.figures(numbers)])


def _places(audit: Audit) -> dict[str, int]:
    """The places of the paths that findings show."""
    wanted = {path for finding in audit.findings for path in finding.paths[:_EACH]}
    return {path: i for i, path in enumerate(audit.dataset.paths) if path in wanted}


def _label(audit: Audit, place: int) -> str:
    """Class and split, for under a thumbnail."""
    row = audit.dataset[place]
    return f"{row.label} · {row.split}" if row.split else row.label


def _findings(audit: Audit, at: dict[str, int], made: dict[int, bytes]) -> Html:
    if not audit.findings:
        return html.paragraph("Nothing to report.")
    return html.joined(_finding(audit, one, at, made) for one in audit.findings)


def _finding(audit: Audit, finding: Finding, at: dict[str, int], made: dict[int, bytes]) -> Html:
    shown = [
        html.picture(made[at[path]], path, _label(audit, at[path]))
        for path in finding.paths[:_EACH]
        if path in at and at[path] in made
    ]
    text = html.escaped(finding.text)
    return Html(
        f'<section class="finding {finding.severity}"><p><span class="tag">{finding.severity}</span> '
        f'<span class="code">{html.escaped(finding.code)}</span><br>{text}</p>'
        f"{html.gallery(shown)}</section>"
    )


def _classes(audit: Audit) -> Html:
    dataset = audit.dataset
    counts = dataset.counts
    most = max(counts.values(), default=1)
    inside = {split: dataset.counts_in(split) for split in dataset.splits}
    rows = [
        [
            html.escaped(name),
            f"{count:,}",
            html.track(count / max(most, 1)),
            *(f"{inside[split][name]:,}" for split in inside),
        ]
        for name, count in list(counts.items())[:_ROWS]
    ]
    headers = ["class", "pictures", "", *inside]
    shown = html.table(headers, rows, "lrl" + "r" * len(inside), "Pictures of each class")
    more = f"{len(counts) - _ROWS:,} more classes are not shown here; --json has all."
    return html.joined([shown, html.paragraph(more, "soft")]) if len(counts) > _ROWS else shown


def _sets(audit: Audit) -> list[tuple[list[int], str]]:
    """Groups of copies to show, those with two labels or two splits first."""
    dataset, copies = audit.dataset, audit.copies
    found = [([int(i) for i in group], "equal") for group in copies.exact]
    found += [
        ([int(i) for i in pair], f"near, distance {distance:.3f}")
        for pair, distance in zip(copies.near, copies.distance, strict=True)
    ]

    def weight(one: tuple[list[int], str]) -> tuple[bool, bool]:
        labels, splits = dataset.labels[one[0]], dataset.split[one[0]]
        return len(np.unique(labels)) == 1, len(np.unique(splits)) == 1

    return [(places[:4], what) for places, what in sorted(found, key=weight)[:_SETS]]


def _copies(audit: Audit, sets: Sequence[tuple[list[int], str]], made: dict[int, bytes]) -> Html:
    shown = [
        Html(
            f'<div class="pair"><p>{html.escaped(what)}</p>'
            + "".join(
                html.picture(made.get(place), audit.dataset.paths[place], _label(audit, place))
                for place in places
            )
            + "</div>"
        )
        for places, what in sets
    ]
    total = len(audit.copies.exact) + len(audit.copies.near)
    more = f"{len(sets)} of {total:,} are shown; --json has all."
    parts = [html.gallery(shown)] + ([html.paragraph(more, "soft")] if total > len(sets) else [])
    return html.joined(parts) if shown else Html("")


def _sizes(audit: Audit) -> Html:
    rows = audit.facts.rows[audit.facts.read]
    if not len(rows):
        return Html("")
    parts = [_size_chart(rows, "All pictures: shorter side in pixels")]
    split = audit.dataset.split[audit.facts.read]
    if len(audit.dataset.splits) > 1:
        parts += [
            _size_chart(rows[split == i], f"{name}: shorter side in pixels")
            for i, name in enumerate(SPLITS)
            if (split == i).any()
        ]
    return html.joined(parts)


def _size_chart(rows: NDArray[np.void], title: str) -> Html:
    shorter = np.minimum(rows["height"], rows["width"])
    inner = [edge for edge in _EDGES if shorter.min() < edge <= shorter.max()]
    edges = [int(shorter.min()), *inner, int(shorter.max()) + 1]
    counts = np.histogram(shorter, sorted(set(edges)))[0]
    return histogram(counts.tolist(), [f"{edge:,}" for edge in sorted(set(edges))], title)


def _unreadable(audit: Audit) -> Html:
    bad = audit.unreadable
    if not bad:
        return Html("")
    rows = [[html.escaped(path), html.escaped(reason)] for path, reason in bad[:_ROWS]]
    shown = html.table(["file", "reason"], rows, "ww", "Files that cannot be read")
    if len(bad) > _ROWS:
        more = f"{len(bad) - _ROWS:,} more are not shown here; --json has all."
        shown = html.joined([shown, html.paragraph(more, "soft")])
    return html.folded(counted(len(bad), "file"), shown) if len(bad) > 20 else shown
