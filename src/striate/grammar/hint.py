"""A hint: what one of the lectures would say about a network, under a name that does not change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from textwrap import wrap
from types import MappingProxyType
from typing import Any, final

from striate.errors import UsageError
from striate.grammar.vocabulary import nearest

LECTURES: Mapping[str, str] = MappingProxyType(
    {
        "L0": "Image Classification with CNNs, CS231n 2024",
        "L1": "CNN for image classification",
        "L2": "Image Classification with CNNs, CS231n 2023",
        "L3": "Convolutional Neural Networks, CS 446 / ECE 449",
        "L4": "Deep Learning for Images: Convolutional Neural Networks, CSCI 467",
    }
)
_LABEL, _WIDTH = 17, 110  # the label is as wide as those of the sums above it
# Each hint, and the lectures it is from.
HINTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "linear-pair": ("L3",),
        "shrinks-fast": ("L0", "L2"),
        "unseen-border": ("L0", "L1", "L2", "L3"),
        "late-pool": ("L0", "L2"),
        "fc-heavy": ("L0", "L2", "L4"),
        "small-field": ("L2",),
    }
)


@final
@dataclass(frozen=True)
class Hint:
    """name: one of `HINTS`; layers: where; text: what is so; fix: what to try."""

    name: str
    layers: tuple[str, ...]
    text: str
    fix: str

    @property
    def lectures(self) -> tuple[str, ...]:
        """Their short names."""
        return HINTS[self.name]

    def to_dict(self) -> dict[str, Any]:
        """The form of `striate plan --json`."""
        return {
            "name": self.name,
            "layers": list(self.layers),
            "text": self.text,
            "fix": self.fix,
            "lectures": [{"name": name, "title": LECTURES[name]} for name in self.lectures],
        }


def silenced(names: Iterable[str]) -> frozenset[str]:
    """The names of hints that are not wanted; one that is no hint is refused."""
    found = frozenset(names)
    for name in sorted(found - set(HINTS)):
        near = nearest(name, HINTS)
        raise UsageError(
            f"there is no hint {name[:40]!r}",
            (f"did you mean {near}? " if near else "") + "hints are " + ", ".join(HINTS),
        )
    return found


def told(hints: Iterable[Hint], width: int | None = None) -> list[str]:
    """Hints as lines under one another. One that comes again is told once, with all its places."""
    first: dict[str, Hint] = {}
    also: dict[str, list[str]] = {}
    for hint in hints:
        if hint.name in first:
            also.setdefault(hint.name, []).append(
                " … ".join(hint.layers[:: max(1, len(hint.layers) - 1)])
            )
        first.setdefault(hint.name, hint)
    lines: list[str] = []
    cited = sorted({name for hint in first.values() for name in hint.lectures})
    for name, hint in first.items():
        more = f"; also at {_few(also[name])}" if name in also else ""
        text = f"{', '.join(hint.lectures)}: {hint.text}{more}; try {hint.fix}"
        lines += _wrapped(name, text, width)
    if cited:
        titles = "; ".join(f"{name} {LECTURES[name]}" for name in cited)
        lines += _wrapped("lectures", titles, width)
    return lines


def _wrapped(label: str, text: str, width: int | None) -> list[str]:
    return wrap(
        text,
        min(width or _WIDTH, _WIDTH),
        initial_indent=label.ljust(_LABEL),
        subsequent_indent=" " * _LABEL,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
