"""Everything that decides how a network is trained, in one frozen object; `auto` and 0 are decided from
the data, before step 0, and what was decided is written into the run.

>>> Recipe().changed(("optimiser.rate=0.1", "loss.smoothing=0.1")).optimiser.rate
0.1
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, final

from striate.errors import RecipeFault
from striate.training.recipe_parts import (
    AveragePart,
    LossPart,
    MachinePart,
    OptimiserPart,
    PicturePart,
    PractisePart,
    RegularisePart,
    SchedulePart,
    StartPart,
    mixed,
    one_of,
    within,
)
from striate.training.recipe_values import Kind, kind_of, read_value, shown


@final
@dataclass(frozen=True)
class Recipe:
    """budget_s decides the number of steps unless `epochs` is given (not 0). batch 0 is decided. looks: how
    often val is judged on the way. save_every_s: time between checkpoints.
    """

    task: str = one_of("one label per picture")
    seed: int = within(0, 0, 2**62)
    budget_s: float = within(300.0, 0.1, 1e9)
    epochs: float = within(0.0, 0, 1e6)
    batch: int = within(0, 0, 1_000_000)
    looks: int = within(10, 1, 100_000)
    save_every_s: float = within(30.0, 0, 1e9)
    precision_wanted: float = within(0.95, 0.01, 0.9999)
    pictures: PicturePart = field(default_factory=PicturePart)
    practise: PractisePart = field(default_factory=PractisePart)
    loss: LossPart = field(default_factory=LossPart)
    optimiser: OptimiserPart = field(default_factory=OptimiserPart)
    schedule: SchedulePart = field(default_factory=SchedulePart)
    regularise: RegularisePart = field(default_factory=RegularisePart)
    average: AveragePart = field(default_factory=AveragePart)
    start: StartPart = field(default_factory=StartPart)
    machine: MachinePart = field(default_factory=MachinePart)

    def __post_init__(self) -> None:
        if found := [*_faults(self.flat())]:
            raise refused(found)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, parts as tables."""
        return dataclasses.asdict(self)

    def flat(self) -> dict[str, Any]:
        """Every knob by its dotted name, in order."""
        return dict(_flat(self.to_dict()))

    @classmethod
    def from_dict(cls, found: Mapping[str, object]) -> Recipe:
        """From plain values; what is not named has its default."""
        return cls().with_values(cls.flat_of(found))

    @staticmethod
    def flat_of(found: Mapping[str, object]) -> dict[str, object]:
        """Tables to dotted names."""
        return dict(_flat(found))

    def with_values(self, values: Mapping[str, object], said: Iterable[str] = ()) -> Recipe:
        """Other values by dotted names; every fault is told at once, after those that are `said` already."""
        known = {name: kind_of(value) for name, value in Recipe().flat().items()}
        faults, taken = list(said), self.flat()
        for name, value in values.items():
            if name not in known:
                faults.append(_unknown(name, known))
                continue
            try:
                taken[name] = read_value(value, known[name])
            except ValueError as fault:
                faults.append(f"{name} {fault}")
        if faults := [*faults, *_faults(taken)]:
            raise refused(faults)
        return _built(taken)

    def changed(self, settings: Iterable[str]) -> Recipe:
        """With `a.b=c` settings as typed after `--set`."""
        values: dict[str, object] = {}
        faults = []
        for setting in settings:
            name, equals, value = setting.partition("=")
            if equals:
                values[name.strip()] = value.strip()
            else:
                faults.append(f"{shown(setting)} has no `=`: write name=value")
        return self.with_values(values, faults)

    def differences(self, other: Recipe | None = None) -> dict[str, tuple[Any, Any]]:
        """What differs from `other` (the defaults, if not said): name -> (here, there)."""
        there = (other or Recipe()).flat()
        return {n: (v, there[n]) for n, v in self.flat().items() if v != there[n]}


