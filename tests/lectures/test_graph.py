"""A formula as a computation graph: read by a small parser, reckoned, and led back."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from striate.errors import UsageError
from striate.lectures.graph import EXAMPLE, graph
from striate.lectures.graph_read import read
from striate.lectures.shown import Net
from striate.textbook.activations import relu
from tests.lectures.reading import words


def value(text: str) -> float:
    """What a formula comes to."""
    return float(read(text).end.value)


def test_l3_upstream_times_local_is_downstream_at_every_node() -> None:
    shown = graph("x=2 y=-1 z=3 w=3: (x*w + y) max z", is_backward=True)
    assert shown.arrays["value"] == 5
    assert [float(shown.arrays[f"d_{n}"]) for n in "xwyz"] == [3, 2, 1, 0]
    assert "  max(x * w + y, z) → x * w + y: 1 × 1 = 1" in shown.lines
    assert "  x * w → x: 1 × 3 = 3" in shown.lines


def test_a_letter_without_a_value_is_1_and_that_is_said() -> None:
    shown = graph(EXAMPLE)
    assert "w has no value, it is taken as 1" in shown.lines
    assert shown.facts["assumed"] == ["w"]
    assert shown.arrays["value"] == 3


def test_a_letter_used_twice_gets_both_gradients_added() -> None:
    shown = graph("x=3: x*x + x", is_backward=True)
    assert shown.arrays["d_x"] == 7
    assert "dL/dx = 3 + 3 + 1 = 7" in shown.lines


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2 + 3 * 4", 14), ("(2 + 3) * 4", 20), ("2 - 3 - 4", -5), ("8 / 4 / 2", 1), ("2 * -3", -6),
        ("-2^2", -4), ("2^-1", 0.5), ("2^3", 8), ("max(2, 3)", 3), ("min(2, 3)", 2), ("1 max 5 min 3", 3),
        ("exp(0)", 1), ("log(1)", 0), ("sigmoid(0)", 0.5), ("relu(-2)", 0), ("relu(1 + 1)", 2),
        ("1 + 2 max 2", 3), (".5 + 1e1", 10.5), ("x=1e-1, y=-.5: x·2 − y", 0.7), ("--2", 2),
    ],
)  # fmt: skip
def test_formulas_come_to_what_a_person_reckons(text: str, wanted: float) -> None:
    assert value(text) == pytest.approx(wanted)


_NUMBERS = some.integers(1, 9).map(str)
_FORMULAS = some.recursive(
    _NUMBERS | some.sampled_from(["x", "y"]),
    lambda inner: some.builds(lambda a, o, b: f"({a} {o} {b})", inner, some.sampled_from("+-*/"), inner)
    | some.builds(lambda a: f"-{a}", inner),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(_FORMULAS)
def test_any_formula_comes_to_what_python_makes_of_it(text: str) -> None:
    # The oracle is Python's own parser; the product never evaluates text.
    oracle = compile(re.sub(r"(\d)", r"\1.0", text), "test", "eval")
    try:
        wanted = eval(oracle, {"x": 1.5, "y": -2.0})
    except ZeroDivisionError:
        return
    with np.errstate(all="ignore"):
        assert value(f"x=1.5 y=-2: {text}" if {"x", "y"} <= set(text) else _with(text)) == (
            pytest.approx(wanted, rel=1e-9, abs=1e-9)
        )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("exp(x) / (exp(x) + exp(y))", "exp(x) / (exp(x) + exp(y))"),
        ("exp(x) - (exp(x) - exp(y))", "exp(x) - (exp(x) - exp(y))"),
        ("(exp(x) + exp(y)) * 2", "(exp(x) + exp(y)) * 2"),
        ("x - x*y", "x - x * y"),
        ("x - (y + 2)", "x - (y + 2)"),
        ("(x^3)^2", "(x^3)^2"),
        ("exp(x^2)^3", "exp(x^2)^3"),
        ("(x + y) * x * y", "(x + y) * x * y"),
    ],
)
def test_a_node_is_written_with_the_brackets_it_needs_and_no_others(text: str, wanted: str) -> None:
    formula = read(text)
    assert formula.texts[formula.end] == wanted


_RICH = some.recursive(
    some.sampled_from(["x", "y", "2", "-3"]),
    lambda inner: some.builds(lambda a, o, b: f"({a}) {o} ({b})", inner, some.sampled_from("+-*/"), inner)
    | some.builds(lambda f, a: f"{f}({a})", some.sampled_from(["exp", "sigmoid", "relu", "-"]), inner)
    | some.builds(lambda a, b: f"({a}) max ({b})", inner, inner)
    | some.builds(lambda a: f"({a})^2", inner),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(_RICH)
def test_what_is_written_of_a_formula_reads_as_the_same_formula(text: str) -> None:
    with np.errstate(all="ignore"):
        first = read(_with(text))
        again = read(_with(first.texts[first.end]))
        np.testing.assert_equal(float(again.end.value), float(first.end.value))


def test_a_number_below_zero_keeps_all_of_its_digits() -> None:
    assert value("x=1000000: -0.1234567*x") == pytest.approx(-123456.7, rel=1e-12)


def _with(text: str) -> str:
    held = " ".join(f"{n}={v}" for n, v in (("x", 1.5), ("y", -2)) if re.search(rf"\b{n}\b", text))
    return f"{held}: {text}" if held else text


@pytest.mark.parametrize(
    "text",
    [
        "x=0.7 y=1.3: sigmoid(x*y - 2)/y + x^3",
        "x=2 y=3: exp(x/y) max log(x*y)",
        "x=.4 y=2: min(x, y)*y",
    ],
)
def test_gradients_are_those_of_finite_differences(text: str) -> None:
    shown = graph(text, is_backward=True)
    for name in ("x", "y"):
        at = float(shown.arrays[name])
        steps = []
        for h in (1e-6, -1e-6):
            values = {n: float(shown.arrays[n]) for n in ("x", "y")} | {name: at + h}
            steps.append(value(f"x={values['x']} y={values['y']}:" + text.split(":")[1]))
        slope = (steps[0] - steps[1]) / 2e-6
        assert float(shown.arrays[f"d_{name}"]) == pytest.approx(slope, rel=1e-5, abs=1e-7)


def test_a_frame_for_each_step_forward_and_each_back_and_nothing_known_too_early() -> None:
    shown = graph("x=2 w=3 y=1: x*w + y", is_backward=True)
    assert len(shown.frames) == 4
    assert "dL 1" not in words(shown.frames[1])
    assert words(shown.frames[0]).count("6") == 1
    assert "7" not in words(shown.frames[0])
    assert "1 × 3 = 3" in words(shown.frames[3])
    assert "1 × 3 = 3" not in words(shown.frames[2])
    assert len(graph("x=2 w=3 y=1: x*w + y").frames) == 2


def test_the_still_shows_every_value_and_gradient() -> None:
    shown = graph("x=2 w=3 y=-10: x*w + y", is_backward=True)
    held = words(shown.still)
    for i, node in enumerate(shown.facts["nodes"]):
        assert f"{shown.arrays['values'][i]:g}".replace("-", "−") in held, node
        assert f"dL {shown.arrays['gradients'][i]:g}".replace("-", "−") in held, node


def test_no_two_boxes_lie_over_one_another() -> None:
    for text in (EXAMPLE, "x=1 y=2: (x + y)*(x - y)/(x*y) + sigmoid(x)*exp(y)"):
        net = graph(text, is_backward=True).still.rows[0][0]
        assert isinstance(net, Net)
        places = [node.at for node in net.nodes]
        for i, (a, b) in enumerate(places):
            assert all(a != c or abs(b - d) >= 1 for c, d in places[i + 1 :])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "here is no formula"),
        ("x=1:", "here is no formula"),
        ("2 +", "after 2 +: a number, a letter or a bracket is expected, and it ends"),
        ("(2", "after ( 2: ')' is expected, and it ends"),
        ("2 3", "after 2: an operation is expected, and there is '3'"),
        ("2 $ 3", "after 2: an operation is expected, and there is '$'"),
        ("foo(2)", "foo is no function"),
        ("x^y", "a number as the power is expected"),
        ("max(1)", "',' is expected"),
        ("x=1 x=2: x", "x has two values"),
        ("exp=1: exp", "exp is a function"),
        ("x=1 q=2: x", "q has a value and is not in the formula"),
        ("x=a: x", "before the colon stand values, and this is none: 'x=a'"),
        ("1 / 0", "no number to go on with"),
        ("log(0 - 1)", "is nan: no number to go on with"),
        ("exp(1000)", "is inf: no number to go on with"),
        ("(" * 60 + "1" + ")" * 60, "brackets are at most 40 deep"),
        ("1" * 500, "at most 400 letters"),
        ("__import__('os')", "__import__ is no function"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(text: str, told: str) -> None:
    with pytest.raises(UsageError) as met:
        graph(text, is_backward=True)
    assert told in met.value.text


@pytest.mark.parametrize("text", ["x=0 y=0: y * x^0.5", "x=0: x^0", "x=0: x^0.3 + x"])
def test_where_there_is_no_slope_the_way_back_is_refused_and_the_way_forward_is_not(
    text: str,
) -> None:
    with pytest.raises(UsageError, match="has no slope where it is"):
        graph(text, is_backward=True)
    assert np.isfinite(graph(text).arrays["value"])


def test_a_number_without_a_slope_is_no_fault_for_it_learns_nothing() -> None:
    assert float(graph("x=3: x + 0^0.5", is_backward=True).arrays["d_x"]) == 1


def test_at_its_kink_relu_lets_nothing_back_as_the_layer_does() -> None:
    assert float(graph("x=0: relu(x)", is_backward=True).arrays["d_x"]) == 0
    assert float(relu().slope(np.zeros(1))[0]) == 0


def test_an_ending_in_infinity_is_refused_but_small_numbers_are_not() -> None:
    assert math.isclose(value("exp(-20)"), math.exp(-20))
