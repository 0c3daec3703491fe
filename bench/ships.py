"""What is shipped, beside what was promised: the size of the base install, what eight bits cost, and how
fast a body that is too large is refused.

    python -m bench.ships [-o results.json]
    python -m bench.ships --quick      without what MobileNetV2 loses, which is trained on flowers first:
                                       that figure needs the line above

Real weights and pictures come from STRIATE_DATA; where it names none, those rows say so.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.predict import Figure, told
from bench.train_data import CIFAR, WEIGHTS, divided, missing, shared
from bench.train_runs import ROOT
from striate.machine import cpu_model, usable_threads

MOST_INSTALLED_MB, MOST_LOST, MOST_REFUSED_MS = 220.0, 0.5, 50.0
JUDGED, QUICKLY_JUDGED, CALIBRATED = 10_000, 2_000, 256
TOO_LARGE, TIMES = 64 << 20, 15
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # mean and deviation of each colour
SMALL = ("resnet20-cifar", "resnet56-cifar")
CARD = {
    "format": 1, "task": "one label per picture", "classes": [f"class {i}" for i in range(10)],
    "temperature": 1.0, "threshold": 0.5,
}  # fmt: skip


def rows(*, quick: bool) -> Iterator[Figure]:
    """Every figure, as soon as it is there."""
    with tempfile.TemporaryDirectory(prefix="striate-bench-ships-") as held:
        folder = Path(held)
        yield installed(folder / "venv")
        for name in SMALL:
            yield lost(name, folder, QUICKLY_JUDGED if quick else JUDGED)
        if not quick:
            yield lost_by_mobilenet(folder)
        yield refused(folder)


def installed(place: Path) -> Figure:
    """Megabytes of a fresh environment with the base install in it, the environment itself included."""
    what = "base install in a fresh environment"
    venv.create(place, with_pip=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", str(ROOT)]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        return Figure(what, None, "", note=f"not run: {done.stderr.strip()[-120:]}")
    size = sum(f.lstat().st_size for f in place.rglob("*") if f.is_file() and not f.is_symlink())
    return Figure(what, size / 1e6, "MB", MOST_INSTALLED_MB, least=False)


def lost(name: str, folder: Path, judged: int) -> Figure:
    """Points that a network for CIFAR-10 loses in eight bits, on pictures of test."""
    what = f"{name}: points lost in eight bits, {judged:,} pictures"
    weights = sorted(shared("weights/resnet_cifar10").glob(f"{name.removesuffix('-cifar')}-*.th"))
    if missing("cifar") or not weights:
        return Figure(what, None, "", note="not run: STRIATE_DATA names no CIFAR-10 or no weights")
    from striate.shipping.facts import facts_of
    from striate.shipping.quantise import quantised
    from striate.shipping.to_onnx import tensor_graph
    from striate.zoo.pretrained import pretrained

    loaded = pretrained(name, weights[0])
    card = CARD | {"preparation": preparation(loaded).to_dict()}
    facts = facts_of(card, name, "tensor")
    graph = tensor_graph(loaded.network, (3, 32, 32), facts)
    calibration, _ = thumbnails("train", CALIBRATED)
    small = quantised(graph, preparation(loaded).normalise(calibration), facts)
    for kind, data in (("fp32", graph), ("int8", small)):
        (folder / f"{name}-{kind}.onnx").write_bytes(data)
    pixels, labels = thumbnails("test", judged)
    images = preparation(loaded).normalise(pixels)
    right = {
        kind: share_right(folder / f"{name}-{kind}.onnx", images, labels)
        for kind in ("fp32", "int8")
    }
    way = f"{right['fp32']:.2%} to {right['int8']:.2%}"
    return Figure(
        f"{what}, {way}", 100 * (right["fp32"] - right["int8"]), "points", MOST_LOST, least=False
    )


def preparation(loaded: Any) -> Any:
    """Thumbnails as they are, in the network's own numbers; a file of weights states none, and those for
    CIFAR-10 were trained with ImageNet's.
    """
    from striate.pictures.prepare import Preparation

    mean, std = (loaded.mean, loaded.std) if loaded.mean else IMAGENET
    return Preparation((32, 32), ratio=1.0, mean=mean, std=std)


def thumbnails(split: str, count: int) -> tuple[Any, Any]:
    """N 32 32 3 and their labels, with equal gaps."""
    from PIL import Image

    with zipfile.ZipFile(shared(CIFAR)) as archive:
        names = sorted(
            n for n in archive.namelist() if n.startswith(f"{split}/") and n.endswith(".jpg")
        )
        classes = sorted({one.split("/")[1] for one in names})
        chosen = names[:: max(1, len(names) // count)][:count]
        opened = [Image.open(io.BytesIO(archive.read(one))).convert("RGB") for one in chosen]
    return np.stack([np.asarray(one) for one in opened]), np.array(
        [classes.index(one.split("/")[1]) for one in chosen]
    )


def share_right(model: Path, images: Any, labels: Any) -> float:
    """How many of the pictures get their own label."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_threads()
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    name, right = session.get_inputs()[0].name, 0
    for start in range(0, len(images), 250):
        (scores, *_) = session.run(None, {name: images[start : start + 250]})
        right += int((np.asarray(scores).argmax(1) == labels[start : start + 250]).sum())
    return right / len(images)


