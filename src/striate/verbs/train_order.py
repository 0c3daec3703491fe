"""What a person asked `train` for, as plain values: kept in `run.json`, so that `resume` can ask for the
same again after any kill.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, final

from striate.errors import UsageError

if TYPE_CHECKING:
    from striate.training.recipe import Recipe

Severity = Literal["note", "warning", "error"]
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@final
@dataclass(frozen=True)
class Order:
    """One training. `pretrained`: None for none, "" for the published weights of the model, else a file.
    `source` is a run or bundle whose weights are the start. `val` and `test` are shares of splits that
    are made here; val None is 15 %, of a train beside a test at most 2,500 pictures.
    """

    data: str
    model: str = "auto"
    pretrained: str | None = None
    source: str | None = None
    splits: str | None = None
    fixes: str | None = None
    val: float | None = None
    test: float = 0.15
    skip_bad: bool = False
    look_for_copies: bool = True
    root: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @property
    def is_from_scratch(self) -> bool:
        """Whether no weights are given to start from."""
        return self.pretrained is None and not self.source

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Order:
        """The reverse; names of later versions are left out."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in found.items() if name in known})


@final
@dataclass(frozen=True)
class Said:
    """A sentence for people, on the way."""

    text: str
    severity: Severity = "note"


@final
@dataclass(frozen=True)
class Working:
    """How far a long work is."""

    what: str
    done: int
    total: int


@final
@dataclass(frozen=True)
class Stepped:
    """After a step of training."""

    step: int
    steps: int
    epoch: int
    loss: float
    accuracy: float
    pictures: int


@final
@dataclass(frozen=True)
class Looked:
    """After a look at val: a row of metrics.csv."""

    row: dict[str, float | int | None]


Event = Said | Working | Stepped | Looked


def recipe_of(
    file: str | Path | None,
    settings: tuple[str, ...] = (),
    *,
    budget: str | None = None,
    epochs: float | None = None,
    seed: int | None = None,
) -> Recipe:
    """The recipe of flags over a file over the defaults."""
    from striate.training import recipe_file
    from striate.training.recipe import Recipe

    made = recipe_file.read(file) if file is not None else Recipe()
    values: dict[str, object] = {}
    if budget is not None:
        values |= {"budget_s": seconds_of(budget), "epochs": 0}
    if epochs is not None:
        values["epochs"] = epochs
    if seed is not None:
        values["seed"] = seed
    return made.with_values(values).changed(settings)


def seconds_of(text: str) -> float:
    """`90`, `90s`, `5m`, `1.5h` or `1h30m` to seconds.

    >>> seconds_of("1h30m")
    5400.0
    """
    total, number, seen = 0.0, "", False
    for letter in text.strip().lower() + ("s" if text.strip()[-1:].isdigit() else ""):
        if letter in _UNITS and number:
            try:
                total += float(number) * _UNITS[letter]
            except ValueError:
                break
            number, seen = "", True
        elif letter.isdigit() or letter == ".":
            number += letter
        else:
            break
    else:
        if seen and not number and 0 < total < 1e9:
            return total
    raise UsageError(f"{text!r} is no time", "write 90s, 5m or 1h30m", where="--budget")
