"""On the whole of MNIST and Fashion-MNIST the methods on pixels land where others have landed."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.verbs.baselines import baselines
from striate.verbs.baselines_world import Asked

POINTS = 1.5
# Sources: docs/baselines.md. Adaline is the linear classifier with squared errors of LeCun's page.
PUBLISHED = {
    "mnist": {"pixels + neighbours": 97.05, "pixels + Adaline": 88.0, "pixels + MLP": 97.79},
    "fashion-mnist": {
        "pixels + neighbours": 85.4, "pixels + softmax": 84.2, "pixels + SVM": 83.6,
        "pixels + two layers": 87.1, "pixels + MLP": 88.33,
    },
}  # fmt: skip
SECONDS = 90.0  # for a method; half of it is enough on a machine that is quiet and quick


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "method"), [(name, method) for name, held in PUBLISHED.items() for method in held]
)
def test_a_method_on_pixels_lands_within_a_point_and_a_half_of_what_is_published(
    name: str, method: str, data: Path
) -> None:
    pytest.importorskip("torch")
    from tests.verbs.made import followed  # needs torch

    _, found = followed(baselines(Asked(name, SECONDS, root=str(data)), only={method}))
    (row,) = found.rows
    assert sum(map(sum, row.confusion)) == 10_000
    assert abs(100 * row.accuracy - PUBLISHED[name][method]) <= POINTS, row.chosen
