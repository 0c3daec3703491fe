"""Packages that need not be here: the only place that explains a missing one. Nothing is ever installed."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from types import ModuleType

from striate.errors import MissingExtra

# Import name -> name on the package index, where the two differ.
_DISTRIBUTIONS = {
    "PIL": "Pillow",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "faiss": "faiss-cpu",
}


def need(module: str, *, to: str, extra: str) -> ModuleType:
    """Import `module`, which serves `to` do something and comes with `striate[extra]`.

    >>> need("json", to="read this", extra="train").__name__
    'json'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as fault:
        root = module.partition(".")[0]
        if fault.name is None or fault.name.partition(".")[0] != root:
            raise _broken(module, to, fault) from fault
        raise MissingExtra(
            f'"{root}" is needed to {to} and is not installed',
            f"run: pip install 'striate[{extra}]'",
        ) from None
    except (ImportError, OSError) as fault:
        raise _broken(module, to, fault) from fault


def _broken(module: str, to: str, fault: Exception) -> MissingExtra:
    """The package is there, but something below it is not: a library, a driver, a second package."""
    return MissingExtra(
        f'"{module}" is needed to {to} and is installed, but cannot be imported: {fault}',
        f"reinstall it: pip install --force-reinstall {distribution(module)}",
    )


def available(module: str) -> bool:
    """Whether `module` is installed, found out without importing it."""
    try:
        return find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False


def distribution(module: str) -> str:
    """The name under which the package of `module` is installed: "PIL" comes in "Pillow"."""
    root = module.partition(".")[0]
    return _DISTRIBUTIONS.get(root, root)


def version(module: str) -> str | None:
    """The installed version of the package of `module`, without importing it; None where it is missing."""
    from importlib import metadata  # here, because every command would wait 15 ms for it

    try:
        return metadata.version(distribution(module))
    except metadata.PackageNotFoundError:
        return None
