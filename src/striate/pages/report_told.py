"""What the report of a run is made of: everything that was read, and what could not be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

from striate.pages.report_values import table

Number = int | float | None


class Case(NamedTuple):
    """One picture and what was said of it; `probability` and `loss` after temperature scaling."""

    path: str
    split: str
    truth: str
    label: str
    probability: float
    sure: bool
    loss: float


class Knob(NamedTuple):
    """One value of the recipe beside its default; `default` is None where that is not known."""

    name: str
    value: str
    default: str | None

    @property
    def is_changed(self) -> bool:
        """Whether it is not the default."""
        return self.default is not None and self.value != self.default


class Command(NamedTuple):
    """Something to type next, and what for."""

    line: str
    what: str


@final
@dataclass(frozen=True)
class Told:
    """What is not there is empty, and `missing` says so in sentences. facts: run.json; scores:
    metrics.json; evaluations: metrics.csv; timings: timings.csv; divided: pictures by split and class.
    """

    name: str
    status: str
    facts: Mapping[str, Any]
    scores: Mapping[str, Any] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    divided: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    evaluations: tuple[Mapping[str, Number], ...] = ()
    timings: tuple[Mapping[str, Number], ...] = ()
    cases: tuple[Case, ...] = ()
    knobs: tuple[Knob, ...] = ()
    layers: str = ""
    thumbnails: Mapping[str, bytes] = field(default_factory=dict)
    commands: tuple[Command, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def split(self) -> str:
        """The split that the headline is of: test where it was judged, else val; empty where neither."""
        return next((name for name in ("test", "val") if table(self.scores.get(name))), "")

    @property
    def headline(self) -> Mapping[str, Any]:
        """The scores of that split."""
        return table(self.scores.get(self.split))

    @property
    def judged(self) -> tuple[str, ...]:
        """The splits that were judged, the one of the headline first."""
        return tuple(name for name in ("test", "val") if table(self.scores.get(name)))
