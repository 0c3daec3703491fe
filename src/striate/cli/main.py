"""The command `striate`: one lazy group.

A verb's file is imported when the verb is used, so that `--help` is instant.
A new verb is one file here that defines `command`, and one row in VERBS.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

import click

from striate import __version__
from striate.cli import output
from striate.errors import FileFault, StriateError, UsageError

_COMPLETE = "_STRIATE_COMPLETE"  # set by the completion scripts, see completion.py
_INTERRUPTED, _BROKEN_PIPE = 130, 141  # 128 + the number of the signal, as shells count


class Verb(NamedTuple):
    """One line of `striate --help`. The file is the name with underscores."""

    name: str
    section: str
    help: str


# In the order a picture travels. Help is kept here too, so that listing the verbs imports none of them.
VERBS = (
    Verb(
        "plan",
        "Design a network",
        "Shapes, parameters, cost and fields of a network, before a tensor exists.",
    ),
    Verb("models", "Design a network", "Every network the zoo knows."),
    Verb(
        "check",
        "Look at the data",
        "Look at every picture: unreadable files, copies, labels, sizes, light.",
    ),
    Verb(
        "split", "Look at the data", "Divide pictures into train, val and test; nothing is copied."
    ),
    Verb("data", "Look at the data", "Named sets of pictures: which there are, and getting one."),
    Verb(
        "train",
        "Train and judge",
        "From pictures to a classifier you can trust: trained, judged, kept as a run.",
    ),
    Verb("resume", "Train and judge", "Go on with a run from its last checkpoint."),
    Verb("eval", "Train and judge", "Judge a run again, on its own pictures or on others."),
    Verb("compare", "Train and judge", "Runs side by side: is a difference more than chance?"),
    Verb("runs", "Train and judge", "List, show and remove runs."),
    Verb("report", "Train and judge", "The page of a run: scores, curves, errors, in one file."),
    Verb(
        "see",
        "Look inside",
        "Look into a network: why an answer, its filters, maps, units and fields.",
    ),
    Verb(
        "show",
        "Look inside",
        "The lectures' demonstrations with your own numbers, written out and drawn.",
    ),
    Verb(
        "lecture",
        "Look inside",
        "The five lectures, run in the terminal; a quiz; a check of your own layers.",
    ),
    Verb(
        "baselines",
        "Look inside",
        "Was a convolutional network worth it? Every method before it, on the same pictures.",
    ),
    Verb("predict", "Use it", "Answers for pictures: a table, JSON lines or CSV."),
    Verb("export", "Use it", "One file for elsewhere, proven to give the same answers."),
    Verb("verify", "Use it", "Is a file whole, and does it answer as the run it came from?"),
    Verb("card", "Use it", "What is known of a classifier, and how to run it without Striate."),
    Verb("serve", "Use it", "Answer over HTTP: one page for people, routes for programs."),
    Verb("bench", "Use it", "How fast a model answers on this machine."),
    Verb("convert", "Use it", "Foreign weights to safetensors, read in a locked-in process."),
    Verb("doctor", "Help", "What this machine has: versions, cores, memory, accelerator, extras."),
    Verb("explain-error", "Help", "What the code of an error means, and what to do."),
    Verb("completion", "Help", "Print the script that completes `striate` in your shell."),
)


class Verbs(click.Group):
    """A group that knows its verbs by name and loads one when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the order of the table."""
        return [verb.name for verb in VERBS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the file of one verb."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module("striate.cli." + cmd_name.replace("-", "_"))
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which ones are near."""
        if not ctx.resilient_parsing and args[0] not in self.list_commands(ctx):
            names = self.list_commands(ctx)
            raise click.exceptions.NoSuchCommand(args[0], possibilities=names, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs under their sections, from the table alone."""
        for section in dict.fromkeys(verb.section for verb in VERBS):
            with formatter.section(section):
                formatter.write_dl([(v.name, v.help) for v in VERBS if v.section == section])


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=output.examples(
        'striate plan "3x32x32: (conv3p1-64 bn relu)*2 max2 gap fc10"',
        "striate plan resnet50 --json",
        "striate explain-error G001",
    ),
)
@click.version_option(__version__, message="striate %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error; may stand anywhere.")
@click.pass_context
def group(ctx: click.Context, debug: bool) -> None:  # noqa: ARG001  (main has taken --debug out)
    """Turn pictures into image classifiers with convolutional networks."""
    if ctx.invoked_subcommand is None:
        output.emit(ctx.get_help())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; without --debug no fault leaves a traceback."""
    args = list(sys.argv[1:] if argv is None else argv)
    flags = args[: args.index("--")] if "--" in args else args
    debug, as_json = "--debug" in flags, "--json" in flags
    args = [arg for arg in flags if arg != "--debug"] + args[len(flags) :]
    _make_streams_tolerant()
    try:
        if _COMPLETE in os.environ:
            group.main(args, prog_name="striate", complete_var=_COMPLETE)
        code = _run(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        output.note("interrupted")
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader went away, as in `striate models | head`; closing stdout would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    except Exception as fault:  # noqa: BLE001  (the last line of defence: the user gets a sentence)
        if debug:
            traceback.print_exc()
        return _complain(as_ours(fault), as_json)
    return code


def _run(args: list[str]) -> int:
    """Parse and run; a verb may return an exit code, such as 5 for a gate that failed."""
    try:
        with group.make_context("striate", args) as ctx:
            result = group.invoke(ctx)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    return result if isinstance(result, int) else 0


def as_ours(fault: Exception) -> StriateError:
    """Any exception in our three-line form: click's faults of usage, and whatever nobody foresaw."""
    if isinstance(fault, StriateError):
        return fault
    if isinstance(fault, click.FileError):
        return FileFault(fault.format_message(), where=str(fault.ui_filename))
    if isinstance(fault, click.ClickException):
        return _usage(fault)
    if isinstance(fault, ValueError) and "null byte" in str(fault):
        return UsageError("a name holds the character NUL, and no file's name does", "type it anew")
    # A KeyError's text is only the key, so the kind of the exception is named too.
    text = str(fault).strip().split("\n")[0]
    return StriateError(
        f"{type(fault).__name__}: {text}" if text else type(fault).__name__,
        "this is a fault of Striate, not yours: run again with --debug and report what it prints",
    )


def _usage(fault: click.ClickException) -> UsageError:
    """A click fault as U001, with the nearest known words."""
    ctx = getattr(fault, "ctx", None)
    path = ctx.command_path if ctx is not None else "striate"
    near = getattr(fault, "possibilities", None)
    text = fault.message if near else fault.format_message()
    text = " ".join(text.split()).rstrip(".")  # click puts choices on lines of their own
    hint = f"did you mean {' or '.join(sorted(near))}? " if near else ""
    shown = "lists the verbs" if path == "striate" else "shows its flags and worked examples"
    return UsageError(text[:1].lower() + text[1:], f"{hint}`{path} --help` {shown}", where=path)


def _complain(fault: StriateError, as_json: bool) -> int:
    """Report on stderr, and on stdout as JSON too where JSON was asked for; give the exit code."""
    label, colon, rest = fault.report().partition(":")
    output.note(rest, label + colon, "red")
    if as_json:
        error = {"code": fault.code, "text": fault.text, "where": fault.where, "fix": fault.hint}
        output.emit_json({"error": error})
    return fault.exit_code


def _make_streams_tolerant() -> None:
    """A letter that the terminal cannot show is shown as an escape instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
