"""The one loader for foreign `.pt/.pth/.th` files: weights only, in a child process of its own.

The child may use 4 GiB of address space and a minute of processor time, and has no network where
the system allows that. It reads the file with `weights_only=True` and writes plain safetensors; the
parent never unpickles anything. Run as `python -m striate.zoo.sandbox IN OUT` by `read_foreign`,
never imported by the parent for its work.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from striate.errors import FileFault, StriateError, WeightsRefused
from striate.optional import need

if TYPE_CHECKING:
    from torch import Tensor

ADDRESS_BYTES = 4 * 2**30
SECONDS = 60
MAX_TENSORS = 100_000
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET of Linux
_REFUSED = 3  # the child's exit code for a file it will not take


@final
@dataclass(frozen=True)
class Foreign:
    """What a file held: its tensors by name, in the file's order, and what is worth saying about
    how it was read.
    """

    tensors: dict[str, Tensor]
    notes: tuple[str, ...] = ()


def read_foreign(path: Path) -> Foreign:
    """The tensors of a file of weights. `.safetensors` is data and read at once; everything else
    goes to the child.
    """
    if not path.is_file():
        raise FileFault(
            f"{path} is not a file", "give the path of a .safetensors, .pt or .pth file", str(path)
        )
    files = need("safetensors.torch", to="read weights", extra="train")
    if path.suffix == ".safetensors":
        try:
            return Foreign(dict(files.load_file(path)))
        except Exception as fault:  # noqa: BLE001 a damaged file is a damaged file
            raise WeightsRefused(
                f"{path.name} is not a safetensors file: {_line(fault)}", where=str(path)
            ) from None
    with tempfile.TemporaryDirectory(prefix="striate-weights-") as folder:
        out = Path(folder) / "weights.safetensors"
        report = _ask_child(path.resolve(), out)
        tensors = dict(files.load_file(out))
    return Foreign({name: tensors[name] for name in report["names"]}, tuple(report["notes"]))


def _ask_child(path: Path, out: Path) -> dict[str, Any]:
    # Nothing of the parent's environment but what Python and torch need; -P keeps the current
    # folder off the path.
    kept = {
        k: v
        for k, v in os.environ.items()
        if k in {"PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH"}
    }
    home = str(out.parent)
    source = str(Path(__file__).resolve().parents[2])
    environment = kept | {
        "HOME": home, "TMPDIR": home, "PYTHONPATH": source, "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    }  # fmt: skip
    command = [sys.executable, "-P", "-m", "striate.zoo.sandbox", str(path), str(out)]
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=home,
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise WeightsRefused(
            f"{path.name} took longer than {2 * SECONDS} s to read", where=str(path)
        ) from None
    lines = done.stdout.strip().splitlines()
    answer: dict[str, Any] = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    if done.returncode == 0 and "names" in answer:
        return answer
    why = answer.get("refused") or f"the process that read it ended with code {done.returncode}"
    raise WeightsRefused(
        f"{path.name} is refused: {why}",
        "only tables of tensors are read, never code; ask its maker for a .safetensors file",
        str(path),
    )


def main(argv: list[str]) -> int:
    """The child: limits first, then torch."""
    notes = _shut_in()
    path, out = Path(argv[0]), Path(argv[1])
    try:
        names, more = _convert(path, out)
    except Exception as fault:  # noqa: BLE001 whatever a hostile file causes ends in one line
        why = fault.text if isinstance(fault, StriateError) else _plain(fault)
        sys.stdout.write(json.dumps({"refused": why}) + "\n")
        return _REFUSED
    sys.stdout.write(json.dumps({"names": names, "notes": notes + more}) + "\n")
    return 0


def _shut_in() -> list[str]:
    """Take away what reading weights does not need; say what this system does not allow to be taken
    away.
    """
    notes = []
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES, ADDRESS_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (ADDRESS_BYTES, ADDRESS_BYTES))
    except (ImportError, ValueError, OSError):
        notes.append("weights were read without a memory limit: this system has none")
    if not _without_network():
        notes.append(
            "weights were read in a process that could reach the network: this system does not allow less"
        )
    return notes


def _without_network() -> bool:
    """Move into an empty network namespace (Linux), through a user namespace where root is not at
    hand.
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.unshare(_NEW_NET) == 0 or libc.unshare(_NEW_USER | _NEW_NET) == 0)


def _convert(path: Path, out: Path) -> tuple[list[str], list[str]]:
    import torch
    from safetensors.torch import save_file

    torch.set_num_threads(1)
    loaded = torch.load(path, map_location="cpu", weights_only=True)
    table = _table(loaded)
    tensors: dict[str, torch.Tensor] = {}
    skipped, seen = [], set()
    for name, value in table.items():
        if (
            not isinstance(name, str)
            or not isinstance(value, torch.Tensor)
            or value.layout != torch.strided
        ):
            skipped.append(str(name)[:60])
            continue
        # safetensors refuses tensors that share memory, so a tied one is copied.
        pointer = value.untyped_storage().data_ptr()
        tensors[name] = value.detach().clone() if pointer in seen else value.detach().contiguous()
        seen.add(pointer)
    del loaded, table
    if not tensors or len(tensors) > MAX_TENSORS:
        raise WeightsRefused(
            f"it holds {len(tensors):,} tensors; a file of weights has 1 to {MAX_TENSORS:,}"
        )
    save_file(tensors, out)
    return list(tensors), [f"not tensors, left out: {', '.join(skipped[:5])}"] if skipped else []


def _table(loaded: object) -> dict[Any, Any]:
    """The state dict in what a file held: itself, or under the usual keys."""
    if isinstance(loaded, dict):
        for key in ("state_dict", "model_state_dict", "model", "net", "params", "model_ema", "ema"):
            if isinstance(loaded.get(key), dict):
                return _table(loaded[key])
        return loaded
    raise WeightsRefused(f"it holds a {type(loaded).__name__}, not a table of tensors")


def _plain(fault: BaseException) -> str:
    """The gist of torch's long refusals, in one line."""
    text = str(fault)
    if "weights_only" in text.lower() or "Unsupported" in text or "unpickl" in text.lower():
        known = [
            line.strip() for line in text.splitlines() if "Unsupported" in line or "GLOBAL" in line
        ]
        return "it holds more than tensors" + (f" ({known[0][:160]})" if known else "")
    if isinstance(fault, MemoryError) or "not enough memory" in text or "can't allocate" in text:
        return f"it needs more than the {ADDRESS_BYTES // 2**30} GiB that reading weights may take"
    return _line(fault)


def _line(fault: BaseException) -> str:
    return (
        f"{type(fault).__name__}: {str(fault).strip().splitlines()[0][:200]}"
        if str(fault).strip()
        else type(fault).__name__
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
