"""`striate show` of single layers and of graphs: what is reckoned from a few numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from striate.cli import output
from striate.cli.show_flags import Finite, checked, give, outputs
from striate.errors import UsageError


@click.command(
    epilog=output.examples(
        'striate show graph "x=2 y=-1 z=3: (x*w + y) max z" --backward',
        'striate show graph "x=-2 y=5 z=-4: (x + y) * z" --backward -o graph.svg',
        'striate show graph "w=2 x=-1 b=-3: sigmoid(w*x + b)" --backward -o graph.gif',
    )
)
@click.argument("formula", default="x=2 y=-1 z=3: (x*w + y) max z")
@click.option("--backward", is_flag=True, help="Gradients of every node too.")
@outputs
def graph(formula: str, backward: bool, out: Path | None, npz: Path | None, as_json: bool) -> None:
    """A computation graph, node by node: forward, and back by upstream × local = downstream.

    Values stand before the colon; a letter without one is 1, and that is said. + - * / ^ max min exp log
    sigmoid relu and brackets are read.
    """
    from striate.lectures.graph import graph as shown

    checked(out, npz)
    give(shown(formula, backward), out, npz, as_json)


@click.command(
    epilog=output.examples(
        'striate show fc --input "1 2 -1" --weights "1 0 2/-1 1 0.5" --bias "0 1"',
        "striate show fc --backward -o fc.svg",
    )
)
@click.option("--input", "x", default="1 2 -1", show_default=True, help="The numbers that go in.")
@click.option(
    "--weights", default="1 0 2/-1 1 0.5", show_default=True, help="A row for each output."
)
@click.option("--bias", help="A number for each output.  [default: zeros]")
@click.option("--backward", is_flag=True, help="Gradients of input, weights and bias too.")
@click.option("--upstream", help="With --backward: dL/dy.  [default: ones]")
@outputs
def fc(
    x: str, weights: str, out: Path | None, npz: Path | None, as_json: bool, **flags: Any
) -> None:
    """A fully connected layer: every output is a dot product with the whole input."""
    from striate.lectures.fc import fc as shown
    from striate.verbs import show_read

    checked(out, npz)
    W = show_read.table(weights, "--weights")
    bias = None if flags["bias"] is None else show_read.row(flags["bias"], "--bias")
    up = show_read.upstream(flags, (1, len(W)))
    give(
        shown(show_read.row(x, "--input"), W, bias, None if up is None else up[0]),
        out,
        npz,
        as_json,
    )


@click.command(
    epilog=output.examples(
        'striate show relu --input "1 -2 3/-0.5 0 2" --backward',
        'striate show relu --kind sigmoid --input "-4 0 4" -o sigmoid.svg',
    )
)
@click.option("--input", "x", default="1 -2 3/-0.5 0 2", show_default=True, help="Numbers.")
@click.option(
    "--kind",
    type=click.Choice(
        ["relu", "leaky", "elu", "selu", "sigmoid", "tanh", "gelu", "silu", "softplus"]
    ),
    default="relu",
    show_default=True,
)
@click.option("--backward", is_flag=True, help="Upstream × slope = downstream too.")
@click.option("--upstream", help="With --backward: dL/dy, of the input's shape.  [default: ones]")
@outputs
def relu(
    x: str, kind: str, out: Path | None, npz: Path | None, as_json: bool, **flags: Any
) -> None:
    """ReLU and its kin: one number in, one number out, and the slope as the local gradient."""
    from striate.lectures.relu import relu as shown
    from striate.verbs import show_read

    checked(out, npz)
    values = show_read.table(x, "--input")
    give(shown(values, kind, show_read.upstream(flags, values.shape)), out, npz, as_json)


_SCORES, _LABELS = "3.2 5.1 -1.7/1.3 4.9 2.0/2.2 2.5 -3.1", "0 1 2"


def _labels(scores: str, labels: str | None) -> str:
    """What was typed; the example has labels of its own, other scores have none."""
    if labels is None:
        return _LABELS if scores == _SCORES else ""
    return labels.strip()


@click.command(
    epilog=output.examples(
        'striate show softmax --scores "3.2 5.1 -1.7" --labels 0',
        "striate show softmax -o softmax.svg",
    )
)
@click.option("--scores", default=_SCORES, show_default=True, help="A row for each picture.")
@click.option(
    "--labels", help="Right classes, from 0 on.  [default: 0 1 2 for the example, else none]"
)
@outputs
def softmax(
    scores: str, labels: str | None, out: Path | None, npz: Path | None, as_json: bool
) -> None:
    """Softmax: scores to probabilities, the loss −log p, and its gradient."""
    from striate.lectures.losses import softmax as shown
    from striate.verbs import show_read

    checked(out, npz)
    labels = _labels(scores, labels)
    right = show_read.whole(show_read.row(labels, "--labels"), "--labels") if labels else None
    give(shown(show_read.table(scores, "--scores"), right), out, npz, as_json)


@click.command(
    epilog=output.examples(
        "striate show svm",
        'striate show svm --scores "3.2 5.1 -1.7" --labels 0 --margin 1 -o svm.svg',
    )
)
@click.option("--scores", default=_SCORES, show_default=True, help="A row for each picture.")
@click.option("--labels", help="Right classes, from 0 on.  [default: 0 1 2 for the example]")
@click.option(
    "--margin", type=Finite(), default=1.0, show_default=True, help="How far ahead it should be."
)
@outputs
def svm(
    scores: str,
    labels: str | None,
    margin: float,
    out: Path | None,
    npz: Path | None,
    as_json: bool,
) -> None:
    """The multiclass SVM loss: every wrong class should score a margin less than the right one."""
    from striate.lectures.losses import svm as shown
    from striate.verbs import show_read

    checked(out, npz)
    labels = _labels(scores, labels)
    if not labels:
        raise UsageError(
            "the SVM loss needs the right classes", 'such as --labels "0 2", one for each row'
        )
    right = show_read.whole(show_read.row(labels, "--labels"), "--labels")
    give(shown(show_read.table(scores, "--scores"), right, margin), out, npz, as_json)


@click.command(
    epilog=output.examples(
        'striate show bn --input "1 10/2 20/3 60"',
        'striate show bn --scale "2 1" --shift "0 5" --backward --upstream "1 0/0 0/0 0"',
    )
)
@click.option(
    "--input", "x", default="1 10/2 20/3 60", show_default=True, help="A row for each picture."
)
@click.option("--scale", help="A number for each feature.  [default: ones]")
@click.option("--shift", help="A number for each feature.  [default: zeros]")
@click.option("--backward", is_flag=True, help="Gradients too.")
@click.option("--upstream", help="With --backward: dL/dy, of the input's shape.  [default: ones]")
@outputs
def bn(x: str, out: Path | None, npz: Path | None, as_json: bool, **flags: Any) -> None:
    """Batch norm: each feature to mean 0 and variance 1 over the batch, then scale and shift."""
    from striate.lectures.bn import bn as shown
    from striate.verbs import show_read

    checked(out, npz)
    values = show_read.table(x, "--input")
    scale, shift = (
        None if flags[name] is None else show_read.row(flags[name], f"--{name}")
        for name in ("scale", "shift")
    )
    give(shown(values, scale, shift, show_read.upstream(flags, values.shape)), out, npz, as_json)


@click.command(
    epilog=output.examples(
        "striate show dropout --p 0.25",
        'striate show dropout --input "1 2 3 4" --p 0.5 --seed 7 -o draws.gif',
    )
)
@click.option("--input", "x", default="1 2 3 4/5 6 7 8", show_default=True, help="Numbers.")
@click.option(
    "--p", type=Finite(), default=0.25, show_default=True, help="Probability of being dropped."
)
@click.option("--seed", type=int, default=2, show_default=True, help="Of the draws.")
@click.option(
    "--draws", type=click.IntRange(1, 20_000), default=2000, show_default=True, help="For the mean."
)
@click.option("--backward", is_flag=True, help="Where the gradient goes.")
@click.option("--upstream", help="With --backward: dL/dy, of the input's shape.  [default: ones]")
@outputs
def dropout(x: str, out: Path | None, npz: Path | None, as_json: bool, **flags: Any) -> None:
    """Dropout: numbers are zeroed with probability p, the rest is scaled by 1 / (1 − p)."""
    from striate.lectures.dropout import dropout as shown
    from striate.verbs import show_read

    checked(out, npz)
    values = show_read.table(x, "--input")
    up = show_read.upstream(flags, values.shape)
    give(shown(values, flags["p"], flags["seed"], flags["draws"], up), out, npz, as_json)
