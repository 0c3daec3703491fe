"""Straight stretches: stages are followed, forks are not."""

from __future__ import annotations

from striate.grammar.chains import chains
from striate.grammar.plan import Plan
from striate.verbs.plan import plan


def named(text: str) -> list[list[str]]:
    return [[layer.word for layer in chain] for chain in chains(Plan.read(text))]


def test_a_stage_and_a_repeat_are_part_of_the_stretch_around_them() -> None:
    assert named("3x8x8: conv3p1-4 a=(relu conv3p1-4)*2 gap fc2") == [
        ["conv3p1-4", "relu", "conv3p1-4", "relu", "conv3p1-4", "gap", "fc2"]
    ]


def test_each_arm_of_a_fork_is_a_stretch_of_its_own() -> None:
    assert named("3x8x8: conv3p1-3 {relu conv3p1} relu [conv1-2 | max3s1p1] fc2") == [
        ["conv3p1-3"], ["relu", "conv3p1"], ["relu"], ["conv1-2"], ["max3s1p1"], ["fc2"],
    ]  # fmt: skip


def test_a_traced_network_is_one_stretch_or_none() -> None:
    import pytest

    pytest.importorskip("torch")
    from torch import nn

    straight = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3))
    assert [len(chain) for chain in chains(plan(straight, (3, 8, 8)))] == [3]

    class Fork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)

        def forward(self, x):
            return self.one(x) + self.two(x)

    assert chains(plan(Fork(), (3, 8, 8))) == []