def lost_by_mobilenet(folder: Path) -> Figure:
    """What `striate export --int8` says of MobileNetV2 with a head for five flowers. One picture of five is
    learnt from, so that thousands are left to judge on.
    """
    what = "mobilenet_v2 for flowers5: points lost in eight bits"
    if missing("flowers5") or not shared(WEIGHTS).is_file():
        return Figure(what, None, "", note="not run: STRIATE_DATA names no flowers5 or no weights")
    for split, chosen in divided(shared("flowers5")):
        # The other way round: the many are kept for judging.
        other = {"train": "val", "val": "train"}[split]
        for path in chosen:
            place = folder / "flowers" / other / path.parent.name / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    run = folder / "run"
    train = [
        "train", str(folder / "flowers"), "--model", "mobilenet_v2", f"--pretrained={shared(WEIGHTS)}",
        "--budget", "60s", "-o", str(run),
    ]  # fmt: skip
    export = ["export", str(run), "--int8", "--max-drop", "1", "--json"]
    said: dict[str, Any] = {}
    for command in (train, export):
        done = subprocess.run(
            [sys.executable, "-m", "striate", *command], capture_output=True, text=True
        )
        if done.returncode:
            return Figure(what, None, "", note=f"not run: {done.stderr.strip()[-200:]}")
        said = json.loads(done.stdout) if "--json" in command else said
    found = said["int8"]
    return Figure(
        f"{what}, {found['text']}", -100 * found["difference"], "points", MOST_LOST, least=False
    )


def refused(folder: Path) -> Figure:
    """From the headers of a request with 64 MB to the answer that it is too large: the median."""
    what = "a body of 64 MB is refused after"
    model = folder / f"{SMALL[0]}-fp32.onnx"
    if not model.is_file():
        return Figure(what, None, "", note="not run: there is no network to serve")
    port = free_port()
    command = [sys.executable, "-m", "striate", "serve", str(model), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_it_answers(server, port)
        spent = [_refusal_ms(port) for _ in range(TIMES)]
    finally:
        server.terminate()
        server.wait(60)
    return Figure(what, statistics.median(spent), "ms", MOST_REFUSED_MS, least=False)


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _refusal_ms(port: int) -> float:
    head = (
        f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: image/jpeg\r\n"
        f"Content-Length: {TOO_LARGE}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=30) as link:
        begun = time.perf_counter()
        link.sendall(head.encode() + bytes(1 << 16))
        answer = link.recv(4096)
        spent = time.perf_counter() - begun
    if b" 413 " not in answer.split(b"\r\n")[0]:
        raise RuntimeError(f"a body of {TOO_LARGE:,} bytes was answered {answer[:60]!r}")
    return spent * 1000


def until_it_answers(server: subprocess.Popen[bytes], port: int) -> None:
    """Until a server that was started is ready."""
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as link:
                link.sendall(
                    f"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
                )
                if b" 200 " in link.recv(4096):
                    return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the server did not answer")


def main() -> int:
    """Print each figure when it is there; a missed aim is marked, and is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench.ships")
    parser.add_argument("-o", "--output", type=Path, help="the figures as JSON")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    print(f"{cpu_model()}, {usable_threads()} threads", flush=True)
    told(rows(quick=given.quick), given.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
