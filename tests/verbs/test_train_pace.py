"""What a budget buys: which network, which size, how many threads. No real clock decides here."""

from __future__ import annotations

import time

import pytest
import torch

from striate.grammar.plan import Plan
from striate.verbs import train_network, train_pace
from striate.verbs.train_pace import (
    best_threads,
    by_budget,
    fits_any_side,
    quickest,
    side_for,
    wanted_for,
)
from tests.verbs import made

PLAN = Plan.read("1x8x8: conv3p1-4 gap fc10")


@pytest.mark.parametrize(
    ("pictures", "wanted"), [(200, 12_000), (1_000, 60_000), (5_000, 100_000), (60_000, 180_000)]
)
def test_few_pictures_are_seen_often_and_many_seldom(pictures: int, wanted: int) -> None:
    assert wanted_for("striate-xs", pictures) == wanted_for("striate-s", pictures) == wanted


@pytest.mark.parametrize(
    ("native", "pretrained", "asked", "side"),
    [
        ((28, 28), False, 0, 28), ((8, 8), False, 0, 16), ((480, 640), False, 0, 64),
        ((20, 50), False, 0, 50),
        ((480, 640), True, 0, 224), ((28, 28), False, 96, 96), ((28, 28), True, 96, 96),
    ],
)  # fmt: skip
def test_the_side_is_what_was_asked_for_or_fits(
    native: tuple[int, int], pretrained: bool, asked: int, side: int
) -> None:
    assert side_for(native, pretrained=pretrained, asked=asked) == side


@pytest.mark.parametrize(
    ("native", "asked", "side"),
    [((480, 640), 0, 256), ((293, 293), 0, 256), ((640, 292), 0, 224), ((480, 640), 96, 96)],
)
def test_trained_weights_that_fit_every_side_see_photographs_larger_where_they_have_the_detail(
    native: tuple[int, int], asked: int, side: int
) -> None:
    assert side_for(native, pretrained=True, asked=asked, any_side=True) == side


def test_weights_fit_every_side_where_the_maps_before_the_last_layers_are_averaged() -> None:
    assert fits_any_side("mobilenet_v2")
    assert fits_any_side("vgg16"), "its maps are averaged to 7x7"
    assert not fits_any_side("lenet5"), (
        "its maps are flattened, or too large a picture does not fit"
    )
    assert not fits_any_side("timm:resnet18"), "not known before it is built"


@pytest.mark.parametrize(
    ("budget_s", "name"),
    [
        (10, "striate-xs"),
        (60, "striate-xs"),
        (130, "striate-s"),
        (370, "striate-s"),
        (390, "striate-m"),
        (2400, "striate-m"),
        (2450, "striate-l"),
    ],
)
def test_the_largest_network_that_sees_enough_is_taken(
    monkeypatch: pytest.MonkeyPatch, budget_s: float, name: str
) -> None:
    """A machine of fixed speed: 4,000 to 200 pictures a second; 100,000 are wanted."""
    speeds = dict(zip(reversed(train_pace.OURS), (4000.0, 1000.0, 400.0, 200.0), strict=True))
    sizes = {planned(one).parameters: one for one in train_pace.OURS}
    monkeypatch.setattr(
        train_pace, "pictures_per_second", lambda plan, *_: speeds[sizes[plan.parameters]]
    )
    recipe = made.recipe(epochs=0, budget_s=budget_s)
    found, seen, why = by_budget(recipe, 5_000, (3, 32, 32), 10, "cpu")
    assert found == name
    # Pictures that grow: 450 of 1,000 steps at 19 pixels, 300 at 26, 250 at 32.
    area = (450 * 19**2 + 300 * 26**2 + 250 * 32**2) / (1_000 * 32**2)
    assert seen == pytest.approx(budget_s * speeds[name] / area, abs=1)
    assert f"{name} at 32 pixels" in why
    # As many processes as make up for a budget that is so much shorter.
    shared = made.recipe(epochs=0, budget_s=budget_s / 4)
    found, as_many, why = by_budget(shared, 5_000, (3, 32, 32), 10, "cpu", 4)
    assert found == name
    assert as_many == pytest.approx(seen, abs=1)
    assert "on 4 processes" in why


def planned(name: str) -> Plan:
    return train_network.planned(name, (3, 32, 32), 10)


def test_large_networks_have_to_see_pictures_more_often() -> None:
    for pictures, wanted in ((5_000, (250_000, 800_000)), (60_000, (900_000, 2_880_000))):
        assert (wanted_for("striate-m", pictures), wanted_for("striate-l", pictures)) == wanted


def test_few_epochs_get_the_smallest_network() -> None:
    found, seen, _ = by_budget(made.recipe(epochs=2), 100, (1, 16, 16), 10, "cpu")
    assert (found, seen) == ("striate-xs", 200)


def test_more_threads_are_taken_only_where_they_are_quicker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = torch.get_num_threads()
    for rates, wanted in (
        ({1: 100, 2: 105, 4: 107}, 1), ({1: 100, 2: 190, 4: 200}, 2), ({1: 100, 2: 190, 4: 400}, 4),
    ):  # fmt: skip
        monkeypatch.setattr(
            train_pace, "pictures_per_second", lambda *_, r=rates: r[torch.get_num_threads()]
        )
        assert best_threads(PLAN, 4) == wanted
    assert best_threads(None, 4) == 4
    assert torch.get_num_threads() == before


def test_the_best_of_three_or_more_counts_and_a_slow_work_is_done_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])

    def taking(*seconds: float) -> tuple[float, int]:
        left = list(seconds)

        def work() -> None:
            clock[0] += left.pop(0)

        return quickest(work, 3.0), len(seconds) - len(left)

    assert taking(1.0, 0.5, 0.25) == (0.25, 3)
    assert taking(5.0, 0.5, 0.25) == (5.0, 1)
    assert taking(0.125, 0.125, 0.125, 0.0625, 0.5) == (0.0625, 4)  # disturbed for the first three


def test_the_pace_of_a_network_is_measured_here() -> None:
    assert train_pace.pictures_per_second(PLAN, "cpu") > 0


@pytest.mark.parametrize(
    ("precision", "promises", "rate"),
    [("auto", True, 128), ("bf16", True, 128), ("auto", False, 64), ("fp32", True, 64)],
)
def test_the_pace_in_bf16_counts_where_it_may_be_used_and_promises_anything(
    precision: str, promises: bool, rate: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    took = [0.5, 0.25]
    monkeypatch.setattr(train_pace, "quickest", lambda work, longest_s: took.pop(0))
    monkeypatch.setattr("striate.training.precision.promises", lambda device: promises)
    assert train_pace.pictures_per_second(PLAN, "cpu", precision) == rate


@pytest.mark.parametrize(("side", "count"), [(8, 32), (64, 32), (128, 8), (224, 4)])
def test_large_pictures_are_measured_on_fewer_of_them(
    side: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of 32 photographs, forward and backward three times on one and on two threads took ten seconds.
    monkeypatch.setattr(train_pace, "quickest", lambda work, longest_s: 0.5)
    plan = Plan.read(f"1x{side}x{side}: conv3p1-4 gap fc10")
    assert train_pace.pictures_per_second(plan, "cpu") == 2 * count
