"""Random words, items and whole plans, made from the fields of the words themselves."""

from __future__ import annotations

from dataclasses import MISSING, Field
from typing import Any

from hypothesis import strategies as st

from striate.geometry.shape import Shape
from striate.grammar.combine import Branches, Item, Items, Repeat, Residual, Stage
from striate.grammar.plain import ACTIVATIONS
from striate.grammar.plan import Plan
from striate.grammar.vocabulary import WORDS
from striate.grammar.words import Word, spelt


def _whole(low: float, high: float) -> st.SearchStrategy[int]:
    """Mostly small numbers, and the largest there are."""
    return st.integers(int(low), min(int(high), 12)) | st.integers(int(low), int(high))


def _values(f: Field[Any], name: str) -> st.SearchStrategy[Any]:
    kind, low, high = (f.metadata[key] for key in ("kind", "low", "high"))
    pairs = st.tuples(_whole(low, high), _whole(low, high))
    made: dict[str, st.SearchStrategy[Any]] = {
        "int": _whole(low, high),
        "pair": pairs,
        "padding": pairs | st.just("same"),
        "switch": st.booleans(),
        "flag": st.booleans(),
        "decimal": st.integers(int(low * 10**6), int(min(high, 100) * 10**6)).map(
            lambda n: n / 10**6
        ),
    }
    values = made[kind]
    if name == "drop":
        values = values.filter(lambda probability: probability < 1)
    if name in {"relu", "elu"}:
        values = values.filter(bool)
    if name in ACTIVATIONS and ACTIVATIONS[name] is None:
        values = st.none()
    return values if f.default is MISSING else values | st.just(f.default)


@st.composite
def words(draw: st.DrawFn) -> Word:
    """Any word with any values that it may have."""
    name = draw(st.sampled_from(sorted(WORDS)))
    kind, fixed = WORDS[name]
    return kind(**fixed, **{f.name: draw(_values(f, name)) for f in spelt(kind)})


@st.composite
def _sequences(draw: st.DrawFn, items: st.SearchStrategy[Item], most: int = 4) -> Items:
    """Some items; no two stages of one sequence share a name."""
    drawn = draw(st.lists(items, min_size=1, max_size=most))
    return tuple(
        Stage(f"{item.name}{i}", item.body) if isinstance(item, Stage) else item
        for i, item in enumerate(drawn)
    )


def _combined(items: st.SearchStrategy[Item]) -> st.SearchStrategy[Item]:
    bodies = _sequences(items)
    return st.one_of(
        st.builds(Repeat, bodies, st.integers(2, 4)),
        st.builds(Residual, bodies),
        st.builds(
            Branches,
            st.lists(bodies, min_size=2, max_size=3).map(tuple),
            st.sampled_from(["concat", "add"]),
        ),
        st.builds(Stage, st.from_regex(r"[a-z]{1,3}_[a-z0-9_]{0,8}", fullmatch=True), bodies),
    )


sizes = st.integers(1, 300) | st.integers(1, 999_999_999)
inputs = st.none() | st.builds(Shape, sizes, sizes, sizes, st.just(False))
sequences = _sequences(st.recursive(words(), _combined, max_leaves=12), most=6)
plans = st.builds(Plan, sequences, inputs)

# A text with a sensible input, whose layers mostly fit.
SENSIBLE = [
    "conv3p1-16",
    "conv3p1-16",
    "conv3p1",
    "conv1-8",
    "conv5p2s2-24",
    "conv3x1p1x0",
    "conv3d2p2",
    "conv3sameg2-16",
    "dw3p1",
    "dw3s2p1-32",
    "local3-4",
    "bn",
    "relu",
    "relu6",
    "leaky0.1",
    "prelu",
    "elu",
    "gelu",
    "hswish",
    "tanh",
    "max2",
    "max3s2p1",
    "max3s2c",
    "avg2",
    "avg2c",
    "avg3s1p1",
    "avgto4",
    "maxto3",
    "gap",
    "lrn",
    "drop0.3",
    "se",
    "se4h",
    "shuffle2",
    "part2i1",
    "scale0.5",
    "id",
    "every2",
    "maxout2",
    "softmax",
    "flatten",
    "fc10",
]
likely_texts = st.lists(st.sampled_from(SENSIBLE), min_size=1, max_size=12).map(
    lambda chosen: "16x32x24: " + " ".join(chosen)
)
