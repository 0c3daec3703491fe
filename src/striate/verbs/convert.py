"""`striate convert`: weights from elsewhere as safetensors, read in a process that can do nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from striate import safe
from striate.errors import FileFault, WeightsRefused
from striate.keeping.tensors import infinite, pack
from striate.zoo.sandbox import read_foreign

_END = ".safetensors"


class Converted(NamedTuple):
    """The file that was written, and what was in the other."""

    path: Path
    tensors: int
    numbers: int
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return self._asdict() | {"path": str(self.path), "notes": list(self.notes)}


def convert(path: Path, out: Path | None = None, *, overwrite: bool = False) -> Converted:
    """Read a .pt, .pth or .th file, weights only, and write its tensors beside it or to `out`."""
    target = out or path.with_suffix(_END)
    if target.suffix != _END:
        raise FileFault(
            f"{target.name} should end in {_END}", f"-o {target.with_suffix(_END)}", str(target)
        )
    if target.exists() and not overwrite:
        raise FileFault(f"{target} is there", "give another name, or --overwrite", str(target))
    found = read_foreign(path)
    bad = infinite(found.tensors)
    if bad:
        raise WeightsRefused(
            f"{len(bad)} tensors of {path.name} hold NaN or infinity, the first is {bad[0][:60]}",
            where=str(path),
        )
    packed = pack(found.tensors)
    with (
        safe.replacing(target, packed.size) as temporary,
        open(temporary, "wb", buffering=0) as file,
    ):
        for chunk in packed.chunks():
            safe.write_all(file, chunk)
    numbers = sum(tensor.numel() for tensor in found.tensors.values())
    return Converted(target, len(found.tensors), numbers, found.notes)
