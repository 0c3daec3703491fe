"""`striate verify`: is a file whole, can it be used, and does it answer as the network it came from?"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from striate.errors import Disagrees
from striate.optional import available
from striate.shipping import agree
from striate.shipping.classifier import Classifier, load, load_facts
from striate.shipping.eight_bits import least_same
from striate.shipping.facts import digest_of
from striate.shipping.opened import bundle_of, found_at, is_graph
from striate.verbs.export_data import Pictures, pictures_of
from striate.verbs.train_order import Event, Said, Working

_MOST = 256
_SAME = ("classes", "preparation", "temperature", "threshold")


@final
@dataclass(frozen=True)
class Verified:
    """What was found: one sentence for each thing that was looked at."""

    path: Path
    checks: tuple[str, ...]
    agreement: agree.Agreement | None = None
    same_first: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "path": str(self.path), "verified": True, "checks": list(self.checks),
            "agreement": self.agreement.to_dict() if self.agreement else None,
            "same_first_class": self.same_first,
        }  # fmt: skip


def verify(path: str | Path, against: str | Path | None = None) -> Generator[Event, None, Verified]:
    """Look at a run's bundle, a .striate or an .onnx; raise the fault that is found. `against` is the run it
    came from: both answer the run's own pictures.
    """
    place = found_at(path)
    mine = load(place)
    checks = [_whole(place)]
    checks.append(f"it opens: {len(mine.classes):,} classes, {mine.runtime}")
    other: Classifier | None = None
    pictures = Pictures(None, "")
    if against is not None:
        whose = found_at(against)
        other = load(whose, runtime="torch" if available("torch") else None)
        pictures = pictures_of(whose, None)
        _same_facts(mine, other)
        _same_weights(mine, whose)
        checks.append("classes, preparation, temperature and threshold are those of the run")
    elif not is_graph(place) and mine.runtime == "onnx" and available("torch"):
        other = load(place, runtime="torch")
    if other is None:
        yield Said("there is nothing to compare its answers with: give --against RUN", "note")
        return Verified(place, tuple(checks))
    if against is not None and pictures.dataset is None:
        yield Said(f"no pictures of the run can be read ({pictures.why}): made ones are compared")
    rows: list[list[Any]] = [[], []]
    for raw in pictures.raw(mine.preparation, _MOST):
        yield Working("comparing", len(rows[0]), _MOST)
        for held, one in zip(rows, (other, mine), strict=True):
            held.append(one.probabilities([one.engine.prepare(raw)])[0])
    first, second = (np.stack(held) for held in rows)
    found = agree.compared(first, second)
    same = float((first.argmax(1) == second.argmax(1)).mean())
    eight = mine.card.get("int8")
    if isinstance(eight, dict):
        text = f"the first class is the same on {same:.2%} of {len(first)} pictures"
        least = least_same(eight, len(first), pictures.dataset is not None)
        if same < least:
            raise Disagrees(
                f"{place.name} is not {against or 'its own weights'} in eight bits: {text}, and "
                f"{least:.2%} is the least that what its export measured allows",
                "export it again",
                where=str(place),
            )
        checks.append(f"eight bits: {text}")
        return Verified(place, tuple(checks), None, same)
    if not found.is_kept:
        raise Disagrees(
            f"{place.name} gives other answers than {against or 'its own weights'}: {found.told()}; "
            f"{found.most:g} is allowed",
            "export it again",
            where=str(place),
        )
    checks.append(f"its answers are the same: {found.told()}")
    return Verified(place, tuple(checks), found, same)


def _whole(place: Path) -> str:
    if is_graph(place):
        return f"one file, nothing outside of it is read; sha256 {digest_of(place.read_bytes())}"
    found = bundle_of(place)
    names = ["model.safetensors", "plan.txt", "card.json", *(["model.onnx"] if found.onnx else [])]
    if available("torch"):
        found.tensors()
    return f"{', '.join(names)} are what the manifest says"


def _same_facts(mine: Classifier, other: Classifier) -> None:
    different = [name for name in _SAME if mine.card[name] != other.card[name]]
    if different:
        raise Disagrees(
            f"its {', '.join(different)} {'is' if len(different) == 1 else 'are'} not that of the run",
            "it came from another run, or was changed",
        )


def _same_weights(mine: Classifier, whose: Path) -> None:
    told = mine.card.get("weights_sha256")
    held = (
        load_facts(whose).get("weights_sha256")
        if is_graph(whose)
        else bundle_of(whose).weights.sha256
    )
    if told and held and told != held:
        raise Disagrees("it was made of other weights than the run has", "it came from another run")
