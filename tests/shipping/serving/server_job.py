"""The server that tests talk to: limits come as JSON, so that nobody has to wait half a minute for one.

It prints its port as soon as it listens, and a second line when it can answer.
"""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from striate.shipping.serving import server
from striate.shipping.serving.limits import Limits, Order


def main(order: dict[str, Any]) -> None:
    limits = replace(Limits(), **order.pop("limits"))
    model, hosts = Path(order.pop("model")), tuple(order.pop("allowed_hosts", ()))
    order.setdefault("name", "photos")
    wanted = Order(port=0, allowed_hosts=hosts, threads=1, limits=limits, **order)
    listening = server.listening

    def say(host: str, port: int) -> socket.socket:
        made = listening(host, port)
        print(made.getsockname()[1], flush=True)  # noqa: T201 this is what the tests read
        return made

    server.listening = say
    server.serve(model, wanted, lambda _: print("ready", flush=True))  # noqa: T201


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
