"""What this machine has: versions, cores, memory, accelerator, and which extras are installed."""

from __future__ import annotations

import platform
from typing import Any

import striate
from striate import machine, optional

# Extra -> import name -> package name, as in pyproject.toml; a house test compares the two.
EXTRAS: dict[str, dict[str, str]] = {
    "train": {
        "torch": "torch",
        "torchvision": "torchvision",
        "safetensors": "safetensors",
        "onnx": "onnx",
        "onnxscript": "onnxscript",
        "sklearn": "scikit-learn",
        "matplotlib": "matplotlib",
    },
    "serve": {"starlette": "starlette", "uvicorn": "uvicorn"},
    "zoo": {"timm": "timm"},
    "see": {"umap": "umap-learn", "faiss": "faiss-cpu"},
}
BASE = {"click": "click", "numpy": "numpy", "PIL": "Pillow", "onnxruntime": "onnxruntime"}
SERVES = {
    "train": "building, training, judging, seeing, exporting",
    "serve": "serving over HTTP, the studio",
    "zoo": "networks of timm",
    "see": "planes by UMAP, neighbours among millions",
}


def examine() -> dict[str, Any]:
    """Everything `striate doctor` prints, as plain data. Imports torch, where it is, to ask for devices and
    to try bf16.
    """
    cores, memory = machine.cores(), machine.memory()
    named = BASE | {module: name for modules in EXTRAS.values() for module, name in modules.items()}
    return {
        "striate": striate.__version__,
        "python": {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
        },
        "system": {
            "name": platform.system(),
            "release": platform.release(),
            "architecture": platform.machine(),
        },
        "cpu": {"model": machine.cpu_model(), **cores._asdict(), "threads": cores.threads},
        "memory": memory._asdict(),
        "accelerator": accelerator(),
        "bf16": bf16(),
        "packages": {name: optional.version(module) for module, name in named.items()},
        "extras": {extra: state(extra) for extra in EXTRAS},
    }


def state(extra: str) -> dict[str, Any]:
    """Whether an extra is installed, and what of it is missing."""
    missing = [name for module, name in EXTRAS[extra].items() if not optional.available(module)]
    return {"installed": not missing, "missing": missing, "serves": SERVES[extra]}


def accelerator() -> dict[str, Any]:
    """Devices that torch can compute on beside the processor; only torch itself knows which work."""
    if not optional.available("torch"):
        return {"kind": None, "devices": [], "note": "unknown: torch is not installed"}
    try:
        import torch

        if torch.cuda.is_available():
            return {
                "kind": "cuda",
                "devices": _cuda_devices(),
                "note": f"CUDA {torch.version.cuda}",
            }
        if torch.backends.mps.is_available():
            return {
                "kind": "mps",
                "devices": [{"name": platform.processor(), "memory_bytes": None}],
                "note": "",
            }
    except Exception as fault:  # noqa: BLE001  (a broken driver is what a doctor is asked)
        return {
            "kind": None,
            "devices": [],
            "note": f"torch cannot tell: {type(fault).__name__}: {fault}",
        }
    return {"kind": None, "devices": [], "note": "none that torch can use"}


def bf16() -> dict[str, Any]:
    """Whether numbers of half the size are right and faster here, by a test of at most three seconds. What
    a network is trained in is decided for its own layers, before its training.
    """
    unknown: dict[str, Any] = {"is_right": None, "slower": None, "numbers": []}
    if not optional.available("torch"):
        return {**unknown, "note": "unknown: torch is not installed"}
    try:
        from striate.training.precision import quick

        found = quick().to_dict()
    except Exception as fault:  # noqa: BLE001  (a broken torch is what a doctor is asked)
        return {**unknown, "note": f"torch cannot tell: {type(fault).__name__}: {fault}"}
    return {**{name: found[name] for name in unknown}, "note": found["why"]}


def _cuda_devices() -> list[dict[str, Any]]:
    """Name and memory of every CUDA device."""
    import torch

    found = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    return [{"name": device.name, "memory_bytes": device.total_memory} for device in found]
