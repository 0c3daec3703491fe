"""Which figures a run's page has of its network, and what is said where one is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from striate.pages.report_told import Case
from striate.seeing.figures.figure import Panel, Table
from striate.verbs.report_inside import PARTS, Inside, inside
from striate.verbs.report_scene import scene
from striate.verbs.train_order import Order
from tests.verbs.made import copy, digits, followed, photos, place, trained

PLENTY = 1e6


def found_in(run: Path, *cases: Case, budget_s: float = PLENTY) -> Inside:
    return followed(inside(run, cases, budget_s))[1]


def cases_of(run: Path, wrong: int, right: int) -> list[Case]:
    """As if so many pictures had been named wrongly, and so many rightly."""
    data = scene(run, (), PLENTY).dataset
    rows = [data[i] for i in range(wrong + right)]
    other = dict(zip(data.classes, (*data.classes[1:], data.classes[0]), strict=True))
    said = [other[one.label] if i < wrong else one.label for i, one in enumerate(rows)]
    return [
        Case(one.path, "test", one.label, label, 0.5 + i / 100, True, 1.0)
        for i, (one, label) in enumerate(zip(rows, said, strict=True))
    ]


def test_a_convnet_has_every_figure_and_why_of_errors_and_right_answers() -> None:
    run = digits().path
    found = found_in(run, *cases_of(run, 5, 6))
    assert not found.left_out
    assert len(found.insets) == len(PARTS)
    titles = [one.title for one in found.insets]
    assert titles[0] == "Filters of its first layer"
    why = found.insets[titles.index("Why: its worst errors, and right answers")].figure
    kinds = [p.title.partition(":")[0] for p in why.parts if isinstance(p, Panel)]
    assert kinds == ["Wrong", "Wrong", "Wrong", "Right", "Right"]
    right = [p for p in why.parts if isinstance(p, Panel)][3:]
    assert [p.said[-7:-1] for p in right] == ["60.0 %", "55.0 %"]  # the surest, the least sure
    table, areas = why.parts[-2:]
    assert isinstance(table, Table)
    assert isinstance(areas, Table)
    methods = ["HiResCAM", "Occlusion", "Integrated gradients", "SmoothGrad²"]
    assert [row[0] for row in table.rows] == methods
    assert [row[1] for row in areas.rows] == methods * 5
    assert all(row[2].endswith(("better", "worse")) for row in areas.rows)
    assert "completeness gap" in right[0].tiles[5].note
    assert "`slide`" in found.said


def test_a_network_without_convolutions_has_templates_and_occlusion() -> None:
    run = trained(Order("digits", "1x8x8: fc8 relu fc10"), place() / "report-mlp").path
    found = found_in(run, *cases_of(run, 1, 1))
    titles = [one.title for one in found.insets]
    assert titles[:2] == [
        "Templates of its first layer",
        "Why: its worst errors, and right answers",
    ]
    assert titles[2:] == [
        "Shift test",
        "Neighbours of its worst errors",
        "Its pictures on a plane",
        "Where its classes meet",
    ]
    table = found.insets[1].figure.parts[-2]
    assert isinstance(table, Table)
    assert table.rows[0][0] == "Occlusion"
    assert [text.partition(":")[0] for text in found.left_out] == [
        "Maps",
        "What one unit sees",
        "Tuning",
        "Units",
    ]
    assert "rows and columns" in found.left_out[0]


def test_what_there_is_no_time_for_is_left_out_and_told_with_the_verb() -> None:
    found = found_in(digits().path, budget_s=1e-9)
    assert not found.insets
    assert len(found.left_out) == len(PARTS)
    assert found.left_out[4] == (
        "Shift test: left out, the time was over. `striate see RUN shift` takes the time."
    )


def test_a_run_whose_answers_are_of_other_pictures_has_no_why() -> None:
    found = found_in(digits().path, Case("gone.png", "test", "1", "2", 0.5, True, 1.0))
    assert found.left_out == (
        "Why: left out, predictions.csv names no picture that is in the data.",
    )


@pytest.mark.parametrize("lacking", ["bundle", "data"])
def test_without_network_or_data_one_sentence_is_told(tmp_path: Path, lacking: str) -> None:
    run = copy(photos().path, tmp_path / "run")
    if lacking == "bundle":
        (run / "bundle").rename(run / "elsewhere")
    else:
        facts = json.loads((run / "run.json").read_text())
        facts["data"]["name"] = "gone/for/ever"
        (run / "run.json").write_text(json.dumps(facts))
    found = found_in(run)
    assert not found.insets
    (only,) = found.left_out
    assert only.startswith("What it looks at is left out: ")
    assert "gone/for/ever" in only or "bundle" in only
