"""Compiled where it is right, and where it pays; the plain network in every other case, with the reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from striate.pictures.batches import Batch
from striate.training import compiled_trial
from striate.training.compiled import INDUCTOR, Backend
from striate.training.compiled_trial import Verdict, Work, decide
from striate.training.course import Course
from striate.training.recipe import Recipe
from tests.training import small

pytestmark = pytest.mark.filterwarnings(
    "ignore:The .grad attribute"
)  # of the compiler about itself
LONG = Work(1000.0, 0.1)


def broken(graph: Any, given: Any) -> Callable[..., object]:
    raise FileNotFoundError("g++\nis nowhere")


def backend(change: Callable[[torch.Tensor], torch.Tensor]) -> Backend:
    """Code that answers something else than it should."""

    def made(graph: Any, given: Any) -> Callable[..., object]:
        return lambda *args: tuple(
            change(one) if one.is_floating_point() else one for one in graph.forward(*args)
        )

    return made


def tried(wanted: str, code: Backend, precision: str = "fp32", **more: Any) -> Verdict:
    recipe = Recipe().changed(["epochs=1", f"machine.compile={wanted}", "regularise.dropout=0.3"])
    course = Course.from_dict(small.course(recipe, micro=50).to_dict() | {"precision": precision})
    network = more.pop("network", small.network())
    batch: Batch = next(iter(small.batches(recipe).epoch(0)))
    return decide(network, batch, recipe, replace(course, **more), LONG, code)


@pytest.mark.parametrize("wanted", ["no", "auto"])
def test_on_a_processor_nothing_is_tried_where_nobody_asks_for_it(wanted: str) -> None:
    assert tried(wanted, broken) == Verdict(False)
    for device in ("cpu", "mps"):
        assert not compiled_trial.is_tried(Recipe(), device)
    assert compiled_trial.is_tried(Recipe(), "cuda")
    assert not compiled_trial.is_tried(Recipe().changed(["machine.compile=no"]), "cuda")


def test_on_a_card_short_trainings_are_not_held_up_by_a_trial() -> None:
    recipe = Recipe()
    batch = next(iter(small.batches(recipe).epoch(0)))
    course = replace(small.course(Recipe().changed(["epochs=1"])), device="cuda")
    found = decide(small.network(), batch, recipe, course, Work(40.0, 0.1), broken)
    wanted = "not compiled: training will take 40 s, too few for compiling to pay"
    assert found == Verdict(False, wanted)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_right_code_is_used_where_somebody_asks_for_it(precision: str) -> None:
    found = tried("yes", "aot_eager", precision)
    assert found.compiled
    assert found.why.startswith("compiled as the recipe says: right, and ")
    assert "for forward and backward of 42 pictures" in found.why


def test_the_network_and_torchs_own_draws_stay_as_they_are() -> None:
    network = small.network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    modules, state = [type(one) for one in network.modules()], torch.get_rng_state()
    assert tried("yes", "aot_eager", network=network).compiled
    assert small.equal(before, network.state_dict())
    assert modules == [type(one) for one in network.modules()]
    assert torch.equal(state, torch.get_rng_state())
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x * 1.01,  # another answer
        lambda x: x + 0.5 * (x - x.detach()),  # the same answer, another gradient
        lambda x: x * float("nan"),
    ],
    ids=["answer", "gradient", "no number"],
)
def test_code_that_is_wrong_is_not_used_and_that_is_said(change) -> None:
    plain = small.network(text="1x8x8: conv3p1-8 bn relu gap fc10")  # one graph, to its very end
    found = tried("yes", backend(change), network=plain)
    assert not found.compiled
    assert found.is_fault
    assert found.why.startswith("not compiled: compiled code is wrong here: ")


def test_a_compiler_that_is_missing_or_fails_is_said_in_one_line() -> None:
    found = tried("yes", broken)
    assert not found.compiled
    assert found.is_fault
    assert found.why.startswith("not compiled: it could not be tried here: BackendCompilerFailed")
    assert "FileNotFoundError: g++" in found.why
    assert "\n" not in found.why


def test_a_network_that_cannot_run_in_float64_is_not_compiled() -> None:
    class Single(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.dtype == torch.float64:
                raise TypeError("single precision only")
            return x

    found = tried("yes", "aot_eager", network=nn.Sequential(Single(), small.network()))
    assert not found.compiled
    assert "TypeError: single precision only" in found.why


@pytest.mark.parametrize(
    ("eager_s", "fast_s", "saved", "costs", "compiled", "words"),
    [
        (0.10, 0.05, 500.0, 60.0, True, "compiled: right here and 2 times as fast (50 ms"),
        (0.10, 0.05, 50.0, 60.0, False, "but would save 50 s and take 60 s to make"),
        (0.10, 0.096, 500.0, 60.0, False, "right here, but no faster (96 ms for forward"),
        (0.10, 0.20, 0.0, 60.0, False, "no faster"),
    ],
)
def test_by_itself_it_is_compiled_where_that_pays(
    eager_s: float, fast_s: float, saved: float, costs: float, compiled: bool, words: str
) -> None:
    found = compiled_trial._judged("auto", eager_s, fast_s, 64, saved, costs)
    assert (found.compiled, found.is_fault) == (compiled, False)
    assert words in found.why
    asked = compiled_trial._judged("yes", eager_s, fast_s, 64, saved, costs)
    assert asked.compiled, "somebody who asks for it has reasons of their own"


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_code_of_this_machines_compiler_is_right(precision: str) -> None:
    found = tried("yes", INDUCTOR, precision)
    if shutil.which("g++") or shutil.which("clang++"):
        assert found.compiled, found.why
    else:
        assert found.is_fault


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("wanted", ["auto", "yes"])
def test_on_a_card_the_trial_ends_in_a_reason_and_never_in_a_fault_of_ours(
    wanted: str, precision: str
) -> None:
    recipe = Recipe().changed(["epochs=1", f"machine.compile={wanted}"])
    course = Course.from_dict(
        small.course(recipe).to_dict() | {"precision": precision, "device": "cuda"}
    )
    made = small.batches(recipe)
    made.plan = replace(made.plan, device="cuda", resident=True)
    batch = next(iter(made.epoch(0)))
    found = decide(small.network().cuda(), batch, recipe, course, LONG)
    assert "wrong here" not in found.why
    assert "could not be tried" not in found.why
    assert "pictures" in found.why
    assert found.compiled or wanted == "auto"
