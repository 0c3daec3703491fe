"""`striate see`."""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from striate.cli import output
from striate.cli.live import Live
from striate.cli.show_flags import Place
from striate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from striate.seeing.figures.figure import Figure
    from striate.verbs.see_opened import Opened
    from striate.verbs.train_order import Event

# What can be seen, and which flags it uses.
WHAT = {
    "why": {"images", "method", "label", "layer", "checks", "seed"},
    "filters": {"layer", "unit"},
    "templates": {"beside"},
    "tuning": {"layer", "unit"},
    "maps": {"images", "layer", "unit", "at", "data"},
    "field": {"images", "layer", "unit", "at", "data"},
    "shift": {"images", "layer", "data", "beside"},
    "slide": {"images", "label", "scale", "crops"},
    "units": {"layer", "unit", "data", "most", "steps", "seed"},
    "neighbours": {"images", "data", "most"},
    "same": {"images", "data", "most", "seed"},
    "hyperplanes": {"data", "most"},
    "plane": {"data", "most", "how", "seed"},
    "dream": {"images", "layer", "unit", "steps", "seed"},
    "style": {"images", "layer", "steps", "seed"},
}
MADE = ("dream", "style")
_FLAGS = set[str]().union(*WHAT.values())


@click.command(
    epilog=output.examples(
        "striate see latest why cat.jpg dog.jpg -o why.html",
        "striate see latest why photos/ --method cam,occlusion,gradients --class cat --npz maps.npz",
        "striate see latest filters -o filters.png",
        "striate see latest tuning                           # which bars they answer to, and how fine",
        "striate see latest maps cat.jpg                     # every layer, and one value written out",
        "striate see latest field --layer conv2 -o field.png",
        "striate see convnet shift --beside mlp",
        "striate see linear templates --beside mlp,convnet   # what first layers look for",
        "striate see latest slide forest.jpg --class moose   # is there a moose here, or here?",
        "striate see latest units --layer relu3 --unit 7",
        "striate see latest neighbours cat.jpg --in photos/",
        "striate see latest hyperplanes -o ties.png          # where its classes meet",
        "striate see latest same whale.jpg other.jpg         # and how often such an answer is wrong",
        "striate see latest plane --how tsne -o plane.png",
        "striate see latest dream cat.jpg --layer relu3 --steps 40",
        "striate see latest style cat.jpg painting.jpg",
        "striate see mobilenet_v2 why cat.jpg --weights published   # no run: a network of the zoo",
    )
)
@click.argument("run", metavar="RUN|MODEL")
@click.argument("what", metavar="WHAT", type=click.Choice(list(WHAT)))
@click.argument("images", nargs=-1, metavar="[IMAGES…]")
@click.option(
    "--method",
    default="occlusion,cam,gradcam,integrated,smooth",
    show_default=True,
    help="With why: occlusion, cam, gradcam, integrated, smooth, gradient; and as history guided, deconvnet. "
    "`gradients` and `all` stand for several.",
)
@click.option(
    "--class", "label", help="With why and slide: the class to ask for.  [default: the answer]"
)
@click.option(
    "--scale",
    type=click.FloatRange(0.01, 100),
    default=1.0,
    show_default=True,
    help="With slide: the picture is so many times as large first.",
)
@click.option(
    "--crops", is_flag=True, help="With slide: ask each crop by itself, not all in one pass."
)
@click.option(
    "--layer",
    "--layers",
    "layer",
    help="A layer, by the name that `maps` shows; shift, dream and style take several, with commas.",
)
@click.option("--unit", type=click.IntRange(0), help="One map or filter of the layer, from 0 on.")
@click.option("--at", type=Place(), help="Row and column of a unit in its map, from 0 on.")
@click.option("--in", "data", help="Pictures to look through.  [default: the run's val and test]")
@click.option(
    "--most",
    type=click.IntRange(1),
    help="So many of them.  [default: neighbours takes all, the planes 600, others 2000]",
)
@click.option(
    "--beside",
    metavar="RUN",
    help="With shift: another network on the same axes. With templates: one or more, with commas.",
)
@click.option(
    "--how",
    type=click.Choice(["pca", "tsne", "umap"]),
    default="pca",
    show_default=True,
    help="With plane; umap needs striate[see].",
)
@click.option("--steps", type=click.IntRange(1), help="With units, dream and style.")
@click.option(
    "--checks",
    type=click.IntRange(0),
    help="With why: how many pictures are checked on shuffled weights and by random orders.  "
    "[default: all that are shown]",
)
@click.option(
    "--weights",
    metavar="FILE|published|random",
    help="With a network of the zoo in place of a run: where its weights come from.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of all that is drawn.")
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path),
    help="A page (.html) or a picture (.png).  [default: see-WHAT.html]",
)
@click.option("--npz", type=click.Path(path_type=Path), help="The numbers themselves, as arrays.")
@output.json_option
def command(
    run: str,
    what: str,
    out: Path | None,
    npz: Path | None,
    as_json: bool,
    weights: str | None,
    **flags: Any,
) -> None:
    """Look into a network: why an answer, its filters, maps, units and fields.

    why: maps of what an answer comes from, with their raw range, and checks of whether to believe them.
    filters, templates: what it looks for. tuning: which bars it answers to. maps: what goes out of each
    layer. field: what a unit sees. shift: the answer as a picture moves, turns and brightens. slide: where
    in a larger picture a class is. units: what excites them most. neighbours: which pictures are alike to
    it. same: whether two show the same. plane: a data set laid out by likeness; hyperplanes: with the
    lines where classes tie. dream, style: pictures made from yours.

    MODEL is a name of `striate models`, with --weights.
    """
    from striate.verbs import see
    from striate.verbs.check import refuse_inside

    _refuse_what_is_not_used(what)
    path = out or Path(f"see-{what}.html")
    see.check_names(path, npz)
    if flags["data"] is not None:
        refuse_inside(flags["data"], path, npz)
    subject = _subject(run, weights, flags["seed"])
    flags["arrays"] = npz is not None
    flags["preview"] = preview = _preview_of(path)
    figure = see.with_notes(_figure(subject, what, flags, quiet=as_json), subject)
    written = see.write(figure, path, npz)
    if what in MADE:
        preview.unlink(missing_ok=True)
    if as_json:
        output.emit_json({**written, "title": figure.title, **figure.facts})
        return
    for one in (written["written"], *written.get("further", ())):
        output.emit(f"written: {one}")
    if npz is not None:
        output.emit(f"written: {written['arrays']}")


