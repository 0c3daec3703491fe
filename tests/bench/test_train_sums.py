"""Means, times to an accuracy, and aims that hold or do not, on measurements made up here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.train_figures import FIGURES, Aim, Figure, Measurement, chosen
from bench.train_sums import arithmetic_share, reached_s, verdicts
from bench.train_table import block, summary

SCRATCH = Figure("a", "A", "cifar", 300, ("keras", "plain"), Aim(accuracy=0.88, points=15))
TRANSFER = Figure("b", "B", "hymenoptera", 900, ("tutorial",), Aim(faster=5), split="val")


def row(figure: Figure, who: str, seed: int, accuracy: float, **more: Any) -> Measurement:
    return Measurement(figure.code, who, seed, accuracy, **more)


def held(figure: Figure, measured: list[Measurement]) -> list[bool | None]:
    return [verdict.holds for verdict in verdicts(figure, measured, {})]


def test_an_aim_is_held_by_the_mean_of_the_seeds_and_not_by_the_best() -> None:
    peers = [row(SCRATCH, "keras", 0, 0.5), row(SCRATCH, "plain", 0, 0.7)]
    ours = [row(SCRATCH, "striate", 0, 0.90), row(SCRATCH, "striate", 1, 0.85)]
    assert held(SCRATCH, [*ours, *peers]) == [False, True]
    assert held(SCRATCH, [ours[0], *peers]) == [True, True]


def test_points_are_counted_from_the_best_peer() -> None:
    measured = [
        row(SCRATCH, "striate", 0, 0.89),
        row(SCRATCH, "keras", 0, 0.5),
        row(SCRATCH, "plain", 0, 0.75),
    ]
    assert held(SCRATCH, measured) == [True, False]
    assert "14.0 above plain" in verdicts(SCRATCH, measured, {})[1].found


def test_a_peer_that_is_missing_leaves_the_comparison_open() -> None:
    lost = Measurement("a", "plain", 0, error="not installed: no network")
    measured = [row(SCRATCH, "striate", 0, 0.89), row(SCRATCH, "keras", 0, 0.5), lost]
    assert held(SCRATCH, measured) == [True, None]
    told = "\n".join(block(SCRATCH, measured, {}))
    assert "not measured: not installed: no network" in told
    assert "without plain" in told


def test_a_missing_peer_does_not_hide_that_another_is_too_near() -> None:
    measured = [row(SCRATCH, "striate", 0, 0.89), row(SCRATCH, "keras", 0, 0.8)]
    assert held(SCRATCH, measured)[1] is False


def test_nothing_measured_is_neither_held_nor_missed() -> None:
    assert held(SCRATCH, []) == [None, None]
    assert held(TRANSFER, []) == [None]


def test_a_peer_is_timed_to_the_moment_it_first_had_its_final_accuracy() -> None:
    curve = ((10.0, 0.5), (20.0, 0.8), (30.0, 0.7), (40.0, 0.8))
    assert reached_s(row(TRANSFER, "tutorial", 0, 0.8, curve=curve), 0.8) == 20
    assert reached_s(row(TRANSFER, "tutorial", 0, 0.8, curve=curve), 0.9) is None


def test_when_a_peer_is_done_is_told_beside_it() -> None:
    peer = row(TRANSFER, "tutorial", 0, 0.8, curve=((20.0, 0.8), (60.0, 0.8)), seconds=60.0)
    ours = row(TRANSFER, "striate", 0, 0.95, curve=((4.0, 0.95),))
    told = verdicts(TRANSFER, [ours, peer], {})[-1].found
    assert (
        told == "5.0 times: 80.0% after 4.0 s, tutorial after 20.0 s, and its network after 60.0 s"
    )


@pytest.mark.parametrize(("second", "holds"), [(4.0, True), (4.1, False)])
def test_ours_must_have_the_final_accuracy_of_a_peer_in_a_fifth_of_its_time(
    second: float, holds: bool
) -> None:
    peer = row(TRANSFER, "tutorial", 0, 0.8, curve=((20.0, 0.8),))
    ours = row(TRANSFER, "striate", 0, 0.95, curve=((1.0, 0.5), (second, 0.95)))
    assert held(TRANSFER, [ours, peer]) == [holds]


def test_a_run_of_ours_that_never_gets_there_is_a_miss_whatever_the_others_did() -> None:
    peer = row(TRANSFER, "tutorial", 0, 0.8, curve=((100.0, 0.8),))
    good = row(TRANSFER, "striate", 0, 0.9, curve=((1.0, 0.9),))
    never = row(TRANSFER, "striate", 1, 0.7, curve=((1.0, 0.7),))
    assert held(TRANSFER, [good, peer]) == [True]
    assert held(TRANSFER, [good, never, peer]) == [False]


def test_arithmetic_is_six_operations_for_each_multiplication_in_the_precision_used() -> None:
    more = {"macs": 1e9, "trained_per_second": 10.0, "precision": "bf16"}
    one = replace(row(SCRATCH, "striate", 0, 0.9), more=more)
    assert arithmetic_share(one, {"bf16": 120e9, "fp32": 60e9}) == pytest.approx(0.5)
    assert arithmetic_share(one, {"fp32": 60e9}) is None


def test_a_measurement_survives_its_way_through_json() -> None:
    import json

    one = row(SCRATCH, "striate", 3, 0.9, curve=((1.0, 0.5),), more={"macs": 3})
    again = Measurement.from_dict(json.loads(json.dumps(one.to_dict())) | {"of_later": 1})
    assert again == one


def test_the_summary_names_every_side_of_every_figure() -> None:
    found = summary(list(FIGURES), [], {})
    assert [one["figure"] for one in found] == [figure.code for figure in FIGURES]
    assert all(
        set(one["accuracy"]) == {"striate", *f.peers} for one, f in zip(found, FIGURES, strict=True)
    )


def test_figures_are_chosen_by_code_and_unknown_codes_are_told() -> None:
    assert [f.code for f in chosen("digits,cifar-60", quick=False)] == ["cifar-60", "digits"]
    assert {f.code for f in chosen("", quick=True)} == {"cifar-60", "digits", "memory"}
    with pytest.raises(SystemExit, match="no figure nonsense; there are .*cifar-300"):
        chosen("nonsense", quick=False)
