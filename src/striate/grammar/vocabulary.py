"""Every word the grammar knows: what is written -> the dataclass, and what the spelling fixes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import lru_cache
from string import ascii_letters
from types import MappingProxyType
from typing import Any

from striate.errors import PlanError, UnknownWord
from striate.grammar import plain, sliding
from striate.grammar.words import Word, letters, read_word

WORDS: Mapping[str, tuple[type[Word], Mapping[str, Any]]] = MappingProxyType(
    {
        **{
            kind.name: (kind, MappingProxyType({}))
            for kind in (
                sliding.Conv, sliding.Depthwise, sliding.Local, sliding.MaxPool, sliding.AvgPool,
                sliding.AvgTo, sliding.MaxTo, sliding.Gap, sliding.Gmp, sliding.Every,
                plain.BatchNorm, plain.LocalResponseNorm, plain.Dropout, plain.Flatten, plain.Full,
                plain.Shuffle, plain.Part, plain.SqueezeExcite, plain.Scale, plain.Identity,
                plain.Maxout, plain.Softmax,
            )
        },
        **{
            name: (plain.Activation, MappingProxyType({"called": name})) for name in plain.ACTIVATIONS
        },
    }
)  # fmt: skip

_LONGEST = max(map(len, WORDS))

# What the words are called elsewhere, for the hint of a fault.
CALLED: Mapping[str, str] = MappingProxyType(
    {
        "linear": "fc", "dense": "fc", "batchnorm": "bn",
        "batchnormalization": "bn", "maxpool": "max", "maxpooling": "max",
        "avgpool": "avg", "averagepool": "avg", "averagepooling": "avg",
        "globalavgpool": "gap", "globalaveragepooling": "gap", "globalmaxpool": "gmp",
        "dropout": "drop", "depthwise": "dw", "swish": "silu",
        "hardswish": "hswish", "hardsigmoid": "hsigmoid", "leakyrelu": "leaky",
        "identity": "id", "convolution": "conv", "squeezeexcite": "se",
    }
)  # fmt: skip


def spelled(text: str, at: int = -1) -> Word:
    """One written word, such as `conv3s2p1-64`, to its dataclass.

    >>> spelled("conv3s2p1-64").channels
    64
    """
    try:
        return _spelled(text).moved(at)
    except PlanError as fault:
        fault.position, fault.length = max(at, 0), len(text)
        raise


@lru_cache(maxsize=4096)
def _spelled(text: str) -> Word:
    name = known_prefix(text)
    if name is None or not _are_options(leading_letters(text)[len(name) :], WORDS[name][0]):
        letters_of = (leading_letters(text) or text).lower()
        near = f"`{CALLED[letters_of]}`" if letters_of in CALLED else nearest(letters_of, WORDS)
        if (
            name and letters_of not in CALLED and f"`{name}`" not in near
        ):  # `maxpool2`, `dropout0.5`
            near = f"`{name}` or {near}" if near else f"`{name}`"
        hint = f"did you mean {near}?" if near else "words are: " + " ".join(WORDS)
        raise UnknownWord(f"unknown word {text[:40]!r}", hint)
    kind, fixed = WORDS[name]
    try:
        word = read_word(kind, fixed, text, name)
    except PlanError as fault:
        fault.hint = fault.hint or f"write it like `{fixed.get('called', kind.example)}`"
        raise
    word.text  # noqa: B018  (now every copy of it knows its text)
    return word


def _are_options(after: str, kind: type[Word]) -> bool:
    """Whether letters right after a name may be options of that word, as in `bnm0.01`."""
    return set(after.replace("same", "")) <= set(letters(kind))


def known_prefix(text: str) -> str | None:
    """The longest known name that a word starts with."""
    first = leading_letters(text[:_LONGEST])
    return next((first[:end] for end in range(len(first), 0, -1) if first[:end] in WORDS), None)


def leading_letters(text: str) -> str:
    """The run of letters at the start."""
    return text[: len(text) - len(text.lstrip(ascii_letters))]


def nearest(name: str, known: Mapping[str, object] | list[str], count: int = 3) -> str:
    """Up to three known names that look like this one, as words of a sentence."""
    if name in known:
        return f"`{name}`"
    return " or ".join(
        f"`{n}`" for n in difflib.get_close_matches(name[:60], list(known), count, 0.6)
    )
