"""Ten million names: memory does not grow with them, however far a list is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import environment
from tests.verbs import made

MANY = 10_000_000
# Names come from stdin and go through what `predict -o` keeps of them; first to half, then on to the end.
NAMING = """
import os, resource, sys
from itertools import islice
from pathlib import Path
from striate.shipping.picture_names import Named
from striate.shipping.row_file import RowFile

out, far = Path(sys.argv[1]), int(sys.argv[2])
go_on = out.with_name(out.name + ".part").exists()
file = (RowFile.go_on if go_on else RowFile.begin)(out, {})
names = file.after(Named(["-"]))
while some := list(islice(names, min(64, far - file.rows))):
    file.add(b"".join(b'{"path": "%s"}\\n' % name.encode() for name in some), some)
if go_on:
    file.finish()
else:
    file.close()
    while os.read(0, 1 << 16):  # so that nobody writes into a pipe without an end
        pass
print(file.rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
WHOLE = """
import resource, sys
from striate.cli.main import main

try:
    main(sys.argv[1:])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def lists(count: int) -> Iterator[bytes]:
    """Names of files that are not there, ten thousand at a time."""
    for start in range(0, count, 10_000):
        some = range(start, min(count, start + 10_000))
        yield b"".join(b"/nowhere/pictures/%08d.jpg\n" % i for i in some)


def told(script: str, count: int, *flags: object) -> list[int]:
    """The numbers that a process prints which gets so many names on stdin."""
    with subprocess.Popen(
        [sys.executable, "-c", script, *map(str, flags)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment() | {"OMP_NUM_THREADS": "1"},
    ) as job:  # fmt: skip
        assert job.stdin is not None
        assert job.stdout is not None
        for some in lists(count):
            job.stdin.write(some)
        job.stdin.close()
        return [int(word) for word in job.stdout.read().split() if word.isdigit()][-2:]


def named(out: Path, count: int) -> int:
    """Half of the names, then all of them; the megabytes that the second process took at most."""
    assert told(NAMING, count, out, count // 2)[0] == count // 2
    rows, megabytes = told(NAMING, count, out, count)
    assert rows == count
    with out.open("rb") as held:
        for some in lists(count):
            expected = b"".join(b'{"path": "%s"}\n' % one for one in some.split())
            assert held.read(len(expected)) == expected
        assert held.read() == b""
    return megabytes


def predicted(out: Path, count: int) -> int:
    """Every name gets a row that says why there is no answer; the megabytes it took."""
    model = made.photos().path / "bundle"
    megabytes = told(WHOLE, count, "predict", model, "-", "-o", out)[-1]
    with out.open("rb") as held:
        assert sum(b"No such file" in line for line in held) == count
    return megabytes


def test_names_are_gone_on_with_in_the_middle(tmp_path: Path) -> None:
    named(tmp_path / "rows.jsonl", 20_000)


@pytest.mark.slow
def test_ten_million_names_take_no_more_memory_than_a_hundred_thousand(tmp_path: Path) -> None:
    few = named(tmp_path / "few.jsonl", 100_000)
    assert named(tmp_path / "many.jsonl", MANY) < few + 30


@pytest.mark.slow
def test_a_hundred_thousand_rows_of_predict_take_no_more_memory_than_ten_thousand(
    tmp_path: Path,
) -> None:
    few = predicted(tmp_path / "few.jsonl", 10_000)
    assert predicted(tmp_path / "many.jsonl", 100_000) < few + 30
