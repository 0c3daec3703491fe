"""The load: clients that each upload a JPEG, wait for the answer, and upload the next one.

Run as `python -m bench.serve_client URL FOLDER CLIENTS SECONDS`; prints one JSON object. It writes whole
requests on kept connections and parses as little as it can, so that the servers have the cores.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

WARM_S = 1.0


async def client(
    host: str, port: int, requests: list[bytes], until: float, times: list[tuple[float, float]]
) -> int:
    """One connection; how often the answer was not 200."""
    reader, writer = await asyncio.open_connection(host, port)
    failed = number = 0
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(requests[number % len(requests)])
        number += 1
        head = await reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        start = lower.index(b"content-length:") + 15
        await reader.readexactly(int(lower[start : lower.index(b"\r\n", start)]))
        failed += head[9:12] != b"200"
        times.append((began, time.perf_counter() - began))
        if b"connection: close" in lower:
            writer.close()
            reader, writer = await asyncio.open_connection(host, port)
    writer.close()
    return failed


def uploads(folder: Path, host: str, path: str, field: str) -> list[bytes]:
    """Whole requests: multipart forms with one file."""
    found = []
    for place in sorted(folder.rglob("*.jpg")):
        head = f'--b0\r\nContent-Disposition: form-data; name="{field}"; filename="a.jpg"\r\n'
        body = (
            head.encode()
            + b"Content-Type: image/jpeg\r\n\r\n"
            + place.read_bytes()
            + b"\r\n--b0--\r\n"
        )
        start = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: multipart/form-data; boundary=b0\r\n"
        found.append(start.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return found


async def load(
    url: str, folder: Path, clients: int, seconds: float, field: str
) -> dict[str, float]:
    """Requests a second and times in milliseconds, after a second of warming up."""
    host, _, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    requests = uploads(folder, host, f"/{path}", field)
    began = time.perf_counter()
    until, times = began + WARM_S + seconds, list[tuple[float, float]]()
    turned = [requests[i % len(requests) :] + requests[: i % len(requests)] for i in range(clients)]
    failed = await asyncio.gather(*(client(name, int(port), one, until, times) for one in turned))
    # A server so slow that nothing began and ended in time is told by what did end.
    kept = sorted(spent for start, spent in times if start >= began + WARM_S)
    kept = kept or sorted(spent for _, spent in times)
    ended = max(start + spent for start, spent in times)
    return {
        "per_s": len(kept) / (ended - began - WARM_S),
        "p50_ms": kept[len(kept) // 2] * 1000,
        "p99_ms": kept[min(len(kept) - 1, int(len(kept) * 0.99))] * 1000,
        "count": len(kept),
        "failed": sum(failed),
    }


if __name__ == "__main__":
    url, folder, clients, seconds, field = sys.argv[1:6]
    print(json.dumps(asyncio.run(load(url, Path(folder), int(clients), float(seconds), field))))
