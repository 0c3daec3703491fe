"""What a person decided about single pictures: `check` writes `fixes.csv`, hands edit it, `train` reads it.

path,action,label,reason
cat/7.jpg,skip,,it is cut off            left out
cat/9.jpg,relabel,dog,same picture       another class
cat/3.jpg,keep,,checked by hand          as it is; findings about it are settled
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np

from striate import safe
from striate.errors import ManifestFault
from striate.pictures.dataset import Dataset, Finding
from striate.pictures.inputs.csv_rows import rows_of
from striate.pictures.split_shares import listed

Action = Literal["skip", "relabel", "keep"]
COLUMNS = ("path", "action", "label", "reason")
_ACTIONS: tuple[Action, ...] = get_args(Action)
_SHOWN = 1_000  # paths kept for one finding


class Fix(NamedTuple):
    """One decision; `label` is the new class of a relabelled picture."""

    path: str
    action: Action
    label: str = ""
    reason: str = ""


def write(path: str | Path, rows: Iterable[Fix]) -> None:
    """Keep decisions in a file that a person can edit."""
    safe.write_csv(path, [COLUMNS, *rows])


def read(path: str | Path) -> list[Fix]:
    """The decisions of a file; every line must be right."""
    found: dict[str, Fix] = {}
    faults: list[str] = []
    for line, row in rows_of(path, COLUMNS[:2], ManifestFault):
        fix, fault = _fix(row)
        if fix is not None and found.setdefault(fix.path, fix)[1:3] != fix[1:3]:
            fault = f"{fix.path} has another action in a line before"
        if fault:
            faults.append(f"line {line}: {fault}")
    _refuse(path, faults)
    return list(found.values())


def apply(dataset: Dataset, path: str | Path) -> Dataset:
    """The dataset without what is skipped and with what is relabelled, and findings that say so."""
    wanted = {fix.path: fix for fix in read(path)}
    at = {name: i for i, name in enumerate(dataset.paths) if name in wanted}
    numbers = {name: i for i, name in enumerate(dataset.classes)}
    faults = [f"{name} is no picture of {dataset.name}" for name in wanted if name not in at]
    faults += [
        f"{fix.path}: {fix.label!r} is no class; there are {listed(dataset.classes)}"
        for fix in wanted.values()
        if fix.action == "relabel" and fix.label not in numbers
    ]
    _refuse(path, faults)
    labels, kept = dataset.labels.copy(), np.ones(len(dataset), bool)
    changed, skipped = [], []
    for name, row in at.items():
        fix = wanted[name]
        if fix.action == "skip":
            kept[row] = False
            skipped.append(name)
        elif fix.action == "relabel" and labels[row] != numbers[fix.label]:
            changed.append(f"{name} ({dataset.classes[labels[row]]} is {fix.label} now)")
            labels[row] = numbers[fix.label]
    found = replace(dataset, labels=labels).only(np.flatnonzero(kept).astype(np.int64))
    return found.with_findings(
        *_said("skipped-by-fixes", "left out", skipped, path),
        *_said("relabelled-by-fixes", "relabelled", changed, path),
    )


def _fix(row: dict[str, str]) -> tuple[Fix | None, str]:
    """One line to a decision, or what is wrong with it."""
    path, action = row["path"], row["action"].strip().lower()
    label = row.get("label", "").strip()
    if not path:
        return None, "the path is empty"
    known = next((one for one in _ACTIONS if one == action), None)
    if known is None:
        return None, f"the action {action[:60]!r} is none of {', '.join(_ACTIONS)}"
    if known == "relabel" and not label:
        return None, "relabel needs the new class in the column label"
    return Fix(path, known, label if known == "relabel" else "", row.get("reason", "")), ""


def _refuse(path: str | Path, faults: list[str]) -> None:
    if faults:
        more = f" (and {len(faults) - 1:,} more faults)" if len(faults) > 1 else ""
        raise ManifestFault(
            f"the fixes file cannot be used: {faults[0]}{more}",
            "mend the lines, or make the file anew with `striate check DATA --fixes-out FILE`",
            where="\n".join([str(path), *faults[:10]]),
        )


def _said(code: str, what: str, names: list[str], path: str | Path) -> list[Finding]:
    text = f"{len(names):,} picture(s) {what} as {path} says: {listed(names)}"
    return [Finding(code, "note", text, tuple(names[:_SHOWN]))] if names else []
