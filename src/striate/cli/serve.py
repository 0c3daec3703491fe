"""`striate serve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from striate.cli import output

if TYPE_CHECKING:
    from striate.shipping.serving.server import Serving


@click.command(
    epilog=output.examples(
        "striate serve latest                       # then open http://127.0.0.1:8000/",
        "striate serve pets.striate --port 0 --json # any free port, told as JSON",
        "curl --data-binary @cat.jpg http://127.0.0.1:8000/predict",
        "STRIATE_TOKEN=… striate serve model.onnx --host 0.0.0.0 --allowed-host pets.example.org",
    )
)
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="0 takes any that is free.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Model processes. They share the threads.",
)
@click.option("--threads", type=click.IntRange(1, 512), help="Threads of each worker.")
@click.option(
    "--token",
    envvar="STRIATE_TOKEN",
    help="What requests must carry. Others see the command line, so better set STRIATE_TOKEN.",
)
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME[:PORT]",
    help="A name by which this server is reached, beside localhost; may stand more than once.",
)
@output.json_option
def command(
    model: Path,
    host: str,
    port: int,
    workers: int,
    threads: int | None,
    token: str | None,
    allowed_hosts: tuple[str, ...],
    as_json: bool,
) -> None:
    """Answer over HTTP: one page for people, routes for programs."""
    from striate.shipping.serving.limits import Order
    from striate.verbs.serve import serve

    def told(serving: Serving) -> None:
        if as_json:
            output.emit_json(
                {"url": serving.url, "model": serving.name, "runtime": serving.runtime,
                 "workers": serving.workers, "threads": serving.threads}
            )  # fmt: skip
            return
        output.emit(f"serving {serving.name} at {serving.url} (Ctrl-C ends it)")
        if token:
            output.note(f"the page asks for the token; or open {serving.url}#token=TOKEN")

    serve(model, Order(host, port, workers, threads, token or None, allowed_hosts), told)
