"""What an exported file says of itself: enough to prepare pictures, to answer and to know where it came
from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from striate.pictures.prepare import Preparation

_KEPT = (
    "task", "classes", "preparation", "temperature", "threshold", "scores", "data", "versions",
    "weights_licence", "model", "created", "views",
)  # fmt: skip


def facts_of(
    card: Mapping[str, Any], plan_text: str, kind: str, weights_sha256: str = ""
) -> dict[str, Any]:
    """Of a card, for a file of this kind; the last is that of the bundle's model.safetensors."""
    preparation = Preparation.from_dict(card["preparation"])
    return {
        **{name: card[name] for name in _KEPT if card.get(name) is not None},
        "kind": kind,
        "plan": plan_text,
        "preparation_sha256": preparation.digest,
        **({"weights_sha256": weights_sha256} if weights_sha256 else {}),
    }


def digest_of(data: bytes) -> str:
    """The sha256 of some bytes."""
    return hashlib.sha256(data).hexdigest()
