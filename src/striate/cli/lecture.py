"""`striate lecture`: the five lectures in the terminal, a quiz, and a check of a student's own layers."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import click

from striate.cli import output

if TYPE_CHECKING:
    from striate.verbs.lecture import Told

_NAMES = ("L0", "L1", "L2", "L3", "L4")
_WIDTH = 92


class Lectures(click.Group):
    """The lectures by their names, and what else one does with them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Lectures first."""
        return [*_NAMES, "quiz", "check"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A lecture is a command made from its name."""
        if cmd_name.upper() in _NAMES:
            return _command_of(cmd_name.upper())
        if cmd_name in ("quiz", "check"):
            from striate.cli import lecture_check, lecture_quiz

            return lecture_quiz.quiz if cmd_name == "quiz" else lecture_check.check
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find it, or say which ones are near."""
        names = self.list_commands(ctx)
        if not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=names, ctx=ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Lectures,
    invoke_without_command=True,
    subcommand_metavar="L0 … L4 | quiz | check",
    epilog=output.examples(
        "striate lecture --list",
        'striate lecture L2 --section "Receptive Fields"',
        "striate lecture quiz sizes --count 5",
        "striate lecture check my_layers.py:conv_forward conv_backward",
    ),
)
@click.option("--list", "is_listed", is_flag=True, help="Every lecture with its sections.")
@output.json_option
@click.pass_context
def command(ctx: click.Context, is_listed: bool, as_json: bool) -> None:
    """The five lectures, run in the terminal; a quiz; a check of your own layers.

    A section says what it is about in a few sentences, runs the commands that show it, and tells where the
    slides are wrong. Nothing is downloaded, and the same call prints the same.
    """
    if ctx.invoked_subcommand is None:
        if is_listed or as_json:
            _list(None, as_json)
        else:
            output.emit(ctx.get_help())


def _command_of(name: str) -> click.Command:
    """`striate lecture NAME`."""

    @click.command(
        name,
        short_help=_short(name),
        help=f"Run the sections of {name} one after another.",
        epilog=output.examples(
            f"striate lecture {name}",
            f"striate lecture {name} --list",
            f"striate lecture {name} --section 2",
            f"striate lecture {name} --figures",
        ),
    )
    @click.option(
        "--section", "wanted", metavar="TITLE", help="Its number, or a part of its title."
    )
    @click.option("--list", "is_listed", is_flag=True, help="Titles alone.")
    @click.option("--figures", is_flag=True, help="Each figure of its slides, and how to make it.")
    @output.json_option
    def one(wanted: str | None, is_listed: bool, figures: bool, as_json: bool) -> int:
        if is_listed or figures:
            (_figures if figures else _list)(name, as_json)
            return 0
        return _tell(name, wanted, as_json)

    return one


def _short(name: str) -> str:
    from striate.lectures.told.course import lecture

    return lecture(name).about


def _list(name: str | None, as_json: bool) -> None:
    from striate.verbs.lecture import listed

    found = [one for one in listed() if name in (None, one["name"])]
    if as_json:
        output.emit_json({"lectures": found})
        return
    blocks = []
    for one in found:
        lines = [f"{one['name']}  {one['course']}: {one['about']}"]
        lines += [f"  {number:2}  {title}" for number, title in enumerate(one["sections"], 1)]
        blocks.append("\n".join(lines))
    output.emit("\n\n".join(blocks))


def _figures(name: str, as_json: bool) -> None:
    from striate.lectures.told.figures import NETWORKS
    from striate.lectures.told.figures import figures as figures_of

    found = figures_of(name)
    if as_json:
        output.emit_json({"lecture": name, "figures": [one._asdict() for one in found]})
        return
    blocks = ["\n".join((one.what, *(f"  {line}" for line in one.commands))) for one in found]
    blocks.append(
        "\n".join(("the networks that are looked into", *(f"  {line}" for line in NETWORKS)))
    )
    output.emit("\n\n".join(blocks))


def _tell(name: str, wanted: str | None, as_json: bool) -> int:
    from striate.cli.typed import run
    from striate.lectures.told.course import lecture
    from striate.verbs.lecture import content, tell

    told = tell(name, wanted, run)
    if as_json:
        held = [content(one) for one in told]
        about = lecture(name)
        output.emit_json({"lecture": about.name, "course": about.course, "sections": held})
        codes: list[Any] = [ran["exit_code"] for one in held for ran in one["commands"]]
        return max(codes, default=0)
    return max((_print(one) for one in told), default=0)


def _print(told: Told) -> int:
    """One section; its exit code is the largest of its commands'."""
    worst = 0
    head = f"{told.number}  {told.section.title}"
    output.emit(f"{head}\n{'─' * output.width_of(head)}\n{_wrapped(told.section.text)}\n")
    for ran in told.answers:
        worst = max(worst, ran.code)
        said = ran.out.rstrip("\n") + (f"\n{ran.err.rstrip()}" if ran.code else "")
        output.emit(f"$ {ran.command}\n{said}\n")
    for one in told.errata:
        output.emit(
            f"A mistake on the slides ({one.lecture}): {one.title}\n"
            + _wrapped(f"Printed: {one.printed}", "  ")
            + "\n"
            + _wrapped(f"True: {one.true}", "  ")
            + "\n"
        )
    return worst


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent=indent, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
