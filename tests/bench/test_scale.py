"""The plan on paper: sums where nothing is left to chance, and what chance and narrow places cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.scale import COUNTS, World, by_hand, pace, table, told, training
from tests.conftest import ROOT

STEADY = World(jitter=0.0)
NARROW = {
    "GPUs": STEADY,
    "storage": replace(STEADY, storage_mb_s=1_000),
    "links": replace(STEADY, picture_mb=3.0, storage_mb_s=1e6),
    "cores": replace(STEADY, cores_per_node=20),
}


def rate(world: World, gpus: int) -> float:
    """Pictures a second, as simulated."""
    return gpus * world.batch_per_gpu / pace(world, gpus).step_s


@pytest.mark.parametrize("where", NARROW)
@pytest.mark.parametrize("gpus", [4, 8, 32])
def test_without_jitter_the_narrowest_place_decides_as_it_does_by_hand(
    where: str, gpus: int
) -> None:
    assert rate(NARROW[where], gpus) == pytest.approx(by_hand(NARROW[where], gpus), rel=0.01)


def test_each_place_can_be_the_narrowest() -> None:
    found = {name: by_hand(world, 32) for name, world in NARROW.items()}
    assert found["storage"] == pytest.approx(1_000 / 0.11)
    assert found["links"] == pytest.approx(4 * 12_500 / 3)
    assert found["cores"] == pytest.approx(4 * 20 * 300)
    ring_s = 2 * 31 / 32 * 102 / 12_500
    assert found["GPUs"] == pytest.approx(32 * 128 / (128 / 1_800 + ring_s))


def test_more_gpus_than_the_storage_can_feed_wait_for_it_and_are_no_faster() -> None:
    most = World().storage_mb_s / World().picture_mb
    few, many, more = (pace(World(), gpus) for gpus in (32, 128, 256))
    assert few.input_s < 0.01 * few.step_s
    assert many.input_s > 0.3 * many.step_s
    assert more.input_s > 0.6 * more.step_s
    for gpus in (128, 256):
        assert rate(World(), gpus) == pytest.approx(most, rel=0.01)


def test_jitter_makes_all_wait_for_the_slowest_and_more_so_the_more_there_are() -> None:
    wide = replace(World(), storage_mb_s=1e9)
    slower = [by_hand(wide, gpus) / rate(wide, gpus) for gpus in (1, 8, 256)]
    assert 0.98 < slower[0] < 1.02
    assert slower[0] < slower[1] < slower[2] < 1.2


def test_batches_ahead_hide_that_decoding_is_not_even() -> None:
    uneven = replace(World(), jitter=0.3, cores_per_node=50)
    hidden, bare = pace(uneven, 8), pace(replace(uneven, ahead=1), 8)
    assert hidden.input_s < bare.input_s
    assert hidden.step_s < bare.step_s


def test_without_failures_a_training_takes_its_steps_and_its_checkpoints() -> None:
    sure = replace(World(), between_failures_h=1e12)
    found = training(sure, 64, 0.1)
    seconds = sure.steps(64) * 0.1
    saved = -(-seconds // 600) * 310 / 1_000
    assert found.lost == 0
    assert found.saving * 3600 == pytest.approx(saved)
    assert found.hours * 3600 == pytest.approx(seconds + saved)


def test_failures_cost_what_they_cost_on_average_by_hand() -> None:
    often = replace(World(), between_failures_h=500.0)
    found = [training(often, 64, 0.1, number) for number in range(300)]
    lost = sum(one.lost for one in found) / sum(one.hours for one in found)
    rate_h = 64 / 500.0  # each loses half an interval, and the start
    assert lost == pytest.approx(rate_h * (300 + 180) / 3600, rel=0.15)
    for one in found:  # nothing is done twice for nothing
        work = often.steps(64) * 0.1 / 3600
        assert one.hours >= work + one.saving + one.lost - 1e-9


def test_the_same_seed_gives_the_same_table_and_the_page_shows_it() -> None:
    shown = table()
    assert shown == table(World())
    assert shown in (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    assert [line.split("|")[1].strip() for line in shown.splitlines()[2:]] == [
        str(n) for n in COUNTS
    ]


def test_figures_are_changed_by_name() -> None:
    assert told(["storage_mb_s=40000", "ahead=2"]) == World(storage_mb_s=40_000.0, ahead=2)
