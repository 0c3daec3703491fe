"""`striate show`: the lectures' demonstrations, a command each.

A topic is one function `NAME` (with _ for -) in the file that its row names, and one row here.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

import click

from striate.cli import output


class Topic(NamedTuple):
    """One line of `striate show --help`; file: the module in `cli/` that holds the command."""

    name: str
    section: str
    file: str
    help: str


# Help is kept here too, so that listing the topics imports none of them.
TOPICS = (
    Topic("conv", "What slides", "show_sliding", "A kernel slides over a picture: convolution."),
    Topic("pool", "What slides", "show_sliding", "The largest number, or the mean, of each window."),
    Topic("field", "What slides", "show_windows", "What one unit sees, growing from layer to layer."),
    Topic("steps", "What slides", "show_windows", "Where a window can stand, and what does not fit."),
    Topic("two-filters", "What slides", "show_windows", "Two filters over three channels, stride 2."),
    Topic("shared-weights", "What a convolution is", "show_linear", "One weight, all its paths, summed."),
    Topic("matrix", "What a convolution is", "show_linear", "One sparse matrix, and what sharing saves."),
    Topic("merged", "What a convolution is", "show_linear", "Two without an activation between are one."),
    Topic("head", "What a convolution is", "show_linear", "A classifier's head slides over more pixels."),
    Topic("graph", "Layers and graphs", "show_reckoning", "A computation graph, forward and backward."),
    Topic("fc", "Layers and graphs", "show_reckoning", "A fully connected layer: dot products."),
    Topic("relu", "Layers and graphs", "show_reckoning", "ReLU and its kin, with their slopes."),
    Topic("softmax", "Layers and graphs", "show_reckoning", "Scores to probabilities, and the loss."),
    Topic("svm", "Layers and graphs", "show_reckoning", "The multiclass SVM loss."),
    Topic("bn", "Layers and graphs", "show_reckoning", "Batch norm: mean 0, variance 1."),
    Topic("dropout", "Layers and graphs", "show_reckoning", "Zeroed with p, the rest × 1 / (1 − p)."),
    Topic("race", "Learning", "show_learning", "Optimisers run down a surface."),
    Topic("boundaries", "Learning", "show_learning", "Where three kinds of network decide."),
    Topic("hues", "Before networks", "show_features", "Which colours there are, wherever they are."),
    Topic("hog", "Before networks", "show_features", "Which way edges run: HOG, as strokes."),
    Topic("words", "Before networks", "show_features", "A picture as a bag of visual words."),
)  # fmt: skip


class Topics(click.Group):
    """A group that knows its topics by name and loads one when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every topic, in the order of the table."""
        return [topic.name for topic in TOPICS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the file of one topic."""
        for topic in TOPICS:
            if topic.name == cmd_name:
                module = import_module(f"striate.cli.{topic.file}")
                command: click.Command = getattr(module, cmd_name.replace("-", "_"))
                return command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the topic, or say which ones are near."""
        names = self.list_commands(ctx)
        if not ctx.resilient_parsing and args[0] not in names:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=names, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The topics under their sections, from the table alone."""
        for section in dict.fromkeys(topic.section for topic in TOPICS):
            with formatter.section(section):
                formatter.write_dl([(t.name, t.help) for t in TOPICS if t.section == section])


@click.group(
    cls=Topics,
    invoke_without_command=True,
    epilog=output.examples(
        'striate show conv --image "1 1 1 0 0/0 1 1 1 0/0 0 1 1 1/0 0 1 1 0/0 1 1 0 0"'
        ' --kernel "1 0 1/0 1 0/1 0 1"',
        "striate show conv --image photo.jpg --kernel sobel-x -o sliding.gif",
    ),
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """The lectures' demonstrations with your own numbers, written out and drawn.

    Numbers are typed with blanks, rows with /, channels with ;. Every topic prints its arithmetic; -o draws a
    still (.svg, .png) or all steps (.gif), --npz keeps the arrays.
    """
    if ctx.invoked_subcommand is None:
        output.emit(ctx.get_help())
