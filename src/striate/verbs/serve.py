"""Serve a classifier over HTTP until somebody ends it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from striate.errors import CannotServe, FileFault
from striate.optional import need

if TYPE_CHECKING:
    from striate.shipping.serving.limits import Order
    from striate.shipping.serving.server import Serving


def serve(model: str | Path, order: Order, told: Callable[[Serving], None]) -> None:
    """Ends by SIGTERM or Ctrl-C, after the last answers. `told` is called when pictures can be answered."""
    for package in ("starlette", "uvicorn"):
        need(package, to="serve over HTTP", extra="serve")
    from striate.shipping.opened import found_at
    from striate.shipping.serving.server import serve as run

    path = found_at(model)
    if not path.exists():
        raise FileFault(f"{path} is not there", "give a run, a bundle or an .onnx file", str(path))
    if order.token is not None and not (order.token.isascii() and len(order.token) >= 8):
        raise CannotServe(
            "the token is too short, or has letters that no header carries",
            "8 or more plain letters: python -c 'import secrets; print(secrets.token_hex(16))'",
        )
    run(path, order, told)
