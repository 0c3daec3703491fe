"""A student's file, run in a process of its own: what is right, wrong, missing, broken or endless."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from striate.errors import FileFault, UsageError
from striate.verbs.lecture_check import check
from tests.lectures.checked import student

STUDENT = Path(student.__file__).read_text(encoding="utf-8")


@pytest.fixture
def wrote(tmp_path: Path) -> Callable[[str], str]:
    """A student's file; gives its path."""

    def write(text: str) -> str:
        path = tmp_path / "my_layers.py"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_a_right_file_is_right_in_every_case(wrote: Callable) -> None:
    found, printed = check(wrote(STUDENT) + ":conv_forward", ("conv_backward", "relu_forward"))
    assert [one.is_right for one in found] == [True, True, True]
    assert [len(one.right) for one in found] == [7, 6, 4]
    assert printed == ""


def test_a_flipped_kernel_is_found_with_place_numbers_and_reason(wrote: Callable) -> None:
    text = STUDENT.replace(
        "total = (patch * w[o]).sum()", "total = (patch[:, ::-1, ::-1] * w[o]).sum()"
    )
    assert text != STUDENT
    ((one,), _) = check(wrote(text) + ":conv_forward", ())
    assert one.wrong is not None
    assert one.wrong.place == (0, 0, 0, 0)
    assert one.wrong.got != one.wrong.wanted
    assert "the kernel is flipped" in one.why


def test_the_form_of_cs231n_with_one_dictionary_is_called_so(wrote: Callable) -> None:
    more = (
        "\ndef conv_forward_naive(x, w, b, conv_param):"
        "\n    return conv_forward(x, w, b, conv_param['stride'], conv_param['pad'])"
        "\ndef max_pool_forward_naive(x, pool_param):"
        "\n    assert pool_param['pool_height'] == pool_param['pool_width']"
        "\n    return max_pool_forward(x, pool_param['pool_width'], pool_param['stride'])"
        "\ndef batchnorm_forward_naive(x, gamma, beta, bn_param):"
        "\n    assert bn_param['mode'] == 'train'"
        "\n    return batchnorm_forward(x, gamma, beta)\n"
    )
    names = ("max_pool_forward_naive", "batchnorm_forward_naive")
    found, _ = check(wrote(STUDENT + more) + ":conv_forward_naive", names)
    assert [one.stopped for one in found] == ["", "", ""]
    assert all(one.is_right for one in found)


def test_backward_alone_gets_the_arguments_of_forward_as_its_cache(wrote: Callable) -> None:
    ((one,), _) = check(wrote(STUDENT) + ":conv_backward", ())
    assert one.is_right


def test_a_list_of_several_values_is_read_like_a_tuple(wrote: Callable) -> None:
    more = (
        "\ndef conv_forward_list(x, w, b, stride, pad):"
        "\n    return list(conv_forward(x, w, b, stride, pad))"
        "\ndef conv_backward_list(dout, cache):"
        "\n    return list(conv_backward(dout, cache))"
        "\ndef softmax_loss_list(x, labels):"
        "\n    return list(softmax_loss(x, labels))"
        "\ndef relu_forward_list(x):"
        "\n    return list(relu_forward(x))\n"
    )
    names = ("conv_backward_list", "softmax_loss_list", "relu_forward_list")
    found, _ = check(wrote(STUDENT + more) + ":conv_forward_list", names)
    assert [one.stopped for one in found] == ["", "", "", ""]
    assert all(one.is_right for one in found)


def test_a_list_of_plain_numbers_is_a_table(wrote: Callable) -> None:
    more = "\ndef relu_forward_plain(x):\n    return relu_forward(x)[0].tolist()\n"
    ((one,), _) = check(wrote(STUDENT + more) + ":relu_forward_plain", ())
    assert one.is_right


def test_an_exception_is_told_with_its_line(wrote: Callable) -> None:
    text = "def relu_forward(x):\n    y = x @ 'a'\n    return y\n"
    ((one,), _) = check(wrote(text) + ":relu_forward", ())
    assert not one.is_right
    assert "in line 2: `y = x @ 'a'`" in one.stopped
    assert "at x 1×6, float64" in one.stopped
    assert "relu_forward(x)" in one.hint


