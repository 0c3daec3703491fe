"""Over 200 hostile model files, and the process that opens each of them and tells how it went.

python -m tests.shipping.hostile FOLDER        answers one line of JSON a file: name, fault, seconds by the
clock, megabytes. A .pt or .pth file is brought in as `striate convert` does, with the child process and all.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle  # only to write what must never be read
import resource
import struct
import sys
import tarfile
import time
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from striate.errors import StriateError

FOREIGN = (".pt", ".pth")
BOMB = 256 << 20
TRIES = 3  # a file that is slow because the machine is busy is not slow every time
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "bundle-1"


class Reduced:
    """A pickle of it runs a function of the system when it is read."""

    def __init__(self, canary: Path, name: str) -> None:
        self.canary, self.name = canary, name

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr(os, self.name), (str(self.canary),)


def payloads(canary: Path) -> Iterator[tuple[str, bytes]]:
    """Bytes that run code where somebody unpickles them, in several protocols and wrappings."""
    for protocol in range(6):
        for name in ("mkdir", "system"):
            yield f"pickle{protocol}-{name}", pickle.dumps(Reduced(canary, name), protocol)
    yield "text", b"cos\nmkdir\n(S'" + str(canary).encode() + b"'\ntR."
    yield "builtins", b"c__builtin__\neval\n(S'1'\ntR."
    for magic in (
        b"7z\xbc\xaf\x27\x1c",
        b"\x1f\x8b\x08",
        b"ustar",
        b"\x7fELF",
        b"MZ",
        b"#!/bin/sh\n",
        b"\x80\x04",
    ):
        yield f"magic-{magic[:2].hex()}", magic + bytes(600)


def graphs() -> Iterator[tuple[str, bytes]]:
    """ONNX that reads elsewhere, in every place that can hold a tensor, and ONNX that is none."""
    from tests.shipping.test_graph_scan import BAD, PLACES, hidden

    for i, place in enumerate(PLACES):
        for j, model in enumerate(hidden(place)):
            yield f"outside-{i}-{j}", model.SerializeToString()
    for i, data in enumerate(BAD):
        yield f"bad-{i}", data


def bundles() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Bundles whose manifest is true to what is in them, and what is in them is a lie."""
    from tests.keeping.test_tensors import LIES

    whole = {one.name: one.read_bytes() for one in GOLDEN.iterdir() if one.name != "manifest.json"}
    for i, (data, _) in enumerate(LIES.values()):
        yield f"weights-{i}", whole | {"model.safetensors": data}
    card = json.loads(whole["card.json"])
    preparation = card["preparation"]
    changes: list[dict[str, Any]] = [
        {"classes": []}, {"classes": ["a", "a"]}, {"classes": "ab"}, {"classes": [{}, []]},
        {"temperature": 0},
        {"temperature": "1"}, {"threshold": 2}, {"format": 99}, {"task": "code"}, {"preparation": {}},
        {"preparation": {"size": [0, 0]}}, {"preparation": preparation | {"size": [10**9, 10**9]}},
        {"preparation": preparation | {"filter": "__import__('os')"}},
    ]  # fmt: skip
    lies: list[Any] = [[], None, 1, "x", {}, *(card | one for one in changes)]
    for i, lie in enumerate(lies):
        yield f"card-{i}", whole | {"card.json": json.dumps(lie).encode()}
    for i, text in enumerate(
        (
            b"[" * 50_000,
            b'{"a":' * 50_000,
            b"\xff\xfe",
            b'{"format": NaN}',
            b'{"format": 1, "format": 1}',
        )
    ):
        yield f"json-{i}", whole | {"card.json": text}
    plans = (
        b"__import__('os').mkdir('x')", b"os:mkdir", b"package.module:function", b"3x8x8: " + b"(" * 5000,
        b"3x8x8: (conv3-4)*999999999 fc2", b"x" * 70_000, b"\xff", b" ", b"3x999999x999999: fc2",
        b"timm:../../evil channels=3",
    )  # fmt: skip
    for i, plan in enumerate(plans):
        yield f"plan-{i}", whole | {"plan.txt": plan}
    for i, data in enumerate((b"", b"no graph", pickle.dumps({"a": 1}))):
        yield f"graph-{i}", whole | {"model.onnx": data}
    for name, data in infinite(whole["model.safetensors"]):
        yield name, whole | {"model.safetensors": data}


def archives(canary: Path) -> Iterator[tuple[str, bytes]]:
    """Whole archives that are no model, that climb, that link away, or that grow when they are unpacked."""
    for name, kind, target in (
        ("../evil", tarfile.REGTYPE, ""), ("/tmp/evil", tarfile.REGTYPE, ""),
        ("model", tarfile.SYMTYPE, "/etc/passwd"), ("model", tarfile.LNKTYPE, "../../secret.bin"),
        ("model", tarfile.CHRTYPE, ""), ("model", tarfile.FIFOTYPE, ""),
    ):  # fmt: skip
        for mode in ("w", "w:gz"):
            held = io.BytesIO()
            with tarfile.open(fileobj=held, mode=mode) as made:
                one = tarfile.TarInfo(name)
                one.type, one.linkname = kind, target
                made.addfile(one)
            yield (
                f"tar-{kind.decode()}-{name.strip('./').replace('/', '')}-{mode[2:] or 'plain'}",
                held.getvalue(),
            )
    for name in ("card.json", "model.safetensors", "manifest.json", "data.pkl", "archive/data.pkl"):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("plan.txt", b"fc2")
            with packed.open(name, "w") as inner:
                for _ in range(BOMB >> 20):
                    inner.write(bytes(1 << 20))
        yield f"bomb-{name.replace('/', '-')}", held.getvalue()
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:  # as torch writes one
        packed.writestr("archive/data.pkl", pickle.dumps(Reduced(canary, "mkdir"), 2))
        packed.writestr("archive/version", b"3\n")
    yield "torch", held.getvalue()


