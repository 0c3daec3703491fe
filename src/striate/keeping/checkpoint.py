"""Checkpoints of a run: `checkpoints/000001234/` with state.safetensors, facts.json and manifest.json.

A new one is on the disk, whole and under its name, before an old one goes. Before a tensor is used the
sha256 of everything is checked; a damaged checkpoint is passed over in favour of the one before, and told.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final

from striate import safe
from striate.errors import BundleRefused, FileFault, NoGoodCheckpoint
from striate.keeping import manifest, tensors, whole
from striate.keeping.manifest import Mark
from striate.keeping.strict_json import parse

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 1
FOLDER, STATE, FACTS = "checkpoints", "state.safetensors", "facts.json"
_LAST_STEP = 999_999_999
# One that was saved a second time stands aside, still usable, until the new one is on the disk.
_NAME = re.compile(r"([0-9]{9})(?:\.replaced-([0-9]+))?")


@final
@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose files were found to be what they were when it was saved.

    `findings` tells of newer ones that are damaged and were passed over.
    """

    step: int
    path: Path
    facts: dict[str, Any]
    state: Mark
    findings: tuple[str, ...] = ()

    def tensors(self) -> dict[str, Tensor]:
        """All tensors, on the CPU; they share one block of memory, and each has its own part of it."""
        return tensors.unpack(manifest.content(self.path / STATE, self.state))


class _Place(NamedTuple):
    """A checkpoint's folder; of two with one step, the one that was not replaced is the newer."""

    step: int
    newness: int
    path: Path


def save(
    folder: Path, step: int, state: Mapping[str, Tensor], facts: Mapping[str, object], keep: int = 2
) -> Path:
    """Save a checkpoint of the run in `folder`, and then remove old ones until `keep` good ones are left.

    Facts are JSON: NaN and infinity raise ValueError. When the disk fails, FileFault tells how many bytes
    were needed and how many are free, and all earlier checkpoints are as before.
    """
    if not 0 <= step <= _LAST_STEP or keep < 1:
        raise ValueError(
            f"a step from 0 to {_LAST_STEP:,} and at least one kept, not {step}, {keep}"
        )
    packed = tensors.pack(state)
    told = safe.json_text({"step": step, "facts": dict(facts)}).encode("utf-8")
    shelf = folder / FOLDER
    target = shelf / f"{step:09d}"
    with whole.appearing(target, FORMAT, packed.size + len(told), _aside(target)) as made:
        made.write(STATE, packed.chunks())
        made.write(FACTS, [told])
    _tidy(shelf, target, keep)
    return target


def latest(folder: Path) -> Checkpoint | None:
    """The newest good checkpoint of the run in `folder`; None where none was ever saved.

    Where there are some and all are damaged, that is an error: starting anew is not decided here.
    """
    findings: list[str] = []
    for place in _finished(folder / FOLDER):
        try:
            facts, state = _checked(place)
        except (BundleRefused, FileFault) as fault:
            findings.append(f"{FOLDER}/{place.path.name} is damaged: {fault.text}")
        else:
            passed = tuple(f"{told}; step {place.step} is used instead" for told in findings)
            return Checkpoint(place.step, place.path, facts, state, passed)
    if findings:
        raise NoGoodCheckpoint(
            f"none of the {len(findings)} checkpoints can be used: " + "; ".join(findings),
            "train into another folder, or bring the files back from a copy",
            where=str(folder / FOLDER),
        )
    return None


def _checked(place: _Place) -> tuple[dict[str, Any], Mark]:
    """Facts and the mark of the state, when everything is as it was saved."""
    if place.path.is_symlink():
        raise BundleRefused("it is a link")
    faults = manifest.verify(place.path, FORMAT)
    found, _ = manifest.read(place.path)
    if faults or found is None:
        raise BundleRefused("; ".join(faults[:5]) or "its manifest is gone")
    if set(found.files) != {STATE, FACTS}:
        raise BundleRefused(f"it does not hold {STATE} and {FACTS}")
    state = found.files[STATE]
    try:
        told = parse(manifest.content(place.path / FACTS, found.files[FACTS]))
        with manifest.open_plain(place.path / STATE) as file:
            tensors.header(file, state.size)
    except (ValueError, OSError) as fault:
        raise BundleRefused(f"{FACTS} or {STATE} cannot be read: {fault}") from None
    if not isinstance(told, dict) or set(told) != {"step", "facts"} or told["step"] != place.step:
        raise BundleRefused(f"{FACTS} belongs to another step")
    if not isinstance(told["facts"], dict):
        raise BundleRefused(f"{FACTS} holds no table")
    return told["facts"], state


def _finished(shelf: Path) -> list[_Place]:
    """What stands under the name of a checkpoint, newest first."""
    try:
        names = [entry.name for entry in os.scandir(shelf)]
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise FileFault(
            f"{shelf} cannot be read: {fault.strerror or fault}", where=str(shelf)
        ) from fault
    met = [(_NAME.fullmatch(name), name) for name in names]
    found = [_Place(int(m[1]), int(m[2] or _LAST_STEP), shelf / name) for m, name in met if m]
    return sorted(found, reverse=True)


def _aside(target: Path) -> Path:
    """A free name for a checkpoint of the same step."""
    number = 1
    while os.path.lexists(aside := target.with_name(f"{target.name}.replaced-{number}")):
        number += 1
    return aside


def _tidy(shelf: Path, newest: Path, keep: int) -> None:
    """Remove old checkpoints and what killed writers left. Only good ones count as kept.

    A failure here is no failure of the checkpoint just saved: the next one tidies again.
    """
    whole.sweep(shelf)
    kept = {int(newest.name)}
    for place in _finished(shelf):
        if place.path == newest:
            continue
        if len(kept) < keep and place.step not in kept and _is_good(place):
            kept.add(place.step)
            continue
        try:
            whole.remove(place.path)
        except OSError:
            continue


def _is_good(place: _Place) -> bool:
    try:
        _checked(place)
    except (BundleRefused, FileFault):
        return False
    return True
