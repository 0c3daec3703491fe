"""`train` as a function: a run from nothing, what it leaves behind, and what it refuses before it begins."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate
from striate.errors import (
    CannotTrain,
    FileFault,
    NotFinite,
    PlanError,
    RunBusy,
    RunFault,
    StriateError,
    UnknownModel,
    UnreadablePictures,
    UsageError,
)
from striate.keeping import checkpoint
from striate.keeping.runs import Run
from striate.training import loop
from striate.training.stopping import Stopped, Stopping
from striate.verbs import train_steps
from striate.verbs.train import begin, resume, this_machine, train, versions
from striate.verbs.train_order import Looked, Order, Said, Stepped
from tests.verbs import made

FILES = {
    "run.json", "recipe.toml", "classes.json", "splits.csv", "metrics.csv", "metrics.json", "predictions.csv",
    "report.html", "bundle", "checkpoints", "MODEL_CARD.md", "timings.csv",
}  # fmt: skip


def test_a_run_holds_all_its_files_and_says_that_it_is_finished() -> None:
    run = made.digits().path
    assert {one.name for one in run.iterdir() if not one.name.startswith(".")} >= FILES
    facts = json.loads((run / "run.json").read_text())
    assert facts["status"] == "finished"
    assert facts["reason"] is None
    assert facts["data"]["splits"] == {"train": 1259, "val": 270, "test": 268}
    assert facts["model"]["parameters"] == 4 * 9 + 2 * 4 + 4 * 10 + 10
    assert "git" in facts, "the commit of the folder it was started in, or null"
    assert set(facts["seconds"]) == {"prepare", "train", "judge", "total"}
    stages = sum(facts["seconds"][name] for name in ("prepare", "train", "judge"))
    assert facts["seconds"]["total"] == pytest.approx(stages, abs=0.01)


def test_the_seconds_of_training_are_among_the_scores() -> None:
    facts = json.loads((made.digits().path / "run.json").read_text())
    assert made.digits().scores["seconds"] == facts["seconds"]["train"] > 0


def test_what_is_told_are_the_steps_and_the_looks_at_val() -> None:
    told = made.digits()
    steps = [one.step for one in told.events if isinstance(one, Stepped)]
    assert steps == list(range(1, 1259 // 64 + 1))
    looks = [one.row for one in told.events if isinstance(one, Looked)]
    with open(told.path / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [row["step"] for row in looks]
    assert [float(row["val_loss"]) for row in rows] == [row["val_loss"] for row in looks]
    assert looks[-1]["step"] == steps[-1]


def test_the_scores_are_those_that_the_predictions_give() -> None:
    told = made.digits()
    with open(told.path / "predictions.csv") as file:
        rows = list(csv.DictReader(file))
    for split in ("val", "test"):
        some = [row for row in rows if row["split"] == split]
        right = sum(row["truth"] == row["label"] for row in some)
        assert told.scores[split]["count"] == len(some)
        assert told.scores[split]["accuracy"] == pytest.approx(right / len(some))
        mean = np.mean([float(row["loss"]) for row in some])
        if split == "test":
            assert told.scores[split]["loss"] == pytest.approx(mean, rel=1e-4)


def test_in_python_it_is_one_call_and_the_classifier_answers(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = striate.train(
        made.photographs(),
        model=made.COLOURED,
        epochs=1,
        recipe=made.recipe(),
        path=tmp_path / "run",
    )
    assert capfd.readouterr() == ("", "")
    (answer,) = run.classifier.predict(made.photographs() / "cat" / "000.jpg")
    assert answer.label in ("cat", "dog")
    assert run.scores == made.photos().scores | {"seconds": run.scores["seconds"]}


def test_the_same_order_into_the_same_folder_goes_on_and_another_order_is_refused(
    tmp_path: Path,
) -> None:
    run = made.copy(made.digits().path, tmp_path / "run")
    before = (run / "metrics.json").read_bytes()
    again = made.trained(made.digits().order, run)
    assert again.texts == [
        f"{run} was begun with the same order: going on with it", f"{run} is finished",
    ]  # fmt: skip
    assert again.scores["test"] == made.digits().scores["test"]
    with pytest.raises(RunFault, match="holds a run already"):
        made.trained(made.digits().order, run, made.recipe(seed=1))
    assert (run / "metrics.json").read_bytes() == before


def test_a_run_of_before_val_had_a_limit_goes_on_with_the_share_it_had(tmp_path: Path) -> None:
    run = made.copy(made.digits().path, tmp_path / "run")
    facts = json.loads((run / "run.json").read_text())
    assert facts["options"]["val"] is None
    facts["options"]["val"] = 0.15
    (run / "run.json").write_text(json.dumps(facts))
    assert "begun with the same order" in made.trained(made.digits().order, run).texts[0]
    facts["options"]["val"] = 0.2
    (run / "run.json").write_text(json.dumps(facts))
    with pytest.raises(RunFault, match="holds a run already"):
        made.trained(made.digits().order, run)


@pytest.mark.parametrize(
    ("order", "fault", "words"),
    [
        (Order("digits", "resnt18"), UnknownModel, "resnt18"),
        (Order("digits", "1x8x8: conv99 fc"), CannotTrain, "conv99 does not fit"),
        (Order("digits", "1x8x8: conv3-4 relu"), CannotTrain, "ends with 144 outputs"),
        (Order("digits", "1x8x8: konv3-4 fc"), PlanError, "konv3"),
        (Order("digits", "5x8x8: conv3-4 gap fc"), CannotTrain, "takes 5 channels"),
        (Order("digits", pretrained="nowhere.pth"), FileFault, "no file nowhere.pth"),
        (Order("digits", source="nowhere"), FileFault, "nowhere"),
        (Order("digits", splits="nowhere.csv"), FileFault, "nowhere.csv"),
        (Order("digits", fixes="nowhere.csv"), FileFault, "nowhere.csv"),
        (Order("nowhere"), StriateError, "nowhere"),
    ],
)
def test_what_can_be_refused_at_once_leaves_no_folder_behind(
    tmp_path: Path, order: Order, fault: type[StriateError], words: str
) -> None:
    with pytest.raises(fault, match=words):
        made.trained(order, tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_a_budget_and_epochs_are_not_both_taken() -> None:
    with pytest.raises(UsageError, match="two answers"):
        train("digits", budget="5s", epochs=1)


def test_one_class_is_nothing_to_tell_apart(tmp_path: Path) -> None:
    made.folder(tmp_path / "set", ("cat",), (12,))
    with pytest.raises(CannotTrain, match="one class only"):
        made.trained(Order(str(tmp_path / "set")), tmp_path / "run")


def test_pictures_that_cannot_be_read_stop_it_and_the_same_folder_serves_when_they_may_be_skipped(
    tmp_path: Path,
) -> None:
    place = made.folder(tmp_path / "set", bad=(3, 7))
    order = Order(str(place), made.COLOURED)
    with pytest.raises(UnreadablePictures, match="2 of 40 pictures"):
        made.trained(order, tmp_path / "run")
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "failed"
    told = made.trained(Order(str(place), made.COLOURED, skip_bad=True), tmp_path / "run")
    assert "2 of 40 pictures cannot be read and are left out" in told.texts
    assert sum(Run(told.path).facts()["data"]["splits"].values()) == 38


def test_a_run_that_another_process_holds_is_left_alone(tmp_path: Path) -> None:
    run = made.copy(made.digits().path, tmp_path / "run")
    with Run.resume(run), pytest.raises(RunBusy):
        made.trained(made.digits().order, run)


def interrupted(path: Path, after: int) -> None:
    """A run that is left after some steps, as a signal would."""
    steps = begin(made.digits().order, made.recipe(save_every_s=0), path=path)
    for event in steps:
        if isinstance(event, Stepped) and event.step == after:
            break
    steps.close()


def test_a_run_that_was_left_says_so_and_goes_on_to_the_same_end(tmp_path: Path) -> None:
    interrupted(tmp_path / "run", 7)
    assert Run.open(tmp_path / "run").facts()["status"] == "interrupted"
    kept = checkpoint.latest(tmp_path / "run")
    assert kept is not None
    assert 1 <= kept.step <= 7
    events, done = made.followed(resume(tmp_path / "run"))
    assert next(e.step for e in events if isinstance(e, Stepped)) == kept.step + 1
    for name in ("metrics.csv", "predictions.csv", "bundle/model.safetensors", "splits.csv"):
        assert (done.path / name).read_bytes() == (made.digits().path / name).read_bytes(), name


def test_another_version_of_what_decides_the_numbers_is_said(tmp_path: Path) -> None:
    interrupted(tmp_path / "run", 3)
    run = Run.open(tmp_path / "run")
    run.update(versions=run.facts()["versions"] | {"torch": "1.0"})
    events, _ = made.followed(resume(run.path))
    said = [one for one in events if isinstance(one, Said) and one.severity == "warning"]
    assert "torch 1.0 is" in said[0].text
    assert "not bit for bit" in said[0].text


def test_a_run_that_was_killed_before_it_knew_its_order_is_told_to_train_anew(
    tmp_path: Path,
) -> None:
    from datetime import UTC, datetime

    Run.create(tmp_path / "run", datetime.now(UTC)).release()
    with pytest.raises(CannotTrain, match="before it knew what to do"):
        made.followed(resume(tmp_path / "run"))
    assert made.trained(made.digits().order, tmp_path / "run").scores["test"]


def test_a_loss_that_is_no_number_keeps_the_last_good_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = loop.fit

    def fit(*given: Any, **named: Any) -> Any:
        for told in real(*given, **named):
            yield told
            if told.step == 5:
                raise NotFinite("the loss is nan")

    monkeypatch.setattr(train_steps, "fit", fit)
    with pytest.raises(NotFinite):
        made.trained(made.digits().order, tmp_path / "run")
    kept = checkpoint.latest(tmp_path / "run")
    assert kept is not None
    assert kept.step == 5
    facts = Run.open(tmp_path / "run").facts()
    assert (facts["status"], facts["reason"]) == ("failed", "NotFinite: the loss is nan")


def test_a_signal_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(*_: object, **__: object) -> object:
        raise Stopped(15)
        yield

    monkeypatch.setattr(train_steps, "fit", fit)
    with pytest.raises(Stopped):
        made.trained(made.digits().order, tmp_path / "run")
    facts = Run.open(tmp_path / "run").facts()
    assert (facts["status"], facts["reason"]) == ("interrupted", "signal 15")


def test_a_fault_that_comes_of_a_signal_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Stopping()

    def fit(*_: object, **__: object) -> object:
        stop.asked = 15
        raise ImportError("initialization failed")
        yield

    monkeypatch.setattr(train_steps, "fit", fit)
    with pytest.raises(Stopped):
        made.followed(begin(made.digits().order, made.recipe(), path=tmp_path / "run", stop=stop))
    facts = Run.open(tmp_path / "run").facts()
    assert (facts["status"], facts["reason"]) == ("interrupted", "signal 15")


def test_what_decides_the_numbers_is_written_down() -> None:
    import torch

    assert versions()["torch"] == torch.__version__.partition("+")[0]
    assert versions()["striate"] == striate.__version__
    assert set(this_machine()) == {"cpu", "threads", "memory_bytes"}
