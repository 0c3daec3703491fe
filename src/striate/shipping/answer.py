"""What a classifier says of one picture: the same row in Python, on the command line and over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final


@final
@dataclass(frozen=True)
class Answer:
    """Of one picture. `sure` is whether the probability reaches the card's threshold; `error` says why a
    picture has no answer.
    """

    path: str
    label: str | None
    probability: float | None
    top: tuple[tuple[str, float], ...]
    sure: bool | None
    error: str | None = None

    @staticmethod
    def failed(path: str, error: str) -> Answer:
        """Of a picture that has no answer."""
        return Answer(path, None, None, (), None, error)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        top = [{"label": name, "probability": p} for name, p in self.top]
        return {
            "path": self.path, "label": self.label, "probability": self.probability, "top": top,
            "sure": self.sure, "error": self.error,
        }  # fmt: skip