def refused(faults: list[str]) -> RecipeFault:
    """The fault that tells all of these at once."""
    first, more = faults[0], len(faults) - 1
    text = f"the recipe cannot be used: {first}" + (f" (and {more} more)" if more else "")
    return RecipeFault(
        text,
        "`striate train DATA --dry-run` prints every knob; docs/training.md explains them",
        where="\n".join(faults) if more else "",
    )


def _built(values: Mapping[str, Any]) -> Recipe:
    """Dotted names to the nested object; the parts are made first, the whole checks them."""
    tables: dict[str, dict[str, Any]] = {}
    own: dict[str, Any] = {}
    for name, value in values.items():
        part, dot, knob = name.partition(".")
        if dot:
            tables.setdefault(part, {})[knob] = value
        else:
            own[name] = value
    return Recipe(**own, **{part: _PARTS[part](**held) for part, held in tables.items()})


LEAST_ALPHA = 0.01  # smaller ones draw 0 and 1 alone
# Optimisers whose decay never goes through the gradient.
UNCOUPLED = {
    "muon": "optimiser.coupled: muon has no coupled decay, since it keeps only a gradient's direction",
    "adamw": "optimiser.coupled: adamw has no coupled decay; adam is the one that has it",
}

_PARTS: dict[str, Callable[..., Any]] = {
    one.name: one.default_factory for one in fields(Recipe) if callable(one.default_factory)
}

_KNOBS = {one.name: one for one in fields(Recipe) if one.name not in _PARTS} | {
    f"{part}.{one.name}": one for part, made in _PARTS.items() for one in fields(made())
}


def _flat(found: Mapping[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _faults(values: Mapping[str, Any]) -> Iterator[str]:
    """Words that are no choice, numbers out of range, and what each knob allows and the whole does not: all
    that can be known without a picture or a network.
    """
    for name, value in values.items():
        told = _KNOBS[name].metadata
        if "choices" in told and value not in told["choices"]:
            yield f"{name} is one of {', '.join(told['choices'])}, not {shown(value)}"
        elif "range" in told:
            low, high = told["range"]
            if not low <= value <= high:  # also false for NaN
                yield f"{name} is from {low:g} to {high:g}, not {shown(value)}"
    yield from _contradictions(values)


def _contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    """Knobs that are fine alone and not together."""
    if values["loss.name"] == "hinge" and values["loss.smoothing"] > 0:
        yield "loss.smoothing is for cross-entropy; the hinge has no labels to smooth"
    if 0 < values["practise.share"] < 1:
        others = ["pictures.balanced"] if values["pictures.balanced"] else []
        if mixed(values["pictures.mix"], values["pictures.augment"]) != "none":
            others += [
                "pictures.augment=strong" if values["pictures.mix"] == "auto" else "pictures.mix"
            ]
        for name in others:
            yield f"practise.share and {name} both decide which pictures come: choose one"
    if 0 < values["pictures.mix_alpha"] < LEAST_ALPHA:
        yield f"pictures.mix_alpha is 0, which is decided, or {LEAST_ALPHA} and more: less draws no shares"
    if values["schedule.name"] == "constant" and values["schedule.final"] not in (0, 1):
        yield "schedule.final has no meaning for a constant rate"
    if values["optimiser.coupled"] and values["optimiser.name"] in UNCOUPLED:
        yield UNCOUPLED[values["optimiser.name"]]
    if values["average.name"] in ("ema", "swa") and values["optimiser.lookahead"]:
        yield "average and optimiser.lookahead are two averages of the same weights: choose one"


def _unknown(name: str, known: Mapping[str, Kind]) -> str:
    ends = {one.rpartition(".")[2]: one for one in known}
    near = difflib.get_close_matches(name, known, 1) or [
        ends[met] for met in difflib.get_close_matches(name.rpartition(".")[2], ends, 1)
    ]
    asked = f"; did you mean {near[0]}?" if near else ""
    return f"{shown(name)} is no knob of the recipe{asked}"
