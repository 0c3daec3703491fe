"""The peers: what each needs, and an environment of its own for those that are not already here.

Environments lie in `striate-bench` in the user's cache folder and are used again. A peer that needs torch
borrows the one beside us where it is: pip then sees it, and brings another only where the peer's
requirements ask for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import final

SPARED_S = 1800.0  # for an installation


@final
@dataclass(frozen=True)
class Peer:
    """`module` is its script; without `packages` it runs beside us."""

    name: str
    title: str
    module: str
    packages: tuple[str, ...] = ()
    borrows_torch: bool = False


PEERS = {
    peer.name: peer
    for peer in (
        Peer("plain", "plain PyTorch loop", "train_peer_plain"),
        Peer("keras", "Keras", "train_peer_keras", ("keras==3.15.1", "tensorflow-cpu==2.21.0")),
        Peer("fastai", "fastai xresnet18", "train_peer_fastai", ("fastai==2.8.12",), True),
        Peer(
            "ultralytics", "yolo11n-cls", "train_peer_ultralytics", ("ultralytics==8.4.190",), True
        ),
        Peer("tutorial", "PyTorch's tutorial", "train_peer_tutorial"),
        Peer("finetune", "fastai fine_tune", "train_peer_finetune", ("fastai==2.8.12",), True),
    )
}


class NotInstalled(Exception):
    """A peer that cannot be had here, and why."""


def python_of(peer: Peer) -> str:
    """The interpreter that runs a peer; its environment is made where it is missing."""
    if not peer.packages:
        return sys.executable
    folder = cache() / peer.packages[0].partition("==")[0]
    python, stamp = folder / "bin" / "python", folder / ".ready"
    lent = torch_here() if peer.borrows_torch else None
    wanted = f"{' '.join(peer.packages)}\n{sys.version}\n{lent or ''}\n"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and python.exists():
        return str(python)
    print(f"installing {', '.join(peer.packages)} into {folder} ...", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _ran([sys.executable, "-m", "venv", str(folder)])
    if lent:
        (own,) = folder.glob("lib/python*/site-packages")
        (own / "borrowed.pth").write_text(f"{lent}\n", encoding="utf-8")
    _ran([str(python), "-m", "pip", "install", "--quiet", *peer.packages])
    stamp.write_text(wanted, encoding="utf-8")
    return str(python)


def cache() -> Path:
    """Where environments are kept: outside the project."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(named) if os.path.isabs(named) else Path.home() / ".cache"
    return root / "striate-bench"


def torch_here() -> str | None:
    """The folder of packages that holds our torch, if there is one."""
    return sysconfig.get_path("purelib") if find_spec("torch") else None


def _ran(command: list[str]) -> None:
    """Run a step of an installation; one that fails says why in its last line."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SPARED_S)
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise NotInstalled(f"{type(fault).__name__}: {fault}"[:200]) from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        told = [line for line in lines if line.startswith("ERROR")] or lines
        raise NotInstalled(told[-1][:200] if told else f"exit code {done.returncode}")
