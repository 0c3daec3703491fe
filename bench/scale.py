"""A plan on paper: what 14 million pictures take on 8 to 256 GPUs, simulated from a few figures.

Two simulations of events, both seeded. `pace` follows some hundred steps picture by picture's way: every node
asks the shared storage for batches ahead, they come over its link, its cores decode them, its GPUs take them,
the slowest of all GPUs ends the step, and then a ring sums the gradients. `training` follows the whole
training at that pace: rank 0 writes checkpoints while all wait, a GPU fails now and then, what was done since
the last checkpoint is lost, and all start again.

Without jitter and failures both are sums that `by_hand` does; a test holds them against each other.
"""

from __future__ import annotations

import heapq
import itertools
import math
import statistics
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

COUNTS = (8, 16, 32, 64, 128, 256)
STEPS, WARM = 400, 100  # followed by `pace`, and those of them in which buffers fill
TRIES = 2_000  # whole trainings, for a mean of what failures cost


@dataclass(frozen=True)
class World:
    """The figures: change them for your machines."""

    pictures: int = 14_000_000
    epochs: int = 90
    gpus_per_node: int = 8
    batch_per_gpu: int = 128
    # Input.
    picture_mb: float = 0.11  # a JPEG of ImageNet
    storage_mb_s: float = 10_000.0  # of the file system that all nodes share
    link_mb_s: float = 12_500.0  # of a node: 100 Gbit/s
    cores_per_node: int = 112
    decoded_per_core: float = 300.0  # pictures a second, decoded and cropped to 224 pixels
    ahead: int = 4  # batches that a node has asked for and not used yet
    # Steps.
    trained_per_gpu: float = 1_800.0  # pictures a second: ResNet-50, bf16, forward and backward
    jitter: float = (
        0.03  # deviation of the logarithm of a GPU's time for a step, and of a batch's decoding
    )
    gradient_mb: float = 102.0
    # Checkpoints and failures.
    state_mb: float = 310.0
    disk_mb_s: float = 1_000.0
    save_every_s: float = 600.0
    restart_s: float = 180.0  # a minute until a rank that hangs is noticed, and two to start
    between_failures_h: float = 50_000.0  # of one GPU
    seed: int = 0

    def nodes(self, gpus: int) -> int:
        """Machines, each with all its GPUs."""
        return math.ceil(gpus / self.gpus_per_node)

    def batch(self, gpus: int) -> int:
        """Pictures of a step on one node."""
        return self.batch_per_gpu * min(gpus, self.gpus_per_node)

    def exchange_s(self, gpus: int) -> float:
        """A ring moves 2 (n - 1) / n of the gradient through the slowest link, after the backward pass."""
        return 2 * (gpus - 1) / gpus * self.gradient_mb / self.link_mb_s

    def steps(self, gpus: int) -> int:
        """Of the whole training."""
        return math.ceil(self.pictures * self.epochs / (self.batch_per_gpu * gpus))


class Pace(NamedTuple):
    """Seconds of a step, and how long of it some node has no input yet, on average."""

    step_s: float
    input_s: float


class Cost(NamedTuple):
    """Hours of a training, and of them those of checkpoints and those lost to failures."""

    hours: float
    saving: float
    lost: float


