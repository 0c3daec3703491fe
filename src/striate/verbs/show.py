"""What a demonstration shows, written: SVG, PNG or GIF, JSON, and the arrays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from striate import safe
from striate.errors import UsageError

if TYPE_CHECKING:
    from striate.lectures.shown import Shown

Tell = Callable[[int, int], None]
DRAWINGS, ARRAYS = (".svg", ".png", ".gif"), ".npz"
_MOST_PRINTED = 4096


def check_names(out: Path | None, npz: Path | None = None) -> None:
    """Refuse names whose endings say nothing, before any work is done."""
    if out is not None and out.suffix.lower() not in DRAWINGS:
        raise UsageError(
            f"{out} ends neither in .svg nor in .png nor in .gif",
            "the ending of -o says what is written: a still (.svg, .png) or all steps (.gif)",
        )
    if npz is not None and npz.suffix.lower() != ARRAYS:
        raise UsageError(f"{npz} does not end in .npz", "give --npz a name that does")


def write(
    shown: Shown, out: Path | None, npz: Path | None = None, tell: Tell | None = None
) -> dict[str, Any]:
    """Draw as the name says, keep the arrays where that is asked, and give what was written. tell: hears how
    many frames of how many are drawn.
    """
    check_names(out, npz)
    told: dict[str, Any] = {}
    if out is not None:
        told["frames"] = _draw(shown, out, tell)
        told["written"] = str(out)
    if npz is not None:
        import io

        held = io.BytesIO()
        arrays: dict[str, Any] = dict(shown.arrays)
        np.savez_compressed(held, allow_pickle=False, **arrays)
        safe.write_bytes(npz, held.getvalue())
        told["arrays"] = str(npz)
    return told


def _draw(shown: Shown, out: Path, tell: Tell | None) -> int:
    """How many frames were drawn; a demonstration without steps has one, its still."""
    from striate.lectures.drawing import scene_of

    kind = out.suffix.lower()
    if kind == ".svg":
        from striate.lectures.to_svg import svg_of

        safe.write_text(out, svg_of(scene_of(shown.still)))
        return 1
    from striate.lectures.to_pixels import gif_of, png_of

    if kind == ".png":
        safe.write_bytes(out, png_of(scene_of(shown.still)))
        return 1
    frames = shown.frames or (shown.still,)
    count = len(frames)
    drawn = None if tell is None else lambda at: tell(at, count)
    safe.write_bytes(out, gif_of([scene_of(frame) for frame in frames], shown.ms, drawn))
    return len(frames)


def content(shown: Shown, told: dict[str, Any]) -> dict[str, Any]:
    """What --json prints: facts and every array of numbers as lists, as long as they are not too many."""
    arrays = {
        name: array.tolist() if array.size <= _MOST_PRINTED else {"shape": list(array.shape)}
        for name, array in shown.arrays.items()
    }
    return {"title": shown.title, **shown.facts, "values": _finite(arrays), **told}


def _finite(value: Any) -> Any:
    """JSON knows no infinity and no NaN: they become words."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value
