"""The files that a pattern of shards stands for: `shards-{000..009}.tar`, `{train,val}-*.tar`, `*.tar`."""

from __future__ import annotations

import glob
import itertools
import re
from pathlib import Path

from striate.errors import NoPictures, UsageError

MOST_SHARDS = 100_000
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")
_BRACES = re.compile(r"\{([^{}]*)\}")


def is_pattern(name: str) -> bool:
    """Whether a name stands for several files."""
    return any(letter in name for letter in "*?[") or _BRACES.search(name) is not None


def expand(pattern: str) -> list[Path]:
    """The files of `shards-{000..009}.tar`, `{train,val}-*.tar` or `*.tar`; numbered ones must all
    exist.
    """
    found: list[Path] = []
    for name in _unbraced(pattern):
        if any(letter in name for letter in "*?["):
            found += [Path(path) for path in sorted(glob.glob(name))]
        elif not Path(name).is_file():
            raise NoPictures(
                f"the shard {name} is not there",
                "check the numbers of the pattern, and whether a download stopped",
                where=pattern,
            )
        else:
            found.append(Path(name))
    if not found:
        raise NoPictures(f"no file matches {pattern}", "check the pattern", where=pattern)
    return found


def _unbraced(pattern: str) -> list[str]:
    """Every name that braces stand for, by numbers with leading zeros or by words."""
    parts: list[list[str]] = []
    rest = pattern
    while met := _BRACES.search(rest):
        parts += [[rest[: met.start()]], _choices(met.group(0), pattern)]
        rest = rest[met.end() :]
    made = itertools.product(*parts, [rest])
    return ["".join(words) for words in itertools.islice(made, MOST_SHARDS)]


def _choices(braces: str, pattern: str) -> list[str]:
    met = _RANGE.fullmatch(braces)
    if not met:
        return braces[1:-1].split(",")
    first, last = int(met.group(1)), int(met.group(2))
    if not 0 <= last - first < MOST_SHARDS:
        raise UsageError(
            f"{braces} stands for {max(0, last - first + 1):,} shards",
            f"write {{000..009}}: the lower number first, at most {MOST_SHARDS:,} of them",
            where=pattern,
        )
    return [str(number).zfill(len(met.group(1))) for number in range(first, last + 1)]
