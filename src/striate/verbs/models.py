"""What the zoo holds, as rows."""

from __future__ import annotations

from typing import Any

from striate.zoo.catalogue import CATALOGUE, plan_of
from striate.zoo.network import Network


def models(pattern: str = "") -> list[dict[str, Any]]:
    """One row for each network whose name, family or paper holds `pattern`, in the order of the
    catalogue.
    """
    wanted = pattern.lower()
    return [
        _row(network)
        for network in CATALOGUE.values()
        if wanted in f"{network.name} {network.family} {network.paper}".lower()
    ]


def _row(network: Network) -> dict[str, Any]:
    plan = plan_of(network.name)
    reach, given, weights = plan.receptive_field, plan.given, network.weights
    return {
        "name": network.name,
        "family": network.family,
        "year": network.year,
        "paper": network.paper,
        "input": list(given[:3]) if given else None,
        "parameters": plan.parameters,
        "macs": plan.macs,
        "receptive_field": list(reach) if reach else None,
        "weights": {
            "source": weights.source,
            "licence": weights.licence,
            "mean": list(weights.mean),
            "std": list(weights.std),
        }
        if weights
        else None,
        "note": network.note,
        "text": network.text,
    }
