"""A student's mistake is named, and what is right is called right. The student's layers are loops."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import UsageError
from striate.lectures.checked.case import Case
from striate.lectures.checked.child import told
from striate.lectures.checked.judged import agrees, explanation, first_wrong
from striate.lectures.checked.kinds import KINDS, asked
from tests.lectures.checked import student

RIGHT = [
    "conv_forward", "conv_backward", "max_pool_forward", "max_pool_backward", "relu_forward",
    "relu_backward", "fc_forward", "fc_backward", "affine_forward", "affine_backward", "softmax_loss",
    "svm_loss", "batchnorm_forward", "batchnorm_backward", "avg_pool_forward", "avg_pool_backward",
    "sigmoid_forward", "sigmoid_backward", "tanh_forward", "tanh_backward",
]  # fmt: skip
WRONG = [
    ("conv_forward", "flipped", "out", "the kernel is flipped"),
    ("conv_forward", "turned", "out", "rows and columns of the kernel are swapped"),
    ("conv_forward", "pad ignored", "out", "pad is ignored"),
    ("conv_forward", "border", "out", "padded with its border"),
    ("conv_forward", "stride ignored", "out", "stride is ignored"),
    ("conv_forward", "step", "out", "the window moves by one; start at i · stride"),
    ("conv_forward", "mean", "out", "the mean of the products"),
    ("conv_forward", "last channel", "out", "only the last channel counts"),
    ("conv_forward", "no bias", "out", "the bias is missing"),
    ("conv_forward", "bias often", "out", "added once for each channel"),
    ("conv_forward", "type of x", "out", "out has the type of x"),
    ("conv_backward", "dx flipped", "dx", "the kernel is flipped"),
    ("conv_backward", "overwritten", "dx", "overwrite"),
    ("conv_backward", "dx of the padded", "dx", "dx is that of the padded x"),
    ("conv_backward", "cut wrongly", "dx", "cut off below and right only"),
    ("conv_backward", "last picture", "dw", "only the last picture counts"),
    ("conv_backward", "dw sign", "dw", "the sign is wrong"),
    ("conv_backward", "db of each picture", "db", "not summed over the pictures"),
    ("conv_backward", "db mean", "db", "the mean over the batch is taken"),
    ("max_pool_forward", "from zero", "out", "begin with −inf"),
    ("max_pool_forward", "mean", "out", "the mean is taken"),
    ("max_pool_backward", "everyone", "dx", "every number of the window gets it"),
    ("max_pool_backward", "overwritten", "dx", "later ones overwrite"),
    ("avg_pool_forward", "a side", "out", "divided by a side of the window"),
    ("avg_pool_forward", "largest", "out", "the largest is taken"),
    ("avg_pool_backward", "all of it", "dx", "each gets its share"),
    ("avg_pool_backward", "overwritten", "dx", "later ones overwrite"),
    ("sigmoid_forward", "sign", "out", "the sign of x is turned"),
    ("sigmoid_backward", "of x", "dx", "x · (1 − x) was taken"),
    ("tanh_backward", "no square", "dx", "1 − out was taken"),
    ("relu_forward", "leak", "out", "a leaky ReLU"),
    ("relu_backward", "at zero", "dx", "the slope at x = 0 is 1"),
    ("relu_backward", "passes", "dx", "dout came back as it was"),
    ("fc_forward", "no bias", "out", "the bias is missing"),
    ("fc_backward", "dw turned", "dw", "the axes are swapped"),
    ("fc_backward", "db of each", "db", "not summed over the pictures"),
    ("softmax_loss", "overflows", "loss", "it holds NaN"),
    ("softmax_loss", "summed", "loss", "take the mean"),
    ("softmax_loss", "dx not divided", "dx", "not divided by the number of pictures"),
    ("softmax_loss", "no one", "dx", "1 is not taken off the right class"),
    ("svm_loss", "own class", "loss", "the right class counts too"),
    ("svm_loss", "no margin", "loss", "the margin is missing"),
    ("svm_loss", "right class", "dx", "the right class gets nothing"),
    ("batchnorm_forward", "unbiased", "out", "over N − 1"),
    ("batchnorm_forward", "no eps", "out", "eps is missing"),
    ("batchnorm_forward", "no scale", "out", "gamma and beta are missing"),
    ("batchnorm_backward", "fixed", "dx", "mean and variance are taken as fixed"),
    ("batchnorm_backward", "x for z", "dgamma", "dout · x is summed"),
]


def answered(name: str, oops: str = "") -> tuple[list[Case], list[dict[str, np.ndarray]]]:
    """The student's numbers for every case."""
    one = asked(name)
    cases = [c for c in one.kind.cases() if c.upstream is not None or not one.is_backward]
    made = []
    for case in cases:
        arguments = [*case.given.values(), *case.numbers.values()]
        if one.is_backward:
            forward = getattr(student, name.replace("backward", "forward"))
            outputs = getattr(student, name)(case.upstream, forward(*arguments)[1], oops)
        else:
            outputs = getattr(student, name)(*arguments, oops)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        made.append({n: np.asarray(o) for n, o in zip(one.outputs, outputs, strict=False)})
    return cases, made


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_layer_is_called_right(name: str) -> None:
    kind = asked(name).kind
    cases, made = answered(name)
    assert len(cases) >= 4
    for case, outputs in zip(cases, made, strict=True):
        right = kind.right(case)
        for output, got in outputs.items():
            assert first_wrong(output, case, got, right[output]) is None, case.title


