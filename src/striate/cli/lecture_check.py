"""`striate lecture check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from striate.cli import output

if TYPE_CHECKING:
    from striate.verbs.lecture_check import Checked

_WRONG = 5


@click.command(
    epilog=output.examples(
        "striate lecture check my_layers.py:conv_forward",
        "striate lecture check my_layers.py:conv_forward conv_backward",
        "striate lecture check my_layers.py:softmax_loss --json",
    )
)
@click.argument("target", metavar="FILE.py:FUNCTION")
@click.argument("others", nargs=-1, metavar="[FUNCTION ...]")
@click.option(
    "--seconds",
    type=click.IntRange(1, 3600),
    default=30,
    show_default=True,
    help="At most, in all.",
)
@output.json_option
def check(target: str, others: tuple[str, ...], seconds: int, as_json: bool) -> int:
    """Your own layer against the textbook's: the first wrong element, and why.

    The name says which layer it is: conv, max_pool, avg_pool, relu, sigmoid, tanh, fc, affine,
    batchnorm, softmax, svm.

    \b
      conv_forward(x, w, b, stride, pad)    out or (out, cache); x: N C H W, w: O C kh kw
      conv_backward(dout, cache)            dx, dw, db
      max_pool_forward(x, size, stride)     max_pool_backward(dout, cache) gives dx; avg_pool too
      relu_forward(x)                       relu_backward(dout, cache) gives dx; sigmoid and tanh too
      fc_forward(x, w, b)                   x wᵀ + b, w: K D; affine_forward: x w + b, w: D K
      batchnorm_forward(x, gamma, beta)     in training; backward gives dx, dgamma, dbeta
      softmax_loss(x, labels)               loss or (loss, dx), the mean over N; svm_loss too

    Where one argument is left for several numbers they come as a dictionary, as in the exercises of CS231n:
    conv_param, pool_param, bn_param. cache is what your forward returns second, or else the tuple of its
    arguments. Your file runs in a process of its own. Exit code 5 where something is wrong.
    """
    from striate.verbs.lecture_check import check as checked

    found, printed = checked(target, others, seconds)
    if printed.strip():
        output.note("your code printed: " + " / ".join(printed.strip().splitlines()[:5]))
    if as_json:
        output.emit_json({"functions": [_data(one) for one in found]})
    else:
        output.emit("\n\n".join("\n".join(_lines(one)) for one in found))
    return 0 if all(one.is_right for one in found) else _WRONG


def _data(one: Checked) -> dict[str, object]:
    wrong = None if one.wrong is None else {**one.wrong._asdict(), "text": one.wrong.text}
    return {**one._asdict(), "right": list(one.right), "wrong": wrong, "is_right": one.is_right}


def _lines(one: Checked) -> list[str]:
    state = "right" if one.is_right else "stopped"
    if one.wrong:
        state = f"wrong in {one.cases - len(one.right)} of {one.cases} cases"
    lines = [f"{one.function} ({one.kind}): {state}"]
    lines += [f"  right  {title}" for title in one.right]
    if one.wrong:
        lines.append(f"  wrong  {one.wrong.case}")
        lines.append(f"         the first wrong element: {one.wrong.text}")
        lines.append(f"    why  {one.why or 'no known mistake gives these numbers'}")
    if one.stopped:
        lines.append(f"  stops  {one.stopped}")
        lines += [f"    fix  {one.hint}"] if one.hint else []
    return lines
