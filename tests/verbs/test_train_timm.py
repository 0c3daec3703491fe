"""A network of timm goes the whole way: trained, stopped and gone on with, judged, shipped and asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from striate.keeping import checkpoint
from striate.keeping.runs import Run
from striate.training.stopping import Stopped, Stopping
from striate.verbs.train import begin, resume
from striate.verbs.train_order import Order, Stepped
from tests.verbs import made

pytest.importorskip("timm", reason="timm is not installed: pip install 'striate[zoo]'")

SAME = ("metrics.csv", "predictions.csv", "bundle/model.safetensors", "bundle/plan.txt")


def goes_the_whole_way(name: str, place: Path, striate: Callable, size: int = 32) -> None:
    order = Order(str(made.photographs()), f"timm:{name}")
    wanted = made.recipe(
        epochs=2.0, batch=8, machine__micro_batch=8, pictures__size=size, average__name="ema"
    )
    whole = made.trained(order, place / "whole", wanted)
    stop, path = Stopping(), place / "run"
    with pytest.raises(Stopped):
        for event in begin(order, wanted, path=path, stop=stop):
            if isinstance(event, Stepped) and event.step == 3:
                stop.asked = 15
    kept = checkpoint.latest(path)
    assert kept is not None
    assert kept.step == 3
    made.followed(resume(path))
    for file in SAME:
        assert (path / file).read_bytes() == (whole.path / file).read_bytes(), file
    assert (path / "report.html").exists()
    assert Run.open(path).facts()["model"]["text"] == f"timm:{name} channels=3"

    judged = striate("eval", str(path), "--json")
    assert judged.code == 0, judged.err
    told, kept_scores = json.loads(judged.out)["test"], whole.scores["test"]
    assert told["accuracy"] == kept_scores["accuracy"]
    assert told["confusion"] == kept_scores["confusion"]
    shipped = place / "network.onnx"
    exported = striate("export", str(path), "-o", str(shipped))
    assert exported.code == 0, exported.err
    assert striate("verify", str(shipped), "--against", str(path)).code == 0
    picture = str(next((made.photographs() / "cat").iterdir()))
    answers = [json.loads(striate("predict", str(one), picture).out) for one in (path, shipped)]
    assert answers[0]["label"] == answers[1]["label"]
    assert answers[0]["probability"] == pytest.approx(answers[1]["probability"], abs=1e-5)


def test_a_network_of_timm_with_batch_norms_goes_the_whole_way(
    tmp_path: Path, striate: Callable
) -> None:
    goes_the_whole_way("test_resnet", tmp_path, striate)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"),
    [
        # Positions of another size than its own are resampled by a step that ONNX has not.
        ("test_vit", 160),
        ("test_convnext", 32),
        ("test_efficientnet", 32),
        ("test_nfnet", 32),
    ],
)
def test_networks_of_timm_of_other_kinds_go_the_whole_way(
    name: str, size: int, tmp_path: Path, striate: Callable
) -> None:
    goes_the_whole_way(name, tmp_path, striate, size)
