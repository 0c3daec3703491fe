"""Neighbours are exact, in blocks as in one, and precision is scikit-learn's."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors
from torch import nn

from striate.errors import CannotLookInside, MissingExtra
from striate.seeing.inside import neighbours
from tests.seeing.networks import Plain, pictures, ready


def test_the_nearest_are_scikit_learns_whatever_the_blocks(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = rng.normal(size=(301, 12)).astype(np.float32)
    index /= np.linalg.norm(index, axis=1, keepdims=True)
    theirs = NearestNeighbors(n_neighbors=6, metric="cosine", algorithm="brute").fit(index)
    distance, rows = theirs.kneighbors(index[:40])
    for block in (64, 1 << 16):
        monkeypatch.setattr(neighbours, "_BLOCK", block)
        ours = neighbours.nearest(index, index[:40], 6)
        np.testing.assert_array_equal(ours.rows, rows)
        np.testing.assert_allclose(1 - ours.likeness, distance, atol=1e-5)
        own = neighbours.nearest(index, index[:40], 5, np.arange(40))
        np.testing.assert_array_equal(own.rows, rows[:, 1:])


def test_embeddings_are_what_goes_into_the_last_layer_of_length_one() -> None:
    model, x = ready(Plain), pictures(5)
    found = neighbours.embeddings(model, [x[:2], x[2:]])
    before = model.stage2(model.stage1(x)).mean((2, 3)).detach().numpy()
    np.testing.assert_allclose(
        found, before / np.linalg.norm(before, axis=1, keepdims=True), atol=1e-6
    )
    with pytest.raises(CannotLookInside, match="fully connected"):
        neighbours.embeddings(nn.Flatten(), [torch.zeros(1, 3, 4, 4)])


def test_a_network_that_ends_in_a_convolution_has_the_mean_of_what_goes_into_it() -> None:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU())
    model = nn.Sequential(body, nn.Conv2d(5, 4, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()).double()
    x = pictures(4)
    before = body(x).detach().numpy().mean((2, 3))
    np.testing.assert_allclose(
        neighbours.embeddings(model, [x[:1], x[1:]]),
        before / np.linalg.norm(before, axis=1, keepdims=True),
        atol=1e-6,
    )


class _WithSpare(nn.Module):
    """A layer that stands last and is not run, as the second head of GoogLeNet after training."""

    def __init__(self, body: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.body, self.head, self.spare = body, head, nn.Linear(9, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """N 3 H W to N K."""
        return self.head(self.body(x))


def test_the_last_layer_is_the_last_that_is_run() -> None:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 5, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    x = pictures(4).float()
    before = body(x).detach().numpy()
    wanted = before / np.linalg.norm(before, axis=1, keepdims=True)
    found = neighbours.embeddings(_WithSpare(body, nn.Linear(5, 3)), [x[:1], x[1:]])
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    ends = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 4, 1))
    mean = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    before = ends[:2](x).detach().numpy().mean((2, 3))
    found = neighbours.embeddings(_WithSpare(ends, mean), [x])
    wanted = before / np.linalg.norm(before, axis=1, keepdims=True)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_precision_counts_neighbours_with_the_same_label() -> None:
    labels = np.array([0, 0, 1, 1])
    found = neighbours.Nearest(np.array([[1, 2], [3, 2]]), np.zeros((2, 2), np.float32))
    assert neighbours.precision_at(found, labels, np.array([0, 1])) == 0.75


@pytest.mark.parametrize("how", ["pca", "tsne"])
def test_a_flat_map_is_seeded_and_keeps_groups_apart(rng: np.random.Generator, how: str) -> None:
    groups = np.concatenate([rng.normal(size=(20, 8)), rng.normal(size=(20, 8)) + 30]).astype(
        np.float32
    )
    one, again = neighbours.flat_map(groups, how), neighbours.flat_map(groups, how)
    np.testing.assert_array_equal(one, again)
    apart = np.linalg.norm(one[:20].mean(0) - one[20:].mean(0))
    assert apart > one[:20].std()


@pytest.mark.parametrize("how", ["pca", "tsne", "umap"])
def test_vectors_of_one_number_have_no_plane(how: str) -> None:
    with pytest.raises(CannotLookInside, match="a plane needs two"):
        neighbours.flat_map(np.ones((9, 1), np.float32), how)


def test_of_equal_neighbours_the_earlier_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    index = np.repeat(np.eye(4, dtype=np.float32), 5, axis=0)
    for block, asked in ((3, 2), (7, 1), (1000, 1000)):
        monkeypatch.setattr(neighbours, "_BLOCK", block)
        monkeypatch.setattr(neighbours, "_QUESTIONS", asked)
        found = neighbours.nearest(index, np.eye(4, dtype=np.float32), 7)
        for k in range(4):
            rest = [i for i in range(20) if i // 5 != k]
            assert found.rows[k].tolist() == [5 * k + i for i in range(5)] + rest[:2]


def test_faiss_finds_the_same_where_it_is_there(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("faiss", reason="faiss is not installed: pip install 'striate[see]'")
    index = rng.normal(size=(500, 8)).astype(np.float32)
    own = np.arange(40)
    for but in (None, own):
        plain = neighbours.nearest(index, index[:40], 6, but)
        monkeypatch.setattr(neighbours, "LARGEST", 100)
        found = neighbours.nearest(index, index[:40], 6, but)
        monkeypatch.undo()
        np.testing.assert_array_equal(found.rows, plain.rows)
        np.testing.assert_allclose(found.likeness, plain.likeness, atol=1e-5)


def test_umap_lays_groups_apart_where_it_is_there(rng: np.random.Generator) -> None:
    pytest.importorskip("umap", reason="umap-learn is not installed: pip install 'striate[see]'")
    vectors = np.concatenate([rng.normal(size=(30, 8)) + 9, rng.normal(size=(30, 8)) - 9])
    places = neighbours.flat_map(vectors.astype(np.float32), "umap")
    assert np.linalg.norm(places[:30].mean(0) - places[30:].mean(0)) > places[:30].std()


def test_without_faiss_and_umap_neighbours_are_exact_and_the_plane_says_what_to_install(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = rng.normal(size=(50, 4)).astype(np.float32)
    wanted = neighbours.nearest(index, index[:5], 3)
    for name in ("faiss", "umap"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(neighbours, "available", lambda _: False)
    monkeypatch.setattr(neighbours, "LARGEST", 10)
    np.testing.assert_array_equal(neighbours.nearest(index, index[:5], 3).rows, wanted.rows)
    with pytest.raises(MissingExtra, match="umap") as fault:
        neighbours.flat_map(index, "umap")
    assert "striate[see]" in fault.value.hint
