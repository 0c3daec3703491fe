"""Runs whose boxes are cut out of whole pictures: decided once, told, and the same again on resuming."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from striate.errors import Unreadable
from striate.keeping.runs import Run
from striate.pictures.store import whole
from striate.training.stopping import Stopping
from striate.verbs.train import resume
from striate.verbs.train_order import Order, Said
from striate.verbs.train_ready import readied
from tests.verbs import made

MODEL = "3x72x72: conv7s4-4 bn relu gap fc"
WANTED = made.recipe(pictures__size=72, batch=14, machine__micro_batch=14, save_every_s=0)
INSTEAD = "boxes are cut out of the middle of pictures"


def order(root: Path | None = None, **more: object) -> Order:
    data = str(root or made.photographs())
    return Order(data, MODEL, look_for_copies=False, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def run() -> made.Told:
    return made.trained(order(), made.place() / "whole", WANTED)


def test_photographs_are_prepared_whole_a_second_time_and_the_run_says_so(run: made.Told) -> None:
    facts = json.loads((run.path / "run.json").read_text())
    assert (facts["whole"]["size"], facts["whole"]["fit"]) == ([82, 82], "stretch")
    assert facts["whole"]["mean"] == facts["preparation"]["mean"]
    assert not any(text.startswith(INSTEAD) for text in run.texts)


def test_a_run_goes_on_to_the_same_end(run: made.Told, tmp_path: Path) -> None:
    path = made.a_step_back(run.path, tmp_path / "run")
    _, done = made.followed(resume(path))
    for name in ("bundle/model.safetensors", "metrics.csv", "predictions.csv"):
        assert (done.path / name).read_bytes() == (run.path / name).read_bytes(), name


def test_small_pictures_have_no_second_preparation() -> None:
    facts = json.loads((made.photos().path / "run.json").read_text())
    assert facts["whole"] is None


def test_batches_have_the_size_of_the_network_and_val_is_as_before(tmp_path: Path) -> None:
    ready = made.readied(order(), tmp_path / "run", WANTED)
    assert ready.whole is not None
    assert ready.batches().size == (72, 72)
    assert next(iter(ready.batches().epoch(0))).images.shape[2:] == (72, 72)
    assert ready.judging("val").pictures is ready.pictures


def test_pictures_that_are_left_out_do_not_move_the_others(tmp_path: Path) -> None:
    root = made.folder(tmp_path / "set", bad=(2, 11))
    ready = made.readied(order(root, skip_bad=True), tmp_path / "run", WANTED)
    assert ready.whole is not None
    assert len(ready.dataset) == 38
    for row in ready.dataset.places("train"):
        pixels = ready.dataset.pixels(int(row))
        wanted = ready.whole.preparation.apply(pixels)
        assert np.array_equal(ready.whole.take(np.array([row]))[0], wanted)
        assert ready.whole.stretched[row] == pytest.approx(pixels.shape[1] / pixels.shape[0])


def test_where_they_have_no_room_it_is_said_and_stays_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "has_room", lambda *given: False)
    done = made.trained(order(), tmp_path / "run", WANTED)
    (said,) = [text for text in done.texts if text.startswith(INSTEAD)]
    assert said.endswith("whole ones would take 0.0 GB more")
    assert json.loads((done.path / "run.json").read_text())["whole"] is None
    monkeypatch.undo()
    _, again = made.followed(readied(Run.open(done.path), order(), WANTED, Stopping()))
    assert again.whole is None


def test_a_file_that_went_away_is_no_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(data: object) -> list[float]:
        raise Unreadable("it is empty (0 bytes)")

    monkeypatch.setattr(whole, "widths", gone)
    done = made.trained(order(), tmp_path / "run", WANTED)
    told = [one for one in done.events if isinstance(one, Said) and one.text.startswith(INSTEAD)]
    assert [one.severity for one in told] == ["warning"]
    assert "it is empty" in told[0].text