@pytest.mark.parametrize(
    ("name", "oops", "output", "why"), WRONG, ids=[f"{n} {o}" for n, o, *_ in WRONG]
)
def test_a_mistake_is_found_and_named(name: str, oops: str, output: str, why: str) -> None:
    kind = asked(name).kind
    cases, made = answered(name, oops)
    got = [outputs[output] for outputs in made]
    wrong = [
        first_wrong(output, case, one, kind.right(case)[output])
        for case, one in zip(cases, got, strict=True)
    ]
    assert any(wrong)
    assert why in explanation(kind, output, cases, got)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_known_mistake_gives_the_right_numbers(kind) -> None:
    for output, mistakes in kind.mistakes.items():
        cases = [c for c in kind.cases() if output in kind.right(c)]
        for mistake in mistakes:
            same = [
                agrees(np.asarray(mistake.made(c), float), kind.right(c)[output], c.is_exact)
                for c in cases
            ]
            assert not all(same), mistake.why


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_two_known_mistakes_give_the_same_numbers(kind) -> None:
    for output, mistakes in kind.mistakes.items():
        cases = [c for c in kind.cases() if output in kind.right(c)]
        made = [[np.asarray(m.made(c), float) for c in cases] for m in mistakes]
        for i, one in enumerate(made):
            for other, theirs in zip(mistakes[i + 1 :], made[i + 1 :], strict=True):
                same = [agrees(a, b, True) for a, b in zip(one, theirs, strict=True)]
                assert not all(same), f"{mistakes[i].why} / {other.why}"


def test_the_first_wrong_element_is_named_with_both_numbers() -> None:
    case = asked("relu_forward").kind.cases()[1]
    wanted = np.zeros((4, 5))
    got = wanted.copy()
    got[2, 3], got[3, 0] = 7, 9
    wrong = first_wrong("out", case, got, wanted)
    assert wrong is not None
    assert wrong.text == "out[2, 3] is 7, and should be 0"


def test_a_wrong_shape_is_named_before_numbers() -> None:
    case = asked("relu_forward").kind.cases()[1]
    wrong = first_wrong("out", case, np.zeros(3), np.zeros((4, 5)))
    assert wrong is not None
    assert wrong.text == "out has the shape (3,), and should have (4, 5)"


def test_numbers_that_nothing_explains_are_not_explained() -> None:
    kind = asked("relu_forward").kind
    cases = kind.cases()
    got = [case["x"] ** 3 + 1 for case in cases]
    assert explanation(kind, "out", cases, got) == ""


def test_a_name_says_which_layer_it_is_and_which_way() -> None:
    assert asked("conv_backward_naive").kind.name == "convolution"
    assert asked("conv_backward_naive").outputs == ("dx", "dw", "db")
    assert asked("softmax_loss").outputs == ("loss", "dx")


def test_a_name_that_says_nothing_is_refused_with_those_that_do() -> None:
    with pytest.raises(UsageError, match="does not say which layer it is") as refusal:
        asked("layer")
    known = "conv, max_pool, avg_pool, relu, sigmoid, tanh, fc, affine, batchnorm, softmax, svm"
    assert known in refusal.value.hint
    assert "dropout, other activations, other norms" in refusal.value.hint


def test_an_exception_is_told_with_the_line_of_the_students_file() -> None:
    with pytest.raises(TypeError) as fault:
        student.relu_forward("a")
    held = told(fault.value, student.__file__)
    assert held["kind"] == "TypeError"
    assert "np.where" in held["code"]
