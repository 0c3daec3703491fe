"""Visual words: the codebook, histograms, and triangle coding with quarters."""

from __future__ import annotations

import numpy as np
import pytest

from striate.features.codebook import Codebook, Wanted, learn
from striate.features.kinds import blocks
from striate.features.patches import contrasted, every_patch
from striate.features.triangle import said_of, triangles
from striate.features.words import histogram
from tests.features.pictures import rough

WANTED = Wanted(words=7, side=3, learned_from=500, passes=2)


@pytest.fixture
def book(rng) -> Codebook:
    return learn(rough(rng, 6, 12, 13), seed=0, wanted=WANTED)


def test_the_words_depend_on_the_pictures_and_the_seed_alone(rng) -> None:
    pictures = rough(rng, 6, 12, 13)
    one, two = learn(pictures, 0, WANTED), learn(pictures, 0, WANTED)
    assert np.array_equal(one.words, two.words)
    assert not np.array_equal(one.words, learn(pictures, 1, WANTED).words)
    assert one.words.shape == (7, 27)


def test_a_histogram_counts_the_nearest_word_of_every_patch(rng, book: Codebook) -> None:
    pictures = rough(rng, 5, 12, 13)
    made = histogram(pictures, book)
    flat = book.whitening(contrasted(every_patch(pictures, 3))).reshape(5, -1, 27)
    away = ((flat[:, :, None] - book.words) ** 2).sum(axis=3)
    wanted = [np.bincount(one.argmin(axis=1), minlength=7) / len(one) for one in away]
    assert np.allclose(made, wanted, atol=1e-6)


def test_triangles_are_what_the_paper_defines(rng, book: Codebook) -> None:
    pictures = rough(rng, 2, 12, 13)
    found = book.whitening(contrasted(every_patch(pictures, 3)))  # 2 10 11 27
    z = np.sqrt(((found[..., None, :] - book.words) ** 2).sum(axis=-1))
    said = np.maximum(0, z.mean(axis=-1, keepdims=True) - z)
    assert np.allclose(said_of(found.reshape(-1, 27), book.words), said.reshape(-1, 7), atol=1e-3)
    halves = (slice(0, 5), slice(5, None))
    wanted = [said[:, a, b].sum(axis=(1, 2)) for a in halves for b in halves]
    assert np.allclose(triangles(pictures, book), np.concatenate(wanted, axis=1) / 110, atol=1e-4)


def test_words_forget_the_place_and_quarters_keep_it(rng, book: Codebook) -> None:
    pictures = np.full((2, 20, 20, 3), 90, np.uint8)
    spot = rough(rng, 1, 5, 5)[0]
    pictures[0, 2:7, 2:7] = spot
    pictures[1, 12:17, 12:17] = spot
    one, two = histogram(pictures, book)
    assert np.allclose(one, two)
    one, two = triangles(pictures, book)
    assert not np.allclose(one, two, atol=0.01)


def test_a_picture_as_large_as_a_patch_has_a_single_one(rng, book: Codebook) -> None:
    pictures = rough(rng, 2, 3, 3)
    assert histogram(pictures, book).sum(axis=1).tolist() == [1, 1]
    assert triangles(pictures, book).shape == (2, 28)


def test_cost_and_parameters_are_counted(book: Codebook) -> None:
    assert book.multiply_adds(12, 13) == 110 * 27 * (27 + 7)
    assert book.parameters == 7 * 27 + 27 + 27 * 27


def test_blocks_hold_every_row_once_and_at_least_one() -> None:
    assert [(b.start, b.stop) for b in blocks(3, 10**12)] == [(0, 1), (1, 2), (2, 3)]
    assert list(blocks(0, 4)) == []
