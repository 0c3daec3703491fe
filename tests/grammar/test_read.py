"""Texts to plans: what is read, what is refused, where, and with which words."""

from __future__ import annotations

import pytest

from striate.errors import LimitExceeded, PlanError, SyntaxFault, UnknownWord, WordFault
from striate.geometry.shape import Shape
from striate.grammar import read as reader
from striate.grammar.combine import Branches, Items, Repeat, Residual, Stage
from striate.grammar.read import MAX_TEXT, read
from striate.grammar.vocabulary import spelled
from striate.grammar.write import write

CONV, RELU = spelled("conv3"), spelled("relu")


def test_there_are_eleven_productions() -> None:
    productions = [line for line in str(reader.__doc__).splitlines() if " = " in line]
    assert len(productions) == 11
    assert "eleven productions" in str(reader.__doc__)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("conv3 relu", (CONV, RELU)),
        ("  conv3\n\trelu  \n", (CONV, RELU)),
        ("(conv3 relu)*2", (Repeat((CONV, RELU), 2),)),
        ("( conv3 relu ) * 2", (Repeat((CONV, RELU), 2),)),
        ("(conv3 relu)*1", (CONV, RELU)),
        ("(conv3 relu)", (CONV, RELU)),
        ("((((conv3))))", (CONV,)),
        ("(conv3 (relu)*2)*2", (Repeat((CONV, Repeat((RELU,), 2)), 2),)),
        ("{conv3}", (Residual((CONV,)),)),
        ("[conv3|relu]", (Branches(((CONV,), (RELU,))),)),
        ("[conv3+relu+relu]", (Branches(((CONV,), (RELU,), (RELU,)), "add"),)),
        ("stem=(conv3)", (Stage("stem", (CONV,)),)),
        ("stem = ( conv3 ) * 2", (Stage("stem", (Repeat((CONV,), 2),)),)),
        ("a_=(relu)b_=(relu)", (Stage("a_", (RELU,)), Stage("b_", (RELU,)))),
    ],
)
def test_words_are_put_together_as_the_grammar_says(text: str, items: Items) -> None:
    assert read(text) == (items, None)


@pytest.mark.parametrize("text", ["3x32x48:relu", " 3 x 32 x 48 : relu", "3X32×48: relu"])
def test_an_input_may_stand_in_front(text: str) -> None:
    assert read(text) == ((RELU,), Shape(3, 32, 48))


def test_a_word_knows_where_it_was_read() -> None:
    (first, repeat), _ = read("1x1x1:\n conv3 (relu)*2")
    assert isinstance(repeat, Repeat)
    assert (first.at, repeat.at, repeat.body[0].at) == (8, 14, 15)


FAULTS = {
    "": (SyntaxFault, 0, "a word is missing here"),
    "   ": (SyntaxFault, 3, "a word is missing here"),
    "3x32x32:": (SyntaxFault, 8, "a word is missing here"),
    "relu ()": (SyntaxFault, 6, "a word is missing here"),
    "relu {}": (SyntaxFault, 6, "a word is missing here"),
    "[relu | ]": (SyntaxFault, 8, "a word is missing here"),
    "[ | relu]": (SyntaxFault, 2, "a word is missing here"),
    "relu (conv3": (SyntaxFault, 5, "`(` is never closed"),
    "relu {conv3": (SyntaxFault, 5, "`{` is never closed"),
    "relu [conv3 | relu": (SyntaxFault, 5, "`[` is never closed"),
    "relu (conv3]": (SyntaxFault, 11, "`(` is open here, so `)` was expected; got `]`"),
    "{conv3 | relu}": (SyntaxFault, 7, "`{` is open here, so `}` was expected; got `|`"),
    "relu )": (SyntaxFault, 5, "`)` has nothing to belong to"),
    ") relu": (SyntaxFault, 0, "`)` has nothing to belong to"),
    "relu | conv3": (SyntaxFault, 5, "`|` has nothing to belong to"),
    "relu + conv3": (SyntaxFault, 5, "`+` has nothing to belong to"),
    "conv3*2": (SyntaxFault, 5, "`*` has nothing to belong to"),
    "(conv3)*2*2": (SyntaxFault, 9, "`*` has nothing to belong to"),
    "=(conv3)": (SyntaxFault, 0, "`=` has nothing to belong to"),
    "[relu]": (SyntaxFault, 0, "branches need at least two arms"),
    "[relu | relu + relu]": (SyntaxFault, 13, "either concatenates (`|`) or adds (`+`), not both"),
    "(relu)*": (SyntaxFault, 7, "a whole number from 1; got the end of the text"),
    "(relu)*0": (SyntaxFault, 7, "a whole number from 1; got '0'"),
    "(relu)*-1": (SyntaxFault, 7, "a whole number from 1; got '-1'"),
    "(relu)*２": (SyntaxFault, 7, "a whole number from 1; got '２'"),
    "(relu)*(relu)": (SyntaxFault, 7, "a whole number from 1; got '('"),
    "stem=relu": (SyntaxFault, 5, "a stage is a group in round brackets; got 'relu'"),
    "stem=": (SyntaxFault, 5, "a stage is a group in round brackets; got the end of the text"),
    "Stem=(relu)": (WordFault, 0, "a name of small letters, digits and _; got 'Stem'"),
    "relu train=(relu)": (WordFault, 5, "'train' cannot name a stage"),
    "a_=(relu) a_=(relu)": (WordFault, 10, "two stages here are named 'a_'"),
    "(a_=(relu)) a_=(relu)": (WordFault, 12, "two stages here are named 'a_'"),
    "3x32: relu": (SyntaxFault, 4, "`:` stands after the input, channels x height x width"),
    "relu: relu": (SyntaxFault, 4, "`:` stands after the input"),
    "3x0x32: relu": (WordFault, 2, "an input has sizes from 1; got 0"),
    "3x32x1234567890: relu": (LimitExceeded, 5, "numbers have at most 9 digits; got 1234567890"),
    "(relu)*1234567890": (LimitExceeded, 7, "numbers have at most 9 digits; got 1234567890"),
    "relu\n conv0": (WordFault, 6, "conv: its kernel must be at least 1; got 0"),
    "relu rleu": (UnknownWord, 5, "unknown word 'rleu'"),
    "relu relu;": (WordFault, 5, "';' cannot be read here"),
    "3x3x3: 3x3x3: relu": (UnknownWord, 7, "unknown word '3x3x3:'"),
}


