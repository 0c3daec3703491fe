"""Drawings in flat colours on a plain ground, from a seed: shapes, icons of several, sketches, letters."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from striate.pictures.files import Pixels

INKS = ((200, 30, 30), (30, 30, 200), (20, 140, 40), (240, 180, 20), (0, 0, 0))
LETTERS = "ABCDEFGHKLMNPRSTUVXYZ0123456789"
_FINER = 4


def drawing(rng: np.random.Generator, side: int = 96) -> Pixels:
    """One of the four kinds, H W 3."""
    large = side * _FINER
    white = rng.random() < 0.7
    ground = (255, 255, 255) if white else tuple(int(v) for v in rng.integers(200, 256, 3))
    image = Image.new("RGB", (large, large), ground)
    (_shape, _icon, _sketch, _letter)[rng.integers(4)](ImageDraw.Draw(image), rng, large)
    return np.asarray(image.resize((side, side), Image.Resampling.BOX))


def _shape(draw: Any, rng: np.random.Generator, side: int) -> None:
    ink, radius = INKS[rng.integers(len(INKS))], rng.uniform(0.15, 0.35) * side
    x, y = rng.uniform(0.4, 0.6, 2) * side
    box = (x - radius, y - radius, x + radius, y + radius)
    kind = rng.integers(4)
    if kind == 0:
        draw.ellipse(box, fill=ink)
    elif kind == 1:
        draw.rectangle(box, fill=ink)
    elif kind == 2:
        draw.polygon([(x, y - radius), box[2:], (x - radius, y + radius)], fill=ink)
    else:
        draw.ellipse(box, outline=ink, width=side // 24)


def _icon(draw: Any, rng: np.random.Generator, side: int) -> None:
    for _ in range(rng.integers(2, 5)):
        ink = tuple(int(v) for v in rng.integers(0, 220, 3))
        (x, y), (a, b) = rng.uniform(0.2, 0.8, 2) * side, rng.uniform(0.08, 0.25, 2) * side
        figure = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        figure((x - a, y - b, x + a, y + b), fill=ink)


def _sketch(draw: Any, rng: np.random.Generator, side: int) -> None:
    for _ in range(rng.integers(1, 4)):
        way = np.cumsum(rng.normal(0, 0.12, (rng.integers(3, 8), 2)), 0)
        points = [tuple(float(v) for v in at) for at in ((way - way.mean(0)) * 0.9 + 0.5) * side]
        draw.line(points, fill=(0, 0, 0), width=side // 32, joint="curve")


def _letter(draw: Any, rng: np.random.Generator, side: int) -> None:
    font = ImageFont.load_default(size=int(side * rng.uniform(0.5, 0.7)))
    at = tuple(float(v) for v in rng.uniform(0.4, 0.6, 2) * side)
    letter = LETTERS[rng.integers(len(LETTERS))]
    draw.text(at, letter, fill=INKS[rng.integers(len(INKS))], font=font, anchor="mm")
