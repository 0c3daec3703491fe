"""How fast the networks of the zoo are here: one picture, and a batch, on this machine's cores.

What was measured is kept in the user's cache under the processor and its threads, so that the list of
networks shows it from then on; a cache that was copied to another machine says nothing there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from striate import machine, safe
from striate.errors import StriateError
from striate.keeping import strict_json
from striate.optional import need
from striate.verbs.train_order import Working
from striate.zoo.catalogue import CATALOGUE, plan_of

BATCH = 4
_SECONDS = 0.5  # for each of the two
_FEWEST = 2


class Speed(NamedTuple):
    """Of a forward pass in fp32: one picture, and how many in a second `batch` at a time; on which day."""

    one_ms: float
    batch: int
    per_second: float
    threads: int
    machine: str
    measured: str


def measured(
    names: Sequence[str], seconds: float = _SECONDS
) -> Generator[Working, None, dict[str, Speed]]:
    """Build each network with random weights and time it: medians of warm calls."""
    torch = need("torch", to="measure how fast networks are", extra="train")
    found: dict[str, Speed] = {}
    for done, name in enumerate(names):
        yield Working("measuring", done, len(names))
        found[name] = _one(torch, name, seconds)
    return found


def keep(found: Mapping[str, Speed]) -> str:
    """Remember them beside those measured before; why that could not be done, or nothing."""
    place = _place()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        speeds = {name: speed._asdict() for name, speed in (kept() | dict(found)).items()}
        safe.write_json(place, {"speeds": speeds})
    except (OSError, StriateError) as fault:
        return f"the speeds are not remembered: {fault}"
    return ""


def kept() -> dict[str, Speed]:
    """What was measured on this processor with these threads; a file that is torn or of another form counts
    for nothing.
    """
    here = (machine.cpu_model(), machine.usable_threads())
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        told = strict_json.parse(_place().read_bytes())["speeds"]
        found = {name: Speed(**values) for name, values in told.items() if name in CATALOGUE}
        return {
            name: one
            for name, one in found.items()
            if (one.machine, one.threads) == here and one.one_ms > 0 and one.per_second > 0
        }
    return {}


def _place() -> Path:
    return machine.caches() / "speeds.json"


def _one(torch: Any, name: str, seconds: float) -> Speed:
    from striate.shipping.speed import latency

    plan = plan_of(name)
    C, H, W = plan.layers[0].given[:3]
    before, threads = torch.get_num_threads(), machine.usable_threads()
    network = plan.build().eval()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            one, many = torch.zeros(1, C, H, W), torch.zeros(BATCH, C, H, W)
            single = latency(lambda: network(one), seconds, _FEWEST)
            batch = latency(lambda: network(many), seconds, _FEWEST)
    finally:
        torch.set_num_threads(before)
    a_second, today = BATCH * 1000 / batch.p50_ms, datetime.now().astimezone().date().isoformat()
    return Speed(single.p50_ms, BATCH, a_second, threads, machine.cpu_model(), today)
