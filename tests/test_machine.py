"""Cores and memory as a container sees them, read from made-up kernels."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from striate.machine import Cores, cores, cpu_model, memory, memory_kept, usable_threads


def put(root: Path, files: dict[str, str]) -> Path:
    """Write the files of a made-up kernel."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_quota_of_the_second_version_is_found(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "150000 100000\n"}
    assert cores(put(tmp_path, files)).quota == 1.5


def test_the_smallest_quota_on_the_way_up_counts(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/a/b\n",
        "sys/fs/cgroup/a/b/cpu.max": "800000 100000",
        "sys/fs/cgroup/a/cpu.max": "300000 100000",
        "sys/fs/cgroup/cpu.max": "max 100000",
    }
    assert cores(put(tmp_path, files)).quota == 3


def test_a_quota_of_the_first_version_is_found(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "4:memory:/m\n3:cpu,cpuacct:/docker/1\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
    }
    assert cores(put(tmp_path, files)).quota == 0.5


@pytest.mark.parametrize("text", ["max 100000", "", "-1 100000", "100000", "100000 0", "\x00"])
def test_what_is_no_quota_is_none(tmp_path: Path, text: str) -> None:
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": text}
    assert cores(put(tmp_path, files)).quota is None


def test_a_system_without_control_groups_has_no_limits(tmp_path: Path) -> None:
    assert cores(tmp_path).quota is None
    assert memory(tmp_path) == (None, None, None)
    assert cpu_model(tmp_path)


@pytest.mark.parametrize(
    ("allowed", "quota", "threads"),
    [(8, None, 8), (8, 2.0, 2), (8, 1.5, 2), (8, 0.2, 1), (2, 16.0, 2), (1, None, 1)],
)
def test_threads_follow_the_quota_and_the_affinity(
    allowed: int, quota: float | None, threads: int
) -> None:
    assert Cores(64, allowed, quota).threads == threads


def test_memory_is_read_in_bytes_with_its_limit(tmp_path: Path) -> None:
    files = {
        "proc/meminfo": "MemTotal:   1000 kB\nMemAvailable:    600 kB\nHugePages_Total:   0\n",
        "proc/self/cgroup": "0::/a\n",
        "sys/fs/cgroup/a/memory.max": "max",
        "sys/fs/cgroup/memory.max": "524288",
    }
    assert memory(put(tmp_path, files)) == (1_024_000, 614_400, 524_288)


def test_the_first_versions_huge_number_means_no_limit(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "4:memory:/a\n",
        "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "4096",
    }
    assert memory(put(tmp_path, files)).limit_bytes == 4096


def test_the_processor_has_a_name(tmp_path: Path) -> None:
    files = {"proc/cpuinfo": "processor : 0\nmodel name\t: A Processor 9000\n"}
    assert cpu_model(put(tmp_path, files)) == "A Processor 9000"


def test_this_machine_lends_at_least_one_thread() -> None:
    assert 1 <= usable_threads() <= (os.cpu_count() or 1)


FILLED = """
import ctypes, resource
from striate.machine import memory_kept

def filled():  # pages that the kernel gives for 128 MB that are written and freed
    library, size = ctypes.CDLL(None), 128 << 20
    library.malloc.restype = ctypes.c_void_p
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    place = library.malloc(ctypes.c_size_t(size))
    library.memset(ctypes.c_void_p(place), 1, ctypes.c_size_t(size))
    library.free(ctypes.c_void_p(place))
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

made = [filled(), filled()]
try:
    with memory_kept() as is_kept:
        made += [filled(), filled()]
        {inside}
except ZeroDivisionError:
    pass
print(is_kept, *(pages > 1000 for pages in [*made, filled()]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep memory")
@pytest.mark.parametrize("inside", ["pass", "1 / 0"])
def test_kept_memory_is_used_again_without_new_pages_and_given_back_at_the_end(inside: str) -> None:
    # In a process of its own: what others left free in this one would be used again anyway.
    script = [sys.executable, "-c", FILLED.replace("{inside}", inside)]
    told = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    assert told.split() == ["True", "True", "True", "True", "False", "True"]


def test_elsewhere_than_on_glibc_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    with memory_kept() as is_kept:
        assert not is_kept


def test_memory_is_not_kept_where_that_is_not_wanted() -> None:
    with memory_kept(wanted=False) as is_kept:
        assert not is_kept
