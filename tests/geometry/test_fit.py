"""What fits: the lectures' question, against plain counting of windows."""

from __future__ import annotations

import pytest

from striate.errors import UsageError
from striate.geometry.fit import ask, is_question


def counted(side: int, window: int, stride: int, padding: int) -> tuple[int, bool, int]:
    """Places, whether the last window ends at the border, and rows of the side that none touches."""
    rows = list(range(-padding, side + padding))
    starts = [i for i in range(0, len(rows), stride) if i + window <= len(rows)]
    seen = {rows[i + k] for i in starts for k in range(window)} & set(range(side))
    return len(starts), bool(starts) and starts[-1] + window == len(rows), side - len(seen)


def test_f_5_s_2_on_32_is_14_5_15_5_and_16_5_and_nothing_fits() -> None:
    found = ask("N=32 F=5 S=2 P=?")
    assert [one.sum_text.split(" = ")[1] for one in found.tries] == ["14.5", "15.5", "16.5"]
    assert not any(one.exact for one in found.tries)
    told = "\n".join(found.lines())
    assert "no padding fits: it adds 2P, an even number, and N - F = 27 is odd" in told
    assert "a side of 31/33 fits" in told
    assert "uneven padding fits: 3 in all, 1 before and 2 after, 16 places" in told


def test_the_slide_as_it_is_printed_is_answered_for_every_side() -> None:
    assert ask("F = 5, S = 2, P = ? (whatever fits)").lines() == [
        "N + 2P - 5 has to be divisible by 2:",
        "N = 6, 8, 10 …: nothing fits exactly",
        "N = 5, 7, 9 …: P = 0, 1, 2",
    ]


@pytest.mark.parametrize("text", ["N=32 F=5 S=2", "N=7 F=3 S=3", "N=9 F=4 S=3", "N=227 F=11 S=4"])
def test_every_padding_is_what_counting_windows_says(text: str) -> None:
    found = ask(text)
    side, window, stride = (found.known[letter] for letter in "NFS")
    assert len(found.tries) == window // 2 + 1
    for one in found.tries:
        assert (one.places, one.exact, one.unseen) == counted(side, window, stride, one.value)


def test_an_uneven_padding_that_is_named_ends_at_the_border() -> None:
    (line,) = [line for line in ask("N=10 F=3 S=4").rule if line.startswith("uneven")]
    total = int(line.split()[3])
    assert (10 + total - 3) % 4 == 0
    assert line.endswith("3 places")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("N=7 F=3 S=? P=1", "S = 1, 2, 3: fits exactly"),
        ("N=8 F=? S=3", "F = 2, 5, 8: fits exactly"),
        ("N=? F=5 S=3", "N = 5, 8, 11: fits exactly, and so on, in steps of 3"),
        ("F=3 S=2 P=1", "N = 1, 3, 5: fits exactly, and so on, in steps of 2"),
        ("N=32 F=5", "keeps the size: P = (F - 1)/2 = 2"),
        ("N=3 F=1 S=4", "no padding up to half a window fits; P = 1 would"),
    ],
)
def test_any_of_the_four_may_be_asked_for(text: str, told: str) -> None:
    assert told in ask(text).lines()


def test_a_window_larger_than_the_side_says_so() -> None:
    assert ask("N=7 F=9 S=2").tries[0].verdict == "the window is larger than the padded side"
    assert ask("N=3 F=7 S=2 P=1").rule == ("the window only fits with P = 2 or more",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("F=", "'F=' cannot be read"),
        ("F=3 F=4", "'F=4' cannot be read"),
        ("N=7", "F, the window, is missing"),
        ("N=123456 F=3", "'N=123456 F=3' cannot be read"),
        ("S=? F=3", "N, the side, is missing"),
        ("N=? F=? S=1", "N and F are both asked for, and only one can be"),
        ("N=7 F=0", "F, the window, is at least 1; got 0"),
    ],
)
def test_a_question_that_is_none_is_refused_with_an_example(text: str, told: str) -> None:
    with pytest.raises(UsageError, match="N=32 F=5 S=2") as caught:
        ask(text)
    assert told in caught.value.text


def test_a_text_of_a_network_is_no_question() -> None:
    assert is_question("F=5 S=2")
    assert is_question("n = ? f=3")
    assert not is_question("3x32x32: p=(conv3-4) fc2")
    assert not is_question("s=(conv3-4)*2 fc2")
    assert not is_question("resnet18")
