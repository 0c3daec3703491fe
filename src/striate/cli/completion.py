"""`striate completion`."""

from __future__ import annotations

import click

from striate.cli import output

SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog=output.examples(
        "striate completion bash >> ~/.bashrc",
        "striate completion zsh >> ~/.zshrc",
        "striate completion fish > ~/.config/fish/completions/striate.fish",
    )
)
@click.argument("shell", type=click.Choice(SHELLS))
@output.json_option
@click.pass_context
def command(ctx: click.Context, shell: str, as_json: bool) -> None:
    """Print the script that completes `striate` in your shell."""
    from click.shell_completion import ShellComplete, get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"this version of click knows no completion for {shell}")
    maker = kind(ctx.find_root().command, {}, "striate", "_STRIATE_COMPLETE")
    # The shells' own `source` first runs the shell to learn its version; the text is the same without that.
    text = ShellComplete.source(maker)
    if as_json:
        output.emit_json({"shell": shell, "script": text})
    else:
        output.emit(text)
