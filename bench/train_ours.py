"""Striate's side: the command a person would type, and what its run folder says afterwards."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.train_data import CIFAR, WEIGHTS, missing, shared
from bench.train_figures import OURS, Figure, Measurement
from bench.train_runs import Ran, run

NAMED = {"fashion": "fashion-mnist"}  # sets that Striate knows under another name
SPARED_S = 900.0  # for starting, decoding and judging


def measure(figure: Figure, seed: int, folder: Path, made: Path | None) -> Measurement:
    """Train once; `made` is the set as the peers get it, and None stands for Striate's own way to it. Where
    the time to an accuracy counts, nothing is there from a run before.
    """
    place = folder / f"{figure.code}-{seed}"
    fresh = {"XDG_CACHE_HOME": str(folder / f"{figure.code}-{seed}-cache")}
    environ = fresh if figure.aim.faster else None
    ran = run(command(figure, seed, place, made), 2 * figure.seconds + SPARED_S, environ)
    return read(figure, seed, ran, place)


def command(figure: Figure, seed: int, place: Path, made: Path | None) -> list[str]:
    """The whole line."""
    flags = [flag.format(weights=shared(WEIGHTS)) for flag in figure.flags]
    if "--budget" not in flags:
        flags += ["--budget", f"{figure.seconds:g}s"]
    begin = [sys.executable, "-m", "striate", "train", str(made or data_of(figure))]
    return [*begin, *flags, "-o", str(place), "--seed", str(seed), "--json"]


def data_of(figure: Figure) -> Path | str:
    """What Striate is told: the archive as it lies, or the name of a set."""
    return shared(CIFAR) if figure.data == "cifar" else NAMED.get(figure.data, figure.data)


def reason_not(figure: Figure) -> str:
    """Why there is no data for a figure; empty where there is."""
    if figure.data == "mnist" and not shared("mnist").is_dir():
        return "STRIATE_DATA names no folder with mnist"
    return missing(figure.data)


def read(figure: Figure, seed: int, ran: Ran, place: Path) -> Measurement:
    """From what was printed, run.json and metrics.csv."""
    told, kept = ran.answer(), of_json(place / "run.json")
    scores = told.get(figure.split) or {}
    spent = kept.get("seconds") or {}
    decided, model = kept.get("decided") or {}, kept.get("model") or {}
    rows = timed(of_csv(place / "metrics.csv"), of_csv(place / "timings.csv"))
    steps, batch = decided.get("steps"), decided.get("batch")
    train_s = spent.get("train")
    accuracy = scores.get("accuracy")
    overall = steps * batch / train_s if steps and batch and train_s else None
    return Measurement(
        figure.code,
        OURS,
        seed,
        accuracy,
        train_s,
        ran.wall_s,
        ran.peak_bytes,
        overall,
        decided.get("epochs"),
        curve(rows, spent, accuracy),
        dict(kept.get("versions") or {}),
        {
            "seconds": spent,
            "macs": grown(model.get("macs"), steps, decided.get("sides") or ()),
            "parameters": model.get("parameters"),
            "precision": decided.get("precision"),
            "batch": batch,
            "micro_batch": decided.get("micro_batch"),
            "steps": steps,
            "trained_per_second": overall,
            "model": model.get("name"),
            "looked_again": looked_again(of_json(place / "metrics.json"), figure.split),
        },
        ran.reason or ("" if accuracy is not None else "it printed no accuracy"),
    )


def looked_again(metrics: dict[str, Any], split: str) -> float | None:
    """Accuracy where unsure pictures are looked at several times: a figure of its own, never the headline."""
    found = (metrics.get("views") or {}).get(split) or {}
    return found.get("value")


def timed(
    rows: Iterable[dict[str, float]], times: Iterable[dict[str, float]]
) -> list[dict[str, float]]:
    """Each look with its time since training began: timings.csv says how long each took since the last."""
    at, spent = {}, 0.0
    for one in times:
        spent += one["seconds"]
        at[one["step"]] = spent
    return [{**row, "seconds": at[row["step"]]} for row in rows if row.get("step") in at]


def grown(macs: float | None, steps: int | None, sides: Sequence[Sequence[int]]) -> float | None:
    """Multiply-adds for a picture, the mean over all steps: pictures that grow take less before they have
    their full side, in proportion to their area.
    """
    if not macs or not steps or not sides:
        return macs
    ends = [first for first, _ in sides[1:]] + [steps]
    full = sides[-1][1]
    done = sum(
        (end - first) * (side / full) ** 2 for (first, side), end in zip(sides, ends, strict=True)
    )
    return macs * done / steps


def curve(
    rows: Iterable[dict[str, float]], spent: dict[str, Any], accuracy: float | None
) -> tuple[tuple[float, float], ...]:
    """Seconds since pictures were first decoded, and accuracy on val: a peer decodes in its loop, so
    preparing and measuring count here. The last point is the judged network.
    """
    before = float(spent.get("prepare") or 0) + float(spent.get("measure") or 0)
    points = [
        (before + row["seconds"], row["val_accuracy"])
        for row in rows
        if "seconds" in row and "val_accuracy" in row
    ]
    if accuracy is not None and spent.get("train"):
        points.append((before + float(spent["train"]), accuracy))
    return tuple(points)


def of_json(path: Path) -> dict[str, Any]:
    """What a file holds; nothing where it is missing or torn."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def of_csv(path: Path) -> list[dict[str, float]]:
    """The rows of metrics.csv, without cells that are empty."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError:
        return []
    return [{k: float(v) for k, v in row.items() if k and is_number(v)} for row in rows]


def is_number(text: Any) -> bool:
    """Whether a cell holds one."""
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return True
