"""Practising: which pictures come in which pass, picked by nothing but what was seen before."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.nn import functional

from striate.errors import CannotTrain, RecipeFault
from striate.pictures.order import Rows
from striate.training.course import Course, of_steps
from striate.training.loop import fit
from striate.training.practice import Practice, pass_at
from striate.training.recipe import Recipe
from striate.training.recipe_parts import PractisePart
from tests.training import small

PRACTISED = ("practise.share=0.3", "epochs=6", "looks=2", "optimiser.name=nesterov")


@given(
    st.integers(1, 9), st.integers(3, 12), st.floats(0.01, 0.99), st.floats(0, 1), st.floats(0, 1)
)
def test_passes_follow_one_another_without_a_gap(
    per_epoch: int, passes: int, share: float, rest: float, until: float
) -> None:
    recipe = Recipe().with_values(
        {"practise.share": share, "practise.rest": rest, "practise.until": until}
    )
    course = of_steps(recipe, passes * per_epoch, per_epoch, 8, 8)
    assert course.practised % 8 == 0
    assert course.practised < per_epoch * 8
    before = None
    for step in range(course.steps):
        now = pass_at(course, step)
        assert now.first <= step < now.first + now.steps
        if before is not None and now.number != before.number:
            assert now.number == before.number + 1
            assert now.first == step == before.first + before.steps
        if step < per_epoch or not course.practised:
            assert not now.is_practice
        else:
            assert now.is_practice == (step < course.practised_until)
        before = now


@pytest.mark.parametrize("changed", [("practise.share=1",), ("practise.share=0",), ("epochs=2",)])
def test_all_pictures_come_where_nothing_is_said_or_passes_are_few(
    changed: tuple[str, ...],
) -> None:
    course = small.course(Recipe().changed((*PRACTISED, *changed)))
    assert course.practised == course.practised_until == 0


def test_the_hardest_come_all_and_some_of_the_others() -> None:
    draw = np.random.default_rng(0)
    train = np.sort(draw.choice(1000, 800, replace=False)).astype(np.int64)
    practice = Practice()
    practice.begin(1000)
    losses = draw.random(800).astype(np.float32)
    practice.note(train, losses)
    practice.losses[train[7]] = np.inf  # never seen
    picked = [
        practice.pick(PractisePart(share=0.25), train, 260, seed=3, number=n) for n in (1, 1, 2)
    ]
    hardest = {int(train[i]) for i in sorted(range(800), key=lambda i: -losses[i])[:199]}
    for rows in picked:
        assert len(rows) == len(set(rows.tolist())) == 260
        assert set(rows.tolist()) <= set(train.tolist())
        assert set(rows.tolist()) >= hardest | {int(train[7])}
    assert np.array_equal(picked[0], picked[1])
    assert not np.array_equal(picked[0], picked[2])


def test_a_picture_s_hardness_is_its_plain_loss_when_it_was_last_seen() -> None:
    recipe = Recipe().changed((*PRACTISED, "loss.smoothing=0.2", "machine.micro_batch=50"))
    course = small.course(recipe)
    here, batches = small.begun(recipe, course), small.batches(recipe)
    for told in fit(here.network, batches, recipe, course, training=here):
        if told.step == 1:
            break
    batch, twin = next(iter(batches.epoch(0))), small.begun(recipe, course)
    for start, stop in ((0, 42), (42, 85), (85, 128)):  # norms see a micro-batch at a time
        part = slice(start, stop)
        twin.masks.address(0, batch.rows[part])
        twin.wake()
        logits = twin.network(batch.images[part])
        expected = functional.cross_entropy(logits, batch.labels[part], reduction="none").detach()
        assert np.allclose(here.practice.losses[batch.rows[part]], expected.numpy(), rtol=1e-4)
    unseen = np.delete(here.practice.losses, batch.rows)
    assert np.isinf(unseen).all()


def test_the_losses_in_a_checkpoint_are_those_of_that_step() -> None:
    recipe = Recipe().changed(PRACTISED)
    course = small.course(recipe)
    here = small.begun(recipe, course)
    for told in fit(here.network, small.batches(recipe), recipe, course, training=here):
        if told.step == course.steps_per_epoch + 1:
            break
    tensors, facts = here.state()
    again = small.begun(recipe, course, seed=5)
    again.load({k: v.clone() for k, v in tensors.items()}, facts)
    assert torch.equal(again.state()[0]["practice.losses"], tensors["practice.losses"])
    assert torch.equal(again.state()[0]["practice.rows"], tensors["practice.rows"])
    assert len(again.practice.rows) == course.practised


def test_the_middle_of_a_training_is_over_fewer_pictures_and_its_ends_over_all() -> None:
    recipe = Recipe().changed((*PRACTISED, "epochs=12", "practise.rest=0"))
    course = small.course(recipe)
    here, batches = small.begun(recipe, course), small.batches(recipe)
    came: dict[int, list[int]] = {}
    was = here.practice.note

    def note(rows: Rows, losses: NDArray[np.float32]) -> None:
        now = pass_at(course, here.step)
        came.setdefault(now.number, []).extend(rows.tolist())
        was(rows, losses)

    here.practice.note = note  # type: ignore[method-assign]
    for _ in fit(here.network, batches, recipe, course, training=here):
        pass
    counts = {number: len(set(rows)) for number, rows in came.items()}
    assert all(len(rows) == counts[number] for number, rows in came.items())  # none twice in a pass
    whole, until = course.steps_per_epoch, course.practised_until
    middle = [n for n in counts if pass_at(course, 0).number < n < pass_at(course, until).number]
    assert {counts[n] for n in middle[:-1]} == {course.practised}
    assert counts[0] == counts[pass_at(course, until).number] == whole * course.batch
    often = Counter(row for n in middle for row in came[n])
    assert max(often.values()) > 2 * np.mean([often[r] for r in came[0]])  # hard ones more often
    assert sum(len(rows) for rows in came.values()) == course.steps * course.batch


def test_another_number_of_pictures_begins_anew() -> None:
    practice = Practice(np.zeros(5, np.float32), np.arange(3))
    practice.begin(6)
    assert np.isinf(practice.losses).all()
    assert not len(practice.rows)


def test_where_nothing_is_known_the_draw_picks_and_not_the_order_of_rows() -> None:
    practice = Practice()
    practice.begin(1000)
    rows = practice.pick(PractisePart(share=0.3), np.arange(1000), 370, seed=0, number=1)
    assert 0.25 < (rows < 300).mean() < 0.35  # of classes that come first no more than their share


def test_rows_that_are_no_longer_train_s_are_not_gone_on_with() -> None:
    practice = Practice(np.zeros(9, np.float32), np.array([2, 5]))
    assert practice.goes_on(np.array([1, 2, 5]))
    assert not practice.goes_on(np.array([1, 2, 6]))
    assert not Practice().goes_on(np.array([1]))


def test_a_picture_that_counts_nothing_is_not_hard() -> None:
    recipe = Recipe().changed(PRACTISED)
    course = small.course(recipe)
    here, batches = small.begun(recipe, course), small.batches(recipe)
    left_out = batches.pictures.dataset.classes.index("3")
    weights = np.where(np.arange(10) == left_out, 0, 1).astype(np.float32)
    batches.plan = dataclasses.replace(batches.plan, class_weights=weights)
    for told in fit(here.network, batches, recipe, course, training=here):
        if told.step == course.steps_per_epoch + 1:
            break
    share = (batches.pictures.dataset.labels[here.practice.rows] == left_out).mean()
    assert share < 0.06  # one of ten classes, and only among those that are drawn


def test_batches_smaller_than_the_course_says_end_with_a_sentence() -> None:
    recipe = Recipe().changed(PRACTISED)
    course = dataclasses.replace(small.course(recipe), steps_per_epoch=20, practised=0)
    here = small.begun(recipe, course)
    with pytest.raises(CannotTrain, match="no batch came for step"):
        list(fit(here.network, small.batches(recipe), recipe, course, training=here))


@pytest.mark.parametrize("other", ["pictures.mix=mixup", "pictures.balanced=true"])
def test_two_rules_about_which_pictures_come_are_refused(other: str) -> None:
    with pytest.raises(RecipeFault, match=r"practise\.share and pictures"):
        Recipe().changed((*PRACTISED, other))
    assert Recipe().changed((*PRACTISED, other, "practise.share=1")).practise.share == 1


def test_a_course_of_before_practising_reads_as_one_without() -> None:
    told = small.course(Recipe().changed(PRACTISED)).to_dict()
    old = {k: v for k, v in told.items() if not k.startswith("practised")}
    assert Course.from_dict(old) == dataclasses.replace(
        Course.from_dict(told), practised=0, practised_until=0
    )
