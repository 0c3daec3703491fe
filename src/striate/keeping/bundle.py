"""A classifier as a folder of data: model.safetensors, plan.txt, card.json, model.onnx, and a manifest over
them. Bundles that were written before there was a model.onnx have none.

The same input gives the same bytes. Everything is checked by size and sha256 before it is used, and what a
bundle says is never run: the plan is text of the grammar, the card is a table.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import striate
from striate import safe
from striate.errors import BundleRefused, FileFault, NewerFormat
from striate.keeping import manifest, tensors, whole
from striate.keeping.card import FORMAT, card_faults
from striate.keeping.manifest import Mark
from striate.keeping.strict_json import parse

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS, PLAN, CARD, GRAPH = "model.safetensors", "plan.txt", "card.json", "model.onnx"
_LARGEST_PLAN = 64_000
_LARGEST_CARD = 32 << 20


@final
@dataclass(frozen=True)
class Bundle:
    """A bundle that was checked. Its weights and its graph are read when they are asked for. `held` keeps the
    folder alive where it is a temporary one.
    """

    path: Path
    plan_text: str
    card: dict[str, Any]
    weights: Mark
    onnx: Mark | None = None
    held: object = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the network's scores."""
        return tuple(self.card["classes"])

    def tensors(self) -> dict[str, Tensor]:
        """All weights, on the CPU. Every one is a number: NaN and infinity are refused."""
        found = tensors.unpack(manifest.content(self.path / WEIGHTS, self.weights))
        bad = tensors.infinite(found)
        if bad:
            raise _refused(self.path, [f"{name} holds NaN or infinity" for name in bad])
        return found

    def graph(self) -> bytes | None:
        """The bytes of model.onnx; None where there is none."""
        if self.onnx is None:
            return None
        return bytes(manifest.content(self.path / GRAPH, self.onnx))


def write(
    folder: Path,
    weights: Mapping[str, Tensor],
    plan_text: str,
    card: Mapping[str, object],
    graph: bytes | None = None,
) -> None:
    """Write a bundle, whole or not at all. One that is there already is replaced; other files never are."""
    folder = Path(os.path.realpath(folder))
    if os.path.lexists(folder) and not _is_ours(folder):
        raise FileFault(
            f"{folder} is there and holds more than a bundle",
            "give a folder that is not there",
            str(folder),
        )
    faults = card_faults(card) + _plan_faults(plan_text.encode("utf-8", "replace"))
    faults += [] if weights else ["there are no weights"]
    packed = tensors.pack(weights)
    wide = [n for n, t in weights.items() if t.dtype.is_floating_point and t.element_size() != 4]
    faults += [f"{name} is {weights[name].dtype}, not float32" for name in wide]
    faults += [f"{name} holds NaN or infinity" for name in tensors.infinite(weights)]
    if faults:
        raise _refused(folder, faults)
    plan, told = plan_text.encode("utf-8"), safe.json_text(dict(card)).encode("utf-8")
    needed = packed.size + len(plan) + len(told) + len(graph or b"")
    with whole.appearing(folder, FORMAT, needed) as made:
        made.write(WEIGHTS, packed.chunks())
        made.write(PLAN, [plan])
        made.write(CARD, [told])
        if graph:
            made.write(GRAPH, [graph])


def read(folder: Path) -> Bundle:
    """The bundle in a folder, once every file in it is what the manifest says."""
    if not folder.is_dir():
        raise FileFault(
            f"{folder} is no folder",
            "a bundle is a folder, such as runs/latest/bundle",
            str(folder),
        )
    found, faults = manifest.read(folder)
    if found is not None and found.version > FORMAT:
        raise _newer(folder, found.version)
    faults = faults or manifest.verify(folder, FORMAT)
    if found is None or faults:
        raise _refused(folder, list(faults))
    lacking = [f"{name} is missing" for name in (WEIGHTS, PLAN, CARD) if name not in found.files]
    if not lacking and found.files[CARD].size > _LARGEST_CARD:
        lacking = [f"{CARD} has more than {_LARGEST_CARD:,} bytes"]
    if lacking:
        raise _refused(folder, lacking)
    card = _card(folder, found.files[CARD])
    plan = bytes(manifest.content(folder / PLAN, found.files[PLAN]))
    faults = (
        *card_faults(card),
        *_plan_faults(plan),
        *_header_faults(folder, found.files[WEIGHTS]),
    )
    if faults:
        raise _refused(folder, list(faults))
    return Bundle(folder, plan.decode("utf-8"), card, found.files[WEIGHTS], found.files.get(GRAPH))


def _card(folder: Path, mark: Mark) -> dict[str, Any]:
    """The table that card.json holds."""
    try:
        card = parse(manifest.content(folder / CARD, mark))
    except ValueError as fault:
        raise _refused(folder, [f"{CARD} cannot be read as JSON: {fault}"]) from None
    if not isinstance(card, dict):
        raise _refused(folder, [f"{CARD} holds no table"])
    if type(card.get("format")) is int and card["format"] > FORMAT:
        raise _newer(folder, card["format"])
    return card


def _plan_faults(plan: bytes) -> list[str]:
    """What is wrong with the text of the plan, before anybody tries to understand it."""
    if len(plan) > _LARGEST_PLAN or not plan.strip():
        return [f"{PLAN} must have 1 to {_LARGEST_PLAN:,} bytes"]
    try:
        plan.decode("utf-8")
    except UnicodeDecodeError:
        return [f"{PLAN} is no UTF-8"]
    return []


def _header_faults(folder: Path, mark: Mark) -> list[str]:
    """What is wrong with the table of the tensors; their numbers are not read."""
    try:
        with manifest.open_plain(folder / WEIGHTS) as file:
            entries = tensors.header(file, mark.size)
    except OSError as fault:
        return [f"{WEIGHTS} cannot be read: {fault.strerror or fault}"]
    except BundleRefused as fault:
        return [f"{WEIGHTS}: {fault.text}"]
    return [] if entries else [f"{WEIGHTS} is empty"]


def _is_ours(folder: Path) -> bool:
    """Whether a folder holds a bundle and nothing else, or nothing at all."""
    if not folder.is_dir():
        return False
    found, _ = manifest.read(folder)
    known = {manifest.NAME, WEIGHTS, CARD, PLAN, GRAPH, *(found.files if found else ())}
    return {entry.name for entry in os.scandir(folder)} <= known


def _newer(folder: Path, version: int) -> NewerFormat:
    """The fault that says which Striate is needed, as far as the card tells."""
    by = ""
    try:
        told = parse(manifest.small_content(folder / CARD, _LARGEST_CARD))["versions"]["striate"]
        by = (
            f"; it was made by Striate {told[:20]}"
            if isinstance(told, str) and told.isprintable()
            else ""
        )
    except (OSError, ValueError, KeyError, TypeError):
        by = ""
    return NewerFormat(
        f"{folder} has format {version}, and Striate {striate.__version__} reads formats up to {FORMAT}{by}",
        "install a newer Striate: pip install --upgrade striate",
        where=str(folder),
    )


def _refused(folder: Path, faults: list[str]) -> BundleRefused:
    more = f"; and {len(faults) - 8} more" if len(faults) > 8 else ""
    return BundleRefused(
        f"{folder} is no bundle that can be used: " + "; ".join(faults[:8]) + more,
        "copy it anew, or write it anew from its run",
        where=str(folder),
    )
