"""Striate turns pictures into image classifiers with convolutional networks.

>>> import striate
>>> print(striate.plan("3x32x32: conv3p1-16 relu max2 gap fc10"))  # doctest: +SKIP

Every public name is loaded on first use, so `import striate` imports neither torch nor numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from striate.errors import StriateError
    from striate.grammar.hints import hints
    from striate.grammar.plan import Plan
    from striate.shipping.classifier import load
    from striate.training.loop import fit
    from striate.verbs.plan import plan
    from striate.verbs.train import train

__version__ = "0.1.0"
__all__ = ["Plan", "StriateError", "__version__", "fit", "hints", "load", "plan", "train"]

_HOMES = {
    "Plan": "striate.grammar.plan",
    "StriateError": "striate.errors",
    "fit": "striate.training.loop",
    "hints": "striate.grammar.hints",
    "load": "striate.shipping.classifier",
    "plan": "striate.verbs.plan",
    "train": "striate.verbs.train",
}


def __getattr__(name: str) -> object:
    """Load a public name from its home (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'striate' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