@pytest.mark.parametrize(("text", "kind", "at", "said"), [(t, *f) for t, f in FAULTS.items()])
def test_a_fault_says_what_and_points_where(
    text: str, kind: type[PlanError], at: int, said: str
) -> None:
    with pytest.raises(PlanError) as met:
        read(text)
    assert type(met.value) is kind
    assert said in met.value.text
    assert met.value.position == at
    assert met.value.hint
    assert met.value.source == text


def test_a_fault_shows_its_line_and_column_with_carets_under_the_word() -> None:
    with pytest.raises(WordFault) as met:
        read("conv3 relu\n  conv0-64 relu")
    assert met.value.where == "column 3 of line 2\n  conv0-64 relu\n  ^^^^^^^^"


def test_a_fault_in_a_long_line_shows_a_window_around_it() -> None:
    with pytest.raises(UnknownWord) as met:
        read("relu " * 100 + "rleu" + " relu" * 100)
    place, line, carets = met.value.where.split("\n")
    assert place == "column 501"
    assert len(line) <= 62
    assert line[carets.index("^") : carets.rindex("^") + 1] == "rleu"


def test_control_characters_never_reach_the_terminal() -> None:
    for text in ("\x1b[31m", "(relu)*\x1b[31m", "stem=\x1b]0;x\x07", "conv3-\x1b[31m", "\x9b31m=("):
        with pytest.raises(PlanError) as met:
            read(text)
        assert met.value.report().replace("\n", "").isprintable()


def test_text_is_sixty_four_kilobytes_at_most() -> None:
    assert read("relu" + " " * (MAX_TEXT - 4))
    with pytest.raises(LimitExceeded, match="at most 64 kB of text; got 65,537 characters") as met:
        read("relu" + " " * (MAX_TEXT - 3))
    assert met.value.position == 0


@pytest.mark.parametrize("brackets", ["()", "{}"])
def test_brackets_are_nested_sixty_four_deep_at_most(brackets: str) -> None:
    opened, closed = brackets[0], brackets[1]
    assert read(opened * 64 + "relu" + closed * 64)
    for deep in (65, 20_000):
        with pytest.raises(LimitExceeded, match="nested 64 deep at most") as met:
            read(opened * deep + "relu" + closed * deep)
        assert met.value.position == 65


def test_branches_count_as_brackets_too() -> None:
    with pytest.raises(LimitExceeded, match="nested 64 deep at most"):
        read("[relu|" * 65 + "relu" + "]" * 65)


def test_stages_with_repeats_may_be_nested_as_deep_as_any_brackets() -> None:
    text = "a_=(" * 64 + "relu" + ")*1" * 63 + ")*2"
    items, _ = read(text)
    assert read(write(items)) == (items, None)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("(relu)*100001", 0),
        ("relu ((relu)*1000)*101", 5),
        ("(((relu)*99999)*99999)*999999999", 1),
        ("[(relu)*99999|relu relu]", 0),
    ],
)
def test_a_hundred_thousand_layers_are_the_most(text: str, at: int) -> None:
    with pytest.raises(LimitExceeded, match="at most 100,000 layers after unrolling") as met:
        read(text)
    assert met.value.position == at


def test_a_hundred_thousand_layers_can_be_read() -> None:
    items, _ = read("(relu)*100000")
    assert items == (Repeat((RELU,), 100_000),)


@pytest.mark.parametrize("text", ["3x32x32 conv3-4", "3x32x32"])
def test_an_input_without_its_colon_is_told_where_it_goes(text: str) -> None:
    with pytest.raises(SyntaxFault, match="after an input stands `:`") as met:
        read(text)
    assert met.value.position == 7
