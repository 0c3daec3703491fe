"""A histogram of hues: which colours a picture has, and nothing of where they are."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator

import numpy as np

from striate.errors import UsageError
from striate.features.colour import BINS
from striate.features.colour import hues as features
from striate.lectures.shown import Chart, Floats, Grid, Shown, Still, number
from striate.pictures.files import Pixels

MOST_BINS = 36
_CHART, _TALL = (340, 620), 340  # height and width of the bars; height of the picture


def hues(picture: Pixels, bins: int = BINS, told: str = "") -> Shown:
    """picture: H W 3; told: a line about where the picture comes from."""
    if not 1 <= bins <= MOST_BINS:
        raise UsageError(f"1 to {MOST_BINS} hues are told apart; got {bins}", "such as --bins 12")
    votes: Floats = features(picture[None], bins)[0].astype(float)
    shares = 100 * votes / (votes.sum() or 1.0)  # in % of all votes
    H, W = picture.shape[:2]
    title = f"Hues: {H}×{W} pixels as {bins} numbers"
    said = "A pixel votes for its hue, the more the purer its colour. Where it stands is forgotten."
    top = float(shares.max()) * 1.08 or 1.0
    charts = (
        Chart(
            "the picture", (), (0.0, 1.0), (0.0, 1.0), pixels=picture,
            size=(_TALL, max(1, round(_TALL * W / H))), has_axes=False,
        ),
        Chart(
            "its hues", (), (0.0, 360.0), (0.0, top), ("hue in degrees", "% of votes"),
            pixels=bars(shares / top), size=_CHART,
        ),
    )  # fmt: skip
    marks = {(0, k): f"{number(angle)}°" for k, angle in enumerate(middles(bins))}
    grid = Grid("% of votes by the middle of each bin", shares[None], marks=marks)
    still = Still(title, (charts, (grid,)), said)
    facts = {"size": (H, W), "bins": bins, "chroma": float(votes.sum())}
    lines = tuple(_lines((H, W), shares, float(votes.sum()), told))
    return Shown(title, lines, {"hues": votes, "shares": shares}, still, (), facts)


def middles(bins: int) -> Floats:
    """The hue in the middle of each bin: 0 degrees is red, 120 green, 240 blue."""
    made: Floats = (np.arange(bins) + 0.5) * 360 / bins
    return made


def bars(heights: Floats) -> Pixels:
    """K heights from 0 to 1 to a picture: a bar for each, in its hue, on white."""
    H, W = _CHART
    made = np.full((H, W, 3), 255, np.uint8)
    edges = np.rint(np.linspace(0, W, len(heights) + 1)).astype(int)
    for k, angle in enumerate(middles(len(heights))):
        tall = round(H * float(heights[k]))
        colour = colorsys.hls_to_rgb(angle / 360, 0.45, 0.8)
        made[H - tall :, edges[k] : edges[k + 1]] = np.rint(255 * np.array(colour))
    return made


def _lines(size: tuple[int, int], shares: Floats, chroma: float, told: str) -> Iterator[str]:
    H, W = size
    if told:
        yield told
    yield f"{H}×{W} pixels vote for their hue, each by its chroma: its largest channel less its smallest"
    yield f"{H * W * 3:,} numbers become {len(shares)}, and where a colour stands is forgotten"
    yield f"mean chroma {number(round(chroma, 4))}" + (
        "" if chroma else ": all is grey, and nothing votes"
    )
    yield ""
    full, wide = float(shares.max()) or 1.0, 360 / len(shares)
    for k, share in enumerate(shares):
        bar = "█" * round(30 * float(share) / full)
        span = f"{k * wide:.0f}° to {(k + 1) * wide:.0f}°"
        yield f"  {span:>12}  {share:5.1f} %  {bar}".rstrip()
