"""Arrays too many for the memory: rows of one shape, laid one after another in a file that has no name.

Shape legend: N rows.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from typing import IO, Any, final

import numpy as np
from numpy.typing import NDArray


@final
class Rows:
    """An array that grows by a row at a time on the disk. It goes into an .npz without being read whole;
    when nobody has the rows any longer, or at `close`, the disk gets its room back.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (it lives as long as the rows)
        self.close = weakref.finalize(self, self._file.close)
        self._kind: tuple[tuple[int, ...], np.dtype[Any]] | None = None
        self._count = 0

    def add(self, row: NDArray[Any]) -> None:
        """One more, of the shape and kind of the first."""
        if self._kind is None:
            self._kind = row.shape, row.dtype
        shape, dtype = self._kind
        if row.shape != shape:
            raise ValueError(f"a row of {row.shape} among rows of {shape}")
        self._file.write(np.ascontiguousarray(row, dtype).tobytes())
        self._count += 1

    @property
    def shape(self) -> tuple[int, ...]:
        """N and the shape of a row."""
        return (self._count, *(self._kind[0] if self._kind else ()))

    def write_npy(self, to: IO[bytes]) -> None:
        """The whole as an .npy."""
        dtype = self._kind[1] if self._kind else np.dtype(np.float32)
        head = {
            "descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": self.shape,
        }  # fmt: skip
        np.lib.format.write_array_header_2_0(to, head)
        self._file.seek(0)
        shutil.copyfileobj(self._file, to)
        self._file.seek(0, 2)
