"""How fast a network is here, and what that buys: which of ours, how many threads, which size of picture."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from striate.errors import CannotTrain, PlanError
from striate.training.defaults import grown_from
from striate.training.ranks import ALONE, Ranks
from striate.verbs.train_growing import cannot_grow
from striate.verbs.train_network import TIMM, model_of, planned
from striate.zoo.catalogue import CATALOGUE, plan_of

if TYPE_CHECKING:
    from striate.grammar.plan import Plan
    from striate.training.recipe import Recipe
    from striate.verbs.train_order import Order

OURS = ("striate-l", "striate-m", "striate-s", "striate-xs")  # from large to small
# How much more often larger ones have to see few pictures, and from how many passes on they pay. CIFAR on
# two cores with bf16: in 900 s striate-m has 91.2 % after 21 passes, striate-s 90.2 after 28 (pools of 2x2),
# one as wide as striate-l 89.2 after 9; in 150 s striate-s 88.0 after 4.8, striate-xs 85.9 after 18.8; in
# 75 s striate-s 85.3 after 2.4, striate-xs 84.7 after 9.2.
PATIENT = {"striate-m": 2.5, "striate-l": 8}
LEAST_PASSES = {"striate-xs": 3, "striate-s": 3, "striate-m": 15, "striate-l": 48}
SMALLEST_SIDE = 16  # three pools and a 2x2 convolution leave nothing of less
LARGEST_SCRATCH = 64
MOST_EPOCHS = 200.0  # of one picture; more of the same teaches nothing, and the budget is left over
# Pictures whose time says what a network costs: at 64 pixels, and of larger ones as few as have as many.
_PROBE, _PROBE_LEAST = 32, 4
_LONGEST_PROBE_S = 3.0
_TRIES, _SURELY_S = 3, 0.4
# Networks learnt from enlarged parts of pictures see things in whole ones too small, and know more of them at
# 8/7 of their side (Touvron et al. 2019, arXiv 1906.06423): ants and bees 98.0 % for 95.4 by the head alone.
PUBLISHED, LARGER = 224, 256
PUBLISHED_RATIO = 0.875  # of the shorter side: what published weights were judged with


def wanted_for(name: str, pictures: int) -> int:
    """How many pictures should pass through one of ours from scratch: 60 epochs of few and fewer of many;
    large ones pay only where they see them more often.
    """
    few = min(60 * pictures, 100_000) * PATIENT.get(name, 1)
    return round(max(LEAST_PASSES[name] * pictures, few))


def side_for(
    native: tuple[int, int], *, pretrained: bool, asked: int, any_side: bool = False
) -> int:
    """The side of prepared pictures: what was asked for, 224 for pretrained networks, what they have if
    they are small, and 64 for photographs from scratch, where the budget is better spent on more steps.
    any_side: whether the weights fit every side; then photographs that have the detail get 256.
    """
    if asked:
        return asked
    if pretrained:
        return LARGER if any_side and min(native) >= LARGER / PUBLISHED_RATIO else PUBLISHED
    return min(LARGEST_SCRATCH, max(SMALLEST_SIDE, *native))


def fits_any_side(model: str) -> bool:
    """Whether a network of the zoo has the same weights for larger pictures: not where maps are flattened."""
    if model not in CATALOGUE:
        return False
    sizes = (plan_of(model).on(3, side, side, 1000) for side in (PUBLISHED, LARGER))
    try:
        return len({plan.parameters for plan in sizes}) == 1
    except PlanError:  # a window does not fit
        return False


def device_of(asked: str) -> str:
    """The accelerator where there is one, or the device that was asked for."""
    import torch

    if asked == "cuda" and not torch.cuda.is_available():
        raise CannotTrain(
            "there is no CUDA device here", "leave machine.device at auto, or take cpu"
        )
    if asked == "mps" and not torch.backends.mps.is_available():
        raise CannotTrain("there is no Apple GPU here", "leave machine.device at auto, or take cpu")
    return ("cuda" if torch.cuda.is_available() else "cpu") if asked == "auto" else asked


def threads_for(
    recipe: Recipe,
    order: Order,
    shape: tuple[int, int, int],
    classes: int,
    device: str,
    ranks: Ranks = ALONE,
) -> int:
    """What the recipe says, else what is quickest here for the network, or for the smallest of ours: of all
    threads, or of this process's share of them.
    """
    most = ranks.threads
    model = model_of(order)
    if recipe.machine.threads or device != "cpu" or model.startswith(TIMM):
        return recipe.machine.threads or most
    name = OURS[-1] if model == "auto" else model
    return best_threads(planned(name, shape, classes), most)


def meant(
    recipe: Recipe,
    order: Order,
    pictures: int,
    shape: tuple[int, int, int],
    classes: int,
    device: str,
    processes: int = 1,
) -> tuple[str, int, str]:
    """The network that is meant; how many pictures it can be shown, where it is one of ours, else 0; and why
    it is this one, where that was decided here.
    """
    model = model_of(order)
    if model == "auto":
        return by_budget(recipe, pictures, shape, classes, device, processes)
    if model not in OURS or order.source:
        return model, 0, ""
    seen, _ = affordable(planned(model, shape, classes), recipe, pictures, device, processes)
    return model, seen, ""


def by_budget(
    recipe: Recipe,
    pictures: int,
    shape: tuple[int, int, int],
    classes: int,
    device: str,
    processes: int = 1,
) -> tuple[str, int, str]:
    """The largest of our networks that the budget lets see enough pictures; how many it will see; why."""
    tried = []
    for name in reversed(OURS):
        plan = planned(name, shape, classes)
        seen, rate = affordable(plan, recipe, pictures, device, processes)
        tried.append((name, seen, rate))
        if not recipe.epochs and seen < 2 * wanted_for(name, pictures):
            break  # the next is more than twice as dear, and asks for no fewer
    fit = [one for one in tried if one[1] >= wanted_for(one[0], pictures)] or tried[:1]
    name, seen, rate = fit[-1]
    why = (
        f"{name} at {shape[1]} pixels: about {rate:,.0f} pictures a second here{on(processes)}, so it "
        f"will see about {seen:,} ({seen / pictures:.1f} epochs)"
    )
    return name, seen, why


def affordable(
    plan: Plan, recipe: Recipe, pictures: int, device: str, processes: int = 1
) -> tuple[int, float]:
    """How many pictures the budget or the epochs let a network see, and how many a second, at the sides and
    in the precision that training will most likely have; of several processes as many times as of this one,
    which is timed with its share of the threads. What they lose by waiting for one another is measured later.
    """
    rate = pictures_per_second(plan, device, recipe.machine.precision) / _area(plan, recipe)
    rate *= processes
    seen = int(recipe.budget_s * rate) if not recipe.epochs else int(recipe.epochs * pictures)
    return seen, rate


def on(processes: int) -> str:
    """How many, where that is worth a word."""
    return f" on {processes} processes" if processes > 1 else ""


def _area(plan: Plan, recipe: Recipe) -> float:
    """What a picture costs on average, as a share of one at its full side: those that grow cost less."""
    from striate.training.course import sides

    side = plan.layers[0].given.width
    grows = "whiten=" in plan.text and not cannot_grow(plan, recipe)
    from_ = grown_from(recipe.pictures.grow_from, side, grows=grows)
    growing = recipe.with_values({"pictures.grow_from": from_})
    runs = [*sides(growing, 1000, side)] or [(0, side)]
    ends = [first for first, _ in runs[1:]] + [1000]
    steps = ((end - first, at) for (first, at), end in zip(runs, ends, strict=True))
    return sum(held / 1000 * (at / side) ** 2 for held, at in steps)


def pictures_per_second(plan: Plan, device: str, precision: str = "fp32") -> float:
    """Forward and backward of a few pictures on this machine, the best of some tries. precision: of the
    recipe; auto is the better of both where bf16 promises anything.
    """
    import torch
    from torch.nn import functional

    from striate.training.precision import promises

    network = plan.build().to(device)
    network.to(memory_format=torch.channels_last)
    given = plan.layers[0].given
    few = _PROBE * LARGEST_SCRATCH**2 // (given.height * given.width)
    count = min(_PROBE, max(_PROBE_LEAST, few))
    shape = (count, given.channels, given.height, given.width)
    images = torch.zeros(shape, device=device).to(memory_format=torch.channels_last)
    labels = torch.zeros(count, dtype=torch.int64, device=device)

    def step(*, bf16: bool) -> None:
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=bf16):
            logits = network(images)
        functional.cross_entropy(logits.float(), labels).backward()  # type: ignore[no-untyped-call]
        if device.startswith("cuda"):
            torch.cuda.synchronize()

    took = quickest(lambda: step(bf16=False), _LONGEST_PROBE_S)
    if precision != "fp32" and promises(device):
        took = min(took, quickest(lambda: step(bf16=True), _LONGEST_PROBE_S))
    return count / took


def best_threads(plan: Plan | None, most: int) -> int:
    """How many threads are quickest for a network right now: all, or fewer where others use the machine too
    or where a small network has too little to share out.
    """
    import torch

    if plan is None or most == 1:
        return most
    before, found = torch.get_num_threads(), {}
    try:
        for count in sorted({most, max(1, most // 2), 1}):
            torch.set_num_threads(count)
            found[count] = pictures_per_second(plan, "cpu")
    finally:
        torch.set_num_threads(before)
    # A tenth more is worth no second thread, and fewer are a surer promise on a shared machine.
    return min(n for n, rate in found.items() if rate * 1.1 >= max(found.values()))


def quickest(work: Callable[[], None], longest_s: float) -> float:
    """Seconds of the best of three tries, of more where they are short, so that a disturbance of a moment
    counts for nothing, or of fewer where they take long.
    """
    best, begun, tries = math.inf, time.perf_counter(), 0
    while True:
        start = time.perf_counter()
        work()
        best, tries = min(best, time.perf_counter() - start), tries + 1
        spent = time.perf_counter() - begun
        if spent > longest_s or (tries >= _TRIES and spent >= _SURELY_S):
            return best
