"""Requests a second and their times, beside LitServe and a plain FastAPI server with the same network.

    python -m bench.serve                    MobileNetV2, three rounds of 10 s for each number of clients
    python -m bench.serve --quick            one round of 3 s: is it alive, and about how fast
    python -m bench.serve --network resnet50 -o served.json

Everything shares this machine's cores: server, clients and all. The servers take turns within a round, so
that a busy neighbour hits all of them. The network's values are random for the peers (their cost is the
same); ours is trained for a moment, because a bundle is only ever made by training.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from bench.train_peers import NotInstalled, Peer, cache, python_of
from striate.machine import usable_threads
from striate.pictures.files import resized, to_jpeg

CLIENTS = (1, 8, 64)
CLASSES = 5
PACKAGES = (
    "litserve==0.2.19",
    "fastapi==0.165.0",
    "uvicorn[standard]==0.54.0",
    "python-multipart==0.0.34",
)
SPARED_S = 120.0  # for a server's start
HERE = Path(__file__).resolve().parent


@final
@dataclass(frozen=True)
class Contender:
    """A server: ours, or a script with the kind of it that is meant."""

    title: str
    script: str = ""
    kind: str = ""


CONTENDERS = (
    Contender("striate serve"),
    Contender("FastAPI, def", "serve_peer_fastapi.py", "threads"),
    Contender("FastAPI, async def", "serve_peer_fastapi.py", "loop"),
    Contender("LitServe", "serve_peer_litserve.py", "single"),
    Contender("LitServe, batches of 8", "serve_peer_litserve.py", "batch"),
)


def pictures(folder: Path) -> Path:
    """Photograph-like JPEGs of 500 x 375, made once."""
    if not folder.is_dir():
        rng = np.random.default_rng(3)
        for k in range(CLASSES):
            (folder / f"class{k}").mkdir(parents=True)
            for i in range(12):
                rough = rng.integers(0, 256, (6 + k, 8 + k, 3), np.uint8)
                fine = resized(rough, 375, 500).astype(np.int16)
                noise = rng.integers(-9, 10, fine.shape)
                data = to_jpeg(np.clip(fine + noise, 0, 255).astype(np.uint8))
                (folder / f"class{k}" / f"{i:02}.jpg").write_bytes(data)
    return folder


def model(network: str, folder: Path, data: Path) -> Path:
    """A run of this network, made once."""
    if not (folder / "bundle" / "model.onnx").is_file():
        settings = ("epochs=1", "batch=16", "pictures.size=224", "machine.micro_batch=16")
        flags = [part for one in settings for part in ("--set", one)]
        command = [
            sys.executable,
            "-m",
            "striate",
            "train",
            str(data),
            "--model",
            network,
            "-o",
            str(folder),
        ]
        print(f"training {network} for a moment, so that there is a bundle ...", file=sys.stderr)
        subprocess.run([*command, *flags], check=True, stdout=subprocess.DEVNULL)
    return folder


@contextlib.contextmanager
def running(who: Contender, python: str, run: Path, network: str) -> Iterator[str]:
    """The address of a server that answers; all of its processes are ended after that."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "striate", "serve", str(run), "--port", str(port)]
    if who.script:
        asked = (str(port), network, str(CLASSES), str(usable_threads()), who.kind)
        command = [python, str(HERE / who.script), *asked]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    url = f"http://127.0.0.1:{port}/predict"
    try:
        _wait(process, url, run)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        time.sleep(1.5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _wait(process: subprocess.Popen[bytes], url: str, run: Path) -> None:
    body = b'--b0\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    body += next((run.parent / "jpegs").rglob("*.jpg")).read_bytes() + b"\r\n--b0--\r\n"
    request = urllib.request.Request(
        url, body, {"Content-Type": "multipart/form-data; boundary=b0"}
    )
    until = time.monotonic() + SPARED_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            if urllib.request.urlopen(request, timeout=30).status == 200:
                return
        time.sleep(0.3)
    raise NotInstalled("it does not answer")


def measured(url: str, data: Path, clients: int, seconds: float) -> dict[str, float]:
    """One load, from a process of its own."""
    command = [
        sys.executable,
        "-m",
        "bench.serve_client",
        url,
        str(data),
        str(clients),
        str(seconds),
        "file",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120)
    if done.returncode:
        raise NotInstalled(done.stderr.strip().splitlines()[-1][:200])
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> int:
    """Print the table; an aim that is missed is marked, and is no failure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument(
        "--network", default="mobilenet_v2", help="a name of ours and of torchvision's"
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", help="contenders whose title holds this, beside ours")
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args()
    folder = cache() / f"serve-{asked.network}"
    data = pictures(folder / "jpegs")
    run = model(asked.network, folder / "run", data)
    python = python_of(Peer("litserve", "LitServe", "", PACKAGES, True))
    rounds, seconds = (1, 3.0) if asked.quick else (3, 10.0)
    wanted = [c for c in CONTENDERS if not c.script or not asked.only or asked.only in c.title]
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    for _ in range(rounds):
        for who in wanted:
            try:
                with running(who, python, run, asked.network) as url:
                    for clients in CLIENTS:
                        one = measured(url, data, clients, seconds)
                        found.setdefault((who.title, clients), []).append(one)
            except NotInstalled as fault:
                print(f"{who.title}: not measured: {fault}", file=sys.stderr)
    rows = [shown(title, clients, found) for title, clients in found]
    print(f"{'server':24}{'clients':>8}{'per s':>9}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}")
    for row in rows:
        line = f"{row['per_s']:9.1f}{row['p50_ms']:9.1f}{row['p99_ms']:9.1f}{row['failed']:8.0f}"
        print(f"{row['server']:24}{row['clients']:8}{line}")
    for line in verdicts(rows):
        print(line)
    if asked.output:
        text = json.dumps(
            {"network": asked.network, "threads": usable_threads(), "rows": rows}, indent=2
        )
        asked.output.write_text(text, encoding="utf-8")
    return 0


def shown(
    title: str, clients: int, found: dict[tuple[str, int], list[dict[str, float]]]
) -> dict[str, Any]:
    """The median over the rounds."""
    rounds = found[title, clients]
    middle = {k: statistics.median(one[k] for one in rounds) for k in ("per_s", "p50_ms", "p99_ms")}
    return {
        "server": title,
        "clients": clients,
        **middle,
        "failed": sum(r["failed"] for r in rounds),
    }


def verdicts(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Ours beside the best peer: twice the requests, and at one client no longer a p99."""
    for clients in CLIENTS:
        here = [row for row in rows if row["clients"] == clients and not row["failed"]]
        ours = [row for row in here if row["server"] == CONTENDERS[0].title]
        peers = [row for row in here if row["server"] != CONTENDERS[0].title]
        if not ours or not peers:
            continue
        best = max(peers, key=lambda row: row["per_s"])
        ratio = ours[0]["per_s"] / best["per_s"]
        mark = "" if ratio >= 2 else "  missed"
        yield f"{clients} clients: {ratio:.1f} x {best['server']} (aim: 2){mark}"
        if clients == 1:
            least = min(row["p99_ms"] for row in peers)
            mark = "" if ours[0]["p99_ms"] <= least else "  missed"
            yield f"1 client: p99 {ours[0]['p99_ms']:.1f} ms, the best peer {least:.1f} ms{mark}"


if __name__ == "__main__":
    sys.exit(main())
