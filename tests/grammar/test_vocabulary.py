"""Known words, and the nearest ones to an unknown."""

from __future__ import annotations

import pytest

from striate.errors import UnknownWord
from striate.grammar.vocabulary import WORDS, known_prefix, leading_letters, nearest, spelled


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("cnov3", "`conv`"),
        ("ReLU", "`relu`"),
        ("CONV3-64", "`conv`"),
        ("maxpool2", "`max`"),
        ("avgpool", "`avg`"),
        ("dropout0.5", "`drop`"),
        ("convolution3-64", "`conv`"),
        ("flaten", "`flatten`"),
        ("softmx", "`softmax`"),
        ("avgt4", "`avgto`"),
    ],
)
def test_an_unknown_word_lists_the_nearest_known_ones(text: str, near: str) -> None:
    with pytest.raises(UnknownWord, match="unknown word") as met:
        spelled(text, 4)
    assert near in met.value.hint
    assert met.value.hint.startswith("did you mean")
    assert (met.value.position, met.value.length) == (4, len(text))


@pytest.mark.parametrize("text", ["zzz", "123", "-", "…", "\x00", "слово"])
def test_a_word_like_no_other_lists_all(text: str) -> None:
    with pytest.raises(UnknownWord, match="unknown word") as met:
        spelled(text)
    assert met.value.hint == "words are: " + " ".join(WORDS)


def test_the_longest_known_name_wins() -> None:
    assert known_prefix("maxout2") == "maxout"
    assert known_prefix("maxto6") == "maxto"
    assert known_prefix("max2") == "max"
    assert known_prefix("selu") == "selu"
    assert known_prefix("seh") == "se"
    assert known_prefix("x") is None


def test_options_may_follow_a_name_without_a_number() -> None:
    assert spelled("bnm0.01").text == "bnm0.01"
    assert spelled("lrnk2a0.001").text == "lrna0.001"
    assert spelled("seh").text == "seh"
    assert spelled("fcb0").text == "fcb0"


@pytest.mark.parametrize("text", ["bn", "bn0.5", "drop", "lrn", "se", "maxout", "fc", "relu"])
def test_what_may_be_left_out_may_be_left_out(text: str) -> None:
    assert spelled(text).text == text


def test_the_letters_at_the_start_are_plain_ones() -> None:
    assert leading_letters("conv3x1") == "conv"
    assert leading_letters("3conv") == ""
    assert leading_letters("") == ""


def test_the_nearest_names_are_three_at_most() -> None:
    assert nearest("resnet", ["resnet18", "resnet34", "resnet50", "vgg16"], 2).count("`") == 4
    assert nearest("zzz", ["conv"]) == ""
