"""From JPEG files to labels, beside torchvision's networks run eagerly behind a DataLoader.

    python -m bench.predict [-o results.json] [--turns 5] [--pictures 200] [--quick]

Both sides have the same files and the same network at 224 x 224, each with the batch, workers and threads
that are fastest for it here; then they are measured in turns, and a ratio is the median of the turns'
ratios, so a busy machine slows both sides. Weights are random: no figure depends on what they say. timm's
loop (as its `inference.py`) stands beside where timm is installed, Ultralytics predict with its own
smallest classifier where `python -m bench.train` has made it an environment.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench import predict_torch
from striate.machine import cpu_model, usable_threads

NETWORKS = ("mobilenet_v2", "resnet50")
CLASSES = 1000
CALIBRATED_ON = 64
COLD_TURNS = 7
# Aims: pictures/s over the peer's, in fp32 and in eight bits; time of one picture over the peer's; seconds
# from the start of a process to its answer.
AIMS = {
    "mobilenet_v2": {"fp32": 3.0, "int8": 6.0, "one": 0.45, "cold": 0.35},
    "resnet50": {"fp32": 1.5, "int8": 4.5, "one": 0.7, "cold": 0.8},
}
MEAN, STD = predict_torch.MEAN, predict_torch.STD


class Figure(NamedTuple):
    """One figure beside its aim; `least`: whether the aim is the least it should be, or the most."""

    what: str
    value: float | None
    unit: str
    aim: float | None = None
    least: bool = True
    note: str = ""

    @property
    def missed(self) -> bool:
        """Whether there is an aim that it does not reach."""
        if self.aim is None or self.value is None:
            return False
        return self.value < self.aim if self.least else self.value > self.aim


class Sizes(NamedTuple):
    """How much is measured."""

    pictures: int
    turns: int


def rows(sizes: Sizes) -> Iterator[Figure]:
    """Measure one network after the other."""
    root = Path(os.environ.get("STRIATE_DATA", "")) / "hymenoptera"
    files = sorted(str(p) for p in root.rglob("*.jpg"))[: sizes.pictures]
    if not os.environ.get("STRIATE_DATA") or not files:
        yield Figure("prediction", None, "", note="not run: STRIATE_DATA names no hymenoptera")
        return
    with tempfile.TemporaryDirectory(prefix="striate-bench-") as folder:
        for name in NETWORKS:
            some = files if name == "mobilenet_v2" else files[: max(8, len(files) // 3)]
            yield from of_network(name, some, sizes.turns, Path(folder))
        yield from ultralytics(files)


def of_network(name: str, files: list[str], turns: int, folder: Path) -> Iterator[Figure]:
    """Pictures in a second, then one picture alone."""
    models = exported(name, files[:CALIBRATED_ON], folder)
    network = predict_torch.network(name)
    asked = {"peer": predict_torch.best(network, files)}
    asked |= {kind: ours(path, files) for kind, path in models.items()}
    timm = predict_torch.timm_loop(name, files)
    if timm is not None:
        asked["timm"] = timm
    spent = in_turns(asked, turns)
    yield Figure(
        f"{name}: the peer, {asked['peer'].__doc__}", rate(spent["peer"], files), "pictures/s"
    )
    if timm is not None:
        yield Figure(f"{name}: timm's loop", rate(spent["timm"], files), "pictures/s")
    for kind in models:
        yield Figure(f"{name}: ours, {kind}", rate(spent[kind], files), "pictures/s")
        ratio = over(spent["peer"], spent[kind])
        yield Figure(f"{name}: ours, {kind} / peer", ratio, "x", AIMS[name][kind])
    if "int8" not in models:
        yield Figure(f"{name}: ours, int8 / peer", None, "", note="not run: no quantiser here")
    yield from one_picture(name, network, models["fp32"], files[:20], turns)
    aim = AIMS[name]["cold"]
    whole = self_contained(name, models["fp32"])
    for what, model in (("", models["fp32"]), (", as `striate export` writes it", whole)):
        took = cold(model, files[0])
        yield Figure(f"{name}: cold `striate predict`{what}", took, "s", aim, least=False)


def self_contained(name: str, model: Path) -> Path:
    """The same network with its preparation in the graph, which is what `striate export` writes."""
    from striate.shipping.classifier import load
    from striate.shipping.facts import facts_of
    from striate.shipping.picture_graph import picture_graph

    held, made = load(model), model.with_name(f"{model.stem}-pictures.onnx")
    facts = facts_of(held.card, name, "picture")
    made.write_bytes(picture_graph(model.read_bytes(), held.preparation, 1.0, facts))
    return made


def cold(model: Path, file: str) -> float:
    """Seconds from the start of a process to its end with one answer: the median."""
    command = [sys.executable, "-m", "striate", "predict", str(model), file, "--format", "jsonl"]
    spent = []
    for _ in range(COLD_TURNS):
        begun = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        spent.append(time.perf_counter() - begun)
    return statistics.median(spent)


def one_picture(
    name: str, network: Any, model: Path, files: list[str], turns: int
) -> Iterator[Figure]:
    """One file after the other, every core for each."""
    from striate.shipping.classifier import load

    classifier = load(model, threads=usable_threads())
    ready: list[Any] = [classifier.prepare(file) for file in files]
    spent = in_turns(
        {
            "peer": lambda: predict_torch.one_by_one(network, files),
            "ours": lambda: [classifier.predict(file) for file in files],
            "peer alone": lambda: predict_torch.alone(network, len(files)),
            "ours alone": lambda: [classifier.probabilities([one]) for one in ready],
        },
        turns,
    )
    for kind, seconds in spent.items():
        each = statistics.median(seconds) * 1000 / len(files)
        yield Figure(f"{name}: one picture, {kind}", each, "ms")
    whole = 1 / over(spent["peer"], spent["ours"])
    yield Figure(f"{name}: one picture, ours / peer", whole, "x", AIMS[name]["one"], least=False)
    bare = 1 / over(spent["peer alone"], spent["ours alone"])
    yield Figure(f"{name}: one picture, network alone, ours / peer", bare, "x")


def exported(name: str, calibration: list[str], folder: Path) -> dict[str, Path]:
    """The network as tensor-in ONNX files with our facts: fp32, and int8 where it can be made."""
    from striate.pictures.prepare import Preparation
    from striate.shipping.facts import facts_of
    from striate.shipping.to_onnx import tensor_graph
    from striate.verbs.plan import plan

    preparation = Preparation((224, 224), ratio=0.875, mean=MEAN, std=STD)
    card = {
        "format": 1, "task": "one label per picture", "classes": [f"class {i}" for i in range(CLASSES)],
        "preparation": preparation.to_dict(), "temperature": 1.0, "threshold": 0.5,
    }  # fmt: skip
    facts = facts_of(card, name, "tensor")
    network: Any = plan(name)
    data = tensor_graph(network.build().eval(), (3, 224, 224), facts)
    made = {"fp32": folder / f"{name}.onnx"}
    made["fp32"].write_bytes(data)
    try:
        from striate.shipping.quantise import quantised
    except ImportError:
        return made
    pixels = np.stack([preparation.decode(Path(one).read_bytes()) for one in calibration])
    made["int8"] = folder / f"{name}-int8.onnx"
    made["int8"].write_bytes(quantised(data, preparation.normalise(pixels), {**facts, "int8": {}}))
    return made


def ours(model: Path, files: list[str]) -> Callable[[], int]:
    """What `striate predict` does with many files, its own batch and threads."""
    from striate.shipping.classifier import load
    from striate.shipping.predictor import Predictor, batch_for

    threads = usable_threads()
    classifier = load(model, threads=1)
    predictor = Predictor(classifier, batch_for(classifier.preparation.shape), threads)
    return lambda: sum(len(some) for some in predictor.answers(files))


def ultralytics(files: list[str]) -> Iterator[Figure]:
    """Its own predict with its smallest classifier, which does about as much work as MobileNetV2."""
    from bench.train_peers import PEERS, NotInstalled, python_of

    what = "yolo11n-cls: Ultralytics predict"
    try:
        python = python_of(PEERS["ultralytics"])
    except NotInstalled as fault:
        yield Figure(what, None, "", note=f"not run: {fault}")
        return
    command = [python, "-m", "bench.predict_peer_ultralytics"]
    done = subprocess.run(command, input=json.dumps(files), capture_output=True, text=True)
    if done.returncode:
        yield Figure(what, None, "", note=f"not run: {done.stderr.strip().splitlines()[-1:]}")
        return
    yield Figure(what, float(done.stdout.split()[-1]), "pictures/s")


def in_turns(asked: dict[str, Callable[[], Any]], turns: int) -> dict[str, list[float]]:
    """Seconds of each way in each turn; a first turn warms up and is not counted."""
    spent: dict[str, list[float]] = {name: [] for name in asked}
    for turn in range(turns + 1):
        for name, way in asked.items():
            begun = time.perf_counter()
            way()
            if turn:
                spent[name].append(time.perf_counter() - begun)
    return spent


def over(slow: list[float], fast: list[float]) -> float:
    """The median of the ratios of the turns."""
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))


def rate(seconds: list[float], files: list[str]) -> float:
    """Pictures in a second, by the median."""
    return len(files) / statistics.median(seconds)


def shown(figure: Figure) -> str:
    """One line of the table."""
    if figure.value is None:
        return f"{figure.what:60}  {figure.note}"
    aim = ""
    if figure.aim is not None:
        aim = f"  aim {'≥' if figure.least else '≤'} {figure.aim:g}"
    return f"{figure.what:60}  {figure.value:>9,.2f} {figure.unit}{aim}{'  missed' * figure.missed}"


def told(figures: Iterator[Figure], output: Path | None) -> None:
    """Print each figure when it is there, and keep all as JSON where that is asked."""
    found = []
    for figure in figures:
        print(shown(figure), flush=True)
        found.append(figure._asdict() | {"missed": figure.missed})
    if output:
        output.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """Print each figure when it is there; a missed aim is marked, and is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench.predict")
    parser.add_argument("-o", "--output", type=Path, help="the figures as JSON")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="3 turns of 96 pictures")
    given = parser.parse_args()
    sizes = Sizes(96, 3) if given.quick else Sizes(given.pictures, given.turns)
    print(f"{cpu_model()}, {usable_threads()} threads", flush=True)
    told(rows(sizes), given.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
