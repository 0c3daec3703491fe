"""`striate data list` and `striate data get`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from striate.cli import output

if TYPE_CHECKING:
    from striate.verbs.data import Getting

_root = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder that holds the sets; without it STRIATE_DATA and your data folder are looked in.",
)


@click.group(
    epilog=output.examples(
        "striate data list",
        "striate data get mnist",
        "striate data get tiny-imagenet --from tiny-imagenet-200.zip",
    ),
)
def command() -> None:
    """Named sets of pictures: which there are, and getting one.

    A set that is here is opened by its name, as DATA of any verb.
    """


@command.command(
    "list",
    short_help="Every named set, and whether it is here.",
    epilog=output.examples("striate data list", "striate data list --json > sets.json"),
)
@_root
@output.json_option
def list_sets(root: Path | None, as_json: bool) -> None:
    """Every named set: pictures, classes, size, licence, and whether it is here."""
    from striate.verbs.data import listed

    rows = listed(root)
    if as_json:
        output.emit_json({"sets": rows})
        return
    headers = ("name", "pictures", "classes", "size", "here", "licence", "what")
    output.emit(output.table(headers, [cells(row) for row in rows], "lrrr"))


def cells(row: dict[str, Any]) -> tuple[object, ...]:
    """One row of the table."""
    from striate.verbs.data import size_text

    size = size_text(row["size_bytes"]) if row["size_bytes"] else "–"
    here = "here" if row["here"] else "–" if row["source"] == "download" else "from your archive"
    return (
        row["name"], sum(row["pictures"].values()), row["classes"], size, here, row["licence"], row["title"],
    )  # fmt: skip


@command.command(
    "get",
    short_help="Download or unpack one named set.",
    epilog=output.examples(
        "striate data get fashion-mnist",
        "striate data get cifar10 --root datasets",
        "striate data get imagenet --from archives   # the folder with its three archives",
    ),
)
@click.argument("name")
@_root
@click.option(
    "--from",
    "archives",
    multiple=True,
    type=click.Path(path_type=Path),
    help="An archive of your own, or the folder with its archives; may be given several times.",
)
@output.json_option
def get_set(name: str, root: Path | None, archives: tuple[Path, ...], as_json: bool) -> None:
    """Download and unpack one named set, after saying what, how large and under which licence.

    An interrupted download goes on where it stopped. Every file must have the published hash.
    """
    from striate.verbs.data import get, plan_get

    getting = plan_get(name, root, archives)
    for line in announced(getting):
        output.note(line)
    folder = get(getting, Arrival())
    known = getting.known
    if as_json:
        output.emit_json(
            {
                "name": known.name,
                "folder": None if known.maker else str(folder),
                "downloaded": [] if getting.already else [r.url for r in getting.downloads],
                "pictures": sum(known.pictures),
                "licence": known.licence,
            }
        )
        return
    place = "is part of Striate" if known.maker else f"lies in {folder}"
    output.emit(
        f"{known.name} {place}: {sum(known.pictures):,} pictures in {known.classes} classes"
    )
    output.emit(f"use it by its name: striate check {known.name}" + used(getting, root))


class Arrival:
    """Tells how much of each file has come: in place on a terminal, otherwise once for each file."""

    def __init__(self) -> None:
        self._shown = ""
        self._due = 0.0

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """One step of a download."""
        from striate.verbs.data import size_text

        ended, now = done == total, time.monotonic()
        if not ended and (now < self._due or not sys.stderr.isatty()):
            return
        self._due = now + 0.1
        share = f" of {size_text(total)}, {100 * done // max(total, 1)} %" if total else ""
        line = f"  {name}: {size_text(done)}{share}"
        start = "\r" if sys.stderr.isatty() else ""
        click.echo(start + line.ljust(len(self._shown)), err=True, nl=ended)
        self._shown = "" if ended else line


def used(getting: Getting, root: Path | None) -> str:
    """What else must be said where the set does not lie where it is looked for."""
    from striate.pictures.named.shelf import find

    if getting.known.maker or find(getting.known) is not None or root is None:
        return ""
    return f"\n  with STRIATE_DATA={root} in the environment, as it lies in a folder of your own"


def announced(getting: Getting) -> list[str]:
    """What will be done, before a byte is asked for."""
    from striate.verbs.data import size_text

    known = getting.known
    if getting.already is not None:
        return []
    lines = [
        f"{known.name}: {known.title}, {sum(known.pictures):,} pictures in {known.classes} classes",
        f"  licence: {known.licence}",
        f"  cite:    {known.citation}",
    ]
    if getting.downloads:
        verb = "download about " + size_text(known.size_bytes)
        lines += [f"  {verb} from {remote.url}" for remote in getting.downloads[:1]]
        lines += [f"    and {remote.url}" for remote in getting.downloads[1:]]
    lines += [f"  unpack {path}" for path in getting.brought.values()]
    lines += [
        f"  nobody states a hash for {name}: it is taken as it is" for name in getting.unhashed
    ]
    return [*lines, f"  to       {getting.target}"]
