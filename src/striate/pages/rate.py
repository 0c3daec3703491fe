"""The page of a learning-rate range test: the loss over rising rates, and where to train."""

from __future__ import annotations

from collections.abc import Sequence

from striate.pages.chart_lines import Mark, Scale, Series, lines
from striate.pages.html import Section, page, paragraph, table


def rate_page(tried: Sequence[tuple[float, float]], suggested: float) -> str:
    """`tried` are pairs of rate and loss, rates rising by one factor from try to try."""
    points = tuple((float(i), loss) for i, (_, loss) in enumerate(tried))
    nearest = min(range(len(tried)), key=lambda i: abs(tried[i][0] - suggested), default=0)
    marks = [Mark(points[nearest][0], points[nearest][1], f"{suggested:.3g}")] if points else []
    figure = lines(
        "Loss while the rate rises",
        [Series("loss", "s1", points)],
        Scale(("try, each at a higher rate", "loss"), is_log=True),
        marks,
    )
    rows = [(f"{i}", f"{rate:.4g}", f"{loss:.4f}") for i, (rate, loss) in enumerate(tried)]
    lead = paragraph(
        f"Where the loss breaks, the rate is too high. A tenth of the rate of the lowest loss is "
        f"{suggested:.3g}: try --set optimiser.rate={suggested:.3g}."
    )
    return page(
        "Learning-rate range test",
        lead,
        [
            Section("curve", "Curve", figure),
            Section(
                "tries", "Every try", table(("try", "rate", "loss"), rows, "rrr", "Rates tried")
            ),
        ],
    )
