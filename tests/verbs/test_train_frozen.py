"""Pretrained networks: a head on frozen features, then the last layers; what validates better is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from striate.grammar.plan import Plan
from striate.pictures.files import to_png
from striate.training import frozen_head
from striate.verbs.train import resume
from striate.verbs.train_frozen import head_first, patient, still_parts
from striate.verbs.train_order import Order, Said, Stepped
from striate.verbs.train_ready import Ready
from striate.zoo.catalogue import plan_of
from tests.verbs import made

NETWORK = "resnet20-cifar"
WANTED = made.recipe(pictures__size=16, batch=14, machine__micro_batch=14, save_every_s=0)


def test_the_last_quarter_of_the_layers_is_trained_and_no_norm() -> None:
    network = Plan.read("3x8x8: (conv3p1-4 bn relu)*4 gap fc3").build()
    norms = still_parts(network)
    assert len(norms) == 4
    trained = {name for name, weight in network.named_parameters() if weight.requires_grad}
    # Nine layers with weights: the last two are a norm and the fully connected one.
    assert trained == {"fc1.weight", "fc1.bias"}


def test_the_best_look_is_kept_and_a_rate_that_falls_is_waited_for_unless_a_recipe_says_otherwise() -> (
    None
):
    assert patient(made.recipe()).regularise.patience > 1000
    assert patient(made.recipe(schedule__name="cosine")).regularise.patience > 1000
    assert patient(made.recipe(schedule__name="constant")).regularise.patience == 4
    assert patient(made.recipe(schedule__final=1)).regularise.patience == 4
    assert patient(made.recipe(regularise__patience=9)).regularise.patience == 9


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of a small network of the zoo, in a file."""
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("weights") / "m.pth"
    torch.save(plan_of(NETWORK).build().state_dict(), path)
    return path


@pytest.fixture(scope="module")
def run(weights: Path) -> made.Told:
    order = Order(str(made.photographs()), NETWORK, str(weights), look_for_copies=False)
    return made.trained(order, made.place() / "pretrained", WANTED)


def test_the_head_comes_first_and_then_steps(run: made.Told) -> None:
    kinds = [
        "head" if isinstance(one, Said) and "linear head on frozen features" in one.text else "step"
        for one in run.events
        if isinstance(one, Stepped) or (isinstance(one, Said) and "linear head" in one.text)
    ]
    assert kinds == ["head", "step", "step"]


def test_the_head_is_judged_as_the_steps_after_it_and_stands_first_in_the_tables(
    run: made.Told,
) -> None:
    rows, times = (
        (run.path / name).read_text().splitlines() for name in ("metrics.csv", "timings.csv")
    )
    first = dict(zip(rows[0].split(","), rows[1].split(","), strict=True))
    assert first["step"] == "0"
    assert 0 <= float(first["val_accuracy"]) <= 1
    assert float(first["val_loss"]) > 0
    assert times[1].startswith("0,")


@pytest.fixture
def sided(tmp_path: Path) -> Ready:
    """Pictures whose left or whose right half is bright: mirrored, they are of the other class."""
    rng = np.random.default_rng(0)
    for name, half in (("left", slice(0, 8)), ("right", slice(8, 16))):
        (tmp_path / "set" / name).mkdir(parents=True)
        for i in range(40):
            pixels = rng.integers(0, 120, (16, 16, 3), np.uint8)
            pixels[:, half] += 100
            (tmp_path / "set" / name / f"{i}.png").write_bytes(to_png(pixels))
    order = Order(str(tmp_path / "set"), "3x16x16: conv3p1-4 relu fc", look_for_copies=False)
    return made.readied(order, tmp_path / "run", made.recipe(pictures__size=0))


def test_mirrored_pictures_are_left_out_of_the_head_where_val_says_so(sided: Ready) -> None:
    assert sided.dataset.mirror
    events, head = made.followed(head_first(sided))
    assert head.val_accuracy == 1
    assert any(
        isinstance(one, Said) and "fitted without mirrored pictures" in one.text for one in events
    )


def test_mirrored_pictures_are_kept_where_val_cannot_tell(
    run: made.Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, counts = frozen_head.fit_head, []

    def counted(features: NDArray[np.float32], *rest: Any, **more: Any) -> frozen_head.Head:
        counts.append(len(features))
        return real(features, *rest, **more)

    monkeypatch.setattr(frozen_head, "fit_head", counted)
    order = Order(str(made.photographs()), made.COLOURED, look_for_copies=False)
    ready = made.readied(order, tmp_path / "run")
    events, _ = made.followed(head_first(ready))
    count = ready.dataset.splits["train"]
    assert counts == [count, 2 * count]
    assert not any(isinstance(one, Said) and "without mirrored" in one.text for one in events)


def test_the_same_features_are_not_computed_again_and_give_the_same_head(
    run: made.Told, weights: Path, tmp_path: Path
) -> None:
    order = Order(str(made.photographs()), NETWORK, str(weights), look_for_copies=False)
    again = made.trained(order, tmp_path / "again", WANTED)
    told = [one.text for one in again.events if isinstance(one, Said)]
    assert sum("from the cache" in text for text in told) >= 2
    heads = [
        next(one.text for one in each.events if isinstance(one, Said) and "linear head" in one.text)
        for each in (run, again)
    ]
    assert heads[0] == heads[1]
    first, second = (
        (one.path / "bundle" / "model.safetensors").read_bytes() for one in (run, again)
    )
    assert first == second


def test_layers_before_the_last_quarter_and_all_norms_are_as_they_were(
    run: made.Told, weights: Path
) -> None:
    from safetensors.torch import load_file

    before = torch.load(weights, weights_only=True)
    after = load_file(run.path / "bundle" / "model.safetensors")
    early = [name for name in before if not name.startswith(("stage3", "fc"))]
    norms = [name for name in before if "running_" in name]
    assert len(early) > 40
    assert len(norms) > 30
    assert all(torch.equal(before[name], after[name]) for name in (*early, *norms))


def test_the_card_says_whose_weights_they_were(run: made.Told) -> None:
    card = json.loads((run.path / "bundle" / "card.json").read_text())
    assert card["weights_licence"] == "as the file's source says"
    assert card["preparation"]["size"] == [16, 16]


def test_a_run_of_pretrained_weights_goes_on_to_the_same_end(
    run: made.Told, tmp_path: Path
) -> None:
    path = made.a_step_back(run.path, tmp_path / "run")
    events, done = made.followed(resume(path))
    assert not any(isinstance(one, Said) and "linear head" in one.text for one in events)
    for name in ("bundle/model.safetensors", "predictions.csv"):
        assert (done.path / name).read_bytes() == (run.path / name).read_bytes(), name
