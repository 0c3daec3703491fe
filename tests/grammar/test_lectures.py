"""The architectures as the lectures print them."""

from __future__ import annotations

import pytest

from striate.errors import LimitExceeded, PlanError, SyntaxFault, UnknownWord
from striate.grammar.lectures import is_lecture, read_lecture
from striate.grammar.plan import Plan

STANFORD = "[(CONV-RELU)^2-POOL?]^3-(FC-RELU)^1,SOFTMAX"
ILLINOIS = "[Conv, ReLU, Pool] x 2, flatten, [FC, ReLU] x 1, FC"
CALIFORNIA = "convolutional layer + ReLU + max pooling, repeated; flatten; fully connected"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            STANFORD,
            "conv3p1-64 relu conv3p1-64 relu max2 conv3p1-128 relu conv3p1-128 relu max2 "
            "conv3p1-256 relu conv3p1-256 relu max2 fc128 relu fc softmax",
        ),
        (ILLINOIS, "conv3p1-64 relu max2 conv3p1-128 relu max2 flatten fc128 relu fc"),
        (CALIFORNIA, "conv3p1-64 relu max2 conv3p1-128 relu max2 flatten fc"),
    ],
)
def test_each_form_is_translated_to_words(text: str, words: str) -> None:
    assert Plan.read(text).text == words


@pytest.mark.parametrize(
    "text",
    [
        "[(CONV-RELU)*2-POOL?]*3-(FC-RELU)*1,SOFTMAX",
        "[(CONV-RELU)^2 - POOL] ^ 3 - (FC-RELU)^1, SOFTMAX",
        "[(conv-relu)x2-pool?]×3-(FC-relu)^1,softmax",
        "[(CONV->RELU)^2→POOL?]^3->(FC->RELU)^1->SOFTMAX",
    ],
)
def test_powers_and_joins_may_be_written_either_way(text: str) -> None:
    assert Plan.read(text) == Plan.read(STANFORD)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(CONV-RELU)^0-FC", "fc"),
        (
            "[CONV-POOL]^5-FC",
            " ".join(f"conv3p1-{n} max2" for n in (64, 128, 256, 512, 512)) + " fc",
        ),
        ("[(CONV-RELU)^1-POOL?]^1-(FC-RELU)^0,SOFTMAX", "conv3p1-64 relu max2 fc softmax"),
        ("CONV-RELU", "conv3p1-64 relu fc"),
        ("CONV-FC", "conv3p1-64 fc"),
        ("Conv, ReLU repeated 3 times; FC", "conv3p1-64 relu conv3p1-64 relu conv3p1-64 relu fc"),
        ("Conv, ReLU repeated twice; FC", "conv3p1-64 relu conv3p1-64 relu fc"),
        ("Conv; ReLU repeated; FC", "conv3p1-64 relu relu fc"),
        ("fully connected layer + ReLU; linear", "fc128 relu fc"),
    ],
)
def test_sizes_that_are_left_out_have_the_documented_defaults(text: str, words: str) -> None:
    assert Plan.read(text).text == words


def test_an_input_may_stand_in_front_and_classes_fill_the_last_fc() -> None:
    plan = Plan.read("3x32x32: " + STANFORD).with_classes(10)
    assert plan.output.channels == 10
    assert plan["max3"].output[1:3] == (4, 4)


@pytest.mark.parametrize(
    "text", ["conv3-64 relu", "relu max2 fc10", "3x32x32: gap fc", "Conv3-64", ""]
)
def test_texts_of_the_grammar_are_no_lectures(text: str) -> None:
    assert not is_lecture(text)


def test_a_capital_letter_in_a_text_with_sizes_is_a_fault_of_the_grammar() -> None:
    with pytest.raises(UnknownWord, match="unknown word 'ReLU'") as met:
        Plan.read("conv3-64 ReLU")
    assert met.value.hint == "did you mean `relu`?"


FAULTS = {
    "CONV-BLUB": (
        SyntaxFault,
        5,
        "CONV, RELU, POOL, FC, FLATTEN, SOFTMAX, brackets and numbers; got 'BLUB'",
    ),
    "[CONV]^N": (SyntaxFault, 6, "got '^N'"),
    "[CONV": (SyntaxFault, 0, "`[` is never closed"),
    "CONV]": (SyntaxFault, 4, "`]` closes nothing"),
    "[(CONV]": (SyntaxFault, 6, "`]` closes nothing"),
    "CONV^2": (SyntaxFault, 4, "`^2` has nothing to repeat"),
    "[CONV]^2^3": (SyntaxFault, 8, "`^3` has nothing to repeat"),
    "CONV; repeated; FC": (SyntaxFault, 6, "`repeated` has nothing to repeat"),
    "[FC]^0": (SyntaxFault, 0, "a word is missing here"),
    "[CONV]^1234567890": (LimitExceeded, 6, "numbers have at most 9 digits; got 1234567890"),
    "[CONV]^100001": (LimitExceeded, 6, "at most 100,000 layers after unrolling"),
    "[[CONV]^99999]^999999999": (LimitExceeded, 14, "at most 100,000 layers after unrolling"),
    "CONV" + " repeated" * 5000: (LimitExceeded, 149, "at most 100,000 layers after unrolling"),
    "(" * 65 + "CONV" + ")" * 65: (LimitExceeded, 64, "brackets may be nested 64 deep at most"),
    "3x0x3: CONV": (PlanError, 2, "an input has sizes from 1; got 0"),
    "CONV: FC": (SyntaxFault, 4, "`:` stands after the input"),
    "[CONV]^50000": (LimitExceeded, 0, "at most 64 kB of text; this one takes"),
}


@pytest.mark.parametrize(("text", "kind", "at", "said"), [(t, *f) for t, f in FAULTS.items()])
def test_a_fault_in_a_lecture_says_what_and_points_where(
    text: str, kind: type[PlanError], at: int, said: str
) -> None:
    with pytest.raises(kind) as met:
        Plan.read(text)
    assert said in met.value.text
    assert met.value.position == at
    assert met.value.hint


def test_a_long_lecture_is_read_in_linear_time() -> None:
    items, _ = read_lecture("CONV " + " " * 60_000)
    assert len(items) == 2
