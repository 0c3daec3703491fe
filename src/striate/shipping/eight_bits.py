"""What eight bits cost, as the file itself says it, and what a file that says so must still answer.

Sums of products of two whole bytes can overflow where the processor has no VNNI, unless weights have seven
bits (`reduced_range`). So a file tells which it has.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from striate.machine import cpu_flags

if TYPE_CHECKING:
    from striate.judging.compare import Comparison

_VNNI = frozenset({"avx_vnni", "avx512_vnni", "asimddp", "i8mm"})
_X86 = "sse2"
_LEAST = 0.5
_SPREADS = 4.0  # by chance a file of the same network stays below one time in 30,000


@final
@dataclass(frozen=True)
class EightBits:
    """cost: accuracy on val beside fp32. same_first: the share of val whose first class is that of fp32."""

    cost: Comparison
    same_first: float
    reduced_range: bool

    def to_dict(self) -> dict[str, Any]:
        """As it stands in the file."""
        told = {"same_first": self.same_first, "reduced_range": self.reduced_range}
        return self.cost.to_dict() | told


def has_vnni() -> bool:
    """Whether products of bytes are summed in 32 bits here, with nothing lost on the way."""
    return bool(_VNNI & cpu_flags())


def may_overflow(card: Mapping[str, Any]) -> bool:
    """Whether a file's sums may overflow on this processor, as far as both of them tell."""
    told = card.get("int8")
    full = isinstance(told, Mapping) and told.get("reduced_range") is False
    return full and _X86 in cpu_flags() and not has_vnni()


def least_same(told: Mapping[str, Any], pictures: int, are_real: bool) -> float:
    """The share of first classes that must be those of fp32 on so many pictures: what was measured when the
    file was made, less what chance allows; half where that is not told, or the pictures are made ones.
    """
    share = told.get("same_first")
    is_number = isinstance(share, int | float) and not isinstance(share, bool)
    if not are_real or share is None or not is_number or not _LEAST < share <= 1:
        return _LEAST
    spread = math.sqrt(max(share * (1 - share), 1 / pictures) / pictures)
    return max(_LEAST, float(share) - _SPREADS * spread)
