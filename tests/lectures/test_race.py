"""The race of optimisers: slopes by differences, steps by PyTorch's optimisers, and ways read back."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import UsageError
from striate.lectures.drawing import scene_of
from striate.lectures.race import RATES, RUNNERS, SURFACES, arrives, distances, race, run
from striate.lectures.scene import Disc, Path
from striate.lectures.shown import Chart, Still
from striate.lectures.to_pixels import gif_of
from tests.lectures.reading import frames_in

NAMES = list(RUNNERS)


def chart_of(still: Still) -> Chart:
    (chart,) = still.rows[0]
    assert isinstance(chart, Chart)
    return chart


@pytest.mark.parametrize("name", SURFACES)
def test_slopes_are_differences_of_heights(name: str) -> None:
    ground = SURFACES[name]
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-2, 2, (2, 20))
    step = 1e-6
    across, up = ground.slope(x, y)
    wanted = (ground.height(x + step, y) - ground.height(x - step, y)) / (2 * step)
    np.testing.assert_allclose(across, wanted, atol=1e-6)
    wanted = (ground.height(x, y + step) - ground.height(x, y - step)) / (2 * step)
    np.testing.assert_allclose(up, wanted, atol=1e-6)


@pytest.mark.parametrize("name", SURFACES)
def test_floors_are_the_lowest_places_of_the_sheet(name: str) -> None:
    ground = SURFACES[name]
    x, y = np.meshgrid(np.linspace(*ground.x, 201), np.linspace(*ground.y, 201))
    low = min(float(ground.height(np.array(fx), np.array(fy))) for fx, fy in ground.floors)
    assert ground.height(x, y).min() >= low - 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_every_runner_takes_pytorch_s_steps(name: str) -> None:
    torch = pytest.importorskip("torch")
    kinds = {
        "SGD": (torch.optim.SGD, {}),
        "momentum": (torch.optim.SGD, {"momentum": 0.9}),
        "RMSProp": (torch.optim.RMSprop, {}),
        "Adam": (torch.optim.Adam, {}),
        "Adadelta": (torch.optim.Adadelta, {}),
    }
    kind, more = kinds[name]
    ground = SURFACES["valley"]
    w = torch.tensor(ground.start, dtype=torch.float64, requires_grad=True)
    theirs = kind([w], lr=0.01, **more)
    way = [w.detach().numpy().copy()]
    for _ in range(30):
        theirs.zero_grad()
        ((w[0] ** 2 + 40 * w[1] ** 2) / 2).backward()
        theirs.step()
        way.append(w.detach().numpy().copy())
    np.testing.assert_allclose(run(ground, RUNNERS[name](0.01), 30), way, atol=1e-8)


def test_arriving_means_to_stay() -> None:
    ground = SURFACES["valley"]
    way = np.array([[1.0, 0], [0.01, 0], [0.2, 0], [0.02, 0], [0, 0]])
    assert arrives(ground, way, 0.05) == 3
    assert arrives(ground, way, 0.5) == 1
    assert arrives(ground, way[:3], 0.05) is None


@pytest.mark.parametrize("surface", SURFACES)
def test_what_is_told_is_so_on_the_ways(surface: str) -> None:
    shown = race(surface, steps=120)
    ground = SURFACES[surface]
    for told in shown.facts["runs"]:
        way = shown.arrays[told["name"]]
        assert way.shape == (121, 2)
        assert way[0].tolist() == list(ground.start)
        apart = distances(ground, way)
        if told["arrived"] is None:
            assert apart[-1] > 0.05
        else:
            assert (apart[told["arrived"] :] <= 0.05).all()
            assert apart[told["arrived"] - 1] > 0.05
        again = run(ground, RUNNERS[told["name"]](told["rate"]), 120)
        np.testing.assert_array_equal(way, again)
        (line,) = [line for line in shown.lines if line.split()[:1] == [told["name"]]]
        assert line.split()[2] == ("never" if told["arrived"] is None else str(told["arrived"]))


def test_no_rate_that_stays_on_the_sheet_arrives_earlier() -> None:
    ground = SURFACES["valley"]
    (told,) = [one for one in race("valley", 150).facts["runs"] if one["name"] == "momentum"]
    low, high = np.array([ground.x, ground.y]).T
    for rate in RATES:
        way = run(ground, RUNNERS["momentum"](rate), 150)
        if ((way >= low) & (way <= high)).all():
            arrived = arrives(ground, way, 0.05)
            assert arrived is None or arrived >= told["arrived"]


def test_momentum_is_faster_than_sgd_along_a_valley() -> None:
    runs = {one["name"]: one["arrived"] for one in race("valley").facts["runs"]}
    assert runs["momentum"] < runs["SGD"]


def test_the_ways_drawn_are_the_ways_run() -> None:
    shown = race("valley", steps=40)
    chart = chart_of(shown.still)
    marks = scene_of(shown.still).marks
    paths = [m for m in marks if isinstance(m, Path) and len(m.points) > 2]
    assert len(paths) == 5
    H, W = chart.size
    ground = SURFACES["valley"]
    for path, name in zip(paths, NAMES, strict=True):
        wanted = shown.arrays[name][:41]
        points = np.array(path.points)
        across = (wanted[:, 0] - wanted[0, 0]) / (ground.x[1] - ground.x[0]) * W
        down = -(wanted[:, 1] - wanted[0, 1]) / (ground.y[1] - ground.y[0]) * H
        np.testing.assert_allclose(points - points[0], np.stack([across, down], 1), atol=1e-6)


def test_frames_run_from_the_start_to_the_last_arrival_and_end_as_the_still() -> None:
    shown = race("valley", steps=40)
    assert len(shown.frames) == 41
    dots = [m for m in scene_of(shown.frames[0]).marks if isinstance(m, Disc)]
    assert len({(round(m.x), round(m.y)) for m in dots[:5]}) == 1
    ends, drawn = (chart_of(one).curves for one in (shown.frames[-1], shown.still))
    for end, curve in zip(ends, drawn, strict=True):
        np.testing.assert_array_equal((end.x, end.y), (curve.x, curve.y))
    assert frames_in(gif_of([scene_of(frame) for frame in shown.frames[:3]], 100)) == 3


def test_a_race_without_steps_is_refused() -> None:
    with pytest.raises(UsageError, match="1 to 2000 steps"):
        race(steps=0)
