"""`striate show` of what a convolution is among the linear layers: matrix, merged, head, shared-weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from striate.cli import output
from striate.cli.show_flags import Finite, Pair, Place, checked, give, outputs

_L4 = "0 0 0 0 0 0/0 1 0 0 0 0/0 1 1 1 1 1/0 1 0 0 0 0/0 0 0 0 0 0"
_CROSS_AND_X = "0 1 0/1 1 1/0 1 0; 1 0 1/0 1 0/1 0 1"
_SEVEN = (
    "3 1 0 2 1 0 1/0 2 4 1 0 1 2/1 0 2 3 1 0 1/2 1 0 1 4 2 0/"
    "0 3 1 2 0 1 1/1 0 2 0 1 3 2/0 1 1 2 0 0 4"
)
_SCENE = "0 1 0 0 0 0 0/1 1 1 0 0 0 0/0 1 0 0 1 0 1/0 0 0 0 0 1 0/0 0 0 0 1 0 1"


@click.command(
    epilog=output.examples(
        "striate show matrix",
        'striate show matrix --image "1 2 3/4 5 6/7 8 9" --kernel "1 0/0 -1" -o matrix.png',
        "striate show matrix --stride 2 -o matrix.gif",
    )
)
@click.option("--image", default=_L4, show_default=True, help="Numbers; up to 400.")
@click.option(
    "--kernel",
    default="vertical-line",
    show_default=True,
    help="Numbers, or a name of `show conv`.",
)
@click.option("--stride", type=Pair(), default="1", show_default=True, help="N, or ROWS,COLUMNS.")
@click.option("--pad", type=Pair(), default="0", show_default=True, help="N, or ROWS,COLUMNS.")
@click.option(
    "--bias", type=Finite(), default=0.0, show_default=True, help="Added to every output."
)
@outputs
def matrix(
    image: str, kernel: str, out: Path | None, npz: Path | None, as_json: bool, **flags: Any
) -> None:
    """A convolution as one sparse shared matrix, and what sharing saves."""
    from striate.lectures.conv import Slide
    from striate.lectures.matrix import matrix as shown
    from striate.verbs import show_read

    checked(out, npz)
    slide = Slide(flags["stride"], flags["pad"], bias=flags["bias"])
    picture = show_read.one_channel(image)
    give(shown(picture.values[0], show_read.one_kernel(kernel), slide), out, npz, as_json)


@click.command(
    epilog=output.examples(
        "striate show merged",
        "striate show merged --first gauss --second laplace -o merged.svg",
    )
)
@click.option(
    "--image", default=_SEVEN, show_default=True,
    help="Numbers, or a picture file.",
)  # fmt: skip
@click.option(
    "--first", default="sobel-x", show_default=True, help="Numbers, or a name of `show conv`."
)
@click.option(
    "--second", default="sobel-y", show_default=True, help="Numbers, or a name of `show conv`."
)
@outputs
def merged(
    image: str, first: str, second: str, out: Path | None, npz: Path | None, as_json: bool
) -> None:
    """Two convolutions without an activation between them are one convolution."""
    from striate.lectures.merged import merged as shown
    from striate.verbs import show_read

    checked(out, npz)
    picture = show_read.one_channel(image)
    kernels = show_read.one_kernel(first, "--first"), show_read.one_kernel(second, "--second")
    give(shown(picture.values[0], *kernels), out, npz, as_json)


@click.command(
    epilog=output.examples(
        "striate show head            # a cross and an X, looked for in a larger picture",
        'striate show head --weights "1 1/-1 -1; -1 1/-1 1" --bias "0 .5" -o head.gif',
    )
)
@click.option(
    "--image", default=_SCENE, show_default=True, help="The larger picture: numbers, or a file."
)
@click.option(
    "--weights", default=_CROSS_AND_X, show_default=True,
    help="A table for each class, parted by ;, of the size the head was made for.",
)  # fmt: skip
@click.option("--bias", help="A number for each class.  [default: zeros]")
@outputs
def head(
    image: str, weights: str, bias: str | None, out: Path | None, npz: Path | None, as_json: bool
) -> None:
    """A fully connected head slides over a larger picture as a convolution: a grid of scores."""
    from striate.lectures.head import head as shown
    from striate.verbs import show_read

    checked(out, npz)
    picture = show_read.one_channel(image)
    tables = show_read.channels(weights, "--weights")
    biases = None if bias is None else show_read.row(bias, "--bias")
    give(shown(picture.values[0], tables, biases), out, npz, as_json)


@click.command(
    epilog=output.examples(
        "striate show shared-weights  # the lecture's two paths",
        'striate show shared-weights --image "1 2 3/4 5 6/7 8 9" --kernel "1 0/0 1" --tap 1,1 -o paths.gif',
    )
)
@click.option("--image", default="2 -1 3", show_default=True, help="Numbers, or a picture file.")
@click.option(
    "--kernel", default="0.5 1", show_default=True, help="Numbers, or a name of `show conv`."
)
@click.option(
    "--tap", type=Place(), default="0,0", show_default=True, help="The weight that is followed."
)
@click.option("--upstream", help="dL/dy, of the output's shape.  [default: ones]")
@outputs
def shared_weights(
    image: str, kernel: str, out: Path | None, npz: Path | None, as_json: bool, **flags: Any
) -> None:
    """One weight, used at every place: its gradient is the sum along all paths."""
    from striate.lectures.shared_weights import shared_weights as shown
    from striate.verbs import show_read

    checked(out, npz)
    picture, taps = show_read.one_channel(image), show_read.one_kernel(kernel)
    upstream = show_read.maybe(flags["upstream"], "--upstream")
    give(shown(picture.values[0], taps, flags["tap"], upstream), out, npz, as_json)
