"""`striate show` of what slides over a picture: conv, pool and their kin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from striate.cli import output
from striate.cli.show_flags import Finite, Pair, Place, checked, give, outputs
from striate.errors import UsageError

IMAGE = "1 1 1 0 0/0 1 1 1 0/0 0 1 1 1/0 0 1 1 0/0 1 1 0 0"


@click.command(
    epilog=output.examples(
        f'striate show conv --image "{IMAGE}" --kernel "1 0 1/0 1 0/1 0 1"',
        'striate show conv --image "1 2 0/0 1 3/2 0 1" --kernel "1 -1/0 2" --at 0,1 --bias 1 --backward',
        'striate show conv --image "1 2/3 4; 5 6/7 8" --kernel "1 0/0 1; 0 1/1 0" -o two-channels.svg',
        "striate show conv --image photo.jpg --kernel sobel-x -o sliding.gif",
        "striate show conv --run latest --layer conv1 --unit 3 --image photo.jpg -o mine.gif",
    )
)
@click.option("--image", default=IMAGE, show_default=True, help="Numbers, or a picture file.")
@click.option(
    "--kernel",
    default="1 0 1/0 1 0/1 0 1",
    show_default=True,
    help="Numbers, or a name: identity, box, gauss, sharpen, laplace, sobel-x, sobel-y, prewitt-x, "
    "prewitt-y, horizontal-line, vertical-line, checks.",
)
@click.option("--stride", type=Pair(), default="1", show_default=True, help="N, or ROWS,COLUMNS.")
@click.option("--pad", type=Pair(), default="0", show_default=True, help="N, or ROWS,COLUMNS.")
@click.option("--dilation", type=Pair(), default="1", show_default=True, help="N, or ROWS,COLUMNS.")
@click.option("--flip", is_flag=True, help="True convolution: the kernel is turned by half a turn.")
@click.option(
    "--bias", type=Finite(), default=0.0, show_default=True, help="Added to every output."
)
@click.option(
    "--at",
    type=Place(),
    help="The output that is written out.  [default: 0,0, or the strongest of many]",
)
@click.option("--backward", is_flag=True, help="Gradients of image, kernel and bias too.")
@click.option("--upstream", help="With --backward: dL/dy, of the output's shape.  [default: ones]")
@click.option("--run", help="A run: kernel, stride, pad and bias are those of one of its filters.")
@click.option("--layer", help="With --run: which convolution.  [default: the first]")
@click.option("--unit", type=click.IntRange(0), help="With --run: which filter.  [default: 0]")
@outputs
def conv(
    image: str, kernel: str, out: Path | None, npz: Path | None, as_json: bool, **flags: Any
) -> None:
    """A kernel slides over a picture: every output is patch × kernel, summed, plus the bias.

    As in every library the kernel is not flipped (cross-correlation); --flip is the convolution of signal
    processing. A picture file is taken in grey, as 0 ... 255, or in colour for a kernel of three channels.
    """
    from striate.lectures.conv import Slide
    from striate.lectures.conv import conv as shown
    from striate.verbs import show_read

    checked(out, npz)
    _refuse_beside_a_run(flags["run"])
    if flags["run"] is not None:
        from striate.verbs.show_run import taken

        mine = taken(flags["run"], image, flags["layer"], flags["unit"] or 0, flags["at"])
        slide = mine.slide._replace(
            is_backward=flags["backward"],
            upstream=show_read.maybe(flags["upstream"], "--upstream"),
        )
        give(shown(mine.x, mine.kernel, slide, mine.note), out, npz, as_json)
        return
    taps = show_read.kernel(kernel)
    picture = show_read.image(image, as_grey=len(taps) == 1)
    slide = Slide(
        flags["stride"], flags["pad"], flags["dilation"], flags["flip"], flags["bias"], flags["at"],
        flags["backward"], show_read.maybe(flags["upstream"], "--upstream"),
    )  # fmt: skip
    give(shown(picture.values, taps, slide, picture.note), out, npz, as_json)


def _refuse_beside_a_run(run: str | None) -> None:
    """With a run its own kernel slides as it does there, over a picture file."""
    ctx = click.get_current_context()
    typed = {
        one.opts[0]
        for one in ctx.command.params
        if ctx.get_parameter_source(one.name or "") is ParameterSource.COMMANDLINE
    }
    owned = ("--kernel", "--stride", "--pad", "--dilation", "--flip", "--bias")
    for name in ("--layer", "--unit") if run is None else owned:
        if name in typed:
            raise UsageError(
                f"{name} is used with --run alone" if run is None else f"--run does not use {name}",
                "give --run RUN" if run is None else "the filter is taken as it is in the run",
            )
    if run is not None and "--image" not in typed:
        raise UsageError("--run needs a picture to slide over", "give --image FILE")


@click.command(
    epilog=output.examples(
        'striate show pool --image "1 1 2 4/5 6 7 8/3 2 1 0/1 2 3 4"',
        "striate show pool --kind average --backward",
        "striate show pool --image photo.jpg --window 8 -o pooled.png",
    )
)
@click.option(
    "--image", default="1 1 2 4/5 6 7 8/3 2 1 0/1 2 3 4", show_default=True,
    help="Numbers, or a picture file, taken in grey.",
)  # fmt: skip
@click.option("--kind", type=click.Choice(["max", "average"]), default="max", show_default=True)
@click.option("--window", type=Pair(), default="2", show_default=True, help="N, or ROWS,COLUMNS.")
@click.option("--stride", type=Pair(), help="N, or ROWS,COLUMNS.  [default: the window]")
@click.option("--pad", type=Pair(), default="0", show_default=True, help="N, or ROWS,COLUMNS.")
@click.option("--backward", is_flag=True, help="Where the gradient goes.")
@click.option("--upstream", help="With --backward: dL/dy, of the output's shape.  [default: ones]")
@outputs
def pool(image: str, out: Path | None, npz: Path | None, as_json: bool, **flags: Any) -> None:
    """Pooling: the largest number, or the mean, of what a window sees."""
    from striate.lectures.pool import Pooling
    from striate.lectures.pool import pool as shown
    from striate.verbs import show_read

    checked(out, npz)
    picture = show_read.one_channel(image)
    asked = Pooling(
        flags["kind"], flags["window"], flags["stride"], flags["pad"], flags["backward"],
        show_read.maybe(flags["upstream"], "--upstream"),
    )  # fmt: skip
    give(shown(picture.values[0], asked, picture.note), out, npz, as_json)
