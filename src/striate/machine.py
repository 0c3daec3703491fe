"""What this machine lends us: cores, threads and memory, as a container sees them. Standard library only.

A container's CPU quota is not in `os.cpu_count()`: with two CPUs' worth of quota on 64 cores, 64 threads
wait for one another. So everything that starts threads asks `usable_threads`.
"""

from __future__ import annotations

import contextlib
import math
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ctypes

_ROOT = Path("/")
# Of glibc's malloc.h: what mallopt is told, and what glibc begins with.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_TRIMMED_FROM, _MAPS = 128 * 1024, 65536
_NEVER = 2**31 - 1
_NO_LIMIT = 1 << 60  # control groups of the first version write "no limit" as a number near 2**63


class Cores(NamedTuple):
    """How many cores there are, how many this process may use, and how much of them it is given."""

    logical: int
    allowed: int
    quota: float | None

    @property
    def threads(self) -> int:
        """How many threads can run at once: a quota of 1.5 CPUs keeps two threads busy, now and then."""
        return min(self.allowed, max(1, math.ceil(self.quota))) if self.quota else self.allowed


class Memory(NamedTuple):
    """Bytes of memory; None where the system does not tell."""

    total_bytes: int | None
    available_bytes: int | None
    limit_bytes: int | None


def usable_threads() -> int:
    """How many threads to start on this machine."""
    return cores().threads


def cores(root: Path = _ROOT) -> Cores:
    """Cores by count, affinity and quota. `root` stands for the root of the file system in tests."""
    logical = os.cpu_count() or 1
    # Not on every system: macOS and Windows have no affinity to ask for.
    affinity = getattr(os, "sched_getaffinity", None)
    allowed = len(affinity(0)) if affinity is not None else logical
    return Cores(logical, allowed, _cpu_quota(root))


def memory(root: Path = _ROOT) -> Memory:
    """Memory of the machine, what of it is free for us, and the limit of the control group."""
    lines = _read(root / "proc/meminfo").splitlines()
    sizes = {
        line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.count(" ") > 1
    }
    total, available = sizes.get("MemTotal"), sizes.get("MemAvailable")
    limits = [
        number
        for folder in (*_groups(root, ""), *_groups(root, "memory"))
        for name in ("memory.max", "memory.limit_in_bytes")
        if (number := _number(_read(folder / name))) is not None and 0 < number < _NO_LIMIT
    ]
    return Memory(total, available, min(limits, default=None))


def cpu_model(root: Path = _ROOT) -> str:
    """The name of the processor as its maker writes it."""
    for line in _read(root / "proc/cpuinfo").splitlines():
        if line.lower().startswith(("model name", "hardware", "cpu model")):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cpu_flags(root: Path = _ROOT) -> frozenset[str]:
    """The names of what the processor can do, as Linux lists them; none elsewhere."""
    for line in _read(root / "proc/cpuinfo").splitlines():
        name, _, told = line.partition(":")
        if name.strip().lower() in ("flags", "features"):
            return frozenset(told.split())
    return frozenset()


@contextlib.contextmanager
def memory_kept(*, wanted: bool = True) -> Iterator[bool]:
    """Memory that is freed in here is used again, if `wanted`, and goes back to the system at the end; says
    whether so.

    glibc maps every tensor of more than 32 MB anew, and the kernel fills its pages with zeros: a sixth of
    the time of a step of 1,024 small pictures. Elsewhere than on Linux with glibc nothing is changed.
    """
    library = _glibc() if wanted else None
    if library is None:
        yield False
        return
    library.mallopt(_MMAP_MAX, 0)
    library.mallopt(_TRIM_THRESHOLD, _NEVER)
    try:
        yield True
    finally:
        library.mallopt(_MMAP_MAX, _MAPS)
        library.mallopt(_TRIM_THRESHOLD, _TRIMMED_FROM)
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    """The library that this process allocates with, where it is glibc."""
    if platform.libc_ver()[0] != "glibc":
        return None
    import ctypes  # milliseconds that `striate --help` has not

    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None


def caches() -> Path:
    """Where Striate keeps what can be made again: `XDG_CACHE_HOME/striate`, or `~/.cache/striate`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "striate"


def _cpu_quota(root: Path) -> float | None:
    """CPUs' worth of time this control group gets: the smallest on the way up; None without a limit."""
    quotas = []
    for folder in _groups(root, ""):
        quota, _, period = _read(folder / "cpu.max").strip().partition(" ")
        quotas.append((_number(quota), _number(period)))
    for folder in _groups(root, "cpu"):
        names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
        quotas.append((_number(_read(folder / names[0])), _number(_read(folder / names[1]))))
    found = [quota / period for quota, period in quotas if quota and period and quota > 0 < period]
    return min(found, default=None)


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Folders of this process's control group and the ones above it; "" means the second version's one tree.

    Inside a container the listed path may belong to the host, so the mount itself is always looked at.
    """
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, names, path = [*line.split(":", 2), "", ""][:3]
        if controller not in names.split(","):
            continue
        mount = root / "sys/fs/cgroup" / (names if controller else "")
        if controller and not mount.exists():
            mount = root / "sys/fs/cgroup" / controller
        inner = Path(path.lstrip("/"))
        yield mount / inner
        yield from (mount / above for above in inner.parents)


def _read(path: Path) -> str:
    """The text of a file of the kernel's; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _number(text: str) -> int | None:
    """A whole number, or None for "max" and for nothing."""
    text = text.strip()
    return int(text) if text.lstrip("-").isdigit() else None
