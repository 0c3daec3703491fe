"""Whether to compile: where a trial on this very network finds compiled code right, and worth its time.

Right: of one micro-batch, answers and gradients are no farther from those in float64 than those of the plain
network are, by more than a small factor. Worth it: forward and backward side by side, and what that saves in
all steps against what compiling takes. Whatever goes wrong, the plain network is trained, and that is said.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor, nn

from striate.pictures.batches import Batch
from striate.training.compiled import INDUCTOR, Backend, compiled, told
from striate.training.course import Course
from striate.training.precision_layers import timed
from striate.training.recipe import Recipe
from striate.training.state import Training
from striate.training.update import loss_and_logits

WORTH_FROM_S = (
    120.0  # of training: less is not tried, since compiling takes about a minute on a card
)
_FASTER = 0.95  # of the time without; less gain is within what timing can tell
_FARTHER = 4.0  # times as far from float64 as the plain network
# And so much of the largest gradient in any case: where that of a tensor is all rounding, one rounding can be
# many times another.
_ROUNDING = {"fp32": 1e-4, "bf16": 1e-2}
_ROUNDS, _LONGEST_S = 5, 10.0


@final
@dataclass(frozen=True)
class Verdict:
    """why: one sentence with numbers; empty where there is nothing to say. is_fault: it was wanted, or seemed
    to be worth it, and cannot be had.
    """

    compiled: bool
    why: str = ""
    is_fault: bool = False


@final
@dataclass(frozen=True)
class Work:
    """What training will have to do: seconds in all, of one step, and how many shapes have to be compiled."""

    seconds: float
    step_s: float
    shapes: int = 1


def is_tried(recipe: Recipe, device: str) -> bool:
    """Whether the recipe asks for it here."""
    wanted = recipe.machine.compile
    return wanted == "yes" or (wanted == "auto" and torch.device(device).type == "cuda")


def decide(
    network: nn.Module,
    batch: Batch,
    recipe: Recipe,
    course: Course,
    work: Work,
    backend: Backend = INDUCTOR,
) -> Verdict:
    """`machine.compile`: no; yes is compiled if it is right; auto is so on CUDA alone, and if it pays. batch:
    a whole one; course: with what is decided already.

    The network is not changed, and nothing is drawn from torch's own generator.
    """
    if not is_tried(recipe, course.device):
        return Verdict(False)
    if recipe.machine.compile == "auto" and work.seconds < WORTH_FROM_S:
        return Verdict(
            False,
            f"not compiled: training will take {work.seconds:.0f} s, too few for compiling to pay",
        )
    try:
        is_card = torch.device(course.device).type == "cuda"
        with torch.random.fork_rng(devices=[torch.device(course.device)] if is_card else []):
            return _tried(network, batch, recipe, course, work, backend)
    except Exception as fault:  # noqa: BLE001 whatever compilers, linkers and drivers come up with
        why = f"not compiled: it could not be tried here: {told(fault)}"
        return Verdict(False, why, is_fault=True)


def _tried(
    network: nn.Module,
    batch: Batch,
    recipe: Recipe,
    course: Course,
    work: Work,
    backend: Backend,
) -> Verdict:
    """Right first, then how fast."""
    parts = max(1, math.ceil(len(batch) / course.micro_batch))
    few = max(1, len(batch) // parts)
    plain = replace(course, batch=len(batch), sides=(), compiled=False)

    def begun(made: nn.Module, at: Course) -> Training:
        return Training.begin(copy.deepcopy(made), recipe, at)

    exact = begun(copy.deepcopy(network).double(), replace(plain, precision="fp32"))
    truth = _pass(exact, replace(batch, images=batch.images.double()), few)
    del exact
    here, there = begun(network, plain), begun(network, plain)
    there.forward = compiled(there.network, backend)
    start = time.perf_counter()
    found = _pass(there, batch, few)
    took = time.perf_counter() - start
    far = _farther(found, _pass(here, batch, few), truth, course.precision)
    if not far <= 1:  # what is no number is not
        return Verdict(
            False,
            f"not compiled: compiled code is wrong here: {far:.2g} times as far from float64 as rounding "
            "explains",
            is_fault=True,
        )
    del found, truth
    eager_s, fast_s = _side_by_side(
        lambda: _pass(here, batch, few), lambda: _pass(there, batch, few), course.device
    )
    saved = min(1.0, parts * max(0.0, eager_s - fast_s) / max(work.step_s, 1e-9)) * work.seconds
    return _judged(recipe.machine.compile, eager_s, fast_s, few, saved, took * work.shapes)


def _pass(here: Training, batch: Batch, few: int) -> list[Tensor]:
    """Forward and backward of the first pictures as training does it: logits and gradients, in float64."""
    here.wake()
    loss, logits = loss_and_logits(here, batch, slice(0, few), 0)
    (loss / few).backward()  # type: ignore[no-untyped-call]
    grads = [p.grad for p in here.network.parameters() if p.grad is not None]
    return [logits.detach().double(), *(grad.double() for grad in grads)]


def _farther(
    found: list[Tensor], plain: list[Tensor], truth: list[Tensor], precision: str
) -> float:
    """How far compiled code is from the truth, by how far it may be: at the worst tensor."""
    largest = max((float(one.norm()) for one in truth[1:]), default=0.0)
    worst = 0.0
    for i, (a, b, t) in enumerate(zip(found, plain, truth, strict=True)):
        scale = largest if i else float(t.norm())
        allowed = _FARTHER * max(float((b - t).norm()), _ROUNDING[precision] * scale)
        far = float((a - t).norm()) / max(allowed, 1e-300)
        worst = max(worst, far) if math.isfinite(far) else math.inf
    return worst


def _side_by_side(
    eager: Callable[[], Any], fast: Callable[[], Any], device: str
) -> tuple[float, float]:
    """The quickest of some rounds of each, in turns."""
    begun, found = time.perf_counter(), [math.inf, math.inf]
    for turn in range(_ROUNDS):
        for which in (0, 1) if turn % 2 else (1, 0):
            took = timed(fast if which else eager, device).clock
            found[which] = min(found[which], took)
        if time.perf_counter() - begun > _LONGEST_S:
            break
    return found[0], found[1]


def _judged(
    wanted: str, eager_s: float, fast_s: float, few: int, saved: float, costs: float
) -> Verdict:
    """Compiled where it pays, or where somebody asked for it; the sentence says both."""
    without = f"{1e3 * eager_s:.3g} ms without"
    times = f"{1e3 * fast_s:.3g} ms for forward and backward of {few:,} pictures, {without}"
    is_faster = fast_s <= _FASTER * eager_s
    pace = f"{eager_s / max(fast_s, 1e-12):.2g} times as fast"
    if wanted == "yes":
        how = pace if is_faster else "no faster"
        return Verdict(True, f"compiled as the recipe says: right, and {how} ({times})")
    if not is_faster:
        return Verdict(False, f"not compiled: compiled code is right here, but no faster ({times})")
    if saved <= costs:
        return Verdict(
            False,
            f"not compiled: compiled code is right here and {pace} ({times}), but would save {saved:.0f} s "
            f"and take {costs:.0f} s to make",
        )
    return Verdict(True, f"compiled: right here and {pace} ({times})")
