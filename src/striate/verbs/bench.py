"""`striate bench`: latency of one picture, pictures in a second, memory, on this machine."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

from striate.machine import cpu_model, usable_threads
from striate.shipping import speed
from striate.shipping.classifier import load
from striate.shipping.predictor import batch_for
from striate.verbs.train_order import Working

_FILES = 64
_STEPS = 5


class Benched(NamedTuple):
    """What was measured. Memory is the most this process had, in bytes; None where it cannot be told."""

    model: Path
    machine: str
    threads: int
    runtime: str
    input: tuple[int, int, int]
    whole: speed.Latency
    alone: speed.Latency
    network: tuple[speed.Rate, ...]
    files: tuple[speed.Rate, ...]
    memory: int | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "model": str(self.model), "machine": self.machine, "threads": self.threads,
            "runtime": self.runtime, "input": list(self.input),
            "one_picture": {
                "file_to_answer": self.whole._asdict(), "network_alone": self.alone._asdict(),
            },
            "network_alone": [one._asdict() for one in self.network],
            "files_to_answers": [one._asdict() for one in self.files],
            "peak_memory_bytes": self.memory,
        }  # fmt: skip


def bench(
    model: str | Path, seconds: float = 10.0, threads: int | None = None
) -> Generator[Working, None, Benched]:
    """Measure for about so many seconds. The pictures are made, 375 x 500; the model is a run, a bundle or
    an exported file.
    """
    cores = threads or usable_threads()
    each = seconds / _STEPS
    yield Working("measuring", 0, _STEPS)
    both = load(model, threads=cores)
    held = speed.photographs(_FILES)
    whole, alone = speed.one_picture(both, held[0], each / 2)
    yield Working("measuring", 1, _STEPS)
    network = tuple(speed.network_rates(both, held[0], cores, each))
    shape = both.preparation.shape
    del both
    yield Working("measuring", 2, _STEPS)
    single = load(model, threads=1)
    rates: list[speed.Rate] = []
    with tempfile.TemporaryDirectory(prefix="striate-bench-") as folder:
        files = [Path(folder) / f"{i:03}.jpg" for i in range(_FILES)]
        for file, data in zip(files, held, strict=True):
            file.write_bytes(data)
        for count in dict.fromkeys((1, cores)):
            rates.append(speed.files_rate(single, files, batch_for(shape), count, each))
            yield Working("measuring", 2 + len(rates), _STEPS)
    return Benched(
        Path(model), cpu_model(), cores, single.runtime, shape, whole, alone, network,
        tuple(rates), _peak_memory(),
    )  # fmt: skip


def _peak_memory() -> int | None:
    try:
        import resource
        import sys
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
