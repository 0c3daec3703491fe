"""`striate explain-error`."""

from __future__ import annotations

import click

from striate.cli import output


@click.command(
    epilog=output.examples("striate explain-error G001", "striate explain-error   # lists all")
)
@click.argument("code", required=False)
@output.json_option
def command(code: str | None, as_json: bool) -> None:
    """What the code of an error means, and what to do."""
    from striate.verbs.explain_error import page, pages

    if code is None:
        found = pages()
        if as_json:
            output.emit_json({"errors": [one._asdict() for one in found]})
        else:
            rows = [(one.code, one.title, str(one.exit_code)) for one in found]
            output.emit(output.table(("code", "title", "exit code"), rows, "llr"))
        return
    one = page(code)
    if as_json:
        output.emit_json(one._asdict())
    else:
        output.emit(f"{one.code}: {one.title} (exit code {one.exit_code})\n\n{one.text}")
