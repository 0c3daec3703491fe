"""Occlusion: cover a part of the picture and see how far the score falls.

No gradient is needed and nothing is assumed of the network. The value of a pixel is the mean fall over all
covers that hide it. Zeiler and Fergus (2013), "Visualizing and Understanding Convolutional Networks".
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from striate.seeing.asking import at_once, scores

Pair = tuple[int, int]


def window_for(height: int, width: int) -> tuple[Pair, Pair]:
    """Cover and step that suit a picture: a seventh of each side, moved by half of that."""
    window = max(1, height // 7), max(1, width // 7)
    return window, (max(1, window[0] // 2), max(1, window[1] // 2))


def occlusion(
    model: nn.Module,
    pictures: Tensor,
    targets: Tensor,
    window: Pair | None = None,
    stride: Pair | None = None,
    baseline: Tensor | float = 0.0,
) -> Tensor:
    """N C H W and N classes to N H W: positive where hiding a pixel lowers the score.

    baseline: what covers; 0 is the mean colour of what the network was trained on.
    """
    H, W = pictures.shape[2:]
    usual, half = window_for(H, W)
    window = window or usual
    stride = stride or (half if window == usual else window)
    boxes = list(covers((H, W), window, stride))
    cover = torch.zeros_like(pictures[:1]) + baseline
    before = scores(model, pictures, targets)
    return torch.stack(
        [
            _one(model, picture, targets[i], before[i], boxes, cover[0])
            for i, picture in enumerate(pictures)
        ]
    )


def covers(size: Pair, window: Pair, stride: Pair) -> Iterator[tuple[slice, slice]]:
    """Where the cover is laid; the last of a row or column may stand over the border."""
    steps = [max(0, -(-(n - w) // s)) + 1 for n, w, s in zip(size, window, stride, strict=True)]
    for i in range(steps[0]):
        for j in range(steps[1]):
            top, left = i * stride[0], j * stride[1]
            yield slice(top, top + window[0]), slice(left, left + window[1])


def _one(
    model: nn.Module,
    picture: Tensor,
    target: Tensor,
    before: Tensor,
    boxes: list[tuple[slice, slice]],
    cover: Tensor,
) -> Tensor:
    """H W of one picture."""
    total = torch.zeros(picture.shape[1:], dtype=picture.dtype, device=picture.device)
    times = torch.zeros_like(total)
    many = at_once(picture[None])
    for start in range(0, len(boxes), many):
        some = boxes[start : start + many]
        covered = picture.repeat(len(some), 1, 1, 1)
        for one, (rows, columns) in zip(covered, some, strict=True):
            one[:, rows, columns] = cover[:, rows, columns]
        fallen = before - scores(model, covered, target.expand(len(some)))
        for fall, (rows, columns) in zip(fallen, some, strict=True):
            total[rows, columns] += fall
            times[rows, columns] += 1
    return total / times.clamp(min=1)
