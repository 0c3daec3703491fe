"""Runs side by side: the same pictures, asked of each, and whether the difference is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from striate.errors import CannotTrain
from striate.judging import compare as judged
from striate.keeping.run_tables import Prediction
from striate.keeping.runs import PREDICTIONS, Run


class Compared(NamedTuple):
    """`rows`: one for each run. `pairs`: every later run against the first, on the pictures of `split`."""

    split: str
    rows: list[dict[str, Any]]
    pairs: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"split": self.split, "runs": self.rows, "pairs": self.pairs}


def compare(paths: Sequence[str | Path], split: str = "auto") -> Compared:
    """Compare finished runs on test where all have one, else on val."""
    runs = [Run.open(path) for path in paths]
    for run in runs:
        # A run that was stopped between the two has predictions and no scores.
        if run.scores() is None or not (run.path / PREDICTIONS).exists():
            raise CannotTrain(
                f"{run.path} has no scores: it is not finished", f"striate resume {run.path}"
            )
    told = [run.predictions() for run in runs]
    if split == "auto":
        split = "test" if all(any(r.split == "test" for r in rows) for rows in told) else "val"
    held = [[r for r in rows if r.split == split] for rows in told]
    for run, some in zip(runs, held, strict=True):
        if not some or split not in (run.scores() or {}):
            raise CannotTrain(f"{run.path} has no {split}", "compare on another: --split val")
    pairs = []
    for run, rows in zip(runs[1:], held[1:], strict=True):
        found = judged.compare(_told(held[0]), _told(rows))
        pairs.append({"first": str(runs[0].path), "second": str(run.path), **found.to_dict()})
    return Compared(split, [_row(run, split) for run in runs], pairs)


def _told(rows: list[Prediction]) -> judged.Told:
    return judged.Told([r.path for r in rows], [r.truth for r in rows], [r.label for r in rows])


def _row(run: Run, split: str) -> dict[str, Any]:
    facts, scores = run.facts(), run.scores() or {}
    score = scores.get(split, {})
    model, seconds = facts.get("model", {}), facts.get("seconds", {})
    return {
        "run": str(run.path), "model": model.get("name"), "parameters": model.get("parameters"),
        "macs": model.get("macs"), "steps": facts.get("decided", {}).get("steps"),
        "train_seconds": seconds.get("train"), "accuracy": score.get("accuracy"),
        "interval_95": score.get("interval_95"), "loss": score.get("loss"),
        "ece_after": score.get("ece_after"), "count": score.get("count"),
    }  # fmt: skip
