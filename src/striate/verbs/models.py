"""What the zoo holds, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from striate.zoo.catalogue import CATALOGUE, plan_of
from striate.zoo.network import Network
from striate.zoo.published import CHOICES, published

if TYPE_CHECKING:
    from striate.verbs.models_speed import Speed


def models(
    pattern: str = "", measured: Mapping[str, Speed] = MappingProxyType({})
) -> list[dict[str, Any]]:
    """One row for each network whose name, family or paper holds `pattern`, in the order of the
    catalogue. `measured` is what `models_speed.measured` gave for them on this machine.
    """
    wanted = pattern.lower()
    return [
        _row(network, measured.get(network.name))
        for network in CATALOGUE.values()
        if wanted in f"{network.name} {network.family} {network.paper}".lower()
    ]


def _row(network: Network, speed: Speed | None) -> dict[str, Any]:
    plan = plan_of(network.name)
    reach, given, weights = plan.receptive_field, plan.given, network.weights
    accuracy = published(network)
    return {
        "name": network.name,
        "family": network.family,
        "year": network.year,
        "paper": network.paper,
        "input": list(given[:3]) if given else None,
        "parameters": plan.parameters,
        "macs": plan.macs,
        "receptive_field": list(reach) if reach else None,
        "accuracy": accuracy._asdict() if accuracy else None,
        "measured": speed._asdict() if speed else None,
        "choose": CHOICES[network.family],
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
