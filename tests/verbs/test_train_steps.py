"""All steps, with looks, a log and checkpoints where they are due."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from striate.errors import CannotTrain, NotFinite
from striate.judging.predict import predict as judging_predict
from striate.keeping import checkpoint
from striate.keeping.runs import Run
from striate.pictures.batches import Batch
from striate.training.ranks import Ranks
from striate.training.stopping import Stopped, Stopping
from striate.verbs import train_ready, train_steps
from striate.verbs.train import begin, resume
from striate.verbs.train_order import Looked, Order, Said, Stepped
from striate.verbs.train_steps import trained
from tests.verbs import made

ORDER = Order("digits", made.MODEL)


def test_checkpoints_are_written_when_they_are_due_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = made.readied(ORDER, tmp_path / "run", made.recipe(save_every_s=0, looks=3))
    saved: list[int] = []
    real = checkpoint.save

    def save(path: Path, step: int, *state: Any) -> Path:
        saved.append(step)
        return real(path, step, *state)

    monkeypatch.setattr(checkpoint, "save", save)
    events, here = made.followed(trained(ready, Stopping()))
    assert saved == list(range(20))
    assert here.step == 19
    looks = [one.row["step"] for one in events if isinstance(one, Looked)]
    assert looks == [7, 14, 19]
    with open(ready.run.path / "timings.csv") as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == looks


def test_looks_are_at_the_glance_in_fp32(tmp_path: Path) -> None:
    ready = made.readied(ORDER, tmp_path / "run", made.recipe(looks=1))
    events, here = made.followed(trained(ready, Stopping()))
    (look,) = [one.row for one in events if isinstance(one, Looked)]
    right = seen = 0
    losses = []
    for batch in ready.glance().epoch(0):
        logits = here.network(batch.images).double().detach().numpy()
        truth = batch.labels.numpy()
        right, seen = right + int((logits.argmax(1) == truth).sum()), seen + len(truth)
        shifted = logits - logits.max(1, keepdims=True)
        losses += list(np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(truth)), truth])
    assert look["val_accuracy"] == pytest.approx(right / seen)
    assert look["val_loss"] == pytest.approx(np.mean(losses), rel=1e-5)


@pytest.mark.parametrize("after", [6, 19])
def test_asked_to_stop_it_saves_the_last_whole_step_and_says_how_to_go_on(
    tmp_path: Path, after: int
) -> None:
    ready = made.readied(ORDER, tmp_path / "run")
    stop = Stopping()
    steps, events = trained(ready, stop), []
    with pytest.raises(Stopped):
        for event in steps:
            events.append(event)
            if isinstance(event, Stepped) and event.step == after:
                stop.asked = 15
    kept = checkpoint.latest(ready.run.path)
    assert kept is not None
    assert kept.step == after
    said = [one.text for one in events if isinstance(one, Said)]
    told = [f"stopped after step 6: `striate resume {ready.run.path}` goes on"]
    assert said == (told if after == 6 else []), "after the last step there is none to leave out"


def test_asked_to_stop_at_a_look_it_leaves_it_and_looks_again_when_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, path = made.recipe(looks=3, save_every_s=0), tmp_path / "run"
    whole = made.trained(ORDER, tmp_path / "whole", wanted).path
    stop, real, judged = Stopping(), judging_predict, [0]

    def predict(network: torch.nn.Module, batches: Iterator[Batch], device: str) -> Any:
        def asked() -> Iterator[Batch]:
            for batch in batches:
                judged[0] += 1
                yield batch
                if judged[0] == 2:
                    stop.asked = 15

        return real(network, asked(), device)

    monkeypatch.setattr(train_steps, "predict", predict)
    monkeypatch.setattr(train_ready, "JUDGED_PIXELS", 8 * 8 * 40)
    events = begin(ORDER, wanted, path=path, stop=stop)
    with pytest.raises(Stopped):
        made.followed(events)
    assert judged == [2], "the rest of the look is left out"
    kept = checkpoint.latest(path)
    assert kept is not None
    assert kept.step == 7
    assert not (path / "metrics.csv").exists() or "7," not in (path / "metrics.csv").read_text()
    monkeypatch.undo()
    made.followed(resume(path))
    for name in ("metrics.csv", "bundle/model.safetensors"):
        assert (path / name).read_bytes() == (whole / name).read_bytes()


def test_judging_takes_fewer_large_pictures_at_a_time_for_memory_and_so_that_a_signal_is_answered(
    tmp_path: Path,
) -> None:
    order = Order(str(made.photographs()), "3x16x16: conv3p1-4 relu gap fc", val=0.5, test=0)
    ready = made.readied(order, tmp_path / "run", made.recipe(pictures__size=0))
    assert [len(b) for b in ready.glance().epoch(0)] == [20]
    large = replace(
        ready.pictures, preparation=replace(ready.pictures.preparation, size=(512, 512))
    )
    with_large = replace(ready, pictures=large)
    for batches in (with_large.glance(), with_large.judging("val")):
        assert batches.plan.batch_size == 4


def test_a_damaged_checkpoint_is_passed_over_and_said(tmp_path: Path) -> None:
    ready = made.readied(ORDER, tmp_path / "run", made.recipe(save_every_s=0))
    steps = trained(ready, Stopping())
    for event in steps:
        if isinstance(event, Stepped) and event.step == 5:
            break
    steps.close()
    last = checkpoint.latest(ready.run.path)
    assert last is not None
    state = last.path / checkpoint.STATE
    state.write_bytes(state.read_bytes()[:-1] + b"x")
    events, done = made.followed(resume(ready.run.path))
    said = [one for one in events if isinstance(one, Said)]
    assert any(one.severity == "warning" and "checkpoints" in one.text for one in said)
    assert any(f"going on from step {last.step - 1} of 19" in one.text for one in said)
    whole = made.digits().path / "bundle" / "model.safetensors"
    assert (done.path / "bundle" / "model.safetensors").read_bytes() == whole.read_bytes()


def test_evaluations_after_the_checkpoint_are_dropped_before_going_on(tmp_path: Path) -> None:
    run = made.copy(made.digits().path, tmp_path / "run")
    opened = Run.open(run)
    before = (run / "metrics.csv").read_bytes()
    opened.update(status="interrupted")
    opened.append_metrics({"step": 20, "epoch": 9})
    made.followed(resume(run))
    assert (run / "metrics.csv").read_bytes() == before


def test_stopping_early_brings_the_best_weights_back_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = made.recipe(regularise__patience=2, looks=19)
    losses = iter([2.0, 1.0, 3.0, 3.0, 3.0])
    monkeypatch.setattr(train_steps, "_judge", lambda *_: lambda _: (next(losses), 0.5))
    ready = made.readied(ORDER, tmp_path / "run", wanted)
    events, here = made.followed(trained(ready, Stopping()))
    stopped = [one.text for one in events if isinstance(one, Said) and one.severity == "warning"]
    assert len(stopped) == 1
    assert stopped[0].startswith("stopped early at step")
    assert here.best_loss == 1.0


def test_a_run_killed_after_it_stopped_early_does_no_step_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([1.0, 3.0, 0.1])
    monkeypatch.setattr(train_steps, "_judge", lambda *_: lambda _: (next(losses), 0.5))
    wanted = made.recipe(regularise__patience=1, looks=19)
    ready = made.readied(ORDER, tmp_path / "run", wanted)
    _, here = made.followed(trained(ready, Stopping()))
    stopped_at, notes = here.step, here.notes
    again = made.readied(ORDER, tmp_path / "other", wanted)
    _, gone_on = made.followed(trained(replace(again, run=ready.run), Stopping()))
    assert (gone_on.step, gone_on.notes) == (stopped_at, notes)
    assert len(notes) == 1


def test_more_ranks_than_a_batch_has_pictures_are_refused(tmp_path: Path) -> None:
    ready = made.readied(ORDER, tmp_path / "run")
    with pytest.raises(CannotTrain, match="65 processes cannot share batches of 64"):
        made.followed(trained(replace(ready, ranks=Ranks(0, 65)), Stopping()))


def test_what_a_recipe_asks_of_a_network_in_vain_is_a_warning_once(tmp_path: Path) -> None:
    wanted = made.recipe(regularise__dropout=0.3, regularise__stochastic_depth=0.2, epochs=0.1)
    told = made.trained(ORDER, tmp_path / "run", wanted)
    said = [one for one in told.events if isinstance(one, Said) and "changes nothing" in one.text]
    assert [one.severity for one in said] == ["warning", "warning"]
    assert [one.text.split()[0] for one in said] == [
        "regularise.dropout", "regularise.stochastic_depth",
    ]  # fmt: skip
    assert not any("changes nothing" in text for text in made.digits().texts)


def test_answers_for_val_that_are_no_numbers_end_training_before_they_are_saved_and_are_listed(
    tmp_path: Path,
) -> None:
    order = Order("digits", "1x8x8: (conv3p1-8)*24 fc10")
    # The first update is finite, and every weight after it too large for the look that comes next.
    wanted = made.recipe(
        optimiser__name="sgd",
        optimiser__rate=1000,
        epochs=0.05,
        schedule__warm_up=0,
        start__filters="he",
    )
    ready = made.readied(order, tmp_path / "run", wanted)
    with pytest.raises(NotFinite, match=r"^answers for 2\d\d of 2\d\d pictures of val ") as caught:
        made.followed(trained(ready, Stopping()))
    path = tmp_path / "run" / "bad_batch.csv"
    assert f"{path} lists all {len(caught.value.rows)} pictures of that look" in caught.value.hint
    with open(path, newline="") as file:
        listed = {one["path"] for one in csv.DictReader(file)}
    assert len(listed) == len(caught.value.rows)
    assert {row.split for row in ready.dataset if row.path in listed} == {"val"}
    kept = checkpoint.latest(ready.run.path)
    assert kept is None or kept.step == 0


def test_all_pictures_of_the_batch_that_left_the_numbers_are_in_a_file_that_the_fault_names(
    tmp_path: Path,
) -> None:
    order = Order("digits", "1x8x8: conv3p1-8 conv3p1-8 fc10")
    wanted = made.recipe(optimiser__name="sgd", optimiser__rate=1000, looks=1)
    ready = made.readied(order, tmp_path / "run", wanted)
    with pytest.raises(NotFinite, match=r"^at step \d+ ") as caught:
        made.followed(trained(ready, Stopping()))
    step = int(caught.value.text.split()[2])
    batch = [batch.rows for batch in ready.batches().epoch(0)][step - 1]
    path = tmp_path / "run" / "bad_batch.csv"
    assert f"{path} lists all 64 pictures of that batch" in caught.value.hint
    assert caught.value.where.endswith("and 56 more")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    data = ready.dataset
    assert sorted((one["path"], one["label"]) for one in rows) == sorted(
        (data.paths[row], data.classes[data.labels[row]]) for row in batch
    )
    assert {row.split for row in data if row.path in {one["path"] for one in rows}} == {"train"}
    kept = checkpoint.latest(ready.run.path)
    assert kept is not None
    assert kept.step == step - 1
