"""The methods without a convolution: what each sees, how it learns, and one way to fit and judge them all."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import NamedTuple, final

import numpy as np

from striate.features.kinds import Labels, Pictures, Table
from striate.features.standard import standard
from striate.verbs import baselines_described as described
from striate.verbs import baselines_learned as learned
from striate.verbs.baselines_rows import Row, counted
from striate.verbs.baselines_world import World
from striate.verbs.following import following
from striate.verbs.train_order import Working

CHOSEN_ON = 2000  # pictures of val at most: enough to choose by, and small beside train
_DESCRIBING = 0.5  # of the time, at most
_TABLE_BYTES = 1 << 30  # of a description of train
_AT_ONCE, _TRIED = 256, 32
_TEMPLATE = (
    "the picture itself, one template for each class: a figure that moves is another picture"
)


@final
class Method(NamedTuple):
    """`sees` ends the sentence "it sees ..."."""

    name: str
    sees: str
    describe: described.Describe
    learn: learned.Learn
    needs_colour: bool = False


METHODS = (
    Method("hues + softmax", "hues alone: no outline, no place", described.hues, learned.softmax, True),
    Method(
        "places + softmax", "where something is, in 4x4 cells: no outline, no colour", described.places,
        learned.softmax,
    ),
    Method("pixels + perceptron", _TEMPLATE, described.pixels, learned.perceptron),
    Method("pixels + Adaline", _TEMPLATE, described.pixels, learned.adaline),
    Method(
        "pixels + Madaline", "the picture itself, three templates for each class", described.pixels,
        learned.madaline,
    ),
    Method(
        "pixels + Madaline II", "the picture itself, 48 templates whose yes or no is combined",
        described.pixels, learned.madaline_two,
    ),
    Method("pixels + softmax", _TEMPLATE, described.pixels, learned.softmax),
    Method("pixels + SVM", _TEMPLATE, described.pixels, learned.svm),
    Method(
        "pixels + neighbours", "pictures that were alike, pixel by pixel: shape and place are one",
        described.pixels, learned.neighbours,
    ),
    Method(
        "pixels + two layers", "the picture itself, 256 templates that are combined", described.pixels,
        learned.two_layer,
    ),
    Method("HOG + SVM", "which way edges run in each cell: no colour", described.edges, learned.svm),
    Method(
        "HOG, hues + SVM", "which way edges run in each cell, and hues from anywhere",
        described.edges_and_hues, learned.svm, True,
    ),
    Method(
        "visual words + SVM", "which small patches there are: not where, not how they are arranged",
        described.words, learned.svm,
    ),
    Method(
        "triangle words + SVM", "which small patches there are in each quarter", described.triangle_words,
        learned.svm,
    ),
)  # fmt: skip


def compared(method: Method, world: World, limit_s: float) -> Generator[Working, None, Row]:
    """Describe, learn and choose within the limit; then answer all of test, once."""
    begun = time.perf_counter()
    rows = world.rows("train")
    description = yield from following(
        method.name, lambda _show: method.describe(world.pictures(_few(world, rows)), world.seed)
    )
    rows = affordable(world, rows, description, begun + _DESCRIBING * limit_s)
    table = yield from _described(method, world, rows, description)
    held = world.rows("val", CHOSEN_ON)
    scale = standard(table, each=not description.one_scale)
    for some in range(0, len(table), 4096):  # in place: there may be room for one only
        table[some : some + 4096] = scale(table[some : some + 4096])
    held_table = scale(_table(world, held, description))
    test = world.rows("test")
    lesson = learned.Lesson(
        table, world.labels(rows), held_table, world.labels(held), len(world.classes), world.seed,
        begun + limit_s, len(test),
    )  # fmt: skip
    made = yield from following(method.name, lambda show: method.learn(lesson, show))
    fitted = time.perf_counter()
    said = yield from following(
        f"{method.name}, judged",
        lambda _show: np.concatenate(
            [
                made.model.scores(scale(description.table(pictures))).argmax(axis=1)
                for pictures in _blocks(world, test)
            ]
        ),
    )
    each = (time.perf_counter() - fitted) / max(1, len(test))
    # A nearest neighbour holds the pictures; all others hold a scale for each column too, folded in.
    return Row(
        method.name, method.sees, fitted - begun, 1000 * each,
        description.parameters + made.model.parameters,
        description.multiply_adds + made.model.multiply_adds, len(rows), made.chosen,
        counted(world.labels(test), said, len(world.classes)),
    )  # fmt: skip


def affordable(
    world: World, rows: Labels, description: described.Description, until: float
) -> Labels:
    """As many pictures of train as can be described in time and held in memory, by the time of a few."""
    few = world.pictures(rows[:_TRIED])
    description.table(few[:1])  # what is made once only is no part of the speed
    begun = time.perf_counter()
    width = description.table(few).shape[1]
    each = (time.perf_counter() - begun) / len(few)
    left = max(0.0, until - time.perf_counter())
    most = min(int(left / each), _TABLE_BYTES // (4 * width))
    return world.rows("train", max(most, _TRIED))


def _few(world: World, rows: Labels) -> Labels:
    """Pictures from which words are learned: patches of some are patches of all."""
    return world.rows("train", 5000) if len(rows) > 5000 else rows


def _described(
    method: Method, world: World, rows: Labels, description: described.Description
) -> Generator[Working, None, Table]:
    """N D, with progress."""
    made: Table | None = None
    for start in range(0, len(rows), _AT_ONCE):
        part = description.table(world.pictures(rows[start : start + _AT_ONCE]))
        if made is None:
            made = np.empty((len(rows), part.shape[1]), np.float32)
        made[start : start + len(part)] = part
        yield Working(f"{method.name}, described", start + len(part), len(rows))
    return made if made is not None else np.zeros((0, 1), np.float32)


def _table(world: World, rows: Labels, description: described.Description) -> Table:
    return np.concatenate([description.table(pictures) for pictures in _blocks(world, rows)])


def _blocks(world: World, rows: Labels) -> Generator[Pictures, None, None]:
    for start in range(0, len(rows), _AT_ONCE):
        yield world.pictures(rows[start : start + _AT_ONCE])