def _preview_of(path: Path) -> Path:
    """Looked at while a picture is made; a run that is broken off leaves it. No file that is there already is
    written over.
    """
    names = (f"{path.stem}.preview{end}.png" for end in chain([""], (f"-{n}" for n in count(2))))
    return next(place for name in names if not (place := path.with_name(name)).exists())


def _refuse_what_is_not_used(what: str) -> None:
    """A flag or picture that would be left out in silence is a mistake to be told."""
    ctx = click.get_current_context()
    given = [
        one
        for one in ctx.command.params
        if one.name in _FLAGS and ctx.get_parameter_source(one.name) is ParameterSource.COMMANDLINE
    ]
    for one in given:
        if one.name not in WHAT[what] and (one.name != "images" or ctx.params["images"]):
            shown = "pictures" if one.name == "images" else one.opts[0]
            uses = [
                p.opts[0] for p in ctx.command.params if p.name in WHAT[what] and p.name != "images"
            ]
            raise UsageError(
                f"{what} does not use {shown}",
                f"it uses {', '.join(uses)}" if uses else f"{what} needs RUN alone",
            )


def _subject(run: str, weights: str | None, seed: int) -> str | Opened:
    """A run as it is typed, or a network of the zoo with its weights."""
    from striate.verbs.see_zoo import is_meant, opened_from_zoo

    if weights is None and not is_meant(run):
        return run
    seen = opened_from_zoo(run, weights, output.note, seed)
    for text in seen.notes:
        output.note(text)
    return seen


def _figure(run: str | Opened, what: str, flags: dict[str, Any], quiet: bool) -> Figure:
    """What was asked for."""
    if what == "why":
        from striate.verbs.see_why import Why, why

        asked = Why(
            flags["method"], flags["label"], flags["layer"], flags["checks"], flags["seed"], flags["arrays"]
        )  # fmt: skip
        return _followed(why(run, flags["images"], asked), quiet)
    if what == "slide":
        from striate.verbs import see_slide

        sliding = see_slide.Sliding(flags["images"], flags["label"], flags["scale"], flags["crops"])
        return _followed(see_slide.slide(run, sliding), quiet)
    if what in MADE:
        from striate.verbs import see_made
        from striate.verbs.see_made import Making

        making = Making(
            flags["images"], flags["layer"], flags["unit"], flags["steps"], flags["seed"], flags["preview"]
        )  # fmt: skip
        return _followed(getattr(see_made, what)(run, making), quiet)
    if what in ("units", "neighbours", "same", "plane", "hyperplanes"):
        from striate.verbs import see_crowd, see_plane, see_same
        from striate.verbs.see_crowd import Crowd

        crowd = Crowd(
            flags["images"], flags["layer"], flags["unit"], flags["data"], flags["most"],
            flags["steps"], flags["seed"], flags["how"],
        )  # fmt: skip
        homes = {"same": see_same, "hyperplanes": see_plane}
        return _followed(getattr(homes.get(what, see_crowd), what)(run, crowd), quiet)
    from striate.verbs import see_inside, see_tuning
    from striate.verbs.see_inside import Inside

    inside = Inside(
        flags["images"], flags["layer"], flags["unit"], flags["at"], flags["data"], flags["beside"]
    )
    home = see_tuning if what == "tuning" else see_inside
    found: Figure = getattr(home, what)(run, inside)
    return found


def _followed(events: Generator[Event, None, Figure], quiet: bool) -> Figure:
    return Live(quiet=quiet).follow(events)
