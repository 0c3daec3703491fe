"""How every word is spelt, and what it may not hold."""

from __future__ import annotations

import pytest
from hypothesis import given

from striate.errors import LimitExceeded, PlanError, WordFault
from striate.geometry.window import Window
from striate.grammar.plain import Activation, BatchNorm, Dropout, Full, Scale
from striate.grammar.sliding import Conv, MaxPool
from striate.grammar.vocabulary import WORDS, spelled
from striate.grammar.words import Word, letters, sliding, spelt
from tests.grammar.strategies import words


@given(words())
def test_every_word_is_read_back_from_its_text(word: Word) -> None:
    assert spelled(word.text) == word
    assert spelled(word.text).text == word.text


@pytest.mark.parametrize("name", WORDS)
def test_the_example_of_every_word_can_be_read(name: str) -> None:
    kind, _ = WORDS[name]
    assert type(spelled(kind.example)) is kind
    assert kind.__doc__


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("conv3x3s1p0-64", "conv3-64"),
        ("conv03-064", "conv3-64"),
        ("conv3p1s2-64", "conv3s2p1-64"),
        ("conv3x1p1x0", "conv3x1p1x0"),
        ("conv3same", "conv3same"),
        ("conv3b1", "conv3b"),
        ("conv3b0", "conv3b0"),
        ("max2s2", "max2s2"),
        ("bn0.00001", "bn"),
        ("bn0.0000001", "bn0.0000001"),
        ("relu6.0", "relu6"),
        ("fc10b1", "fc10"),
        ("drop", "drop"),
        ("drop0.50", "drop"),
    ],
)
def test_a_word_has_one_spelling(text: str, canonical: str) -> None:
    assert spelled(text).text == canonical


FAULTS = {
    "conv": "its kernel is missing",
    "part2": "its index is missing",
    "conv3s": "`s` takes a number; got none",
    "conv3s2s2": "its stride is given twice",
    "conv3z4": "this word has no option `z`; it knows s, p, d, b, g",
    "relu6x6": "its number is a number; got '6x6'",
    "gap2": "this word has no number after its name; it takes no options",
    "gap-3": "this word has no channels; it takes no options",
    "fc10-3": "this word has no channels; it knows b",
    "conv3-": "its channels is a whole number; got ''",
    "conv3-6x4": "its channels is a whole number; got '6x4'",
    "conv3--6": "its channels is a whole number; got '-6'",
    "conv3.5": "its kernel is a whole number or a pair such as 3x1; got '3.5'",
    "conv3x3x3": "this word has no option `x`; it knows s, p, d, b, g",
    "conv3_": "'_' cannot be read here",
    "conv3S2": "'S2' cannot be read",
    "conv３": "'３' cannot be read",
    "conv3b2": "`b` takes 0 or 1; got 2",
    "max2c1": "`c` takes no number; got 1",
    "conv3same2": "`same` stands alone, for padding; got 'same2'",
    "fcsame": "`same` stands alone, for padding; got 'same'",
    "conv0": "conv: its kernel must be at least 1; got 0",
    "conv3s0": "conv: its stride must be at least 1; got 0",
    "conv3x0": "conv: its kernel must be at least 1; got 0",
    "maxout1": "maxout: its pieces must be at least 2; got 1",
    "bn2": "bn: its eps must be at most 1; got 2",
}


@pytest.mark.parametrize(("text", "said"), FAULTS.items())
def test_a_word_that_cannot_be_is_refused_at_its_place(text: str, said: str) -> None:
    with pytest.raises(WordFault) as met:
        spelled(text, 7)
    assert said in met.value.text
    assert met.value.hint.startswith("write it like `") or met.value.hint == "leave one out"
    assert (met.value.position, met.value.length) == (7, len(text))


@pytest.mark.parametrize(
    "text",
    ["conv1234567890", "conv3-1234567890", "fc1234567890", "conv3s1x1234567890", "relu" + "1" * 21],
)
def test_numbers_of_more_than_nine_digits_are_refused_by_name(text: str) -> None:
    with pytest.raises(LimitExceeded, match="numbers have at most 9 digits.*; got 1") as met:
        spelled(text, 7)
    assert (met.value.position, met.value.length) == (7, len(text))


@pytest.mark.parametrize("rest", ["9" * 60_000, "s" * 60_000, "3-" + "\x1b" * 60_000, "=" * 60_000])
def test_a_fault_repeats_no_more_than_a_few_characters(rest: str) -> None:
    with pytest.raises(PlanError) as met:
        spelled("conv" + rest)
    assert len(str(met.value)) < 500
    assert "\x1b" not in str(met.value)


def test_words_made_by_hand_are_held_to_the_same_rules() -> None:
    with pytest.raises(WordFault, match="its kernel must be at least 1; got 0") as met:
        Conv(kernel=(0, 3))
    assert met.value.position is None
    with pytest.raises(WordFault, match="at most 999,999,999; got 1,000,000,000"):
        Full(features=10**9)
    with pytest.raises(LimitExceeded, match="decimals 20 signs"):
        Scale(factor=1 / 3e9)


def test_one_number_by_hand_means_a_pair_and_a_whole_one_a_decimal() -> None:
    assert Conv(kernel=3, padding=1) == Conv(kernel=(3, 3), padding=(1, 1))  # type: ignore[arg-type]
    assert Scale(factor=2) == Scale(factor=2.0)
    assert Scale(factor=-0.0).text == "scale0"


def test_the_place_in_the_text_does_not_count_for_equality() -> None:
    assert spelled("relu", 3) == spelled("relu", 5)
    assert spelled("relu", 3).place == 3
    assert Activation(called="relu").place is None


def test_the_letters_of_the_options_are_those_of_the_fields() -> None:
    assert letters(Conv) == "spdbg"
    assert letters(BatchNorm) == "m"
    assert letters(Dropout) == ""
    assert [f.name for f in spelt(MaxPool)] == ["kernel", "stride", "padding", "ceil", "dilation"]


def test_same_padding_puts_the_smaller_half_before() -> None:
    rows, columns = sliding((4, 3), (1, 2), "same", (1, 2))
    assert rows == Window(4, 1, 1, 2)
    assert columns == Window(3, 2, 2, 2, 2)
