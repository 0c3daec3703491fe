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

    @property
    def is_headed(self) -> bool:
        """Whether a head is fitted on the features of published weights, or of a file's, first."""
        return self.pretrained is not None

    @property
    def from_weights(self) -> bool:
        """Whether training starts from weights that were trained before: those, or a run's of one's own."""
        return self.is_headed or bool(self.source)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

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
    values = dial(budget, epochs)
    if seed is not None:
        values["seed"] = seed
    return made.with_values(values).changed(settings)


def dial(budget: str | float | None, epochs: float | None) -> dict[str, object]:
    """The one dial, as knobs of a recipe: a time (seconds, or a text such as 5m) or passes over train."""
    if budget is not None and epochs is not None:
        raise UsageError(
            "--budget and --epochs are two answers to one question", "give one of them"
        )
    if (
        epochs is not None and not epochs > 0
    ):  # 0 in a recipe leaves it to the time, which none asked for
        raise UsageError(
            f"{epochs:g} epochs would train nothing",
            "give a number above 0, 0.5 for half a pass; `--dry-run` says what would be done",
            where="--epochs",
        )
    if budget is not None:
        spent = seconds_of(budget) if isinstance(budget, str) else float(budget)
        return {"budget_s": spent, "epochs": 0}
    return {} if epochs is None else {"epochs": epochs}


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
