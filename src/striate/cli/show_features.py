"""`striate show` of what came before networks: hues, hog, words."""

from __future__ import annotations

from pathlib import Path

import click

from striate.cli import output
from striate.cli.show_flags import Place, checked, give, outputs


@click.command(
    epilog=output.examples(
        "striate show hues",
        "striate show hues photo.jpg --bins 24 -o hues.png",
    )
)
@click.argument("picture", required=False)
@click.option(
    "--bins", type=click.IntRange(1, 36), default=12, show_default=True, help="Parts of the circle."
)
@outputs
def hues(picture: str | None, bins: int, out: Path | None, npz: Path | None, as_json: bool) -> None:
    """A histogram of hues: which colours a picture has, and nothing of where they are.

    PICTURE is a file, or numbers 0 to 255 in three channels; without one a drawn picture is taken.
    """
    from striate.lectures.hog import example
    from striate.lectures.hues import hues as shown
    from striate.verbs.show_pictures import pixels_of

    checked(out, npz)
    pixels, told = (example(), "a drawn picture") if picture is None else pixels_of(picture)
    give(shown(pixels, bins, told), out, npz, as_json)


@click.command(
    epilog=output.examples(
        "striate show hog                                 # 320 × 240 pixels, 10,800 numbers",
        "striate show hog photo.jpg -o hog.png",
        "striate show hog photo.jpg --cell 16 --bins 12 --at 3,4",
    )
)
@click.argument("picture", required=False)
@click.option(
    "--cell", type=click.IntRange(1), default=8, show_default=True, help="Pixels along a side."
)
@click.option(
    "--bins", type=click.IntRange(1, 36), default=9, show_default=True, help="Directions."
)
@click.option("--at", type=Place(), help="The cell that is written out.  [default: the strongest]")
@outputs
def hog(
    picture: str | None,
    cell: int,
    bins: int,
    at: tuple[int, int] | None,
    out: Path | None,
    npz: Path | None,
    as_json: bool,
) -> None:
    """Histograms of oriented gradients, drawn as strokes: which way edges run in each cell.

    PICTURE is a file, or numbers 0 to 255; without one a drawn picture is taken. Strokes run along edges.
    """
    from striate.lectures.hog import example
    from striate.lectures.hog import hog as shown
    from striate.verbs.show_pictures import pixels_of

    checked(out, npz)
    pixels, told = (example(), "a drawn picture") if picture is None else pixels_of(picture)
    give(shown(pixels, cell, bins, at, told), out, npz, as_json)


@click.command(
    epilog=output.examples(
        "striate show words",
        "striate show words cat.jpg dog.jpg tree.jpg -o words.png",
        "striate show words photo.jpg --words 32 --side 8",
    )
)
@click.argument("pictures", nargs=-1)
@click.option(
    "--words",
    "count",
    type=click.IntRange(2, 64),
    default=16,
    show_default=True,
    help="In the codebook.",
)
@click.option(
    "--side", type=click.IntRange(2, 16), default=6, show_default=True, help="Of a patch."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of patches and first words.")
@outputs
def words(
    pictures: tuple[str, ...],
    count: int,
    side: int,
    seed: int,
    out: Path | None,
    npz: Path | None,
    as_json: bool,
) -> None:
    """Pictures as bags of visual words: random patches, a codebook, a histogram each.

    Up to eight PICTURES are taken in grey and made as large as the first, at most 160 pixels along a side;
    without any, three drawn ones.
    """
    from striate.lectures.words import evened, examples
    from striate.lectures.words import words as shown
    from striate.verbs.show_pictures import grey_of

    checked(out, npz)
    pixels, names = grey_of(pictures) if pictures else examples()
    give(shown(evened(pixels), names, count, side, seed), out, npz, as_json)
