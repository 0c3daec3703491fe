"""What this machine can do: the flags of its processor that matter, and how fast it multiplies matrices.

`python -m bench.train_machine` prints one JSON object. bf16 may be a hundred times slower than fp32 where the
processor has no instructions for it, so a small product decides whether large ones are tried.
"""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path
from typing import Any

FLAGS = (
    "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_bf16",
    "asimd", "sve", "bf16",
)  # fmt: skip
SIDES, SMALL = (1024, 2048), 256
LEAST_S, HOPELESS = (
    1.0,
    0.25,
)  # seconds for each side; the part of fp32's rate below which bf16 is left
CORES = 2


def keep_to_cores(count: int = CORES) -> int:
    """This process and all it starts on so many cores, where the system can do that; how many it has."""
    if not hasattr(os, "sched_setaffinity"):
        return os.cpu_count() or 1
    chosen = sorted(os.sched_getaffinity(0))[:count]
    os.sched_setaffinity(0, chosen)
    return len(chosen)


def facts() -> dict[str, Any]:
    """The processor and the system, without a measurement."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        told = ""
    lines = [line.partition(":") for line in told.splitlines()]
    said = {name.strip().lower(): value.strip() for name, _, value in reversed(lines)}
    flags = (said.get("flags") or said.get("features") or "").split()
    return {
        "cpu": said.get("model name") or platform.processor() or platform.machine(),
        "flags": [flag for flag in FLAGS if flag in flags],
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


def rates() -> dict[str, float]:
    """Operations a second (a multiplication and an addition are two) of the best matrix product."""
    import torch

    found = {"fp32": max(rate(side, torch.float32) for side in SIDES)}
    small = rate(SMALL, torch.bfloat16)
    hopeless = small < HOPELESS * rate(SMALL, torch.float32)
    tried = () if hopeless else SIDES
    found["bf16"] = max([small, *(rate(side, torch.bfloat16) for side in tried)])
    return found


def rate(side: int, kind: Any) -> float:
    """Square matrices of this side, for about a second; one product alone where that takes longer."""
    import torch

    one, other = (torch.randn(side, side).to(kind) for _ in range(2))
    best = spent = seconds(one, other)
    while spent < LEAST_S:
        this = seconds(one, other)
        best, spent = min(best, this), spent + this
    return 2 * side**3 / best


def seconds(one: Any, other: Any) -> float:
    """Of one product."""
    started = time.perf_counter()
    one @ other
    return time.perf_counter() - started


def main() -> None:
    """Print what is found."""
    print(json.dumps(facts() | {"matrix_product": rates()}))


if __name__ == "__main__":
    main()