def infinite(whole: bytes) -> Iterator[tuple[str, bytes]]:
    """The weights of a good file with numbers among them that are none."""
    size = struct.unpack_from("<Q", whole)[0]
    told = json.loads(whole[8 : 8 + size])
    start = next(one["data_offsets"][0] for one in told.values() if one.get("dtype") == "F32")
    for k, value in enumerate((float("nan"), float("inf"), float("-inf"))):
        data = bytearray(whole)
        struct.pack_into("<f", data, 8 + size + start, value)
        yield f"infinite-{k}", bytes(data)


def manifest(files: dict[str, bytes]) -> bytes:
    """True to the files."""
    told = {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    }
    return json.dumps({"format": 1, "files": told}).encode()


def manifests() -> Iterator[tuple[str, bytes]]:
    """Lists that lie."""
    size, digest = 1, "0" * 64
    for i, name in enumerate(
        ("../evil", "/etc/passwd", "a/b", "", ".", "..", "C:evil", "\x00", "x" * 300)
    ):
        told = {"format": 1, "files": {name: {"size": size, "sha256": digest}}}
        yield f"manifest-name-{i}", json.dumps(told).encode()
    for i, text in enumerate(
        (
            b"",
            b"{}",
            b"[]",
            b"null",
            b"{" * 9999,
            b'{"format": 2, "files": {}}',
            b'{"format": 1, "files": []}',
        )
    ):
        yield f"manifest-{i}", text


def write_foreign(folder: Path, canary: Path, most: int) -> int:
    """Files that say they are weights of torch, at most so many of a kind; how many there are."""
    folder.mkdir()
    for k, (name, data) in enumerate((*[*archives(canary)][-most:], *[*payloads(canary)][:most])):
        (folder / f"{name}{FOREIGN[k % 2]}").write_bytes(data)
    return len(list(folder.iterdir()))


def write_all(folder: Path, canary: Path) -> int:
    """Every file; how many there are."""
    folder.mkdir()
    for name, data in archives(canary):
        for end in ("onnx", "striate"):
            (folder / f"{name}.{end}").write_bytes(data)
    for name, data in payloads(canary):
        for end in ("onnx", "striate"):
            (folder / f"{name}.{end}").write_bytes(data)
        _bundle(
            folder / f"payload-{name}",
            {"model.safetensors": data, "plan.txt": b"fc2", "card.json": b"{}"},
        )
    for name, data in graphs():
        (folder / f"{name}.onnx").write_bytes(data)
    for name, files in bundles():
        _bundle(folder / name, files)
        with zipfile.ZipFile(folder / f"{name}.striate", "w") as made, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for inner, data in {**files, "manifest.json": manifest(files)}.items():
                made.writestr(inner, data)
    for name, text in manifests():
        _bundle(folder / name, {"plan.txt": b"fc2"}, text)
    for name, target in (("link", "/etc/passwd"), ("up", "../../secret.bin")):
        _bundle(folder / f"link-{name}", {"card.json": b"{}", "plan.txt": b"fc2"})
        os.symlink(target, folder / f"link-{name}" / "model.safetensors")
    _bundle(folder / "link-hard", {"card.json": b"{}", "plan.txt": b"fc2"})
    os.link(folder.parent / "secret.bin", folder / "link-hard" / "model.safetensors")
    return len(list(folder.iterdir()))


def _bundle(folder: Path, files: dict[str, bytes], listed: bytes | None = None) -> None:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "manifest.json").write_bytes(manifest(files) if listed is None else listed)


def opened(path: Path) -> str:
    """The code with which a file is refused; empty where it is not."""
    import numpy as np

    from striate.shipping.classifier import load
    from striate.verbs.convert import convert

    try:
        if path.suffix in FOREIGN:
            convert(path)
        else:
            load(path).predict(np.zeros((8, 8, 3), np.uint8))
    except StriateError as found:
        return found.code
    except BaseException as found:  # noqa: BLE001 told, and the test fails
        return f"!{type(found).__name__}: {found}"[:200]
    return ""


def main(folder: Path) -> None:
    """Open each and ask it something."""
    opened(GOLDEN)  # what is imported once does not count
    for path in sorted(folder.iterdir()):
        spent, faults = [], set()
        for _ in range(1 if path.suffix in FOREIGN else TRIES):
            begun = time.perf_counter()
            faults.add(opened(path))
            spent.append(time.perf_counter() - begun)
            if spent[-1] < 0.5:
                break
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        fault = min(faults)  # an empty one, and one that is no code, come first
        told = {"name": path.name, "fault": fault, "s": min(spent), "mb": megabytes}
        sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
