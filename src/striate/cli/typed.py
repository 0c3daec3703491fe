"""A command line run in this process, as typed, with what it printed: for lectures and notebooks.

>>> from striate.cli.typed import typed
>>> typed("striate show steps --size 7 --kernel 3")  # doctest: +SKIP

In a notebook the text is printed, and a demonstration of `striate show` gives its picture too.
"""

from __future__ import annotations

import base64
import io
import re
import shlex
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from striate.cli import output
from striate.cli.main import main
from striate.errors import UsageError

_COLUMN = 760  # pixels
_SHARE = 0.65  # of their size in a file, at most: letters then fit to those of the page
_HEAVY = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]{30000,})")
_LARGEST = 480  # pixels along a side of a picture that stands beside others in a column


@final
@dataclass(frozen=True)
class Typed:
    """A command, its exit code, and what it said on stdout and stderr; svg: the still of `striate show`."""

    command: str
    code: int
    out: str
    err: str
    svg: str = ""

    def __repr__(self) -> str:
        return f"$ {self.command}\n{self.out}{self.err if self.code else ''}".rstrip()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """What Jupyter shows."""
        plain = f"drawing of {self.command}" if self.svg else repr(self)
        return {"text/plain": plain} | ({"image/svg+xml": self.svg} if self.svg else {})


def run(command: str, *more: str) -> Typed:
    """Run `striate …`; `more` is added to it and not shown."""
    try:
        words = shlex.split(command, comments=True)
    except ValueError as fault:
        raise UsageError(f"{command!r} cannot be read: {fault}", "close every quotation") from None
    if words[:1] != ["striate"]:
        raise UsageError(f"{command!r} does not begin with `striate`", "write it as in a terminal")
    out, err = _stream(), _stream()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([*words[1:], *more])
    return Typed(command, code, _held(out), _held(err))


def _stream() -> io.TextIOWrapper:
    """Some verbs write bytes, so a stream of text has a buffer under it, as in a terminal."""
    return io.TextIOWrapper(
        io.BytesIO(), encoding="utf-8", errors="replace", newline="\n", write_through=True
    )


def _held(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def typed(command: str, picture: bool = True) -> Typed | None:
    """Run `striate …` in a notebook: print what it says, and give the drawing of `striate show`."""
    done = drawn(command, picture)
    output.emit(repr(done))
    return done if done.svg else None


def drawn(command: str, picture: bool = True) -> Typed:
    """Run `striate …`; with `picture` the drawing of `striate show` comes along."""
    if not picture or " show " not in command or " -o" in command:
        return run(command)
    with tempfile.TemporaryDirectory(prefix="striate-typed-") as folder:
        path = Path(folder) / "still.svg"
        done = run(command, "-o", str(path))
        svg = path.read_text(encoding="utf-8") if path.is_file() else ""
    return Typed(done.command, done.code, done.out, "" if svg else done.err, _light(_narrow(svg)))


def _light(svg: str) -> str:
    """Pictures inside that would weigh a notebook down as JPEG, no larger than a column shows them."""
    from striate.pictures.files import decode, resized, to_jpeg

    def lighter(found: re.Match[str]) -> str:
        pixels = decode(base64.b64decode(found[1]))
        share = min(1.0, _LARGEST / max(pixels.shape[:2]))
        height, width = (max(1, round(side * share)) for side in pixels.shape[:2])
        small = pixels if share == 1 else resized(pixels, height, width)
        return f"data:image/jpeg;base64,{base64.b64encode(to_jpeg(small, quality=75)).decode()}"

    return _HEAVY.sub(lighter, svg)


def _narrow(svg: str) -> str:
    """As large as the text around, and no wider than a column of it: a notebook that is shown as a page makes
    an image of it, which no style within reaches, and cuts off what stands out.
    """
    found = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    if found is None:
        return svg
    width, height = (float(one) for one in found.groups())
    share = min(_SHARE, _COLUMN / width)
    sized = f'width="{width * share:.0f}" height="{height * share:.0f}"'
    return svg[: found.start()] + sized + svg[found.end() :]
