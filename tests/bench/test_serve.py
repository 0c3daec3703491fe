"""The load that servers are measured with, and the verdict on their figures."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench import serve, serve_client
from tests.shipping.serving import served


def test_the_load_is_answered_and_counted(tmp_path: Path) -> None:
    for i, data in enumerate(served.pictures()[:3]):
        (tmp_path / f"{i}.jpg").write_bytes(data)
    url = f"http://127.0.0.1:{served.photos().port}/predict"
    found = asyncio.run(serve_client.load(url, tmp_path, 2, 0.3, "file"))
    assert found["failed"] == 0
    assert found["count"] > 2
    assert found["p50_ms"] <= found["p99_ms"]


def row(server: str, clients: int, per_s: float, p99: float, failed: int = 0) -> dict[str, object]:
    return {"server": server, "clients": clients, "per_s": per_s, "p99_ms": p99, "failed": failed}


def test_the_verdict_is_against_the_best_peer_that_answered() -> None:
    ours = serve.CONTENDERS[0].title
    rows = [
        row(ours, 1, 30, 5),
        row("a", 1, 10, 9),
        row("b", 1, 20, 4),
        row("c", 1, 99, 1, failed=3),
    ]
    first, second = serve.verdicts(rows)
    assert first == "1 clients: 1.5 x b (aim: 2)  missed"
    assert second.endswith("the best peer 4.0 ms  missed")
    assert list(serve.verdicts([row(ours, 8, 30, 5), row("a", 8, 10, 9)])) == [
        "8 clients: 3.0 x a (aim: 2)"
    ]
