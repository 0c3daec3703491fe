"""Sequences, repeats, residuals, branches and stages, and their limits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from striate.errors import LimitExceeded, WordFault
from striate.grammar.combine import (
    MAX_LAYERS,
    RESERVED,
    Branches,
    Item,
    Repeat,
    Residual,
    Stage,
    is_taken,
    layers_in,
    words_in,
)
from striate.grammar.vocabulary import WORDS, spelled

RELU = spelled("relu")


def test_repeats_are_counted_unrolled_and_arms_all() -> None:
    arms = Branches(((RELU,), (RELU, RELU)))
    assert layers_in((Repeat((RELU, arms), 3), Stage("a_", (Residual((RELU,)),)))) == 3 * 4 + 1


def test_words_are_met_once_each_in_reading_order() -> None:
    conv, pool = spelled("conv3"), spelled("max2")
    items = (Repeat((conv, Residual((RELU,))), 9), Branches(((pool,), (conv,))))
    assert list(words_in(items)) == [conv, RELU, pool, conv]


def test_brackets_are_nested_sixty_four_deep_at_most() -> None:
    layer: Item = RELU
    for _ in range(64):
        layer = Residual((layer,))
    assert layers_in((layer,)) == 1
    with pytest.raises(LimitExceeded, match="brackets may be nested 64 deep at most"):
        layers_in((Residual((layer,)),))


def test_a_repeated_stage_is_one_pair_of_brackets() -> None:
    layer: Item = RELU
    for _ in range(10):
        layer = Stage("a_", (Repeat((layer,), 2),))
    for _ in range(54):
        layer = Residual((layer,))
    assert layers_in((layer,)) == 2**10
    with pytest.raises(LimitExceeded, match="nested"):
        layers_in((Residual((layer,)),))


def test_a_hundred_thousand_layers_are_the_most() -> None:
    assert layers_in((Repeat((RELU,), MAX_LAYERS),)) == MAX_LAYERS
    with pytest.raises(LimitExceeded, match="at most 100,000 layers after unrolling") as met:
        layers_in((RELU, Repeat((RELU,), MAX_LAYERS, at=5)))
    assert met.value.position == 5


def test_repeats_of_repeats_are_refused_before_they_are_unrolled() -> None:
    layer: Item = RELU
    for _ in range(60):
        layer = Repeat((layer,), 999_999_999)
    with pytest.raises(LimitExceeded, match="layers after unrolling"):
        layers_in((layer,))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Repeat((), 2, at=3), "a repeat is empty"),
        (lambda: Repeat((RELU,), 1, at=3), "a repeat is made at least 2 times; got 1"),
        (lambda: Residual((), at=3), "a residual is empty"),
        (lambda: Branches(((RELU,),), at=3), "branches need at least two arms"),
        (lambda: Branches(((RELU,), ()), at=3), r"an arm of a branch \(write `id` .* is empty"),
        (lambda: Stage("stem_", (), at=3), "the stage 'stem_' is empty"),
        (lambda: Stage("Stem", (RELU,), at=3), "a name of small letters, digits and _; got 'Stem'"),
        (lambda: Stage("1a", (RELU,), at=3), "got '1a'"),
        (lambda: Stage("a" * 61, (RELU,), at=3), "got 'aaaa"),
        (lambda: Stage("train", (RELU,), at=3), "'train' cannot name a stage"),
        (lambda: Stage("conv1", (RELU,), at=3), "'conv1' cannot name a stage"),
    ],
)
def test_what_cannot_be_put_together_is_refused(make: Callable[[], Item], said: str) -> None:
    with pytest.raises(WordFault, match=said) as met:
        make()
    assert met.value.position == 3
    assert met.value.hint


def test_no_stage_can_hide_an_attribute_of_a_module() -> None:
    attributes = {n for n in dir(nn.Sequential()) if n.islower() and n[0] != "_"}
    assert attributes <= RESERVED


@pytest.mark.parametrize(
    "name", [*WORDS, "conv12", "res1", "fork2", "arm3", "join1", "fc1_flatten"]
)
def test_names_that_layers_get_by_themselves_are_taken(name: str) -> None:
    assert is_taken(name)


@pytest.mark.parametrize("name", ["stage1", "stem", "convs", "body_", "head", "flatten_all"])
def test_other_names_are_free(name: str) -> None:
    assert Stage(name, (RELU,)).name == name
