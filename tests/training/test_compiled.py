"""A compiled network in the loop: the same training, plain names, and the plain network where it fails.

PyTorch's `aot_eager` goes all the way of its compiler, but for writing code; `test_compiled_trial.py` and
`test_train_device.py` have code that is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from striate.training.compiled import Backend, compiled, told
from striate.training.loop import fit
from striate.training.recipe import Recipe
from striate.training.state import Training
from tests.training import small

pytestmark = pytest.mark.filterwarnings(
    "ignore:The .grad attribute"
)  # of the compiler about itself
PLAIN = "1x8x8: conv3p1-8 bn relu gap fc10"  # one graph: dropout would make it two
SYMMETRIC = "1x8x8: conv3p1-8 bn relu max2 drop0.3 conv3p1-16 bn relu gap fc10"


def recipe(*settings: str) -> Recipe:
    return Recipe().changed(
        ["epochs=1", "optimiser.name=nesterov", "optimiser.rate=0.1", *settings]
    )


def begun(wanted: Recipe, backend: Backend | None, text: str = small.TEXT) -> Training:
    """With code of this backend, or without."""
    here = Training.begin(small.network(text=text), wanted, small.course(wanted))
    if backend is not None:
        here.forward = compiled(here.network, backend)
    return here


def ended(here: Training, until: int = 1000) -> dict[str, Tensor]:
    """The state after so many steps, or all."""
    for one in fit(
        here.network, small.batches(here.recipe), here.recipe, here.course, training=here
    ):
        if one.step == until:
            break
    return {name: value.clone() for name, value in here.state()[0].items()}


def near(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """The same names, and numbers but for rounding."""
    return list(one) == list(other) and all(
        torch.allclose(v.double(), other[k].double(), rtol=1e-3, atol=1e-4) for k, v in one.items()
    )


class Counted:
    """A backend that runs what it is given, counts the calls, and fails at one of them."""

    def __init__(self, fails_at: int = -1) -> None:
        self.calls, self.fails_at = 0, fails_at

    def __call__(self, graph: Any, given: Any) -> Callable[..., object]:
        def run(*args: Any) -> object:
            self.calls += 1
            if self.calls == self.fails_at:
                raise ValueError("the card fell off the bus")
            return graph.forward(*args)

        return run


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (("average.name=ema",), small.TEXT),
        (("average.name=swa", "regularise.stochastic_depth=0.3"), small.TEXT),
        (("regularise.mirrored=yes", "machine.micro_batch=50"), SYMMETRIC),
        (("pictures.grow_from=0.5", "pictures.augment=digits"), small.TEXT),
    ],
    ids=["ema", "swa", "mirrored", "grown"],
)
def test_it_is_trained_as_the_plain_network_and_kept_under_its_names(settings, text) -> None:
    wanted = recipe(*settings)
    plain, code = begun(wanted, None, text), begun(wanted, "aot_eager", text)
    names = [f"network.{name}" for name in small.network(text=text).state_dict()]
    found = ended(code)
    assert [name for name in found if name.startswith("network.")] == names
    assert near(found, ended(plain))
    assert code.notes == ()
    assert code.forward is not None


def test_still_parts_stay_still() -> None:
    here = begun(recipe(), "aot_eager")
    norm = next(one for one in here.network.modules() if isinstance(one, nn.BatchNorm2d))
    here.still, before = (norm,), norm.running_mean.clone()  # type: ignore[union-attr]
    ended(here, until=3)
    assert norm.running_mean is not None
    assert torch.equal(norm.running_mean, before)


def test_gone_on_with_after_any_step_it_ends_bit_for_bit_as_unbroken() -> None:
    wanted = recipe("average.name=ema", "pictures.grow_from=0.5")
    whole = ended(begun(wanted, "aot_eager"))
    for step in (2, 7):
        first = begun(wanted, "aot_eager")
        ended(first, until=step)
        tensors, facts = first.state()
        again = begun(wanted, "aot_eager")
        again.load({name: value.clone() for name, value in tensors.items()}, facts)
        assert small.equal(ended(again), whole)


def test_a_batch_that_is_not_whole_goes_through_the_plain_network() -> None:
    here = begun(recipe(), "aot_eager")
    assert here.through(128) is here.forward
    assert here.through(107) is here.network
    plain = begun(recipe(), None)
    assert plain.through(128) is plain.network


@pytest.mark.parametrize("step", [1, 4])
def test_where_code_fails_the_step_is_done_again_without_and_that_is_said(step: int) -> None:
    wanted = recipe("average.name=ema")
    here, plain = begun(wanted, Counted(step), PLAIN), begun(wanted, None, PLAIN)
    assert near(ended(here), ended(plain))
    assert here.notes == (
        f"step {step - 1}: compiled code failed (ValueError: the card fell off the bus); "
        "the run goes on without",
    )
    assert here.forward is None


def test_a_compiler_that_fails_at_once_leaves_the_bits_of_the_plain_training() -> None:
    def broken(graph: Any, given: Any) -> Callable[..., object]:
        raise RuntimeError("no compiler here\nlong story")

    wanted = recipe()
    here, plain = begun(wanted, broken), begun(wanted, None)
    assert small.equal(ended(here), ended(plain))
    (note,) = here.notes
    assert note.startswith("step 0: compiled code failed (BackendCompilerFailed: ")
    assert "RuntimeError: no compiler here" in note
    assert "long story" not in note


def test_a_run_whose_code_failed_stays_without_when_it_goes_on() -> None:
    wanted = recipe()
    here = begun(wanted, Counted(2))
    ended(here, until=3)
    tensors, facts = here.state()
    again = begun(wanted, Counted())
    again.load(tensors, facts)
    assert again.forward is None
    del facts["is_compiled"]  # as runs of before have it
    other = begun(wanted, Counted())
    other.load(tensors, facts)
    assert other.forward is not None


def test_a_fault_of_the_network_itself_is_raised_as_its_own() -> None:
    class Odd(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise KeyError("a layer of nobody")

    wanted = recipe()
    here = Training.begin(nn.Sequential(Odd(), nn.Linear(1, 1)), wanted, small.course(wanted))
    here.forward = compiled(here.network, "aot_eager")
    with pytest.raises(KeyError, match="a layer of nobody"):
        ended(here)


def test_more_shapes_than_pytorch_allows_by_itself_are_all_compiled() -> None:
    counted = Counted()
    network = nn.Sequential(nn.Linear(3, 2))
    forward = compiled(network, counted)
    for count in range(2, 22):
        forward(torch.ones(count, 3))
    assert counted.calls == 20


@pytest.mark.filterwarnings("ignore:.*recompile_limit")
def test_networks_of_others_that_pytorch_gave_up_on_take_no_compiler_from_ours() -> None:
    others = torch.compile(nn.Sequential(nn.Linear(3, 2)), backend="eager", dynamic=False)
    for count in range(2, 22):
        others(torch.ones(count, 3))
    counted = Counted()
    compiled(nn.Sequential(nn.Linear(3, 2)), counted)(torch.ones(30, 3))
    torch.compiler.reset()  # or it would have given up for the tests that follow
    assert counted.calls == 1


def test_networks_of_one_structure_keep_hooks_and_addresses_of_their_own() -> None:
    batch = next(iter(small.batches(recipe()).epoch(0)))

    def answered(here: Training) -> Tensor:
        here.wake()
        here.masks.address(0, batch.rows)
        with torch.no_grad():
            return here.through(len(batch))(batch.images)

    deep = recipe("regularise.stochastic_depth=0.5")
    for wanted in (recipe(), deep, deep, deep.with_values({"seed": 5}), recipe()):
        found, plain = answered(begun(wanted, "aot_eager")), answered(begun(wanted, None))
        assert torch.allclose(found, plain, atol=1e-5)


def test_a_fault_of_a_compiler_is_told_in_one_line_without_its_advice() -> None:
    pages = "InvalidCxxCompiler: none found: 'g++'\n\nSet TORCHDYNAMO_VERBOSE=1 for more\n\n"
    assert told(RuntimeError(pages)) == "RuntimeError: InvalidCxxCompiler: none found: 'g++'"
    assert told(OSError()) == "OSError:"
    assert len(told(ValueError("x" * 10_000))) == 300
