"""How fast the networks of the zoo are here: one picture, and a batch, on this machine's cores."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

from striate.machine import cpu_model, usable_threads
from striate.optional import need
from striate.verbs.train_order import Working
from striate.zoo.catalogue import plan_of

BATCH = 4
_SECONDS = 0.5  # for each of the two
_FEWEST = 2


class Speed(NamedTuple):
    """Of a forward pass in fp32: one picture, and how many in a second `batch` at a time."""

    one_ms: float
    batch: int
    per_second: float
    threads: int
    machine: str


def measured(
    names: Sequence[str], seconds: float = _SECONDS
) -> Generator[Working, None, dict[str, Speed]]:
    """Build each network with random weights and time it. Medians of warm calls; nothing is kept."""
    torch = need("torch", to="measure how fast networks are", extra="train")
    found: dict[str, Speed] = {}
    for done, name in enumerate(names):
        yield Working("measuring", done, len(names))
        found[name] = _one(torch, name, seconds)
    return found


def _one(torch: Any, name: str, seconds: float) -> Speed:
    from striate.shipping.speed import latency

    plan = plan_of(name)
    C, H, W = plan.layers[0].given[:3]
    before, threads = torch.get_num_threads(), usable_threads()
    network = plan.build().eval()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            one, many = torch.zeros(1, C, H, W), torch.zeros(BATCH, C, H, W)
            single = latency(lambda: network(one), seconds, _FEWEST)
            batch = latency(lambda: network(many), seconds, _FEWEST)
    finally:
        torch.set_num_threads(before)
    return Speed(single.p50_ms, BATCH, BATCH * 1000 / batch.p50_ms, threads, cpu_model())
