"""Plan to text, canonically: read(write(plan)) == plan."""

from __future__ import annotations

from striate.geometry.shape import Shape
from striate.grammar.combine import Branches, Item, Items, Repeat, Residual, Stage, is_repeated


def write(items: Items, given: Shape | None = None) -> str:
    """The items of a plan, with its input in front if it has one, as one line."""
    return (f"{given}: " if given else "") + _sequence(items)


def _sequence(items: Items) -> str:
    return " ".join(_item(item) for item in items)


def _item(item: Item) -> str:
    match item:
        case Repeat(body, times):
            return f"({_sequence(body)})*{times}"
        case Residual(body):
            return "{" + _sequence(body) + "}"
        case Branches(arms, how):
            return "[" + (" | " if how == "concat" else " + ").join(map(_sequence, arms)) + "]"
        case Stage(name, body) if is_repeated(item):
            return f"{name}={_sequence(body)}"
        case Stage(name, body):
            return f"{name}=({_sequence(body)})"
        case word:
            return word.text
