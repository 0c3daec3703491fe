"""Run folders as training leaves them, made without training: answers are drawn, scores are counted."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.pictures.opening import open_data

Row = tuple[str, str, str]  # path, label, split
TEXT = "3x32x32: (conv3p1-32 bn relu)*2 max2 (conv3p1-64 bn relu)*2 max2 gap fc10"
THRESHOLD = 0.8


def rows_of(name: str) -> list[Row]:
    """The rows of a set that opens without a download."""
    return [(row.path, row.label, row.split) for row in open_data(name)]


def make_run(folder: Path, rows: Sequence[Row], name: str, seed: int = 0) -> Path:
    """A finished run of these rows; each class is a little likelier to be taken for the next one."""
    folder.mkdir(parents=True)
    classes = sorted({label for _, label, _ in rows})
    scores: dict[str, Any] = {}
    predictions = []
    rng = np.random.default_rng(seed)
    temperature = 1.0
    for split in ("val", "test"):
        chosen = [row for row in rows if row[2] == split]
        if chosen:
            truth = np.array([classes.index(label) for _, label, _ in chosen])
            logits = drawn(rng, truth, len(classes))
            if split == "val":
                temperature = fitted(logits, truth)
            p = probabilities(logits, temperature)
            scores[split] = scored(logits, p, truth, classes)
            predictions += predicted(chosen, p, classes)
    write_json(folder / "run.json", facts(rows, name, classes))
    counts = {one: sum(label == one for _, label, _ in rows) for one in classes}
    write_json(folder / "classes.json", {"schema_version": 1, "classes": classes, "counts": counts})
    write_table(
        folder / "splits.csv", ("path", "label", "split", "group"), [(*r, "") for r in rows]
    )
    write_table(
        folder / "predictions.csv",
        ("path", "split", "truth", "label", "probability", "sure", "loss"),
        predictions,
    )
    curve(folder / "metrics.csv", rng)
    write_table(
        folder / "timings.csv",
        ("step", "seconds", "pictures_per_second"),
        [(40 * i, 2.5 * i, 2000 + 10 * i) for i in range(1, 11)],
    )
    (folder / "recipe.toml").write_text(
        'seed = 0\nbudget_s = 60\nlooks = 10\n\n[loss]\nname = "cross-entropy"\nsmoothing = 0.1\n'
        '\n[optimiser]\nname = "nesterov"\nrate = 0.4\n'
    )
    whole = {
        "schema_version": 1, "seconds": 31.5, "temperature": temperature, "threshold": THRESHOLD,
        "precision_wanted": 0.95, "optimistic": "test" not in scores, **scores,
        "suspects": suspected(rows, classes), "slices": sliced(predictions),
    }  # fmt: skip
    write_json(folder / "metrics.json", whole)
    (folder / "bundle").mkdir()
    write_json(folder / "bundle" / "card.json", card(name, classes))
    return folder


def drawn(rng: np.random.Generator, truth: NDArray[Any], K: int) -> NDArray[Any]:
    """Logits N K that are mostly right, too sure, and lean to the class after the right one."""
    logits = rng.normal(0, 1.3, (len(truth), K))
    sharp = rng.gamma(4, 1.6, len(truth))
    logits[np.arange(len(truth)), truth] += sharp
    logits[np.arange(len(truth)), (truth + 1) % K] += rng.exponential(1.2, len(truth))
    return 1.9 * logits


def probabilities(logits: NDArray[Any], temperature: float) -> NDArray[Any]:
    raised = np.exp((logits - logits.max(1, keepdims=True)) / temperature)
    return raised / raised.sum(1, keepdims=True)


def fitted(logits: NDArray[Any], truth: NDArray[Any]) -> float:
    """The temperature of the lowest loss, of some."""

    def loss(temperature: float) -> float:
        held = probabilities(logits, temperature)[np.arange(len(truth)), truth]
        return float(-np.log(held).mean())

    return min((round(0.5 + 0.05 * i, 2) for i in range(60)), key=loss)


def wilson(right: int, count: int) -> list[float]:
    """Both ends of the 95 % interval of a share."""
    if not count:
        return [0.0, 1.0]
    z, p = 1.959964, right / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count**2)) / (1 + z * z / count)
    return [max(0.0, middle - half), min(1.0, middle + half)]


def bins(p: NDArray[Any], truth: NDArray[Any]) -> list[dict[str, Any]]:
    sure, right = p.max(1), p.argmax(1) == truth
    found = []
    for i in range(15):
        inside = (sure > i / 15) & (sure <= (i + 1) / 15)
        count = int(inside.sum())
        found.append(
            {
                "low": i / 15, "high": (i + 1) / 15, "count": count,
                "confidence": float(sure[inside].mean()) if count else None,
                "accuracy": float(right[inside].mean()) if count else None,
            }
        )  # fmt: skip
    return found


def error_of(found: list[dict[str, Any]]) -> float:
    total = sum(one["count"] for one in found)
    return sum(
        one["count"] * abs(one["confidence"] - one["accuracy"]) for one in found if one["count"]
    ) / total  # fmt: skip


def scored(
    logits: NDArray[Any], p: NDArray[Any], truth: NDArray[Any], classes: list[str]
) -> dict[str, Any]:
    K, N = len(classes), len(truth)
    said = logits.argmax(1)
    confusion = np.zeros((K, K), int)
    np.add.at(confusion, (truth, said), 1)
    right = int(np.trace(confusion))
    per_class = {}
    for i, name in enumerate(classes):
        hit, shown, named = (
            int(confusion[i, i]),
            int(confusion[i].sum()),
            int(confusion[:, i].sum()),
        )
        f1 = 2 * hit / max(shown + named, 1)
        per_class[name] = {
            "precision": hit / named if named else None, "precision_95": wilson(hit, named),
            "recall": hit / shown if shown else None, "recall_95": wilson(hit, shown),
            "f1": f1, "f1_95": [max(0.0, f1 - 0.05), min(1.0, f1 + 0.05)], "count": shown,
        }  # fmt: skip
    before, after = bins(probabilities(logits, 1), truth), bins(p, truth)
    sure = p.max(1) >= THRESHOLD
    kept = int(sure.sum())
    mean_f1 = float(np.mean([one["f1"] for one in per_class.values()]))
    return {
        "accuracy": right / N, "interval_95": wilson(right, N), "count": N,
        "loss": float(-np.log(p[np.arange(N), truth]).mean()),
        "ece_before": error_of(before), "ece_after": error_of(after), "per_class": per_class,
        "confusion": confusion.tolist(), "calibration": {"before": before, "after": after},
        "balanced_accuracy": {"value": right / N, "interval_95": wilson(right, N)},
        "macro_f1": {"value": mean_f1, "interval_95": [max(0, mean_f1 - 0.03), min(1, mean_f1 + 0.03)]},
        "abstention": {
            "threshold": THRESHOLD, "coverage": kept / N,
            "precision": float((said == truth)[sure].mean()) if kept else None,
        },
    }  # fmt: skip


def predicted(rows: Sequence[Row], p: NDArray[Any], classes: list[str]) -> list[tuple[Any, ...]]:
    found = []
    for (path, label, split), held in zip(rows, p, strict=True):
        most = float(held.max())
        loss = -math.log(held[classes.index(label)])
        said = classes[int(held.argmax())]
        found.append((path, split, label, said, most, int(most >= THRESHOLD), loss))
    return found


def curve(path: Path, rng: np.random.Generator, looks: int = 10, steps: int = 400) -> None:
    columns = ("step", "epoch", "rate", "train_loss", "train_accuracy", "val_loss", "val_accuracy")
    rows = []
    for i in range(1, looks + 1):
        part = i / looks
        loss = 2.3 * math.exp(-4.5 * part) + 0.05
        val = (
            2.3 * math.exp(-3.6 * part)
            + 0.12
            + 0.1 * max(0, part - 0.75)
            + 0.01 * float(rng.random())
        )
        rows.append(
            (
                steps * i // looks,
                i,
                0.4 * (1 - part),
                loss,
                math.exp(-loss / 2),
                val,
                math.exp(-val / 2),
            )
        )
    write_table(path, columns, rows)


def suspected(rows: Sequence[Row], classes: list[str]) -> list[dict[str, Any]]:
    chosen = [row for row in rows if row[2] == "train"][::37][:4]
    return [
        {
            "path": path, "label": label, "likely": classes[(classes.index(label) + 1) % len(classes)],
            "probability": 0.97 - 0.05 * i,
        }
        for i, (path, label, _) in enumerate(chosen)
    ]  # fmt: skip


def sliced(predictions: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Two slices by the place in the file, and one that is plainly worse."""
    held = [row for row in predictions if row[1] == predictions[-1][1]]
    right = [row[2] == row[3] for row in held]
    half = len(held) // 2

    def of(by: str, name: str, part: list[bool]) -> dict[str, Any]:
        count = len(part)
        return {
            "fact": by, "name": name, "count": count, "accuracy": sum(part) / count,
            "interval_95": wilson(sum(part), count), "p": 0.5, "is_below": not any(part),
        }  # fmt: skip

    wrong_first = sorted(right)[: max(len(held) // 10, 1)]
    return [
        of("brightness", "darker half", right[:half]), of("brightness", "brighter half", right[half:]),
        of("folder", "scans/old", wrong_first),
    ]  # fmt: skip


def facts(rows: Sequence[Row], name: str, classes: list[str]) -> dict[str, Any]:
    counts = {s: n for s in ("train", "val", "test") if (n := sum(row[2] == s for row in rows))}
    return {
        "schema_version": 1, "id": "2026-11-20-7f3a", "status": "finished", "reason": None,
        "command": ["striate", "train", name, "--budget", "1m"],
        "options": {"data": name, "budget": "1m"}, "seed": 0,
        "data": {"name": name, "fingerprint": "8d" * 32, "splits": counts, "made_here": ["val"]},
        "versions": {"striate": "0.1.0", "python": "3.11.9", "torch": "2.15.0", "numpy": "2.1.0"},
        "machine": {
            "cpu": "Example CPU 9000", "threads": 2, "memory_bytes": 8_000_000_000, "device": "cpu",
        },
        "model": {
            "name": "striate-s", "text": TEXT, "parameters": 65_770, "macs": 15_000_000,
            "pretrained": None,
        },
        "preparation": {"size": [32, 32], "mode": "RGB", "fit": "crop", "mean": [0.49, 0.48, 0.45]},
        "decided": {
            "steps": 400, "epochs": 10, "steps_per_epoch": 40, "batch": 256, "micro_batch": 256,
            "step_seconds": 0.0625, "precision": "bf16", "why": "right and 1.8 times as fast here",
        },
        "started": "2026-11-20T09:30:12+00:00", "finished": "2026-11-20T09:31:01+00:00",
        "seconds": {"prepare": 4.1, "measure": 3.2, "train": 31.5, "judge": 6.2, "total": 49.3},
        "findings": [
            {"code": "val-made", "severity": "note", "text": "there is no val: 100 of train were taken"},
            {"code": "few-pictures", "severity": "warning", "text": "fewer than 10 pictures: x (3)"},
        ],
        "notes": [],
    }  # fmt: skip


def card(name: str, classes: list[str]) -> dict[str, Any]:
    return {
        "format": 1, "task": "one label per picture", "classes": classes, "preparation": {},
        "temperature": 1.5, "threshold": THRESHOLD, "weights_licence": "yours",
        "model": {"name": "striate-s", "text": TEXT}, "data": {"name": name},
    }  # fmt: skip


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=True), encoding="utf-8")


def write_table(path: Path, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(head)
        lines.writerows(rows)
