"""What is measured and what it must reach: a table of data, and the form of one measurement."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, final

OURS = "striate"
PEERS_FROM_SCRATCH = ("keras", "fastai", "ultralytics", "plain")
PEERS_OF_TRANSFER = ("tutorial", "finetune")


@final
@dataclass(frozen=True)
class Aim:
    """What must be reached; None where nothing is asked. points: above the best peer, of a hundred. faster:
    times each peer, to that peer's final accuracy. share: of the matrix-product rate. wall_s: of the whole
    command. memory_bytes: at most.
    """

    accuracy: float | None = None
    points: float | None = None
    faster: float | None = None
    share: float | None = None
    wall_s: float | None = None
    memory_bytes: float | None = None


@final
@dataclass(frozen=True)
class Figure:
    """One row of the issue's table. seconds: of training, for all sides; for fine-tuning the most that a peer
    is given. seeds: at least so many of ours in the full form. flags: of `striate train`.
    """

    code: str
    title: str
    data: str
    seconds: float
    peers: tuple[str, ...] = ()
    aim: Aim = field(default_factory=Aim)
    seeds: int = 1
    split: str = "test"
    flags: tuple[str, ...] = ()
    quick: bool = False
    full: bool = True


# One file of the ants is no photograph: everybody leaves it out or takes it as it comes.
_TRANSFER = ("--model", "mobilenet_v2", "--pretrained={weights}", "--skip-bad", "--budget", "60s")
FIGURES = (
    Figure("cifar-60", "CIFAR-10 as JPEG, 60 s", "cifar", 60, ("plain",), quick=True, full=False),
    Figure(
        "cifar-300", "CIFAR-10 as JPEG, 300 s", "cifar", 300, PEERS_FROM_SCRATCH,
        Aim(accuracy=0.88, points=15, share=0.65),
    ),
    Figure(
        "fashion-300", "Fashion-MNIST, 300 s", "fashion", 300, PEERS_FROM_SCRATCH, Aim(accuracy=0.94)
    ),
    Figure("cifar-900", "CIFAR-10 as JPEG, 900 s", "cifar", 900, aim=Aim(accuracy=0.91)),
    Figure("mnist-60", "MNIST, 60 s", "mnist", 60, aim=Aim(accuracy=0.993)),
    Figure(
        "digits", "digits, the whole command", "digits", 8, aim=Aim(accuracy=0.99, wall_s=20),
        seeds=5, quick=True,
    ),
    Figure(
        "hymenoptera", "ants and bees, fine-tuned", "hymenoptera", 900, PEERS_OF_TRANSFER,
        Aim(accuracy=0.96, faster=5), seeds=5, split="val", flags=_TRANSFER,
    ),
    Figure(
        "flowers5", "five flowers, fine-tuned", "flowers5", 900, PEERS_OF_TRANSFER,
        Aim(faster=5), split="val", flags=_TRANSFER,
    ),
    Figure(
        "memory", "32 px, batch 1,024", "cifar", 20, aim=Aim(memory_bytes=2.5e9),
        flags=("--set", "batch=1024"), quick=True,
    ),
)  # fmt: skip


@final
@dataclass(frozen=True)
class Measurement:
    """One training by one side. seconds: of training; curve: seconds and accuracy on val; error: why there
    is no accuracy. more: what only ours knows.
    """

    figure: str
    who: str
    seed: int
    accuracy: float | None = None
    seconds: float | None = None
    wall_s: float | None = None
    memory_bytes: int | None = None
    pictures_per_second: float | None = None
    epochs: float | None = None
    curve: tuple[tuple[float, float], ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells it from the others."""
        return self.figure, self.who, self.seed

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Measurement:
        """The reverse; names of other versions are left out."""
        known = {one.name for one in fields(cls)}
        taken = {name: value for name, value in found.items() if name in known}
        curve = tuple((float(s), float(a)) for s, a in taken.pop("curve", ()))
        return cls(**taken, curve=curve)


def chosen(codes: str, *, quick: bool) -> list[Figure]:
    """By their codes with commas between, or all of the quick or of the full form."""
    if not codes:
        return [one for one in FIGURES if (one.quick if quick else one.full)]
    wanted = codes.split(",")
    unknown = sorted(set(wanted) - {one.code for one in FIGURES})
    if unknown:
        raise SystemExit(
            f"no figure {', '.join(unknown)}; there are {', '.join(f.code for f in FIGURES)}"
        )
    return [one for one in FIGURES if one.code in wanted]
