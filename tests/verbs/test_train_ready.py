"""What stands before step 0: the same again from what a run says, and the batches that follow from it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from striate.errors import UnreadablePictures
from striate.keeping import checkpoint
from striate.keeping.runs import Run
from striate.pictures.augment.mix import Mix
from striate.pictures.files import to_jpeg
from striate.training.state import Training
from striate.training.stopping import Stopping
from striate.verbs.evaluate import evaluate
from striate.verbs.train import begin, resume
from striate.verbs.train_order import Order, Said, Stepped
from striate.verbs.train_ready import LOOKED_AT, Ready, readied
from tests.verbs import made


@pytest.fixture(scope="module")
def ready() -> Ready:
    return made.readied(Order("digits", made.MODEL), made.place() / "ready")


def test_a_run_with_a_checkpoint_is_never_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made.copy(made.digits().path, tmp_path / "run")
    monkeypatch.setattr("striate.training.budget.measure", None)
    facts = json.loads((run / "run.json").read_text())
    order = Order.from_dict(facts["options"])
    _, again = made.followed(readied(Run.open(run), order, made.recipe(), Stopping()))
    told = json.loads(json.dumps(again.course.to_dict()))
    assert told == {name: facts["decided"][name] for name in told}
    assert again.recipe.optimiser.name == "muon"
    assert again.pictures.preparation.to_dict() == facts["preparation"]
    assert again.chosen.text == facts["model"]["text"]


def test_without_a_checkpoint_all_is_decided_anew(tmp_path: Path) -> None:
    first = made.readied(Order("digits", made.MODEL), tmp_path / "run")
    assert checkpoint.latest(first.run.path) is None
    _, again = made.followed(
        readied(Run.open(first.run.path), first.order, made.recipe(seed=0), Stopping())
    )
    assert again.dataset.fingerprint == first.dataset.fingerprint
    assert again.course.steps == first.course.steps


def test_what_differs_from_the_defaults_is_said_before_the_first_step(ready: Ready) -> None:
    (said,) = [one for one in made.digits().texts if one.startswith("the recipe differs")]
    told = dict(
        one.split("=")
        for one in said.removeprefix("the recipe differs from the defaults in: ").split(", ")
    )
    assert told == {name: str(here) for name, (here, _) in ready.recipe.differences().items()}
    assert (told["epochs"], told["pictures.size"]) == ("1.0", "8")
    assert told["optimiser.name"] == "muon", "what was decided is said too"


def test_every_picture_of_train_is_in_an_epoch_once(ready: Ready) -> None:
    rows = np.concatenate([batch.rows for batch in ready.batches().epoch(0)])
    assert len(set(rows.tolist())) == len(rows)
    assert set(rows.tolist()) <= set(ready.dataset.places("train").tolist())
    assert len(rows) >= 1259 // 64 * 64


def test_a_split_is_judged_in_order_and_whole(ready: Ready) -> None:
    rows = np.concatenate([batch.rows for batch in ready.judging("test").epoch(0)])
    assert rows.tolist() == ready.dataset.places("test").tolist()


def test_a_glance_is_at_the_same_pictures_of_val_every_time(ready: Ready) -> None:
    one, two = (np.concatenate([batch.rows for batch in ready.glance().epoch(0)]) for _ in range(2))
    assert one.tolist() == two.tolist()
    assert set(one.tolist()) <= set(ready.dataset.places("val").tolist())
    assert len(one) == min(LOOKED_AT, ready.dataset.splits["val"])


def test_classes_of_uneven_sizes_are_weighed_where_the_recipe_says_so(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "set", counts=(40, 8))
    found = made.readied(Order(str(place), made.COLOURED), tmp_path / "run")
    assert found.recipe.loss.class_weights == "effective"
    weights = found.weights()
    assert weights is not None
    assert weights[1] > weights[0]
    plain = made.recipe(loss__class_weights="none")
    assert made.readied(Order(str(place), made.COLOURED), tmp_path / "b", plain).weights() is None


def test_fixes_are_kept_with_the_run_so_that_it_can_go_on_without_the_file(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "set")
    (tmp_path / "fixes.csv").write_text("path,action,label,reason\ncat/000.jpg,skip,,blurred\n")
    order = Order(str(place), made.COLOURED, fixes=str(tmp_path / "fixes.csv"))
    found = made.readied(order, tmp_path / "run")
    assert len(found.dataset) == 39
    (tmp_path / "fixes.csv").unlink()
    _, again = made.followed(readied(Run.open(tmp_path / "run"), order, made.recipe(), Stopping()))
    assert again.dataset.fingerprint == found.dataset.fingerprint


def test_every_picture_that_is_left_out_is_named_with_its_reason_and_the_run_goes_on_without_it(
    tmp_path: Path,
) -> None:
    place = made.folder(tmp_path / "set", counts=(40, 20), bad=range(12))
    order = Order(str(place), made.COLOURED, skip_bad=True)
    whole = made.trained(order, tmp_path / "whole", made.recipe(save_every_s=0, batch=8))
    with open(whole.path / "skipped.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [f"cat/{i:03}.jpg" for i in range(12)]
    with pytest.raises(
        UnreadablePictures
    ) as caught:  # what would have been told without --skip-bad
        made.readied(replace(order, skip_bad=False), tmp_path / "strict")
    told = [line.partition(": ")[2] for line in caught.value.where.splitlines()]
    assert [row["reason"] for row in rows] == told
    assert "skipped.csv of the run names them, each with its reason" in whole.texts
    run = made.a_step_back(whole.path, tmp_path / "run")
    _, done = made.followed(resume(run))
    for name in ("skipped.csv", "predictions.csv"):
        assert (done.path / name).read_bytes() == (whole.path / name).read_bytes(), name
    assert not (made.photos().path / "skipped.csv").exists()


def test_a_training_begun_from_it_stands_at_step_0(ready: Ready) -> None:
    assert Training.begin(ready.chosen.network, ready.recipe, ready.course).step == 0


def test_pictures_that_changed_since_a_run_began_are_said_when_it_goes_on_and_is_judged(
    tmp_path: Path,
) -> None:
    place = made.folder(tmp_path / "set")
    run = made.trained(Order(str(place), made.COLOURED), tmp_path / "run")
    opened = Run.open(run.path)

    def said() -> list[str]:
        steps = readied(opened, run.order, made.recipe(), Stopping())
        events = [*made.followed(steps)[0], *made.followed(evaluate(run.path))[0]]
        return [e.text for e in events if isinstance(e, Said) and "have changed" in e.text]

    assert said() == []
    row = next(row for row in opened.predictions() if row.split == "test")
    (place / row.path).write_bytes(to_jpeg(np.zeros((30, 34, 3), np.uint8)))
    resumed, judged = said()
    assert resumed.startswith("pictures of test have changed since the run began")
    assert judged == "the pictures of test have changed since the run was made"


def test_what_was_frozen_is_frozen_again_so_that_a_network_of_ours_goes_on(tmp_path: Path) -> None:
    wanted = made.recipe(save_every_s=0, epochs=0.2, pictures__size=16)
    order = Order("digits", "striate-xs")
    whole = made.trained(order, tmp_path / "whole", wanted)
    steps = begin(order, wanted, path=tmp_path / "run")
    for event in steps:
        if isinstance(event, Stepped) and event.step == 2:
            break
    steps.close()
    _, done = made.followed(resume(tmp_path / "run"))
    for name in ("metrics.csv", "bundle/model.safetensors"):
        assert (done.path / name).read_bytes() == (whole.path / name).read_bytes(), name
    facts = json.loads((done.path / "run.json").read_text())
    assert "whiten.conv1.weight" in facts["model"]["frozen"]


@pytest.mark.parametrize(
    ("values", "mix"),
    [
        ({"augment": "strong"}, Mix("either")),
        ({"augment": "strong", "mix": "none"}, None),
        ({"augment": "strong", "mix": "cutmix", "mix_alpha": 0.3}, Mix("cutmix", 0.3)),
        ({"augment": "light", "mix": "mixup"}, Mix("mixup")),
        ({"augment": "light"}, None),
    ],
)
def test_pictures_are_mixed_as_the_recipe_says_and_else_as_the_preset_does(
    tmp_path: Path, values: dict[str, object], mix: Mix | None
) -> None:
    wanted = made.recipe().with_values({f"pictures.{name}": one for name, one in values.items()})
    ready = made.readied(Order("digits", made.MODEL), tmp_path / "run", wanted)
    assert ready.chain.mix == ready.batches().plan.augment.mix == mix
    shares = {batch.share for batch in ready.batches().epoch(0)}
    assert (shares == {1}) == (mix is None)


def test_steps_that_a_preset_leaves_out_are_a_warning(tmp_path: Path) -> None:
    order = Order("digits", made.MODEL)
    for augment, count in (("thumbnails", 1), ("digits", 0)):
        with Run.create(tmp_path / augment, datetime.now(UTC)) as run:
            steps = readied(run, order, made.recipe(pictures__augment=augment), Stopping())
            events, _ = made.followed(steps)
        said = [one for one in events if isinstance(one, Said) and "not mirrored" in one.text]
        assert [one.severity for one in said] == ["warning"] * count