def test_a_function_that_takes_other_arguments_is_told_what_is_wanted(wrote: Callable) -> None:
    ((one,), _) = check(wrote("def conv_forward(x):\n    return x\n") + ":conv_forward", ())
    assert one.stopped.startswith("TypeError")
    assert "conv_forward(x, w, b, stride, pad)" in one.hint


def test_a_loop_that_never_ends_is_stopped(wrote: Callable) -> None:
    text = "def relu_forward(x):\n    while True:\n        pass\n"
    found, _ = check(wrote(text) + ":relu_forward", ("relu_backward",), seconds=5)
    assert found[0].stopped == "it took longer than 5 s, at x 1×6, float64"
    assert "never ends" in found[0].hint
    assert "not looked at" in found[1].stopped


def test_a_process_that_leaves_is_told(wrote: Callable) -> None:
    text = "import os\ndef relu_forward(x):\n    os._exit(9)\n"
    ((one,), _) = check(wrote(text) + ":relu_forward", ())
    assert one.stopped.startswith("its process ended with code 9")


def test_leaving_by_sys_exit_is_an_exception_like_others(wrote: Callable) -> None:
    text = "import sys\ndef relu_forward(x):\n    sys.exit('enough')\n"
    ((one,), _) = check(wrote(text) + ":relu_forward", ())
    assert "SystemExit: enough in line 3" in one.stopped


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def relu_forward(x):\n    pass\n", "out is no array of numbers, but NoneType"),
        ("def relu_forward(x):\n    return 'a'\n", "out is no array of numbers, but str"),
        ("def relu_forward(x):\n    x[x < 0] = 0\n    return x\n", "it changes x in place"),
    ],
    ids=["nothing", "text", "in place"],
)
def test_what_is_no_answer_is_told_in_words(wrote: Callable, text: str, said: str) -> None:
    ((one,), _) = check(wrote(text) + ":relu_forward", ())
    assert said in one.stopped


def test_too_few_gradients_are_told(wrote: Callable) -> None:
    text = "def conv_backward(dout, cache):\n    return dout\n"
    ((one,), _) = check(wrote(text) + ":conv_backward", ())
    assert one.stopped.startswith("it returned 1 value(s), and dx, dw, db are wanted")


def test_what_the_code_prints_is_handed_on(wrote: Callable) -> None:
    text = "print('hello')\ndef relu_forward(x):\n    return x * (x > 0)\n"
    found, printed = check(wrote(text) + ":relu_forward", ())
    assert printed.strip() == "hello"
    assert found[0].is_right


def test_a_missing_function_is_answered_with_those_that_are_there(wrote: Callable) -> None:
    with pytest.raises(UsageError, match="has no function 'conv_foward'") as refusal:
        check(wrote("def conv_forward(x):\n    pass\n") + ":conv_foward", ())
    assert refusal.value.hint == "it has: conv_forward"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def relu_forward(x:\n    pass\n", "SyntaxError"),
        ("import there_is_no_such_thing\n", "ModuleNotFoundError"),
    ],
    ids=["syntax", "import"],
)
def test_a_file_that_cannot_be_imported_is_told_with_its_line(wrote: Callable, text, said) -> None:
    with pytest.raises(UsageError, match=f"my_layers.py cannot be imported: {said}.* in line 1"):
        check(wrote(text) + ":relu_forward", ())


@pytest.mark.parametrize(
    ("target", "fault", "said"),
    [
        ("my_layers.py", UsageError, "does not name a function"),
        ("my_layers.py:a b", UsageError, "does not name a function"),
        ("nowhere.py:conv_forward", FileFault, "there is no file nowhere.py"),
    ],
)
def test_a_target_that_is_none_is_refused(target: str, fault, said: str) -> None:
    with pytest.raises(fault, match=said):
        check(target, ())


def test_other_names_are_checked_too(wrote: Callable) -> None:
    with pytest.raises(UsageError, match="'a b' is no name"):
        check(wrote("") + ":relu_forward", ("a b",))
