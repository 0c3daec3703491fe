"""Features of a pretrained network, kept on this machine: found again by everything they depend on.

One file for each array, named by its key: the sha256 of the rest, then the rest as NumPy writes it. What is
damaged is taken away and made anew, and so is everything here, so the folder may be deleted at any time.

Shape legend: N pictures, D features.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from striate import safe
from striate.errors import FileFault
from striate.pictures.store.cache_shelf import home

LARGEST_BYTES = 2 * 10**9
_SUM = 32  # bytes of a sha256
_END = ".features"
Floats = NDArray[np.float32]


@final
@dataclass(frozen=True)
class FeatureShelf:
    """Where they lie. Two processes may use it at once: a file is there whole, or not at all."""

    root: Path
    limit_bytes: int = LARGEST_BYTES

    @classmethod
    def here(cls) -> FeatureShelf:
        """That of this user, beside the prepared pictures."""
        return cls(home().with_name("features"))

    def find(self, key: str) -> Floats | None:
        """N D, or None where there is nothing that can be used."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            os.utime(path)  # the longest unused is the first to go
        except OSError:
            return None
        held = data[_SUM:]
        if hashlib.sha256(held).digest() != data[:_SUM]:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        found: Floats = np.load(io.BytesIO(held), allow_pickle=False)
        return found

    def keep(self, key: str, features: Floats) -> str:
        """Put them there; why not, where that was not possible."""
        held = io.BytesIO()
        np.save(held, features, allow_pickle=False)
        data = held.getvalue()
        if len(data) > self.limit_bytes:
            return f"{len(data) / 1e6:,.0f} MB are more than is kept"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            safe.write_bytes(self._path(key), hashlib.sha256(data).digest() + data)
        except (OSError, FileFault) as fault:
            return str(fault)
        self._make_room()
        return ""

    def _path(self, key: str) -> Path:
        return self.root / f"{key}{_END}"

    def _make_room(self) -> None:
        with contextlib.suppress(OSError):
            told = [(one.stat(), one) for one in self.root.glob(f"*{_END}")]
            total = sum(stat.st_size for stat, _ in told)
            for stat, one in sorted(told, key=lambda pair: pair[0].st_mtime_ns):
                if total <= self.limit_bytes:
                    break
                one.unlink()
                total -= stat.st_size