@dataclass
class _Steps:
    """The state of a simulation of steps. Events: (time, number, what, node)."""

    world: World
    gpus: int
    events: list[tuple[float, int, str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        count = self.world.nodes(self.gpus)
        self.draw = np.random.default_rng([self.world.seed, self.gpus])
        self.number = itertools.count()
        self.storage_free = 0.0  # when the storage has served what was asked of it so far
        self.link_free, self.cores_free = [0.0] * count, [0.0] * count
        self.ready = [0] * count  # batches that are decoded
        self.is_idle, self.waited = [True] * count, 0.0
        self.computing = 0  # nodes that are at the step
        self.ends: list[float] = []

    def run(self, steps: int) -> Pace:
        """Until so many steps are done; the first ones, in which buffers fill, do not count."""
        count = self.world.nodes(self.gpus)
        for _ in range(self.world.ahead):
            for node in range(count):
                self._ask(0.0, node)
        before = 0.0
        while len(self.ends) < steps:
            time, _, what, node = heapq.heappop(self.events)
            getattr(self, f"_{what}")(time, node)
            if what == "summed" and len(self.ends) == WARM:
                before = self.waited
        span = self.ends[-1] - self.ends[WARM - 1]
        return Pace(span / (steps - WARM), (self.waited - before) / (steps - WARM))

    def _at(self, time: float, what: str, node: int) -> None:
        heapq.heappush(self.events, (time, next(self.number), what, node))

    def _slower(self, among: int) -> float:
        """How many times as long the slowest of some takes, as an even one would."""
        if not self.world.jitter:
            return 1.0
        return float(np.exp(self.draw.normal(0, self.world.jitter, among)).max())

    def _ask(self, time: float, node: int) -> None:
        """A node asks for a batch; the storage serves one after another, whoever asks."""
        size = self.world.batch(self.gpus) * self.world.picture_mb
        self.storage_free = max(self.storage_free, time) + size / self.world.storage_mb_s
        self._at(self.storage_free, "served", node)

    def _served(self, time: float, node: int) -> None:
        size = self.world.batch(self.gpus) * self.world.picture_mb
        self.link_free[node] = max(self.link_free[node], time) + size / self.world.link_mb_s
        self._at(self.link_free[node], "arrived", node)

    def _arrived(self, time: float, node: int) -> None:
        rate = self.world.cores_per_node * self.world.decoded_per_core
        took = self.world.batch(self.gpus) / rate * self._slower(1)
        self.cores_free[node] = max(self.cores_free[node], time) + took
        self._at(self.cores_free[node], "decoded", node)

    def _decoded(self, time: float, node: int) -> None:
        self.ready[node] += 1
        if self.is_idle[node]:
            self._begin(time, node)

    def _begin(self, time: float, node: int) -> None:
        """A step of a node that has a batch; the next one is asked for in its place."""
        self.is_idle[node] = False
        if not any(self.is_idle):  # the last one: until now all waited for it
            self.waited += time - (self.ends[-1] if self.ends else 0.0)
        self.ready[node] -= 1
        self.computing += 1
        self._ask(time, node)
        each = self.world.batch_per_gpu / self.world.trained_per_gpu
        took = each * self._slower(min(self.gpus, self.world.gpus_per_node))
        self._at(time + took, "computed", node)

    def _computed(self, time: float, node: int) -> None:
        """When the slowest is there, all sum."""
        self.computing -= 1
        if not self.computing and not any(self.is_idle):
            self._at(time + self.world.exchange_s(self.gpus), "summed", node)

    def _summed(self, time: float, _: int) -> None:
        self.ends.append(time)
        self.is_idle = [True] * len(self.ready)
        for node in range(len(self.ready)):
            if self.ready[node]:
                self._begin(time, node)


def pace(world: World, gpus: int, steps: int = STEPS) -> Pace:
    """Seconds of a step with all that it waits for."""
    return _Steps(world, gpus).run(steps)


def training(world: World, gpus: int, step_s: float, number: int = 0) -> Cost:
    """One whole training at this pace; `number` draws other failures."""
    draw = np.random.default_rng([world.seed, gpus, number])
    mean = world.between_failures_h * 3600 / gpus
    save_s = world.state_mb / world.disk_mb_s
    left, now, saving, lost = world.steps(gpus) * step_s, 0.0, 0.0, 0.0
    failure = draw.exponential(mean)
    while left > 0:
        work = min(world.save_every_s, left)
        if now + work + save_s <= failure:
            now += work + save_s
            left, saving = left - work, saving + save_s
            continue
        lost += failure - now + world.restart_s
        now = failure + world.restart_s
        failure = now + draw.exponential(mean)
    return Cost(now / 3600, saving / 3600, lost / 3600)


def by_hand(world: World, gpus: int) -> float:
    """Pictures a second without jitter: the narrowest place decides."""
    nodes = world.nodes(gpus)
    step = world.batch_per_gpu / world.trained_per_gpu + world.exchange_s(gpus)
    return min(
        world.storage_mb_s / world.picture_mb,
        nodes * world.link_mb_s / world.picture_mb,
        nodes * world.cores_per_node * world.decoded_per_core,
        gpus * world.batch_per_gpu / step,
    )


def table(world: World | None = None) -> str:
    """Markdown."""
    of = world or World()
    lines = [
        "| GPUs | storage gives/s | decoded/s | trained/s | waits for input | exchange | checkpoints |"
        " lost to failures | hours for 90 epochs |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for gpus in COUNTS:
        found = pace(of, gpus)
        many = [training(of, gpus, found.step_s, number) for number in range(TRIES)]
        hours = statistics.fmean(one.hours for one in many)
        saving = statistics.fmean(one.saving for one in many) / hours
        lost = statistics.fmean(one.lost for one in many) / hours
        decoded = of.nodes(gpus) * of.cores_per_node * of.decoded_per_core
        lines.append(
            f"| {gpus} | {of.storage_mb_s / of.picture_mb:,.0f} | {decoded:,.0f} "
            f"| {gpus * of.batch_per_gpu / found.step_s:,.0f} | {found.input_s / found.step_s:.0%} "
            f"| {of.exchange_s(gpus) / found.step_s:.0%} | {saving:.2%} | {lost:.2%} | {hours:,.1f} |"
        )
    return "\n".join(lines)


def told(words: list[str]) -> World:
    """The figures, some of them others: `storage_mb_s=40000`."""
    values = dict(word.split("=", 1) for word in words)
    plain = World()
    return replace(plain, **{k: type(getattr(plain, k))(float(v)) for k, v in values.items()})


if __name__ == "__main__":
    import sys

    sys.stdout.write(table(told(sys.argv[1:])) + "\n")
