"""The loop: resumed equals unbroken at every step and for every feature; nothing half-made is kept."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from striate.errors import CannotTrain, NoMemory, NotFinite
from striate.training.loop import fit
from striate.training.recipe import Recipe
from striate.training.state import Training
from striate.training.update import Interrupted, one_update
from tests.training import small

SGD = ("optimiser.name=nesterov", "epochs=2", "looks=3")
MATRIX = {
    "sgd": ("optimiser.name=sgd",),
    "adamw": ("optimiser.name=adamw", "optimiser.decay=0.01"),
    "muon": ("optimiser.name=muon",),
    "ema": ("average.name=ema", "average.decay=0.9"),
    "swa": ("average.name=swa", "average.start=0.4"),
    "lookahead": ("optimiser.lookahead=5",),
    "mixup": ("pictures.mix=mixup",),
    "clip": ("optimiser.clip=1",),
    "micro": ("machine.micro_batch=32",),  # a batch in four parts
    "depth": ("regularise.stochastic_depth=0.5", "schedule.name=one-cycle"),
    "grow": ("pictures.grow_from=0.5", "start.filters=dirac"),
    "practise": ("practise.share=0.3", "epochs=4"),
    "patience": ("regularise.patience=3",),
    "mirrored": ("regularise.mirrored=yes", "optimiser.name=muon"),
    "hinge": ("loss.name=hinge", "optimiser.rate=0.001"),
    "bf16": ("machine.precision=bf16", "optimiser.name=muon", "epochs=1"),
}


pytestmark = pytest.mark.usefixtures("one_thread")


def ended(recipe: Recipe, here: Training, until: int | None = None) -> Training:
    """Train on, to the end or to a step."""
    steps = fit(
        here.network, small.batches(recipe), recipe, here.course, judge=small.judge, training=here
    )
    for told in steps:
        if told.step == until:
            break
    return here


def resumed(recipe: Recipe, at_step: int) -> Training:
    """Stopped after a step, and gone on with from its state in another network."""
    course = small.course(recipe)
    first = ended(recipe, small.begun(recipe, course), at_step)
    tensors, facts = first.state()
    kept = {k: v.clone() for k, v in tensors.items()}
    second = small.begun(recipe, course, seed=99)
    second.load(kept, copy.deepcopy(facts))
    return ended(recipe, second)


def test_resumed_after_any_step_it_ends_bit_for_bit_as_unbroken() -> None:
    recipe = Recipe().changed(SGD)
    course = small.course(recipe)
    whole = ended(recipe, small.begun(recipe, course))
    for step in range(1, course.steps):
        got = resumed(recipe, step)
        assert small.equal(whole.network.state_dict(), got.network.state_dict()), step


@pytest.mark.parametrize("name", MATRIX)
def test_resumed_with_every_feature_it_ends_bit_for_bit_as_unbroken(name: str) -> None:
    recipe = Recipe().changed((*SGD, *MATRIX[name]))
    course = small.course(recipe)
    whole = ended(recipe, small.begun(recipe, course))
    for step in (1, 7, course.steps // 2, course.steps - 1):
        got = resumed(recipe, step)
        assert small.equal(whole.network.state_dict(), got.network.state_dict()), step
        assert whole.state()[1] == got.state()[1]


@pytest.mark.parametrize("workers", [0, 2])
def test_resumed_with_workers_that_had_worked_ahead_it_ends_as_unbroken(workers: int) -> None:
    recipe = Recipe().changed((*SGD, "pictures.mix=mixup"))
    course = small.course(recipe)
    whole = ended(recipe, small.begun(recipe, course))
    made = small.batches(recipe, workers=workers)
    for step in (1, 7, course.steps - 1):
        here = small.begun(recipe, course)
        for told in fit(here.network, made, recipe, course, judge=small.judge, training=here):
            if told.step == step:
                break
        again = small.begun(recipe, course, seed=99)
        again.load(*copy.deepcopy(here.state()))
        list(fit(again.network, made, recipe, course, judge=small.judge, training=again))
        assert small.equal(whole.network.state_dict(), again.network.state_dict()), step


def test_the_same_seed_gives_the_same_weights_and_another_gives_others() -> None:
    recipe = Recipe().changed(SGD)
    ends = [
        ended(made, small.begun(made, small.course(made))).network.state_dict()
        for made in (recipe, recipe, recipe.changed(["seed=1"]))
    ]
    assert small.equal(ends[0], ends[1])
    assert not small.equal(ends[0], ends[2])


def test_after_twenty_epochs_the_loss_is_less_than_half() -> None:
    recipe = Recipe().changed(("optimiser.name=muon", "epochs=20"))
    looks = [
        told.look
        for told in fit(
            small.network(), small.batches(recipe), recipe, small.course(recipe), judge=small.judge
        )
        if told.look
    ]
    assert looks[-1].train_accuracy > 0.6
    assert looks[-1].train_loss < looks[0].train_loss / 2


def test_micro_batches_give_the_gradient_of_the_whole_batch() -> None:
    # Without batch norm, which sees only its micro-batch, and which the loop says.
    recipe = Recipe().changed(("optimiser.name=sgd", "epochs=1", "optimiser.rate=0.1"))
    text = "1x8x8: conv3p1-8 relu max2 conv3p1-8 relu gap fc10"
    ends = []
    for micro in (128, 40):
        here = Training.begin(
            small.network(text=text).double(), recipe, small.course(recipe, micro=micro)
        )
        batch = next(iter(small.batches(recipe).epoch(0)))
        double = type(batch)(
            batch.images.double(), batch.labels, batch.weights, batch.rows, batch.step,
            batch.partners, batch.share,
        )  # fmt: skip
        one_update(here, small.batches(recipe), double, 0, 1.0)
        ends.append(here.network.state_dict())
    for name, value in ends[0].items():
        torch.testing.assert_close(value, ends[1][name], rtol=1e-6, atol=1e-7)


class Poisoned(nn.Module):
    """Gives what is no number from one call on, forward or backward."""

    def __init__(self, inner: nn.Module, call: int, kind: str) -> None:
        super().__init__()
        self.inner, self.call, self.kind = inner, call, kind
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made = self.inner(x)
        self.calls += self.training
        if self.calls == self.call:
            if self.kind == "gradient":
                made.register_hook(lambda g: g * float("nan"))
                return made * 1.0
            return made * {"nan": float("nan"), "inf": float("inf"), "huge": 1e38}[self.kind] * 10
        return made


@pytest.mark.parametrize("kind", ["nan", "inf", "huge", "gradient"])
def test_what_is_no_number_stops_before_the_update_and_names_the_pictures(kind: str) -> None:
    recipe = Recipe().changed(SGD)
    course = small.course(recipe)
    here = Training.begin(Poisoned(small.network(), 4, kind), recipe, course)
    steps = fit(here.network, small.batches(recipe), recipe, course, training=here)
    for _ in range(3):
        next(steps)
    before = {k: v.clone() for k, v in here.network.state_dict().items()}
    with pytest.raises(NotFinite, match=r"at step 4 .*before the weights were changed") as caught:
        next(steps)
    assert small.equal(before, here.network.state_dict()), "buffers of batch norm too"
    assert here.step == 3
    rows = next(iter(small.batches(recipe).epoch(0, 3))).rows
    assert small.pictures().dataset.paths[int(rows[0])] in caught.value.where


class Greedy(nn.Module):
    """Says that memory is gone when more than `most` pictures come at once."""

    def __init__(self, inner: nn.Module, most: int) -> None:
        super().__init__()
        self.inner, self.most = inner, most

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training and len(x) > self.most:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        return self.inner(x)


def test_without_memory_fewer_pictures_at_a_time_make_the_same_batch_and_that_is_said() -> None:
    recipe = Recipe().changed(("optimiser.name=sgd", "epochs=1"))
    course = small.course(recipe)
    here = Training.begin(Greedy(small.network(), 40), recipe, course)
    list(fit(here.network, small.batches(recipe), recipe, course, training=here))
    assert here.micro_batch == 32
    assert here.step == course.steps
    assert "128 pictures at a time became 64" in here.notes[0]
    assert "batch norm sees fewer" in here.notes[0]


def test_without_memory_for_one_picture_it_ends_in_a_sentence() -> None:
    recipe = Recipe().changed(SGD)
    course = small.course(recipe)
    here = Training.begin(Greedy(small.network(), 0), recipe, course)
    with pytest.raises(NoMemory, match="one picture at a time"):
        next(fit(here.network, small.batches(recipe), recipe, course, training=here))


def test_other_faults_of_the_network_come_through_as_they_are() -> None:
    class Broken(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("shapes do not fit")

    recipe = Recipe().changed(SGD)
    course = small.course(recipe)
    inner = nn.Sequential(small.network(), Broken())
    here = Training.begin(inner, recipe, course)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        next(fit(inner, small.batches(recipe), recipe, course, training=here))


def test_a_stop_abandons_the_running_step_and_leaves_the_last_completed_one() -> None:
    recipe = Recipe().changed(SGD)
    course = small.course(recipe, micro=32)
    here = small.begun(recipe, course)
    asked = [0]

    def stop() -> bool:
        asked[0] += 1
        return asked[0] > 12  # in the middle of the third step's micro-batches

    after: dict[str, torch.Tensor] = {}
    with pytest.raises(Interrupted):
        for _ in fit(here.network, small.batches(recipe), recipe, course, training=here, stop=stop):
            after = {k: v.clone() for k, v in here.network.state_dict().items()}
    assert here.step == 2
    assert small.equal(after, here.network.state_dict())


@pytest.mark.parametrize("cut", [1, 2, 3])
@pytest.mark.parametrize("setting", ["average.name=ema", "regularise.patience=5"])
def test_a_look_that_is_cut_off_is_done_when_it_goes_on_and_the_end_is_the_same(
    cut: int, setting: str
) -> None:
    recipe = Recipe().changed((*SGD, setting))
    course = small.course(recipe)
    unbroken = small.begun(recipe, course)
    steps = fit(
        unbroken.network,
        small.batches(recipe),
        recipe,
        course,
        judge=small.judge,
        training=unbroken,
    )
    looks = [(told.step, told.epoch, told.rate, told.look) for told in steps if told.look]
    here, calls = small.begun(recipe, course), [0]

    def asked(network: nn.Module) -> tuple[float, float]:
        calls[0] += 1
        if calls[0] == cut:
            raise Interrupted
        return small.judge(network)

    seen, made = [], small.batches(recipe)
    with pytest.raises(Interrupted):
        for told in fit(here.network, made, recipe, course, judge=asked, training=here):
            seen += [(told.step, told.epoch, told.rate, told.look)] if told.look else []
    assert here.step == looks[cut - 1][0], "the step counts, the look does not"
    again = small.begun(recipe, course, seed=99)
    again.load(*copy.deepcopy(here.state()))
    for told in fit(again.network, made, recipe, course, judge=small.judge, training=again):
        seen += [(told.step, told.epoch, told.rate, told.look)] if told.look else []
    assert seen == looks
    assert small.equal(unbroken.network.state_dict(), again.network.state_dict())
    assert unbroken.state()[1] == again.state()[1]


def test_a_stop_while_statistics_of_averaged_weights_are_counted_loses_nothing() -> None:
    recipe = Recipe().changed((*SGD, "average.name=swa"))
    course = small.course(recipe)
    whole = ended(recipe, small.begun(recipe, course))
    here, asked = small.begun(recipe, course), [0]
    steps = fit(
        here.network, small.batches(recipe), recipe, course, judge=small.judge, training=here,
        stop=lambda: bool(asked[0]),
    )  # fmt: skip
    last: dict[str, torch.Tensor] = {}
    for told in steps:
        if told.step == course.steps:
            last = {k: v.clone() for k, v in here.network.state_dict().items()}
            asked[0] = 1
            break
    with pytest.raises(Interrupted):
        next(steps)
    assert small.equal(last, here.network.state_dict())
    again = small.begun(recipe, course, seed=99)
    again.load(*copy.deepcopy(here.state()))
    assert small.equal(whole.network.state_dict(), ended(recipe, again).network.state_dict())


def test_early_stopping_brings_the_best_weights_back() -> None:
    recipe = Recipe().changed((*SGD, "epochs=4", "looks=18", "regularise.patience=2"))
    course = small.course(recipe)
    here = small.begun(recipe, course)
    losses = iter([3.0, 2.0, 1.0, 1.5, 1.6, 0.1])
    best = {}

    def judged(network: nn.Module) -> tuple[float, float]:
        loss = next(losses)
        if loss == 1.0:
            best.update({k: v.clone() for k, v in network.state_dict().items()})
        return loss, 0.0

    steps = fit(here.network, small.batches(recipe), recipe, course, training=here, judge=judged)
    told = list(steps)
    assert len(told) < course.steps
    assert small.equal(best, here.network.state_dict())
    assert "stopped early" in here.notes[-1]


def test_the_rates_follow_the_schedule_and_pictures_grow() -> None:
    recipe = Recipe().changed((*SGD, "pictures.grow_from=0.5", "schedule.name=step"))
    course = small.course(recipe)
    assert [side for _, side in course.sides] == [4, 6, 8]
    seen: list[int] = []

    class Watching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = small.network()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(x.shape[-1])
            return self.inner(x)

    here = Training.begin(Watching(), recipe, course)
    rates = [
        t.rate for t in fit(here.network, small.batches(recipe), recipe, course, training=here)
    ]
    assert seen == sorted(seen)
    assert set(seen) == {4, 6, 8}
    assert len(set(np.round(rates, 6))) == 3


@pytest.mark.parametrize(
    ("settings", "words"),
    [((), "300 s and no epochs"), (("epochs=1", "optimiser.accumulate=4"), "accumulate is 4")],
)
def test_without_a_course_what_cannot_be_planned_is_refused(
    settings: tuple[str, ...], words: str
) -> None:
    recipe = Recipe().changed(settings)
    with pytest.raises(CannotTrain, match=words):
        next(iter(fit(small.network(), small.batches(recipe), recipe)))
