"""Questions with computed answers, against sums written out here."""

from __future__ import annotations

import re

import pytest

from striate.lectures.quiz import DOES_NOT_FIT, KINDS, MOST, Question, questions


def numbers(text: str) -> list[int]:
    """Every whole number of a sentence, in order."""
    return [int(n) for n in re.findall(r"\d+", text)]


def expected(one: Question) -> str | None:
    """The answer by a sum of its own; None for the kinds that are followed layer by layer."""
    n = numbers(one.text)
    if one.text.startswith("A side of"):
        side, window, stride, pad = n
        places = (side + 2 * pad - window) / stride + 1
        return str(int(places)) if places == int(places) else DOES_NOT_FIT
    if one.text.startswith("Which padding"):
        return str((n[0] - 1) // 2)
    if "what shape" in one.text:
        pad = n[6] if "no padding" not in one.text else 0
        side = n[1] + 2 * pad - n[4] + 1
        return f"{n[3]}x{side}x{side}"
    if one.text.startswith("A convolution layer"):
        groups = n[2] if "groups" in one.text else 1
        return str(n[1] * (n[0] // groups * n[-1] ** 2 + 1))
    if one.text.startswith("A full connection"):
        return str(n[3] * (n[0] * n[1] * n[2] + 1))
    if one.text.startswith("One map"):
        return str((n[1] - n[3] + 1) ** 2 * (n[3] ** 2 + 1))
    if one.text.startswith("How many convolutions"):
        layers = 0
        while 1 + layers * (n[0] - 1) < n[3]:
            layers += 1
        return str(layers)
    if one.text.startswith("Layers"):
        words = one.text.split("(")[0].removeprefix("Layers").replace(" ", "").split(",")
        seen, jump = 1, 1
        for word in words:
            kernel = int(word[4]) if word.startswith("conv") else 2
            seen += (kernel - 1) * jump
            jump *= 2 if word == "max2" or "s2" in word else 1
        return str(seen)
    return str(1 + n[0] * (n[1] - 1))


@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_is_the_sum_that_one_does_by_hand(kind: str) -> None:
    for seed in range(5):
        for one in questions(kind, seed, 20):
            assert one.answer == expected(one), one


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_asks_the_same_and_another_asks_others(kind: str) -> None:
    assert questions(kind, 1, 10) == questions(kind, 1, 10)
    assert questions(kind, 1, 10) != questions(kind, 2, 10)


@pytest.mark.parametrize("kind", KINDS)
def test_no_question_is_asked_twice(kind: str) -> None:
    texts = [one.text for one in questions(kind, 3, MOST)]
    assert len(set(texts)) == len(texts) == MOST


@pytest.mark.parametrize("said", ["6x28x28", " 6 × 28 × 28 ", "6X28X28.", "6*28*28"])
def test_an_answer_may_be_written_in_several_ways(said: str) -> None:
    one = Question("", "6x28x28", "", "")
    assert one.accepts(said)
    assert not one.accepts("6x28x27")
    assert Question("", "3920", "", "").accepts("3,920")
